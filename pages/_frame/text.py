"""The words of the interface, in the language of this session."""

from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import streamlit as st

from opslib.words import LANGUAGES, Catalogue

WORDS = Catalogue(Path(__file__).with_name("words"))
LANG = "frame.lang"
# How HTML spells the languages, and what says so while a page is open.
HTML = {"en": "en", "zh_CN": "zh-CN"}
SPEAKS = {
    lang: f"<script>document.documentElement.lang = '{html}'</script>"
    for lang, html in HTML.items()
}


def language() -> str:
    """Return the language of this session."""
    lang = st.session_state.get(LANG)
    return lang if lang in LANGUAGES else from_browser(st.context.locale)


def from_browser(locales: str | None) -> str:
    """Return the language for a browser that prefers `locales`.

    Example:
        >>> from_browser("zh-TW,zh;q=0.9"), from_browser("de-DE"), from_browser(None)
        ('zh_CN', 'en', 'en')
    """
    return "zh_CN" if (locales or "").lower().startswith("zh") else "en"


def timezone() -> str:
    """Return the timezone of the browser, or a likely one for the language."""
    zone = st.context.timezone
    if zone in available_timezones():
        return str(zone)
    return "Asia/Shanghai" if language() == "zh_CN" else "UTC"


def t(code: str, /, **values: Any) -> str:  # noqa: ANN401
    """Return the sentence `code` of the interface; see `opslib.words`.

    A sentence with a value from a file in it is shown by `st.text` only: titles,
    labels and alerts are read as Markdown by Streamlit.
    """
    return WORDS.text(code, language(), **values)
