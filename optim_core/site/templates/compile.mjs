// node compile.mjs CORE FOLDER: the wheels in FOLDER get bytecode of the Python in CORE, in place of compiling all that
// they import in every visitor's browser. Of the course's own package the source stays: chapters show it.
import {pathToFileURL} from "node:url";

const [core, folder] = process.argv.slice(2);
const {loadPyodide} = await import(pathToFileURL(core + "/pyodide.mjs"));
const pyodide = await loadPyodide({indexURL: core + "/"});
pyodide.FS.mkdirTree("/wheels");
pyodide.FS.mount(pyodide.FS.filesystems.NODEFS, {root: folder}, "/wheels");
pyodide.runPython(`
import importlib.util, marshal, re, sys, warnings, zipfile
from pathlib import Path

UNUSED = re.compile(r"(^|/)tests?/|^jedi/third_party/(django-stubs|typeshed/stubs)/|^sympy/(parsing/autolev|benchmarks)/")
# a header without the time of the source, and the order not to look for one
HEADER = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + bytes(8)
PLACE = f"/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"  # named in tracebacks
warnings.simplefilter("ignore")
for wheel in sorted(Path("/wheels").glob("*.whl")):
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if not UNUSED.search(name)}
    ours = wheel.name.startswith("optim_core-")
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in files.items():
            if not name.endswith(".py"):
                archive.writestr(name, content)
                continue
            try:
                code = compile(content, f"{PLACE}/{name}", "exec", dont_inherit=True)
            except SyntaxError:  # a template, or for another Python: as it is
                archive.writestr(name, content)
                continue
            if ours:
                folder, _, file = name.rpartition("/")
                archive.writestr(name, content)
                name = f"{folder}/__pycache__/{file[:-3]}.{sys.implementation.cache_tag}.py"
            archive.writestr(name + "c", HEADER + marshal.dumps(code))
`);
