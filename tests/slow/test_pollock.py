"""All 2,290 polluted files, read with nothing but their bytes."""

import pytest

import opslib as ops
from tests.ingest import pollock

pytestmark = pytest.mark.slow


def test_all_polluted_files():
    ops.read_table(b"a,b\n1,2\n")  # what is loaded late counts for no file
    took = {}
    _, simple, weighted = pollock.judged(
        look=lambda file, seconds: took.update({file.name: seconds})
    )
    slowest = max(took, key=took.__getitem__)
    print(
        f"\nOUR weighted {sum(weighted):.3f} / simple {sum(simple):.3f} / "
        f"slowest {1000 * took[slowest]:.0f} ms ({slowest})"
    )
    assert sum(simple) > 9.96
    assert sum(weighted) > 9.96
