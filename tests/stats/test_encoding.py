"""Every step from a column to coordinates, on columns small enough to check."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from opslib.stats import encoding
from opslib.stats.encoding import Category, Number, encode, learn


def only(values, name="x"):
    """Learn one column: what it became, or the code of the reason against it."""
    columns, out = learn(pd.DataFrame({name: values}), [name])
    return columns[0] if columns else out[name].code


def test_number_is_trimmed_and_standardised():
    values = np.r_[np.arange(1, 100.0), 1e6]
    column = only(values[::-1].repeat(2))
    low, high = np.quantile(values.repeat(2), [0.01, 0.99])
    assert (column.low, column.high) == (low, high)
    points = column.points(pd.Series(values.repeat(2)))
    assert points.mean() == pytest.approx(0, abs=1e-12)
    assert points.std() == pytest.approx(1)
    assert points.shape == (200, 1)


def test_skewed_numbers_are_logged_only_without_negatives():
    skewed = np.exp(np.linspace(0, 6, 101))
    assert only(skewed).log
    assert not only(skewed - 2).log
    assert not only(np.linspace(0, 6, 101)).log


def test_missing_numbers_are_the_median_and_a_flag_above_5_percent():
    values = pd.Series(np.linspace(0.5, 7.5, 100))
    few, many = values.copy(), values.copy()
    few[:5], many[:6] = np.nan, np.inf
    assert (only(few).flag, only(many).flag) == (False, True)
    points = only(many).points(many)
    assert points[:, 1].tolist() == [1.0] * 6 + [0.0] * 94
    assert points[0, 0] == pytest.approx(
        (many[6:].median() - only(many).mean) / only(many).sd
    )


def test_mostly_missing_columns_are_left_out():
    assert only([1.5] * 20 + [2.5] * 20 + [None] * 41) == "encoding.empty"
    assert only(["a"] * 20 + ["b"] * 20 + [None] * 41) == "encoding.empty"
    assert only([np.inf] * 80) == "encoding.empty"


@pytest.mark.parametrize(
    "values",
    [[3.0] * 100, ["a"] * 100, [True] * 100, [0] * 199 + [1], ["a"] * 199 + ["b"]],
)
def test_columns_that_hardly_vary_are_left_out(values):
    assert only(values) == "encoding.constant"


def test_levels_are_one_apart_and_rare_ones_are_other():
    column = only(["b"] * 60 + ["a"] * 36 + ["c"] * 4 + [None] * 10)
    assert column == Category("x", ("b", "a"))
    points = column.points(pd.Series(["a", "b", None, "c", "new"]))
    assert np.linalg.norm(points[0] - points[1]) == pytest.approx(1)
    assert (points > 0).argmax(1).tolist() == [1, 0, 2, 3, 3]


def test_a_level_is_the_same_however_it_was_read():
    column = only([1, 2] * 50, "channel")
    as_read = [pd.Series([1, 2]), pd.Series([1.0, 2.0]), pd.Series(["1", "2"])]
    first, *others = [column.points(series) for series in as_read]
    assert all((first == other).all() for other in others)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Channel", Category), ("user_lv_cd", Category), ("shopType", Category),
        ("性别", Category), ("会员等级", Category), ("region id", Category),
        ("orders", Number), ("NumStorePurchases", Number), ("channel_count", Number),
        ("渠道数", Number), ("age", Number), ("candid", Number),
    ],
)  # fmt: skip
def test_whole_numbers_are_categories_when_the_name_says_code(name, kind):
    assert isinstance(only([1, 2, 3, 4] * 25, name), kind)
    assert isinstance(only([1.5, 2, 3, 4] * 25, name), Number)


def test_two_values_and_booleans_are_categories():
    assert only([0, 1] * 50) == Category("x", ("0", "1"))
    assert only([True, False] * 50) == Category("x", ("False", "True"))
    assert isinstance(only([0.0, 0.5] * 50), Number)
    assert isinstance(only([1, 100] * 50), Number)


def test_ids_are_left_out():
    assert only(range(500, 600), "anything") == "encoding.id"
    assert only(np.arange(100) * 7, "customerID") == "encoding.id"
    assert only(np.arange(100) * 7, "手机号") == "encoding.id"
    assert isinstance(only(np.arange(100) * 7, "points"), Number)


def test_near_unique_text_and_lists_are_left_out():
    assert only([f"t{i}" for i in range(100)]) == "encoding.many"
    assert only([f"a;t{i}" for i in range(100)]) == "encoding.lists"


def test_dates_of_any_kind_are_days_before_the_latest():
    days = pd.date_range("2025-01-01", periods=90)
    column = only(days)
    assert column.latest == "2025-03-31T00:00:00"
    assert column.values(pd.Series(days))[[0, -1]].tolist() == [89.0, 0.0]
    zoned = only(days.tz_localize("Asia/Shanghai"))
    assert zoned.latest == "2025-03-30T16:00:00"
    objects = pd.Series([dt.date(2025, 1, 1), None, *days.date], dtype=object)
    assert only(objects).latest == "2025-03-31T00:00:00"


def test_decimals_nullable_and_category_columns_are_read():
    decimals = pd.Series([Decimal(i) / 4 for i in range(90)], dtype=object)
    assert isinstance(only(decimals), Number)
    nullable = pd.array([*range(0, 270, 3), None], dtype="Int64")
    assert only(nullable).fill == 133.5
    assert only(pd.Categorical(["a", "b"] * 50)).levels == ("a", "b")
    lists = pd.Series([["a"], ["b"]] * 50, dtype=object)
    assert (only(lists).points(lists) > 0).sum(axis=0).tolist() == [50, 50, 0, 0]
    assert only(lists).levels == (
        "['a']",
        "['b']",
    )


def test_extreme_numbers_do_not_overflow():
    assert only(np.linspace(-1, 1, 100) * 1e300) == "encoding.empty"
    assert only(np.linspace(-1, 1, 100) * 1e-300) == "encoding.constant"
    assert isinstance(only(np.linspace(-1, 1, 100) * 1e60), Number)


def test_numbers_that_say_the_same_are_kept_once_unless_asked_for():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 200))
    frame = pd.DataFrame({"a": a, "twin": -a + 0.01 * b, "b": b})
    columns, out = learn(frame, ["a", "twin", "b"])
    assert [column.column for column in columns] == ["a", "b"]
    assert out["twin"].text() == (
        "“twin” was left out: it says the same as “a” (correlation -1)."
    )
    columns, out = learn(frame, ["twin", "a", "b"], asked=True)
    assert [column.column for column in columns] == ["twin", "a", "b"]
    assert not out


def test_columns_come_back_from_plain_values():
    frame = pd.DataFrame({"a": np.linspace(0, 1, 90), "c": ["u", "v", "w"] * 30})
    columns, _ = learn(frame, ["a", "c"])
    plain = [encoding.to_plain(column) for column in columns]
    assert [encoding.from_plain(column) for column in plain] == columns
    assert encode(columns, frame).shape == (90, 1 + 5)
    with pytest.raises(KeyError):
        encoding.from_plain({"kind": "formula"})


def test_every_step_is_told_in_both_languages():
    values = pd.Series(np.exp(np.linspace(0, 6, 101)))
    values[:20] = np.nan
    told = [note.text() for note in only(values).steps()]
    assert [text.split()[0] for text in told] == [
        "A", "Missing", "Being", "Values", "The", "Standardised:",
    ]  # fmt: skip
    assert all(note.text("zh_CN") for note in only(values).steps())
