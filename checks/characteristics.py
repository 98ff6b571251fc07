"""Columns that are called after what laws of equal treatment protect: by which people may be compared.

A name is a hint, no proof: `c7` tells nothing, and `age` may be that of a building. It counts where every
word of it is one of a characteristic or says nothing of its own, as in `applicant_age_group`; `race_time`
and `urban_density` are about something else. What is found so is named among what was left out, so that a
comparison by one column does not pass for all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import chain


def _called(words: str) -> tuple[str, ...]:
    return tuple(words.split())


_CALLED: Mapping[str, tuple[str, ...]] = {
    "sex or gender": _called(
        "sex gender female females male males woman women man men 性别 性別 女性 男性 男女"
    ),
    "race or colour": _called("race races racial 种族 種族"),
    "ethnic or national origin": _called(
        "ethnic ethnicity ethnicities caste tribe national_origin native_country country_of_birth "
        "birth_country country_of_origin 民族 族裔 籍贯 籍貫"
    ),
    "religion or belief": _called("religion religions religious belief beliefs faith 宗教 信仰"),
    "disability or impairment": _called(
        "disability disabilities disabled handicap handicapped impairment 残疾 殘疾 残障 殘障"
    ),
    "nationality or citizenship": _called(
        "nationality nationalities citizenship foreign foreigner foreigners immigrant migrant 国籍 "
        "國籍 外籍 外国 外國"
    ),
    "marital status": _called("marital married 婚姻 婚否 已婚"),
    "sexual orientation": _called("sexual_orientation 性取向"),
    "pregnancy or maternity": _called("pregnant pregnancy maternity 怀孕 懷孕"),
    "first language": _called(
        "first_language home_language native_language mother_language mother_tongue 母语 母語"
    ),
    "home in town or country": _called("rural urban residence hukou 户籍 戶籍 户口 戶口 城乡 城鄉 农村 農村"),
    "the age of people": _called(
        "age ages dob birth birthdate birthday birthyear yob born 年龄 年齡 年纪 年紀 出生 生日"
    ),
}
_NEUTRAL = _called(
    "at_birth group groups groupe grp band bracket class range bin bucket cat category categories "
    "code coded id type kind status flag value label area level date day month year years in of at "
    "the a an is has was self reported declared stated derived legal raw clean s orientation "
    "applicant applicants borrower candidate citizen client customer defendant employee individual "
    "patient people person persons resident residents student user users worker workers 段 组 組 组别 "
    "組別 群 分组 分組 类 類 类别 類別 类型 類型 代码 代碼 编码 編碼 状况 狀況 状态 狀態 情况 情況 "
    "日期 年月 年份 年 月 日 地 所在 性质 性質 等级 等級 级 級 是否 有无 有無 的 人 者 人员 人員 本人 "
    "申请人 申請人 客户 客戶 用户 用戶 患者 居民 员工 員工 学生 學生 借款人"
)
"""Words that leave a name what it is: of whom, in which form, as whose word."""


def _anywhere(words: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern of *words* between marks, of Chinese words anywhere, the longest first."""
    longest = sorted(words, key=len, reverse=True)
    return re.compile("|".join(rf"(?<![^_]){one}(?![^_])" if one.isascii() else one for one in longest))


_WORDS = {name: _anywhere(words) for name, words in _CALLED.items()}
_KNOWN = _anywhere({*_NEUTRAL, *chain(*_CALLED.values())})


def characteristics(column: str) -> tuple[str, ...]:
    """Return the protected characteristics that *column* is called after."""
    name = column.rpartition(":")[2]  # `file:column` of joined files
    name = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).casefold()
    name = re.sub(r"[\W\d_]+", "_", name)
    if _KNOWN.sub("", name).strip("_"):
        return ()
    said = re.sub(r"(?<![^_])at_birth(?![^_])", "", name)
    found = []
    for about, called in _WORDS.items():
        left = called.sub("", said)
        if left != said:
            found.append(about)
        said = left
    return tuple(found)


def uncompared(columns: Iterable[str], groups: Iterable[str]) -> Mapping[str, str]:
    """Return those of *columns* that are called after what none of *groups* is called after, each with it."""
    compared = {about for name in groups for about in characteristics(name)}
    found = {name: [about for about in characteristics(name) if about not in compared] for name in columns}
    return {name: about[0] for name, about in found.items() if about}
