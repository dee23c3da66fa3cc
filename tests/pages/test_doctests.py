"""The examples in the frame's docstrings."""

import doctest

import pytest

from pages._frame import data, link, text


@pytest.mark.parametrize(
    "module", [data, link, text], ids=lambda module: module.__name__
)
def test_examples_are_true(module):
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed
