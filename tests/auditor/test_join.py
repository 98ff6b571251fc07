"""Tables kept apart are put beside the rows they belong to; nobody is dropped, repeated or confused."""

from __future__ import annotations

import pandas as pd
import pytest

from auditor import subjects
from auditor.problems import Refused
from auditor.sandbox import Limits
from auditor.submission import parse

pytestmark = pytest.mark.usefixtures("tables_read_here")

CASES = pd.DataFrame(
    {
        "case": [1, 2, 3, 4, 5, 6],
        "income": [10.0, 20.0, 30.0, 40.0, 50.0, 60.0],
        "approved": [0, 1, 0, 1, 0, 1],
        "decision": [0, 1, 1, 1, 0, 0],
    }
)
PEOPLE = pd.DataFrame(
    {"id": [6.0, 5.0, 4.0, 3.0, 9.0], "race": ["a", "b", None, "a", "b"], "age": [20, 30, 40, 50, 60]}
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

    def prepare(self, evaluation=CASES, people=PEOPLE, *, on="case", to="id", training=None, **changes):
        data = {"evaluation": self.table("cases", evaluation)}
        if training is not None:
            data["training"] = self.table("training", training)
        columns = {
            "label": "approved",
            "favourable": 1,
            "prediction": "decision",
            "groups": ["demographics:race"],
        }
        raw = {
            "system": {"name": "A system"},
            "task": "binary",
            "data": data,
            "join": {
                "demographics": {**self.table("people", people), "on": on, **({"to": to} if to else {})}
            },
            "columns": columns | changes.pop("columns", {}),
        }
        return subjects.prepare(parse(raw | changes), self.files.__getitem__, Limits())

    def problems(self, *given, **changes):
        with pytest.raises(Refused) as refused:
            self.prepare(*given, **changes)
        return {problem.where: problem.sentence for problem in refused.value.problems}


@pytest.fixture
def submitted(tmp_path):
    return Submitted(tmp_path)


def test_every_row_keeps_its_place_and_gets_its_own_group(submitted):
    """Ids are compared as text: 3 in one file is 3.0 in the other. Cases 1 and 2 are in no file of people."""
    prepared = submitted.prepare()
    subject = prepared.subject
    assert subject.evaluation["case"].tolist() == CASES["case"].tolist()
    assert subject.groups("demographics:race").tolist() == [
        "not stated", "not stated", "a", "not stated", "b", "a",
    ]  # fmt: skip
    assert prepared.resolved["groups"] == {"demographics:race": {"a": 2, "b": 1, "not stated": 3}}
    assert subject.evaluation["demographics:age"].tolist()[2:] == [50, 40, 30, 20]


def test_who_was_not_found_is_counted_and_said(submitted):
    prepared = submitted.prepare()
    assert prepared.resolved["join"] == {
        "demographics": {"rows": 5, "evaluation": {"found": 4, "not_found": 2, "unused_rows": 1}}
    }
    said = " ".join(prepared.resolved["notes"])
    assert "2 of 6 rows have no match by `case` in the joined table `demographics`" in said
    assert "1 of 5 rows of the joined table `demographics` match no evaluation row" in said


def test_many_rows_may_belong_to_one_person(submitted):
    subject = submitted.prepare(CASES.assign(case=[3, 3, 3, 5, 5, 5])).subject
    assert subject.groups("demographics:race").tolist() == ["a"] * 3 + ["b"] * 3


def test_people_without_an_id_match_nobody(submitted):
    """Two empty ids are not one person, on either side."""
    cases = CASES.assign(case=CASES["case"].astype(float).where(CASES["case"] != 3))
    people = pd.concat([PEOPLE, PEOPLE.assign(id=None, race="x").head(2)], ignore_index=True)
    prepared = submitted.prepare(cases, people)
    assert prepared.subject.groups("demographics:race").tolist()[2] == "not stated"
    assert prepared.resolved["join"]["demographics"]["evaluation"]["unused_rows"] == 4


def test_the_id_and_what_is_kept_apart_are_no_features(submitted):
    subject = submitted.prepare().subject
    assert subject.roles.features == ("income",)
    assert subject.roles.identifiers == ("case",)


def test_training_rows_are_joined_where_they_carry_the_id(submitted):
    prepared = submitted.prepare(training=CASES.head(3))
    assert prepared.resolved["join"]["demographics"]["training"]["found"] == 1
    assert "demographics:race" in prepared.subject.training.columns
    without = Submitted(submitted.folder).prepare(training=CASES.drop(columns="case"))
    assert "training" not in without.resolved["join"]["demographics"]


def test_truth_values_survive_a_join_and_a_save(submitted, tmp_path):
    people = PEOPLE.assign(consent=[True, False, True, False, True])
    prepared = submitted.prepare(people=people, columns={"groups": ["demographics:consent"]})
    subjects.save(prepared, tmp_path / "saved")
    loaded = subjects.load(tmp_path / "saved")
    expected = ["not stated", "not stated", "false", "true", "false", "true"]
    for subject in (prepared.subject, loaded):
        assert subject.groups("demographics:consent").tolist() == expected


WRONG = {
    "id-absent": ({"on": "kase"}, "join.demographics.on",
        "the evaluation table has no column `kase`; did you mean `case`?"),
    "other-id-absent": ({"to": None}, "join.demographics.on",
        "the joined table `demographics` has no column `case`;"),
    "twice": ({"people": PEOPLE.assign(id=[3.0, 3.0, 4.0, 4.0, 9.0])}, "join.demographics",
        "`id` of the joined table `demographics` holds 2 ids more than once, such as in rows 1 and 2; rows"),
    "nothing-shared": ({"people": PEOPLE.assign(id=["A1", "A2", "A3", "A4", "A5"])}, "join.demographics",
        "`case` holds ids shaped like `0`, but `id` of `demographics` holds ids shaped like `a0`; name"),
    "column-there-already": ({"evaluation": CASES.assign(**{"demographics:race": "a"})}, "join.demographics",
        "the evaluation table has `demographics:race` already"),
    "id-as-feature": ({"columns": {"features": ["case"]}}, "columns.features", "it is no feature"),
    "role-without-its-table": ({"columns": {"groups": ["race"]}}, "columns.groups",
        "has no column `race`; did you mean `demographics:race`?"),
    "role-misspelt": ({"columns": {"groups": ["demographics:rase"]}}, "columns.groups",
        "did you mean `demographics:race`?"),
    "no-rows": ({"people": PEOPLE.head(0)}, "join.demographics", "not one row"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_join_that_cannot_be_made_is_refused_in_a_sentence(case, submitted):
    changes, where, said = WRONG[case]
    found = submitted.problems(**changes)
    assert said in found[where], found
