"""What all tests share: real files when they are here, and the same examples always."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parent.parent

settings.register_profile("opslib", derandomize=True, deadline=None)
settings.load_profile("opslib")


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of real public files; they are never part of the repository."""
    folder = Path(os.environ.get("OPSLIB_SAMPLES", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("No real files: set OPSLIB_SAMPLES to the folder that holds them.")
    return folder
