"""Exported funnels, worked by hand."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint, proportions_ztest

from opslib.analyses.funnel_counts import funnel_counts
from opslib.result import Error
from opslib.words import LANGUAGES


def counted(*users, group=None, steps=("view", "cart", "buy")):
    table = pd.DataFrame({"step": steps[: len(users)], "users": users})
    return table if group is None else table.assign(group=group)


def groups(**users):
    return pd.concat(
        [counted(*numbers, group=name) for name, numbers in users.items()],
        ignore_index=True,
    )


def codes(result):
    return [note.code.removeprefix("funnel_counts.") for note in result.warnings]


def test_shares_are_of_the_first_step_and_of_the_step_before():
    table = funnel_counts(counted(200, 100, 25)).table
    assert table["from_start"].tolist() == [1.0, 0.5, 0.125]
    assert table["from_previous"].tolist()[1:] == [0.5, 0.25]
    assert np.isnan(table["from_previous"][0])


def test_intervals_are_wilsons():
    table = funnel_counts(counted(200, 100, 25)).table
    for place, users in enumerate((200, 100, 25)):
        low, high = proportion_confint(users, 200, method="wilson")
        assert table["from_start_low"][place] == pytest.approx(low)
        assert table["from_start_high"][place] == pytest.approx(high)


def test_groups_keep_their_order_even_when_rows_are_mixed():
    mixed = groups(web=[90, 30], app=[50, 25]).iloc[[0, 2, 1, 3]]
    table = funnel_counts(mixed).table
    assert table["group"].tolist() == ["web", "web", "app", "app"]
    assert table["from_start"].tolist() == [1, pytest.approx(1 / 3), 1, 0.5]


def test_the_sentence_names_conversion_interval_and_weakest_step():
    assert funnel_counts(counted(200, 100, 25)).describe() == (
        "12.5% of the 200 users at “view” reached “buy” (95% interval 8.6% to 17.8%). "
        "The weakest step is “buy”: 25.0% of those at the step before reached it."
    )


def test_fewer_than_thirty_get_numbers_but_no_share():
    result = funnel_counts(counted(29, 10))
    assert codes(result) == ["small"]
    assert result.describe() == (
        "10 reached “cart”, 29 were counted at “view”: no share can be relied on."
    )
    assert codes(funnel_counts(counted(30, 10, 10))) == []


def test_a_step_larger_than_the_one_before_is_warned_about():
    result = funnel_counts(counted(100, 40, 50))
    assert codes(result) == ["grows"]
    assert "More users at “buy” than at “cart”" in result.warnings[0].text()
    assert result.table["from_previous"][2] == 1.25


def test_a_share_above_one_has_no_interval_and_no_claim():
    result = funnel_counts(counted(100, 120))
    assert result.table["from_start"][1] == 1.2
    assert result.table[["from_start_low", "from_start_high"]].iloc[1].isna().all()
    assert "no share" in result.describe()
    result.chart().to_dict()


def test_nobody_at_the_first_step_gives_empty_shares():
    result = funnel_counts(counted(0, 0))
    shares = result.table.filter(like="from_")
    assert shares.isna().all(axis=None)
    result.chart().to_dict()


def test_groups_are_tested_against_the_baseline_and_holm_corrected():
    counts = groups(old=[1000, 400, 100], new=[1000, 450, 140], alt=[1000, 400, 105])
    result = funnel_counts(counts, baseline="old")
    comparison = result.comparison.set_index("group")
    plain = [proportions_ztest([x, 100], [1000, 1000])[1] for x in (140, 105)]
    assert comparison["p_value"].tolist() == pytest.approx(plain)
    adjusted = multipletests(plain, method="holm")[1]
    assert comparison["p_adjusted"].tolist() == pytest.approx(adjusted)
    assert comparison["difference"].tolist() == pytest.approx([0.04, 0.005])
    assert comparison.loc["new", "low"] > 0 > comparison.loc["alt", "low"]
    assert result.describe().endswith(
        "Different from “old” beyond chance (5% level, Holm over all groups): “new”."
    )


def test_no_difference_is_said_to_be_none():
    counts = groups(old=[1000, 100], new=[1000, 101], alt=[1000, 99])
    text = funnel_counts(counts, baseline="old").describe()
    assert "Between the 2 other groups and “old” no difference beyond chance" in text


@pytest.mark.parametrize("small", ["old", "new"])
def test_nothing_is_claimed_under_thirty_entrants(small):
    counts = groups(**{"old": [300, 30], "new": [300, 150], small: [29, 28]})
    result = funnel_counts(counts, baseline="old")
    assert result.comparison["p_value"].isna().all()
    assert codes(result) == ["small_groups"]
    assert "One group is large enough to judge" in result.describe()
    assert "beyond chance" not in result.describe()


def test_only_small_groups_give_no_judgement():
    text = funnel_counts(groups(a=[10, 5], b=[12, 6])).describe()
    assert text.startswith("No group has 30 users at its first step")


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (counted(10, -1), "Row 2, step “cart”: users must be a whole .* got “-1”"),
        (counted(10, 1.5), "Row 2, .* got “1.5”"),
        (counted(10, None), "Row 2, .* got “nan”"),
        (counted("many", 3), "Row 1, .* got “many”"),
        (counted(10), "at least two steps, got “view”"),
        (counted(9, 8, steps=("view", "view")), "at least two steps"),
        (counted(9, 8, 7, steps=("a", "b", "a")), "“a” is counted twice"),
        (counted(9, 8).rename(columns={"users": "n"}), "lacks “users”; .* “step”, “n”"),
        (
            groups(web=[9, 8, 7], app=[9, 8]),
            "Group “app” has the steps “view”, “cart”, but the table's steps are",
        ),
    ],
)
def test_mistakes_in_the_table_are_named(counts, said):
    with pytest.raises(Error, match=said) as caught:
        funnel_counts(counts)
    assert caught.value.text("zh_CN")


def test_an_unknown_baseline_is_refused_with_the_known_ones():
    with pytest.raises(Error, match="baseline cannot be “c”; choose from “a”, “b”"):
        funnel_counts(groups(a=[50, 5], b=[60, 6]), baseline="c")
    with pytest.raises(Error, match="no column of groups"):
        funnel_counts(counted(50, 5), baseline="c")


def test_the_input_is_left_alone_and_read_from_text_numbers():
    counts = counted("50", "5")
    before = counts.copy()
    assert funnel_counts(counts).table["users"].tolist() == [50, 5]
    pd.testing.assert_frame_equal(counts, before)


EVERYTHING = groups(
    big=[500, 300, 90], best=[400, 300, 200], odd=[90, 20, 30], few=[9, 5, 3]
)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("counts", [counted(200, 100, 25), EVERYTHING, counted(9, 5)])
def test_everything_is_said_in_both_languages(counts, lang):
    baseline = "big" if "group" in counts else None
    result = funnel_counts(counts, baseline=baseline)
    said = [result.describe(lang), *(note.text(lang) for note in result.warnings)]
    assert all("{" not in text and "nan" not in text for text in said)
    assert result.describe(lang) in result.chart(lang).to_dict()["description"]


def test_equal_groups_and_a_single_one_are_said_as_such():
    same = funnel_counts(groups(old=[1000, 100], new=[1000, 100]))
    assert same.describe().startswith("In each of 2 groups 10.0% reached")
    assert "均为 10.0%" in same.describe("zh_CN")
    single = funnel_counts(groups(old=[1000, 100], new=[10, 1]))
    assert single.describe().startswith("One group is large enough to judge: of “old”")
    assert single.describe("zh_CN").startswith("只有一个分组人数足够：「old」")


def test_a_baseline_may_be_a_number_as_groups_are():
    counts = groups(old=[1000, 100], new=[1000, 150])
    counts["group"] = counts["group"].map({"old": 1, "new": 2})
    assert len(funnel_counts(counts, baseline=1).comparison) == 1


@pytest.mark.parametrize("users", [1e30, float("inf")])
def test_counts_beyond_all_people_are_refused(users):
    counts = pd.DataFrame({"step": ["a", "b"], "users": [users, 1]})
    with pytest.raises(Error, match="users must be a whole number"):
        funnel_counts(counts)


def test_two_columns_of_one_name_are_refused():
    counts = pd.DataFrame(
        [["a", 2, 3], ["b", 1, 1]], columns=["step", "users", "users"]
    )
    with pytest.raises(Error, match="Two columns are called “users”"):
        funnel_counts(counts)
