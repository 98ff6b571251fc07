"""The files step: how a table is written, systems to compare with, and tables that are joined."""

from __future__ import annotations

import io
import re

import pytest

from auditor.submission import parse
from auditor.views import AuditState
from auditor.web.form import Form
from auditor.web.steps import named, problems
from tests.auditor.web_fakes import TABLE, FakeService, make_app

PEOPLE = b"id,race\n" + b"".join(f"{1000 * i},{'XY'[i % 2]}\n".encode() for i in range(40))
EUROPEAN = "Ort;Wert\nKöln;1\nBonn;2\n".encode("cp1252")


@pytest.fixture
def service():
    return FakeService()


@pytest.fixture
def client(service):
    return make_app(service).test_client()


@pytest.fixture
def draft(client):
    address = client.post("/drafts").location.removesuffix("/system")
    client.post(f"{address}/system", data={"system.name": "Loans"})
    client.post(f"{address}/files", data={"data.evaluation": (io.BytesIO(TABLE), "people.csv")})
    return address


def sent(service):
    (kept,) = service.kept.values()
    return kept.data["submission"]


def read(client, draft, **data):
    """Send the step as its button that stays does; return the page that follows."""
    answer = client.post(f"{draft}/files", data={**data, "then": "stay"}, follow_redirects=True)
    return answer.text


def test_what_was_found_stands_beside_each_choice_and_nothing_is_declared_by_leaving_it(
    client, draft, service
):
    page = client.get(f"{draft}/files").text
    assert "This table was read wrongly?" in page
    assert "As found: utf-8" in page
    assert "As found: comma" in page
    read(client, draft, **{"data.evaluation.encoding": "", "data.evaluation.delimiter": ""})
    assert sent(service)["data"]["evaluation"].keys() == {"artifact"}


def test_a_table_is_read_again_as_it_is_said_to_be_written(client, draft, service):
    page = read(client, draft, **{"data.evaluation.delimiter": "semicolon"})
    assert "separated by semicolon" in page
    assert "40 rows, 1 column" in page
    assert sent(service)["data"]["evaluation"]["delimiter"] == "semicolon"
    assert "columns are separated by semicolon" in client.get(f"{draft}/check").text
    page = read(client, draft, **{"data.evaluation.delimiter": ""})
    assert "40 rows, 5 columns" in page
    assert "delimiter" not in sent(service)["data"]["evaluation"]


def test_a_wrong_choice_says_why_keeps_what_was_read_and_cannot_be_sent(client, draft, service):
    client.post(f"{draft}/files", data={"data.evaluation": (io.BytesIO(EUROPEAN), "orte.csv"),
                                        "data.evaluation.encoding": "cp1252"})  # fmt: skip
    refused = client.post(f"{draft}/files", data={"data.evaluation.encoding": "utf-8"})
    assert refused.status_code == 422
    assert "It is not text in the encoding declared." in refused.text
    assert "orte.csv" in refused.text
    assert "disabled>Submit" in client.get(f"{draft}/check").text
    client.post(f"{draft}/files", data={"data.evaluation.encoding": "cp1252"})
    assert "It is not text" not in client.get(f"{draft}/check").text


def test_a_table_that_cannot_be_read_as_found_can_be_declared_with_its_upload(client, draft, service):
    refused = client.put(f"{draft}/files/training?name=orte.csv", data=EUROPEAN)
    assert refused.status_code == 422
    taken = client.put(
        f"{draft}/files/training?name=orte.csv&encoding=cp1252&delimiter=semicolon", data=EUROPEAN
    )
    assert taken.status_code == 204
    assert "Köln (1)" in client.get(f"{draft}/files").text
    assert sent(service)["data"]["training"]["encoding"] == "cp1252"


def test_a_value_that_is_not_offered_is_refused_before_the_file_is_read(client, draft):
    answer = client.put(f"{draft}/files/training?name=t.csv&delimiter=snowman", data=TABLE)
    assert (answer.status_code, answer.text) == (
        422,
        "`delimiter` is not one of those offered; choose again.",
    )
    page = client.post(f"{draft}/files", data={"data.evaluation.decimal": "snowman", "then": "stay"})
    assert page.status_code == 422
    assert "</code> is not one of those offered" in page.text


def test_a_challenger_by_file_and_a_vendor_by_column_are_submitted(client, draft, service):
    read(client, draft, **{"models.0": "next", "models.0.file": (io.BytesIO(b"model"), "next.skops")})
    page = read(client, draft, **{"models.0": "next", "models.1": "vendor", "models.1.score": "score"})
    assert "next.skops" in page
    first, second = sent(service)["models"]
    assert first == {"name": "next", "artifact": first["artifact"], "format": "skops"}
    assert second == {"name": "vendor", "score": "score"}
    assert [model.name for model in parse({**sent(service), "task": "binary"}).models] == ["next", "vendor"]
    check = client.get(f"{draft}/check").text
    assert re.search(r"<dt>Compared with next</dt><dd>next.skops</dd>", check)
    assert re.search(r"<dt>Compared with vendor</dt><dd>column “score”</dd>", check)


def test_a_script_may_send_the_file_first_and_its_name_after(client, draft, service):
    assert client.put(f"{draft}/files/models.0?name=m.skops", data=b"model").status_code == 204
    assert sent(service)["models"][0]["name"] == "challenger"
    read(client, draft, **{"models.0": "next"})
    assert sent(service)["models"][0]["name"] == "next"
    assert client.put(f"{draft}/files/models.7?name=m.skops", data=b"model").status_code == 404


def test_a_missing_table_is_told_once(client):
    address = client.post("/drafts").location.removesuffix("/system")
    client.post(f"{address}/system", data={"system.name": "Loans"})
    page = client.post(f"{address}/files", data={}).text
    assert "Upload the evaluation table" in page
    assert "is missing; add it" not in page


def test_two_files_that_are_sent_at_once_are_both_kept(client, draft, service, monkeypatch):
    """The table is quick and arrives while the model is still being read."""
    inspect = service.inspect

    def slow(account, digest, kind, **said):
        if kind == "model":
            monkeypatch.setattr(service, "inspect", inspect)
            assert client.put(f"{draft}/files/training?name=more.csv", data=PEOPLE).status_code == 204
        return inspect(account, digest, kind, **said)

    monkeypatch.setattr(service, "inspect", slow)
    assert client.put(f"{draft}/files/model?name=m.skops", data=b"model").status_code == 204
    assert sent(service)["data"].keys() == {"evaluation", "training"}
    assert sent(service)["model"]["format"] == "skops"


def test_removing_a_challenger_leaves_the_others_and_their_files(client, draft, service):
    for position, content in enumerate((b"one", b"two")):
        client.put(f"{draft}/files/models.{position}?name=m{position}.skops", data=content)
    answer = client.post(f"{draft}/files", data={"remove": "models.0"})
    assert answer.location == f"{draft}/files", "removing stays on the page"
    page = client.get(f"{draft}/files").text
    assert "m1.skops" in page
    assert "m0.skops" not in page
    assert [one["name"] for one in sent(service)["models"]] == ["challenger-2"]


@pytest.mark.parametrize(
    ("data", "where", "sentence"),
    [
        ({"models.0": "next"}, "models.0", "Give either its model file or the columns with its answers."),
        ({"models.0": "my model", "models.0.score": "score"}, "models.0", "Name it in letters, digits"),
        ({"models.0": "v", "models.0.score": "points"}, "models.0.score", "The table has no column “points”"),
    ],
)
def test_what_is_wrong_with_a_challenger_is_told_at_its_field(client, draft, data, where, sentence):
    page = client.post(f"{draft}/files", data=data)
    assert page.status_code == 422
    assert sentence in page.text
    assert f'href="#{where}"' in page.text
    assert f'id="{where}"' in page.text


def test_two_challengers_of_one_name_are_told_apart(client, draft):
    page = client.post(
        f"{draft}/files", data={"models.0": "v", "models.0.score": "score"}, follow_redirects=True
    )
    page = client.post(
        f"{draft}/files",
        data={"models.0": "v", "models.0.score": "score", "models.1": "v", "models.1.score": "income"},
    )
    assert page.status_code == 422
    assert "two models are called" in page.text
    assert 'id="models"' in page.text


def join(client, draft):
    read(
        client,
        draft,
        **{"join.demographics": "people", "join.demographics.file": (io.BytesIO(PEOPLE), "p.csv")},
    )
    return read(
        client, draft, **{"join.people": "people", "join.people.on": "income", "join.people.to": "id"}
    )


def test_joined_demographics_are_offered_as_groups(client, draft, service):
    join(client, draft)
    assert sent(service)["join"]["people"].keys() == {"artifact", "on", "to"}
    groups = client.get(f"{draft}/groups").text
    assert 'value="people:race"' in groups
    assert 'value="people:id"' not in groups, "the id is no attribute"
    assert "X (20), Y (20)" in groups
    assert client.post(f"{draft}/files", data={}).location == f"{draft}/task"
    client.post(f"{draft}/groups", data={"columns.groups": ["people:race"]})
    assert sent(service)["columns"]["groups"] == ["people:race"]
    assert parse({**sent(service), "task": "binary"}).join["people"].to == "id"
    assert "p.csv, by income" in client.get(f"{draft}/check").text


@pytest.mark.parametrize(
    ("data", "where", "sentence"),
    [
        ({"join.people.on": ""}, "join.people.on", "Choose the column with the id of each row"),
        ({"join.people.on": "case"}, "join.people.on", "The evaluation table has no column “case”"),
        ({"join.people.on": "income", "join.people.to": ""}, "join.people.to", "no column “income”"),
    ],
)
def test_what_is_wrong_with_a_join_is_told_at_its_field(client, draft, data, where, sentence):
    join(client, draft)
    page = client.post(f"{draft}/files", data={"join.people": "people", **data})
    assert page.status_code == 422
    assert sentence in page.text
    assert f'href="#{where}"' in page.text
    assert f'id="{where}"' in page.text


def test_a_joined_table_needs_a_name_that_can_stand_before_its_columns(client, draft):
    join(client, draft)
    page = client.post(f"{draft}/files", data={"join.people": "two words", "join.people.on": "income"})
    assert page.status_code == 422
    assert page.text.count("Name it in letters, digits, - and _, without spaces.") == 2


def test_a_new_draft_of_an_audit_reads_every_file_again_as_it_was_said_to_be_written(client, draft, service):
    join(client, draft)
    client.put(f"{draft}/files/models.0?name=m.skops", data=b"model")
    read(client, draft, **{"join.people.encoding": "ascii", "join.people": "people",
                           "join.people.on": "income", "join.people.to": "id"})  # fmt: skip
    asked = {**sent(service), "task": "binary"}
    stored = parse(asked).model_dump(mode="json")
    service.add(AuditState.REFUSED, submission=stored)
    service.kept.clear()
    client.post("/audits/1/draft")
    again = sent(service)
    for key in ("data", "models", "join"):
        assert again[key] == asked[key]
    (kept,) = service.kept.values()
    assert not [p for p in problems(named("files"), Form(kept.data)) if not p.where.startswith("columns")]
    assert 'value="people:race"' in client.get("/drafts/d0/groups").text


def test_an_audit_of_an_endpoint_can_be_asked_again_from_its_answers(client, service):
    asked = {
        "system": {"name": "Live"},
        "task": "binary",
        "endpoint": {"url": "https://models.example.org/v2"},
    }
    service.add(AuditState.COMPLETED, submission=asked)
    address = client.post("/audits/1/draft").location.removesuffix("/check")
    page = client.get(f"{address}/files").text
    assert "This system is asked over HTTP, at https://models.example.org/v2" in page
    assert "A live endpoint has no file" in page
    assert "since no model was uploaded" not in client.get(f"{address}/check").text
