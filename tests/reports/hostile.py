"""An audit whose every name tries to be something else."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any

import numpy as np

from checks.model import Evidence, Measure, Outcome, Table
from reports.record import Audit, evidence_to_json
from tests.reports.sample import SUBMISSION, people, record, subject

HTML = "<img src=x onerror=alert(1)>"
TYPST = '#panic("out") = *bold* _i_ $x$ `raw` @ref <label> \\ ['
JINJA = "{{ 7 * 7 }}{% raw %}"
FORMULA = "=HYPERLINK(1)"
TURNED = "a\u202eb\u2066c\u200fd"
CONTROLS = "x\x00\x1b[31my"
VEGA = "datum['c0'] + 1; \"}]"
CHINESE = "漢族 😀"
LONG = "m" * 10_000
NAMES = (HTML, TYPST, JINJA, FORMULA, TURNED, CONTROLS, VEGA, CHINESE, LONG, "")


@cache
def audit() -> Audit:
    """Return an audit with hostile groups, features, files, and a hostile system card."""
    table = people(400)
    rng = np.random.default_rng(5)
    table["race"] = rng.choice(np.array(NAMES, dtype=object), len(table))
    card = {
        **SUBMISSION["system"],
        "name": f"{HTML} {TYPST} {JINJA}",
        "purpose": f"{TURNED} {CONTROLS} {CHINESE}",
    }
    measured = dataclasses.replace(
        subject(table), roles=dataclasses.replace(subject(table).roles, groups=("race",))
    )
    made = record(measured, {**SUBMISSION, "system": card}, only=("fairness.", "performance.sanity"))
    body: dict[str, Any] = {**made.body, "evidence": [*made.body["evidence"], _features()]}
    return Audit(run=made.run, body=body)


def _features() -> dict[str, Any]:
    measures = tuple(
        Measure("importance", 0.5, 0.4, 0.6, 40, of={"feature": name}, unit="output") for name in NAMES
    )
    points = Table("contributions", ("feature", "rank", "contribution"), tuple((n, 0.5, 0.1) for n in NAMES))
    return evidence_to_json(
        Evidence("interpretability.shap", Outcome.MEASURED, measures=measures, tables=(points,))
    )
