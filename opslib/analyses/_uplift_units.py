"""The units of an experiment with what was known before, and whether they suffice."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib.analyses._ab_rows import (
    is_share,
    labels,
    measurable,
    numbers,
    one_row_per_unit,
    written,
)
from opslib.analyses._uplift_features import prepared
from opslib.analyses._uplift_model import ordered
from opslib.result import Error, Note, check_choice

FEWEST_UNITS = 800
FEWEST_OUTCOMES = 100

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def read(
    table: pd.DataFrame, outcome: str, features: Sequence[str] | None
) -> tuple[pd.DataFrame, list[str], list[Note]]:
    """Return one row per unit in an order not that of the file, and its features."""
    if not isinstance(table, pd.DataFrame):
        raise Error("ab.columns", got=[type(table).__name__])
    table = table.reset_index(drop=True).rename(columns=str)
    others = measurable(table)
    if outcome not in others:
        raise Error("option.column", option="outcome", got=outcome, choices=others)
    others.remove(outcome)
    asked = [features] if isinstance(features, str) else list(features or others)
    for name in asked:
        if name not in others:
            raise Error("option.column", option="features", got=name, choices=others)
    columns = list(dict.fromkeys(asked))
    values = numbers(table[outcome])
    rows = pd.DataFrame({"variant": labels(table["variant"]), outcome: values})
    if "unit" in table:
        rows["unit"] = written(table["unit"])
    rows = rows.assign(**{name: prepared(table[name]) for name in columns})
    share = is_share(values.to_numpy())
    units = one_row_per_unit(table, rows, None, columns)
    rows, told = units.rows, units.notes
    if share:
        rows[outcome] = rows[outcome].clip(upper=1)
    return rows.iloc[ordered(rows)].reset_index(drop=True), columns, told


def counts(rows: pd.DataFrame) -> dict[str, int]:
    """Return the units of each variant."""
    counted = rows["variant"].value_counts()
    return {str(name): int(n) for name, n in counted.items() if n}


def treatment_of(treatment: str | None, units: Mapping[str, int], base: str) -> str:
    """Take the treatment asked for, or the only one."""
    others = sorted(name for name in units if name != base)
    if treatment is None:
        if len(others) > 1:
            raise Error("uplift.treatment", n=len(others), choices=others)
        return others[0]
    check_choice("treatment", str(treatment), others)
    return str(treatment)


def enough(arms: Mapping[str, Bools], outcome: str, values: Floats) -> None:
    """Refuse what can only show chance."""
    both = values[np.logical_or(*arms.values())]
    kinds, counts = np.unique(both, return_counts=True)
    usual = kinds[counts.argmax()] if len(kinds) else 0
    for name, arm in arms.items():
        n = int(arm.sum())
        if n < FEWEST_UNITS:
            raise Error("uplift.few_units", variant=name, n=n, least=FEWEST_UNITS)
        unusual = int((values[arm] != usual).sum())
        if unusual < FEWEST_OUTCOMES:
            told = {"variant": name, "outcome": outcome, "usual": float(usual)}
            raise Error("uplift.few", **told, n=unusual, least=FEWEST_OUTCOMES)
