"""Types are decided by the whole column; what does not fit is listed, not dropped."""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

import opslib as ops
from opslib.ingest.columns import Evidence, convert, decide
from opslib.ingest.dates import parse
from opslib.ingest.plans import Misfit
from opslib.ingest.spool import TEXT


def typed(values, name="x", **options):
    return convert(pa.array(values, pa.string()), name, **options)


def codes(one):
    return [note.code for note in one.changes]


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        (["1", "-2", "+3"], "integer", [1, -2, 3]),
        (["1.5", "2", ".5", "1e3"], "number", [1.5, 2, 0.5, 1000]),
        (["1,234", "5", "1,234,567.5"], "number", [1234, 5, 1234567.5]),
        (["￥1,200", "¥80.5", "12元"], "number", [1200, 80.5, 12]),
        (["$3", "€4.5", "-$2"], "number", [3, 4.5, -2]),
        (["12%", "3.5%"], "number", [0.12, 0.035]),
        (["(1,200)", "5"], "number", [-1200, 5]),
        (["TRUE", "false"], "boolean", [True, False]),
        (["Yes", "No", "No"], "boolean", [True, False, False]),
        (["是", "否"], "boolean", [True, False]),
        (["1,23", "4"], "text", ["1,23", "4"]),
        (["1.5万", "8,000", "2亿元"], "number", [15000, 8000, 2e8]),
        (['="0012"', '="0013"'], "text", ["0012", "0013"]),
        (["1-2", "3-4"], "text", ["1-2", "3-4"]),
        (["１２３", "４"], "integer", [123, 4]),
        (["１，２３４．５", "5%"], "number", [1234.5, 0.05]),
        (["1 234", "5 678 901"], "number", [1234, 5678901]),
        (["1'234'567", "12"], "number", [1234567, 12]),
        (["1.234,50", "2.000,00"], "number", [1234.5, 2000]),
        (["RMB 1,200", "3 USD"], "number", [1200, 3]),
        (["5-", "￥-6"], "number", [-5, -6]),
        (["真", "假"], "boolean", [True, False]),
        (["有", "无"], "boolean", [True, False]),
        (["T", "F"], "boolean", [True, False]),
    ],
)
def test_values_are_read_as_people_write_them(values, kind, expected):
    one = typed(values)
    assert one.kind == kind
    assert (
        one.values.tolist() == pytest.approx(expected)
        if kind == "number"
        else (one.values.tolist() == expected)
    )


@pytest.mark.parametrize("word", ["暂无", "未知", "N.A.", "#DIV/0!", "－", "无"])
def test_words_for_nothing_are_missing_among_numbers(word):
    one = typed(["5", word, "7"])
    assert (one.kind, one.values.isna().tolist()) == ("integer", [False, True, False])


def test_a_column_of_one_word_for_no_is_not_missing_but_no():
    assert typed(["有", "有", "无"]).values.tolist() == [True, True, False]
    assert typed(["是", "无", "否"]).values.isna().tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2021年5月3日 上午9点", "2021-05-03T09:00:00"),
        ("2021年5月3日 下午3点5分", "2021-05-03T15:05:00"),
        ("3-May-21", "2021-05-03T00:00:00"),
        ("Mon, 03 May 2021 10:00:00 GMT", "2021-05-03T10:00:00"),
    ],
)
def test_dates_are_read_as_programs_and_people_write_them(text, moment):
    found = parse(pa.array([text]))
    assert found.valid.all()
    assert str(found.micros.astype("M8[us]")[0]).startswith(moment)


@pytest.mark.parametrize(
    "values",
    [["0001", "0002"], ["1234567890123456789", "3"], ["00", "1"]],
)
def test_digits_that_are_names_stay_text(values):
    assert typed(values).values.tolist() == values


def test_ids_stay_text_by_their_name_and_lose_the_decimals_of_spreadsheets():
    one = typed(["17850.0", "", "13047.0"], "CustomerID")
    assert one.values.tolist()[0] == "17850"
    assert one.values.isna().tolist() == [False, True, False]
    assert codes(one) == ["ingest.id_decimals"]
    assert typed(["17850.0"], "price").kind == "number"
    assert typed(["116", "337"], "sku_id").values.tolist() == ["116", "337"]


def test_cancelled_invoices_do_not_vanish_from_a_column_of_numbers():
    values = [str(i) for i in range(500_000, 500_200)] + ["C536379"]
    assert typed(values, "document").kind == "text"


def test_few_cells_that_do_not_fit_are_listed_with_their_place():
    one = typed(["1"] * 40 + ["oops"] + ["2"])
    assert one.kind == "integer" or one.kind == "number"
    assert one.failed == ((40, "oops"),)
    assert np.isnan(one.values[40])


def test_many_cells_that_do_not_fit_make_the_column_text():
    one = typed(["1"] * 18 + ["oops", "no"])
    assert (one.kind, one.failed) == ("text", ())


def test_missing_words_are_missing_only_where_they_cannot_be_values():
    assert typed(["1", "-", "无", "NA"]).missing == 3
    assert typed(["none", "some", ""]).missing == 1
    assert typed(["", " ", "null"]).values.isna().all()


def test_integers_with_gaps_keep_their_kind():
    one = typed(["1", "", "3"])
    assert one.kind == "integer"
    assert one.values.tolist()[::2] == [1, 3]
    assert typed(["yes", "", "no"]).values.isna().tolist() == [False, True, False]


DAY = dt.datetime(2021, 5, 3)  # noqa: DTZ001
MOMENT = dt.datetime(2021, 5, 3, 14, 5, 6)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2021-05-03", DAY),
        ("2021/5/3", DAY),
        ("2021.05.03", DAY),
        ("20210503", DAY),
        ("2021年5月3日", DAY),
        ("2021年05月03号", DAY),
        ("23/5/2021", DAY.replace(day=23)),
        ("5-23-2021", DAY.replace(day=23)),
        ("3 May 2021", DAY),
        ("May 3, 2021", DAY),
        ("2021-05-03 14:05:06", MOMENT),
        ("2021-05-03T14:05:06.250", MOMENT.replace(microsecond=250_000)),
        ("2021/5/3 14:05", MOMENT.replace(second=0)),
        ("2021年5月3日 14时5分6秒", MOMENT),
        ("2021年5月3日14:05:06", MOMENT),
        ("2021年5月3日 14时5分", MOMENT.replace(second=0)),
        ("23/5/2021 2:05:06 PM", MOMENT.replace(day=23)),
        ("20210503140506", MOMENT),
    ],
)
def test_a_date_is_read_however_it_is_written(value, expected):
    one = typed([value], "date")
    assert one.kind == "date"
    assert one.values.dt.tz is None
    assert one.values[0] == pd.Timestamp(expected)


@pytest.mark.parametrize("zone", ["Z", "+00:00", " UTC"])
def test_a_zone_makes_an_instant(zone):
    one = typed([f"2021-05-03T14:05:06{zone}"])
    assert one.values[0] == pd.Timestamp(MOMENT, tz="UTC")
    east = typed(["2021-05-03T14:05:06+08:00"])
    assert east.values[0] == pd.Timestamp("2021-05-03T06:05:06Z")


@pytest.mark.parametrize("zeros", [0, 3, 6, 9])
def test_an_epoch_under_the_name_of_a_time_is_an_instant(zeros):
    digits = "1511544070" + "0" * zeros
    one = typed([digits], "时间戳")
    assert one.values[0] == pd.Timestamp("2017-11-24T17:21:10Z")
    assert codes(one) == ["ingest.epoch"]
    assert typed([digits], "amount").kind != "date"


def test_times_with_and_without_a_zone_are_read_as_utc_and_said():
    zoned, naive = "2021-05-03T14:05:06+08:00", "2021-05-03 14:05:06"
    assert codes(typed([zoned, naive])) == ["ingest.zones_mixed"]
    assert codes(typed([zoned])) == codes(typed([naive])) == []


@pytest.mark.parametrize(
    ("seen", "late"),
    [("2021-05-03T10:00:00Z", "2021-05-03"), ("2021-05-03", "2021-05-03T10:00:00Z")],
)
def test_a_zone_or_none_that_comes_late_is_said_as_well(seen, late):
    evidence = Evidence()
    evidence.add(pa.array([seen], TEXT))
    plan = decide(evidence, "time")
    assert plan.changes == ()
    with pytest.raises(Misfit) as caught:
        plan.apply(pa.array([late], TEXT))
    better = caught.value.plan
    assert [note.code for note in better.changes] == ["ingest.zones_mixed"]
    assert better.aware
    assert len(better.apply(pa.array([seen, late], TEXT))[1]) == 0


def test_serial_numbers_are_dates_only_under_the_name_of_a_time():
    one = typed(["44319", "44319.5"], "date")
    assert one.values.tolist() == [pd.Timestamp(DAY), pd.Timestamp("2021-05-03 12:00")]
    assert typed(["44319", "44319.5"], "cost").kind == "number"


@pytest.mark.parametrize(
    ("values", "first", "code"),
    [
        (["04/05/2021", "23/05/2021"], "2021-05-04", "ingest.day_month"),
        (["04/05/2021", "05/23/2021"], "2021-04-05", "ingest.day_month"),
        (["04/05/2021", "05/06/2021"], "2021-04-05", "ingest.day_month_unsure"),
    ],
)
def test_day_and_month_are_told_apart_by_the_whole_column(values, first, code):
    one = typed(values)
    assert one.values[0] == pd.Timestamp(first)
    assert codes(one) == [code]


def test_a_date_that_does_not_exist_is_listed():
    one = typed(["2021-02-27"] * 30 + ["2021-02-30"])
    assert one.failed == ((30, "2021-02-30"),)
    assert one.values.isna().sum() == 1


def test_spellings_may_be_mixed():
    one = typed(["2021-05-03", "2021/5/3", "2021年5月3日", "20210503"])
    assert one.values.tolist() == [pd.Timestamp(DAY)] * 4


def test_months_are_dates_under_a_name_of_a_time_and_labels_elsewhere():
    assert typed(["2024-01", "2024-02"], "month").kind == "date"
    assert typed(["2024-01", "2024-02"], "cohort").kind == "text"


MOMENTS = some.datetimes(
    dt.datetime(1971, 1, 1),  # noqa: DTZ001
    dt.datetime(2099, 12, 31),  # noqa: DTZ001
)
FORMATS = ["%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y年%m月%d日 %H时%M分%S秒"]


@settings(derandomize=True, max_examples=60, deadline=None)
@given(MOMENTS, some.sampled_from([*FORMATS, "%b %d, %Y %I:%M:%S %p"]))
def test_dates_agree_with_the_standard_library(moment, layout):
    text = moment.strftime(layout)
    found = parse(pa.array([text]))
    assert found.valid.all()
    assert found.micros.astype("M8[us]")[0] == np.datetime64(
        dt.datetime.strptime(text, layout)  # noqa: DTZ007
    )


@settings(derandomize=True, max_examples=40, deadline=None)
@given(some.lists(some.text(max_size=8), min_size=1, max_size=8), some.text(max_size=6))
def test_any_texts_are_read_without_an_accident(values, name):
    one = typed(values, name)
    assert len(one.values) == len(values)


def test_decimal_commas_are_read_where_a_comma_does_not_delimit():
    table = ops.read_table(
        b"datum;umsatz;artikel\n01.02.2025;1.234,50;1,2,3\n13.02.2025;-7,5;2\n"
    )
    assert table.frame["umsatz"].tolist() == [1234.5, -7.5]
    told = [note.text() for note in table.report.changes]
    assert any("such as “1.234,50”" in text for text in told)
    assert table.frame["artikel"].tolist() == ["1,2,3", "2"]
    thousands = typed(["1,234", "12,345"], comma=True)
    assert thousands.values.tolist() == [1234, 12345]


def test_ids_wrapped_for_spreadsheets_are_unwrapped_and_rounded_ones_are_told():
    text = "订单编号,单号,金额\n" + '="0012345678",1.23457E+18,5\n' * 3
    table = ops.read_table(text.encode())
    assert table.frame["订单编号"].tolist() == ["0012345678"] * 3
    assert "ingest.formula_text" in [note.code for note in table.report.changes]
    told = [n for n in table.report.warnings if n.code == "ingest.id_rounded"]
    assert "may now look the same" in told[0].text()
    assert "不同的编号可能变得一样" in told[0].text("zh_CN")


def test_phone_numbers_are_no_quantities():
    assert typed(["13800138000", "13900139000"], "手机号").kind == "text"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021/5/1 下午 1:05:33", "2021-05-01 13:05:33"),
        ("2021年5月1日 上午12:10", "2021-05-01 00:10:00"),
        ("5/13/21", "2021-05-13 00:00:00"),
        ("5/13/21 8:26", "2021-05-13 08:26:00"),
    ],
)
def test_halves_of_the_day_and_short_years_are_read(text, expected):
    assert str(typed([text], "time").values[0]) == expected


def test_years_that_stand_for_never_are_no_times():
    one = typed(["2021-05-03", "9999-12-31", *["2021-05-04"] * 40], "time")
    assert one.failed == ((1, "9999-12-31"),)
