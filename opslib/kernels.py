"""The compiled inner loops over an EventLog.

Plain loops, compiled by numba on first use and kept on disk. They release the lock of
the interpreter, so ranges of users run side by side in threads.
"""

import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

# Before the first kernel is compiled: a read-only installation must not stop caching.
numba.config.CACHE_DIR = str(  # type: ignore[attr-defined]
    Path(os.environ.get("OPSLIB_HOME") or Path.home() / ".opslib") / "kernels"
)
kernel = numba.njit(nogil=True, cache=True)

THREADS = min(4, os.cpu_count() or 1)
FEW_ROWS = 200_000


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="opslib-kernel")


def over_users(
    work: Callable[[int, int], Any], offsets: npt.NDArray[np.int64]
) -> list[Any]:
    """Call work(first_user, end_user) on ranges of about equal rows, in threads.

    Returns:
        What each call returned, in order of users.
    """
    users, rows = len(offsets) - 1, int(offsets[-1])
    parts = 1 if rows < FEW_ROWS else THREADS
    shares = np.array([rows * i // parts for i in range(1, parts)], offsets.dtype)
    cuts = np.searchsorted(offsets, shares)
    bounds = [0, *(int(cut) for cut in cuts), users]
    ranges = list(itertools.pairwise(bounds))
    if parts == 1:
        return [work(*ranges[0])]
    return list(_pool().map(lambda one: work(*one), ranges))


def sort_rows(
    user: npt.NDArray[np.int32], time: npt.NDArray[np.int64], n_users: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the order by (user, time, row) and where each user's rows begin."""
    order, offsets = _rows_by_user(user, n_users)
    over_users(
        lambda first, end: _sort_users(order, offsets, first, end, time), offsets
    )
    return order, offsets


@kernel
def _rows_by_user(user, n_users):  # type: ignore[no-untyped-def]
    """Return the order by (user, row) and where each user's rows begin."""
    offsets = np.zeros(n_users + 1, np.int64)
    for row in range(len(user)):
        offsets[user[row] + 1] += 1
    for i in range(n_users):
        offsets[i + 1] += offsets[i]
    order = np.empty(len(user), np.int64)
    free = offsets.copy()
    for row in range(len(user)):
        order[free[user[row]]] = row
        free[user[row]] += 1
    return order, offsets


@kernel
def _sort_users(order, offsets, first, end, time):  # type: ignore[no-untyped-def]
    """Sort the rows of a range of users by time, in place."""
    most = 0
    for i in range(first, end):
        most = max(most, offsets[i + 1] - offsets[i])
    spare = np.empty(most, np.int64)
    for i in range(first, end):
        _sort_by_time(order, offsets[i], offsets[i + 1], time, spare)


@kernel
def _sort_by_time(order, first, end, time, spare):  # type: ignore[no-untyped-def]
    """Sort one user's rows in place, equal times left in order: merges, bottom up."""
    in_order = True
    for i in range(first + 1, end):
        in_order &= time[order[i - 1]] <= time[order[i]]
    width = 1
    while not in_order and width < end - first:
        left = first
        while left < end:
            middle = min(left + width, end)
            right = min(middle + width, end)
            i, j = left, middle
            for at in range(right - left):
                if i < middle and (j == right or time[order[i]] <= time[order[j]]):
                    spare[at] = order[i]
                    i += 1
                else:
                    spare[at] = order[j]
                    j += 1
            for at in range(right - left):
                order[left + at] = spare[at]
            left = right
        width *= 2


@kernel
def event_runs(offsets, time, event, n_names):  # type: ignore[no-untyped-def]
    """Return the arrays `EventLog` describes: who did each event, and when."""
    run_offsets = np.zeros(n_names + 1, np.int64)
    user_offsets = np.zeros(n_names + 1, np.int64)
    last_user = np.full(n_names, -1, np.int64)
    for u in range(len(offsets) - 1):
        for row in range(offsets[u], offsets[u + 1]):
            e = event[row]
            run_offsets[e + 1] += 1
            user_offsets[e + 1] += last_user[e] != u
            last_user[e] = u
    for e in range(n_names):
        run_offsets[e + 1] += run_offsets[e]
        user_offsets[e + 1] += user_offsets[e]
    run_user = np.empty(user_offsets[-1], np.int32)
    run_start = np.empty(user_offsets[-1] + 1, np.int64)
    run_start[-1] = len(event)
    run_time = np.empty(len(event), np.int64)
    run_row = np.empty(len(event), np.int64)
    free, free_user = run_offsets.copy(), user_offsets.copy()
    last_user[:] = -1
    for u in range(len(offsets) - 1):
        for row in range(offsets[u], offsets[u + 1]):
            e = event[row]
            at = free[e]
            if last_user[e] != u:
                run_user[free_user[e]] = u
                run_start[free_user[e]] = at
                free_user[e] += 1
                last_user[e] = u
            run_time[at] = time[row]
            run_row[at] = row
            free[e] = at + 1
    return run_offsets, user_offsets, run_user, run_start, run_time, run_row


@kernel
def tied_rows(offsets, time):  # type: ignore[no-untyped-def]
    """Count rows at the same instant as another row of the same user."""
    tied = 0
    for u in range(len(offsets) - 1):
        end = offsets[u + 1]
        for row in range(offsets[u], end):
            before = row > offsets[u] and time[row] == time[row - 1]
            after = row + 1 < end and time[row] == time[row + 1]
            tied += before or after
    return tied


@kernel
def funnel_attempts(  # type: ignore[no-untyped-def]
    run_user,
    run_start,
    run_time,
    run_row,
    begin,
    end,
    before,
    window,
    first,
    last,
    keep,
    first_user,
    end_user,
    until,
    level,
    row,
    closed,
):
    """Write each user's attempt: the deepest, then the earliest.

    Args:
        run_user, run_start, run_time, run_row: The event-major copy.
        begin, end: The entries of run_user for each step, cut to the range of users.
        before: For each step the latest earlier step of the same event, or -1; one
            event fills one step.
        window: Longest time from an attempt's start, inclusive.
        first, last: Attempts start at first <= t < last.
        keep: For each row of the log whether it counts; empty for all.
        first_user, end_user: The range of users.
        until: The window of an attempt is closed if it ends by then.
        level, row, closed: By user: the last step reached (-1 for none), the row of the
            start, and whether the window is closed.

    Returns:
        For each step, of the users who reached it, the time since the step before.
    """
    steps = len(begin)
    since = np.empty((steps, end_user - first_user), np.int64)
    reached = np.zeros(steps, np.int64)
    place = begin.copy()
    # Few users at a time, so that what is known of them stays in the cache.
    for user in range(first_user, end_user, 2048):
        stop = min(user + 2048, end_user)
        low, high = _rows_of(run_user, run_start, place, end, user, stop)
        some = _first_starts(
            run_time, run_row, low, high, window, first, last, keep, user, until, level,
            row, closed,
        )  # fmt: skip
        _attempts_of(
            some, run_time, run_row, low, high, before, window, first, last, keep,
            user, until, level, row, closed, since, reached,
        )  # fmt: skip
    return [since[k, : reached[k]] for k in range(steps)]


@kernel
def _rows_of(run_user, run_start, place, end, first_user, end_user):  # type: ignore[no-untyped-def]
    """Return where each user's rows begin and end for each step; move `place` on."""
    low = np.zeros((end_user - first_user, len(place)), np.int64)
    high = np.zeros((end_user - first_user, len(place)), np.int64)
    for k in range(len(place)):
        i = place[k]
        while i < end[k] and run_user[i] < end_user:
            low[run_user[i] - first_user, k] = run_start[i]
            high[run_user[i] - first_user, k] = run_start[i + 1]
            i += 1
        place[k] = i
    return low, high


@kernel
def _first_starts(  # type: ignore[no-untyped-def]
    run_time, run_row, low, high, window, first, last, keep, first_user, until, level,
    row, closed,
):  # fmt: skip
    """Write the attempts that stay at their first step; return the other users.

    `low` moves on to the first row that may start an attempt. Half of all users may
    have none, so nothing here branches on that.
    """
    everything = len(keep) == 0
    some = np.empty(len(low), np.int64)
    n = 0
    for u in range(len(low)):
        start = low[u, 0]
        end = high[u, 0]
        at = min(start, len(run_time) - 1)
        while (start < end) & (
            (run_time[at] < first)
            | (run_time[at] >= last)
            | (not everything and not keep[run_row[at]])
        ):
            start += 1
            at = min(start, len(run_time) - 1)
        low[u, 0] = start
        starts = start < end
        level[first_user + u] = np.int8(starts) - np.int8(1)
        row[first_user + u] = run_row[at]
        closed[first_user + u] = starts & (run_time[at] + window <= until)
        final = max(high[u, 1] - 1, 0)
        some[n] = u
        n += starts & (low[u, 1] < high[u, 1]) & (run_time[final] >= run_time[at])
    return some[:n]


@kernel
def _attempts_of(  # type: ignore[no-untyped-def]
    some, run_time, run_row, low, high, before, window, first, last, keep, first_user,
    until, level, row, closed, since, reached,
):  # fmt: skip
    """Write the attempts of some users, given where their rows are.

    Each start takes for every step the earliest event that can fill it. A later start
    gets there no earlier, so that each row is seen once; of starts that get to the same
    event the latest counts.
    """
    steps = low.shape[1]
    everything = len(keep) == 0
    place = np.empty(steps, np.int64)
    best = np.empty(steps, np.int64)
    for u in some:
        for k in range(steps):
            place[k] = low[u, k]
        best[0] = low[u, 0]
        deepest = 0
        most = steps - 1
        for start in range(low[u, 0], high[u, 0]):
            if not (
                first <= run_time[start] < last and (everything or keep[run_row[start]])
            ):
                continue
            place[0] = start
            at = run_time[start]
            end = at + window
            depth = 0
            while depth < most:
                k = depth + 1
                i = place[k]
                stop = high[u, k]
                while i < stop and (
                    run_time[i] < at or not (everything or keep[run_row[i]])
                ):
                    i += 1
                if before[k] >= 0:
                    same = run_row[place[before[k]]]
                    while i < stop and (
                        run_row[i] <= same or not (everything or keep[run_row[i]])
                    ):
                        i += 1
                place[k] = i
                if i == stop:
                    most = depth
                    break
                at = run_time[i]
                if at > end:
                    break
                depth = k
            if depth > deepest or (
                depth > 0 and depth == deepest and place[depth] == best[depth]
            ):
                deepest = depth
                for k in range(depth + 1):
                    best[k] = place[k]
            elif deepest >= most:
                break
        for k in range(1, deepest + 1):
            since[k, reached[k]] = run_time[best[k]] - run_time[best[k - 1]]
            reached[k] += 1
        level[first_user + u] = deepest
        row[first_user + u] = run_row[best[0]]
        closed[first_user + u] = run_time[best[0]] + window <= until


@kernel
def count_levels(level, closed, group, n_groups, steps):  # type: ignore[no-untyped-def]
    """Count users by group, whether their window is closed, and level.

    group: of each user; empty for one group of all.
    """
    # One more level for users without an attempt: no branch to be guessed wrong.
    counts = np.zeros((n_groups + 1, 2, steps + 1), np.int64)
    for u in range(len(level)):
        g = group[u] if len(group) else 0
        counts[g, int(closed[u]), level[u] + 1] += 1
    return counts[:n_groups, :, 1:]


@kernel
def period_of(instant, edges):  # type: ignore[no-untyped-def]
    """Return i with edges[i] <= instant < edges[i + 1], for an instant inside them."""
    # Periods are about equally long: a guess that is rarely more than one off.
    i = (instant - edges[0]) * 1.0 / (edges[-1] - edges[0]) * (len(edges) - 1)
    i = min(max(int(i), 0), len(edges) - 2)
    while instant < edges[i]:
        i -= 1
    while instant >= edges[i + 1]:
        i += 1
    return i


@kernel
def activity_by_user(first, end, offsets, time, event, edges, column, counts, seen):  # type: ignore[no-untyped-def]
    """Write what each user did before edges[-1], the end of the last day.

    column: the column of `counts` for each event code, the last for all others.
    seen: per user the first and last day as positions in `edges`, the days with an
    event, those of them among the last 7 and the last 30, and the events.
    """
    last_day = len(edges) - 2
    for u in range(first, end):
        pending = edges[0]
        for row in range(offsets[u], offsets[u + 1]):
            if time[row] >= edges[-1]:
                break
            counts[u, column[event[row]]] += 1
            seen[u, 5] += 1
            if time[row] < pending:
                continue
            day = period_of(time[row], edges)
            pending = edges[day + 1]
            if seen[u, 2] == 0:
                seen[u, 0] = day
            seen[u, 1] = day
            seen[u, 2] += 1
            seen[u, 3] += day > last_day - 7
            seen[u, 4] += day > last_day - 30
