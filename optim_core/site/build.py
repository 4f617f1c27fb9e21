"""The site's folder: JupyterLite with the notebooks, the kernel of `kernel.py`, and the pages of `pages.py`."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ..chapters import chapters as course
from . import kernel, pages
from .kernel import ROOT, Impossible

MARK = "made-by-optim-core.txt"  # in a folder that may be replaced
EXTENSION = "@jupyterlite/pyodide-kernel-extension:kernel"
# JupyterLite asks which kernel to take, in a dialog, unless a notebook names the one of the page.
SPEC = {"name": "python", "display_name": "Python (Pyodide)", "language": "python"}
CONFIG = {
    "appName": "optim_core",
    "exposeAppInBrowser": True,  # our page runs the cells of the notebook that it shows
    "collaborative": False,
    "litePluginSettings": {
        EXTENSION: {
            "pyodideUrl": "./static/pyodide/pyodide.mjs",
            "pipliteUrls": [],
            "disablePyPIFallback": True,  # every package has its hash in our lock, and nothing else is installed
            "loadPyodideOptions": {"packages": kernel.KERNEL + kernel.COURSE},
        }
    },
}


def chapters(only=()):
    """The notebooks of the site, in their order: all of them, or those whose name begins like one of `only`."""
    every = [one.notebook for one in course()]
    unknown = [one for one in only if not any(path.stem.startswith(one) for path in every)]
    if unknown:
        names = ", ".join(path.stem for path in every)
        raise Impossible(f"There is no chapter {unknown[0]!r}; there are {names}.")
    return [path for path in every if not only or path.stem.startswith(tuple(only))]


def build(out, only=(), core=None, say=print):
    """Build the site in `out`; the addresses outside it that a visitor's browser may ask for.

    only: the beginnings of the names of the chapters, all of them unless given; core: an archive of Pyodide's core, or
    a folder that has it; say: is told what is being done.
    """
    out = Path(out)
    if out.exists() and any(out.iterdir()) and not (out / MARK).exists():
        raise Impossible(f"{out} is not empty and was not made by this command: name another folder with --out.")
    notebooks = chapters(only)
    with tempfile.TemporaryDirectory() as place:
        place = Path(place)
        lite, site = place / "lite", place / "site"
        static = lite / "static" / "pyodide"
        static.mkdir(parents=True)
        say("the kernel: Pyodide and its packages")
        folder = Path(core) if core and Path(core).is_dir() else kernel.fetch_core(place, core)
        outside = kernel.lay_out(folder, static)
        say("JupyterLite")
        (place / "notebooks").mkdir()
        for path in notebooks:
            (place / "notebooks" / path.name).write_text(json.dumps(for_the_page(path)), encoding="utf-8")
        configure(lite)
        make_lite(lite, place / "notebooks", site)
        pages.write(site, notebooks, say)
        (site / MARK).write_text("\n".join(outside) + "\n", encoding="utf-8")
        if out.exists():
            shutil.rmtree(out)
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(site, out)
    return outside


def for_the_page(path):
    """A notebook as it stands on the site: with the page's kernel, and an import of what that fetches only if asked.

    The kernel looks for imports in the text of a cell, and finds none that stands in a function of the package.
    """
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["metadata"]["kernelspec"] = SPEC
    first = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    for package in needs(path):
        first["source"] = [f"import {package}  # noqa: F401 (the page's Python fetches it now)\n", *first["source"]]
    return notebook


def needs(path):
    """The packages of LATER whose users a chapter names, in its notebook or its folder."""
    folder = ROOT / "optim_core" / "chapters" / path.stem[3:]
    text = "".join(one.read_text(encoding="utf-8") for one in [path, *sorted(folder.glob("*.py"))])
    return [package for package, users in kernel.LATER.items() if any(user in text for user in users)]


def configure(lite):
    """JupyterLite's settings: the kernel, and those of labconfig/ with which the notebooks are shown everywhere."""
    config = {"jupyter-lite-schema-version": 0, "jupyter-config-data": CONFIG}
    (lite / "jupyter-lite.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
    shutil.copy(ROOT / "labconfig" / "default_setting_overrides.json", lite / "overrides.json")


def make_lite(lite, contents, site):
    """Have JupyterLite put its applications, the notebooks and the settings together in the folder `site`."""
    command = [sys.executable, "-m", "jupyterlite_core", "build", "--lite-dir", str(lite), "--output-dir", str(site)]
    command += ["--contents", str(contents), "--apps", "notebooks", "--apps", "lab", "--no-sourcemaps"]
    command += ["--no-unused-shared-packages"]
    theirs = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}  # it warns, of itself
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", cwd=lite, env=theirs)
    if done.returncode or not (site / "notebooks" / "index.html").exists():
        raise Impossible(f"JupyterLite could not be built: {kernel.last_line(done.stdout + done.stderr)}")
