"""Ages of cohorts: which are asked for, when they have begun and when they are over."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from opslib import periods
from opslib.conditions import Mask
from opslib.eventlog import EventLog
from opslib.periods import Instants, Period
from opslib.result import Error, check_choice

Count = Literal["on", "on_or_after"] | Sequence[Sequence[int]]
# The first and the last age of each column; n columns, 2.
Spans = npt.NDArray[np.int64]

COUNTS = ("on", "on_or_after")
WINDOWS = ("calendar", "rolling")
MOST_AGES = 366
DAY = 86_400_000_000
LENGTHS = {"day": DAY, "week": 7 * DAY, "month": 30 * DAY}


def spans(asked: int | Sequence[int] | None, count: Count, oldest: int) -> Spans:
    """Return the ages of each column, in order.

    Args:
        asked: Single ages: those listed, 0 to n for n, all up to `oldest` for None.
        count: "on" or "on_or_after" for single ages; or brackets of them, each given
            by its first and last age, before which age 0 stands.
        oldest: The oldest there is.

    Raises:
        Error: `count` is none of these, or an age does not lie between 0 and 366.

    Example:
        >>> spans([7, 1], "on", 90).tolist(), spans(None, [[1, 3], [4, 7]], 90).tolist()
        ([[1, 1], [7, 7]], [[0, 0], [1, 3], [4, 7]])
    """
    if isinstance(count, str):
        check_choice("count", count, COUNTS)
        return np.repeat(_single(asked, min(oldest, MOST_AGES))[:, None], 2, axis=1)
    brackets = _brackets(count)
    if asked is not None:
        raise Error("retention.brackets_ages")
    return np.array([[0, 0], *brackets], dtype=np.int64)


def _single(asked: int | Sequence[int] | None, oldest: int) -> npt.NDArray[np.int64]:
    if asked is None:
        return np.arange(oldest + 1)
    listed = range(asked + 1) if isinstance(asked, int) else asked
    whole = isinstance(listed, Sequence) and all(isinstance(age, int) for age in listed)
    several = sorted(set(listed)) if whole else []
    if not several or several[0] < 0 or several[-1] > MOST_AGES:
        raise Error("option.range", option="ages", low=0, high=MOST_AGES, got=asked)
    return np.array(several, dtype=np.int64)


def _brackets(count: Any) -> list[tuple[int, int]]:  # noqa: ANN401
    pairs = list(count) if isinstance(count, Sequence) else []
    flat: list[Any] = [
        age
        for pair in pairs
        for age in (pair if isinstance(pair, list | tuple) and len(pair) == 2 else [""])
    ]
    whole = all(isinstance(age, int) for age in flat)
    if (
        not flat
        or not whole
        or flat[0] < 1
        or flat[-1] > MOST_AGES
        or any(a > b for a, b in zip(flat[::2], flat[1::2], strict=True))
        or any(a >= b for a, b in zip(flat[1::2], flat[2::2], strict=False))
    ):
        raise Error("retention.brackets", got=str(count), most=MOST_AGES)
    return list(zip(flat[::2], flat[1::2], strict=True))


def places(of: Spans, oldest: int, count: Count) -> npt.NDArray[np.int64]:
    """Return where each age is counted: at its own place, or at that of its bracket.

    Ages between brackets have -1.

    Args:
        of: The ages of each column.
        oldest: The oldest there is.
        count: As for `spans`.

    Example:
        >>> places(spans([1, 3], "on", 9), 5, "on").tolist()
        [0, 1, 2, 3, 4, 5]
        >>> places(spans(None, [[1, 2], [4, 9]], 9), 5, [[1, 2], [4, 9]]).tolist()
        [0, 1, 1, -1, 2, 2]
    """
    ages = np.arange(oldest + 1)
    if isinstance(count, str):
        return ages
    place = np.searchsorted(of[:, 0], ages, side="right") - 1
    return np.where(ages <= of[place, 1], place, -1)


@dataclass(frozen=True)
class Clock:
    """How ages are counted: in calendar periods, or in time elapsed since a start.

    Attributes:
        edges: Edges of the calendar periods, by which cohorts are told apart.
        length: Length of an age that begins with the start; 0 for calendar periods.
        last: The last instant at which anything could be seen.
        until: End of observation: what ends by then is over.
    """

    edges: Instants
    length: int
    last: int
    until: int

    @classmethod
    def of(cls, log: EventLog, period: Period, week_start: str, window: str) -> Self:
        """Return the clock of a log, its periods from the first event to the end.

        Raises:
            Error: An option is none of the known.
        """
        check_choice("window", window, WINDOWS)
        earliest, latest = log.extent
        last = max(latest, log.until - 1)
        edges = periods.edges(
            earliest, last, period, log.timezone, week_start=week_start
        )
        length = LENGTHS[period] if window == "rolling" else 0
        return cls(edges, length, last, log.until)

    def oldest(self, period: int, start: int) -> int:
        """Return the last age that has begun for who began at `start`, in `period`."""
        if self.length:
            return int((self.last - start) // self.length)
        return len(self.edges) - 2 - period

    def begun(
        self, period: npt.NDArray[np.int64], earliest: Instants, of: Spans
    ) -> Mask:
        """Say which columns have begun for somebody.

        Args:
            period: Calendar period of each of n cohorts.
            earliest: Their earliest starts.
            of: The ages of m columns.

        Returns:
            n, m truths.
        """
        if self.length:
            begins = earliest[:, None] + of[:, 0] * self.length
            return np.asarray(begins <= self.last)
        return np.asarray(period[:, None] + of[:, 0] < len(self.edges) - 1)

    def over(self, period: npt.NDArray[np.int64], latest: Instants, of: Spans) -> Mask:
        """Say which columns are over for everybody: as `begun`, with latest starts."""
        if self.length:
            ends = latest[:, None] + (of[:, 1] + 1) * self.length
            return np.asarray(ends <= self.until)
        end = period[:, None] + of[:, 1] + 1
        known = np.minimum(end, len(self.edges) - 1)
        return np.asarray((end == known) & (self.edges[known] <= self.until))
