"""By which rules the evidence is judged, and how much is at stake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from auditor.problems import Problem
from auditor.web.form import Form
from auditor.web.here import all_frameworks
from auditor.web.steps.step import Posted, Step, joined, text
from frameworks.tier import questionnaire, score
from reports.language import N_, _, said
from reports.wording import plural

DEFAULT = ("global-baseline",)
TIERS = N_(
    {
        "high": (
            "High",
            "It decides, or strongly steers, access to rights, services, work, credit or safety.",
        ),
        "moderate": ("Moderate", "It supports such decisions; a person decides."),
        "limited": ("Limited", "It touches nobody's rights, access or safety."),
    }
)


_QUESTIONS = "risk_questionnaire"
_SIGNED = {"by": "Say who filled in the questionnaire.", "date": "Say when it was filled in, as 2026-12-31."}


def _read(form: Form, posted: Posted) -> None:
    ticked = posted.getlist("frameworks")
    form.put("frameworks", [f.id for f in all_frameworks() if f.id in ticked])
    form.put("system.risk_tier", text(posted, "system.risk_tier"))
    declared = []
    for condition in _conditions():
        match posted.get(f"condition.{condition}"):
            case "yes":
                declared.append(condition)
            case "no":
                declared.append(f"not {condition}")
    form.put("system.conditions", declared)
    _read_questionnaire(form, posted)


def _read_questionnaire(form: Form, posted: Posted) -> None:
    answers = {q.id: text(posted, f"{_QUESTIONS}.answers.{q.id}") for q in questionnaire().questions}
    written = {
        "answers": {name: given for name, given in answers.items() if given},
        "by": text(posted, f"{_QUESTIONS}.by"),
        "date": text(posted, f"{_QUESTIONS}.date"),
    }
    form.put(_QUESTIONS, {key: value for key, value in written.items() if value})


def _conditions() -> Mapping[str, str]:
    return {name: sentence for f in all_frameworks() for name, sentence in f.conditions.items()}


def _problems(form: Form) -> Iterator[Problem]:
    chosen = form.get("frameworks", [])
    if not chosen:
        yield Problem("frameworks", "missing-key", "Choose at least one framework.")
    offered = {f.id for f in all_frameworks()}
    for name in chosen:
        if name not in offered:
            yield Problem(
                "frameworks", "unknown-framework", f"There is no framework “{name}”; choose another."
            )
    asked = form.get(_QUESTIONS, {})
    if form.get("system.risk_tier") not in TIERS and not asked:
        sentence = "Choose how much is at stake for people, or fill in the questionnaire."
        yield Problem("system.risk_tier", "missing-key", sentence)
    if asked:
        for key, sentence in _SIGNED.items():
            if not asked.get(key):
                yield Problem(f"{_QUESTIONS}.{key}", "missing-key", sentence)
        if not asked.get("answers"):
            sentence = "Answer its questions, or clear who filled it in."
            yield Problem(f"{_QUESTIONS}.by", "missing-key", sentence)


def _offer(form: Form) -> Mapping[str, Any]:
    declared = form.get("system.conditions", [])
    return {
        "frameworks": all_frameworks(),
        "chosen": form.get("frameworks", DEFAULT),
        "tiers": TIERS,
        "questionnaire": questionnaire(),
        "filled": form.get(_QUESTIONS, {}),
        "scored": score(form.get(_QUESTIONS)["answers"]) if _answered(form) else None,
        "conditions": [
            (name, sentence, "yes" if name in declared else "no" if f"not {name}" in declared else "")
            for name, sentence in _conditions().items()
        ],
    }


def _answered(form: Form) -> bool:
    return bool(form.get(_QUESTIONS, {}).get("answers"))


def _summary(form: Form) -> Iterator[tuple[str, str]]:
    titles = {f.id: f.title for f in all_frameworks()}
    chosen = (said(titles.get(f, f)) for f in form.get("frameworks", []))
    yield _("Judged by"), joined(chosen, _("Not given"))
    tier = form.get("system.risk_tier")
    yield _("Risk tier"), _(TIERS[tier][0]) if tier else _("Not given")
    if _answered(form):
        found = score(form.get(_QUESTIONS)["answers"])
        answered = len(questionnaire().questions) - len(found.unanswered)
        told = _(
            "{tier}, {questions} answered",
            tier=_(TIERS[found.tier][0]),
            questions=plural(answered, "question"),
        )
        yield _("By the questionnaire"), told
    nothing = _("None declared: each is taken to hold")
    yield _("Circumstances"), joined(form.get("system.conditions", []), nothing)


STEP = Step(
    slug="frameworks",
    title=N_("By which rules is it judged?"),
    owns=(
        "frameworks",
        "system.risk_tier",
        "system.conditions",
        _QUESTIONS,
        *(f"{_QUESTIONS}.{key}" for key in _SIGNED),
    ),
    read=_read,
    problems=_problems,
    offer=_offer,
    summary=_summary,
)
