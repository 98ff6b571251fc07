"""Rules as an OSCAL catalog (1.2): a control a requirement, a parameter a limit, an objective a criterion.

The id of a control is the one that assessment results of an audit name (`reports/exports/oscal.py`), so
results point into the catalog of the same rule set. Names of measures are told in English, texts as the rule
file has them.
Source: NIST OSCAL, catalog model, https://pages.nist.gov/OSCAL/.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from frameworks import policies
from frameworks.layers import on_day
from frameworks.model import Bound, Change, Criterion, Framework, Requirement
from reports.characters import shown
from reports.exports.shared import PROJECT, as_json, token
from reports.language import ENGLISH, speaking
from reports.record import canonical
from reports.terms import OPERATORS
from reports.wording import measure, sentence

VERSION = "1.2.1"
NAMESPACE = "https://auditor.invalid/ns/oscal"
"""Of our properties; nothing is served there."""
UNDATED = "1970-01-01T00:00:00Z"
"""OSCAL asks for the moment of the last change; rules know a version and a digest instead."""
SUGGESTED = "A suggestion of this project."
REMARKS = (
    "The moment of the last change is not known and stands as 1970; version and digest tell which rules "
    "these are."
)


def catalog(framework: Framework, day: dt.date | None = None) -> bytes:
    """Return all that *framework* asks, an overlay's with what it builds on, as it stands on *day*."""
    rules = on_day(framework, day) if day else framework
    with speaking(ENGLISH):
        controls = [control(rules, one, token(rules.id, one.id)) for one in rules.requirements]
        made = {
            "uuid": identifier(rules, day, "catalog"),
            "metadata": metadata(rules, day, rules.title),
            **({"controls": controls} if controls else {}),
        }
    return as_json({"catalog": made})


def file_name(framework: Framework, model: str) -> str:
    """Return the name of the file of a *model* (`catalog`, `profile`): profiles name catalogs by it."""
    return f"{framework.id}.oscal-{model}.json"


def identifier(framework: Framework, day: dt.date | None, *parts: str) -> str:
    """Return a UUID that depends on the rules, on *day* where it matters, and on *parts* alone."""
    when = day.isoformat() if day and framework.layer else ""
    return str(uuid.uuid5(PROJECT, "\n".join((framework.digest, when, *parts))))


def metadata(framework: Framework, day: dt.date | None, title: str) -> dict[str, Any]:
    """Return what OSCAL wants to know of a document, and what the head of a rule file says."""
    told: dict[str, Any] = {
        "framework": framework.id,
        "force": framework.force,
        "jurisdiction": framework.jurisdiction,
        "issuer": framework.issuer,
        "scope": framework.scope,
        "language": framework.language,
        "digest": framework.digest,
        "from": framework.start or framework.begins,
        "until": framework.end,
        "review-by": framework.review_by,
        "sunset": framework.sunset,
        "as-of": day if framework.layer else None,
    }
    people = [
        prop("group", one.title, f"{one.id}: {_who(one.attributes, one.values, one.at_least, one.below)}")
        for one in framework.groups
    ]
    tiers = [prop("tier", tier, line(rule)) for tier, rule in framework.tiers.items() if line(rule)]
    made: dict[str, Any] = {
        "title": line(title),
        "last-modified": UNDATED,
        "version": line(framework.version),
        "oscal-version": VERSION,
        "props": [*props(told), *people, *tiers, *_policies(framework)],
        "remarks": "\n\n".join(filter(None, (*map(shown, framework.notes), framework.lapsed, REMARKS))),
    }
    if framework.url:
        made["links"] = [{"href": framework.url, "rel": "reference"}]
    return made


def _policies(framework: Framework) -> Iterator[dict[str, str]]:
    """Return what the rules allow of waivers and trials, and from which figures on they propose a change."""
    for block, key, value, ground in policies.rows(framework):
        by = f"{ground.framework} {ground.version}, {ground.basis}: {ground.source}" if ground else SUGGESTED
        yield prop(token(f"{block}-{key}"), value.strip("[]") or "none", by)


def _who(columns: tuple[str, ...], values: tuple[str, ...], least: float | None, below: float | None) -> str:
    ranges = [f"from {spelt(least)}"] if least is not None else []
    ranges += [f"below {spelt(below)}"] if below is not None else []
    return line(f"columns {', '.join(columns)}; {', '.join([*values, *ranges]) or 'any value'}")


def control(framework: Framework, asked: Requirement, name: str) -> dict[str, Any]:
    """Return one requirement as the control *name*."""
    parameters = [
        parameter(part, token(name, part.id), part.bound) for part in _parts(asked) if _limited(part)
    ]
    made: dict[str, Any] = {"id": name, "title": line(asked.title)}
    if parameters:
        made["params"] = parameters
    made["props"] = [*_standard(asked), *_facts(framework, asked)]
    if asked.replaced_by:
        made["links"] = [{"href": f"#{token(framework.id, asked.replaced_by)}", "rel": "moved-to"}]
    made["parts"] = [
        *(
            [{"id": token(name, "statement"), "name": "statement", "prose": shown(asked.text)}]
            * bool(asked.text)
        ),
        *(objective(one, name) for one in asked.criteria),
        *_changes(asked, name),
    ]
    return made if made["parts"] else {key: value for key, value in made.items() if key != "parts"}


def _standard(asked: Requirement) -> list[dict[str, str]]:
    """Return the properties that OSCAL itself names."""
    made = [{"name": "label", "value": line(asked.id)}]
    return [*made, {"name": "status", "value": "withdrawn"}] if asked.replaced_by else made


def _facts(framework: Framework, asked: Requirement) -> Iterator[dict[str, str]]:
    applies = asked.applies
    yield from props(
        {
            "severity": asked.severity.value,
            "principle": asked.principle,
            "clause": asked.source.clause,
            "clause-of": asked.source.framework,
            "verified": asked.source.verified,
            "review": asked.review,
            "from": applies.start,
            "until": applies.end,
            "superseded-by": applies.superseded_by,
            "origin": asked.origin,
            "locked": "yes" if asked.locked else None,
        }
    )
    yield from (prop("tier", tier) for tier in applies.tiers)
    yield from (prop("task", task) for task in sorted(applies.tasks))
    yield from (prop("when", name, framework.conditions.get(name, "")) for name in applies.when)
    yield from (prop("baseline-control", name) for name in asked.controls)


def parameter(part: Criterion, name: str, bound: Bound | None) -> dict[str, Any]:
    """Return a limit with its value, where it comes from, and what it bounds."""
    assert bound
    return {
        "id": name,
        "class": token(bound.operator.replace("_", "-")),
        "props": props(
            {
                "measure": part.measure,
                "operator": bound.operator,
                "decide": bound.decide.value,
                "basis": part.basis.value,
                "basis-source": part.basis_source,
            }
        ),
        "label": line(measure(part.measure or part.id)),
        "values": [spelt(bound.limit)],
    }


def objective(one: Criterion, control_name: str) -> dict[str, Any]:
    """Return a criterion as what an assessor finds out: a number against its limit, or what is attested."""
    name = token(control_name, one.id)
    made: dict[str, Any] = {"id": token(name, "objective"), "name": "assessment-objective"}
    told: dict[str, Any] = {"criterion": one.id}
    if one.any_of or one.all_of:
        told["combine"] = "any" if one.any_of else "all"
        made["prose"] = "Any of these is enough." if one.any_of else "All of these are needed."
        made["parts"] = [objective(part, control_name) for part in one.parts]
    elif one.attested is not None:
        told |= {"attested": one.attested, "missing": one.missing.value}
        made["prose"] = shown(one.question or one.attested)
    else:
        told |= {"measure": one.measure, **{f"of-{key}": value for key, value in one.of.items()}}
        told |= {f"parameter-{key}": spelt(value) for key, value in one.parameters.items()}
        told |= {"missing": one.missing.value}
        made["prose"] = _held(one, name)
    made["props"] = [*props(told), *(prop("task", task) for task in sorted(one.tasks))]
    if not _limited(one):
        made["props"] += props({"basis": one.basis.value, "basis-source": one.basis_source})
    return made


def _held(one: Criterion, name: str) -> str:
    what = measure(one.measure or one.id)
    if one.bound is None or one.bound.limit is None:
        return sentence(f"{what} is reported; there is no limit")
    return sentence(
        f"{what}: {OPERATORS[one.bound.operator].format(value=f'{{{{ insert: param, {name} }}}}')}"
    )


def _changes(asked: Requirement, name: str) -> list[dict[str, Any]]:
    seen: dict[str, int] = {}

    def place(change: Change) -> str:
        seen[change.overlay] = seen.get(change.overlay, 0) + 1
        return str(seen[change.overlay])

    def told(change: Change) -> dict[str, Any]:
        sides = {"old": change.old, "new": change.new}
        return {
            "mode": change.mode,
            "overlay": change.overlay,
            "version": change.version,
            "criterion": change.criterion,
            **{key: canonical(value).decode() for key, value in sides.items() if value is not None},
        }

    return [
        {
            "id": token(name, "change", change.overlay, place(change)),
            "name": "local-change",
            "ns": NAMESPACE,
            "props": props(told(change)),
            "prose": sentence(shown(change.reason)),
        }
        for change in asked.changes
    ]


def _parts(asked: Requirement) -> Iterator[Criterion]:
    for one in asked.criteria:
        yield from one.parts


def _limited(part: Criterion) -> bool:
    return part.bound is not None and part.bound.limit is not None


def spelt(value: Any) -> str:
    """Spell a value for machines: the shortest digits that give the number back."""
    return line(value if isinstance(value, str) else canonical(value).decode())


def props(named: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return properties of ours; what is not known is left out."""
    return [prop(token(name), str(value)) for name, value in named.items() if value and line(str(value))]


def prop(name: str, value: str, remarks: str = "") -> dict[str, str]:
    """Return one property of ours."""
    made = {"name": name, "ns": NAMESPACE, "value": line(value)}
    return {**made, "remarks": shown(remarks)} if remarks else made


def line(text: str) -> str:
    """Return *text* as OSCAL takes a value: one line, with nothing that hides."""
    return " ".join(shown(" ".join(text.split())).split())
