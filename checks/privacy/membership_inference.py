"""Membership inference: does the model betray who was in its training data?

An attacker who knows a person's row and outcome guesses whether the model learnt from it. Training rows are
the members, evaluation rows the others. Rows that stand in both files (`shared_rows_dropped`), or have no
label or answer (`unusable_rows`), are left out and counted. Attacks are tried from the cheapest on, each
named in `attack`:

- `gap`: accuse whoever the model gets right. Needs labels only.
- `noise`: accuse whose answer survives noise on the features. Needs labels only, and a model to ask.
- `loss`: accuse whom the model gets right with confidence.
- `qmia`: the same, less the confidence that rows like it get when never learnt (quantile regression).
- `rmia_2`, `rmia_8`: the same, less the confidence of 2 or 8 reference models that we train on random halves
  of all rows. Eight are trained only where two leave it open whether the area is over `enough_auc`, or the
  share found over `enough_tpr`.
- `lira`: likelihood ratios over `lira` reference models, when a framework asks for it.

For each: `auc`, the chance that a member is accused before another (0.5 is guessing); `tpr_at_fpr_1pct`, the
share of members found while at most one other row in a hundred is accused, and `tpr_at_fpr_0_1pct`, one in a
thousand; `advantage`, the largest true minus false positive rate; `ppv`, the share of accusations that are
right where one person in a hundred was a member (`prior`); `high_risk_share`, members who score above
(nearly) every other row; `empirical_epsilon`, the least epsilon of differential privacy that the attack does
not contradict. `epsilon_over_claim` is the largest of those less the declared `claimed_epsilon`. The attack
of the highest area is also measured by group: `group_auc`, `group_tpr_at_fpr_1pct` and their gaps.
`generalisation_gap` is the accuracy on training rows less that on evaluation rows (for numbers: the mean
absolute error the other way round).

Why it matters
    To have been in some data (of a clinic, of a debt collector) is itself personal. A model that remembers
    its rows also gives away more about them.

How to read it
    The rates at few false alarms matter more than the area, because one certain guess harms one person.
    Intervals: Hanley-McNeil for areas, Clopper-Pearson for rates; the threshold is set on the other rows.
    The interval of the advantage is a Dvoretzky-Kiefer-Wolfowitz band, which is wide on purpose.
    `drift_auc` is the gate: a classifier tries to tell the two files apart without the model. Where its
    interval lies over 0.55 nothing is measured: it would be that difference, not memory. Where it lies under
    0.55 the files are comparable. Between, `auc` is shown less that difference, and `raw_auc` as it was.
    What usually helps: a simpler or earlier stopped model, more rows, no exact repeats of people, coarser
    answers (`privacy.outputs` measures that), or training with differential privacy.

Limits
    A low number is no proof: these attacks are strong, not all there are. `empirical_epsilon` is a lower
    bound from one attack on this one model, at 95 % of its own, and never a certificate. Reference models
    are of the same kind as the submitted one, as far as its file tells, with usual settings: its own may
    betray more. Needs evaluation rows from the same source that were never used in training. The same rows
    set thresholds and are counted; that is what an attacker with such rows could do. Row weights are not
    used. At most 50,000 rows a side are attacked, drawn at random; 20,000 where reference models are forests
    or networks, 10,000 where they are neighbours.

References
    Yeom et al., CSF 2018; Carlini et al., Membership Inference Attacks From First Principles, S&P 2022;
    Zarifzadeh et al., Low-Cost High-Power Membership Inference Attacks, ICML 2024 (RMIA); Bertran et al.,
    Scalable Membership Inference Attacks via Quantile Regression, NeurIPS 2023; Choquette-Choo et al.,
    Label-Only Membership Inference Attacks, ICML 2021; Das et al., Blind Baselines Beat Membership Inference
    Attacks, 2024.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from checks.model import Array, Inconclusive, Kind, Measure, Subject, Table, Task, check
from checks.privacy.attacks import at_risk, labels, rates, signals
from checks.privacy.attacks.compared import STREAM, Compared, compared
from checks.privacy.attacks.gate import Gate, drift, judged
from checks.privacy.attacks.references import Trainer, family
from checks.privacy.attacks.signals import Reference
from checks.statistics import LEVEL, Z, estimate, undefined, wilson_limits

UNCERTAIN = "uncertain comparison: the files may differ without the model, and nothing is taken off here"


@dataclass(frozen=True, eq=False)
class Attack:
    """What one attack said of the rows it was tried on."""

    key: str
    members: Array
    others: Array
    how: str
    signal: Array | None = None
    """One certainty for every compared row, where it judged all of them."""


Result = tuple[Attack, Mapping[str, Measure]]
"""An attack, and its measures by name."""


@check(asks_model=True)
def membership_inference(
    subject: Subject,
    *,
    prior: float = 0.01,
    lira: int = 0,
    enough_auc: float = 0.6,
    enough_tpr: float = 0.05,
    most_rows: int = 50_000,
) -> Iterator[Measure | Table]:
    """Try the attacks in order, until two reference models have said enough."""
    people = compared(subject, min(most_rows, family(subject.model_file)[0].most_rows))
    yield from _shared(people, subject)
    gate = drift(people, subject.seed)
    yield gate
    comparison = judged(gate)
    if comparison is Gate.INVALID:
        raise Inconclusive(
            "invalid comparison: training and evaluation rows can be told apart without the model; supply"
            " evaluation rows drawn from the same source as the training rows"
        )
    yield from _generalisation(people)
    doubt = gate if comparison is Gate.UNCERTAIN else None
    results: list[Result] = []
    for attack in _battery(subject, people, lira, (enough_auc, enough_tpr)):
        found = [_noted(one, doubt, people) for one in _worked(attack, doubt, subject, prior)]
        yield from found
        results.append((attack, {one.name: one for one in found}))
    yield from _most_at_risk(subject, people, results)
    yield _against_claim(results, subject.facts.get("claimed_epsilon"))
    told = tuple(_told(subject, people, [attack for attack, _ in results]))
    yield Table("attacks", ("attack", "tried", "how, or what it needs"), told)


def attacks(subject: Subject, people: Compared) -> Iterator[Attack]:
    """Yield the attacks that this subject allows, as the check tries them by default."""
    yield from _battery(subject, people, 0, (0.6, 0.05))


def _noted(measure: Measure, doubt: Measure | None, people: Compared) -> Measure:
    """Return *measure* with what is to be known of all of its kind."""
    said = None if doubt is None or measure.name == "auc" or measure.value is None else UNCERTAIN
    return replace(measure, note="; ".join(filter(None, (measure.note, said, people.sampled))) or None)


def _most_at_risk(subject: Subject, people: Compared, results: list[Result]) -> Iterator[Measure]:
    """Yield what the attack of the highest area, of those on all rows, finds of each group."""
    whole = [(found["auc"].value or 0.0, attack) for attack, found in results if attack.signal is not None]
    if whole:
        best = max(whole, key=lambda one: one[0])[1]
        assert best.signal is not None
        yield from at_risk.by_group(subject, people, best.signal, best.key)


def _battery(subject: Subject, people: Compared, lira: int, enough: tuple[float, float]) -> Iterator[Attack]:
    """Yield the attacks that this subject allows, the cheapest first."""
    if people.right is not None:
        yield _whole("gap", people, people.right.astype(np.float64), "right answers are accused")
    confidence = people.confidence
    if confidence is None:
        if subject.model is not None:
            kept = labels.survival(subject, subject.model, people)
            yield Attack("noise", *kept, f"{labels.COPIES} noisy copies of each of {labels.ROWS} rows a side")
        return
    assert people.chance is not None
    yield _whole("loss", people, confidence, "the model's confidence in the truth")
    yield _whole("qmia", people, signals.quantile_regression(people, subject.seed), "HistGradientBoosting")
    kind, why = family(subject.model_file)
    pairs = Trainer(people, subject.task, kind, subject.seed).pairs()
    trained: list[Reference] = []

    def how(count: int) -> str:
        return f"{count} reference models: scikit-learn {kind.name}, {why}"

    def more(count: int) -> list[Reference]:
        while len(trained) < count:
            trained.extend(next(pairs))
        return trained[:count]

    two = _whole("rmia_2", people, signals.rmia(people.chance, more(2)), how(2))
    yield two
    if not _settled(two, enough):
        yield _whole("rmia_8", people, signals.rmia(people.chance, more(8)), how(8))
    if lira:
        count = max(lira + lira % 2, 4)
        yield _whole("lira", people, signals.lira(people.chance, more(count)), how(count))


def _whole(key: str, people: Compared, signal: Array, how: str) -> Attack:
    return Attack(key, *people.split(signal), how, signal)


def _settled(attack: Attack, enough: tuple[float, float]) -> bool:
    """Return whether both intervals lie on one side of what would be enough."""
    area = rates.auc(attack.members, attack.others, {})
    share = rates.found("", attack.members, attack.others, 0.01, {})
    return all(
        one.low is not None and one.high is not None and not one.low <= limit <= one.high
        for one, limit in zip((area, share), enough, strict=True)
    )


def _worked(attack: Attack, gate: Measure | None, subject: Subject, prior: float) -> Iterator[Measure]:
    """Yield how well one attack worked."""
    members, others, of = attack.members, attack.others, {"attack": attack.key}
    area = rates.auc(members, others, of)
    area = replace(area, method=f"{area.method}; {attack.how}")
    if gate is None:
        yield area
    else:
        yield rates.less_drift(area, gate)
        yield replace(area, name="raw_auc")
    rate = rates.found("tpr_at_fpr_1pct", members, others, 0.01, of)
    yield rate
    yield rates.at_one_in_a_thousand(members, others, of)
    yield rates.advantage(members, others, of)
    yield rates.ppv(rate, prior)
    yield rates.high_risk(members, others, of)
    rng = np.random.default_rng([subject.seed, STREAM, 5])
    yield rates.empirical_epsilon(members, others, of, rng)


def _against_claim(results: list[Result], claimed: float | None) -> Measure:
    """Return the largest empirical epsilon less the claimed one."""
    name, found = "epsilon_over_claim", [one["empirical_epsilon"] for _, one in results]
    if claimed is None or not found:
        return undefined(name, "no claimed_epsilon was declared", unit="epsilon")
    most = max(found, key=lambda one: one.value or 0.0)
    over = (most.value or 0.0) - float(claimed)
    why = "the attacks do not contradict the claimed epsilon, and do not confirm it"
    if over > 0:
        why = f"the attack {most.of['attack']} contradicts the claimed epsilon for this model"
    return replace(most, name=name, value=over, low=over, of={}, note=why)


def _shared(people: Compared, subject: Subject) -> Iterator[Measure]:
    assert subject.training is not None
    sizes = len(subject.training), subject.rows
    for name, count, unusable, rows in zip(
        ("training", "evaluation"), people.shared, people.unusable, sizes, strict=True
    ):
        of, how = {"table": name}, "rows that stand in both files"
        yield Measure(
            "shared_rows_dropped", float(count), n=rows, of=of, kind=Kind.EXACT, unit="rows", method=how
        )
        lost, why = float(unusable), "rows without a label or an answer"
        yield Measure("unusable_rows", lost, n=rows, of=of, kind=Kind.EXACT, unit="rows", method=why)


def _generalisation(people: Compared) -> Iterator[Measure]:
    """Yield how much better the model does on the rows it learnt."""
    name = "generalisation_gap"
    if people.right is not None:
        sides = people.split(people.right)
        shares = [float(side.mean()) for side in sides]
        limits = [wilson_limits(share, len(side)) for share, side in zip(shares, sides, strict=True)]
        (low_in, high_in), (low_out, high_out) = ((float(a), float(b)) for a, b in limits)
        value = shares[0] - shares[1]
        low = value - np.hypot(shares[0] - low_in, high_out - shares[1])
        high = value + np.hypot(high_in - shares[0], shares[1] - low_out)
        how = f"difference of accuracies, Newcombe {LEVEL:.0%}"
        yield estimate(name, value, float(low), float(high), len(people.truth), method=how)
    elif people.error is not None:
        inside, outside = people.split(people.error)
        value = float(outside.mean() - inside.mean())
        half = Z * float(np.sqrt(sum(side.var(ddof=1) / len(side) for side in (inside, outside))))
        how = f"mean absolute errors, normal {LEVEL:.0%}"
        yield estimate(
            name, value, value - half, value + half, len(people.truth), unit="label units", method=how
        )


def _told(subject: Subject, people: Compared, tried: list[Attack]) -> Iterator[tuple[str, bool, str]]:
    """Say of every attack how it was tried, or what to supply so that it can be."""
    done = {one.key: one.how for one in tried}
    chances = "supply probabilities for the rows of both files, or a model that gives them"
    needs = {
        "gap": "does not fit numbers: an answer is never just right or wrong"
        if subject.task is Task.REGRESSION
        else "supply decisions for the rows of both files",
        "noise": "not needed, since probabilities tell more"
        if people.chance is not None
        else "supply the model, so that it can be asked again",
        "loss": chances,
        "qmia": chances,
        "rmia_2": chances,
        "rmia_8": chances if people.chance is None else "not needed: two reference models left nothing open",
        "lira": chances if people.chance is None else "on request: set the parameter lira to 16 or more",
    }
    for key, need in needs.items():
        yield key, key in done, done.get(key, need)
