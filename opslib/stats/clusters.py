"""K-means groups of points: the fit, how well they are told apart, and how many."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from threadpoolctl import threadpool_limits

START_ROWS = 10_000
SILHOUETTE_ROWS = 2_000
STEP_ROWS = 65_536


@dataclass(frozen=True)
class Clusters:
    """Points in k groups, the largest first, equal sizes ordered by centre.

    Attributes:
        centres: k x d.
        labels: n, from 0; the nearest centre of each point.
        distances: n, Euclidean, to that centre.
    """

    centres: NDArray[np.float64]
    labels: NDArray[np.intp]
    distances: NDArray[np.float64]

    @property
    def sizes(self) -> NDArray[np.intp]:
        """Points in each group."""
        return np.bincount(self.labels, minlength=len(self.centres))

    @property
    def inertia(self) -> float:
        """Sum of squared distances, what k-means makes small."""
        return float(np.square(self.distances).sum())


def nearest(
    points: NDArray[np.float64], centres: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the nearest of k centres to each of n points, and its distance.

    Example:
        >>> centres = np.array([[1.0], [5.0]])
        >>> labels, distances = nearest(np.array([[0.0], [5.0]]), centres)
        >>> labels.tolist(), distances.tolist()
        ([0, 1], [1.0, 0.0])
    """
    labels = np.empty(len(points), np.intp)
    distances = np.empty(len(points))
    for at in range(0, len(points), STEP_ROWS):
        step = slice(at, at + STEP_ROWS)
        # |x - c|^2 less |x|^2, which no centre changes.
        relative = np.square(centres).sum(1) - 2 * points[step] @ centres.T
        labels[step] = relative.argmin(1)
        distances[step] = np.linalg.norm(points[step] - centres[labels[step]], axis=1)
    return labels, distances


def fit(points: NDArray[np.float64], k: int, *, seed: int = 0) -> Clusters:
    """Group n x d `points` by k-means (Lloyd), the best of ten k-means++ starts.

    Above 10,000 points the ten starts see the first 10,000, which must therefore come
    in random order; the best then takes up to ten more rounds over all points.

    References:
        Arthur & Vassilvitskii (2007), k-means++.

    Example:
        >>> found = fit(np.array([[0.0], [1.0], [1.1], [9.0]]), 2)
        >>> found.labels.tolist(), found.sizes.tolist()
        ([0, 0, 0, 1], [3, 1])
    """
    start = points[:START_ROWS]
    # One thread adds up in one order, and is faster when many sessions share the cores.
    with threadpool_limits(1, user_api="openmp"):  # type: ignore[no-untyped-call]
        model: Any = KMeans(k, n_init=10, random_state=seed)  # type: ignore[no-untyped-call]
        model.fit(start)
        if len(points) > len(start):
            model.set_params(init=model.cluster_centers_, n_init=1, max_iter=10)
            model.fit(points)
    centres = np.round(model.cluster_centers_, 9) + 0.0
    sizes = np.bincount(nearest(points, centres)[0], minlength=k)
    centres = centres[np.lexsort([*centres.T[::-1], -sizes])]
    return Clusters(centres, *nearest(points, centres))


def silhouette(points: NDArray[np.float64], labels: NDArray[np.intp]) -> float:
    """Return the mean silhouette, -1 to 1, of at most 2,000 points.

    Above that, each group gives its share (and at least two), the first in order.

    References:
        Rousseeuw (1987), Silhouettes.
    """
    if len(points) > SILHOUETTE_ROWS:
        sizes = np.bincount(labels)
        free = SILHOUETTE_ROWS - 2 * len(sizes)
        quota = 2 + free * sizes // len(points)
        rows = [np.flatnonzero(labels == g)[:q] for g, q in enumerate(quota)]
        chosen = np.concatenate(rows)
        points, labels = points[chosen], labels[chosen]
    return float(silhouette_score(points, labels))


def most_groups(points: NDArray[np.float64]) -> int:
    """Return how many groups k-means could tell apart: the distinct points it sees."""
    return len(pd.DataFrame(points[:START_ROWS]).drop_duplicates())


def compare(
    points: NDArray[np.float64], ks: Sequence[int], *, seed: int = 0
) -> tuple[pd.DataFrame, dict[int, Clusters]]:
    """Fit every k of `ks`; the table has k, silhouette, inertia, smallest."""
    fits = {k: fit(points, k, seed=seed) for k in ks}
    table = pd.DataFrame(
        {
            "k": list(ks),
            "silhouette": [silhouette(points, f.labels) for f in fits.values()],
            "inertia": [f.inertia for f in fits.values()],
            "smallest": [int(f.sizes.min()) for f in fits.values()],
        }
    )
    return table, fits


def choose(table: pd.DataFrame, n: int) -> int:
    """Choose k from the table of `compare` over `n` points.

    Candidates have a silhouette within 5 % of the best; the smallest of them with at
    least max(30, 2 % of n) points in every group is chosen. Without such a candidate it
    is the best silhouette of those that have enough points, else the best of all.

    Example:
        >>> table = pd.DataFrame({"k": [2, 3, 4], "silhouette": [0.4, 0.58, 0.6]})
        >>> table["smallest"] = [99, 40, 5]
        >>> choose(table, 200)
        3
    """
    best = table["silhouette"].max()
    enough = table["smallest"] >= max(30, 0.02 * n)
    near = table["silhouette"] >= best - 0.05 * abs(best)
    if (near & enough).any():
        return int(table.loc[near & enough, "k"].min())
    pool = table[enough] if enough.any() else table
    return int(pool["k"].iloc[int(pool["silhouette"].argmax())])
