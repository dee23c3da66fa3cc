"""Activity: how many users are active, how often, and when."""

from pages._frame.page import Page
from pages._frame.segment import where

page = Page("activity", kind="events")

dates = page.dates()
period = page.choice("period", ("day", "week", "month"))
compare = page.compare()
segment = where(page)
event = page.many("event", page.events, default=[], more=True)
week_start = page.choice("week_start", ("monday", "sunday", "saturday"), more=True)

page.cell(
    "activity",
    period=period,
    event=event or None,
    week_start=week_start,
    dates=dates,
    where=segment,
    compare=compare,
)
