"""A table of reasons is set beside the rows that it is about, and every way that fails has a sentence."""

from __future__ import annotations

import pandas as pd
import pytest

from auditor import subjects
from auditor.problems import Refused
from auditor.sandbox import Limits
from auditor.submission import parse
from checks.interpretability.reasons import reasons
from checks.model import Outcome

pytestmark = pytest.mark.usefixtures("tables_read_here")

CASES = pd.DataFrame(
    {
        "id": [1, 2, 3, 4, 5, 6],
        "income": [10.0, 20.0, 30.0, 40.0, 50.0, 60.0],
        "decision": [0, 0, 0, 1, 1, 1],
    }
)
SHOWN = pd.DataFrame(
    {
        "case": [1.0, 1.0, 2.0, 9.0, None],
        "text": ["Income too low", None, "Low income", "Of nobody", "Of nobody"],
        "feature": ["income", "income", None, None, None],
    }
)


class Submitted:
    """A folder of tables, and the submission that names them."""

    def __init__(self, folder):
        self.folder = folder
        self.files = {}

    def table(self, name, frame):
        digest = f"{len(self.files):064x}"
        self.files[digest] = self.folder / f"{name}.parquet"
        frame.to_parquet(self.files[digest], index=False)
        return {"artifact": f"sha256:{digest}"}

    def prepare(self, shown=SHOWN, cases=CASES, *, columns=None, **said):
        raw = {
            "system": {"name": "A system"},
            "task": "binary",
            "data": {"evaluation": self.table("cases", cases)},
            "columns": {"prediction": "decision", "favourable": 1, **(columns or {})},
            "reasons": {**self.table("reasons", shown), "on": "id", **said},
        }
        raw["reasons"] = {key: value for key, value in raw["reasons"].items() if value is not None}
        return subjects.prepare(parse(raw), self.files.__getitem__, Limits())


@pytest.fixture
def submitted(tmp_path):
    return Submitted(tmp_path)


def problems(submitted, *tables, **said):
    with pytest.raises(Refused) as why:
        submitted.prepare(*tables, **said)
    return {problem.where: problem.sentence for problem in why.value.problems}


def test_reasons_find_their_rows_and_survive_the_folder(submitted, tmp_path):
    prepared = submitted.prepare()
    found = prepared.subject.reasons
    assert list(found["row"]) == [0, 0, 1, -1, -1]
    assert list(found["feature"].fillna("")) == ["income", "income", "", "", ""]
    assert found["channel"].isna().all()
    assert prepared.subject.roles.identifiers == ("id",)
    assert prepared.subject.roles.features == ("income",)
    assert "unread" not in prepared.resolved
    subjects.save(prepared, tmp_path / "subject")
    again = subjects.load(tmp_path / "subject")
    pd.testing.assert_frame_equal(again.reasons, found)
    first, second = reasons(prepared.subject), reasons(again)
    assert first.outcome is Outcome.MEASURED
    assert first.measures == second.measures
    assert first.measure("coverage").value == pytest.approx(2 / 3)


def test_the_only_identifier_is_the_id_and_other_names_are_declared(submitted):
    shown = SHOWN.rename(columns={"case": "number", "text": "words", "feature": "about"})
    prepared = submitted.prepare(
        shown, columns={"identifiers": ["id"]}, on=None, case="number", text="words", feature="about",
        words={"income": ["earnings"]},
    )  # fmt: skip
    assert list(prepared.subject.reasons["row"]) == [0, 0, 1, -1, -1]
    assert prepared.subject.facts["reasons"]["words"] == {"income": ["earnings"]}


@pytest.mark.parametrize(
    ("changes", "where", "said"),
    [
        ({"on": "idd"}, "reasons.on", "did you mean `id`?"),
        ({"on": None}, "reasons.on", "set `reasons.on`"),
        ({"case": "cas"}, "reasons.case", "the table of reasons has no column `cas`; did you mean `case`?"),
        ({"text": "reason"}, "reasons.text", "has no column `reason`"),
        ({"language": "lang"}, "reasons.language", "has no column `lang`"),
        ({"words": {"incom": ["pay"]}}, "reasons.words", "`words` are given for `incom`"),
        ({"columns": {"features": ["id", "income"]}}, "columns.features", "so it is no feature"),
        ({"case": "text"}, "reasons.on", "no case of the reasons is found"),
    ],
)
def test_what_does_not_fit_is_a_sentence(submitted, changes, where, said):
    assert said in problems(submitted, **changes)[where]


def test_where_no_id_is_known_they_are_counted_and_nobody_is_named(submitted):
    strangers = CASES.assign(id=[f"person-{i}" for i in range(len(CASES))])
    said = problems(submitted, SHOWN, strangers)["reasons.on"]
    assert f"none is among the {len(CASES)} in `id`" in said
    assert "person-" not in said


def test_an_id_on_two_rows_is_told_by_the_rows_and_not_by_the_id(submitted):
    cases = CASES.assign(id=[1, 1, 3, 4, 5, 5])
    assert (
        "`id` holds 1 ids of reasons more than once, such as in rows 1 and 2; a case"
        in problems(submitted, SHOWN, cases)["reasons.on"]
    )


def test_ids_that_stand_twice_but_have_no_reasons_do_no_harm(submitted):
    found = submitted.prepare(cases=CASES.assign(id=[1, 2, None, None, 5, 5])).subject.reasons
    assert list(found["row"]) == [0, 0, 1, -1, -1]


def test_a_table_of_reasons_without_a_text_or_an_id_refuses_both(submitted):
    found = problems(submitted, pd.DataFrame({"a": [1]}))
    assert set(found) == {"reasons.case", "reasons.text"}
