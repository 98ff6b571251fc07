"""The summary on one page: what was audited, the verdicts, the three worst, and what stays open.

Long submitted texts are cut here, visibly, and lists end with how many more there are: the report has all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from frameworks.judge import worst_findings
from frameworks.model import Finding, Verdict
from reports import wording
from reports.compose.explain import in_short
from reports.compose.results import found_and_asked
from reports.compose.summary import alarms, stripes, tested, verdicts_table
from reports.compose.unrelieved import unrelieved
from reports.compose.view import View
from reports.document import (
    Block,
    Callout,
    KeyValues,
    Pair,
    Paragraph,
    Remark,
    Remarks,
    Section,
    VerdictStrip,
)
from reports.language import _, own, said_or_same

RULES_SHOWN = 4
WORST_SHOWN = 3
STRIPES_SHOWN = 13
_NAME, _PURPOSE, _SCOPE, _REMARK = 90, 200, 50, 280


def one_page(view: View) -> Iterator[Section]:
    """Yield the page's parts."""
    yield Section(_("What was audited"), "summary", tuple(_card(view)))
    yield Section(_("Verdicts"), "verdicts", tuple(_verdicts(view)))
    yield Section(_("What most needs attention"), "worst", tuple(_worst(view)))
    yield Section(_("What is not known"), "open", tuple(_open(view)))


def _more(view: View) -> str:
    more = len(view.verdicts) - RULES_SHOWN
    if more <= 0:
        return ""
    return _("The report has {more}.", more=wording.plural(more, "more rule set", "more rule sets"))


def _card(view: View) -> Iterator[Block]:
    yield from (one for one in alarms(view) if isinstance(one, Callout) and one.tone == "stop")
    system = view.system
    pairs = [
        Pair(name, wording.brief(own(str(system[key])) if key == "risk_tier" else str(system[key]), most))
        for name, key, most in (
            (_("Purpose"), "purpose", _PURPOSE),
            (_("Provider"), "provider", _NAME),
            (_("Contact"), "contact", _NAME),
            (_("Risk tier"), "risk_tier", _NAME),
        )
        if system.get(key)
    ]
    yield KeyValues((*pairs, Pair(_("What was tested"), wording.brief(tested(view), _PURPOSE))))


def _verdicts(view: View) -> Iterator[Block]:
    note = wording.paragraph((unrelieved(view, RULES_SHOWN), _more(view)))
    yield replace(verdicts_table(view, RULES_SHOWN, _SCOPE), note=note)
    first = next(iter(view.verdicts), None)
    if first is not None:
        rows = tuple(stripes(view, first))[:STRIPES_SHOWN]
        yield VerdictStrip(
            _("Criteria by principle: {rules}", rules=wording.brief(view.framework_title(first), _NAME)), rows
        )


def _worst(view: View) -> Iterator[Block]:
    chosen = worst_findings(view.findings, WORST_SHOWN)
    if not chosen:
        yield Paragraph(_("No requirement was found not met or left undecided."))
        return
    yield Remarks(tuple(_remark(view, finding) for finding in chosen))


def _remark(view: View, finding: Finding) -> Remark:
    text = in_short(view, finding, found_and_asked(finding))
    source = _(
        "{rules}: {clause}",
        rules=view.framework_title(finding.framework),
        clause=view.clause(finding.framework, finding.requirement),
    )
    return Remark(
        verdict=finding.verdict.value,
        word=wording.verdict(finding.verdict.value),
        title=wording.brief(said_or_same(finding.title), _NAME),
        text=wording.brief(text, _REMARK),
        source=wording.brief(source, _NAME),
    )


def _open(view: View) -> Iterator[Block]:
    undecided = sum(f.verdict is Verdict.UNDECIDED for f in view.findings)
    decided = _("Every criterion in force was decided.")
    if undecided:
        decided = _(
            "{stay} undecided. None of them counts as met; the report says of each why.",
            stay=wording.plural(undecided, "criterion stays", "criteria stay"),
        )
    limits = _(
        "A whole is as good as the worst of its parts. “Met” means met by the evidence supplied; it is not "
        "legal advice and says nothing about people or uses that the data do not hold. The full report and "
        "the record, named by the digest below, allow every number to be checked again."
    )
    yield Paragraph(wording.paragraph((decided, limits)))
