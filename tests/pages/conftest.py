"""The frame with a stub data set: what is tested here is the frame alone."""

import gc
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

sys.path.append(str(Path(__file__).parents[2]))

MAIN = Path(__file__).parents[2] / "pages" / "_frame" / "main.py"
PATIENCE = 120  # seconds; what no other test had compiled is compiled first


@pytest.fixture(autouse=True, scope="module")
def _little_garbage_to_look_through():
    """Streamlit collects after every run: spare it what the tests before have left."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def _checked_charts(monkeypatch):
    """Check every chart shown against the schema of Vega-Lite, as the app does not."""
    from pages._frame import cell

    monkeypatch.setattr(cell._Spec, "to_dict", lambda self: self._chart.to_dict())


@pytest.fixture
def app(monkeypatch):
    """Open a page of the app, by its name and the parameters of its link."""
    import importlib.util

    from pages._frame import data

    spec = importlib.util.spec_from_file_location(
        "frame_stub", Path(__file__).with_name("stub.py")
    )
    stub = importlib.util.module_from_spec(spec)
    sys.modules["frame_stub"] = stub
    spec.loader.exec_module(stub)
    stub.install(data, monkeypatch.setattr)

    def open_page(page="home", **params):
        test = AppTest.from_file(MAIN, default_timeout=PATIENCE)
        for name, value in params.items():
            test.query_params[name] = value
        if page != "home":
            test.switch_page(f"../{page}.py")
        return test.run()

    return open_page


@pytest.fixture
def workspace(monkeypatch, tmp_path):
    """The app's workspace, empty, with the real door to data."""
    import streamlit as st

    from pages._frame import data

    monkeypatch.setenv("OPSLIB_HOME", str(tmp_path))
    st.cache_resource.clear()
    yield data.workspace()
    st.cache_resource.clear()


@pytest.fixture
def opened(workspace):
    """Open a page of the app on real data, by its name and its link."""

    def open_page(name, **params):
        test = AppTest.from_file(MAIN, default_timeout=PATIENCE)
        for key, value in params.items():
            test.query_params[key] = value
        return test.switch_page(f"../{name}.py").run()

    return open_page
