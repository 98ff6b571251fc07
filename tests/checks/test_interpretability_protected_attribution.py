"""Attribution on protected attributes and their stand-ins: planted, by hand, and in odd input."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from checks.interpretability.protected_attribution import protected_attribution
from checks.interpretability.shap import shap
from checks.model import Outcome, Task
from frameworks.load import packs
from tests.budgets import budget
from tests.checks.builders import LogisticModel, subject
from tests.checks.planted import planted

SEEDS = pytest.mark.parametrize("seed", range(budget(3, 50)))


def drawn(seed=0, rows=600, fidelity=0.95):
    """People of two races; `district` tells race, `income` and `debt` tell nothing of it."""
    rng = np.random.default_rng(seed)
    race = rng.choice(["A", "B"], size=rows)
    true = rng.random(rows) < fidelity
    return pd.DataFrame(
        {
            "income": rng.normal(size=rows),
            "debt": rng.normal(size=rows),
            "district": np.where((race == "B") == true, 1.0, 0.0) + rng.normal(size=rows) / 50,
            "race": race,
        }
    )


def asked(table, weights, task=Task.BINARY, seed=0, model=None, **others):
    model = model or LogisticModel(weights)
    features = {name: table[name] for name in table.columns if name != "race"}
    score = model.predict_proba(pd.DataFrame(features))[:, 1]
    return subject(
        features=features, score=score, decision=(score >= 0.5).astype(int), task=task, model=model,
        groups={"race": table["race"]}, seed=seed, **others,
    )  # fmt: skip


HONEST, WASHED = {"income": 1.0, "debt": -1.0}, {"income": 0.3, "district": -3.0}


@planted("interpretability.protected_attribution", "speaks")
@SEEDS
def test_a_model_washed_clean_of_race_is_seen_by_its_stand_in(seed):
    """Race is not given to the model, so it has no share; district, which tells it, has most."""
    washed = asked(drawn(seed), WASHED, seed=seed)
    found = protected_attribution(washed)
    assert found.measure("direct_share", attribute="race").value == 0
    assert found.measure("proxy_share", attribute="race").low > 0.5
    gaps = {m.of["feature"]: m for m in found.measures if m.name == "attribution_gap"}
    assert gaps["district"].low > 0
    assert max(gaps, key=lambda name: gaps[name].value) == "district"
    assert found.tables[0].rows[0][:2] == ("race", "district")


@planted("interpretability.protected_attribution", "silent")
@SEEDS
def test_features_that_tell_nothing_of_race_stand_in_for_nothing(seed):
    found = protected_attribution(asked(drawn(seed), HONEST, seed=seed))
    share = found.measure("proxy_share", attribute="race")
    assert share.value < 0.02
    assert share.high < 0.06


def test_the_limit_of_the_baseline_lies_between_a_good_stand_in_and_none():
    """A fifth of all contributions by a feature that tells race breaks it; others keep it."""
    (limit,) = (
        criterion.bound.limit
        for requirement in packs()["global-baseline"].requirements
        for criterion in requirement.criteria
        if getattr(criterion, "measure", "") == "interpretability.protected_attribution.proxy_share"
    )
    shares = {}
    for name, weights in (("fifth", {"income": 1.0, "debt": -1.0, "district": -1.0}), ("none", HONEST)):
        shares[name] = protected_attribution(asked(drawn(), weights)).measure("proxy_share", attribute="race")
    assert shares["none"].high < limit < shares["fifth"].low
    assert shares["fifth"].value < 0.25


def test_the_share_of_protected_features_alone_sees_nothing():
    assert shap(asked(drawn(), WASHED), evaluations=20_000).measure("protected_share").value == 0


def test_what_a_proxy_tells_by_hand():
    """Right for 95 of 100 in two equal groups: 1 less 2 * 0.95 * 0.05 / 0.5 is 0.81 of the attribute."""
    found = protected_attribution(asked(drawn(1, 4000), {"district": 1.0}), rows=100)
    (row,) = (r for r in found.tables[0].rows if r[1] == "district")
    assert row[2] == 1
    assert row[3] == pytest.approx(0.81, abs=0.03)
    assert found.measure("proxy_share", attribute="race").value == pytest.approx(row[3])


def test_the_attribute_itself_has_its_own_share():
    class ByRace(LogisticModel):
        def predict_proba(self, X):
            return super().predict_proba(X.assign(race=(X["race"] == "A") * 1.0))

    table = drawn()
    model = ByRace({"race": 2.0, "income": 0.5})
    features = {name: table[name] for name in ("income", "debt", "race")}
    score = model.predict_proba(pd.DataFrame(features))[:, 1]
    whole = subject(features=features, groups={"race": table["race"]}, score=score, model=model)
    found = protected_attribution(whole)
    direct = found.measure("direct_share", attribute="race")
    assert direct.low > 0.5
    assert direct.value == pytest.approx(shap(whole).measure("protected_share").value, abs=0.05)
    assert found.measure("proxy_share", attribute="race").value < 0.02


def test_gaps_of_two_groups_sum_to_the_gap_of_the_answers():
    table = drawn(2)
    whole = asked(table, WASHED)
    found = protected_attribution(whole, rows=600)
    raw = np.log(whole.score / (1 - whole.score))
    means = [raw[(table["race"] == race).to_numpy()].mean() for race in "AB"]
    one = {m.of["feature"]: m.value for m in found.measures if m.name == "attribution_gap"}
    assert one["district"] == pytest.approx(abs(means[0] - means[1]), abs=one["income"] + 1e-6)


def test_one_row_groups_are_left_out_and_said():
    table = drawn().assign(race=lambda t: ["C", *t["race"][1:]])
    found = protected_attribution(asked(table, WASHED))
    gap = found.measure("attribution_gap", attribute="race", feature="district")
    assert gap.low > 0
    assert found.measure("proxy_share", attribute="race").low > 0.5
    alone = protected_attribution(asked(table.assign(race=[f"g{i}" for i in range(len(table))]), WASHED))
    assert alone.outcome is Outcome.MEASURED
    assert alone.measure("proxy_share", attribute="race").note.startswith("needs two groups of 10")
    assert alone.measure("attribution_gap", attribute="race", feature="district").value is None


def test_a_constant_model_is_told_in_a_sentence():
    found = protected_attribution(asked(drawn(), {"income": 0.0}))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.reason.startswith("the model gives everybody asked about the same answer")


def test_without_groups_there_is_nothing_to_stand_in_for():
    whole = asked(drawn(), WASHED)
    bare = dataclasses.replace(whole, roles=dataclasses.replace(whole.roles, groups=()))
    assert protected_attribution(bare).outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize("task", list(Task))
def test_every_task_is_measured(task):
    found = protected_attribution(asked(drawn(), WASHED, task=task), rows=200)
    assert found.outcome is Outcome.MEASURED
    assert found.measure("proxy_share", attribute="race").low > 0.5
