"""Representation: are the groups in the data as they are in the population?

For each attribute, the share of each group among the rows (`data_share`) beside its share of a reference
population (`population_share`), their difference and their ratio, with intervals. A group of the population
that the data lack is a row with a share of 0. Per attribute: the lowest ratio, the total variation distance
(the share of rows that would have to be of another group), and the probability of shares this far off if
rows were drawn from the population.

Why it matters
    A system that is tested on people unlike those it is used on has been tested on somebody else. Errors
    about a group that is hardly there are not seen.

How to read it
    A ratio of 1 is equal shares, below 1 too few. `smallest_detectable_difference` is how much smaller than
    in the population a group's share must truly be to be told with 80 % power at these numbers: if it is
    large, silence says little. Groups of whom fewer than 10 rows are expected are measured and not compared,
    unless they are shown to be too few; `uncompared_share` is the share of the population that is left out.
    The interval of the lowest ratio allows for having looked for it. `of.table: training` says the same of
    the training table.

Limits
    Equal shares are not always right: a system used on applicants should be compared with applicants and not
    with the census. A reference table with a count of people is taken as exact; one with a row a person is
    taken as a sample, and its error is counted. The p-value treats rows as drawn independently. People whose
    group is not stated are left out of both sides.

References
    Wilson, JASA 22, 1927. Newcombe, Statistics in Medicine 17, 1998. Cressie and Read, JRSS B 46, 1984.
    Regulation (EU) 2024/1689, Art. 10(3).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from checks.comparison import grouped
from checks.counts import GroupTable
from checks.data.population import Population, counted, expected, population
from checks.model import Array, Inconclusive, Kind, Measure, Subject, Table, check
from checks.statistics import LEVEL, Z, estimate, undefined
from checks.statistics.disparities import sidak_z
from checks.statistics.extremes import lowest
from checks.statistics.shares import Against, detectable_difference, share_estimates, shares_p_value
from checks.statistics.shifts import variation_limits

STREAM = 35  # keeps this check's random numbers apart from every other's
FEWEST_EXPECTED = 10
TWO_GIVEN = Table(
    "tables of the population",
    ("table", "used here"),
    (
        ("data.reference", "the groups of the data are compared with it"),
        ("population.file", "not used, because data.reference is given too"),
    ),
)
NOBODY = "the reference population has nobody in this group: not compared"
FEW = f"under {FEWEST_EXPECTED} rows expected: not compared"
UNTOLD = "even a group that is missing altogether could not be told at these numbers"


UNTOLD_OF = "the reference table does not tell of this attribute"


@dataclass(frozen=True, eq=False)
class _Compared:
    """The groups of one attribute of one table, beside those of the population."""

    names: tuple[str, ...]
    hits: Array
    """Weight of each group in the data."""
    rows: float
    """People whose group is stated."""
    against: Against
    people: float
    """The size of the population, or of the sample of it."""
    of: dict[str, str]

    @cached_property
    def why(self) -> list[str | None]:
        """Why a group is not compared; None where it is.

        A small group that is shown to be too few is compared all the same: nobody is to be missing unseen.
        """
        inside = np.flatnonzero(self.against.population > 0)
        fewer = np.zeros(len(self.names), dtype=bool)
        fewer[inside] = self.against.take(inside).limits(sidak_z(len(inside)))[1] < 1
        wanted = self.against.population * self.against.effective
        return [
            NOBODY if share == 0 else FEW if rows < FEWEST_EXPECTED and not shown else None
            for share, rows, shown in zip(self.against.population, wanted, fewer, strict=True)
        ]


@check
def representation(subject: Subject) -> Iterator[Measure | Table]:
    """Compare the shares of groups in the data with those of the reference population."""
    grouped(subject)
    yield from _sampled_share(subject)
    people = population(subject)
    if subject.reference is not None and subject.population is not None:
        yield TWO_GIVEN
    compared_any = False
    for table, each in _tables(subject).items():
        for position, (attribute, counts) in enumerate(each.items()):
            if attribute not in people.people:
                if attribute in subject.attributes and table == "evaluation":
                    yield undefined(
                        "representation_ratio",
                        UNTOLD_OF,
                        n=counts.n.sum(),
                        of={"attribute": attribute},
                        unit="ratio",
                    )
                continue
            found = _compared(counts, people, {} if table == "evaluation" else {"table": table})
            if found is not None:
                rng = np.random.default_rng([subject.seed, STREAM, position, len(table)])
                compared_any |= any(why is None for why in found.why)
                yield from _of_groups(found)
                yield from _of_attribute(found, rng)
    if not compared_any:
        raise Inconclusive(
            f"no group of the reference population has {FEWEST_EXPECTED} expected rows; supply more"
        )


def _sampled_share(subject: Subject) -> Iterator[Measure]:
    """Yield how many of the people whom the system is used on stand in the data, where they were counted."""
    declared = subject.facts.get("population") or {}
    if declared.get("count"):
        total, people = float(declared["count"]), subject.counts.n
        how = "evaluation rows over the declared number of people that the system is used on"
        yield Measure("sampled_share", people / total, n=total, kind=Kind.EXACT, method=how)


def _tables(subject: Subject) -> dict[str, dict[str, GroupTable]]:
    """Return the counts of the evaluation table, and of the training table where it names groups."""
    tables = {"evaluation": dict(subject.counts.by_attribute())}
    training = subject.training
    told = () if training is None else tuple(a for a in subject.attributes if a in training.columns)
    if training is not None and told and len(training):
        weight = subject.roles.weight if subject.roles.weight in training.columns else None
        tables["training"] = dict(counted(subject, training, told, weight).by_attribute())
    return tables


def _compared(counts: GroupTable, people: Population, also: dict[str, str]) -> _Compared | None:
    stated = counts.groups.stated
    known = dict(zip(counts.groups.names, counts.weight.sum(axis=1), strict=True))
    names = tuple(n for n, told in zip(counts.groups.names, stated, strict=True) if told)
    every, shares = expected(people.people[counts.groups.attribute], names)
    hits = np.array([float(known.get(name, 0.0)) for name in every])
    weight = float(hits.sum())
    if weight <= 0:
        return None
    squares = None if counts.squares is None else float(counts.squares[stated].sum())
    effective = weight if squares is None else weight**2 / squares
    size = sum(people.people[counts.groups.attribute].values())
    of = {"attribute": counts.groups.attribute, **also}
    against = Against(hits / weight, shares, effective, size if people.sampled else None)
    return _Compared(every, hits, float(counts.n[stated].sum()), against, size, of)


def _of_groups(found: _Compared) -> Iterator[Measure]:
    against, rows = found.against, found.rows
    least, most = against.known()
    for i, (name, note) in enumerate(zip(found.names, found.why, strict=True)):
        of = {**found.of, "group": name}
        yield from share_estimates(against, i, of, rows, note)
        yield _population_share(found, i, of, (float(least[i]), float(most[i])))
        share = float(against.population[i])
        if share == 0:
            for measure in ("representation_ratio", "smallest_detectable_difference"):
                yield undefined(
                    measure, NOBODY, n=rows, of=of, unit="ratio" if "ratio" in measure else "difference"
                )
            continue
        single = against.take(np.array([i]))
        low, high = (float(limit[0]) for limit in single.limits(Z))
        value, method = float(single.value[0]), f"{against.pairs_method} {LEVEL:.0%}"
        yield estimate(
            "representation_ratio", value, low, high, rows, of=of, unit="ratio", method=method, note=note
        )
        yield _power(share, against, of, rows)


def _population_share(found: _Compared, at: int, of: dict[str, str], limits: tuple[float, float]) -> Measure:
    name, value = "population_share", float(found.against.population[at])
    if found.against.sample is None:
        return Measure(name, value, n=found.people, of=of, kind=Kind.EXACT, method="reference table")
    return estimate(name, value, *limits, found.people, of=of, method=f"Wilson {LEVEL:.0%}")


def _power(share: float, against: Against, of: dict[str, str], rows: float) -> Measure:
    value = detectable_difference(share, against)
    return Measure(
        "smallest_detectable_difference",
        value,
        n=rows,
        of=of,
        kind=Kind.EXACT,
        unit="difference",
        method="normal approximation, 80% power at 5%, two-sided",
        note=UNTOLD if value is None else None,
    )


def _of_attribute(found: _Compared, rng: np.random.Generator) -> Iterator[Measure]:
    against, of, rows = found.against, found.of, found.rows
    which = np.array([i for i, why in enumerate(found.why) if why is None], dtype=np.intp)
    left = len(found.names) - len(which)
    note = f"{left} of {len(found.names)} groups not compared" if left else None
    if len(which):
        yield lowest(
            "representation_ratio",
            against.take(which),
            of=of,
            n=rows,
            unit="ratio",
            method=against.pairs_method,
            note=note,
            among=int((against.population > 0).sum()),
        )
    else:
        yield undefined("representation_ratio", FEW, n=rows, of=of, unit="ratio", method="not compared")
    yield _variation(found)
    inside = against.population > 0
    counts = against.data[inside] * against.effective
    sample = against.sample
    yield shares_p_value("difference_p_value", counts, against.population[inside], sample, rng, of=of)
    yield Measure(
        "uncompared_share",
        float(1 - against.population[which].sum()),
        n=rows,
        of=of,
        kind=Kind.EXACT,
        method="share of the population in groups that were not compared",
    )


def _variation(found: _Compared) -> Measure:
    against = found.against
    value = float(np.abs(against.data - against.population).sum() / 2)
    chance, low, high = variation_limits(value, against.population, against.noise)
    method = f"half the sum of differences, McDiarmid {LEVEL:.0%}"
    note = f"chance alone gives up to {chance:.3f} on average"
    return estimate("total_variation", value, low, high, found.rows, of=found.of, method=method, note=note)
