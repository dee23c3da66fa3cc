"""Sample ratio and multiplicity, against scipy and statsmodels."""

import numpy as np
import pytest
from scipy.stats import chisquare
from statsmodels.stats.multitest import multipletests

from opslib.stats.checks import sample_ratio
from opslib.stats.multiplicity import benjamini_hochberg, holm


def test_sample_ratio_is_scipys_chi_square():
    expected = chisquare([880, 110, 10], [850, 120, 30]).pvalue
    assert sample_ratio([880, 110, 10], [85, 12, 3]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("observed", "p"), [([44_700, 45_489], 0.0086), ([21_306, 21_307, 21_387], 0.904)]
)
def test_sample_ratio_of_public_experiments(observed, p):
    shares = [1] * len(observed)
    assert sample_ratio(observed, shares) == pytest.approx(p, rel=5e-3)


def test_a_variant_without_planned_share_adds_no_freedom():
    assert sample_ratio([500, 540, 0], [1, 1, 0]) == sample_ratio([500, 540], [1, 1])
    assert sample_ratio([500, 500, 3], [1, 1, 0]) == 0


def test_holm_is_that_of_statsmodels():
    p = np.random.default_rng(2).uniform(0, 0.3, 40)
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1])


def test_benjamini_hochberg_is_that_of_statsmodels():
    p = np.random.default_rng(2).uniform(0, 0.3, 40)
    expected = multipletests(p, method="fdr_bh")[1]
    np.testing.assert_allclose(benjamini_hochberg(p), expected)
    np.testing.assert_allclose(
        benjamini_hochberg([0.04, np.nan, 0.01]), [0.04, np.nan, 0.02]
    )


def test_a_comparison_without_p_value_does_not_count():
    np.testing.assert_allclose(holm([0.03, np.nan, 0.02]), [0.04, np.nan, 0.04])
