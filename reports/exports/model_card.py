"""A model card as the Hugging Face Hub reads it: a YAML head with model-index, and a page of Markdown.

Source: https://huggingface.co/docs/hub/model-cards, fields as the package huggingface_hub reads them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from checks.model import Measure
from reports.characters import shown
from reports.compose.view import View
from reports.exports.shared import judged, subject, tables, tell, unmeasured
from reports.wording import count, measured, verdict, where
from reports.wording import measure as measure_words

LIBRARIES = {
    "skops": "sklearn",
    "onnx": "onnx",
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
    "catboost": "catboost",
}
"""How the Hub calls what opens a file."""
HEADLINES = ("performance.classification.", "performance.regression.")
"""What stands in the head; the page has every number of performance."""
NOT_KNOWN = (
    "licence", "languages of the people who use it", "base model", "training procedure and hyperparameters",
    "hardware, hours and emissions", "citation",
)  # fmt: skip
"""Fields of a card that an audit never learns."""


def card(view: View) -> bytes:
    """Return the card."""
    head = yaml.safe_dump(_head(view), allow_unicode=True, sort_keys=False, width=100)
    return f"---\n{head}---\n\n{_page(view)}".encode()


def _head(view: View) -> dict[str, Any]:
    resolved = view.resolved.get("model") or {}
    task = str(view.submission.get("task") or "")
    kind = "tabular-regression" if task == "regression" else "tabular-classification"
    made: dict[str, Any] = {"tags": ["tabular", "audited"], "pipeline_tag": kind}
    if library := LIBRARIES.get(str(resolved.get("format"))):
        made["library_name"] = library
    digest = tables(view).get("evaluation") or tables(view).get("counts") or view.digest
    results = [_metric(m) for path, m in _numbers(view) if path.startswith(HEADLINES)]
    if results:
        made["model-index"] = [
            {
                "name": subject(view),
                "results": [
                    {
                        "task": {"type": kind, "name": task},
                        "dataset": {"type": "private", "name": f"evaluation table, SHA-256 {digest}"},
                        "metrics": results,
                    }
                ],
            }
        ]
    return made


def _numbers(view: View) -> Iterator[tuple[str, Measure]]:
    """Yield the numbers of performance over everybody."""
    for one in view.family("performance"):
        for m in one.measures:
            if m.value is not None and not m.of:
                yield f"{one.check}.{m.name}", m


def _metric(m: Measure) -> dict[str, Any]:
    args = {"low": m.low, "high": m.high, "n": m.n, "method": m.method}
    return {"type": m.name, "value": m.value, "name": shown(measure_words(m.name)), "args": args}


def _page(view: View) -> str:
    system = view.system
    name = _md(subject(view))
    lines = [f"# Model card of {name}", ""]
    lines += [
        f"Made from an audit as of {view.as_of}, whose record has the digest `{view.digest}`.",
        "What the audit does not know is listed at the end, not guessed.",
        "",
    ]
    lines += ["## Model details", ""]
    details = {
        "Version": system.get("version"),
        "Developed by": system.get("provider"),
        "Contact": system.get("contact"),
        "Task": view.submission.get("task"),
        "Features": ", ".join(map(str, view.resolved.get("features") or ())),
    }
    lines += [f"- {key}: {_md(str(value))}" for key, value in details.items() if value]
    lines += ["", "## Uses", "", _md(str(system.get("purpose") or "Not stated.")), ""]
    lines += ["## Bias, risks and limitations", ""]
    lines += [*_findings(view), ""]
    lines += ["## Evaluation", "", "| measure | value (95 % interval) | n |", "|---|---|---|"]
    lines += [f"| {_md(path)} | {_md(measured(m))} | {count(m.n)} |" for path, m in _numbers(view)]
    lines += ["", "By group:", "", "| group | measure | value (95 % interval) | n |", "|---|---|---|---|"]
    lines += [*_groups(view), ""]
    lines += ["## Not measured", ""]
    lines += [f"- {_md(line)}" for line in unmeasured(view)] or ["Everything was measured."]
    lines += ["", "## Not known to the audit", "", *(f"- {what}" for what in NOT_KNOWN), ""]
    return "\n".join(lines)


def _findings(view: View) -> Iterator[str]:
    for framework in view.verdicts:
        yield f"### By {_md(view.framework_title(framework))}"
        yield ""
        for one in judged(view, framework):
            if one.verdict in {"not_met", "undecided"}:
                told = next((f for f in one.findings if f.verdict.value == one.verdict), one.findings[0])
                yield f"- {_md(f'{one.requirement} {one.title}: {verdict(one.verdict)}. {tell(told)}')}"
        yield ""


def _groups(view: View) -> Iterator[str]:
    for check, name in (
        ("fairness.selection_rate", "selection_rate"),
        ("fairness.error_rates", "true_positive_rate"),
        ("fairness.error_rates", "false_positive_rate"),
    ):
        evidence = view.default(check)
        for m in evidence.measures if evidence else ():
            if m.name == name and m.of.keys() == {"attribute", "group"}:
                words = _md(measure_words(name))
                yield f"| {_md(where(m.of))} | {words} | {_md(measured(m))} | {count(m.n)} |"


def _md(text: str) -> str:
    """Return *text* as Markdown that shows it as it stands."""
    return re.sub(r"([\\`*_{}\[\]<>#|~&])", r"\\\1", shown(text))
