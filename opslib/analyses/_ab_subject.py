"""The metric that experiments are simulated on: its values, one per unit."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib.analyses._ab_metrics import MISSING, Groups, Metric, known
from opslib.analyses._ab_rows import (
    is_share,
    labels,
    measurable,
    numbers,
    one_row_per_unit,
    written,
)
from opslib.result import Error, Note, check_choice

Floats = npt.NDArray[np.float64]
FEWEST_UNITS = 30
BLANK = "ab.left_out.blank"


@dataclass(frozen=True)
class Subject:
    """What is measured of users, before anything is done to them.

    Attributes:
        name: What it is called.
        kind: "share", "mean" or "ratio".
        columns: The values per unit; of a ratio above and below.
        before: What was before, per unit; None without a covariate.
        notes: What is to be told of the table.
    """

    name: str
    kind: str
    columns: Sequence[Floats]
    before: Floats | None
    notes: tuple[Note, ...]

    @property
    def units(self) -> int:
        """How many there are."""
        return len(self.columns[0])

    @property
    def value(self) -> float:
        """The share, the mean, or the ratio of sums, of all units."""
        sums = [float(column.mean()) for column in self.columns]
        return sums[0] / sums[1] if self.kind == "ratio" else sums[0]

    @property
    def varies(self) -> bool:
        """Whether units differ by more than rounding."""
        beyond = abs(self._beyond)
        return bool(beyond.max() > 1e-12 * abs(self.columns[0]).max())

    @property
    def largest(self) -> float:
        """Part of all the variance that comes from a single unit."""
        squares = self._beyond**2
        return float(squares.max() / squares.sum())

    @property
    def _beyond(self) -> Floats:
        """How far each unit is from all together."""
        if self.kind == "ratio":
            return self.columns[0] - self.value * self.columns[1]
        return self.columns[0] - self.value


def subject(
    table: pd.DataFrame, metric: str, denominator: str | None, covariate: str | None
) -> Subject:
    """Read a metric as `ab_test` does, of the units of all variants together.

    Args:
        table: With a column unit or user every unit is one; without, every row is.
        metric: Column of it; of a ratio the one above.
        denominator: Of a ratio the column below.
        covariate: Column from before.

    Raises:
        Error: No such column, values that are no numbers, a metric that is the same for
            all units, or too few units.
    """
    if not isinstance(table, pd.DataFrame):
        raise Error("ab_simulate.table", got=type(table).__name__)
    table = table.reset_index(drop=True).rename(columns=str)
    if "unit" not in table:
        table = table.rename(columns={"user": "unit"})
    dealt = "variant" in table
    if not dealt:
        table = table.assign(variant="all")
    choices = measurable(table)
    used = []
    for option, name in (("metric", metric), ("denominator", denominator)):
        if option == "denominator" and name is None:
            continue
        if name is None or str(name) not in choices:
            raise Error("option.column", option=option, got=name, choices=choices)
        used.append(str(name))
    others = [name for name in choices if name not in used]
    check_choice("covariate", covariate, others)
    columns = [*used, *([covariate] if covariate is not None else [])]
    values = {name: numbers(table[name]) for name in columns}
    shares = {name for name in used if is_share(values[name].to_numpy())}
    spec = {"numerator": used[0], "denominator": used[1] if len(used) > 1 else None}
    (asked,) = known([spec | {"name": " / ".join(used)}], shares)
    rows = pd.DataFrame({"variant": labels(table["variant"])})
    if "unit" in table:
        rows["unit"] = written(table["unit"])
    units = one_row_per_unit(table, rows.assign(**values), covariate, ())
    notes = [
        note
        if dealt or note.code != BLANK
        else Note("ab_simulate.no_id", **note.values)
        for note in units.notes
    ]
    found = _known(units.rows, asked, covariate, notes)
    if found.units < FEWEST_UNITS:
        raise Error(
            "ab_simulate.few", n=found.units, least=FEWEST_UNITS, metric=found.name
        )
    if found.kind == "ratio" and found.columns[1].sum() == 0:
        raise Error("ab_simulate.below", metric=found.name)
    if not found.varies:
        raise Error("ab_simulate.constant", metric=found.name)
    return found


def _known(
    rows: pd.DataFrame, metric: Metric, covariate: str | None, notes: Sequence[Note]
) -> Subject:
    """Leave out units without a value, and say so."""
    told = list(notes)
    columns = [rows[name].to_numpy(float) for name in metric.columns]
    if metric.kind == "share":
        # Of several rows that were added up, a yes in any is a yes.
        columns[0] = np.minimum(columns[0], 1)
    blank = np.isnan(columns).any(axis=0)
    if blank.any():
        told.append(Note(MISSING, n=int(blank.sum()), metric=metric.name))
    before = None
    if covariate is not None and metric.kind == "ratio":
        told.append(Note("ab.cuped.ratio", metric=metric.name))
    elif covariate is not None:
        before = Groups(rows=rows, variants=(), base="", before=covariate).filled
        before = before[~blank]
        if n := int(rows[covariate].isna().sum()):
            told.append(Note("ab.cuped.unknown", n=n, before=covariate))
    columns = [column[~blank] for column in columns]
    return Subject(metric.name, metric.kind, columns, before, tuple(told))
