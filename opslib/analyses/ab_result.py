"""What an A/B test found: effects with intervals, checks and verdicts in words."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import altair as alt
import numpy as np
import pandas as pd

from opslib import charts
from opslib.analyses._ab_bayes import posteriors
from opslib.analyses._ab_pair import Pair
from opslib.result import Note, Result, say
from opslib.words import text

OUTCOMES = (
    *("winner", "loser", "no_meaningful_difference", "too_early"),
    *("unharmed", "harmed"),
)
COLOURS = (
    *(charts.PALETTE[2], charts.PALETTE[5], charts.PALETTE[0], charts.MUTED),
    *(charts.PALETTE[0], charts.PALETTE[5]),
)
MOST_ROWS_DRAWN = 40

Status = Literal["pass", "caution", "fail"]


@dataclass(frozen=True)
class Check:
    """One thing that must hold before a verdict counts.

    Attributes:
        name: "split", "sample", "lift", "planned", "units", "days", "before" or
            "guardrails".
        status: "pass", "caution" or "fail"; after a fail there is no winner.
        note: What was found.
    """

    name: str
    status: Status
    note: Note


@dataclass(frozen=True, kw_only=True)
class AbResult(Result):
    """Every variant beside the control, on every metric.

    `table` has one row per metric and variant:
    metric, variant, kind ("share", "mean", "ratio" or "quantile"), n_control, n.
    control, treatment: share (0 to 1), mean, ratio or quantile of each group.
    difference, low, high: treatment - control, net of the column from before if there
    is one, and its interval.
    lift, lift_low, lift_high: difference / control; NaN with a warning if undefined.
    test ("z", "boschloo", "fisher", "welch", "cuped", "stratified" or "bootstrap"),
    p_value: two-sided.
    p_adjusted, low_adjusted, high_adjusted: over all rows, Holm and Bonferroni.
    verdict: "winner", "loser", "no_meaningful_difference" or "too_early"; of a
    guardrail "unharmed", "harmed" or "too_early", and nothing adjusted.

    Attributes:
        checks: What must hold before the verdicts count.
        verdict: One sentence per row of `table`, in its order.
        worth: What that is worth in a week, in the same order; None where nobody asked,
            nothing is decided, or a ratio or quantile cannot be added up.
        left_out: Sentences about rows and units that are not counted.
        control: The variant the others are compared with.
        confidence: Coverage of every interval that is not adjusted.
        correction: "holm" or "none", over all rows but those of guardrails.
        metric_named: Whether metrics have names of their own.
    """

    checks: tuple[Check, ...]
    verdict: tuple[Note, ...]
    worth: tuple[Note | None, ...]
    left_out: tuple[Note, ...]
    control: str
    confidence: float
    correction: str
    metric_named: bool = True
    _pairs: Mapping[tuple[str, str], Pair] = field(repr=False)

    @cached_property
    def bayes(self) -> pd.DataFrame:
        """The chance that each variant is better, and what choosing it costs.

        Two rows per row of `table`: metric, variant, prior ("flat"; "sceptical", lifts
        of 0 with standard deviation 0.3, as GrowthBook has); better, the chance that
        the lift is above 0; loss, what choosing the variant costs on average, and
        loss_control, what choosing the control does, in parts of the control; lift,
        lift_low, lift_high, with the credible interval. NaN where there is no lift.
        Shares are Beta-binomial under the flat prior, quantiles as the bootstrap has
        them (and without a sceptical prior), all else is normal. To stop when
        `better` is high finds what is not there as surely as to stop when p is low.
        """
        return posteriors(self._pairs, self.confidence)

    def chart(self, lang: str = "en") -> alt.LayerChart:
        """Draw each lift with its interval; differences where there is no lift."""
        scale = "lift" if self.table["lift"].notna().any() else "difference"
        low, high = ("lift_low", "lift_high") if scale == "lift" else ("low", "high")
        table = self.table.dropna(subset=[low, high]).head(MOST_ROWS_DRAWN)
        table = table.assign(
            label=table["variant"] + " · " + table["metric"]
            if self.metric_named
            else table["variant"],
            verdict=table["verdict"].map(lambda name: text(f"ab.{name}.name", lang)),
        )
        titles = {
            name: text(f"ab.column.{name}", lang)
            for name in ("label", scale, low, high, "p_value", "verdict")
        }
        shape = charts.Shape(table, titles)
        seen = {
            charts.label(text(f"ab.{name}.name", lang)): colour
            for name, colour in zip(OUTCOMES, COLOURS, strict=True)
            if name in set(self.table["verdict"])
        }
        number = (
            ".3" if (table["kind"] != "share").any() and scale != "lift" else "+.1~%"
        )
        axis = alt.Axis(format=number, title=titles[scale], tickCount=8)
        base = alt.Chart().encode(
            y=alt.Y(
                **shape.field(
                    "label",
                    "nominal",
                    sort=None,
                    axis={"title": None, "labelLimit": 320, "labelFlush": False},
                )
            ),
            color=alt.Color(
                **shape.field("verdict", "nominal"),
                scale=alt.Scale(domain=list(seen), range=list(seen.values())),
                legend=alt.Legend(title=None, orient="top", columns=2),
            ),
            tooltip=shape.tooltip(
                {
                    "label": "",
                    scale: number,
                    low: number,
                    high: number,
                    "p_value": ".2g",
                }
            ),
        )
        interval = base.mark_rule(strokeWidth=2).encode(
            x=alt.X(**shape.field(low, "quantitative", axis=axis)),
            x2=alt.X2(field=shape.alias[high]),
        )
        point = base.mark_point(filled=True, size=90).encode(
            x=alt.X(**shape.field(scale, "quantitative", axis=axis))
        )
        zero = (
            alt.Chart(pd.DataFrame({"zero": [0.0]}))
            .mark_rule(strokeDash=[4, 4], color=charts.MUTED)
            .encode(x=alt.X("zero:Q", axis=axis))
        )
        height = 120 + 36 * max(1, len(table))
        return charts.finish(  # type: ignore[return-value]
            charts.layered(zero, interval, point, data=shape.frame),
            self.describe(lang),
            height=height,
        )

    def describe(self, lang: str = "en") -> str:
        """Say the clearest comparison, its verdict, the others and what is left out."""
        goals = self.table["p_value"].where(self.table["p_adjusted"].notna())
        clearest = int(np.argmin(goals.fillna(2)))
        row = self.table.to_dict("records")[clearest]
        several = len(self.table) > 1 or None
        return say(
            lang,
            several and self._tally(lang),
            self._finding(row),
            self.verdict[clearest],
            self.worth[clearest],
            *(c.note for c in self.checks if c.note.code == "ab.guardrails.harmed"),
            *self.left_out,
        )

    def details(self, lang: str = "en") -> list[str]:
        """Say what was checked, and the verdict on each row of `table`."""
        checks = [
            Note(f"ab.check.{check.status}", said=check.note).text(lang)
            for check in self.checks
        ]
        verdicts = zip(self.verdict, self.worth, strict=True)
        return [*checks, *(say(lang, *notes) for notes in verdicts)]

    def _tally(self, lang: str) -> Note:
        """Count the verdicts that were given; the others go without saying."""
        given = Counter(self.table["verdict"])
        parts = [
            text(f"ab.tally.{name}", lang, n=given[name])
            for name in OUTCOMES
            if given[name]
        ]
        comma = text("ab.tally.and", lang)
        return Note("ab.tally", n=len(self.table), parts=comma.join(parts))

    def short(self, row: Mapping[Any, Any]) -> Note:
        """Return the numbers of one row of `table`, without names, to head them."""
        found = self._finding(row)
        return Note(found.code.replace(".finding.", ".short."), **found.values)

    def _finding(self, row: Mapping[Any, Any]) -> Note:
        """Put one row into words, as a lift if it has one."""
        kind, family = form(row["kind"]), int(self.table["p_adjusted"].notna().sum())
        if math.isnan(row["p_adjusted"]):
            family = 1
        values = {
            "metric": metric_note(row["metric"], kind, named=self.metric_named),
            "variant": row["variant"],
            "control": self.control,
            "was": Note(f"ab.value.{kind}", value=row["control"]),
            "now": Note(f"ab.value.{kind}", value=row["treatment"]),
            "level": self.confidence * 100,
            "p": Note(
                f"ab.p.{self.correction}" if family > 1 else "ab.p",
                p=row["p_value"],
                adjusted=row["p_adjusted"],
                n=family,
            ),
        }
        if math.isnan(row["p_value"]):
            return Note("ab.finding.none", **values)
        scale, code, low, high = "difference", f"ab.gap.{kind}", "low", "high"
        if not math.isnan(row["lift"]):
            scale, code, low, high = "lift", "ab.gap.lift", "lift_low", "lift_high"
        shown = {
            "change": Note(code, value=row[scale]),
            "low": Note(code, value=row[low]),
            "high": Note(code, value=row[high]),
        }
        return Note(f"ab.finding.{scale}", **values, **shown)


def form(kind: str) -> str:
    """Say how a metric is written: a ratio as a mean is."""
    return "share" if kind == "share" else "mean"


def metric_note(metric: str, kind: str, *, named: bool) -> Note:
    """Name a metric in a sentence: as the file does, or by what it measures."""
    return (
        Note("ab.metric", metric=metric) if named else Note(f"ab.metric.{form(kind)}")
    )
