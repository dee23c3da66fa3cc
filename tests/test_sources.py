"""A data set from the demo, a file, or the workspace, by one name."""

import os
from pathlib import Path

import pandas as pd
import pytest

import opslib as ops
from opslib.ingest import Report, read_table
from opslib.storage import fingerprint
from opslib.words import LANGUAGES
from opslib.workspace import Workspace

SAMPLES = Path(
    os.environ.get("OPSLIB_SAMPLES") or Path(__file__).parents[2] / "shared" / "data"
)
CSV = """\
用户,时间,金额
007,2026-03-02 23:30,9.5
12,2026-03-03 08:00,3
,2026-03-03 09:00,1
"""


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("OPSLIB_HOME", str(tmp_path / "home"))
    return tmp_path


def test_a_file_opens_as_what_it_was_recognised_to_be(home):
    path = home / "orders.csv"
    path.write_text(CSV, encoding="utf-8")
    d = ops.open(path, timezone="Asia/Shanghai")
    assert (d.id, d.name, d.kinds) == ("", "orders.csv", ("orders",))
    assert d.orders["user"].tolist() == ["007", "12"]
    assert d.orders["amount"].tolist() == [9.5, 3.0]
    assert d.events.dates == ("2026-03-02", "2026-03-03")
    assert [note.values["n"] for note in d.notes if note.code.startswith("data")] == [1]


def test_kind_and_roles_can_be_corrected(home):
    path = home / "members.csv"
    path.write_text("a,b\nx,1\ny,2\n", encoding="utf-8")
    d = ops.open(str(path), kind="users", roles={"user": "a"})
    assert d.users.to_dict("list") == {"user": ["x", "y"], "b": [1, 2]}


def test_roles_that_are_not_given_are_as_recognised(home):
    path = home / "log.csv"
    path.write_text("who,event,time\nx,view,2026-03-01\ny,pay,2026-03-02\n")
    log = ops.open(path, roles={"user": "who"}).events
    assert (log.names, len(log.users)) == (("pay", "view"), 2)


def test_a_table_that_would_be_reshaped_opens_as_the_kind_asked_for(home):
    path = home / "wide.csv"
    rows = "".join(f"u{i},2025-01-0{i + 1},2025-02-0{i + 1}\n" for i in range(9))
    path.write_text("uid,signup_at,first_order_at\n" + rows, encoding="utf-8")
    assert len(ops.open(path).events) == 18
    assert list(ops.open(path, kind="users").users) == [
        "user", "signup_at", "first_order_at",
    ]  # fmt: skip


def test_what_is_not_understood_is_asked_for(home):
    table = read_table(b"a,b\nx,1\ny,2\n")
    table.report.__dict__.update(kind="", roles={})
    with pytest.raises(ops.Error) as error:
        ops.from_table(table, name="odd.csv")
    assert all(error.value.text(lang) for lang in LANGUAGES)
    assert str(error.value) == (
        "It is not clear what the rows of “odd.csv” are; say which kind: “events”, "
        "“orders”, “users”, “experiment”, “counts”, “daily”, “feedback”, “survey”, "
        "“spend”, “invites”, “posts”, “members”, … (14). Its columns are “a”, “b”."
    )


def test_a_name_that_is_nothing_is_refused_with_what_is_possible():
    with pytest.raises(ops.Error) as error:
        ops.open("shop")
    assert all(error.value.text(lang) for lang in LANGUAGES)
    assert str(error.value) == (
        "“shop” is neither a file nor the id of a data set; give the path of a file, "
        "an id, “demo” or “demo-zh”."
    )


def test_a_saved_file_opens_by_its_id_with_the_same_tables(home):
    path = home / "orders.csv"
    path.write_text(CSV, encoding="utf-8")
    table = read_table(path)
    d = ops.from_table(table, timezone="Asia/Shanghai", name=path.name)
    id_ = Workspace().save(d, report=table.report, original=path)
    back = ops.open(id_)
    pd.testing.assert_frame_equal(back.orders, d.orders)
    assert (back.timezone, back.notes) == (d.timezone, d.notes)
    assert Report.from_json(Workspace().report(id_)).roles == table.report.roles
    assert Workspace().find(fingerprint(path)) == id_


@pytest.mark.parametrize("name", ["demo", "demo-zh"])
def test_the_demo_opens_by_name_the_same_each_time(name):
    d, again = ops.open(name), ops.open(name)
    assert d.id == d.name == name
    assert {"events", "orders", "users", "experiment"} <= set(d.kinds)
    assert len(d.users) == 2000 >= len(d.events.users) > 1900
    assert d.digest == again.digest != ops.demo(users=50).digest
    pd.testing.assert_frame_equal(d.orders, again.orders)
    assert ops.demo(users=50).id == ""


def test_a_demo_saved_is_the_demo(home):
    d = ops.demo(users=50)
    back = ops.open(Workspace().save(d))
    assert back.kinds == d.kinds
    for kind in set(d.kinds) - {"events"}:
        pd.testing.assert_frame_equal(getattr(back, kind), getattr(d, kind))
    assert back.events.time.tolist() == d.events.time.tolist()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("events/taobao_815users_9days.csv.gz", "events"),
        ("events/taobao_chinese_header_40k.csv.gz", "events"),
        ("events/jd_actions_30k.csv.gz", "events"),
        ("orders/CDNOW_master.txt.gz", "orders"),
        ("users/Mall_Customers.csv", "users"),
        ("users/Wholesale_customers.csv", "users"),
        ("users/jd_users_30k_gbk.csv.gz", "users"),
        ("users/marketing_campaign_tab_ddmmyyyy.csv", "users"),
        ("experiments/cookie_cats.csv.gz", "experiment"),
        ("experiments/hillstrom.csv.gz", "experiment"),
        ("feedback/waimai_10k.csv.gz", "feedback"),
    ],
)
def test_real_files_open_save_and_open_again(name, kind):
    if not SAMPLES.is_dir():
        pytest.skip("the folder of real files is not here")
    d = ops.open(SAMPLES / name)
    assert d.kinds == (kind,)
    assert all(note.text(lang) for note in d.notes for lang in LANGUAGES)
    back = ops.open(Workspace().save(d))
    assert len(back.tables[kind]) == len(d.tables[kind]) > 0
    if kind != "events":
        pd.testing.assert_frame_equal(back.tables[kind], d.tables[kind])
