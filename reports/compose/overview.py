"""Attributes and crossings side by side, those whose groups are shown best to differ first."""

from __future__ import annotations

import math

from checks.model import Measure
from checks.names import crossed, split
from reports import wording
from reports.compose.explain import compared, withheld
from reports.compose.view import View, measure_title
from reports.document import Cell, Column, Table
from reports.language import _

_MAIN = (
    "impact_ratio",
    "selection_rate_gap",
    "true_positive_rate_gap",
    "false_positive_rate_gap",
    "equalized_odds_gap",
    "average_odds_gap",
    "positive_predictive_value_gap",
    "accuracy_gap",
    "roc_auc_gap",
    "mean_prediction_ratio",
    "mean_error_gap",
    "mean_absolute_error_gap",
    "root_mean_squared_error_gap",
    "r2_gap",
    "conditional_selection_rate_gap",
    "conditional_impact_ratio",
    "selection_rate_range",
    "calibration_error_gap",
    "difference_p_value",
    "uncompared_share",
)
"""Differences told with their attribute, in this order; the others stand in the annex."""
_MEAN = "macro"
"""The average of means over classes."""
_LEADING = "fairness.selection_rate"
"""Of what several checks say alike, this one's is kept first."""
_BASES = (
    ("fairness.regression", "mean_error"),
    ("fairness.selection_rate", "selection_rate"),
    ("fairness.scoring_rate", "scoring_rate"),
    ("fairness.error_rates", "accuracy"),
)
"""The rate by which the lowest and the highest group are named: the first that was measured."""
_WHOLE = 4
_ROWS = 25


def told_whole(view: View) -> list[str]:
    """Return the single attributes told whole: those shown best to differ, in measured order."""
    first = [a for a in by_evidence(view) if len(split(a)) == 1][:_WHOLE]
    return [a for a in view.attributes() if a in first]


def by_evidence(view: View) -> list[str]:
    """Return attributes and crossings, first those with a difference farthest from equality."""
    return sorted(view.attributes(), key=lambda a: -max(map(evidence, _gaps(view, a)), default=-1.0))


def _gaps(view: View, attribute: str) -> list[Measure]:
    return [m for m, _ in differences(view, attribute)]


def overview(view: View) -> Table:
    """Return a line for each attribute and crossing."""
    ordered = by_evidence(view)
    rows = tuple(_row(view, attribute) for attribute in ordered[:_ROWS])
    more = len(ordered) - len(rows)
    rest = _("{many} in the annex.", many=wording.plural(more, "more stands", "more stand")) if more else ""
    columns = (
        Column(_("People compared by")),
        Column(_("Groups"), "number"),
        Column(_("Lowest")),
        Column(_("Highest")),
        Column(_("Difference shown best (interval)")),
    )
    note = _("Sorted by evidence, not by size. Lowest and highest are of the groups that are compared.")
    return Table(_("Attributes and where they cross"), columns, rows, wording.paragraph((note, rest)))


def _row(view: View, attribute: str) -> tuple[Cell, ...]:
    lowest = highest = _("not compared")
    for check, name in _BASES:
        found = compared(view, f"{check}.{name}", attribute)
        if len(found) >= 2:
            lowest, highest = _extreme(found[0]), _extreme(found[-1])
            break
    if lowest == highest and withheld(view, ".".join(_BASES[1]), attribute):
        lowest = highest = wording.withheld()
    best = next((m for m in _gaps(view, attribute) if evidence(m) >= 0), None)
    told = (
        "" if best is None else _("{name}: {value}", name=measure_title(best), value=wording.measured(best))
    )
    return (
        Cell(wording.brief(crossed(attribute)), view.attribute_anchor(attribute)),
        Cell(wording.count(len(_all_groups(view, attribute)))),
        Cell(lowest),
        Cell(highest),
        Cell(
            told or (wording.withheld() if lowest == wording.withheld() else _("no difference was measured"))
        ),
    )


def _extreme(rate: Measure) -> str:
    return _(
        "{group} {value}",
        group=wording.brief(wording.group(rate.of["group"]), 40),
        value=wording.number(rate.value),
    )


def _all_groups(view: View, attribute: str) -> set[str]:
    return {
        m.of["group"]
        for one in view.family("fairness")
        for m in one.measures
        if m.of.get("attribute") == attribute and "group" in m.of
    }


def differences(view: View, attribute: str) -> list[tuple[Measure, str]]:
    """Return the main differences of *attribute* with their checks, the best shown first."""
    found = {
        (m.name, m.value, m.low, m.high): (m, check)
        for m, check in reversed(view.of_attributes.get(attribute, ()))
        if m.name in _MAIN and m.of.get("average", _MEAN) == _MEAN
    }
    return sorted(
        found.values(),
        key=lambda item: (-evidence(item[0]), _MAIN.index(item[0].name), item[1] != _LEADING, item[1]),
    )


def evidence(measure: Measure) -> float:
    """Return the distance from equality in widths of the interval, which rank like standard errors."""
    value, low, high = measure.value, measure.low, measure.high
    if value is None or low is None or high is None or high <= low:
        return -1.0
    if measure.name.endswith("_gap"):
        return abs(value) / (high - low)
    if measure.name.endswith("_ratio") and value > 0:
        return abs(math.log(value)) / (math.log(high) - math.log(low)) if low > 0 else 0.0
    return -1.0
