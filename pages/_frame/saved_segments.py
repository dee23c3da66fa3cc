"""Saved segments: users of a result kept with their data set, and what is kept."""

import contextlib
import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from opslib.result import Error
from opslib.saved_segments import SavedSegment, SavedSegments
from opslib.userlists import LONGEST
from pages._frame import data
from pages._frame.frame import choose, problem
from pages._frame.text import WORDS, language, t, timezone

# Ids, and a label for each where there are several.
Users = Callable[[], tuple[pd.Series, pd.Series | None]]


def offer(
    users: Users,
    cell: dict[str, Any],
    key: str,
    *,
    label: str | None = None,
    name: str = "",
) -> None:
    """Offer to keep users with the data set that they were found in.

    Args:
        users: Gives them when they are to be saved.
        cell: What found them.
        key: Tells the form from others on the page.
        label: What the button says; None: to save a segment.
        name: What to call them, to begin with.
    """
    dataset_id = cell["dataset"]
    if dataset_id is None or not data.load(dataset_id).has("events"):
        return
    with st.popover(label or t("saved.save"), key=f"{key}.save"):
        if dataset_id in data.DEMOS.values():
            st.text(t("saved.demo"))
            if st.button(t("saved.copy"), type="primary", key=f"{key}.copy"):
                _copy(dataset_id)
            return
        done, said = st.session_state.pop(f"{key}.said", (True, ()))
        for sentence in said:
            (st.text if done else problem)(sentence)
        with st.form(f"{key}.form", border=False):
            st.text_input(t("saved.name"), name, max_chars=LONGEST, key=f"{key}.name")
            st.form_submit_button(
                t("saved.save_do"),
                type="primary",
                on_click=_save,
                args=(users, cell, key),
            )


def listed(dataset_id: str) -> None:
    """List the segments that are saved with a data set: to rename or delete."""
    segments = data.workspace().segments(dataset_id)
    if not (found := segments.list()):
        return
    with st.expander(t("saved.kept", n=len(found)), key=f"segments-{dataset_id}"):
        if said := st.session_state.pop(f"segments-{dataset_id}.said", None):
            problem(said)
        for one in found:
            with st.container(
                horizontal=True, vertical_alignment="center", key=f"segment-{one.id}"
            ):
                _row(segments, one, f"segments-{dataset_id}.said")


def _save(users: Users, cell: dict[str, Any], key: str) -> None:
    ids, labels = users()
    try:
        segments = data.workspace().segments(cell["dataset"])
        one = segments.save(st.session_state[f"{key}.name"], ids, labels, origin=cell)
    except Error as error:
        st.session_state[f"{key}.said"] = False, [error.text(language())]
    else:
        said = [t("saved.done", name=one.name, n=one.users)]
        if one.unknown:
            said.append(t("saved.unknown", n=one.unknown))
        st.session_state[f"{key}.said"] = True, [*said, t("saved.where")]


def _copy(demo_id: str) -> None:
    """Keep the demo as a data set of its own, and go on with it where one was."""
    name = t("saved.copied", name=data.names()[demo_id])
    try:
        with st.spinner(t("data.saving")):
            id_ = data.workspace().save(data.load(demo_id), name=name)
    except Error as error:
        problem(error.text(language()))
        return
    choose(id_, same=True)


def _row(segments: SavedSegments, one: SavedSegment, said: str) -> None:
    with st.container(width="stretch", gap=None, key=f"about-{one.id}"):
        st.text(one.name)
        st.caption(_about(one))
    with st.container(horizontal=True, width="content"):
        with (
            st.popover(t("data.rename"), key=f"rename-{one.id}"),
            st.form(f"rename-form-{one.id}", border=False),
        ):
            key = f"rename-name-{one.id}"
            st.text_input(t("saved.name"), one.name, max_chars=LONGEST, key=key)
            st.caption(t("saved.rename_help"))
            st.form_submit_button(
                t("data.rename_do"), on_click=_rename, args=(segments, one, key, said)
            )
        with st.popover(t("data.delete"), key=f"delete-{one.id}"):
            st.text(t("saved.delete_sure", name=one.name))
            st.button(
                t("data.delete_do"),
                type="primary",
                key=f"delete-do-{one.id}",
                on_click=_delete,
                args=(segments, one),
            )


def _about(one: SavedSegment) -> str:
    """Say how many users there are, of which values, and where they come from."""
    zone = ZoneInfo(timezone())
    created = dt.datetime.fromisoformat(one.created).astimezone(zone).date()
    parts = [t("frame.users_found", n=one.users)]
    if len(one.labels) > 1:
        parts.append(t("saved.labels", n=len(one.labels)))
    parts.append(t("saved.created", day=created))
    page = f"menu.{one.origin['analysis']}" if one.origin else ""
    if WORDS.has(page):
        parts.append(t("saved.origin", page=t(page)))
    return " · ".join(parts)


def _rename(segments: SavedSegments, one: SavedSegment, key: str, said: str) -> None:
    try:
        segments.rename(one.id, st.session_state[key])
    except Error as error:
        st.session_state[said] = error.text(language())


def _delete(segments: SavedSegments, one: SavedSegment) -> None:
    # Somebody else may have been quicker: then it is gone, as was wanted.
    with contextlib.suppress(Error):
        segments.delete(one.id)
