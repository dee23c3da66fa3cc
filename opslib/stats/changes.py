"""Changes of units from before to after: difference in differences of two groups."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from opslib.stats.means import TwoMeans

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class TwoChanges(TwoMeans):
    """How much more the units of one group changed than those of another.

    `treatment` is the mean of the treated units after, `control` what they were to be
    expected at: their mean before, and the change of the comparison on top. Both
    deviations are of changes, so that a unit counts once, whatever its days. A lift is
    the difference over what was to be expected.

    Attributes:
        sd_before: Standard deviation of the treated units before.
        shared: Covariance, within the treated, of the change with what was before.
    """

    sd_before: float
    shared: float
    name: str = "changes"

    @property
    def base(self) -> tuple[float, float]:
        """Variance of what was to be expected, its covariance with the difference."""
        comparison, _ = self.variances
        before = self.sd_before**2 / self.n
        return before + comparison, self.shared / self.n - comparison


def two_changes(
    control_before: Floats, control_after: Floats, before: Floats, after: Floats
) -> TwoChanges:
    """Compare the change of treated units with that of units without treatment.

    Welch's t-test on the changes. Its variance is that of least squares with dummies
    for units and times and errors clustered by unit in the bias-reduced form (CR2); the
    plain sandwich (CR0) has each group's part times (n - 1) / n, and is too small.

    Args:
        control_before: Mean of each unit of the comparison before, 2 or more.
        control_after: The same units after.
        before: Mean of each treated unit before, 2 or more.
        after: The same units after.

    References:
        Bertrand, Duflo & Mullainathan (2004), Q. J. Econ. 119, 249-275, on one change
        per unit; Imbens & Kolesar (2016), Rev. Econ. Stat. 98, 701-712, on CR2 being
        Welch's variance; Fieller (1954), JRSS B 16, 175-185, for the lift.

    Example:
        >>> a, b = np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 5.0])
        >>> pair = two_changes(a, a + 1, b, b + np.array([2.0, 3.0, 4.0]))
        >>> pair.control, pair.treatment, pair.difference
        (4.0, 6.0, 2.0)
    """
    change_control, change = control_after - control_before, after - before
    return TwoChanges(
        n_control=len(change_control),
        control=float(before.mean() + change_control.mean()),
        sd_control=float(change_control.std(ddof=1)),
        n=len(change),
        treatment=float(after.mean()),
        sd=float(change.std(ddof=1)),
        sd_before=float(before.std(ddof=1)),
        shared=float(np.cov(change, before)[0, 1]),
    )
