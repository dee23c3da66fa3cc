"""The frame around every page: menu, data set, language, and the link."""

import sys
from pathlib import Path

import streamlit as st

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    # Streamlit knows the folder of this script only.
    sys.path.append(str(ROOT))

from pages._frame import menu  # noqa: E402
from pages._frame.frame import Frame  # noqa: E402

st.set_page_config(page_title="opslib", page_icon="📊", layout="wide")
st.html(Path(__file__).with_name("style.css"))

frame = Frame()
pages = menu.pages()
page = st.navigation(menu.grouped(pages), expanded=True)
frame.open(next(name for name, one in pages.items() if one == page), pages)
page.run()
frame.finish()
