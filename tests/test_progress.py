"""What a student predicted and solved: remembered across restarts, by kernels alone, and never in a test or lecture."""

import csv
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from kernels import kernel_environment

from optim_core import live
from optim_core.exercises import Choice, Exercise, Predict, ____, progress

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "optim_core" / "exercises" / "progress.py"
DAY = "2026-02-03"


def area(a, b):
    return a * b


def room():
    """A chapter's exercises, as a kernel has them that has just imported them."""
    found = ModuleType("optim_core.chapters.made_up.exercises")
    options = {"a": ("3", "That is 1 + 2."), "b": ("4", "Yes.")}
    found.legs = Predict("How many legs?", lambda: 8, tolerance=0.5)
    found.way = Predict("Which way?", lambda: "b", options={"a": "left", "b": "right"})
    found.sum = Choice("2 + 2?", options, correct="b")
    found.area = Exercise(area, cases={"": [(2.0, 3.0)]}, hints=[])
    sys.modules[found.__name__] = found
    return found


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """As in a kernel, in a folder of its own; what is called begins that kernel (anew) and gives the exercises."""
    monkeypatch.setattr(progress, "is_on", lambda: True)
    monkeypatch.setattr(progress, "FOLDER", tmp_path)
    monkeypatch.setitem(sys.modules, "optim_core.chapters.made_up.exercises", None)

    def begin():
        monkeypatch.setattr(progress, "_said", False)
        return room()

    return begin


def cells(table):
    """The words in the cells of a table, in their order."""
    return re.findall("<td[^>]*>([^<]*)", table)


def backdate(folder):
    """Everything in the file is of another day."""
    path = folder / progress.NAME
    path.write_text(path.read_text().replace(progress.datetime.date.today().isoformat(), DAY))


def test_a_prediction_is_there_after_a_restart_with_its_day_and_stays(kept, tmp_path):
    first = live.ask(kept().legs)
    first.input.value = "6"
    first.button.click()
    assert "measured: 8" in first.result.value and "(on" not in first.result.value
    backdate(tmp_path)
    question = kept().legs
    again = live.ask(question)
    assert (again.input.value, again.input.disabled, again.button.disabled) == ("6", True, False)
    assert "from 3 February 2026" in again.result.value and "measured" not in again.result.value
    again.button.click()
    assert "you predicted 6 (on 3 February 2026); measured: 8" in again.result.value and again.button.disabled
    assert question.commit(8).outcome == "already revealed"
    assert progress.read()["made_up"]["legs"] == {"kind": "prediction", "on": DAY, "value": 6.0, "right": False}


def test_a_prediction_by_choice_and_one_without_buttons_are_there_too(kept):
    kept().way.commit("a")
    assert live.ask(kept().way).input.value == "a"
    assert "you predicted a) left (on" in kept().way.reveal().text
    assert kept().way.commit("b").outcome == "already revealed"


def test_a_prediction_that_was_not_revealed_can_still_be_changed(kept):
    kept().way.commit("a")
    assert kept().way.commit("b").outcome == "committed"
    assert progress.read()["made_up"]["way"]["value"] == "b"


def test_an_option_that_is_no_longer_there_is_no_prediction(kept):
    kept().way.commit("a")
    changed = kept()
    changed.way.options = {"b": "right"}
    assert changed.way.reveal().outcome == "not attempted yet" and not live.ask(changed.way).input.disabled


def test_a_solved_task_keeps_its_tick_only_while_nothing_is_attempted(kept, tmp_path):
    tasks = kept()
    assert tasks.area.check(lambda a, b: a * ____).note == "" and tasks.sum.answer("a").note == ""
    assert not (tmp_path / progress.NAME).exists()
    assert "solved 1 of 2" in tasks.area.check(area).note and "solved 2 of 2" in tasks.sum.answer("b").note
    backdate(tmp_path)
    tasks = kept()
    said = tasks.area.check(lambda a, b: a * ____)
    assert repr(said).startswith("Solved on 3 February 2026.\nNot attempted yet:")
    assert said._repr_html_().index("Solved on") < said._repr_html_().index("Not attempted")
    assert tasks.area.check(lambda a, b: a + b).note == "" and tasks.area.check(area).note == ""
    asked = live.ask(tasks.sum)
    assert "Solved on 3 February 2026" in asked.result.value and asked.input.value is None
    asked.input.value = "a"
    asked.button.click()
    assert "Solved" not in asked.result.value
    assert progress.read()["made_up"]["sum"]["on"] == DAY


def test_the_last_open_task_closes_the_chapter_with_its_summary_once(kept):
    tasks = kept()
    for question, mine in ((tasks.legs, 8), (tasks.way, "a")):
        question.commit(mine)
        question.reveal()
    assert tasks.sum.answer("b").note == "This chapter so far: predicted 2 of 2, solved 1 of 2."
    assert tasks.area.check(area).note == "That is all of this chapter: predicted 2 of 2, solved 2 of 2."
    assert tasks.area.check(area).note == ""


def test_the_summary_counts_each_chapter_that_was_begun_and_is_no_output_that_is_compared(kept):
    before = live.summary()
    assert "Nothing predicted or solved yet" in before.value
    kept().area.check(area)
    after = live.summary()
    assert cells(after.value)[3:] == ["Made up", "0 of 2", "1 of 2"]
    ours = [{k: v for k, v in one._repr_mimebundle_().items() if k.startswith("text/")} for one in (before, after)]
    assert ours[0] == ours[1]


def test_a_chapter_that_was_changed_counts_the_tasks_that_it_has_now(kept):
    tasks = kept()
    tasks.area.check(area)
    tasks.sum.answer("b")
    tasks = kept()
    tasks.area = tasks.legs  # another kind of task under the old name
    del tasks.sum, tasks.legs
    tasks.way.commit("a")
    assert progress.counts() == {"made_up": (1, 2, 0, 0)}


def test_what_is_no_chapters_is_not_remembered(kept, tmp_path):
    kept()
    assert Exercise(area, cases={"": [(2.0, 3.0)]}, hints=[]).check(area).note == ""
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["", "{", "[]", '{"chapters": 3}', "null", "\0\0", "[" * 100_000])
def test_a_damaged_file_is_put_aside_and_begun_anew(kept, tmp_path, text):
    (tmp_path / progress.NAME).write_text(text)
    tasks = kept()
    assert tasks.area.check(lambda a, b: a * ____).outcome == "not attempted yet"
    assert "solved 1 of 2" in tasks.area.check(area).note
    assert "on" in progress.read()["made_up"]["area"]
    assert (tmp_path / (progress.NAME + ".damaged")).read_text() == text


SPOILT = [3, None, [], {}, {"kind": "exam"}, {"kind": "exercise", "on": 7}, {"kind": "exercise", "on": "2026-02-31"}]


@pytest.mark.parametrize("entry", SPOILT)
def test_an_entry_that_makes_no_sense_is_not_there_and_the_others_are(kept, tmp_path, entry):
    good = {"kind": "question", "on": DAY}
    inside = {"version": 1, "chapters": {"made_up": {"area": entry, "sum": good}, "other": entry}}
    (tmp_path / progress.NAME).write_text(json.dumps(inside))
    tasks = kept()
    assert tasks.area.check(lambda a, b: a * ____).note == ""
    assert tasks.sum.answer().note == "Solved on 3 February 2026."
    assert "solved 2 of 2" in tasks.area.check(area).note


@pytest.mark.parametrize("value", [None, [], {"a": 1}, "z", True])
def test_a_prediction_whose_value_makes_no_sense_is_none(kept, tmp_path, value):
    entry = {"kind": "prediction", "on": DAY, "value": value}
    (tmp_path / progress.NAME).write_text(json.dumps({"chapters": {"made_up": {"way": entry}}}))
    assert not live.ask(kept().way).input.disabled


def test_a_folder_that_cannot_be_written_costs_only_the_memory_and_is_said_once(kept, tmp_path, monkeypatch):
    (tmp_path / "a file").touch()
    monkeypatch.setattr(progress, "FOLDER", tmp_path / "a file")
    tasks = kept()
    asked = live.ask(tasks.legs)
    asked.input.value = "8"
    asked.button.click()
    assert "measured: 8" in asked.result.value and "forgotten when the kernel stops" in asked.result.value
    said = tasks.area.check(area)
    assert (said.outcome, said.note) == ("correct", "")


WRITER = """
import runpy, sys
ours = runpy.run_path(sys.argv[1])
for k in range(40):
    entry = {"kind": "question", "on": "2026-02-03"}
    ours["write"](lambda chapters: chapters.setdefault("made_up", {}).update({f"{sys.argv[3]}{k}": entry}), sys.argv[2])
"""


def test_of_two_that_write_at_once_neither_loses_anything_and_a_reader_sees_whole_files(tmp_path):
    command = [sys.executable, "-c", WRITER, str(SCRIPT), str(tmp_path)]
    both = [subprocess.Popen([*command, name]) for name in "ab"]
    seen = 0
    while any(one.poll() is None for one in both):
        if (tmp_path / progress.NAME).exists():
            json.loads((tmp_path / progress.NAME).read_text())
            seen += 1
    assert [one.returncode for one in both] == [0, 0] and seen
    assert set(progress.read(tmp_path)["made_up"]) == {f"{name}{k}" for name in "ab" for k in range(40)}
    assert [path.name for path in tmp_path.iterdir()] == [progress.NAME]


def test_the_lock_of_one_that_died_is_no_obstacle_and_that_of_a_living_one_is(kept, tmp_path, monkeypatch):
    lock = tmp_path / (progress.NAME + ".lock")
    monkeypatch.setattr(progress, "WAIT", 0.1)
    lock.touch()
    assert "another kernel is writing" in kept().area.check(area).note
    os.utime(lock, (time.time() - 60,) * 2)
    assert "solved 1 of 2" in kept().area.check(area).note and not lock.exists()


# --- when it is on ----------------------------------------------------------------------------------------------------


@pytest.fixture
def in_a_kernel(monkeypatch):
    """IPython says that there is a kernel, and nothing is switched off."""
    import IPython

    monkeypatch.setattr(IPython, "get_ipython", lambda: SimpleNamespace(kernel=object()))
    monkeypatch.delenv("OPTIM_CORE_PROGRESS")
    assert progress.is_on()
    return IPython


def test_it_is_off_in_the_suite_and_in_the_kernels_that_this_starts(tmp_path, monkeypatch):
    assert kernel_environment()["OPTIM_CORE_PROGRESS"] == os.environ["OPTIM_CORE_PROGRESS"] == "off"
    assert not progress.is_on()


@pytest.mark.parametrize("why", ["variable", "no kernel", "no IPython", "Voila", "lecture"])
def test_it_is_off_without_a_kernel_in_a_lecture_and_when_switched_off(in_a_kernel, tmp_path, monkeypatch, why):
    monkeypatch.setattr(progress, "FOLDER", tmp_path)
    monkeypatch.setitem(sys.modules, "optim_core.chapters.made_up.exercises", None)
    tasks = room()
    tasks.legs.commit(6)
    tasks.sum.answer("b")
    before = (tmp_path / progress.NAME).read_text()
    if why == "variable":
        monkeypatch.setenv("OPTIM_CORE_PROGRESS", "off")
    elif why == "no kernel":
        monkeypatch.setattr(in_a_kernel, "get_ipython", SimpleNamespace)
    elif why == "no IPython":
        monkeypatch.setattr(in_a_kernel, "get_ipython", lambda: None)
    elif why == "Voila":
        monkeypatch.setenv("VOILA_BASE_URL", "/")
    else:
        monkeypatch.setattr(progress, "paused", False)
        monkeypatch.setattr("optim_core.lecture.stage.display", lambda page: None)
        monkeypatch.setattr("optim_core.lecture.stage.FIGURES", [])  # those of other tests are none of its business
        from optim_core.lecture import lecture

        asked = live.ask(room().sum)
        guessed = live.ask(old := room().legs)
        assert "Solved" in asked.result.value and guessed.input.disabled
        lecture(ROOT / "notebooks" / "05_momentum.ipynb")
        assert asked.result.value == guessed.result.value == guessed.input.value == "" and not guessed.input.disabled
        assert old.prediction is None and guessed.button.description == "Commit and reveal"
    tasks = room()
    assert tasks.area.check(lambda a, b: a * ____).note == tasks.sum.answer("b").note == ""
    assert (tmp_path / progress.NAME).read_text() == before
    assert "Nothing is remembered here" in live.summary().value


# --- the table, and an end of it --------------------------------------------------------------------------------------


def test_the_table_has_a_row_for_each_task_and_reset_forgets(kept, tmp_path):
    tasks = kept()
    tasks.area.check(area)
    tasks.legs.commit(6)
    tasks.legs.reveal()
    today = progress.datetime.date.today().isoformat()
    assert progress.export(tmp_path / "table.csv") == 4
    with open(tmp_path / "table.csv", encoding="utf-8", newline="") as table:
        rows = {row.pop("task"): row for row in csv.DictReader(table)}
    assert list(rows["legs"].values()) == ["made_up", "prediction", "yes", today, "6.0", "False"]
    assert [rows[name]["done"] for name in ("legs", "way", "sum", "area")] == ["yes", "no", "no", "yes"]
    with pytest.raises(ValueError, match="chapter = 'momentum': must be one of made_up"):
        progress.reset("momentum")
    progress.reset("made_up")
    assert progress.counts() == {} and kept().area.check(lambda a, b: a * ____).note == ""
    progress.reset()
    progress.reset()
    assert not (tmp_path / progress.NAME).exists()


def command(*arguments):
    """The command of the launcher's, by a Python without any package."""
    how = dict(capture_output=True, text=True, cwd=ROOT)
    return subprocess.run([sys.executable, "-I", "-S", "-P", str(SCRIPT), *map(str, arguments)], **how)


def test_the_command_says_exports_and_forgets_without_any_package(kept, tmp_path):
    where = ["--folder", tmp_path]
    assert "Nothing was predicted or solved yet" in command(*where).stdout
    kept().area.check(area)
    assert command(*where).stdout == f"{'Made up':20} predicted 0 of 2, solved 1 of 2\n"
    lost = command(*where, "--export", tmp_path / "no folder" / "table.csv", "--reset")
    assert lost.returncode == 1 and len(lost.stderr.splitlines()) == 1 and "No such file" in lost.stderr
    assert progress.counts()["made_up"] == (0, 2, 1, 2), "what could not be exported is not forgotten"
    both = command(*where, "--export", tmp_path / "table.csv", "--reset")
    assert "4 rows" in both.stdout and "Forgotten: Made up." in both.stdout
    assert len((tmp_path / "table.csv").read_text().splitlines()) == 5 and progress.counts() == {}


# --- the real thing ---------------------------------------------------------------------------------------------------

BEFORE = """
from optim_core.chapters.start_here import exercises
from optim_core.live import ask, summary
asked = ask(exercises.direction)
"""
PREDICTS = (
    BEFORE + "asked.input.value = 'b'; asked.button.click(); exercises.gd_step.check(lambda w, g, lr: w - lr * g)"
)
LOOKS = (
    BEFORE
    + """
assert (asked.input.value, asked.input.disabled, asked.button.description) == ("b", True, "Reveal"), asked.input
assert "Your prediction is from" in asked.result.value
print(exercises.direction.reveal().text)
print(summary().value)
"""
)


def run_in_a_kernel(source, folder):
    """What a new kernel prints for a cell; the kernel is shut down afterwards."""
    from jupyter_client.manager import start_new_kernel

    env = {**os.environ, "OPTIM_CORE_PROGRESS": ""}
    manager, client = start_new_kernel(startup_timeout=300, cwd=str(folder), env=env)
    printed = []
    try:
        hears = lambda message: printed.append(message["content"].get("text") or message["content"].get("traceback"))  # noqa: E731
        reply = client.execute_interactive(source, timeout=300, output_hook=hears)
        assert reply["content"]["status"] == "ok", printed
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return "".join(filter(None, printed))


def test_a_prediction_made_in_a_kernel_is_still_there_in_the_next(tmp_path):
    """Two kernels, one after the other: the thing itself."""
    run_in_a_kernel(PREDICTS, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [progress.NAME]
    said = run_in_a_kernel(LOOKS, tmp_path)
    assert "you predicted b)" in said and "measured" in said
    assert cells(said)[3:] == ["Start here", "1 of 1", "1 of 2"]
