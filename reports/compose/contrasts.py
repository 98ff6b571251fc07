"""Per attribute in plain words: which groups lie furthest apart, and what the data could show at all."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from checks.model import Measure
from reports import wording
from reports.compose.explain import compared, spell_contrast
from reports.compose.view import View
from reports.language import N_, _, own

_RATES = (
    ("fairness.selection_rate", "selection_rate"),
    ("fairness.scoring_rate", "scoring_rate"),
    ("fairness.error_rates", "accuracy"),
)
"""What people understand first, in this order; several classes have no one favourable outcome."""
_CASES = N_(
    {
        "selection_rate": "in who receives the favourable outcome",
        "true_positive_rate": "in who of the actual positives is found",
        "false_positive_rate": "in who of the actual negatives is taken for positive",
    }
)


def contrast(view: View, attribute: str) -> str:
    """Return one sentence on the groups that lie furthest apart; nothing where nobody is compared."""
    errors = _errors(compared(view, "fairness.regression.mean_error", attribute))
    if errors:
        return errors
    for check, name in _RATES:
        found = compared(view, f"{check}.{name}", attribute)
        if len(found) >= 2:
            ratio = view.number(f"{check}.impact_ratio", attribute=attribute)
            says = spell_contrast(name, found)
            if ratio is None or ratio.value is None:
                return says
            return _(
                "{says} The lowest rate is {ratio} of the highest.", says=says, ratio=wording.measured(ratio)
            )
    return ""


def _errors(found: list[Measure]) -> str:
    if len(found) < 2:
        return ""
    told = wording.series(
        _("group {group} is {off}", group=wording.group(m.of["group"]), off=_off(m))
        for m in (found[0], found[-1])
    )
    return _("On average, {told}, in units of the label.", told=told)


def _off(error: Measure) -> str:
    """Return which way a group is misjudged; predicted less actual, so below 0 is too little."""
    value = error.value or 0.0
    if value == 0:
        return _("judged neither too low nor too high")
    low, high = error.low, error.high
    unsure = low is not None and high is not None and low <= 0 <= high
    by = wording.number(abs(value))
    if unsure:
        if value < 0:
            return _("underestimated by {number}, which may be chance", number=by)
        return _("overestimated by {number}, which may be chance", number=by)
    return (
        _("underestimated by {number}", number=by) if value < 0 else _("overestimated by {number}", number=by)
    )


def shown(view: View, attribute: str) -> Iterator[str]:
    """Yield whether the groups are shown to differ, and which gap these rows could have shown."""
    path = "fairness.power"
    for case, where in _CASES.items():
        of = {"attribute": attribute, "case": case}
        differ = view.number(f"{path}.shown_to_differ", **of)
        least = view.number(f"{path}.detectable_gap", **of)
        if differ is None or differ.value is None or least is None or least.value is None:
            continue
        if differ.value:
            yield _("The groups are shown to differ {where}.", where=own(where))
            continue
        yield (
            _(
                "No difference is shown {where}: these {n} rows would show a gap of {value} or more with "
                "a power of 80 %{more}.",
                where=own(where),
                n=wording.count(least.n),
                value=wording.number(least.value),
                more=_more(view, of),
            )
        )
    cost = view.number(f"{path}.groups_cost", attribute=attribute, case="selection_rate")
    if cost is not None and cost.value is not None and cost.value > 1:
        yield (
            _(
                "Comparing all these groups at once takes {value} times the rows that two of them would.",
                value=wording.number(cost.value),
            )
        )


def _more(view: View, of: Mapping[str, str]) -> str:
    rows = view.number("fairness.power.rows_needed", **of)
    if rows is None or rows.value is None:
        return ""
    needed = wording.count(math.ceil(rows.value))
    return _("; the gap that was found would take about {needed} rows", needed=needed)
