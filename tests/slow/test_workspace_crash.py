"""kill -9 in the middle of saves: after it each data set is whole or absent."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from opslib.workspace import Workspace

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="no kill -9 on Windows"),
]

# Says the number of a data set once it is saved, and now and then deletes one.
CHILD = """
import itertools, sys
sys.path.insert(0, sys.argv[3])
from opslib.workspace import Workspace
from test_workspace_crash import original, tables

home = Workspace(sys.argv[1])
for i in itertools.count(int(sys.argv[2])):
    id_ = home.save(tables(i), name=str(i), report={"i": i}, original=original(i))
    print("saved", i, id_, flush=True)
    if i % 4 == 0:
        print("deleting", i, id_, flush=True)
        home.delete(id_)
"""
# The same for segments of one data set.
SEGMENTS = """
import itertools, sys
sys.path.insert(0, sys.argv[3])
from opslib.workspace import Workspace
from test_workspace_crash import listed

home = Workspace(sys.argv[1])
segments = home.segments(sys.argv[4])
for i in itertools.count(int(sys.argv[2])):
    if len(segments.list()) > 40:
        first = segments.list()[0]
        print("deleting", first.name, first.id, flush=True)
        segments.delete(first.id)
    one = segments.save(str(i), *listed(i))
    print("saved", i, one.id, flush=True)
    if i % 4 == 0:
        print("deleting", i, one.id, flush=True)
        segments.delete(one.id)
"""
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


def killed(chance, code, *given):
    """Run a child for a moment, kill it, and return the lines that it said whole."""
    child = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, given)],
        stdout=subprocess.PIPE,
        text=True,
    )
    said = child.stdout.readline()  # from here on the code is warm
    time.sleep(chance.uniform(0.0, 0.4))
    child.send_signal(signal.SIGKILL)
    said += child.communicate()[0]
    # An unbuffered child writes a line in pieces, and may die between two of them.
    return [line for line in said.splitlines(True) if line.endswith("\n")]


def test_each_data_set_is_whole_or_absent_after_kill_9(tmp_path):
    chance = random.Random(0)
    root = tmp_path / "home"
    promised, deleting = {}, set()
    halves = 0
    for round_ in range(20):
        said = killed(chance, CHILD, root, round_ * 1000, Path(__file__).parent)
        for line in said:
            verb, number, id_ = line.split()
            promised[id_] = int(number)
            if verb == "deleting":
                deleting.add(id_)

        halves += bool(list((root / "data").glob(".new-*")))
        home = Workspace(root)
        listed = {saved.id: int(saved.name) for saved in home.list()}
        assert {path.name for path in home.data.iterdir()} == set(listed)
        assert promised.items() - listed.items() <= {
            (id_, promised[id_]) for id_ in deleting
        }
        for id_, i in listed.items():
            dataset = home.open(id_)
            assert dataset.kinds == ("events", "users")
            assert dataset.events.users[0].as_py().startswith(f"{i}-")
            assert len(dataset.events) == ROWS
            assert (dataset.users["i"] == i).all()
            assert home.report(id_) == f'{{"i": {i}}}'
            assert (home.data / id_ / "original").read_bytes() == original(i)
    # The moments are worth something only if some fell into a save.
    assert halves >= 3
    assert len(promised) > 20


def test_each_segment_is_whole_or_absent_after_kill_9(tmp_path):
    chance = random.Random(0)
    root = tmp_path / "home"
    id_ = Workspace(root).save(tables(0), name="shop")
    folder = root / "data" / id_
    promised, deleting = {}, set()
    halves = 0
    for round_ in range(20):
        given = (root, round_ * 1000, Path(__file__).parent, id_)
        for line in killed(chance, SEGMENTS, *given):
            verb, number, segment = line.split()
            promised[segment] = int(number)
            if verb == "deleting":
                deleting.add(segment)

        before = {path.name for path in folder.iterdir()}
        home = Workspace(root)
        there = {one.id: int(one.name) for one in home.segments(id_).list()}
        files = {f"segment-{one}.arrow" for one in there}
        assert {p.name for p in folder.iterdir()} == {
            "events.arrow",
            "users.arrow",
            *files,
        }
        halves += before != {"events.arrow", "users.arrow", *files}
        assert promised.items() - there.items() <= {
            (one, promised[one]) for one in deleting
        }
        dataset = home.open(id_)
        assert len(dataset.events) == ROWS
        assert {name: one.id for name, one in dataset.segments.items()} == {
            str(i): one for one, i in there.items()
        }
        for i in there.values():
            users, labels = listed(i)
            found = dataset.segments[str(i)]
            told = [found.labels[code] for code in found.codes]
            assert dict(zip(found.ids.to_pylist(), told, strict=True)) == dict(
                zip(users, labels, strict=True)
            )
            assert (dataset.events.properties[str(i)].codes >= 0).all()
    assert halves >= 2
    assert len(promised) > 20
