"""Texts to points in time: every common spelling, checked against the calendar.

Works on the distinct texts of one column at once; texts of different spellings may
stand side by side. Impossible dates (30 February) are left for the caller to report.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

CLOCK = (
    r"(?:(?:T|\s+|日|号|號)\s*(?P<q>上午|下午)?\s*(?P<H>\d{1,2})\s*"
    r"(?:(?::|时|時|点|點)\s*(?P<M>\d{1,2})"
    r"\s*(?:(?::|分)\s*(?P<S>\d{1,2})?(?:[.,](?P<f>\d{1,9}))?秒?)?分?|[时時点點]整?)"
    r"\s*(?P<p>[AaPp][Mm])?)?"
)
ZONE = r"\s*(?P<z>Z|UTC|GMT|[+-]\d{2}:?\d{2})?"
WEEKDAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?\s+)?"
SEPARATED = r"(?:[-/.]|年|月)"
SPELLINGS = {
    "ymd": rf"^(?P<y>\d{{4}})\s*{SEPARATED}\s*(?P<m>\d{{1,2}})\s*{SEPARATED}"
    rf"\s*(?P<d>\d{{1,2}})(?:日|号|號)?{CLOCK}{ZONE}$",
    "month": r"^(?P<y>\d{4})[-/年](?P<m>\d{1,2})月?$",
    "digits": r"^(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})"
    r"(?:\s?(?P<H>\d{2})(?P<M>\d{2})(?P<S>\d{2}))?$",
    "either": r"^(?P<a>\d{1,2})[-/.](?P<b>\d{1,2})[-/.](?P<y>\d{4})"
    rf"{CLOCK}{ZONE}$",
    "short": r"^(?P<a>\d{1,2})/(?P<b>\d{1,2})/(?P<w>\d{2})" + CLOCK + "$",
    "named": rf"^{WEEKDAY}(?P<d>\d{{1,2}})[\s-](?P<n>[A-Za-z]{{3,9}})[\s,-]+"
    rf"(?P<y>\d{{4}}){CLOCK}{ZONE}$",
    "named_short": r"^(?P<d>\d{1,2})[\s-](?P<n>[A-Za-z]{3,9})[\s-](?P<w>\d{2})"
    rf"{CLOCK}{ZONE}$",
    "named_first": rf"^{WEEKDAY}(?P<n>[A-Za-z]{{3,9}})\s(?P<d>\d{{1,2}}),?\s"
    rf"(?P<y>\d{{4}}){CLOCK}{ZONE}$",
}
MONTHS = [
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
]
EPOCH_UNITS = {1: 1e6, 1_000: 1e3, 1_000_000: 1.0, 1_000_000_000: 1e-3}
# 0000 and 9999 stand for "never"; as times they would stretch every period.
FIRST, LAST = (int(np.datetime64(year, "us").astype(int)) for year in ("1000", "3000"))
EARLIEST, LATEST = 100_000_000, 4_100_000_000


@dataclass(frozen=True)
class Dates:
    """Points in time for each text.

    Attributes:
        micros: Microseconds since 1970, UTC when `aware`, else on the wall clock.
        valid: False where a text is no date, or none that exists.
        spelling: The commonest way they are written, a key of `SPELLINGS`.
        order: "dmy" or "mdy" where day and month had to be told apart.
        sure: False when nothing in the column told them apart.
        mixed: Some texts name a zone and some do not; these were read as UTC.
    """

    micros: npt.NDArray[np.int64]
    valid: npt.NDArray[np.bool_]
    spelling: str = ""
    aware: bool = False
    order: str = ""
    sure: bool = True
    mixed: bool = False

    def __len__(self) -> int:
        return len(self.micros)


def parse(
    texts: pa.Array,
    *,
    counts: npt.NDArray[np.int64] | None = None,
    order: str = "",
) -> Dates:
    """Read distinct texts as dates.

    Args:
        texts: Strings without white space at their ends.
        counts: How often each occurs; decides the commonest spelling.
        order: "dmy" or "mdy" where that is known.

    Example:
        >>> found = parse(pa.array(["2021年5月3日", "2021-02-30", "soon"]))
        >>> found.valid.tolist(), str(found.micros[:1].astype("M8[us]")[0])
        ([True, False, False], '2021-05-03T00:00:00.000000')
    """
    n = len(texts)
    weight = np.ones(n, np.int64) if counts is None else counts
    micros, valid = np.zeros(n, np.int64), np.zeros(n, np.bool_)
    left = np.arange(n)
    if plain := _plain(texts):
        return plain
    known, order = order, ""
    sure, most, spelling = True, 0, ""
    zoned = np.zeros(n, np.bool_)
    for name, pattern in SPELLINGS.items():
        if not len(left):
            break
        rest = texts.take(pa.array(left))
        match = pc.match_substring_regex(rest, pattern).to_numpy(zero_copy_only=False)
        if not match.any():
            continue
        here = left[match]
        parts = _parts(rest.filter(pa.array(match)), pattern)
        if name in {"either", "short"}:
            order, sure = known, True
            if not known:
                order, sure = _day_first(parts["a"], parts["b"], weight[here])
            day, month = ("a", "b") if order == "dmy" else ("b", "a")
            parts["d"], parts["m"] = parts[day], parts[month]
        micros[here], valid[here] = _instants(parts)
        zoned[here] = parts["zoned"]
        if (total := weight[here].sum()) > most:
            most, spelling = total, name
        left = left[~match]
    aware = bool(zoned.any())
    mixed = aware and bool((valid & ~zoned).any())
    return Dates(micros, valid, spelling, aware, order, sure, mixed)


def _plain(texts: pa.Array) -> Dates | None:
    """Read ISO dates and times without a zone at once, if they are all just that."""
    ends = pc.min_max(pc.binary_length(texts)).as_py()
    if not len(texts) or ends["min"] < 10 or ends["max"] > 26:
        return None
    try:
        micros = pc.cast(texts, pa.timestamp("us")).cast(pa.int64()).to_numpy()
    except pa.ArrowInvalid:
        return None
    years = (micros >= FIRST) & (micros < LAST)
    return Dates(micros, years, "ymd")


def _parts(texts: pa.Array, pattern: str) -> dict[str, npt.NDArray[np.int64]]:
    fields = pc.extract_regex(texts, pattern)
    parts = {}
    for field in fields.type:
        text = fields.field(field.name)
        if field.name in "ymdHMSabw":
            number = pc.cast(pc.if_else(pc.equal(text, ""), "0", text), pa.int64())
            parts[field.name] = number.to_numpy(zero_copy_only=False)
        elif field.name == "f":
            digits = pc.utf8_slice_codeunits(
                pc.utf8_rpad(text, width=6, padding="0"), 0, 6
            )
            parts["f"] = pc.cast(digits, pa.int64()).to_numpy(zero_copy_only=False)
        elif field.name == "n":
            names = pc.utf8_lower(pc.utf8_slice_codeunits(text, 0, 3))
            found = pc.index_in(names, pa.array(MONTHS))
            parts["m"] = pc.fill_null(found, -1).to_numpy(zero_copy_only=False) + 1
        elif field.name in "pq":
            low = pc.utf8_lower(text)
            halves = [
                pc.is_in(low, pa.array(half)).to_numpy(zero_copy_only=False)
                for half in (["am", "上午"], ["pm", "下午"])
            ]
            parts["half"] = np.select(halves, [1, 2], parts.get("half", 0))
        elif field.name == "z":
            parts["zoned"] = pc.not_equal(text, "").to_numpy(zero_copy_only=False)
            zones = text.to_pylist()
            offsets = {zone: _offset(zone) for zone in set(zones)}
            parts["offset"] = np.array([offsets[zone] for zone in zones], np.int64)
    zero = np.zeros(len(texts), np.int64)
    for name in ("H", "M", "S", "f", "half", "zoned", "offset"):
        parts.setdefault(name, zero)
    parts.setdefault("d", zero + 1)
    if "w" in parts:
        parts["y"] = 2000 + parts["w"]
    return parts


def _offset(zone: str) -> int:
    """Seconds east of Greenwich."""
    if zone in {"", "Z", "UTC", "GMT"}:
        return 0
    digits = zone[1:].replace(":", "")
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -seconds if zone[0] == "-" else seconds


def _day_first(
    first: npt.NDArray[np.int64],
    second: npt.NDArray[np.int64],
    weight: npt.NDArray[np.int64],
) -> tuple[str, bool]:
    """Tell 3/4/2021 from the whole column: a part above 12 can only be the day."""
    days_first, months_first = weight[first > 12].sum(), weight[second > 12].sum()
    if days_first == months_first:
        return "mdy", False
    return ("dmy" if days_first > months_first else "mdy"), True


def _instants(
    parts: dict[str, npt.NDArray[np.int64]],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    year, month, day = parts["y"], parts["m"], parts["d"]
    hour, half = parts["H"], parts["half"]
    valid = (month >= 1) & (month <= 12) & (day >= 1) & (hour <= 23)
    valid &= (year >= 1000) & (year <= 2999)
    valid &= (parts["M"] <= 59) & (parts["S"] <= 59)
    # From Samoa to Kiribati; +99:99 is no zone.
    valid &= np.abs(parts["offset"]) <= 14 * 3_600
    valid &= (half == 0) | ((hour >= 1) & (hour <= 12))
    hour = np.where(half > 0, hour % 12 + 12 * (half == 2), hour)
    months = (year - 1970) * 12 + np.clip(month, 1, 12) - 1
    start = months.astype("M8[M]").astype("M8[D]").astype(np.int64)
    length = (months + 1).astype("M8[M]").astype("M8[D]").astype(np.int64) - start
    valid &= day <= length
    seconds = (start + day - 1) * 86_400 + hour * 3_600
    seconds += parts["M"] * 60 + parts["S"] - parts["offset"]
    return seconds * 1_000_000 + parts["f"], valid


def epoch_unit(numbers: npt.NDArray[np.float64]) -> int:
    """Find how many units a second has if these are times since 1970, else 0.

    At least 95 of 100 must fall between 2000 and 2040.

    Example:
        >>> epoch_unit(np.array([1511544070.0])), epoch_unit(np.array([42.0]))
        (1, 0)
    """
    for unit in EPOCH_UNITS:
        inside = (numbers >= 9.5e8 * unit) & (numbers <= 2.2e9 * unit)
        if len(numbers) and inside.mean() >= 0.95:
            return unit
    return 0


def from_epoch(numbers: npt.NDArray[np.float64], unit: int) -> Dates:
    """Read seconds down to nanoseconds since 1970 as instants."""
    valid = (numbers >= EARLIEST * unit) & (numbers <= LATEST * unit)
    micros = np.zeros(len(numbers), np.int64)
    micros[valid] = np.round(numbers[valid] * EPOCH_UNITS[unit]).astype(np.int64)
    return Dates(micros, valid, "epoch", aware=True)


def from_serial(numbers: npt.NDArray[np.float64]) -> Dates:
    """Read Excel's days since 30 December 1899 as wall clock times."""
    valid = (numbers >= 20_000) & (numbers <= 80_000)
    micros = np.zeros(len(numbers), np.int64)
    seconds = np.round((numbers[valid] - 25_569) * 86_400)
    micros[valid] = seconds.astype(np.int64) * 1_000_000
    return Dates(micros, valid, "serial")
