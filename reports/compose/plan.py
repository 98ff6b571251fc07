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
    yield Section("What this plan is", "plan", tuple(_about(open_ones, tasks)))
    for verdict in OPEN:
        title, anchor = _HEADINGS[verdict]
        rows = [_row(one, tasks.get(one.key, Task())) for one in open_ones if one.verdict == verdict]
        if rows:
            yield Section(title, anchor, (_table(rows),))


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
            title=first.title,
            severity=first.severity,
            verdict=verdicts[one],
            steps=tuple(dict.fromkeys(decides(f) for f in by_requirement[one] if f.verdict in OPEN)),
        )


def _about(open_ones: Sequence[Open], tasks: Mapping[str, Task]) -> Iterator[Block]:
    if not open_ones:
        yield Paragraph("No requirement in force is open: there is nothing to plan.")
        return
    keys = {one.key for one in open_ones}
    named = [task for name, task in tasks.items() if name in keys]
    owned, dated = sum(bool(t.owner) for t in named), sum(bool(t.due) for t in named)
    many = wording.plural(len(open_ones), "requirement is", "requirements are")
    yield Paragraph(
        f"{many} open. Each row says what would decide it; that is no advice on whether it is worth it. "
        f"{wording.count(owned)} of them have an owner, {wording.count(dated)} a day. An audit made after "
        "the work decides: a requirement counts as met only when it is shown to be."
    )
    if strangers := sorted(tasks.keys() - keys):
        yield Paragraph(
            f"The plan also names {wording.joined(strangers)}, which this record does not hold open."
        )


def _table(rows: Sequence[tuple[Cell, ...]]) -> Table:
    columns = (Column("Requirement"), Column("What would decide it", "prose"), Column("Owner"), Column("Due"))
    return Table("Requirements, the heaviest first", columns, tuple(rows))


def _row(one: Open, task: Task) -> tuple[Cell, ...]:
    agreed = [f"Agreed: {wording.sentence(task.note)}"] if task.note else []
    return (
        Cell(f"{one.title} ({one.requirement}, {one.rules}; {one.severity})"),
        Cell(" ".join([*one.steps, *agreed])),
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
