"""The limits in docs/limits.md are those of the code, and each says what it is."""

import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from opslib import words
from opslib.words import LANGUAGES
from pages._frame.text import WORDS

ROOT = Path(__file__).parents[1]
DOC = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip().strip("`") for cell in line.strip("| ").split("|")]
    for line in DOC.splitlines()
    if line.startswith("| ") and not line.startswith("| what")
]
UNITS = {"MB": 1e6, "million characters": 1e6, "times": 1, "seconds": 1, "": 1}
# What each sentence is told, besides the limit itself.
TOLD = {
    "data.refused": {"mb": 500},
    "data.capped": {},
    "data.queue": {"n": 2, "place": 1},
    "ingest.bomb": {"size": 9_999.0},
    "ingest.far_cell": {"row": 1_048_576, "column": 16_384},
    "ingest.columns": {"n": 2_001},
    "ingest.long_line": {"row": 7},
    "ingest.zip_members": {"n": 10_001},
    "ingest.parquet_footer": {"size": 12.0},
    "ingest.child_time": {"seconds": 120},
    "eventlog.names": {"n": 70_000, "column": "url"},
}


def value(name):
    """What the code, or the configuration, sets under this name."""
    if name == "server.maxUploadSize":
        config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
        return config["server"]["maxUploadSize"] * 1_000_000
    module, _, constant = name.rpartition(".")
    return getattr(import_module(module), constant)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_table_agrees_with_the_code(row):
    number, _, unit = row[1].partition(" ")
    told = float(number.replace(",", "")) * UNITS[unit]
    assert told == pytest.approx(value(row[4]), rel=0.001 if unit[:1] in "Mm" else 0)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_sentence_of_a_limit_names_it(row, lang):
    number, code = row[1].split()[0], row[3]
    most = float(number.replace(",", ""))
    catalogue = WORDS.text if code.startswith("data.") else words.text
    said = catalogue(code, lang, **{"most": most, **TOLD.get(code, {})})
    shown = {"ingest.child_time": {"en": "2 minutes", "zh_CN": "2 分钟"}}
    assert shown.get(code, {}).get(lang, number) in said
    for got in TOLD.get(code, {}).values():
        plain = f"{got:,.0f}" if isinstance(got, int | float) else got
        assert plain in said or code == "ingest.child_time"


def test_every_limit_that_ends_a_reading_is_in_the_table():
    """A sentence with a `most` in it is one of a limit."""
    listed = {row[3] for row in ROWS}
    for path in (ROOT / "opslib" / "ingest").glob("*.py"):
        found = re.findall(
            r'Error\(\s*"([\w.]+)",[^"]*?\bmost=', path.read_text("utf-8")
        )
        assert set(found) <= listed, path.name
