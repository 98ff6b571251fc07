"""measures.yaml: what a pack may name is what checks yield, and every published metric is answered."""

from __future__ import annotations

import dataclasses
import inspect
from functools import cache

import numpy as np
import pytest

from checks.model import Evidence, Kind, Task
from checks.registry import all_checks, pages
from frameworks.load import packs
from frameworks.measures import FRACTIONS, HERE, catalogue, explain_unknown, measures
from frameworks.source import LoadError, parse
from tests.checks.builders import LogisticModel, counted, credit
from tests.checks.test_laws import DIRECTIONS, NUMBERS, SHOWN_TO_PEOPLE, TASKS

AVAILABLE = [one for one in measures().values() if one.available]
PLANNED = [one for one in measures().values() if not one.available]
CHECKS = sorted({one.check for one in AVAILABLE})

METRICS = [
    "fair.impact_ratio",
    "fair.scoring_rate_ratio",
    "fair.intersectional_ratio",
    "fair.ratio_significance",
    "fair.demographic_parity_diff",
    "fair.equal_opportunity_diff",
    "fair.equalized_odds_diff",
    "fair.predictive_parity_diff",
    "fair.group_calibration_gap",
    "fair.counterfactual_flip",
    "fair.proxy_predictability",
    "fair.worst_slice_ratio",
    "fair.differential_price",
    "fair.small_cell_disclosure",
    "fair.trend",
    "data.completeness",
    "data.validity",
    "data.duplicates",
    "data.label_noise",
    "data.representation_ratio",
    "data.split_leakage",
    "data.timeliness",
    "data.provenance_fields",
    "int.model_class",
    "int.reason_coverage",
    "int.faithfulness",
    "int.stability",
    "int.surrogate_fidelity",
    "int.plain_language",
    "ui.accessibility",
    "ui.notice_present",
    "mark.detectable",
    "priv.pii_scan",
    "priv.k_anonymity",
    "priv.uniqueness",
    "priv.membership_auc",
    "priv.attribute_inference",
    "priv.minimisation",
    "priv.sensitive_scan",
    "priv.deidentified",
    "priv.dp_budget",
    "sec.artifact_scan",
    "sec.dependency_cves",
    "sec.adversarial_drop",
    "sec.poisoning_screen",
    "sec.extraction",
    "sec.access_review",
    "rob.noise_drop",
    "rob.ood_flag",
    "rob.drift_psi",
    "rob.repeatability",
    "rob.fallback_test",
    "rob.feedback_loop",
    "acc.declared_vs_measured",
    "acc.vs_baseline",
    "acc.calibration_ece",
    "acc.interval_reported",
    "hum.override_rate",
    "hum.low_conf_referral",
    "hum.final_by_human",
    "hum.seeded_error_catch",
    "hum.stop_drill",
    "hum.appeal_stats",
    "log.completeness",
    "log.retention_days",
    "log.trace_to_version",
    "doc.field_completeness",
    "doc.freshness",
    "mon.plan_running",
    "mon.incident_clock",
    "inc.group_gap",
    "inc.assisted_channel",
    "inc.participation",
    "sus.energy",
    "gov.review_age",
    "gov.open_actions",
    "gov.training_rate",
]


class Together(LogisticModel):
    """A rule in which income counts by debt."""

    def predict_proba(self, X):
        return super().predict_proba(X.assign(income=X["income"] * X["debt"]))


COUNTS_ONLY = "data.stated_results"
"""The one check that measures published counts and no records."""


TWINS = {"interpretability.permutation_importance", "privacy.minimisation"}


@cache
def evidence(check: str) -> Evidence:
    """Return what *check* finds on a small subject that has everything a check can ask for.

    One protected attribute, `job`, is also a feature of its model.
    """
    if check == COUNTS_ONLY:
        rows = [("A", 40, 20, "0.5", "1"), ("B", 40, 10, "0.25", "0.5")]
        return all_checks()[check](counted({"race": rows}))
    whole = credit(rows=300, training_rows=300)
    roles = _roles(check, whole.roles)
    whole = _with_what_it_asks(check, whole)
    if check in TWINS:  # a joint number needs two features that tell the same
        whole = dataclasses.replace(
            whole, evaluation=whole.evaluation.assign(wealth=whole.evaluation["income"])
        )
        roles = dataclasses.replace(roles, features=(*roles.features, "wealth"))
    task = TASKS.get(check, Task.BINARY)
    found = all_checks()[check](dataclasses.replace(whole, roles=roles, task=task))
    if check in {"fairness.conditional", "fairness.curve"}:  # some numbers are of predicted numbers
        numbers = all_checks()[check](dataclasses.replace(whole, roles=roles, task=Task.REGRESSION))
        found = dataclasses.replace(found, measures=found.measures + numbers.measures)
    if check == "performance.challengers":  # one of its numbers belongs to another task
        numbers = all_checks()[check](dataclasses.replace(whole, task=Task.REGRESSION))
        found = dataclasses.replace(found, measures=found.measures + numbers.measures)
    if check == "performance.classification":  # some of its numbers are of several classes
        several = all_checks()[check](dataclasses.replace(whole, task=Task.MULTICLASS))
        found = dataclasses.replace(found, measures=found.measures + several.measures)
    if check == "fairness.missing_demographics":  # bounds are told where groups are missing
        gaps = whole.evaluation.assign(race=whole.evaluation["race"].where(whole.evaluation.index % 9 > 0))
        found = all_checks()[check](dataclasses.replace(whole, evaluation=gaps))
    if check == "fairness.worst_subgroup":  # some of its numbers need a slice to tell, or no label
        wrong = np.where(whole.evaluation["race"] == "A", "2", whole.decision).astype(object)
        planted = dataclasses.replace(whole, decision=wrong, roles=dataclasses.replace(roles, label=None))
        found = dataclasses.replace(found, measures=found.measures + all_checks()[check](planted).measures)
    return found


def _roles(check: str, plain):
    """Return the roles that *check* needs to say all it can."""
    roles = dataclasses.replace(plain, groups=("race", "job"), references={"race": "A"})
    if check.startswith("data."):
        return dataclasses.replace(roles, time="day")
    more = {
        "fairness.curve": NUMBERS,  # it needs a protected number
        # it ranks people where a feature has two values
        "privacy.attribute_inference": {
            "features": (*roles.features, "sex"),
            "sensitive": ("sex",),
            "quasi_identifiers": ("postcode",),
        },
        "privacy.anonymity": {"sensitive": ("income",)},  # classes give away what was declared sensitive
    }
    return dataclasses.replace(roles, **more.get(check, {}))


def _with_what_it_asks(check: str, whole):
    """Return *whole* with the columns, the facts and the model without which *check* has less to say."""
    if check.startswith("data."):
        return _with_time_and_gaps(whole)
    if check == "interpretability.interactions":  # pairs are told where any do something together
        return dataclasses.replace(whole, model=Together({"income": 1.0, "debt": -0.5}))
    if check == "interpretability.monotonicity":
        return dataclasses.replace(whole, facts={**whole.facts, **DIRECTIONS})
    return SHOWN_TO_PEOPLE[check](whole) if check in SHOWN_TO_PEOPLE else whole


def _with_time_and_gaps(whole):
    mail = [f"p{i}@example.org" for i in range(whole.rows)]  # personal data are found by their values
    table = whole.evaluation.assign(day=np.arange(whole.rows), mail=mail)
    table.loc[::20, "debt"] = np.nan
    facts = {**whole.facts, "population": {"count": 10_000}}
    return dataclasses.replace(whole, evaluation=table, facts=facts)


@pytest.mark.parametrize("check", CHECKS)
def test_what_is_available_is_yielded(check):
    """Each available measure comes out of its check, with the keys, the kind and the scale stated."""
    found = evidence(check)
    for named in (one for one in AVAILABLE if one.check == check):
        shaped = [m for m in found.measures if m.name == named.name and m.of.keys() == set(named.of)]
        assert shaped, f"{named.path} of {named.of} is not yielded"
        assert {m.kind is Kind.EXACT for m in shaped} == {named.exact}, named.path
        assert {m.unit == "ratio" for m in shaped} == {named.ratio}, named.path


@pytest.mark.parametrize("check", CHECKS)
def test_what_is_yielded_may_be_named(check):
    names = {measure.name for measure in evidence(check).measures}
    assert names <= {one.name for one in measures().values() if one.check == check}


def test_every_check_may_be_named():
    assert set(CHECKS) == set(pages())


@pytest.mark.parametrize("check", CHECKS)
def test_parameters_are_those_of_the_check(check):
    keywords = {
        name
        for name, parameter in inspect.signature(all_checks()[check].measure).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
    assert {one.parameters for one in AVAILABLE if one.check == check} == {frozenset(keywords)}
    defaults = inspect.signature(all_checks()[check].measure).parameters
    assert {name for name in keywords if isinstance(defaults[name].default, float)} == keywords & FRACTIONS


def test_a_comparison_names_the_measure_of_single_groups():
    for one in AVAILABLE:
        if one.by_group:
            base = measures()[f"{one.check}.{one.by_group}"]
            assert base.of == ("attribute", "group")


@pytest.mark.parametrize("one", PLANNED, ids=lambda one: one.path)
def test_what_is_planned_is_no_check_yet_and_says_what_would_supply_it(one):
    """A check may be there and lack one measure, which then says why by itself."""
    others = {other.why for other in measures().values() if other.check == one.check and other != one}
    assert one.check not in pages() or one.why not in others
    assert one.why.endswith("yet")
    assert one.supply


def test_every_published_metric_is_answered():
    """77 metrics of the published rules: each by a measure, available or planned, or by an attestation."""
    path = HERE / "metrics.yaml"
    answered = parse(path.read_bytes(), path.name).data["metrics"]
    assert len(METRICS) == 77
    assert list(answered) == METRICS
    keys = {question.key for pack in packs().values() for question in pack.attestations()}
    for metric, answer in answered.items():
        (way,) = answer.keys() & {"measure", "attested"}
        assert answer[way] in (measures() if way == "measure" else keys), metric


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("data.quality.missing_shares", "did you mean `data.quality.missing_share`?"),
        ("data.quality.zzz", "see measures.yaml"),
        ("data.qualty.missing_share", "did you mean `data.quality.missing_share`?"),
        ("nothing.at_all", "there is no check `nothing`; see measures.yaml"),
    ],
)
def test_an_unknown_measure_is_explained(path, words):
    assert words in explain_unknown(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("checks: {a.b: {status: planned, measures: {c: {says: x}}}}", "says `why` and what would `supply`"),
        ("checks: {a.b: {status: soon, measures: {c: {says: x}}}}", "'available' or 'planned'"),
        ("checks: {a.b: {status: available, measures: {}}}", "at least 1 item"),
    ],
)
def test_a_wrong_catalogue_is_refused(text, words):
    with pytest.raises(LoadError, match="line 1: ") as refused:
        catalogue(text.encode(), "measures.yaml")
    assert words in refused.value.sentence
