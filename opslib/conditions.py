"""Conditions: [property, operator, value], and what users did; also from links."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from opslib.periods import Dates
from opslib.result import Error

Mask = npt.NDArray[np.bool_]

SET = ("is_set", "is_not_set")
COMPARISONS = {
    "==": "equal",
    "!=": "not_equal",
    "<": "less",
    "<=": "less_equal",
    ">": "greater",
    ">=": "greater_equal",
}
OPERATORS = ("==", "!=", "<", "<=", ">", ">=", "in", "not in", "contains", *SET)


@dataclass(frozen=True)
class Did:
    """Users who did something so many times, as a condition for `where`.

    All events of these users meet it. As plain values, such as a link stores, it is
    `{"did": "buy", "times": 3, "days": 14, "before": "2026-03-15"}`.

    Attributes:
        did: Event or events that count; None is any.
        times: Fewest times, or (fewest, most) of which either may be None; 0 fewest
            and 0 most are those who never did it.
        days, before: The so many days before a day; without `before`, up to the last
            day of the log.
        dates: First and last day instead, both included; None of all is any time.
        where: Conditions [property, operator, value] that an event must meet to count.

    Example:
        >>> Did("buy", times=(0, 0), days=30).plain()
        {'did': 'buy', 'times': [0, 0], 'days': 30}
    """

    did: str | Sequence[str] | None = None
    times: int | Sequence[int | None] = 1
    days: int | None = None
    before: str | dt.date | None = None
    dates: Dates | None = None
    where: Sequence[Sequence[Any]] = ()

    @classmethod
    def of(cls, condition: "Did | Mapping[str, Any]") -> Self:
        """Read the condition in either way of writing it.

        Raises:
            Error: It has other keys.
        """
        if isinstance(condition, cls):
            return condition
        known = [field.name for field in fields(cls)]
        if not isinstance(condition, Mapping) or not {"did"} <= {*condition} <= {
            *known
        }:
            got = [*condition] if isinstance(condition, Mapping) else [str(condition)]
            raise Error("segments.keys", got=got, choices=known)
        return cls(**condition)

    def plain(self) -> dict[str, Any]:
        """Write it as plain values, without what is not set."""
        values: dict[str, Any] = {"did": self.did}
        for field in fields(self)[1:]:
            value = getattr(self, field.name)
            if value != field.default:
                values[field.name] = _plain(value)
        return values


Condition = Sequence[Any] | Mapping[str, Any] | Did


@dataclass(frozen=True)
class Codes:
    """A property of text: a code per row, -1 where it is missing, and the texts."""

    codes: npt.NDArray[np.integer[Any]]
    labels: tuple[str, ...]

    def at(self, rows: npt.NDArray[np.int64]) -> "Codes":
        """Give the property of some rows, in their order."""
        return Codes(self.codes[rows], self.labels)


@dataclass(frozen=True)
class Floats:
    """A property of numbers: NaN where it is missing."""

    values: npt.NDArray[np.float64]

    def at(self, rows: npt.NDArray[np.int64]) -> "Floats":
        """Give the property of some rows, in their order."""
        return Floats(self.values[rows])


@dataclass(frozen=True)
class Texts:
    """A property of texts nearly all of which differ, such as a JSON or a comment.

    Attributes:
        values: The texts in the order in which they came; null where one is missing.
        order: The position in `values` of each row; None when they are in order.
        again: Gives the chunks of `values` for one who goes through all of them, so
            that what was read of a file does not stay in memory.
    """

    values: pa.ChunkedArray
    order: npt.NDArray[np.int64] | None = None
    again: Callable[[], Iterable[pa.Array]] | None = None

    def at(self, rows: npt.NDArray[np.int64]) -> "Texts":
        """Give the property of some rows, in their order; the texts stay in place."""
        order = rows if self.order is None else self.order[rows]
        return Texts(self.values, order, self.again)

    def settled(self) -> "Texts":
        """Give the same with an order, and without texts that no row has."""
        if self.order is not None and len(self.order) == len(self.values):
            return self
        return Texts(self.texts(), np.arange(len(self.texts())))

    def chunks(self) -> Iterable[pa.Array]:
        """Go through the texts in the order in which they came."""
        return self.again() if self.again else self.values.chunks

    def texts(self) -> pa.ChunkedArray:
        """Give the text of each row."""
        everything = self.order is None
        return self.values if everything else self.values.take(pa.array(self.order))


Property = Codes | Floats | Texts


def meets(columns: Mapping[str, Property], condition: Condition) -> Mask:
    """Say which rows meet one condition.

    A missing value meets "is_not_set", "!=" and "not in", and no other.

    Args:
        columns: The properties a condition may name.
        condition: [property, operator, value]; the two operators of `SET` have no
            value, "in" and "not in" have a list.

    Raises:
        Error: It has another shape, names no property, or compares a number with text.

    Example:
        >>> price = Floats(np.array([5.0, 20.0, np.nan]))
        >>> meets({"price": price}, ["price", ">=", 10]).tolist()
        [False, True, False]
    """
    if not isinstance(condition, list | tuple) or len(condition) not in {2, 3}:
        raise Error("conditions.shape", got=str(condition))
    name, operator, *rest = condition
    if operator not in OPERATORS:
        raise Error("option.choice", option="where", got=operator, choices=OPERATORS)
    if bool(rest) == (operator in SET):
        raise Error("conditions.shape", got=str(condition))
    if not isinstance(name, str) or name not in columns:
        raise Error("option.column", option="where", got=name, choices=list(columns))
    column = columns[name]
    if operator in SET:
        missing = _missing(column)
        return missing if operator == "is_not_set" else ~missing
    unlike = operator in {"!=", "not in"}
    if isinstance(column, Codes):
        labels = np.array(column.labels, dtype=object)
        met = _compare(labels, operator, _text(name, operator, rest[0]))
        # The last is where -1, a missing value, points.
        return np.append(met, unlike)[column.codes]
    if isinstance(column, Floats):
        met = _compare(column.values, operator, _number(name, operator, rest[0]))
    else:
        met = _search(column, operator, _text(name, operator, rest[0]))
    return np.where(_missing(column), unlike, met)


def _missing(column: Property) -> Mask:
    if isinstance(column, Floats):
        return np.isnan(column.values)
    if isinstance(column, Codes):
        return column.codes < 0
    missing = column.values.is_null().to_numpy(zero_copy_only=False)
    return missing if column.order is None else missing[column.order]


def _search(column: Texts, operator: str, value: Any) -> Mask:  # noqa: ANN401
    texts = column.values
    if operator == "contains":
        met = pc.match_substring(texts, value)
    elif operator in {"in", "not in"}:
        met = pc.is_in(texts, pa.array(value, texts.type))
        met = pc.invert(met) if operator == "not in" else met
    else:
        met = pc.call_function(
            COMPARISONS[operator], [texts, pa.scalar(value, texts.type)]
        )
    found = pc.fill_null(met, fill_value=False).to_numpy(zero_copy_only=False)
    return found if column.order is None else found[column.order]


def _number(name: str, operator: str, value: Any) -> Any:  # noqa: ANN401
    try:
        if operator not in {"in", "not in", "contains"}:
            return float(value)
        if operator != "contains" and not isinstance(value, str):
            return [float(one) for one in value]
    except (TypeError, ValueError):
        pass
    raise Error("conditions.number", name=name, operator=operator, got=value)


def _text(name: str, operator: str, value: Any) -> Any:  # noqa: ANN401
    if operator not in {"in", "not in"}:
        return str(value)
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise Error("conditions.list", name=name, operator=operator, got=value)
    return [str(one) for one in value]


def _compare(values: npt.NDArray[Any], operator: str, value: Any) -> Mask:  # noqa: ANN401
    match operator:
        case "==":
            met = values == value
        case "!=":
            met = values != value
        case "<":
            met = values < value
        case "<=":
            met = values <= value
        case ">":
            met = values > value
        case ">=":
            met = values >= value
        case "contains":
            met = np.array([value in text for text in values])
        case _:
            met = np.isin(values, value, invert=operator == "not in")
    return np.asarray(met, dtype=bool)


def _plain(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
