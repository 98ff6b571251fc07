"""What a submission says of an endpoint."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from auditor.shape import Name, Shape, Value


class Endpoint(Shape):
    """A model that answers over HTTP: where it is, and how rows and answers are spelt."""

    url: Annotated[str, Field(min_length=1, max_length=2000)]
    protocol: Literal["v2", "mlflow", "json"]
    probabilities: bool = False
    """Whether it answers one number a class (or, for two classes, that of the last) instead of a class."""
    classes: Annotated[tuple[Value, ...], Field(max_length=1000)] = ()
    """The classes, in the order of its probabilities; without it they are learnt from its answers."""
    features: tuple[Name, ...] | None = None
    """The columns that it is sent, in its order."""
    inputs: Literal["columns", "matrix"] = "columns"
    """v2: one tensor a column, or one matrix of numbers."""
    input: Name = "predict"
    """v2: the name of that matrix."""
    output: Name | None = None
    """v2: the output to read, where it answers several."""
    row_shape: Literal["mapping", "list"] = "mapping"
    """json: whether a row is a mapping of names to values, or a list of values."""
    rows_key: Name = "rows"
    """json: the key that holds the rows in the question."""
    answer_path: Annotated[str, Field(max_length=256)] = "predictions"
    """json: the keys, joined by dots, that lead to the list of answers; empty when it is the whole."""

    @model_validator(mode="after")
    def _fits_together(self) -> Endpoint:
        if len(set(self.classes)) != len(self.classes) or len(self.classes) == 1:
            raise ValueError("`classes` names two or more classes, each once")
        if self.probabilities and not self.classes:
            raise ValueError("name the `classes` in the order of its probabilities")
        return self
