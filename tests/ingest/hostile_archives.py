"""Archives and workbooks that inflate, lie, loop or are broken."""

import bz2
import gzip
import io
import lzma
import struct
import zipfile
from itertools import chain

from tests.ingest.binary_workbook import compound
from tests.ingest.conftest import NAMESPACE, RELATIONS, written
from tests.ingest.hostile import NAMES, events, loaded, refused

LOG = events().encode()
MEGABYTE = 1 << 20
ROWS = [list(NAMES), *(line.split(",") for line in events().splitlines()[1:])]


def gzipped(content, level=9):
    return gzip.compress(content, level, mtime=0)


def gzip_bomb(gigabytes):
    """Members one after the other count as one stream."""
    return gzipped(bytes(64 * MEGABYTE)) * (16 * gigabytes)


def flipped(content, at):
    return content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]


def zipped(files, method=zipfile.ZIP_DEFLATED):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in files.items():
            # A date of its own would make other bytes each time.
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return target.getvalue()


def encrypted(content):
    """Set the flag of encryption in each header, as a zip with a password has it."""
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = content.find(mark)
        while start >= 0:
            content = flipped_bit(content, start + at)
            start = content.find(mark, start + 4)
    return content


def flipped_bit(content, at):
    return content[:at] + bytes([content[at] | 1]) + content[at + 1 :]


def lying(content, member, size):
    """Say in the directory that a member is as small as `size` when unpacked."""
    start = content.find(b"PK\x01\x02")
    while start >= 0:
        length = struct.unpack_from("<H", content, start + 28)[0]
        if content[start + 46 : start + 46 + length] == member.encode():
            return (
                content[: start + 24] + struct.pack("<I", size) + content[start + 28 :]
            )
        start = content.find(b"PK\x01\x02", start + 4)
    raise ValueError(member)


def overlapping(n=1000):
    """A directory that lists the same bytes under many names (Fifield 2019)."""
    one = zipped({"a.csv": LOG * 50})
    start = one.find(b"PK\x01\x02")
    entry = one[start : one.find(b"PK\x05\x06")]
    names = (entry[:46] + f"{i:05}"[:5].encode() + entry[51:] for i in range(n))
    directory = b"".join(names)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, n, n, len(directory), start, 0)
    return one[:start] + directory + end


def sheet(body, before="", after=""):
    return (
        f'<?xml version="1.0"?>{before}<worksheet xmlns="{NAMESPACE}"><sheetData>'
        f"{body}</sheetData>{after}</worksheet>"
    )


def at(place, row=None):
    number = row or int("".join(filter(str.isdigit, place)))
    return sheet(f'<row r="{number}"><c r="{place}"><v>1</v></c></row>')


LAUGHS = (
    "<!DOCTYPE x ["
    '<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10))
    + "]>"
)
OUTSIDE = '<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/hostname">]>'


def text_cell(entity):
    return f'<row r="1"><c r="A1" t="inlineStr"><is><t>{entity}</t></is></c></row>'


def shared(*strings):
    items = "".join(f"<si><t>{one}</t></si>" for one in strings)
    return f'<sst xmlns="{NAMESPACE}">{items}</sst>'


def shared_cells(*numbers):
    cells = "".join(
        f'<row r="{y}"><c r="A{y}" t="s"><v>{i}</v></c></row>'
        for y, i in enumerate(numbers, 1)
    )
    return sheet(cells)


def strings_file(strings):
    """The relations that make a reader look for shared strings, and the strings."""
    listed = (
        f'<Relationship Id="rId1" Type="{RELATIONS}/worksheet" '
        'Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId9" Type="{RELATIONS}/sharedStrings" '
        'Target="sharedStrings.xml"/>'
    )
    return {
        "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.'
        'openxmlformats.org/package/2006/relationships">' + listed + "</Relationships>",
        "xl/sharedStrings.xml": strings,
    }


def elsewhere(target, part, xml, before=""):
    """A workbook whose sheet does not lie where sheets lie."""
    listed = f'<Relationship Id="rId1" Type="{RELATIONS}/worksheet" Target="{target}"/>'
    relations = (
        f'<?xml version="1.0"?>{before}'
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
        f'relationships">{listed}</Relationships>'
    )
    extra = {"xl/_rels/workbook.xml.rels": relations} | ({part: xml} if part else {})
    return written(extra=extra, S=[["a", "b"], ["x", 1]])


def without(content, member):
    """The same archive, one member left out."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    del files[member]
    return zipped(files)


def spreadsheet(repeated_rows, repeated_columns):
    """An OpenDocument sheet of one cell that says it is repeated."""
    office = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<office:document-content xmlns:office="{office}:office:1.0" '
        f'xmlns:table="{office}:table:1.0" xmlns:text="{office}:text:1.0">'
        '<office:body><office:spreadsheet><table:table table:name="S">'
        f'<table:table-row table:number-rows-repeated="{repeated_rows}">'
        f'<table:table-cell table:number-columns-repeated="{repeated_columns}" '
        'office:value-type="string"><text:p>x</text:p></table:table-cell>'
        "</table:table-row></table:table></office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    mime = "application/vnd.oasis.opendocument.spreadsheet"
    return zipped({"mimetype": mime, "content.xml": content})


def wide_sheet(columns):
    names = [f"c{i}" for i in range(columns)]
    cells = "".join(f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in names)
    ones = "<c><v>1</v></c>" * columns
    return sheet(f"<row>{cells}</row><row>{ones}</row>")


def formulas():
    body = (
        text_cell("name").replace("</row>", "")
        + '<c r="B1" t="inlineStr"><is><t>paid</t></is></c></row>'
        '<row r="2"><c r="A2" t="inlineStr"><is><t>=cmd|x</t></is></c>'
        '<c r="B2"><f>WEBSERVICE("http://127.0.0.1")</f><v>5</v></c></row>'
        '<row r="3"><c r="A3" t="str"><f>1/0</f><v>b</v></c>'
        '<c r="B3" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>'
        '<row r="4"><c r="A4" t="inlineStr"><is><t>c</t></is></c>'
        '<c r="B4"><v>7</v></c></row>'
    )
    return written(S=sheet(body))


TOO_LARGE = ("ingest.bomb", "ingest.ratio")
FAR = ("ingest.far_cell",)
DOCTYPE = ("ingest.doctype",)
BROKEN = ("ingest.workbook_broken",)
CUT_OFF = ("ingest.stream_broken",)
NESTED = ("ingest.nested",)
ZIP_BROKEN = ("ingest.zip_broken",)
# More than is unpacked before anybody asks how well it was packed.
BOMB = 65 * MEGABYTE
SEVERAL = {"notes": ("ingest.members",)}
PLAIN = {
    "rows": 30,
    "columns": NAMES,
    "kind": "events",
    "cells": {("event", 1): "cart"},
}

STREAMS = (
    loaded("plain.csv.gz", lambda: gzipped(LOG), **PLAIN),
    loaded("members.csv.gz", lambda: gzipped(LOG[:200]) + gzipped(LOG[200:]), **PLAIN),
    loaded("padded.csv.gz", lambda: gzipped(LOG) + bytes(512), **PLAIN),
    loaded("not_named_gz.csv", lambda: gzipped(LOG), **PLAIN),
    loaded(
        "name_inside.csv.gz",
        lambda: (
            b"\x1f\x8b\x08\x08" + gzipped(LOG)[4:10] + b"../../x\0" + gzipped(LOG)[10:]
        ),
        **PLAIN,
    ),
    refused("cut_off.csv.gz", lambda: gzipped(LOG)[:-20], *CUT_OFF, says="cut off"),
    refused("cut_early.csv.gz", lambda: gzipped(LOG)[:15], *CUT_OFF),
    refused("magic_only.csv.gz", b"\x1f\x8b", *CUT_OFF),
    refused("bad_middle.csv.gz", lambda: flipped(gzipped(LOG), 60), *CUT_OFF),
    refused("bad_sum.csv.gz", lambda: flipped(gzipped(LOG), -8), *CUT_OFF),
    refused("bad_method.csv.gz", lambda: flipped(gzipped(LOG), 2), *CUT_OFF),
    refused("trailing.csv.gz", lambda: gzipped(LOG) + b"junk", *CUT_OFF),
    refused("nothing.csv.gz", lambda: gzipped(b""), "ingest.empty"),
    refused("pdf_inside.csv.gz", lambda: gzipped(b"%PDF-1.7\n"), "ingest.refused"),
    refused(
        "twice.csv.gz", lambda: gzipped(gzipped(LOG)), *NESTED, says="Unpack it once"
    ),
    loaded("plain.csv.bz2", lambda: bz2.compress(LOG), **PLAIN),
    loaded("plain.csv.xz", lambda: lzma.compress(LOG), **PLAIN),
    refused("cut_off.csv.bz2", lambda: bz2.compress(LOG)[:-20], *CUT_OFF, says="bzip2"),
    refused("cut_off.csv.xz", lambda: lzma.compress(LOG)[:-20], *CUT_OFF, says="xz"),
    refused("bomb.csv.bz2", lambda: bz2.compress(bytes(BOMB)), *TOO_LARGE, says="400"),
    refused("bomb.csv.xz", lambda: lzma.compress(bytes(BOMB), preset=0), *TOO_LARGE),
    refused("bomb.csv.gz", lambda: gzip_bomb(2), *TOO_LARGE, says="400", large=True),
)

ZIPS = (
    loaded("single.zip", lambda: zipped({"a.csv": LOG}), **PLAIN),
    loaded("plain.xlsx.zip", lambda: zipped({"a.xlsx": written(S=ROWS)}), **PLAIN),
    loaded(
        "many.zip",
        lambda: zipped({"a.csv": LOG, "b.csv": "x\n1\n"}),
        **SEVERAL,
        **PLAIN,
    ),
    loaded(
        "members.zip",
        lambda: zipped({f"{i}.csv": f"a\n{i}\n" for i in range(5000)}),
        1,
        columns=("a",),
        cells={("a", 0): 0},
        **SEVERAL,
    ),
    refused(
        "members_more.zip",
        lambda: zipped({f"{i}.csv": "a" for i in range(10_001)}),
        "ingest.zip_members",
        says="10,001",
    ),
    loaded(
        "hostile_names.zip",
        lambda: zipped(
            {"../../evil.csv": LOG, "/etc/evil.csv": LOG, "C:\\evil.csv": LOG}
            | {"a\nb\x1b[2J.csv": LOG, "con.csv": LOG, "x" * 30_000: LOG}
        ),
        **SEVERAL,
        **PLAIN,
    ),
    refused("nested.zip", lambda: zipped({"b.zip": zipped({"c.zip": LOG})}), *NESTED),
    refused(
        "document.docx",
        lambda: zipped({"word/document.xml": "<x/>"}),
        "ingest.refused",
        says="Word",
    ),
    refused("overlapping.zip", overlapping, *ZIP_BROKEN),
    refused(
        "cut_off.zip",
        lambda: zipped({"a.csv": LOG, "b.csv": LOG})[:-30],
        *ZIP_BROKEN,
        says="cut off",
    ),
    refused(
        "encrypted.zip",
        lambda: encrypted(zipped({"a.csv": LOG, "b.csv": LOG})),
        "ingest.zip_password",
        says="password",
    ),
    refused(
        "flat_bomb.zip",
        lambda: zipped({"a.csv": bytes(1200 * MEGABYTE)}),
        *TOO_LARGE,
        large=True,
    ),
    refused("no_member.zip", lambda: zipped({}), "ingest.zip_empty"),
    refused("magic_only.zip", b"PK\x03\x04", *ZIP_BROKEN),
    refused("garbage.xlsx", b"PK\x03\x04" + bytes(range(256)) * 40, *ZIP_BROKEN),
    refused(
        "repeated.ods",
        lambda: spreadsheet(1_048_576, 16_384),
        *FAR,
        says="1,048,576",
    ),
)

WORKBOOKS = (
    loaded("plain.xlsx", lambda: written(S=ROWS), **PLAIN),
    loaded("gzipped.xlsx.gz", lambda: gzipped(written(S=ROWS)), **PLAIN),
    loaded(
        "formulas.xlsx",
        formulas,
        3,
        columns=("name", "paid"),
        cells={("name", 0): "=cmd|x", ("name", 1): "b", ("paid", 1): None},
        notes=("ingest.cell_errors",),
    ),
    loaded(
        "macros.xlsm",
        lambda: written(extra={"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0" * 99}, S=ROWS),
        **PLAIN,
    ),
    loaded(
        "sheet_names.xlsx",
        lambda: written(**{"=cmd": ROWS, "../x": [["b"]], "&lt;script&gt;": [["c"]]}),
        notes=("ingest.sheets",),
        **PLAIN,
    ),
    loaded(
        "lying_dimension.xlsx",
        lambda: written(
            S=sheet("<row><c><v>1</v></c><c><v>2</v></c></row>" * 20).replace(
                "<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>'
            )
        ),
        20,
    ),
    loaded(
        "shared.xlsx",
        lambda: written(
            extra=strings_file(shared("name", "=1+1", "&lt;b&gt;")),
            S=shared_cells(0, 1, 2, 1, 2),
        ),
        cells={("name", 0): "=1+1", ("name", 1): "<b>"},
    ),
    refused(
        "cut_off.xlsx", lambda: written(S=ROWS)[:-200], *ZIP_BROKEN, says="damaged"
    ),
    refused("bad_middle.xlsx", lambda: flipped(written(S=ROWS), 80), *BROKEN),
    refused(
        "no_book.xlsx", lambda: without(written(S=ROWS), "xl/workbook.xml"), *BROKEN
    ),
    refused(
        "no_sheet.xlsx",
        lambda: without(written(S=ROWS), "xl/worksheets/sheet1.xml"),
        *BROKEN,
    ),
    refused(
        "no_relations.xlsx",
        lambda: without(written(S=ROWS), "xl/_rels/workbook.xml.rels"),
        *BROKEN,
    ),
    refused("not_xml.xlsx", lambda: written(S="<worksheet><sheetData><row"), *BROKEN),
    refused("no_rows.xlsx", lambda: written(S=sheet("")), "ingest.empty"),
    refused("no_sheets.xlsx", written, *BROKEN),
    refused(
        "no_string.xlsx",
        lambda: written(extra=strings_file(shared("a")), S=shared_cells(0, 99, 4)),
        *BROKEN,
    ),
    refused(
        "outside_sheet.xlsx",
        lambda: elsewhere("../../../../etc/passwd", "", ""),
        *BROKEN,
    ),
    refused(
        "password.xlsx",
        lambda: compound(b"\x01" * 5000, "EncryptedPackage"),
        "ingest.password",
        says="password",
    ),
    refused("encrypted.xlsx", lambda: encrypted(written(S=ROWS)), "ingest.password"),
    refused(
        "far_cell.xlsx", lambda: written(S=at("XFD1048576")), *FAR, says="1,048,576"
    ),
    refused("far_row.xlsx", lambda: written(S=at("ZZ1048576")), *FAR),
    refused("far_small_letters.xlsx", lambda: written(S=at("xfd1048576")), *FAR),
    refused(
        "far_elsewhere.xlsx",
        lambda: elsewhere("other/sheet.xml", "xl/other/sheet.xml", at("XFD1048576")),
        *FAR,
    ),
    refused(
        "far_named_dat.xlsx",
        lambda: elsewhere("worksheets/s.dat", "xl/worksheets/s.dat", at("XFD1048576")),
        *FAR,
    ),
    refused(
        "far_capital_ending.xlsx",
        lambda: elsewhere("worksheets/s.XML", "xl/worksheets/s.XML", at("XFD1048576")),
        *FAR,
    ),
    refused(
        "far_without_place.xlsx",
        lambda: written(
            S=sheet('<row r="1048576">' + "<c><v>1</v></c>" * 2000 + "</row>")
        ),
        *FAR,
    ),
    refused(
        "laughs.xlsx",
        lambda: written(S=sheet(text_cell("&a9;"), before=LAUGHS)),
        *DOCTYPE,
    ),
    refused(
        "laughs_in_strings.xlsx",
        lambda: written(
            extra=strings_file(LAUGHS + shared("&a9;")), S=shared_cells(0, 0)
        ),
        *DOCTYPE,
    ),
    refused(
        "laughs_in_relations.xlsx",
        lambda: elsewhere("worksheets/sheet1.xml", "", "", before=LAUGHS),
        *DOCTYPE,
    ),
    refused(
        "bare_doctype.xlsx",
        lambda: written(S=sheet(text_cell("a"), before="<!DOCTYPE x>")),
        *DOCTYPE,
    ),
    refused(
        "outside_entity.xlsx",
        lambda: written(S=sheet(text_cell("&x;"), before=OUTSIDE)),
        *DOCTYPE,
    ),
    refused(
        "late_entity.xlsx",
        lambda: written(
            S=sheet(text_cell("&x;"), before=f"<!--{' ' * 9000}-->" + OUTSIDE)
        ),
        *DOCTYPE,
    ),
    refused(
        "bomb.xlsx",
        lambda: written(S=sheet("<row/>" * (25 * MEGABYTE))),
        *TOO_LARGE,
        says="400",
        large=True,
    ),
    refused(
        "lying_size.xlsx",
        lambda: lying(
            written(S=sheet("<!--" + " " * (150 * MEGABYTE) + "-->")),
            "xl/worksheets/sheet1.xml",
            100,
        ),
        *BROKEN,
        large=True,
    ),
    loaded(
        "repeated_strings.xlsx",
        lambda: written(
            extra=strings_file(shared(*["a" * 1000] * 200_000)), S=shared_cells(0, 1)
        ),
        2,
        large=True,
    ),
    refused("wide_10000.xlsx", lambda: written(S=wide_sheet(10_000)), "ingest.columns"),
)

ARCHIVES = tuple(chain(STREAMS, ZIPS, WORKBOOKS))
