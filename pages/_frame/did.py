"""A condition on users: what they did, how often, and when."""

import datetime as dt
from functools import partial
from typing import Any

import streamlit as st

from opslib import segments
from opslib.result import Error
from opslib.segments import MOST_DAYS
from pages._frame import condition
from pages._frame.page import Page
from pages._frame.rows import Kind, Place
from pages._frame.text import t
from pages._frame.told import often, when

OFTEN = ("at_least", "at_most", "exactly", "between", "never")
WHEN = ("any", "last", "window", "until", "dates")
USUAL_DAYS = 30
TIMES = (0, 1_000_000)
DAYS = (1, MOST_DAYS)


def kind(page: Page) -> Kind:
    """Return such conditions as rows of a list."""
    return Kind(
        add="where.add_did",
        blank={"did": None},
        mine=lambda value: isinstance(value, dict),
        edit=partial(edit, page),
        check=partial(check, page),
    )


def edit(page: Page, place: Place, draft: dict[str, Any]) -> dict[str, Any]:
    """Ask for the condition; `draft` is one, or the beginning of one."""
    with place.line():
        told = _asked(page, place, draft)
    nested = place.within("where")
    if where := condition.optional(page, nested, draft.get("where", [])):
        told |= {"where": where}
    return told


def check(page: Page, given: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the condition as the analyses take it.

    Raises:
        Error: It is not possible; the sentence says why.
        ValueError: Something is still to be chosen.
    """
    dates = given.get("dates")
    if dates is not None and (not isinstance(dates, list) or len(dates) < 2):
        raise ValueError(dates)
    asked = segments.read(page.dataset.events, given)
    if max(asked.fewest, 0 if asked.most == segments.MOST else asked.most) > TIMES[1]:
        raise Error("segments.times", got=str(asked.did.times))
    before = [] if asked.did.before is None else [asked.did.before]
    first, last = _reach(page)
    for day in dates or before:
        if not isinstance(day, str) or dt.date.fromisoformat(day).isoformat() != day:
            raise ValueError(day)
        if not first.isoformat() <= day <= last.isoformat():
            raise Error("option.range", option="where", low=first, high=last, got=day)
    if len(asked.did.where) > 1:
        raise Error("segments.nested")
    where = [condition.check(page, one) for one in asked.did.where]
    plain = asked.did.plain()
    if isinstance(plain["did"], list):
        plain["did"] = list(dict.fromkeys(plain["did"]))
    return {name: value for name, value in plain.items() if name != "where"} | (
        {"where": where} if where else {}
    )


def _asked(page: Page, place: Place, draft: dict[str, Any]) -> dict[str, Any]:
    """Ask what they did, how often and when."""
    given = draft["did"]
    events = place.ask(
        "events",
        [given] if isinstance(given, str) else list(given or []),
        lambda key: st.multiselect(
            t("where.did"),
            page.events,
            placeholder=t("where.any_event"),
            select_all=False,
            key=key,
        ),
    )
    told: dict[str, Any] = {"did": events[0] if len(events) == 1 else events or None}
    if (times := _times(place, draft.get("times", 1))) != 1:
        told |= {"times": times}
    return told | _span(page, place, draft)


def _times(place: Place, times: Any) -> Any:  # noqa: ANN401
    """Ask how often."""
    code, fewest, most = often(times)
    ways = {code: t(f"where.often.{code}") for code in OFTEN}
    code = place.choose("often", code, t("where.often"), ways, width=130)

    if code == "never":
        return [0, 0]
    low = _number(place, "times", t("where.times"), fewest, TIMES)
    if code == "between":
        label = t("where.to_times")
        return [low, _number(place, "to_times", label, max(most, low), TIMES)]
    return {"at_least": low, "at_most": [0, low], "exactly": [low, low]}[code]


def _span(page: Page, place: Place, draft: dict[str, Any]) -> dict[str, Any]:
    """Ask when."""
    ways = {code: t(f"where.when.{code}") for code in WHEN}
    code = place.choose("when", when(draft), t("where.when"), ways, width=220)
    told: dict[str, Any] = {}
    if code in {"last", "window"}:
        usual = draft.get("days", USUAL_DAYS)
        told["days"] = _number(place, "days", t("where.days"), usual, DAYS)
    first, last = _reach(page)
    if code in {"window", "until"}:
        day = place.ask(
            "before",
            dt.date.fromisoformat(draft.get("before", page.days[1])),
            lambda key: st.date_input(
                t("where.before"),
                min_value=first,
                max_value=last,
                format="YYYY-MM-DD",
                key=key,
                width=150,
            ),
        )
        told["before"] = day.isoformat()
    if code == "dates":
        days = place.ask(
            "dates",
            tuple(map(dt.date.fromisoformat, draft.get("dates", page.days))),
            lambda key: st.date_input(
                t("where.dates"),
                min_value=first,
                max_value=last,
                format="YYYY-MM-DD",
                key=key,
                width=230,
            ),
        )
        told["dates"] = [day.isoformat() for day in days]
    return told


def _number(
    place: Place, part: str, label: str, value: int, ends: tuple[int, int]
) -> int:
    """Ask for a whole number."""
    low, high = ends

    def draw(key: str) -> int:
        return st.number_input(label, min_value=low, max_value=high, key=key, width=100)

    return int(place.ask(part, value, draw))


def _reach(page: Page) -> tuple[dt.date, dt.date]:
    """Return how far from the data a day may be."""
    first, last = map(dt.date.fromisoformat, page.days)
    far = dt.timedelta(days=MOST_DAYS)
    return first - far, last + far
