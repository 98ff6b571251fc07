"""The form: one question a page, each error at its field, and the very submission that the API would get."""

from __future__ import annotations

import hashlib
import html
import io
import re

import pytest
from markupsafe import escape

from auditor.problems import Problem
from auditor.submission import parse
from auditor.views import AuditState
from auditor.web.exports import exports
from auditor.web.form import Form, from_submission
from auditor.web.steps import STEPS, named, owner, problems
from tests.auditor.web_fakes import TABLE, FakeService, make_app

SYSTEM = {"system.name": "Loans", "system.version": "2", "system.purpose": "", "system.contact": " me "}
TASK = {"task": "binary", "columns.label": "approved", "columns.score": "score"}
OUTCOME = {"columns.favourable": "1", "columns.positive": "", "columns.threshold": "0.4"}
GROUPS = {"columns.groups": ["age", "race"], "bins.age": "25, 45"}
RULES = {"frameworks": ["us-nyc-ll144", "global-baseline"], "system.risk_tier": "moderate"}


@pytest.fixture
def service():
    return FakeService()


@pytest.fixture
def client(service):
    return make_app(service).test_client()


@pytest.fixture
def draft(client):
    return client.post("/drafts").location.removesuffix("/system")


@pytest.fixture
def with_table(client, draft):
    client.post(f"{draft}/files", data={"data.evaluation": (io.BytesIO(TABLE), "people.csv")})
    return draft


def error_at(page, where):
    """The sentence at a field, which the summary at the top must repeat and lead to."""
    found = re.search(
        rf'<p class="wrong-sentence" id="{re.escape(where)}-error">.*?</span>(.*?)</p>', page.text, re.DOTALL
    )
    assert found, f"no error at {where}"
    assert f'<a href="#{where}">{found[1]}</a>' in page.text
    return found[1]


def test_the_lines_that_save_a_model_stand_where_it_is_uploaded(client, draft):
    page = html.unescape(client.get(f"{draft}/files").text)
    for framework, lines in exports():
        assert f"<dt>{framework}</dt>" in page
        assert lines in page
    assert {"scikit-learn", "XGBoost", "LightGBM", "CatBoost", "PyTorch", "Keras"} <= dict(exports()).keys()


def submission_of(service):
    (kept,) = service.kept.values()
    return kept.data["submission"]


def test_starting_leads_to_the_first_question(client):
    answer = client.post("/drafts")
    assert answer.status_code == 303
    page = client.get(answer.location)
    assert "Which system is audited?" in page.text
    assert "Step 1 of 11" in page.text


def test_a_system_needs_a_name(client, draft):
    page = client.post(f"{draft}/system", data={"system.name": " ", "system.sector": "housing"})
    assert page.status_code == 422
    assert error_at(page, "system.name") == "Give the system a name."
    assert "<title>Error: " in page.text
    assert 'value="housing"' in page.text, "what was entered stays"


def test_too_long_an_answer_is_told_by_the_shape_of_submissions(client, draft):
    page = client.post(f"{draft}/system", data={"system.name": "Loans", "system.sector": "x" * 101})
    assert "at most 100 characters" in error_at(page, "system.sector")


def test_an_answer_leads_to_the_next_question_and_is_kept(client, draft, service):
    answer = client.post(f"{draft}/system", data=SYSTEM)
    assert answer.location == f"{draft}/files"
    assert submission_of(service) == {"system": {"name": "Loans", "version": "2", "contact": "me"}}


def test_one_may_save_and_go_straight_to_the_check_page(client, draft):
    assert client.post(f"{draft}/system", data={**SYSTEM, "then": "check"}).location == f"{draft}/check"


def test_the_evaluation_table_is_required(client, draft):
    page = client.post(f"{draft}/files", data={})
    assert error_at(page, "data.evaluation") == "Upload the evaluation table: CSV, Excel, Parquet, ..."


def test_an_upload_shows_what_was_read(client, draft):
    answer = client.post(
        f"{draft}/files", data={"data.evaluation": (io.BytesIO(TABLE), "people.csv"), "then": "stay"}
    )
    assert answer.location == f"{draft}/files"
    page = client.get(answer.location).text
    assert "people.csv" in page
    assert "40 rows, 5 columns" in page
    assert "A (20), B (20)" in page


def test_a_file_that_is_refused_says_why_at_its_field_and_keeps_the_others(client, draft):
    page = client.post(
        f"{draft}/files",
        data={
            "data.evaluation": (io.BytesIO(TABLE), "people.csv"),
            "data.training": (io.BytesIO(b""), "empty.csv"),
        },
    )
    assert error_at(page, "data.training") == "The file is empty; upload one with rows."
    assert "people.csv" in page.text


def test_a_script_may_send_the_bytes_as_they_are(client, draft, service):
    answer = client.put(f"{draft}/files/model?name=m.skops", data=b"model")
    assert answer.status_code == 204
    assert submission_of(service)["model"]["format"] == "skops"
    refused = client.put(f"{draft}/files/evaluation?name=e.csv", data=b"")
    assert (refused.status_code, refused.text) == (422, "The file is empty; upload one with rows.")
    assert client.put(f"{draft}/files/secrets", data=b"x").status_code == 404


def test_a_file_can_be_removed(client, with_table, service):
    client.post(f"{with_table}/files", data={"remove": "evaluation", "then": "stay"})
    assert "data" not in submission_of(service)


def test_the_columns_of_the_file_are_offered(client, with_table):
    page = client.get(f"{with_table}/task").text
    assert all(f'<option value="{name}"' in page for name in ("approved", "score", "race", "age", "income"))


def test_a_task_must_be_chosen(client, with_table):
    page = client.post(f"{with_table}/task", data={**TASK, "task": ""})
    assert error_at(page, "task") == "Choose what the system answers."


def test_without_a_model_a_decision_or_a_score_is_needed(client, with_table):
    page = client.post(f"{with_table}/task", data={"task": "binary", "columns.label": "approved"})
    assert "since no model was uploaded" in error_at(page, "columns.prediction")
    client.put(f"{with_table}/files/model?name=m.skops", data=b"model")
    answer = client.post(f"{with_table}/task", data={"task": "binary", "columns.label": "approved"})
    assert answer.location == f"{with_table}/outcome"


def test_the_models_own_answers_suggest_the_task_and_its_inputs_are_shown(client, with_table):
    client.put(f"{with_table}/files/model?name=m.skops", data=b"model")
    page = client.get(f"{with_table}/task").text
    assert "The model knows two classes, 0, 1." in page
    assert re.search(r'value="binary" checked', page)
    page = client.get(f"{with_table}/columns").text
    assert "The model asks for 1 input by name, and the table has them all" in page


def test_an_input_that_the_table_lacks_is_named_before_anything_is_sent(client, draft):
    client.put(f"{draft}/files/model?name=m.skops", data=b"model")
    lacking = TABLE.replace(b"income", b"salary")
    client.post(f"{draft}/files", data={"data.evaluation": (io.BytesIO(lacking), "people.csv")})
    assert "lacks 1 of the 1 inputs that the model asks for: income" in client.get(f"{draft}/columns").text


COUNTS = b"group,n,selected,rate\nwomen,200,80,0.40\nmen,300,150,0.50\n"


def test_published_counts_are_asked_for_their_columns_and_nothing_else(client, draft, service):
    client.post(f"{draft}/system", data={"system.name": "A published audit"})
    client.post(f"{draft}/files", data={"counts": (io.BytesIO(COUNTS), "counts.csv")})
    answer = client.post(f"{draft}/files", data={})
    assert answer.location == f"{draft}/counts"
    page = client.get(f"{draft}/counts").text
    assert "Column with the published rate" in page
    assert client.post(f"{draft}/counts", data={"task": "binary", "counts.n": "n"}).status_code == 422
    said = {"task": "binary", "counts.group": "group", "counts.n": "n", "counts.selected": "selected"}
    answer = client.post(f"{draft}/counts", data={**said, "counts.rate": "rate"})
    assert answer.location == f"{draft}/transfers"
    sent = submission_of(service)
    assert sent["counts"].pop("artifact").startswith("sha256:")
    assert sent["counts"] == {"group": ["group"], "n": "n", "selected": "selected", "rate": "rate"}
    assert "data" not in sent


def test_published_counts_stand_alone(client, with_table):
    page = client.post(f"{with_table}/files", data={"counts": (io.BytesIO(COUNTS), "counts.csv")})
    assert "Published counts stand alone" in error_at(page, "data.evaluation")


def test_a_column_that_the_table_lacks_is_named(client, with_table):
    page = client.post(f"{with_table}/task", data={**TASK, "columns.label": "truth"})
    assert "no column “truth”" in error_at(page, "columns.label")


def test_the_values_found_in_the_label_are_offered(client, with_table):
    client.post(f"{with_table}/task", data=TASK)
    page = client.get(f"{with_table}/outcome").text
    assert 'name="columns.favourable" value="0"' in page
    assert 'name="columns.favourable" value="1"' in page
    assert "20 rows" in page


@pytest.mark.parametrize(
    ("changed", "where", "sentence"),
    [
        ({"columns.favourable": ""}, "columns.favourable", "Choose the outcome that people want."),
        ({"columns.favourable": "yes"}, "columns.favourable", "“yes” is not in the table"),
        ({"columns.positive": "no"}, "columns.positive", "“no” is not in the table"),
        ({"columns.threshold": "half"}, "columns.threshold", "Write the threshold as a number, such as 0.5."),
        ({"columns.threshold": "nan"}, "columns.threshold", "as a number, such as 0.5"),
    ],
)
def test_each_wrong_outcome_has_its_sentence(client, with_table, changed, where, sentence):
    client.post(f"{with_table}/task", data=TASK)
    page = client.post(f"{with_table}/outcome", data={**OUTCOME, **changed})
    assert page.status_code == 422
    assert sentence in error_at(page, where)


def test_an_amount_has_no_favourable_value_so_that_question_is_left_out(client, with_table, service):
    client.post(f"{with_table}/task", data=TASK)
    client.post(f"{with_table}/outcome", data=OUTCOME)
    answer = client.post(f"{with_table}/task", data={**TASK, "task": "regression"})
    assert answer.location == f"{with_table}/groups"
    assert "of 10</p>" in client.get(answer.location).text
    assert submission_of(service)["columns"] == {"label": "approved", "score": "score"}


def test_columns_whose_names_suggest_a_protected_attribute_come_first(client, with_table):
    page = client.get(f"{with_table}/groups").text
    suggested, others = page.split("<details", 1)
    assert 'value="race"' in suggested
    assert 'value="age"' in suggested
    assert 'value="income"' in others


def test_cut_points_must_rise(client, with_table):
    for written in ("45, 25", "old"):
        page = client.post(f"{with_table}/groups", data={**GROUPS, "bins.age": written})
        assert "as rising numbers" in error_at(page, "bins.age")
        assert f'value="{written}"' in page.text


def test_the_true_outcome_cannot_be_an_input(client, with_table):
    client.post(f"{with_table}/task", data=TASK)
    page = client.post(
        f"{with_table}/columns", data={"features.how": "chosen", "columns.features": ["approved", "income"]}
    )
    assert "cannot be an input too" in error_at(page, "columns.features")


def test_columns_keep_the_order_of_the_file_and_defaults_stay_out(client, with_table, service):
    answer = client.post(
        f"{with_table}/columns",
        data={"features.how": "chosen", "columns.features": ["income", "age"], "seed": "7",
              "quasi_identifiers.how": "default", "columns.quasi_identifiers": ["age"]},
    )  # fmt: skip
    assert answer.location == f"{with_table}/people"
    assert submission_of(service)["columns"] == {"features": ["age", "income"]}
    assert submission_of(service)["seed"] == 7


def test_a_seed_is_a_whole_number(client, with_table):
    assert "whole number" in error_at(client.post(f"{with_table}/columns", data={"seed": "1.5"}), "seed")


def test_at_least_one_framework_and_a_tier_are_chosen(client, draft):
    page = client.post(f"{draft}/frameworks", data={})
    assert error_at(page, "frameworks") == "Choose at least one framework."
    assert error_at(page, "system.risk_tier").startswith("Choose how much is at stake for people")


def test_a_framework_shows_where_it_holds_and_how_binding_it_is(client, draft):
    page = client.get(f"{draft}/frameworks").text
    assert "Law · New York City, USA" in page


def test_circumstances_are_declared_denied_or_left_open(client, draft, service):
    page = client.get(f"{draft}/frameworks").text
    first, second, *_ = dict.fromkeys(re.findall(r'name="condition\.([^"]+)"', page))
    client.post(
        f"{draft}/frameworks", data={**RULES, f"condition.{first}": "yes", f"condition.{second}": "no"}
    )
    assert submission_of(service)["system"]["conditions"] == [first, f"not {second}"]


def test_questions_are_those_of_the_chosen_frameworks(client, draft, service):
    assert "ask no questions" in client.get(f"{draft}/answers").text
    client.post(f"{draft}/frameworks", data=RULES)
    for framework in ("global-baseline", "us-nyc-ll144"):
        for question in service.framework(framework).attestations():
            assert f'name="answers.{question.key}.answer"' in client.get(f"{draft}/answers").text


def test_attestations_are_optional_and_an_unanswered_one_is_left_out(client, draft, service):
    client.post(f"{draft}/frameworks", data=RULES)
    key = service.framework("global-baseline").attestations()[0].key
    answer = client.post(
        f"{draft}/answers",
        data={f"answers.{key}.answer": "Yes, on page 3.", f"answers.{key}.signer": "A. Clerk"},
    )
    assert answer.location == f"{draft}/check"
    assert submission_of(service)["answers"] == {key: {"answer": "Yes, on page 3.", "signer": "A. Clerk"}}
    assert "leaves its requirement undecided" in client.get(f"{draft}/answers").text


def test_a_signature_without_an_answer_and_a_bad_date_are_told_at_their_fields(client, draft, service):
    client.post(f"{draft}/frameworks", data=RULES)
    key = service.framework("global-baseline").attestations()[0].key
    page = client.post(f"{draft}/answers", data={f"answers.{key}.signer": "A. Clerk"})
    assert "Write the answer" in error_at(page, f"answers.{key}.answer")
    page = client.post(
        f"{draft}/answers", data={f"answers.{key}.answer": "Yes", f"answers.{key}.date": "May"}
    )
    assert error_at(page, f"answers.{key}.date") == "Write the date as 2026-12-31."


REASONS = b"id,text\n20,Your income is too low.\n21,Ask us again.\n"


def test_reasons_and_notices_are_given_in_the_form_and_kept(client, with_table, service):
    fill(client, with_table)
    page = client.post(f"{with_table}/people", data={"reasons.file": (io.BytesIO(REASONS), "said.csv")})
    assert "holds the id of each case" in error_at(page, "reasons.on")
    assert "no column “case”" in error_at(page, "reasons.case")
    letters = [(io.BytesIO(b"We refuse."), "letter.txt"), (io.BytesIO(b"<p>No</p>"), "page.html")]
    client.post(f"{with_table}/people", data={"notices.file": letters, "then": "stay"})
    page = client.get(f"{with_table}/people").text
    assert 'value="letter"' in page
    assert "page.html" in page
    said = {"reasons.on": "age", "reasons.case": "id", "notices.0.language": "en"}
    assert client.post(f"{with_table}/people", data=said).location == f"{with_table}/service"
    page = client.get(f"{with_table}/check").text
    assert "said.csv" in page
    assert "letter – en, page" in page
    client.post(f"{with_table}/check")
    sent = parse(service.submitted[0])
    assert (sent.reasons.on, sent.reasons.case, sent.reasons.text) == ("age", "id", "text")
    assert [(notice.name, notice.language) for notice in sent.notices] == [("letter", "en"), ("page", None)]
    again = client.post("/audits/1/draft").location
    assert parse(service.kept[again.split("/")[2]].data["submission"]) == sent
    people = again.replace("check", "people")
    assert client.post(people, data={}).location.endswith("/service")


def test_words_for_features_are_given_a_line_each(client, with_table, service):
    fill(client, with_table)
    page = client.post(
        f"{with_table}/people",
        data={
            "reasons.file": (io.BytesIO(REASONS), "said.csv"),
            "reasons.on": "age",
            "reasons.case": "id",
            "reasons.words": "age\nincom: pay",
        },
    )
    said = error_at(page, "reasons.words")
    assert "Write after “age” a colon" in said or "no column “incom”" in said
    written = "age: how old you are, years，年龄\n\n"
    answer = client.post(f"{with_table}/people", data={"reasons.words": written})
    assert answer.location == f"{with_table}/service"
    assert "age: how old you are, years, 年龄</textarea>" in client.get(f"{with_table}/people").text
    client.post(f"{with_table}/check")
    assert parse(service.submitted[0]).reasons.words == {"age": ("how old you are", "years", "年龄")}


LOG = "age,home,began,done,days,helped\n" + "".join(
    f"{20 + i},{['town', 'village'][i % 2]},2026-01-02,yes,{i}.5,no\n" for i in range(40)
)
SAID = {
    "service_log.asked": "yes",
    "service_log.groups": ["age", "home"],
    "service_log.bins.age": "25, 45",
    "service_log.completed": "done",
    "service_log.waited": "days",
    "service_log.assisted": "helped",
    "service_log.started": "began",
}
CONSULTED = {
    "participation.affected": " older  applicants\n\nrural applicants\nolder applicants",
    "participation.consultations.0.group": "older applicants",
    "participation.consultations.0.date": "2026-03-02",
    "participation.consultations.0.said": "The form is too long.",
}


def test_a_service_log_and_who_was_asked_are_given_in_the_form(client, with_table, service):
    fill(client, with_table)
    sent_file = {"service_log.file": (io.BytesIO(LOG.encode()), "l.csv")}
    page = client.post(f"{with_table}/service", data=sent_file)
    assert error_at(page, "service_log.groups") == "Choose the columns that say who started a case."
    assert "at least one column" in error_at(page, "service_log")
    wrong = {**SAID, "service_log.bins.age": "45, 25", "participation.consultations.3.how": "By letter"}
    page = client.post(f"{with_table}/service", data=wrong | {"participation.affected": ""})
    assert "rising numbers" in error_at(page, "service_log.bins.age")
    assert "Name the groups" in error_at(page, "participation.affected")
    assert "Say who was asked" in error_at(page, "participation.consultations.0.group")
    other = {**SAID, **CONSULTED, "participation.consultations.0.group": "students"}
    page = client.post(f"{with_table}/service", data=other)
    assert "is not named in" in error_at(page, "participation")
    assert client.post(f"{with_table}/service", data=SAID | CONSULTED).location == f"{with_table}/transfers"
    page = client.get(f"{with_table}/check").text
    assert "older applicants, rural applicants" in page
    assert "l.csv" in page
    client.post(f"{with_table}/check")
    sent = parse(service.submitted[0])
    assert sent.service_log.groups == ("age", "home")
    assert sent.service_log.bins == {"age": (25, 45)}
    assert (sent.service_log.completed, sent.service_log.started) == ("done", "began")
    assert sent.participation.affected == ("older applicants", "rural applicants")
    (asked,) = sent.participation.consultations
    assert (asked.group, str(asked.date), asked.said) == (
        "older applicants",
        "2026-03-02",
        "The form is too long.",
    )
    again = client.post("/audits/1/draft").location
    assert parse(service.kept[again.split("/")[2]].data["submission"]) == sent
    where = again.replace("check", "service")
    assert client.post(where, data={}).location.endswith("/transfers"), "what is not posted stays"
    client.post(where, data={"remove": "service_log"})
    assert service.kept[again.split("/")[2]].data["submission"].keys() >= {"participation"}
    assert "service_log" not in service.kept[again.split("/")[2]].data["submission"]


MOVED = {
    "transfers.asked": "yes",
    "transfers.0.name": " Records to the <b>centre</b> ",
    "transfers.0.data": "income\n\n home  address ",
    "transfers.0.facts.kept-local": "no",
    "transfers.0.baselines": "depa",
    "transfers.0.terms.purpose": "stated",
    "transfers.0.terms.purpose.clause": "Clause 4",
    "transfers.0.terms.rights": ["correction", "access"],
    "transfers.0.terms.retention_days": "365",
    "transfers.1.name": "Copies to a laboratory",
    "transfers.1.terms.onward": "never",
}


def test_transfers_and_their_terms_are_given_in_the_form(client, with_table, service):
    fill(client, with_table)
    where = f"{with_table}/transfers"
    wrong = {
        **MOVED,
        "transfers.0.name": "",
        "transfers.0.terms.use": "often",
        "transfers.0.terms.retention_days": "nan",
        "transfers.0.terms.consent.clause": "Clause 9",
        "transfers.1.terms.onward": "",
        "transfers.1.baselines": "gdpr",
    }
    page = client.post(where, data={**wrong, "then": "compare"})
    assert error_at(page, "transfers.0.name") == "Say in a few words what goes where."
    assert "choose from free, compatible" in error_at(page, "transfers.0.terms.use")
    assert "number of days" in error_at(page, "transfers.0.terms.retention_days")
    assert "A clause is named here" in error_at(page, "transfers.0.terms.consent")
    assert "at least one theme" in error_at(page, "transfers.1.terms")
    assert "is no baseline" in error_at(page, "transfers.1.baselines")
    assert client.post(f"{with_table}/check").status_code == 422

    assert client.post(where, data={**MOVED, "then": "compare"}).location == where
    page = client.get(where).text
    assert "0 stricter, 2 equal, 0 weaker, 11 missing" in page
    assert "<b>centre" not in page
    assert client.post(where, data=MOVED).location == f"{with_table}/frameworks"
    page = client.get(f"{with_table}/check").text
    assert "3 themes declared, beside DEPA: themes of personal information and transfers" in page
    assert "1 theme declared, beside every baseline" in page
    client.post(f"{with_table}/check")
    sent = [one.root for one in parse(service.submitted[0]).transfers]
    assert sent == [
        {
            "name": "Records to the <b>centre</b>",
            "data": ["income", "home address"],
            "facts": {"kept-local": False},
            "terms": {
                "purpose": {"is": "stated", "clause": "Clause 4"},
                "rights": ["access", "correction"],
                "retention_days": 365,
            },
            "baselines": ["depa"],
        },
        {"name": "Copies to a laboratory", "terms": {"onward": "never"}},
    ]
    again = client.post("/audits/1/draft").location
    kept = again.split("/")[2]
    assert parse(service.kept[kept].data["submission"]).transfers == parse(service.submitted[0]).transfers
    form = again.replace("check", "transfers")
    assert client.post(form, data={}).location.endswith("/frameworks"), "what is not posted stays"
    client.post(form, data={**MOVED, "remove": "transfers.0"})
    assert [one["name"] for one in service.kept[kept].data["submission"]["transfers"]] == [
        "Copies to a laboratory"
    ]
    client.post(form, data={"transfers.asked": "yes"})
    assert "transfers" not in service.kept[kept].data["submission"]


@pytest.mark.parametrize("written", ["English please", "e", "zh_"])
def test_the_language_of_a_notice_is_a_short_code(client, with_table, written):
    client.post(f"{with_table}/people", data={"notices.file": (io.BytesIO(b"No."), "letter.txt")})
    page = client.post(f"{with_table}/people", data={"notices.0.language": written})
    assert "short code" in error_at(page, "notices.0.language")


def test_two_notices_have_two_names_and_one_that_is_gone_is_left_out(client, with_table, service):
    letters = [(io.BytesIO(b"No."), "letter.txt"), (io.BytesIO(b"Yes."), "letter.html")]
    page = client.post(f"{with_table}/people", data={"notices.file": letters})
    assert "name of its own" in error_at(page, "notices.1.name")
    fill(client, with_table)
    client.post(f"{with_table}/people", data={"notices.1.name": "page"})
    client.post(f"{with_table}/check")
    del service.files[hashlib.sha256(b"No.").hexdigest()]
    again = client.post("/audits/1/draft").location
    kept = service.kept[again.split("/")[2]].data["submission"]
    assert [notice["name"] for notice in kept["notices"]] == ["page"]


def test_reasons_and_notices_can_be_removed(client, with_table, service):
    data = {"reasons.file": (io.BytesIO(REASONS), "r.csv"), "notices.file": (io.BytesIO(b"No."), "l.txt")}
    client.post(f"{with_table}/people", data=data)
    client.post(f"{with_table}/people", data={"remove": "reasons"})
    client.post(f"{with_table}/people", data={"remove": "notices.0"})
    assert submission_of(service).keys() == {"data"}
    page = client.post(f"{with_table}/people", data={"reasons.file": (io.BytesIO(b""), "empty.csv")})
    assert error_at(page, "reasons") == "The file is empty; upload one with rows."


def fill(client, draft):
    for slug, data in (
        ("system", SYSTEM),
        ("task", TASK),
        ("outcome", OUTCOME),
        ("groups", GROUPS),
        ("frameworks", RULES),
    ):
        assert client.post(f"{draft}/{slug}", data=data).status_code == 303, slug


def test_the_check_page_lists_every_answer_with_a_way_to_change_it(client, with_table):
    fill(client, with_table)
    page = client.get(f"{with_table}/check").text
    for step in STEPS:
        assert (f'href="{with_table}/{step.slug}"' in page) is (step.slug != "counts"), "only what applies"
    assert "25, 45" in page
    assert "disabled" not in page


def test_the_check_page_names_what_is_still_missing(client, draft):
    page = client.get(f"{draft}/check").text
    assert f'<a href="{draft}/system#system.name">Give the system a name.</a>' in page
    assert f'<a href="{draft}/files#data.evaluation">' in page
    assert "disabled>Submit" in page
    assert client.post(f"{draft}/check").status_code == 422


def test_the_form_submits_what_the_api_would_be_sent(client, with_table, service):
    fill(client, with_table)
    answer = client.post(f"{with_table}/check")
    assert answer.location == "/audits/1"
    digest = next(iter(service.files))
    assert service.submitted == [
        {
            "system": {"name": "Loans", "version": "2", "contact": "me", "risk_tier": "moderate"},
            "task": "binary",
            "data": {"evaluation": {"artifact": f"sha256:{digest}"}},
            "columns": {
                "label": "approved",
                "score": "score",
                "favourable": "1",
                "threshold": 0.4,
                "groups": ["race", "age"],
            },
            "bins": {"age": [25, 45]},
            "frameworks": ["global-baseline", "us-nyc-ll144"],
        }
    ]
    assert parse(service.submitted[0]).columns.groups == ("race", "age")


def test_pressing_submit_twice_makes_one_audit(client, with_table, service):
    fill(client, with_table)
    first = client.post(f"{with_table}/check").location
    assert client.post(f"{with_table}/check").location == first
    assert client.get(f"{with_table}/system").location == first
    assert len(service.submitted) == 1


def test_what_the_service_refuses_stands_on_the_check_page_and_leads_to_its_field(
    client, with_table, service
):
    service.refuse_submission = (Problem("columns.label", "label-missing", "Choose another label."),)
    fill(client, with_table)
    page = client.post(f"{with_table}/check")
    assert page.status_code == 422
    assert f'<a href="{with_table}/task#columns.label">Choose another label.</a>' in page.text
    assert client.get(f"{with_table}/system").status_code == 200, "the draft is kept"


def test_a_refused_audit_leads_back_to_a_draft_with_everything_kept(client, with_table, service):
    fill(client, with_table)
    client.post(f"{with_table}/check")
    asked = service.submitted[0]
    service.add(AuditState.REFUSED, submission=parse(asked).model_dump(mode="json"))
    again = client.post("/audits/2/draft").location
    kept = service.kept[again.split("/")[2]].data["submission"]
    assert parse(kept) == parse(asked)
    assert "25, 45" in client.get(again).text
    assert client.post(again).status_code == 303


def test_a_file_that_is_gone_is_asked_for_again(client, with_table, service):
    fill(client, with_table)
    client.post(f"{with_table}/check")
    service.files.clear()
    page = client.get(client.post("/audits/1/draft").location).text
    assert "Upload the evaluation table" in page


def test_a_draft_can_be_discarded(client, draft, service):
    assert client.post(f"{draft}/discard").location == "/"
    assert not service.kept
    assert client.get(f"{draft}/system").status_code == 404


def test_every_question_shows_hostile_names_as_text(client, draft):
    evil = "<script>alert(1)</script>"
    table = f"approved,race,{evil}\n1,{evil},x\n0,b,y\n".encode()
    client.post(f"{draft}/files", data={"data.evaluation": (io.BytesIO(table), f"{evil}.csv")})
    client.post(f"{draft}/system", data={"system.name": evil})
    for step in [s.slug for s in STEPS] + ["check"]:
        page = client.get(f"{draft}/{step}").text
        assert evil not in page, step
    assert str(escape(evil)) in client.get(f"{draft}/check").text


def test_every_key_of_a_problem_has_a_step_that_shows_it():
    places = {"system.name": "system", "model": "files", "columns.label": "task", "bins.age": "groups",
              "columns.weight": "columns",
              "reasons.words.x": "people", "notices.0.name": "people",
              "answers.a.b": "answers", "frameworks.0": "frameworks",
              "transfers.1.terms.use": "transfers", "nobody.knows": "files"}  # fmt: skip
    assert {where: owner(where).slug for where in places} == places


def test_a_step_shows_only_its_own_problems():
    form = Form({"submission": {"system": {"name": "x"}, "task": "binary", "surplus": 1}})
    assert [p.where for p in problems(named("system"), form)] == []


def test_a_form_made_from_a_submission_keeps_every_key_that_says_something():
    raw = {
        "system": {"name": "a"},
        "task": "binary",
        "data": {"evaluation": {"artifact": f"sha256:{'0' * 64}"}},
        "columns": {"weight": "w", "weight_kind": "sampling"},
        "references": {"race": "White"},
    }
    dumped = parse(raw).model_dump(mode="json")
    assert parse(from_submission(dumped).submission) == parse(raw)
