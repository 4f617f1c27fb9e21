"""pyproject.toml, environment.yml, requirements.lock and the launcher name the same packages, versions and Pythons."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from optim_core import __main__ as launcher

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
WANTED = [Requirement(text) for text in PROJECT["dependencies"] + EXTRAS["lecture"] + EXTRAS["test"]]
SITE = [Requirement(text) for text in PROJECT["optional-dependencies"]["site"]]  # builds pages; no student installs it
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
LOWEST = (ROOT / "requirements-lowest.lock").read_text(encoding="utf-8")
CONDA_NAMES = {"playwright-python": "playwright"}  # where conda-forge calls a package by another name than PyPI

# An entry of the lock is a requirement and its hashes, on lines that a backslash joins.
ENTRIES = [line for line in LOCK.replace("\\\n", " ").splitlines() if line[:1].isalnum()]
LOCKED = {}
for entry in ENTRIES:
    one = Requirement(entry.split("--hash")[0])
    LOCKED.setdefault(canonicalize_name(one.name), []).append(one)


def conda_packages():
    """The bounds of environment.yml by PyPI name."""
    lines = [line for line in CONDA["dependencies"] if isinstance(line, str)]
    pairs = [re.fullmatch(r"([\w.-]+)\s*(\S*)", line).groups() for line in lines]
    return {CONDA_NAMES.get(name, name): SpecifierSet(bounds) for name, bounds in pairs}


def test_conda_installs_what_pyproject_names_within_the_same_bounds():
    packages = conda_packages()
    assert packages.pop("python") == SpecifierSet(PROJECT["requires-python"])
    assert packages.pop("pip") == SpecifierSet(), "conda asks for pip to be named when it is used"
    assert packages == {one.name: one.specifier for one in WANTED}


def test_conda_takes_one_channel_and_the_project_itself():
    assert CONDA["name"] == PROJECT["name"]
    assert CONDA["channels"] == ["conda-forge"]
    assert [line for line in CONDA["dependencies"] if not isinstance(line, str)] == [{"pip": ["-e ."]}]


@pytest.mark.parametrize("wanted", WANTED + SITE, ids=lambda one: one.name)
def test_the_lock_holds_a_version_within_the_bounds(wanted):
    entries = LOCKED[canonicalize_name(wanted.name)]
    for entry in entries:
        ((operator, version),) = [(one.operator, one.version) for one in entry.specifier]
        assert operator == "==" and version in wanted.specifier
    for minor in range(launcher.OLDEST[1], launcher.NEWEST[1] + 1):
        for system in ("linux", "darwin", "win32"):
            python = dict(python_version=f"3.{minor}", python_full_version=f"3.{minor}.5", sys_platform=system)
            here = [entry for entry in entries if not entry.marker or entry.marker.evaluate(python)]
            assert len(here) == 1, f"{wanted.name} on Python 3.{minor}, {system}"


def test_every_locked_package_is_pinned_and_has_its_hashes():
    assert len(ENTRIES) > len(WANTED)
    for entry in ENTRIES:
        assert re.match(r"[\w.-]+==\d[\w.+]* ", entry), entry[:60]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}(\s|$)", entry), entry[:60]


def test_the_lock_names_no_address_and_no_index():
    assert not re.search(r"://|^\s*-|\bindex\b|find-links|trusted-host", LOCK.replace("    --hash", ""), re.MULTILINE)


def test_the_launcher_finds_the_same_requirements_in_pyproject():
    for one in WANTED + SITE:
        assert {bound.operator for bound in one.specifier} <= {">=", "<"}, "what launcher.within understands"
        for version in ("0.0.1", *(bound.version for bound in one.specifier), "99999"):
            assert launcher.within(version, str(one.specifier)) is (version in one.specifier)


def test_the_pythons_are_the_same_everywhere():
    assert SpecifierSet(PROJECT["requires-python"]) == SpecifierSet(f">={launcher.dots(launcher.OLDEST)}")
    named = [line.rsplit(" ", 1)[1] for line in PROJECT["classifiers"] if "Python :: 3." in line]
    assert named == [f"3.{minor}" for minor in range(launcher.OLDEST[1], launcher.NEWEST[1] + 1)]
    jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))["jobs"]
    tested = [version for job in jobs.values() if "strategy" in job for version in job["strategy"]["matrix"]["python"]]
    assert {named[0], named[-1]} <= set(tested)


@pytest.mark.parametrize("wanted", WANTED, ids=lambda one: one.name)
def test_the_lowest_lock_holds_the_lowest_version_that_is_allowed(wanted):
    pinned = dict(line.split("==") for line in LOWEST.splitlines())
    (lowest,) = [Version(bound.version) for bound in wanted.specifier if bound.operator == ">="]
    assert Version(pinned[canonicalize_name(wanted.name)]) == lowest


def test_the_lowest_versions_are_installed_and_tested_somewhere():
    steps = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))["jobs"]["lowest"]["steps"]
    commands = " ; ".join(step.get("run", "") for step in steps)
    assert re.search(r"-r requirements-lowest.lock .* ; python -m pytest tests .* ; .* tests/browser", commands)


def test_what_the_workflows_run_is_there_and_one_action_has_one_version():
    files = sorted((ROOT / ".github/workflows").glob("*.yml"))
    jobs = [job for file in files for job in yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"].values()]
    actions = {step["uses"] for job in jobs for step in job["steps"] if "uses" in step}
    assert len(actions) == len({one.split("@")[0] for one in actions})
    for job in jobs:
        commands = "\n".join(step.get("run", "") for step in job["steps"])
        for asked in re.findall(r"optim_core (\w+)", commands):
            assert f"python3 -m optim_core {asked}" in launcher.HELP
        for file in re.findall(r"(?<![\w/])(?:tests/[\w/.]+|[\w-]+\.lock)", commands):
            assert (ROOT / file).exists(), file
        first, used, _ = commands.partition(".venv/")
        assert not used or "optim_core lab" in first, "a .venv that nobody has made"


def test_what_the_package_imports_is_what_pyproject_names():
    named = {Requirement(text).name for text in PROJECT["dependencies"] + EXTRAS["lecture"] + EXTRAS["site"]}
    comes_with = {"PIL": "matplotlib", "contourpy": "matplotlib", "IPython": "ipywidgets", "traitlets": "ipywidgets"}
    comes_with |= {"sklearn": "scikit-learn", "threadpoolctl": "scikit-learn"}
    comes_with |= dict.fromkeys(["nbconvert", "nbclient", "nbformat", "packaging", "pygments", "tornado"], "jupyterlab")
    imported = set()
    for path in (ROOT / "optim_core").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(node.module.split(".")[0])
    others = imported - set(sys.stdlib_module_names) - {"optim_core"}
    assert {comes_with.get(name, name) for name in others} <= named


def test_an_installed_package_has_all_its_folders():
    """setuptools packs a folder only if it has an __init__.py."""
    folders = {path.parent for path in (ROOT / "optim_core").rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []
