"""Personas: which groups of users there are, and what sets each apart."""

from pages._frame.page import Page

page = Page("personas", kind="users")

features = page.many("features", page.features, default=[])
auto = page.toggle("auto", default=True)
most = page.most_groups
k = "auto" if auto else page.number("k", 2, most, default=min(4, most))

page.cell("personas", features=features or None, k=k)
