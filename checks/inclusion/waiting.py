"""Waiting: does everybody wait equally long?

From the log of the service: the median time that each group waited, the gap between the longest and the
shortest, and how much longer people wait who were helped, or took a staffed route, than those who did not.

Why it matters
    A route that exists but takes weeks longer is no equal route. Waiting falls on those who cannot use the
    quick one.

How to read it
    Times are in the unit of the log. The gap is a difference of medians: with a gap of 20 the typical person
    of one group waits 20 longer. `assisted_wait_ratio` is 1 where both routes take as long, 2 where the
    staffed one takes twice as long. Groups under 30 cases are measured and not compared.

Limits
    Medians say nothing of the few who wait longest. Only cases whose time was logged count, so people who
    gave up while waiting may be missing; `untimed_share` says how many cases have no time.

References
    Order-statistic limits: David and Nagaraja, Order Statistics, 3rd ed. 2003, 7.1. Hybrid of single limits:
    Zou and Donner, Statistics in Medicine 27, 2008.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from checks.comparison import compared, left_out_note
from checks.model import Kind, Measure, Subject, check
from checks.service_log import ASSISTED, WAITED, by_attribute, flag, log_of
from checks.statistics.disparities import highest_minus_lowest
from checks.statistics.medians import Medians, median_ratio, one_median

UNIT = "time"
FEWEST = 10


@check
def waiting(subject: Subject) -> Iterator[Measure]:
    """Compare the groups' median times, and those of people with and without help."""
    log = log_of(subject, {WAITED: "waited"})
    waited = log[WAITED].to_numpy(dtype=np.float64)
    timed = ~np.isnan(waited)
    yield Measure(
        "untimed_share",
        1 - float(timed.mean()),
        n=float(len(log)),
        kind=Kind.EXACT,
        method="cases without a logged time, over all",
    )
    yield one_median("median_wait", np.sort(waited[timed]), of={}, unit=UNIT)
    for groups in by_attribute(log):
        times = [np.sort(waited[timed & (groups.of_row == at)]) for at in range(len(groups.groups.names))]
        why = groups.why(np.array([len(each) for each in times], dtype=np.float64))
        for at, each in enumerate(times):
            yield one_median("group_median_wait", each, of=groups.groups.of(at), unit=UNIT, note=why[at])
        yield groups.left_out(why)
        among = Medians(times).take(compared(why))
        yield highest_minus_lowest(
            "median_wait_gap", among, of=groups.groups.key, note=left_out_note(why), unit=UNIT, bound=None
        )
    if ASSISTED in log.columns:
        helped, told = flag(log, ASSISTED)
        routes = [np.sort(waited[timed & told & (helped == way)]) for way in (True, False)]
        if min(map(len, routes)) >= FEWEST:
            yield median_ratio("assisted_wait_ratio", routes[0], routes[1], of={})
