"""Hostile texts for ten minutes, or OPSLIB_FUZZ_SECONDS: all read, and nothing lost."""

import os
import signal
import time
from collections import Counter
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as some

import opslib as ops
from opslib.ingest.dialect import sample, sniff
from opslib.ingest.rows import read_rows
from tests.ingest import survey

pytestmark = pytest.mark.slow

SECONDS = float(os.environ.get("OPSLIB_FUZZ_SECONDS", "600"))
LONGEST = 20
PIECES = (
    *(",", ";", "\t", "|", "||", " ", "  ", ":", "^", "~", ", ", "\x01", "\x1f"),
    *('"', '""', "'", "\\", '\\"', "=", "\n", "\r\n", "\r", "\n\n", "\u2028", "\x0b"),
    *(
        "a",
        "用户",
        "007",
        "1,5",
        "2025-01-03",
        "2024",
        "Total",
        "合计",
        "注：x",
        "-----",
    ),
    *(
        "name",
        "day,city,n\n",
        "2025-01-01,Rome,3\n",
        '"x\ny",',
        "(EUR)",
        "NaN",
        "\ufeff",
    ),
)
FILES = [file.content for file in survey.files()][::4]
PLACE = some.tuples(
    some.integers(0, 3000), some.integers(0, 5), some.sampled_from(PIECES)
)


@some.composite
def torn(draw):
    """A file of the survey from which pieces are cut and into which some are put."""
    text = draw(some.sampled_from(FILES)).decode("utf-8-sig", "replace")
    for at, gone, piece in draw(some.lists(PLACE, max_size=6)):
        text = text[:at] + piece + text[at + gone :]
    return text


TEXTS = some.one_of(
    some.lists(some.sampled_from(PIECES), max_size=60).map("".join), torn()
)


def read(text, length):
    """Read a text in pieces; every record and every letter of it must be somewhere."""
    dialect = sniff(*sample(text))
    try:
        pieces = (text[i : i + length] for i in range(0, len(text), length))
        cells, names = read_rows(pieces, dialect)
    except ops.Error:
        return
    lines = [int(line) for batch in cells.spool.batches() for line in batch.lines]
    columns = [cells.spool.column(i).to_pylist() for i in range(dialect.width)]
    assert {len(column) for column in columns} == {len(lines)}
    assert lines == sorted(set(lines))
    told = [*names, *(row[2] for row in cells.aside), *map("".join, zip(*columns))]  # noqa: B905
    kept, there = Counter("".join(told)), Counter(filter(str.isalnum, text))
    assert not there - kept
    numbers = [number for number, _, _ in cells.aside]
    assert not set(lines) & set(numbers)


@contextmanager
def bounded(seconds):
    """Fail when what is done here takes longer, where the system has alarms."""

    def stop(*_):
        pytest.fail(f"took more than {seconds} s")

    if not hasattr(signal, "SIGALRM"):
        yield
        return
    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def test_no_text_is_too_hostile():
    end, round_ = time.monotonic() + SECONDS, 0
    while not round_ or time.monotonic() < end:

        @seed(round_)
        @settings(
            max_examples=100,
            derandomize=False,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(TEXTS, some.sampled_from([1 << 12, 1 << 20]))
        def each(text, length):
            with bounded(LONGEST):
                read(text, length)

        each()
        round_ += 1
