"""What the record can say to a field of a register: each with where it comes from, or nothing at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reports.characters import shown
from reports.compose.view import View
from reports.exports.shared import judged, model_digest, tables, tell
from reports.wording import count, joined, measure, measured, plural, where


@dataclass(frozen=True, slots=True)
class Told:
    """What stands in a field, and where the record has it from."""

    value: str
    source: str


_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]+")
HEADLINES = frozenset(
    {"selection_rate", "impact_ratio", "selection_rate_gap", "true_positive_rate", "true_positive_rate_gap"}
    | {"false_positive_rate", "false_positive_rate_gap", "mean_error", "mean_absolute_error"}
)
"""What a register is told of groups; the record and `measures.csv` have every number."""
Fact = Callable[[View], Told | None]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a register: its number or key there, its name, what fills it, and how long it may be."""

    id: str
    name: str
    fact: Fact | None = None
    most: int | None = None

    def told(self, view: View) -> tuple[str, str]:
        """Return the value and its source, or an empty value and why it is empty."""
        told = self.fact(view) if self.fact else None
        if told is None:
            return "", "not known to the audit: fill in"
        if not told.value:
            return "", told.source
        if self.most is not None and len(told.value) > self.most:
            return "", f"{told.source} has {len(told.value)} characters and {self.most} fit: shorten it"
        return told.value, told.source


def card(key: str) -> Fact:
    """Return the fact that the system card has under *key*."""

    def fact(view: View) -> Told | None:
        value = shown(str(view.system.get(key) or ""))
        return Told(value, f"system card: {key}") if value else None

    return fact


def address(key: str) -> Fact:
    """Return the e-mail address that the system card has under *key*; nothing where it is no address."""

    def fact(view: View) -> Told | None:
        told = card(key)(view)
        return told if told is not None and _ADDRESS.fullmatch(told.value) else None

    return fact


def answers(*keys: str) -> Fact:
    """Return what people attested under *keys*, with signer and day; what has expired is no longer told."""

    def fact(view: View) -> Told | None:
        given = view.submission.get("answers") or {}
        every = [(key, given[key]) for key in keys if (given.get(key) or {}).get("answer")]
        found = [(key, answer) for key, answer in every if not _expired(view, answer)]
        if not found:
            ended = [f"{key}, expired {answer['expiry']}" for key, answer in every]
            return Told("", shown(f"attested: {'; '.join(ended)}: renew it")) if ended else None
        said = "\n".join(shown(str(answer["answer"])) for _, answer in found)
        nobody = "a person who is not named here" if view.publication else "nobody named"
        by = [
            f"{key}, by {answer.get('signer') or nobody}, {answer.get('date') or 'no day'}"
            for key, answer in found
        ]
        return Told(said, shown(f"attested: {'; '.join(by)}"))

    return fact


def _expired(view: View, answer: Mapping[str, Any]) -> bool:
    return bool(answer.get("expiry")) and str(answer["expiry"]) < view.as_of


def either(*facts: Fact) -> Fact:
    """Return the first of *facts* that the record can tell; else why one has nothing to tell."""

    def fact(view: View) -> Told | None:
        found = [told for one in facts if (told := one(view)) is not None]
        return next((told for told in found if told.value), found[0] if found else None)

    return fact


def fixed(value: str) -> Fact:
    """Return what is so for every record."""
    return lambda _: Told(value, "of the format")


def kind(view: View) -> Told | None:
    """Return whether people are selected or scored."""
    task = view.submission.get("task")
    return Told("scoring" if task == "scoring" else "selection", "submission: task") if task else None


def tier(view: View) -> Told | None:
    """Return the risk tier by which rules applied."""
    whole = view.tier or {}
    name = whole.get("tier") or view.system.get("risk_tier")
    return Told(shown(str(name)), "record: risk tier") if name else None


def model(view: View) -> Told | None:
    """Return what the file says of the model, and by which columns it answers."""
    held = view.resolved.get("model") or {}
    features = [shown(str(name)) for name in view.resolved.get("features") or ()]
    parts = []
    if held.get("kind"):
        versions = ", ".join(f"{name} {number}" for name, number in (held.get("versions") or {}).items())
        parts.append(
            f"{held['kind']} in the format {held.get('format')}" + (f" ({versions})" if versions else "")
        )
    if digest := model_digest(view):
        parts.append(f"SHA-256 {digest}")
    if features:
        parts.append(f"{plural(len(features), 'feature')}: {', '.join(features)}")
    return Told(shown("; ".join(parts)), "read from the model file and the tables") if parts else None


def inputs(view: View) -> Told | None:
    """Return the features with their kinds."""
    kinds = view.resolved.get("kinds") or {}
    if not kinds:
        return None
    return Told(shown(", ".join(f"{name} ({kind})" for name, kind in kinds.items())), "read from the tables")


def outputs(view: View) -> Told | None:
    """Return what the system answers."""
    task = view.submission.get("task")
    if not task:
        return None
    classes = [shown(str(name)) for name in view.resolved.get("classes") or ()]
    favourable = view.resolved.get("favourable")
    parts = [f"task {task}"]
    parts += [f"classes {joined(classes)}"] if classes else []
    parts += [f"favourable outcome {favourable}"] if favourable else []
    threshold = view.columns.get("threshold")
    parts += [f"decided at the threshold {threshold}"] if threshold is not None else []
    return Told(shown("; ".join(parts)), "submission")


def data(view: View) -> Told | None:
    """Return the tables with rows, columns and digests."""
    sizes = view.resolved.get("tables") or {}
    parts = []
    for role, digest in tables(view).items():
        size = sizes.get(role) or {}
        counted = f"{size['rows']} rows, {size['columns']} columns, " if size.get("rows") else ""
        parts.append(f"{role}: {counted}SHA-256 {digest}")
    return Told("\n".join(parts), "read from the tables") if parts else None


def sensitive(view: View) -> Told | None:
    """Return which columns are of groups or declared sensitive."""
    groups = [shown(str(name)) for name in view.columns.get("groups") or ()]
    declared = [shown(str(name)) for name in view.columns.get("sensitive") or ()]
    parts = [f"groups compared: {joined(groups)}"] if groups else []
    parts += [f"declared sensitive: {joined(declared)}"] if declared else []
    return Told("; ".join(parts), "submission") if parts else None


def performance(view: View) -> Told | None:
    """Return the numbers of performance over everybody, with intervals."""
    lines = [
        f"{one.check}.{m.name}: {measured(m)}, n {count(m.n)}"
        for one in view.family("performance")
        for m in one.measures
        if m.value is not None and not m.of
    ]
    return Told("\n".join(lines), "measured: performance") if lines else None


def by_group(view: View) -> Told | None:
    """Return the headline rates of the groups that were submitted, with the ratios and gaps between them."""
    asked = view.columns.get("groups") or ()
    lines = []
    for check in ("fairness.selection_rate", "fairness.error_rates", "fairness.regression"):
        evidence = view.default(check)
        lines += [
            shown(f"{measure(m.name)} ({where(m.of)}): {measured(m)}, n {count(m.n)}")
            for m in (evidence.measures if evidence else ())
            if m.value is not None and m.name in HEADLINES and m.of.get("attribute") in asked
        ]
    return Told("\n".join(lines), "measured: fairness") if lines else None


def risks(view: View) -> Told | None:
    """Return what was found not to be met."""
    lines = [
        f"{one.path}: {tell(f)}"
        for framework in view.verdicts
        for one in judged(view, framework)
        for f in one.findings
        if f.verdict.value == "not_met"
    ]
    return Told("\n".join(lines), "findings: not met") if lines else None


def of_family(*checks: str) -> Fact:
    """Return the numbers that *checks* gave."""

    def fact(view: View) -> Told | None:
        found = [
            (one.check, m)
            for one in view.evidence
            if one.check.startswith(checks) and not one.parameters
            for m in one.measures
            if m.value is not None and not m.of
        ]
        lines = [f"{check}.{m.name}: {measured(m)}, n {count(m.n)}" for check, m in found]
        return Told("\n".join(lines), f"measured: {joined(checks)}") if lines else None

    return fact


def together(*facts: Fact) -> Fact:
    """Return all of *facts* that the record can tell, one after another."""

    def fact(view: View) -> Told | None:
        found = [told for one in facts if (told := one(view)) is not None]
        if not found:
            return None
        found = [told for told in found if told.value] or found
        return Told("\n".join(t.value for t in found), "; ".join(dict.fromkeys(t.source for t in found)))

    return fact
