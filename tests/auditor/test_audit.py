"""The straight line on the real example: the same record by every door, byte for byte."""

from __future__ import annotations

import datetime as dt
import hashlib
import json

import jsonschema
import pytest

from auditor import audit, logs
from auditor.cli import main
from auditor.manifest import named_by_digest, read_submission
from auditor.plan import frameworks_named, plan
from auditor.submission import parse
from checks.model import Evidence, Outcome
from checks.registry import pages
from reports.record import Audit
from reports.schema import audit_schema
from tests.small_example import PEOPLE, small_example

EXAMPLE = small_example() / "submission.yaml"
DAY = "2026-12-01"


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """One run of the command line."""
    out = tmp_path_factory.mktemp("run") / "out"
    assert main(["run", str(EXAMPLE), "--out", str(out), "--as-of", DAY, "--quiet"]) == 0
    return out


def record(out):
    return Audit.from_json((out / "audit.json").read_bytes())


def test_the_record_fits_its_published_schema_and_holds_every_check(ran):
    raw = json.loads((ran / "audit.json").read_bytes())
    jsonschema.Draft202012Validator(audit_schema()).validate(raw)
    evidence = raw["body"]["evidence"]
    assert {one["check"] for one in evidence} == set(pages())
    assert [one["check"] for one in evidence] == sorted(one["check"] for one in evidence)
    assert {one["outcome"] for one in evidence} <= {"measured", "not_applicable", "inconclusive"}
    assert set(raw["body"]["verdicts"]) == set(raw["body"]["submission"]["frameworks"])
    assert raw["body"]["as_of"] == DAY
    assert raw["body"]["submission"]["resolved"]["rows"] == PEOPLE


def test_a_second_run_by_the_api_gives_the_same_bytes_and_judging_again_changes_only_the_rules(
    ran, live_service
):
    """Equal bodies, equal PDF and equal page from two runs, through different doors."""
    raw, files = read_submission(EXAMPLE)
    digests = {}
    for where, path in files.items():
        data = path.read_bytes()
        digests[where] = hashlib.sha256(data).hexdigest()
        assert live_service.put(f"/api/v1/artifacts/{digests[where]}", data).status == 201
    answer = live_service.post(f"/api/v1/audits?as_of={DAY}", named_by_digest(raw, digests))
    assert answer.status == 202, answer.content
    base = f"/api/v1/audits/{answer.json['id']}"
    view = live_service.wait(answer.json["id"])
    assert view["state"] == "completed", view
    by_api = Audit.from_json(live_service.get(f"{base}/audit.json").content)
    assert by_api.body == record(ran).body
    assert by_api.digest == record(ran).digest
    assert by_api.run["id"] != record(ran).run["id"]
    assert live_service.get(f"{base}/report.pdf").content == (ran / "report.pdf").read_bytes()
    page = live_service.get(f"{base}/report.html")
    assert page.content == (ran / "report.html").read_bytes()
    assert "sandbox" in page.headers["Content-Security-Policy"]

    same = {"frameworks": list(raw["frameworks"]), "as_of": DAY}
    accepted = live_service.post(f"{base}/judgements", same)
    assert accepted.status == 202, accepted.content
    again = live_service.wait(accepted.json["id"])
    assert again["digest"] == view["digest"]
    assert again["derived_from"] == answer.json["id"]
    other = {"frameworks": ["us-nyc-ll144"], "as_of": "2022-01-01"}
    earlier = live_service.wait(live_service.post(f"{base}/judgements", other).json["id"])
    judged = live_service.get(f"/api/v1/audits/{earlier['id']}/audit.json").json["body"]
    assert judged["evidence"] == json.loads((ran / "audit.json").read_bytes())["body"]["evidence"]
    assert set(judged["verdicts"]) == {"us-nyc-ll144"}
    assert judged["as_of"] == "2022-01-01"
    for audit_id in (again["id"], earlier["id"], answer.json["id"]):
        assert live_service.delete(f"/api/v1/audits/{audit_id}").status == 204


def test_every_check_is_planned_once_and_again_as_frameworks_ask():
    planned = plan(frameworks_named(["global-baseline", "us-nyc-ll144"]))
    assert {check for check, _ in planned} == set(pages())
    assert {check for check, parameters in planned if not parameters} == set(pages())
    spelt = [json.dumps(item, sort_keys=True) for item in planned]
    assert len(set(spelt)) == len(spelt)
    assert [check for check, _ in planned] == sorted(check for check, _ in planned)


def test_evidence_that_is_missing_leaves_everything_undecided():
    """Nothing measured at all is no reason for a good verdict."""
    raw, files = read_submission(EXAMPLE)
    submission = parse(named_by_digest({**raw, "answers": {}}, dict.fromkeys(files, "0" * 64)))
    nothing = [Evidence(check, Outcome.FAILED, "it broke", params) for check, params in plan([])]
    body = audit.assemble(submission, {"rows": 0}, nothing, dt.date(2026, 12, 1))
    judged = {finding["verdict"] for finding in body["findings"] if finding["state"] == "in-force"}
    assert judged <= {"undecided", "not_met", "not_applicable"}
    assert {whole["verdict"] for whole in body["verdicts"].values()} <= {"undecided", "not_met"}


def test_a_log_shows_where_something_broke_but_not_what_it_said(capsys):
    import logging

    logs.configure("json", "info")
    try:
        int("the applicant's name")
    except ValueError:
        logging.getLogger("auditor.test").exception("audit %s failed", "a1")
    line = json.loads(capsys.readouterr().err.strip())
    assert line["event"] == "audit a1 failed"
    assert line["error"].startswith("ValueError at test_audit.py:")
    assert "applicant" not in json.dumps(line)
