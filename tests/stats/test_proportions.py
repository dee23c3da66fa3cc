"""Intervals and tests of shares, against published figures and other programs."""

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from opslib.stats.proportions import wilson


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_wilson_is_that_of_statsmodels(confidence):
    n = np.repeat([1, 10, 1_000_000], 3)
    x = np.array([0, 1, 1, 0, 3, 10, 0, 20, 1_000_000])
    expected = proportion_confint(x, n, alpha=1 - confidence, method="wilson")
    np.testing.assert_allclose(wilson(x, n, confidence), expected, atol=1e-12)


def test_wilson_is_exact_at_the_ends_and_empty_without_users():
    low, high = wilson([0, 7, 0], [7, 7, 0])
    assert low[0] == 0
    assert high[1] == 1
    assert np.isnan([low[2], high[2]]).all()


def test_wilson_keeps_the_shape():
    low, high = wilson(np.ones((2, 3)), 5)
    assert low.shape == high.shape == (2, 3)
