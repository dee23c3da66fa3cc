"""Trend: how the figures of an exported dashboard move."""

from pages._frame.page import Page

page = Page("trend", kind="daily")

dates = page.dates()
figures = page.daily_figures
metrics = page.many("metrics", figures, default=page.usual_figures)
groups = page.daily_groups
by = page.choice("by", groups, named=True) if groups else None
compare = page.compare()

page.cell("trend", metrics=metrics, by=by, dates=dates, compare=compare)
