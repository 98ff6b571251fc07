"""Forms change a rule file and keep the rest of it as it was written."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from auditor.policy_edits import effectiveness, relief
from auditor.problems import Refused
from auditor.rule_edits import changed, copy_of, group, head, number, parents_of, start, text_of
from frameworks.load import LoadError, load, packs

RATIO = "FAIR-01 fairness.selection_rate.impact_ratio"
TOWN = copy_of("smart-city-municipal")
ELDERLY = {
    "group_id": "elderly",
    "group_title": "People: aged 65, and over",
    "attributes": "age, age_group",
    "at_least": "65",
    "why": "the pension age # here",
}


def tightened(text, **sent):
    return number(text, {"place": RATIO, "limit": "0.9", "reason": "more"} | sent, parents_of(text, {}))


def differ(text, other):
    one, two = text.splitlines(), other.splitlines()
    return [line for line in two if line not in one]


def test_what_is_not_changed_stays_to_the_letter():
    assert changed(text_of("smart-city-municipal"), lambda data: None) == text_of("smart-city-municipal")


def test_a_group_of_the_same_name_is_replaced_and_another_added():
    text = group(TOWN, ELDERLY)
    assert len(differ(TOWN, text)) == 1
    assert load(text.encode()).groups[0].at_least == 65
    villages = {**ELDERLY, "group_id": "villages", "at_least": "", "group_values": "no, 1e3, a: b"}
    assert load(group(text, villages).encode()).groups[2].values == ("no", "1e3", "a: b")


def test_a_number_that_was_changed_already_is_changed_again():
    text = tightened(TOWN)
    assert len(differ(TOWN, text)) == 1
    assert "to: {at_least: 0.9}, reason: more" in text


@pytest.mark.parametrize("name", packs())
def test_an_overlay_begins_on_any_framework(name):
    """With one named group it can be read."""
    text = start(packs()[name], dt.date(2028, 2, 29))
    found = load(group(text, ELDERLY | {"group_id": "old"}).encode())
    assert (found.parents[0].id, str(found.sunset)) == (name, "2029-02-01")


def test_days_are_set_and_taken_out():
    text = head(
        TOWN, {"version": "2", "title": "", "from": "2027-02-01", "review_by": "", "sunset": "2028-06-30"}
    )
    found = load(text.encode())
    assert (found.version, found.review_by, str(found.sunset)) == ("2", None, "2028-06-30")
    assert found.title == load(TOWN.encode()).title


def test_waivers_and_trials_are_set_and_the_rest_stays():
    text = relief(TOWN, {"waiver_days": "90", "people": "", "relief_reason": "shorter: than before"})
    assert differ(TOWN, text) == ["  days: 90", '  reason: "shorter: than before"']
    found = load(text.encode())
    assert (found.waivers.days, found.waivers.renewals, found.sandbox.people) == (90, 1, 5000)
    fresh = start(packs()["global-baseline"], dt.date(2028, 2, 1))
    made = relief(fresh, {"share_of_cases": "0.05", "approvers": "A board, a court", "relief_reason": "x"})
    found = load(made.encode())
    assert found.sandbox.share_of_cases == 0.05
    assert found.sandbox.approvers == found.waivers.approvers == ("A board", "a court")


def test_what_is_laxer_than_the_parents_carries_its_reason_and_loses_it_again():
    parents = parents_of(TOWN, {})
    sent = {"waiver_days": "200", "trial_days": "100", "relief_reason": "x", "relief_widen": "courts: slow"}
    text = relief(TOWN, sent, parents)
    assert [*differ(TOWN, text)][2:4] == ["  widen:", '    days: "courts: slow"']
    found = load(text.encode())
    assert (found.waivers.days, found.sandbox.days) == (200, 100)
    back = relief(text, {"waiver_days": "90", "relief_reason": "x"}, parents)
    assert "widen:" not in back
    assert load(back.encode()).waivers.days == 90
    with pytest.raises(LoadError, match="or say why: `widen"):
        load(relief(TOWN, {**sent, "relief_widen": " "}, parents).encode())


PROPOSED = {
    "audits": "30",
    "propose": "recalibrate",
    "figure_1": "fail_rate",
    "by_1": "above",
    "limit_1": "0.3",
    "figure_3": "dispute",
    "by_3": "at_least",
    "limit_3": "5",
    "effectiveness_reason": "people are heard",
}


def test_when_a_change_is_proposed_is_set_and_read_again():
    parents = parents_of(TOWN, {})
    text = effectiveness(TOWN, {**PROPOSED, "effectiveness_widen": "few audits here"}, parents)
    found = load(text.encode()).effectiveness
    assert found.audits == 30
    (one,) = (one for one in found.proposals if one.change == "recalibrate")
    assert [(c.figure, c.operator, c.limit) for c in one.when] == [
        ("fail_rate", "above", 0.3),
        ("dispute", "at_least", 5),
    ]
    assert "widen:" in text
    again = effectiveness(text, {**PROPOSED, "limit_3": "9", "effectiveness_widen": "few"}, parents)
    assert len(load(again.encode()).effectiveness.proposals) == len(found.proposals)
    fresh = start(packs()["global-baseline"], dt.date(2028, 2, 1))
    only = {"audits": "50", "effectiveness_reason": "x"}
    assert load(effectiveness(fresh, only, parents_of(fresh, {})).encode()).effectiveness.audits == 50
    none = {"figure_3": "", "limit_3": ""}
    harm = {"propose": "tighten", "figure_1": "harm_after_pass", "by_1": "at_least", "limit_1": "1"}
    tighten = {**PROPOSED, **none, **harm}
    made = effectiveness(fresh, tighten, parents_of(fresh, {}))
    assert "widen:" not in made, "it is no laxer"
    assert load(made.encode()).effectiveness.audits == 30


@pytest.mark.parametrize(
    ("do", "where"),
    [
        (lambda: effectiveness(TOWN, {"effectiveness_reason": "x"}), "audits"),
        (lambda: effectiveness(TOWN, PROPOSED | {"propose": "burn"}), "propose"),
        (lambda: effectiveness(TOWN, PROPOSED | {"figure_1": "luck"}), "figure_1"),
        (lambda: effectiveness(TOWN, PROPOSED | {"by_1": ""}), "by_1"),
        (lambda: effectiveness(TOWN, PROPOSED | {"limit_3": "many"}), "limit_3"),
        (lambda: effectiveness(TOWN, PROPOSED | {"limit_1": ""}), "limit_1"),
        (lambda: effectiveness(TOWN, {"propose": "merge", "effectiveness_reason": "x"}), "figure_1"),
        (lambda: effectiveness(TOWN, PROPOSED | {"effectiveness_reason": ""}), "effectiveness_reason"),
        (lambda: relief(TOWN, {"waiver_days": "many", "relief_reason": "x"}), "waiver_days"),
        (lambda: relief(TOWN, {"waiver_days": "9"}), "relief_reason"),
        (lambda: relief(TOWN, {"relief_reason": "x"}), "waiver_days"),
        (lambda: tightened(TOWN, limit="much"), "limit"),
        (lambda: tightened(TOWN, limit="nan"), "limit"),
        (lambda: tightened(TOWN, limit="1e999"), "limit"),
        (lambda: tightened(TOWN, place="x"), "place"),
        (lambda: tightened(TOWN, reason=" "), "reason"),
        (lambda: group(TOWN, ELDERLY | {"group_values": "x"}), "group_values"),
        (lambda: group(TOWN, ELDERLY | {"why": ""}), "why"),
        (lambda: head(TOWN, {"sunset": "soon"}), "sunset"),
        (lambda: group("a: [", ELDERLY), "content"),
        (lambda: group("- a", ELDERLY), "content"),
        (lambda: group("a: &x [*x]", ELDERLY), "content"),
        (lambda: head("a: !!python/object:os.system x", {"version": "1"}), "content"),
    ],
)
def test_what_cannot_be_set_is_refused_at_its_field(do, where):
    with pytest.raises(Refused) as refused:
        do()
    assert [p.where for p in refused.value.problems] == [where]


def test_requirements_are_found_and_told(client):
    page = client.get("/frameworks?search=Impact_Ratio+fair-01").text
    assert "/frameworks/global-baseline/FAIR-01" in page
    assert "0 requirements have" in client.get("/frameworks?search=%3Cb%3Exyz").text
    page = client.get("/frameworks/smart-city-municipal/FAIR-01").text
    assert "Tighten by smart-city-municipal" in page
    assert "public bodies owe more than the screen of employment law" in page
    assert "/frameworks/us-nyc-ll144/" in page
    assert client.get("/frameworks/smart-city-municipal/NOPE").status_code == 404


def test_the_editor_publishes_and_escapes(client):
    page = client.get("/rules/new?from=smart-city-municipal").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    evil = TOWN.replace("title: Smart", "title: </textarea><script>x()</script> Smart")

    def send(do, **more):
        return client.post("/rules/edit", data={"csrf_token": token, "content": evil, "do": do, **more})

    assert "<script>x()" not in send("check").text
    assert "<script>x()" not in send("effect").text
    assert send("head", version="2").status_code == 200
    assert (
        client.post("/rules/check", data={"csrf_token": token, "content": "a: ["}).text.count("Line 1") == 1
    )
    assert send("publish").status_code == 303
    assert send("publish").status_code == 422
    page = client.get("/rules/my-smart-city-municipal").text
    assert "The first version." in page
    assert "<script>x()" not in page
    with client.get("/rules/my-smart-city-municipal/1.yaml") as file:
        assert file.text == evil
    assert client.get("/rules/nope").status_code == 404
    assert "my-smart-city-municipal" in client.get("/frameworks").text
    assert client.get("/frameworks/my-smart-city-municipal/FAIR-01").status_code == 200


@pytest.mark.parametrize(
    "text",
    ["a: " + "[" * 3000, TOWN.replace("Example", "Ex\x00ample"),
     TOWN.replace("- {id: elderly", "- 7\n  - {id: elderly"),
     TOWN.replace("groups:\n", "groups: x\nothers:\n"), "# " + "x" * 300_000, "7", ""],
    ids=["deep", "nul", "item", "text", "large", "number", "empty"],
)  # fmt: skip
def test_an_odd_file_is_refused_and_shown_again(client, text):
    page = client.get("/rules/new?from=smart-city-municipal").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    for do in ("publish", "effect"):
        answer = client.post("/rules/edit", data={"csrf_token": token, "content": text, "do": do})
        assert answer.status_code == 422
        assert "There is a problem" in answer.text
    assert (
        client.post("/rules/edit", data={"csrf_token": token, "content": text, "do": "check"}).status_code
        == 200
    )
