"""Data quality: are the rows complete, distinct and consistent?

Counts faults that need no knowledge of the subject matter: values that are *missing*, rows that *repeat*
another row, rows that agree in every feature but *carry another label*, columns that *never change*,
categories that the model *never saw in training*, and rows that stand *in both files*.

Why it matters
    Faults in the data become faults in decisions. A row in both training and evaluation data lets a model
    look better than it is. Values missing for one group more than for others are guessed for that group
    more often.

How to read it
    Every number is a count of these very rows, so it has no interval, except the share of incomplete rows
    by group: it estimates a process. `missing_share` is the share of missing values over all columns of the
    file, `duplicate_share` the share of rows that repeat an earlier one in the columns with a role, without
    those that seem to number the rows: under a running number no row repeats another. `repeated_row_share`
    is the same over all columns of the file but those that differ in nearly every row.
    `conflicting_label_share` is the share of rows with a twin of another label: no model that sees only these
    features can be right about all of them. `shared_rows` counts evaluation rows that stand in the
    training data too, label included.

Limits
    People can be alike without being the same person: with few columns some repeats are expected. A value
    that is wrong but plausible, and a code such as 999 for "not known", are not recognised. Rows that were
    copied and then changed slightly are not found.

References
    ISO/IEC 5259-2:2024; Kaufman et al., Leakage in Data Mining, KDD 2011.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from checks.data.numbering import differs, without_numbering
from checks.data.rows import codes, row_keys
from checks.model import NOT_STATED, Array, Inconclusive, Kind, Measure, Roles, Subject, Table, check
from checks.statistics import wilson
from checks.values import as_text


@check
def quality(subject: Subject) -> Iterator[Measure | Table]:
    """Count what is missing, repeated, contradictory or shared with training."""
    rows, roles = subject.evaluation, subject.roles
    described = described_columns(roles)
    if not len(rows) or not described:
        raise Inconclusive("the evaluation table has no rows with a declared role; declare its columns")

    yield _exact("rows", len(rows), n=len(rows), unit="rows")
    missing = rows.isna()  # of every column: which roles are declared must not move it
    yield _exact("missing_share", missing.to_numpy().mean(), n=missing.size)
    for name in rows.columns:
        yield _exact("missing_share", missing[name].mean(), n=len(rows), of={"column": name})

    told, numbering = without_numbering(rows, described, roles)
    note = f"{listed(numbering)} left out, as what seems to number the rows" if numbering else None
    yield _exact("duplicate_share", repeats(rows, told) / len(rows), n=len(rows), note=note)
    yield _repeated(rows)

    constant = [name for name in roles.features if rows[name].nunique(dropna=False) == 1]
    yield _exact("constant_features", len(constant), n=len(roles.features), unit="columns")
    yield Table("constant features", ("feature",), tuple((name,) for name in constant))

    yield from _labels(subject)
    yield from _against_training(subject)
    yield from _by_group(subject, missing)


def described_columns(roles: Roles) -> tuple[str, ...]:
    """Return the columns with a role that describes a person or a decision, each once."""
    single = (roles.label, roles.prediction, roles.score, roles.human_decision)
    many = (*roles.features, *roles.groups, *roles.quasi_identifiers, *roles.sensitive)
    return tuple(dict.fromkeys([*many, *(name for name in single if name is not None)]))


def repeats(rows: pd.DataFrame, names: Sequence[str]) -> int:
    """Return how many rows repeat an earlier one in *names*."""
    (whole,) = row_keys([rows], names)
    return len(whole) - (int(whole.max()) + 1)  # keys are numbered without a gap


def _repeated(rows: pd.DataFrame) -> Measure:
    """Return the share of rows that agree with an earlier one in all that could repeat."""
    left_out = [str(name) for name in rows.columns if differs(rows[name])]
    kept = [name for name in rows.columns if name not in left_out]
    said = f"{listed(left_out)} left out, which differ in nearly every row" if left_out else None
    if not kept:
        said = "every column differs in nearly every row"
        return Measure("repeated_row_share", None, n=len(rows), kind=Kind.EXACT, note=said)
    return _exact("repeated_row_share", repeats(rows, kept) / len(rows), n=len(rows), note=said)


def listed(names: Sequence[str]) -> str:
    """Name columns."""
    return ", ".join(f"`{name}`" for name in names)


def _labels(subject: Subject) -> Iterator[Measure]:
    roles, rows = subject.roles, subject.evaluation
    if roles.label is None:
        return
    if subject.task.value != "regression":
        found, classes = pd.factorize(as_text(rows[roles.label]))
        counts = np.bincount(found)
        for name, count in sorted(zip(map(str, classes), counts, strict=True)):
            yield _exact("label_share", count / len(rows), n=len(rows), of={"class": name})
    if not roles.features:
        yield Measure(
            name="conflicting_label_share",
            value=None,
            kind=Kind.EXACT,
            note="no feature columns were supplied",
        )
        return
    (twins,) = row_keys([rows], roles.features)
    label, labels = codes([rows[roles.label]])
    kinds = np.bincount(pd.unique(twins * labels + label) // labels)  # labels of each twin
    yield _exact("conflicting_label_share", (kinds[twins] > 1).mean(), n=len(rows))


def _against_training(subject: Subject) -> Iterator[Measure]:
    roles, training = subject.roles, subject.training
    if training is None or not len(training) or not roles.features:
        return
    features, numbering = without_numbering(subject.evaluation, roles.features, roles)
    compared = [*features, *([roles.label] if roles.label in training.columns else [])]
    mine, theirs = row_keys([subject.evaluation, training], [name for name in compared if name is not None])
    shared = int(np.isin(mine, theirs).sum())
    note = f"{listed(numbering)} left out, as what seems to number the rows" if numbering else None
    yield _exact("shared_rows", shared, n=subject.rows, unit="rows", note=note)
    yield _exact("shared_row_share", shared / subject.rows, n=subject.rows, note=note)
    for name in roles.features:
        if not pd.api.types.is_numeric_dtype(subject.evaluation[name]):
            text = as_text(subject.evaluation[name])
            unseen = ~np.isin(text.astype(str), as_text(training[name]).astype(str)) & (text != NOT_STATED)
            yield _exact("unseen_category_share", unseen.mean(), n=subject.rows, of={"column": name})


def _by_group(subject: Subject, missing: pd.DataFrame) -> Iterator[Measure]:
    names = list(subject.roles.features)
    if not names:
        return
    incomplete: Array = missing[names].any(axis=1).to_numpy()
    for attribute in subject.attributes:
        groups = subject.groups(attribute)
        for group in sorted(set(groups)):
            inside = groups == group
            of = {"attribute": attribute, "group": str(group)}
            yield wilson("incomplete_row_share", int(incomplete[inside].sum()), int(inside.sum()), of=of)


def _exact(
    name: str,
    value: float,
    *,
    n: int,
    of: Mapping[str, str] | None = None,
    unit: str = "proportion",
    note: str | None = None,
) -> Measure:
    return Measure(
        name=name,
        value=float(value),
        n=n,
        of=dict(of or {}),
        kind=Kind.EXACT,
        unit=unit,
        method="count",
        note=note,
    )
