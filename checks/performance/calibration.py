"""Calibration: do scores mean what they say?

Of the people scored 0.8, does the event come true for eight in ten? `calibration_error` is the root mean
squared distance between score and frequency over bins of equal mass, with the part that chance alone adds
taken out (debiased). `calibration_slope` and `calibration_intercept` say in which way scores are off.
`expected_calibration_error` is the plain mean distance as other tools print it, and the table `reliability`
holds the bins.

Why it matters
    Where people act on a score as on a probability (price, triage, a second look), a score that is too sure
    of itself does harm even when its ranking is good.

How to read it
    0 is perfect; read the interval. Slope 1 and intercept 0 are perfect: a slope below 1 says that scores are
    too extreme, an intercept below 0 that they are too high on the whole. The plain expected error grows by
    chance alone when rows are few, so it has no interval and nothing should be held against it.

Limits
    At most 10 bins, of 25 people or more; errors within a bin cancel and are not seen. A score that says the
    base rate to everybody is perfectly calibrated and useless: read it beside `performance.classification`.

References
    Kumar, Liang and Ma, Verified Uncertainty Calibration, NeurIPS 2019 (debiased). Van Calster et al.,
    Calibration: the Achilles heel of predictive analytics, BMC Medicine 17, 2019 (slope, intercept). Guo et
    al., On Calibration of Modern Neural Networks, ICML 2017.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from checks.model import Inconclusive, Measure, Subject, Table, check
from checks.sample import Sample, labelled, left_out
from checks.statistics import (
    LEVEL,
    Line,
    Reliability,
    Z,
    calibration_line,
    estimate,
    reliability,
    undefined,
)

ERROR_METHOD = f"debiased root mean square over bins of equal mass; noncentral chi-square {LEVEL:.0%}"
LINE_METHOD = f"logistic regression on the log-odds of the score, Wald {LEVEL:.0%}"
LINES = (("calibration_slope", "log-odds per log-odds"), ("calibration_intercept", "log-odds"))
"""Names and units of the two numbers of the calibration line."""


@check
def calibration(subject: Subject) -> Iterator[Measure | Table]:
    """Measure how far scores are from frequencies, and in which way."""
    sample = labelled(subject, scored=True)
    probabilities(sample)
    yield left_out(subject, sample)

    bins = reliability(sample.actual, sample.score, sample.weights, sample.effective_share)
    yield error_measure(bins, sample.n)
    yield estimate(
        "expected_calibration_error",
        bins.plain_error,
        None,
        None,
        sample.n,
        method=f"mean distance over {len(bins.n)} bins of equal mass",
        note="includes what chance alone adds, so it has no interval; see calibration_error",
    )
    line = calibration_line(sample.actual, sample.score, sample.weights, sample.effective_share)
    yield from line_measures(line, sample.n)
    yield Table(
        name="reliability",
        columns=("score_from", "score_to", "mean_score", "frequency", "rows"),
        rows=tuple(
            tuple(map(float, row))
            for row in zip(bins.low, bins.high, bins.mean_score, bins.frequency, bins.n, strict=True)
        ),
    )


def probabilities(sample: Sample) -> None:
    """Refuse scores that cannot be probabilities."""
    if sample.score.min() < 0 or sample.score.max() > 1:
        raise Inconclusive("scores lie outside [0, 1]; calibration needs probabilities")


def error_measure(
    bins: Reliability, n: float, *, of: Mapping[str, str] | None = None, note: str | None = None
) -> Measure:
    """Return the debiased calibration error with its interval."""
    low, high = bins.error_limits(Z)
    method = f"{ERROR_METHOD}; bins: {len(bins.n)}"
    return estimate("calibration_error", bins.error, low, min(high, 1.0), n, of=of, method=method, note=note)


def line_measures(
    line: tuple[Line, Line] | None,
    n: float,
    *,
    of: Mapping[str, str] | None = None,
    note: str | None = None,
) -> Iterator[Measure]:
    """Return calibration slope and intercept, or why there is none."""
    for i, (name, unit) in enumerate(LINES):
        if line is None:
            why = "the fit has no finite answer: one class, one score, or scores that separate the classes"
            yield undefined(name, why, n=n, of=of, unit=unit, method=LINE_METHOD)
        else:
            found = line[i]
            yield estimate(
                name, found.value, found.low, found.high, n, of=of, unit=unit, method=LINE_METHOD, note=note
            )
