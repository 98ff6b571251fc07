"""The words that cross the pipes between the child and its parent; both sides read them here.

A question is an operation and a trusted Arrow stream of rows. An answer is a frame: a magic, a kind, two
counts. Numbers are little-endian float64. Everything that the child says is checked by length before
anything is made of it; it never sends Arrow, pickle or code.
"""

from __future__ import annotations

import struct
from typing import Final

QUESTION: Final = struct.Struct("<QQ")  # operation, bytes of the Arrow stream that follows
ANSWER: Final = struct.Struct("<4sIQQ")  # magic, kind, and two counts whose meaning the kind gives
MAGIC: Final = b"AGR1"

PREDICT, PREDICT_PROBA, CONTRIBUTIONS = 0, 1, 2
STORED, LISTED, LEAVES = 3, 4, 5
"""What the file keeps of given rows: do they stand in it, are their values listed, which leaves hold them."""
MOST_TREES = 100
"""Trees whose leaves are told; of more, these many from the first to the last."""

NUMBERS, REFUSAL, DESCRIPTION, COLUMN = 0, 1, 2, 3
"""Kinds of answers: rows x columns of float64; a sentence; JSON; one column (bytes of JSON, buffers)."""

MAX_REFUSAL, MAX_DESCRIPTION, MAX_BUFFERS = 8_192, 16 << 20, 3
