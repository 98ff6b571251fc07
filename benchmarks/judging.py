"""Time judging without measuring: one audit by every pack, and many stored audits under a changed overlay.

usage: python -m benchmarks.judging AUDIT.json [AUDITS]

AUDIT.json is the record of an audit, as `python -m auditor run` writes it. Reading a record, judging it twice
and comparing are timed together for the many; they are copies of one record, each read from its bytes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import platform
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import repeat
from pathlib import Path

from auditor import rule_edits
from auditor.past import Past, effect_on
from frameworks.judge import judge, summarise
from frameworks.load import load, packs
from frameworks.model import Framework
from reports.record import Audit

DAY = dt.date(2027, 1, 1)
"""Of the comparison: the overlay is in force."""
WORKERS = 2
PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks" / "judging.md"


@cache
def rules() -> tuple[Framework, Framework]:
    """Return the municipal overlay, and as somebody changed it: numbers, a group, its sunset."""
    before = rule_edits.copy_of("smart-city-municipal")
    text = rule_edits.head(before, {"version": "2", "sunset": "2028-06-30"})
    for place, limit in (
        ("FAIR-01 fairness.selection_rate.impact_ratio", "0.9"),
        ("PRIV-02 privacy.anonymity.k", "20"),
    ):
        sent = {"place": place, "limit": limit, "reason": "a benchmark"}
        text = rule_edits.number(text, sent, rule_edits.parents_of(text, {}))
    return load(before.encode()), load(text.encode())


def rejudge(content: bytes, name: str) -> int:
    """Read one stored audit and judge it by both; return how many criteria are judged otherwise.

    The bytes are held against the digest they are stored under. That the body is canonical was checked when
    the record was stored; checking it again costs several times what judging does.
    """
    if hashlib.sha256(content).hexdigest() != name:
        raise ValueError("the stored bytes do not fit their name")
    old, new = rules()
    return len(effect_on(Past.of(json.loads(content)["body"]), old, new, DAY))


def by_all(content: bytes) -> tuple[float, int]:
    """Return the seconds that judging one record by every pack takes, and how many criteria were judged."""
    past = Past.of(Audit.from_json(content).body)
    evidence, known = past.evidence, past.facts()
    began = time.perf_counter()
    judged = 0
    for pack in packs().values():
        found = judge(pack, evidence, known)
        summarise(pack, found)
        judged += len(found)
    return time.perf_counter() - began, judged


def main(path: Path, audits: int) -> None:
    content = path.read_bytes()
    load = os.getloadavg()[0]
    packs()  # reading the packs is paid once per process, before any audit
    runs = sorted(by_all(content) for _ in range(5))
    seconds, judged = runs[len(runs) // 2]
    name = hashlib.sha256(content).hexdigest()
    began = time.perf_counter()
    with ProcessPoolExecutor(WORKERS) as pool:
        told = list(pool.map(rejudge, repeat(content, audits), repeat(name, audits), chunksize=10))
    again = time.perf_counter() - began
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    computed = spent.ru_utime + spent.ru_stime
    measures = sum(len(one["measures"]) for one in Audit.from_json(content).body["evidence"])
    PAGE.write_text(
        "# Judging without measuring\n\n"
        "Made by `python -m benchmarks.judging AUDIT.json`.\n\n"
        f"Machine: {platform.system()}, {platform.machine()}, Python {platform.python_version()}, "
        f"{WORKERS} worker processes, a shared machine: load average {load:.1f} on {os.cpu_count()} cores at "
        "the start.\n\n"
        "Stored records are held against the digest of their bytes; "
        "their canonical form is not checked again.\n\n"
        f"Record: {len(content) / 1e6:.1f} MB, {measures:,} measures.\n\n"
        "| what | how many | seconds | of which computing, both processes |\n|---|---:|---:|---:|\n"
        f"| one audit by every pack, median of 5 | {len(packs())} packs, {judged:,} criteria "
        f"| {seconds:.2f} | |\n"
        f"| stored audits read, and judged by an overlay and by its next version | {len(told):,} "
        f"| {again:.1f} | {computed:.1f} |\n"
        "\nThe time on the clock is what it took beside the other work of the machine; "
        "half of the computing is what "
        f"{WORKERS} free cores need.\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1000)
