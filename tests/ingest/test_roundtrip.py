"""What csv writes is read back as it was, told nothing but the bytes.

No reader can know every table from its bytes; what is not asked of it:

- A row of empty cells alone looks like a blank line, a row of one text like a title:
  here every row has a number and an id.
- Without a number or date nothing tells a header from a record.
- Quotes that are ' and backslashes that escape quotes must show in some cell, such as
  'x,''x'; where quotes are doubled, no cell may hold a backslash before one.
"""

import csv
import io

from hypothesis import assume, given, settings
from hypothesis import strategies as some

import opslib as ops

DIALECTS = [
    {"delimiter": delimiter, "quotechar": quote, **escape}
    for delimiter in ",;\t|^~\x01"
    for quote in "\"'"
    for escape in ({}, {"doublequote": False, "escapechar": "\\"})
]
TEXT = some.text(some.sampled_from("ab用 户,;|\"'\\\n0x"), max_size=6)
CELL = some.one_of(
    TEXT, some.sampled_from(["", "007", "2025-01-03", "1,5", "张三", "x"])
)


@some.composite
def tables(draw):
    """A header of distinct names over rows that begin with an id and have a number."""
    width = draw(some.integers(1, 4))
    rows = draw(
        some.lists(
            some.lists(CELL, min_size=width, max_size=width), min_size=2, max_size=8
        )
    )
    header = ["id", *(f"name{i}" for i in range(width)), "n"]
    return [header, *([f"{i:04d}", *row, str(i)] for i, row in enumerate(rows))]


@settings(max_examples=400)
@given(
    tables(),
    some.sampled_from(DIALECTS),
    some.sampled_from(["\n", "\r\n"]),
    some.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]),
)
def test_any_table_is_read_back_told_nothing(table, dialect, end, encoding):
    quote = dialect["quotechar"]
    if "escapechar" in dialect or quote == "'":
        table[1][1] = f"x{dialect['delimiter']}{quote}x"
    if "escapechar" not in dialect:
        assume(not any(f"\\{quote}" in cell for row in table for cell in row))
    file = io.StringIO()
    csv.writer(file, lineterminator=end, **dialect).writerows(table)
    found = ops.read_table(
        file.getvalue().encode(encoding), types=False, encoding=encoding
    )
    assert list(found.frame) == table[0]
    assert found.frame.to_numpy().tolist() == table[1:]
