"""A real browser on a real server: what the browser tests drive.

    def test_the_funnel_can_be_sent(visit, server):
        sender = visit("/funnel", locale="zh-CN")
        sender.page.get_by_text("...").click()
        sender.idle()
        link = sender.page.url
        sender.close()
        server.restart()
        assert visit(link).page.get_by_text("...").is_visible()

Every test fails when the page logs an error, asks another host for anything, or the
server logs a traceback. Pictures, also of failed tests, go to test-report/.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from opslib import kernels
from pages._frame.menu import MENU
from pages._frame.text import WORDS
from tests.browser import install

ROOT = Path(__file__).parents[2]
REPORT = ROOT / "test-report"
FAILED = pytest.StashKey[bool]()
NAMES = [name for names in MENU.values() for name in names]
PATIENCE = 60  # seconds; a busy machine takes its time
START_SECONDS = 120  # what no other test had compiled is compiled first


class Server:
    """The app as `streamlit run app.py` serves it, on a port of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        REPORT.mkdir(exist_ok=True)
        self.log = REPORT / "server.log"
        self.log.write_bytes(b"")
        self.start()

    def start(self) -> None:
        """Run it until it says that it is well."""
        command = [sys.executable, "-m", "streamlit", "run", "app.py"]
        options = {"port": self.port, "address": "127.0.0.1", "headless": "true"}
        command += [f"--server.{name}={value}" for name, value in options.items()]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "OPSLIB_HOME": str(self.home)},
            )
        end = time.monotonic() + START_SECONDS
        while not self.well():
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                pytest.fail(f"The server did not start:\n{self.log.read_text()}")
            time.sleep(0.1)

    def well(self) -> bool:
        """Ask Streamlit for its health."""
        try:
            health = urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2)
        except OSError:
            return False
        with health:
            return health.read() == b"ok"

    def stop(self) -> None:
        """End it, as a machine that shuts down does."""
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def restart(self) -> None:
        """Start anew at the same address with the same data and an empty memory."""
        self.stop()
        self.start()


class Window:
    """One visitor: a fresh browser profile with one page."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        self.server = server
        self.errors: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._request)

    def go(self, link: str) -> "Window":
        """Open a path of the app, or a whole link to it."""
        self.page.goto(link if "://" in link else f"{self.server.url}{link}")
        self.idle()
        return self

    def idle(self, seconds: float = PATIENCE) -> None:
        """Wait until the page has run and shows what it found."""
        self.page.wait_for_timeout(200)  # a click starts a run a moment later
        for state in ("connection-state='CONNECTED'", "script-state='notRunning'"):
            self.page.wait_for_selector(
                f"[data-testid='stApp'][data-test-{state}]",
                state="attached",
                timeout=seconds * 1000,
            )
        assert not self.page.get_by_test_id("stException").all_inner_texts()

    @property
    def main(self) -> Locator:
        """The page itself, without what stands beside it."""
        return self.page.get_by_test_id("stMain")

    def t(self, code: str) -> str:
        """Return the interface's sentence `code` in the language of the page."""
        lang = self.page.locator("html").get_attribute("lang")
        return WORDS.text(code, "zh_CN" if lang == "zh-CN" else "en")

    def menu(self, name: str) -> "Window":
        """Go to a page by the menu."""
        self.page.keyboard.press("Escape")  # a popover takes the first click
        entry = self.page.get_by_test_id("stSidebarNav").get_by_role("link")
        entry.filter(
            has_text=re.compile(f"^{re.escape(self.t(f'menu.{name}'))}$")
        ).click()
        expect(self.main.get_by_role("heading", level=1)).to_have_text(
            self.t(f"{name}.title")
        )
        self.idle()
        return self

    def in_frame(self, name: str, *, lang: str, dataset: str = "") -> None:
        """See to it that a page stands in the frame, with what its link says."""
        html, side = self.page.locator("html"), self.page.get_by_test_id("stSidebar")
        expect(html).to_have_attribute("lang", lang)
        expect(self.main.get_by_role("heading", level=1)).to_have_text(
            self.t(f"{name}.title")
        )
        menu = side.get_by_test_id("stSidebarNav").get_by_role("link")
        expect(menu).to_have_count(len(NAMES))
        if dataset:
            expect(side.get_by_role("combobox")).to_have_value(dataset)

    def give(self, file: Any) -> None:
        """Give the Data page a file."""
        self.page.locator("input[type='file']").set_input_files(file)

    def upload(self, file: Any) -> "Window":
        """Give the Data page a file, and keep it as it was understood."""
        self.give(file)
        self.main.get_by_role("button", name=self.t("data.save")).click()
        expect(self.main.locator(".st-key-answer-saved")).to_be_visible()
        self.idle()
        return self

    def answer(self, analysis: str) -> Locator:
        """The sentence that answers the question."""
        return self.main.locator(f".st-key-answer-{analysis}")

    def unfold(self, code: str) -> Locator:
        """Open what lies behind the answer under the heading `code`."""
        heading = self.page.get_by_text(self.t(code), exact=True)
        fold = self.main.get_by_test_id("stExpander").filter(has=heading)
        fold.locator("summary").click()
        self.idle()
        return fold

    def csv(self, fold: Locator) -> bytes:
        """Download the first table in a fold."""
        with self.page.expect_download() as download:
            fold.get_by_role("button", name=self.t("frame.csv")).first.click()
        return download.value.path().read_bytes()

    def copy_link(self) -> str:
        """Copy the page's link, as a visitor who wants to send it does."""
        self.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.main.get_by_role("button", name=self.t("frame.link")).click()
        body = self.page.get_by_test_id("stPopoverBody")
        body.get_by_test_id("stCode").hover()
        body.get_by_role("button").click()
        self.page.keyboard.press("Escape")
        return self.page.evaluate("() => navigator.clipboard.readText()")

    def pin(self, note: str) -> None:
        """Pin the answer to the notebook changed last, with a note."""
        self.main.get_by_role("button", name=self.t("frame.pin")).click()
        body = self.page.get_by_test_id("stPopoverBody")
        body.get_by_role("textbox", name=self.t("frame.pin_note")).fill(note)
        body.get_by_role("button", name=self.t("frame.pin_do"), exact=True).click()
        expect(body.get_by_text(self.t("frame.pinned"))).to_be_visible()
        self.idle()

    def shot(self, name: str, *, whole: bool = False) -> Path:
        """Take a picture into test-report/."""
        path = REPORT / f"{name}.png"
        self.page.screenshot(path=path, full_page=whole, animations="disabled")
        return path

    def close(self) -> None:
        """Leave; what went wrong until then still counts."""
        self.page.context.close()

    def _console(self, message) -> None:
        # Streamlit asks for these below a deep link before it knows its own root.
        harmless = ("/_stcore/health", "/_stcore/host-config")
        asked = urlsplit(message.location.get("url", "")).path
        if message.type == "error" and not asked.endswith(harmless):
            self.errors.append(f"{message.text} {asked}")

    def _request(self, request) -> None:
        host = urlsplit(request.url).hostname
        if host not in {None, "127.0.0.1"}:
            self.errors.append(f"asked {host} for something")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(scope="session")
def browser():
    path = install.browser()
    if path is None:
        pytest.skip("No browser: run python tests/browser/install.py")
    quiet = ["--disable-gpu", "--disable-background-networking", "--disable-sync"]
    quiet += ["--disable-quic", "--disable-component-update", "--no-first-run"]
    expect.set_options(timeout=PATIENCE * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=quiet)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def running(tmp_path_factory, browser):
    """One server for all tests; `browser` comes first, so that a skip starts none."""
    home = tmp_path_factory.mktemp("home")
    # What other tests had compiled need not be compiled again.
    if (compiled := kernels._cache()).exists():
        shutil.copytree(compiled, home / "kernels" / compiled.name)
    server = Server(home)
    yield server
    server.stop()


@pytest.fixture
def server(running):
    """The server, which must not log a traceback while the test runs."""
    before = running.log.stat().st_size
    yield running
    with running.log.open("rb") as log:
        log.seek(before)
        told = log.read().decode(errors="replace")
    if "Traceback" in told:
        pytest.fail(f"The server failed:\n{told[-3000:]}", pytrace=False)


@pytest.fixture
def visit(request, browser, server):
    """Return a function that opens a link for a new visitor."""
    windows = []

    def new(
        link="/", *, locale="zh-CN", timezone="Asia/Shanghai", width=1400, **profile
    ):
        context = browser.new_context(
            locale=locale,
            timezone_id=timezone,
            viewport={"width": width, "height": 1000},
            **profile,
        )
        context.set_default_timeout(PATIENCE * 1000)
        windows.append(Window(context.new_page(), server))
        return windows[-1].go(link)

    yield new
    failed = request.node.stash.get(FAILED, False)
    for number, window in enumerate(windows):
        if failed and not window.page.is_closed():
            window.shot(f"failed-{request.node.name[:60]}-{number}".replace("/", "-"))
        window.close()
    errors = [error for window in windows for error in window.errors]
    if errors:
        pytest.fail("The page failed:\n" + "\n".join(errors), pytrace=False)
