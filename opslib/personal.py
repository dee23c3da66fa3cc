"""Personal data: which columns hold phones, e-mails, id or card numbers, names.

Found so that previews, reports and logs can mask them, and so that they are no user's
id while there is another one.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from opslib.names import normal

SAMPLE = 2000
# A header that comes again and a sum are no person's rows.
NOBODY = {"header", "total"}
# So many of a column's different values must look like it; a name helps.
MOST, MANY = 0.8, 0.5

PHONE = r"(?:\+?86[-\s]?)?1[3-9]\d[-\s]?\d{4}[-\s]?\d{4}"
ABROAD = r"\+[1-9]\d{0,2}[-\s(]?[\d\-\s().]{6,16}\d"
LOCAL = r"[A-Za-z0-9._%+\-]"
# No name in front of an @ is longer.
EMAIL = rf"{LOCAL}{{1,64}}@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)*\.[A-Za-z]{{2,}}"
ID_CARD = r"[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]"
CARD = r"[3-6]\d{3}(?:[-\s]?\d{4}){2}(?:[-\s]?\d{1,7})"
# The commonest hundred surnames cover more than four fifths of all Chinese names.
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余"
    "杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史"
    "陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
NAME = rf"[{SURNAMES}][\u4e00-\u9fff·]{{1,3}}|[A-Z][\w'\-]+(?:\s+[A-Z][\w'.\-]*){{0,3}}"
NAMES = re.compile(NAME)
CALLED = {
    "name": r"(?:姓名|收货人|收件人|联系人|真实姓名|客户名称|收货人名称)$"
    r"|^(?:full|real|first|last|sur|family|given|customer|contact|recipient|shipping"
    r"|billing)?name$",
    "phone": r"手机|电话|联系方式|phone|mobile|^tel|cell",
    "email": r"邮箱|邮件|email|mail",
    "id_card": r"身份证|证件号|idcard|identity|idno$|nationalid",
    "card": r"银行卡|卡号|bankcard|cardno|cardnumber|account(?:no|number)$",
}
PATTERNS = {"phone": f"{PHONE}|{ABROAD}", "email": EMAIL, "id_card": ID_CARD}
PATTERNS |= {"card": CARD, "name": NAME}
# Kinds that are told by how a value is built, the surest first.
BUILT = ("email", "id_card", "phone", "card")
_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
_CHECKS = "10X98765432"


def find(frame: pd.DataFrame) -> dict[str, str]:
    """Say which columns hold personal data, and of which kind.

    Kinds are "phone" (Chinese mobile, or international with +), "email", "id_card"
    (18 digits with a valid date and check digit, GB 11643), "card" (bank cards by
    ISO/IEC 7812, Luhn) and "name" (by the column's name and the values). About 2,000
    rows, spread over the table, are looked at.

    Example:
        >>> find(pd.DataFrame({"联系": ["13800138000", "13900139000"], "n": [1, 2]}))
        {'联系': 'phone'}
    """
    found = {}
    for column in frame.columns:
        values = frame[column]
        if not (_is_text(values) or pd.api.types.is_integer_dtype(values)):
            continue
        present = values.dropna()
        some = present.iloc[:: max(1, len(present) // SAMPLE)].unique()
        texts = pd.Series(some).astype("str").str.strip()
        if kind := _kind(normal(column), texts):
            found[str(column)] = kind
    return found


def mask(values: pd.Series, kind: str) -> pd.Series:
    """Hide what identifies somebody, keep what helps to recognise a row.

    Args:
        values: Values of one column; missing ones stay missing.
        kind: As `find` says.

    Example:
        >>> mask(pd.Series(["13800138000", None]), "phone").tolist()[0]
        '138****8000'
        >>> [mask(pd.Series([text]), kind)[0] for text, kind in (
        ...     ("anna@x.com", "email"), ("11010119900307123X", "id_card"),
        ...     ("张伟", "name"), ("6222021234567890123", "card"))]
        ['a***@x.com', '11010119********3X', '张*', '6222***********0123']
    """
    shown = {text: _masked(str(text), kind) for text in values.dropna().unique()}
    return values.map(shown).astype("str").where(values.notna(), None)


def mask_text(text: str) -> str:
    """Hide every e-mail, id, phone and card number within a text.

    Example:
        >>> mask_text("张伟,13800138000,a.b@x.com,20250101000001")
        '张伟,138****8000,a***@x.com,20250101000001'
    """
    for kind in BUILT:
        pattern = PATTERNS[kind]
        # From the start of a word only: at each letter, a long one takes its square.
        edges = (LOCAL, "") if kind == "email" else (r"[\d+]", r"(?!\d)")
        edged = rf"(?<!{edges[0]})(?:{pattern}){edges[1]}"
        text = re.sub(edged, partial(_hidden, kind=kind), text)
    return text


def hide(text: str, kind: str = "", *, names: bool = False) -> str:
    """Hide a cell of a column of that kind; of another, what is personal within it.

    Args:
        text: The cell.
        kind: What its column holds, as `find` says; "" for nothing personal.
        names: Whether the table has a column of names: of a row that was cut wrong,
            they stand in another one.

    Example:
        >>> hide("张伟", "name"), hide("张伟", names=True), hide("张伟 13800138000")
        ('张*', '张*', '张伟 138****8000')
    """
    if not kind and names and NAMES.fullmatch(text):
        kind = "name"
    return _masked(text, kind) if kind and text else mask_text(text)


def mask_cells(cells: pd.DataFrame, kinds: Mapping[str, str]) -> pd.DataFrame:
    """Return a table of cells, columns column and text, with the personal hidden."""
    names = "name" in kinds.values()
    pairs = zip(cells["column"], cells["text"], strict=True)
    shown = [hide(text, kinds.get(name, ""), names=names) for name, text in pairs]
    return cells.assign(text=pd.Series(shown, cells.index, "str"))


def mask_rows(
    rows: pd.DataFrame,
    kinds: Mapping[str, str],
    *,
    columns: Sequence[str],
    cut: Callable[[str], list[str]],
    joined: Callable[[list[str]], str],
) -> pd.DataFrame:
    """Return rows that were set aside with everything personal in them hidden.

    A cell that stands in a personal column is masked as a whole. In a row of another
    width that column is counted from both ends, and what looks like a name is hidden
    anywhere, if the table has names at all.

    Args:
        rows: Columns reason and text.
        kinds: Column -> kind, as `find` says.
        columns: All columns, in the order of the file.
        cut: Cuts a text into cells as the file is cut.
        joined: Writes cells as the file does.

    Example:
        >>> rows = pd.DataFrame({"reason": ["short"], "text": ["7,张伟"]})
        >>> asked = {"columns": ["id", "姓名", "n"], "joined": ",".join}
        >>> asked["cut"] = lambda text: text.split(",")
        >>> mask_rows(rows, {"姓名": "name"}, **asked)["text"][0]
        '7*,张*'
    """
    places = {i: kinds[name] for i, name in enumerate(columns) if name in kinds}

    def shown(text: str, reason: str) -> str:
        row = cut(text) if places and reason not in NOBODY else [text]
        # A title or a note is one cell.
        if len(row) < 2:
            return mask_text(text)
        hidden = _hide_row(row, places, len(columns))
        return text if hidden == row else joined(hidden)

    # Nothing shorter can be any of it, and a file may set aside very many rows.
    suspect = rows["text"].str.contains(r"@|\d[\d\s\-]{6}").to_numpy(bool)
    some = rows[suspect | bool(places)]
    pairs = zip(some["text"], some["reason"], strict=True)
    masked = pd.Series([shown(*pair) for pair in pairs], some.index, "str")
    return rows.assign(text=masked.reindex(rows.index).fillna(rows["text"]))


def examples(values: pd.Series, most: int = 3) -> list[object]:
    """Give the first values of a column for an error to quote, masked if personal.

    Whatever the column is called: the wrong one may have been chosen.

    Example:
        >>> examples(pd.Series(["张伟", "李娜", "王芳"])), examples(pd.Series([7, 8]))
        (['张*', '李*', '王*'], [7, 8])
    """
    present = values.dropna()
    some = present.iloc[:SAMPLE].unique()
    kind = _kind("name", pd.Series(some).astype("str").str.strip())
    shown = []
    for value in present.iloc[:most].tolist():
        hidden = hide(str(value), kind)
        shown.append(value if hidden == str(value) else hidden)
    return shown


def _hide_row(row: list[str], places: Mapping[int, str], width: int) -> list[str]:
    """Hide the cells of a row that stand, or may stand, in personal columns."""
    if len(row) == width:
        return [hide(cell, places.get(i, "")) for i, cell in enumerate(row)]
    late = {i + len(row) - width: kind for i, kind in places.items()}
    names = "name" in places.values()
    return [
        hide(cell, places.get(i) or late.get(i, ""), names=names)
        for i, cell in enumerate(row)
    ]


def _hidden(found: re.Match[str], kind: str) -> str:
    real = kind not in CHECKS or bool(CHECKS[kind](pd.Series([found[0]]))[0])
    return _masked(found[0], kind) if real else found[0]


def _masked(text: str, kind: str) -> str:
    match kind:
        case "email":
            name, _, host = text.partition("@")
            return f"{name[:1]}***@{host}"
        case "name":
            return text[:1] + "*" * min(max(len(text) - 1, 1), 3)
        case "id_card":
            first, last = 8, 2
        case "card":
            first, last = 4, 4
        case _:
            first, last = (3, 4) if not text.startswith("+") else (4, 2)
    hidden = len(text) - first - last
    return text[:first] + "*" * hidden + text[len(text) - last :] if hidden > 0 else "*"


def _kind(name: str, texts: pd.Series) -> str:
    if not len(texts):
        return ""
    for kind in BUILT:
        built = texts.str.fullmatch(PATTERNS[kind]).to_numpy(bool, copy=True)
        if kind in CHECKS and built.any():
            built[built] = CHECKS[kind](texts[built])
        called = bool(re.search(CALLED[kind], name))
        # One in ten numbers of the right length passes Luhn, and order numbers are
        # long: a card must look like one throughout, or be called so.
        enough = MANY if called else MOST
        if built.mean() >= enough and (called or kind != "card" or built.all()):
            return kind
    named = re.search(CALLED["name"], name)
    if named and texts.str.fullmatch(NAME).mean() >= MANY:
        return "name"
    return ""


def _is_text(values: pd.Series) -> bool:
    return isinstance(values.dtype, pd.StringDtype) or values.dtype == object


def _digits(texts: pd.Series) -> npt.NDArray[np.int64]:
    """Spread numbers of one length over a table of digits, right-aligned."""
    wide = texts.str.replace(r"\D", "", regex=True).str.zfill(19)
    letters = np.array(wide.tolist(), dtype="U19")
    return letters.view("U1").reshape(len(texts), 19).astype(np.int64)


def _id_card(texts: pd.Series) -> npt.NDArray[np.bool_]:
    """Check digit of GB 11643: ISO 7064, MOD 11-2."""
    body = np.array([[*text[:17]] for text in texts], dtype=np.int64)
    expected = [_CHECKS[at] for at in (body * _WEIGHTS).sum(axis=1) % 11]
    return np.array(
        [text[17].upper() == check for text, check in zip(texts, expected, strict=True)]
    )


def _luhn(texts: pd.Series) -> npt.NDArray[np.bool_]:
    digits = _digits(texts)
    doubled = digits[:, -2::-2] * 2
    total = digits[:, ::-2].sum(axis=1) + (doubled - 9 * (doubled > 9)).sum(axis=1)
    return total % 10 == 0


CHECKS = {"id_card": _id_card, "card": _luhn}
