"""Names on record that nothing knows: requirements, measures, questions and choices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from auditor.problems import Problem
from auditor.submission import Submission
from frameworks.measures import explain_unknown, measures
from frameworks.model import Framework
from frameworks.tier import questionnaire


def unknown_names(submission: Submission, frameworks: Iterable[Framework]) -> Iterator[Problem]:
    """Find names of the questionnaire, of waivers and of the sandbox that nothing knows.

    *frameworks* are all that there are, not only those asked: judging by others later must not refuse.
    """
    known = {framework.id: {r.id for r in framework.requirements} for framework in frameworks}
    yield from _questionnaire(submission)
    for position, waiver in enumerate(submission.waivers):
        where = f"waivers.{position}"
        yield from _requirement(f"{where}.requirement", waiver.requirement, waiver.framework, known)
    if submission.sandbox is None:
        return
    trial = submission.sandbox
    for position, name in enumerate(trial.defers):
        yield from _requirement(f"sandbox.defers.{position}", name, trial.framework, known)
    for position, limit in enumerate(trial.stop_unless):
        where = f"sandbox.stop_unless.{position}.measure"
        if limit.measure not in measures():
            yield Problem(where, "unknown-measure", explain_unknown(limit.measure))


def _questionnaire(submission: Submission) -> Iterator[Problem]:
    if submission.risk_questionnaire is None:
        return
    asked = questionnaire()
    for name, given in submission.risk_questionnaire.answers.items():
        where, question = f"risk_questionnaire.answers.{name}", asked.question(name)
        if question is None:
            sentence = f"the questionnaire asks nothing called `{name}`; "
            yield Problem(where, "unknown-question", sentence + near(name, (q.id for q in asked.questions)))
        elif given not in {choice.id for choice in question.choices}:
            choices = ", ".join(f"`{choice.id}`" for choice in question.choices)
            yield Problem(
                where, "unknown-choice", f"`{given}` is no answer to `{name}`; give one of {choices}."
            )


def _requirement(
    where: str, name: str, framework: str | None, known: dict[str, set[str]]
) -> Iterator[Problem]:
    if framework is not None and framework not in known:
        place = where.rpartition(".")[0].removesuffix(".defers")
        sentence = f"there is no framework `{framework}`; {near(framework, known)}"
        yield Problem(f"{place}.framework", "unknown-framework", sentence)
        return
    fitting = known[framework] if framework is not None else set().union(*known.values())
    if name not in fitting:
        whose = f"`{framework}` has no requirement" if framework else "no framework has a requirement"
        yield Problem(where, "unknown-requirement", f"{whose} `{name}`; {near(name, fitting)}")


def near(name: str, known: Iterable[str]) -> str:
    """Advise the nearest of *known*, however far it is."""
    found = get_close_matches(name, sorted(known), n=1, cutoff=0.0)
    return f"did you mean `{found[0]}`?" if found else "remove it."
