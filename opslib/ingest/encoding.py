"""Bytes to text: which encoding, decided on the whole file and never on its head."""

import codecs
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import IO

from opslib.result import Error, Note

SCORED = (
    *("gb18030", "big5hkscs", "cp932", "euc_jp", "cp949"),
    *("cp1252", "cp1250", "cp1251"),
)
SAMPLE = 1 << 18
CLOSE = 0.1
CONTROLS = bytes({*range(9), *range(14, 32)})
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# The characters that business tables use most, simplified and traditional.
FREQUENT = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能"
    "下过子说产种面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加"
    "量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与"
    "关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者"
    "最立代想已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少"
    "图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取完举色户名称编"
    "号金额订单客会付款购买单价数日期间类型渠道商店城市省男女性别年龄岁手机评论注册登录收藏加车浏览"
    "北京海广州深圳江浙苏杭南东味餐送服务快慢差"
    "這個為時來們會發動後對過說產種經進著電裡實體當從業應開還然點關與無線問題訂單編號購買價額"
    "類門戶員會數據日間東廣區號碼達費帳註冊錄瀏覽訪時間事件臺灣縣師師華萬億"
)


@dataclass(frozen=True)
class Decoded:
    """Text, the encoding it was read with, and what had to be done to it.

    Attributes:
        damaged: Lines (from 1) in which bytes could not be read; U+FFFD stands there.
    """

    text: str
    encoding: str
    damaged: tuple[int, ...] = ()
    notes: tuple[Note, ...] = ()


def decode(content: bytes, encoding: str | None = None) -> Decoded:
    """Read `content` as text.

    In order: a byte order mark; NUL bytes at every second place (UTF-16); UTF-8 if the
    whole file is; UTF-8 with a few damaged bytes; else the best of `SCORED`.

    Args:
        content: The whole file, not compressed.
        encoding: Read with this one instead, bytes that do not fit replaced.

    Raises:
        Error: `encoding` is not known, or the bytes are no text at all.

    Example:
        >>> decode("用户,金额".encode("gb18030")).encoding
        'gb18030'
    """
    if encoding is not None:
        return _tolerant(content, _known(encoding))
    for mark, name in MARKS:
        if content.startswith(mark):
            found = _tolerant(content, name)
            plain = "utf-8" if name == "utf-8-sig" else name
            return replace(
                found, text=found.text.removeprefix("\ufeff"), encoding=plain
            )
    if b"\0" in content:
        return _with_nuls(content)
    try:
        return Decoded(content.decode(), "utf-8")
    except UnicodeDecodeError:
        return _guessed(content)


def _guessed(content: bytes) -> Decoded:
    """Read what is no whole UTF-8: damaged UTF-8, or another encoding."""
    damaged = _tolerant(content, "utf-8")
    bad = damaged.text.count("\ufffd")
    good = sum(map(len, re.findall(r"[^\x00-\x7f\ufffd]+", damaged.text)))
    ranked = _ranked(content) if bad > 0.05 * good else []
    if not ranked:
        return damaged
    (best, score), (other, next_score) = (*ranked, ("", -1.0))[:2]
    close = Note("ingest.encoding_close", encoding=best, other=other)
    notes = (close,) if score - next_score < CLOSE else ()
    return Decoded(content.decode(best), best, notes=notes)


def _known(name: str) -> str:
    try:
        found = codecs.lookup(name).name
        "".encode(found)
    except (LookupError, ValueError):
        choices = ["utf-8", "utf-16", *SCORED]
        raise Error(
            "option.choice", option="encoding", got=name, choices=choices
        ) from None
    return {"gbk": "gb18030", "gb2312": "gb18030"}.get(found, found)


def _tolerant(content: bytes, encoding: str) -> Decoded:
    """Decode with replacement, and say in which lines."""
    text = content.decode(encoding, errors="replace")
    if "\ufffd" not in text:
        return Decoded(text, encoding)
    lines = text.splitlines()
    rows = tuple(n for n, line in enumerate(lines, 1) if "\ufffd" in line)
    note = Note("ingest.damaged", n=len(rows), rows=_first(rows), encoding=encoding)
    return Decoded(text, encoding, rows, (note,))


def _first(rows: tuple[int, ...], most: int = 5) -> str:
    return ", ".join(map(str, rows[:most])) + (", …" if len(rows) > most else "")


def _with_nuls(content: bytes) -> Decoded:
    head = content[:65536]
    even, odd = head[::2].count(0), head[1::2].count(0)
    pairs = len(head) / 2
    for share, other, name in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        # Chinese text has NULs only in its line ends, digits and delimiters.
        if share > 0.02 * pairs and other < 0.1 * share:
            return _tolerant(content, name)
    if len(head.translate(None, delete=CONTROLS)) < 0.99 * len(head):
        raise Error("ingest.binary")
    note = Note("ingest.nul", n=content.count(0))
    found = decode(content.replace(b"\0", b""))
    return replace(found, notes=(note, *found.notes))


def _ranked(content: bytes) -> list[tuple[str, float]]:
    """Encodings that can read the whole file, likeliest first."""
    # Lines without high bytes say nothing, so the sample is taken from the others.
    high = [line for line in content.splitlines() if not line.isascii()]
    sample = b"\n".join(high)[:SAMPLE]
    sample = sample[: sample.rfind(b"\n")] if len(sample) == SAMPLE else sample
    runs = re.findall(rb"[\x80-\xff]+", sample)
    lone = sum(len(run) == 1 for run in runs) / max(1, len(runs))
    scores = []
    for name in SCORED:
        try:
            content.decode(name)
            text = sample.decode(name, errors="ignore")
        except UnicodeDecodeError:
            continue
        scores.append((name, _SCORE[name](text, lone)))
    return sorted(scores, key=lambda pair: -pair[1])


def _foreign(text: str) -> str:
    return "".join(re.findall(r"[^\x00-\x7f]", text))


def _share(chars: str, wanted: Callable[[str], bool]) -> float:
    return sum(map(wanted, chars)) / max(1, len(chars))


@cache
def _level_one(codec: str, low: int, high: int) -> frozenset[str]:
    """The commoner half of a two-byte character set, by its lead bytes."""
    return frozenset(
        char
        for lead in range(low, high + 1)
        for trail in range(0x40, 0xFF)
        for char in bytes((lead, trail)).decode(codec, errors="ignore")
        if ord(char) > 0x7F
    )


def _han(
    codec: str, low: int, high: int, prior: float
) -> Callable[[str, float], float]:
    def score(text: str, lone: float) -> float:
        chars = _foreign(text)
        han = "".join(c for c in chars if "一" <= c <= "鿿")
        usual = _level_one(codec, low, high)
        marks = _share(chars, lambda c: c in "，。！？、：；（）《》“”‘’—…￥～·【】")
        common = _share(han, usual.__contains__) * len(han) / max(1, len(chars))
        frequent = min(1.0, 2.5 * _share(han, FREQUENT.__contains__))
        return (0.5 * (common + marks) + 0.5 * frequent) * (1 - lone) + prior

    return score


def _japanese(text: str, lone: float) -> float:
    chars = _foreign(text)
    kana = _share(chars, lambda c: "ぁ" <= c <= "ヿ")
    half = _share(chars, lambda c: "｡" <= c <= "ﾟ" or unicodedata.category(c) == "Co")
    usual = _level_one("euc_jp", 0xB0, 0xCF)
    return (min(1.0, 3 * kana) * 0.7 + 0.3 * _share(chars, usual.__contains__)) * (
        1 - lone
    ) - 2 * half


def _korean(text: str, lone: float) -> float:
    chars = _foreign(text)
    usual = _level_one("euc_kr", 0xB0, 0xC8)
    hanja = _share(chars, lambda c: "一" <= c <= "鿿")
    return (_share(chars, usual.__contains__) - hanja) * (1 - lone)


def _latin(text: str, lone: float) -> float:
    chars = _foreign(text)
    letters = _share(chars, lambda c: c.isalpha() and c not in "ªºƒ")
    inside = len(re.findall(r"[A-Za-z][^\x00-\x7f]|[^\x00-\x7f][a-z]", text))
    return lone * (0.6 * letters + 0.4 * min(1.0, inside / max(1, len(chars))))


def _cyrillic(text: str, lone: float) -> float:
    chars = _foreign(text)
    words = re.findall("[А-яЁё]{3,}", text)
    letters = sum(map(len, words)) / max(1, len(chars))
    jumps = len(re.findall(r"[а-я][А-Я]", text)) / max(1, len(chars))
    return letters * max(0.0, 1 - 8 * jumps) * (1 - lone)


_SCORE: dict[str, Callable[[str, float], float]] = {
    "gb18030": _han("gb2312", 0xB0, 0xD7, 0.06),
    "big5hkscs": _han("big5", 0xA4, 0xC6, 0.0),
    "cp932": _japanese,
    "euc_jp": _japanese,
    "cp949": _korean,
    "cp1252": lambda text, lone: _latin(text, lone) + 0.02,
    "cp1250": _latin,
    "cp1251": _cyrillic,
}


@dataclass(frozen=True)
class Detected:
    """The encoding of a file, and what should be said about it."""

    encoding: str
    notes: tuple[Note, ...] = ()


def detect(file: IO[bytes], encoding: str | None = None) -> Detected:
    """Stub until streaming lands."""
    try:
        if encoding is None:
            decoder = codecs.getincrementaldecoder("utf-8")()
            first = True
            while part := file.read(1 << 22):
                if first and part.startswith(
                    (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\0\0\xfe\xff")
                ):
                    raise UnicodeDecodeError("utf-8", b"", 0, 1, "bom")
                if b"\0" in part:
                    raise UnicodeDecodeError("utf-8", b"", 0, 1, "nul")
                first = False
                decoder.decode(part)
            decoder.decode(b"", True)
            return Detected("utf-8")
    except UnicodeDecodeError:
        pass
    file.seek(0)
    found = decode(file.read(), encoding)
    _STUB[0] = found.text
    return Detected(found.encoding, found.notes)


_STUB = [""]


def texts(file: IO[bytes], detected: Detected) -> Iterator[str]:
    """Stub until streaming lands."""
    if detected.encoding != "utf-8" or detected.notes or _STUB[0]:
        text, _STUB[0] = _STUB[0], ""
        for i in range(0, len(text), 1 << 22):
            yield text[i : i + (1 << 22)]
        return
    decoder = codecs.getincrementaldecoder("utf-8")()
    while part := file.read(1 << 22):
        yield decoder.decode(part)
