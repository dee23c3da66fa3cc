"""The compiled loops of activity: one pass over the rows of each user."""

import numpy as np

from opslib.kernels import kernel, period_of

SLOTS = 7 * 24


@kernel
def count_activity(first, end, offsets, day, keep, of_day, low, high):  # type: ignore[no-untyped-def]
    """Count events and users by day and by period, and users by how much they did.

    Args:
        first, end: The range of users.
        offsets, day, keep: The rows, and which of them count; empty for all.
        of_day: In which period each day lies.
        low, high: The periods low <= p < high are those users are counted over.

    Returns:
        By day: events, users, and the changes from the day before of the users of the
        7 and of the 30 days that end with it, of which the last columns are to be left
        out. By period: users, and those for the first time. Users by the number of
        different periods, and by the binary logarithm of their events.
    """
    n = len(of_day)
    by_day = np.zeros((4, n + 30), np.int64)
    by_period = np.zeros((2, of_day[-1] + 1), np.int64)
    by_periods = np.zeros(high - low + 1, np.int64)
    by_events = np.zeros(64, np.int64)
    for u in range(first, end):
        last = today = -30
        period = -1
        inside = False
        different, events = 0, 0
        for row in range(offsets[u], offsets[u + 1]):
            if len(keep) > 0 and not keep[row]:
                continue
            if day[row] != today:
                today = int(day[row])
                by_day[1, today] += 1
                # What the day before has covered is not counted again.
                by_day[2, max(today, last + 7)] += 1
                by_day[2, today + 7] -= 1
                by_day[3, max(today, last + 30)] += 1
                by_day[3, today + 30] -= 1
                last = today
                if of_day[today] != period:
                    by_period[1, of_day[today]] += period < 0
                    period = of_day[today]
                    by_period[0, period] += 1
                    inside = low <= period < high
                    different += inside
            by_day[0, today] += 1
            events += inside
        by_periods[different] += 1
        if events > 0:
            power = 0
            while events >> (power + 1) > 0:
                power += 1
            by_events[power] += 1
    return by_day, by_period, by_periods, by_events


@kernel
def count_hours(first, end, offsets, time, keep, hours, slot):  # type: ignore[no-untyped-def]
    """Count by hour of the week: events, users in each such hour, and users at all.

    hours: a calendar of them as they passed; slot: which hour of the week each is.
    """
    edges = hours.edges
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
                hour = period_of(time[row], hours)
                pending = edges[hour + 1]
                now = slot[hour]
                counts[1, now] += 1
                counts[2, now] += latest[now] != u
                latest[now] = u
            counts[0, now] += 1
    return counts


@kernel
def count_periods(first, end, offsets, day, keep, of_day, low, high, seen):  # type: ignore[no-untyped-def]
    """Write each user's first period, and in how many of low <= p < high they acted.

    A user who did not act at all keeps what stands in `seen`.
    """
    for u in range(first, end):
        latest = -1
        for row in range(offsets[u], offsets[u + 1]):
            period = of_day[day[row]]
            if period >= high:
                break
            if period == latest or (len(keep) > 0 and not keep[row]):
                continue
            if latest < 0:
                seen[u, 0] = period
            latest = period
            seen[u, 1] += period >= low
