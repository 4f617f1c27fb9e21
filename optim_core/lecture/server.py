"""The command `python3 -m optim_core lecture`: a chapter's lecture in the browser, with nothing of Jupyter around it.

Voila runs the notebook and shows what its cells show; the template beside this file leaves out what Voila would load
from the internet, and `prepare` adds the slides to each notebook that is asked for. `configure` does the same for a
Voila that runs as an extension of a Jupyter server or hub.
"""

import contextlib
import os
import webbrowser
from urllib.parse import parse_qsl, urlencode

from ..chapters import NOTEBOOKS, chapters
from .slides import entries, slides
from .stage import HERE, notebook_of, page

os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(HERE), os.environ.get("JUPYTER_PATH")]))

import nbformat  # noqa: E402
import tornado.web  # noqa: E402
from voila.app import Voila  # noqa: E402

OURS = {"chapter", "token"}  # of an address's words, those that are no control


def prepare(handler, notebook, cwd):
    """The notebook as a lecture: one more cell, which sends the slides and opens the state that the address names.

    What stands on no slide is not run, so that the hall does not wait for it: no cell leans on another but the first.
    """
    state = {k: v for k, v in parse_qsl(handler.request.query) if k.isidentifier() and k not in OURS}
    code = f"from optim_core.lecture.stage import arrive\narrive({page(notebook)!r}, **{state!r})"
    first, *others = (cell for cell in notebook.cells if cell.cell_type == "code")
    notebook.cells.append(nbformat.v4.new_code_cell(code))
    for cell in others:
        if not any("slide" in entry for entry in entries(cell)):
            cell.source = "# on no slide"
    return notebook


def configure(config):
    """Set a Voila up for lectures: `configure(get_config())` in a voila.py of the server's configuration."""
    config.VoilaConfiguration.prelaunch_hook = prepare
    config.VoilaConfiguration.template = "lecture"
    config.VoilaConfiguration.strip_sources = False
    config.VoilaConfiguration.allow_template_override = "NO"
    config.VoilaConfiguration.file_allowlist = [r"$^"]  # no files: what a page shows is in it
    return config


class Door(tornado.web.RequestHandler):
    """The address of the hall: which chapter, and what is to be seen; without a chapter, a list of them."""

    def get(self):
        _ = self.xsrf_token  # asking for it sets the cookie with which a page that is left may end its kernel
        wanted = dict(parse_qsl(self.request.query)).get("chapter")
        with contextlib.suppress(ValueError):  # of a chapter that is not there: then the list of those that are
            self.redirect(f"voila/render/{notebook_of(wanted).name}?{self.request.query}")
            return
        rows = []
        for one in chapters():
            found = slides(one.notebook)
            minutes = sum(slide.minutes for slide in found)
            if found:
                rows.append(
                    f'<p><a href="?chapter={one.name}">{one.number} · {one.title}</a> {one.question} '
                    f"<small>{len(found)} slides, {minutes:g} minutes</small></p>"
                )
        self.write(
            "<!DOCTYPE html><meta charset=utf-8><title>Lectures</title><style>body { font: 3vmin/1.5 sans-serif; "
            f"margin: 6vmin auto; max-width: 110vmin }}</style><h1>Lectures</h1>{''.join(rows)}"
        )


class Hall(Voila):
    """Voila on the notebooks, with our door."""

    address = ""

    def init_handlers(self):
        return [(self.server_url, Door), *super().init_handlers()]

    @property
    def display_url(self):
        return super().display_url + self.address

    def launch_browser(self):
        webbrowser.open(self.connection_url + self.address)


def serve(chapter="", options=(), **state):
    """Open a chapter's lecture in the browser, at a situation or a state; without a chapter, the list of them."""
    words = {"chapter": chapter, **state}
    Hall.address = "?" + urlencode({k: v for k, v in words.items() if v}) if chapter else ""
    hall = Hall.instance()
    configure(hall.config)
    hall.initialize([str(NOTEBOOKS), *options])
    hall.start()
