"""All 2,290 polluted files, read with nothing but their bytes."""

import pytest

from tests.ingest import pollock

pytestmark = pytest.mark.slow


def test_all_polluted_files():
    _, simple, weighted = pollock.judged()
    assert sum(simple) > 9.96
    assert sum(weighted) > 9.96
