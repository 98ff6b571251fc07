"""Rules of one's own: checked, published version by version, named by audits, and their effect told."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from auditor.artifacts import Artifacts
from auditor.cli import main
from auditor.local_rules import LocalRules
from auditor.manifest import read_submission
from auditor.past import Past, gap_of
from auditor.plan import frameworks_named
from auditor.problems import Refused
from auditor.store import people
from auditor.store.tables import AccountRecord
from auditor.submission import parse
from auditor.views import Account, NotFound
from frameworks.load import packs
from tests.auditor.stored_audits import keep_completed
from tests.reports.sample import audit as sample

TOWN = """# Ours.
format: auditor-framework/1
id: town
title: Rules of a town
version: "1"
jurisdiction: a town
extends: [{id: global-baseline, version: ">=0.1"}]
sunset: 2099-01-01
overrides:
  - target: FAIR-01
    criterion: fairness.selection_rate.selection_rate_gap
    mode: tighten
    from: {at_least: 0.8}
    to: {at_least: 0.85}
    reason: public bodies owe more
"""
TOWN = TOWN.replace("selection_rate_gap", "impact_ratio")
SECOND = TOWN.replace('"1"', '"2"').replace("0.85}", "0.9}")
SUBMITTED = {
    "system": {"name": "Loans"},
    "task": "binary",
    "data": {"evaluation": {"artifact": f"sha256:{'b' * 64}"}},
    "frameworks": ["global-baseline"],
}


@pytest.fixture
def own(database, tmp_path):
    with database.transaction() as session:
        account = people.local_account(session)
        session.add(AccountRecord(id="other", name="Other", token_hash=None, created=dt.datetime.now(dt.UTC)))
    return LocalRules(database, Artifacts(tmp_path / "files")), account


def test_versions_are_kept_and_never_change(own):
    rules, account = own
    assert rules.publish(account, TOWN).position == 1
    with pytest.raises(Refused, match="version 1 of `town` is published and never changes"):
        rules.publish(account, TOWN)
    rules.publish(account, SECOND)
    assert [(one.version, one.position) for one in rules.versions(account, "town")] == [("2", 2), ("1", 1)]
    assert rules.version(account, "town", 1).content == TOWN  # comments and all
    assert [one.version for one in rules.listed(account)] == ["2"]
    assert rules.framework(account, "town").version == "2"
    other = Account("other", "Other")
    assert rules.listed(other) == ()
    with pytest.raises(NotFound):
        rules.versions(other, "town")
    with pytest.raises(NotFound):
        rules.version(account, "town", 3)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (TOWN.replace("0.85}", "0.75}"), 14, "is not stricter"),
        (TOWN.replace("id: town", "id: us-nyc-ll144"), 3, "is the id of a bundled framework"),
        (TOWN.replace("2099", "2020"), 8, "has passed"),
        (TOWN.replace("reason", "raeson"), 15, "raeson"),
        ("a: [", 1, ""),
        ("", 1, ""),
    ],
)
def test_a_mistake_is_refused_with_its_line(service, account, text, line, said):
    with pytest.raises(Refused) as refused:
        service.rules.publish(account, text)
    assert any(p.where == f"line {line}" and said in p.sentence for p in refused.value.problems)
    assert service.rules.listed(account) == ()


def test_the_effect_on_past_audits_is_told_without_measuring(service, account):
    made = keep_completed(service, account, sample().to_json())
    service.rules.publish(account, TOWN)
    none = service.rules.effect(account, TOWN.replace('"1"', '"2"'))
    assert (none.judged, none.left_out, none.changed, none.differences) == (1, 0, (), ())
    stricter = TOWN.replace('"1"', '"2"').replace("sunset: 2099", "from: 2027-01-01\nsunset: 2099")
    told = service.rules.effect(account, stricter + EXPLAINED)
    assert told.against == "Rules of a town 1"
    assert told.day == dt.date(2027, 1, 1)
    assert [d.requirement for d in told.differences] == ["LOC-1"]
    assert [(c.audit, [m.requirement for m in c.moved]) for c in told.changed] == [(made, ["LOC-1"])]
    with pytest.raises(Refused):
        service.rules.effect(account, "nothing")


EXPLAINED = """requirements:
  - id: LOC-1
    title: Local item
    text: Something is asked.
    principle: fairness
    severity: major
    source: {clause: LOC-1, verified: own}
    controls: [FAIR-01]
    criteria:
      - {attested: our-notice, question: Where is the notice?}
"""


def test_the_command_line_reads_audits_of_the_service(service, account, tmp_path, monkeypatch, capsys):
    """By their ids, whoever they are of; without any, the newest; and nothing is made where nothing is."""
    made = keep_completed(service, account, sample().to_json())
    town = tmp_path / "town.yaml"
    town.write_text(TOWN + EXPLAINED)
    monkeypatch.setenv("AUDITOR_HOME", str(service.settings.home))
    monkeypatch.setenv("AUDITOR_DATABASE_URL", service.settings.database_url)

    def said(*words, code=0):
        assert main(["frameworks", *words]) == code
        told = capsys.readouterr()
        return told.err if code else told.out

    assert "of 12 requirements met" in said("gap", made, "us-nyc-ll144")
    for named in ([made], []):
        told = said("effect", str(town), *named)
        assert "1 of 1 audit would be judged otherwise" in told
        assert f"{made} (Loan screening, 2026-12-01)" in told
        assert "LOC-1 Local item" in told
    assert "over 1 audit," in said("effectiveness", "us-nyc-ll144", made)
    assert "keeps no completed audit" in said("gap", "0" * 20, "us-nyc-ll144", code=2)
    monkeypatch.setenv("AUDITOR_HOME", str(tmp_path / "none"))
    monkeypatch.delenv("AUDITOR_DATABASE_URL")
    assert "there is no service at" in said("effect", str(town), code=2)
    assert not (tmp_path / "none").exists()


def test_a_gap_of_a_stored_audit(service, account):
    made = keep_completed(service, account, sample().to_json())
    framework, found = service.rules.gap(account, made, "eu-ai-act")
    assert [one.requirement for one in found] == [r.id for r in framework.requirements]
    assert any(one.related for one in found)
    with pytest.raises(NotFound):
        service.rules.gap(account, made, "nothing")
    with pytest.raises(NotFound):
        service.rules.gap(Account("other", "Other"), made, "eu-ai-act")


def test_an_audit_names_rules_of_its_account(service, account):
    service.rules.publish(account, TOWN)
    service.rules.publish(account, SECOND)
    digest = service.store_artifact(account, [b"y,d,g\n" + b"1,1,a\n0,0,b\n" * 30]).digest
    raw = SUBMITTED | {"data": {"evaluation": {"artifact": f"sha256:{digest}"}}}
    view = service.submit(account, raw | {"frameworks": ["town"]})
    assert view.submission["rules"] == {"town": SECOND}
    older = service.submit(account, raw | {"frameworks": ["town@1", "global-baseline"]})
    assert older.frameworks == ("town", "global-baseline")
    assert older.submission["rules"] == {"town": TOWN}
    with pytest.raises(Refused, match="`town` has no version 7; its newest is 2"):
        service.submit(account, raw | {"frameworks": ["town@7"]})
    with pytest.raises(Refused, match="there is no framework `nope`"):
        service.submit(account, raw | {"frameworks": ["nope"]})


@pytest.mark.parametrize(
    ("carried", "code"),
    [
        ({"town": "nothing"}, "rules"),
        ({"other": TOWN}, "other-id"),
        ({"global-baseline": TOWN}, "bundled-id"),
    ],
)
def test_carried_rules_that_are_not_what_they_say_are_refused(carried, code):
    with pytest.raises(Refused) as refused:
        frameworks_named(list(carried), carried)
    assert [p.code for p in refused.value.problems] == [code]


def test_a_rule_file_is_named_by_its_path(tmp_path):
    (tmp_path / "town.yaml").write_text(TOWN)
    (tmp_path / "rows.csv").write_text("y\n1\n")
    asked = {**SUBMITTED, "data": {"evaluation": "rows.csv"}, "frameworks": ["town.yaml"]}
    (tmp_path / "submission.json").write_text(json.dumps(asked))
    raw, _ = read_submission(tmp_path / "submission.json")
    assert raw["frameworks"] == ["town"]
    (framework,) = frameworks_named(raw["frameworks"], parse(raw).rules)
    assert framework.title == "Rules of a town"


def test_gap_and_effect_on_the_command_line(tmp_path, capsys):
    record, town = tmp_path / "audit.json", tmp_path / "town.yaml"
    record.write_bytes(sample().to_json())
    town.write_text(TOWN + EXPLAINED)
    assert main(["frameworks", "gap", str(record), "us-nyc-ll144"]) == 0
    said = capsys.readouterr().out
    assert "requirements met by the evidence there is" in said
    assert "missing: " in said
    assert main(["frameworks", "gap", str(tmp_path), "eu-ai-act", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (
        len(told)
        == len(packs()["eu-ai-act"].requirements)
        == len(gap_of(Past.of(sample().body), packs()["eu-ai-act"]))
    )
    assert main(["frameworks", "effect", str(town), str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "1 of 1 audit would be judged otherwise by Rules of a town 1" in said
    assert "LOC-1 Local item (attested:our-notice): not asked -> undecided" in said
    assert main(["frameworks", "effect", str(town), str(record), "--against", str(town), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["changed"] == {}
    assert main(["frameworks", "effect", str(town)]) == 2
    assert main(["frameworks", "effect", str(town), str(tmp_path / "none.json")]) == 2
    (tmp_path / "empty").mkdir()
    assert main(["frameworks", "effect", str(town), str(tmp_path / "empty")]) == 2
    assert "holds no audit.json" in capsys.readouterr().err


def test_the_api_does_what_the_pages_do(client):
    def send(path, text):
        return client.post(f"/api/v1/{path}", json={"content": text})

    wrong = send("rules/lint", TOWN.replace("0.85}", "0.75}")).json
    assert wrong["framework"] is None
    assert wrong["problems"][0]["line"] == 14
    assert send("rules", TOWN.replace("0.85}", "0.75}")).status_code == 422
    made = send("rules", TOWN)
    assert (made.status_code, made.json["position"]) == (201, 1)
    assert client.get(made.headers["Location"]).json["versions"][0]["version"] == "1"
    assert [one["id"] for one in client.get("/api/v1/rules").json["rules"]] == ["town"]
    with client.get("/api/v1/rules/town/1.yaml") as file:
        assert file.text == TOWN
    assert client.get("/api/v1/rules/town/2.yaml").status_code == 404
    effect = send("rules/effect", SECOND).json
    assert (effect["against"], effect["judged"]) == ("Rules of a town 1", 0)
    assert effect["differences"][0]["new"].startswith("at_least: 0.9")
    differ = client.get("/api/v1/frameworks/global-baseline/differences?with=town").json["differences"]
    assert differ[0]["new"].startswith("at_least: 0.85")
    past = client.get("/api/v1/frameworks/town/resolved?as_of=2099-01-01").json
    assert "since then its parents hold" in past["lapsed"]
    assert client.get("/api/v1/frameworks/town/resolved").json["lapsed"] is None
    for path in ("frameworks/town/resolved?as_of=x", "frameworks/town/differences", "audits/x/gap"):
        assert client.get(f"/api/v1/{path}").status_code == 422
    assert client.get("/api/v1/audits/x/gap?framework=town").status_code == 404
    assert send("rules", 7).status_code == 422


def test_rules_are_had_in_oscal(client, tmp_path, capsys):
    """The API, the pages and the command give the same bytes."""
    client.post("/api/v1/rules", json={"content": TOWN})
    file = tmp_path / "town.yaml"
    file.write_text(TOWN)
    for model, words in (("profile", []), ("catalog", ["--catalog"])):
        assert main(["frameworks", "oscal", str(file), *words]) == 0
        printed = capsys.readouterr().out
        with client.get(f"/api/v1/frameworks/town/oscal?model={model}") as sent:
            assert sent.text == printed
            assert f"town.oscal-{model}.json" in sent.headers["Content-Disposition"]
        for page in ("/frameworks/town", "/rules/town"):
            assert f'href="/frameworks/town/oscal/{model}.json"' in client.get(page).text
        with client.get(f"/frameworks/town/oscal/{model}.json") as kept:
            assert kept.text == printed
    setting = json.loads(client.get("/api/v1/frameworks/town/oscal").text)["profile"]["modify"]
    assert setting["set-parameters"][0]["values"] == ["0.85"]
    lapsed = json.loads(client.get("/api/v1/frameworks/town/oscal?as_of=2099-01-01").text)["profile"]
    assert "modify" not in lapsed
    assert "since then its parents hold" in lapsed["metadata"]["remarks"]
    page = client.get("/frameworks/town").text
    assert 'href="/frameworks/global-baseline">global-baseline' in page, "what it builds on"
    assert "2099-01-01" in page
    assert "its parents hold" not in page
    page = client.get("/frameworks/smart-city-municipal").text
    assert "The overlay begins on 2027-01-01; until then its parents hold." in page
    page = client.get("/frameworks/global-baseline").text
    assert "oscal/catalog.json" in page
    assert "oscal/profile.json" not in page
    for query in ("model=ssp", "model=profile", "as_of=x"):
        assert client.get(f"/api/v1/frameworks/global-baseline/oscal?{query}").status_code == 422
    for path in ("global-baseline/oscal/profile", "none/oscal/catalog"):
        assert client.get(f"/frameworks/{path}.json").status_code == 404
