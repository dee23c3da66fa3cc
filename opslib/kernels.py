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
    cuts = np.searchsorted(offsets, np.linspace(0, rows, parts + 1)[1:-1])
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
        first, last: Attempts start at first <= t < last.
        keep: For each row of the log whether it counts; empty for all.
        most: No user has more rows than this.

    Returns:
        For each user with an attempt: user, level (from 0), row of the
        start, start, and the time from step to step, steps x n (not filled for the
        first step and beyond the level).
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
    found = 0

    everything = len(keep) == 0
    at = np.empty((most, steps), np.int64)
    fill = np.empty((most, steps), np.int64)
    stand = np.empty((steps, most), np.int64)
    place = begin.copy()
    e = begin[0]
    while e < end[0]:
        u = run_user[e]
        earliest = -1
        latest = -1
        attempts = 0
        f = place[1]
        while f < end[1] and run_user[f] < u:
            f += 1
        while f < end[1] and run_user[f] == u:
            t = run_time[f]
            while e < end[0] and run_user[e] == u and run_time[e] <= t:
                if same[1] == 0 and run_row[e] >= run_row[f]:
                    break
                if (
                    first <= run_time[e] < last
                    and (everything or keep[run_row[e]])
                    and (latest < 0 or run_time[latest] != run_time[e])
                ):
                    latest = e
                    if earliest < 0:
                        earliest = e
                e += 1
            if (
                latest >= 0
                and t - run_time[latest] <= window
                and (everything or keep[run_row[f]])
                and (attempts == 0 or fill[attempts - 1, 0] != run_row[latest])
            ):
                at[attempts, 0] = run_time[latest]
                fill[attempts, 0] = run_row[latest]
                at[attempts, 1] = t
                fill[attempts, 1] = run_row[f]
                stand[1, attempts] = attempts
                attempts += 1
                if steps == 2:
                    break
            f += 1
        place[1] = f
        while e < end[0] and run_user[e] == u:
            if (
                earliest < 0
                and first <= run_time[e] < last
                and (everything or keep[run_row[e]])
            ):
                earliest = e
            e += 1
        if earliest < 0:
            continue
        user[found] = u
        if attempts == 0:
            level[found] = 0
            row[found] = run_row[earliest]
            start[found] = run_time[earliest]
            found += 1
            continue

        standing = attempts
        deepest = 1
        for k in range(2, steps):
            f = place[k]
            while f < end[k] and run_user[f] < u:
                f += 1
            earlier = same[k]
            ahead = -1
            reached = 0
            while f < end[k] and run_user[f] == u:
                if everything or keep[run_row[f]]:
                    t = run_time[f]
                    while ahead + 1 < standing:
                        a = stand[k - 1, ahead + 1]
                        if at[a, k - 1] > t or (
                            earlier >= 0 and fill[a, earlier] >= run_row[f]
                        ):
                            break
                        ahead += 1
                    if ahead >= 0:
                        a = stand[k - 1, ahead]
                        new = reached == 0 or stand[k, reached - 1] != a
                        if new and t - at[a, 0] <= window:
                            at[a, k] = t
                            fill[a, k] = run_row[f]
                            stand[k, reached] = a
                            reached += 1
                            if k == steps - 1:
                                break
                f += 1
            place[k] = f
            if reached == 0:
                break
            standing = reached
            deepest = k

        best = stand[deepest, 0]
        level[found] = deepest
        row[found] = fill[best, 0]
        start[found] = at[best, 0]
        for k in range(1, deepest + 1):
            since[k, found] = at[best, k] - at[best, k - 1]
        found += 1
    return user[:found], level[:found], row[:found], start[:found], since[:, :found]
