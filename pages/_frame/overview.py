"""What a data set holds, and which pages it can feed."""

import streamlit as st

from opslib.dataset import Dataset
from opslib.words import WRITERS
from pages._frame import data
from pages._frame.frame import current, shared
from pages._frame.text import language, t

# A page answers when the data set has one of these tables, or needs none.
NEEDS: dict[str, tuple[str, ...]] = {
    "funnel": ("events", "counts"),
    "paths": ("events",),
    "retention": ("events",),
    "lifecycle": ("events",),
    "activity": ("events",),
    "personas": ("users",),
    "ab_test": (),
    "trend": ("daily",),
    "ab_plan": (),
    "ab_simulate": ("units",),
    "uplift": ("experiment",),
    "campaign": ("daily", "experiment"),
}
FIGURES = {
    "users": "count",
    "events": "count",
    "days": "duration",
    "revenue": "number",
    "orders": "count",
    "units": "count",
    "rows": "count",
}
MOST_FIGURES = 4
ACROSS = 3


def figures(dataset_id: str) -> None:
    """Show the size of a data set in at most four figures."""
    found = data.figures(dataset_id, data.load(dataset_id).digest)
    shown = [code for code in FIGURES if code in found][:MOST_FIGURES]
    with st.container(horizontal=True, key="figures"):
        for code in shown:
            text = WRITERS[FIGURES[code]](found[code], language())
            st.metric(t(f"home.{code}"), text)
    kinds = data.load(dataset_id).kinds
    listed = " · ".join(t(f"home.kind.{kind}") for kind in kinds)
    st.caption(t("home.holds", kinds=listed))


def questions(dataset: Dataset) -> None:
    """List what can be asked; greyed with the reason where the table is missing."""
    pages = current().pages
    elsewhere = "data" in pages and current().page != "data"
    if elsewhere and st.button(t("home.add"), type="primary"):
        st.switch_page(pages["data"], query_params=current().link.shared())
    there = [name for name in NEEDS if name in pages]
    for first in range(0, len(there), ACROSS):
        row = st.columns(ACROSS)
        for place, name in zip(row, there[first : first + ACROSS], strict=False):
            needs = NEEDS[name]
            able = not needs or any(map(dataset.has, needs))
            why = f"home.{name}" if able else f"home.needs.{needs[0]}"
            with place.container(border=True, height="stretch", key=f"card-{name}"):
                shared(name, t(f"{name}.title"), disabled=not able)
                st.caption(t(why))
