"""The app is served as `make app` serves it, and asks nobody else for anything."""

import pytest
from playwright.sync_api import expect


@pytest.mark.parametrize(("locale", "lang"), [("zh-CN", "zh-CN"), ("en-GB", "en")])
def test_the_first_page_opens_in_the_language_of_the_browser(visit, locale, lang):
    window = visit("/", locale=locale)
    expect(window.page.get_by_role("heading", level=1).first).to_be_visible()
    assert window.page.locator("html").get_attribute("lang") == lang
    window.shot(f"home-{lang}")


def test_chinese_letters_are_drawn(visit):
    """Different letters look different: there is a font for them."""
    draw = """letter => {
        const canvas = document.createElement("canvas");
        const pen = canvas.getContext("2d");
        pen.font = "40px sans-serif";
        pen.fillText(letter, 10, 50);
        return canvas.toDataURL();
    }"""
    page = visit("/").page
    assert len({page.evaluate(draw, letter) for letter in "微信\U0010fffe"}) == 3


def test_the_page_says_its_language_as_soon_as_it_is_changed(visit):
    window = visit("/", locale="zh-CN")
    for lang, name in (("en", "English"), ("zh-CN", "简体中文")):
        side = window.page.get_by_test_id("stSidebar")
        side.get_by_text(name, exact=True).click()
        expect(window.page.locator("html")).to_have_attribute("lang", lang)
        expect(window.main.get_by_role("heading", level=1)).to_have_text(
            window.t("home.title")
        )
