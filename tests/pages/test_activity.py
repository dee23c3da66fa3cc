"""The activity page on the demo: answer, charts, tables, users, link."""

import opslib as ops
from tests.pages.seen import cells, texts


def test_the_answer_has_its_charts_and_tables_and_its_lines_of_python(opened):
    page = opened("activity", lang="en", d="demo")
    assert page.title[0].value == "How active are users, and when?"
    days = ["2026-03-01", "2026-05-31"]
    result = ops.activity(ops.demo().events, dates=days)
    assert texts(page)[0] == result.describe("en")
    assert "Most users are active on Saturday 21:00–22:00" in texts(page)[0]
    headings = [one.value for one in page.subheader]
    assert headings == [
        "Active users",
        "How often they come (stickiness)",
        "When they are active",
    ]
    # Active users and their share of 30 days stand one above the other.
    assert len(page.get("vega_lite_chart") or page.get("arrow_vega_lite_chart")) == 4
    (table,) = cells(page, "active", "dau_mau")
    assert len(table) == 92
    (hours,) = cells(page, "weekday", "users_per_hour")
    assert len(hours) == 168
    assert hours["weekday"].iloc[0] == "Monday"
    assert cells(page, "users_at_least")
    assert cells(page, "events_from")
    lines = next(one.value for one in page.code if one.language == "python")
    assert lines == (
        'import opslib as ops\nd = ops.open("demo")\n'
        'ops.activity(d.events, dates=["2026-03-01", "2026-05-31"])'
    )


def test_the_same_in_chinese_by_week_compared_with_the_weeks_before(opened):
    page = opened(
        "activity",
        lang="zh_CN",
        d="demo-zh",
        dates="2026-05-04..2026-05-31",
        period="week",
        compare="1",
        week_start="monday",
    )
    said = texts(page)[0]
    assert said.startswith("每周平均")
    assert "共 4 周" in said
    assert "上一周期为" in said
    assert "最活跃的时段是周" in said
    (hours,) = cells(page, "weekday", "users_per_hour")
    assert hours["weekday"].iloc[0] == "周一"


def test_every_number_can_become_a_list_of_users(opened):
    page = opened("activity", lang="en", d="demo")
    page.session_state["activity.demo.users"] = True
    page.run()
    (sticky,) = cells(page, "users_at_least")
    assert f"{sticky['users_at_least'].iloc[0]:,} users" in texts(page)
    page.number_input(key="activity.demo.users.at_least").set_value(20).run()
    assert f"{sticky['users_at_least'].iloc[19]:,} users" in texts(page)
    page.number_input(key="activity.demo.users.at_least").set_value(1).run()
    page.selectbox(key="activity.demo.users.period").set_value("2026-05-18").run()
    (table,) = cells(page, "active", "dau_mau")
    row = table[table["period"].astype(str).str.startswith("2026-05-18")].iloc[0]
    assert len(cells(page, "user")[0]) == row["active"]
    page.toggle(key="activity.demo.users.new").set_value(True).run()
    assert len(cells(page, "user")[0]) == row["new"]


def test_days_without_hours_are_told(opened, workspace, tmp_path):
    file = tmp_path / "days.csv"
    file.write_text("user,event,time\na,x,2026-03-02\nb,x,2026-03-03\n")
    id_ = workspace.save(ops.open(file, kind="events"), name="days")
    page = opened("activity", lang="zh_CN", d=id_)
    assert "无法判断最佳时段" in texts(page)[0]
