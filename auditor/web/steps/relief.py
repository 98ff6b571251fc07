"""What is set aside for a time and what is on trial: waivers and the sandbox, below the attestations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from auditor.problems import Problem
from auditor.web.form import Form
from auditor.web.here import all_frameworks
from auditor.web.steps.step import Posted, number, text
from frameworks.model import Severity
from reports.language import N_, _
from reports.wording import listed

MOST = 20
WAIVER = N_(
    {
        "requirement": ("Requirement", "Its id, for example TRANS-02."),
        "owner": ("Who answers for the system and asks for this", "Name and role."),
        "reason": ("Why it is set aside", ""),
        "risk": ("What may happen to people meanwhile", ""),
        "compensating_control": ("What protects them meanwhile", ""),
        "approver": ("Who approves it", "Somebody else than the owner. Name and role."),
        "date": ("From", ""),
        "expiry": ("Until", "180 days at most, unless a framework says otherwise."),
    }
)
"""Parts of a waiver, with what a page asks for."""
RENEWAL = N_(
    {
        "approver": "Who renews it",
        "date": "Renewed from",
        "expiry": "Renewed until",
        "reason": "Why again",
    }
)
SANDBOX = N_({
    "scope": ("Scope", "For example one district or one department."),
    "owner": ("Who answers for the trial", "Name and role."),
    "approver": ("Who approves it", "Somebody else than the owner. Name and role."),
    "start": ("Starts", ""),
    "expiry": ("Ends", "365 days later at most, unless a framework says otherwise."),
    "defers": ("Requirements that it puts off", "Ids, with commas between them. None that is blocking."),
    "caps.people": ("Most people who may be in it", ""),
    "caps.share_of_cases": ("Largest share of all cases", "For example 0.1."),
    "counted.people": ("People in it so far", "Without these three counts it puts nothing off."),
    "counted.cases": ("Cases handled in it so far", ""),
    "counted.all_cases": ("All cases in the same time", ""),
    "stopped": ("Stopped early on", ""),
})  # fmt: skip
WHOLE = {"caps.people", "caps.share_of_cases", "counted.people", "counted.cases", "counted.all_cases"}
NEEDED = [key for key in SANDBOX if not key.startswith("counted.") and key != "stopped"]
DAYS = {"date", "expiry", "start", "stopped"}
LONG = {"reason", "risk", "compensating_control", "scope"}
STOP = "sandbox.stop_unless"
OWNS = ("waivers", "sandbox", *(f"sandbox.{key}" for key in SANDBOX), STOP)
_LIMIT = re.compile(r"^(\S+)\s+(at least|at most)\s+(\S+)$")


def read(form: Form, posted: Posted) -> None:
    """Keep what was written, as the API would be sent it."""
    if "waivers.asked" not in posted:
        return
    found = (_waiver(posted, f"waivers.{position}") for position in range(MOST))
    form.put("waivers", [waiver for waiver in found if waiver])
    report = form.get("sandbox.exit_report", None)
    trial = _sandbox(posted)
    if trial and report:
        trial["exit_report"] = report
    form.put("sandbox", trial)


def _waiver(posted: Posted, where: str) -> dict[str, Any]:
    written = _written(posted, where, WAIVER)
    renewed = _written(posted, f"{where}.renewal", RENEWAL)
    return written | ({"renewal": renewed} if renewed else {})


def _written(posted: Posted, where: str, parts: Iterable[str]) -> dict[str, Any]:
    found = {part: text(posted, f"{where}.{part}") for part in parts}
    return {part: value for part, value in found.items() if value}


def _sandbox(posted: Posted) -> dict[str, Any]:
    trial: dict[str, Any] = {}
    for key in SANDBOX:
        if not text(posted, f"sandbox.{key}"):
            continue
        value: Any = text(posted, f"sandbox.{key}")
        if key == "defers":
            value = [name for name in re.split(r"[,\s]+", value) if name]
        elif key in WHOLE:
            value = number(posted, f"sandbox.{key}")
        head, _, tail = key.partition(".")
        if tail:
            trial.setdefault(head, {})[tail] = value
        else:
            trial[head] = value
    if limits := [line.strip() for line in posted.get(STOP, "").splitlines() if line.strip()]:
        trial["stop_unless"] = [_limit(line) for line in limits]
    extended = _written(posted, "sandbox.extension", RENEWAL)
    return trial | ({"extension": extended} if extended else {})


def _limit(line: str) -> dict[str, Any]:
    """Return a limit; a line that is none stays as the name of a measure, which is then refused by name."""
    found = _LIMIT.match(line)
    if found is None:
        return {"measure": line}
    measure, operator, limit = found.groups()
    try:
        return {"measure": measure, operator.replace(" ", "_"): float(limit)}
    except ValueError:
        return {"measure": line}


def spelt(limits: Iterable[Mapping[str, Any]]) -> str:
    """Return limits as the page takes them, one a line."""
    return "\n".join(" ".join(_spelt(limit)) for limit in limits)


def _spelt(limit: Mapping[str, Any]) -> Iterator[str]:
    yield str(limit["measure"])
    for operator in ("at_least", "at_most"):
        if operator in limit:
            yield f"{operator.replace('_', ' ')} {limit[operator]:g}"


def problems(form: Form) -> Iterator[Problem]:
    """Find what is missing of a waiver or of the sandbox; the shape of submissions says the rest."""
    blocking = {r.id for f in all_frameworks() for r in f.requirements if r.severity is Severity.BLOCKING}
    known = {r.id for f in all_frameworks() for r in f.requirements}
    for position, waiver in enumerate(form.get("waivers", [])):
        for part, (asked, _hint) in WAIVER.items():
            if not waiver.get(part):
                yield Problem(
                    f"waivers.{position}.{part}", "missing-key", f"A waiver needs this: {asked.lower()}."
                )
        name = waiver.get("requirement")
        if name and name not in known:
            sentence = f"No framework has a requirement “{name}”."
            yield Problem(f"waivers.{position}.requirement", "unknown-requirement", sentence)
        elif name in blocking:
            sentence = f"{name} is blocking; what is blocking is never set aside."
            yield Problem(f"waivers.{position}.requirement", "blocking", sentence)
    yield from _problems_of_sandbox(form, known)


def _problems_of_sandbox(form: Form, known: set[str]) -> Iterator[Problem]:
    trial = form.get("sandbox", {})
    if not trial:
        return
    for key in NEEDED:
        head, _, tail = key.partition(".")
        value = trial.get(head, {})
        if not (value.get(tail) if tail else value):
            asked = SANDBOX[key][0].lower()
            yield Problem(f"sandbox.{key}", "missing-key", f"A sandbox needs this: {asked}.")
    for name in trial.get("defers", []):
        if name not in known:
            sentence = f"No framework has a requirement “{name}”."
            yield Problem("sandbox.defers", "unknown-requirement", sentence)
    for limit in trial.get("stop_unless", [{}]):
        if not ({"at_least", "at_most"} & limit.keys()):
            sentence = "Write a limit on each line: a measure, “at least” or “at most”, and a number."
            yield Problem(STOP, "not-a-limit", sentence)
            break


def offer(form: Form) -> Mapping[str, Any]:
    """Return what the page needs: the waivers given, one empty one, and the sandbox."""
    given = form.get("waivers", [])
    trial = form.get("sandbox", {})
    flat = {key: _value(trial, key) for key in SANDBOX}
    flat["defers"] = ", ".join(trial.get("defers", []))
    return {
        "waivers": [*given, {}][:MOST],
        "waiver_parts": WAIVER,
        "renewal_parts": RENEWAL,
        "trial": trial,
        "trial_parts": SANDBOX,
        "trial_values": flat,
        "stop_limits": spelt(trial.get("stop_unless", [])),
        "needed": NEEDED,
        "days": DAYS,
        "long": LONG,
    }


def _value(trial: Mapping[str, Any], key: str) -> Any:
    head, _, tail = key.partition(".")
    value = trial.get(head, {} if tail else "")
    return value.get(tail, "") if tail else value


def summary(form: Form) -> Iterator[tuple[str, str]]:
    """Yield what the check page shows."""
    waivers = form.get("waivers", [])
    if waivers:
        aside = (_("{name} until {day}", name=w.get("requirement"), day=w.get("expiry")) for w in waivers)
        yield _("Set aside"), listed(aside)
    if trial := form.get("sandbox", {}):
        yield _("On trial"), _("{name}, until {day}", name=trial.get("scope"), day=trial.get("expiry"))
