"""What was known of units before an experiment: which columns, and as numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import ks_2samp
from scipy.stats.contingency import chi2_contingency
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder

from opslib.analyses.ab_summary import LARGEST
from opslib.result import Error, Note
from opslib.stats.means import TwoMeans

MOST_VALUES = 20
# Of all columns together: how often one is left out though the arms are alike in it.
RISK = 0.01
SETTLED = 1e-6
OTHER = "…"  # every value but the commonest

Bools = npt.NDArray[np.bool_]
Encoded = npt.NDArray[np.float64]


def prepared(column: pd.Series) -> pd.Series:
    """Return numbers as floats, dates as days, anything else as text; "" is missing."""
    if pd.api.types.is_datetime64_any_dtype(column):
        days = column - column.min()
        return days / pd.Timedelta("1D")
    if pd.api.types.is_numeric_dtype(column):
        numbers = column.astype("float64")
        return numbers.where(numbers.abs() < LARGEST)
    return column.astype("string").fillna("").astype(object)


def _unusable(column: pd.Series) -> str | None:
    """Say why a prepared column tells nothing: "constant", "names", or None."""
    if column.nunique() < 2:
        return "constant"
    if _is_number(column):
        return None
    # What hardly any two units share is a name, and no group of users.
    often = column.value_counts().iloc[:MOST_VALUES]
    return "names" if often.sum() < 0.1 * len(column) else None


def _is_number(column: pd.Series) -> bool:
    """Tell a prepared column of numbers from one of text."""
    return pd.api.types.is_float_dtype(column)


def chosen(
    columns: pd.DataFrame,
    values: npt.NDArray[np.float64],
    arms: tuple[Bools, Bools],
    *,
    asked: Sequence[str] | None,
) -> tuple[pd.DataFrame, dict[str, Note], list[Note]]:
    """Return the columns to learn from, those left out, and doubts about some asked."""
    left_out: dict[str, Note] = {}
    for name in map(str, columns):
        if reason := _unusable(columns[name]):
            left_out[name] = Note(f"uplift.left_out.{reason}", column=name)
    kept = columns.drop(columns=list(left_out))
    both = arms[0] | arms[1]
    found = _suspect(kept[both], arms[1][both], values[both])
    if asked is None:
        reasons = {
            name: Note("uplift.left_out", reason=why) for name, why in found.items()
        }
        left_out |= reasons
        kept, found = kept.drop(columns=list(found)), {}
    if kept.empty:
        raise Error("uplift.no_features", left_out=list(left_out))
    return kept, left_out, [Note("uplift.doubt", reason=why) for why in found.values()]


def _suspect(
    columns: pd.DataFrame, treated: Bools, outcome: npt.NDArray[np.float64]
) -> dict[str, Note]:
    """Find the columns that were hardly known before the treatment.

    "changed": its distribution differs between the arms, with p below 0.01 over all
    columns (Bonferroni): by Welch's test and Kolmogorov and Smirnov's of numbers, the
    chi-square test of text. "settles": a value of it, or all numbers above or below
    the commonest, goes with one and the same outcome, as a purchase does with a
    payment, though by chance that would happen in less than one of 1,000,000 tables.
    """
    found = {}
    for name, column in columns.items():
        p = min(1.0, _balance(column, treated) * len(columns.columns))
        if p < RISK:
            found[str(name)] = Note("uplift.changed", column=str(name), p=p)
        elif _settles(column, outcome):
            found[str(name)] = Note("uplift.settles", column=str(name))
    return found


def _balance(column: pd.Series, treated: Bools) -> float:
    """Return the p value of equal distributions in the two arms."""
    if not _is_number(column):
        common = column.value_counts().index[:MOST_VALUES]
        values = column.where(column.isin(common), None)
        counts = pd.crosstab(values.fillna(OTHER), treated)
        return float(chi2_contingency(counts, correction=False).pvalue)
    known = column.notna().to_numpy()
    tests = [1.0]
    if not known.all():
        counts = pd.crosstab(known, treated)
        tests.append(float(chi2_contingency(counts, correction=False).pvalue))
    arms = [column[known & (treated == arm)].to_numpy() for arm in (False, True)]
    if min(map(len, arms)) > 1:
        figures = [(len(a), float(a.mean()), float(a.std(ddof=1))) for a in arms]
        pair = TwoMeans(*figures[0], *figures[1])
        if not pair.problem:
            tests.append(pair.test()[0])
        tests.append(float(ks_2samp(*arms, method="asymp").pvalue))
    return min(1.0, min(tests) * max(1, len(tests) - 1))


def _settles(column: pd.Series, outcome: npt.NDArray[np.float64]) -> bool:
    """Say whether some values of a column leave no doubt about the outcome."""
    if column.nunique() < 2:
        return False
    values, counts = np.unique(outcome, return_counts=True)
    usual = outcome == values[counts.argmax()]
    rate = usual.mean()
    usual_value = column.mode().iloc[0]
    parts = column.value_counts().index[:MOST_VALUES]
    groups = [(column == part).to_numpy() for part in parts]
    if _is_number(column):
        groups += [(column > usual_value).to_numpy(), (column < usual_value).to_numpy()]
        groups += [column.isna().to_numpy(), column.notna().to_numpy()]
    for group in groups:
        n = int(group.sum())
        same, chance = usual[group].sum(), 0.0
        if n and same == n:
            chance = float(rate**n)
        elif n and same == 0:
            chance = float((1 - rate) ** n)
        else:
            continue
        if chance < SETTLED:
            return True
    return False


def encoded(columns: pd.DataFrame) -> tuple[Encoded, list[tuple[str, str | None]]]:
    """Return n x m numbers, and of each the column and the value that it stands for.

    Missing numbers become the median; their value is "1" where all are 0 or 1, else
    None. Text becomes a column for each of its 20 most common values, and one, OTHER,
    for all others.
    """
    numbers = [str(name) for name in columns if _is_number(columns[name])]
    words = [str(name) for name in columns if not _is_number(columns[name])]
    fill: Any = SimpleImputer(strategy="median")  # type: ignore[no-untyped-call]
    most = {"max_categories": MOST_VALUES + 1, "sparse_output": False}
    one_hot: Any = OneHotEncoder(**most)  # type: ignore[no-untyped-call]
    parts = [("numbers", fill, numbers), ("words", one_hot, words)]
    both: Any = ColumnTransformer(parts)  # type: ignore[no-untyped-call]
    points = np.asarray(both.fit_transform(columns), float)
    named: list[tuple[str, str | None]] = [
        (name, "1" if np.isin(points[:, i], (0, 1)).all() else None)
        for i, name in enumerate(numbers)
    ]
    if words:
        made = both.named_transformers_["words"]
        rare = made.infrequent_categories_
        for name, levels, few in zip(words, made.categories_, rare, strict=True):
            seldom = set() if few is None else set(few)
            named += [(name, level) for level in levels if level not in seldom]
            named += [(name, OTHER)] * bool(seldom)
    return points, named


def typical(
    points: Encoded, named: Sequence[tuple[str, str | None]], top: Bools
) -> pd.DataFrame:
    """Compare some units with all others: what sets them apart, the most first.

    Returns:
        column, value, top, others (means, or shares of units with the value) and
        distance, the difference in standard deviations of all units.
    """
    means = points[top].mean(axis=0), points[~top].mean(axis=0)
    spread = points.std(axis=0)
    apart = np.divide(
        means[0] - means[1], spread, out=np.zeros_like(spread), where=spread > 0
    )
    table = pd.DataFrame(
        {
            "column": [name for name, _ in named],
            "value": [value for _, value in named],
            "top": means[0],
            "others": means[1],
            "distance": apart,
        }
    )
    order = table["distance"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)
