"""The life cycle: who came, stayed, came back and fell silent, period by period."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import altair as alt
import numpy as np
import pandas as pd

from opslib import active, cohorts, kernels, periods
from opslib.analyses._lifecycle_chart import draw
from opslib.analyses._lifecycle_kernels import (
    count_users,
    from_birth,
    last_seen,
    states,
)
from opslib.cohorts import Events
from opslib.conditions import Condition
from opslib.eventlog import EventLog, as_log
from opslib.periods import Dates, Period
from opslib.result import Error, Note, Result, check_choice, say
from opslib.stats.proportions import wilson
from opslib.words import text

STATES = ("new", "retained", "resurrected", "dormant", "churned", "lost")
FEWEST_USERS = 30
MOST_SILENT = 366


@dataclass(frozen=True, kw_only=True, eq=False)
class LifecycleResult(Result):
    """Users by what they are in each period; `table` has a row per period and state.

    period: the first day of the period.
    state: "new", "retained" and "resurrected" are the active users; "dormant" and
        "churned" all those silent by then, for less than or for at least `churn_after`
        periods; "lost" those active in the period before and silent in this one, who
        are among the silent as well.
    users: how many; in a period that is not over, so far.
    mature: whether the period was over at the end of observation. Until then nobody
        is lost for sure.

    Attributes:
        unit: "day", "week" or "month".
        churn_after: From how many silent periods on a user counts as churned.
    """

    unit: Period
    churn_after: int
    log: EventLog = field(repr=False)
    shown: active.Span = field(repr=False)
    event: Events = field(repr=False)
    birth: Events = field(repr=False)
    where: Sequence[Condition] = field(repr=False)

    @cached_property
    def flows(self) -> pd.DataFrame:
        """What made the active users of each period that is over more or fewer.

        Columns period, active, gained (new and resurrected), lost, and pulse, which is
        gained / lost, with its 95 % interval low to high. Gained, lost and pulse are
        empty in the period in which history starts, before which nobody is known.
        """
        wide = self.table[self.table["mature"]].pivot_table(
            index="period", columns="state", values="users", sort=False
        )
        wide = wide.reindex(columns=list(STATES)).astype(float)
        gained, lost = wide["new"] + wide["resurrected"], wide["lost"]
        known = np.arange(len(wide)) + self.shown.low > 0
        gained, lost = gained.where(known), lost.where(known)
        # Two counts differ as one is a share of both: Przyborowski and Wilenski (1940).
        some = lost.where(lost > 0)
        low, high = wilson(gained.fillna(0), (gained + some).fillna(0))
        return pd.DataFrame(
            {
                "period": wide.index,
                "active": wide["retained"] + wide["new"] + wide["resurrected"],
                "gained": gained,
                "lost": lost,
                "pulse": gained / some,
                "low": low / (1 - low),
                "high": high / (1 - high),
            }
        ).reset_index(drop=True)

    def users(self, period: str | dt.date, state: str) -> pd.Series:
        """Return the ids of the users in a state.

        Args:
            period: A day of the column `period`.
            state: A state of the column `state`.

        Raises:
            Error: The table has no such period or state.
        """
        at = active.place(self.log, self.shown, period)
        if state not in STATES:
            raise Error("option.choice", option="state", got=state, choices=STATES)
        acts, _ = _acts(self.log, self.shown, self.event, self.birth, self.where)
        of_day = periods.of_days(self.shown.edges, self.log.days)
        seen = np.full((len(acts.users), 3), -1, np.int32)
        kernels.over_users(
            lambda u, end: last_seen(u, end, *acts[1:4], of_day, at, seen),
            acts.offsets,
        )
        born, before, last = seen.T
        silent = at - last
        known = born >= 0
        found = {
            "new": known & (born == at),
            "retained": (silent == 0) & (before == at - 1) & (born < at),
            "resurrected": (silent == 0) & (before < at - 1) & (born < at),
            "dormant": known & (silent > 0) & (silent < self.churn_after),
            "churned": known & (silent > 0) & (silent >= self.churn_after),
            "lost": known & (silent == 1),
        }
        return self.log.ids(acts.users[known & found[state]])

    def chart(self, lang: str = "en") -> alt.Chart | alt.LayerChart:
        """Draw the active users above the line, and below it those who were lost.

        The latest 104 periods; those lost only where the period is over. The active
        users of the periods before are a dashed line.
        """
        return draw(
            self.table,
            None if self.previous is None else self.previous.table,
            lang,
            unit=text(f"active.{self.unit}", lang),
            begins=self.shown.low == 0,
            alt_text=self.describe(lang),
        )

    def describe(self, lang: str = "en") -> str:
        """State who was active last, where they came from, and who was lost."""
        over = self.table[self.table["mature"]]
        per = Note(f"active.per_{self.unit}")
        unit = Note(f"active.{self.unit}")
        if over.empty:
            until = self.log.until
            day = periods.days(until - 1, until, self.log.timezone)[0]
            return say(lang, Note("active.too_early", unit=unit, until=day))
        day = over["period"].iloc[-1]
        now = over[over["period"] == day].set_index("state")["users"]
        flow = self.flows.iloc[-1]
        n = int(flow["active"])
        when = active.when(self.unit, day)
        if np.isnan(flow["gained"]):
            return say(lang, Note("lifecycle.first", n=n, when=when))
        told = {state: int(now[state]) for state in STATES}
        came = Note("lifecycle.active", n=n, when=when, unit=unit, **told)
        lost = _lost(told["lost"], told["lost"] + told["retained"], unit)
        return say(lang, came, lost, self._pulse(flow), self._change(per))

    def _pulse(self, flow: pd.Series) -> Note:
        if not flow["lost"]:
            return Note("lifecycle.no_pulse")
        # However many came: a ratio to a few is anything.
        if flow["lost"] < FEWEST_USERS:
            return Note("lifecycle.few", least=FEWEST_USERS)
        return Note("lifecycle.pulse", **flow[["pulse", "low", "high"]])

    def _change(self, per: Note) -> Note | None:
        if self.previous is None:
            return None
        # Where history starts the period may be short.
        before = self.previous.flows.dropna(subset="gained")["active"]
        return active.change("lifecycle.change", self.flows["active"], before, per)


def lifecycle(
    log: Any,  # noqa: ANN401
    *,
    period: Period = "week",
    churn_after: int = 4,
    event: Events = None,
    birth: Events = None,
    week_start: str = "monday",
    dates: Dates | None = None,
    where: Sequence[Condition] = (),
    compare: Literal["previous"] | None = None,
) -> LifecycleResult:
    """Count who is new, retained, resurrected, dormant, churned and lost by period.

    A user is new in the calendar period of the first event that counts, or of `birth`,
    retained when
    also active in the period before, else resurrected; dormant when silent for 1 to
    `churn_after` - 1 periods, churned from then on. Lost are those who were active in
    the period before and are silent in this one, so that always
    active = active before - lost + new + resurrected.

    Args:
        log: EventLog, or a table with columns user, event and time.
        period: "day", "week" or "month", in the timezone of the log.
        churn_after: Silent periods from which on a user counts as churned, from 1.
        event: Event or events that count as activity; None is any.
        birth: Event or events that begin a user, such as a sign-up: the first of them
            that meets `where` makes the user new, and is activity itself. What the user
            did before does not count, nor does who has none; warnings count both. None
            is the first activity.
        week_start: First day of the week, "monday" to "sunday".
        dates: First and last day, both included: the periods to show, each of them
            whole. Earlier history still decides who is new. None is all.
        where: Conditions on the events that count.
        compare: "previous" also computes as many periods just before; None and a
            warning where there are none.

    Raises:
        Error: An option is none of the known, names an event or a property that is
            not there, or nobody was active in `dates`.

    References:
        Lifecycle as in PostHog and Amplitude, whose pulse or quick ratio is
        (new + resurrected) / lost; Przyborowski and Wilenski (1940) for its interval.

    Example:
        >>> log = EventLog.from_frame(
        ...     pd.DataFrame({
        ...         "user": ["ann", "ann", "bob", "cy"],
        ...         "event": ["open"] * 4,
        ...         "time": ["2026-03-01", "2026-03-02", "2026-03-01", "2026-03-02"],
        ...     }),
        ...     user="user", event="event", time="time",
        ... )
        >>> table = lifecycle(log, period="day").table
        >>> table[table["period"] == "2026-03-02"][["state", "users"]]
                   state  users
        6            new      1
        7       retained      1
        8    resurrected      0
        9        dormant      1
        10       churned      0
        11          lost      1
    """
    log = as_log(log)
    check_choice("compare", compare, ["previous"])
    if not (type(churn_after) is int and 1 <= churn_after <= MOST_SILENT):
        low, high = 1, MOST_SILENT
        raise Error(
            "option.range", option="churn_after", low=low, high=high, got=churn_after
        )
    shown = active.span(log, period, week_start, dates)
    acts, left_out = _acts(log, shown, event, birth, where)
    edges, low, high = shown
    of_day = periods.of_days(edges, log.days)
    parts = kernels.over_users(
        lambda u, end: count_users(u, end, *acts[1:4], of_day, churn_after),
        acts.offsets,
    )
    counts = states(parts, len(edges) - 1)[:, low:high]
    if not counts[:3].any():
        raise active.nobody(log, dates)
    table = pd.DataFrame(
        {
            "period": np.repeat(periods.names(edges, log.timezone)[low:high], 6),
            "state": STATES * (high - low),
            "users": counts.T.ravel(),
            "mature": np.repeat(periods.complete(edges, log.until)[low:high], 6),
        }
    )
    told = [*active.notes(log, shown, dates), *left_out]
    if low == 0 and birth is None:
        told.append(Note("lifecycle.history", first=log.dates[0], n=int(counts[0, 0])))
    previous = None
    if compare:
        previous, more = active.before(
            log,
            shown,
            lambda days: lifecycle(
                log,
                period=period,
                churn_after=churn_after,
                event=event,
                birth=birth,
                week_start=week_start,
                dates=days,
                where=where,
            ),
        )
        told += more
    return LifecycleResult(
        table=table,
        warnings=tuple(told),
        previous=previous,
        unit=period,
        churn_after=churn_after,
        log=log,
        shown=shown,
        event=event,
        birth=birth,
        where=tuple(where),
    )


def _lost(lost: int, of: int, unit: Note) -> Note | None:
    """Say how many of those active before were lost; of a few without a share."""
    if of < FEWEST_USERS:
        return Note("lifecycle.lost_few", n=lost, of=of, unit=unit) if of else None
    low, high = wilson(lost, of)
    bounds = {"share": lost / of, "low": float(low), "high": float(high)}
    return Note("lifecycle.lost_of", n=lost, of=of, unit=unit, **bounds)


def _acts(
    log: EventLog,
    shown: active.Span,
    event: Events,
    birth: Events,
    where: Sequence[Condition],
) -> tuple[active.Acts, list[Note]]:
    """Return the rows that count, and say who is left out for want of a birth."""
    if birth is None:
        return active.acts(log, event, where), []
    births = cohorts.wanted(log, birth, "birth")
    acting, met = cohorts.wanted(log, event, "event"), cohorts.kept(log, where)
    edges, low, high = shown
    keep = np.empty(len(log.time), bool)
    parts = kernels.over_users(
        lambda u, end: from_birth(
            u,
            end,
            log.offsets,
            log.time,
            log.event,
            met,
            acting,
            births,
            edges[low],
            edges[high],
            keep,
        ),
        log.offsets,
    )
    if not keep.any():
        raise Error("active.none")
    names = [birth] if isinstance(birth, str) else list(birth)
    told = {"birth": names, "first": log.dates[0]}
    codes = ("lifecycle.unborn", "lifecycle.before_birth")
    counts = zip(codes, np.sum(parts, axis=0), strict=True)
    everyone = np.arange(len(log.users), dtype=np.int32)
    acts = active.Acts(everyone, log.offsets, log.day, keep, log.time)
    return acts, [Note(code, n=int(n), **told) for code, n in counts if n]
