"""From files to a record: prepare a subject, measure it, judge the evidence, assemble, render.

The command line and the workers call these functions alike (through `auditor.measurer`), so equal
submissions have equal bodies whichever door they came by.
"""

from __future__ import annotations

import datetime as dt
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from auditor import subjects
from auditor.endpoint import Live, Rules
from auditor.facts import facts_of, settled_tier
from auditor.plan import frameworks_named
from auditor.problems import Refused, refuse
from auditor.sandbox import Limits, open_model
from auditor.subjects.explaining import Explaining
from auditor.subjects.keeping import Keeping
from auditor.submission import Submission
from auditor.transfers import compared
from checks.model import Evidence, Inconclusive, ModelError, NotApplicable, Outcome, Subject
from checks.privacy.by_record import by_record
from checks.registry import all_checks
from frameworks import sandboxes, waivers
from frameworks.judge import judge, summarise, trial
from frameworks.layers import on_day
from reports.language import ENGLISH
from reports.record import (
    Audit,
    evidence_from_json,
    evidence_to_json,
    finding_to_json,
    framework_to_json,
)

VERSION = "0.1.0"
ENGINES = ("fairlearn", "numpy", "onnxruntime", "pandas", "scikit-learn", "scipy", "shap", "skops")
"""Libraries whose version can change a number, and fairlearn, which the rates are tested against."""


def prepare(
    submission: Submission,
    open_artifact: Callable[[str], Path],
    folder: Path,
    limits: Limits,
    rules: Rules | None = None,
) -> dict[str, Any]:
    """Read the files, make all predictions, save the subject in *folder*; return what was inferred."""
    prepared = subjects.prepare(submission, open_artifact, limits, rules)
    if prepared.live is not None:
        prepared.live.save(folder)
    subjects.save(prepared, folder)
    return dict(prepared.resolved)


class Measuring:
    """A saved subject, loaded once for many checks; the first that asks the model opens the locked child."""

    def __init__(
        self, folder: Path, model: Path | None, form: str | None, limits: Limits, rules: Rules | None = None
    ) -> None:
        self._subject: Subject = subjects.load(folder)
        self._live = Live.load(folder, rules or Rules())
        self._model, self._form, self._limits = model, form, limits
        self._asking: Subject | None = None
        self._open = ExitStack()

    def measure(self, check_id: str, parameters: Mapping[str, Any]) -> Evidence:
        """Run one check. Every way it can end is evidence."""
        check = all_checks()[check_id]
        if self._live is not None:
            self.close()
            self._live.begin()  # each check has a budget of its own
        try:
            subject = self._with_model() if check.asks_model else self._subject
        except (ModelError, Refused) as why:
            return Evidence(
                check_id, Outcome.FAILED, f"the model could not be opened: {why}", dict(parameters)
            )
        evidence = check(subject, **parameters)
        if check.asks_model and evidence.outcome is Outcome.FAILED:
            self.close()  # a model that died must not fail the next check too
        return evidence

    def records(self) -> list[tuple[str, int, str, float, int]]:
        """Return what attacks say of each record; raise `Refused` where they cannot be tried."""
        if self._live is not None:
            self.close()
            self._live.begin()
        try:
            return list(by_record(self._with_model()))
        except (NotApplicable, Inconclusive, ModelError) as why:
            raise refuse("records", "no-records", f"there are no scores of single records: {why}.") from None

    def close(self) -> None:
        """End the locked model."""
        self._asking = None
        self._open.close()

    @property
    def calls(self) -> bytes:
        """The calls of an endpoint that the last check made, one JSON object a line."""
        return b"" if self._live is None else self._live.record.lines()

    def _with_model(self) -> Subject:
        if self._asking is None and self._live is not None:
            self._asking = subjects.attach(self._subject, self._open.enter_context(self._live.open()))
        if self._model is None:
            return self._asking or self._subject
        if self._asking is None:
            again = partial(open_model, self._model, self._form, self._limits)
            model = self._open.enter_context(again())
            scale = model.inspection.contributions
            asked = model if scale is None else Explaining(model, scale, again)
            memory = model.inspection.memory
            inside = None if memory is None else Keeping(memory, again)
            self._asking = subjects.attach(self._subject, asked, inside)
        return self._asking


def assemble(
    submission: Submission, resolved: Mapping[str, Any], evidence: Sequence[Evidence], as_of: dt.date
) -> dict[str, Any]:
    """Judge *evidence* and return the body of the record."""
    tier = settled_tier(submission)
    facts = facts_of(submission, resolved, as_of)
    findings: list[dict[str, Any]] = []
    verdicts = {}
    frameworks = [on_day(found, as_of) for found in frameworks_named(submission.frameworks, submission.rules)]
    for framework in frameworks:
        found = judge(framework, evidence, facts)
        findings.extend(finding_to_json(finding) for finding in found)
        verdicts[framework.id] = summarise(framework, found)
    relief = {
        "waivers": list(waivers.told(facts.waivers, frameworks, as_of)),
        "sandbox": [
            sandboxes.told(facts.sandbox, framework, stands)
            for framework in frameworks
            if facts.sandbox is not None
            and facts.sandbox.framework in (None, framework.id)
            and (stands := trial(framework, evidence, facts)) is not None
        ],
    }
    return {
        "engine": engine(),
        "as_of": as_of.isoformat(),
        "submission": {**submission.model_dump(mode="json"), "resolved": dict(resolved)},
        "evidence": [evidence_to_json(one) for one in evidence],
        "findings": findings,
        "verdicts": verdicts,
        "frameworks": {framework.id: framework_to_json(framework) for framework in frameworks},
        "tier": tier,
        **({"relief": relief} if relief["waivers"] or relief["sandbox"] else {}),
        **compared(submission.transfers),
    }


def judge_again(parent: Audit, submission: Submission, as_of: dt.date) -> dict[str, Any]:
    """Return the body that the same evidence gives under *submission*'s frameworks on another day."""
    resolved = parent.body["submission"]["resolved"]
    evidence = [evidence_from_json(one) for one in parent.body["evidence"]]
    body = assemble(submission, resolved, evidence, as_of)
    return {**body, "engine": parent.body["engine"], "evidence": parent.body["evidence"]}


def engine() -> dict[str, str]:
    """Return the versions that a number can depend on."""
    return {
        "auditor": VERSION,
        "python": platform.python_version(),
        **{library: version(library) for library in ENGINES},
    }


def host() -> dict[str, str | int]:
    """Say where it was measured, without naming the machine."""
    return {"system": platform.system(), "machine": platform.machine(), "cpus": os.cpu_count() or 1}


def write(
    audit: Audit,
    out: Path,
    language: str = ENGLISH,
    fonts: Path | None = None,
    *,
    public_url: str = "",
) -> None:
    """Write audit.json, and report.html and report.pdf in *language*, into *out*.

    With the *public_url* of a service the reports lead to their entry in its log. The record inside the PDF
    has no `run`: equal bodies then give equal PDF bytes.
    """
    (out / "audit.json").write_bytes(audit.to_json())
    for name, data in tell(audit, language, fonts, public_url=public_url).items():
        (out / name).write_bytes(data)


def tell(
    audit: Audit, language: str = ENGLISH, fonts: Path | None = None, *, public_url: str = ""
) -> Mapping[str, bytes]:
    """Return the reports of *audit* by name; equal bodies have equal bytes."""
    from reports import html, pdf  # drawing charts loads much that reading and measuring never need
    from reports.beside import with_entry
    from reports.document import compose

    document = with_entry(compose(audit, language), public_url)
    return {
        "report.html": html.render(document).encode(),
        "report.pdf": pdf.render(document, audit.without_run().to_json(), fonts),
    }
