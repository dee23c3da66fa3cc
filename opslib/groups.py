"""The groups that rows belong to by their value of a property, the largest first."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib.conditions import Codes, Property, Texts
from opslib.result import Error

MOST_GROUPS = 200
Labels = tuple[str | None, ...]


def numbered(
    column: Property, by: str, error: str
) -> tuple[npt.NDArray[np.int64], Labels]:
    """Return the number of each row's group, by size, and the names of the groups.

    Rows without a value are a group of their own, whose name is None.

    Args:
        column: The property of these rows.
        by: What it is called.
        error: Code of the error.

    Raises:
        Error: There are more than 200 values.

    Example:
        >>> column = Codes(np.array([1, -1, 1, 0, -1, 1]), ("ios", "web"))
        >>> group, labels = numbered(column, "platform", "funnel.groups")
        >>> group.tolist(), labels
        ([0, 1, 0, 2, 1, 0], ('web', None, 'ios'))
    """
    if isinstance(column, Codes):
        given = column.codes[column.codes >= 0]
        sizes = np.bincount(given, minlength=len(column.labels))
        sizes = np.append(sizes, len(column.codes) - len(given))
        there = np.flatnonzero(sizes)
        check(len(there), by, error)
        ranked = there[np.argsort(-sizes[there], kind="stable")]
        rank = np.empty(len(sizes), np.int64)
        rank[ranked] = np.arange(len(ranked))
        # The code of a missing value, -1, is that of the last.
        names = (*column.labels, None)
        return rank[column.codes], tuple(names[i] for i in ranked)
    found = values(column)
    index = found.value_counts(dropna=False).index
    check(len(index), by, error)
    return index.get_indexer(pd.Index(found)), labels(column, index)


def check(groups: int, by: str, error: str) -> None:
    """Refuse more groups than anybody can read."""
    if groups > MOST_GROUPS:
        raise Error(error, by=by, n=groups, most=MOST_GROUPS)


def values(column: Property) -> pd.Series:
    """Return a property as a column: codes, texts or numbers."""
    if isinstance(column, Texts):
        return column.texts().to_pandas()
    return pd.Series(column.codes if isinstance(column, Codes) else column.values)


def labels(column: Property, found: "pd.Index[Any]") -> Labels:
    """Name what `values` has given; None is a missing value."""
    if isinstance(column, Codes):
        return tuple(column.labels[int(i)] if i >= 0 else None for i in found)
    if isinstance(column, Texts):
        return tuple(None if pd.isna(x) else str(x) for x in found)
    return tuple(None if np.isnan(x) else f"{x:.15g}" for x in found)
