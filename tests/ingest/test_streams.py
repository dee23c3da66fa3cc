"""Packed streams are unpacked whole or refused: never a part of one."""

import bz2
import contextlib
import gzip
import io
import lzma
import random
import tarfile

import pyarrow as pa
import pytest

import opslib as ops
from opslib.ingest import archive, streams
from opslib.ingest.archive import unpack
from opslib.result import Error

CSV = b"user,amount\n" + b"".join(b"u%d,%d\n" % (i, i * i % 97) for i in range(500))


def packed(codec):
    def pack(content):
        target = pa.BufferOutputStream()
        with pa.CompressedOutputStream(target, codec) as stream:
            stream.write(content)
        return target.getvalue().to_pybytes()

    return pack


PACK = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "Zstandard": packed("zstd"),
    "LZ4": packed("lz4"),
}


@pytest.fixture(params=PACK.items(), ids=list(PACK))
def stream(request):
    """The name of a way of packing, and its function."""
    return request.param


def content(source):
    with unpack(source).file as file:
        return file.read()


def said(source, lang="en"):
    with pytest.raises(Error) as caught:
        unpack(source)
    return caught.value.text(lang)


def test_a_packed_table_is_read_like_the_table(stream):
    _, pack = stream
    table = ops.read_table(pack(CSV))
    assert table.frame.equals(ops.read_table(CSV).frame)


def test_several_streams_one_after_the_other_are_one(stream):
    _, pack = stream
    assert content(pack(CSV[:100]) + pack(CSV[100:])) == CSV


def test_pieces_of_any_size_are_the_same(stream, monkeypatch):
    _, pack = stream
    monkeypatch.setattr(streams, "PART", 7)
    monkeypatch.setattr(archive, "PART", 11)
    assert content(pack(CSV) + pack(CSV)) == CSV * 2


def test_a_stream_that_is_cut_off_is_refused_wherever_it_is_cut(stream):
    kind, pack = stream
    whole = pack(CSV)
    for cut in (6, 12, len(whole) // 2, len(whole) - 1):
        if streams.packed_as(whole[:cut]):
            assert said(whole[:cut]) == (
                f"The {kind} file is damaged or cut off. Copy or download it again."
            )
    assert said(whole[:-1], "zh_CN") == (
        f"{kind} 文件已损坏或不完整，请重新复制或下载。"
    )


def test_what_follows_a_stream_and_is_none_is_refused(stream):
    _, pack = stream
    whole = pack(CSV)
    assert "damaged or cut off" in said(whole + b"u9,9\n")
    damaged = whole[:2] + b"?" + whole[3:]
    assert "damaged or cut off" in said(whole + damaged)


@pytest.mark.parametrize("kind", ["gzip", "xz"])
def test_zeros_behind_a_stream_are_padding(kind):
    assert content(PACK[kind](CSV) + bytes(512)) == CSV


def test_no_damage_is_more_than_a_sentence(stream):
    kind, pack = stream
    whole, draw = pack(CSV), random.Random(1)
    for _ in range(200):
        broken = bytearray(whole)
        # Behind what tells the packing: without that it is another file.
        broken[draw.randrange(10, len(whole))] ^= 1 << draw.randrange(8)
        with contextlib.suppress(Error):
            found = content(bytes(broken))
            # Arrow packs these two without a sum over their content.
            assert found == CSV or kind in {"LZ4", "Zstandard"}


def test_what_inflates_without_bounds_is_stopped(stream, monkeypatch):
    _, pack = stream
    monkeypatch.setattr(archive, "FREE", 1 << 20)
    monkeypatch.setattr(archive, "MOST_RATIO", 200)
    assert "unpacks to more than 200 times its size" in said(pack(bytes(8 << 20)))
    with pytest.raises(Error, match=r"at most 0\.002 MB are read"):
        unpack(pack(CSV), most_bytes=2_000)


def test_only_one_wrapping_is_taken_off(stream):
    _, pack = stream
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("a.csv"))
    for inner in (pack(CSV), made.getvalue()):
        assert said(pack(inner)) == (
            "The archive holds another archive. Unpack it once and choose the table "
            "inside."
        )


def test_a_file_that_was_given_open_stays_open(stream):
    _, pack = stream
    file = io.BytesIO(pack(CSV))
    assert content(file) == CSV
    assert not file.closed


def test_a_word_at_the_start_is_no_packing():
    for head in (b"BZh9,a\n1,2\n", b"BZh,b\n", b"7zXZ,a\n"):
        assert streams.packed_as(head) == ""
        assert content(head) == head
