"""Machine formats: each fits the shape that its readers publish, and says what the record says, no more."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from functools import cache
from pathlib import Path

import openpyxl
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from google.protobuf import json_format
from huggingface_hub import ModelCard
from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from jsonschema import Draft7Validator
from junitparser import JUnitXml
from rfc3986_validator import validate_rfc3986
from trestle.oscal.assessment_results import Model as OscalModel

from checks.model import Evidence, Measure, Outcome
from checks.names import crossed
from frameworks.load import packs
from reports.compose.view import View
from reports.exports import EXPORTS, export
from reports.exports.fields import ANNEX_IV, ANNEX_VIII, ATRS, LL144, NL_REGISTER
from reports.exports.oscal_catalog import catalog
from reports.exports.shared import judged
from reports.publish import publish
from reports.record import Audit, evidence_to_json
from tests.reports import hostile, sample


@cache
def again():
    return Audit.from_json(sample.audit().to_json())


@cache
def public():
    return publish(sample.audit())


@Draft7Validator.FORMAT_CHECKER.checks("iri-reference")
def _is_reference(text):
    """Ours are all ASCII, so the grammar of URIs is enough; that of IRIs takes a second to load."""
    return not isinstance(text, str) or bool(validate_rfc3986(text, "URI_reference"))


RECORDS = {"whole": sample.audit, "public": public, "hostile": hostile.audit}


@pytest.fixture(params=RECORDS)
def record(request):
    return RECORDS[request.param]()


def rows(data):
    return [*csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))]


def of(record, name):
    return json.loads(export(record, name))


def every(view):
    return [one for framework in view.verdicts for one in judged(view, framework)]


@pytest.mark.parametrize("name", EXPORTS)
def test_equal_records_give_equal_bytes(name):
    assert export(sample.audit(), name) == export(again(), name)


# Each as its readers publish it


def test_oscal_as_its_models_have_it(record):
    made = OscalModel.model_validate(of(record, "oscal.json")).assessment_results
    view = View.of(record)
    assert [result.title for result in made.results] == [view.framework_title(name) for name in view.verdicts]
    for result, framework in zip(made.results, view.verdicts, strict=True):
        states = {f.target.target_id: f.target.status.state.value for f in result.findings or ()}
        asked = [one for one in judged(view, framework) if one.verdict != "not_applicable"]
        assert [*states.values()].count("satisfied") == sum(one.verdict == "met" for one in asked)
        assert len(states) == len(asked)


def test_oscal_results_point_into_the_catalogs_of_their_rules():
    """Each control and target that results name is a control of the catalog of the rules that judged."""
    made = OscalModel.model_validate(of(sample.audit(), "oscal.json")).assessment_results
    for result, framework in zip(made.results, View.of(sample.audit()).verdicts, strict=True):
        known = {one["id"] for one in json.loads(catalog(packs()[framework]))["catalog"]["controls"]}
        assert {finding.target.target_id for finding in result.findings or ()} <= known
        (selection,) = result.reviewed_controls.control_selections
        named = [*(selection.include_controls or ()), *(selection.exclude_controls or ())]
        assert named
        assert {one.control_id for one in named} <= known


def test_cyclonedx_by_its_schema(record):
    text = export(record, "cyclonedx.json").decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    made = json.loads(text)
    references = [*_references(made)]
    assert len(references) == len(set(references))
    declared = made["declarations"]
    verdicts = [one.verdict for one in every(View.of(record))]
    scores = [m["conformance"].get("score") for a in declared["attestations"] for m in a["map"]]
    assert scores.count(1) == verdicts.count("met")
    assert scores.count(0) == verdicts.count("not_met")
    assert len(scores) == len(verdicts)
    assert {e for c in declared["claims"] for e in c["evidence"]} <= {
        e["bom-ref"] for e in declared["evidence"]
    }


def _references(value):
    if isinstance(value, dict):
        yield from [value["bom-ref"]] if "bom-ref" in value else []
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


def test_in_toto_as_its_messages_have_it(record):
    made = of(record, "in-toto.json")
    message = json_format.ParseDict(made, statement_pb2.Statement())
    Statement(message.subject, message.predicate_type, message.predicate).validate()
    predicate = json_format.ParseDict(made["predicate"], test_result_pb2.TestResult())
    verdicts = [one.verdict for one in every(View.of(record))]
    assert len(predicate.passed_tests) == verdicts.count("met")
    assert len(predicate.failed_tests) == verdicts.count("not_met")
    rules = [item for item in made["predicate"]["configuration"] if "annotations" in item]
    aside = sum(len(item["annotations"][key]) for item in rules for key in ("not_applicable", "reported"))
    told = sum(len(made["predicate"][f"{word}Tests"]) for word in ("passed", "warned", "failed"))
    assert told + aside == len(verdicts)
    assert (predicate.result == "FAILED") == bool(predicate.failed_tests)
    assert made["subject"][0]["digest"]["sha256"] == "a" * 64


def test_junit_as_pipelines_read_it(record):
    made = JUnitXml.fromstring(export(record, "junit.xml"))
    verdicts = [one.verdict for one in every(View.of(record))]
    assert made.tests == len(verdicts)
    assert made.failures == verdicts.count("not_met")
    assert made.errors == verdicts.count("undecided")
    assert made.skipped == sum(v in {"attested", "waived", "deferred", "not_applicable"} for v in verdicts)


def test_a_model_card_as_the_hub_reads_it(record):
    made = ModelCard(export(record, "model-card.md").decode())
    numbers = {
        m.name: m.value
        for m in View.of(record).default("performance.classification").measures
        if not m.of and m.value is not None
    } if View.of(record).default("performance.classification") else {}  # fmt: skip
    assert {e.metric_type: e.metric_value for e in made.data.eval_results or ()} == numbers
    assert made.data.license is None
    assert "licence" in made.text.partition("Not known to the audit")[2]


def test_a_workbook_holds_every_finding_and_number(record):
    book = openpyxl.load_workbook(io.BytesIO(export(record, "measures.xlsx")))
    assert book.sheetnames == ["findings", "measures", "checks"]
    assert book["findings"].max_row == 1 + len(record.body["findings"])
    assert book["checks"].max_row == 1 + len(record.body["evidence"])
    assert book["measures"].max_row == 1 + sum(len(e["measures"]) or 1 for e in record.body["evidence"])
    assert {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row} <= {"s", "n"}


# What they say


def test_every_number_stands_in_the_table_of_measures(record):
    told = rows(export(record, "measures.csv"))
    numbers = [m for e in record.body["evidence"] for m in e["measures"]]
    assert [row["value"] for row in told if row["measure"]] == [
        "" if m["value"] is None else repr(float(m["value"])) for m in numbers
    ]
    silent = [e for e in record.body["evidence"] if not e["measures"]]
    assert [row["note"] for row in told if not row["measure"]] == [e["reason"] or "" for e in silent]


@pytest.mark.parametrize("name", [name for name in EXPORTS if name.endswith(".csv")])
def test_no_cell_is_a_formula(name):
    for row in csv.reader(io.StringIO(export(hostile.audit(), name).decode("utf-8-sig"), newline="")):
        for cell in row:
            assert not cell.lstrip().startswith(("=", "@")), cell
            assert not cell.startswith(("+", "-")) or float(cell) < 0
            assert not set("\x00\x1b\u202e\u2066") & set(cell)


@pytest.mark.parametrize("name", EXPORTS)
def test_hostile_names_are_text_in_every_format(name):
    made = export(hostile.audit(), name)
    if name.endswith((".xml", ".csv", ".json", ".md")):
        text = made.decode()
        assert not set("\x00\x1b\u202e\u2066\u200f") & set(text)
    if name == "junit.xml":
        assert "<img" not in text
    if name == "model-card.md":
        assert "<img" not in text.partition("\n---\n")[2].replace("\\<", "")


def test_the_public_exports_have_no_count_of_few():
    """From the version for everybody comes nothing that is withheld there."""
    told = rows(export(public(), "ll144.csv"))
    assert any("withheld" in row["source"] for row in told)
    assert not [row for row in told if "nobody named" in row["source"]]
    bare = [row["source"] for row in told if row["source"].startswith("no ratio")]
    assert bare
    assert all("it is withheld, or the group was too small" in source for source in bare)
    assert not [row for row in told if row["people"] and float(row["people"]) < 10]
    assert len(rows(export(sample.audit(), "ll144.csv"))) >= len(told)


@pytest.mark.parametrize("fields", [ATRS, NL_REGISTER, ANNEX_IV, ANNEX_VIII, LL144])
def test_fields_are_filled_with_their_source_or_empty_with_the_reason(fields, record):
    view = View.of(record)
    assert len({field.id for field in fields}) == len(fields)
    for field in fields:
        value, source = field.told(view)
        assert source
        assert value or any(word in source for word in ("fill in", "shorten it", "renew it"))
        assert field.most is None or len(value) <= field.most


def test_what_is_not_known_is_listed():
    made = of(sample.audit(), "atrs.json")
    empty = [field["id"] for field in made["fields"] if not field["value"]]
    assert made["left_empty"] == empty
    assert "2.1.4.2" in empty  # no audit knows a Companies House number
    register = of(sample.audit(), "nl-register.json")
    keys = [field.id for field in NL_REGISTER]
    assert sorted([*register["algorithm"], *register["left_empty"]]) == sorted(keys)
    assert register["algorithm"]["name"] == "Loan screening"
    assert "organization" in register["left_empty"]


def test_no_field_says_more_than_the_record_knows():
    """No address that is none, no answer that has expired, no third party that nobody named."""
    body = sample.audit().body
    card = {**body["submission"]["system"], "contact": "the maintainers of this checkout"}
    said = {"answer": "An officer decides.", "signer": "A. Officer", "date": "2024-01-15"}
    for expiry, told in (
        ("2025-01-15", ""),
        (body["as_of"], "An officer decides."),
        (None, "An officer decides."),
    ):
        answers = {"oversight-level": {**said, "expiry": expiry}}
        submission = {**body["submission"], "system": card, "answers": answers}
        made = Audit(run={}, body={**body, "submission": submission})
        register, record = of(made, "nl-register.json"), of(made, "atrs.json")
        fields = {field["id"]: field for field in record["fields"]}
        assert register["algorithm"].get("human_intervention", "") == fields["2.3.2"]["value"] == told
        assert "contact_email" in register["left_empty"]
        assert {"1.4", "2.1.4.1"} <= set(record["left_empty"])
    answers = {"oversight-level": {**said, "expiry": "2025-01-15"}}
    made = Audit(run={}, body={**body, "submission": {**body["submission"], "answers": answers}})
    register = of(made, "nl-register.json")
    assert (
        register["left_empty"]["human_intervention"]
        == "attested: oversight-level, expired 2025-01-15: renew it"
    )
    assert register["algorithm"]["contact_email"] == "audit@example.org"


def test_a_text_that_does_not_fit_is_left_out_with_its_length():
    body = sample.audit().body
    card = {**body["submission"]["system"], "purpose": "p" * 351}
    longer = Audit(run={}, body={**body, "submission": {**body["submission"], "system": card}})
    register = of(longer, "nl-register.json")
    assert "351 characters and 350 fit" in register["left_empty"]["description_short"]
    assert register["algorithm"]["goal"] == "p" * 351


def test_the_summary_of_local_law_144_has_every_category_and_the_unknown():
    told = rows(export(sample.audit(), "ll144.csv"))
    evidence = [e for e in View.of(sample.audit()).evidence if e.check == "fairness.selection_rate"]
    rates = {
        (crossed(m.of["attribute"]), m.of["group"]): m
        for m in min(evidence, key=lambda e: e.parameters.get("min_group", 99)).measures
        if m.name == "selection_rate"
    }
    categories = [row for row in told if row["part"] == "category"]
    assert len(categories) == len(rates)
    for row in categories:
        m = rates.get((row["attribute"], row["category"]))
        assert m is None or (float(row["rate"]), float(row["people"])) == (m.value, m.n)
        assert not row["impact ratio"] or 0 <= float(row["impact ratio"]) <= 1
    assert {row["attribute"] for row in told if row["part"] == "unknown"} >= {"race", "sex"}
    facts = {row["item"].partition(":")[0]: row["value"] for row in told if row["part"] == "fact"}
    assert (facts["kind"], facts["auditor"], facts["audit date"]) == ("selection", "", "")


def test_the_summary_of_the_whole_record_says_that_it_is_not_the_one_to_publish():
    """First, and beside each category of few people; the one for everybody has neither such row nor word."""
    evidence = Evidence(
        "fairness.selection_rate", Outcome.MEASURED, None, {},
        tuple(
            Measure("selection_rate", 0.5, n=n, of={"attribute": "race", "group": name}, note=note)
            for name, n, note in (("a", 9, None), ("b", 10, None), ("c", 1, "under 2 % of the people"))
        ),
    )  # fmt: skip
    body = {**sample.audit().body, "evidence": [evidence_to_json(evidence)]}
    told = rows(export(Audit(run={}, body=body), "ll144.csv"))
    assert (told[0]["part"], told[0]["item"]) == ("notice", "not for publication")
    assert "(2 of its categories are so small)" in told[0]["value"]
    assert "--public" in told[0]["value"]
    few = "fewer than 10 people: not for publication"
    beside = {row["category"]: row["source"] for row in told if row["part"] == "category"}
    assert beside["a"].endswith(few)
    assert few not in beside["b"]
    assert beside["c"] == f"under 2 % of the people; {few}"
    assert "not for publication" not in export(public(), "ll144.csv").decode()


def test_a_record_of_published_counts_has_every_format():
    """Where there is neither a model nor a table of people, each format says less and breaks nowhere."""
    body = sample.audit().body
    bare = {**body["submission"], "model": None, "data": None, "system": {}, "resolved": {}, "columns": {}}
    record = Audit(run={}, body={**body, "submission": bare, "evidence": [], "findings": []})
    with tempfile.TemporaryDirectory() as folder:
        for name in EXPORTS:
            (Path(folder) / name).write_bytes(export(record, name))
    text = export(record, "cyclonedx.json").decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    OscalModel.model_validate(of(record, "oscal.json"))
    assert of(record, "in-toto.json")["subject"] == [
        {"name": "audit.json, body", "digest": {"sha256": record.digest}}
    ]
