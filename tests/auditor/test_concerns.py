"""Questions and objections of the public: sent without an account, answered once, counted, and forgotten."""

from __future__ import annotations

import copy
import datetime as dt
import re
import shutil
import threading
from dataclasses import replace

import pytest
import sqlalchemy as sa

from auditor.app import create_app, open_service
from auditor.auth.rate import HOUR, Rate
from auditor.concerns import LENGTH, LETTERS, LIMITS, Concerns, new_reference, plain_text, spelt
from auditor.config import BadSetting, Settings, from_environment
from auditor.problems import Refused
from auditor.store import concerns
from auditor.store.clock import now
from auditor.store.tables import ConcernRecord, PublicationRecord
from auditor.views import Account, Conflict, NotFound
from auditor.web.questions import TRAP
from frameworks.heard import Group
from tests.conftest import QUICK, close
from tests.trust.sealed import audit
from tests.trust.stored import completed

SAID = {"contact": "audit@example.org", "appeal": "Write to the ombudsman."}
ASKED = {"matter": "question", "text": "Who decides in the end?"}
OBJECTED = {"matter": "objection", "text": "I was never asked.", "groups": ["elderly", "rural"]}
CITY = {"id": "city-of-x", "name": "City of X", "kind": "public-body"}
ANSWERED = {"result": "answered", "answer": "A clerk does.", "by": "Audit office"}
BIDI = "\u202eevil\u2066 \u200bword\ufeff"


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A home with an audit of a city in the register, and its id: made once, and copied for each test."""
    home = tmp_path_factory.mktemp("published") / "home"
    service = open_service(Settings(home=home, **QUICK))
    account = Account("local", "Local account")
    whole = copy.deepcopy(audit())
    whole.body["submission"]["system"]["organisation"] = CITY
    audit_id = completed(service, account, whole=whole)
    service.register.publish(account, audit_id, **SAID)
    close(service)
    return home, audit_id


@pytest.fixture
def settings(published, tmp_path):
    return Settings(home=copied(published, tmp_path / "home"), **QUICK)


@pytest.fixture
def service(app):
    app.config["WTF_CSRF_ENABLED"] = False
    return app.extensions["auditor"]


@pytest.fixture
def entry(service, published):
    """An audit in the register, whose forms need no token."""
    return published[1]


def copied(published, home):
    return shutil.copytree(published[0], home)


@pytest.fixture
def send(client, entry):
    def ask(**more):
        answer = client.post(f"/api/v1/register/{entry}/questions", json=ASKED | more)
        assert answer.status_code == 201, answer.json
        return answer.json["reference"]

    return ask


def waiting(client):
    return client.get("/api/v1/questions").json["questions"]


def test_from_the_form_to_the_answer(client, entry):
    page = f"/register/{entry}/questions"
    assert page in client.get(f"/register/{entry}").text
    form = client.get(page)
    assert form.headers["Cache-Control"] == "no-store"
    assert SAID["appeal"] in form.text
    ticket = re.search(r'name="ticket" value="([^"]+)"', form.text)[1]
    sent = OBJECTED | {"ticket": ticket, "contact": "Tel. 123", TRAP: ""}
    asked = client.post(page, data=sent)
    assert asked.status_code == 201
    reference = re.search(r"<code>([A-Z0-9-]+)</code>", asked.text)[1]
    assert reference in client.post(page, data=sent).text, "a form sent twice is kept once"
    (one,) = waiting(client)
    assert (one["text"], one["contact"], one["groups"]) == (
        "I was never asked.",
        "Tel. 123",
        ["elderly", "rural"],
    )
    assert "1 question or objection" in client.get("/").text
    assert "Tel. 123" in client.get(f"/questions/{one['id']}").text
    looked = client.post("/register/answers", data={"reference": reference.lower().replace("-", " ")})
    assert "It waits for an answer" in looked.text
    data = {"result": "partly", "answer": "You are right\nabout one point.", "by": "Office", "public": "yes"}
    assert client.post(f"/questions/{one['id']}", data=data).status_code == 303
    looked = client.post("/register/answers", data={"reference": reference}).text
    assert "Upheld in part" in looked
    assert "You are right" in looked
    shown = client.get(f"/register/{entry}").text
    assert "You are right" in shown
    assert "I was never asked" not in shown
    assert "Tel. 123" not in shown
    assert client.post(f"/questions/{one['id']}", data=data).status_code == 409


def test_a_reference_is_kept_by_its_digest_alone(service, client, send):
    reference = send()
    letters = reference.replace("-", "")
    assert len(letters) == LENGTH
    assert set(letters) <= set(LETTERS)
    with service.database.reading() as session:
        kept = [
            str(value)
            for record in session.scalars(sa.select(ConcernRecord))
            for value in vars(record).values()
        ]
    assert not any(reference in value or letters in value for value in kept)
    assert reference not in client.get(f"/questions/{waiting(client)[0]['id']}").text
    assert client.post("/api/v1/register/answers", json={"reference": reference[:-1]}).status_code == 404
    assert spelt(" abcd-efgh jklm") == "ABCD-EFGH-JKLM"


REFUSED = [
    ({"text": ""}, "text", "is empty"),
    ({"text": " \u202e\u200b "}, "text", "is empty"),
    ({"text": "x" * 10_000}, "text", f"10000 characters; {LIMITS['text']} is the most"),
    ({"text": "a\x00b"}, "text", "control character"),
    ({"text": "a\x1b[2Jb"}, "text", "control character"),
    ({"text": "\ud800"}, "text", "control character"),
    ({"text": ["a"]}, "text", "is not text"),
    ({"contact": "c" * 201}, "contact", "200 is the most"),
    ({"matter": "rumour"}, "matter", "question or objection"),
    ({"matter": {"a": 1}}, "matter", "question or objection"),
    ({"requirement": "global-baseline/FAIR-1"}, "requirement", "such as global-baseline/FAIR-01"),
    ({"requirement": 7}, "requirement", "judges no"),
    ({"groups": "elderly"}, "groups", "is a list of some of elderly"),
    ({"groups": ["rich"]}, "groups", "is a list of some of elderly"),
    ({"groups": [["elderly"]]}, "groups", "is a list of some of elderly"),
    ({"txet": "a"}, "txet", "did you mean `text`?"),
]


def test_what_does_not_fit_is_refused_by_name_and_nothing_is_kept(client, entry):
    for sent, where, words in REFUSED:
        answer = client.post(f"/api/v1/register/{entry}/questions", json=ASKED | sent)
        assert answer.status_code == 422, sent
        problem = answer.json["problems"][0]
        assert problem["where"] == where
        assert words in problem["sentence"]
    assert waiting(client) == []


def test_hostile_text_is_shown_as_it_was_written_and_moves_nothing(client, entry, send):
    hostile = f"<script>alert(1)</script>{{{{ 7*7 }}}} {BIDI} =cmd|'/c calc'!A1"
    reference = send(text=hostile, contact=f"<b>{BIDI}")
    one = waiting(client)[0]
    for page in (
        client.get(f"/questions/{one['id']}").text,
        client.post("/register/answers", data={"reference": reference}).text,
    ):
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }} evil word" in page
    client.post(f"/api/v1/questions/{one['id']}/answer", json=ANSWERED | {"answer": hostile, "public": True})
    shown = client.get(f"/register/{entry}").text
    assert "<script>alert" not in shown
    assert "\u202e" not in shown


def test_people_may_write_as_they_write():
    persian, emoji = "می\u200cخواهم", "👩\u200d🌾"
    assert plain_text(f" {persian} {emoji}\r\n你好\x0c") == f"{persian} {emoji}\n你好"
    assert plain_text("soft\u00adhyphen\u2028next") == "softhyphen\nnext"


def test_programs_are_told_and_people_who_contradict_themselves_too(client, entry):
    page = f"/register/{entry}/questions"
    trapped = client.post(page, data=ASKED | {TRAP: "http://spam.example"})
    assert trapped.status_code == 422
    assert "only programs fill it in" in trapped.text
    both = client.post(page, data=ASKED | {"groups": ["elderly", "not_stated"]})
    assert "untick one of the two" in both.text
    assert "Who decides in the end?" in both.text, "what was written stays in the form"
    assert client.post(page, data=ASKED | {"groups": ["not_stated"]}).status_code == 201
    assert client.post(page, data=ASKED | {"ticket": "forged"}).status_code == 201


def test_a_form_of_another_site_sends_nothing(client, published):
    entry = published[1]
    assert client.post(f"/register/{entry}/questions", data=ASKED).status_code == 400
    for header in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        sent = client.post(f"/api/v1/register/{entry}/questions", json=ASKED, headers=header)
        assert sent.status_code == 403


def test_one_address_sends_so_much_in_an_hour_and_keeps_its_words(app, client, entry):
    app.extensions["auditor-sends"] = Rate(2)
    page = f"/register/{entry}/questions"
    codes = [client.post(page, data=ASKED | {"text": f"Text {n}"}).status_code for n in range(3)]
    assert codes == [201, 201, 429]
    refused = client.post(page, data=ASKED | {"text": "Kept in the form"})
    assert "try again in 60 minutes" in refused.text
    assert "Kept in the form" in refused.text
    by_api = client.post(f"/api/v1/register/{entry}/questions", json=ASKED)
    assert by_api.status_code == 429
    assert 0 < int(by_api.headers["Retry-After"]) <= HOUR
    other = {"REMOTE_ADDR": "198.51.100.7"}
    assert (
        client.post(f"/api/v1/register/{entry}/questions", json=ASKED, environ_base=other).status_code == 201
    )
    assert len(waiting(client)) == 3


def test_an_hour_by_hand():
    moment = [0.0]
    rate = Rate(2, clock=lambda: moment[0])
    assert [rate.wait("2001:db8::1"), rate.wait("2001:db8::2")] == [0, 0]
    moment[0] = 10.5
    assert rate.wait("2001:db8::ffff") == 3590, "one network, and nothing is counted that was turned away"
    assert rate.wait("2001:db8:0:1::1") == 0
    assert [rate.wait("::ffff:192.0.2.1"), rate.wait("192.0.2.1"), rate.wait("192.0.2.1")] == [0, 0, 3600]
    moment[0] = 3600.0
    assert rate.wait("2001:db8::3") == 0


def test_a_proxy_is_believed_only_where_it_is_declared(settings, published):
    for proxies, codes in ((0, [201, 429]), (1, [201, 201])):
        home = copied(published, settings.home / str(proxies))
        app = create_app(replace(settings, home=home, proxies=proxies, concerns_per_hour=1))
        found = [
            app.test_client()
            .post(
                f"/api/v1/register/{published[1]}/questions",
                json=ASKED,
                headers={"X-Forwarded-For": f"192.0.2.{n}"},
            )
            .status_code
            for n in range(2)
        ]
        assert found == codes
        close(app.extensions["auditor"])
    for name in ("AUDITOR_CONCERNS_PER_HOUR", "AUDITOR_PROXIES"):
        with pytest.raises(BadSetting, match=name):
            from_environment({name: "-1"})


def test_beyond_loopback_everybody_sends_and_only_the_account_reads(settings, published):
    entry = published[1]
    app = create_app(replace(settings, host="0.0.0.0", allowed_hosts=("audit.example.org",)))
    client, host = app.test_client(), {"Host": "audit.example.org"}
    sent = client.post(f"/api/v1/register/{entry}/questions", json=ASKED, headers=host)
    assert sent.status_code == 201
    assert client.post("/api/v1/register/answers", json=sent.json, headers=host).status_code == 200
    assert client.get(f"/register/{entry}/questions", headers=host).status_code == 200
    for path in ("/questions", "/api/v1/questions", "/api/v1/questions/figures", "/questions/x"):
        assert client.get(path, headers=host).status_code == 401, path
    for path in (
        "/api/v1/questions/x/answer",
        "/questions/x",
        f"/register/{entry}",
        "/register/a/b/questions",
    ):
        assert client.post(path, json={}, headers=host).status_code == 401, path
    close(app.extensions["auditor"])


def test_an_answer_fits_what_was_sent_and_is_given_once(service, client, send, account):
    send()
    one = waiting(client)[0]["id"]
    where = f"/api/v1/questions/{one}/answer"
    for wrong, key in (
        ({"result": "upheld"}, "result"),
        ({"answer": " "}, "answer"),
        ({"by": ""}, "by"),
        ({"public": "yes"}, "public"),
        ({"reslt": 1}, "reslt"),
        ({"answer": "x" * 4001}, "answer"),
    ):
        refused = client.post(where, json=ANSWERED | wrong)
        assert refused.status_code == 422
        assert refused.json["problems"][0]["where"] == key
    assert client.post(where, json=ANSWERED).status_code == 201
    assert client.post(where, json=ANSWERED).status_code == 409
    with pytest.raises(NotFound):
        service.concerns.one(Account("other", "Other"), one)
    with pytest.raises(NotFound):
        service.concerns.answer(Account("other", "Other"), one, ANSWERED)
    assert service.concerns.listed(Account("other", "Other"), waiting=True) == ()
    assert [o["id"] for o in client.get("/api/v1/questions?state=over").json["questions"]] == [one]
    assert client.get("/api/v1/questions?state=lost").status_code == 422


def test_words_go_on_request_and_the_count_stays(client, entry, send):
    reference = send(contact="Tel. 123")
    one = waiting(client)[0]["id"]
    assert client.post("/api/v1/register/answers/erase", json={"reference": reference}).status_code == 204
    found = client.get(f"/api/v1/questions/{one}").json
    assert (found["text"], found["contact"]) == ("", "")
    assert waiting(client) == []
    assert client.post(f"/api/v1/questions/{one}/answer", json=ANSWERED).status_code == 409
    tally = client.get("/api/v1/questions/figures").json["questions"]
    assert (tally["received"], tally["unanswered"], tally["taken_back"]) == (1, 1, 1)
    page = client.post("/register/answers", data={"reference": reference}).text
    assert "Closed without an answer" in page
    other = send(text="Another")
    assert client.post("/register/answers/erase", data={"reference": other}).status_code == 303


def test_words_go_after_a_while(service, client, send):
    references = [send(text=f"Text {n}", contact="c") for n in range(4)]
    private, public, *_ = [one["id"] for one in waiting(client)]
    for one, shown in ((private, False), (public, True)):
        client.post(f"/api/v1/questions/{one}/answer", json=ANSWERED | {"public": shown})
    with service.database.transaction() as session:
        assert concerns.erase_old(session, answered_before=now() - dt.timedelta(days=1)) == 0
        forgotten = session.scalars(sa.select(ConcernRecord).where(ConcernRecord.text == "Text 3")).one()
        forgotten.received = now() - dt.timedelta(days=366)
    with service.database.transaction() as session:
        assert concerns.erase_old(session, answered_before=now() + dt.timedelta(days=1)) == 3
        assert concerns.erase_old(session, answered_before=now() + dt.timedelta(days=1)) == 0
    found = [client.post("/api/v1/register/answers", json={"reference": r}).json for r in references]
    assert [one["text"] for one in found] == ["", "", "Text 2", ""]
    assert [one["answer"] for one in found] == ["", ANSWERED["answer"], "", ""]
    assert [one["result"] for one in found] == ["answered", "answered", "", ""]


def test_what_is_withdrawn_takes_no_more_and_what_is_deleted_forgets(service, client, entry, send, account):
    reference = send()
    one = waiting(client)[0]["id"]
    client.post(f"/api/v1/questions/{one}/answer", json=ANSWERED | {"public": True})
    service.register.withdraw(account, entry, "Another year's data.")
    assert client.post(f"/api/v1/register/{entry}/questions", json=ASKED).status_code == 409
    assert client.get(f"/register/{entry}/questions").status_code == 409
    assert "A clerk does." in client.post("/register/answers", data={"reference": reference}).text
    assert client.delete(f"/api/v1/audits/{entry}").status_code == 204
    found = client.post("/api/v1/register/answers", json={"reference": reference}).json
    assert (found["text"], found["answer"], found["result"]) == ("", "", "answered")
    assert client.get(f"/questions/{one}").status_code == 200
    for path in ("none", entry.upper()):
        assert client.post(f"/api/v1/register/{path}/questions", json=ASKED).status_code == 404
        assert client.get(f"/api/v1/register/{path}/questions").status_code == 404


def test_a_flood_about_one_audit_is_turned_away(service, entry, send, monkeypatch):
    monkeypatch.setattr("auditor.concerns.MOST_WAITING", 1)
    send()
    with pytest.raises(Conflict, match="too much waits"):
        service.concerns.send(entry, ASKED)


def test_everybody_sees_counts_of_ten_or_more(app, client, entry, send):
    app.extensions["auditor-sends"] = Rate(100)
    for n in range(9):
        send(text=f"Text {n}", **({"groups": ["elderly"]} if n else {}))
    assert "Too few came to show counts" in client.get(f"/register/{entry}").text
    public = client.get(f"/api/v1/register/{entry}/questions").json
    assert public["questions"]["received"] is None
    assert public["answers"] == []
    send(text="Text 9")
    assert client.get(f"/api/v1/register/{entry}/questions").json["questions"]["unanswered"] == 10
    assert "Too few came" not in client.get(f"/register/{entry}").text


def test_they_count_in_how_well_rules_work_and_in_the_record_of_the_organisation(service, client, entry):
    """Two objections to FAIR-01, one upheld that day; a question about the whole counts for no item."""
    fair = {"requirement": "global-baseline/FAIR-01", "matter": "objection", "groups": ["rural"]}
    for text in ("One", "Two"):
        service.concerns.send(entry, fair | {"text": text})
    service.concerns.send(entry, ASKED)
    one = next(o["id"] for o in waiting(client) if o["text"] == "One")
    client.post(f"/api/v1/questions/{one}/answer", json=ANSWERED | {"result": "upheld"})
    figures = client.get("/api/v1/frameworks/global-baseline/effectiveness").json["figures"]
    told = {one["requirement"]: one["heard"] for one in figures}
    fairness = told.pop("FAIR-01")
    assert (fairness["objections"]["received"], fairness["objections"]["answered"], fairness["upheld"]) == (
        2,
        1,
        1,
    )
    assert fairness["objections"]["days"]["value"] == 0
    assert not any(h["objections"]["received"] or h["questions"]["received"] for h in told.values())
    record = client.get("/api/v1/organisations/city-of-x").json["heard"]
    assert (record["questions"]["received"], record["objections"]["received"]) == (1, 2)
    rural = [m for m in record["by_group"] if m["of"] == {"attribute": Group.RURAL, "group": "yes"}]
    assert (rural[0]["value"], rural[0]["n"]) == (1, 1)
    for page in ("/organisations/city-of-x", "/frameworks/global-baseline/effectiveness", "/questions"):
        assert "bjections" in client.get(page).text
    assert "Questions and objections" in client.get(f"/audits/{entry}").text


def test_rows_are_kept_alike_on_both_databases(database):
    with database.transaction() as session:
        from auditor.store import people

        account = people.local_account(session)
        record = ConcernRecord(
            id="a", audit="b", account=account.id, reference="c" * 64, matter="objection", requirement="f/1",
            groups=["elderly"], text="t", contact="", received=now(), answered=None, result="", answer="",
            public=False, by="", erased=None,
        )  # fmt: skip
        session.add(record)
    with database.reading() as session:
        assert concerns.count_waiting(session, account=account.id) == 1
        (found,) = concerns.by_measured_audit(session, account.id)["b"]
        assert (found.groups, found.result) == (frozenset({Group.ELDERLY}), None)
    at_the_same_time(database, account)


def at_the_same_time(database, account):
    """Send one form twice at once; on PostgreSQL neither waits for the other until both are being kept."""
    with database.transaction() as session:
        session.add(
            PublicationRecord(
                audit="p", account=account.id, name="Loans", card={}, words="", published=now(),
                withdrawn=None, reason="",
            )
        )  # fmt: skip
    sides = threading.Barrier(2 if database.engine.dialect.name == "postgresql" else 1)
    reference, told = new_reference(), []
    both = Concerns(database, None)
    both.requirements = lambda _audit: {}

    def send():
        told.append(both.send("p", ASKED, reference, lambda: sides.wait(20)))

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [reference, reference]
    with database.reading() as session:
        assert concerns.count_waiting(session, audit="p") == 1


def test_a_refusal_names_every_reason(service, entry):
    with pytest.raises(Refused) as why:
        service.concerns.send(entry, {"matter": "x", "text": ""})
    assert {problem.where for problem in why.value.problems} == {"matter", "text"}
