"""Whatever bytes come, every reader answers with a value or with one sentence, and this process lives on.

The files are honest ones, damaged; the readers run where they run in service: in a locked child.
"""

from __future__ import annotations

import os
import time
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.problems import Refused
from auditor.sandbox import Limits, open_model, read_table
from checks.model import ModelError
from tests.budgets import budget
from tests.fuzz import met
from tests.fuzz.corpus import MODELS, TABLES, people
from tests.fuzz.damage import damaged, damages

LIMITS = Limits(
    memory_bytes=2 << 30, cpu_seconds=20, open_seconds=20, call_seconds=10, table_seconds=20,
    unsafe_formats=("pickle", "joblib", "cloudpickle"),
)  # fmt: skip
SECONDS = float(os.environ.get("FUZZ_SECONDS", budget(60, 1_800)))
"""So long at most for each reader: half an hour in the long run."""
EXAMPLES = budget(8, 1_000_000)

fuzzing = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES < 100, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # fmt: skip


class Enough(Exception):
    """The time for this reader is over."""


def count(name, started):
    """Count one more file; end the run when its time is over."""
    if time.monotonic() - started > SECONDS:
        raise Enough
    met[name] += 1


@cache
def honest(name):
    return (MODELS | TABLES)[name]()


def is_plain(sentence):
    assert "\n" not in sentence
    assert "Traceback" not in sentence
    assert len(sentence) < 1_500


def is_one_sentence(refused):
    for problem in refused.problems:
        is_plain(problem.sentence)


def fuzz(name, read):
    """Hand damaged files to *read* until the budget is used up."""
    started = time.monotonic()

    @fuzzing
    @given(plan=damages())
    def one(plan):
        count(name, started)
        read(damaged(honest(name), plan))

    try:
        one()
    except Enough:
        assert met[name] > 0


@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize("name", MODELS)
def test_a_damaged_model_answers_or_is_refused(name, tmp_path):
    fuzz(name, lambda raw: opened(tmp_path / "model", raw))


@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize("name", TABLES)
def test_a_damaged_table_is_read_or_refused(name, tmp_path):
    fuzz(name, lambda raw: read(tmp_path / "table", raw))


def opened(path, raw):
    path.write_bytes(raw)
    try:
        with open_model(path, None, LIMITS) as model:
            model.predict(people().head(5))
    except Refused as no:
        is_one_sentence(no)
    except ModelError as no:
        is_plain(str(no))


def read(path, raw):
    path.write_bytes(raw)
    try:
        frame = read_table(path, None, LIMITS)
    except Refused as no:
        is_one_sentence(no)
    else:
        assert len(frame.columns) == len(set(frame.columns)) > 0


@pytest.mark.parametrize("name", [*MODELS, *TABLES])
def test_the_undamaged_file_is_read(name, tmp_path):
    """Else the damage would be done to something that is refused anyway."""
    path = tmp_path / "file"
    path.write_bytes(honest(name))
    if name in TABLES:
        assert len(read_table(path, None, LIMITS)) == 60
    else:
        with open_model(path, None, LIMITS) as model:
            assert len(model.predict(people().head(5))) == 5


@pytest.mark.timeout(4 * 3600)
@settings(max_examples=budget(10, 20_000), deadline=None, derandomize=True, database=None)
@given(raw=st.binary(max_size=2_000))
def test_any_bytes_are_no_model(tmp_path_factory, raw):
    path = tmp_path_factory.mktemp("any") / "model"
    path.write_bytes(raw)
    with pytest.raises(Refused) as no, open_model(path, None, LIMITS):
        pass
    is_one_sentence(no.value)
