"""What would reduce what people lose: said where a number asks for it, with its effect where known."""

from __future__ import annotations

from collections.abc import Iterator

from checks.model import Evidence, Measure, Outcome
from reports import wording
from reports.compose.view import View, check_anchor
from reports.document import Cell, Column, Table
from reports.language import _

_FEATURES_TOLD = 3
_NAME = 40

Remedy = tuple[str, str, int]
"""What could be done, what is known of its effect, and its place: `HELPS`, `TRIED` or `UNTRIED`."""
HELPS, TRIED, UNTRIED = range(3)


def remedies(view: View) -> Table | None:
    """Return one row a remedy: those shown to help, those tried without effect, those not measured."""
    found = []
    for check, tell in (
        ("privacy.outputs", _rounding),
        ("privacy.anonymity", _coarsening),
        ("privacy.minimisation", _leaving_out),
        ("privacy.membership_inference", _learning),
        ("privacy.memorisation", _keeping),
    ):
        evidence = view.default(check)
        if evidence is not None and evidence.outcome is Outcome.MEASURED:
            found += [
                (place, Cell(what, check_anchor(check)), Cell(effect))
                for what, effect, place in tell(evidence)
            ]
    rows = [cells for _place, *cells in sorted(found, key=lambda one: one[0])]
    columns = (Column(_("What could be done")), Column(_("What it would change")))
    title = _("Remedies, those that were measured to help first")
    return Table(title, columns, tuple((what, effect) for what, effect in rows)) if rows else None


def _of(evidence: Evidence, name: str, **of: str) -> Measure | None:
    found = [m for m in evidence.select(name, **of) if m.value is not None]
    return found[0] if len(found) == 1 else None


def _rounding(evidence: Evidence) -> Iterator[Remedy]:
    """Say what coarser scores would cost, and what they would take from an attack."""
    enough = _of(evidence, "digits_enough")
    if enough is None:
        if any(m.name == "digits_enough" for m in evidence.measures):
            yield (
                _("Give out decisions alone, where they suffice."),
                _("Rounding would not do: even three digits change a decision."),
                UNTRIED,
            )
        return
    case = f"{int(enough.value or 0)} digit" + "s" * (enough.value != 1)
    what = _(
        "Give out scores of {digits}.",
        digits=wording.plural(enough.value or 0, "decimal digit", "decimal digits"),
    )
    said = _("No decision about these rows changes.")
    change = _of(evidence, "attack_auc_change", case=case)
    if change is None:
        unknown = _("What it would take from an attack was not measured.")
        yield what, wording.paragraph((said, unknown)), UNTRIED
        return
    helps = change.high is not None and change.high < 0
    effect = (
        _("The area of the attack changes by {change}.", change=wording.measured(change))
        if helps
        else _(
            "It is not shown to hinder the attack: its area changes by {change}.",
            change=wording.measured(change),
        )
    )
    yield what, wording.paragraph((said, effect)), HELPS if helps else TRIED


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
        yield what, effect, HELPS if left < alone.value else TRIED


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
    yield _("Ask what these features are needed for: {features}.", features=_told(names)), effect, UNTRIED


def _told(names: list[str]) -> str:
    more = len(names) - _FEATURES_TOLD
    told = [wording.brief(name, _NAME) for name in names[:_FEATURES_TOLD]]
    return wording.joined([*told, wording.plural(more, "more", "more")] if more > 0 else told)


def _learning(evidence: Evidence) -> Iterator[Remedy]:
    gap = _of(evidence, "generalisation_gap")
    if gap is None or gap.low is None or gap.low <= 0:
        return
    yield (
        _(
            "Learn less by heart: stronger regularisation, earlier stopping, more rows; where a bound is "
            "needed whatever the attack, differential privacy."
        ),
        _("The model does better on rows it learnt by {gap}.", gap=wording.measured(gap)),
        UNTRIED,
    )


def _keeping(evidence: Evidence) -> Iterator[Remedy]:
    """Say what to do about the file, by what was found in it."""
    stored = _of(evidence, "stored_row_share", table="training")
    small, rare = _of(evidence, "small_leaf_share"), _of(evidence, "listed_rare_share")
    what, effect = [], []
    if stored is not None and stored.value:
        what.append(_("Guard the file like the data, or take a kind of model that stores no rows."))
        effect.append(
            _("Of its training rows, {share} stand in it.", share=wording.per_hundred(stored.value))
        )
    if small is not None and small.value:
        what.append(_("Grow trees with larger leaves."))
        share = wording.per_hundred(small.value)
        effect.append(
            _("In an average tree, {share} training people share a leaf with few others.", share=share)
        )
        ever = _of(evidence, "small_leaf_people_share")
        if ever is not None and ever.value:
            once = wording.per_hundred(ever.value)
            effect.append(_("In at least one tree, {share} do.", share=once))
            effect.append(wording.recorded(ever.note or ""))
    if rare is not None and rare.value:
        what.append(_("Merge rare values before training."))
        share = wording.per_hundred(rare.value)
        effect.append(_("{share} training people have a rare value that the file lists.", share=share))
    if what:
        yield wording.paragraph(what), wording.paragraph(map(wording.sentence, effect)), UNTRIED
