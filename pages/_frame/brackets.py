"""Brackets of ages, typed by hand: 1-3, 4-7, 8-14."""

import re
from typing import Any

import streamlit as st

from pages._frame import link
from pages._frame.page import Page


def brackets(page: Page, name: str, default: str) -> list[Any]:
    """Ask for brackets under "More options"; what cannot be read is left to be refused.

    Args:
        page: Where to ask.
        name: Name in the link and of the label, `<page>.<name>`.
        default: At first.
    """

    def draw(key: str) -> Any:  # noqa: ANN401
        return st.text_input(page.text(name), key=key, max_chars=200, width=220)

    return read(page.control(link.words(name, default), draw, more=True))


def read(text: str) -> list[Any]:
    """Read brackets as they are written in either language, or return the text.

    Example:
        >>> read("1-3, 4–7，8"), read("soon")
        ([[1, 3], [4, 7], [8, 8]], ['soon'])
    """
    pairs = [
        re.fullmatch(r"(\d{1,4})(?:\s*[-–—~～]\s*(\d{1,4}))?", part.strip())
        for part in re.split("[,，、;；]", text)
    ]
    if not all(pairs):
        return [text]
    return [[int(pair[1]), int(pair[2] or pair[1])] for pair in pairs if pair]
