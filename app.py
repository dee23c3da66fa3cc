"""Serve the notebook: `streamlit run app.py`."""

import streamlit as st

from pages._frame.server import MIDDLEWARE, report, warm_up

app = st.App(
    "pages/_frame/main.py",
    lifespan=warm_up,
    middleware=MIDDLEWARE,
    on_script_error=report,
)
