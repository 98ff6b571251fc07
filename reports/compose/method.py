"""How to read the report, what was not measured, how it was made and how to check it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from checks.model import NOT_STATED, Evidence, Outcome
from frameworks.judge import worst_findings
from reports import wording
from reports.compose.asked import asked
from reports.compose.view import View, check_title, evidence_title
from reports.document import Block, Bullet, Bullets, Cell, Column, KeyValues, Pair, Paragraph, Section, Table
from reports.language import N_, _, own
from reports.record import canonical

_REPORTED = N_(
    "Measured and shown where the rule asks for the number and sets no limit. Nothing was held to a limit."
)

_NAMES = N_((
    "prediction", "favourable", "positive", "quasi identifiers", "identifiers", "time", "decided at",
    "human decision", "reviewer", "reviewed at", "weight", "weight kind", "sampling", "answers from",
    "decisions against score", "kinds", "models", "predictions", "notes", "tables", "reference", "format",
    "digest", "kind", "references", "bins", "merge", "intersections", "control", "costs", "directions",
    "metric choice", "endpoint", "up", "down",
))  # fmt: skip
"""Roles and facts as they are spelt, by `wording.plain`; more have words elsewhere."""
_BY_COLUMN = frozenset({"groups", "kinds", "directions", "references", "bins", "merge"})
"""Facts whose keys are submitted names."""
_WORDED = frozenset({"kinds", "directions", "answers_from", "weight_kind"})
"""Facts whose values are words of ours."""

FACTS = (
    "references",
    "bins",
    "merge",
    "intersections",
    "control",
    "costs",
    "directions",
    "immutable",
    "claimed_epsilon",
    "metric_choice",
    "endpoint",
)
"""Declared facts that are neither columns nor files."""


def reading() -> Section:
    """Return how to read the rest."""
    meanings = {**wording.verdict_meanings(), "reported": own(_REPORTED)}
    rows = tuple(
        (Cell(wording.verdict(name), verdict=name), Cell(meaning)) for name, meaning in meanings.items()
    )
    return Section(
        _("How to read this report"),
        "reading",
        blocks=(
            Paragraph(
                _(
                    "Checks measure; rules judge. A number with an interval, such as 0.784 (0.712 to "
                    "0.853), was measured on a sample: intervals made this way hold the true value 95 "
                    "times in 100. A rule is met only when the whole interval keeps its limit, and not "
                    "met only when the whole interval breaks it. In between stands undecided, and more "
                    "data could settle it."
                )
            ),
            Paragraph(
                _(
                    "A requirement that looks at many numbers finds some outside by chance. Not met "
                    "therefore also needs to survive Holm's correction over all numbers that the "
                    "requirement looks at; where one number alone would be outside but the correction "
                    "leaves it open, the verdict is undecided. Beside a limit that was not "
                    "shown to be met stands a one-sided p-value: how likely chance alone would put a number "
                    "so far beyond a limit that in truth is kept. The level is {level}.",
                    level=wording.level(),
                )
            ),
            Table(
                _("What each verdict says, worst first; reported stands apart"),
                (Column(_("Verdict"), "verdict"), Column(_("Meaning"))),
                rows,
            ),
            Paragraph(
                _(
                    "Beside every limit stands its basis: law, guideline, standard, accepted practice, or a "
                    "suggestion of this project. Only the first is law. n counts what the number is a share "
                    "of or rests on: mostly rows, and otherwise cells, types or files."
                )
            ),
            Paragraph(
                _(
                    "This report assesses a system by the evidence supplied. It does not say that the "
                    "system is lawful or does no harm, and it cannot see what the data do not hold."
                )
            ),
        ),
    )


def unmeasured(view: View) -> Iterator[Section]:
    """Yield what was asked of the checks and not answered; nothing when all were."""
    silent = [one for one in view.evidence if one.outcome is not Outcome.MEASURED]
    if not silent:
        yield Section(
            _("What was not measured"), "not-measured", (Paragraph(_("Every check gave an answer.")),)
        )
        return
    rows = tuple(
        (
            Cell(evidence_title(one)),
            Cell(wording.outcome(one.outcome) if not _withheld(one) else wording.withheld()),
            Cell(wording.recorded(one.reason)),
        )
        for one in silent
    )
    yield Section(
        _("What was not measured"),
        "not-measured",
        (
            Paragraph(_("A check that found nothing to measure never counts in the system's favour.")),
            Table(
                _("Checks without an answer"),
                (Column(_("Check")), Column(_("Ending")), Column(_("Reason"))),
                rows,
            ),
        ),
    )


def _withheld(evidence: Evidence) -> bool:
    return (evidence.reason or "").startswith(wording.WITHHELD)


def method(view: View) -> Section:
    """Return what was submitted, how the model was asked, and how to check the report."""
    return Section(
        _("Method"),
        "method",
        sections=(
            Section(_("What was submitted"), "submitted", tuple(_submitted(view))),
            asked(view),
            Section(_("Versions and seed"), "versions", tuple(_versions(view))),
            Section(_("How to check this report"), "recheck", _recheck(view)),
        ),
    )


def made(view: View) -> Section:
    """Return the annex with what is needed to make the audit again: columns, facts, checks, parameters."""
    return Section(
        _("Annex D: how it was made"),
        "annex-made",
        (*_roles(view), _ran(view)),
    )


def _submitted(view: View) -> Iterator[Block]:
    submission = view.submission
    files = [(_("Model"), submission.get("model")), (_("Published counts"), submission.get("counts"))]
    files += [
        (_("{name} data", name=wording.plain(name).capitalize()), ref)
        for name, ref in (submission.get("data") or {}).items()
    ]
    files += _further_files(submission)
    pairs = [Pair(label, _file(ref), "code") for label, ref in files if ref]
    if pairs:
        yield KeyValues(tuple(pairs))
    yield Bullets((Bullet(_("Columns and facts, as declared and as inferred from the files"), "annex-made"),))


def _roles(view: View) -> Iterator[Block]:
    submission = view.submission
    declared = submission.get("columns") or {}
    told = ("integrity", "unread")  # in words of their own
    known = {k: v for k, v in view.resolved.items() if k not in told}
    inferred = {k: v for k, v in known.items() if k not in declared or declared[k] != v}
    rows = [*_rows(_("declared"), declared), *_rows(_("inferred"), inferred)]
    for name in FACTS:
        rows += _rows(_("declared"), {name: submission.get(name)})
    if rows:
        columns = (Column(_("Role or fact")), Column(_("How known")), Column(_("Value")))
        yield Table(_("Columns and facts, as declared and as inferred from the files"), columns, tuple(rows))
    if unread := view.resolved.get("unread"):
        yield Paragraph(
            _(
                "Declared; no check of this version uses it: {items}. It was checked against the columns "
                "and is kept in the record, and nothing in this report rests on it.",
                items=wording.listed(map(_key, unread)),
            )
        )


def _key(name: str) -> str:
    return wording.plain(name.removeprefix("columns."))


def _further_files(submission: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, ref in (submission.get("join") or {}).items():
        yield _("Joined table {name}", name=name), ref
    for one in submission.get("models") or ():
        if one.get("artifact"):
            yield _("Further model {name}", name=one["name"]), one
    for name in ("population", "reasons"):
        ref = submission.get(name) or {}
        if ref.get("artifact"):
            yield wording.plain(name).capitalize(), ref
    for ref in submission.get("notices") or ():
        yield _("Notice"), ref


def _file(ref: Any) -> str:
    if not isinstance(ref, Mapping):
        return str(ref)
    name = ref.get("artifact") or ref.get("file") or _("not stored")
    return _("{name} ({format})", name=name, format=ref["format"]) if ref.get("format") else str(name)


def _rows(how: str, facts: Mapping[str, Any]) -> list[tuple[Cell, ...]]:
    return [
        (Cell(wording.plain(str(name))), Cell(how), Cell(_fact(str(name), value)))
        for name, value in facts.items()
        if value not in (None, "", [], {}, ())
    ]


def _fact(name: str, value: Any) -> str:
    """Spell the value of a fact: names that were submitted stay as they were given."""
    if name not in _BY_COLUMN or not isinstance(value, Mapping):
        return own(value) if name in _WORDED and isinstance(value, str) else _spelt(value)
    parts = []
    for key, item in value.items():
        if name == "groups" and isinstance(item, Mapping):
            told = wording.series(
                _("{name}: {value}", name=_in_full(str(k)), value=_spelt(v)) for k, v in item.items()
            )
        else:
            told = own(item) if name in _WORDED and isinstance(item, str) else _spelt(item)
        parts.append(_("{name}: {value}", name=str(key), value=told))
    return wording.series(parts)


def _in_full(group: str) -> str:
    """Spell a group however long its name is: elsewhere it may be cut."""
    return group if group not in (NOT_STATED, "") else wording.group(group)


def _spelt(value: Any) -> str:
    if isinstance(value, Mapping):
        return wording.series(
            _("{name}: {value}", name=wording.plain(str(k)), value=_spelt(v)) for k, v in value.items()
        )
    if isinstance(value, Sequence) and not isinstance(value, str):
        return wording.listed(_spelt(item) for item in value)
    return wording.exact(value)


def _versions(view: View) -> Iterator[Block]:
    seed = view.submission.get("seed")
    pairs = [Pair(_("Seed"), wording.exact(seed))] if seed is not None else []
    pairs += [Pair(wording.plain(str(name)), _spelt(value)) for name, value in view.engine.items()]
    yield KeyValues(tuple(pairs))
    rows = tuple(
        (
            Cell(view.framework_title(name)),
            Cell(str(view.frameworks.get(name, {}).get("digest") or _("not recorded"))),
        )
        for name in view.verdicts
    )
    yield Table(
        _("Rule sets, by the SHA-256 of their content"),
        (Column(_("Rules")), Column(_("Digest"), "code")),
        rows,
    )
    yield Bullets((Bullet(_("The checks that ran, with their parameters"), "annex-made"),))


def _ran(view: View) -> Table:
    checks = dict.fromkeys(one.check for one in view.evidence)
    ran = tuple(
        (
            Cell(check_title(check)),
            Cell(check),
            Cell(
                wording.series(
                    wording.parameters(e.parameters) or _("defaults")
                    for e in view.evidence
                    if e.check == check
                )
            ),
        )
        for check in checks
    )
    columns = (Column(_("Check")), Column(_("Identifier"), "code"), Column(_("Parameters")))
    return Table(_("Checks that ran"), columns, ran)


def _recheck(view: View) -> tuple[Block, ...]:
    return (
        Paragraph(
            _(
                "Everything in this report is composed from one record, audit.json, which is attached to "
                "the PDF. Its digest is the SHA-256 of the canonical JSON (RFC 8785) of its body. Times, "
                "host and identifier of a run stand outside the body (the attached record leaves them "
                "out), so the same files, rules, day and seed give the same digest."
            )
        ),
        KeyValues((Pair(_("Digest of this audit"), view.digest, "code"),)),
        Bullets(
            (
                Bullet(
                    _(
                        "From the files: run python -m auditor run submission.yaml --out again --as-of "
                        "{as_of} with the versions above, and compare the digest in again/audit.json.",
                        as_of=view.as_of,
                    )
                ),
                Bullet(_("From the record: compute the digest of its body; a changed number changes it.")),
                Bullet(
                    _(
                        "One number: open the record, in a PDF reader from its list of attachments. Each "
                        "criterion stands under `findings` with its `requirement`, `measure`, `value`, `low` "
                        "and `high`; the number itself under `evidence`, where `check` and `name` are what "
                        "`measure` consists of."
                    )
                ),
                Bullet(
                    _(
                        "From the rules: compare the digests of the rule sets with those of the published "
                        "files."
                    )
                ),
            )
        ),
        *_one_finding(view),
    )


def _one_finding(view: View) -> Iterator[Block]:
    """Yield the first finding with a number as the record spells it, to be looked up there."""
    for finding in worst_findings(view.findings):
        if finding.value is not None:
            yield Paragraph(_("The first finding with a number, as the record has it:"))
            parts = ("framework", "requirement", "measure", "value", "low", "high", "n")
            yield KeyValues(
                tuple(Pair(name, canonical(getattr(finding, name)).decode(), "code") for name in parts)
            )
            return
