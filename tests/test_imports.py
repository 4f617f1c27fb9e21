"""Imports point one way: mathematics → exercises, scenes (matplotlib) → live (ipywidgets); nothing needs a chapter.

The builder of the site stands beyond them all.
"""

import ast
import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "optim_core"
LATER = {"exercises": 1, "scenes": 1, "live": 2, "chapters": 3, "lecture": 4, "site": 4}  # others: 0, mathematics


def modules_of_the_package() -> list[str]:
    inside = [p.stem for p in PACKAGE.glob("*.py")] + [p.parent.name for p in PACKAGE.glob("*/__init__.py")]
    return sorted(name for name in inside if not name.startswith("__"))  # not its door and its launcher


def rank(name: str) -> int:
    return LATER.get(name, 0)


MODULES = modules_of_the_package()
MATHS = [name for name in MODULES if rank(name) == 0]
ROOMS = sorted(path.name for path in PACKAGE.glob("chapters/[a-z]*") if path.is_dir())


def parts(name: str) -> list[str]:
    """The files of this name that the chapters have, as modules of the package."""
    return [f"chapters.{path.parent.name}.{name}" for path in sorted(PACKAGE.glob(f"chapters/*/{name}.py"))]


def loaded_by(statement: str) -> set[str]:
    """The names of the modules that a fresh interpreter has after `statement`."""
    code = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": ""}
    done = subprocess.run([sys.executable, "-c", code], env=env, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


ONE_BY_ONE = """
import importlib, json, sys
for name in sys.argv[1:]:
    for ours in [one for one in sys.modules if one.split(".")[0] == "optim_core" or one == "matplotlib.figure"]:
        del sys.modules[ours]
    before = {*sys.modules}
    importlib.import_module("optim_core." + name)
    print(json.dumps(sorted({*sys.modules} - before)))
"""


@functools.cache
def loaded_one_by_one(*names: str) -> dict[str, set[str]]:
    """For each module of the package what its import loads, when nothing of the package is loaded yet.

    One interpreter for all of them: numpy and SymPy are loaded once, and what one of them loads is told of the first
    that does. Of what is not ours `matplotlib.figure` alone is forgotten again: each that wants it must say so.
    """
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": ""}
    command = [sys.executable, "-c", ONE_BY_ONE, *names]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return dict(zip(names, (set(json.loads(line)) for line in done.stdout.splitlines()), strict=True))


def third_party(modules: set[str]) -> set[str]:
    """Those of the modules that neither Python nor the package brings (nor site-packages' start-up files)."""
    bare = loaded_by("pass")
    tops = {name.partition(".")[0] for name in modules - bare}
    return tops - set(sys.stdlib_module_names) - {"optim_core"}


def test_import_optim_core_needs_the_standard_library_only():
    assert third_party(loaded_by("import optim_core")) == set()


def test_the_package_offers_its_modules_before_they_are_loaded():
    offered = "import optim_core, json; found = dir(optim_core)"
    assert third_party(loaded_by(offered)) == set()
    assert {*MODULES, "__version__"} <= set(dir(__import__("optim_core")))


def test_mathematics_loads_neither_matplotlib_nor_ipywidgets():
    assert {"surfaces", "critical", "optimizers", "descent"} <= set(MATHS)
    modules = loaded_by("\n".join(f"import optim_core.{name}" for name in MATHS))
    assert not {"matplotlib", "ipywidgets", "IPython"} & {name.partition(".")[0] for name in modules}


@pytest.mark.parametrize("name", MODULES)
def test_each_module_can_be_imported_first(name):
    assert f"optim_core.{name}" in loaded_one_by_one(*MODULES)[name]


OF_EXERCISES = ["exercises", *parts("exercises"), *parts("experiments")]
OF_SCENES = ["scenes", *parts("scenes")]


@pytest.mark.parametrize("name", OF_EXERCISES)
def test_exercises_load_neither_matplotlib_nor_ipywidgets(name):
    modules = {one.partition(".")[0] for one in loaded_one_by_one(*OF_EXERCISES)[name]}
    assert not {"matplotlib", "ipywidgets", "IPython"} & modules


@pytest.mark.parametrize("name", OF_SCENES)
def test_scenes_load_matplotlib_without_pyplot_and_without_ipywidgets(name):
    modules = loaded_one_by_one(*OF_SCENES)[name]
    assert "matplotlib.figure" in modules
    assert not {"matplotlib.pyplot", "ipywidgets"} & modules


def test_live_never_loads_pyplot():
    assert "matplotlib.pyplot" not in loaded_by("import optim_core.live")


def imported_by(file: Path) -> set[str]:
    """What of the package the source of `file` imports anywhere, in functions too: "scenes.board.Map"."""
    package = ("optim_core", *file.relative_to(PACKAGE).parent.parts)
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else ()
            module = ".".join((*base, *filter(None, [node.module])))
            names = [f"{module}.{alias.name}" for alias in node.names]
        found |= {name.removeprefix("optim_core.") for name in names if name.startswith("optim_core.")}
    return found


def home(file: Path) -> str:
    """The module of the package that a file belongs to."""
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_no_module_imports_from_one_further_on():
    for file in sorted(PACKAGE.rglob("*.py")):
        for other in imported_by(file):
            top, here = other.split(".")[0], home(file)
            assert rank(top) <= rank(here), f"{file.relative_to(ROOT)} imports {other}, which stands further on"
            assert {top, here} != {"exercises", "scenes"}, f"{file.relative_to(ROOT)} imports {other}, its neighbour"


def test_chapters_import_neither_each_other_nor_live():
    for room in ROOMS:
        for file in sorted((PACKAGE / "chapters" / room).rglob("*.py")):
            for other in imported_by(file):
                top, _, inside = other.partition(".")
                assert top != "live", f"{file.relative_to(ROOT)} imports {other}: that is for the notebook"
                own = top != "chapters" or inside.split(".")[0] == room
                assert own, f"{file.relative_to(ROOT)} imports {other}, of another chapter"


def test_only_live_mentions_ipywidgets():
    for file in sorted(PACKAGE.rglob("*.py")):
        imports = {
            (alias.name if isinstance(node, ast.Import) else node.module or "").partition(".")[0]
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        if home(file) != "live":
            assert not {"ipywidgets", "ipyevents"} & imports, f"{file.relative_to(ROOT)} imports widgets"
        assert "matplotlib.pyplot" not in file.read_text(encoding="utf-8"), f"{file.relative_to(ROOT)} uses pyplot"


def test_only_what_starts_things_and_the_progress_file_read_the_environment():
    """A figure and a check must say the same on every machine."""
    for file in sorted(PACKAGE.rglob("*.py")):
        free = home(file) in ("__main__", "lecture", "site") or file == PACKAGE / "exercises" / "progress.py"
        assert free or "environ" not in file.read_text(encoding="utf-8").replace("environment", ""), file


# ---- to be read ------------------------------------------------------------------------------------------------------


def lines_of_code(tree: ast.AST, text: list[str]) -> int:
    """Lines that are neither blank, nor a comment, nor a docstring."""
    words = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            words.update(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    first, last = getattr(tree, "lineno", 1), getattr(tree, "end_lineno", len(text))
    return sum(
        bool(text[n - 1].strip()) and not text[n - 1].strip().startswith("#") and n not in words
        for n in range(first, last + 1)
    )


def test_the_mathematics_can_be_read_in_an_afternoon():
    """Under 2,500 lines of code (docstrings beside), and no function longer than a screen."""
    total = 0
    for path in sorted(PACKAGE.glob("*.py")):
        if path.stem != "__main__":
            text = path.read_text(encoding="utf-8").splitlines()
            tree = ast.parse("\n".join(text))
            total += lines_of_code(tree, text)
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef):
                    assert lines_of_code(node, text) <= 45, f"{path.name}: {node.name} is longer than a screen"
    assert 500 < total < 2500
