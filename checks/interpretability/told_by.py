"""Whether reasons are as true in one language as in another."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from checks.interpretability.weighed import Weighed
from checks.interpretability.without import BY_LANGUAGE
from checks.model import Array, Table
from checks.statistics import wilson_limits

LEAST = 10
"""People told in a language before it is listed."""
COLUMNS = ("language", "people", "main reason named", "false reasons", "low", "high")


def by_language(weighed: Weighed) -> Table:
    """Return, by the language that people were told in, how far the reasons are those of the model.

    False reasons are the part of the named features that spoke for the person, with Wilson's limits; people
    are n.
    """
    told, at = weighed.named, defaultdict[str, list[int]](list)
    for i, letter in enumerate(weighed.sample):
        at[" + ".join(sorted(letter.languages))].append(i)
    main: Array = np.asarray((told & weighed.heaviest).any(axis=1))
    false = (told & weighed.contradicted).sum(axis=1) / told.sum(axis=1)
    large = {name: rows for name, rows in at.items() if len(rows) >= LEAST}
    rows = []
    for name in sorted(large, key=lambda one: (-len(large[one]), one)):
        mine, n = large[name], float(len(large[name]))
        share = float(false[mine].mean())
        low, high = map(float, wilson_limits(share, n))
        rows.append((name, n, float(main[mine].mean()), share, low, high))
    left = len(at) - len(large)
    note = f"{left} more with fewer than {LEAST} people" if left else None
    return Table(BY_LANGUAGE, COLUMNS, tuple(rows), note)
