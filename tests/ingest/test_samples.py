"""The real files: what each is recognised as, and the facts that are known of it."""

import gzip
from itertools import islice

import pandas as pd
import pytest

import opslib as ops

KNOWN = {
    "events/taobao_815users_9days.csv.gz": (
        "events",
        {"user": "column_1", "event": "column_4", "time": "column_5"},
        84_475,
    ),
    "events/taobao_chinese_header_40k.csv.gz": (
        "events",
        {"user": "用户ID", "event": "行为类型", "time": "时间戳"},
        40_000,
    ),
    "events/jd_actions_30k.csv.gz": (
        "events",
        {"user": "user_id", "event": "type", "time": "time"},
        29_999,
    ),
    "events/ecom_sessions_synthetic.csv.gz": (
        "events",
        {"user": "user_id", "event": "event", "time": "timestamp"},
        31_106,
    ),
    "orders/CDNOW_master.txt.gz": (
        "orders",
        {"user": "customer_id", "time": "date", "amount": "dollar_value"},
        69_659,
    ),
    "orders/cdnow_customers_summary_with_transactions.csv": (
        "users",
        {"user": "ID"},
        2_357,
    ),
    "orders/tmall_order_report_slashdates.csv.gz": (
        "orders",
        {"time": "订单创建时间", "amount": "买家实际支付金额", "order": "订单编号"},
        28_010,
    ),
    "users/jd_users_30k_gbk.csv.gz": ("users", {"user": "user_id"}, 29_999),
    "users/Mall_Customers.csv": ("users", {"user": "customer_id"}, 200),
    "users/Wholesale_customers.csv": ("users", {"user": "user"}, 440),
    "users/marketing_campaign_tab_ddmmyyyy.csv": ("users", {"user": "ID"}, 2_240),
    "users/Telco-Customer-Churn.csv": ("users", {"user": "customerID"}, 7_043),
    "experiments/cookie_cats.csv.gz": (
        "experiment",
        {"unit": "userid", "variant": "version"},
        90_189,
    ),
    "experiments/hillstrom.csv.gz": (
        "experiment",
        {"unit": "unit", "variant": "segment"},
        64_000,
    ),
    "feedback/waimai_10k.csv.gz": (
        "feedback",
        {"score": "label", "comment": "review"},
        11_987,
    ),
    "feedback/sudzilla_survey_1.csv": (
        "survey",
        {
            "time": "Timestamp",
            "score": "On a scale of 0-10, how would you rate Sudzilla?",
            "comment": "...why?",
        },
        39,
    ),
}


@pytest.fixture(scope="module")
def table(samples):
    read = {}

    def once(name):
        if name not in read:
            read[name] = ops.read_table(samples / name)
        return read[name]

    return once


@pytest.mark.parametrize("name", list(KNOWN))
def test_every_sample_is_recognised(table, name):
    report = table(name).report
    assert (report.kind, report.roles, report.rows) == KNOWN[name]


def test_taobao_without_a_header_has_instants_and_one_row_set_aside(table):
    found = table("events/taobao_815users_9days.csv.gz")
    assert found.report.header_rows == 0
    assert found.report.set_aside.to_dict("records") == [
        {"row": 84_476, "reason": "short", "text": "100370,1968385,1875258,pv"}
    ]
    assert found.frame["column_1"].nunique() == 815
    china = found.frame["column_5"].dt.tz_convert("Asia/Shanghai")
    inside = china.between(
        pd.Timestamp("2017-11-25", tz="Asia/Shanghai"),
        pd.Timestamp("2017-12-04", tz="Asia/Shanghai"),
        inclusive="left",
    )
    assert (~inside).sum() == 35


def test_jd_users_written_as_decimals_are_whole_again(table):
    found = table("events/jd_actions_30k.csv.gz")
    assert found.frame["user_id"].iloc[0] == "266079"
    assert found.frame.duplicated().sum() == 7_643


def test_gbk_age_bands_are_read(table):
    found = table("users/jd_users_30k_gbk.csv.gz")
    assert found.report.encoding == "gb18030"
    assert "26-35岁" in set(found.frame["age"])
    assert not found.report.cells.size


def test_zeros_at_the_front_survive(table):
    assert table("users/Mall_Customers.csv").frame["customer_id"].iloc[0] == "0001"
    cdnow = table("orders/CDNOW_master.txt.gz").frame
    assert cdnow["customer_id"].iloc[0] == "00001"
    assert cdnow["customer_id"].nunique() == 23_570
    assert cdnow["date"].min() == pd.Timestamp("1997-01-01")
    assert cdnow.duplicated().sum() == 255


def test_tabs_and_days_first(table):
    found = table("users/marketing_campaign_tab_ddmmyyyy.csv")
    assert (found.report.delimiter, found.frame.shape[1]) == ("\t", 29)
    assert found.frame["Dt_Customer"].iloc[0] == pd.Timestamp("2012-09-04")
    assert found.frame["Income"].max() == 666_666


def test_blank_charges_are_missing_and_yes_is_true(table):
    frame = table("users/Telco-Customer-Churn.csv").frame
    assert frame["TotalCharges"].isna().sum() == 11
    assert frame["Churn"].mean() == pytest.approx(0.2654, abs=5e-5)


def test_tmall_has_no_buyers_and_says_so(table):
    found = table("orders/tmall_order_report_slashdates.csv.gz")
    assert found.frame["订单付款时间"].isna().sum() == 3_923
    assert found.frame["订单创建时间"].iloc[0] == pd.Timestamp("2020-02-21")
    assert "name no buyer" in found.report.warnings[0].text()


def test_cookie_cats_keeps_its_published_retention(table):
    frame = table("experiments/cookie_cats.csv.gz").frame
    shares = frame.groupby("version")["retention_7"].mean()
    assert shares["gate_30"] == pytest.approx(0.1902, abs=5e-5)
    assert shares["gate_40"] == pytest.approx(0.1820, abs=5e-5)


def test_online_retail_gets_an_amount_and_whole_customer_numbers(samples):
    """The first part of the file; tests/slow reads all of it."""
    with gzip.open(samples / "orders/online_retail.csv.gz") as file:
        head = b"".join(islice(file, 40_001))
    found = ops.read_table(head)
    assert found.report.roles == {
        "user": "CustomerID",
        "time": "InvoiceDate",
        "order": "InvoiceNo",
        "amount": "amount",
    }
    frame = found.frame
    assert frame["CustomerID"].iloc[0] == "17850"
    assert frame["InvoiceNo"].str.startswith("C").any()
    expected = frame["Quantity"] * frame["UnitPrice"]
    pd.testing.assert_series_equal(frame["amount"], expected, check_names=False)


# More that is known of them, by what computes it from the table as it was read.
FACTS = {
    "events/taobao_815users_9days.csv.gz": (
        lambda f: int((f["column_5"] < pd.Timestamp("2017-11-25", tz="UTC")).sum()),
        1_355 + 35,
    ),
    "events/taobao_chinese_header_40k.csv.gz": (
        lambda f: (f["行为类型"] == "buy").mean(),
        0.8,
    ),
    "events/jd_actions_30k.csv.gz": (
        lambda f: (
            sorted({*f["type"].astype(str)}),
            (f["time"].max() - f["time"].min()).round("h"),
        ),
        (list("123456"), pd.Timedelta("3h")),
    ),
    "events/ecom_sessions_synthetic.csv.gz": (
        lambda f: f["user_id"].nunique(),
        600,
    ),
    "orders/cdnow_customers_summary_with_transactions.csv": (
        lambda f: (f["x"] > 0).sum(),
        946,
    ),
    "orders/tmall_order_report_slashdates.csv.gz": (
        lambda f: f.loc[f["总金额"] == 188_320, "订单付款时间"].isna().tolist(),
        [True],
    ),
    "users/jd_users_30k_gbk.csv.gz": (
        lambda f: bool((f["age"] == "-1").any()),
        True,
    ),
    "users/marketing_campaign_tab_ddmmyyyy.csv": (
        lambda f: (f["Year_Birth"].min(), (f["Marital_Status"] == "YOLO").sum()),
        (1893, 2),
    ),
    "experiments/cookie_cats.csv.gz": (
        lambda f: f["sum_gamerounds"].nlargest(2).tolist(),
        [49_854, 2_961],
    ),
    "experiments/hillstrom.csv.gz": (
        lambda f: f.groupby("segment")[["visit", "spend"]].mean().round(4).to_dict(),
        {
            "visit": {"Mens E-Mail": 0.1828, "No E-Mail": 0.1062}
            | {"Womens E-Mail": 0.1514},
            "spend": {"Mens E-Mail": 1.4226, "No E-Mail": 0.6528}
            | {"Womens E-Mail": 1.0772},
        },
    ),
    "feedback/waimai_10k.csv.gz": (
        lambda f: (f["label"].sum(), f["label"].is_monotonic_decreasing),
        (4_000, True),
    ),
}


@pytest.mark.parametrize("name", list(FACTS))
def test_what_is_known_of_a_sample_is_found_in_it(table, name):
    fact, known = FACTS[name]
    assert fact(table(name).frame) == known


def test_no_sample_is_forgotten(samples):
    """Online Retail, the largest, has tests of its own here and in tests/slow."""
    there = {path.relative_to(samples).as_posix() for path in samples.glob("*/*.*")}
    assert there == {*KNOWN, "orders/online_retail.csv.gz"}


@pytest.mark.parametrize("name", list(KNOWN))
def test_every_line_of_every_sample_is_accounted_for(table, name):
    report = table(name).report
    records = {"events/taobao_815users_9days.csv.gz": 84_476}.get(
        name, KNOWN[name][2] + 1
    )
    placed = report.header_rows + report.rows + report.blank + len(report.set_aside)
    assert placed == records
