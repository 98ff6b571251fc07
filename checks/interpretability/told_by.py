"""Whether reasons are as true in one language as in another."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np

from checks.interpretability.weighed import Weighed
from checks.interpretability.without import BY_LANGUAGE
from checks.model import Array, Measure, Table
from checks.statistics import wilson, wilson_limits

LEAST = 10
"""People told in a language before it is listed."""
COLUMNS = ("language", "people", "main reason named", "false reasons", "low", "high", "undecided")


def false_parts(weighed: Weighed) -> tuple[Array, Array]:
    """Return the parts of each person's named features that spoke for them, and that may have."""
    told = weighed.named
    each = told.sum(axis=1)
    return (told & weighed.contradicted).sum(axis=1) / each, (told & weighed.undecided).sum(axis=1) / each


def at_least(name: str, parts: Array, unsure: Array, note: str | None) -> Measure:
    """Return the mean of *parts*; the lower limit counts none of the *unsure* parts in, the upper one all."""
    n = float(len(parts))
    found = wilson(name, float(parts.sum()), n, note=note)
    if not unsure.any():
        return found
    high = float(wilson_limits(min(float((parts + unsure).mean()), 1.0), n)[1])
    return replace(found, high=high, method=f"{found.method}, of none of the undecided to all of them")


def by_language(weighed: Weighed) -> Table:
    """Return, by the language that people were told in, how far the reasons are those of the model.

    False reasons are the part of the named features that spoke for the person. Of the undecided it cannot be
    told: Wilson's lower limit counts none of them as false, the upper one all. People are n.
    """
    main: Array = np.asarray((weighed.named & weighed.heaviest).any(axis=1))
    at = defaultdict[str, list[int]](list)
    for i, letter in enumerate(weighed.sample):
        at[" + ".join(sorted(letter.languages))].append(i)
    false, unsure = false_parts(weighed)
    large = {name: rows for name, rows in at.items() if len(rows) >= LEAST}
    rows = []
    for name in sorted(large, key=lambda one: (-len(large[one]), one)):
        mine, n = large[name], float(len(large[name]))
        share = at_least("false reasons", false[mine], unsure[mine], None)
        open_ = float(unsure[mine].mean())
        rows.append((name, n, float(main[mine].mean()), share.value, share.low, share.high, open_))
    left = len(at) - len(large)
    note = f"{left} more with fewer than {LEAST} people" if left else None
    return Table(BY_LANGUAGE, COLUMNS, tuple(rows), note)
