"""How far an Excel 97 workbook reaches: records in a stream in a compound file."""

import struct
from collections.abc import Collection, Iterator, Sequence

from opslib.ingest.archive import whole
from opslib.result import Error

# Records that begin with the row and column of a cell.
CELLS = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0xBD, 0xBE, 0xD6, 0xFD, 0x27E, 0x406} | {
    *range(0x201, 0x207)
}
DIMENSIONS, FILEPASS, BOOLERR, FORMULAS = 0x200, 0x2F, 0x205, {0x06, 0x206, 0x406}
LAST_SECTOR = 0xFFFFFFFA


def measure(content: bytes) -> tuple[int, int, int]:
    """Give the rows and columns that the parser would reserve, and the error cells.

    Raises:
        Error: The file is damaged, locked by a password, or no workbook.
    """
    with whole("ingest.workbook_broken"):
        streams = dict(_streams(content, ("Workbook", "Book", "EncryptedPackage")))
        if "EncryptedPackage" in streams:
            raise Error("ingest.password")
        if not streams:
            raise Error("ingest.binary")
        return _walk(streams.get("Workbook") or streams["Book"])


def _walk(stream: bytes) -> tuple[int, int, int]:
    rows = columns = errors = at = 0
    while at <= len(stream) - 4:
        kind, size = struct.unpack_from("<HH", stream, at)
        if kind in CELLS and size >= 4:
            row, column = struct.unpack_from("<HH", stream, at + 4)
            rows, columns = max(rows, row + 1), max(columns, column + 1)
            value = stream[at + 10 : at + 4 + size]
            errors += (kind == BOOLERR and value[1:2] == b"\1") or (
                kind in FORMULAS and value[:1] == b"\2" and value[6:8] == b"\xff\xff"
            )
        elif kind == DIMENSIONS and size >= 10:
            form = "<4xI2xH" if size >= 14 else "<2xH2xH"
            row, column = struct.unpack_from(form, stream, at + 4)
            rows, columns = max(rows, row), max(columns, column)
        elif kind == FILEPASS:
            raise Error("ingest.password")
        at += 4 + size
    return rows, columns, errors


def _streams(content: bytes, wanted: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """Take the streams out of a compound file, as MS-CFB lays them out."""
    shift, mini_shift = struct.unpack_from("<HH", content, 30)
    size, mini_size = 1 << min(shift, 12), 1 << min(mini_shift, 12)
    folder, cutoff, mini, _, more, _ = struct.unpack_from("<I4xIIIII", content, 48)

    def at(number: int) -> bytes:
        return content[(number + 1) * size : (number + 2) * size]

    tables = list(struct.unpack_from("<109I", content, 76))
    while more < LAST_SECTOR and len(tables) * size <= len(content):
        *listed, more = _numbers(at(more))
        tables += listed
    fat = [n for table in tables if table < LAST_SECTOR for n in _numbers(at(table))]
    entries = b"".join(map(at, _chain(fat, folder)))
    mini_fat = [n for number in _chain(fat, mini) for n in _numbers(at(number))]
    root = b"".join(map(at, _chain(fat, struct.unpack_from("<I", entries, 116)[0])))
    for place in range(128, len(entries) - 127, 128):
        letters = struct.unpack_from("<H", entries, place + 64)[0]
        name = entries[place : place + max(0, min(letters, 64) - 2)].decode("utf-16-le")
        start, length = struct.unpack_from("<II", entries, place + 116)
        if entries[place + 66] != 2 or name not in wanted:
            continue
        if length >= cutoff:
            data = b"".join(map(at, _chain(fat, start)))
        else:
            data = b"".join(
                root[number * mini_size : (number + 1) * mini_size]
                for number in _chain(mini_fat, start)
            )
        yield name, data[:length]


def _numbers(sector: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(sector) // 4}I", sector[: len(sector) // 4 * 4])


def _chain(fat: Sequence[int], number: int) -> Iterator[int]:
    """Follow a chain of sectors; one that bites its own tail is damaged."""
    for _ in range(len(fat) + 1):
        if number >= LAST_SECTOR:
            return
        yield number
        number = fat[number]
    raise KeyError(number)
