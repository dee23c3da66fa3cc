"""A part of the polluted files; tests/slow reads all of them."""

import pytest

from tests.ingest import pollock


@pytest.fixture(scope="module")
def judged():
    return pollock.judged(every=40)


def test_the_files_are_as_many_as_the_pollutions_ask_for():
    count = pollock.Counter(file.pollution for file in pollock.files())
    assert count.total() == 2_290
    assert (count["row less delimiter"], count["row more delimiter"]) == (672, 756)
    assert (count["stray quote"], count["row delimiter"]) == (756, 84)


def test_whole_files_are_read_without_a_fault(judged):
    """All but the file of 0 bytes, which is refused."""
    per, _, _ = judged
    faults = {name for name, values in per.items() if sum(values) < 10}
    assert faults <= {"empty", *pollock.MANY}


def test_a_wrong_row_costs_no_more_than_itself(judged):
    per, _, weighted = judged
    assert min(sum(per[name]) for name in pollock.MANY) > 9.95
    assert sum(weighted) > 9.95
