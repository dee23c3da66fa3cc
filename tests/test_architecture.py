"""The rules of docs/architecture.md, read off the imports."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import opslib

ROOT = Path(__file__).parent.parent
LIBRARY = sorted((ROOT / "opslib").rglob("*.py"))
ANALYSES = sorted((ROOT / "opslib" / "analyses").glob("*.py"))
PAGES = sorted((ROOT / "pages").glob("[!_]*.py"))
FRAME = sorted((ROOT / "pages" / "_frame").glob("*.py"))
OURS = [*LIBRARY, *PAGES, *FRAME, *ROOT.glob("*.py")]

# Whatever stands at the edge may use analyses; they never know of it.
EDGE = (
    "ingest", "workspace", "storage", "sources", "export", "cells", "simulate",
    "flavours", "warehouse", "__main__", "catalogue", "saved_segments",
)  # fmt: skip
CORE = (
    "words", "result", "charts", "periods", "stats", "kernels", "conditions",
    "tables", "encode", "eventlog", "steps", "one_pass", "chains", "attempts",
    "cohorts", "active", "kinds", "dataset", "quality", "join", "segments", "names",
    "personal", "ages", "presence", "cohort_kernels", "userlists", "groups",
)  # fmt: skip


def named(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path):
    """Every module and name that a file imports, anywhere in it, as dotted text."""
    found = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{named(path)} imports relative to itself"
            found += [f"{node.module}.{name.name}" for name in node.names]
    return found


def within(name, *packages):
    return any(name == one or name.startswith(f"{one}.") for one in packages)


def parts(paths, *packages):
    """Imports of `paths` that lie within `packages`, told so that they can be found."""
    return [
        f"{named(path)} imports {name}"
        for path in paths
        for name in imports(path)
        if within(name, *packages)
    ]


def ids(path):
    return path.relative_to(ROOT).as_posix()


def test_the_library_knows_nothing_of_the_app():
    assert not parts(LIBRARY, "streamlit", "pages", "app")


def test_the_product_needs_no_test_tools():
    tools = ("pytest", "hypothesis", "playwright", "chdb", "tea_tasting", "statsmodels")
    assert not parts(OURS, *tools, "tests", "benchmarks")


def test_analyses_know_nothing_of_the_edge():
    assert not parts(ANALYSES, *(f"opslib.{name}" for name in EDGE))


def test_what_analyses_stand_on_knows_neither_analyses_nor_the_edge():
    core = [
        path
        for path in LIBRARY
        if within(named(path), *(f"opslib.{name}" for name in CORE))
    ]
    above = (f"opslib.{name}" for name in (*EDGE, "analyses"))
    assert not parts(core, *above)


def test_every_module_has_its_place():
    """A new module directly under opslib/ is put into CORE or EDGE above."""
    here = {path.relative_to(ROOT / "opslib").parts[0] for path in LIBRARY}
    placed = {*CORE, *EDGE, "analyses", "__init__"}
    assert not {name.removesuffix(".py") for name in here} - placed


def test_no_module_under_opslib_hides_a_public_name():
    """`import opslib.funnel` would put a module where the function should be."""
    modules = {path.stem for path in (ROOT / "opslib").glob("*.py")}
    modules |= {path.name for path in (ROOT / "opslib").iterdir() if path.is_dir()}
    assert not modules & set(opslib.__all__)


def test_private_names_stay_where_they_are():
    """A name in its module; a module that starts with _ in its folder."""
    outside = [
        f"{named(path)} imports {name}"
        for path in OURS
        for name in imports(path)
        if within(name, "opslib", "pages")
        and any(
            part.startswith("_")
            and part not in {"_frame", "__main__"}
            and not (path.parent / f"{part}.py").exists()
            for part in name.split(".")
        )
    ]
    assert not outside


def test_imports_do_not_run_in_circles():
    modules = {named(path).removesuffix(".__init__"): path for path in OURS}
    uses = {}
    for name, path in modules.items():
        homes = set()
        for one in imports(path):
            home = one if one in modules else one.rpartition(".")[0]
            # The package itself imports nothing until a name is asked for.
            if home in modules and home not in {"opslib", name}:
                homes.add(home)
        uses[name] = homes
    while leaves := [name for name, homes in uses.items() if not homes & set(uses)]:
        for leaf in leaves:
            del uses[leaf]
    assert not uses, f"circles among {sorted(uses)}"


def code(path):
    """The lines of a file that are neither blank, comment nor docstring."""
    told = {
        line
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for line in range(node.lineno, node.end_lineno + 1)
    }
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    return [
        line
        for number, line in lines
        if number not in told and line.strip() and not line.strip().startswith("#")
    ]


@pytest.mark.parametrize("path", ANALYSES, ids=ids)
def test_an_analysis_is_short(path):
    assert len(code(path)) <= 260


@pytest.mark.parametrize("path", PAGES, ids=ids)
def test_a_page_turns_controls_into_options_and_nothing_else(path):
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 80
    assert not parts([path], "pandas", "numpy", "sqlite3", "sqlalchemy", "duckdb")
    for node in ast.walk(tree(path)):
        where = f"line {getattr(node, 'lineno', 0)}"
        assert not isinstance(node, ast.Try | ast.TryStar), where
        arithmetic = isinstance(node, ast.BinOp) and isinstance(
            node.op, ast.Sub | ast.Mult | ast.Div | ast.FloorDiv | ast.Mod | ast.Pow
        )
        assert not arithmetic, where


def test_a_page_is_built_from_the_frame_alone():
    """It names an analysis in its cell; it does not import one."""
    assert not parts(PAGES, "opslib.analyses", "opslib.workspace", "opslib.ingest")


def test_nothing_is_called_utils():
    vague = {"utils", "util", "helpers", "common", "misc", "base", "manager", "config"}
    assert not [named(path) for path in OURS if path.stem in vague]


def test_nothing_runs_or_unpickles_what_it_is_given():
    banned = ("pickle", "joblib", "cloudpickle", "marshal", "shelve", "dill")
    assert not parts(OURS, *banned)
    called = [
        f"{named(path)}:{node.lineno} {node.func.id}"
        for path in OURS
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"eval", "exec", "compile", "__import__"}
    ]
    assert not called


def test_importing_the_package_loads_nothing_heavy():
    heavy = ["pandas", "numpy", "numba", "streamlit", "sklearn", "altair", "pyarrow"]
    code = f"import sys, opslib; print([m for m in {heavy} if m in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"
