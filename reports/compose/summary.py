"""The first page: what was audited, by which rules, the verdicts, the worst, and what stays open."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from frameworks.judge import worst_findings
from frameworks.model import Finding, Verdict
from reports.compose.declared import tier_in_short, told_first
from reports.compose.explain import explain, unseen
from reports.compose.results import WORST_FIRST
from reports.compose.rules import out_of_date
from reports.compose.unrelieved import unrelieved
from reports.compose.view import View, principle_anchor, requirement_anchor, spoken, spoken_whole
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
    Remark,
    Remarks,
    Section,
    Share,
    Stripe,
    Table,
    VerdictStrip,
)
from reports.language import _, said, said_or_same
from reports.wording import (
    brief,
    count,
    day,
    interval,
    joined,
    listed,
    measured,
    paragraph,
    plain,
    plural,
    recorded,
    verdict,
)

_REASONS_SHOWN = 8
_NAMED = 6
_SCOPE = 400


def summary(view: View) -> Section:
    """Return the first page."""
    return Section(
        _("Summary"),
        "summary",
        blocks=(*alarms(view), KeyValues(tuple(_card(view)))),
        sections=(
            Section(_("Verdicts"), "verdicts", tuple(_verdicts(view))),
            Section(_("The five findings that most need attention"), "worst", tuple(_worst(view))),
            Section(_("What could not be assessed, and why"), "open", tuple(_open(view))),
        ),
    )


def alarms(view: View) -> Iterator[Block]:
    """Say before anything else what limits every number that follows."""
    if view.publication:
        yield _public(view.publication)
    yield from out_of_date(view)
    yield from _without_skill(view)
    yield from told_first(view)
    if view.submission.get("counts"):
        yield Callout(
            "warning",
            _("Made from published counts, not from records."),
            _(
                "The auditor saw how many people of each group there were and how many were selected, and "
                "took these counts as they stand. Whether they are true, whether decisions were right, "
                "and how the system works cannot be told from them."
            ),
        )
    contradicted = view.number("data.stated_results.contradicted_figures")
    if contradicted and contradicted.value:
        many = plural(contradicted.value, "published figure does", "published figures do")
        yield Callout(
            "stop",
            _("{many} not follow from the published counts.", many=many),
            _(
                "{n} rates and ratios were computed again. The evidence on data lists each.",
                n=count(contradicted.n),
            ),
        )


def _public(publication: Mapping[str, Any]) -> Callout:
    of, groups = publication["of"], count(publication["groups"])
    return Callout(
        "plain",
        _(
            "The version for everybody: counts of groups under {smallest} people are withheld.",
            smallest=publication["smallest"],
        ),
        _(
            "So is every number that would tell them by subtraction, and what was measured of groups "
            "besides their people, selection and error rates. Of {groups} groups and crossings the "
            "people of {groups_withheld}, the selection rates of {selection_withheld} and the error "
            "rates of {errors_withheld} are withheld. The verdicts are those of the whole record, whose "
            "digest is {of}.",
            groups=groups,
            groups_withheld=count(publication["groups_withheld"]),
            selection_withheld=count(publication["selection_withheld"]),
            errors_withheld=count(publication["errors_withheld"]),
            of=of,
        ),
    )


def _without_skill(view: View) -> Iterator[Block]:
    """Say first of all when the answers rank people the wrong way round, are all alike, or know nothing."""
    area = view.number("performance.classification.roc_auc")
    if area and area.high is not None and area.high < 0.5:
        yield Callout(
            "stop",
            _("The score ranks the wrong way round: are the labels, or “positive”, reversed?"),
            _(
                "The AUC is {area}, wholly under 0.5: people with the outcome have the lower scores. "
                "Check which label is declared as positive, and which class the score is of, before "
                "reading on.",
                area=measured(area),
            ),
        )
    constant = view.number("performance.sanity.constant_output")
    if constant and constant.value:
        yield Callout(
            "stop",
            _("The model gives everybody the same answer."),
            _(
                "Equal rates between groups then say nothing about how it would treat people it can tell "
                "apart."
            ),
        )
    chance = view.number("performance.sanity.better_than_chance")
    if chance and chance.value is not None and (chance.value if chance.low is None else chance.low) <= 0:
        lead = _("Its lead over chance is {interval}.", interval=interval(chance.low, chance.high))
        yield Callout(
            "stop",
            _("The model is not shown to be better than chance."),
            paragraph(
                (
                    lead if chance.low is not None else _("It does no better than chance."),
                    _(
                        "Read every other result of this report with that in mind: decisions without "
                        "information can still look even."
                    ),
                )
            ),
        )


def _card(view: View) -> Iterator[Pair]:
    system = view.system
    named = (
        (_("System"), system.get("name")),
        (_("Version"), system.get("version")),
        (_("Purpose"), system.get("purpose")),
        (_("Provider"), system.get("provider")),
        (_("Contact"), system.get("contact")),
        (_("Sector"), system.get("sector")),
        (_("Risk tier"), tier_in_short(view)),
    )
    for key, value in named:
        if value:
            yield Pair(key, str(value))
    yield Pair(_("What was tested"), tested(view))
    attributes = [str(a) for a in view.columns.get("groups") or ()]
    yield Pair(
        _("People compared by"),
        joined(attributes) if attributes else _("nothing: no group column was supplied"),
    )
    yield Pair(_("Rules as of"), day(view.as_of))


def tested(view: View) -> str:
    """Return what was looked at: a model, predictions or counts, and how many people."""
    if view.submission.get("counts"):
        task = plain(str(view.submission.get("task", "")))
        people = view.resolved.get("rows")
        of = (
            _(" of {many}", many=plural(people, "person", "people"))
            if isinstance(people, int | float)
            else ""
        )
        return _(
            "{task} task: published counts{of}, without records, predictions or the model", task=task, of=of
        )
    what = _("recorded predictions, without the model")
    if view.submission.get("model"):
        what = _("a model file, asked again in a locked process")
    if endpoint := view.resolved.get("endpoint"):
        what = _("a live service at {host}, asked over HTTP", host=endpoint["host"])
    rows = view.resolved.get("rows")
    on = (
        _(", on {many} of evaluation data", many=plural(rows, "row", "rows"))
        if isinstance(rows, int | float)
        else ""
    )
    return _(
        "{task} task: {what}{on}{weighted}",
        task=plain(str(view.submission.get("task", ""))),
        what=what,
        on=on,
        weighted=_weighted(view),
    )


def _weighted(view: View) -> str:
    declared = view.submission.get("columns") or {}
    if not declared.get("weight"):
        return ""
    kind = (
        _(" as {weight_kind} weight", weight_kind=plain(str(declared["weight_kind"])))
        if declared.get("weight_kind")
        else ""
    )
    return _(", each row weighted by “{weight}”{kind}", weight=declared["weight"], kind=kind)


def _verdicts(view: View) -> Iterator[Block]:
    yield verdicts_table(view)
    for name in view.verdicts:
        yield VerdictStrip(
            _("Criteria (not requirements) by principle: {rules}", rules=view.framework_title(name)),
            tuple(stripes(view, name)),
        )


def verdicts_table(view: View, most: int | None = None, letters: int = _SCOPE) -> Table:
    """Return for whom each rule set is, and its verdict as a whole; of more than *most*, the first."""
    return Table(
        _("Rules applied, and the verdict on each as a whole"),
        (
            Column(_("Rules")),
            Column(_("Made for (not checked)")),
            Column(_("Verdict"), "verdict"),
            Column(_("Requirements")),
        ),
        tuple(_rule_row(view, name, view.verdicts[name], letters) for name in list(view.verdicts)[:most]),
        paragraph((unrelieved(view), _(
            "A whole is as good as the worst of its parts, so one open requirement leaves the whole "
            "undecided. The counts say more; they are of requirements. Whether a rule set governs this "
            "system was not checked: compare whom it is made for, in its own words."
        ))),
    )  # fmt: skip


def stripes(view: View, framework: str) -> Iterator[Stripe]:
    """Yield the criteria of each principle of *framework* by their verdicts."""
    for principle, part in view.principles(framework).items():
        yield _stripe(view, framework, principle, part)


def _rule_row(view: View, name: str, whole: Mapping[str, Any], letters: int) -> tuple[Cell, ...]:
    found = [f for f in view.findings if f.framework == name]
    verdict_name = spoken_whole(str(whole["verdict"]), found)
    card = view.frameworks.get(name, {})
    title, version = view.framework_title(name), card.get("version")
    titled = _("{rules}, version {version}", rules=title, version=version) if version else title
    return (
        Cell(titled, target=f"results-{_position(view, name)}"),
        Cell(brief(said_or_same(str(card.get("scope") or "")), letters) or _("not stated")),
        Cell(verdict(verdict_name), verdict=verdict_name),
        Cell(_spelt_counts(_requirements(whole, found))),
    )


def _position(view: View, name: str) -> int:
    return list(view.verdicts).index(name) + 1


def _requirements(whole: Mapping[str, Any], found: Sequence[Finding]) -> Mapping[str, int]:
    """Count requirements by the verdict that readers are told."""
    counts = Counter(whole["counts"])
    for name, verdict_name in whole["requirements"].items():
        told = spoken_whole(verdict_name, [f for f in found if f.requirement == name])
        if told != verdict_name:
            counts.update({told: 1, verdict_name: -1})
    return counts


def _spelt_counts(counts: Mapping[str, int]) -> str:
    return listed(
        _("{count} {verdict}", count=count(counts[name]), verdict=verdict(name).lower())
        for name in WORST_FIRST
        if counts.get(name)
    )


def _stripe(view: View, framework: str, principle: str, part: Mapping[str, object]) -> Stripe:
    """Count criteria, not requirements: one open criterion opens its requirement and hides the others."""
    found = [f for f in view.findings if f.framework == framework and f.principle == principle]
    counts = Counter(spoken(f) for f in found)
    shares = (
        Share(
            name,
            counts[name],
            _("{count} {verdict}", count=count(counts[name]), verdict=verdict(name).lower()),
        )
        for name in WORST_FIRST
        if counts.get(name)
    )
    verdict_name = spoken_whole(str(part["verdict"]), found)
    return Stripe(
        label=plain(principle).capitalize(),
        verdict=verdict_name,
        word=verdict(verdict_name),
        shares=tuple(shares),
        target=principle_anchor(framework, principle),
    )


def _worst(view: View) -> Iterator[Block]:
    chosen = worst_findings(view.findings)
    if not chosen:
        yield Paragraph(_("No requirement was found not met or left undecided."))
        return
    yield Remarks(tuple(_remark(view, finding) for finding in chosen))
    if said_so := unseen(view):
        yield Paragraph(said_so)


def _remark(view: View, finding: Finding) -> Remark:
    return Remark(
        verdict=finding.verdict.value,
        word=verdict(finding.verdict.value),
        title=said(finding.title),
        text=explain(view, finding),
        source=_(
            "{rules}: {clause}",
            rules=view.framework_title(finding.framework),
            clause=view.clause(finding.framework, finding.requirement),
        ),
        target=requirement_anchor(finding.framework, finding.requirement),
    )


def _open(view: View) -> Iterator[Block]:
    notes = [str(note) for note in view.resolved.get("notes") or ()]
    if notes:
        yield Bullets(tuple(Bullet(said(note[:1].upper() + note[1:])) for note in notes))
    undecided = [f for f in view.findings if f.verdict is Verdict.UNDECIDED]
    if not undecided:
        yield Paragraph(_("Every criterion in force was decided."))
        return
    groups: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in undecided:
        groups[_why_open(finding)].append(finding)
    ordered = sorted(groups.items(), key=lambda item: -len(item[1]))
    yield Paragraph(
        _(
            "{many} undecided. None of them counts as met.",
            many=plural(len(undecided), "criterion stays", "criteria stay"),
        )
    )
    shown, rest = ordered[:_REASONS_SHOWN], ordered[_REASONS_SHOWN:]
    bullets = [
        Bullet(
            _(
                "{why} {many}: {names}.",
                why=why,
                many=plural(len(found), "criterion", "criteria"),
                names=_names(found),
            )
        )
        for why, found in shown
    ]
    if rest:
        more = sum(len(found) for _, found in rest)
        bullets.append(
            Bullet(
                _("{many}, each with its reason under its requirement.", many=plural(more, "more", "more")),
                "results-1",
            )
        )
    yield Bullets(tuple(bullets))


def _why_open(finding: Finding) -> str:
    """Sort an open criterion under the reason that a reader can act on."""
    reason = finding.reason or ""
    if reason.startswith("Not measured by this version"):
        return _("This version does not measure it yet.")
    if finding.value is not None:
        return _("It was measured, but the numbers do not settle it.")
    if finding.attestation is not None:
        return said(reason)
    return recorded(reason) or _("No reason was recorded.")


def _names(found: list[Finding]) -> str:
    names = list(dict.fromkeys(finding.requirement for finding in found))
    more = len(names) - _NAMED
    return joined([*names[:_NAMED], *([_("{count} more", count=count(more))] if more > 0 else [])])
