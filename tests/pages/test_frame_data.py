"""The door to data opens what is in the list, and nothing else."""

import pytest

import opslib as ops
from opslib.workspace import Workspace
from pages._frame import data


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
