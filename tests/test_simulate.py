"""The demo shop is what its truth says, hangs together, and never changes."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from opslib import simulate
from opslib.flavours import FLAVOURS
from opslib.result import Error

DATA = Path(__file__).parent.parent / "data"
USERS = 20_000


@cache
def shop():
    return simulate.demo(users=USERS, seed=3)


def near(observed, expected, n, z=4.0):
    """Within z standard errors of a share of n: 4 leaves 1 chance in 16,000."""
    return abs(observed - expected) <= z * np.sqrt(expected * (1 - expected) / n)


def users_with(event):
    return set(shop().events.loc[shop().events["event"] == event, "user"])


@pytest.mark.parametrize("step", ["cart", "pay"])
def test_the_funnel_converts_as_told(step):
    viewers = users_with("view")
    reached = len(users_with(step)) / len(viewers)
    assert near(reached, shop().truth.funnel[step], len(viewers))


@pytest.mark.parametrize("step", ["cart", "pay"])
def test_new_users_convert_within_seven_days_as_told(step):
    events = shop().events
    start = events[events["event"] == "register"].set_index("user")["time"]
    start = start[start < pd.Timestamp("2026-05-25")]
    done = events[(events["event"] == step) & events["user"].isin(start.index)]
    elapsed = done["time"] - done["user"].map(start)
    reached = done.loc[elapsed <= pd.Timedelta("7D"), "user"].nunique() / len(start)
    assert near(reached, shop().truth.first_week[step], len(start))


@pytest.mark.parametrize("age", [0, 1, 2, 7, 14, 30])
def test_new_users_return_as_told(age):
    events = shop().events
    start = events[events["event"] == "register"].set_index("user")["time"]
    start = start.dt.normalize()
    start = start[start + pd.Timedelta(days=age) <= pd.Timestamp(simulate.LAST)]
    mine = events[events["user"].isin(start.index)]
    ages = (mine["time"].dt.normalize() - mine["user"].map(start)).dt.days
    active = mine.loc[ages == age, "user"].nunique() / len(start)
    assert near(active, shop().truth.retention[age], len(start))


def test_the_experiment_has_its_rates_lift_and_revenue():
    truth, table = shop().truth, shop().experiment
    for variant, rows in table.groupby("variant"):
        assert near(rows["converted"].mean(), truth.experiment[variant], len(rows))
        error = rows["revenue"].std() / np.sqrt(len(rows))
        assert abs(rows["revenue"].mean() - truth.revenue[variant]) < 4 * error
        assert near(len(rows) / len(table), 1 / 3, len(table))
    lifted = truth.experiment["new page"] / truth.experiment["control"] - 1
    assert lifted == pytest.approx(truth.lift["new page"]) == pytest.approx(0.3)
    assert table["unit"].is_unique


def test_personas_have_their_shares_and_differ():
    truth = shop().truth
    for persona, share in truth.personas.value_counts(normalize=True).items():
        assert near(share, truth.persona_shares[persona], USERS)
    users = shop().users
    means = users.groupby(users["user"].map(truth.personas)).mean(numeric_only=True)
    assert means["spend"].idxmax() == means["active_days"].idxmax() == "Loyal fan"
    per_order = means["coupons"] / means["orders"]
    assert per_order.idxmax() == "Bargain hunter"
    signup = users.groupby(users["user"].map(truth.personas))["signup"]
    assert signup.min()["Newcomer"] == pd.Timestamp("2026-04-20")


def test_weeks_days_and_campaigns_have_their_rhythm():
    daily = shop().daily.set_index("date")
    assert daily["active_users"].idxmax() in pd.date_range("2026-05-18", "2026-05-20")
    april = daily.loc["2026-04-01":"2026-04-28", "active_users"]
    by_weekday = april.groupby(april.index.day_of_week).mean()
    assert by_weekday.idxmax() == 5
    assert by_weekday.idxmin() in {0, 1, 2}
    hours = shop().events["time"].dt.hour.value_counts()
    assert hours.idxmax() == 21
    assert hours.reindex([3, 4], fill_value=0).max() < hours.max() / 100


def test_some_leave_and_some_of_them_come_back():
    events = shop().events
    days = events["time"].dt.normalize()
    per_day = events.assign(day=days).drop_duplicates(["user", "day"])
    gap = per_day.sort_values(["user", "day"]).groupby("user")["day"].diff().dt.days
    assert (gap > 30).sum() > 100
    silent = days.max() - days.groupby(events["user"]).max() > pd.Timedelta("30D")
    assert 0.1 < silent.mean() < 0.6


def test_tables_agree_with_the_events():
    events, orders, users = shop().events, shop().orders, shop().users
    paid = events[events["event"] == "pay"].reset_index(drop=True)
    columns = ["user", "time", "amount"]
    pd.testing.assert_frame_equal(paid[columns], orders[columns])
    assert events.loc[events["event"] != "pay", "amount"].isna().all()
    assert orders["order"].is_unique
    assert users["user"].is_unique
    assert len(users) == USERS
    assert set(events["user"]) <= set(users["user"])
    assert users["orders"].sum() == len(orders) == shop().daily["daily_orders"].sum()
    assert users["spend"].sum() == pytest.approx(orders["amount"].sum())
    assert shop().daily["gmv"].sum() == pytest.approx(orders["amount"].sum())
    registered = events[events["event"] == "register"]
    assert shop().daily["new_users"].sum() == len(registered)
    signup = registered["user"].map(users.set_index("user")["signup"])
    assert (registered["time"].dt.normalize() == signup).all()
    per_step = shop().counts.groupby("step")["users"].sum()
    assert per_step["Pay"] == len(users_with("pay"))
    assert per_step["View a product"] == len(users_with("view"))
    bought = shop().feedback.merge(orders.groupby("user")["time"].min(), on="user")
    assert (bought["time_x"] > bought["time_y"]).all()
    assert len(bought) == len(shop().feedback)


def test_nothing_happens_outside_the_dates_or_before_registering():
    events, users = shop().events, shop().users.set_index("user")
    for table in (events, shop().orders, shop().feedback):
        assert table["time"].between(simulate.FIRST, "2026-05-31 23:59:59").all()
    first = events.groupby("user")["time"].min().dt.normalize()
    assert (first >= users["signup"].loc[first.index]).all()
    assert shop().feedback["score"].between(0, 10).all()


def test_columns_are_sorted_and_need_no_strings():
    log = simulate.events(users=60_000, seed=1)
    assert log.user.max() == 59_999 or log.user.max() > 59_900
    step = np.diff(log.user.astype(np.int64))
    assert (step >= 0).all()
    assert (np.diff(log.time)[step == 0] >= 0).all()
    assert [column.dtype.kind for column in log] == list("iuifuu")
    assert (np.isnan(log.amount) == (log.event != simulate.PAY)).all()


def test_both_flavours_are_one_shop_in_two_languages():
    en, zh = (simulate.demo(50, 1, flavour) for flavour in ("en", "zh_CN"))
    assert en.orders["amount"].tolist() == zh.orders["amount"].tolist()
    assert zh.events.columns.tolist() == [
        *("user", "event", "time", "amount", "渠道", "平台")
    ]
    assert set(zh.events["event"]) == set(FLAVOURS["zh_CN"].events)
    assert set(zh.truth.funnel) == {"浏览", "加购", "支付"}
    for words in FLAVOURS.values():
        assert len({len(words.praise), len(words.mixed), len(words.blame)}) == 1


def test_the_same_arguments_give_the_same_shop_and_another_seed_another():
    once, again, other = (simulate.tables(40, seed) for seed in (0, 0, 1))
    for kind in simulate.KINDS:
        pd.testing.assert_frame_equal(once[kind], again[kind])
    assert not once["orders"].equals(other["orders"])


@pytest.mark.parametrize("users", [1, 2])
def test_the_smallest_shop_has_every_table(users):
    tables = simulate.tables(users)
    assert tuple(tables) == simulate.KINDS
    assert len(tables["users"]) == users
    assert len(tables["daily"]) == simulate.DAYS


def test_files_in_data_are_what_the_generator_writes(tmp_path):
    simulate.write(tmp_path)
    written = {p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.rglob("*.csv")}
    kept = {p.relative_to(DATA): p.read_bytes() for p in DATA.rglob("*.csv")}
    assert set(written) == set(kept)
    assert [name for name in kept if kept[name] != written[name]] == []
    assert sum(map(len, kept.values())) < 1_500_000


def test_chinese_files_look_like_an_excel_export():
    data = (DATA / "zh_CN" / "events.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.decode("utf-8-sig").startswith("用户ID,行为,时间,金额,渠道,平台\n")


def test_a_wrong_flavour_or_size_is_refused():
    with pytest.raises(
        Error, match="flavour cannot be “fr”; choose from “en”, “zh_CN”"
    ):
        simulate.demo(flavour="fr")
    with pytest.raises(Error, match="users must lie between 1 and 5000000, got “0”"):
        simulate.demo(users=0)
    with pytest.raises(Error, match="seed must lie between 0 and 4294967295"):
        simulate.demo(users=1, seed=-1)
