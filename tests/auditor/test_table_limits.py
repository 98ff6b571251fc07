"""Every limit ends in a sentence that names it, its value and its setting; no bomb goes off."""

from __future__ import annotations

import dataclasses
import struct
import time
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pytest

from auditor.config import BadSetting, from_environment
from auditor.sandbox import Limits
from tests.auditor.tables import refusal

SETTINGS = {f"AUDITOR_LIMIT_{field.name.upper()}": field.name for field in dataclasses.fields(Limits)}


@pytest.mark.parametrize(
    ("limit", "value", "said"),
    [
        ("table_bytes", 10, "the table is larger than 0 MiB"),
        ("rows", 40, "it has 50 rows; 40 are allowed"),
        ("columns", 1, "it has 2 columns; 1 are allowed"),
        ("cells", 99, "it has 100 cells; 99 are allowed"),
        ("name_characters", 5, "the name of column 2 is 6 characters long; 5 are allowed"),
        ("decoded_bytes", 100, "it decodes to more than 0 MiB"),
    ],
)
def test_every_limit_of_a_table_has_its_sentence(limit, value, said, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,income\n" + "1,2\n" * 50, encoding="utf-8")
    sentence = refusal(path, limits=Limits(**{limit: value}))
    assert said in sentence
    assert f"ask the operator to raise AUDITOR_LIMIT_{limit.upper()}" in sentence


def test_limits_are_read_from_the_environment():
    settings = from_environment({"AUDITOR_LIMIT_ROWS": "5", "AUDITOR_LIMIT_CALL_SECONDS": "1.5"})
    assert settings.limits == Limits(rows=5, call_seconds=1.5)
    assert from_environment({}).limits == Limits()


@pytest.mark.parametrize("text", ["0", "-1", "many", "", "1e400", "nan", "9" * 30])
@pytest.mark.parametrize("name", ["AUDITOR_LIMIT_ROWS", "AUDITOR_LIMIT_TABLE_SECONDS"])
def test_a_limit_that_is_none_refuses_the_start(name, text):
    with pytest.raises(BadSetting, match=name):
        from_environment({name: text})


def test_a_limit_that_nobody_knows_refuses_the_start():
    with pytest.raises(BadSetting, match="AUDITOR_LIMIT_ROWES is not a setting"):
        from_environment({"AUDITOR_LIMIT_ROWES": "5"})


@pytest.mark.parametrize(
    "header",
    [",".join(f"c{i}" for i in range(200_000)), "x" * 10_000 + ",b", "x" * (2 << 20), "a," * 500_000],
    ids=["200k-columns", "long-name", "2-MiB", "empty-names"],
)
def test_hostile_headers_are_refused_fast(header, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(header + "\n1,2\n", encoding="utf-8")
    refusal(path, limits=Limits(table_seconds=30))  # the first child of a run also starts its template
    began = time.monotonic()
    refusal(path)
    assert time.monotonic() - began < 5


def arrow(path, table, **options):
    with pa.ipc.new_file(path, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)
    return path


def test_a_compressed_arrow_bomb_is_refused(tmp_path):
    table = pa.table({"a": np.zeros(19_000_000)})
    path = arrow(tmp_path / "zeros.arrow", table, compression="zstd")
    assert path.stat().st_size < 100_000
    assert "AUDITOR_LIMIT_DECODED_RATIO" in refusal(path)


def test_an_arrow_dictionary_bomb_is_refused(tmp_path):
    long = pa.array(["x" * 50_000])
    texts = pa.DictionaryArray.from_arrays(pa.array(np.zeros(60_000, dtype=np.int32)), long)
    path = arrow(tmp_path / "texts.arrow", pa.table({"a": texts}), compression="zstd")
    assert "decode" in refusal(path)


@pytest.mark.parametrize("claimed", [2**40, 2**62, -2])
def test_an_arrow_buffer_that_lies_about_its_length_is_refused(claimed, tmp_path):
    table = pa.table({"a": np.zeros(100_000)})
    path = arrow(tmp_path / "lie.arrow", table, compression="zstd")
    honest = path.read_bytes()
    lie = honest.replace(struct.pack("<q", 800_000), struct.pack("<q", claimed))
    assert lie != honest
    path.write_bytes(lie)
    assert refusal(path)


def test_an_arrow_table_of_nothing_but_rows_is_held_to_the_limit(tmp_path):
    path = arrow(tmp_path / "nulls.arrow", pa.table({"a": pa.nulls(2**31 - 1)}))
    assert "rows; 20,000,000 are allowed" in refusal(path)


def zipped(path, sheet):
    """Write a minimal workbook around the XML of one sheet."""
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{relations}"><sheets><sheet name="S" sheetId="1" r:id="r1"/>'
            "</sheets></workbook>",
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="r1" Type="{relations}/worksheet" Target="worksheets/sheet1.xml"/>'
            "</Relationships>",
        )
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
    return path


def test_a_workbook_that_unpacks_to_gigabytes_is_refused(tmp_path):
    path = zipped(tmp_path / "b.xlsx", b" " * (100 << 20))
    assert path.stat().st_size < 200_000
    assert "AUDITOR_LIMIT_DECODED_BYTES" in refusal(path, limits=Limits(decoded_bytes=50 << 20))
    assert "AUDITOR_LIMIT_DECODED_RATIO" in refusal(path, limits=Limits(decoded_ratio=500))


def test_a_workbook_whose_directory_lies_about_a_size_is_refused(tmp_path):
    path = zipped(tmp_path / "b.xlsx", b" " * (100 << 20))
    size, lie = struct.pack("<L", 100 << 20), struct.pack("<L", 100)
    path.write_bytes(path.read_bytes().replace(size, lie))
    assert "it is not a whole workbook" in refusal(path)


def test_two_cells_far_apart_are_no_table_of_billions(tmp_path):
    book = openpyxl.Workbook()
    book.active["A1"] = "a"
    book.active["XFD1048576"] = 1
    book.save(tmp_path / "far.xlsx")
    assert "cells; 400,000,000 are allowed" in refusal(tmp_path / "far.xlsx")


def test_a_workbook_of_too_many_files_is_refused(tmp_path):
    path = zipped(tmp_path / "b.xlsx", b"<worksheet/>")
    with zipfile.ZipFile(path, "a") as archive:
        for number in range(50):
            archive.writestr(f"xl/media/{number}", b"")
    assert "AUDITOR_LIMIT_MODEL_MEMBERS" in refusal(path, limits=Limits(model_members=20))


def test_one_giant_quoted_field_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b'a,b\n"' + b"x" * (300 << 20))
    assert "one row is longer than 8 MiB" in refusal(path)


def test_a_gigabyte_line_of_json_is_refused(tmp_path):
    path = tmp_path / "a.jsonl"
    with path.open("wb") as file:
        file.write(b'{"a": 1}\n{"a": "')
        file.truncate(1 << 30)
    assert "line 2 is longer than 8 MiB" in refusal(path)


def test_sparse_keys_of_json_are_held_to_the_limit_of_cells(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("".join(f'{{"k{i % 1500}": 1}}\n' for i in range(30_000)), encoding="utf-8")
    assert "it has 45,000,000 cells" in refusal(path, limits=Limits(cells=40_000_000))


def test_a_spreadsheet_of_a_million_cells_needs_no_more_than_its_memory(tmp_path):
    frame = pd.DataFrame(np.arange(20_000).reshape(2_000, 10), columns=[f"c{i}" for i in range(10)])
    frame.to_excel(tmp_path / "a.xlsx", index=False)
    limits = Limits(memory_bytes=1 << 20)
    assert refusal(tmp_path / "a.xlsx", limits=limits)


def test_a_table_that_takes_too_long_names_the_setting(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    said = refusal(path, limits=Limits(table_seconds=0.001))
    assert "it did not answer within 0.001 seconds; send fewer rows, or ask the operator" in said
    assert "AUDITOR_LIMIT_TABLE_SECONDS" in said


def test_a_table_beyond_its_memory_or_processor_time_names_the_setting(tmp_path):
    path = tmp_path / "a.csv"
    with path.open("wb") as file:
        file.write(b"a,b\n" + b"0.123456,text\n" * 12_000_000)
    assert "AUDITOR_LIMIT_CPU_SECONDS" in refusal(path, limits=Limits(cpu_seconds=1))
    assert "AUDITOR_LIMIT_MEMORY_BYTES" in refusal(path, limits=Limits(memory_bytes=700 << 20))


@pytest.mark.parametrize("megabytes", [200, 250, 300])
def test_memory_that_ends_while_a_library_is_loaded_names_the_setting_too(megabytes, tmp_path):
    path = tmp_path / "a.parquet"
    pd.DataFrame({"a": range(10)}).to_parquet(path)
    said = refusal(path, limits=Limits(memory_bytes=megabytes << 20))
    assert "AUDITOR_LIMIT_MEMORY_BYTES" in said
