"""Measure the audit of a bundle again, from the same files, and compare every number."""

from __future__ import annotations

import datetime as dt
import math
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from auditor.config import Settings
from auditor.manifest import named_by_digest, read_submission
from auditor.problems import refuse
from auditor.run import Failed, run, sha256
from auditor.submission import Submission, parse
from reports.record import Audit, canonical

RELATIVE, ABSOLUTE = 1e-6, 1e-9
"""How far an estimate may be off: what another processor's order of sums can do, and nothing larger."""
MOST = 20
NUMBERS = ("value", "low", "high", "n")


def compare(audit: Audit, path: Path, settings: Settings, said: list[str]) -> Iterator[str]:
    """Yield a sentence for each number of *audit* that the submission at *path* does not give again."""
    body = audit.body
    _same_question(body["submission"], path)
    with tempfile.TemporaryDirectory(prefix="auditor-") as out:
        try:
            again = run(
                path,
                Path(out),
                settings,
                frameworks=body["submission"]["frameworks"],
                as_of=dt.date.fromisoformat(body["as_of"]),
                seed=body["submission"]["seed"],
            ).record["body"]
        except Failed as why:
            raise refuse("", "remeasure", f"it could not be measured again: {why}.") from None
    engines = sorted(n for n, v in body["engine"].items() if again["engine"].get(n) != v)
    wrong = list(_numbers(body["evidence"], again["evidence"]))
    yield from wrong[:MOST]
    if len(wrong) > MOST:
        yield f"measured again: {len(wrong) - MOST} further numbers differ."
    if engines and wrong:
        yield f"measured again: with other versions of {', '.join(engines)}, which may be why."
    if not wrong:
        count = sum(len(one["measures"]) for one in body["evidence"])
        other = f" by other versions of {', '.join(engines)}" if engines else ""
        said.append(
            f"Measured again{other}: all {count} numbers agree (exact ones exactly, estimates within "
            f"{RELATIVE:g} of their size or {ABSOLUTE:g})."
        )


def _same_question(stored: Mapping[str, Any], path: Path) -> None:
    """Refuse a submission that asks something else, or of other files."""
    raw, files = read_submission(path)
    parse(raw)
    asked = parse(named_by_digest(raw, {where: sha256(file) for where, file in files.items()}))
    mine, theirs = asked.model_dump(mode="json"), _asked(stored)
    apart = [
        key
        for key in sorted(mine.keys() | theirs.keys())
        if key not in ("frameworks", "seed", "system", "answers")
        and canonical(mine.get(key)) != canonical(theirs.get(key))
    ]
    if apart:
        raise refuse(
            "",
            "remeasure",
            f"{path} is not what was audited: {', '.join(apart)} differ; use the same files and columns.",
        )


def _asked(stored: Mapping[str, Any]) -> dict[str, Any]:
    plain = {key: value for key, value in stored.items() if key != "resolved"}
    try:
        return Submission.model_validate(plain).model_dump(mode="json")
    except ValueError:
        raise refuse(
            "", "remeasure", "the submission in the record is not one that this version reads."
        ) from None


def _numbers(stored: list[Mapping[str, Any]], again: list[Mapping[str, Any]]) -> Iterator[str]:
    theirs = {_key(one): one for one in again}
    for one in stored:
        other = theirs.get(_key(one))
        if other is None:
            yield f"measured again: {one['check']} was not measured."
            continue
        if other["outcome"] != one["outcome"]:
            yield f"measured again: {one['check']} is {other['outcome']}, and {one['outcome']} in the record."
        found = {_measure(m): m for m in other["measures"]}
        for measure in one["measures"]:
            match = found.get(_measure(measure))
            if match is None or not all(_alike(measure, match, name) for name in NUMBERS):
                of = ", ".join(f"{k} {v}" for k, v in measure["of"].items())
                got = "nothing" if match is None else match["value"]
                name = f"{one['check']}.{measure['name']}{f' of {of}' if of else ''}"
                yield f"measured again: {name} gives {got}, and {measure['value']} in the record."


def _alike(a: Mapping[str, Any], b: Mapping[str, Any], name: str) -> bool:
    if a[name] is None or b[name] is None or a["kind"] == "exact":
        return bool(a[name] == b[name])
    return math.isclose(a[name], b[name], rel_tol=RELATIVE, abs_tol=ABSOLUTE)


def _key(evidence: Mapping[str, Any]) -> tuple[str, bytes]:
    return evidence["check"], canonical(evidence["parameters"])


def _measure(measure: Mapping[str, Any]) -> tuple[str, bytes]:
    return measure["name"], canonical(measure["of"])
