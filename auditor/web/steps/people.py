"""What people were given: a table of the reasons, and notices. All of it is optional."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from auditor.problems import Problem
from auditor.web.form import Form
from auditor.web.steps.step import Posted, Step, joined, text
from reports.language import N_, _

TITLES = N_(
    {
        "case": "Id of the case in this table",
        "text": "Words that the person saw",
        "feature": "Feature that a reason is about",
        "language": "Language",
        "channel": "Channel",
    }
)
USUAL = ("case", "text", "feature")
"""Columns that need not be chosen where they have this very name."""
WORDS = "reasons.words"
LANGUAGE = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8}){0,3}")


def _read(form: Form, posted: Posted) -> None:
    for key in ("on", *TITLES) if "reasons" in form.submission else ():
        if f"reasons.{key}" in posted:
            form.put(f"reasons.{key}", text(posted, f"reasons.{key}"))
    if "reasons" in form.submission and WORDS in posted:
        form.put(WORDS, dict(_words(text(posted, WORDS))))
    for position, notice in enumerate(form.get("notices", [])):
        for key in ("name", "language"):
            if (where := f"notices.{position}.{key}") in posted:
                notice.pop(key, None)
                if written := text(posted, where):
                    notice[key] = written
    form.drop_file(posted.get("remove", ""))


def _words(written: str) -> Iterator[tuple[str, list[str]]]:
    """Read a feature a line, a colon and its words; a line without them keeps its feature, with none."""
    for line in filter(None, map(str.strip, written.replace("：", ":").splitlines())):
        feature, _, after = line.rpartition(":") if ":" in line else (line, "", "")
        yield feature.strip(), [word for word in map(str.strip, re.split("[,，;；、]", after)) if word]


def _problems(form: Form) -> Iterator[Problem]:
    if "reasons" in form.submission:
        yield from _problems_of_reasons(form)
    taken: set[str] = set()
    for position, notice in enumerate(form.get("notices", [])):
        name = notice.get("name", "")
        if name and name in taken:
            sentence = f"Another notice is called “{name}”; give this one a name of its own."
            yield Problem(f"notices.{position}.name", "name-twice", sentence)
        taken.add(name)
        if not LANGUAGE.fullmatch(notice.get("language", "en")):
            sentence = "Write the language as a short code, such as en, fr or zh-CN."
            yield Problem(f"notices.{position}.language", "not-a-language", sentence)


def _problems_of_reasons(form: Form) -> Iterator[Problem]:
    on, found = form.get("reasons.on"), {c.name for c in form.columns_of("reasons")}
    if not on and len(form.get("columns.identifiers", [])) != 1:
        sentence = "Choose the column of the evaluation table that holds the id of each case."
        yield Problem("reasons.on", "missing-key", sentence)
    elif on and form.column(on) is None:
        sentence = f"The evaluation table has no column “{on}”; choose another."
        yield Problem("reasons.on", "unknown-column", sentence)
    for key in TITLES:
        name = form.get(f"reasons.{key}") or (key if key in ("case", "text") else "")
        if name and name not in found:
            sentence = f"The table of reasons has no column “{name}”; choose another."
            yield Problem(f"reasons.{key}", "unknown-column", sentence)
    for feature, words in form.get(WORDS, {}).items():
        if form.column(feature) is None:
            sentence = f"The evaluation table has no column “{feature}”; begin each line with a feature."
            yield Problem(WORDS, "unknown-column", sentence)
        elif not words:
            sentence = f"Write after “{feature}” a colon and how texts call it, such as: what you owe, debts."
            yield Problem(WORDS, "no-words", sentence)


def _offer(form: Form) -> Mapping[str, Any]:
    return {
        "titles": TITLES,
        "usual": USUAL,
        "ids": [(c.name, c.name) for c in form.columns],
        "reasons": form.file_of("reasons"),
        "found": [(c.name, c.name) for c in form.columns_of("reasons")],
        "words": "\n".join(f"{name}: {', '.join(words)}" for name, words in form.get(WORDS, {}).items()),
        "notices": [(notice, form.files.get(notice.get("artifact"))) for notice in form.get("notices", [])],
    }


def _summary(form: Form) -> Iterator[tuple[str, str]]:
    given = (form.file_of("reasons") or {}).get("name", _("A file")) if "reasons" in form.submission else ""
    yield _("Reasons given to people"), given or _("Not given")
    if given:
        yield _("Id in the evaluation table"), form.get("reasons.on") or _("Its only identifier")
        for key, title in TITLES.items():
            if name := form.get(f"reasons.{key}"):
                yield _(title), name
        yield _("Features with words of their own"), joined(form.get(WORDS, {}), _("None"))
    called = [
        " – ".join(notice[key] for key in ("name", "language") if key in notice) or _("without a name")
        for notice in form.get("notices", [])
    ]
    yield _("Notices"), joined(called, _("None"))


STEP = Step(
    slug="people",
    title=N_("What were people given?"),
    owns=("reasons", "reasons.on", *(f"reasons.{key}" for key in TITLES), WORDS, "notices"),
    read=_read,
    problems=_problems,
    offer=_offer,
    summary=_summary,
    applies=lambda form: not form.has_counts,
    open_ended=("notices",),
)
