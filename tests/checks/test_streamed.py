"""A file counted batch by batch gives the numbers of its rows."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from checks import streamed
from checks.fairness.error_rates import error_rates
from checks.fairness.selection_rate import selection_rate
from checks.model import Roles, Subject, Task
from checks.streamed import NotCountable, aggregated, cross_table
from checks.values import as_text

ROLES = Roles(
    label="label",
    positive="1",
    favourable="1",
    prediction="decision",
    groups=("race", "age"),
    intersections=2,
)


def people(rows: int = 3000) -> pd.DataFrame:
    """Return decisions with every kind of value and of gap: text, whole and broken numbers, truths."""
    rng = np.random.default_rng(21)
    table = pd.DataFrame(
        {
            "race": rng.choice(["A", "B", "a*b", None], rows, p=[0.5, 0.3, 0.15, 0.05]),
            "age": pd.array(rng.integers(18, 80, rows), dtype="Int64"),
            "height": np.where(rng.random(rows) < 0.1, np.nan, rng.choice([1.5, 2.0], rows)),
            "member": rng.random(rows) < 0.5,
            "score": rng.random(rows),
            "label": pd.array(rng.integers(0, 2, rows), dtype="Int64"),
            "times": rng.integers(1, 4, rows),
        }
    )
    table["decision"] = np.where(rng.random(rows) < 0.8, table["label"].to_numpy(dtype=np.int64), 0)
    table.loc[::17, "label"] = pd.NA
    table.loc[::23, "age"] = pd.NA
    return table


@pytest.fixture
def file(tmp_path, monkeypatch):
    """Write the people in row groups that are no multiple of a batch."""
    monkeypatch.setattr(streamed, "BATCH", 256)
    path = tmp_path / "people.parquet"
    people().to_parquet(path, row_group_size=700)
    return path


def in_memory(path, roles: Roles, task: Task = Task.BINARY) -> Subject:
    table = pd.read_parquet(path)
    return Subject(task=task, evaluation=table, roles=roles, decision=as_text(table["decision"]))


@pytest.mark.parametrize("check", [selection_rate, error_rates], ids=lambda c: c.id)
@pytest.mark.parametrize(
    "roles",
    [
        {"bins": {"age": (30.0, 50.0)}},
        {"groups": ("height", "member"), "merge": {"height": {"1.5": "short"}}},
        {"groups": ("member", "race", "height"), "intersections": 3},
        {"weight": "times", "weight_kind": "frequency", "bins": {"age": (40.0,)}},
    ],
    ids=["bins", "numbers and truths", "three deep", "weights"],
)
def test_batches_give_the_numbers_of_the_rows_to_the_last_bit(file, check, roles):
    declared = dataclasses.replace(ROLES, **roles)
    whole, parts = in_memory(file, declared), aggregated(file, Task.BINARY, declared)
    assert len(parts.evaluation) < len(whole.evaluation) / 2
    assert check(parts).measures == check(whole).measures


def test_many_classes_are_counted_too(file):
    table = people().assign(decision=np.arange(3000) % 3, label=np.arange(3000) % 4 % 3)
    table.to_parquet(file)
    roles = dataclasses.replace(ROLES, groups=("race",), positive=None, favourable=None)
    whole = in_memory(file, roles, Task.MULTICLASS)
    assert error_rates(aggregated(file, Task.MULTICLASS, roles)).measures == error_rates(whole).measures


def test_scores_become_decisions_at_the_threshold(file):
    roles = dataclasses.replace(ROLES, prediction=None, score="score", threshold=0.25, groups=("race",))
    table = pd.read_parquet(file)
    table.loc[:99, "score"] = np.nan
    table.to_parquet(file)
    found = aggregated(file, Task.BINARY, roles)
    counts = found.counts
    assert counts.n == 3000
    rate = selection_rate(found).measure("selection_rate", attribute="race", group="A")
    mine = table.loc[(table["race"] == "A") & table["score"].notna(), "score"]
    assert rate.value == pytest.approx((mine >= 0.25).mean())
    assert rate.n == len(mine)


def test_more_cells_than_fit_a_dense_table_are_counted(file, monkeypatch):
    whole = selection_rate(in_memory(file, ROLES)).measures
    monkeypatch.setattr(streamed, "DENSE", 8)
    assert selection_rate(aggregated(file, Task.BINARY, ROLES)).measures == whole


def test_text_in_several_dictionaries_is_one_text(tmp_path):
    """Writers may start a new dictionary in each row group, in another order."""
    path = tmp_path / "mixed.parquet"
    first, second = (
        {"race": g, "decision": d}
        for g, d in ((["A", "B"] * 40, [1, 0] * 40), (["C", "A"] * 40, [0, 1] * 40))
    )
    with pq.ParquetWriter(path, pa.table(first).schema) as writer:
        writer.write_table(pa.table(first))
        writer.write_table(pa.table(second))
    roles = dataclasses.replace(ROLES, label=None, groups=("race",))
    found = selection_rate(aggregated(path, Task.BINARY, roles))
    assert [found.measure("selection_rate", attribute="race", group=g).n for g in "ABC"] == [80, 40, 40]


def test_a_cross_table_holds_everybody_who_was_decided_about(file):
    table = people()
    found = cross_table(aggregated(file, Task.BINARY, dataclasses.replace(ROLES, groups=("race", "member"))))
    assert list(found.columns) == ["race", "member", "n", "selected"]
    assert (found["n"].sum(), found["selected"].sum()) == (3000, int((table["decision"] == 1).sum()))
    missing = found[found["race"].isna() & found["member"]]
    assert missing["n"].item() == int((table["race"].isna() & table["member"]).sum())


@pytest.mark.parametrize(
    ("task", "roles", "words"),
    [
        (Task.REGRESSION, {}, "only decisions can be counted"),
        (Task.BINARY, {"weight": "times", "weight_kind": "sampling"}, "sampling weights differ"),
        (Task.BINARY, {"prediction": None}, "name the column of decisions"),
        (Task.BINARY, {"groups": ("rase",)}, "the file has no column 'rase'"),
    ],
)
def test_what_cells_cannot_say_is_refused_in_a_sentence(file, task, roles, words):
    with pytest.raises(NotCountable, match=words):
        aggregated(file, task, dataclasses.replace(ROLES, **roles))
