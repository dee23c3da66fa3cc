"""Trends: daily figures of an exported dashboard, beside the days just before."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from opslib import periods
from opslib.analyses.day_sums import by_day
from opslib.charts import (
    ACCENT,
    MOST_GROUPS,
    MOST_MARKS,
    MUTED,
    Shape,
    colours,
    finish,
    layered,
)
from opslib.result import Error, Note, Result, check_choice, say
from opslib.words import text

Day = dt.date | str
MOST_SAID = 3
MOST_DRAWN = 8
DASHED = [5, 4]


@dataclass(frozen=True, kw_only=True)
class TrendResult(Result):
    """Daily values; `table` has one row per metric and day of the period.

    group: Only with `by`.
    date: Every day, in order, whether it was reported or not; of a table by week or
        month every one of these.
    metric: Name of the column.
    value: As reported; NaN, never 0, for a day without a value.

    Attributes:
        by: Column of the groups, if there are any.
        unit: What a value stands for, "day", "week" or "month".
        summary: One row per metric, and with `by` per group: [group,] metric, days
            (with a value), missing, total, mean (per day with a value), best,
            best_date, scatter (see `trend`, relative to the mean), and if compared
            mean_before, change (of the mean, relative) and ordinary: a change up to
            this size is what scatter alone brings about.
    """

    summary: pd.DataFrame
    by: str | None = None
    unit: str = "day"

    def chart(self, lang: str = "en") -> alt.TopLevelMixin:
        """Draw a line per metric and group, the period before dashed; gaps stay open.

        At most 8 metrics and 8 groups are drawn, the largest ones.
        """
        drawn = self._metrics[:MOST_DRAWN]
        charts = [self._lines(metric, lang, len(drawn)) for metric in drawn]
        if len(charts) == 1:
            return charts[0]
        return alt.vconcat(*charts, spacing=28).properties(
            description=self._alt_text(lang)
        )

    def _lines(self, metric: str, lang: str, n: int) -> alt.Chart | alt.LayerChart:
        titles = {
            "date": text("trend.date", lang),
            "value": metric,
            "day": text("trend.day", lang),
            "period": text("trend.period", lang),
        } | ({"group": text("chart.group", lang)} if self.by else {})
        shown = self._groups[:MOST_GROUPS]
        most = MOST_MARKS // (2 * n * len(shown))
        now = self._drawn(metric, shown, most).assign(period=text("trend.this", lang))
        parts = {"this": now.assign(day=now["date"])}
        if self.previous is not None:
            before = self.previous._drawn(metric, shown, most)  # noqa: SLF001
            period, days = text("trend.before", lang), now["date"].to_numpy()
            parts = {"before": before.assign(period=period, day=days), **parts}
        looks = [text(f"trend.{part}", lang) for part in ("this", "before")]
        legend = alt.Legend(title=None, orient="top")
        between = legend if len(parts) > 1 else None
        axis = alt.Axis(title=None, grid=False, format="%m-%d", tickMinStep=86_400_000)
        hover = {"period": "", "date": "%Y-%m-%d", "value": ","}
        lines = []
        for part, rows in parts.items():
            shape = Shape(rows, titles)
            line = alt.Chart(shape.frame).mark_line(
                point={"size": 18},
                strokeDash=DASHED if part == "before" else alt.Undefined,
            )
            colour = alt.Color(
                **shape.field("period", "nominal", legend=between),
                scale=alt.Scale(domain=looks, range=[ACCENT, MUTED]),
            )
            if self.by:
                colour = alt.Color(
                    **shape.field("group", "nominal", legend=legend),
                    scale=colours(shown),
                )
            lines.append(
                line.encode(
                    x=alt.X(**shape.field("day", "temporal", axis=axis)),
                    y=alt.Y(**shape.field("value", "quantitative")),
                    color=colour,
                    tooltip=shape.tooltip(({"group": ""} if self.by else {}) | hover),
                )
            )
        chart = layered(*lines)
        chart.title = self._title(lang, most)
        height = 300 if len(self._metrics) == 1 else 210
        return finish(chart, self._alt_text(lang), height=height)

    def _drawn(self, metric: str, groups: list[str], most: int) -> pd.DataFrame:
        """Return the latest days of a metric in some groups."""
        rows = self._of(metric)
        if self.by is None:
            return rows.tail(most)
        return rows[rows["group"].isin(groups)].groupby("group").tail(most)

    def _title(self, lang: str, most: int) -> Any:  # noqa: ANN401
        """Say as the title what is dashed, and what is in the table only."""
        days, groups = len(self.table) // len(self.summary), len(self._groups)
        left = []
        if self.by and self.previous is not None:
            left.append(text("trend.dashed", lang))
        if days > most:
            left.append(text("trend.latest", lang, shown=most, of=days))
        if groups > MOST_GROUPS:
            left.append(text("chart.some_groups", lang, shown=MOST_GROUPS, of=groups))
        return left[0] if len(left) == 1 else left or alt.Undefined

    def _alt_text(self, lang: str) -> str:
        return Note("trend.alt", answer=self.describe(lang)).text(lang)

    @property
    def _metrics(self) -> list[str]:
        return list(dict.fromkeys(self.summary["metric"]))

    @property
    def _groups(self) -> list[str]:
        return list(dict.fromkeys(self.summary["group"])) if self.by else [""]

    def _of(self, metric: str) -> pd.DataFrame:
        mine = self.table[self.table["metric"] == metric]
        return mine.reset_index(drop=True)

    def describe(self, lang: str = "en") -> str:
        """State each metric's mean, its change, its best day and how much days vary.

        With groups only their means and changes, of the first metric.
        """
        days = self.table["date"]
        n = len(days) // len(self.summary)
        span = f"trend.span{'' if self.unit == 'day' else f'_{self.unit}'}"
        dates = Note(span, n=n, first=days.min(), last=days.max())
        per = Note(f"trend.per_{self.unit}")
        told: Any = [{**row, "per": per} for row in self.summary.to_dict("records")]
        if self.by:
            said = [_of_group(row) for row in told[:MOST_SAID]]
        else:
            said = [note for row in told[:MOST_SAID] for note in _sentences(**row)]
        left = len(told) - MOST_SAID
        more = Note("trend.more_groups" if self.by else "trend.more", n=left)
        return say(lang, dates, *said, more if left > 0 else None)


def _of_group(told: dict[str, Any]) -> Note:
    if not told["days"]:
        return Note("trend.group_nothing", **told)
    if not np.isfinite(told.get("change", np.nan)):
        return Note("trend.group", **told)
    sure = np.isfinite(told["ordinary"])
    return Note("trend.group_changed" if sure else "trend.group_unsure", **told)


def _sentences(**told: Any) -> list[Note]:  # noqa: ANN401
    """Say one metric's mean, and how much of its change is ordinary."""
    if not told["days"]:
        return [Note("trend.nothing", **told)]
    if not np.isfinite(told.get("change", np.nan)):
        level = [Note("trend.level", **told)]
        usual = [Note("trend.scatter", **told)] if told["scatter"] > 0 else []
        return level + usual
    sure = "ordinary" if np.isfinite(told["ordinary"]) else "unsure"
    if sure == "ordinary" and abs(told["change"]) > told["ordinary"]:
        sure = "beyond"
    return [Note("trend.changed", **told), Note(f"trend.{sure}", **told)]


def trend(
    daily: pd.DataFrame,
    *,
    metrics: str | Sequence[str] | None = None,
    by: str | None = None,
    dates: periods.Dates | None = None,
    compare: str | None = None,
) -> TrendResult:
    """Lay out daily figures over a period, and beside the equal period just before.

    Tables by week or month are shown by these, and not compared with a period before.
    Means are per day with a value, so that a missing day is a gap and never a zero.
    Periods that are not whole weeks hold different weekdays than the one before; a
    warning says so. Scatter is the standard deviation of a day around what its weekday
    and the season lead to expect: the root mean square of the differences to the day a
    week earlier, over the square root of 2, from all days of the table up to the last
    one shown; it needs 7 such pairs. An ordinary change is twice its standard error as
    if days were independent; campaigns and slow waves make real changes larger.

    Rows of a day that stand for channels, cities or other groups are summed if no `by`
    keeps them apart, see `day_sums`: counts and money can be, shares and means cannot.

    Args:
        daily: Column date, one row per day or per day and group, and numeric columns.
        metrics: Columns to show; None shows all numeric ones that can be.
        by: Column to break down by, with at most 200 values; the group with the most
            of the first metric comes first. None takes all together.
        dates: First and last day, both included; None takes all days of the table.
        compare: "previous" for the period of equal length just before, or None. None
            and a warning where the data begin with the period, as they do without
            `dates`, or where it has no value.

    Raises:
        Error: No dates or numbers, a metric that is unknown or not numeric, or cannot
            be summed and would have to be, a day that stands twice (in a group), an
            unknown column `by` or one of too many values, or a period without a single
            day of the table.

    Example:
        >>> days = ["2026-03-01", "2026-03-03"]
        >>> daily = pd.DataFrame({"date": days, "sales": [5, 7]})
        >>> trend(daily).table
                date metric  value
        0 2026-03-01  sales    5.0
        1 2026-03-02  sales    NaN
        2 2026-03-03  sales    7.0
    """
    check_choice("compare", compare, ["previous"])
    groups, unit, notes = by_day(daily, metrics=metrics, by=by)
    all_days = [
        day for rows in groups.values() for day in (rows.index[0], rows.index[-1])
    ]
    known = min(all_days).date(), max(all_days).date()
    first, last = known
    if dates is not None:
        first, last = periods.days(*periods.span(dates, "UTC"), "UTC")
    result = _over(groups, by, unit, first, last)
    if not result.summary["days"].any():
        raise Error("trend.empty", first=first, last=last, start=known[0], end=known[1])
    warnings = [*notes, *result.warnings]
    if compare is not None and unit != "day":
        # As many days before seldom hold as many months.
        warnings.append(Note("trend.no_compare"))
        compare = None
    if compare is None:
        return replace(result, warnings=tuple(warnings))
    start, end = periods.before((first, last))
    previous = _over(groups, by, unit, start, end)
    if not previous.summary["days"].any():
        gap = Note("trend.no_previous", first=start, last=end)
        begun = first > known[0]
        warnings.append(gap if begun else Note("periods.nothing_before"))
        return replace(result, warnings=tuple(warnings))
    warnings += [Note(f"{n.code}_before", **n.values) for n in previous.warnings]
    if (last - first).days % 7 != 6:
        warnings.append(Note("trend.weekdays", n=(last - first).days + 1))
    now, then = result.summary, previous.summary
    error = np.sqrt(1 / now["days"] + 1 / then["days"].where(then["days"] > 0))
    base = then["mean"].where(then["mean"] > 0)
    summary = now.assign(
        mean_before=then["mean"],
        change=now["mean"] / base - 1,
        ordinary=2 * now["scatter"] * now["mean"] / base * error,
    )
    return replace(result, summary=summary, warnings=tuple(warnings), previous=previous)


def _over(
    groups: Mapping[str, pd.DataFrame],
    by: str | None,
    unit: str,
    first: Day,
    last: Day,
) -> TrendResult:
    """Lay out the days from `first` to `last` and sum each metric of a group up."""
    days = pd.DatetimeIndex(pd.date_range(first, last, unit="us"), name="date")
    some = next(iter(groups.values())).index[0]
    if unit != "day":
        days = days[
            days.day == 1 if unit == "month" else days.day_of_week == some.weekday()
        ]
    tables, rows = [], []
    for metric in next(iter(groups.values())):
        for group, values in groups.items():
            column = values[metric].reindex(days)
            every = pd.date_range(values.index[0], days[-1], unit="us")
            known = column.dropna()
            mean = known.mean()
            rows.append(
                {
                    "group": group,
                    "metric": metric,
                    "days": len(known),
                    "missing": len(days) - len(known),
                    "total": known.sum(),
                    "mean": mean,
                    "best": known.max(),
                    "best_date": known.idxmax() if len(known) else pd.NaT,
                    "scatter": _scatter(values[metric].reindex(every)) / mean
                    if mean > 0
                    else np.nan,
                }
            )
            told = {"group": group, "date": days, "metric": metric}
            tables.append(pd.DataFrame(told | {"value": column.to_numpy()}))
    table = pd.concat(tables, ignore_index=True)
    summary = pd.DataFrame(rows)
    gaps = pd.DatetimeIndex(
        table.loc[table["value"].isna(), "date"].unique()
    ).sort_values()
    told = {"n": len(gaps), "of": len(days)}
    if by is None:
        table, summary = table.drop(columns="group"), summary.drop(columns="group")
    missing = "trend.missing" if by is None else "trend.missing_groups"
    missing += "" if unit == "day" else "_periods"
    return TrendResult(
        table=table,
        summary=summary,
        by=by,
        unit=unit,
        warnings=(Note(missing, first=gaps[0], last=gaps[-1], **told),)
        if len(gaps)
        else (),
    )


def _scatter(history: pd.Series) -> float:
    """Return how far days lie from what the same weekday leads to expect."""
    steps = (history - history.shift(7)).dropna()
    return float(np.sqrt((steps**2).mean() / 2)) if len(steps) >= 7 else np.nan
