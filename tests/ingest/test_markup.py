"""Pages that shops call .xls become tables, and can do nothing else."""

import io

import pytest

import opslib as ops
from opslib.ingest.markup import read_page
from opslib.result import Error

PAGE = """<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8">
<style>td {mso-number-format:"\\@"}</style></head><body>
<table><tr><td>导出时间</td></tr></table>
<TABLE border=1><thead><TR><TH>订单号<TH>买家&amp;昵称<TH>金额</thead>
<tr><td>0012345678901234567</td><td>小<b>明</b><br>（新）</td><td>&nbsp;12.50&nbsp;</td></tr>
<tr><td>0012345678901234568</td><td></td><td>3</td></tr></TABLE></body></html>"""
XML = """<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"
 xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<Worksheet ss:Name="说明"><Table><Row><Cell><Data ss:Type="String">a</Data></Cell></Row>
</Table></Worksheet><Worksheet ss:Name="订单"><Table>
<Row><Cell><Data ss:Type="String">用户</Data></Cell>
<Cell ss:Index="3"><Data ss:Type="String">金额</Data></Cell></Row>
<Row ss:Index="3"><Cell ss:MergeAcross="1"><Data ss:Type="String">甲</Data></Cell>
<Cell><Data ss:Type="Number">5</Data></Cell></Row></Table></Worksheet></Workbook>"""


def said(page, **options):
    with pytest.raises(Error) as caught:
        read_page([page], **options)
    assert caught.value.text("zh_CN")
    return str(caught.value)


def test_the_largest_table_of_a_page_is_read():
    found = read_page([PAGE])
    assert found.rows == [
        ["订单号", "买家&昵称", "金额"],
        ["0012345678901234567", "小明 （新）", "12.50"],
        ["0012345678901234568", "", "3"],
    ]
    assert (found.name, found.names) == ("2", ("1", "2"))
    assert read_page([PAGE], sheet=0).rows == [["导出时间"]]


def test_a_page_may_come_in_pieces_of_any_size():
    for size in (1, 7, 50):
        pieces = [PAGE[i : i + size] for i in range(0, len(PAGE), size)]
        assert read_page(pieces) == read_page([PAGE])


def test_sheets_of_excel_2003_are_read_with_their_gaps():
    found = read_page([XML])
    assert found.names == ("说明", "订单")
    assert found.rows == [["用户", "", "金额"], ["", "", ""], ["甲", "", "5"]]
    assert read_page([XML], sheet="说明").rows == [["a"]]
    assert "sheet cannot be “x”; choose from “说明”, “订单”" in said(XML, sheet="x")


def test_cells_over_several_rows_are_repeated_in_each():
    page = (
        "<table><tr><td rowspan=2>a<td colspan=2>b<td>c<tr><td>d<td>e<td rowspan=3>f"
        "<tr><td>g<td>h<td>i<tr><td>j<td>k<td>l</table>"
    )
    found = read_page([page])
    assert [note.values for note in found.notes] == [{"n": 3}]
    assert found.rows == [
        ["a", "b", "", "c"],
        ["a", "d", "e", "f"],
        ["g", "h", "i", "f"],
        ["j", "k", "l", "f"],
    ]


def test_a_table_inside_a_table_stands_on_its_own():
    page = "<table><tr><td>x<table><tr><td>1<td>2<td>3</table><td>y</table>"
    assert read_page([page]).rows == [["1", "2", "3"]]
    assert read_page([page], sheet=0).rows == [["x", "y"]]


@pytest.mark.parametrize(
    "page", ["<html><p>Log in</html>", "<table></table>", '<?xml version="1.0"?><a/>']
)
def test_a_page_without_a_table_is_refused(page):
    assert "The file is HTML, which cannot be read" in said(page)


@pytest.mark.parametrize(
    "page",
    [
        "<table><tr><td colspan=999999999>a</table>",
        "<table><tr><td colspan=99999>a</table>",
        '<Table><Row ss:Index="99999999999"><Cell>a</Table>',
        '<Table><Row><Cell ss:Index="16384">a<Row ss:Index="99999"><Cell>b</Table>',
        "<table>" + "<tr><td colspan=16000>a" * 3000 + "</table>",
        pytest.param(
            "<table><tr><td colspan=16000 rowspan=9999>a" + "<tr>" * 9999 + "</table>",
            marks=pytest.mark.slow,
        ),
        "<table>" + '<Row><Cell ss:Index="16000">a' * 3000 + "</table>",
    ],
)
def test_a_page_that_reaches_far_is_refused(page):
    assert "more than 40,000,000 cells" in said(page)


def test_scripts_entities_and_links_are_nothing():
    page = (
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><table>'
        "<tr><td>a<script>alert(1)</script><td>&x;<tr><td>1<td>2</table>"
    )
    found = read_page([page])
    assert len(found.rows) == 2
    assert not any("root" in cell for row in found.rows for cell in row)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_an_export_called_xls_is_a_table(tmp_path, encoding):
    path = tmp_path / "订单.xls"
    path.write_bytes(PAGE.encode(encoding))
    table = ops.read_table(path)
    assert table.frame["订单号"].tolist() == [
        "0012345678901234567",
        "0012345678901234568",
    ]
    assert table.frame["金额"].tolist() == [12.5, 3.0]
    assert table.report.encoding == encoding
    assert "用户" in ops.read_table(io.BytesIO(XML.encode())).frame
