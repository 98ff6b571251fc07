"""Columns that are called after what laws of equal treatment protect: by which people may be compared.

A name is a hint, no proof: `age` of a building is taken for that of a person, and `c7` for nothing. What is
found so is named among what was left out, so that a comparison by one column does not pass for all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_WHOSE = (
    "(?:(?:applicant|borrower|candidate|citizen|client|customer|employee|patient|person|resident|student|user)"
    "s?_?)?"
)


def _called(words: str) -> re.Pattern[str]:
    """Return a pattern of names that hold one of *words* between marks, or in Chinese anywhere."""
    latin = "|".join(word for word in words.split() if word.isascii())
    other = [word for word in words.split() if not word.isascii()]
    return re.compile("|".join([rf"(?:^|[^a-z])(?:{latin})(?:$|[^a-z])", *other]), re.IGNORECASE)


_CALLED: Mapping[str, re.Pattern[str]] = {
    "the age of people": re.compile(
        rf"^{_WHOSE}ages?(?:[_ -]?(?:group|band|bracket|class|range|cat|category|(?:in[_ -])?years))?$"
        "|年龄|年齡|年纪|年紀",
        re.IGNORECASE,
    ),
    "sex or gender": _called("sex gender 性别 性別"),
    "race or ethnic origin": _called("race races racial ethnic ethnicity caste tribe 民族 种族 種族"),
    "religion or belief": _called("religion religious belief faith 宗教"),
    "disability or impairment": _called(
        "disability disabilities disabled handicap handicapped 残疾 殘疾 残障 殘障"
    ),
    "nationality or citizenship": _called("nationality citizenship 国籍 國籍"),
    "marital status": _called(r"marital(?:[_ -]status)? married 婚姻 婚否"),
    "sexual orientation": _called(r"sexual[_ -]orientation 性取向"),
    "pregnancy or maternity": _called("pregnant pregnancy maternity 怀孕 懷孕"),
    "first language": _called(r"(?:first|home|native|mother)[_ -](?:language|tongue) 母语 母語"),
    "home in town or country": _called(
        r"rural urban residence(?:[_ -](?:type|area))?$ hukou 户籍 戶籍 户口 戶口 城乡 城鄉"
    ),
}


def characteristic(column: str) -> str | None:
    """Return the protected characteristic that *column* is called after, or None."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", column.rpartition(":")[2])  # `file:column` of joined files
    return next((name for name, called in _CALLED.items() if called.search(words)), None)


def uncompared(columns: Iterable[str], groups: Iterable[str]) -> Mapping[str, str]:
    """Return those of *columns* that are called after what none of *groups* is called after, each with it."""
    compared = {characteristic(name) for name in groups}
    found = {name: characteristic(name) for name in columns}
    return {name: about for name, about in found.items() if about and about not in compared}
