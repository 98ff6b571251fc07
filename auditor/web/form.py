"""A submission that somebody is filling in: the keys of the API, and what was read from the files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from auditor.sandbox import ModelInspection, TableInspection

ROLES = {"evaluation": "data.evaluation", "model": "model", "training": "data.training", "counts": "counts"}
"""The files that every form asks for, with their keys; of further ones the key is the role: `models.0`."""
ALONE = ("reasons", "service_log")
"""Files that steps of their own ask for; their role is their key."""
HOW_WRITTEN = ("encoding", "delimiter", "decimal", "sheet")
"""What may be said of how a table is written."""
MOST = 10
"""So many further systems, and so many joined tables, a submission takes."""
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

    @staticmethod
    def where(role: str) -> str:
        """Return the key of a file."""
        return ROLES.get(role, role)

    @property
    def contenders(self) -> tuple[str, ...]:
        """The roles of further systems."""
        return tuple(f"models.{position}" for position in range(len(self.get("models", []))))

    @property
    def joins(self) -> tuple[str, ...]:
        """The roles of tables that are joined."""
        return tuple(f"join.{name}" for name in self.get("join", {}))

    @property
    def next_contender(self) -> str:
        """The role of one more system."""
        return f"models.{len(self.contenders)}"

    @property
    def next_join(self) -> str:
        """The role of one more table, under a name that is free."""
        names = ("demographics", *(f"demographics-{n}" for n in range(2, MOST + 2)))
        return next(f"join.{name}" for name in names if f"join.{name}" not in self.joins)

    def file_roles(self) -> tuple[str, ...]:
        """Return the role of every file that may be given now."""
        further = [*self.contenders[:MOST], *self.joins[:MOST]]
        more = [
            role
            for given, role in ((self.contenders, self.next_contender), (self.joins, self.next_join))
            if len(given) < MOST
        ]
        return (*ROLES, *further, *more, *ALONE)

    def reference(self, role: str) -> dict[str, Any] | None:
        """Return what the submission says of a file."""
        head, _, tail = self.where(role).partition(".")
        said = self.submission.get(head)
        if isinstance(said, list):
            said = said[int(tail)] if int(tail) < len(said) else None
        elif tail and said is not None:
            said = said.get(tail)
        return said

    def file_of(self, role: str) -> dict[str, Any] | None:
        """Return what is known of a file that was uploaded."""
        if role in ROLES:
            return self.files.get(role)
        return self.files.get((self.reference(role) or {}).get("artifact", ""))

    def declared(self, role: str) -> dict[str, str]:
        """Return how a table is said to be written."""
        said = self.reference(role) or {}
        return {key: said[key] for key in HOW_WRITTEN if said.get(key)}

    def keep_file(
        self,
        role: str,
        name: str,
        size: int,
        digest: str,
        inspection: TableInspection | ModelInspection,
        *,
        declared: Mapping[str, str] | None = None,
    ) -> None:
        """Remember an uploaded file, how it is said to be written, and what the locked child read in it."""
        artifact = f"sha256:{digest}"
        said = {k: v for k, v in (self.reference(role) or {}).items() if k not in (*HOW_WRITTEN, "format")}
        said |= {"artifact": artifact, **(declared or {})}
        if role.startswith("model"):
            said["format"] = inspection.format
        head, _, tail = self.where(role).partition(".")
        if head == "models":
            others = self.submission.setdefault("models", [])
            others[int(tail) : int(tail) + 1] = [{"name": self.free_name(), **said}]
        elif tail:
            self.submission.setdefault(head, {})[tail] = said
        else:
            self.submission[head] = said
        self.files[role if role in ROLES else artifact] = {
            "name": name,
            "size": size,
            "digest": digest,
            "declared": dict(declared or {}),
            "inspection": _brief(inspection),
        }

    def free_name(self) -> str:
        """Return a name that no further system has yet."""
        taken = {one.get("name") for one in self.get("models", [])}
        names = ("challenger", *(f"challenger-{n}" for n in range(2, MOST + 2)))
        return next(name for name in names if name not in taken)

    def drop_file(self, role: str) -> None:
        """Forget a file, and of a further system or joined table everything."""
        if role in ROLES:
            self.files.pop(role, None)
            self.put(self.where(role), None)
        elif role in self.contenders:
            at = int(role.partition(".")[2])
            self.put("models", [one for position, one in enumerate(self.get("models")) if position != at])
        elif role in self.joins:
            self.put("join", {k: v for k, v in self.get("join").items() if f"join.{k}" != role})
        elif role in ALONE:
            self.put(role, None)
        elif (at_notice := role.removeprefix("notices.")) != role:
            self.put("notices", [one for i, one in enumerate(self.get("notices", [])) if str(i) != at_notice])
        others = (*self.contenders, *self.joins, *ALONE)
        kept = {(self.reference(one) or {}).get("artifact") for one in others}
        kept |= {notice.get("artifact") for notice in self.get("notices", [])}
        kept |= {answer.get("document") for answer in self.get("answers", {}).values()}
        kept.add(self.get("sandbox.exit_report"))
        self.files = {key: file for key, file in self.files.items() if key in ROLES or key in kept}

    def document_at(self, where: str) -> dict[str, Any] | None:
        """Return the part of the submission that takes a document at *where*, once it is there."""
        if where == "sandbox.exit_report":
            return self.submission.get("sandbox")
        head, _, rest = where.partition(".")
        key, _, tail = rest.rpartition(".")
        if head != "answers" or tail != "document":
            return None
        answer: dict[str, Any] | None = self.get("answers", {}).get(key)
        return answer

    def keep_document(self, where: str, name: str, size: int, digest: str) -> None:
        """Remember a document, which is named by its digest and never read."""
        holder = self.document_at(where)
        assert holder is not None
        artifact = f"sha256:{digest}"
        holder[where.rpartition(".")[2]] = artifact
        self.files[artifact] = {"name": name, "size": size, "digest": digest}

    def keep_notice(self, name: str, size: int, digest: str) -> None:
        """Remember one more notice, called by its file until somebody names it."""
        artifact = f"sha256:{digest}"
        notices = self.submission.setdefault("notices", [])
        notices.append({"artifact": artifact, "name": name.rpartition(".")[0] or name})
        self.files[artifact] = {"name": name, "size": size, "digest": digest}

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the evaluation table, in the order of the file, then those of joined tables."""
        return (*self.columns_of("evaluation"), *(c for role in self.joins for c in self._joined(role)))

    def _joined(self, role: str) -> tuple[Column, ...]:
        said, name = self.reference(role) or {}, role.partition(".")[2]
        found = (c for c in self.columns_of(role) if c.name != (said.get("to") or said.get("on")))
        return tuple(replace(c, name=f"{name}:{c.name}") for c in found)

    def columns_of(self, role: str) -> tuple[Column, ...]:
        """Return the columns of an uploaded table, in the order of the file."""
        found = (self.file_of(role) or {}).get("inspection", {}).get("columns", ())
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
        """Return one column of the evaluation table or of one that is joined to it."""
        return next((c for c in self.columns if c.name == name), None)

    @property
    def has_model(self) -> bool:
        """Whether a model answers, by its file or over HTTP; else this is a predictions-only audit."""
        return "model" in self.submission or "endpoint" in self.submission

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
    kept = {k: _plain(v) for k, v in value.items()}
    return {k: v for k, v in kept.items() if v not in (None, "", [], {})}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _without_nothing(value)
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else value


def anchor(where: str) -> str:
    """Return the id that a field of the page has for a key of the submission."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", where)
