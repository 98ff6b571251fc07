"""What a model loses when features of every row are replaced by those of another row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from checks.draw import sample_rows
from checks.interpretability.asking import BATCH, decided, explained_output
from checks.model import Array, Inconclusive, Model, ModelError, NotApplicable, Subject, Task
from checks.unanswered import given
from checks.values import as_text

STREAM = 23  # keeps these random numbers apart from every other part's
FEWEST = 30
ROUNDING = 1e-12
SQUARED = "squared label units"


@dataclass(frozen=True, eq=False)
class Replaced:
    """Sampled rows, the model's answers for them, and how to ask with features replaced."""

    table: pd.DataFrame
    truth: Array
    """Rows by outputs: what a perfect answer would be."""
    before: Array
    """The loss of each row as it is."""
    gain: float
    """The loss of one answer for everybody, less that of the model."""
    ask: Callable[[pd.DataFrame], Array]
    partner: Array
    """Repeats by rows: whose values a row is given."""
    unit: str
    how: str

    @classmethod
    def of(cls, subject: Subject, rows: int, repeats: int) -> Replaced:
        """Draw the rows and ask the model once; raise what a submitter can act on."""
        ask = _question(subject)
        truth, strata = _truth(subject)
        known = np.flatnonzero(np.isfinite(truth).all(axis=1))
        if len(known) < FEWEST:
            raise Inconclusive(f"{len(known)} evaluation rows with a label: {FEWEST} are needed")
        rng = np.random.default_rng([subject.seed, STREAM])
        chosen = known[sample_rows(len(known), rows, None if strata is None else strata[known], rng)]
        table = subject.features.iloc[chosen].reset_index(drop=True)
        answers = _answers(ask, table)
        goal = answers if subject.task is Task.SCORING else truth[chosen]
        before = ((answers - goal) ** 2).sum(axis=1)
        gain = float(((goal - goal.mean(axis=0)) ** 2).sum(axis=1).mean() - before.mean())
        partner = np.array([rng.permutation(len(table)) for _ in range(repeats)])
        how = f"{len(table)} of {subject.rows} rows, each given the values of {repeats} others"
        return cls(table, goal, before, gain, ask, partner, _unit(subject), how)

    @property
    def names(self) -> tuple[str, ...]:
        """The features, in declared order."""
        return tuple(self.table.columns)

    @property
    def n(self) -> float:
        """Rows asked about."""
        return float(len(self.table))

    def cost(self, features: Sequence[str]) -> Array:
        """Return each row's rise of loss where *features* come, together, from another row.

        NaN where the model gives no number for one of the row's changed selves.
        """
        count, repeats = len(self.table), len(self.partner)
        whole = self.table.iloc[np.tile(np.arange(count), repeats)].reset_index(drop=True)
        others = self.table.iloc[self.partner.ravel()].reset_index(drop=True)
        asked = whole.assign(**{name: others[name] for name in features})
        answers = _answers(self.ask, asked, partly=True)
        truth = np.tile(self.truth, (repeats, 1))
        after = ((answers - truth) ** 2).sum(axis=1).reshape(repeats, count)
        rise = after.mean(axis=0) - self.before
        # sums in another order differ by rounding: that is no effect
        return np.where(np.abs(rise) <= ROUNDING * np.maximum(self.before, self.gain), 0.0, rise)


def _answers(ask: Callable[[pd.DataFrame], Array], rows: pd.DataFrame, *, partly: bool = False) -> Array:
    parts = [given(ask, rows.iloc[at : at + BATCH]) for at in range(0, len(rows), BATCH)]
    answer = np.concatenate(parts)
    if len(answer) != len(rows) or not (partly or np.isfinite(answer).all()):
        raise ModelError(f"asked for {len(rows)} finite answers, some were missing or not finite")
    return answer.reshape(len(rows), -1)


def _question(subject: Subject) -> Callable[[pd.DataFrame], Array]:
    """Return what the model is asked: one number a row, or one a class."""
    if subject.task is not Task.MULTICLASS:
        return explained_output(subject).ask
    model = subject.model
    if model is None:
        raise NotApplicable("no model was submitted: supply the model file, so that it can be asked again")
    if not subject.roles.features:
        raise NotApplicable("no feature columns were supplied: declare columns.features")
    if not subject.rows:
        raise Inconclusive("the evaluation table has no rows")
    return model.predict_proba if model.has_probabilities else _decided(model)


def _decided(model: Model) -> Callable[[pd.DataFrame], Array]:
    every = np.arange(len(model.classes))
    return lambda rows: decided(model, rows, every)


def _truth(subject: Subject) -> tuple[Array, Array | None]:
    """Return rows by outputs, NaN where there is no label, and what rows are drawn in proportion to."""
    if subject.task is Task.SCORING:
        return np.zeros((subject.rows, 1)), None
    name = subject.roles.label
    if name is None:
        raise NotApplicable("no label column was supplied; name the column that holds what really happened")
    label = subject.evaluation[name]
    if subject.task is Task.REGRESSION:
        numbers = pd.to_numeric(label, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        return np.where(np.isfinite(numbers), numbers, np.nan)[:, None], None
    texts = as_text(label)
    if subject.task is Task.BINARY:
        wanted = np.array([subject.roles.positive], dtype=object)
    else:
        assert subject.model is not None
        wanted = np.array(subject.model.classes, dtype=object)
    hits = (texts[:, None] == wanted).astype(np.float64)
    hits[label.isna().to_numpy()] = np.nan
    return hits, texts


def _unit(subject: Subject) -> str:
    if subject.task is Task.SCORING:
        return "squared score units"
    return SQUARED if subject.task is Task.REGRESSION else "rise of Brier score"
