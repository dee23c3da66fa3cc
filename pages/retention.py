"""Retention: of the users who began together, how many come back."""

from opslib.periods import WEEKDAYS
from pages._frame.brackets import brackets
from pages._frame.page import Page
from pages._frame.segment import where

page = Page("retention", kind="events")

dates = page.dates()
period = page.choice("period", ("day", "week", "month"), default=page.usual_period)
ages = page.number("ages", 1, 90, default=14)
compare = page.compare()
segment = where(page)
start = page.many("start", page.events, default=[], more=True)
back = page.many("back", page.events, default=[], more=True)
count = page.choice("count", ("on", "on_or_after", "brackets"), more=True)
spans = count == "brackets" and brackets(page, "brackets", "1-3, 4-7, 8-14")
cohort = page.choice("cohort", ("first", "first_matching", "recurring"), more=True)
window = page.choice("window", ("calendar", "rolling"), more=True)
min_events = page.number("min_events", 1, 100, default=1, more=True)
week_start = period == "week" and page.choice("week_start", WEEKDAYS, more=True)
by = page.choice("by", page.properties, named=True, more=True)
amount = page.choice("amount", page.amounts, named=True, more=True)

page.cell(
    "retention",
    period=period,
    ages=None if spans else ages,
    start=start or None,
    back=back or None,
    count=spans or count,
    cohort=cohort,
    window=window,
    min_events=min_events,
    week_start=week_start or None,
    by=by,
    amount=amount,
    dates=dates,
    where=segment,
    compare=compare,
)
