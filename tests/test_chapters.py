"""The chapters are found from what is there: the table of the README, and a new chapter that changes no other file."""

import importlib
import importlib.util
import inspect
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from optim_core.chapters import chapters, read, table, with_table

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHAPTERS = chapters()
SAID = dict(capture_output=True, text=True, encoding="utf-8", check=True)


def first_cell(text):
    return json.dumps({"cells": [{"cell_type": "markdown", "source": text}]})


def test_the_readmes_table_is_made_from_what_is_there():
    assert README.count("<!-- chapters -->") == README.count("<!-- /chapters -->") == 1
    assert with_table(README) == README, "run python3 -m optim_core normalise"


def test_the_map_in_the_first_notebook_is_made_from_what_is_there():
    first = CHAPTERS[0].notebook
    texts = ["".join(cell["source"]) for cell in json.loads(first.read_text(encoding="utf-8"))["cells"]]
    maps = [text for text in texts if "<!-- chapters -->" in text]
    assert len(maps) == 1 and with_table(maps[0], folder="") == maps[0], "run python3 -m optim_core normalise"
    links = re.findall(r"\]\((\d\d_[^)]+)\)", maps[0].partition("<!-- /chapters -->")[0])
    assert links == [chapter.notebook.name for chapter in CHAPTERS]


def test_a_chapter_builds_on_those_that_it_says_one_needs(tmp_path):
    path = tmp_path / "05_momentum.ipynb"
    text = (
        "# 05 · Momentum\n\n**Why?**\n\nSee [09](09_scale.ipynb).\n\nYou need [02 · X](02_x.ipynb), [A](01_one.ipynb)."
    )
    path.write_text(first_cell(text), encoding="utf-8")
    assert read(path).after == ("01", "02")
    numbers = {chapter.number for chapter in CHAPTERS}
    for chapter in CHAPTERS:
        assert set(chapter.after) <= numbers, chapter
        assert chapter.number == "00" or all(one < chapter.number for one in chapter.after), chapter


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_whoever_opens_a_chapter_reads_how_to_run_it(chapter):
    words = "".join(json.loads(chapter.notebook.read_text(encoding="utf-8"))["cells"][0]["source"])
    assert sum("**Shift + Enter**" in line for line in words.splitlines()) == 1


def test_every_notebook_is_a_chapter_and_every_room_has_one():
    assert [chapter.notebook for chapter in CHAPTERS] == sorted((ROOT / "notebooks").glob("*.ipynb"))
    rooms = {path.parent.name for path in (ROOT / "optim_core" / "chapters").glob("*/__init__.py")}
    assert {chapter.name for chapter in CHAPTERS} == rooms
    assert len({chapter.number for chapter in CHAPTERS}) == len(CHAPTERS) >= 5


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_a_notebook_imports_its_own_room_and_no_other(chapter):
    cells = json.loads(chapter.notebook.read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    assert f"from optim_core.chapters.{chapter.name} import exercises, " in code
    assert code.count("optim_core.chapters") == 1
    for part in ("exercises", "scenes"):
        assert importlib.util.find_spec(f"optim_core.chapters.{chapter.name}.{part}")


@pytest.mark.parametrize(
    "text", ["", "# Momentum\n\n**Why?**", "# 04 · Momentum\n\n**Why?**", "# 05 · Momentum\n\nWhy?"]
)
def test_a_notebook_that_does_not_begin_like_a_chapter_is_refused(text, tmp_path):
    path = tmp_path / "05_momentum.ipynb"
    path.write_text(first_cell(text), encoding="utf-8")
    with pytest.raises(ValueError, match=r"05_momentum.ipynb: must begin with the lines # 05 · Title and \*\*Its"):
        read(path)


def test_a_new_chapter_is_one_folder_and_one_notebook(tmp_path):
    ignore = shutil.ignore_patterns("__pycache__")
    for folder in ("optim_core", "notebooks"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignore)
    shutil.copytree(ROOT / "optim_core/chapters/start_here", tmp_path / "optim_core/chapters/made_up", ignore=ignore)
    (tmp_path / "notebooks" / "98_made_up.ipynb").write_text(first_cell("# 98 · Made up\n\n**Is it found?**"))
    code = "from optim_core.chapters import table; import optim_core.chapters.made_up.exercises; print(table())"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, **SAID)
    row = "| [98 · Made up](notebooks/98_made_up.ipynb) | Is it found? |  |"
    assert done.stdout.strip().splitlines() == [*table().splitlines(), row]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_everything_public_in_a_room_is_documented(chapter):
    for part in ("exercises", "experiments", "scenes"):
        name = f"optim_core.chapters.{chapter.name}.{part}"
        room = vars(importlib.import_module(name)) if importlib.util.find_spec(name) else {}
        public = [thing for key, thing in room.items() if getattr(thing, "__module__", "") == name and key[0] != "_"]
        assert all(inspect.getdoc(thing) for thing in public if callable(thing)), name
