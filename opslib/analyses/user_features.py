"""User features: one row per user of what they did, as known on one day."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

import altair as alt
import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib import charts, kernels, periods
from opslib.conditions import Floats
from opslib.encode import whole_numbers
from opslib.eventlog import EventLog, as_log
from opslib.personal import examples
from opslib.result import Error, Note, Result, say
from opslib.words import text

MOST_EVENTS = 12
# Upper ends, in days of silence, of the bars of the chart.
BANDS = (0, 1, 3, 7, 14, 30, 60, 90, 180, 365)


@dataclass(frozen=True, kw_only=True, eq=False)
class UserFeaturesResult(Result):
    """One row per user in `table`; days are whole calendar days up to `asof`.

    user: the id, as text.
    recency_days: days since the last active day; 0 is `asof` itself.
    tenure_days: days since the first active day.

    From events:
    active_days, active_days_7, active_days_30: days with an event, ever and among the
        last 7 and 30 days, `asof` included.
    events, events_<name>: events, all and of each of the 12 most frequent names
        (where there is more than one name).
    orders, amount, average_amount: events with a positive amount, the sum of all
        amounts, and amount / orders (NaN without orders); where amounts are known.

    From orders, where a row with an amount of 0 or less is no order:
    orders, order_days: orders (different `order` ids, or rows), and days with one.
    items: rows of these orders, where one order has several.
    amount, average_amount: sum of all amounts, refunds included, and amount / orders.

    Attributes:
        asof: The last day that counts.
        source: "events" or "orders".
    """

    asof: dt.date
    source: Literal["events", "orders"]

    def chart(self, lang: str = "en") -> alt.Chart | alt.LayerChart:
        """Draw how many users were last active how many days ago."""
        recency = self.table["recency_days"]
        ends = [end for end in BANDS if end < recency.max()]
        ends.append(BANDS[min(len(ends), len(BANDS) - 1)])
        at = np.searchsorted(ends, recency)
        starts = [0, *(end + 1 for end in ends)]
        names = [
            str(first) if first == last else f"{first}–{last}"
            for first, last in zip(starts, ends, strict=False)
        ]
        names.append(f"> {ends[-1]}")
        counts = np.bincount(at, minlength=len(ends))
        rows = pd.DataFrame({"days": names[: len(counts)], "users": counts})
        shape = charts.Shape(
            rows,
            {
                "days": text(DAYS_SILENT[self.source], lang),
                "users": text("user_features.users", lang),
            },
        )
        order = [charts.label(name) for name in rows["days"]]
        axis = alt.Axis(labelAngle=0)
        chart = (
            alt.Chart(shape.frame)
            .mark_bar(color=charts.ACCENT)
            .encode(
                x=alt.X(**shape.field("days", "ordinal", axis=axis, sort=order)),
                y=alt.Y(**shape.field("users", "quantitative")),
                tooltip=shape.tooltip({"days": "", "users": ","}),
            )
        )
        return charts.finish(chart, self.describe(lang))

    def describe(self, lang: str = "en") -> str:
        """State how many users there are and how many of them are still there."""
        recency = self.table["recency_days"]
        users = Note(
            "user_features.users_asof", n=len(self.table), asof=self.asof.isoformat()
        )
        half = Note("user_features.half", n=int(np.ceil(recency.median())))
        if self.source == "events":
            shares = {"week": (recency < 7).mean(), "month": (recency < 30).mean()}
            return say(lang, users, Note("user_features.active", **shares), half)
        again = (self.table["order_days"] > 1).mean()
        return say(lang, users, Note("user_features.again", share=again), half)


DAYS_SILENT = {
    "events": "user_features.days_since_event",
    "orders": "user_features.days_since_order",
}


def user_features(
    events_or_orders: Any,  # noqa: ANN401
    *,
    asof: str | dt.date | None = None,
) -> UserFeaturesResult:
    """Describe each user by recency, frequency and amount, without looking ahead.

    Nothing after the day `asof` has any influence on the table; users first seen later
    are not in it. `UserFeaturesResult` defines the columns.

    Args:
        events_or_orders: EventLog, or a table with columns user, event, time (and
            amount); or orders, a table with columns user, time (and amount, order).
        asof: Last day that counts, as an ISO date, in the timezone of the log; orders
            count by the day that stands in their time. None: the last day of the log's
            observation, or of the orders.

    Raises:
        Error: The table is neither, its times cannot be read, or nothing happened up
            to `asof`.

    Example:
        >>> events = pd.DataFrame({
        ...     "user": ["ann", "ann", "bob"],
        ...     "event": ["view", "buy", "view"],
        ...     "time": ["2026-03-01", "2026-03-04", "2026-03-10"],
        ... })
        >>> table = user_features(events).table
        >>> table[["user", "recency_days", "active_days_7", "events", "events_buy"]]
          user  recency_days  active_days_7  events  events_buy
        0  ann             6              1       2           1
        1  bob             0              1       1           0
    """
    data = events_or_orders
    if not isinstance(data, EventLog):
        data = data.to_pandas() if hasattr(data, "to_pandas") else data
        if not isinstance(data, pd.DataFrame) or not {"user", "time"} <= set(data):
            got = list(data) if isinstance(data, pd.DataFrame) else [type(data)]
            raise Error("user_features.table", got=got)
        if "event" not in data:
            return _of_orders(data, asof)
    return _of_events(as_log(data), asof)


def _of_events(log: EventLog, asof: str | dt.date | None) -> UserFeaturesResult:
    earliest, latest = log.extent
    last = max(latest, log.until - 1)
    day = periods.days(last, last + 1, log.timezone)[0] if asof is None else _day(asof)
    end = periods.span((day, day), log.timezone)[1]
    if end <= earliest:
        first = periods.days(earliest, earliest + 1, log.timezone)[0]
        raise Error("user_features.empty", asof=day, first=first)
    # Numbered as the days of the log are, also where it ended before.
    today = len(periods.edges(earliest, end - 1, "day", log.timezone)) - 2
    known = slice(None) if latest < end else log.time < end
    often = np.bincount(log.event[known], minlength=len(log.names))
    # Codes are in order of names: a stable sort leaves equal counts in that order.
    top = [code for code in np.argsort(-often, kind="stable") if often[code]]
    column = np.full(len(log.names), min(len(top), MOST_EVENTS))
    column[top[:MOST_EVENTS]] = np.arange(len(top[:MOST_EVENTS]))
    counts = np.zeros((len(log.users), int(column.max()) + 1), np.int32)
    seen = np.zeros((len(log.users), 6), np.int32)
    kernels.over_users(
        lambda u, stop: kernels.activity_by_user(
            u, stop, log.offsets, log.day, log.event, today, column, counts, seen
        ),
        log.offsets,
    )
    here = np.flatnonzero(seen[:, 5])
    seen, counts = seen[here], counts[here]
    table = pd.DataFrame(
        {
            "user": log.ids(here),
            "recency_days": today - seen[:, 1],
            "active_days_7": seen[:, 3],
            "active_days_30": seen[:, 4],
            "active_days": seen[:, 2],
            "events": seen[:, 5],
            "tenure_days": today - seen[:, 0],
        }
    )
    if len(top) > 1:
        shown = {
            f"events_{log.names[code]}": counts[:, i]
            for i, code in enumerate(top[:MOST_EVENTS])
        }
        table = table.assign(**shown)
    notes = [*log.left_out]
    if late := int(len(log) - often.sum()):
        notes.append(Note("user_features.late", n=late, asof=day))
    if len(top) > MOST_EVENTS:
        notes.append(Note("user_features.other_events", n=len(top) - MOST_EVENTS))
    if today < 29:
        notes.append(Note("user_features.short", n=today + 1))
    amounts = log.properties.get("amount")
    if isinstance(amounts, Floats):
        spent, note = _spent(log, amounts.values, known, here)
        table = table.join(spent) if spent is not None else table
        notes += [note] if note is not None else []
    return UserFeaturesResult(
        table=table, warnings=tuple(notes), asof=day, source="events"
    )


def _spent(
    log: EventLog,
    amounts: npt.NDArray[np.float64],
    known: slice | npt.NDArray[np.bool_],
    here: npt.NDArray[np.int64],
) -> tuple[pd.DataFrame | None, Note | None]:
    """Sum amounts per user; warn when several events carry them."""
    value, user, event = amounts[known], log.user[known], log.event[known]
    there = ~np.isnan(value)
    if not there.any():
        return None, None
    paid = there & (value > 0)
    n_users = len(log.users)
    total = np.bincount(user[there], value[there], minlength=n_users)[here]
    orders = np.bincount(user[paid], minlength=n_users)[here]
    spent = pd.DataFrame({"orders": orders, "amount": total})
    spent["average_amount"] = total / np.where(orders > 0, orders, np.nan)
    names = [log.names[code] for code in np.unique(event[paid])]
    several = Note("user_features.amounts", names=names) if len(names) > 1 else None
    return spent, several


def _of_orders(frame: pd.DataFrame, asof: str | dt.date | None) -> UserFeaturesResult:
    if (again := frame.columns[frame.columns.duplicated()]).size:
        raise Error("eventlog.same_name", got=again[0])
    time = _times(frame["time"])
    named = frame["user"].notna() & time.notna()
    amount = (
        pd.to_numeric(frame["amount"], errors="coerce") if "amount" in frame else None
    )
    rows = pd.DataFrame(
        {"user": whole_numbers(frame["user"][named]).astype("str"), "day": time[named]}
    )
    rows["day"] = rows["day"].dt.tz_localize(None).dt.normalize()
    rows["amount"] = amount[named] if amount is not None else np.nan
    given = frame["order"][named].astype(object) if "order" in frame else None
    # A row without an id is an order of its own.
    own = pd.Series(range(len(rows)), index=rows.index, dtype=object)
    rows["order"] = own if given is None else given.where(given.notna(), own)
    if rows.empty:
        raise Error("eventlog.empty", n=len(frame))
    day = rows["day"].max().date() if asof is None else _day(asof)
    known = rows[rows["day"] <= pd.Timestamp(day)]
    if known.empty:
        raise Error("user_features.empty", asof=day, first=rows["day"].min().date())
    placed = known[~(known["amount"] <= 0)]
    if placed.empty:
        raise Error("user_features.no_order", n=len(known))
    users = placed.groupby("user")
    today = pd.Timestamp(day)
    table = pd.DataFrame(
        {
            "recency_days": (today - users["day"].max()).dt.days,
            "orders": users["order"].nunique(),
            "order_days": users["day"].nunique(),
            "tenure_days": (today - users["day"].min()).dt.days,
        }
    )
    if len(placed) > table["orders"].sum():
        table["items"] = users.size()
    if amount is not None and known["amount"].notna().any():
        table["amount"] = known.groupby("user")["amount"].sum()
        table["average_amount"] = table["amount"] / table["orders"]
    told = {
        "user_features.unnamed": len(frame) - len(rows),
        "user_features.late": len(rows) - len(known),
        "user_features.refunds": len(known) - len(placed),
        "user_features.only_refunds": known["user"].nunique() - len(table),
    }
    notes = [Note(code, n=n, asof=day) for code, n in told.items() if n]
    if amount is not None and (
        unread := (amount.isna() & frame["amount"].notna()).sum()
    ):
        notes.append(Note("eventlog.amount", n=int(unread), column="amount"))
    return UserFeaturesResult(
        table=table.reset_index(), warnings=tuple(notes), asof=day, source="orders"
    )


def _times(column: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(column):
        return column
    # pandas would take a number for nanoseconds since 1970.
    times = (
        None
        if pd.api.types.is_numeric_dtype(column)
        else pd.to_datetime(column, format="ISO8601", errors="coerce")
    )
    if times is None or times.isna().sum() > column.isna().sum():
        raise Error("eventlog.time", column="time", got=examples(column))
    return times


def _day(asof: str | dt.date) -> dt.date:
    try:
        day = dt.date.fromisoformat(str(asof)[:10])
    except ValueError:
        raise Error("user_features.asof", got=str(asof)) from None
    periods.span((day, day), "UTC")
    return day
