"""Whatever bytes come, every reader answers with a value or with one sentence, and this process lives on.

The files are honest ones, damaged; the readers run where they run in service: in a locked child.
"""

from __future__ import annotations

import os
import time
from functools import cache

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from auditor.problems import Refused
from auditor.sandbox import Limits, open_model, read_table
from checks.model import ModelError
from tests.budgets import SOAK, budget
from tests.fuzz import met
from tests.fuzz.corpus import MODELS, TABLES, people
from tests.fuzz.damage import damaged, damages

LIMITS = Limits(
    memory_bytes=2 << 30, cpu_seconds=20, open_seconds=20, call_seconds=10, table_seconds=20,
    unsafe_formats=("pickle", "joblib", "cloudpickle"),
)  # fmt: skip
SECONDS = float(os.environ.get("FUZZ_SECONDS", "1800"))
"""So long for each reader in the long run: half an hour."""
BATCH = budget(8, 50)


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


def fuzz(name, made, ask, batch=BATCH):
    """Hand damaged copies of the files *made* to *ask*: one batch, or in the long run as many as time allows.

    Each batch has its own seed. Ending a batch by an exception would look like a failure, to be searched for.
    """
    started = time.monotonic()
    for number in range(1_000_000):

        @seed(number)
        @settings(
            max_examples=batch, deadline=None, database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        )  # fmt: skip
        @given(which=st.sampled_from(sorted(made)), plan=damages())
        def one(which, plan):
            met[name] += 1
            ask(damaged(made[which](), plan))

        one()
        if not SOAK or time.monotonic() - started > SECONDS:
            return


@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize("name", MODELS)
def test_a_damaged_model_answers_or_is_refused(name, tmp_path):
    fuzz(name, {name: lambda: honest(name)}, lambda raw: opened(tmp_path / "model", raw))


@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize("name", TABLES)
def test_a_damaged_table_is_read_or_refused(name, tmp_path):
    fuzz(name, {name: lambda: honest(name)}, lambda raw: read(tmp_path / "table", raw))


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
