"""What one audit measures: every check once, and again with each parameter set that a framework names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from auditor.known import near, unknown_names
from auditor.problems import Problem, Refused, refuse
from auditor.submission import Submission
from checks.registry import pages
from frameworks import load
from frameworks.model import Framework
from frameworks.plan import parameter_sets
from frameworks.resolve import NEGATION
from reports.record import canonical

DOCUMENTS = ("report", "summary", "plan", "comparison", "transparency", "annex")
"""What a record is told as; all but the report hold no pictures and are made when somebody asks."""
RESULTS = ("audit.json", "report.html", "report.pdf")
"""What an audit leaves, by name."""
BUNDLE = "bundle.zip"
"""All of it, with a manifest and a signature."""
CALLS = "calls.jsonl"
"""The calls of a live endpoint, one JSON object a line; left beside the results of an audit that made any."""


def frameworks_named(
    names: Sequence[str], rules: Mapping[str, str] = MappingProxyType({})
) -> tuple[Framework, ...]:
    """Return the frameworks called *names*, bundled or in *rules*; refuse by name those that are not here."""
    packs = {**load.packs(), **_written(rules)}
    unknown = [
        Problem(
            "frameworks", "unknown-framework", f"there is no framework `{name}`; choose from {_list(packs)}."
        )
        for name in names
        if name not in packs
    ]
    if unknown:
        raise Refused(unknown)
    return tuple(packs[name] for name in dict.fromkeys(names))


def frameworks_asked(submission: Submission) -> tuple[Framework, ...]:
    """Return the frameworks of *submission*; refuse what no framework at all asks for."""
    frameworks = frameworks_named(submission.frameworks, submission.rules)
    packs = [*load.packs().values(), *frameworks]
    questions = {question.key for pack in packs for question in pack.attestations()}
    conditions = {condition for pack in packs for condition in pack.conditions}
    unasked = [
        Problem(
            f"answers.{key}",
            "unknown-answer",
            f"no framework asks for an answer `{key}`; {near(key, questions)}",
        )
        for key in submission.answers
        if key not in questions
    ] + [
        Problem(
            "system.conditions",
            "unknown-condition",
            f"no framework knows the condition `{said}`; {near(said.removeprefix(NEGATION), conditions)}",
        )
        for said in submission.system.conditions
        if said.removeprefix(NEGATION) not in conditions
    ]
    unasked += unknown_names(submission, packs)
    if unasked:
        raise Refused(unasked)
    return frameworks


def plan(frameworks: Sequence[Framework]) -> list[tuple[str, dict[str, Any]]]:
    """Return check ids with parameters, in the order of the record: by id, then by parameters."""
    sets = parameter_sets(frameworks)
    return [
        (check, dict(parameters))
        for check in sorted(pages())
        for parameters in sorted(sets.get(check, ({},)), key=canonical)
    ]


def _written(rules: Mapping[str, str]) -> dict[str, Framework]:
    """Read the rule files that come with a submission."""
    shelf = load.Shelf({name: text.encode() for name, text in rules.items()}, load.bundled())
    found = {}
    for name in rules:
        where = f"rules.{name}"
        if name in load.packs():
            raise refuse(where, "bundled-id", f"`{name}` is the id of a bundled framework; choose another.")
        try:
            framework = shelf.get(name)
        except load.LoadError as wrong:
            raise refuse(where, "rules", str(wrong)) from None
        if framework is None or framework.id != name:
            raise refuse(where, "other-id", f"`{where}` holds other rules; write their own id as the key.")
        found[name] = framework
    return found


def _list(packs: Mapping[str, Framework]) -> str:
    return ", ".join(sorted(packs))
