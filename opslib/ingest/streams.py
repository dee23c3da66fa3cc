"""Packed streams, each told by its first bytes: gzip, bzip2, xz, Zstandard and LZ4."""

import gzip
import io
import lzma
import re
from collections.abc import Callable, Iterator
from typing import IO

import pyarrow as pa

STREAMS = {
    "gzip": rb"\x1f\x8b",
    "bzip2": rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)",
    "xz": rb"\xfd7zXZ\0",
    "Zstandard": rb"\x28\xb5\x2f\xfd",
    "LZ4": rb"\x04\x22\x4d\x18",
}
ARROW = {"bzip2": "bz2", "Zstandard": "zstd", "LZ4": "lz4"}
PART = 1 << 16


def packed_as(head: bytes) -> str:
    """Say by its first bytes as what a file is packed; "" when it is not.

    Example:
        >>> packed_as(gzip.compress(b"a")), packed_as(b"BZh,b")
        ('gzip', '')
    """
    return next((kind for kind, mark in STREAMS.items() if re.match(mark, head)), "")


def inflating(file: IO[bytes], kind: str) -> Callable[[int], bytes]:
    """Give the function that reads on in what is packed, b"" at its end.

    Several streams one after the other are one; what is no stream is not passed over,
    and of bytes behind the last one only zeros are. The file stays open.

    Args:
        file: Open for reading, at its start.
        kind: One of `STREAMS`.

    Example:
        >>> inflating(io.BytesIO(lzma.compress(b"a") + lzma.compress(b"b")), "xz")(9)
        b'a'
    """
    if kind == "gzip":
        return gzip.GzipFile(fileobj=file).read
    if kind == "xz":
        pieces = filter(None, _from_xz(file))
        return lambda _size: next(pieces, b"")
    stream: Callable[[int], bytes] = pa.CompressedInputStream(
        _Lent(file), ARROW[kind]
    ).read
    return stream


def _from_xz(file: IO[bytes]) -> Iterator[bytes]:
    """Unpack as lzma.LZMAFile does, which leaves out a second stream if damaged."""
    data = file.read(PART)
    while data:
        stream = lzma.LZMADecompressor(lzma.FORMAT_XZ)
        while not stream.eof:
            if stream.needs_input and not data:
                raise EOFError
            yield stream.decompress(data, PART)
            data = file.read(PART) if stream.needs_input else b""
        data = (stream.unused_data or file.read(PART)).lstrip(b"\0")


class _Lent(io.RawIOBase):
    """A file that stays open when Arrow is done with it."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self.file.read(size)
