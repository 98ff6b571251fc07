"""Credits that a model gives itself are believed only after they were held against its answers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from xgboost import DMatrix, XGBClassifier

from auditor.sandbox import open_model
from auditor.subjects.explaining import Explaining
from checks.interpretability.asking import Output
from checks.interpretability.contributions import NotAccepted, accept
from checks.interpretability.shap import shap
from checks.model import Roles, Subject, Task

NAMES = ["income", "debt", "male", "unused"]


def drawn(rows, seed):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(rows, 4)), columns=NAMES)
    X["male"] = (X["male"] > 0).astype(float)
    X["unused"] = 1.0 if seed == 0 else X["unused"]
    return X


TRAIN, ROWS, BACKGROUND = drawn(1500, 0), drawn(120, 1), drawn(40, 2)
LOGIT = TRAIN["income"] - 0.7 * TRAIN["debt"] + 1.5 * TRAIN["male"] + 0.5 * TRAIN["income"] * TRAIN["debt"]
APPROVED = (np.random.default_rng(4).logistic(size=1500) < LOGIT).astype(int)


def lightgbm():
    model = LGBMClassifier(n_estimators=40, verbose=-1, n_jobs=1, random_state=0).fit(TRAIN, APPROVED)
    said = model.booster_.predict(ROWS, pred_contrib=True)
    return said, Output("probability of '1'", True, lambda X: model.predict_proba(X)[:, 1]), "log-odds"


def xgboost():
    model = XGBClassifier(n_estimators=40, n_jobs=1).fit(TRAIN, APPROVED)
    said = model.get_booster().predict(DMatrix(ROWS), pred_contribs=True).astype(float)
    return said, Output("probability of '1'", True, lambda X: model.predict_proba(X)[:, 1]), "log-odds"


def values():
    model = LGBMRegressor(n_estimators=40, verbose=-1, n_jobs=1, random_state=0).fit(TRAIN, LOGIT)
    said = model.booster_.predict(ROWS, pred_contrib=True)
    return said, Output("the predicted value", False, model.predict), "value"


LIBRARIES = {"lightgbm": lightgbm, "xgboost": xgboost, "lightgbm values": values}


def accepted(said, output, scale):
    return accept(said, output, ROWS, BACKGROUND, scale=scale, rng=np.random.default_rng(0))


@pytest.fixture(scope="module")
def honest():
    return lightgbm()


@pytest.mark.parametrize("name", LIBRARIES)
def test_what_real_libraries_say_is_accepted(name):
    said, output, scale = LIBRARIES[name]()
    found = accepted(said, output, scale)
    assert found.values.shape == (120, 4)
    assert (found.values[:, 3] == 0).all()
    assert found.scale == scale


def test_credits_that_do_not_sum_to_the_answer_are_not_accepted(honest):
    said, output, scale = honest
    with pytest.raises(NotAccepted, match="in 120 of 120 rows the credits do not sum"):
        accepted(said + np.array([0.01, 0, 0, 0, 0]), output, scale)


def test_a_protected_feature_cannot_be_credited_nothing(honest):
    """Its part is given to income: the sums still hold."""
    said, output, scale = honest
    moved = said.copy()
    moved[:, 0] += moved[:, 2]
    moved[:, 2] = 0.0
    with pytest.raises(NotAccepted, match=r"features credited 0 everywhere move the answer .*`male`"):
        accepted(moved, output, scale)


def test_a_protected_feature_cannot_be_credited_next_to_nothing(honest):
    said, output, scale = honest
    moved = said.copy()
    moved[:, 0] += 0.9 * moved[:, 2]
    moved[:, 2] *= 0.1
    with pytest.raises(NotAccepted, match=r"credits of `.*` (spread|do not follow)"):
        accepted(moved, output, scale)


def test_credits_of_two_features_cannot_change_places(honest):
    said, output, scale = honest
    with pytest.raises(NotAccepted, match=r"do not follow sampled Shapley values|spread"):
        accepted(said[:, [1, 0, 2, 3, 4]], output, scale)


def test_a_base_that_takes_up_the_slack_is_not_accepted(honest):
    said, output, scale = honest
    moved = said.copy()
    moved[:, 4] += moved[:, 2]
    moved[:, 2] = 0.0
    with pytest.raises(NotAccepted, match="the base is not one number"):
        accepted(moved, output, scale)


def test_credits_of_another_shape_or_scale_are_not_accepted(honest):
    said, output, scale = honest
    with pytest.raises(NotAccepted, match="other numbers came back"):
        accepted(said[:, :-1], output, scale)
    with pytest.raises(NotAccepted, match="on the scale `points` cannot be compared with probability of '1'"):
        accepted(said, output, "points")


class Crediting:
    """A boosted model that credits its features itself, by *distort* of what is true."""

    classes, has_probabilities, scale = ("0", "1"), True, "log-odds"

    def __init__(self, distort=lambda said: said):
        self.distort = distort
        self.model = LGBMClassifier(n_estimators=20, verbose=-1, n_jobs=1, random_state=0).fit(
            TRAIN, APPROVED
        )

    def predict_proba(self, X):
        return self.model.predict_proba(X)

    def predict(self, X):
        return self.model.predict(X).astype(float)

    def contributions(self, X):
        return self.distort(self.model.booster_.predict(X, pred_contrib=True))


def told(model, positive="1"):
    roles = Roles(features=tuple(NAMES), positive=positive, favourable=positive, groups=("male",))
    decision = np.array(["0", "1"], dtype=object)[model.predict(ROWS).astype(int)]
    subject = Subject(task=Task.BINARY, evaluation=ROWS, roles=roles, decision=decision, model=model)
    return shap(subject, rows=60, background=20).measure("contributions_accepted")


@pytest.mark.parametrize("positive", ["0", "1"])
def test_the_evidence_says_that_credits_were_accepted_for_either_class(positive):
    measure = told(Crediting(), positive)
    assert (measure.value, measure.note, measure.unit) == (1, None, "flag")
    assert "path-dependent, log-odds" in measure.method


def test_the_evidence_says_why_credits_were_not_accepted():
    measure = told(Crediting(lambda said: said * 1.1))
    assert measure.value == 0
    assert measure.note.startswith("not accepted: in 60 of 60 rows the credits do not sum to the answer")


def test_credits_come_from_a_second_process_and_are_accepted_through_the_lock(tmp_path):
    """LightGBM's own file, its credits asked of a process that never answered anything else."""
    path = tmp_path / "model.txt"
    path.write_text(Crediting().model.booster_.model_to_string())
    with open_model(path, "lightgbm") as model:
        opened = []

        def again():
            opened.append(path)
            return open_model(path, "lightgbm")

        measure = told(Explaining(model, model.inspection.contributions, again))
    assert (measure.value, measure.note) == (1, None)
    assert opened == [path]
