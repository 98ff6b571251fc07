"""A table arrives value for value, the same from CSV as from Parquet; a bad one gets one sentence."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import json
import struct

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.problems import Refused
from auditor.sandbox import Limits, inspect_table, read_table
from auditor.sandbox.frames import ANSWER, COLUMN, DESCRIPTION, MAGIC
from auditor.sandbox.inside.answers import Refuse
from auditor.sandbox.inside.csv_table import read_csv
from tests.budgets import budget

PEOPLE = pd.DataFrame(
    {
        "id": [10, 11, 12, 13],
        "income": [50.25, np.nan, 1 / 3, -1e-7],
        "debts": [1.0, np.nan, 3.0, 4.0],
        "owner": [True, False, False, True],
        "consent": pd.Series([True, None, False, True], dtype=object),
        "race": ["white", None, "hispanic, other", "None"],
        "born": ["1980-01-31", "1975-12-01", None, "2001-02-03"],
        "empty": [np.nan] * 4,
    }
)


def write(folder, content, name="table.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def parsed(content):
    """Read CSV as the child does, but here: quick enough for many dialects."""
    raw = content if isinstance(content, bytes) else content.encode()
    return read_csv(io.BytesIO(raw), {**dataclasses.asdict(Limits()), "format": "csv"})


def refusal(path, form=None, limits=None):
    with pytest.raises(Refused) as refused:
        read_table(path, form, limits, where="data.evaluation")
    (problem,) = refused.value.problems
    assert problem.where == "data.evaluation"
    assert problem.sentence.endswith(".")
    assert "Traceback" not in problem.sentence
    return problem.sentence


def test_a_parquet_and_a_csv_of_the_same_people_are_the_same_table(tmp_path):
    typed = PEOPLE.assign(born=pd.to_datetime(PEOPLE["born"]), race=PEOPLE["race"].astype("category"))
    typed.to_parquet(tmp_path / "people.parquet")
    PEOPLE.to_csv(tmp_path / "people.csv", index=False)
    from_parquet = read_table(tmp_path / "people.parquet")
    from_csv = read_table(tmp_path / "people.csv")
    pd.testing.assert_frame_equal(from_parquet, from_csv)
    expected = PEOPLE.assign(race=PEOPLE["race"].astype("str"), born=PEOPLE["born"].astype("str"))
    pd.testing.assert_frame_equal(from_csv, expected)
    assert from_parquet.attrs["kinds"]["race"] == "category"
    assert from_csv.attrs["kinds"] == {
        "id": "integer", "income": "number", "debts": "number", "owner": "boolean", "consent": "boolean",
        "race": "text", "born": "date", "empty": "number",
    } | {"debts": "number"}  # fmt: skip


def test_an_inspection_counts_what_a_form_offers(tmp_path):
    PEOPLE.to_csv(tmp_path / "people.csv", index=False)
    seen = inspect_table(tmp_path / "people.csv")
    columns = {column.name: column for column in seen.columns}
    assert (seen.format, seen.rows, list(columns)) == ("csv", 4, list(PEOPLE.columns))
    assert seen.facts == {
        "encoding": "utf-8", "delimiter": "comma", "decimal": "point", "missing": "empty: 9",
    }  # fmt: skip
    assert (columns["id"].kind, columns["id"].minimum, columns["id"].maximum) == ("integer", "10", "13")
    assert columns["owner"].top == (("false", 2), ("true", 2))
    assert (columns["race"].missing, columns["race"].distinct) == (1, 3)
    assert (columns["born"].minimum, columns["born"].maximum) == ("1975-12-01", "2001-02-03")
    assert (columns["empty"].missing, columns["empty"].top, columns["empty"].minimum) == (4, (), None)
    assert columns["debts"].top == (("1", 1), ("3", 1), ("4", 1))


@pytest.mark.parametrize(
    ("content", "column", "values", "fact"),
    [
        ("a;b\n1,5;x\n2;y\n", "a", [1.5, 2.0], ("decimal", "comma")),
        ("a\tb\n1\tx\n2\ty\n", "b", ["x", "y"], ("delimiter", "tab")),
        ("a|b\n1|x\n2|y\n", "a", [1, 2], ("delimiter", "bar")),
        (b"\xef\xbb\xbfa,b\n1,x\n2,y\n", "a", [1, 2], ("encoding", "utf-8-sig")),
        ("name,b\nJosé,1\nZoë,2\n".encode("latin-1"), "name", ["José", "Zoë"], ("encoding", "latin-1")),
        ("a,b\r\n1,x\r\n2,y\r\n", "b", ["x", "y"], ("delimiter", "comma")),
        ('a,b\n"line one\nline two",1\n"say ""hi""",2\n', "a", ["line one\nline two", 'say "hi"'], None),
        ("a,b\n 1 ,x\n+2,y\n", "a", [1, 2], None),
        ("a,b\n99999999999999999999,x\n1,y\n", "a", ["99999999999999999999", "1"], None),
        ("a,b\n1e3,x\n-2.5,y\n", "a", [1000.0, -2.5], None),
        ("a,b\nTRUE,x\nfalse,y\n", "a", [True, False], None),
        ("a,b\n1,x\ntwo,y\n", "a", ["1", "two"], None),
    ],
    ids=[
        "comma", "tab", "bar", "bom", "latin-1", "crlf", "quotes", "blanks", "huge", "float", "bool", "mixed",
    ],
)  # fmt: skip
def test_csv_is_read_as_people_write_it(content, column, values, fact):
    names, columns, rows, facts = parsed(content)
    assert columns[names.index(column)].to_pylist() == values
    assert rows == 2
    if fact:
        assert facts[fact[0]] == fact[1]


def test_parquet_types_become_the_few_that_models_and_checks_know(tmp_path):
    table = pa.table(
        {
            "small": pa.array([1, None, 3], pa.int8()),
            "exact": pa.array([2**60, None, 1], pa.int64()),
            "unsigned": pa.array([2**63, 1, 2], pa.uint64()),
            "single": pa.array([0.5, 1.5, None], pa.float32()),
            "money": pa.array([None, 1, 2], pa.decimal128(10, 2)),
            "when": pa.array(
                [dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=dt.UTC)] * 3, pa.timestamp("ms", "UTC")
            ),
            "day": pa.array([dt.date(2020, 1, 2), None, None]),
            "view": pa.array(["x", None, "y"], pa.string_view()),
            "coded": pa.array([7, 8, 7]).dictionary_encode(),
        }
    )
    pq.write_table(table, tmp_path / "typed.parquet")
    frame = read_table(tmp_path / "typed.parquet")
    assert frame["small"].dtype == frame["single"].dtype == frame["money"].dtype == np.float64
    assert frame["exact"].tolist()[::2] == [str(2**60), "1"]
    assert frame["unsigned"].tolist() == [str(2**63), "1", "2"]
    assert frame["when"].tolist() == ["2020-01-02 03:04:05.000"] * 3
    assert frame["day"].tolist()[0] == "2020-01-02"
    assert frame["day"].isna().sum() == 2
    assert frame["coded"].tolist() == [7, 8, 7]
    assert list(frame.columns) == table.column_names


def test_an_index_that_pandas_wrote_is_no_column(tmp_path):
    PEOPLE.iloc[[2, 0]].to_parquet(tmp_path / "people.parquet")
    assert "__index_level_0__" not in read_table(tmp_path / "people.parquet").columns


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a,b\n", "it has a header but no rows"),
        ("a,b", "it has a header but no rows"),
        ("\n1,2\n", "its first line is empty"),
        ("a,b,a\n1,2,3\n", "two columns have the same name: `a`"),
        ("a,,b\n1,2,3\n", "column 2 has no name"),
        ("a,b\n1,2\n3\n4,5\n", "line 3 has 1 fields, but the header names 2"),
        ("a,b\n1,2,3\n", "line 2 has 3 fields, but the header names 2"),
        (b"a,b\n1,\x00\n", "byte 7 is NUL"),
        ("a,\u202eb\n1,2\n", "column 2 holds U+202E, a control or text-direction character, at place 1"),
        ("a,b\x07\n1,2\n", "column 2 holds U+0007, a control or text-direction character, at place 2"),
        ("x" * 200 + ",b\n1,2\n", "column 1 is 200 characters long"),
        (",".join(f"c{i}" for i in range(2101)) + "\n1\n", "it has 2,101 columns; 2,100 are allowed"),
        ("a,a" + ",a" * 200_000 + "\n1\n", "columns; 2,100 are allowed"),
        ('"a,b\n1,2\n', "the quotes of its first line do not close"),
        ('a,b\n"' + "x" * (20 << 20) + '",1\n', "one row is longer than 8 MiB"),
    ],
    ids=[
        "header-only", "header-alone", "no-header", "duplicate", "unnamed", "short-row", "long-row", "nul",
        "bidi", "control", "long-name", "too-many", "quadratic", "open-quote", "endless-row",
    ],
)  # fmt: skip
def test_a_bad_csv_gets_one_sentence(content, said):
    with pytest.raises(Refuse) as refused:
        parsed(content)
    assert said in refused.value.sentence


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        ("a,b\n".encode("utf-16"), "the table was refused: it has a header but no rows"),
        (b"PK\x03\x04" + b"\0" * 60, "the file is a zip archive of no kind"),
        (b"\x80\x04\x95", "the file is a pickle file"),
        (b"a,b\n1,\x00\n", "the table was refused: byte 7 is NUL"),
        (b"a,b,a\n1,2,3\n", "the table was refused: two columns have the same name: `a`"),
    ],
    ids=["empty", "utf-16", "excel", "pickle", "nul", "duplicate"],
)
def test_a_file_that_is_no_table_is_told_by_its_bytes(content, said, tmp_path):
    assert said in refusal(write(tmp_path, content))


def test_limits_on_size_are_told(tmp_path):
    path = write(tmp_path, "a,b\n" + "1,2\n" * 50)
    assert "larger than" in refusal(path, limits=Limits(table_bytes=10))
    assert "it has 50 rows; 40 are allowed" in refusal(path, limits=Limits(rows=40))
    assert "it has 100 cells; 99 are allowed" in refusal(path, limits=Limits(cells=99))


def bomb(path, column, rows):
    pq.write_table(pa.table({"a": column, "b": pa.array(np.zeros(rows))}), path, compression="zstd")
    return path


def test_a_parquet_bomb_is_refused_before_it_unpacks(tmp_path):
    """300 MB of one number in a few kilobytes, and gigabytes of one long text."""
    rows = 19_000_000
    path = bomb(tmp_path / "numbers.parquet", pa.array(np.zeros(rows)), rows)
    assert path.stat().st_size < 300_000
    assert "KiB decode to more than" in refusal(path)
    long = pa.array(["x" * 50_000])
    texts = pa.DictionaryArray.from_arrays(pa.array(np.zeros(60_000, dtype=np.int32)), long)
    path = bomb(tmp_path / "texts.parquet", texts, 60_000)
    assert path.stat().st_size < 1_000_000
    assert "decod" in refusal(path)


def test_a_table_that_needs_more_memory_than_allowed_says_so(tmp_path):
    values = np.random.default_rng(0).normal(size=20_000_000)
    pq.write_table(pa.table({"a": values}), tmp_path / "large.parquet")
    said = refusal(tmp_path / "large.parquet", limits=Limits(memory_bytes=600 << 20))
    assert "memory" in said


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"a": pa.array([[1], [2]])}, "column `a` holds list<"),
        ({"a": pa.array([{"x": 1}, {"x": 2}])}, "column `a` holds struct<"),
        ({"a": pa.array([b"x", b"y"])}, "column `a` holds binary"),
        ({"a": pa.array([1], pa.duration("s"))}, "column `a` holds duration"),
        ({"a\u2066": pa.array([1])}, "U+2066, a control or text-direction character, at place 2"),
        ({"a": pa.array([], pa.int64())}, "it has no rows"),
    ],
    ids=["list", "struct", "binary", "duration", "bidi", "no-rows"],
)
def test_a_bad_parquet_gets_one_sentence(table, said, tmp_path):
    pq.write_table(pa.table(table), tmp_path / "bad.parquet")
    assert said in refusal(tmp_path / "bad.parquet")


def test_a_parquet_with_one_name_twice_is_refused(tmp_path):
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    pq.write_table(twice, tmp_path / "twice.parquet")
    assert "two columns have the same name: `a`" in refusal(tmp_path / "twice.parquet")


def test_a_truncated_parquet_says_so(tmp_path):
    PEOPLE.to_parquet(tmp_path / "whole.parquet")
    path = write(tmp_path, (tmp_path / "whole.parquet").read_bytes()[:-20], "cut.parquet")
    assert "it is not a whole Parquet file" in refusal(path)


def test_a_declared_format_that_is_not_the_files_is_refused(tmp_path):
    path = write(tmp_path, "a,b\n1,2\n")
    assert "declared parquet but is a text file" in refusal(path, "parquet")
    assert "`xlsx` is not a format of tables" in refusal(path, "xlsx")


# What a compromised reader could send


def liar(folder, frames):
    """Return a child script that answers with *frames*, whatever it is asked."""
    script = folder / "liar.py"
    script.write_text(f"import os, time\nos.write(1, {frames!r})\ntime.sleep(60)\n")
    return script


def described(rows, columns):
    said = json.dumps({"rows": rows, "facts": {}, "columns": columns}).encode()
    return ANSWER.pack(MAGIC, DESCRIPTION, len(said), 0) + said


def column(storage, *buffers, name="a", kind="number"):
    said = f'{{"name": "{name}", "kind": "{kind}", "storage": "{storage}"}}'.encode()
    sizes = struct.pack(f"<{len(buffers)}Q", *map(len, buffers))
    return ANSWER.pack(MAGIC, COLUMN, len(said), len(buffers)) + sizes + said + b"".join(buffers)


FORGED = {
    "short column": described(2, 1) + column("number", b"\0" * 8),
    "unknown storage": described(1, 1) + column("object", b"\0" * 8),
    "unknown kind": described(1, 1) + column("number", b"\0" * 8, kind="pickle"),
    "truth of three": described(1, 1) + column("boolean", b"\3"),
    "code without text": described(1, 1) + column("text", b"\5\0\0\0", b"\0" * 8, b""),
    "offsets beyond": described(1, 1) + column("text", b"\0\0\0\0", struct.pack("<qq", 0, 99), b"x"),
    "offsets falling": described(1, 1) + column("text", b"\0\0\0\0", struct.pack("<qqq", 0, 3, 1), b"x"),
    "broken utf-8": described(1, 1) + column("text", b"\0\0\0\0", struct.pack("<qq", 0, 1), b"\xff"),
    "same column twice": described(1, 2) + column("number", b"\0" * 8) * 2,
    "unprintable name": described(1, 1) + column("number", b"\0" * 8, name="a\\u202e"),
    "negative rows": described(-1, 1),
    "text repeated": described(3, 1)
    + column("text", b"\0" * 12, struct.pack("<qq", 0, 1 << 12), b"x" * (1 << 12)),
    "endless column": described(1, 1) + ANSWER.pack(MAGIC, COLUMN, 2, 1) + struct.pack("<Q", 2**62) + b"{}",
    "too many buffers": described(1, 1) + ANSWER.pack(MAGIC, COLUMN, 2, 99),
    "no json": ANSWER.pack(MAGIC, DESCRIPTION, 3, 0) + b"{{{",
    "numbers instead": ANSWER.pack(MAGIC, 0, 1, 1) + b"\0" * 8,
}


@pytest.mark.parametrize("frames", FORGED.values(), ids=[name.replace(" ", "-") for name in FORGED])
def test_a_reader_that_lies_is_caught(frames, tmp_path, monkeypatch):
    monkeypatch.setattr("auditor.sandbox.parent.CHILD", liar(tmp_path, frames))
    said = refusal(write(tmp_path, "a\n1\n"), limits=Limits(table_seconds=20, decoded_bytes=5_000, cells=3))
    assert "the table could not be read" in said


cells = st.one_of(
    st.none(),
    st.integers(-(2**40), 2**40),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=12),
)


@settings(max_examples=budget(150, 5_000), deadline=None, derandomize=True)
@given(st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=8))
def test_any_csv_is_a_table_with_its_rows(rows):
    text = io.StringIO()
    pd.DataFrame(rows, columns=["a", "b", "c"], dtype=object).to_csv(text, index=False)
    names, columns, count, _ = parsed(text.getvalue())
    assert (names, count) == (["a", "b", "c"], len(rows))
    assert {len(column) for column in columns} == {len(rows)}


@settings(max_examples=budget(150, 5_000), deadline=None, derandomize=True)
@given(st.binary(max_size=80))
def test_any_bytes_are_a_table_or_a_sentence(raw):
    try:
        names, columns, count, _ = parsed(raw)
    except Refuse as refused:
        said = refused.sentence
    else:
        said = "" if count and len(names) == len(columns) else "no table"
    assert "Traceback" not in said
    assert said != "no table"


@settings(
    max_examples=budget(8, 400),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=4))
def test_any_damaged_parquet_is_a_table_or_a_sentence(tmp_path, at, noise):
    buffer = io.BytesIO()
    PEOPLE.to_parquet(buffer)
    raw = bytearray(buffer.getvalue())
    at %= len(raw)
    raw[at : at + len(noise)] = noise
    path = write(tmp_path, bytes(raw), "damaged.parquet")
    try:
        told = read_table(path, "parquet").shape[1] == PEOPLE.shape[1]
    except Refused as refused:
        told = all(problem.sentence.endswith(".") for problem in refused.problems)
    assert told
