"""Where the numbers of a measure can lie at all: a bound that all of them keep, or none, asks nothing.

Told by the measure's name, and only where its definition leaves no doubt; of other measures nothing is known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import inf

_SHARE = re.compile(
    r"(^|_)(share|rate|p_value|predictive_value|accuracy|auc|uniqueness)(_shrunk)?$"
    r"|_risk$|^f1$|^impact_ratio$"
    r"|^(?!conditional_).*(rate|predictive_value|accuracy)_ratio$"
    r"|^(?!conditional_|certain_).*(rate|share|predictive_value|accuracy|auc|odds|opportunity)_gap$"
)
"""Shares, chances, the lowest of shares divided by the highest, and the highest less the lowest: 0 to 1."""
_COUNT = re.compile(
    r"^(k_map|distinct_l|entropy_l|recursive_l|size|depth|rows|failures|median_wait)$"
    r"|^days_|_(count|days|actions|rows|people|identifiers|vulnerabilities|types|columns|features|failures)$"
)
"""Numbers of things and lengths of time: 0 or more."""
_SMALLEST = frozenset({"k", "k_without_repeats"})
"""People in the smallest class, which holds one at least: 1 or more."""
_OTHERWISE = frozenset(
    {"auc", "direct_share", "excess_twin_share", "explaining_error_rate", "group_auc", "group_auc_gap",
     "importance_share", "interaction_share", "pair_share", "protected_share", "proxy_share",
     "sampled_share", "spread_share", "wrong_label_share"}
)  # fmt: skip
"""Called so, but estimated as differences or parts of a spread, which chance takes past the ends."""


def span(name: str) -> tuple[float, float] | None:
    """Return the least and the greatest that a measure called *name* can be, or None where that is open."""
    if name in _OTHERWISE:
        return None
    if _SHARE.search(name):
        return 0.0, 1.0
    if name in _SMALLEST:
        return 1.0, inf
    return (0.0, inf) if _COUNT.search(name) else None


def empty(path: str, bound: Mapping[str, object]) -> str | None:
    """Say why *bound* (`{"at_least": 1.5}`) asks nothing of the measure at *path*, or return None."""
    ends = span(path.rpartition(".")[2])
    ((operator, said),) = bound.items()
    if ends is None or operator == "reported" or not isinstance(said, int | float):
        return None
    least, greatest = ends
    always, never = {
        "at_least": (said <= least, said > greatest),
        "above": (said < least, said >= greatest),
        "at_most": (said >= greatest, said < least),
        "below": (said > greatest, said <= least),
        "equals": (False, not least <= said <= greatest),
    }[operator]
    if not (always or never):
        return None
    asked = f"{operator}: {said:g}"
    match always, greatest == inf:
        case True, True:
            return (
                f"every number of `{path}` keeps `{asked}`, since none is below {least:g}; correct it, or "
                "write `reported: true`."
            )
        case True, False:
            return (
                f"every number of `{path}` keeps `{asked}`, since all lie between 0 and 1; correct it, or "
                "write `reported: true`."
            )
        case False, True:
            return f"no number of `{path}` keeps `{asked}`, since none is below {least:g}; correct it."
        case _:
            return (
                f"no number of `{path}` keeps `{asked}`, since all lie between 0 and 1; correct it (a share "
                "of 85 % is written 0.85)."
            )
