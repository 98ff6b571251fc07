"""Say in plain words what a finding found."""

from __future__ import annotations

import math

from checks.model import NOT_STATED, Measure
from frameworks.measures import measures
from frameworks.model import Finding, Verdict
from frameworks.summary import UNSEEN
from reports import wording
from reports.compose.view import View, meaning
from reports.language import N_, _, own, said

_RATES = N_(
    {
        "selection_rate": "receive the favourable outcome",
        "scoring_rate": "score above the median of everybody",
        "true_positive_rate": "of those who are actually positive are recognised",
        "false_positive_rate": "of those who are actually negative are wrongly taken for positive",
        "false_negative_rate": "of those who are actually positive are missed",
        "true_negative_rate": "of those who are actually negative are recognised",
        "positive_predictive_value": "predicted positive are right",
        "negative_predictive_value": "predicted negative are right",
        "accuracy": "are judged correctly",
    }
)
"""How a rate reads after `78 of every 100`."""

_NAMED_BY_NOTES = ("fairness.worst_subgroup.", "privacy.minimisation.idle_feature_share")
"""Measures whose notes say what the number is of: they are told wherever it is."""

_ODDS = ("true_positive_rate", "false_positive_rate")
_MOST_TIMES = 100
_ODDS_GAPS = frozenset({"equalized_odds_gap", "average_odds_gap"})
"""Gaps over both rates: the one that differs more is told."""


def explain(view: View, finding: Finding) -> str:
    """Return what was asked, what was found, how sure that is, and whom it touches."""
    if finding.measure is None or finding.value is None:
        return _unmeasured(finding)
    name = wording.measure(finding.measure)
    beside = wording.edge(finding.bound)
    found = wording.measured(finding, beside=beside, lead=_("95\u00a0% interval "))
    says = meaning(finding.measure)
    of = wording.where(finding.of)
    if says:
        name = _("{name} ({says})", name=name, says=says)
    if of:
        name = _("{name} for {what}", name=name, what=of)
    parts = [
        contrast(view, finding),
        _("The {name} is {found}.", name=name, found=found),
        noted(view, finding),
        wording.sentence(_("{limit} is asked", limit=wording.limit(finding.bound))),
        wording.sentence(_("Basis: {basis}", basis=wording.basis(finding.basis, finding.basis_source))),
        _sureness(finding),
    ]
    if finding.verdict is Verdict.NOT_MET and finding.people and "attribute" in finding.of:
        parts.append(
            _(
                "The worse-off group has {many} in these data.",
                many=wording.plural(finding.people, "person", "people"),
            )
        )
    return wording.paragraph(parts)


def noted(view: View, finding: Finding, paths: tuple[str, ...] = _NAMED_BY_NOTES) -> str:
    """Return what is to be known of a number that misleads without it: of the measures at *paths*."""
    path = finding.measure or ""
    if finding.value is None or not path.startswith(paths):
        return ""
    found = view.number(path, **finding.of)
    return wording.recorded(found.note) if found is not None and found.note else ""


def _unmeasured(finding: Finding) -> str:
    reason = wording.recorded(finding.reason) or wording.sentence(_("nothing was measured"))
    if finding.attestation is not None and finding.attestation.get("question"):
        return _("Asked: {question} {reason}", question=said(finding.attestation["question"]), reason=reason)
    what = _("Asked: {question}.", question=asked(finding)) if finding.measure else ""
    return wording.paragraph((what, reason))


def in_short(view: View, finding: Finding, found: str) -> str:
    """Return what was *found*, by whom its limit is set, what it is of, and why it stays open, if it does."""
    if finding.value is None:
        return wording.recorded(finding.reason)
    basis = wording.sentence(_("Basis: {basis}", basis=wording.basis(finding.basis)))
    open_ = wording.recorded(finding.reason) if finding.verdict is Verdict.UNDECIDED else ""
    says = noted(view, finding) or wording.sentence(meaning(finding.measure or ""))
    return wording.paragraph((contrast(view, finding), found, basis, says, open_))


def _sureness(finding: Finding) -> str:
    if finding.verdict is Verdict.UNDECIDED and finding.reason:
        return wording.paragraph((wording.recorded(finding.reason), more_rows(finding)))
    if finding.verdict is Verdict.NOT_MET and finding.kind == "exact":
        return _("It was counted in these data, not estimated, so it has no interval.")
    if finding.verdict is Verdict.NOT_MET and finding.decide == "interval" and finding.low is not None:
        return _("The whole interval lies outside the limit, so chance alone is an unlikely explanation.")
    return ""


def more_rows(finding: Finding) -> str:
    """Return how many rows like these would decide a finding whose interval reaches across its limit.

    An interval shrinks with the root of the rows. If the number stays where it is, the end beyond the limit
    comes to lie on it; on the logarithm for a ratio.
    """
    limit, value, low, high = wording.edge(finding.bound), finding.value, finding.low, finding.high
    if finding.verdict is not Verdict.UNDECIDED or finding.kind == "exact":
        return ""
    if limit is None or value is None or low is None or high is None or not low < limit < high:
        return ""
    far, near = (low if value > limit else high) - value, limit - value
    if finding.unit == "ratio" and min(low, limit, value) > 0:
        far, near = math.log((low if value > limit else high) / value), math.log(limit / value)
    times = (far / near) ** 2 if near else math.inf
    if times > _MOST_TIMES:
        return _(
            "The number lies too near its limit: over {times} times as many rows would be needed.",
            times=_MOST_TIMES,
        )
    if finding.n is None:
        return ""
    rows = times * finding.n
    step = 10 ** max(math.floor(math.log10(rows)) - 1, 0)  # two digits: more would promise too much
    in_all = wording.plural(math.ceil(rows / step) * step, "row")
    return _("If the number stays as it is, about {in_all} like these would decide it.", in_all=in_all)


def asked(finding: Finding) -> str:
    """Return what a criterion asks, in words."""
    if finding.measure is None:
        question = (finding.attestation or {}).get("question")
        name = wording.plain(finding.criterion.removeprefix("attested:"))
        return said(str(question)) if question else _("attested: {name}", name=name)
    says, unit = meaning(finding.measure), wording.unit(finding.unit)
    name = wording.measure(finding.measure)
    if unit:
        name = _("{name}, {unit},", name=name, unit=unit)
    asked_for = _("{name} {limit}", name=name, limit=wording.limit(finding.bound))
    return _("{name} ({says})", name=asked_for, says=says) if says else asked_for


def contrast(view: View, finding: Finding) -> str:
    """Return the rates of the worst and the best group, for readers who do not read ratios."""
    attribute = finding.of.get("attribute")
    named = measures().get(finding.measure or "")
    if attribute is None or named is None or named.by_group is None:
        return ""
    bases = _ODDS if named.name in _ODDS_GAPS else (named.by_group,)
    spreads = [(compared(view, f"{named.check}.{base}", attribute), base) for base in bases if base in _RATES]
    told = [(rates, base) for rates, base in spreads if len(rates) >= 2]
    if not told:
        return ""
    rates, base = max(told, key=lambda item: (item[0][-1].value or 0.0) - (item[0][0].value or 0.0))
    return spell_contrast(base, rates)


def spell_contrast(rate: str, rates: list[Measure]) -> str:
    """Return one sentence on the lowest and the highest of *rates*."""
    low, high = rates[0], rates[-1]
    assert low.value is not None
    assert high.value is not None
    return _(
        "In group {lowest}, {low} {happens}; in group {highest}, {high}.",
        lowest=wording.group(low.of["group"]),
        low=wording.per_hundred(low.value),
        happens=own(_RATES[rate]),
        highest=wording.group(high.of["group"]),
        high=wording.per_hundred(high.value),
    )


def spell_rate(rate: str, one: Measure) -> str:
    """Return one sentence on the *rate* of one group, beside which no other is told."""
    assert one.value is not None
    return _(
        "In group {group}, {share} {happens}.",
        group=wording.group(one.of["group"]),
        share=wording.per_hundred(one.value),
        happens=own(_RATES[rate]),
    )


def unseen(view: View) -> str:
    """Say of how many criteria the number is withheld, so that the worst told may not be the worst."""
    hidden = [finding for finding in view.findings if finding.reason == UNSEEN]
    if not hidden:
        return ""
    return _(
        "{many} by a number that is withheld here, so these may not be the worst: {names}.",
        many=wording.plural(len(hidden), "criterion is judged", "criteria are judged"),
        names=wording.joined(dict.fromkeys(finding.requirement for finding in hidden)),
    )


def compared(view: View, path: str, attribute: str) -> list[Measure]:
    """Return the rates of the groups of *attribute* that are compared, lowest first."""
    check, _dot, name = path.rpartition(".")
    evidence = view.default(check)
    if evidence is None:
        return []
    rates = [
        m
        for m in evidence.measures
        if m.name == name
        and m.of.keys() == {"attribute", "group"}
        and m.of["attribute"] == attribute
        and m.of["group"] != NOT_STATED
        and m.value is not None
        and m.note is None
    ]
    return sorted(rates, key=lambda m: (m.value or 0.0, m.of["group"]))


def withheld(view: View, path: str, attribute: str) -> int:
    """Return of how many groups of *attribute* the rate at *path* was measured and is not for everybody."""
    check, _dot, name = path.rpartition(".")
    evidence = view.default(check)
    return sum(
        m.name == name and m.of.get("attribute") == attribute and wording.measured(m) == wording.withheld()
        for m in (evidence.measures if evidence else ())
    )
