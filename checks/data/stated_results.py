"""Stated results: do the published figures follow from the published counts?

Where a table of counts states rates and ratios of its own, each is computed again. A figure *follows* when
the counts give it at the precision in which it is printed. *Rounding* explains it when it was cut off
instead of rounded, printed with fewer places than the others, or when a ratio was taken of rates that were
already rounded. Otherwise it *does not follow*.

Why it matters
    Most bias audits exist for the public only as such a table. A figure that its own counts contradict is a
    slip, another data set, or another definition; nobody can tell which without being told.

How to read it
    `following_share`, `rounding_share` and `contradicted_share` are shares of the figures that could be
    checked and add up to 1. The table lists every figure. `rate_difference` and `ratio_difference` are
    recomputed minus published. How a column is written is settled once for the whole column: as percent
    where a figure has a percent sign or is too large for a share, else as shares.
    A ratio is a group's rate over that of a reference group. Which one, the table does not say: the highest
    rate of all groups; of groups with 2 % of the people or more; or the declared reference. Per attribute,
    the one under which most figures follow is taken, and named. Where none is clearly right, this favours
    the publisher.

Limits
    Says whether figures and counts agree, not whether the counts are true. Figures beside suppressed counts
    cannot be checked. With few printed places nearly everything follows.

References
    6 RCNY 5-300, 5-301(d) and 5-303 (New York City).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from checks.data.figures import Column, Verdict, column, compare, roundings
from checks.model import NOT_STATED, Inconclusive, Kind, Measure, NotApplicable, Subject, Table, check
from checks.names import crossed
from checks.published import Published, Row, key

SMALL = Fraction(2, 100)
"""6 RCNY 5-301(d) lets an auditor leave out a category under this share of the data."""
UNPRINTED = (2, 3, 4)
"""Places of rates that a publisher may have rounded before dividing, where no rates are printed."""

_SHARES = {
    "following_share": Verdict.FOLLOWS,
    "rounding_share": Verdict.ROUNDING,
    "contradicted_share": Verdict.CONTRADICTED,
}
_LISTED = ("figure", "attribute", "group", "people", "selected", "published", "recomputed", "verdict", "how")


@dataclass(frozen=True, slots=True)
class _Figure:
    """One published figure, and what the counts say of it."""

    kind: str
    row: Row
    printed: str
    stated: Fraction
    computed: Fraction | None
    verdict: Verdict
    how: str


@check(reads_counts=True)
def stated_results(subject: Subject) -> Iterator[Measure | Table]:
    """Compute every published rate and ratio again, and tell which follow."""
    if subject.published is None:
        raise NotApplicable("no published table of counts was supplied, under `counts`")
    figures = [*_rates(subject.published), *_ratios(subject.published, subject.roles.references)]
    if not figures:
        raise NotApplicable("the counts table states no figures; name their columns as `rate` or `ratio`")
    yield Table("published figures", _LISTED, tuple(_line(figure) for figure in figures))
    checked = [figure for figure in figures if figure.verdict is not Verdict.UNCHECKED]
    yield _exact("checked_figures", len(checked), len(figures), unit="count")
    for figure in checked:
        yield _difference(figure)
    if not checked:
        raise Inconclusive("every published figure stands beside counts that are suppressed or nobody's")
    counts = Counter(figure.verdict for figure in checked)
    yield _exact("contradicted_figures", counts[Verdict.CONTRADICTED], len(checked), unit="count")
    for name, verdict in _SHARES.items():
        yield _exact(name, counts[verdict] / len(checked), len(checked))


def _exact(name: str, value: float, n: int, *, unit: str = "proportion") -> Measure:
    return Measure(name, float(value), n=n, kind=Kind.EXACT, unit=unit, method="count of published figures")


def _difference(figure: _Figure) -> Measure:
    assert figure.computed is not None
    return Measure(
        f"{figure.kind}_difference",
        float(figure.computed - figure.stated),
        n=float(figure.row.n or 0),
        of=figure.row.of,
        kind=Kind.EXACT,
        unit="difference",
        method="recomputed from the counts, minus published",
        note=f"{figure.verdict.value}: {figure.how}",
    )


def _line(figure: _Figure) -> tuple[str | float | int | None, ...]:
    of, row = figure.row.of, figure.row
    computed = None if figure.computed is None else float(figure.computed)
    names = (figure.kind, crossed(of["attribute"]), crossed(of["group"]))
    return (*names, row.n, row.selected, figure.printed, computed, figure.verdict.value, figure.how)


def _rate(row: Row) -> Fraction | None:
    """Return the rate that the counts give, if they give one."""
    return Fraction(row.selected, row.n) if row.n and row.selected is not None else None


def _unchecked(kind: str, row: Row, printed: str, written: Column) -> _Figure:
    how = "nobody is counted" if row.n == 0 else "counts that it rests on are suppressed or 0"
    return _Figure(kind, row, printed, written.value(printed), None, Verdict.UNCHECKED, how)


def _rates(published: Published) -> Iterator[_Figure]:
    written = _written_rates(published)
    for row in published.rows:
        if row.rate is None:
            continue
        computed = _rate(row)
        if computed is None:
            yield _unchecked("rate", row, row.rate, written)
            continue
        verdict, how = compare(row.rate, written, computed)
        yield _Figure(
            "rate", row, row.rate, written.value(row.rate), computed, verdict, f"{how}; {written.how}"
        )


def _written_rates(published: Published) -> Column:
    rows = [(row, row.rate) for row in published.rows if row.rate is not None]
    return column([rate for _, rate in rows], [_rate(row) for row, _ in rows], most=1)


def _ratios(published: Published, references: Mapping[str, str]) -> Iterator[_Figure]:
    written = column([row.ratio for row in published.rows if row.ratio is not None], (), most=10)
    rates = _written_rates(published)
    for parts in published.tables:
        rows = [published.rows[i] for i in published.of(parts)]
        if all(row.ratio is None for row in rows):
            continue
        ways = [
            [_ratio(row, row.ratio, (name, base), written, rates) for row in rows if row.ratio is not None]
            for name, base in _bases(rows, references.get(key(parts)))
        ]
        yield from max(ways, key=_explained)


def _explained(figures: Sequence[_Figure]) -> tuple[int, int]:
    counts = Counter(figure.verdict for figure in figures)
    return counts[Verdict.FOLLOWS], counts[Verdict.ROUNDING]


def _bases(rows: Sequence[Row], reference: str | None) -> Iterator[tuple[str, Row | None]]:
    """Yield the groups that a ratio may be over, the plainest reading first."""
    known = [(rate, row) for row in rows if (rate := _rate(row)) and NOT_STATED not in row.groups]
    people = sum(row.n or 0 for row in rows)
    large = [(rate, row) for rate, row in known if row.n and row.n >= SMALL * people]
    for name, among in (
        ("the highest rate", known),
        ("the highest rate of groups with 2 % of the people or more", large),
        ("the declared reference", [pair for pair in known if key(pair[1].groups) == reference]),
    ):
        if among:
            yield name, max(among, key=lambda pair: pair[0])[1]
    if not known:
        yield "no rate above 0", None


def _ratio(row: Row, printed: str, over: tuple[str, Row | None], written: Column, rates: Column) -> _Figure:
    name, base = over
    mine, theirs = _rate(row), None if base is None else _rate(base)
    if base is None or mine is None or not theirs:
        return _unchecked("ratio", row, printed, written)
    computed = mine / theirs
    verdict, how = compare(printed, written, computed, _of_rounded(row, base, (mine, theirs), rates))
    said = f"{how}; over {name} (`{crossed(key(base.groups))}`); {written.how}"
    return _Figure("ratio", row, printed, written.value(printed), computed, verdict, said)


def _of_rounded(
    row: Row, base: Row, exact: tuple[Fraction, Fraction], rates: Column
) -> Iterator[tuple[str, Fraction]]:
    """Yield the ratios of rates that were rounded first: as printed, or as they may have been."""
    if row.rate is not None and base.rate is not None:
        if below := rates.value(base.rate):
            yield "the ratio of the rates as published", rates.value(row.rate) / below
        return
    for digits in UNPRINTED:
        for mine in sorted(roundings(exact[0], digits)):
            for theirs in sorted(roundings(exact[1], digits)):
                if theirs:
                    yield f"the ratio of rates of {digits} places", mine / theirs
