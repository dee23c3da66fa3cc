"""What a page shows, as its tests read it."""

from opslib.words import LANGUAGES
from pages._frame.text import WORDS

# There every step has its name, which says nothing of what is shown.
EDITORS = {WORDS.text("funnel.refine", lang) for lang in LANGUAGES}


def texts(page):
    """The texts of a page on which nothing has failed, without those of editors."""
    assert not page.exception
    apart = {
        id(text)
        for fold in page.expander
        if fold.label in EDITORS
        for text in fold.text
    }
    return [text.value for text in page.text if id(text) not in apart]


def cells(page, *columns):
    """The rows of the tables that show these columns, of those that are open."""
    return [
        table.value for table in page.dataframe if {*columns} <= {*table.value.columns}
    ]
