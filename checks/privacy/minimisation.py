"""Minimisation: which features was the model not shown to need?

For each feature the values of every row are replaced by those of another row, drawn at random, and the model
is asked again. `loss_rise` is what that costs (`of.feature`), row by row against the answers as given.
`joint_rise` is the same for features that tell nearly the same, replaced together. The loss is the task's
own proper one: the Brier score of classes, the squared error of numbers; for scores, whose scale no label
shares, the squared change of the score. `margin` is the loss held to be nothing: the part `tolerance` of what
the model gains over one answer for everybody. `idle_feature_share` is the share of features that cost no more
than the margin: its lower end counts those whose whole interval lies within it (shown to be idle), its upper
end all that are not shown to cost more (not shown necessary).

Then features are replaced together, the cheapest first, as long as the upper end of what they cost together
stays within the margin. `features_kept` is how many are left, `kept_set_rise` what the others cost together.

Why it matters
    Personal data that a decision does not need should not be asked for: they cost people their privacy and
    gain nobody anything. Features that were declared sensitive, protected or identifying are listed first.

How to read it
    A feature that is not shown necessary is a question to whoever collects it: why is it needed? Ask first
    about sensitive ones. What can be left out together matters more than what can be left out alone.

Limits
    The model was not trained again: it was asked with other people's values. A model trained without a
    feature may do as well with those that are left, so even a feature that this model needs may not be
    necessary; and replaced rows may describe nobody who could exist. Rare values can be needed for few
    people: read `performance` by group before a feature is left out. The set is found step by step; a
    smaller one may exist. At most `rows` rows are asked about, drawn at random in the proportions of the
    label; row weights are not used.

References
    GDPR Art. 5(1)(c); Fisher, Rudin and Dominici, JMLR 20 (177), 2019; Goldsteen et al., Data
    minimization for GDPR compliance in machine learning models, AI and Ethics, 2022.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.special import ndtri

from checks.interpretability.answered import answered, beside, told_without
from checks.model import Array, Inconclusive, Kind, Measure, Roles, Subject, Table, check
from checks.privacy.alike import alike
from checks.privacy.replaced import Replaced
from checks.statistics import LEVEL, estimate


@check(asks_model=True)
def minimisation(
    subject: Subject, *, rows: int = 1000, repeats: int = 3, tolerance: float = 0.01
) -> Iterator[Measure | Table]:
    """Replace each feature, then as many together as cost nothing."""
    asked = Replaced.of(subject, rows, repeats)
    names = asked.names
    z = float(ndtri(1 - (1 - LEVEL) / (2 * len(names))))  # all features together
    margin = tolerance * asked.gain
    how = (
        f"{asked.how}, the model was not trained again; interval holds for all {len(names)} features together"
    )
    yield Measure("margin", margin, n=asked.n, kind=Kind.EXACT, unit=asked.unit, method=_of_gain(tolerance))
    if margin <= 0:
        raise Inconclusive(
            "the model does no better than one answer for everybody on these rows, so no feature can be shown"
            " to be needed: supply more evaluation rows, or a better model"
        )
    rises = [_told("loss_rise", asked, (name,), z, how) for name in names]
    yield from rises
    for group in alike(asked.table):
        yield _told("joint_rise", asked, group, z, how)
    order = sorted(
        range(len(names)), key=lambda at: (rises[at].value or 0.0, -_care(subject.roles, names[at])[0])
    )
    kept, last = _left_out(asked, [names[at] for at in order], z, margin, how)
    yield _idle(rises, margin, asked, len(names) - len(kept))
    said = f"found step by step within a margin of {tolerance:.0%} of the gain; a smaller set may exist"
    left = float(len(kept))
    yield Measure("features_kept", left, n=float(len(names)), unit="features", method=asked.how, note=said)
    if last is not None:
        yield last
    yield _listed(subject.roles, rises, kept, margin)


def _of_gain(tolerance: float) -> str:
    return f"{tolerance:.0%} of the loss of one answer for everybody less that of the model"


def _told(name: str, asked: Replaced, features: Sequence[str], z: float, how: str) -> Measure:
    cost = asked.cost(features)
    known = answered(cost)
    cost, how = cost[known], beside(how, told_without(int((~known).sum())))
    mean, half = float(cost.mean()), z * float(cost.std(ddof=1)) / float(np.sqrt(len(cost)))
    of = {"feature": " + ".join(features)}
    return estimate(name, mean, mean - half, mean + half, len(cost), of=of, unit=asked.unit, method=how)


def _idle(rises: Sequence[Measure], margin: float, asked: Replaced, together: int) -> Measure:
    """Return the share of features that cost no more than the margin, and how sure that is."""
    ends = np.array([(one.high, one.value, one.low) for one in rises], dtype=np.float64)
    low, value, high = (ends <= margin).mean(axis=0)
    alone = int((ends[:, 1] <= margin).sum())
    return estimate(
        "idle_feature_share",
        float(value),
        float(low),
        float(high),
        float(len(rises)),
        method=f"features shown idle, idle by their number, and not shown necessary; {asked.how}",
        note=f"{alone} of {len(rises)} features, each replaced alone; together within the margin: {together};"
        " the model was not trained again",
    )


def _left_out(
    asked: Replaced, order: Sequence[str], z: float, margin: float, how: str
) -> tuple[Array, Measure | None]:
    """Return the features that stay, and what the others cost together."""
    out: tuple[str, ...] = ()
    last = None
    for name in order:
        tried = tuple(one for one in asked.names if one in {*out, name})
        found = _told("kept_set_rise", asked, tried, z, how)
        if found.high is not None and found.high <= margin:
            out, last = tried, found
    kept = np.array([name for name in asked.names if name not in out], dtype=object)
    return kept, None if last is None else _plain(last)


def _plain(measure: Measure) -> Measure:
    return Measure(
        measure.name,
        measure.value,
        measure.low,
        measure.high,
        measure.n,
        unit=measure.unit,
        method=measure.method,
    )


def _care(roles: Roles, feature: str) -> tuple[int, str]:
    """Return how much care a feature asks for, and as what it is taken."""
    inferred = ", inferred from its name" if roles.quasi_identifiers_inferred else ""
    declared = (
        (roles.identifiers, "identifier"),
        (roles.sensitive, "sensitive"),
        (roles.groups, "protected"),
        (roles.quasi_identifiers, f"quasi-identifier{inferred}"),
    )
    place = next((at for at, (names, _) in enumerate(declared) if feature in names), len(declared))
    word = ", ".join(word for names, word in declared if feature in names) or "not declared personal"
    return len(declared) - place, word


def _listed(roles: Roles, rises: Sequence[Measure], kept: Array, margin: float) -> Table:
    """Return every feature, those that ask for most care first, then the cheapest."""
    stays = set(kept.tolist())
    order = sorted(rises, key=lambda one: (-_care(roles, one.of["feature"])[0], one.value or 0.0))
    rows = []
    for one in order:
        assert one.low is not None
        assert one.high is not None
        idle = "shown idle alone" if one.high <= margin else "not shown necessary"
        said = "needed by this model" if one.low > margin else idle
        feature = one.of["feature"]
        rows.append((feature, _care(roles, feature)[1], said, "kept" if feature in stays else "replaced"))
    note = "Found by asking the model with other people's values; the model was not trained again."
    columns = ("feature", "taken as", "alone", "in the smallest set found")
    return Table("features that may not be needed", columns, tuple(rows), note)
