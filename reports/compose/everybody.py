"""The page for everybody: one system in plain words, from the version in which small counts are withheld."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from checks.names import intersection_key
from frameworks.judge import worst_findings
from frameworks.model import Finding, Verdict
from reports import wording
from reports.compose.declared import tier_in_short
from reports.compose.explain import compared, in_short, spell_contrast, spell_rate, unseen, withheld
from reports.compose.results import found_and_asked
from reports.compose.summary import stripes, tested, verdicts_table
from reports.compose.view import View, spoken_whole
from reports.document import (
    Block,
    Bullet,
    Bullets,
    KeyValues,
    Pair,
    Paragraph,
    Remark,
    Remarks,
    Section,
    VerdictStrip,
)
from reports.language import _, said

RATE = "fairness.selection_rate.selection_rate"
WORST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Reach:
    """How people reach whoever answers for the system, as its owner published it."""

    contact: str = ""
    appeal: str = ""


def everybody(view: View, reach: Reach) -> Iterator[Section]:
    """Yield the page's parts."""
    yield Section(_("The system"), "system", tuple(_system(view)))
    yield Section(_("What was found"), "found", tuple(_found(view)))
    yield Section(_("How often groups of people get the outcome that people want"), "groups", _groups(view))
    yield Section(_("What most needs attention"), "worst", tuple(_worst(view)))
    yield Section(_("What this page cannot tell"), "limits", tuple(_limits(view)))
    yield Section(_("If it decided about you"), "appeal", tuple(_appeal(view, reach)))
    yield Section(_("How to check this page"), "check", tuple(_check(view)))


def _system(view: View) -> Iterator[Block]:
    system = view.system
    named = (
        (_("What it is for"), system.get("purpose")),
        (_("Who answers for it"), system.get("provider")),
        (_("Sector"), system.get("sector")),
        (_("Risk tier"), tier_in_short(view)),
        (_("What was looked at"), tested(view)),
        (_("Day of the audit"), wording.day(view.as_of)),
    )
    yield KeyValues(tuple(Pair(key, str(value) if value else _("not stated")) for key, value in named))


def _found(view: View) -> Iterator[Block]:
    yield verdicts_table(view)
    for name in view.verdicts:
        yield VerdictStrip(
            _("Criteria (not requirements) by principle: {rules}", rules=view.framework_title(name)),
            tuple(stripes(view, name)),
        )
    told = {
        spoken_whole(str(whole["verdict"]), [f for f in view.findings if f.framework == name])
        for name, whole in view.verdicts.items()
    }
    told |= {finding.verdict.value for finding in view.findings}
    meanings = wording.verdict_meanings()
    yield KeyValues(
        tuple(Pair(wording.verdict(name), text) for name, text in meanings.items() if name in told)
    )


def _groups(view: View) -> tuple[Block, ...]:
    declared = [str(name) for name in view.columns.get("groups") or ()]
    declared = declared or [name for name in view.attributes() if not any(mark in name for mark in "*\\")]
    if not declared:
        return (Paragraph(_("No two groups can be compared: none were declared.")),)
    few = (view.publication or {}).get("selection_withheld", 0)
    rates = [(name, _rates(view, name)) for name in declared]
    apart = _(
        "Only the lowest and the highest rates are told. A difference alone does not say why it is there."
    )
    told = (
        apart if any(_differ(view, name) for name in declared) else "",
        _(
            "The rates of {many} are withheld: they are of few people, or would tell such a rate.",
            many=wording.plural(few, "group or crossing", "groups and crossings"),
        ),
    )
    without: defaultdict[str, list[str]] = defaultdict(list)
    for name, rate in rates:
        if not rate:
            without[_why_not(view, name)].append(name)
    sentences = [
        *(_by([name], rate) for name, rate in rates if rate),
        *(_by(names, why) for why, names in without.items()),
    ]
    blocks = (Bullets(tuple(map(Bullet, sentences))), Paragraph(wording.paragraph(told if few else told[:1])))
    return blocks if few or told[0] else blocks[:1]


def _by(attributes: Sequence[str], sentence: str) -> str:
    return _(
        "By {attribute}: {sentence}",
        attribute=wording.joined(map(wording.name, attributes)),
        sentence=sentence,
    )


def _rates(view: View, attribute: str) -> str:
    """Return the lowest and the highest rate of *attribute*, or the only one that is not withheld."""
    key = intersection_key([attribute])
    told, hidden = compared(view, RATE, key), withheld(view, RATE, key)
    if not told or (len(told) < 2 and not hidden):
        return ""
    if len(told) == 1:
        return wording.paragraph((spell_rate("selection_rate", told[0]), _hidden(hidden)))
    return wording.paragraph((spell_contrast("selection_rate", told), _hidden(hidden)))


def _differ(view: View, attribute: str) -> bool:
    return len(compared(view, RATE, intersection_key([attribute]))) > 1


def _why_not(view: View, attribute: str) -> str:
    """Return why an attribute that was declared has no two rates to tell."""
    key = intersection_key([attribute])
    if withheld(view, RATE, key):
        return _(
            "withheld. A count behind the rates of the groups is of fewer than {smallest} people, and the "
            "other rates would tell it. The whole record has them all.",
            smallest=(view.publication or {}).get("smallest"),
        )
    if key not in view.attributes():
        return _("nothing. Of groups, only people, selection and error rates are for everybody.")
    return _("no two groups have enough people to be compared.")


def _hidden(groups: int) -> str:
    """Say of how many groups the rate is not among those told."""
    if not groups:
        return ""
    many = wording.plural(groups, "other group", "other groups")
    return _("The rates of {many} are withheld, and may be lower or higher.", many=many)


def _worst(view: View) -> Iterator[Block]:
    chosen = worst_findings(view.findings, WORST_SHOWN)
    if not chosen:
        yield Paragraph(_("No requirement was found not met or left undecided."))
        return
    yield Remarks(tuple(_remark(view, finding) for finding in chosen))
    if said_so := unseen(view):
        yield Paragraph(said_so)


def _remark(view: View, finding: Finding) -> Remark:
    return Remark(
        verdict=finding.verdict.value,
        word=wording.verdict(finding.verdict.value),
        title=said(finding.title),
        text=in_short(view, finding, found_and_asked(finding)),
        source=_(
            "{rules}: {clause}",
            rules=view.framework_title(finding.framework),
            clause=view.clause(finding.framework, finding.requirement),
        ),
    )


def _limits(view: View) -> Iterator[Block]:
    undecided = sum(f.verdict is Verdict.UNDECIDED for f in view.findings)
    left = _("Every criterion in force was decided.")
    if undecided:
        left = _(
            "{many} undecided. None of them counts as met.",
            many=wording.plural(undecided, "criterion stays", "criteria stay"),
        )
    smallest = (view.publication or {}).get("smallest")
    yield Bullets(
        (
            Bullet(left),
            Bullet(
                _(
                    "“Met” means met by the evidence supplied. It says nothing about people or uses that the "
                    "data do not hold, and is no legal advice."
                )
            ),
            Bullet(
                _(
                    "Of groups, counts under {smallest} people are withheld, and so is every number from "
                    "which one could be worked out. The verdicts are those of the whole record.",
                    smallest=smallest,
                )
            ),
        )
    )


def _appeal(view: View, reach: Reach) -> Iterator[Block]:
    contact = reach.contact or str(view.system.get("contact") or "")
    yield KeyValues(
        (
            Pair(_("Questions"), contact or _("not stated")),
            Pair(_("Objections"), reach.appeal or _("not stated")),
        )
    )


def _check(view: View) -> Iterator[Block]:
    yield Paragraph(
        _(
            "The record of this page can be read by anybody, and by programs. Every completed audit has an "
            "entry, made when it was signed, in a log that only grows: it shows that the whole record is the "
            "one that was signed then. Whoever has the bundle of the audit can check its signature and "
            "judge its evidence again, without asking anybody."
        )
    )
    yield KeyValues(
        (
            Pair(_("Record of this page"), view.digest, "code"),
            Pair(_("The whole record"), str((view.publication or {}).get("of", "")), "code"),
        )
    )
