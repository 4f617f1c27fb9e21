"""python3 -m optim_core: what it sets up, when it does, and what it says when it cannot."""

import ast
import importlib.metadata
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from optim_core import __main__ as launcher

ROOT = Path(__file__).resolve().parents[1]
COMPLETE = not launcher.missing("lecture", "test")
needs_all = pytest.mark.skipif(not COMPLETE, reason="this Python has not everything that pyproject.toml names")


def python(*arguments, **variables):
    """Run Python in the project's folder; the finished process with its text."""
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env={**os.environ, **variables}, capture_output=True, text=True
    )


def as_if(before, *arguments):
    """Run `python -m optim_core` with these arguments after some lines that make Python seem another one."""
    lines = f"import sys, runpy\n{before}\nsys.argv[1:] = {list(arguments)!r}\n"
    return python("-c", lines + "runpy.run_module('optim_core', run_name='__main__', alter_sys=True)")


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A folder like a fresh clone (.folder) and a list of what was done in it (.done); nothing is really installed."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "requirements.lock").write_text("numpy==2.4.6\n")
    monkeypatch.setattr(launcher, "ROOT", tmp_path)
    monkeypatch.setattr(launcher, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(launcher, "LOCK", tmp_path / "requirements.lock")
    monkeypatch.setattr(launcher, "missing", lambda *extras: ["numpy>=2.2", "scipy>=1.15"])
    done = []

    def make_venv():
        done.append("venv")
        launcher.venv_python().parent.mkdir(parents=True, exist_ok=True)
        launcher.venv_python().touch()

    monkeypatch.setattr(launcher, "make_venv", make_venv)
    monkeypatch.setattr(launcher, "install", lambda: done.append("install"))
    monkeypatch.setattr(launcher, "compile_and_link", lambda: None)
    return SimpleNamespace(folder=tmp_path, done=done)


# ------------------------------------------------------------------------------------------------------- the package


def test_importing_the_package_loads_nothing_but_the_standard_library():
    ask = "import sys; before = set(sys.modules); import optim_core; print(*sorted(set(sys.modules) - before))"
    loaded = {name.split(".")[0] for name in python("-c", ask).stdout.split()}
    assert "optim_core" in loaded
    assert loaded - {"optim_core"} <= set(sys.stdlib_module_names)


def test_a_module_of_the_package_is_loaded_when_it_is_first_used():
    loaded = "print('optim_core.optimizers' in sys.modules)"
    process = python("-c", f"import sys, optim_core; {loaded}; optim_core.optimizers.gd; {loaded}")
    assert process.stdout.split() == ["False", "True"]


def test_a_name_that_is_no_module_is_an_attribute_error():
    import optim_core

    with pytest.raises(AttributeError, match="optim_core.*no attribute 'optimisers'"):
        optim_core.optimisers  # noqa: B018


def test_a_module_whose_library_is_missing_says_which_library():
    ask = "import sys; sys.modules['numpy'] = None; import optim_core; optim_core.optimizers"
    assert "numpy" in python("-c", ask).stderr.splitlines()[-1]


@pytest.mark.parametrize("file", ["__init__.py", "__main__.py"])
def test_an_old_python_can_read_the_file_that_tells_it_so(file):
    ast.parse((ROOT / "optim_core" / file).read_text(encoding="utf-8"), feature_version=(3, 7))


# ------------------------------------------------------------------------------------------------ one clear sentence


def one_sentence(process):
    """What a failed command said, which must be one line and no traceback."""
    assert process.returncode != 0
    said = (process.stdout + process.stderr).strip()
    assert len(said.splitlines()) == 1 and "Traceback" not in said, said
    return said


@pytest.mark.parametrize("command", ["lab", "test", "normalise", "site"])
def test_too_old_a_python_is_told_which_it_takes(command):
    said = one_sentence(as_if("sys.version_info = (3, 9, 7, 'final', 0)", command))
    assert "Python 3.11 or newer" in said and "3.9.7" in said


def test_a_python_newer_than_the_lock_is_told_which_will_do(clone, monkeypatch, capsys):
    monkeypatch.setattr(launcher, "NEWEST", (3, 10))
    monkeypatch.setattr(launcher, "advice", lambda: "Take another.")
    with pytest.raises(SystemExit):
        launcher.find_python()
    assert capsys.readouterr().err.endswith(". Take another.\n") and not clone.done


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_missing_venv_module_is_named_with_the_package_that_has_it(module, clone, monkeypatch, capsys):
    found = launcher.importlib.util.find_spec
    monkeypatch.setattr(launcher.importlib.util, "find_spec", lambda name: None if name == module else found(name))
    with pytest.raises(SystemExit):
        launcher.find_python()
    said = capsys.readouterr().err
    assert f"sudo apt install python3.{sys.version_info[1]}-venv" in said and len(said.splitlines()) == 1
    assert not (clone.folder / ".venv").exists()


def test_an_unknown_command_is_told_the_commands():
    assert "lab, lecture, stills, progress, test, normalise or site" in one_sentence(
        python("-m", "optim_core", "notebook")
    )


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_names_the_commands(arguments):
    process = python("-m", "optim_core", *arguments)
    assert process.returncode == 0
    assert [f"optim_core {name} [" in process.stdout for name in launcher.COMMANDS] == [True] * len(launcher.COMMANDS)


@pytest.mark.parametrize("form", ["--port {}", "--port={}", "--ServerApp.port={}"])
def test_a_busy_port_is_named_before_anything_is_set_up(form):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = one_sentence(python("-m", "optim_core", "lab", "--no-browser", *form.format(port).split()))
    assert f"Port {port} is in use" in said


def test_a_free_port_is_not_called_busy():
    launcher.check_port(str(free_port()), "localhost")


@pytest.mark.parametrize("port", ["many", "70000", ""])
def test_a_port_that_is_no_port_is_refused(port):
    assert "--port takes a number" in one_sentence(python("-m", "optim_core", "lab", f"--port={port}"))


def test_a_package_outside_a_clone_says_where_to_run_it(tmp_path):
    shutil.copytree(ROOT / "optim_core", tmp_path / "optim_core", ignore=shutil.ignore_patterns("__pycache__"))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-m", "optim_core", "lab"]
    process = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert "in a clone of the repository" in one_sentence(process)


# pip itself, asked for what it cannot get: its own words are what `explain` must understand.


@pytest.fixture
def pip(tmp_path, monkeypatch, capsys):
    """A function that lets `install` run pip on a lock's text, and returns the one sentence that it ends with."""
    pytest.importorskip("pip")
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setattr(launcher, "VENV", tmp_path)
    monkeypatch.setattr(launcher, "LOCK", tmp_path / "requirements.lock")
    monkeypatch.setattr(launcher, "venv_python", lambda: Path(sys.executable))
    monkeypatch.setattr(launcher, "advice", lambda: "Take another Python.")

    def install(lock):
        launcher.LOCK.write_text(lock)
        with pytest.raises(SystemExit) as end:
            launcher.install()
        said = capsys.readouterr().err
        assert end.value.code and len(said.splitlines()) == 1
        assert (tmp_path / "setup.log").read_text(), "pip's own words are kept"
        return said

    return install


LOCKED = "optim-core-made-up==1.0 --hash=sha256:" + "0" * 64 + "\n"


def test_no_network_is_said_in_a_sentence(pip, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{free_port()}/")
    assert "no network?" in pip(LOCKED)


def test_a_package_without_a_wheel_is_named(pip, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    said = pip(LOCKED)
    assert "optim-core-made-up" in said and "Take another Python." in said


def test_a_package_that_does_not_match_its_hash_is_not_installed(pip, monkeypatch, tmp_path):
    info = "optim_core_made_up-1.0.dist-info"
    with zipfile.ZipFile(tmp_path / "optim_core_made_up-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: optim-core-made-up\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    assert "not the one that requirements.lock names" in pip(LOCKED)
    with pytest.raises(importlib.metadata.PackageNotFoundError):
        importlib.metadata.version("optim-core-made-up")


# -------------------------------------------------------------------------------------------------------- the set-up


def test_a_fresh_clone_is_set_up_once(clone, capsys):
    assert launcher.find_python("test") == launcher.venv_python()
    assert clone.done == ["venv", "install"]
    assert "numpy>=2.2 and 1 more" in capsys.readouterr().out
    assert launcher.find_python() == launcher.venv_python()
    assert clone.done == ["venv", "install"], "the second start installs nothing"
    assert capsys.readouterr().out == ""


def test_a_changed_lock_is_installed_into_the_same_folder(clone):
    launcher.find_python("test")
    (clone.folder / ".venv" / "what the student added").touch()
    before = launcher.expected_mark()
    (clone.folder / "requirements.lock").write_text("numpy==2.4.7\n")
    assert launcher.expected_mark() != before
    launcher.find_python("test")
    assert clone.done == ["venv", "install"] * 2
    assert (clone.folder / ".venv" / "what the student added").exists()


@pytest.mark.parametrize("step", ["make_venv", "install", "compile_and_link"])
@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit, OSError("disk")], ids=["interrupted", "failed", "disk"])
def test_a_set_up_that_did_not_finish_begins_again_from_nothing(clone, monkeypatch, step, end):
    works = getattr(launcher, step)

    def breaks():
        (clone.folder / ".venv" / "half a package").touch()
        raise end

    monkeypatch.setattr(launcher, step, breaks)
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        launcher.find_python("test")
    monkeypatch.setattr(launcher, step, works)
    del clone.done[:]
    launcher.find_python("test")
    assert clone.done == ["venv", "install"]
    assert not (clone.folder / ".venv" / "half a package").exists()


def test_an_update_that_did_not_finish_begins_again_from_nothing(clone, monkeypatch):
    launcher.find_python("test")
    (clone.folder / "requirements.lock").write_text("numpy==2.4.7\n")
    test_a_set_up_that_did_not_finish_begins_again_from_nothing(clone, monkeypatch, "install", KeyboardInterrupt)


def test_a_folder_made_for_another_python_is_made_again(clone, monkeypatch):
    launcher.find_python("test")
    (clone.folder / ".venv" / "of the other").touch()
    monkeypatch.setattr(launcher, "expected_mark", lambda: f"Python 3.99\n{clone.folder}\nlock x\n")
    launcher.find_python("test")
    assert clone.done == ["venv", "install"] * 2
    assert not (clone.folder / ".venv" / "of the other").exists()


def test_a_folder_that_was_moved_is_made_again(clone, monkeypatch):
    launcher.find_python("test")
    moved = clone.folder.rename(clone.folder.parent / "moved")
    for name, place in dict(ROOT=".", VENV=".venv", LOCK="requirements.lock").items():
        monkeypatch.setattr(launcher, name, moved / place)
    launcher.find_python("test")
    assert clone.done == ["venv", "install"] * 2


def test_a_venv_whose_python_has_gone_is_set_up_again(clone):
    launcher.find_python("test")
    launcher.venv_python().unlink()
    launcher.find_python("test")
    assert clone.done == ["venv", "install"] * 2


def test_an_environment_that_somebody_else_made_is_added_to(clone):
    launcher.make_venv()
    (clone.folder / ".venv" / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = 3.{sys.version_info[1]}.1\n")
    launcher.find_python("test")
    assert (clone.folder / ".venv" / "pyvenv.cfg").exists() and clone.done[1:] == ["venv", "install"]


@pytest.mark.parametrize("config", ["version = 3.7.1\n", ""])
def test_a_folder_that_somebody_else_made_and_that_will_not_do_is_left_alone(clone, capsys, config):
    (clone.folder / ".venv").mkdir()
    (clone.folder / ".venv" / "pyvenv.cfg").write_text(config)
    with pytest.raises(SystemExit):
        launcher.find_python("test")
    assert "rename or delete it" in capsys.readouterr().err
    assert [path.name for path in (clone.folder / ".venv").iterdir()] == ["pyvenv.cfg"] and not clone.done


def test_a_second_set_up_in_the_same_folder_waits_its_turn(clone, capsys):
    fcntl = pytest.importorskip("fcntl")
    with launcher.LOCK.open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(SystemExit):
            launcher.find_python("test")
    assert "Another set-up" in capsys.readouterr().err and not clone.done
    launcher.find_python("test")
    assert clone.done == ["venv", "install"]


@pytest.mark.parametrize(
    "version, bounds, inside",
    [
        ("8.4.1", ">=8.4", True),
        ("8.4", ">=8.4.0", True),
        ("8.10", ">=8.9", True),
        ("8.3.9", ">=8.4", False),
        ("0.17.5", ">=0.17,<0.18", True),
        ("0.18.0", ">=0.17,<0.18", False),
        ("2.13.0+cpu", ">=2.13", True),
        ("3.1rc1", ">=3", True),
        ("1.0", "", True),
    ],
)
def test_a_version_lies_within_its_bounds_or_not(version, bounds, inside):
    assert launcher.within(version, bounds) is inside


def test_a_python_that_lacks_one_package_or_has_it_too_old_is_not_taken(monkeypatch):
    have = dict.fromkeys(["numpy", "scipy"], "99")

    def version(name):
        if name not in have:
            raise importlib.metadata.PackageNotFoundError(name)
        return have[name]

    monkeypatch.setattr(importlib.metadata, "version", version)
    unmet = launcher.missing()
    assert "jupyterlab>=4.4" in unmet and not [one for one in unmet if one.startswith(("numpy", "scipy"))]
    have["numpy"] = "1.26.4"
    assert [one for one in launcher.missing() if one.startswith("numpy")]
    assert not [one for one in launcher.missing() if one.startswith("pytest")]
    assert [one for one in launcher.missing("test") if one.startswith("pytest")]
    assert [one for one in launcher.missing("lecture") if one.startswith("voila")]
    assert not [one for one in launcher.missing() if one.startswith("voila")]


# ------------------------------------------------------------------------------------------------------ the commands


@needs_all
def test_a_python_that_has_everything_is_used_as_it_is():
    assert launcher.find_python("test") == sys.executable


@pytest.fixture
def started(monkeypatch):
    """Runs a command without running what it starts: returns those, as lists of words, and the exit code."""

    def start(*arguments, failing=()):
        commands = []

        def run(python, words):
            commands.append([str(word) for word in words])
            return 1 if set(failing) & set(commands[-1]) else 0

        def replace_by(python, words):
            raise SystemExit(run(python, words))

        monkeypatch.setattr(launcher, "run", run)
        monkeypatch.setattr(launcher, "replace_by", replace_by)
        monkeypatch.setattr(launcher, "find_python", lambda *extras: "python")
        monkeypatch.setattr(launcher.os, "chdir", lambda folder: None)
        monkeypatch.setattr(launcher.signal, "signal", lambda *handler: None)
        with pytest.raises(SystemExit) as end:
            launcher.main(list(arguments))
        return commands, end.value.code

    return start


def test_the_suite_is_ruff_then_one_run_of_pytest_over_tests_package_and_notebooks(started):
    commands, code = started("test")
    assert [command[1:3] for command in commands[:2]] == [["ruff", "check"], ["ruff", "format"]]
    assert len(commands) == 3 and code == 0
    assert {"tests", "optim_core", "notebooks", "--doctest-modules", "--nbval", "loadfile"} <= set(commands[2])


@pytest.mark.parametrize("failing", ["check", "format", "pytest"])
def test_the_suite_fails_if_one_part_fails_but_runs_them_all(started, failing):
    commands, code = started("test", failing=[failing])
    assert len(commands) == 3 and code == 1


def test_arguments_of_the_test_command_go_to_pytest_alone(started):
    assert started("test", "-k", "momentum") == ([["-m", "pytest", "-k", "momentum"]], 0)


def test_options_of_the_lab_command_go_to_jupyterlab_last_so_that_they_win(started):
    (ready, command), _ = started("lab", "--no-browser", "--port", str(port := free_port()))
    assert Path(ready[0]) == ROOT / "labconfig" / "ready.py"
    assert command[:2] == ["-m", "jupyterlab"] and command[-3:] == ["--no-browser", "--port", str(port)]


def test_what_jupyterlab_cannot_do_without_ends_the_lab_command_before_it_starts(started):
    commands, code = started("lab", failing=[str(ROOT / "labconfig" / "ready.py")])
    assert len(commands) == 1 and code == 1


def get_ready(home, *arguments):
    """Run labconfig/ready.py for somebody whose home is there."""
    others = {name: "" for name in os.environ if name.startswith("JUPYTER")} | {"XDG_DATA_HOME": ""}
    home = dict.fromkeys(("HOME", "USERPROFILE", "APPDATA"), str(home))
    return python(str(ROOT / "labconfig" / "ready.py"), *map(str, arguments), **others, **home)


@needs_all
def test_a_home_in_which_nothing_can_be_written_is_said_in_a_sentence(tmp_path):
    (tmp_path / "no folder").touch()
    ready = get_ready(tmp_path / "no folder")
    assert ready.returncode == 1 and len(ready.stderr.splitlines()) == 1
    assert "cannot write into" in ready.stderr and "no folder" in ready.stderr and "HOME" in ready.stderr


@needs_all
def test_the_notebooks_of_the_course_are_trusted_and_others_are_not(tmp_path):
    from nbformat import NO_CONVERT, read, v4, write
    from nbformat.sign import NotebookNotary

    names = ["00_start_here.ipynb", "05_momentum.ipynb", "from_somewhere.ipynb"]
    for name in names:
        write(v4.new_notebook(cells=[v4.new_code_cell(name, id="a")]), tmp_path / name)
    (tmp_path / "07_broken.ipynb").write_text("{")
    ready = get_ready(tmp_path / "home", tmp_path)
    assert ready.returncode == 0 and "07_broken.ipynb cannot be signed" in ready.stderr
    (signatures,) = (tmp_path / "home").rglob("nbsignatures.db")
    notary = NotebookNotary(data_dir=str(signatures.parent))
    assert [notary.check_signature(read(tmp_path / name, NO_CONVERT)) for name in names] == [True, True, False]


def test_site_runs_the_builder_with_its_options_and_asks_for_what_it_builds_with(started, monkeypatch):
    (command,), _ = started("site", "--out", "elsewhere")
    assert command == ["-m", "optim_core.site", "--out", "elsewhere"]
    asked = []
    monkeypatch.setattr(launcher, "find_python", lambda *extras: asked.extend(extras))
    monkeypatch.setattr(launcher, "replace_by", lambda *command: None)
    launcher.main(["site"])
    assert asked == ["site"]


def test_progress_needs_no_packages_and_passes_its_options_on(monkeypatch, started):
    monkeypatch.setattr(launcher, "missing", lambda *extras: pytest.fail("it asks for packages"))
    (command,), code = started("progress", "--export", "table.csv")
    script = ROOT / "optim_core" / "exercises" / "progress.py"
    assert (command, code) == (["-P", str(script), "--export", "table.csv"], 0)


def test_normalise_passes_its_notebooks_on(started):
    (command,), _ = started("normalise", "notebooks/02_critical_points.ipynb")
    assert Path(command[0]) == ROOT / "tests" / "normalise.py" and command[1:] == ["notebooks/02_critical_points.ipynb"]


# ----------------------------------------------------------------------------------------------------- the real thing


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Lab:
    """What `python -m optim_core lab` serves."""

    def __init__(self, folder):
        self.port = free_port()
        private = {f"JUPYTER_{name}_DIR": str(folder / name) for name in ("CONFIG", "DATA", "RUNTIME")}
        options = ["--no-browser", "--port", str(self.port), "--IdentityProvider.token=secret"]
        self.said = (folder / "said.txt").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "optim_core", "lab", *options],
            cwd=ROOT, env={**os.environ, **private}, stdout=self.said, stderr=subprocess.STDOUT,
        )  # fmt: skip
        for _ in range(6000):
            try:
                self.ask("api/status")
                return
            except urllib.error.URLError:
                assert self.process.poll() is None, (folder / "said.txt").read_text()
                time.sleep(0.1)

    def ask(self, path, **body):
        """The JSON at an address of the server; with a body it is posted."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/{path}", headers={"Authorization": "token secret"}
        )
        if body:
            request.data = json.dumps(body).encode()
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or "null")

    def run(self, code):
        """What a fresh kernel of the server prints for a line of code."""
        from websocket import create_connection  # a dependency of jupyter_server

        kernel = self.ask("api/kernels", name="python3")["id"]
        address = f"ws://127.0.0.1:{self.port}/api/kernels/{kernel}/channels?token=secret"
        channel = create_connection(address, timeout=600)
        header = {"msg_id": "1", "msg_type": "execute_request", "session": "1", "username": "", "version": "5.3"}
        content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
        channel.send(json.dumps(
            {"channel": "shell", "header": header, "parent_header": {}, "metadata": {}, "content": content}
        ))  # fmt: skip
        printed = ""
        while True:
            message = json.loads(channel.recv())
            if message["parent_header"].get("msg_id") != "1":
                continue
            if message["msg_type"] in ("stream", "error"):
                printed += message["content"].get("text") or str(message["content"])
            elif message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                channel.close()
                return printed

    def stop(self):
        try:
            self.ask("api/shutdown", now=True)
            self.process.wait(30)
        finally:
            self.process.kill()
            self.said.close()


@needs_all
def test_the_lab_command_serves_the_notebooks_with_our_settings_and_a_kernel_that_has_the_package(tmp_path):
    lab = Lab(tmp_path)
    try:
        names = [entry["name"] for entry in lab.ask("api/contents")["content"]]
        assert sorted(names) == sorted(p.name for p in (ROOT / "notebooks").iterdir() if not p.name.startswith("."))

        for plugin, ours in json.loads((ROOT / "labconfig/default_setting_overrides.json").read_text()).items():
            properties = lab.ask(f"lab/api/settings/{plugin}")["schema"]["properties"]
            assert {key: properties[key]["default"] for key in ours} == ours

        python, package = lab.run("import sys, optim_core; print(sys.executable); print(optim_core.__file__)").split(
            "\n"
        )[:2]
        assert Path(python) == Path(sys.executable)
        assert Path(package) == ROOT / "optim_core" / "__init__.py"
    finally:
        lab.stop()
