"""Every record of a file is a row, a header, blank, or set aside: nothing is lost."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

import opslib as ops
from opslib.ingest.dialect import sniff
from opslib.ingest.rows import read_rows


def read(text, **overrides):
    return ops.read_table(text.encode(), types=False, **overrides)


def aside(table):
    return list(table.report.set_aside.itertuples(index=False, name=None))


def accounted(report):
    return report.header_rows + report.rows + report.blank + len(report.set_aside)


def test_rows_of_another_width_are_set_aside_with_their_line():
    table = read("a,b,c\n1,2,3\n4,5\n\n6,7,8,9\n10,11,12\n" + "1,1,1\n" * 40)
    assert aside(table) == [(3, "short", "4,5"), (5, "long", "6,7,8,9")]
    assert table.report.blank == 1
    assert table.frame["a"].tolist()[:2] == ["1", "10"]
    assert accounted(table.report) == 46
    assert "2 rows could not be placed" in table.report.describe()


def test_a_missing_empty_cell_at_the_end_is_added_where_others_are_empty():
    table = read("a,b,c\n1,2,\n4,5\n6,7,8\n")
    assert table.frame["c"].tolist() == ["", "", "8"]
    assert table.report.changes[0].values == {"n": 1, "rows": "3"}


def test_too_many_empty_cells_at_the_end_are_cut():
    table = read("a,b\n1,2,,\n3,4\n")
    assert table.frame["b"].tolist() == ["2", "4"]
    assert "evened out" in table.report.changes[0].text()


def test_a_short_row_amid_full_ones_is_not_guessed():
    table = read("a,b,c\n" + "1,2,3\n" * 30 + "4,5\n")
    assert aside(table) == [(32, "short", "4,5")]


def test_rows_that_were_padded_stand_where_they_stood():
    table = read("a,b,c\n1,2,\n4,5\n6,7,8\n9\n")
    assert table.frame["a"].tolist() == ["1", "4", "6", "9"]


def test_quoted_line_ends_are_part_of_a_cell_and_lines_are_still_counted():
    table = read('a,b\n1,"x\ny"\n2,z\n3\n' + "4,w\n" * 30)
    assert table.frame["b"].tolist()[:2] == ["x\ny", "z"]
    assert aside(table) == [(5, "short", "3")]


def test_a_stray_quote_swallows_nothing():
    rows = "".join(f"{i},city\n" for i in range(3000))
    table = read(f'a,b\n1,"open\n{rows}')
    assert len(table.frame) == 3001
    assert table.frame["b"].iloc[0] == '"open'
    assert table.report.changes[0].code == "ingest.repaired"


@pytest.mark.parametrize("beside", ["3,w\n", '3,"w\n', '3,"w\nv"\n', "3\n"])
@pytest.mark.parametrize(
    ("cell", "meant"),
    [('"b"c', '"b"c'), ('""b""', '"b"'), ('5" pipe', '5" pipe'), ('a"b', 'a"b')],
)
def test_a_quote_out_of_place_stays_whatever_rows_are_beside_it(cell, meant, beside):
    text = "a,b\n" + "1,x\n" * 9 + f"2,{cell}\n" + beside
    frame = read(text, delimiter=",", quote='"').frame
    assert frame["b"][frame["a"] == "2"].tolist() == [meant]


def test_a_stray_quote_in_every_row_does_not_take_forever():
    table = read("a,b\n" + '1,"open\n2,x\n' * 2000)
    assert accounted(table.report) == 4001


def test_rows_of_nothing_but_delimiters_are_blank():
    table = read("a,b\n1,2\n,\n,\n")
    assert (table.report.rows, table.report.blank) == (1, 2)


def test_preamble_is_set_aside():
    table = read("Report,,\n\na,b,c\n1,x,3\n2,y,4\n")
    assert aside(table) == [(1, "preamble", "Report,,")]
    assert table.frame.columns.tolist() == ["a", "b", "c"]


def test_cells_beyond_the_limit_of_csv_are_kept():
    table = read(f"a,b\n1,{'x' * 200_000}\n2,y\n", delimiter=",")
    assert table.frame["b"].str.len().tolist() == [200_000, 1]


def test_old_macintosh_line_ends_are_line_ends():
    assert read("a,b\r1,2\r3,4\r").frame["a"].tolist() == ["1", "3"]


def test_chunks_join_without_a_seam():
    text = "a,b\n" + "".join(f"{i},x\n" for i in range(12_001))
    cells, names = read_rows([text], sniff(text.splitlines()[:50]))
    assert names == ["a", "b"]
    assert cells.spool.column(0).to_pylist() == [str(i) for i in range(12_001)]
    lines = [line for batch in cells.spool.batches() for line in batch.lines]
    assert lines == list(range(2, 12_003))


CELL = some.text(some.sampled_from('ab1,;"\n 用'), max_size=5)
ROW = some.lists(CELL, min_size=3, max_size=3)


@settings(derandomize=True, max_examples=40, deadline=None)
@given(some.lists(ROW, min_size=1, max_size=12), some.sampled_from(",;\t|"))
def test_what_csv_writes_is_read_back(rows, delimiter):
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows([["h1", "h2", "h3"], *rows])
    table = read(file.getvalue(), delimiter=delimiter, quote='"', header_rows=1)
    expected = [row for row in rows if any(row)]
    assert table.frame.to_numpy().tolist() == expected
    assert table.report.blank == len(rows) - len(expected)


LINE = some.text(some.sampled_from('ab1,,,"用 '), max_size=8)


@settings(derandomize=True, max_examples=40, deadline=None)
@given(some.lists(LINE, min_size=2, max_size=15))
def test_every_line_is_accounted_for(lines):
    """With quotes taken as characters a line is a record, so lines can be counted."""
    table = read("x\n" + "\n".join(lines) + "\n", quote="", delimiter=",")
    assert accounted(table.report) == len(lines) + 1


@pytest.mark.parametrize("columns", [2_000, 2_001])
def test_too_many_columns_are_refused(columns):
    text = ",".join(f"c{i}" for i in range(columns)) + "\n" + ",".join("1" * columns)
    if columns <= 2_000:
        assert read(text).frame.shape == (1, columns)
    else:
        with pytest.raises(ops.Error, match=r"2,001 columns; at most 2,000 .* Leave"):
            read(text)


@pytest.mark.parametrize("name", ["合计", "总计：", "Grand Total"])
def test_sums_under_the_last_row_are_no_row_of_the_table(name):
    table = read("用户,日期,金额\n" + "a,2025-01-01,5\n" * 9 + f"{name},,45\n")
    assert aside(table) == [(11, "total", f"{name},,45")]
    assert table.frame["用户"].unique().tolist() == ["a"]
    assert accounted(table.report) == 11
    assert "counted twice" in table.report.describe()
    assert "有 1 行合计" in table.report.describe("zh_CN")


def test_a_total_amid_the_rows_stays():
    table = read("step,users\nview,9\ntotal,12\nbuy,3\n")
    assert table.frame["step"].tolist() == ["view", "total", "buy"]


def test_rows_of_spaces_alone_are_blank():
    table = read("a,b,c\n" + "1,2,3\n" * 30 + " , , \n   \n \t\n" + "\x1a")
    assert (len(table.frame), table.report.blank, aside(table)) == (30, 3, [])


def test_a_title_above_two_columns_is_no_header():
    table = read("销售日报\n\n日期,销售额\n" + "2025-01-01,5\n" * 9)
    assert table.frame.columns.tolist() == ["日期", "销售额"]
    assert aside(table) == [(1, "preamble", "销售日报")]
    assert "above the table" in table.report.describe()


def test_a_cell_may_be_longer_than_what_csv_allows_by_default():
    long = "a,b\n" * 100 + "x" * 200_000
    table = read(f'id,text,n\n1,"{long}",5\n' + "2,y,6\n" * 9)
    assert table.frame["text"].tolist()[:2] == [long, "y"]
    assert aside(table) == []


def test_a_line_that_does_not_end_is_refused(monkeypatch):
    monkeypatch.setattr("opslib.ingest.records.LONGEST_LINE", 1_000_000)
    with pytest.raises(
        ops.Error, match="is longer than 1 million characters"
    ) as caught:
        read("a,b\n" + "1,2\n" * 2_000 + "1," + "x" * 3_000_000)
    assert caught.value.text("zh_CN").endswith("请重新导出为 CSV。")
