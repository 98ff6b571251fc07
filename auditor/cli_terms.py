"""`frameworks terms`: the terms of data transfers beside baselines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from auditor.problems import refuse
from frameworks.source import LoadError
from frameworks.terms import Compared, Comparison, compare, comparisons, profiles, to_json, transfers
from reports import wording
from reports.compose.transfers import OUTCOMES, in_one_sentence, source

DONE, SHORT, REFUSED = 0, 1, 2


def terms(file: Path, named: Sequence[str], *, as_json: bool) -> int:
    """Print how the transfers in *file* stand; 1 where something is weaker or missing."""
    for name in named:
        if name not in profiles():
            known = ", ".join(profiles())
            raise refuse("profile", "unknown-profile", f"there is no baseline `{name}`; choose from {known}.")
    if not file.is_file():
        raise refuse("", "no-file", f"there is no file {file}; name a YAML or JSON file of terms.")
    try:
        declared = transfers(file.read_bytes(), str(file))
    except LoadError as wrong:
        for one in (wrong, *wrong.others):
            print(one, file=sys.stderr)
        return REFUSED
    chosen = [profiles()[name] for name in named]
    found = [
        one for transfer in declared for one in (
            [compare(transfer, profile) for profile in chosen] if chosen else comparisons(transfer)
        )
    ]  # fmt: skip
    if as_json:
        print(json.dumps([to_json(one) for one in found], indent=2))
    else:
        print("\n\n".join("\n".join(_lines(one)) for one in found))
    return DONE if all(one.holds for one in found) else SHORT


def _lines(found: Comparison) -> Iterator[str]:
    told = to_json(found)
    yield in_one_sentence(told)
    for one in told["results"]:
        where = source(one)
        yield f"{OUTCOMES[Compared(one['outcome'])]:9} {one['title']}: {wording.sentence(one['reason'])}" + (
            f" [{where}]" if where else ""
        )
