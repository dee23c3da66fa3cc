"""What is trimmed equals what a full look at every cell would trim."""

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given
from hypothesis import strategies as some

from opslib.ingest.spool import TEXT
from opslib.ingest.trim import never_blank, trimmed

CELLS = some.text(alphabet="a用\u00e9 \t\u3000\u00a0\x1f\x7f", max_size=4)


@given(some.lists(CELLS, max_size=5), some.integers(0, 2))
def test_white_space_of_any_kind_is_found(cells, start):
    column = pa.array(cells, TEXT)[start:]
    assert trimmed(column).equals(pc.utf8_trim_whitespace(column))
    assert never_blank(column) == (
        bool(len(column)) and all(map(str.strip, cells[start:]))
    )


def test_cells_without_white_space_are_not_copied():
    column = pa.array(["Rome", "", "Oslo"], TEXT)
    assert trimmed(column) is column
