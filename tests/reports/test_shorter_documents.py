"""The summary, the plan and the comparison tell the record and nothing beside it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import pypdf
import pytest

from checks.model import Evidence, Measure, Outcome
from frameworks.model import Verdict
from frameworks.summary import UNSEEN, worst_findings
from reports import html, pdf
from reports.beside import compose_annex, compose_transparency, with_entry
from reports.code import qr
from reports.compose.compared import ROWS
from reports.compose.everybody import Reach
from reports.compose.plan import OPEN, Task, decides, key
from reports.document import (
    Remarks,
    Table,
    VerdictStrip,
    compose,
    compose_comparison,
    compose_plan,
    compose_summary,
)
from reports.publish import publish
from reports.record import Audit, evidence_to_json, finding_from_json
from tests.reports import hostile
from tests.reports.sample import audit
from tests.reports.test_html import Page, squeezed

ROOT = Path(__file__).parents[2]


@cache
def public(digest):
    """Return the version for everybody of a sample; making it takes seconds."""
    return next(publish(one()) for one in (audit, hostile.audit) if one().digest == digest)


def changed(**body):
    return Audit(run={}, body={**audit().body, **body})


def every(document, kind):
    return [block for part in document.sections for block in part.blocks if isinstance(block, kind)]


def text(document):
    return " ".join(document.words()).replace("\u00a0", " ")


def pages(document, record, tmp_path):
    path = tmp_path / "document.pdf"
    path.write_bytes(pdf.render(document, record.to_json()))
    return pypdf.PdfReader(path).pages


@pytest.mark.parametrize("record", [audit, hostile.audit], ids=["sample", "hostile"])
@pytest.mark.parametrize(
    "make",
    [
        compose_summary,
        compose_plan,
        lambda one: compose_comparison(one, one),
        compose_annex,
        lambda one: compose_transparency(public(one.digest)),
    ],
    ids=["summary", "plan", "comparison", "annex", "transparency"],
)
def test_links_lead_to_places_of_the_document_itself_and_equal_records_give_equal_documents(make, record):
    document = make(record())
    assert set(document.targets()) <= set(document.ids())
    assert len(set(document.ids())) == len(list(document.ids()))
    assert document == make(Audit.from_json(record().to_json()))
    page = Page(html.render(document))
    shown = page.text
    assert [said for said in document.words() if squeezed(said).strip() not in shown] == []
    assert page.all("script", "img", "iframe") == [{}], "the one script of every document"


def test_the_summary_is_one_page_with_the_worst_first(tmp_path):
    document = with_entry(compose_summary(audit()), "https://audit.example.org/")
    address = f"https://audit.example.org/log/{audit().digest[:12]}"
    (page,) = pages(document, audit(), tmp_path)
    assert audit().digest in page.extract_text().replace("\n", "").replace("\u200b", "")
    assert address in [link["/A"]["/URI"] for link in (one.get_object() for one in page["/Annots"])]
    shown = html.render(document)
    assert f'href="{address}"' in shown
    assert qr(address) in shown
    assert "<svg" not in html.render(compose_summary(audit())).partition('class="masthead')[2][:900]
    (remarks,) = every(document, Remarks)
    assert len(remarks.items) == 3
    assert remarks.items[0].verdict == "not_met"
    (strip,) = every(document, VerdictStrip)
    principles = audit().body["verdicts"]["global-baseline"]["principles"]
    assert len(strip.rows) == len(principles) <= 13


def test_the_annex_has_every_number_of_the_report_and_no_picture():
    annex, report = compose_annex(audit()), compose(audit())
    assert not list(annex.charts())
    parts = {part.id: part for part in annex.sections}
    for part in report.sections:
        if part.id in ("method", "annex-rules", "annex", "annex-made"):
            assert list(replace(annex, sections=(parts[part.id],)).words())
            tables = sum(isinstance(b, Table) for s in part.sections for b in s.blocks)
            assert sum(isinstance(b, Table) for s in parts[part.id].sections for b in s.blocks) == tables
    assert "Seed" in text(annex)


def test_the_page_for_everybody_tells_and_brings_the_suppressed_record_alone(tmp_path):
    with pytest.raises(ValueError, match="version for everybody"):
        compose_transparency(audit())
    whole = public(audit().digest)
    document = compose_transparency(whole, Reach("audit@example.org", "Write to the ombudsman."))
    assert document.digest == whole.digest != audit().digest
    said = text(document)
    assert "Write to the ombudsman." in said
    assert "A. Officer" in text(compose(audit()))
    assert "A. Officer" not in said
    path = tmp_path / "document.pdf"
    path.write_bytes(pdf.render(document, whole.to_json()))
    (attached,) = pypdf.PdfReader(path).attachments["audit.json"]
    assert Audit.from_json(attached).digest == whole.digest


def test_the_page_for_everybody_says_what_it_does_not_show():
    """Declared groups without a rate, criteria whose number is withheld, and whose limit it is."""
    whole = public(audit().digest)
    withheld = [f for f in whole.body["findings"] if f["reason"] == UNSEEN]
    said = text(compose_transparency(whole))
    assert f"{len(withheld)} criteria are judged by a number that is withheld here" in said
    assert withheld[0]["requirement"] in said
    assert "Basis: suggestion of this project, not law." in said
    assert "Whether a rule set governs this system was not checked" in said
    scopes = [card["scope"] for card in whole.body["frameworks"].values()]
    assert scopes
    assert all(scope in said for scope in scopes)
    evidence = [one for one in whole.body["evidence"] if not one["check"].startswith("fairness.")]
    alone = Audit(run={}, body={**whole.body, "evidence": evidence})
    assert "By race, sex and region: nothing. Of groups, only people," in text(compose_transparency(alone))


@pytest.mark.parametrize(
    ("rates", "told"),
    [
        (
            {"a": 0.5, "b": None, "c": None},
            (
                "By race: In group a, 50 of every 100 receive the favourable outcome. "
                "The rates of 2 other groups are withheld, and may be lower or higher."
            ),
        ),
        (
            {"a": None, "b": None, "c": None},
            "By race: withheld. A count behind the rates of the groups is of fewer than 10 people",
        ),
        (
            {"a": 0.5, "b": 0.7, "c": None},
            (
                "In group a, 50 of every 100 receive the favourable outcome; in group b, 70 of every 100. "
                "The rates of 1 other group are withheld, and may be lower or higher."
            ),
        ),
    ],
)
def test_an_attribute_whose_rates_are_withheld_is_named_with_the_reason(rates, told):
    measures = [
        Measure(
            "selection_rate", rate, n=100, of={"attribute": "race", "group": group}, unit="proportion",
            note="withheld: it is of few people, or would tell a number that is" if rate is None else None,
        )
        for group, rate in rates.items()
    ]  # fmt: skip
    one = Evidence("fairness.selection_rate", Outcome.MEASURED, None, {}, tuple(measures))
    whole = public(audit().digest)
    columns = {**whole.body["submission"]["columns"], "groups": ["race"]}
    body = {
        **whole.body,
        "evidence": [evidence_to_json(one)],
        "submission": {**whole.body["submission"], "columns": columns},
    }
    said = text(compose_transparency(Audit(run={}, body=body)))
    assert told in said
    assert ("Only the lowest and the highest rates are told." in said) == (rates["b"] is not None)


def test_a_worst_finding_whose_number_is_withheld_stays_among_the_five():
    """It comes after the told numbers of its severity, and before what nobody answered."""
    items = audit().body["findings"]
    number = next(f for f in items if f["measure"] and f["value"] is not None)
    told = {**number, "verdict": "undecided", "severity": "major", "of": {}, "bound": {"at_least": 0.9}}
    hidden = dict.fromkeys(("value", "low", "high", "n", "p_raw", "p_holm", "people")) | {"reason": UNSEEN}
    made = [
        {
            **told,
            "requirement": "Z-1",
            "value": None,
            "measure": None,
            "criterion": "attested:z",
            "reason": None,
        },
        {**told, "requirement": "B-1", **hidden, "criterion": "impact ratio"},
        {**told, "requirement": "B-1", **hidden, "criterion": "accuracy cost"},
        {**told, "requirement": "A-1", "severity": "normal"},
        {**told, "requirement": "C-1", "value": 0.89, "low": 0.7, "high": 0.95},
        {**told, "requirement": "D-1", "value": 0.2, "low": 0.1, "high": 0.95},
    ]
    found = [finding_from_json(one) for one in made]
    worst = worst_findings(found, 6)
    assert [f.requirement for f in worst] == ["D-1", "C-1", "B-1", "B-1", "A-1", "Z-1"]
    assert [f.criterion for f in worst[2:4]] == ["impact ratio", "accuracy cost"]  # as the rules have them


def test_the_public_report_names_what_is_judged_by_a_withheld_number():
    whole = public(audit().digest)
    many = sum(f["reason"] == UNSEEN for f in whole.body["findings"])
    assert many
    public_report, own = (text(compose(one)) for one in (whole, audit()))
    said = f"{many} criteria are judged by a number that is withheld here, so these may not be the worst: "
    assert said in public_report
    assert said not in own


def test_a_number_that_is_open_for_the_correction_alone_says_so():
    items = audit().body["findings"]
    at, first = next((i, f) for i, f in enumerate(items) if f["p_raw"] is not None and f["of"] == {})
    number = {"bound": {"at_least": 0.9}, "value": 0.8, "low": 0.7, "high": 0.89, "unit": "ratio"}
    other = {**first, **number, "verdict": "undecided", "p_raw": 0.02, "p_holm": 0.08}
    said = text(compose(changed(findings=[*items[:at], other, *items[at + 1 :]])))
    assert "it is not shown to: after Holm p = 0.080 (limit 0.025)." in said


def test_the_summary_of_hostile_names_is_short_too(tmp_path):
    assert len(pages(compose_summary(hostile.audit()), hostile.audit(), tmp_path)) <= 2


def test_the_plan_names_every_open_requirement_once_and_no_other():
    document = compose_plan(audit())
    rows = [row for table in every(document, Table) for row in table.rows]
    open_ones = {
        (framework, requirement)
        for framework, whole in audit().body["verdicts"].items()
        for requirement, verdict in whole["requirements"].items()
        if verdict in {str(one) for one in OPEN}
    }
    assert len(rows) == len(open_ones)
    for _, requirement in open_ones:
        assert any(f"({requirement}, " in row[0].text for row in rows)
    assert all(row[1].text for row in rows)


def test_what_decides_an_open_number_is_its_own_limit():
    """A number shown to be outside is told where to go; one that reaches across, how many rows decide."""
    found = [finding_from_json(one) for one in audit().body["findings"]]
    outside = next(f for f in found if f.verdict == "not_met" and f.value is not None and f.low is not None)
    assert decides(outside).endswith("with its whole interval.")
    exact = replace(outside, low=None, high=None, kind="exact")
    assert "whole interval" not in decides(exact)
    question = next(f for f in found if f.attestation is not None and f.verdict == "undecided")
    assert decides(question).startswith("Answer with a signer and a day: ")
    said = {**question.attestation, "answer": "No", "signer": "A. Officer"}
    no = replace(question, verdict=Verdict.NOT_MET, reason="The answer is no.", attestation=said)
    assert decides(no).startswith("The answer is no. See to it that it is done, then answer anew: ")
    ended = "The answer had expired on the day of judging; have it renewed."
    old = replace(question, reason=ended, attestation={**said, "answer": "Yes"})
    assert decides(old).startswith(f"{ended} Answer anew, with a signer, a day and an expiry: ")


def test_owner_day_and_agreement_stand_in_the_plan_and_strangers_are_named():
    tasks = {
        key("global-baseline", "FAIR-01"): Task("A. Owner", "2027-01-31", "collect more rows"),
        "global-baseline/NO-99": Task("B. Nobody"),
    }
    document = compose_plan(audit(), tasks)
    (row,) = [r for table in every(document, Table) for r in table.rows if "(FAIR-01, " in r[0].text]
    assert [cell.text for cell in row[2:]] == ["A. Owner", "2027-01-31"]
    assert "Agreed: Collect more rows." in row[1].text
    assert "global-baseline/NO-99, which this record does not hold open" in text(document)
    assert "1 of them have an owner, 1 a day" in text(document)


def test_a_record_against_itself_differs_in_nothing():
    said = text(compose_comparison(audit(), audit()))
    for sentence in (
        "Both are the same record: nothing differs.",
        "No requirement that both records judge has another verdict.",
        "The rules that both records use are the same.",
        "The submissions are the same, and so are the versions that measured them.",
    ):
        assert sentence in said


def test_changed_verdicts_numbers_rules_and_facts_are_told():
    """FAIR-01 got worse, its limit moved, one number left its old interval, the seed is another."""
    body = audit().body
    whole = body["verdicts"]["global-baseline"]
    better = {**whole, "requirements": {**whole["requirements"], "FAIR-01": "met"}}
    rules = body["frameworks"]["global-baseline"]
    moved = [_moved(one) if one["id"] == "FAIR-01" else one for one in rules["requirements"]]
    before = changed(
        verdicts={**body["verdicts"], "global-baseline": better},
        frameworks={
            **body["frameworks"],
            "global-baseline": {**rules, "digest": "0" * 64, "requirements": moved},
        },
        evidence=[_shifted(one) for one in body["evidence"]],
        submission={**body["submission"], "seed": 8},
        as_of="2026-11-01",
    )
    document = compose_comparison(before, audit())
    said = text(document)
    assert "(FAIR-01) Met Undecided worse" in said or "(FAIR-01) Met Not met worse" in said
    assert "was at least 0.7, is at least 0.8" in said
    assert "Rules were read as of 2026-11-01, then as of 2026-12-01." in said
    assert "seed 8 7" in said
    rows = [
        row for table in every(document, Table) if table.columns[-1].text == "Intervals" for row in table.rows
    ]
    apart = [row for row in rows if row[-1].text == "apart"]
    assert [row[0].text for row in apart] == ["accuracy (classification)"]
    assert len(rows) <= 2 * ROWS


def _moved(requirement):
    criteria = []
    for one in requirement["criteria"]:
        if one["bound"] and one["bound"]["limit"] == 0.8:
            one = {**one, "bound": {**one["bound"], "limit": 0.7}}  # noqa: PLW2901
        criteria.append(one)
    return {**requirement, "criteria": criteria}


def _shifted(evidence):
    if evidence["check"] != "performance.classification":
        return evidence
    measures = [
        {**m, "value": 0.1, "low": 0.05, "high": 0.15} if m["name"] == "accuracy" and not m["of"] else m
        for m in evidence["measures"]
    ]
    return {**evidence, "measures": measures}


def test_what_only_one_record_judges_or_withholds_is_said():
    body = audit().body
    one = changed(verdicts={"global-baseline": body["verdicts"]["global-baseline"]})
    assert "judged only after" in text(compose_comparison(one, audit()))
    assert "judged only before" in text(compose_comparison(audit(), one))
    public = changed(publication={"of": "0" * 64})
    assert "One of the two is a version for everybody" in text(compose_comparison(public, audit()))


def test_documents_without_pictures_load_no_drawing_and_no_measuring():
    """So the web process can make them itself."""
    code = (
        "import sys\n"
        "from reports import html, pdf\n"
        "from reports.document import compose_plan, compose_summary, compose_comparison\n"
        "from reports.record import Audit\n"
        "audit = Audit.from_json(sys.stdin.buffer.read())\n"
        "for one in (compose_summary(audit), compose_plan(audit), compose_comparison(audit, audit)):\n"
        "    html.render(one), pdf.render(one, audit.to_json())\n"
        "print(sorted({'pandas', 'sklearn', 'shap', 'altair'} & sys.modules.keys()))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], input=audit().to_json(), capture_output=True, check=False, cwd=ROOT
    )
    assert ran.returncode == 0, ran.stderr.decode()
    assert ran.stdout.split() == [b"[]"]


def test_the_page_has_no_contents_beside_it_and_says_what_it_is():
    page = html.render(compose_plan(audit()))
    assert "<nav" not in page
    assert "Remediation plan" in page
