"""What is installed: pinned, complete, and no more than is needed."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
PINS = {
    canonicalize_name(name): version
    for name, version in re.findall(
        r"^([\w.-]+)==([\w.]+)$", (ROOT / "constraints.txt").read_text("utf-8"), re.M
    )
}


def required(lines, extras=frozenset()):
    """The names that these lines of requirements ask for here, of `opslib` its own."""
    found = []
    for one in map(Requirement, lines):
        marks = [{"extra": extra} for extra in extras or [""]]
        if one.name == "opslib":
            found += [line for extra in one.extras for line in EXTRAS[extra]]
        elif one.marker is None or any(map(one.marker.evaluate, marks)):
            found.append(str(one))
    return found


def closure(lines):
    """All packages that come with these lines."""
    names, waiting = set(), required(lines)
    while waiting:
        one = Requirement(waiting.pop())
        if one.name == "opslib":
            waiting += required([str(one)])
            continue
        name = canonicalize_name(one.name)
        if name not in names:
            names.add(name)
            try:
                waiting += required(requires(name) or [], one.extras)
            except PackageNotFoundError:
                continue
    return names


def test_the_library_alone_pulls_neither_the_app_nor_test_tools():
    tools = {"pytest", "hypothesis", "playwright", "chdb", "ruff", "mypy", "streamlit"}
    alone = closure(PROJECT["dependencies"])
    assert "pandas" in alone
    assert not alone & tools


def test_everything_that_is_installed_is_pinned():
    everything = closure([*PROJECT["dependencies"], *EXTRAS["test"]])
    assert {"pytest", "streamlit", "pyarrow"} <= everything
    assert not everything - set(PINS)


def test_pins_lie_within_the_bounds():
    lines = [*PROJECT["dependencies"], *EXTRAS["app"], *required(EXTRAS["test"])]
    asked = [one for one in map(Requirement, lines) if one.name != "opslib"]
    outside = [
        str(one)
        for one in asked
        if not one.specifier.contains(PINS[canonicalize_name(one.name)])
    ]
    assert not outside


def test_nothing_says_where_packages_come_from():
    for name in ("constraints.txt", "pyproject.toml", "Makefile", ".ci/run"):
        told = (ROOT / name).read_text("utf-8")
        assert not re.search(r"://|index-url|find-links|trusted-host", told), name
