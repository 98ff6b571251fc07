"""Thresholds: what would another cut-off change, for everybody and between groups?

How many people stand close to the threshold (`near_threshold_share`), how many decisions a slightly lower or
higher one would turn (`changed_share`, `case: 0.05 lower` and `0.05 higher`), and what it would do to the
lowest selection rate over the highest (`impact_ratio` of each attribute in each case). The table `thresholds`
has, for cut-offs along the whole scale, the share decided positive, accuracy, error rates and impact ratios.

Why it matters
    A threshold is a choice of people, often made by default. Where many stand close to it, small errors of
    the score decide, and another choice would be as defensible. Where a small shift moves the impact ratio
    across a limit, the finding hangs on that choice.

How to read it
    A large `near_threshold_share` asks for human review of a band around the threshold. In the table, look
    for cut-offs that lose little accuracy and leave groups closer together; they are alternatives to discuss,
    not recommendations. The table has no intervals: it is for looking, and nothing is judged by it.

Limits
    Read from the evaluation rows, so the best-looking row of the table looks better than it is. Groups under
    30 rows take no part in ratios. Scores outside 0 to 1 are cut at every twentieth of the people instead of
    at fixed values, and how close people stand is then not measured. Where decisions were supplied beside
    scores, the table shows what the scores alone would decide.

References
    Barocas, Hardt and Narayanan, Fairness and Machine Learning, 2023, chapter 3. 29 CFR 1607.5(H) (cut-off
    scores should be reasonable and consistent with normal expectations of proficiency).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from checks.comparison import MIN_GROUP, compared, left_out_note, notes
from checks.counts import ACTUAL, Truth
from checks.model import Array, Inconclusive, Measure, NotApplicable, Subject, Table, Task, check
from checks.sample import Weighed
from checks.statistics import Proportions, lowest_over_highest, wilson

STEPS = 20
"""Cut-offs stand at every twentieth of the scale, or of the people."""


@check
def thresholds(
    subject: Subject, *, shift: float = 0.05, min_group: int = MIN_GROUP
) -> Iterator[Measure | Table]:
    """Measure what moving the threshold would change."""
    if subject.task is not Task.BINARY:
        raise NotApplicable("a threshold is looked for in binary tasks only")
    if subject.score is None:
        raise NotApplicable(
            "no score was supplied, by a model or as a column, so there is no threshold to move"
        )
    people = _People.of(subject, min_group)
    if people.probabilities:
        yield from _near(people, subject.roles.threshold, shift)
    yield _table(people)


@dataclass(frozen=True, eq=False, kw_only=True)
class _People(Weighed):
    """Those with a score."""

    score: Array
    actual: Array
    """Whether the event came true; only where `labelled`."""
    labelled: Array
    favourable_above: bool | None
    """Whether a score above the threshold is what people want; None where nobody says what they want."""
    attributes: dict[str, tuple[Array, list[str | None]]]
    """Codes of groups, and why a group is not compared."""

    @classmethod
    def of(cls, subject: Subject, min_group: int) -> _People:
        assert subject.score is not None
        rows = np.flatnonzero(~np.isnan(subject.score))
        weights = np.ones(len(rows)) if subject.weights is None else subject.weights[rows]
        if not len(rows) or weights.sum() <= 0:
            raise Inconclusive("no row has a score and a weight above 0")
        truth, counts, roles = ACTUAL[subject.counts.outcome[rows]], subject.counts, subject.roles
        whole = Weighed(weights, roles.weight_kind == "sampling")
        attributes = {}
        for name, table in counts.by_attribute():
            codes = counts.codes(name)[rows]
            size = np.array([whole.part(codes == i).n for i in range(len(table.groups.names))])
            attributes[name] = codes, notes(table.groups, size, min_group)
        return cls(
            weights,
            whole.sampling,
            score=subject.score[rows],
            actual=truth == Truth.YES,
            labelled=truth != Truth.UNKNOWN,
            favourable_above=None if roles.favourable is None else roles.favourable == roles.positive,
            attributes=attributes,
        )

    @property
    def probabilities(self) -> bool:
        """Whether scores lie between 0 and 1."""
        return bool(self.score.min() >= 0 and self.score.max() <= 1)

    def share(self, name: str, hits: Array, **of: str) -> Measure:
        """Return the share of people who are *hits*."""
        found, total = float(self.weights[hits].sum()), float(self.weights.sum())
        return wilson(name, found, total, of=of, rows=self.n, effective=self.effective)

    def ratio(self, attribute: str, above: Array, of: dict[str, str]) -> Measure:
        """Return the lowest share favoured over the highest, if *above* are decided positive."""
        codes, why = self.attributes[attribute]
        favoured = above == self.favourable_above
        parts = [
            (self.part(codes == i), float(self.weights[(codes == i) & favoured].sum())) for i in compared(why)
        ]
        columns = [[hits, float(p.weights.sum()), p.n, p.effective] for p, hits in parts]
        shares = Proportions(*np.array(columns).reshape(-1, 4).T)
        return lowest_over_highest("impact_ratio", shares, of=of, note=left_out_note(why))


def _near(people: _People, threshold: float, shift: float) -> Iterator[Measure]:
    yield replace(
        people.share("near_threshold_share", np.abs(people.score - threshold) <= shift),
        note=f"within {shift:g} of the threshold {threshold:g}",
    )
    now = people.score >= threshold
    moves = ((f"{shift:g} lower", threshold - shift), (f"{shift:g} higher", threshold + shift))
    for case, moved in moves:
        above = people.score >= moved
        yield people.share("changed_share", above != now, case=case)
        if people.favourable_above is not None:
            for attribute in people.attributes:
                yield people.ratio(attribute, above, {"attribute": attribute, "case": case})


def _table(people: _People) -> Table:
    parts = np.arange(1, STEPS) / STEPS
    cuts = parts if people.probabilities else np.unique(np.quantile(people.score, parts))
    single = [] if people.favourable_above is None else list(people.attributes)
    rows = []
    for cut in cuts:
        above = people.score >= cut
        ratios = (people.ratio(attribute, above, {}).value for attribute in single)
        rows.append((float(cut), _mean(people, above), *_rates(people, above), *ratios))
    names = ("threshold", "positive_rate", "accuracy", "true_positive_rate", "false_positive_rate")
    return Table("thresholds", (*names, *(f"impact_ratio of {name}" for name in single)), tuple(rows))


def _rates(people: _People, above: Array) -> Iterator[float | None]:
    known, actual = people.labelled, people.actual
    yield _mean(people, above == actual, known)
    yield _mean(people, above, known & actual)
    yield _mean(people, above, known & ~actual)


def _mean(people: _People, hits: Array, among: Array | None = None) -> float | None:
    weights = people.weights if among is None else people.weights * among
    total = float(weights.sum())
    return float(weights[hits].sum()) / total if total > 0 else None
