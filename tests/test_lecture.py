"""Every chapter has a lecture in its notebook's metadata, and what slides say of a notebook is in the notebook.

How to give a chapter one: say in the metadata of its cells which slide they are on (optim_core/lecture/__init__.py has
the words), hook, prediction, figure, two or three ideas, a published result, a question for the hall, in 20 to 45
minutes; run this file; then look at the slides, python3 -m optim_core lecture <name>, and run
tests/browser/test_lecture.py, which measures them at three sizes.
"""

import html
import importlib
import itertools
import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import normalise
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from nbconvert.filters import markdown2html
from PIL import Image

from notebooks import LIVE, NOTEBOOKS
from optim_core.exercises import Choice, Exercise
from optim_core.lecture import slides, slides_of, stage, stills
from optim_core.lecture.notes import notes
from optim_core.lecture.slides import PART, blocks, count, entries, items, outline, place, tidy
from optim_core.scenes.styles import METHODS, QUANTITIES

PUBLISHED = r"^#+ .*published result|\*\*A published result"
WORDS = 60  # on a slide: more is read, and nobody listens
NOT_YET = set()  # chapters without a lecture: none
LECTURES = [path for path in NOTEBOOKS if path.stem not in NOT_YET]
each = pytest.mark.parametrize("path", LECTURES, ids=lambda path: path.stem)


def test_only_chapters_that_are_there_are_excused_and_those_without_a_lecture():
    assert {path.stem for path in NOTEBOOKS} >= NOT_YET
    assert [path.stem for path in NOTEBOOKS if path.stem in NOT_YET and slides(path)] == [], "take it off NOT_YET"


@each
def test_a_chapter_has_a_lecture_of_20_to_45_minutes_with_notes_for_every_slide(path):
    found = slides(path)
    minutes = sum(slide.minutes for slide in found)
    assert 20 <= minutes <= 45, f"the {len(found)} slides of {path.name} take {minutes:g} minutes"
    bare = [slide.title for slide in found if not slide.notes or not slide.minutes > 0]
    assert not bare, f"slides of {path.name} without notes or minutes: {bare}"


@each
def test_a_slide_has_few_words(path):
    long = [(slide.title, slide.words) for slide in slides(path) if slide.words > WORDS]
    assert not long, f"slides of {path.name} with more than {WORDS} words: {long}"
    assert [slide.title for slide in slides(path) if len(slide.title) > 60] == [], "a title fits in one line"


@each
def test_a_part_of_a_block_ends_with_a_word_and_is_what_the_browser_finds_by_its_letters(path):
    def letters(text):
        return re.sub(r"\$[^$]*\$|[\W_]", "", text)

    for cell in normalise.read(path).cells:
        shown = [words for entry in entries(cell) for words in entry.get("shows") or () if PART in str(words)]
        for first, last in (words.split(PART) for words in shown):
            at, part = place(cell.source, first + PART + last)
            block = blocks(cell.source)[at["block"]]
            whole = tidy(items(block)[at["item"]] if "item" in at else block)
            rest, begin = whole.partition(part)[2], letters(whole).index(letters(first))
            assert not (part[-1].isalnum() and rest[:1].isalnum()), f"a slide of {path.stem} ends in a word: {part}"
            end = letters(whole).index(letters(last), begin + len(letters(first))) + len(letters(last))
            assert letters(whole)[begin:end] == letters(part), f"{path.stem}, on the page it ends before: {part}"


@each
def test_every_figure_is_on_a_slide_or_says_why_not(path):
    cells = normalise.read(path).cells
    missing = [i for i, cell in enumerate(cells) if LIVE.search(cell.source) and not entries(cell)]
    assert not missing, f"{path.name}: the figures of cells {missing} have neither slide nor skip in their metadata"
    for cell in cells:
        assert all(len(entry["skip"].split()) > 2 for entry in entries(cell) if "skip" in entry), "a reason has words"


@each
def test_a_lecture_begins_with_the_chapters_question_and_asks_and_shows_and_ends_with_its_limits(path):
    cells = normalise.read(path).cells
    on = [cells[part["cell"]] for slide in slides(path) for part in slide.parts]
    assert on and on[0] is cells[0], "the hook is what the chapter begins with"
    assert sum(bool(LIVE.search(cell.source)) for cell in on) >= 2, "fewer than two live figures are on slides"
    assert any(re.search(r"\bask\(", cell.source) for cell in on), "a prediction, or a question for the hall"
    published = [i for i, cell in enumerate(cells) if re.search(PUBLISHED, cell.source, re.M)]
    shown = {part["cell"] for slide in slides(path) for part in slide.parts}
    assert not published or any(shown & set(range(i, i + 3)) for i in published), "a published result"


@each
def test_situations_that_notes_tell_to_press_are_there(path):
    """“Press 3” is the third entry of the figure's menu."""
    cells = normalise.read(path).cells
    for slide in slides(path):
        pressed = [
            int(n) for told in re.findall(r"Press ((?:\d(?:, | and )?)+)", slide.notes) for n in re.findall(r"\d", told)
        ]
        figure = "".join(cells[part["cell"]].source for part in slide.parts)
        assert not pressed or LIVE.search(figure), f"{slide.title}: there is no figure whose menu answers the keys"


@each
def test_the_notes_hold_every_slide_and_every_answer(path):
    page = notes(path, measured=False)
    asked = vars(importlib.import_module(f"optim_core.chapters.{path.stem[3:]}.exercises")).values()
    for question in asked:
        if isinstance(question, Choice):
            assert all(html.escape(why) in page for why in question.explanations.values())
        elif isinstance(question, Exercise):
            assert all(html.escape(told[0]) in page for told in question.mistakes)
    page = page.split("What they may answer")[0]
    assert page.count("<section>") == len(slides(path))
    assert f"{sum(slide.minutes for slide in slides(path)):g} minutes" in page


# --- what is said of a cell ------------------------------------------------------------------------------------------

TEXT = (
    "# Head\n\nOne is first. Two is *here*, with $x^2$. Three ends it.\n\n- apple pie\n- pear <!--c:n-->4<!--/c--> pie"
)


@pytest.mark.parametrize(
    "words, where",
    [
        ("Head", {"block": 0}),
        ("One is", {"block": 1}),
        ("Two … with", {"block": 1, "from": "Two", "to": "with"}),
        ("pear 4", {"block": 2, "item": 1}),
        ("apple … pie", {"block": 2, "item": 0, "from": "apple", "to": "pie"}),
    ],
)
def test_words_are_found_where_they_stand(words, where):
    assert place(TEXT, words)[0] == where


@pytest.mark.parametrize("words", ["is first", "Nothing", "Three … One", "p … e", "One … $w$."])
def test_words_that_no_block_or_more_than_one_has_are_refused(words):
    with pytest.raises(ValueError, match="shows of the cell"):
        place(TEXT, words)


def cell(source="text", kind="markdown", **lecture):
    return {"cell_type": kind, "source": source, "metadata": {"lecture": lecture} if lecture else {}}


def test_cells_with_one_title_make_one_slide_in_the_order_of_their_first_cells():
    cells = [cell("a", slide="A"), cell("b", slide="B"), cell("f()", "code", slide="A", minutes=2, notes="say"), cell()]
    assert [(s.title, [part["cell"] for part in s.parts]) for s in slides_of(cells)] == [("A", [0, 2]), ("B", [1])]
    assert slides_of(cells)[0][2:] == ("say", 2, 2)


@pytest.mark.parametrize("entry", [dict(titel="A"), dict(slide="A", skip="why"), dict(notes="say")])
def test_metadata_that_means_nothing_is_refused(entry):
    with pytest.raises(ValueError, match="^lecture = "):
        slides_of([cell(**entry)])


def test_notes_stand_once():
    with pytest.raises(ValueError, match="two cells"):
        slides_of([cell(slide="A", notes="one"), cell(slide="A", notes="two")])


def test_a_formula_counts_as_one_word_and_a_comment_as_none():
    assert count("so $a + b + c$ is <!--c:x-->3<!--/c-->:") == 4
    assert blocks("a\n\n$$x\n= 1$$\n\n\n- b\n- c") == ["a", "$$x\n= 1$$", "- b\n- c"]


class Blocks(HTMLParser):
    """Counts the elements of a piece of HTML that lie in no other."""

    depth = count = 0

    def handle_starttag(self, tag, attributes):
        self.count += self.depth == 0
        self.depth += tag not in ("br", "hr", "img")

    def handle_endtag(self, tag):
        self.depth -= 1


@each
def test_the_browser_gets_as_many_blocks_as_are_counted(path):
    for i, cell in enumerate(normalise.read(path).cells):
        if any("shows" in entry for entry in entries(cell)) and cell.cell_type == "markdown":
            page = Blocks()
            page.feed(markdown2html(cell.source))
            assert page.count == len(blocks(cell.source)), f"cell {i}"


@each
def test_the_browser_knows_every_cell_by_its_first_letters(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    kinds = outline(cells)
    assert len(kinds) == len(cells)
    assert sum(len(kind) < 4 for kind in kinds) <= 1, (
        "a cell that begins with a formula is the next one after those before"
    )


# --- what the kernel does --------------------------------------------------------------------------------------------


@pytest.fixture
def shown(monkeypatch):
    """Two figures of one scene, and one of another."""
    from optim_core.descent import descend
    from optim_core.live import FIGURES, Live
    from optim_core.optimizers import gd
    from optim_core.scenes.ravine import Ravine
    from optim_core.surfaces import bowl

    def experiment(lr, start):
        return bowl(10.0), {"gradient descent": descend(gd, start, bowl(10.0).grad, 20, lr=lr)}

    monkeypatch.setattr(stage, "FIGURES", made := [])
    figures = [
        Live(
            Ravine(),
            experiment,
            lr=(0.5, 0.01, 2),
            start=((1.0, 1.0), (-9, 9), (-9, 9)),
            presets={"fast": dict(lr=1.0)},
        )
        for _ in range(2)
    ]
    made += FIGURES[-2:]
    return figures


def test_figures_begin_at_their_first_step_and_have_names(shown):
    assert [figure.time for figure in shown] == [20, 20]
    assert stage.begin() == ""
    assert [figure.time for figure in shown] == [0, 0]
    assert stage.named_figures() == {"ravine": shown[0], "ravine-2": shown[1]}


def test_an_address_opens_its_state(shown):
    assert stage.begin(figure="ravine-2", lr="0.25", start="-2,3.5", t="7") == ""
    assert shown[1].values == dict(lr=0.25, start=(-2.0, 3.5)) and shown[1].time == 7
    assert shown[0].values == dict(lr=0.5, start=(1.0, 1.0))
    told = json.loads(shown[1].state)
    assert told == dict(figure="ravine", values=dict(lr=0.25, start=[-2.0, 3.5]), t=7)
    assert stage.begin(situation="fast") == "" and shown[0].values["lr"] == 1.0


@pytest.mark.parametrize(
    "state, complaint",
    [
        (dict(figure="cliff"), "figure = 'cliff': must be one of ravine, ravine-2"),
        (dict(situation="slow"), "situation = 'slow': must be one of fast"),
        (dict(figure="ravine", beta="1"), "beta = '1': must be of one of the controls lr, start"),
        (dict(figure="ravine", lr="much"), "lr = 'much': must be a number"),
        (dict(figure="ravine", start="1"), "start"),
    ],
)
def test_an_address_that_names_nothing_is_told_so_in_a_sentence(shown, state, complaint):
    said = stage.begin(**state)
    assert said.startswith(complaint) and "\n" not in said


def test_a_page_holds_its_slides_whatever_their_words_are():
    cells = [cell('# 05 · "Quoted" </script> & more', slide="<b>", notes='say "no"')]
    page = stage.page(dict(cells=cells))
    data = re.search(r'data-lecture="([^"]*)"', page)[1].replace("&quot;", '"').replace("&amp;", "&")
    told = json.loads(data)
    assert told["slides"][0]["title"] == "<b>" and told["slides"][0]["notes"] == 'say "no"'
    assert "</script>" not in data and page.count("<script>") == page.count("</script>") == 1


def test_lecture_needs_to_know_which_notebook_is_open(monkeypatch, shown, tmp_path):
    for name in ("JPY_SESSION_NAME", "__vsc_ipynb_file__"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ValueError, match="the path of the open notebook"):
        stage.lecture()
    with pytest.raises(ValueError, match="a notebook that is there"):
        stage.lecture("no.ipynb")


@pytest.mark.parametrize("chapter", ["momentum", "05", "05_momentum"])
def test_a_chapter_has_a_name_and_a_number(chapter):
    assert stage.notebook_of(chapter).name == "05_momentum.ipynb"


def test_a_chapter_that_is_not_there_is_told_which_are():
    with pytest.raises(ValueError, match="one of start_here, .*momentum"):
        stage.notebook_of("momenta")


def test_a_still_has_the_figures_pixels_and_its_layers_in_one_svg(shown, tmp_path):
    png, svg = stills.write(shown[0], tmp_path / "sub" / "one")
    assert Image.open(png).size[0] == stills.WIDTH
    root = ElementTree.parse(svg).getroot()
    assert [child.tag.split("}")[1] for child in root] == ["svg"] * 3
    assert root.get("viewBox") == root[2].get("viewBox")


# --- colours ---------------------------------------------------------------------------------------------------------

# Machado, Oliveira and Fernandes 2009, severity 1: what linear RGB becomes for an eye that lacks one kind of cone.
LACKING = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def linear(color):
    rgb = np.array(to_rgb(color))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def luminance(color):
    return linear(color) @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def lab(rgb):
    """CIE L*a*b* of linear RGB, under daylight: equal distances look about equally large."""
    xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]] @ np.clip(rgb, 0, 1)
    x, y, z = np.cbrt(xyz / [0.9505, 1.0, 1.089])  # the dark end, where the law is another, does not matter here
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def themes():
    """The colours of both themes of the lecture, by name."""
    css = (stage.HERE / "lecture.css").read_text(encoding="utf-8")
    light = dict(re.findall(r"--(\w+): (#\w{6});", css.split(".optim-lecture.optim-dark")[0]))
    dark = dict(re.findall(r"--(\w+): (#\w{6});", css.split(".optim-lecture.optim-dark")[1].split("}")[0]))
    return {"light": light, "dark": light | dark}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_and_lines_stand_out_in_both_themes(theme):
    colors = themes()[theme]
    for words in ("ink", "soft", "accent"):
        assert contrast(colors[words], colors["paper"]) >= 4.5, words
    assert contrast(colors["line"], colors["paper"]) >= 3
    assert contrast("#222222", colors["card"]) >= 4.5, "a figure's words lie on a card that stays light"


@pytest.mark.parametrize("lacking", LACKING)
def test_looks_are_told_apart_without_one_kind_of_cone(lacking):
    """Two looks that differ in colour alone differ enough for every eye; the others have another dash or marker."""
    seen = {
        name: lab(np.array(LACKING[lacking]) @ linear(one.color)) for name, one in {**METHODS, **QUANTITIES}.items()
    }
    both, alike = {**METHODS, **QUANTITIES}, []
    for one, other in itertools.combinations(both, 2):
        colour_alone = both[one][1:] == both[other][1:] and both[one] != both[other]
        if colour_alone and np.linalg.norm(seen[one] - seen[other]) < 15:
            alike.append((one, other))
    assert alike == []
