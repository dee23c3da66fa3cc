"""Interrupted time series: did a daily figure leave its course with a campaign?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from opslib import charts
from opslib.analyses._campaign_panel import Day, as_day
from opslib.analyses._interrupted_chart import actual_chart, sums_chart
from opslib.analyses._interrupted_fit import LEAST_BEFORE, Found, fit, placebos, without
from opslib.analyses.day_sums import by_day, can_be_summed
from opslib.result import Error, Note, Result, check_choice, check_range, say

MOST_SAID = 3
SEASONS = ("week", "none")
NUMBERS = ("difference", "total", "lift")
TOTALS = ["total", "total_low", "total_high"]
SUMS = ["cumulative", "cumulative_low", "cumulative_high"]
DAYS = [
    *("start", "date", "during", "actual", "expected", "low", "high", "difference"),
    *SUMS,
]


@dataclass(frozen=True, kw_only=True)
class InterruptedResult(Result):
    """Days of a campaign beside what was to be expected; `table` has a row per start.

    start, end: first and last day looked at.
    days_before, days, missing: days with a value before and from the start on, and
        without one in both.
    actual, expected: means per day from the start on.
    difference, difference_low, difference_high: actual - expected per day, and its
        interval.
    total, total_low, total_high: the same of all days together; NaN for a figure, as a
        share, that days do not add up to.
    lift, lift_low, lift_high: difference / expected; NaN where a warning says why.
    p_value: of no difference.
    autocorrelation: how much a day resembles the one before, -1 to 1.
    placebos, placebo_share: windows of the same length before the start, and the share
        of them whose difference per day is as large; NaN without windows.

    Attributes:
        days: start, date, during, actual, expected, low, high, difference, cumulative,
            cumulative_low, cumulative_high; one row per day, days without a value too.
            Before the start `expected` is what was fitted; windows overlap where there
            are several starts.
        metric: What was measured.
        control: The group whose series was taken off, if any.
        confidence: Coverage of the intervals.
    """

    days: pd.DataFrame
    metric: str
    control: str | None
    confidence: float

    def chart(self, lang: str = "en") -> alt.Chart | alt.LayerChart:
        """Draw what was measured beside what was to be expected, with its interval."""
        chart = actual_chart(self.days, self.table, self.metric, lang)
        return charts.finish(chart, self.describe(lang))

    def cumulative_chart(self, lang: str = "en") -> alt.Chart | alt.LayerChart | None:
        """Draw the difference up to each day; None for what days do not add up to."""
        if self.table["total"].isna().all():
            return None
        chart = sums_chart(self.days, lang)
        return charts.finish(chart, self.describe(lang), height=220)

    def describe(self, lang: str = "en") -> str:
        """State the difference from what was expected, and what that assumes."""
        said: list[Note | None] = []
        for row in self._rows[:MOST_SAID]:
            said += self._found(row)
        left = len(self._rows) - MOST_SAID
        more = Note("interrupted.more", n=left) if left > 0 else None
        base = "interrupted.assumption"
        kind = f"{base}.control" if self.control is not None else base
        return say(lang, *said, more, Note(kind, control=self.control))

    def details(self, lang: str = "en") -> list[str]:
        """Say the lift, and how often days before had such a difference by chance."""
        said = []
        for row in self._rows[:MOST_SAID]:
            told = {"n": row["placebos"], "share": row["placebo_share"]}
            code = "placebo" if row["placebo_share"] else "placebo_none"
            placebo = Note(f"interrupted.{code if told['n'] else 'no_placebo'}", **told)
            given = np.isfinite(row["lift_low"])
            lift = Note("interrupted.lift", **row) if given else None
            said.append(say(lang, lift, placebo))
        return said

    @property
    def _rows(self) -> list[dict[str, Any]]:
        return [
            {str(name): value for name, value in row.items()}
            for row in self.table.to_dict("records")
        ]

    def _found(self, row: dict[str, Any]) -> list[Note | None]:
        told = row | {"metric": self.metric, "level": self.confidence * 100}
        known = np.isfinite(row["total"])
        sure = "sure" if row["p_value"] < 1 - self.confidence else "chance"
        return [
            Note("interrupted.answer", **told),
            Note("interrupted.total", **told) if known else None,
            Note(f"interrupted.{sure}"),
        ]


def interrupted(
    daily: pd.DataFrame,
    *,
    metric: str,
    start: Day | Sequence[Day],
    end: Day | None = None,
    control: str | None = None,
    group: str | None = None,
    by: str = "group",
    season: str = "week",
    before: Day | None = None,
    confidence: float = 0.95,
) -> InterruptedResult:
    """Compare the days of a campaign with the course of the days before.

    A straight line and the day of the week are fitted to the days before the start and
    go on into the campaign; the difference is what was measured less that. Intervals
    allow for days that resemble the day before (errors are AR(1), see
    `stats.autoregression.forecast`), for what is uncertain about line, weekdays and
    that resemblance, and for the scatter of days. The same analysis with starts in the
    time before tells how often so large a difference comes without any campaign.

    Args:
        daily: Column date, one row per day or per day and group, and numeric columns.
        metric: The figure.
        start: First day of the campaign. Of several starts each is a row: the days from
            it until the next, compared with those since the one before it.
        end: Last day; None goes to the last of the table.
        control: A group without the campaign, whose series, brought to the same mean
            before the start, is taken off day by day; None compares with the past only.
        group: The group with the campaign; None takes all but `control` together.
        by: Column of the groups.
        season: "week" lets weekdays differ, "none" does not.
        before: First day to compare with; None takes all days before the start.
        confidence: Coverage of the intervals, 0.5 to 0.999.

    Raises:
        Error: No such column, group or day, weeks or months in place of days, fewer
            than 14 days with a value before a start or 3 after, or a figure that the
            line and the weekdays fit exactly.

    References:
        Wagner et al. (2002), J. Clin. Pharm. Ther. 27, 299-309; Lopez Bernal, Cummins &
        Gasparrini (2017), Int. J. Epidemiol. 46, 348-355; Brodersen et al. (2015), Ann.
        Appl. Stat. 9, 247-274, for the course forecast and its sums.

    Example:
        >>> dates = pd.date_range("2026-03-01", periods=28)
        >>> orders = [20 + i % 3 + (5 if i > 20 else 0) for i in range(28)]
        >>> daily = pd.DataFrame({"date": dates, "orders": orders})
        >>> found = interrupted(daily, metric="orders", start="2026-03-22").table
        >>> found[["days_before", "days", "actual"]].round(1)
           days_before  days  actual
        0           21     7    25.9
    """
    check_choice("season", season, SEASONS)
    check_range("confidence", confidence, 0.5, 0.999)
    given = [start] if isinstance(start, Day) else start
    starts = sorted({as_day("start", day) for day in given})
    if not starts:
        raise Error("option.missing", option="start")
    value, other, notes = _series(daily, metric, by, group, control)
    known = value.index[0], value.index[-1]
    first = known[0] if before is None else as_day("before", before)
    last = known[1] if end is None else as_day("end", end)
    if not (first < starts[0] and starts[-1] <= last and starts[-1] <= known[1]):
        told = {"before": first, "start": starts[0], "end": last}
        raise Error("campaign.dates", **told, first=known[0], last=known[1])
    edges = [max(first, known[0]), *starts, min(last, known[1]) + pd.Timedelta(days=1)]
    rows, days = [], []
    for since, begun, until in zip(edges, edges[1:], edges[2:], strict=False):
        reach = pd.date_range(since, until - pd.Timedelta(days=1))
        values, base = without(value.reindex(reach), other, begun)
        row, shown = _compared(values, base, fit(values, begun, season), confidence)
        chance = placebos(values, begun, season)
        large = np.abs(chance) >= abs(row["difference"])
        told = {"placebos": len(chance)}
        told["placebo_share"] = large.mean() if len(chance) else np.nan
        rows.append({"start": begun, "end": reach[-1], **row, **told})
        during = shown["date"] >= begun
        days.append(shown.assign(start=begun, during=during)[DAYS])
    table, shown = pd.DataFrame(rows), pd.concat(days, ignore_index=True)
    if not (adds := can_be_summed(value.rename(metric))):
        table = table.assign(**dict.fromkeys(TOTALS, np.nan))
        shown = shown.assign(**dict.fromkeys(SUMS, np.nan))
    late = int((value.index > last).sum())
    notes += [Note("interrupted.late", n=late, last=last)] if late else []
    return InterruptedResult(
        table=table,
        days=shown,
        metric=metric,
        control=control,
        confidence=confidence,
        warnings=(*notes, *_doubts(table, adds=adds)),
    )


def _series(
    daily: pd.DataFrame, metric: str, by: str, group: str | None, control: str | None
) -> tuple["pd.Series[float]", "pd.Series[float] | None", list[Note]]:
    """Return the series with the campaign, that of the comparison, and notes."""
    rows, other = daily.rename(columns=str), None
    if control is not None or group is not None:
        if by not in rows:
            choices = [name for name in rows if name not in {"date", metric}]
            raise Error("option.column", option="by", got=by, choices=choices)
        names = rows[by].astype("str")
        choices = sorted(names.dropna().unique())
        check_choice("control", control, choices)
        check_choice("group", group, choices)
        if group is not None and group == control:
            raise Error("interrupted.same", group=group)
        if control is not None:
            other = by_day(rows[names == control], metrics=metric).groups[""][metric]
        rows = rows[names == group] if group is not None else rows[names != control]
        if rows.empty:
            raise Error("interrupted.alone", control=control)
    groups, unit, notes = by_day(rows, metrics=metric)
    if unit != "day":
        raise Error(f"interrupted.{unit}")
    return groups[""][metric], other, list(notes)


def _compared(
    values: "pd.Series[float]",
    base: "pd.Series[float]",
    found: Found,
    confidence: float,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Return the row of a start, without placebos, and its days.

    `base` was taken off the values, and is put back on what is shown.
    """
    ahead, later = found.ahead, found.later
    n = int(later.sum())
    off = base[later].to_numpy(float)
    measured = values[later].to_numpy(float)
    total = measured.cumsum()
    # The highest that was to be expected leaves the lowest difference.
    would = np.array([ahead.sums.expected, *ahead.sums.interval(confidence)[::-1]])
    beyond = total - would
    shown = pd.DataFrame({"date": values.index, "actual": (values + base).to_numpy()})
    of_days = [ahead.days.expected, *ahead.days.interval(confidence)]
    shown.loc[later, ["expected", "low", "high"]] = np.array(of_days).T + off[:, None]
    shown.loc[found.early, "expected"] = ahead.fitted + base[found.early].to_numpy()
    shown["difference"] = shown["actual"] - shown["expected"]
    shown.loc[later, SUMS] = beyond.T

    below = float(ahead.sums.below(total)[-1])
    whole = would[:, -1] + off.sum()
    lift = (total[-1] + off.sum()) / whole - 1 if (whole > 0).all() else [np.nan] * 3
    names = [f"{name}{bound}" for name in NUMBERS for bound in ("", "_low", "_high")]
    numbers = [*beyond[:, -1] / n, *beyond[:, -1], *lift]
    row = {
        "days_before": int(found.early.sum()),
        "days": n,
        "missing": len(values) - n - int(found.early.sum()),
        "actual": (total[-1] + off.sum()) / n,
        "expected": whole[0] / n,
        **dict(zip(names, numbers, strict=True)),
        "p_value": 2 * min(below, 1 - below),
        "autocorrelation": ahead.rho,
    }
    return row, shown


def _doubts(table: pd.DataFrame, *, adds: bool) -> list[Note]:
    """Say what makes the comparison weaker than it looks."""
    notes = []
    if n := int(table["missing"].sum()):
        notes.append(Note("interrupted.missing", n=n))
    if (table["days"] > table["days_before"]).any():
        notes.append(Note("interrupted.far"))
    if table["lift_low"].isna().any():
        notes.append(Note("interrupted.no_lift"))
    if not adds:
        notes.append(Note("interrupted.no_total"))
    if (table["days_before"] < 2 * LEAST_BEFORE).any():
        notes.append(Note("interrupted.few"))
    if len(table) > 1:
        notes.append(Note("interrupted.starts", n=len(table)))
    return notes
