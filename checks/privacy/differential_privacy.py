"""Differential privacy: which budget does the provider claim?

`claimed_epsilon` is the number that the submission declares, taken as declared. Nothing here proves it.

Why it matters
    Training with differential privacy is the one measure that bounds what *any* attack can learn of one
    person: the odds of every guess change at most by a factor of exp(epsilon). A claim is worth having on
    record, and worth testing.

How to read it
    Under 1 is strong, over 10 says little in theory. `privacy.membership_inference` sets the claim against
    what its attacks show (`epsilon_over_claim`): above 0 the claim does not hold for this model.

Limits
    A claim, not a measurement: whether the training kept to it is seen in the training code, not in answers.
    The failure chance delta, the unit that is protected (a row or a person) and repeated training on the same
    people matter as much, and stand in the provider's own documents.

References
    Dwork and Roth, The Algorithmic Foundations of Differential Privacy, 2014; NIST SP 800-226, 2025.
"""

from __future__ import annotations

from collections.abc import Iterator

from checks.model import Kind, Measure, NotApplicable, Subject, check


@check
def differential_privacy(subject: Subject) -> Iterator[Measure]:
    """Repeat the claimed epsilon, as a claim."""
    claimed = subject.facts.get("claimed_epsilon")
    if claimed is None:
        raise NotApplicable(
            "no claimed_epsilon was declared: set it where the model was trained with a budget"
        )
    note = "as declared; see epsilon_over_claim of privacy.membership_inference"
    yield Measure(
        "claimed_epsilon",
        float(claimed),
        n=1,
        kind=Kind.EXACT,
        unit="epsilon",
        method="as declared in the submission",
        note=note,
    )
