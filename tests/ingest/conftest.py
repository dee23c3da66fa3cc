"""Workbooks made by hand, so that a test says what stands in every cell."""

import io
import zipfile

import pytest

NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def cell(place, value):
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


def sheet_xml(rows):
    lines = [
        f'<row r="{y}">'
        + "".join(
            cell(f"{chr(64 + x)}{y}", value)
            for x, value in enumerate(row, 1)
            if value is not None
        )
        + "</row>"
        for y, row in enumerate(rows, 1)
    ]
    return (
        f'<worksheet xmlns="{NAMESPACE}"><sheetData>{"".join(lines)}</sheetData>'
        "</worksheet>"
    )


# Style 1 is a date, 2 a date and time, 3 a percentage, 4 hours, 5 a time of day.
STYLES = (
    f'<styleSheet xmlns="{NAMESPACE}"><cellXfs>'
    + "".join(f'<xf numFmtId="{n}"/>' for n in (0, 14, 22, 10, 46, 21))
    + "</cellXfs></styleSheet>"
)


def written(extra=None, properties="", hidden=(), **sheets):
    """Write a workbook: sheets by name, as rows or as ready XML; extra files too."""
    names = list(sheets)
    listed = "".join(
        f'<sheet name="{name}" sheetId="{i}" r:id="rId{i}" '
        f'state="{"hidden" if name in hidden else "visible"}"/>'
        for i, name in enumerate(names, 1)
    )
    relations = "".join(
        f'<Relationship Id="rId{i}" Type="{RELATIONS}/worksheet" '
        f'Target="worksheets/sheet{i}.xml"/>'
        for i in range(1, len(names) + 1)
    )
    files = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{RELATIONS}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{NAMESPACE}" xmlns:r="{RELATIONS}">'
        f"{properties}<sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'{relations}<Relationship Id="rId0" Type="{RELATIONS}/styles" '
        'Target="styles.xml"/></Relationships>',
        "xl/styles.xml": STYLES,
    }
    for i, rows in enumerate(sheets.values(), 1):
        xml = rows if isinstance(rows, str) else sheet_xml(rows)
        files[f"xl/worksheets/sheet{i}.xml"] = xml
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {**files, **(extra or {})}.items():
            archive.writestr(name, text)
    return target.getvalue()


OFFICE = "urn:oasis:names:tc:opendocument:xmlns"


def open_document(body, head=""):
    """Write an .ods whose sheets are `body`, as ready XML."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        kind = "application/vnd.oasis.opendocument.spreadsheet"
        archive.writestr("mimetype", kind)
        archive.writestr(
            "META-INF/manifest.xml",
            f'<manifest:manifest xmlns:manifest="{OFFICE}:manifest:1.0"/>',
        )
        archive.writestr(
            "content.xml",
            f'{head}<office:document-content xmlns:office="{OFFICE}:office:1.0" '
            f'xmlns:table="{OFFICE}:table:1.0" xmlns:text="{OFFICE}:text:1.0">'
            f"<office:body><office:spreadsheet>{body}</office:spreadsheet>"
            "</office:body></office:document-content>",
        )
    return target.getvalue()


@pytest.fixture
def workbook():
    """Write a workbook: `workbook(extra=None, name=rows, ...)` gives its bytes."""
    return written
