"""Files as they are found: every layout is read as a person would read it."""

import pytest

from tests.ingest import survey
from tests.ingest.scores import scores

FILES = list(survey.files())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_table_is_found(file):
    assert sum(scores(file)) == pytest.approx(10)
