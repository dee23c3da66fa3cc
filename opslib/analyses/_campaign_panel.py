"""The units of a campaign: one value per unit and day, and who had the campaign."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib.analyses._ab_rows import numbers, written
from opslib.analyses.ab_summary import likely_control
from opslib.analyses.day_sums import can_be_summed, day_of, unit_of
from opslib.personal import examples
from opslib.result import Error, Note, check_choice

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Day = dt.date | str
NEEDED = ("unit", "variant", "time")
LENGTHS = {"day": 1, "week": 7}
MOST_DAYS = 45
MOST_WEEK_DAYS = 366
LEAST_PERIODS = 4


@dataclass(frozen=True)
class Panel:
    """One row per unit and day.

    Attributes:
        rows: Columns unit, variant, day, value.
        unit: What a row stands for: "day", "week" or "month".
        treated, comparison: The variants with and without the campaign.
        notes: What was left out or taken for granted.
    """

    rows: pd.DataFrame
    unit: str
    treated: list[str]
    comparison: list[str]
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class Grid:
    """Values of units by period; the units have some before and some after the start.

    Attributes:
        units: Ids, n of them.
        treated: Which had the campaign.
        number: Of each of k periods, 0 the first of the campaign, below 0 those before.
        first: Their first days.
        value: Mean per unit and period over the days it has, n rows of k; NaN without.
        before, after: Mean of each unit over the days it has before and after.
    """

    units: npt.NDArray[np.object_]
    treated: Bools
    number: npt.NDArray[np.int64]
    first: pd.DatetimeIndex
    value: Floats
    before: Floats
    after: Floats


def as_day(option: str, given: Day) -> pd.Timestamp:
    """Read a day.

    Raises:
        Error: It is none.
    """
    try:
        return pd.Timestamp(dt.date.fromisoformat(str(given)[:10]))
    except ValueError:
        raise Error("campaign.day", option=option, got=given) from None


def read(
    table: pd.DataFrame, metric: str, treated: str | Sequence[str] | None
) -> Panel:
    """Read the table of `campaign`; what it cannot use is left out and told.

    Raises:
        Error: Columns that are missing or hold no numbers or no days, variants that
            there are not, or several rows of a unit on a day that cannot be summed.
    """
    table = table.rename(columns=str).reset_index(drop=True)
    if missing := [name for name in NEEDED if name not in table]:
        raise Error("campaign.columns", missing=missing, got=list(table.columns))
    if metric not in table or metric in NEEDED:
        names = [name for name in table if name not in NEEDED]
        raise Error("option.column", option="metric", got=metric, choices=names)
    day = day_of(table["time"])
    if day.isna().all():
        raise Error("campaign.no_days", got=examples(table["time"]))
    ids = {name: written(table[name]).astype("str") for name in ("unit", "variant")}
    rows = pd.DataFrame(ids | {"day": day, "value": numbers(table[metric])})
    left = {
        "repeated": table.duplicated(),
        "blank": rows.iloc[:, :3].isna().any(axis=1),
    }
    notes = []
    for code, out in left.items():
        if n := int(out.loc[rows.index].sum()):
            notes.append(Note(f"campaign.left.{code}", n=n))
            rows = rows[~out.loc[rows.index]]
    if n := int(rows["value"].isna().sum()):
        notes.append(Note("campaign.left.missing", n=n, metric=metric))
        rows = rows.dropna()
    several = rows.groupby("unit")["variant"].nunique()
    if len(both := several.index[several > 1]):
        notes.append(Note("campaign.left.both", n=len(both)))
        rows = rows[~rows["unit"].isin(both)]
    groups = _groups(sorted(rows["variant"].unique()), treated, notes, len(both))
    again = int(rows.duplicated(["unit", "day"]).sum())
    if again:
        if not can_be_summed(rows["value"].rename(metric)):
            raise Error("campaign.no_sum", metric=metric, n=again)
        notes.append(Note("campaign.summed", n=again, metric=metric))
        rows = rows.groupby(["unit", "variant", "day"], as_index=False).sum()
    unit = unit_of(pd.DatetimeIndex(rows["day"].unique()).sort_values())
    return Panel(rows, unit, *groups, tuple(notes))


def _groups(
    names: list[str],
    treated: str | Sequence[str] | None,
    notes: list[Note],
    both: int,
) -> tuple[list[str], list[str]]:
    """Return the variants with the campaign, and those without."""
    if len(names) < 2:
        raise Error("campaign.groups" if not both else "campaign.moved", got=names)
    if treated is None:
        control = likely_control(names)
        notes.append(Note("campaign.control", control=control))
        return [name for name in names if name != control], [control]
    had = [treated] if isinstance(treated, str) else [str(one) for one in treated]
    for one in had:
        check_choice("treated", one, names)
    rest = [name for name in names if name not in had]
    if not had or not rest:
        raise Error("campaign.treated", got=had, choices=names)
    return sorted(set(had)), rest


def usual_period(unit: str, before: int, days: int) -> str:
    """Return the period to follow groups by, given the days before and in all."""
    if unit == "month":
        return "month"
    if days > MOST_WEEK_DAYS and before >= LEAST_PERIODS * 31:
        return "month"
    if unit == "week" or (days > MOST_DAYS and before >= LEAST_PERIODS * 7):
        return "week"
    return "day"


def number_of(
    day: pd.DatetimeIndex, start: pd.Timestamp, period: str
) -> npt.NDArray[np.int64]:
    """Number the period of each day from the start on, so that none contains it.

    Example:
        >>> days = pd.DatetimeIndex(["2026-03-03", "2026-03-04", "2026-03-11"])
        >>> number_of(days, pd.Timestamp("2026-03-04"), "week").tolist()
        [-1, 0, 1]
    """
    if period in LENGTHS:
        return ((day - start).days // LENGTHS[period]).to_numpy(np.int64)
    months = (day.year - start.year) * 12 + day.month - start.month
    return (months - (day.day < start.day)).to_numpy(np.int64)


def first_of(
    number: npt.NDArray[np.int64], start: pd.Timestamp, period: str
) -> pd.DatetimeIndex:
    """Return the first day of each numbered period."""
    if period in LENGTHS:
        days = [start + pd.Timedelta(days=int(n) * LENGTHS[period]) for n in number]
    else:
        days = [start + pd.DateOffset(months=int(n)) for n in number]
    return pd.DatetimeIndex(days)


def grid(panel: Panel, start: pd.Timestamp, period: str) -> tuple[Grid, int]:
    """Lay units out by period; return also how many lack days before or after."""
    rows = panel.rows.assign(after=panel.rows["day"] >= start)
    means = rows.groupby(["unit", "after"])["value"].mean().unstack()
    means = means.reindex(columns=[False, True])
    known = means.dropna()
    rows = rows[rows["unit"].isin(known.index)]
    number = number_of(pd.DatetimeIndex(rows["day"]), start, period)
    value = rows.groupby(["unit", number])["value"].mean().unstack()
    variant = rows.groupby("unit")["variant"].first()
    numbers = value.columns.to_numpy(np.int64)
    return (
        Grid(
            known.index.to_numpy(object),
            variant.isin(panel.treated).to_numpy(),
            numbers,
            first_of(numbers, start, period),
            value.to_numpy(float),
            known[False].to_numpy(float),
            known[True].to_numpy(float),
        ),
        len(means) - len(known),
    )
