"""Before JupyterLab starts: can it write where it has to, and does it trust the notebooks of the course?

    python labconfig/ready.py [folder of notebooks]

A notebook that is not trusted shows stills in place of its live figures when it is opened again, half run and saved.
Who starts this lab runs the course's code anyway, so its own notebooks (NN_name.ipynb) are signed, as `jupyter trust`
does it; others that lie beside them are not.
"""

import sys
import tempfile
from pathlib import Path

import nbformat
from jupyter_core import paths
from nbformat.sign import NotebookNotary

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"


def unwritable():
    """The folders of Jupyter in which nothing can be written, each with the reason."""
    for folder in (paths.jupyter_config_dir(), paths.jupyter_data_dir(), paths.jupyter_runtime_dir()):
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        except OSError as error:
            yield folder, error.strerror or str(error)


def trust(folder):
    """Sign the course's notebooks in a folder."""
    notary = NotebookNotary()
    for path in sorted(Path(folder).glob("[0-9][0-9]_*.ipynb")):
        try:
            notary.sign(nbformat.read(path, as_version=4))
        except Exception as error:  # JupyterLab will say what is wrong with it
            print(f"{path.name} cannot be signed: {error}", file=sys.stderr)


def main(folder=NOTEBOOKS):
    for place, reason in unwritable():
        print(
            f"JupyterLab cannot write into {place} ({reason}). Set the environment variable HOME to a folder of yours.",
            file=sys.stderr,
        )
        return 1
    trust(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
