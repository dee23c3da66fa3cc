"""Exports in nine languages and all their encodings, many times over."""

from collections import Counter

import pytest

from tests.ingest.encoded import ALL, UTF
from tests.ingest.test_encoding import wrong

pytestmark = pytest.mark.slow

SEEDS = range(100, 120)


def test_nearly_every_export_comes_back_as_it_was_written():
    found = {seed: wrong(seed) for seed in SEEDS}
    assert max(one.total() for one in found.values()) <= 0.03 * len(ALL)
    every = sum(found.values(), Counter())
    files = Counter(one[:2] for one in ALL)
    for language, encoding in files:
        share = every[language, encoding] / (files[language, encoding] * len(SEEDS))
        chinese = language == "zh" or encoding in UTF
        assert share <= (0.02 if chinese else 0.05), (language, encoding)
