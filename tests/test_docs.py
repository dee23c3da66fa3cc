"""Nothing public is undocumented, and nothing documented is gone."""

import inspect
import re
from pathlib import Path

import pytest

import opslib
from opslib.cells import TABLES

ROOT = Path(__file__).parent.parent
METHODS = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
PUBLIC = sorted(opslib.__all__)


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_says_what_it_is(name):
    told = inspect.getdoc(getattr(opslib, name)) or ""
    assert re.match(r"[A-Z\"`].*[.:]$", told.partition("\n\n")[0].replace("\n", " "))


@pytest.mark.parametrize("name", sorted(set(TABLES) & set(PUBLIC)))
def test_an_analysis_has_a_section_and_all_its_options_are_told(name):
    assert f"\n## {name}\n" in METHODS
    function = getattr(opslib, name)
    told = inspect.getdoc(function) or ""
    untold = [
        option
        for option in inspect.signature(function).parameters
        if not re.search(rf"^ *(\w+, )*{option}(, \w+)*:", told, re.MULTILINE)
    ]
    assert not untold


def test_every_section_is_about_an_analysis():
    assert set(re.findall(r"^## (\w+)$", METHODS, re.MULTILINE)) == set(TABLES)


def test_every_section_gives_the_call():
    for name in TABLES:
        assert f"\n## {name}\n\n`{name}(" in METHODS


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=str)
def test_files_that_are_named_exist(page):
    named = re.findall(
        r"`((?:opslib|pages|tests|docs)/[\w/]+[.]\w+)`", page.read_text("utf-8")
    )
    assert not [one for one in named if "NAME" not in one and not (ROOT / one).exists()]
