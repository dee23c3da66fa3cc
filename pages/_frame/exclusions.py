"""What may not come between two steps of a funnel."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from opslib.result import Error
from opslib.steps import MOST_EXCLUDED
from pages._frame import condition, link, rows
from pages._frame.page import Page
from pages._frame.rows import Kind, Place
from pages._frame.steps import check_events, one_or_more, titles
from pages._frame.text import t

KEYS = ("event", "where", "after", "before")


def exclusions(page: Page, path: Sequence[Any]) -> list[dict[str, Any]]:
    """Ask for events that may not come between two steps, in a fold.

    Args:
        page: Where to ask.
        path: The steps.

    Returns:
        Exclusions as `opslib.funnel` takes them.
    """
    kind = Kind(
        add="funnel.add_exclusion",
        blank={"event": []},
        mine=lambda value: isinstance(value, str | dict),
        edit=partial(_edit, page, titles(path)),
        check=partial(check, page),
    )
    fold = page.fold("funnel.excluded")

    def draw(key: str) -> list[Any]:
        with fold:
            st.caption(t("funnel.excluded_help"))
            given = st.session_state[key]
            edited = rows.edit(key, given, [kind], most=MOST_EXCLUDED)
        st.session_state[key] = edited
        return edited

    param = link.plain("exclude", kind.check, most=MOST_EXCLUDED)
    # From the first step to the last, unless it says otherwise.
    between = {"after": 0, "before": len(path[1:])}
    return [between | _told(one) for one in page.control(param, draw)]


def check(page: Page, given: Any) -> Any:  # noqa: ANN401
    """Return an exclusion without what it leaves open.

    Raises:
        Error: It is not possible; the sentence says why.
        ValueError: It names no event.
    """
    told = _told(given)
    for name in told:
        if name not in KEYS:
            raise Error("funnel.key", option="exclude", got=name, choices=KEYS)
    if "event" not in told:
        raise Error("funnel.key_missing", option="exclude", got=str(given))
    event = one_or_more(check_events(page, told["event"], "exclude"))
    where = told.get("where", [])
    if not isinstance(where, list) or len(where) > 1:
        raise Error("conditions.shape", got=str(where))
    checked = [condition.check(page, one) for one in where]
    places = {name: told[name] for name in ("after", "before") if name in told}
    if not all(type(place) is int and 0 <= place < 100 for place in places.values()):
        raise ValueError(places)
    said = ({"where": checked} if checked else {}) | places
    return {"event": event, **said} if said or not isinstance(event, str) else event


def _told(given: Any) -> dict[str, Any]:  # noqa: ANN401
    return given if isinstance(given, dict) else {"event": given}


def _edit(
    page: Page,
    steps: Sequence[str],
    place: Place,
    draft: Any,  # noqa: ANN401
) -> dict[str, Any]:
    """Ask for the events, and between which steps."""
    with place.line():
        said = _between(page, steps, place, _told(draft))
    where = _told(draft).get("where", [])
    if where := condition.optional(page, place.within("where"), where):
        said["where"] = where
    return said


def _between(
    page: Page, steps: Sequence[str], place: Place, told: dict[str, Any]
) -> dict[str, Any]:
    """Ask which events, after which step and before which."""
    given = told["event"]
    events = place.ask(
        "events",
        [given] if isinstance(given, str) else list(given),
        lambda key: st.multiselect(
            t("funnel.exclude"),
            page.events,
            placeholder=t("frame.choose"),
            select_all=False,
            key=key,
        ),
    )
    said: dict[str, Any] = {"event": one_or_more(events)}
    for end, usual in {"after": 0, "before": len(steps) - 1}.items():
        at = told.get(end, usual)
        gone = at >= len(steps)

        def draw(key: str, end: str = end, *, gone: bool = gone) -> Any:  # noqa: ANN401
            return st.selectbox(
                t(f"funnel.exclude_{end}"),
                range(len(steps)),
                index=None if gone else 0,
                format_func=steps.__getitem__,
                placeholder=t("frame.choose"),
                key=key,
                width=220,
            )

        own = place.within(str(len(steps)))
        chosen = own.ask(end, None if gone else at, draw)
        # A step that has gone stays as it was said until another one is chosen.
        chosen = at if chosen is None else chosen
        if chosen != usual:
            said[end] = chosen
    return said
