"""The files: a table that was decided about, the model that decides, the table it learnt from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from auditor.problems import Problem
from auditor.web.form import ROLES, Form
from auditor.web.steps.step import Posted, Step

TITLES = {
    "evaluation": "Evaluation table",
    "model": "Model",
    "training": "Training table",
    "counts": "Published counts",
}
WHERE = {"evaluation": "data.evaluation", "model": "model", "training": "data.training", "counts": "counts"}


def _read(form: Form, posted: Posted) -> None:
    removed = posted.get("remove")
    if removed in ROLES:
        form.drop_file(removed)


def _problems(form: Form) -> Iterator[Problem]:
    if form.has_counts:
        for role in ("evaluation", "model", "training"):
            if form.get(WHERE[role]):
                sentence = "Published counts stand alone: remove this file, or remove the counts."
                yield Problem(WHERE[role], "counts-alone", sentence)
    elif not form.get("data.evaluation"):
        yield Problem(
            "data.evaluation",
            "missing-key",
            "Upload the evaluation table: CSV, Excel, Parquet, ...",
        )


def _offer(form: Form) -> Mapping[str, Any]:
    return {"roles": ROLES, "titles": TITLES, "where": WHERE, "files": form.files}


def _summary(form: Form) -> Iterator[tuple[str, str]]:
    for role in ROLES:
        yield TITLES[role], form.files[role]["name"] if role in form.files else "Not given"


STEP = Step(
    slug="files",
    title="Which files show what it does?",
    owns=("data", "data.evaluation", "data.training", "model", "counts.artifact"),
    read=_read,
    problems=_problems,
    offer=_offer,
    summary=_summary,
)
