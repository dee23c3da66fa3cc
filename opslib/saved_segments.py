"""Saved segments: lists of users kept with a data set, as properties of its events.

    data/<id of the data set>/segment-<id>.arrow        user[, label]

A list is written under a temporary name, synced, renamed, and recorded last.
"""

import contextlib
import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from opslib import cells, storage
from opslib.catalogue import DATASETS, SEGMENTS, forget, now, room, short
from opslib.eventlog import EventLog
from opslib.result import Error
from opslib.userlists import OfUsers, UserList, check_name

TEMPORARY = ".new-"
FILE = "segment-"
MOST_SEGMENTS = 100
LARGEST_ORIGIN = 1_000_000


@dataclass(frozen=True)
class SavedSegment:
    """A saved segment in the list.

    Attributes:
        id: Tells it from another of the same name, before or after.
        name: Name of the property.
        labels: The values; those of a plain list are its name.
        users: How many users are in it.
        unknown: How many of them have no event in the data set.
        created: When it was saved, UTC.
        origin: The cell that found the users; None: not told.
    """

    id: str
    name: str
    labels: tuple[str, ...]
    users: int
    unknown: int
    created: str
    origin: dict[str, Any] | None


class SavedSegments:
    """The saved segments of one data set; see `Workspace.segments`."""

    def __init__(
        self,
        engine: sa.Engine,
        folder: Path,
        lock: Callable[[], AbstractContextManager[bool]],
        log: Callable[[], EventLog],
    ) -> None:
        self._engine = engine
        self._folder = folder
        self._dataset = folder.name
        self._lock = lock
        self._log = log

    def list(self) -> tuple[SavedSegment, ...]:
        """Return the segments, the oldest first."""
        return tuple(_listed(row) for row in rows(self._engine, self._dataset))

    def save(
        self,
        name: str,
        users: Iterable[Any],
        labels: Iterable[Any] | None = None,
        *,
        origin: Mapping[str, Any] | None = None,
    ) -> SavedSegment:
        """Keep a list of users; see `EventLog.with_user_property`.

        Args:
            name: Name of the property.
            users: Ids; those without an event are kept too, and counted.
            labels: The value of each, in the same order; None: all have the name.
            origin: The cell that found them, see `opslib.cells`.

        Raises:
            Error: The list or its name cannot be, the events have such a property,
                there is such a segment or 100 of them, none of the users has an
                event, or a full disk.
        """
        log = self._log()
        if len(self.list()) >= MOST_SEGMENTS:
            raise Error("userlists.many", most=MOST_SEGMENTS)
        name = self._free(name, log)
        found = UserList.of(name, users, labels)
        n = len(found.ids)
        if OfUsers(found, log.users, log.offsets).unknown == n:
            raise Error("userlists.nobody", name=name, n=n)
        cell = None if origin is None else cells.check(origin)
        short(json.dumps(cell), LARGEST_ORIGIN, "origin")
        with self._lock(), room():
            try:
                row = written(self._folder, name, found, log, cell)
                file = self._folder / _file(row["id"])
                with storage.removed_on_failure(file), self._engine.begin() as db:
                    db.execute(SEGMENTS.insert().values(row))
            except (FileNotFoundError, sa.exc.IntegrityError):
                raise self._refusal(name) from None
        return _listed(row)

    def rename(self, id: str, name: str) -> None:  # noqa: A002
        """Call a segment `name`; links that name it by the old one say so.

        Raises:
            Error: There is no such segment, or the name cannot be.
        """
        known = {one.id: one.name for one in self.list()}
        if known.get(id) == name.strip():
            return
        if id in known:
            name = self._free(name, self._log())
        change = SEGMENTS.update().filter_by(id=id, dataset=self._dataset)
        try:
            with self._engine.begin() as db:
                done = db.execute(change.values(name=name))
        except sa.exc.IntegrityError:
            raise self._refusal(name) from None
        if not done.rowcount:
            raise Error("userlists.gone", id=id)

    def delete(self, id: str) -> None:  # noqa: A002
        """Delete a segment; the events and other segments stay.

        Raises:
            Error: There is no such segment.
        """
        if id not in {one.id for one in self.list()}:
            raise Error("userlists.gone", id=id)
        forget(self._engine, SEGMENTS, id)
        storage.remove(self._folder / _file(id))
        storage.sync(self._folder)

    def _free(self, name: str, log: EventLog) -> str:
        return check_name(name, {*log.properties, *(one.name for one in self.list())})

    def _refusal(self, name: str) -> Error:
        """Say why the catalogue refused: who was quicker took the name, or the data."""
        with self._engine.connect() as db:
            there = db.scalar(sa.select(DATASETS.c.id).filter_by(id=self._dataset))
        if there is None:
            return Error("workspace.unknown", id=self._dataset)
        return Error("userlists.taken", name=name)


def rows(engine: sa.Engine, dataset: str) -> list[dict[str, Any]]:
    """Return what the catalogue says of the segments of a data set."""
    query = sa.select(SEGMENTS).filter_by(dataset=dataset).order_by(SEGMENTS.c.created)
    with engine.connect() as db:
        return [dict(row) for row in db.execute(query).mappings()]


def opened(found: Iterable[Mapping[str, Any]], folder: Path) -> dict[str, UserList]:
    """Map the lists of a data set; one that somebody deleted just now is not there."""
    lists = {}
    for row in found:
        with contextlib.suppress(FileNotFoundError):
            lists[row["name"]] = _mapped(folder / _file(row["id"]), row)
    return lists


def written(
    folder: Path,
    name: str,
    users: UserList,
    log: EventLog,
    origin: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Write a list into the folder of a data set; return its row of the catalogue.

    Raises:
        Error: The events have a property of this name.
    """
    check_name(name, log.properties)
    plain = users.labels == (name,)
    columns: dict[str, Any] = {"user": users.ids}
    if not plain:
        labels = pa.array(users.labels, pa.large_string())
        columns["label"] = pa.DictionaryArray.from_arrays(pa.array(users.codes), labels)
    table = pa.table(columns)
    id_ = secrets.token_hex(16)
    new, final = folder / f"{TEMPORARY}{id_}", folder / _file(id_)
    with storage.removed_on_failure(new, final):
        with (
            pa.OSFile(str(new), "wb") as file,
            pa.ipc.new_file(file, table.schema) as to,
        ):
            to.write_table(table)
        storage.sync(new)
        new.rename(final)
        storage.sync(folder)
    return {
        "id": id_,
        "dataset": folder.name,
        "name": name,
        "labels": [] if plain else list(users.labels),
        "users": len(users.ids),
        "unknown": OfUsers(users, log.users, log.offsets).unknown,
        "created": now(),
        "origin": origin,
    }


def sweep(folder: Path, known: set[str]) -> None:
    """Remove what a crash has left in the folder of a data set."""
    files = {_file(id_) for id_ in known}
    for path in folder.iterdir():
        if path.name.startswith((TEMPORARY, FILE)) and path.name not in files:
            storage.remove(path)


def _listed(row: Mapping[str, Any]) -> SavedSegment:
    values = {name: row[name] for name in SavedSegment.__dataclass_fields__}
    values["labels"] = tuple(row["labels"]) or (row["name"],)
    return SavedSegment(**values)


def _mapped(path: Path, row: Mapping[str, Any]) -> UserList:
    table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    ids = table.column("user").chunk(0)
    if not row["labels"]:
        return UserList(ids, np.zeros(len(ids), np.int8), (row["name"],), row["id"])
    codes = table.column("label").chunk(0).indices.to_numpy()
    return UserList(ids, codes, tuple(row["labels"]), row["id"])


def _file(id_: str) -> str:
    return f"{FILE}{id_}.arrow"
