"""The page on the cost of counting, made from what the benchmark measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "docs" / "benchmarks"
AXES = {"rows": "rows", "groups": "groups of one attribute", "attributes": "attributes, crossed in pairs"}
HEAD = """# What counting costs

Made by `python -m benchmarks.counts --large --write`; do not edit. Seconds are medians of slots that were
run in turn in one process, so ratios hold on a busy machine where seconds do not (load while measuring:
{load:.1f}). Three attributes of 2, 5 and 8 values and all their crossings, one decision and one label a row;
"rates" are all error rates of all groups.
"""


def page(found: Mapping[str, Any]) -> str:
    """Return the page."""
    return "\n".join([HEAD.format(load=found["load"]), *_speed(found), *_memory(found), *_rest(found)]) + "\n"


def _speed(found: Mapping[str, Any]) -> Iterator[str]:
    yield "## Speed\n"
    yield "| rows | what | seconds | over reading the columns | over DuckDB's one group-by |"
    yield "|---|---|---|---|---|"
    for rows, slots in found["speed"].items():
        for name, seconds in slots.items():
            duck = f"{seconds / slots['duckdb']:.2f}" if "duckdb" in slots else "not installed"
            yield f"| {rows:,} | {name} | {seconds:.4f} | {seconds / slots['read']:.2f} | {duck} |"


def _memory(found: Mapping[str, Any]) -> Iterator[str]:
    yield "\n## Memory\n"
    yield "Peak of a process of its own; *nothing* is one that loads the libraries only.\n"
    yield "| rows | what | seconds | MiB |\n|---|---|---|---|"
    for rows, slots in found["memory"].items():
        for name, (seconds, peak) in slots.items():
            yield f"| {rows:,} | {name} | {seconds:.2f} | {peak:.0f} |"


def _rest(found: Mapping[str, Any]) -> Iterator[str]:
    yield "\n## Against fairlearn\n"
    yield (
        "100,000 rows; the seven rates, the count and the AUC of each group that MetricFrame gives, for each "
        "attribute and their crossing. With intervals, every rate of `fairness.selection_rate`, "
        "`fairness.error_rates` and `fairness.auc` has one, and so has every gap and ratio, "
        "for all crossings.\n"
    )
    yield "| what | seconds | fairlearn takes |\n|---|---|---|"
    slots = found["fairlearn"]
    theirs = next((s for name, s in slots.items() if name.startswith("fairlearn")), None)
    for name, seconds in slots.items():
        times = "not installed" if theirs is None else f"{theirs / seconds:.0f} times as long"
        yield f"| {name} | {seconds:.4f} | {times} |"
    yield "\n## Intervals\n"
    yield "All intervals of rates, gaps and ratios, once the rows are counted.\n"
    yield "| of | seconds | over the fewer rows |\n|---|---|---|"
    first = next(iter(found["intervals"].values()))
    for name, seconds in found["intervals"].items():
        yield f"| {name} | {seconds:.4f} | {seconds / first:.2f} |"
    yield "\n## Growth\n"
    yield "![Seconds against rows, groups and attributes](counts.svg)\n"
    yield "From the file to all rates, gaps and ratios with intervals; groups and attributes at 500,000 rows."
    yield ""
    yield "| what grows | to | reading | all rates with intervals |\n|---|---|---|---|"
    for name, points in found["curves"].items():
        for at, read, whole in points:
            yield f"| {AXES[name]} | {at:,} | {read:.4f} | {whole:.4f} |"


def write(text: str, found: Mapping[str, Any]) -> None:
    """Write the page and its picture."""
    (FOLDER / "counts.md").write_text(text, encoding="utf-8")
    (FOLDER / "counts.svg").write_text(picture(found["curves"]), encoding="utf-8")


def picture(curves: Mapping[str, Any]) -> str:
    """Return the curves as SVG."""
    import altair as alt
    import pandas as pd
    import vl_convert

    panels = []
    for name, points in curves.items():
        data = pd.DataFrame(
            [
                {"at": at, "seconds": seconds, "what": what}
                for at, read, whole in points
                for what, seconds in (("reading", read), ("all rates with intervals", whole))
            ]
        )
        line = alt.Chart(data, title=AXES[name], width=230, height=200).mark_line(point=True)
        panels.append(
            line.encode(
                x=alt.X("at:Q", scale=alt.Scale(type="log"), title=None),
                y=alt.Y("seconds:Q", scale=alt.Scale(type="log")),
                color=alt.Color("what:N", title=None, legend=alt.Legend(orient="bottom")),
            )
        )
    return str(vl_convert.vegalite_to_svg(alt.hconcat(*panels).to_json()))
