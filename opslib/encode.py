"""A table of events to the encoded columns of an EventLog, one column at a time."""

import datetime as dt
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from opslib import periods
from opslib.conditions import Codes, Floats, Mask, Property, Texts
from opslib.periods import Instants
from opslib.personal import examples
from opslib.result import Error, Note
from opslib.tables import Coded, Columns, Frame

MOST_NAMES = 65_535
# A property with more different texts is kept as texts.
MOST_LABELS = 100_000
SAMPLE = 250_000
PART = 1 << 20
HOUR = 3_600_000_000
Rows = npt.NDArray[np.int64]


def events(
    table: Columns,
    *,
    user: str,
    event: str,
    time: str,
    amount: str | None,
    timezone: str,
    properties: Sequence[str] | None,
    until: str | None,
) -> dict[str, Any]:
    """Encode a table of events; see `EventLog.from_frame` for what it means.

    Returns:
        users, user, time, event, names, properties, timezone, until and left_out, the
        rows in the order of the table.
    """
    named = {"user": user, "event": event, "time": time, "amount": amount}
    _check_names(table, named)
    instants, known_time = _instants(table.column(time), timezone)
    known = {
        "user": table.column(user).notna().to_numpy(),
        "event": table.column(event).notna().to_numpy(),
        "time": known_time,
    }
    keep = known["user"] & known["event"] & known["time"]
    notes = [
        Note(f"eventlog.no_{role}", n=int((~present).sum()))
        for role, present in known.items()
        if not present.all()
    ]
    if until is not None:
        end, whole_day = _end(str(until), timezone)
        # The midnight that ends a day is an instant of the next one.
        late = keep & (instants >= end if whole_day else instants > end)
        keep &= ~late
        if late.any():
            notes.append(Note("eventlog.late", n=int(late.sum()), until=str(until)))
    if not keep.any():
        raise Error("eventlog.empty", n=len(keep))
    rows = None if keep.all() else np.flatnonzero(keep)
    instants = instants if rows is None else instants[rows]

    user_code, users = _encode(table, user, rows)
    event_code, names = _encode(table, event, rows)
    if len(names) > MOST_NAMES:
        raise Error("eventlog.names", n=len(names), most=MOST_NAMES, column=event)
    others = (
        [column for column in table.names if column not in named.values()]
        if properties is None
        else list(properties)
    )
    money = None
    if amount is not None:
        values = table.column(amount)
        values = values if rows is None else values.iloc[rows]
        numbers = pd.to_numeric(values, errors="coerce")
        money = Floats(numbers.to_numpy("float64", na_value=np.nan))
        if unread := int((numbers.isna() & values.notna()).sum()):
            notes.append(Note("eventlog.amount", n=unread, column=amount))

    def each() -> Iterator[tuple[str, Property]]:
        # One at a time: a property may be as large as all the rest.
        for column in others:
            yield str(column), _property(table, column, rows)
        if money is not None:
            yield "amount", money

    return {
        "users": users,
        "user": user_code,
        "time": instants,
        "event": event_code.astype(np.uint16),
        "names": tuple(names.to_pylist()),
        "properties": each(),
        "timezone": timezone,
        "until": end_of_observation(instants, timezone) if until is None else end,
        "left_out": tuple(notes),
    }


def _check_names(table: Columns, named: dict[str, str | None]) -> None:
    names = list(table.names)
    for option, column in named.items():
        if column is not None and column not in names:
            raise Error("option.column", option=option, got=column, choices=names)
    if again := [name for i, name in enumerate(names) if name in names[:i]]:
        raise Error("eventlog.same_name", got=again[0])


def _instants(column: pd.Series, timezone: str) -> tuple[Instants, Mask]:
    """Return microseconds UTC and which are known."""
    if pd.api.types.is_numeric_dtype(column):
        raise Error("eventlog.time", column=column.name, got=examples(column))
    try:
        wall = pd.DatetimeIndex(
            column
            if pd.api.types.is_datetime64_any_dtype(column)
            else pd.to_datetime(column, format="ISO8601")
        )
    except (ValueError, TypeError):
        got = examples(column)
        raise Error("eventlog.time", column=column.name, got=got) from None
    known = ~np.asarray(wall.isna())
    instants = np.empty(len(wall), np.int64)
    for i in range(0, len(wall), PART):
        instants[i : i + PART] = periods.to_instants(wall[i : i + PART], timezone)
    return instants, known


def _encode(
    table: Columns, name: str, rows: Rows | None
) -> tuple[npt.NDArray[np.int32], pa.LargeStringArray]:
    """Return the position of each value among the sorted texts; none is missing."""
    found = table.coded(name)
    if found is None:
        column = table.column(name)
        column = column if rows is None else column.iloc[rows]
        codes, values = pd.factorize(column)
        labels = pd.Index(whole_numbers(pd.Series(values))).astype(str)
        unique, ranks = np.unique(labels.to_numpy(dtype=object), return_inverse=True)
        return ranks.astype(np.int32)[codes], pa.array(unique, pa.large_string())
    coded, texts = found if rows is None else _only_used(found.codes[rows], found.texts)
    # By their bytes, which in UTF-8 is by their code points.
    order = pc.sort_indices(texts)
    rank = np.empty(len(texts), np.int32)
    rank[order.to_numpy()] = np.arange(len(texts), dtype=np.int32)
    return rank[coded], texts.take(order)


def _only_used(codes: npt.NDArray[np.int32], texts: pa.LargeStringArray) -> Coded:
    """Forget the texts that no row has any more."""
    used = np.bincount(codes, minlength=len(texts)) > 0
    place = np.cumsum(used, dtype=np.int32) - 1
    return Coded(place[codes], texts.filter(pa.array(used)))


def sorted_texts(
    values: pd.Series,
) -> tuple[npt.NDArray[np.int32], pa.LargeStringArray]:
    """Return the position of each of `values`, none missing, among the sorted texts.

    Example:
        >>> codes, texts = sorted_texts(pd.Series([12.0, 7.0, 12.0]))
        >>> codes.tolist(), texts.to_pylist()
        ([0, 1, 0], ['12', '7'])
    """
    return _encode(Frame(values.to_frame("text")), "text", None)


def whole_numbers(ids: pd.Series) -> pd.Series:
    """Return ids that a file read as 17850.0 as whole numbers, where they all are."""
    if not pd.api.types.is_float_dtype(ids):
        return ids
    # Larger ones are not exact, and would run over.
    whole = bool(((ids % 1 == 0) & (ids.abs() < 2**63)).all())
    return ids.astype("int64") if whole else ids


def _property(table: Columns, name: str, rows: Rows | None) -> Property:
    texts = table.texts(name)
    again = partial(table.chunks, name)
    if texts is not None and _differ(texts):
        return Texts(texts, rows, again)
    column = table.column(name)
    if rows is not None:
        column = column.iloc[rows]
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return Floats(column.to_numpy("float64", na_value=np.nan))
    codes, found = pd.factorize(column)
    if texts is not None and len(found) > MOST_LABELS:
        return Texts(texts, rows, again)
    return Codes(codes.astype(np.int32), tuple(str(value) for value in found))


def _differ(texts: pa.ChunkedArray) -> bool:
    """Say whether texts differ so much that one need not see all of them."""
    if len(texts) <= MOST_LABELS:
        return False
    # Whole chunks from all over, for single ones would be looked up one by one.
    every = max(1, len(texts) // SAMPLE)
    some = pa.chunked_array(texts.chunks[::every], texts.type)
    return bool(pc.count_distinct(some).as_py() > MOST_LABELS)


def end_of_observation(time: Instants, timezone: str) -> int:
    """Apply the rule of `from_frame` for the end of observation."""
    last = int(time.max())
    wall = periods.to_wall([last], timezone)
    midnight = periods.to_instants(wall.normalize() + pd.Timedelta(days=1), timezone)[0]
    if last >= midnight - HOUR or _only_dates(time, timezone):
        return int(midnight)
    return last


def _only_dates(time: Instants, timezone: str) -> bool:
    sample = periods.to_wall(time[:1000], timezone)
    if not (sample == sample.normalize()).all():
        return False
    walls = periods.to_wall(time, timezone)
    return bool((walls == walls.normalize()).all())


def _end(until: str, timezone: str) -> tuple[int, bool]:
    """Return the end that `until` names, and whether it names a whole day."""
    try:
        wall = pd.DatetimeIndex([dt.datetime.fromisoformat(until)])
    except ValueError:
        raise Error("eventlog.until", got=until) from None
    whole_day = len(until) <= 10
    if whole_day:
        wall = wall + pd.Timedelta(days=1)
    return int(periods.to_instants(wall, timezone)[0]), whole_day
