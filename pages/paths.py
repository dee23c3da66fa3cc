"""Paths: which way users go through the events of a session, and where they leave."""

from pages._frame.page import Page
from pages._frame.segment import where

page = Page("paths", kind="events")

dates = page.dates()
start = page.many("start", page.events, default=[])
end = page.many("end", page.events, default=[])
depth = page.number("depth", 2, 10, default=5)
compare = page.compare()
segment = where(page)
top = page.number("top", 1, 20, default=8, more=True)
minutes = page.number("minutes", 1, 1_440, default=30, more=True)

page.cell(
    "paths",
    start=start or None,
    end=end or None,
    depth=depth,
    top=top,
    gap=f"{minutes}min",
    dates=dates,
    where=segment,
    compare=compare,
)
