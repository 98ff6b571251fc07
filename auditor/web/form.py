"""A submission that somebody is filling in: the keys of the API, and what was read from the files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from auditor.sandbox import ModelInspection, TableInspection

ROLES = ("evaluation", "model", "training", "counts")
"""The files that the form asks for."""
OFFERED = 12
"""So many values of a column are offered for choice; more are typed."""
WIDE = 300
"""A table with more columns shows the values of those with few values only."""


@dataclass(frozen=True, slots=True)
class Column:
    """What the form shows of one column of the evaluation table."""

    name: str
    kind: str
    missing: int
    distinct: int
    top: tuple[tuple[str, int], ...]

    @property
    def values(self) -> tuple[str, ...]:
        """The values found most often."""
        return tuple(value for value, _ in self.top)

    @property
    def many_numbers(self) -> bool:
        """Whether it is a number with so many values that groups need cut points."""
        return self.kind in {"number", "integer"} and self.distinct > 10


class Form:
    """What is known so far. `submission` is exactly what the API would be sent; nothing else is submitted."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.submission: dict[str, Any] = deepcopy(dict(data.get("submission", {})))
        self.files: dict[str, dict[str, Any]] = deepcopy(dict(data.get("files", {})))

    @property
    def data(self) -> dict[str, Any]:
        """What the draft keeps."""
        return {"submission": self.submission, "files": self.files}

    def get(self, where: str, default: Any = "") -> Any:
        """Return the value at a key such as `system.name`, or *default*."""
        head, _, tail = where.partition(".")
        value = self.submission.get(head)
        if tail:
            value = value.get(tail) if isinstance(value, dict) else None
        return default if value is None else value

    def put(self, where: str, value: Any) -> None:
        """Set a key such as `system.name`; an empty value takes it away, as if nobody had written it."""
        head, _, tail = where.partition(".")
        if not tail:
            self.submission[head] = value
        else:
            self.submission.setdefault(head, {})[tail] = value
            if value in (None, "", [], {}):
                del self.submission[head][tail]
        if self.submission[head] in (None, "", [], {}):
            del self.submission[head]

    def keep_file(
        self, role: str, name: str, size: int, digest: str, inspection: TableInspection | ModelInspection
    ) -> None:
        """Remember an uploaded file and what the locked child read in it."""
        self.files[role] = {"name": name, "size": size, "digest": digest, "inspection": _brief(inspection)}
        reference = {"artifact": f"sha256:{digest}"}
        if role == "model":
            self.put("model", {**reference, "format": inspection.format})
        elif role == "counts":
            self.put("counts", {**self.submission.get("counts", {}), **reference})
        else:
            self.put(f"data.{role}", reference)

    def drop_file(self, role: str) -> None:
        """Forget a file."""
        self.files.pop(role, None)
        self.put(role if role in {"model", "counts"} else f"data.{role}", None)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the evaluation table, in the order of the file."""
        return self.columns_of("evaluation")

    def columns_of(self, role: str) -> tuple[Column, ...]:
        """Return the columns of an uploaded table, in the order of the file."""
        found = self.files.get(role, {}).get("inspection", {}).get("columns", ())
        return tuple(
            Column(
                name=c["name"],
                kind=c["kind"],
                missing=c["missing"],
                distinct=c["distinct"],
                top=tuple((str(value), int(count)) for value, count in c["top"]),
            )
            for c in found
        )

    def column(self, name: str) -> Column | None:
        """Return one column of the evaluation table."""
        return next((c for c in self.columns if c.name == name), None)

    @property
    def has_model(self) -> bool:
        """Whether a model file was given; without one this is a predictions-only audit."""
        return "model" in self.submission

    @property
    def has_counts(self) -> bool:
        """Whether published counts were given, which are then all there is."""
        return "counts" in self.submission

    @property
    def model_says(self) -> Mapping[str, Any]:
        """What the locked child read in the model file."""
        said: Mapping[str, Any] = self.files.get("model", {}).get("inspection", {})
        return said

    @property
    def inputs(self) -> tuple[tuple[str, Column | None], ...]:
        """The inputs that the model asks for by name, each with the table's column or None."""
        return tuple((name, self.column(name)) for name in self.model_says.get("features") or ())


def _brief(inspection: Any) -> dict[str, Any]:
    """Return what the pages show of a file; a draft must stay small, however wide the table."""
    if hasattr(inspection, "columns"):
        wide = len(inspection.columns) > WIDE
        return {
            "rows": inspection.rows,
            "format": inspection.format,
            "facts": dict(inspection.facts),
            "columns": [
                {
                    "name": c.name,
                    "kind": c.kind,
                    "missing": c.missing,
                    "distinct": c.distinct,
                    "top": [] if wide and c.distinct > OFFERED else [list(pair) for pair in c.top[:OFFERED]],
                }
                for c in inspection.columns
            ],
        }
    return {
        "format": inspection.format,
        "kind": inspection.kind,
        "classes": list(inspection.classes[:OFFERED]),
        "n_classes": len(inspection.classes),
        "n_features": inspection.n_features,
        "features": None if inspection.feature_names is None else list(inspection.feature_names[:WIDE]),
        "has_probabilities": inspection.has_probabilities,
        "unexpected": list(inspection.unexpected[:OFFERED]),
    }


def from_submission(submission: Mapping[str, Any]) -> Form:
    """Return a form that holds *submission*, without the keys that say nothing."""
    return Form({"submission": _without_nothing(submission)})


def _without_nothing(value: Mapping[str, Any]) -> dict[str, Any]:
    kept = {k: _without_nothing(v) if isinstance(v, Mapping) else v for k, v in value.items()}
    return {
        k: list(v) if isinstance(v, tuple) else v for k, v in kept.items() if v not in (None, "", [], (), {})
    }


def anchor(where: str) -> str:
    """Return the id that a field of the page has for a key of the submission."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", where)
