"""Files come out of gzip and zip, and what is no table is refused by its name."""

import contextlib
import errno
import gzip
import io
import random
import tarfile
import zipfile

import pytest

from opslib.ingest import archive
from opslib.ingest.archive import unpack
from opslib.result import Error

CSV = b"user,amount\n1,2\n"


def zipped(files, method=zipfile.ZIP_DEFLATED):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return target.getvalue()


def damaged(content, draw):
    """The content with some bytes changed, and sometimes without its end."""
    broken = bytearray(content)
    for _ in range(4):
        broken[draw.randrange(len(broken))] = draw.choice((0, 1, 127, 255))
    return bytes(broken[: len(broken) - draw.choice((0, 0, 9))])


def opened(source, *args, **options):
    found = unpack(source, *args, **options)
    with found.file:
        return found.kind, found.member, found.file.read()


def seen(source, *args):
    found = unpack(source, *args)
    found.file.close()
    return found


def said(source, *args, **options):
    """The sentence of the refusal, and that it exists in Chinese."""
    with pytest.raises(Error) as caught:
        unpack(source, *args, **options)
    assert caught.value.text("zh_CN")
    return str(caught.value)


def test_plain_text_passes_as_it_is(tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(CSV)
    for source in (CSV, path, str(path), io.BytesIO(CSV)):
        assert opened(source) == ("text", "", CSV)


def test_a_file_that_was_given_open_stays_open():
    for content in (CSV, gzip.compress(CSV), zipped({"a.csv": CSV}), b"%PDF-1.4"):
        file = io.BytesIO(content)
        with contextlib.suppress(Error):
            found = unpack(file)
            if found.file is not file:
                found.file.close()
        assert not file.closed


def test_a_stream_that_cannot_be_read_twice_is_copied(tmp_path):
    class Pipe(io.RawIOBase):
        def __init__(self):
            self.rest = io.BytesIO(CSV)

        def readable(self):
            return True

        def readinto(self, target):
            return self.rest.readinto(target)

    with io.BufferedReader(Pipe()) as pipe:
        assert opened(pipe) == ("text", "", CSV)


def test_gzip_of_several_members_is_one_file():
    assert opened(gzip.compress(CSV) + gzip.compress(CSV))[2] == CSV * 2


@pytest.mark.parametrize("cut", [5, 12, 25, -1])
def test_a_gzip_file_that_is_cut_off_is_damaged(cut):
    assert "gzip file is damaged or cut off" in said(gzip.compress(CSV)[:cut])


def test_damage_inside_gzip_is_seen():
    content = bytearray(gzip.compress(CSV * 100))
    content[-6] ^= 1
    assert "damaged" in said(bytes(content))


def test_one_table_in_a_zip_is_taken_and_its_company_left():
    content = zipped(
        {
            "export/": b"",
            "__MACOSX/export/._orders.csv": b"\0\5\26\7",
            "export/.DS_Store": b"\0",
            "readme.md": b"read me",
            "export/orders.csv": CSV,
        }
    )
    with unpack(content).file as file:
        assert file.read() == CSV
    found = seen(content)
    assert (found.member, found.members) == (
        "export/orders.csv",
        ("export/orders.csv",),
    )
    assert found.notes == ()


def test_several_tables_can_be_chosen_by_name_or_number():
    content = zipped({"a.csv": b"a", "b.TSV": b"b", "notes.md": b"c"})
    found = seen(content)
    assert (found.member, found.members) == ("a.csv", ("a.csv", "b.TSV"))
    assert found.notes[0].text() == (
        "The archive holds several tables (“a.csv”, “b.TSV”); “a.csv” was read."
    )
    assert "读取的是「a.csv」" in found.notes[0].text("zh_CN")
    assert opened(content, "b.TSV") == opened(content, 1) == ("text", "b.TSV", b"b")
    assert opened(content, "notes.md")[2] == b"c"
    assert seen(content, 0).notes == ()
    for wrong in ("c.csv", 2, -1):
        assert "member cannot be" in said(content, wrong)
        assert "choose from “a.csv”, “b.TSV”" in said(content, wrong)


def test_names_that_windows_packed_in_chinese_are_read():
    names = ["订单明细.csv", "用户列表.csv"]
    content = zipped({"ab012345.csv": b"1", "cd012345.csv": b"2"})
    for short, name in zip((b"ab012345", b"cd012345"), names, strict=True):
        content = content.replace(short, name.encode("gbk")[:8])
    assert list(seen(content).members) == names
    assert opened(content, names[1])[2] == b"2"


def test_a_workbook_is_left_for_the_workbook_reader(workbook):
    content = workbook(S=[["a"], [1]])
    assert opened(content)[:2] == ("workbook", "")
    assert opened(zipped({"a.xlsx": content})) == ("workbook", "a.xlsx", content)
    assert opened(gzip.compress(content)) == ("workbook", "", content)
    assert opened(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))[0] == "workbook"


@pytest.mark.parametrize(
    "head", [b"<html><table>", b"\xef\xbb\xbf\n<TABLE>", b'<?xml version="1.0"?>']
)
def test_tables_saved_as_markup_are_told_apart(head):
    assert opened(head)[0] == "markup"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7\n", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"GIF89a", "GIF"),
        (b"ARROW1\0\0", "Arrow"),
        (b"SQLite format 3\0", "SQLite"),
        (b"Rar!\x1a\x07\x01\0", "packed as RAR"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "packed as 7z"),
        (zipped({"word/document.xml": b"<w/>"}), "Word"),
        (zipped({"xl/workbook.bin": b""}), "xlsb"),
    ],
)
def test_what_is_no_table_is_refused_by_its_name(content, kind):
    assert f"The file is {kind}, which cannot be " in said(content)


@pytest.mark.parametrize(
    ("content", "what", "chinese"),
    [
        (
            zipped({"xl/workbook.bin": b""}),
            "xlsb, which cannot be read. Save the table as CSV or .xlsx and try again.",
            "这是 xlsb 文件，暂不支持。请把表格另存为 CSV 或 .xlsx 后重试。",
        ),
        (
            b"Rar!\x1a\x07\x01\0",
            (
                "packed as RAR, which cannot be opened. Unpack it and choose the "
                "table, or pack it as zip."
            ),
            "这是 RAR 压缩包，无法打开。请解压后选择其中的表，或改用 zip 格式压缩。",
        ),
    ],
    ids=["xlsb", "RAR"],
)
def test_a_refusal_says_what_to_do_instead(content, what, chinese):
    with pytest.raises(Error) as caught:
        unpack(content)
    assert str(caught.value) == f"The file is {what}"
    assert caught.value.text("zh_CN") == chinese


@pytest.mark.parametrize(
    "word", ["MM", "BZh", "BZh9", "PAR1", "PARE", "ORCID", "GIF", "PK", "RIFF"]
)
def test_words_that_look_like_a_magic_number_are_words(word):
    assert opened(f"{word},b\n1,2\n".encode())[0] == "text"


def test_a_tar_archive_is_refused():
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as made:
        made.addfile(tarfile.TarInfo("a.csv"))
    assert "is packed as tar" in said(target.getvalue())
    assert "holds another archive" in said(gzip.compress(target.getvalue()))


def test_an_archive_in_an_archive_is_refused():
    inner = zipped({"a.csv": CSV})
    for content in (
        zipped({"inner.zip": inner}),
        zipped({"a.csv": gzip.compress(CSV)}),
        gzip.compress(gzip.compress(CSV)),
        gzip.compress(inner),
    ):
        assert said(content) == (
            "The archive holds another archive. Unpack it once and choose the table "
            "inside."
        )


def test_empty_archives_and_files_say_so():
    assert said(zipped({})) == "The zip archive holds no files."
    assert said(zipped({"__MACOSX/._a": b""})) == "The zip archive holds no files."
    assert said(b"") == "The file holds no rows."
    assert said(zipped({"a.csv": b""})) == "The file holds no rows."


def test_a_locked_zip_is_refused():
    content = bytearray(zipped({"a.csv": CSV}))
    for magic, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(magic) + at] |= 1
    assert "zip archive is protected by a password" in said(bytes(content))


def test_an_unknown_way_of_packing_is_refused():
    content = zipped({"a.csv": CSV}, zipfile.ZIP_LZMA)
    assert "“a.csv” is packed in a way that is not known here" in said(content)


def test_a_damaged_zip_is_refused():
    content = zipped({"a.csv": CSV * 100})
    at = content.index(b"a.csv") + 20
    for broken in (
        content[:-30],
        content[:40],
        content[:at] + b"\xff" + content[at + 1 :],
    ):
        assert "zip archive or workbook is damaged or cut off" in said(broken)


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: zipped({"a.csv": data})])
def test_what_inflates_without_bounds_is_stopped(monkeypatch, pack):
    monkeypatch.setattr(archive, "FREE", 1 << 20)
    assert "unpacks to more than 400 times its size" in said(pack(bytes(4 << 20)))
    rows = b"".join(b"%d,%d\n" % (i, i * i % 1009) for i in range(400_000))
    assert "The file has 3.15 MB unpacked; at most 3 MB" in said(
        pack(rows), most_bytes=3_000_000
    )
    assert opened(pack(rows))[2] == rows


def test_no_damage_is_more_than_a_sentence(workbook):
    draw = random.Random(1)
    for whole in (workbook(S=[["a"], [1]]), zipped({"a.csv": CSV * 9})):
        for _ in range(200):
            with contextlib.suppress(Error):
                unpack(damaged(whole, draw)).file.close()


def test_a_zip_that_lies_about_its_size_is_damaged():
    content = bytearray(zipped({"a.csv": CSV * 100}))
    for magic, at in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        place = content.index(magic) + at
        content[place : place + 4] = (5).to_bytes(4, "little")
    assert "damaged" in said(bytes(content))


def test_too_many_files_are_refused(monkeypatch):
    monkeypatch.setattr(archive, "MOST_MEMBERS", 2)
    content = zipped({f"{i}.csv": CSV for i in range(3)})
    assert "holds 3 files; at most 2 are looked at" in said(content)


def test_a_full_disk_is_told(monkeypatch):
    class Full(io.BytesIO):
        def write(self, _data):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(
        archive.tempfile, "SpooledTemporaryFile", lambda **_options: Full()
    )
    assert "The disk is full: no more than 0 MB" in said(gzip.compress(CSV))


def test_a_missing_file_is_told(tmp_path):
    assert "“gone.csv” cannot be opened" in said(tmp_path / "gone.csv")
    assert "cannot be opened" in said("a\0b.csv")


def test_large_contents_wait_on_disk(monkeypatch):
    monkeypatch.setattr(archive, "IN_MEMORY", 1000)
    with unpack(gzip.compress(CSV * 1000)).file as file:
        assert file._rolled
        assert file.read() == CSV * 1000
