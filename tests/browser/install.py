"""Get a browser with Chinese letters for the tests, by the cheapest way there is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
CJK = ("Noto Sans CJK", "Noto Serif CJK", "PingFang", "Microsoft YaHei", "WenQuanYi")


def browser() -> str | None:
    """Return the path of a browser that is already here, its own or Playwright's."""
    here = filter(None, map(shutil.which, CHROMIUM))
    return next(filter(_runs, here), None) or _playwrights()


def chinese() -> bool:
    """Say whether a Chinese font is here; without fontconfig there is no telling."""
    if not shutil.which("fc-list"):
        return sys.platform != "linux"
    fonts = subprocess.run(["fc-list"], capture_output=True, text=True, check=False)
    return any(name in fonts.stdout for name in CJK)


def _runs(path: str) -> bool:
    """Tell a browser from a script that only says how to get one."""
    version = subprocess.run([path, "--version"], capture_output=True, check=False)
    return version.returncode == 0


def _playwrights() -> str | None:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def _tried(*command: str) -> bool:
    print("+", *command, flush=True)
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run = subprocess.run(command, stdin=subprocess.DEVNULL, check=False, env=env)
    return run.returncode == 0


def _apt(*packages: str) -> None:
    """Install Debian packages, as root or by a sudo that asks for no password."""
    if not packages or not shutil.which("apt-get"):
        return
    sudo = ("sudo", "--non-interactive") if os.geteuid() else ()
    if sudo and not (shutil.which("sudo") and _tried(*sudo, "true")):
        return
    apt = (*sudo, "apt-get", "--quiet", "--yes")
    install = (*apt, "install", "--no-install-recommends")
    _tried(*apt, "update")
    for package in packages:  # one by one: not every system has both
        _tried(*install, package)


def main() -> None:
    """Install what is missing; say what stays missing."""
    wanted = [] if browser() else ["chromium"]
    wanted += [] if chinese() else ["fonts-noto-cjk"]
    _apt(*wanted)
    if not browser():
        _tried(sys.executable, "-m", "playwright", "install", "chromium")
    if not browser():
        print(
            "No browser: the browser tests will be skipped. "
            "Install Chromium (Debian: apt-get install chromium fonts-noto-cjk)."
        )
    elif not chinese():
        print(
            "No Chinese font: screenshots will show boxes. "
            "Install Noto Sans CJK (Debian: apt-get install fonts-noto-cjk)."
        )


if __name__ == "__main__":
    main()
