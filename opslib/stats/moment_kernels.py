"""The compiled loops over the units of an experiment."""

import numpy as np

from opslib.kernels import kernel

# Neighbours are added up apart: each sum would wait for the one before.
LANES = 4


@kernel
def write_blocks(values, group, block, first, end, n, mean, products):  # type: ignore[no-untyped-def]
    """Write the moments of the blocks first <= b < end, which are 0 before.

    Args:
        values: By column and unit.
        group: Of each unit. One of -1, or with a NaN in any column, is left out.
        block: How many units are a block.
        first, end: The blocks.
        n, mean, products: By block, column, column, and place: for each lane what is
            left out, and then the groups.
    """
    columns, units = values.shape
    places = n.shape[1]
    place = np.empty(block, np.int64)
    for b in range(first, end):
        low = b * block
        size = min(block, units - low)
        for i in range(size):
            place[i] = group[low + i] + 1
        for c in range(columns):
            for i in range(size):
                place[i] = 0 if np.isnan(values[c, low + i]) else place[i]
        for i in range(size):
            place[i] += i % LANES * (places // LANES)
            n[b, place[i]] += 1
        for c in range(columns):
            centre = mean[b, c]
            for i in range(size):
                centre[place[i]] += values[c, low + i]
            for at in range(places):
                centre[at] /= max(1, n[b, at])
        for c in range(columns):
            for d in range(c + 1):
                one, other, total = mean[b, c], mean[b, d], products[b, c, d]
                for i in range(size):
                    at = place[i]
                    beyond = values[c, low + i] - one[at]
                    total[at] += beyond * (values[d, low + i] - other[at])
                products[b, d, c] = total


@kernel
def write_cubes(values, group, centre, block, first, end, sums):  # type: ignore[no-untyped-def]
    """Write sums of the blocks first <= b < end, which are 0 before.

    Args:
        values: Of each unit; NaN is left out.
        group: Of each unit. One of -1 is left out.
        centre: Of each group, what is taken off its values.
        block: How many units are a block.
        first, end: The blocks.
        sums: By block, group and power, those of the powers 1 to 3.
    """
    for b in range(first, end):
        for i in range(b * block, min((b + 1) * block, len(values))):
            g = group[i]
            if g >= 0 and not np.isnan(values[i]):
                beyond = values[i] - centre[g]
                square = beyond * beyond
                sums[b, g, 0] += beyond
                sums[b, g, 1] += square
                sums[b, g, 2] += square * beyond
