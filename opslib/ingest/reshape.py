"""Wide tables to long ones: columns of times to events, columns of steps to counts.

What analyses take has a row per event, step or unit; what people have is often a sheet
with a column for each. Each function says what it needs; `settle` finds which applies.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from opslib.ingest.likely import LOOSE
from opslib.ingest.names import is_question, name_match
from opslib.ingest.roles import Recognised
from opslib.names import normal
from opslib.result import Note

# Times that are no deed of the user, only the latest of many, or another one's month.
NO_EVENT = re.compile(
    r"birth|dob$|updat|modif|expir|due|export|etl|生日|出生|更新|修改|到期|过期|截止|导出|统计"
    r"|(?:month|quarter|year|年月|月份|季度|年份)$"
)
ENDS = re.compile(
    r"(?:[_\s-]*(?:date[_\s]?time|timestamp|time|date|at|ts|dt|on))$"
    r"|(?:Time|Date|At|Timestamp)$|(?:的)?(?:时间|日期|时刻)$",
    re.IGNORECASE,
)
MOST_STEPS, MOST_GROUPS = 30, 200
ACTIVE = ("active", "活跃")


def to_events(frame: pd.DataFrame, *, user: str, times: Sequence[str]) -> pd.DataFrame:
    """Make an event of every time that stands in one of the columns of times.

    Args:
        frame: One row per user; the columns that are no times go with each event.
        user: Column of the user.
        times: Columns of times; what is left of a name without "time", "date", "时间"
            names the event.

    Returns:
        Columns user, event, time and the others, in the order of rows, then columns.

    Example:
        >>> frame = pd.DataFrame({
        ...     "uid": ["a", "b"], "signup_at": pd.to_datetime(["2025-01-01"] * 2),
        ...     "first_order_at": pd.to_datetime(["2025-01-03", None]),
        ... })
        >>> to_events(frame, user="uid", times=["signup_at", "first_order_at"])
          uid        event       time
        0   a       signup 2025-01-01
        1   a  first_order 2025-01-03
        2   b       signup 2025-01-01
    """
    names = event_names(times)
    aware = any(getattr(frame[column].dtype, "tz", None) for column in times)
    moments = [pd.to_datetime(frame[column], utc=aware) for column in times]
    values = np.column_stack([one.to_numpy("M8[us]") for one in moments])
    rows, columns = np.nonzero(~np.isnat(values))
    event, time = _free("event", frame, times), _free("time", frame, times)
    when = pd.Series(values[rows, columns])
    made = {
        user: frame[user].to_numpy()[rows],
        event: np.array(names, dtype=object)[columns],
        time: (when.dt.tz_localize("UTC") if aware else when).array,
    }
    kept = [name for name in frame.columns if name not in {user, *times}]
    made |= {name: frame[name].array[rows] for name in kept}
    return pd.DataFrame(made).astype({event: "str"})


def to_activity(frame: pd.DataFrame, *, user: str, date: str) -> pd.DataFrame:
    """Make one event of every day of a user on which something was counted.

    Args:
        frame: One row per user and day. A row whose numbers are all 0 or missing is a
            day on which nothing happened, and no event.
        user: Column of the user.
        date: Column of the day.

    Example:
        >>> frame = pd.DataFrame({
        ...     "uid": ["a", "a", "b"], "minutes": [5, 0, 7],
        ...     "day": pd.to_datetime(["2025-01-01", "2025-01-02", "2025-01-01"]),
        ... })
        >>> to_activity(frame, user="uid", date="day")
          uid   event        day  minutes
        0   a  active 2025-01-01        5
        1   b  active 2025-01-01        7
    """
    figures = _figures(frame, user)
    busy = (frame[figures].fillna(0) != 0).any(axis="columns").to_numpy()
    rows = frame[busy if figures else np.ones(len(frame), bool)]
    name = ACTIVE[not f"{user}{date}".isascii()]
    made = {user: rows[user], _free("event", frame): name, date: rows[date]}
    made |= {name: rows[name] for name in frame.columns if name not in made}
    return pd.DataFrame(made).reset_index(drop=True)


def to_counts(
    frame: pd.DataFrame, *, steps: Sequence[str], group: str | None = None
) -> pd.DataFrame:
    """Make a row per step of a funnel that has a column per step.

    Args:
        frame: One row per group, or a single one.
        steps: Columns of the steps in order.
        group: Column that names the rows.

    Example:
        >>> frame = pd.DataFrame({"渠道": ["a", "b"], "访问": [90, 50], "支付": [9, 8]})
        >>> to_counts(frame, steps=["访问", "支付"], group="渠道")
          step  users group
        0   访问     90     a
        1   支付      9     a
        2   访问     50     b
        3   支付      8     b
    """
    made = {
        "step": np.tile(np.array(steps, dtype=object), len(frame)),
        "users": frame[list(steps)].to_numpy().ravel(),
    }
    if group is not None:
        made["group"] = frame[group].repeat(len(steps)).to_numpy()
    return pd.DataFrame(made).astype({"step": "str"})


def event_names(times: Sequence[str]) -> list[str]:
    """Name the events of columns of times; full names where short ones would meet.

    Example:
        >>> event_names(["注册时间", "first_order_at", "payTime", "time"])
        ['注册', 'first_order', 'pay', 'time']
    """
    short = [ENDS.sub("", name.strip()) or name for name in times]
    return [
        one if short.count(one) == 1 else name
        for one, name in zip(short, times, strict=True)
    ]


def settle(
    frame: pd.DataFrame, found: Recognised, *, kind: str | None = None
) -> tuple[pd.DataFrame, Recognised, list[Note]]:
    """Reshape a table whose rows are not what its kind has a row for; say so.

    A sheet of users with little beside their times becomes events, as does one with a
    row per user and day, but an experiment's stays as it is; a funnel's with a column
    per step becomes counts. A sheet of users that says more of
    them stays, and becomes events when `kind` asks for it, see `offers`.

    Args:
        frame: Columns typed.
        found: What it was recognised as.
        kind: The kind that was asked for, if any.

    Returns:
        The table, what it is now, and what was done.
    """
    if "event" not in found.roles and kind in {None, "events"}:
        user = _user(frame, found)
        times = deeds(frame)
        others = len(frame.columns) - len(times) - 1
        plain = found.kind in {"users", ""} and others <= 2
        # A row per user, and nothing else to say of them.
        plain = plain and bool(user) and frame[user].is_unique
        plain = plain and not _figures(frame, user)
        if user and len(times) >= 2 and (kind or plain):
            return _as_events(frame, found, user, times)
    if kind in {None, "events", "experiment"} and (days := _by_day(frame, found, kind)):
        return days
    if kind in {None, "counts"} and (wide := _by_step(frame, found)):
        return wide
    return frame, found, []


def offers(frame: pd.DataFrame, found: Recognised) -> dict[str, Note]:
    """Say what else a table can be read as, by asking for that kind.

    Example:
        >>> days = pd.to_datetime(["2025-01-01", "2025-01-05"])
        >>> frame = pd.DataFrame({"id": ["a", "b"], "signup_at": days, "pay_at": days})
        >>> offers(frame, Recognised("users", {"user": "id"}, 0.9))["events"].code
        'ingest.offer_events'
    """
    times = deeds(frame)
    if found.kind != "users" or "user" not in found.roles or len(times) < 2:
        return {}
    events = int(frame[times].notna().to_numpy().sum())
    return {"events": Note("ingest.offer_events", n=events, columns=times)}


def deeds(frame: pd.DataFrame) -> list[str]:
    """Give the columns of times at which a user did something."""
    return [
        str(name)
        for name in frame.columns
        if pd.api.types.is_datetime64_any_dtype(frame[name])
        and not NO_EVENT.search(normal(name))
    ]


def _as_events(
    frame: pd.DataFrame, found: Recognised, user: str, times: list[str]
) -> tuple[pd.DataFrame, Recognised, list[Note]]:
    made = to_events(frame, user=user, times=times)
    empty = len(frame) * len(times) - len(made)
    note = Note("ingest.wide_events", columns=times, n=len(made), empty=empty)
    _, event, time = made.columns[:3]
    roles = {"user": user, "event": event, "time": time}
    return made, _now(found, "events", roles), [note]


def _by_day(
    frame: pd.DataFrame, found: Recognised, kind: str | None
) -> tuple[pd.DataFrame, Recognised, list[Note]] | None:
    """Take a table with a row per user and day for what it most likely is."""
    where = _user_and_date(frame, found, asked=kind is not None)
    if where is None:
        return None
    user, date = where
    for name in frame.columns if kind != "events" else ():
        if _is_variant(found, name) and _constant(frame, user, name):
            note = Note("ingest.unit_days", n=len(frame), units=frame[user].nunique())
            roles = {"unit": user, "variant": str(name), "time": date}
            return frame, _now(found, "experiment", roles), [note]
    if kind == "experiment" or found.kind == "orders" or not _figures(frame, user):
        return None
    made = to_activity(frame, user=user, date=date)
    if made.empty:
        return None
    event = str(made.columns[1])
    empty = len(frame) - len(made)
    note = Note("ingest.user_days", n=len(made), event=made[event].iloc[0], empty=empty)
    roles = {"user": user, "event": event, "time": date}
    money = [n for n in _figures(frame, user) if name_match(n, "amount") >= 0.9]
    roles |= {"amount": money[0]} if len(money) == 1 else {}
    return made, _now(found, "events", roles), [note]


def _user_and_date(
    frame: pd.DataFrame, found: Recognised, *, asked: bool
) -> tuple[str, str] | None:
    """Give the columns of user and day where each pair of them has its row."""
    user, dates = _user(frame, found), deeds(frame)
    weak = found.kind in {"", "daily", "experiment", "orders"}
    weak |= found.confidence < 0.5
    if not user or len(dates) != 1 or not (weak or asked) or "event" in found.roles:
        return None
    alone = frame[user].is_unique or frame[dates[0]].is_unique
    if alone or frame.duplicated([user, dates[0]]).mean() > 0.01:
        return None
    return user, dates[0]


def _is_variant(found: Recognised, name: str) -> bool:
    """Say whether a column is called as the arms of an experiment are.

    What is paid per user and day is orders too, whose groups are other groups.
    """
    other = found.kind == "orders" and normal(name) in LOOSE
    return not other and name_match(name, "variant") >= 0.9


def _by_step(
    frame: pd.DataFrame, found: Recognised
) -> tuple[pd.DataFrame, Recognised, list[Note]] | None:
    """Take columns of whole numbers that never grow from left to right for steps."""
    numbers = [n for n in frame.columns if pd.api.types.is_integer_dtype(frame[n])]
    texts = [n for n in frame.columns if n not in numbers]
    named = found.kind == "users" and found.confidence > 0.5
    fits = (
        not named
        and found.kind not in {"counts", "events", "orders"}
        and 3 <= len(numbers) <= MOST_STEPS
        and 1 <= len(frame) <= MOST_GROUPS
        and len(texts) <= 1
        and not any(pd.api.types.is_datetime64_any_dtype(frame[n]) for n in texts)
        and all(frame[n].is_unique for n in texts)
        and not any(map(is_question, map(str, numbers)))
    )
    if not fits:
        return None
    values = frame[numbers].to_numpy()
    falling = (np.diff(values, axis=1) <= 0).all()
    if not falling or (values < 0).any() or (values[:, -1] == values[:, 0]).any():
        return None
    steps = [str(name) for name in numbers]
    group = str(texts[0]) if texts else None
    made = to_counts(frame, steps=steps, group=group)
    roles = {"step": "step", "users": "users"} | ({"group": "group"} if group else {})
    note = Note("ingest.wide_counts", n=len(steps), groups=len(frame))
    return made, _now(found, "counts", roles), [note]


def _now(found: Recognised, kind: str, roles: dict[str, str]) -> Recognised:
    return replace(
        found,
        kind=kind,
        roles=roles,
        confidence=max(found.confidence, 0.8),
        runner_up="",
        runner_up_confidence=0.0,
        fits={},
        others={},
        doubts=(),
    )


def _user(frame: pd.DataFrame, found: Recognised) -> str:
    """Give the column of the user: the recognised one, or the one called so."""
    known = found.roles.get("user") or found.roles.get("unit")
    if known:
        return known
    names = [str(n) for n in frame.columns if name_match(str(n), "users.user") >= 0.9]
    free = [name for name in names if name not in found.personal]
    return (free or names or [""])[0]


def _figures(frame: pd.DataFrame, *but: str) -> list[str]:
    return [
        str(name)
        for name in frame.select_dtypes("number").columns
        if name not in but and not name_match(str(name), "users.user") >= 0.9
    ]


def _constant(frame: pd.DataFrame, user: str, column: str) -> bool:
    pairs = frame[[user, column]].drop_duplicates()
    return len(pairs) == frame[user].nunique()


def _free(name: str, frame: pd.DataFrame, gone: Sequence[str] = ()) -> str:
    while name in frame.columns and name not in gone:
        name += "_"
    return name
