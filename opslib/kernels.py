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
def sort_rows(user, time, n_users):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Return the order by (user, time, row) and where each user's rows begin."""
    offsets = np.zeros(n_users + 1, np.int64)
    for row in range(len(user)):
        offsets[user[row] + 1] += 1
    for i in range(n_users):
        offsets[i + 1] += offsets[i]
    order = np.empty(len(user), np.int64)
    free = offsets[:-1].copy()
    for row in range(len(user)):
        order[free[user[row]]] = row
        free[user[row]] += 1
    for i in range(n_users):
        rows = order[offsets[i] : offsets[i + 1]]
        for j in range(1, len(rows)):
            if time[rows[j]] < time[rows[j - 1]]:
                rows[:] = rows[np.argsort(time[rows], kind="mergesort")]
                break
    return order, offsets


@kernel
def event_runs(offsets, time, event, n_names):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Return the event-major copy: offsets, and (user, time, row) by event."""
    run_offsets = np.zeros(n_names + 1, np.int64)
    for row in range(len(event)):
        run_offsets[event[row] + 1] += 1
    for e in range(n_names):
        run_offsets[e + 1] += run_offsets[e]
    run_user = np.empty(len(event), np.int32)
    run_time = np.empty(len(event), np.int64)
    run_row = np.empty(len(event), np.int64)
    free = run_offsets[:-1].copy()
    for u in range(len(offsets) - 1):
        for row in range(offsets[u], offsets[u + 1]):
            at = free[event[row]]
            run_user[at] = u
            run_time[at] = time[row]
            run_row[at] = row
            free[event[row]] = at + 1
    return run_offsets, run_user, run_time, run_row
