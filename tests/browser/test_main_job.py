"""The main job on other people's files: from an upload to an answer that can be sent.

What was sent is opened on a server that has just started, by a browser that prefers the
other language and lives in another timezone: the link alone decides what is shown.
"""

import ast
import io
import re

import pandas as pd
import pytest
from playwright.sync_api import expect

from opslib.export import to_csv
from tests.browser.conftest import ROOT

AWAY = {"locale": "en-US", "timezone": "America/New_York"}


def evaluate(lines):
    """Run lines of Python as a notebook does; return what the last one gives."""
    tree = ast.parse(lines)
    last = ast.Expression(tree.body.pop().value)
    scope = {}
    exec(compile(tree, "lines", "exec"), scope)
    return eval(compile(last, "lines", "eval"), scope)


def test_a_funnel_of_my_own_file_is_the_same_from_its_link_and_in_python(
    visit, server, samples, monkeypatch
):
    """The counts are those of a plain pass over the file, user by user."""
    sender = visit("/data")
    sender.upload(samples / "events" / "taobao_815users_9days.csv.gz")
    sender.menu("funnel")
    steps = sender.main.get_by_test_id("stMultiSelect").filter(
        has_text=sender.t("funnel.steps")
    )
    steps.get_by_role("button", name="Clear all").click()
    for event in ("pv", "cart", "buy"):
        steps.get_by_role("combobox").fill(event)
        sender.page.get_by_role("option", name=event, exact=True).click()
    sender.page.keyboard.press("Escape")
    days = sender.main.get_by_role("spinbutton", name=sender.t("funnel.days"))
    days.fill("3")
    days.press("Enter")
    expect(sender.page).to_have_url(re.compile("&steps=pv&steps=cart&steps=buy&days=3"))
    expect(sender.answer("funnel")).to_contain_text("44.9%")
    for shown in ("813 (100%)", "596 (73.3%)", "365 (44.9%)"):
        expect(sender.main).to_contain_text(shown)
    sender.idle()
    sender.shot("funnel-uploaded")

    answer, everything = sender.answer("funnel").inner_text(), sender.main.inner_text()
    link = sender.copy_link()
    table = sender.csv(sender.unfold("frame.table"))
    python = sender.unfold("frame.python").get_by_test_id("stCode").inner_text()
    sender.close()
    server.restart()

    reader = visit(link, **AWAY)
    reader.in_frame("funnel", dataset="taobao_815users_9days", lang="zh-CN")
    expect(reader.main).to_have_text(everything, use_inner_text=True)
    assert reader.copy_link() == link
    assert reader.csv(reader.unfold("frame.table")) == table

    monkeypatch.setenv("OPSLIB_HOME", str(server.home))
    result = evaluate(python)
    assert result.table["users"].tolist() == [813, 596, 365]
    assert result.describe("zh_CN") == answer
    assert to_csv(result.table) == table


def test_personas_come_from_a_gbk_file_of_users(visit, samples):
    window = visit("/data").upload(samples / "users" / "jd_users_30k_gbk.csv.gz")
    window.menu("personas")
    expect(window.answer("personas")).to_contain_text("29,999")
    window.shot("personas-uploaded", whole=True)

    table = pd.read_csv(io.BytesIO(window.csv(window.unfold("frame.table"))))
    people = table.drop_duplicates("persona")
    assert len(people) > 1
    assert people["users"].sum() == 29_999
    assert people["share"].sum() == pytest.approx(1)
    for persona in people.itertuples():
        expect(window.main.get_by_text(persona.name).first).to_be_visible()
    expect(window.main).to_contain_text("26-35岁")


def test_an_experiment_gives_its_published_answers(visit, samples):
    window = visit("/data", locale="en-GB")
    window.upload(samples / "experiments" / "cookie_cats.csv.gz").menu("ab_test")
    answer = window.answer("ab_test")
    expect(answer).to_contain_text("“gate_40” has 18.2% against 19.0%")
    expect(answer).to_contain_text("p 0.0016")
    expect(answer).to_contain_text("“gate_40” is a loser")
    caution = window.main.locator("[class*='st-key-check-caution']")
    expect(caution).to_have_count(1)
    expect(caution).to_contain_text("p 0.0086")
    expect(window.main).to_contain_text("p 0.074")
    window.shot("experiment-uploaded", whole=True)

    fold = window.unfold("frame.table")
    table = pd.read_csv(io.BytesIO(window.csv(fold))).set_index("metric")
    assert table.loc["retention_7", ["kind", "verdict"]].tolist() == ["share", "loser"]
    week = table.loc["retention_7"]
    assert week["control"] == pytest.approx(0.1902, abs=5e-5)
    assert week["treatment"] == pytest.approx(0.1820, abs=5e-5)
    assert week["p_value"] == pytest.approx(0.00155, abs=5e-6)
    assert table.loc["retention_1", "p_value"] == pytest.approx(0.0744, abs=5e-5)


def test_three_pinned_answers_open_from_the_link_of_their_notebook(visit, server):
    sender = visit("/funnel")
    notes = {
        "funnel": "加购到支付流失最多 **先看这里**",
        "retention": "次周留存 <b>看第二周</b>",
        "ab_test": "实验结论 $x$",
    }
    answers = []
    for name, note in notes.items():
        sender.menu(name)
        answers.append(sender.answer(name).inner_text())
        sender.pin(note)
    sender.page.get_by_role("link", name=sender.t("frame.pin_open")).click()

    def opened(window):
        entries = window.main.locator("[class*='st-key-entry-']")
        expect(entries).to_have_count(3)
        for i, said in enumerate(zip(notes.values(), answers, strict=True)):
            for text in said:
                expect(entries.nth(i)).to_contain_text(text)
        window.idle()
        return window.main.inner_text()

    everything = opened(sender)
    sender.shot("notebook", whole=True)
    link = sender.page.url
    sender.close()
    server.restart()

    reader = visit(link, **AWAY)
    opened(reader)
    expect(reader.main).to_have_text(everything, use_inner_text=True)
    reader.in_frame("notebook", lang="zh-CN")


def test_a_file_that_cannot_be_read_is_named_in_one_sentence(visit):
    window = visit("/data", locale="en-GB")
    problems = window.main.locator("[class*='st-key-problem']")
    bad = {
        "empty.csv": b"",
        "**not** <b>a table.csv": bytes(range(256)) * 40,
        "broken.xlsx": b"PK\x03\x04 and then nothing that makes sense",
        "cut.csv.gz": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b",
    }
    for name, content in bad.items():
        window.give({"name": name, "mimeType": "text/csv", "buffer": content})
        expect(problems).to_contain_text(f"“{name}” was not added. ")
        expect(problems).to_have_count(1)
        window.idle()
        assert "\n" not in problems.inner_text().strip()
    window.shot("file-refused")
    window.upload(ROOT / "data" / "en" / "events.csv")
    expect(problems).to_have_count(0)
    window.menu("funnel")
    expect(window.answer("funnel")).to_contain_text("reached “pay”")
