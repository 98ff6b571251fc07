"""What each document is made of does not change unseen: its parts, the heads of its tables, its verdicts."""

from __future__ import annotations

import json
from itertools import zip_longest

import pytest

from tests.reports.outline import COMMAND, GOLDEN, KINDS, RECORD, outline


def first_difference(kept, made):
    """Return a sentence that names the first line that differs; empty where none does."""
    for number, (was, now) in enumerate(zip_longest(kept, made), start=1):
        if was != now:
            return f"line {number} was {was!r} and is {now!r}"
    return ""


@pytest.mark.parametrize("kind", KINDS)
def test_a_document_is_made_of_what_its_outline_says(kind):
    kept = json.loads((GOLDEN / f"{kind}.json").read_text(encoding="utf-8"))
    found = first_difference(kept, outline(KINDS[kind]()))
    assert not found, f"{kind}: {found}; where that is meant: {COMMAND}"


def test_every_outline_is_of_a_document():
    assert {path.stem for path in GOLDEN.glob("*.json")} == {*KINDS, RECORD.stem}


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (["a", "b"], ""),
        (["a", "c"], "line 2 was 'b' and is 'c'"),
        (["a"], "line 2 was 'b' and is None"),
        (["a", "b", "c"], "line 3 was None and is 'c'"),
    ],
)
def test_the_first_difference_is_named(made, says):
    assert first_difference(["a", "b"], made) == says
