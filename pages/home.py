"""Home: what this data set holds, and which questions it can answer."""

from pages._frame.page import Page

page = Page("home")

page.figures()
page.questions()
