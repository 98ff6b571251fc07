"""A submission.yaml that cannot be read gets one sentence; results without a place are refused at once."""

from __future__ import annotations

import pytest

from auditor.cli import main
from auditor.manifest import read_submission, read_yaml
from auditor.problems import Refused
from auditor.shallow import DEEPEST

WHOLE = "system: {name: A system}\ntask: binary\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 2026-13-45\n", "does not exist"),
        (f"a: {'9' * 6000}\n", "does not exist"),
        ("? [a, b]\n: 1\n", "keys are plain text"),
        ("{a: 1}: 2\n", "keys are plain text"),
        ("a: 1\na: 2\n", "a second time"),
        ("a: &x 1\nb: *x\n", "alias"),
        ("a: !!python/object:os.system x\n", "tag"),
        ("a: !!bool x\n", "tag"),
        ("a: !!timestamp x\n", "tag"),
        ('a: !!int ""\n', "tag"),
        ("a: !!map [1]\n", "tag"),
        ("a: [1\n", "not YAML"),
        ("[" * 5000, "nested too deeply"),
        ("[" * 1_000_000, "nested too deeply"),
        ("{a: " * 200_000, "nested too deeply"),
        ("- " * 500_000, "nested too deeply"),
        ("? " * 500_000, "nested too deeply"),
    ],
)
@pytest.mark.timeout(20)
def test_what_is_not_plain_data_is_refused(tmp_path, text, words):
    path = tmp_path / "submission.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match=words):
        read_yaml(path)


def test_only_true_and_false_are_truth_values(tmp_path):
    """In YAML 1.1 the key `on` and the outcome `yes` would be true."""
    path = tmp_path / "submission.yaml"
    path.write_text("{on: case_id, favourable: yes, positive: No, a: true, b: False}", encoding="utf-8")
    assert read_yaml(path) == {"on": "case_id", "favourable": "yes", "positive": "No", "a": True, "b": False}


def test_a_submission_as_deep_as_any_is_read(tmp_path):
    path = tmp_path / "submission.yaml"
    path.write_text("[" * DEEPEST + "]" * DEEPEST, encoding="utf-8")
    assert isinstance(read_yaml(path), list)


def test_a_folder_and_an_impossible_path_are_no_files(tmp_path):
    for path in (tmp_path, tmp_path / "absent", tmp_path / ("x" * 5000)):
        with pytest.raises(Refused, match="is no file"):
            read_yaml(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("answers: ..\n", "is no file"),
        (f"{WHOLE}data: {{evaluation: {'x' * 5000}}}\n", "is not there"),
        (f"{WHOLE}data: {{evaluation: {{artifact: 'sha256:{'0' * 64}'}}}}\n", "only a service has"),
    ],
)
def test_files_are_named_beside_the_submission(tmp_path, text, words):
    path = tmp_path / "submission.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match=words):
        read_submission(path)


def test_results_without_a_place_are_refused_before_anything_is_read(tmp_path, capsys):
    (tmp_path / "file").touch()
    out = tmp_path / "file" / "below"
    assert main(["run", str(tmp_path / "absent.yaml"), "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert "choose another --out" in said
    assert "absent.yaml" not in said
