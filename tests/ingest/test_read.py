"""read_table as a whole: sources, overrides, refusals, and a report that travels."""

import gzip
import io
import json
import zipfile

import pandas as pd
import pytest

import opslib as ops
from opslib.ingest import Report
from opslib.words import LANGUAGES

TEXT = "用户ID,行为,时间,金额\n" + "".join(
    f"00{i % 7},{('pv', 'buy')[i % 2]},2021年5月{i % 28 + 1}日,￥{i}.5\n"
    for i in range(60)
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("packed", [False, True])
def test_source_may_be_a_path_content_or_a_file(tmp_path, encoding, packed):
    content = TEXT.encode(encoding)
    content = gzip.compress(content) if packed else content
    path = tmp_path / "事件.csv"
    path.write_bytes(content)
    tables = [
        ops.read_table(s) for s in (path, str(path), content, io.BytesIO(content))
    ]
    for table in tables:
        pd.testing.assert_frame_equal(table.frame, tables[0].frame)
    assert tables[0].report.name == "事件.csv"
    assert tables[0].report.roles == {
        "user": "用户ID",
        "event": "行为",
        "time": "时间",
        "amount": "金额",
    }


def test_types_false_gives_the_texts_of_the_file():
    table = ops.read_table("a,b\n 01 ,￥2\nNA,\n".encode(), types=False)
    assert table.frame.to_numpy().tolist() == [[" 01 ", "￥2"], ["NA", ""]]
    assert table.report.kind == ""


def test_columns_have_names_of_their_own():
    table = ops.read_table(b"a,a,,a_2\n1,2,3,4\n5,6,7,8\n")
    assert list(table.frame) == ["a", "a_3", "column_3", "a_2"]
    assert "Several columns are called “a”" in table.report.changes[0].text()


def test_header_rows_are_joined_when_there_are_several():
    table = ops.read_table(b"sales,\nmay,june\n1,2\n", header_rows=2)
    assert list(table.frame) == ["sales may", "sales june"]


def test_a_header_alone_is_an_empty_table():
    table = ops.read_table(b"user_id,event,time\n")
    assert table.frame.shape == (0, 3)
    assert "0 rows and 3 columns" in table.report.describe()


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"  \r\n"])
def test_an_empty_file_is_refused(content):
    with pytest.raises(ops.Error, match="The file holds no rows"):
        ops.read_table(content)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ({"delimitr": ","}, "override cannot be “delimitr”.*“delimiter”"),
        ({"delimiter": ",,"}, "delimiter cannot be “,,”"),
        ({"quote": "xx"}, "quote cannot be “xx”"),
        ({"header_rows": -1}, "header_rows must lie between 0 and 20, got “-1”"),
        ({"header_rows": True}, "header_rows must lie"),
        ({"encoding": "klingon"}, "encoding cannot be “klingon”"),
        ({"timezone": "Mars"}, "timezone cannot be “Mars”.*“Asia/Shanghai”"),
        ({"kind": "novel"}, "kind cannot be “novel”.*“events”"),
        ({"roles": {"hero": "a"}}, "roles cannot be “hero”"),
        ({"kind": "daily", "roles": {"user": "a"}}, "roles cannot be “user”.*“date”"),
        ({"roles": {"user": "zz"}}, "roles names the column “zz”.*“用户ID”"),
    ],
)
def test_an_impossible_override_is_named_with_what_is_possible(override, message):
    with pytest.raises(ops.Error, match=message) as caught:
        ops.read_table(TEXT.encode(), **override)
    assert caught.value.text("zh_CN")


def test_an_override_of_none_is_no_override():
    table = ops.read_table(TEXT.encode(), kind=None, encoding=None, roles=None)
    assert table.report.kind == "events"


def test_the_timezone_is_kept_for_the_log():
    assert ops.read_table(TEXT.encode(), timezone="Asia/Shanghai").report.timezone == (
        "Asia/Shanghai"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xd0\xcf\x11\xe0 old", "The workbook is damaged"),
        (b"ARROW1\0\0", "Arrow.*CSV or .xlsx"),
        (b"PAR1\x15", "Parquet file is damaged.*CSV"),
        (b"%PDF-1.7", "PDF"),
        # Without the time, which would be in the name of the test.
        (gzip.compress(b"a,b\n1,2\n" * 500, mtime=0)[:-20], "gzip file is damaged"),
    ],
)
def test_what_is_no_table_is_refused_with_what_to_do(content, message):
    with pytest.raises(ops.Error, match=message):
        ops.read_table(content)


def test_a_file_that_is_not_there_is_named_without_its_folder(tmp_path):
    with pytest.raises(ops.Error, match=r"The file “gone.csv” cannot be opened"):
        ops.read_table(tmp_path / "gone.csv")


def test_cells_that_do_not_fit_are_listed_by_line_of_the_file():
    rows = "".join(f"{i},5\n" for i in range(40))
    table = ops.read_table(f"n,m\n\n{rows}many,5\n".encode())
    assert table.report.cells.to_dict("records") == [
        {"column": "n", "row": 43, "text": "many"}
    ]
    text = "1 cell of “n” does not fit its type and became missing: “many”."
    assert text in [note.text() for note in table.report.warnings]


def test_the_report_survives_json():
    rows = "".join(f"00{i % 7},pv,2021-05-0{i % 7 + 1},{i}\n" for i in range(60))
    text = f"user_id,event,time,n\n{rows}a\n009,pv,2021-05-01,many\n"
    report = ops.read_table(text.encode(), timezone="UTC").report
    plain = report.to_json()
    again = type(report).from_json(plain)
    assert again.to_json() == plain
    assert again.describe("zh_CN") == report.describe("zh_CN")
    assert [note.text() for note in again.warnings] == [
        note.text() for note in report.warnings
    ]
    pd.testing.assert_frame_equal(again.set_aside, report.set_aside)
    pd.testing.assert_frame_equal(again.cells, report.cells)
    assert again.columns == report.columns
    assert json.loads(plain)["roles"]["user"] == "user_id"


def test_the_columns_say_what_they_are():
    report = ops.read_table(TEXT.encode("gb18030")).report
    user, event, _, amount = report.columns
    assert (user.name, user.type, user.role, user.distinct) == (
        "用户ID",
        "text",
        "user",
        7,
    )
    assert (event.examples, event.missing) == (("pv", "buy"), 0)
    assert amount.changes[0].text("zh_CN") == (
        "「金额」列的数字带有货币符号或千分位（如「￥0.5」），已转成纯数字。"
    )


def test_the_report_is_said_in_both_languages():
    report = ops.read_table(TEXT.encode()).report
    assert report.describe() == (
        "60 rows and 4 columns were read. The table looks like events "
        f"({report.confidence:.1%} sure), told by “用户ID”, “行为”, “时间”, “金额”."
    )
    assert report.describe("zh_CN").startswith("共读取 60 行、4 列。看起来是行为日志")
    for lang in LANGUAGES:
        assert all(note.text(lang) for note in (*report.changes, *report.warnings))


def test_a_column_that_the_file_does_not_have_tells_nothing():
    rows = "".join(f"{20 + i % 7},{i * 3},{i % 5}\n" for i in range(40))
    report = ops.read_table(f"age,income,visits\n{rows}".encode()).report
    assert report.roles == {"user": "user"}
    assert "by its values alone" in report.describe()


def test_progress_is_told():
    told = []
    ops.read_table(
        TEXT.encode(), on_progress=lambda stage, share: told.append((stage, share))
    )
    assert told[0][0] == "open"
    assert told[-1] == ("roles", 1.0)
    assert all(0 <= share <= 1 for _, share in told)


def test_input_bytes_are_read_only_once_from_a_file():
    file = io.BytesIO(TEXT.encode())
    ops.read_table(file)
    assert not file.closed


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"<html><p>Please log in</p></html>", "HTML"),
        (b'\n<?xml version="1.0"?><Workbook/>', "HTML"),
        (b'[{"user": 1, "event": "a"}]', "JSON"),
        (b'{"user": 1, "event": "a"}\n{"user": 2, "event": "b"}\n', "JSON"),
    ],
)
def test_what_only_calls_itself_a_table_is_named_and_refused(content, kind):
    with pytest.raises(ops.Error, match=f"The file is {kind}"):
        ops.read_table(content)


def test_the_report_names_the_files_of_an_archive_and_the_one_that_was_read():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.csv", "user,n\nx,1\n")
        archive.writestr("b.csv", "user,n\ny,1\nz,2\n")
        archive.writestr("readme.pdf", "%PDF-")
    report = ops.read_table(packed.getvalue(), member="b.csv").report
    assert (report.member, report.members, report.rows) == (
        *("b.csv", ("a.csv", "b.csv")),
        2,
    )
    again = Report.from_json(report.to_json())
    assert (again.member, again.members) == (report.member, report.members)
    plain = ops.read_table(b"user,n\nx,1\n").report
    assert (plain.member, plain.members) == ("", ())
