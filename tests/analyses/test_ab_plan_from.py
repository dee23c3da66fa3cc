"""Plans from what users did: baseline, spread, correlation and traffic are theirs."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import skew

import opslib as ops
from opslib.analyses.user_features import user_features
from opslib.cells import code, run
from opslib.dataset import Dataset
from opslib.result import Error


def plan(table, **options):
    return ops.ab_plan_from(table, **{"metric": "paid", "mde": 0.1} | options)


def codes(result):
    return [note.code for note in result.warnings]


@pytest.fixture(scope="module")
def visitors():
    """A month of users, 100 a day, with what they paid before and now."""
    random = np.random.default_rng(0)
    n = 2_800
    before = random.gamma(2, 10, n)
    paid = before + random.gamma(2, 5, n)
    return pd.DataFrame(
        {
            "user": [f"u{i}" for i in range(n)],
            "came": np.repeat(pd.date_range("2026-03-01", periods=28), 100),
            "before": before,
            "paid": paid,
            "orders": random.poisson(2, n) + 1,
            "bought": (random.random(n) < 0.2) * 1,
        }
    )


def test_a_mean_is_planned_with_its_own_deviation(visitors):
    found = plan(visitors)
    row = found.history.iloc[0]
    assert row["units"] == 2_800
    assert row["baseline"] == pytest.approx(visitors["paid"].mean())
    assert row["sd"] == pytest.approx(visitors["paid"].std())
    assert row["skew"] == pytest.approx(skew(visitors["paid"]))
    assert row["zeros"] == 0
    half = 1.96 * visitors["paid"].sem()
    assert row["high"] - row["baseline"] == pytest.approx(half, rel=1e-3)
    typed = ops.ab_plan(
        baseline=visitors["paid"].mean(),
        sd=visitors["paid"].std(),
        mde=0.1,
        relative=True,
    )
    pd.testing.assert_frame_equal(found.table, typed.table)
    assert found.kind == "mean"


def test_yes_and_no_are_a_share(visitors):
    for column in (visitors["bought"], visitors["bought"] == 1):
        found = plan(visitors.assign(bought=column), metric="bought")
        rate = visitors["bought"].mean()
        typed = ops.ab_plan(baseline=rate, mde=0.1, relative=True)
        pd.testing.assert_frame_equal(found.table, typed.table)
        assert found.kind == "share"
        assert found.history["zeros"][0] == pytest.approx(1 - rate)
        assert found.history["low"][0] < rate < found.history["high"][0]


def test_a_ratio_is_planned_with_the_deviation_of_the_delta_method(visitors):
    found = plan(visitors, denominator="orders")
    rate = visitors["paid"].sum() / visitors["orders"].sum()
    beyond = visitors["paid"] - rate * visitors["orders"]
    sd = beyond.std() / visitors["orders"].mean()
    typed = ops.ab_plan(baseline=rate, sd=sd, mde=0.1, relative=True)
    pd.testing.assert_frame_equal(found.table, typed.table)
    assert found.history["sd"][0] == pytest.approx(sd)
    assert found.history["skew"][0] == pytest.approx(skew(beyond))
    assert found.kind == "ratio"
    assert found.history["metric"][0] == "paid / orders"


def test_what_was_before_saves_units_by_its_correlation(visitors):
    found = plan(visitors, before="before")
    rho = np.corrcoef(visitors["paid"], visitors["before"])[0, 1]
    assert found.history["correlation"][0] == pytest.approx(rho)
    saved = 1 - found.table["n_total"][0] / plan(visitors).table["n_total"][0]
    assert saved == pytest.approx(rho**2, abs=0.01)
    assert "ab.plan.cuped" in codes(found)


def test_units_without_a_before_take_the_mean_and_are_told(visitors):
    column = visitors["before"].mask(visitors.index < 1_400)
    found = plan(visitors.assign(before=column), before="before")
    filled = np.corrcoef(visitors["paid"], column.fillna(column.mean()))[0, 1]
    assert found.history["correlation"][0] == pytest.approx(filled)
    assert "1,400 units have no value of “before”" in found.warnings[0].text()


def test_what_goes_along_completely_is_not_counted_on(visitors):
    found = plan(visitors.assign(same=visitors["paid"] * 2), before="same")
    assert found.history["correlation"][0] == pytest.approx(1)
    assert found.correlation == 0.99


def test_traffic_is_read_from_the_day_of_arrival(visitors):
    found = plan(visitors, arrived="came")
    row = found.history.iloc[0]
    assert row["daily_traffic"] == 100
    assert row["first"] == pd.Timestamp("2026-03-01")
    assert row["last"] == pd.Timestamp("2026-03-28")
    needed = found.table["n_total"][0]
    assert found.table["days"][0] == max(14, 7 * math.ceil(needed / 700))
    same = plan(visitors.rename(columns={"came": "time"}))
    pd.testing.assert_frame_equal(same.history, found.history)
    text = visitors.assign(date=visitors["came"].astype("str")).drop(columns="came")
    pd.testing.assert_frame_equal(plan(text).history, found.history)
    assert math.isnan(plan(visitors).history["daily_traffic"][0])
    typed = plan(visitors, arrived="came", daily_traffic=50)
    assert typed.table["days"][0] >= 1.9 * found.table["days"][0] - 7


def test_by_the_clock_the_first_and_the_last_day_are_not_whole(visitors):
    clock = visitors.assign(time=visitors["came"] + pd.Timedelta(hours=13))
    clock = pd.concat([clock.iloc[60:], clock.iloc[:1].assign(user="late")])
    found = plan(clock).history.iloc[0]
    assert found["daily_traffic"] == 100
    assert found["first"] == pd.Timestamp("2026-03-02")
    assert found["last"] == pd.Timestamp("2026-03-27")


def test_a_time_that_is_a_number_is_a_metric(visitors):
    found = plan(visitors.assign(time=visitors["paid"]), metric="time")
    pd.testing.assert_frame_equal(found.table, plan(visitors).table)


def test_less_than_a_week_tells_no_traffic(visitors):
    found = plan(visitors[:600], arrived="came")
    assert math.isnan(found.history["daily_traffic"][0])
    assert math.isnan(found.table["days"][0])
    assert found.warnings[0].text() == (
        "“came” covers 6 whole days; the traffic per day can only be read from a week "
        "or more."
    )
    assert plan(visitors[:700], arrived="came").history["daily_traffic"][0] == 100
    with pytest.raises(Error, match="days needs daily_traffic"):
        plan(visitors[:600], arrived="came", mde=None, days=14)


def test_less_than_a_unit_a_day_tells_no_length(visitors):
    found = plan(visitors[::104], arrived="came")
    assert math.isnan(found.table["days"][0])
    assert "27 units came on 28 whole days" in found.warnings[0].text()
    assert plan(visitors[::100], arrived="came").history["daily_traffic"][0] == 1


def test_units_without_a_day_are_not_traffic(visitors):
    some = visitors.assign(time=visitors["came"].where(visitors.index % 2 == 0))
    found = plan(some)
    assert found.history["daily_traffic"][0] == 50
    assert found.history["units"][0] == 2_800
    assert found.warnings[0].values["n"] == 1_400


def test_the_time_there_is_can_be_planned_from_the_past(visitors):
    found = plan(visitors, arrived="came", mde=None, days=14)
    assert found.table["n_total"][0] == 1_400
    assert "In 14 days 1,400 units come" in found.describe()
    assert found.describe().endswith("and 100 come per day.")
    assert found.describe("zh_CN").endswith("每天新进入 100 个。")


def test_rows_of_a_day_each_are_added_up():
    random = np.random.default_rng(1)
    rows = pd.DataFrame(
        {
            "user": random.integers(0, 500, 6_000),
            "date": pd.Timestamp("2026-03-01")
            + pd.to_timedelta(random.integers(0, 21, 6_000), "D"),
            "paid": random.gamma(1, 9, 6_000),
            "bought": random.integers(0, 2, 6_000),
            "before": 0.0,
        }
    )
    rows["before"] = rows["user"] % 7 * 1.0
    found = plan(rows, before="before")
    sums = rows.groupby("user")["paid"].sum()
    row = found.history.iloc[0]
    assert row["units"] == sums.size
    assert row["baseline"] == pytest.approx(sums.mean())
    assert row["sd"] == pytest.approx(sums.std())
    before = sums.index.to_numpy() % 7
    assert row["correlation"] == pytest.approx(np.corrcoef(sums, before)[0, 1])
    assert row["daily_traffic"] == pytest.approx(sums.size / 21)
    told = {note.code: note for note in found.warnings}
    assert told["ab.several_rows"].values["n"] == sums.size
    came = rows.groupby("user")["date"].min()
    on_first = (came == pd.Timestamp("2026-03-01")).mean()
    assert told["ab.plan.returning"].values["share"] == pytest.approx(on_first)
    yes = plan(rows, metric="bought", mde=-0.1)
    assert yes.kind == "share"
    ever = rows.groupby("user")["bought"].max().mean()
    assert yes.history["baseline"][0] == pytest.approx(ever)


def test_rows_that_repeat_another_and_those_without_an_id_are_left_out(visitors):
    more = pd.concat([visitors, visitors[:5], visitors[:3].assign(user=None)])
    found = plan(more)
    assert codes(found)[:2] == ["ab.plan.blank", "ab.left_out.duplicates"]
    assert [note.values["n"] for note in found.warnings[:2]] == [3, 5]
    pd.testing.assert_frame_equal(found.table, plan(visitors).table)


def test_units_without_a_value_are_left_out_and_told(visitors):
    some = visitors.assign(paid=visitors["paid"].where(visitors.index > 99))
    found = plan(some)
    assert found.history["units"][0] == 2_700
    assert "100 units without a value of “paid” are left out" in (
        found.warnings[0].text()
    )


def test_without_an_id_every_row_is_a_unit(visitors):
    found = plan(visitors.drop(columns="user"))
    pd.testing.assert_frame_equal(found.table, plan(visitors).table)
    assert codes(found)[0] == "ab.plan.no_unit"


def test_an_earlier_experiment_counts_all_variants_or_the_one_named(visitors):
    past = visitors.rename(columns={"user": "unit"})
    past["variant"] = np.where(past.index % 4 == 0, "new", "old")
    past["paid"] += 100 * (past["variant"] == "new")
    both, old = plan(past), plan(past, variant="old", arrived="came")
    assert both.history["units"][0] == 2_800
    assert "The units of all 2 variants are taken together" in both.warnings[0].text()
    assert "已合并全部 2 个组的样本" in both.warnings[0].text("zh_CN")
    assert old.history["units"][0] == 2_100
    kept = past.loc[past["variant"] == "old", "paid"]
    assert old.history["baseline"][0] == pytest.approx(kept.mean())
    # All of them came, whatever they were shown.
    assert old.history["daily_traffic"][0] == 100
    assert "ab.plan.all_variants" not in codes(old)
    with pytest.raises(Error, match="variant cannot be “C”"):
        plan(past, variant="C")


def test_very_uneven_values_are_told():
    """355 times the square of the skewness (Kohavi and others, 2014)."""
    paid = [0.0] * 990 + [100.0] * 9 + [1000.0]
    found = plan(pd.DataFrame({"paid": paid}), mde=1.0)
    (note,) = [one for one in found.warnings if one.code == "ab.plan.skew"]
    assert note.values["n"] == math.ceil(355 * skew(paid) ** 2)
    even = plan(pd.DataFrame({"paid": np.arange(1000.0)}), mde=0.05)
    assert "ab.plan.skew" not in codes(even)


def test_the_past_is_told_with_its_interval(visitors):
    found = plan(visitors, metric="bought")
    english = (
        "In 2,800 units of the past “bought” is 20.6% (95% interval 19.1% to 22.1%)."
    )
    chinese = "2,800 个样本的「bought」为 20.6%（95% 置信区间 19.1% 至 22.1%）。"
    assert found.describe().endswith(english)
    assert found.describe("zh_CN").endswith(chinese)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"metric": "payed"}, "metric names the column “payed”, which the table does"),
        ({"metric": "user"}, "metric names the column “user”"),
        ({"before": "paid"}, "before names the column “paid”"),
        ({"denominator": "paid"}, "denominator names the column “paid”"),
        ({"arrived": "paying"}, "arrived names the column “paying”"),
        ({"before": "before", "denominator": "orders"}, "before cannot be given toget"),
        ({"variant": "A"}, "variant cannot be “A”"),
        ({"metric": "city"}, "The metric “city” must hold numbers or yes/no; row 1"),
        ({"metric": "empty"}, "“empty” has no value, so nothing can be planned"),
        ({"metric": "one"}, "“one” is 1 for every unit"),
        ({"denominator": "zero"}, "what stands below has a mean of 0"),
        ({"before": "zero"}, "“zero” is the same for all units"),
        ({"mde": None}, "Give either mde"),
        ({"mde": 0.1, "days": 14}, "Give either mde"),
        ({"mde": None, "days": 14}, "days needs daily_traffic"),
        ({"looks": 99}, "looks must lie between 1 and 50"),
    ],
)
def test_mistakes_are_said(visitors, options, said):
    table = visitors.assign(city="Wuhan", empty=np.nan, one=1, zero=0)
    with pytest.raises(Error) as caught:
        plan(table, **options)
    assert said in caught.value.text("en")
    assert caught.value.text("zh_CN") != caught.value.text("en")


def test_what_is_no_table_is_refused():
    with pytest.raises(Error, match="A plan is made from a table with one row per"):
        plan([1, 2])
    twice = pd.DataFrame([[1, 2]], columns=["paid", "paid"])
    with pytest.raises(Error, match="paid"):
        plan(twice)


def test_a_single_unit_is_no_history():
    with pytest.raises(Error, match="“paid” is 3 for every unit"):
        plan(pd.DataFrame({"paid": [3]}))


def test_the_table_is_left_as_it_was(visitors):
    before = visitors.copy(deep=True)
    plan(visitors, before="before", arrived="came")
    pd.testing.assert_frame_equal(visitors, before)


def test_a_data_set_gives_its_experiment_or_else_its_users(visitors):
    users = Dataset("", "", {"users": visitors})
    past = visitors.rename(columns={"user": "unit"}).assign(variant="A")
    both = Dataset("", "", {"users": visitors, "experiment": past})
    assert "user" in users.units
    assert "unit" in both.units
    found = run("ab_plan_from", users, {"metric": "paid", "mde": 0.1})
    pd.testing.assert_frame_equal(found.table, plan(visitors).table)
    line = code("ab_plan_from", "shop", {"metric": "paid", "mde": 0.1})
    assert line.endswith('ops.ab_plan_from(d.units, metric="paid", mde=0.1)')
    assert not Dataset("", "", {}).has("units")
    with pytest.raises(Error, match="no table of users or units of an experiment"):
        _ = Dataset("", "", {}).units


def test_events_alone_give_the_features_of_their_users():
    demo = ops.demo(users=300, seed=3)
    shop = Dataset(
        "", "", {"events": demo.events}, features=lambda log: user_features(log).table
    )
    found = plan(shop.units, metric="active_days_30", daily_traffic=40)
    assert found.history["units"][0] == len(shop.users)
    assert found.table["days"][0] >= 14
