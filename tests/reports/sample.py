"""A realistic audit for tests of reports: real checks on drawn people, judged by the bundled frameworks."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from checks.model import ModelFile, Roles, Subject, Task
from checks.registry import all_checks
from frameworks.judge import judge, summarise
from frameworks.load import packs
from frameworks.model import Facts
from frameworks.plan import parameter_sets
from reports.record import Audit, evidence_to_json, finding_to_json, framework_to_json

SUBMISSION: dict[str, Any] = {
    "system": {
        "name": "Loan screening",
        "version": "2.1",
        "purpose": "Ranks loan applications; an officer decides.",
        "provider": "Example Bank",
        "sector": "consumer credit",
        "risk_tier": "high",
        "contact": "audit@example.org",
    },
    "task": "binary",
    "model": {"artifact": f"sha256:{'a' * 64}", "format": "skops"},
    "data": {"evaluation": {"artifact": f"sha256:{'b' * 64}", "format": "parquet"}},
    "columns": {"label": "repaid", "positive": "1", "favourable": "1", "groups": ["race", "sex", "region"]},
    "seed": 7,
}
ANSWERS: dict[str, Any] = {
    "notice-text": {
        "answer": "Shown on page 2 of the application form.",
        "signer": "A. Officer",
        "date": dt.date(2026, 1, 10),
        "expiry": dt.date(2027, 1, 10),
    },
    "public-record": {"answer": "no", "signer": "A. Officer", "date": dt.date(2026, 1, 10)},
}


class Scorecard:
    """A logistic rule in this process."""

    classes = ("0", "1")
    has_probabilities = True

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        chance = 1 / (1 + np.exp(-(0.8 * X["income"] + 0.4 * X["history"] - 0.6 * X["debt"] + 0.3)))
        return np.column_stack([1 - chance, chance])

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        return (self.predict_proba(X)[:, 1] >= 0.5).astype(np.float64)


def people(n: int = 1200, seed: int = 3) -> pd.DataFrame:
    """Draw applicants: race B earns less, two regions are small, some do not state their sex."""
    rng = np.random.default_rng(seed)
    race = rng.choice(["A", "B", "C"], n, p=[0.6, 0.3, 0.1])
    frame = pd.DataFrame(
        {
            "race": race,
            "sex": rng.choice(["female", "male", None], n, p=[0.47, 0.5, 0.03]),
            "region": rng.choice(["north", "south", "isle", "highland"], n, p=[0.55, 0.42, 0.02, 0.01]),
            "income": rng.normal(np.where(race == "B", -0.7, 0.2), 1),
            "history": rng.normal(0, 1, n),
            "debt": rng.normal(0, 1, n),
        }
    )
    frame["repaid"] = (rng.random(n) < Scorecard().predict_proba(frame)[:, 1]).astype(int)
    return frame


def subject(table: pd.DataFrame | None = None) -> Subject:
    """Return the subject of the sample."""
    frame, model = people() if table is None else table, Scorecard()
    score = model.predict_proba(frame)[:, 1]
    return Subject(
        task=Task.BINARY,
        evaluation=frame,
        roles=Roles(
            label="repaid",
            positive="1",
            favourable="1",
            groups=("race", "sex", "region"),
            features=("income", "history", "debt"),
            quasi_identifiers=("race", "sex", "region"),
        ),
        seed=7,
        model=model,
        model_file=ModelFile("skops", "a" * 64, 48_213, ("sklearn.pipeline.Pipeline",)),
        decision=np.where(score >= 0.5, "1", "0").astype(object),
        score=score,
    )


JUDGED_BY = ("global-baseline", "us-nyc-ll144")
"""The rules of the sample: one with limits, one that asks for numbers only."""


def record(
    measured: Subject, submission: dict[str, Any] | None = None, only: tuple[str, ...] = ("",)
) -> Audit:
    """Measure *measured* by the checks that start with *only*, judge it, and return the record."""
    submission = SUBMISSION if submission is None else submission
    rules = {name: packs()[name] for name in JUDGED_BY}
    sets = parameter_sets(tuple(rules.values()))
    evidence = [
        check(measured, **given, **_small(check.id))
        for check in all_checks().values()
        if check.id.startswith(only)
        for given in sets.get(check.id, ({},))
    ]
    as_of = dt.date(2026, 12, 1)
    facts = Facts("binary", "high", as_of, ANSWERS, frozenset(), measured.rows)
    findings = {name: judge(framework, evidence, facts) for name, framework in rules.items()}
    body = {
        "engine": {"auditor": "0.1.0", "python": "3.11.2", "numpy": "2.4.0"},
        "as_of": as_of.isoformat(),
        "submission": {
            **submission,
            "resolved": {"rows": measured.rows, "features": ["income", "history", "debt"]},
        },
        "evidence": [evidence_to_json(one) for one in evidence],
        "findings": [finding_to_json(one) for found in findings.values() for one in found],
        "verdicts": {name: summarise(rules[name], found) for name, found in findings.items()},
        "frameworks": {name: framework_to_json(framework) for name, framework in rules.items()},
    }
    return Audit(run={"id": "run-1", "created": "2026-12-01T10:00:00Z"}, body=body)


def _small(check: str) -> dict[str, Any]:
    return {"interpretability.shap": {"rows": 40, "background": 10}}.get(check, {})


@cache
def audit() -> Audit:
    """Return the sample audit, made once."""
    return record(subject())
