"""A file as people have it: GBK, lines above the table, rows that do not fit.

What is wrong with it is seen, the guess of the user's column is put right, and a funnel
has the numbers that the file was made with: 60 users look, 36 of them put something in
the cart, 18 of these pay.
"""

import re

from playwright.sync_api import expect

from opslib.workspace import Workspace

STEPS = {"浏览": 60, "加购": 36, "支付": 18}
LONG, SHORT = "M0099,u099,浏览,2026/3/5 10:00,抖音,1.00,多,余", "M0098"


def messy():
    """Write the file: three lines, a header, 114 rows, and two that do not fit."""
    rows = [
        f"M{(7 * i + 3 * j) % 50:04},u{i:03},{step},2026/3/{i % 9 + 1} {10 + j}:{i:02},"
        f"{('抖音', '微信')[i % 2]},{i % 7}.50"
        for i in range(60)
        for j, (step, users) in enumerate(STEPS.items())
        if i < users
    ]
    rows.insert(20, LONG)
    rows.insert(40, SHORT)
    above = ["某某商城 用户行为导出", "导出人：运营部", "导出时间：2026-03-31 18:00"]
    header = "用户ID,会员编号,行为,时间,渠道,金额"
    return "\r\n".join([*above, header, *rows]).encode("gbk")


def test_a_messy_file_becomes_a_funnel_with_its_own_numbers(visit, server):
    window = visit("/data")
    window.give({"name": "导出.csv", "mimeType": "text/csv", "buffer": messy()})
    understood = window.main.locator(".st-key-answer-understood")
    expect(understood).to_contain_text("共读取 114 行、6 列")
    expect(understood).to_contain_text("2 行")

    user = window.main.get_by_role("combobox", name="谁：用户（必选）")
    expect(user).to_have_value("用户ID")
    user.fill("会员编号")
    user.press("Enter")
    window.idle()
    expect(window.main.locator(".st-key-figures-upload")).to_contain_text("60")

    aside = window.page.get_by_text("5 行未计入表中，已单独列出")
    fold = window.main.get_by_test_id("stExpander").filter(has=aside)
    fold.locator("summary").click()
    window.idle()
    table = window.csv(fold).decode("utf-8-sig").splitlines()
    assert [line.split(",")[:2] for line in table[1:]] == [
        *(["1", "在表头之前"], ["2", "在表头之前"], ["3", "在表头之前"]),
        *(["25", "单元格太多"], ["45", "单元格太少"]),
    ]
    assert LONG in "".join(table)
    assert table[-1].endswith(SHORT)

    for width in (390, 1400):
        window.page.set_viewport_size({"width": width, "height": 2000})
        window.idle()
        window.shot(f"messy-understood-{width}")

    window.main.get_by_role("button", name=window.t("data.save")).click()
    expect(window.main.locator(".st-key-answer-saved")).to_be_visible()
    window.idle()
    window.shot("messy-saved")
    (kept,) = [one for one in Workspace(server.home).list() if one.name == "导出"]
    assert (kept.rows, kept.users) == (114, 60)

    window.menu("funnel")
    steps = window.main.get_by_test_id("stMultiSelect").filter(
        has_text=window.t("funnel.steps")
    )
    steps.get_by_role("button", name="Clear all").click()
    for event in STEPS:
        steps.get_by_role("combobox").fill(event)
        window.page.get_by_role("option", name=event, exact=True).click()
    window.page.keyboard.press("Escape")
    expect(window.page).to_have_url(re.compile("(&steps=[^&]+){3}"))
    expect(window.answer("funnel")).to_contain_text("60 名用户中，30.0%")
    for shown in ("60 (100%)", "36 (60.0%)", "18 (30.0%)"):
        expect(window.main).to_contain_text(shown)
    window.shot("messy-funnel")
