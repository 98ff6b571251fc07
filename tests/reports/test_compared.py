"""One audit against another: fewer data make nothing better, other groups no change, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks.model import Evidence, Kind, Measure, Outcome
from checks.names import intersection_key
from frameworks.model import Finding, State, Verdict
from reports.document import Bullets, KeyValues, Table, compose_comparison
from reports.record import Audit, evidence_to_json, finding_to_json

CHECK = "fairness.selection_rate"
IDLE = "privacy.minimisation"
NOTE = (
    "Nobody was compared by the column `married`, which by its name tells marital status; "
    "add it to `columns.groups`."
)
CHANGED = "Numbers that verdicts rest on, and that changed"
GONE = "Numbers that verdicts rested on before, and rest on no longer"


def rates(groups, ratio, **also):
    """Evidence of rates by race: *groups* with their people, under 30 not compared; the ratio."""
    few = "under 30 rows: not compared"
    each = [
        Measure(
            "selection_rate",
            0.5,
            0.4,
            0.6,
            n,
            {"attribute": "race", "group": g},
            note=few if n < 30 else None,
        )
        for g, n in groups.items()
    ]
    return Evidence(CHECK, Outcome.MEASURED, None, also, (*each, ratio))


def ratio(value, low, high, n=100.0, **also):
    return Measure("impact_ratio", value, low, high, n, {"attribute": "race"}, unit="ratio", **also)


def idle(value, low, high, n=21.0):
    return Evidence(IDLE, Outcome.MEASURED, None, {}, (Measure("idle_feature_share", value, low, high, n),))


def finding(requirement, verdict, measure, path, **also):
    one = Finding(
        "rules", requirement, path, verdict, State.IN_FORCE, "major", "p", requirement, measure=path
    )
    if measure is not None:
        number = {"value": measure.value, "low": measure.low, "high": measure.high, "n": measure.n}
        one = replace(one, of=measure.of, kind=str(measure.kind), unit=measure.unit, **number)
    return replace(one, **also)


def record(evidence, findings, criteria=(), **resolved):
    """A record of a few numbers, judged by one rule set."""
    whole = {one.requirement: str(one.verdict) for one in findings}
    held = [
        {
            "id": name,
            "criteria": [
                {"id": path, "measure": path, "parameters": given}
                for of, path, given in criteria
                if of == name
            ],
        }
        for name in whole
    ]
    return Audit(
        run={},
        body={
            "engine": {},
            "as_of": "2026-12-01",
            "submission": {"system": {"name": "Loans"}, "resolved": resolved},
            "evidence": [evidence_to_json(one) for one in evidence],
            "findings": [finding_to_json(one) for one in findings],
            "verdicts": {"rules": {"verdict": "undecided", "requirements": whole, "principles": {}}},
            "frameworks": {"rules": {"title": "Rules", "version": "1", "digest": "0", "requirements": held}},
        },
    )


def tables(before, after):
    """Return the rows of each table of the comparison, as texts, by its caption."""
    document = compose_comparison(before, after)
    blocks = [block for part in document.sections for block in part.blocks]
    found = {
        b.caption: [[c.text.replace("\xa0", " ") for c in row] for row in b.rows]
        for b in blocks
        if isinstance(b, Table)
    }
    pairs = {p.key: p.value for b in blocks if isinstance(b, KeyValues) for p in b.rows}
    said = [item.text for b in blocks if isinstance(b, Bullets) for item in b.items]
    return found, pairs, said


def judged_by_idle(verdict, *number):
    evidence = idle(*number)
    return record(
        [evidence], [finding("PRIV-01", verdict, evidence.measures[0], f"{IDLE}.idle_feature_share")]
    )


@pytest.mark.parametrize(
    ("number", "way"),
    [
        ((0.48, 0.05, 0.95), "no longer shown not to be met"),
        ((0.12, 0.06, 0.14), "no longer shown not to be met"),  # they touch
        ((0.08, 0.02, 0.139), "better"),
    ],
)
def test_not_met_becomes_better_only_where_the_number_left_its_old_interval(number, way):
    before = judged_by_idle(Verdict.NOT_MET, 0.57, 0.14, 0.90)
    found, _pairs, _said = tables(before, judged_by_idle(Verdict.UNDECIDED, *number))
    (row,) = found["Requirements with another verdict, those that became worse first"]
    assert row[1:] == ["Not met", "Undecided", way]
    assert found["Each rule set as a whole"][0][-1] == f"1 {way}"


def test_a_number_that_is_gone_makes_no_requirement_better():
    before = judged_by_idle(Verdict.NOT_MET, 0.57, 0.14, 0.90)
    path = f"{IDLE}.idle_feature_share"
    nothing = Evidence(IDLE, Outcome.NOT_APPLICABLE, "There is no model.")
    after = record([nothing], [finding("PRIV-01", Verdict.UNDECIDED, None, path)])
    found, _pairs, _said = tables(before, after)
    assert found["Each rule set as a whole"][0][-1] == "1 no longer shown not to be met"
    assert found[GONE][0][0].endswith("; everybody; asked by PRIV-01")
    assert [row[1:] for row in found[GONE]] == [
        ["0.570 (0.140 to 0.900), n 21", "no number", "There is no model."]
    ]


def test_numbers_that_verdicts_rested_on_are_listed_first_with_the_whole_reason():
    """Also where both verdicts are undecided and the number itself still stands in the record."""
    path, groups = f"{CHECK}.impact_ratio", {"a": 99, "b": 55, "c": 841}
    one = rates(groups, ratio(0.758, 0.655, 0.863, 995.0))
    other = rates({"a": 39, "b": 25, "c": 336}, ratio(0.92, 0.763, 1.0, 375.0))
    before = record([one], [finding("FAIR-01", Verdict.UNDECIDED, one.measures[-1], path)])
    after = record([other], [finding("FAIR-01", Verdict.UNDECIDED, None, path, reason=NOTE)], notes=[NOTE])
    found, _pairs, said = tables(before, after)
    (row,) = found[GONE]
    assert row == [
        "impact ratio (selection rate); race; asked by FAIR-01", "0.758 (0.655 to 0.863), n 995",
        "0.920 (0.763 to 1.000), n 375",
        f"{NOTE} Other groups are compared now: without b.",
    ]  # fmt: skip
    assert CHANGED not in found
    assert f"Noted only after: {NOTE}" in said
    assert [f"Noted only before: {NOTE}"] == tables(after, before)[2][-1:]


def test_what_a_requirement_rests_on_instead_is_said():
    path = f"{CHECK}.impact_ratio"
    crossing = Measure(
        "impact_ratio", 0.7, 0.6, 0.9, 80.0, {"attribute": intersection_key(("race", "sex"))}, unit="ratio"
    )
    one, other = rates({"a": 40, "b": 40}, crossing), rates({"a": 40, "b": 40}, ratio(0.9, 0.8, 1.0))
    made = [record([e], [finding("FAIR-03", Verdict.UNDECIDED, e.measures[-1], path)]) for e in (one, other)]
    (row,) = tables(*made)[0][GONE]
    assert row[0] == "impact ratio (selection rate); race × sex; asked by FAIR-03"
    assert row[-1] == (
        "The record after has no such number. "
        "The requirement rests on this now: race, 0.900 (0.800 to 1.000), n 100."
    )


def test_other_groups_are_named_and_never_a_change():
    path = f"{CHECK}.impact_ratio"
    made = [
        record([e], [finding("FAIR-01", Verdict.UNDECIDED, e.measures[-1], path)])
        for e in (
            rates({"a": 99, "b": 55, "c": 800}, ratio(0.5, 0.4, 0.6)),
            rates({"a": 12, "b": 55, "c": 300, "d": 40}, ratio(0.9, 0.8, 1.0)),
        )
    ]
    found, pairs, _said = tables(*made)
    assert found[CHANGED][0][-1] == "other groups are compared now: without a; with d"
    assert (pairs["Intervals apart"], pairs["Other groups compared"]) == ("0", "1")


def test_groups_that_only_a_note_counts_are_told_by_it():
    """A number without rates of groups beside it says how many groups it leaves out."""
    made = [
        record(
            [Evidence(CHECK, Outcome.MEASURED, None, {}, (one,))],
            [finding("F", "undecided", one, f"{CHECK}.impact_ratio")],
        )
        for one in (ratio(0.5, 0.4, 0.6), ratio(0.9, 0.8, 1.0, note="6 of 8 groups not compared"))
    ]
    (row,) = tables(*made)[0][CHANGED]
    assert row[-1] == "other groups are compared now: all groups before, 6 of 8 groups not compared after"


def test_gaps_are_apart_and_ratios_only_do_not_overlap():
    groups = {"a": 99, "b": 55}
    gap = {"attribute": "race"}
    one, other = (
        [
            rates(groups, ratio(*numbers)),
            Evidence(
                CHECK,
                Outcome.MEASURED,
                None,
                {"x": 1},
                (Measure("selection_rate_gap", *numbers, 100.0, gap),),
            ),
        ]
        for numbers in ((0.5, 0.4, 0.6), (0.9, 0.8, 1.0))
    )
    found, pairs, _said = tables(record(one, []), record(other, []))
    rows = {row[0]: row[-1] for row in found["Other numbers whose intervals do not overlap"]}
    assert rows == {
        "gap in selection rate (selection rate)": "apart",
        "impact ratio (selection rate)": "no overlap; a ratio",
    }
    assert pairs["Intervals apart"] == "1"


def test_two_numbers_of_one_label_are_told_apart_by_who_asks():
    path, criteria = f"{CHECK}.impact_ratio", [
        ("FAIR-03", f"{CHECK}.impact_ratio", {}), ("301x", f"{CHECK}.impact_ratio", {"min_group": 10})
    ]  # fmt: skip
    groups, made = {"a": 99, "b": 55}, []
    for low in (0.5, 0.6):
        plain, small = ratio(low, 0.4, 0.9), ratio(low - 0.1, 0.3, 0.9)
        evidence = [rates(groups, plain), rates(groups, small, min_group=10)]
        judged = [
            finding("FAIR-03", Verdict.UNDECIDED, plain, path),
            finding("301x", Verdict.MET, small, path),
        ]
        made.append(record(evidence, judged, criteria))
    rows, label = tables(*made)[0][CHANGED], "impact ratio (selection rate)"
    assert {row[0]: row[2] for row in rows} == {
        f"{label}; with default settings; asked by FAIR-03": "0.500 (0.400 to 0.900), n 100",
        f"{label}; min group 10; asked by 301x": "0.400 (0.300 to 0.900), n 100",
    }


def test_equal_numbers_are_not_under_changed_whatever_their_n():
    """0.995 of 995 rows is 0.9951 of 400, as far as it is told; undefined is undefined."""

    def made(n, more):
        numbers = (
            Measure("orders", 0.995 + more, 0.917, 1.0, n),
            Measure("k", 1.0, n=n, kind=Kind.EXACT, unit="count"),
            Measure("gap", None, n=n, note="nobody is there"),
            Measure("same", 0.2, n=7.0, kind=Kind.EXACT),
        )
        paths = [f"data.quality.{m.name}" for m in numbers]
        return record(
            [Evidence("data.quality", Outcome.MEASURED, None, {}, numbers)],
            [finding(m.name, Verdict.MET, m, path) for m, path in zip(numbers, paths, strict=True)],
        )

    found, pairs, _said = tables(made(995.0, 0.0), made(400.0, 0.0001))
    assert CHANGED not in found
    assert GONE not in found
    assert pairs["In both records"] == "4"
    assert pairs["Of these changed"] == "0"
    assert pairs["Alike to the digits shown, with another n"] == "3"
