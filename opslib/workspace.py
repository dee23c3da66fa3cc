"""Workspace: data sets and notebooks kept on disk, whole or not at all.

    catalogue.db        what there is: SQLite in WAL mode
    data/<id>/          original, report.json, events.arrow, orders.arrow, ...;
                        and saved segments, see `saved_segments`
    lock.db             held by those who save, so that nobody sweeps their files

A data set is written under a temporary name, synced, renamed, and recorded last.
"""

import contextlib
import json
import os
import re
import secrets
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa

import opslib
from opslib import saved_segments, storage
from opslib.catalogue import (
    DATASETS,
    NOTEBOOKS,
    SEGMENTS,
    connect,
    forget,
    make,
    now,
    room,
    short,
)
from opslib.dataset import Dataset, Table
from opslib.eventlog import EventLog
from opslib.kinds import KINDS
from opslib.result import Error, Note
from opslib.saved_segments import TEMPORARY, SavedSegments

ID = re.compile(r"[a-z0-9]{22,64}")
LONGEST_TITLE = 200
LONGEST_NOTE = 10_000
MOST_ENTRIES = 200
LARGEST_NOTEBOOK = 1_000_000


@dataclass(frozen=True)
class Saved:
    """A data set in the list: its tables, all their rows, and its users if known."""

    id: str
    name: str
    kinds: tuple[str, ...]
    rows: int
    users: int | None
    created: str


@dataclass(frozen=True)
class SavedNotebook:
    """A notebook in the list: its title and how many entries it has."""

    id: str
    title: str
    entries: int
    changed: str


class Workspace:
    """The data sets and notebooks under one folder; threads and processes share it.

    Args:
        root: The folder, made if need be; None: OPSLIB_HOME, else ~/.opslib.
    """

    def __init__(self, root: Path | str | None = None) -> None:
        home = root or os.environ.get("OPSLIB_HOME") or Path.home() / ".opslib"
        self.root = Path(home)
        self.data = self.root / "data"
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.data.mkdir(exist_ok=True)
        self._engine = connect(self.root / "catalogue.db")
        with self._lock(alone=True) as alone:
            if alone:
                self._prepare()
        if not alone:
            # Somebody is at work; when this lock is ours too, the catalogue is there,
            # though perhaps without the tables that came since.
            with self._lock():
                make(self._engine)

    def save(
        self,
        data: Dataset | Mapping[str, Table],
        *,
        name: str | None = None,
        report: Any = None,  # noqa: ANN401
        original: bytes | Path | None = None,
    ) -> str:
        """Keep a data set and return its id; the same content is kept only once.

        Its segments are kept with it.

        Args:
            data: The data set, or its tables by kind (naive times are then UTC).
            name: What people call it; None: its own name.
            report: What the import found: plain JSON, or a `Report` with `.to_json()`.
            original: The file as it came.

        Raises:
            Error: No table, no name, a kind that there is not, a column that mixes
                kinds of values, or a full disk.
        """
        dataset = data if isinstance(data, Dataset) else Dataset("", "", data)
        title = _name(name or dataset.name)
        for kind in dataset.tables:
            if kind not in KINDS:
                raise Error("option.choice", option="data", got=kind, choices=[*KINDS])
        if not dataset.tables:
            raise Error("workspace.empty")
        tables: dict[str, Table] = {
            kind: dataset.own_events if kind == "events" else getattr(dataset, kind)
            for kind in dataset.kinds
        }
        id_ = secrets.token_hex(16)
        new, final = self.data / f"{TEMPORARY}{id_}", self.data / id_
        with self._lock(), room(), storage.removed_on_failure(new, final):
            new.mkdir()
            storage.write(new, tables, report, original)
            original_digest, content = storage.seal(new, dataset.timezone)
            segments = [
                saved_segments.written(new, name, users, dataset.own_events)
                | {"dataset": id_}
                for name, users in dataset.segments.items()
            ]
            new.rename(final)
            storage.sync(self.data)
            row = {
                "id": id_,
                "name": title,
                "kinds": list(tables),
                "rows": sum(len(table) for table in tables.values()),
                "users": _users(tables),
                "created": now(),
                "timezone": dataset.timezone,
                "notes": [[note.code, note.values] for note in dataset.notes],
                "original": original_digest,
                "content": content,
            }
            kept = self._record(row, segments)
            if kept != id_:
                shutil.rmtree(final)
        return kept

    def find(self, digest: str) -> str | None:
        """Return the id of the newest data set made of the file with this `digest`."""
        query = sa.select(DATASETS.c.id).where(DATASETS.c.original == digest)
        with self._engine.connect() as db:
            return db.scalar(query.order_by(DATASETS.c.created.desc()))

    def list(self) -> tuple[Saved, ...]:
        """Return the data sets, newest first."""
        columns = [DATASETS.c[name] for name in Saved.__dataclass_fields__]
        with self._engine.connect() as db:
            rows = db.execute(
                sa.select(*columns).order_by(DATASETS.c.created.desc())
            ).mappings()
            return tuple(Saved(**{**row, "kinds": tuple(row["kinds"])}) for row in rows)

    def open(self, id: str) -> Dataset:  # noqa: A002
        """Map the tables of a data set into memory; all who open it share the pages.

        Raises:
            Error: There is no such data set.
        """
        row = self._row(DATASETS, id, "workspace.unknown")
        folder = self.data / row.id
        saved = saved_segments.rows(self._engine, row.id)
        try:
            tables = {
                kind: EventLog.open(folder / f"{kind}.arrow")
                if kind == "events"
                else storage.read_frame(folder / f"{kind}.arrow")
                for kind in row.kinds
            }
        except FileNotFoundError:
            # Somebody deleted it since the row was read.
            raise Error("workspace.unknown", id=id) from None
        return Dataset(
            row.id,
            row.name,
            tables,
            timezone=row.timezone,
            notes=tuple(Note(code, **values) for code, values in row.notes),
            digest=row.content,
            features=features,
            segments=saved_segments.opened(saved, folder),
        )

    def segments(self, id: str) -> SavedSegments:  # noqa: A002
        """Return the saved segments of a data set: to list, save, rename, delete.

        `open` gives the events each of them as a property of their users.

        Raises:
            Error: There is no such data set.

        Example:
            >>> from tempfile import mkdtemp
            >>> home = Workspace(mkdtemp())
            >>> id_ = home.save(opslib.demo(users=20), name="shop")
            >>> home.segments(id_).save("VIP", ["U100001", "U100002", "x"]).unknown
            1
            >>> log = home.open(id_).events
            >>> len(log.where([["VIP", "is_set"]]).users)
            2
        """
        row = self._row(DATASETS, id, "workspace.unknown")
        return SavedSegments(
            self._engine,
            self.data / row.id,
            self._lock,
            lambda: self.open(row.id).own_events,
        )

    def report(self, id: str) -> str | None:  # noqa: A002
        """Return what the import found, as the text of JSON; None if nothing was kept.

        Raises:
            Error: There is no such data set.
        """
        row = self._row(DATASETS, id, "workspace.unknown")
        try:
            return (self.data / row.id / "report.json").read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def rename(self, id: str, name: str) -> None:  # noqa: A002
        """Call a data set `name`.

        Raises:
            Error: There is no such data set, or the name is empty or too long.
        """
        self._row(DATASETS, id, "workspace.unknown")
        with self._engine.begin() as db:
            db.execute(DATASETS.update().filter_by(id=id).values(name=_name(name)))

    def delete(self, id: str) -> None:  # noqa: A002
        """Delete a data set with its original: nothing of it stays in the folder.

        Raises:
            Error: There is no such data set.
        """
        row = self._row(DATASETS, id, "workspace.unknown")
        forget(self._engine, DATASETS, row.id)
        storage.remove(self.data / row.id)
        storage.sync(self.data)

    def save_notebook(self, notebook: Any, id: str | None = None) -> str:  # noqa: A002, ANN401
        """Keep a notebook and return its id.

        Args:
            notebook: {"title": ..., "entries": [{"cell": {...}, "note": ...}, ...]};
                a cell is {"analysis", "dataset", "options"}, or None beside a note.
                An entry may have a "link": the page and options it was pinned from.
            id: The notebook to replace; None: a new one.

        Raises:
            Error: It has another shape or is too long, or there is none to replace.
        """
        row = {**_checked(notebook), "changed": now()}
        if id is None:
            row["id"] = secrets.token_hex(16)
            with room(), self._engine.begin() as db:
                db.execute(NOTEBOOKS.insert().values(row))
            return str(row["id"])
        self._row(NOTEBOOKS, id, "workspace.no_notebook")
        with room(), self._engine.begin() as db:
            done = db.execute(NOTEBOOKS.update().filter_by(id=id).values(row))
        if not done.rowcount:
            # Somebody deleted it since it was looked up.
            raise Error("workspace.no_notebook", id=id)
        return id

    def notebooks(self) -> tuple[SavedNotebook, ...]:
        """Return the notebooks, the last changed first."""
        with self._engine.connect() as db:
            rows = db.execute(sa.select(NOTEBOOKS).order_by(NOTEBOOKS.c.changed.desc()))
            return tuple(
                SavedNotebook(row.id, row.title, len(row.entries), row.changed)
                for row in rows
            )

    def open_notebook(self, id: str) -> dict[str, Any]:  # noqa: A002
        """Return a notebook as it was saved.

        Raises:
            Error: There is no such notebook.
        """
        row = self._row(NOTEBOOKS, id, "workspace.no_notebook")
        return {"title": row.title, "entries": row.entries}

    def delete_notebook(self, id: str) -> None:  # noqa: A002
        """Delete a notebook; the data sets that it is about stay.

        Raises:
            Error: There is no such notebook.
        """
        row = self._row(NOTEBOOKS, id, "workspace.no_notebook")
        forget(self._engine, NOTEBOOKS, row.id)

    @contextlib.contextmanager
    def _lock(self, *, alone: bool = False) -> Iterator[bool]:
        """Hold the folder together with others, or try to hold it alone.

        SQLite's file locks work alike for threads, processes and systems, and the
        system drops them when a process is killed.
        """
        lock = sqlite3.connect(
            self.root / "lock.db", timeout=0 if alone else 600, isolation_level=None
        )
        with contextlib.closing(lock):
            try:
                lock.execute("BEGIN EXCLUSIVE" if alone else "BEGIN")
                # A lock is shared from the first read on.
                lock.execute("SELECT * FROM sqlite_master").fetchall()
            except sqlite3.OperationalError:
                if not alone:
                    raise
                yield False
            else:
                yield True

    def _prepare(self) -> None:
        """Make the catalogue, and sweep what a crash has left of saves and deletes."""
        make(self._engine)
        with self._engine.connect() as db:
            known = set(db.scalars(sa.select(DATASETS.c.id)))
            segments = set(db.scalars(sa.select(SEGMENTS.c.id)))
        for path in self.data.iterdir():
            if path.name in known:
                saved_segments.sweep(path, segments)
            else:
                storage.remove(path)

    def _record(self, row: dict[str, Any], segments: Sequence[dict[str, Any]]) -> str:
        """Add a data set to the catalogue; return the id of the one that is there."""
        try:
            with self._engine.begin() as db:
                db.execute(DATASETS.insert().values(row))
                for segment in segments:
                    db.execute(SEGMENTS.insert().values(segment))
        except sa.exc.IntegrityError:
            # Gone since: somebody deleted the one that was there.
            return self._same(row["content"]) or self._record(row, segments)
        return str(row["id"])

    def _same(self, content: str) -> str | None:
        query = sa.select(DATASETS.c.id).filter_by(content=content)
        with self._engine.connect() as db:
            return db.scalar(query)

    def _row(self, table: sa.Table, id_: str, code: str) -> sa.Row[Any]:
        """Return the row of an id; all ids that there are not get the same answer."""
        if isinstance(id_, str) and ID.fullmatch(id_):
            with self._engine.connect() as db:
                row = db.execute(sa.select(table).filter_by(id=id_)).one_or_none()
                if row is not None:
                    return row
        raise Error(code, id=id_)


def features(table: Table) -> pd.DataFrame:
    """Make a users table of events or orders."""
    return opslib.user_features(table).table


def _name(name: str) -> str:
    if not name.strip():
        raise Error("option.missing", option="name")
    return short(name.strip(), LONGEST_TITLE, "name")


def _users(tables: Mapping[str, Table]) -> int | None:
    """Count the users of the table that knows most of them."""
    counts = [
        len(table.users) if isinstance(table, EventLog) else table[column].nunique()
        for table in tables.values()
        for column in ("user", "unit")
        if isinstance(table, EventLog) or column in table
    ]
    return max(counts, default=None)


def _checked(notebook: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return title and entries of a notebook that came from outside."""
    try:
        plain = json.loads(json.dumps(notebook, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        raise Error("workspace.notebook", where="notebook") from None
    size = len(json.dumps(plain))
    if size > LARGEST_NOTEBOOK:
        most = LARGEST_NOTEBOOK
        raise Error("workspace.long", where="notebook", size=size, most=most)
    _expect("notebook", plain, {"title": str, "entries": list})
    entries = plain["entries"]
    short(plain["title"], LONGEST_TITLE, "title")
    if len(entries) > MOST_ENTRIES:
        most = MOST_ENTRIES
        raise Error("workspace.long", where="entries", size=len(entries), most=most)
    for i, entry in enumerate(entries):
        where = f"entries[{i}]"
        shape: dict[str, Any] = {"cell": dict | None, "note": str}
        if isinstance(entry, dict) and "link" in entry:
            shape["link"] = str
        _expect(where, entry, shape)
        short(entry.get("link", ""), LONGEST_NOTE, f"{where}.link")
        short(entry["note"], LONGEST_NOTE, f"{where}.note")
        if entry["cell"] is not None:
            cell = {"analysis": str, "dataset": str | None, "options": dict}
            _expect(f"{where}.cell", entry["cell"], cell)
    return dict(plain)


def _expect(where: str, value: Any, shape: Mapping[str, Any]) -> None:  # noqa: ANN401
    if not isinstance(value, dict) or set(value) != set(shape):
        raise Error("workspace.notebook", where=where)
    for key, kind in shape.items():
        if not isinstance(value[key], kind):
            raise Error("workspace.notebook", where=f"{where}.{key}")
