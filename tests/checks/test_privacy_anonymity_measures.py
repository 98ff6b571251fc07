"""Anonymity against published tables, against pycanon, and against plain definitions."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.model import Outcome
from checks.privacy import combinations as searched
from checks.privacy.anonymity import anonymity
from tests.budgets import budget
from tests.checks.builders import subject
from tests.checks.test_privacy_anonymity import people

PYCANON = json.loads((Path(__file__).parent / "vectors" / "pycanon.json").read_text(encoding="utf-8"))


def table(columns, known, sensitive=(), **others):
    roles = {"quasi_identifiers": tuple(known), "sensitive": tuple(sensitive)} | others.pop("roles", {})
    rows = len(next(iter(columns.values())))
    return subject(decision=[1] * rows, columns=columns, roles=roles, **others)


def value(found, name, **of):
    return found.measure(name, **of).value


@pytest.mark.parametrize("case", PYCANON["cases"], ids=lambda case: case["name"])
def test_every_number_equals_pycanons(case):
    """But for what pycanon computes otherwise: it floors entropy l, and see the tests of two differences."""
    assert PYCANON["version"] == "1.3.6"
    found = anonymity(table(case["columns"], case["quasi_identifiers"], [case["sensitive"]]))
    assert found.outcome is Outcome.MEASURED, found.reason
    theirs, of = case["pycanon"], {"column": case["sensitive"]}
    assert value(found, "k") == theirs["k"]
    assert value(found, "distinct_l", **of) == theirs["distinct_l"]
    assert math.floor(value(found, "entropy_l", **of) + 1e-9) == theirs["floored_entropy_l"]
    ordered = "ordered_t" if case["name"].startswith("numbers") else "t"
    assert value(found, ordered, **of) == pytest.approx(theirs["t"], abs=1e-12)
    assert value(found, "beta_likeness", **of) == pytest.approx(theirs["beta"], abs=1e-12)
    assert value(found, "delta_present", **of) == pytest.approx(theirs["delta"], abs=1e-12)
    enhanced = value(found, "enhanced_beta", **of)
    if theirs["beta"] == theirs["enhanced_beta"]:
        assert enhanced == pytest.approx(theirs["enhanced_beta"], abs=1e-12)


def test_enhanced_beta_is_none_where_a_gain_passes_its_limit():
    """A value of half of all people that fills a class gains 1, and -ln 0.5 is 0.69: no beta holds."""
    found = anonymity(table({"q": list("aabb"), "s": list("xxyy")}, ["q"], ["s"]))
    assert value(found, "beta_likeness", column="s") == 1
    enhanced = found.measure("enhanced_beta", column="s")
    assert enhanced.value is None
    assert "no beta" in enhanced.note


def test_recursive_diversity_takes_the_most_frequent_value_first():
    """Counts 4, 1, 1: r1 < c (r3) asks for c over 4. pycanon starts from the rarest, and would answer 1."""
    found = anonymity(table({"q": list("aaaaaa"), "s": list("xxxxyz")}, ["q"], ["s"]))
    assert value(found, "recursive_c", column="s") == 4
    assert value(found, "recursive_l", column="s") == 2  # 4 < 3 (1 + 1), but not 4 < 3 (1)


def test_sweeneys_table_of_two():
    """Figure 2 of Sweeney 2002: every combination stands for two people or three."""
    rows = (
        ["b65m4", "b65m4", "b65f3", "b65f3", "b64f3", "b64f3", "w64m3", "w64m3", "w64m3", "w67m3", "w67m3"],
        ["breath", "chest", "hyper", "hyper", "obese", "chest", "chest", "obese", "breath", "chest", "chest"],
    )
    found = anonymity(
        table({"race, birth, sex, zip": rows[0], "problem": rows[1]}, ["race, birth, sex, zip"], ["problem"])
    )
    assert value(found, "k") == 2
    assert value(found, "uniqueness") == 0
    assert value(found, "distinct_l", column="problem") == 1  # two women, both with hypertension
    assert value(found, "prosecutor_risk") == 0.5
    assert value(found, "marketer_risk") == 5 / 11


@pytest.mark.parametrize(
    ("illnesses", "distinct", "entropy", "c"),
    [
        ("hhvv chvv cccc", 1, 1, 1),
        ("hvcc chvv hvcc", 3, math.exp(1.5 * math.log(2)), 2),
    ],
    ids=["four alike", "three-diverse"],
)
def test_machanavajjhalas_tables(illnesses, distinct, entropy, c):
    """Tables 2 and 3 of Machanavajjhala et al. 2007: four alike are not safe where all four have cancer."""
    classes = [i for i, word in enumerate(illnesses.split()) for _ in word]
    found = anonymity(table({"q": classes, "s": list(illnesses.replace(" ", ""))}, ["q"], ["s"]))
    assert value(found, "k") == 4
    assert value(found, "distinct_l", column="s") == distinct
    assert value(found, "entropy_l", column="s") == pytest.approx(entropy)
    assert value(found, "recursive_c", column="s") == (c if distinct > 1 else pytest.approx(1))


def test_lis_salaries():
    """Table 3 of Li et al. 2007: salaries of 3, 4 and 5 thousand lie 0.375 from everybody's."""
    columns = {"q": [1, 1, 1, 2, 2, 2, 3, 3, 3], "salary": [3, 4, 5, 6, 11, 8, 7, 9, 10]}
    assert value(anonymity(table(columns, ["q"], ["salary"])), "ordered_t", column="salary") == pytest.approx(
        0.375
    )
    second = {"q": [2] * 3 + [1] * 6, "salary": [6, 8, 11, 3, 4, 5, 7, 9, 10]}
    found = anonymity(table(second, ["q"], ["salary"]))
    assert value(found, "ordered_t", column="salary") == pytest.approx(1 / 6)  # the paper's 0.167


def emd(members, everybody):
    """Return the ordered earth mover's distance by its definition."""
    order = sorted(set(everybody))
    moved, total = 0.0, 0.0
    for step in order:
        moved += members.count(step) / len(members) - everybody.count(step) / len(everybody)
        total += abs(moved)
    return total / (len(order) - 1) if len(order) > 1 else 0.0


def largest_l(members, c):
    counts = sorted(Counter(members).values(), reverse=True)
    return max((i + 1 for i in range(len(counts)) if counts[0] < c * sum(counts[i:])), default=0)


@settings(max_examples=budget(60, 600), deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-2, 4), st.integers(0, 2)), min_size=1, max_size=40))
def test_every_number_follows_its_definition(rows):
    """With frequency weights, too: a row of three people is three rows; a row of nobody is none."""
    whole = [(q, s) for q, s, times in rows for _ in range(times)]
    weighted = table(
        dict(zip(("q", "s", "times"), map(list, zip(*rows, strict=True)), strict=True)),
        ["q"],
        ["s"],
        roles={"weight": "times", "weight_kind": "frequency"},
    )
    if not whole:
        assert anonymity(weighted).outcome is Outcome.INCONCLUSIVE
        return
    plain = anonymity(table(dict(zip("qs", map(list, zip(*whole, strict=True)), strict=True)), ["q"], ["s"]))
    found = anonymity(weighted)
    of = {"column": "s"}
    classes = defaultdict(list)
    for q, s in whole:
        classes[q].append(s)
    everybody = [s for _, s in whole]
    q = {v: everybody.count(v) / len(everybody) for v in everybody}
    shares = [(v, m.count(v) / len(m)) for m in classes.values() for v in set(m)]
    wanted = {
        "ordered_t": max(emd(m, everybody) for m in classes.values()),
        "recursive_l": min(largest_l(m, 3) for m in classes.values()),
        "beta_likeness": max((p - q[v]) / q[v] for v, p in shares),
        "delta_present": max(abs(math.log(p / q[v])) for v, p in shares),
    }
    for name, want in wanted.items():
        assert value(found, name, **of) == pytest.approx(want, abs=1e-9), name
    complete = all(len(set(m)) == len(q) for m in classes.values())
    assert (value(found, "delta_disclosure", **of) is not None) == complete
    for one in (m for m in plain.measures if m.name not in {"rows_a_person", "k_without_repeats"}):
        (other,) = found.select(one.name, **one.of)
        assert (other.value, other.n) == (pytest.approx(one.value, abs=1e-9), one.n), one.name


def test_many_classes_of_many_values_are_counted_alike():
    """The way through sorted pairs, taken where a table of all pairs would be too large, gives the same."""
    rng = np.random.default_rng(5)
    columns = {"q": rng.integers(0, 300, 900), "s": rng.integers(0, 200, 900)}
    found = anonymity(table(columns, ["q"], ["s"]))
    frame = pd.DataFrame(columns)
    everybody = list(frame["s"])
    groups = [list(m) for _, m in frame.groupby("q")["s"]]
    assert value(found, "ordered_t", column="s") == pytest.approx(max(emd(m, everybody) for m in groups))
    assert value(found, "distinct_l", column="s") == min(len(set(m)) for m in groups)


def test_missing_numbers_are_left_out_of_the_order_and_told():
    found = anonymity(table({"q": [1, 1, 2, 2], "s": [1.0, None, 2.0, 2.0]}, ["q"], ["s"]))
    ordered = found.measure("ordered_t", column="s")
    assert ordered.n == 3
    assert "1 people whose `s` is missing" in ordered.note
    nothing = anonymity(table({"q": [1, 2], "s": [math.nan, math.nan]}, ["q"], ["s"]))
    assert nothing.measure("ordered_t", column="s").note == "`s` is empty in every row"


# The crowd of the population


def of_population(people_there, rows=(("F", 30), ("F", 30), ("M", 40)), **which):
    columns = {"sex": [r[0] for r in rows], "age": [r[1] for r in rows]}
    return anonymity(
        table(columns, ["sex", "age"], **{which.get("which", "reference"): pd.DataFrame(people_there)})
    )


@pytest.mark.parametrize("which", ["reference", "population"])
def test_the_population_hides_who_is_alone_in_the_data(which):
    """Two of 100 women of 30 and one of 5 men of 40: named rightly on average (2 / 100 + 1 / 5) / 3."""
    found = of_population({"sex": ["F", "M"], "age": [30, 40], "n": [100, 5]}, which=which)
    assert value(found, "k") == 1
    assert value(found, "k_map") == 5
    assert value(found, "journalist_risk") == 0.2
    assert value(found, "population_marketer_risk") == pytest.approx((2 / 100 + 1 / 5) / 3)
    assert value(found, "population_uniqueness") == 0
    assert found.measure("uniqueness").note is None


def test_a_population_of_a_row_a_person_is_counted():
    found = of_population({"sex": ["F"] * 4 + ["M"], "age": [30] * 4 + [40]})
    assert (value(found, "k_map"), value(found, "population_uniqueness")) == (1, 1 / 3)


def test_people_whom_the_population_does_not_know_count_as_all_there_are():
    found = of_population({"sex": ["F"], "age": [30], "n": [10]})
    assert value(found, "k_map") == 1
    assert found.measure("k_map").note.startswith("1 people are in classes that the population table says")


def test_a_population_without_a_quasi_identifier_is_told():
    note = of_population({"sex": ["F"], "n": [10]}).measure("journalist_risk").note
    assert note == "the table of the population lacks `age`; add what the attacker may know"
    note = anonymity(table({"a": [1]}, ["a"])).measure("k_map").note
    assert "no table of the population was supplied" in note


# Which few columns single out most


@pytest.mark.parametrize("seed", range(budget(4, 40)))
def test_the_search_finds_what_trying_everything_finds(seed):
    rng = np.random.default_rng([9, seed])
    columns = {f"c{i}": rng.integers(0, top, 120) for i, top in enumerate([2, 3, 4, 5, 9, 30, 2])}
    found = anonymity(table(columns, list(columns)))
    frame = pd.DataFrame(columns)
    for size, case in ((1, "one column"), (2, "two columns"), (3, "three columns")):
        alone = {
            names: int((frame.groupby(list(names)).size() == 1).sum())
            for names in combinations(columns, size)
        }
        (told,) = [m for m in found.measures if m.of.get("case") == case]
        assert told.value == max(alone.values()) / 120
        assert alone[tuple(told.of["column"].split(" × "))] == max(alone.values())
    (few,) = [t for t in found.tables if t.name == "columns that single out most people"]
    assert "too few classes" in few.note


def test_the_search_ends_at_its_bound_on_work_and_says_so(monkeypatch):
    monkeypatch.setattr(searched, "WORK", 20 * 50)
    rng = np.random.default_rng(3)
    columns = {f"c{i}": rng.integers(0, 3, 50) for i in range(14)}
    (few,) = [t for t in anonymity(table(columns, list(columns))).tables if "single" in t.name]
    assert "12 of 12 combinations of 1; 8 of 66 combinations of 2; 0 of 220" in few.note
    assert "others may single out more" in few.note
    assert "Only the 12 columns of the most values were tried, of 14" in few.note


def test_without_declared_columns_the_plausible_ones_are_searched_and_k_is_not_claimed():
    columns = {"age": list(range(20)), "sex": ["F", "M"] * 10, "id": list(range(20))}
    roles = {"features": ("age", "sex", "id"), "identifiers": ("id",)}
    found = anonymity(table(columns, [], roles=roles))
    assert found.outcome is Outcome.NOT_APPLICABLE
    assert "set columns.quasi_identifiers; until then" in found.reason
    assert value(found, "combination_uniqueness", case="one column", column="age") == 1
    assert not found.select("k")


# What cannot be said, in a sentence


def test_a_sensitive_column_of_thousands_of_values_is_told_to_be_too_fine():
    rng = np.random.default_rng(4)
    found = anonymity(
        table({"q": rng.integers(0, 9, 6000), "s": [f"v{i % 5000}" for i in range(6000)]}, ["q"], ["s"])
    )
    note = found.measure("t", column="s").note
    assert note.startswith("`s` has 5,000 different values for 6,000 people")
    assert "declare a coarser column" in note


def test_a_sensitive_column_that_the_attacker_knows_is_told():
    found = anonymity(people([(30, "F", "flu")] * 4, sensitive=("sex",)))
    assert "is a quasi-identifier too" in found.measure("distinct_l", column="sex").note


def test_two_hundred_people_are_told_to_be_few():
    found = anonymity(people([(i, "F", "flu") for i in range(200)]))
    assert found.measure("uniqueness").note.startswith("200 people are few")
    enough = anonymity(people([(i, "F", "flu") for i in range(1000)]))
    assert enough.measure("uniqueness").note is None


def test_a_class_without_a_value_tells_of_everybody_in_it():
    found = anonymity(table({"q": list("aabb"), "s": list("xyxx")}, ["q"], ["s"]))
    unbounded = found.measure("delta_disclosure", column="s")
    assert unbounded.value is None
    assert "1 of 2 classes lack a value" in unbounded.note
    whole = anonymity(table({"q": list("aabb"), "s": list("xyxy")}, ["q"], ["s"]))
    assert value(whole, "delta_disclosure", column="s") == 0
