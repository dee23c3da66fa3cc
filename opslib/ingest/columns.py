"""Texts of one column to its type: identifiers, numbers, words for yes and no, dates.

Decided on the distinct texts of the whole column. A cell that does not fit becomes
missing and is listed; when more than 5 % of the cells do not fit, the column is text.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from opslib.ingest import dates
from opslib.ingest.names import looks_like_id, looks_like_time
from opslib.result import Note

TOLERATED = 0.05
MISSING_TEXT = ("", "null", "nan", "n/a", "#n/a", r"\n", "(null)", "<na>")
MISSING = (*MISSING_TEXT, "na", "none", "nil", "-", "--", "—", "/", "无", "空", "暂无")
YES_NO = (
    ("true", "false"),
    ("yes", "no"),
    ("y", "n"),
    ("是", "否"),
    ("对", "错"),
)
PLAIN = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$"
WHOLE = r"^[+-]?\d+$"
WRITTEN = (
    r"^\(?[+-]?\s*[￥¥$€£]?\s*[+-]?(?:\d{1,3}(?:[,，]\d{3})+|\d+)?(?:\.\d*)?"
    r"\s*(?:[万亿]?元?|[￥¥$€£]|[%％])?\)?$"
)
# 1.234,50 as the files of continental Europe write it, delimited by semicolons.
COMMA = r"^[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d+)?\s*(?:[€%])?$"
# Spreadsheets are told by ="00123" or '00123 that digits are text.
FORMULA = r"^=\"([^\"]*)\"$|^'(\d{6,})$"


@dataclass(frozen=True)
class Typed:
    """One column with its type.

    Attributes:
        kind: "text", "integer", "number", "boolean" or "date".
        failed: Positions and texts of the cells that became missing.
    """

    values: pd.Series
    kind: str
    missing: int
    distinct: int
    examples: tuple[str, ...]
    failed: tuple[tuple[int, str], ...] = ()
    changes: tuple[Note, ...] = ()


@dataclass
class _Texts:
    """A column as its distinct texts, how often each occurs, and who has which."""

    name: str
    named: bool
    codes: npt.NDArray[np.int64]
    texts: pa.Array
    counts: npt.NDArray[np.int64]
    missing: npt.NDArray[np.bool_]
    changes: list[Note] = field(default_factory=list)

    @property
    def present(self) -> pa.Array:
        return self.texts.filter(pa.array(~self.missing))

    @property
    def weights(self) -> npt.NDArray[np.int64]:
        return self.counts[~self.missing]

    def treat(self, words: tuple[str, ...]) -> None:
        """Take these words for missing cells."""
        low = pc.utf8_lower(self.texts)
        self.missing = pc.is_in(low, pa.array(words)).to_numpy(zero_copy_only=False)

    def fits(self, mask: npt.NDArray[np.bool_]) -> bool:
        """Say whether nearly all cells that are there satisfy a condition."""
        total = self.weights.sum()
        return bool(total) and self.weights[~mask].sum() <= TOLERATED * total


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


def as_text(column: pa.Array) -> pd.Series:
    """Give the texts of the file as they stand."""
    return column.to_pandas().astype("str")


def convert(
    column: pa.Array,
    name: str,
    *,
    named: bool = True,
    as_id: bool = False,
    comma: bool = False,
) -> Typed:
    """Find the type of a column and convert it.

    Args:
        column: Texts as they stand in the file.
        name: Name of the column: an id stays text, a serial number needs a time's name.
        named: False when the file has no header and `name` says nothing.
        as_id: Keep as text whatever it looks like; 17850.0 still becomes 17850.
        comma: The file may write decimals with a comma, as it does not delimit.

    Example:
        >>> convert(pa.array(["0001", "0002"]), "level").kind
        'text'
        >>> convert(pa.array(["￥1,200", "￥80.5"]), "paid").values.tolist()
        [1200.0, 80.5]
    """
    texts = _texts(column, name, named=named)
    if comma:
        _decimal_commas(texts)
    texts.treat(MISSING)
    typed = None
    if len(texts.present) and not as_id and not (named and looks_like_id(name)):
        typed = _boolean(texts) or _number(texts) or _date(texts)
    if typed is None:
        texts.treat(MISSING_TEXT)
        return _text(texts, as_id=as_id or (named and looks_like_id(name)))
    kind, values, valid = typed
    full = np.zeros(len(texts.texts), np.bool_)
    full[~texts.missing] = valid
    bad = np.flatnonzero(~texts.missing & ~full)
    rows = np.flatnonzero(np.isin(texts.codes, bad)) if len(bad) else ()
    failed = tuple((int(row), texts.texts[texts.codes[row]].as_py()) for row in rows)
    where = np.full(len(texts.texts), -1)
    where[~texts.missing] = np.arange(len(valid))
    where[bad] = -1
    return _typed(texts, kind, _take(values, where[texts.codes]), failed)


def _texts(column: pa.Array, name: str, *, named: bool) -> _Texts:
    trimmed = pc.utf8_trim_whitespace(column)
    encoded = trimmed.dictionary_encode()
    changes = []
    if _matches(encoded.dictionary, FORMULA).any():
        bare = pc.replace_substring_regex(trimmed, FORMULA, r"\1\2")
        encoded = bare.dictionary_encode()
        changes.append(Note("ingest.formula_text", column=name))
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    counts = np.bincount(codes, minlength=len(encoded.dictionary))
    nothing = np.zeros(len(counts), np.bool_)
    return _Texts(name, named, codes, encoded.dictionary, counts, nothing, changes)


def _decimal_commas(texts: _Texts) -> None:
    """Write 1.234,5 as 1234.5 where the column shows that it means that."""
    texts.treat(MISSING)
    present = texts.present
    # 1,234 alone could be either; a comma before one or two digits is a decimal one.
    telling = _matches(present, r",\d{1,2}\s*[€%]?$") | _matches(present, r"\.\d{3},")
    if not telling.any() or not texts.fits(_matches(present, COMMA)):
        return
    fitting = pc.match_substring_regex(texts.texts, COMMA)
    example = present.filter(pa.array(telling))[0].as_py()
    plain = pc.replace_substring(pc.replace_substring(texts.texts, ".", ""), ",", ".")
    texts.texts = pc.if_else(fitting, plain, texts.texts)
    texts.changes.append(Note("ingest.written", column=texts.name, example=example))


def _typed(
    texts: _Texts,
    kind: str,
    values: pd.Series,
    failed: tuple[tuple[int, str], ...] = (),
) -> Typed:
    common = np.argsort(-texts.counts, kind="stable")
    shown = (
        [texts.texts[i].as_py() for i in common if not texts.missing[i]][:5]
        if len(common) < 1000
        else [texts.texts[i].as_py() for i in common[:20] if not texts.missing[i]][:5]
    )
    return Typed(
        values.rename(texts.name),
        kind,
        int(texts.counts[texts.missing].sum()),
        int((~texts.missing).sum()),
        tuple(shown),
        failed,
        tuple(texts.changes),
    )


def _take(values: Any, where: npt.NDArray[np.int64]) -> pd.Series:  # noqa: ANN401
    """Spread the distinct values over the rows; -1 is missing."""
    return pd.Series(pd.api.extensions.take(values, where, allow_fill=True))


def _text(texts: _Texts, *, as_id: bool) -> Typed:
    distinct = texts.texts
    if as_id and len(texts.present):
        whole = pc.match_substring_regex(texts.present, r"^\d+\.0+$")
        if texts.fits(whole.to_numpy(zero_copy_only=False)):
            distinct = pc.replace_substring_regex(distinct, r"^(\d+)\.0+$", r"\1")
            texts.changes.append(Note("ingest.id_decimals", column=texts.name))
            texts.texts = distinct
    names = pa.array(
        np.where(texts.missing, None, distinct.to_numpy(zero_copy_only=False)),
        pa.string(),
    )
    values = names.take(pa.array(texts.codes)).to_pandas().astype("str")
    return _typed(texts, "text", values)


def _matches(texts: pa.Array, pattern: str) -> npt.NDArray[np.bool_]:
    return pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)


_Found = tuple[str, Any, npt.NDArray[np.bool_]]


def _boolean(texts: _Texts) -> _Found | None:
    if len(texts.present) > 12:
        return None
    low = pc.utf8_lower(texts.present)
    for yes, no in YES_NO:
        valid = pc.is_in(low, pa.array([yes, no])).to_numpy(zero_copy_only=False)
        if valid.all():
            truth = pc.equal(low, yes).to_numpy(zero_copy_only=False)
            whole = not texts.missing.any()
            return "boolean", truth if whole else pd.array(truth, "boolean"), valid
    return None


def _number(texts: _Texts) -> _Found | None:
    present = texts.present
    plain = _matches(present, PLAIN)
    valid = plain
    if not plain.all():
        digits = _matches(present, r"\d")
        valid = plain | (_matches(present, WRITTEN) & digits)
    if not texts.fits(valid) or _is_code(texts, valid):
        return None
    numbers = np.zeros(len(present))
    numbers[plain] = _cast(present.filter(pa.array(plain)))
    written = valid & ~plain
    if written.any():
        numbers[written] = _unwritten(texts, present.filter(pa.array(written)))
    # 1e999 is written as a number and is none.
    valid = valid & np.isfinite(numbers)
    if not texts.fits(valid):
        return None
    whole = bool(valid.all()) and bool(_matches(present, WHOLE).all())
    if date := _numeric_date(texts, numbers[valid], whole=whole):
        micros = np.zeros(len(present), np.int64)
        micros[valid] = date.micros
        fine = valid.copy()
        fine[valid] = date.valid
        return "date", _moments(micros, aware=date.aware), fine
    if whole and not texts.missing.any():
        return "integer", numbers.astype(np.int64), valid
    whole_numbers = bool((numbers == np.round(numbers)).all()) and bool(
        _matches(present.filter(pa.array(valid)), r"^[+-]?\d+$").all()
    )
    return ("integer" if whole_numbers else "number"), numbers, valid


def _is_code(texts: _Texts, valid: npt.NDArray[np.bool_]) -> bool:
    """Say whether digits are a name here: 0001, 19 digits, or 536365 beside C536379."""
    present = texts.present
    if _matches(present, r"^0\d+$").any() or _matches(present, r"^[+-]?\d{16,}$").any():
        # Epochs in microseconds have 16 digits too.
        short = _matches(present, r"^1\d{15}$")
        return not (short.all() and looks_like_time(texts.name))
    others = present.filter(pa.array(~valid))
    return bool(len(others)) and bool(
        _matches(others, r"^(?:[A-Za-z]+-?\d+|\d+-?[A-Za-z]+)$").any()
    )


def _cast(texts: pa.Array) -> npt.NDArray[np.float64]:
    plain = pc.replace_substring_regex(texts, r"^\+", "")
    return pc.cast(plain, pa.float64()).to_numpy(zero_copy_only=False)


def _unwritten(texts: _Texts, written: pa.Array) -> npt.NDArray[np.float64]:
    """Read numbers with thousands separators, currency signs, % or parentheses."""
    negative = _matches(written, r"^\(.*\)$|-")
    share = _matches(written, r"[%％]")
    unit = np.where(_matches(written, "万"), 1e4, 1.0)
    unit = np.where(_matches(written, "亿"), 1e8, unit)
    bare = pc.replace_substring_regex(written, r"[^\d.]", "")
    numbers = _cast(pc.if_else(pc.equal(bare, "."), "0", bare))
    if share.any():
        texts.changes.append(Note("ingest.percent", column=texts.name))
    if not share.all():
        texts.changes.append(
            Note("ingest.written", column=texts.name, example=written[0].as_py())
        )
    return np.where(share, numbers / 100, numbers * unit) * np.where(negative, -1, 1)


def _numeric_date(
    texts: _Texts, numbers: npt.NDArray[np.float64], *, whole: bool
) -> dates.Dates | None:
    """Read numbers as dates where name and range say so: 20210503, epochs, serials."""
    time_like = texts.named and looks_like_time(texts.name)
    if texts.named and not time_like:
        return None
    unit = dates.epoch_unit(numbers)
    if unit and len(numbers) >= 1:
        texts.changes.append(Note("ingest.epoch", column=texts.name))
        return dates.from_epoch(numbers, unit)
    day = np.where(numbers > 1e13, numbers // 1_000_000, numbers)
    inside = (day >= 19_000_101) & (day <= 21_001_231)
    if whole and inside.mean() > 1 - TOLERATED and (time_like or len(numbers) > 5):
        found = dates.parse(pc.cast(pa.array(numbers.astype(np.int64)), pa.string()))
        if found.valid.mean() > 1 - TOLERATED:
            return found
    if time_like and ((numbers >= 36_000) & (numbers <= 60_000)).all():
        texts.changes.append(Note("ingest.serial", column=texts.name))
        return dates.from_serial(numbers)
    return None


def _date(texts: _Texts) -> _Found | None:
    present, weights = texts.present, texts.weights
    # A look at the commonest spares free text the full set of patterns.
    head = np.argsort(-weights, kind="stable")[:200]
    looked = dates.parse(present.take(pa.array(head)))
    if weights[head][looked.valid].sum() < 0.5 * weights[head].sum():
        return None
    found = dates.parse(present, counts=weights)
    if not texts.fits(found.valid):
        return None
    if found.spelling == "month" and texts.named and not looks_like_time(texts.name):
        # 2024-01 under "cohort" or "version" is a label.
        return None
    if found.order:
        code = "ingest.day_month" if found.sure else "ingest.day_month_unsure"
        order = {"dmy": "DD/MM/YYYY", "mdy": "MM/DD/YYYY"}[found.order]
        texts.changes.append(Note(code, column=texts.name, order=order))
    return "date", _moments(found.micros, aware=found.aware), found.valid


def _moments(micros: npt.NDArray[np.int64], *, aware: bool) -> Any:  # noqa: ANN401
    times = pd.Series(micros.astype("M8[us]"))
    return (times.dt.tz_localize("UTC") if aware else times).array
