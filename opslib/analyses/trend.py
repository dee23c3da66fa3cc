"""Trends: daily figures of an exported dashboard, beside the days just before."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from opslib import periods
from opslib.charts import ACCENT, MOST_MARKS, MUTED, Shape, finish
from opslib.result import Error, Note, Result, check_choice, say
from opslib.words import text

Day = dt.date | str
MOST_SAID = 3
MOST_DRAWN = 8


@dataclass(frozen=True, kw_only=True)
class TrendResult(Result):
    """Daily values; `table` has one row per metric and day of the period.

    date: Every day, in order, whether it was reported or not.
    metric: Name of the column.
    value: As reported; NaN, never 0, for a day without a value.

    Attributes:
        summary: One row per metric: metric, days (with a value), missing, total, mean
            (per day with a value), best, best_date, scatter (see `trend`, relative to
            the mean), and if compared mean_before, change (of the mean, relative) and
            ordinary: a change up to this size is what scatter alone brings about.
    """

    summary: pd.DataFrame

    def chart(self, lang: str = "en") -> alt.TopLevelMixin:
        """Draw a line per metric, the period before dashed; gaps stay open."""
        drawn = self.summary["metric"].tolist()[:MOST_DRAWN]
        most = MOST_MARKS // (2 * len(drawn))
        charts = [self._line(metric, lang, most) for metric in drawn]
        if len(charts) == 1:
            return charts[0]
        return alt.vconcat(*charts, spacing=28).properties(
            description=Note("trend.alt", answer=self.describe(lang)).text(lang)
        )

    def _line(self, metric: str, lang: str, most: int) -> alt.Chart | alt.LayerChart:
        titles = {
            "date": text("trend.date", lang),
            "value": metric,
            "day": text("trend.day", lang),
            "period": text("trend.period", lang),
        }
        rows = self._of(metric).assign(period=text("trend.this", lang))
        rows["day"] = rows["date"]
        parts: list[tuple[pd.DataFrame, dict[str, Any]]] = [(rows.tail(most), {})]
        if self.previous is not None:
            before = self.previous._of(metric).assign(  # noqa: SLF001  same class
                period=text("trend.before", lang), day=rows["date"].to_numpy()
            )
            dashed = {"strokeDash": [5, 4]}
            parts.insert(0, (before.tail(most), dashed))
        lines = []
        names = {text("trend.this", lang): ACCENT, text("trend.before", lang): MUTED}
        scale = alt.Scale(domain=[*names], range=[*names.values()])
        legend = alt.Legend(title=None, orient="top") if len(parts) > 1 else None
        for part, look in parts:
            shape = Shape(part, titles)
            axis = alt.Axis(
                title=None, grid=False, format="%m-%d", tickMinStep=86_400_000
            )
            lines.append(
                alt.Chart(shape.frame)
                .mark_line(point={"size": 18}, **look)
                .encode(
                    x=alt.X(**shape.field("day", "temporal", axis=axis)),
                    y=alt.Y(**shape.field("value", "quantitative")),
                    color=alt.Color(
                        **shape.field("period", "nominal", legend=legend), scale=scale
                    ),
                    tooltip=shape.tooltip(
                        {"period": "", "date": "%Y-%m-%d", "value": ","}
                    ),
                )
            )
        answer = Note("trend.alt", answer=self.describe(lang)).text(lang)
        left = text("trend.latest", lang, shown=most, of=len(rows))
        chart = alt.LayerChart(
            layer=lines, title=left if len(rows) > most else alt.Undefined
        )
        height = 300 if len(self.summary) == 1 else 210
        return finish(chart, answer, height=height)

    def _of(self, metric: str) -> pd.DataFrame:
        mine = self.table[self.table["metric"] == metric]
        return mine.reset_index(drop=True)

    def describe(self, lang: str = "en") -> str:
        """State each metric's mean, its change, its best day and how much days vary."""
        days = self._of(self.summary["metric"].iloc[0])["date"]
        span = Note("trend.span", n=len(days), first=days.iloc[0], last=days.iloc[-1])
        said = [
            note
            for row in self.summary.head(MOST_SAID).to_dict("records")
            for note in _sentences(**{str(name): value for name, value in row.items()})
        ]
        left = len(self.summary) - MOST_SAID
        return say(lang, span, *said, Note("trend.more", n=left) if left > 0 else None)


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
    dates: periods.Dates | None = None,
    compare: str | None = None,
) -> TrendResult:
    """Lay out daily figures over a period, and beside the equal period just before.

    Means are per day with a value, so that a missing day is a gap and never a zero.
    Periods that are not whole weeks hold different weekdays than the one before; a
    warning says so. Scatter is the standard deviation of a day around what its weekday
    and the season lead to expect: the root mean square of the differences to the day a
    week earlier, over the square root of 2, from all days of the table up to the last
    one shown; it needs 7 such pairs. An ordinary change is twice its standard error as
    if days were independent; campaigns and slow waves make real changes larger.

    Args:
        daily: Column date, one row per day, and numeric columns.
        metrics: Columns to show; None shows all numeric ones.
        dates: First and last day, both included; None takes all days of the table.
        compare: "previous" for the period of equal length just before, or None. None
            and a warning where the data begin with the period, as they do without
            `dates`, or where it has no value.

    Raises:
        Error: No dates or numbers, a metric that is unknown or not numeric, a day that
            stands twice, or a period without a single day of the table.

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
    values, undated = _by_day(daily.rename(columns=str))
    names = _metrics(values, metrics)
    known = values.index.min().date(), values.index.max().date()
    first, last = known
    if dates is not None:
        first, last = periods.days(*periods.span(dates, "UTC"), "UTC")
    values = values[names].astype(float).replace([np.inf, -np.inf], np.nan)
    result = _over(values, first, last)
    if not result.summary["days"].any():
        raise Error("trend.empty", first=first, last=last, start=known[0], end=known[1])
    warnings = [Note("trend.undated", n=undated)] if undated else []
    warnings += result.warnings
    if compare is None:
        return replace(result, warnings=tuple(warnings))
    start, end = periods.before((first, last))
    previous = _over(values, start, end)
    if not previous.summary["days"].any():
        gap = Note("trend.no_previous", first=start, last=end)
        begun = first > known[0]
        warnings.append(gap if begun else Note("periods.nothing_before"))
        return replace(result, warnings=tuple(warnings))
    warnings += [Note("trend.missing_before", **n.values) for n in previous.warnings]
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


def _by_day(daily: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Return the other columns by day, and how many rows have no readable date."""
    if "date" not in daily.columns:
        raise Error("trend.no_date", got=list(daily.columns))
    if (again := daily.columns[daily.columns.duplicated()]).size:
        raise Error("eventlog.same_name", got=again[0])
    date = daily["date"]
    if not pd.api.types.is_datetime64_any_dtype(date):
        date = pd.to_datetime(date.astype("str"), format="ISO8601", errors="coerce")
    if date.dt.tz is not None:
        date = date.dt.tz_localize(None)
    day = date.dt.normalize()
    if day.isna().all():
        raise Error("trend.no_days", got=list(daily["date"].head(3)))
    if (twice := day[day.notna()].duplicated()).any():
        repeated = day[day.notna()][twice].iloc[0]
        rows = int((day == repeated).sum())
        raise Error("trend.repeated", date=repeated, n=rows)
    values = daily.drop(columns="date").set_axis(pd.DatetimeIndex(day))
    return values[values.index.notna()].sort_index(), int(day.isna().sum())


def _metrics(values: pd.DataFrame, metrics: str | Sequence[str] | None) -> list[str]:
    def numeric(name: str) -> bool:
        column = values[name]
        boolean = pd.api.types.is_bool_dtype(column)
        return pd.api.types.is_numeric_dtype(column) and not boolean

    if metrics is None:
        names = [name for name in values.columns if numeric(name)]
        if not names:
            raise Error("trend.no_metrics", got=list(values.columns))
        return names
    several = isinstance(metrics, Sequence) and not isinstance(metrics, str)
    names = list(metrics if several else [str(metrics)])
    if not names:
        raise Error("option.missing", option="metrics")
    for name in names:
        if name not in values.columns:
            choices = list(values.columns)
            raise Error("option.column", option="metrics", got=name, choices=choices)
        if not numeric(name):
            example = values[name].dropna().head(1).tolist()
            raise Error("trend.not_number", metric=name, got=example)
    return list(dict.fromkeys(names))


def _over(values: pd.DataFrame, first: Day, last: Day) -> TrendResult:
    """Lay out the days from `first` to `last` and sum each metric up."""
    days = pd.DatetimeIndex(pd.date_range(first, last, unit="us"), name="date")
    wide = values.reindex(days)
    history = values.reindex(pd.date_range(values.index.min(), days[-1], unit="us"))
    scatter = _scatter(history)
    rows = []
    for metric, column in wide.items():
        known = column.dropna()
        mean = known.mean()
        rows.append(
            {
                "metric": metric,
                "days": len(known),
                "missing": len(days) - len(known),
                "total": known.sum(),
                "mean": mean,
                "best": known.max(),
                "best_date": known.idxmax() if len(known) else pd.NaT,
                "scatter": scatter[str(metric)] / mean if mean > 0 else np.nan,
            }
        )
    gaps = days[wide.isna().any(axis=1)]
    told = {"n": len(gaps), "of": len(days)}
    return TrendResult(
        table=pd.DataFrame(
            {
                "date": np.tile(days, len(wide.columns)),
                "metric": np.repeat(wide.columns.astype("str"), len(days)),
                "value": wide.to_numpy().ravel(order="F"),
            }
        ),
        summary=pd.DataFrame(rows),
        warnings=(Note("trend.missing", first=gaps[0], last=gaps[-1], **told),)
        if len(gaps)
        else (),
    )


def _scatter(history: pd.DataFrame) -> pd.Series:
    """Return how far days lie from what the same weekday leads to expect."""
    steps = history - history.shift(7)
    enough = steps.notna().sum() >= 7
    return np.sqrt((steps**2).mean() / 2).where(enough)
