"""The static site: what is put into it, what it asks for from elsewhere, and what it says when it cannot be built.

Nothing is fetched here; tests/browser/test_site.py builds the whole and opens it.
"""

import ast
import base64
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import urllib.request
import zipfile
from pathlib import Path
from threading import Thread

import nbformat
import pytest

from optim_core.site import __main__ as command
from optim_core.site import build, kernel, pages
from optim_core.site.kernel import Impossible

ROOT = Path(__file__).resolve().parents[1]


def make(folder, name, version="1.0", requires=(), modules=()):
    """A small wheel in `folder`."""
    title = name.replace("-", "_")
    path = Path(folder, f"{title}-{version}-py3-none-any.whl")
    with zipfile.ZipFile(path, "w") as archive:
        head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        archive.writestr(
            f"{title}-{version}.dist-info/METADATA", head + "".join(f"Requires-Dist: {r}\n" for r in requires)
        )
        for module in modules or [f"{title}/__init__.py"]:
            archive.writestr(module, "")
    return path


LOCK = {
    "info": {"python": "3.14.2", "abi_version": "2026_0"},
    "packages": {
        "numpy": dict(name="numpy", file_name="numpy-2.4-cp314-wasm32.whl", sha256="n" * 64, depends=[]),
        "scipy": dict(name="scipy", file_name="scipy-1.18-cp314-wasm32.whl", sha256="s" * 64, depends=["numpy"]),
        "matplotlib": dict(
            name="matplotlib",
            file_name="mpl-3.10-cp314-wasm32.whl",
            sha256="m" * 64,
            depends=["numpy", "cycler", "pytz"],
        ),
        "cycler": dict(name="cycler", file_name="cycler-0.12-py3-none-any.whl", sha256="c" * 64, depends=["six"]),
    },
}


@pytest.fixture
def laid(tmp_path, monkeypatch):
    """The lock that `lay_out` writes for a small Pyodide; the pure wheels are made up in place of being fetched."""
    fetched = []

    def download(names, folder, python):
        fetched.extend(names)
        more = {"ipywidgets": ["traitlets>=5", "psutil", "colorama; sys_platform == 'win32'"], "sympy": ["mpmath<2"]}
        return {name: make(folder, name, requires=more.get(name, ())) for name in names}

    monkeypatch.setattr(kernel, "download", download)
    monkeypatch.setattr(kernel, "own_wheels", lambda folder: {"piplite": make(folder, "piplite")})

    def compile_wheels(core, folder):  # a compiled wheel has another hash than the one that was fetched
        (folder / "cycler-1.0-py3-none-any.whl").write_bytes(b"compiled")

    monkeypatch.setattr(kernel, "compile_wheels", compile_wheels)
    core, folder = tmp_path / "core", tmp_path / "site"
    core.mkdir(), folder.mkdir()
    (core / "package.json").write_text('{"version": "314.0.6"}')
    (core / "pyodide-lock.json").write_text(json.dumps(LOCK))
    (core / "pyodide.mjs").write_text("export {}")
    outside = kernel.lay_out(core, folder)
    lock = json.loads((folder / "pyodide-lock.json").read_text())
    return folder, lock, outside, fetched


def test_what_was_compiled_stays_with_pyodide_under_the_hash_of_its_lock(laid):
    folder, lock, outside, fetched = laid
    base = "https://cdn.jsdelivr.net/pyodide/v314.0.6/full/"
    assert outside == [base + LOCK["packages"][name]["file_name"] for name in ("matplotlib", "numpy", "scipy")]
    for name in ("matplotlib", "numpy", "scipy"):
        assert lock["packages"][name]["sha256"] == LOCK["packages"][name]["sha256"]
        assert lock["packages"][name]["file_name"] in outside and name not in fetched


def test_what_is_pure_lies_on_the_site_under_its_own_hash(laid):
    folder, lock, outside, fetched = laid
    pure = {name: one for name, one in lock["packages"].items() if one["file_name"] not in outside}
    assert {"cycler", "ipywidgets", "optim-core", "piplite", "sympy", "traitlets", "mpmath"} <= set(pure)
    for one in pure.values():
        assert one["sha256"] == hashlib.sha256((folder / one["file_name"]).read_bytes()).hexdigest()
    assert (folder / "pyodide.mjs").exists()


def test_every_requirement_is_there_and_only_what_a_page_can_use(laid):
    _, lock, *_ = laid
    for one in lock["packages"].values():
        assert set(one["depends"]) <= set(lock["packages"])
    assert lock["packages"]["ipywidgets"]["depends"] == ["traitlets"]
    assert lock["packages"]["matplotlib"]["depends"] == ["cycler", "numpy"], "pytz is no requirement of ours"
    assert {*kernel.KERNEL, *kernel.COURSE, *kernel.LATER} <= set(lock["packages"])


def test_the_kernel_starts_with_its_packages_at_once_and_fetches_nothing_else():
    settings = build.CONFIG["litePluginSettings"][build.EXTENSION]
    started = settings["loadPyodideOptions"]["packages"]
    assert {"micropip", "piplite", "ipykernel", "comm", "pyodide-kernel", "jedi", "ipython", "optim-core"} <= set(
        started
    )
    assert not set(kernel.LATER) & set(started)
    assert settings["disablePyPIFallback"] and settings["pyodideUrl"].startswith("./")


def test_every_pure_package_has_one_version_and_a_hash():
    for name in set(kernel.KERNEL + kernel.COURSE) - {"optim-core", "piplite", "pyodide-kernel", "ipykernel"}:
        assert "==" in kernel.locked()[name] and "--hash=sha256:" in kernel.locked()[name]


def test_a_package_that_nobody_has_locked_is_named(tmp_path):
    with pytest.raises(Impossible, match="optim-core-made-up is needed in the browser"):
        kernel.download(["optim-core-made-up"], tmp_path, "3.14.2")


def test_the_package_as_a_wheel_has_all_that_a_chapter_imports_and_can_be_installed(tmp_path):
    wheel = kernel.make_wheel(tmp_path)
    names = set(zipfile.ZipFile(wheel).namelist())
    for path in (ROOT / "optim_core").rglob("*.py"):
        inside = path.relative_to(ROOT).as_posix()
        assert (inside in names) is not inside.startswith(("optim_core/site/", "optim_core/__main__"))
    assert "optim_core/digits.csv.gz" in names and not [name for name in names if "__pycache__" in name]
    zipfile.ZipFile(wheel).extractall(tmp_path / "unpacked")
    ask = "import optim_core.data; print(optim_core.__file__, len(optim_core.data.digits().X))"
    options = dict(cwd=tmp_path / "unpacked", env=os.environ | {"PYTHONPATH": ""}, capture_output=True, text=True)
    process = subprocess.run([sys.executable, "-c", ask], **options)
    assert process.stdout.split()[-1] == "1200" and str(tmp_path) in process.stdout, process.stderr


def test_the_entry_of_a_wheel_names_what_it_brings(tmp_path):
    asks = ["numpy>=2", "Also.This; extra == 'test'", "appnope; sys_platform == 'darwin'"]
    wheel = make(tmp_path, "a-b", "2.1", asks, ["a_b/__init__.py", "alone.py"])
    entry = kernel.describe("a-b", wheel, "3.14.2")
    assert (entry["version"], entry["depends"], entry["imports"]) == ("2.1", ["numpy"], ["a_b", "alone"])


def test_a_library_that_only_a_function_imports_is_fetched_by_the_chapters_that_use_the_function():
    known = {name.replace("-", "_") for name in kernel.COURSE} | {"PIL", "IPython", "traitlets", "contourpy"}
    users = {}
    for path in (ROOT / "optim_core").rglob("*.py"):
        if path.is_relative_to(ROOT / "optim_core" / "site"):
            continue
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.ImportFrom) and not node.level or isinstance(node, ast.Import):
                        names = [node.module] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
                        for name in {name.split(".")[0] for name in names} - set(sys.stdlib_module_names) - known:
                            users.setdefault(name, []).append(function.name)
    assert users.pop("sklearn") == ["_made"], "moons and circles, which no chapter uses"
    assert users == kernel.LATER
    names = "|".join(["moons", "circles"])
    for path in [*(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "optim_core" / "chapters").rglob("*.py")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(rf"optim_core\.data import .*\b({names})\b|\bdata\.({names})\(", text), path


def test_the_site_s_notebooks_name_the_page_s_kernel_and_import_what_it_must_fetch():
    for path in build.chapters():
        theirs, ours = json.loads(path.read_text(encoding="utf-8")), build.for_the_page(path)
        assert ours["metadata"]["kernelspec"]["name"] == "python"
        imports = [f"import {name}" for name in build.needs(path)]
        added = [a for a, b in zip(ours["cells"], theirs["cells"], strict=True) if a["source"] != b["source"]]
        assert len(added) == (1 if imports else 0)
        assert [line.split("  #")[0] for cell in added for line in cell["source"][: len(imports)]] == imports
    assert build.needs(ROOT / "notebooks" / "04_batches.ipynb") == ["scipy"]
    assert build.needs(ROOT / "notebooks" / "02_critical_points.ipynb") == []


# ----------------------------------------------------------------------------------------------------------- the pages


def dot(color):
    """A picture of four pixels, as an output has it."""
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGBA", (2, 2), color).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def test_every_formula_of_the_course_becomes_one_that_browsers_draw():
    pytest.importorskip("latex2mathml")
    for path in build.chapters():
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                source = pages.COMMENT.sub("", "".join(cell["source"]))
                count = sum(bool(one["block"] or one["inline"]) for one in pages.MATH.finditer(source))
                shown = pages.markdown(source)
                assert shown.count("<math") == count and "FORMULA" not in shown, source
                for formula in re.findall(r"<math.*?</math>", shown, re.DOTALL):
                    assert "\\" not in re.sub(r"<[^>]+>", "", formula), formula


def test_a_page_links_to_pages_shows_no_bookkeeping_and_keeps_code_as_it_is():
    pytest.importorskip("latex2mathml")
    shown = pages.markdown("[Where](01_one_step.ipynb#Which-unit-has-η?)\n\n## Which unit has η?")
    (link,), (place,) = (re.findall(pattern, shown) for pattern in (r'01_one_step.html#([^"]+)"', r'<h2 id="([^"]+)"'))
    assert link == place, "to a section of a chapter"
    shown = pages.markdown("See [05](05_momentum.ipynb): <!--c:x-->3<!--/c--> of `$HOME` at $5 < x$, and `a_$b$`.")
    assert 'href="05_momentum.html"' in shown and "c:x" not in shown and "3 of" in shown
    assert "<code>$HOME</code>" in shown and "<code>a_$b$</code>" in shown and shown.count("<math") == 1


def test_a_still_has_its_file_its_size_and_its_words_and_text_stays_text(tmp_path):
    about = {"image/png": {"width": 900, "height": 400, "alt": 'A "map" & a curve', "caption": "η < 1"}}
    widget = {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "Live", "image/png": dot((255, 0, 0, 255))}
    cell = nbformat.v4.new_code_cell("print(1 < 2)")
    cell.outputs = [
        nbformat.v4.new_output("stream", name="stdout", text="a < b"),
        nbformat.v4.new_output("stream", name="stderr", text="a warning"),
        nbformat.v4.new_output("execute_result", data=widget, metadata=about),
        nbformat.v4.new_output("display_data", data={"text/plain": "plain", "text/html": "<b>Not attempted</b>"}),
    ]
    shown = pages.to_html(nbformat.v4.new_notebook(cells=[cell]), tmp_path, "07_x")
    assert '<img src="07_x-1.webp" alt="A &quot;map&quot; &amp; a curve" width="900" height="400">' in shown
    assert "<figcaption>η &lt; 1</figcaption>" in shown
    assert (tmp_path / "07_x-1.webp").read_bytes()[8:12] == b"WEBP"
    assert "<pre>a &lt; b</pre>" in shown and "<b>Not attempted</b>" in shown
    assert "warning" not in shown and "Live" not in shown and "plain" not in shown


def test_the_pages_and_their_scripts_ask_nothing_of_another_host():
    for path in pages.TEMPLATES.iterdir():
        assert not re.search(r"(?:https?:)?//[\w-]+\.\w", path.read_text(encoding="utf-8")), path


def test_a_still_is_drawn_anew_when_the_notebook_or_the_package_changed(monkeypatch, tmp_path):
    shutil.copytree(ROOT / "optim_core", tmp_path / "optim_core", ignore=shutil.ignore_patterns("__pycache__"))
    notebook = Path(shutil.copy(ROOT / "notebooks" / "05_momentum.ipynb", tmp_path))
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    states = [pages.state(notebook)]
    assert pages.state(notebook) == states[0]
    for path in (notebook, tmp_path / "optim_core" / "descent.py", tmp_path / "optim_core" / "site" / "pages.py"):
        path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
        states.append(pages.state(notebook))
    assert len(set(states)) == 3 and states[2] == states[3], "the pages themselves are drawn from the same run"


# ------------------------------------------------------------------------------------------------ one clear sentence


def test_a_chapter_that_is_not_there_is_told_which_are():
    assert [path.stem for path in build.chapters(["05", "02"])] == ["02_critical_points", "05_momentum"]
    assert build.chapters() == sorted((ROOT / "notebooks").glob("*.ipynb"))
    with pytest.raises(Impossible, match="no chapter '99'; there are 00_start_here, "):
        build.chapters(["02", "99"])


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(Impossible, match="not empty and was not made by this command"):
        build.build(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_without_npm_it_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(kernel.shutil, "which", lambda name: None)
    with pytest.raises(Impossible, match="install Node.js, or give the archive pyodide-314.*tgz with --pyodide"):
        kernel.fetch_core(tmp_path)


def test_an_archive_that_is_not_pyodide_is_refused(tmp_path):
    wrong = tmp_path / "wrong.tgz"
    wrong.write_bytes(b"no archive")
    with pytest.raises(Impossible, match="is not an archive of npm's package pyodide"):
        kernel.fetch_core(tmp_path, wrong)
    with tarfile.open(wrong, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("package/README.md"), io.BytesIO())
    with pytest.raises(Impossible, match="is not an archive of npm's package pyodide"):
        kernel.fetch_core(tmp_path, wrong)


def test_a_core_that_is_not_the_one_whose_hash_is_known_is_not_used(tmp_path, monkeypatch):
    def run(words, **options):
        (tmp_path / f"pyodide-{kernel.PYODIDE}.tgz").write_bytes(b"another")
        return subprocess.CompletedProcess(words, 0, "", "")

    monkeypatch.setattr(kernel.shutil, "which", lambda name: "npm")
    monkeypatch.setattr(kernel.subprocess, "run", run)
    with pytest.raises(Impossible, match="is not the one whose hash is known"):
        kernel.fetch_core(tmp_path)


def test_what_cannot_be_compiled_is_said_and_without_node_is_not_tried(tmp_path, monkeypatch):
    monkeypatch.setattr(kernel.shutil, "which", lambda name: None)
    kernel.compile_wheels(tmp_path, tmp_path)
    monkeypatch.setattr(kernel.shutil, "which", lambda name: sys.executable)  # which cannot read JavaScript
    with pytest.raises(Impossible, match="Pyodide could not compile the wheels: SyntaxError"):
        kernel.compile_wheels(tmp_path, tmp_path)


def test_what_cannot_be_built_ends_the_command_with_one_sentence(capsys):
    with pytest.raises(SystemExit) as end:
        command.main(["--only", "99"])
    assert "no chapter '99'" in str(end.value) and "\n" not in str(end.value)


def test_the_server_gives_the_types_that_a_browser_insists_on(tmp_path):
    for name in ("a.wasm", "b.mjs", "c.js", "d.html"):
        (tmp_path / name).write_bytes(b"")
    running = command.server(tmp_path)
    Thread(target=running.serve_forever, daemon=True).start()
    try:
        types = {}
        for name in ("a.wasm", "b.mjs", "c.js", "d.html"):
            with urllib.request.urlopen(f"http://127.0.0.1:{running.server_port}/{name}") as answer:
                types[name] = answer.headers["Content-Type"]
    finally:
        running.shutdown()
        running.server_close()
    assert types == {
        "a.wasm": "application/wasm",
        "b.mjs": "text/javascript",
        "c.js": "text/javascript",
        "d.html": "text/html",
    }
