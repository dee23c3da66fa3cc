"""The cells of retention: who is in them, and who of those came back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from opslib import ages, cohort_kernels, cohorts, kernels, periods, presence
from opslib.ages import Clock, Count, Spans
from opslib.cohorts import Entries, Events, Rows
from opslib.conditions import Condition, Floats, Mask
from opslib.eventlog import EventLog
from opslib.periods import Dates, Instants
from opslib.result import Error
from opslib.stats.clustered import Sums

# Entries of which each has sums of its own, at a time.
BLOCK = 200_000
Counts = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]


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

    amount: Reals
    value: Reals
    squares: Reals
    missing: int


class Spread(NamedTuple):
    """How users of several cohorts differ, by group and column, in cells that are over.

    Attributes:
        shares: Of entries, and of those that came back.
        money: Of entries, and of what they had brought by the end of the column.
    """

    shares: Sums
    money: Sums | None


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

    def began(self, entries: Entries) -> Instants:
        """Return when each entry was."""
        return self.log.time[entries.row]

    def oldest(self, entries: Entries) -> int:
        """Return the last age that has begun for any entry."""
        first = int(self.began(entries).min()) if self.clock.length else 0
        return self.clock.oldest(int(entries.period.min()), first)

    def backs(self) -> Rows:
        """Return the rows that count as coming back."""
        met = self.log.mask(self.where)
        return cohorts.rows(self.log, self.back, "back", met)

    def lines(self, entries: Entries, of: Spans) -> tuple[Lines, npt.NDArray[np.int64]]:
        """Return the cohorts, and the one of each entry."""
        n = len(self.clock.edges) - 1
        if self.by is None:
            key, labels = entries.period, cohorts.ALL
        else:
            group, labels = cohorts.groups(self.log, self.by, entries.row)
            key = group * n + entries.period
        users = np.bincount(key, minlength=len(labels) * n)
        there = np.flatnonzero(users)
        line = (np.cumsum(users > 0) - 1)[key]
        earliest = np.full(len(there), cohorts.NEVER)
        latest = np.full(len(there), np.iinfo(np.int64).min)
        if self.clock.length:
            began = self.began(entries)
            np.minimum.at(earliest, line, began)
            np.maximum.at(latest, line, began)
        period = there % n
        begun = self.clock.begun(period, earliest, of)
        over = self.clock.over(period, latest, of)
        lines = Lines(labels, there // n, period, users[there], begun, over)
        return lines, line

    def retained(
        self,
        entries: Entries,
        line: npt.NDArray[np.int64],
        users: Counts,
        of: Spans,
    ) -> Counts:
        """Count who came back, by line and column; all the users of it at age 0."""
        places = self._places(of)
        asked = *places, self.min_events, self.later, int(users.max(initial=0))
        cells = line, len(users)
        began = self._told_apart(entries)
        parts = self._over(entries, began, cohort_kernels.returns, cells, asked)
        sums = [presence.sums(part, places[1]) for part in parts]
        counts: Counts = np.sum(sums, axis=0)
        counts[:, of[:, 0] == 0] = users[:, None]
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
        asked = of, self._numbers(amount)
        cells, began = (line, n_lines), self.began(entries)
        parts = self._over(entries, began, cohort_kernels.amounts, cells, asked)
        sums, totals, squares, missing = zip(*parts, strict=True)
        return Amounts(sum(sums), sum(totals), sum(squares), sum(missing))

    def spread(
        self,
        entries: Entries,
        line: npt.NDArray[np.int64],
        lines: Lines,
        of: Spans,
        amount: str | None,
        *,
        grouped: bool,
    ) -> tuple[Spread, Counts]:
        """Add up over users what they have in cells that are over.

        Returns:
            The sums by column, and by group if they are `grouped`; what `retained`
            returns.
        """
        group = lines.group if grouped else np.zeros_like(lines.group)
        cells = line, lines.over, group, len(lines.labels) if grouped else 1
        born = bool(of[0, 0] == 0)
        asked = *self._places(of), born, self.min_events, self.later
        began, came = self._told_apart(entries), cohort_kernels.returns_by_user
        returned = self._over(entries, began, came, cells, asked)
        sums, counts = zip(*returned, strict=True)
        shares, retained = Sums(*np.sum(sums, axis=0)), np.sum(counts, axis=0)
        if amount is None:
            return Spread(shares, None), retained
        worth = of, self._numbers(amount)
        began, paid = self.began(entries), cohort_kernels.amounts_by_user
        brought = self._over(entries, began, paid, cells, worth)
        return Spread(shares, Sums(*np.sum(brought, axis=0))), retained

    def _places(self, of: Spans) -> tuple[Counts, Counts, Spans]:
        """Return the place of each age, the place of each column, and the brackets."""
        oldest = self.clock.oldest(0, self.log.extent[0])
        place = ages.places(of, oldest, self.count)
        if isinstance(self.count, str):
            return place, of[:, 0].copy(), of[:0]
        return place, np.arange(len(of)), of

    def _told_apart(self, entries: Entries) -> Instants:
        """Return when each entry was, where what came before it must not count."""
        several = not isinstance(self.count, str) and self.min_events > 1
        apart = self.clock.length > 0 or several
        return self.began(entries) if apart else np.zeros(0, np.int64)

    def _numbers(self, amount: str) -> Reals:
        """Return the property `amount`; refuse one that is not there, or is text."""
        values = self.log.properties.get(amount)
        if not isinstance(values, Floats):
            properties = self.log.properties.items()
            numbers = [name for name, one in properties if isinstance(one, Floats)]
            raise Error("retention.amount", got=amount, choices=numbers)
        return values.values

    def _over(
        self,
        entries: Entries,
        began: Instants,
        kernel: Callable[..., Any],
        cells: tuple[Any, ...],
        asked: tuple[Any, ...],
    ) -> list[Any]:
        """Run a kernel over ranges of entries, those of a user together.

        Args:
            entries: Who began.
            began: When, or nothing where the kernel does not ask.
            kernel: One of `cohort_kernels`, which take the same from the entries, the
                clock and the rows that count as coming back.
            cells: What it takes besides that says where each entry is counted.
            asked: What it takes last.
        """
        of = entries.user, began, entries.period
        of_day = periods.of_days(self.clock.edges, self.log.days)
        among = self.backs(), of_day, self.clock.length

        def part(first: int, end: int) -> Any:  # noqa: ANN401
            # Of the same type as the column: numpy would convert the column otherwise.
            users = np.array([first, end], entries.user.dtype)
            low, high = np.searchsorted(entries.user, users)
            return kernel(int(low), int(high), *of, *cells, *among, *asked)

        return kernels.over_users(part, self.log.offsets)

    def came(self, entries: Entries, span: npt.NDArray[np.int64]) -> Mask:
        """Say which entries came back in a column, given by its first and last age."""
        n, found = len(entries.user), np.zeros(len(entries.user), bool)
        for begin in range(0, n, BLOCK):
            part = some(entries, slice(begin, begin + BLOCK))
            lines = np.arange(len(part.user))
            each = self.retained(part, lines, np.ones_like(lines), span[None, :])
            found[begin : begin + BLOCK] = each[:, 0] > 0
        return found


def some(entries: Entries, chosen: Mask | slice) -> Entries:
    """Return the entries that are chosen."""
    return Entries(
        entries.user[chosen],
        entries.row[chosen],
        entries.period[chosen],
        entries.passed_over,
    )
