"""Small overlays, written by hand."""

from __future__ import annotations

from typing import Any

from frameworks.load import Shelf, load
from frameworks.model import Framework
from tests.frameworks.builders import AUC, GAP, MISSING, RATIO, bound, content, dump

ATTESTED = {"attested": "notice-text", "question": "Where is the notice?"}


def base(**top: Any) -> dict:
    """Return a parent with an item of every kind."""
    data = content(
        bound(RATIO, basis="project-suggestion"),
        bound(GAP, at_most=0.1),
        bound(MISSING, at_most=0.05, basis="law"),
        {"id": "either", "any_of": [bound(AUC, at_most=0.6), bound("data.quality.shared_rows", equals=0)]},
        bound("data.quality.duplicate_share", reported=True),
        ATTESTED,
        requirement={"applies": {"tiers": ["high"], "tasks": ["binary"], "when": ["sets-prices"]}},
        id="parent",
        version="1.2.0",
        conditions={"sets-prices": "It sets prices."},
    )
    return data | top


def override(**rest: Any) -> dict:
    """Return a change of the parent's ratio from 0.8 to 0.85."""
    plain = {"target": "R-1", "criterion": RATIO, "mode": "tighten", "from": {"at_least": 0.8},
             "to": {"at_least": 0.85}, "reason": "local demand"}  # fmt: skip
    return {key: value for key, value in (plain | rest).items() if value is not None}


def local(**rest: Any) -> dict:
    """Return a local item."""
    plain = {"id": "LOC-1", "title": "A local item", "text": "Something is asked.", "principle": "fairness",
             "severity": "major", "source": {"clause": "LOC-1", "verified": "own"}, "criteria": [ATTESTED]}  # fmt: skip  # noqa: E501
    return plain | rest


def overlay(*overrides: dict, parents: tuple[str, ...] = ("parent",), **top: Any) -> dict:
    """Return the content of an overlay on *parents*."""
    return {
        "format": "auditor-framework/1",
        "id": "town",
        "title": "Rules of a town",
        "version": "1",
        "jurisdiction": "a town",
        "extends": [{"id": parent, "version": ">=1,<2"} for parent in parents],
        "overrides": list(overrides),
    } | top


def shelf(*files: dict) -> Shelf:
    """Return a shelf with the parent and *files*, each by its id."""
    return Shelf({data["id"]: dump(data).encode() for data in (base(), *files)})


def read(data: dict, *others: dict) -> Framework:
    """Read an overlay whose parents are the parent and *others*."""
    return load(dump(data).encode(), "town.yaml", shelf=shelf(*others))
