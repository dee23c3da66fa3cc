"""A second export of the same thing: its rows behind those of the first, told apart."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from opslib.conditions import Codes, Floats, Mask, Property, Texts
from opslib.dataset import ROW_IDS, Dataset, Table
from opslib.encode import MOST_NAMES, whole_numbers
from opslib.eventlog import EventLog
from opslib.kinds import KINDS
from opslib.result import Error, Note

Rows = npt.NDArray[np.int64]


def appended(old: Dataset, new: Dataset, *, keep_repeats: bool = False) -> Dataset:
    """Put the tables of `new` behind those of the same kind of `old`.

    A row of `new` repeats one of `old` when it is the same in every column, each row
    of `old` standing for one. Exports that overlap repeat the rows of the overlap;
    rows that a file has twice by itself stay twice. `.notes` says what was done.

    Args:
        old: The data set that grows; it is not changed itself.
        new: What is added, in the same timezone. Tables of other kinds come beside.
        keep_repeats: Whether rows that repeat are added all the same.

    Raises:
        Error: The timezones or the roles of a kind differ, users or units have no ids,
            or there are too many event names.

    Example:
        >>> one = Dataset("", "shop", {"users": pd.DataFrame({"user": ["a", "b"]})})
        >>> two = Dataset("", "more", {"users": pd.DataFrame({"user": ["b", "c"]})})
        >>> both = appended(one, two)
        >>> both.users["user"].tolist(), [note.code for note in both.notes]
        (['a', 'b', 'c'], ['join.repeated', 'join.added'])
    """
    if old.timezone != new.timezone:
        raise Error("join.timezone", old=old.timezone, new=new.timezone)
    tables, notes = dict(old.tables), [*old.notes, *new.notes]
    numbered = any(note.code == "dataset.row_ids" for note in notes)
    for kind, table in new.tables.items():
        if kind in tables:
            if kind in ROW_IDS and numbered:
                raise Error("join.no_ids", kind=Note(f"dataset.{kind}"))
            tables[kind], told = _both(kind, tables[kind], table, keep=keep_repeats)
            notes += told
        else:
            tables[kind] = table
    return _made(old, tables, notes)


def replaced(old: Dataset, new: Dataset) -> Dataset:
    """Put the tables of `new` in the place of those of the same kind of `old`.

    Raises:
        Error: The timezones differ.
    """
    if old.timezone != new.timezone:
        raise Error("join.timezone", old=old.timezone, new=new.timezone)
    notes = [
        Note("join.replaced", n=len(old.tables[kind]), by=len(table))
        for kind, table in new.tables.items()
        if kind in old.tables
    ]
    tables = {**old.tables, **new.tables}
    return _made(old, tables, [*old.notes, *new.notes, *notes])


def _made(old: Dataset, tables: Mapping[str, Table], notes: list[Note]) -> Dataset:
    return Dataset(
        "",
        old.name,
        tables,
        timezone=old.timezone,
        notes=tuple(notes),
        features=old.features,
        segments=old.segments,
    )


def _both(
    kind: str, old: Table, new: Table, *, keep: bool
) -> tuple[Table, tuple[Note, ...]]:
    table: Table
    if isinstance(old, EventLog) and isinstance(new, EventLog):
        table, repeats, notes = _logs(old, new, keep=keep)
    elif isinstance(old, pd.DataFrame) and isinstance(new, pd.DataFrame):
        _same_roles(kind, list(map(str, old)), list(map(str, new)))
        table, repeats, notes = _frames(kind, old, new, keep=keep)
    else:
        raise TypeError(kind)
    if repeats:
        code = "join.kept" if keep else "join.repeated"
        notes.append(Note(code, n=repeats))
    return table, (*notes, Note("join.added", n=len(table) - len(old)))


def _same_roles(kind: str, old: list[str], new: list[str]) -> None:
    roles = KINDS[kind].roles
    here, there = (tuple(r for r in roles if r in one) for one in (old, new))
    if here != there:
        differ = sorted({*here} ^ {*there}, key=roles.index)
        raise Error("join.roles", roles=differ, old=list(here), new=list(there))


def _told_columns(old: list[str], new: list[str]) -> list[Note]:
    """Say which columns only one of both has: there the others have no value."""
    gone = [name for name in old if name not in new]
    come = [name for name in new if name not in old]
    found = (("join.gone", gone), ("join.come", come))
    return [Note(code, columns=columns) for code, columns in found if columns]


def _frames(
    kind: str, old: pd.DataFrame, new: pd.DataFrame, *, keep: bool
) -> tuple[pd.DataFrame, int, list[Note]]:
    here, there = list(map(str, old)), list(map(str, new))
    notes, joined, texts = _told_columns(here, there), {}, []
    for name in dict.fromkeys([*here, *there]):
        sides = [
            one[name] if name in one else pd.Series(None, one.index, dtype=other)
            for one, other in (
                (old, _gap(new.get(name))),
                (new, _gap(old.get(name))),
            )
        ]
        if len({_sort(side) for side in sides}) > 1:
            texts.append(name)
            sides = [_as_text(side) for side in sides]
        joined[name] = pd.concat(sides, ignore_index=True)
    if texts:
        notes.append(Note("join.text", columns=texts))
    whole = pd.DataFrame(joined)
    again = _repeats(joined, len(old))
    stay = np.ones(len(whole), bool)
    if not keep:
        stay[len(old) :] = ~again
    if kind == "users":
        # There is one row per user: the one that is here stays.
        known = stay & whole["user"].duplicated().to_numpy()
        known[: len(old)] = False
        if n := int(known.sum()):
            notes.append(Note("join.known", n=n))
        stay &= ~known
    return whole[stay].reset_index(drop=True), int(again.sum()), notes


def _gap(other: pd.Series | None) -> Any:  # noqa: ANN401
    """Give the type of a column without any value, beside one that has them."""
    if other is None:
        return None
    return {"b": "boolean", "n": "float64"}.get(_sort(other), other.dtype)


def _sort(values: pd.Series) -> str:
    """Say whether values are booleans, numbers, times (of which zone) or texts."""
    if pd.api.types.is_bool_dtype(values):
        return "b"
    if pd.api.types.is_numeric_dtype(values):
        return "n"
    if pd.api.types.is_datetime64_any_dtype(values):
        return f"t{values.dt.tz}"
    return ""


def _as_text(values: pd.Series) -> pd.Series:
    plain = whole_numbers(values.dropna())
    return plain.astype("str").reindex(values.index)


def _repeats(columns: Mapping[str, Any], n_old: int) -> Mask:
    """Say which rows after the first `n_old` repeat one of these, one for one."""
    coded = [pd.factorize(values)[0] for values in columns.values()]
    codes = pd.DataFrame(dict(enumerate(coded)))
    old = np.arange(len(codes)) < n_old
    codes["count"] = codes.groupby([*codes, old], sort=False).cumcount()
    return codes.duplicated().to_numpy()[n_old:]


def _logs(
    old: EventLog, new: EventLog, *, keep: bool
) -> tuple[EventLog, int, list[Note]]:
    """Join two logs by their columns; a property at a time is in memory."""
    both = pa.concat_arrays([old.users, new.users])
    users = pc.unique(both)
    users = users.take(pc.sort_indices(users))
    names = tuple(sorted({*old.names, *new.names}))
    if len(names) > MOST_NAMES:
        raise Error("eventlog.names", n=len(names), most=MOST_NAMES, column="event")
    place = {name: i for i, name in enumerate(names)}
    user, event = [], []
    for one in (old, new):
        position = pc.index_in(one.users, value_set=users).to_numpy()
        user.append(position.astype(np.int32)[one.user])
        code = np.array([place[name] for name in one.names], np.uint16)
        event.append(code[one.event])
    keys = {"user": user, "event": event, "time": [old.time, new.time]}
    again = _repeated_rows(old, new, keys)
    rows = np.arange(len(new)) if keep else np.delete(np.arange(len(new)), again)
    properties = list(dict.fromkeys([*old.properties, *new.properties]))
    notes = _told_columns(list(old.properties), list(new.properties))
    if texts := [name for name in properties if _mixed(old, new, name)]:
        notes.append(Note("join.text", columns=texts))

    def each() -> Iterator[tuple[str, Property]]:
        for name in properties:
            yield name, _property(old, new, name, rows)

    log = EventLog.from_columns(
        users=users,
        names=names,
        properties=each(),
        timezone=old.timezone,
        until=max(old.until, new.until),
        left_out=(*old.left_out, *new.left_out),
        **{name: np.concatenate([a, b[rows]]) for name, (a, b) in keys.items()},
    )
    return log, len(again), notes


def _repeated_rows(
    old: EventLog, new: EventLog, keys: Mapping[str, list[npt.NDArray[Any]]]
) -> Rows:
    """Find the rows of `new` that are in `old`, looking only where times overlap."""
    first = max(old.time.min(), new.time.min())
    last = min(old.time.max(), new.time.max())
    rows = [np.flatnonzero((t >= first) & (t <= last)) for t in keys["time"]]
    hashes = [
        pd.util.hash_pandas_object(
            pd.DataFrame({name: pair[i][rows[i]] for name, pair in keys.items()}),
            index=False,
        ).to_numpy()
        for i in (0, 1)
    ]
    here, there = (rows[i][np.isin(hashes[i], hashes[1 - i])] for i in (0, 1))
    if not len(there):
        return there
    columns: dict[str, Any] = {
        name: np.concatenate([a[here], b[there]]) for name, (a, b) in keys.items()
    }
    for i, name in enumerate({**old.properties, **new.properties}):
        columns[f"property {i}"] = _values(_property(old, new, name, there, here))
    return there[_repeats(columns, len(here))]


def _values(column: Property) -> Any:  # noqa: ANN401
    if isinstance(column, Texts):
        return column.values.to_pandas()
    return column.codes if isinstance(column, Codes) else column.values


def _mixed(old: EventLog, new: EventLog, name: str) -> bool:
    sides = [one.properties.get(name) for one in (old, new)]
    numbers = [isinstance(side, Floats) for side in sides if side is not None]
    return len({*numbers}) > 1


def _property(
    old: EventLog, new: EventLog, name: str, rows: Rows, of_old: Rows | None = None
) -> Property:
    """Give a property of some rows of `old` and then of some of `new`."""
    sides: list[Property] = []
    taken = np.arange(len(old)) if of_old is None else of_old
    for one, some in ((old, taken), (new, rows)):
        column = one.properties.get(name)
        if column is None:
            other = (old if one is new else new).properties[name]
            column = _nothing(other, len(one))
        sides.append(column.at(some))
    a, b = sides
    if isinstance(a, Floats) and isinstance(b, Floats):
        return Floats(np.concatenate([a.values, b.values]))
    if isinstance(a, Texts) or isinstance(b, Texts):
        parts = [_texts(side) for side in sides]
        return Texts(pa.chunked_array([c for part in parts for c in part.chunks]))
    coded = [_labelled(side) for side in sides]
    labels = dict.fromkeys(label for side in coded for label in side.labels)
    place = {label: i for i, label in enumerate(labels)}
    codes = []
    for side in coded:
        # The last is where -1, a missing value, points.
        known = np.array([*(place[label] for label in side.labels), -1], np.int32)
        codes.append(known[side.codes])
    return Codes(np.concatenate(codes), tuple(place))


def _nothing(other: Property, n: int) -> Property:
    if isinstance(other, Floats):
        return Floats(np.full(n, np.nan))
    return Codes(np.full(n, -1, np.int32), ())


def _labelled(column: Property) -> Codes:
    if isinstance(column, Codes):
        return column
    assert isinstance(column, Floats)  # noqa: S101
    codes, found = pd.factorize(column.values)
    return Codes(codes, tuple(whole_numbers(pd.Series(found)).astype("str")))


def _texts(column: Property) -> pa.ChunkedArray:
    if isinstance(column, Texts):
        return column.texts()
    coded = _labelled(column)
    labels = pa.array(coded.labels, pa.large_string())
    at = pa.array(coded.codes, pa.int64(), mask=coded.codes < 0)
    return pa.chunked_array([labels.take(at)])
