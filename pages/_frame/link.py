"""The link of a page: every value written, in plain codes; bad ones named.

A widget has a key in the session, a name in the link, and a `Param` that says how its
value is written there. `Link` puts the values of a link that was just opened, or gone
back to, where the widgets find them, and writes the link when the page is done.
"""

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import parse_qs, quote, urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state.common import user_key_from_element_id

from opslib.result import Error

DAYS = ".."
# What an entry begins with that is no mere name.
JSON = ("{", "[", '"')
# As it stands in an address, which browsers and servers cut at some length.
LONGEST = 8_000
PLACE = "frame.page"
RUNNING = "running"


@dataclass(frozen=True)
class Param:
    """How a widget's value stands in the link.

    Attributes:
        name: Its name in the link, the same as the option's.
        default: The widget's value when the link does not say.
        read: Widget's value from the texts in the link; ValueError if not possible.
        write: Texts in the link from the widget's value.
    """

    name: str
    default: Any
    read: Callable[[Sequence[str]], Any]
    write: Callable[[Any], list[str]]


def choice(name: str, codes: Sequence[str], default: str | None) -> Param:
    """One of `codes`; None is written as nothing.

    Example:
        >>> choice("period", ["day", "week"], "day").read(["week"])
        'week'
    """

    def read(texts: Sequence[str]) -> str | None:
        if texts[-1] == "" and default is None:
            return None
        if texts[-1] not in codes:
            raise ValueError(texts[-1])
        return texts[-1]

    return Param(name, default, read, lambda code: [code or ""])


def many(name: str, codes: Sequence[str], default: Sequence[str]) -> Param:
    """Some of `codes`, in the order chosen; none is written as one empty text.

    Example:
        >>> steps = many("steps", ["view", "cart", "buy"], ["view", "buy"])
        >>> steps.read(["cart", "buy"]), steps.read([""]), steps.write([])
        (['cart', 'buy'], [], [''])
    """

    def read(texts: Sequence[str]) -> list[str]:
        chosen = [text for text in texts if text]
        if len(set(chosen)) < len(chosen) or not set(chosen) <= set(codes):
            raise ValueError(chosen)
        return chosen

    return Param(name, list(default), read, lambda chosen: list(chosen) or [""])


def flag(name: str, *, default: bool) -> Param:
    """Yes or no, written 1 or 0."""

    def read(texts: Sequence[str]) -> bool:
        if texts[-1] not in {"0", "1"}:
            raise ValueError(texts[-1])
        return texts[-1] == "1"

    return Param(name, default, read, lambda on: ["1" if on else "0"])


def number(
    name: str, low: float, high: float, default: float, *, scale: int = 1
) -> Param:
    """A number from `low` to `high`; whole when `default` is.

    The widget shows `scale` times what the link and the option say.

    Example:
        >>> days = number("days", 1, 90, 7)
        >>> days.read(["30"]), number("mde", 0.1, 50.0, 5.0, scale=100).write(2.5)
        (30, ['0.025'])
    """
    kind = int if isinstance(default, int) else float

    def read(texts: Sequence[str]) -> float:
        value = round(kind(texts[-1]) * scale, 10)
        if not low <= value <= high:
            raise ValueError(texts[-1])
        return value

    def write(value: float) -> list[str]:
        plain = round(value / scale, 12) if scale > 1 else kind(value)
        return [repr(plain)]

    return Param(name, default, read, write)


def dates(
    name: str, first: dt.date, last: dt.date, default: Sequence[dt.date] | None = None
) -> Param:
    """A range of whole days, both included, within `first` to `last`.

    Args:
        name: Name in the link.
        first: First possible day.
        last: Last possible day.
        default: At first; None is all of them, and nothing may be a choice.

    Example:
        >>> year = dates("dates", dt.date(2026, 1, 1), dt.date(2026, 12, 31))
        >>> year.write(year.default)
        ['2026-01-01..2026-12-31']
    """

    def read(texts: Sequence[str]) -> tuple[dt.date, ...]:
        if texts[-1] == "" and default == ():
            return ()
        start, end = map(dt.date.fromisoformat, texts[-1].split(DAYS))
        if not first <= start <= end <= last:
            raise ValueError(texts[-1])
        return start, end

    def write(days: Sequence[dt.date]) -> list[str]:
        return [DAYS.join(day.isoformat() for day in days)]

    usual = (first, last) if default is None else tuple(default)
    return Param(name, usual, read, write)


def day(name: str, first: dt.date, last: dt.date) -> Param:
    """A day within `first` to `last`; the first unless chosen.

    Example:
        >>> since = day("since", dt.date(2026, 1, 1), dt.date(2026, 12, 31))
        >>> since.write(since.read(["2026-02-01"]))
        ['2026-02-01']
    """

    def read(texts: Sequence[str]) -> dt.date:
        chosen = dt.date.fromisoformat(texts[-1])
        if not first <= chosen <= last:
            raise ValueError(texts[-1])
        return chosen

    return Param(name, first, read, lambda chosen: [chosen.isoformat()])


def words(name: str, default: str, longest: int = 200) -> Param:
    """A short text."""

    def read(texts: Sequence[str]) -> str:
        if len(texts[-1]) > longest:
            raise ValueError(texts[-1])
        return texts[-1]

    return Param(name, default, read, lambda text: [text])


def plain(
    name: str,
    check: Callable[[Any], Any],
    *,
    most: int,
    default: Sequence[Any] = (),
) -> Param:
    """Some plain values, each as options spell it: a name as it stands, others as JSON.

    Args:
        name: Name in the link.
        check: Returns a value as the option takes it; ValueError if that is impossible.
        most: How many there can be.
        default: At first.

    Example:
        >>> where = plain("where", list, most=8)
        >>> where.write([["channel", "in", ["Search"]]])
        ['["channel","in",["Search"]]']
        >>> where.read(['["amount",">=",10]']), where.read([""])
        ([['amount', '>=', 10]], [])
    """

    def read(texts: Sequence[str]) -> list[Any]:
        if list(texts) == [""]:
            return []
        if len(texts) > most or too_long(texts):
            raise ValueError(len(texts))
        return [check(_parsed(text)) for text in texts]

    return Param(name, list(default), read, lambda values: written(values) or [""])


def written(values: Sequence[Any]) -> list[str]:
    """Write plain values as they stand in a link.

    Example:
        >>> written(["view", {"event": "buy", "optional": True}, "{odd"])
        ['view', '{"event":"buy","optional":true}', '"{odd"']
    """
    return [
        value
        if isinstance(value, str) and value and not value.startswith(JSON)
        else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        for value in values
    ]


def too_long(texts: Sequence[str]) -> bool:
    """Say whether texts are too long for a link."""
    return len(quote("".join(texts))) > LONGEST


def _parsed(text: str) -> Any:  # noqa: ANN401
    if not text.startswith(JSON):
        return text
    try:
        return json.loads(text, parse_constant=_no_number)
    except RecursionError:
        raise ValueError(text) from None


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


@dataclass(frozen=True)
class Rejected:
    """What a link asked for and could not get.

    Attributes:
        name: Name in the link.
        got: What stood there.
        used: What is used instead; None when the page knows no such name.
        why: What exactly is wrong, if more than that.
    """

    name: str
    got: str
    used: str | None
    why: Error | None = None


class Link:
    """The link of one run: read when just opened or gone back to, then written.

    At any other time the widgets are right: taking every difference for news would
    undo the second of two quick clicks. For the same reason a widget is told its value
    only if the browser may not have it, and would show, and then send, nothing.
    """

    def __init__(self) -> None:
        context = get_script_run_ctx()
        self.went_back = bool(getattr(context, "is_history_navigation", False))
        self.given = {name: st.query_params.get_all(name) for name in st.query_params}
        self.news = bool(self.given) and (
            self.went_back or PLACE not in st.session_state
        )
        self.written: dict[str, list[str]] = {}
        self.rejected: list[Rejected] = []
        # A run that was cut short: what it told widgets may never have arrived.
        self._cut = st.session_state.get(RUNNING, False)
        st.session_state[RUNNING] = True
        # A click on the page's own name in the menu sends none of its widgets.
        state = context.session_state._state if context else None  # noqa: SLF001
        sent = state._new_widget_state.states if state else ()  # noqa: SLF001
        self._sent = set(map(user_key_from_element_id, sent))

    def arrive(self, page: str) -> None:
        """Say which page is shown: a link to another page was just opened."""
        if self.given and st.session_state.get(PLACE) != page:
            self.news = True
        st.session_state[PLACE] = page

    def seed(self, param: Param, key: str) -> None:
        """Put a possible value where the widget with `key` will look for it."""
        # Streamlit forgets a widget when its page is left, and sends the label of the
        # old language after the language changed; what was kept is right.
        kept = st.session_state.get(f"{key}.kept", param.default)
        value = st.session_state.get(key, kept)
        if self.news:
            value = param.default
            if texts := self.given.get(param.name):
                value = self._read(param, texts)
        elif not (possible(param, value) or unfinished(value)):
            value = kept if possible(param, kept) else param.default
        known = not self._lost(key) and key in st.session_state
        if not known or st.session_state[key] != value:
            st.session_state[key] = value

    def retell(self, key: str) -> None:
        """Have the browser show what stands in a widget with a key of its own."""
        if self._lost(key) and key in st.session_state:
            st.session_state[key] = st.session_state[key]

    def keep(self, param: Param, key: str, value: Any) -> Any:  # noqa: ANN401
        """Take a widget's value into the link; browsers cannot be trusted with it."""
        if not possible(param, value):
            kept = st.session_state.get(f"{key}.kept", param.default)
            value = kept if possible(param, kept) else param.default
        self.written[param.name] = param.write(value)
        st.session_state[f"{key}.kept"] = value
        return param.read(self.written[param.name])

    def finish(self) -> None:
        """Write the link, and name what it asked for in vain."""
        st.session_state[RUNNING] = False
        if self.news:
            unknown = [name for name in self.given if name not in self.written]
            self.rejected += [
                Rejected(name, ",".join(self.given[name]), None) for name in unknown
            ]
        # A bare entry of the history stays bare, else Back could never pass it.
        if self.went_back and not self.given:
            return
        if self.given != self.written:
            st.query_params.from_dict(self.written)

    def shared(self) -> dict[str, list[str]]:
        """Return what goes along to every other page: language and data set."""
        return {name: self.written[name] for name in ("lang", "d")}

    def stored(self) -> str:
        """Return page and options as a notebook keeps them; `opened` reads it."""
        written = {name: self.written[name] for name in self.written if name != "lang"}
        return f"{st.session_state[PLACE]}?{urlencode(written, doseq=True)}"

    def url(self) -> str:
        """Return the whole link, for the clipboard."""
        return f"{st.context.url}?{urlencode(self.written, doseq=True)}"

    def _lost(self, key: str) -> bool:
        return self._cut or key not in self._sent

    def _read(self, param: Param, texts: Sequence[str]) -> Any:  # noqa: ANN401
        try:
            return param.read(texts)
        except ValueError as error:
            why = error if isinstance(error, Error) else None
            used = ",".join(param.write(param.default))
            self.rejected.append(Rejected(param.name, ",".join(texts), used, why))
            return param.default


def opened(stored: str) -> tuple[str, dict[str, list[str]]]:
    """Return page and options of a link as `Link.stored` wrote it.

    Example:
        >>> opened("funnel?d=demo&steps=view&steps=")
        ('funnel', {'d': ['demo'], 'steps': ['view', '']})
    """
    page, _, query = stored.partition("?")
    return page, parse_qs(query, keep_blank_values=True)


def possible(param: Param, value: Any) -> bool:  # noqa: ANN401
    """Say whether a widget may have this value."""
    try:
        param.read(param.write(value))
    except (ValueError, TypeError, AttributeError, OverflowError):
        return False
    return True


def unfinished(value: Any) -> bool:  # noqa: ANN401
    """Say whether this is a range of which only one end was chosen yet."""
    return isinstance(value, tuple) and len(value) < 2
