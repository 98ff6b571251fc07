"""What a model said of one person, in two digits that stay on the side of the limit where the answer is."""

from __future__ import annotations

from typing import NamedTuple

UNDER, OVER = "under this number", "over this number"
JUST_UNDER = "just under the limit, which is about this number"
JUST_OVER = "just over the limit, which is about this number"


class Told(NamedTuple):
    """A number that may be told, and how the answer lies to it; None where it is about that number."""

    number: float
    lies: str | None


def rounded(value: float) -> float:
    """Return two digits: enough to read, too few to know a row again."""
    return float(f"{float(value):.2g}")


def told(answer: float, limit: float, *, exact: bool, share: bool) -> Told:
    """Return *answer* in two digits, which never say the other side of *limit*, nor 1 for less than 1.

    *exact* says that readers know the limit as it is, as a threshold; a median they know in three digits.
    *share* says that answers end at -1 and 1.
    """
    near = rounded(answer)
    if (near - limit) * (answer - limit) <= 0 and answer != limit:
        if exact:
            return Told(limit, UNDER if answer < limit else OVER)
        return Told(float(f"{limit:.3g}"), JUST_UNDER if answer < limit else JUST_OVER)
    if answer == limit and not exact:
        return Told(float(f"{limit:.3g}"), None)
    if share and abs(near) == 1 and abs(answer) < 1:
        return Told(0.99, OVER) if near > 0 else Told(-0.99, UNDER)
    return Told(near, None)
