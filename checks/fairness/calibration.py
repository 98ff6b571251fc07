"""Calibration by group: does a score of 0.8 mean the same for everybody?

For each group the calibration error (how far scores are from the frequencies of the event, with the part that
chance adds taken out), the calibration slope and the calibration intercept; and the gap between the groups of
each, by attribute and crossing.

Why it matters
    Who reads the score acts on it as on a probability. Where the same score means different chances in two
    groups, one of them is judged too harshly at every threshold.

How to read it
    As `performance.calibration`, one group at a time. An intercept below 0 says that the group's scores are
    too high, above 0 too low: the direction that the error does not show. Groups under 30 rows are measured
    and not compared. With more than two classes each has its own numbers (`class`, from the probabilities
    that the model gives), and `average: macro` is the mean calibration error over classes.

Limits
    Small groups have few bins (25 people each at least), which see coarse errors only. A score can be
    calibrated in every group and yet give unequal error rates wherever base rates differ.

References
    Kumar, Liang and Ma, Verified Uncertainty Calibration, NeurIPS 2019. Van Calster et al., Calibration: the
    Achilles heel of predictive analytics, BMC Medicine 17, 2019. Pleiss et al., On Fairness and Calibration,
    NeurIPS 2017.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from checks.comparison import MIN_GROUP, compared, grouped, left_out_note, notes, uncompared_share
from checks.counts import Groups
from checks.model import Array, Inconclusive, Measure, Subject, check
from checks.multiclass import JointMeans, scored
from checks.performance.calibration import LINES, error_measure, line_measures, probabilities
from checks.sample import Sample, left_out
from checks.statistics import (
    LEVEL,
    CalibrationErrors,
    Line,
    Normals,
    Reliability,
    Z,
    calibration_line,
    estimate,
    highest_minus_lowest,
    reliability,
    undefined,
)


@check
def calibration(subject: Subject, *, min_group: int = MIN_GROUP) -> Iterator[Measure]:
    """Measure the calibration of each group and the gaps, by attribute and intersection."""
    grouped(subject)
    asked = scored(subject)
    for _, sample in asked:
        probabilities(sample)
    yield left_out(subject, asked[0][1])

    compared_any = False
    for attribute, table in subject.counts.by_attribute():
        codes, size = subject.counts.codes(attribute), len(table.groups.names)
        parts = [list(sample.by_group(codes, size)) for _, sample in asked]
        people = np.array([part.n for part in parts[0]])
        why = notes(table.groups, people, min_group)
        which = compared(why)
        compared_any |= len(which) > 1
        each = []
        for (also, _), mine in zip(asked, parts, strict=True):
            fits = [_fit(part) if part.weights.sum() > 0 else None for part in mine]
            groups = replace(table.groups, also=also)
            yield from _of_groups(groups, fits, people, why)
            large = [fit for fit in (fits[i] for i in which) if fit]
            yield from _gaps(large, people[which], groups.key, left_out_note(why))
            each.append(fits)
        if len(each) > 1:
            yield from _mean(replace(table.groups, also={"average": "macro"}), each, people, why)
        yield uncompared_share(table, np.setdiff1d(np.arange(len(why)), which))

    if not compared_any:
        raise Inconclusive(
            f"no attribute has two groups of {min_group} rows or more with a label and a score"
        )


@dataclass(frozen=True, slots=True)
class _Fit:
    bins: Reliability
    line: tuple[Line, Line] | None


def _fit(part: Sample) -> _Fit:
    given = (part.actual, part.score, part.weights, part.effective_share)
    return _Fit(reliability(*given), calibration_line(*given))


def _of_groups(
    groups: Groups, fits: Sequence[_Fit | None], people: Array, why: Sequence[str | None]
) -> Iterator[Measure]:
    for i, fit in enumerate(fits):
        if fit is not None:
            yield error_measure(fit.bins, people[i], of=groups.of(i), note=why[i])
            yield from line_measures(fit.line, people[i], of=groups.of(i), note=why[i])


def _mean(
    groups: Groups, each: Sequence[Sequence[_Fit | None]], people: Array, why: Sequence[str | None]
) -> Iterator[Measure]:
    """Yield the mean calibration error over classes of each group, and its gap."""
    method = f"mean of {len(each)} joint intervals {LEVEL:.0%}"

    def joint(which: Sequence[int]) -> JointMeans:
        return JointMeans(
            [CalibrationErrors(tuple(fit.bins for i in which if (fit := fits[i]))) for fits in each]
        )

    for i, reason in enumerate(why):
        if each[0][i] is not None:
            found = joint([i])
            low, high = (float(limit[0]) for limit in found.limits(Z))
            value = float(found.value[0])
            yield estimate(
                "calibration_error",
                value,
                low,
                min(high, 1.0),
                people[i],
                of=groups.of(i),
                method=method,
                note=reason,
            )
    large = joint([int(i) for i in compared(why)])
    yield highest_minus_lowest("calibration_error_gap", large, of=groups.key, note=left_out_note(why))


def _gaps(fits: Sequence[_Fit], people: Array, of: Mapping[str, str], note: str | None) -> Iterator[Measure]:
    errors = CalibrationErrors(tuple(fit.bins for fit in fits))
    yield highest_minus_lowest("calibration_error_gap", errors, of=of, note=note)
    for i, (name, unit) in enumerate(LINES):
        lines = [fit.line[i] for fit in fits if fit.line is not None]
        if len(lines) < len(fits):
            why = "the line has no finite answer in at least one group that is compared"
            yield undefined(f"{name}_gap", why, n=float(people.sum()), of=of, unit=unit)
            continue
        values = np.array([line.value for line in lines])
        errors_of = np.array([(line.high - line.low) / (2 * Z) for line in lines])
        found = Normals(values, errors_of, people)
        yield highest_minus_lowest(f"{name}_gap", found, of=of, note=note, unit=unit, bound=None)
