"""The page that tells what benchmarks/validity.py found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from statistics import mean, median

Row = Mapping[str, object]
NOMINAL, LEAST, LEVEL = 0.945, 0.92, 0.025
STATISTICS = {
    "share": "a share",
    "gap": "the gap of the highest and the lowest",
    "ratio": "the lowest over the highest",
}


def number(row: Row, key: str) -> float:
    """Return one number of a row."""
    value = row[key]
    assert isinstance(value, int | float)
    return float(value)


def error(row: Row, share: float) -> float:
    """Return the Monte Carlo standard error of a share; of 10,000 draws where all outcomes were summed."""
    datasets = row["datasets"]
    return (share * (1 - share) / (10_000 if isinstance(datasets, str) else number(row, "datasets"))) ** 0.5


def missing(row: Row) -> bool:
    """Return whether a cell covers less than 92 % by more than three Monte Carlo errors."""
    return number(row, "coverage") < LEAST - 3 * error(row, LEAST)


def written(rows: Sequence[Row], datasets: int, seed: int) -> str:
    """Return the page."""
    parts = [
        "# Do the intervals cover, and how often are verdicts wrong?",
        "",
        "Written by `python -m benchmarks.validity`; every cell stands in [validity.csv](validity.csv).",
        "What is asked is what an audit calls. One and two binomials are summed over all outcomes (exact);",
        f"five and twelve groups are drawn {datasets:,} times a cell, seed {seed}. Rows per group: 30, 100,",
        "1000, and one of 40 against 1000; rates 0.01 to 0.5; all equal, one group off, half of them off.",
        "",
        *_coverage(rows),
        *_low_cells(rows),
        *_widths(rows),
        *_wrong(rows),
        *_power(rows),
    ]
    return "\n".join(parts) + "\n"


def _table(head: Sequence[str], lines: Iterable[Sequence[object]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for line in lines:
        yield "| " + " | ".join(str(cell) for cell in line) + " |"
    yield ""


def _groups(
    rows: Iterable[Row], key: Callable[[Row], tuple[object, ...]]
) -> dict[tuple[object, ...], list[Row]]:
    found: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found


def _coverage(rows: Sequence[Row]) -> Iterator[str]:
    yield "## Coverage of 95 % intervals"
    yield ""
    yield "Methods other than ours are not used by audits; they stand here for comparison."
    yield ""
    lines = []
    for (statistic, k, method), cells in _groups(
        rows, lambda r: (r["statistic"], r["k"], r["method"])
    ).items():
        covers = [number(r, "coverage") for r in cells]
        bold = "**" if method == "ours" else ""
        lines.append(
            (
                STATISTICS.get(str(statistic), statistic), k, f"{bold}{method}{bold}", len(cells),
                f"{mean(covers):.3f}", f"{min(covers):.3f}", sum(map(missing, cells)),
                f"{max(number(r, 'missed_low') for r in cells):.3f}",
                f"{max(number(r, 'missed_high') for r in cells):.3f}",
            )
        )  # fmt: skip
    head = (
        "number",
        "groups",
        "method",
        "cells",
        "mean",
        "lowest",
        "cells under 92 %",
        "most missed below",
        "most missed above",
    )
    yield from _table(head, lines)
    yield "*Missed below*: the lower limit lies above the truth; *above*: the upper limit lies under it."
    yield "Nominal is 0.025 each."
    yield ""


def _low_cells(rows: Sequence[Row]) -> Iterator[str]:
    yield "## Our cells that cover under 92 % by more than three Monte Carlo errors"
    yield ""
    low = [r for r in rows if r["method"] == "ours" and missing(r)]
    if not low:
        yield "None."
        yield ""
        return
    keys = ("statistic", "size", "k", "rate", "shape", "lower", "coverage", "missed_low", "missed_high")
    yield from _table(keys, [[r[key] for key in keys] for r in low])


def _widths(rows: Sequence[Row]) -> Iterator[str]:
    yield "## Width against the narrowest method that covers"
    yield ""
    yield "Median width of ours over that of the narrowest method that covers at least 94.5 % of the same"
    yield "cell, as median and largest over the cells."
    yield ""
    lines = []
    cells = _groups(
        rows, lambda r: tuple(r[key] for key in ("statistic", "size", "k", "rate", "shape", "lower"))
    )
    ratios: dict[tuple[object, ...], list[float]] = {}
    for (statistic, size, k, *_), methods in cells.items():
        if statistic not in STATISTICS:
            continue  # nothing else was asked
        ours = next(r for r in methods if r["method"] == "ours")
        fit = [
            number(r, "median_width")
            for r in methods
            if number(r, "coverage") >= NOMINAL and number(r, "median_width") > 0
        ]
        if fit:
            ratios.setdefault((statistic, size, k), []).append(number(ours, "median_width") / min(fit))
    for (statistic, size, k), found in ratios.items():
        lines.append(
            (STATISTICS[str(statistic)], size, k, f"{median(found):.2f}", f"{max(found):.2f}", len(found))
        )
    yield from _table(("number", "rows", "groups", "median ratio", "largest", "cells"), lines)


def _wrong(rows: Sequence[Row]) -> Iterator[str]:
    yield "## Wrong verdicts"
    yield ""
    yield "The truth lies exactly at the bound (a gap of 0.1, a ratio of 0.8), or all groups"
    yield "are equal. Either verdict may come by chance in at most 2.5 % of samples. Cells over it by more"
    yield "than three Monte Carlo errors (of 10,000 draws where the sum is exact) are listed."
    yield ""
    lines = []
    for (statistic, k, what), cells in _groups(
        _judged(rows), lambda r: (r["statistic"], r["k"], r["what"])
    ).items():
        key = "met" if what == "met, at the bound" else "not_met"
        chances = [number(r, key) for r in cells]
        over = [r for r in cells if number(r, key) > LEVEL + 3 * error(r, LEVEL)]
        lines.append(
            (
                STATISTICS[str(statistic)],
                k,
                what,
                len(cells),
                f"{mean(chances):.4f}",
                f"{max(chances):.4f}",
                len(over),
            )
        )
    yield from _table(
        ("number", "groups", "verdict", "cells", "mean", "most", "cells over 2.5 % + 3 errors"), lines
    )
    over = [
        r
        for r in _judged(rows)
        if number(r, "met" if r["what"] == "met, at the bound" else "not_met") > LEVEL + 3 * error(r, LEVEL)
    ]
    if over:
        yield "The cells over it:"
        yield ""
        keys = ("statistic", "what", "size", "k", "rate", "shape", "lower", "met", "not_met")
        yield from _table(keys, [[r[key] for key in keys] for r in over])


def _judged(rows: Sequence[Row]) -> Iterator[dict[str, object]]:
    bound = {"gap": 0.1, "ratio": 0.8}
    for row in rows:
        statistic = str(row["statistic"])
        if row["method"] != "ours" or statistic not in bound:
            continue
        if row["shape"] == "equal":
            yield {**row, "what": "not met, all equal"}
        elif abs(number(row, "truth") - bound[statistic]) < 1e-9:
            yield {**row, "what": "met, at the bound"}
            yield {**row, "what": "not met, at the bound"}


def _power(rows: Sequence[Row]) -> Iterator[str]:
    yield "## Power"
    yield ""
    yield "How often a verdict is reached: equal groups are *met*, a gap of 0.2 or a ratio of 0.6 *not met*."
    yield ""
    lines = []
    ours = [
        r
        for r in rows
        if r["method"] == "ours" and r["statistic"] in ("gap", "ratio") and number(r, "rate") >= 0.3
    ]
    far = {"gap": lambda r: number(r, "truth") > 0.15, "ratio": lambda r: number(r, "truth") < 0.7}
    for (statistic, rate, size), cells in _groups(
        ours, lambda r: (r["statistic"], r["rate"], r["size"])
    ).items():
        for k in sorted({int(number(r, "k")) for r in cells}):
            equal = [number(r, "met") for r in cells if r["k"] == k and r["shape"] == "equal"]
            one = [
                number(r, "not_met")
                for r in cells
                if r["k"] == k and r["shape"] == "one off" and far[str(statistic)](r)
            ]
            lines.append(
                (STATISTICS[str(statistic)], rate, size, k, f"{equal[0]:.3f}", f"{one[0]:.3f}" if one else "")
            )
    yield from _table(
        ("number", "rate", "rows", "groups", "met when equal", "not met when one group is far off"), lines
    )
