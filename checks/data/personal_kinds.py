"""Kinds of personal data: how their values are shaped, when they can be real, and what columns are called.

`chance` is how often a value that has the shape passes the rule without being of the kind. A kind that is
only shaped so (eight digits) is believed only where the column's name says so too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from checks.data import checksums


class Role(StrEnum):
    """What data of a kind are."""

    IDENTIFIER = "direct identifier"
    QUASI = "quasi-identifier"
    SENSITIVE = "sensitive"


@dataclass(frozen=True, slots=True)
class Sort:
    """One kind of personal data."""

    name: str
    role: Role
    shape: re.Pattern[str] | None = None
    """None where nothing but the column's name tells."""
    real: Callable[[str], bool] | None = None
    chance: float = 0.0
    called: re.Pattern[str] | None = None
    """Names of columns that hold it."""
    by_name_only: bool = False
    """Whether the shape alone proves nothing."""


def _called(words: str) -> re.Pattern[str]:
    """Return a pattern of column names that hold one of *words* as a word, or in Chinese anywhere."""
    latin = "|".join(word for word in words.split() if word.isascii())
    other = [word for word in words.split() if not word.isascii()]
    return re.compile("|".join([rf"(?:^|[^a-z])(?:{latin})(?:s?$|[^a-z])", *other]), re.IGNORECASE)


def _shape(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_ID = Role.IDENTIFIER
_PHONE = _called("phone telephone mobile cell tel msisdn whatsapp telepon telefon 电话 電話 手机 手機")

SORTS = (
    Sort(
        "resident identity number of mainland China",
        _ID,
        _shape(r"[1-8]\d{5}(?:18|19|20)\d{2}[01]\d[0-3]\d\d{3}[\dX]"),
        checksums.mainland_china,
        1 / 11,
        _called("身份证 身分證 公民身份"),
    ),
    Sort(
        "Hong Kong identity card",
        _ID,
        _shape(r"[A-Z]{1,2}\d{6}\s?\(?[\dA]\)?"),
        checksums.hong_kong,
        1 / 11,
        _called("hkid 香港身份證"),
    ),
    Sort(
        "Singapore NRIC or FIN",
        _ID,
        _shape(r"[STFGM]\d{7}[A-Z]"),
        checksums.singapore,
        1 / 11,
        _called("nric fin"),
    ),
    Sort("Macau identity card", _ID, _shape(r"[1578]\d{6}\s?[(/]\d\)?"), None, 0.0, _called("bir macau_id")),
    Sort(
        "Taiwan national identification number",
        _ID,
        _shape(r"[A-Z][1289A-D]\d{8}"),
        checksums.taiwan,
        1 / 10,
        _called("身分證字號"),
    ),
    Sort(
        "Malaysia MyKad",
        _ID,
        _shape(r"\d{6}-?\d{2}-?\d{4}"),
        checksums.malaysia,
        0.035,
        _called("mykad nric kad"),
    ),
    Sort(
        "Thailand personal identification number",
        _ID,
        _shape(r"\d-?\d{4}-?\d{5}-?\d{2}-?\d"),
        checksums.thailand,
        0.1,
        _called("thai_id citizen_id"),
    ),
    Sort("Indonesia NIK", _ID, _shape(r"\d{16}"), checksums.indonesia, 0.03, _called("nik ktp")),
    Sort("US social security number", _ID, _shape(r"\d{3}-\d{2}-\d{4}"), checksums.united_states),
    Sort(
        "US social security number",
        _ID,
        _shape(r"\d{9}"),
        checksums.united_states,
        0.9,
        _called("ssn social_security(?:_\\w+)?"),
        by_name_only=True,
    ),
    Sort(
        "IBAN",
        _ID,
        _shape(r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?"),
        checksums.iban,
        1 / 97,
    ),
    Sort(
        "payment card number",
        _ID,
        _shape(r"(?:4\d{3}|5[1-5]\d{2}|2[2-7]\d{2}|3[47]\d{2}|6011|6[25]\d{2}|35\d{2})(?:[ -]?\d){9,15}"),
        checksums.luhn,
        0.1,
        _called("card_number pan"),
    ),
    Sort("phone number", _ID, _shape(r"\+\d[\d ()\-]{6,17}\d"), None, 0.0, _PHONE),
    Sort("phone number", _ID, _shape(r"\(?0?\d[\d ()\-./]{5,16}\d"), None, 1.0, _PHONE, by_name_only=True),
    Sort(
        "mobile number of mainland China", _ID, _shape(r"1\d{10}"), lambda t: t[1] in "3456789", 0.7, _PHONE
    ),
    Sort("e-mail address", _ID, _shape(r"[^@\s,;]+@[^@\s,;]+\.[a-z]{2,}")),
    Sort(
        "internet address",
        _ID,
        _shape(r"\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:]*:[0-9a-f:.]*"),
        checksums.internet_address,
    ),
    Sort("hardware address", _ID, _shape(r"[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}")),
    Sort(
        "name of a person",
        _ID,
        called=_called(
            "(?:full|first|last|middle|family|given|sur|maiden|customer|client|applicant|patient|person|user|"
            "student|employee)_?name name surname forename nama 姓名 名字"
        ),
    ),
    Sort(
        "postal address",
        _ID,
        called=_called("(?:home|street|postal|mailing|billing)?_?address street alamat 地址"),
    ),
    Sort("passport number", _ID, called=_called("passport(?:_\\w+)? 护照 護照")),
    Sort(
        "coordinates",
        Role.QUASI,
        _shape(r"\(?-?\d{1,2}\.\d{3,}\s?[,;]\s?-?\d{1,3}\.\d{3,}\)?"),
        checksums.coordinates,
    ),
    Sort("coordinates", Role.QUASI, called=_called("lat lon lng latitude longitude gps(?:_\\w+)? 经度 纬度")),
    Sort(
        "date of birth",
        Role.QUASI,
        _shape(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[ T]00:00(?::00(?:\.0+)?)?)?"),
        checksums.day_of_birth,
        1.0,
        _called("birth(?:_?day|_?date)? date_?of_?birth dob born 出生(?:日期)? 生日"),
        by_name_only=True,
    ),
    Sort(
        "race or ethnic origin",
        Role.SENSITIVE,
        called=_called("race racial ethnic\\w* caste tribe 民族 种族 種族"),
    ),
    Sort("religion or belief", Role.SENSITIVE, called=_called("religio\\w* faith belief agama 宗教")),
    Sort("political opinion", Role.SENSITIVE, called=_called("politic\\w* party_membership 政治面貌")),
    Sort("union membership", Role.SENSITIVE, called=_called("trade_?union union_?member\\w*")),
    Sort(
        "health",
        Role.SENSITIVE,
        called=_called(
            "health(?:_\\w+)? disease illness diagnos\\w* disab\\w* hiv pregnan\\w* medical\\w* medication"
            " chronic\\w* icd\\w* blood_type 疾病 病史 健康 血型"
        ),
    ),
    Sort(
        "genetic or biometric data",
        Role.SENSITIVE,
        called=_called("genetic\\w* dna genome biometric\\w* fingerprint"),
    ),
    Sort("sexual life or orientation", Role.SENSITIVE, called=_called("sexual\\w*(?:_\\w+)? orientation")),
    Sort(
        "criminal record",
        Role.SENSITIVE,
        called=_called("crimin\\w* convict\\w* arrest\\w* prior_offen\\w* 犯罪"),
    ),
)
