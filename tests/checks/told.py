"""Letters to people who were decided against, as `Subject.reasons` holds them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from checks.model import Subject
from checks.notices import Notice

HONEST = {
    "income": "Your income is too low. You can appeal: call 0800 123 456.",
    "debt": "Your debt is too high. You can ask for a review by a person: help@example.org.",
}
"""What the credit model of the builders would have to say, by its heaviest feature."""


def told(whole: Subject, letters: Iterable[tuple], **columns) -> Subject:
    """Return *whole* with reasons given as (row, text) or (row, text, feature)."""
    rows = [(*letter, None)[:3] for letter in letters]
    table = pd.DataFrame(rows, columns=["row", "text", "feature"]).astype({"row": "int64"})
    for name in ("language", "channel"):
        table[name] = columns.get(name)
    return dataclasses.replace(whole, reasons=table)


def against(whole: Subject) -> np.ndarray:
    """Return the rows of people who were decided against."""
    return np.flatnonzero(whole.decision != whole.roles.favourable)


def honest(whole: Subject, say: Callable[[str], str] = HONEST.__getitem__) -> Subject:
    """Return *whole* with everybody decided against told what weighed most against them."""
    table = whole.evaluation
    most = np.where(
        1.5 * (table["income"] - table["income"].mean()) < -(table["debt"] - table["debt"].mean()),
        "income",
        "debt",
    )
    return told(whole, [(i, say(most[i])) for i in against(whole)])


LETTER = "Your loan was refused. You can appeal: call 0800 123 456. A member of staff will look at it again."
BARRIER = {
    "rule": "image-alt",
    "impact": "critical",
    "tags": ["cat.text-alternatives", "wcag2a", "wcag111"],
    "elements": 3,
    "says": "Images must have alternative text",
}
ADVICE = {
    "rule": "region",
    "impact": "moderate",
    "tags": ["best-practice"],
    "elements": 5,
    "says": "Use landmarks",
}
CLEAN = {"axe": "4.12.1", "violations": [], "incomplete": [], "passes": 20}


def noticed(whole: Subject) -> Subject:
    """Return *whole* with a letter, a page in Chinese with barriers, and a clean page."""
    scan = {**CLEAN, "violations": [BARRIER, ADVICE], "incomplete": [{**BARRIER, "elements": 1}]}
    sent = (
        Notice("letter", False, None, LETTER),
        Notice("screen", True, "zh-CN", "您的申请被拒绝。您可以申诉。", scan),
        Notice("other", True, "en", "Your loan was refused.", CLEAN),
    )
    return dataclasses.replace(whole, notices=sent)
