"""Time judging without measuring: one audit by every pack, and many stored audits under a changed pack.

usage: python -m benchmarks.judging AUDIT.json [AUDITS]

AUDIT.json is the record of an audit, as `python -m auditor run` writes it. Reading a record, judging it and
summing it up are timed together for the many; they are copies of one record, each read from its bytes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import platform
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from itertools import repeat
from pathlib import Path
from typing import Any

from frameworks.judge import judge, summarise
from frameworks.load import packs
from frameworks.model import Facts, Framework
from reports.record import Audit, evidence_from_json

PACK = "global-baseline"
WORKERS = 2
PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks" / "judging.md"


def facts(body: Mapping[str, Any]) -> Facts:
    """Return what judging needs to know, from the record alone."""
    asked = body["submission"]
    return Facts(
        task=asked["task"],
        tier=asked["system"]["risk_tier"],
        as_of=dt.date.fromisoformat(body["as_of"]),
        answers=asked["answers"],
        conditions=frozenset(asked["system"]["conditions"]),
        rows=int(asked["resolved"]["rows"]),
    )


@cache
def changed() -> Framework:
    """Return the pack with every limit moved by a tenth, as an overlay might."""
    pack = packs()[PACK]
    return replace(
        pack,
        requirements=tuple(
            replace(
                one,
                criteria=tuple(
                    replace(c, bound=replace(c.bound, limit=c.bound.limit * 1.1))
                    if c.bound and c.bound.limit is not None
                    else c
                    for c in one.criteria
                ),
            )
            for one in pack.requirements
        ),
    )


def rejudge(content: bytes, name: str) -> str:
    """Read one stored audit and judge it by the changed pack; return the verdict of the whole.

    The bytes are held against the digest they are stored under. That the body is canonical was checked when
    the record was stored; checking it again costs several times what judging does.
    """
    if hashlib.sha256(content).hexdigest() != name:
        raise ValueError("the stored bytes do not fit their name")
    body = json.loads(content)["body"]
    evidence = [evidence_from_json(one) for one in body["evidence"]]
    verdict = summarise(changed(), judge(changed(), evidence, facts(body)))["verdict"]
    return str(verdict)


def by_all(content: bytes) -> tuple[float, int]:
    """Return the seconds that judging one record by every pack takes, and how many criteria were judged."""
    body = Audit.from_json(content).body
    evidence, known = [evidence_from_json(one) for one in body["evidence"]], facts(body)
    began = time.perf_counter()
    judged = 0
    for pack in packs().values():
        found = judge(pack, evidence, known)
        summarise(pack, found)
        judged += len(found)
    return time.perf_counter() - began, judged


def main(path: Path, audits: int) -> None:
    content = path.read_bytes()
    packs()  # reading the packs is paid once per process, before any audit
    runs = sorted(by_all(content) for _ in range(5))
    seconds, judged = runs[len(runs) // 2]
    name = hashlib.sha256(content).hexdigest()
    began = time.perf_counter()
    with ProcessPoolExecutor(WORKERS) as pool:
        told = list(pool.map(rejudge, repeat(content, audits), repeat(name, audits), chunksize=10))
    again = time.perf_counter() - began
    measures = sum(len(one["measures"]) for one in Audit.from_json(content).body["evidence"])
    PAGE.write_text(
        "# Judging without measuring\n\n"
        "Made by `python -m benchmarks.judging AUDIT.json`.\n\n"
        f"Machine: {platform.system()}, {platform.machine()}, Python {platform.python_version()}, "
        f"{WORKERS} worker processes; other work may have run beside it.\n\n"
        "Stored records are held against the digest of their bytes; "
        "their canonical form is not checked again.\n\n"
        f"Record: {len(content) / 1e6:.1f} MB, {measures:,} measures.\n\n"
        "| what | how many | seconds |\n|---|---:|---:|\n"
        f"| one audit by every pack, median of 5 | {len(packs())} packs, {judged:,} criteria "
        f"| {seconds:.2f} |\n"
        f"| stored audits read and judged again under a changed pack | {len(told):,} | {again:.1f} |\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1000)
