"""Texts of one column to its type: identifiers, numbers, words for yes and no, dates.

Decided on the distinct texts of the whole column. A cell that does not fit becomes
missing and is listed; when more than 5 % of the cells do not fit, the column is text.
"""

import re
import unicodedata
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from opslib.ingest import dates
from opslib.ingest.names import looks_like_id, looks_like_time
from opslib.ingest.spool import TEXT
from opslib.ingest.trim import trimmed
from opslib.result import Note
from opslib.tables import as_series

TOLERATED = 0.05
MOST_DISTINCT = 1 << 16
NOWHERE = np.empty(0, np.int64)
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
    """Distinct texts of a column, and how often each occurs."""

    name: str
    named: bool
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
        self.missing = _words(self.texts, words)

    def fits(self, mask: npt.NDArray[np.bool_]) -> bool:
        """Say whether nearly all cells that are there satisfy a condition."""
        total = self.weights.sum()
        return bool(total) and self.weights[~mask].sum() <= TOLERATED * total


class Evidence:
    """The distinct texts of a column, collected batch by batch.

    Of a column with more than `MOST_DISTINCT` only so many are looked at: `capped`.
    """

    def __init__(self) -> None:
        self.capped = False
        self._parts: list[pa.StructArray] = []
        self._length = 0

    def add(self, column: pa.Array) -> None:
        """Add the cells of a batch."""
        if self.capped:
            return
        part = pc.value_counts(trimmed(column))
        self._parts.append(part)
        self._length += len(part)
        if self._length > 2 * MOST_DISTINCT:
            self._merge()
            self.capped = self._length > MOST_DISTINCT

    def _merge(self) -> None:
        whole = pa.concat_arrays(self._parts)
        encoded = whole.field("values").dictionary_encode()
        counts = np.bincount(
            encoded.indices.to_numpy(), weights=whole.field("counts").to_numpy()
        )
        self._parts = [
            pa.StructArray.from_arrays(
                [encoded.dictionary, pa.array(counts.astype(np.int64))],
                ["values", "counts"],
            )
        ]
        self._length = len(counts)

    def texts(self) -> tuple[pa.Array, npt.NDArray[np.int64]]:
        """Give the distinct texts in order of appearance, and how often each occurs."""
        if not self._parts:
            return pa.array([], TEXT), np.empty(0, np.int64)
        if len(self._parts) > 1:
            self._merge()
        (whole,) = self._parts
        return whole.field("values"), whole.field("counts").to_numpy()


@dataclass(frozen=True)
class Plan:
    """How the cells of a column are converted, and what was seen of them.

    Attributes:
        kind: "text", "integer", "number", "boolean" or "date".
        how: For dates "written", "epoch", "digits" or "serial"; for booleans the word
            that means yes; for text "id" when 17850.0 is 17850.
        unit: Of an epoch, how many a second has.
        order: Of a date, "dmy" or "mdy" where that must be known.
        aware: The dates are instants, not wall clock.
        comma: Decimals are written with a comma.
        missing, distinct, examples: Of the cells seen; `capped` when there are more.
    """

    name: str
    kind: str
    how: str = ""
    unit: int = 0
    order: str = ""
    aware: bool = False
    comma: bool = False
    formula: bool = False
    capped: bool = False
    missing: int = 0
    distinct: int = 0
    examples: tuple[str, ...] = ()
    changes: tuple[Note, ...] = ()

    @property
    def type(self) -> pa.DataType:
        """The Arrow type of the converted cells."""
        if self.kind == "date":
            return pa.timestamp("us", "UTC" if self.aware else None)
        return {
            "text": TEXT,
            "integer": pa.int64(),
            "number": pa.float64(),
            "boolean": pa.bool_(),
        }[self.kind]

    def apply(self, column: pa.Array) -> tuple[pa.Array, npt.NDArray[np.int64]]:
        """Convert a batch of cells.

        Returns:
            The values, null where there is none, and the positions of the cells that
            became null because they do not fit.

        Raises:
            Misfit: The cells show that another plan is needed.
        """
        distinct, codes = trimmed(column), None
        if not self.capped:
            encoded = distinct.dictionary_encode()
            distinct, codes = encoded.dictionary, encoded.indices
        if self.formula:
            distinct = pc.replace_substring_regex(distinct, FORMULA, r"\1\2")
        if self.kind == "text":
            gone = _words(distinct, MISSING_TEXT)
            if self.how == "id":
                distinct = pc.replace_substring_regex(distinct, DECIMALS, r"\1")
            values = _without(distinct, gone)
            return values if codes is None else values.take(codes), NOWHERE
        distinct = _half_width(distinct)
        if self.comma:
            distinct = _comma_less(distinct)
        boolean = self.kind == "boolean"
        gone = _words(distinct, _no_answer(self.how) if boolean else MISSING)
        values, valid = self._converted(distinct.filter(pa.array(~gone)))
        full = np.zeros(len(distinct), np.bool_)
        full[~gone] = valid
        if not full.all():
            where = pa.array(np.cumsum(~gone) - 1, mask=~full)
            values = values.take(where)
        bad = ~gone & ~full
        if codes is None:
            return values, np.flatnonzero(bad)
        failed = (
            np.isin(codes.to_numpy(), np.flatnonzero(bad)) if bad.any() else bad[:0]
        )
        return values.take(codes), np.flatnonzero(failed)

    def zones_mixed(self) -> "Plan":
        """Note once that some times name a zone and others are read as UTC."""
        note = Note("ingest.zones_mixed", column=self.name)
        changes = self.changes if note in self.changes else (*self.changes, note)
        return replace(self, changes=changes)

    def _converted(self, texts: pa.Array) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
        """Convert distinct texts that are there."""
        if self.kind == "boolean":
            low = pc.utf8_lower(texts)
            (pair,) = (pair for pair in YES_NO if pair[0] == self.how)
            valid = pc.is_in(low, pa.array(pair, TEXT))
            return pc.equal(low, self.how), valid.to_numpy(zero_copy_only=False)
        if self.kind == "date" and self.how == "written":
            found = dates.parse(texts, order=self.order)
            if found.aware and not self.aware:
                raise Misfit(replace(self.zones_mixed(), aware=True))
            mixed = found.mixed or (not found.aware and found.valid.any())
            if self.aware and mixed and (noted := self.zones_mixed()) != self:
                raise Misfit(noted)
            if found.order and not self.order:
                raise Misfit(replace(self, order=found.order))
            return _moments(found.micros, self.type), found.valid
        numbers, valid, whole = _numbers(texts)
        if self.kind == "integer":
            if not whole:
                raise Misfit(replace(self, kind="number"))
            return pa.array(numbers.astype(np.int64)), valid
        if self.kind == "number":
            return pa.array(numbers), valid
        good = numbers[valid]
        if self.how == "digits":
            found = dates.parse(pc.cast(pa.array(good.astype(np.int64)), pa.string()))
        elif self.how == "epoch":
            found = dates.from_epoch(good, self.unit)
        else:
            found = dates.from_serial(good)
        micros = np.zeros(len(texts), np.int64)
        micros[valid] = found.micros
        valid = valid.copy()
        valid[valid] = found.valid
        return _moments(micros, self.type), valid


class Misfit(Exception):  # noqa: N818  no error: it says what to do instead
    """Cells that came late show that another plan is needed."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan.name)
        self.plan = plan


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


def decide(
    evidence: Evidence,
    name: str,
    *,
    named: bool = True,
    as_id: bool = False,
    comma: bool = False,
) -> Plan:
    """Find the type of a column and how its cells are to be converted.

    Args:
        evidence: Its distinct texts as they stand in the file.
        name: Name of the column: an id stays text, a serial number needs a time's name.
        named: False when the file has no header and `name` says nothing.
        as_id: Keep as text whatever it looks like; 17850.0 still becomes 17850.
        comma: The file may write decimals with a comma, as it does not delimit.
    """
    distinct, counts = evidence.texts()
    texts = _Texts(name, named, distinct, counts, np.zeros(len(counts), np.bool_))
    plan = Plan(name, "text", capped=evidence.capped)
    if _matches(distinct, FORMULA).any():
        bare = pc.replace_substring_regex(distinct, FORMULA, r"\1\2")
        texts.texts = bare
        texts.changes.append(Note("ingest.formula_text", column=name))
        plan = replace(plan, formula=True)
    as_written = texts.texts
    texts.texts = _half_width(texts.texts)
    if _decimal_commas(texts, sure=not comma):
        plan = replace(plan, comma=True)
    texts.treat(MISSING)
    is_id = as_id or (named and looks_like_id(name))
    found = None
    if len(texts.present) and not is_id:
        found = _boolean(texts) or _number(texts) or _date(texts)
    if found:
        plan = replace(plan, **found)
    else:
        texts.texts = as_written
        texts.treat(MISSING_TEXT)
        if is_id and len(texts.present) and texts.fits(_matches(texts.present, ZEROS)):
            plan = replace(plan, how="id")
            texts.texts = pc.replace_substring_regex(texts.texts, DECIMALS, r"\1")
            texts.changes.append(Note("ingest.id_decimals", column=name))
    common = np.argsort(-texts.counts, kind="stable")[:20]
    shown = [texts.texts[i].as_py() for i in common if not texts.missing[i]]
    return replace(
        plan,
        missing=int(texts.counts[texts.missing].sum()),
        distinct=int((~texts.missing).sum()),
        examples=tuple(shown[:5]),
        changes=tuple(texts.changes),
    )


def convert(column: pa.Array, name: str, **options: bool) -> Typed:
    """Find the type of one whole column and convert it; options as `decide`.

    Example:
        >>> convert(pa.array(["0001", "0002"]), "level").kind
        'text'
        >>> convert(pa.array(["￥1,200", "￥80.5"]), "paid").values.tolist()
        [1200.0, 80.5]
    """
    column = column.cast(TEXT)
    evidence = Evidence()
    evidence.add(column)
    plan = decide(evidence, name, **options)
    values, failed = plan.apply(column)
    texts = trimmed(column)
    return Typed(
        as_series(values, name),
        plan.kind,
        plan.missing,
        plan.distinct,
        plan.examples,
        tuple((int(row), texts[row].as_py()) for row in failed),
        plan.changes,
    )


def _words(texts: pa.Array, words: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Say which texts are one of a few short words, in whatever case."""
    found = pc.less_equal(pc.binary_length(texts), max(len(w.encode()) for w in words))
    found = found.to_numpy(zero_copy_only=False)
    if found.any():
        short = pc.utf8_lower(texts.filter(pa.array(found)))
        hits = pc.is_in(short, pa.array(words, TEXT)).to_numpy(zero_copy_only=False)
        found = found.copy()
        found[found] = hits
    return found


def _without(texts: pa.Array, gone: npt.NDArray[np.bool_]) -> pa.Array:
    return (
        pc.if_else(pa.array(gone), pa.scalar(None, TEXT), texts)
        if gone.any()
        else texts
    )


def _decimal_commas(texts: _Texts, *, sure: bool) -> bool:
    """Write 1.234,5 as 1234.5 where the column shows that it means that.

    Where the comma also delimits, only a point before it shows that: `sure`.
    """
    texts.treat(MISSING)
    present = texts.present
    # 1,234 alone could be either; a comma before one or two digits is a decimal one.
    telling = _matches(present, r"\.\d{3},\d")
    if not sure:
        telling |= _matches(present, r",\d{1,2}\s*[€%]?$")
    if not telling.any() or not texts.fits(_matches(present, COMMA)):
        return False
    example = present.filter(pa.array(telling))[0].as_py()
    texts.texts = _comma_less(texts.texts)
    texts.changes.append(Note("ingest.written", column=texts.name, example=example))
    return True


def _half_width(texts: pa.Array) -> pa.Array:
    """Write １２３ as 123, and the marks around such digits likewise."""
    if pc.all(pc.string_is_ascii(texts)).as_py() is not False:
        return texts
    wide = pc.match_substring_regex(texts, "[０-９]")
    known = texts.to_pylist()
    flat = [
        unicodedata.normalize("NFKC", text) if is_wide else text
        for text, is_wide in zip(known, wide.to_pylist(), strict=True)
    ]
    return pa.array(flat, texts.type)


def _comma_less(texts: pa.Array) -> pa.Array:
    fitting = pc.match_substring_regex(texts, COMMA)
    plain = pc.replace_substring(pc.replace_substring(texts, ".", ""), ",", ".")
    return pc.if_else(fitting, plain, texts)


def _matches(texts: pa.Array, pattern: str) -> npt.NDArray[np.bool_]:
    return pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)


_Found = dict[str, Any]


def _boolean(texts: _Texts) -> _Found | None:
    if len(texts.texts) > 16:
        return None
    words = set(pc.utf8_lower(texts.texts).to_pylist())
    for pair in YES_NO:
        # 无 is a no beside 有, and nothing elsewhere.
        if pair[0] in words and words <= {*pair, *MISSING}:
            texts.treat(_no_answer(pair[0]))
            return {"kind": "boolean", "how": pair[0]}
        if words <= {*pair, *MISSING_TEXT} and pair[1] in words:
            return {"kind": "boolean", "how": pair[0]}
    return None


def _no_answer(yes: str) -> tuple[str, ...]:
    """Give the words for a missing cell in a column whose word for yes this is."""
    (pair,) = (pair for pair in YES_NO if pair[0] == yes)
    return tuple(word for word in MISSING if word not in pair)


def _number(texts: _Texts) -> _Found | None:
    present = texts.present
    numbers, valid, whole = _numbers(present)
    if not texts.fits(valid) or _is_code(texts, valid):
        return None
    written = present.filter(pa.array(valid & ~_matches(present, PLAIN)))
    if len(written):
        shares = _matches(written, SHARE)
        if shares.any():
            texts.changes.append(Note("ingest.percent", column=texts.name))
        if not shares.all():
            example = written[0].as_py()
            texts.changes.append(
                Note("ingest.written", column=texts.name, example=example)
            )
    if date := _numeric_date(texts, numbers[valid], whole=whole and bool(valid.all())):
        return date
    return {"kind": "integer" if whole else "number"}


def _numbers(
    texts: pa.Array,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_], bool]:
    """Read distinct texts as numbers; say which are, and if all those are whole."""
    plain = _matches(texts, PLAIN)
    valid = plain
    if not plain.all():
        valid = plain | (_matches(texts, WRITTEN) & _matches(texts, r"\d"))
    numbers = np.zeros(len(texts))
    numbers[plain] = _cast(texts.filter(pa.array(plain)))
    written = valid & ~plain
    if written.any():
        numbers[written] = _unwritten(texts.filter(pa.array(written)))
    # 1e999 is written as a number and is none.
    valid = valid & np.isfinite(numbers)
    whole = bool(_matches(texts.filter(pa.array(valid)), WHOLE).all())
    return numbers, valid, whole


def _is_code(texts: _Texts, valid: npt.NDArray[np.bool_]) -> bool:
    """Say whether digits are a name here: 0001, 19 digits, or 536365 beside C536379."""
    present = texts.present
    if _matches(present, r"^0\d+$").any() or _matches(present, r"^[+-]?\d{16,}$").any():
        # Epochs in microseconds have 16 digits too, in nanoseconds 19.
        epochs = _matches(present, r"^1\d{15}(?:\d{3})?$")
        return not (epochs.all() and looks_like_time(texts.name))
    others = present.filter(pa.array(~valid))
    return bool(len(others)) and bool(
        _matches(others, r"^(?:[A-Za-z]+-?\d+|\d+-?[A-Za-z]+)$").any()
    )


def _cast(texts: pa.Array) -> npt.NDArray[np.float64]:
    plain = pc.replace_substring_regex(texts, r"^\+", "")
    return pc.cast(plain, pa.float64()).to_numpy(zero_copy_only=False)


def _unwritten(written: pa.Array) -> npt.NDArray[np.float64]:
    """Read numbers with thousands separators, currency signs, % or parentheses."""
    negative = _matches(written, r"^\(.*\)$|-")
    unit = np.where(_matches(written, "万"), 1e4, 1.0)
    unit = np.where(_matches(written, "亿"), 1e8, unit)
    unit = np.where(_matches(written, SHARE), 0.01, unit)
    bare = pc.replace_substring_regex(written, r"[^\d.]", "")
    numbers = _cast(pc.if_else(pc.equal(bare, "."), "0", bare))
    return numbers * unit * np.where(negative, -1, 1)


def _numeric_date(
    texts: _Texts, numbers: npt.NDArray[np.float64], *, whole: bool
) -> _Found | None:
    """Read numbers as dates where name and range say so: 20210503, epochs, serials."""
    time_like = texts.named and looks_like_time(texts.name)
    if texts.named and not time_like:
        return None
    unit = dates.epoch_unit(numbers)
    if unit and len(numbers) >= 1:
        texts.changes.append(Note("ingest.epoch", column=texts.name))
        return {"kind": "date", "how": "epoch", "unit": unit, "aware": True}
    day = np.where(numbers > 1e13, numbers // 1_000_000, numbers)
    inside = (day >= 19_000_101) & (day <= 21_001_231)
    if whole and inside.mean() > 1 - TOLERATED and (time_like or len(numbers) > 5):
        found = dates.parse(pc.cast(pa.array(numbers.astype(np.int64)), pa.string()))
        if found.valid.mean() > 1 - TOLERATED:
            return {"kind": "date", "how": "digits"}
    if time_like and ((numbers >= 36_000) & (numbers <= 60_000)).all():
        texts.changes.append(Note("ingest.serial", column=texts.name))
        return {"kind": "date", "how": "serial"}
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
    if found.mixed:
        texts.changes.append(Note("ingest.zones_mixed", column=texts.name))
    return {
        "kind": "date",
        "how": "written",
        "order": found.order,
        "aware": found.aware,
    }


def _moments(micros: npt.NDArray[np.int64], type_: pa.DataType) -> pa.Array:
    return pa.array(micros).cast(pa.timestamp("us")).cast(type_)
