"""Trend: how the figures of an exported dashboard move."""

from pages._frame.page import Page

MOST_AT_FIRST = 2

page = Page("trend", kind="daily")

dates = page.dates()
figures = page.daily_figures
metrics = page.many("metrics", figures, default=figures[:MOST_AT_FIRST])
compare = page.compare()

page.cell("trend", metrics=metrics, dates=dates, compare=compare)
