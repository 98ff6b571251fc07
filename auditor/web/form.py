"""A submission that somebody is filling in: the keys of the API, and what was read from the files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass, is_dataclass
from typing import Any

ROLES = ("evaluation", "model", "training")
"""The files that the form asks for."""


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

    def keep_file(self, role: str, name: str, size: int, digest: str, inspection: Any) -> None:
        """Remember an uploaded file and what the locked child read in it."""
        found = asdict(inspection) if is_dataclass(inspection) and not isinstance(inspection, type) else {}
        self.files[role] = {"name": name, "size": size, "digest": digest, "inspection": found}
        reference = {"artifact": f"sha256:{digest}"}
        self.put("model" if role == "model" else f"data.{role}", reference)

    def drop_file(self, role: str) -> None:
        """Forget a file."""
        self.files.pop(role, None)
        self.put("model" if role == "model" else f"data.{role}", None)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the evaluation table, in the order of the file."""
        found = self.files.get("evaluation", {}).get("inspection", {}).get("columns", ())
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
