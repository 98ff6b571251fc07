"""The fairness tree: a few questions about the harm lead to the measure that fits it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from auditor.shape import Name, Shape, Text, Word
from frameworks.measures import explain_unknown, measures


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer: a further question, or the path of a measure and why it fits."""

    value: str
    words: str
    leads: Question | None = None
    measure: str = ""
    because: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One question; its name is that of its field."""

    name: str
    words: str
    choices: tuple[Choice, ...]


def _leaf(value: str, words: str, measure: str, because: str) -> Choice:
    return Choice(value, words, None, f"fairness.{measure}", because)


_HARMED = Question(
    "hurt",
    "Whom does an error hurt most?",
    (
        _leaf(
            "spared",
            "People who should have been left alone",
            "error_rates.false_positive_rate_gap",
            "Among people without the outcome, every group should be acted on by mistake equally often.",
        ),
        _leaf(
            "acted",
            "People who were acted on: the action is rare and hard, such as a search",
            "error_rates.false_discovery_rate_gap",
            "Among people acted on, the share of mistakes should be the same in every group.",
        ),
    ),
)
_HELPED = Question(
    "hurt",
    "Whom does an error hurt most, and how much help is there?",
    (
        _leaf(
            "few",
            "Help reaches a small part of those in need",
            "error_rates.true_positive_rate_gap",
            "Most in need go without; the share of them who are reached should be the same in every group.",
        ),
        _leaf(
            "need",
            "There is enough help, and people in need are missed",
            "error_rates.false_negative_rate_gap",
            "Among people in need, every group should be missed equally often.",
        ),
        _leaf(
            "left",
            "People who were told that they need no help",
            "error_rates.false_omission_rate_gap",
            "Among people turned away, the share in need should be the same in every group.",
        ),
    ),
)
_GIVEN = Question(
    "given",
    "What does the decision give out?",
    (
        Choice("help", "Help: a loan, a place, care", _HELPED),
        Choice("harm", "Harm: a search, a fine, a refusal", _HARMED),
    ),
)
_LABELS = Question(
    "labels",
    "Can the recorded outcomes be trusted for every group?",
    (
        Choice("yes", "Yes, they say what truly happened", _GIVEN),
        _leaf(
            "no",
            "No, or they repeat earlier decisions",
            "selection_rate.impact_ratio",
            "Error rates trust the labels. Rates of selection need none, and show who is chosen how often.",
        ),
    ),
)
TREE = Question(
    "what",
    "What does the system answer?",
    (
        Choice("decision", "A decision, or one of several classes", _LABELS),
        _leaf(
            "number",
            "A number, such as a price or a time",
            "regression.mean_error_gap",
            "A group whose numbers are too high or too low on average bears that error every time.",
        ),
        _leaf(
            "score",
            "A score that people are ranked by",
            "auc.roc_auc_gap",
            "A ranking serves a group as well as it puts those with the outcome above those without.",
        ),
    ),
)


def walk(answers: Mapping[str, str]) -> tuple[tuple[tuple[Question, str], ...], Choice | None]:
    """Return the questions asked so far, each with its answer (the last may have none), and the leaf."""
    asked: list[tuple[Question, str]] = []
    question: Question | None = TREE
    while question is not None:
        given = answers.get(question.name, "")
        chosen = next((one for one in question.choices if one.value == given), None)
        asked.append((question, chosen.value if chosen else ""))
        if chosen is None:
            return tuple(asked), None
        if chosen.measure:
            return tuple(asked), chosen
        question = chosen.leads
    return tuple(asked), None


def says(path: str) -> str:
    """Return in one line what a measure is."""
    return measures()[path].says


def leaves(question: Question = TREE) -> Iterator[Choice]:
    """Return every measure that the tree can end at, each once."""
    found: dict[str, Choice] = {}
    for one in question.choices:
        below = leaves(one.leads) if one.leads is not None else (one,)
        for leaf in below:
            found.setdefault(leaf.measure, leaf)
    yield from found.values()


class MetricChoice(Shape):
    """Which measure of fairness the submitter holds to fit the harm, and why. It changes no verdict."""

    measure: Name
    reason: Text = ""
    chosen_by: Annotated[str, Field(max_length=200)] = ""
    answers: Mapping[Word, Word] = Field(default_factory=dict)
    """The way through the fairness tree, question by question, where it was gone."""

    @field_validator("measure")
    @classmethod
    def _of_fairness(cls, measure: str) -> str:
        if measure not in measures():
            raise ValueError(explain_unknown(measure).rstrip("."))
        if not measure.startswith("fairness."):
            raise ValueError("choose a measure of fairness; the page /fairness-tree leads to one")
        return measure

    @model_validator(mode="after")
    def _as_answered(self) -> MetricChoice:
        leaf = walk(self.answers)[1] if self.answers else None
        if self.answers and (leaf is None or leaf.measure != self.measure):
            ends = f"end at {leaf.measure}" if leaf is not None else "end at no measure"
            raise ValueError(
                f"its answers {ends}; correct them as on the page /fairness-tree, or leave them out"
            )
        return self
