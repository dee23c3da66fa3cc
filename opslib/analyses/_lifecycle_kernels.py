"""The compiled loops of the life cycle: one pass over the rows of each user."""

import numpy as np

from opslib.kernels import kernel, period_of


@kernel
def count_states(first, end, offsets, time, keep, edges, churn_after):  # type: ignore[no-untyped-def]
    """Count users by state and period.

    Returns:
        Rows for new, retained, resurrected, dormant, churned and lost; dormant and
        churned as the change from the period before. The last column is to be left out.
    """
    n = len(edges) - 1
    counts = np.zeros((6, n + 1), np.int64)
    for u in range(first, end):
        last = -1
        pending = edges[0]
        for row in range(offsets[u], offsets[u + 1]):
            if time[row] < pending or (len(keep) > 0 and not keep[row]):
                continue
            period = period_of(time[row], edges)
            pending = edges[period + 1]
            if last < 0:
                counts[0, period] += 1
            elif last == period - 1:
                counts[1, period] += 1
            else:
                counts[2, period] += 1
                _silent(counts, last + 1, period, churn_after)
            last = period
        if 0 <= last < n - 1:
            _silent(counts, last + 1, n, churn_after)
    return counts


@kernel
def _silent(counts, begin, end, churn_after):  # type: ignore[no-untyped-def]
    """Count a silence that begins with a period and ends before another."""
    counts[5, begin] += 1
    churned = min(begin + churn_after - 1, end)
    counts[3, begin] += 1
    counts[3, churned] -= 1
    counts[4, churned] += 1
    counts[4, end] -= 1


@kernel
def last_seen(first, end, offsets, time, keep, edges, period, seen):  # type: ignore[no-untyped-def]
    """Write each user's first, last but one and last active period up to `period`.

    Entries of `seen` are -1 where there is none.
    """
    for u in range(first, end):
        pending = edges[0]
        for row in range(offsets[u], offsets[u + 1]):
            if time[row] >= edges[period + 1]:
                break
            if time[row] < pending or (len(keep) > 0 and not keep[row]):
                continue
            now = period_of(time[row], edges)
            pending = edges[now + 1]
            if seen[u, 0] < 0:
                seen[u, 0] = now
            seen[u, 1] = seen[u, 2]
            seen[u, 2] = now
