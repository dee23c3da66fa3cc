"""The catalogue of a workspace: its tables, and what all who write to it go by."""

import contextlib
import datetime as dt
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from opslib import storage
from opslib.result import Error

CATALOGUE = sa.MetaData()
DATASETS = sa.Table(
    "datasets",
    CATALOGUE,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("kinds", sa.JSON, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("users", sa.Integer),
    sa.Column("created", sa.String, nullable=False),
    sa.Column("timezone", sa.String, nullable=False),
    sa.Column("notes", sa.JSON, nullable=False),
    sa.Column("original", sa.String),
    sa.Column("content", sa.String, nullable=False, unique=True),
)
NOTEBOOKS = sa.Table(
    "notebooks",
    CATALOGUE,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("title", sa.String, nullable=False),
    sa.Column("entries", sa.JSON, nullable=False),
    sa.Column("changed", sa.String, nullable=False),
)
SEGMENTS = sa.Table(
    "segments",
    CATALOGUE,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column(
        "dataset",
        sa.ForeignKey("datasets.id", ondelete="CASCADE"),
        nullable=False,
    ),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("labels", sa.JSON, nullable=False),
    sa.Column("users", sa.Integer, nullable=False),
    sa.Column("unknown", sa.Integer, nullable=False),
    sa.Column("created", sa.String, nullable=False),
    sa.Column("origin", sa.JSON),
    sa.UniqueConstraint("dataset", "name"),
)


def connect(path: Path) -> sa.Engine:
    """Return an engine for the catalogue in a file."""
    # A connection per use: none is left open, in whatever thread.
    engine = sa.create_engine(
        f"sqlite:///{path}",
        poolclass=sa.NullPool,
        connect_args={"timeout": 60},
    )
    sa.event.listen(engine, "connect", _set)
    return engine


def _set(db: sqlite3.Connection, _record: object) -> None:
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "secure_delete=ON",
        "foreign_keys=ON",
    ):
        db.execute(f"PRAGMA {pragma}")


def make(engine: sa.Engine) -> None:
    """Make the tables that are not there: all, or those that came since."""
    with engine.begin() as db:
        for table in CATALOGUE.sorted_tables:
            db.execute(sa.schema.CreateTable(table, if_not_exists=True))


def forget(engine: sa.Engine, table: sa.Table, id_: str) -> bool:
    """Delete a row so that nothing of it stays in the files; say if it was there."""
    with engine.begin() as db:
        done = db.execute(table.delete().filter_by(id=id_))
    with engine.connect() as db:
        # The log of changes would keep the deleted row for a while.
        db.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return bool(done.rowcount)


def now() -> str:
    """Return this instant as the catalogue writes it."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")


def short(text: str, most: int, where: str) -> str:
    """Return a text that is not too long.

    Raises:
        Error: It is.
    """
    if len(text) > most:
        raise Error("workspace.long", where=where, size=len(text), most=most)
    return text


@contextlib.contextmanager
def room() -> Iterator[None]:
    """Say in words that the disk is full, also where the catalogue says so."""
    try:
        with storage.room():
            yield
    except sa.exc.OperationalError as error:
        if getattr(error.orig, "sqlite_errorcode", None) != sqlite3.SQLITE_FULL:
            raise
        raise Error("workspace.full") from error
