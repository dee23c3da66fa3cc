"""Workbooks are read as they show, and refused before they can do harm."""

import time
import zipfile

import pytest

import opslib as ops
from opslib.ingest.excel import check

ROWS = [["用户ID", "行为", "时间", "金额"]] + [
    [f"{i:04}", "pv" if i % 2 else "buy", "2025-01-03 10:00:00", i + 0.5]
    for i in range(30)
]


def test_a_workbook_is_a_table(workbook):
    table = ops.read_table(workbook(Data=ROWS))
    assert table.frame.shape == (30, 4)
    assert table.frame["用户ID"].iloc[3] == "0003"
    assert table.report.kind == "events"
    assert (table.report.sheet, table.report.encoding) == ("Data", "")


def test_cells_are_texts_when_types_are_not_wanted(workbook):
    rows = [["a", "b"], [1, 2.5], [3, "x"]]
    frame = ops.read_table(workbook(S=rows), types=False).frame
    assert frame.to_numpy().tolist() == [["1", "2.5"], ["3", "x"]]


def test_the_first_sheet_with_cells_is_read_and_another_can_be_named(workbook):
    content = workbook(
        Empty=[], First=[["a", "b"], [1, 2]], Second=[["c", "d"], [3, 4]]
    )
    table = ops.read_table(content)
    assert table.report.sheet == "First"
    assert table.report.sheets == ("Empty", "First", "Second")
    assert "several sheets" in table.report.warnings[0].text()
    assert list(ops.read_table(content, sheet="Second").frame) == ["c", "d"]
    assert list(ops.read_table(content, sheet=2).frame) == ["c", "d"]
    with pytest.raises(ops.Error, match=r"sheet cannot be “Third”.*“Second”"):
        ops.read_table(content, sheet="Third")


def test_a_title_above_the_table_is_set_aside(workbook):
    rows = [["Sales of May", None, None], [None], ["a", "b", "c"], [1, 2, 3], [4, 5, 6]]
    table = ops.read_table(workbook(S=rows))
    assert table.report.set_aside["row"].tolist() == [1]
    assert table.frame["c"].tolist() == [3, 6]
    assert (table.report.rows, table.report.blank) == (2, 1)


@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_cell_far_out_is_refused_before_it_is_opened(workbook, quote):
    far = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        '<sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1048576">'
        f"<c r={quote}XFD1048576{quote}><v>1</v></c></row></sheetData></worksheet>"
    )
    with pytest.raises(ops.Error, match="row 1,048,576, column 16,384"):
        ops.read_table(workbook(S=far))


def test_an_archive_that_inflates_is_refused_at_once(workbook):
    content = workbook(extra={"xl/media/zeros.bin": "0" * 80_000_000}, S=ROWS)
    begin = time.monotonic()
    with pytest.raises(ops.Error, match="unpacks to 80 MB"):
        check(content)
    assert time.monotonic() - begin < 5


def test_a_document_type_is_refused(workbook):
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet/>'
    with pytest.raises(ops.Error, match="document type"):
        ops.read_table(workbook(S=bomb))


def test_a_damaged_workbook_says_so(workbook):
    content = workbook(S=ROWS)
    for broken in (content[:-40], content[: len(content) // 2]):
        with pytest.raises(ops.Error, match="damaged"):
            ops.read_table(broken)


def test_another_archive_names_what_it_holds(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("orders.csv", "a,b")
    with pytest.raises(ops.Error, match=r"it holds “orders.csv”"):
        ops.read_table(path)
