"""The remediation plan: what stands open, what would decide it, who takes it on, and until when.

Owner and day come from whoever keeps the plan; where nobody has said, the cell is left to be filled in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from frameworks.model import Finding, Severity, State, Verdict
from reports import wording
from reports.compose.explain import asked, more_rows
from reports.compose.results import found_and_asked, told
from reports.compose.view import View
from reports.document import Block, Cell, Column, Paragraph, Section, Table
from reports.language import N_, _, own, said_or_same

OPEN = (Verdict.NOT_MET, Verdict.UNDECIDED, Verdict.DEFERRED, Verdict.WAIVED)
"""Verdicts that leave something to do, in the order of the plan."""
_HEADINGS = N_(
    {
        "not_met": "Shown not to be met",
        "undecided": "Not shown either way",
        "deferred": "Put off on record",
        "waived": "Set aside on record",
    }
)


@dataclass(frozen=True, slots=True)
class Task:
    """Who answers for one requirement, until when, and what was agreed; all as somebody wrote it."""

    owner: str = ""
    due: str = ""
    note: str = ""


def key(framework: str, requirement: str) -> str:
    """Return how a plan names a requirement."""
    return f"{framework}/{requirement}"


@dataclass(frozen=True, slots=True)
class Open:
    """One requirement that is open, with what would decide it."""

    framework: str
    requirement: str
    rules: str
    title: str
    severity: str
    verdict: str
    steps: tuple[str, ...]

    @property
    def key(self) -> str:
        """How a plan names it."""
        return key(self.framework, self.requirement)


def plan(view: View, tasks: Mapping[str, Task]) -> Iterator[Section]:
    """Yield what the plan is, then the open requirements by verdict, the heaviest first."""
    open_ones = tuple(open_requirements(view))
    yield Section(_("What this plan is"), "plan", tuple(_about(open_ones, tasks)))
    for verdict in OPEN:
        rows = [_row(one, tasks.get(one.key, Task())) for one in open_ones if one.verdict == verdict]
        if rows:
            yield Section(own(_HEADINGS[verdict]), f"plan-{verdict}", (_table(rows),))


def open_requirements(view: View) -> Iterator[Open]:
    """Yield each open requirement in force: by verdict, then the heaviest first."""
    by_requirement: defaultdict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in view.findings:
        if finding.state is State.IN_FORCE:
            by_requirement[finding.framework, finding.requirement].append(finding)
    verdicts = {one: told(view, one[0], items) for one, items in by_requirement.items()}
    weights = list(Severity)
    ordered = sorted(
        (one for one, verdict in verdicts.items() if verdict in OPEN),
        key=lambda one: (
            OPEN.index(Verdict(verdicts[one])),
            weights.index(Severity(by_requirement[one][0].severity)),
        ),
    )
    for one in ordered:
        first = by_requirement[one][0]
        yield Open(
            *one,
            rules=view.framework_title(first.framework),
            title=said_or_same(first.title),
            severity=first.severity,
            verdict=verdicts[one],
            steps=tuple(dict.fromkeys(decides(f) for f in by_requirement[one] if f.verdict in OPEN)),
        )


def _about(open_ones: Sequence[Open], tasks: Mapping[str, Task]) -> Iterator[Block]:
    if not open_ones:
        yield Paragraph(_("No requirement in force is open: there is nothing to plan."))
        return
    keys = {one.key for one in open_ones}
    named = [task for name, task in tasks.items() if name in keys]
    owned, dated = sum(bool(t.owner) for t in named), sum(bool(t.due) for t in named)
    yield Paragraph(
        _(
            "{many} open. Each row says what would decide it; that is no advice on whether it is worth it. "
            "{owned} of them have an owner, {dated} a day. An audit made after the work decides: a "
            "requirement counts as met only when it is shown to be.",
            many=wording.plural(len(open_ones), "requirement is", "requirements are"),
            owned=wording.count(owned),
            dated=wording.count(dated),
        )
    )
    if strangers := sorted(tasks.keys() - keys):
        yield Paragraph(
            _(
                "The plan also names {requirements}, which this record does not hold open.",
                requirements=wording.joined(strangers),
            )
        )


def _table(rows: Sequence[tuple[Cell, ...]]) -> Table:
    heads = (_("Requirement"), _("Owner"), _("Due"))
    first, *others = map(Column, heads)
    columns = (first, Column(_("What would decide it"), "prose"), *others)
    return Table(_("Requirements, the heaviest first"), columns, tuple(rows))


def _row(one: Open, task: Task) -> tuple[Cell, ...]:
    beside = wording.series((wording.listed((one.requirement, one.rules)), wording.plain(one.severity)))
    agreed = [_("Agreed: {note}", note=wording.sentence(task.note))] if task.note else []
    return (
        Cell(f"{one.title} ({beside})"),
        Cell(wording.paragraph([*one.steps, *agreed])),
        Cell(task.owner),
        Cell(wording.day(task.due) if task.due else ""),
    )


def _renewed(finding: Finding) -> str:
    """Return what an answer that was given and does not count still needs."""
    question = wording.sentence(asked(finding))
    if finding.verdict is Verdict.NOT_MET:
        return _("See to it that it is done, then answer anew: {question}", question=question)
    return _("Answer anew, with a signer, a day and an expiry: {question}", question=question)


def decides(finding: Finding) -> str:
    """Return what would decide one open criterion."""
    if finding.verdict is Verdict.NOT_MET and finding.value is not None:
        bound = wording.limit(finding.bound)
        goal = _("Bring it to {bound}.", bound=bound)
        if finding.low is not None and finding.decide == "interval":
            goal = _("Bring it to {bound} with its whole interval.", bound=bound)
        return wording.paragraph((found_and_asked(finding), goal))
    if finding.verdict is Verdict.UNDECIDED and finding.value is not None:
        more = more_rows(finding) or wording.recorded(finding.reason)
        return wording.paragraph((found_and_asked(finding), more))
    if (finding.attestation or {}).get("answer"):
        return wording.paragraph((wording.recorded(finding.reason), _renewed(finding)))
    if finding.attestation is not None or finding.measure is None:
        return _("Answer with a signer and a day: {question}", question=wording.sentence(asked(finding)))
    if finding.reason:
        return wording.recorded(finding.reason)
    return _("Not measured: {asked}", asked=wording.sentence(asked(finding)))
