"""An attack on a model that only says yes or no: how much noise does an answer survive?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from checks.draw import sample_rows
from checks.model import Array, Model, Subject
from checks.privacy.attacks.compared import STREAM, Compared

ROWS = 500
"""Rows a side that are asked again."""
COPIES = 16
NOISE = 0.3
"""Standard deviations added to numbers, and the chance that another value is drawn from the column."""


def survival(subject: Subject, model: Model, people: Compared) -> tuple[Array, Array]:
    """Return, of sampled members and others, the share of noisy copies that keep the true answer."""
    rng = np.random.default_rng([subject.seed, STREAM, 4])
    assert subject.training is not None
    kept = []
    for table, side in ((subject.training, people.member), (subject.evaluation, ~people.member)):
        at = people.position[side]
        at = at[sample_rows(len(at), ROWS, None, rng)]
        rows = table[list(subject.roles.features)].iloc[at].reset_index(drop=True)
        truth = people.truth[side][np.searchsorted(people.position[side], at)]
        copies = noisy(rows.loc[np.tile(np.arange(len(rows)), COPIES)].reset_index(drop=True), rng)
        said = np.asarray(model.classes, dtype=object)[model.predict(copies).astype(np.intp)]
        kept.append((said.reshape(COPIES, -1) == truth).mean(axis=0))
    return kept[0], kept[1]


def noisy(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return *rows* with noise on fractional numbers, and some values of all else drawn anew."""
    columns = {}
    for name in rows.columns:
        column = rows[name]
        if pd.api.types.is_float_dtype(column):
            values = column.to_numpy(dtype=np.float64, na_value=np.nan)
            width = float(np.nanstd(values)) if np.isfinite(values).any() else 0.0
            columns[name] = pd.Series(values + NOISE * width * rng.normal(size=len(values)))
        else:
            drawn, own = rng.permutation(len(column)), np.arange(len(column))
            at = np.where(rng.random(len(column)) < NOISE, drawn, own)
            columns[name] = column.iloc[at].reset_index(drop=True)
    return pd.DataFrame(columns)
