"""The cells of retention: who is in them, and who of those came back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from opslib import ages, cohort_kernels, cohorts, kernels
from opslib.ages import Clock, Count, Spans
from opslib.cohorts import Entries, Events, Rows
from opslib.conditions import Condition, Floats, Mask
from opslib.eventlog import EventLog
from opslib.periods import Dates
from opslib.result import Error

Counts = npt.NDArray[np.int64]
Sums = npt.NDArray[np.float64]


class Lines(NamedTuple):
    """Cohorts of groups, those with users, by group and then by period.

    Attributes:
        labels: Names of the groups.
        group, period: Of each line, positions in `labels` and among the periods.
        users: How many entries it has.
        over: By line and column, whether the age is over for all of them.
        begun: Whether it has begun for any.
    """

    labels: tuple[str | None, ...]
    group: Counts
    period: Counts
    users: Counts
    begun: Mask
    over: Mask


class Amounts(NamedTuple):
    """Money by line and column.

    Attributes:
        amount: What came in at the ages of the column.
        value: What had come in by the end of the column, from the start on.
        squares: The squares of that, summed over users.
        missing: Return events that have no amount.
    """

    amount: Sums
    value: Sums
    squares: Sums
    missing: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What was asked, settled: enough to count the cells, and to name their users.

    Attributes:
        log: The log.
        start, back, where, dates, cohort, by, count, min_events: As for `retention`.
        clock: How ages are counted.
    """

    log: EventLog
    start: Events
    back: Events
    where: Sequence[Condition]
    dates: Dates | None
    cohort: str
    by: str | None
    clock: Clock
    count: Count
    min_events: int

    @property
    def later(self) -> bool:
        """Whether coming back later counts as well."""
        return self.count == "on_or_after"

    def entries(self) -> Entries:
        """Find who enters which cohort."""
        met = self.log.mask(self.where)
        starts = cohorts.rows(self.log, self.start, "start", met)
        edges = self.clock.edges
        return cohorts.enter(self.log, starts, edges, self.dates, self.cohort)

    def backs(self) -> Rows:
        """Return the rows that count as coming back."""
        met = self.log.mask(self.where)
        return cohorts.rows(self.log, self.back, "back", met)

    def lines(self, entries: Entries, of: Spans) -> tuple[Lines, npt.NDArray[np.int64]]:
        """Return the cohorts, and the one of each entry."""
        group, labels = cohorts.groups(self.log, self.by, entries.row)
        periods = len(self.clock.edges) - 1
        key = group * periods + entries.period
        users = np.bincount(key, minlength=len(labels) * periods)
        there = np.flatnonzero(users)
        line = (np.cumsum(users > 0) - 1)[key]
        earliest = np.full(len(there), cohorts.NEVER)
        latest = np.full(len(there), np.iinfo(np.int64).min)
        if self.clock.length:
            start = self.log.time[entries.row]
            np.minimum.at(earliest, line, start)
            np.maximum.at(latest, line, start)
        period = there % periods
        begun = self.clock.begun(period, earliest, of)
        over = self.clock.over(period, latest, of)
        lines = Lines(labels, there // periods, period, users[there], begun, over)
        return lines, line

    def retained(
        self,
        entries: Entries,
        line: npt.NDArray[np.int64],
        n_lines: int,
        of: Spans,
    ) -> Counts:
        """Count who came back, by line and column; everyone at age 0."""
        column = ages.columns(of, later=self.later)
        parts = self._over(
            entries,
            lambda first, end, start, backs: cohort_kernels.returns(
                first,
                end,
                entries.user,
                start,
                entries.period,
                line,
                n_lines,
                *backs,
                self.clock.edges,
                self.clock.length,
                column,
                len(of),
                self.min_events,
                self.later,
            ),
        )
        counts: Counts = np.sum(parts, axis=0)
        if self.later:
            # Who was last seen at some age was there at or after every earlier one.
            counts = counts[:, ::-1].cumsum(axis=1)[:, ::-1]
        counts[:, of[:, 0] == 0] = np.bincount(line, minlength=n_lines)[:, None]
        return counts

    def amounts(
        self,
        entries: Entries,
        line: npt.NDArray[np.int64],
        n_lines: int,
        of: Spans,
        amount: str,
    ) -> Amounts:
        """Add up the property `amount` of return events, by line and column.

        Raises:
            Error: There is no such property, or it holds text.
        """
        values = self.log.properties.get(amount)
        if not isinstance(values, Floats):
            properties = self.log.properties.items()
            numbers = [name for name, one in properties if isinstance(one, Floats)]
            raise Error("retention.amount", got=amount, choices=numbers)
        parts = self._over(
            entries,
            lambda first, end, start, backs: cohort_kernels.amounts(
                first,
                end,
                entries.user,
                start,
                entries.period,
                line,
                n_lines,
                *backs,
                self.clock.edges,
                self.clock.length,
                of,
                values.values,
            ),
        )
        sums, totals, squares, missing = zip(*parts, strict=True)
        return Amounts(sum(sums), sum(totals), sum(squares), sum(missing))

    def _over(
        self, entries: Entries, work: Callable[[int, int, Any, Rows], Any]
    ) -> list[Any]:
        """Run a kernel over ranges of entries, those of a user together."""
        start, backs = self.log.time[entries.row], self.backs()

        def part(first: int, end: int) -> Any:  # noqa: ANN401
            # Of the same type as the column: numpy would convert the column otherwise.
            users = np.array([first, end], entries.user.dtype)
            low, high = np.searchsorted(entries.user, users)
            return work(int(low), int(high), start, backs)

        return kernels.over_users(part, self.log.offsets)

    def came(self, entries: Entries, span: npt.NDArray[np.int64]) -> Mask:
        """Say which entries came back in a column, given by its first and last age."""
        n = len(entries.user)
        each = self.retained(entries, np.arange(n), n, span[None, :])
        return np.asarray(each[:, 0] > 0)


def some(entries: Entries, chosen: Mask) -> Entries:
    """Return the entries that are chosen."""
    return Entries(
        entries.user[chosen],
        entries.row[chosen],
        entries.period[chosen],
        entries.passed_over,
    )
