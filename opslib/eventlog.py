"""EventLog: the sorted, encoded, memory-mapped columns that event analyses run on."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from opslib import encode, kernels, periods, segments, tables
from opslib.conditions import (
    Codes,
    Condition,
    Did,
    Floats,
    Mask,
    Property,
    Texts,
    meets,
)
from opslib.periods import Instants
from opslib.result import Error, Note
from opslib.userlists import OfUsers, UserList, check_name

FORMAT = 2
RUNS = ["run_offsets", "user_offsets", "run_user", "run_start", "run_time", "run_row"]


@dataclass(frozen=True, kw_only=True)
class EventLog:
    """What users did and when; immutable, rows in order of user, time and file.

    Attributes:
        users: Ids as text, sorted; LargeStringArray of n_users.
        offsets: Rows of user i are offsets[i] to offsets[i + 1]; n_users + 1.
        time: Microseconds since 1970, UTC, one per row.
        event: Code of the event name, one per row.
        names: Event names, sorted; the code is the position.
        properties: What else is known per row; "amount" is the money.
        timezone: IANA name; calendar days are days there.
        until: End of observation; every rule of "is this over yet" refers to it.
        run_offsets: Rows of event e in the event-major copy; n_names + 1.
        user_offsets: Users of event e among run_user; n_names + 1.
        run_user, run_start: Who did each event, and where their rows begin in the copy;
            run_start has one entry more, the end.
        run_time, run_row: The copy, each event sorted by user and time.
        left_out: Rows and amounts that are not in the log, counted by reason.
    """

    users: pa.LargeStringArray
    offsets: Instants
    time: Instants
    event: npt.NDArray[np.uint16]
    names: tuple[str, ...]
    properties: dict[str, Property]
    timezone: str
    until: int
    run_offsets: Instants
    user_offsets: Instants
    run_user: npt.NDArray[np.int32]
    run_start: Instants
    run_time: Instants
    run_row: Instants
    left_out: tuple[Note, ...] = ()
    _mapped: Any = field(default=None, repr=False, compare=False)

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        user: str,
        event: str,
        time: str,
        amount: str | None = None,
        timezone: str = "UTC",
        properties: Sequence[str] | None = None,
        until: str | None = None,
    ) -> Self:
        """Sort and encode a table of events, one row per event.

        Rows without user, event or time are left out and counted in `left_out`, and so
        are rows after `until`.

        Args:
            frame: n rows; columns as named by the other arguments.
            user: Column of ids; kept as text, 17850.0 becomes "17850".
            event: Column of event names, at most 65,535 different ones.
            time: Column of times: datetimes or ISO text; without a zone of their own
                they are wall clock in `timezone`.
            amount: Column of money, kept as the property "amount".
            timezone: IANA name of the zone whose days count.
            properties: Columns to keep beside; None keeps all others.
            until: End of observation as an ISO date (that whole day) or time, which is
                included. None: the last event, or the end of its day where times are
                dates only or the last event falls into the last hour.

        Raises:
            Error: A column is missing, times cannot be read, too many event names, an
                unknown timezone, or no row is left.

        Example:
            >>> log = EventLog.from_frame(
            ...     pd.DataFrame({
            ...         "who": ["007", "007", "12"],
            ...         "what": ["view", "buy", "view"],
            ...         "when": ["2026-03-02", "2026-03-03", "2026-03-02"],
            ...     }),
            ...     user="who", event="what", time="when",
            ... )
            >>> log.names, log.users.to_pylist(), log.offsets.tolist()
            (('buy', 'view'), ['007', '12'], [0, 2, 3])
        """
        return cls.from_table(
            tables.Frame(frame),
            user=user,
            event=event,
            time=time,
            amount=amount,
            timezone=timezone,
            properties=properties,
            until=until,
        )

    @classmethod
    def from_table(
        cls,
        table: tables.Columns,
        *,
        properties: Sequence[str] | None = None,
        until: str | None = None,
        **columns: Any,  # noqa: ANN401
    ) -> Self:
        """Do what `from_frame` does for a table that may be larger than memory."""
        return cls._sorted(
            **encode.events(table, properties=properties, until=until, **columns)
        )

    @classmethod
    def from_columns(
        cls,
        *,
        users: Sequence[str] | pa.Array,
        user: npt.NDArray[np.integer[Any]],
        event: npt.NDArray[np.integer[Any]],
        names: Sequence[str],
        time: Instants,
        timezone: str = "UTC",
        properties: Iterable[tuple[str, Property]] = (),
        until: int | None = None,
        left_out: tuple[Note, ...] = (),
    ) -> Self:
        """Sort columns that are encoded already.

        Args:
            users: Ids, sorted; n_users.
            user: Position in `users`, one per row.
            event: Position in `names`, one per row.
            names: Event names, sorted.
            time: Microseconds since 1970, UTC, one per row.
            timezone: IANA name of the zone whose days count.
            properties: What else is known per row, one after the other.
            until: End of observation; None: by the rule of `from_frame`.
            left_out: What is not in the log, counted by reason.
        """
        # Compiled code takes them for places, and would write beyond its arrays.
        for codes, known in ((user, users), (event, names)):
            if len(codes) and not 0 <= codes.min() <= codes.max() < len(known):
                raise ValueError("A code names no user or event.")
        end = encode.end_of_observation(time, timezone) if until is None else until
        return cls._sorted(
            users=pa.array(users, pa.large_string()),
            user=np.asarray(user, np.int32),
            time=np.asarray(time, np.int64),
            event=np.asarray(event, np.uint16),
            names=tuple(names),
            properties=properties,
            timezone=timezone,
            until=end,
            left_out=left_out,
        )

    @classmethod
    def _sorted(
        cls,
        *,
        users: pa.LargeStringArray,
        user: npt.NDArray[np.int32],
        time: Instants,
        event: npt.NDArray[np.uint16],
        names: tuple[str, ...],
        properties: Iterable[tuple[str, Property]],
        timezone: str,
        until: int,
        left_out: tuple[Note, ...] = (),
    ) -> Self:
        order, offsets = kernels.sort_rows(user, time, len(users))
        del user
        time, event = time[order], event[order]
        runs = kernels.event_runs(offsets, time, event, len(names))
        log = cls(
            users=users,
            offsets=offsets,
            time=time,
            event=event,
            names=names,
            properties={name: column.at(order) for name, column in properties},
            timezone=timezone,
            until=until,
            **dict(zip(RUNS, runs, strict=True)),
            left_out=left_out,
        )
        # Mapped arrays cannot be written: one compiled kernel then serves both.
        for array in log._arrays().values():
            array.flags.writeable = False
        return log

    def __len__(self) -> int:
        return len(self.time)

    @cached_property
    def user(self) -> npt.NDArray[np.int32]:
        """Position of each row's user in `users`."""
        sizes = np.diff(self.offsets)
        return np.repeat(np.arange(len(self.users), dtype=np.int32), sizes)

    @cached_property
    def tied(self) -> float:
        """Share of rows at the same instant as another row of the same user."""
        return float(kernels.tied_rows(self.offsets, self.time) / len(self))

    @cached_property
    def extent(self) -> tuple[int, int]:
        """The first and the last instant with an event."""
        # Each user's rows are in order of time.
        firsts, lasts = self.offsets[:-1], self.offsets[1:] - 1
        return int(self.time[firsts].min()), int(self.time[lasts].max())

    @cached_property
    def days(self) -> Instants:
        """Edges of the days from the first event to the end of observation."""
        earliest, latest = self.extent
        # An event at midnight, the very end, lies in a day of its own.
        last = max(latest, self.until - 1)
        return periods.edges(earliest, last, "day", self.timezone)

    @cached_property
    def day(self) -> npt.NDArray[np.integer[Any]]:
        """Which of `days` each row lies in."""
        return self._days(self.time, self.offsets)

    @cached_property
    def run_day(self) -> npt.NDArray[np.integer[Any]]:
        """Which of `days` each row of the event-major copy lies in."""
        return self._days(self.run_time, self.run_start)

    def _days(self, time: Instants, starts: Instants) -> npt.NDArray[np.integer[Any]]:
        small = len(self.days) <= np.iinfo(np.uint16).max
        found: npt.NDArray[np.integer[Any]] = np.empty(
            len(time), np.uint16 if small else np.int32
        )
        of = periods.calendar(self.days)
        kernels.over_users(
            lambda low, high: kernels.write_periods(
                starts[low], starts[high], time, of, found
            ),
            starts,
        )
        found.flags.writeable = False
        return found

    @cached_property
    def dates(self) -> tuple[str, str]:
        """The first and last day with an event, as ISO dates."""
        first, last = self.extent
        start, end = periods.days(first, last + 1, self.timezone)
        return start.isoformat(), end.isoformat()

    def code(self, name: str, option: str) -> int:
        """Return the code of an event name.

        Raises:
            Error: The log has no such event; the sentence names those it has.
        """
        if name not in self.names:
            raise Error(
                "eventlog.unknown_event", option=option, got=name, choices=self.names
            )
        return self.names.index(name)

    def ids(self, users: npt.ArrayLike) -> pd.Series:
        """Return the ids of users given by position, as a column "user"."""
        taken = self.users.take(pa.array(np.asarray(users, np.int64)))
        return pd.Series(taken.to_pylist(), name="user", dtype="str")

    def with_user_property(
        self, name: str, users: Iterable[Any], labels: Iterable[Any] | None = None
    ) -> Self:
        """Return the log with one property more, which stays with the user.

        All events of a user have it, so that every analysis can filter and break down
        by it; users who are not named have a missing value. Nothing is copied, and
        rows are not touched before the property is used. How many of the users have
        no event here is `log.properties[name].unknown`.

        Args:
            name: What to call it.
            users: Ids, as text or as `from_frame` turns them into text.
            labels: The value of each, in the same order; None: all have `name`.

        Raises:
            Error: The name is empty, taken, "user", "event" or "amount"; no user, an
                id is missing, or a user has two labels; more than 200 labels.

        Example:
            >>> log = EventLog.from_frame(
            ...     pd.DataFrame({
            ...         "user": ["007", "12"], "event": "buy", "time": "2026-03-02",
            ...     }),
            ...     user="user", event="event", time="time",
            ... )
            >>> log.with_user_property("VIP", ["007"]).mask([["VIP", "is_set"]])
            array([ True, False])
        """
        name = check_name(name, self.properties)
        return self.with_lists({name: UserList.of(name, users, labels)})

    def with_lists(self, lists: Mapping[str, UserList]) -> Self:
        """Return the log with user lists as properties, by their names."""
        if not lists:
            return self
        added = {
            name: OfUsers(one, self.users, self.offsets) for name, one in lists.items()
        }
        return replace(self, properties={**self.properties, **added})

    def mask(self, conditions: Iterable[Condition]) -> Mask | None:
        """Say which rows meet all `conditions`; None where there are none.

        The properties "event" and "user" are the event's name and the user's id, unless
        the log has others called so. A condition is [property, operator, value] of
        `conditions.OPERATORS`; a missing value meets "is_not_set", "!=", "not in" and
        no other. Or it is on what users did, see `Did`: all their rows meet it.

        Raises:
            Error: A condition has another shape, or names what the log does not have.
        """
        if not isinstance(conditions, Iterable):
            raise Error("conditions.shape", got=str(conditions))
        met: Mask | None = None
        columns = {"event": Codes(self.event, self.names), **self.properties}
        for condition in conditions:
            if isinstance(condition, Did | Mapping):
                one = segments.users(self, condition)[self.user]
                met = one if met is None else met & one
                continue
            # A text for each user: made only for who asks.
            asked = isinstance(condition, list | tuple) and "user" in condition[:1]
            if asked and "user" not in columns:
                columns["user"] = Codes(self.user, tuple(self.users.to_pylist()))
            one = meets(columns, condition)
            met = one if met is None else met & one
        return met

    def where(self, conditions: Iterable[Condition]) -> Self:
        """Return the log of only the rows that meet `conditions`."""
        mask = self.mask(conditions)
        return self if mask is None else self.only(mask)

    def between(self, first: str, last: str) -> Self:
        """Return the log of only the days from `first` to `last`, both included.

        This forgets what happened before; analyses take `dates` instead.
        """
        start, end = periods.span((first, last), self.timezone)
        return self.only((self.time >= start) & (self.time < end))

    def only(self, mask: Mask, *, until: int | None = None) -> Self:
        """Return the log of only the rows that `mask` marks.

        Args:
            mask: One truth per row, in the order of the log.
            until: End of observation; None: that of this log.
        """
        if not mask.any():
            raise Error("eventlog.empty", n=len(self))
        rows = np.flatnonzero(mask)
        left, position = np.unique(self.user[rows], return_inverse=True)
        return self._sorted(
            users=self.users.take(pa.array(left)),
            user=position.astype(np.int32),
            time=self.time[rows],
            event=self.event[rows],
            names=self.names,
            properties=((k, column.at(rows)) for k, column in self.properties.items()),
            timezone=self.timezone,
            until=self.until if until is None else until,
            left_out=self.left_out,
        )

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        columns = {
            f"property {i}": column.codes
            if isinstance(column, Codes)
            else column.values
            for i, column in enumerate(self.properties.values())
            if not isinstance(column, Texts)
        }
        fixed = ("offsets", "time", "event", *RUNS)
        return {name: getattr(self, name) for name in fixed} | columns

    def save(self, path: Path | str) -> None:
        """Write the log as one Arrow IPC file, to be opened without reading it."""
        texts = {
            f"property {i}": column.settled()
            for i, column in enumerate(self.properties.values())
            if isinstance(column, Texts)
        }
        # All such columns came in the same order: that of the file.
        order = next((one.order for one in texts.values()), np.empty(0, np.int64))
        lists = {**self._arrays(), "users": self.users, "order": order}
        about = {
            "format": FORMAT,
            "names": self.names,
            "timezone": self.timezone,
            "until": self.until,
            "properties": [
                [name, column.labels if isinstance(column, Codes) else None]
                for name, column in self.properties.items()
            ],
            "left_out": [[note.code, note.values] for note in self.left_out],
        }
        types = {name: pa.array(values[:0]).type for name, values in lists.items()}
        types |= dict.fromkeys(texts, pa.large_string())
        schema = pa.schema(
            [(name, pa.large_list(type_)) for name, type_ in types.items()],
            {"opslib": json.dumps(about)},
        )
        with (
            pa.OSFile(str(path), "wb") as file,
            pa.ipc.new_file(file, schema) as writer,
        ):
            writer.write_batch(_row(schema, lists))
            for name, column in texts.items():
                for chunk in column.chunks():
                    writer.write_batch(_row(schema, {name: chunk}))

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """Map a saved log into memory; all who open it share the pages.

        Raises:
            Error: The file is not a log of this version.
        """
        mapped = pa.memory_map(str(path), "r")
        try:
            table = pa.ipc.open_file(mapped).read_all()
            about = json.loads(table.schema.metadata[b"opslib"])
        except (pa.ArrowInvalid, KeyError, TypeError, ValueError):
            raise Error("eventlog.file", path=Path(path).name) from None
        if about["format"] != FORMAT:
            raise Error("eventlog.file", path=Path(path).name)
        lists = {
            name: table.column(name).chunk(0).values for name in table.column_names
        }
        users, order = lists.pop("users"), lists.pop("order").to_numpy()
        properties: dict[str, Property] = {}
        for i, (name, labels) in enumerate(about["properties"]):
            values = lists.pop(f"property {i}")
            if pa.types.is_large_string(values.type):
                parts = [part.values for part in table.column(f"property {i}").chunks]
                properties[name] = Texts(pa.chunked_array(parts), order)
            elif labels is None:
                properties[name] = Floats(values.to_numpy())
            else:
                properties[name] = Codes(values.to_numpy(), tuple(labels))
        arrays = {name: values.to_numpy() for name, values in lists.items()}
        return cls(
            users=users,
            names=tuple(about["names"]),
            properties=properties,
            timezone=about["timezone"],
            until=about["until"],
            left_out=tuple(Note(code, **values) for code, values in about["left_out"]),
            _mapped=mapped,
            **arrays,
        )


def _row(schema: pa.Schema, lists: dict[str, Any]) -> pa.RecordBatch:
    """Make one row of lists: so a file holds columns of different lengths."""
    arrays = []
    for column in schema:
        values = pa.array(lists.get(column.name, ()), column.type.value_type)
        ends = pa.array([0, len(values)], pa.int64())
        arrays.append(pa.LargeListArray.from_arrays(ends, values))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def as_log(data: Any) -> EventLog:  # noqa: ANN401
    """Take an EventLog, or a pandas, polars or pyarrow table with its columns.

    Raises:
        Error: The table lacks a column user, event or time.
    """
    if isinstance(data, EventLog):
        return data
    frame = data.to_pandas() if hasattr(data, "to_pandas") else data
    if not isinstance(frame, pd.DataFrame):
        raise Error("eventlog.type", got=type(data).__name__)
    return EventLog.from_frame(
        frame,
        user="user",
        event="event",
        time="time",
        amount="amount" if "amount" in frame.columns else None,
    )
