"""Each user's attempt at an ordered list of events, found over ranges of users."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from opslib import kernels
from opslib.eventlog import EventLog


class Attempts(NamedTuple):
    """One attempt per user; `since` by step, of those who reached it, in order."""

    user: npt.NDArray[np.int32]
    level: npt.NDArray[np.int8]
    row: npt.NDArray[np.int64]
    start: npt.NDArray[np.int64]
    since: list[npt.NDArray[np.int64]]


def find(
    log: EventLog,
    codes: npt.NDArray[np.int64],
    window: int,
    entry: tuple[int, int],
    keep: npt.NDArray[np.bool_] | None,
) -> Attempts:
    """Run the kernel over ranges of users and join what it finds."""
    runs = [slice(log.run_offsets[c], log.run_offsets[c + 1]) for c in codes]
    same = np.full(len(codes), -1)
    for k, code in enumerate(codes):
        earlier = np.flatnonzero(codes[:k] == code)
        same[k] = earlier[-1] if len(earlier) else -1
    kept = np.empty(0, bool) if keep is None else keep

    def work(first: int, end: int) -> Any:  # noqa: ANN401
        # Of the same type as the column: numpy would convert the column otherwise.
        ends = np.array([first, end], log.run_user.dtype)
        cuts = np.array(
            [r.start + np.searchsorted(log.run_user[r], ends) for r in runs]
        )
        return kernels.funnel_attempts(
            log.run_user,
            log.run_time,
            log.run_row,
            cuts[:, 0].copy(),
            cuts[:, 1].copy(),
            same,
            window,
            *entry,
            kept,
            log.most_rows,
        )

    parts = kernels.over_users(work, log.offsets)
    user, level, row, start, since = zip(*parts, strict=True)
    return Attempts(
        np.concatenate(user),
        np.concatenate(level),
        np.concatenate(row),
        np.concatenate(start),
        [np.concatenate(times) for times in zip(*since, strict=True)],
    )
