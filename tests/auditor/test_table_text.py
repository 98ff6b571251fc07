"""Text tables are read as people write them, how they were read is told, and a declaration beats a guess."""

from __future__ import annotations

import pytest

from auditor.problems import Refused
from auditor.sandbox import inspect_table, read_table
from auditor.sandbox.inside.answers import Refuse
from auditor.sandbox.inside.csv_table import read_csv
from auditor.submission import parse
from tests.auditor.tables import raw, refusal, told

TEXTS = {
    "gb18030": "姓名,城市\n王伟,北京\n李娜,上海\n张敏,广州\n",
    "big5": "姓名,城市\n王偉,臺北\n陳怡君,高雄\n林志豪,臺中\n",
    "shift-jis": "氏名,都市\n佐藤 太郎,東京\nスズキ,大阪\nたなか,名古屋\n",
    "euc-kr": "이름,도시\n김철수,서울\n이영희,부산\n박지민,대구\n",
    "cp1251": "имя,город\nИван,Москва\nМария,Казань\nОльга,Омск\n",
    "cp1252": "name,city\nJosé,Málaga\nZoë – Ann,Orléans\nMüller,Köln\n",
    "latin-1": "name,city\nJosé,Málaga\nZoë,Orléans\nMüller,Köln\n",
    "cp1253": "όνομα,πόλη\nΓιώργος,Αθήνα\nΜαρία,Πάτρα\nΕλένη,Βόλος\n",
    "utf-16": "name,città\nJosé,北京\nZoë,Москва\nAnn,Αθήνα\n",
    "utf-32": "name,città\nJosé,北京\nZoë,Москва\nAnn,Αθήνα\n",
    "utf-8-sig": "name,città\nJosé,北京\nZoë,Москва\nAnn,Αθήνα\n",
}


@pytest.mark.parametrize("encoding", TEXTS)
def test_text_in_the_encodings_of_the_field_is_read_and_the_guess_is_told(encoding):
    text = TEXTS[encoding]
    names, columns, rows, facts = read_csv(raw(text.encode(encoding)), told())
    header, *lines = [line.split(",") for line in text.splitlines()]
    assert (names, rows, facts["encoding"]) == (header, 3, encoding)
    assert [list(row) for row in zip(*(column.to_pylist() for column in columns), strict=True)] == lines
    assert encoding.startswith("utf") or f"it was read as {encoding}, which fits it best" in facts["note"]


def test_a_declared_encoding_beats_the_guess():
    polish = "imię\nŁukasz\n".encode("cp1250")
    _, columns, _, facts = read_csv(raw(polish), told(encoding="Windows-1250"))
    assert columns[0].to_pylist() == ["Łukasz"]
    assert facts["encoding"] == "cp1250"
    assert "note" not in facts


@pytest.mark.parametrize(
    ("content", "declared", "said"),
    [
        ("é\n1\n".encode("latin-1"), "utf-8", "it is not text in utf-8, though it was declared so"),
        (b"a\n1\n", "rot13", "`rot13` is not an encoding known here"),
        (b"a\n1\n", "no-such", "`no-such` is not an encoding known here"),
        ("a\nb\n".encode("utf-16-le"), None, "byte 2 is NUL"),
        (b"\xff\xfea", None, "it is not text in utf-16, though its first bytes say so"),
        ("\ufeffa\n\0\n".encode("utf-16-le"), None, "is NUL"),
    ],
    ids=["wrong", "no-text", "unknown", "unmarked", "half", "nul"],
)
def test_bytes_that_are_not_the_text_they_claim_get_one_sentence(content, declared, said):
    with pytest.raises(Refuse) as refused:
        read_csv(raw(content), told(encoding=declared))
    assert said in refused.value.sentence


@pytest.mark.parametrize(
    ("content", "values", "facts"),
    [
        ("a;b\n1.234,5;x\n12,5;y\n", [1234.5, 12.5], {"decimal": "comma", "thousands": "point"}),
        ("a;b\n1.234;1,5\n2.500;2,5\n", [1234, 2500], {"decimal": "comma", "thousands": "point"}),
        ("a;b\n1.234;x\n2.500;y\n", [1.234, 2.5], {"decimal": "point"}),
        ('a,b\n"1,234",x\n"2,500.5",y\n', [1234.0, 2500.5], {"decimal": "point", "thousands": "comma"}),
        ('a,b\n"1,5",x\n"2,25",y\n', [1.5, 2.25], {"decimal": "comma"}),
        ("a,b\n1 234,x\n2 500.25,y\n", [1234.0, 2500.25], {"thousands": "space"}),
        ("a,b\n1'234,x\n12'345'678,y\n", [1234, 12345678], {"thousands": "apostrophe"}),
        ("a;b\n1.5;x\n1,234.5;y\n", [1.5, 1234.5], {"decimal": "point", "thousands": "comma"}),
        ("a;b\n1.234.567;x\n2;y\n", [1234567, 2], {"thousands": "point"}),
        ('a,b\n"12",x\n"-3",y\n', [12, -3], {"delimiter": "comma"}),
        ("a,b\r1,x\r2,y\r", [1, 2], {"delimiter": "comma"}),
        ("a\n1\n\n3\n", [1, None, 3], {"delimiter": "none", "missing": "empty: 1"}),
        ("a,b\n1,x\n\n2,y\n", [1, 2], {"delimiter": "comma"}),
        ("a; b,c;d\n1;2;3\n4;5;6\n", [1, 4], {"delimiter": "semicolon"}),
        ("a,b c d e\n1,x y z z\n2,y\n", [1, 2], {"delimiter": "comma"}),
        ("a,x;y\n1,2;3\n4,5\n", [1, 4], {"delimiter": "comma"}),
    ],
    ids=[
        "german", "german-whole", "point", "english", "quoted-comma", "space", "swiss", "late", "millions",
        "quoted", "mac", "one-column", "blank-line", "semicolon", "words", "even",
    ],
)  # fmt: skip
def test_numbers_and_delimiters_are_read_as_written_and_told(content, values, facts):
    _, columns, _, found = read_csv(raw(content), told())
    assert columns[0].to_pylist() == values
    assert {key: found.get(key) for key in facts} == facts


def test_a_number_that_could_be_read_otherwise_is_noted_and_can_be_declared():
    content = "a;b\n1,234;x\n2,500;y\n"
    _, columns, _, facts = read_csv(raw(content), told())
    assert columns[0].to_pylist() == [1.234, 2.5]
    assert (
        "Signs in `a` may set off thousands or decimals: comma was read as the decimal sign" in facts["note"]
    )
    _, columns, _, facts = read_csv(raw(content), told(decimal="point"))
    assert columns[0].to_pylist() == [1234, 2500]


def test_a_declared_delimiter_beats_the_guess():
    names, _, _, _ = read_csv(raw("a,b;c\n1,2;3\n"), told(delimiter="semicolon"))
    assert names == ["a,b", "c"]


def test_what_was_read_as_missing_is_counted_by_its_spelling(tmp_path):
    path = tmp_path / "countries.csv"
    path.write_text("country,income\nNA,1\nZA,n/a\nNA,\nBW,3\n", encoding="utf-8")
    seen = inspect_table(path)
    assert [column.missing_as for column in seen.columns] == [(("NA", 2),), (("", 1), ("n/a", 1))]
    assert seen.facts["missing"] == "NA: 2 in `country`; empty: 1; n/a: 1 in `income`"
    assert read_table(path).attrs["missing"] == seen.facts["missing"]


def test_a_ragged_row_far_down_is_named_by_its_line():
    with pytest.raises(Refuse) as refused:
        read_csv(raw("a,b\n" + "1,2\n" * 3_000_000 + "1,2,3\n"), told())
    assert "line 3,000,002 has 3 fields" in refused.value.sentence.replace("3000002", "3,000,002")


def submission(**file):
    return {
        "system": {"name": "x"},
        "task": "binary",
        "data": {"evaluation": {"file": "a.csv", **file}},
        "columns": {"prediction": "p", "favourable": 1},
    }


def test_a_submission_declares_how_its_table_is_written():
    file = parse(submission(encoding="cp1252", delimiter=";", decimal=",")).data.evaluation
    assert file.declared == {"encoding": "cp1252", "delimiter": "semicolon", "decimal": "comma"}
    assert parse(submission(sheet="2026")).data.evaluation.declared == {"sheet": "2026"}


@pytest.mark.parametrize("bad", [{"delimiter": "x"}, {"decimal": ";"}, {"encoding": "../x"}, {"sheet": ""}])
def test_a_declaration_that_makes_no_sense_is_refused(bad):
    with pytest.raises(Refused) as refused:
        parse(submission(**bad))
    assert refused.value.problems[0].where.startswith(f"data.evaluation.{next(iter(bad))}")


def test_a_declaration_that_says_nothing_of_the_format_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    assert "`sheet` says nothing of a file whose format is csv" in refusal(path, sheet="S")
