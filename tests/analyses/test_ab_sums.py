"""Sums of a warehouse give what the units give, and impossible ones are refused."""

import re
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

import opslib as ops
from opslib.result import Error

DOCS = Path(__file__).parents[2] / "docs" / "methods.md"


@pytest.fixture(scope="module")
def users():
    random = np.random.default_rng(0)
    before = random.gamma(2, 10, 3000)
    spend = before * 0.5 + random.gamma(0.5, 20, 3000)
    return pd.DataFrame(
        {
            "unit": np.arange(3000),
            "variant": random.choice(["A", "B", "C"], 3000),
            "paid": (random.random(3000) < 0.3).astype(int),
            "spend": spend,
            "orders": random.poisson(2, 3000) + 1,
            "before": before,
        }
    )


def sums_of(users, numerator, metric=None, denominator=None, before=None):
    rows = []
    for variant, own in users.groupby("variant"):
        y = own[numerator]
        row = {"variant": variant, "n": len(own), "sum": y.sum()}
        row |= {"sum_squares": (y * y).sum()}
        if metric:
            row["metric"] = metric
        if denominator:
            x = own[denominator]
            row |= {"denominator_sum": x.sum(), "denominator_sum_squares": (x**2).sum()}
            row["sum_products"] = (x * y).sum()
        if before:
            x = own[before]
            row |= {"before_sum": x.sum(), "before_sum_squares": (x**2).sum()}
            row["before_sum_products"] = (x * y).sum()
        rows.append(row)
    return rows


def same(found, expected, *, named=True):
    columns = [] if named else ["metric"]
    pd.testing.assert_frame_equal(
        found.table.drop(columns=columns),
        expected.table.drop(columns=columns),
        rtol=1e-7,
        check_dtype=False,
    )


@pytest.mark.parametrize("spelled", [list, pd.DataFrame])
def test_all_kinds_at_once_give_what_the_units_give(users, spelled):
    value = {"name": "order value", "numerator": "spend", "denominator": "orders"}
    options = {"margin": 0.02, "planned_n": 3000, "confidence": 0.9}
    expected = ops.ab_test(users, metrics=["paid", "spend", value], **options)
    sums = [
        *sums_of(users, "paid", "paid"),
        *sums_of(users, "spend", "spend"),
        *sums_of(users, "spend", "order value", "orders"),
    ]
    found = ops.ab_summary(spelled(sums), **options)
    assert found.table["kind"].tolist() == ["share"] * 2 + ["mean"] * 2 + ["ratio"] * 2
    same(found, expected)
    assert [note.text() for note in found.verdict] == [
        note.text() for note in expected.verdict
    ]
    pd.testing.assert_frame_equal(found.bayes, expected.bayes, rtol=1e-7)


@pytest.mark.parametrize("metric", ["spend", "paid"])
def test_net_of_what_was_before_they_do_too(users, metric):
    expected = ops.ab_test(users, metrics=[metric], covariate="before")
    found = ops.ab_summary(sums_of(users, metric, metric, before="before"))
    assert set(found.table["test"]) == {"cuped"}
    same(found, expected)
    for code in ("ab.cuped", "ab.before.pass"):
        notes = [
            [*result.warnings, *(check.note for check in result.checks)]
            for result in (found, expected)
        ]
        mine, theirs = (
            next(note for note in told if note.code == code) for told in notes
        )
        for name in ("share", "p"):
            assert mine.values.get(name) == pytest.approx(theirs.values.get(name))


def test_a_ratio_is_not_compared_net_of_what_was_before_and_says_so(users):
    sums = sums_of(users, "spend", "value", "orders", before="before")
    found = ops.ab_summary(sums)
    assert set(found.table["kind"]) == {"ratio"}
    assert set(found.table["test"]) == {"welch"}
    assert "ab.cuped.ratio" in [note.code for note in found.warnings]


def test_one_metric_needs_no_name(users):
    found = ops.ab_summary(sums_of(users, "paid"))
    counts = users.groupby("variant")["paid"].agg(["size", "sum"])
    typed = ops.ab_summary({name: [*row] for name, row in counts.iterrows()})
    pd.testing.assert_frame_equal(found.table, typed.table)
    assert found.describe() == typed.describe()
    ratio = ops.ab_summary(sums_of(users, "spend", denominator="orders"))
    assert set(ratio.table["metric"]) == {"ratio"}
    assert "“ratio”" in ratio.describe()


def statement():
    text = DOCS.read_text(encoding="utf-8")
    return re.search(r"## ab_summary.*?```sql\n(.*?)```", text, re.DOTALL)[1]


def test_the_query_of_the_documentation_makes_them(users):
    warehouse = duckdb.connect()
    names = {"unit": "user_id", "before": "spend_before"}
    warehouse.register("experiment", users.rename(columns=names))
    sums = warehouse.execute(statement()).df()
    found = ops.ab_summary(sums)
    value = {"name": "order value", "numerator": "spend", "denominator": "orders"}
    expected = ops.ab_test(users, metrics=["paid", value], control="A")
    net = ops.ab_test(users, metrics=["spend"], covariate="before", control="A")
    rows = found.table.set_index("metric")
    columns = ["n", "control", "treatment", "low", "high", "lift_low", "p_value"]
    for other in (expected, net):
        for name, own in other.table.groupby("metric"):
            np.testing.assert_allclose(
                rows.loc[name, columns].to_numpy(float),
                own[columns].to_numpy(float),
                rtol=1e-7,
            )


def test_a_warehouse_may_write_decimals_and_variants_as_numbers():
    rows = [
        {"variant": 0, "n": Decimal(500), "sum": Decimal("50"), "sum_squares": "50"},
        {"variant": 1.0, "n": 500, "sum": 80, "sum_squares": np.float64(80)},
    ]
    found = ops.ab_summary(rows)
    assert found.control == "0"
    same(found, ops.ab_summary({"0": [500, 50], "1": [500, 80]}))


def test_units_are_the_most_that_any_metric_has(users):
    some = users[users["unit"] % 10 > 0]
    sums = [*sums_of(users, "paid", "paid"), *sums_of(some, "spend", "spend")]
    found = ops.ab_summary(sums, planned_n=3000)
    planned = next(check for check in found.checks if check.name == "planned")
    assert planned.note.values["units"] == 3000


GOOD = {"variant": "B", "n": 10, "sum": 30, "sum_squares": 120}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"sum_squares": 89}, "Row 2 of the sums: “sum_squares” is 89, but the"),
        ({"n": 0}, "Row 2 of the sums: “n” is how many units there are"),
        ({"n": 2.5}, "a whole number from 1; got “2.5”"),
        ({"sum": float("nan")}, "Row 2 of the sums needs a value in “sum”"),
        ({"sum": "many"}, "needs a value in “sum”; got “many”"),
        ({"sum_squares": float("inf")}, "needs a value in “sum_squares”; got “inf”"),
        ({"variant": None}, "Row 2 of the sums needs a value in “variant”"),
        ({"variant": "A"}, "Rows 1 and 2 of the sums are of the same variant"),
        ({"metric": "x"}, "Row 1 of the sums needs a value in “metric”"),
        ({"total": 3}, "counts cannot be “total”; choose from “variant”, “metric”"),
        ({"denominator_sum": 5}, "Row 1 of the sums needs a value in “denominator_sum"),
    ],
)
def test_sums_that_cannot_be_are_refused_by_row_and_column(row, said):
    rows = [GOOD | {"variant": "A"}, GOOD | row]
    for given in (rows, pd.DataFrame(rows)):
        with pytest.raises(Error) as caught:
            ops.ab_summary(given)
        assert said in caught.value.text("en")
        assert caught.value.text("zh_CN")


def test_products_beyond_what_the_squares_allow_are_refused():
    below = {"denominator_sum": 20, "denominator_sum_squares": 60, "sum_products": 84.4}
    fine = [GOOD | below | {"variant": name} for name in "AB"]
    assert ops.ab_summary(fine).table["kind"].tolist() == ["ratio"]
    with pytest.raises(Error, match=r"it lies between 35\.5 and 84\.5"):
        ops.ab_summary([fine[0], fine[1] | {"sum_products": 85}])
    before = {"before_sum": 20, "before_sum_squares": 30, "before_sum_products": 60}
    with pytest.raises(Error, match="“before_sum_squares” is 30, but the squares"):
        ops.ab_summary([GOOD | before | {"variant": name} for name in "AB"])
    before |= {"before_sum_squares": 40}
    with pytest.raises(Error, match="“before” is the same for all units"):
        ops.ab_summary([GOOD | before | {"variant": name} for name in "AB"])
    nothing = {"denominator_sum": 0, "sum_products": 0}
    with pytest.raises(Error, match="“ratio” cannot be computed for the variant “B”"):
        ops.ab_summary([fine[0], fine[1] | nothing])


def test_a_metric_without_a_variant_is_refused():
    rows = [GOOD | {"variant": name, "metric": "x"} for name in "AB"]
    with pytest.raises(Error, match="“y” has no row of sums for “B”"):
        ops.ab_summary([*rows, GOOD | {"variant": "A", "metric": "y"}])


@pytest.mark.parametrize("given", [[], [1, 2], "sums", None, 5])
def test_what_are_no_sums_are_refused(given):
    with pytest.raises(Error, match="Give the counts by variant"):
        ops.ab_summary(given)


def test_values_that_are_all_the_same_leave_nothing_by_rounding():
    rows = [
        {"variant": name, "n": 7, "sum": 0.7, "sum_squares": 7 * 0.1**2}
        for name in "AB"
    ]
    found = ops.ab_summary(rows)
    assert "ab.missing.constant" in [note.code for note in found.warnings]
