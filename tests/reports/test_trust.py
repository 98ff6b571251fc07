"""Reports say how far explanations can be trusted, and what people themselves were told."""

from __future__ import annotations

import dataclasses
import re
from types import SimpleNamespace

import pandas as pd
import pytest

from checks.inclusion.accessibility import accessibility
from checks.interpretability.agreement import agreement
from checks.interpretability.cases import cases
from checks.interpretability.faithfulness import faithfulness
from checks.interpretability.reasons import reasons
from checks.interpretability.shap import shap
from checks.interpretability.stability import stability
from checks.interpretability.surrogate import surrogate
from checks.interpretability.without import BY_LANGUAGE
from checks.model import Evidence, Measure, Table, Task
from reports.compose.one_class import one_class
from reports.compose.people_told import shown_to_people
from reports.compose.tables import ROWS_TOLD
from reports.compose.tables import told as tables_told
from reports.compose.trust import TITLE, trust
from tests.checks.builders import credit
from tests.checks.test_interpretability_bad_input import Gappy, Picky
from tests.checks.told import against, honest, noticed, told

PEOPLE = credit(300, 300)


def view(*evidence):
    found = {one.check: one for one in evidence}
    return SimpleNamespace(default=found.get)


def words(blocks):
    return " ".join(block.text for block in blocks)


def test_the_section_is_made_of_all_three_checks():
    (section,) = trust(view(*(check(PEOPLE) for check in (faithfulness, stability, agreement))))
    said = words(section.blocks)
    assert section.title == TITLE
    for part in ("times as far", "heaviest feature stays the same", "cost of shuffling", "not whether the"):
        assert part in said
    assert "not shown to be better" not in said


def test_one_class_of_many_is_never_told_as_the_model():
    """Without a favourable class paragraph, rules and contributions name the class and the fix."""
    roles = dataclasses.replace(PEOPLE.roles, positive=None, favourable=None)
    many = dataclasses.replace(PEOPLE, task=Task.MULTICLASS, roles=roles)
    most = max(set(many.decision), key=list(many.decision).count)
    checked = [check(many) for check in (faithfulness, stability, agreement, shap, surrogate)]
    (section,) = trust(view(*checked))
    for text in (words(section.blocks), *(" ".join(one_class(one)) for one in checked)):
        assert f"one alone is explained here: {most}, the one decided for most often" in text
        assert "set columns.favourable" in text
    assert (
        checked[-1]
        .measure("fidelity")
        .note.startswith(f"of '{most}' alone, the class decided for most often")
    )
    declared = dataclasses.replace(many, roles=dataclasses.replace(roles, favourable="1"))
    (section,) = trust(view(faithfulness(declared)))
    assert "one alone is explained here: 1, the favourable one" in words(section.blocks)
    assert not any(one_class(faithfulness(PEOPLE)))


def test_the_gap_that_is_more_than_chance_is_named_and_stands_first():
    """Of seven gaps the one whose interval leaves out 0 was left to the annex."""
    evidence = reasons(honest(PEOPLE))
    names = [m.name for m in evidence.measures if m.name.endswith("_gap") and m.of == {"attribute": "sex"}]
    gaps = [Measure(name, 0.1, 0.0, 0.3, 90, of={"attribute": "sex"}) for name in names]
    gaps[-1] = dataclasses.replace(gaps[-1], value=0.174, low=0.039, high=0.307)
    assert len(gaps) > ROWS_TOLD
    others = [m for m in evidence.measures if "attribute" not in m.of]
    evidence = dataclasses.replace(evidence, measures=(*gaps, *others))
    said = words(shown_to_people(evidence))
    assert f"Of {len(gaps)} gaps between groups these are more than chance:" in said
    assert "(sex): 0.174" in said
    tables, _hidden = tables_told(evidence)
    last = next(table for table in tables if any("0.174" in cell.text for row in table.rows for cell in row))
    assert any("0.174" in cell.text for cell in last.rows[0])
    calm = dataclasses.replace(evidence, measures=(*others, *gaps[:-1]))
    assert "none is shown to be more than chance" in words(shown_to_people(calm))


def test_nothing_is_said_where_nothing_was_measured():
    bare = dataclasses.replace(PEOPLE, model=None)
    assert list(trust(view(*(check(bare) for check in (faithfulness, stability, agreement))))) == []
    assert list(trust(view())) == []


def test_people_without_an_answer_are_said_to_be_left_out_and_what_fails_for_it():
    gappy = dataclasses.replace(PEOPLE, model=Gappy({"income": 1.5, "debt": -1.0}))
    (section,) = trust(view(faithfulness(gappy)))
    said = words(section.blocks)
    assert re.search(r"nothing is put in their place: [\d,]+ of 2,000 pairs of people for faithfulness", said)
    dead = dataclasses.replace(PEOPLE, model=Picky({"income": 1.0}))
    (section,) = trust(view(faithfulness(dead), stability(dead)))
    assert "could not answer for such rows: faithfulness; stability;" in words(section.blocks)


CLOSED = "closed form of a model that adds up, interventional"
OWN = "credits of the model's own trees (TreeSHAP), path-dependent"
SAMPLED = "sampled orders, each with its reverse, interventional"


def made(evidence, way):
    """Return *evidence* as if its explanations had been made in another way."""
    methods = (m.method.replace(CLOSED, way) for m in evidence.measures)
    found = zip(evidence.measures, methods, strict=True)
    return dataclasses.replace(
        evidence, measures=tuple(dataclasses.replace(m, method=how) for m, how in found)
    )


@pytest.mark.parametrize(
    ("pictured", "looked_at", "says"),
    [
        (CLOSED, CLOSED, "made in the way of those in the picture: the closed form of a model that adds up"),
        (OWN, OWN, "nothing is drawn, so asking again gives the same explanation"),
        (SAMPLED, SAMPLED, "Fewer rows stand for the other people here"),
        (OWN, SAMPLED, "So it does not tell how far the picture can be trusted"),
    ],
)
def test_the_paragraph_says_whose_explanations_were_looked_at(pictured, looked_at, says):
    shown = [made(check(PEOPLE), looked_at) for check in (faithfulness, stability, agreement)]
    (section,) = trust(view(*shown, made(shap(PEOPLE), pictured), cases(PEOPLE)))
    said = words(section.blocks)
    assert says in said
    assert ("single cases are of another kind" in said) is (looked_at != SAMPLED)


def test_shares_of_people_say_how_sure_they_are():
    (section,) = trust(view(stability(PEOPLE)))
    assert re.search(r"of every 100 people \(95.% interval \d+ to \d+, n 100\)", words(section.blocks))


@pytest.mark.parametrize(("low", "doubted"), [(0.9, True), (1.2, False)])
def test_explanations_no_better_than_chance_are_said_to_be(low, doubted):
    won = Measure("deletion_won_share", 0.5, 0.4, 0.6, 100)
    ratio = Measure("deletion_ratio", 1.3, low, 1.8, 100, unit="ratio")
    evidence = dataclasses.replace(faithfulness(PEOPLE), measures=(ratio, won))
    (section,) = trust(view(evidence))
    assert ("not shown to be better than naming features at random" in words(section.blocks)) is doubted


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        ((1.0, 0.9, 1.0, 5), "put the 5 features that matter by both in much the same order (rank"),
        ((1.0, 0.6, 1.0, 5), "That they are alike is not sure"),
        ((0.9, 0.4, 1.0, 5), "Whether contributions and the cost of shuffling put the 5 features"),
        ((0.6, 0.55, 0.9, 5), "in the same order cannot be told"),
        ((0.1, -0.4, 0.6, 5), "in different orders"),
        ((1.0, 0.9, 1.0, 3), "Too few features matter to compare an order"),
    ],
)
def test_orders_are_called_alike_only_as_far_as_the_interval_allows(numbers, says):
    order = Measure("rank_correlation", *numbers, unit="rank correlation")
    measures = (order, Measure("top_overlap", 0.5, 0, 1, 2), Measure("one_sided_share", 0.4, n=5))
    (section,) = trust(view(dataclasses.replace(agreement(PEOPLE), measures=measures)))
    said = words(section.blocks)
    assert says in said
    assert ("much the same order" in said) is (numbers[1] >= 0.5 and numbers[0] >= 0.8 and numbers[3] > 3)
    assert "Of the 5 features that matter by either, 2 cannot be told from 0 by the other" in said


def test_channels_count_the_reasons_that_are_looked_at():
    letters = told(PEOPLE, [(i, "Low income") for i in against(PEOPLE)[:5]] + [(-1, "Low income")])
    (channels,) = (t for t in reasons(letters).tables if t.name == "channels")
    assert sum(row[2] for row in channels.rows) == 5


def test_what_people_were_told_is_said_in_words():
    said = words(shown_to_people(reasons(honest(PEOPLE))))
    assert "100 of every 100 got one" in said
    assert "among them for" in said
    assert "how to object to 100 of every 100" in said
    assert "counted in favour of who gave the reasons" in said
    assert "spoke for the person" not in said
    helped = [i for i in against(PEOPLE) if PEOPLE.evaluation["income"][i] > 0.5]
    letters = [(i, "Low income", None) for i in helped]
    false = words(shown_to_people(reasons(told(PEOPLE, letters))))
    assert "spoke for the person in the model" in false
    assert "as a reason against them that is false" in false
    mute = words(shown_to_people(reasons(told(PEOPLE, [(i, "No.") for i in against(PEOPLE)]))))
    assert "Where the reasons name features" not in mute


def test_reasons_of_few_people_say_so_and_what_was_left_out():
    few = against(PEOPLE)[:5]
    letters = [(i, "Your income is too low.") for i in few] + [(-1, "Who?"), (-1, "Where?"), (few[0], " ")]
    said = words(shown_to_people(reasons(told(PEOPLE, letters))))
    assert "95\u00a0% interval" in said
    assert "n 5)" in said
    assert (
        "Of the 8 rows in the table of reasons, 2 with a case that no row of the evaluation table has; "
        "these are left out. A text is missing in 1 of the 8 rows: it tells nothing, unless" in said
    )
    assert "left out" not in words(shown_to_people(reasons(honest(PEOPLE))))


def test_false_reasons_of_one_language_are_named():
    """Who is told in French that their income is low has a high one; in English all is true."""
    rich = [i for i in against(PEOPLE) if PEOPLE.evaluation["income"][i] > 0.3][:40]
    true = honest(PEOPLE).reasons
    true = true[~true["row"].isin(rich)].assign(language="en")
    false = told(PEOPLE, [(i, "Low income") for i in rich]).reasons.assign(language="fr")
    both = dataclasses.replace(PEOPLE, reasons=pd.concat([true, false], ignore_index=True))
    evidence = reasons(both)
    (table,) = (t for t in evidence.tables if t.name == BY_LANGUAGE)
    parts = {row[0]: row[3] for row in table.rows}
    assert parts["fr"] > 0.4
    assert parts["en"] < 0.05
    said = words(shown_to_people(evidence))
    assert re.search(
        r"In texts in “fr” at least \d+ of every 100 of the named features spoke for the person "
        r"\(95.% interval \d+ to \d+, n \d+\), in “en” at least 0 of every 100 "
        r"\(95.% interval 0 to \d+, n \d+\): more than chance",
        said,
    )
    assert "In texts in" not in words(shown_to_people(reasons(honest(PEOPLE))))


def test_languages_are_not_compared_where_the_undecided_could_turn_it():
    """Of 40 French letters 18 are false for sure, of 40 English ones 4: with 16 left open nothing is told."""
    columns = ("language", "people", "main reason named", "false reasons", "low", "high", "undecided")
    rows = (("fr", 40.0, 0.5, 0.45, 0.31, 0.6, 0.0), ("en", 40.0, 0.5, 0.1, 0.04, 0.65, 0.4))
    evidence = reasons(honest(PEOPLE))
    table = Table(BY_LANGUAGE, columns, rows)
    said = words(shown_to_people(dataclasses.replace(evidence, tables=(table,))))
    assert "more frequent in one language than in another cannot be told" in said
    assert "more than chance. The intervals" not in said
    old = Table(BY_LANGUAGE, columns[:6], tuple(row[:6] for row in rows))
    assert "one language" not in words(shown_to_people(dataclasses.replace(evidence, tables=(old,))))


def test_whose_texts_are_not_read_is_said_before_what_texts_tell():
    rows = against(PEOPLE)[:40]
    letters = told(PEOPLE, [(i, "Votre revenu est trop bas. Call 0800 123 456.") for i in rows])
    language = ["fr"] * 12 + ["en"] * 28
    letters = dataclasses.replace(letters, reasons=letters.reasons.assign(language=language))
    said = words(shown_to_people(reasons(letters)))
    assert "Of 12 people the texts are in languages that are not read here" in said
    assert "To the others the texts tell an address or a number to 100 of every 100 people" in said


def test_barriers_are_said_and_none_is_no_praise():
    assert "3 elements fail" in words(shown_to_people(accessibility(noticed(PEOPLE))))
    clean = dataclasses.replace(PEOPLE, notices=noticed(PEOPLE).notices[2:])
    said = words(shown_to_people(accessibility(clean)))
    assert "1 page was scanned, and no failure" in said
    assert "only part of the barriers" in said


def test_other_checks_say_nothing_here():
    assert list(shown_to_people(Evidence("privacy.anonymity", reasons(PEOPLE).outcome))) == []
