"""Campaigns without randomisation: did units with it change more than others?"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from opslib import charts
from opslib.analyses._campaign_chart import effects_chart, groups_chart
from opslib.analyses._campaign_checks import by_group, by_period, drift, effect
from opslib.analyses._campaign_panel import (
    LEAST_PERIODS,
    Day,
    Grid,
    Panel,
    as_day,
    grid,
    read,
    usual_period,
)
from opslib.result import Error, Note, Result, check_choice, check_range, say
from opslib.stats.changes import TwoChanges

FEW = 10
LEVEL = 0.05
PERIODS = ("auto", "day", "week", "month")
LENGTH = {
    "day": pd.DateOffset(days=1),
    "week": pd.DateOffset(days=7),
    "month": pd.DateOffset(months=1),
}


@dataclass(frozen=True, kw_only=True)
class CampaignResult(Result):
    """Difference in differences; `table` is one row. All means are per unit and row.

    metric: what was measured.
    start, end: first and last day of the campaign that count.
    n_control, n: units of the comparison, and with the campaign.
    control_before, control_after, treated_before, treated_after: mean of the units'
        means over the days before the start, and from then on.
    expected: treated_before, and the change of the comparison on top.
    difference, low, high: treated_after - expected, and its interval.
    lift, lift_low, lift_high: difference / expected; NaN where a warning says why.
    p_value: of no difference.

    Attributes:
        trend: group ("treated" or "comparison"), number (of the period, 0 the first of
            the campaign), period (its first day), units, mean, low, high.
        by_period: number, period, during, difference (of the groups, each less its
            units' means before the start), low, high; intervals hold one by one.
        checks: check ("slope": difference of slopes per period before the start;
            "placebo": the same analysis with a start in the middle of what was before),
            since, units, difference, low, high, p_value; no row where there are fewer
            than 4 periods.
        period: "day", "week" or "month".
        unit: What a row of the table stands for, "day", "week" or "month".
        treated, comparison: Variants with and without the campaign.
        confidence: Coverage of the intervals.
    """

    trend: pd.DataFrame
    by_period: pd.DataFrame
    checks: pd.DataFrame
    period: str
    unit: str
    treated: list[str]
    comparison: list[str]
    confidence: float
    _periods: int = field(repr=False)
    _had: "pd.Series[bool]" = field(repr=False)

    def users(self, treated: bool = True) -> list[str]:  # noqa: FBT001, FBT002
        """Return the ids of the units with the campaign, or of the comparison."""
        return [str(unit) for unit in self._had.index[self._had == treated]]

    def chart(self, lang: str = "en") -> alt.Chart | alt.LayerChart:
        """Draw both groups; the comparison is moved to the treated's level before.

        What it shows from the start on is what was to be expected.
        """
        row = self.table.iloc[0]
        gap = row["treated_before"] - row["control_before"]
        chart = groups_chart(self.trend, gap, row["start"], row["end"], lang)
        return charts.finish(chart, self.describe(lang))

    def effects_chart(self, lang: str = "en") -> alt.Chart | alt.LayerChart:
        """Draw the difference of the groups by period, with its intervals."""
        row = self.table.iloc[0]
        chart = effects_chart(self.by_period, row["start"], row["end"], lang)
        return charts.finish(chart, self.describe(lang), height=240)

    def describe(self, lang: str = "en") -> str:
        """State the difference, whether groups drifted before, and what is assumed."""
        row = self.table.to_dict("records")[0]
        kind = "lift" if np.isfinite(row["lift_low"]) else "difference"
        kind = "none" if np.isnan(row["p_value"]) else kind
        told: dict[str, Any] = {
            **{str(name): value for name, value in row.items()},
            "per": Note(f"campaign.per.{self.unit}"),
            "treated": self.treated,
            "comparison": self.comparison,
            "level": self.confidence * 100,
        }
        sure = "sure" if row["p_value"] < 1 - self.confidence else "chance"
        before = self._before()
        silent = kind == "none" or before.code == "campaign.before.drift"
        return say(
            lang,
            Note(f"campaign.answer.{kind}", **told),
            None if silent else Note(f"campaign.{sure}"),
            before,
            Note("campaign.assumption"),
        )

    def _before(self) -> Note:
        """Say what the time before the start tells of the groups."""
        p = self.checks.set_index("check")["p_value"].dropna()
        if p.empty:
            code = "short" if self._periods < LEAST_PERIODS else "constant"
            return Note(f"campaign.before.{code}", n=self._periods, least=LEAST_PERIODS)
        return Note(
            "campaign.before.drift" if p.min() < LEVEL else "campaign.before.alike",
            slope=p.get("slope", np.nan),
            placebo=p.get("placebo", np.nan),
            periods=Note(f"campaign.periods.{self.period}", n=self._periods),
        )


def campaign(
    table: pd.DataFrame,
    *,
    metric: str,
    start: Day,
    end: Day | None = None,
    treated: str | Sequence[str] | None = None,
    period: str = "auto",
    before: Day | None = None,
    confidence: float = 0.95,
) -> CampaignResult:
    """Compare how units with a campaign changed with how others did.

    Difference in differences: the mean over treated units of (mean after the start -
    mean before), less the same of the comparison. A unit counts once, however many days
    it has, so that days of one unit may resemble each other; Welch's t-test on the
    units' changes. Nobody drew lots, so that the groups may differ in anything: it is
    an effect only if both would have changed alike without the campaign. Slopes before
    the start and a placebo start in the middle of that time are tested at 5 % each;
    where either differs, groups drifted apart and nothing is claimed.

    Args:
        table: Columns unit, variant (the group), time and metrics; one row per unit and
            day, week or month. Days without a row are not 0. Several rows of a day are
            summed where that means something.
        metric: A column of numbers or yes/no.
        start: First day of the campaign, the same for all units.
        end: Its last day; None goes to the last row. Later rows are left out.
        treated: Values of `variant` that had the campaign; None takes all but the one
            named like a control (control, A, 0, ...), else the first in order of name.
        period: "day", "week" or "month" to follow groups by, counted from the start;
            "auto" fits the length of the data. The effect does not depend on it.
        before: First day to compare with; None takes all rows before the start.
        confidence: Coverage of the intervals, 0.5 to 0.999.

    Raises:
        Error: Columns missing or not usable, dates that leave nothing before or after,
            a group that is not there, or fewer than 2 units in one.

    References:
        Angrist & Pischke (2009), Mostly Harmless Econometrics, ch. 5; Bertrand, Duflo &
        Mullainathan (2004), Q. J. Econ. 119, 249-275; Roth (2022), AER: Insights 4,
        305-322, on what tests of trends before cannot show.

    Example:
        >>> table = pd.DataFrame({
        ...     "unit": list("abcd") * 2, "variant": ["old", "old", "new", "new"] * 2,
        ...     "time": ["2026-03-01"] * 4 + ["2026-03-02"] * 4,
        ...     "sales": [5, 7, 6, 8, 6, 9, 10, 13],
        ... })
        >>> found = campaign(table, metric="sales", start="2026-03-02").table
        >>> found[["treated_after", "expected", "difference"]]
           treated_after  expected  difference
        0           11.5       8.5         3.0
    """
    check_choice("period", period, PERIODS)
    check_range("confidence", confidence, 0.5, 0.999)
    begun = as_day("start", start)
    panel, first, last = _between(read(table, metric, treated), begun, end, before)
    if period == "auto":
        days = (last - first).days + 1
        period = usual_period(panel.unit, (begun - first).days, days)
    units, short = grid(panel, begun, period)
    notes = [*panel.notes, *([Note("campaign.left.sides", n=short)] if short else [])]
    notes += _few(units, panel, short)
    pair = effect(units)
    rows = panel.rows.groupby("unit").size().reindex(units.units)
    if uneven := int((rows < rows.max()).sum()):
        notes.append(Note("campaign.uneven", n=uneven))
    if why := pair.lift_problem(confidence):
        notes.append(Note(f"campaign.no_lift.{why}"))
    told = {"metric": metric, "start": begun, "end": last}
    return CampaignResult(
        table=pd.DataFrame([told | _figures(pair, units, confidence)]),
        trend=by_group(units, confidence),
        by_period=by_period(units, confidence),
        checks=drift(units, confidence),
        period=period,
        unit=panel.unit,
        treated=panel.treated,
        comparison=panel.comparison,
        warnings=tuple(notes),
        confidence=confidence,
        _periods=int((units.number < 0).sum()),
        _had=pd.Series(units.treated, units.units),
    )


def _between(
    panel: Panel, start: pd.Timestamp, end: Day | None, before: Day | None
) -> tuple[Panel, pd.Timestamp, pd.Timestamp]:
    """Keep the rows to compare; return also the first and last day that count."""
    rows, notes = panel.rows, [*panel.notes]
    # A week or month that the campaign began or ended in is of both sides.
    over = rows["day"] + LENGTH[panel.unit] - pd.Timedelta(days=1)
    known = rows["day"].min(), over.max()
    first = known[0] if before is None else as_day("before", before)
    last = known[1] if end is None else as_day("end", end)
    if not (first < start <= last and known[0] < start <= known[1]):
        told = {"before": first, "start": start, "end": last}
        raise Error("campaign.dates", **told, first=known[0], last=known[1])
    late = rows["day"] > last
    torn = ~late & (
        ((rows["day"] < start) & (over >= start)) | (over > last)
    )  # fmt: skip
    for code, out in (("late", late), ("torn", torn)):
        if n := int(out.sum()):
            notes.append(Note(f"campaign.left.{code}", n=n, last=last))
    rows = rows[~late & ~torn & (rows["day"] >= first)]
    if not (rows["day"] < start).any() or not (rows["day"] >= start).any():
        told = {"before": first, "start": start, "end": last}
        raise Error("campaign.dates", **told, first=known[0], last=known[1])
    kept = replace(panel, rows=rows, notes=tuple(notes))
    return kept, max(first, known[0]), min(last, known[1])


def _few(units: Grid, panel: Panel, short: int) -> list[Note]:
    """Refuse groups of fewer than two units; say which are small."""
    notes = []
    groups = (~units.treated, panel.comparison), (units.treated, panel.treated)
    for members, names in groups:
        n = int(members.sum())
        if n < 2:
            code = "campaign.no_sides" if short else "campaign.single"
            raise Error(code, n=n, groups=names)
        if n < FEW:
            notes.append(Note("campaign.few", n=n, groups=names))
    return notes


def _figures(pair: TwoChanges, units: Grid, confidence: float) -> dict[str, Any]:
    had = units.treated
    low, high = pair.difference_interval(confidence)
    lift_low, lift_high = pair.lift_interval(confidence)
    return {
        "n_control": pair.n_control,
        "n": pair.n,
        "control_before": units.before[~had].mean(),
        "control_after": units.after[~had].mean(),
        "treated_before": units.before[had].mean(),
        "treated_after": pair.treatment,
        "expected": pair.control,
        "difference": pair.difference,
        "low": low,
        "high": high,
        "lift": np.nan if np.isnan(lift_low) else pair.difference / pair.control,
        "lift_low": lift_low,
        "lift_high": lift_high,
        "p_value": pair.test()[0],
    }
