"""The Qini curve against its definition, unit by unit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from opslib.stats.qini import qini_area, qini_curve, qini_resampled


def by_definition(units):
    """The gain after each whole block of one score, as Radcliffe writes it."""
    arms = [arm for _, arm, _ in units]
    share, gain = [0.0], [0.0]
    for score in sorted({score for score, _, _ in units}, reverse=True):
        first = [unit for unit in units if unit[0] >= score]
        n_t = sum(1 for _, arm, _ in first if arm)
        n_c = len(first) - n_t
        y_t = sum(y for _, arm, y in first if arm)
        y_c = sum(y for _, arm, y in first if not arm)
        share.append(len(first) / len(units))
        gain.append((y_t - y_c * n_t / n_c) / sum(arms) if n_c else 0.0)
    return share, gain


def area_by_hand(share, gain):
    total = 0.0
    for i in range(1, len(share)):
        left = gain[i - 1] - share[i - 1] * gain[-1]
        right = gain[i] - share[i] * gain[-1]
        total += (share[i] - share[i - 1]) * (left + right) / 2
    return total


UNITS = some.lists(
    some.tuples(some.integers(0, 6), some.booleans(), some.integers(-2, 3)),
    min_size=2,
    max_size=25,
).filter(lambda units: {arm for _, arm, _ in units} == {True, False})


@given(units=UNITS, shuffled=some.randoms())
def test_the_curve_is_the_definition_in_any_order_of_the_units(units, shuffled):
    share, gain = by_definition(units)
    shuffled.shuffle(units)
    found = qini_curve(*zip(*units, strict=True))
    assert found[0] == pytest.approx(share)
    assert found[1] == pytest.approx(gain)
    assert float(qini_area(*found)) == pytest.approx(area_by_hand(share, gain))


@given(units=UNITS)
def test_the_curve_ends_at_the_difference_of_the_means(units):
    _, arms, values = map(np.array, zip(*units, strict=True))
    gain = qini_curve(*zip(*units, strict=True))[1]
    assert gain[-1] == pytest.approx(values[arms].mean() - values[~arms].mean())


def test_one_score_for_all_is_a_straight_line():
    share, gain = qini_curve([1, 1, 1, 1], [1, 0, 1, 0], [1, 0, 1, 1])
    assert share.tolist() == [0, 1]
    assert gain.tolist() == [0, 0.5]
    assert qini_area(share, gain) == 0


def test_more_scores_than_vertices_lose_next_to_nothing():
    random = np.random.default_rng(0)
    score, treated = random.normal(size=20_000), random.integers(0, 2, 20_000)
    outcome = random.random(20_000) < 0.2 + 0.05 * (score > 0) * treated
    share, gain = qini_curve(score, treated, outcome)
    assert len(share) == 1_001
    exact = by_definition_at(score, treated, outcome, share)
    assert gain == pytest.approx(exact, abs=1e-12)
    # Half of the units carry all of the effect, 0.025 on average: a triangle.
    assert float(qini_area(share, gain)) == pytest.approx(0.0125 / 2, abs=0.002)


def by_definition_at(score, treated, outcome, shares):
    order, found = np.argsort(-score), []
    t, y = treated[order].astype(bool), outcome[order].astype(float)
    for share in shares:
        n = round(share * len(t))
        n_t, n_c = t[:n].sum(), (~t[:n]).sum()
        found.append(
            (y[:n][t[:n]].sum() - y[:n][~t[:n]].sum() * n_t / n_c) / t.sum()
            if n_c
            else 0.0
        )
    return found


def test_a_reversed_score_loses_what_the_score_gains():
    random = np.random.default_rng(1)
    score, treated = random.normal(size=4_000), random.integers(0, 2, 4_000)
    outcome = (random.random(4_000) < 0.3 + 0.2 * (score > 0) * treated).astype(float)
    up = float(qini_area(*qini_curve(score, treated, outcome)))
    down = float(qini_area(*qini_curve(-score, treated, outcome)))
    assert up > 0.02
    assert down == pytest.approx(-up, abs=0.005)


def test_resamples_vary_as_samples_do():
    """The spread of the draws of one sample is that of the areas of many samples."""
    random = np.random.default_rng(2)

    def sample():
        score, treated = random.normal(size=2_000), random.integers(0, 2, 2_000)
        outcome = random.random(2_000) < 0.3 + 0.1 * (score > 0) * treated
        return score, treated, outcome.astype(float)

    curves = [qini_curve(*sample()) for _ in range(400)]
    areas = np.array([float(qini_area(*curve)) for curve in curves])
    halves = np.array([np.interp(0.5, *curve) for curve in curves])
    gains, drawn = qini_resampled(*sample(), at=np.array([0.0, 0.5]), times=400)
    assert drawn.std() == pytest.approx(areas.std(), rel=0.2)
    assert gains[:, 1].std() == pytest.approx(halves.std(), rel=0.2)
    assert not gains[:, 0].any()


def test_draws_are_those_of_the_seed_and_do_not_change_with_the_steps(monkeypatch):
    units = np.arange(50.0), np.arange(50) % 2, np.arange(50) % 3
    options = {"at": np.array([0.3]), "times": 40}
    gains, areas = qini_resampled(*units, **options, seed=5)
    monkeypatch.setattr("opslib.stats.qini.AT_ONCE", 120)
    again = qini_resampled(*units, **options, seed=5)
    assert gains.tolist() == again[0].tolist()
    assert areas.tolist() == again[1].tolist()
    assert qini_resampled(*units, **options, seed=6)[1].tolist() != areas.tolist()


def test_a_draw_without_an_arm_is_not_a_number():
    areas = qini_resampled([2, 1], [1, 0], [1, 0], at=np.array([1.0]), times=60)[1]
    assert 0 < np.isnan(areas).sum() < 60
