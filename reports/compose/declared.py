"""What people put on record: the risk tier, attestations, waivers and the sandbox; nothing was measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from frameworks.model import Finding
from frameworks.tier import questionnaire
from reports import wording
from reports.compose import allowed, transfers
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
from reports.language import N_, _, of_two, own
from reports.language import said as said_of

_RULE = N_("At most one renewal each; what is blocking is never set aside.")
PHASES = N_(
    {
        "not_yet": "has not begun",
        "running": "is running",
        "ended": "has ended",
        "void": "does not count",
    }
)


def declared(view: View) -> Iterator[Section]:
    """Yield the section on what people put on record; nothing for a record that holds none of it."""
    parts = (
        Section(_("Risk tier"), "declared-tier", tuple(_tier(view))),
        Section(_("Attestations"), "declared-answers", tuple(_answers(view))),
        Section(_("Waivers"), "declared-waivers", tuple(_waivers(view))),
        Section(_("Sandbox"), "declared-sandbox", tuple(_sandbox(view))),
        Section(_("Terms of data transfers"), "declared-terms", tuple(transfers.terms(view))),
    )
    told = tuple(part for part in parts if part.blocks)
    if told:
        lead = Paragraph(
            _("People declare what follows. Nothing of it was measured, and none of it makes a verdict met.")
        )
        yield Section(_("What people put on record"), "declared", (lead,), told)


def told_first(view: View) -> Iterator[Block]:
    """Yield what of it a reader has to know before the verdicts."""
    tier = view.tier or {}
    if _lower(tier):
        yield Callout(
            "warning",
            _(
                "Declared as {declared} risk; its answers to the questionnaire give {computed}.",
                declared=own(tier["declared"]),
                computed=own(tier["computed"]),
            ),
            _(
                "The higher one holds: it is judged as of {tier} risk. What people put on record shows the "
                "score.",
                tier=own(tier["tier"]),
            ),
        )
    relief = view.relief or {}
    counting = [one for one in relief.get("waivers", ()) if one["counts"]]
    if counting:
        many = wording.plural(len(counting), "requirement is", "requirements are")
        yield Callout(
            "plain",
            _("{many} set aside by waivers.", many=many),
            _("Their verdict is waived, with the verdict without it beside it; none of them counts as met."),
        )
    phases = {one["phase"] for one in relief.get("sandbox", ())}
    for phase in ("ended", "running"):
        if phase in phases:
            after = _("judges as not met") if phase == "ended" else _("is deferred")
            yield Callout(
                "warning" if phase == "ended" else "plain",
                _("The sandbox {phase}.", phase=own(PHASES[phase])),
                _("What it puts off and is not shown to be met {after}.", after=after),
            )


def tier_in_short(view: View) -> str | None:
    """Return the tier that held, with where it comes from."""
    tier = view.tier
    if tier is None:
        return own(str(view.system["risk_tier"])) if view.system.get("risk_tier") else None
    if tier["computed"] is not None:
        return _("{tier}, by a questionnaire", tier=own(tier["tier"]))
    said = (
        _("as declared, without a questionnaire")
        if tier["declared"]
        else _("nobody declared one: the highest holds")
    )
    return _("{tier} ({how})", tier=own(tier["tier"]), how=said)


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
            _(
                "Judged as a system of {tier} risk. No questionnaire was filled in, so nobody has scored how "
                "much is at stake; a tier that was only declared rests on whoever declares it.",
                tier=own(tier["tier"]),
            )
        )
        return
    score = tier["score"]
    asked = view.submission.get("risk_questionnaire") or {}
    yield KeyValues(tuple(_scored(tier, score, asked)))
    if asked.get("answers"):
        yield _questions(asked["answers"], score)


def _scored(tier: Mapping[str, Any], score: Mapping[str, Any], asked: Mapping[str, Any]) -> Iterator[Pair]:
    yield Pair(_("Tier that holds"), own(str(tier["tier"])))
    yield Pair(_("Declared"), own(str(tier["declared"])) if tier["declared"] else _("nothing"))
    yield Pair(
        _("By the questionnaire"),
        _("{tier} (level {level})", tier=own(tier["computed"]), level=score["level"]),
    )
    yield Pair(_("Risk"), _points(score["raw"], score["raw_most"]))
    off = _("15 % are taken off the risk") if score["reduced"] else _("under 80 %, so nothing is taken off")
    points = _points(score["mitigation"], score["mitigation_most"])
    yield Pair(_("Mitigation"), _("{points}: {off}", points=points, off=off))
    yield Pair(
        _("Final"),
        _(
            "{final} points; levels are cut at 25, 50 and 75 % of the most",
            final=wording.count(score["final"]),
        ),
    )
    if score["raised_by"]:
        raised = wording.joined(wording.plain(name) for name in score["raised_by"])
        yield Pair(_("Raised by single answers"), raised)
    if score["unanswered"]:
        many = wording.plural(len(score["unanswered"]), "question")
        yield Pair(
            _("Not answered"),
            _("{many}, each counted as the answer that speaks most against the system", many=many),
        )
    if asked.get("by"):
        yield Pair(_("Filled in"), _("{who}, {day}", who=asked["by"], day=asked.get("date")))


def _points(reached: float, most: float) -> str:
    return _("{reached} of {most} points", reached=wording.count(reached), most=wording.count(most))


def _questions(answers: Mapping[str, str], score: Mapping[str, Any]) -> Block:
    form = questionnaire()
    rows = []
    for question in form.questions:
        choice = question.choice(answers.get(question.id))
        words = _asked(choice)
        given = words if question.id in answers else _("not answered; counted as: {answer}", answer=words)
        rows.append(
            (
                Cell(_asked(question)),
                Cell(given),
                Cell(own(question.kind)),
                Cell(wording.count(choice.points)),
            )
        )
    columns = (Column(_("Question")), Column(_("Answer")), Column(_("Kind")), Column(_("Points"), "number"))
    note = "" if form.version == score["version"] else _("Told in the words of a later version.")
    return Table(_("The questionnaire"), columns, tuple(rows), note)


def _asked(words: Any) -> str:
    """Return a question or an answer in the language that is being told; the questionnaire has its own."""
    return of_two(words.en, words.zh)


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
        _(
            "{questions} that only people can answer: {given} answered, {holding} with another answer than "
            "no and with a signer, a date and an expiry that hold on the day of judging. A document is kept "
            "by its SHA-256 and was not read.",
            questions=wording.plural(len(asked), "question"),
            given=wording.count(len(given)),
            holding=wording.count(holding),
        )
    )
    if given:
        columns = (
            Column(_("Question")),
            Column(_("Answer"), "prose"),
            Column(_("Declared by")),
            Column(_("Holds")),
            Column(_("Document"), "code"),
            Column(_("Counts"), "verdict"),
        )
        yield Table(_("Answers, with who answers for them"), columns, tuple(map(_answer, given)))


def _answer(finding: Finding) -> tuple[Cell, ...]:
    said = finding.attestation or {}
    verdict = _without_relief(finding)
    days = [str(said[day]) for day in ("date", "expiry") if said.get(day)]
    return (
        Cell(
            wording.recorded(str(said.get("question") or said.get("key"))),
            requirement_anchor(finding.framework, finding.requirement),
        ),
        Cell(str(said["answer"])),
        Cell(wording.phrase(str(said.get("signer") or "")) or _("nobody named")),
        Cell(_period(*days) if len(days) > 1 else (days or [_("no dates")])[0]),
        Cell(str(said.get("document") or _("none")).removeprefix("sha256:")[:16]),
        Cell(wording.verdict(verdict), verdict=verdict),
    )


def _without_relief(finding: Finding) -> str:
    return str((finding.relief or {}).get("without") or finding.verdict.value)


def _waivers(view: View) -> Iterator[Block]:
    waivers = (view.relief or {}).get("waivers", ())
    if not waivers:
        return
    columns = (
        Column(_("Requirement")),
        Column(_("Why, and what may happen")),
        Column(_("What protects people meanwhile")),
        Column(_("Owner")),
        Column(_("Holds")),
        Column(_("On the day of judging"), "verdict"),
    )
    yield Table(
        _("Requirements set aside"), columns, tuple(_waiver(view, one) for one in waivers), own(_RULE)
    )
    yield from allowed.waivers(view, (one["framework"] for one in waivers if one["framework"]))


def _waiver(view: View, one: Mapping[str, Any]) -> tuple[Cell, ...]:
    terms = one["terms"]
    days = _("; renewed ").join(_period(term["date"], term["expiry"]) for term in terms)
    approvers = wording.joined(dict.fromkeys(str(t.get("approver") or _("a named person")) for t in terms))
    state = (
        _("Counts")
        if one["counts"]
        else wording.sentence(_("does not count: {flaw}", flaw=said_of(one["flaw"])))
    )
    target = requirement_anchor(one["framework"], one["requirement"]) if _known(view, one) else None
    return (
        Cell(str(one["requirement"]), target),
        Cell(_("{reason} Risk: {risk}", reason=wording.sentence(terms[-1]["reason"]), risk=one["risk"])),
        Cell(str(one["control"])),
        Cell(_approved(one.get("owner") or _("a named person"), approvers)),
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
        yield Paragraph(
            _(
                "By {rules}, the sandbox {phase}: {why}",
                rules=title,
                phase=own(PHASES[one["phase"]]),
                why=wording.sentence(said_of(one["why"])),
            )
        )
        puts_off = [_("Puts off {name}", name=name) for name in one["deferred"]]
        puts_off += [_refused(name, one["phase"]) for name in one["refused"]]
        if puts_off:
            yield Bullets(tuple(Bullet(text) for text in puts_off))
    rows = tuple(
        (
            Cell(str(stop["measure"])),
            Cell(wording.limit(stop["bound"])),
            Cell(own(_STOPS.get(stop["verdict"], _STOPS["undecided"])), verdict=stop["verdict"]),
            Cell(wording.sentence(said_of(stop["reason"]))),
        )
        for stop in _stops(trials)
    )
    columns = (
        Column(_("Number"), "code"),
        Column(_("Has to be")),
        Column(_("Evidence"), "verdict"),
        Column(_("Reason")),
    )
    yield Table(_("Limits that stop it early"), columns, rows)
    yield from allowed.trials(view, (one["framework"] for one in trials))


def _refused(name: str, phase: str) -> str:
    if phase == "ended":
        return _(
            "Was not allowed to put off {name}; that judges as not met too, unless it is shown to be met",
            name=name,
        )
    return _("May not put off {name}, which is judged as without it", name=name)


def _stops(trials: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield each limit once: those that the trial declares, and those that rules add."""
    seen = []
    for stop in (stop for one in trials for stop in one["stops"]):
        if (stop["measure"], stop["bound"], stop["reason"]) not in seen:
            seen.append((stop["measure"], stop["bound"], stop["reason"]))
            yield stop


_STOPS = N_({"met": "Keeps it", "not_met": "Breaks it", "undecided": "Not shown either way"})


def _period(first: str, last: str) -> str:
    return _("{first} to {last}", first=first, last=last)


def _approved(owner: str, approver: str) -> str:
    return _("{owner}; approved by {approver}", owner=owner, approver=approver)


def _trial(said: Mapping[str, Any]) -> Iterator[Pair]:
    caps, counted = said["caps"], said.get("counted")
    yield Pair(_("Scope"), str(said["scope"]))
    if said.get("owner"):
        yield Pair(_("Owner"), _approved(said["owner"], said["approver"]))
    yield Pair(_("Time"), _period(said["start"], said["expiry"]))
    if more := said.get("extension"):
        yield Pair(_("Extended"), _("to {day}, {reason}", day=more["expiry"], reason=more["reason"]))
    reached = (
        _("{people} were in it", people=wording.count(counted["people"])) if counted else _("not counted")
    )
    yield Pair(
        _("People"), _("{reached}; at most {most}", reached=reached, most=wording.count(caps["people"]))
    )
    share = wording.exact(caps["share_of_cases"])
    handled = _("not counted")
    if counted:
        handled = _(
            "{part} of {whole}",
            part=wording.count(counted["cases"]),
            whole=wording.count(counted["all_cases"]),
        )
    yield Pair(_("Cases"), _("{handled}; a share of at most {share}", handled=handled, share=share))
    if said.get("stopped"):
        yield Pair(_("Stopped"), str(said["stopped"]))
    report = said.get("exit_report")
    yield Pair(
        _("Exit report"),
        _("kept by its SHA-256, {digest}", digest=str(report).removeprefix("sha256:")[:16])
        if report
        else _("none"),
    )
