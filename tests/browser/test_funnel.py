"""The funnel page as it is shown: its further views and options, from a link."""

import re

import pytest
from playwright.sync_api import expect

LINKS = {
    "zh-CN": "?lang=zh_CN&d=demo-zh&days=7&steps=浏览&steps=加购&steps=支付",
    "en-GB": "?lang=en&d=demo&days=7&steps=view&steps=cart&steps=pay",
}
GROUPS = {
    "zh-CN": "&by=渠道&baseline=微信&attribution=last_touch&order=strict",
    "en-GB": "&by=channel&baseline=Search&attribution=last_touch&order=strict",
}
VIEWS = ("steps", "over_time", "times")


@pytest.mark.parametrize(
    ("locale", "width"),
    [
        ("zh-CN", 1400),
        ("en-GB", 390),
        pytest.param("zh-CN", 390, marks=pytest.mark.slow),
        pytest.param("en-GB", 1400, marks=pytest.mark.slow),
    ],
)
def test_every_view_is_shown_from_its_link(visit, locale, width):
    window = visit("/", locale=locale, width=width)
    for view in VIEWS:
        window.go(f"/funnel{LINKS[locale]}&view={view}")
        expect(window.answer("funnel")).to_contain_text("%")
        expect(window.main.get_by_test_id("stVegaLiteChart")).to_be_visible()
        if view != "steps":
            heading = window.t(f"view.funnel.{view}_chart")
            expect(window.main.get_by_role("heading", level=3)).to_have_text(heading)
        window.unfold("frame.table")
        window.shot(f"funnel-{view}-{locale}-{width}", whole=True)


@pytest.mark.parametrize("locale", LINKS)
def test_groups_are_compared_from_a_link(visit, locale):
    window = visit(f"/funnel{LINKS[locale]}{GROUPS[locale]}", locale=locale)
    expect(window.answer("funnel")).to_contain_text("Holm")
    window.unfold("frame.more")
    expect(window.main.get_by_test_id("stVegaLiteChart")).to_be_visible()
    window.shot(f"funnel-options-{locale}")
    window.unfold("frame.table")
    window.shot(f"funnel-groups-{locale}", whole=True)
    expect(window.page).to_have_url(re.compile("order=strict"))
