"""The trend page: daily figures of the demo, and what to do without any."""

import pandas as pd


def texts(page):
    assert not page.exception
    return [text.value for text in page.text]


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
