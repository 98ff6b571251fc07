"""The document holds the whole audit in reading order, and depends on the body alone."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from checks.model import Evidence, Kind, Measure, Outcome
from checks.names import crossed
from reports import wording
from reports.compose.pictures import GROUPS_SHOWN
from reports.compose.results import WORST_FIRST
from reports.document import (
    Callout,
    Chart,
    Document,
    KeyValues,
    Remarks,
    Requirement,
    Section,
    Table,
    compose,
)
from reports.record import Audit, evidence_from_json, evidence_to_json
from tests.reports import hostile
from tests.reports.sample import SUBMISSION, audit, people, record, subject

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def document() -> Document:
    return compose(audit())


def section(document: Document, name: str) -> Section:
    found = [s for top in document.sections for s in _within(top) if s.id == name]
    assert len(found) == 1, name
    return found[0]


def _within(part: Section):
    yield part
    for inner in part.sections:
        yield from _within(inner)


def blocks(part: Section, kind: type):
    return [block for inner in _within(part) for block in inner.blocks if isinstance(block, kind)]


def words(part: Section) -> str:
    return " ".join(Document("", "", "", "", (part,)).words()).replace("\u00a0", " ")


def with_evidence(*evidence: Evidence) -> Audit:
    body = audit().body
    replaced = {one.check for one in evidence}
    kept = [one for one in body["evidence"] if one["check"] not in replaced]
    return Audit(run={}, body={**body, "evidence": [*kept, *map(evidence_to_json, evidence)]})


def with_choice(choice: dict[str, object]) -> Audit:
    body = audit().body
    return Audit(run={}, body={**body, "submission": {**body["submission"], "metric_choice": choice}})


def test_the_reading_order(document):
    assert [s.id for s in document.sections] == [
        "summary", "reading", "results-1", "results-2", "declared", "privacy-officer", "evidence",
        "not-measured", "method",
        "annexes", "annex-rules", "annex-groups", "annex", "annex-made",
    ]  # fmt: skip
    assert [s.id for s in document.sections[0].sections] == ["verdicts", "worst", "open"]


def test_equal_bodies_have_equal_documents_whether_just_made_or_read_again():
    again = Audit.from_json(audit().to_json())
    other_run = Audit(run={"id": "another"}, body=audit().body)
    assert compose(again) == compose(audit()) == compose(other_run)


def test_every_link_leads_somewhere_and_every_place_is_one(document):
    ids = list(document.ids())
    assert len(ids) == len(set(ids))
    assert set(document.targets()) <= set(ids)


def test_every_requirement_of_every_framework_is_there_with_all_its_criteria(document):
    told = {block.id: block for top in document.sections for block in blocks(top, Requirement)}
    verdicts = audit().body["verdicts"]
    assert len(told) == sum(len(whole["requirements"]) for whole in verdicts.values())
    assert sum(len(block.criteria) for block in told.values()) == len(audit().body["findings"])


def test_every_judged_number_stands_with_its_interval_n_basis_and_reason(document):
    text = " ".join(document.words())
    for finding in audit().body["findings"]:
        if finding["value"] is not None and finding["low"] is not None:
            beside = wording.edge(finding["bound"])
            assert (
                wording.interval(finding["low"], finding["high"], beside=beside).replace(" ", "\u00a0")
                in text
            )
        assert (finding["basis_source"] or "") in text
        assert (finding["reason"] or "") in text


def test_every_measure_of_the_record_is_in_the_annex(document):
    text = words(section(document, "annex"))
    for evidence in audit().body["evidence"]:
        for m in evidence["measures"]:
            value = wording.quantity(m["value"], kind=m["kind"], unit=m["unit"])
            assert value in text
            assert wording.where(m["of"]) in text
            assert (m["note"] or "").lower() in text.lower()


def test_the_first_page_says_what_by_which_rules_and_when(document):
    text = words(document.sections[0])
    for said in ("Loan screening", "2.1", "Example Bank", "high", "1,200 rows", "2026-12-01"):
        assert said in text
    for framework in audit().body["frameworks"].values():
        assert framework["title"] in text
        assert framework["version"] in text


def test_the_counts_of_the_strip_are_those_of_the_findings(document):
    strips = section(document, "verdicts").blocks[1:]
    for strip, name in zip(strips, ("global-baseline", "us-nyc-ll144"), strict=True):
        found = [f for f in audit().body["findings"] if f["framework"] == name]
        assert sum(share.share for row in strip.rows for share in row.shares) == len(found)
        unmet = sum(s.share for row in strip.rows for s in row.shares if s.verdict == "not_met")
        assert unmet == sum(f["verdict"] == "not_met" for f in found)


def test_the_five_worst_are_told_in_plain_words_worst_first(document):
    (remarks,) = section(document, "worst").blocks
    assert isinstance(remarks, Remarks)
    assert len(remarks.items) == 5
    assert [item.verdict for item in remarks.items] == sorted(
        (item.verdict for item in remarks.items), key=["not_met", "undecided"].index
    )
    parity = next(item for item in remarks.items if item.title == "Outcome parity between groups")
    assert "In group B, 43 of every 100 receive the favourable outcome" in parity.text
    assert "at most 0.1 is asked" in parity.text.lower()
    assert "Basis: accepted practice" in parity.text


def test_one_number_is_named_as_the_record_spells_it(document):
    """Whoever opens the attached record finds it by searching for these very letters."""
    _digest, finding = blocks(section(document, "recheck"), KeyValues)
    told = {pair.key: json.loads(pair.value) for pair in finding.rows}
    record = audit().to_json().decode()
    (found,) = [
        f
        for f in audit().body["findings"]
        if f["verdict"] == "not_met" and all(f[name] == value for name, value in told.items())
    ]
    check, _dot, name = told["measure"].rpartition(".")
    (evidence,) = [e for e in audit().body["evidence"] if e["check"] == check and not e["parameters"]]
    assert any(m["name"] == name and m["value"] == told["value"] for m in evidence["measures"])
    assert all(f'"{pair.key}":{pair.value}' in record for pair in finding.rows)
    assert found["requirement"] in words(section(document, "worst"))


def test_what_stays_open_is_counted_by_reason(document):
    text = words(section(document, "open"))
    undecided = sum(f["verdict"] == "undecided" for f in audit().body["findings"])
    assert f"{undecided} criteria stay undecided" in text
    assert "This version does not measure it yet." in text
    assert "Nobody has answered." in text


def test_a_model_no_better_than_chance_is_said_before_anything_else():
    sanity = Evidence(
        "performance.sanity",
        Outcome.MEASURED,
        measures=(
            Measure("constant_output", 0.0, n=100, kind=Kind.EXACT, unit="flag"),
            Measure("better_than_chance", 0.01, -0.03, 0.05, 100),
        ),
    )
    first = compose(with_evidence(sanity)).sections[0].blocks[0]
    assert first.title == "The model is not shown to be better than chance."
    assert "−0.030 to 0.050" in first.text


def test_a_constant_model_is_said_before_anything_else():
    constant = Measure("constant_output", 1.0, n=100, kind=Kind.EXACT, unit="flag")
    sanity = Evidence("performance.sanity", Outcome.MEASURED, measures=(constant,))
    first = compose(with_evidence(sanity)).sections[0].blocks[0]
    assert first.title == "The model gives everybody the same answer."


def test_a_good_model_raises_no_alarm(document):
    assert [type(block).__name__ for block in document.sections[0].blocks] == ["KeyValues"]


def test_the_chosen_measure_is_told_first_with_its_reason(document):
    name = "fairness.error_rates.false_positive_rate_gap"
    choice = {"measure": name, "reason": "A search <b>is</b> hard.", "chosen_by": "The board", "answers": {}}
    chosen = with_choice(choice)
    family = section(compose(chosen), "family-fairness")
    first, table = family.blocks[0], family.blocks[1]
    assert "Chosen by The board" in first.text
    assert "“A search <b>is</b> hard.”" in first.text
    assert name in first.text
    found = [row[0].text for row in table.rows]
    assert "race" in found
    assert "Chosen" not in section(document, "family-fairness").blocks[0].text


def test_a_choice_that_was_not_measured_says_so():
    choice = {"measure": "fairness.regression.mean_error_gap", "reason": "", "chosen_by": "", "answers": {}}
    told = section(compose(with_choice(choice)), "family-fairness").blocks
    assert "No reason was given." in told[0].text
    assert "not measured here" in told[1].text


def test_each_attribute_has_a_sentence_a_picture_and_a_table(document):
    parts = [p for p in section(document, "family-fairness").sections if p.id.startswith("attribute-")]
    assert len(parts) > 1
    for part in parts:
        kinds = [type(block).__name__ for block in part.blocks]
        assert kinds[:3] == ["Paragraph", "Chart", "Table"]
        assert "of every 100" in part.blocks[0].text


def test_every_requirement_has_one_line_before_the_annex_worst_first(document):
    order = {name: i for i, name in enumerate(WORST_FIRST)}
    for position, whole in enumerate(audit().body["verdicts"].values()):
        (table,) = blocks(section(document, f"results-{position + 1}"), Table)
        assert len(table.rows) == len(whole["requirements"])
        ranks = [order[row[2].verdict] for row in table.rows]
        assert ranks == sorted(ranks)


def test_the_line_of_a_requirement_counts_all_its_criteria(document):
    told = {
        row[0].target: row
        for position in (1, 2)
        for row in blocks(section(document, f"results-{position}"), Table)[0].rows
    }
    for full in (block for top in document.sections for block in blocks(top, Requirement)):
        line = told[full.id]
        tally = line[3].text.rstrip(".").rpartition(". ")[2]
        assert sum(int(n) for n in re.findall(r"(?:^|, )(\d+) [a-z]", tally)) == len(full.criteria)
        assert line[2].verdict == full.verdict


def test_many_attributes_leave_the_report_short_and_none_is_dropped():
    table = people(2000)
    draw = np.random.default_rng(5)
    names = [f"trait {i}" for i in range(14)]
    for name in names:
        table[name] = draw.choice(["x", "y", "z"], len(table))
    drawn = subject(table)
    whole = dataclasses.replace(drawn, roles=dataclasses.replace(drawn.roles, groups=tuple(names)))
    made = record(whole, only=("fairness.selection_rate", "fairness.error_rates"))
    document = compose(made)
    family = section(document, "family-fairness")
    assert len(family.sections) == 4  # as many as a reader takes in; the overview has the others
    lines = blocks(family, Table)[0]
    attributes = list(dict.fromkeys(m.of["attribute"] for m in _measures(made) if "attribute" in m.of))
    assert len(attributes) > len(names)
    annex = [s.title for s in section(document, "annex-groups").sections]
    for attribute in attributes:
        assert any(title.startswith(f"By {crossed(attribute)}") for title in annex)
    more = len(attributes) - len(lines.rows)
    assert more == 0 or f"{more} more stand in the annex" in lines.note
    assert set(document.targets()) <= set(document.ids())


def test_lines_of_the_overview_are_sorted_by_evidence(document):
    lines = blocks(section(document, "family-fairness"), Table)[0]
    assert "race" in lines.rows[0][0].text  # where the sample has its planted difference
    undecided = [row[4].text == "no difference was measured" for row in lines.rows]
    assert undecided == sorted(undecided)


def _measures(made: Audit) -> list[Measure]:
    return [m for one in made.body["evidence"] for m in evidence_from_json(one).measures]


def test_groups_too_small_to_compare_are_shown_hollow_and_noted(document):
    (region,) = [s for s in section(document, "family-fairness").sections if s.title == "By region"]
    chart, table = blocks(region, Chart)[0], blocks(region, Table)[0]
    compared = {row["label"]: row["compared"] for row in chart.data["panels"][0]["rows"]}
    assert compared == {"north": True, "south": True, "isle": False, "highland": False}
    assert "under 30 rows" in table.note


def test_many_groups_stay_readable_and_none_is_dropped():
    table = people(3000)
    table["region"] = [f"district {i % 60}" for i in range(len(table))]
    made = record(subject(table), only=("fairness.selection_rate",))
    document = compose(made)
    (region,) = [s for s in section(document, "family-fairness").sections if s.title == "By region"]
    shown = blocks(region, Table)[0].rows
    rates = [float(row[2].text.partition(" ")[0]) for row in shown]
    assert rates == sorted(rates)
    assert f"{60 - len(shown)} more groups in the annex" in blocks(region, Table)[0].note
    drawn = blocks(region, Chart)[0].data["panels"][0]["rows"]
    assert len(shown) < len(drawn) == GROUPS_SHOWN
    (whole,) = blocks(section(document, f"{region.id}-all"), Table)[:1]
    assert (len(whole.rows), "more groups" in whole.note) == (60, False)
    annex = words(section(document, "annex"))
    assert all(f"region: district {i}" in annex for i in range(60))


def test_checks_without_an_answer_are_listed_with_their_reason(document):
    text = words(section(document, "not-measured"))
    silent = [one for one in audit().body["evidence"] if one["outcome"] != "measured"]
    assert silent
    for one in silent:
        assert one["reason"].rstrip(".").lower() in text.lower()


def test_how_to_check_it_again_names_the_digest_the_day_and_the_seed(document):
    text = words(section(document, "method"))
    assert audit().digest in text
    assert "--as-of 2026-12-01" in text
    assert "Seed 7" in text
    for framework in audit().body["frameworks"].values():
        assert framework["digest"] in text


def test_inferred_roles_are_told_apart_from_declared_ones(document):
    table = next(t for t in blocks(section(document, "annex-made"), Table) if "declared" in t.caption)
    how = {(row[0].text, row[1].text) for row in table.rows}
    assert ("features", "inferred") in how
    assert ("label", "declared") in how


def test_words_assess_and_never_absolve(document):
    told = " ".join(document.words()).lower()
    for word in ("unbiased", "compliant", "certified", "free of bias"):
        assert word not in told


def test_hidden_characters_are_shown_in_every_text():
    text = "".join(compose(hostile.audit()).words())
    assert "a\u2039U+202E\u203ab" in text
    assert not any(char in text for char in "\u202e\u2066\u200f\x00\x1b")


def test_submitted_names_never_become_places():
    document = compose(hostile.audit())
    assert all(id_.isascii() and id_.replace("-", "").isalnum() for id_ in document.ids())


def test_a_record_without_its_rule_sets_is_still_told():
    body = {name: value for name, value in audit().body.items() if name != "frameworks"}
    document = compose(Audit(run={}, body=body))
    assert "global-baseline" in " ".join(document.words())
    assert set(document.targets()) <= set(document.ids())


def test_an_audit_without_evidence_is_still_told():
    body = {**audit().body, "evidence": [], "findings": [], "verdicts": {}}
    document = compose(Audit(run={}, body=body))
    assert document.title == "Audit of Loan screening, version 2.1"


def test_a_block_is_a_frozen_value(document):
    with pytest.raises(dataclasses.FrozenInstanceError):
        document.sections[0].title = "x"


def test_composing_loads_neither_charts_nor_measuring_libraries():
    code = (
        "import sys; from reports.record import Audit; from reports.document import compose\n"
        "compose(Audit.from_json(sys.stdin.buffer.read()))\n"
        "print(sorted({'altair', 'vl_convert', 'pandas', 'sklearn', 'typst'} & sys.modules.keys()))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], input=audit().to_json(), capture_output=True, check=True, cwd=ROOT
    )
    assert answer.stdout.strip() == b"[]"


def test_what_limits_the_data_stands_first_among_what_could_not_be_assessed():
    body = audit().body
    submission = {**body["submission"]}
    note = "`sex` has one group only, `f`: nothing can be compared by it."
    submission["resolved"] = {**submission.get("resolved", {}), "notes": [note]}
    told = compose(Audit(run={}, body={**body, "submission": submission}))
    assert note in words(section(told, "open"))
    assert note not in words(section(compose(audit()), "open"))


def test_a_number_that_nothing_limits_is_reported_and_not_met(document):
    pages = list(blocks(Section("", "", sections=document.sections), Requirement))
    told = [c for page in pages for c in page.criteria if "no limit" in c.asked and c.verdict == "reported"]
    assert told
    assert {c.word for c in told} == {"Reported"}
    assert not [c for page in pages for c in page.criteria if "no limit" in c.asked and c.verdict == "met"]
    strips = section(document, "verdicts").blocks[1:]
    shares = [s for strip in strips for row in strip.rows for s in row.shares if s.verdict == "reported"]
    assert sum(s.share for s in shares) == len(told)
    assert "Reported" in words(section(document, "reading"))


def test_the_reader_is_told_of_the_correction_and_its_level(document):
    text = words(section(document, "reading"))
    assert "Holm" in text
    assert "0.025" in text
    assert any(
        "after Holm" in c.found and "(limit 0.025)" in c.found
        for page in blocks(Section("", "", sections=document.sections), Requirement)
        for c in page.criteria
    )


def test_no_chance_of_breaking_a_limit_stands_beside_one_that_is_met(document):
    """A number well inside its limit has p = 1.000, which beside the limit of 0.025 reads as a failure."""
    pages = blocks(Section("", "", sections=document.sections), Requirement)
    found = [(c.verdict, c.found) for page in pages for c in page.criteria]
    assert any(verdict == "undecided" and "p = " in text for verdict, text in found)
    assert not any(verdict == "met" and "p = " in text for verdict, text in found)


def test_weights_are_said_on_the_first_page():
    columns = {**SUBMISSION["columns"], "weight": "w", "weight_kind": "sampling"}
    body = {**audit().body, "submission": {**audit().body["submission"], "columns": columns}}
    text = words(section(compose(Audit(run={}, body=body)), "summary"))
    assert "each row weighted by “w” as sampling weight" in text


def test_what_was_not_supplied_does_not_read_as_excused():
    assert wording.outcome("not_applicable") == "not measured"


def test_a_role_declared_and_found_alike_is_listed_once():
    body = {**audit().body, "submission": {**audit().body["submission"], "resolved": {"positive": "1"}}}
    tables = blocks(section(compose(Audit(run={}, body=body)), "annex-made"), Table)
    known = [[cell.text for cell in row[:2]] for table in tables for row in table.rows]
    assert ["positive", "declared"] in known
    assert ["positive", "inferred"] not in known


@pytest.mark.parametrize(("low", "high", "said"), [(0.2, 0.4, True), (0.3, 0.5, False), (0.6, 0.8, False)])
def test_a_score_that_ranks_the_wrong_way_round_is_the_first_line(low, high, said):
    area = Measure("roc_auc", (low + high) / 2, low, high, n=90)
    document = compose(
        with_evidence(Evidence("performance.classification", Outcome.MEASURED, measures=(area,)))
    )
    first = document.sections[0].blocks[0]
    assert (isinstance(first, Callout) and "wrong way round" in first.title) is said
