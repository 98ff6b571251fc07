"""Refusals: what is wrong, where, and what to do, in sentences that every door shows alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a submission.

    `where` is the key in the submission (`columns.label`, `data.evaluation`), `code` a stable name
    (`label-missing`), `sentence` says the fact, then the need.
    """

    where: str
    code: str
    sentence: str


class Refused(Exception):
    """The submission is refused; nothing of it was kept."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(p.sentence for p in self.problems))


def refuse(where: str, code: str, sentence: str) -> Refused:
    """Return a refusal with one problem, to be raised by the caller."""
    return Refused((Problem(where=where, code=code, sentence=sentence),))
