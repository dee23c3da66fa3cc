"""Data: a file comes in, is understood, put right, and becomes the data set."""

import argparse
import contextlib
import errno
import io
import json
import re
import zipfile
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import opslib as ops
from opslib.ingest import child
from opslib.result import Error, Note
from opslib.words import LANGUAGES
from opslib.workspace import Workspace
from pages._frame.text import WORDS
from tests.pages.conftest import MAIN

ROOT = Path(__file__).parents[2]
EVENTS = "\n".join(
    ["用户ID,行为,时间"]
    + [
        f"{i % 12:03},{('浏览', '加购', '购买')[i % 3]},2026-03-{i % 9 + 1:02} 10:00"
        for i in range(90)
    ]
).encode("gb18030")


def here(path, into, *, name, overrides, on_progress):
    """Read as the child does, without a process for each test."""
    on_progress("rows", 0.5)
    into.mkdir(exist_ok=True)
    asked = {"file": path, "into": into, "name": name, "overrides": overrides}
    child._write(argparse.Namespace(**asked))
    return child.open_table(into)


@pytest.fixture
def home(tmp_path, monkeypatch):
    from pages._frame import incoming

    monkeypatch.setenv("OPSLIB_HOME", str(tmp_path))
    monkeypatch.setattr(incoming, "import_file", here)
    st.cache_resource.clear()
    yield tmp_path
    st.cache_resource.clear()


@pytest.fixture
def page(home):
    """Open the page of data in a language."""

    def open_page(lang="en", **params):
        test = AppTest.from_file(MAIN, default_timeout=60)
        for name, value in {"lang": lang, **params}.items():
            test.query_params[name] = value
        return test.switch_page("../data.py").run()

    return open_page


def give(test, name, content):
    test.file_uploader[0].upload(name, content).run()
    assert not test.exception
    return test


def texts(test):
    assert not test.exception
    return [text.value for text in test.text]


def said(test, part):
    return any(part in text for text in texts(test))


def box(test, label):
    (found,) = [one for one in test.selectbox if one.label == label]
    return found


def press(test, label):
    next(one for one in test.button if one.label == label).click().run()
    assert not test.exception
    return test


def parquet():
    made = io.BytesIO()
    ops.read_table(EVENTS).frame.to_parquet(made)
    return made.getvalue()


def figures(test):
    return {metric.label: metric.value for metric in test.metric}


def test_with_nothing_kept_the_page_shows_what_kinds_of_files_work(page):
    test = page()
    assert [tab.label for tab in test.tabs] == [
        *("Event log", "Orders", "Users"),
        *("Experiment", "Funnel counts", "Daily figures"),
    ]
    assert any("who, what, when" in one.value for one in test.markdown)
    assert test.dataframe[0].value.shape[0] == 3
    assert [tab.label for tab in page("zh_CN").tabs][:2] == ["行为日志", "订单"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_parquet_file_is_refused_unless_whoever_runs_the_server_allows_it(
    page, lang, monkeypatch
):
    monkeypatch.delenv(child.ALLOW_PARQUET, raising=False)
    test = give(page(lang), "log.parquet", parquet())
    assert said(test, child.ALLOW_PARQUET)
    monkeypatch.setenv(child.ALLOW_PARQUET, "1")
    test = give(test, "log.parquet", parquet())
    assert not said(test, child.ALLOW_PARQUET)
    assert list(figures(test).values())[:2] == ["90", "12"]


def test_a_file_becomes_the_data_set_of_all_pages_and_says_what_it_can_answer(page):
    test = give(page(), "日志.csv", EVENTS)
    assert "90 rows and 3 columns were read" in texts(test)[1]
    assert figures(test) == {"Rows": "90", "Users": "12", "Period covered": "9 days"}
    assert "From Mar 1, 2026 to Mar 9, 2026" in [one.value for one in test.caption]
    assert box(test, "Who: the user (needed)").value == "用户ID"
    assert box(test, "What each row is").value == "events"
    press(test, "Save and use it")
    (kept,) = Workspace().list()
    assert (kept.name, kept.kinds, kept.rows, kept.users) == (
        *("日志", ("events",)),
        *(90, 12),
    )
    assert test.query_params["d"] == kept.id
    assert texts(test)[0].startswith("“日志” is saved and chosen.")
    assert figures(test) == {"Users": "12", "Events": "90", "Period covered": "9 days"}
    assert any(kept.id in code.value for code in test.code)
    # Ids keep their zeros, and the file itself is kept with its report.
    assert ops.open(kept.id).events.users[0].as_py() == "000"
    assert json.loads(Workspace().report(kept.id))["encoding"] == "gb18030"


def test_it_speaks_chinese(page):
    test = give(page("zh_CN"), "日志.csv", EVENTS)
    assert "共读取 90 行、3 列" in texts(test)[1]
    assert box(test, "谁：用户（必选）").value == "用户ID"
    press(test, "保存并使用")
    assert texts(test)[0] == "「日志」已保存并选中。接下来想看什么？"


def test_times_hang_in_the_timezone_that_was_chosen(page):
    test = give(page("zh_CN"), "e.csv", EVENTS)
    assert box(test, "时间所在时区").value == "Asia/Shanghai"
    box(test, "时间所在时区").set_value("UTC").run()
    press(test, "保存并使用")
    assert Workspace().open(Workspace().list()[0].id).events.timezone == "UTC"


def test_a_wrong_guess_is_put_right_and_ids_are_read_again(page):
    rows = [f"{i % 12:03},{i % 30:04},{'ab'[i % 2]},2026-03-01" for i in range(90)]
    text = "\n".join(["user_id,code2,event,time", *rows]).encode()
    test = give(page(), "e.csv", text)
    assert box(test, "Who: the user (needed)").value == "user_id"
    box(test, "Who: the user (needed)").set_value("code2").run()
    assert figures(test)["Users"] == "30"
    press(test, "Save and use it")
    log = Workspace().open(Workspace().list()[0].id).events
    assert log.users[1].as_py() == "0001"


def test_another_kind_asks_for_its_own_roles(page):
    test = give(page(), "e.csv", EVENTS)
    box(test, "What each row is").set_value("experiment").run()
    assert box(test, "Which group: the variant (needed)").value is None
    assert said(test, "Still to choose: “Which group: the variant”.")
    assert test.button(key="upload.save").disabled
    box(test, "Which group: the variant (needed)").set_value("行为").run()
    press(test, "Save and use it")
    assert Workspace().list()[0].kinds == ("experiment",)


def test_orders_without_a_buyer_are_not_promised_anything(page):
    rows = [f"{i},2026-03-{i % 9 + 1:02} 10:00,{i}.5" for i in range(1, 90)]
    text = "\n".join(["订单编号,下单时间,支付金额", *rows]).encode()
    test = give(page(), "o.csv", text)
    assert box(test, "What each row is").value == "orders"
    assert said(test, "Still to choose: “Who: the user”.")
    assert not said(test, "no buyer")


def test_a_column_cannot_play_two_roles(page):
    test = give(page(), "e.csv", EVENTS)
    box(test, "Did what: the event (needed)").set_value("用户ID").run()
    assert said(test, "“用户ID” was chosen for two things")
    assert test.button(key="upload.save").disabled


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "The file holds no rows."),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "The file is PNG"),
        (b"PK\x03\x04 cut off", "The zip archive or workbook is damaged"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_one_sentence(page, home, content, why):
    test = give(page(), "**x**.csv", content)
    assert texts(test)[0].startswith(f"“**x**.csv” was not added. {why}")
    assert not list((home / "uploads").iterdir())
    assert test.file_uploader[0].value is None


def test_a_table_of_nothing_known_can_be_told_what_it_is(page):
    test = give(page(), "x.csv", b"a,b\n1,2\n3,4\n")
    assert "could not be told" in texts(test)[1]
    assert test.button(key="upload.save").disabled
    box(test, "What each row is").set_value("users").run()
    press(test, "Save and use it")
    assert Workspace().list()[0].users == 2


def test_how_the_file_was_read_can_be_changed_and_a_failure_keeps_the_old(
    page, monkeypatch
):
    from pages._frame import incoming

    test = give(page(), "x.csv", EVENTS)
    box(test, "Delimiter").set_value(";").run()
    assert said(test, "90 rows and 1 columns")
    box(test, "Delimiter").set_value(",").run()
    assert said(test, "90 rows and 3 columns")

    def fail(*_, **__):
        raise Error("ingest.child_time", seconds=120)

    monkeypatch.setattr(incoming, "import_file", fail)
    box(test, "Encoding").set_value("big5hkscs").run()
    assert said(test, "was not read within 2 minutes and was given up")
    assert said(test, "90 rows and 3 columns")
    assert box(test, "Encoding").value == "gb18030"


def test_what_was_set_aside_is_shown_with_its_line_and_reason(page):
    odd = "\n1,2,3,4,5\n合计,,90\n".encode("gb18030")
    test = give(page(), "x.csv", EVENTS + odd)
    assert "2 rows were set aside" in [one.label for one in test.expander]
    (aside,) = [one for one in test.dataframe if "reason" in one.value.columns]
    assert aside.value["row"].tolist() == [92, 93]
    assert aside.value["reason"].tolist() == ["Too many cells", "A row of totals"]
    heads = json.loads(aside.proto.columns)
    assert [heads[column]["label"] for column in ("row", "reason", "text")] == [
        "Line in the file",
        "Why",
        "What stands there",
    ]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_reason_to_set_a_row_aside_is_said_in_words(lang):
    text = (ROOT / "opslib" / "ingest" / "report.py").read_text(encoding="utf-8")
    told = text.partition("reason (")[2].partition(" and text")[0]
    reasons = re.findall(r'"(\w+)"', told)
    assert len(reasons) == 7
    said = {Note(f"ingest.reason_{reason}").text(lang) for reason in reasons}
    assert len(said) == 7


PEOPLE = "\n".join(
    ["用户ID,手机号,邮箱,行为,时间"]
    + [
        f"u{i % 9},1380013{i:04},anna{i}@x.com,{'ab'[i % 2]},2026-03-{i % 9 + 1:02}"
        for i in range(60)
    ]
).encode()


def test_personal_data_is_masked_wherever_rows_are_shown_and_kept_as_it_is(page):
    test = give(page(), "p.csv", PEOPLE)
    assert said(test, "Personal data in “手机号”, “邮箱” is masked here")
    for shown in test.dataframe:
        assert "13800130001" not in shown.value.to_csv()
        assert "anna1@x.com" not in shown.value.to_csv()
    assert test.dataframe[0].value["手机号"][1] == "138****0001"
    press(test, "Save and use it")
    log = Workspace().open(Workspace().list()[0].id).events
    assert "13800130001" in log.properties["手机号"].labels
    assert said(give(page("zh_CN"), "q.csv", PEOPLE + b"\n"), "此处已脱敏显示")


def test_names_and_phones_of_bad_rows_are_masked_on_the_page(page):
    names = ("张伟", "王芳", "李娜", "刘洋", "陈杰", "赵敏")
    rows = [
        f"{names[i % 6]},138{i:08},u{i},2025-03-{i % 28 + 1:02},{'ab'[i % 2]}"
        for i in range(60)
    ]
    rows[5:5] = ["孙悟空,13900001111,u5", "猪八戒,VIP,13900002222,u6,2025-03-01,a"]
    rows[30:30] = ["u30,13900004444,u31,唐三藏,b"]
    text = "\n".join(["姓名,手机号,user_id,时间,行为", *rows]).encode()
    for lang in LANGUAGES:
        test = give(page(lang), "customers.csv", text)
        tables = [one.value.to_csv() for one in test.dataframe]
        assert any("孙**" in one for one in tables), "what was set aside is shown"
        assert any("唐**" in one for one in tables), "what did not fit is shown"
        for shown in (*tables, *texts(test)):
            assert not re.search(r"悟空|八戒|三藏|1390000\d{4}|王芳", shown)


DASHBOARD = """渠道,指标,2026-03-01,2026-03-02,2026-03-03,合计
抖音,访问,10,11,12,33
抖音,转化率,10%,20%,30%,
微信,访问,20,21,22,63
微信,转化率,1%,2%,3%,
"""


def test_a_dashboard_with_days_as_headers_is_read_and_its_table_is_a_kind_away(page):
    test = give(page("zh_CN"), "d.csv", DASHBOARD.encode())
    assert box(test, "每一行是什么").value == "daily"
    assert said(test, "文件的 4 行数据已转成 6 行、4 列的表。")
    assert test.metric[0].value == "6"
    assert test.dataframe[0].value.columns.tolist() == [
        "日期",
        "渠道",
        "访问",
        "转化率",
    ]
    box(test, "每一行是什么").set_value("users").run()
    assert test.dataframe[0].value.columns.tolist()[2:4] == ["2026-03-01", "2026-03-02"]
    box(test, "每一行是什么").set_value("daily").run()
    press(test, "保存并使用")
    saved = Workspace().open(Workspace().list()[0].id).daily
    assert saved.columns.tolist() == ["date", "group", "访问", "转化率"]
    assert len(saved) == 6


def test_days_without_a_year_ask_for_it(page):
    text = "Metric,Dec 31,Jan 1\nVisits,10,11\nOrders,3,4\n"
    test = give(page(), "d.csv", text.encode())
    assert said(test, "are days without a year")
    assert test.dataframe[0].value.columns.tolist() == ["Metric", "Dec 31", "Jan 1"]
    (year,) = [one for one in test.number_input if one.label == "Year of the first day"]
    year.set_value(2025).run()
    assert said(test, "A table of 2 rows and 3 columns was made of 2 rows of the file")
    days = test.dataframe[0].value["date"].astype(str).tolist()
    assert days == ["2025-12-31", "2026-01-01"]
    (year,) = [one for one in test.number_input if one.label == "Year of the first day"]
    year.set_value(2024).run()
    assert test.dataframe[0].value["date"].astype(str).tolist()[0] == "2024-12-31"


def test_a_file_that_could_be_another_kind_is_read_as_it_by_a_button(page):
    rows = [
        f"u{i},2026-01-{i % 28 + 1:02},2026-02-{i % 28 + 1:02},Xi'an,{20 + i % 30},v"
        for i in range(60)
    ]
    text = "\n".join(["用户ID,注册时间,首单时间,城市,年龄,等级", *rows]).encode()
    test = give(page(), "u.csv", text)
    assert box(test, "What each row is").value == "users"
    assert said(test, "give 120 events")
    press(test, "Read as: Event log")
    assert box(test, "What each row is").value == "events"
    press(test, "Save and use it")
    assert Workspace().list()[0].rows == 120


def test_more_different_values_than_were_counted_are_shown_as_such():
    from opslib.ingest import Column
    from pages._frame.reading import different

    assert different(Column("x", "text", distinct=65_536, capped=True)) == "65,536+"
    assert different(Column("x", "text", distinct=65_536)) == "65,536"


def test_the_page_says_how_far_different_values_are_counted(page, monkeypatch):
    for module in ("opslib.ingest.columns", "pages._frame.reading"):
        monkeypatch.setattr(f"{module}.MOST_DISTINCT", 40)
    rows = [f"u{i % 9},{i} of a kind,2026-03-{i % 9 + 1:02}" for i in range(90)]
    content = "\n".join(["user_id,event,time", *rows]).encode()
    test = give(page(), "x.csv", content)
    assert any("more than 40 different values" in one.value for one in test.caption)
    (columns,) = [one for one in test.dataframe if "distinct" in one.value.columns]
    assert columns.value["distinct"].tolist() == ["9", "90+", "9"]


def test_the_encoding_can_be_chosen_by_the_rows_beside_it(page):
    rows = [f"{i},naïve café {i},déjà" for i in range(50)]
    content = "\n".join(["user_id,b,c", *rows]).encode("cp1252")
    test = give(page(), "x.csv", content)
    beside = next(one for one in test.dataframe if len(one.value) == 5)
    assert beside.value["b"][0] == "naïve café 0"
    box(test, "Encoding").set_value("cp1251").run()
    beside = next(one for one in test.dataframe if len(one.value) == 5)
    assert beside.value["b"][0] == "naпve cafй 0"
    assert len({*box(test, "Encoding").options}) == 9


def test_a_reading_that_was_close_says_so_and_opens_how_it_was_read(page):
    test = give(page(), "x.csv", "user_id,city\n1,é\n2,é\n3,b\n".encode("cp1252"))
    (how,) = [one for one in test.expander if one.label == "How the file was read"]
    assert how.proto.expanded
    assert any("nearly as likely" in one.value for one in how.text)


def test_another_file_of_an_archive_can_be_read_instead(page):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("log.csv", EVENTS)
        archive.writestr("users.csv", "user_id,city\n1,a\n2,b\n")
    test = give(page(), "both.zip", packed.getvalue())
    assert figures(test)["Rows"] == "90"
    assert box(test, "File in the archive").value == "log.csv"
    box(test, "Delimiter").set_value(";").run()
    box(test, "File in the archive").set_value("users.csv").run()
    assert figures(test)["Rows"] == "2"
    # How the other one was read says nothing of this one.
    assert box(test, "Delimiter").value == ","
    assert box(test, "Encoding").value == "utf-8"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_box_says_what_it_takes(page, lang):
    label = page(lang).file_uploader[0].label
    for kind in ("CSV", "TSV", "TXT", ".xlsx", ".xls", ".ods", "gzip", "zip", "500 MB"):
        assert kind in label


def test_the_same_file_is_known_again(page):
    test = press(give(page(), "first.csv", EVENTS), "Save and use it")
    (kept,) = Workspace().list()
    test = give(page(), "second.csv", EVENTS)
    assert said(test, "This file is here already, as “first”.")
    press(test, "Open")
    assert test.query_params["d"] == kept.id
    test = press(give(page(), "second.csv", EVENTS), "Read it again")
    assert said(test, "90 rows and 3 columns")


def test_a_table_can_join_the_tables_of_another_data_set(page):
    press(give(page(), "log.csv", EVENTS), "Save and use it")
    users = "\n".join(["user_id,city", *(f"{i:03},c{i % 3}" for i in range(40))])
    test = give(page(), "users.csv", users.encode())
    (log,) = Workspace().list()
    assert box(test, "Save as").value == "new"
    box(test, "Save as").set_value("add").run()
    assert box(test, "Of the data set").value == log.id
    press(test, "Save and use it")
    both = Workspace().list()[0]
    assert both.kinds == ("events", "users")
    assert Workspace().open(both.id).events.users[0].as_py() == "000"


def more(first, last):
    """The header and some of the rows of EVENTS, and rows that go on after them."""
    rows = [
        f"{i % 12:03},{('浏览', '加购', '购买')[i % 3]},2026-03-{i % 9 + 1:02} 10:00"
        for i in range(first, min(last, 90))
    ]
    rows += [f"{i:03},购买,2026-03-20 10:00" for i in range(90, last)]
    return "\n".join(["用户ID,行为,时间", *rows]).encode("gb18030")


@pytest.mark.parametrize(
    ("leave_out", "rows", "note"),
    [
        (True, 100, "30 rows of the file were there already"),
        (False, 130, "and were added again"),
    ],
)
def test_rows_are_added_and_those_that_are_there_already_counted(
    page, leave_out, rows, note
):
    press(give(page(), "log.csv", EVENTS), "Save and use it")
    (old,) = Workspace().list()
    test = give(page(), "log2.csv", more(60, 100))
    box(test, "Save as").set_value("add").run()
    test.toggle[0].set_value(leave_out).run()
    press(test, "Save and use it")
    both = Workspace().list()[0]
    assert (both.name, both.rows) == ("log", rows)
    assert said(test, note)
    assert said(test, f"{rows - 90} rows were added.")
    # What was shared of the old one stays as it was.
    assert Workspace().open(old.id).events.users[0].as_py() == "000"
    assert Workspace().list()[1].rows == 90


def test_a_table_takes_the_place_of_another(page):
    press(give(page(), "log.csv", EVENTS), "Save and use it")
    users = b"user_id,city\n000,a\n001,b\n"
    test = give(page(), "users.csv", users)
    box(test, "Save as").set_value("add").run()
    press(test, "Save and use it")
    both = Workspace().list()[0].id
    test = give(page(), "users2.csv", users + b"002,c\n")
    box(test, "Save as").set_value("replace").run()
    # Only one of the two has a table to be replaced.
    assert len(box(test, "Of the data set").options) == 1
    assert box(test, "Of the data set").value == both
    press(test, "Save and use it")
    assert said(
        test, "The table that was there (2 rows) was replaced; the new one has 3"
    )
    newest = Workspace().open(Workspace().list()[0].id)
    assert (len(newest.users), len(newest.events)) == (3, 90)


def test_roles_that_differ_are_refused_and_the_file_stays(page):
    header, paid = "user_id,order_time,amount", "user_id,order_time,note"
    rows = [f"u{i % 9},2026-03-{i % 9 + 1:02} 10:00,{i}.5" for i in range(40)]
    press(give(page(), "o.csv", "\n".join([header, *rows]).encode()), "Save and use it")
    rows = [f"u{i % 9},2026-03-{i % 9 + 1:02} 10:00,x" for i in range(40)]
    test = give(page(), "p.csv", "\n".join([paid, *rows]).encode())
    box(test, "What each row is").set_value("orders").run()
    box(test, "Save as").set_value("add").run()
    press(test, "Save and use it")
    assert said(test, "only one of them has the roles “amount”")
    assert len(Workspace().list()) == 1
    assert box(test, "Save as").value == "add"


CLEAN = "\n".join(
    ["用户ID,行为,时间"]
    + [
        f"{i % 12:03},{('浏览', '加购', '购买')[i % 3]},2026-03-{i % 9 + 1:02} 10:{i}"
        for i in range(10, 60)
    ]
)
ODD = f"{CLEAN}\n010,加购,2026-03-02 10:10\nqa_test,浏览,2026-03-02 10:00"


def test_what_is_odd_is_said_and_left_out_of_a_new_data_set_only_when_asked(page):
    test = press(give(page(), "log.csv", ODD.encode()), "Save and use it")
    (old,) = Workspace().list()
    assert old.rows == 52
    assert said(test, "1 row repeats an earlier one")
    assert said(test, "1 user looks like a test account")
    assert not any(one.label == "Make a data set without these" for one in test.button)
    test = page(d=old.id)
    labels = [one.key for one in test.toggle]
    assert labels == [f"odd.{old.id}.{code}" for code in ("duplicates", "testers")]
    for toggle in test.toggle:
        toggle.set_value(True)
    press(test.run(), "Make a data set without these")
    new = Workspace().list()[0]
    assert (new.name, new.rows, new.users) == ("log, cleaned", 50, 12)
    assert said(test, "1 repeat of an earlier row was left out.")
    assert said(test, "1 row of a test account was left out.")
    assert Workspace().list()[1].rows == 52
    assert not said(test, "repeats an earlier one")


def test_a_clean_data_set_and_the_demo_are_not_talked_about(page):
    test = press(give(page(), "log.csv", CLEAN.encode()), "Save and use it")
    odd = "What is odd about the data"
    assert odd not in [one.value for one in test.subheader]
    assert odd not in [one.value for one in page().subheader]


def test_a_third_import_waits_and_says_so(page, monkeypatch):
    from pages._frame import upload
    from pages._frame.turns import imports

    told = []

    def look(say, running, place):
        # Nobody else will end: the first to be seen waiting lets the others go.
        told.append((running, place))
        others.close()

    monkeypatch.setattr(upload, "_in_line", look)
    others = contextlib.ExitStack()
    test = page()
    for _ in range(2):
        others.enter_context(imports().turn(None))
    give(test, "log.csv", EVENTS)
    assert told == [(2, 1)]
    assert figures(test)["Rows"] == "90"
    assert WORDS.text("data.queue", "en", n=2, place=1) == (
        "2 imports are running; yours is number 1 in the queue"
    )


def test_a_data_set_is_renamed_and_deleted_for_all(page, home):
    press(give(page(), "log.csv", EVENTS), "Save and use it")
    (kept,) = Workspace().list()
    test = page(d=kept.id)
    assert said(test, "log")
    assert "events · 90 rows · 12 users · added on" in " ".join(
        one.value for one in test.caption
    )
    test.text_input[0].set_value("**春节**")
    press(test, "Rename")
    assert said(test, "**春节**")
    assert Workspace().list()[0].name == "**春节**"
    press(test, "Delete for good")
    assert not Workspace().list()
    assert not list((home / "data").iterdir())
    assert test.query_params["d"] == "demo"
    assert not said(test, "Data sets kept here")


def test_two_data_sets_of_one_name_can_be_told_apart(home):
    from pages._frame import data

    for i in (1, 2):
        frame = ops.read_table(f"id,a\n1,{i}\n2,{i}".encode()).frame
        tables = {"users": frame.rename(columns={"id": "user"})}
        Workspace().save(tables, name="shop")
    assert [*data.names().values()][:2] == ["shop (2)", "shop"]


@pytest.mark.parametrize(
    ("path", "kind", "rows"),
    [
        ("events/taobao_815users_9days.csv.gz", "events", "84,475"),
        ("users/jd_users_30k_gbk.csv.gz", "users", "29,999"),
        ("experiments/cookie_cats.csv.gz", "experiment", "90,189"),
    ],
)
def test_real_files_are_understood_and_saved(page, samples, path, kind, rows):
    test = give(page(), path.split("/")[1], (samples / path).read_bytes())
    assert figures(test)["Rows"] == rows
    press(test, "Save and use it")
    (kept,) = Workspace().list()
    assert kept.kinds == (kind,)


def test_the_child_process_reads_the_file_and_can_be_cancelled(home, tmp_path):
    """The same by the real child; it is ended when telling how far it is fails."""
    from pages._frame import incoming

    incoming.import_file = child.import_file
    came = incoming.Upload("../../etc/passwd", io.BytesIO(EVENTS))
    assert came.name == "passwd"
    assert came.file.parent.parent == home / "uploads"

    def stop(_stage, _share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        came.read(stop, stop)
    assert came.report is None

    def stop_the_child(stage, _share):
        if stage != "copy":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        came.read(stop_the_child, stop)
    assert came.report is None
    assert came.file.read_bytes() == EVENTS
    came.read(lambda *_: None, stop)
    assert came.report.kind == "events"
    came.close()
    assert not list((home / "uploads").iterdir())


def test_a_file_is_let_go_of_once_it_is_on_disk(home, monkeypatch):
    from pages._frame import incoming

    monkeypatch.setattr(incoming, "PIECE", 100)
    file, told = io.BytesIO(EVENTS), []
    came = incoming.Upload("log.csv", file)
    came.read(lambda *stage: told.append(stage), None)
    assert file.closed
    copied = [share for stage, share in told if stage == "copy"]
    assert len(copied) == -(-len(EVENTS) // 100)
    assert copied == sorted(copied)
    assert copied[-1] == 1


def test_a_file_that_is_dropped_while_it_is_read_leaves_nothing(home):
    """The child is at work until the run that started it ends, after the next began."""
    from pages._frame import incoming

    came = incoming.Upload("log.csv", io.BytesIO(EVENTS))

    def drop(stage, _share):
        if stage != "copy":
            came.close()
            (came.folder / "1").mkdir(parents=True)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        came.read(drop, None)
    assert not list((home / "uploads").iterdir())


def test_a_full_disk_is_said_in_words(page, home, monkeypatch):
    from pages._frame import incoming

    class Full(io.BytesIO):
        def read(self, *_):
            raise OSError(errno.ENOSPC, "No space left on device")

    came = incoming.Upload("log.csv", Full(EVENTS))
    came.read(lambda *_: None, None)
    assert came.error.text().startswith("There is no room left on the disk")
    assert came.wanted is None


def test_a_reading_that_is_cancelled_says_so_and_leaves_nothing(
    page, home, monkeypatch
):
    from pages._frame import incoming, upload

    def cancelled(*_, **__):
        upload._cancel()
        st.rerun()

    monkeypatch.setattr(incoming, "import_file", cancelled)
    for lang, words in (
        ("en", "Reading “log.csv” was cancelled. Nothing of it is kept here."),
        ("zh_CN", "已取消读取「log.csv」，没有保留任何内容。"),
    ):
        test = give(page(lang), "log.csv", EVENTS)
        assert texts(test)[0] == words
        assert not list((home / "uploads").iterdir())
    monkeypatch.setattr(incoming, "import_file", here)
    assert not said(give(test, "log.csv", EVENTS), words)
