"""Exported dashboards get a row per day, and every figure of the file is in it."""

import datetime as dt

import pytest

import opslib as ops
from opslib.ingest import Report
from opslib.result import Error
from opslib.words import LANGUAGES

ACROSS = """\
指标,2025-01-01,2025-01-02,2025-01-03
访问,"1,010",1020,1030
转化率,5%,6%,
"""
GROUPS = """\
渠道,指标,2025-01-01,2025-01-02
抖音,访问,10,11
抖音,订单,1,2
微信,访问,20,21
微信,订单,3,4
"""
DOWN = """\
date,channel,metric,value
2025-01-01,a,visits,10
2025-01-01,a,orders,1
2025-01-01,b,visits,20
2025-01-02,a,visits,11
2025-01-02,a,orders,2
2025-01-02,b,visits,21
2025-01-02,b,orders,4
"""


def read(text, **overrides):
    found = ops.read_table(text.encode(), **overrides)
    report, lines = found.report, len(text.splitlines())
    accounted = report.header_rows + report.rows + report.blank + len(report.set_aside)
    assert accounted == lines, "every line of the file is somewhere"
    assert report.table_rows == len(found.frame)
    kept = Report.from_json(report.to_json())
    assert (kept.changes, kept.made) == (report.changes, report.made)
    assert not any(
        "{" in note.text(lang) for note in report.changes for lang in LANGUAGES
    )
    return found


def codes(report):
    return [note.code.removeprefix("ingest.") for note in report.changes]


def warned(report):
    return [note.code.removeprefix("ingest.") for note in report.warnings]


def test_days_as_headers_become_rows_and_metrics_columns():
    found = read(ACROSS)
    assert (found.report.kind, found.report.roles) == ("daily", {"date": "日期"})
    assert found.frame["日期"].dt.day.tolist() == [1, 2, 3]
    assert found.frame["访问"].tolist() == [1010, 1020, 1030]
    assert found.frame["转化率"].tolist()[:2] == [0.05, 0.06]
    assert found.frame["转化率"].isna().tolist() == [False, False, True]
    assert (found.report.rows, found.report.made) == (2, 3)
    # A note for each metric, and not for each day.
    assert codes(found.report) == ["days_across", "written", "percent"]


def test_a_trend_runs_on_what_was_a_dashboard(tmp_path):
    path = tmp_path / "dashboard.csv"
    path.write_text(GROUPS, encoding="utf-8")
    daily = ops.open(path).daily
    assert ops.trend(daily, metrics="访问").table["value"].tolist() == [30, 32]
    by = ops.trend(daily, metrics="访问", by="group").table
    assert by["group"].tolist() == ["微信", "微信", "抖音", "抖音"]
    assert by["value"].tolist() == [20, 21, 10, 11]


def test_a_column_beside_the_metrics_is_the_group():
    found = read(GROUPS)
    assert found.report.roles == {"date": "日期", "group": "渠道"}
    first = found.frame.set_index(["日期", "渠道"]).loc[("2025-01-02", "微信")]
    assert (first["访问"], first["订单"]) == (21, 4)


def test_rows_of_channels_have_one_figure():
    found = read("渠道,2025-01-01,2025-01-02\n抖音,10,11\n微信,20,21\n")
    assert found.report.roles == {"date": "日期", "group": "渠道"}
    assert found.frame["数值"].tolist() == [10, 20, 11, 21]


def test_a_row_per_figure_becomes_a_row_per_day_and_group():
    found = read(DOWN)
    assert found.report.roles == {"date": "date", "group": "channel"}
    assert found.frame["visits"].tolist() == [10, 20, 11, 21]
    # b had no orders on the first day, and that is no 0.
    assert found.frame["orders"].isna().tolist() == [False, True, False, False]
    assert codes(found.report)[:2] == ["days_down", "days_gaps"]
    assert found.report.changes[1].values == {"n": 1}


def test_counts_of_events_by_day_become_a_column_per_event():
    found = read(
        "日期,事件,次数\n2025-01-01,访问,9\n2025-01-01,下单,2\n2025-01-02,访问,8\n"
    )
    assert found.frame.columns.tolist() == ["日期", "访问", "下单"]
    assert found.frame["访问"].tolist() == [9, 8]
    assert found.report.roles == {"date": "日期"}


def test_rows_of_several_figures_stay_as_they_are():
    rows = [f"2025-01-{d:02},{e},{d},{2 * d}" for d in range(1, 9) for e in ("a", "b")]
    found = read("\n".join(["date,event,count,people", *rows]))
    assert found.report.made is None
    assert len(found.frame) == 16


def test_long_daily_rows_with_a_channel_are_daily_as_they_are():
    rows = [f"2025-01-{d:02},{c},{d},1" for d in range(1, 9) for c in "ab"]
    found = read("\n".join(["date,channel,visits,orders", *rows]))
    assert found.report.kind == "daily"
    assert found.report.roles == {"date": "date", "group": "channel"}
    assert found.report.made is None
    assert len(found.frame) == 16


def test_totals_are_kept_apart_wherever_they_stand():
    text = (
        "渠道,指标,2025-01-01,2025-01-02,合计,日均\n"
        "合计,访问,30,32,62,31\n抖音,访问,10,11,21,\n全部,订单,4,6,10,\n"
        "微信,访问,20,21,41,\n抖音,订单,1,2,3,\n微信,订单,3,4,7,\n合计,订单,4,6,10,5\n"
    )
    found = read(text)
    assert found.frame["访问"].sum() == 10 + 11 + 20 + 21
    assert found.report.set_aside["row"].tolist() == [2, 4, 8]
    assert set(found.report.set_aside["reason"]) == {"total"}
    assert found.report.set_aside["text"].iloc[0] == "合计,访问,30,32,62,31"
    (note,) = [n for n in found.report.changes if n.code == "ingest.days_columns"]
    assert note.values["columns"] == ["合计", "日均"]
    assert "3 rows of totals were left out" in found.report.describe()


def test_totals_among_long_rows_are_kept_apart():
    text = DOWN + "2025-01-01,Total,visits,30\n2025-01-02,b,Average,7\n"
    found = read(text)
    assert found.frame["visits"].sum() == 62
    assert found.report.set_aside["row"].tolist() == [9, 10]


def test_a_unit_beside_the_metric_and_row_numbers_are_left_out_and_said():
    text = "序号,指标,单位,2025-01-01,2025-01-02\n1,访问,次,5,6\n2,转化率,%,0.1,0.2\n"
    found = read(text)
    assert found.frame.columns.tolist() == ["日期", "访问", "转化率"]
    (note,) = [n for n in found.report.changes if n.code == "ingest.days_columns"]
    assert note.values["columns"] == ["序号", "单位"]


def test_numbers_of_rows_make_no_groups():
    found = read("序号,渠道,2025-01-01,2025-01-02\n1,a,5,6\n2,b,7,8\n")
    assert found.frame.columns.tolist() == ["日期", "渠道", "数值"]
    (note,) = [n for n in found.report.changes if n.code == "ingest.days_columns"]
    assert note.values["columns"] == ["序号"]
    stores = read("门店编号,2025-01-01,2025-01-02\n101,5,6\n102,7,8\n")
    assert stores.frame["门店编号"].astype(str).tolist() == ["101", "102"] * 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "Metric,2025-01-01,2025-01-02\nVisits,1,2\nOrders,5,6\nVisits,3,4\n",
            "The figure of “2025-01-01”, “Visits” stands twice, in lines 2 and 4.",
        ),
        (
            DOWN + "2025-01-02,b,orders,5\n",
            "The figure of “2025-01-02”, “b”, “orders” stands twice, in lines 8 and 9.",
        ),
        (
            "Metric,2025-01-01,2025-01-02\nVisits,1,2\n,3,4\n",
            "“Metric” is empty in line 3",
        ),
    ],
)
def test_a_figure_that_cannot_be_placed_leaves_the_table_as_it_is(text, said):
    found = read(text)
    assert any(said in note.text() for note in found.report.warnings)
    assert found.frame.columns.tolist() == text.partition("\n")[0].split(",")
    assert found.report.made is None


def test_days_without_a_year_ask_for_it():
    text = "Metric,Dec 31,Jan 1,Total\nVisits,10,11,21\nOrders,3,4,7\n"
    found = read(text)
    assert warned(found.report) == ["days_yearless"]
    assert found.frame.columns.tolist() == ["Metric", "Dec 31", "Jan 1", "Total"]
    known = read(text, year=2024)
    assert known.frame["date"].dt.year.tolist() == [2024, 2025]
    assert known.frame["Visits"].tolist() == [10, 11]
    with pytest.raises(Error, match="year must lie between 1970 and 2100, got “24”"):
        read(text, year=24)


@pytest.mark.parametrize(
    ("header", "first", "made"),
    [
        ("20250101,20250102,20250103", "2025-01-01", 3),
        ("202501,202502,202503", "2025-01-01", 3),
        ("2025年第1周,2025年第2周,2025年第3周", "2024-12-30", 3),
    ],
)
def test_headers_of_digits_and_weeks(header, first, made):
    found = read(f"指标,{header}\n访问,1,2,3\n订单,4,5,6\n")
    assert str(found.frame["日期"].iloc[0].date()) == first
    assert found.report.made == made
    if "周" in header:
        assert "days_weeks" in codes(found.report)


def test_a_table_of_digits_that_are_no_days_keeps_its_rows():
    text = "a,from,to,n\nx,20250101,20250131,1\ny,20250201,20250228,2\n"
    assert read(text).report.header_rows == 1


def test_a_log_export_with_a_title_and_tabs_in_its_headers():
    text = (
        '"Signups"\n""\n"Event Segmentation"\n""\n'
        '"Segment","\t2025-01-01","\t2025-01-02"\n"iOS","10","11"\n"Web","1","3"\n'
    )
    found = read(text)
    assert found.report.roles == {"date": "date", "group": "Segment"}
    assert found.frame["value"].tolist() == [10, 1, 11, 3]
    assert found.report.set_aside["reason"].tolist() == ["preamble"] * 2


def test_a_workbook_of_dates_as_headers(workbook):
    days = [dt.datetime(2025, 1, day) for day in (1, 2, 3)]  # noqa: DTZ001
    rows = [["指标", *days, "合计"], ["访问", 1, 2, 3, 6], ["订单", 4, 5, 6, 15]]
    found = ops.read_table(workbook(S=rows))
    assert found.frame["订单"].tolist() == [4, 5, 6]
    assert found.frame["日期"].dt.day.tolist() == [1, 2, 3]


def test_a_cell_that_does_not_fit_is_told_with_its_line_of_the_file():
    rows = [
        f"2025-{m:02}-{d:02},{name},{d}"
        for m in (1, 2)
        for d in range(1, 29)
        for name in ("visits", "orders")
    ]
    rows[41] = "2025-01-21,orders,oops"
    found = read("\n".join(["date,metric,value", *rows]))
    assert found.report.cells.to_dict("records") == [
        {"column": "orders", "row": 43, "text": "oops"}
    ]


def test_the_table_of_the_file_is_a_kind_away():
    assert read(ACROSS, kind="users").frame.columns[1] == "2025-01-01"
    as_it_is = read(DOWN, kind="daily", roles={"date": "date", "group": "metric"})
    assert len(as_it_is.frame) == 7
    assert as_it_is.report.made is None
    texts = ops.read_table(DOWN.encode(), types=False)
    assert texts.frame.columns.tolist() == ["date", "channel", "metric", "value"]
    again = read(DOWN, kind="daily", roles={"date": "date", "group": "channel"})
    assert again.frame.columns.tolist() == ["date", "channel", "visits", "orders"]


@pytest.mark.parametrize(
    "text",
    [
        "用户ID,2025-01,2025-02\n" + "".join(f"u{i},{i},2\n" for i in range(30)),
        "姓名,2025-01,2025-02\n张伟,1,2\n王芳,3,4\n李娜,5,6\n",
        "月份,2025-01,2025-02\n2025-01,9,3\n2025-02,,8\n",
        "指标,2025-01-01,2025-01-02,n\n访问,好,坏,1\n订单,中,好,2\n",
        "user_id,date,metric,value\nu1,2025-01-01,weight,5\nu1,2025-01-02,weight,6\n",
        "date,metric,value\n2025-01-01 08:00,a,1\n2025-01-01 09:00,a,2\n",
        "date,metric,value\n2025-01-01,a,good\n2025-01-02,a,bad\n",
        "date,metric,value\n2025-01-01,a,1\n2025-01-02,b,2\n",
        "date,order_id,value\n2025-01-01,a1,10\n2025-01-02,a1,20\n",
    ],
)
def test_what_only_looks_like_a_dashboard_stays_as_it_is(text):
    found = read(text)
    assert found.report.made is None
    assert not [code for code in warned(found.report) if code.startswith("days")]
    assert found.frame.columns.tolist() == text.partition("\n")[0].split(",")


def test_many_unnamed_rows_are_goods_and_one_figure():
    rows = "".join(f"sku{i},{i},{i + 1}\n" for i in range(40))
    found = read("货品,2025-01-01,2025-01-02\n" + rows)
    assert found.frame.columns.tolist() == ["日期", "货品", "数值"]
    assert found.report.made == 80


@pytest.mark.parametrize("name", ["日期", "数值", "line", "at", "day"])
def test_a_metric_may_be_called_anything(name):
    found = read(f"指标,2025-01-01,2025-01-02\n{name},1,2\n访问,3,4\n")
    assert found.frame.iloc[:, 1].tolist() == [1, 2]
    assert found.frame["访问"].tolist() == [3, 4]


@pytest.mark.parametrize("name", ["line", "at", "date", "value", "-1", "日期"])
def test_a_group_may_be_called_anything(name):
    text = f"{name},metric,2025-01-01,2025-01-02\na,visits,1,2\nb,visits,3,4\n"
    found = read(text)
    assert found.frame[name].tolist() == ["a", "b", "a", "b"]
    assert found.frame["visits"].tolist() == [1, 3, 2, 4]
    if name not in {"date", "value", "日期"}:
        assert read(DOWN.replace("channel", name)).frame["visits"].sum() == 62


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_report_tells_rows_of_the_file_from_rows_of_the_table(
    lang, capsys, tmp_path
):
    from opslib.__main__ import main

    path = tmp_path / "dashboard.csv"
    path.write_text(DOWN, encoding="utf-8")
    assert main(["read", str(path), "--lang", lang]) == 0
    told = capsys.readouterr().out
    assert {
        "en": "A table of 4 rows and 4 columns was made of 7 rows of the file.",
        "zh_CN": "文件的 7 行数据已转成 4 行、4 列的表。",
    }[lang] in told
    assert "{" not in told
