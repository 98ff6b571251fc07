"""Which requirements hold on a day, and for which system."""

from __future__ import annotations

import datetime as dt

from frameworks.model import TIERS, Facts, Framework, Requirement, State

NEGATION = "not "
"""How a submission says that a circumstance does not hold: `not sets-prices`."""


def state(framework: Framework, requirement: Requirement, as_of: dt.date) -> State:
    """Return where *requirement* stands on the day *as_of*.

    `from` is the first day in force, `until` the first day no longer; the framework's own dates hold too.
    """
    applies = requirement.applies
    starts = [day for day in (framework.start, applies.start) if day is not None]
    if starts and as_of < max(starts):
        return State.NOT_YET
    if applies.end is not None and as_of >= applies.end:
        return State.SUPERSEDED if applies.superseded_by else State.SUNSET
    if framework.end is not None and as_of >= framework.end:
        return State.SUNSET
    return State.IN_FORCE


def out_of_force(framework: Framework, requirement: Requirement, where: State) -> str:
    """Say why a requirement that is not in force is not judged."""
    applies = requirement.applies
    match where:
        case State.NOT_YET:
            first = max(day for day in (framework.start, applies.start) if day is not None)
            return f"Not in force on the day of judging: it begins on {first.isoformat()}."
        case State.SUPERSEDED:
            return f"No longer in force on the day of judging: superseded by {applies.superseded_by}."
        case _:
            last = min(day for day in (framework.end, applies.end) if day is not None)
            return f"No longer in force on the day of judging: it ended on {last.isoformat()}."


def out_of_scope(requirement: Requirement, facts: Facts) -> str | None:
    """Say why a requirement does not ask anything of this system, or return None where it does.

    A tier that nobody knows is the highest, and a circumstance that nobody declared is taken to hold:
    leaving something out of a submission never takes a requirement away.
    """
    applies = requirement.applies
    tier = facts.tier if facts.tier in TIERS else TIERS[-1]
    if tier not in applies.tiers:
        return f"Asked only of systems of {' or '.join(applies.tiers)} risk; this one is of {tier} risk."
    if applies.tasks and facts.task not in applies.tasks:
        return f"Asked only where the task is {' or '.join(sorted(applies.tasks))}; this one is {facts.task}."
    for condition in applies.when:
        if condition not in facts.conditions and NEGATION + condition in facts.conditions:
            return f"Asked only where `{condition}` holds; the submission declares that it does not."
    return None
