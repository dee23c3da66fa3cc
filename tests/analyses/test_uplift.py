"""Who responds: predictions checked on a hold-out, and a list only where they hold."""

import re

import numpy as np
import pandas as pd
import pytest

import opslib as ops
from opslib.analyses._uplift_model import out_of_sample
from opslib.result import Error
from opslib.stats.proportions import TwoProportions
from opslib.stats.qini import qini_area, qini_curve


def a_table(n=6_000, effect=lambda loyal, age: 0.2 * loyal, seed=0, **more):
    """An experiment in which the effect on each unit is known."""
    random = np.random.default_rng(seed)
    loyal, age = random.integers(0, 2, n), random.normal(40, 10, n)
    treated = random.permutation(np.arange(n) % 2)
    chance = 0.2 + 0.1 * (age > 40) + treated * effect(loyal, age)
    return pd.DataFrame(
        {
            "unit": [f"u{i}" for i in range(n)],
            "variant": np.where(treated, "new", "control"),
            "loyal": loyal,
            "age": age,
            "paid": (random.random(n) < chance).astype(int),
        }
        | more
    )


def nothing(loyal, age):
    return 0.05


@pytest.fixture(scope="module")
def table():
    return a_table()


@pytest.fixture(scope="module")
def found(table):
    return ops.uplift(table, outcome="paid")


@pytest.fixture(scope="module")
def alike():
    return ops.uplift(a_table(effect=nothing), outcome="paid")


def refused(table, lang="en", **options):
    with pytest.raises(Error) as error:
        ops.uplift(table, **{"outcome": "paid"} | options)
    assert error.value.text("zh_CN") != error.value.text("en")
    return error.value.text(lang)


@pytest.fixture(scope="module")
def hillstrom(samples):
    return ops.open(samples / "experiments" / "hillstrom.csv.gz").experiment


@pytest.fixture(scope="module")
def womens(hillstrom):
    return ops.uplift(hillstrom, outcome="visit", treatment="Womens E-Mail")


def test_the_email_for_women_works_on_those_who_bought_for_women(womens):
    """Radcliffe (2008), Hillstrom's MineThatData email analytics challenge."""
    assert womens.verdict == "confirmed"
    assert womens.qini_low > 0
    assert womens.p_value < 0.01
    assert womens.profile["column"][0] == "womens"
    assert womens.profile["top"][0] > 0.9
    top, last = womens.table.iloc[0], womens.table.iloc[-1]
    assert top["low"] > 0
    assert top["difference"] > last["difference"] + 0.03
    assert 0.4 < womens.kept < 0.65
    assert womens.kept_low > 0.3
    assert "Who responds can be told (p 0.002)" in womens.describe()


def test_what_came_after_the_email_is_left_out_and_said(womens):
    assert set(womens.left_out) == {"conversion", "spend"}
    said = " ".join(note.text() for note in womens.warnings)
    assert "“conversion” differs between the arms" in said
    assert "“spend” settles the outcome for some users" in said


def test_users_of_another_variant_are_ranked_too(womens, hillstrom):
    assert len(set(womens.users())) == len(womens.users())
    mens = hillstrom.loc[hillstrom["variant"] == "Mens E-Mail", "unit"].astype("str")
    assert womens.users().isin(mens).mean() == pytest.approx(1 / 3, abs=0.02)


def test_the_email_for_men_works_most_on_those_who_bought_for_both(hillstrom, womens):
    """13 pp more visits, against 7 of all others; they are a tenth of the users."""
    few = hillstrom[["unit", "variant", "womens", "mens", "newbie", "visit"]]
    mens = ops.uplift(few, outcome="visit", treatment="Mens E-Mail", target_share=0.1)
    assert 0 < mens.qini < womens.qini
    average = mens.average.difference_interval()
    assert average == pytest.approx((0.070, 0.083), abs=5e-4)
    bought = few.set_index(few["unit"].astype("str")).loc[mens.users()]
    assert (bought["womens"] + bought["mens"] == 2).mean() > 0.95


def test_those_on_whom_it_works_are_found(found, table):
    """The list of the best half is nearly those for whom it works."""
    assert found.verdict == "confirmed"
    first = ops.uplift(table, outcome="paid", target_share=0.4).users()
    loyal = table.set_index("unit")["loyal"]
    assert len(first) == pytest.approx(0.4 * len(table), abs=5)
    assert loyal[first].mean() > 0.95
    assert found.profile.iloc[0][["column", "value"]].tolist() == ["loyal", "1"]


def test_the_qini_comes_near_that_of_the_truth(table):
    """Of the same effect the area of a half is an eighth; noise takes a little."""
    found = ops.uplift(a_table(20_000), outcome="paid")
    truth = 0.1 / 2 / 2
    assert found.qini == pytest.approx(truth, abs=0.008)
    assert found.qini_low < truth < found.qini_high


def test_an_effect_on_those_in_the_middle_is_found():
    """What a straight line cannot learn."""

    def middle(loyal, age):
        return 0.25 * (abs(age - 40) < 6)

    table = a_table(10_000, middle)
    found = ops.uplift(table, outcome="paid", target_share=0.3)
    assert found.verdict == "confirmed"
    age = table.set_index("unit")["age"][found.users()]
    assert (abs(age - 40) < 6).mean() > 0.85


def test_a_number_is_an_outcome_too():
    table = a_table(8_000)
    random = np.random.default_rng(3)
    on = table["loyal"] * (table["variant"] == "new")
    table["spent"] = random.gamma(2, 10, 8_000) + 5 * on
    found = ops.uplift(table.drop(columns="paid"), outcome="spent")
    assert found.verdict == "confirmed"
    assert set(found.table["kind"]) == {"mean"}
    # All of the effect is on half of the units: 30 % of them keep 60 % of it.
    assert found.kept == pytest.approx(0.6, abs=0.12)


def test_an_effect_without_difference_is_for_all_or_none(alike):
    assert alike.verdict == "alike"
    assert alike.qini_low <= 0 <= alike.qini_high
    assert alike.p_value > 0.05
    assert re.fullmatch(
        r"Nobody can be told apart: choosing users by their predicted effect is not "
        r"surely better than choosing at random \(Qini \S+ per 1,000 users, 95% "
        r"interval -\S+ to \S+, p \S+\)\. Treat all or none: “new” changes “paid” by "
        r"\+\S+ pp "
        r"\(95% interval \+\S+ pp to \+\S+ pp\) on average\.",
        alike.describe(),
    )
    with pytest.raises(Error) as error:
        alike.users()
    assert error.value.text("en") == (
        "No list: the hold-out does not confirm that the effect on those users is "
        "above the cost, and higher than on others. Set target_share to have one all "
        "the same."
    )
    assert "留出样本未能证实" in error.value.text("zh_CN")
    assert len(alike.users(1)) == pytest.approx(600, abs=5)


def test_a_list_that_is_asked_for_all_the_same_is_told_of():
    found = ops.uplift(a_table(effect=nothing), outcome="paid", target_share=0.2)
    assert len(found.users()) == pytest.approx(1_200, abs=5)
    assert found.warnings[-1].code == "uplift.unconfirmed"


def test_users_on_whom_an_effect_is_not_sure_are_no_list(table):
    found = ops.uplift(table, outcome="paid", cost=0.19)
    assert found.verdict == "confirmed"
    assert not found.list_confirmed
    assert "but there is no list" in found.describe()
    with pytest.raises(Error):
        found.users()
    few = ops.uplift(table, outcome="paid", cost=0.9)
    assert few.describe().endswith(
        "0 users (0%) have a predicted effect above 0.9: too few to check on the "
        "hold-out, so there is no list."
    )
    assert ops.uplift(table, outcome="paid", cost=0.1).list_confirmed


def test_where_the_effects_cancel_the_groups_are_told_apart():
    """Nothing is kept of an effect of nothing."""

    def both_ways(loyal, age):
        return 0.15 * (2 * loyal - 1)

    found = ops.uplift(a_table(effect=both_ways), outcome="paid")
    assert found.verdict == "confirmed"
    assert np.isnan(found.kept)
    assert found.describe().startswith(
        "Who responds can be told (p 0.002): with “new”, “paid” changes by +"
    )


def test_the_table_compares_the_arms_of_each_group_of_the_hold_out(found):
    table = found.table
    assert table["group"].tolist() == list(range(1, 11))
    assert table[["n_control", "n"]].sum().sum() == 3_000
    row = table.iloc[0]
    pair = TwoProportions(
        row["n_control"],
        round(row["control"] * row["n_control"]),
        row["n"],
        round(row["treatment"] * row["n"]),
    )
    assert (row["low"], row["high"]) == pytest.approx(pair.difference_interval())
    assert table["predicted"].is_monotonic_decreasing


def test_curve_and_table_are_of_the_same_units(found):
    """The gain at the end is the difference of the whole hold-out."""
    table = found.table
    arms = [
        (table[n] * table[value]).sum() / table[n].sum()
        for n, value in (("n", "treatment"), ("n_control", "control"))
    ]
    last = found.curve.iloc[-1]
    assert last["gain"] == pytest.approx(arms[0] - arms[1])
    assert last["gain"] == pytest.approx(last["random"])
    assert (found.curve["low"] <= found.curve["high"]).all()
    area = qini_area(found.curve["share"].to_numpy(), found.curve["gain"].to_numpy())
    assert found.qini == pytest.approx(float(area), abs=1e-3)


def test_no_unit_is_scored_by_a_model_that_has_seen_it():
    """Of noise alone, a model that has seen the outcomes would show some 0.05."""
    areas = []
    for seed in range(6):
        random = np.random.default_rng(seed)
        points, outcome = random.normal(size=(2_000, 20)), random.normal(size=2_000)
        treated, part = random.integers(0, 2, (2, 2_000)).astype(bool)
        arms = ~treated, treated
        scores = out_of_sample(points, outcome, arms, part, kind="mean", seed=0)
        for own in (part, ~part):
            curve = qini_curve(scores[own], treated[own], outcome[own])
            areas.append(float(qini_area(*curve)))
    assert abs(np.mean(areas)) < 0.02


def test_units_may_come_in_any_order(found, table):
    again = ops.uplift(table.sample(frac=1, random_state=1), outcome="paid")
    pd.testing.assert_frame_equal(again.table, found.table)
    assert again.users().tolist() == found.users().tolist()
    assert again.qini_low == pytest.approx(found.qini_low)


def test_another_seed_holds_out_other_units_and_the_table_is_not_touched(table, found):
    before = table.copy()
    other = ops.uplift(table, outcome="paid", seed=1)
    assert other.qini != found.qini
    pd.testing.assert_frame_equal(table, before)


def test_a_broken_split_says_nothing_of_who_responds(table):
    new = table.index[table["variant"] == "new"]
    found = ops.uplift(table.drop(index=new[::8]), outcome="paid")
    assert found.verdict == "split"
    assert found.describe().startswith("Too early to say who responds. The split")
    with pytest.raises(Error):
        found.users()
    planned = {"control": 8, "new": 7}
    kept = table.drop(index=new[::8])
    right = ops.uplift(kept, outcome="paid", expected_split=planned)
    assert right.verdict == "confirmed"


def test_a_purchase_is_known_by_what_it_settles(table):
    after = table.assign(amount=table["paid"] * table["age"])
    when = pd.Series(pd.Timestamp("2026-01-01"), table.index)
    after["paid_on"] = when.where(table["paid"] == 1) + pd.to_timedelta(
        np.arange(len(table)) % 9, unit="D"
    )
    found = ops.uplift(after, outcome="paid")
    assert set(found.left_out) == {"amount", "paid_on"}
    same = a_table(effect=lambda loyal, age: 0.0)
    settled = ops.uplift(same.assign(amount=same["paid"] * same["age"]), outcome="paid")
    assert settled.left_out["amount"].text() == (
        "“amount” settles the outcome for some users, as what comes after the "
        "treatment does. It is left out; name the features to have it in."
    )
    asked = ops.uplift(after, outcome="paid", features=["loyal", "amount"])
    assert not asked.left_out
    assert asked.warnings[-1].text() == (
        "“amount” differs between the arms (p < 0.001), as what comes after the "
        "treatment does. If it was not known before the treatment, the result is wrong."
    )


def test_a_column_that_the_treatment_changed_is_left_out(table):
    clicks = np.random.default_rng(2).poisson(1 + (table["variant"] == "new"))
    place = np.where(
        (table["variant"] == "new") & (clicks > 2), "banner", table["loyal"].map(str)
    )
    found = ops.uplift(table.assign(clicks=clicks, place=place), outcome="paid")
    assert {name: note.code for name, note in found.left_out.items()} == {
        "clicks": "uplift.left_out",
        "place": "uplift.left_out",
    }
    assert found.left_out["clicks"].text("zh_CN") == (
        "两组的「clicks」有差异（p 值 < 0.001），像是实验开始后才产生的数据。已排除；"
        "如需使用，请在 features 中指定。"
    )


def test_blanks_dates_flags_and_rare_words_can_be_learnt_from(table):
    random = np.random.default_rng(4)
    cities = np.array([f"city {i}" for i in range(60)])[random.integers(0, 60, 6_000)]
    more = table.assign(
        city=pd.Series(cities).where(random.random(6_000) < 0.9),
        joined=pd.Timestamp("2025-01-01")
        + pd.to_timedelta(random.integers(0, 300, 6_000), unit="D"),
        flag=pd.array(random.integers(0, 2, 6_000), "boolean"),
        name=[f"name {i}" for i in range(6_000)],
        same="x",
    )
    more.loc[::7, "age"] = np.nan
    more.loc[::9, "flag"] = pd.NA
    found = ops.uplift(more, outcome="paid")
    assert {name: note.code for name, note in found.left_out.items()} == {
        "name": "uplift.left_out.names",
        "same": "uplift.left_out.constant",
    }
    columns = found.profile["column"].value_counts()
    assert columns["city"] == 21
    assert columns[["age", "flag", "joined"]].tolist() == [1, 1, 1]
    assert found.verdict == "confirmed"


def test_rows_are_left_out_as_in_a_test_and_counted(table):
    twice = table.iloc[:30].assign(variant="new")
    blank = table.iloc[:20].assign(unit=None)
    odd = pd.concat([table, table.iloc[-5:], twice, blank], ignore_index=True)
    odd.loc[odd["unit"] == "u100", "paid"] = np.nan
    found = ops.uplift(odd, outcome="paid")
    codes = {note.code: note.values.get("n") for note in found.warnings}
    crossed = int((table["variant"].iloc[:30] == "control").sum())
    assert codes["ab.left_out.blank"] == 20
    assert codes["ab.units.caution"] == crossed
    assert codes["ab.left_out.duplicates"] == 5 + 30 - crossed
    assert codes["ab.left_out.missing"] == 1
    average = found.average
    assert average.n + average.n_control == 6_000 - crossed - 1


def test_without_ids_there_is_no_list(table):
    found = ops.uplift(table.drop(columns="unit"), outcome="paid")
    with pytest.raises(Error) as error:
        found.users()
    assert error.value.code == "ab.no_ids"


def test_small_experiments_are_refused(table):
    control = table[table["variant"] == "control"].iloc[:799]
    new = table[table["variant"] == "new"].iloc[:800]
    assert refused(pd.concat([control, new])) == (
        "“control” has 799 units; to tell who responds, each arm needs at least 800."
    )
    rare = table.assign(paid=(np.arange(6_000) % 100 == 0).astype(int))
    assert "“paid” is other than 0 for only" in refused(rare)
    assert "每组至少需要 100 个" in refused(rare, "zh_CN")


def test_what_cannot_be_is_refused_with_what_can(table):
    assert refused(table, outcome="bought") == (
        "outcome names the column “bought”, which the table does not have; it has "
        "“loyal”, “age”, “paid”."
    )
    assert "features names the column “paid”" in refused(table, features=["paid"])
    three = table.assign(variant=["control", "new", "other"] * 2_000)
    assert refused(three) == (
        "There are 2 variants beside the control; name one as treatment: “new”, "
        "“other”."
    )
    assert refused(three, treatment="control").startswith("treatment cannot be")
    assert refused(table, holdout=0.9).startswith("holdout must lie between 0.2")
    assert refused(table, target_share=1.5).startswith("target_share must lie")
    only = table[["unit", "variant", "paid"]]
    assert refused(only.assign(same=1)) == (
        "There is no column to tell users apart by: none was known before the "
        "treatment and differs between users. Left out: “same”."
    )


def test_both_languages_say_the_same_numbers(found, alike):
    for result in (found, alike):
        for lang in ("en", "zh_CN"):
            said = [result.describe(lang), *result.details(lang)]
            assert all(said)
            spec = result.chart(lang).to_dict()
            assert spec["description"] == said[0]
            assert result.groups_chart(lang).to_dict()["layer"]
    assert f"{found.kept:.1%}" in found.describe("zh_CN")
    assert "要么全投，要么不投" in alike.describe("zh_CN")
