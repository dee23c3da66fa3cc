"""Activity: how many users are active, how often, and at which hours of the week."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import altair as alt
import numpy as np
import pandas as pd

from opslib import active, kernels, periods
from opslib.analyses import _activity_charts as charts
from opslib.analyses._activity_kernels import count_activity, count_periods
from opslib.analyses._activity_tables import by_hour, frequency, stickiness, windows
from opslib.cohorts import Events
from opslib.conditions import Condition
from opslib.eventlog import EventLog, as_log
from opslib.periods import Dates, Instants, Period
from opslib.result import Note, Result, check_choice, check_range, say
from opslib.words import text

WEEK = 7 * 86_400_000_000
# Ten years: what users did at which hour before then says little of now.
MOST_DAYS = 3_660
FEWEST_WEEKS = 4
BEST = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class ActivityResult(Result):
    """Users who were active; `table` has one row per period.

    period: the first day of the period.
    active, new, events: different users with an event that counts, those of them whose
        first one it was, and the events; in a period that is not over, so far.
    wau, mau: different users of the 7 and of the 30 days that end with the last day of
        the period.
    dau_wau, dau_mau: the users of a day / those of the 7 or 30 days that end with it,
        0 to 1; of a week or month the mean over its days.
    wau_mau: the users of 7 days / those of the 30 that end with the same day, likewise.
    mature: whether the period was over at the end of observation.

    The five are empty in a period that is not over, and until the data cover the 7 or
    30 days of every day in it.

    Attributes:
        unit: "day", "week" or "month".
        stickiness: Of the periods that are over, on how many different ones users were
            active: periods, users (on exactly so many), users_at_least, and share,
            which is users_at_least / those active at all, with low and high.
        frequency: How many events they had in these periods: events_from, events_to
            (both included), users, share of them.
    """

    unit: Period
    stickiness: pd.DataFrame
    frequency: pd.DataFrame
    log: EventLog = field(repr=False)
    shown: active.Span = field(repr=False)
    event: Events = field(repr=False)
    where: Sequence[Condition] = field(repr=False)
    week_start: str = field(repr=False)

    @cached_property
    def hours(self) -> pd.DataFrame:
        """The hours of the week, from all days shown that are over, at most ten years.

        Columns weekday, hour (0 to 23 by the clock of the log), hours (how many such
        hours passed: an hour that the clock skips did not, one that it repeats did
        twice), events, users (different ones), events_per_hour and users_per_hour:
        events, and users active, in one such hour on average.
        """
        acts = active.acts(self.log, self.event, self.where)
        return by_hour(acts, self._days_over, self.log.timezone, self.week_start)

    @property
    def _days_over(self) -> Instants:
        edges, low, high = self.shown
        days = periods.edges(
            int(edges[low]), int(edges[high]) - 1, "day", self.log.timezone
        )
        # The first and last week or month reach beyond the data.
        first, _ = periods.span(self.log.dates, self.log.timezone)
        inside = (days >= first) & (days <= self.log.until)
        return days[inside][-MOST_DAYS - 1 :]

    def users(
        self,
        period: str | dt.date | None = None,
        *,
        new: bool = False,
        at_least: int = 1,
    ) -> pd.Series:
        """Return the ids of active users.

        Args:
            period: A day of the column `period`; None is all periods that are over,
                the users behind `stickiness`.
            new: Only those whose first event that counts lies there.
            at_least: Only those active in at least so many of these periods.

        Raises:
            Error: The table has no such period, or so many.
        """
        edges, low, high = self.shown
        high = _over(self.shown, self.log.until)
        if period is not None:
            low = active.place(self.log, self.shown, period)
            high = low + 1
        check_range("at_least", at_least, 1, max(1, high - low))
        acts = active.acts(self.log, self.event, self.where)
        of_day = periods.of_days(edges, self.log.days)
        seen = np.zeros((len(acts.users), 2), np.int32)
        kernels.over_users(
            lambda u, end: count_periods(u, end, *acts[1:4], of_day, low, high, seen),
            acts.offsets,
        )
        born, count = seen.T
        found = (count >= at_least) & ((born >= low) | (not new))
        return self.log.ids(acts.users[found])

    def chart(self, lang: str = "en") -> alt.TopLevelMixin:
        """Draw the active users per period, and below it their share of 30 days."""
        before = None if self.previous is None else self.previous.table
        unit = text(f"active.{self.unit}", lang)
        return charts.users(self.table, before, lang, unit, self.describe(lang))

    def stickiness_chart(self, lang: str = "en") -> alt.Chart | alt.LayerChart:
        """Draw which share of users was active in at least so many periods."""
        before = None if self.previous is None else self.previous.stickiness
        title = text(f"activity.{self.unit}s", lang)
        return charts.stickiness(self.stickiness, before, lang, title)

    def hours_chart(self, lang: str = "en") -> alt.Chart | alt.LayerChart:
        """Draw the hours of the week, the darker the more users are active."""
        said = self._best() or Note("activity.no_hours")
        return charts.hours(self.hours, lang, said.text(lang))

    def describe(self, lang: str = "en") -> str:
        """State the mean of active users, their share of 30 days, the best hours."""
        over = self.table[self.table["mature"]]
        per = Note(f"active.per_{self.unit}")
        if over.empty:
            until = self.log.until
            day = periods.days(until - 1, until, self.log.timezone)[0]
            unit = Note(f"active.{self.unit}")
            return say(lang, Note("active.too_early", unit=unit, until=day))
        over = self._whole
        users = over["active"]
        mean = Note(
            "activity.mean",
            mean=float(users.mean()),
            per=per,
            over=Note(f"activity.over_{self.unit}", n=len(users)),
            low=int(users.min()),
            high=int(users.max()),
        )
        changed = None
        if self.previous is not None:
            before = self.previous._whole["active"]  # noqa: SLF001
            changed = active.change("activity.change", users, before, per)
        share = over["dau_mau"].dropna()
        ratio = Note("activity.no_ratio")
        if len(share):
            ratio = Note(
                "activity.ratio",
                share=float(share.mean()),
                over=Note(f"activity.over_{self.unit}", n=len(share)),
            )
        return say(lang, mean, changed, ratio, self._best())

    @property
    def _whole(self) -> pd.DataFrame:
        """The periods that are over, without a first one that the data begin in."""
        over = self.table[self.table["mature"]]
        return over[int(_begun(self.log, self.shown) and len(over) > 1) :]

    def _best(self) -> Note | None:
        """Name the hours of the week in which most users are active."""
        hours = self.hours
        if not hours["events"].sum():
            return None
        if not hours.loc[hours["hour"] > 0, "events"].any():
            return Note("activity.no_hours")
        # Of hours that are alike the earlier in the week is named first.
        best = hours.sort_values("users_per_hour", ascending=False, kind="stable")
        best = best[best["users"] > 0].head(BEST)
        usual = (hours["users_per_hour"] * hours["hours"]).sum() / hours["hours"].sum()
        named = [
            Note(
                "activity.hour",
                day=Note(f"activity.{weekday}"),
                start=f"{hour:02d}:00",
                end=f"{hour + 1:02d}:00",
            )
            for weekday, hour in zip(best["weekday"], best["hour"], strict=True)
        ]
        times = float(best["users_per_hour"].mean() / usual)
        weeks = int(hours["hours"].max())
        if len(named) < BEST:
            return Note("activity.best_one", first=named[0])
        first, second, third = named
        return Note(
            "activity.best",
            first=first,
            second=second,
            third=third,
            times=times,
            n=weeks,
        )


def activity(
    log: Any,  # noqa: ANN401
    *,
    period: Period = "day",
    event: Events = None,
    week_start: str = "monday",
    dates: Dates | None = None,
    where: Sequence[Condition] = (),
    compare: Literal["previous"] | None = None,
) -> ActivityResult:
    """Count the different users who were active, by period, in how many, and when.

    All counts are of different users, exact. Windows of 7 and 30 days are calendar days
    that end with the day in question, and a share of them is stated only when the log
    covers the whole window.

    Args:
        log: EventLog, or a table with columns user, event and time.
        period: "day", "week" or "month", in the timezone of the log.
        event: Event or events that count as activity; None is any.
        week_start: First day of the week, "monday" to "sunday".
        dates: First and last day, both included: the periods to show, each of them
            whole. Earlier history still decides who is new, and fills the windows.
            None is all.
        where: Conditions on the events that count.
        compare: "previous" also computes as many periods just before; None and a
            warning where there are none.

    Raises:
        Error: An option is none of the known, names an event or a property that is
            not there, or nobody was active in `dates`.

    References:
        DAU/MAU over trailing windows, and stickiness, as in Amplitude and PostHog;
        Wilson (1927) for the intervals.

    Example:
        >>> log = EventLog.from_frame(
        ...     pd.DataFrame({
        ...         "user": ["ann", "ann", "bob", "cy"],
        ...         "event": ["open"] * 4,
        ...         "time": ["2026-03-01", "2026-03-02", "2026-03-01", "2026-03-02"],
        ...     }),
        ...     user="user", event="event", time="time",
        ... )
        >>> result = activity(log)
        >>> result.table[["period", "active", "new", "events"]]
              period  active  new  events
        0 2026-03-01       2    2       2
        1 2026-03-02       2    1       2
        >>> result.stickiness[["periods", "users", "users_at_least"]]
           periods  users  users_at_least
        0        1      2               3
        1        2      1               1
    """
    log = as_log(log)
    check_choice("compare", compare, ["previous"])
    shown = active.span(log, period, week_start, dates)
    acts = active.acts(log, event, where)
    edges, low, high = shown
    days, over = log.days, _over(shown, log.until)
    of_day = periods.of_days(edges, days)
    parts = kernels.over_users(
        lambda u, end: count_activity(u, end, *acts[1:4], of_day, low, over),
        acts.offsets,
    )
    by_day, by_period, by_periods, by_events = (
        np.sum(part, axis=0) for part in zip(*parts, strict=True)
    )
    users, new = by_period[:, low:high]
    if not users.any():
        raise active.nobody(log, dates)
    events = np.bincount(of_day, by_day[0, : len(of_day)]).astype(int)
    trailing = windows(log, by_day, edges)
    table = pd.DataFrame(
        {
            "period": periods.names(edges, log.timezone)[low:high],
            "active": users,
            "new": new,
            "events": events[low:high],
            **{name: v[low:high] for name, v in trailing.items()},
            "mature": periods.complete(edges, log.until)[low:high],
        }
    )
    told = active.notes(log, shown, dates)
    if low == 0:
        told.append(Note("activity.history", first=log.dates[0], n=int(new[0])))
    if _begun(log, shown):
        told.append(Note("activity.begun"))
    told += _about_hours(log, shown)
    previous = None
    if compare:
        previous, more = active.before(
            log,
            shown,
            lambda some: activity(
                log,
                period=period,
                event=event,
                week_start=week_start,
                dates=some,
                where=where,
            ),
        )
        told += more
    return ActivityResult(
        table=table,
        warnings=tuple(told),
        previous=previous,
        unit=period,
        stickiness=stickiness(by_periods),
        frequency=frequency(by_events),
        log=log,
        shown=shown,
        event=event,
        where=tuple(where),
        week_start=week_start,
    )


def _begun(log: EventLog, shown: active.Span) -> bool:
    """Say whether the first of the periods shown had begun before the data do."""
    return bool(shown.edges[shown.low] < periods.span(log.dates, log.timezone)[0])


def _over(shown: active.Span, until: int) -> int:
    """Return the end of the periods shown that are over."""
    edges, low, high = shown
    return max(low, min(high, int(periods.complete(edges, until).sum())))


def _about_hours(log: EventLog, shown: active.Span) -> list[Note]:
    """Tell where the hours of the week rest on few weeks, or not on all of them."""
    begin, end = shown.edges[shown.low], min(shown.edges[shown.high], log.until)
    weeks = (end - begin) / WEEK
    if weeks < FEWEST_WEEKS:
        return [Note("activity.few_weeks", least=FEWEST_WEEKS)]
    return [Note("activity.many_days", n=MOST_DAYS)] if 7 * weeks > MOST_DAYS else []
