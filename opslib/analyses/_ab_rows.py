"""The rows of an experiment's table: read, made one per unit, and what was left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib.analyses.ab_result import Check, Status
from opslib.analyses.ab_summary import LARGEST
from opslib.result import Error, Note

TRUE_FALSE = {"true": 1.0, "false": 0.0}
# A column with fewer times, in shares of the rows, is the time of something else.
TIMED = 0.95
# Of a stratum, every variant must have so many units for its variance to be known.
LEAST = 10
# The column of the day a unit came in: no column of a file is called so.
DAY = "\0day"


@dataclass(frozen=True, kw_only=True)
class Units:
    """What is left of an experiment's rows when they are one per unit.

    Attributes:
        rows: One row per unit: variant, [unit, day it came,] values.
        dated: The rows they were made of; the same where each unit had one.
        place: For each of those its unit's position in `rows`.
        notes: What was left out or added up.
        checks: What was checked on the way.
    """

    rows: pd.DataFrame
    dated: pd.DataFrame
    place: npt.NDArray[np.intp]
    notes: list[Note]
    checks: tuple[Check, ...]


def measurable(table: pd.DataFrame) -> list[str]:
    """Return the columns that may be measured."""
    columns = list(table.columns)
    if "variant" not in table:
        raise Error("ab.columns", got=columns)
    if (again := table.columns[table.columns.duplicated()]).size:
        raise Error("eventlog.same_name", got=again[0])
    taken = {"unit", "variant", *(["time"] if is_timed(table) else [])}
    return [name for name in columns if name not in taken]


def is_timed(table: pd.DataFrame) -> bool:
    """Say whether there is a column of times; one of numbers is a metric."""
    return "time" in table and not pd.api.types.is_numeric_dtype(table["time"])


def days(table: pd.DataFrame) -> tuple[pd.Series | None, list[Note]]:
    """Return the day of each row, and why there is none where the table has times."""
    if not is_timed(table):
        return None, []
    times = table["time"]
    if not pd.api.types.is_datetime64_any_dtype(times):
        times = pd.to_datetime(times, errors="coerce", format="ISO8601")
    missing = float(times.isna().mean())
    if missing > 1 - TIMED:
        return None, [Note("ab.time.missing", share=missing)]
    zoned = times.dt.tz is not None
    day = (times.dt.tz_localize(None) if zoned else times).dt.floor("D")
    notes = [Note("ab.time.some", n=int(day.isna().sum()))] if missing else []
    return day.dt.as_unit("s"), notes


def labels(column: pd.Series) -> pd.Series:
    """Write variants as text, each once."""
    places, values = pd.factorize(column)
    texts = written(pd.Series(values)).astype("string").astype(object)
    codes, names = pd.factorize(texts)
    codes = np.append(codes, -1)[places]  # -1, for none, is the last
    found = pd.Categorical.from_codes(codes, pd.Index(names, dtype=object))
    return pd.Series(found, index=column.index)


def is_share(values: npt.NDArray[np.float64]) -> bool:
    """Say whether all values are 0, 1 or missing."""
    return bool(((values == 0) | (values == 1) | np.isnan(values)).all())


def written(column: pd.Series) -> pd.Series:
    """Write ids and variants as text; 1.0 beside blanks is the id 1."""
    if pd.api.types.is_integer_dtype(column) and not column.hasnans:
        return column  # the same as their text, and much quicker
    if pd.api.types.is_float_dtype(column) and (column.dropna() % 1 == 0).all():
        column = column.astype("Int64")
    text = column.astype("string").str.strip()
    return text.mask(text == "")


def numbers(column: pd.Series) -> pd.Series:
    """Read a metric as numbers; blanks and what is beyond 1e100 are missing."""
    if not pd.api.types.is_numeric_dtype(column):
        column = column.astype(object)
        words = column.map(lambda value: str(value).strip().lower(), na_action="ignore")
        read = words.map(TRUE_FALSE)
        read = read.fillna(pd.to_numeric(words, errors="coerce"))
        wrong = (read.isna() & words.notna() & (words != "")).to_numpy()
        if wrong.any():
            row = int(wrong.argmax())
            got = column.iloc[row]
            raise Error("ab.metric.values", metric=column.name, row=row + 1, got=got)
        column = read
    values = column.to_numpy(float, na_value=np.nan)
    # Hardly any is so large: to look first is quicker than to write another column.
    low, high = (find.reduce(values, initial=0) for find in (np.fmin, np.fmax))
    if max(-low, high) >= LARGEST:
        values = np.where(np.abs(values) < LARGEST, values, np.nan)
    return pd.Series(values, index=column.index, name=column.name, copy=False)


def _repeated(ids: pd.Series) -> pd.Series:
    """Say of each id whether there is another one like it."""
    if pd.api.types.is_signed_integer_dtype(ids) and len(ids):
        low, high = int(ids.min()), int(ids.max())
        # Numbers in a row need no table of those that were seen, only a mark for each.
        if high - low < 4 * len(ids):
            seen = np.zeros(high - low + 1, bool)
            seen[ids.to_numpy(np.int64) - low] = True
            if seen.sum() == len(ids):
                return pd.Series(data=False, index=ids.index)
    return ids.duplicated(keep=False)


def one_row_per_unit(
    table: pd.DataFrame,
    rows: pd.DataFrame,
    before: str | None,
    kept: Sequence[str],
) -> Units:
    """Leave out what cannot be counted, and say how much that was.

    Args:
        table: As it was given, to tell rows that repeat others.
        rows: variant, [unit, day,] values and columns of segments.
        before: The column from before the experiment, the same on all of a unit's rows.
        kept: Columns of which a unit keeps the first value.
    """
    notes: list[Note] = []
    blank = rows[rows.columns.intersection(["unit", "variant"])].isna().any(axis=1)
    if blank.any():
        notes.append(Note("ab.left_out.blank", n=int(blank.sum())))
        rows = rows[~blank]
    if "unit" not in rows:
        return _single(rows, [*notes, Note("ab.no_unit")])
    repeated = _repeated(rows["unit"])
    if not repeated.any():
        return _single(rows, notes, Check("units", "pass", Note("ab.units.pass")))
    exact = table[~blank][repeated].duplicated().reindex(rows.index, fill_value=False)
    if exact.any():
        notes.append(Note("ab.left_out.duplicates", n=int(exact.sum())))
        rows, repeated = rows[~exact], repeated[~exact]
    variants = rows[repeated].groupby("unit")["variant"].nunique()
    crossed = rows["unit"].isin(variants.index[variants > 1])
    mixed = int((variants > 1).sum())
    status: Status = "caution" if mixed else "pass"
    check = Check("units", status, Note(f"ab.units.{status}", n=mixed))
    if mixed:
        notes.append(check.note)
        rows = rows[~crossed]
    several = int(rows.loc[rows["unit"].duplicated(), "unit"].nunique())
    if not several:
        return _single(rows, notes, check)
    notes.append(Note("ab.several_rows", n=several))
    units = rows.groupby(["unit", "variant"], observed=True)
    # What was before is told again in each row.
    ways: dict[str, Any] = {**dict.fromkeys(kept, "first"), DAY: "min"}
    ways |= {before: "mean"} if before else {}
    added = [
        units[name].agg(ways[name]) if name in ways else units[name].sum(min_count=1)
        for name in rows.columns.difference(["unit", "variant"])
    ]
    return Units(
        rows=pd.concat(added, axis=1).reset_index(),
        dated=rows,
        place=units.ngroup().to_numpy().astype(np.intp),
        notes=notes,
        checks=(check,),
    )


def _single(rows: pd.DataFrame, notes: list[Note], *checks: Check) -> Units:
    place = np.arange(len(rows), dtype=np.intp)
    return Units(rows=rows, dated=rows, place=place, notes=notes, checks=checks)


def strata_of(
    rows: pd.DataFrame, names: Sequence[str], variants: Mapping[str, int]
) -> tuple[npt.NDArray[np.intp] | None, list[Note]]:
    """Number the strata of units; those too small in a variant are one together.

    Raises:
        Error: What is left of the small ones is too small as well.
    """
    if not names:
        return None, []
    columns = ["time" if name == DAY else name for name in names]
    codes = rows.groupby(list(names), sort=False, dropna=False).ngroup()
    counts = pd.crosstab(codes, rows["variant"]).reindex(
        columns=list(variants), fill_value=0
    )
    small = counts.index[(counts < LEAST).any(axis=1)]
    if len(small):
        rest = counts.loc[small].sum()
        if (rest < LEAST).any():
            raise Error(
                "ab.strata.small",
                strata=columns,
                n=int(rest.sum()),
                variant=str(rest.idxmin()),
                least=LEAST,
            )
        codes = codes.where(~codes.isin(small), -1)
    found, there = pd.factorize(codes)
    own = [name for name in names if name != DAY]
    dated = len(own) < len(names)
    code = "ab.strata" if not dated else "ab.strata.both" if own else "ab.strata.day"
    notes = [Note(code, n=len(there), strata=own)]
    if len(small):
        notes.append(Note("ab.strata.rest", n=len(small), least=LEAST))
    return found.astype(np.intp), notes
