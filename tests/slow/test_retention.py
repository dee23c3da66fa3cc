"""Retention against ClickHouse's own `retention()`, on logs made at random."""

import numpy as np
import pandas as pd
import pytest

from opslib import EventLog
from opslib.analyses.retention import retention

chdb = pytest.importorskip("chdb")
DAYS = 21
START = pd.Timestamp("2026-03-15")  # Clocks change in Berlin on the 29th.


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


def theirs(frame, timezone, start, back, last):
    """Counts by cohort from `retention()`: the start in its period, back k days later.

    The start is every user's first; ours has to find that out as well.
    """
    seconds = frame["time"].astype("datetime64[s]").astype("int64")
    events = frame.assign(time=seconds)  # noqa: F841  read by the query
    began = "event = 'open'" if start else "1"
    came = "event = 'buy'" if back else "1"
    conditions = ", ".join(
        f"{came} AND day = addDays(born.cohort, {age})" for age in range(1, last + 1)
    )
    sums = ", ".join(f"sum(r[{age + 1}]) AS age{age}" for age in range(last + 1))
    query = f"""
        WITH log AS (
            SELECT user, event, toDate(toDateTime(time, '{timezone}')) AS day
            FROM Python(events)
        ), born AS (
            SELECT user, min(day) AS cohort FROM log WHERE {began} GROUP BY user
        )
        SELECT line AS cohort, {sums} FROM (
            SELECT user, any(born.cohort) AS line,
                   retention({began} AND day = born.cohort, {conditions}) AS r
            FROM log JOIN born USING (user) GROUP BY user
        ) GROUP BY line
    """
    return chdb.query(query, "DataFrame")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("timezone", ["UTC", "Europe/Berlin", "Asia/Shanghai"])
def test_every_cell_is_what_clickhouse_counts(seed, timezone):
    frame = a_log(seed)
    start, back = ("open" if seed % 2 else None), ("buy" if seed % 4 > 1 else None)
    utc = frame.assign(time=frame["time"].dt.tz_localize("UTC"))
    log = EventLog.from_frame(
        utc, user="user", event="event", time="time", timezone=timezone
    )
    table = retention(log, start=start, back=back).table
    found = theirs(frame, timezone, start, back, int(table["age"].max()))
    found["cohort"] = pd.to_datetime(found["cohort"])
    expected = found.set_index("cohort")
    assert table["cohort"].nunique() == len(expected)
    compared = 0
    for row in table.itertuples():
        assert row.retained == expected.loc[row.cohort, f"age{row.age}"]
        compared += row.age > 0
    assert compared > 100
