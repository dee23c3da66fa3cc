"""Two languages: gettext catalogues, and numbers, dates and names as each writes them.

A catalogue is a folder with one folder per language holding `.po` files. Messages are
keyed by stable codes ("funnel.answer"); the sentence says how each value is shown:

    msgid "funnel.answer"
    msgstr "{share:percent} of {n:count} users reached {step:name}."

A message with a plural takes its number from the value `n`.
"""

import datetime as dt
import gettext
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from io import BytesIO
from numbers import Real
from pathlib import Path
from string import Formatter
from typing import Any, Literal

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.lists import format_list
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit

LANGUAGES = ("en", "zh_CN")
LONGEST_NAME = 60


class Catalogue:
    """The sentences under `folder`, in every language of `LANGUAGES`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def text(self, code: str, lang: str = "en", /, **values: Any) -> str:  # noqa: ANN401
        """Return the sentence `code` in `lang`, its values written as `lang` does.

        Raises:
            KeyError: The catalogue has no such sentence, or `lang` is not known.
        """
        messages = _messages(self.folder, lang)
        number = values.get("n")
        sentence = (
            messages.ngettext(code, code, round(float(number)))
            if isinstance(number, Real)
            else messages.gettext(code)
        )
        if sentence == code:
            # ngettext does not find a message without plural forms.
            sentence = messages.gettext(code)
        if sentence == code:
            raise KeyError(code)
        return _Writer(lang).vformat(sentence, (), values)

    def has(self, code: str) -> bool:
        """Say whether there is a sentence `code`."""
        return _messages(self.folder, "en").gettext(code) != code


@cache
def _messages(folder: Path, lang: str) -> gettext.GNUTranslations:
    """Read every `.po` of one language; compiled in memory, so nothing can be stale."""
    if lang not in LANGUAGES:
        raise KeyError(lang)
    merged = Catalog(locale=lang)
    for path in sorted((folder / lang).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=lang, abort_invalid=True):
                if message.id:
                    merged[message.id] = message
    compiled = BytesIO()
    write_mo(compiled, merged)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def clean(name: object, longest: int = LONGEST_NAME) -> str:
    r"""Make a name from a file safe to show: no control characters, not too long.

    Example:
        >>> clean("re\x00venue\n(total)")
        'revenue (total)'
    """
    text = str(name)
    # A cell may hold a book: only its beginning is looked at.
    head = text[: 20 * longest]
    visible = "".join(
        " " if char in "\t\n\r" else char
        for char in head
        if char in "\t\n\r" or unicodedata.category(char) not in {"Cc", "Cf", "Cs"}
    )
    short = re.sub(r"\s+", " ", visible).strip()
    whole = len(short) <= longest and len(head) == len(text)
    return short if whole else short[: longest - 1] + "…"


def number(value: float, lang: str = "en", digits: int = 3) -> str:
    """Write a number with `digits` significant digits, or all of a whole number.

    Example:
        >>> number(1234567.8), number(0.012345), number(12.0)
        ('1,234,568', '0.0123', '12')
    """
    if value == 0 or not math.isfinite(value):
        return "–" if math.isnan(value) else format_decimal(value, locale=lang)
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    pattern = "#,##0" + ("." + "#" * decimals if decimals else "")
    return format_decimal(value, pattern, locale=lang)


def percent(value: float, lang: str = "en", *, signed: bool = False) -> str:
    """Write a share from 0 to 1 as a percentage with sensible digits.

    Example:
        >>> percent(0.1234), percent(0.00123), percent(1.0), percent(float("nan"))
        ('12.3%', '0.12%', '100%', '–')
    """
    if not math.isfinite(value):
        return "–" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    size = abs(value) * 100
    decimals = 0 if size == 0 or size >= 99.95 else 1 if size >= 0.95 else 2
    digits = "#,##0" + ("." + "0" * decimals if decimals else "") + "%"
    pattern = f"+{digits};−{digits}" if signed else digits
    return format_percent(value, pattern, locale=lang, decimal_quantization=True)


def _points(value: float, lang: str) -> str:
    unit = {"en": " pp", "zh_CN": " 个百分点"}[lang]
    pattern = "+0.00;−0.00" if abs(value) < 0.00995 else "+0.0;−0.0"
    return format_decimal(value * 100, pattern, locale=lang) + unit


def _p_value(value: float, lang: str) -> str:
    return (
        f"< {format_decimal(0.001, locale=lang)}"
        if value < 0.001
        else (number(value, lang, digits=2))
    )


UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def duration(seconds: float, lang: str = "en") -> str:
    """Write a length of time in its largest sensible unit.

    Example:
        >>> duration(90), duration(604_800), duration(604_800, "zh_CN")
        ('1.5 minutes', '7 days', '7 天')
    """
    if math.isnan(seconds):
        return "–"
    unit, size = next((u for u in UNITS if abs(seconds) >= u[1]), UNITS[-1])
    rounded = (
        float(f"{seconds / size:.2g}")
        if seconds / size < 100
        else round(seconds / size)
    )
    # Babel has no long Chinese units and would write the code of the unit.
    length: Literal["short", "long"] = "short" if lang.startswith("zh") else "long"
    text = format_unit(rounded, f"duration-{unit}", length, locale=lang)
    # As every sentence sets numbers off from Chinese.
    return re.sub(r"(?<=\d)(?=[^\W\d_a-z])", " ", text)


def _date(value: dt.date | str, lang: str) -> str:
    if isinstance(value, str):
        value = dt.datetime.fromisoformat(value)
    if isinstance(value, dt.datetime) and value.time() != dt.time():
        return format_datetime(value, "medium", locale=lang)
    return format_date(value, "medium", locale=lang)


def _name(value: Any, lang: str) -> str:  # noqa: ANN401
    left, right, inside = {
        "en": ("“", "”", str.maketrans("“”", "‘’")),
        "zh_CN": ("「", "」", str.maketrans("「」", "『』")),
    }[lang]
    if hasattr(value, "text"):
        value = value.text(lang).translate(inside)
    return f"{left}{clean(value)}{right}"


def _names(values: Iterable[object], lang: str, most: int = 12) -> str:
    quoted = [_name(value, lang) for value in values]
    if len(quoted) > most:
        quoted = [*quoted[:most], f"… ({format_decimal(len(quoted), locale=lang)})"]
    return format_list(quoted, "unit", locale=lang) if quoted else "–"


WRITERS: dict[str, Callable[[Any, str], str]] = {
    "count": lambda value, lang: format_decimal(value, "#,##0", locale=lang),
    "number": number,
    "percent": percent,
    "change": lambda value, lang: percent(value, lang, signed=True),
    "points": _points,
    "gain": lambda value, lang: ("+" if value > 0 else "") + number(value, lang),
    "p": _p_value,
    "date": _date,
    "duration": duration,
    "name": _name,
    "names": _names,
}


class _Writer(Formatter):
    """Formats `{value:spec}` where spec is a key of `WRITERS`."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def get_field(
        self, field_name: str, _args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> tuple[Any, str]:
        return kwargs[field_name], field_name

    def format_field(self, value: Any, format_spec: str) -> str:  # noqa: ANN401
        if format_spec:
            return WRITERS[format_spec](value, self.lang)
        if hasattr(value, "text"):
            return value.text(self.lang)
        if isinstance(value, float):
            return number(value, self.lang)
        return clean(value, longest=400)


_OWN = Catalogue(Path(__file__).parent)
text = _OWN.text
has = _OWN.has


def language_name(lang: str) -> str:
    """Name a language in itself, as a language menu does.

    Example:
        >>> [language_name(lang) for lang in LANGUAGES]
        ['English', '简体中文']
    """
    return (Locale.parse(lang).get_display_name() or lang).replace(
        "中文 (简体, 中国)", "简体中文"
    )
