"""What pages say of features that stand in for protected attributes is in the record."""

from __future__ import annotations

import dataclasses

import numpy as np

from reports import charts
from reports.document import Bullets, Chart, compose
from tests.reports.sample import Scorecard, record, subject
from tests.reports.test_shapes import section


class Washed(Scorecard):
    """It is not given race, and decides by a district that tells it."""

    def predict_proba(self, X):
        chance = 1 / (1 + np.exp(2.5 * X["district"] - 0.3 * X["income"]))
        return np.column_stack([1 - chance, chance])


def test_the_attribute_on_which_most_rests_is_told_first_with_its_stand_in():
    whole = subject()
    rng = np.random.default_rng(0)
    away = (whole.evaluation["race"] == "B") * 1.0 + rng.normal(0, 0.1, whole.rows)
    table, model = whole.evaluation.assign(district=away), Washed()
    score = model.predict_proba(table)[:, 1]
    roles = dataclasses.replace(whole.roles, features=("income", "history", "district"))
    changed = {"evaluation": table, "model": model, "score": score, "roles": roles}
    document = compose(
        record(dataclasses.replace(whole, **changed), only=("interpretability.protected_attribution",))
    )
    blocks = section(document, "check-interpretability-protected-attribution").blocks
    lines = [item.text for b in blocks if isinstance(b, Bullets) for item in b.items]
    assert lines[0].startswith("race itself is not given to the model. Other features make ")
    assert "The strongest stand-in is district: it makes " in lines[0]
    assert "is not given to the model, or" not in " ".join(lines)
    assert "None of the features that weigh most tells more than a tenth of it alone." in lines[1]
    (chart,) = (b for b in blocks if isinstance(b, Chart))
    assert chart.data["panels"][0]["title"] == "race"
    assert chart.data["panels"][0]["rows"][0]["label"] == "district"
    assert len(charts.draw(chart)) == len(chart.data["panels"]) == 3


def test_an_attribute_that_is_given_and_moves_nothing_is_told_apart_from_one_that_is_not_given():
    whole = subject()
    table = whole.evaluation.assign(sex=whole.evaluation["sex"].fillna("none"))
    roles = dataclasses.replace(whole.roles, features=("income", "history", "debt", "sex"))
    document = compose(
        record(
            dataclasses.replace(whole, evaluation=table, roles=roles),
            only=("interpretability.protected_attribution",),
        )
    )
    blocks = section(document, "check-interpretability-protected-attribution").blocks
    lines = " ".join(item.text for b in blocks if isinstance(b, Bullets) for item in b.items)
    assert "sex itself is given to the model, and moved no answer that was asked for." in lines
    assert "race itself is not given to the model." in lines
