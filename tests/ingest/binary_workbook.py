"""Excel 97 workbooks made by hand: records in a stream in a compound file."""

import struct

NUMBER, LABEL, BOOLERR, SST, FILEPASS, DATEMODE = 0x203, 0x204, 0x205, 0xFC, 0x2F, 0x22


def record(kind, *parts):
    body = b"".join(parts)
    return struct.pack("<HH", kind, len(body)) + body


def text(value):
    return struct.pack("<HB", len(value), 1) + value.encode("utf-16-le")


def cell(row, column, value):
    place = struct.pack("<HHH", row, column, 0)
    if isinstance(value, bool):
        return record(BOOLERR, place, bytes((value, 0)))
    if isinstance(value, str):
        return record(LABEL, place, text(value))
    return record(NUMBER, place, struct.pack("<d", value))


def workbook_stream(sheets, extra=b""):
    """The records of a workbook: sheets by name, as rows or as ready records."""
    begin = struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0)
    names = [name.encode("utf-16-le") for name in sheets]
    size = len(record(0x809, begin)) + len(extra) + 4
    at = size + sum(4 + 8 + len(name) for name in names)
    head, bodies = record(0x809, begin) + extra, b""
    for name, rows in zip(names, sheets.values(), strict=True):
        cells = rows
        if not isinstance(rows, bytes):
            cells = b"".join(
                cell(y, x, value)
                for y, row in enumerate(rows)
                for x, value in enumerate(row)
                if value is not None
            )
        start = struct.pack("<IBBBB", at + len(bodies), 0, 0, len(name) // 2, 1)
        head += record(0x85, start, name)
        sheet = struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0)
        bodies += record(0x809, sheet) + cells + record(0x0A)
    return head + record(0x0A) + bodies


def compound(stream, name="Workbook"):
    """A compound file that holds one stream; sectors of 512 bytes, no mini stream."""
    stream = stream.ljust(4096, b"\0")
    stream += bytes(-len(stream) % 512)
    count = len(stream) // 512
    tables = -(-(count + 2) // 126)
    end, free, table = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
    first = tables + 1
    chain = [table] * tables + [end]
    chain += [first + i + 1 for i in range(count - 1)] + [end]
    chain += [free] * (tables * 128 - len(chain))
    header = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + bytes(16)
        + struct.pack(
            "<HHHHH6xIIIIIIIII",
            0x3E,
            3,
            0xFFFE,
            9,
            6,
            0,
            tables,
            tables,
            0,
            4096,
            end,
            0,
            end,
            0,
        )
        + struct.pack("<109I", *range(tables), *[free] * (109 - tables))
    )

    def entry(label, kind, child, start, size):
        letters = label.encode("utf-16-le")
        return (
            letters.ljust(64, b"\0")
            + struct.pack("<HBBIII", len(letters) + 2, kind, 1, free, free, child)
            + bytes(36)
            + struct.pack("<IQ", start, size)
        )

    folder = entry("Root Entry", 5, 1, end, 0) + entry(
        name, 2, free, first, len(stream)
    )
    folder = folder.ljust(512, b"\0")
    return header + struct.pack(f"<{tables * 128}I", *chain) + folder + stream


def xls(extra=b"", **sheets):
    return compound(workbook_stream(sheets, extra))
