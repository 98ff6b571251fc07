"""Content that contradicts its submission is refused at its field, in one sentence that names the fix."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder
from sklearn.tree import DecisionTreeClassifier

from auditor.problems import Refused
from auditor.sandbox.inside.categories import unknown_to
from tests.auditor.test_subjects import FEATURES, Files, applicants, fitted, named

pytestmark = pytest.mark.usefixtures("tables_read_here")

TABLE = applicants()


def problems(folder, table=TABLE, *, model=None, training=None, **changes):
    files = Files(folder)
    files.table("evaluation", table)
    if model is not None:
        files.model(model)
    if training is not None:
        files.table("training", training)
    with pytest.raises(Refused) as refused:
        files.prepare(**changes)
    return {problem.where: problem for problem in refused.value.problems}


def scored(**columns):
    return {"columns": {"score": "score", **columns}}


def decided(**columns):
    return {"columns": {"prediction": "decision", **columns}}


def holed(column, *rows):
    return TABLE.assign(**{column: TABLE[column].astype(object).where(~TABLE.index.isin(rows))})


CASES = {
    "label-unknown": (TABLE, decided(label="aproved"), "columns.label",
        "the evaluation table has no column `aproved`; did you mean `approved`?"),
    "group-unknown": (TABLE, decided(groups=["sex", "gender"]), "columns.groups", "has no column `gender`"),
    "score-unknown": (TABLE, scored(score="scores"), "columns.score", "did you mean `score`?"),
    "favourable-absent": (TABLE, decided(favourable="yes"), "columns.favourable",
        "the favourable value `yes` does not occur in the label `approved`, which holds `0` and `1`"),
    "favourable-missing": (TABLE, decided(favourable=None), "columns.favourable",
        "say which outcome people want: set `favourable` to one of `0` and `1`."),
    "label-of-words": (TABLE.assign(approved=np.where(TABLE["approved"], "ja", "nein")), decided(positive=1),
        "columns.label",
        "the label `approved` holds `ja` and `nein`, but the decisions in `decision` are `0` and `1`;"),
    "label-of-1-and-2": (TABLE.assign(approved=TABLE["approved"] + 1), decided(), "columns.label",
        "the label `approved` holds `1` and `2`, but the decisions in `decision` are `0` and `1`;"),
    "classes-of-words": (TABLE.assign(approved=np.array(["a", "b", "c"])[TABLE.index % 3]),
        {**decided(favourable=None), "task": "multiclass"}, "columns.label",
        "holds `a`, `b` and `c`, but the decisions in `decision` are `0` and `1`; spell both with the same"),
    "one-column": (TABLE[["sex"]].rename(columns={"sex": "sex;approved"}), decided(), "columns.label",
        "its only column is `sex;approved`: correct the `delimiter` of the file."),
    "label-of-three": (TABLE.assign(approved=TABLE.index % 3), decided(), "columns.label",
        "a binary task has two outcomes, but here are 3: `0`, `1` and `2`."),
    "label-gaps": (holed("approved", 6, 9), decided(), "columns.label",
        "`approved` has no label in 2 of 120 rows, first in row 7"),
    "label-empty": (TABLE.assign(approved=np.nan), decided(), "columns.label", "is empty in every row"),
    "decision-gaps": (holed("decision", 0), decided(), "columns.prediction", "no decision in 1 of 120 rows"),
    "score-gaps": (holed("score", 4, 7, 8), scored(), "columns.score",
        "`score` has no number in 3 of 120 rows, first in row 5"),
    "score-outside": (TABLE.assign(score=TABLE["score"] * 1.5), scored(), "columns.score",
        "`score` must be from 0 to 1;"),
    "score-text": (TABLE.assign(score="high"), scored(), "columns.score", "`score` does not hold numbers"),
    "weight-negative": (TABLE.assign(w=-1.0), decided(weight="w", weight_kind="sampling"), "columns.weight",
        "`w` must be 0 or more; 120 of 120 rows are not, first row 1."),
    "weight-gaps": (TABLE.assign(w=[np.nan, *[1.0] * 119]), decided(weight="w", weight_kind="sampling"),
        "columns.weight", "`w` has no number in 1 of 120 rows"),
    "weight-zero": (TABLE.assign(w=0.0), decided(weight="w", weight_kind="frequency"), "columns.weight",
        "every weight in `w` is 0"),
    "weight-part": (TABLE.assign(w=[1.5, *[1.0] * 119]), decided(weight="w", weight_kind="frequency"),
        "columns.weight", "1 of 120 rows do not, first row 1. Declare `weight_kind: sampling`"),
    "threshold": (TABLE, scored(threshold=1.5), "columns.threshold", "lies from 0 to 1"),
    "nothing-to-audit": (TABLE, {}, "columns.prediction", "submit a model, or name a `prediction`"),
    "label-is-prediction": (TABLE, decided(label="decision"), "columns.prediction",
        "`decision` cannot be both label and prediction"),
    "feature-is-answer": (TABLE, decided(features=["income", "approved"]), "columns.features",
        "`approved` is an answer and cannot be a feature too"),
    "group-twice": (TABLE, decided(groups=["sex", "sex"]), "columns.groups", "`sex` stands twice"),
    "group-of-names": (pd.concat([TABLE] * 5, ignore_index=True).assign(sex=range(600)), decided(),
        "columns.groups", "`sex` has 600 groups; 500 are compared at most"),
    "bins-of-text": (TABLE, {**decided(), "bins": {"sex": [1.0]}}, "bins.sex", "cannot be cut into bins"),
    "bins-of-no-group": (TABLE, {**decided(), "bins": {"income": [1.0]}}, "bins.income", "not one of"),
    "reference-absent": (TABLE, {**decided(), "references": {"sex": "x"}}, "references.sex",
        "no row has the group `x` of `sex`; it holds `f` and `m`."),
    "multiclass-without-classes": (TABLE, {**scored(favourable=None), "task": "multiclass"},
        "columns.prediction", "needs the classes that were chosen"),
    "scoring-without-scores": (TABLE, {**decided(), "task": "scoring"}, "columns.score", "needs the scores"),
    "regression-with-two-numbers": (TABLE,
        {**scored(favourable=None, prediction="income", label="debt"), "task": "regression"},
        "columns.score", "a regression answers one number"),
    "threshold-of-classes": (TABLE, {**decided(favourable=None, threshold=0.4), "task": "multiclass"},
        "columns.threshold", "but the task is multiclass; leave it out"),
    "multiclass-gaps": (holed("decision", 4), {**decided(favourable=None), "task": "multiclass"},
        "columns.prediction", "no decision in 1 of 120 rows, first in row 5"),
    "regression-gaps": (holed("income", 2).astype({"income": float}),
        {**decided(favourable=None, prediction="income", label="debt"), "task": "regression"},
        "columns.prediction", "`income` has no number in 1 of 120 rows, first in row 3"),
    "scoring-gaps": (holed("score", 7).astype({"score": float}), {**scored(), "task": "scoring"},
        "columns.score", "no number in 1 of 120 rows, first in row 8"),
    "regression-of-words": (TABLE, {**decided(label="sex", favourable=None, groups=[]), "task": "regression"},
        "columns.label", "`sex` does not hold numbers"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_content_that_contradicts_its_role_is_refused(case, tmp_path):
    table, changes, where, said = CASES[case]
    found = problems(tmp_path, table, **changes)
    assert where in found
    assert said in found[where].sentence
    assert all(problem.sentence.rstrip().endswith((".", "?")) for problem in found.values())


def nameless():
    return LogisticRegression().fit(TABLE[FEATURES].to_numpy(), TABLE["approved"])


def valued():
    return fitted("score", LinearRegression())


def of_three():
    return named(DecisionTreeClassifier(max_depth=2)).fit(TABLE[FEATURES], TABLE.index % 3)


MODELS = {
    "feature-missing": (TABLE.rename(columns={"debt": "dept"}), fitted, {}, "model",
        "the model needs `debt`; the evaluation table has no column `debt`; did you mean `dept`?"),
    "feature-not-taken": (TABLE, fitted, {"columns": {"features": ["income", "debt", "zip_code"]}},
        "columns.features", "`features` names `zip_code`, which the model does not take"),
    "feature-undeclared": (TABLE, fitted, {"columns": {"features": ["income"]}}, "columns.features",
        "the model also takes `debt`"),
    "width": (TABLE, nameless, {},
        "columns.features", "the model takes 2 features, not 5"),
    "text-for-number": (TABLE.assign(debt="much"), fitted, {}, "model",
        "column `debt` holds text such as `much`, but the model wants a number there"),
    "gaps-for-number": (holed("debt", 2), fitted, {}, "model", "the model could not answer the rows"),
    "model-and-scores": (TABLE, fitted, scored(), "columns.prediction", "leave one out"),
    "regressor": (TABLE, valued, {}, "task", "the model answers numbers"),
    "classifier": (TABLE, fitted, {"task": "regression", "columns": {"favourable": None}}, "task",
        "the model answers classes"),
    "three-classes": (TABLE, of_three, {}, "task", "but the model knows `0`, `1` and `2`"),
}  # fmt: skip


@pytest.mark.parametrize("case", MODELS)
def test_a_model_that_does_not_fit_its_table_is_refused(case, tmp_path):
    table, model, changes, where, said = MODELS[case]
    found = problems(tmp_path, table, model=model(), **changes)
    assert where in found
    assert said in found[where].sentence


REGIONS = pd.DataFrame(
    {"age": [30.0, 40, 50, 60], "region": ["north", "south", "north", "south"], "job": list("abab")}
)
ENCODERS = {
    "one-hot": OneHotEncoder,
    "ordinal": OrdinalEncoder,
    "behind a step that keeps no names": lambda: make_pipeline(
        SimpleImputer(strategy="most_frequent"), OneHotEncoder()
    ),
}


@pytest.mark.parametrize("coded", ENCODERS)
def test_a_category_that_the_model_does_not_know_names_its_column_and_no_value(coded):
    """scikit-learn says `Found unknown categories ['secret'] in column 1`, of the columns that it codes."""
    steps = make_column_transformer((ENCODERS[coded](), ["job", "region"]), remainder="passthrough")
    model = make_pipeline(steps, LogisticRegression()).fit(REGIONS, [0, 1, 0, 1])
    with pytest.raises(ValueError, match="secret") as error:
        model.predict(REGIONS.assign(region=["north", "secret", "south", "north"]))
    refusal = unknown_to(error.value, list(REGIONS))
    assert refusal.sentence.startswith("column `region` holds a category that the model was not trained on")
    assert "`handle_unknown`" in refusal.sentence
    assert "secret" not in refusal.sentence
    assert unknown_to(error.value, ["age"]).sentence.startswith("a column of categories holds")
    assert unknown_to(ValueError("something else"), list(REGIONS)) is None


def test_every_missing_input_is_named(tmp_path):
    files = Files(tmp_path)
    files.table("evaluation", TABLE.drop(columns=FEATURES))
    files.model(fitted())
    with pytest.raises(Refused) as refused:
        files.prepare()
    assert [p.where for p in refused.value.problems] == ["model", "model"]
    for name, problem in zip(FEATURES, refused.value.problems, strict=True):
        assert f"the model needs `{name}`" in problem.sentence


def test_every_column_that_the_model_cannot_take_is_named_at_once(tmp_path):
    """The model names the first; it is asked again without it, and again, until all are told."""
    files = Files(tmp_path)
    files.table("evaluation", TABLE.assign(debt="much", income=TABLE["income"].astype(str) + " EUR"))
    files.model(fitted())
    with pytest.raises(Refused) as refused:
        files.prepare()
    said = sorted(problem.sentence for problem in refused.value.problems)
    assert [problem.where for problem in refused.value.problems] == ["model", "model"]
    assert said[0].startswith("column `debt` holds text such as `much`, but the model wants a number there")
    assert said[1].startswith("column `income` holds text such as")


def test_a_training_table_that_lacks_columns_is_refused(tmp_path):
    training = applicants(seed=4).drop(columns=["debt", "approved"])
    found = problems(tmp_path, model=fitted(), training=training)
    assert "the training table has no `debt` and `approved`" in found["data.training"].sentence


def test_a_training_table_with_gaps_in_its_label_is_refused(tmp_path):
    found = problems(tmp_path, model=fitted(), training=holed("approved", 3))
    assert "`approved` has no label in 1 of 120 rows" in found["data.training"].sentence


def test_several_mistakes_are_told_at_once(tmp_path):
    table = holed("score", 0).assign(w=-1.0)
    changes = scored(weight="w", weight_kind="sampling", groups=["sex"])
    assert set(problems(tmp_path, table, **changes)) == {"columns.score", "columns.weight"}


def test_a_value_that_plays_two_roles_is_refused_once(tmp_path):
    """Without a word of its own, the positive value is the favourable one: one mistake, one sentence."""
    for columns in ({"favourable": "yes"}, {"favourable": "yes", "positive": "yes"}):
        assert list(problems(tmp_path, **decided(**columns))) == ["columns.favourable"]
    assert list(problems(tmp_path, **decided(favourable=None, positive="yes"))) == ["columns.positive"]
    both = problems(tmp_path, **decided(favourable="yes", positive="ja"))
    assert set(both) == {"columns.favourable", "columns.positive"}


def test_a_model_that_spells_the_outcomes_otherwise_is_refused_with_both_spellings(tmp_path):
    model = named(LogisticRegression()).fit(TABLE[FEATURES], np.where(TABLE["approved"], "oui", "non"))
    found = problems(tmp_path, model=model)
    assert "holds `0` and `1`, but the model answers `non` and `oui`" in found["columns.label"].sentence
