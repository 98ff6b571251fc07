"""Every route by which a pickle runs code on loading: refused unread by default; where an operator allows
pickles, the code runs in the locked child, reaches nothing, and the submitter gets a sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.problems import Refused
from auditor.sandbox import Limits, open_model
from tests.hostile.routes import FILES

ALLOWED = Limits(
    unsafe_formats=("pickle", "joblib", "cloudpickle"), open_seconds=20, memory_bytes=2 << 30, cpu_seconds=20
)
NO_MARK = {"ctypes", "pd.read_csv of a url", "fetch_openml", "socket", "read secret"}
"""Routes that succeed by reading or calling, and so leave nothing to see on this host."""


def refusal(path, limits):
    with pytest.raises(Refused) as no, open_model(path, None, limits):
        pass
    (problem,) = no.value.problems
    assert "Traceback" not in problem.sentence
    assert len(problem.sentence) < 700
    return problem.sentence


@pytest.mark.parametrize("route", FILES)
def test_a_pickle_is_refused_before_it_is_loaded(route, target, tmp_path):
    path = tmp_path / "model.pkl"
    path.write_bytes(FILES[route](target))
    said = refusal(path, Limits())
    assert "could run code" in said or "is a text file" in said, (
        "protocol 0 looks like text: refused all the same"
    )


@pytest.mark.parametrize("route", FILES)
def test_an_allowed_pickle_runs_its_code_and_reaches_nothing(route, target, tmp_path):
    path = tmp_path / "model.pkl"
    path.write_bytes(FILES[route](target))
    assert "the model" in refusal(path, ALLOWED)


@pytest.mark.parametrize("route", sorted(FILES.keys() - NO_MARK))
def test_the_same_pickle_does_its_harm_where_there_is_no_lock(route, target, tmp_path):
    """The attack is real: what the lock is tested against works without it."""
    path = tmp_path / "model.pkl"
    path.write_bytes(FILES[route](target))
    load = "import joblib, sys\ntry:\n    joblib.load(sys.argv[1])\nexcept Exception: pass"
    subprocess.run([sys.executable, "-c", load, str(path)], env=os.environ, capture_output=True, check=False)
    assert target.mark.exists()
    Path(target.mark).unlink()
