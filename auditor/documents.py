"""Documents told from a stored record when somebody asks: all but the report.

They hold no pictures, so the web process makes them itself; nothing of them is stored but a plan's tasks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from werkzeug.datastructures import LanguageAccept

from auditor.plan import DOCUMENTS
from auditor.problems import Problem, Refused, refuse
from auditor.service import Service
from auditor.store.clock import now
from auditor.store.tables import TaskRecord
from auditor.suppressing import for_everybody
from auditor.views import Account, NotFound
from reports.beside import compose_annex, compose_transparency, with_entry
from reports.compose.everybody import Reach
from reports.compose.plan import Task
from reports.document import Document, compose_comparison, compose_plan, compose_summary
from reports.language import ENGLISH, LANGUAGES
from reports.record import Audit

FORMS = ("html", "pdf")
_TRADITIONAL = frozenset({"hant", "tw", "hk", "mo"})
"""Subtags that say in which forms of its characters Chinese is read."""
MOST_WORDS = {"owner": 120, "note": 500}


def document(
    service: Service,
    account: Account,
    audit_id: str,
    name: str,
    form: str,
    *,
    before: str | None = None,
    language: str = ENGLISH,
) -> bytes:
    """Return one document of a completed audit, in *language*; a comparison needs the audit *before*."""
    if name not in DOCUMENTS[1:] or form not in FORMS:
        asked, known = f"{name}.{form}"[:64], ", ".join(DOCUMENTS[1:])
        raise NotFound(f"there is no document {asked}; there are {known}, as html or pdf.")
    record = Audit.from_json(service.record(account, audit_id))
    public_url = service.settings.public_url
    if name == "transparency":
        shown = service.register.status(audit_id)
        return told_to_everybody(
            for_everybody(record),
            shown.card if shown else {},
            form,
            public_url,
            language=language,
            fonts=service.settings.fonts_folder,
        )
    if name == "summary":
        told = compose_summary(record, language)
    elif name == "annex":
        told = compose_annex(record, language)
    elif name == "plan":
        told = compose_plan(record, tasks(service, account, audit_id), language)
    elif before:
        told = compose_comparison(Audit.from_json(service.record(account, before)), record, language)
    else:
        raise refuse(
            "before", "before-missing", "name the audit to compare with: `?before=` and the id of an audit."
        )
    return rendered(with_entry(told, public_url), record, form, service.settings.fonts_folder)


def published(service: Service, audit_id: str, form: str, language: str = ENGLISH) -> bytes:
    """Return the page for everybody of an audit in the register, in *language*."""
    if form not in FORMS:
        raise NotFound(f"there is no form {form[:20]!r}; there are html and pdf.")
    card = service.register.entry(audit_id).card
    record = service.register.record(audit_id)
    reach = (str(card.get("contact", "")), str(card.get("appeal", "")))
    settings = service.settings
    return _told_once(
        record, *reach, form, settings.public_url, language=language, fonts=settings.fonts_folder
    )


@lru_cache(maxsize=64)
def _told_once(
    record: bytes, contact: str, appeal: str, form: str, public_url: str, *, language: str, fonts: Path | None
) -> bytes:
    """Tell it once: whoever asks without an account, and often, costs little."""
    reach = {"contact": contact, "appeal": appeal}
    return told_to_everybody(Audit.from_json(record), reach, form, public_url, language=language, fonts=fonts)


def told_to_everybody(
    public: Audit,
    reach: Mapping[str, Any],
    form: str,
    public_url: str,
    *,
    language: str = ENGLISH,
    fonts: Path | None = None,
) -> bytes:
    """Return the page for everybody; all that it tells and attaches is the suppressed record."""
    whom = Reach(str(reach.get("contact", "")), str(reach.get("appeal", "")))
    told = compose_transparency(public, whom, language)
    return rendered(with_entry(told, public_url, public.body["publication"]["of"]), public, form, fonts)


def language_asked(named: str | None, accepted: LanguageAccept) -> str:
    """Return the language that is *named*, else the best of those that a browser accepts; English else."""
    if named is not None:
        if named not in LANGUAGES:
            raise refuse("lang", "unknown-language", f"`lang` is one of {', '.join(LANGUAGES)}.")
        return named
    known = (_named(tag) for tag, quality in accepted if quality > 0)
    return next((tag for tag in known if tag), ENGLISH)


def _named(asked: str) -> str | None:
    """Return our language for one as browsers name it (`en-GB`, `zh-TW`, `zh-Hant-HK`), or None."""
    first, *rest = asked.lower().replace("_", "-").split("-")
    if first == "zh":
        return "zh-Hant" if _TRADITIONAL & set(rest) else "zh-Hans"
    return ENGLISH if first in {ENGLISH, "*"} else None


def rendered(told: Document, record: Audit, form: str, fonts: Path | None = None) -> bytes:
    """Return *told* as a page, or as pages set with an operator's *fonts* too."""
    from reports import html, pdf

    return html.render(told).encode() if form == "html" else pdf.render(told, record.to_json(), fonts)


def tasks(service: Service, account: Account, audit_id: str) -> dict[str, Task]:
    """Return the tasks of an audit by requirement."""
    service.audit(account, audit_id)  # somebody else's is not there
    with service.database.reading() as session:
        rows = session.scalars(sa.select(TaskRecord).where(TaskRecord.audit == audit_id))
        return {row.requirement: Task(row.owner, row.due, row.note) for row in rows}


def put_tasks(
    service: Service, account: Account, audit_id: str, sent: Mapping[str, Mapping[str, Any]]
) -> dict[str, Task]:
    """Replace the tasks of a completed audit by those *sent*; an empty one is no task."""
    record = Audit.from_json(service.record(account, audit_id))
    read = read_tasks(sent, record)
    with service.database.transaction() as session:
        session.execute(sa.delete(TaskRecord).where(TaskRecord.audit == audit_id))
        for requirement, task in read.items():
            session.add(
                TaskRecord(
                    audit=audit_id,
                    requirement=requirement,
                    owner=task.owner,
                    due=task.due,
                    note=task.note,
                    updated=now(),
                )
            )
    return read


def read_tasks(sent: Any, record: Audit) -> dict[str, Task]:
    """Return *sent* as tasks by requirement; refuse, all at once, what is no task of *record*."""
    if not isinstance(sent, Mapping):
        raise refuse("tasks", "not-tasks", "tasks are named by requirement, such as global-baseline/FAIR-01.")
    judged = {
        f"{framework}/{requirement}"
        for framework, whole in record.body["verdicts"].items()
        for requirement in whole["requirements"]
    }
    problems: list[Problem] = []
    read = {}
    for requirement, said in sent.items():
        where = f"tasks.{requirement}"
        if requirement not in judged:
            sentence = f"this audit judges no {requirement}; name a requirement as framework/requirement."
            problems.append(Problem(where, "unknown-requirement", sentence))
        elif not isinstance(said, Mapping) or said.keys() - {"owner", "due", "note"}:
            problems.append(Problem(where, "not-a-task", f"{where} is no task; it has owner, due and note."))
        else:
            task = Task(*(str(said.get(key) or "").strip() for key in ("owner", "due", "note")))
            problems += _odd(where, task)
            if task != Task():
                read[str(requirement)] = task
    if problems:
        raise Refused(problems)
    return read


def _odd(where: str, task: Task) -> list[Problem]:
    found = [
        Problem(f"{where}.{key}", "too-long", f"`{key}` has more than {most} characters; shorten it.")
        for key, most in MOST_WORDS.items()
        if len(getattr(task, key)) > most
    ]
    try:
        if task.due:
            dt.date.fromisoformat(task.due)
    except ValueError:
        found.append(Problem(f"{where}.due", "not-a-day", "`due` is a day such as 2026-12-31."))
    return found
