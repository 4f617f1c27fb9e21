"""Lectures in Chromium, as `python3 -m optim_core lecture` shows them: every slide at three sizes, and the keyboard.

One server and one window for all. `measure.js` says what of a slide is cut off, lies on something else or is too small
to be read from the last row.
"""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from notebooks import NOTEBOOKS
from optim_core.lecture import slides

sys.path.insert(0, str(Path(__file__).parent))
from lab import ARTEFACTS, ELSEWHERE, FLAGS, PATIENCE, ROOT, NoBrowser, PageFault, find_chromium, free_port  # noqa: E402

SIZES = [(1280, 720), (1920, 1080), (3840, 2160)]
MEASURE = (Path(__file__).parent / "measure.js").read_text(encoding="utf-8")
EVERY = f"() => optimLecture.slides.map((_, k) => {{ optimLecture.show(k); return ({MEASURE.strip()})(); }})"
LECTURES = [path for path in NOTEBOOKS if slides(path)]


class Hall:
    """A server of lectures, and a window. What goes wrong in the page is gathered in `problems`."""

    def __enter__(self):
        self.chromium, self.problems = find_chromium(), []
        if importlib.util.find_spec("voila") is None:
            raise NoBrowser("voila is not installed (the extra `lecture`)")
        from playwright.sync_api import sync_playwright

        self.folder = tempfile.TemporaryDirectory(prefix="optim-hall-")
        port, self.log = free_port(), Path(self.folder.name, "log")
        env = {k: v for k, v in os.environ.items() if k != "PYTHONWARNINGS"}
        env |= dict(PYTHONPATH=str(ROOT), JUPYTER_PREFER_ENV_PATH="1", JUPYTER_RUNTIME_DIR=self.folder.name)
        command = [sys.executable, "-m", "optim_core", "lecture", "--no-browser", f"--port={port}"]
        with self.log.open("wb") as log:
            self.server = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.playwright = sync_playwright().start()
        self.browser = self.playwright.chromium.launch(executable_path=self.chromium, args=FLAGS)
        self.page = self.browser.new_page(viewport=dict(width=1920, height=1080))
        self.page.set_default_timeout(PATIENCE * 1000)
        self.page.route(ELSEWHERE, self._stop_request)
        self.page.on("pageerror", lambda error: self.problems.append(f"page error: {error}"))
        self.url = f"http://127.0.0.1:{port}/"
        end = time.monotonic() + PATIENCE
        while "running at" not in self.log.read_text(errors="replace"):
            if self.server.poll() is not None or time.monotonic() > end:
                raise PageFault(f"the lecture did not start:\n{self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.2)
        return self

    def __exit__(self, *exc):
        self.browser.close()
        self.playwright.stop()
        self.server.terminate()
        self.server.wait(60)
        self.folder.cleanup()

    def _stop_request(self, route):
        self.problems.append(f"request outside this machine: {route.request.url}")
        route.abort()

    def open(self, query):
        """A lecture, when it stands on the screen with everything in it drawn."""
        self.page.goto(f"{self.url}?{query}")
        self.page.wait_for_function("() => document.body.classList.contains('optim-lecture')", polling=50)
        self.page.wait_for_function(
            "() => [...document.querySelectorAll('.optim-layers')].every(one => one.querySelector('svg'))"
        )
        self.page.wait_for_timeout(500)

    def show(self, number):
        self.page.evaluate("number => optimLecture.show(number)", number)
        self.page.wait_for_timeout(150)

    def at(self):
        return self.page.evaluate("() => optimLecture.at")

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
        self.page.wait_for_timeout(100)

    def state(self):
        """What the figure of the slide is set to."""
        said = "() => document.querySelector('.optim-here [data-state]').dataset.state"
        return json.loads(self.page.evaluate(said))

    def wait_state(self, condition):
        """Wait until `condition` holds of the figure's state."""
        end = time.monotonic() + PATIENCE
        while not condition(self.state()):
            assert time.monotonic() < end, f"the figure stays as it is: {self.state()}"
            self.page.wait_for_timeout(50)

    def on_body(self, name):
        return self.page.evaluate("name => document.body.classList.contains(name)", name)


@pytest.fixture(scope="module")
def hall():
    try:
        running = Hall().__enter__()
    except NoBrowser as reason:
        if os.environ.get("OPTIM_CORE_BROWSER") == "required":
            pytest.fail(f"OPTIM_CORE_BROWSER=required, but: {reason}", pytrace=False)
        pytest.skip(str(reason))
    yield running
    running.__exit__()


@pytest.mark.parametrize("path", LECTURES, ids=lambda path: path.stem)
def test_every_slide_can_be_read_from_the_last_row(hall, path):
    hall.problems.clear()
    hall.open(f"chapter={path.stem}")
    found = slides(path)
    assert hall.page.evaluate("() => optimLecture.cells().filter(Boolean).length") >= len(found) / 2
    wrong = []
    for width, height in SIZES:
        hall.page.set_viewport_size(dict(width=width, height=height))
        at_once = hall.page.evaluate(EVERY)
        for number in (k for k, faults in enumerate(at_once) if faults):
            hall.show(number)  # and time for what is drawn late
            if faults := hall.page.evaluate(MEASURE):
                wrong += [f"{width}×{height}, slide {number + 1}, {found[number].title}: {fault}" for fault in faults]
                ARTEFACTS.mkdir(exist_ok=True)
                hall.page.screenshot(path=ARTEFACTS / f"{path.stem}-slide{number + 1}-{width}x{height}.png")
        assert len(at_once) == len(found)
    hall.page.set_viewport_size(dict(width=1920, height=1080))
    assert not wrong, "\n".join(wrong)
    assert not hall.problems, "\n".join(hall.problems)


def test_a_lecture_is_given_with_the_keyboard_alone(hall):
    found = slides(next(path for path in LECTURES if path.stem == "05_momentum"))
    hall.open("chapter=momentum&figure=phase-map&eta=3.28&mu=0.66&kappa=50")
    state = hall.state()  # the address opened the slide with that figure, and set it
    assert state["figure"] == "phase-map"
    assert (state["values"]["eta"], state["values"]["mu"], state["values"]["kappa"]) == (3.28, 0.66, 50)
    here = hall.at()
    hall.press("ArrowRight", "ArrowLeft", " ", "PageUp", "PageDown", "ArrowLeft")
    assert hall.at() == here and hall.state() == state, "paged away and back, and it is as it was"
    hall.press("End")
    assert hall.at() == len(found) - 1
    hall.press("ArrowRight")
    assert hall.at() == len(found) - 1, "behind the last slide there is none"
    hall.press("Home")
    assert hall.at() == 0

    swing = next(k for k, slide in enumerate(found) if slide.title == "Swing, creep, or just right")
    hall.show(swing)
    assert hall.state()["t"] == 0, "a figure begins at its first step"
    caption = hall.page.locator(".optim-here .optim-caption")
    assert caption.inner_text().strip() == "Step 0 of 60.", "what comes of the run is not said before it"
    hall.press("p")
    hall.wait_state(lambda state: state["t"] is None or state["t"] > 3)
    assert "under-damped" in caption.inner_text()
    hall.press("p", "0")
    hall.wait_state(lambda state: state["t"] == 0)
    hall.press("2")
    hall.wait_state(lambda state: state["values"]["mu"] == 0.5)

    slider = hall.page.locator(".optim-here .optim-rows .noUi-handle").last
    slider.focus()
    hall.press("ArrowRight")
    hall.wait_state(lambda state: state["values"]["mu"] == 0.51)
    assert hall.at() == swing, "the arrow moved the slider and not the slides"
    hall.press("PageDown")
    assert hall.at() == swing + 1, "a presenter's remote still turns the page"

    for key, name in [("b", "optim-blanked"), ("o", "optim-overview"), ("c", "optim-code"), ("t", "optim-dark")]:
        hall.press(key)
        assert hall.on_body(name), key
        hall.press(key)
        assert not hall.on_body(name), key
    hall.show(next(k for k, slide in enumerate(found) if slide.title == "Three cases"))
    words = " ".join(hall.page.locator(".optim-root").inner_text().split())
    assert "where the two roots are one …" in words, "dots where a part ends inside a sentence"
    hall.show(swing + 1)
    hall.press("o", "ArrowDown", "Enter")
    assert hall.at() == swing + 2, "the overview jumps"


def test_hands_are_bars_and_stay_when_the_answer_is_revealed(hall):
    hall.open("chapter=momentum")
    found = slides(next(path for path in LECTURES if path.stem == "05_momentum"))
    hall.show(next(k for k, slide in enumerate(found) if slide.title == "Which sentence is right?"))
    fields = hall.page.locator(".optim-here .optim-hands input:visible")
    for number, hands in enumerate([3, 12, 6, 0]):
        fields.nth(number).fill(str(hands))
    widths = (
        "() => [...document.querySelectorAll('.optim-here .optim-bar')].map(one => one.getBoundingClientRect().width)"
    )
    drawn = [width for width in hall.page.evaluate(widths)][-4:]
    assert drawn[1] > 100 and drawn[0] == pytest.approx(drawn[1] / 4, abs=2) and drawn[3] == 0
    hall.page.locator(".optim-here input[type=radio]:visible").nth(3).check()
    hall.page.locator(".optim-here button:visible").get_by_text("Check").click()
    hall.page.wait_for_function("() => /^Correct/m.test(document.querySelector('.optim-root').innerText)")
    hall.page.wait_for_timeout(300)
    assert hall.page.evaluate(MEASURE) == []
    assert [width > 0 for width in hall.page.evaluate(widths)][-4:] == [True, True, True, False]
    hall.show(next(k for k, slide in enumerate(found) if slide.title == "How many steps?"))
    field = hall.page.locator(".optim-here .optim-guesses input:visible")
    assert field.evaluate("e => { e.value = e.placeholder; return e.scrollWidth <= e.clientWidth; }"), "cut off"
    field.fill("40 1,000 0 40 0,5 ten")
    assert hall.page.locator(".optim-here .optim-guess").all_inner_texts() == ["0", "0.5", "40", "1000"]


SPOILT = [  # what is done to a slide, and what is said of it
    (".widget-readout", "font-size", "20px", "letters of"),
    (".optim-caption", "margin-left", "-90px", "cut off"),
    (".optim-layers", "width", "900px", "the smallest letters"),
    (".optim-layers", "margin-top", "-90px", "lies on"),
    (".optim-live", "padding-bottom", "900px", "scrolls"),
    (".noUi-handle", "width", "12px", "a handle"),
]


def test_what_is_wrong_with_a_slide_is_seen(hall):
    hall.open("chapter=momentum&figure=oscillator")
    assert hall.page.evaluate(MEASURE) == []
    measure = MEASURE[MEASURE.index("() =>") :]
    for selector, name, value, complaint in SPOILT:
        found = hall.page.evaluate(
            f"""([selector, name, value]) => {{
                const one = document.querySelector(".optim-here " + selector);
                const before = one.style.getPropertyValue(name);
                one.style.setProperty(name, value, "important");
                const found = ({measure})();
                one.style.setProperty(name, before, before ? "important" : "");
                return found; }}""",
            [selector, name, value],
        )
        assert any(complaint in fault for fault in found), f"{selector}, {name}: {value}: {found}"


def test_an_address_that_names_nothing_says_so_on_the_screen(hall):
    hall.open("chapter=momentum&figure=cliff")
    said = hall.page.locator(".optim-said")
    assert said.inner_text().startswith("figure = 'cliff': must be one of ravine, ")


def test_who_leaves_the_page_leaves_no_kernel_behind(hall):
    hall.open("chapter=momentum")
    ended = hall.log.read_text(errors="replace").count("Kernel shutdown:")
    hall.page.goto("about:blank")
    end = time.monotonic() + PATIENCE
    while hall.log.read_text(errors="replace").count("Kernel shutdown:") == ended:
        assert time.monotonic() < end, hall.log.read_text(errors="replace")[-1000:]
        time.sleep(0.1)
