"""A filter that is built by hand counts, and a link brings it to another visitor."""

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import expect

BOXES = "[data-testid='stSelectbox'], [data-testid='stMultiSelect']"


def choose(window, code, option):
    """Choose an option in the box under a label."""
    heading = window.page.get_by_text(window.t(code), exact=True)
    box = window.main.locator(BOXES).filter(has=heading).get_by_role("combobox")
    box.fill(option)
    window.page.get_by_role("option", name=option, exact=True).click()
    window.page.keyboard.press("Tab")  # a list of several stays open
    window.idle()


def test_a_filter_is_built_on_a_phone_and_sent(visit):
    window = visit("/retention?lang=zh_CN&d=demo-zh", width=390)
    before = window.answer("retention").inner_text()
    window.unfold("where.title")
    window.main.get_by_role("button", name=window.t("where.add_property")).click()
    expect(window.main.get_by_text(window.t("frame.unfinished"))).to_be_visible()
    choose(window, "where.property", "渠道")
    choose(window, "where.values", "微信")
    window.main.get_by_role("button", name=window.t("where.add_did")).click()
    choose(window, "where.did", "支付")
    told = "只统计符合条件的行为：「渠道」是「微信」。\n"
    told += "只统计任何时间做过「支付」至少 1 次的用户。"
    said = window.main.locator(".st-key-limits-retention")
    expect(said).to_have_text(told, use_inner_text=True)
    window.shot("segment-phone", whole=True)
    after = window.answer("retention").inner_text()
    assert after != before
    where = parse_qs(urlsplit(window.page.url).query)["where"]
    assert where == ['["渠道","in",["微信"]]', '{"did":"支付"}']
    assert window.main.evaluate("main => main.scrollWidth - main.clientWidth") <= 0
    fresh = visit(window.page.url)
    expect(fresh.main.locator(".st-key-limits-retention")).to_be_in_viewport()
    assert fresh.answer("retention").inner_text() == after
    fresh.unfold("where.title")
    expect(fresh.main.get_by_test_id("stMultiSelect").first).to_contain_text("微信")
    fresh.shot("segment-fresh")
