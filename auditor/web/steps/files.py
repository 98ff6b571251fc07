"""The files: the table that was decided about, the model, the table it learnt from, and further ones."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from auditor.problems import Problem
from auditor.web.form import HOW_WRITTEN, MOST, ROLES, Form
from auditor.web.steps.step import Posted, Step, text
from reports.language import N_, _
from reports.wording import listed, plain

TITLES = N_(
    {
        "evaluation": "Evaluation table",
        "model": "Model",
        "training": "Training table",
        "counts": "Published counts",
        "reasons": "Reasons given to people",
        "service_log": "Log of the service",
    }
)
WRITTEN = N_(
    {
        "encoding": "Encoding",
        "delimiter": "Columns are separated by",
        "decimal": "Decimal sign",
        "sheet": "Sheet",
    }
)
CHOICES = {
    "encoding": ("utf-8", "utf-16", "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "gb18030", "big5",
                 "shift_jis", "euc_kr", "cp437", "cp850"),
    "delimiter": ("comma", "semicolon", "tab", "bar"),
    "decimal": ("point", "comma"),
}  # fmt: skip
BY_FORMAT = {"csv": HOW_WRITTEN[:3], "tsv": HOW_WRITTEN[:3], "excel": HOW_WRITTEN[3:]}
"""What may be said of a table that was read; of one that is still to come, all of it."""
WORD = re.compile(r"[\w-]{1,64}")


def title(role: str) -> str:
    """Return what the page calls a file."""
    further = N_(("Further model", "Joined table"))
    return _(TITLES.get(role, further[not role.startswith("models")]))


def sent_as(role: str) -> str:
    """Return the name of the field that takes a file."""
    return ROLES.get(role, f"{role}.file")


def _read(form: Form, posted: Posted) -> None:
    for role in (*ROLES, *form.joins):
        reference = form.reference(role)
        for key in HOW_WRITTEN if reference is not None else ():
            if (name := f"{form.where(role)}.{key}") in posted:
                _set(reference, key, text(posted, name))
    _read_contenders(form, posted)
    _read_joins(form, posted)
    form.drop_file(posted.get("remove", ""))


def _read_contenders(form: Form, posted: Posted) -> None:
    for role in (*form.contenders, form.next_contender):
        written = {key: text(posted, f"{role}.{key}") for key in ("prediction", "score")}
        name = text(posted, role)
        given = form.reference(role)
        if given is None and (name or any(written.values())):
            form.submission.setdefault("models", []).append(given := {"name": form.free_name()})
        if given is not None and role in posted:
            _set(given, "name", name or given["name"])
            for key, value in written.items():
                _set(given, key, value)


def _read_joins(form: Form, posted: Posted) -> None:
    kept: dict[str, Any] = {}
    for role in form.joins:
        name, given = role.partition(".")[2], form.reference(role)
        if given is not None and role in posted:
            for key in ("on", "to"):
                _set(given, key, text(posted, f"{role}.{key}"))
            wanted = text(posted, role)
            free = wanted and wanted not in kept and f"join.{wanted}" not in form.joins
            name = wanted if free else name
        kept[name] = given
    form.put("join", kept)


def _set(reference: dict[str, Any] | None, key: str, value: str) -> None:
    if reference is not None:
        reference.pop(key, None)
        if value:
            reference[key] = value


def _problems(form: Form) -> Iterator[Problem]:
    if form.has_counts:
        for role in ("evaluation", "model", "training"):
            if form.get(ROLES[role]):
                sentence = "Published counts stand alone: remove this file, or remove the counts."
                yield Problem(ROLES[role], "counts-alone", sentence)
    elif not form.get("data.evaluation"):
        yield Problem(
            "data.evaluation",
            "missing-key",
            "Upload the evaluation table: CSV, Excel, Parquet, ...",
        )
    for role in form.file_roles():
        if refused := (form.file_of(role) or {}).get("refused"):
            yield Problem(form.where(role), "not-read", refused)
    yield from _problems_of_contenders(form)
    yield from _problems_of_joins(form)


def _problems_of_contenders(form: Form) -> Iterator[Problem]:
    for role in form.contenders:
        said = form.reference(role) or {}
        if not WORD.fullmatch(said["name"]):
            yield Problem(role, "not-a-word", "Name it in letters, digits, - and _, without spaces.")
        columns = {key: said[key] for key in ("prediction", "score") if key in said}
        if bool(columns) == ("artifact" in said):
            yield Problem(role, "one-source", "Give either its model file or the columns with its answers.")
        for key, name in columns.items():
            if form.column(name) is None:
                yield _no_column(f"{role}.{key}", "table", name)


def _problems_of_joins(form: Form) -> Iterator[Problem]:
    for role in form.joins:
        said = form.reference(role) or {}
        if not WORD.fullmatch(role.partition(".")[2]):
            yield Problem(role, "not-a-word", "Name it in letters, digits, - and _, without spaces.")
        on, to = said.get("on"), said.get("to")
        if not on:
            sentence = "Choose the column with the id of each row, which both tables hold."
            yield Problem(f"{role}.on", "missing-key", sentence)
        elif on not in {c.name for c in form.columns_of("evaluation")}:
            yield _no_column(f"{role}.on", "evaluation table", on)
        elif (to or on) not in {c.name for c in form.columns_of(role)}:
            yield _no_column(f"{role}.to", "joined table", to or on)


def _no_column(where: str, table: str, name: str) -> Problem:
    return Problem(where, "unknown-column", f"The {table} has no column “{name}”; choose another.")


def _offer(form: Form) -> Mapping[str, Any]:
    def named(role: str) -> list[tuple[str, str]]:
        return [(c.name, c.name) for c in form.columns_of(role)]

    return {
        "roles": tuple(ROLES),
        "titles": TITLES,
        "sent_as": sent_as,
        "written": WRITTEN,
        "choices": {
            key: [(one, plain(one) if key != "encoding" else one) for one in offered]
            for key, offered in CHOICES.items()
        },
        "by_format": BY_FORMAT,
        "named": named,
        "contenders": (*form.contenders, *((form.next_contender,) * (len(form.contenders) < MOST))),
        "joins": (*form.joins, *((form.next_join,) * (len(form.joins) < MOST))),
    }


def _summary(form: Form) -> Iterator[tuple[str, str]]:
    for role in ROLES:
        yield _(TITLES[role]), _told(form, role) or _("Not given")
    if form.get("endpoint"):
        yield _("Asked over HTTP"), form.get("endpoint.url")
    for role in form.contenders:
        said = form.reference(role) or {}
        columns = [_("column “{name}”", name=said[key]) for key in ("prediction", "score") if key in said]
        given = _told(form, role) or listed(columns) or _("Not given")
        yield _("Compared with {name}", name=said["name"]), given
    for role in form.joins:
        on = (form.reference(role) or {}).get("on", _("no id"))
        name = role.partition(".")[2]
        yield (
            _("Joined table {name}", name=name),
            _("{file}, by {column}", file=_told(form, role) or _("Not given"), column=on),
        )


def _told(form: Form, role: str) -> str:
    """Return the name of a file, and how it is said to be written."""
    file = form.file_of(role)
    if file is None:
        return ""
    written = (f"{_(WRITTEN[k]).lower()} {v}" for k, v in form.declared(role).items())
    return listed([file["name"], *written])


STEP = Step(
    slug="files",
    title=N_("Which files show what it does?"),
    owns=(
        "data",
        *(ROLES[role] for role in ("evaluation", "training", "model")),
        "counts.artifact",
        *(f"{ROLES[role]}.{key}" for role in ("evaluation", "training", "counts") for key in HOW_WRITTEN),
        "models",
        "join",
    ),
    read=_read,
    problems=_problems,
    offer=_offer,
    summary=_summary,
    open_ended=("models", "join"),
)
