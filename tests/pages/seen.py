"""What a page shows, as its tests read it."""


def texts(page):
    """The texts of a page on which nothing has failed."""
    assert not page.exception
    return [text.value for text in page.text]


def cells(page, *columns):
    """The rows of the tables that show these columns, of those that are open."""
    return [
        table.value for table in page.dataframe if {*columns} <= {*table.value.columns}
    ]
