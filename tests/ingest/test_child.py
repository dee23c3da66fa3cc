"""The child process: same table, limits kept, every death turned into a sentence."""

import json
import os
import subprocess
import sys

import pandas as pd
import pytest

import opslib as ops
from opslib.ingest import child

TEXT = "user_id,event,time\n" + "".join(
    f"{i % 9:03},pv,2025-01-{i % 28 + 1:02} 10:00:00\n" for i in range(200)
)


@pytest.fixture
def events(tmp_path):
    path = tmp_path / "事件 (1).csv"
    path.write_text(TEXT, encoding="gb18030")
    return path


def test_the_child_gives_what_the_parent_would_have_read(events, tmp_path):
    told = []
    into = tmp_path / "into"
    table = ops.import_file(
        events,
        into,
        name="../evil.csv",
        overrides={"timezone": "Asia/Shanghai"},
        on_progress=lambda stage, share: told.append((stage, share)),
    )
    direct = ops.read_table(events)
    pd.testing.assert_frame_equal(table.frame, direct.frame)
    assert table.report.name == "../evil.csv"
    assert table.report.timezone == "Asia/Shanghai"
    assert table.report.roles == direct.report.roles
    assert sorted(path.name for path in into.iterdir()) == [
        "report.json",
        "table.arrow",
    ]
    assert told[-1] == ("roles", 1.0)


def test_a_refusal_crosses_the_process_with_its_sentence(tmp_path, workbook):
    far = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        '<sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
        "</worksheet>"
    )
    path = tmp_path / "far.xlsx"
    path.write_bytes(workbook(S=far))
    with pytest.raises(ops.Error, match="Delete the stray cell") as caught:
        ops.import_file(path, tmp_path / "into")
    assert "第 1,048,576 行" in caught.value.text("zh_CN")


def test_a_wrong_override_is_told_with_the_choices(events, tmp_path):
    with pytest.raises(ops.Error, match=r"kind cannot be “novel”.*“events”, “orders”"):
        ops.import_file(events, tmp_path, overrides={"kind": "novel"})


def test_time_runs_out(events, tmp_path):
    with pytest.raises(ops.Error, match="was not read within"):
        ops.import_file(events, tmp_path, seconds=0.05)


@pytest.mark.skipif(sys.platform == "win32", reason="memory cannot be limited there")
def test_memory_runs_out(tmp_path):
    path = tmp_path / "wide.csv"
    path.write_text("a,b\n" + ("z" * 90 + ",1\n") * 2_000_000)
    with pytest.raises(ops.Error) as caught:
        ops.import_file(path, tmp_path / "into", memory=700 << 20)
    assert caught.value.code in {"ingest.child_memory", "ingest.child_died"}


def test_a_child_out_of_memory_says_how_much_there_was(monkeypatch, capsys):
    def starve(_):
        raise MemoryError

    monkeypatch.setattr(child, "_write", starve)
    monkeypatch.setattr(child, "limit", lambda *_: None)
    argv = ["x.csv", "--into", ".", "--memory", str(child.MEMORY)]
    assert child.main(argv) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert ops.Error(error["code"], **error["values"]).text() == (
        "The file needs more than the 3,221 MB of memory that an import may use. "
        "Try a smaller part of it."
    )


def test_raising_from_progress_cancels_and_leaves_no_process(events, tmp_path):
    class CancelledError(Exception):
        pass

    started = []
    popen = subprocess.Popen

    def remember(*args, **options):
        started.append(popen(*args, **options))
        return started[-1]

    def cancel(stage, share):
        raise CancelledError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(child.subprocess, "Popen", remember)
        with pytest.raises(CancelledError):
            ops.import_file(events, tmp_path / "into", on_progress=cancel)
    # It was ended: a child that comes to its end returns 0.
    assert started[0].poll() < 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals are not sent there")
def test_a_parser_that_dies_is_a_sentence(events, tmp_path):
    dying = "import os, signal; os.kill(os.getpid(), signal.SIGABRT)"
    process = subprocess.Popen(
        [sys.executable, "-c", dying], stdout=subprocess.PIPE, encoding="utf-8"
    )
    with process:
        error = child._follow(process, 10, None)
    assert error is not None
    assert error.code == "ingest.child_died"


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the processor there")
def test_a_processor_used_up_is_time_that_ran_out(events):
    busy = "import resource as r; r.setrlimit(r.RLIMIT_CPU, (1, 2))\nwhile True: pass"
    process = subprocess.Popen(
        [sys.executable, "-c", busy], stdout=subprocess.PIPE, encoding="utf-8"
    )
    with process:
        error = child._follow(process, 30, None)
    assert error is not None
    assert error.code == "ingest.child_time"


@pytest.mark.parametrize("name", ["--into.csv", "a\0b.csv", "\udce9.csv"])
def test_a_strangers_file_name_is_only_a_name(events, tmp_path, name):
    table = ops.import_file(events, tmp_path / "into", name=name)
    assert table.report.name in {name, "ab.csv", "?.csv"}


def test_an_unfinished_folder_is_not_a_table(tmp_path):
    (tmp_path / "report.json").write_text("{}")
    with pytest.raises(ops.Error, match="could not be read"):
        child.open_table(tmp_path)


def test_people_get_the_report_in_their_language(events, capsys):
    assert child.main([str(events), "--lang", "zh_CN"]) == 0
    shown = capsys.readouterr().out
    assert "看起来是行为日志" in shown
    assert "user_id" in shown
    assert child.main([str(events) + "x"]) == 1
    assert "cannot be opened" in capsys.readouterr().err


def test_a_terminal_without_chinese_letters_shows_question_marks(events):
    run = subprocess.run(
        [sys.executable, "-m", "opslib", "read", str(events), "--lang", "zh_CN"],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, b"")
    assert b"?" in run.stdout
    assert b"user_id" in run.stdout


def test_the_child_speaks_json_lines(events, tmp_path, capsys):
    assert child.main([str(events), "--into", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == '{"done": true}'
    assert child.main(["nowhere.csv", "--into", str(tmp_path)]) == 1
    assert '"code": "ingest.no_file"' in capsys.readouterr().out
    assert (tmp_path / "table.arrow").stat().st_size > 0
