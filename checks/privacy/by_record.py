"""Which records an attack finds: for the submitter alone, never part of evidence."""

from __future__ import annotations

from collections.abc import Iterator

from checks.model import Inconclusive, Subject
from checks.privacy.attacks.compared import compared
from checks.privacy.attacks.gate import Gate, drift, judged
from checks.privacy.attacks.rates import threshold
from checks.privacy.attacks.references import family
from checks.privacy.membership_inference import attacks

HEAD = ("table", "row", "attack", "score", "above_1pct")
MOST_ROWS = 50_000


def by_record(subject: Subject) -> Iterator[tuple[str, int, str, float, int]]:
    """Yield one row for each record and attack that judged all records.

    `row` counts from 1 in the submitted table, the line of names left aside. `score`: the higher, the surer
    the attack is that the record was learnt; scales differ between attacks. `above_1pct` is 1 where the score
    is above the one that accuses 1 % of the evaluation rows. Raises `NotApplicable` or `Inconclusive` where
    the attacks cannot be tried.
    """
    people = compared(subject, min(MOST_ROWS, family(subject.model_file)[0].most_rows))
    if judged(drift(people, subject.seed)) is Gate.INVALID:
        raise Inconclusive(
            "invalid comparison: training and evaluation rows can be told apart without the model"
        )
    for attack in attacks(subject, people):
        if attack.signal is None:
            continue
        above = threshold(attack.others, 0.01)
        for member, position, score in zip(people.member, people.position, attack.signal, strict=True):
            table = "training" if member else "evaluation"
            yield table, int(position) + 1, attack.key, float(score), int(score > above)
