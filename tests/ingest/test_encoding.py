"""Text comes back as it was written, whatever the encoding."""

import io
import tracemalloc
import zlib
from collections import Counter

import pytest

from opslib.ingest import encoding as reading
from opslib.ingest.encoding import decode, detect, texts
from opslib.result import Error
from tests.ingest.encoded import ALL, UTF, export

CHINESE = "用户编号,城市,金额\n1,北京,12.5\n2,上海,8\n3,广州,用户没有付款\n"
TRADITIONAL = "用戶編號,城市,金額\n1,臺北,12.5\n2,高雄,這個訂單還沒有付款\n"
JAPANESE = "ユーザー,都市,金額\n1,とうきょう,12\n2,これはテストのデータです,8\n"
KOREAN = "사용자,도시,금액\n1,서울,12\n2,이것은 주문 데이터입니다,8\n"
FRENCH = "prénom,ville,payé\nÉloïse,Orléans,oui\nHélène,Besançon,non\n"
POLISH = "imię,miasto\nŁukasz,Łódź\nGrażyna,Kraków i Gdańsk\nZbigniew,Świnoujście\n"
RUSSIAN = "имя,город\nАнна,Москва\nПётр,Нижний Новгород и другие города\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (CHINESE, "utf-8"),
        (CHINESE, "gb18030"),
        (TRADITIONAL, "big5hkscs"),
        (JAPANESE, "cp932"),
        (JAPANESE, "euc_jp"),
        (KOREAN, "cp949"),
        (FRENCH, "cp1252"),
        (POLISH, "cp1250"),
        (RUSSIAN, "cp1251"),
        (CHINESE, "utf-16-le"),
        (CHINESE, "utf-16-be"),
        ("a,b\n1,2\n", "utf-16-le"),
    ],
)
def test_text_survives_every_encoding(text, encoding):
    found = decode(text.encode(encoding))
    assert found.text == text
    assert found.encoding == encoding


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_decides_and_goes(encoding):
    found = decode(CHINESE.encode(encoding))
    assert found.text == CHINESE
    assert found.encoding == encoding.removesuffix("-sig")


def test_a_single_chinese_character_per_row_is_not_cyrillic():
    text = "id,age\n" + "".join(f"{i},26-35岁\n" for i in range(50))
    assert decode(text.encode("gb18030")).text == text


def test_chinese_far_behind_the_head_is_still_seen():
    text = "id,city\n" + "1,a\n" * 100_000 + "2,北京的用户\n"
    assert decode(text.encode("gb18030")).text == text


def test_damaged_utf8_stays_utf8_and_names_the_line():
    content = CHINESE.encode() * 5
    broken = content.replace("上".encode(), b"\xe4\xb8", 1)
    found = decode(broken)
    assert found.encoding == "utf-8"
    assert "1 line holds bytes that are not utf-8" in found.notes[0].text()
    assert "行号：3" in found.notes[0].text("zh_CN")


def test_stray_nul_characters_are_removed_and_counted():
    found = decode(b"a,b\n1,x\0y\n" + b"2,z\n" * 100)
    assert "\0" not in found.text
    assert found.notes[0].values == {"n": 1}


def test_nul_characters_that_pad_each_field_are_removed_and_counted():
    found = decode(b"a\0\0,b\0\n1\0\0,2\0\n" * 50)
    assert found.text == "a,b\n1,2\n" * 50
    assert [note.values for note in found.notes] == [{"n": 300}]


def test_packed_bytes_are_no_utf16():
    with pytest.raises(Error, match="neither text nor a workbook"):
        decode(zlib.compress(CHINESE.encode() + bytes(range(256)) * 4))


def test_letters_that_take_four_bytes_are_gb18030():
    text = "Datum;Filiale\n01.01.2024;Köln\n02.01.2024;Aachen\n"
    assert decode(text.encode("gb18030")).text == text


def test_binary_is_refused():
    with pytest.raises(Error, match="neither text nor a workbook"):
        decode(bytes(range(256)) * 20)


def test_an_unknown_encoding_is_refused_with_the_known_ones():
    with pytest.raises(Error, match=r"encoding cannot be “klingon”.*“gb18030”"):
        decode(b"a", "klingon")


def test_a_given_encoding_is_used_even_where_it_does_not_fit():
    found = decode(CHINESE.encode("gb18030"), "utf-8")
    assert found.encoding == "utf-8"
    assert [note.code for note in found.notes] == ["ingest.damaged"]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("氏名,ｶﾅ\n1,ﾔﾏﾀﾞ ﾀﾛｳ\n2,ｽｽﾞｷ ﾊﾅｺ\n", "cp932"),
        ("T恤,iPhone手机壳\n是,否\n", "gb18030"),
        ("岁\n", "gb18030"),
        ("naïve,café\n", "cp1252"),
        ("“quoted” — it’s\n", "cp1252"),
        ("m²,price £5\n", "cp1252"),
        ("müşteri,şehir\n", "cp1254"),
        ("prénom,cœur\n", "mac-roman"),
        ("клиент,город\n", "cp866"),
    ],
)
def test_a_few_words_are_enough(text, encoding):
    assert decode(text.encode(encoding)).text == text


def test_a_close_call_names_the_runner_up():
    found = decode("č\n".encode("cp1250"))
    assert [note.code for note in found.notes] == ["ingest.encoding_close"]
    both = {found.notes[0].values[key] for key in ("encoding", "other")}
    assert both == {"cp1251", "cp1250"}
    assert f"was read as {found.encoding}; " in found.notes[0].text()
    assert f"文本按 {found.encoding} 读取" in found.notes[0].text("zh_CN")


def test_a_clear_call_says_nothing():
    assert decode((CHINESE * 3).encode("gb18030")).notes == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le"])
def test_a_doubled_mark_goes_too(encoding):
    assert decode(("\ufeff\ufeff" + CHINESE).encode(encoding)).text == CHINESE


def test_a_utf8_mark_before_other_text_is_only_skipped():
    found = decode(b"\xef\xbb\xbf" + CHINESE.encode("gb18030"))
    assert (found.text, found.encoding) == (CHINESE, "gb18030")


def test_damaged_gb18030_stays_gb18030_and_names_the_line():
    broken = (CHINESE * 9).encode("gb18030").replace(b",8\n", b",\xff8\n", 1)
    found = decode(broken)
    assert found.encoding == "gb18030"
    assert found.notes[0].values["rows"] == "3"


def test_a_file_cut_inside_a_character_loses_only_that():
    found = decode((CHINESE * 9).encode()[:-2])
    assert found.encoding == "utf-8"
    assert found.text.startswith(CHINESE * 8)
    assert found.notes[0].values == {"n": 1, "rows": "36", "encoding": "utf-8"}


@pytest.mark.parametrize("size", [64, 1 << 21])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_damaged_lines_are_all_counted_and_the_first_are_numbered(
    monkeypatch, end, size
):
    monkeypatch.setattr(reading, "PIECE", size)
    lines = [f"{i},上海的用户" for i in range(100)]
    content = end.join(lines).encode()
    for i in range(3, 93, 10):
        content = content.replace(f"\n{i},上".encode(), b"", 0)
        content = content.replace(f"{i},上".encode(), f"{i},".encode() + b"\xe4\xb8", 1)
    note = decode(content).notes[0]
    assert note.values["n"] == 9
    assert note.values["rows"] == "4, 14, 24, 34, 44, …"


@pytest.mark.parametrize(
    "encoding", [*UTF, "utf-16", "gb18030", "big5hkscs", "cp932", "cp949", "cp1251"]
)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_pieces_of_any_size_give_the_same_text(monkeypatch, encoding, size):
    text = RUSSIAN if encoding == "cp1251" else "日本,東京,あいう\n1,2,3\n" * 4
    text = KOREAN if encoding == "cp949" else text
    content = text.encode(encoding)
    monkeypatch.setattr(reading, "PIECE", size)
    found = detect(io.BytesIO(content), encoding)
    assert "".join(texts(io.BytesIO(content), found)) == text
    damaged = io.BytesIO(content + b"\x81")
    pieces = texts(damaged, found)
    assert "".join(pieces).startswith(text)
    # To a single-byte encoding this is a letter like another.
    assert len(pieces.notes) == (encoding != "cp1251")


def test_a_line_damaged_in_two_pieces_is_one_line(monkeypatch):
    monkeypatch.setattr(reading, "PIECE", 8)
    found = decode(b"a\xff" + b"b" * 40 + b"\xffc\nd\n", "utf-8")
    assert found.notes[0].values == {"n": 1, "rows": "1", "encoding": "utf-8"}


@pytest.mark.parametrize("size", [64, 1000])
def test_detection_does_not_depend_on_pieces(monkeypatch, size):
    for text, encoding in (
        (CHINESE, "utf-8"),
        (CHINESE, "gb18030"),
        (FRENCH, "cp1252"),
    ):
        monkeypatch.setattr(reading, "PIECE", size)
        assert decode((text * 5).encode(encoding)).text == text * 5


def test_a_large_file_takes_no_more_memory_than_a_few_pieces(tmp_path):
    path = tmp_path / "large.csv"
    path.write_bytes((CHINESE * 200_000).encode("gb18030"))
    assert path.stat().st_size > 8 * reading.PIECE / 2
    tracemalloc.start()
    try:
        with path.open("rb") as file:
            pieces = texts(file, detect(file))
            length = sum(map(len, pieces))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert length == len(CHINESE) * 200_000
    assert peak < 8 * reading.PIECE


def wrong(seed):
    """Which exports of nine languages do not come back as they were written."""
    return Counter(
        (language, encoding)
        for language, encoding, what, size in ALL
        for text in [export(language, encoding, what, size, seed)]
        if decode(text.encode(encoding)).text != text
    )


def test_exports_in_nine_languages_come_back_as_they_were_written():
    found = wrong(seed=12)
    assert found.total() <= 0.03 * len(ALL)
    assert not found["zh", "gbk"] + found["zh", "gb18030"]
    assert not [one for one in found if one[1] in UTF]
