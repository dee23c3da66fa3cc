"""A notebook: which one, its entries in order, and what can be done to them."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import streamlit as st

from opslib import cells, words
from opslib.result import Error
from opslib.workspace import LONGEST_NOTE, LONGEST_TITLE
from pages._frame import data, link, pins
from pages._frame.cell import answer, behind
from pages._frame.frame import current, problem, shared
from pages._frame.page import Page
from pages._frame.pins import Entry
from pages._frame.text import language, t


def choose(page: Page) -> str | None:
    """Ask which notebook; return its id, None while there is none."""
    if said := st.session_state.pop(pins.PROBLEM, None):
        problem(said)
    titles = pins.titles()
    first = next(iter(titles), None)

    def draw(key: str) -> Any:  # noqa: ANN401
        return st.selectbox(
            page.text("n"), titles, format_func=titles.__getitem__, key=key, width=320
        )

    row = page.row("-notebook")
    if not titles:
        return None
    chosen: str = page.control(link.choice("n", tuple(titles), first), draw, row=row)
    row.button(page.text("new"), on_click=pins.new, icon=":material/add:")
    with row.popover(page.text("manage")):
        key = f"pins.title.{chosen}"
        st.session_state.setdefault(key, titles[chosen])
        st.text_input(
            page.text("name"),
            key=key,
            max_chars=LONGEST_TITLE,
            on_change=pins.rename,
            args=(chosen, key),
        )
        st.button(page.text("delete"), on_click=pins.delete, args=(chosen,))
    return chosen


def show(notebook_id: str) -> None:
    """Show a notebook: every entry run anew, in order, then its Python."""
    notebook = data.workspace().open_notebook(notebook_id)
    with st.container(key="notebook-title"):
        st.text(notebook["title"])
    _offer_undo(notebook_id)
    entries = notebook["entries"]
    if not entries:
        st.text(t("notebook.no_entries"))
        return
    for i, entry in enumerate(entries):
        _entry(notebook_id, i, entry, last=i == len(entries) - 1)
    with st.expander(t("frame.python")):
        try:
            st.code(cells.script(entries, language()), language="python")
        except Error as error:
            problem(error.text(language()))


def _entry(notebook_id: str, i: int, entry: Entry, *, last: bool) -> None:
    # Widgets of an entry follow it when it moves.
    plain = json.dumps(entry, sort_keys=True).encode()
    place = f"{hashlib.sha256(plain).hexdigest()[:12]}-{i}-"
    page, options = link.opened(entry.get("link", ""))
    cell = entry["cell"]
    with st.container(border=True, key=f"entry-{place}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(_heading(i, page, cell), width="stretch")
            _tools(notebook_id, i, entry, place, last=last)
        if entry["note"]:
            with st.container(key=f"remark-{place}"):
                st.text(entry["note"])
        if cell:
            _run(cell, place)
        if page in current().pages:
            shared(page, t("notebook.open"), options=options)


def _heading(i: int, page: str, cell: Entry | None) -> str:
    """Number an entry, and say its question and its data set."""
    parts = [str(i + 1)]
    if page in current().pages:
        parts.append(t(f"{page}.title"))
    elif cell:
        parts.append(cell["analysis"])
    if cell and cells.TABLES.get(cell["analysis"]):
        parts.append(data.names().get(cell["dataset"], ""))
    return " · ".join(part for part in parts if part)


def _tools(notebook_id: str, i: int, entry: Entry, place: str, *, last: bool) -> None:
    """Offer to move an entry, to write its note, and to remove it."""
    at = (notebook_id, i, entry)

    def button(icon: str, code: str, act: Callable[..., None], *args: Any) -> None:  # noqa: ANN401
        st.button(
            "",
            icon=f":material/{icon}:",
            help=t(f"notebook.{code}"),
            key=f"{place}{code}",
            type="tertiary",
            on_click=act,
            args=args,
            disabled=(code == "up" and i == 0) or (code == "down" and last),
        )

    button("arrow_upward", "up", pins.move, *at, -1)
    button("arrow_downward", "down", pins.move, *at, 1)
    with st.popover(
        "", icon=":material/edit:", type="tertiary", help=t("notebook.edit")
    ):
        key = f"{place}note"
        st.session_state.setdefault(key, entry["note"])
        st.text_area(
            t("frame.pin_note"),
            key=key,
            max_chars=LONGEST_NOTE,
            on_change=pins.write,
            args=(*at, key),
        )
    button("close", "remove", pins.remove, *at)


def _run(cell: Entry, place: str) -> None:
    """Run a cell and show its answer, or say in place why it cannot be."""
    dataset = cell["dataset"]
    # A path would open: only what is in the list may.
    if cells.TABLES.get(cell["analysis"]) and dataset not in data.names():
        problem(words.text("workspace.unknown", language(), id=dataset))
        return
    try:
        with st.spinner(t("frame.working"), show_time=True):
            result = data.run(cell["analysis"], dataset, cell["options"])
    except Error as error:
        problem(error.text(language()))
        return
    answer(cell["analysis"], result, cell["options"], place)
    behind(cell, result, place)


def _offer_undo(notebook_id: str) -> None:
    removed = st.session_state.get(pins.REMOVED)
    if removed and removed[0] == notebook_id:
        with st.container(horizontal=True, vertical_alignment="center", key="undo"):
            st.text(t("notebook.removed"), width="content")
            st.button(t("notebook.undo"), on_click=pins.undo, key="notebook.undo")
