"""Completion: do people of every group get to the end of the service?

From the log of the service: the share of started cases that were completed, for each group of each attribute
that the log names (such as age, residence, disability, language), and the gap between the highest and the
lowest group.

Why it matters
    People who give up before a decision is made are in no table of decisions. A system that looks fair to
    those who reached it may have lost the elderly, rural residents or people with a disability on the way.

How to read it
    A gap of 0.1 means that of every hundred who start, ten more give up in one group than in another. Read
    its interval first. Groups under 30 cases are measured and not compared; `uncompared_share` says how many
    cases that leaves out.

Limits
    Cases are counted, not people: somebody who tries three times is three cases. Who never started is not in
    the log. Why somebody gave up cannot be told from it.

References
    Wilson, JASA 22, 1927. Newcombe, Statistics in Medicine 17, 1998.
"""

from __future__ import annotations

from collections.abc import Iterator

from checks.comparison import compared, left_out_note, rates
from checks.model import Inconclusive, Kind, Measure, NotApplicable, Subject, check
from checks.service_log import COMPLETED, by_attribute, flag, log_of
from checks.statistics.disparities import highest_minus_lowest


@check
def vulnerable_groups(subject: Subject) -> Iterator[Measure]:
    """Compare the groups' shares of completed cases."""
    log = log_of(subject, {COMPLETED: "completed"})
    done, told = flag(log, COMPLETED)
    yield Measure(
        "unusable_share",
        1 - float(told.mean()),
        n=float(len(log)),
        kind=Kind.EXACT,
        method="cases of which the log does not say whether they were completed, over all",
    )
    asked = compared_any = False
    for groups in by_attribute(log):
        asked = True
        shares = groups.shares(done, told)
        why = groups.why(shares.n)
        yield from rates("completion_rate", groups.groups, shares, why)
        yield groups.left_out(why)
        among = compared(why)
        compared_any |= len(among) > 1
        yield highest_minus_lowest(
            "error_gap", shares.take(among), of=groups.groups.key, note=left_out_note(why)
        )
    if not asked:
        raise NotApplicable("the service log names no `groups` to compare")
    if not compared_any:
        raise Inconclusive("no attribute of the service log has two groups of 30 cases or more")
