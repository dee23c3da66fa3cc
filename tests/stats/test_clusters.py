"""Groups of points against scikit-learn, published answers and known blobs."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score, silhouette_score
from threadpoolctl import threadpool_limits

from opslib.stats import clusters

SAMPLES = Path(
    os.environ.get("OPSLIB_SAMPLES", Path(__file__).parents[2] / "../shared/data")
)


def test_mall_customers_have_the_published_inertia():
    path = SAMPLES / "users" / "Mall_Customers.csv"
    if not path.exists():
        pytest.skip("no Mall_Customers.csv")
    mall = pd.read_csv(path)[["annual_income_thousands", "spending_score"]]
    found = clusters.fit(mall.to_numpy(float), 5)
    assert found.inertia == pytest.approx(44_448.455, abs=0.001)
    assert found.sizes.tolist() == [81, 39, 35, 23, 22]


@pytest.fixture(scope="module")
def blobs():
    return make_blobs([900, 600, 300], 4, random_state=3)


def test_small_data_gets_what_scikit_learn_finds(blobs):
    points, truth = blobs
    found = clusters.fit(points, 3)
    theirs = KMeans(3, n_init=10, random_state=0).fit(points)
    assert found.inertia == pytest.approx(theirs.inertia_, rel=1e-8)
    assert adjusted_rand_score(found.labels, theirs.labels_) == 1
    assert adjusted_rand_score(found.labels, truth) == 1
    assert found.sizes.tolist() == [900, 600, 300]


def test_large_data_is_within_one_percent_of_scikit_learn(monkeypatch):
    monkeypatch.setattr(clusters, "START_ROWS", 400)
    points, _ = make_blobs(4_000, 6, centers=5, cluster_std=4, random_state=1)
    for k in (3, 5, 7):
        with threadpool_limits(1):
            theirs = KMeans(k, n_init=10, random_state=0).fit(points)
        assert clusters.fit(points, k).inertia < 1.01 * theirs.inertia_


def test_equal_sizes_are_ordered_by_centre():
    found = clusters.fit(np.array([[5.0], [5.2], [1.0], [1.2]]), 2)
    assert found.centres.ravel().tolist() == [1.1, 5.1]


def test_silhouette_is_the_usual_one_up_to_2000_points(blobs):
    points, truth = blobs
    assert clusters.silhouette(points, truth) == silhouette_score(points, truth)


def test_sampled_silhouette_keeps_small_groups():
    points, truth = make_blobs([2_960, 40], 3, random_state=2)
    order = np.random.default_rng(0).permutation(len(points))
    points, truth = points[order], truth[order]
    sampled = clusters.silhouette(points, truth)
    assert sampled != silhouette_score(points, truth)
    assert sampled == pytest.approx(silhouette_score(points, truth), abs=0.01)
    # One user far away in 100,000 is still asked for.
    lonely = np.zeros(100_000, dtype=int)
    lonely[:2] = 1
    assert clusters.silhouette(lonely[:, None] + 0.0, lonely) == 1


@pytest.mark.parametrize(
    ("silhouettes", "smallest", "chosen"),
    [
        ([0.60, 0.57, 0.50], [90, 60, 40], 2),
        ([0.56, 0.57, 0.60], [90, 60, 40], 3),
        ([0.56, 0.57, 0.60], [90, 29, 40], 4),
        ([0.30, 0.57, 0.60], [90, 20, 20], 2),
        ([0.30, 0.57, 0.60], [9, 20, 20], 4),
        ([-0.30, -0.10, -0.20], [90, 60, 40], 3),
    ],
)
def test_k_is_the_smallest_near_the_best_with_enough_users(
    silhouettes, smallest, chosen
):
    table = pd.DataFrame(
        {"k": [2, 3, 4], "silhouette": silhouettes, "smallest": smallest}
    )
    assert clusters.choose(table, 200) == chosen


def test_two_percent_is_needed_of_many_users():
    table = pd.DataFrame(
        {"k": [2, 3], "silhouette": [0.6, 0.6], "smallest": [199, 200]}
    )
    assert clusters.choose(table, 10_000) == 3
