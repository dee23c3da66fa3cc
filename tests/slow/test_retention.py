"""Retention against ClickHouse's own `retention()`, on logs made at random."""

import numpy as np
import pandas as pd
import pytest

from opslib import EventLog
from opslib.analyses.retention import retention

chdb = pytest.importorskip("chdb")
DAYS = 21
START = pd.Timestamp("2026-03-15")  # Clocks change in Berlin on the 29th.
COUNTS = {
    "on": "= addDays(born.cohort, {first})",
    "on_or_after": ">= addDays(born.cohort, {first})",
    "brackets": "- born.cohort BETWEEN {first} AND {last}",
}
BRACKETS = [[1, 2], [3, 7], [9, 14]]


def a_log(seed):
    """Users of unequal activity who do three things within three weeks."""
    rng = np.random.default_rng(seed)
    users, events = 300, 4_000
    activity = rng.gamma(0.7, size=users)
    seconds = rng.integers(0, DAYS * 86_400, events)
    return pd.DataFrame(
        {
            "user": rng.choice(users, events, p=activity / activity.sum()),
            "event": rng.choice(["open", "view", "buy"], events, p=[0.5, 0.4, 0.1]),
            "time": START + pd.to_timedelta(seconds, unit="s"),
        }
    )


def theirs(frame, timezone, start, back, count, ages):
    """Counts by cohort and first age: the start on its day, and back so much later."""
    seconds = frame["time"].astype("datetime64[s]").astype("int64")
    events = frame.assign(time=seconds)  # noqa: F841  read by the query
    began = f"event = '{start}'" if start else "1"
    came = f"event = '{back}'" if back else "1"
    conditions = [f"{began} AND day = born.cohort"]
    conditions += [
        f"{came} AND day {COUNTS[count].format(first=first, last=last)}"
        for first, last in ages
    ]
    sums = ", ".join(f"sum(r[{i + 2}]) AS a{a}" for i, (a, _) in enumerate(ages))
    query = f"""
        WITH log AS (
            SELECT user, event, toDate(toDateTime(time, '{timezone}')) AS day
            FROM Python(events)
        ), born AS (
            SELECT user, min(day) AS cohort FROM log WHERE {began} GROUP BY user
        )
        SELECT line AS cohort, {sums} FROM (
            SELECT user, any(born.cohort) AS line,
                   retention({", ".join(conditions)}) AS r
            FROM log JOIN born USING (user) GROUP BY user
        ) GROUP BY line
    """
    found = chdb.query(query, "DataFrame")
    return found.assign(cohort=pd.to_datetime(found["cohort"])).set_index("cohort")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("timezone", ["UTC", "Europe/Berlin", "Asia/Shanghai"])
def test_every_cell_is_what_clickhouse_counts(seed, timezone, count):
    frame = a_log(seed)
    start, back = ("open" if seed % 2 else None), ("buy" if seed > 1 else None)
    utc = frame.assign(time=frame["time"].dt.tz_localize("UTC"))
    log = EventLog.from_frame(
        utc, user="user", event="event", time="time", timezone=timezone
    )
    asked = BRACKETS if count == "brackets" else count
    table = retention(log, start=start, back=back, count=asked).table
    ages = BRACKETS
    if count != "brackets":
        ages = [(age, age) for age in range(1, int(table["age"].max()) + 1)]
    expected = theirs(frame, timezone, start, back, count, ages)
    later = table[table["age"] > 0]
    assert set(table["cohort"]) == set(expected.index)
    counted = [expected.loc[cell.cohort, f"a{cell.age}"] for cell in later.itertuples()]
    assert later["retained"].tolist() == counted
    assert len(later) >= 40
