"""How well rules work: by the API, the pages and the command line, with reports and decisions kept."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from auditor.cli import main
from auditor.views import Account, NotFound
from frameworks.effectiveness import proposals
from frameworks.proposing import Change
from reports.record import Audit, canonical
from tests.auditor.stored_audits import keep_completed
from tests.reports.sample import audit as sample

RULES = "/api/v1/frameworks/global-baseline"
HARM = {"requirement": "global-baseline/FAIR-01", "kind": "harm_after_pass", "by": "A. Officer", "note": "x"}


def passed():
    """A record in which FAIR-01 was met."""
    whole = sample()
    body = json.loads(canonical(whole.body))
    body["verdicts"]["global-baseline"]["requirements"]["FAIR-01"] = "met"
    return Audit(run=whole.run, body=body).to_json()


@pytest.fixture
def some(app, account, monkeypatch):
    """Two audits, and a policy for which they are enough."""
    monkeypatch.setattr(
        "auditor.effectiveness.proposals",
        lambda rules, found, policy: proposals(rules, found, replace(policy, audits=2)),
    )
    service = app.extensions["auditor"]
    return [keep_completed(service, account, passed()) for _ in range(2)]


def test_from_reports_to_a_proposal_to_a_decision(client, some):
    assert client.get(f"{RULES}/effectiveness").json["proposals"] == []
    assert client.post(f"/api/v1/audits/{some[0]}/outcomes", json=HARM).status_code == 201
    found = client.get(f"{RULES}/effectiveness").json
    assert (found["audits"], found["left_out"]) == (2, 0)
    (proposal,) = found["proposals"]
    assert (proposal["requirement"], proposal["change"]) == ("FAIR-01", Change.TIGHTEN)
    page = client.get("/frameworks/global-baseline/effectiveness").text
    assert "harm was confirmed once although it was met" in page
    asked = {
        "requirement": "FAIR-01",
        "change": "tighten",
        "adopted": True,
        "by": "Council",
        "reasons": "Harm.",
    }
    made = client.post(f"{RULES}/decisions", json=asked)
    assert made.status_code == 201, made.json
    assert made.json["figures"] == found["digest"]
    assert client.get(f"{RULES}/decisions").json["decisions"] == [made.json]
    assert "was adopted by Council" in client.get("/frameworks/global-baseline/effectiveness").text


def test_by_the_pages_without_scripts(client, app, some):
    app.config["WTF_CSRF_ENABLED"] = False
    page = f"/audits/{some[0]}/outcomes"
    assert "Nothing was reported" in client.get(page).text
    assert client.post(page, data=HARM).status_code == 303
    assert "Harm was confirmed although the requirement was met" in client.get(page).text
    where = "/frameworks/global-baseline/effectiveness"
    asked = {"requirement": "FAIR-01", "change": "tighten", "adopted": "no", "by": "Council", "reasons": ""}
    refused = client.post(where, data=asked)
    assert refused.status_code == 422
    assert "<code>reasons</code> is empty" in refused.text
    assert client.post(where, data={**asked, "reasons": "One case."}).status_code == 303
    shown = client.get(where).text
    assert "was turned down by Council" in shown
    assert "Decided on these figures: it stands below." in shown


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (HARM | {"kind": "rumour"}, "`kind` is one of harm_after_pass"),
        (HARM | {"requirement": "global-baseline/X"}, "this audit judges no"),
        (HARM | {"kind": "false_alarm"}, "FAIR-01 is met; `false_alarm` is of what was not met"),
        (HARM | {"requirement": "global-baseline/TRANS-03"}, "TRANS-03 is undecided; `harm_after_pass` is"),
        (HARM | {"requirement": "global-baseline/TRANS-01"}, "TRANS-01 is undecided"),
        (HARM | {"by": " "}, "`by` is empty"),
        (HARM | {"note": "n" * 1001}, "more than 1000 characters"),
    ],
)
def test_what_is_no_report_is_refused(client, app, account, sent, words):
    service = app.extensions["auditor"]
    one = keep_completed(service, account, passed())
    answer = client.post(f"/api/v1/audits/{one}/outcomes", json=sent)
    assert answer.status_code == 422
    assert words in answer.json["problems"][0]["sentence"]
    assert client.get(f"/api/v1/audits/{one}/outcomes").json == {"outcomes": []}


def test_what_nothing_proposes_is_not_decided(client, app, account):
    service = app.extensions["auditor"]
    one = keep_completed(service, account, passed())
    client.post(f"/api/v1/audits/{one}/outcomes", json=HARM)
    asked = {"requirement": "FAIR-01", "change": "tighten", "adopted": True, "by": "C", "reasons": "r"}
    answer = client.post(f"{RULES}/decisions", json=asked)
    assert "nothing proposes to tighten 'FAIR-01' now" in answer.json["problems"][0]["sentence"]
    assert client.get("/api/v1/frameworks/none/effectiveness").status_code == 404


def test_nobody_reports_on_another_accounts_audit(app, account):
    service = app.extensions["auditor"]
    one = keep_completed(service, account, passed())
    other = Account("other", "Other")
    for ask in (service.effects.outcomes, service.effects.requirements):
        with pytest.raises(NotFound):
            ask(other, one)
    with pytest.raises(NotFound):
        service.effects.report(other, one, HARM)


def test_reports_go_with_their_audit(client, app, account):
    service = app.extensions["auditor"]
    one = keep_completed(service, account, passed())
    assert client.post(f"/api/v1/audits/{one}/outcomes", json=HARM).status_code == 201
    assert client.delete(f"/api/v1/audits/{one}").status_code == 204
    assert client.get(f"/api/v1/audits/{one}/outcomes").status_code == 404


def test_the_command_line_counts_records_on_disk(tmp_path, capsys):
    (tmp_path / "audit.json").write_bytes(passed())
    assert main(["frameworks", "effectiveness", "us-nyc-ll144", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "over 1 audit, judged again as of their own days" in said
    assert "Proposals (none of a requirement that ran in under 20 audits):\n  none" in said
    assert main(["frameworks", "effectiveness", "us-nyc-ll144", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["proposals"] == []
    assert main(["frameworks", "effectiveness", "us-nyc-ll144", str(tmp_path / "no")]) == 2
