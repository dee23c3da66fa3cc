"""The steps of a funnel: chosen in order, and each refined where that is wanted."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from opslib import words
from opslib.result import Error, check_choice
from opslib.steps import OCCURRENCES
from pages._frame import condition, link, rows
from pages._frame.frame import current, problem
from pages._frame.page import Page
from pages._frame.rows import Place
from pages._frame.text import t

KEYS = ("event", "where", "optional", "occurrence")
# More than a funnel takes, which says so itself.
MOST = 100
MOST_CONDITIONS = 5


def steps(page: Page) -> list[Any]:
    """Ask for the steps in the row of controls, and for more about each in a fold.

    Returns:
        Steps as `opslib.funnel` takes them; a mere name where nothing more is said.
    """
    fold = page.fold("funnel.refine")

    def draw(key: str) -> list[Any]:
        path, times = _choose(page, key, st.session_state[key])
        with fold:
            st.caption(t("funnel.refine_help"))
            for i, (code, step) in enumerate(path.items()):
                with st.container(border=True, key=f"{key}.box{i}"):
                    st.text(title(i, step))
                    end = i in {0, len(path) - 1}
                    place = Place(f"{key}.{times}.{code}")
                    path[code] = _refine(page, place, step, end=end)
        chosen = list(path.values())
        if link.too_long(link.written(chosen)):
            problem(t("frame.too_long"))
        st.session_state[key] = chosen
        st.session_state[f"{key}.drawn"] = (list(path), chosen, times)
        return chosen

    param = link.plain(
        "steps", partial(check, page), most=MOST, default=page.usual_steps
    )
    chosen: list[Any] = page.control(param, draw)
    if not chosen:
        page.demand("steps")
    return chosen


def title(i: int, step: Any) -> str:  # noqa: ANN401
    """Name the step at position `i` by its number and its events."""
    names = " / ".join(words.clean(name) for name in _events(step))
    return t("funnel.step", place=i + 1, what=names)


def titles(path: Sequence[Any]) -> list[str]:
    """Name each step."""
    return [title(i, step) for i, step in enumerate(path)]


def check(page: Page, given: Any) -> Any:  # noqa: ANN401
    """Return a step as the funnel takes it.

    Raises:
        Error: It is not possible; the sentence says why.
        ValueError: It names no event.
    """
    step = given if isinstance(given, Mapping) else {"event": given}
    for name in step:
        if name not in KEYS:
            raise Error("funnel.key", option="steps", got=name, choices=KEYS)
    if "event" not in step:
        raise Error("funnel.key_missing", option="steps", got=str(given))
    where, events = step.get("where", []), check_events(page, step["event"], "steps")
    occurrence, optional = step.get("occurrence", "any"), step.get("optional", False)
    if not isinstance(where, list) or len(where) > MOST_CONDITIONS:
        raise Error("conditions.shape", got=str(where))
    check_choice("occurrence", occurrence, OCCURRENCES)
    if not isinstance(optional, bool):
        raise Error("option.choice", option="optional", got=optional, choices=[True])
    checked = [condition.check(page, one) for one in where]
    return _step(events, checked, optional=optional, occurrence=occurrence or "any")


def check_events(page: Page, given: Any, option: str) -> list[str]:  # noqa: ANN401
    """Return events any of which counts, as a list of names.

    Raises:
        Error: The data has no such event.
        ValueError: There is none.
    """
    names = given if isinstance(given, list) else [given]
    known = page.events
    for name in names:
        if name not in known:
            raise Error(
                "eventlog.unknown_event", option=option, got=name, choices=known
            )
    if not names:
        raise ValueError(given)
    return list(dict.fromkeys(names))


def one_or_more(names: list[str]) -> Any:  # noqa: ANN401
    """Write events as options spell them: one by its name."""
    return names[0] if len(names) == 1 else names


def _choose(page: Page, key: str, path: list[Any]) -> tuple[dict[str, Any], int]:
    """Ask for the steps in order, by the first event of each.

    Returns:
        The steps by their codes: the event's name, with a number where it is there
        again; and how many times they were replaced by others, as by a link.
    """
    widget, events = f"{key}.names", page.events
    codes, known, times = st.session_state.get(f"{key}.drawn", ([], None, 0))
    if known != path:
        codes = []
        for step in path:
            codes.append(_code(_events(step)[0], codes, events))
        # What the widgets of the steps said was about others.
        times += 1
    if known != path or widget not in st.session_state:
        st.session_state[widget] = codes
    current().link.retell(widget)
    chosen = st.session_state[widget]
    named = {c: c if c in events else c.rpartition(" (")[0] for c in chosen}
    again = [_code(name, chosen, events) for name in dict.fromkeys(named.values())]
    chosen = st.multiselect(
        page.text("steps"),
        list(dict.fromkeys([*events, *chosen, *again])),
        placeholder=t("frame.choose"),
        select_all=False,
        key=widget,
    )
    refined = named | dict(zip(codes, path, strict=True))
    return {code: refined[code] for code in chosen}, times


def _code(name: str, taken: Sequence[str], events: Sequence[str]) -> str:
    """Number a name that is taken; `data` numbers its names likewise."""
    code, number = name, 1
    while code in taken or (number > 1 and code in events):
        number += 1
        code = f"{name} ({number})"
    return code


def _refine(page: Page, place: Place, step: Any, *, end: bool) -> Any:  # noqa: ANN401
    """Ask for what else is to be said of a step."""
    first, *others = _events(step)
    told = step if isinstance(step, Mapping) else {}
    optional = told.get("optional", False)
    with place.line():
        others = place.ask(
            "or",
            others,
            lambda key: st.multiselect(
                t("funnel.or"),
                [name for name in page.events if name != first],
                placeholder=t("funnel.or.none"),
                select_all=False,
                key=key,
            ),
        )
        occurrence = place.choose(
            "occurrence",
            told.get("occurrence", "any"),
            t("funnel.occurrence"),
            {code: t(f"funnel.occurrence.{code}") for code in OCCURRENCES},
            width=220,
        )
        # The funnel refuses to begin or end with a step that may be left out.
        if optional or not end:
            optional = place.ask(
                "optional",
                optional,
                lambda key: st.toggle(t("funnel.optional"), key=key),
            )
    where = rows.edit(
        f"{place.key}.where",
        told.get("where", []),
        [condition.kind(page)],
        most=MOST_CONDITIONS,
        joint="where.and",
    )
    return _step([first, *others], where, optional=optional, occurrence=occurrence)


def _events(step: Any) -> list[str]:  # noqa: ANN401
    event = step["event"] if isinstance(step, Mapping) else step
    return [event] if isinstance(event, str) else list(event)


def _step(
    events: list[str], where: list[Any], *, optional: bool, occurrence: str
) -> Any:  # noqa: ANN401
    """Write a step without what is not said of it."""
    event = one_or_more(events)
    told = {
        "where": where,
        "optional": optional,
        "occurrence": "" if occurrence == "any" else occurrence,
    }
    told = {name: value for name, value in told.items() if value}
    return {"event": event, **told} if told or len(events) > 1 else event
