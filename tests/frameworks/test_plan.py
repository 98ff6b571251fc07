"""What a set of frameworks needs measured."""

from __future__ import annotations

import json

from frameworks.load import packs
from frameworks.plan import parameter_sets
from tests.frameworks.builders import GAP, RATIO, bound, framework


def test_the_defaults_always_come_first():
    sets = parameter_sets([])
    assert "fairness.error_rates" in sets
    assert all(one == ({},) for one in sets.values())


def test_each_set_that_a_framework_names_is_run_once():
    fifty, ten = {"min_group": 50}, {"min_group": 10}
    one = framework(bound(parameters=fifty), bound(GAP, at_most=0.1, parameters=ten))
    two = framework({"id": "either", "any_of": [bound(RATIO, parameters=fifty), bound(GAP, at_most=0.5)]})
    assert parameter_sets([one, two])["fairness.selection_rate"] == ({}, ten, fifty)
    assert parameter_sets([two, one]) == parameter_sets([one, two])


def test_planned_checks_are_not_planned_to_run():
    assert "fairness.trend" not in parameter_sets(packs().values())


def test_sets_can_be_sent_to_another_process():
    sets = parameter_sets(packs().values())
    assert json.loads(json.dumps({check: list(s) for check, s in sets.items()}))["data.quality"] == [{}]
