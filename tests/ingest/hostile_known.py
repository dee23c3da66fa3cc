"""Files whose outcome is not yet what a person would expect; no test reads them.

Each stands here with the outcome that it should have. What is mended moves to the
module that it belongs to.
"""

import zlib

from tests.ingest.conftest import written
from tests.ingest.hostile import NAMES, column, events, loaded, refused
from tests.ingest.hostile_archives import formulas, zipped
from tests.ingest.hostile_tables import headed

LOG = events()
CHINESE = events(event="加入购物车，然后付款")
BODY = len(",".join(NAMES)) + 1

KNOWN = (
    # Taken for UTF-16 without a mark: one column with a name of random characters.
    refused("deflate.csv", zlib.compress(LOG.encode()), "ingest.binary"),
    # Refused as binary: fields padded with NULs, as old databases write them.
    loaded("nul_each_row.csv", LOG.replace(",", "\0,", 60), 30, notes=("ingest.nul",)),
    # The UTF-8 half is shown as gb18030 reads it, and nothing is said.
    loaded(
        "mixed.csv",
        CHINESE.encode() + CHINESE.encode("gb18030")[BODY:],
        60,
        columns=NAMES,
        cells={("event", 0): "加入购物车，然后付款"},
        notes=("ingest.damaged",),
    ),
    # One lost byte at the end turns GBK into cp1250.
    loaded(
        "gbk_cut.csv",
        CHINESE.encode("gb18030")[:-3] + b"\xb5",
        30,
        columns=NAMES,
        cells={("event", 0): "加入购物车，然后付款"},
    ),
    # All rows are set aside as too long.
    loaded("header_open_quote.csv", '"' + LOG, 30, notes=("ingest.repaired",)),
    # The header is set aside as a title when half of its names are empty.
    loaded(
        "header_half_empty.csv",
        headed("a", "", " ", "b"),
        40,
        columns=("a", "column_2", "column_3", "b"),
    ),
    # An apostrophe that begins a cell makes it the quote: a keeps its double ones.
    loaded(
        "quotes_alternating.csv",
        "a,b\n" + '"x""y",\'z"\n' * 5_000,
        5_000,
        cells={("a", 0): 'x"y', ("b", 0): "'z\""},
    ),
    # Each line opens a quote that the next one closes and opens: 0.1 ms per line.
    loaded("quotes_reopened.csv", lambda: LOG + 'x","y\n' * 500_000, large=True),
    # Read as UTC beside instants, and nothing is said.
    loaded(
        "zones_mixed.csv",
        column("time", "2025-01-01T00:00:00Z", "2025-01-01 09:00:00"),
        2,
        notes=("ingest.zones_mixed",),
    ),
    # 19 digits under the name of a time stay text; seconds to microseconds do not.
    loaded(
        "epoch_nano.csv",
        column("time", "1735689600000000000", "1735689600000000001"),
        2,
        notes=("ingest.epoch",),
    ),
    # Refused: a zip of a single table could be read as it is.
    loaded("single.zip", lambda: zipped({"a.csv": LOG}), 30, columns=NAMES),
    # A workbook with a password is told as an old one (.xls).
    refused(
        "password.xlsx",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + bytes(1016)
        + "EncryptedPackage".encode("utf-16-le"),
        "ingest.password",
    ),
    # #DIV/0! becomes missing and is not counted.
    loaded("error_cells.xlsx", formulas, 3, notes=("ingest.failed",)),
    # Refused as an archive; the sheet could be read once its size is known.
    loaded("plain.xlsx.zip", lambda: zipped({"a.xlsx": written(S=[["a"], [1]])}), 1),
)
