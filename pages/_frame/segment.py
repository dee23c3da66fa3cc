"""A segment: which users and which events count, the same control on every page."""

from functools import partial
from typing import Any

import streamlit as st

from pages._frame import condition, did, link, rows
from pages._frame.page import Page
from pages._frame.text import t

MOST = 8


def where(page: Page) -> list[Any] | None:
    """Ask for conditions in a fold under the controls; all of them must be met.

    Returns:
        Conditions as every event analysis takes them; None without any.
    """
    # A further kind of condition is one more of these.
    kinds = (condition.kind(page), did.kind(page))
    fold = page.fold("where.title")

    def draw(key: str) -> list[Any]:
        with fold:
            st.caption(t("where.help"))
            given = st.session_state[key]
            edited = rows.edit(key, given, kinds, most=MOST, joint="where.and")
        st.session_state[key] = edited
        return edited

    param = link.plain("where", partial(rows.check, kinds), most=MOST)
    return page.control(param, draw) or None
