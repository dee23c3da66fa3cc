"""Segments: users told by what they did, as conditions beside those on properties."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from opslib import periods
from opslib.conditions import Did, Mask
from opslib.result import Error, check_range

MOST_DAYS = 3660
MOST = np.iinfo(np.int64).max


class Asked(NamedTuple):
    """A condition as it was understood.

    Attributes:
        did: The condition.
        codes: Codes of the events that count; None is any.
        fewest, most: How many times.
        begins, ends: The first instant that counts, and the first after it that does
            not.
    """

    did: Did
    codes: set[int] | None
    fewest: int
    most: int
    begins: int
    ends: int


def read(log: Any, condition: Did | Mapping[str, Any]) -> Asked:  # noqa: ANN401
    """Read and check a condition on what users did, all but its own conditions.

    Raises:
        Error: It is written otherwise than `Did`, or names an event that the log does
            not have.
    """
    asked = Did.of(condition)
    times, span = _times(asked.times), _span(log, asked)
    inner = asked.where if isinstance(asked.where, list | tuple) else [asked.where]
    if not all(isinstance(one, list | tuple) for one in inner):
        raise Error("segments.nested")
    if asked.did is None:
        return Asked(asked, None, *times, *span)
    names: list[Any] = (
        [*asked.did] if isinstance(asked.did, list | tuple) else [asked.did]
    )
    if not names:
        raise Error("option.missing", option="did")
    return Asked(asked, {log.code(name, "where") for name in names}, *times, *span)


def users(log: Any, condition: Did | Mapping[str, Any]) -> Mask:  # noqa: ANN401
    """Say which users meet a condition on what they did.

    Args:
        log: An EventLog, whose `where` this is a part of.
        condition: See `Did`.

    Raises:
        Error: The condition is written otherwise, or names what the log does not have.

    Example:
        >>> import pandas as pd
        >>> from opslib import EventLog
        >>> log = EventLog.from_frame(
        ...     pd.DataFrame({
        ...         "user": ["ann", "ann", "bob"], "event": ["buy", "buy", "buy"],
        ...         "time": ["2026-03-01", "2026-03-02", "2026-03-02"],
        ...     }),
        ...     user="user", event="event", time="time",
        ... )
        >>> users(log, {"did": "buy", "times": 2}).tolist()
        [True, False]
    """
    asked = read(log, condition)
    within = asked.begins, asked.ends
    keep = log.mask(asked.did.where)
    counts = np.zeros(len(log.users), np.int64)
    if asked.codes is None:
        counts += _counted(log.time, log.offsets, *within, keep)
    for code in asked.codes or ():
        rows = slice(log.run_offsets[code], log.run_offsets[code + 1])
        who = slice(log.user_offsets[code], log.user_offsets[code + 1])
        starts = log.run_start[who.start : who.stop + 1] - rows.start
        kept = None if keep is None else keep[log.run_row[rows]]
        counts[log.run_user[who]] += _counted(log.run_time[rows], starts, *within, kept)
    return (counts >= asked.fewest) & (counts <= asked.most)


def _counted(
    time: npt.NDArray[np.int64],
    starts: npt.NDArray[np.int64],
    begins: int,
    ends: int,
    keep: Mask | None,
) -> npt.NDArray[np.int64]:
    """Count the rows of each user that lie in time and are kept."""
    inside = (time >= begins) & (time < ends)
    if keep is not None:
        inside &= keep
    if not len(starts) or not len(time):
        return np.zeros(max(0, len(starts) - 1), np.int64)
    return np.add.reduceat(inside, starts[:-1], dtype=np.int64)


def _times(times: object) -> tuple[int, int]:
    low: Any
    high: Any
    pair = isinstance(times, list | tuple) and len(times) == 2
    low, high = times if pair else (times, None)  # type: ignore[misc]
    low = 0 if low is None and high is not None else low
    high = MOST if high is None else high
    if type(low) is int and type(high) is int and 0 <= low <= high:
        return low, high
    raise Error("segments.times", got=str(times))


def _span(log: Any, asked: Did) -> tuple[int, int]:  # noqa: ANN401
    """Return the first instant that counts, and the first that does not any more."""
    if asked.dates is not None and (asked.days is not None or asked.before is not None):
        raise Error("segments.when")
    if asked.dates is not None:
        return periods.span(asked.dates, log.timezone)
    if asked.days is not None and type(asked.days) is not int:
        raise Error(
            "option.range", option="days", low=1, high=MOST_DAYS, got=asked.days
        )
    check_range("days", asked.days, 1, MOST_DAYS)
    if asked.before is None and asked.days is None:
        return np.iinfo(np.int64).min, MOST
    if asked.before is None:
        last = dt.date.fromisoformat(log.dates[1])
    else:
        periods.span((asked.before, asked.before), log.timezone)
        day = dt.date.fromisoformat(str(asked.before)[:10])
        last = day - dt.timedelta(days=1)
    if asked.days is None:
        return np.iinfo(np.int64).min, periods.span((last, last), log.timezone)[1]
    first = last - dt.timedelta(days=asked.days - 1)
    return periods.span((first, last), log.timezone)
