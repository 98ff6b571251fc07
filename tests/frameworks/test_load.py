"""Loading: what a framework says, and how each mistake is refused."""

from __future__ import annotations

import copy
import datetime as dt

import pytest
import yaml

from frameworks.load import LoadError, load
from frameworks.model import Basis, Bound, Decide, Severity, Verdict
from tests.frameworks.builders import GAP, RATIO, bound, content, dump, framework

ATTESTED = {"attested": "notice-text", "question": "Where is the notice?"}


def test_a_framework_says_what_it_asks():
    rule = framework(
        bound(decide="point", of={"depth": 2}, parameters={"min_group": 10}, tasks=["binary"]),
        ATTESTED | {"missing": "not_met"},
        requirement={
            "applies": {"tiers": ["high"], "when": ["sets-prices"], "from": dt.date(2026, 1, 1)},
            "severity": "blocking",
        },
        conditions={"sets-prices": "It sets prices."},
    )
    (asked,) = rule.requirements
    assert (asked.severity, asked.applies.tiers) == (Severity.BLOCKING, ("high",))
    assert asked.applies.start == dt.date(2026, 1, 1)
    measured, attested = asked.criteria
    assert (measured.id, measured.measure, measured.basis) == (RATIO, RATIO, Basis.GUIDELINE)
    assert measured.bound == Bound("at_least", 0.8, Decide.POINT)
    assert (dict(measured.of), dict(measured.parameters)) == ({"depth": "2"}, {"min_group": 10})
    assert (attested.id, attested.missing) == ("attested:notice-text", Verdict.NOT_MET)
    (question,) = rule.attestations()
    assert (question.key, question.requirement) == ("notice-text", "R-1")


def test_questions_stand_in_order_each_once():
    twice = [ATTESTED, {"attested": "plan", "question": "Where is the plan?"}]
    data = content(*twice)
    data["requirements"].append(data["requirements"][0] | {"id": "R-2"})
    keys = [q.key for q in load(dump(data).encode(), "rule.yaml").attestations()]
    assert keys == ["notice-text", "plan"]


def test_the_digest_is_of_the_content_not_of_its_spelling(tmp_path):
    data = content(bound(), notes=["one"], review_by=dt.date(2027, 1, 1))
    block, flow = yaml.safe_dump(data), yaml.safe_dump(data, default_flow_style=True, sort_keys=False)
    path = tmp_path / "rule.yaml"
    path.write_text("# a comment\n" + block)
    assert load(path).digest == load(flow.encode(), "other.yaml").digest
    changed = yaml.safe_dump(data | {"notes": ["two"]})
    assert load(changed.encode(), "rule.yaml").digest != load(path).digest


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(LoadError, match=r"none\.yaml, line 1: the file cannot be read .* check its path"):
        load(tmp_path / "none.yaml")


def criterion(**changes):
    return lambda data: data["requirements"][0]["criteria"][0].update(changes)


def requirement(**changes):
    return lambda data: data["requirements"][0].update(changes)


def top(**changes):
    return lambda data: data.update(changes)


def drop(*names):
    def change(data):
        for name in names:
            del data["requirements"][0]["criteria"][0][name]

    return change


def replaced(*criteria):
    return requirement(criteria=list(criteria))


MISTAKES = {
    "other overlay format": (top(adds=[]), "adds", "local items stand under `requirements`"),
    "replaced by nothing": (requirement(replaced_by="R-9"), "replaced_by", "this file has no item `R-9`"),
    "unknown key": (top(titel="x"), "titel", "`titel` is not a key here; did you mean `title`?"),
    "unknown far key": (top(zzz=1), "zzz", "remove it, or use one of"),
    "unknown requirement key": (requirement(sevrity="x"), "sevrity", "did you mean `severity`?"),
    "unknown criterion key": (criterion(at_leest=1), "at_leest", "did you mean `at_least`?"),
    "unknown applies key": (requirement(applies={"form": "2026-01-01"}), "form", "did you mean `from`?"),
    "unknown measure": (
        criterion(measure="fairness.selection_rate.impact_ration"),
        "measure",
        "has no measure `impact_ration`; did you mean `fairness.selection_rate.impact_ratio`?",
    ),
    "unknown check": (
        criterion(measure="fairness.selekt.impact_ratio"),
        "measure",
        "there is no check `fairness.selekt`; did you mean `fairness.selection_rate.impact_ratio`?",
    ),
    "no dots": (criterion(measure="accuracy"), "measure", "there is no check `accuracy`"),
    "unknown parameter": (
        criterion(parameters={"min_groups": 10}),
        "min_groups",
        "`fairness.selection_rate` has no parameter `min_groups` (it has: min_group)",
    ),
    "parameter of text": (criterion(parameters={"min_group": "x"}), "min_group", "a whole number from 1 on"),
    "parameter under 1": (criterion(parameters={"min_group": -5}), "min_group", "a whole number from 1 on"),
    "parameter of half": (criterion(parameters={"min_group": 0.5}), "min_group", "a whole number from 1 on"),
    "limit that nothing keeps": (
        criterion(at_least=1.5),
        "at_least",
        "keeps `at_least: 1.5`, since all lie between 0 and 1; correct it (a share of 85 % is written",
    ),
    "limit that all keep": (
        criterion(at_least=0),
        "at_least",
        "keeps `at_least: 0`, since all lie between 0 and 1; correct it, or",
    ),
    "limit of a share that all keep": (replaced(bound(GAP, at_most=1)), "at_most", "every number of"),
    "limit of a count that all keep": (
        replaced(bound("privacy.anonymity.k_map", at_least=0)),
        "at_least",
        "every number of `privacy.anonymity.k_map` keeps `at_least: 0`, since none is below 0",
    ),
    "one person in the smallest class": (
        replaced(bound("privacy.anonymity.k", at_least=1)),
        "at_least",
        "every number of `privacy.anonymity.k` keeps `at_least: 1`, since none is below 1",
    ),
    "unknown control": (
        requirement(controls=["FAIR-99"]),
        "FAIR-99",
        "no control `FAIR-99`; did you mean `FAIR",
    ),
    "unknown of": (criterion(of={"atribute": "race"}), "atribute", "did you mean `attribute`?"),
    "odd depth": (criterion(of={"depth": 7}), "depth", "`depth` is 1, 2 or 3"),
    "depth without groups": (
        replaced(bound("data.quality.missing_share", of={"depth": 2})),
        "depth",
        "for measures of attributes; correct or remove it",
    ),
    "two bounds": (
        criterion(at_most=1),
        "measure",
        "exactly one bound; keep one of `at_least` and `at_most`",
    ),
    "no bound": (drop("at_least"), "measure", "exactly one bound; add one of `at_least`, `at_most`"),
    "equals an estimate": (
        replaced(bound(equals=1)),
        "equals",
        "is an estimate, which never equals a number; use `at_least` or `at_most`",
    ),
    "no basis": (drop("basis"), "measure", "a bound says where it comes from; add `basis`"),
    "no basis source": (drop("basis_source"), "measure", "add `basis` and `basis_source`"),
    "no way": (
        replaced({"basis": "law"}),
        "basis",
        "exactly one of `measure`, `attested`, `any_of`, `all_of`",
    ),
    "two ways": (criterion(attested="x"), "measure", "keep one of `measure` and `attested`"),
    "bounded attestation": (replaced(ATTESTED | {"at_least": 1}), "attested", "an attestation has no bound"),
    "no question": (replaced({"attested": "x"}), "attested", "an attestation asks something; add `question`"),
    "question of a measure": (
        criterion(question="What?"),
        "measure",
        "belong to an attestation; remove them",
    ),
    "any_of without id": (replaced({"any_of": [bound(), bound(GAP, at_most=1)]}), "any_of", "needs an `id`"),
    "any_of of one": (replaced({"id": "x", "any_of": [bound()]}), "any_of", "takes two or more"),
    "any_of with bound": (
        replaced({"id": "x", "any_of": [bound(), bound(GAP, at_most=1)], "equals": 0}),
        "any_of",
        "move `equals` to the parts",
    ),
    "any_of mixed": (
        replaced({"id": "x", "any_of": [bound(), ATTESTED]}),
        "any_of",
        "an attestation cannot stand in for a measurement",
    ),
    "twin criteria": (replaced(bound(), bound(at_least=0.9)), "measure", "give one an `id`"),
    "twin ids": (replaced(bound(id="x"), bound(id="x")), "criteria", "are called `x`; rename one"),
    "memory without review": (
        requirement(source={"clause": "1", "verified": "memory"}),
        "id: R-1",
        "needs `review: source not verified`; add it",
    ),
    "undeclared condition": (
        requirement(applies={"when": ["set-prices"]}),
        "when",
        "`set-prices` is not among `conditions`; add it",
    ),
    "tiers with a hole": (requirement(applies={"tiers": ["limited"]}), "tiers", "of the higher ones too"),
    "dates reversed": (
        requirement(applies={"from": dt.date(2026, 2, 1), "until": dt.date(2026, 1, 1)}),
        "from",
        "`until` is not after `from`; correct one",
    ),
    "superseded when": (requirement(applies={"superseded_by": "x"}), "superseded_by", "needs `until`"),
    "unknown severity": (requirement(severity="minor"), "severity", "`minor` is not a value of `severity`"),
    "unknown basis": (criterion(basis="gut"), "basis", "`gut` is not a value of `basis`"),
    "unknown tier": (requirement(applies={"tiers": ["top"]}), "tiers", "`top` is not a value of `tiers`"),
    "bound of text": (
        criterion(at_least="85%"),
        "at_least",
        "`at_least` is not a number; write one such as 0.85",
    ),
    "infinite bound": (criterion(at_least=float("inf")), "at_least", "`at_least` is not a number"),
    "day as number": (top(review_by=20271231), "review_by", "is not a date; write it as 2027-12-31"),
    "day of elsewhere": (top(review_by="12/31/2027"), "review_by", "is not a date; write it as 2027-12-31"),
    "tiers in words": (criterion(tasks="binary"), "tasks", "`tasks` is not a list; write each entry"),
    "version as number": (top(version=1.0), "version", "`version` is not text; put it in quotes"),
    "spaced id": (top(id="My Rule"), "id", "`My Rule` is not a name; use letters, digits and `-`"),
    "no criteria": (replaced(), "criteria", "`criteria` is empty; add at least one"),
    "other format": (top(format="x"), "format", "`x` is not a value of `format`"),
}


@pytest.mark.parametrize(("change", "at", "words"), MISTAKES.values(), ids=MISTAKES.keys())
def test_each_mistake_is_refused_with_its_line_and_its_fix(change, at, words):
    data = copy.deepcopy(content(bound()))
    change(data)
    text = dump(data)
    with pytest.raises(LoadError) as refused:
        load(text.encode(), "rule.yaml")
    lines = text.splitlines()
    assert refused.value.file == "rule.yaml"
    assert words in refused.value.sentence
    assert refused.value.sentence.endswith((".", "?"))
    near = lines[max(refused.value.line - 2, 0) : refused.value.line + 1]
    assert any(at in line for line in near), refused.value


@pytest.mark.parametrize("key", ["id", "title", "version", "force", "jurisdiction", "requirements", "format"])
def test_a_missing_key_is_refused(key):
    data = content(bound())
    del data[key]
    with pytest.raises(LoadError, match=f"rule.yaml, line 1: `{key}` is missing; add it."):
        load(yaml.safe_dump(data).encode(), "rule.yaml")


def test_one_id_names_one_requirement():
    data = content(bound())
    data["requirements"] *= 2
    text = dump(data)
    with pytest.raises(LoadError, match="the id `R-1` stands twice; give one another id") as refused:
        load(text.encode(), "rule.yaml")
    assert text.splitlines()[refused.value.line - 1] == "- id: R-1"


def test_one_key_asks_one_question():
    other = ATTESTED | {"question": "Where is something else?", "id": "other"}
    with pytest.raises(LoadError, match="`notice-text` asks another question elsewhere"):
        framework(ATTESTED, other)


def test_a_file_that_is_no_mapping_is_refused():
    with pytest.raises(LoadError, match="a framework is a mapping of keys; start from a bundled pack"):
        load(b"- 1", "rule.yaml")
