"""Columns called after a protected characteristic."""

from __future__ import annotations

import pytest

from checks.characteristics import characteristics, uncompared

NAMES = {
    "the age of people": [
        "age", "AgeGroup", "applicant_age", "age_in_years", "demographics:age", "年龄段", "AGE2",
        "date_of_birth", "dob", "DOB", "DateOfBirth", "birth_year", "出生日期", "申请人年龄"
    ],
    "sex or gender": [
        "Sex", "gender_code", "性別", "female", "is_female", "male", "applicant_sex", "sex_at_birth",
        "客户性别"
    ],
    "race or colour": [
        "race", "race_self_reported", "RaceCode"
    ],
    "ethnic or national origin": [
        "ethnicity", "ethnic group", "native_country", "country_of_birth", "民族"
    ],
    "disability or impairment": [
        "disabled", "殘疾", "has_disability", "是否残疾"
    ],
    "home in town or country": [
        "residence", "isRural", "户口", "户口类型"
    ],
    "nationality or citizenship": [
        "nationality", "foreign_worker"
    ],
    "marital status": [
        "marital_status", "婚姻状况"
    ],
    "first language": [
        "native_language"
    ],
    "sexual orientation": [
        "sexual_orientation"
    ],
    None: [
        "account_age", "mileage", "stage", "average", "language", "home_ownership", "residence_since",
        "trace", "race_time", "good_faith_deposit", "rural_school_km", "urban_density",
        "disability_insurance_premium", "gender_pay_gap_firm", "orientation", "date", "status", "group",
        "birth_weight", "country", "2", "", "民族学校距离", "年"
    ],
}  # fmt: skip


@pytest.mark.parametrize(("about", "name"), [(about, one) for about, names in NAMES.items() for one in names])
def test_a_name_tells_a_characteristic_where_no_word_of_it_is_about_something_else(about, name):
    assert characteristics(name) == ((about,) if about else ())


def test_one_column_of_a_kind_is_enough():
    """Years and ranges tell the same: who is compared by one is compared by age."""
    assert dict(uncompared(["age", "age_band", "sex", "income"], ["age_band"])) == {"sex": "sex or gender"}


def test_one_kind_does_not_speak_for_another():
    columns = ["race", "ethnicity", "female", "date_of_birth"]
    assert list(uncompared(columns, ["race"])) == ["ethnicity", "female", "date_of_birth"]


def test_a_column_of_two_kinds_is_compared_when_both_are():
    assert uncompared(["race_ethnicity"], ["race"]) == {"race_ethnicity": "ethnic or national origin"}
    assert not uncompared(["race", "ethnicity", "race_sex"], ["race_ethnicity", "gender"])
