"""Costs: what do the system's errors cost, at the prices that its operator declared?

The mean cost a person of the decisions made (`expected_cost`), that of deciding alike for everybody
(`model: always positive`, `model: always negative`), and what the system saves against the cheaper of these
two (`saving`). Where there are probabilities, also the cost at the threshold that these prices imply
(`model: threshold that the costs imply`) and what moving there would save (`saving_at_implied_threshold`).
Per group, `expected_cost` and the `expected_cost_gap` between groups, in the unit of the declared costs.

Why it matters
    Accuracy counts every error alike. To refuse a sound applicant and to accept an unsound one seldom cost
    the same, and they seldom fall on the same people. Declaring the prices makes that judgement visible and
    open to dispute.

How to read it
    A `saving` whose interval reaches 0 is a system that is not shown to be worth running. A clear saving at
    the implied threshold says that the threshold and the declared prices contradict each other: one of them
    is not what is meant. A gap between groups says who bears the errors, in money or whatever the unit is.

Limits
    The prices are the submitter's word and count as facts. The implied threshold is right only for calibrated
    scores (see `performance.calibration`). Costs of single people are not known: everybody's error of one
    kind costs the same. Groups under 30 rows are measured and not compared.

References
    Elkan, The Foundations of Cost-Sensitive Learning, IJCAI 2001. Corbett-Davies et al., Algorithmic Decision
    Making and the Cost of Fairness, KDD 2017.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from checks.comparison import MIN_GROUP, compared, left_out_note, notes
from checks.model import Array, Measure, NotApplicable, Subject, Task, check
from checks.sample import Sample, labelled, left_out
from checks.statistics import Z, highest_minus_lowest, mean_of, undefined
from checks.statistics.means import ALIKE, Means, one_mean

UNIT = "declared cost"
EVERYWHERE = (-np.inf, np.inf)


@dataclass(frozen=True, slots=True)
class Prices:
    """What each kind of answer costs."""

    false_positive: float
    false_negative: float
    true_positive: float = 0.0
    true_negative: float = 0.0

    def of(self, predicted: Array, actual: Array) -> Array:
        """Return the cost of every person."""
        right = np.where(actual, self.true_positive, self.true_negative)
        return np.where(
            predicted == actual, right, np.where(actual, self.false_negative, self.false_positive)
        )

    @property
    def implied_threshold(self) -> float | None:
        """The probability from which a positive decision is cheaper; None where it never or always is."""
        wrong_yes = self.false_positive - self.true_negative
        wrong_no = self.false_negative - self.true_positive
        if wrong_yes <= 0 or wrong_no <= 0:
            return None
        return wrong_yes / (wrong_yes + wrong_no)


@check
def costs(subject: Subject, *, min_group: int = MIN_GROUP) -> Iterator[Measure]:
    """Measure the cost of the decisions, of trivial ones, and of each group's."""
    if subject.task is not Task.BINARY:
        raise NotApplicable("costs are declared for yes and no: binary tasks only")
    declared: Mapping[str, float] | None = subject.facts.get("costs")
    if declared is None:
        raise NotApplicable("no costs were declared; state what each kind of error costs under `costs`")
    prices, scored = Prices(**declared), subject.score is not None
    sample = labelled(subject, decided=True, scored=scored)
    yield left_out(subject, sample)
    now = prices.of(sample.predicted, sample.actual)
    yield _mean("expected_cost", sample, now)
    yield from _against_trivial(sample, prices, now)
    if scored:
        yield from _at_implied(sample, prices, now)
    if subject.attributes:
        yield from _by_group(subject, sample, now, min_group)


def _mean(name: str, sample: Sample, values: Array, note: str | None = None, **of: str) -> Measure:
    found = mean_of(
        name, values, sample.weights, sample.effective, rows=sample.n, bounds=EVERYWHERE, unit=UNIT, of=of
    )
    return found if note is None or found.note else replace(found, note=note)


def _against_trivial(sample: Sample, prices: Prices, now: Array) -> Iterator[Measure]:
    alike = {
        f"always {word}": prices.of(np.full(len(now), yes), sample.actual)
        for word, yes in (("positive", True), ("negative", False))
    }
    for model, values in alike.items():
        yield _mean("expected_cost", sample, values, model=model)
    cheaper = min(alike, key=lambda model: float(np.average(alike[model], weights=sample.weights)))
    yield _mean("saving", sample, alike[cheaper] - now, f"against `{cheaper}`, on the same people")


def _at_implied(sample: Sample, prices: Prices, now: Array) -> Iterator[Measure]:
    name, model = "saving_at_implied_threshold", "threshold that the costs imply"
    threshold = prices.implied_threshold
    if threshold is None:
        yield undefined(
            name, "at these prices one decision is always cheaper, so no threshold follows", unit=UNIT
        )
        return
    if sample.score.min() < 0 or sample.score.max() > 1:
        yield undefined(
            name, "scores lie outside [0, 1], so they are no probabilities", n=sample.n, unit=UNIT
        )
        return
    there = prices.of(sample.score >= threshold, sample.actual)
    note = f"positive from {threshold:.3g}"
    yield _mean("expected_cost", sample, there, note, model=model)
    yield _mean(name, sample, now - there, note)


def _by_group(subject: Subject, sample: Sample, now: Array, min_group: int) -> Iterator[Measure]:
    counts = subject.counts
    for attribute, table in counts.by_attribute():
        codes = counts.codes(attribute)[sample.rows]
        members = [codes == i for i in range(len(table.groups.names))]
        parts = [sample.take(mine) for mine in members]
        means = Means.of_rows(
            [(now[mine], p.weights, p.n, p.effective) for p, mine in zip(parts, members, strict=True)]
        )
        why = [
            reason or (None if usable else f"{ALIKE}: not compared")
            for reason, usable in zip(notes(table.groups, means.n, min_group), means.usable, strict=True)
        ]
        for i, note in enumerate(why):
            yield one_mean("expected_cost", means, i, Z, of=table.groups.of(i), unit=UNIT, note=note)
        large, note = means.take(compared(why)), left_out_note(why)
        yield highest_minus_lowest(
            "expected_cost_gap", large, of=table.groups.key, note=note, unit=UNIT, bound=None
        )
