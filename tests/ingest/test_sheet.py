"""A table larger than memory is read like any other: limits made tiny show it."""

import numpy as np
import pandas as pd
import pytest

import opslib as ops
from opslib.ingest import columns, records, spool
from opslib.tables import File, Frame


@pytest.fixture
def tiny(monkeypatch):
    """Spill after a kilobyte, batches of 100 rows, 50 distinct texts looked at."""

    def shrink():
        monkeypatch.setattr(spool, "MEMORY", 1_000)
        monkeypatch.setattr(spool, "ROWS", 100)
        monkeypatch.setattr(columns, "MOST_DISTINCT", 50)
        monkeypatch.setattr(records, "HEAD", 300)

    return shrink


def events(n):
    rng = np.random.default_rng(0)
    times = pd.Timestamp("2026-03-01") + pd.to_timedelta(rng.integers(0, 9**6, n), "s")
    lines = [
        f'{user:04d},{event},{time},"{{""sku"":{sku}}}",{price}'
        for user, event, time, sku, price in zip(
            rng.integers(0, 300, n),
            rng.choice(["view", "buy"], n),
            times.strftime("%Y-%m-%d %H:%M:%S"),
            rng.integers(0, 10**6, n),
            rng.integers(0, 500, n) / 4,
            strict=True,
        )
    ]
    return ["user_id,event,time,props,amount", *lines]


def both(lines, tiny, **options):
    content = "\n".join(lines).encode()
    whole = ops.read_table(content, **options)
    tiny()
    spilled = ops.read_table(content, **options)
    assert isinstance(whole.columns, Frame)
    assert isinstance(spilled.columns, File)
    return whole, spilled


def test_a_table_on_disk_is_the_same_as_one_in_memory(tiny):
    whole, spilled = both(events(2_000), tiny)
    pd.testing.assert_frame_equal(spilled.frame, whole.frame)
    assert spilled.report.roles == whole.report.roles
    assert spilled.report.kind == "events"
    types = [column.type for column in whole.report.columns]
    assert [column.type for column in spilled.report.columns] == types


def test_users_are_counted_exactly_and_other_columns_say_that_there_are_more(tiny):
    _, spilled = both(events(2_000), tiny)
    by_name = {column.name: column for column in spilled.report.columns}
    ids = spilled.frame["user_id"].nunique()
    assert (by_name["user_id"].distinct, by_name["user_id"].capped) == (ids, False)
    assert by_name["props"].capped
    assert by_name["props"].distinct < spilled.frame["props"].nunique()


def test_rows_set_aside_and_padded_keep_their_place(tiny):
    lines = events(1_000)
    lines[400] = "0007,view"
    lines[700] = "0008,view,2026-03-02 00:00:00,a,1,2,3"
    lines[900] += "\n" + ",,,,"
    whole, spilled = both([*lines, "合计,,,,99"], tiny)
    pd.testing.assert_frame_equal(spilled.frame, whole.frame)
    pd.testing.assert_frame_equal(spilled.report.set_aside, whole.report.set_aside)
    assert spilled.report.set_aside["reason"].tolist() == ["short", "long", "total"]
    assert spilled.report.blank == 1


def test_short_rows_that_are_padded_stand_where_they_stood(tiny):
    lines = ["id,name,city"] + [f"{i},n{i}," for i in range(900)]
    lines[450] = "449,n449"
    whole, spilled = both(lines, tiny, types=False)
    pd.testing.assert_frame_equal(spilled.frame, whole.frame)
    assert spilled.frame["id"].tolist() == [str(i) for i in range(900)]


def test_a_record_over_many_parts_of_the_file_is_one_row(tiny):
    lines = ["id,comment"] + [f"{i},ok" for i in range(800)]
    lines[300] = '299,"' + "long\n" * 200 + 'end"'
    whole, spilled = both(lines, tiny, types=False)
    pd.testing.assert_frame_equal(spilled.frame, whole.frame)
    assert spilled.frame["comment"][299].count("\n") == 200


@pytest.mark.parametrize(
    ("early", "late", "kind", "first", "last"),
    [
        ("{}", "{}.5", "number", 0.0, 1_999.5),
        ("{}", "x{}", "text", "0", "x1999"),
        ("2026-03-01 00:00:00", "2026-03-01T00:00:00+08:00", "date", None, None),
    ],
)
def test_cells_that_come_late_change_the_type_of_their_column(
    tiny, early, late, kind, first, last
):
    lines = ["day,metric"]
    lines += [f"d{i}," + (early if i < 1_000 else late).format(i) for i in range(2_000)]
    whole, spilled = both(lines, tiny)
    assert spilled.report.columns[1].type == whole.report.columns[1].type == kind
    pd.testing.assert_frame_equal(spilled.frame, whole.frame)
    if first is not None:
        assert spilled.frame["metric"].iloc[[0, -1]].tolist() == [first, last]


def test_a_log_made_of_a_file_is_that_of_its_frame(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr("opslib.encode.MOST_LABELS", 100)
    whole, spilled = both(events(2_000), tiny)
    mine, theirs = (ops.from_table(one).events for one in (spilled, whole))
    path = tmp_path / "log.arrow"
    mine.save(path)
    opened = ops.EventLog.open(path)
    for log in (mine, opened):
        assert log.users.equals(theirs.users)
        for name in ("time", "event", "offsets", "run_row"):
            assert getattr(log, name).tolist() == getattr(theirs, name).tolist()
        texts = log.properties["props"].texts().to_pylist()
        assert texts == theirs.properties["props"].texts().to_pylist()
        assert log.properties["amount"].values.sum() == whole.frame["amount"].sum()
