"""What is odd about a data set, each with a switch to leave it out in a new one."""

from dataclasses import replace
from secrets import token_hex

import streamlit as st

from opslib import quality
from opslib.dataset import Dataset
from opslib.quality import Finding
from opslib.result import Error, Note
from pages._frame import data
from pages._frame.frame import choose, problem
from pages._frame.text import language, t


def show(dataset: Dataset) -> None:
    """Say what is odd about the events of a data set; nothing is removed unasked."""
    if dataset.id in data.DEMOS.values() or not dataset.has("events"):
        return
    with st.spinner(t("data.looking")):
        findings = data.findings(dataset.id, dataset.digest)
    if not findings:
        return
    # Rows of orders made into events are not rows of the orders.
    able = "events" in dataset.kinds
    chosen = []
    with st.container(border=True, key="checks"):
        st.subheader(t("data.odd"), anchor=False)
        st.caption(t("data.odd_help"))
        for one in findings:
            with st.container(
                horizontal=True, vertical_alignment="center", key=f"odd-{one.code}"
            ):
                st.text(one.note.text(language()), width="stretch")
                if able and len(one.rows):
                    key = f"odd.{dataset.id}.{one.code}"
                    if st.toggle(t("data.leave_out"), key=key):
                        chosen.append(one)
        if chosen and st.button(t("data.without"), type="primary", key="odd.do"):
            _leave_out(dataset, chosen)


def _leave_out(dataset: Dataset, chosen: list[Finding]) -> None:
    """Make a data set without the rows of some findings, and choose it."""
    name = t("data.without_name", name=dataset.name)[:200]
    try:
        with st.spinner(t("data.saving"), show_time=True):
            log = quality.leave_out(dataset.own_events, chosen)
            told = [
                Note(f"quality.without_{one.code}", n=len(one.rows)) for one in chosen
            ]
            made = replace(
                dataset,
                id="",
                digest=token_hex(16),
                tables={**dataset.tables, "events": log},
                notes=(*dataset.notes, *told),
            )
            id_ = data.workspace().save(made, name=name)
    except Error as error:
        problem(error.text(language()))
        return
    st.session_state[data.SAVED] = id_
    choose(id_)
