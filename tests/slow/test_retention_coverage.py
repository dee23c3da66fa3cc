"""How often the interval of pooled recurring cohorts holds the truth."""

import numpy as np
import pandas as pd
import pytest

from opslib import EventLog
from opslib.analyses.retention import retention
from opslib.stats.proportions import wilson

USERS, DAYS, TIMES = 120, 12, 1000
START = pd.Timestamp("2026-03-01")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("a", "b", "naive"), [(0.5, 0.5, 0.85), (0.3, 1.2, 0.85), (3.0, 2.0, 0.96)]
)
def test_as_often_as_promised_however_alike_the_days_of_a_user_are(a, b, naive):
    """Each user is active on a day by a chance of his own, drawn from Beta(a, b).

    Of those active on a day (a + 1) / (a + b + 1) are active on the next.
    """
    rng = np.random.default_rng(7)
    truth = (a + 1) / (a + b + 1)
    covered, plainly = 0, 0
    for _ in range(TIMES):
        chance = rng.beta(a, b, USERS)
        user, day = np.nonzero(rng.random((USERS, DAYS)) < chance[:, None])
        frame = pd.DataFrame({"user": user.astype(str), "event": "open"})
        log = EventLog.from_frame(
            frame.assign(time=START + pd.to_timedelta(day, unit="D")),
            user="user",
            event="event",
            time="time",
        )
        row = retention(log, cohort="recurring", ages=[1]).curve.iloc[0]
        covered += row["low"] <= truth <= row["high"]
        low, high = wilson(row["retained"], row["users"])
        plainly += low <= truth <= high
    print(f"{covered / TIMES:.3f} of 95 %, taken as independent {plainly / TIMES:.3f}")
    assert 0.93 <= covered / TIMES <= 0.97
    assert plainly / TIMES < naive
