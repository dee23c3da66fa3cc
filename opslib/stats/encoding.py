"""Attributes of users as points: what is done to each column, learnt and repeatable."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from opslib.result import Error, Note

FEW_LEVELS = 20
ID_NAME = re.compile(
    r"(^|_)(id|uid|uuid|guid|phone|mobile|email|no)$|编号|手机|电话|邮箱|身份证|订单号|流水号"
    r"|(用户|会员|客户)(id|号)"
)
CODE_NAME = re.compile(
    r"(^|_)(id|type|code|cd|channel|region|sex|gender|class|category|group|segment|level"
    r"|lv|status|city|province|country|platform)(_|$)"
    r"|性别|等级|级别|类型|类别|渠道|地区|区域|城市|省份|国家|编码|代码|状态|门店|平台"
)
COUNT_NAME = re.compile(r"^(num|n|count|total)_|_(num|cnt|count)$|[数额量]$")


@dataclass(frozen=True)
class Number:
    """A number, or a date as days before `latest`: trimmed, evened out, standardised.

    Attributes:
        fill: The median, for missing values.
        flag: Whether being missing is a coordinate of its own (more than 5 % are).
        low: 1st percentile; smaller values count as this.
        high: 99th percentile; larger values count as this.
        log: Whether log(1 + x) was taken: no value below 0 and skewness above 1.
        mean: Mean of what came out of these steps.
        sd: Its standard deviation (over n).
        latest: The latest date of the column, or None for a number.
    """

    column: str
    fill: float
    flag: bool
    low: float
    high: float
    log: bool
    mean: float
    sd: float
    latest: str | None = None

    @property
    def width(self) -> int:
        """Coordinates this column has in a point."""
        return 1 + self.flag

    def values(self, series: pd.Series) -> NDArray[np.float64]:
        """Return the column as floats, missing and beyond 1e100 as NaN."""
        return _floats(series, self.column, self.latest)

    def points(self, series: pd.Series) -> NDArray[np.float64]:
        """Return n x width coordinates."""
        values = self.values(series)
        missing = np.isnan(values)
        even = np.clip(np.where(missing, self.fill, values), self.low, self.high)
        z = ((np.log1p(even) if self.log else even) - self.mean) / self.sd
        return np.column_stack([z, missing] if self.flag else [z])

    def steps(self) -> list[Note]:
        """Say what is done, in order."""
        steps = [
            Note("encoding.number")
            if self.latest is None
            else Note("encoding.date", latest=self.latest),
            Note("encoding.fill", fill=self.fill),
        ]
        if self.flag:
            steps.append(Note("encoding.flag"))
        steps.append(Note("encoding.trim", low=self.low, high=self.high))
        if self.log:
            steps.append(Note("encoding.log"))
        return [*steps, Note("encoding.scale", mean=self.mean, sd=self.sd)]


@dataclass(frozen=True)
class Category:
    """A category: one coordinate per level, then one for missing and one for others.

    Two different levels are 1 apart, as are two numbers one deviation apart.

    Attributes:
        levels: Those with at least 1 % of the users and at least five, most common
            first; everything else is "other".
    """

    column: str
    levels: tuple[str, ...]

    @property
    def width(self) -> int:
        """Coordinates this column has in a point."""
        return len(self.levels) + 2

    def points(self, series: pd.Series) -> NDArray[np.float64]:
        """Return n x width coordinates."""
        codes, found = pd.factorize(_plain(series))
        position = {level: i for i, level in enumerate(self.levels)}
        place = [position.get(_level(value), len(self.levels) + 1) for value in found]
        # The code of a missing value is -1, which picks the last entry.
        place.append(len(self.levels))
        rows = np.zeros((len(series), self.width))
        rows[np.arange(len(series)), np.array(place)[codes]] = np.sqrt(0.5)
        return rows

    def steps(self) -> list[Note]:
        """Say what is done, in order."""
        return [
            Note("encoding.category", levels=self.levels),
            Note("encoding.one_hot"),
        ]


Column = Number | Category


def learn(
    frame: pd.DataFrame, names: Sequence[str], *, asked: bool = False
) -> tuple[list[Column], dict[str, Note]]:
    """Decide how each column of `frame` enters a point.

    Order: ids and constant columns out; type by values and name; missing (more than
    half: out); trimmed to the 1st to 99th percentile; log(1 + x) if skewed;
    standardised; categories to coordinates; of numbers correlated above 0.9 (Pearson,
    after these steps) the first is kept. Whole numbers are categories if they take two
    neighbouring values (0 and 1), or at most 20 and the name says code ("channel",
    "level", "性别").

    Args:
        frame: One row per user.
        names: The columns to use, in order.
        asked: Whether a person named them: then correlated ones stay.

    Returns:
        The columns used, and for each one left out the reason.
    """
    used: list[Column] = []
    out: dict[str, Note] = {}
    for name in names:
        column = _learn(frame[name], name)
        if isinstance(column, Note):
            out[name] = column
        else:
            used.append(column)
    if not asked:
        out |= _echoes(frame, used)
    return [column for column in used if column.column not in out], out


def encode(columns: Sequence[Column], frame: pd.DataFrame) -> NDArray[np.float64]:
    """Return the users of `frame` as points, n x the widths of `columns`."""
    return np.concatenate([c.points(frame[c.column]) for c in columns], axis=1)


def blocks(columns: Sequence[Column]) -> list[tuple[Column, slice]]:
    """Return the coordinates of each column in a point."""
    ends = np.cumsum([column.width for column in columns]).tolist()
    return [
        (column, slice(end - column.width, end))
        for column, end in zip(columns, ends, strict=True)
    ]


def to_plain(column: Column) -> dict[str, Any]:
    """Return a column as JSON values."""
    return {"kind": type(column).__name__.lower(), **asdict(column)}


def from_plain(plain: Mapping[str, Any]) -> Column:
    """Return the column that `to_plain` wrote; KeyError or TypeError if it is none."""
    values = {key: value for key, value in plain.items() if key != "kind"}
    if plain["kind"] == "category":
        return Category(str(values["column"]), tuple(map(str, values["levels"])))
    return {"number": Number}[plain["kind"]](**values)


def _learn(series: pd.Series, name: str) -> Column | Note:
    series = _plain(series)
    if series.isna().mean() > 0.5:
        return Note("encoding.empty", column=name, share=float(series.isna().mean()))
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[\s.-]+", "_", name).lower()
    if pd.api.types.is_datetime64_any_dtype(series):
        latest = _naive(series).max().isoformat()
        return _number(_floats(series, name, latest), name, latest)
    number = pd.api.types.is_numeric_dtype(series)
    distinct = series.nunique()
    if _is_id(series, distinct, words):
        return Note("encoding.id", column=name)
    if number and not pd.api.types.is_bool_dtype(series):
        values = _floats(series, name)
        known = values[~np.isnan(values)]
        whole = bool((known == np.floor(known)).all())
        code = CODE_NAME.search(words) and not COUNT_NAME.search(words)
        switch = distinct == 2 and known.max() - known.min() == 1
        if not (whole and (switch or (code and distinct <= FEW_LEVELS))):
            return _number(values, name)
    return _category(series, name, distinct)


def _number(
    values: NDArray[np.float64], name: str, latest: str | None = None
) -> Number | Note:
    known = values[~np.isnan(values)]
    if not len(known):
        return Note("encoding.empty", column=name, share=1.0)
    fill = float(np.median(known))
    low, high = (float(value) for value in np.quantile(known, [0.01, 0.99]))
    if not high - low > 1e-100:
        return Note("encoding.constant", column=name)
    flag = bool(len(known) < 0.95 * len(values))
    even = np.clip(np.where(np.isnan(values), fill, values), low, high)
    skewness = (((even - even.mean()) / even.std()) ** 3).mean()
    log = bool(known.min() >= 0 and skewness > 1)
    even = np.log1p(even) if log else even
    mean, sd = float(even.mean()), float(even.std())
    return Number(name, fill, flag, low, high, log, mean, sd, latest)


def _category(series: pd.Series, name: str, distinct: int) -> Category | Note:
    n = len(series)
    counts = series.value_counts()
    counts = counts.groupby([_level(value) for value in counts.index]).sum()
    common = counts[counts >= max(5, 0.01 * n)]
    other, missing = int(counts.sum() - common.sum()), int(series.isna().sum())
    if other > 0.5 * n or not len(common):
        joined = series.astype(str).str.contains("[;|、，,]").mean() > 0.2
        reason = "encoding.lists" if joined else "encoding.many"
        return Note(reason, column=name, n=distinct)
    if len(common) + sum(rest >= 0.01 * n for rest in (other, missing)) < 2:
        return Note("encoding.constant", column=name)
    order = sorted(common.index, key=lambda level: (-int(common[level]), level))
    return Category(name, tuple(order))


def _is_id(series: pd.Series, distinct: int, words: str) -> bool:
    """Say whether a column numbers its rows: named so, or whole numbers in a row."""
    known = series.dropna()
    if ID_NAME.search(words) and distinct > 0.5 * len(known):
        return True
    if not pd.api.types.is_integer_dtype(known) or distinct < len(known):
        return False
    return int(known.max()) - int(known.min()) == len(known) - 1


def _echoes(frame: pd.DataFrame, used: Sequence[Column]) -> dict[str, Note]:
    """Find the numbers that say again what an earlier one says."""
    numbers = [column for column in used if isinstance(column, Number)]
    if len(numbers) < 2:
        return {}
    scaled = [column.points(frame[column.column])[:, 0] for column in numbers]
    rho = np.asarray(np.corrcoef(scaled))
    kept: list[int] = []
    out: dict[str, Note] = {}
    for i, column in enumerate(numbers):
        twin = next((j for j in kept if abs(rho[i, j]) > 0.9), None)
        if twin is None:
            kept.append(i)
        else:
            out[column.column] = Note(
                "encoding.echo",
                column=column.column,
                other=numbers[twin].column,
                rho=float(rho[i, twin]),
            )
    return out


def _plain(series: pd.Series) -> pd.Series:
    """Return a column of mixed Python objects as dates, numbers or text."""
    if not pd.api.types.is_object_dtype(series):
        return series
    kind = pd.api.types.infer_dtype(series, skipna=True)
    if kind in {"date", "datetime", "datetime64"}:
        return pd.to_datetime(series, errors="coerce")
    if kind in {"decimal", "integer", "floating", "mixed-integer-float"}:
        return series.astype(float)
    return series.map(str, na_action="ignore").astype("str")


def _floats(
    series: pd.Series, name: str, latest: str | None = None
) -> NDArray[np.float64]:
    series = _plain(series)
    if latest is not None:
        if not pd.api.types.is_datetime64_any_dtype(series):
            dates = pd.to_datetime(series, errors="coerce", format="ISO8601")
            series = _same(series, dates, name)
        before = pd.Timestamp(latest) - _naive(series)
        return before.dt.total_seconds().to_numpy(float) / 86_400
    if not pd.api.types.is_numeric_dtype(series):
        numbers = pd.to_numeric(series.astype(object), errors="coerce")
        series = _same(series, numbers, name)
    values = series.to_numpy(float, na_value=np.nan)
    # Beyond 1e100 a square overflows: no measure of a user is that large.
    return np.where(np.abs(values) < 1e100, values, np.nan)


def _same(raw: pd.Series, read: pd.Series, name: str) -> pd.Series:
    """Return what was read, if every cell could be."""
    lost = raw[raw.notna() & read.isna()]
    if len(lost):
        n = len(lost)
        raise Error("encoding.unread", column=name, got=lost.iloc[0], n=n, count=n)
    return read


def _naive(series: pd.Series) -> pd.Series:
    return series.dt.tz_convert(None) if series.dt.tz is not None else series


def _level(value: object) -> str:
    """Write a level the same whether it was read as 1, 1.0 or "1"."""
    whole = isinstance(value, float) and value.is_integer()
    return f"{value:.0f}" if whole else str(value)
