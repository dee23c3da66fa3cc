"""Files that are no table at all, hold nothing, or hold bytes that no encoding has."""

import codecs
import io
import pickle
import sqlite3
import zlib
from itertools import chain

import pyarrow as pa
from pyarrow import parquet

from tests.ingest.hostile import NAMES, column, events, loaded, refused

LOG = events().encode()
CHINESE = events(event="加入购物车，然后付款")
WHOLE = {"columns": NAMES, "kind": "events"}
BODY = len(",".join(NAMES)) + 1


class Trap:
    """Unpickled, it would write a file into the current folder."""

    def __reduce__(self):
        return open, ("trap", "w")


def a_database():
    with sqlite3.connect(":memory:") as db:
        db.execute("CREATE TABLE a (b)")
        return db.serialize()


def a_parquet():
    target = io.BytesIO()
    parquet.write_table(pa.table({"a": [1, 2]}), target)
    return target.getvalue()


def noise(n, seed=7):
    """Bytes that look random and are always the same."""
    made = bytearray()
    for _ in range(n):
        seed = (seed * 1_103_515_245 + 12_345) % (1 << 31)
        made.append(seed >> 16 & 0xFF)
    return bytes(made)


def damaged(where, what=b"\xff\xfe\xfd"):
    """A log in Chinese with bytes put in that UTF-8 does not have."""
    content = (events(200) + "u8,加入购物车并且付款成功,2025-02-01\n" * 20).encode()
    return content[:where] + what + content[where:]


REFUSED = ("ingest.refused",)
NO_TEXT = ("ingest.binary",)
CUT_OFF = ("ingest.stream_broken",)
ARCHIVE = ("ingest.refused_archive",)
BROKEN = ("ingest.workbook_broken",)
TABLE = "<html><table><tr><td>a</td></tr><tr><td>7</td></tr></table></html>"
READ = {"rows": 1, "columns": ("a",), "cells": {("a", 0): 7}}
XML_SHEET = (
    '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns='
    '"urn:schemas-microsoft-com:office:spreadsheet"><Worksheet/></Workbook>'
)

OTHERS = (
    refused(
        "parquet.csv", a_parquet, "ingest.parquet_refused", says="OPSLIB_ALLOW_PARQUET"
    ),
    refused(
        "paper.csv", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + noise(500), *REFUSED, says="PDF"
    ),
    refused("picture.csv", b"\x89PNG\r\n\x1a\n" + noise(500), *REFUSED, says="PNG"),
    refused(
        "photo.csv", b"\xff\xd8\xff\xe0\0\x10JFIF\0" + noise(500), *REFUSED, says="JPEG"
    ),
    refused(
        "animation.csv",
        b"GIF89a\x01\0\x01\0" + bytes(90) + noise(500),
        *REFUSED,
        says="GIF",
    ),
    refused("database.csv", a_database, *REFUSED, says="SQLite"),
    refused("packed.csv", b"Rar!\x1a\x07\x01\0" + noise(500), *ARCHIVE, says="RAR"),
    refused(
        "packed7.csv", b"7z\xbc\xaf\x27\x1c\0\x04" + noise(500), *ARCHIVE, says="7z"
    ),
    refused(
        "packed.bz2", b"BZh91AY&SY" + bytes(20) + noise(500), *CUT_OFF, says="bzip2"
    ),
    refused("packed.xz", b"\xfd7zXZ\0\0\x04" + noise(500), *CUT_OFF, says="xz"),
    refused(
        "packed.zst", b"\x28\xb5\x2f\xfd\x04\0" + noise(500), *CUT_OFF, says="Zstandard"
    ),
    refused(
        "arrow.csv", b"ARROW1\0\0" + bytes(64) + noise(500), *REFUSED, says="Arrow"
    ),
    refused(
        "program.csv",
        b"\x7fELF\x02\x01\x01" + bytes(64) + noise(500),
        *REFUSED,
        says="ELF",
    ),
    refused("pickle.csv", lambda: pickle.dumps(Trap(), 4), *NO_TEXT),
    refused("noise.csv", lambda: noise(20_000), *NO_TEXT),
    refused("deflate.csv", zlib.compress(LOG), *NO_TEXT),
    refused(
        "old_workbook.xls",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + noise(4000),
        *BROKEN,
        says="damaged",
    ),
    refused("half_old_workbook.xls", b"\xd0\xcf\x11\xe0", *BROKEN),
    loaded("page.xls", TABLE, **READ),
    loaded("page_with_mark.xls", codecs.BOM_UTF8 + TABLE.encode(), **READ),
    loaded("page_wide.xls", TABLE.encode("utf-16"), **READ),
    loaded("table_only.xls", TABLE[6:-7], **READ),
    loaded("style_first.xls", "<style>td{}</style><table><tr><td>a<tr><td>7", **READ),
    loaded("comment_first.xls", "<!-- made by a program -->" + TABLE, **READ),
    refused("page_alone.xls", "<html><p>no table", *REFUSED, says="HTML"),
    refused("xml_2003.xls", XML_SHEET, *REFUSED),
    refused("svg.csv", '<svg onload="alert(1)"><script>x</script></svg>', *REFUSED),
    refused("log.jsonl", '{"user": 1, "event": "a"}\n' * 20, *REFUSED, says="JSON"),
    refused("array.json", '[{"user": 1}, {"user": 2}]', *REFUSED, says="JSON"),
    refused("array_of_arrays.json", "[[1, 2], [3, 4]]", *REFUSED, says="JSON"),
    refused(
        "spread.json", '{\n  "rows": [\n    {"a": 1}\n  ]\n}\n', *REFUSED, says="JSON"
    ),
    refused("letter.rtf", r"{\rtf1\ansi\deff0 {\fonttbl {\f0 Times;}} Hi}", *REFUSED),
)

EMPTY = "ingest.empty"
EMPTIES = (
    refused("empty.csv", b"", EMPTY, says="no rows"),
    refused("mark_only.csv", codecs.BOM_UTF8, EMPTY),
    refused("mark_only_16.csv", codecs.BOM_UTF16_LE, EMPTY),
    refused("mark_only_32.csv", codecs.BOM_UTF32_BE, EMPTY),
    refused("newlines.csv", b"\n" * 10_000, EMPTY),
    refused("returns.csv", b"\r\n" * 10_000, EMPTY),
    refused("spaces.csv", b" \t" * 10_000, EMPTY),
    refused(
        "mark_and_newlines_16.csv", ("\ufeff" + "\n" * 99).encode("utf-16-le"), EMPTY
    ),
    refused("wide_spaces.csv", "\u3000\n\u3000\n", EMPTY),
    refused("delimiters.csv", b",,,\n" * 100, EMPTY),
    refused("tabs.tsv", b"\t\t\n" * 100, EMPTY),
    refused("empty_quotes.csv", b'"",""\n' * 100, EMPTY),
    refused("nuls.csv", bytes(100_000), EMPTY),
    refused("dos_end.csv", b"\x1a", EMPTY),
    loaded("header_only.csv", "user_id,event,time\n", 0, columns=NAMES),
    loaded("one_cell.csv", "x"),
    loaded("one_digit.csv", "7"),
    loaded("one_quote.csv", '"'),
    loaded(
        "blank_rows.csv", "a,b\n" + "\n,\n" * 200_000 + "1,2\n", 1, columns=("a", "b")
    ),
)

REPLACED = {"notes": ("ingest.damaged",)}
ENCODINGS = (
    loaded("mark.csv", codecs.BOM_UTF8 + LOG, 30, **WHOLE),
    loaded("two_marks.csv", codecs.BOM_UTF8 * 2 + LOG, 30, **WHOLE),
    loaded("mark_inside.csv", LOG[:40] + codecs.BOM_UTF8 + LOG[40:], 30, **WHOLE),
    loaded(
        "nul_inside.csv",
        LOG[:40] + b"\0" + LOG[40:],
        30,
        notes=("ingest.nul",),
        **WHOLE,
    ),
    loaded(
        "nul_each_row.csv",
        LOG.replace(b",", b"\0,", 60),
        30,
        notes=("ingest.nul",),
        cells={("event", 1): "cart"},
        **WHOLE,
    ),
    loaded(
        "controls.csv",
        column("word", "a\x07b", "\x1b[2Jc", "d\x7f", "e\x0bf", "g\x0ch"),
        5,
        columns=("n", "word"),
        cells={("word", 0): "a\x07b", ("word", 3): "e\x0bf"},
    ),
    loaded(
        "line_separators.csv",
        column("word", "a\u2028b", "c\u2029d", "e\x85f", "g\x1ch"),
        4,
        cells={("word", 0): "a\u2028b", ("word", 2): "e\x85f"},
    ),
    loaded("surrogate.csv", damaged(60, b"\xed\xa0\x80"), 220, **REPLACED, **WHOLE),
    loaded("overlong.csv", damaged(60, b"\xc0\xaf"), 220, **REPLACED, **WHOLE),
    loaded("beyond.csv", damaged(60, b"\xf7\xbf\xbf\xbf"), 220, **REPLACED, **WHOLE),
    loaded("bad_start.csv", damaged(0, b"\xe4"), 220, **REPLACED),
    loaded("bad_middle.csv", damaged(3000), 220, **REPLACED, **WHOLE),
    loaded(
        "bad_end.csv",
        lambda: damaged(60, b"")[:-1] + b"\xe4\xbd",
        220,
        **REPLACED,
        **WHOLE,
    ),
    loaded(
        "utf16.csv",
        CHINESE.encode("utf-16"),
        30,
        cells={("event", 0): "加入购物车，然后付款"},
        **WHOLE,
    ),
    loaded(
        "utf16_no_mark.csv",
        CHINESE.encode("utf-16-be"),
        30,
        cells={("event", 0): "加入购物车，然后付款"},
        **WHOLE,
    ),
    loaded(
        "utf16_odd.csv",
        CHINESE.encode("utf-16")[:-1],
        30,
        columns=NAMES,
        cells={("event", 0): "加入购物车，然后付款"},
        **REPLACED,
    ),
    loaded(
        "utf16_lone.csv",
        events(event="a\ud800b").encode("utf-16-le", "surrogatepass"),
        30,
        **REPLACED,
        **WHOLE,
    ),
    loaded(
        "utf32.csv",
        CHINESE.encode("utf-32"),
        30,
        cells={("event", 0): "加入购物车，然后付款"},
        **WHOLE,
    ),
    loaded(
        "utf7.csv",
        events(event="+ADw-script+AD4-"),
        30,
        cells={("event", 0): "+ADw-script+AD4-"},
        **WHOLE,
    ),
    loaded(
        "latin.csv",
        events(event="café").encode("cp1252"),
        30,
        cells={("event", 0): "café"},
        **WHOLE,
    ),
    loaded(
        "mixed.csv",
        CHINESE.encode() + CHINESE.encode("gb18030")[BODY:],
        60,
        cells={("event", 0): "加入购物车，然后付款"},
        **REPLACED,
        **WHOLE,
    ),
    loaded(
        "gbk_cut.csv",
        CHINESE.encode("gb18030")[:-3] + b"\xb5",
        30,
        cells={("event", 0): "加入购物车，然后付款"},
        **REPLACED,
        **WHOLE,
    ),
    loaded("returns_only.csv", LOG.replace(b"\n", b"\r"), 30, **WHOLE),
    loaded(
        "mixed_ends.csv",
        LOG.replace(b"\n", b"\r\n", 9).replace(b"00\n", b"00\r", 9),
        30,
        **WHOLE,
    ),
    loaded("ends_reversed.csv", LOG.replace(b"\n", b"\n\r"), 30, **WHOLE),
    loaded("dos_end.csv.txt", LOG + b"\x1a", 30, **WHOLE),
    loaded(
        "many_bad.csv", LOG.replace(b"view", b"\x81\x82\xff\xfe"), 30, columns=NAMES
    ),
)

BYTES = tuple(chain(OTHERS, EMPTIES, ENCODINGS))
