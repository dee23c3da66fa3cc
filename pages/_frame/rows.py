"""A list that is edited row by row; a row that is not finished does not count yet."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from opslib.result import Error
from pages._frame import link
from pages._frame.frame import current, problem
from pages._frame.text import language, t


@dataclass(frozen=True)
class Place:
    """Where the widgets of one row keep what they say.

    A widget is made anew for another language: the browser sends it by its label.
    """

    key: str

    def ask(self, part: str, value: Any, draw: Callable[[str], Any]) -> Any:  # noqa: ANN401
        """Draw the widget `part`, which says `value` until it is changed."""
        key = f"{self.key}.{language()}.{part}"
        if key not in st.session_state:
            st.session_state[key] = value
        current().link.retell(key)
        return draw(key)

    def choose(
        self,
        part: str,
        value: str,
        label: str,
        titles: Mapping[str, str],
        *,
        width: int,
    ) -> str:
        """Ask for one of several codes, given with the titles to show."""

        def draw(key: str) -> str:
            return st.selectbox(
                label,
                list(titles),
                format_func=titles.__getitem__,
                key=key,
                width=width,
            )

        # A browser may send anything.
        chosen: str = self.ask(part, value, draw)
        return chosen if chosen in titles else value

    def line(self) -> DeltaGenerator:
        """Return a place for widgets side by side."""
        return st.container(
            horizontal=True, vertical_alignment="bottom", key=f"{self.key}.fields"
        )

    def within(self, part: str) -> "Place":
        """Return the place of a part that has widgets of its own."""
        return Place(f"{self.key}.{part}")


@dataclass(frozen=True)
class Kind:
    """One kind of rows.

    Attributes:
        add: Code of what the button says that adds one.
        blank: A new row; like every row it is a plain value, with holes in it.
        mine: Says whether a finished value is of this kind.
        edit: Draws a row's widgets at its place and returns what they say.
        check: Returns the value as options spell it. Raises an Error that says what is
            wrong, or ValueError while something is still to be chosen.
        able: There is something to choose from, so that one can be added.
    """

    add: str
    blank: Any
    mine: Callable[[Any], bool]
    edit: Callable[[Place, Any], Any]
    check: Callable[[Any], Any]
    able: bool = True


@dataclass(frozen=True)
class _Row:
    place: Place
    kind: Kind
    draft: Any


def check(kinds: Sequence[Kind], value: Any) -> Any:  # noqa: ANN401
    """Return a value of whichever kind as options spell it.

    Raises:
        ValueError: It is of no kind, or not possible.
    """
    return _kind(kinds, value).check(value)


def edit(
    key: str,
    values: list[Any],
    kinds: Sequence[Kind],
    *,
    most: int,
    joint: str | None = None,
) -> list[Any]:
    """Draw a list to be edited.

    Args:
        key: Where the session keeps the rows.
        values: What the list says; the rows are made anew when something else than
            they has changed it.
        kinds: Kinds of rows there can be.
        most: How many rows there can be.
        joint: Code of what stands between two rows.

    Returns:
        The finished rows, as options spell them.
    """
    rows, known = st.session_state.get(f"{key}.rows", ([], []))
    if known != values:
        rows = [_made(key, _kind(kinds, value), value) for value in values]
    counted: list[Any] = []
    for i, row in enumerate(rows):
        if i and joint:
            st.caption(t(joint))
        with st.container(border=True, key=f"{row.place.key}.box"):
            rows[i] = _drawn(key, row, counted)
    with st.container(horizontal=True):
        for kind in kinds:
            if kind.able and len(rows) < most:
                button = f"{key}.{kind.add}"
                st.button(t(kind.add), key=button, on_click=_add, args=(key, kind))
    st.session_state[f"{key}.rows"] = (rows, counted)
    return counted


def _drawn(key: str, row: _Row, counted: list[Any]) -> _Row:
    """Draw a row, count it in if it is finished, and return what it says now."""
    with st.container(horizontal=True, wrap=False):
        with st.container():
            draft = row.kind.edit(row.place, row.draft)
        st.button(
            "",
            icon=":material/close:",
            help=t("frame.remove"),
            key=f"{row.place.key}.remove",
            type="tertiary",
            on_click=_remove,
            args=(key, row.place),
        )
    try:
        value = row.kind.check(draft)
    except Error as error:
        problem(error.text(language()))
    except ValueError:
        st.caption(t("frame.unfinished"))
    else:
        if link.too_long(link.written([*counted, value])):
            problem(t("frame.too_long"))
        else:
            counted.append(value)
    return replace(row, draft=draft)


def _kind(kinds: Sequence[Kind], value: Any) -> Kind:  # noqa: ANN401
    found = next((kind for kind in kinds if kind.mine(value)), None)
    if found is None:
        raise Error("conditions.shape", got=str(value))
    return found


def _made(key: str, kind: Kind, draft: Any) -> _Row:  # noqa: ANN401
    number = st.session_state.get(f"{key}.made", 0)
    st.session_state[f"{key}.made"] = number + 1
    return _Row(Place(f"{key}.{number}"), kind, draft)


def _add(key: str, kind: Kind) -> None:
    rows, known = st.session_state[f"{key}.rows"]
    rows = [*rows, _made(key, kind, kind.blank)]
    st.session_state[f"{key}.rows"] = (rows, known)


def _remove(key: str, place: Place) -> None:
    rows, known = st.session_state[f"{key}.rows"]
    rows = [row for row in rows if row.place != place]
    st.session_state[f"{key}.rows"] = (rows, known)
