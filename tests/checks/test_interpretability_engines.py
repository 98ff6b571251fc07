"""The ways to compute parts: exact ones to the last digits, sampled ones within what they state."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pandas as pd
import pytest

from checks.interpretability.additive import additive
from checks.interpretability.asking import Output, explained_output
from checks.interpretability.attribution import attribute
from checks.interpretability.engines import PRECISION, Asked, Engine, closed, sampled
from checks.interpretability.growing import grow, in_proportion, rank_stability, rounds
from checks.interpretability.shap import shap
from checks.model import Inconclusive, Kind, Outcome, Roles, Subject, Task
from tests.checks.builders import LogisticModel, credit, subject
from tests.checks.test_interpretability_shap import CROSSED, CrossedModel, Crossing

PEOPLE = credit()


def by_definition(function, explained, background):
    """Shapley values by enumeration: every set of known features once, against every background row."""
    features = explained.shape[1]
    sets = [s for size in range(features + 1) for s in itertools.combinations(range(features), size)]
    value = {}
    for known in sets:
        rows = pd.concat([background.assign(__at=0)] * len(explained), ignore_index=True).drop(columns="__at")
        for j in known:
            rows.isetitem(j, explained.iloc[:, j].repeat(len(background)).array)
        value[known] = function(rows).reshape(len(explained), len(background)).mean(axis=1)
    parts = np.zeros(explained.shape)
    for known in sets:
        if len(known) == features:
            continue
        weight = 1 / (features * math.comb(features - 1, len(known)))
        for j in set(range(features)) - set(known):
            parts[:, j] += weight * (value[tuple(sorted((*known, j)))] - value[known])
    return parts


def asked(people, rows=40, background=30, questions=1_000_000):
    output = explained_output(people)
    names = list(people.roles.features)
    against = people.training[names].iloc[:background].reset_index(drop=True)
    first = people.features.iloc[:rows].reset_index(drop=True)
    return Asked(people, output, first, against, "training", questions, np.random.default_rng(0))


class Scored:
    """A classifier with text, steps and a curve that adds up on log-odds."""

    classes, has_probabilities = ("0", "1"), True

    def predict_proba(self, X):
        raw = np.tanh(X["income"].to_numpy()) - 0.5 * (X["debt"].to_numpy() > 0)
        raw = raw + X["job"].map({"clerk": 0.3, "nurse": -0.2, "smith": 0.0}).to_numpy()
        p = 1 / (1 + np.exp(-raw))
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return (self.predict_proba(X)[:, 1] >= 0.5).astype(float)


@pytest.mark.parametrize("model", [LogisticModel({"income": 1.5, "debt": -1.0}, 0.4), Scored()])
def test_the_closed_form_is_exact_on_log_odds(model):
    """Against every set of known features, with the same background: 1e-6 is asked, rounding is left."""
    question = asked(dataclasses.replace(PEOPLE, model=model))
    engine = closed(question)
    values, errors = engine.credit(question.first)
    truth = by_definition(engine.output.ask, question.first, engine.background)
    assert np.abs(values - truth).max() < 1e-10
    assert not errors.any()
    assert engine.exact
    assert engine.words.startswith("closed form of a model that adds up, interventional, log-odds of prob")


def test_the_closed_form_of_a_probability_and_of_a_product():
    """A linear probability adds up as it is; a product of positive curves on its logarithm."""

    class Linear(LogisticModel):
        def predict_proba(self, X):
            p = 0.5 + 0.05 * X["income"].to_numpy() - 0.03 * X["debt"].to_numpy()
            return np.column_stack([1 - p, p])

    question = asked(dataclasses.replace(PEOPLE, model=Linear({})))
    assert closed(question).output.scale == "probability of '1'"

    class Price:
        classes, has_probabilities = (), False

        def predict(self, X):
            return np.exp(0.4 * X["income"].to_numpy() + 0.1 * np.abs(X["debt"].to_numpy()))

    question = asked(dataclasses.replace(PEOPLE, model=Price(), task=Task.REGRESSION))
    engine = closed(question)
    assert engine.output.scale == "logarithm of the value"
    truth = by_definition(engine.output.ask, question.first, engine.background)
    assert np.abs(engine.credit(question.first)[0] - truth).max() < 1e-10


def test_a_model_of_32_bit_answers_has_its_closed_form_too():
    class Short(LogisticModel):
        def predict_proba(self, X):
            return super().predict_proba(X).astype(np.float32).astype(float)

    question = asked(dataclasses.replace(PEOPLE, model=Short({"income": 1.0, "debt": -1.0})))
    engine = closed(question)
    truth = by_definition(engine.output.ask, question.first, engine.background)
    assert np.abs(engine.credit(question.first)[0] - truth).max() < 1e-4


@pytest.mark.parametrize("seed", range(20))
def test_no_closed_form_is_believed_of_a_model_that_crosses(seed):
    question = dataclasses.replace(asked(CROSSED), rng=np.random.default_rng(seed))
    assert additive(question.output, question.first, question.rng) is None


def test_a_model_that_adds_up_on_the_first_rows_only_is_sampled():
    """Crossed for the few with a large income: the later rows give it away, and nothing is lost."""

    class Late(LogisticModel):
        def predict_proba(self, X):
            income, debt = X["income"].to_numpy(), X["debt"].to_numpy()
            p = 1 / (1 + np.exp(-(income - debt + 3 * debt * (income > 2.9))))
            return np.column_stack([1 - p, p])

    people = dataclasses.replace(credit(rows=3000), model=Late({}))
    found = shap(people, rows=400, evaluations=200_000)
    assert found.outcome is Outcome.MEASURED
    assert found.measure("importance", feature="noise").value < 0.01


def test_sampled_parts_are_within_what_they_state():
    """Against enumeration with the same background: nine of ten within 1.96 standard errors, or better."""
    question = asked(CROSSED, rows=60, background=200)
    engine = sampled(question)
    values, errors = engine.credit(question.first)
    truth = by_definition(engine.output.ask, question.first, engine.background)
    assert (np.abs(values - truth) <= 1.96 * errors + 1e-12).mean() >= 0.9
    assert np.abs(values - truth).max() <= 4 * errors.max()


def test_the_background_grows_until_the_error_is_small_enough():
    question = asked(CROSSED, rows=60, background=200)
    engine = sampled(question)
    spread = engine.output(question.first).std()
    error = np.sqrt((engine.credit(question.first)[1] ** 2).mean())
    assert 10 < len(engine.background) <= 200
    assert error < 1.5 * PRECISION * spread or len(engine.background) == 200
    poor = sampled(dataclasses.replace(question, questions=6 * 25 * 12))
    assert len(poor.background) < len(engine.background)
    assert poor.most >= 20


def test_each_beginning_of_the_sample_keeps_the_proportions():
    strata = np.array(["a"] * 700 + ["b"] * 250 + ["c"] * 50, dtype=object)
    order = in_proportion(1000, 600, strata, np.random.default_rng(0))
    assert len(set(order)) == 600
    for size in (60, 200, 600):
        share = [(strata[order[:size]] == name).mean() for name in "abc"]
        assert share == pytest.approx([0.7, 0.25, 0.05], abs=0.02)


def test_rounds_grow_and_end_at_the_limit():
    assert list(rounds(995, 200)) == [200, 600, 995]
    assert list(rounds(2000, 200)) == [200, 600, 2000]
    assert list(rounds(150, 200)) == [150]


def engine_of(parts):
    """An engine whose parts are known before."""

    def credit(X):
        rows = X["row"].to_numpy()
        return parts[rows], np.zeros((len(X), parts.shape[1]))

    output = Output("a value", is_probability=False, ask=lambda X: np.zeros(len(X)))
    return Engine(credit, output, 0.0, pd.DataFrame(), "known", exact=True, follows=False, most=len(parts))


def frame(parts):
    return pd.DataFrame({f"f{j}": 0.0 for j in range(parts.shape[1])} | {"row": np.arange(len(parts))})


def test_rows_are_added_until_two_halves_rank_alike():
    rng = np.random.default_rng(0)
    clear = rng.normal(size=(2000, 6)) * 2.0 ** np.arange(6)
    alike = rng.normal(size=(2000, 6)) * (1 + 0.03 * np.arange(6))
    hopeless = rng.normal(size=(2000, 6))
    sizes = {}
    for name, parts in {"clear": clear, "alike": alike, "hopeless": hopeless}.items():
        seven = np.column_stack([parts, np.zeros(len(parts))])
        found = grow(engine_of(seven), frame(seven).iloc[:, -7:], 200, np.random.default_rng(1))
        sizes[name] = len(found.rows), found.stability >= 0.95
        assert np.array_equal(found.values, seven[: len(found.rows)])
    assert sizes["clear"] == (200, True)
    assert sizes["alike"][0] > 200
    assert sizes["hopeless"] == (2000, False)


def test_a_ranking_needs_three_features_that_differ():
    assert rank_stability(np.ones((50, 2)), np.random.default_rng(0)) is None
    assert rank_stability(np.ones((50, 4)), np.random.default_rng(0)) is None


def test_what_was_reached_is_said():
    """Ten features of nearly equal weight: 600 rows are not enough to rank them, and all are used."""
    rng = np.random.default_rng(3)
    columns = {f"x{j}": rng.normal(size=300) for j in range(10)}
    model = LogisticModel({f"x{j}": 0.3 + 0.001 * j for j in range(10)})
    found = shap(subject(decision=["1"] * 300, features=columns, model=model))
    stability = found.measure("rank_stability")
    assert stability.n == 300
    assert stability.value < 0.95
    assert stability.note.startswith("0.95 was not reached with all rows")
    limited = shap(subject(decision=["1"] * 300, features=columns, model=model), rows=250)
    assert "0.95 was not reached with the limit of 250 rows" in limited.measure("rank_stability").note


def test_features_within_sampling_error_have_an_interval_that_begins_at_nothing():
    """Noise is never exactly credited nothing by a model that answers 32-bit noise of its own."""

    class Noisy(CrossedModel):
        def predict_proba(self, X):
            p = super().predict_proba(X)[:, 1]
            p = np.clip(p + 1e-3 * np.sin(1e6 * X["noise"].to_numpy()), 0.0, 1.0)
            return np.column_stack([1 - p, p])

    found = shap(dataclasses.replace(PEOPLE, model=Noisy({})), rows=60, evaluations=50_000)
    measure = found.measure("importance", feature="income")
    assert measure.low > 0
    assert measure.note is None
    error = found.measure("sampling_error")
    assert error.value > 0
    assert error.kind is Kind.ESTIMATE


# Every task


class Three:
    """Three classes, the middle one crossed."""

    classes, has_probabilities = ("bus", "car", "tram"), True

    def predict_proba(self, X):
        raw = X["income"].to_numpy() * (1 + (X["debt"].to_numpy() > 0))
        e = np.exp(np.column_stack([-raw, 0 * raw, raw]))
        return e / e.sum(axis=1, keepdims=True)

    def predict(self, X):
        return self.predict_proba(X).argmax(axis=1).astype(float)


@pytest.mark.parametrize(
    ("task", "model", "roles", "scale"),
    [
        (Task.BINARY, CrossedModel({}), {}, "probability of '1'"),
        (Task.SCORING, CrossedModel({}), {}, "probability of '1'"),
        (Task.MULTICLASS, Three(), {"positive": None, "favourable": "tram"}, "probability of 'tram'"),
        (Task.MULTICLASS, Three(), {"positive": None, "favourable": None}, "probability of 'car' alone"),
        (Task.REGRESSION, Crossing(("income", "debt")), {"positive": None}, "the predicted value"),
    ],
)
def test_every_task_is_explained(task, model, roles, scale):
    roles = dataclasses.replace(PEOPLE.roles, **roles)
    decision = np.array(["car", "car", "bus"] * 200) if task is Task.MULTICLASS else PEOPLE.decision
    people = dataclasses.replace(PEOPLE, task=task, model=model, roles=roles, decision=decision)
    found = shap(people, rows=60, evaluations=60_000)
    assert found.outcome is Outcome.MEASURED
    income, noise = (found.measure("importance", feature=name) for name in ("income", "noise"))
    assert income.low > noise.value == 0
    assert scale in income.method
    assert found.measure("additivity_error").value < 1e-9


# What goes wrong


def test_nothing_finite_for_mixed_rows_is_one_sentence():
    """It answers for every row of the file, and for none that takes values of two people."""
    known = set(PEOPLE.features["income"] * 1e3 + PEOPLE.features["debt"])
    known |= set(PEOPLE.training["income"] * 1e3 + PEOPLE.training["debt"])

    class Picky(LogisticModel):
        def predict_proba(self, X):
            p = super().predict_proba(X)
            p[~np.isin(X["income"] * 1e3 + X["debt"], list(known))] = np.nan
            return p

    found = shap(dataclasses.replace(PEOPLE, model=Picky({"income": 1.0})))
    assert found.outcome is Outcome.FAILED
    assert found.reason.startswith("the model could not answer: asked for ")
    assert found.reason.endswith("it must answer for every combination of values that the columns hold")


@pytest.mark.parametrize("answer", [0.0, 0.3, 1.0])
def test_a_constant_model_credits_nothing_exactly(answer):
    class Same(LogisticModel):
        def predict_proba(self, X):
            return np.tile([1 - answer, answer], (len(X), 1))

    found = shap(dataclasses.replace(PEOPLE, model=Same({})))
    assert found.outcome is Outcome.MEASURED
    assert all(m.value == 0 for m in found.measures if m.name == "importance")
    assert found.measure("sampling_error").high == 0
    assert found.measure("rank_stability").value is None


def test_two_thousand_features_stay_within_the_questions():
    rng = np.random.default_rng(0)
    features = {f"x{j}": rng.normal(size=60) for j in range(2000)}
    questions = []

    class Counted(Crossing):
        def predict(self, X):
            questions.append(len(X))
            return super().predict(X) + X["x3"].to_numpy()

    people = subject(
        decision=["1"] * 60, features=features, model=Counted(("x0", "x1")), task=Task.REGRESSION
    )
    found = shap(people, evaluations=200_000)
    assert found.outcome is Outcome.MEASURED, found.reason
    assert sum(questions) < 1.2 * 200_000
    leading = [row[0] for t in found.tables if t.name == "importances" for row in t.rows[:3]]
    assert set(leading) == {"x0", "x1", "x3"}
    assert found.measure("second_opinion_difference").value is None


def test_a_category_that_the_model_refuses_is_one_sentence():
    class Strict(Scored):
        def predict_proba(self, X):
            if (X["job"] == "pilot").any():
                from checks.model import ModelError

                raise ModelError("column `job` holds `pilot`, a category that it was not trained on")
            return super().predict_proba(X)

    jobs = PEOPLE.evaluation["job"].where(PEOPLE.evaluation.index % 50 != 0, "pilot")
    people = dataclasses.replace(PEOPLE, evaluation=PEOPLE.evaluation.assign(job=jobs), model=Strict())
    found = shap(people)
    assert found.outcome is Outcome.FAILED
    assert "`pilot`" in found.reason


def test_unseen_categories_that_the_model_takes_are_explained():
    class Lenient(Scored):
        def predict_proba(self, X):
            return super().predict_proba(X.assign(job=X["job"].where(X["job"] != "pilot", "smith")))

    jobs = PEOPLE.evaluation["job"].where(PEOPLE.evaluation.index % 50 != 0, "pilot")
    people = dataclasses.replace(PEOPLE, evaluation=PEOPLE.evaluation.assign(job=jobs), model=Lenient())
    assert shap(people).measure("importance", feature="job").low > 0


def test_features_of_one_block_are_credited_as_one():
    people = asked(CROSSED)
    whole = attribute(people.output, people.first, people.background, np.random.default_rng(0))
    blocks = attribute(
        people.output, people.first, people.background, np.random.default_rng(0), np.array([0, 0, 1, 1])
    )
    assert blocks.values.shape == (40, 2)
    assert np.abs(blocks.values[:, 1]).max() == 0
    assert blocks.values.sum(axis=1) == pytest.approx(whole.values.sum(axis=1))


def test_a_subject_of_one_feature_has_its_part():
    one = Roles(features=("income",), positive="1", favourable="1")
    people = Subject(
        task=Task.BINARY,
        evaluation=PEOPLE.evaluation,
        roles=one,
        model=LogisticModel({"income": 1.0}),
        decision=PEOPLE.decision,
    )
    assert shap(people).measure("importance_share", feature="income").value == 1
    with pytest.raises(Inconclusive):
        explained_output(dataclasses.replace(people, evaluation=PEOPLE.evaluation[:0]))
