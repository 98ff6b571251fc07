"""People explained once more, to see how far their explanations can be trusted.

The explanations are made in the way of those of `interpretability.shap`: by the model's own trees or in
closed form where these hold, else by sampling. Where orders are sampled there are fewer background rows than
there, so that people can be explained several times; the method says how many.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from checks.draw import sample_rows
from checks.interpretability.asking import Output, explained_output
from checks.interpretability.contributions import NotAccepted
from checks.interpretability.engines import BROAD, WIDEST, Asked, Engine, best
from checks.interpretability.moves import support_of
from checks.interpretability.scales import OffScale
from checks.model import Array, Inconclusive, Measure, Subject
from checks.statistics import LEVEL, estimate, undefined, wilson_limits

FEWEST = 3
"""People explained, and background rows, however many features there are."""
WIDE = WIDEST // 4
"""Values that may be asked about in all."""


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """A sample of people, backgrounds each drawn anew, and the way in which the people are explained."""

    output: Output
    people: pd.DataFrame
    background: pd.DataFrame
    other_backgrounds: tuple[pd.DataFrame, ...]
    way: Engine
    how: str

    @property
    def draws(self) -> bool:
        """Whether explanations depend on a background that is drawn."""
        return self.way.redrawn is not None

    def explain(self, people: pd.DataFrame, background: pd.DataFrame, seed: list[int]) -> Array:
        """Return contributions of shape (people, features); equal seeds walk in equal orders."""
        drawn = self.way.redrawn
        try:
            credit = drawn(background, np.random.default_rng(seed)) if drawn else self.way.credit
            return credit(people)[0]
        except (NotAccepted, OffScale) as no:
            raise Inconclusive(f"people who are changed a little could not be explained alike: {no}") from no


def explained(
    subject: Subject,
    rng: np.random.Generator,
    *,
    rows: int,
    background: int,
    evaluations: int,
    redraws: int = 1,
) -> Explained:
    """Draw people and at most *redraws* more backgrounds; raise what a submitter can act on."""
    output = explained_output(subject).where_answered()
    features = len(subject.roles.features)
    if features < 2:
        raise Inconclusive("the model takes one feature, so there is no order of features to look at")
    if subject.rows < 2:
        raise Inconclusive("one row says nothing about others; supply more evaluation rows")
    support, origin = support_of(subject, rng)
    questions = min(evaluations, WIDE // features)
    size = min(background, max(FEWEST, questions // (2 * (features - 1)) // FEWEST))
    against = support.iloc[rng.permutation(sample_rows(len(support), BROAD, None, rng))]
    against, apart = against.reset_index(drop=True), rng.spawn(1)[0]
    chosen = rng.permutation(sample_rows(subject.rows, rows, subject.decision, rng))
    people = subject.features.iloc[chosen].reset_index(drop=True)
    asked = Asked(subject, output, people, against, origin, questions, rng)
    way, _, _ = best(asked, lambda engine: engine.credit(people) if engine.exact else None, size)
    if not way.exact:
        people = people.iloc[: max(FEWEST, way.most // FEWEST)]
        redraws = max(1, min(redraws, way.most // len(people) - 2))
    if way.redrawn is not None:
        against = against.iloc[: len(way.background)]
    draws = [apart.permutation(sample_rows(len(support), BROAD, None, apart)) for _ in range(redraws)]
    others = tuple(support.iloc[at[: len(against)]].reset_index(drop=True) for at in draws)
    how = f"{len(people)} of {subject.rows} rows, {way.words}"
    return Explained(output, people, against, others, way, how)


def mean_correlation(name: str, values: Array, method: str, why: str) -> Measure:
    """Return the mean of correlations; those that are not defined are left out and counted.

    The interval is Wilson's for (1 + r) / 2: for numbers between two ends it is too wide, never too narrow.
    """
    known = values[np.isfinite(values)]
    unit = "rank correlation"
    if not len(known):
        return undefined(name, why, unit=unit, method=method)
    value = float(known.mean())
    low, high = (2 * float(end) - 1 for end in wilson_limits((1 + value) / 2, len(known)))
    left = len(values) - len(known)
    note = f"left out: {left} people, {why}" if left else None
    told = f"mean, Wilson {LEVEL:.0%} of (1 + r) / 2; {method}"
    return estimate(name, value, low, high, len(known), unit=unit, method=told, note=note)


def rank_correlations(one: Array, other: Array) -> Array:
    """Return Spearman's correlation of each row of *one* with that of *other*; NaN where all are alike."""
    ranks = [pd.DataFrame(values).rank(axis=1).to_numpy() for values in (one, other)]
    ranks = [rank - rank.mean(axis=1, keepdims=True) for rank in ranks]
    size = np.sqrt((ranks[0] ** 2).sum(axis=1) * (ranks[1] ** 2).sum(axis=1))
    product = (ranks[0] * ranks[1]).sum(axis=1)
    return np.asarray(np.divide(product, size, out=np.full(len(size), np.nan), where=size > 0))
