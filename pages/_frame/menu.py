"""The menu: every page under the question it helps with."""

from pathlib import Path

import streamlit as st
from streamlit.navigation.page import Page

from pages._frame.text import t

PAGES = Path(__file__).parent.parent
MENU = {
    "start": ("home", "data"),
    "convert": ("funnel", "paths", "trend"),
    "stay": ("retention", "lifecycle", "activity"),
    "who": ("personas",),
    "worked": ("ab_test", "uplift", "campaign", "ab_plan", "ab_simulate"),
    "keep": ("notebook",),
}


def pages() -> dict[str, Page]:
    """Return every page there is by its name, titled in the language of the session."""
    return {
        name: st.Page(
            PAGES / f"{name}.py",
            title=t(f"menu.{name}"),
            url_path=name,
            default=name == "home",
        )
        for names in MENU.values()
        for name in names
        if (PAGES / f"{name}.py").exists()
    }


def grouped(found: dict[str, Page]) -> dict[str, list[Page]]:
    """Return the pages under the headings of the menu."""
    groups = {
        t(f"menu.{group}"): [found[name] for name in names if name in found]
        for group, names in MENU.items()
    }
    return {heading: members for heading, members in groups.items() if members}
