"""The trend page: daily figures of the demo, and what to do without any."""

import pandas as pd
import pytest

from tests.pages.seen import texts


def test_figures_over_the_whole_period(opened):
    page = opened("trend", lang="en", d="demo")
    assert page.title[0].value == "How are our figures moving?"
    assert texts(page)[0].startswith(
        "Mar 1, 2026 to May 31, 2026 (92 days): “active_users” averages 190 a day, "
        "highest 403 on May 18, 2026."
    )
    assert page.multiselect[0].value == ["active_users", "new_users"]
    table = page.dataframe[0].value
    assert len(table) == 2 * 92


def test_four_weeks_compared_in_chinese(opened):
    page = opened(
        "trend",
        lang="zh_CN",
        d="demo-zh",
        dates="2026-05-04..2026-05-31",
        compare="1",
    )
    assert texts(page)[0].startswith(
        "2026年5月4日至2026年5月31日（共 28 天）：「活跃用户」日均 217，"
        "较上一期的 177 变化 +22.5%"
    )
    page.multiselect[0].set_value(["新增用户"]).run()
    assert "「活跃用户」" not in texts(page)[0]
    assert page.query_params["metrics"] == "新增用户"


@pytest.fixture
def channels(workspace):
    """A dashboard by day and channel, with a share that no sum gives."""
    date = pd.date_range("2026-03-01", periods=28, unit="us").repeat(2)
    daily = pd.DataFrame({"date": date, "group": ["抖音", "微信"] * 28})
    daily["转化率"] = 0.25
    daily["访问"] = [10, 30] * 28
    return workspace.save({"daily": daily}, name="channels")


def test_channels_are_summed_until_they_are_broken_down(opened, channels):
    page = opened("trend", lang="zh_CN", d=channels)
    assert page.multiselect[0].value == ["访问"]
    assert "「访问」日均 40" in texts(page)[0]
    assert any("「访问」已按「分组」加总" in text for text in texts(page))
    (by,) = [one for one in page.selectbox if one.label == "按什么拆分"]
    assert by.options == ["分组"]
    by.set_value("group").run()
    assert "「微信」的「访问」日均 30。「抖音」的「访问」日均 10。" in texts(page)[0]
    assert page.query_params["by"] == "group"
    assert page.dataframe[0].value["group"].unique().tolist() == ["微信", "抖音"]
    page.multiselect[0].set_value(["转化率"]).run()
    assert "「转化率」日均 0.25" in texts(page)[0]


def test_a_share_over_channels_is_refused_with_what_to_do(opened, channels):
    page = opened("trend", lang="en", d=channels, metrics="转化率")
    assert any("Break it down by “group”, or leave it out." in t for t in texts(page))
    page = opened("trend", lang="en", d=channels, metrics="转化率", by="group")
    assert "“转化率” of “抖音” averages 0.25 a day" in texts(page)[0]


def test_without_groups_there_is_nothing_to_break_down_by(opened):
    page = opened("trend", lang="en", d="demo")
    assert "Break down by" not in [one.label for one in page.selectbox]


def test_no_figure_chosen_is_said(opened):
    page = opened("trend", lang="en", d="demo", metrics="")
    assert texts(page) == ["Choose something under “Figures” first."]


def test_a_wrong_figure_in_a_link_is_named(opened):
    page = opened("trend", lang="en", d="demo", metrics="profit")
    assert any("metrics = “profit”, which is not possible" in t for t in texts(page))
    assert any("“active_users” averages 190 a day" in text for text in texts(page))


def test_events_alone_are_told_what_to_upload(opened, workspace):
    rows = {"user": ["a", "b"], "event": ["x", "x"], "time": ["2026-03-01"] * 2}
    id_ = workspace.save({"events": pd.DataFrame(rows)}, name="log")
    page = opened("trend", lang="en", d=id_)
    (said,) = texts(page)
    assert "one row per day, a column of dates (2026-03-01)" in said
    (said,) = texts(opened("trend", lang="zh_CN", d=id_))
    assert "每天一行，一列日期（如 2026-03-01）" in said
