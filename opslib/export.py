"""Tables that leave the app as files other programs open."""

import pandas as pd

# A spreadsheet reads a cell that starts with one of these as a formula or an
# instruction; East Asian versions of Excel take the wide forms too.
TRIGGERS = frozenset("=+-@\t\r\n＝＋－＠")


def to_csv(frame: pd.DataFrame) -> bytes:
    r"""Write a table as CSV that a spreadsheet shows and never runs.

    Text and headers that a spreadsheet would take for a formula get a leading
    apostrophe; numbers, dates and the row index are not touched (the index is left
    out). The byte-order mark makes Excel read UTF-8.

    Args:
        frame: n rows; missing values become empty cells.

    References:
        OWASP, CSV Injection.

    Example:
        >>> table = pd.DataFrame({"name": ["=1+1", "ann"], "change": [-5, 3]})
        >>> print(to_csv(table).decode("utf-8-sig"))
        name,change
        '=1+1,-5
        ann,3
        <BLANKLINE>
    """
    # Numbered, because a header may occur twice.
    columns = {i: _plain(frame.iloc[:, i]) for i in range(frame.shape[1])}
    header = [_text(name) for name in frame.columns]
    table = pd.DataFrame(columns, index=frame.index)
    written = table.to_csv(index=False, header=header, lineterminator="\r\n")
    return written.encode("utf-8-sig", "replace")


def _plain(column: pd.Series) -> pd.Series:
    kind = column.dtype
    if pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_datetime64_any_dtype(
        kind
    ):
        return column
    return column.astype(object).map(_cell, na_action="ignore")


def _cell(value: object) -> object:
    if isinstance(value, tuple):
        value = " → ".join(map(str, value))
    return value if isinstance(value, int | float) else _text(value)


def _text(value: object) -> str:
    text = str(value)
    starts = {text[:1], text.lstrip()[:1]}
    return f"'{text}" if starts & TRIGGERS else text
