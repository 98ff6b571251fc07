"""How a model is asked, and how the probe decides between agreement, a warning and no results."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC
from xgboost import XGBClassifier

from auditor.cli import main
from auditor.problems import Refused
from auditor.subjects import integrity
from auditor.subjects.answers import Question
from auditor.subjects.asking import Asked, ask
from checks.model import ModelError
from tests.auditor.test_cheats import EQUALISES_EACH_BATCH, PEOPLE, told
from tests.auditor.test_subjects import Files, applicants, fitted
from tests.budgets import budget

SCORED = Question(probabilities=True, score=1, threshold=0.5, decides=True)
VALUED = Question(probabilities=False, score=None, threshold=None, decides=False)


def table(rows, seed=1):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "income": rng.normal(50, 12, rows),
            "debt": rng.integers(0, 9, rows),
            "region": pd.Categorical(rng.choice(["north", "south"], rows)),
        },
    )


class Plain:
    """Scores by a formula of the row, and remembers every question."""

    classes, has_probabilities = ("0", "1"), True

    def __init__(self, disturb=None, fails=None):
        self.asked, self.disturb, self.fails = [], disturb, fails

    def predict_proba(self, X):
        self.asked.append(X)
        if self.fails is not None and self.fails(X):
            raise ModelError("no")
        chance = 1 / (1 + np.exp(-(0.1 * (X["income"].to_numpy() - 50) + 0.2 * X["debt"].to_numpy())))
        if self.disturb is not None:
            chance = np.clip(chance + self.disturb(X), 0, 1)
        return np.column_stack([1 - chance, chance])

    def predict(self, X):
        return 1000 * self.predict_proba(X)[:, 1]


@settings(max_examples=budget(25, 400), deadline=None)
@given(rows=st.integers(1, 300), seed=st.integers(0, 2**32))
def test_answers_come_back_in_order_and_decoys_hold_only_values_of_their_columns(rows, seed):
    X, model = table(rows), Plain()
    asked = ask(model, X, seed, probabilities=True)
    assert (asked.values == Plain().predict_proba(X)).all()  # to the last bit
    sent = pd.concat(model.asked, ignore_index=True)
    assert len(sent) == rows + asked.decoys
    assert asked.decoys >= 0.2 * rows * (rows > 1)
    assert all(sent[name].isin(X[name]).all() for name in X)
    assert all((part.dtypes == X.dtypes).all() for part in model.asked)
    counted = sent.merge(X.drop_duplicates())
    assert len(counted) >= rows


def test_the_order_and_the_batches_follow_the_seed_and_not_the_file():
    X = table(500)
    sent = {}
    for seed in (0, 0, 1):
        model = Plain()
        ask(model, X, seed, probabilities=True)
        sent.setdefault(seed, []).append(model.asked)
    first, again, other = sent[0][0], sent[0][1], sent[1][0]
    assert all(one.equals(two) for one, two in zip(first, again, strict=True))
    assert [len(part) for part in first] != [len(part) for part in other]
    assert len(first) == 3
    assert not first[0].head(5).equals(X.head(5))


def test_a_row_that_cannot_be_answered_is_named_by_its_place_in_the_file():
    class Choosy(Plain):
        def predict_proba(self, X):
            if (X["income"] > 1e6).any():
                raise ModelError(f"row {int(np.flatnonzero(X['income'] > 1e6)[0]) + 1}")
            return super().predict_proba(X)

    X = table(300)
    X.loc[211, "income"] = 1e7
    with pytest.raises(ModelError, match="row 212"):
        ask(Choosy(), X, 0, probabilities=True)


def test_a_model_that_cannot_answer_decoys_is_asked_without_them_and_it_is_said():
    X = table(300)
    key = set(zip(X["income"], X["debt"], strict=True))
    model = Plain(fails=lambda part: not set(zip(part["income"], part["debt"], strict=True)) <= key)
    asked = ask(model, X, 0, probabilities=True)
    assert (asked.decoys, asked.note) == (0, "it could not answer decoys, and was asked without them")
    assert (asked.values == Plain().predict_proba(X)).all()


def probed(X, *models, wanted=SCORED, within=1e-8, first=None, strata=()):
    """Probe with one of *models* for each fresh process."""
    waiting = iter(models)
    said = first or ask(Plain(), X, 0, probabilities=wanted.probabilities)
    return integrity.probe(wanted, X, said, lambda: nullcontext(next(waiting)), within=within, strata=strata)


def test_agreement_needs_one_fresh_process():
    facts = probed(table(2000), Plain())
    assert facts["outcome"] == "agrees"
    assert (facts["rows"], facts["alone"], facts["processes"]) == (768, 64, 1)
    assert (facts["disagreeing"], facts["changed_decisions"], facts["largest_difference"]) == (0, 0, 0.0)
    assert "gave these rows the answers that it had given them before" in told(facts)


def tremble(X):
    """Move scores by far less than decides anything, but more than arithmetic does."""
    return np.where(len(X) == 1, 1e-6, 0.0)


def test_a_disagreement_that_a_second_process_does_not_share_is_a_warning():
    facts = probed(table(2000), Plain(tremble), Plain())
    assert facts["outcome"] == "warning"
    assert (facts["processes"], facts["changed_decisions"]) == (2, 0)
    assert 64 <= facts["disagreeing"] < 128  # those asked alone, and those that fell alone at random
    assert facts["largest_difference"] == 1e-6
    assert "Warning: one fresh process" in told(facts)


def test_a_disagreement_in_two_processes_is_void():
    with pytest.raises(Refused, match=r"results void \(asked again in two fresh processes, \d+ of 768 rows"):
        probed(table(2000), Plain(tremble), Plain(tremble))


def test_the_tolerance_is_that_of_the_precision():
    assert probed(table(2000), Plain(tremble), within=1e-5)["outcome"] == "agrees"


def test_changed_decisions_in_one_row_of_a_thousand_are_void_at_once():
    X = table(2000)
    lonely = Plain(lambda part: np.where(len(part) == 1, 0.02, 0.0))
    with pytest.raises(Refused, match=r"asked again in a fresh process, .* decisions change"):
        probed(X, lonely)


def test_decisions_turned_within_the_tolerance_are_void_where_they_are_many():
    """Scores piled up at the threshold: a difference of 1e-9 decides for whole groups."""
    X = table(2000)
    flat = np.full(len(X), 0.5)
    first = Asked(np.column_stack([1 - flat, flat]), 500, 3)

    class Hair(Plain):
        def predict_proba(self, X):
            chance = np.full(len(X), 0.5 - 1e-9 * (len(X) == 1))
            return np.column_stack([1 - chance, chance])

    with pytest.raises(Refused, match=r" 0 of 768 rows .* and \d+ decisions change"):
        probed(X, Hair(), first=first)


def test_the_last_bits_of_a_score_at_the_threshold_decide_nothing():
    X = table(2000)
    flat = np.full(len(X), 0.5)
    first = Asked(np.column_stack([1 - flat, flat]), 500, 3)

    class Bits(Plain):
        def predict_proba(self, X):
            chance = np.full(len(X), np.nextafter(0.5, 0) if len(X) == 1 else 0.5)
            return np.column_stack([1 - chance, chance])

    facts = probed(X, Bits(), first=first)
    assert (facts["outcome"], facts["changed_decisions"]) == ("agrees", 0)


def test_values_are_compared_by_their_size():
    """A value of a thousand may differ in its eighth digit; one of a thousandth may not differ by 1e-8."""
    X = table(900)
    big = probed(X, Plain(lambda part: 1e-10 * (len(part) == 1)), wanted=VALUED)
    assert (big["outcome"], big["relative"]) == ("agrees", True)
    assert "Largest difference of the value" in told(big)

    class Small(Plain):
        def predict(self, X):
            return super().predict(X) / 1e9

    first = ask(Small(), X, 0, probabilities=False)
    moved = [Small(lambda part: 1e-3 * (len(part) == 1)) for _ in range(2)]
    with pytest.raises(Refused, match="of its size"):
        probed(X, *moved, wanted=VALUED, first=first)


def test_a_model_that_answers_the_table_but_no_row_alone_is_refused():
    with pytest.raises(Refused, match="answered the table, but not some of its rows when asked again: no"):
        probed(table(900), Plain(fails=lambda part: len(part) == 1))


def test_small_groups_and_rows_near_the_threshold_are_among_those_asked_alone():
    X = table(5000)
    group = np.where(np.arange(5000) < 12, "few", "many")
    fresh = Plain()
    probed(X, fresh, strata=[group])
    alone = pd.concat([part for part in fresh.asked if len(part) == 1])
    assert alone["income"].isin(X["income"][:12]).sum() == 12
    far = np.abs(Plain().predict_proba(X)[:, 1] - 0.5)
    nearest = X["income"][group == "many"].iloc[np.argsort(far[12:], kind="stable")[:20]]
    assert nearest.isin(alone["income"]).all()


@pytest.mark.parametrize("rows", [1, 2, 3, 70])
def test_the_smallest_tables_are_probed_too(rows):
    facts = probed(table(rows), Plain())
    assert (facts["rows"], facts["alone"], facts["outcome"]) == (rows, min(rows, 64), "agrees")


REAL = {
    "logistic": LogisticRegression(),
    "forest": RandomForestClassifier(30, random_state=0),
    "neighbours": KNeighborsClassifier(5, algorithm="brute"),
    "network": MLPClassifier((32, 16), max_iter=30, random_state=0),
    "support vectors": SVC(probability=False),
    "xgboost": XGBClassifier(n_estimators=20, n_jobs=1),
    "lightgbm": LGBMClassifier(n_estimators=20, verbose=-1, n_jobs=1),
    "lightgbm values": LGBMRegressor(n_estimators=20, verbose=-1, n_jobs=1),
}


class Local:
    """A real estimator in this process."""

    def __init__(self, estimator):
        self.estimator, self.classes = estimator, ("0", "1")
        self.has_probabilities = hasattr(estimator, "predict_proba")

    def predict_proba(self, X):
        return self.estimator.predict_proba(X)

    def predict(self, X):
        return self.estimator.predict(X)


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer", "ignore:The `probability` parameter")
@pytest.mark.parametrize("name", REAL)
def test_real_models_keep_the_strict_tolerance(name):
    """1e-8 is far above what arithmetic in another order makes of float64, in every library used here."""
    rng = np.random.default_rng(3)
    X = pd.DataFrame(rng.normal(size=(1500, 12)), columns=[f"x{i}" for i in range(12)])
    y = (X["x0"] + X["x1"] * X["x2"] + rng.normal(size=1500) > 0).astype(int)
    model = Local(REAL[name].fit(X, y))
    wanted = SCORED if model.has_probabilities else Question(False, None, None, decides="values" not in name)
    first = ask(model, X, 0, probabilities=wanted.probabilities)
    facts = probed(X, model, wanted=wanted, first=first)
    assert (facts["outcome"], facts["changed_decisions"]) == ("agrees", 0)


def test_a_void_audit_ends_with_its_sentence_and_nothing_written(tmp_path, capsys):
    """The whole way: a graph that equalises rates in every batch, and the exit code of a refusal."""
    (tmp_path / "model.onnx").write_bytes(EQUALISES_EACH_BATCH)
    PEOPLE.assign(label=(PEOPLE["income"] > 50).astype(int)).to_parquet(tmp_path / "rows.parquet")
    submission = {
        "system": {"name": "Fair on paper"},
        "task": "binary",
        "model": {"file": "model.onnx"},
        "data": {"evaluation": "rows.parquet"},
        "columns": {
            "label": "label",
            "favourable": 1,
            "groups": ["sex"],
            "features": ["income", "male"],
        },
        "frameworks": ["us-nyc-ll144"],
    }
    (tmp_path / "submission.yaml").write_text(yaml.safe_dump(submission))
    out = tmp_path / "out"
    assert main(["run", str(tmp_path / "submission.yaml"), "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert "the model is not a function of one row: results void" in said
    assert "Traceback" not in said
    assert not out.exists() or not list(out.iterdir())


@pytest.mark.usefixtures("tables_read_here")
def test_a_challenger_that_looks_at_its_batch_is_void_too(tmp_path):
    """The graph takes the columns by place: income and debt here."""
    files = Files(tmp_path)
    files.table("evaluation", applicants())
    files.model(fitted())
    files.written["b" * 64] = tmp_path / "challenger.onnx"
    files.written["b" * 64].write_bytes(EQUALISES_EACH_BATCH)
    second = {"name": "challenger", "artifact": f"sha256:{'b' * 64}"}
    assert files.prepare().resolved["integrity"]["outcome"] == "agrees"
    with pytest.raises(Refused, match="the model is not a function of one row: results void") as refused:
        files.prepare(models=[second])
    assert refused.value.problems[0].where.startswith("models")
