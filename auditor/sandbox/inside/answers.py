"""Answering from inside: numbers, one sentence, a description, a column."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

from auditor.sandbox.frames import ANSWER, COLUMN, DESCRIPTION, MAGIC, MAX_REFUSAL, NUMBERS, REFUSAL


class Refuse(Exception):
    """The file cannot be used; the sentence is shown to the submitter."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code, self.sentence = code, sentence


def brief(error: BaseException) -> str:
    """Return the first line of an error, and its kind: for a submitter, not for a programmer."""
    first = str(error).strip().partition("\n")[0].rstrip(".:")
    return f"{first} ({type(error).__name__})" if first else type(error).__name__


def send_refusal(answers: BinaryIO, code: str, sentence: str) -> None:
    """Answer with one sentence."""
    said = json.dumps({"code": code, "sentence": sentence[:1_000]}).encode()[:MAX_REFUSAL]
    answers.write(ANSWER.pack(MAGIC, REFUSAL, len(said), 0) + said)
    answers.flush()


def send_description(answers: BinaryIO, description: Mapping[str, Any]) -> None:
    """Answer with plain JSON, which the parent validates key by key."""
    said = json.dumps(description).encode()
    answers.write(ANSWER.pack(MAGIC, DESCRIPTION, len(said), 0) + said)
    answers.flush()


def send_numbers(answers: BinaryIO, numbers: Any) -> None:
    """Answer with a matrix of float64."""
    import numpy as np

    matrix = np.ascontiguousarray(numbers, dtype="<f8")
    rows, columns = matrix.shape if matrix.ndim == 2 else (len(matrix), 1)
    answers.write(ANSWER.pack(MAGIC, NUMBERS, rows, columns))
    answers.write(matrix.data if matrix.size else b"")
    answers.flush()


def send_column(answers: BinaryIO, about: Mapping[str, Any], buffers: tuple[Any, ...]) -> None:
    """Answer with one column: what it is, and its raw buffers."""
    import numpy as np

    said = json.dumps(about).encode()
    raw = [np.ascontiguousarray(buffer).view(np.uint8).data for buffer in buffers]
    answers.write(ANSWER.pack(MAGIC, COLUMN, len(said), len(raw)))
    answers.write(struct.pack(f"<{len(raw)}Q", *(len(buffer) for buffer in raw)) + said)
    answers.writelines(raw)
    answers.flush()
