"""Exported dashboards to a row per day: days as headers, or a row for every figure.

Cells only move, before anything is typed: every metric becomes a column of its own, so
that its type, its percentages and its misfits are found as those of any other column.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from opslib import personal
from opslib.ingest import dates, headers
from opslib.ingest.layout import agreement
from opslib.ingest.names import looks_like_id, name_match
from opslib.ingest.rows import TOTALS
from opslib.ingest.spool import TEXT, Spool
from opslib.names import normal
from opslib.result import Note

SAMPLE = 2000
MOST_ROWS, MOST_ACROSS, MOST_METRICS, MOST_CELLS = 2_000_000, 5_000, 200, 20_000_000
# What is not called a metric, and is more than so many, are shops or goods.
MOST_UNNAMED = 30
CALLED, BUILT = 0.9, 0.6
# No column of a file is called by a number.
LINE, AT = -1, -2
EVENTS = {"event", "eventname", "事件", "事件名", "事件名称"}
SUMS = {
    *TOTALS,
    *("average", "avg", "mean", "sum", "all", "overall"),
    *("平均", "均值", "平均值", "日均", "总和", "总数", "总体", "整体", "全部"),
}


class Turned(NamedTuple):
    """A table with a row per day.

    Attributes:
        names, spool: Its columns; the spool's lines count its rows from 1.
        lines: For each row and column, the line of the file that its cell is from.
        sums: Rows of the file that hold sums or means of others: line and cells.
        notes: What was done.
    """

    names: list[str]
    spool: Spool
    lines: npt.NDArray[np.int64]
    sums: list[tuple[int, list[str]]]
    notes: list[Note]


class _Long(NamedTuple):
    """Figures one by one: their day, what they are of, their name, text and line."""

    day: str
    keys: list[str]
    metric: str
    value: str
    cells: pd.DataFrame
    sums: list[tuple[int, list[str]]]
    notes: list[Note]


def turn(
    names: Sequence[str], spool: Spool, *, year: int | None = None
) -> Turned | Note | None:
    """Give a dashboard a row per day, where its days are headers or its rows figures.

    A column of metrics becomes a column per metric; other columns of text stay, and
    tell groups. Columns and rows of totals and means are left out. A figure that
    stands twice, or has no name, leaves the table as it is.

    Args:
        names: The columns of the file.
        spool: Its cells.
        year: Of the first column whose name is a day without a year.

    Returns:
        The table turned; a note on why it cannot be; None where it is no such table.

    Example:
        >>> cells = Spool(3)
        >>> rows = [["visits", "orders"], ["7", "1"], ["9", "2"]]
        >>> cells.append(np.array([2, 3]), [pa.array(row, TEXT) for row in rows])
        >>> table = turn(["metric", "2025-01-01", "2025-01-02"], cells)
        >>> table.names, table.spool.column(1).to_pylist()
        (['date', 'visits', 'orders'], ['7', '9'])
    """
    if not 0 < spool.rows <= MOST_ROWS:
        return None
    found = headers.read(names, year)
    long = _across(names, spool, found) if found.days else _down(names, spool)
    if not isinstance(long, _Long):
        return long
    if found.yearless:
        first = names[next(iter(found.days))]
        return Note("ingest.days_yearless", column=first)
    return _pivoted(long)


def _across(
    names: Sequence[str], spool: Spool, found: headers.Headers
) -> _Long | Note | None:
    """Take figures from columns of days."""
    days = found.days
    first = min(days)
    if spool.rows > MOST_ACROSS or len({*days.values()}) < len(days) or not first:
        return None
    frame, lines = _frame(spool)
    if np.mean([_numbers(frame[i]) for i in days]) <= 0.5:
        return None
    labels = _labels(names, frame, first)
    if not labels or any(_is_owner(names[i], frame[i]) for i in labels):
        return None
    metric = _metric_of(names, frame, labels)
    attributes = _attributes(frame, labels, metric)
    keys = [i for i in labels if i != metric and i not in attributes]
    used = keys if metric is None else [*keys, metric]
    taken = {names[i] for i in used}
    day, value = (_free(name, taken) for name in _words(names))
    sums = _sums(frame, used)
    rows = frame[~sums]
    cells = rows.melt(id_vars=used, value_vars=[*days], var_name=AT, value_name=value)
    cells.insert(0, day, cells[AT].map({i: str(one) for i, one in days.items()}))
    cells[LINE] = np.tile(lines[~sums], len(days))
    cells = cells.rename(columns={i: names[i] for i in used})
    cells = cells.sort_values(day, kind="stable")
    notes = [
        Note(
            "ingest.days_across",
            n=len(rows),
            first=str(min(days.values())),
            last=str(max(days.values())),
        )
    ]
    if found.weeks:
        notes.append(Note("ingest.days_weeks"))
    if found.unsure:
        notes.append(
            Note("ingest.day_month_unsure", column=names[first], order=found.unsure)
        )
    lost = [names[i] for i in range(len(names)) if i not in {*days, *used}]
    if lost:
        notes.append(Note("ingest.days_columns", n=len(lost), columns=lost))
    return _Long(
        day,
        [names[i] for i in keys],
        "" if metric is None else names[metric],
        value,
        cells,
        _rows(frame, lines, sums),
        notes,
    )


def _down(names: Sequence[str], spool: Spool) -> _Long | Note | None:
    """Take figures from rows: each has a day, the name of a metric and its value."""
    parts = {role: _called(names, role) for role in ("date", "metric", "value")}
    # Counts of events name these in place of metrics.
    parts["metric"] = parts["metric"] or [
        i for i, name in enumerate(names) if normal(name) in EVENTS
    ]
    if any(len(found) != 1 for found in parts.values()):
        return None
    (day,), (metric,), (value,) = parts.values()
    rest = [i for i in range(len(names)) if i not in {day, metric, value}]
    people = any(name_match(names[i], "users.user") >= CALLED for i in rest)
    if len({day, metric, value}) < 3 or people:
        return None
    frame, lines = _frame(spool)
    texts = pa.array(frame[day].unique(), TEXT)
    read = dates.parse(texts)
    if read.valid.mean() < 0.95 or (read.micros % headers.DAY).any():
        return None
    few = frame[metric].nunique() <= MOST_METRICS and not frame[metric].is_unique
    if not few or _numbers(frame[value]) <= 0.5:
        return None
    if any(_numbers(frame[i]) > 0.5 and not looks_like_id(names[i]) for i in rest):
        # There are several figures in a row: it is one of a day and group already.
        return None
    attributes = _attributes(frame, [metric, *rest], metric)
    keys = [i for i in rest if i not in attributes]
    sums = _sums(frame, [metric, *keys])
    cells = frame[~sums].rename(columns=dict(enumerate(names)))
    cells[LINE] = lines[~sums]
    notes = [Note("ingest.days_down", n=len(cells))]
    if attributes:
        lost = [names[i] for i in attributes]
        notes.append(Note("ingest.days_columns", n=len(lost), columns=lost))
    return _Long(
        names[day],
        [names[i] for i in keys],
        names[metric],
        names[value],
        cells,
        _rows(frame, lines, sums),
        notes,
    )


def _pivoted(long: _Long) -> Turned | Note | None:
    """Give each metric its column, and each day, in each group, its row."""
    cells = long.cells
    for name in [*long.keys, long.metric]:
        if name and (blank := cells[name] == "").any():
            line = int(cells.loc[blank, LINE].iloc[0])
            return Note("ingest.days_unnamed", column=name, line=line)
    rows = cells.groupby([long.day, *long.keys], sort=False).ngroup().to_numpy()
    if long.metric:
        columns, metrics = pd.factorize(cells[long.metric])
    else:
        columns, metrics = np.zeros(len(cells), np.int64), pd.Index([long.value])
    height, width = int(rows.max()) + 1, len(metrics)
    if width > MOST_METRICS or height * width > MOST_CELLS:
        return None
    place = rows * width + columns
    if (again := pd.Series(place).duplicated()).any():
        second = cells.iloc[int(np.argmax(again))]
        twin = cells[place == place[int(np.argmax(again))]].iloc[0]
        told = [second[name] for name in (long.day, *long.keys, long.metric) if name]
        both = {"first": int(twin[LINE]), "second": int(second[LINE])}
        return Note("ingest.days_twice", figure=told, **both)
    head = cells[~pd.Series(rows).duplicated().to_numpy()]
    fixed = [long.day, *long.keys]
    names = list(fixed)
    for metric in map(str, metrics):
        names.append(_free(metric, {*names}))
    values = np.full(height * width, "", dtype=object)
    values[place] = cells[long.value].to_numpy(object)
    lines = np.zeros((height, len(names)), np.int64)
    lines[:, : len(fixed)] = head[LINE].to_numpy()[:, None]
    inner = np.zeros(height * width, np.int64)
    inner[place] = cells[LINE].to_numpy()
    lines[:, len(fixed) :] = inner.reshape(height, width)
    columns_of = [head[name].to_numpy(object) for name in fixed]
    columns_of += list(values.reshape(height, width).T)
    spool = Spool(len(names))
    texts = [pa.array(column, TEXT) for column in columns_of]
    spool.append(np.arange(1, height + 1), texts)
    notes = list(long.notes)
    if empty := height * width - len(cells):
        notes.append(Note("ingest.days_gaps", n=empty))
    return Turned(names, spool, lines, long.sums, notes)


def _frame(spool: Spool) -> tuple[pd.DataFrame, npt.NDArray[np.int64]]:
    """Give the cells by number of column, and the line of each row."""
    batches = list(spool.batches())
    lines = np.concatenate([batch.lines for batch in batches])
    frame = pd.DataFrame(
        {
            i: pd.Series(
                pa.chunked_array([batch.columns[i] for batch in batches]).to_pandas(),
                dtype="str",
            ).str.strip()
            for i in range(spool.width)
        }
    )
    return frame, lines


def _numbers(texts: pd.Series) -> float:
    """Say which share of the cells that are there are numbers, of some 2,000."""
    some = texts.iloc[:: max(1, len(texts) // SAMPLE)].tolist()
    same, other = agreement(some, ["number"] * len(some))
    return same / (same + other) if same + other else 0.0


def _called(names: Sequence[str], role: str) -> list[int]:
    return [i for i, name in enumerate(names) if name_match(name, role) >= CALLED]


def _is_sum(text: str) -> bool:
    return normal(text).rstrip(":：") in SUMS


def _is_owner(name: str, cells: pd.Series) -> bool:
    """Say whether rows are days or people, and the table no dashboard."""
    user = name_match(name, "users.user") >= CALLED
    days = len(headers.read(cells.unique().tolist()).days)
    # "Name" may well be that of a metric.
    private = set(personal.find(cells.to_frame(name)).values())
    return user or days > 1 or bool(private - ({"name"} if name.isascii() else set()))


def _labels(names: Sequence[str], frame: pd.DataFrame, end: int) -> list[int]:
    """Give the columns before the first day that say what a row is of."""
    known = [i for i in range(end) if not _is_sum(names[i]) and frame[i].any()]
    # Numbers of the rows tell nothing, where there is something else.
    telling = [i for i in known if _numbers(frame[i]) < 1 or not frame[i].is_unique]
    return telling or known


def _metric_of(
    names: Sequence[str], frame: pd.DataFrame, labels: Sequence[int]
) -> int | None:
    """Say which label names metrics: the one called so, else the last of no group."""
    for i in labels:
        if name_match(names[i], "metric") >= BUILT:
            return i
    free = [
        i
        for i in labels
        if name_match(names[i], "daily.group") < BUILT
        and _numbers(frame[i]) < 1
        and frame[i].nunique() <= MOST_UNNAMED
    ]
    return free[-1] if free else None


def _attributes(
    frame: pd.DataFrame, labels: Sequence[int], metric: int | None
) -> list[int]:
    """Find columns such as a unit, which the metric tells and which tell no group."""
    if metric is None or frame[metric].nunique() < 2:
        return []
    told = frame[list(labels)].groupby(metric).nunique()
    return [
        i
        for i in labels
        if i != metric and (told[i] <= 1).all() and frame[i].nunique() != 1
    ]


def _sums(frame: pd.DataFrame, labels: Sequence[int]) -> npt.NDArray[np.bool_]:
    """Find the rows that hold sums or means of the others."""
    found = np.zeros(len(frame), np.bool_)
    for i in labels:
        found |= frame[i].isin(filter(_is_sum, frame[i].unique())).to_numpy()
    return found if not found.all() else np.zeros(len(frame), np.bool_)


def _rows(
    frame: pd.DataFrame, lines: npt.NDArray[np.int64], which: npt.NDArray[np.bool_]
) -> list[tuple[int, list[str]]]:
    picked = frame[which].to_numpy(object).tolist()
    return list(zip(lines[which].tolist(), picked, strict=True))


def _words(names: Sequence[str]) -> tuple[str, str]:
    """Call days and figures in the language of the file."""
    return ("date", "value") if "".join(names).isascii() else ("日期", "数值")


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name
