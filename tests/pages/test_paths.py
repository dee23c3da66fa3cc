"""The paths page on the demo: answer, chart, whole paths, users, link."""

import pytest

import opslib as ops
from tests.pages.seen import cells, texts

ANSWER = (
    "The most frequent path, “visit” → “view” → session ended, is taken by 67.1% of "
    "17,599 sessions (95% interval 66.3% to 68.0%). Most leave after “view” at step 2: "
    "11,813 sessions, 72.2% of those that got there."
)


def test_the_answer_has_its_chart_its_flows_and_its_whole_paths(opened):
    page = opened("paths", lang="en", d="demo")
    assert page.title[0].value == "Which way do they go, and where do they leave?"
    assert texts(page)[0] == ANSWER
    assert "5 sessions may have gone on after the data end; they count as ended." in (
        texts(page)
    )
    assert len(page.get("vega_lite_chart") or page.get("arrow_vega_lite_chart")) == 1
    (flows,) = cells(page, "source", "target")
    assert (flows.groupby("position")["sessions"].sum() == 17_599).all()
    assert {"ended", "visit"} <= {*flows["target"]}
    assert "$drop_off" not in {*flows["source"], *flows["target"]}
    (common,) = cells(page, "path")
    assert list(common["path"].iloc[0]) == ["visit", "view"]
    lines = next(one.value for one in page.code if one.language == "python")
    assert lines == (
        'import opslib as ops\nd = ops.open("demo")\n'
        'ops.paths(d.events, dates=["2026-03-01", "2026-05-31"])'
    )
    result = ops.paths(ops.demo().events, dates=["2026-03-01", "2026-05-31"])
    assert result.describe() == ANSWER


def test_between_two_events_in_chinese_with_the_period_before(opened):
    page = opened(
        "paths",
        lang="zh_CN",
        d="demo-zh",
        dates="2026-04-16..2026-05-31",
        start="浏览",
        end="支付",
        compare="1",
    )
    said = texts(page)[0]
    assert said.startswith("9,320 次含「浏览」的会话中，12.7% 随后到达「支付」")
    assert "上一周期（2026年3月1日至2026年4月15日）为 13.0%" in said
    assert "最常见的路径是「浏览」→「加购」→「支付」" in said
    page.multiselect(key="paths.demo-zh.start").set_value([]).run()
    assert "会话开始→「访问」→「浏览」→「加购」→「支付」" in texts(page)[0]
    assert page.query_params["start"] == ""


def test_users_behind_a_flow(opened):
    page = opened("paths", lang="en", d="demo")
    page.session_state["paths.demo.users"] = True
    page.run()
    page.selectbox(key="paths.demo.users.position").set_value(2).run()
    event = page.selectbox(key="paths.demo.users.event")
    assert "ended" in event.options
    event.set_value("share").run()
    page.selectbox(key="paths.demo.users.source").set_value("view").run()
    (flows,) = cells(page, "source", "target")
    row = flows[(flows["position"] == 2) & (flows["source"] == "view")]
    row = row[row["target"] == "share"].iloc[0]
    (found,) = cells(page, "user")
    assert len(found) == row["users"]
    assert f"{row['users']:,} users" in texts(page)


@pytest.mark.parametrize(
    ("name", "got", "used"),
    [
        ("depth", "11", "5"),
        ("top", "0", "8"),
        ("minutes", "x", "30"),
        ("end", "no", "None"),
    ],
)
def test_a_bad_value_is_named(opened, name, got, used):
    page = opened("paths", lang="en", d="demo", **{name: got})
    said = f"{name} = “{got}”, which is not possible here. Used instead: “{used}”."
    assert any(said in text for text in texts(page))
    assert ANSWER in texts(page)


def test_what_cannot_be_is_said_in_place(opened):
    page = opened("paths", lang="en", d="demo", start="pay", end="register")
    assert any("goes on from “pay” to “register”" in text for text in texts(page))
