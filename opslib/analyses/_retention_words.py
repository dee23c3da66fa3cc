"""What retention says: the names of its ages, and its answer."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from opslib.periods import Period
from opslib.result import Note
from opslib.words import text

FEWEST_USERS = 30
# The ages people quote: 次日, 7 日, 30 日 retention and their like.
QUOTED = {"day": (1, 7, 30), "week": (1, 4, 12), "month": (1, 3, 12)}
SPOKEN = 3
# The title of the ages, the name of age 1, of every other, of several, and of the end.
NAMES = {
    "day": ("days", "on_day_1", "on_day", "on_days", "by_day"),
    "week": ("weeks", "in_week_1", "in_week", "in_weeks", "by_week"),
    "month": ("months", "in_month_1", "in_month", "in_months", "by_month"),
}


@dataclass(frozen=True)
class Said:
    """The names of ages in an answer.

    Attributes:
        period: "day", "week" or "month".
        count: "on", "on_or_after" or "brackets".
        min_events: How often somebody must have come back.
    """

    period: Period
    count: str
    min_events: int

    def title(self, lang: str) -> str:
        """Return the title of the ages."""
        return text(f"retention.{NAMES[self.period][0]}", lang)

    def name(self, age: int, last: int) -> Note:
        """Name the ages from the first to the last."""
        _, first, later, several, _ = NAMES[self.period]
        code = several if last > age else first if age == 1 else later
        return Note(f"retention.{code}", age=age, last=last)

    def when(self, age: int, last: int) -> Note:
        """Say in which ages, and how, somebody came back."""
        when = self.name(age, last)
        after = self.count == "on_or_after"
        if self.min_events > 1:
            code = "retention.times_or_later" if after else "retention.times"
            return Note(code, when=when, times=self.min_events)
        return Note("retention.or_later", when=when) if after else when

    def by_end(self, last: int) -> Note:
        """Say that the end of an age is meant."""
        return Note(f"retention.{NAMES[self.period][4]}", age=last)

    def names(self, table: pd.DataFrame) -> dict[int, str] | None:
        """Return what each bracket of ages is called in a chart; None without any."""
        if "last_age" not in table:
            return None
        pairs = table[["age", "last_age"]].drop_duplicates().itertuples(index=False)
        return {a: f"{a}–{b}" if b > a else str(a) for a, b in sorted(pairs)}

    def quoted(self, curve: pd.DataFrame) -> pd.DataFrame:
        """Return of the rows of a curve those worth a sentence; all are if few."""
        if self.count == "brackets":
            return curve.iloc[:SPOKEN]
        rows = curve[curve["age"].isin(QUOTED[self.period])]
        return rows if len(rows) else curve.iloc[sorted({0, len(curve) - 1})]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The answer in sentences.

    Attributes:
        said: The names of ages.
        rolling: Whether ages begin with each user's own start.
        by: The property of the groups.
        table, curve: Of the result.
        total: The curve of all groups together.
        before, curve_before: The same two of the previous period.
        until: The last day of observation.
    """

    said: Said
    rolling: bool
    by: str | None
    table: pd.DataFrame
    curve: pd.DataFrame
    total: pd.DataFrame
    before: pd.DataFrame | None
    curve_before: pd.DataFrame | None
    until: dt.date

    def sentences(self) -> list[Note | None]:
        """State rates, their change, those of groups, and what users are worth."""
        later = self.total[self.total["age"] > 0]
        told = later[enough(later)]
        if told.empty:
            most = int(people(later).max()) if len(later) else 0
            code = "retention.too_few" if most else "retention.too_early"
            return [Note(code, n=most, least=FEWEST_USERS, until=self.until)]
        shown = self.said.quoted(told).to_dict("records")
        rolling = Note(f"retention.rolling_{self.said.period}")
        open_cells = bool((~self.table["mature"]).any())
        return [
            *(self._rate(row) for row in shown),
            self._change(shown[0]),
            *self._groups(shown[0]),
            self._worth(shown[-1]),
            rolling if self.rolling else None,
            Note("retention.left", until=self.until) if open_cells else None,
        ]

    def _rate(self, row: dict[Any, Any]) -> Note:
        pooled = (self.table["age"] == row["age"]) & self.table["mature"]
        n = self.table.loc[pooled, "cohort"].nunique()
        return Note("retention.rate", when=self.said.when(*span(row)), **row, n=n)

    def _change(self, at: dict[Any, Any]) -> Note | None:
        """Compare with the previous period."""
        if self.before is None:
            return None
        if self.said.count == "on_or_after":
            return Note("retention.change_unequal")
        now, before = (
            one.set_index("age").reindex([at["age"]]).iloc[0]
            for one in (self.total, self.before)
        )
        when = self.said.when(*span(at))
        if not people(before) >= FEWEST_USERS:
            return Note("retention.no_change", when=when, least=FEWEST_USERS)
        return Note("retention.change", when=when, **_change(now, before))

    def _groups(self, at: dict[Any, Any]) -> list[Note]:
        """State the same of the largest groups."""
        if self.by is None:
            return []
        rows = self.curve[self.curve["age"] == at["age"]]
        rows = rows[enough(rows)].head(SPOKEN)
        when = self.said.when(*span(at))
        notes = []
        for row in rows.to_dict("records"):
            named = row | {"group": MISSING if pd.isna(row["group"]) else row["group"]}
            notes.append(Note("retention.of_group", when=when, **named))
            if (before := self._group_before(row)) is not None:
                changed = {"group": named["group"], **_change(row, before)}
                notes.append(Note("retention.group_change", **changed))
        return notes

    def _group_before(self, at: dict[Any, Any]) -> Any:  # noqa: ANN401
        """Return the same row of the previous period; None if it cannot be compared."""
        if self.curve_before is None or self.said.count == "on_or_after":
            return None
        rows = self.curve_before
        same = rows["group"].fillna("") == ("" if pd.isna(at["group"]) else at["group"])
        same &= rows["group"].isna() == pd.isna(at["group"])
        rows = rows[same & (rows["age"] == at["age"])]
        rows = rows[enough(rows)]
        return rows.iloc[0] if len(rows) else None

    def _worth(self, at: dict[Any, Any]) -> Note | None:
        if "value" not in at:
            return None
        told = {"low": at["value_low"], "high": at["value_high"]}
        return Note(
            "retention.value",
            when=self.said.by_end(span(at)[1]),
            value=at["value"],
            **told,
        )


MISSING = Note("retention.missing")


def _change(now: Any, before: Any) -> dict[str, float]:  # noqa: ANN401
    """Return how much a share has changed, with Newcombe's (1998) interval."""
    change = now["share"] - before["share"]
    down = np.hypot(now["share"] - now["low"], before["high"] - before["share"])
    up = np.hypot(now["high"] - now["share"], before["share"] - before["low"])
    told = {"before": before["share"], "change": change}
    return told | {"low": change - down, "high": change + up}


def people(curve: Any) -> Any:  # noqa: ANN401
    """Return how many different users there are, in a curve or in a row of one."""
    return curve["people"] if "people" in curve else curve["users"]


def enough(curve: pd.DataFrame) -> "pd.Series[bool]":
    """Say which rows of a curve have enough different users to state a rate."""
    found: pd.Series[bool] = people(curve) >= FEWEST_USERS
    return found


def span(row: Any) -> tuple[int, int]:  # noqa: ANN401
    """Return the first and the last age of a row."""
    return int(row["age"]), int(row.get("last_age", row["age"]))
