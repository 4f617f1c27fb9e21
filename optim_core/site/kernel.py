"""The Python that runs in the visitor's browser: Pyodide, and the packages it loads, each by its hash.

Pyodide's core comes from npm, in one archive whose hash stands here. With it comes Pyodide's own lock: which packages
were compiled for it, and their hashes. The compiled ones stay where Pyodide has them, and the browser fetches them from
there. All that is pure Python lies on the site itself, in the versions of requirements.lock, which the suite runs with.
"""

import functools
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from email.parser import HeaderParser
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from .. import __version__

ROOT = Path(__file__).resolve().parents[2]
PYODIDE = "314.0.6"
CORE = "d78ac549b28a2a58600cd06f44e017024151775f8c6b2d73fab1475400d38ea2"  # SHA-256 of npm's pyodide-314.0.6.tgz
COMPILED = "https://cdn.jsdelivr.net/pyodide/v{version}/full/"  # where Pyodide has what it compiled
CORE_FILES = ("pyodide.js", "pyodide.mjs", "pyodide.asm.js", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")

# The kernel's own wheels lie in jupyterlite-pyodide-kernel; the rest of what it starts with is named there, too.
KERNEL = ["micropip", "piplite", "pyodide-kernel", "ipykernel", "comm", "jedi", "ipython"]
COURSE = ["optim-core", "ipyevents", "ipywidgets", "matplotlib", "numpy", "sympy", "threadpoolctl", "tqdm"]
LATER = {"scipy": ["top_eigenvalues"]}  # large, so fetched by the chapters alone that use these functions
# What requirements.lock cannot hold: it needs a newer Python than the oldest on which the notebooks run.
MICROPIP = "micropip==0.11.1 --hash=sha256:768de165adb8e66906039d8fec4127a57f522dfdf8e6fbff877a4616941ecfd3"
UNUSED = {"jupyterlab-widgets", "psutil"}  # named as requirements, and of no use in a page


class Impossible(Exception):
    """The site cannot be built; the message is one sentence that says why."""


class Unreachable(Impossible):
    """What would have to be fetched cannot be fetched from here."""


def fetch_core(place, archive=None):
    """Unpack Pyodide's core below `place`, from `archive` or else from npm; its folder.

    What comes from npm must have the hash above. An archive that is named is taken as it is.
    """
    if archive is None:
        npm = shutil.which("npm")
        if not npm:
            raise Unreachable(
                "Pyodide's core comes from npm, which this machine does not have: install Node.js, or give the archive "
                f"pyodide-{PYODIDE}.tgz with --pyodide."
            )
        command = [npm, "pack", "--silent", "--pack-destination", str(place), f"pyodide@{PYODIDE}"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=place)
        archive = Path(place, f"pyodide-{PYODIDE}.tgz")
        if done.returncode or not archive.exists():
            raise Unreachable(f"npm could not fetch pyodide@{PYODIDE}: {last_line(done.stderr)}")
        if digest(archive) != CORE:
            raise Impossible(f"npm's pyodide@{PYODIDE} is not the one whose hash is known, so it was not used.")
    try:
        with tarfile.open(archive) as inside:
            inside.extractall(place, filter="data")
        version_of(Path(place, "package"))
    except (OSError, KeyError, ValueError, tarfile.TarError):
        raise Impossible(f"{archive} is not an archive of npm's package pyodide.") from None
    return Path(place, "package")


def version_of(core):
    """The version of the Pyodide in this folder."""
    return json.loads(Path(core, "package.json").read_text(encoding="utf-8"))["version"]


def last_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it did not say why."


def lay_out(core, folder):
    """Pyodide, its lock and the wheels in `folder`; the addresses outside the site that the browser may ask for."""
    for name in CORE_FILES:
        if Path(core, name).exists():
            shutil.copy(Path(core, name), folder)
    lock = json.loads(Path(core, "pyodide-lock.json").read_text(encoding="utf-8"))
    packages, address = gather(lock, folder), COMPILED.format(version=version_of(core))
    compile_wheels(core, folder)
    outside = [entry for entry in packages.values() if not is_pure(entry["file_name"])]
    for entry in packages.values():
        if entry in outside:
            entry["file_name"] = address + entry["file_name"]
        else:
            entry["sha256"] = digest(Path(folder, entry["file_name"]))
    text = json.dumps({"info": lock["info"], "packages": packages}, indent=1)
    Path(folder, "pyodide-lock.json").write_text(text, encoding="utf-8")
    return sorted(entry["file_name"] for entry in outside)


def gather(lock, folder):
    """The packages of the site's lock by name: compiled ones as Pyodide's has them, pure ones put into `folder`."""
    python = lock["info"]["python"]
    compiled = {canonicalize_name(name): e for name, e in lock["packages"].items() if not is_pure(e["file_name"])}
    wheels = own_wheels(folder) | {"optim-core": make_wheel(folder)}
    packages, wanted = {}, {*KERNEL, *COURSE, *LATER}
    while wanted:
        wheels |= download(sorted(wanted - set(wheels) - set(compiled)), folder, python)
        for name in wanted:
            if name in compiled:
                depends = {canonicalize_name(one) for one in compiled[name]["depends"]} & (
                    set(compiled) | set(locked())
                )
                packages[name] = compiled[name] | {"depends": sorted(depends)}
            else:
                packages[name] = describe(name, wheels[name], python)
        wanted = {one for entry in packages.values() for one in entry["depends"]} - set(packages)
    return dict(sorted(packages.items()))


def compile_wheels(core, folder):
    """Give the wheels in `folder` bytecode, by this Pyodide under Node.js; where that is missing they do without.

    Most of the seconds until a figure moves go into compiling what a chapter imports, SymPy before all.
    """
    node = shutil.which("node")
    if node:
        script = Path(__file__).with_name("templates") / "compile.mjs"
        done = subprocess.run([node, str(script), str(core), str(folder)], capture_output=True, text=True)
        if done.returncode:
            raise Impossible(f"Pyodide could not compile the wheels: {last_line(done.stderr)}")


def is_pure(file):
    return file.endswith("-none-any.whl")


def own_wheels(folder):
    """The wheels that jupyterlite-pyodide-kernel brings, copied to `folder`, by name; of two versions the newer."""
    inside = "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension/static/pypi"
    found = sorted(Path(sys.prefix, inside).glob("*.whl"), key=lambda path: parse_wheel_filename(path.name)[:2])
    if not found:
        raise Impossible("jupyterlite-pyodide-kernel is not installed in this Python: pip install .[site]")
    return {parse_wheel_filename(path.name)[0]: Path(shutil.copy(path, folder)) for path in found}


def make_wheel(folder):
    """The package itself as a wheel in `folder`."""
    package, info = ROOT / "optim_core", f"optim_core-{__version__}.dist-info"
    wheel = Path(folder, f"optim_core-{__version__}-py3-none-any.whl")
    asks = "".join(f"Requires-Dist: {name}\n" for name in COURSE if name != "optim-core")
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(package.rglob("*")):
            parts = path.relative_to(package).parts
            if path.is_file() and parts[0] not in ("site", "__main__.py") and "__pycache__" not in parts:
                archive.write(path, Path("optim_core", *parts))
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: optim-core\nVersion: {__version__}\n{asks}")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return wheel


@functools.cache
def locked():
    """The lines of requirements.lock by name: a requirement and its hashes."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    found = [line for line in lines if line[:1].isalnum()] + [MICROPIP]
    return {canonicalize_name(Requirement(line.split("--hash")[0]).name): line for line in found}


def download(names, folder, python):
    """The pure wheels of these packages, fetched by pip into `folder`, by name."""
    for name in names:
        if name not in locked():
            raise Impossible(f"{name} is needed in the browser, and neither requirements.lock nor Pyodide has it.")
    if not names:
        return {}
    with tempfile.TemporaryDirectory() as place:
        lines = Path(place, "wheels.txt")
        lines.write_text("\n".join(re.sub(r" ;.*?(?= --hash)", "", locked()[name]) for name in names))
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
        command += ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--dest", place, "-r", str(lines)]
        command += ["--platform", "any", "--implementation", "py", "--abi", "none", "--ignore-requires-python"]
        command += ["--python-version", minor(python)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise Unreachable(f"pip could not fetch the wheels: {last_line(done.stderr)}")
        wheels = [Path(shutil.copy(path, folder)) for path in Path(place).glob("*.whl")]
    return {parse_wheel_filename(path.name)[0]: path for path in wheels}


def minor(python):
    """The version of a Python without its last number."""
    return ".".join(python.split(".")[:2])


def describe(name, wheel, python):
    """A wheel's entry in Pyodide's lock."""
    with zipfile.ZipFile(wheel) as archive:
        files = archive.namelist()
        (metadata,) = [file for file in files if re.fullmatch(r"[^/]+\.dist-info/METADATA", file)]
        asked = HeaderParser().parsestr(archive.read(metadata).decode()).get_all("Requires-Dist", [])
    page = dict(sys_platform="emscripten", platform_system="Emscripten", os_name="posix", extra="")
    page |= dict(python_version=minor(python), python_full_version=python)
    asked = [Requirement(one) for one in asked]
    depends = {canonicalize_name(one.name) for one in asked if not one.marker or one.marker.evaluate(page)}
    return {
        "name": name,
        "version": str(parse_wheel_filename(wheel.name)[1]),
        "file_name": wheel.name,
        "install_dir": "site",
        "package_type": "package",
        "imports": sorted({file.split("/")[0].removesuffix(".py") for file in files if ".dist-info/" not in file}),
        "depends": sorted(depends - UNUSED),
        "unvendored_tests": False,
    }


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
