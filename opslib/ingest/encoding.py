"""Bytes to text: which encoding, decided on the whole file and never on its head.

A file may be larger than memory: it is read in pieces, once to decide (`detect`) and
once to decode (`texts`). `decode` is both, for content that is at hand.
"""

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import IO

from opslib.ingest import languages
from opslib.result import Error, Note

PIECE = 1 << 21
HEAD = 1 << 16
# What is remembered of a file, in bytes: different cells that are not plain ASCII.
SAMPLE = 3 << 14
PART = SAMPLE // 4
# Natural logarithm: with less between two readings both are told.
CLOSE = 3.0
# Of all readings: whose languages, and how many times likelier before looking (as ln).
CANDIDATES: dict[str, tuple[str, float]] = {
    "gb18030": ("zh", 2),
    "big5hkscs": ("zh_Hant", 0),
    "cp932": ("ja ja-half", 0),
    "euc_jp": ("ja", 0),
    "cp949": ("ko", 0),
    "cp1252": ("fr es de pt it nl sv da fi", 2),
    "cp1250": ("pl cs hu ro hr", 0),
    "cp1251": ("ru uk bg", 0),
    "cp1254": ("tr", -1),
    "iso8859-2": ("pl cs hu", -1),
    "iso8859-15": ("fr es de pt it", -1),
    "koi8-r": ("ru", -1),
    "cp866": ("ru", -3),
    "cp850": ("fr es de pt it", -3),
    "mac-roman": ("fr es de pt it", -3),
    "cp874": ("th", -1),
    "cp1253": ("el", -1),
    "utf-8": ("zh ja ko fr ru", 0),
}
CONTROLS = bytes({*range(1, 9), *range(14, 32)} - {0x1A, 0x1B})
# NULs pad the fields of old databases, but are not most of what stands in them.
MOST_NULS = 0.5
WIDE_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
NO_MEANING = re.compile("[\ue000-\uf8ff\ufffd]")
# Four bytes of gb18030; letters and digits by turns are rare in anything else.
FOUR = re.compile(rb"[\x81-\xfe][0-9][\x81-\xfe][0-9]")
FOUR_TELLS = 4.0
HIGH = re.compile(rb"[\x80-\xff]")
# No byte of these is ever the second half of a character.
APART = re.compile(rb"[\x00-\x2f:-?]+")


@dataclass(frozen=True)
class Detected:
    """How a file is to be read.

    Attributes:
        encoding: As Python names it.
        skip: Bytes of a UTF-8 mark before the text.
    """

    encoding: str
    skip: int = 0
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Decoded:
    """Text, the encoding it was read with, and what had to be done to it."""

    text: str
    encoding: str
    notes: tuple[Note, ...] = ()


def decode(content: bytes, encoding: str | None = None) -> Decoded:
    """Read `content` as text, as `detect` and `texts` do.

    Example:
        >>> decode("用户,金额".encode("gb18030")).encoding
        'gb18030'
    """
    file = io.BytesIO(content)
    found = detect(file, encoding)
    pieces = texts(file, found)
    text = "".join(pieces)
    return Decoded(text, found.encoding, (*found.notes, *pieces.notes))


def detect(file: IO[bytes], encoding: str | None = None) -> Detected:
    """Read a whole file, from its start and in pieces, and say how to decode it.

    In order: a byte order mark; NUL bytes at every second place (UTF-16); UTF-8 if the
    whole file is, or all but a few bytes of it; else the likeliest of `CANDIDATES`,
    with a note when another one is nearly as likely.

    Args:
        file: Open for reading bytes, seekable, not compressed.
        encoding: Take this one without looking.

    Raises:
        Error: `encoding` is not known, or the bytes are no text at all.
    """
    if encoding is not None:
        return Detected(_known(encoding))
    file.seek(0)
    head = file.read(HEAD)
    for mark, name in WIDE_MARKS:
        if head.startswith(mark):
            return Detected(name)
    if name := _wide(head):
        return Detected(name)
    controls = len(head) - len(head.translate(None, delete=CONTROLS))
    if controls > max(4, 0.01 * len(head)) or head.count(0) > MOST_NULS * len(head):
        raise Error("ingest.binary")
    skip = 3 if head.startswith(codecs.BOM_UTF8) else 0
    file.seek(skip)
    utf8, cells = _scan(file)
    if utf8:
        return Detected("utf-8", skip)
    best, *others = _ranked(b"\n".join(sorted(cells)))
    other = next((one for one in others if one.text != best.text), None)
    if other is None or best.score - other.score >= CLOSE:
        return Detected(best.encoding, skip)
    note = Note("ingest.encoding_close", encoding=best.encoding, other=other.encoding)
    return Detected(best.encoding, skip, (note,))


def texts(file: IO[bytes], detected: Detected) -> "Texts":
    """Decode a file in pieces; what cannot be read becomes U+FFFD and is counted."""
    return Texts(file, detected)


class Texts:
    """The pieces of a file's text, and when they are through, notes on them.

    Attributes:
        damaged: Lines in which bytes could not be read.
        rows: Numbers of the first of them, from 1.
        nuls: NUL characters taken out.
    """

    def __init__(self, file: IO[bytes], detected: Detected) -> None:
        self._file, self._detected = file, detected
        self.damaged, self.nuls = 0, 0
        self.rows: list[int] = []

    def __iter__(self) -> Iterator[str]:
        self.damaged, self.nuls, self.rows = 0, 0, []
        end, line, counted = "", 0, 0
        for i, piece in enumerate(self._decoded()):
            text = piece
            if "\0" in text:
                self.nuls += text.count("\0")
                text = text.replace("\0", "")
            if not text:
                continue
            end = end or ("\r" if "\r" in text and "\n" not in text else "\n")
            if "\ufffd" in text:
                # Lines are counted for those who need their numbers.
                line = line or self._lines(end, i) + 1
                for number, found in enumerate(text.split(end), line):
                    if "\ufffd" in found and number > counted:
                        counted = number
                        self.damaged += 1
                        self.rows += [number] * (len(self.rows) < 6)
            if line:
                line += text.count(end)
            yield text

    def _decoded(self) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder(self._detected.encoding)("replace")
        self._file.seek(self._detected.skip)
        begun, piece = False, b"-"
        while piece:
            piece = self._file.read(PIECE)
            text = decoder.decode(piece, final=not piece)
            if not begun:
                # Programs that do not know of the mark add another one.
                text = text.lstrip("\ufeff")
                begun = bool(text)
            yield text

    def _lines(self, end: str, pieces: int) -> int:
        """Count the line ends in the first pieces; go on reading where it was."""
        here = self._file.tell()
        lines = sum(text.count(end) for text in islice(self._decoded(), pieces))
        self._file.seek(here)
        return lines

    @property
    def notes(self) -> tuple[Note, ...]:
        """What had to be done to the text that has been read so far."""
        notes = [Note("ingest.nul", n=self.nuls)] if self.nuls else []
        if self.damaged:
            rows = ", ".join(map(str, self.rows[:5])) + ", …" * (self.damaged > 5)
            name = self._detected.encoding
            notes.append(
                Note("ingest.damaged", n=self.damaged, rows=rows, encoding=name)
            )
        return tuple(notes)


def _known(name: str) -> str:
    try:
        found = codecs.lookup(name).name
        "".encode(found)
        codecs.getincrementaldecoder(found)
    except (LookupError, ValueError, TypeError):
        choices = ["utf-16", *CANDIDATES]
        raise Error(
            "option.choice", option="encoding", got=name, choices=choices
        ) from None
    return {"gbk": "gb18030", "gb2312": "gb18030"}.get(found, found)


def _wide(head: bytes) -> str:
    """Name the UTF-16 that puts its NULs where these are, or nothing."""
    even, odd = head[::2], head[1::2]
    for high, low, name in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        nuls = high.count(0)
        # Chinese text has NULs only in its line ends, digits and delimiters.
        if nuls > 0.02 * len(head) / 2 and low.count(0) < 0.5 * nuls:
            text = head.decode(name, "replace")
            # Packed bytes give all characters alike, texts few without a meaning.
            if len(NO_MEANING.findall(text)) <= max(1, 0.02 * len(text)):
                return name
    return ""


def _scan(file: IO[bytes]) -> tuple[bool, set[bytes]]:
    """Say whether a file is UTF-8, and give a sample of its foreign cells if not."""
    bad = good = 0
    cells: set[bytes] = set()
    size, rest, piece = 0, b"", b"-"
    while piece:
        piece = file.read(PIECE)
        if not rest and piece.isascii():
            continue
        data, rest = rest + piece, b""
        if bad <= max(1000, good):
            try:
                text, read = codecs.utf_8_decode(data, "strict", not piece)
            except UnicodeDecodeError:
                text, read = codecs.utf_8_decode(data, "replace", not piece)
                bad += text.count("\ufffd")
            # As many bytes as follow the first one of a character.
            good += read - len(text)
            rest = data[read:]
        if bad and size < SAMPLE:
            new = _cells(data) - cells
            cells |= new
            size += sum(map(len, new))
    return bad <= 0.1 * good, cells


def _cells(piece: bytes) -> set[bytes]:
    """Take cells with bytes beyond ASCII from all over a piece, up to `PART` bytes."""
    window = max(len(piece) // 64, 1024)
    found: set[bytes] = set()
    size = 0
    for at in range(0, len(piece), window):
        hit = HIGH.search(piece, at, at + window)
        if not hit or size >= PART:
            continue
        begin, end = max(0, hit.start() - 256), hit.start() + 1024
        parts = APART.split(piece[begin:end])
        inside = parts[begin > 0 : len(parts) - (end < len(piece))]
        new = {cell for cell in inside if not cell.isascii()} - found
        found |= new
        size += sum(map(len, new))
    if not found and (hit := HIGH.search(piece)):
        found.add(piece[hit.start() : hit.start() + 4096])
    return found


@dataclass(frozen=True)
class _Reading:
    encoding: str
    text: str
    score: float


def _ranked(sample: bytes) -> list[_Reading]:
    """Read a sample in every way, likeliest first."""
    readings = []
    for encoding, (spoken, prior) in CANDIDATES.items():
        text = sample.decode(encoding, errors="replace")
        pairs = languages.pairs(text)
        score = max(languages.likelihood(pairs, one) for one in spoken.split())
        if encoding == "gb18030" and FOUR.search(sample) and "\ufffd" not in text:
            score += FOUR_TELLS
        readings.append(_Reading(encoding, text, score + prior))
    return sorted(readings, key=lambda reading: -reading.score)
