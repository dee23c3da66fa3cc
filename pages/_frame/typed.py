"""Counts typed by hand: one row per variant, all of it in the link."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages._frame import link
from pages._frame.page import Page

LETTERS = "ABCD"
# What is asked per variant: bounds, and an example that teaches what goes where.
ASKED: dict[str, dict[str, tuple[float, float, Sequence[float]]]] = {
    "share": {
        "users": (1, 10**12, (10_000, 10_000, 10_000, 10_000)),
        "conversions": (0, 10**12, (1_000, 1_100, 1_050, 1_010)),
    },
    "mean": {
        "n": (1, 10**12, (2_000, 2_000, 2_000, 2_000)),
        "mean": (-1e12, 1e12, (50.0, 52.0, 51.0, 50.5)),
        "sd": (0.0, 1e12, (20.0, 20.0, 20.0, 20.0)),
    },
}


def counts(page: Page, kind: str | None, variants: int) -> dict[str, list[float]]:
    """Ask for the counts of each variant, the control first.

    Args:
        page: Where to ask.
        kind: "share" or "mean".
        variants: How many there are, 2 to 4.

    Returns:
        Counts by name, as `opslib.ab_summary` takes them; a name given twice is told
        apart by its letter.
    """
    found: dict[str, list[float]] = {}
    for i, letter in enumerate(LETTERS[:variants]):
        row = page.row(f"-{i}")

        def draw_name(key: str, i: int = i) -> Any:  # noqa: ANN401
            label = page.text("variant", n=i) if i else page.text("control")
            return st.text_input(label, max_chars=60, key=key, width=150)

        param = link.words(f"name{i + 1}", letter, longest=60)
        name = page.control(param, draw_name, row=row).strip() or letter
        values: list[float] = []
        for asked, (low, high, examples) in ASKED[kind or "share"].items():

            def draw(
                key: str, asked: str = asked, low: float = low, high: float = high
            ) -> Any:  # noqa: ANN401
                return st.number_input(
                    page.text(asked), min_value=low, max_value=high, key=key, width=150
                )

            number = link.number(f"{asked}{i + 1}", low, high, examples[i])
            values.append(page.control(number, draw, row=row))
        while name in found:
            name = f"{name} {letter}"
        found[name] = values
    return found
