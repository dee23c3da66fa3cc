"""Two hundred hostile files: each is loaded as stated or refused with a sentence."""

import os
import subprocess
import sys

import pytest

import opslib as ops
from opslib.words import LANGUAGES
from tests.ingest.hostile import (
    GROWTH,
    LIMITS,
    Reader,
    events,
    everything,
    fit_to_show,
    imported,
    judge,
    resident,
)
from tests.ingest.hostile_archives import ARCHIVES
from tests.ingest.hostile_bytes import BYTES
from tests.ingest.hostile_tables import TABLES

CASES = (*ARCHIVES, *BYTES, *TABLES)
SMALL = [case for case in CASES if not case.large]
# One of each way in which a child can end, each in a child of its own.
CHOSEN = {"plain.xlsx", "far_cell.xlsx", "pickle.csv", "headers.csv", "utf16_lone.csv"}


def named(case):
    return case.file


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Where a child would leave what it should not write: its home, work and tmp."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def reader(home):
    one = Reader(home)
    yield one
    one.close()


@pytest.fixture(autouse=True)
def calm():
    """Whatever is read, this process stays as large as it was."""
    before = resident()
    yield
    assert resident() - before < GROWTH


def test_every_file_has_a_name_of_its_own():
    assert len({case.file for case in CASES}) == len(CASES) >= 120


@pytest.mark.parametrize("case", SMALL, ids=named)
def test_a_hostile_file_is_loaded_as_stated_or_refused(case, reader, home, tmp_path):
    path = case.write(tmp_path)
    before = everything(tmp_path)
    answer, shown = reader.read(path, tmp_path / "into", "zh_CN")
    judge(case, answer)
    assert fit_to_show(shown)
    written = everything(tmp_path) - before
    assert {one.name for one in written} <= {"into", "table.arrow", "report.json"}
    assert not everything(home)


@pytest.mark.parametrize(
    "case", [case for case in SMALL if case.file in CHOSEN], ids=named
)
def test_a_child_of_its_own_gives_the_same_answer(case, tmp_path):
    judge(case, imported(case.write(tmp_path), tmp_path / "into"))


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text(events())
    return path


@pytest.mark.parametrize(
    "name", ["../../x.csv", "x" * 300_000, "\x1b[2J\n", '{"done": 1}']
)
def test_a_hostile_name_is_kept_as_text_and_names_no_file(log, tmp_path, name):
    before = everything(tmp_path.parent)
    table = ops.import_file(log, tmp_path / "into", name=name, **LIMITS)
    assert name.startswith(table.report.name)
    assert table.report.rows == 30
    written = {path.name for path in everything(tmp_path.parent) - before}
    assert written == {"into", "table.arrow", "report.json"}


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="names are text there")
@pytest.mark.parametrize("there", [True, False])
def test_a_name_that_is_no_text_is_only_a_name(log, tmp_path, there):
    path = tmp_path / os.fsdecode(b"\xe9\xff.csv")
    if there:
        log.rename(path)
        assert ops.import_file(path, tmp_path / "into", **LIMITS).report.rows == 30
    else:
        with pytest.raises(ops.Error, match="cannot be opened"):
            ops.import_file(path, tmp_path / "into", **LIMITS)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a permission there")
def test_a_link_is_read_and_a_broken_one_is_told(log, tmp_path):
    (tmp_path / "link.csv").symlink_to(log)
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    assert ops.import_file(tmp_path / "link.csv", tmp_path / "into").report.rows == 30
    with pytest.raises(ops.Error, match=r"“loop\.csv” cannot be opened") as caught:
        ops.import_file(tmp_path / "loop.csv", tmp_path / "into", **LIMITS)
    assert all(fit_to_show(caught.value.text(lang)) for lang in LANGUAGES)


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes with names there")
def test_what_is_no_file_is_told_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    for path in (tmp_path / "pipe.csv", tmp_path, "/dev/zero"):
        with pytest.raises(ops.Error, match="a pipe or a device") as caught:
            ops.import_file(path, tmp_path / "into", **LIMITS)
        assert all(fit_to_show(caught.value.text(lang)) for lang in LANGUAGES)
    assert not (tmp_path / "into").exists()


def test_a_file_that_may_not_be_read_is_told(log, tmp_path):
    log.chmod(0)
    if os.access(log, os.R_OK):
        pytest.skip("Whoever runs this may read everything.")
    with pytest.raises(ops.Error, match="cannot be opened: Permission denied"):
        ops.import_file(log, tmp_path / "into", **LIMITS)


def test_a_file_that_grows_while_it_is_read_gives_whole_rows(log, tmp_path):
    def grow(stage, share):
        with log.open("a") as stream:
            stream.write("u1,view,2025-01-01 10:00:00\n" * 1_000)

    table = ops.import_file(log, tmp_path / "into", on_progress=grow, **LIMITS)
    assert table.report.rows >= 30
    assert not len(table.report.set_aside)
    assert set(table.frame["event"]) == {"view", "cart", "buy"}


@pytest.mark.parametrize(
    ("stage", "left"), [("open", None), ("rows", None), ("open", 100)]
)
def test_a_file_that_is_deleted_or_cut_is_read_or_told(log, tmp_path, stage, left):
    log.write_text(events(50_000))

    def harm(now, share):
        if now == stage and left is None:
            log.unlink(missing_ok=True)
        elif now == stage:
            os.truncate(log, left)

    answer = imported(log, tmp_path / "into", on_progress=harm)
    if isinstance(answer, ops.Error):
        assert answer.code in {"ingest.no_file", "ingest.empty"}
    else:
        assert 2 <= answer.report.rows <= 50_000


def test_the_command_line_says_what_is_wrong_and_no_more(tmp_path):
    path = tmp_path / "page.csv"
    path.write_text("<html>\x1b[2J")
    run = subprocess.run(
        [sys.executable, "-m", "opslib", "read", str(path)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith("The file is HTML, which cannot be read.")
    assert fit_to_show(run.stderr)
