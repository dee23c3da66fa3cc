"""Funnel: how many users get through an ordered list of events in time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import altair as alt
import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib import attempts, charts, kernels, periods
from opslib.attempts import Attempts
from opslib.conditions import Codes, Condition, Texts
from opslib.eventlog import EventLog, as_log
from opslib.periods import Dates
from opslib.result import Error, Note, Result, check_choice, say
from opslib.stats.proportions import TwoProportions, wilson
from opslib.words import text

FEWEST = 30
MOST_GROUPS = 200
MOST_STEPS = 20
TIED = 0.05
SECOND = 1_000_000


@dataclass(frozen=True, kw_only=True)
class FunnelResult(Result):
    """Users who reached each step; one row of `table` per step, in order.

    Columns of `table`:
        group: Value of the property `by` at the attempt's first step, None where it is
            missing; only with `by`, groups with most users first.
        step: Event name.
        users: Users whose attempt reached this step.
        from_start: Share of the users at step 1, with its 95 % Wilson interval
            from_start_low to from_start_high; NaN when nobody was there.
        from_previous: Share of the users at the step before; NaN at step 1.
        matured_from_start: As from_start, of only those whose window had closed when
            observation ended; NaN when it had for nobody.
        median_seconds, mean_seconds: Time since the step before; NaN at step 1.

    Attributes:
        window: Longest time from first to last step, in seconds.
        dates: First and last day of entry.
    """

    window: float
    dates: tuple[str, str]
    by: str | None
    _log: EventLog = field(repr=False)
    _level: npt.NDArray[np.int8] = field(repr=False)
    _closed: npt.NDArray[np.bool_] = field(repr=False)
    _group: npt.NDArray[np.int32] = field(repr=False)
    _labels: tuple[str | None, ...] = field(repr=False)

    @property
    def steps(self) -> list[str]:
        """Event names, first to last."""
        return self.table["step"].tolist()[: len(self.table) // len(self._labels)]

    def users(
        self, step: int, *, group: int | None = None, dropped: bool = False
    ) -> pd.Series:
        """Return the ids of those who reached a step, or of those lost after it.

        Args:
            step: Position of the step, from 0.
            group: Position of the group in the table, from 0; None for all users.
            dropped: Only those who reached no later step.

        Raises:
            Error: There is no such step or group.
        """
        last = len(self.steps) - 1
        if not 0 <= step <= last:
            raise Error("option.range", option="step", low=0, high=last, got=step)
        chosen = self._level == step if dropped else self._level >= step
        if group is not None:
            last = len(self._labels) - 1
            if not 0 <= group <= last:
                raise Error("option.range", option="group", low=0, high=last, got=group)
            chosen &= self._group == group
        return self._log.ids(np.flatnonzero(chosen))

    def chart(self, lang: str = "en") -> alt.Chart | alt.LayerChart:
        """Draw the share of entrants at each step, with its interval."""
        table = self.table
        if self.by is not None:
            missing = text("funnel.missing", lang)
            table = table.assign(group=table["group"].fillna(missing))
        return charts.steps_chart(table, lang, self.describe(lang))

    def describe(self, lang: str = "en") -> str:
        """State the conversion, its interval and the weakest step."""
        entrants, shares = self._totals()
        first, last = self.steps[0], self.steps[-1]
        about = {"n": entrants[0], "first": first, "last": last}
        if not entrants[0]:
            begin, end = self.dates
            return Note("funnel.nobody", step=first, begin=begin, end=end).text(lang)
        if entrants[0] < FEWEST:
            return say(
                lang, Note("funnel.few", **about, reached=entrants[-1], need=FEWEST)
            )
        low, high = wilson(entrants[-1], entrants[0])
        answer = Note(
            "funnel.answer",
            **about,
            share=shares[-1],
            low=float(low),
            high=float(high),
            window=self.window,
        )
        weakest = int(np.argmin(entrants[1:] / np.maximum(entrants[:-1], 1)))
        before = int(entrants[weakest])
        loss = (
            Note(
                "funnel_counts.weakest",
                step=self.steps[weakest + 1],
                share=entrants[weakest + 1] / before,
            )
            if len(self.steps) > 2 and before
            else None
        )
        return say(lang, answer, *self._change(), loss)

    def _totals(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Return users at each step over all groups, and their shares of the first."""
        by_group = self.table["users"].to_numpy().reshape(-1, len(self.steps))
        reached = by_group.sum(axis=0)
        return reached, reached / max(int(reached[0]), 1)

    def _matured(self) -> tuple[int, int]:
        """Count whose window is over, and of them who reached the last step."""
        over = self._level[self._closed]
        return len(over), int((over == len(self.steps) - 1).sum())

    def _change(self) -> list[Note]:
        """Compare the conversion with the previous period's.

        Late entrants have had less time, and more of them are in the later period:
        only those whose window is over can be compared.
        """
        if self.previous is None:
            return []
        now, then = self._matured(), self.previous._matured()  # noqa: SLF001  same class
        for (n, _), code in ((then, "funnel.previous_few"), (now, "funnel.now_few")):
            if n < FEWEST:
                return [Note(code, n=n)]
        pair = TwoProportions(*then, *now)
        low, high = pair.difference_interval()
        of = Note("funnel.matured", n=now[0], share=pair.treatment)
        change = Note(
            "funnel.changed" if low > 0 or high < 0 else "funnel.unchanged",
            then=pair.control,
            difference=pair.treatment - pair.control,
            low=low,
            high=high,
            first=self.previous.dates[0],
            last=self.previous.dates[1],
        )
        return [change] if now[0] == self._totals()[0][0] else [of, change]


def funnel(
    log: EventLog | pd.DataFrame,
    *,
    steps: Sequence[str],
    window: str = "7D",
    by: str | None = None,
    dates: Dates | None = None,
    where: Sequence[Condition] = (),
    compare: Literal["previous"] | None = None,
) -> FunnelResult:
    """Count users who do `steps` in order within `window`; other events may intervene.

    Every step-1 event starts an attempt, which takes for each further step the earliest
    event after the step before. The user is counted by the attempt that gets deepest,
    of those the one that gets there first; of starts that lead to the same event, the
    latest. Events at the same instant are taken in the order of the steps; one event
    fills one step.

    Args:
        log: Events; or a table with the columns user, event, time.
        steps: Event names, first to last, 2 to 20.
        window: Longest elapsed time from the attempt's first step, inclusive, as pandas
            text.
        by: Property to group users by: its value at the attempt's first step.
        dates: First and last day on which attempts start, in the log's timezone;
            later steps may fall after it. None: all days.
        where: Conditions [property, operator, value] that an event must meet to count.
        compare: "previous" also counts the period of equal length just before; None
            and a warning where the data begin with the period, as they do without
            `dates`. The sentence compares users whose window was over.

    Raises:
        Error: Too few or many steps, an event, property or period that is unknown, or
            more than 200 groups.

    References:
        Attempts: as PostHog's ordered funnel and ClickHouse's `windowFunnel(window)`.
        Wilson (1927) for the intervals.

    Example:
        >>> log = pd.DataFrame({
        ...     "user": ["ann", "bob", "ann"],
        ...     "event": ["visit", "visit", "buy"],
        ...     "time": pd.to_datetime(["2026-03-01", "2026-03-02", "2026-03-03"]),
        ... })
        >>> result = funnel(log, steps=["visit", "buy"])
        >>> result.table[["step", "users", "from_start", "from_previous"]]
            step  users  from_start  from_previous
        0  visit      2         1.0            NaN
        1    buy      1         0.5            0.5
        >>> result.users(0, dropped=True).tolist()
        ['bob']
    """
    log = as_log(log)
    several = isinstance(steps, Sequence) and not isinstance(steps, str)
    if not several or not 2 <= len(steps) <= MOST_STEPS:
        got = list(steps) if several else [steps]
        raise Error("funnel.steps", got=got, most=MOST_STEPS)
    codes = np.array([log.code(step, "steps") for step in steps])
    longest = periods.length(window, "window")
    check_choice("compare", compare, ["previous"])
    first, end = periods.span(log.dates if dates is None else dates, log.timezone)
    day, last_day = periods.days(first, end, log.timezone)
    chosen = day.isoformat(), last_day.isoformat()
    earlier = None
    if compare and first > log.time.min():
        earlier = funnel(
            log,
            steps=steps,
            window=window,
            by=by,
            dates=periods.before(chosen),
            where=where,
        )

    found = attempts.find(log, codes, longest, (first, end), log.mask(where))
    group, labels = _groups(log, by, found)
    table, still_open = _table(list(steps), found, group, labels)

    notes = [*log.left_out]
    if log.tied > TIED:
        notes.append(Note("funnel.tied", share=log.tied))
    if still_open:
        share = still_open / int(table["users"][:: len(steps)].sum())
        notes.append(Note("funnel.open", n=still_open, share=share))
    if compare and earlier is None:
        notes.append(Note("periods.nothing_before"))
    return FunnelResult(
        table=table,
        warnings=tuple(notes),
        previous=earlier,
        window=longest / SECOND,
        dates=chosen,
        by=by,
        _log=log,
        _level=found.level,
        _closed=found.closed,
        _group=group,
        _labels=labels,
    )


def _groups(
    log: EventLog, by: str | None, found: Attempts
) -> tuple[npt.NDArray[np.int32], tuple[str | None, ...]]:
    """Return each user's group, numbered by size, and the names of the groups.

    Without `by` there is one group, and no column that says so of each user.
    """
    if by is None:
        return np.empty(0, np.int32), (None,)
    if by not in log.properties:
        raise Error("option.column", option="by", got=by, choices=list(log.properties))
    users = np.flatnonzero(found.level >= 0)
    column = log.properties[by]
    there = column.at(found.row[users])
    if isinstance(there, Texts):
        values = there.texts().to_pandas()
    else:
        values = pd.Series(there.codes if isinstance(there, Codes) else there.values)
    sizes = values.value_counts(dropna=False)
    if len(sizes) > MOST_GROUPS:
        raise Error("funnel.groups", by=by, n=len(sizes), most=MOST_GROUPS)
    group = np.full(len(found.level), -1, np.int32)
    group[users] = values.map({value: i for i, value in enumerate(sizes.index)})
    if isinstance(column, Codes):
        labels = [column.labels[i] if i >= 0 else None for i in sizes.index]
    elif isinstance(column, Texts):
        labels = [None if pd.isna(x) else str(x) for x in sizes.index]
    else:
        labels = [None if np.isnan(x) else f"{x:.15g}" for x in sizes.index]
    return group, tuple(labels)


def _table(
    steps: list[str],
    found: Attempts,
    group: npt.NDArray[np.int32],
    labels: tuple[str | None, ...],
) -> tuple[pd.DataFrame, int]:
    """Count attempts into the rows of the result, and those still in their window."""
    shape = (len(labels), len(steps))
    counts = kernels.count_levels(found.level, found.closed, group, *shape)
    open_, over = counts[:, 0], counts[:, 1]
    users, matured = _at_least(open_ + over), _at_least(over)
    medians, means = np.full((2, *shape), np.nan)
    for k in range(1, len(steps)):
        of = group[found.level >= k] if len(group) else None
        for g in range(len(labels)):
            times = found.since[k] if of is None else found.since[k][of == g]
            if len(times):
                means[g, k] = times.mean() / SECOND
                medians[g, k] = _median(times) / SECOND
    with np.errstate(invalid="ignore"):
        from_start = users / users[:, :1]
        from_previous = users[:, 1:] / users[:, :-1]
        matured_from_start = matured / matured[:, :1]
    low, high = wilson(users, users[:, :1])
    nothing = np.full((len(labels), 1), np.nan)
    groups = (
        {"group": np.repeat(np.array(labels, dtype=object), len(steps))}
        if len(group)
        else {}
    )
    columns = {
        "users": users,
        "from_start": from_start,
        "from_start_low": low,
        "from_start_high": high,
        "from_previous": np.hstack([nothing, from_previous]),
        "matured_from_start": matured_from_start,
        "median_seconds": medians,
        "mean_seconds": means,
    }
    table = pd.DataFrame(
        {
            **groups,
            "step": steps * len(labels),
            **{name: values.ravel() for name, values in columns.items()},
        }
    )
    return table, int(open_.sum())


def _median(values: npt.NDArray[np.int64]) -> float:
    """Return the median, reordering `values`.

    numpy selects one place of whole numbers about ten times faster than the two or
    three that its own median asks for.
    """
    middle = len(values) // 2
    values.partition(middle)
    upper = values[middle]
    lower = upper if len(values) % 2 else values[:middle].max()
    return float(lower + upper) / 2


def _at_least(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Turn users whose attempt ended at each step into users who reached it."""
    return np.flip(np.cumsum(np.flip(counts, -1), -1), -1)
