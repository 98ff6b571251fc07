"""The page for the data-protection officer says what was found, of whom, what helps and what is open."""

from __future__ import annotations

import dataclasses
import io

import pypdf
import pytest

from checks.model import Evidence, Kind, Measure, Outcome, Table, Task
from checks.registry import all_checks
from reports import pdf
from reports.compose.officer import officer
from reports.compose.view import View
from reports.document import Bullets, Document, Paragraph, Section
from reports.document import Table as Told
from tests.checks.builders import credit
from tests.reports.sample import record, subject

ATTACK = {"attack": "rmia_2"}


def share(name: str, value: float | None, low: float | None = None, high: float | None = None, **other):
    """Return an estimate of a thousand people."""
    return Measure(name, value, low, high, n=1000, **other)


def counted(name: str, value: float, **other):
    return Measure(name, value, n=1000, kind=Kind.EXACT, **other)


def found(check: str, *items: Measure | Table) -> Evidence:
    return Evidence(
        check,
        Outcome.MEASURED,
        measures=tuple(one for one in items if isinstance(one, Measure)),
        tables=tuple(one for one in items if isinstance(one, Table)),
    )


def attacked(area: float, high_share: float = 0.2) -> Evidence:
    """Return attacks of which the last has *area*, and finds women most."""
    of = {**ATTACK, "attribute": "sex"}
    name = "group_tpr_at_fpr_1pct"
    return found(
        "privacy.membership_inference",
        share("auc", 0.51, 0.48, 0.54, of={"attack": "loss"}),
        share("tpr_at_fpr_1pct", 0.01, 0.005, 0.02, of={"attack": "loss"}),
        share("auc", area, area - 0.03, area + 0.03, of=ATTACK),
        share("tpr_at_fpr_1pct", 0.38, 0.35, 0.41, of=ATTACK),
        share("tpr_at_fpr_0_1pct", None, of=ATTACK, note="not measurable with 900 evaluation rows"),
        share("high_risk_share", high_share, 0.18, 0.22, of=ATTACK),
        share("generalisation_gap", 0.2, 0.15, 0.25),
        share(name, 0.5, 0.4, 0.6, of={**of, "group": "female"}),
        share(name, 0.1, 0.05, 0.2, of={**of, "group": "male"}),
        share(name, 0.9, 0.4, 1.0, of={**of, "group": "other"}, note="under 30 rows: not compared"),
        share(f"{name}_gap", 0.4, 0.25, 0.55, of=of),
        share(f"{name}_gap", 0.05, 0, 0.2, of={**ATTACK, "attribute": "race"}),
        share(
            f"{name}_gap", None, of={**ATTACK, "attribute": "age"}, note="the training table lacks it: add it"
        ),
        Table(
            "attacks",
            ("attack", "tried", "how, or what it needs"),
            (
                ("loss", True, "confidence"),
                ("noise", False, "not needed, since probabilities tell more"),
                ("lira", False, "on request: set the parameter lira to 16 or more"),
                ("gap", False, "supply decisions for the rows of both files"),
            ),
        ),
    )


def everything(name: str = "district") -> tuple[Evidence, ...]:
    """Return evidence of every check that the page reads, with something to say of each."""
    gone = {f"{name} {i}": str(i) for i in range(9)}
    return (
        attacked(0.9),
        found(
            "privacy.attribute_inference",
            share("gain", 0.12, 0.08, 0.16, of={"attribute": name}),
            share("gain", 0.02, -0.01, 0.05, of={"attribute": "health"}),
        ),
        found(
            "privacy.memorisation",
            share("stored_row_share", 1.0, 0.99, 1.0, of={"table": "training"}, method="every row asked"),
            counted("listed_rare_values", 3, of={}),
            counted("listed_rare_share", 0.03),
            counted("smallest_leaf", 1),
            counted("small_leaf_share", 0.6),
        ),
        found(
            "privacy.anonymity",
            counted("k", 1),
            counted("uniqueness", 0.3),
            counted("combination_uniqueness", 0.0, of={"case": "one column", "column": "sex"}),
            counted("combination_uniqueness", 0.25, of={"case": "two columns", "column": f"{name} × age"}),
            share("k_map", None, note="no table of the population was supplied; add one as `data.reference`"),
            Table(
                "one column left out",
                ("column", "k", "uniqueness"),
                (("age", 1, 0.2), (name, 1, 0.04)),
            ),
        ),
        found("data.personal_data", counted("undeclared_identifiers", 2), counted("undeclared_sensitive", 0)),
        found(
            "privacy.outputs",
            counted("digits_enough", 1),
            share("attack_auc_change", -0.2, -0.25, -0.15, of={"case": "1 digit"}),
        ),
        found(
            "privacy.minimisation",
            Table(
                "features that may not be needed",
                ("feature", "taken as", "alone", "in the smallest set found"),
                (
                    *((feature, "sensitive", "not shown necessary", "kept") for feature in gone),
                    ("income", "not declared personal", "not shown necessary", "kept"),
                    ("religion", "sensitive", "needed by this model", "kept"),
                ),
            ),
        ),
    )


def page(*evidence: Evidence):
    """Return the page, or nothing."""
    view = View("2026-12-01", "0" * 64, {}, {}, evidence, (), {}, {})
    return next(officer(view), None)


def told(*evidence: Evidence) -> dict[str, str]:
    """Return the words of every part of the page, under its id; nothing where there is no page."""
    whole = page(*evidence)
    return {part.id: _words(part.blocks) for part in (whole, *whole.sections)} if whole else {}


def _words(blocks) -> str:
    words = []
    for block in blocks:
        if isinstance(block, Paragraph):
            words.append(block.text)
        elif isinstance(block, Bullets):
            words += [item.text for item in block.items]
        elif isinstance(block, Told):
            words += [" | ".join(cell.text for cell in row) for row in block.rows]
    return "\n".join(words)


def test_a_leak_is_told_in_people_with_the_attack_that_came_furthest():
    words = told(*everything())["privacy-officer"]
    assert "An attacker finds 38 of every 100 training people" in words
    assert "Area 0.900 (0.870" in words
    assert "2 attacks were tried, of which “certainty beside two reference models” came furthest." in words
    assert "names the right district for 12 of every 100 people more" in words
    assert "100 of every 100 training rows stand in it." in words
    assert "30 of every 100 rows are alone" in words
    assert "2 identifiers and 0 sensitive columns look personal" in words


def test_an_area_that_chance_gives_is_no_leak_though_its_own_interval_misses_a_half():
    """Of two attacks one may lie over a half by chance; both together are held at 95 %."""
    assert "Not shown: no attack did better" in told(attacked(0.5305))["privacy-officer"]
    assert "An attacker finds" in told(attacked(0.54))["privacy-officer"]


def test_a_leak_that_finds_nobody_surely_is_told_so_with_what_is_odd_about_the_files():
    some = [m for m in attacked(0.9).measures if m.name != "tpr_at_fpr_1pct"]
    rate = share("tpr_at_fpr_1pct", 0.012, 0.008, 0.02, of=ATTACK)
    gate = share("drift_auc", 0.4, 0.35, 0.45, note="reliably under 0.5: look at how they were split")
    words = told(found("privacy.membership_inference", *some, rate, gate))["privacy-officer"]
    assert "better than guessing over all, but is not shown to find anybody surely" in words
    assert "1 of every 100 training people; guessing finds 1." in words
    assert "How alike the two files are: Reliably under 0.5: look at how they were split." in words


def test_those_found_most_are_named_where_groups_are_shown_to_differ():
    words = told(*everything())["privacy-whom"]
    assert "Of sex, female is found most in the training data: a share of 0.500" in words
    assert "no group is shown to be found more often than another: race." in words
    assert "a share of 0.200 (0.180" in words  # those at high risk
    assert "district × age (250 rows)" in words
    assert "(0 rows)" not in words
    assert "other" not in words.replace("another", "").replace("others", "")  # few people: not compared


def test_where_nothing_leaks_nobody_is_said_to_stand_out():
    assert "stands out above" not in told(attacked(0.51))["privacy-whom"]


def test_remedies_come_with_what_was_measured_of_them():
    guard, rounded, coarse, leaves, learn, asked = told(*everything())["privacy-less"].splitlines()
    assert guard.endswith("no rows. | Of its training rows, 100 of every 100 stand in it.")
    assert rounded.startswith("Give out scores of 1 decimal digit. | No decision about these rows changes.")
    assert "changes by −0.200" in rounded
    assert coarse.endswith("Without it, 4 of every 100 people would be alone; with it, 30 of every 100.")
    assert "district" in coarse
    assert leaves == (
        "Grow trees with larger leaves. Merge rare values before training. | In an average tree, "
        "60 of every 100 "
        "training people share a leaf with few others. 3 of every 100 training people have a "
        "rare value that the file lists."
    )
    assert learn.startswith("Learn less by heart")
    assert "6 more" in asked
    assert "religion" not in asked
    assert "income" not in asked


def answers(*changes: Measure) -> list[str]:
    """Return the remedies where answers as given let nearly everybody be found."""
    areas = (
        share("attack_auc", 0.9995, 0.994, 1.0, of={"case": "as given"}),
        share("attack_auc", 0.6825, 0.645, 0.718, of={"case": "decisions only"}),
    )
    return told(found("privacy.outputs", *areas, *changes))["privacy-less"].splitlines()


def test_remedies_stand_by_their_measured_effect_and_those_without_one_last():
    none = share("attack_auc_change", 0.0, of={"case": "2 digits"})
    some = share("attack_auc_change", -0.006, -0.01, -0.002, of={"case": "1 digit"})
    words = answers(counted("digits_enough", 2), none, some)
    assert words[0].startswith(
        "Give out decisions alone, where they suffice. | The area of the attack becomes"
    )
    assert "0.682" in words[0]
    assert words[1].startswith(
        "Give out scores of 1 decimal digit. | The area of the attack changes by −0.006"
    )
    assert "It is not shown to hinder the attack" in words[2]
    assert len(words) == 3


def test_decisions_alone_find_nobody_at_few_false_alarms_by_construction():
    of = {"of": {"attack": "gap"}}
    page = told(
        found(
            "privacy.membership_inference",
            share("drift_auc", 0.53, 0.49, 0.57),
            share("auc", 0.675, 0.637, 0.71, **of),
            share("raw_auc", 0.705, 0.67, 0.74, **of),
            share("tpr_at_fpr_1pct", 0.0, 0.0, 0.009, **of),
            share("advantage", 0.35, 0.2, 0.5, **of),
            share("high_risk_share", 0.0, 0.0, 0.009, **of),
            counted("shared_rows_dropped", 300, of={"table": "evaluation"}),
        )
    )
    words = page["privacy-officer"]
    assert "not measurable from decisions alone. Advantage: 0.350" in words
    assert "0 of every 100" not in words
    assert "300 of 1,000 evaluation rows stand in the training file too" in words
    assert "taken off the area, 0.705 (0.670" in words
    assert "as measured, but not off the people found" in words
    assert "share of 0.000" not in page["privacy-whom"]


def test_columns_that_nobody_declared_are_named_and_said_not_to_be_counted():
    columns = ("column", "looks like", "which is", "declared as")
    rows = (
        ("ref", "phone", "direct identifier", "not declared"),
        ("born", "date", "quasi-identifier", "not declared"),
    )
    counts = counted("undeclared_identifiers", 1), counted("undeclared_sensitive", 0)
    page = told(
        found("data.personal_data", *counts, Table("columns that look personal", columns, rows)),
        found("privacy.anonymity", counted("k", 1)),
    )
    assert "By name: ref. Who is alone was counted without ref and born" in page["privacy-officer"]
    assert page["privacy-less"].startswith("Leave out ref.")


def test_what_was_not_tried_is_named_with_what_to_supply_and_nothing_that_needs_nothing():
    why = "no training data: supply data.training, the rows that the model learnt from"
    gone = [Evidence(f"privacy.{name}", Outcome.NOT_APPLICABLE, why) for name in ("memorisation",)]
    page = told(attacked(0.9), *gone, *everything()[3:4])
    words = page["privacy-open"]
    assert "Whoever is judged rightly: Supply decisions for the rows of both files." in words
    assert "file? | Not measured. No training data: supply data.training" in page["privacy-officer"]
    assert "No training data" not in words  # what the table says is not said again
    assert "How many people elsewhere look alike: No table of the population" in words
    assert "Who is found most: The training table lacks it: add it." in words
    assert "Not measurable with 900 evaluation rows." in words
    assert "likelihood" not in words
    assert "noise" not in words


def test_a_question_without_an_answer_says_why_and_what_to_supply():
    why = "no training data: supply data.training, the rows that the model learnt from"
    gone = [
        Evidence(f"privacy.{name}", Outcome.NOT_APPLICABLE, why)
        for name in ("membership_inference", "memorisation")
    ]
    words = told(*gone)
    assert "privacy-open" not in words
    said = words["privacy-officer"]
    assert said.count(f"Not measured. {why[0].upper()}{why[1:]}. | Nothing is known either way.") == 2
    assert said.count("Not tried: no rule that was chosen asks for it. | Nothing is known either way.") == 3


def anonymous(k: float, once: float | None, each: float | None, note: str | None = None) -> str:
    """Return what is said of who is behind a row."""
    evidence = found(
        "privacy.anonymity",
        counted("k", k, note=note),
        counted("uniqueness", 0.0),
        share("rows_a_person", each, note="`pid` may tell people apart: name it in columns.identifiers"),
        share("k_without_repeats", once, kind=Kind.EXACT, note="not needed: people told apart by `pid`"),
    )
    return "\n".join(told(evidence).values())


def test_rows_are_not_called_people_until_somebody_tells_them_apart():
    words = anonymous(5, 5, None)
    assert "No row is alone: at least 5 rows share every combination." in words
    assert "Counted, not estimated: 1,000 rows, each taken for one person." in words
    assert "But rows repeat" not in words
    assert "How many people stand behind the rows: `pid` may tell people apart" in words
    words = anonymous(5, None, 4.0)
    assert "Nobody is alone: at least 5 people share every combination." in words
    assert "Counted, not estimated: 1,000 people." in words
    assert "stand behind the rows" not in words


def diverse(values: float, note: str | None = None, **t) -> str:
    """Return the page of one sensitive column of so many values in the class that has fewest."""
    of = {"of": {"column": "wage"}, "note": note}
    l_and_t = [counted("distinct_l", values, **of), counted("t", 0.94, unit="distance", **of)]
    return told(found("privacy.anonymity", counted("k", 5), counted("uniqueness", 0.0), *l_and_t))[
        "privacy-officer"
    ]


def test_what_people_who_look_alike_have_in_common_is_told_with_how_far_that_goes():
    assert "everybody has the same wage." in diverse(1)
    words = diverse(280, "`wage` has 5,000 different values for 5,000 people")
    assert "Each group of people who look alike has 280 values of wage or more." in words
    assert "up to 0.940 from those of everybody (t). `wage` has 5,000 different values for" in words
    known = Measure("distinct_l", None, of={"column": "sex"}, note="`sex` is a quasi-identifier too")
    both = found("privacy.anonymity", counted("k", 5), counted("uniqueness", 0.0), known)
    assert "in common? | Not measured. `sex` is a quasi-identifier too." in told(both)["privacy-officer"]


def test_without_a_sensitive_column_it_is_told_what_to_declare():
    words = "\n".join(told(found("privacy.anonymity", counted("k", 5), counted("uniqueness", 0.0))).values())
    assert "What people who look alike have in common: no sensitive column was declared; set columns" in words
    assert "in common?" not in words


def test_a_remedy_that_was_not_tried_stands_after_those_that_help():
    """The area of an attack was not measured on rounded answers: rounding comes last, and says so."""
    unknown = found("privacy.outputs", counted("digits_enough", 1))
    words = told(*[one for one in everything() if one.check != "privacy.outputs"], unknown)["privacy-less"]
    _guard, first, *rest = words.splitlines()
    assert first.startswith("Coarsen or leave out district")
    assert any("What it would take from an attack was not measured." in one for one in rest)


def test_rows_that_repeat_are_told_beside_the_smallest_group():
    words = anonymous(5, 1, None, "80% of the rows repeat another one; name the column")
    assert "But rows repeat: if all that repeat are one person each, the smallest group is 1 person." in words
    assert "each taken for one person. 80% of the rows repeat another one; name the column." in words


@pytest.mark.parametrize(
    ("lacks", "check", "words"),
    [
        (
            {"score": None, "training_score": None},
            "membership_inference",
            "Supply probabilities for the rows of",
        ),
        ({"training": None}, "membership_inference", "No training data: supply data.training"),
        ({"inside": None, "model_file": None}, "memorisation", "No model file was submitted: supply one"),
        (
            {"task": Task.REGRESSION, "training_score": None},
            "membership_inference",
            "supply the model, so that it",
        ),
    ],
    ids=["labels only", "holdout only", "black box", "numbers without a model"],
)
def test_whoever_supplies_less_is_told_what_was_not_tried_and_what_to_supply(lacks, check, words):
    less = dataclasses.replace(credit(150, 150), **lacks)
    assert words in "\n".join(told(all_checks()[f"privacy.{check}"](less)).values())


def test_numbers_that_are_not_for_everybody_are_said_to_be_withheld():
    kept = share("k", None, note="withheld: it tells of few people")
    assert "| Withheld. |" in told(found("privacy.anonymity", kept))["privacy-officer"]


def test_no_page_where_nothing_of_privacy_was_asked():
    assert told(found("fairness.selection_rate")) == {}


def test_the_page_is_one_page_of_paper_even_where_every_line_is_told():
    first = Section("Summary", "summary", (Paragraph("What comes before."),))
    document = Document("Audit", "", "2026-12-01", "0" * 64, (first, page(*everything())))
    paper = pypdf.PdfReader(io.BytesIO(pdf.render(document, record(subject(), only=("no check",)).to_json())))
    _, last = [one.extract_text() for one in paper.pages]
    assert len(paper.pages) == 2  # the title, what comes before and the contents; the page
    assert "For the data-protection officer" in last
    assert "no table of the population" in last.casefold()
