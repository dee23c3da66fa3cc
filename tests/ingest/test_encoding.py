"""Text comes back as it was written, whatever the encoding."""

import pytest

from opslib.ingest.encoding import decode
from opslib.result import Error

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
    assert found.damaged == (3,)
    assert "1 line holds bytes that are not utf-8" in found.notes[0].text()
    assert "行号：3" in found.notes[0].text("zh_CN")


def test_stray_nul_characters_are_removed_and_counted():
    found = decode(b"a,b\n1,x\0y\n" + b"2,z\n" * 100)
    assert "\0" not in found.text
    assert found.notes[0].values == {"n": 1}


def test_binary_is_refused():
    with pytest.raises(Error, match="neither text nor a workbook"):
        decode(bytes(range(256)) * 20)


def test_an_unknown_encoding_is_refused_with_the_known_ones():
    with pytest.raises(Error, match=r"encoding cannot be “klingon”.*“gb18030”"):
        decode(b"a", "klingon")


def test_a_given_encoding_is_used_even_where_it_does_not_fit():
    found = decode(CHINESE.encode("gb18030"), "utf-8")
    assert found.encoding == "utf-8"
    assert found.damaged
