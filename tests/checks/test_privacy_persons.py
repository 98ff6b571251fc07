"""Rows are told from people: by a declared identifier, and by what repeats under a running number."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from checks.data.numbering import numbers_rows, people_suspected
from checks.data.quality import quality
from checks.model import Roles
from checks.privacy.anonymity import anonymity
from checks.privacy.minimisation import minimisation
from tests.checks.builders import credit, subject

KNOWN = ("age", "sex")


def repeated(times=5, people=40, **roles):
    """Return people alone by age, each in *times* rows of the same facts under numbers of their own."""
    rng = np.random.default_rng(3)
    one = pd.DataFrame({"age": np.arange(people), "sex": "F", "wage": rng.normal(size=people).round(3)})
    whole = pd.concat([one.assign(pid=np.arange(people) + 700)] * times, ignore_index=True)
    whole.insert(0, "record_id", np.arange(len(whole)) + 1)
    columns = {name: whole[name].tolist() for name in whole}
    return subject(decision=[1] * len(whole), columns=columns, roles={"quasi_identifiers": KNOWN, **roles})


def test_rows_repeated_under_a_running_number_are_not_people_of_a_crowd():
    """Five rows of each make k 5; as people, each is alone."""
    found = anonymity(without(repeated(), "pid"))
    assert found.measure("k").value == 5
    assert found.measure("k_without_repeats").value == 1
    assert found.measure("k").note == (
        "80% of the rows repeat another one under `record_id`: if these are the same people, k is 1, not 5;"
        " name the column that tells people apart in columns.identifiers, or keep one row a person"
    )
    assert found.measure("k").method.endswith("a row is taken for one person")
    assert found.measure("uniqueness").value == 0
    assert "who stands in several rows is not seen to be alone" in found.measure("uniqueness").note
    assert found.measure("rows_a_person").value is None
    assert "one person may stand in several" in found.measure("rows_a_person").note


def without(whole, *names):
    return dataclasses.replace(whole, evaluation=whole.evaluation.drop(columns=list(names)))


def test_a_declared_identifier_that_rows_share_tells_people_apart():
    found = anonymity(repeated(identifiers=("record_id", "pid")))
    assert (found.measure("k").value, found.measure("k").n) == (1, 40)
    assert found.measure("uniqueness").value == 1
    assert found.measure("rows_a_person").value == 5
    assert found.measure("k_without_repeats").value is None
    assert found.measure("k").method == "count of classes; people told apart by `pid`"


def test_a_column_that_seems_to_tell_people_apart_is_named():
    found = anonymity(repeated())
    assert found.measure("rows_a_person").note.startswith(
        "`pid` may tell people apart, but was not declared: name the column"
    )


def test_who_has_several_sensitive_values_counts_once_for_each():
    """Two people of one class: one has flu twice, the other flu and gout, so three values are held."""
    rows = {"age": [30] * 4, "sex": ["F"] * 4, "pid": [1, 1, 2, 2], "illness": ["flu", "flu", "flu", "gout"]}
    roles = {"quasi_identifiers": KNOWN, "sensitive": ("illness",), "identifiers": ("pid",)}
    found = anonymity(subject(decision=[1] * 4, columns=rows, roles=roles))
    assert found.measure("k").value == 2
    assert found.measure("distinct_l", column="illness").value == 2
    assert found.measure("distinct_l", column="illness").n == 3


def test_who_has_no_identifier_is_somebody_of_their_own():
    rows = {"age": [30] * 5, "sex": ["F"] * 5, "pid": [1, 1, 2, None, None]}
    found = anonymity(
        subject(decision=[1] * 5, columns=rows, roles={"quasi_identifiers": KNOWN, "identifiers": ("pid",)})
    )
    assert found.measure("k").value == 4
    assert found.measure("rows_a_person").value == 5 / 4


def test_rows_that_differ_raise_no_doubt():
    found = anonymity(credit())
    assert found.measure("k").note is None
    assert found.measure("k_without_repeats").value == found.measure("k").value
    assert found.measure("rows_a_person").note.startswith("not needed")


def test_inferred_quasi_identifiers_are_not_called_declared():
    roles = dataclasses.replace(credit().roles, quasi_identifiers_inferred=True)
    guessed = dataclasses.replace(credit(), roles=roles)
    note = anonymity(guessed).measure("k").note
    assert note.startswith("nobody declared quasi-identifiers: `sex`, `postcode`, `job` were inferred")
    assert note.endswith("declare columns.quasi_identifiers")
    (table,) = (t for t in minimisation(guessed).tables if t.name == "features that may not be needed")
    assert {row[0]: row[1] for row in table.rows}["job"] == "quasi-identifier, inferred from its name"


def test_repeats_are_counted_without_what_numbers_the_rows():
    """The running number is a feature here, as nobody said otherwise: 160 of 200 rows still repeat."""
    whole = without(repeated(features=("record_id", "wage")), "pid")
    found = quality(whole)
    assert found.measure("duplicate_share").value == 160 / 200
    assert "`record_id` left out" in found.measure("duplicate_share").note
    assert found.measure("repeated_row_share").value == 160 / 200
    bare = subject(decision=[1] * 30, columns={"case": range(30)})
    assert (
        quality(dataclasses.replace(bare, roles=Roles(features=("case",))))
        .measure("repeated_row_share")
        .value
        is None
    )


def column(values, name="x"):
    return pd.DataFrame({name: values}), name


RNG = np.random.default_rng(5)


@pytest.mark.parametrize(
    ("table", "name", "numbering"),
    [
        (*column(range(1000)), True),
        (*column(RNG.integers(0, 2**40, 1000), "case_no"), True),
        (*column([f"A{i}" for i in range(1000)]), True),
        (*column(RNG.integers(0, 2**40, 1000), "income"), False),
        (*column(RNG.integers(0, 1500, 1000)), False),
        (*column(RNG.normal(size=1000), "id"), False),
        (*column([f"2026-01-01T{i}" for i in range(1000)]), False),
        (*column([f"he wrote {i} words" for i in range(1000)]), False),
        (*column(pd.date_range("2020-01-01", periods=1000)), False),
        (*column([True, False] * 500, "id"), False),
        (*column([None] * 1000, "id"), False),
    ],
    ids=lambda one: "" if isinstance(one, pd.DataFrame) else str(one),
)
def test_what_numbers_rows_is_told_from_what_describes_people(table, name, numbering):
    assert numbers_rows(table, name, Roles()) is numbering
    assert numbers_rows(table, name, Roles(quasi_identifiers=(name,))) is False


def test_amounts_of_which_one_is_a_favourite_tell_nobody_apart():
    amounts = np.concatenate([np.full(36, 60), np.arange(959) % 188 + 100])
    assert people_suspected(pd.DataFrame({"applicant_income": amounts}), Roles()) == []


def test_what_repeats_too_often_is_a_place_and_no_person():
    table = pd.DataFrame({"patientId": np.arange(1000) // 4, "branch_id": np.arange(1000) % 30, "user": 1.5})
    assert people_suspected(table, Roles()) == ["patientId"]
    assert people_suspected(table, Roles(identifiers=("patientId",))) == []
