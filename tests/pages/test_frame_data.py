"""The door to data opens what is in the list, and nothing else."""

import re
from pathlib import Path

import pandas as pd
import pytest

import opslib as ops
from opslib.ingest.report import Report
from opslib.workspace import Workspace
from pages._frame import data
from pages._frame.reading import REASONS

PARTS = ("rows", "layout")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("OPSLIB_HOME", str(tmp_path / "home"))
    for cached in (data.workspace, data.load):
        cached.clear()
    yield Workspace()
    for cached in (data.workspace, data.load):
        cached.clear()


def test_a_path_is_no_data_set_whoever_asks_for_it(home, tmp_path):
    path = tmp_path / "users.csv"
    path.write_text("user_id,city\n1,a\n2,b\n", encoding="utf-8")
    cell = {"analysis": "user_features", "options": {}}
    for asked in (str(path), f"../{path.name}", "/etc/passwd", "demo/../x", "a" * 32):
        with pytest.raises(ops.Error, match="no data set"):
            data.load(asked)
        with pytest.raises(ops.Error, match="no data set"):
            data.run(cell["analysis"], asked, cell["options"])


def test_a_saved_data_set_and_the_demo_open(home):
    id_ = home.save(ops.demo(users=20), name="shop")
    assert data.load(id_).name == "shop"
    assert data.load("demo-zh").id == "demo-zh"


def test_every_reason_for_a_row_set_aside_has_its_words():
    """As rows.py and layout.py give them, so that the page never shows a code."""
    folder = Path(ops.__file__).parent / "ingest"
    code = "".join((folder / f"{name}.py").read_text("utf-8") for name in PARTS)
    given = set(re.findall(r'(?:number|numbers\.pop\(\)|row), "(\w+)"', code))
    assert {"preamble", "short", "long", "total", "header"} <= given <= set(REASONS)
    for reason in REASONS:
        row = pd.DataFrame({"row": [1], "reason": [reason], "text": ["x"]})
        assert Report(set_aside=row).aside_notes(), reason
