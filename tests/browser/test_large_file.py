"""A large file through the browser: seen on its way, understood, and out of memory.

    OPSLIB_LARGE_MB=490 python -m pytest -s -m slow tests/browser/test_large_file.py

prints the memory of the server and of the child that reads, as shares of the file.
"""

import os
import shutil
import time
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest
from playwright.sync_api import expect

from pages._frame.text import WORDS
from tests.browser.conftest import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self").exists(), reason="No /proc to ask here."),
]

MB = int(os.environ.get("OPSLIB_LARGE_MB", "100"))
LINE = 'u{:07d},event_{:02d},2026-03-{:02d} {:02d}:{:02d}:00,"{{""sku"":{}}}"\n'
PATIENCE = 120_000
# Of the size of the file: less than it, more than what any reading leaves behind.
KEPT = 0.75


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A log of events, each with some JSON, of about MB million bytes."""
    path = tmp_path_factory.mktemp("large") / "events.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("user_id,event,timestamp,props\n")
        i = 0
        while file.tell() < (MB - 1) * 1_000_000:
            file.writelines(
                LINE.format(
                    j * 7_919 % 99_991, j * j % 20, j % 28 + 1, j % 24, j % 60, j
                )
                for j in range(i, i + 10_000)
            )
            i += 10_000
    yield path, i
    path.unlink()


def memory(process: int) -> float:
    """Bytes that a process has for itself alone; mapped files belong to all."""
    try:
        text = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    told = dict(line.split(":", 1) for line in text.splitlines())
    return int(told.get("RssAnon", "0 kB").split()[0]) * 1024


def children(process: int) -> list[int]:
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


class Watch:
    """The memory of the server, above what it had, and of its children."""

    def __init__(self, process: int) -> None:
        self.process = process
        self.before = memory(process)

    def now(self) -> float:
        return memory(self.process) - self.before

    @contextmanager
    def stage(self, name: str, size: int):
        """Print the highest of a stage in shares of `size`, and how long it took."""
        done, peaks = Event(), [0.0, 0.0]

        def look():
            while not done.wait(0.05):
                of_children = sum(map(memory, children(self.process)))
                peaks[:] = max(peaks[0], self.now()), max(peaks[1], of_children)

        watcher = Thread(target=look)
        watcher.start()
        start = time.perf_counter()
        try:
            yield peaks
        finally:
            seconds = time.perf_counter() - start
            done.set()
            watcher.join()
            server, child, left = (x / size for x in (*peaks, self.now()))
            print(
                f"{name:12} {seconds:6.1f} s, server +{server:.2f} of the file at most "
                f"(+{left:.2f} at the end), child {child:.2f}"
            )


def test_a_large_file_becomes_a_funnel_and_does_not_stay_in_memory(
    visit, server, large
):
    path, rows = large
    size = path.stat().st_size
    # What pages need is loaded before the memory is measured.
    window = visit("/data", locale="en-GB").upload(ROOT / "data" / "en" / "events.csv")
    window.menu("funnel").menu("data")
    watch = Watch(server.process.pid)
    main, reading = window.main, window.main.locator(".st-key-reading")
    print(f"\n{size / 1e6:.0f} MB, {rows:,} rows, server {watch.before / 1e6:.0f} MB")

    with watch.stage("upload", size) as peaks:
        window.give(path)
        expect(reading).to_be_visible(timeout=PATIENCE)
    assert peaks[0] < 1.5 * size
    with watch.stage("read", size):
        expect(main.get_by_text(window.t("data.stage.types"))).to_be_visible(
            timeout=PATIENCE
        )
        # The child is still at work on the copy.
        assert watch.now() < KEPT * size
        understood = main.locator(".st-key-answer-understood")
        expect(understood).to_contain_text(f"{rows:,} rows", timeout=PATIENCE)
        window.idle()
    assert watch.now() < KEPT * size

    with watch.stage("save", size):
        main.get_by_role("button", name=window.t("data.save")).click()
        saved = main.locator(".st-key-answer-saved")
        expect(saved).to_be_visible(timeout=PATIENCE)
        window.idle()
    assert watch.now() < KEPT * size
    assert not list((server.home / "uploads").iterdir())

    with watch.stage("funnel", size):
        window.menu("funnel")
        expect(window.answer("funnel")).to_contain_text("users")
        window.idle()
    assert watch.now() < KEPT * size


@pytest.mark.parametrize(("locale", "lang"), [("en-GB", "en"), ("zh-CN", "zh_CN")])
def test_a_reading_that_is_cancelled_leaves_no_child_and_no_file(
    visit, server, large, tmp_path, locale, lang
):
    # A file that is here already would not be read.
    path = Path(shutil.copy(large[0], tmp_path))
    with path.open("a", encoding="utf-8") as file:
        file.write(f"u0000001,{lang},2026-03-01 10:00:00,\n")
    window = visit("/data", locale=locale)
    window.give(path)
    stage = window.main.get_by_text(window.t("data.stage.rows"))
    expect(stage).to_be_visible(timeout=PATIENCE)
    assert children(server.process.pid)
    window.main.get_by_role("button", name=window.t("data.cancel")).click()
    said = WORDS.text("data.cancelled", lang, name=path.name)
    expect(window.main.get_by_text(said)).to_be_visible()
    window.idle()
    end = time.monotonic() + 30
    while left := [*children(server.process.pid), *(server.home / "uploads").iterdir()]:
        assert time.monotonic() < end, left
        time.sleep(0.1)


@pytest.mark.parametrize("width", [1400, 390])
@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_a_file_over_the_limit_is_refused_before_it_is_sent(
    visit, tmp_path, locale, width
):
    path = tmp_path / "events.csv"
    with path.open("wb") as file:
        file.truncate(500_000_001)
    window = visit("/data", locale=locale, width=width)
    sent = []
    window.page.on("request", lambda asked: sent.append(asked.method))
    window.give(path)
    box = window.page.get_by_test_id("stFileUploader")
    expect(box.locator("[aria-invalid='true']")).to_be_visible()
    shown = box.evaluate("box => getComputedStyle(box, '::after').content")
    lang = "zh_CN" if locale == "zh-CN" else "en"
    assert shown == f'"{WORDS.text("data.refused", lang, mb=500)}"'
    assert "PUT" not in sent
    window.shot(f"large-refused-{lang}-{width}")
    # What is refused is in nobody's way.
    small = f"user_id,city\n1,{lang}\n2,{width}\n".encode()
    window.give({"name": "users.csv", "mimeType": "text/csv", "buffer": small})
    expect(window.main.locator(".st-key-answer-understood")).to_be_visible()
