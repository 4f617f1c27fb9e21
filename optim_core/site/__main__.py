"""python3 -m optim_core site: builds the site, and shows it if asked to."""

import argparse
import functools
import http.server
import sys
from pathlib import Path

from .build import build
from .kernel import ROOT, Impossible

OUT = ROOT / "build" / "site"


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of a folder, with the types that a browser insists on, whatever this machine's own table says."""

    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
        ".whl": "application/zip",
        ".json": "application/json",
    }

    def log_message(self, *words):
        """Say nothing: the page asks for hundreds of files."""


class Server(http.server.ThreadingHTTPServer):
    """One that takes no notice of a browser that has left before it had everything."""

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def server(folder, port=0):
    """A server of the folder on this machine alone, not yet running; port 0 takes any that is free."""
    return Server(("127.0.0.1", port), functools.partial(Handler, directory=str(folder)))


def main(arguments):
    """Build, serve, or both; what went wrong ends it with one sentence."""
    parser = argparse.ArgumentParser(
        prog="python3 -m optim_core site",
        description="Builds the course as a static site that runs in the visitor's browser.",
    )
    parser.add_argument("--out", type=Path, default=OUT, help="the folder to build it in (build/site)")
    parser.add_argument("--serve", action="store_true", help="then show it at an address of this machine")
    parser.add_argument("--port", type=int, default=0, help="the port to serve it on (any that is free)")
    parser.add_argument("--only", nargs="+", default=[], metavar="NN", help="build these chapters alone, as 02 05")
    parser.add_argument("--pyodide", type=Path, help="npm's archive of Pyodide, where npm itself is missing")
    chosen = parser.parse_args(arguments)
    try:
        outside = build(chosen.out, chosen.only, chosen.pyodide)
        print(f"The site is in {chosen.out}; from elsewhere a visitor's browser fetches {len(outside)} files at most:")
        print("\n".join("    " + address for address in outside))
        if chosen.serve:
            running = server(chosen.out, chosen.port)
            print(f"http://127.0.0.1:{running.server_port}/    (Ctrl-C ends it)", flush=True)
            running.serve_forever()
    except Impossible as reason:
        sys.exit(str(reason))
    except OSError as reason:
        sys.exit(f"The site could not be built or shown: {reason}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main(sys.argv[1:])
