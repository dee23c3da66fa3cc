"""Each user's attempt at an ordered list of events, found over ranges of users."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from opslib import kernels
from opslib.eventlog import EventLog


class Attempts(NamedTuple):
    """One attempt per user of the log, in their order.

    Attributes:
        level: The last step reached, from 0; -1 for users without an attempt.
        row: The row of the log that starts the attempt; undefined without one.
        closed: Whether the window had closed when observation ended.
        since: For each step, the time since the step before of those who reached it.
    """

    level: npt.NDArray[np.int8]
    row: npt.NDArray[np.int64]
    closed: npt.NDArray[np.bool_]
    since: list[npt.NDArray[np.int64]]


def find(
    log: EventLog,
    codes: npt.NDArray[np.int64],
    window: int,
    entry: tuple[int, int],
    keep: npt.NDArray[np.bool_] | None,
) -> Attempts:
    """Run the kernel over ranges of users."""
    runs = [slice(log.user_offsets[c], log.user_offsets[c + 1]) for c in codes]
    before = np.full(len(codes), -1)
    for k, code in enumerate(codes):
        earlier = np.flatnonzero(codes[:k] == code)
        before[k] = earlier[-1] if len(earlier) else -1
    kept = np.empty(0, bool) if keep is None else keep
    users = len(log.users)
    level, row = np.empty(users, np.int8), np.empty(users, np.int64)
    closed = np.empty(users, np.bool_)

    def work(first: int, end: int) -> Any:  # noqa: ANN401
        # Of the same type as the column: numpy would convert the column otherwise.
        ends = np.array([first, end], log.run_user.dtype)
        cuts = np.array(
            [r.start + np.searchsorted(log.run_user[r], ends) for r in runs]
        )
        return kernels.funnel_attempts(
            log.run_user,
            log.run_start,
            log.run_time,
            log.run_row,
            cuts[:, 0].copy(),
            cuts[:, 1].copy(),
            before,
            window,
            *entry,
            kept,
            first,
            end,
            log.until,
            level,
            row,
            closed,
        )

    since = kernels.over_users(work, log.offsets)
    times = [np.concatenate(parts) for parts in zip(*since, strict=True)]
    return Attempts(level, row, closed, times)
