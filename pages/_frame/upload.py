"""A file on its way to a data set: taken, read with progress, put right, saved."""

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.typing import UploadedFile

from opslib import join, sources
from opslib.ingest.child import open_table
from opslib.result import Error
from pages._frame import data, understood
from pages._frame.frame import choose, note, problem
from pages._frame.incoming import Upload
from pages._frame.text import language, t

UPLOAD, TURN, FAILED = "upload.file", "upload.turn", "upload.failed"
CANCELLED = "upload.cancelled"
STAGES = {
    "copy": (0.0, 0.1),
    "open": (0.1, 0.1),
    "rows": (0.2, 0.35),
    "types": (0.55, 0.4),
}
# Streamlit's box speaks English only, and shows why it took no file only when the
# mouse is over it.
BOX = """<style>
.st-key-drop button p, [data-testid="stFileUploaderDropzoneInstructions"] span {{
  font-size: 0 }}
.st-key-drop [data-testid="stFileUploaderDropzone"] button p::after {{
  content: "{browse}"; font-size: 0.875rem }}
[data-testid="stFileUploaderDropzoneInstructions"] span::after {{
  content: "{drop}"; font-size: 0.875rem }}
[data-testid="stFileUploader"]::after {{ font-size: 0.875rem }}
[data-testid="stFileUploader"]:has([aria-invalid="true"])::after {{
  content: "{refused}" }}
[data-testid="stFileUploader"]:has([data-testid="stFileChipIconSpinner"])::after {{
  content: "{uploading}" }}
</style>"""


def add() -> bool:
    """Take a file, show what was understood of it, and save it.

    Returns:
        Whether there is a file on its way.
    """
    _receive()
    if failed := st.session_state.get(FAILED):
        problem(t("data.failed", name=failed[0], why=failed[1].text(language())))
    if cancelled := st.session_state.get(CANCELLED):
        note(t("data.cancelled", name=cancelled))
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
    key = f"upload.{st.session_state.setdefault(TURN, 0)}"
    most = _most()
    with st.container(key="drop"):
        st.html(
            BOX.format(
                browse=t("data.browse"),
                drop=t("data.or_drop"),
                refused=t("data.refused", mb=most),
                uploading=t("data.uploading"),
            )
        )
        label = t("data.drop", mb=most)
        st.file_uploader(label, key=key, help=t("data.ok"), on_change=_take, args=[key])


def _take(key: str) -> None:
    """Take the file out of the box: what the box returns would be another copy."""
    file = st.session_state[key]
    if not isinstance(file, UploadedFile):
        return
    for old in (FAILED, CANCELLED, data.SAVED):
        st.session_state.pop(old, None)
    drop()
    st.session_state[UPLOAD] = Upload(file.name, file)
    # Ours is the only one from here on, and the next box is an empty one.
    context = get_script_run_ctx()
    if context and hasattr(context.uploaded_file_mgr, "remove_file"):
        context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)
    st.session_state[TURN] += 1


def _most() -> int:
    return int(st.get_option("server.maxUploadSize"))


def _read(upload: Upload) -> None:
    """Read the file with progress; any click ends the child, and Cancel for good."""
    with st.container(border=True, key="reading"):
        st.text(t("data.reading", name=upload.name))
        bar = st.progress(0.0)
        st.button(t("data.cancel"), key="upload.cancel", on_click=_cancel)

        def tell(stage: str, share: float) -> None:
            start, length = STAGES.get(stage, (0.95, 0.05))
            said = stage if stage in STAGES else "roles"
            bar.progress(start + length * share, t(f"data.stage.{said}"))

        upload.read(tell, partial(_in_line, partial(bar.progress, 0.1)))
    if upload.report is None and upload.error:
        st.session_state[FAILED] = (upload.name, upload.error)
        drop()
    st.rerun()


def _in_line(say: Callable[[str], Any], running: int, place: int) -> None:
    say(t("data.queue", n=running, place=place))


def _cancel() -> None:
    upload: Upload | None = st.session_state.get(UPLOAD)
    if upload is not None:
        upload.wanted = None
        if upload.report is None:
            st.session_state[CANCELLED] = upload.name
            drop()


def _known(upload: Upload) -> None:
    """Say that the file is here already; offer that data set, or another reading."""
    twin = upload.twin or ""
    with st.container(border=True, key="known"):
        st.text(t("data.known", name=data.names().get(twin, upload.name)))
        with st.container(horizontal=True):
            if st.button(t("data.open"), type="primary", key="upload.twin"):
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
        with st.spinner(t("data.saving")):
            made = sources.from_table(
                open_table(upload.into),
                kind=asked.kind,
                roles=asked.roles,
                timezone=asked.timezone,
                name=asked.name,
            )
            if asked.how == "add":
                old = data.load(asked.other)
                made = join.appended(old, made, keep_repeats=asked.keep_repeats)
            elif asked.how == "replace":
                made = join.replaced(data.load(asked.other), made)
            id_ = data.workspace().save(
                made, name=asked.name, report=upload.report, original=upload.file
            )
    except Error as error:
        problem(error.text(language()))
        return
    drop()
    st.session_state[data.SAVED] = id_
    choose(id_)


def _read_quietly(upload: Upload) -> None:
    line = st.empty()
    with st.spinner(t("data.saving")):
        upload.read(lambda *_: None, partial(_in_line, line.text))
    line.empty()
    if upload.error:
        problem(upload.error.text(language()))
