r"""Counterfactual flip: does the decision change if only the protected attribute does?

For a random sample of people the protected attribute among the model's features is changed to each other
value that the file knows, all else kept, and the model is asked again. `flip_share` is the share of people
whose decision changes for at least one other value; `flip_share_to` the share for one value, among people who
do not have it; `favourable_flip_share_to` and `unfavourable_flip_share_to` say in which direction, and
`score_change_to` is the mean change of the score.

Why it matters
    A decision that turns on the attribute itself is direct discrimination in most laws, and no average over
    groups shows it: flips in both directions cancel.

How to read it
    0 with a narrow interval says that the model does not use the attribute as it stands in its column. The
    intervals are Wilson's for shares and normal for the mean change, over the people sampled.

Limits
    Features that stand in for the attribute (a first name, a postcode) are kept, so no flip does not mean no
    influence; see `data.proxies`. An attribute that is no feature of the model has no number: nothing can be
    changed. Altered people may be such as do not exist. Of an attribute with many values the 20 most frequent
    are tried. For a group made of several values (bins, merges) the middle number or the most frequent value
    stands in. Row weights are not used.

References
    Kusner et al., Counterfactual Fairness, NeurIPS 2017 (of which this is the plainest form, without a causal
    model); Galhotra, Brun and Meliou, Fairness Testing, FSE 2017.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from checks.draw import sample_rows
from checks.interpretability.answered import answered, beside, told_without, without
from checks.interpretability.asking import Output
from checks.model import NOT_STATED, Array, Inconclusive, Measure, NotApplicable, Subject, Table, Task, check
from checks.statistics import LEVEL, Z, estimate, undefined, wilson
from checks.unanswered import given

STREAM = 53  # keeps this check's random numbers apart from every other's
MOST_VALUES = 20
ROUNDING = 1e-12
"""Scores this close to the threshold are at it, as where the decisions were made."""


@check(asks_model=True)
def counterfactual_flip(subject: Subject, *, rows: int = 2000) -> Iterator[Measure | Table]:
    """Give sampled people every other value of a protected attribute and ask the model again."""
    if not subject.attributes:
        raise NotApplicable("no group column was supplied; name the protected attributes under `groups`")
    features = [name for name in subject.attributes if name in subject.roles.features]
    if not features:
        names = ", ".join(subject.attributes)
        raise NotApplicable(
            f"no protected attribute is a feature of the model, so none can be changed: {names}"
        )
    asked = replace(found := _question(subject), answers=found.answers.where_answered())
    rng = np.random.default_rng([subject.seed, STREAM])
    chosen = sample_rows(subject.rows, rows, subject.decision, rng)
    people = subject.features.iloc[chosen].reset_index(drop=True)
    before = asked.answers(people)
    for attribute in subject.attributes:
        if attribute in features:
            trial = _Trial(asked, people, before, subject.groups(attribute)[chosen], attribute)
            yield from _flips(trial, _values(subject, attribute), subject.rows)
        else:
            why = "it is no feature of the model, so there is nothing to change"
            yield undefined("flip_share", why, of={"attribute": attribute}, method="not asked")


@dataclass(frozen=True, slots=True)
class _Question:
    """What the model is asked, and how its answer becomes a decision."""

    answers: Output
    threshold: float | None
    """Where a probability becomes the positive decision; None where the answer is the decision."""
    favourable: bool | int | None
    """The decision that favours people; None where none does."""
    decides: bool

    def decisions(self, answers: Array) -> Array:
        """Return one value a row that is equal where the decision is."""
        return answers if self.threshold is None else np.asarray(answers >= self.threshold - ROUNDING)


def _question(subject: Subject) -> _Question:
    model, roles = subject.model, subject.roles
    if model is None:
        raise NotApplicable("no model was submitted: supply the model file, so that it can be asked again")
    if not subject.rows:
        raise Inconclusive("the evaluation table has no rows")
    if subject.task is Task.BINARY and model.has_probabilities and roles.positive in model.classes:
        at = model.classes.index(str(roles.positive))
        output = Output(
            "probability", is_probability=True, ask=lambda X: given(model.predict_proba, X)[:, at]
        )
        better = None if roles.favourable is None else roles.favourable == roles.positive
        return _Question(output, roles.threshold, better, decides=True)
    output = Output("decision", is_probability=False, ask=lambda X: given(model.predict, X))
    known = roles.favourable is not None and roles.favourable in model.classes
    favourable = model.classes.index(str(roles.favourable)) if known else None
    decides = subject.task in (Task.BINARY, Task.MULTICLASS)
    if subject.task is Task.SCORING and model.has_probabilities and roles.positive in model.classes:
        at = model.classes.index(str(roles.positive))
        output = Output(
            "probability", is_probability=True, ask=lambda X: given(model.predict_proba, X)[:, at]
        )
    return _Question(output, None, favourable, decides=decides)


def _values(subject: Subject, attribute: str) -> tuple[list[tuple[str, Any]], int]:
    """Return each group with a value that stands for it, largest first, and how many are left out."""
    column = subject.evaluation[attribute]
    groups = pd.Series(subject.groups(attribute), index=column.index)
    sizes = groups[groups != NOT_STATED].value_counts()
    names = sorted(sizes.index, key=lambda name: (-int(sizes[name]), name))
    shown = names[:MOST_VALUES]
    return [(name, _standing_for(column[groups == name])) for name in shown], len(names) - len(shown)


def _standing_for(values: pd.Series[Any]) -> Any:
    """Return the middle of numbers, the most frequent of anything else (of equals, the first by name)."""
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return values.sort_values(kind="stable").iloc[(len(values) - 1) // 2]
    counts = values.value_counts()
    return min(counts[counts == counts.max()].index, key=str)


@dataclass(frozen=True, eq=False)
class _Trial:
    """The people who are asked about, what the model says of them, and whose group is changed."""

    asked: _Question
    people: pd.DataFrame
    before: Array
    groups: Array
    attribute: str

    def of(self, people: Array) -> _Trial:
        """Return the same of those *people* alone, given as one truth value each."""
        return replace(
            self, people=self.people[people], before=self.before[people], groups=self.groups[people]
        )

    def after(self, value: Any) -> Array:
        """Return the answers when everybody has *value*."""
        column = self.people[self.attribute]
        same = pd.Series([value] * len(column), index=column.index, dtype=column.dtype)
        return self.asked.answers(self.people.assign(**{self.attribute: same}))


def _flips(trial: _Trial, values: tuple[list[tuple[str, Any]], int], rows: int) -> Iterator[Measure | Table]:
    tried, left = values
    decided = trial.asked.decisions(trial.before)
    flipped = np.zeros(len(decided), dtype=bool)
    of = {"attribute": trial.attribute}
    if len(tried) < 2:
        yield undefined("flip_share", "everybody has the same value, so there is no other", of=of)
        return
    after_all = [trial.after(value) for _, value in tried]
    known = answered(trial.before, *after_all)
    lost = int((~known).sum())
    yield from without(lost, len(known))
    trial, decided, flipped = trial.of(known), decided[known], flipped[known]
    how = beside(f"{len(decided)} of {rows} rows", told_without(lost))
    for (name, _), whole in zip(tried, after_all, strict=True):
        others, answers = trial.groups != name, whole[known]
        after = trial.asked.decisions(answers)
        flipped |= others & (after != decided)
        yield from _of_value(trial, of | {"group": name}, others, answers, how)
    note = f"{left} rarer values were not tried" if left else None
    if trial.asked.decides:
        yield _share("flip_share", flipped, of, how, note)


def _of_value(
    trial: _Trial, of: dict[str, str], others: Array, answers: Array, how: str
) -> Iterator[Measure]:
    """Yield what happens when everybody who has another value is given this one."""
    asked = trial.asked
    if asked.decides:
        decided, after = (asked.decisions(a)[others] for a in (trial.before, answers))
        yield _share("flip_share_to", after != decided, of, how)
        if asked.favourable is not None:
            better, was = after == asked.favourable, decided == asked.favourable
            yield _share("favourable_flip_share_to", better & ~was, of, how)
            yield _share("unfavourable_flip_share_to", was & ~better, of, how)
    if asked.threshold is not None or not asked.decides:
        yield _change(answers[others] - trial.before[others], of, asked.answers.scale, how)


def _share(name: str, flips: Array, of: dict[str, str], how: str, note: str | None = None) -> Measure:
    found = wilson(name, float(flips.sum()), float(len(flips)), of=of, note=note)
    return replace(found, method=f"{found.method}; {how}")


def _change(change: Array, of: dict[str, str], unit: str, how: str) -> Measure:
    method, n = f"mean change, normal {LEVEL:.0%}; {how}", len(change)
    if n < 2:
        why = "fewer than two people have another value"
        return undefined("score_change_to", why, n=n, of=of, unit=unit, method=method)
    mean, half = float(change.mean()), Z * float(change.std(ddof=1) / np.sqrt(n))
    return estimate("score_change_to", mean, mean - half, mean + half, n, of=of, unit=unit, method=method)
