"""Per attribute in plain words: which groups lie furthest apart, and what the data could show at all."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from checks.model import Measure
from checks.names import crossed
from reports import wording
from reports.compose.explain import compared, spell_contrast
from reports.compose.view import View

_RATES = (
    ("fairness.selection_rate", "selection_rate"),
    ("fairness.scoring_rate", "scoring_rate"),
    ("fairness.error_rates", "accuracy"),
)
"""What people understand first, in this order; several classes have no one favourable outcome."""
_CASES = {
    "selection_rate": "in who receives the favourable outcome",
    "true_positive_rate": "in who of the actual positives is found",
    "false_positive_rate": "in who of the actual negatives is taken for positive",
}


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
            return f"{says} The lowest rate is {wording.measured(ratio)} of the highest."
    return ""


def _errors(found: list[Measure]) -> str:
    if len(found) < 2:
        return ""
    told = "; ".join(f"group {crossed(m.of['group'])} is {_off(m)}" for m in (found[0], found[-1]))
    return f"On average, {told}, in units of the label."


def _off(error: Measure) -> str:
    """Return which way a group is misjudged; predicted less actual, so below 0 is too little."""
    value = error.value or 0.0
    if value == 0:
        return "judged neither too low nor too high"
    way = "underestimated" if value < 0 else "overestimated"
    low, high = error.low, error.high
    unsure = low is not None and high is not None and low <= 0 <= high
    return f"{way} by {wording.number(abs(value))}{', which may be chance' if unsure else ''}"


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
            yield f"The groups are shown to differ {where}."
            continue
        yield (
            f"No difference is shown {where}: these {wording.count(least.n)} rows would show a gap of "
            f"{wording.number(least.value)} or more with a power of 80 %{_more(view, of)}."
        )
    cost = view.number(f"{path}.groups_cost", attribute=attribute, case="selection_rate")
    if cost is not None and cost.value is not None and cost.value > 1:
        yield (
            f"Comparing all these groups at once takes {wording.number(cost.value)} times the rows that two "
            "of them would."
        )


def _more(view: View, of: Mapping[str, str]) -> str:
    rows = view.number("fairness.power.rows_needed", **of)
    if rows is None or rows.value is None:
        return ""
    needed = wording.count(math.ceil(rows.value))
    return f"; the gap that was found would take about {needed} rows"
