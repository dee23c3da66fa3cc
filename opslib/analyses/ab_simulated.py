"""What simulated tests found, in a table, in charts and in words."""

from dataclasses import dataclass

import altair as alt
import pandas as pd

from opslib import charts
from opslib.result import Note, Result, say
from opslib.words import text

USUAL_POWER = 0.8
# So much larger than it is looks a difference that should be told of.
LARGER = 1.1
BINS = 20


@dataclass(frozen=True, kw_only=True)
class SimulateResult(Result):
    """How often simulated tests found something; `table` has one row per look.

    look, units: number of the look, and units that are in by then.
    level: what the p value of that look must be below.
    found, low, high: share of tests that have found a difference by then, and its
    Wilson interval: false positives without a lift, power with one.
    wrong_sign: share that found one in the wrong direction; NaN without a lift.

    Attributes:
        p_values: One row per bin of the p value that a test has with all its units, as
            if that were its only look: p_low, p_high, tests, share. Without a lift the
            20 bins are alike, but for chance.
        metric, kind: What was measured: "share", "mean" or "ratio".
        method, lift, alpha, runs: As asked for; fewer runs where a warning says so.
        truth: The difference that was put in.
        coverage: Share of tests whose interval, at the look that decided, held it.
        exaggeration: Mean size of a difference that was found, over the one that is
            there; NaN without a lift, or if none was found.
        remedy: What would help where the method fails: "looks", "cut" or "units".
    """

    p_values: pd.DataFrame
    metric: str
    kind: str
    method: str
    lift: float
    alpha: float
    runs: int
    truth: float
    coverage: float
    exaggeration: float
    remedy: str

    def chart(self, lang: str = "en") -> alt.Chart | alt.LayerChart:
        """Draw what was found by each look; of a single look, the p values."""
        drawn = self.look_chart(lang)
        return self.p_chart(lang) if drawn is None else drawn

    def look_chart(self, lang: str = "en") -> alt.Chart | alt.LayerChart | None:
        """Draw the share that has found something by each look; None for one look."""
        if len(self.table) == 1:
            return None
        goal = USUAL_POWER if self.lift else self.alpha
        titles = {
            name: text(f"ab_simulate.column.{name}", lang)
            for name in ("units", "found", "low", "high", "look", "goal")
        }
        shape = charts.Shape(self.table.assign(goal=goal), titles)
        units = self.table["units"].tolist()
        axis = alt.Axis(format=",d", grid=False, values=units, labelOverlap=True)
        share = alt.Axis(format="~%", tickCount=6)
        base = alt.Chart().encode(
            x=alt.X(**shape.field("units", "quantitative", axis=axis)),
            tooltip=shape.tooltip(
                {"look": ",", "units": ","}
                | dict.fromkeys(["found", "low", "high"], ".1%")
            ),
        )
        title = titles["found"]
        band = base.mark_area(opacity=0.2, color=charts.ACCENT).encode(
            y=alt.Y(
                **shape.field("low", "quantitative", axis=share) | {"title": title}
            ),
            y2=alt.Y2(field=shape.alias["high"]),
        )
        line = base.mark_line(
            color=charts.ACCENT,
            strokeWidth=2,
            point={"size": 50, "color": charts.ACCENT},
        ).encode(y=alt.Y(**shape.field("found", "quantitative", axis=share)))
        rule = base.mark_line(strokeDash=[5, 4], color=charts.PALETTE[5]).encode(
            y=alt.Y(
                **shape.field("goal", "quantitative", axis=share) | {"title": title}
            )
        )
        said = text(
            "ab_simulate.line.power" if self.lift else "ab_simulate.line.alpha",
            lang,
            goal=goal * 100,
        )
        drawn = charts.layered(band, rule, line, data=shape.frame)
        return charts.finish(drawn, self.describe(lang), said=[said])

    def p_chart(self, lang: str = "en") -> alt.Chart | alt.LayerChart:
        """Draw how p values are spread, beside how they are if nothing differs."""
        titles = {
            name: text(f"ab_simulate.column.{name}", lang)
            for name in ("p_low", "p_high", "tests", "share", "even")
        }
        shape = charts.Shape(self.p_values.assign(even=1 / BINS), titles)
        axis = alt.Axis(format=".1f", grid=False, title=text("ab_simulate.p", lang))
        axis.values = [0, 0.2, 0.4, 0.6, 0.8, 1]
        share = alt.Axis(format="~%", title=titles["share"], tickCount=6)
        base = alt.Chart().encode(
            x=alt.X(
                **shape.field("p_low", "quantitative", axis=axis),
                scale={"domain": [0, 1]},
            ),
            x2=alt.X2(field=shape.alias["p_high"]),
            tooltip=shape.tooltip(
                {"p_low": ".2f", "p_high": ".2f", "tests": ",", "share": ".1%"}
            ),
        )
        bars = base.mark_bar(color=charts.ACCENT, stroke="#FFFFFF").encode(
            y=alt.Y(**shape.field("share", "quantitative", axis=share)),
            y2=alt.Y2Datum(0),
        )
        even = base.mark_rule(
            strokeDash=[5, 4], strokeWidth=2, color=charts.PALETTE[5]
        ).encode(y=alt.Y(**shape.field("even", "quantitative", axis=share)))
        drawn = charts.layered(bars, even, data=shape.frame)
        said = [text("ab_simulate.even", lang)]
        return charts.finish(drawn, self.describe(lang), height=260, said=said)

    def describe(self, lang: str = "en") -> str:
        """Say how often the tests found something, and whether that is as it should."""
        row = self.table.to_dict("records")[-1]
        told = {
            "metric": self.metric,
            "runs": self.runs,
            "units": row["units"],
            "lift": self.lift,
            "found": row["found"],
            "low": row["low"],
            "high": row["high"],
            "level": self.alpha * 100,
        }
        if self.lift:
            enough = "enough" if row["found"] >= USUAL_POWER else "short"
            verdict = Note(f"ab_simulate.power.{enough}", usual=USUAL_POWER * 100)
            large = self.exaggeration >= LARGER or None
            times = Note("ab_simulate.exaggerated", times=self.exaggeration)
            return say(
                lang,
                Note("ab_simulate.what_if", **told, verdict=verdict),
                large and times,
            )
        kept = "broken" if self.broken else "kept"
        if row["high"] < self.alpha:
            kept = "cautious"
        verdict = Note(f"ab_simulate.alpha.{kept}", level=self.alpha * 100)
        advice = Note(f"ab_simulate.remedy.{self.remedy}") if self.broken else None
        return say(lang, Note("ab_simulate.a_a", **told, verdict=verdict), advice)

    @property
    def broken(self) -> bool:
        """Whether surely more was found that is not there than the method allows."""
        return not self.lift and bool(self.table["low"].iloc[-1] > self.alpha)

    def details(self, lang: str = "en") -> list[str]:
        """Say how often intervals held the truth, and signs were wrong."""
        wrong = self.table["wrong_sign"].iloc[-1]
        notes = [Note("ab_simulate.coverage", coverage=self.coverage)]
        if self.lift:
            notes.append(Note("ab_simulate.wrong_sign", share=wrong))
        return [note.text(lang) for note in notes]
