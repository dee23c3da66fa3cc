"""A file that came in: a folder of its own on disk, and how it was read."""

import os
import re
import shutil
import tempfile
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import IO, Any
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import streamlit as st

from opslib import storage
from opslib.ingest.child import TABLE, import_file
from opslib.ingest.report import Report
from opslib.result import Error
from opslib.words import clean
from pages._frame import data, turns

ROWS = 20
DAY = 86_400
PACKED = re.compile(r"\.(?:gz|bz2|xz|zst|lz4)$", re.IGNORECASE)
PIECE = 8 << 20


class Upload:
    """A file that came in; its folder goes when the session does.

    Attributes:
        name: What the visitor calls the file; never a path of ours.
        twin: Id of a data set made of the same file; None where there is none.
        report: What was understood; None until it has been read.
        head: The first rows.
        wanted: How the file is still to be read, as `read_table` takes it; None when
            there is nothing to read.
        error: Why the last reading failed; the one before it still stands.
        turn: Counts the readings: what was chosen for one is no choice for the next.
    """

    report: Report | None = None
    head: pd.DataFrame
    wanted: dict[str, Any] | None = None
    error: Error | None = None

    def __init__(self, name: str, file: IO[bytes]) -> None:
        self.name = clean(Path(name.replace("\\", "/")).name) or "–"
        self.folder = Path(tempfile.mkdtemp(dir=_room()))
        self.close = weakref.finalize(
            self, shutil.rmtree, self.folder, ignore_errors=True
        )
        self.file = self.folder / "original"
        self.into = self.folder / "0"
        self.known: dict[str, Any] = {}
        self.turn = 0
        self.twin: str | None = None
        self.wanted = {}
        self._memory: IO[bytes] | None = file
        self._reading = Lock()

    @property
    def title(self) -> str:
        """The name of the file without its endings."""
        bare = PACKED.sub("", self.name)
        return bare.rsplit(".", 1)[0] or self.name

    def read(self, tell: Any, wait: Callable[[int, int], None]) -> None:  # noqa: ANN401
        """Read the file as wanted; a reading that fails leaves the one before.

        The first time it is put on disk, and not read if there is a `twin`.

        Args:
            tell: Called with the stage and its share; see `import_file`. If it raises,
                all is as before.
            wait: Called while other imports come first; see `Turns.turn`.
        """
        # Streamlit starts the next run before the one that it ends has ended.
        with self._reading:
            try:
                if self.wanted is not None:
                    self._read(self.wanted, tell, wait)
            finally:
                if not self.close.alive:
                    # Dropped meanwhile, while the child was still writing.
                    shutil.rmtree(self.folder, ignore_errors=True)

    def _read(self, wanted: dict[str, Any], tell: Any, wait: Any) -> None:  # noqa: ANN401
        new, wanted = self.folder / str(self.turn + 1), self.known | wanted
        try:
            if self._memory is not None and self._keep(self._memory, tell):
                self.wanted = None
                return
            with turns.imports().turn(wait):
                table = import_file(
                    self.file, new, name=self.name, overrides=wanted, on_progress=tell
                )
        except Error as error:
            self.error = error
        else:
            shutil.rmtree(self.into, ignore_errors=True)
            self.into, self.known, self.error = new, wanted, None
            self.report, self.head = table.report, table.frame.head(ROWS)
        self.wanted, self.turn = None, self.turn + 1

    def _keep(
        self, memory: IO[bytes], tell: Callable[[str, float], None]
    ) -> str | None:
        """Put the file on disk in pieces, let go of it, and look for its twin."""
        size = memory.seek(0, os.SEEK_END)
        memory.seek(0)
        with storage.room(), self.file.open("wb") as to:
            while piece := memory.read(PIECE):
                to.write(piece)
                tell("copy", to.tell() / size)
        memory.close()
        self._memory = None
        self.twin = data.workspace().find(storage.fingerprint(self.file))
        return self.twin

    def span(self, column: str | None, timezone: str) -> tuple[Any, Any] | None:
        """Return the first and last time in a column; None where it holds no times."""
        if column is None:
            return None
        with pa.memory_map(str(self.into / TABLE)) as file:
            times = pa.ipc.open_file(file).read_all()[column]
            if not pa.types.is_timestamp(times.type):
                return None
            ends = pc.min_max(times).as_py()
        if ends["min"] is None:
            return None
        zoned = ends["min"].tzinfo is not None
        first, last = (
            end.astimezone(ZoneInfo(timezone)) if zoned else end
            for end in (ends["min"], ends["max"])
        )
        return first.date(), last.date()


@st.cache_resource(show_spinner=False)
def _room() -> Path:
    """Make the folder of uploads, without those that a crash left behind."""
    room = data.workspace().root / "uploads"
    room.mkdir(mode=0o700, exist_ok=True)
    for old in room.iterdir():
        if old.stat().st_mtime < time.time() - DAY:
            shutil.rmtree(old, ignore_errors=True)
    return room
