"""The reasons that people were given, put beside the rows that they are about by a case id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from auditor.problems import Problem
from auditor.subjects.columns import listed, unknown
from auditor.subjects.join import rows_of
from auditor.submission import Reasons, Submission
from checks.model import NOT_STATED, Array
from checks.values import as_text

OPTIONAL = ("feature", "language", "channel")
"""Columns that are taken under their own name where nothing else is declared."""
LONGEST = 20_000
"""Characters of one text that are kept."""


def problems(submission: Submission, table: pd.DataFrame, shown: pd.DataFrame | None) -> Iterator[Problem]:
    """Find what keeps the table *shown* from being set beside the evaluation *table*."""
    asked = submission.reasons
    if asked is None or shown is None:
        return
    what = "the table of reasons"
    for key in ("case", "text", *OPTIONAL):
        name = getattr(asked, key)
        if name is not None and name not in shown.columns:
            yield unknown(f"reasons.{key}", name, shown, what)
    on = _on(submission, asked)
    if on is None:
        sentence = (
            "the reasons name cases by an id: set `reasons.on` to the evaluation table's column of ids."
        )
        yield Problem("reasons.on", "missing-key", sentence)
    elif on not in table.columns:
        yield unknown("reasons.on", on, table)
    elif on in (submission.columns.features or ()):
        sentence = f"`{on}` is the id that reasons are found by, so it is no feature; remove it there."
        yield Problem("columns.features", "id-as-feature", sentence)
    elif asked.case in shown.columns:
        yield from _about_ids(on, asked.case, as_text(table[on]), as_text(shown[asked.case]))


def about_features(submission: Submission, features: Sequence[str]) -> Iterator[Problem]:
    """Find words that were declared for what is no feature."""
    asked = submission.reasons
    missing = [name for name in (asked.words if asked is not None else ()) if name not in features]
    if missing:
        sentence = f"`words` are given for {listed(missing)}, which the model does not take; it takes "
        yield Problem("reasons.words", "unknown-feature", f"{sentence}{listed(list(features))}.")


def beside(submission: Submission, table: pd.DataFrame, shown: pd.DataFrame | None) -> pd.DataFrame | None:
    """Return the reasons as `Subject.reasons` holds them."""
    asked = submission.reasons
    on = None if asked is None else _on(submission, asked)
    if asked is None or on is None or shown is None:
        return None
    ids, mine = as_text(shown[asked.case]), as_text(table[on])
    first = pd.Series(np.arange(len(mine)), index=pd.Index(mine, dtype=object))
    rows = first[~first.index.duplicated()].reindex(pd.Index(ids, dtype=object)).fillna(-1).to_numpy()
    out = pd.DataFrame({"row": np.where(ids == NOT_STATED, -1, rows).astype(np.int64)})
    out["text"] = _text(shown[asked.text])
    for key in OPTIONAL:
        name = getattr(asked, key) or key
        out[key] = _text(shown[name]) if name in shown.columns else pd.array([None] * len(out), dtype="str")
    return out


def _on(submission: Submission, asked: Reasons) -> str | None:
    """Return the column of case ids in the evaluation table; None where nobody said."""
    ids = submission.columns.identifiers
    return asked.on or (ids[0] if len(ids) == 1 else None)


def _text(values: pd.Series[str]) -> pd.Series[str]:
    text = pd.Series(as_text(values), dtype="str").str.slice(0, LONGEST)
    return text.where(values.notna().to_numpy(), None)


def _about_ids(on: str, case: str, mine: Array, theirs: Array) -> Iterator[Problem]:
    """Find ids that name two rows of the evaluation table, or none at all."""
    stated = np.unique(theirs[theirs != NOT_STATED].astype(str))
    distinct, times = np.unique(mine[mine != NOT_STATED].astype(str), return_counts=True)
    twice = np.intersect1d(distinct[times > 1], stated)
    if len(twice):
        sentence = (
            f"`{on}` holds {len(twice):,} ids of reasons more than once, such as in "
            f"{rows_of(mine, twice)}; a case is one row."
        )
        yield Problem("reasons.on", "id-twice", sentence)
    elif not np.isin(stated, distinct).any():
        sentence = (
            f"no case of the reasons is found in the evaluation table: of {len(stated):,} ids in `{case}` "
            f"none is among the {len(distinct):,} in `{on}`; name columns with the same ids."
        )
        yield Problem("reasons.on", "no-id-shared", sentence)
