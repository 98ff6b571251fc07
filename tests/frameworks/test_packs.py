"""Laws over all bundled frameworks."""

from __future__ import annotations

import runpy

import pytest

from checks.model import Task
from frameworks.judge import judge, summarise
from frameworks.load import packs
from frameworks.measures import HERE, measures
from frameworks.model import Basis, Verdict
from tests.frameworks.builders import facts

DOCS = HERE.parent / "docs"

every_pack = pytest.mark.parametrize("pack", packs().values(), ids=lambda pack: pack.id)


def parts(pack):
    for requirement in pack.requirements:
        for criterion in requirement.criteria:
            for part in criterion.parts:
                yield requirement, part


def test_the_bundled_packs():
    assert {id_: len(pack.requirements) for id_, pack in packs().items()} == {
        "asean-ai-guide": 13,
        "ca-directive-adm": 16,
        "cn-ai-ethics-norms": 15,
        "cn-ai-safety-governance": 15,
        "cn-algorithm-recommendation": 16,
        "cn-pipl": 20,
        "depa": 13,
        "eu-ai-act": 29,
        "global-baseline": 52,
        "hk-dpo-ethical-ai": 16,
        "hk-pcpd-model-framework": 16,
        "iso-42001": 25,
        "iso-bias": 13,
        "jp-ai-guidelines-business": 14,
        "kr-ai-basic-act": 12,
        "nist-ai-rmf": 34,
        "nl-register-iama": 12,
        "oecd-ai-principles": 15,
        "sg-ai-verify": 22,
        "smart-city-municipal": 59,
        "uk-atrs": 14,
        "us-co-sb24-205": 8,
        "us-co-sb26-189": 9,
        "us-nyc-ll144": 12,
        "us-ugesp-four-fifths": 11,
    }


@every_pack
def test_a_pack_is_the_file_of_its_name(pack):
    assert (HERE / "packs" / f"{pack.id}.yaml").is_file()
    assert len(pack.digest) == 64


@every_pack
def test_every_requirement_is_measured_or_asked(pack):
    for requirement in pack.requirements:
        assert requirement.title
        assert requirement.text.endswith(".")
        assert requirement.source.clause
        ways = {"attested" if part.attested else "measured" for r, part in parts(pack) if r is requirement}
        assert ways == {"attested", "measured"}, requirement.id


@every_pack
def test_every_number_says_where_it_comes_from(pack):
    for requirement, part in parts(pack):
        if part.measure:
            assert part.basis_source, requirement.id
            assert part.bound.limit is None or part.basis is not Basis.NONE, requirement.id


@every_pack
def test_a_p_value_is_never_a_bound(pack):
    for _, part in parts(pack):
        if part.measure and "p_value" in part.measure:
            assert part.bound.limit is None


@every_pack
def test_a_clause_known_from_memory_decides_nothing(pack):
    for requirement in pack.requirements:
        assert (requirement.source.verified == "memory") == (requirement.review is not None)


@every_pack
def test_questions_are_questions(pack):
    questions = pack.attestations()
    assert len(questions) >= len(pack.requirements)
    assert all(question.question.endswith("?") for question in questions)


def test_one_key_asks_one_question_across_packs():
    """An answer to one pack's question must not count for another question."""
    asked = [question for pack in packs().values() for question in pack.attestations()]
    assert len({q.key for q in asked}) == len({(q.key, q.question) for q in asked})


@every_pack
@pytest.mark.parametrize("task", list(Task))
@pytest.mark.parametrize("tier", ["limited", "moderate", "high"])
def test_silence_never_passes(pack, task, tier):
    """With no evidence and no answer nothing is met or attested, whatever the task and the tier."""
    found = judge(pack, [], facts(task=str(task), tier=tier))
    assert {finding.verdict for finding in found} <= {Verdict.UNDECIDED, Verdict.NOT_APPLICABLE}
    assert all(finding.reason.endswith(".") for finding in found)
    summary = summarise(pack, found)
    assert set(summary["requirements"]) == {requirement.id for requirement in pack.requirements}
    assert sum(summary["counts"].values()) == len(pack.requirements)


@pytest.mark.parametrize("task", list(Task))
def test_no_task_escapes_the_baseline(task):
    """For the highest tier every requirement asks something of every task."""
    found = judge(packs()["global-baseline"], [], facts(task=str(task), tier="high"))
    verdicts = summarise(packs()["global-baseline"], found)["requirements"]
    assert set(verdicts.values()) == {"undecided"}


def test_a_higher_tier_is_asked_more():
    asked = {}
    for tier in ("limited", "moderate", "high"):
        found = judge(packs()["global-baseline"], [], facts(tier=tier))
        asked[tier] = {f.requirement for f in found if f.verdict is not Verdict.NOT_APPLICABLE}
    assert asked["limited"] < asked["moderate"] < asked["high"]
    assert [len(ids) for ids in asked.values()] == [15, 38, 52]


def test_new_york_sets_no_pass_mark():
    """The law asks for ratios to be calculated and shown, and holds them against nothing."""
    for _, part in parts(packs()["us-nyc-ll144"]):
        if part.measure and measures()[part.measure].check.startswith("fairness."):
            assert part.bound.operator == "reported"


def test_the_page_of_frameworks_is_the_packs():
    written = runpy.run_path(str(DOCS / "frameworks_page.py"))["text"]()
    stored = (DOCS / "reference" / "frameworks.md").read_text(encoding="utf-8")
    assert stored == written, "run: python docs/frameworks_page.py"
