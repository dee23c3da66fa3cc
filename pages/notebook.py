"""Notebook: findings that were pinned, in order, each run anew, with their notes."""

from pages._frame import notebook
from pages._frame.page import Page

page = Page("notebook")

if chosen := notebook.choose(page):
    notebook.show(chosen)
else:
    page.empty("empty", "funnel")
