"""Retention: of the users who began together, how many come back."""

from pages._frame.page import Page

page = Page("retention", kind="events")

dates = page.dates()
period = page.choice("period", ("day", "week", "month"), default=page.usual_period)
ages = page.number("ages", 1, 90, default=14)
compare = page.compare()
start = page.many("start", page.events, default=[], more=True)
back = page.many("back", page.events, default=[], more=True)
count = page.choice("count", ("on", "on_or_after"), more=True)

page.cell(
    "retention",
    period=period,
    ages=ages,
    start=start or None,
    back=back or None,
    count=count,
    dates=dates,
    compare=compare,
)
