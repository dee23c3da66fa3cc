"""The course that a daily figure takes before a day, and goes on to take."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib.result import Error
from opslib.stats.autoregression import Forecast, forecast

Floats = npt.NDArray[np.float64]
LEAST_BEFORE = 14
LEAST_AFTER = 3
MOST_PLACEBOS = 30
SMALL = 1e-9


class Found(NamedTuple):
    """A forecast, and the days it was made from and for."""

    ahead: Forecast
    early: npt.NDArray[np.bool_]
    later: npt.NDArray[np.bool_]


def fit(values: "pd.Series[float]", start: pd.Timestamp, season: str) -> Found:
    """Forecast the days from `start` on that have a value, by those before."""
    index = pd.DatetimeIndex(values.index)
    day = (index - index[0]).days.to_numpy(np.int64)
    week = day % 7
    known = values.notna().to_numpy()
    early = known & (index < start)
    later = known & (index >= start)
    if season == "week":
        # Of a weekday never seen before nothing can be expected.
        later &= np.isin(week, week[early])
    if early.sum() < LEAST_BEFORE or later.sum() < LEAST_AFTER:
        raise Error(
            "interrupted.short",
            start=start,
            before=int(early.sum()),
            after=int(later.sum()),
            least=LEAST_BEFORE,
            least_after=LEAST_AFTER,
        )
    weekdays = np.unique(week[early])[1:] if season == "week" else week[:0]
    place = (day - day[early].mean()) / len(day)
    columns = [np.ones(len(day)), place, *(week == one for one in weekdays)]
    x = np.array(columns, np.float64).T
    y = np.array(values, np.float64)
    left = y[early] - x[early] @ np.linalg.lstsq(x[early], y[early], rcond=None)[0]
    if np.abs(left).max() <= SMALL * max(1.0, np.abs(y[early]).max()):
        raise Error("interrupted.constant", start=start)
    ahead = forecast(y[early], x[early], day[early], x[later], day[later])
    return Found(ahead, early, later)


def placebos(values: "pd.Series[float]", start: pd.Timestamp, season: str) -> Floats:
    """Return the difference per day at starts that were none, evenly spread."""
    early = values[values.index < start]
    length = len(values) - len(early)
    starts = np.arange(LEAST_BEFORE, len(early) - length + 1)
    if len(starts) > MOST_PLACEBOS:
        starts = starts[np.linspace(0, len(starts) - 1, MOST_PLACEBOS).astype(int)]
    found = []
    for i in starts.tolist():
        part = early.iloc[: i + length]
        try:
            one = fit(part, part.index[i], season)
        except Error:
            continue
        measured = part[one.later].to_numpy(float)
        found.append((measured - one.ahead.days.expected).mean())
    return np.array(found)


def without(
    value: "pd.Series[float]", other: "pd.Series[float] | None", start: pd.Timestamp
) -> tuple["pd.Series[float]", "pd.Series[float]"]:
    """Take a comparison off, brought to the same mean before the start.

    Returns:
        What is left, and what was taken off.

    Raises:
        Error: A mean is not above 0, so that nothing can be brought to it.
    """
    if other is None:
        return value, value * 0.0
    base = other.reindex(value.index)
    early = (value.index < start) & value.notna() & base.notna()
    level, own = base[early].mean(), value[early].mean()
    if early.any() and not (level > 0 and own > 0):
        raise Error("interrupted.level", got=level, own=own)
    base = base * (own / level if early.any() else 1.0)
    return value - base, base
