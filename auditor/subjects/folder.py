"""A prepared subject on disk, so that every process that measures rebuilds the same one.

These files are ours: Parquet and JSON that this module wrote, never bytes that somebody submitted.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from auditor.subjects.prepare import Prepared
from checks.model import Array, Challenger, Inside, Model, ModelFile, Roles, Subject, Task
from checks.notices import Notice
from checks.published import Published, Row

TABLES = ("evaluation", "training", "reference", "population", "reasons", "service_log")
ANSWERS = ("decision", "score", "training_decision", "training_score")
PROBABILITIES = "probabilities.parquet"


def save(prepared: Prepared, folder: Path) -> None:
    """Write the subject to *folder*; `subject.json` comes last and says that the rest is whole."""
    subject = prepared.subject
    folder.mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        frame: pd.DataFrame | None = getattr(subject, name)
        if frame is not None:
            frame.to_parquet(folder / f"{name}.parquet", index=False)
    for name in ANSWERS:
        _write(getattr(subject, name), folder / f"{name}.parquet")
    if subject.probabilities is not None:
        columns = pd.DataFrame(subject.probabilities, columns=[str(i) for i in range(len(subject.classes))])
        columns.to_parquet(folder / PROBABILITIES, index=False)
    for position, challenger in enumerate(subject.challengers.values()):
        _write(challenger.decision, folder / f"challenger-{position}-decision.parquet")
        _write(challenger.score, folder / f"challenger-{position}-score.parquet")
    about = {
        "task": subject.task,
        "seed": subject.seed,
        "classes": list(subject.classes),
        "roles": dataclasses.asdict(subject.roles),
        "model_file": dataclasses.asdict(subject.model_file) if subject.model_file else None,
        "challengers": list(subject.challengers),
        "published": dataclasses.asdict(subject.published) if subject.published else None,
        "facts": dict(subject.facts),
        "notices": [dataclasses.asdict(notice) for notice in subject.notices],
        "resolved": dict(prepared.resolved),
    }
    (folder / "subject.json").write_text(json.dumps(about), encoding="utf-8")


def load(folder: Path) -> Subject:
    """Return the subject that was saved in *folder*, without its live model."""
    about = json.loads((folder / "subject.json").read_text(encoding="utf-8"))
    tables: dict[str, Any] = {name: _table(folder / f"{name}.parquet") for name in TABLES}
    answers: dict[str, Any] = {name: _answers(folder / f"{name}.parquet") for name in ANSWERS}
    evaluation = tables.pop("evaluation")
    assert evaluation is not None
    file, probabilities = about["model_file"], _table(folder / PROBABILITIES)
    return Subject(
        task=Task(about["task"]),
        evaluation=evaluation,
        roles=_roles(about["roles"]),
        seed=about["seed"],
        probabilities=None if probabilities is None else probabilities.to_numpy(dtype=np.float64),
        classes=tuple(about["classes"]),
        model_file=ModelFile(**{k: _frozen(v) for k, v in file.items()}) if file else None,
        challengers={name: _challenger(folder, i) for i, name in enumerate(about["challengers"])},
        published=_published(about["published"]),
        facts=about["facts"],
        notices=tuple(Notice(**notice) for notice in about["notices"]),
        **tables,
        **answers,
    )


def attach(subject: Subject, model: Model, inside: Inside | None = None) -> Subject:
    """Return *subject* with a live model to ask, and what its file tells of the data that it keeps."""
    return dataclasses.replace(subject, model=model, inside=inside)


def _table(path: Path) -> pd.DataFrame | None:
    return pd.read_parquet(path) if path.exists() else None


def _write(values: Array | None, path: Path) -> None:
    if values is not None:
        plain = pd.Series(values, dtype="str" if values.dtype == object else np.float64)
        pd.DataFrame({"value": plain}).to_parquet(path, index=False)


def _challenger(folder: Path, position: int) -> Challenger:
    decision, score = (f"challenger-{position}-{name}.parquet" for name in ("decision", "score"))
    return Challenger(_answers(folder / decision), _answers(folder / score))


def _answers(path: Path) -> Array | None:
    if not path.exists():
        return None
    values = pd.read_parquet(path)["value"]
    return values.to_numpy(dtype=np.float64 if values.dtype == np.float64 else object)


def _published(raw: dict[str, Any] | None) -> Published | None:
    if raw is None:
        return None
    rows = tuple(Row(**{name: _frozen(value) for name, value in row.items()}) for row in raw["rows"])
    return Published(**{**raw, "rows": rows})


def _roles(raw: dict[str, Any]) -> Roles:
    bins = {name: tuple(cuts) for name, cuts in raw.pop("bins").items()}
    return Roles(bins=bins, **{key: _frozen(value) for key, value in raw.items()})


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
