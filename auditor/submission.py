"""What was asked: the submission as written by people, and its one strict shape.

The same shape arrives as `submission.yaml` (files are paths) and as JSON over HTTP (files are artifacts).
`parse` refuses unknown keys by name. Once its files are stored, a submission names digests only.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from auditor.beside import beside_counts
from auditor.declared import RiskQuestionnaire, SandboxShape, WaiverShape
from auditor.endpoint.asked import Endpoint
from auditor.fairness_tree import MetricChoice
from auditor.file_refs import Document, FileRef, TableFile, TableRef, as_file
from auditor.inclusion import Participation, ServiceLog
from auditor.problems import Problem, Refused
from auditor.shape import CutPoints, Name, Number, Plain, RuleText, Shape, Text, Value, Whole, Word
from auditor.transfers import TransferShape
from checks.model import Task

PERSONS = frozenset({"person", "natural-person", "natural person", "individual", "citizen"})


class Organisation(Shape):
    """The body that answers for a system; never a natural person."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")]
    """How its record is found: small letters, digits and hyphens."""
    name: Plain
    kind: Literal["enterprise", "public-body", "association"]

    @field_validator("kind", mode="before")
    @classmethod
    def _no_person(cls, kind: Any) -> Any:
        if isinstance(kind, str) and kind.strip().lower() in PERSONS:
            raise ValueError(
                "records are of organisations, never of a natural person; name the body that answers for the "
                "system, as `enterprise`, `public-body` or `association`"
            )
        return kind


class System(Shape):
    """The system card: who answers for what."""

    name: Plain
    organisation: Organisation | None = None
    """Who answers for it: its audits stand together in one record."""
    version: Annotated[str, Field(max_length=100)] = ""
    purpose: Text = ""
    provider: Annotated[str, Field(max_length=200)] = ""
    sector: Annotated[str, Field(max_length=100)] = ""
    risk_tier: Literal["limited", "moderate", "high"] | None = None
    """As declared. A filled-in questionnaire decides, and this can only raise what it gives."""
    contact: Annotated[str, Field(max_length=200)] = ""
    conditions: tuple[Name, ...] = ()
    """Circumstances that a framework may ask for, such as `sets-prices`."""


class Data(Shape):
    """The tables."""

    evaluation: TableFile
    training: TableFile | None = None
    reference: TableFile | None = None


class Columns(Shape):
    """Which column plays which part."""

    label: Name | None = None
    positive: Value | None = None
    favourable: Value | None = None
    prediction: Name | None = None
    score: Name | None = None
    threshold: Number | None = None
    groups: tuple[Name, ...] = ()
    features: tuple[Name, ...] | None = None
    quasi_identifiers: tuple[Name, ...] | None = None
    sensitive: tuple[Name, ...] = ()
    identifiers: tuple[Name, ...] = ()
    human_decision: Name | None = None
    reviewer: Name | None = None
    reviewed_at: Name | None = None
    decided_at: Name | None = None
    time: Name | None = None
    weight: Name | None = None
    weight_kind: Literal["frequency", "sampling"] | None = None

    @model_validator(mode="after")
    def _weights_say_what_they_are(self) -> Columns:
        if self.weight is not None and self.weight_kind is None:
            raise ValueError("say what the weights are: set `weight_kind` to frequency or sampling")
        if self.weight is None and self.weight_kind is not None:
            raise ValueError("`weight_kind` says what weights are: name the `weight` column too")
        return self


class Merge(Shape):
    """Groups declared to be one, and why."""

    groups: Mapping[str, str]
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class Answer(Shape):
    """One attestation: what a person declares, and who."""

    answer: Text
    document: Document | None = None
    signer: Annotated[str, Field(max_length=200)] = ""
    date: dt.date | None = None
    expiry: dt.date | None = None


class Joined(TableRef):
    """A table with more columns of the same rows, found by an id that both tables hold."""

    on: Name
    """The id's column in the tables of `data`."""
    to: Name | None = None
    """The id's column in this table; the same name by default."""


class Contender(FileRef):
    """A further system that answers the same rows: a model, or columns that hold its answers."""

    name: Word
    prediction: Name | None = None
    score: Name | None = None

    @model_validator(mode="after")
    def _one(self) -> Contender:
        by_file = self.file is not None or self.artifact is not None
        by_column = self.prediction is not None or self.score is not None
        if by_file == by_column or (self.file is not None and self.artifact is not None):
            raise ValueError("give either one model file or the columns of its answers")
        return self


class Population(TableRef):
    """The people whom the system is used on: a table of them, or how many they are."""

    count: Annotated[Whole, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Population:
        if [self.file, self.artifact, self.count].count(None) != 2:
            raise ValueError("give either a `file` or a `count` of people")
        return self


class Reasons(TableRef):
    """The reasons that people were given, a row each, and the words by which features are recognised."""

    on: Name | None = None
    """The column of case ids in the evaluation table; by default its only identifier."""
    case: Name = "case"
    """The column of case ids in this table."""
    text: Name = "text"
    feature: Name | None = None
    """The column with the feature that a reason is about; `feature` where there is such a column."""
    language: Name | None = None
    channel: Name | None = None
    words: Annotated[Mapping[Name, tuple[Name, ...]], Field(max_length=2_000)] = Field(default_factory=dict)
    """By feature: how texts call it."""


class Shown(FileRef):
    """A notice to people, as text or HTML."""

    name: Name | None = None
    """How reports call it."""
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8}){0,3}$")] | None = None


def _as_names(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


class CountsFile(TableRef):
    """A published table of counts, which is all there is: a row a group, or a row a cell of a cross table."""

    group: Annotated[
        tuple[Name, ...],
        BeforeValidator(_as_names, json_schema_input_type=str | tuple[str, ...]),
        Field(min_length=1, max_length=3),
    ] = ("group",)
    """The column of groups; several columns make each row one cell of their cross table."""
    n: Name = "n"
    selected: Name = "selected"
    attribute: Name | None = None
    """The column that says of which attribute a row's group is."""
    rate: Name | None = None
    """The column of published rates, which are held against the counts."""
    ratio: Name | None = None

    @model_validator(mode="after")
    def _apart(self) -> CountsFile:
        one = (self.n, self.selected, self.attribute, self.rate, self.ratio)
        names = [*self.group, *(name for name in one if name is not None)]
        if len(set(names)) < len(names):
            raise ValueError("one column is named for two parts; name the column of each")
        if self.attribute is not None and len(self.group) > 1:
            raise ValueError("name either several `group` columns or an `attribute` column")
        return self


class Costs(Shape):
    """What each kind of answer costs, in any one unit; a gain is negative."""

    false_positive: Annotated[Number, Field(ge=0)]
    false_negative: Annotated[Number, Field(ge=0)]
    true_positive: Number = 0.0
    true_negative: Number = 0.0


class Submission(Shape):
    """Everything that one audit is asked."""

    system: System
    task: Task
    model: FileRef | None = None
    endpoint: Endpoint | None = None
    counts: CountsFile | None = None
    data: Annotated[Data | None, Field(validate_default=True)] = None
    columns: Columns = Columns()
    references: Mapping[str, Value] = Field(default_factory=dict)
    bins: CutPoints = Field(default_factory=dict)
    merge: Mapping[str, Merge] = Field(default_factory=dict)
    intersections: Annotated[Whole, Field(ge=1, le=3)] = 2
    join: Annotated[Mapping[Word, Joined], Field(max_length=10)] = Field(default_factory=dict)
    models: Annotated[tuple[Contender, ...], Field(max_length=10)] = ()
    control: tuple[Name, ...] = ()
    costs: Costs | None = None
    directions: Mapping[Name, Literal["up", "down"]] = Field(default_factory=dict)
    immutable: tuple[Name, ...] = ()
    claimed_epsilon: Annotated[Number, Field(gt=0)] | None = None
    population: Population | None = None
    metric_choice: MetricChoice | None = None
    reasons: Annotated[Reasons, BeforeValidator(as_file)] | None = None
    notices: Annotated[tuple[Annotated[Shown, BeforeValidator(as_file)], ...], Field(max_length=20)] = ()
    frameworks: Annotated[tuple[Name, ...], Field(min_length=1, max_length=30)] = ("global-baseline",)
    rules: Annotated[Mapping[Name, RuleText], Field(max_length=10)] = Field(default_factory=dict)
    """Rule files that `frameworks` may name beside the bundled ones: id -> YAML."""
    answers: Mapping[str, Answer] = Field(default_factory=dict)
    service_log: ServiceLog | None = None
    participation: Participation | None = None
    risk_questionnaire: RiskQuestionnaire | None = None
    waivers: Annotated[tuple[WaiverShape, ...], Field(max_length=50)] = ()
    sandbox: SandboxShape | None = None
    transfers: Annotated[tuple[TransferShape, ...], Field(max_length=20)] = ()
    seed: Annotated[Whole, Field(ge=0, lt=2**32)] = 0

    @model_validator(mode="before")
    @classmethod
    def _counts_are_of_two_outcomes(cls, raw: Any) -> Any:
        if isinstance(raw, dict) and raw.get("counts") is not None:
            return {"task": Task.BINARY.value, **raw}
        return raw

    @field_validator("data")
    @classmethod
    def _something_to_measure(cls, data: Data | None, info: ValidationInfo) -> Data | None:
        if data is None and info.data.get("counts", ...) is None:
            raise PydanticCustomError("missing", "add it")
        return data

    @model_validator(mode="after")
    def _one_model(self) -> Submission:
        if self.model is not None and self.endpoint is not None:
            raise ValueError("a `model` file and an `endpoint` were both given; leave one out")
        return self

    @field_validator("waivers")
    @classmethod
    def _one_each(cls, waivers: tuple[WaiverShape, ...]) -> tuple[WaiverShape, ...]:
        for position, one in enumerate(waivers):
            for other in waivers[:position]:
                if one.requirement == other.requirement and (
                    None in (one.framework, other.framework) or one.framework == other.framework
                ):
                    raise ValueError(f"two waivers are of {one.requirement}; keep one, and renew it once")
        return waivers

    @field_validator("models")
    @classmethod
    def _told_apart(cls, models: tuple[Contender, ...]) -> tuple[Contender, ...]:
        names = [model.name for model in models]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two models are called `{name}`; give each a name of its own")
        return models


Keys = tuple[str | int, ...]


def files_of(part: Any, keys: Keys = ()) -> Iterator[tuple[Keys, FileRef]]:
    """Yield every file that a submission names, wherever it stands, with the keys that lead to it."""
    if isinstance(part, FileRef) and (part.file is not None or part.artifact is not None):
        yield keys, part
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from files_of(getattr(part, name), (*keys, name))
    elif isinstance(part, Mapping):
        for name, value in part.items():
            yield from files_of(value, (*keys, name))
    elif isinstance(part, tuple):
        for position, value in enumerate(part):
            yield from files_of(value, (*keys, position))


def dotted(keys: Keys) -> str:
    """Spell keys as problems do: `models.0`."""
    return ".".join(map(str, keys))


def parse(raw: Any) -> Submission:
    """Return the submission that *raw* (YAML or JSON) describes; raise `Refused` with all problems."""
    if not isinstance(raw, dict):
        sentence = (
            "the submission is not a mapping of keys; "
            "write `system:`, `task:` and `data:` as in docs/reference/submission.md."
        )
        raise Refused([Problem("", "not-a-mapping", sentence)])
    try:
        submission = Submission.model_validate(raw)
    except ValidationError as invalid:
        raise Refused([_problem(dict(error)) for error in invalid.errors()]) from None
    if beside := list(beside_counts(submission)):
        raise Refused(beside)
    return submission


def _problem(error: Mapping[str, Any]) -> Problem:
    where = ".".join(str(part) for part in error["loc"])
    name = f"`{where}`" if where else "the submission"
    match error["type"]:
        case "extra_forbidden":
            return Problem(where, "unknown-key", f"{name} is not a key of a submission; check its spelling.")
        case "tuple_type" | "list_type":
            return Problem(where, "not-a-list", f"{name} must be a list.")
        case "dict_type" | "mapping_type" | "model_type" | "model_attributes_type":
            return Problem(where, "not-a-mapping", f"{name} must be a mapping of keys.")
        case "string_type":
            return Problem(where, "not-a-text", f"{name} must be text.")
        case "string_too_short" | "too_short":
            return Problem(where, "empty", f"{name} is empty; fill it or leave it out.")
        case "missing":
            return Problem(where, "missing-key", f"{name} is missing; add it.")
        case kind:
            message = re.sub(r"^(Value|Assertion) error, ", "", str(error["msg"]))
            message = message[:1].lower() + message[1:]
            return Problem(where, kind.replace("_", "-"), f"{name} is not accepted: {message}.")
