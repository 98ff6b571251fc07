"""Label bias: do the recorded outcomes differ between groups, and by how much among like people?

Per group, the share of its labels that say the positive event (`base_rate`), with the gap and the ratio of
the highest and lowest group. Where `control` features were declared, the largest difference and the smallest
ratio among people alike in them (`conditional_base_rate_gap`, `_ratio`, Mantel-Haenszel), and each group's
difference to the others (`conditional_base_rate_difference`). `explaining_error_rate` is the share of the
other labels of the lowest group that would have to be wrong for all base rates to be equal.

Why it matters
    A system learns what its labels say. If the labels record who was favoured, arrested or believed, and not
    what people did, a system that fits them perfectly repeats it, and every error rate calls that right.

How to read it
    A gap is a question, not an answer. Read the conditional gap beside the plain one: what remains among like
    people is not explained by the declared features. A low `explaining_error_rate` means that few wrong
    labels would be enough to make the difference. Groups under 30 rows are measured and not compared; the
    intervals of gaps and ratios cover the worst pair. With several classes there are rates for each against
    the rest.

Limits
    From labels alone nobody can tell whether groups differ in what happened or in how it was recorded: that
    takes a second source (another annotator, a later outcome, a repeated measurement). A control feature that
    is itself a product of unequal treatment explains away what it should show. Numbers are controlled for in
    fifths, within which people still differ; `comparable_share` is the share of people who have somebody of
    another group in their stratum. For a regression the event is a label above the median.

References
    Jacobs and Wallach, Measurement and Fairness, FAccT 2021. Kamiran and Zliobaite, Quantifying Explainable
    Discrimination, KAIS 35, 2013. Mantel and Haenszel, JNCI 22, 1959. Sato, Biometrics 45, 1989.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from checks.comparison import MIN_GROUP, compared, grouped, left_out_note, notes, rates, uncompared_share
from checks.counts import Groups, GroupTable
from checks.data.bins import as_numbers
from checks.model import NOT_STATED, Array, Inconclusive, Kind, Measure, NotApplicable, Subject, Task, check
from checks.multiclass import MOST_CLASSES
from checks.statistics import (
    Proportions,
    highest_minus_lowest,
    lowest_over_highest,
    undefined,
)
from checks.statistics.stratified import conditional_gap, conditional_ratio, difference_to_rest
from checks.strata import strata, stratified
from checks.values import as_text

_MISSING = 2
ALL_POSITIVE = "every label of every group says the event, so there are no others"
_YES, _KNOWN = np.array([False, True, False]), np.array([True, True, False])


@check
def label_bias(subject: Subject, *, min_group: int = MIN_GROUP) -> Iterator[Measure]:
    """Measure base rates, plainly and among people alike in the control features."""
    grouped(subject)
    compared_any = False
    for also, codes in _questions(subject):
        like = _like(subject, codes)
        for plain in subject.counts.count(codes, 3).values():
            table = replace(plain, groups=replace(plain.groups, also=also))
            why = notes(table.groups, table.people(_KNOWN), min_group)
            shares, key = table.shares(_YES, _KNOWN), table.groups.key
            yield from rates("base_rate", table.groups, shares, why)
            large, note = shares.take(compared(why)), left_out_note(why)
            yield highest_minus_lowest("base_rate_gap", large, of=key, note=note)
            yield lowest_over_highest("base_rate_ratio", large, of=key, note=note)
            yield _explaining(large, key, note)
            yield uncompared_share(table, np.array([reason is not None for reason in why]), min_group)
            if like is not None:
                yield from _conditional(table.groups, like, why)
            compared_any |= len(large.value) > 1
    if not compared_any:
        raise Inconclusive(f"no attribute has two groups of {min_group} rows or more with a label")


def _questions(subject: Subject) -> Iterator[tuple[Mapping[str, str], Array]]:
    """Return, for each event, whether each row's label says it (0, 1), or is missing (2)."""
    label = subject.roles.label
    if label is None:
        raise NotApplicable("no label column was supplied; name the column that holds what really happened")
    if subject.task is Task.REGRESSION:
        values = as_numbers(pd.to_numeric(subject.evaluation[label], errors="coerce"))
        known = np.isfinite(values)
        middle = float(np.median(values[known])) if known.any() else 0.0
        yield {"class": "above the median"}, np.where(known, values > middle, _MISSING).astype(np.int64)
        return
    text = as_text(subject.evaluation[label]).astype(str)
    if subject.task is not Task.MULTICLASS:
        if subject.roles.positive is None:
            raise NotApplicable("the positive event is not known; name its value under `positive`")
        yield {}, np.where(text == NOT_STATED, _MISSING, text == subject.roles.positive).astype(np.int64)
        return
    classes = np.unique(text[text != NOT_STATED])
    if len(classes) > MOST_CLASSES:
        raise Inconclusive(
            f"the label has {len(classes)} classes, {MOST_CLASSES} are measured at most: merge some"
        )
    for name in classes:
        yield {"class": str(name)}, np.where(text == NOT_STATED, _MISSING, text == name).astype(np.int64)


def _explaining(large: Proportions, of: Mapping[str, str], note: str | None) -> Measure:
    """Return the share of the lowest group's other labels that would have to be wrong.

    The lowest rate p rises to the highest q when (q - p) / (1 - p) of the others change: 1 less the ratio of
    the shares of other labels, which has its interval from all pairs.
    """
    others = replace(large, hits=large.weight - large.hits)
    ratio = lowest_over_highest("explaining_error_rate", others, of=of, note=note)
    if ratio.value is None or ratio.low is None or ratio.high is None:
        return replace(ratio, unit="proportion", note=ratio.note if len(large.value) < 2 else ALL_POSITIVE)
    return replace(
        ratio,
        value=1 - ratio.value,
        low=1 - ratio.high,
        high=1 - ratio.low,
        unit="proportion",
        method=f"1 less the ratio of other labels, {ratio.method}",
    )


@dataclass(frozen=True, eq=False)
class _Like:
    """The counts of every attribute by stratum, or why there are none."""

    tables: Mapping[str, GroupTable]
    strata: int
    columns: tuple[str, ...]
    why: str | None = None


def _like(subject: Subject, codes: Array) -> _Like | None:
    """Return the counts among like people; None where no column is controlled for."""
    try:
        found = strata(subject)
    except NotApplicable:
        return None
    except Inconclusive as why:
        return _Like({}, 0, (), str(why))
    size = len(found.names)
    return _Like(subject.counts.count(found.of_row * 3 + codes, 3 * size), size, found.columns)


def _conditional(groups: Groups, like: _Like, why: list[str | None]) -> Iterator[Measure]:
    """Yield the gap and the ratio among like people, and each group against the rest."""
    if like.why is not None:
        for name, unit in (("gap", "proportion"), ("ratio", "ratio")):
            yield undefined(f"conditional_base_rate_{name}", like.why, of=groups.key, unit=unit)
        return
    which, note = compared(why), left_out_note(why)
    table = stratified(like.tables[groups.attribute], like.strata)
    large, by = table.take(which), f", among people alike in {', '.join(like.columns)}"
    for measure in (
        conditional_gap("conditional_base_rate_gap", large, of=groups.key, note=note),
        conditional_ratio("conditional_base_rate_ratio", large, of=groups.key, note=note),
    ):
        yield replace(measure, method=measure.method + by)
    for position, i in enumerate(which):
        name = "conditional_base_rate_difference"
        yield difference_to_rest(name, large, position, of=groups.of(int(i)), note=why[i])
    yield Measure(
        "comparable_share",
        large.shared(),
        n=float(large.n.sum()),
        of=groups.key,
        kind=Kind.EXACT,
        method="people in a stratum with people of another compared group",
    )
