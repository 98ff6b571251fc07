"""Inside the child: name the column whose category a model does not know, and never the value.

The value is one that a person has, and a refusal is shown, logged and kept; whoever submitted the table can
find it by comparing the column with the training table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from auditor.sandbox.inside.answers import Refuse

UNKNOWN = "Found unknown categories"
"""How scikit-learn begins to say that an encoder met a value that it was not fitted on."""


def category_unseen(name: str | None) -> Refuse:
    """Return the refusal of rows with a category that the model was not trained on."""
    column = "a column of categories" if name is None else f"column `{name}`"
    return Refuse(
        "category-unseen",
        f"{column} holds a category that the model was not trained on, and the model refuses such rows; "
        "compare the column with the training table, then give the category as it was trained on, leave such "
        "rows out, or save a model that takes unknown categories (in scikit-learn: `handle_unknown`)",
    )


def unknown_to(error: Exception, columns: Sequence[str]) -> Refuse | None:
    """Return the refusal of a category that an encoder does not know; None for other errors."""
    if not str(error).startswith(UNKNOWN):
        return None
    trace, frames = error.__traceback__, []
    while trace is not None:
        frames.append(trace.tb_frame.f_locals)
        trace = trace.tb_next
    name = _name(frames)
    return category_unseen(name if name in columns else None)


def _name(frames: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the column that an encoder was at, by the names that it was fitted on or that its table has."""
    at = next((f for f in reversed(frames) if hasattr(f.get("self"), "categories_") and "i" in f), None)
    if at is None:
        return None
    encoder, place = at["self"], at["i"]
    width = len(encoder.categories_)
    named = [getattr(encoder, "feature_names_in_", ())]
    named += [getattr(frame.get("X"), "columns", ()) for frame in reversed(frames)]
    fitting = next((names for names in named if len(names) == width), None)
    return None if fitting is None else str(fitting[place])
