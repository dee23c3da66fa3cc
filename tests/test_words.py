"""Both languages say the same things, in sentences that can be written."""

import ast
import re
from pathlib import Path
from string import Formatter

import numpy as np
import pytest
from babel.messages.pofile import read_po

from opslib.words import LANGUAGES, WRITERS, text

ROOT = Path(__file__).parent.parent
CATALOGUES = [
    folder
    for folder in (ROOT / "opslib" / "words", ROOT / "pages" / "_frame" / "words")
    if folder.is_dir()
]
SOURCES = [
    *(ROOT / "opslib").rglob("*.py"),
    *(ROOT / "pages").rglob("*.py"),
    *ROOT.glob("*.py"),
]
HANZI = re.compile(r"[\u3400-\u9fff]")

# Names of something else that only look like codes: keys of the session, a table.
NO_CODES = {"frame.page", "frame.lang", "campaign.trend"}
# Modules that recognise or make Chinese data, where words are values.
CHINESE = (
    "opslib/analyses/_persona_cards.py",
    "opslib/analyses/ab_summary.py",
    "opslib/analyses/day_sums.py",
    "opslib/flavours.py",
    "opslib/ingest/",
    "opslib/names.py",
    "opslib/personal.py",
    "opslib/quality.py",
    "opslib/simulate.py",
    "opslib/stats/encoding.py",
    "pages/_frame/data.py",
)


def messages(folder, lang):
    """Each code with its message and the file it stands in."""
    found = {}
    for path in sorted((folder / lang).glob("*.po")):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=lang, abort_invalid=True)
        for message in catalogue:
            if message.id:
                code = message.id[0] if message.pluralizable else message.id
                assert code not in found, f"{code} stands in two files"
                found[code] = (message, path)
    return found


ALL = {
    (folder, lang): messages(folder, lang)
    for folder in CATALOGUES
    for lang in LANGUAGES
}
each = pytest.mark.parametrize(
    ("folder", "lang"),
    ALL,
    ids=[f"{folder.parent.name}-{lang}" for folder, lang in ALL],
)


def sentences(message):
    return message.string if message.pluralizable else (message.string,)


def blanks(sentence):
    """The values a sentence takes, with how each is written."""
    return {
        (name, spec or "")
        for _, name, spec, _ in Formatter().parse(sentence)
        if name is not None
    }


@pytest.mark.parametrize("folder", CATALOGUES, ids=lambda folder: folder.parent.name)
def test_both_languages_say_the_same_things(folder):
    english, chinese = (ALL[folder, lang] for lang in LANGUAGES)
    assert set(english) == set(chinese)
    different = {
        code: [
            set().union(*map(blanks, sentences(side[code][0])))
            for side in (english, chinese)
        ]
        for code in english
    }
    assert not {code: both for code, both in different.items() if both[0] != both[1]}
    assert not [
        code
        for code in english
        if english[code][0].pluralizable != chinese[code][0].pluralizable
    ]


@each
def test_every_sentence_is_complete(folder, lang):
    for code, (message, path) in ALL[folder, lang].items():
        assert not message.fuzzy, code
        assert all(sentence.strip() for sentence in sentences(message)), code
        for sentence in sentences(message):
            joins = not re.search(r"\w", sentence)
            assert joins or sentence == sentence.strip(), code
            unknown = {spec for _, spec in blanks(sentence)} - {"", *WRITERS}
            assert not unknown, f"{code}: no such way to write: {unknown}"
        assert code.split(".")[0] == path.stem, f"{code} does not belong in {path.name}"


@each
def test_plurals_have_all_their_forms_and_the_number_they_go_by(folder, lang):
    forms = {"en": 2, "zh_CN": 1}[lang]
    for code, (message, _) in ALL[folder, lang].items():
        if message.pluralizable:
            assert message.id == (code, code)
            assert len(message.string) == forms, code
            shown = set().union(*map(blanks, message.string))
            assert {"n", "count"} & {part for one in shown for part in one}, code


def written(sentence):
    """The sentence without values, and without what is to be typed, in brackets."""
    return re.sub(r"\[[^]]*\]", "", re.sub(r"\{[^}]*\}", "}", sentence))


@pytest.mark.parametrize("folder", CATALOGUES, ids=lambda folder: folder.parent.name)
def test_chinese_is_written_with_chinese_marks(folder):
    half = re.compile(
        r"[\u3400-\u9fff}][,;:!?.]|[,;:!?][\u3400-\u9fff]|[\u3400-\u9fff]\("
    )
    wrong = {
        code: sentence
        for code, (message, _) in ALL[folder, "zh_CN"].items()
        for sentence in sentences(message)
        if half.search(written(sentence))
    }
    assert not wrong


@pytest.mark.parametrize("folder", CATALOGUES, ids=lambda folder: folder.parent.name)
def test_chinese_sentences_are_in_chinese_and_english_ones_are_not(folder):
    for lang, expected in (("en", False), ("zh_CN", True)):
        wrong = {
            code: sentence
            for code, (message, _) in ALL[folder, lang].items()
            for sentence in sentences(message)
            if bool(HANZI.search(sentence)) is not expected
            and re.search(r"[A-Za-z]{3,}", re.sub(r"\{[^}]*\}", "", sentence))
        }
        assert not wrong


def parsed(path):
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def literals(path):
    """Text in a file that is neither a docstring nor a part of another text."""
    apart = set()
    for node in parsed(path):
        match node:
            case ast.Expr(value=ast.Constant() as docstring):
                apart.add((docstring.lineno, docstring.col_offset))
            case ast.JoinedStr(values=values):
                apart |= {(one.lineno, one.col_offset) for one in values}
    return [
        (node.value, node.lineno)
        for node in parsed(path)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and (node.lineno, node.col_offset) not in apart
    ]


def beginnings(path):
    """What stands before the first value in a text with values: f"ab.verdict_{x}"."""
    return [
        (node.values[0].value, node.lineno)
        for node in parsed(path)
        if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant)
    ]


def places(found, pattern):
    return {
        text: f"{path.relative_to(ROOT).as_posix()}:{line}"
        for path in SOURCES
        for text, line in found(path)
        if re.fullmatch(pattern, text)
    }


TOLD = places(literals, r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
FAMILIES = places(beginnings, r"[a-z][a-z0-9_]*\.[a-z0-9_.]*")
KNOWN = {code for folder, lang in ALL for code in ALL[folder, lang]}


def test_every_sentence_is_used():
    """A page names its title and its controls without its own name before them."""
    told = set()
    for page in (ROOT / "pages").glob("*.py"):
        names = {text for text, _ in literals(page)} | {"title", "no_table"}
        choices = {f"{name}.{text}" for name in names for text in {*names, "none"}}
        told |= {f"{page.stem}.{text}" for text in names | choices}
    unused = {
        code
        for code in KNOWN - set(TOLD) - told
        if not code.startswith(tuple(FAMILIES))
    }
    assert not unused


def test_every_sentence_that_is_used_exists():
    """A dotted text that starts as a catalogue does is a code."""
    stems = {code.split(".")[0] for code in KNOWN}
    files = {f"{stem}.{suffix}" for stem in stems for suffix in ("py", "csv", "po")}
    missing = {
        code: where
        for code, where in TOLD.items()
        if code.split(".")[0] in stems and code not in {*KNOWN, *NO_CODES, *files}
    }
    missing |= {
        family: where
        for family, where in FAMILIES.items()
        if family.split(".")[0] in stems
        and not any(code.startswith(family) for code in KNOWN)
    }
    assert not missing


def test_every_error_and_note_has_its_sentence():
    missing = [
        f"{path.relative_to(ROOT).as_posix()}:{node.lineno} {node.args[0].value}"
        for path in SOURCES
        for node in parsed(path)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", ""))
        in {"Error", "Note"}
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and node.args[0].value not in KNOWN
    ]
    assert not missing


def test_what_people_read_stands_in_the_catalogues():
    """Chinese in a string is a sure sign of a sentence outside them."""
    found = [
        f"{path.relative_to(ROOT).as_posix()}:{line} {text}"
        for path in SOURCES
        for text, line in literals(path)
        if HANZI.search(text)
        and not path.relative_to(ROOT).as_posix().startswith(CHINESE)
        and path != ROOT / "opslib" / "words" / "__init__.py"
    ]
    assert not found


@pytest.mark.parametrize("n", [0, np.int64(0), np.int64(2)])
def test_numbers_of_numpy_take_their_plural(n):
    said = text("funnel.previous_few", n=n)
    assert f"the windows of only {n} users" in said
