"""What a Parquet file says of itself at its end, read strictly and without its reader.

Asked how a column is packed, that reader ends the process if the answer is damaged, and
readers of Brotli have had holes: what a file asks for is known before it gets there.
"""

import io
from typing import IO, Any, NamedTuple

from opslib.ingest.archive import whole
from opslib.result import Error

BROKEN = "ingest.parquet_broken"
MOST_BYTES = 1 << 23
CODECS = {0: "none", 1: "snappy", 2: "gzip", 5: "lz4", 6: "zstd", 7: "lz4"}
REFUSED = {3: "LZO", 4: "Brotli"}
# Numbers of fields in FileMetaData, RowGroup, ColumnChunk and ColumnMetaData, as they
# stand in Apache's parquet.thrift.
SCHEMA, ROWS, GROUPS, COLUMNS, CHUNK, PATH, CODEC = 2, 3, 4, 1, 3, 3, 4
# In FileMetaData and in ColumnChunk alike.
ENCRYPTED = 8
# What each list holds (5 and 6: integers, 8: bytes, 12: structures). Its reader goes by
# that and not by what a list says of itself, and must not see what we did not.
LISTS = {
    (SCHEMA,): 12,
    (GROUPS,): 12,
    (5,): 12,
    (7,): 12,
    (GROUPS, COLUMNS): 12,
    (GROUPS, 4): 12,
    (GROUPS, COLUMNS, CHUNK, 2): 5,
    (GROUPS, COLUMNS, CHUNK, PATH): 8,
    (GROUPS, COLUMNS, CHUNK, 8): 12,
    (GROUPS, COLUMNS, CHUNK, 13): 12,
    (GROUPS, COLUMNS, CHUNK, 16, 2): 6,
    (GROUPS, COLUMNS, CHUNK, 16, 3): 6,
    (GROUPS, COLUMNS, CHUNK, 17, 2): 5,
}


class Footer(NamedTuple):
    """What a file says of itself: true or not, but of a kind that is read.

    Attributes:
        rows: How many there are.
        columns: How many there are, with those that only group others.
    """

    rows: int
    columns: int


def read_footer(file: IO[bytes]) -> Footer:
    """Read the footer of a Parquet file, and refuse what no reader should be given.

    Args:
        file: Open for reading, seekable.

    Raises:
        Error: Damaged, encrypted, too large, or packed in a way that is not read.

    Example:
        >>> from pyarrow import parquet, table
        >>> parquet.write_table(table({"user": [7, 8]}), file := io.BytesIO())
        >>> read_footer(file)
        Footer(rows=2, columns=1)
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - 8))
    end = file.read()
    length = int.from_bytes(end[:4], "little")
    if not end.endswith(b"PAR1") or length + 12 > size:
        raise Error(BROKEN)
    if length > MOST_BYTES:
        raise Error("ingest.parquet_footer", size=length / 1e6, most=MOST_BYTES / 1e6)
    file.seek(size - 8 - length)
    with whole(BROKEN):
        told = _Thrift(file.read(length)).struct()
        if ENCRYPTED in told or told[ROWS] < 0:
            raise Error(BROKEN)
        for group in told[GROUPS]:
            for chunk in group[COLUMNS]:
                _check(chunk)
        return Footer(told[ROWS], len(told[SCHEMA]) - 1)


def _check(chunk: dict[int, Any]) -> None:
    if ENCRYPTED in chunk:
        raise Error(BROKEN)
    column = chunk[CHUNK]
    codec = column[CODEC]
    if codec in REFUSED:
        raise Error(
            "ingest.parquet_codec",
            column=b".".join(column[PATH]).decode(errors="replace"),
            codec=REFUSED[codec],
            choices=list(dict.fromkeys(CODECS.values())),
        )
    if codec not in CODECS:
        raise Error(BROKEN)


class _Thrift:
    """Values in Thrift's compact protocol, field by number; an exception if damaged."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def struct(self, path: tuple[int, ...] = ()) -> dict[int, Any]:
        found: dict[int, Any] = {}
        field = 0
        while head := self._byte():
            step = head >> 4
            field = field + step if step else self._integer()
            if not 0 < field < 1 << 15 or field in found:
                raise ValueError
            kind = head & 15
            found[field] = (
                kind == 1 if kind in {1, 2} else self._value(kind, (*path, field))
            )
        return found

    def _value(self, kind: int, path: tuple[int, ...]) -> Any:  # noqa: ANN401
        match kind:
            case 1 | 2 | 3:
                return self._byte()
            case 4 | 5 | 6:
                return self._integer()
            case 7:
                return self._bytes(8)
            case 8:
                return self._bytes(self._unsigned())
            case 9 | 10:
                return self._list(path)
            case 12:
                return self.struct(path)
        raise ValueError

    def _list(self, path: tuple[int, ...]) -> list[Any]:
        head = self._byte()
        size, kind = head >> 4, head & 15
        if kind != LISTS.get(path, kind):
            raise ValueError
        if size == 15:
            size = self._unsigned()
        return [self._value(kind, path) for _ in range(size)]

    def _byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def _bytes(self, size: int) -> bytes:
        self.at += size
        if self.at > len(self.data):
            raise EOFError
        return self.data[self.at - size : self.at]

    def _unsigned(self) -> int:
        value = shift = 0
        while (byte := self._byte()) > 127:
            value |= (byte & 127) << shift
            shift += 7
        return value | byte << shift

    def _integer(self) -> int:
        value = self._unsigned()
        return value >> 1 ^ -(value & 1)
