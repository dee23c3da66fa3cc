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
NEVER = -(2**63)


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


@kernel
def sort_rows(user, time, n_users):  # type: ignore[no-untyped-def]
    """Return the order by (user, time, row) and where each user's rows begin."""
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
    most = 0
    for i in range(n_users):
        most = max(most, offsets[i + 1] - offsets[i])
    spare = np.empty(most, np.int64)
    for i in range(n_users):
        _sort_by_time(order, offsets[i], offsets[i + 1], time, spare)
    return order, offsets


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
    """Return the event-major copy: offsets, and (user, time, row) by event."""
    run_offsets = np.zeros(n_names + 1, np.int64)
    for row in range(len(event)):
        run_offsets[event[row] + 1] += 1
    for e in range(n_names):
        run_offsets[e + 1] += run_offsets[e]
    run_user = np.empty(len(event), np.int32)
    run_time = np.empty(len(event), np.int64)
    run_row = np.empty(len(event), np.int64)
    free = run_offsets.copy()
    for u in range(len(offsets) - 1):
        for row in range(offsets[u], offsets[u + 1]):
            at = free[event[row]]
            run_user[at] = u
            run_time[at] = time[row]
            run_row[at] = row
            free[event[row]] = at + 1
    return run_offsets, run_user, run_time, run_row


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
    run_time,
    run_row,
    begin,
    end,
    same,
    window,
    first,
    last,
    keep,
    most,
):
    """Find each user's attempt: the deepest, then the earliest.

    The runs of the steps are merged user by user. An attempt is noted when it gets to
    the second step; stand[k] lists those that got to step k, in the order of the times
    `at` which they did. Their starts then stand in order too, so that the latest which
    an event can extend is found by moving on.

    Args:
        run_user, run_time, run_row: The event-major copy.
        begin, end: Its rows for each step, cut to a range of users.
        same: For each step the latest earlier step of the same event, or -1; one event
            fills one step.
        window: Longest time from an attempt's start, inclusive.
        first, last: Attempts start at first <= t < last; first is NEVER for any time.
        keep: For each row of the log whether it counts; empty for all.
        most: No user has more rows than this.

    Returns:
        For each user with an attempt: user, level (from 0), row of the start, start;
        and for each step, of the users who reached it, the time since the step before.
    """
    steps = len(begin)
    n = end[0] - begin[0]
    if n:
        n = min(n, run_user[end[0] - 1] - run_user[begin[0]] + 1)
    user = np.empty(n, np.int32)
    level = np.empty(n, np.int8)
    row = np.empty(n, np.int64)
    start = np.empty(n, np.int64)
    since = np.empty((steps, n), np.int64)
    reached = np.zeros(steps, np.int64)
    everything = len(keep) == 0
    always = everything and first == NEVER
    found = 0
    u = -1
    for e in range(begin[0], end[0]):
        if run_user[e] != u and (
            always or (first <= run_time[e] < last and (everything or keep[run_row[e]]))
        ):
            u = run_user[e]
            user[found] = u
            level[found] = 0
            row[found] = run_row[e]
            start[found] = run_time[e]
            found += 1

    repeats = False
    for k in range(1, steps):
        repeats = repeats or same[k] >= 0
    at = np.empty((most, steps), np.int64)
    fill = np.empty((most, steps), np.int64)
    stand = np.empty((steps, most), np.int64)
    place = begin.copy()
    mine = 0
    latest = -1
    e = begin[0]
    f = begin[1]
    while f < end[1]:
        u = run_user[f]
        while mine < found and user[mine] < u:
            mine += 1
        if mine == found:
            break
        attempts = 0
        while f < end[1] and run_user[f] == u:
            # Rows stand in order of user and time: one comparison orders both.
            here = run_row[f]
            t = run_time[f]
            while e < end[0] and (
                run_row[e] < here
                or (same[1] < 0 and run_time[e] == t and run_user[e] == u)
            ):
                # Of starts at one instant the first is as good as any.
                tied = (
                    repeats
                    and latest >= 0
                    and run_user[latest] == run_user[e]
                    and run_time[latest] == run_time[e]
                )
                if not tied and (
                    always
                    or (
                        first <= run_time[e] < last and (everything or keep[run_row[e]])
                    )
                ):
                    latest = e
                e += 1
            if (
                latest >= 0
                and run_user[latest] == u
                and t - run_time[latest] <= window
                and (everything or keep[here])
                and (attempts == 0 or at[attempts - 1, 0] != run_time[latest])
            ):
                at[attempts, 0] = run_time[latest]
                at[attempts, 1] = t
                fill[attempts, 0] = run_row[latest]
                fill[attempts, 1] = here
                stand[1, attempts] = attempts
                attempts += 1
            f += 1
        if attempts == 0:
            continue

        standing = attempts
        deepest = 1
        for k in range(2, steps):
            g = place[k]
            while g < end[k] and run_user[g] < u:
                g += 1
            earlier = same[k]
            ahead = -1
            further = 0
            while g < end[k] and run_user[g] == u:
                if everything or keep[run_row[g]]:
                    t = run_time[g]
                    while ahead + 1 < standing:
                        a = stand[k - 1, ahead + 1]
                        if at[a, k - 1] > t or (
                            earlier >= 0 and fill[a, earlier] >= run_row[g]
                        ):
                            break
                        ahead += 1
                    if ahead >= 0:
                        a = stand[k - 1, ahead]
                        new = further == 0 or stand[k, further - 1] != a
                        if new and t - at[a, 0] <= window:
                            at[a, k] = t
                            fill[a, k] = run_row[g]
                            stand[k, further] = a
                            further += 1
                g += 1
            place[k] = g
            if further == 0:
                break
            standing = further
            deepest = k

        best = stand[deepest, 0]
        level[mine] = deepest
        row[mine] = fill[best, 0]
        start[mine] = at[best, 0]
        for k in range(1, deepest + 1):
            since[k, reached[k]] = at[best, k] - at[best, k - 1]
            reached[k] += 1
    times = [since[k, : reached[k]] for k in range(steps)]
    return user[:found], level[:found], row[:found], start[:found], times


# Retention and features: one pass over the rows of each user. `wanted` says which event
# codes count; `keep` says which rows count, and is empty where all of them do.


@kernel
def first_times(first, end, offsets, time, event, wanted, keep, start):  # type: ignore[no-untyped-def]
    """Write the time of each user's first row that counts; others are left alone."""
    for u in range(first, end):
        for row in range(offsets[u], offsets[u + 1]):
            if wanted[event[row]] and (len(keep) == 0 or keep[row]):
                start[u] = time[row]
                break


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
def returns_by_age(  # type: ignore[no-untyped-def]
    first, end, offsets, time, event, wanted, keep, cohort, line, edges, n_ages,
    latest_only,
):  # fmt: skip
    """Count users by cohort and by each age at which they came back.

    cohort: the period of each user, -1 for none; line: the row of `counts` per period.
    latest_only: count each user at the last of these ages only, later ones included.
    """
    counts = np.zeros((line.max() + 1, n_ages), np.int64)
    for u in range(first, end):
        born = cohort[u]
        if born < 0:
            continue
        latest = 0
        # Rows before this are of a period that is counted or does not matter.
        pending = edges[born + 1]
        for row in range(offsets[u], offsets[u + 1]):
            if (
                time[row] < pending
                or not wanted[event[row]]
                or (len(keep) > 0 and not keep[row])
            ):
                continue
            period = period_of(time[row], edges)
            pending = edges[period + 1]
            latest = min(period - born, n_ages - 1)
            if latest_only:
                continue
            if period - born >= n_ages:
                break
            counts[line[born], latest] += 1
        if latest_only and latest > 0:
            counts[line[born], latest] += 1
    return counts


@kernel
def has_row_between(some, offsets, time, event, wanted, keep, low, high):  # type: ignore[no-untyped-def]
    """Say which of `some` users have a row that counts with low <= time < high."""
    found = np.zeros(len(some), np.bool_)
    for i in range(len(some)):
        for row in range(offsets[some[i]], offsets[some[i] + 1]):
            if time[row] >= high[i]:
                break
            if (
                time[row] >= low[i]
                and wanted[event[row]]
                and (len(keep) == 0 or keep[row])
            ):
                found[i] = True
                break
    return found


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
