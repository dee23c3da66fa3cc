"""Rows of a day to one figure: which metrics can be summed over groups, and sums."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib.personal import examples
from opslib.result import Error, Note

MOST_GROUPS = 200
NO_GROUP = "—"
# Shares, means and ranks: no sum over groups is one of the whole.
RATES = re.compile(
    r"率|占比|比例|[环同]比|均|客单|单价|中位|分位|得分|评分|排名|指数|[%％‰]"
    r"|(?<![a-z])(?:rates?|ratio|share|pct|percent(?:age)?|avg|average|mean|median"
    r"|per|ct?r|cvr|cp[acmi]|roi|roas|arppu|arpu|aov|score|rank|index|nps|csat)(?![a-z])",
    re.IGNORECASE,
)
# Decimals that are money can be summed; of others nobody knows.
MONEY = re.compile(
    r"[额款费利]|收入|营收|花费|消耗|成本|预算|流水|支出|gmv|amount|revenue|sales|spen[dt]"
    r"|cost|income|gross|profit|budget|fees?\b|refund|payment|total",
    re.IGNORECASE,
)
PEOPLE = re.compile(
    r"人数|用户|访客|客户|会员|买家|粉丝|设备|日活|月活|(?<![a-z])(?:uv|[dwm]au|users?"
    r"|visitors?|customers?|members?|people|buyers?|players?|devices?)(?![a-z])",
    re.IGNORECASE,
)
SUMS = re.compile(
    r"\s*(?:(?:grand|sub)?\s*totals?|sum|all|overall|合计|总计|小计|共计|汇总|总和|总体"
    r"|整体|全部|合計|總計)\s*[:：]?\s*",
    re.IGNORECASE,
)


class Days(NamedTuple):
    """Metrics by day, in order, for each group; without `by` for the one group "".

    Attributes:
        unit: What a row stands for: "day", or "week" or "month" where dates are whole
            ones apart.
    """

    groups: dict[str, pd.DataFrame]
    unit: str
    notes: tuple[Note, ...]


def by_day(
    daily: pd.DataFrame,
    *,
    metrics: str | Sequence[str] | None = None,
    by: str | None = None,
) -> Days:
    """Give every day, in every group of `by`, one value per metric.

    Rows of a day that texts tell apart, such as those of channels, are summed where a
    sum is the figure of the whole: whole numbers and money that are called neither a
    share nor a mean. Rows that are sums of the others are left out of it.

    Args:
        daily: Column date and numeric columns.
        metrics: Columns to show; None takes all numeric ones that can be.
        by: Column of the groups; None takes the whole.

    Raises:
        Error: No dates or numbers, an unknown column, too many groups, rows of a day
            that nothing tells apart, or a metric that cannot be summed and must be.

    Example:
        >>> daily = pd.DataFrame({
        ...     "date": ["2026-03-01"] * 2, "channel": ["a", "b"], "visits": [5, 7],
        ... })
        >>> by_day(daily).groups[""]["visits"].tolist()
        [12.0]
        >>> by_day(daily, by="channel").groups["b"]["visits"].tolist()
        [7.0]
    """
    values, undated = _dated(daily.rename(columns=str))
    notes = [Note("trend.undated", n=undated)] if undated else []
    texts = [name for name in values.columns if _is_text(values[name])]
    if by is not None and by not in values.columns:
        raise Error("option.column", option="by", got=by, choices=texts)
    names = _metrics(values.drop(columns=by or []), metrics)
    others = [name for name in texts if name != by]
    figures = values[names].astype(float).replace([np.inf, -np.inf], np.nan)
    labels = values[others].astype("str")
    group = values[by].astype("str").fillna(NO_GROUP) if by else [""] * len(values)
    index = pd.MultiIndex.from_arrays([values.index, group], names=["date", "group"])
    figures, labels = figures.set_axis(index), labels.set_axis(index)
    if (n := index.get_level_values("group").nunique()) > MOST_GROUPS:
        raise Error("trend.groups", by=by, n=n, most=MOST_GROUPS)
    if index.has_duplicates:
        apart, some = _apart(labels)
        columns = [
            Note("trend.a_group") if name == "group" else name for name in others
        ]
        summed, more = _summed(figures[apart], columns, chosen=metrics is not None)
        figures, notes = summed, [*notes, *some, *more]
    # By level, for a metric may be called so too.
    found = {str(one): rows.droplevel(1) for one, rows in figures.groupby(level=1)}
    order = sorted(found, key=lambda one: -float(found[one].iloc[:, 0].sum()))
    groups = {one: found[one] for one in order}
    days = pd.DatetimeIndex(values.index.unique())
    return Days(groups, unit_of(days), tuple(notes))


def can_be_summed(values: pd.Series) -> bool:
    """Say whether the sum of a metric over groups is that metric of them all.

    Example:
        >>> [can_be_summed(pd.Series([0.5, 2.25], name=name)) for name in ("gmv", "x")]
        [True, False]
        >>> can_be_summed(pd.Series([5, 7], name="click_rate"))
        False
    """
    # bounceRate is a rate.
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", str(values.name))
    if RATES.search(name):
        return False
    known = values.dropna()
    return bool((known % 1 == 0).all()) or bool(MONEY.search(name))


def day_of(times: pd.Series) -> pd.Series:
    """Return the day of each time, by its own clock; NaT for what is none."""
    if not pd.api.types.is_datetime64_any_dtype(times):
        times = pd.to_datetime(times.astype("str"), format="ISO8601", errors="coerce")
    if times.dt.tz is not None:
        times = times.dt.tz_localize(None)
    return times.dt.normalize()


def unit_of(days: pd.DatetimeIndex) -> str:
    """Say what a row stands for, "day", "week" or "month", by the different days."""
    if len(days) > 1 and (days.day == 1).all():
        return "month"
    apart = np.diff(days.to_numpy()) % np.timedelta64(7, "D")
    weeks = len(days) > 2 and not apart.astype(bool).any()
    return "week" if weeks else "day"


def _apart(labels: pd.DataFrame) -> tuple[npt.NDArray[np.bool_], list[Note]]:
    """Say which rows are to be summed: sums of the others are not, nor are repeats."""
    sums = np.zeros(len(labels), np.bool_)
    for name in labels:
        sums |= labels[name].str.fullmatch(SUMS).fillna(value=False).to_numpy(bool)
    if sums.all():
        sums[:] = False
    rows = labels[~sums]
    told_apart = [rows.index.to_frame(index=False), rows.reset_index(drop=True)]
    rows = pd.concat(told_apart, axis="columns", ignore_index=True)
    if (again := rows.duplicated()).any():
        day = rows.loc[again, 0].iloc[0]
        n = int((rows.duplicated(keep=False) & (rows[0] == day)).sum())
        raise Error("trend.repeated", date=day, n=n)
    told = [Note("trend.sums_left", n=int(sums.sum()))] if sums.any() else []
    return ~sums, told


def _summed(
    figures: pd.DataFrame, columns: Sequence[object], *, chosen: bool
) -> tuple[pd.DataFrame, list[Note]]:
    """Sum the rows of a day in a group where that means something; say where not."""
    if not figures.index.has_duplicates:
        return figures, []
    names = [str(name) for name in figures]
    able = [name for name in names if can_be_summed(figures[name])]
    unable = [name for name in names if name not in able]
    if unable and (chosen or not able):
        raise Error("trend.no_sum", metric=unable[0], choices=columns)
    notes = [Note("trend.summed", metrics=able, columns=columns)]
    if unable:
        notes.append(Note("trend.not_summed", metrics=unable))
    if people := [name for name in able if PEOPLE.search(name)]:
        notes.append(Note("trend.people", metrics=people))
    figures = figures[able]
    days = figures.notna().all(axis="columns").groupby(level=[0, 1]).sum()
    short = days[days < days.groupby(level=1).transform("max")]
    if n := short.index.get_level_values("date").nunique():
        of = days.index.get_level_values("date").nunique()
        notes.append(Note("trend.partial", n=n, of=of))
    return figures.groupby(level=[0, 1]).sum(min_count=1), notes


def _dated(daily: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Return the other columns by day, and how many rows have no readable date."""
    if "date" not in daily.columns:
        raise Error("trend.no_date", got=list(daily.columns))
    if (again := daily.columns[daily.columns.duplicated()]).size:
        raise Error("eventlog.same_name", got=again[0])
    day = day_of(daily["date"])
    if day.isna().all():
        raise Error("trend.no_days", got=examples(daily["date"]))
    values = daily.drop(columns="date").set_axis(pd.DatetimeIndex(day, name="date"))
    return values[values.index.notna()].sort_index(), int(day.isna().sum())


def _is_text(values: pd.Series) -> bool:
    numeric = pd.api.types.is_numeric_dtype(values)
    return not numeric and not pd.api.types.is_datetime64_any_dtype(values)


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
            got = examples(values[name], 1)
            raise Error("trend.not_number", metric=name, got=got)
    return list(dict.fromkeys(names))
