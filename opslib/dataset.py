"""Dataset: the tables of one data set, each with the columns that its kind promises."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa

from opslib.eventlog import EventLog
from opslib.kinds import KINDS, NUMBERS, TIMES
from opslib.personal import examples
from opslib.result import Error, Note
from opslib.tables import Columns, File, Frame
from opslib.userlists import UserList

Table = EventLog | pd.DataFrame


# A file of users or units without an id still has one row for each of them.
ROW_IDS = {"users": "user", "experiment": "unit"}
ORDER = "order"


@dataclass(frozen=True, eq=False)
class Dataset:
    """A set of tables, at most one per kind; a missing one is an error with its name.

    Attributes:
        id: Id in the workspace, "demo" or "demo-zh"; empty for a file.
        name: What people call it.
        tables: Kind of table -> DataFrame with the roles as columns; events may
            be an EventLog.
        timezone: Where the wall clock of naive times hangs.
        notes: What was left out or assumed while the tables were made.
        digest: Changes when the content does: what caches go by.
        segments: Lists of users saved with it by their names; see `events`.
        features: Makes a users table of events or orders. Whoever opens a data set
            gives it, so that this module depends on no analysis.
    """

    id: str
    name: str
    tables: Mapping[str, Table] = field(repr=False)
    timezone: str = "UTC"
    notes: tuple[Note, ...] = ()
    digest: str = field(default_factory=lambda: secrets.token_hex(16))
    features: Callable[[Table], pd.DataFrame] | None = field(default=None, repr=False)
    segments: Mapping[str, UserList] = field(default_factory=dict, repr=False)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of tables that are here, in the order of `KINDS`."""
        return tuple(kind for kind in KINDS if kind in self.tables)

    def has(self, kind: str) -> bool:
        """Say whether there is a table of `kind` or "units", or one can be made."""
        if kind == "feedback":
            return self._answers is not None
        if kind == "units":
            return self.has("experiment") or self.has("users")
        sources = {"events": {"orders"}, "users": {"events", "orders"}}
        return kind in self.tables or (
            not sources.get(kind, set()).isdisjoint(self.tables)
            and (kind != "users" or self.features is not None)
        )

    @cached_property
    def events(self) -> EventLog:
        """The events, with the saved segments as properties of their users.

        Without a table of events, every order is the event "order".
        """
        return self.own_events.with_lists(self.segments)

    @cached_property
    def own_events(self) -> EventLog:
        """The events with the properties of their own table alone."""
        table = self.tables.get("events")
        if isinstance(table, EventLog):
            return table
        if table is None and "orders" in self.tables:
            table = self.orders.assign(event=ORDER)
        if table is None:
            raise Error("dataset.no_table", kind=Note("dataset.events"))
        return _log(Frame(table), self.timezone)

    @property
    def orders(self) -> pd.DataFrame:
        """Orders: user, time[, amount, order] and the other columns of the file."""
        return self._frame("orders")

    @property
    def users(self) -> pd.DataFrame:
        """Users: user and attributes; without them, features of events or orders."""
        if "users" not in self.tables and self.has("users"):
            return self._features.copy(deep=False)
        return self._frame("users")

    @property
    def experiment(self) -> pd.DataFrame:
        """Units of an experiment: unit, variant[, time] and metrics."""
        return self._frame("experiment")

    @property
    def units(self) -> pd.DataFrame:
        """Units of an experiment; without one the users."""
        if not self.has("units"):
            raise Error("dataset.no_table", kind=Note("dataset.units"))
        return self.experiment if self.has("experiment") else self.users

    @property
    def counts(self) -> pd.DataFrame:
        """An exported funnel: step, users[, group]."""
        return self._frame("counts")

    @property
    def daily(self) -> pd.DataFrame:
        """An exported dashboard: date[, group] and metrics."""
        return self._frame("daily")

    @property
    def feedback(self) -> pd.DataFrame:
        """What people say: score and/or comment[, user, time]; else a survey's."""
        return self._frame(self._answers or "feedback")

    @property
    def _answers(self) -> str | None:
        """The kind of the table that holds scores or comments."""
        if "feedback" in self.tables:
            return "feedback"
        survey = self.tables.get("survey")
        said = isinstance(survey, pd.DataFrame) and {"score", "comment"} & {*survey}
        return "survey" if said else None

    @property
    def survey(self) -> pd.DataFrame:
        """Answers of a survey, a row per respondent: [user, time,] and questions."""
        return self._frame("survey")

    @property
    def spend(self) -> pd.DataFrame:
        """What channels cost: channel, period, cost and other figures."""
        return self._frame("spend")

    @property
    def invites(self) -> pd.DataFrame:
        """Who brought whom: inviter, invitee, time."""
        return self._frame("invites")

    @property
    def posts(self) -> pd.DataFrame:
        """What people write to each other: user, time[, item, group, reply_to]."""
        return self._frame("posts")

    @property
    def members(self) -> pd.DataFrame:
        """Who belongs to which group: user, group[, joined, role]."""
        return self._frame("members")

    @property
    def edges(self) -> pd.DataFrame:
        """Who is tied to whom: from, to[, weight]."""
        return self._frame("edges")

    @property
    def tickets(self) -> pd.DataFrame:
        """Requests to the service: user, opened[, first_reply, done]."""
        return self._frame("tickets")

    @cached_property
    def _features(self) -> pd.DataFrame:
        assert self.features is not None  # noqa: S101
        return self.features(
            self.own_events if "events" in self.tables else self.orders
        )

    def _frame(self, kind: str) -> pd.DataFrame:
        frame = self.tables.get(kind)
        if not isinstance(frame, pd.DataFrame):
            raise Error("dataset.no_table", kind=Note(f"dataset.{kind}"))
        # Sessions share the table: a shallow copy keeps one's changes to itself.
        return frame.copy(deep=False)


def from_frame(
    frame: pd.DataFrame,
    *,
    kind: str,
    roles: Mapping[str, str],
    timezone: str = "UTC",
    name: str = "",
    features: Callable[[Table], pd.DataFrame] | None = None,
) -> Dataset:
    """Make a data set of one table, given what its columns are.

    Role columns get the names of their roles, ids become text, times wall clock
    without a zone; a column that merely shares the name of a role gets " (file)"
    behind its own. Rows without a needed value are left out and told in `.notes`.

    Args:
        frame: One row per event, order, user, ...; columns as in the file.
        kind: One of `KINDS`.
        roles: Role -> column of `frame`, see `KINDS`. Without a user or unit id,
            each row of a users or experiment table is one of them.
        timezone: Where the wall clock of naive times hangs.
        name: What people call it.
        features: See `Dataset`.

    Raises:
        Error: An unknown kind, role or column, a role that is missing, or no row
            left to use.

    Example:
        >>> frame = pd.DataFrame({"会员": [7, 8], "city": ["Xi'an", "Wuhan"]})
        >>> from_frame(frame, kind="users", roles={"user": "会员"}).users
          user   city
        0    7  Xi'an
        1    8  Wuhan
    """
    if kind not in KINDS:
        raise Error("option.choice", option="kind", got=kind, choices=list(KINDS))
    shaped = _shape(frame, kind, roles, timezone)
    table: Table
    if kind == "events":
        table = _log(Frame(shaped), timezone)
        notes = table.left_out
    else:
        table, notes = _usable(shaped, frame, kind, roles)
    return Dataset(
        "", name, {kind: table}, timezone=timezone, notes=notes, features=features
    )


def from_file(
    table: File,
    *,
    roles: Mapping[str, str],
    timezone: str = "UTC",
    name: str = "",
    features: Callable[[Table], pd.DataFrame] | None = None,
) -> Dataset:
    """Do what `from_frame` does for events that may be larger than memory."""
    columns = list(table.names)
    known = _check("events", roles, columns)
    shaped = {role: roles[role] for role in known if role in roles}
    for column in columns:
        if column not in roles.values():
            shaped[_free(column, {*known, *shaped})] = column
    log = _log(table.renamed(shaped), timezone)
    # What the columns took may be half of all memory; the system can have it back.
    pa.default_memory_pool().release_unused()
    return Dataset(
        "",
        name,
        {"events": log},
        timezone=timezone,
        notes=log.left_out,
        features=features,
    )


def orders(
    frame: pd.DataFrame,
    *,
    user: str,
    time: str,
    amount: str | None = None,
    order: str | None = None,
) -> pd.DataFrame:
    """Name the columns of an orders table; other columns keep their names.

    Every row stays: an analysis leaves out what it cannot use, and says so.

    Args:
        frame: One row per order or order line.
        user: Column of the buyer's id.
        time: Column of the time.
        amount: Column of what was paid; None: the table has none.
        order: Column of the order id, the same on all lines of an order; None: every
            row is an order.

    Raises:
        Error: `frame` has no such column.

    Example:
        >>> frame = pd.DataFrame({"id": [7], "day": ["2025-03-01"], "paid": ["9.5"]})
        >>> orders(frame, user="id", time="day", amount="paid")
          user       time  amount
        0    7 2025-03-01     9.5
    """
    roles = {"user": user, "time": time, "amount": amount, "order": order}
    given = {role: column for role, column in roles.items() if column is not None}
    return _shape(frame, "orders", given, "UTC")


def experiment(
    frame: pd.DataFrame, *, unit: str, variant: str, time: str | None = None
) -> pd.DataFrame:
    """Name the columns of an experiment table; the metrics keep their names.

    Every row stays: an analysis leaves out what it cannot use, and says so.

    Args:
        frame: One row per unit, or per unit and day.
        unit: Column of the id of what was randomised, a user for example.
        variant: Column of the group that the unit was put in.
        time: Column of the day of the row, or of when the unit came in.

    Raises:
        Error: `frame` has no such column.

    Example:
        >>> frame = pd.DataFrame({"id": [7, 8], "group": ["A", "B"], "paid": [0, 9]})
        >>> experiment(frame, unit="id", variant="group")
          unit variant  paid
        0    7       A     0
        1    8       B     9
    """
    roles = {"unit": unit, "variant": variant} | ({"time": time} if time else {})
    return _shape(frame, "experiment", roles, "UTC")


def _log(table: Columns, timezone: str) -> EventLog:
    return EventLog.from_table(
        table,
        user="user",
        event="event",
        time="time",
        amount="amount" if "amount" in table.names else None,
        timezone=timezone,
    )


def _shape(
    frame: pd.DataFrame, kind: str, roles: Mapping[str, str], timezone: str
) -> pd.DataFrame:
    """Put the columns of the roles first, under the roles' names and as their types."""
    columns = [str(column) for column in frame.columns]
    known = _check(kind, roles, columns)
    file = frame.set_axis(columns, axis="columns").reset_index(drop=True)
    # The event log reads its own columns, and keeps instants that have a zone.
    shaped = {
        role: file[roles[role]]
        if kind == "events"
        else _typed(file[roles[role]], role, timezone)
        for role in known
        if role in roles
    }
    row_id = ROW_IDS.get(kind)
    if row_id and row_id not in roles:
        rows = pd.Series(np.arange(1, len(file) + 1)).astype("str")
        shaped = {row_id: rows, **shaped}
    for column in columns:
        if column not in roles.values():
            shaped[_free(column, {*known, *shaped})] = file[column]
    return pd.DataFrame(shaped)


def _check(kind: str, roles: Mapping[str, str], columns: list[str]) -> tuple[str, ...]:
    """Refuse roles that do not fit the kind or the file; return all it can have."""
    required, _, either = KINDS[kind]
    known = KINDS[kind].roles
    for role, column in roles.items():
        if role not in known:
            raise Error("option.choice", option="roles", got=role, choices=known)
        if column not in columns:
            raise Error("option.column", option=role, got=column, choices=columns)
    missing = [role for role in required if role not in {*roles, ROW_IDS.get(kind)}]
    if either and not set(either) & set(roles):
        missing.append("either")
    if missing:
        raise Error(
            "dataset.missing_role",
            kind=Note(f"dataset.{kind}"),
            role=Note(f"dataset.role_{missing[0]}"),
            columns=columns,
        )
    return known


def _free(column: str, taken: set[str]) -> str:
    while column in taken:
        column += " (file)"
    return column


def _typed(values: pd.Series, role: str, timezone: str) -> pd.Series:
    """Read times, numbers or text; what cannot be read becomes missing."""
    if role in TIMES:
        return _times(values, timezone)
    if role in NUMBERS:
        return pd.to_numeric(values, errors="coerce").astype("float64")
    if values.dtype == "str":
        return values
    if pd.api.types.is_float_dtype(values) and (values.dropna() % 1 == 0).all():
        # Whole numbers that a missing value turned into floats.
        values = values.astype("Int64")
    return values.astype("object").where(values.notna(), None).astype("str")


def _times(values: pd.Series, timezone: str) -> pd.Series:
    """Read times as the wall clock in `timezone`."""
    times = values
    if not pd.api.types.is_datetime64_any_dtype(values):
        number = pd.api.types.is_numeric_dtype(values)
        text = values.mask(values.notna()) if number else values
        times = pd.to_datetime(text, errors="coerce", format="ISO8601")
    if values.notna().any() and times.isna().all():
        raise Error("dataset.time", column=values.name, got=examples(values))
    if times.dt.tz is not None:
        times = times.dt.tz_convert(timezone).dt.tz_localize(None)
    return times.dt.as_unit("us")


def _usable(
    shaped: pd.DataFrame, frame: pd.DataFrame, kind: str, roles: Mapping[str, str]
) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """Leave out rows without a needed value; say how many, and what was not read."""
    required, _, either = KINDS[kind]
    needed = [[role] for role in required if role in roles]
    needed += [[role for role in either if role in roles]] if either else []
    notes = []
    keep = np.ones(len(shaped), dtype=bool)
    for some in needed:
        empty = shaped[some].isna().all(axis="columns").to_numpy()
        if lost := int((keep & empty).sum()):
            columns = [roles[role] for role in some]
            notes.append(Note("dataset.left_out", n=lost, columns=columns))
        keep &= ~empty
    if not keep.any():
        columns = [roles[role] for some in needed for role in some]
        raise Error("dataset.no_rows", n=len(shaped), columns=columns)
    for role in NUMBERS:
        if role in roles and [role] not in needed:
            filled = frame[roles[role]].notna().to_numpy()
            if lost := int((keep & filled & shaped[role].isna().to_numpy()).sum()):
                notes.append(Note("dataset.unread", n=lost, column=roles[role]))
    if kind in ROW_IDS and ROW_IDS[kind] not in roles:
        notes.append(Note("dataset.row_ids", n=len(shaped)))
    if kind == "users" and "user" in roles:
        again = keep & shaped["user"].duplicated().to_numpy()
        if lost := int(again.sum()):
            notes.append(Note("dataset.repeated", n=lost, column=roles["user"]))
        keep &= ~again
    return shaped[keep].reset_index(drop=True), tuple(notes)
