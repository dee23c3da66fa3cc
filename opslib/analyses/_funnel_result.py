"""What a funnel found: its steps, trend, times and users, from the same attempts."""

from dataclasses import dataclass, field

import altair as alt
import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib import attempts, charts, periods
from opslib.analyses import _funnel_charts as drawing
from opslib.analyses import _funnel_views as views
from opslib.analyses._funnel_groups import FEWEST, Grouped, grouped
from opslib.analyses._funnel_table import names
from opslib.attempts import Attempts, Plan
from opslib.eventlog import EventLog
from opslib.periods import Period
from opslib.result import Error, Note, Result, check_choice, say
from opslib.stats.proportions import TwoProportions, wilson
from opslib.words import text


@dataclass(frozen=True, kw_only=True)
class FunnelResult(Result):
    """Users who reached each step; one row of `table` per step, in order.

    Columns of `table`:
        group: Value of the property `by`, None where it is missing; only with `by`,
            groups with most users first.
        step: Event name, with its conditions; with order "unordered" how many of the
            steps, as "2/3".
        users: Users whose attempt has this step.
        from_start: Share of the users at step 1, with its 95 % Wilson interval
            from_start_low to from_start_high; NaN when nobody was there.
        from_previous: Share of the users at the step before that is not optional; NaN
            at step 1.
        matured_from_start: As from_start, of only those whose window had closed when
            observation ended; NaN when it had for nobody.
        median_seconds, mean_seconds: Time since that step before; NaN at step 1.

    Attributes:
        window: Longest time from first to last step, in seconds.
        dates: First and last day of entry.
        comparison: With `baseline` the other groups beside it, of users whose window
            had closed, at the last step: group, n, share, difference, low, high (95 %
            score interval), p_value, p_adjusted (Holm); NaN under 30 users.
    """

    window: float
    dates: tuple[str, str]
    by: str | None
    baseline: str | None
    comparison: pd.DataFrame | None
    _log: EventLog = field(repr=False)
    _plan: Plan = field(repr=False)
    _found: Attempts = field(repr=False)
    _grouped: Grouped = field(repr=False)

    @property
    def steps(self) -> list[str]:
        """Names of the steps, first to last."""
        return names(self._plan)

    def users(
        self, step_index: int, *, group: int | None = None, dropped: bool = False
    ) -> pd.Series:
        """Return the ids of those who reached a step, or of those lost after it.

        Args:
            step_index: Position of the step, from 0.
            group: Position of the group in the table, from 0; None for all users.
            dropped: Only those who reached no later step, optional ones apart.

        Raises:
            Error: There is no such step or group.
        """
        last = len(self.steps) - 1
        if not 0 <= step_index <= last:
            raise Error(
                "option.range", option="step_index", low=0, high=last, got=step_index
            )
        if group is None:
            chosen = self._at(step_index, self._found, dropped=dropped)
            return self._log.ids(np.flatnonzero(chosen))
        parts = self._grouped
        last = len(parts.labels) - 1
        if not 0 <= group <= last:
            raise Error("option.range", option="group", low=0, high=last, got=group)
        chosen = self._at(step_index, parts.found, dropped=dropped)
        if len(parts.group):
            chosen &= parts.group == group
        some = np.flatnonzero(chosen)
        return self._log.ids(some if parts.user is None else parts.user[some])

    def over_time(
        self, period: Period = "day", *, week_start: str = "monday"
    ) -> pd.DataFrame:
        """Return the conversion by the period in which users entered.

        Args:
            period: "day", "week" or "month", in the timezone of the log.
            week_start: First day of the week.

        Returns:
            period (its first day), users, converted, share, low, high (Wilson, 95 %);
            the same of those whose window is over as matured_users, matured_share,
            matured_low, matured_high; with `by` first group, in the order of the
            table. Users add up to those of step 1, in every group.

        Raises:
            Error: `period` or `week_start` is none of the known ones.
        """
        check_choice("period", period, periods.PERIODS)
        check_choice("week_start", week_start, periods.WEEKDAYS)
        parts = self._again()
        found, groups = parts.found, len(parts.labels)
        inside = found.level >= 0
        if len(parts.group):
            inside &= parts.group >= 0
        table = views.over_time(
            self._log.time[found.row[inside]],
            found.level[inside] == len(self.steps) - 1,
            found.closed[inside],
            _of(parts, inside),
            groups,
            period=period,
            timezone=self._log.timezone,
            week_start=week_start,
        )
        return self._with_groups(table)

    def times(self, step_index: int | None = None) -> pd.DataFrame:
        """Return how long users took from the first step to another.

        Args:
            step_index: Position of the step, from 1; None for the last.

        Returns:
            from_seconds, to_seconds (not included; NaN in a last bin that is open),
            users, share of those who reached the step; with `by` first group, in the
            order of the table and all in the same bins.

        Raises:
            Error: There is no such step.

        References:
            Bins as PostHog's: the cube root of the users, whole seconds.
        """
        last = len(self.steps) - 1
        place = last if step_index is None else step_index
        if not 1 <= place <= last:
            raise Error(
                "option.range", option="step_index", low=1, high=last, got=place
            )
        parts = self._again()
        found = parts.found
        here = found.has(place)
        group = _of(parts, here)
        taken = np.zeros(int(here.sum()), np.int64)
        while place:
            taken += found.since[place][here[found.has(place)]]
            place = self._plan.before[place]
        inside = group >= 0
        groups = len(parts.labels)
        return self._with_groups(views.times(taken[inside], group[inside], groups))

    def _again(self) -> Grouped:
        """Find the attempts once more, with the rows and times that are not kept."""
        parts = self._grouped
        if parts.user is not None:
            return grouped(self._log, self._plan, self._found, self.by, "all_events")
        return parts._replace(found=attempts.find(self._log, self._plan))

    def _with_groups(self, table: pd.DataFrame) -> pd.DataFrame:
        """Put the group of each row first, of equally many rows per group."""
        if self.by is None:
            return table
        labels = self._grouped.labels
        groups = np.repeat(np.array(labels, object), len(table) // max(1, len(labels)))
        table.insert(0, "group", pd.Series(groups, dtype=object))
        return table

    def _at(
        self, place: int, found: Attempts, *, dropped: bool = False
    ) -> npt.NDArray[np.bool_]:
        """Say which attempts have a step, and went no further if `dropped`."""
        if not dropped:
            return found.has(place)
        last = place
        if self._plan.steps[place].optional:
            last = self._plan.before[place]
        return found.has(place) & (found.level == last)

    def chart(self, lang: str = "en") -> alt.Chart | alt.LayerChart:
        """Draw the share of entrants at each step, with its interval.

        What it was in the period before is a line across the bar, by group as well.
        """
        before = None if self.previous is None else self.previous._named(lang)  # noqa: SLF001
        return charts.steps_chart(self._named(lang), lang, self.describe(lang), before)

    def _named(self, lang: str) -> pd.DataFrame:
        """Return the table with a word for the missing group."""
        if self.by is None:
            return self.table
        missing = text("funnel.missing", lang)
        return self.table.assign(group=self.table["group"].fillna(missing))

    def over_time_chart(
        self, lang: str = "en", period: Period = "day"
    ) -> alt.Chart | alt.LayerChart:
        """Draw the conversion by period of entry, raw and matured, or by group."""
        return drawing.over_time(self.over_time(period), lang, self.describe(lang))

    def times_chart(
        self, lang: str = "en", step_index: int | None = None
    ) -> alt.Chart | alt.LayerChart:
        """Draw how long users took from the first step to another, or to the last."""
        return drawing.times(self.times(step_index), lang, self.describe(lang))

    def describe(self, lang: str = "en") -> str:
        """State the conversion, its interval and the weakest step."""
        entrants, shares = self._totals()
        unordered = self._plan.order == "unordered"
        first, last = self.steps[0], self.steps[-1]
        about = {"n": entrants[0], "first": first, "last": last}
        if unordered:
            about = {"n": entrants[0], "steps": [s.label for s in self._plan.steps]}
        way = "_any" if unordered else ""
        if not entrants[0]:
            begin, end = self.dates
            told = {"step": first, "begin": begin, "end": end} | about
            return Note(f"funnel.nobody{way}", **told).text(lang)
        if entrants[0] < FEWEST:
            few = Note(f"funnel.few{way}", **about, reached=entrants[-1], need=FEWEST)
            return say(lang, few)
        low, high = wilson(entrants[-1], entrants[0])
        answer = Note(
            f"funnel.answer{way}",
            **about,
            share=shares[-1],
            low=float(low),
            high=float(high),
            window=self.window,
        )
        return say(
            lang, answer, *self._change(), self._weakest(entrants), self._verdict()
        )

    def _weakest(self, entrants: npt.NDArray[np.int64]) -> Note | None:
        """Name the step that most are lost before; optional ones lose nobody."""
        must = [k for k, step in enumerate(self._plan.steps) if not step.optional]
        if len(must) < 3 or self._plan.order == "unordered":
            return None
        there = entrants[must]
        weakest = int(np.argmin(there[1:] / np.maximum(there[:-1], 1)))
        if not (before := int(there[weakest])):
            return None
        return Note(
            "funnel_counts.weakest",
            step=self.steps[must[weakest + 1]],
            share=there[weakest + 1] / before,
        )

    def _verdict(self) -> Note | None:
        """Say which groups differ from the baseline."""
        if self.comparison is None:
            return None
        tested = self.comparison.dropna(subset="p_adjusted")
        if tested.empty:
            return Note("funnel.none_compared", baseline=self.baseline, need=FEWEST)
        differ = tested.loc[tested["p_adjusted"] <= 0.05, "group"]
        named = [Note("funnel.missing") if x is None else x for x in differ]
        if named:
            return Note("funnel_counts.differ", groups=named, baseline=self.baseline)
        return Note("funnel_counts.none_differ", n=len(tested), baseline=self.baseline)

    def _totals(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Return users at each step over all groups, and their shares of the first."""
        reached = np.array([self._found.has(k).sum() for k in range(len(self.steps))])
        return reached, reached / max(int(reached[0]), 1)

    def _matured(self) -> tuple[int, int]:
        """Count whose window is over, and of them who reached the last step."""
        over = self._found.level[self._found.closed]
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


def _of(parts: Grouped, chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    """Return the group of each attempt chosen, -1 for none."""
    if len(parts.group):
        return parts.group[chosen]
    return np.zeros(int(chosen.sum()), np.int32)
