"""The type of one column: identifiers, numbers, words for yes and no, dates.

Decided on the distinct texts of the whole column. A cell that does not fit becomes
missing and is listed; when more than 5 % of the cells do not fit, the column is text.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from opslib.ingest import dates
from opslib.ingest.names import looks_like_id, looks_like_time
from opslib.ingest.plans import Plan
from opslib.ingest.spool import TEXT
from opslib.ingest.trim import trimmed
from opslib.ingest.values import (
    COMMA,
    DECIMALS,
    FORMULA,
    MISSING,
    MISSING_TEXT,
    PLAIN,
    SHARE,
    YES_NO,
    ZEROS,
    are_words,
    as_numbers,
    comma_less,
    half_width,
    matches,
    no_answer,
)
from opslib.result import Note
from opslib.tables import as_series

TOLERATED = 0.05
LONGEST_EXAMPLE = 200
MOST_DISTINCT = 1 << 16


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
        self.missing = are_words(self.texts, words)

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
    if matches(distinct, FORMULA).any():
        bare = pc.replace_substring_regex(distinct, FORMULA, r"\1\2")
        texts.texts = bare
        texts.changes.append(Note("ingest.formula_text", column=name))
        plan = replace(plan, formula=True)
    as_written = texts.texts
    texts.texts = half_width(texts.texts)
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
        if is_id and len(texts.present) and texts.fits(matches(texts.present, ZEROS)):
            plan = replace(plan, how="id")
            texts.texts = pc.replace_substring_regex(texts.texts, DECIMALS, r"\1")
            texts.changes.append(Note("ingest.id_decimals", column=name))
    common = np.argsort(-texts.counts, kind="stable")[:20]
    shown = [texts.texts[i].as_py() for i in common if not texts.missing[i]]
    return replace(
        plan,
        missing=int(texts.counts[texts.missing].sum()),
        distinct=int((~texts.missing).sum()),
        examples=tuple(text[:LONGEST_EXAMPLE] for text in shown[:5]),
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


def _decimal_commas(texts: _Texts, *, sure: bool) -> bool:
    """Write 1.234,5 as 1234.5 where the column shows that it means that.

    Where the comma also delimits, only a point before it shows that: `sure`.
    """
    texts.treat(MISSING)
    present = texts.present
    # 1,234 alone could be either; a comma before one or two digits is a decimal one.
    telling = matches(present, r"\.\d{3},\d")
    if not sure:
        telling |= matches(present, r",\d{1,2}\s*[€%]?$")
    if not telling.any() or not texts.fits(matches(present, COMMA)):
        return False
    example = present.filter(pa.array(telling))[0].as_py()
    texts.texts = comma_less(texts.texts)
    texts.changes.append(Note("ingest.written", column=texts.name, example=example))
    return True


_Found = dict[str, Any]


def _boolean(texts: _Texts) -> _Found | None:
    if len(texts.texts) > 16:
        return None
    words = set(pc.utf8_lower(texts.texts).to_pylist())
    for pair in YES_NO:
        # 无 is a no beside 有, and nothing elsewhere.
        if pair[0] in words and words <= {*pair, *MISSING}:
            texts.treat(no_answer(pair[0]))
            return {"kind": "boolean", "how": pair[0]}
        if words <= {*pair, *MISSING_TEXT} and pair[1] in words:
            return {"kind": "boolean", "how": pair[0]}
    return None


def _number(texts: _Texts) -> _Found | None:
    present = texts.present
    numbers, valid, whole = as_numbers(present)
    if not texts.fits(valid) or _is_code(texts, valid):
        return None
    written = present.filter(pa.array(valid & ~matches(present, PLAIN)))
    if len(written):
        shares = matches(written, SHARE)
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


def _is_code(texts: _Texts, valid: npt.NDArray[np.bool_]) -> bool:
    """Say whether digits are a name here: 0001, 19 digits, or 536365 beside C536379."""
    present = texts.present
    if matches(present, r"^0\d+$").any() or matches(present, r"^[+-]?\d{16,}$").any():
        # Epochs in microseconds have 16 digits too, in nanoseconds 19.
        epochs = matches(present, r"^1\d{15}(?:\d{3})?$")
        return not (epochs.all() and looks_like_time(texts.name))
    others = present.filter(pa.array(~valid))
    return bool(len(others)) and bool(
        matches(others, r"^(?:[A-Za-z]+-?\d+|\d+-?[A-Za-z]+)$").any()
    )


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
