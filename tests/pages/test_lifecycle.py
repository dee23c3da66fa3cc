"""The life cycle page on the demo: answer, chart, users, table, link."""

import pytest

import opslib as ops
from tests.pages.seen import cells, texts


def test_the_answer_has_its_chart_its_table_and_its_lines_of_python(opened):
    page = opened("lifecycle", lang="en", d="demo")
    assert page.title[0].value == "Are we growing or leaking?"
    result = ops.lifecycle(ops.demo().events, dates=["2026-03-01", "2026-05-31"])
    assert texts(page)[0] == result.describe("en")
    assert texts(page)[0].startswith(
        "742 users were active in the week that began on May 25, 2026, the last whole "
        "week: 114 new, 556 retained, 72 resurrected."
    )
    assert len(page.get("vega_lite_chart") or page.get("arrow_vega_lite_chart")) == 1
    (table,) = cells(page, "period", "state", "users")
    assert len(table) == 14 * 6
    assert {"New", "Lost", "Dormant"} <= {*table["state"]}
    lines = next(one.value for one in page.code if one.language == "python")
    assert lines == (
        'import opslib as ops\nd = ops.open("demo")\n'
        'ops.lifecycle(d.events, dates=["2026-03-01", "2026-05-31"])'
    )
    assert any("History starts here" in text for text in texts(page))


def test_the_same_in_chinese_and_compared_with_the_periods_before(opened):
    page = opened(
        "lifecycle",
        lang="zh_CN",
        d="demo-zh",
        dates="2026-04-20..2026-05-31",
        compare="1",
    )
    said = texts(page)[0]
    assert said.startswith("2026年5月25日起的一周（最近一个完整周）有")
    assert "每周平均" in said
    assert "上一周期为" in said


def test_options_change_the_answer_and_stand_in_the_link(opened):
    page = opened("lifecycle", lang="en", d="demo")
    before = texts(page)[0]
    page.multiselect[0].set_value(["pay"]).run()
    assert texts(page)[0] != before
    assert page.query_params["event"] == "pay"
    page.segmented_control(key="lifecycle.demo.period").set_value("month").run()
    assert "the last whole month" in texts(page)[0]
    page.segmented_control(key="lifecycle.demo.week_start").set_value("sunday").run()
    assert page.query_params["week_start"] == "sunday"


@pytest.mark.parametrize(
    ("lang", "left_out"), [("en", "are left out"), ("zh_CN", "未计入")]
)
def test_users_may_begin_with_an_event(opened, lang, left_out):
    page = opened("lifecycle", lang=lang, d="demo", birth="pay")
    assert page.multiselect[1].value == ["pay"]
    dates = ["2026-03-01", "2026-05-31"]
    result = ops.lifecycle(ops.demo().events, birth=["pay"], dates=dates)
    assert texts(page)[0] == result.describe(lang)
    assert any(left_out in text for text in texts(page))
    assert result.warnings[-1].text(lang) in texts(page)


@pytest.mark.parametrize(("lang", "lost"), [("en", "Lost"), ("zh_CN", "流出")])
def test_every_number_can_become_a_list_of_users(opened, lang, lost):
    page = opened("lifecycle", lang=lang, d="demo")
    page.session_state["lifecycle.demo.users"] = True
    page.run()
    key = "lifecycle.demo.users"
    page.selectbox(key=f"{key}.period").set_value("2026-05-25").run()
    assert lost in page.selectbox(key=f"{key}.state").options
    page.selectbox(key=f"{key}.state").set_value("lost").run()
    table = cells(page, "period", "state", "users")[0]
    day = table["period"].astype(str).str.startswith("2026-05-25")
    row = table[day & (table["state"] == lost)].iloc[0]
    (gone,) = cells(page, "user")
    assert len(gone) == row["users"] == 522


def test_a_bad_value_is_named(opened):
    page = opened("lifecycle", lang="en", d="demo", churn_after="0")
    said = "churn_after = “0”, which is not possible here. Used instead: “4”."
    assert any(said in text for text in texts(page))
