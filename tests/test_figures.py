"""Every still picture has the script that makes it, and every picture shown can be found and has words in its place."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import matplotlib
import normalise
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from notebooks import NOTEBOOKS, images

ROOT = Path(__file__).resolve().parents[1]
FIGURES = ROOT / "figures"
SCRIPTS = sorted(FIGURES.glob("*.py"))
WALL = FIGURES / "wall.py"  # runs every figure of every chapter, which takes minutes: made now and then, by hand
TOLERANCE = 4.0  # of 255, after shrinking; see `difference`
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
LOCKED = re.search(r"^matplotlib==(\d+\.\d+)", LOCK, re.MULTILINE)[1]


def difference(a: Path, b: Path) -> float:
    """How far two pictures are apart: root mean square over pixels, of 255, after shrinking both three times.

    Shrinking lets the edges of letters fall a fraction of a pixel elsewhere, as they do from one version of matplotlib
    to the next; a curve in another place, a missing label or another colour map is far above the tolerance.
    """
    one, two = (Image.open(path).convert("RGBA") for path in (a, b))
    if one.size != two.size:
        return float("inf")
    small = (max(1, one.width // 3), max(1, one.height // 3))
    one, two = (np.asarray(i.resize(small, Image.Resampling.BOX), float) for i in (one, two))
    return float(np.sqrt(np.mean((one - two) ** 2)))


@pytest.fixture(scope="module")
def regenerated(tmp_path_factory):
    """Makes a picture anew: a copy of its script is run in a folder of its own, where it saves beside itself."""
    folder = tmp_path_factory.mktemp("figures")
    for script in SCRIPTS:
        shutil.copy(script, folder)

    def make(script: Path) -> Path:
        env = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "agg"}
        done = subprocess.run(
            [sys.executable, script.name], cwd=folder, env=env, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, f"figures/{script.name} failed:\n{done.stderr}"
        made = folder / f"{script.stem}.png"
        assert made.exists(), f"figures/{script.name} did not save {made.name} beside itself"
        return made

    return make


@pytest.mark.parametrize("script", [one for one in SCRIPTS if one != WALL], ids=lambda p: p.stem)
def test_script_draws_the_committed_picture(script, regenerated):
    committed = script.with_suffix(".png")
    assert committed.exists(), f"figures/{committed.name} is missing: run figures/{script.name}"
    made = regenerated(script)
    if not matplotlib.__version__.startswith(LOCKED + "."):
        assert Image.open(made).size == Image.open(committed).size
        pytest.skip(f"drawn with matplotlib {LOCKED}; {matplotlib.__version__} sets ticks and letters elsewhere")
    apart = difference(made, committed)
    assert apart <= TOLERANCE, (
        f"figures/{committed.name} is not what figures/{script.name} draws today "
        f"(apart by {apart:.1f} of 255, allowed {TOLERANCE}; matplotlib {matplotlib.__version__}): run the script"
    )


def test_every_picture_has_its_script_stem_for_stem():
    pictures = {p.stem for p in FIGURES.glob("*") if p.suffix in (".png", ".svg", ".jpg", ".gif", ".webp")}
    assert pictures == {p.stem for p in SCRIPTS}


def test_on_the_wall_hang_nearly_all_figures_that_there_are_and_few_that_are_no_more():
    """Nearly: the wall is made anew when chapters have changed much, not with every figure."""
    there = {
        f"{path.stem[:2]} {scene}"
        for path in NOTEBOOKS
        for cell in normalise.read(path).cells
        if cell.cell_type == "code" and not cell.source.startswith("#")
        for scene in re.findall(r"\bLive\(\s*(?:scenes\.)?(\w+)\(", cell.source)
    }
    hanging = Image.open(WALL.with_suffix(".png")).text["Description"].splitlines()
    assert len(set(hanging)) == len(hanging)
    assert len(there - set(hanging)) <= 0.1 * len(there), f"run figures/wall.py: not on it are {there - set(hanging)}"
    assert len(set(hanging) - there) <= 0.1 * len(there), f"run figures/wall.py: {set(hanging) - there} are no more"


def test_a_wall_has_every_picture_in_its_row_and_says_what_hangs_there(tmp_path):
    spec = importlib.util.spec_from_file_location("wall", WALL)
    wall = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(wall)
    colours = [(250, 20, 20), (20, 20, 250), (20, 160, 20)]
    pictures = [
        (f"0{k} A", Image.new("RGB", size, colours[k])) for k, size in enumerate([(1900, 400), (900, 400)] * 2) if k < 3
    ]
    made, listed = wall.make(pictures)
    made.save(tmp_path / "wall.png", pnginfo=listed)
    again = Image.open(tmp_path / "wall.png")
    assert again.text["Description"] == "00 A\n01 A\n02 A" and again.width == wall.WIDTH
    pixels = np.asarray(again.convert("RGB"), float).reshape(-1, 3)
    shares = [(np.abs(pixels - colour).max(-1) < 40).mean() for colour in colours]
    assert min(shares) > 0.1 and abs(shares[0] / shares[1] - 1900 / 900) < 0.1


def draw(path: Path, shift: float = 0.0, label: str = "loss") -> Path:
    figure = Figure((4, 3))
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    t = np.linspace(0, 1, 200)
    axes.plot(t, np.exp(-4 * t) + shift)
    axes.set_ylim(0, 1.3)
    axes.set_title(label)
    figure.savefig(path, dpi=100)
    return path


def test_comparison_sees_a_moved_curve_and_not_a_second_rendering(tmp_path):
    first = draw(tmp_path / "a.png")
    assert difference(first, draw(tmp_path / "b.png")) == 0
    assert difference(first, draw(tmp_path / "c.png", shift=0.1)) > TOLERANCE
    assert difference(first, draw(tmp_path / "d.png", label="the gradient's norm")) > TOLERANCE


PAGES = [p for p in (ROOT / "README.md", *NOTEBOOKS) if p.exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_pictures_of_the_page_exist_and_have_alternative_text(page):
    if page.suffix == ".ipynb":
        cells = normalise.read(page).cells
        texts = {f"cell {i}": cell.source for i, cell in enumerate(cells) if cell.cell_type == "markdown"}
    else:
        texts = {page.name: page.read_text(encoding="utf-8")}
    for where, text in texts.items():
        for link, alt in images(text):
            assert len(alt) >= 10, (
                f"{page.name}, {where}: the picture {link} has no alternative text to speak of: {alt!r}"
            )
            if link.startswith(("http://", "https://")):
                pytest.fail(f"{page.name}, {where}: the picture {link} would need the network")
            assert (page.parent / unquote(link)).exists(), f"{page.name}, {where}: there is no picture {link}"
