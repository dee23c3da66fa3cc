"""The demo's truth against half a million users: small mistakes show here."""

import numpy as np
import pytest

from opslib import simulate

WEEK = 7 * 86_400_000_000


@pytest.mark.slow
def test_first_week_is_recovered_within_three_standard_errors():
    log = simulate.events(users=500_000, seed=5)
    start = np.full(500_000, np.iinfo(np.int64).max)
    registered = log.event == simulate.REGISTER
    start[log.user[registered]] = log.time[registered]
    # The last days are left out: their week is not over.
    early = start < log.time.max() - WEEK - WEEK // 7
    told = list(simulate.truth(users=1).first_week.values())[1:]
    for code, share in zip((simulate.CART, simulate.PAY), told, strict=True):
        mine = (log.event == code) & early[log.user]
        soon = log.time[mine] - start[log.user[mine]] <= WEEK
        reached = len(np.unique(log.user[mine][soon])) / early.sum()
        assert abs(reached - share) < 3 * np.sqrt(share * (1 - share) / early.sum())
