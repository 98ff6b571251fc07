"""What people put on record: what they attest, set aside for a time, or try."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from auditor.problems import Problem
from auditor.web.form import Form
from auditor.web.here import all_frameworks
from auditor.web.steps import relief
from auditor.web.steps.step import Posted, Step, text
from frameworks.model import Framework, Question
from reports.language import N_, _, said
from reports.wording import plural

PARTS = ("answer", "signer", "date", "expiry")


def _asked(form: Form) -> Iterator[tuple[Framework, tuple[Question, ...]]]:
    """Yield the chosen frameworks with their questions; a question that two ask stands once."""
    seen: set[str] = set()
    for framework in all_frameworks():
        if framework.id in form.get("frameworks", []):
            fresh = tuple(q for q in framework.attestations() if q.key not in seen)
            seen |= {q.key for q in fresh}
            if fresh:
                yield framework, fresh


def _read(form: Form, posted: Posted) -> None:
    kept = dict(form.get("answers", {}))
    for _framework, questions in _asked(form):
        for question in questions:
            written = {part: text(posted, f"answers.{question.key}.{part}") for part in PARTS}
            written = {part: value for part, value in written.items() if value}
            document = kept.pop(question.key, {}).get("document")
            if f"answers.{question.key}.remove" in posted:
                document = None
            if written:
                kept[question.key] = written | ({"document": document} if document else {})
    form.put("answers", kept)
    relief.read(form, posted)


def _problems(form: Form) -> Iterator[Problem]:
    for key, written in form.get("answers", {}).items():
        if not written.get("answer"):
            yield Problem(
                f"answers.{key}.answer", "missing-key", "Write the answer, or clear its other fields."
            )
        for part in ("date", "expiry"):
            if not _is_day(written.get(part)):
                yield Problem(f"answers.{key}.{part}", "not-a-date", "Write the date as 2026-12-31.")
    yield from relief.problems(form)


def _is_day(written: str | None) -> bool:
    try:
        return written is None or bool(dt.date.fromisoformat(written))
    except ValueError:
        return False


def _offer(form: Form) -> Mapping[str, Any]:
    return {"asked": tuple(_asked(form)), "given": form.get("answers", {}), **relief.offer(form)}


def _summary(form: Form) -> Iterator[tuple[str, str]]:
    given = form.get("answers", {})
    for framework, questions in _asked(form):
        answered = sum(q.key in given for q in questions)
        told = _(
            "{answered} of {questions} answered",
            answered=answered,
            questions=plural(len(questions), "question"),
        )
        yield said(framework.title), told
    documents = sum("document" in answer for answer in given.values())
    if documents:
        yield _("Documents"), str(documents)
    yield from relief.summary(form)


STEP = Step(
    slug="answers",
    title=N_("What do people put on record?"),
    owns=("answers", *relief.OWNS),
    read=_read,
    problems=_problems,
    offer=_offer,
    summary=_summary,
    open_ended=("answers", "waivers"),
)
