"""What a file is, by its first bytes and not by its name; taken out of its wrapping."""

import contextlib
import errno
import io
import lzma
import re
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import IO

from opslib.ingest.encoding import decode
from opslib.ingest.streams import inflating, packed_as
from opslib.result import Error, Note, check_choice

MOST_BYTES = 1 << 33
# No table is packed better; zeros are packed a thousandfold.
MOST_RATIO = 400
FREE = 1 << 26
MOST_MEMBERS = 10_000
IN_MEMORY = 1 << 24
PART = 1 << 20
HEAD = 4096
# Long enough that no text begins so by chance.
REFUSED = {
    b"%PDF-": "PDF",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"ARROW1\0\0": "Arrow",
    b"\x89HDF": "HDF5",
    b"SQLite format 3\0": "SQLite",
    b"$FL2@(#)": "SPSS",
    b"<stata_dta>": "Stata",
    b"{\\rtf1": "RTF",
    b"\x7fELF": "ELF",
}
ARCHIVES = {b"Rar!\x1a\x07": "RAR", b"7z\xbc\xaf\x27\x1c": "7z"}
ZIP, EMPTY_ZIP, OLE = b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0"
# The second one is encrypted.
PARQUET = (b"PAR1", b"PARE")
# Parts that only these kinds of documents have.
DOCUMENTS = {
    "word/document.xml": "Word",
    "ppt/presentation.xml": "PowerPoint",
    "Index/Document.iwa": "Numbers",
    "xl/workbook.bin": "xlsb",
}
MARKUP = re.compile(
    rb"[\xef\xbb\xbf\s]*<(?:\?xml|!doctype html|html|head|meta|body|table|style|div)\b",
    re.IGNORECASE,
)
TABLES = {"csv", "tsv", "tab", "txt", "dat", "log", "xlsx", "xlsm", "xls", "ods"}
JUNK = re.compile(r"(^|/)(__MACOSX/|\.|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

Source = str | Path | bytes | IO[bytes]


@dataclass(frozen=True)
class Unpacked:
    """A file without wrapping.

    Attributes:
        file: Open for reading, seekable, at its start; closing it is up to who asked.
        kind: "text", "workbook", "parquet", or "markup" for tables saved as HTML or
            XML.
        member, members: The file taken from a zip archive and those there are.
    """

    file: IO[bytes]
    kind: str
    member: str = ""
    members: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()


def unpack(
    source: Source, member: str | int | None = None, *, most_bytes: int = MOST_BYTES
) -> Unpacked:
    """Open a file, take it out of zip or a packed stream, and say what it is.

    Contents larger than `IN_MEMORY` are unpacked to an unnamed temporary file. Sizes
    are counted while inflating; what an archive claims of itself is not believed.

    Args:
        source: Path, content, or file open for reading bytes.
        member: Which file of a zip archive, by name or number from 0; by default the
            first table, with a note if there are several.
        most_bytes: Refuse what is larger, packed or not.

    Raises:
        Error: It cannot be opened, is damaged, locked, too large, or no table at all.

    Example:
        >>> with unpack(lzma.compress(b"user,amount")).file as file:
        ...     file.read()
        b'user,amount'
    """
    file = _opened(source)
    inner, found = file, None
    try:
        bare = _unwrapped(file, member, most_bytes)
        inner = bare.file
        found = replace(bare, kind=_kind(inner, nested=inner is not file))
        inner.seek(0)
    finally:
        for one in {file, inner} if found is None else {file} - {inner}:
            if one is not source:
                one.close()
    return found


def _unwrapped(file: IO[bytes], member: str | int | None, most: int) -> Unpacked:
    size = file.seek(0, io.SEEK_END)
    check_size(size, size, most)
    head = _head(file)
    if kind := packed_as(head):
        return Unpacked(_from_stream(file, kind, size, most), "")
    if head.startswith((ZIP, EMPTY_ZIP)) and not _is_workbook(file):
        return _from_zip(file, size, member, most)
    return Unpacked(file, "")


def _kind(file: IO[bytes], *, nested: bool) -> str:
    head = _head(file)
    if not head:
        raise Error("ingest.empty")
    zipped = head.startswith(ZIP)
    archive = next(
        (kind for magic, kind in ARCHIVES.items() if head.startswith(magic)), ""
    )
    archive = "tar" if head[257:262] == b"ustar" else archive
    packed = archive or packed_as(head) or (zipped and not _is_workbook(file))
    if packed and nested:
        raise Error("ingest.nested")
    if archive:
        raise Error("ingest.refused_archive", kind=archive)
    for magic, kind in REFUSED.items():
        if head.startswith(magic):
            raise Error("ingest.refused", kind=kind)
    if zipped or head.startswith(OLE):
        return "workbook"
    if head.startswith(PARQUET) and _is_parquet(file, head):
        return "parquet"
    return "markup" if MARKUP.match(head) else "text"


def _is_parquet(file: IO[bytes], head: bytes) -> bool:
    """Say so of a file that begins and ends with its mark, or lost its end."""
    file.seek(-4, io.SEEK_END)
    return file.read() == head[:4] or head[4:5] == b"\x15"


def _opened(source: Source) -> IO[bytes]:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    if isinstance(source, str | Path):
        path = Path(source)
        try:
            return path.open("rb")
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            raise Error("ingest.no_file", name=path.name, why=why) from None
    if source.seekable():
        return source
    return _copied(source.read, lambda _size: None)


def _head(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read(HEAD)


def check_size(size: int, packed: int, most: int) -> None:
    """Refuse what is too large unpacked, in bytes or for what it was packed.

    Raises:
        Error: It is.
    """
    if size > most:
        raise Error("ingest.bomb", size=size / 1e6, most=most / 1e6)
    if size > FREE and size > MOST_RATIO * packed:
        raise Error("ingest.ratio", most=MOST_RATIO)


def _copied(read: Callable[[int], bytes], check: Callable[[int], None]) -> IO[bytes]:
    """Copy a stream piece by piece to where it can be read again."""
    # Handed on open: whoever asked for the file closes it.
    target = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
    size = 0
    try:
        while part := read(PART):
            size += len(part)
            check(size)
            target.write(part)
    except BaseException as error:
        target.close()
        if isinstance(error, OSError) and error.errno in FULL:
            raise Error("ingest.disk_full", size=size // 10**6) from None
        raise
    return target


def _from_stream(file: IO[bytes], kind: str, size: int, most: int) -> IO[bytes]:
    file.seek(0)
    with whole("ingest.stream_broken", kind=kind):
        read = inflating(file, kind)
        return _copied(read, lambda n: check_size(n, size, most))


@contextlib.contextmanager
def whole(code: str, **values: str) -> Iterator[None]:
    """Turn whatever damage leads a reader of bytes to into the error `code`."""
    try:
        yield
    except Error:
        raise
    except (
        *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
        *(OSError, EOFError, TypeError),
        *(ValueError, LookupError, NotImplementedError, RuntimeError, OverflowError),
    ):
        raise Error(code, **values) from None


def _is_workbook(file: IO[bytes]) -> bool:
    with whole("ingest.zip_broken"), zipfile.ZipFile(file) as archive:
        names = set(archive.namelist())
    for part, kind in DOCUMENTS.items():
        if any(name.startswith(part) for name in names):
            raise Error("ingest.refused", kind=kind)
    # Also one that lost its book: its parts are no tables to choose from.
    sheets = any(name.startswith(("xl/workbook", "xl/worksheets/")) for name in names)
    return sheets or {"mimetype", "content.xml"} <= names


def _from_zip(
    file: IO[bytes], size: int, member: str | int | None, most: int
) -> Unpacked:
    with whole("ingest.zip_broken"), zipfile.ZipFile(file) as archive:
        files = _files(archive)
        if not files:
            raise Error("ingest.zip_empty")
        # Parquet may be refused: it is taken where no other table is.
        tables = _ending(files, TABLES) or _ending(files, {"parquet"}) or list(files)
        chosen = _choose(tuple(tables), tuple(files), member)
        info = files[chosen]
        if info.flag_bits & 1:
            raise Error("ingest.zip_password")
        if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise Error("ingest.zip_method", member=chosen)
        with archive.open(info) as stream:
            content = _copied(stream.read, lambda n: check_size(n, size, most))
    notes: tuple[Note, ...] = ()
    if member is None and len(tables) > 1:
        notes = (Note("ingest.members", member=chosen, members=tables),)
    return Unpacked(content, "", chosen, tuple(tables), notes)


def _files(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The files of an archive by their names, as whoever packed them wrote these."""
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > MOST_MEMBERS:
        raise Error("ingest.zip_members", n=len(infos), most=MOST_MEMBERS)
    # Without this flag, names are in the packer's own encoding; zipfile reads cp437.
    raw = [
        i.filename.encode("cp437").replace(b"\n", b" ")
        for i in infos
        if not i.flag_bits & 0x800
    ]
    known = iter(decode(b"\n".join(raw)).text.split("\n"))
    names = [i.filename if i.flag_bits & 0x800 else next(known) for i in infos]
    return {
        name: info
        for name, info in zip(names, infos, strict=True)
        if not JUNK.search(name)
    }


def _ending(names: Iterable[str], endings: Container[str]) -> list[str]:
    return [one for one in names if PurePosixPath(one).suffix[1:].lower() in endings]


def _choose(
    tables: tuple[str, ...], files: tuple[str, ...], member: str | int | None
) -> str:
    if member is None:
        return tables[0]
    if isinstance(member, int) and 0 <= member < len(tables):
        return tables[member]
    check_choice("member", member, files if member in files else tables)
    return str(member)
