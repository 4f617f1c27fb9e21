"""The pages that can be read at once: each chapter with its figures as stills, and the one that leads to them."""

import base64
import hashlib
import html
import io
import os
import re
import shutil
import subprocess
from pathlib import Path
from string import Template

from ..chapters import read
from ..scenes.styles import METHODS
from .kernel import ROOT, Impossible

TEMPLATES = Path(__file__).with_name("templates")
RUNS = ROOT / "build" / "stills"  # notebooks with their pictures, by the hash of all that they depend on
MATH = re.compile(r"(`+)(?!`).*?\1|\$\$(?P<block>.+?)\$\$|\$(?P<inline>[^$\n]+?)\$", re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
FORMS = ("image/png", "text/html", "text/markdown", "text/latex", "text/plain")  # the first that an output has is shown


def write(site, notebooks, say=print):
    """The pages of these notebooks in `site`, beside JupyterLite, and the landing page as its index.html."""
    from pygments.formatters import HtmlFormatter

    (site / "chapters").mkdir()
    for name in ("site.css", "run.js", "descent.js"):
        shutil.copy(TEMPLATES / name, site / name)
    with (site / "site.css").open("a", encoding="utf-8") as css:
        css.write(HtmlFormatter(style="default").get_style_defs(".code") + "\n")
    chapters = [read(path) for path in notebooks]
    for i, chapter in enumerate(chapters):
        say(f"stills of {chapter.number} · {chapter.title}")
        body = to_html(executed(chapter.notebook), site / "chapters", chapter.notebook.stem)
        around = [(where, chapters[j]) for where, j in (("←", i - 1), ("→", i + 1)) if 0 <= j < len(chapters)]
        links = "".join(f'<a href="{c.notebook.stem}.html">{w} {c.number} · {esc(c.title)}</a>' for w, c in around)
        fill(
            "chapter.html",
            site / "chapters" / f"{chapter.notebook.stem}.html",
            stem=chapter.notebook.stem,
            title=f"{chapter.number} · {esc(chapter.title)}",
            question=esc(chapter.question),
            body=body,
            links=links,
        )
    colors = dict(descent=METHODS["gradient descent"].color, momentum=METHODS["heavy ball"].color)
    fill("index.html", site / "index.html", rows="\n".join(map(row, chapters)), config=settings(site), **colors)


def settings(site):
    """What JupyterLite, in the folders below, looks for in the page above them: the mark of where the site begins."""
    found = re.search(r'<script\s+id="jupyter-config-data".*?</script>', (site / "index.html").read_text(), re.DOTALL)
    if not found:
        raise Impossible("JupyterLite's own page has no settings: it is another version than this site is made for.")
    return found[0]


def row(chapter):
    """A chapter's line in the table of the landing page."""
    page = f"chapters/{chapter.notebook.stem}.html"
    return (
        f'<tr><td>{chapter.number}</td><td><a href="{page}">{esc(chapter.question)}</a><br>'
        f'<span>{esc(chapter.title)}</span></td><td><a class="run" href="{page}#run" '
        f'aria-label="Run chapter {chapter.number}, {esc(chapter.title)}">Run</a></td></tr>'
    )


def fill(template, path, **values):
    """Write a template with these values in place of its $names."""
    text = Template((TEMPLATES / template).read_text(encoding="utf-8")).substitute(values)
    path.write_text(text, encoding="utf-8")


def esc(text):
    return html.escape(text, quote=True)


# ---------------------------------------------------------------------------------------------- running, for the stills


def executed(path):
    """The notebook with the outputs of a run, pictures too; run once for a state of the notebook and the package."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    kept = RUNS / f"{path.stem}-{state(path)}.ipynb"
    if kept.exists():
        return nbformat.read(kept, as_version=4)
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=None, kernel_name="python3", store_widget_state=False)
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])))
    try:
        client.execute(cwd=str(path.parent), env=environment, stderr=subprocess.DEVNULL)
    except CellExecutionError as error:
        raise Impossible(f"{path.name}: a cell failed, {error.ename}: {error.evalue}") from None
    RUNS.mkdir(parents=True, exist_ok=True)
    for older in RUNS.glob(f"{path.stem}-*.ipynb"):
        older.unlink()
    nbformat.write(notebook, kept)
    return notebook


def state(path):
    """A hash of the notebook and of all that it may run of the package."""
    package = ROOT / "optim_core"
    files = [one for one in package.rglob("*") if one.suffix in (".py", ".gz") and "site" not in one.parts[-2:]]
    summary = hashlib.sha256()
    for one in [path, *sorted(files)]:
        summary.update(one.read_bytes())
    return summary.hexdigest()[:16]


# ------------------------------------------------------------------------------------------------------------- writing


def to_html(notebook, folder, stem):
    """The cells of an executed notebook as HTML; its pictures are written beside it."""
    parts, pictures = [], iter(f"{stem}-{n}.webp" for n in range(1, 1000))
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(f"<section>{markdown(cell.source)}</section>")
        elif cell.cell_type == "code":
            outputs = "".join(output(one, folder, pictures) for one in cell.outputs)
            parts.append(f'<div class="cell">{code(cell.source)}{outputs}</div>')
    return "\n".join(parts)


def code(source):
    """Python in colours."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return highlight(source, PythonLexer(), HtmlFormatter(cssclass="code", wrapcode=True))


def output(one, folder, pictures):
    """An output of a cell: the still of a figure, text, or what a question or an exercise says."""
    if one.output_type == "stream":
        return f"<pre>{esc(one.text)}</pre>" if one.name == "stdout" else ""
    data = one.get("data", {})
    form = next((form for form in FORMS if form in data), None)
    if form == "image/png":
        return picture(data[form], one.metadata.get(form, {}), folder, next(pictures))
    if form == "text/html":
        return f'<div class="said">{data[form]}</div>'
    if form == "text/markdown":
        return markdown(data[form])
    if form == "text/latex":
        return mathml(data[form].strip().strip("$").replace(r"\displaystyle", ""), "block")
    return f"<pre>{esc(data[form])}</pre>" if form else ""


def picture(png, about, folder, name):
    """A still, as a file beside the page, over its caption; its alternative text stands with it."""
    from PIL import Image

    image = Image.open(io.BytesIO(base64.b64decode(png)))
    image.convert("RGB").save(folder / name, lossless=True, method=4)
    size = "".join(f' {side}="{about[side]}"' for side in ("width", "height") if side in about)
    alt = esc(about.get("alt", "A figure of this chapter."))
    caption = f"<figcaption>{esc(about['caption'])}</figcaption>" if about.get("caption") else ""
    return f'<figure><img src="{name}" alt="{alt}"{size}>{caption}</figure>'


def markdown(source):
    """Markdown as HTML, its formulas as MathML, its links to notebooks as links to pages."""
    from nbconvert.filters.markdown_mistune import markdown2html_mistune

    formulas = []

    def keep(found):
        tex, display = (found["block"], "block") if found["block"] else (found["inline"], "inline")
        if not tex:  # a piece of code, in which a $ is a $
            return found[0]
        formulas.append(mathml(tex, display))
        return f"xFORMULA{len(formulas) - 1}x"

    text = markdown2html_mistune(MATH.sub(keep, COMMENT.sub("", source)))
    text = re.sub(r'<a class="anchor-link".*?</a>', "", text)
    text = re.sub(r'href="(\d\d_\w+)\.ipynb(#[^"]*)?"', r'href="\1.html\2"', text)
    return re.sub(r"xFORMULA(\d+)x", lambda found: formulas[int(found[1])], text)


def mathml(tex, display):
    """A formula as browsers draw it by themselves."""
    from latex2mathml.converter import convert

    return convert(tex, display=display)
