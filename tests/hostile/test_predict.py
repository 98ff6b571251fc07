"""A model that attacks when it is asked: it spoils its own audit, with a sentence, and nothing else."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pandas as pd
import pytest
import sklearn

from auditor.problems import Refused
from auditor.sandbox import Limits, open_model
from checks.model import ModelError
from tests.hostile.behaviours import STOPPED, pickled, prints

ROWS = pd.DataFrame({"a": [0.0, 1.0, 2.0], "b": [1.0, 0.0, 1.0]})
LIMITS = Limits(
    unsafe_formats=("cloudpickle",), memory_bytes=2 << 30, cpu_seconds=15, call_seconds=3, open_seconds=30
)


def ask(act, target, tmp_path):
    path = tmp_path / "model.pkl"
    path.write_bytes(pickled(act, target))
    with open_model(path, "cloudpickle", LIMITS) as model:
        return model.predict_proba(ROWS)


@pytest.mark.parametrize(
    ("act", "layer"), STOPPED.items(), ids=[f"{a.__name__}-{w}" for a, w in STOPPED.items()]
)
def test_an_attack_while_predicting_ends_in_a_sentence(act, layer, target, tmp_path):
    library = Path(sklearn.__file__).read_bytes()
    with pytest.raises((ModelError, Refused)) as no:
        ask(act, target, tmp_path)
    said = str(no.value)
    assert "Traceback" not in said
    assert "\n" not in said
    assert "\u202e" not in said
    assert len(said) < 1_200
    if layer == "seccomp":
        assert "Operation not permitted" in said
    if layer == "Landlock":
        assert "Permission denied" in said
    if layer == "deadline":
        assert "within 3 seconds" in said
    assert Path(sklearn.__file__).read_bytes() == library
    assert os.getpid() > 0  # this process was not ended
    assert "sklearn" in sys.modules


def test_what_a_model_prints_changes_no_number(target, tmp_path):
    assert ask(prints, target, tmp_path).tolist() == [[0.4, 0.6]] * 3
