"""What would reduce what people lose: said where a number asks for it, with its effect where known."""

from __future__ import annotations

from collections.abc import Iterator

from checks.model import Evidence, Measure, Outcome
from reports import wording
from reports.compose.undeclared import undeclared
from reports.compose.view import View, check_anchor
from reports.document import Cell, Column, Table
from reports.language import _

_FEATURES_TOLD = 3
_NAME = 40

Remedy = tuple[str, str, int, float]
"""What could be done, what is known of its effect, its place (`HELPS`, `UNTRIED` or `TRIED`), and its weight.

The weight is the measured effect, from 0 to 1: the share of people it spares, or twice the area it takes from
an attack (an area of 1 is the worst, of 0.5 guessing). Where no effect is known, it is the finding's size.
"""
HELPS, UNTRIED, TRIED = range(3)
DIGITS = ("1 digit", "2 digits", "3 digits")


def remedies(view: View) -> Table | None:
    """Return one row a remedy: by measured effect, then those not measured, then those without effect."""
    found = []
    for check, tell in (
        ("privacy.outputs", _scores),
        ("data.personal_data", _naming),
        ("privacy.anonymity", _coarsening),
        ("privacy.minimisation", _leaving_out),
        ("privacy.membership_inference", _learning),
        ("privacy.memorisation", _keeping),
    ):
        evidence = view.default(check)
        if evidence is not None and evidence.outcome is Outcome.MEASURED:
            found += [
                (place, -weight, Cell(what, check_anchor(check)), Cell(effect))
                for what, effect, place, weight in tell(evidence)
            ]
    rows = [cells for _place, _weight, *cells in sorted(found, key=lambda one: one[:2])]
    columns = (Column(_("What could be done")), Column(_("What it would change")))
    title = _("Remedies, by measured effect; those without effect last")
    return Table(title, columns, tuple((what, effect) for what, effect in rows)) if rows else None


def _of(evidence: Evidence, name: str, **of: str) -> Measure | None:
    found = [m for m in evidence.select(name, **of) if m.value is not None]
    return found[0] if len(found) == 1 else None


def _naming(evidence: Evidence) -> Iterator[Remedy]:
    """Name the direct identifiers that nobody declared."""
    names = [column for column, kind in undeclared(evidence) if kind == "direct identifier"]
    if names:
        effect = _("Each of them names a person. The effect on an attack was not measured.")
        yield _("Leave out {columns}.", columns=_told(names)), effect, UNTRIED, 1.0


def _scores(evidence: Evidence) -> Iterator[Remedy]:
    """Say what coarser scores, or none, would cost, and what they would take from an attack."""
    enough = next((m for m in evidence.measures if m.name == "digits_enough"), None)
    free = None if enough is None or enough.value is None else f"{DIGITS[int(enough.value) - 1]}"
    changes = [(case, _of(evidence, "attack_auc_change", case=case)) for case in DIGITS]
    known = {case: one for case, one in changes if one is not None}
    best = min(known, key=lambda case: known[case].value or 0.0, default=None)
    helps = best is not None and (known[best].high or 0.0) < 0
    for case in dict.fromkeys([*([free] if free else []), *([best] if best and helps else [])]):
        yield _rounding(evidence, case, known.get(case), free)
    given, alone = (_of(evidence, "attack_auc", case=case) for case in ("as given", "decisions only"))
    if given is not None and alone is not None and given.value is not None and alone.value is not None:
        apart = given.low is not None and alone.high is not None and alone.high < given.low
        effect = _(
            "The area of the attack becomes {alone}, from {given}.",
            alone=wording.measured(alone),
            given=wording.measured(given),
        )
        if not apart:
            effect = wording.paragraph((_("It is not shown to hinder the attack."), effect))
        what = _("Give out decisions alone, where they suffice.")
        yield what, effect, HELPS if apart else TRIED, 2 * (given.value - alone.value)
    elif enough is not None and not free:
        what = _("Give out decisions alone, where they suffice.")
        yield what, _("Rounding would not do: even three digits change a decision."), UNTRIED, 0.0


def _rounding(evidence: Evidence, case: str, change: Measure | None, free: str | None) -> Remedy:
    digits = wording.plural(DIGITS.index(case) + 1, "decimal digit", "decimal digits")
    classes = free is not None or _of(evidence, "attack_auc", case="decisions only") is not None
    what = (
        _("Give out scores of {digits}.", digits=digits)
        if classes
        else _("Round the numbers given out: {digits} as a share of their range.", digits=digits)
    )
    said = []
    cost = _of(evidence, "decisions_changed", case=case)
    if case == free:
        said.append(_("No decision about these rows changes."))
    elif cost is not None:
        said.append(
            _("It changes the decision about {share} rows.", share=wording.per_hundred(cost.value or 0.0))
        )
    if change is None:
        unknown = _("What it would take from an attack was not measured.")
        return what, wording.paragraph((*said, unknown)), UNTRIED, 0.0
    helps = change.high is not None and change.high < 0
    effect = (
        _("The area of the attack changes by {change}.", change=wording.measured(change))
        if helps
        else _(
            "It is not shown to hinder the attack: its area changes by {change}.",
            change=wording.measured(change),
        )
    )
    return what, wording.paragraph((*said, effect)), HELPS if helps else TRIED, -2 * (change.value or 0.0)


def _coarsening(evidence: Evidence) -> Iterator[Remedy]:
    """Name the column whose loss would leave fewest people alone."""
    alone = _of(evidence, "uniqueness")
    table = next((t for t in evidence.tables if t.name == "one column left out"), None)
    if alone is None or not alone.value or table is None:
        return
    known = [(str(row[0]), float(row[2])) for row in table.rows if isinstance(row[2], int | float)]
    if known:
        column, left = min(known, key=lambda one: one[1])
        what = _(
            "Coarsen or leave out {column} before these data are shared.", column=wording.brief(column, _NAME)
        )
        now = wording.per_hundred(alone.value)
        effect = (
            _(
                "Without it, {left} people would be alone; with it, {now}.",
                left=wording.per_hundred(left),
                now=now,
            )
            if left
            else _("Without it, nobody would be alone; with it, {now}.", now=now)
        )
        yield what, effect, HELPS if left < alone.value else TRIED, alone.value - left


def _leaving_out(evidence: Evidence) -> Iterator[Remedy]:
    """Name the personal features that the model was not shown to need."""
    table = next((t for t in evidence.tables if t.name == "features that may not be needed"), None)
    personal = [row for row in (table.rows if table else ()) if row[1] != "not declared personal"]
    names = [str(row[0]) for row in personal if row[2] != "needed by this model"]
    if not names:
        return
    idle = [str(row[0]) for row in personal if row[2] == "shown idle alone"]
    effect = _("The model was not shown to need any of them alone.")
    if idle:
        effect = wording.paragraph((effect, _("Shown to be idle: {features}.", features=_told(idle))))
    yield (
        _("Ask what these features are needed for: {features}.", features=_told(names)),
        effect,
        UNTRIED,
        0.0,
    )


def _told(names: list[str]) -> str:
    more = len(names) - _FEATURES_TOLD
    told = [wording.brief(name, _NAME) for name in names[:_FEATURES_TOLD]]
    return wording.joined([*told, wording.plural(more, "more", "more")] if more > 0 else told)


def _learning(evidence: Evidence) -> Iterator[Remedy]:
    gap = _of(evidence, "generalisation_gap")
    if gap is None or gap.low is None or gap.low <= 0:
        return
    said = (
        _(
            "Its mean error is larger on other rows by {gap}, in units of the label.",
            gap=wording.measured(gap),
        )
        if gap.unit == "label units"
        else _("The model does better on rows it learnt by {gap}, as a share.", gap=wording.measured(gap))
    )
    what = _(
        "Learn less by heart: regularise, stop earlier, add rows; differential privacy where a bound is "
        "needed."
    )
    yield what, said, UNTRIED, 0.5


def _keeping(evidence: Evidence) -> Iterator[Remedy]:
    """Say what to do about the file, by what was found in it."""
    stored = _of(evidence, "stored_row_share", table="training")
    small, rare = _of(evidence, "small_leaf_share"), _of(evidence, "listed_rare_share")
    if stored is not None and stored.value:
        guard = _("Guard the file, or take a model that stores no rows.")
        effect = _("Of its training rows, {share} stand in it.", share=wording.per_hundred(stored.value))
        yield guard, effect, HELPS, stored.value
    what, effects, weight = [], [], 0.0
    if small is not None and small.value:
        what.append(_("Grow trees with larger leaves."))
        share = wording.per_hundred(small.value)
        effects.append(
            _("In an average tree, {share} training people share a leaf with few others.", share=share)
        )
        ever = _of(evidence, "small_leaf_people_share")
        if ever is not None and ever.value:
            once = wording.per_hundred(ever.value)
            effects.append(_("In at least one tree, {share} do.", share=once))
            effects.append(wording.recorded(ever.note or ""))
        weight = small.value
    if rare is not None and rare.value:
        what.append(_("Merge rare values before training."))
        share = wording.per_hundred(rare.value)
        effects.append(_("{share} training people have a rare value that the file lists.", share=share))
        weight = max(weight, rare.value)
    if what:
        yield wording.paragraph(what), wording.paragraph(map(wording.sentence, effects)), UNTRIED, weight
