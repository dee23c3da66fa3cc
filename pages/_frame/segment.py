"""A segment: only the events with some values of a property count."""

from typing import Any

from pages._frame import data
from pages._frame.page import Page


def where(page: Page) -> list[list[Any]]:
    """Ask for a property and for some of its values, under "More options".

    Returns:
        Conditions as every event analysis takes them; none unless values are chosen.
    """
    name = page.choice("where", page.properties, named=True, more=True)
    if name is None:
        return []
    known = data.property_values(page.dataset, name)
    values = page.many("values", known, default=[], more=True)
    return [[name, "in", values]] if values else []
