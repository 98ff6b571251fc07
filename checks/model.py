"""The nouns of measuring: what is measured, what a number is, and how a check ends."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, overload, runtime_checkable

import numpy as np

from checks import names

if TYPE_CHECKING:
    import pandas as pd

    from checks.counts import Counts
    from checks.notices import Notice
    from checks.published import Published

logger = logging.getLogger(__name__)


NOT_STATED = names.NOT_STATED
ONLY_COUNTS = "only counts were supplied; this needs the records of single people"

Array = np.ndarray[Any, np.dtype[Any]]


class NotApplicable(Exception):
    """The check does not fit this subject; the sentence tells a submitter why."""


class Inconclusive(Exception):
    """The check fits, but these data cannot answer it; the sentence tells what would."""


class Kind(StrEnum):
    """Whether a number carries sampling error."""

    ESTIMATE = "estimate"
    EXACT = "exact"


class Outcome(StrEnum):
    """How measuring ended. It never says pass or fail."""

    MEASURED = "measured"
    NOT_APPLICABLE = "not_applicable"
    INCONCLUSIVE = "inconclusive"
    FAILED = "failed"


class Task(StrEnum):
    """What the system answers."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"
    SCORING = "scoring"


@dataclass(frozen=True, slots=True)
class Measure:
    """A named number *of* something.

    `n` is the denominator of the number itself. `value`, `low` and `high` are None where the number is
    undefined or unbounded, and `note` then says why. Keys of `of`: attribute, group, feature, class,
    average, model, reference, attack, case, column, table, notice.
    """

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: float | None = None
    of: Mapping[str, str] = field(default_factory=dict)
    kind: Kind = Kind.ESTIMATE
    unit: str = "proportion"
    method: str = ""
    note: str | None = None

    def __post_init__(self) -> None:
        """Refuse numbers that JSON cannot carry: an undefined number is None with a note."""
        for number in (self.value, self.low, self.high, self.n):
            if number is not None and not np.isfinite(number):
                raise ValueError(f"{self.name}: {number} is not a finite number; use None and a note")
        if self.value is None and self.note is None:
            raise ValueError(f"{self.name}: a number without a value needs a note that says why")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows that a measure cannot say (a reliability curve, a list of opcodes)."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | int | bool | None, ...], ...]
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one check found with one set of parameters, or why it found nothing."""

    check: str
    outcome: Outcome
    reason: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    measures: tuple[Measure, ...] = ()
    tables: tuple[Table, ...] = ()

    def select(self, name: str, **of: str) -> tuple[Measure, ...]:
        """Return the measures called *name* whose `of` is exactly *of*."""
        return tuple(m for m in self.measures if m.name == name and dict(m.of) == of)

    def measure(self, name: str, **of: str) -> Measure:
        """Return the one measure called *name* of exactly *of*; raise KeyError otherwise."""
        found = self.select(name, **of)
        if len(found) != 1:
            raise KeyError(f"{self.check}: {len(found)} measures {name} of {of}")
        return found[0]


@runtime_checkable
class Model(Protocol):
    """A submitted model, seen only through numbers.

    Raises `ModelError` when it cannot answer.
    """

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names in the order of the columns of `predict_proba`, as text; empty for a regressor."""
        ...

    @property
    def has_probabilities(self) -> bool:
        """Whether `predict_proba` answers."""
        ...

    def predict(self, X: pd.DataFrame) -> Array:
        """Return one float64 a row: the class's position in `classes`, or the value for a regressor."""
        ...

    def predict_proba(self, X: pd.DataFrame) -> Array:
        """Return float64 of shape (rows, classes)."""
        ...


class Rows(StrEnum):
    """Whether a model file can be asked for rows that stand in it."""

    ASKED = "asked"
    NEVER = "never"
    """Its format has no place for rows."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Memory:
    """What a model file says of the data that it keeps."""

    numbers: int | None
    """How many numbers it learnt; None where it does not tell."""
    rows: Rows
    lists: bool
    """Whether it lists values of columns, as encoders of categories do."""
    trees: int
    """Trees whose leaves can be asked for."""


class Inside(Protocol):
    """What a model file keeps, told in numbers about rows that the asker has already."""

    @property
    def memory(self) -> Memory:
        """What can be asked."""
        ...

    def stored(self, X: pd.DataFrame) -> Array:
        """Return one truth value a row: does it stand in the file, as the model prepares it?"""
        ...

    def listed(self, X: pd.DataFrame) -> Array:
        """Return float64 of the shape of *X*: 1 where a list in the file holds the value, NaN without one."""
        ...

    def leaves(self, X: pd.DataFrame) -> Array:
        """Return float64 of shape (rows, trees): the leaf that a row falls in; NaN for a tree not used."""
        ...


class ModelError(Exception):
    """The submitted model could not answer; the sentence says what was asked and what came back."""


@dataclass(frozen=True, slots=True)
class Roles:
    """Which column plays which part, as the submitter declared it."""

    label: str | None = None
    positive: str | None = None
    favourable: str | None = None
    prediction: str | None = None
    score: str | None = None
    threshold: float = 0.5
    groups: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    quasi_identifiers: tuple[str, ...] = ()
    quasi_identifiers_inferred: bool = False
    """Whether nobody declared them: groups, and features named like what others may know."""
    sensitive: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    human_decision: str | None = None
    time: str | None = None
    weight: str | None = None
    weight_kind: str | None = None
    intersections: int = 2
    bins: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    merge: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    merge_reasons: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelFile:
    """What is known of the submitted model file without trusting it."""

    format: str
    digest: str
    size: int
    types: tuple[str, ...] = ()
    """Types, operators or imports that loading the file would use, in name order."""
    unexpected: tuple[str, ...] = ()
    """Those of `types` that are outside the allow-list of the format."""
    can_execute: bool = False
    """Whether the format lets a file run code of its own when it is loaded."""


@dataclass(frozen=True, eq=False)
class Challenger:
    """What a further system answers for the same rows."""

    decision: Array | None
    score: Array | None


@dataclass(frozen=True, eq=False)
class Subject:
    """One system with its data, its predictions and its model.

    Arrays are aligned with the rows of `evaluation`. `decision` and `actual_label` hold text
    (`as_text` of the file's values). A check reads; it never changes a frame.
    """

    task: Task
    evaluation: pd.DataFrame
    roles: Roles
    seed: int = 0
    training: pd.DataFrame | None = None
    reference: pd.DataFrame | None = None
    population: pd.DataFrame | None = None
    """The people whom the system is used on, where their table was declared."""
    reasons: pd.DataFrame | None = None
    """Reasons shown to people, a row each: `row` (of `evaluation`, -1 where the id is in none), `text`,
    `feature`, `language` and `channel`; missing where not told."""
    notices: tuple[Notice, ...] = ()
    """What was shown or sent to people."""
    service_log: pd.DataFrame | None = None
    """The log of the service, a row a case, with the columns of `checks.service_log`."""
    model: Model | None = None
    model_file: ModelFile | None = None
    inside: Inside | None = None
    """What the model file keeps, where a live model was submitted as a file that tells."""
    decision: Array | None = None
    score: Array | None = None
    probabilities: Array | None = None
    """Rows by `classes`, for multiclass tasks whose model gives them."""
    classes: tuple[str, ...] = ()
    """What the columns of `probabilities` stand for, as text."""
    training_decision: Array | None = None
    training_score: Array | None = None
    challengers: Mapping[str, Challenger] = field(default_factory=dict)
    """Further systems by name, asked for the evaluation rows."""
    published: Published | None = None
    """A table of counts, where that is all there is; `evaluation` then has no rows."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Declared facts that no column carries, such as claimed_epsilon."""

    @property
    def rows(self) -> int:
        """Number of evaluation rows."""
        return len(self.evaluation)

    @property
    def attributes(self) -> tuple[str, ...]:
        """The protected attributes, in declared order."""
        return self.roles.groups

    @cached_property
    def weights(self) -> Array | None:
        """Row weights as declared, or None."""
        if self.roles.weight is None:
            return None
        return self.evaluation[self.roles.weight].to_numpy(dtype=np.float64)

    @cached_property
    def features(self) -> pd.DataFrame:
        """The columns that the model is given, in declared order."""
        return self.evaluation.loc[:, list(self.roles.features)]

    def groups(self, attribute: str) -> Array:
        """Return each row's group of *attribute* as text, after declared bins and merges."""
        from checks.values import group_values

        return group_values(self.evaluation[attribute], attribute, self.roles)

    @cached_property
    def counts(self) -> Counts:
        """Integer-coded counts of every attribute and intersection, made in one pass."""
        from checks.counts import count

        return count(self)


def spell(value: object) -> str:
    """Spell one value the way `checks.values.as_text` does: 1 and 1.0 are `1`, booleans `true`/`false`."""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)
    return str(value)


@dataclass(frozen=True)
class Check:
    """One measuring function, named after its module."""

    id: str
    title: str
    doc: str
    measure: Callable[..., Iterator[Measure | Table]]
    asks_model: bool = False
    """Whether it asks the model new questions, and so needs the live sandbox."""
    reads_counts: bool = False
    """Whether a table of counts is enough for it."""

    def __call__(self, subject: Subject, **parameters: Any) -> Evidence:
        """Run the check. Every way it can end becomes evidence; nothing escapes."""
        if subject.published is not None and not self.reads_counts:
            return Evidence(self.id, Outcome.NOT_APPLICABLE, ONLY_COUNTS, MappingProxyType(dict(parameters)))
        found: list[Measure | Table] = []
        outcome, reason = Outcome.MEASURED, None
        try:
            for item in self.measure(subject, **parameters):
                found.append(item)  # noqa: PERF402 - what was found before an exception is kept
        except NotApplicable as why:
            outcome, reason = Outcome.NOT_APPLICABLE, str(why)
        except Inconclusive as why:
            outcome, reason = Outcome.INCONCLUSIVE, str(why)
        except ModelError as why:
            outcome, reason = Outcome.FAILED, f"the model could not answer: {why}"
        except (
            Exception
        ) as bug:  # the one broad except: a crash becomes evidence that cannot pass for success
            logger.exception("%s failed", self.id)
            outcome, reason = Outcome.FAILED, f"the check itself failed ({type(bug).__name__}); see the log"
        return Evidence(
            check=self.id,
            outcome=outcome,
            reason=reason,
            parameters=MappingProxyType(dict(parameters)),
            measures=tuple(m for m in found if isinstance(m, Measure)),
            tables=tuple(t for t in found if isinstance(t, Table)),
        )


Measuring = Callable[..., Iterator[Measure | Table]]


@overload
def check(measure: Measuring) -> Check: ...
@overload
def check(*, asks_model: bool = False, reads_counts: bool = False) -> Callable[[Measuring], Check]: ...


def check(measure: Measuring | None = None, *, asks_model: bool = False, reads_counts: bool = False) -> Any:
    """Turn a measuring function into a `Check` named after its module."""

    def wrap(function: Measuring) -> Check:
        doc = sys.modules[function.__module__].__doc__ or ""
        return Check(
            id=function.__module__.removeprefix("checks."),
            title=doc.partition("\n")[0],
            doc=doc,
            measure=function,
            asks_model=asks_model,
            reads_counts=reads_counts,
        )

    return wrap if measure is None else wrap(measure)
