"""The sniffer finds delimiter, quote and header on tables of a few lines."""

import pytest

from opslib.ingest.dialect import has_header, sniff

ROWS = [
    ["user_id", "city", "amount"],
    ["1", "New York", "12.5"],
    ["2", "Berlin", "8"],
    ["3", "Köln", "-3.25"],
]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
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
    assert has_header(rows, len(rows[0])) is header


def test_what_is_given_is_not_guessed():
    found = sniff(["a;b,c", "1;2,3"], delimiter=",", quote="", header_rows=0)
    assert (found.delimiter, found.quote, found.header_rows) == (",", "", 0)
