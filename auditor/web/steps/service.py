"""Who can use the service: its log, and who of those affected was asked. All of it is optional."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from auditor.problems import Problem
from auditor.web.form import Form
from auditor.web.steps.groups import LIKELY, cuts, spelt_cuts
from auditor.web.steps.step import Posted, Step, joined, text
from reports.language import N_, _

LOG, ASKED = "service_log", "participation"
TITLES = N_(
    {
        "completed": ("Whether it was completed", "Yes or no; empty where it is not known."),
        "waited": ("How long the person waited", "A number, in any one unit."),
        "assisted": ("Whether somebody helped", "Yes or no."),
        "channel": ("Channel", "Such as web, app, counter, telephone."),
        "started": (
            "Whether or when it was started",
            "Rows that say no or nothing are left out and counted.",
        ),
    }
)
MEASURED = ("completed", "waited", "assisted")
"""At least one of these is needed."""
CONSULTATION = N_(
    {
        "group": ("Who was asked", "One of those above."),
        "date": ("When", ""),
        "how": ("How", "For example: two evenings at the library."),
        "said": ("What they said", ""),
        "answer": ("What they were answered", ""),
        "changed": ("What changed", ""),
    }
)
LONG = ("how", "said", "answer", "changed")
MOST = 20
"""So many consultations can be written here; a program may send more."""
WHO = re.compile(rf"{LIKELY.pattern}|resid|rural|urban|district|area|region|pensi|skill", re.IGNORECASE)
"""Names of columns that often say who a person is."""


def _read(form: Form, posted: Posted) -> None:
    if LOG in form.submission and f"{LOG}.asked" in posted:
        ticked = set(posted.getlist(f"{LOG}.groups"))
        form.put(f"{LOG}.groups", [c.name for c in form.columns_of(LOG) if c.name in ticked])
        written = {name: text(posted, f"{LOG}.bins.{name}") for name in form.get(f"{LOG}.groups", [])}
        form.put(f"{LOG}.bins", {name: cuts(said) for name, said in written.items() if said})
        for key in TITLES:
            form.put(f"{LOG}.{key}", text(posted, f"{LOG}.{key}"))
    if f"{ASKED}.affected" in posted:
        lines = (" ".join(line.split()) for line in posted.get(f"{ASKED}.affected", "").splitlines())
        form.put(f"{ASKED}.affected", list(dict.fromkeys(filter(None, lines))))
        form.put(f"{ASKED}.consultations", list(_consultations(form, posted)))
    form.drop_file(posted.get("remove", ""))


def _consultations(form: Form, posted: Posted) -> Iterator[dict[str, Any]]:
    before = form.get(f"{ASKED}.consultations", [])
    for position in range(max(MOST, len(before))):
        where = f"{ASKED}.consultations.{position}"
        written = {key: text(posted, f"{where}.{key}") for key in CONSULTATION}
        found = {key: said for key, said in written.items() if said}
        document = before[position].get("document") if position < len(before) else None
        if found:
            yield found | ({"document": document} if document else {})


def _problems(form: Form) -> Iterator[Problem]:
    if LOG in form.submission:
        yield from _problems_of_log(form)
    for position, one in enumerate(form.get(f"{ASKED}.consultations", [])):
        if not one.get("group"):
            where = f"{ASKED}.consultations.{position}.group"
            yield Problem(where, "missing-key", "Say who was asked: one of those affected.")
    if form.get(f"{ASKED}.consultations") and not form.get(f"{ASKED}.affected"):
        yield Problem(f"{ASKED}.affected", "missing-key", "Name the groups that are affected, one a line.")


def _problems_of_log(form: Form) -> Iterator[Problem]:
    found = {c.name for c in form.columns_of(LOG)}
    if not form.get(f"{LOG}.groups"):
        yield Problem(f"{LOG}.groups", "missing-key", "Choose the columns that say who started a case.")
    if not any(form.get(f"{LOG}.{key}") for key in MEASURED):
        sentence = "Choose at least one column: what was completed, how long people waited, or who helped."
        yield Problem(LOG, "missing-key", sentence)
    for key in ("groups", *TITLES):
        said = form.get(f"{LOG}.{key}", [])
        for name in [said] if isinstance(said, str) else said:
            if name not in found:
                sentence = f"The log has no column “{name}”; choose another."
                yield Problem(f"{LOG}.{key}", "unknown-column", sentence)
    for name, said in form.get(f"{LOG}.bins", {}).items():
        if isinstance(said, str) or said != sorted(set(said)):
            sentence = f"Write the cut points of “{name}” as rising numbers: 25, 45, 60."
            yield Problem(f"{LOG}.bins.{name}", "bad-cuts", sentence)


def _offer(form: Form) -> Mapping[str, Any]:
    columns = sorted(form.columns_of(LOG), key=lambda c: WHO.search(c.name) is None)
    return {
        "log": form.file_of(LOG),
        "found": columns,
        "titles": TITLES,
        "choices": [(c.name, c.name) for c in form.columns_of(LOG)],
        "bins": {name: spelt_cuts(said) for name, said in form.get(f"{LOG}.bins", {}).items()},
        "affected": "\n".join(form.get(f"{ASKED}.affected", [])),
        "consultations": [*form.get(f"{ASKED}.consultations", []), {}],
        "parts_asked": CONSULTATION,
        "long": LONG,
    }


def _summary(form: Form) -> Iterator[tuple[str, str]]:
    given = (form.file_of(LOG) or {}).get("name", _("A file")) if LOG in form.submission else ""
    yield _("Log of the service"), given or _("Not given")
    if given:
        yield _("Who started a case"), joined(form.get(f"{LOG}.groups", []), _("Not chosen"))
        for name, said in form.get(f"{LOG}.bins", {}).items():
            yield _("Cut points of {name}", name=name), spelt_cuts(said)
        for key, (title, _hint) in TITLES.items():
            if name := form.get(f"{LOG}.{key}"):
                yield _(title), name
    if affected := form.get(f"{ASKED}.affected", []):
        asked = {one.get("group") for one in form.get(f"{ASKED}.consultations", [])}
        yield _("Affected"), joined(affected, _("None"))
        yield _("Asked"), joined((name for name in affected if name in asked), _("Nobody"))


STEP = Step(
    slug="service",
    title=N_("Who can use the service?"),
    owns=(
        LOG,
        f"{LOG}.groups",
        f"{LOG}.bins",
        *(f"{LOG}.{key}" for key in TITLES),
        ASKED,
        f"{ASKED}.affected",
        f"{ASKED}.consultations",
    ),
    read=_read,
    problems=_problems,
    offer=_offer,
    summary=_summary,
    applies=lambda form: not form.has_counts,
    open_ended=(f"{LOG}.bins", f"{ASKED}.consultations"),
)
