"""Every page as it is shown: in both languages, on a phone, and in the README."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ROOT

ANSWERS = {
    "home": ".st-key-figures",
    "data": ".st-key-drop",
    "funnel": ".st-key-answer-funnel",
    "paths": ".st-key-answer-paths",
    "trend": ".st-key-answer-trend, .st-key-empty",
    "retention": ".st-key-answer-retention",
    "lifecycle": ".st-key-answer-lifecycle",
    "activity": ".st-key-answer-activity",
    "personas": ".st-key-answer-personas",
    "ab_test": ".st-key-answer-ab_test",
    "ab_plan": ".st-key-answer-ab_plan",
    "ab_simulate": ".st-key-answer-ab_simulate",
    "campaign": ".st-key-answer-interrupted",
    "notebook": "[class*='st-key-entry-'], .st-key-empty",
}
MOST_BYTES = 150_000


def test_a_fresh_server_opens_a_deep_link_inside_the_frame(visit, server):
    """It knows no menu yet when the first visitor asks for a page below it."""
    server.restart()
    link = "/funnel?lang=zh_CN&d=demo-zh&dates=2026-03-01..2026-05-31&days=3"
    window = visit(link, locale="en-GB", timezone="Europe/London")
    window.in_frame("funnel", dataset=window.t("frame.demo-zh"), lang="zh-CN")
    days = window.main.get_by_role("spinbutton", name="天")
    expect(days).to_have_value("3")
    expect(window.answer("funnel")).to_contain_text("%")


@pytest.mark.parametrize(
    ("locale", "lang"),
    [("zh-CN", "zh-CN"), pytest.param("en-GB", "en", marks=pytest.mark.slow)],
)
def test_every_page_fits_a_phone(visit, locale, lang):
    window = visit("/", locale=locale, width=390)
    wide = {}
    for name, answer in ANSWERS.items():
        window.go("/" if name == "home" else f"/{name}")
        title = window.main.get_by_role("heading", level=1)
        expect(title).to_have_text(window.t(f"{name}.title"))
        expect(window.main.locator(answer).first).to_be_visible()
        expect(window.page.locator("html")).to_have_attribute("lang", lang)
        window.shot(f"phone-{name}-{lang}", whole=True)
        over = window.main.evaluate("""main => Math.max(
            main.scrollWidth - main.clientWidth,
            document.documentElement.scrollWidth - innerWidth)""")
        if over > 0:
            wide[name] = over
    assert wide == {}


def test_the_readme_shows_this_page(visit):
    """The picture is made here, of the number that the lines of Python give."""
    readme = (ROOT / "README.md").read_text("utf-8")
    said = re.search(
        r">>> print\(result\.describe\(\)\)\n(.+?)\n>>>", readme, re.DOTALL
    )
    window = visit("/", locale="en-GB")
    window.page.set_viewport_size({"width": 1400, "height": 900})
    window.go("/funnel?lang=en&d=demo&steps=view&steps=cart&steps=pay")
    expect(window.answer("funnel")).to_have_text(" ".join(said[1].split("\n")))
    expect(window.answer("funnel")).to_be_in_viewport(ratio=1)
    expect(window.main.get_by_text("783 (39.9%)")).to_be_in_viewport(ratio=1)
    assert window.shot("funnel").stat().st_size < MOST_BYTES
    assert (ROOT / "docs" / "funnel.png").stat().st_size < MOST_BYTES
    assert "](docs/funnel.png)" in readme
