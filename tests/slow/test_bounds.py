"""Compiled code, checked for reading or writing beyond its arrays.

Where that happens, numbers may be right by chance; in other tests nobody would see it.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMPILED = (
    "tests/test_presence.py",
    "tests/test_periods.py",
    "tests/test_eventlog.py",
    "tests/test_segments.py",
    "tests/analyses/test_activity.py",
    "tests/analyses/test_funnel.py",
    "tests/analyses/test_funnel_options.py",
    "tests/analyses/test_funnel_steps.py",
    "tests/analyses/test_lifecycle.py",
    "tests/analyses/test_paths.py",
    "tests/analyses/test_retention.py",
    "tests/analyses/test_retention_definition.py",
    "tests/analyses/test_user_features.py",
    "tests/stats/test_moments.py",
)


@pytest.mark.slow
def test_kernels_stay_within_their_arrays(tmp_path):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-x",
            "-p",
            "no:cacheprovider",
            *COMPILED,
        ],
        cwd=ROOT,
        env={**os.environ, "NUMBA_BOUNDSCHECK": "1", "OPSLIB_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
