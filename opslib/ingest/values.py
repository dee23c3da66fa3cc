"""Texts to values: the words and the ways of writing numbers that people use."""

import re
import unicodedata

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from opslib.ingest import dates
from opslib.ingest.spool import TEXT

MISSING_TEXT = ("", "null", "nan", "n/a", "#n/a", r"\n", "(null)", "<na>")
# Words among numbers, dates and yeses; among texts they may be what is meant.
MISSING = (
    *MISSING_TEXT,
    *("na", "n.a.", "none", "nil", "-", "--", "—", "－", "/", "?", "...", "unknown"),
    *("missing", "#value!", "#div/0!", "#ref!", "#name?", "#num!", "#null!"),
    *("无", "空", "暂无", "无数据", "未知", "不详", "未填", "未填写", "缺失", "無"),
)
YES_NO = (
    ("true", "false"),
    ("yes", "no"),
    ("y", "n"),
    ("t", "f"),
    ("on", "off"),
    ("是", "否"),
    ("对", "错"),
    ("真", "假"),
    ("有", "无"),
    ("√", "×"),
    ("✓", "✗"),
)
PLAIN = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$"
WHOLE = r"^[+-]?\d+$"
MONEY = "(?:[￥¥$€£]|RMB|CNY|USD|EUR|GBP|HKD|JPY)"
GROUPED = "|".join(
    (
        r"\d{1,3}(?:[,，]\d{3})+",
        "[1-9]\\d{0,2}(?:[ '’\u00a0\u202f]\\d{3})+",
        r"\d{1,2}(?:,\d{2})+,\d{3}",
    )
)
WRITTEN = (
    rf"^\(?[+-]?\s*{MONEY}?\s*[+-]?(?:{GROUPED}|\d+)?(?:\.\d*)?"
    rf"\s*(?:[万亿]?元?|{MONEY}|[%％])?-?\)?$"
)
# 1.234,50 as the files of continental Europe write it, delimited by semicolons.
COMMA = r"^[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d+)?\s*(?:[€%])?$"
SHARE = "[%％]"
ZEROS, DECIMALS = r"^\d+\.0+$", r"^(\d+)\.0+$"
# Spreadsheets are told by ="00123" or '00123 that digits are text.
FORMULA = r"^=\"([^\"]*)\"$|^'(\d{6,})$"


def cell_kind(cell: str) -> str:
    """Say what one cell looks like: "missing", "number", "date" or "text".

    Example:
        >>> [cell_kind(cell) for cell in ("￥1,200", "2021年5月3日", "buy", "")]
        ['number', 'date', 'text', 'missing']
    """
    cell = cell.strip()
    if cell.lower() in MISSING:
        return "missing"
    if not any(map(str.isdigit, cell)) or len(cell) > 40:
        return "text"
    if re.fullmatch(PLAIN, cell) or re.fullmatch(WRITTEN, cell):
        return "number"
    is_date = any(re.fullmatch(pattern, cell) for pattern in dates.SPELLINGS.values())
    return "date" if is_date else "text"


def matches(texts: pa.Array, pattern: str) -> npt.NDArray[np.bool_]:
    """Say in which texts a regular expression is found.

    Example:
        >>> matches(pa.array(["0012", "12.0"]), WHOLE).tolist()
        [True, False]
    """
    return pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)


def are_words(texts: pa.Array, words: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Say which texts are one of a few short words, in whatever case.

    Example:
        >>> are_words(pa.array(["N/A", "Nina"], TEXT), MISSING_TEXT).tolist()
        [True, False]
    """
    found = pc.less_equal(pc.binary_length(texts), max(len(w.encode()) for w in words))
    found = found.to_numpy(zero_copy_only=False)
    if found.any():
        short = pc.utf8_lower(texts.filter(pa.array(found)))
        hits = pc.is_in(short, pa.array(words, TEXT)).to_numpy(zero_copy_only=False)
        found = found.copy()
        found[found] = hits
    return found


def no_answer(yes: str) -> tuple[str, ...]:
    """Give the words for a missing cell in a column whose word for yes this is.

    Example:
        >>> "无" in no_answer("有"), "无" in no_answer("是")
        (False, True)
    """
    (pair,) = (pair for pair in YES_NO if pair[0] == yes)
    return tuple(word for word in MISSING if word not in pair)


def half_width(texts: pa.Array) -> pa.Array:
    """Write １２３ as 123, and the marks around such digits likewise.

    Example:
        >>> half_width(pa.array(["１，２３４", "（无）"])).to_pylist()
        ['1,234', '（无）']
    """
    if pc.all(pc.string_is_ascii(texts)).as_py() is not False:
        return texts
    wide = pc.match_substring_regex(texts, "[０-９]")
    known = texts.to_pylist()
    flat = [
        unicodedata.normalize("NFKC", text) if is_wide else text
        for text, is_wide in zip(known, wide.to_pylist(), strict=True)
    ]
    return pa.array(flat, texts.type)


def comma_less(texts: pa.Array) -> pa.Array:
    """Write numbers with a decimal comma as those with a point are written.

    Example:
        >>> comma_less(pa.array(["1.234,5", "a,b"])).to_pylist()
        ['1234.5', 'a,b']
    """
    fitting = pc.match_substring_regex(texts, COMMA)
    plain = pc.replace_substring(pc.replace_substring(texts, ".", ""), ",", ".")
    return pc.if_else(fitting, plain, texts)


def as_numbers(
    texts: pa.Array,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_], bool]:
    """Read distinct texts as numbers; say which are, and if all those are whole.

    Example:
        >>> found, valid, whole = as_numbers(pa.array(["￥1,200", "-3", "x"]))
        >>> found.tolist(), valid.tolist(), whole
        ([1200.0, -3.0, 0.0], [True, True, False], False)
    """
    plain = matches(texts, PLAIN)
    valid = plain
    if not plain.all():
        valid = plain | (matches(texts, WRITTEN) & matches(texts, r"\d"))
    numbers = np.zeros(len(texts))
    numbers[plain] = _cast(texts.filter(pa.array(plain)))
    written = valid & ~plain
    if written.any():
        numbers[written] = _unwritten(texts.filter(pa.array(written)))
    # 1e999 is written as a number and is none.
    valid = valid & np.isfinite(numbers)
    whole = bool(matches(texts.filter(pa.array(valid)), WHOLE).all())
    return numbers, valid, whole


def _cast(texts: pa.Array) -> npt.NDArray[np.float64]:
    plain = pc.replace_substring_regex(texts, r"^\+", "")
    return pc.cast(plain, pa.float64()).to_numpy(zero_copy_only=False)


def _unwritten(written: pa.Array) -> npt.NDArray[np.float64]:
    """Read numbers with thousands separators, currency signs, % or parentheses."""
    negative = matches(written, r"^\(.*\)$|-")
    unit = np.where(matches(written, "万"), 1e4, 1.0)
    unit = np.where(matches(written, "亿"), 1e8, unit)
    unit = np.where(matches(written, SHARE), 0.01, unit)
    bare = pc.replace_substring_regex(written, r"[^\d.]", "")
    numbers = _cast(pc.if_else(pc.equal(bare, "."), "0", bare))
    return numbers * unit * np.where(negative, -1, 1)
