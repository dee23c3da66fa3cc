"""Rows of a day that stand for groups are summed where a sum is the whole's figure."""

import numpy as np
import pandas as pd
import pytest

from opslib.analyses.day_sums import by_day, can_be_summed
from opslib.result import Error
from opslib.words import LANGUAGES


def table(*rows, columns="date channel visits"):
    return pd.DataFrame([row.split() for row in rows], columns=columns.split()).assign(
        **{
            name: lambda frame, name=name: pd.to_numeric(frame[name])
            for name in columns.split()
            if name not in {"date", "channel", "city"}
        }
    )


TWO = table("2026-03-01 a 5", "2026-03-01 b 7", "2026-03-02 a 6", "2026-03-02 b 8")


def values(found, group="", metric="visits"):
    return found.groups[group][metric].tolist()


def codes(found):
    return [note.code.removeprefix("trend.") for note in found.notes]


def test_counts_are_summed_over_groups_and_that_is_said():
    found = by_day(TWO)
    assert values(found) == [12, 14]
    assert codes(found) == ["summed"]
    assert found.notes[0].values == {"metrics": ["visits"], "columns": ["channel"]}


def test_groups_stand_side_by_side_the_largest_first():
    found = by_day(TWO, by="channel")
    assert list(found.groups) == ["b", "a"]
    assert values(found, "a") == [5, 6]
    assert codes(found) == []


def test_a_second_column_of_groups_is_summed_over():
    daily = pd.concat([TWO.assign(city="x"), TWO.assign(city="y")])
    assert values(by_day(daily, by="channel"), "b") == [14, 16]
    assert values(by_day(daily)) == [24, 28]


def test_one_row_a_day_is_taken_as_it_is_whatever_the_metric():
    daily = TWO.iloc[[0, 2]].assign(rate=[0.5, 0.25])
    found = by_day(daily, metrics="rate")
    assert values(found, metric="rate") == [0.5, 0.25]
    assert codes(found) == []


@pytest.mark.parametrize(
    ("name", "sample", "able"),
    [
        ("visits", [5, 7], True),
        ("访问次数", [5, 7], True),
        ("GMV", [5.5, 7.25], True),
        ("支付金额", [5.5, 7.25], True),
        ("revenue", [5.5, np.nan], True),
        ("shares", [5, 7], True),
        ("转化率", [5, 7], False),
        ("次日留存率", [0.5, 0.25], False),
        ("人均消费额", [5, 7], False),
        ("客单价", [100, 90], False),
        ("avg_order_value", [5, 7], False),
        ("bounceRate", [5, 7], False),
        ("click-through rate", [5, 7], False),
        ("orders per user", [1, 2], False),
        ("CTR", [1, 2], False),
        ("占比(%)", [5, 7], False),
        ("unknown", [5.5, 7], False),
        ("generated", [5, 7], True),
        ("operations", [5, 7], True),
    ],
)
def test_shares_means_and_unknown_decimals_are_not_summed(name, sample, able):
    assert can_be_summed(pd.Series(sample, name=name)) is able


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_share_is_refused_when_asked_for_and_left_out_when_not(lang):
    daily = TWO.assign(rate=[0.1, 0.2, 0.3, 0.4])
    with pytest.raises(Error) as caught:
        by_day(daily, metrics=["visits", "rate"])
    said = {
        "en": "“rate” cannot be summed over them: it looks like a share, a mean or a "
        "score. Break it down by “channel”, or leave it out.",
        "zh_CN": "「rate」看起来是比率、均值或评分，不能相加。请按「channel」拆分查看",
    }[lang]
    assert said in caught.value.text(lang)
    found = by_day(daily)
    assert found.groups[""].columns.tolist() == ["visits"]
    assert codes(found) == ["summed", "not_summed"]
    assert values(by_day(daily, by="channel"), "a", "rate") == [0.1, 0.3]
    with pytest.raises(Error, match="cannot be summed"):
        by_day(daily.drop(columns="visits"))


def test_totals_among_the_groups_are_not_summed_in_but_can_be_seen():
    daily = pd.concat([TWO, table("2026-03-01 合计 12", "2026-03-02 合计 14")])
    found = by_day(daily)
    assert values(found) == [12, 14]
    assert codes(found) == ["sums_left", "summed"]
    assert values(by_day(daily, by="channel"), "合计") == [12, 14]
    single = by_day(daily[daily["channel"].isin(["a", "合计"])])
    assert values(single) == [5, 6]


def test_a_day_without_one_of_the_groups_is_said():
    found = by_day(TWO.drop(index=[3]))
    assert values(found) == [12, 6]
    assert codes(found) == ["summed", "partial"]
    assert found.notes[1].values == {"n": 1, "of": 2}
    gap = by_day(TWO.assign(visits=[5, np.nan, 6, 8]))
    assert values(gap) == [5, 14]
    assert codes(gap) == ["summed", "partial"]


def test_a_day_without_any_value_is_a_gap_and_no_zero():
    found = by_day(TWO.assign(visits=[np.nan, np.nan, 6, 8]))
    assert np.isnan(values(found)[0])
    assert values(found)[1] == 14


def test_people_in_several_groups_are_a_doubt():
    found = by_day(TWO.rename(columns={"visits": "访客数"}))
    assert codes(found) == ["summed", "people"]
    assert "「访客数」可能是人数" in found.notes[1].text("zh_CN")


def test_rows_that_nothing_tells_apart_are_refused():
    again = pd.concat([TWO, TWO.iloc[[1]]])
    for by in (None, "channel"):
        with pytest.raises(Error, match="Mar 1, 2026 stands in 2 rows"):
            by_day(again, by=by)


def test_a_missing_group_is_one_of_its_own():
    found = by_day(TWO.assign(channel=["a", None, "a", None]), by="channel")
    assert values(found, "—") == [7, 8]


def test_a_number_can_tell_groups_and_is_no_metric_then():
    found = by_day(TWO.assign(channel=[1, 2, 1, 2]), by="channel")
    assert values(found, "2") == [7, 8]
    assert found.groups["1"].columns.tolist() == ["visits"]


@pytest.mark.parametrize("name", ["group", "date_", "level_0", "0", "at"])
def test_metrics_and_groups_may_be_called_anything(name):
    daily = TWO.rename(columns={"visits": name})
    assert values(by_day(daily), metric=name) == [12, 14]
    named = TWO.rename(columns={"channel": name})
    assert values(by_day(named, by=name), "a") == [5, 6]
    assert values(by_day(named)) == [12, 14]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"by": "citty"}, "by names the column “citty”.*it has “channel”"),
        ({"metrics": "channel"}, "“channel” is not a number"),
        ({"metrics": []}, "metrics is missing"),
    ],
)
def test_mistakes_are_named(options, said):
    with pytest.raises(Error, match=said):
        by_day(TWO, **options)


def test_too_many_groups_are_refused():
    many = pd.DataFrame({"date": "2026-03-01", "n": 1, "sku": map(str, range(201))})
    with pytest.raises(Error, match=r"“sku” has 201 different values; .* at most 200"):
        by_day(many, by="sku")
    assert by_day(many).groups[""]["n"].tolist() == [201]


@pytest.mark.parametrize(
    ("days", "unit"),
    [
        (["2026-03-02", "2026-03-03"], "day"),
        (["2026-03-02", "2026-03-09"], "day"),
        (["2026-03-02", "2026-03-09", "2026-03-23"], "week"),
        (["2026-03-02", "2026-03-09", "2026-03-15"], "day"),
        (["2026-03-01", "2026-05-01"], "month"),
        (["2026-03-01"], "day"),
    ],
)
def test_weeks_and_months_are_told_by_their_dates(days, unit):
    assert by_day(pd.DataFrame({"date": days, "n": 1})).unit == unit


def test_the_input_is_left_alone():
    before = TWO.copy()
    by_day(TWO, by="channel")
    by_day(TWO)
    pd.testing.assert_frame_equal(TWO, before)
