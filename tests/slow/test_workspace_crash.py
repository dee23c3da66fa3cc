"""kill -9 before each touch of the disk in turn: what is saved is whole or absent."""

import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from opslib.workspace import Workspace

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="no kill -9 on Windows"),
]

TOUCHES = {
    "open",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "shutil.rmtree",
    "sqlite3.connect",
}
ROWS = 2_000


def tables(i):
    """Tables that only number i can be."""
    time = pd.Timestamp("2026-01-01") + pd.to_timedelta(list(range(ROWS)), unit="min")
    user = [f"{i}-{row % 50}" for row in range(ROWS)]
    frame = pd.DataFrame({"user": user, "event": "view", "time": time})
    return {"events": frame, "users": pd.DataFrame({"user": sorted(set(user)), "i": i})}


def original(i):
    return b"%08d" % i * 1_000_000


def listed(i):
    """Users and labels that only number i can be."""
    users = [f"0-{row % 50}" for row in range(50)] + [
        f"no-{i}-{row}" for row in range(9)
    ]
    return users, [str((i + row) % 7) for row in range(len(users))]


def data_sets(home, touch):
    """Save two data sets and delete the first."""
    ids = []
    for i in (2 * touch, 2 * touch + 1):
        given = {"name": str(i), "report": {"i": i}, "original": original(i)}
        ids.append(home.save(tables(i), **given))
        say("saved", ids[-1])
    say("deleting", ids[0])
    home.delete(ids[0])
    say("deleted", ids[0])


def segments(home, touch):
    """The same with segments of the one data set."""
    saved = home.list()
    id_ = saved[0].id if saved else home.save(tables(0), name="shop")
    segments = home.segments(id_)
    ids = []
    for i in (2 * touch, 2 * touch + 1):
        ids.append(segments.save(str(i), *listed(i)).id)
        say("saved", ids[-1])
    say("deleting", ids[0])
    segments.delete(ids[0])
    say("deleted", ids[0])


def say(verb, id_=""):
    os.write(1, f"{verb} {id_}\n".encode())


def die_before(touch, work, practice, root):
    """Do the work in a child that dies before this touch of the disk: 1 is the first.

    A touch is a file made, opened, renamed or removed, an SQL statement or a commit.
    """
    work(Workspace(practice), 0)  # loads and compiles
    home, left = Workspace(root), touch

    def count(*_):
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    say("begin")
    sa.event.listen(sa.Engine, "before_cursor_execute", count)
    sa.event.listen(sa.Engine, "commit", count)
    sys.addaudithook(lambda event, _: count() if event in TOUCHES else None)
    work(home, touch)
    left = 0  # the end of the process touches too


def deaths(work, folder):
    """Do the work to its first touch of the disk, to its second, and so to its end.

    Yields the ids that the child said, by verb.
    """
    code = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import {Path(__file__).stem} as test
test.die_before(int(sys.argv[1]), test.{work.__name__}, *sys.argv[2:])
"""
    for touch in itertools.count(1):
        given = (str(touch), str(folder / f"practice-{touch}"), str(folder / "home"))
        child = subprocess.run(
            [sys.executable, "-c", code, *given],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        assert child.returncode in {0, -signal.SIGKILL}
        told = {"saved": set(), "deleting": set(), "deleted": set()}
        for line in child.stdout.split("begin \n")[1].splitlines():
            verb, id_ = line.split()
            told[verb].add(id_)
        yield told
        if not child.returncode:
            return


def test_each_data_set_is_whole_or_absent_after_kill_9(tmp_path):
    root = tmp_path / "home"
    promised, halves = set(), 0
    for told in deaths(data_sets, tmp_path):
        halves += bool(list((root / "data").glob(".new-*")))
        home = Workspace(root)
        there = {saved.id: int(saved.name) for saved in home.list()}
        assert {path.name for path in home.data.iterdir()} == set(there)
        promised = (promised | told["saved"]) - told["deleting"]
        assert promised <= set(there)
        assert not told["deleted"] & set(there)
        for id_, i in there.items():
            dataset = home.open(id_)
            assert dataset.kinds == ("events", "users")
            assert dataset.events.users[0].as_py().startswith(f"{i}-")
            assert len(dataset.events) == ROWS
            assert (dataset.users["i"] == i).all()
            assert home.report(id_) == f'{{"i": {i}}}'
            assert (home.data / id_ / "original").read_bytes() == original(i)
    assert halves >= 10
    assert len(promised) >= 5


def test_each_segment_is_whole_or_absent_after_kill_9(tmp_path):
    root = tmp_path / "home"
    id_ = Workspace(root).save(tables(0), name="shop")
    folder = root / "data" / id_
    promised, halves = set(), 0
    for told in deaths(segments, tmp_path):
        before = {path.name for path in folder.iterdir()}
        home = Workspace(root)
        there = {one.id: int(one.name) for one in home.segments(id_).list()}
        files = {
            "events.arrow",
            "users.arrow",
            *(f"segment-{one}.arrow" for one in there),
        }
        assert {path.name for path in folder.iterdir()} == files
        halves += before != files
        promised = (promised | told["saved"]) - told["deleting"]
        assert promised <= set(there)
        assert not told["deleted"] & set(there)
        dataset = home.open(id_)
        assert len(dataset.events) == ROWS
        assert {one.id for one in dataset.segments.values()} == set(there)
        for i in there.values():
            users, labels = listed(i)
            found = dataset.segments[str(i)]
            told_ = [found.labels[code] for code in found.codes]
            assert dict(zip(found.ids.to_pylist(), told_, strict=True)) == dict(
                zip(users, labels, strict=True)
            )
            assert (dataset.events.properties[str(i)].codes >= 0).all()
    assert halves >= 5
    assert len(promised) >= 5
