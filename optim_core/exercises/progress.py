"""What a student predicted and solved, remembered across restarts in a small file beside the notebooks.

    progress.counts()                      {chapter: (predicted, of how many, solved, of how many)}
    progress.export("progress.csv")        a table for an instructor, one row for each task of the chapters begun
    progress.reset()                       forget everything; `reset("momentum")` one chapter

The file is .optim_progress.json in the folder in which the kernel started, which is the notebook's; in the site this
folder is the browser's own storage, so the same file serves. Nothing leaves the machine. Only a kernel writes it, and
not in a lecture; OPTIM_CORE_PROGRESS=off switches it off. `python3 -m optim_core progress` runs this file as a script,
with any Python: standard library only, and nothing of the package.

    {"version": 1, "chapters": {"momentum": {
        "best_settings": {"kind": "prediction", "on": "2026-11-28", "value": "c", "right": false},
        "average": {"kind": "question", "on": "2026-11-28"},
        "heavy_ball": {"kind": "exercise"}}}}

An entry with a day is predicted or solved, one without is open. A prediction has "right" once it was revealed.
"""

import contextlib
import csv
import datetime
import errno
import json
import os
import sys
import time
from pathlib import Path

NAME = ".optim_progress.json"
ROOM = "optim_core.chapters.{}.exercises"
WAIT, STALE = 6, 5  # seconds: for another kernel that is writing; after which its lock is a leftover
try:
    FOLDER = Path.cwd()  # when the first cell imports: a cell may change the folder later
except OSError:
    FOLDER = Path()
paused = False  # a lecture: the hall starts fresh
_said = False  # that nothing can be written here: once for each kernel


def is_on():
    """Is this a kernel that remembers: not a script, a test or a lecture, and not switched off?"""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    kernel = getattr(shell, "kernel", None) is not None or sys.platform == "emscripten"
    wanted = os.environ.get("OPTIM_CORE_PROGRESS", "").lower() not in ("off", "no", "0")
    return bool(shell and kernel and wanted and not paused and "VOILA_BASE_URL" not in os.environ)


# --------------------------------------------------------------------------------------------------------- the file


def read(folder=None):
    """{chapter: {task: entry}} of the file in a folder; what is not to be made sense of counts as not there."""
    try:
        held = json.loads(Path(folder or FOLDER, NAME).read_text(encoding="utf-8"))["chapters"]
        tasks = {str(chapter): inside for chapter, inside in held.items() if isinstance(inside, dict)}
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return {}
    return {chapter: {task: e for task, e in inside.items() if _sound(e)} for chapter, inside in tasks.items()}


def _sound(entry):
    """Is this an entry as `write` makes them?"""
    if not isinstance(entry, dict) or entry.get("kind") not in ("prediction", "question", "exercise"):
        return False
    try:
        return "on" not in entry or bool(datetime.date.fromisoformat(entry["on"]))
    except (TypeError, ValueError):
        return False


def write(change, folder=None):
    """Read the file, let `change(chapters)` change what it holds, put it back in one go. OSError if that cannot be.

    What another kernel wrote in the meantime is kept, since it is read now. A file that cannot be read is put aside.
    """
    path = Path(folder or FOLDER, NAME)
    in_page = sys.platform == "emscripten"  # the browser's storage: each write is whole, and renaming is no one step
    with contextlib.nullcontext() if in_page else _alone(path):
        chapters = read(folder)
        if path.exists() and not _is_ours(path):
            os.replace(path, path.with_name(NAME + ".damaged"))
        change(chapters)
        text = json.dumps({"version": 1, "chapters": chapters}, indent=1, ensure_ascii=False) + "\n"
        if in_page:
            path.write_text(text, encoding="utf-8")
            return
        beside = path.with_name(f"{NAME}.{os.getpid()}")
        try:
            beside.write_text(text, encoding="utf-8")
            os.replace(beside, path)
        finally:
            with contextlib.suppress(OSError):
                beside.unlink()


def _is_ours(path):
    """Can the file be read as one of ours, an empty one perhaps?"""
    try:
        return isinstance(json.loads(path.read_text(encoding="utf-8"))["chapters"], dict)
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return False


@contextlib.contextmanager
def _alone(path):
    """One writer at a time, by a file that only one can make; a leftover of one that died is no obstacle."""
    lock, end = path.with_name(NAME + ".lock"), time.monotonic() + WAIT
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            break
        except FileExistsError:
            with contextlib.suppress(OSError):
                if time.time() - lock.stat().st_mtime > STALE:
                    lock.unlink()
            if time.monotonic() > end:
                raise TimeoutError(errno.ETIMEDOUT, "another kernel is writing") from None
            time.sleep(0.02)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            lock.unlink()


# ------------------------------------------------------------------------------------------------- what is remembered


def kind_of(task):
    """What a task is: "prediction", "question" or "exercise"; None for anything else."""
    asks = ("prediction", "commit"), ("question", "answer"), ("exercise", "check")
    return next((kind for kind, does in asks if hasattr(type(task), does)), None)  # a blank has every attribute


def tasks(room):
    """{name: task} of a chapter's module `exercises`: what is called like its own."""
    found = {name: value for name, value in vars(room).items() if not isinstance(value, type) and kind_of(value)}
    return {name: task for name, task in found.items() if not name.startswith("_")}


def place(task):
    """(chapter, name, {name: kind of every task of the chapter}) of a task; None if it is no chapter's."""
    begin, end = ROOM.split("{}")
    for module, room in list(sys.modules.items()):
        if module.startswith(begin) and module.endswith(end) and room is not None:
            there = tasks(room)
            name = next((name for name, one in there.items() if one is task), None)
            if name:
                chapter = module[len(begin) : -len(end)]
                return chapter, name, {name: kind_of(one) for name, one in there.items()}
    return None


def recall(task):
    """The entry of a task that was predicted or solved, perhaps in an earlier kernel; {} if it was not."""
    if not is_on() or not (where := place(task)):
        return {}
    entry = read().get(where[0], {}).get(where[1], {})
    return entry if "on" in entry and entry["kind"] == kind_of(task) else {}


def record(task, **what):
    """Note that a task was predicted or solved; a sentence to show below, mostly "".

    The day is that of the first time, unless a prediction is made anew. The sentence tells how far the chapter is when
    a task is newly done, and, once for each kernel, that nothing can be written here.
    """
    global _said
    if not is_on() or not (where := place(task)):
        return ""
    chapter, name, kinds = where
    after = {}

    def change(chapters):
        old = chapters.get(chapter, {})
        same = {one: kind for one, kind in kinds.items() if old.get(one, {}).get("kind") == kind}
        here = chapters[chapter] = {one: old[one] if one in same else {"kind": kind} for one, kind in kinds.items()}
        if "on" not in here[name] or ("value" in what and what["value"] != here[name].get("value")):
            here[name] = {"kind": kinds[name], "on": datetime.date.today().isoformat()}
        here[name].update(what)
        after.update(here)

    held = recall(task)
    if held and what.items() <= held.items():
        return ""
    try:
        write(change)
    except OSError as error:
        first, _said = not _said, True
        return f"This will be forgotten when the kernel stops: {FOLDER}: {error.strerror}." if first else ""
    return "" if what.keys() == {"value"} else so_far(after)  # a prediction is still to be revealed


# --------------------------------------------------------------------------------------------------------- in words


def day(entry):
    """The day of an entry in words, "28 November 2026".

    >>> day({"kind": "question", "on": "2026-11-28"})
    '28 November 2026'
    """
    date = datetime.date.fromisoformat(entry["on"])
    return f"{date.day} {date:%B} {date.year}"


def count(inside):
    """(predicted, of how many, solved, of how many) of a chapter's entries.

    >>> count({"a": {"kind": "prediction", "on": "2026-11-28"}, "b": {"kind": "question"}, "c": {"kind": "exercise"}})
    (1, 1, 0, 2)
    """
    guesses = ["on" in one for one in inside.values() if one["kind"] == "prediction"]
    others = ["on" in one for one in inside.values() if one["kind"] != "prediction"]
    return sum(guesses), len(guesses), sum(others), len(others)


def so_far(inside):
    """How far a chapter is, in a sentence.

    >>> so_far({"a": {"kind": "prediction", "on": "2026-11-28"}, "b": {"kind": "question", "on": "2026-11-28"}})
    'That is all of this chapter: predicted 1 of 1, solved 1 of 1.'
    """
    guessed, guesses, solved, others = count(inside)
    whole = guessed == guesses and solved == others
    words = f"predicted {guessed} of {guesses}, solved {solved} of {others}."
    return f"That is all of this chapter: {words}" if whole else f"This chapter so far: {words}"


def counts(folder=None):
    """{chapter: (predicted, of how many, solved, of how many)}, for the chapters begun."""
    return {chapter: count(inside) for chapter, inside in read(folder).items()}


def title(chapter):
    """A chapter's name to read: "Critical points"."""
    return chapter.replace("_", " ").capitalize()


def export(file, folder=None):
    """Write a table for an instructor: chapter, task, kind, done, on, prediction, right. Returns the number of rows.

    A task that is open has its row, too, in each chapter that was begun.
    """
    rows = [
        (
            chapter,
            task,
            e["kind"],
            "yes" if "on" in e else "no",
            e.get("on", ""),
            e.get("value", ""),
            e.get("right", ""),
        )
        for chapter, inside in read(folder).items()
        for task, e in inside.items()
    ]
    with open(file, "w", encoding="utf-8", newline="") as table:
        csv.writer(table).writerow(("chapter", "task", "kind", "done", "on", "prediction", "right"))
        csv.writer(table).writerows(rows)
    return len(rows)


def reset(chapter=None, folder=None):
    """Forget what was predicted and solved, in one chapter or in all. A kernel that runs has to be restarted."""
    if chapter is None:
        with contextlib.suppress(FileNotFoundError):
            Path(folder or FOLDER, NAME).unlink()
        return
    there = read(folder)
    if chapter not in there:
        begun = f"one of {', '.join(there)}" if there else "left out: no chapter was begun"
        raise ValueError(f"chapter = {chapter!r}: must be {begun}")
    write(lambda chapters: chapters.pop(chapter, None), folder)


def main(arguments=None):
    """The command: what there is, a table of it, or an end of it."""
    import argparse

    said = "What was predicted and solved, from a file beside the notebooks."
    parser = argparse.ArgumentParser(prog="python3 -m optim_core progress", description=said)
    parser.add_argument("--export", metavar="FILE.csv", help="write a table for an instructor")
    parser.add_argument("--reset", action="store_true", help="forget everything (after --export, if both are given)")
    beside = Path(__file__).resolve().parents[2] / "notebooks"
    parser.add_argument("--folder", type=Path, default=beside, help="where the notebooks are, if not in notebooks/")
    options = parser.parse_args(arguments)
    try:
        begun = counts(options.folder)
        if options.export:
            print(f"{options.export}: {export(options.export, options.folder)} rows.")
        if options.reset:
            reset(folder=options.folder)
            print(f"Forgotten: {', '.join(map(title, begun)) or 'nothing'}. Restart the kernels that are running.")
        if not (options.export or options.reset):
            for chapter, (guessed, guesses, solved, others) in begun.items():
                print(f"{title(chapter):20} predicted {guessed} of {guesses}, solved {solved} of {others}")
            if not begun:
                print(f"Nothing was predicted or solved yet in {options.folder}.")
    except OSError as error:
        sys.exit(f"{error.filename or options.folder}: {error.strerror}.")


if __name__ == "__main__":
    main()
