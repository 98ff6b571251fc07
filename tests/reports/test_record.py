"""The record keeps what was found, to the bit, and notices when it was changed."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from checks.model import Evidence, Kind, Measure, Outcome, Table
from frameworks.load import packs
from frameworks.model import Finding, State, Verdict
from reports.record import (
    Audit,
    canonical,
    evidence_from_json,
    evidence_to_json,
    finding_from_json,
    finding_to_json,
    framework_to_json,
)
from reports.schema import audit_schema
from tests.reports.sample import audit

SCHEMA_FILE = Path(__file__).parents[2] / "docs" / "reference" / "audit.schema.json"

EVIDENCE = Evidence(
    check="fairness.selection_rate",
    outcome=Outcome.MEASURED,
    parameters={"min_group": 30},
    measures=(
        Measure(
            "selection_rate", 1.0, 0.5, 1.0, 40, of={"attribute": "race", "group": "A"}, method="Wilson 95%"
        ),
        Measure("k", None, kind=Kind.EXACT, unit="rows", note="no rows"),
    ),
    tables=(Table("points", ("name", "value", "kept"), (("a", 1.5, True), ("b", None, False))),),
)
FINDING = Finding(
    framework="law",
    requirement="R-1",
    criterion="fairness.selection_rate.impact_ratio",
    verdict=Verdict.NOT_MET,
    state=State.IN_FORCE,
    severity="major",
    principle="fairness",
    title="Parity",
    of={"attribute": "race"},
    measure="fairness.selection_rate.impact_ratio",
    value=0.5,
    bound={"at_least": 0.8},
    p_raw=0.001,
)


def through_json(value):
    return json.loads(canonical(value))


def test_evidence_survives_the_record():
    assert evidence_from_json(through_json(evidence_to_json(EVIDENCE))) == EVIDENCE


def test_a_finding_survives_the_record():
    assert finding_from_json(through_json(finding_to_json(FINDING))) == FINDING


def test_numbers_of_arrays_become_numbers_of_json():
    numpy = pytest.importorskip("numpy")
    table = Table(
        "t", ("x",), ((numpy.float64(0.5),), (numpy.int64(3),), (numpy.bool_(True),), (float("nan"),))
    )
    rows = evidence_to_json(Evidence("a.b", Outcome.MEASURED, tables=(table,)))["tables"][0]["rows"]
    assert rows == [[0.5], [3], [True], [None]]
    assert [type(row[0]) for row in rows] == [float, int, bool, type(None)]


def test_a_whole_number_too_large_for_json_is_kept_as_text():
    table = Table("t", ("x",), ((2**60,),))
    stored = evidence_to_json(Evidence("a.b", Outcome.MEASURED, tables=(table,)))
    assert through_json(stored)["tables"][0]["rows"] == [[str(2**60)]]


def test_a_rule_set_is_kept_whole():
    framework = packs()["us-nyc-ll144"]
    stored = through_json(framework_to_json(framework))
    assert stored["digest"] == framework.digest
    assert [r["id"] for r in stored["requirements"]] == [r.id for r in framework.requirements]
    assert stored["requirements"][0]["source"]["clause"] == framework.requirements[0].source.clause


def test_reading_gives_what_was_written():
    assert Audit.from_json(audit().to_json()).to_json() == audit().to_json()


def test_run_does_not_enter_the_digest():
    assert audit().without_run().digest == audit().digest
    assert audit().without_run().to_json() != audit().to_json()


@pytest.mark.parametrize(
    "path",
    [("evidence", 0, "outcome"), ("findings", 0, "verdict"), ("submission", "system", "name"), ("as_of",)],
    ids=str,
)
def test_a_changed_body_is_refused(path):
    record = json.loads(audit().to_json())
    place = record["body"]
    for step in path[:-1]:
        place = place[step]
    changed = {"outcome": "failed", "verdict": "met", "name": "Another", "as_of": "2020-01-01"}[path[-1]]
    assert place[path[-1]] != changed
    place[path[-1]] = changed
    with pytest.raises(ValueError, match="the record was changed"):
        Audit.from_json(json.dumps(record).encode())


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"not json", "it is not JSON"),
        (b"\xff\xfe", "it is not JSON"),
        (b"[]", "not an audit record of schema 1"),
        (b'{"schema": 2}', "not an audit record of schema 1"),
        (b'{"schema": 1}', "`digest` is not as published"),
        (b'{"schema": 1, "digest": NaN}', "NaN is not a number of JSON"),
    ],
)
def test_what_is_not_a_record_is_refused_in_a_sentence(data, sentence):
    with pytest.raises(ValueError, match=sentence):
        Audit.from_json(data)


def test_an_unknown_verdict_is_refused_by_place():
    record = json.loads(audit().to_json())
    record["body"]["findings"][0]["verdict"] = "fine"
    with pytest.raises(ValueError, match=r"`body\.findings\.0\.verdict` is not as published"):
        Audit.from_json(json.dumps(record).encode())


def test_the_published_schema_is_current():
    stored = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    assert stored == audit_schema(), "run: python -m reports.schema > docs/reference/audit.schema.json"


def test_the_sample_has_the_published_shape():
    validator = jsonschema.Draft202012Validator(audit_schema())
    validator.check_schema(audit_schema())
    assert list(validator.iter_errors(json.loads(audit().to_json()))) == []


def test_the_published_schema_refuses_what_reading_refuses():
    record = json.loads(audit().to_json())
    record["body"]["surprise"] = 1
    assert list(jsonschema.Draft202012Validator(audit_schema()).iter_errors(record))
    with pytest.raises(ValueError, match=r"`body\.surprise`"):
        Audit.from_json(json.dumps(record).encode())


def test_every_place_of_the_schema_is_a_closed_shape_or_says_what_it_holds():
    shapes = audit_schema()["$defs"]
    closed = {name for name, shape in shapes.items() if shape.get("additionalProperties") is False}
    assert {"BodyShape", "EvidenceShape", "FindingShape", "MeasureShape", "TableShape"} <= closed
    assert all(shape.get("description") for name, shape in shapes.items() if name.endswith("Shape"))


@pytest.mark.parametrize("value", [2.0**53, 1e17, -1e20, 1e21, 1.7e308])
def test_large_numbers_come_back_as_they_were(value):
    """JSON writes floats under 1e21 without a point, so they are read as integers that JSON cannot carry."""
    huge = Measure("mean_error", value, n=1.0)
    one = evidence_to_json(Evidence("fairness.regression", Outcome.MEASURED, measures=(huge,)))
    written = canonical({"evidence": [one]})
    assert canonical(json.loads(written)) == written
    assert evidence_from_json(json.loads(written)["evidence"][0]).measures[0].value == value
