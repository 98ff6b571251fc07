"""Who is without a case, or without an answer; reports read this too, so nothing heavy is imported."""

from __future__ import annotations

from dataclasses import dataclass

LEFT_OUT = "people left out"
"""The table that counts people of whom a changed row got no number."""
UNLIKE = "how those left out differ"
"""The table of the feature in which those left out differ most from the rest."""
COLUMNS = ("of", "feature", "way", "standard deviations")
WITHHELD, ALIKE = "withheld", "no more than chance"
"""Ways that name no feature: too few rows to tell, or no difference beyond chance."""
BY_LANGUAGE = "reasons by language"
"""The table of how far reasons are the model's, by the language that people were told in."""
SAME = "the same person as another case"
FEW = "too few people share what would be told"
RIGHT = "none of its answers is known to be wrong"
FULL = "larger errors of other groups are told"
"""Why a group has no case of its own."""


@dataclass(frozen=True)
class Without:
    """A group that has no case of its own, and why."""

    attribute: str
    group: str
    why: str
    case: str | None = None
    """The case of another name that is the same person."""
