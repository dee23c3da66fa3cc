"""The retention page on the demo and a real log: answer, charts, users, link."""

import json

import pytest

import opslib as ops
from tests.pages.seen import cells, texts

NEXT_WEEK = (
    "60.1% came back in the next week "
    "(95% interval 57.9% to 62.3%; 1,850 users of 13 cohorts)."
)


def test_the_answer_has_its_curve_its_cohorts_and_its_definition(opened):
    page = opened("retention", lang="en", d="demo")
    assert page.title[0].value == "Do users come back?"
    assert texts(page)[0].startswith(NEXT_WEEK)
    headings = [one.value for one in page.subheader]
    assert headings == [
        "All cohorts together",
        "From cohort to cohort",
        "Cohort by cohort",
    ]
    assert len(page.get("vega_lite_chart") or page.get("arrow_vega_lite_chart")) == 3
    (table,) = cells(page, "cohort", "retained")
    assert table.iloc[0][["users", "retained"]].tolist() == [188, 188]
    assert table["age"].max() == 13
    lines = next(one.value for one in page.code if one.language == "python")
    assert lines == (
        'import opslib as ops\nd = ops.open("demo")\n'
        'ops.retention(d.events, period="week", ages=14, '
        'dates=["2026-03-01", "2026-05-31"])'
    )
    result = ops.retention(
        ops.demo().events, period="week", ages=14, dates=["2026-03-01", "2026-05-31"]
    )
    assert texts(page)[0] == result.describe("en")
    config = json.loads(next(iter(page.dataframe)).proto.columns)
    assert config["mature"]["type_config"]["type"] == "checkbox"


def test_the_same_in_chinese_and_compared_with_the_period_before(opened):
    page = opened(
        "retention",
        lang="zh_CN",
        d="demo-zh",
        dates="2026-04-16..2026-05-31",
        compare="1",
    )
    said = texts(page)[0]
    assert said.startswith(
        "次周留存率为 51.0%（95% 置信区间 47.2% 至 54.8%，6 个同期群共 667 人）。"
    )
    assert "上一周期的次周留存率为 65.3%，本期变化 −14.3 个百分点" in said
    assert "有 1 个同期群不足 30 人，单格留存率仅供参考。" in texts(page)


def test_events_and_the_way_of_counting_change_the_answer(opened):
    page = opened("retention", lang="en", d="demo")
    start, back = page.multiselect[:2]
    assert start.label == "They begin with"
    assert start.placeholder == "Any event"
    back.set_value(["pay"]).run()
    pay = texts(page)[0]
    assert pay != NEXT_WEEK
    assert page.query_params["back"] == "pay"
    page.segmented_control(key="retention.demo.count").set_value("on_or_after").run()
    assert "in the next week or later" in texts(page)[0]
    assert any("Earlier cohorts have had more time" in text for text in texts(page))


def test_users_behind_a_cell_those_who_came_back_and_the_others(opened):
    page = opened("retention", lang="en", d="demo")
    page.session_state["retention.demo.users"] = True
    page.run()
    key = "retention.demo.users"
    page.selectbox(key=f"{key}.cohort").set_value("2026-03-02").run()
    page.selectbox(key=f"{key}.age").set_value(1).run()
    table = cells(page, "cohort", "retained")[0]
    row = table[(table["cohort"] == "2026-03-02") & (table["age"] == 1)].iloc[0]
    (came,) = cells(page, "user")
    assert len(came) == row["retained"]
    page.toggle(key=f"{key}.retained").set_value(False).run()
    (others,) = cells(page, "user")
    assert len(others) == row["users"] - row["retained"]
    assert not {*came["user"]} & {*others["user"]}
    page.selectbox(key=f"{key}.cohort").set_value(None).run()
    page.toggle(key=f"{key}.retained").set_value(True).run()
    assert f"{1112 / 1850:.1%}" in NEXT_WEEK
    assert "1,112 users" in texts(page)


def test_every_option_comes_back_from_a_link(opened):
    page = opened(
        "retention",
        lang="en",
        d="demo",
        period="week",
        week_start="sunday",
        start="register",
        back="pay",
        count="brackets",
        brackets="1-2, 3-5",
        cohort="first_matching",
        window="rolling",
        min_events="2",
        by="channel",
        amount="amount",
        where='["platform","in",["iOS"]]',
    )
    lines = next(one.value for one in page.code if one.language == "python")
    options = {
        "count": [[1, 2], [3, 5]],
        "cohort": "first_matching",
        "window": "rolling",
        "min_events": 2,
        "by": "channel",
        "amount": "amount",
        "week_start": "sunday",
        "where": [["platform", "in", ["iOS"]]],
    }
    assert all(f"{name}=" in lines for name in options)
    days = {"dates": ["2026-03-01", "2026-05-31"], "start": ["register"]}
    result = ops.retention(
        ops.demo().events, period="week", back=["pay"], **days, **options
    )
    limit, answer, *_ = texts(page)
    assert limit == "Only events whose “platform” is “iOS”."
    assert answer == result.describe("en")


def test_brackets_that_cannot_be_read_are_told(opened):
    page = opened("retention", lang="en", d="demo", count="brackets", brackets="soon")
    assert any("brackets such as [[1, 3], [4, 7]]" in text for text in texts(page))


def test_users_of_a_group_and_what_they_bring(opened):
    link = {"by": "channel", "amount": "amount", "start": "register"}
    page = opened("retention", lang="en", d="demo", **link)
    assert "What users bring" in [one.value for one in page.subheader]
    page.session_state["retention.demo.users"] = True
    page.run()
    key = "retention.demo.users"
    page.selectbox(key=f"{key}.group").set_value(0).run()
    page.selectbox(key=f"{key}.age").set_value(1).run()
    (came,) = cells(page, "user")
    table = cells(page, "cohort", "retained")[0]
    largest = table["group"].iloc[0]
    rows = table[(table["group"] == largest) & (table["age"] == 1) & table["mature"]]
    assert len(came) == rows["retained"].sum()


@pytest.mark.parametrize(
    ("name", "got", "used"),
    [("period", "year", "week"), ("ages", "0", "14"), ("start", "nope", "None")],
)
def test_a_bad_value_is_named(opened, name, got, used):
    page = opened("retention", lang="en", d="demo", **{name: got})
    said = f"{name} = “{got}”, which is not possible here. Used instead: “{used}”."
    assert any(said in text for text in texts(page))
    assert texts(page)[0].startswith(NEXT_WEEK) or NEXT_WEEK in "".join(texts(page))


def test_taobao_by_day_leaves_stray_times_out_of_the_curve(opened, workspace, samples):
    path = samples / "events" / "taobao_815users_9days.csv.gz"
    id_ = workspace.save(ops.open(path, timezone="Asia/Shanghai"), name="taobao")
    page = opened("retention", lang="zh_CN", d=id_)
    assert page.query_params["period"] == "day"
    assert texts(page)[0].startswith("次日留存率为")
    assert any(text.startswith("留存曲线略去") for text in texts(page))
