"""What people put on record: refused in a sentence where it cannot be so, and the same by every door."""

from __future__ import annotations

import pytest

from auditor.plan import frameworks_asked
from auditor.problems import Refused
from auditor.submission import dotted, files_of, parse
from tests.reports.test_declared import SANDBOX, WAIVER

BARE = {"system": {"name": "A system"}, "task": "binary", "data": {"evaluation": "rows.csv"}}
ASKED = {"by": "A. Officer", "date": "2026-11-01", "answers": {"reversible": "easily"}}


def refused(**keys):
    with pytest.raises(Refused) as why:
        frameworks_asked(parse(BARE | keys))
    return {problem.where: problem.sentence for problem in why.value.problems}


def waiver(**change):
    return [{key: value for key, value in (WAIVER | change).items() if value is not None}]


@pytest.mark.parametrize(
    ("keys", "where", "words"),
    [
        ({"waivers": waiver(requirement="TRANS-2")}, "waivers.0.requirement", "did you mean `TRANS-02`?"),
        ({"waivers": waiver(framework="eu-ai")}, "waivers.0.framework", "did you mean `eu-ai-act`?"),
        (
            {"waivers": waiver(framework="us-nyc-ll144")},
            "waivers.0.requirement",
            "`us-nyc-ll144` has no requirement `TRANS-02`",
        ),
        ({"waivers": waiver(approver=None)}, "waivers.0.approver", "is missing; add it"),
        ({"waivers": waiver(expiry="2026-10-31")}, "waivers.0", "`expiry` lies before `date`"),
        ({"waivers": waiver(renewals=[])}, "waivers.0.renewals", "is not a key of a submission"),
        ({"waivers": waiver() * 2}, "waivers", "two waivers are of TRANS-02; keep one"),
        ({"waivers": "none"}, "waivers", "must be a list"),
        ({"sandbox": SANDBOX | {"defers": []}}, "sandbox.defers", "is empty"),
        (
            {"sandbox": SANDBOX | {"defers": ["FAIR-99"]}},
            "sandbox.defers.0",
            "no framework has a requirement",
        ),
        ({"sandbox": SANDBOX | {"stop_unless": []}}, "sandbox.stop_unless", "is empty"),
        (
            {"sandbox": SANDBOX | {"stop_unless": [{"measure": "fairness.gap", "at_most": 1}]}},
            "sandbox.stop_unless.0.measure",
            "there is no check `fairness`; did you mean",
        ),
        (
            {"sandbox": SANDBOX | {"stop_unless": [{"measure": "data.quality.missing_share"}]}},
            "sandbox.stop_unless.0",
            "give either `at_least` or `at_most`",
        ),
        ({"sandbox": SANDBOX | {"caps": {"people": 0, "share_of_cases": 0.1}}}, "sandbox.caps.people", "1"),
        ({"sandbox": SANDBOX | {"expiry": "2026-01-01"}}, "sandbox", "`expiry` lies before `start`"),
        (
            {"risk_questionnaire": ASKED | {"answers": {"reversable": "easily"}}},
            "risk_questionnaire.answers.reversable",
            "did you mean `reversible`?",
        ),
        (
            {"risk_questionnaire": ASKED | {"answers": {"reversible": "maybe"}}},
            "risk_questionnaire.answers.reversible",
            "give one of `easily`, `with-effort`, `hardly`, `never`",
        ),
        ({"risk_questionnaire": {"answers": {}}}, "risk_questionnaire.by", "is missing; add it"),
    ],
)
def test_what_cannot_be_so_is_refused_by_name(keys, where, words):
    found = refused(**keys)
    assert words in found[where]


def test_waivers_of_two_frameworks_may_have_one_id():
    both = waiver(framework="global-baseline") + waiver(framework="asean-ai-guide")
    assert len(parse(BARE | {"waivers": both}).waivers) == 2


def test_the_exit_report_is_a_file_that_is_kept():
    found = {dotted(keys) for keys, _ in files_of(parse(BARE | {"sandbox": SANDBOX}))}
    assert "sandbox.exit_report" in found
