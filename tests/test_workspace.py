"""Data sets and notebooks on disk: whole or absent, and gone when deleted."""

import contextlib
import errno
import json
import os
import sqlite3
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from opslib import storage
from opslib.catalogue import forget
from opslib.dataset import Dataset, from_frame
from opslib.result import Error, Note
from opslib.storage import fingerprint
from opslib.words import LANGUAGES
from opslib.workspace import Workspace

UNKNOWN = (
    "There is no data set {}. It may have been deleted, or the link may be incomplete."
)


@pytest.fixture
def home(tmp_path):
    return Workspace(tmp_path / "home")


def users(name="ann", n=2):
    return pd.DataFrame({"user": [f"{name}{i}" for i in range(n)], "age": range(n)})


def log(name="ann"):
    frame = pd.DataFrame(
        {
            "user": [name, name, "bob"],
            "event": ["view", "buy", "view"],
            "time": ["2026-03-02", "2026-03-03", "2026-03-02"],
            "city": ["Wuhan", "Wuhan", None],
        }
    )
    roles = {"user": "user", "event": "event", "time": "time"}
    return from_frame(frame, kind="events", roles=roles, timezone="Asia/Shanghai")


def files(home):
    return sorted(path.name for path in home.data.rglob("*"))


def refused(call, *args, **values):
    with pytest.raises(Error) as error:
        call(*args, **values)
    assert all(error.value.text(lang) for lang in LANGUAGES)
    return str(error.value)


def test_a_data_set_comes_back_as_it_was_saved(home):
    frame = pd.DataFrame(
        {
            "user": ["007", "12", None],
            "time": pd.to_datetime(["2026-03-02 10:00", None, "2026-03-03 09:00"]),
            "n": pd.array([1, None, 3], "Int64"),
            "x": [0.5, np.nan, 1.5],
            "ok": [True, False, True],
            "label": pd.Categorical(["a", "b", "a"]),
        }
    )
    note = Note("dataset.left_out", n=3, columns=["x"])
    d = Dataset("", "sales", {"orders": frame}, timezone="Asia/Tokyo", notes=(note,))
    id_ = home.save(d, report={"rows": 3}, original=b"user,time")
    back = home.open(id_)
    pd.testing.assert_frame_equal(back.orders, frame)
    assert (back.id, back.name, back.timezone) == (id_, "sales", "Asia/Tokyo")
    assert back.notes == (note,)
    assert home.report(id_) == '{"rows": 3}'
    assert (home.data / id_ / "original").read_bytes() == b"user,time"


def test_an_event_log_comes_back_mapped(home):
    d = log()
    id_ = home.save(d, name="clicks")
    back = home.open(id_)
    assert back.kinds == ("events",)
    assert back.events.users.to_pylist() == ["ann", "bob"]
    assert back.events.timezone == "Asia/Shanghai"
    assert back.events.time.tolist() == d.events.time.tolist()
    assert back.timezone == "Asia/Shanghai"


def test_events_as_a_plain_table_are_saved_as_a_log(home):
    frame = pd.DataFrame({"user": ["a"], "event": ["b"], "time": ["2026-03-02"]})
    id_ = home.save({"events": frame}, name="plain")
    assert home.open(id_).events.names == ("b",)


def test_numbers_stay_mapped_and_cannot_change_for_others(home):
    id_ = home.save({"users": users(n=1000)}, name="many")
    d = home.open(id_)
    assert not d.users["age"].to_numpy().flags.writeable
    mine = d.users
    mine.loc[0, "age"] = 99
    assert d.users["age"][0] == 0


def test_the_list_tells_what_there_is_newest_first(home):
    first = home.save({"users": users()}, name="one")
    second = home.save({"events": log().events, "users": users(n=5)}, name="两个")
    listed = home.list()
    assert [saved.id for saved in listed] == [second, first]
    assert listed[0].name == "两个"
    assert listed[0].kinds == ("events", "users")
    assert (listed[0].rows, listed[0].users) == (8, 5)
    assert listed[0].created.endswith("+00:00")
    home.rename(first, " uno ")
    assert [saved.name for saved in home.list()] == ["两个", "uno"]


def test_the_same_content_is_kept_once_and_a_file_is_known_again(home, tmp_path):
    path = tmp_path / "in.csv"
    path.write_bytes(b"user,age\n")
    one = home.save({"users": users()}, name="one", original=path)
    two = home.save({"users": users()}, name="two", original=b"user,age\n")
    assert one == two
    assert len(home.list()) == 1
    assert home.find(fingerprint(path)) == one
    assert home.find(fingerprint(b"user,age\n")) == one
    assert home.find(fingerprint(b"other")) is None
    other = Dataset("", "zone", {"users": users()}, timezone="Asia/Tokyo")
    assert home.save(other, original=path) != one
    assert len(list(home.data.iterdir())) == 2


def test_a_digest_follows_the_content_and_not_the_name(home):
    id_ = home.save({"users": users()}, name="one")
    before = home.open(id_).digest
    home.rename(id_, "other")
    assert home.open(id_).digest == before
    other = home.save({"users": users(n=3)}, name="one")
    assert home.open(other).digest != before


def test_deleting_leaves_no_byte(home):
    marker = "MARKER13800138000"
    keep = home.save({"users": users()}, name="keep")
    id_ = home.save(
        {"users": users(marker), "events": log(marker).events},
        name=marker,
        report={"file": marker},
        original=marker.encode(),
    )
    notebook = home.save_notebook({"title": marker, "entries": []})
    mapped = home.open(id_)
    # While another session is connected, SQLite keeps its log of changes.
    with contextlib.closing(sqlite3.connect(home.root / "catalogue.db")) as other:
        assert other.execute("SELECT count(*) FROM datasets").fetchone() == (2,)
        home.delete(id_)
        home.delete_notebook(notebook)
        assert (home.root / "catalogue.db-wal").stat().st_size == 0
    for path in home.root.rglob("*"):
        if path.is_file():
            assert marker.encode() not in path.read_bytes(), path
    assert [saved.id for saved in home.list()] == [keep]
    assert [path.name for path in home.data.iterdir()] == [keep]
    assert len(mapped.users) == 2  # who has it open keeps reading
    assert refused(home.open, id_) == UNKNOWN.format(f"“{id_}”")


@pytest.mark.parametrize(
    "id_",
    [
        "../../etc/passwd",
        "",
        "A" * 32,
        "a" * 32,
        "a" * 32 + "\n",
        "a" * 21,
        "a" * 5000,
        "nul",
        "$(touch x)" + "a" * 22,
        ".new-" + "a" * 32,
        None,
        7,
    ],
)
def test_an_unknown_and_a_malformed_id_get_the_same_answer(home, id_):
    before = files(home)
    for call in (home.open, home.delete, home.report):
        assert refused(call, id_).startswith("There is no data set ")
    assert refused(home.rename, id_, "x").startswith("There is no data set ")
    assert refused(home.open_notebook, id_).startswith("There is no notebook ")
    assert files(home) == before


@pytest.mark.parametrize(
    "name", ["../x.csv", "C:\\x", "nul", ".hidden", "a\x00b\n", "\u202e"]
)
def test_a_hostile_name_is_only_text(home, name):
    id_ = home.save({"users": users()}, name=name, original=b"x")
    assert set(files(home)) == {id_, "original", "users.arrow"}
    assert home.list()[0].name == name.strip()


def test_a_failed_save_leaves_nothing(home, monkeypatch):
    mixed = pd.DataFrame({"user": ["a", "b"], "x": [1, "b"]})
    assert refused(home.save, {"users": mixed}, name="mixed") == (
        "The table “users” cannot be saved: “x” must hold only numbers, only times or "
        "only text."
    )

    def full(path):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(storage, "sync", full)
        assert refused(home.save, {"users": users()}, name="full").startswith(
            "There is no room left on the disk"
        )
    assert files(home) == []
    assert home.list() == ()
    assert home.save({"users": users()}, name="full")


def test_mistakes_are_named(home):
    assert refused(home.save, {}, name="x") == "A data set needs at least one table."
    assert refused(home.save, {"users": users()}) == "name is missing."
    assert refused(home.save, {"user": users()}, name="x").startswith(
        "data cannot be “user”; choose from “events”, “orders”, "
    )
    assert refused(home.save, {"users": users()}, name="x" * 201) == (
        "“name” is too long: 201, and at most 200 are possible."
    )


def test_a_start_sweeps_what_a_crash_left_but_not_a_save_at_work(home):
    id_ = home.save({"users": users()}, name="whole")
    for left in (".new-" + "a" * 32, "b" * 32):
        (home.data / left).mkdir()
        (home.data / left / "users.arrow").write_bytes(b"half")
    with home._lock():
        Workspace(home.root)
        assert len(list(home.data.iterdir())) == 3
    Workspace(home.root)
    assert [path.name for path in home.data.iterdir()] == [id_]


def test_the_folder_is_ours_alone_and_the_place_can_be_chosen(tmp_path, monkeypatch):
    monkeypatch.setenv("OPSLIB_HOME", str(tmp_path / "there"))
    home = Workspace()
    assert home.root == tmp_path / "there"
    if os.name != "nt":
        assert home.root.stat().st_mode & 0o777 == 0o700
    monkeypatch.delenv("OPSLIB_HOME")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert Workspace().root == tmp_path / ".opslib"


def together(*calls):
    """Run all calls at the same moment, each in its thread; return what they give."""
    barrier, results = threading.Barrier(len(calls)), {}

    def run(i, call):
        barrier.wait()
        try:
            results[i] = call()
        except Exception as error:  # noqa: BLE001
            results[i] = error

    threads = [threading.Thread(target=run, args=item) for item in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [results[i] for i in range(len(calls))]


def test_sessions_save_at_once_and_all_see_all(tmp_path):
    root = tmp_path / "new" / "home"

    def session(i):
        home = Workspace(root)
        home.save_notebook({"title": str(i), "entries": []})
        return home.save({"users": users(str(i))}, name=str(i))

    ids = together(*[lambda i=i: session(i) for i in range(12)])
    home = Workspace(root)
    assert {saved.id for saved in home.list()} == set(ids)
    for i, id_ in enumerate(ids):
        assert home.open(id_).users["user"][0] == f"{i}0"
    assert len(home.notebooks()) == 12


def test_the_same_file_saved_at_once_is_kept_once(home):
    save = [
        lambda: home.save({"users": users()}, name="same", original=b"x")
        for _ in range(20)
    ]
    ids = together(*save)
    assert len(set(ids)) == 1
    assert [saved.id for saved in home.list()] == [ids[0]]
    assert [path.name for path in home.data.iterdir()] == [ids[0]]


CELL = {"analysis": "funnel", "dataset": "demo", "options": {"steps": ["a", "b"]}}


def test_a_notebook_comes_back_and_can_be_replaced_and_deleted(home):
    notebook = {"title": "周会", "entries": [{"cell": CELL, "note": "看这里"}]}
    id_ = home.save_notebook(notebook)
    assert home.open_notebook(id_) == notebook
    longer = {
        "title": "t",
        "entries": [*notebook["entries"], {"cell": None, "note": ""}],
    }
    assert home.save_notebook(longer, id_) == id_
    assert home.open_notebook(id_) == longer
    assert [(n.id, n.title, n.entries) for n in home.notebooks()] == [(id_, "t", 2)]
    pinned = {"cell": CELL, "note": "", "link": "funnel?d=demo"}
    home.save_notebook({"title": "t", "entries": [pinned]}, id_)
    assert home.open_notebook(id_)["entries"] == [pinned]
    home.delete_notebook(id_)
    assert home.notebooks() == ()
    assert refused(home.save_notebook, notebook, id_).startswith("There is no notebook")


def entry(**changes):
    return {"title": "t", "entries": [{"cell": {**CELL, **changes}, "note": ""}]}


@pytest.mark.parametrize(
    ("notebook", "sentence"),
    [
        (None, "“notebook” is not part"),
        ({"title": "t"}, "“notebook” is not part"),
        ({"title": 1, "entries": []}, "“notebook.title” is not part"),
        ({"title": "t", "entries": [{"cell": CELL}]}, "“entries[0]” is not part"),
        (
            {"title": "t", "entries": [{"cell": CELL, "note": "", "link": 3}]},
            "“entries[0].link” is not part",
        ),
        (entry(options=[]), "“entries[0].cell.options” is not part"),
        (entry(dataset=3), "“entries[0].cell.dataset” is not part"),
        (entry(html="<b>"), "“entries[0].cell” is not part"),
        (entry(options={"x": float("nan")}), "“notebook” is not part"),
        (entry(options={"x": {1, 2}}), "“notebook” is not part"),
        ({"title": "t" * 201, "entries": []}, "“title” is too long: 201"),
        (
            {"title": "", "entries": [{"cell": None, "note": "n" * 10_001}]},
            "“entries[0].note” is too long: 10,001, and at most 10,000",
        ),
        (
            {"title": "", "entries": [{"cell": None, "note": ""}] * 201},
            "“entries” is too long: 201, and at most 200",
        ),
        (entry(options={"x": "y" * 1_000_001}), "“notebook” is too long: 1,000,"),
    ],
)
def test_a_notebook_of_another_shape_is_refused_with_the_place(
    home, notebook, sentence
):
    assert refused(home.save_notebook, notebook).startswith(sentence)
    assert home.notebooks() == ()


def test_a_notebook_too_deep_to_write_is_refused(home):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert "not part of a notebook" in refused(
        home.save_notebook, {"title": "", "entries": deep}
    )


def test_nothing_is_pickled(home):
    home.save({"users": users(), "events": log().events}, name="x", report={"a": 1})
    for path in home.data.rglob("*.*"):
        magic = path.read_bytes()[:6]
        assert magic == b"ARROW1" or json.loads(path.read_bytes())


def test_a_notebook_deleted_while_it_is_saved_is_told(home, monkeypatch):
    id_ = home.save_notebook({"title": "t", "entries": []})
    look_up = Workspace._row

    def late(self, table, asked, code):
        row = look_up(self, table, asked, code)
        forget(self._engine, table, asked)
        return row

    monkeypatch.setattr(Workspace, "_row", late)
    with pytest.raises(Error, match="notebook"):
        home.save_notebook({"title": "u", "entries": []}, id_)


def test_the_same_content_deleted_while_it_is_saved_is_kept(home, monkeypatch):
    data = {"users": pd.DataFrame({"user": ["a"], "age": [1]})}
    first = home.save(data, name="one")
    gone = []
    look = Workspace._same

    def late(self, content):
        # After the insert has failed, and before the same content is looked for.
        if not gone:
            gone.append(home.delete(first))
        return look(self, content)

    monkeypatch.setattr(Workspace, "_same", late)
    second = home.save(data, name="two")
    assert home.open(second).users["age"].tolist() == [1]
    assert [entry.id for entry in home.list()] == [second]
