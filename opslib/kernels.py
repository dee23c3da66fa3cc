"""The compiled inner loops over an EventLog.

Plain loops, compiled by numba on first use and kept on disk. They release the lock of
the interpreter, so ranges of users run side by side in threads.
"""

import hashlib
import itertools
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numpy as np
import numpy.typing as npt


def _cache() -> Path:
    """Return where compiled code is kept: elsewhere when any of its sources changes.

    numba looks at the file of a kernel alone, not at those of what it calls.
    """
    files = sorted(Path(__file__).parent.rglob("*.py"))
    sources = [source for file in files if b"@kernel" in (source := file.read_bytes())]
    digest = hashlib.sha256(b"".join(sources)).hexdigest()[:16]
    home = Path(os.environ.get("OPSLIB_HOME") or Path.home() / ".opslib")
    return home / "kernels" / digest


# Before the first kernel is compiled: a read-only installation must not stop caching.
numba.config.CACHE_DIR = str(_cache())  # type: ignore[attr-defined]
kernel = numba.njit(nogil=True, cache=True)
# Part of a kernel, compiled into it: of arrays handed on in a tuple, references are
# counted at every call that is one.
piece = numba.njit(nogil=True, inline="always")

# Numbers in two lines of a cache, and in the one that is fetched with it.
APART = 16
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
    return beside(lambda one: work(*one), ranges)


def beside(work: Callable[[Any], Any], parts: Sequence[Any]) -> list[Any]:
    """Call work(part) on each part, in threads; return what each call returned."""
    return list(_pool().map(work, parts))


def moved_up(
    column: npt.NDArray[Any], begins: Sequence[int], sizes: Sequence[int]
) -> npt.NDArray[Any]:
    """Return the parts that ranges of users wrote into a column, one after the other.

    They are moved in place: a copy would need memory that was never touched, which
    takes longer than the copying.

    Args:
        column: It has room for more than was written.
        begins: Where each part begins, in order.
        sizes: How long each is.
    """
    at = 0
    for begin, size in zip(begins, sizes, strict=True):
        column[at : at + size] = column[begin : begin + size]
        at += size
    return column[:at]


@piece
def apart(n):  # type: ignore[no-untyped-def]
    """Return n zeros that lie in lines of the cache to which no other thread writes."""
    return np.zeros(n + 2 * APART, np.int64)[APART : APART + n]


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


@piece
def period_of(instant, calendar):  # type: ignore[no-untyped-def]
    """Return the period of an instant inside a `periods.Calendar`, without a branch."""
    slot = np.uint64(instant - calendar.edges[0]) >> calendar.shift
    return calendar.number[calendar.rank[slot] + (instant >= calendar.edge[slot])]


@kernel
def write_periods(first, end, time, calendar, period):  # type: ignore[no-untyped-def]
    """Write the period of each of the rows first <= i < end."""
    for i in range(first, end):
        period[i] = period_of(time[i], calendar)


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
    masks,
    mask,
    window,
    later,
    only_first,
    first,
    last,
    first_user,
    end_user,
    until,
    level,
    row,
    closed,
    rows,
    since,
):
    """Write each user's attempt: the deepest, then the earliest.

    Args:
        run_user, run_start, run_time, run_row: The event-major copy.
        begin, end: The entries of run_user for each step, cut to the range of users.
        before: For each step the latest earlier step of the same event, or -1; one
            event fills one step.
        masks: By mask and row of the log, whether the row counts.
        mask: The mask of each step, -1 for none.
        window: Longest time from an attempt's start, inclusive.
        later: Least time from step to step.
        only_first: Whether only each user's first start counts.
        first, last: Attempts start at first <= t < last.
        first_user, end_user: The range of users.
        until: The window of an attempt is closed if it ends by then.
        level, row, closed: By user: the last step reached (-1 for none), the row of the
            start, and whether the window is closed.
        rows: By user and step, the row that fills it; not written to where empty.
        since: By step, from the place of the first user on: the time since the step
            before, of the users who reached it.

    Returns:
        How many users of the range reached each step.
    """
    steps = len(begin)
    reached = np.full(steps, first_user)
    place = begin.copy()
    # Few users at a time, so that what is known of them stays in the cache.
    for user in range(first_user, end_user, 2048):
        stop = min(user + 2048, end_user)
        low, high = _rows_of(run_user, run_start, place, end, user, stop)
        some = _first_starts(
            run_time, run_row, low, high, masks, mask, window, later, first, last, user,
            until, level, row, closed, rows,
        )  # fmt: skip
        _attempts_of(
            some, run_time, run_row, low, high, before, masks, mask, window, later,
            only_first, first, last, user, until, level, row, closed, rows, since,
            reached,
        )  # fmt: skip
    return reached - first_user


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
    run_time, run_row, low, high, masks, mask, window, later, first, last, first_user,
    until, level, row, closed, rows,
):  # fmt: skip
    """Write the attempts that stay at their first step; return the other users.

    `low` moves on to the first row that may start an attempt. Half of all users may
    have none, so nothing here branches on that.
    """
    own = mask[0]
    some = np.empty(len(low), np.int64)
    n = 0
    for u in range(len(low)):
        start = low[u, 0]
        end = high[u, 0]
        at = min(start, len(run_time) - 1)
        while (start < end) & (
            (run_time[at] < first)
            | (run_time[at] >= last)
            | (own >= 0 and not masks[own, run_row[at]])
        ):
            start += 1
            at = min(start, len(run_time) - 1)
        low[u, 0] = start
        starts = start < end
        level[first_user + u] = np.int8(starts) - np.int8(1)
        row[first_user + u] = run_row[at]
        if len(rows) > 0 and starts:
            rows[first_user + u, 0] = run_row[at]
        closed[first_user + u] = starts & (run_time[at] + window <= until)
        final = max(high[u, 1] - 1, 0)
        some[n] = u
        late = run_time[final] >= run_time[at] + later
        n += starts & (low[u, 1] < high[u, 1]) & late
    return some[:n]


@kernel
def _attempts_of(  # type: ignore[no-untyped-def]
    some, run_time, run_row, low, high, before, masks, mask, window, later, only_first,
    first, last, first_user, until, level, row, closed, rows, since, reached,
):  # fmt: skip
    """Write the attempts of some users, given where their rows are.

    Each start takes for every step the earliest event that can fill it. A later start
    gets there no earlier, so that each row is seen once; of starts that get to the same
    event the latest counts.
    """
    steps = low.shape[1]
    place, best = apart(steps), apart(steps)
    for u in some:
        for k in range(steps):
            place[k] = low[u, k]
        best[0] = low[u, 0]
        deepest = 0
        most = steps - 1
        for start in range(low[u, 0], high[u, 0]):
            if not (
                first <= run_time[start] < last
                and (mask[0] < 0 or masks[mask[0], run_row[start]])
            ):
                continue
            place[0] = start
            at = run_time[start]
            end = at + window
            depth = 0
            while depth < most:
                k = depth + 1
                own = mask[k]
                i = place[k]
                stop = high[u, k]
                while i < stop and (
                    run_time[i] < at + later
                    or (own >= 0 and not masks[own, run_row[i]])
                ):
                    i += 1
                if before[k] >= 0:
                    same = run_row[place[before[k]]]
                    while i < stop and (
                        run_row[i] <= same or (own >= 0 and not masks[own, run_row[i]])
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
            if only_first:
                break
        for k in range(1, deepest + 1):
            since[k, reached[k]] = run_time[best[k]] - run_time[best[k - 1]]
            reached[k] += 1
        if len(rows) > 0:
            for k in range(deepest + 1):
                rows[first_user + u, k] = run_row[best[k]]
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
def by_group(values, group, n_groups):  # type: ignore[no-untyped-def]
    """Return values in order of their groups, and where each group begins and ends.

    group: of each value; -1 for none, whose values are left out.
    """
    begins = np.zeros(n_groups + 1, np.int64)
    for i in range(len(group)):
        begins[group[i] + 1] += 1
    # Those without a group were counted first.
    begins[0] = 0
    for g in range(n_groups):
        begins[g + 1] += begins[g]
    free = begins.copy()
    ordered = np.empty(begins[-1], values.dtype)
    for i in range(len(group)):
        g = group[i]
        if g >= 0:
            ordered[free[g]] = values[i]
            free[g] += 1
    return ordered, begins


@kernel
def activity_by_user(  # type: ignore[no-untyped-def]
    first, end, offsets, day, event, last_day, column, counts, seen
):
    """Write what each user did up to a last day.

    column: the column of `counts` for each event code, the last for all others.
    seen: per user the first and last day, the days with an event, those of them among
    the last 7 and the last 30, and the events.
    """
    for u in range(first, end):
        for row in range(offsets[u], offsets[u + 1]):
            today = np.int64(day[row])
            if today > last_day:
                break
            counts[u, column[event[row]]] += 1
            seen[u, 5] += 1
            if seen[u, 2] > 0 and seen[u, 1] == today:
                continue
            if seen[u, 2] == 0:
                seen[u, 0] = today
            seen[u, 1] = today
            seen[u, 2] += 1
            seen[u, 3] += today > last_day - 7
            seen[u, 4] += today > last_day - 30
