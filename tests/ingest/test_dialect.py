"""The sniffer finds delimiter, quote and header on tables of a few lines."""

import pytest

import opslib as ops
from opslib.ingest.dialect import sample, sniff
from opslib.ingest.layout import find_head

ROWS = [
    ["user_id", "city", "amount"],
    ["1", "New York", "12.5"],
    ["2", "Berlin", "8"],
    ["3", "Köln", "-3.25"],
]


@pytest.mark.parametrize(
    "delimiter", [",", ";", "\t", "|", "||", "^", "~", "\x01", ":"]
)
def test_delimiter_is_found(delimiter):
    found = sniff([delimiter.join(row) for row in ROWS])
    assert (found.delimiter, found.width, found.header_rows) == (delimiter, 3, 1)


def test_a_grid_of_white_space_is_a_table():
    found = sniff([" id   day  n", "  1  19970101   3", " 12  19970102  44"])
    assert (found.delimiter, found.width) == (" ", 3)


def test_sentences_are_one_column_though_they_have_spaces_and_commas():
    found = sniff(["comment", "good, and fast", "slow", "not bad, not good, meh"])
    assert found.width == 1


def test_decimal_commas_do_not_win_over_semicolons():
    found = sniff(["day;price;tax", "1;1,5;2,5", "2;3,5;4,5", "3;2,5;1,5"])
    assert found.delimiter == ";"


@pytest.mark.parametrize("quote", ['"', "'"])
def test_quote_is_found(quote):
    lines = [",".join(f"{quote}{cell}, x{quote}" for cell in row) for row in ROWS]
    found = sniff(lines)
    assert (found.quote, found.width) == (quote, 3)
    assert found.cut(lines)[1][1] == "New York, x"


def test_quotes_escaped_by_a_backslash_are_understood():
    lines = ["id,props", '1,"{\\"a\\": 1, \\"b\\": 2}"', '2,"{\\"a\\": 3, \\"b\\": 4}"']
    found = sniff(lines)
    assert found.cut(lines)[1] == ["1", '{"a": 1, "b": 2}']


def test_space_after_every_delimiter_is_no_part_of_the_cells():
    lines = ['1, "a, b", x', '2, "c, d", y']
    assert sniff(lines, header_rows=0).cut(lines)[0] == ["1", "a, b", "x"]


def test_preamble_is_counted_up_to_the_header():
    lines = ["Report of May", "", *(",".join(row) for row in ROWS)]
    found = sniff(lines)
    assert (found.preamble, found.header_rows, found.width) == (2, 1, 3)


@pytest.mark.parametrize(
    ("rows", "header"),
    [
        (ROWS, True),
        (ROWS[1:], False),
        ([["name", "city"], ["ann", "Rome"], ["bob", "Oslo"]], True),
        ([["ann", "Rome"], ["bob", "Oslo"], ["ann", "Rome"]], False),
        ([["1", "pv", "1511544070"], ["1", "pv", "1511561733"]], False),
        ([["date", "uv"], ["2025-01-01", "3"], ["2025-01-02", "4"]], True),
        ([["a", "b"]], True),
    ],
)
def test_first_row_is_told_from_the_rest(rows, header):
    assert find_head(rows, len(rows[0])).rows == header


def test_what_is_given_is_not_guessed():
    found = sniff(["a;b,c", "1;2,3"], delimiter=",", quote="", header_rows=0)
    assert (found.delimiter, found.quote, found.header_rows) == (",", "", 0)


def test_single_spaces_with_quotes_are_cut_one_by_one():
    found = sniff(['1 "New York" 2.5', '2 "" 8', "3 Rome 7"])
    assert (found.delimiter, found.runs, found.width) == (" ", False, 3)
    assert found.cut(['2 "" 8'])[0] == ["2", "", "8"]


def test_what_two_marks_delimit_may_hold_them_in_quotes():
    lines = ["a||b||c", '1||"x||y"||', "2||z||3"]
    assert sniff(lines).cut(lines)[1] == ["1", "x||y", ""]


def test_lines_from_elsewhere_count_too():
    head = ["id,text", *(f"{i},x" for i in range(9))]
    more = ['77,"she said \\"no\\", twice"'] * 3
    assert sniff(head).escape is None
    assert sniff(head, more).escape == "\\"


def test_a_backslash_that_escapes_no_quote_stays():
    lines = ["id,path", '1,"C:\\new \\"x\\" y"', "2,\\N"]
    found = sniff(lines)
    assert found.cut(lines)[1:] == [["1", 'C:\\new "x" y'], ["2", "\\N"]]


def test_titles_do_not_make_a_table_one_column():
    lines = ["a title"] * 19 + [
        "day,n,city,note",
        "2025-01-01,3,Rome,x",
        "2025-01-02,4,Oslo,y",
    ]
    found = sniff(lines)
    assert (found.delimiter, found.width, found.preamble) == (",", 4, 19)


def test_sample_takes_head_middle_and_end():
    text = "".join(f"{i},{'x' * 90}\n" for i in range(40_000))
    head, more = sample(text)
    assert head[0].startswith("0,")
    numbers = [int(line.split(",")[0]) for line in (*head, *more)]
    assert len(numbers) == len(set(numbers)) == 400
    assert 19_000 < numbers[200] < 21_000
    assert numbers[-1] > 38_000


def test_a_row_with_another_delimiter_is_read_by_its_own():
    table = ops.read_table(
        b"day,city,n\n2025-01-01,Rome,3\n2025-01-02;Oslo, north;4\n2025-01-03,Rome,5\n",
        types=False,
    )
    assert table.frame["city"].tolist() == ["Rome", "Oslo, north", "Rome"]
    assert table.report.changes[0].text() == (
        "1 row has another delimiter than the rest and was read by its own. Line: 3."
    )
