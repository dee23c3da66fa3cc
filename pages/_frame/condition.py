"""A condition on a property of events: which, how it is compared, and with what."""

import math
from functools import partial
from typing import Any

import streamlit as st

from opslib.conditions import SET
from opslib.result import Error
from pages._frame.page import Page
from pages._frame.rows import Kind, Place
from pages._frame.text import t

TEXT = ("in", "not in", "contains", *SET)
NUMBER = (">=", "<=", ">", "<", "==", "!=", *SET)
# More are typed, not chosen: they would have to be sent to the browser every time.
MOST_OFFERED = 500
LONGEST_TEXT = 200
# The label where no property need be chosen.
WHOSE = "where.whose_property"
LARGEST = 1e15


def kind(page: Page) -> Kind:
    """Return such conditions as rows of a list."""
    return Kind(
        add="where.add_property",
        blank=[None],
        mine=lambda value: isinstance(value, list),
        edit=partial(edit, page),
        check=partial(check, page),
        able=bool(_names(page)),
    )


def edit(
    page: Page, place: Place, draft: list[Any], *, label: str = "where.property"
) -> list[Any]:
    """Ask for a condition.

    Args:
        page: Whose data it is about.
        place: Where its widgets are.
        draft: [property, operator, value], or the beginning of it; None is a hole.
        label: Code of the label of the property.
    """
    with place.line():
        return _edited(page, place, draft, label)


def optional(page: Page, place: Place, drafts: list[Any]) -> list[Any]:
    """Ask for one condition or none, if there are properties; return a list of it."""
    if not _names(page):
        return []
    draft = edit(page, place, drafts[0] if drafts else [None], label=WHOSE)
    return [] if draft == [None] else [draft]


def check(page: Page, given: Any) -> list[Any]:  # noqa: ANN401
    """Return a condition as the analyses take it; its values must be in the data.

    Raises:
        Error: It is not possible; the sentence says why.
        ValueError: Something is still to be chosen.
    """
    if given == [None] or (isinstance(given, list) and given[2:] in ([[]], [""])):
        raise ValueError(given)
    if not isinstance(given, list) or len(given) not in {2, 3}:
        raise Error("conditions.shape", got=str(given))
    name, operator, *rest = given
    if name not in (names := _names(page)):
        raise Error("option.column", option="where", got=name, choices=names)
    if operator not in (offered := _operators(page, name)):
        raise Error("option.choice", option="where", got=operator, choices=offered)
    if bool(rest) == (operator in SET):
        raise Error("conditions.shape", got=str(given))
    if not rest:
        return [name, operator]
    if name in page.amounts:
        return [name, operator, _number(name, operator, rest[0])]
    if operator == "contains":
        return [name, operator, _text(given, rest[0])]
    return [name, operator, _known(page, name, operator, rest[0])]


def _edited(page: Page, place: Place, draft: list[Any], label: str) -> list[Any]:
    name, operator, value = [*draft, None, None][:3]
    names = _names(page)

    def draw(key: str) -> Any:  # noqa: ANN401
        return st.selectbox(
            t(label),
            names,
            index=None,
            placeholder=t("frame.none" if label == WHOSE else "frame.choose"),
            key=key,
            width=220,
        )

    chosen = place.ask("property", name, draw)
    if chosen not in names:
        return [None]
    if chosen != name:
        operator = value = None
    # What was chosen for one property says nothing about another.
    own = place.within(str(names.index(chosen)))
    offered = _operators(page, chosen)
    operator = own.choose(
        "operator",
        operator or offered[0],
        t("where.operator"),
        {code: t(f"where.operator.{code}") for code in offered},
        width=170,
    )
    if operator in SET:
        return [chosen, operator]
    return [chosen, operator, _value(page, own, chosen, operator, value)]


def _names(page: Page) -> list[str]:
    return [*page.properties, *page.amounts, *page.texts]


def _operators(page: Page, name: str) -> tuple[str, ...]:
    return NUMBER if name in page.amounts else TEXT


def _value(page: Page, place: Place, name: str, operator: str, value: Any) -> Any:  # noqa: ANN401
    """Ask for what the property is compared with."""
    if name in page.amounts:
        return place.ask(
            "number",
            None if value is None else float(value),
            lambda key: st.number_input(
                t("where.value"),
                min_value=-LARGEST,
                max_value=LARGEST,
                value=None,
                step=1.0,
                format="%.15g",
                placeholder=t("where.a_number"),
                key=key,
                width=170,
            ),
        )
    if operator == "contains":
        return place.ask(
            "text",
            value if isinstance(value, str) else "",
            lambda key: st.text_input(
                t("where.value"), max_chars=LONGEST_TEXT, key=key, width=260
            ),
        )
    offered = page.values(name)
    typed = not offered or len(offered) > MOST_OFFERED
    chosen = value if isinstance(value, list) else []
    return place.ask(
        "values",
        chosen,
        lambda key: st.multiselect(
            t("where.values"),
            chosen if typed else offered,
            accept_new_options=typed,
            placeholder=t("where.type" if typed else "frame.choose"),
            select_all=False,
            key=key,
        ),
    )


def _number(name: str, operator: str, value: Any) -> float:  # noqa: ANN401
    if value is None:
        raise ValueError(value)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not abs(value) <= LARGEST:
        raise Error("conditions.number", name=name, operator=operator, got=value)
    return int(value) if math.floor(value) == value else float(value)


def _text(given: list[Any], value: Any) -> str:  # noqa: ANN401
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise Error("conditions.shape", got=str(given))
    return value


def _known(page: Page, name: str, operator: str, values: Any) -> list[str]:  # noqa: ANN401
    """Return values that are in the data; of endless ones nobody knows."""
    if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
        raise Error("conditions.list", name=name, operator=operator, got=values)
    known = page.values(name)
    for value in values:
        if known and value not in known:
            raise Error("option.choice", option=name, got=value, choices=known)
    return list(dict.fromkeys(values))
