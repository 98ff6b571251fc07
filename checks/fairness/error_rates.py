r"""Error rates: is the system wrong about groups equally often, and in the same way?

Per group: the true and false positive and negative rates, the predictive values and their complements
(false discovery, false omission), accuracy, and the base rate. Per attribute and crossing: the `_gap`
(highest minus lowest) and `_ratio` (lowest over highest) of each, and three gaps with names of their own:
`equal_opportunity_gap` (true positive rates), `equalized_odds_gap` (the larger of the true and false
positive gaps) and `average_odds_gap` (their mean).

Why it matters
    A wrongly refused loan and a wrongly granted one hurt different people. A system can select groups equally
    and still put its mistakes on one of them.

How to read it
    *Positive* is the event that the score predicts; ask which error hurts the person and read that one. `n`
    is the number of people in the rate's own denominator (for the false positive rate, the group's actual
    negatives). Groups under 30 rows, or under 10 in that denominator, are measured and not compared; beside
    their own rate stands one drawn towards the mean of all groups (`_shrunk`, with three groups or more);
    `uncompared_share` counts the people of groups left out of the true or the false positive comparison. With
    a declared reference (a group, or `rest`) each group's rate is set against it
    (`..._difference_to_reference`). Intervals of gaps and ratios cover the worst pair of all groups. With
    more than two classes every number is there for each class against the rest (`class`) and as the mean over
    classes (`average: macro`; undefined for a group without people in one of the denominators), and accuracy
    without a class is the share of people who are given their own class.

Limits
    The label is taken as the truth. Where it was made by people (who was hired, who was arrested) equal error
    rates may repeat their errors. Except in trivial cases, error rates and predictive values cannot all be
    equal when base rates differ.

References
    Hardt, Price and Srebro, Equality of Opportunity in Supervised Learning, NeurIPS 2016. Chouldechova, Fair
    Prediction with Disparate Impact, Big Data 5, 2017. Newcombe, Statistics in Medicine 17, 1998.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping

import numpy as np

from checks.comparison import (
    MIN_GROUP,
    compared,
    decided,
    grouped,
    left_out_note,
    notes,
    rates,
    shrunk,
    uncompared_share,
    unusable,
    with_label,
)
from checks.counts import ACTUAL, PREDICTED, GroupTable, Truth
from checks.model import Array, Inconclusive, Measure, Subject, Task, check
from checks.multiclass import MeanTable, accuracy_tables, tables
from checks.references import difference_to_reference
from checks.statistics import (
    Proportions,
    highest_minus_lowest,
    largest_gap,
    lowest_over_highest,
    mean_gap,
)

_USABLE = (ACTUAL != Truth.UNKNOWN) & (PREDICTED != Truth.UNKNOWN)
_POSITIVE, _NEGATIVE = _USABLE & (ACTUAL == Truth.YES), _USABLE & (ACTUAL == Truth.NO)
_CHOSEN, _REFUSED = _USABLE & (PREDICTED == Truth.YES), _USABLE & (PREDICTED == Truth.NO)

RATES: Mapping[str, tuple[Array, Array]] = {
    "true_positive_rate": (_CHOSEN, _POSITIVE),
    "false_positive_rate": (_CHOSEN, _NEGATIVE),
    "false_negative_rate": (_REFUSED, _POSITIVE),
    "true_negative_rate": (_REFUSED, _NEGATIVE),
    "positive_predictive_value": (_POSITIVE, _CHOSEN),
    "negative_predictive_value": (_NEGATIVE, _REFUSED),
    "false_discovery_rate": (_NEGATIVE, _CHOSEN),
    "false_omission_rate": (_POSITIVE, _REFUSED),
    "accuracy": (ACTUAL == PREDICTED, _USABLE),
    "base_rate": (_POSITIVE, _USABLE),
}
"""Outcomes that count, among which outcomes."""

_ODDS = ("true_positive_rate", "false_positive_rate")


@check
def error_rates(subject: Subject, *, min_group: int = MIN_GROUP) -> Iterator[Measure]:
    """Measure every error rate with its gap and ratio, by attribute and intersection."""
    decided(subject)
    with_label(subject)
    grouped(subject)
    yield unusable(subject)

    compared_any = False
    for _, each in tables(subject):
        for table in each:
            reference = subject.roles.references.get(table.groups.attribute, "best")
            compared_any |= yield from _of_one(table, min_group, reference)
    if subject.task is Task.MULTICLASS:
        for table in accuracy_tables(subject):
            reference = subject.roles.references.get(table.groups.attribute, "best")
            yield from _of_rate("accuracy", table, min_group, reference)

    if not compared_any:
        raise Inconclusive(f"no attribute has two groups of {min_group} rows or more with a label")


def _of_one(table: GroupTable, min_group: int, reference: str) -> Generator[Measure, None, bool]:
    """Yield every number of one table; return whether any two groups were compared."""
    of, compared_any = table.groups.key, False
    odds: list[tuple[Proportions, str | None]] = []
    left = np.zeros(len(table.groups.names), dtype=bool)
    for name in RATES:
        if name == "base_rate" and isinstance(table, MeanTable):
            continue  # a mean of shares that add to 1 says nothing
        large, why = yield from _of_rate(name, table, min_group, reference)
        compared_any |= len(large.value) > 1
        if name in _ODDS:
            odds.append((large, left_out_note(why)))
            left |= np.array([reason is not None for reason in why])

    (true_positive, note), (false_positive, other) = odds
    yield highest_minus_lowest("equal_opportunity_gap", true_positive, of=of, note=note)
    both, said = (true_positive, false_positive), note or other
    yield largest_gap("equalized_odds_gap", both, of=of, note=said)
    yield mean_gap("average_odds_gap", both, of=of, note=said)
    yield uncompared_share(table, left)
    return compared_any


def _of_rate(
    name: str, table: GroupTable, min_group: int, reference: str
) -> Generator[Measure, None, tuple[Proportions, list[str | None]]]:
    """Yield one rate of each group, its gap and its ratio; return what is compared and why others are not."""
    (hits, among), groups = RATES[name], table.groups
    shares = table.shares(hits, among)
    why = notes(groups, table.people(_USABLE), min_group, table.smallest(among))
    yield from rates(name, groups, shares, why)
    if not isinstance(table, MeanTable):
        yield from shrunk(name, groups, shares, why)
    large, note = shares.take(compared(why)), left_out_note(why)
    yield highest_minus_lowest(f"{name}_gap", large, of=groups.key, note=note)
    yield lowest_over_highest(f"{name}_ratio", large, of=groups.key, note=note)
    if not isinstance(table, MeanTable):
        said = f"{name}_difference_to_reference"
        yield from difference_to_reference(said, groups, shares, compared(why), reference)
    return large, why
