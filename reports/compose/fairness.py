"""Fairness: per attribute one picture, one table, one plain sentence; then the disparities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from checks.model import Measure
from checks.names import crossed
from reports import wording
from reports.compose import pictures
from reports.compose.contrasts import contrast, shown
from reports.compose.overview import by_evidence, differences, overview, told_whole
from reports.compose.portraits import portraits
from reports.compose.tables import ANNEX, MOST, RECORD
from reports.compose.view import View, brief_title, measure_title
from reports.document import Block, Bullet, Bullets, Cell, Column, Paragraph, Section, Table
from reports.language import N_, _, own, said

_RATES = (
    ("fairness.selection_rate", "selection_rate"),
    ("fairness.error_rates", "true_positive_rate"),
    ("fairness.error_rates", "false_positive_rate"),
    ("fairness.error_rates", "positive_predictive_value"),
    ("fairness.error_rates", "accuracy"),
    ("fairness.scoring_rate", "scoring_rate"),
)
_NUMBERS = tuple(
    ("fairness.regression", name)
    for name in ("mean_error", "mean_absolute_error", "root_mean_squared_error", "r2")
)
"""What stands in a table of its own, without a picture: the numbers are in the units of the label."""
_PANELS = 4
_GROUPS_TOLD = 8
_DIFFERENCES_TOLD = 5
_PICTURED = 12
"""So many attributes are told whole in the annex, those shown best; of the others the main differences."""


def fairness(view: View) -> Section:
    """Return the family: every attribute in a line, then those that are told whole."""
    blocks: list[Block] = [*_chosen(view)]
    if view.attributes():
        blocks += [Paragraph(own(_LEAD)), overview(view)]
    else:
        blocks.append(
            Paragraph(
                _("Nothing was compared between groups; the reasons stand under “What was not measured”.")
            )
        )
    parts = [_attribute(view, a) for a in told_whole(view)]
    return Section(_("Fairness"), "family-fairness", tuple(blocks), tuple(parts))


_LEAD = N_(
    "Per attribute: one sentence, the rates with their intervals, and the differences shown best. Hollow "
    "points and noted groups were measured, but are too small or not stated. Where attributes cross, and "
    "what is shortened here, stands whole in the annex."
)


def attributes_in_full(view: View) -> Iterator[Section]:
    """Yield every attribute and crossing with its groups and all its main differences."""
    whole = told_whole(view)
    pictured = by_evidence(view)[: len(whole) + _PICTURED]
    for attribute in view.attributes():
        if attribute in whole:
            anchor, title = (
                f"{view.attribute_anchor(attribute)}-all",
                _("By {attribute}, in full", attribute=crossed(attribute)),
            )
            blocks = [*_groups(view, attribute, MOST[RECORD], RECORD), *_disparities(view, attribute)]
        elif attribute in pictured:
            anchor, title = (
                view.attribute_anchor(attribute),
                _("By {attribute}", attribute=crossed(attribute)),
            )
            blocks = [
                *_sentence(view, attribute),
                *_picture(view, attribute),
                *_groups(view, attribute, pictures.GROUPS_SHOWN, RECORD),
                *_disparities(view, attribute),
                *_power(view, attribute),
            ]
        else:
            anchor, title = (
                view.attribute_anchor(attribute),
                _("By {attribute}", attribute=crossed(attribute)),
            )
            blocks = [
                *_sentence(view, attribute),
                *_disparities(view, attribute, _DIFFERENCES_TOLD, RECORD),
            ]
        yield Section(title, anchor, tuple(blocks))


def _chosen(view: View) -> Iterator[Block]:
    """Yield which measure the submitter holds to fit the harm, why, and what it came to."""
    choice = view.submission.get("metric_choice")
    if not choice:
        return
    check, _dot, name = choice["measure"].rpartition(".")
    reason, person = choice.get("reason"), choice.get("chosen_by")
    what, path = wording.measure(name), choice["measure"]
    chosen = _("Chosen as the measure that fits the harm: {name} ({path}).", name=what, path=path)
    if person:
        chosen = _(
            "Chosen by {person} as the measure that fits the harm: {name} ({path}).",
            person=person,
            name=what,
            path=path,
        )
    yield Paragraph(
        wording.paragraph(
            (
                chosen,
                _("The reason given: “{reason}”", reason=reason) if reason else _("No reason was given."),
                _(
                    "It is told first here; every other measure is told too, and the choice changes no "
                    "verdict."
                ),
            )
        )
    )
    evidence = view.default(check)
    found = [m for m in (evidence.measures if evidence else ()) if m.name == name and "group" not in m.of]
    if found:
        cells = (
            (Cell(wording.where(m.of)), Cell(wording.measured(m)), Cell(wording.count(m.n))) for m in found
        )
        columns = (Column(_("Of")), Column(_("Value (interval)"), "number"), Column(_("n"), "number"))
        yield Table(_("The chosen measure: {measure}", measure=wording.measure(name)), columns, tuple(cells))
    else:
        yield Paragraph(
            _("The chosen measure was not measured here; the reasons stand under “What was not measured”.")
        )


def _attribute(view: View, attribute: str) -> Section:
    anchor = view.attribute_anchor(attribute)
    link = Bullet(_("Every group and difference"), f"{anchor}-all")
    blocks = (
        *_sentence(view, attribute),
        *_picture(view, attribute),
        *_groups(view, attribute, _GROUPS_TOLD, ANNEX),
        *_disparities(view, attribute, _DIFFERENCES_TOLD),
        *_power(view, attribute),
        Bullets((link,)),
    )
    return Section(_("By {attribute}", attribute=crossed(attribute)), anchor, blocks)


def _sentence(view: View, attribute: str) -> Iterator[Block]:
    said = contrast(view, attribute)
    if said:
        yield Paragraph(said)


def _picture(view: View, attribute: str) -> Iterator[Block]:
    rates = _rates(view, attribute, _RATES)[:_PANELS]
    order, _hidden = _order(rates, pictures.GROUPS_SHOWN)
    if order and not _rates(view, attribute, _NUMBERS):  # errors say more of predicted numbers than rates
        panels = [(_title(name), [m for m in ms if m.of["group"] in order]) for name, ms in rates]
        yield pictures.rates(view.attribute_anchor(attribute), crossed(attribute), panels, order)
    yield from portraits(view, attribute)


def _groups(view: View, attribute: str, most: int, where: str) -> Iterator[Block]:
    """Yield the table of groups: their errors where the task has them, else their rates.

    It has *most* rows, the lowest rates first; the others stand *where* it says.
    """
    rates = _rates(view, attribute, _NUMBERS) or _rates(view, attribute, _RATES)[:_PANELS]
    if rates:
        yield _group_table(crossed(attribute), rates, *_order(rates, most), where)


def _power(view: View, attribute: str) -> Iterator[Block]:
    said = tuple(Bullet(sentence) for sentence in shown(view, attribute))
    if said:
        yield Bullets(said)


def _rates(view: View, attribute: str, asked: Sequence[tuple[str, str]]) -> list[tuple[str, list[Measure]]]:
    found = []
    for check, name in asked:
        evidence = view.default(check)
        measures = [
            m
            for m in (evidence.measures if evidence else ())
            if m.name == name and m.of.get("attribute") == attribute and m.of.keys() == {"attribute", "group"}
        ]
        if measures:
            found.append((name, measures))
    return found


def _order(rates: Sequence[tuple[str, list[Measure]]], most: int) -> tuple[list[str], int]:
    """Return the groups to show, lowest first by the first rate, uncompared last; and how many are left."""
    if not rates:
        return [], 0
    first = sorted(rates[0][1], key=lambda m: (_hollow(m), m.value is None, m.value or 0.0, m.of["group"]))
    others = {m.of["group"]: None for _, ms in rates for m in ms}
    groups = list(dict.fromkeys([*(m.of["group"] for m in first), *others]))
    shown = groups[:most]
    return shown, len(groups) - len(shown)


def _hollow(measure: Measure) -> bool:
    return measure.note is not None or measure.of["group"] == "not stated"


def _title(name: str) -> str:
    words = wording.measure(name)
    return words[:1].upper() + words[1:]


def _group_table(
    title: str,
    rates: Sequence[tuple[str, list[Measure]]],
    order: Sequence[str],
    hidden: int,
    where: str,
) -> Table:
    by_group = {name: {m.of["group"]: m for m in measures} for name, measures in rates}
    rows = []
    notes: dict[str, dict[str, None]] = {}
    for group in order:
        cells = [Cell(wording.group(group)), Cell(_people(by_group, group))]
        for name, _measures in rates:
            m = by_group[name].get(group)
            cells.append(Cell("" if m is None else wording.measured(m)))
            if m is not None and m.note:
                notes.setdefault(m.note, {})[wording.group(group)] = None
        rows.append(tuple(cells))
    columns = (
        Column(_("Group")),
        Column(_("Rows"), "number"),
        *(Column(_title(name), "number") for name, _ in rates),
    )
    many = wording.plural(hidden, "more group", "more groups")
    more = _("{items} in {where}.", items=many, where=own(where)) if hidden else ""
    notes_told = wording.paragraph(
        _("{items}: {note}.", items=wording.joined(groups), note=said(note)) for note, groups in notes.items()
    )
    return Table(
        _("Groups of {title}, lowest first, with 95 % intervals", title=title),
        columns,
        tuple(rows),
        wording.paragraph((more, notes_told)),
    )


def _people(by_group: dict[str, dict[str, Measure]], group: str) -> str:
    counts = [m[group].n for m in by_group.values() if group in m]
    return wording.count(max((n for n in counts if n is not None), default=None))


def _disparities(view: View, attribute: str, most: int | None = None, where: str = ANNEX) -> Iterator[Block]:
    """Yield one table of the main differences, at most *most*; what several checks say alike is said once."""
    chosen = differences(view, attribute)
    if not chosen:
        return
    told = chosen[:most]
    noted = any(m.note for m, _ in told)
    rows = tuple(
        (
            Cell(
                _("{name}, mean over classes", name=measure_title(m))
                if "average" in m.of
                else measure_title(m)
            ),
            Cell(brief_title(check)),
            Cell(wording.measured(m)),
            Cell(wording.count(m.n)),
            *((Cell(wording.recorded(m.note)),) if noted else ()),
        )
        for m, check in told
    )
    heads = (
        Column(_("Difference")),
        Column(_("In")),
        Column(_("Value (interval)"), "number"),
        Column(_("Rows"), "number"),
    )
    columns = (*heads, *((Column(_("Note")),) if noted else ()))
    more = len(chosen) - len(told)
    rest = (
        _("{many} in {where}.", many=wording.plural(more, "more stands", "more stand"), where=own(where))
        if more
        else ""
    )
    yield Table(
        _("Differences between groups of {attribute}", attribute=crossed(attribute)),
        columns,
        rows,
        wording.paragraph((own(_BY_EVIDENCE), rest)),
    )


_BY_EVIDENCE = N_(
    "Sorted by evidence, not by size: first what lies farthest from equality in standard errors, as its "
    "interval gives them. What is no comparison comes last."
)
