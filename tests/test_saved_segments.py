"""Saved segments: whole or absent, told apart, and gone with their data set."""

import contextlib
import errno
import sqlite3
import threading

import pandas as pd
import pytest

import opslib as ops
from opslib import Error, join, quality, saved_segments, storage
from opslib.catalogue import SEGMENTS, forget
from opslib.dataset import Dataset, from_frame
from opslib.words import LANGUAGES
from opslib.workspace import Workspace

FUNNEL = {"steps": ["view", "pay"]}


@pytest.fixture
def home(tmp_path):
    return Workspace(tmp_path / "home")


@pytest.fixture
def shop(home):
    """The id of a small shop."""
    return home.save(ops.demo(users=120), name="shop")


def refused(call, *args, **options):
    with pytest.raises(Error) as error:
        call(*args, **options)
    assert all(error.value.text(lang) for lang in LANGUAGES)
    return str(error.value)


def names(home, shop):
    return [one.name for one in home.segments(shop).list()]


def files(home, shop):
    return sorted(p.name for p in (home.data / shop).glob("segment-*"))


def events(user, **columns):
    times = pd.date_range("2026-03-02", periods=len(user), freq="h")
    frame = pd.DataFrame({"user": user, "event": "buy", "time": times, **columns})
    roles = {"user": "user", "event": "event", "time": "time"}
    return from_frame(frame, kind="events", roles=roles, name="shop")


def test_users_lost_at_a_step_are_a_filter_for_every_script(home, shop, monkeypatch):
    monkeypatch.setenv("OPSLIB_HOME", str(home.root))
    lost = ops.funnel(home.open(shop).events, **FUNNEL).users(1, dropped=True)
    cell = {"analysis": "funnel", "dataset": shop, "options": FUNNEL}
    saved = home.segments(shop).save("Lost before paying", lost, origin=cell)
    assert (saved.users, saved.unknown, saved.origin) == (len(lost), 0, cell)
    d = ops.open(shop)
    filtered = ops.retention(d.events, where=[["Lost before paying", "is_set"]])
    by_hand = ops.retention(d.events, where=[["user", "in", lost.tolist()]])
    assert len(filtered.table) > 10
    pd.testing.assert_frame_equal(filtered.table, by_hand.table)
    assert home.segments(shop).list() == (saved,)


def test_personas_are_one_segment_of_several_labels(home, shop):
    d = home.open(shop)
    made = ops.personas(d.users, k=3).assignments
    saved = home.segments(shop).save("Persona", made["user"], made["name"])
    assert saved.labels == tuple(sorted({*made["name"]}))
    assert saved.unknown == len({*made["user"]} - {*d.events.users.to_pylist()})
    log = home.open(shop).events
    of = dict(zip(made["user"], made["name"], strict=True))
    codes, labels = log.properties["Persona"].codes, log.properties["Persona"].labels
    found = [labels[code] for code in codes]
    assert found == [of[user] for user in log.ids(log.user)]


def test_ids_without_an_event_are_kept_and_counted(home, shop):
    saved = home.segments(shop).save("VIP", ["U100001", "nobody", "U100001"])
    assert (saved.users, saved.unknown) == (2, 1)
    assert home.open(shop).segments["VIP"].ids.to_pylist() == ["U100001", "nobody"]
    said = refused(home.segments(shop).save, "Lead", ["x", "y"])
    assert said.startswith("None of the 2 users of “Lead” has an event in this data")
    assert names(home, shop) == ["VIP"]


def test_opening_reads_no_segment_and_touches_no_row(home, shop):
    home.segments(shop).save("VIP", ["U100001"])
    column = home.open(shop).events.properties["VIP"]
    assert column.labels == ("VIP",)
    assert not {"codes", "by_user"} & {*vars(column)}


def test_renamed_and_deleted(home, shop):
    segments = home.segments(shop)
    plain = segments.save("VIP", ["U100001"])
    labelled = segments.save("Tier", ["U100001", "U100002"], ["Tier", "B"])
    segments.rename(plain.id, " Gold ")
    segments.rename(plain.id, "Gold")
    segments.rename(labelled.id, "级别")
    log = home.open(shop).events
    assert {name: log.properties[name].labels for name in ("Gold", "级别")} == {
        "Gold": ("Gold",),
        "级别": ("B", "Tier"),
    }
    said = refused(ops.retention, log, where=[["VIP", "is_set"]])
    assert said.startswith("where names the column “VIP”, which the table does not")
    segments.delete(plain.id)
    assert names(home, shop) == ["级别"]
    assert len(files(home, shop)) == 1
    assert "Gold" not in home.open(shop).events.properties
    assert log.mask([["Gold", "is_set"]]).any()  # who has it open keeps reading
    for call in (segments.delete, lambda id_: segments.rename(id_, "x")):
        assert refused(call, plain.id).startswith("There is no saved segment ")


def test_a_segment_of_another_data_set_is_not_touched(home, shop):
    other = home.save(ops.demo(users=121), name="other")
    saved = home.segments(other).save("VIP", ["U100001"])
    assert refused(home.segments(shop).rename, saved.id, "x").startswith("There is no")
    assert refused(home.segments(shop).delete, saved.id).startswith("There is no")
    assert names(home, other) == ["VIP"]
    assert names(home, shop) == []


@pytest.mark.parametrize("name", ["channel", "amount", "user", "event", "VIP", " VIP "])
def test_a_name_that_is_taken_is_refused_when_saved_and_when_renamed(home, shop, name):
    segments = home.segments(shop)
    segments.save("VIP", ["U100001"])
    other = segments.save("other", ["U100001"])
    taken = f"The name “{name.strip()}” is taken: "
    assert refused(segments.save, name, ["U100001"]).startswith(taken)
    assert refused(segments.rename, other.id, name).startswith(taken)
    assert names(home, shop) == ["VIP", "other"]
    assert len(files(home, shop)) == 2


@pytest.mark.parametrize(
    "name", ["../../x", "a\x00b", "\u202e", "<b>*x*</b>", "名" * 200]
)
def test_a_hostile_name_is_only_text(home, shop, name):
    saved = home.segments(shop).save(name, ["U100001"])
    assert files(home, shop) == [f"segment-{saved.id}.arrow"]
    assert names(home, shop) == [name]
    assert home.open(shop).events.mask([[name, "is_set"]]).any()


@pytest.mark.parametrize("id_", ["../../etc", "", "a" * 32, None])
def test_an_unknown_data_set_has_none(home, id_):
    assert refused(home.segments, id_).startswith("There is no data set ")


def test_more_than_can_be_read_are_refused(home, shop, monkeypatch):
    monkeypatch.setattr(saved_segments, "MOST_SEGMENTS", 1)
    segments = home.segments(shop)
    saved = segments.save("VIP", ["U100001"])
    assert refused(segments.save, "more", ["U100001"]).startswith("There are 1 saved")
    segments.rename(saved.id, "Gold")
    too_long = {
        "analysis": "retention",
        "dataset": shop,
        "options": {"by": "x" * 10**6},
    }
    segments.delete(saved.id)
    said = refused(segments.save, "VIP", ["U100001"], origin=too_long)
    assert said.startswith("“origin” is too long: ")
    assert refused(segments.save, "VIP", ["U100001"], origin={"x": 1})


def test_it_needs_events_or_orders(home):
    id_ = home.save({"users": pd.DataFrame({"user": ["a"], "age": [1]})}, name="users")
    assert refused(home.segments(id_).save, "VIP", ["a"])
    orders = pd.DataFrame(
        {"user": ["a", "b"], "time": pd.to_datetime(["2026-03-02"] * 2)}
    )
    id_ = home.save({"orders": orders}, name="orders")
    home.segments(id_).save("VIP", ["a"])
    assert home.open(id_).events.mask([["VIP", "is_set"]]).tolist() == [True, False]


def test_deleting_the_data_set_leaves_no_byte_of_its_segments(home, shop):
    home.segments(shop).save("MARKER138", ["U100001", "MARKER138"])
    home.delete(shop)
    for path in home.root.rglob("*"):
        if path.is_file():
            assert b"MARKER138" not in path.read_bytes(), path
    assert refused(home.segments, shop).startswith("There is no data set ")


def test_deleting_a_segment_leaves_no_byte(home, shop):
    saved = home.segments(shop).save("MARKER138", ["U100001", "MARKER138"])
    with contextlib.closing(sqlite3.connect(home.root / "catalogue.db")) as other:
        other.execute("SELECT count(*) FROM segments").fetchone()
        home.segments(shop).delete(saved.id)
    for path in home.root.rglob("*"):
        if path.is_file():
            assert b"MARKER138" not in path.read_bytes(), path


def test_a_failed_save_leaves_nothing(home, shop, monkeypatch):
    def full(path):
        raise OSError(errno.ENOSPC, "No space left on device")

    before = sorted((home.data / shop).iterdir())
    with monkeypatch.context() as patched:
        patched.setattr(storage, "sync", full)
        said = refused(home.segments(shop).save, "VIP", ["U100001"])
    assert said.startswith("There is no room left on the disk")
    assert sorted((home.data / shop).iterdir()) == before
    assert names(home, shop) == []


def test_a_start_sweeps_what_a_crash_left_and_nothing_else(home, shop):
    saved = home.segments(shop).save("VIP", ["U100001"])
    whole = sorted((home.data / shop).iterdir())
    for left in (".new-" + "a" * 32, "segment-" + "b" * 32 + ".arrow"):
        (home.data / shop / left).write_bytes(b"half")
    with home._lock():
        Workspace(home.root)
        assert len(list((home.data / shop).iterdir())) == len(whole) + 2
    Workspace(home.root)
    assert sorted((home.data / shop).iterdir()) == whole
    assert home.segments(shop).list() == (saved,)


@pytest.mark.parametrize("at_work", [False, True])
def test_a_catalogue_from_before_gets_the_table(home, shop, at_work):
    with contextlib.closing(sqlite3.connect(home.root / "catalogue.db")) as db:
        db.execute("DROP TABLE segments")
    with home._lock() if at_work else contextlib.nullcontext():
        later = Workspace(home.root)
    later.segments(shop).save("VIP", ["U100001"])
    assert names(later, shop) == ["VIP"]
    assert [one.name for one in later.list()] == ["shop"]


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


def test_sessions_save_at_once_and_one_name_goes_to_one_of_them(home, shop):
    def save(name, user):
        return lambda: Workspace(home.root).segments(shop).save(name, [user])

    users = home.open(shop).events.users[:8].to_pylist()
    got = together(
        *(save("same", user) for user in users),
        *(save(user, user) for user in users),
    )
    same, others = got[:8], got[8:]
    (winner,) = [one for one in same if not isinstance(one, Exception)]
    assert {str(one)[:28] for one in same if one is not winner} == {
        "The name “same” is taken: th"
    }
    assert {one.name for one in others} == {*users}
    assert sorted(names(home, shop)) == sorted(["same", *users])
    assert len(files(home, shop)) == 9


def meanwhile(monkeypatch, act, *, before):
    """Have somebody else do something before or after a list is written."""
    write = saved_segments.written

    def late(*args):
        monkeypatch.setattr(saved_segments, "written", write)
        if before:
            act()
            return write(*args)
        row = write(*args)
        act()
        return row

    monkeypatch.setattr(saved_segments, "written", late)


@pytest.mark.parametrize("before", [True, False])
def test_a_name_goes_to_who_is_quicker(home, shop, monkeypatch, before):
    segments = home.segments(shop)
    meanwhile(monkeypatch, lambda: segments.save("VIP", ["U100001"]), before=before)
    said = refused(segments.save, "VIP", ["U100001"])
    assert said.startswith("The name “VIP” is taken: ")
    assert len(files(home, shop)) == 1


@pytest.mark.parametrize("before", [True, False])
def test_a_data_set_deleted_while_a_segment_is_saved_is_told(
    home, shop, monkeypatch, before
):
    segments = home.segments(shop)
    meanwhile(monkeypatch, lambda: home.delete(shop), before=before)
    said = refused(segments.save, "VIP", ["U100001"])
    assert said.startswith("There is no data set ")
    assert not list(home.data.iterdir())


def test_a_start_meanwhile_does_not_sweep_a_list_that_is_being_saved(
    home, shop, monkeypatch
):
    meanwhile(monkeypatch, lambda: Workspace(home.root), before=False)
    saved = home.segments(shop).save("VIP", ["U100001"])
    assert files(home, shop) == [f"segment-{saved.id}.arrow"]


def test_a_segment_deleted_while_the_data_set_opens_is_not_there(
    home, shop, monkeypatch
):
    saved = home.segments(shop).save("VIP", ["U100001"])
    read = saved_segments.rows

    def late(engine, dataset):
        found = read(engine, dataset)
        forget(engine, SEGMENTS, saved.id)
        (home.data / shop / f"segment-{saved.id}.arrow").unlink()
        return found

    monkeypatch.setattr(saved_segments, "rows", late)
    assert "VIP" not in home.open(shop).events.properties


def test_what_is_made_of_a_data_set_has_its_segments_too(home):
    first = events(["a", "b", "b"], city=["x", "y", "y"])
    shop = home.save(first, name="shop")
    home.segments(shop).save("VIP", ["b", "c"])
    home.segments(shop).save("Tier", ["a", "b"], ["1", "2"])
    both = join.appended(home.open(shop), events(["c", "d"], city=["x", "x"]))
    joined = home.save(both, name="joined")
    log = home.open(joined).events
    assert {*log.properties} == {"city", "VIP", "Tier"}
    assert log.mask([["VIP", "is_set"]]).tolist() == [False, True, True, True, False]
    assert log.mask([["Tier", "==", "2"]]).sum() == 2
    # Their own: a change of one is none of the other.
    (vip, _) = home.segments(joined).list()
    home.segments(joined).delete(vip.id)
    assert names(home, shop) == ["VIP", "Tier"]
    assert names(home, joined) == ["Tier"]


def test_a_copy_cannot_have_a_column_called_as_a_segment(home):
    shop = home.save(events(["a", "b"]), name="shop")
    home.segments(shop).save("city", ["b"])
    both = join.appended(home.open(shop), events(["c"], city=["x"]))
    said = refused(home.save, both, name="joined")
    assert said.startswith("The name “city” is taken: ")
    assert [one.id for one in home.list()] == [shop]
    assert [path.name for path in home.data.iterdir()] == [shop]


def test_content_is_the_same_with_and_without_segments(home):
    shop = home.save(events(["a", "b"]), name="shop")
    before = home.open(shop).digest
    home.segments(shop).save("VIP", ["b"])
    assert home.open(shop).digest == before
    assert home.save(events(["a", "b"]), name="again") == shop
    assert home.save(home.open(shop), name="again") == shop
    assert names(home, shop) == ["VIP"]


def test_checks_of_the_data_do_not_see_segments(home):
    shop = home.save(events(["a", "b", "test_1"]), name="shop")
    home.segments(shop).save("VIP", ["test_1"])
    d = home.open(shop)
    found = quality.find(d.own_events)
    assert {*d.own_events.properties} == set()
    left = quality.leave_out(d.own_events, found)
    made = Dataset("", "clean", {"events": left}, segments=d.segments)
    clean = home.save(made)
    (vip,) = home.segments(clean).list()
    assert (vip.users, vip.unknown) == (1, 1)
    assert not home.open(clean).events.mask([["VIP", "is_set"]]).any()
