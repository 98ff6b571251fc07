"""Every optional key: its shape, its sentences, its files, and that none is ignored in silence."""

from __future__ import annotations

import ast
import datetime as dt
import json
from html import unescape

import numpy as np
import pandas as pd
import pytest

from auditor import audit, subjects
from auditor.cli import main
from auditor.manifest import named_by_digest, read_submission
from auditor.plan import frameworks_named, plan
from auditor.problems import Refused
from auditor.sandbox import Limits
from auditor.subjects.facts import FACTS, READ, UNREAD
from auditor.submission import Submission, dotted, files_of, parse
from checks.fairness import frontier_rules
from checks.registry import all_checks
from tests.auditor.test_subjects import Files, applicants
from tests.conftest import ROOT
from tests.reports.test_declared import SANDBOX, WAIVER

BARE = {"system": {"name": "A system"}, "task": "binary", "data": {"evaluation": "rows.csv"}}
FULL = {
    **BARE,
    "model": {"file": "model.skops"},
    "data": {"evaluation": "rows.csv", "training": {"file": "train.csv"}, "reference": "people.csv"},
    "join": {"demographics": {"file": "demo.csv", "on": "case", "to": "id"}},
    "models": [{"name": "rival", "file": "rival.skops"}, {"name": "vendor", "score": "vendor_score"}],
    "population": {"file": "census.csv"},
    "reasons": {"file": "reasons.csv", "on": "case"},
    "notices": ["notice.txt", {"file": "letter.txt"}],
    "answers": {"human-review": {"answer": "yes", "document": "review.pdf"}},
    "service_log": {"file": "log.csv", "groups": ["age"], "completed": "done"},
    "participation": {
        "affected": ["A"], "consultations": [{"group": "A", "answer": "yes", "document": "minutes.pdf"}],
    },
    "sandbox": SANDBOX | {"exit_report": "exit.pdf"},
}  # fmt: skip
FILES = {
    "model": "model.skops",
    "data.evaluation": "rows.csv",
    "data.training": "train.csv",
    "data.reference": "people.csv",
    "join.demographics": "demo.csv",
    "models.0": "rival.skops",
    "population": "census.csv",
    "reasons": "reasons.csv",
    "notices.0": "notice.txt",
    "notices.1": "letter.txt",
    "answers.human-review.document": "review.pdf",
    "service_log": "log.csv",
    "participation.consultations.0.document": "minutes.pdf",
    "sandbox.exit_report": "exit.pdf",
}


def refused(raw):
    with pytest.raises(Refused) as why:
        parse(raw)
    return {problem.where: problem.sentence for problem in why.value.problems}


# Files


def test_every_file_is_found_wherever_it_stands():
    found = {dotted(keys): file.file for keys, file in files_of(parse(FULL))}
    assert found == FILES


def test_no_shape_that_holds_a_file_escapes_the_search():
    """Each `file` that the published schema allows is one that the search above was shown to find."""
    definitions = Submission.model_json_schema()["$defs"]
    shapes = {name for name, shape in definitions.items() if "file" in shape.get("properties", {})}
    used = {type(file).__name__ for _, file in files_of(parse(FULL))}
    assert shapes - {"CountsFile"} <= used | {"FileRef"}


def test_a_folder_with_all_files_is_read_and_named_by_digest(tmp_path):
    for name in FILES.values():
        (tmp_path / name).write_text(name)
    (tmp_path / "s.yaml").write_text(json.dumps(FULL))
    raw, found = read_submission(tmp_path / "s.yaml")
    assert {where: path.name for where, path in found.items()} == FILES
    digests = {where: f"{position:064x}" for position, where in enumerate(found)}
    submission = parse(named_by_digest(raw, digests))
    assert {dotted(keys): file.digest for keys, file in files_of(submission)} == digests
    again = parse(submission.model_dump(mode="json"))
    assert again == submission
    assert again.answers["human-review"].model_dump()["document"].startswith("sha256:")


@pytest.mark.parametrize("where", FILES)
def test_each_file_that_is_not_there_is_named(where, tmp_path):
    for name in set(FILES.values()) - {FILES[where]}:
        (tmp_path / name).write_text(name)
    (tmp_path / "s.yaml").write_text(json.dumps(FULL))
    with pytest.raises(Refused) as why:
        read_submission(tmp_path / "s.yaml")
    (problem,) = why.value.problems
    assert problem.where == where
    assert f"names {FILES[where]}, which is not there" in problem.sentence


def test_every_key_is_documented():
    page = (ROOT / "docs" / "reference" / "submission.md").read_text(encoding="utf-8")
    schema = Submission.model_json_schema()
    for shape in (schema, *schema["$defs"].values()):
        for key in shape.get("properties", {}):
            assert f"`{key}`" in page or f"{key}:" in page, f"{shape['title']}.{key}"


# Shapes

COSTS = {"false_positive": 1, "false_negative": 5}
SHAPES = {
    "seed-true": ({"seed": True}, "seed", "write a whole number such as 1"),
    "seed-text": ({"seed": "3"}, "seed", "write a whole number such as 1"),
    "seed-half": ({"seed": 1.5}, "seed", "write a whole number such as 1"),
    "intersections-text": ({"intersections": "2"}, "intersections", "write a whole number"),
    "threshold-text": ({"columns": {"threshold": "0.5"}}, "columns.threshold", "write a number such as 0.5"),
    "threshold-true": ({"columns": {"threshold": True}}, "columns.threshold", "write a number such as 0.5"),
    "weight-kind-alone": ({"columns": {"weight_kind": "frequency"}}, "columns", "name the `weight` column"),
    "name-blank": ({"system": {"name": "   "}}, "system.name", "it is blank; write a plain name"),
    "name-control": ({"system": {"name": "a\u202eb"}}, "system.name", "2 cannot be printed (U+202E)"),
    "name-lines": ({"system": {"name": "a\nb"}}, "system.name", "cannot be printed (U+000A)"),
    "epsilon-zero": ({"claimed_epsilon": 0}, "claimed_epsilon", "greater than 0"),
    "epsilon-text": ({"claimed_epsilon": "1"}, "claimed_epsilon", "write a number"),
    "direction": ({"directions": {"income": "sideways"}}, "directions.income", "'up' or 'down'"),
    "cost-unknown": ({"costs": {**COSTS, "delay": 3}}, "costs.delay", "not a key"),
    "cost-missing": ({"costs": {"false_positive": 1}}, "costs.false_negative", "is missing; add it"),
    "cost-negative": ({"costs": {**COSTS, "false_positive": -1}}, "costs.false_positive", "or equal to 0"),
    "population-both": ({"population": {"file": "a", "count": 3}}, "population", "a `file` or a `count`"),
    "population-none": ({"population": {}}, "population", "either a `file` or a `count`"),
    "population-nobody": ({"population": {"count": 0}}, "population.count", "or equal to 1"),
    "join-without-id": ({"join": {"d": {"file": "d.csv"}}}, "join.d.on", "is missing; add it"),
    "join-colon": ({"join": {"a:b": {"file": "d.csv", "on": "x"}}}, "join.a:b.[key]", "not accepted"),
    "models-twice": ({"models": [{"name": "a", "score": "s"}] * 2}, "models", "two models are called `a`"),
    "models-both": ({"models": [{"name": "a", "score": "s", "file": "m"}]}, "models.0", "one model file"),
    "notices-text": ({"notices": "n.txt"}, "notices", "must be a list"),
    "document-list": ({"answers": {"a": {"answer": "x", "document": []}}}, "answers.a.document", "as text"),
}  # fmt: skip


@pytest.mark.parametrize("case", SHAPES)
def test_a_key_of_the_wrong_shape_gets_its_sentence(case):
    change, where, said = SHAPES[case]
    found = refused({**BARE, **change})
    assert said in found[where], found


# Facts

FACTS_GIVEN = {
    "control": ["income"],
    "costs": COSTS,
    "directions": {"income": "up"},
    "immutable": ["zip_code"],
    "claimed_epsilon": 1.5,
    "population": {"count": 120_000},
    "reasons": {"artifact": f"sha256:{'1' * 64}", "on": "case"},
    "notices": [{"artifact": f"sha256:{'2' * 64}"}],
    "participation": {"affected": ["A", "B"], "consultations": [{"group": "A", "answer": "In writing."}]},
}


@pytest.fixture
def files(tmp_path, tables_read_here):
    found = Files(tmp_path)
    table = applicants()
    found.table("evaluation", table.assign(final=0, day="2026-01-01", case=range(len(table))))
    found.written |= {"1" * 64: shown(tmp_path), "2" * 64: letter(tmp_path)}
    return found


def letter(folder):
    """Write a notice to people."""
    path = folder / "letter.txt"
    path.write_text("Your loan was refused.")
    return path


def shown(folder):
    """Write a table of reasons that people were given."""
    path = folder / "reasons.parquet"
    pd.DataFrame({"case": range(40), "text": "Your income is too low."}).to_parquet(path, index=False)
    return path


def prepared(files, **changes):
    columns = {"prediction": "decision", "human_decision": "final", "time": "day"}
    return files.prepare(columns=columns, **changes)


def test_every_fact_is_kept_and_said_to_be_unused_where_no_check_reads_it(files):
    """Nothing that is accepted is ignored in silence."""
    found = prepared(files, **FACTS_GIVEN)
    kept = found.subject.facts
    assert set(kept) == set(FACTS) == set(FACTS_GIVEN)
    assert kept["costs"]["false_negative"] == 5
    assert kept["population"]["count"] == 120_000
    unread = [key for key in FACTS if key not in READ]
    assert found.resolved["unread"] == [*unread, "columns.human_decision"]


def test_what_was_left_out_is_not_said(files):
    found = files.prepare(columns={"prediction": "decision"})
    assert "unread" not in found.resolved
    assert found.subject.facts == {}


def test_the_keys_said_to_be_unused_are_read_by_no_check():
    """A check that starts to read one must strike it from the list.

    Gaps are counted in any column, and answers of people and of the model are not searched for names, nor
    taken for numbers of rows.
    """
    names = {name.removeprefix("columns.") for name in UNREAD}
    for path in sorted((ROOT / "checks").rglob("*.py")):
        if path.name in {"model.py", "quality.py", "personal_data.py", "numbering.py"}:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            used = node.attr if isinstance(node, ast.Attribute) and _of_roles(node) else None
            used = _fact(node) or used
            assert used not in names, f"{path.name} reads {used}"


def _of_roles(node):
    return isinstance(node.value, ast.Attribute | ast.Name) and "roles" in ast.unparse(node.value)


def _fact(node):
    """Return the key of `facts["key"]` and `facts.get("key")`."""
    if isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("facts"):
        return getattr(node.slice, "value", None)
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("facts.get"):
        return getattr(node.args[0], "value", None)
    return None


CONTRADICTIONS = {
    "control-unknown": ({"control": ["incom"]}, "control", "did you mean `income`?"),
    "control-is-a-group": ({"control": ["sex"]}, "control", "it is compared, not controlled for"),
    "control-is-the-label": ({"control": ["approved"]}, "control", "an answer of the system or the label"),
    "control-twice": ({"control": ["income", "income"]}, "control", "stands twice"),
    "immutable-unknown": ({"immutable": ["zip"]}, "immutable", "has no column `zip`"),
    "direction-unknown": ({"directions": {"depts": "up"}}, "directions.depts", "did you mean `debt`?"),
    "direction-of-text": ({"directions": {"sex": "up"}}, "directions.sex", "does not hold numbers"),
    "direction-and-immutable": (
        {"directions": {"income": "up"}, "immutable": ["income"]}, "directions.income", "what cannot change"),
    "reviewer-unknown": ({"columns": {"prediction": "decision", "reviewer": "who"}}, "columns.reviewer",
        "`who`"),
    "group-is-label": ({"columns": {"prediction": "decision", "groups": ["approved"]}}, "columns.groups",
        "`approved` is an answer and cannot be a group too"),
}  # fmt: skip


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_a_fact_that_contradicts_the_table_is_refused(case, files):
    changes, where, said = CONTRADICTIONS[case]
    with pytest.raises(Refused) as why:
        files.prepare(**{"columns": {"prediction": "decision"}, **changes})
    found = {problem.where: problem.sentence for problem in why.value.problems}
    assert said in found[where], found


def test_costs_are_of_yes_and_no(files):
    columns = {"prediction": "score", "favourable": None}
    with pytest.raises(Refused, match="the task is regression"):
        files.prepare(task="regression", columns=columns, costs=FACTS_GIVEN["costs"])


def test_very_many_wrong_columns_are_counted(files):
    with pytest.raises(Refused) as why:
        files.prepare(columns={"prediction": "decision", "features": [f"f{i}" for i in range(500)]})
    assert len(why.value.problems) == 21
    assert "`features` names 480 more columns that are not there" in why.value.problems[-1].sentence


# Leaving a key out

PASSED = {"met", "attested", "not_applicable"}
RICH = {
    "columns": {
        "prediction": "decision", "score": "score", "positive": 1, "threshold": 0.5, "weight": "times",
        "weight_kind": "frequency", "quasi_identifiers": ["zip_code"], "sensitive": ["approved"],
        "identifiers": ["case"], "human_decision": "final", "time": "day", "features": ["income", "debt"],
        "groups": ["sex", "demographics:race"],
    },
    "references": {"sex": "m"},
    "merge": {"sex": {"groups": {"x": "f"}, "reason": "one person"}},
    "intersections": 1,
    "models": [{"name": "vendor", "prediction": "other"}],
    "metric_choice": {"measure": "fairness.error_rates.equalized_odds_gap", "reason": "Errors hurt."},
    "service_log": {"artifact": f"sha256:{'3' * 64}", "groups": ["home"], "completed": "done"},
    "participation": {"affected": ["A"], "consultations": [{"group": "A", "date": "2026-03-01", "how": "x",
                                                            "said": "x", "answer": "x", "changed": "x"}]},
    "waivers": [WAIVER],
    "sandbox": SANDBOX,
    **FACTS_GIVEN,
}  # fmt: skip
OPTIONAL = [("columns", key) for key in ("label", "favourable", *RICH["columns"])] + [
    (key,) for key in RICH if key != "columns"
]


@pytest.fixture(scope="module")
def rich(tmp_path_factory):
    """A submission with every optional key, and how it is judged."""
    files = Files(tmp_path_factory.mktemp("rich"))
    table = applicants(300).assign(final=0, day="2026-01-01", times=2, case=range(300))
    table["other"] = table["decision"].where(table.index % 7 > 0, 1)
    table.loc[3, "sex"] = "x"
    files.table("evaluation", table)
    people = files.folder / "people.parquet"
    table[["case"]].assign(race=np.where(table["case"] % 3, "a", "b")).to_parquet(people, index=False)
    files.written["f" * 64] = people
    files.written |= {"1" * 64: shown(files.folder), "2" * 64: letter(files.folder)}
    files.written["3" * 64] = files.folder / "log.csv"
    (files.folder / "log.csv").write_text("home,done\n" + "town,yes\nvillage,yes\n" * 200)
    joined = {"demographics": {"artifact": f"sha256:{'f' * 64}", "on": "case"}}
    return files, {**RICH, "join": joined}


def judged(files, raw):
    """Return the verdict of every requirement of both rule sets; None where the submission is refused."""
    try:
        submission = files.submission(frameworks=["global-baseline", "us-nyc-ll144"], **raw)
        found = subjects.prepare(submission, files.open, Limits())
    except Refused:
        return None
    evidence = [
        all_checks()[check](found.subject, **parameters)
        for check, parameters in plan(frameworks_named(submission.frameworks))
        if not all_checks()[check].asks_model
    ]
    body = audit.assemble(submission, found.resolved, evidence, dt.date(2026, 12, 1))
    return {(name, key): verdict for name, whole in body["verdicts"].items()
        for key, verdict in whole["requirements"].items()}  # fmt: skip


def test_leaving_out_any_optional_key_never_improves_a_verdict(rich, tables_read_here, monkeypatch):
    """What is left out is refused, or leaves every requirement as it was or worse, or undecided."""
    monkeypatch.setattr(frontier_rules, "FITS", 2)  # of a stand-in that nothing judges
    files, whole = rich
    before = judged(files, whole)
    assert before is not None
    assert set(before.values()) & PASSED
    refused = set()
    for keys in [*OPTIONAL, ("join",), *(("columns", "groups", one) for one in whole["columns"]["groups"])]:
        less = {**whole, "columns": dict(whole["columns"])}
        if len(keys) == 3:  # one group only, with what names it
            less["columns"]["groups"] = [one for one in whole["columns"]["groups"] if one != keys[-1]]
            less |= {"references": None, "merge": None} if keys[-1] == "sex" else {}
        else:
            (less["columns"] if len(keys) == 2 else less)[keys[-1]] = None
        less = {key: value for key, value in less.items() if value is not None}
        after = judged(files, less)
        refused |= {keys[-1]} if after is None else set()
        if keys == ("metric_choice",):
            assert after == before  # a choice says where to look first, and nothing else
        better = {
            key: (before[key], verdict)
            for key, verdict in (after or {}).items()
            if verdict in PASSED and before[key] not in PASSED
        }
        assert not better, f"without {'.'.join(keys)}: {better}"
    assert refused == {"weight", "weight_kind", "join", "groups"}  # others name what these declare


# The whole way


def test_one_command_audits_classes_with_a_join_a_vendor_and_facts(tmp_path):
    """By the command line, through the locked child, to the sentence in the report."""
    table = applicants(200).assign(case=range(200))
    table["band"] = np.where(table["income"] > 55, "high", np.where(table["income"] > 45, "mid", "low"))
    table["chosen"] = table["band"]
    table["said"] = table["final"] = np.where(table.index % 4, table["band"], "mid")
    table.drop(columns="sex").to_csv(tmp_path / "rows.csv", index=False)
    table[["case", "sex"]].iloc[10:].to_csv(tmp_path / "people.csv", index=False)
    raw = {
        "system": {"name": "Bands"},
        "task": "multiclass",
        "data": {"evaluation": "rows.csv"},
        "join": {"demographics": {"file": "people.csv", "on": "case"}},
        "models": [{"name": "vendor", "prediction": "said"}],
        "columns": {
            "label": "band",
            "prediction": "chosen",
            "groups": ["demographics:sex"],
            "features": ["debt"],
            "human_decision": "final",
        },
        "control": ["income"],
    }
    (tmp_path / "s.yaml").write_text(json.dumps(raw))
    assert main(["run", str(tmp_path / "s.yaml"), "--out", str(tmp_path / "out"), "--quiet"]) == 0
    body = json.loads((tmp_path / "out" / "audit.json").read_text(encoding="utf-8"))["body"]
    found = {one["check"]: one for one in body["evidence"]}["performance.challengers"]["measures"]
    (ahead,) = [m for m in found if m["name"] == "accuracy_difference"]
    assert ahead["value"] == pytest.approx((table["said"] != table["band"]).mean())
    assert body["submission"]["resolved"]["groups"]["demographics:sex"]["not stated"] == 10
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Declared; no check of this version uses it: human decision." in page
    assert "10 of 200 rows have no match by `case`" in unescape(page)
