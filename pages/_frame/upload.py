"""A file on its way to a data set: written to disk, read apart, put right, saved."""

import shutil
import tempfile
import time
import weakref
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from opslib import sources
from opslib.ingest.child import TABLE, import_file, open_table
from opslib.ingest.report import Report
from opslib.result import Error
from opslib.words import clean
from opslib.workspace import fingerprint
from pages._frame import data, understood
from pages._frame.frame import choose, problem
from pages._frame.library import SAVED
from pages._frame.text import language, t

UPLOAD, TURN, FAILED = "data.upload", "data.turn", "data.failed"
DAY = 86_400
STAGES = {"open": (0.0, 0.1), "rows": (0.1, 0.4), "types": (0.5, 0.45)}
# Streamlit's box speaks English only.
BOX = """<style>
.st-key-drop button p, [data-testid="stFileUploaderDropzoneInstructions"] span {{
  font-size: 0 }}
.st-key-drop [data-testid="stFileUploaderDropzone"] button p::after {{
  content: "{browse}"; font-size: 0.875rem }}
[data-testid="stFileUploaderDropzoneInstructions"] span::after {{
  content: "{most}"; font-size: 0.875rem }}
</style>"""


class Upload:
    """A file that came in; its folder goes when the session does.

    Attributes:
        name: What the visitor calls the file; never a path of ours.
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
        with self.file.open("wb") as to:
            shutil.copyfileobj(file, to, 1 << 20)
        self.into = self.folder / "0"
        self.known: dict[str, Any] = {}
        self.turn = 0
        self.twin = data.workspace().find(fingerprint(self.file))
        if self.twin is None:
            self.wanted = {}

    @property
    def title(self) -> str:
        """The name of the file without its endings."""
        return self.name.removesuffix(".gz").rsplit(".", 1)[0] or self.name

    def read(self, tell: Any) -> None:  # noqa: ANN401
        """Read the file as wanted; a reading that fails leaves the one before.

        Args:
            tell: Called with the stage and its share; see `import_file`.
        """
        wanted = self.known | (self.wanted or {})
        new = self.folder / str(self.turn + 1)
        try:
            table = import_file(
                self.file, new, name=self.name, overrides=wanted, on_progress=tell
            )
        except Error as error:
            self.error = error
        else:
            shutil.rmtree(self.into, ignore_errors=True)
            self.into, self.known, self.error = new, wanted, None
            self.report, self.head = table.report, table.frame.head(understood.ROWS)
        self.wanted, self.turn = None, self.turn + 1

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


def add() -> bool:
    """Take a file, show what was understood of it, and save it.

    Returns:
        Whether there is a file on its way.
    """
    _receive()
    if failed := st.session_state.get(FAILED):
        problem(t("data.failed", name=failed[0], why=failed[1].text(language())))
    upload: Upload | None = st.session_state.get(UPLOAD)
    if upload is None:
        return False
    if upload.wanted is not None:
        _read(upload)
    if upload.report is None:
        _known(upload)
    else:
        understood.show(upload, upload.report, _save, drop)
    return True


def drop() -> None:
    """Forget the file; its folder goes with it."""
    upload: Upload | None = st.session_state.pop(UPLOAD, None)
    if upload is not None:
        upload.close()


def _receive() -> None:
    turn = st.session_state.setdefault(TURN, 0)
    with st.container(key="drop"):
        st.html(BOX.format(browse=t("data.browse"), most=t("data.most", mb=_most())))
        label = t("data.drop")
        file = st.file_uploader(label, key=f"data.file.{turn}", help=t("data.ok"))
    if file is None:
        return
    for old in (FAILED, SAVED):
        st.session_state.pop(old, None)
    drop()
    st.session_state[UPLOAD] = Upload(file.name, file)
    # The copy on disk is enough: free the one in memory, and show an empty box.
    context = get_script_run_ctx()
    if context and hasattr(context.uploaded_file_mgr, "remove_file"):
        context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)
    st.session_state[TURN] = turn + 1
    st.rerun()


def _most() -> int:
    return int(st.get_option("server.maxUploadSize"))


def _read(upload: Upload) -> None:
    """Read the file with progress; any click ends the child, and Cancel for good."""
    with st.container(border=True, key="reading"):
        st.text(t("data.reading", name=upload.name))
        bar = st.progress(0.0)
        st.button(t("data.cancel"), key="data.cancel", on_click=_cancel)

        def tell(stage: str, share: float) -> None:
            start, length = STAGES.get(stage, (0.95, 0.05))
            said = stage if stage in STAGES else "roles"
            bar.progress(start + length * share, t(f"data.stage.{said}"))

        upload.read(tell)
    if upload.report is None:
        st.session_state[FAILED] = (upload.name, upload.error)
        drop()
    st.rerun()


def _cancel() -> None:
    upload: Upload | None = st.session_state.get(UPLOAD)
    if upload is not None:
        upload.wanted = None
        if upload.report is None:
            drop()


def _known(upload: Upload) -> None:
    """Say that the file is here already; offer that data set, or another reading."""
    twin = upload.twin or ""
    with st.container(border=True, key="known"):
        st.text(t("data.known", name=data.names().get(twin, upload.name)))
        with st.container(horizontal=True):
            if st.button(t("data.open"), type="primary", key="data.twin"):
                drop()
                choose(twin)
            again = partial(setattr, upload, "wanted", {})
            st.button(t("data.again"), on_click=again)
            st.button(t("data.discard"), on_click=drop, type="tertiary")


def _save(upload: Upload, asked: understood.Asked) -> None:
    """Make the data set, and choose it for every page."""
    assert upload.report is not None  # noqa: S101
    if retyped := understood.retyped(upload.report, asked):
        # An id that was read as a number has lost its zeros: the file has them.
        upload.wanted = {"kind": asked.kind, "roles": retyped}
        _read_quietly(upload)
        if upload.error:
            return
    try:
        with st.spinner(t("data.saving"), show_time=True):
            made = sources.from_table(
                open_table(upload.into),
                kind=asked.kind,
                roles=asked.roles,
                timezone=asked.timezone,
                name=asked.name,
            )
            if asked.beside:
                old = data.load(asked.beside)
                tables = {**old.tables, **made.tables}
                made = replace(made, tables=tables, notes=(*old.notes, *made.notes))
            id_ = data.workspace().save(
                made, name=asked.name, report=upload.report, original=upload.file
            )
    except Error as error:
        problem(error.text(language()))
        return
    drop()
    st.session_state[SAVED] = id_
    choose(id_)


def _read_quietly(upload: Upload) -> None:
    with st.spinner(t("data.saving"), show_time=True):
        upload.read(lambda *_: None)
    if upload.error:
        problem(upload.error.text(language()))
