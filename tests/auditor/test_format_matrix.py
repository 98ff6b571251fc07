"""Every format, for every task: an audit says what the real library says in its own process."""

from __future__ import annotations

import numpy as np
import pytest

from auditor import subjects
from auditor.sandbox import Limits
from auditor.sandbox.formats import UNSAFE
from auditor.submission import parse
from checks.registry import all_checks
from tests.auditor.boosted import FEATURES, KINDS, NUMBERS, TASKS, filled, people, write
from tests.budgets import budget

NATIVE = ("xgboost", "lightgbm", "catboost", *UNSAFE)
CASES = [
    (kind, task)
    for i, kind in enumerate(KINDS)
    for j, task in enumerate(TASKS)
    if kind.startswith(NATIVE)
    or (i + j) % len(TASKS) < budget(2 if kind.startswith("skops") else 1, len(TASKS))
]
"""Every format with every task in every run; every library inside skops and ONNX in the soak."""
TABLE, MODEL = "e" * 64, "d" * 64


@pytest.mark.filterwarnings("ignore")  # converters warn of their own dependencies
@pytest.mark.parametrize(("kind", "task"), CASES)
def test_an_audit_answers_as_the_library_itself(kind, task, tmp_path, tables_read_here):
    """Decisions, scores, accuracy and selection rates equal those of the model in its own process.

    ONNX models are given the same float32 numbers outside; the other formats the table as it is.
    """
    table = people()
    path, given, model = write(kind, task, people(seed=7), tmp_path)
    subject = audited(path, task, audited_table(kind, table), tmp_path)
    direct = np.asarray(model.predict(given(table))).ravel()
    if task == "regression":
        assert np.abs(subject.score - direct).max() <= 1e-6
        return
    assert subject.decision.tolist() == [str(int(value)) for value in direct]
    if task == "binary":
        assert np.abs(subject.score - model.predict_proba(given(table))[:, 1]).max() <= 1e-6
        evidence = all_checks()["performance.classification"](subject)
        right = float((direct.astype(int) == table[task]).mean())
        assert evidence.measure("accuracy").value == pytest.approx(right, abs=1e-6)
        rates = all_checks()["fairness.selection_rate"](subject)
        for group, rows in table.groupby("sex"):
            rate = rates.measure("selection_rate", attribute="sex", group=group).value
            assert rate == pytest.approx(float((direct[rows.index] == 1).mean()), abs=1e-6)


def audited_table(kind, table):
    """Return the table that is submitted with a model of *kind*, its columns in another order."""
    table = table[sorted(table.columns)]
    if kind.startswith("catboost"):
        return table.assign(region=filled(table)["region"])
    return table.fillna({"income": 50.0}) if kind.startswith("onnx") else table


def audited(path, task, table, folder):
    """Return the subject of a submission of these files."""
    stored = folder / "table.parquet"
    table.to_parquet(stored, index=False)
    form = path.suffix[1:]
    width = NUMBERS if path.suffix == ".onnx" else FEATURES
    limits = Limits(unsafe_formats=UNSAFE)
    submission = parse(
        {
            "system": {"name": "A system"},
            "task": task,
            "model": {"artifact": f"sha256:{MODEL}", **({"format": form} if form in UNSAFE else {})},
            "data": {"evaluation": {"artifact": f"sha256:{TABLE}"}},
            "columns": {
                "label": task,
                "groups": ["sex"],
                "features": width,
                **({} if task == "regression" else {"favourable": 1}),
            },
        }
    )
    return subjects.prepare(submission, {TABLE: stored, MODEL: path}.__getitem__, limits).subject
