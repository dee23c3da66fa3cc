"""Funnel: where users drop out on the way to a goal."""

from pages._frame.page import Page

page = Page("funnel", kind=("events", "counts"))

if page.kind == "counts":
    page.cell("funnel_counts")
else:
    dates = page.dates()
    steps = page.many("steps", page.events, default=page.usual_steps)
    days = page.number("days", 1, 90, default=7)
    compare = page.compare()
    by = page.choice("by", page.properties, named=True, more=True)
    page.cell(
        "funnel",
        steps=steps,
        window=f"{days}D",
        dates=dates,
        compare=compare,
        by=by,
    )
