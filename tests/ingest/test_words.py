"""Every sentence of the loader exists in both languages and says the same values."""

import re
from pathlib import Path

import pytest

import opslib
from opslib.ingest import KINDS
from opslib.words import LANGUAGES

WORDS = Path(opslib.__file__).parent / "words"
ENTRY = re.compile(r'msgid "(ingest\.\w+)"\n(?:msgid_plural .*\n)?((?:msgstr.*\n?)+)')


def entries(lang):
    text = (WORDS / lang / "ingest.po").read_text(encoding="utf-8")
    return {
        code: set(re.findall(r"\{(\w+)", strings))
        for code, strings in ENTRY.findall(text)
    }


def test_both_languages_say_the_same_values():
    english, chinese = map(entries, LANGUAGES)
    assert english == chinese
    assert len(english) > 40


def test_every_sentence_that_the_code_asks_for_is_there():
    code = "".join(
        path.read_text(encoding="utf-8")
        for path in (WORDS.parent / "ingest").glob("*.py")
    )
    asked = set(re.findall(r'"(ingest\.\w+[a-z])"', code))
    assert asked
    assert asked <= set(entries("en"))


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_kind_has_a_name(kind):
    assert f"ingest.kind_{kind}" in entries("zh_CN")
