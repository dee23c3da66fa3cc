"""The funnel page on the demo shop: its options, views and links."""

import pytest

import opslib as ops
from tests.pages.seen import texts

STEPS = ["view", "cart", "pay"]
DATES = ("2026-03-01", "2026-05-31")


def cells(page, *columns):
    """The rows of the tables that show these columns."""
    return [
        table.value for table in page.dataframe if {*columns} <= {*table.value.columns}
    ]


def lines(page):
    return next(one.value for one in page.code if one.language == "python")


def test_at_first_the_page_asks_for_steps_and_window_only(opened):
    page = opened("funnel", lang="en", d="demo", steps=STEPS)
    result = ops.funnel(ops.demo().events, steps=STEPS, dates=DATES)
    assert texts(page)[0] == result.describe()
    assert not page.subheader
    assert lines(page).splitlines()[2] == (
        'ops.funnel(d.events, steps=["view", "cart", "pay"], '
        'dates=["2026-03-01", "2026-05-31"])'
    )


def test_the_lines_of_python_say_every_option_of_the_link(opened):
    page = opened(
        "funnel",
        lang="en",
        d="demo",
        steps=STEPS,
        days="3",
        order="strict",
        exclude=["share"],
        exclude_effect="end_attempt",
        by="channel",
        attribution="last_touch",
        baseline="Search",
    )
    between = {"event": "share", "after": 0, "before": 2}
    result = ops.funnel(
        ops.demo().events,
        steps=STEPS,
        window="3D",
        order="strict",
        exclude=[between],
        exclude_effect="end_attempt",
        by="channel",
        attribution="last_touch",
        baseline="Search",
        dates=DATES,
    )
    limit, answer, *_ = texts(page)
    assert limit == "Without “share” between step 1 and step 3."
    assert answer == result.describe()
    found = {"ops": ops}
    exec(lines(page).replace("ops.funnel(", "answer = ops.funnel("), found)
    assert found["answer"].describe() == result.describe()
    (compared,) = cells(page, "group", "p_adjusted")
    assert compared["n"].tolist() == result.comparison["n"].tolist()


@pytest.mark.parametrize(
    ("view", "heading"),
    [
        ("over_time", "Conversion by the period of entry"),
        ("times", "Time from the first to the last step"),
    ],
)
def test_a_further_view_adds_up_to_the_steps(opened, view, heading):
    page = opened("funnel", lang="en", d="demo", steps=STEPS, view=view)
    assert [one.value for one in page.subheader] == [heading]
    assert page.query_params["view"] == view
    (table,) = cells(page, "step", "users")
    (shown,) = cells(page, "period" if view == "over_time" else "from_seconds", "users")
    of = 0 if view == "over_time" else 2
    assert shown["users"].sum() == table["users"].iloc[of]
    page.segmented_control(key="funnel.demo.view").set_value("steps").run()
    assert not page.subheader


def test_a_further_view_has_the_groups_too(opened):
    page = opened(
        "funnel",
        lang="en",
        d="demo",
        steps=STEPS,
        view="over_time",
        by="channel",
    )
    (table,) = cells(page, "group", "step", "users")
    (shown,) = cells(page, "group", "period", "users")
    entered = table[table["step"] == STEPS[0]].set_index("group")["users"]
    assert shown.groupby("group", sort=False)["users"].sum().equals(entered)


def test_in_chinese_every_option_has_its_words(opened):
    page = opened(
        "funnel",
        lang="zh_CN",
        d="demo-zh",
        steps=["浏览", "加购", "支付"],
        order="unordered",
        view="over_time",
    )
    assert texts(page)[0].startswith("做过「浏览」「加购」「支付」中任意一项的")
    assert [one.value for one in page.subheader] == ["按进入时间看转化率"]


def test_options_that_contradict_each_other_are_said_in_place(opened):
    page = opened(
        "funnel", lang="en", d="demo", steps=STEPS, order="unordered", exclude="share"
    )
    (said,) = texts(page)
    assert said.startswith("exclude has no meaning when steps come in any order;")
    assert page.query_params["order"] == "unordered"


@pytest.mark.parametrize(
    ("name", "got", "used"),
    [("view", "map", "steps"), ("order", "any", "ordered"), ("exclude", "no", "None")],
)
def test_a_bad_value_is_named(opened, name, got, used):
    page = opened("funnel", lang="en", d="demo", steps=STEPS, **{name: got})
    said = f"{name} = “{got}”, which is not possible here. Used instead: “{used}”."
    assert any(said in text for text in texts(page))
