"""Conditions on properties: [property, operator, value], from people and from links."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from opslib.result import Error

Condition = Sequence[Any]
Mask = npt.NDArray[np.bool_]

SET = ("is_set", "is_not_set")
OPERATORS = ("==", "!=", "<", "<=", ">", ">=", "in", "not in", "contains", *SET)


@dataclass(frozen=True)
class Codes:
    """A property of text: a code per row, -1 where it is missing, and the texts."""

    codes: npt.NDArray[np.integer[Any]]
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Floats:
    """A property of numbers: NaN where it is missing."""

    values: npt.NDArray[np.float64]


def meets(columns: Mapping[str, Codes | Floats], condition: Condition) -> Mask:
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
    missing = (
        np.isnan(column.values) if isinstance(column, Floats) else column.codes < 0
    )
    if operator in SET:
        return missing if operator == "is_not_set" else ~missing
    if isinstance(column, Floats):
        met = _compare(column.values, operator, _number(name, operator, rest[0]))
    else:
        # Code -1, missing, reads the last entry; it is overruled below.
        labels = np.array([*column.labels, ""], dtype=object)
        met = _compare(labels, operator, _text(name, operator, rest[0]))[column.codes]
    return np.where(missing, operator in {"!=", "not in"}, met)


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
