"""Data: take a file, see what was understood, put it right, save it; what is kept."""

from pages._frame import library, upload
from pages._frame.page import Page

Page("data")

library.saved()
if not upload.add():
    library.checked()
    library.teach()
library.show()
