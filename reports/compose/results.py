"""Results: every requirement in a line, worst first; in the annex each with all its criteria."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from frameworks.decide import LEVEL
from frameworks.judge import worst_findings
from frameworks.model import Finding, Verdict
from reports import wording
from reports.compose.explain import asked, more_rows, noted
from reports.compose.rules import changes
from reports.compose.view import View, principle_anchor, requirement_anchor, spoken, spoken_whole
from reports.document import (
    Block,
    Bullet,
    Bullets,
    Cell,
    Column,
    Criterion,
    KeyValues,
    Pair,
    Requirement,
    Section,
    Table,
)
from reports.language import N_, _, own, said
from reports.terms import VERDICTS

WORST_FIRST = (
    "not_met", "undecided", "deferred", "waived", "attested", "reported", "met", "not_applicable",
)  # fmt: skip
_SHORT = ("version", "force", "jurisdiction", "issuer", "scope", "url")
"""What of a rule set's card is told before its verdicts; the rest stands with its requirements."""

_NOTED = (
    "fairness.worst_subgroup.",
    "privacy.",
    "data.quality.",
    "interpretability.faithfulness.deletion_ratio",
    "interpretability.stability.rank_correlation",
    "interpretability.surrogate.fidelity",
)
"""Checks whose numbers mean little without their notes: they stand beside the verdict too."""


def results(view: View) -> Iterator[Section]:
    """Yield one section per framework: its requirements in one table, worst first."""
    for position, framework in enumerate(view.verdicts):
        link = Bullet(
            _("Every criterion, with its number, limit, basis and reason"), f"annex-rules-{position + 1}"
        )
        yield Section(
            _("Results: {rules}", rules=view.framework_title(framework)),
            f"results-{position + 1}",
            blocks=(
                *_about(view, framework, short=True),
                _requirements(view, framework),
                Bullets((link,)),
            ),
        )


def in_full(view: View) -> Iterator[Section]:
    """Yield one section per framework: every requirement with all its criteria, as the rules order them."""
    for position, framework in enumerate(view.verdicts):
        found = [f for f in view.findings if f.framework == framework]
        yield Section(
            view.framework_title(framework),
            f"annex-rules-{position + 1}",
            blocks=(*_about(view, framework), *changes(view, framework)),
            sections=tuple(_principles(view, framework, found)),
        )


def _requirements(view: View, framework: str) -> Table:
    by_requirement: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in view.findings:
        if finding.framework == framework:
            by_requirement[finding.requirement].append(finding)
    ordered = [(told(view, framework, items), items) for items in by_requirement.values()]
    ordered.sort(key=lambda one: (WORST_FIRST.index(one[0]), not _decisive(one[1])))
    rows = tuple(
        (
            Cell(
                _("{title} ({requirement})", title=said(items[0].title), requirement=items[0].requirement),
                requirement_anchor(framework, items[0].requirement),
            ),
            Cell(wording.plain(items[0].principle).capitalize()),
            Cell(wording.verdict(verdict), verdict=verdict),
            Cell(_why(view, items)),
        )
        for verdict, items in ordered
    )
    columns = (
        Column(_("Requirement")),
        Column(_("Principle")),
        Column(_("Verdict"), "verdict"),
        Column(_("Why")),
    )
    return Table(
        _("Every requirement, worst first; where a number speaks, before those without"),
        columns,
        rows,
        _(
            "A requirement is as good as the worst of its criteria. The first number is the one that most "
            "needs attention."
        ),
    )


def _decisive(items: list[Finding]) -> Finding | None:
    """Return the number that most needs attention; None where no open criterion has one."""
    return next((f for f in worst_findings(items, 1) if f.value is not None), None)


def _why(view: View, items: list[Finding]) -> str:
    """Return the number that decides, then what became of every criterion, counted."""
    first = _decisive(items)
    parts = [] if first is None else [found_and_asked(first), noted(view, first), _not_alone(first)]
    counts = Counter(_ending(finding) for finding in items)
    tally = wording.listed(
        _("{count} {verdict}", count=wording.count(counts[name]), verdict=own(name))
        for name in _ENDINGS
        if counts[name]
    )
    return wording.paragraph([*parts, wording.sentence(tally)])


def _not_alone(finding: Finding) -> str:
    """Say why a number that lies outside its limit stays open: it does not after the correction."""
    limit, low, high = wording.edge(finding.bound), finding.low, finding.high
    raw, holm = finding.p_raw, finding.p_holm
    if finding.verdict is not Verdict.UNDECIDED or raw is None or holm is None or raw > LEVEL:
        return ""
    if limit is None or low is None or high is None or low <= limit <= high:
        return ""
    return _(
        "Alone it lies outside; among the numbers of {requirement} it is not shown to: {holm}.",
        requirement=finding.requirement,
        holm=wording.after_holm(holm),
    )


def found_and_asked(finding: Finding) -> str:
    """Return a judged number in one sentence: what it is of, its interval, and its limit."""
    of = wording.where(finding.of)
    name = wording.measure(finding.measure or "")
    head = f"{name[:1].upper()}{name[1:]}"
    return _(
        "{name}: {found}; {limit} is asked.",
        name=_("{name}, {what}", name=head, what=of) if of else head,
        found=wording.measured(finding, beside=wording.edge(finding.bound), lead=_("95\u00a0% interval ")),
        limit=wording.limit(finding.bound),
    )


_ENDINGS = N_((
    "not met", "not settled by its number", "not measured", "unanswered", "deferred", "waived", "attested",
    "reported", "met", "not applicable",
))  # fmt: skip


def _ending(finding: Finding) -> str:
    """Return what became of a criterion, in the words of the tally."""
    if spoken(finding) != "undecided":
        return VERDICTS[spoken(finding)].lower()
    if finding.value is not None:
        return "not settled by its number"
    return "not measured" if finding.measure is not None else "unanswered"


def told(view: View, framework: str, items: Sequence[Finding]) -> str:
    """Return the verdict on one requirement as readers are told it."""
    first = items[0]
    recorded = str(view.verdicts[framework]["requirements"].get(first.requirement, first.verdict.value))
    return spoken_whole(recorded, items)


def _about(view: View, framework: str, *, short: bool = False) -> Iterator[Block]:
    card = view.frameworks.get(framework, {})
    named = (
        ("version", _("Version"), card.get("version")),
        ("force", _("Force"), card.get("force")),
        ("jurisdiction", _("Jurisdiction"), card.get("jurisdiction")),
        ("issuer", _("Issuer"), card.get("issuer")),
        ("scope", _("Scope"), card.get("scope")),
        ("url", _("Published at"), card.get("url")),
        (
            "parents",
            _("Builds on"),
            wording.listed(f"{p['id']} {p['version']}" for p in card.get("parents") or ()),
        ),
        ("begins", _("Begins"), card.get("begins")),
        ("sunset", _("Sunset"), card.get("sunset")),
        ("review_by", _("Review by"), card.get("review_by")),
    )
    told = [(name, value) for key, name, value in named if value and (key in _SHORT or not short)]
    pairs = [Pair(name, own(str(value))) for name, value in told]
    if not short:
        pairs += [Pair(_("Note"), said(str(note))) for note in card.get("notes") or ()]
    if card.get("digest") and not short:
        pairs.append(Pair(_("Digest of the rules"), str(card["digest"]), "code"))
    if pairs:
        yield KeyValues(tuple(pairs))


def _principles(view: View, framework: str, found: list[Finding]) -> Iterator[Section]:
    by_principle: defaultdict[str, dict[str, list[Finding]]] = defaultdict(dict)
    for finding in found:
        by_principle[finding.principle].setdefault(finding.requirement, []).append(finding)
    for principle, requirements in by_principle.items():
        yield Section(
            wording.plain(principle).capitalize(),
            principle_anchor(framework, principle),
            blocks=tuple(_requirement(view, framework, items) for items in requirements.values()),
        )


def _requirement(view: View, framework: str, items: list[Finding]) -> Requirement:
    first = items[0]
    verdict = told(view, framework, items)
    card = view.requirement(framework, first.requirement)
    marks = [
        view.clause(framework, first.requirement),
        *([wording.verified(first.verified)] if first.verified not in (None, "own") else []),
        _("severity {severity}", severity=own(str(first.severity))),
        *([wording.state(first.state.value)] if first.state.value != "in-force" else []),
        *([said(str(card["review"]))] if card.get("review") else []),
    ]
    return Requirement(
        id=requirement_anchor(framework, first.requirement),
        verdict=verdict,
        word=wording.verdict(verdict),
        title=said(first.title),
        text=said(str(card.get("text") or "")),
        clause=" · ".join(marks),
        criteria=tuple(_criterion(view, item) for item in items),
    )


def _criterion(view: View, finding: Finding) -> Criterion:
    return Criterion(
        verdict=spoken(finding),
        word=wording.verdict(spoken(finding)),
        asked=wording.sentence(asked(finding)),
        found=_found(finding),
        basis=_basis(finding),
        reason=wording.paragraph(
            (wording.recorded(finding.reason), noted(view, finding, _NOTED), more_rows(finding))
        ),
        target=view.evidence_target(finding) if finding.value is not None else None,
    )


def _found(finding: Finding) -> str:
    if finding.attestation is not None:
        return _answer(finding)
    if finding.measure is None or finding.value is None:
        return ""
    of = wording.where(finding.of)
    found = wording.measured(finding, beside=wording.edge(finding.bound))
    kept = finding.verdict is Verdict.MET  # how unlikely a limit that holds is to be broken tells nothing
    parts = [
        _("{name}: {value}", name=of, value=found) if of else found,
        *([_("n {n}", n=wording.count(finding.n))] if finding.n is not None else []),
        *([wording.p_value(finding.p_raw)] if finding.p_raw is not None and not kept else []),
        *([wording.after_holm(finding.p_holm)] if finding.p_holm is not None and not kept else []),
    ]
    return wording.listed(parts)


def _answer(finding: Finding) -> str:
    given = finding.attestation or {}
    if not given.get("answer"):
        return ""
    parts = [
        f"“{given['answer']}”",
        *([_("signed {signer}", signer=wording.phrase(str(given["signer"])))] if given.get("signer") else []),
        *([wording.day(str(given["date"]))] if given.get("date") else []),
        *(
            [_("holds until {expiry}", expiry=wording.day(str(given["expiry"])))]
            if given.get("expiry")
            else []
        ),
        *([_("document {document}", document=given["document"])] if given.get("document") else []),
    ]
    return wording.listed(parts)


def _basis(finding: Finding) -> str:
    if finding.measure is None and finding.basis in (None, "none"):
        return ""
    return wording.basis(finding.basis, finding.basis_source)
