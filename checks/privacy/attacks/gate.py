"""The gate before every attack: can the two files be told apart without the model?"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

import numpy as np
import pandas as pd

from checks.data.rows import codes
from checks.draw import sample_rows
from checks.model import Array, Measure
from checks.privacy.attacks.compared import STREAM, Compared
from checks.statistics import hanley_mcneil, roc_auc

ROWS = 4000
"""Rows a side: enough to see a shift that could matter."""
FOLDS = 5
FEW = 2_000
"""Rows of both files under which folds that differ by chance move the area."""
LIMIT = 0.55
"""An area under which the files are alike, and over which they are not."""


class Gate(StrEnum):
    """What a comparison of the two files is worth."""

    COMPARABLE = "comparable"
    UNCERTAIN = "uncertain"
    INVALID = "invalid"


def drift(people: Compared, seed: int) -> Measure:
    """Return how well features and label alone tell members from others, out of fold."""
    return told_apart(with_truth(people), people.member, seed)


def told_apart(seen: Array, members: Array, seed: int) -> Measure:
    """Return how well what is *seen* of each row, as numbers, tells members from others, out of fold."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from threadpoolctl import threadpool_limits

    rng = np.random.default_rng([seed, STREAM, 1])
    some = np.concatenate(
        [
            side[sample_rows(len(side), ROWS, None, rng)]
            for side in (np.flatnonzero(members), np.flatnonzero(~members))
        ]
    )
    seen = seen[some]
    state = int(rng.integers(2**31))
    judge = HistGradientBoostingClassifier(max_iter=40, early_stopping=False, random_state=state)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=state)
    member = members[some]
    with threadpool_limits(1):  # threads that wait for each other cost more than this small task
        told = cross_val_predict(judge, seen, member, cv=folds, method="predict_proba", n_jobs=1)[:, 1]
    found = hanley_mcneil("drift_auc", roc_auc(member, told), int(member.sum()), int((~member).sum()))
    return replace(found, note=_below(found, len(some)))


def _below(found: Measure, rows: int) -> str | None:
    """Say what an area reliably under a half comes from: worse than guessing is not better than alike."""
    if found.high is None or found.high >= 0.5:
        return None
    few = f"; with {rows:,} rows, cross-validation leans there by itself" if rows < FEW else ""
    return (
        "reliably under 0.5: rows of one file have their like in the other more often than by chance, as"
        f" after a stratified or matched split{few}; the files do not differ, but look at how they were split"
    )


def judged(found: Measure) -> Gate:
    """Return what the comparison is worth, by the interval of *found*."""
    assert found.low is not None
    assert found.high is not None
    if found.low > LIMIT:
        return Gate.INVALID
    return Gate.COMPARABLE if found.high < LIMIT else Gate.UNCERTAIN


def doubt(seen: Array, members: Array, seed: int) -> str | None:
    """Say that a gain over others may come from how the files differ; None where they are alike."""
    gate = judged(told_apart(seen, members, seed))
    if gate is Gate.COMPARABLE:
        return None
    if gate is Gate.INVALID:
        return (
            "training and evaluation rows can be told apart without the model, so the guess without it is"
            " learnt from other people than it is tried on, and the gain may be too high"
        )
    return (
        "training and evaluation rows may differ without the model; where they do, the gain may be too high"
    )


def coded(table: pd.DataFrame) -> Array:
    """Return every column as numbers: texts become codes, which trees can split."""
    columns = [
        column.to_numpy(dtype=np.float64)
        if pd.api.types.is_numeric_dtype(column)
        else codes([column])[0].astype(np.float64)
        for column in (table.iloc[:, at] for at in range(table.shape[1]))
    ]
    return np.column_stack(columns) if columns else np.zeros((len(table), 0))


def with_truth(people: Compared) -> Array:
    """Return features and label of every row as numbers."""
    return np.column_stack([coded(people.table), coded(pd.DataFrame({0: people.truth}))])
