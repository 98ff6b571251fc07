"""Terms of transfers by command, API and page, and from a submission to the report."""

from __future__ import annotations

import json
import re

import pytest

from auditor.cli import main
from auditor.problems import Refused
from auditor.submission import parse
from frameworks.terms import comparisons, profiles, themes
from frameworks.terms_shape import Transfer
from reports.compose.transfers import spelt
from reports.document import Table, compose
from reports.language import said, said_or_same, speaking
from reports.publish import publish
from reports.record import Audit
from tests.reports.test_declared import told
from tests.reports.test_document import blocks, section, words

TERMS = {"purpose": {"is": "stated", "clause": "Clause 4"}, "use": "never", "rights": ["access"]}
TRANSFER = {"name": "Records to <b>Region Y</b>", "facts": {"kept-local": False}, "terms": TERMS}


def test_by_command_with_exit_codes(tmp_path, capsys):
    file = tmp_path / "terms.json"
    file.write_text(json.dumps(TRANSFER))
    assert main(["frameworks", "terms", str(file), "--profile", "depa"]) == 1
    said = capsys.readouterr().out
    assert "1 stricter, 1 equal, 1 weaker, 10 missing" in said
    assert "Weaker    Rights of people at the receiver: Without correction. [depa/4.2a" in said
    assert "PIPL" not in said
    assert main(["frameworks", "terms", str(file), "--json"]) == 1
    assert [one["profile"] for one in json.loads(capsys.readouterr().out)] == ["cn-pipl", "depa"]
    assert main(["frameworks", "terms", str(file), "--profile", "gdpr"]) == 2
    assert main(["frameworks", "terms", str(tmp_path / "none")]) == 2
    file.write_text('{"name": "x", "terms": {"us": "never"}}')
    capsys.readouterr()
    assert main(["frameworks", "terms", str(file)]) == 2
    assert "terms.json, line 1: `us` is no theme; did you mean `use`?" in capsys.readouterr().err


def test_by_the_api_and_nothing_is_kept(client):
    known = client.get("/api/v1/terms").json
    assert {one["id"] for one in known["baselines"]} == {"depa", "cn-pipl"}
    assert known["baselines"][0]["items"][0]["is"]
    answer = client.post("/api/v1/terms/comparisons", json=TRANSFER | {"baselines": ["depa"]})
    (found,) = answer.json["comparisons"]
    assert found["counts"]["missing"] == 10
    refused = client.post("/api/v1/terms/comparisons", json={"name": "x", "terms": {"use": ["a"]}, "nme": 1})
    assert {one["where"] for one in refused.json["problems"]} == {"nme", "terms.use"}
    assert client.post("/api/v1/terms/comparisons", json=[1]).status_code == 422


def test_by_the_page(client, app):
    app.config["WTF_CSRF_ENABLED"] = False
    shown = client.get("/terms").text
    assert "DEPA: themes of personal information and transfers" in shown
    page = client.post("/terms", data={"content": json.dumps(TRANSFER)})
    assert page.status_code == 200
    assert "Records to &lt;b&gt;Region Y&lt;/b&gt;" in page.text
    assert "Without correction" in page.text
    wrong = client.post("/terms", data={"content": "name: x\nterms:\n  use: <script>\n"})
    assert wrong.status_code == 422
    assert "Line 3:" in wrong.text
    assert "<script>`" not in wrong.text
    assert "&lt;script&gt;" in wrong.text
    for content in ("", "\ud800".encode("utf-8", "replace").decode(), "x" * 200_000, "[" * 100, "a: *b"):
        assert client.post("/terms", data={"content": content}).status_code == 422


def test_from_the_submission_to_the_report():
    audit = told(transfers=[TRANSFER | {"baselines": ["depa"]}])
    (found,) = audit.body["terms"]
    assert (found["profile"], found["counts"]["weaker"]) == ("depa", 1)
    part = section(compose(audit), "declared-terms")
    (table,) = blocks(part, Table)
    assert len(table.rows) == len(found["results"])
    assert "Weaker: Rights of people at the receiver. Without correction." in words(part)
    assert "Clause 4" in words(part)
    assert "terms" not in publish(audit).body, "what contracts say is not for everybody"
    assert "terms" not in told().body
    assert Audit.from_json(audit.to_json()).digest == audit.digest


def test_terms_change_no_verdict():
    weak = told(transfers=[{"name": "x", "terms": {"purpose": "not-stated"}}])
    assert weak.body["verdicts"] == told().body["verdicts"]


def test_a_submission_with_terms_that_do_not_fit_is_refused():
    raw = {
        "system": {"name": "A"},
        "task": "binary",
        "data": {"evaluation": {"artifact": f"sha256:{'a' * 64}"}},
        "transfers": [TRANSFER, {"name": "x", "terms": {"us": "never"}}],
    }
    with pytest.raises(Refused) as why:
        parse(raw)
    (problem,) = why.value.problems
    assert problem.where == "transfers.1.terms.us"
    assert "`us` is no theme; did you mean `use`?" in problem.sentence


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant"])
def test_themes_facts_and_baselines_are_told_in_chinese(client, language):
    page = client.get(f"/terms?lang={language}").text
    texts = [item.text for one in profiles().values() for item in one.items]
    titles = [theme.title for theme in themes().themes] + [one.title for one in profiles().values()]
    assert [said for said in (*texts, *titles, *themes().facts.values()) if f">{said}" in page] == []
    assert {"zh-Hans": "数据的准确性", "zh-Hant": "資料的準確性"}[language] in page


SAYS = {"route": "certification", "rights": ["access", "decide"], "retention_days": 30, "audit_days": 7, **{
    key: TERMS[key] for key in ("purpose", "use")}}  # fmt: skip


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant"])
def test_values_and_reasons_are_told_in_chinese_alone(language):
    """Of every theme, whatever it says; a word such as `open` is translated here and nowhere else."""
    weakest = {one.id: list(one.values[:1]) if one.set else one.values[0] if one.values else 1
               for one in themes().themes}  # fmt: skip
    strictest = {one.id: list(one.set) or (one.values[-1] if one.values else 1e6) for one in themes().themes}
    for terms in (SAYS, weakest, strictest):
        raw = {"name": "甲", "terms": terms}
        with speaking(language) as speech:
            for found in comparisons(Transfer.of(raw)):
                for one in found.results:
                    told = [
                        said(one.reason),
                        *(spelt(v) for v in (one.given, one.asked) if v is not None),
                    ]
                    assert not re.search(r"[A-Za-z]{2}", re.sub(r"（[a-z-]+）", "", "".join(told))), told
            assert not speech.foreign
            assert (said("open"), said_or_same("access")) == ("open", "access"), "elsewhere they may be names"
