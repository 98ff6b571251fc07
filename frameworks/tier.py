"""The risk tier, from a recorded questionnaire: what is asked, how it is scored, and which tier holds.

Scoring follows Canada's Algorithmic Impact Assessment (`scoring` in canada-ca/aia-eia-js): the points of all
risk answers are summed; 15 % are taken off when mitigation reaches 80 % of its maximum; the levels I to IV
are cut at 25, 50 and 75 % of the most that risk can reach. A question without an answer counts as the
answer that speaks most against the system, so leaving one out never helps.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from frameworks.measures import HERE
from frameworks.model import TIERS
from frameworks.source import parse

LEVELS = ("I", "II", "III", "IV")


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Choice(_Shape):
    """One answer that can be given."""

    id: str
    points: Annotated[int, Field(ge=0)]
    en: str
    zh: str
    at_least: Literal["limited", "moderate", "high"] | None = None
    """The lowest tier that this answer allows, whatever the sum."""


class Asked(_Shape):
    """One question, in English and Chinese."""

    id: str
    kind: Literal["risk", "mitigation"]
    en: str
    zh: str
    choices: Annotated[tuple[Choice, ...], Field(min_length=2)]

    @property
    def most(self) -> int:
        """The most points that an answer gives."""
        return max(choice.points for choice in self.choices)

    def choice(self, given: str | None) -> Choice:
        """Return the answer; where there is none, the one that speaks most against the system."""
        against = max if self.kind == "risk" else min
        unsaid = against(self.choices, key=lambda choice: choice.points)
        return next((choice for choice in self.choices if choice.id == given), unsaid)


class Discount(_Shape):
    """What mitigation earns."""

    mitigation_share: float
    factor: float


class Questionnaire(_Shape):
    """All questions and the way of scoring."""

    version: str
    discount: Discount
    cuts: tuple[float, float, float]
    tiers: Mapping[str, Literal["limited", "moderate", "high"]]
    questions: tuple[Asked, ...]

    def question(self, name: str) -> Asked | None:
        """Return a question by its id."""
        return next((question for question in self.questions if question.id == name), None)


@cache
def questionnaire() -> Questionnaire:
    """Return the questionnaire of this version."""
    path = HERE / "risk_questionnaire.yaml"
    return Questionnaire.model_validate(parse(path.read_bytes(), path.name).data)


@dataclass(frozen=True, slots=True)
class Score:
    """What the answers come to."""

    version: str
    raw: int
    raw_most: int
    mitigation: int
    mitigation_most: int
    reduced: bool
    final: int
    level: str
    tier: str
    raised_by: tuple[str, ...]
    """Questions whose answer alone asks for a higher tier than the sum."""
    unanswered: tuple[str, ...]


def score(answers: Mapping[str, str]) -> Score:
    """Return what *answers* (question id to choice id) come to."""
    asked = questionnaire()
    chosen = {question.id: question.choice(answers.get(question.id)) for question in asked.questions}

    def total(kind: str) -> tuple[int, int]:
        these = [question for question in asked.questions if question.kind == kind]
        return sum(chosen[q.id].points for q in these), sum(q.most for q in these)

    (raw, raw_most), (mitigation, mitigation_most) = total("risk"), total("mitigation")
    reduced = mitigation >= asked.discount.mitigation_share * mitigation_most
    final = math.floor(asked.discount.factor * raw + 0.5) if reduced else raw
    level = LEVELS[sum(final > cut * raw_most for cut in asked.cuts)]
    by_sum = asked.tiers[level]
    raising = {q: c.at_least for q, c in chosen.items() if c.at_least and _rank(c.at_least) > _rank(by_sum)}
    return Score(
        version=asked.version,
        raw=raw,
        raw_most=raw_most,
        mitigation=mitigation,
        mitigation_most=mitigation_most,
        reduced=reduced,
        final=final,
        level=level,
        tier=max((by_sum, *raising.values()), key=_rank),
        raised_by=tuple(raising),
        unanswered=tuple(q.id for q in asked.questions if q.id not in answers),
    )


def _rank(tier: str) -> int:
    return TIERS.index(tier)


def settle(declared: str | None, answers: Mapping[str, str] | None) -> dict[str, Any]:
    """Return the tier that holds, and how it came about, as the record keeps it.

    The questionnaire decides. A declared tier can only raise what it gives; without a questionnaire the
    declared tier holds, and without either the highest.
    """
    scored = None if answers is None else score(answers)
    computed = scored.tier if scored else None
    known = [tier for tier in (declared, computed) if tier is not None]
    return {
        "tier": max(known, key=_rank, default=TIERS[-1]),
        "declared": declared,
        "computed": computed,
        "score": None if scored is None else {**asdict(scored), "raised_by": list(scored.raised_by),
                                              "unanswered": list(scored.unanswered)},
    }  # fmt: skip
