"""The compiled loops of activity: one pass over the rows of each user."""

import numpy as np

from opslib.kernels import kernel, period_of

SLOTS = 7 * 24


@kernel
def count_activity(first, end, offsets, time, keep, days, period_of_day, low, high):  # type: ignore[no-untyped-def]
    """Count events and users by day and by period, and users by how much they did.

    Args:
        first, end: The range of users.
        offsets, time, keep: The rows, and which of them count; empty for all.
        days: The edges of the days.
        period_of_day: In which period each day lies.
        low, high: The periods low <= p < high are those users are counted over.

    Returns:
        By day: events, users, and the changes from the day before of the users of the
        7 and of the 30 days that end with it, of which the last columns are to be left
        out. By period: users, and those for the first time. Users by the number of
        different periods, and by the binary logarithm of their events.
    """
    n = len(days) - 1
    by_day = np.zeros((4, n + 30), np.int64)
    by_period = np.zeros((2, period_of_day[-1] + 1), np.int64)
    by_periods = np.zeros(high - low + 1, np.int64)
    by_events = np.zeros(64, np.int64)
    for u in range(first, end):
        pending = days[0]
        last, day, period = -30, -1, -1
        inside = False
        different, events = 0, 0
        for row in range(offsets[u], offsets[u + 1]):
            if len(keep) > 0 and not keep[row]:
                continue
            if time[row] >= pending:
                day = period_of(time[row], days)
                pending = days[day + 1]
                by_day[1, day] += 1
                # What the day before has covered is not counted again.
                by_day[2, max(day, last + 7)] += 1
                by_day[2, day + 7] -= 1
                by_day[3, max(day, last + 30)] += 1
                by_day[3, day + 30] -= 1
                last = day
                if period_of_day[day] != period:
                    by_period[1, period_of_day[day]] += period < 0
                    period = period_of_day[day]
                    by_period[0, period] += 1
                    inside = low <= period < high
                    different += inside
            by_day[0, day] += 1
            events += inside
        by_periods[different] += 1
        if events > 0:
            power = 0
            while events >> (power + 1) > 0:
                power += 1
            by_events[power] += 1
    return by_day, by_period, by_periods, by_events


@kernel
def count_hours(first, end, offsets, time, keep, edges, slot):  # type: ignore[no-untyped-def]
    """Count by hour of the week: events, users in each such hour, and users at all.

    edges: of the hours as they passed; slot: which hour of the week each of them is.
    """
    counts = np.zeros((3, SLOTS), np.int64)
    latest = np.full(SLOTS, -1, np.int64)
    for u in range(first, end):
        pending = edges[0]
        now = 0
        for row in range(offsets[u], offsets[u + 1]):
            if time[row] >= edges[-1]:
                break
            if time[row] < edges[0] or (len(keep) > 0 and not keep[row]):
                continue
            if time[row] >= pending:
                hour = period_of(time[row], edges)
                pending = edges[hour + 1]
                now = slot[hour]
                counts[1, now] += 1
                counts[2, now] += latest[now] != u
                latest[now] = u
            counts[0, now] += 1
    return counts


@kernel
def count_periods(first, end, offsets, time, keep, edges, low, high, seen):  # type: ignore[no-untyped-def]
    """Write each user's first period, and in how many of low <= p < high they acted.

    A user who did not act at all keeps what stands in `seen`.
    """
    for u in range(first, end):
        pending = edges[0]
        begun = False
        for row in range(offsets[u], offsets[u + 1]):
            if time[row] >= edges[high]:
                break
            if time[row] < pending or (len(keep) > 0 and not keep[row]):
                continue
            period = period_of(time[row], edges)
            pending = edges[period + 1]
            if not begun:
                seen[u, 0] = period
                begun = True
            seen[u, 1] += period >= low
