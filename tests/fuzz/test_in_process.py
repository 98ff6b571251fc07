"""The readers that are ours, asked directly: a million damaged files cost what a few cost through the child.

Only the errors that a reader declares may leave it, and soon.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pytest
import yaml

from auditor.endpoint.asked import Endpoint
from auditor.endpoint.protocols import read
from auditor.manifest import read_yaml
from auditor.problems import Refused
from auditor.sandbox.formats import detect_format
from auditor.sandbox.inside import catboost_trees, lightgbm_trees, xgboost_trees
from auditor.sandbox.inside.answers import Refuse
from auditor.sandbox.inside.flat import Flat
from auditor.sandbox.inside.imports import named_globals, stated_version
from auditor.sandbox.inside.ubjson import decode
from checks.model import ModelError
from tests.budgets import budget
from tests.fuzz.corpus import MODELS, TABLES
from tests.fuzz.test_parsers import fuzz, honest, is_one_sentence

PATIENCE = 5.0
"""Seconds for one file, on a busy host; each is read in milliseconds."""
BATCH = budget(60, 1_000)


@dataclass(frozen=True)
class Reader:
    """One of our readers."""

    read: Callable[[bytes], object]
    declared: tuple[type[Exception], ...]
    """All that it may raise."""
    seeds: Mapping[str, Callable[[], bytes]]
    """The honest files that are damaged for it."""


def seeds(*names: str) -> Mapping[str, Callable[[], bytes]]:
    return {name: (lambda name=name: honest(name)) for name in names}


def _flat(raw: bytes) -> None:
    """Read every slot of every kind that the reader of CatBoost asks for, and of the tables below."""
    trees = Flat.root(raw).table(catboost_trees.TREES)
    if trees is None:
        return
    for slot in range(24):
        for ask in (
            lambda slot=slot: trees.scalar(slot, "<i4", 0),
            lambda slot=slot: trees.numbers(slot, "<f8"),
            lambda slot=slot: trees.numbers(slot, "<u2,<u2"),
            lambda slot=slot: [below.numbers(3, "<f4") for below in trees.tables(slot)],
        ):
            try:
                ask()
            except ValueError:
                continue


def _lightgbm(raw: bytes) -> None:
    text = raw.decode("utf-8", "replace")
    lightgbm_trees.check(lightgbm_trees.parse(text))
    lightgbm_trees.check_sizes(lightgbm_trees.without_sizes(text))


def _names(raw: bytes) -> None:
    names, whole = named_globals(raw)
    assert all(isinstance(name, str) for name in names)
    assert isinstance(whole, bool)
    stated_version(raw)


def _answer(protocol: str) -> Callable[[bytes], None]:
    """Return a reader of answers of an endpoint: one finite answer for each of two rows, or no answer."""
    asked = Endpoint(url="https://models.test/x", protocol=protocol)

    def ask(raw: bytes) -> None:
        given_back = read(asked, raw, 2, ("no", "yes"))
        assert len(given_back) == 2
        numbers = [np.atleast_1d(one) for one in given_back if not isinstance(one, str)]
        assert all(np.isfinite(part).all() for part in numbers)

    return ask


ANSWERS = {
    "mlflow": {"predictions": [[0.25, 0.75], [1, 0]]},
    "v2": {"outputs": [{"name": "p", "datatype": "FP64", "data": [0.25, 0.75, 1, 0], "shape": [2, 2]}]},
    "json": {"predictions": [{"yes": 1, "no": 0}, {"no": 1, "yes": 0}]},
}
TAGS = "a: !!str 1\nb: !!bool yes\nc: !!int 7\nd: !!float 1.5\ne: !!timestamp 2026-01-01\nf: !!map {a: 1}\n"
SUBMISSION = {
    "system": {"name": "Loans", "purpose": "12:30, 2026-01-01, 1_000, ~ and ñ"},
    "task": "binary",
    "columns": {"label": "y", "favourable": 1, "groups": ["a", "b"]},
    "control": [[1, 2.5], {"deep": None}],
}

READERS = MappingProxyType(
    {
        "ubjson.decode": Reader(decode, (ValueError,), seeds("xgboost ubj")),
        "xgboost_trees.document": Reader(
            lambda raw: xgboost_trees.check(xgboost_trees.document(raw)),
            (Refuse,),
            seeds("xgboost json"),
        ),
        "Flat": Reader(_flat, (ValueError,), {"catboost": lambda: honest("catboost")[8:]}),
        "catboost_trees.check": Reader(catboost_trees.check, (Refuse,), seeds("catboost")),
        "lightgbm_trees.parse": Reader(_lightgbm, (Refuse,), seeds("lightgbm")),
        "imports.named_globals": Reader(_names, (), seeds("pickle", "joblib")),
        **{
            f"endpoint {name}": Reader(
                _answer(name), (ModelError,), {name: lambda name=name: json.dumps(ANSWERS[name]).encode()}
            )
            for name in ANSWERS
        },
    }
)


@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize("name", READERS)
def test_only_declared_errors_leave_a_reader_and_soon(name):
    reader = READERS[name]
    fuzz(f"{name} (direct)", reader.seeds, lambda raw: held(reader, raw), BATCH)


@pytest.mark.timeout(4 * 3600)
def test_every_file_has_a_format_whatever_it_holds(tmp_path):
    path = tmp_path / "file"

    def ask(raw: bytes) -> None:
        path.write_bytes(raw)
        assert isinstance(detect_format(path), str)

    reader = Reader(ask, (), seeds(*MODELS, *TABLES))
    fuzz("formats.detect_format (direct)", reader.seeds, lambda raw: held(reader, raw), BATCH)


@pytest.mark.timeout(4 * 3600)
def test_a_damaged_submission_is_read_or_refused_in_sentences(tmp_path):
    path = tmp_path / "submission.yaml"

    def ask(raw: bytes) -> None:
        path.write_bytes(raw)
        try:
            read_yaml(path)
        except Refused as no:
            is_one_sentence(no)

    plain = yaml.safe_dump(SUBMISSION, allow_unicode=True).encode()
    reader = Reader(ask, (), {"plain": lambda: plain, "tags": TAGS.encode})
    fuzz("manifest.read_yaml (direct)", reader.seeds, lambda raw: held(reader, raw), BATCH)


@pytest.mark.parametrize("name", READERS)
def test_the_undamaged_file_passes_its_reader(name):
    """Else the damage would be done to something that is refused anyway."""
    for made in READERS[name].seeds.values():
        READERS[name].read(made())


def held(reader: Reader, raw: bytes) -> None:
    began = time.monotonic()
    with suppress(*reader.declared):
        reader.read(raw)
    assert time.monotonic() - began < PATIENCE
