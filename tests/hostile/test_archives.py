"""Archives that unpack without end or name places outside themselves, and files named after other places."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile

import numpy as np
import pytest
import skops.io
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from auditor.problems import Refused
from auditor.sandbox import Limits, open_model, read_table
from tests.fuzz.corpus import MODELS, TABLES

LIMITS = Limits(memory_bytes=2 << 30, cpu_seconds=30, open_seconds=30)
TIGHT = Limits(memory_bytes=3 << 29, cpu_seconds=30, open_seconds=30)
HERE = "http://127.0.0.1:8000"
PLACES = ("../../../mark", "/mark", "..\\..\\mark", "schema.json/../../mark", "a/\x00/mark", "mark\n.npy")
"""Names that a careless reader would write to, or read from."""
ROWS = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]])


def sparse_model() -> bytes:
    """Return a skops file that keeps its rows as a sparse matrix: an npz in the archive."""
    return bytes(skops.io.dumps(KNeighborsClassifier(1).fit(csr_matrix(ROWS), [0, 1, 1, 0])))


def dense_model() -> bytes:
    return bytes(skops.io.dumps(LogisticRegression().fit(ROWS, [0, 1, 1, 0])))


def replaced(raw: bytes, ending: str, content: bytes) -> bytes:
    """Return the archive with *content* as each member of that ending."""
    sink, found = io.BytesIO(), 0
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            hit = name.endswith(ending)
            found += hit
            new.writestr(name, content if hit else old.read(name))
    assert found
    return sink.getvalue()


def claims(count: int) -> bytes:
    """Return the file of an array of four bytes that says it has *count*."""
    sink = io.BytesIO()
    said = {"descr": "|u1", "fortran_order": False, "shape": (count,)}
    np.lib.format.write_array_header_1_0(sink, said)
    return sink.getvalue() + bytes(4)


def objects() -> bytes:
    """Return an array whose loading would unpickle."""
    sink = io.BytesIO()
    np.save(sink, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    return sink.getvalue()


def npz(data: bytes, zeros: int = 0) -> bytes:
    """Return a sparse matrix whose values are *data* and then so many zeros."""
    sink = io.BytesIO()
    parts = {"indices": np.zeros(4, np.int32), "indptr": np.array([0, 1, 2, 3, 4], np.int32)}
    parts |= {"format": np.array(b"csr"), "shape": np.array([4, 2])}
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
        for name, value in parts.items():
            with out.open(f"{name}.npy", "w") as member:
                np.save(member, value)
        with out.open("data.npy", "w") as member:
            member.write(data)
            for _ in range(zeros >> 20):
                member.write(bytes(1 << 20))
    return sink.getvalue()


UNPACKED = 3 << 29
BOMBS = {
    "an npz that unpacks a hundred thousandfold": (
        lambda: replaced(sparse_model(), ".npz", npz(claims(UNPACKED), UNPACKED)),
        "more than the 1.5 GiB of memory allowed",
    ),
    "an npz that says it is a terabyte": (
        lambda: replaced(sparse_model(), ".npz", npz(claims(2**37))),
        "more than the 1.5 GiB of memory allowed",
    ),
    "an array that says it is a terabyte": (
        lambda: replaced(dense_model(), ".npy", claims(2**37)),
        "more than the 1.5 GiB of memory allowed",
    ),
    "an array of objects": (
        lambda: replaced(dense_model(), ".npy", objects()),
        "Object arrays cannot be loaded",
    ),
}
"""Case -> how the file is made, and what is said of it."""


def opened(path, limits=LIMITS):
    with open_model(path, None, limits):
        pass


def refusal(path, read=opened, limits=LIMITS):
    with pytest.raises(Refused) as no:
        read(path, limits=limits)
    (problem,) = no.value.problems
    assert "Traceback" not in problem.sentence
    assert "\n" not in problem.sentence
    assert problem.sentence.endswith(".")
    return problem.sentence


@pytest.mark.parametrize("make", [sparse_model, dense_model])
def test_an_honest_skops_file_needs_less_memory_than_the_bombs_are_given(make, tmp_path):
    (path := tmp_path / "model.skops").write_bytes(make())
    opened(path, TIGHT)


@pytest.mark.parametrize("case", BOMBS)
def test_an_array_that_bursts_inside_a_skops_file_ends_in_a_sentence(case, tmp_path):
    make, said = BOMBS[case]
    (path := tmp_path / "model.skops").write_bytes(make())
    assert path.stat().st_size < 100_000
    assert said in refusal(path, limits=TIGHT)


@pytest.mark.parametrize("place", PLACES, ids=range(len(PLACES)))
@pytest.mark.parametrize("kind", ["skops", "mlflow"])
def test_a_member_named_after_another_place_writes_nothing_there(kind, place, target, tmp_path):
    """Archives are never unpacked to disk: such a member is passed over, and the model answers as before."""
    sink = io.BytesIO(MODELS[kind]())
    with zipfile.ZipFile(sink, "a") as archive:
        archive.writestr(place, "broken")
    (path := tmp_path / "model").write_bytes(sink.getvalue())
    before = sorted(tmp_path.rglob("*"))
    with open_model(path, None, LIMITS) as model:
        assert model.inspection.n_features == 3
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("place", ["../../../etc/passwd", "/etc/passwd", "/proc/self/environ"])
def test_a_skops_file_reads_no_array_from_another_place(place, target, tmp_path):
    raw = dense_model()
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        schema = archive.read("schema.json").decode()
    changed = re.sub(r'"file": "[^"]+\.npy"', lambda _: f'"file": {json.dumps(place)}', schema)
    assert changed != schema
    (path := tmp_path / "model.skops").write_bytes(replaced(raw, "schema.json", changed.encode()))
    assert "root:" not in refusal(path)


@pytest.mark.parametrize("place", ["../../../etc/passwd", "file:///etc/passwd", "/xl/../../../etc/passwd"])
def test_a_workbook_reads_no_sheet_from_another_place(place, target, tmp_path):
    raw = TABLES["excel"]()
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        links = archive.read("xl/_rels/workbook.xml.rels").decode()
    changed = re.sub(r'Target="[^"]*sheet1\.xml"', f'Target="{place}"', links)
    assert changed != links
    (path := tmp_path / "table.xlsx").write_bytes(
        replaced(raw, "xl/_rels/workbook.xml.rels", changed.encode())
    )
    assert "root:" not in refusal(path, lambda path, limits: read_table(path, None, limits))


NAMES = (
    "../../mark.csv",
    "/mark.csv",
    "C:\\mark.csv",
    "..%2f..%2fmark.csv",
    "mark\u202evsc.exe",
    "x" * 5_000,
)


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_the_name_of_an_upload_is_never_a_path(name, client, settings):
    """The form keeps bytes under their digest; what the browser calls the file is shown and no more."""
    client.application.config["WTF_CSRF_ENABLED"] = False
    draft = client.post("/drafts", base_url=HERE).location.removesuffix("/system")
    client.post(f"{draft}/system", data={"system.name": "Loans"}, base_url=HERE)
    raw = b"approved,a\n1,2\n0,3\n"
    sent = {"data.evaluation": (io.BytesIO(raw), name)}
    answer = client.post(f"{draft}/files", data=sent, base_url=HERE)
    assert answer.status_code == 303, answer.text
    kept = [path.name for path in settings.home.rglob("*") if path.is_file()]
    assert hashlib.sha256(raw).hexdigest()[2:] in kept  # in a folder of the first two
    assert [one for one in kept if "mark" in one or "xxx" in one] == []


@pytest.mark.parametrize("name", ["..%2f..%2fetc%2fpasswd", "../../etc/passwd", "0" * 63 + "/"])
def test_a_path_instead_of_a_digest_is_not_taken(name, client, settings):
    answer = client.put(f"/api/v1/artifacts/{name}", data=b"a,b\n1,2\n", base_url=HERE)
    assert 400 <= answer.status_code < 500
    assert "root:" not in answer.text
    asked = {
        "system": {"name": "x"},
        "task": "binary",
        "data": {"evaluation": {"artifact": f"sha256:{name}"}},
    }
    answer = client.post("/api/v1/audits", json=asked, base_url=HERE)
    assert answer.status_code == 422
    assert "Traceback" not in answer.text
