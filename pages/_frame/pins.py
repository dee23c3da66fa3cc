"""What is pinned: notebooks on disk, changed by several sessions at once."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st

from opslib.result import Error
from pages._frame import data
from pages._frame.text import language, t

Entry = dict[str, Any]

# Where the session keeps the notebook chosen, what was removed, and what went wrong.
CHOSEN = "notebook.n"
REMOVED = "pins.removed"
PROBLEM = "pins.problem"

_CHANGING = threading.Lock()


def titles() -> dict[str, str]:
    """Return the title of every notebook by its id, the last changed first."""
    return {entry.id: entry.title for entry in data.workspace().notebooks()}


def create() -> str:
    """Make an empty notebook under a title that is free; return its id."""
    taken, title, n = set(titles().values()), t("frame.notebook"), 1
    while title in taken:
        n += 1
        title = f"{t('frame.notebook')} {n}"
    return data.workspace().save_notebook({"title": title, "entries": []})


def pin(notebook_id: str | None, cell: Entry, note: str, link: str) -> str:
    """Add a cell with a note to a notebook, a new one for None; return its id.

    Args:
        notebook_id: One of `titles`, or None.
        cell: {"analysis", "dataset", "options"}.
        note: What its reader should see.
        link: Page and options it was pinned from; see `Link.stored`.
    """
    notebook_id = notebook_id or create()
    with changing(notebook_id) as notebook:
        notebook["entries"].append({"cell": cell, "note": note, "link": link})
    return notebook_id


@contextmanager
def changing(notebook_id: str) -> Iterator[dict[str, Any]]:
    """Hand out a notebook to be changed, and keep what was made of it.

    Raises:
        Error: There is no such notebook, or it has become too long.
    """
    # Two sessions that pin at once must not lose each other's cell.
    with _CHANGING:
        notebook = data.workspace().open_notebook(notebook_id)
        yield notebook
        data.workspace().save_notebook(notebook, notebook_id)


def new() -> None:
    """Make a notebook and choose it."""
    st.session_state[CHOSEN] = create()


def rename(notebook_id: str, key: str) -> None:
    """Give a notebook the title in the widget `key`; an empty one is not taken."""
    if title := st.session_state[key].strip():
        _change(notebook_id, lambda notebook: notebook.update(title=title))


def delete(notebook_id: str) -> None:
    """Delete a notebook."""
    with _told():
        data.workspace().delete_notebook(notebook_id)


def move(notebook_id: str, i: int, entry: Entry, by: int) -> None:
    """Move an entry up (-1) or down (1)."""

    def change(entries: list[Entry], at: int) -> None:
        entries.insert(max(0, at + by), entries.pop(at))

    _change_entry(notebook_id, i, entry, change)


def write(notebook_id: str, i: int, entry: Entry, key: str) -> None:
    """Give an entry the note in the widget `key`."""

    def change(entries: list[Entry], at: int) -> None:
        entries[at] = {**entry, "note": st.session_state[key]}

    _change_entry(notebook_id, i, entry, change)


def remove(notebook_id: str, i: int, entry: Entry) -> None:
    """Take an entry out; `undo` puts it back."""

    def change(entries: list[Entry], at: int) -> None:
        st.session_state[REMOVED] = (notebook_id, at, entries.pop(at))

    _change_entry(notebook_id, i, entry, change)


def undo() -> None:
    """Put the entry removed last back in its place."""
    notebook_id, at, entry = st.session_state.pop(REMOVED)
    _change(notebook_id, lambda notebook: notebook["entries"].insert(at, entry))


def _change_entry(
    notebook_id: str, i: int, entry: Entry, change: Callable[[list[Entry], int], None]
) -> None:
    """Change the entry shown at `i`: another session may have moved it, or worse."""

    def find(notebook: dict[str, Any]) -> None:
        entries = notebook["entries"]
        if entry in entries:
            there = entries[i : i + 1] == [entry]
            change(entries, i if there else entries.index(entry))
        else:
            st.session_state[PROBLEM] = t("notebook.moved")

    _change(notebook_id, find)


def _change(notebook_id: str, change: Callable[[dict[str, Any]], None]) -> None:
    with _told(), changing(notebook_id) as notebook:
        change(notebook)


@contextmanager
def _told() -> Iterator[None]:
    """Keep what went wrong for the next run, which shows it."""
    try:
        yield
    except Error as error:
        st.session_state[PROBLEM] = error.text(language())
