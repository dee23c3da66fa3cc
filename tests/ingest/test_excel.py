"""Workbooks are read as they show, and refused before they can do harm."""

import contextlib
import io
import random
import struct

import pytest

import opslib as ops
from opslib.ingest import extent
from opslib.ingest.excel import read_sheet
from opslib.ingest.extent import measure
from tests.ingest import binary_workbook as biff
from tests.ingest.conftest import NAMESPACE, open_document
from tests.ingest.test_archive import damaged
from tests.ingest.test_archive import zipped as archive

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


def test_an_archive_that_inflates_is_refused(workbook):
    content = workbook(extra={"xl/media/zeros.bin": "0" * 80_000_000}, S=ROWS)
    with pytest.raises(ops.Error, match="unpacks to more than 400 times its size"):
        measure(io.BytesIO(content))


def test_a_document_type_is_refused(workbook):
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet/>'
    with pytest.raises(ops.Error, match="document type"):
        ops.read_table(workbook(S=bomb))


def test_a_damaged_workbook_says_so(workbook):
    content = workbook(S=ROWS)
    for broken in (content[:-40], content[: len(content) // 2]):
        with pytest.raises(ops.Error, match="damaged"):
            ops.read_table(broken)


def sheet(cells, rest=""):
    """The XML of a sheet with one row."""
    return (
        f'<worksheet xmlns="{NAMESPACE}"><sheetData><row r="1">{cells}</row>'
        f"</sheetData>{rest}</worksheet>"
    )


def read(content, chosen=None):
    return read_sheet(io.BytesIO(content), chosen)


def said(content):
    """The sentence of the refusal, and that it exists in Chinese."""
    with pytest.raises(ops.Error) as caught:
        read(content)
    assert caught.value.text("zh_CN")
    return str(caught.value)


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        ('<c r="A1"><v>3</v></c>', "3"),
        ('<c r="A1"><v>3.0</v></c>', "3"),
        ('<c r="A1"><v>0.1</v></c>', "0.1"),
        ('<c r="A1"><v>123456789012345</v></c>', "123456789012345"),
        ('<c r="A1"><v>123456789012345678</v></c>', "1.23456789012346E+17"),
        ('<c r="A1" t="str"><v>123456789012345678</v></c>', "123456789012345678"),
        ('<c r="A1" t="inlineStr"><is><t>007</t></is></c>', "007"),
        ('<c r="A1" t="b"><v>1</v></c>', "TRUE"),
        ('<c r="A1" s="1"><v>45000</v></c>', "2023-03-15"),
        ('<c r="A1" s="2"><v>45000.4166666667</v></c>', "2023-03-15 10:00:00"),
        ('<c r="A1" s="2"><v>45000.999999</v></c>', "2023-03-15 23:59:59.914000"),
        ('<c r="A1" s="3"><v>0.125</v></c>', "0.125"),
        ('<c r="A1" s="4"><v>1.5</v></c>', "36:00:00"),
        ('<c r="A1" s="5"><v>0.4375</v></c>', "10:30:00"),
        ('<c r="A1" t="d"><v>2025-01-03T10:00:00</v></c>', "2025-01-03 10:00:00"),
        ('<c r="A1"><f>1+1</f><v>2</v></c>', "2"),
        ('<c r="A1" t="str"><f>B1</f><v>上海</v></c>', "上海"),
    ],
)
def test_a_cell_is_written_as_it_shows(workbook, xml, text):
    assert read(workbook(S=sheet(xml))).rows == [[text]]


def test_days_are_counted_from_1904_where_the_workbook_says_so(workbook):
    xml = sheet('<c r="A1" s="1"><v>43538</v></c>')
    content = workbook(properties='<workbookPr date1904="1"/>', S=xml)
    assert read(content).rows == [["2023-03-15"]]


def test_a_rounded_id_is_warned_of(workbook):
    rows = [["订单号", "金额"], *([123456789012345678 + i, 5] for i in range(9))]
    codes = [note.code for note in ops.read_table(workbook(S=rows)).report.warnings]
    assert "ingest.id_rounded" in codes


def test_errors_are_missing_and_counted(workbook):
    xml = sheet(
        '<c r="A1"><v>1</v></c><c r="B1" t="e"><v>#N/A</v></c>'
        '<c r="C1" t="str"><v>#REF!</v></c><c r="D1"><v>2</v></c>'
    )
    found = read(workbook(S=xml))
    assert found.rows == [["1", "2"]]
    assert found.notes[0].text() == (
        "2 cells of the workbook show an error such as #N/A and became missing."
    )


def test_formulas_without_a_value_are_told(workbook):
    xml = sheet(
        '<c r="A1"><f>1+1</f><v>2</v></c><c r="B1"><f>1+1</f></c>'
        '<c r="C1"><f t="shared" si="0"/></c><c r="D1"><f>2</f><v></v></c>'
    )
    note = read(workbook(S=xml)).notes[0]
    assert (note.code, note.values) == ("ingest.unsaved", {"n": 3})


def test_groups_merged_downwards_are_repeated_and_titles_are_not(workbook):
    xml = (
        f'<worksheet xmlns="{NAMESPACE}"><sheetData>'
        '<row r="1"><c r="A1" t="str"><v>五月</v></c></row>'
        '<row r="2"><c r="A2" t="str"><v>城市</v></c>'
        '<c r="B2" t="str"><v>人</v></c></row>'
        '<row r="3"><c r="A3" t="str"><v>北京</v></c><c r="B3"><v>1</v></c></row>'
        '<row r="4"><c r="B4"><v>2</v></c></row>'
        '<row r="5"><c r="A5" t="str"><v>上海</v></c><c r="B5"><v>3</v></c></row>'
        '</sheetData><mergeCells><mergeCell ref="A1:B1"/><mergeCell ref="A3:A4"/>'
        '<mergeCell ref="A9:A10"/></mergeCells></worksheet>'
    )
    table = ops.read_table(workbook(S=xml))
    assert table.frame.to_numpy().tolist() == [["北京", 1], ["北京", 2], ["上海", 3]]
    assert table.report.set_aside["text"].str.strip().tolist() == ["五月"]
    assert [note.values for note in table.report.warnings[:1]] == [{"n": 1}]


def test_a_title_merged_over_a_block_is_not_repeated(workbook):
    xml = sheet(
        '<c r="A1" t="str"><v>t</v></c></row><row r="2"/>'
        '<row r="3"><c r="A3"><v>1</v></c>',
        '<mergeCells><mergeCell ref="A1:B2"/></mergeCells>',
    )
    assert read(workbook(S=xml)).rows == [["t"], [""], ["1"]]


def test_empty_columns_and_rows_around_a_table_are_left_out(workbook):
    rows = [[None] * 6, [None, "a", None, "b"], [None, 1, None, 2], [None] * 9]
    assert read(workbook(S=rows)).rows == [["", ""], ["a", "b"], ["1", "2"]]


def test_the_first_visible_sheet_with_a_table_is_taken(workbook):
    table = [["a", "b"], [1, 2], [3, 4]]
    content = workbook(
        hidden=("Old",), Old=table, Cover=[["Report"], ["of May"]], Data=table
    )
    assert read(content).name == "Data"
    assert read(content).names == ("Old", "Cover", "Data")
    assert read(content, "Old").rows == read(content, 0).rows == read(content).rows
    assert read(workbook(Cover=[["Report"]], Empty=[])).name == "Cover"
    assert said(workbook(Empty=[])) == "The file holds no rows."


@pytest.mark.parametrize(
    "xml",
    [
        '<c r="A1"/><c r="xfd9999999"/>',
        '<c r="A1"/><c r="A99999999999"/>',
        '<c r="A1"/></row><row r="1048576">' + "<c><v>1</v></c>" * 900,
        "<c/>" * 900 + '</row><row r="1048576"><c/>',
        '<x:c/><x:c r = "ZZZ1048576"/>',
    ],
)
def test_no_way_to_reach_far_is_overlooked(workbook, xml):
    for content in (
        workbook(S=sheet(xml)),
        workbook(extra={"xl/elsewhere.bin": sheet(xml)}, S=[["a"]]),
    ):
        assert "more than 40,000,000 cells. Delete the stray cell" in said(content)


def test_tags_that_lie_across_two_pieces_are_seen_once(workbook, monkeypatch):
    rows = [["user", "amount"], *([f"u{i}", i] for i in range(50))]
    xml = sheet("".join(f'<c r="{c}1" t="e"/>' for c in "ABCDEFG"))
    for size in (7, 64, 1000):
        monkeypatch.setattr(extent, "PART", size)
        found = measure(io.BytesIO(workbook(Data=rows)))
        assert (found.rows, found.columns, found.errors) == (51, 2, 0)
    for size in (40, 64, 1000):
        monkeypatch.setattr(extent, "PART", size)
        assert measure(io.BytesIO(workbook(Data=xml))).errors == 7


def test_a_made_up_number_of_strings_is_refused(workbook):
    strings = f'<sst xmlns="{NAMESPACE}" count="1" uniqueCount="4294967295"></sst>'
    content = workbook(extra={"xl/sharedStrings.xml": strings}, S=[["a"]])
    assert "workbook is damaged" in said(content)


def ods_cell(kind, value, text="", more=""):
    return (
        f'<table:table-cell office:value-type="{kind}" office:{value} {more}>'
        f"<text:p>{text}</text:p></table:table-cell>"
    )


def ods_sheet(*rows):
    return f'<table:table table:name="S">{"".join(rows)}</table:table>'


def ods_row(*cells, times=1):
    return (
        f'<table:table-row table:number-rows-repeated="{times}">{"".join(cells)}'
        "</table:table-row>"
    )


A = ods_cell("string", 'string-value="a"', "a")
FAR = '<table:table-cell table:number-columns-repeated="16383"/>'


def test_an_open_document_is_read():
    content = open_document(
        ods_sheet(
            ods_row(A, ods_cell("float", 'value="7"', "7")),
            ods_row(
                ods_cell("date", 'date-value="2025-01-03"', "x"),
                ods_cell("percentage", 'value="0.12"', "12%"),
                ods_cell("string", 'string-value="#N/A"', "#N/A"),
                ods_cell("boolean", 'boolean-value="true"', "x"),
            ),
            ods_row(ods_cell("float", 'value="2"', "2"), times=2),
            ods_row(FAR, times=1_048_570),
        )
    )
    found = read(content)
    assert found.rows == [
        ["a", "7", ""],
        ["2025-01-03", "0.12", "TRUE"],
        ["2", "", ""],
        ["2", "", ""],
    ]
    assert [note.code for note in found.notes] == ["ingest.cell_errors"]


@pytest.mark.parametrize(
    "rows",
    [
        [ods_row(A), ods_row(times=1_048_570), ods_row(FAR, A)],
        [
            ods_row(
                A.replace(" >", ' table:number-columns-repeated="99">'), times=999_999
            )
        ],
    ],
)
def test_an_open_document_that_reaches_far_is_refused(rows):
    assert "more than 40,000,000 cells" in said(open_document(ods_sheet(*rows)))


def test_an_open_document_with_a_document_type_is_refused():
    late = "<!--" + " " * 5000 + "-->"
    for head in ("<!DOCTYPE a>", late + '<!DOCTYPE a [<!ENTITY b "c">]>'):
        assert "document type" in said(open_document(ods_sheet(ods_row(A)), head))


def test_an_open_document_that_is_no_xml_is_damaged():
    assert "workbook is damaged" in said(open_document("<a></b>"))


def test_an_old_workbook_is_read():
    rows = [["用户", "金额"], ["甲", 1], ["乙", 2.5], [True, None]]
    found = read(biff.xls(Kunden=[["x"]], 数据=rows))
    assert found.rows == [["用户", "金额"], ["甲", "1"], ["乙", "2.5"], ["TRUE", ""]]
    assert (found.name, found.names) == ("数据", ("Kunden", "数据"))


def test_a_large_old_workbook_is_read():
    rows = [[f"user {i}", i, i / 2] for i in range(3000)]
    assert len(read(biff.xls(S=rows)).rows) == 3000


def test_an_error_in_an_old_workbook_is_counted():
    error = biff.record(biff.BOOLERR, struct.pack("<HHHBB", 0, 1, 0, 0x2A, 1))
    found = read(biff.xls(S=biff.cell(0, 0, "a") + error))
    assert found.rows == [["a"]]
    assert found.notes[0].values == {"n": 1}


@pytest.mark.parametrize(
    "records",
    [
        biff.cell(0, 0, "a") + biff.cell(65535, 65535, 1.0),
        biff.record(0x200, struct.pack("<IIHHH", 0, 0xFFFFFFFF, 0, 0xFFFF, 0)),
    ],
)
def test_an_old_workbook_that_reaches_far_is_refused(records):
    assert "more than 40,000,000 cells" in said(biff.xls(S=records))


def test_old_workbooks_that_are_locked_damaged_or_none_at_all():
    locked = biff.xls(extra=biff.record(biff.FILEPASS, bytes(54)), S=[["a"]])
    assert "protected by a password" in said(locked)
    assert "protected by a password" in said(
        biff.compound(b"x" * 5000, "EncryptedPackage")
    )
    whole = biff.xls(S=[["a"]] * 2000)
    loop = whole[: 512 + 12] + struct.pack("<I", 2) + whole[512 + 16 :]
    assert "neither text nor a workbook" in said(biff.compound(b"x", "WordDocument"))
    for broken in (loop, whole[:700], whole[:9]):
        assert "workbook is damaged" in said(broken)


def test_no_damage_to_an_old_workbook_is_more_than_a_sentence():
    draw = random.Random(1)
    whole = biff.xls(S=[["a", 1]] * 9)
    for _ in range(300):
        with contextlib.suppress(ops.Error):
            read(damaged(whole[:1536], draw) + whole[1536:])


def test_a_bug_of_the_parser_is_a_damaged_workbook():
    merged = biff.record(0xE5, b"\xff\xff" + bytes(8))
    assert "workbook is damaged" in said(biff.xls(S=merged + biff.cell(0, 0, "a")))


def test_a_table_in_a_zip_archive_is_read(workbook, tmp_path):
    content = archive(
        {"a.csv": "x,y\n1,2\n", "b.xlsx": workbook(S=[["c", "d"], [3, 4]])}
    )
    table = ops.read_table(content)
    assert list(table.frame) == ["x", "y"]
    assert "several tables" in table.report.warnings[0].text()
    assert list(ops.read_table(content, member="b.xlsx").frame) == ["c", "d"]
    path = tmp_path / "both.zip"
    path.write_bytes(content)
    assert list(ops.import_file(path, tmp_path, overrides={"member": 1}).frame) == [
        "c",
        "d",
    ]
