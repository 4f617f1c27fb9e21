"""All figures of all chapters on one wall, each as it stands when its cell has run. Takes some minutes.

What hangs there is written into the picture: Image.open("wall.png").text["Description"], a line for each figure.
"""

import ast
import io
import json
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from optim_core.chapters import chapters
from optim_core.live import Live

WIDTH, ROW, GAP, LABEL = 3000, 250, 14, 24  # in pixels


def stills(chapter):
    """The name and the picture of every live figure of a chapter that is no exercise, of each scene the first."""
    notebook = json.loads(chapter.notebook.read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    space, seen = {"__name__": "__main__"}, set()
    exec(cells[0], space)
    for source in cells[1:]:
        if "Live(" not in source or source.startswith("#"):
            continue
        tree = ast.parse(source)
        last = ast.Expression(tree.body.pop().value)
        exec(compile(tree, chapter.notebook.name, "exec"), space)
        live = eval(compile(last, chapter.notebook.name, "eval"), space)
        name = f"{chapter.number} {type(live.scene).__name__}"
        if isinstance(live, Live) and name not in seen:
            live.finish()
            seen.add(name)
            yield name, Image.open(io.BytesIO(live.still())).convert("RGB")


def hang(pictures):
    """The wall: rows of one height each, as wide as the wall; below each picture its name."""
    rows, row, wide = [], [], 0.0
    for name, picture in pictures:
        row.append((name, picture))
        wide += picture.width / picture.height
        if wide * ROW >= WIDTH - GAP * (len(row) + 1):
            rows.append((row, (WIDTH - GAP * (len(row) + 1)) / wide))
            row, wide = [], 0.0
    if row:
        rows.append((row, min(ROW, (WIDTH - GAP * (len(row) + 1)) / wide)))
    wall = Image.new("RGB", (WIDTH, GAP + sum(int(height) + LABEL + GAP for _, height in rows)), "white")
    draw, font, top = ImageDraw.Draw(wall), ImageFont.load_default(size=16), GAP
    for row, height in rows:
        left = float(GAP)
        for name, picture in row:
            width = picture.width * height / picture.height
            wall.paste(picture.resize((round(width), int(height)), Image.Resampling.LANCZOS), (round(left), top))
            draw.text((left, top + height + 2), name, fill="#444444", font=font)
            left += width + GAP
        top += int(height) + LABEL + GAP
    return wall


def make(pictures=None):
    """The wall and its list: all chapters that there are, unless pictures are given, as (name, picture)."""
    pictures = pictures or [one for chapter in chapters() for one in stills(chapter)]
    listed = PngInfo()
    listed.add_text("Description", "\n".join(name for name, _ in pictures))
    return hang(pictures).quantize(256, dither=Image.Dither.NONE), listed


if __name__ == "__main__":
    wall, listed = make()
    wall.save(Path(__file__).with_suffix(".png"), pnginfo=listed, optimize=True)
