"""What people put on record: the risk tier, attestations, waivers and the sandbox; nothing was measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from frameworks.model import Finding
from frameworks.tier import questionnaire
from reports import wording
from reports.compose.view import View, requirement_anchor
from reports.document import (
    Block,
    Bullet,
    Bullets,
    Callout,
    Cell,
    Column,
    KeyValues,
    Pair,
    Paragraph,
    Section,
    Table,
)

_RULE = "At most one renewal each; what is blocking is never set aside."
PHASES = {
    "not_yet": "has not begun",
    "running": "is running",
    "ended": "has ended",
    "void": "does not count",
}


def declared(view: View) -> Iterator[Section]:
    """Yield the section on what people put on record; nothing for a record that holds none of it."""
    parts = (
        Section("Risk tier", "declared-tier", tuple(_tier(view))),
        Section("Attestations", "declared-answers", tuple(_answers(view))),
        Section("Waivers", "declared-waivers", tuple(_waivers(view))),
        Section("Sandbox", "declared-sandbox", tuple(_sandbox(view))),
    )
    told = tuple(part for part in parts if part.blocks)
    if told:
        lead = Paragraph(
            "People declare what follows. Nothing of it was measured, and none of it makes a verdict met."
        )
        yield Section("What people put on record", "declared", (lead,), told)


def told_first(view: View) -> Iterator[Block]:
    """Yield what of it a reader has to know before the verdicts."""
    tier = view.tier or {}
    if _lower(tier):
        yield Callout(
            "warning",
            f"Declared as {tier['declared']} risk; its answers to the questionnaire give {tier['computed']}.",
            f"The higher one holds: it is judged as of {tier['tier']} risk. What people put on record shows "
            "the score.",
        )
    relief = view.relief or {}
    counting = [one for one in relief.get("waivers", ()) if one["counts"]]
    if counting:
        many = wording.plural(len(counting), "requirement is", "requirements are")
        yield Callout(
            "plain",
            f"{many} set aside by waivers.",
            "Their verdict is waived, with the verdict without it beside it; none of them counts as met.",
        )
    phases = {one["phase"] for one in relief.get("sandbox", ())}
    for phase in ("ended", "running"):
        if phase in phases:
            after = "judges as not met" if phase == "ended" else "is deferred"
            yield Callout(
                "warning" if phase == "ended" else "plain",
                f"The sandbox {PHASES[phase]}.",
                f"What it puts off and is not shown to be met {after}.",
            )


def tier_in_short(view: View) -> str | None:
    """Return the tier that held, with where it comes from."""
    tier = view.tier
    if tier is None:
        return view.system.get("risk_tier")
    if tier["computed"] is not None:
        return f"{tier['tier']}, by a questionnaire"
    said = (
        "as declared, without a questionnaire"
        if tier["declared"]
        else "nobody declared one: the highest holds"
    )
    return f"{tier['tier']} ({said})"


def _lower(tier: Mapping[str, Any]) -> bool:
    return (
        tier.get("declared") is not None
        and tier.get("computed") not in (None, tier["declared"])
        and (tier["tier"] != tier["declared"])
    )


def _tier(view: View) -> Iterator[Block]:
    tier = view.tier
    if tier is None:
        return
    if tier["score"] is None:
        yield Paragraph(
            f"Judged as a system of {tier['tier']} risk. No questionnaire was filled in, so nobody has "
            "scored how much is at stake; a tier that was only declared rests on whoever declares it."
        )
        return
    score = tier["score"]
    asked = view.submission.get("risk_questionnaire") or {}
    yield KeyValues(tuple(_scored(tier, score, asked)))
    if asked.get("answers"):
        yield _questions(asked["answers"], score)


def _scored(tier: Mapping[str, Any], score: Mapping[str, Any], asked: Mapping[str, Any]) -> Iterator[Pair]:
    count = wording.count
    yield Pair("Tier that holds", str(tier["tier"]))
    yield Pair("Declared", str(tier["declared"] or "nothing"))
    yield Pair("By the questionnaire", f"{tier['computed']} (level {score['level']})")
    yield Pair("Risk", f"{count(score['raw'])} of {count(score['raw_most'])} points")
    off = "15 % are taken off the risk" if score["reduced"] else "under 80 %, so nothing is taken off"
    most = count(score["mitigation_most"])
    yield Pair("Mitigation", f"{count(score['mitigation'])} of {most} points: {off}")
    yield Pair("Final", f"{count(score['final'])} points; levels are cut at 25, 50 and 75 % of the most")
    if score["raised_by"]:
        raised = wording.joined(wording.plain(name) for name in score["raised_by"])
        yield Pair("Raised by single answers", raised)
    if score["unanswered"]:
        many = wording.plural(len(score["unanswered"]), "question")
        yield Pair("Not answered", f"{many}, each counted as the answer that speaks most against the system")
    if asked.get("by"):
        yield Pair("Filled in", f"{asked['by']}, {asked.get('date')}")


def _questions(answers: Mapping[str, str], score: Mapping[str, Any]) -> Block:
    form = questionnaire()
    rows = []
    for question in form.questions:
        choice = question.choice(answers.get(question.id))
        given = choice.en if question.id in answers else f"not answered; counted as: {choice.en}"
        rows.append(
            (
                Cell(question.en),
                Cell(given),
                Cell(question.kind),
                Cell(wording.count(choice.points)),
            )
        )
    columns = (Column("Question"), Column("Answer"), Column("Kind"), Column("Points", "number"))
    note = "" if form.version == score["version"] else "Told in the words of a later version."
    return Table("The questionnaire", columns, tuple(rows), note)


def _answers(view: View) -> Iterator[Block]:
    asked: dict[str, Finding] = {}
    for finding in view.findings:
        if finding.attestation is not None and finding.verdict.value != "not_applicable":
            asked.setdefault(str(finding.attestation.get("key")), finding)
    given = [one for one in asked.values() if (one.attestation or {}).get("answer")]
    if not asked:
        return
    holding = sum(_without_relief(one) == "attested" for one in given)
    yield Paragraph(
        f"{wording.plural(len(asked), 'question')} that only people can answer: "
        f"{wording.count(len(given))} answered, {wording.count(holding)} with a signer, a date and an expiry "
        "that hold on the day of judging. A document is kept by its SHA-256 and was not read."
    )
    if given:
        columns = (
            Column("Question"),
            Column("Answer"),
            Column("Declared by"),
            Column("Holds"),
            Column("Document", "code"),
            Column("Counts", "verdict"),
        )
        yield Table("Answers, with who answers for them", columns, tuple(map(_answer, given)))


def _answer(finding: Finding) -> tuple[Cell, ...]:
    said = finding.attestation or {}
    verdict = _without_relief(finding)
    days = " to ".join(str(said[day]) for day in ("date", "expiry") if said.get(day))
    return (
        Cell(
            str(said.get("question") or said.get("key")),
            requirement_anchor(finding.framework, finding.requirement),
        ),
        Cell(str(said["answer"])),
        Cell(str(said.get("signer") or "nobody named")),
        Cell(days or "no dates"),
        Cell(str(said.get("document") or "none").removeprefix("sha256:")[:16]),
        Cell(wording.verdict(verdict), verdict=verdict),
    )


def _without_relief(finding: Finding) -> str:
    return str((finding.relief or {}).get("without") or finding.verdict.value)


def _waivers(view: View) -> Iterator[Block]:
    waivers = (view.relief or {}).get("waivers", ())
    if not waivers:
        return
    columns = (
        Column("Requirement"),
        Column("Why, and what may happen"),
        Column("What protects people meanwhile"),
        Column("Owner"),
        Column("Holds"),
        Column("On the day of judging", "verdict"),
    )
    yield Table("Requirements set aside", columns, tuple(_waiver(view, one) for one in waivers), _RULE)


def _waiver(view: View, one: Mapping[str, Any]) -> tuple[Cell, ...]:
    terms = one["terms"]
    days = "; renewed ".join(f"{term['date']} to {term['expiry']}" for term in terms)
    approvers = wording.joined(dict.fromkeys(str(t.get("approver") or "a named person") for t in terms))
    state = "Counts" if one["counts"] else wording.sentence(f"does not count: {one['flaw']}")
    target = requirement_anchor(one["framework"], one["requirement"]) if _known(view, one) else None
    return (
        Cell(str(one["requirement"]), target),
        Cell(f"{wording.sentence(terms[-1]['reason'])} Risk: {one['risk']}"),
        Cell(str(one["control"])),
        Cell(f"{one.get('owner') or 'a named person'}; approved by {approvers}"),
        Cell(days),
        Cell(state, verdict="waived" if one["counts"] else "undecided"),
    )


def _known(view: View, waiver: Mapping[str, Any]) -> bool:
    return any(
        f.framework == waiver.get("framework") and f.requirement == waiver["requirement"]
        for f in view.findings
    )


def _sandbox(view: View) -> Iterator[Block]:
    trials = (view.relief or {}).get("sandbox", ())
    said = view.submission.get("sandbox") or {}
    if not trials:
        return
    if said:
        yield KeyValues(tuple(_trial(said)))
    for one in trials:
        title = view.framework_title(one["framework"])
        yield Paragraph(wording.sentence(f"By {title}, the sandbox {PHASES[one['phase']]}: {one['why']}"))
        puts_off = [f"Puts off {name}" for name in one["deferred"]]
        puts_off += [f"May not put off {name}, which is judged as without it" for name in one["refused"]]
        if puts_off:
            yield Bullets(tuple(Bullet(text) for text in puts_off))
    rows = tuple(
        (
            Cell(str(stop["measure"])),
            Cell(wording.limit(stop["bound"])),
            Cell(_STOPS.get(stop["verdict"], "Not shown either way"), verdict=stop["verdict"]),
            Cell(wording.sentence(stop["reason"])),
        )
        for stop in trials[0]["stops"]
    )
    columns = (Column("Number", "code"), Column("Has to be"), Column("Evidence", "verdict"), Column("Reason"))
    yield Table("Limits that stop it early", columns, rows)


_STOPS = {"met": "Keeps it", "not_met": "Breaks it", "undecided": "Not shown either way"}


def _trial(said: Mapping[str, Any]) -> Iterator[Pair]:
    caps, counted = said["caps"], said.get("counted")
    yield Pair("Scope", str(said["scope"]))
    if said.get("owner"):
        yield Pair("Owner", f"{said['owner']}; approved by {said['approver']}")
    yield Pair("Time", f"{said['start']} to {said['expiry']}")
    if more := said.get("extension"):
        yield Pair("Extended", f"to {more['expiry']}, {more['reason']}")
    reached = f"{wording.count(counted['people'])} were in it" if counted else "not counted"
    yield Pair("People", f"{reached}; at most {wording.count(caps['people'])}")
    share = wording.exact(caps["share_of_cases"])
    handled = "not counted"
    if counted:
        handled = f"{wording.count(counted['cases'])} of {wording.count(counted['all_cases'])}"
    yield Pair("Cases", f"{handled}; a share of at most {share}")
    if said.get("stopped"):
        yield Pair("Stopped", str(said["stopped"]))
    report = said.get("exit_report")
    yield Pair(
        "Exit report",
        f"kept by its SHA-256, {str(report).removeprefix('sha256:')[:16]}" if report else "none",
    )
