"""Persona cards: who each group is, side by side."""

from typing import Any, Protocol

import pandas as pd
import streamlit as st

from opslib.words import WRITERS
from pages._frame.text import language, t

ACROSS = 3


class Card(Protocol):
    """What a card shows; see `opslib.analyses._persona_views.Card`."""

    persona: int
    name: str
    users: int
    share: float
    over: pd.DataFrame
    under: pd.DataFrame
    examples: tuple[str, ...]


class Grouped(Protocol):
    """A result that has cards."""

    def cards(self, lang: str) -> list[Card]:
        """Return a card per group, in `lang`."""


def show(result: Grouped, place: str = "") -> str:
    """Show the cards, three in a row; names come from the file and stay plain text.

    Returns:
        Nothing that a warning would repeat.
    """
    cards = result.cards(language())
    for first in range(0, len(cards), ACROSS):
        row = st.columns(min(ACROSS, len(cards)))
        for column, card in zip(row, cards[first : first + ACROSS], strict=False):
            with column.container(
                border=True,
                height="stretch",
                gap="xsmall",
                key=f"persona-{place}{card.persona}",
            ):
                _one(card, place)
    return ""


def _one(card: Card, place: str) -> None:
    lang = language()
    with st.container(key=f"persona-name-{place}{card.persona}"):
        # A name may begin with a column's, which Chinese leaves as it stands.
        st.text(card.name[:1].upper() + card.name[1:] if lang == "en" else card.name)
    share = WRITERS["percent"](card.share, lang)
    st.metric(
        t("card.persona", persona=card.persona),
        share,
        t("frame.users_found", n=card.users),
        delta_color="off",
        delta_arrow="off",
    )
    for side, traits in (("over", card.over), ("under", card.under)):
        if len(traits):
            st.caption(t(f"card.{side}"))
        for i, trait in enumerate(traits.to_dict("records")):
            with st.container(key=f"trait-{side}-{place}{card.persona}-{i}", gap=None):
                st.text(trait["trait"])
                st.text(_measured(trait))
    if not len(card.over) + len(card.under):
        st.caption(t("card.no_traits"))
    with st.container(key=f"trait-examples-{place}{card.persona}", gap=None):
        st.caption(t("card.examples"))
        st.text(t("card.separator").join(card.examples))


def _measured(trait: dict[Any, Any]) -> str:
    """Name the measure too, unless the trait says it already."""
    if trait["measure"] in trait["trait"]:
        return str(trait["comparison"])
    return t("card.measured", measure=trait["measure"], value=trait["comparison"])
