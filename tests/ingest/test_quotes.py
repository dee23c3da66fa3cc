"""Stray quotes are characters; the width of the table says where cells end."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from opslib.ingest.quotes import mend


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ('1,"open,3', ["1", '"open', "3"]),
        ('1,op"en,3', ["1", 'op"en', "3"]),
        ('1,""a, b",3', ["1", '"a, b', "3"]),
        ('1,"a, b"",3', ["1", 'a, b"', "3"]),
        ('1,"a "so called" b",3', ["1", 'a "so called" b', "3"]),
        ('"x"y,2,3', ['"x"y', "2", "3"]),
        ('1,"a ""b"" c",3', ["1", 'a "b" c', "3"]),
        ('1,"{"a": 1, "b": 2}",3', ["1", '{"a": 1, "b": 2}', "3"]),
        ('1,"two\nlines" here",3', ["1", 'two\nlines" here', "3"]),
    ],
)
def test_quotes_out_of_place_are_kept(text, cells):
    assert mend(text, 3) == cells


def test_a_line_that_cannot_have_so_many_cells_is_left_alone():
    assert mend('1,"a', 3) is None


def test_escapes_and_spaces_are_understood():
    assert mend("1;'it\\'s' so'", 2, delimiter=";", quote="'", escape="\\") == [
        "1",
        "it's' so",
    ]
    assert mend('1, "a, b"", x', 3, spaced=True) == ["1", 'a, b"', "x"]


def test_lines_beyond_all_measure_are_given_up():
    assert mend('"' * 401 + ",x", 2) is None
    assert mend("x" * 20_001 + ',"', 2) is None


@given(some.text(some.sampled_from('a", '), max_size=30), some.integers(2, 5))
def test_only_quotes_and_delimiters_can_go(text, width):
    cells = mend(text, width)
    if cells is not None:
        assert len(cells) == width
        assert "".join(cells).replace(",", "").replace('"', "") == (
            text.replace(",", "").replace('"', "")
        )
