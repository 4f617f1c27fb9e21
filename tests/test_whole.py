"""What captions say, recounted from what the experiments gave at the settings of the figures' own sliders.

`whole/<chapter>.py` has a CHECK for each scene: what a person would count by hand, from the sliders' values and from
what the experiment gave, against the words of the caption. In every run of the suite a few settings are tried, both
ends of every slider among them, of a QUICK experiment where the figure's takes seconds; with --whole all of them, or
COUNT of them evenly where they are too many:

    python3 -m optim_core test tests/test_whole.py --whole -n 2
"""

import importlib
import itertools
import math
import random
from types import SimpleNamespace

import captions
import pytest
from test_sweep import parts, stops

import notebooks
from optim_core.chapters import chapters
from optim_core.live.stream import is_stream

FEW, MANY = 2, 4000  # settings in every run; with --whole
NAMES = {chapter.notebook.stem: chapter.name for chapter in chapters()}


@pytest.fixture(scope="session")
def whole(request):
    return request.config.getoption("whole")


def test_captions_say_what_is_counted_by_hand(ran, whole):
    name = NAMES[ran.path.stem]
    room = importlib.import_module(f"whole.{name}") if importlib.util.find_spec(f"whole.{name}") else None
    checks, counts, quick = (getattr(room, what, {}) for what in ("CHECK", "COUNT", "QUICK"))
    scenes = {type(live.scene).__name__ for _, live in ran.figures}
    assert scenes == set(checks), f"tests/whole/{name}.py and the notebook have not both {scenes ^ set(checks)}"
    for cell, live in ran.figures:
        name = type(live.scene).__name__
        run = live.experiment if whole else quick.get(name, live.experiment)
        most, dice = counts.get(name, MANY) if whole else FEW, random.Random(f"{ran.path.name} {cell}")
        with notebooks.strict_warnings():
            for values in settings(live, most, whole, dice):
                go_through(ran, cell, live, values, run, checks[name], whole)


def settings(live, most, whole, dice):
    """Settings of what the experiment is given, as dicts: with `whole` an even grid, else each end of each slider once.

    Nothing comes of an experiment that a control of the scene's own is told, so those are gone through later.
    """
    given = {name: parts(control) for name, control in live.controls.items() if name not in live._own}
    names = [name for name, both in given.items() for _ in both]
    axes = [stops(part) for both in given.values() for part in both]
    if whole:
        places = itertools.product(*thinned(axes, most))
    else:
        ends = [dice.sample([axis[0], axis[-1]], 2) for axis in axes]
        places = zip(*ends, strict=True) if axes else [()]
    for place in places:
        values = {name: () for name in given}
        for name, value in zip(names, place, strict=True):
            values[name] += (value,)
        yield {name: one if len(one) > 1 else one[0] for name, one in values.items()}


def thinned(axes, most):
    """Each axis with fewer of its values, spread evenly and with both ends, so that the grid has at most so many.

    Numbers are left out first: each entry of a menu is a figure of its own.

    >>> thinned([[1, 2, 3, 4, 5], ["a", "b"]], 6), thinned([[1, 2, 3, 4, 5], ["a", "b", "c"]], 6)
    ([[1, 3, 5], ['a', 'b']], [[1, 5], ['a', 'b', 'c']])
    """
    axes = [list(axis) for axis in axes]
    sizes = [len(axis) for axis in axes]
    numbers = [i for i, axis in enumerate(axes) if not isinstance(axis[0], str)]
    while math.prod(sizes) > most and max(sizes) > 2:
        largest = max(numbers, key=sizes.__getitem__, default=None)
        if largest is None or sizes[largest] <= 2:
            largest = sizes.index(max(sizes))
        sizes[largest] -= 1
    return [axis if n == len(axis) else [axis[round(i * (len(axis) - 1) / (n - 1))] for i in range(n)]
            for axis, n in zip(axes, sizes, strict=True)]  # fmt: skip


def go_through(ran, cell, live, values, run, check, whole):
    """Run the experiment once, show each of its results at some moments, and check each caption."""
    scene, own = live.scene, {name: stops(control) for name, control in live.controls.items() if name in live._own}
    dice, results = random.Random(str(values)), run(**values)
    if hasattr(scene, "forget"):
        scene.forget()
    for seen, mine in tellings(results if is_stream(results) else [results], own, dice, whole):
        if own:
            scene.adjust(**mine)
        scene.show(seen)
        for t in moments(scene.steps):
            scene.at(t)
            everything = values | mine
            controls = {name: SimpleNamespace(value=value) for name, value in everything.items()}
            where = f"{ran.path.name}, cell {cell}, {live!r}, with {everything}, time {t} of {scene.steps}"
            wrong = captions.wrong(scene.caption, scene, controls)
            assert not wrong, f"{where}:\n" + "\n".join(wrong)
            try:
                check(everything, seen, scene.caption, t)
            except Exception as error:
                raise AssertionError(f"{where}:\n{scene.caption}\n{error}") from error


def tellings(results, own, dice, whole):
    """(a result, what the scene's own controls tell it) for each result, and for the last with all or two of these.

    The next result is asked for when this one has been shown: it may be the same object, grown.
    """
    for seen in results:
        yield seen, {name: dice.choice(axis) for name, axis in own.items()}
    told = [dict(zip(own, one, strict=True)) for one in itertools.product(*own.values())] if own else []
    for mine in told if whole else dice.sample(told, min(2, len(told))):
        yield seen, mine


def moments(steps):
    return sorted({0, min(1, steps), *(round(steps * k / 4) for k in range(5))})


def test_a_thinned_axis_keeps_its_ends_and_stays_in_its_order():
    for most in (2, 7, 30, 1000):
        axes = thinned([list(range(50)), list("abc"), [0.5]], most)
        assert math.prod(map(len, axes)) <= max(most, 4)
        assert [axis[0] for axis in axes] == [0, "a", 0.5] and [axis[-1] for axis in axes] == [49, "c", 0.5]
        assert all(axis == sorted(set(axis)) for axis in axes)
