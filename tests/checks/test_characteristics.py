"""Columns called after a protected characteristic."""

from __future__ import annotations

import pytest

from checks.characteristics import characteristic, uncompared

NAMES = {
    "the age of people": ["age", "AgeGroup", "applicant_age", "age_in_years", "demographics:age", "年龄段"],
    "sex or gender": ["Sex", "gender_code", "性別"],
    "race or ethnic origin": ["race", "ethnicity"],
    "disability or impairment": ["disabled", "殘疾"],
    "home in town or country": ["residence", "isRural", "户口"],
    None: [
        "account_age",
        "mileage",
        "stage",
        "average",
        "language",
        "home_ownership",
        "residence_since",
        "trace",
    ],
}


@pytest.mark.parametrize(("about", "name"), [(about, one) for about, names in NAMES.items() for one in names])
def test_a_name_tells_a_characteristic_as_a_word_of_its_own(about, name):
    assert characteristic(name) == about


def test_one_column_of_a_kind_is_enough():
    """Years and ranges tell the same: who is compared by one is compared by age."""
    assert dict(uncompared(["age", "age_band", "sex", "income"], ["age_band"])) == {"sex": "sex or gender"}
