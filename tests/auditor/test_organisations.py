"""The record of an organisation: what its audits say together, and never of a natural person."""

from __future__ import annotations

import copy
import datetime as dt
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.organisations import expires_on
from auditor.problems import Refused
from auditor.submission import parse
from auditor.views import Account, Conflict
from frameworks.history import Stood, repairs
from frameworks.model import Verdict
from reports.record import Audit
from tests.auditor.stored_audits import keep_completed
from tests.budgets import budget
from tests.reports.sample import audit as sample

CITY = {"id": "city-of-x", "name": "City of X", "kind": "public-body"}
DAY = dt.date(2026, 1, 1)


def raw(**organisation):
    return {
        "system": {"name": "A system", "organisation": CITY | organisation},
        "task": "binary",
        "data": {"evaluation": {"artifact": f"sha256:{'a' * 64}"}},
    }


def test_a_natural_person_has_no_record():
    assert parse(raw()).system.organisation.name == "City of X"
    for kind in ("person", "natural-person", "Individual"):
        with pytest.raises(Refused) as why:
            parse(raw(kind=kind))
        assert "never of a natural person" in why.value.problems[0].sentence
    with pytest.raises(Refused):
        parse(raw(id="Not An Id"))


def kept(service, account, day, verdict):
    body = copy.deepcopy(json.loads(sample().to_json()))
    inner = body["body"]
    inner["as_of"] = day
    inner["submission"]["system"]["organisation"] = CITY
    for whole in inner["verdicts"].values():
        whole["requirements"] = dict.fromkeys(whole["requirements"], "undecided")
    inner["verdicts"]["global-baseline"]["requirements"]["FAIR-01"] = verdict
    return keep_completed(service, account, Audit(body["run"], inner).to_json())


def test_audits_repairs_disputes_and_expiry_stand_together(app, client, account):
    service = app.extensions["auditor"]
    first = kept(service, account, "2020-01-01", "not_met")
    dispute = {"requirement": "global-baseline/FAIR-01", "kind": "dispute", "by": "A. Officer", "note": "why"}
    assert client.post(f"/api/v1/audits/{first}/outcomes", json=dispute).status_code == 201
    found = client.get("/api/v1/organisations/city-of-x").json
    assert found["expired"] == ["Loan screening"]
    assert [one["repair"]["requirement"] for one in found["open"]] == ["global-baseline/FAIR-01"]
    second = kept(service, account, "2020-03-01", "met")
    found = client.get("/api/v1/organisations/city-of-x").json
    assert [one["id"] for one in found["audits"]] == [second, first]
    assert found["open"] == []
    (repaired,) = found["repaired"]
    assert (repaired["repair"]["since"], repaired["repair"]["until"]) == ("2020-01-01", "2020-03-01")
    assert [one["note"] for one in found["disputes"]] == ["why"]
    assert client.get("/api/v1/organisations").json == {
        "organisations": [{"id": "city-of-x", "name": "City of X", "audits": 2}]
    }
    page = client.get("/organisations/city-of-x").text
    assert "No audit speaks any more for Loan screening" in page
    assert "(60 days)" in page
    assert service.organisations.listed(Account("other", "Other")) == ()
    assert client.get("/api/v1/organisations/nobody").status_code == 404


def test_a_day_to_come_counts_nowhere_and_is_not_published(app, client, account):
    """Rules may be read as of any day; what is on record of an organisation has happened."""
    service = app.extensions["auditor"]
    past = kept(service, account, "2020-01-01", "not_met")
    for day in ("2099-02-01", "9999-12-31"):
        later = kept(service, account, day, "met")
        with pytest.raises(Conflict, match=f"as of {day}, a day to come; judge it again as of today"):
            service.register.publish(account, later, **SAID)
    found = client.get("/api/v1/organisations/city-of-x").json
    assert [one["ahead"] for one in found["audits"]] == [True, True, False]
    assert [one["repair"]["until"] for one in found["open"]] == [None]
    assert (found["repaired"], found["expired"]) == ([], ["Loan screening"])
    assert client.get("/organisations/city-of-x").text.count("a day to come: counted nowhere above") == 2
    service.register.publish(account, past, **SAID)
    key = client.get(f"/api/v1/register/{past}").json["organisation"]
    assert client.get(f"/register/organisations/{key}").status_code == 200
    assert expires_on(dt.date(9999, 12, 31)) == dt.date(9999, 12, 31)


SAID = {"contact": "audit@example.org", "appeal": "Write to the ombudsman."}


def test_everybody_sees_counts_of_published_audits_and_nothing_else(app, client, account):
    service = app.extensions["auditor"]
    days = ("2020-01-01", "2020-03-01", "2020-05-01")
    first, second, hidden = (
        kept(service, account, day, v) for day, v in zip(days, ("not_met", "met", "not_met"), strict=True)
    )
    note = {"requirement": "global-baseline/FAIR-01", "kind": "dispute", "by": "A. Officer", "note": "secret"}
    for _ in range(9):
        client.post(f"/api/v1/audits/{first}/outcomes", json=note)
    assert service.public_organisations.key_of(first) is None, "it is not published"
    service.register.publish(account, first, **SAID)
    key = client.get(f"/api/v1/register/{first}").json["organisation"]
    where = f"/api/v1/register/organisations/{key}"
    found = client.get(where).json
    assert (found["name"], found["published"], found["open"], found["repaired"]) == ("City of X", 1, 1, 0)
    assert found["disputes"] is None, "nine are fewer than ten"
    service.register.publish(account, second, **SAID)
    client.post(f"/api/v1/audits/{second}/outcomes", json=note)
    found = client.get(where).json
    assert (found["published"], found["open"], found["repaired"], found["days_to_repair"]) == (2, 0, 1, 60)
    assert (found["disputes"], found["expired"], found["objections"]) == (10, 1, 0)
    (system,) = found["systems"]
    assert (system["audit"], system["expired"], system["verdicts"]["met"] >= 1) == (second, True, True)
    page = client.get(f"/register/organisations/{key}").text
    for text in (page, json.dumps(found)):
        assert "City of X" in text
        for secret in (hidden, "secret", "A. Officer", account.id, CITY["id"]):
            assert secret not in text, secret
    assert f"/register/organisations/{key}" in client.get(f"/register/{second}").text
    service.register.withdraw(account, second, "An error.")
    found = client.get(where).json
    assert (found["published"], found["withdrawn"], found["open"], found["disputes"]) == (1, 1, 1, None)
    service.register.withdraw(account, first, "An error.")
    assert client.get(where).status_code == client.get(f"/register/organisations/{key}").status_code == 404


@settings(max_examples=budget(50, 500), deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 300), st.sampled_from(list(Verdict))),
        max_size=30,
        unique_by=lambda one: one[0],
    )
)
def test_only_met_or_attested_repairs(drawn):
    history = [Stood(DAY + dt.timedelta(days=day), {"a/1": verdict}) for day, verdict in drawn]
    found = repairs(history)
    assert found == repairs(history[::-1])
    decided = [v for _, v in sorted(drawn) if v in {Verdict.MET, Verdict.ATTESTED, Verdict.NOT_MET}]
    assert sum(one.until is None for one in found) == (decided[-1:] == [Verdict.NOT_MET])
    assert all(one.days is None or one.days > 0 for one in found)
