"""Life cycle: who is new, stays, comes back and is lost."""

from pages._frame.page import Page
from pages._frame.segment import where

page = Page("lifecycle", kind="events")

dates = page.dates()
period = page.choice("period", ("day", "week", "month"), default="week")
churn_after = page.number("churn_after", 1, 90, default=4)
compare = page.compare()
segment = where(page)
event = page.many("event", page.events, default=[], more=True)
birth = page.many("birth", page.events, default=[], more=True)
week_start = page.choice("week_start", ("monday", "sunday", "saturday"), more=True)

page.cell(
    "lifecycle",
    period=period,
    churn_after=churn_after,
    event=event or None,
    birth=birth or None,
    week_start=week_start,
    dates=dates,
    where=segment,
    compare=compare,
)
