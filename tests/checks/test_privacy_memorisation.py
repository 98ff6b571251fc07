"""Memorisation: what a model keeps of its rows is found, and a plain linear model is not accused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from threadpoolctl import threadpool_limits

from auditor.sandbox.inside.keeping import Kept
from auditor.sandbox.inside.trees import parts
from checks.model import Memory, Outcome, Roles, Rows, Subject, Task
from checks.privacy.memorisation import memorisation
from tests.checks.builders import credit
from tests.checks.planted import planted

NUMBERS = ["a", "b"]


class Inside:
    """What the locked child would tell of *model*, told in this process."""

    def __init__(self, model):
        self._kept = Kept(model, list(parts(model)), {})
        told = self._kept.told()
        self.memory = Memory(told["numbers"], Rows(told["rows"]), told["lists"], told["trees"])

    def stored(self, X):
        return self._kept.stored(X) == 1

    def listed(self, X):
        import pyarrow as pa

        return self._kept.listed(pa.Table.from_pandas(X, preserve_index=False), X)

    def leaves(self, X):
        return self._kept.leaves(X)


class Asked:
    """A fitted model as a check sees it."""

    def __init__(self, model):
        self._model = model
        self.classes = tuple(str(c) for c in getattr(model, "classes_", ()))
        self.has_probabilities = bool(self.classes)

    def predict(self, X):
        return self._model.predict(X).astype(float)

    def predict_proba(self, X):
        return self._model.predict_proba(X)


def people(rows, seed, labels=2):
    rng = np.random.default_rng([71, seed])
    frame = pd.DataFrame(rng.normal(size=(rows, 2)), columns=NUMBERS)
    frame["job"] = rng.choice(["clerk", "nurse"], size=rows)
    frame.loc[frame.index[:3], "job"] = ["hermit", "hermit", "oracle"]
    raw = frame["a"] + rng.normal(size=rows)
    frame["label"] = np.digitize(raw, np.quantile(raw, np.linspace(0, 1, labels + 1)[1:-1]))
    return frame


def prepared(last):
    numbers = make_pipeline(StandardScaler())
    return make_pipeline(
        make_column_transformer((numbers, NUMBERS), (OneHotEncoder(handle_unknown="ignore"), ["job"])), last
    )


def about(last, task=Task.BINARY, rows=400, labels=2):
    training, evaluation = people(rows, 1, labels), people(rows, 2, labels)
    features = [*NUMBERS, "job"]
    with threadpool_limits(1):
        model = prepared(last).fit(training[features], training["label"])
    roles = Roles(label="label", positive="1", favourable="1", features=tuple(features))
    common = {
        "task": task,
        "evaluation": evaluation,
        "training": training,
        "roles": roles,
        "model": Asked(model),
        "inside": Inside(model),
    }
    sides = [model.predict(t[features]) for t in (training, evaluation)]
    if task is Task.REGRESSION:
        return Subject(**common, training_score=sides[0].astype(float), score=sides[1].astype(float))
    said = [side.astype(str).astype(object) for side in sides]
    scores = [model.predict_proba(t[features]) for t in (training, evaluation)]
    if task is Task.BINARY:
        common |= {"training_score": scores[0][:, 1], "score": scores[1][:, 1]}
    return Subject(**common, training_decision=said[0], decision=said[1])


def value(evidence, name, **of):
    return evidence.measure(name, **of).value


@planted("privacy.memorisation", "speaks")
def test_rows_in_the_file_of_a_nearest_neighbour_model_are_found():
    """All 400 rows stand in it, each in 3 numbers and 1 of 4 categories: 400 x 6 numbers learnt."""
    found = memorisation(about(KNeighborsClassifier(weights="distance")))
    assert found.outcome is Outcome.MEASURED
    assert value(found, "stored_row_share", table="training") == 1
    assert value(found, "stored_row_share", table="evaluation") == 0
    assert value(found, "learnt_numbers") == 400 * 6
    assert value(found, "degrees_of_freedom") == 400 - 400 * 6
    assert value(found, "certain_answer_share", table="training") == 1
    assert found.measure("certain_answer_gap").low > 0.5


@planted("privacy.memorisation", "silent")
@pytest.mark.parametrize(
    ("last", "task"),
    [
        (LogisticRegression(), Task.BINARY),
        (LinearRegression(), Task.REGRESSION),
        (LogisticRegression(), Task.MULTICLASS),
    ],
    ids=("binary", "regression", "multiclass"),
)
def test_a_plain_linear_model_is_not_accused(last, task):
    """Continuous answers are all unique; that is no memory, and nothing else is found but its categories."""
    found = memorisation(about(last, task, labels=4 if task is Task.MULTICLASS else 2))
    assert value(found, "stored_row_share", table="training") == 0
    assert value(found, "degrees_of_freedom") > 350
    for gap in ("certain_answer_gap", "unique_output_gap"):
        measure = found.measure(gap)
        assert measure.low <= 0 <= measure.high
    assert found.measure("small_leaf_share").note == "the file holds no trees whose leaves could be asked for"


def test_rare_values_that_an_encoder_lists_are_counted_by_hand():
    """Two hermits and an oracle among 400: two values, three people; clerks and nurses are many."""
    found = memorisation(about(LogisticRegression()))
    assert value(found, "listed_rare_values") == value(found, "listed_rare_values", feature="job") == 2
    assert value(found, "listed_rare_share") == pytest.approx(3 / 400)
    assert value(memorisation(about(LogisticRegression()), few=2), "listed_rare_values") == 1


def test_merged_rare_values_are_still_in_the_list_of_the_file():
    """OneHotEncoder with min_frequency treats rare values alike, and keeps their names."""
    training = people(400, 1)
    encoder = OneHotEncoder(min_frequency=20, handle_unknown="infrequent_if_exist")
    model = make_pipeline(make_column_transformer((encoder, ["job"])), LogisticRegression())
    model.fit(training[["job"]], training["label"])
    told = Inside(model).listed(training[["job"]])
    assert (told == 1).all()


def test_leaves_are_counted_as_a_tree_counts_them():
    """A tree of its own rows: the support of its leaves is what scikit-learn counted while fitting."""
    whole = about(DecisionTreeClassifier(max_leaf_nodes=40, random_state=0))
    tree = whole.model._model[-1].tree_
    leaf = tree.children_left == -1
    sizes = tree.n_node_samples[leaf]
    pure = (tree.value[leaf][:, 0].max(axis=1) == 1) & (sizes < 10)
    found = memorisation(whole)
    assert value(found, "smallest_leaf") == sizes.min()
    assert value(found, "small_leaf_share") == pytest.approx(sizes[sizes < 10].sum() / 400)
    assert value(found, "small_leaf_people_share") == value(found, "small_leaf_share")  # of one tree
    assert value(found, "lone_leaf_share") == pytest.approx((sizes == 1).sum() / 400)
    assert value(found, "single_outcome_share") == pytest.approx(sizes[pure].sum() / 400)
    assert value(found, "learnt_numbers") == 2 * (~leaf).sum() + leaf.sum()


@pytest.mark.parametrize(
    "last",
    [
        RandomForestClassifier(20, random_state=0),
        HistGradientBoostingClassifier(max_iter=10, min_samples_leaf=1),
    ],
)
def test_trees_that_grew_out_have_small_leaves_and_pruned_ones_have_none(last):
    found = memorisation(about(last))
    assert value(found, "small_leaf_people_share") > value(found, "small_leaf_share") > 0.15
    assert value(found, "degrees_of_freedom") < 0
    pruned = RandomForestClassifier(20, min_samples_leaf=40, bootstrap=False, random_state=0)
    found = memorisation(about(pruned))
    assert value(found, "small_leaf_share") == 0
    assert value(found, "smallest_leaf") >= 40


def test_numbers_that_are_repeated_exactly_are_found_in_a_regression():
    found = memorisation(about(DecisionTreeRegressor(random_state=0), Task.REGRESSION, labels=50))
    assert value(found, "certain_answer_share", table="training") == 1
    assert found.measure("certain_answer_gap").low > 0.5
    assert value(found, "lone_leaf_share") > 0
    assert "no outcome to share" in found.measure("single_outcome_share").note
    assert (
        value(
            memorisation(about(KNeighborsRegressor(), Task.REGRESSION)), "stored_row_share", table="training"
        )
        == 1
    )


def test_without_a_file_the_answers_are_still_compared_and_each_part_says_what_it_needs():
    whole = about(KNeighborsClassifier(weights="distance"))
    found = memorisation(dataclasses.replace(whole, inside=None))
    assert found.measure("certain_answer_gap").low > 0.5
    for name, of in (
        ("stored_row_share", {"table": "training"}),
        ("small_leaf_share", {}),
        ("degrees_of_freedom", {}),
    ):
        measure = found.measure(name, **of)
        assert measure.value is None
        assert measure.note == "no model file was submitted: supply one to see what it keeps"
    looked = {row[0]: row[1] for row in found.tables[0].rows}
    assert looked == {
        "stored rows": False,
        "rare values": False,
        "leaves": False,
        "degrees of freedom": False,
        "certain answers": True,
        "unique answers": True,
    }


def test_labels_alone_are_no_certainty():
    whole = about(KNeighborsClassifier(weights="distance"))
    model = Asked(whole.model._model)
    model.has_probabilities = False
    only = dataclasses.replace(whole, model=model, score=None, training_score=None)
    assert memorisation(only).measure("certain_answer_gap").note.startswith("supply probabilities")


def test_unique_answers_of_strangers_differ_by_chance_alone():
    """The interval of the difference holds 0 in at least 95 of 100 pairs of equal samples."""
    from checks.privacy import answered

    rng = np.random.default_rng(4)
    held = 0
    for seed in range(100):
        whole = about_numbers(rng, 500)
        (_, _, gap) = answered.unique(whole, seed)
        held += gap.low <= 0 <= gap.high
    assert held >= 95


def about_numbers(rng, rows):
    """Return rows of two equal samples whose answers are spread over a few hundred cells."""
    from checks.privacy.attacks.compared import Compared

    answer = rng.normal(size=2 * rows) * 30
    member = np.repeat([True, False], rows)
    empty = pd.DataFrame({"x": answer})
    return Compared(
        empty,
        answer,
        member,
        np.arange(2 * rows),
        None,
        answer,
        np.abs(answer),
        None,
        1.0,
        (0, 0),
        (rows, rows),
        (0, 0),
    )


def test_a_training_table_without_a_feature_is_told_by_name():
    whole = credit()
    short = dataclasses.replace(whole, training=whole.training.drop(columns="debt"))
    assert (
        memorisation(short).reason
        == "the training table has no column debt: supply all features of the model"
    )
    none = memorisation(dataclasses.replace(whole, training=None))
    assert none.reason.startswith("no training data: supply data.training")
