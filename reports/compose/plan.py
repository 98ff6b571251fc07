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

OPEN = (Verdict.NOT_MET, Verdict.UNDECIDED, Verdict.DEFERRED, Verdict.WAIVED)
"""Verdicts that leave something to do, in the order of the plan."""
_HEADINGS = {
    Verdict.NOT_MET: ("Shown not to be met", "not-met"),
    Verdict.UNDECIDED: ("Not shown either way", "undecided"),
    Verdict.DEFERRED: ("Put off on record", "deferred"),
    Verdict.WAIVED: ("Set aside on record", "waived"),
}


@dataclass(frozen=True, slots=True)
class Task:
    """Who answers for one requirement, until when, and what was agreed; all as somebody wrote it."""

    owner: str = ""
    due: str = ""
    note: str = ""


def key(framework: str, requirement: str) -> str:
    """Return how a plan names a requirement."""
    return f"{framework}/{requirement}"


def plan(view: View, tasks: Mapping[str, Task]) -> Iterator[Section]:
    """Yield what the plan is, then the open requirements by verdict, the heaviest first."""
    open_ones = list(_open(view))
    yield Section("What this plan is", "plan", tuple(_about(open_ones, tasks)))
    for verdict in OPEN:
        title, anchor = _HEADINGS[verdict]
        rows = [_row(view, tasks, items) for told_as, items in open_ones if told_as == verdict]
        if rows:
            yield Section(title, anchor, (_table(rows),))


def _open(view: View) -> Iterator[tuple[str, Sequence[Finding]]]:
    """Yield each open requirement in force with its open criteria, heaviest first."""
    by_requirement: defaultdict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in view.findings:
        if finding.state is State.IN_FORCE:
            by_requirement[finding.framework, finding.requirement].append(finding)
    weights = list(Severity)
    ordered = sorted(by_requirement.items(), key=lambda item: weights.index(Severity(item[1][0].severity)))
    for (framework, _), items in ordered:
        verdict = told(view, framework, items)
        if verdict in OPEN:
            yield verdict, [f for f in items if f.verdict in OPEN]


def _about(open_ones: Sequence[tuple[str, Sequence[Finding]]], tasks: Mapping[str, Task]) -> Iterator[Block]:
    if not open_ones:
        yield Paragraph("No requirement in force is open: there is nothing to plan.")
        return
    named = [tasks[k] for _, items in open_ones if (k := _key(items)) in tasks]
    owned, dated = sum(bool(t.owner) for t in named), sum(bool(t.due) for t in named)
    many = wording.plural(len(open_ones), "requirement is", "requirements are")
    yield Paragraph(
        f"{many} open. Each row says what would decide it; that is no advice on whether it is worth it. "
        f"{wording.count(owned)} of them have an owner, {wording.count(dated)} a day. An audit made after "
        "the work decides: a requirement counts as met only when it is shown to be."
    )
    strangers = sorted(tasks.keys() - {_key(items) for _, items in open_ones})
    if strangers:
        yield Paragraph(
            f"The plan also names {wording.joined(strangers)}, which this record does not hold open."
        )


def _key(items: Sequence[Finding]) -> str:
    return key(items[0].framework, items[0].requirement)


def _table(rows: Sequence[tuple[Cell, ...]]) -> Table:
    columns = (Column("Requirement"), Column("What would decide it", "prose"), Column("Owner"), Column("Due"))
    return Table("Requirements, the heaviest first", columns, tuple(rows))


def _row(view: View, tasks: Mapping[str, Task], items: Sequence[Finding]) -> tuple[Cell, ...]:
    first, task = items[0], tasks.get(_key(items), Task())
    rules = view.framework_title(first.framework)
    steps = list(dict.fromkeys(map(decides, items)))
    if task.note:
        steps.append(f"Agreed: {wording.sentence(task.note)}")
    return (
        Cell(f"{first.title} ({first.requirement}, {rules}; {first.severity})"),
        Cell(" ".join(steps)),
        Cell(task.owner),
        Cell(task.due),
    )


def decides(finding: Finding) -> str:
    """Return what would decide one open criterion."""
    if finding.verdict is Verdict.NOT_MET and finding.value is not None:
        whole = " with its whole interval" if finding.low is not None and finding.decide == "interval" else ""
        return f"{found_and_asked(finding)} Bring it {wording.within(finding.bound)}{whole}."
    if finding.verdict is Verdict.UNDECIDED and finding.value is not None:
        more = more_rows(finding)
        return f"{found_and_asked(finding)} {more or wording.sentence(finding.reason or '')}".strip()
    if finding.attestation is not None or finding.measure is None:
        return f"Answer with a signer and a day: {wording.sentence(asked(finding))}"
    return wording.sentence(finding.reason or f"not measured: {asked(finding)}")
