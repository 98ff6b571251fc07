"""Outputs: how much finer than needed are the answers that the service gives out?

An answer of sixteen digits is nearly a fingerprint of its row. `unique_output_share` is the share of rows
whose answer nobody else has, and `small_output_share` the share whose answer under five rows share: as given,
and rounded to 3, 2 and 1 digits (`case`). For each rounding, what it would change: `roc_auc_change`
(ranking), `decisions_changed` (people decided otherwise, where the rounded answer meets the same threshold)
and `attack_auc_change` (the area of the better of two membership attacks, `loss` and `rmia_2`, on rounded
answers less that on answers as given). `attack_auc` is that area itself; `decisions only` is what an attacker
learns where no number is given out at all. `digits_enough` is the fewest digits that change no decision.

Why it matters
    Every digit given out is one more thing that an attacker can use, to find who was in the training data or
    to copy the model. Where two digits decide as well as sixteen, the others only help the attacker.

How to read it
    Look for the coarsest rounding that changes (nearly) no decision, and read what it takes from the attack.
    A negative change of the attack is what rounding gains; one whose interval holds 0 shows that rounding
    would not help here. Numbers of a regression are rounded to tenths, hundredths and thousandths of the
    range of the evaluation answers.

Limits
    Unique answers are no leak by themselves: any model of a continuous feature has them. Rounding hinders an
    attacker who asks once; many questions about the same person, or noise put on the features, win some of it
    back. Only attacks on membership are tried. At most 5,000 rows a side are attacked, drawn at random.

References
    Shokri et al., Membership Inference Attacks Against Machine Learning Models, S&P 2017, section VIII
    (coarse outputs); Choquette-Choo et al., ICML 2021 (what labels alone give away); DeLong et al., 1988.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from checks.model import (
    NOT_STATED,
    Array,
    Inconclusive,
    Kind,
    Measure,
    NotApplicable,
    Subject,
    Task,
    check,
)
from checks.privacy.attacks import rates, signals
from checks.privacy.attacks.compared import Compared, compared, nearness
from checks.privacy.attacks.gate import Gate, drift, judged
from checks.privacy.attacks.references import Trainer, family
from checks.statistics import auc_difference, undefined
from checks.values import as_text

DIGITS = (3, 2, 1)
AS_GIVEN = "as given"
LABELS = "decisions only"
SMALL = 5
ATTACKED = 5_000


@dataclass(frozen=True, slots=True)
class Scale:
    """What one digit is: a decimal of a probability, or a part of the range of numbers."""

    low: float
    width: float

    def rounded(self, answers: Array, digits: int) -> Array:
        """Return *answers* with as many digits."""
        return np.asarray(self.low + self.width * np.round((answers - self.low) / self.width, digits))


@check(asks_model=True)
def outputs(subject: Subject) -> Iterator[Measure]:
    """Count the answers, and measure what rounding would change."""
    answers = _answers(subject)
    known = answers[np.isfinite(answers).all(axis=1)]
    if not len(known):
        raise Inconclusive("no evaluation row has a score")
    scale = _scale(subject, known)
    yield from _cells(known, {"case": AS_GIVEN})
    changed: list[float | None] = []
    for digits in DIGITS:
        of = {"case": _case(digits)}
        yield from _cells(scale.rounded(known, digits), of)
        used = list(_uses(subject, scale, digits, of))
        yield from used
        changed += [one.value for one in used if one.name == "decisions_changed"]
    yield from _enough(changed, len(known))
    yield from _attacks(subject, scale)


def _case(digits: int) -> str:
    return f"{digits} digits" if digits > 1 else f"{digits} digit"


def _answers(subject: Subject) -> Array:
    """Return one row of numbers a person: what the service gives out."""
    if not subject.rows:
        raise Inconclusive("the evaluation table has no rows")
    if subject.probabilities is not None:
        return subject.probabilities
    if subject.score is None:
        raise NotApplicable("no scores are given out, only decisions: nothing finer to round")
    return subject.score[:, None]


def _scale(subject: Subject, known: Array) -> Scale:
    low, high = float(known.min()), float(known.max())
    if low >= 0 and high <= 1 and subject.task is not Task.REGRESSION:
        return Scale(0.0, 1.0)
    return Scale(low, (high - low) or 1.0)


def _cells(answers: Array, of: Mapping[str, str]) -> Iterator[Measure]:
    """Yield how many people have an answer to themselves, or nearly so."""
    sizes = np.unique(answers, axis=0, return_counts=True)[1]
    count = len(answers)
    for name, few in (("unique_output_share", 2), ("small_output_share", SMALL)):
        share = float(sizes[sizes < few].sum() / count)
        yield Measure(name, share, n=count, of=dict(of), kind=Kind.EXACT, method="count of equal answers")


def _uses(subject: Subject, scale: Scale, digits: int, of: Mapping[str, str]) -> Iterator[Measure]:
    """Yield what rounding does to the ranking and to decisions."""
    if subject.score is None or subject.task is not Task.BINARY:
        return
    coarse = scale.rounded(subject.score, digits)
    if subject.decision is not None:
        both = (subject.decision != NOT_STATED) & np.isfinite(subject.score)
        threshold = subject.roles.threshold
        before, after = subject.score[both] >= threshold, coarse[both] >= threshold
        yield Measure(
            "decisions_changed",
            float((before != after).mean()) if both.any() else None,
            n=float(both.sum()),
            of=dict(of),
            kind=Kind.EXACT,
            method="scores on the other side of the threshold once rounded",
            note=None if both.any() else "no row has a score with a decision",
        )
    if subject.roles.label is None:
        return
    label = as_text(subject.evaluation[subject.roles.label])
    there = (label != NOT_STATED) & np.isfinite(subject.score)
    actual = (label == subject.roles.positive)[there]
    sides = float(actual.sum()), float((~actual).sum())
    weights = np.ones(len(actual))
    yield auc_difference(
        "roc_auc_change", actual, (coarse[there], subject.score[there]), weights, sides, of=of
    )


def _enough(changed: list[float | None], rows: int) -> Iterator[Measure]:
    """Yield the fewest digits tried that change no decision, where there are decisions."""
    if all(share is None for share in changed):
        return
    free = [digits for digits, share in zip(DIGITS, changed, strict=True) if share == 0]
    yield Measure(
        "digits_enough",
        float(min(free)) if free else None,
        n=rows,
        kind=Kind.EXACT,
        unit="digits",
        method=f"fewest of {min(DIGITS)} to {max(DIGITS)} digits that change no decision of these rows",
        note=None if free else f"even {max(DIGITS)} digits change a decision",
    )


def _attacks(subject: Subject, scale: Scale) -> Iterator[Measure]:
    """Yield the best attack at every rounding, and its change; a sentence where none can be tried."""
    try:
        people = compared(subject, ATTACKED)
        why = None if people.chance is not None else "supply probabilities for the rows of both files"
        if why is None and judged(drift(people, subject.seed)) is Gate.INVALID:
            why = "training and evaluation rows can be told apart without the model"
    except (NotApplicable, Inconclusive) as reason:
        why = str(reason)
    if why is not None:
        for case in (AS_GIVEN, *map(_case, DIGITS)):
            yield undefined("attack_auc", why, of={"case": case})
            if case != AS_GIVEN:
                yield undefined("attack_auc_change", why, of={"case": case})
        return
    yield from _against(
        people, scale, Trainer(people, subject.task, family(subject.model_file)[0], subject.seed)
    )


def _against(people: Compared, scale: Scale, trainer: Trainer) -> Iterator[Measure]:
    references = next(trainer.pairs())
    assert people.chance is not None

    def tried(chance: Array) -> dict[str, Array]:
        return {"loss": chance, "rmia_2": signals.rmia(chance, references)}

    plain = tried(people.chance)
    areas = {key: rates.auc(*people.split(signal), {"case": AS_GIVEN}) for key, signal in plain.items()}
    best = max(areas, key=lambda key: areas[key].value or 0.0)
    yield replace(areas[best], name="attack_auc", method=f"{areas[best].method}; attack {best}")
    sizes = float(people.member.sum()), float((~people.member).sum())
    for digits in DIGITS:
        of = {"case": _case(digits)}
        signal = tried(_coarse(people, scale, digits))[best]
        area = rates.auc(*people.split(signal), of)
        yield replace(area, name="attack_auc", method=f"{area.method}; attack {best}")
        both = signal, plain[best]
        yield auc_difference("attack_auc_change", people.member, both, np.ones(len(signal)), sizes, of=of)
    if people.right is not None:
        area = rates.auc(*people.split(people.right.astype(np.float64)), {"case": LABELS})
        yield replace(area, name="attack_auc", method=f"{area.method}; attack gap")


def _coarse(people: Compared, scale: Scale, digits: int) -> Array:
    """Return what the attacker sees of the truth once answers are rounded."""
    assert people.chance is not None
    if people.error is None:
        return scale.rounded(people.chance, digits)
    assert people.answer is not None
    truth = people.truth.astype(np.float64)
    return nearness(np.abs(truth - scale.rounded(people.answer, digits)), people.scale)
