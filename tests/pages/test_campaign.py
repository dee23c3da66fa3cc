"""The campaign page: units followed, daily figures, and what to do without."""

import numpy as np
import pandas as pd
import pytest

import opslib as ops
from tests.pages.seen import cells, texts


@pytest.fixture
def shops(workspace):
    """Shops followed for eight weeks, of which half had a campaign."""
    random = np.random.default_rng(0)
    dates = pd.date_range("2026-03-02", periods=56, unit="us")
    had = np.arange(24) > 11
    value = random.normal(100, 15, 24)[:, None] + random.normal(0, 4, (24, 56))
    value += 6 * np.outer(had, dates >= "2026-04-06")
    frame = pd.DataFrame(
        {
            "shop": np.repeat([f"S{i}" for i in range(24)], 56),
            "group": np.repeat(np.where(had, "活动", "对照组"), 56),
            "day": np.tile(dates, 24),
            "sales": value.ravel().round(1),
        }
    )
    table = ops.experiment(frame, unit="shop", variant="group", time="day")
    return workspace.save({"experiment": table}, name="shops")


@pytest.fixture
def cities(workspace):
    """Daily orders of two cities."""
    random = np.random.default_rng(1)
    date = pd.date_range("2026-03-01", periods=70, unit="us").repeat(2)
    wave = 100 + 10 * np.sin(np.arange(70) / 9).repeat(2)
    orders = wave + random.normal(0, 4, 140)
    orders += np.where((date >= "2026-04-20") & (np.arange(140) % 2 == 0), 15, 0)
    daily = pd.DataFrame({"date": date, "group": ["上海", "北京"] * 70})
    return workspace.save({"daily": daily.assign(orders=orders.round())}, name="cities")


CAMPAIGN = "2026-04-06..2026-04-26"


def test_the_demos_festival_is_judged_by_its_own_past(opened):
    page = opened("campaign", lang="en", d="demo")
    assert page.title[0].value == "Did the campaign work?"
    assert texts(page)[0].startswith(
        "From May 18, 2026 to May 20, 2026 “active_users” averaged 386 a day, against "
    )
    assert "Assumption, not proof" in texts(page)[0]
    assert page.query_params["when"] == "2026-05-18..2026-05-20"
    assert any("11 days after May 20, 2026 are left out." in t for t in texts(page))
    assert [one.value for one in page.subheader] == [
        "Measured and to be expected",
        "Difference in total",
    ]
    assert any(
        'ops.interrupted(d.daily, metric="active_users"' in code.value
        for code in page.code
    )


def test_shops_are_compared_in_chinese(opened, shops):
    page = opened("campaign", lang="zh_CN", d=shops, when=CAMPAIGN)
    assert texts(page)[0].startswith(
        "自2026年4月6日起，参加活动的一组（「活动」，12 个单位）每个单位的「sales」日均"
    )
    assert "这是假设，不是证明" in texts(page)[0]
    assert page.multiselect[0].value == ["活动"]
    (checks,) = cells(page, "check", "p_value")
    assert checks["check"].tolist() == ["活动前斜率", "安慰剂检验"]
    (trend,) = cells(page, "group", "units")
    assert set(trend["group"]) == {"参加活动", "对照组"}
    page.multiselect[0].set_value(["对照组"]).run()
    assert "（「对照组」，12 个单位）每个单位" in texts(page)[0]


def test_nothing_is_answered_before_the_days_are_chosen(opened, shops):
    page = opened("campaign", lang="en", d=shops)
    assert texts(page) == ["Choose something under “Days of the campaign” first."]
    page.date_input[0].set_value(
        (pd.Timestamp("2026-04-06").date(), pd.Timestamp("2026-04-26").date())
    ).run()
    assert texts(page)[0].startswith("From Apr 6, 2026 on, “sales” went from ")
    assert page.query_params["when"] == CAMPAIGN


def test_the_units_behind_it_can_be_listed(opened, shops):
    page = opened("campaign", lang="en", d=shops, when=CAMPAIGN)
    key = f"campaign.{shops}.users"
    page.session_state[key] = True
    page.run()
    (listed,) = cells(page, "user")
    assert listed["user"].tolist() == [f"S{i}" for i in sorted(range(12, 24), key=str)]
    page.toggle(key=f"{key}.treated").set_value(False).run()
    (listed,) = cells(page, "user")
    assert set(listed["user"]) == {f"S{i}" for i in range(12)}


def test_a_city_is_compared_with_another(opened, cities):
    when = "2026-04-20..2026-05-09"
    page = opened(
        "campaign", lang="en", d=cities, when=when, by="group", control="北京"
    )
    assert "kept its course beside “北京”" in texts(page)[0]
    assert page.query_params["control"] == "北京"
    assert any('control="北京"' in code.value for code in page.code)


def test_dates_that_leave_too_little_are_refused_in_place(opened, cities):
    page = opened("campaign", lang="en", d=cities, when="2026-03-05..2026-05-09")
    assert any("at least 14 and 3 are needed" in text for text in texts(page))


def test_the_days_to_compare_with_can_begin_later(opened, cities):
    when = "2026-04-20..2026-05-09"
    page = opened("campaign", lang="en", d=cities, when=when, since="2026-03-21")
    assert "from the 30 days before" in texts(page)[0]


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", "one row per unit (a shop, a city, a user) and day"),
        ("zh_CN", "每天一行"),
    ],
)
def test_an_experiment_without_days_says_what_it_takes(opened, lang, words):
    page = opened("campaign", lang=lang, d="demo", way="groups")
    assert any(words in text for text in texts(page))
    assert not page.dataframe


def test_without_any_table_it_says_what_to_add(opened, workspace):
    users = pd.DataFrame({"user": ["1", "2"], "city": ["a", "b"]})
    page = opened("campaign", lang="en", d=workspace.save({"users": users}, name="u"))
    assert texts(page)[0].startswith("This question needs figures from before")
