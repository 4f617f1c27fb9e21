"""`python3 -m optim_core lecture` ends here, once everything that it needs is installed."""

import argparse
import sys

from .notes import write_notes
from .slides import slides
from .stage import notebook_of


def main(arguments=None):
    """Read the command line, and serve a lecture or write its notes."""
    parser = argparse.ArgumentParser(prog="python3 -m optim_core lecture", description="A chapter as a lecture.")
    parser.add_argument("chapter", nargs="?", default="", help="its name or number: momentum, 05")
    parser.add_argument("--situation", default="", help="the situation, of a figure's menu, to begin with")
    parser.add_argument("--notes", action="store_true", help="open the speaker's notes, to print, and stop")
    options, others = parser.parse_known_args(arguments)
    try:
        notebook = notebook_of(options.chapter) if options.chapter else None
        if notebook and not slides(notebook):
            raise ValueError(f"{notebook.name} has no lecture yet.")
        if options.notes:
            write_notes(notebook)
            return
    except ValueError as error:
        sys.exit(str(error))
    from .server import serve

    serve(notebook.stem.split("_", 1)[1] if notebook else "", others, situation=options.situation)


if __name__ == "__main__":
    main()
