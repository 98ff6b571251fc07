"""How a submission names its files: by path beside submission.yaml, or by digest once they are stored."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from auditor.shape import Shape


class FileRef(Shape):
    """A file: a path beside submission.yaml, or an artifact by digest. Exactly one of them."""

    file: str | None = None
    artifact: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")] | None = None
    format: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,32}$")] | None = None

    @model_validator(mode="after")
    def _one(self) -> FileRef:
        if (self.file is None) == (self.artifact is None):
            raise ValueError("give either `file` (a path) or `artifact` (sha256:...)")
        return self

    @property
    def digest(self) -> str:
        """The 64 hex digits, once the file is stored."""
        if self.artifact is None:
            raise ValueError(f"{self.file} is not stored yet")
        return self.artifact.removeprefix("sha256:")


def _named_sign(value: Any) -> Any:
    return SIGNS.get(value, value) if isinstance(value, str) else value


SIGNS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", ".": "point"}
"""Signs that may be given for their names."""


class TableRef(FileRef):
    """A table, and how it is written, where its bytes could mislead: what is declared is not guessed."""

    encoding: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,32}$")] | None = None
    """Of CSV and TSV: utf-8, cp1252, gb18030, ..."""
    delimiter: Annotated[Literal["comma", "semicolon", "tab", "bar"], BeforeValidator(_named_sign)] | None = (
        None
    )
    decimal: Annotated[Literal["point", "comma"], BeforeValidator(_named_sign)] | None = None
    sheet: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """Of a workbook; by default the first that is not empty."""

    @property
    def declared(self) -> dict[str, str]:
        """What its reader is told."""
        said = {key: getattr(self, key) for key in ("encoding", "delimiter", "decimal", "sheet")}
        return {key: value for key, value in said.items() if value is not None}


def as_file(value: Any) -> Any:
    """Take a name alone for a file of that name."""
    return {"file": value} if isinstance(value, str) else value


TableFile = Annotated[TableRef, BeforeValidator(as_file)]


def _as_document(value: Any) -> Any:
    if isinstance(value, str):
        return {"artifact" if value.startswith("sha256:") else "file": value}
    raise ValueError("name a file as text")


Document = Annotated[
    FileRef,
    BeforeValidator(_as_document, json_schema_input_type=str),
    PlainSerializer(lambda file: file.artifact or file.file, return_type=str),
]
"""A document that is kept and handed on, never read: written as text."""
