"""What a model file could do is told from what is known of it, never by loading it here."""

from __future__ import annotations

from checks.model import Kind, ModelFile, Outcome
from checks.security.artifact import artifact
from tests.checks.builders import subject
from tests.checks.planted import planted


def audited(**known):
    return artifact(subject(decision=[1, 0], model_file=ModelFile(digest="ab" * 32, size=321, **known)))


@planted("security.artifact", "speaks")
def test_a_file_that_can_run_code_and_names_strangers_is_told():
    found = audited(
        format="pickle",
        types=("builtins.dict", "os.system", "posix.system"),
        unexpected=("os.system", "posix.system"),
        can_execute=True,
    )
    assert found.measure("executes_code").value == 1
    assert found.measure("unexpected_types").value == 2
    (named,) = (t for t in found.tables if t.name == "imports")
    assert named.rows == (("builtins.dict",), ("os.system",), ("posix.system",))


def test_a_file_that_can_run_code_is_trusted_less_and_its_list_of_imports_decides_nothing():
    found = audited(format="pickle", types=("sklearn.svm.SVC",), can_execute=True)
    assert found.measure("executes_code").value == 1
    assert found.measure("unexpected_types").value is None
    assert "only listed" in found.measure("unexpected_types").note
    (facts,) = (t for t in found.tables if t.name == "model file")
    assert "a process that the file controls" in dict(facts.rows)["trust"]


@planted("security.artifact", "silent")
def test_a_plain_file_shows_nothing():
    found = audited(format="onnx", types=("Gemm", "Sigmoid"))
    assert found.measure("executes_code").value == 0
    assert found.measure("unexpected_types").value == 0
    assert {m.kind for m in found.measures} == {Kind.EXACT}


def test_the_report_names_the_bytes():
    (table,) = (t for t in audited(format="onnx").tables if t.name == "model file")
    assert table.rows == (("format", "onnx"), ("sha-256", "ab" * 32), ("bytes", 321))


def test_predictions_only_submissions_have_no_file():
    found = artifact(subject(decision=[1, 0]))
    assert found.outcome is Outcome.NOT_APPLICABLE
    assert found.reason == "no model file was submitted"
