"""Routes: who needs help, and does the staffed route lead to the same end?

From the log of the service: the share of cases that were helped or took a staffed route, for each group, with
the gap; whether such a route led to the end at all; the difference in completion with and without help; and
the share completed on each route by name.

Why it matters
    A service that can be reached only by telephone app is closed to those without one. Help that exists on
    paper but completes nothing is no route.

How to read it
    A high share of help in a group is no fault by itself: it shows whom the digital route does not serve.
    `assisted_route` is 1 when at least one case with help was completed. `route_completion_gap` is the
    difference between cases with and without help, whichever is higher.

Limits
    That a case was completed does not say that its decision would have been the same on the other route. A
    route that nobody took in the time of the log cannot be judged.

References
    Wilson, JASA 22, 1927. Newcombe, Statistics in Medicine 17, 1998.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from checks.comparison import compared, left_out_note, rates
from checks.model import Kind, Measure, Subject, check
from checks.service_log import ASSISTED, CHANNEL, COMPLETED, by_attribute, flag, log_of
from checks.statistics import wilson
from checks.statistics.disparities import Proportions, highest_minus_lowest
from checks.values import as_text


@check
def channels(subject: Subject) -> Iterator[Measure]:
    """Compare the groups' shares of help, and what routes lead to."""
    log = log_of(subject, {ASSISTED: "assisted"})
    helped, told = flag(log, ASSISTED)
    yield Measure(
        "unmarked_share",
        1 - float(told.mean()),
        n=float(len(log)),
        kind=Kind.EXACT,
        method="cases of which the log does not say whether they were helped, over all",
    )
    yield wilson("assisted_share", float((helped & told).sum()), float(told.sum()))
    for groups in by_attribute(log):
        shares = groups.shares(helped, told)
        why = groups.why(shares.n)
        yield from rates("group_assisted_share", groups.groups, shares, why)
        yield groups.left_out(why)
        among = shares.take(compared(why))
        yield highest_minus_lowest("assisted_share_gap", among, of=groups.groups.key, note=left_out_note(why))
    if COMPLETED in log.columns:
        yield from _completed(log)


def _completed(log: pd.DataFrame) -> Iterator[Measure]:
    """Say what the routes lead to."""
    helped, told = flag(log, ASSISTED)
    done, known = flag(log, COMPLETED)
    both = told & known
    ended = [float((both & done & (helped == way)).sum()) for way in (True, False)]
    cases = [float((both & (helped == way)).sum()) for way in (True, False)]
    yield Measure(
        "assisted_route",
        float(ended[0] > 0),
        n=cases[0],
        kind=Kind.EXACT,
        unit="flag",
        method="1 when at least one case with help was completed",
        note=None if cases[0] else "no case with help stands in the log",
    )
    yield highest_minus_lowest("route_completion_gap", _enough(ended, cases), of={})
    if CHANNEL in log.columns:
        route = as_text(log[CHANNEL])
        for name in sorted(set(route[known])):
            there = known & (route == name)
            yield wilson(
                "route_completion_rate",
                float((done & there).sum()),
                float(there.sum()),
                of={"case": str(name)},
            )


def _enough(ended: list[float], cases: list[float]) -> Proportions:
    """Return the shares of routes with at least ten cases."""
    shares = Proportions.of_counts(ended, cases)
    return shares.take(np.flatnonzero(shares.n >= 10))
