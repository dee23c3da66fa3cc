"""Funnel: where users drop out on the way to a goal."""

from pages._frame.page import Page

page = Page("funnel", kind="events")

dates = page.dates()
steps = page.many("steps", page.events, default=page.usual_steps)
days = page.number("days", 1, 90, default=7)
compare = page.compare()

page.cell("funnel", steps=steps, window=f"{days}D", dates=dates, compare=compare)
