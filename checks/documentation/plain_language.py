"""Plain language: how hard are the notices to read, and what do they tell people to do next?

`reading_grade` is the school grade of the hardest English notice (Automated Readability Index), and
`notice_reading_grade` that of each. `notice_common_character_share` is the share of frequently used
characters in a Chinese notice. `tells_contact`, `tells_appeal` and `tells_human_review` are 1 where a notice
tells an address or a telephone number, a way to object, and that a person reviews. `unread_notices` counts
notices in other languages.

Why it matters
    A notice that its readers do not understand informs nobody. Laws ask for clear and plain language (GDPR
    Art. 12(1)) and for a way to contest.

How to read it
    A grade of 8 is read after about eight years of school; public services often aim at 8 or lower. The
    grade is computed from letters, words and sentences: it says how long these are, not whether they make
    sense. For Chinese, characters outside the first level are those that fewer readers know.

Limits
    Words are looked for, not meaning: *you cannot appeal* tells of an appeal. English and Chinese are read.
    Tables and headings count as sentences. Whether the notice reached anybody, and in time, is not seen.

References
    Smith and Senter, Automated Readability Index, AMRL-TR-66-220, 1967; GB 2312-1980; Big5, 1984.
"""

from __future__ import annotations

from collections.abc import Iterator

from checks.model import Kind, Measure, NotApplicable, Subject, check
from checks.notices import Notice, languages
from checks.texts import (
    CHINESE,
    ENGLISH,
    READ,
    common_share,
    grade,
    tells_appeal,
    tells_contact,
    tells_human,
    words_in,
)

INDEX = "Automated Readability Index"


@check(reads_counts=True)
def plain_language(subject: Subject) -> Iterator[Measure]:
    """Grade each notice, and look for the ways on that it tells."""
    if not subject.notices:
        raise NotApplicable("no notices to people were supplied: add their files as `notices`")
    of_language = list(zip(subject.notices, languages(subject.notices), strict=True))
    english = [notice for notice, language in of_language if language == ENGLISH]
    grades = {notice.name: grade(notice.text) for notice in english}
    known = {name: value for name, value in grades.items() if value is not None}
    hardest = max(known, key=known.__getitem__) if known else None
    yield Measure(
        "reading_grade",
        None if hardest is None else known[hardest],
        n=float(len(known)),
        kind=Kind.EXACT,
        unit="school grade",
        method=f"{INDEX}, the hardest of the English notices",
        note="no notice is in English" if hardest is None else None,
    )
    for notice, language in of_language:
        yield from _of_notice(notice, language)
    unread = sum(language not in READ for _, language in of_language)
    n = float(len(of_language))
    method = "notices neither in English nor in Chinese"
    yield Measure("unread_notices", float(unread), n=n, kind=Kind.EXACT, unit="count", method=method)


def _of_notice(notice: Notice, language: str) -> Iterator[Measure]:
    of, exact = {"notice": notice.name}, Kind.EXACT
    if language == ENGLISH and (value := grade(notice.text)) is not None:
        n = float(words_in(notice.text))
        yield Measure(
            "notice_reading_grade", value, n=n, of=of, kind=exact, unit="school grade", method=INDEX
        )
    if language == CHINESE and (share := common_share(notice.text)) is not None:
        method = "characters of the first level of GB 2312 or Big5"
        n = float(len(notice.text))
        yield Measure("notice_common_character_share", share, n=n, of=of, kind=exact, method=method)
    method = "words looked for"
    found: list[tuple[str, bool | None]] = [("tells_contact", tells_contact(notice.text))]
    if language in READ:
        found.append(("tells_appeal", tells_appeal(notice.text, language)))
        found.append(("tells_human_review", tells_human(notice.text, language)))
    else:
        found += [("tells_appeal", None), ("tells_human_review", None)]
    for name, said in found:
        flag = None if said is None else float(said)
        note = "the language of the notice is not read" if said is None else None
        yield Measure(name, flag, n=1.0, of=of, kind=exact, unit="flag", method=method, note=note)
