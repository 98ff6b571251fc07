"""Size, time and memory of the reports of an audit of 10, 100 and 1,000 groups, step by step.

usage: python -m benchmarks.reports [REPEATS]

The audits are drawn people, really measured and judged by two packs; making them is not timed. Every number
is taken in a process of its own, which has read the record and composed its document where the step needs
that; sizes and steps take turns, so a slow minute of the machine hits all alike. Beside the PDF stands the
least that it could take: the same words, set by the same typesetter without tables, tags, pictures, links and
attachment.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from reports.record import Audit

SIZES = (10, 100, 1_000)
PEOPLE, FEWEST = 60, 1_200
"""Drawn of each group, on average, and at least in all."""
CHECKS = (
    "fairness.auc", "fairness.calibration", "fairness.error_rates", "fairness.power", "fairness.scoring_rate",
    "fairness.selection_rate", "performance.classification", "performance.sanity",
)  # fmt: skip
LEAST = "plain typesetting"
STEPS = ("read", "compose", "html", "pdf", LEAST, "bundle")
PLAIN = b"""#set page(paper: "a4", margin: 22mm)
#set text(10pt, font: json(bytes(sys.inputs.fonts)))
#for said in json(bytes(sys.inputs.words)) { par(said) }
"""
ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "benchmarks" / "reports.md"
Taken = dict[str, float]


def draw(groups: int) -> bytes:
    """Measure and judge drawn people of so many districts, whose incomes differ; return the record."""
    import numpy as np

    from tests.reports.sample import SUBMISSION, Scorecard, people, record, subject

    rng = np.random.default_rng(1)
    table = people(max(FEWEST, PEOPLE * groups))
    district = rng.integers(0, groups, len(table))
    table["district"] = [f"district {i:04d}" for i in district]
    table["income"] += rng.normal(0, 0.5, groups)[district]
    table["repaid"] = (rng.random(len(table)) < Scorecard().predict_proba(table)[:, 1]).astype(int)
    drawn = subject(table)
    roles = replace(drawn.roles, groups=("district",), quasi_identifiers=())
    columns = {**SUBMISSION["columns"], "groups": ["district"]}
    return record(replace(drawn, roles=roles), {**SUBMISSION, "columns": columns}, only=CHECKS).to_json()


def work(step: str, raw: bytes, folder: Path) -> tuple[Callable[[], Any], Callable[[Any], Taken]]:
    """Return what *step* does, with all that goes before it done, and what is told of its result."""
    if step == "read":
        return partial(Audit.from_json, raw), lambda _audit: {"bytes": len(raw), **_content(raw)}
    audit = Audit.from_json(raw)
    if step == "bundle":
        from auditor.trust.keys import Keyring
        from auditor.trust.seal import seal
        from reports import bundle

        reports = {name: (folder / name).read_bytes() for name in bundle.REPORTS}
        keys = Keyring.open(folder / "keys")
        return lambda: bundle.pack(seal(raw, reports, keys)), lambda made: {"bytes": len(made)}

    from reports.document import compose

    if step == "compose":
        return partial(compose, audit), lambda made: {"bytes": len(json.dumps(made.to_json()))}
    document = compose(audit)
    if step == "html":
        from reports import html

        return partial(html.render, document), lambda made: _kept(folder / "report.html", made.encode())
    from reports import pdf

    if step == "pdf":
        return partial(pdf.render, document, raw), lambda made: _kept(folder / "report.pdf", made)
    return partial(_plain, list(document.words())), lambda made: {"bytes": len(made), "pages": _pages(made)}


def _content(raw: bytes) -> Taken:
    return {"measures": sum(len(one["measures"]) for one in json.loads(raw)["body"]["evidence"])}


def _kept(path: Path, made: bytes) -> Taken:
    path.write_bytes(made)
    return {"bytes": len(made), **({"pages": _pages(made)} if path.suffix == ".pdf" else {})}


def _plain(words: Sequence[str]) -> bytes:
    import typst

    from reports import fonts

    inputs = {"words": json.dumps(words), "fonts": json.dumps(fonts.families("en"))}
    return typst.compile(
        PLAIN,
        format="pdf",
        sys_inputs=inputs,
        font_paths=fonts.fonts(),
        ignore_system_fonts=True,
        pdf_tags=False,
    )


def _pages(made: bytes) -> int:
    import io

    import pypdf

    return len(pypdf.PdfReader(io.BytesIO(made)).pages)


def child(step: str, record: Path) -> None:
    """Do one step twice and print what it took: the first time in this process, and the second."""
    do, tell = work(step, record.read_bytes(), record.parent)
    before = _peak()
    first, _made = _taken(do)
    peak = _peak()
    again, made = _taken(do)
    print(json.dumps({**{f"first {k}": v for k, v in first.items()}, **again,
                      "before": before, "peak": peak, **tell(made)}))  # fmt: skip


def _taken(do: Callable[[], Any]) -> tuple[Taken, Any]:
    clock, computed = time.perf_counter(), time.process_time()
    made = do()
    return {"clock": time.perf_counter() - clock, "computed": time.process_time() - computed}, made


def _peak() -> float:
    """Return the most memory (MB) that this process has held since it was asked last."""
    said = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in said.splitlines() if line.startswith("VmHWM"))
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return int(line.split()[1]) / 1024


def measure(repeats: int) -> dict[tuple[int, str], Taken]:
    """Return the medians of each step at each size."""
    taken: dict[tuple[int, str], list[Taken]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as scratch:
        records = {}
        for groups in SIZES:
            records[groups] = Path(scratch) / str(groups) / "audit.json"
            records[groups].parent.mkdir()
            records[groups].write_bytes(draw(groups))
        for _ in range(repeats):
            for step in STEPS:
                for groups, path in records.items():
                    asked = [sys.executable, "-m", "benchmarks.reports", step, str(path)]
                    ran = subprocess.run(asked, cwd=ROOT, capture_output=True, check=True)
                    taken[groups, step].append(json.loads(ran.stdout))
                    print(groups, step, taken[groups, step][-1], flush=True)
    return {
        key: {name: statistics.median(one[name] for one in runs) for name in runs[0]}
        for key, runs in taken.items()
    }


def page(found: Mapping[tuple[int, str], Taken], repeats: int, load: float) -> str:
    """Return the page of the results."""
    machine = f"{platform.system()}, {platform.machine()}, {os.cpu_count()} cores"
    numbers = ", ".join(f"{found[groups, 'read']['measures']:,.0f}" for groups in SIZES)
    rows = [
        f"| {step} | {groups:,} | {one['bytes'] / 1e6:.2f} | {one['first computed']:.2f} "
        f"| {one['computed']:.2f} | {one['clock']:.2f} | {one['before']:.0f} | {one['peak']:.0f} |"
        for step in STEPS
        for groups, one in ((groups, found[groups, step]) for groups in SIZES)
    ]
    return f"""# Reports of many groups

Made by `python -m benchmarks.reports`.

Machine: {machine}, Python {platform.python_version()}; load {load:.1f} when it began. Other work ran
beside it: read the seconds of computing (of all threads), not those of the clock. Medians of {repeats}.

One attribute of 10, 100 and 1,000 groups of about {PEOPLE} people each (more in the smallest), measured by
{len(CHECKS)} checks and judged by two packs: {numbers} numbers in the records. A column that is
submitted may have 500 groups, a crossing of columns more. `first` is the first time in a process, which also
loads and starts what draws and sets; `again` is the second, which draws no picture that it has drawn.
Memory is the most that the process held, before the step and during its first time.

| step | groups | MB made | first, s | again, s | again by the clock, s | MB before | MB at most |
|---|---:|---:|---:|---:|---:|---:|---:|
{chr(10).join(rows)}

## Growth

Seconds of computing that 1,000 further numbers in the record cost. A ratio of 1 is linear growth; below 1 it
grows more slowly, since long tables show their first 250 rows and say how many more the record has.

| step | from 10 to 100 groups | from 100 to 1,000 | ratio |
|---|---:|---:|---:|
{chr(10).join(_growth(found))}

## Paper

Asked are 60 pages in under 2 seconds. Beside it the same words in plain paragraphs, without tags or pictures:
the least that this typesetter takes.

| groups | pages | computed, s | computed for 60 pages, s | pages, plain | computed, plain, s | ratio |
|---:|---:|---:|---:|---:|---:|---:|
{chr(10).join(_paper(found))}
"""


def _growth(found: Mapping[tuple[int, str], Taken]) -> Iterator[str]:
    """Yield what a further number of the record costs, from few to some and from some to many."""
    for step in STEPS:
        few, some, many = ((found[g, "read"]["measures"], found[g, step]["computed"]) for g in SIZES)
        early = (some[1] - few[1]) / (some[0] - few[0])
        late = (many[1] - some[1]) / (many[0] - some[0])
        yield f"| {step} | {1000 * early:.3f} | {1000 * late:.3f} | {late / early:.2f} |"


def _paper(found: Mapping[tuple[int, str], Taken]) -> Iterator[str]:
    for groups in SIZES:
        made, least = found[groups, "pdf"], found[groups, LEAST]
        yield (
            f"| {groups:,} | {made['pages']:.0f} | {made['computed']:.2f} "
            f"| {60 * made['computed'] / made['pages']:.2f} | {least['pages']:.0f} | {least['computed']:.2f} "
            f"| {made['computed'] / least['computed']:.1f} |"
        )


def main(repeats: int) -> None:
    load = os.getloadavg()[0]
    PAGE.write_text(page(measure(repeats), repeats, load), encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in STEPS:
        child(sys.argv[1], Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
