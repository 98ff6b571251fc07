"""What the pages say and draw of the shape of a model is in the record."""

from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np
import pytest

from checks.model import Evidence, Measure, Outcome
from checks.model import Table as Rows
from reports import charts
from reports.compose import shapes, surrogate
from reports.document import Bullets, Chart, Document, Paragraph, Table, compose
from tests.reports.sample import SUBMISSION, Scorecard, record, subject


class Offices(Scorecard):
    """The scorecard, with a number for each office."""

    adds = {"north": 0.5, "south": -0.5, "<b>east & west</b>": 0.0}  # noqa: RUF012

    def predict_proba(self, X):
        logs = np.log(super().predict_proba(X) + 1e-12)
        raw = logs[:, 1] - logs[:, 0] + X["office"].map(self.adds).to_numpy()
        chance = 1 / (1 + np.exp(-raw))
        return np.column_stack([1 - chance, chance])


def offices():
    whole = subject()
    table = whole.evaluation.assign(office=np.resize(list(Offices.adds), len(whole.evaluation)))
    model = Offices()
    score = model.predict_proba(table)[:, 1]
    roles = dataclasses.replace(whole.roles, features=("income", "history", "debt", "office"))
    decision = np.where(score >= 0.5, "1", "0").astype(object)
    return dataclasses.replace(
        whole, evaluation=table, model=model, score=score, decision=decision, roles=roles
    )


@cache
def dependence() -> Document:
    only = ("interpretability.partial_dependence", "interpretability.ale")
    return compose(record(offices(), only=only))


def section(document, anchor):
    def inside(sections):
        for one in sections:
            if one.id == anchor:
                yield one
            yield from inside(one.sections)

    return next(inside(document.sections))


def test_the_leading_feature_is_told_with_its_values():
    blocks = section(dependence(), "check-interpretability-partial_dependence".replace("_", "-")).blocks
    (words,) = (b.text for b in blocks if isinstance(b, Paragraph))
    assert words.startswith("Were everybody's income ")
    assert "all else as it stands, the mean answer would be" in words


def test_lines_and_lists_are_drawn_with_local_effects_beside_them():
    lines, lists = (c for c in dependence().charts() if isinstance(c, Chart) and "dependence" in c.id)
    assert lines.kind == "dependence"
    assert {panel["title"] for panel in lines.data["panels"]} == {"income", "history", "debt"}
    for panel in lines.data["panels"]:
        assert len(panel["points"]) == 12
        assert panel["effects"]
        low, high = lines.data["domain"]
        assert all(low <= p["tenth"] <= p["mean"] <= p["ninetieth"] <= high for p in panel["points"])
    assert lists.kind == "forest"
    (panel,) = lists.data["panels"]
    assert [row["label"] for row in panel["rows"]] == ["north", "<b>east & west</b>", "south"]
    assert all(abs(row["tick"] - row["value"]) < 0.05 for row in panel["rows"])


@pytest.mark.parametrize("kind", ["dependence", "forest"])
def test_pictures_of_shapes_are_drawn_alone(kind):
    (chart,) = (c for c in dependence().charts() if c.kind == kind and "dependence" in c.id)
    panels = charts.draw(chart)
    assert len(panels) == len(chart.data["panels"])
    assert all(panel.startswith("<svg") and "<b>" not in panel for panel in panels)


def test_features_that_move_nothing_are_named():
    class Still(Offices):
        adds = dict.fromkeys(Offices.adds, 0.0)

    whole = dataclasses.replace(offices(), model=Still())
    words = " ".join(compose(record(whole, only=("interpretability.partial_dependence",))).words())
    assert "No answer moves along office." in words


@cache
def together() -> Document:
    class Dip(Offices):
        """More income helps, but for a dip above 0.5 for those with debt."""

        def predict_proba(self, X):
            chance = super().predict_proba(X)[:, 1] - 0.3 * ((X["income"] > 0.5) & (X["debt"] > 0))
            chance = np.clip(chance, 0.01, 0.99)
            return np.column_stack([1 - chance, chance])

    ways = {"income": "up", "debt": "down"}
    whole = dataclasses.replace(offices(), model=Dip(), facts={"directions": ways})
    only = ("interpretability.interactions", "interpretability.monotonicity")
    return compose(record(whole, {**SUBMISSION, "directions": ways}, only=only))


def test_the_pair_that_makes_most_is_told_and_drawn_first_with_what_chance_makes():
    blocks = section(together(), "check-interpretability-interactions").blocks
    (words,) = (b.text for b in blocks if isinstance(b, Paragraph))
    assert "Of the pairs, debt × income makes most together and neither alone" in words
    (chart,) = (b for b in blocks if isinstance(b, Chart))
    alone, pairs = chart.data["panels"]
    assert pairs["rows"][0]["label"] == "debt × income"
    assert all(row["tick"] is not None for row in pairs["rows"])
    for panel in (alone, pairs):
        values = [row["value"] for row in panel["rows"]]
        assert values == sorted(values, reverse=True)
    assert len(charts.draw(chart)) == 2


def test_two_ends_of_one_number_are_told_as_one_condition():
    answers = Rows("answers of rules", ("rule", "people", "mean", "spread"), ((1, 40.0, 0.3, 0.1),))
    asked = Rows(
        "conditions of rules",
        ("rule", "feature", "relation", "number", "text"),
        (
            (1, "debt", "at most", 74.5, None),
            (1, "debt", "above", 17.2, None),
            (1, "age", "above", 40.0, None),
        ),
    )
    found = Evidence("interpretability.surrogate", Outcome.MEASURED, tables=(answers, asked))
    (line,) = surrogate._rules(found)
    assert line.startswith("If debt above 17.2 to 74.5 and age above 40: mean answer 0.3")


@pytest.mark.parametrize(
    ("high", "unit", "said"), [(1.04, "probability of 'fast'", True), (9.0, "value", False)]
)
def test_a_curve_that_spans_more_than_a_probability_can_says_how(high, unit, said):
    span = Measure("effect_range", 1.01, 0.97, high, 200, {"feature": "a"}, unit=unit, method=f"x; {unit}, y")
    found = Evidence("interpretability.ale", Outcome.MEASURED, measures=(span,))
    text = " ".join(block.text for block in shapes.effects(None, found))
    assert ("a probability moves by 1 at most" in text) is said


def test_a_declared_way_that_harms_is_told_first_with_its_place():
    blocks = section(together(), "check-interpretability-monotonicity").blocks
    lines = [item.text for b in blocks if isinstance(b, Bullets) for item in b.items]
    assert lines[0].startswith("Raising income makes the answer worse somewhere for ")
    assert "most is lost from " in lines[0]
    assert "would lose the decision that they want between two of the values asked about" in lines[0]
    assert lines[0].endswith("by moving from their own value.")
    assert lines[1].startswith(
        "Lowering debt made the answer worse for nobody of 200 people asked about; at most "
    )


class Same(Scorecard):
    """It answers everybody alike."""

    def predict_proba(self, X):
        return np.tile([0.3, 0.7], (len(X), 1))


SHAPES = tuple(
    f"interpretability.{name}"
    for name in (
        "ale",
        "interactions",
        "monotonicity",
        "partial_dependence",
        "permutation_importance",
        "shap",
    )
)


def test_a_model_that_answers_everybody_alike_is_told_without_empty_pictures_or_praise():
    ways = {"income": "up"}
    whole = subject()
    score = np.full(whole.rows, 0.7)
    whole = dataclasses.replace(whole, model=Same(), score=score, facts={"directions": ways})
    document = compose(record(whole, {**SUBMISSION, "directions": ways}, only=SHAPES))
    assert [chart.id for chart in document.charts() if "interpretability" in chart.id] == []
    words = " ".join(document.words())
    for said in (
        "No answer moves along income, history and debt.",
        "No feature moves the answers: those asked for were all the same.",
        "the same answer, so no direction is put to the test",
        "the same answer, so features do nothing together",
    ):
        assert said in words
    assert "made the answer worse for nobody" not in words
    assert "ended without a number." not in words


def test_a_direction_that_moves_nothing_is_not_told_as_kept():
    ways = {"office": "up", "income": "up"}
    table = subject().evaluation.assign(office=np.arange(1200) % 7)
    roles = dataclasses.replace(subject().roles, features=("income", "history", "debt", "office"))
    whole = dataclasses.replace(subject(), evaluation=table, roles=roles, facts={"directions": ways})
    document = compose(
        record(whole, {**SUBMISSION, "directions": ways}, only=("interpretability.monotonicity",))
    )
    blocks = section(document, "check-interpretability-monotonicity").blocks
    lines = [item.text for b in blocks if isinstance(b, Bullets) for item in b.items]
    assert lines[1] == (
        "Raising office changes the answer of nobody of 200 people asked about, so this direction was not "
        "put to the test."
    )
    assert lines[0].startswith("Raising income made the answer worse for nobody of 200 people")


def test_features_that_are_not_told_are_counted_with_the_reason():
    table = offices().evaluation.assign(constant=1.0, more=lambda t: t["income"] * 2 + t["debt"])
    names = ("income", "history", "debt", "office", "constant", "more")
    roles = dataclasses.replace(offices().roles, features=names)
    whole = dataclasses.replace(offices(), evaluation=table, roles=roles)
    blocks = section(
        compose(record(whole, only=("interpretability.partial_dependence",))),
        "check-interpretability-partial-dependence",
    ).blocks
    (words,) = (b.text for b in blocks if isinstance(b, Paragraph))
    assert words.count("Were everybody's") == 3
    assert "1 more feature moves the mean answer less: see the picture or the annex." in words
    assert "Without a curve: constant (no two of its values are shared by ten rows)." in words


def test_the_model_is_told_as_rules_beside_how_far_they_are_the_model():
    document = compose(record(offices(), only=("interpretability.surrogate",)))
    blocks = section(document, "check-interpretability-surrogate").blocks
    words, scorecard = (b.text for b in blocks if isinstance(b, Paragraph))
    assert scorecard.startswith("As a scorecard, whose points are only added to the mean answer, ")
    assert words.startswith("8 rules about ")
    assert "They decide as the model does for " in words
    lines = [item.text for b in blocks if isinstance(b, Bullets) for item in b.items]
    card = next(b for b in blocks if isinstance(b, Table) and b.caption == "Points of each band")
    assert {name.text for name, _points in card.rows} >= {"income", "debt"}
    assert "at most " in card.rows[0][1].text
    assert "mean answer" in lines[0]
    assert " people)" in lines[0]
