"""Finding requirements by words of their titles, texts, clauses, measures and controls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from frameworks.model import Framework, Requirement
from frameworks.strict import controls


def search(frameworks: Iterable[Framework], asked: str) -> Iterator[tuple[Framework, Requirement]]:
    """Yield each requirement that has every word of *asked*, in the order of the frameworks."""
    words = asked.casefold().split()
    for framework in frameworks:
        for requirement in framework.requirements:
            held = _held(framework, requirement)
            if all(word in held for word in words):
                yield framework, requirement


def _held(framework: Framework, requirement: Requirement) -> str:
    parts = [part for criterion in requirement.criteria for part in criterion.parts]
    texts = [framework.id, framework.title, requirement.id, requirement.title, requirement.text]
    texts += [requirement.principle, requirement.source.clause, *controls(requirement)]
    texts += [part.measure or part.question or "" for part in parts]
    return " ".join(texts).casefold()
