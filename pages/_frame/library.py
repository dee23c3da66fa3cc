"""The data sets that are kept, and what kinds of files make one."""

import contextlib
import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from opslib.result import Error
from opslib.workspace import Saved
from pages._frame import checks, data, overview, saved_segments
from pages._frame.frame import current, problem
from pages._frame.text import language, t, timezone

SAMPLES = Path(__file__).parents[2] / "data"
KINDS = ("events", "orders", "users", "experiment", "counts", "daily")
FEW = 10
LINES = 3


def saved() -> None:
    """Say what has just been saved, and which questions it can answer."""
    frame = current()
    if st.session_state.get(data.SAVED) != frame.dataset_id:
        return
    dataset = frame.dataset
    with st.container(key="answer-saved"):
        st.text(t("data.saved", name=dataset.name))
    overview.figures(frame.dataset_id)
    for left_out in dataset.notes:
        st.text(left_out.text(language()))
    checks.show(dataset)
    overview.questions(dataset)
    with st.expander(t("frame.python")):
        lines = f"import opslib as ops\n\nd = ops.open({frame.dataset_id!r})"
        st.code(lines, language="python")
    st.subheader(t("data.next"), anchor=False)


def checked() -> None:
    """Say what is odd about the data set chosen, unless that stands above already."""
    frame = current()
    if st.session_state.get(data.SAVED) != frame.dataset_id:
        checks.show(frame.dataset)


def teach() -> None:
    """Show what kinds of files work, with a few lines of each to take away."""
    folder = SAMPLES / language()
    kinds = [kind for kind in KINDS if (folder / f"{kind}.csv").exists()]
    with st.expander(t("data.works"), expanded=not data.workspace().list()):
        if not kinds:
            return
        tabs = st.tabs([t(f"data.kind.{kind}") for kind in kinds])
        for tab, kind in zip(tabs, kinds, strict=True):
            with tab:
                st.markdown(t(f"data.example.{kind}"))
                st.dataframe(
                    _sample(language(), kind), hide_index=True, key=f"sample-{kind}"
                )
                st.download_button(
                    t("data.sample"),
                    (folder / f"{kind}.csv").read_bytes,
                    file_name=f"{kind}.csv",
                    mime="text/csv",
                    on_click="ignore",
                    key=f"sample-{kind}-csv",
                )


@st.cache_resource(show_spinner=False)
def _sample(lang: str, kind: str) -> pd.DataFrame:
    path = SAMPLES / lang / f"{kind}.csv"
    return pd.read_csv(path, nrows=LINES, dtype="str", encoding="utf-8-sig").fillna("")


def show() -> None:
    """List the data sets that are kept: to open, rename or delete."""
    kept = data.workspace().list()
    if not kept:
        return
    st.subheader(t("data.kept"), anchor=False)
    every = len(kept) <= FEW or st.toggle(t("data.every", n=len(kept)))
    names = data.names()
    for one in kept if every else kept[:FEW]:
        with st.container(border=True, key=f"kept-{one.id}"):
            with st.container(horizontal=True, vertical_alignment="center"):
                _row(one, names.get(one.id, one.name))
            # Somebody may have deleted it since the list was read.
            with contextlib.suppress(Error):
                saved_segments.listed(one.id)


def _row(one: Saved, name: str) -> None:
    with st.container(width="stretch", gap=None, key=f"about-{one.id}"):
        st.text(name)
        st.caption(_about(one))
    with st.container(horizontal=True, width="content"):
        _actions(one, name)


def _actions(one: Saved, name: str) -> None:
    if st.button(t("data.open"), key=f"open-{one.id}"):
        frame = current()
        there = frame.link.shared() | {"d": [one.id]}
        st.switch_page(frame.pages["home"], query_params=there)
    with (
        st.popover(t("data.rename"), key=f"rename-{one.id}"),
        st.form(f"rename-form-{one.id}", border=False),
    ):
        new = st.text_input(t("data.name"), one.name, max_chars=200)
        if st.form_submit_button(t("data.rename_do")):
            _rename(one.id, new)
    with st.popover(t("data.delete"), key=f"delete-{one.id}"):
        st.text(t("data.delete_sure", name=name))
        st.button(
            t("data.delete_do"),
            type="primary",
            key=f"delete-do-{one.id}",
            on_click=_delete,
            args=(one.id,),
        )


def _about(one: Saved) -> str:
    """Say of what kind a data set is, how large, and since when it is here."""
    kinds = " + ".join(t(f"home.kind.{kind}") for kind in one.kinds)
    zone = ZoneInfo(timezone())
    created = dt.datetime.fromisoformat(one.created).astimezone(zone).date()
    parts = [kinds, t("data.rows", n=one.rows)]
    if one.users is not None:
        parts.append(t("frame.users_found", n=one.users))
    return " · ".join([*parts, t("data.created", day=created)])


def _delete(dataset_id: str) -> None:
    # Somebody else may have been quicker: then it is gone, as was wanted.
    with contextlib.suppress(Error):
        data.delete(dataset_id)


def _rename(dataset_id: str, name: str) -> None:
    try:
        data.rename(dataset_id, name)
    except Error as error:
        problem(error.text(language()))
    else:
        st.rerun()
