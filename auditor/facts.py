"""What judging needs to know of a submission beside its evidence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from auditor.submission import Submission
from frameworks.model import Facts
from frameworks.tier import settle


def settled_tier(submission: Submission) -> dict[str, Any]:
    """Return the risk tier that holds, as declared and as the questionnaire gives it."""
    asked = submission.risk_questionnaire
    return settle(submission.system.risk_tier, None if asked is None else asked.answers)


def facts_of(submission: Submission, resolved: Mapping[str, Any], as_of: dt.date) -> Facts:
    """Return what judging needs to know beside evidence."""
    return Facts(
        task=submission.task,
        tier=settled_tier(submission)["tier"],
        as_of=as_of,
        answers={key: answer.model_dump() for key, answer in submission.answers.items()},
        conditions=frozenset(submission.system.conditions),
        rows=int(resolved["rows"]),
        uncompared=dict(resolved.get("uncompared") or {}),
        waivers=tuple(waiver.waiver() for waiver in submission.waivers),
        sandbox=submission.sandbox.sandbox() if submission.sandbox else None,
    )
