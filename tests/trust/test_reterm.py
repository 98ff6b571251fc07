"""Comparisons of terms follow from what was declared and from the baselines in the record."""

from __future__ import annotations

import copy

import pytest

from auditor.trust.rejudge import differences
from auditor.trust.reterm import terms_apart
from reports.record import Audit
from tests.reports.test_declared import told

TERMS = {"purpose": {"is": "stated", "clause": "Clause 4"}, "rights": ["access"], "retention_days": 9}
TRANSFERS = [{"name": "Records", "terms": TERMS}, {"name": "Fees", "terms": TERMS, "baselines": ["depa"]}]


@pytest.fixture(scope="module")
def whole():
    audit = Audit.from_json(told(transfers=TRANSFERS).to_json())
    assert list(differences(audit)) == []
    return audit


def _result(body, theme, at=1):
    return next(one for one in body["terms"][at]["results"] if one["theme"] == theme)


def _baseline(body, name="depa"):
    return next(one for one in body["baselines"]["profiles"] if one["id"] == name)


def an_outcome(body):
    _result(body, "rights")["outcome"] = "equal"
    return "the terms of Records beside depa: rights is equal there, and weaker by what was declared"


def a_clause(body):
    _result(body, "purpose")["stands_at"] = "Clause 5"
    return "the terms of Records beside depa: purpose does not follow from what was declared: stands_at"


def a_reason(body):
    _result(body, "rights")["reason"] = "all that is asked, and no more"
    return "rights does not follow from what was declared: reason"


def a_sum(body):
    body["terms"][2]["counts"]["missing"] = 0
    return "the terms of Fees beside depa do not follow from what was declared: counts"


def a_theme_left_out(body):
    del body["terms"][0]["results"][0]
    return "not compared in the themes"


def a_comparison_left_out(body):
    del body["terms"][0]
    return "not those that its transfers ask for"


def all_left_out(body):
    del body["terms"]
    return "not those that its transfers ask for"


def what_was_declared(body):
    body["submission"]["transfers"][1]["terms"]["rights"] = ["access", "correction"]
    return "the terms of Fees beside depa: rights is weaker there, and equal by what was declared"


def an_eased_baseline(body):
    """Rights are struck out there, and wherever they were compared."""
    body["baselines"]["profiles"] = [
        {**one, "items": [item for item in one["items"] if item["theme"] != "rights"]}
        if one["id"] == "depa" else one
        for one in body["baselines"]["profiles"]
    ]  # fmt: skip
    return "its baseline depa claims the digest of depa"


def other_themes(body):
    body["baselines"]["themes"]["facts"]["kept-local"] = "Nothing."
    return "its themes claim the digest of those of this Auditor"


def a_baseline_left_out(body):
    body["baselines"]["profiles"] = [_baseline(body)]
    del body["terms"][0]
    return "it lacks baselines of its version: cn-pipl"


def no_baselines(body):
    del body["baselines"]
    return "its terms cannot be compared again"


def no_shape(body):
    body["terms"][0] = {"transfer": "Records", "profile": "cn-pipl", "results": [None]}
    return "its terms cannot be compared again"


CHANGES = [
    an_outcome, a_clause, a_reason, a_sum, a_theme_left_out, a_comparison_left_out, all_left_out,
    what_was_declared, an_eased_baseline, other_themes, a_baseline_left_out, no_baselines, no_shape,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_changed_comparison_is_named(whole, change):
    body = copy.deepcopy(whole.body)
    named = change(body)
    transfers = body["submission"]["transfers"]
    assert any(named in line for line in terms_apart(body, transfers, same=True))


def test_a_later_version_may_say_the_reason_otherwise_and_nothing_else(whole):
    body = copy.deepcopy(whole.body)
    a_reason(body)
    assert list(terms_apart(body, TRANSFERS, same=False)) == []
    an_outcome(body)
    assert list(terms_apart(body, TRANSFERS, same=False)) != []


def test_an_older_baseline_is_compared_as_it_was(whole):
    """Its digest and its retention are others; what follows from it holds."""
    body = copy.deepcopy(whole.body)
    _baseline(body)["digest"] = "0" * 64
    for one in body["terms"][1:]:
        one["digest"] = "0" * 64
    assert list(terms_apart(body, TRANSFERS, same=False)) == []
