"""Participation: were the people concerned asked, and what changed?

From the declared record of consultations: of the groups that are said to be affected, the share that was
asked, the share that was asked and got a written answer, and how many consultations changed something.

Why it matters
    Those who live with decisions know things about them that no table holds. Several frameworks ask that
    they be heard, and that what they said is answered.

How to read it
    `answered_share` of 1 means that every group that was named as affected was asked and answered in writing.
    The table says who was asked, what was said and what changed.

Limits
    It counts what the submitter declares and reads no document. Which groups are affected is the submitter's
    own list: a group that nobody named is not missed here.

References
    Arnstein, A Ladder of Citizen Participation, JAIP 35, 1969, on the difference between asking and sharing.
"""

from __future__ import annotations

from collections.abc import Iterator

from checks.model import Kind, Measure, NotApplicable, Subject, Table, check

NOT_TOLD = "not told"


@check(reads_counts=True)
def participation(subject: Subject) -> Iterator[Measure | Table]:
    """Count the affected groups that were asked and answered."""
    said = subject.facts.get("participation")
    if not said:
        raise NotApplicable("no `participation` was declared: who is affected, who was asked, what changed")
    affected, held = said["affected"], said.get("consultations", [])
    asked = {one["group"] for one in held}
    answered = {one["group"] for one in held if (one.get("answer") or "").strip()}
    n = float(len(affected))
    for name, found, method in (
        ("asked_share", asked, "affected groups with a consultation, over all that are named"),
        ("answered_share", answered, "affected groups with a written answer, over all that are named"),
    ):
        share = sum(group in found for group in affected) / n
        yield Measure(name, share, n=n, kind=Kind.EXACT, method=method)
    changed = sum(bool((one.get("changed") or "").strip()) for one in held)
    yield Measure(
        "changes",
        float(changed),
        n=float(len(held)),
        kind=Kind.EXACT,
        unit="count",
        method="consultations that are said to have changed something",
    )
    rows = tuple(
        tuple(
            (one.get(key) or "").strip() or NOT_TOLD
            for key in ("group", "date", "how", "said", "answer", "changed")
        )
        for one in held
    )
    yield Table("consultations", ("group", "date", "how", "what was said", "answer", "what changed"), rows)
    never = tuple((group,) for group in affected if group not in asked)
    if never:
        yield Table("affected groups that nobody asked", ("group",), never)
