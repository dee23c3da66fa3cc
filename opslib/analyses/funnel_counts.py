"""Exported funnels: shares, intervals and groups from the users counted per step."""

from dataclasses import dataclass

import altair as alt
import numpy as np
import pandas as pd

from opslib.charts import steps_chart
from opslib.result import Error, Note, Result, say
from opslib.stats.baseline import COLUMNS, against
from opslib.stats.proportions import wilson

FEWEST = 30
MOST = 10**15


@dataclass(frozen=True, kw_only=True)
class FunnelCountsResult(Result):
    """Users per step; `table` has one row per group and step, in the order given.

    group: Only if the counts have groups.
    step, users: As counted.
    from_start, from_start_low, from_start_high: Share of the users at the first step,
        0 to 1, and its 95% Wilson interval; a share above 1 has no interval.
    from_previous: Share of the users at the step before; NaN at the first.

    Attributes:
        baseline: The group compared with, if any.
        comparison: Other groups beside the baseline, from the first step to the last:
            group, n, share, difference, low, high (95% score interval), p_value,
            p_adjusted (Holm); empty without a baseline.
    """

    baseline: str | None
    comparison: pd.DataFrame

    def chart(self, lang: str = "en") -> alt.TopLevelMixin:
        """Draw the share of each step as a bar with its interval."""
        alt_text = Note("funnel_counts.alt", answer=self.describe(lang)).text(lang)
        return steps_chart(self.table, lang, alt_text)

    def describe(self, lang: str = "en") -> str:
        """State the conversion to the last step, and which groups differ."""
        if "group" not in self.table.columns:
            return say(lang, *_answer(self.table))
        ends = self.table.groupby("group", sort=False).agg(
            n=("users", "first"),
            share=("from_start", "last"),
            low=("from_start_low", "last"),
            high=("from_start_high", "last"),
        )
        ends = ends[(ends["n"] >= FEWEST) & ends["high"].notna()]
        if ends.empty:
            return Note("funnel_counts.no_group", fewest=FEWEST).text(lang)
        best = ends.iloc[ends["share"].to_numpy().argmax()]
        worst = ends.iloc[ends["share"].to_numpy().argmin()]
        alike = "same" if best["share"] == worst["share"] else "groups"
        spread = Note(
            f"funnel_counts.{'one_group' if len(ends) == 1 else alike}",
            n=len(ends),
            last=self.table["step"].iloc[-1],
            best=best.name,
            best_share=best["share"],
            best_low=best["low"],
            best_high=best["high"],
            worst=worst.name,
            worst_share=worst["share"],
            worst_low=worst["low"],
            worst_high=worst["high"],
        )
        return say(lang, spread, self._verdict())

    def _verdict(self) -> Note | None:
        tested = self.comparison.dropna(subset="p_adjusted")
        if tested.empty:
            return None
        differ = tested.loc[tested["p_adjusted"] <= 0.05, "group"].tolist()
        if differ:
            return Note("funnel_counts.differ", groups=differ, baseline=self.baseline)
        return Note("funnel_counts.none_differ", n=len(tested), baseline=self.baseline)


def funnel_counts(
    counts: pd.DataFrame, *, baseline: str | None = None
) -> FunnelCountsResult:
    """Turn the users counted at each step into shares with their uncertainty.

    Args:
        counts: Columns step and users (whole numbers, 0 or more), steps in order, and
            group if several funnels stand side by side; all with the same steps.
        baseline: The group to compare the others with, from first to last step: pooled
            z-test (exact where counts are small), Holm over groups. None compares
            nothing. Groups of fewer than 30 users at the first step are not compared.

    Raises:
        Error: A column is missing, users is not a count, a step stands twice in a
            group or is missing from one, fewer than two steps, unknown baseline.

    References:
        Wilson (1927), JASA 22, 209-212; Holm (1979), Scand. J. Statist. 6, 65-70.

    Example:
        >>> counts = pd.DataFrame({"step": ["view", "buy"], "users": [200, 50]})
        >>> funnel_counts(counts).table.round(3)
           step  users  from_start  from_start_low  from_start_high  from_previous
        0  view    200        1.00           0.981            1.000            NaN
        1   buy     50        0.25           0.195            0.314           0.25
    """
    table, warnings = _checked(counts), []
    baseline = None if baseline is None else str(baseline)
    grouped = "group" in table.columns
    keys = table["group"] if grouped else pd.Series("", table.index)
    start = table.groupby(keys)["users"].transform("first")
    before = table.groupby(keys)["users"].shift()
    table["from_start"] = _share(table["users"], start)
    followed = table["users"].where(table["users"] <= start)
    table["from_start_low"], table["from_start_high"] = wilson(followed, start)
    table["from_previous"] = _share(table["users"], before)

    for place in np.flatnonzero(table["users"] > before):
        row = {
            "step": table["step"].iloc[place],
            "before": table["step"].iloc[place - 1],
        }
        if grouped:
            row["group"] = keys.iloc[place]
        code = "funnel_counts.grows_in" if grouped else "funnel_counts.grows"
        warnings.append(Note(code, **row))
    entered = start.groupby(keys, sort=False).first()
    if small := entered.index[entered < FEWEST].tolist():
        code = "funnel_counts.small_groups" if grouped else "funnel_counts.small"
        warnings.append(Note(code, groups=small, n=int(entered.min()), fewest=FEWEST))
    return FunnelCountsResult(
        table=table,
        warnings=tuple(warnings),
        baseline=baseline,
        comparison=_compare(table, baseline),
    )


def _checked(counts: pd.DataFrame) -> pd.DataFrame:
    """Return group, step and users, group by group, or say what is wrong."""
    if not isinstance(counts, pd.DataFrame):
        got = [type(counts).__name__]
        raise Error("funnel_counts.columns", missing=["step", "users"], got=got)
    if (again := counts.columns[counts.columns.duplicated()]).size:
        raise Error("eventlog.same_name", got=again[0])
    if missing := [name for name in ("step", "users") if name not in counts.columns]:
        raise Error("funnel_counts.columns", missing=missing, got=list(counts.columns))
    users = pd.to_numeric(counts["users"], errors="coerce")
    wrong = ~(users >= 0) | (users % 1 != 0) | (users > MOST)
    wrong |= counts["step"].isna()
    if wrong.any():
        place = int(np.argmax(wrong))
        got = {"step": counts["step"].iloc[place], "got": counts["users"].iloc[place]}
        raise Error("funnel_counts.users", row=place + 1, **got)
    table = pd.DataFrame(
        {"step": counts["step"].map(str), "users": users.astype("int64")}
    )
    steps = list(dict.fromkeys(table["step"]))
    if len(steps) < 2:
        raise Error("funnel_counts.short", steps=steps)
    if "group" in counts.columns:
        table.insert(0, "group", counts["group"].fillna("").map(str))
        order = {group: i for i, group in enumerate(dict.fromkeys(table["group"]))}
        table = table.iloc[np.argsort(table["group"].map(order), kind="stable")]
    for group, rows in table.groupby(table.get("group", np.zeros(len(table)))):
        twice = rows.loc[rows["step"].duplicated(), "step"]
        if len(twice):
            raise Error("funnel_counts.repeated", step=twice.iloc[0])
        if rows["step"].tolist() != steps:
            had = rows["step"].tolist()
            raise Error("funnel_counts.steps", group=group, got=had, steps=steps)
    return table.reset_index(drop=True)


def _share(part: pd.Series, whole: pd.Series) -> pd.Series:
    return part / whole.where(whole > 0)


def _compare(table: pd.DataFrame, baseline: str | None) -> pd.DataFrame:
    """Test the way from the first to the last step of each group and the baseline."""
    if baseline is None:
        return pd.DataFrame(columns=COLUMNS)
    if "group" not in table.columns:
        raise Error("funnel_counts.no_groups", got=baseline)
    ends = table.groupby("group", sort=False)["users"].agg(n="first", x="last")
    choices = ends.index.tolist()
    if baseline not in choices:
        raise Error("option.choice", option="baseline", got=baseline, choices=choices)
    return against(ends.reset_index(), choices.index(baseline), FEWEST)


def _answer(table: pd.DataFrame) -> tuple[Note, Note | None]:
    """Return the sentence on a single funnel, and the one on its weakest step."""
    first, last = table.iloc[0], table.iloc[-1]
    told = {
        "n": int(first["users"]), "first": first["step"], "last": last["step"],
        "users": int(last["users"]), "share": last["from_start"],
        "low": last["from_start_low"], "high": last["from_start_high"],
    }  # fmt: skip
    if told["n"] < FEWEST or np.isnan(told["low"]):
        return Note("funnel_counts.counts", **told), None
    if len(table) == 2:
        return Note("funnel_counts.answer", **told), None
    weakest = table.iloc[np.nanargmin(table["from_previous"])]
    weak = Note(
        "funnel_counts.weakest", step=weakest["step"], share=weakest["from_previous"]
    )
    return Note("funnel_counts.answer", **told), weak
