"""The Qini curve: does a score find those on whom a treatment works?"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

MOST_VERTICES = 1_000
# Numbers that are held at once, so that resamples of a large table fit into memory.
AT_ONCE = 2_000_000


def qini_curve(
    score: npt.ArrayLike, treated: npt.ArrayLike, outcome: npt.ArrayLike
) -> tuple[Floats, Floats]:
    """Return what treating only those with the highest scores gains.

    With the units sorted by score, at a share phi of them, N_T(phi) treated and
    N_C(phi) controls with outcomes that add up to Y_T(phi) and Y_C(phi), the gain is

        (Y_T(phi) - Y_C(phi) * N_T(phi) / N_C(phi)) / N_T(1)

    so that it ends at the difference of the two means, and the line to that point is
    what treating a share of the units at random gains. Units of one score come
    together, in a straight line, and so does what lies between 1,000 vertices if there
    are more scores. Where there is no control yet, nothing is known to be gained.

    Args:
        score: n numbers, the higher the sooner a unit is treated.
        treated: n, true for the treatment and false for the control, some of each.
        outcome: n numbers, more is better.

    Returns:
        Shares from 0 to 1, and the gain at each: in units of outcome per unit of all.

    References:
        Radcliffe (2007), Using control groups to target on predicted lift, Direct
        Marketing Analytics Journal, 14-21; there the gain is not divided by N_T(1).

    Example:
        Six units; T, C, T, C, T, C with the outcomes 1, 0, 1, 1, 0, 1. After the
        first there is no control; then 1 - 0 * 1/1 = 1, 2 - 0 * 2/1 = 2,
        2 - 1 * 2/2 = 1, 2 - 1 * 3/2 = 0.5 and 2 - 2 * 3/3 = 0, each of 3 treated.

        >>> treated = [True, False, True, False, True, False]
        >>> share, gain = qini_curve([6, 5, 4, 3, 2, 1], treated, [1, 0, 1, 1, 0, 1])
        >>> share.round(2).tolist()
        [0.0, 0.17, 0.33, 0.5, 0.67, 0.83, 1.0]
        >>> gain.round(2).tolist()
        [0.0, 0.0, 0.33, 0.67, 0.33, 0.17, 0.0]
        >>> float(qini_area(share, gain))
        0.25
    """
    sums, starts = _ranked(score, treated, outcome)
    shares, gains = _curves(np.add.reduceat(sums, starts, axis=-1)[:, None])
    return shares[0], gains[0]


def qini_area(share: Floats, gain: Floats) -> Floats:
    """Return the area between Qini curves and their random lines.

    It is what a score gains over chance, per unit of all, on average over the shares
    that could be treated: 0 for a score that knows nothing, below 0 for a wrong one.

    Args:
        share: ... x m shares, from 0 to 1.
        gain: Of the same shape, the gains there.
    """
    above = gain - share * gain[..., -1:]
    middle = (above[..., 1:] + above[..., :-1]) / 2
    return np.asarray((middle * np.diff(share, axis=-1)).sum(axis=-1))


def qini_resampled(
    score: npt.ArrayLike,
    treated: npt.ArrayLike,
    outcome: npt.ArrayLike,
    *,
    at: Floats,
    seed: int = 0,
    times: int = 1_000,
) -> tuple[Floats, Floats]:
    """Draw the units again and again, each counted as often as Poisson(1) says.

    The scores stay: what varies is the units that they are tried on, so that these
    must not be those that the scores were learnt from.

    Args:
        score: As in `qini_curve`.
        treated: As there.
        outcome: As there.
        at: m shares at which the gain is asked for.
        seed: Of the draws, which go by the order of the units.
        times: How often.

    Returns:
        times x m gains, and as many areas as times; NaN where a draw has nobody of
        the treatment or of the control.

    References:
        Efron (1979); Hanley & MacGibbon (2006), Computer Methods and Programs in
        Biomedicine 83, 57-62, for counts that are Poisson.
    """
    sums, starts = _ranked(score, treated, outcome)
    random = np.random.default_rng(seed)
    gains, areas = np.empty((times, len(at))), np.empty(times)
    step = max(1, AT_ONCE // sums.shape[1])
    for first in range(0, times, step):
        some = slice(first, min(first + step, times))
        counts = random.poisson(1.0, (some.stop - first, sums.shape[1])).astype(float)
        drawn = np.stack(
            [np.add.reduceat(counts * column, starts, axis=-1) for column in sums]
        )
        shares, curves = _curves(drawn)
        areas[some] = qini_area(shares, curves)
        for i, (share, curve) in enumerate(zip(shares, curves, strict=True), first):
            gains[i] = np.interp(at, share, curve)
    return gains, areas


def _ranked(
    score: npt.ArrayLike, treated: npt.ArrayLike, outcome: npt.ArrayLike
) -> tuple[Floats, npt.NDArray[np.intp]]:
    """Sort by score; return what is added up of each unit, and where blocks start.

    Treated, their outcome, controls, their outcome: 4 x n.
    """
    scores = np.asarray(score, float)
    order = np.argsort(-scores, kind="stable")
    ranked, n = scores[order], len(order)
    arm = np.asarray(treated, bool)[order].astype(float)
    value = np.asarray(outcome, float)[order]
    ends = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]) + 1, n)
    if len(ends) > MOST_VERTICES:
        wanted = np.linspace(0, n, MOST_VERTICES + 1)[1:]
        ends = ends[np.unique(np.searchsorted(ends, np.floor(wanted)))]
    starts = np.append(0, ends[:-1])
    return np.stack([arm, arm * value, 1 - arm, (1 - arm) * value]), starts


def _curves(sums: Floats) -> tuple[Floats, Floats]:
    """Return shares and gains, from 0, of 4 x draws x blocks sums."""
    n_t, y_t, n_c, y_c = np.cumsum(sums, axis=-1)
    expected = np.divide(y_c * n_t, n_c, out=np.zeros_like(y_c), where=n_c > 0)
    whole = np.where(n_c[..., -1:] > 0, n_t[..., -1:], 0)
    whole = np.where(whole > 0, whole, np.nan)
    gain = np.where(n_c > 0, y_t - expected, 0) / whole
    total = n_t + n_c
    share = total / np.maximum(total[..., -1:], 1)
    none = np.zeros((len(gain), 1))
    return np.hstack([none, share]), np.hstack([none, gain])
