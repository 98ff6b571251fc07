"""The arithmetic of attacks follows hand calculation, and models that remember are found."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from benchmarks.membership import LOGISTIC, OVERFIT, about, draw, fitted, innocent
from checks.model import ModelFile, Outcome, Roles, Subject, Task
from checks.privacy.attacks import rates
from checks.privacy.attacks.compared import compared
from checks.privacy.attacks.references import FAMILIES, Trainer, family
from checks.privacy.attacks.signals import EDGE, Reference, lira, log_odds, rmia
from checks.privacy.membership_inference import membership_inference
from tests.budgets import budget
from tests.checks.planted import planted


def test_areas_and_rates_by_hand():
    """Eight of nine pairs are in order; at no false alarm two of three are found.

    Scores and results are those of SACRO-ML's own tests of its metrics (tests/attacks/test_metrics.py).
    """
    members, others = np.array([0.45, 0.9, 0.99]), np.array([0.1, 0.6, 0.2])
    assert rates.auc(members, others, {}).value == pytest.approx(8 / 9)
    for share, expected in ((0, 2 / 3), (0.001, 2 / 3), (0.01, 2 / 3), (0.1, 2 / 3), (0.4, 1.0)):
        assert rates.found("tpr", members, others, share, {}).value == pytest.approx(expected)
    answers = (members > 0.5).astype(float), (others > 0.5).astype(float)  # TPR 2/3 less FPR 1/3
    assert rates.advantage(*answers, {}).value == pytest.approx(1 / 3)
    assert rates.advantage(members, others, {}).value == pytest.approx(2 / 3)


def test_epsilon_by_hand():
    """All members stand over all others; halves of 1,000, and 5 cut-offs share the 5 %."""
    rng = np.random.default_rng(1)
    members, others = 1 + rng.random(2000), rng.random(2000)
    found = rates.empirical_epsilon(members, others, {}, np.random.default_rng(2))
    tail = 0.05 / 5 / 2
    least = tail ** (1 / 1000)  # the Clopper-Pearson limit of 1,000 hits in 1,000
    assert found.value == pytest.approx(np.log(least / (1 - least)), rel=0.02)
    assert found.high is None
    assert "no certificate" in found.note


def test_a_randomised_answer_never_shows_more_than_its_epsilon():
    """Yes with chance e / (1 + e) of a member, 1 / (1 + e) of another, is exactly epsilon 1."""
    values, seeds = [], budget(40, 400)
    for seed in range(seeds):
        rng = np.random.default_rng([3, seed])
        yes = np.e / (1 + np.e)
        members = (rng.random(1000) < yes) + rng.random(1000) / 2
        others = (rng.random(1000) < 1 - yes) + rng.random(1000) / 2
        values.append(rates.empirical_epsilon(members, others, {}, rng).value)
    assert np.mean(np.array(values) > 1) <= 0.05
    assert np.mean(values) > 0.5


def test_more_than_the_reference_models_expect_is_what_counts():
    """The hard row that is learnt stands out; the easy row that everybody gets right does not."""
    inside = np.array([True, False, True, False])
    chance = np.array([0.95, 0.95, 0.9, 0.2])
    expected = np.array([0.95, 0.95, 0.2, 0.2])
    signal = rmia(chance, [Reference(inside, expected), Reference(~inside, expected)])
    assert signal == pytest.approx([0, 0, log_odds(np.array(0.9)) - log_odds(np.array(0.2)), 0])


def test_likelihood_ratios_of_normals_by_hand():
    """Those that learnt the row stand at odds of 9 to 1, the others at 1 to 1; halfway is undecided."""
    inside = np.array([[True], [False], [True], [False]])
    chances = [np.array([c]) for c in (0.9, 0.5, 0.9, 0.5)]
    references = [Reference(i, c) for i, c in zip(inside, chances, strict=True)]
    ratio = np.exp(log_odds(np.array(0.9)) / 2)
    middle = (ratio * (1 + EDGE) - EDGE) / (1 + ratio)
    assert lira(np.array([middle]), references) == pytest.approx([0.0], abs=1e-9)
    assert lira(np.array([0.9]), references)[0] > 100
    assert lira(np.array([0.5]), references)[0] < -100


def test_every_row_is_learnt_by_one_of_each_pair():
    subject = fitted(LogisticRegression(), LOGISTIC, 100, 1)
    people = compared(subject, 1000)
    pairs = Trainer(people, subject.task, family(subject.model_file)[0], 0).pairs()
    for _ in range(3):
        first, second = next(pairs)
        assert (first.inside ^ second.inside).all()
        assert first.inside[people.member].mean() == first.inside[~people.member].mean() == 0.5


@pytest.mark.parametrize(
    ("types", "name"),
    [
        ("lightgbm.basic.Booster", "gradient boosting"),
        ("sklearn.ensemble._gb.GradientBoostingClassifier", "gradient boosting"),
        ("sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor", "gradient boosting"),
        ("sklearn.tree._tree.Tree", "random forest"),
        ("sklearn.neural_network._multilayer_perceptron.MLPClassifier", "neural network"),
        ("sklearn.neighbors._kd_tree.KDTree", "nearest neighbours"),
        ("sklearn.linear_model._logistic.LogisticRegression", "linear model"),
    ],
)
def test_the_kind_of_reference_model_is_told_by_the_file(types, name):
    kind, why = family(ModelFile("skops", "0", 1, types=("numpy.dtype", types)))
    assert (kind.name, why) == (name, "as the model file says")


def test_a_file_that_does_not_tell_has_a_stand_in():
    assert len({one.name for one in FAMILIES}) == 5
    for file in (None, ModelFile("skops", "0", 1, types=("numpy.dtype",))):
        kind, why = family(file)
        assert kind.name == "gradient boosting"
        assert "stand-in" in why


@planted("privacy.membership_inference", "speaks")
@pytest.mark.parametrize("kind", sorted(OVERFIT))
def test_models_that_remember_are_found_whatever_their_kind(kind):
    """And the attack with two reference models finds more than the loss, as the remembered rows are hard."""
    make, types = OVERFIT[kind]
    found = membership_inference(fitted(make(), types, budget(400, 2000), 3, 8))
    assert found.outcome is Outcome.MEASURED, found.reason
    loss, two = (found.measure("auc", attack=attack) for attack in ("loss", "rmia_2"))
    assert two.low > 0.52
    assert two.value > loss.value
    assert found.measure("generalisation_gap").low > 0


@planted("privacy.membership_inference", "silent")
def test_well_regularised_logistic_regression_is_not_accused():
    """Per attack: at most a fifth of intervals miss a half, and the mean area lies within 0.01 of it."""
    found = innocent(range(budget(2, 20)), 5000)
    assert set(found) == {"gap", "loss", "qmia", "rmia_2"}
    for attack, (areas, missed) in found.items():
        assert abs(np.mean(areas) - 0.5) < 0.01, attack
        assert missed <= max(1, 0.2 * len(areas)), attack


def test_noise_on_the_answers_ranks_below_the_plain_twin():
    """Output perturbation (Chaudhuri et al., JMLR 2011): few people, many features, epsilon 1."""
    plain, noisy = [], []
    for seed in range(budget(2, 8)):
        rng = np.random.default_rng([5, seed])
        training, evaluation = draw(rng, 150, 40), draw(rng, 150, 40)
        twin = LogisticRegression(C=100.0, max_iter=2000)
        plain.append(rmia_area(about(twin, LOGISTIC, training, evaluation, seed)))
        noisy.append(
            rmia_area(about(Perturbed(C=100.0, max_iter=2000), LOGISTIC, training, evaluation, seed))
        )
    assert np.mean(plain) > 0.6
    assert np.mean(noisy) < np.mean(plain) - 0.05


class Perturbed(LogisticRegression):
    """Coefficients with Laplace noise, 2 / (rows * lambda * epsilon) wide: lambda 0.1, epsilon 1."""

    def fit(self, X, y):
        super().fit(X, y)
        rng = np.random.default_rng(9)
        self.coef_ = self.coef_ + rng.laplace(scale=20 / len(X) * np.sqrt(X.shape[1]), size=self.coef_.shape)
        return self


def rmia_area(subject):
    found = membership_inference(subject)
    name = "raw_auc" if found.select("raw_auc", attack="rmia_2") else "auc"
    return found.measure(name, attack="rmia_2").value


def test_three_classes_are_attacked_through_the_model():
    rng = np.random.default_rng(12)
    files = [draw(rng, 300, 6) for _ in range(2)]
    files = [table.assign(label=table["label"] + rng.integers(0, 2, len(table))) for table in files]
    make, types = OVERFIT["forest"]
    subject = about(make(), types, *files)
    found = membership_inference(subject)
    assert found.measure("auc", attack="rmia_2").low > 0.6
    assert found.measure("auc", attack="loss").low > 0.6
    labels = membership_inference(dataclasses.replace(subject, model=None))
    assert {m.of["attack"] for m in labels.measures if m.name == "auc"} == {"gap"}


def test_the_group_that_is_remembered_is_named():
    """Half of the people are women; the answers of women alone are learnt by heart."""
    rng = np.random.default_rng(13)
    subject = fitted(LogisticRegression(C=0.1), LOGISTIC, 700, 4, 5)
    women = (subject.training["sex"] == "F").to_numpy()
    truth = subject.training["label"].to_numpy()
    score = np.where(
        women & (rng.random(700) < 0.6), np.where(truth == 1, 0.99, 0.01), subject.training_score
    )
    found = membership_inference(dataclasses.replace(subject, training_score=score))
    of = next(dict(m.of) for m in found.measures if m.name == "group_auc_gap")
    group = {g: found.measure("group_auc", **of, group=g) for g in "FM"}
    assert group["F"].low > group["M"].high
    assert found.measure("group_auc_gap", **of).low > 0.1
    assert found.measure("group_tpr_at_fpr_1pct_gap", **of).low > 0.1
    without = dataclasses.replace(subject, training=subject.training.drop(columns="sex"))
    note = next(m.note for m in membership_inference(without).measures if m.name == "group_auc_gap")
    assert note == "the training table does not have this column: add it to see who is most at risk"


def test_likelihood_ratios_are_tried_on_request():
    make, types = OVERFIT["forest"]
    found = membership_inference(fitted(make(), types, 200, 3, 6), lira=4)
    assert found.measure("auc", attack="lira").low > 0.6


def test_answers_of_members_survive_more_noise_where_only_labels_are_told():
    """A forest that remembers, asked for decisions alone: noise tells more than right and wrong."""
    make, types = OVERFIT["forest"]
    subject = fitted(make(), types, 500, 3, 8)
    found = membership_inference(dataclasses.replace(subject, score=None, training_score=None))
    assert {m.of["attack"] for m in found.measures if m.name == "auc"} == {"gap", "noise"}
    assert found.measure("auc", attack="noise").low > 0.55
    assert found.measure("tpr_at_fpr_1pct", attack="noise").value is not None
    assert found.measure("group_auc", attack="gap", attribute="sex", group="F").low > 0.5


@pytest.mark.parametrize("kind", ["linear model", "neural network", "random forest", "gradient boosting"])
def test_reference_models_of_numbers_are_near_whatever_the_unit(kind):
    """A line in thousands of a currency: every kind explains it better than its mean would."""
    rng = np.random.default_rng(15)
    files = [draw(rng, 300, 5) for _ in range(2)]
    files = [table.assign(label=40_000 + 9_000 * table["f0"] + rng.normal(size=300)) for table in files]
    answers = [40_000 + 9_000 * table["f0"].to_numpy() for table in files]
    subject = Subject(
        task=Task.REGRESSION,
        evaluation=files[1],
        training=files[0],
        roles=Roles(label="label", features=("f0", "f1", "f2")),
        score=answers[1] + 3_000,
        training_score=answers[0] + 3_000,
    )
    people = compared(subject, 1000)
    one = next(Trainer(people, subject.task, next(f for f in FAMILIES if f.name == kind), 0).pairs())[0]
    assert np.median(one.chance) > 0.5


@pytest.mark.parametrize("kind", [one.name for one in FAMILIES])
def test_reference_models_take_many_categories_and_gaps(kind):
    """Ten columns of thirty words each are mostly zeros once coded; one number in five is missing."""
    rng = np.random.default_rng(16)
    files = []
    for _ in range(2):
        table = draw(rng, 120, 5).assign(**{f"w{i}": rng.integers(0, 30, 120).astype(str) for i in range(10)})
        table.loc[::5, "f0"] = np.nan
        files.append(table)
    features = tuple(name for name in files[0].columns if name not in {"sex", "label"})
    subject = Subject(
        task=Task.BINARY,
        evaluation=files[1],
        training=files[0],
        roles=Roles(label="label", positive="1", features=features),
        score=rng.random(120),
        training_score=rng.random(120),
    )
    people = compared(subject, 1000)
    pair = next(Trainer(people, subject.task, next(f for f in FAMILIES if f.name == kind), 0).pairs())
    for one in pair:
        assert ((one.chance >= 0) & (one.chance <= 1)).all()
        assert one.chance[one.inside].mean() > one.chance[~one.inside].mean()
