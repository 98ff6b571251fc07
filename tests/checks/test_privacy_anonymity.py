"""Classes counted by hand, and against a plain count row by row."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.model import Kind, Outcome
from checks.privacy.anonymity import anonymity
from tests.checks.builders import credit, subject
from tests.checks.planted import planted


def people(rows, known=("age", "sex"), sensitive=("illness",)):
    columns = {name: [row[i] for row in rows] for i, name in enumerate(("age", "sex", "illness"))}
    roles = {"quasi_identifiers": known, "sensitive": sensitive}
    return subject(decision=[1] * len(rows), columns=columns, roles=roles)


@planted("privacy.anonymity", "speaks")
def test_one_person_alone_is_found():
    """Ten alike and one alone: k is 1, and 1 of 11 rows is unique."""
    found = anonymity(people([(30, "F", "flu")] * 5 + [(30, "F", "gout")] * 5 + [(81, "M", "flu")]))
    assert found.measure("k").value == 1
    assert found.measure("uniqueness").value == 1 / 11
    assert found.measure("small_class_share").value == 1 / 11
    assert found.measure("prosecutor_risk").value == 1
    assert found.measure("marketer_risk").value == 2 / 11
    assert found.measure("distinct_l", column="illness").value == 1


@planted("privacy.anonymity", "silent")
def test_two_large_classes_with_the_same_mixture_show_nothing():
    found = anonymity(people([(a, "F", i) for a in (30, 40) for i in ("flu", "gout")] * 25))
    assert found.measure("k").value == 50
    assert found.measure("uniqueness").value == 0
    assert found.measure("small_class_share").value == 0
    assert found.measure("distinct_l", column="illness").value == 2
    assert found.measure("entropy_l", column="illness").value == pytest.approx(2)
    assert found.measure("t", column="illness").value == 0
    assert {m.kind for m in found.measures} == {Kind.EXACT}


def test_diversity_by_hand():
    """Class 30: flu 3, gout 1. Class 40: flu 1, gout 3. Everybody: half and half."""
    rows = [(30, "F", "flu")] * 3 + [(30, "F", "gout")] + [(40, "F", "flu")] + [(40, "F", "gout")] * 3
    found = anonymity(people(rows))
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert found.measure("entropy_l", column="illness").value == pytest.approx(math.exp(entropy))
    assert found.measure("t", column="illness").value == pytest.approx(0.25)
    assert found.measure("k").value == 4


def test_one_value_tells_of_people_only_where_they_are_two_or_more():
    """Five share flu, one is alone with gout, and three differ: five of nine."""
    rows = [(30, "F", "flu")] * 5 + [(40, "F", "gout")] + [(50, "F", "flu")] * 2 + [(50, "F", "gout")]
    found = anonymity(people(rows))
    assert found.measure("distinct_l", column="illness").value == 1
    assert found.measure("one_valued_people", column="illness").value == 5
    assert found.measure("one_valued_share", column="illness").value == pytest.approx(5 / 9)
    assert "one person alone in a class" in found.measure("t", column="illness").note


def test_missing_values_are_a_value():
    assert anonymity(people([(None, "F", "flu")] * 3 + [(30, "F", "flu")] * 4)).measure("k").value == 3


def test_the_table_names_the_column_that_singles_out():
    """Everybody differs in age only: without age nobody is unique."""
    found = anonymity(people([(age, "F", "flu") for age in range(20)]))
    (table,) = (t for t in found.tables if t.name == "one column left out")
    assert table.rows == (("age", 20, 0.0), ("sex", 1, 1.0))


def test_bands_of_the_table_hold_every_row():
    (table,) = (t for t in anonymity(credit()).tables if t.name == "classes by size")
    assert sum(row[3] for row in table.rows) == 600


def test_without_quasi_identifiers_the_submitter_is_told_what_to_set():
    found = anonymity(people([(30, "F", "flu")], known=()))
    assert found.outcome is Outcome.NOT_APPLICABLE
    assert found.reason == "no quasi-identifiers were declared: set columns.quasi_identifiers"


def test_without_rows_nothing_is_claimed():
    whole = credit()
    empty = anonymity(dataclasses.replace(whole, evaluation=whole.evaluation[:0]))
    assert empty.outcome is Outcome.INCONCLUSIVE
    assert empty.reason == "the evaluation table has no rows"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from("FM"), st.sampled_from("abc")), min_size=1, max_size=30
    )
)
def test_equals_a_plain_count(rows):
    found = anonymity(people(rows))
    classes = defaultdict(list)
    for age, sex, illness in rows:
        classes[age, sex].append(illness)
    everybody = Counter(row[2] for row in rows)
    distances = [
        sum(abs(members.count(v) / len(members) - everybody[v] / len(rows)) for v in everybody) / 2
        for members in classes.values()
    ]
    assert found.measure("k").value == min(map(len, classes.values()))
    assert found.measure("uniqueness").value == sum(len(m) == 1 for m in classes.values()) / len(rows)
    assert found.measure("distinct_l", column="illness").value == min(len(set(m)) for m in classes.values())
    assert found.measure("t", column="illness").value == pytest.approx(max(distances), abs=1e-12)
