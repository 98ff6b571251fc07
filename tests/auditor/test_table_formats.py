"""The same people are the same table, whatever format they arrive in; what is no table gets one sentence."""

from __future__ import annotations

import datetime as dt
import json
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
import statsmodels
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor import subjects
from auditor.sandbox import Limits, inspect_table, read_table
from auditor.sandbox.inside.answers import Refuse
from auditor.sandbox.inside.jsonl_table import read_jsonl
from auditor.submission import parse
from checks.registry import all_checks
from reports.record import evidence_to_json
from tests.auditor.tables import PEOPLE, WRITERS, ending, raw, refusal, told
from tests.budgets import budget

MOMENT = dt.datetime.fromisoformat("2020-01-02 03:04:05")
MIDNIGHT = dt.datetime.fromisoformat("2021-01-02")


@pytest.mark.parametrize("form", WRITERS)
def test_every_format_gives_the_same_table(form, tmp_path):
    path = tmp_path / f"people.{form}"
    WRITERS[form](PEOPLE, path)
    expected = PEOPLE.astype(dict.fromkeys(("race", "ethnicité", "approved", "born"), "str"))
    pd.testing.assert_frame_equal(read_table(path), expected)


def evidence(path, frame):
    """Return what three checks find in decisions with labels in words and groups in Chinese."""
    raw_submission = {
        "system": {"name": "x"},
        "task": "binary",
        "data": {"evaluation": {"artifact": f"sha256:{'0' * 64}"}},
        "columns": {
            "label": "approved",
            "prediction": "decision",
            "favourable": "yes",
            "groups": ["民族", "sex"],
        },
    }
    prepared = subjects.prepare(parse(raw_submission), lambda _: path, Limits())
    assert len(prepared.subject.evaluation) == len(frame)
    names = ("fairness.selection_rate", "fairness.error_rates", "data.quality")
    return [json.dumps(evidence_to_json(all_checks()[name](prepared.subject))) for name in names]


def test_an_audit_finds_the_same_in_every_format(tmp_path):
    mortgage = pd.read_parquet(Path(__file__).parents[2] / "examples" / "mortgage" / "test.parquet")
    frame = mortgage[["sex", "applicant_income", "loan_to_price", "dependents"]].assign(
        approved=mortgage["approve"].map({1: "yes", 0: "no"}),
        decision=(mortgage["loan_to_price"] < 0.85).map({True: "yes", False: "no"}),
    )
    frame["民族"] = mortgage["race"].map({"white": "汉族", "black": "维吾尔族"}).astype("str")
    found = {}
    for form, write in WRITERS.items():
        write(frame, tmp_path / f"table.{form}")
        found[form] = evidence(tmp_path / f"table.{form}", frame)
    assert '"outcome": "measured"' in found["csv"][0]
    assert "not stated" in found["csv"][0]
    assert "汉族" in json.loads(found["csv"][0])["measures"][0]["of"].values()
    assert found == dict.fromkeys(WRITERS, found["csv"])


# JSON Lines


@pytest.mark.parametrize(
    ("lines", "column", "values"),
    [
        ('{"a": 1}\n{"b": 2, "a": 3}\n', "b", [None, 2]),
        ('{"a": 1}\n{"a": 2.5}\n', "a", [1.0, 2.5]),
        ('{"a": 1}\n{"a": "x"}\n{"a": true}\n', "a", ["1", "x", "true"]),
        ('{"a": 99999999999999999999}\n{"a": 1}\n', "a", ["99999999999999999999", "1"]),
        ('\ufeff{"a": "NA"}\n\n{"a": ""}', "a", ["NA", ""]),
        ('{"a": NaN}\n{"a": 1}', "a", [None, 1]),
        ('{"a": null}\n{"a": null}', "a", [None, None]),
        ('{"a": "\u00e9\u6c49"}', "a", ["é汉"]),
    ],
    ids=["union", "numbers", "mixed", "huge", "marked", "nan", "nothing", "words"],
)
def test_json_lines_become_columns(lines, column, values):
    names, columns, rows, _ = read_jsonl(raw(lines), told())
    assert columns[names.index(column)].to_pylist() == values
    assert rows == len(values)


def test_columns_of_several_kinds_are_told_as_text():
    many = '{"a": 1}\n' * 20_000 + '{"a": "x"}\n'
    _, columns, rows, facts = read_jsonl(raw(many), told())
    assert (rows, columns[0][0].as_py(), columns[0][20_000].as_py()) == (20_001, "1", "x")
    assert facts["note"] == "Values of several kinds, or beyond 64 bits, were read as text in `a`."


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('{"a": 1}\n{"a": {"b": 2}}\n', "`a` holds an object in line 2"),
        ('{"a": [1]}\n', "`a` holds a list in line 1"),
        ('{"a": 1, "a": 2}\n', "line 1 names `a` twice"),
        ('{"a": 1}\n{"a": \n', "line 2 is not JSON"),
        ('{"a": 1}\n[1]\n', "line 2 is no object"),
        (b'{"a": "\xff"}\n', "line 1 is not UTF-8"),
        ('{"a": ' + "[" * 1_000_000, "line 1 is nested too deeply"),
        ('{"a": ' + "9" * 5_000 + "}", "line 1 holds a number of too many digits"),
        ('{"a": "' + "x" * (9 << 20) + '"}', "line 1 is longer than 8 MiB"),
        ("\n\n", "it has no rows"),
        ("{}\n{}\n", "its objects have no keys"),
        ('{"": 1}\n', "column 1 has no name"),
        ("{" + ", ".join(f'"{i}": 1' for i in range(3000)) + "}", "it has 3,000 columns; 2,100 are allowed"),
    ],
    ids=[
        "object", "list", "twice", "cut", "array", "bytes", "deep", "digits", "giant", "blank", "keyless",
        "nameless", "wide",
    ],
)  # fmt: skip
def test_bad_json_lines_get_one_sentence(lines, said):
    with pytest.raises(Refuse) as refused:
        read_jsonl(raw(lines), told())
    assert said in refused.value.sentence


@settings(max_examples=budget(100, 5_000), deadline=None, derandomize=True)
@given(st.binary(max_size=60) | st.text(alphabet='{}[]":,ab1.e- \n', max_size=60).map(str.encode))
def test_any_bytes_are_json_lines_or_a_sentence(content):
    try:
        _, columns, rows, _ = read_jsonl(raw(content), told())
        end = "table" if rows and {len(column) for column in columns} == {rows} else ""
    except Refuse as refused:
        end = refused.sentence
    assert end


def damaged(whole, path):
    """Yield *path* with two bytes of *whole* changed, here and there."""
    for at in range(60, len(whole) - 8, len(whole) // budget(8, 200)):
        path.write_bytes(whole[:at] + b"\xff\x7f" + whole[at + 2 :])
        yield path


# Arrow


@pytest.mark.parametrize("form", ["arrow", "feather"])
def test_a_damaged_arrow_table_is_a_table_or_a_sentence(form, tmp_path):
    WRITERS[form](PEOPLE, tmp_path / "whole")
    whole = (tmp_path / "whole").read_bytes()
    ends = [ending(path, "arrow") for path in damaged(whole, tmp_path / "damaged.arrow")]
    assert set(ends) != {"table"}
    assert all(end == "table" or end.endswith(".") for end in ends)


def test_a_cut_arrow_table_says_so(tmp_path):
    WRITERS["feather"](PEOPLE, tmp_path / "whole")
    path = tmp_path / "cut.feather"
    path.write_bytes((tmp_path / "whole").read_bytes()[:-30])
    assert "it is not a whole Arrow file" in refusal(path)


def test_arrow_columns_of_lists_are_refused(tmp_path):
    WRITERS["arrow"](pd.DataFrame({"a": [[1], [2]]}), tmp_path / "lists")
    assert "column `a` holds list<" in refusal(tmp_path / "lists")


def test_text_that_is_no_utf_8_inside_arrow_is_refused(tmp_path):
    bad = pa.Array.from_buffers(
        pa.string(), 2, [None, pa.array([0, 1, 2], pa.int32()).buffers()[1], pa.py_buffer(b"\xff\xfe")]
    )
    table = pa.table({"a": bad})
    with pa.ipc.new_stream(tmp_path / "bad", table.schema) as writer:
        writer.write_table(table)
    assert "it is not a whole Arrow stream" in refusal(tmp_path / "bad")


# Excel


def workbook(path, **sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_a_workbook_is_read_from_its_first_sheet_that_holds_something(tmp_path):
    path = workbook(
        tmp_path / "b.xlsx", Empty=[], People=[["a", "b"], [1, "x"], [2, None]], Notes=[["n"], [1]]
    )
    seen = inspect_table(path)
    assert (seen.facts["sheet"], seen.facts["other_sheets"]) == ("People", "`Empty`, `Notes`")
    assert [(c.name, c.kind, c.missing, c.missing_as) for c in seen.columns] == [
        ("a", "integer", 0, ()), ("b", "text", 1, (("", 1),)),
    ]  # fmt: skip
    assert list(read_table(path, declared={"sheet": "Notes"}).columns) == ["n"]
    assert "it has no sheet `Other`; it has `Empty`, `People`, `Notes`" in refusal(path, sheet="Other")


def test_cells_of_a_workbook_arrive_as_values(tmp_path):
    rows = [
        ["when", "moment", "yes", "whole", "part", "spelt", "mixed"],
        [dt.date(2020, 1, 2), MOMENT, True, 3, 0.5, "NA", "x"],
        [MIDNIGHT, None, False, 4, 2, "#N/A", 1],
    ]
    frame = read_table(workbook(tmp_path / "b.xlsx", S=rows))
    assert frame["when"].tolist() == ["2020-01-02", "2021-01-02"]
    assert frame["moment"][0] == "2020-01-02 03:04:05"
    assert frame["yes"].tolist() == [True, False]
    assert frame["whole"].dtype == "int64"
    assert frame["part"].tolist() == [0.5, 2.0]
    assert frame["spelt"].isna().all()
    assert frame["mixed"].tolist() == ["x", "1"]
    assert "NA: 1 in `spelt`" in frame.attrs["missing"]
    assert "read as text in `mixed`" in frame.attrs["note"]


def test_formulas_errors_and_merged_cells_are_told(tmp_path):
    path = workbook(tmp_path / "b.xlsx", S=[["a", "b"], [1, "=A2*2"], ["#DIV/0!", 3], [5, 6]])
    book = openpyxl.load_workbook(path)
    book["S"]["A3"].data_type = "e"
    book["S"].merge_cells("A4:B4")
    book.save(path)
    seen = inspect_table(path)
    assert [column.missing for column in seen.columns] == [1, 2]
    note = seen.facts["note"]
    for said in ("1 ranges of cells are merged", "1 formulas have no stored result", "1 cells hold an error"):
        assert said in note


def test_an_old_workbook_is_read_too():
    """statsmodels carries economic data as a binary workbook of the years before 2007."""
    folder = Path(statsmodels.__file__).parent / "tsa/statespace/tests/results/frbny_nowcast/Nowcasting"
    frame = read_table(folder / "data" / "US" / "2016-06-29.xls")
    assert (frame.shape, frame.attrs["format"], frame.attrs["sheet"]) == ((378, 30), "excel", "data")
    assert frame[["Date", "PAYEMS", "CPIAUCSL"]].iloc[0].tolist() == ["1985-01-01", 96373, 105.7]
    assert frame["Date"][frame["JTSJOL"].first_valid_index()] == "2000-12-01"


def test_an_open_document_is_read_too(tmp_path):
    def cell(value):
        kind = "float" if isinstance(value, int) else "string"
        stated = f' office:value="{value}"' if kind == "float" else ""
        opened = f'<table:table-cell office:value-type="{kind}"{stated}>'
        return f"{opened}<text:p>{value}</text:p></table:table-cell>"

    rows = "".join(
        f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in [["a", "b"], [1, "é"]]
    )
    spaces = {
        part: f"urn:oasis:names:tc:opendocument:xmlns:{part}:1.0" for part in ("office", "table", "text")
    }
    names = " ".join(f'xmlns:{part}="{space}"' for part, space in spaces.items())
    manifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    with zipfile.ZipFile(tmp_path / "b.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", f'<manifest:manifest xmlns:manifest="{manifest}"/>')
        archive.writestr(
            "content.xml",
            f"<office:document-content {names}><office:body><office:spreadsheet>"
            f'<table:table table:name="S">{rows}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    frame = read_table(tmp_path / "b.ods")
    assert frame.to_dict("list") == {"a": [1], "b": ["é"]}
    assert (frame.attrs["format"], frame.attrs["sheet"]) == ("excel", "S")


def test_an_office_file_that_is_no_workbook_gets_one_sentence(tmp_path):
    (tmp_path / "letter.doc").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2_000)
    assert "it is not a whole workbook" in refusal(tmp_path / "letter.doc")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([["a", None, "c"], [1, 2, 3]], "column 2 of sheet `S` has no name"),
        ([["a", "a"], [1, 2]], "two columns have the same name: `a`"),
        ([["a", "b"]], "it has a header but no rows"),
        ([], "none of its sheets holds a table"),
    ],
    ids=["blank", "twice", "header", "empty"],
)
def test_a_bad_workbook_gets_one_sentence(rows, said, tmp_path):
    assert said in refusal(workbook(tmp_path / "b.xlsx", S=rows))


def test_a_damaged_workbook_is_a_table_or_a_sentence(tmp_path):
    WRITERS["xlsx"](PEOPLE, tmp_path / "whole.xlsx")
    whole = (tmp_path / "whole.xlsx").read_bytes()
    ends = [ending(path, "excel") for path in damaged(whole, tmp_path / "damaged.xlsx")]
    assert set(ends) != {"table"}
    assert all(end == "table" or end.endswith(".") for end in ends)
