"""The result of retention: cells, the curve, the trend, and the users behind them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib import charts, periods
from opslib.ages import Spans
from opslib.analyses import _retention_views as views
from opslib.analyses._retention_cells import Amounts, Lines, Plan, Spread, some
from opslib.analyses._retention_words import FEWEST_USERS, Answer, Said, enough, span
from opslib.result import Error, Result, say
from opslib.stats.clustered import Sums, mean_clustered, wilson_clustered
from opslib.stats.means import mean_interval
from opslib.stats.proportions import wilson
from opslib.words import text


@dataclass(frozen=True, kw_only=True, eq=False)
class RetentionResult(Result):
    """Users who came back; `table` has one row per cohort and age.

    Only cells whose period had begun by the end of observation have a row.

    group: Value of the property `by` at the start event as text, NaN where it is
        missing; only with `by`, groups with most users first.
    cohort: first day of the period in which these users began.
    age: periods between the cohort and the period looked at, from 0; of a bracket the
        first.
    last_age: the last age of the bracket; only with brackets.
    users: users of the cohort.
    retained: those who came back so far; all of them at age 0.
    share, low, high: retained / users, 0 to 1, with its Wilson 95 % interval; NaN
        where the period is not over.
    mature: whether the period was over at the end of observation, for all users.
    amount: money of their return events at this age so far; only with `amount`.
    value, value_low, value_high: money per user of the cohort from the start to the end
        of this age, with its 95 % interval of normal theory (Student); NaN where the
        period is not over.

    Attributes:
        period: "day", "week" or "month".
        count: "on", "on_or_after" or "brackets".
        window: "calendar" or "rolling".
        by: The property of the groups.
    """

    period: periods.Period
    count: str
    window: str
    by: str | None
    _plan: Plan = field(repr=False)
    _lines: Lines = field(repr=False)
    _spans: Spans = field(repr=False)
    _amounts: Amounts | None = field(repr=False)
    _spreads: tuple[Spread, Spread] | None = field(repr=False)

    @cached_property
    def curve(self) -> pd.DataFrame:
        """Mature cells of all cohorts pooled: the columns of `table` but the cohort.

        An age without a mature cell has no users and an empty share. `amount` is of
        mature cells, `value` per user of them. With cohort="recurring" a user counts
        once for each cohort, `people` has the different ones, and low and high allow
        for what is alike in the cohorts of one user.
        """
        return self._pooled(["group"] if self.by else [])

    @cached_property
    def _total(self) -> pd.DataFrame:
        return self._pooled([])

    def _pooled(self, keys: Sequence[str]) -> pd.DataFrame:
        """Add up mature cells by age, and by `keys` before."""
        sums = ["users", "retained"]
        line, column = np.nonzero(self._lines.begun)
        cells = self.table.assign(
            place=self._lines.group[line] if keys else 0, column=column
        )
        if self._amounts is not None:
            sums += ["amount", "value", "squares"]
            begun = self._lines.begun
            cells = cells.assign(
                value=self._amounts.value[begun], squares=self._amounts.squares[begun]
            )
        ages = ["age", *cells.columns.intersection(["last_age"])]
        at = ["place", "column", *keys, *ages]
        mature = cells[at].join(cells[sums].where(cells["mature"], 0))
        pooled = mature.groupby(at, sort=False, dropna=False)[sums].sum().reset_index()
        pooled = pooled if keys else pooled.sort_values("age", ignore_index=True)
        place, column = pooled.pop("place").array, pooled.pop("column").array
        if self._spreads is None:
            return with_shares(pooled)
        shares, money = (
            sums and Sums(*(np.asarray(one)[place, column] for one in sums))
            for sums in self._spreads[bool(keys)]
        )
        assert shares is not None  # noqa: S101
        people = np.asarray(shares.users, int)
        return with_shares(pooled, shares=shares, money=money).assign(people=people)

    def over_time(self, age: int) -> pd.DataFrame:
        """Return one age over the cohorts: the rows of `table` that have it.

        Raises:
            Error: The table has no such age.
        """
        column = self._column(age)
        rows = self.table[self.table["age"] == self._spans[column, 0]]
        return rows.reset_index(drop=True)

    def users(
        self,
        cohort: str | dt.date | None,
        age: int,
        group: int | None = None,
        *,
        retained: bool = True,
    ) -> pd.Series:
        """Return the ids behind a cell, or with `retained=False` those not in it.

        Args:
            cohort: A day of the column `cohort`; None is all cohorts for which the age
                is mature, the users behind the curve, each once.
            age: An age of the table.
            group: Position of the group in the table, from 0; None for all groups.
            retained: Those who came back, or else those who have not (so far).

        Raises:
            Error: The table has no such cohort, age or group.
        """
        column = self._column(age)
        plan, lines = self._plan, self._lines
        # A group that is too young for all the ages has no row in the table.
        shown = np.unique(lines.group[lines.begun.any(axis=1)])
        last = len(shown) - 1
        if group is not None and not 0 <= group <= last:
            raise Error("option.range", option="group", low=0, high=last, got=group)
        if cohort is None:
            chosen = lines.over[:, column]
        else:
            names = periods.names(plan.clock.edges, plan.log.timezone)
            day = pd.to_datetime(str(cohort), errors="coerce")
            known = self.table["cohort"].drop_duplicates().sort_values()
            if not (known == day).any():
                days = [one.date().isoformat() for one in known]
                raise Error("option.choice", option="cohort", got=cohort, choices=days)
            chosen = lines.period == names.get_loc(day)
        if group is not None:
            chosen = chosen & (lines.group == shown[group])
        entries = plan.entries()
        _, line = plan.lines(entries, self._spans)
        entries = some(entries, chosen[line])
        came = np.unique(entries.user[plan.came(entries, self._spans[column])])
        others = np.setdiff1d(entries.user, came)
        return plan.log.ids(came if retained else others)

    def _column(self, age: int) -> int:
        ages = self.table["age"].unique()
        if age not in ages:
            low, high = int(ages.min()), int(ages.max())
            raise Error("option.range", option="age", got=age, low=low, high=high)
        return int(np.flatnonzero(self._spans[:, 0] == age)[0])

    def chart(self, lang: str = "en") -> alt.Chart | alt.LayerChart:
        """Draw the cohorts as a heat map: the latest 60 and the first 30 ages.

        With `by` the groups are drawn instead, each with all its cohorts pooled, and
        empty where that is fewer than 30 users.
        """
        table = self.table
        if self.by:
            curve = self.curve
            groups = self._named(curve["group"], lang)
            sizes = np.bincount(self._lines.group, self._lines.users)
            labels = self._named(pd.Series(self._lines.labels, dtype="str"), lang)
            table = curve.assign(
                cohort=groups,
                mature=enough(curve),
                users=groups.map(dict(zip(labels, sizes, strict=True))),
            )
        return charts.cohort_grid(
            table,
            lang,
            age_title=self._said.title(lang),
            month=self.period == "month",
            alt_text=self.describe(lang),
            names=self._said.names(self.table),
        )

    def curve_chart(self, lang: str = "en") -> alt.Chart | alt.LayerChart:
        """Draw the pooled share by age with its interval, by group or as it was before.

        Ages that fewer than 30 users have reached are not drawn, unless all are so.
        """
        curves = self._curves(lang)
        beside = None if self.by else self.previous
        if beside is not None:
            curves[text("retention.before", lang)] = beside._total  # noqa: SLF001
        shares = {name: _enough(one[one["age"] > 0]) for name, one in curves.items()}
        return views.curve(shares, lang, **self._about(lang), beside=beside is not None)

    def value_chart(self, lang: str = "en") -> alt.Chart | alt.LayerChart | None:
        """Draw the value per user by age with its interval; None without `amount`."""
        if self._amounts is None:
            return None
        values = {
            name: _enough(one.drop(columns=["share", "low", "high"])).rename(
                columns={"value": "share", "value_low": "low", "value_high": "high"}
            )
            for name, one in self._curves(lang).items()
        }
        return views.curve(
            values, lang, **self._about(lang), title="chart.value", form=",.2f"
        )

    def trend_chart(self, lang: str = "en") -> alt.Chart | alt.LayerChart | None:
        """Draw the ages people quote over the latest 60 cohorts, where they are over.

        With `by` the first of these ages, by group, of cells of at least 30 users. None
        where there are not two cohorts to compare.
        """
        mature = self.table[self.table["mature"] & (self.table["age"] > 0)]
        if mature["cohort"].nunique() < 2:
            return None
        ages = self._said.quoted(self._total[self._total["age"].isin(mature["age"])])
        if self.by:
            rows = self.over_time(int(ages["age"].iloc[0]))
            rows = rows[rows["users"] >= FEWEST_USERS]
            if rows["cohort"].nunique() < 2:
                return None
            rows = rows.assign(name=self._named(rows["group"], lang))
            title = self._said.name(*span(ages.iloc[0])).text(lang)
        else:
            spans = [span(row) for _, row in ages.iterrows()]
            rows = pd.concat(
                self.over_time(age).assign(name=self._said.name(age, last).text(lang))
                for age, last in spans
            )
            title = ""
        return views.trend(rows, lang, alt_text=self.describe(lang), age=title)

    def _curves(self, lang: str) -> dict[str, pd.DataFrame]:
        if not self.by:
            return {text("retention.now", lang): self._total}
        names = self._named(self.curve["group"], lang)
        return {
            name: rows
            for name, rows in self.curve.groupby(names, sort=False)
            if enough(rows).any()
        } or {text("retention.now", lang): self._total}

    def _named(self, group: pd.Series, lang: str) -> pd.Series:
        return group.astype(object).where(
            group.notna(), text("retention.missing", lang)
        )

    @property
    def _said(self) -> Said:
        return Said(self.period, self.count, self._plan.min_events)

    def _about(self, lang: str) -> dict[str, Any]:
        return {
            "age_title": self._said.title(lang),
            "alt_text": self.describe(lang),
            "names": self._said.names(self.table),
        }

    def describe(self, lang: str = "en") -> str:
        """State the retention at the ages people quote, with interval and users.

        Nothing is said of an age or a group with fewer than 30 users.
        """
        log = self._plan.log
        answer = Answer(
            said=self._said,
            rolling=self.window == "rolling",
            by=self.by,
            table=self.table,
            curve=self.curve,
            total=self._total,
            before=None if self.previous is None else self.previous._total,  # noqa: SLF001
            curve_before=None if self.previous is None else self.previous.curve,
            until=periods.days(log.until - 1, log.until, log.timezone)[0],
        )
        return say(lang, *answer.sentences())


def _enough(curve: pd.DataFrame) -> pd.DataFrame:
    """Leave out the ages that too few users have reached, unless all are so."""
    rows = curve[enough(curve)]
    return rows if rows["age"].any() else curve


def with_shares(
    counts: pd.DataFrame,
    mature: npt.NDArray[np.bool_] | None = None,
    *,
    shares: Sums | None = None,
    money: Sums | None = None,
) -> pd.DataFrame:
    """Add share, low and high, empty where the period is not over, and mature.

    Sums of values and of their squares become the value per user and its interval.

    Args:
        counts: Counts and sums by cell.
        mature: Whether the period is over; None is everywhere.
        shares: Of each row the sums over users, where one user may count several times.
        money: The same of values.
    """
    users = np.where(True if mature is None else mature, counts["users"], 0)
    low, high = (
        wilson(counts["retained"], users) if shares is None
        else wilson_clustered(shares)
    )  # fmt: skip
    share: pd.Series = counts["retained"] / np.where(users > 0, users, np.nan)
    summed = counts.columns.intersection(["amount", "value", "squares"])
    table = counts.drop(columns=summed).assign(share=share, low=low, high=high)
    if mature is not None:
        table = table.assign(mature=mature)
    if "value" not in summed:
        return table
    value, low, high = (
        mean_interval(users, counts["value"], counts["squares"]) if money is None
        else mean_clustered(money)
    )  # fmt: skip
    amount = counts["amount"]
    return table.assign(amount=amount, value=value, value_low=low, value_high=high)
