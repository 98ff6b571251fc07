"""Small subjects for tests: given by hand, or drawn from a seeded rule whose truth is known."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from checks.model import Array, Challenger, Memory, ModelFile, Roles, Rows, Subject, Task
from checks.names import split
from checks.published import Published, Row


def subject(
    *,
    decision: Sequence[Any] | Array | None = None,
    actual: Sequence[Any] | Array | None = None,
    score: Sequence[float] | Array | None = None,
    groups: Mapping[str, Sequence[Any]] | Sequence[Any] | None = None,
    features: Mapping[str, Sequence[Any]] | None = None,
    task: Task = Task.BINARY,
    columns: Mapping[str, Sequence[Any]] | None = None,
    roles: Mapping[str, Any] | None = None,
    **others: Any,
) -> Subject:
    """Return a predictions-only subject; the outcome `1` is both positive and favourable.

    A string or list of groups is the attribute `group`. *columns* are further columns of the evaluation
    table, *roles* overrides of `Roles`, *others* further fields of `Subject`.
    """
    by_attribute = groups if isinstance(groups, Mapping) else {} if groups is None else {"group": groups}
    table = {name: list(values) for name, values in by_attribute.items()}
    table |= {name: list(values) for name, values in (features or {}).items()}
    table |= {name: list(values) for name, values in (columns or {}).items()}
    if actual is not None:
        table["label"] = list(actual)
    given = next((len(v) for v in (decision, score, actual) if v is not None), None)
    frame = pd.DataFrame(table, index=range(given) if given is not None and not table else None)
    declared: dict[str, Any] = {
        "label": "label" if actual is not None else None,
        "positive": "1",
        "favourable": "1",
        "groups": tuple(by_attribute),
        "features": tuple(features or ()),
    }
    return Subject(
        task=task,
        evaluation=frame,
        roles=Roles(**(declared | dict(roles or {}))),
        decision=None if decision is None else np.array([str(d) for d in decision], dtype=object),
        score=None if score is None else np.asarray(score, dtype=np.float64),
        **others,
    )


class LogisticModel:
    """A model in this process: a fixed logistic rule over numeric columns, and nothing else."""

    classes = ("0", "1")
    has_probabilities = True

    def __init__(self, weights: Mapping[str, float], intercept: float = 0.0) -> None:
        self.weights = dict(weights)
        self.intercept = intercept

    def predict_proba(self, X: pd.DataFrame) -> Array:
        raw = self.intercept + sum(X[name].to_numpy(dtype=np.float64) * w for name, w in self.weights.items())
        p = 1 / (1 + np.exp(-raw))
        return np.column_stack([1 - p, p])

    def predict(self, X: pd.DataFrame) -> Array:
        return (self.predict_proba(X)[:, 1] >= 0.5).astype(np.float64)


class OpenFile:
    """A model file that tells what it keeps: no row, the names of jobs, and the leaves of two stumps."""

    memory = Memory(numbers=3, rows=Rows.ASKED, lists=True, trees=2)

    def stored(self, X: pd.DataFrame) -> Array:
        return np.zeros(len(X), dtype=bool)

    def listed(self, X: pd.DataFrame) -> Array:
        told = np.full(X.shape, np.nan)
        if "job" in X.columns:
            told[:, list(X.columns).index("job")] = X["job"].notna()
        return told

    def leaves(self, X: pd.DataFrame) -> Array:
        return np.column_stack([X[name].to_numpy() > 0 for name in ("income", "debt")]).astype(np.float64)


def _people(rng: np.random.Generator, rows: int) -> pd.DataFrame:
    race = rng.choice(["A", "B", "C"], size=rows, p=[0.6, 0.3, 0.1])
    sex = rng.choice(["F", "M"], size=rows)
    income = rng.normal(size=rows) + 0.3 * (race == "A")
    debt = rng.normal(size=rows)
    noise = rng.normal(size=rows)
    chance = 1 / (1 + np.exp(-(1.5 * income - debt)))
    return pd.DataFrame(
        {
            "income": income,
            "debt": debt,
            "noise": noise,
            "job": rng.choice(["clerk", "nurse", "smith"], size=rows),
            "race": race,
            "sex": sex,
            "postcode": rng.integers(1000, 1010, size=rows),
            "label": (rng.random(rows) < chance).astype(int),
        }
    )


def credit(rows: int = 600, training_rows: int = 600, seed: int = 1) -> Subject:
    """Return a full subject: a calibrated logistic model (income helps, debt hurts, noise does nothing).

    The label is drawn from the model's own probability, the groups A, B, C differ in income only, and
    `job` and `noise` have no effect.
    """
    rng = np.random.default_rng([7, seed])
    evaluation, training = _people(rng, rows), _people(rng, training_rows)
    model = LogisticModel({"income": 1.5, "debt": -1.0})
    score = model.predict_proba(evaluation)[:, 1]
    training_score = model.predict_proba(training)[:, 1]
    other = LogisticModel({"income": 1.0, "noise": 0.5}).predict_proba(evaluation)[:, 1]
    return Subject(
        task=Task.BINARY,
        evaluation=evaluation,
        training=training,
        reference=_people(np.random.default_rng([8, seed]), 400)[["race", "sex", "job"]],
        roles=Roles(
            label="label",
            positive="1",
            favourable="1",
            groups=("race", "sex"),
            features=("income", "debt", "noise", "job"),
            quasi_identifiers=("sex", "postcode", "job"),
        ),
        model=model,
        model_file=ModelFile(format="onnx", digest="0" * 64, size=1000, types=("Gemm",)),
        inside=OpenFile(),
        score=score,
        decision=_text(score),
        training_score=training_score,
        training_decision=_text(training_score),
        challengers={"rival": Challenger(_text(other), other)},
        facts={
            "costs": {"false_positive": 1.0, "false_negative": 5.0},
            "control": ["job", "debt"],
            "claimed_epsilon": 3.0,
            "participation": {
                "affected": ["the elderly", "rural residents"],
                "consultations": [{"group": "the elderly", "date": "2026-01-01", "answer": "Yes."}],
            },
        },
        service_log=service_log(),
    )


def service_log(cases: int = 400, seed: int = 5, *, lost: float = 0.0, slow: float = 1.0) -> pd.DataFrame:
    """Return a prepared log; *lost* more of the elderly give up, and help takes *slow* times as long."""
    rng = np.random.default_rng([9, seed])
    age = rng.choice(["under 60", "60 and over"], size=cases)
    helped = rng.random(cases) < np.where(age == "60 and over", 0.4, 0.1)
    return pd.DataFrame(
        {
            "group:age": age,
            "group:residence": rng.choice(["town", "village"], size=cases),
            "completed": (rng.random(cases) < 0.8 - lost * (age == "60 and over")).astype(float),
            "waited": rng.lognormal(2, 0.5, size=cases) * np.where(helped, slow, 1.0),
            "assisted": helped.astype(float),
            "channel": np.where(helped, "counter", "web"),
        }
    )


def _text(score: Array) -> Array:
    return np.where(score >= 0.5, "1", "0").astype(object)


def take(whole: Subject, rows: Sequence[int] | Array) -> Subject:
    """Return *whole* with only the evaluation rows at these positions, in this order."""
    at = np.asarray(rows, dtype=np.intp)
    return dataclasses.replace(
        whole,
        evaluation=whole.evaluation.iloc[at].reset_index(drop=True),
        decision=None if whole.decision is None else whole.decision[at],
        score=None if whole.score is None else whole.score[at],
        probabilities=None if whole.probabilities is None else whole.probabilities[at],
        challengers={name: _some(other, at) for name, other in whole.challengers.items()},
        reasons=None if whole.reasons is None else _about(whole.reasons, at),
    )


def _about(reasons: pd.DataFrame, at: Array) -> pd.DataFrame:
    """Return reasons with the new places of the rows that they are about."""
    places = {int(row): place for place, row in reversed(list(enumerate(at)))}
    return reasons.assign(row=[places.get(int(row), -1) for row in reasons["row"]])


def _some(other: Challenger, at: Array) -> Challenger:
    return Challenger(*(None if a is None else a[at] for a in (other.decision, other.score)))


def counted(
    tables: Mapping[str, Sequence[tuple[Any, ...]]],
    *,
    task: Task = Task.BINARY,
    references: Mapping[str, str] | None = None,
    **about: Any,
) -> Subject:
    """Return a subject of counts: per attribute (or crossing) its rows of group, n, selected, rate, ratio."""
    rows = tuple(
        Row(parts, split(group) if len(parts) > 1 else (group,), n, selected, None, *figures)
        for attribute, lines in tables.items()
        for parts in (split(attribute),)
        for group, n, selected, *figures in lines
    )
    published = Published(rows, **about)
    roles = Roles(
        positive="selected",
        favourable="selected",
        groups=published.single,
        references=dict(references or {}),
    )
    return Subject(task=task, evaluation=pd.DataFrame(), roles=roles, published=published)
