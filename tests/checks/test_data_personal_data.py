"""Personal data are found where they stand, and not where chance lets numbers pass."""

from __future__ import annotations

import numpy as np
import pytest

from checks.data import checksums
from checks.data.personal_data import mask, personal_data
from checks.data.personal_kinds import SORTS
from checks.model import Outcome
from tests.budgets import budget
from tests.checks.builders import subject, take
from tests.checks.planted import planted

DIGITS = np.array(list("0123456789"))


def numbers(rng, rows, length, *, first=""):
    """Return random numbers of so many digits, as text."""
    return [first + "".join(rng.choice(DIGITS, length - len(first))) for _ in range(rows)]


def passing(rng, rows, draw, rule):
    """Return values that pass a rule, by drawing until they do."""
    found = []
    while len(found) < rows:
        found += [value for value in draw(rng) if rule(value)]
    return found[:rows]


def people(columns, **roles):
    return subject(decision=[1] * len(next(iter(columns.values()))), columns=columns, roles=roles)


def kinds(found):
    (table,) = (t for t in found.tables if t.name == "columns that look personal")
    return {(row[0], row[1]) for row in table.rows}


@pytest.mark.parametrize(
    ("rule", "right"),
    [
        ("mainland_china", "11010519491231002X 440524188001010014"),
        ("hong_kong", "A123456(3) AB987654(3)"),
        ("singapore", "S1234567D T1234567J F1234567N G1234567X M1234567K"),
        ("taiwan", "A123456789"),
        ("luhn", "4111111111111111 5555555555554444 378282246310005 79927398713"),
        ("iban", "GB82WEST12345698765432 DE89370400440532013000"),
    ],
)
def test_published_numbers_pass_and_a_changed_digit_does_not(rule, right):
    """The standards' own examples; one changed digit is seen at every place."""
    check = getattr(checksums, rule)
    for number in right.split():
        assert check(number), number
        for at, char in enumerate(number):
            if char.isdigit():
                other = number[:at] + str((int(char) + 1) % 10) + number[at + 1 :]
                assert not check(other), other


def test_thailands_last_digit_checks_the_others():
    """Two of the eleven remainders share a check digit, so that some other changes go unseen."""
    assert [d for d in range(10) if checksums.thailand(f"1-2345-45678-78-{d}")] == [1]


@pytest.mark.parametrize(
    ("rule", "right", "wrong"),
    [
        ("malaysia", "850731-14-5123", "851331-14-5123 850731-00-5123"),
        (
            "indonesia",
            "3171015708450001 3171011708450001",
            "9971011708450001 3171013208450001 3171011708450000",
        ),
        ("united_states", "123-45-6789", "000-45-6789 666-45-6789 900-45-6789 123-00-6789 123-45-0000"),
        ("internet_address", "192.168.0.1 ::1 2001:db8::1", "256.1.1.1 1.2.3 12:30"),
    ],
)
def test_numbers_without_a_check_digit_follow_their_dates_and_places(rule, right, wrong):
    check = getattr(checksums, rule)
    assert all(map(check, right.split()))
    assert not any(map(check, wrong.split()))


PLANTED = {
    "Hong Kong identity card": (
        lambda r: [f"{chr(65 + r.integers(26))}{n[:6]}({n[6]})" for n in numbers(r, 50, 7)],
        checksums.hong_kong,
    ),
    "payment card number": (lambda r: numbers(r, 50, 16, first="4"), checksums.luhn),
    "Thailand personal identification number": (lambda r: numbers(r, 50, 13, first="3"), checksums.thailand),
    "e-mail address": (lambda r: [f"{n}@example.org" for n in numbers(r, 50, 6)], len),
    "phone number": (lambda r: [f"+852 {n[:4]} {n[4:]}" for n in numbers(r, 50, 8)], len),
    "internet address": (lambda r: [".".join(map(str, r.integers(0, 255, 4))) for _ in range(50)], len),
}


@planted("data.personal_data", "speaks")
@pytest.mark.parametrize("kind", PLANTED)
def test_a_column_of_the_kind_is_found_and_counted_unless_declared(kind):
    """Even where only a third of the values are of the kind; no value is shown."""
    rng = np.random.default_rng([1, len(kind)])
    real = passing(rng, 60, *PLANTED[kind])
    columns = {"c": [*real, *(f"n{i}" for i in range(120))]}
    found = personal_data(people(columns))
    assert ("c", kind) in kinds(found)
    assert found.measure("undeclared_identifiers").value == 1
    assert found.measure("match_share", column="c", case=kind).value == pytest.approx(
        len(set(real)) / 180, abs=0.02
    )
    assert found.measure("pseudonymised_share").value == 0
    assert not any(value in repr(found) for value in real)
    declared = personal_data(people(columns, identifiers=("c",)))
    assert declared.measure("undeclared_identifiers").value == 0


@planted("data.personal_data", "silent")
@pytest.mark.parametrize("length", [6, 8, 9, 10, 11, 12, 13, 15, 16, 17, 18, 19])
def test_random_numbers_pass_a_checksum_at_chance_and_are_no_identifier(length):
    """A tenth of all numbers pass a check digit: as few as that are believed to be nobody's."""
    for seed in range(budget(3, 40)):
        rng = np.random.default_rng([2, length, seed])
        columns = {"amount": numbers(rng, 400, length), "card": numbers(rng, 400, length, first="4")}
        found = personal_data(people(columns))
        assert found.measure("undeclared_identifiers").value == 0, kinds(found)


@pytest.mark.parametrize("sort", [s for s in SORTS if s.real and 0 < s.chance < 0.4], ids=lambda s: s.name)
def test_the_stated_chance_is_what_random_values_of_the_shape_pass(sort):
    rng = np.random.default_rng(3)
    draws = {
        "resident identity number of mainland China": lambda: [
            f"110105{y}{m:02d}{d:02d}{n}"
            for y, m, d, n in zip(
                rng.integers(1920, 2010, 2000),
                rng.integers(1, 13, 2000),
                rng.integers(1, 29, 2000),
                numbers(rng, 2000, 4),
                strict=True,
            )
        ],
        "Hong Kong identity card": lambda: [f"K{n}" for n in numbers(rng, 2000, 7)],
        "Singapore NRIC or FIN": lambda: [
            f"S{n}{chr(65 + i % 10)}" for i, n in enumerate(numbers(rng, 2000, 7))
        ],
        "Taiwan national identification number": lambda: [f"F1{n}" for n in numbers(rng, 2000, 8)],
        "IBAN": lambda: [f"DE{n}" for n in numbers(rng, 2000, 20)],
        "Malaysia MyKad": lambda: numbers(rng, 2000, 12),
        "Indonesia NIK": lambda: numbers(rng, 2000, 16),
        "Thailand personal identification number": lambda: numbers(rng, 2000, 13, first="5"),
        "payment card number": lambda: numbers(rng, 2000, 16, first="4"),
    }
    values = draws[sort.name]()
    share = np.mean([sort.real(value) for value in values])
    assert abs(share - sort.chance) < 4.5 * np.sqrt(sort.chance * (1 - sort.chance) / 2000)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("first_name", "name of a person"),
        ("home_address", "postal address"),
        ("手机号", "phone number"),
        ("date_of_birth", "date of birth"),
        ("latitude", "coordinates"),
        ("religion", "religion or belief"),
        ("HIV_status", "health"),
        ("ethnicity", "race or ethnic origin"),
        ("ssn", "US social security number"),
    ],
)
def test_a_columns_name_tells_what_its_values_alone_cannot(name, kind):
    values = {"手机号": "9123 4567", "date_of_birth": "1980-02-29", "ssn": "123456789"}.get(name, "x")
    found = personal_data(people({name: [values] * 30}))
    assert (name, kind) in kinds(found)
    assert not kinds(personal_data(people({"other": [values] * 30})))


@pytest.mark.parametrize(
    "name", ["tracer", "embrace", "names_found_count_x", "platform", "longevity", "grace"]
)
def test_words_inside_other_words_mean_nothing(name):
    assert not {k for k in kinds(personal_data(people({name: [1, 2, 3]}))) if k[1] != "name of a person"}


def test_what_was_declared_is_not_undeclared():
    columns = {"race": ["A", "B"] * 10, "religion": ["x", "y"] * 10, "birth_date": ["1980-01-01"] * 20}
    bare = personal_data(people(columns))
    assert bare.measure("undeclared_sensitive").value == 2
    assert bare.measure("undeclared_quasi_identifiers").value == 1
    known = personal_data(
        people(columns, groups=("race",), sensitive=("religion",), quasi_identifiers=("birth_date",))
    )
    assert known.measure("undeclared_sensitive").value == 0
    assert known.measure("undeclared_quasi_identifiers").value == 0


def test_tokens_in_the_place_of_identifiers_are_pseudonyms():
    columns = {"person": [f"{i:032x}" for i in range(40)], "mail": [f"p{i}@example.org" for i in range(40)]}
    found = personal_data(people(columns, identifiers=("person", "mail")))
    assert found.measure("pseudonymised_share").value == 0.5
    nothing = personal_data(people({"x": [1, 2]})).measure("pseudonymised_share")
    assert nothing.value is None
    assert "no identifier was declared or found" in nothing.note


def test_free_text_is_counted_and_not_searched():
    found = personal_data(people({"notes": ["the caller said that she would come back"] * 5}))
    assert found.measure("free_text_columns").value == 1


def test_many_values_are_sampled_alike_in_any_order():
    rng = np.random.default_rng(6)
    whole = people({"mail": [f"{n}@example.org" for n in numbers(rng, 5000, 7)]})
    first, other = personal_data(whole), personal_data(take(whole, rng.permutation(5000)))
    assert first.measures == other.measures
    assert first.tables == other.tables
    assert first.measure("match_share", column="mail", case="e-mail address").n == 2000


def test_a_mask_shows_no_letter_and_no_digit():
    assert mask("Ann-7@x.org") == "AAA-9@A.AAA"
    assert personal_data(people({"x": []})).outcome is Outcome.INCONCLUSIVE
