"""Work done ahead comes in order, and fails in its turn."""

import threading

import pytest

from opslib.ingest.ahead import MOST_WAITING, ahead


def test_results_come_in_order_however_long_each_takes():
    first = threading.Event()

    def work(i):
        assert i or first.wait(10)
        if i:
            first.set()
        return i

    assert list(ahead(work, range(20))) == list(range(20))


def test_only_a_few_items_are_taken_at_a_time():
    taken = []
    made = ahead(str, (taken.append(i) or i for i in range(100)))
    next(made)
    assert len(taken) == MOST_WAITING


def test_a_failure_comes_after_what_was_made_before_it():
    made = ahead(lambda i: 1 // (3 - i), range(10))
    assert [next(made) for _ in range(3)] == [0, 0, 1]
    with pytest.raises(ZeroDivisionError):
        next(made)
