"""The commands of the course: `python3 -m optim_core lab | lecture | progress | test | …`.

They set up what they need and then run it. If the Python that runs them already has everything (conda, Binder, an
environment of your own), it is used as it is. If not, a folder .venv is made beside the README, with the packages of
requirements.lock, each checked against its hash.

Standard library only, and no syntax newer than Python 3.6: an old Python must get as far as the sentence that says so.
"""

import contextlib
import errno
import hashlib
import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

HELP = """\
python3 -m optim_core lab [option ...]
    Opens the notebooks in JupyterLab. Options go to JupyterLab, for example --no-browser --port 9000.

python3 -m optim_core lecture [chapter] [--situation "…"] [--notes] [option ...]
    Opens a chapter (momentum, or 05) as a lecture, everything running, without Jupyter around it; with --situation, at
    that entry of a figure's menu; with --notes, what the speaker reads, to print. Options go to Voila, for example
    --no-browser --port=9000.

python3 -m optim_core stills [chapter] [--out DIR]
    Writes every live figure (of all chapters, unless one is named) as SVG, and as PNG, 1920 pixels wide.

python3 -m optim_core progress [--export FILE.csv] [--reset]
    Says what you predicted and solved so far, writes it as a table for an instructor, or forgets it. Nothing is sent.

python3 -m optim_core test [argument ...]
    Runs the whole test suite: ruff, pytest and every notebook. With arguments, runs pytest with these instead.

python3 -m optim_core normalise [notebook ...]
    Runs notebooks (all of them unless named) and writes them back as they are committed.

python3 -m optim_core site [--out DIR] [--serve]
    Builds the course as a static site that needs no server and no Python: it runs in the visitor's browser.

The first start installs what is needed into the folder .venv, in about a minute; the next ones take seconds.
On Windows, write py instead of python3. In a conda environment made from environment.yml, write python."""

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
OLDEST, NEWEST = (3, 11), (3, 14)  # the Pythons for which every package of the lock has a ready-made wheel
UNFINISHED = "unfinished\n"
COMMANDS = ("lab", "lecture", "stills", "progress", "test", "normalise", "site")

RUFF = [["check", "."], ["format", "--check", "."]]
# One run of pytest, so that there is one summary. The cells of a notebook must stay in one worker, in order: loadfile.
SUITE = ["tests", "optim_core", "README.md", "notebooks", "--doctest-modules", "--doctest-glob=README.md"]
SUITE += ["--nbval", "--nbval-current-env", "-n", "2", "--dist", "loadfile"]


def main(arguments):
    """Run one command; never returns normally: what it exits with is what the command did."""
    command, rest = (arguments[0], arguments[1:]) if arguments else ("--help", [])
    if command in ("-h", "--help", "help"):
        print(HELP)
        sys.exit(0)
    if command not in COMMANDS:
        listed = ", ".join(COMMANDS[:-1]) + " or " + COMMANDS[-1]
        stop(f"There is no command {command!r}: it is {listed} (python3 -m optim_core --help).")
    if sys.version_info[:2] < OLDEST:
        stop(f"This needs Python {dots(OLDEST)} or newer, and it is Python {dots(sys.version_info[:3])}. {advice()}")
    if not LOCK.exists():
        stop(f"There is no requirements.lock in {ROOT}: run this in a clone of the repository.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an exception, so that what we started is stopped too
    try:
        if command == "lab":
            lab(rest)
        elif command == "lecture":
            replace_by(find_python("lecture"), ["-m", "optim_core.lecture"] + rest)
        elif command == "stills":
            replace_by(find_python(), ["-m", "optim_core.lecture.stills"] + rest)
        elif command == "progress":  # needs no packages, so any Python will do
            replace_by(sys.executable, ["-P", ROOT / "optim_core" / "exercises" / "progress.py"] + rest)
        elif command == "test":
            test(rest)
        elif command == "normalise":
            replace_by(find_python("lecture", "test"), [ROOT / "tests" / "normalise.py"] + rest)
        else:
            replace_by(find_python("site"), ["-m", "optim_core.site"] + rest)
    except KeyboardInterrupt:
        stop("Stopped.", 130)


def stop(sentence, code=1):
    """End with one sentence on the error stream."""
    print(sentence, file=sys.stderr)
    sys.exit(code)


def dots(version):
    return ".".join(str(number) for number in version)


# ---------------------------------------------------------------------------------------------------- the commands


def lab(options):
    """Open JupyterLab on the notebooks."""
    server = ["--ServerApp.root_dir=" + str(ROOT / "notebooks")]
    if (ROOT / "notebooks" / "00_start_here.ipynb").exists():
        server.append("--LabApp.default_url=/lab/tree/00_start_here.ipynb")
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # in a container; without this Jupyter refuses to start
        server.append("--allow-root")
    if option(options, "port") is not None:
        check_port(option(options, "port"), option(options, "ip") or "localhost")
        server.append("--ServerApp.port_retries=0")  # this port and no other
    python = find_python()
    if run(python, [ROOT / "labconfig" / "ready.py"]):
        sys.exit(1)  # it said why
    replace_by(python, ["-m", "jupyterlab"] + server + options)


def test(arguments):
    """Run the suite, or with arguments pytest alone."""
    python = find_python("lecture", "test")
    os.chdir(str(ROOT))
    if arguments:
        replace_by(python, ["-m", "pytest"] + arguments)
    unclean = [step for step in RUFF if run(python, ["-m", "ruff"] + step)]
    code = run(python, ["-m", "pytest"] + SUITE)
    for step in unclean:
        print("and this failed, see the top: ruff " + " ".join(step))
    sys.exit(code or (1 if unclean else 0))


def run(python, arguments):
    """Run Python with these arguments, wait, return its exit code."""
    child = subprocess.Popen([str(python)] + [str(one) for one in arguments], env=environment())
    try:
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:
                pass  # the child got it too, and decides
    finally:
        if child.poll() is None:  # we were told to end: let the child end as after Ctrl-C, with its own children
            child.send_signal(signal.SIGINT)


def replace_by(python, arguments):
    """Run Python with these arguments in place of this process."""
    sys.stdout.flush()
    if os.name == "nt":  # has no exec
        sys.exit(run(python, arguments))
    command = [str(python)] + [str(one) for one in arguments]
    os.execve(command[0], command, environment())  # no parent stays behind that could be killed without its child


def environment():
    """The environment variables of what we start."""

    def root_before(name):
        return os.pathsep.join(filter(None, [str(ROOT), os.environ.get(name)]))

    return dict(
        os.environ,
        PYTHONPATH=root_before("PYTHONPATH"),  # every kernel can import optim_core
        JUPYTER_CONFIG_PATH=root_before("JUPYTER_CONFIG_PATH"),  # JupyterLab reads labconfig/
        JUPYTER_PREFER_ENV_PATH="1",  # the kernel is this Python, whatever kernels the user has installed
    )


def option(options, name):
    """The value of an option as JupyterLab takes it (--port 9000, --port=9000, --ServerApp.port=9000), or None."""
    for one, following in zip(options, options[1:] + [""]):  # noqa: B905 (Python 3.6 knows no strict)
        match = re.match(r"--(?:(?:Server|Lab)App\.)?" + name + r"(?:=(.*))?$", one)
        if match:
            return match.group(1) or following
    return None


def check_port(port, host):
    """Stop if a server could not listen there."""
    if not (port.isdigit() and int(port) < 65536):
        stop(f"--port takes a number up to 65535, not {port!r}.")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM):
        with socket.socket(family, kind, protocol) as probe:
            if os.name != "nt":  # there it means something else; here, that a port closed a moment ago is free
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    stop(f"Port {port} is in use by another program: choose another, or leave --port out.")
                if error.errno == errno.EACCES:
                    stop(f"Port {port} is reserved for the system: choose one above 1023, or leave --port out.")


# ------------------------------------------------------------------------------------------------------ the set-up


def find_python(*extras):
    """The Python to use: this one if it has everything, else the one of .venv, made or brought up to date first."""
    lacking = missing(*extras)
    if not lacking:
        return sys.executable
    if read(mark()) != expected_mark() or not venv_python().exists():
        set_up(lacking)
    return venv_python()


def missing(*extras):
    """The requirements of pyproject.toml, with those of these extras, that this Python does not meet."""
    import tomllib
    from importlib.metadata import PackageNotFoundError, version

    project = tomllib.loads(read(ROOT / "pyproject.toml"))["project"]
    unmet = []
    asked = project["dependencies"] + [one for extra in extras for one in project["optional-dependencies"][extra]]
    for requirement in asked:
        name, bounds = re.match(r"([\w.-]+)(.*)", requirement).groups()
        try:
            if not within(version(name), bounds):
                unmet.append(requirement)
        except PackageNotFoundError:
            unmet.append(requirement)
    return unmet


def within(version, bounds):
    """Whether a version such as "8.4.1" lies within bounds such as ">=8.4,<9" (these two operators are all we use)."""

    def numbers(text):
        return [int(part) for part in re.match(r"\d+(\.\d+)*", text).group().split(".")] + [0] * 4

    found = numbers(version)[:4]
    low = re.search(r">=([\d.]+)", bounds)
    high = re.search(r"<([\d.]+)", bounds)
    return (not low or found >= numbers(low.group(1))[:4]) and (not high or found < numbers(high.group(1))[:4])


def mark():
    """The file in which a .venv says what it is."""
    return VENV / "made-by-optim-core.txt"


def expected_mark():
    """What a finished .venv says of itself: for which Python, in which place, from which lock it was made."""
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    return f"Python {dots(sys.version_info[:2])}\n{ROOT}\nlock {digest}\n"


def venv_python():
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def read(path):
    """The text of a file, "" if there is none."""
    return path.read_text(encoding="utf-8") if path.exists() else ""


def set_up(lacking):
    """Make .venv from the lock, or bring it up to date.

    The mark says "unfinished" from before the first file until after the last. So a set-up that was interrupted is not
    taken for a whole one, and the next start begins again.
    """
    version = dots(sys.version_info[:2])
    if sys.version_info[:2] > NEWEST:
        stop(f"The packages of requirements.lock are not yet made for Python {version}. {advice()}")
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        stop(f"This Python lacks its venv module; on Debian and Ubuntu: sudo apt install python{version}-venv")
    others = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
    try:
        with only_one():
            prepare_folder()
            print(f"This Python has no {lacking[0]}{others}. Setting up {VENV}: a minute, this once.", flush=True)
            make_venv()
            install()
            compile_and_link()
            mark().write_text(expected_mark(), encoding="utf-8")
    except OSError as error:
        stop(f"Cannot set up {VENV}: {error}")


@contextlib.contextmanager
def only_one():
    """Stop if another set-up is at work in this folder; the lock goes with the process, however that ends."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    with LOCK.open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stop("Another set-up is at work in this folder: wait until it is done, then try again.")
        yield


def prepare_folder():
    """Decide what becomes of a .venv that is there, and mark it unfinished."""
    ours = read(mark())
    if ours:
        if ours.splitlines()[:2] != expected_mark().splitlines()[:2]:  # unfinished, moved, or for another Python
            shutil.rmtree(str(VENV))
    elif VENV.exists() and any(VENV.iterdir()):  # somebody's own: we add to it, and remove nothing
        version = dots(sys.version_info[:2])
        made_for = re.search(r"^version(?:_info)? *= *(\d+\.\d+)", read(VENV / "pyvenv.cfg"), re.MULTILINE)
        if not made_for or made_for.group(1) != version or not venv_python().exists():
            stop(f"{VENV} is no environment for Python {version}: rename or delete it, and try again.")
    VENV.mkdir(exist_ok=True)
    mark().write_text(UNFINISHED, encoding="utf-8")


def make_venv():
    base = getattr(sys, "_base_executable", None) or sys.executable  # not the .venv that we may be running in
    command = [base, "-m", "venv", str(VENV)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace")
    if done.returncode:
        stop(f"Python could not make {VENV}: {last_line(done.stdout)}")


def install():
    """Let pip install what the lock names, and show how far it is."""
    pip = [str(venv_python()), "-m", "pip", "install", "-r", str(LOCK), "--require-hashes", "--no-deps", "--no-compile"]
    pip += ["--only-binary", ":all:", "--no-input", "--retries", "3", "--disable-pip-version-check"]
    child = subprocess.Popen(
        pip,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        errors="replace",
        env=dict(os.environ, PIP_USER="0"),
    )
    said = []
    try:
        for line in child.stdout:
            said.append(line)
            package = re.match(r"Collecting (\S+?)==", line)
            if package:
                show("getting " + package.group(1))
            elif line.startswith("Installing collected packages"):
                show("installing")
        child.wait()
    finally:
        child.kill()  # does nothing to a process that has ended
        show("")
        (VENV / "setup.log").write_text("".join(said), encoding="utf-8")
    if child.returncode:
        stop(explain("".join(said)))


def compile_and_link():
    """Compile what was installed, and put the project on the search path of .venv."""
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = os.fsdecode(subprocess.check_output([str(venv_python()), "-c", ask])).strip()
    # On all cores and without the packages' own tests, in a third of the time that pip would take.
    compiler = [str(venv_python()), "-m", "compileall", "-q", "-j", "0", "-x", r"[\\/]tests?[\\/]", site]
    show("compiling")
    subprocess.call(compiler, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    show("")
    # A .pth file: `import optim_core` works in every folder.
    Path(site, "optim_core.pth").write_text(os.path.relpath(str(ROOT), site) + "\n", encoding="utf-8")


def show(what):
    """Overwrite one line of the terminal."""
    if sys.stdout.isatty():
        print("\r\033[K  " + what if what else "\r\033[K", end="", flush=True)


def explain(said):
    """One sentence for what pip failed with."""
    if "DO NOT MATCH THE HASHES" in said:
        return "A package that was downloaded is not the one that requirements.lock names, so nothing was installed."
    if re.search(r"No space left|not enough space", said):
        return f"The disk is full: the set-up needs about 1 GB in {ROOT}."
    if re.search(r"connection broken|Connection(Error|Pool|Refused)|Timeout|timed out|ProxyError|Max retries", said):
        return "The packages could not be downloaded: no network? Once this machine is online, run the command again."
    unavailable = re.search(r"No matching distribution found for (\S+)", said)
    if unavailable:
        version = dots(sys.version_info[:2])
        return f"There is no ready-made {unavailable.group(1)} for Python {version} on this machine. {advice()}"
    return f"pip could not install the packages ({VENV / 'setup.log'} has its words): {last_line(said)}"


def last_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it did not say why."


def advice():
    """Which Python to take instead: one that is here, if there is one."""
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        name = f"python3.{minor}"
        if minor != sys.version_info[1] and shutil.which(name):
            silent = dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if subprocess.call([name, "-c", ""], **silent) == 0:  # not a stand-in for one that is not installed
                return f"This machine has another: write {name} instead."
    return f"Python {dots(OLDEST)} to {dots(NEWEST)} will do: see python.org, or use conda as the README says."


if __name__ == "__main__":
    main(sys.argv[1:])
