"""Wide tables become what analyses take, and the report says what was done."""

import pandas as pd
import pytest

import opslib as ops
from opslib.ingest import Report, reshape


def read(header, rows, **overrides):
    return ops.read_table("\n".join([header, *rows]).encode(), **overrides)


def people(extra=""):
    return [
        f"U{i:03},2025-03-{i % 28 + 1:02} 09:00,"
        + (f"2025-04-{i % 28 + 1:02} 10:00" if i % 2 else "")
        + ","
        + (f"2025-05-{i % 28 + 1:02} 11:00" if i % 4 == 1 else "")
        + extra
        for i in range(100)
    ]


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("用户ID,注册时间,首单时间,复购时间", ["注册", "首单", "复购"]),
        ("user_id,signup_at,first_order_at,second_order_date", None),
    ],
)
def test_columns_of_times_become_events(header, names):
    found = read(header, people())
    user = header.split(",")[0]
    assert found.report.kind == "events"
    assert found.report.roles == {"user": user, "event": "event", "time": "time"}
    assert len(found.frame) == 100 + 50 + 25
    names = names or ["signup", "first_order", "second_order"]
    assert found.frame["event"].value_counts()[names].tolist() == [100, 50, 25]
    told = [note.text() for note in found.report.changes]
    assert any("175 events; 125 empty cells are none" in one for one in told)
    assert (found.report.rows, found.report.table_rows) == (100, 175)
    assert found.report.describe().startswith(
        "A table of 175 rows and 3 columns was made of 100 rows of the file."
    )
    plain = read(header, people(), kind="users").report
    assert (plain.rows, plain.made, plain.table_rows) == (100, None, 100)
    types = {column.name: column.type for column in found.report.columns}
    assert types == {user: "text", "event": "text", "time": "date"}


@pytest.mark.parametrize("month", ["注册年月", "signup_month"])
def test_the_month_of_a_time_is_no_second_deed(month):
    rows = [f"U{i:03},2025-03-{i % 28 + 1:02} 09:00,2025-03" for i in range(100)]
    assert read(f"user_id,signup_at,{month}", rows).report.kind == "users"


def test_a_funnel_runs_on_what_was_a_sheet_of_times(tmp_path):
    path = tmp_path / "wide.csv"
    path.write_text(
        "\n".join(["用户ID,注册时间,首单时间,复购时间", *people()]), "utf-8"
    )
    log = ops.open(path).events
    result = ops.funnel(log, steps=["注册", "首单", "复购"], window="365D")
    assert result.table["users"].tolist() == [100, 50, 25]


def test_a_sheet_that_says_more_of_users_stays_and_offers_events():
    header = "用户ID,注册时间,首单时间,最近登录时间,城市,年龄,等级,生日"
    rows = people(",北京,30,2,1990-01-01")
    report = read(header, rows).report
    assert report.kind == "users"
    assert report.offers["events"].values["n"] == 175
    assert "生日" not in report.offers["events"].values["columns"]
    assert Report.from_json(report.to_json()).offers == report.offers
    asked = read(header, rows, kind="events")
    assert asked.report.kind == "events"
    assert len(asked.frame) == 175
    assert asked.frame["城市"].eq("北京").all()


def test_a_row_per_user_and_day_is_an_event_unless_nothing_happened():
    rows = [
        f"U{i % 10},2025-03-{i // 10 + 1:02},{i % 3},{i % 3 * 7}" for i in range(90)
    ]
    found = read("用户ID,日期,登录次数,时长", rows)
    assert found.report.roles == {"user": "用户ID", "event": "event", "time": "日期"}
    assert found.frame["event"].unique().tolist() == ["活跃"]
    assert len(found.frame) == 60
    assert found.report.changes[0].code == "ingest.user_days"
    assert found.report.changes[0].values["empty"] == 30


def test_several_rows_of_a_user_on_a_day_are_left_as_they_are():
    rows = [f"U{i % 10},2025-03-{i // 30 + 1:02},{i % 3},{i % 3}" for i in range(90)]
    found = read("用户ID,日期,登录次数,时长", rows)
    assert found.report.kind != "events"
    assert len(found.frame) == 90


@pytest.mark.parametrize("figure", ["orders", "revenue"])
def test_a_row_per_unit_and_day_is_an_experiment_with_days(figure):
    rows = [f"U{i % 10},2025-03-{i // 10 + 1:02},{'AB'[i % 2]},{i}" for i in range(90)]
    found = read(f"user_id,date,variant,{figure}", rows)
    assert found.report.kind == "experiment"
    roles = {"unit": "user_id", "variant": "variant", "time": "date"}
    assert found.report.roles == roles
    assert len(found.frame) == 90
    (note,) = found.report.changes
    assert note.text() == (
        "There is a row per unit and day: 90 rows of 10 units, which an A/B test adds "
        "up."
    )


def test_orders_of_groups_of_customers_are_no_experiment():
    rows = [f"U{i % 10},2025-03-{i // 10 + 1:02},{'AB'[i % 2]},{i}" for i in range(90)]
    assert read("user_id,date,segment,revenue", rows).report.kind == "orders"


@pytest.mark.parametrize(
    ("header", "rows", "groups"),
    [
        (
            "渠道,访问,加购,支付",
            ["抖音,1000,300,40", "微信,800,280,90"],
            ["抖音", "微信"],
        ),
        ("visit,cart,pay", ["1000,300,40"], None),
    ],
)
def test_a_column_per_step_becomes_counts(header, rows, groups):
    found = read(header, rows)
    assert found.report.kind == "counts"
    first = found.frame[:3]
    assert first["users"].tolist() == [1000, 300, 40]
    assert first["step"].tolist() == header.split(",")[-3:]
    if groups:
        assert found.frame["group"].unique().tolist() == groups


def test_numbers_that_grow_and_days_are_no_funnel():
    assert read("a,b,c", ["10,5,7", "9,4,2"]).report.kind != "counts"
    days = [
        f"2025-03-{day:02},{900 - day},{300 - day},{40 - day}" for day in range(1, 29)
    ]
    assert read("日期,访问,加购,支付", days).report.kind == "daily"


def test_instants_stay_instants():
    times = pd.to_datetime(["2025-01-01T08:00Z", None])
    frame = pd.DataFrame({"id": ["a", "b"], "x_at": times, "y_at": times})
    made = reshape.to_events(frame, user="id", times=["x_at", "y_at"])
    assert str(made["time"].dt.tz) == "UTC"
    assert made["time"].tolist() == [times[0], times[0]]
    assert frame.columns.tolist() == ["id", "x_at", "y_at"]
