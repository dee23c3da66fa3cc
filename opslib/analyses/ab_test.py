"""A/B test from one row per user: which variant does better, and is it sure?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib.analyses._ab_compare import compare
from opslib.analyses._ab_metrics import MISSING, Groups, known, spelled
from opslib.analyses._ab_segments import by_segment
from opslib.analyses.ab_result import AbResult, Check, Status
from opslib.analyses.ab_summary import LARGEST, Method, control_of
from opslib.result import Error, Note, check_choice, check_range

PLACES = ("numerator", "denominator")
TRUE_FALSE = {"true": 1.0, "false": 0.0}


@dataclass(frozen=True, kw_only=True)
class AbTestResult(AbResult):
    """What `AbResult` holds, and the units behind it.

    Attributes:
        segments: One row per metric, variant, segment (a column) and its value, the 10
            largest: kind, n_control, n, control, treatment, difference, low, high as in
            `table`, but not net of a covariate, and cut at the quantile of its own
            units if values are cut; p_interaction, whether the differences
            of its values differ (those of groups too small for a verdict left out),
            and p_interaction_adjusted over all (Benjamini-Hochberg).
    """

    segments: pd.DataFrame

    _rows: pd.DataFrame = field(repr=False)
    _columns: Mapping[str, str] = field(repr=False)

    def users(
        self, variant: str | None = None, *, metric: str | None = None
    ) -> pd.Series:
        """Return the ids of the units that are counted.

        Args:
            variant: Only of this variant; None for all.
            metric: Only those with a value of it above 0; None for all.

        Raises:
            Error: The test has no such variant or metric, or its table had no ids.
        """
        rows = self._rows
        if "unit" not in rows:
            raise Error("ab.no_ids")
        check_choice("variant", variant, sorted(rows["variant"].unique()))
        check_choice("metric", metric, self.table["metric"].unique().tolist())
        chosen = pd.Series(data=True, index=rows.index)
        if variant is not None:
            chosen &= rows["variant"] == variant
        if metric is not None:
            chosen &= rows[self._columns[metric]] > 0
        return rows.loc[chosen, "unit"].astype("str").rename("user")


def ab_test(
    table: pd.DataFrame,
    *,
    metrics: Sequence[str | Mapping[str, Any]],
    control: str | None = None,
    guardrails: Sequence[str | Mapping[str, Any]] = (),
    segments: Sequence[str] = (),
    covariate: str | None = None,
    winsorize: float | None = None,
    margin: float | None = None,
    correction: str = "holm",
    expected_split: Mapping[str, float] | None = None,
    confidence: float = 0.95,
    planned_n: int | None = None,
    method: Method = "fixed",
    looks: int = 5,
    daily_traffic: float | None = None,
) -> AbTestResult:
    """Compare the variants of an experiment on each metric; more is taken as better.

    A metric of 0 and 1, or true and false, is a share of units; any other number is a
    mean; with a denominator it is a ratio of sums, as revenue per order. Rows that
    repeat another exactly, units seen in several variants and units without a value
    are left out and counted. A unit with several different rows becomes one: numbers
    are added up, a yes in any row is a yes. Tests, intervals and verdicts are those of
    `ab_summary`; of a ratio, Welch's by the delta method; net of a covariate, Welch's
    of what is left (CUPED).

    Args:
        table: One row per unit: columns unit, variant and the metrics. Without a
            column unit every row is one unit.
        metrics: Names of columns, or {"numerator": ..., "denominator": ...} of two;
            each may have a "name" and a "kind" ("share", "mean", "ratio").
        control: The variant to compare with; None takes the one named like a control
            (control, A, 0, 对照组), else the first in order of name.
        guardrails: Metrics that must not get worse, spelled as those: "unharmed" when
            the interval of the lift lies above -margin (-0.01 if None), "harmed" when
            it lies below 0. They share no correction, and no winner depends on them.
        segments: Columns by whose values the effects are compared, in `.segments`.
            They are for exploring: verdicts are about all units.
        covariate: Column of what units did before the experiment, as their spending of
            the month before; shares and means are compared net of it, and the closer
            it goes with a metric the narrower its intervals. Units without a value
            are not adjusted.
        winsorize: Values of means and numerators beyond this quantile of those that
            are not 0 are cut to it, 0.9 to 1; a warning has the finding without.
        margin: Lifts between -margin and +margin do not matter (0.02 is 2 %); None
            never concludes that there is no meaningful difference.
        correction: "holm" over metrics x variants, or "none".
        expected_split: Planned share per variant, on any scale; None is equal shares.
        confidence: Coverage of the intervals, 0.5 to 0.999.
        planned_n: Units planned in all variants together; None if nothing was planned.
        method: "fixed", "sequential" or "always": how often the test is looked at, see
            `ab_summary`.
        looks: How many looks are planned, the last at the end.
        daily_traffic: Units per day that would all get the better variant, to say what
            that is worth; None says nothing of it.

    Raises:
        Error: A column that is missing, a metric that is not numeric or empty for a
            variant, fewer than two variants, or an unknown option.

    Example:
        >>> users = pd.DataFrame({"variant": ["A", "B"] * 500})
        >>> users["paid"] = [0, 1, 0, 0] * 250
        >>> result = ab_test(users, metrics=["paid"])
        >>> result.table[["metric", "variant", "control", "treatment", "verdict"]]
          metric variant  control  treatment verdict
        0   paid       B      0.0        0.5  winner
        >>> len(ab_test(users.assign(unit=range(1000)), metrics=["paid"]).users("B"))
        500
    """
    if not isinstance(table, pd.DataFrame):
        raise Error("ab.columns", got=[type(table).__name__])
    check_range("winsorize", winsorize, 0.9, 1)
    table = table.reset_index(drop=True).rename(columns=str)
    choices = _measurable(table)
    specs = spelled(metrics, choices, "metrics")
    guarding = spelled(guardrails, choices, "guardrails") if guardrails else []
    for spec in guarding:
        if spec["name"] in {one["name"] for one in specs}:
            raise Error("ab.guardrails.both", metric=spec["name"])
    specs += guarding
    rows = pd.DataFrame({"variant": _labels(table["variant"])})
    if "unit" in table:
        rows["unit"] = _text(table["unit"])
    used = {spec[key] for spec in specs for key in PLACES if spec.get(key)}
    others = [name for name in choices if name not in used]
    check_choice("covariate", covariate, others)
    cuts = [segments] if isinstance(segments, str) else list(segments)
    for cut in cuts:
        check_choice("segments", cut, [name for name in others if name != covariate])
    names = [name for name in table.columns if name in used or name == covariate]
    values = {name: _numbers(table[name]) for name in names}
    shares = {name for name in names if _is_share(values[name].to_numpy())}
    asked = known(specs, shares)
    rows = rows.assign(**values, **{cut: table[cut] for cut in cuts})
    rows, left_out, checks = _one_row_per_unit(table, rows, covariate, cuts)
    counted = rows["variant"].cat.remove_unused_categories().value_counts()
    units = {str(name): int(n) for name, n in counted.items()}
    base = control_of(units, control)
    groups = Groups(
        rows=rows, variants=sorted(units), base=base, before=covariate, cap=winsorize
    )
    pairs, told, checks_before = groups.compared(asked)
    by_value, of_segments = by_segment(groups, asked, cuts, confidence)
    found = compare(
        pairs,
        units,
        base=base,
        control=control,
        margin=margin,
        correction=correction,
        expected_split=expected_split,
        confidence=confidence,
        planned_n=planned_n,
        method=method,
        looks=looks,
        daily_traffic=daily_traffic,
        left_out=(*left_out, *(note for note in told if note.code == MISSING)),
        remarks=[*told, *of_segments],
        guards={spec["name"] for spec in guarding},
        checks=(*checks, *checks_before),
    )
    return AbTestResult(
        **{item.name: getattr(found, item.name) for item in fields(found)},
        segments=by_value,
        _rows=rows,
        _columns={metric.name: metric.numerator for metric in asked},
    )


def _measurable(table: pd.DataFrame) -> list[str]:
    """Return the columns that may be measured."""
    columns = list(table.columns)
    if "variant" not in table:
        raise Error("ab.columns", got=columns)
    if (again := table.columns[table.columns.duplicated()]).size:
        raise Error("eventlog.same_name", got=again[0])
    return [name for name in columns if name not in {"unit", "variant"}]


def _labels(column: pd.Series) -> pd.Series:
    """Write variants as text, each once."""
    places, values = pd.factorize(column)
    written = _text(pd.Series(values)).astype("string").astype(object)
    codes, names = pd.factorize(written)
    codes = np.append(codes, -1)[places]  # -1, for none, is the last
    labels = pd.Categorical.from_codes(codes, pd.Index(names, dtype=object))
    return pd.Series(labels, index=column.index)


def _is_share(values: npt.NDArray[np.float64]) -> bool:
    return bool(((values == 0) | (values == 1) | np.isnan(values)).all())


def _text(column: pd.Series) -> pd.Series:
    """Write ids and variants as text; 1.0 beside blanks is the id 1."""
    if pd.api.types.is_integer_dtype(column) and not column.hasnans:
        return column  # the same as their text, and much quicker
    if pd.api.types.is_float_dtype(column) and (column.dropna() % 1 == 0).all():
        column = column.astype("Int64")
    text = column.astype("string").str.strip()
    return text.mask(text == "")


def _numbers(column: pd.Series) -> pd.Series:
    """Read a metric as numbers; blanks and what is beyond 1e100 are missing."""
    if not pd.api.types.is_numeric_dtype(column):
        column = column.astype(object)
        words = column.map(lambda value: str(value).strip().lower(), na_action="ignore")
        numbers = words.map(TRUE_FALSE)
        numbers = numbers.fillna(pd.to_numeric(words, errors="coerce"))
        wrong = (numbers.isna() & words.notna() & (words != "")).to_numpy()
        if wrong.any():
            row = int(wrong.argmax())
            got = column.iloc[row]
            raise Error("ab.metric.values", metric=column.name, row=row + 1, got=got)
        column = numbers
    numbers = column.astype("float64")
    return numbers.where(numbers.abs() < LARGEST)


def _one_row_per_unit(
    table: pd.DataFrame,
    rows: pd.DataFrame,
    before: str | None,
    segments: Sequence[str],
) -> tuple[pd.DataFrame, list[Note], tuple[Check, ...]]:
    """Leave out what cannot be counted, and say how much that was."""
    notes = []
    blank = rows[rows.columns.intersection(["unit", "variant"])].isna().any(axis=1)
    if blank.any():
        notes.append(Note("ab.left_out.blank", n=int(blank.sum())))
        rows = rows[~blank]
    if "unit" not in rows:
        return rows, [*notes, Note("ab.no_unit")], ()
    repeated = rows["unit"].duplicated(keep=False)
    if not repeated.any():
        return rows, notes, (Check("units", "pass", Note("ab.units.pass")),)
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
    if several := int(rows.loc[rows["unit"].duplicated(), "unit"].nunique()):
        notes.append(Note("ab.several_rows", n=several))
        units = rows.groupby(["unit", "variant"])
        # What was before is told again in each row.
        ways: dict[str, Any] = dict.fromkeys(segments, "first")
        ways |= {before: "mean"} if before else {}
        rows = pd.concat(
            [
                units[name].agg(ways[name])
                if name in ways
                else units[name].sum(min_count=1)
                for name in rows.columns.difference(["unit", "variant"])
            ],
            axis=1,
        ).reset_index()
    return rows, notes, (check,)
