"""The hostile files, small and large, each in a child of its own."""

import pytest

from tests.ingest.hostile import GROWTH, everything, imported, judge, resident
from tests.ingest.hostile_archives import ARCHIVES
from tests.ingest.hostile_bytes import BYTES
from tests.ingest.hostile_tables import TABLES

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "case", [*ARCHIVES, *BYTES, *TABLES], ids=lambda case: case.file
)
def test_a_hostile_file_is_loaded_as_stated_or_refused(case, tmp_path, monkeypatch):
    home, into = tmp_path / "home", tmp_path / "into"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("TMPDIR", str(home))
    monkeypatch.chdir(home)
    path = case.write(tmp_path)
    before, size = everything(tmp_path), resident()
    answer = imported(path, into)
    judge(case, answer)
    assert resident() - size < GROWTH
    written = {one.name for one in everything(tmp_path) - before}
    assert written <= {"into", "table.arrow", "report.json"}
