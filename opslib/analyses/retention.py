"""Retention: of the users who began together, how many come back how much later."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import altair as alt
import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib import charts, cohorts, periods
from opslib.cohorts import Events
from opslib.conditions import Condition
from opslib.eventlog import EventLog, as_log
from opslib.periods import Dates, Instants, Period
from opslib.result import Error, Note, Result, check_choice, say
from opslib.stats.proportions import wilson
from opslib.words import text

COUNTS = ("on", "on_or_after")
FEWEST_USERS = 30
# The ages people quote: 次日, 7 日, 30 日 retention and their like.
QUOTED = {"day": (1, 7, 30), "week": (1, 4, 12), "month": (1, 3, 12)}


@dataclass(frozen=True, kw_only=True, eq=False)
class RetentionResult(Result):
    """Users who came back; `table` has one row per cohort and age.

    Only cells whose period had begun by the end of observation have a row.

    cohort: first day of the period in which these users began.
    age: periods between the cohort and the period looked at, from 0.
    users: users of the cohort.
    retained: those who came back so far; all of them at age 0.
    share, low, high: retained / users, 0 to 1, with its Wilson 95 % interval; NaN
        where the period is not over.
    mature: whether the period was over at the end of observation.

    Attributes:
        period: "day", "week" or "month".
        count: "on" or "on_or_after".
    """

    period: Period
    count: str
    log: EventLog = field(repr=False)
    edges: Instants = field(repr=False)
    began: npt.NDArray[np.int32] = field(repr=False)
    back: Events = field(repr=False)
    where: Sequence[Condition] = field(repr=False)

    @cached_property
    def curve(self) -> pd.DataFrame:
        """Mature cells of all cohorts pooled: age, users, retained, share, low, high.

        An age without a mature cell has no users and an empty share.
        """
        cells = self.table.assign(
            users=self.table["users"].where(self.table["mature"], 0),
            retained=self.table["retained"].where(self.table["mature"], 0),
        )
        pooled = cells.groupby("age", as_index=False)[["users", "retained"]].sum()
        return _with_shares(pooled)

    def users(
        self, cohort: str | dt.date | None, age: int, *, retained: bool = True
    ) -> pd.Series:
        """Return the ids behind a cell, or with `retained=False` those not in it.

        Args:
            cohort: A day of the column `cohort`; None is all cohorts for which the age
                is mature, the users behind the curve.
            age: An age of the table.
            retained: Those who came back, or else those who have not (so far).

        Raises:
            Error: The table has no such cohort or age.
        """
        ages = self.table["age"].unique()
        if age not in ages:
            low, high = int(ages.min()), int(ages.max())
            raise Error("option.range", option="age", got=age, low=low, high=high)
        age = int(age)  # A row of the table may hold it as a float.
        if cohort is None:
            over = self.edges[1:] <= self.log.until
            last = int(over.sum()) - 1 - age
            some = np.flatnonzero((self.began >= 0) & (self.began <= last))
        else:
            names = periods.names(self.edges, self.log.timezone)
            day = pd.to_datetime(str(cohort), errors="coerce")
            known = self.table["cohort"].drop_duplicates()
            if not (known == day).any():
                days = [one.date().isoformat() for one in known]
                raise Error("option.choice", option="cohort", got=cohort, choices=days)
            some = np.flatnonzero(self.began == names.get_loc(day))
        if age == 0:
            return self.log.ids(some if retained else some[:0])
        came = cohorts.came(
            self.log,
            some,
            wanted=cohorts.wanted(self.log, self.back, "back"),
            keep=cohorts.kept(self.log, self.where),
            period=self.began[some] + age,
            edges=self.edges,
            count=self.count,
        )
        return self.log.ids(some[came == retained])

    def chart(self, lang: str = "en") -> alt.Chart | alt.LayerChart:
        """Draw the cohorts as a heat map: the latest 60 and the first 30 ages."""
        return charts.cohort_grid(
            self.table,
            lang,
            age_title=text(SAID[self.period][0], lang),
            month=self.period == "month",
            alt_text=self.describe(lang),
        )

    def curve_chart(self, lang: str = "en") -> alt.Chart | alt.LayerChart:
        """Draw the pooled share by age with its interval, and the previous period.

        Ages that fewer than 30 users have reached are not drawn, unless all are so.
        """
        drawn = {"retention.now": self, "retention.before": self.previous}
        curves = {text(k, lang): _enough(r.curve) for k, r in drawn.items() if r}
        return charts.share_curve(
            curves,
            lang,
            age_title=text(SAID[self.period][0], lang),
            alt_text=self.describe(lang),
        )

    def describe(self, lang: str = "en") -> str:
        """State the retention at the ages people quote, with interval and users."""
        later = self.curve[self.curve["age"] > 0]
        enough = later[later["users"] >= FEWEST_USERS]
        if enough.empty:
            most = int(later["users"].max()) if len(later) else 0
            code = "retention.too_few" if most else "retention.too_early"
            return say(
                lang, Note(code, n=most, least=FEWEST_USERS, until=self._last_day)
            )
        quoted = enough[enough["age"].isin(QUOTED[self.period])]
        shown = quoted if len(quoted) else enough.iloc[sorted({0, len(enough) - 1})]
        rates = [self._rate(row) for row in shown.to_dict("records")]
        open_cells = bool((~self.table["mature"]).any())
        left = Note("retention.left", until=self._last_day) if open_cells else None
        return say(lang, *rates, self._change(int(shown["age"].iloc[0])), left)

    @property
    def _last_day(self) -> dt.date:
        return periods.days(self.log.until - 1, self.log.until, self.log.timezone)[0]

    def _when(self, age: int) -> Note:
        _, first, later = SAID[self.period]
        when = Note(first) if age == 1 else Note(later, age=age)
        return when if self.count == "on" else Note("retention.or_later", when=when)

    def _rate(self, row: dict[Any, Any]) -> Note:
        pooled = (self.table["age"] == row["age"]) & self.table["mature"]
        return Note(
            "retention.rate",
            when=self._when(row["age"]),
            **row,
            n=int(pooled.sum()),
        )

    def _change(self, age: int) -> Note | None:
        """Compare with the previous period; the interval is that of Newcombe (1998)."""
        if self.previous is None:
            return None
        if self.count == "on_or_after":
            return Note("retention.change_unequal")
        now, before = (
            one.curve.set_index("age").reindex([age]).iloc[0]
            for one in (self, self.previous)
        )
        if not before["users"] >= FEWEST_USERS:
            return Note("retention.no_change", when=self._when(age), least=FEWEST_USERS)
        change = now["share"] - before["share"]
        down = np.hypot(now["share"] - now["low"], before["high"] - before["share"])
        up = np.hypot(now["high"] - now["share"], before["share"] - before["low"])
        return Note(
            "retention.change",
            when=self._when(age),
            before=before["share"],
            change=change,
            low=change - down,
            high=change + up,
        )


# The title of the ages, the name of age 1 and of every other.
SAID = {
    "day": ("retention.days", "retention.on_day_1", "retention.on_day"),
    "week": ("retention.weeks", "retention.in_week_1", "retention.in_week"),
    "month": ("retention.months", "retention.in_month_1", "retention.in_month"),
}


def retention(
    log: Any,  # noqa: ANN401
    *,
    start: Events = None,
    back: Events = None,
    period: Period = "day",
    ages: int | Sequence[int] | None = None,
    count: Literal["on", "on_or_after"] = "on",
    week_start: str = "monday",
    dates: Dates | None = None,
    where: Sequence[Condition] = (),
    compare: Literal["previous"] | None = None,
) -> RetentionResult:
    """Count, of the users who began in the same period, those who came back later.

    A user belongs to the calendar period of the first start event ever, and is
    retained at age k if a return event falls into the period k later ("on"), or into
    it or any later one ("on_or_after"). At age 0 everyone is. A cell has a share only
    when its period was over at `log.until`.

    Args:
        log: EventLog, or a table with columns user, event and time.
        start: Event or events that begin a user; None is any.
        back: Event or events that count as coming back; None is any.
        period: "day", "week" or "month", in the timezone of the log.
        ages: The ages to show, 0 to 366: a list, or n for 0 to n; None is all.
        count: "on" or "on_or_after".
        week_start: First day of the week, "monday" to "sunday".
        dates: First and last day, both included, on which users began; None is all.
            Earlier history still decides whether that was their first start event.
        where: Conditions on the events that count, start and return alike.
        compare: "previous" also computes the period of equal length just before; None
            and a warning where the data begin with the period, as they do without
            `dates`, or where nobody began in it.

    Raises:
        Error: An option is none of the known, names an event or a property that is
            not there, or nobody began in `dates`.

    References:
        Calendar cohorts as in PostHog and, with `log.until`, the pooled mean over
        finished cells as in Amplitude; Wilson (1927) for the intervals.

    Example:
        >>> log = EventLog.from_frame(
        ...     pd.DataFrame({
        ...         "user": ["ann", "ann", "bob", "cy"],
        ...         "event": ["open"] * 4,
        ...         "time": ["2026-03-01", "2026-03-02", "2026-03-01", "2026-03-02"],
        ...     }),
        ...     user="user", event="event", time="time",
        ... )
        >>> table = retention(log).table
        >>> table[["cohort", "age", "users", "retained", "share", "mature"]]
              cohort  age  users  retained  share  mature
        0 2026-03-01    0      2         2    1.0    True
        1 2026-03-01    1      2         1    0.5    True
        2 2026-03-02    0      1         1    1.0    True
    """
    log = as_log(log)
    check_choice("count", count, COUNTS)
    check_choice("compare", compare, ["previous"])
    edges = cohorts.calendar(log, period, week_start)
    keep = cohorts.kept(log, where)
    began = cohorts.began(log, cohorts.wanted(log, start, "start"), keep, dates, edges)
    lines, users = np.unique(began[began >= 0], return_counts=True)
    oldest = len(edges) - 2 - int(lines[0])
    shown = cohorts.ages(ages, min(oldest, cohorts.MOST_AGES))
    retained = cohorts.retained(
        log,
        wanted=cohorts.wanted(log, back, "back"),
        keep=keep,
        began=began,
        edges=edges,
        last_age=int(shown.max()),
        count=count,
    )[:, shown]
    retained[:, shown == 0] = users[:, None]
    at = lines[:, None] + shown
    begun = at < len(edges) - 1
    line, column = np.nonzero(begun)
    table = pd.DataFrame(
        {
            "cohort": periods.names(edges, log.timezone)[lines[line]],
            "age": shown[column],
            "users": users[line],
            "retained": retained[begun],
        }
    )
    table = _with_shares(table, mature=edges[at[begun] + 1] <= log.until)
    more = [Note("retention.unequal")] if count == "on_or_after" else []
    previous = None
    chosen = log.dates if dates is None else dates
    if compare and periods.span(chosen, log.timezone)[0] <= log.time.min():
        more.append(Note("periods.nothing_before"))
    elif compare:
        options: dict[str, Any] = {"start": start, "back": back, "period": period}
        options |= {"ages": ages, "count": count, "week_start": week_start}
        try:
            previous = retention(
                log, dates=periods.before(chosen), where=where, **options
            )
            # Who was there already when the data begin is not new in the period before.
            more += [n for n in previous.warnings if n.code == "retention.history"]
        except Error as error:
            if error.code != "retention.nobody":
                raise
            more.append(Note("retention.no_previous"))
    return RetentionResult(
        table=table,
        warnings=(*_notes(log, table, began, edges, dates), *more),
        previous=previous,
        period=period,
        count=count,
        log=log,
        edges=edges,
        began=began,
        back=back,
        where=tuple(where),
    )


def _enough(curve: pd.DataFrame) -> pd.DataFrame:
    """Leave out the ages that too few users have reached, unless all are so."""
    enough = curve[curve["users"] >= FEWEST_USERS]
    return enough if enough["age"].any() else curve


def _with_shares(
    counts: pd.DataFrame, mature: npt.NDArray[np.bool_] | None = None
) -> pd.DataFrame:
    """Add share, low and high, empty where the period is not over, and mature."""
    over = True if mature is None else mature
    users = np.where(over, counts["users"], 0)
    low, high = wilson(counts["retained"], users)
    share: pd.Series = counts["retained"] / np.where(users > 0, users, np.nan)
    table = counts.assign(share=share, low=low, high=high)
    return table if mature is None else table.assign(mature=mature)


def _notes(
    log: EventLog,
    table: pd.DataFrame,
    began: npt.NDArray[np.int32],
    edges: Instants,
    dates: Dates | None,
) -> list[Note]:
    notes, sizes = [*log.left_out], np.bincount(began[began >= 0])
    if sizes[0]:
        notes.append(Note("retention.history", first=log.dates[0], n=int(sizes[0])))
    if dates is not None:
        begins, ends = periods.span(dates, log.timezone)
        if not {begins, ends} <= set(edges.tolist()):
            notes.append(Note("retention.cut"))
    if small := int(((sizes > 0) & (sizes < FEWEST_USERS)).sum()):
        notes.append(Note("retention.small", n=small, least=FEWEST_USERS))
    reached = table[table["mature"]].groupby("age")["users"].sum()
    thin = reached.drop(0, errors="ignore") < FEWEST_USERS
    if 0 < (n := int(thin.sum())) < len(thin):
        notes.append(Note("retention.thin", n=n, least=FEWEST_USERS))
    if open_cells := int((~table["mature"]).sum()):
        notes.append(Note("retention.open", n=open_cells))
    return notes
