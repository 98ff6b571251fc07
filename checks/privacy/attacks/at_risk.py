"""Whom an attack finds most: members of each group, by the cut-off that holds for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from checks.comparison import MIN_DENOMINATOR, MIN_GROUP
from checks.model import NOT_STATED, Array, Measure, Subject
from checks.privacy.attacks.compared import Compared
from checks.privacy.attacks.rates import threshold
from checks.statistics import (
    Aucs,
    Proportions,
    clopper_pearson,
    hanley_mcneil,
    highest_minus_lowest,
    roc_auc,
    undefined,
)
from checks.values import group_values

AUC, FOUND = "group_auc", "group_tpr_at_fpr_1pct"


def by_group(subject: Subject, people: Compared, signal: Array, attack: str) -> Iterator[Measure]:
    """Yield how well *attack* works on each group that both files name, and the gap between groups."""
    above = threshold(signal[~people.member], 0.01)
    for attribute in subject.attributes:
        of = {"attack": attack, "attribute": attribute}
        groups = _groups(subject, people, attribute)
        if groups is None:
            why = "the training table does not have this column: add it to see who is most at risk"
            yield undefined(f"{AUC}_gap", why, of=of)
            yield undefined(f"{FOUND}_gap", why, of=of)
            continue
        yield from _measured(people, signal, above, groups, of)


def _groups(subject: Subject, people: Compared, attribute: str) -> Array | None:
    training = subject.training
    if training is None or attribute not in training.columns:
        return None
    sides = (
        group_values(table[attribute], attribute, subject.roles)[people.position[side]]
        for table, side in ((training, people.member), (subject.evaluation, ~people.member))
    )
    return np.concatenate(list(sides))


def _measured(
    people: Compared, signal: Array, above: float, groups: Array, of: dict[str, str]
) -> Iterator[Measure]:
    compared: list[tuple[float, int, int, int]] = []
    names = sorted({str(name) for name in groups})
    for name in names:
        mine = groups == name
        inside, outside = signal[mine & people.member], signal[mine & ~people.member]
        why = _why(name, len(inside), len(outside))
        key = {**of, "group": name}
        area = roc_auc(people.member[mine], signal[mine])
        found = int((inside > above).sum())
        measured = hanley_mcneil(AUC, area, len(inside), len(outside), of=key)
        yield measured if area is None else replace(measured, note=why)
        yield clopper_pearson(FOUND, found, len(inside), of=key, note=why)
        if why is None and area is not None:
            compared.append((area, len(inside), len(outside), found))
    left = len(names) - len(compared)
    note = f"{left} of {len(names)} groups not compared" if left else None
    areas, m, n, hits = np.array(compared, dtype=np.float64).reshape(-1, 4).T
    yield highest_minus_lowest(f"{AUC}_gap", Aucs(areas, m, n, m + n), of=of, note=note)
    yield highest_minus_lowest(f"{FOUND}_gap", Proportions.of_counts(hits, m), of=of, note=note)


def _why(name: str, members: int, others: int) -> str | None:
    if name == NOT_STATED:
        return "never compared"
    if members < MIN_GROUP:
        return f"under {MIN_GROUP} training rows: not compared"
    if others < MIN_DENOMINATOR:
        return f"under {MIN_DENOMINATOR} evaluation rows: not compared"
    return None
