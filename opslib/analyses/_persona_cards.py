"""What sets each persona apart, and the name that follows from it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import hypergeom  # type: ignore[attr-defined]

from opslib import words
from opslib.result import Note
from opslib.stats.encoding import Category, Column, Number, blocks

NUMBER_SIDES = {"high": "high", "low": "low", "early": "high", "late": "low"}

# What columns are about, and the names they go by; a trait of one is said in words of
# its own, "personas.high_amount". Those of `user_features` come first.
ABOUT = {
    "amount": "amount monetary revenue spend total_amount total_spend gmv "
    "消费金额 消费总额 累计消费 金额 消费额 总消费",
    "recency": "recency_days recency days_since_last last_active last_order last_seen "
    "最近一次消费 未活跃天数 距上次活跃天数 距上次消费天数",
    "active": "active_days 活跃天数 登录天数",
    "week": "active_days_7 近7天活跃天数",
    "recent": "active_days_30 近30天活跃天数",
    "orders": "orders order_days frequency order_count "
    "订单数 购买次数 消费次数 下单次数",
    "items": "items 件数 购买件数",
    "events": "events sessions 使用次数",
    "tenure": "tenure_days tenure registered signup signup_date registration_date "
    "user_reg_tm 注册时间 注册日期 注册天数",
    "basket": "average_amount average_order aov 客单价",
    "coupons": "coupons coupon_count 用券次数 优惠券使用次数",
    "age": "age 年龄",
    "income": "income 收入",
}
KNOWN = {name: about for about, names in ABOUT.items() for name in names.split()}
# Different words for the same: a name says only one of them.
SAME = {"week": "recency", "recent": "recency"}
OF_EVENT = "events_"


@dataclass(frozen=True)
class Trait:
    """One side of one column.

    Attributes:
        side: A number is "high" or "low", a date "early" or "late", a category at a
            "level", anything "missing".
    """

    column: str
    side: str
    level: str | None = None

    def text(self, lang: str = "en") -> str:
        """Name the trait in `lang`."""
        known = about(self.column)
        if known in ABOUT and self.side in NUMBER_SIDES:
            return words.text(f"personas.{NUMBER_SIDES[self.side]}_{known}", lang)
        if self.column.startswith(OF_EVENT) and self.side in NUMBER_SIDES:
            event = words.clean(self.column.removeprefix(OF_EVENT), 30)
            return words.text(f"personas.{self.side}_of_event", lang, event=event)
        column = title(self.column, lang)
        level = words.clean(self.level or "", 30)
        coded = self.side == "level" and re.fullmatch(r"-?\d+(\.\d+)?", level)
        code = "personas.code" if coded else f"personas.{self.side}"
        return words.text(code, lang, column=column, level=level)


class Titled(str):
    """The name of a column that sentences show as `title` words it."""

    __slots__ = ()

    def text(self, lang: str) -> str:
        """Name the column in `lang`."""
        return title(self, lang)


def about(column: str) -> str:
    """Return what a column is about, one of `ABOUT`, or else itself."""
    return KNOWN.get(column.strip().lower(), column)


def title(column: str, lang: str) -> str:
    """Name a column: one that `user_features` makes in words, else as in the file."""
    if words.has(code := f"personas.column_{column}"):
        return words.text(code, lang)
    if column.startswith(OF_EVENT):
        event = words.clean(column.removeprefix(OF_EVENT), 30)
        return words.text("personas.column_of_event", lang, event=event)
    return words.clean(column, 30)


def name(traits: Sequence[Trait], lang: str = "en") -> str:
    """Name a persona by its traits.

    Example:
        >>> name([Trait("amount", "high"), Trait("recency_days", "low")])
        'high spend, recently active'
    """
    if not traits:
        return words.text("personas.average", lang)
    return words.text("personas.and", lang).join(trait.text(lang) for trait in traits)


def to_plain(trait: Trait) -> dict[str, Any]:
    """Return a trait as JSON values."""
    return asdict(trait)


def profile(
    columns: Sequence[Column],
    frame: pd.DataFrame,
    points: NDArray[np.float64],
    labels: NDArray[np.intp],
) -> pd.DataFrame:
    """Compare every persona with all users on every column.

    Args:
        columns: What `points` was encoded with.
        frame: The users as they were read.
        points: The same users, encoded.
        labels: Their persona, from 0.

    Returns:
        Columns persona (from 1), column, side, level, value and overall (mean of the
        known values as they were read, or share of the level), index (100 value /
        overall; NaN where a number can be negative), d, p_value, shown.

        d: mean in the persona less mean of all, in standard deviations of all, after
            trimming and logarithm; for a level the same of a column of 0 and 1.
        p_value: against a persona drawn at random without replacement: normal for a
            number, hypergeometric for a level, one-sided.
        shown: numbers with p < 0.01 (|v| >= 2.58) and |d| >= 0.2 whose d and value say
            the same; levels with index >= 120 or <= 80, at least 10 % of the persona,
            and p < 0.01.

    References:
        Lebart, Morineau & Piron (1995), test values, as in FactoMineR `catdes`.
    """
    sizes = np.bincount(labels)
    rows: list[pd.DataFrame] = []
    for column, at in blocks(columns):
        if isinstance(column, Number):
            rows.append(_number(column, frame, points[:, at.start], labels, sizes))
        levels = _levels(column)
        for level, place in levels:
            hit = points[:, at.start + place] > 0
            if hit.any():
                rows.append(_level(column.column, level, hit, labels, sizes))
    return pd.concat(rows, ignore_index=True).sort_values(
        "persona", kind="stable", ignore_index=True
    )


def _levels(column: Column) -> list[tuple[str | None, int]]:
    """Return the levels of a column and their place in it; None is missing."""
    if isinstance(column, Category):
        known: list[tuple[str | None, int]] = [
            (level, place) for place, level in enumerate(column.levels)
        ]
        return [*known, (None, len(column.levels))]
    return [(None, 1)] if column.flag else []


def _number(
    column: Number,
    frame: pd.DataFrame,
    z: NDArray[np.float64],
    labels: NDArray[np.intp],
    sizes: NDArray[np.intp],
) -> pd.DataFrame:
    values = column.values(frame[column.column])
    known = ~np.isnan(values)
    k, n = len(sizes), len(z)
    sums = np.bincount(labels[known], values[known], k)
    value = sums / np.maximum(np.bincount(labels[known], minlength=k), 1)
    overall = values[known].mean()
    d = np.bincount(labels, z, k) / sizes
    v = d * np.sqrt(sizes * (n - 1) / np.maximum(n - sizes, 1))
    p_value = 2 * ndtr(-np.abs(v))
    positive = values[known].min() >= 0 and overall > 0
    agree = np.sign(value - overall) == np.sign(d)
    more, less = ("high", "low") if column.latest is None else ("early", "late")
    return pd.DataFrame(
        {
            "persona": np.arange(1, k + 1),
            "column": column.column,
            "side": np.where(d > 0, more, less),
            "level": None,
            "value": value,
            "overall": overall,
            "index": 100 * value / overall if positive else np.nan,
            "d": d,
            "p_value": p_value,
            "shown": (p_value < 0.01) & (np.abs(d) >= 0.2) & agree,
        }
    )


def _level(
    column: str,
    level: str | None,
    hit: NDArray[np.bool_],
    labels: NDArray[np.intp],
    sizes: NDArray[np.intp],
) -> pd.DataFrame:
    k, n, all_hits = len(sizes), len(hit), int(hit.sum())
    hits = np.bincount(labels[hit], minlength=k)
    value, overall = hits / sizes, all_hits / n
    sd = np.sqrt(overall * (1 - overall))
    more = hypergeom.sf(hits - 1, n, all_hits, sizes)
    less = hypergeom.cdf(hits, n, all_hits, sizes)
    index = 100 * value / overall
    p_value = np.minimum(more, less)
    far = (index >= 120) | (index <= 80)
    return pd.DataFrame(
        {
            "persona": np.arange(1, k + 1),
            "column": column,
            "side": "missing" if level is None else "level",
            "level": level,
            "value": value,
            "overall": overall,
            "index": index,
            "d": (value - overall) / sd,
            "p_value": p_value,
            "shown": far & (value >= 0.1) & (p_value < 0.01),
        }
    )


def over(traits: pd.DataFrame) -> pd.DataFrame:
    """Return the shown traits above average of one persona, strongest first."""
    return _strongest(traits[traits["shown"] & (traits["d"] > 0)]).head(5)


def under(traits: pd.DataFrame) -> pd.DataFrame:
    """Return the shown traits below average of one persona, strongest first."""
    return _strongest(traits[traits["shown"] & (traits["d"] < 0)]).head(3)


def _strongest(traits: pd.DataFrame) -> pd.DataFrame:
    # Equal strength stays in column order, whatever the last bits say.
    order = (-traits["d"].abs().round(9)).sort_values(kind="stable").index
    return traits.loc[order]


def names(traits: pd.DataFrame) -> tuple[tuple[Trait, ...], ...]:
    """Name every persona by its two strongest traits, more where two would be alike.

    Columns about the same speak once per name, a level only when above average.
    """
    candidates: list[list[Trait]] = []
    for _, own in traits.groupby("persona"):
        shown = own[own["shown"] & ((own["d"] > 0) | own["side"].isin(NUMBER_SIDES))]
        rows = _strongest(shown)
        rows = rows[~rows["column"].map(about).replace(SAME).duplicated()]
        candidates.append([trait_of(row) for row in rows.to_dict("records")])
    chosen = [tuple(own[:2]) for own in candidates]
    for length in range(3, max(map(len, candidates), default=0) + 1):
        alike = [set(one) for one in chosen]
        chosen = [
            tuple(own[:length]) if alike.count(set(one)) > 1 else one
            for own, one in zip(candidates, chosen, strict=True)
        ]
    return tuple(chosen)


def trait_of(row: Mapping[Any, Any]) -> Trait:
    """Return the trait of one row of `profile`."""
    level = row["level"] if row["side"] == "level" else None
    return Trait(row["column"], row["side"], level)


def comparison(row: Mapping[Any, Any], lang: str) -> str:
    """Write a value beside that of all users: a mean, or the share of a level."""
    kinds = {"high": "number", "low": "number", "early": "days", "late": "days"}
    kind = kinds.get(row["side"], "share")
    values = {"value": row["value"], "overall": row["overall"]}
    return Note(f"personas.compare_{kind}", **values).text(lang)
