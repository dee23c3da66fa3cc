"""The compiled loops of the life cycle: one pass over the rows of each user."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from opslib import presence
from opslib.kernels import kernel

ACTIVE, RETAINED, RECENT, KNOWN = range(4)


@kernel
def count_users(first, end, offsets, day, keep, of_day, churn_after):  # type: ignore[no-untyped-def]
    """Count users by period; of_day: the one of each day.

    Returns:
        As `presence.add` keeps them, counts by line and period: users who are active,
        who were in the period before too, who were in this or one of the
        `churn_after` - 1 before, and in this or any before.
    """
    n = of_day[-1] + 1
    planes = presence.planes(4, n, end - first)
    bits, some, spare = presence.words(n), presence.words(n), presence.words(n)
    for u in range(first, end):
        presence.seen(offsets[u], offsets[u + 1], day, keep, of_day, 1, bits)
        presence.add(planes, ACTIVE, bits)
        presence.later(bits, 1, some)
        for w in range(len(bits)):
            some[w] &= bits[w]
        presence.add(planes, RETAINED, some)
        presence.within(bits, min(churn_after, n), some, spare)
        presence.add(planes, RECENT, some)
        presence.within(bits, n, some, spare)
        presence.add(planes, KNOWN, some)
    return planes


def states(parts: Sequence[Any], periods: int) -> npt.NDArray[np.int64]:
    """Derive users by state and period from what `count_users` returned for each part.

    Rows for new, retained, resurrected, dormant, churned and lost.
    """
    places = np.arange(periods)
    counts = np.sum([presence.sums(part, places) for part in parts], axis=0)
    now, retained, recent, known = counts
    new = np.diff(known, prepend=0)
    resurrected = now - new - retained
    lost = np.concatenate([[0], now[:-1]]) - retained
    return np.array([new, retained, resurrected, recent - now, known - recent, lost])


@kernel
def last_seen(first, end, offsets, day, keep, of_day, period, seen):  # type: ignore[no-untyped-def]
    """Write each user's first, last but one and last active period up to `period`.

    Entries of `seen` are -1 where there is none.
    """
    for u in range(first, end):
        for row in range(offsets[u], offsets[u + 1]):
            now = of_day[day[row]]
            if now > period:
                break
            if now == seen[u, 2] or (len(keep) > 0 and not keep[row]):
                continue
            if seen[u, 0] < 0:
                seen[u, 0] = now
            seen[u, 1] = seen[u, 2]
            seen[u, 2] = now


@kernel
def from_birth(  # type: ignore[no-untyped-def]
    first, end, offsets, time, event, met, acting, births, begins, ends, keep
):
    """Write which rows count where users begin with an event of their own.

    Args:
        first, end: The range of users.
        offsets, time, event: The log.
        met: Rows that meet the conditions; empty for all.
        acting, births: Event codes that are activity, and that begin a user.
        begins, ends: Who is left out is counted at begins <= t < ends.
        keep: By row: the first birth, and activity from then on.

    Returns:
        Users who were active without a birth, and before it.
    """
    unborn, before = 0, 0
    for u in range(first, end):
        born = -1
        for row in range(offsets[u], offsets[u + 1]):
            if births[event[row]] and (len(met) == 0 or met[row]):
                born = row
                break
        early = False
        for row in range(offsets[u], offsets[u + 1]):
            counts = acting[event[row]] or row == born
            counts = counts and (len(met) == 0 or met[row])
            keep[row] = counts and born >= 0 and time[row] >= time[born]
            early |= counts and not keep[row] and begins <= time[row] < ends
        unborn += early and born < 0
        before += early and born >= 0
    return unborn, before
