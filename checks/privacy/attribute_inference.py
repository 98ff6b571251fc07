"""Attribute inference: does the model give away a sensitive fact of a person otherwise known?

The attacker knows a person's other features and outcome, asks the model once for every value that the
sensitive feature could have, and names the value under which the model's answer fits the outcome best,
weighted by how likely it is for a person of such features. What anybody could guess without the model, from
features and outcome of people it never saw, is the *imputation baseline*. `attack_accuracy` is the share of
values named rightly with the model, `imputation_accuracy` without, and `majority_accuracy` by always naming
the commonest value; `gain_of` is the first less the better of these two, for training rows (`members`) and
evaluation rows (`others`), and `gain` that of the training rows where there are some. `gain_over_others` is
the members' gain less that of people the model never saw. For a feature of two values, `attack_auc` and
`imputation_auc` rank people by the same odds.

Why it matters
    A model that uses a diagnosis answers differently with and without it: who can ask it often can find out.
    What members lose beyond others is memory, and what all lose comes from the rule itself.

How to read it
    Only `gain` counts: accuracy over guessing is mostly what statistics of the population tell of everybody,
    with or without this model. Intervals: Bonett-Price, paired, for gains (over the
    better of two guesses: the lower of both limits on either side), Wilson for accuracies. Numbers are
    cut into five bins of equal size, and naming the bin is naming rightly.

Limits
    Columns that are declared sensitive or protected, and are among the model's features; the others the model
    never sees (`data.proxies` tells what features give away of those), and so are quasi-identifiers that were
    declared, which an attacker is taken to know. One attack, with exact knowledge of
    all other features. Needs probabilities or numbers from a live model. At most 2,000 rows a side.

References
    Fredrikson et al., Privacy in Pharmacogenetics, USENIX Security 2014; Mehnaz et al., Are Your Sensitive
    Attributes Private?, USENIX Security 2022; Jayaraman and Evans, Are Attribute Inference Attacks Just
    Imputation?, CCS 2022.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from checks.data.numbering import without_numbering
from checks.data.quality import listed
from checks.data.rows import row_keys
from checks.draw import sample_rows
from checks.model import NOT_STATED, Array, Inconclusive, Measure, Model, NotApplicable, Subject, Task, check
from checks.performance.plain import plain
from checks.privacy.attacks.compared import STREAM, asked, nearness, of_true_class, spread
from checks.privacy.attacks.gate import coded, doubt
from checks.privacy.sensitive import known_already
from checks.statistics import LEVEL, Z, estimate, hanley_mcneil, paired_difference, roc_auc, undefined, wilson
from checks.values import as_text

ROWS = 2_000
FEWEST = 50
BINS = 5
MOST_VALUES = 20
FOLDS = 5
PRIOR = 0.5
"""People of each value that are added to every estimate of how likely it is."""


@dataclass(frozen=True, eq=False)
class Side:
    """Rows of one file with a known label."""

    features: pd.DataFrame
    truth: Array


@dataclass(frozen=True, eq=False)
class Values:
    """The values that one sensitive feature could have: how to set them, and which each row has."""

    settings: list[object]
    names: list[str]
    code: list[Array]
    """Per side, the position of each row's value; -1 where it is missing or too rare."""


@dataclass(frozen=True, eq=False)
class Guesses:
    """Whether each person's value was named rightly, with the model and without, and the odds of two."""

    with_model: Array
    without: Array
    odds: tuple[Array, Array] | None
    second: Array
    """Whether the person has the second value, which the odds are for."""
    commonest: Array
    """Whether the person's value is the commonest one among people whom the model never saw."""


@dataclass(frozen=True, eq=False)
class Asked:
    """The model, and how near its number is to the truth where it answers numbers."""

    model: Model
    task: Task
    scale: float

    def fit(self, rows: pd.DataFrame, truth: Array) -> Array:
        """Return how likely the model takes the true outcome of each row to be."""
        if self.task is Task.REGRESSION:
            return nearness(np.abs(truth - self.model.predict(rows)), self.scale)
        return of_true_class(asked(self.model, rows), self.model.classes, truth)


@check(asks_model=True)
def attribute_inference(subject: Subject) -> Iterator[Measure]:
    """Attack every sensitive feature, and take off what imputation alone would guess."""
    model, columns = _attackable(subject)
    rng = np.random.default_rng([subject.seed, STREAM, 6])
    sides = [_side(subject, table, rng) for table in (subject.evaluation, subject.training)]
    others = sides[0]
    if others is None or len(others.truth) < FEWEST:
        raise Inconclusive(f"{FEWEST} evaluation rows with a label are needed to learn what can be guessed")
    members = sides[1] if sides[1] is not None and len(sides[1].truth) >= FEWEST else None
    scale = _error_scale(subject, model, others)
    both = [others] if members is None else [others, members]
    said = () if members is None else (_shared(subject), _apart(both, subject.seed))
    shared = "; ".join(filter(None, said)) or None
    for column in columns:
        values = _values(column, both)
        if isinstance(values, str):
            yield undefined("gain", values, of={"attribute": column})
            continue
        fits = [_fit(Asked(model, subject.task, scale), side, column, values) for side in both]
        yield from told(column, _guessed(subject, column, both, values, fits), shared)
    for column in _wanted(subject):
        taken = column in subject.roles.features
        if column not in columns and (taken or column in subject.roles.sensitive):
            yield undefined("gain", _refusal(subject, column), of={"attribute": column})


def _attackable(subject: Subject) -> tuple[Model, list[str]]:
    roles, wanted = subject.roles, _wanted(subject)
    if not wanted:
        raise NotApplicable("no sensitive column was declared: set columns.sensitive or columns.groups")
    columns = [name for name in wanted if name in roles.features and not _known_already(subject, name)]
    if not columns:
        raise NotApplicable(_none_left(subject, wanted))
    if subject.model is None:
        raise NotApplicable("no model was submitted: supply the model file, so that it can be asked again")
    if subject.task is Task.SCORING or roles.label is None:
        raise NotApplicable("no outcome that the attacker could know: set columns.label")
    if subject.task is not Task.REGRESSION and not subject.model.has_probabilities:
        raise NotApplicable("the model answers labels alone: supply one that gives probabilities")
    return subject.model, columns


def _wanted(subject: Subject) -> list[str]:
    return list(dict.fromkeys([*subject.roles.sensitive, *subject.roles.groups]))


def _known_already(subject: Subject, column: str) -> bool:
    """Tell whether somebody declared that attackers know the column, as `privacy.anonymity` takes it too."""
    roles = subject.roles
    return column in roles.quasi_identifiers and not roles.quasi_identifiers_inferred


def _refusal(subject: Subject, column: str) -> str:
    if column not in subject.roles.features:
        return "the model does not take this column, so it cannot be tried; see `data.proxies`"
    return known_already(column)


def _none_left(subject: Subject, wanted: list[str]) -> str:
    """Say why no column can be attacked: none was declared, none is a feature, or all are known already."""
    roles = subject.roles
    taken = [name for name in wanted if name in roles.features]
    if taken:
        return known_already(taken[0])
    if roles.sensitive:
        return (
            f"the model does not take {listed(wanted)}; see `data.proxies` for what its features give away"
            " of them"
        )
    return (
        f"no sensitive column was declared, and the model does not take {listed(wanted)}: set"
        " columns.sensitive; see `data.proxies` for what features give away"
    )


def _shared(subject: Subject) -> str | None:
    """Say how many evaluation rows stand in the training data too, where some do."""
    label, training = subject.roles.label, subject.training
    assert label is not None
    assert training is not None
    told, _ = without_numbering(subject.evaluation, subject.roles.features, subject.roles)
    mine, theirs = row_keys([subject.evaluation, training], [*told, label])
    count = int(np.isin(mine, theirs).sum())
    if not count:
        return None
    return (
        f"{count:,} of {subject.rows:,} evaluation rows stand in the training data too, so the guess without"
        " the model has learnt from people whom the model learnt, and the gain may be too low"
    )


def _apart(sides: list[Side], seed: int) -> str | None:
    """Say that the files may differ without the model, where that is so."""
    whole = plain(pd.concat([side.features for side in sides], ignore_index=True))
    truth = pd.DataFrame({0: np.concatenate([side.truth for side in sides])})
    member = np.arange(len(truth)) >= len(sides[0].truth)
    return doubt(np.column_stack([coded(whole), coded(truth)]), member, seed)


def _side(subject: Subject, table: pd.DataFrame | None, rng: np.random.Generator) -> Side | None:
    label = subject.roles.label
    if table is None or label not in table.columns or not set(subject.roles.features) <= set(table.columns):
        return None
    if subject.task is Task.REGRESSION:
        truth = pd.to_numeric(table[label], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        known = np.flatnonzero(np.isfinite(truth))
    else:
        truth = as_text(table[label])
        known = np.flatnonzero(truth != NOT_STATED)
    at = known[sample_rows(len(known), ROWS, None, rng)]
    return Side(table[list(subject.roles.features)].iloc[at].reset_index(drop=True), truth[at])


def _error_scale(subject: Subject, model: Model, others: Side) -> float:
    if subject.task is not Task.REGRESSION:
        return 1.0
    return spread(np.abs(others.truth - model.predict(others.features)))


def _values(column: str, sides: list[Side]) -> Values | str:
    """Return what *column* could hold, or the sentence that says why it is not attacked."""
    whole = pd.concat([side.features[column] for side in sides], ignore_index=True)
    ends = np.cumsum([len(side.truth) for side in sides])[:-1]
    numeric = pd.api.types.is_numeric_dtype(whole) and not pd.api.types.is_bool_dtype(whole)
    if numeric and whole.nunique() > MOST_VALUES:
        numbers = whole.to_numpy(dtype=np.float64, na_value=np.nan)
        cuts = np.unique(np.nanquantile(numbers, np.linspace(0, 1, BINS + 1)[1:-1]))
        code = np.where(np.isnan(numbers), -1, np.searchsorted(cuts, numbers, side="right"))
        there = np.unique(code[code >= 0])
        code = np.where(code < 0, -1, np.searchsorted(there, code))
        middle = [whole[code == i].sort_values().iloc[int((code == i).sum()) // 2] for i in range(len(there))]
        return Values(middle, [f"bin {i + 1}" for i in range(len(there))], np.split(code, ends))
    text = as_text(whole)
    names = [str(name) for name in pd.unique(np.sort(text[text != NOT_STATED]))]
    if len(names) > MOST_VALUES:
        return (
            f"{column} has {len(names):,} different values, and {MOST_VALUES} can be guessed among:"
            " merge rare ones, or cut numbers stored as text into ranges"
        )
    if len(names) < 2:
        return f"{column} has under two values among these rows, so there is nothing to guess"
    code = pd.Index(names).get_indexer(pd.Index(text))
    settings = [whole[code == i].iloc[0] for i in range(len(names))]
    return Values(settings, names, np.split(code, ends))


def _fit(asking: Asked, side: Side, column: str, values: Values) -> Array:
    """Return, per row and value, how well the model's answer with that value fits the row's outcome."""
    found = []
    for setting in values.settings:
        same = pd.Series([setting] * len(side.truth)).astype(side.features[column].dtype)
        found.append(asking.fit(side.features.assign(**{column: same}), side.truth))
    return np.asarray(np.maximum(np.column_stack(found), 1e-6))


def _guessed(
    subject: Subject, column: str, sides: list[Side], values: Values, fits: list[Array]
) -> list[Guesses]:
    """Return the guesses about each side, by imputation learnt on folds of the first one."""
    guesses = []
    plainly, knowing = (_imputed(subject, column, sides, values, outcome=one) for one in (False, True))
    commonest = int(np.bincount(values.code[0][values.code[0] >= 0], minlength=len(values.names)).argmax())
    for code, fit, prior, baseline in zip(values.code, fits, plainly, knowing, strict=True):
        known = code >= 0
        truth, without = code[known], baseline[known]
        posterior = prior[known] * fit[known]
        odds = None
        if len(values.names) == 2:
            odds = posterior[:, 1] / posterior.sum(axis=1), without[:, 1]
        right = posterior.argmax(axis=1) == truth, without.argmax(axis=1) == truth
        guesses.append(Guesses(*right, odds, truth == 1, truth == commonest))
    return guesses


def _imputed(
    subject: Subject, column: str, sides: list[Side], values: Values, *, outcome: bool
) -> list[Array]:
    """Return, per side, how likely each value is for each person, as other features (and *outcome*) tell."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    count, code = len(values.names), np.concatenate(values.code)
    seen = _known(column, sides, outcome)
    first = np.arange(len(code)) < len(sides[0].truth)
    rng = np.random.default_rng([subject.seed, STREAM, 7])
    fold = rng.permutation(len(code)) % FOLDS
    state = int(rng.integers(2**31))
    likely = np.empty((len(code), count))
    for k in range(FOLDS):
        rows, here = first & (code >= 0) & (fold != k), fold == k
        likely[here] = (np.bincount(code[rows], minlength=count) + PRIOR) / (rows.sum() + PRIOR * count)
        if len(np.unique(code[rows])) < 2 or not seen.shape[1]:
            continue
        judge = HistGradientBoostingClassifier(max_iter=40, early_stopping=False, random_state=state)
        with threadpool_limits(1):
            told = judge.fit(seen[rows], code[rows]).predict_proba(seen[here])
        likely[np.ix_(np.flatnonzero(here), judge.classes_)] = np.maximum(told, 1e-6)
    return np.split(likely, np.cumsum([len(side.truth) for side in sides])[:-1])


def _known(column: str, sides: list[Side], outcome: bool) -> Array:
    """Return what the attacker knows of everybody, as numbers."""
    whole = pd.concat([side.features.drop(columns=column) for side in sides], ignore_index=True)
    seen = coded(plain(whole)) if whole.shape[1] else np.zeros((len(whole), 0))
    if not outcome:
        return seen
    truth = pd.DataFrame({0: np.concatenate([side.truth for side in sides])})
    return np.column_stack([seen, coded(truth)])


def told(column: str, guesses: list[Guesses], shared: str | None) -> Iterator[Measure]:
    """Yield what the guesses of one column show; *shared* says what else is to be known of them."""
    gains = []
    for case, found in zip(("others", "members"), guesses, strict=False):
        of = {"attribute": column, "case": case}
        rows = float(len(found.without))
        for name, right in (
            ("attack_accuracy", found.with_model),
            ("imputation_accuracy", found.without),
            ("majority_accuracy", found.commonest),
        ):
            yield wilson(name, float(right.sum()), rows, of=of)
        gains.append(_gain(found, of))
        if found.odds is not None:
            yield from _areas(found, of)
    yield from gains
    best = gains[-1]
    said = "of training rows" if len(gains) == 2 else "of evaluation rows: no training rows were supplied"
    yield Measure(
        "gain",
        best.value,
        best.low,
        best.high,
        best.n,
        {"attribute": column},
        method=best.method,
        note="; ".join(filter(None, (best.note, said, _idle(guesses[-1]), shared))),
    )
    over = _over_others(column, guesses)
    yield replace(over, note="; ".join(filter(None, (over.note, shared))) or None)


def _idle(guesses: Guesses) -> str | None:
    """Say that the model moved no guess, so that a gain of nothing is no proof."""
    if (guesses.with_model != guesses.without).any():
        return None
    return (
        "no guess is righter or wronger with the model than without, so this attack learnt nothing from its"
        " answers; that does not show that no attack could"
    )


def _gain(found: Guesses, of: Mapping[str, str]) -> Measure:
    """Return the gain over the better guess: it is above 0 only where it is so over both."""
    rows = len(found.without)
    over = [
        paired_difference("gain_of", found.with_model, guess, np.ones(rows), rows, of=of)
        for guess in (found.without, found.commonest)
    ]
    least = min(over, key=lambda one: np.inf if one.value is None else one.value)
    if any(one.low is None or one.high is None for one in over):
        return least
    low, high = (min(getattr(one, end) for one in over) for end in ("low", "high"))
    method = f"{least.method}; over the better of imputation and the commonest value"
    return replace(least, low=low, high=high, method=method)


def _areas(found: Guesses, of: Mapping[str, str]) -> Iterator[Measure]:
    assert found.odds is not None
    sizes = float(found.second.sum()), float((~found.second).sum())
    for name, odds in zip(("attack_auc", "imputation_auc"), found.odds, strict=True):
        yield hanley_mcneil(name, roc_auc(found.second, odds), *sizes, of=of)


def _over_others(column: str, guesses: list[Guesses]) -> Measure:
    """Return what members lose beyond people the model never saw: a difference of two mean gains."""
    name, of = "gain_over_others", {"attribute": column}
    if len(guesses) < 2:
        return undefined(name, "supply data.training, the rows that the model learnt from", of=of)
    plainly = sum(int(g.commonest.sum()) - int(g.without.sum()) for g in guesses) > 0
    each = [g.with_model.astype(np.float64) - (g.commonest if plainly else g.without) for g in guesses]
    if min(map(len, each)) < 2:
        return undefined(name, "needs two rows or more of both kinds", of=of)
    value = float(each[1].mean() - each[0].mean())
    half = Z * float(np.sqrt(sum(gain.var(ddof=1) / len(gain) for gain in each)))
    low, high = max(value - half, -1.0), min(value + half, 1.0)
    rows = float(sum(map(len, each)))
    if half == 0:
        why = "no guess changes with the model, so the spread cannot be estimated"
        return estimate(
            name, value, None, None, rows, of=of, method=f"difference of means {LEVEL:.0%}", note=why
        )
    return estimate(name, value, low, high, rows, of=of, method=f"difference of means, normal {LEVEL:.0%}")
