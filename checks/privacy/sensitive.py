"""What the classes of people who look alike give away of one sensitive column, as measures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from checks.data.bins import numeric
from checks.model import Array, Kind, Measure
from checks.privacy.classes import Coded, coded, dense
from checks.privacy.diversity import Diversity, diversity, ranked

C = 3.0
"""The c of recursive (c, l)-diversity."""

FEWEST_A_VALUE = 20
"""People a value on average, under whom nearly nobody shares one."""

FEW_ALIKE = 10
"""People of a class, under whom chance alone sets it far from everybody."""

UNITS = {
    "distinct_l": "values",
    "one_valued_people": "people",
    "one_valued_share": "proportion",
    "entropy_l": "values",
    "recursive_l": "values",
    "recursive_c": "times",
    "t": "distance",
    "ordered_t": "distance",
    "beta_likeness": "times",
    "enhanced_beta": "times",
    "delta_disclosure": "log ratio",
    "delta_present": "log ratio",
}


def sensitive(column: pd.Series[Any], name: str, classes: Array | None, people: Coded) -> Iterator[Measure]:
    """Yield l-diversity, t-closeness, beta-likeness and delta-disclosure of one column."""
    if classes is None:
        for told in ("distinct_l", "t"):
            yield _told(told, None, name, people.count, known_already(name))
        return
    values = coded(pd.DataFrame({name: column}), [name]).columns[name][0]
    found = diversity(classes, dense(values)[0], people)
    many = _many(found, name, people)
    least = found.distinct_l()
    for told, value, note in (
        ("distinct_l", least, many),
        ("one_valued_people", found.one_valued(), None),
        ("one_valued_share", found.one_valued() / people.count, None),
        ("entropy_l", found.entropy_l(), many),
        ("recursive_l", found.recursive_l(C), many),
        ("recursive_c", found.recursive_c(least), None),
        ("t", found.t(), "; ".join(filter(None, (many, _small(found)))) or None),
        ("beta_likeness", found.beta(), None),
        ("enhanced_beta", *_enhanced(found)),
        ("delta_disclosure", *_delta(found)),
        ("delta_present", found.delta_present(), None),
    ):
        yield _told(told, value, name, people.count, note)
    if numeric(column):
        yield _ordered(column, name, classes, people)


def known_already(name: str) -> str:
    """Say why a sensitive column that is a quasi-identifier too is not attacked."""
    return (
        f"`{name}` is a quasi-identifier too, so attackers are taken to know it already; take it out of"
        " columns.quasi_identifiers to measure what others could learn of it"
    )


def _many(found: Diversity, name: str, people: Coded) -> str | None:
    if found.values <= FEWEST_A_VALUE or found.values * FEWEST_A_VALUE <= people.count:
        return None
    return (
        f"`{name}` has {found.values:,} different values for {people.count:,.0f} people, so classes differ"
        " whatever they hold; declare a coarser column as sensitive, such as ranges or main groups"
    )


def _small(found: Diversity) -> str | None:
    """Say of how few people the class is that lies furthest from everybody."""
    size = found.furthest()
    if size >= FEW_ALIKE:
        return None
    if size == 1:
        return (
            "the largest distance is that of one person alone in a class, whom any single value sets far off"
        )
    return f"the largest distance is that of a class of {size:.0f} people, whom chance alone can set far off"


def _enhanced(found: Diversity) -> tuple[float | None, str | None]:
    value = found.enhanced_beta()
    return value, None if value is not None else (
        "a class gains more on a value than -ln of its share: no beta satisfies the enhanced definition"
    )


def _delta(found: Diversity) -> tuple[float | None, str | None]:
    lacking = found.lacking()
    if not lacking:
        return found.delta_present(), None
    return None, (
        f"unbounded: {lacking:,} of {found.classes:,} classes lack a value that others have, which tells of"
        " everybody in them that it is not theirs"
    )


def _ordered(column: pd.Series[Any], name: str, classes: Array, people: Coded) -> Measure:
    """Return t-closeness over the ranks of a number."""
    ranks = ranked(column)
    there = ranks >= 0
    if not there.any():
        return _told("ordered_t", None, name, 0, f"`{name}` is empty in every row")
    stated = Coded({}, None if people.people is None else people.people[there], int(there.sum()))
    found = diversity(dense(classes[there])[0], ranks[there], stated)
    left = people.count - stated.count
    return _told(
        "ordered_t",
        found.ordered_t(),
        name,
        stated.count,
        f"{left:,.0f} people whose `{name}` is missing are left out; `t` counts them" if left else None,
    )


def _told(measure: str, value: float | None, name: str, n: float, note: str | None) -> Measure:
    method = "count of values in classes"
    if measure == "recursive_l":
        method = f"count of values in classes, c = {C:.0f}"
    return Measure(
        measure,
        None if value is None else float(value),
        n=n,
        of={"column": name},
        kind=Kind.EXACT,
        unit=UNITS[measure],
        method=method,
        note=note,
    )
