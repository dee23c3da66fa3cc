"""What a table of the past says for the plan of a test."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtrit

from opslib.analyses._ab_rows import is_share, numbers, written
from opslib.result import Error, Note, check_choice
from opslib.stats.moments import Moments, moments, skewness
from opslib.stats.proportions import wilson
from opslib.stats.ratios import ratio

IDS = ("unit", "user")
TIMES = ("time", "date")
# Fewer would not have every weekday.
LEAST_DAYS = 7
CONFIDENCE = 0.95
# A test that counts on more would need too few units if it is a little less.
MOST_CORRELATED = 0.99


@dataclass(frozen=True, kw_only=True)
class History:
    """Units of the past, each with its values.

    Attributes:
        metric: What is planned for, as it is called.
        kind: "share", "mean" or "ratio".
        values: Of each unit.
        below: What stands below in a ratio; else None.
        before: The same from before; None if not given.
        first, last: First and last whole day on which units came; NaT if not known.
        daily: Units per day that came for the first time; NaN if not known.
        notes: What was left out or assumed.
    """

    metric: str
    kind: str
    values: npt.NDArray[np.float64]
    below: npt.NDArray[np.float64] | None
    before: npt.NDArray[np.float64] | None
    first: pd.Timestamp
    last: pd.Timestamp
    daily: float
    notes: tuple[Note, ...]

    @cached_property
    def options(self) -> dict[str, Any]:
        """What `ab_plan` takes: baseline[, sd, denominator, correlation].

        Raises:
            Error: There is nothing to plan from.
        """
        if len(self.values) == 0:
            raise Error("ab.plan.no_values", metric=self.metric)
        arm = self._arm(self.below)
        mean, sd = float(arm.mean[0]), math.sqrt(arm.covariance[0, 0])
        found: dict[str, Any] = {"baseline": mean}
        if self.kind != "share":
            found["sd"] = sd
        if self.below is not None:
            under = float(arm.mean[1])
            if not under > 0:
                raise Error("ab.plan.below", metric=self.metric, got=under)
            spread = math.sqrt(arm.covariance[1, 1])
            shared = arm.covariance[0, 1] / (sd * spread) if sd * spread else 0.0
            parts = {"mean": under, "sd": spread, "correlation": float(shared)}
            found |= {"baseline": mean / under, "denominator": parts}
        # A single unit has no deviation either.
        if not self.sd > 0:
            value = found["baseline"]
            raise Error("ab.plan.constant", metric=self.metric, value=value)
        if self.before is not None:
            near = max(-MOST_CORRELATED, min(MOST_CORRELATED, self.correlation))
            found["correlation"] = near
        return found

    @cached_property
    def sd(self) -> float:
        """Standard deviation per unit, of a ratio by the delta method."""
        arm = self._arm(self.below)
        if self.below is not None:
            return ratio(arm)[1]
        return math.sqrt(arm.covariance[0, 0])

    @cached_property
    def correlation(self) -> float:
        """Correlation with the same from before; NaN if not given."""
        if self.before is None:
            return math.nan
        (yy, xy), (_, xx) = self._arm(self.before).covariance
        return float(xy / math.sqrt(yy * xx))

    @cached_property
    def skew(self) -> float:
        """Skewness of the values, of a ratio of what units add to it."""
        values = self.values
        if self.below is not None:
            values = values - values.sum() / self.below.sum() * self.below
        together = np.zeros(len(values), np.intp)
        return float(skewness(values, together, 1)[1][0])

    def table(self) -> pd.DataFrame:
        """Return all of it as one row."""
        baseline, n = self.options["baseline"], len(self.values)
        if self.kind == "share":
            low, high = map(float, wilson(int(self.values.sum()), n, CONFIDENCE))
        else:
            half = stdtrit(n - 1, (1 + CONFIDENCE) / 2) * self.sd / math.sqrt(n)
            low, high = baseline - half, baseline + half
        row = {
            "metric": self.metric,
            "units": n,
            "first": self.first,
            "last": self.last,
            "baseline": baseline,
            "low": low,
            "high": high,
            "sd": self.sd,
            "skew": self.skew,
            "zeros": float((self.values == 0).mean()),
            "correlation": self.correlation,
            "daily_traffic": self.daily,
        }
        return pd.DataFrame([row])

    def _arm(self, other: npt.NDArray[np.float64] | None) -> Moments:
        columns = [self.values, *([] if other is None else [other])]
        (arm,) = moments(columns, np.zeros(len(self.values), np.intp), 1)
        return arm


def read(
    table: pd.DataFrame,
    metric: str,
    denominator: str | None,
    before: str | None,
    *,
    variant: str | None,
    arrived: str | None,
) -> History:
    """Reduce a table to what is known of its units; options as in `ab_plan_from`.

    Raises:
        Error: No such column, or values that are no numbers.
    """
    columns = _columns(table, metric, denominator, before, arrived)
    notes: list[Note] = []
    rows = pd.DataFrame({role: numbers(table[name]) for role, name in columns.items()})
    share = denominator is None and is_share(rows["metric"].to_numpy())
    own = next((name for name in IDS if name in table), None)
    rows["unit"] = table.index if own is None else written(table[own])
    when = _when(table, arrived)
    rows["time"] = pd.NaT if when is None else _times(table[when])
    rows["group"] = written(table["variant"]) if "variant" in table else None
    if own is None:
        notes.append(Note("ab.plan.no_unit"))
    blank = rows["unit"].isna()
    if blank.any():
        notes.append(Note("ab.plan.blank", n=int(blank.sum()), column=own))
    rows = rows[~blank]
    again = table.loc[rows.index[rows["unit"].duplicated(keep=False)]].duplicated()
    if again.any():
        notes.append(Note("ab.left_out.duplicates", n=int(again.sum())))
        rows = rows.drop(index=again.index[again])
    first, last, daily, told = _traffic(rows, when)
    notes += told
    rows, told = _of(rows, variant)
    units, several = _added(rows, share=share)
    notes += [*told, *several]
    names = [role for role in ("metric", "denominator") if role in units]
    known = units[names].notna().all(axis=1)
    if missing := int((~known).sum()):
        name = metric if denominator is None else f"{metric} / {denominator}"
        notes.append(Note("ab.left_out.missing", n=missing, metric=name))
    units = units[known]
    was = None
    if before is not None:
        was, told = _filled(units["before"], before)
        notes += told
    below = None if denominator is None else units["denominator"].to_numpy(float)
    return History(
        metric=metric if denominator is None else f"{metric} / {denominator}",
        kind="ratio" if denominator is not None else "share" if share else "mean",
        values=units["metric"].to_numpy(float),
        below=below,
        before=was,
        first=first,
        last=last,
        daily=daily,
        notes=tuple(notes),
    )


def _columns(
    table: pd.DataFrame,
    metric: str,
    denominator: str | None,
    before: str | None,
    arrived: str | None,
) -> dict[str, str]:
    """Return the columns of numbers by what they are for, after checking all names."""
    if (again := table.columns[table.columns.duplicated()]).size:
        raise Error("eventlog.same_name", got=again[0])
    given = {"metric": metric, "denominator": denominator, "before": before}
    named = {role: name for role, name in given.items() if name is not None}
    taken = {*IDS, "variant", _when(table, arrived)}
    choices = [name for name in table.columns if name not in taken]
    for role, name in named.items():
        if name not in choices:
            raise Error("option.column", option=role, got=name, choices=choices)
        choices.remove(name)
    if arrived is not None and arrived not in table:
        others = list(table.columns)
        raise Error("option.column", option="arrived", got=arrived, choices=others)
    return named


def _when(table: pd.DataFrame, arrived: str | None) -> str | None:
    """Return the column of times, if there is one; one of numbers is a metric."""
    if arrived is not None:
        return arrived
    there = [name for name in TIMES if name in table]
    timed = (name for name in there if not pd.api.types.is_numeric_dtype(table[name]))
    return next(timed, None)


def _times(column: pd.Series) -> pd.Series:
    """Read times as the wall clock; what is none is missing."""
    if not pd.api.types.is_datetime64_any_dtype(column):
        text = column.astype("string")
        column = pd.to_datetime(text, errors="coerce", format="ISO8601")
    if column.dt.tz is not None:
        column = column.dt.tz_localize(None)
    return column


def _traffic(
    rows: pd.DataFrame, when: str | None
) -> tuple[Any, Any, float, list[Note]]:
    """Count how many units come per day, of all groups, each on its first day."""
    nothing = (pd.NaT, pd.NaT, math.nan)
    if when is None:
        return *nothing, []
    came = rows.groupby("unit")["time"].min()
    notes = []
    if unknown := int(came.isna().sum()):
        notes.append(Note("ab.plan.no_day", n=unknown, column=when))
    came = came.dropna()
    if not len(came):
        return *nothing, notes
    first, last = rows["time"].min().normalize(), rows["time"].max().normalize()
    if (rows["time"].dropna() != rows["time"].dropna().dt.normalize()).any():
        # By the clock the first and the last day may have been cut short.
        first, last = first + pd.Timedelta(days=1), last - pd.Timedelta(days=1)
    span = (last - first).days + 1
    if span < LEAST_DAYS:
        return *nothing, [*notes, Note("ab.plan.short", n=max(0, span), column=when)]
    inside = came.dt.normalize().between(first, last)
    days = rows["time"].dt.normalize()
    if (days.groupby(rows["unit"]).nunique() > 1).any():
        on_first = float((came.dt.normalize() == came.min().normalize()).mean())
        notes.append(Note("ab.plan.returning", n=span, share=on_first))
    if (units := int(inside.sum())) < span:
        return *nothing, [*notes, Note("ab.plan.slow", n=span, units=units)]
    return first, last, units / span, notes


def _of(rows: pd.DataFrame, variant: str | None) -> tuple[pd.DataFrame, list[Note]]:
    """Keep the rows of a variant, or say that those of all are taken."""
    names = sorted(map(str, rows["group"].dropna().unique()))
    check_choice("variant", variant, names)
    if variant is not None:
        return rows[rows["group"].astype("str") == variant], []
    several = len(names) > 1
    return rows, [Note("ab.plan.all_variants", n=len(names))] if several else []


def _added(rows: pd.DataFrame, *, share: bool) -> tuple[pd.DataFrame, list[Note]]:
    """Make one row per unit: values added up, a yes in any a yes, before as it is."""
    several = int(rows.loc[rows["unit"].duplicated(), "unit"].nunique())
    if not several:
        return rows, []
    by_unit = rows.groupby("unit", sort=False)
    roles: Sequence[str] = [
        role for role in ("metric", "denominator", "before") if role in rows
    ]
    units = pd.concat(
        [
            by_unit[role].mean() if role == "before" else by_unit[role].sum(min_count=1)
            for role in roles
        ],
        axis=1,
    )
    if share:
        units["metric"] = units["metric"].clip(upper=1)
    return units, [Note("ab.several_rows", n=several)]


def _filled(column: pd.Series, name: str) -> tuple[npt.NDArray[np.float64], list[Note]]:
    """Give units without a value the mean, as the comparison net of it does."""
    values = column.to_numpy(float)
    unknown = np.isnan(values)
    seen = values[~unknown]
    if not len(seen) or seen.min() == seen.max():
        raise Error("ab.before.constant", before=name)
    n = int(unknown.sum())
    notes = [Note("ab.cuped.unknown", n=n, before=name)] if n else []
    return np.where(unknown, seen.mean(), values), notes
