"""What all pages share in one run: language, data set, link, and notices."""

from collections.abc import Mapping
from functools import cached_property
from typing import NoReturn

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.navigation.page import Page as Entry

from opslib.dataset import Dataset
from opslib.words import LANGUAGES, language_name
from pages._frame import data
from pages._frame.link import PLACE, Link, Rejected, choice
from pages._frame.text import LANG, SPEAKS, from_browser, language, t

DATASET = "frame.dataset"
NEXT = "chosen"


class Frame:
    """One run of one page.

    Attributes:
        link: The page's link.
        page: Name of the page, as in the menu and the link.
        pages: Every page of the menu by its name.
        dataset_id: Id of the data set chosen.
    """

    link: Link
    page: str
    pages: dict[str, Entry]
    dataset_id: str

    def __init__(self) -> None:
        st.session_state["frame"] = self
        self.link = Link()
        self.drawn = 0
        self._links: list[DeltaGenerator] = []
        default = from_browser(st.context.locale)
        self._language = choice("lang", LANGUAGES, default)
        self.link.seed(self._language, LANG)

    def open(self, page: str, pages: dict[str, Entry]) -> None:
        """Draw what stands beside the page: the data set and the language."""
        self.page, self.pages = page, pages
        self.link.arrive(page)
        self.notices = st.container(key="notices")
        names = data.names()
        dataset = choice("d", tuple(names), data.default(language()))
        self.link.seed(dataset, DATASET)
        if (chosen := st.session_state.pop(NEXT, None)) in names:
            st.session_state[DATASET] = chosen
        with st.sidebar:
            chosen = st.selectbox(
                t("frame.dataset"),
                names,
                format_func=names.__getitem__,
                key=DATASET,
                # Streamlit would forget what stands beside a page when that changes,
                # and could show the first data set instead.
                persist_state="session",
            )
            lang = st.segmented_control(
                t("frame.language"),
                LANGUAGES,
                format_func=language_name,
                key=LANG,
                required=True,
            )
            # The server has said it too, but only when the page was loaded.
            st.html(SPEAKS[language()], unsafe_allow_javascript=True)
        self.link.keep(self._language, LANG, lang)
        self.dataset_id = self.link.keep(dataset, DATASET, chosen)

    @cached_property
    def dataset(self) -> Dataset:
        """The data set chosen, as it was when this run asked first."""
        return data.load(self.dataset_id)

    def show_link(self, place: DeltaGenerator) -> None:
        """Show the page's link in `place`, once every control has been drawn."""
        self._links.append(place)

    def finish(self) -> None:
        """Write the link, and name what it asked for in vain."""
        self.link.finish()
        for place in self._links:
            place.code(self.link.url(), language=None, wrap_lines=True)
        with self.notices:
            for rejected in self.link.rejected:
                problem(_rejection(rejected))


def current() -> Frame:
    """Return the frame of this run."""
    frame: Frame = st.session_state["frame"]
    return frame


def choose(dataset_id: str, *, same: bool = False) -> NoReturn:
    """Choose a data set for every page, and start the run again with it.

    Args:
        dataset_id: Its id.
        same: Keep the options of the page, as for a copy of the data set before.
    """
    st.session_state[NEXT] = dataset_id
    if same:
        # The link is then read like one that was just opened.
        del st.session_state[PLACE]
    st.rerun()


def shared(
    page: str,
    label: str | None = None,
    *,
    disabled: bool = False,
    options: Mapping[str, list[str]] | None = None,
) -> None:
    """Link to another page of the menu, with the same language and data set.

    Args:
        page: Its name.
        label: What the link says; None is the title of the page.
        disabled: Show it without linking.
        options: What else the link says, or says instead.
    """
    frame = current()
    st.page_link(
        frame.pages[page],
        label=label,
        disabled=disabled,
        width="stretch",
        query_params=frame.link.shared() | dict(options or {}),
    )


def problem(text: str) -> None:
    """Say what is wrong, as plain text: it may quote a file or a link."""
    with st.container(key=_unique("problem")):
        st.text(text)


def note(text: str) -> None:
    """Say what a reader must know, as plain text."""
    with st.container(key=_unique("note")):
        st.text(text)


def _unique(kind: str) -> str:
    frame = current()
    frame.drawn += 1
    return f"{kind}-{frame.drawn}"


def _rejection(rejected: Rejected) -> str:
    if rejected.used is None:
        return t("frame.unknown_option", option=rejected.name)
    if rejected.name == "d":
        # Else one who was sent a link would take these numbers for the sender's.
        used = data.names()[rejected.used]
        return t("frame.no_dataset", got=rejected.got, used=used)
    said = t(
        "frame.bad_value",
        option=rejected.name,
        got=rejected.got,
        used=rejected.used or t("frame.none"),
    )
    return f"{said}\n{rejected.why.text(language())}" if rejected.why else said
