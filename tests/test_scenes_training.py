"""The batch slider's scene: what the stopwatch counts, when a run ends, what is kept beside it, what is said."""

import re
import time

import numpy as np
import pytest

pytest.importorskip("ipywidgets")

from optim_core import live, scenes
from optim_core.data import digits, line
from optim_core.losses import cross_entropy, mse
from optim_core.network import BatchNorm, Linear, Network, Relu
from optim_core.optimizers import gd, momentum
from optim_core.scenes.training import Run, TrainingRuns, climbed, common, first_at, timed_training, why_ended
from optim_core.training import train

DATA = digits()
NET = Network([Linear(64, 32), Relu(), Linear(32, 10)], cross_entropy)
LONG = 1e9  # seconds: so that only the epochs end a run, on every machine at the same place


def run_of(batch=32, lr=0.1, epochs=2, seconds=LONG, **more):
    *_, run = timed_training(NET, DATA, gd, batch=batch, lr=lr, epochs=epochs, seconds=seconds, **more)
    return run


def figure(epochs=2, seconds=LONG, presets=None):
    def experiment(batch, lr, seed):
        return timed_training(NET, DATA, gd, batch=batch, lr=lr, seed=seed, epochs=epochs, seconds=seconds)

    names = ["updates", "epochs", "seconds"]
    ranges = dict(batch=(32, 1, 1200), lr=(0.1, 0.001, 10.0), seed=0, against=names)
    return live.Live(TrainingRuns(), experiment, presets=presets, **ranges)


# ---- the stopwatch ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("batch", "step"), [(1, gd), (50, momentum), (1200, gd)])
def test_the_looks_change_nothing_of_the_training(batch, step):
    *_, run = timed_training(NET, DATA, step, batch=batch, lr=0.05, seed=3, epochs=1, seconds=LONG)
    plain = train(NET, DATA, step, batch=batch, lr=0.05, seed=3, epochs=1, progress=False)
    assert run.loss[-1] == NET.loss(plain["w"], DATA.X, DATA.y)
    assert run.accuracy[-1] == plain["test_accuracy"][-1]
    assert run.loss[0] == NET.loss(NET.init(3), DATA.X, DATA.y) and run.updates[0] == run.seconds[0] == 0


def test_running_statistics_are_carried_along():
    net = Network([Linear(64, 16), BatchNorm(16), Relu(), Linear(16, 10)], cross_entropy)
    *_, run = timed_training(net, DATA, gd, batch=100, lr=0.1, epochs=3, seconds=LONG)
    plain = train(net, DATA, gd, batch=100, lr=0.1, epochs=3, progress=False)
    assert run.accuracy[-1] == plain["test_accuracy"][-1]


def test_looks_are_close_at_first_and_never_far_apart():
    updates = run_of(batch=1, epochs=3).updates
    assert updates[:8] == [0, 1, 2, 3, 4, 5, 6, 7] and updates[-1] == 3600
    assert 1 <= np.diff(updates).min() and np.diff(updates).max() <= 200


class Watch:
    """In place of a clock: it goes on by so many seconds whenever somebody steps, and never else."""

    def __init__(self, seconds):
        self.seconds, self.now = seconds, 0.0

    def perf_counter(self):
        return self.now

    def step(self, w, grad, t, *, lr=0.1):
        self.now += self.seconds
        return gd(w, grad, t, lr=lr)


@pytest.mark.parametrize(("seconds", "furthest"), [(0.1, 1), (0.004, 3), (0.001, 6), (1e-6, 6)])
def test_a_slow_update_makes_the_looks_closer_so_that_the_page_can_answer(seconds, furthest, monkeypatch):
    watch = Watch(seconds)
    monkeypatch.setattr(scenes.training, "time", watch)
    *_, run = timed_training(NET, DATA, watch.step, batch=32, lr=0.1, epochs=2, seconds=LONG)
    assert np.diff(run.updates).max() == furthest
    assert run.seconds == pytest.approx(np.multiply(run.updates, seconds))


def test_an_epoch_is_as_many_updates_as_batches_with_the_last_short_one():
    run = run_of(batch=512, epochs=2)
    assert run.updates[-1] == 6 and run.epochs == [t / 3 for t in run.updates] and run.ended == "epochs"


def test_the_watch_stands_still_while_nobody_asks_and_while_the_losses_are_measured():
    stream, waited = timed_training(NET, DATA, gd, batch=100, lr=0.1, epochs=2, seconds=LONG), 0.0
    begun = time.perf_counter()
    for run in stream:  # noqa: B007
        time.sleep(0.05)
        waited += 0.05
    assert 0 < run.seconds[-1] < time.perf_counter() - begun - waited
    assert (np.diff(run.seconds) > 0).all()


def test_a_run_ends_with_its_seconds_its_epochs_or_its_weights():
    run = run_of(batch=1, epochs=10_000, seconds=0.05)
    assert run.ended == "seconds" and run.seconds[-2] < 0.05 <= run.seconds[-1] and run.used >= 1
    assert run_of(epochs=1).ended == "epochs"
    run = run_of(batch=1, lr=10.0)
    assert run.ended == "diverged" and run.updates[-2] < run.diverged <= run.updates[-1] < 100


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        (dict(epochs=0), "epochs = 0: must be a number > 0"),
        (dict(seconds=-1), "seconds = -1: must be a number > 0"),
        (dict(batch=0), "batch = 0: must be"),
        (dict(batch=2.5), "batch = 2.5: must be"),
        (dict(lr="fast"), "lr = 'fast': must be a finite number"),
        (dict(lr=-0.1), "lr = -0.1: must be"),
        (dict(data=DATA._replace(X_test=DATA.X_test[:0])), "data = .*examples to hold out"),
        (dict(net=Network([Linear(1, 1)], mse), data=line()), "accuracy = .*chooses between classes"),
    ],
)
def test_what_cannot_be_run_is_refused(changed, complaint):
    how = dict(net=NET, data=DATA, step=gd, batch=32, lr=0.1) | changed
    with pytest.raises(ValueError, match=complaint):
        next(timed_training(how.pop("net"), how.pop("data"), how.pop("step"), **how))


# ---- the scene -------------------------------------------------------------------------------------------------------


def lines(shown):
    """The visible lines of the loss panel, by the words of the legend."""
    panel = shown.scene.losses
    words = [text.get_text() for text in panel.axes.get_legend().get_texts()]
    drawn = {name[5:]: line for name, line in panel.artists.items() if name.startswith("line ") and line.get_visible()}
    assert sorted(words) == sorted(drawn)
    return drawn


def test_the_line_is_what_was_measured():
    shown = figure()
    shown.finish()
    run = shown.result
    for against in ("updates", "epochs", "seconds"):
        shown.set(against=against)
        for panel, values in ((shown.scene.losses, run.loss), (shown.scene.rights, 1 - np.array(run.accuracy))):
            x, y = panel.artists["line B = 32, η = 0.1"].get_data()
            assert x.tolist() == getattr(run, against)[1:]
            assert y == pytest.approx(values[1:])
            low, high = panel.axes.get_xlim()
            assert (low, high) == shown.scene.losses.axes.get_xlim() and low < x[0] and x[-1] < high


def test_the_axis_is_changed_without_training_again_even_while_it_runs():
    shown = figure()
    shown.finish(pieces=10)
    run, looks = shown.result, list(shown.result.updates)
    for against in ("epochs", "seconds", "updates"):
        before = shown._overlay.value, shown._axes.value
        shown.controls["against"].value = against
        assert shown._overlay.value != before[0] and shown._axes.value != before[1]
        assert shown.result is run and run.updates == looks and shown.running


def test_only_the_lines_are_sent_while_it_trains():
    shown = figure()
    for batch in (32, 1):  # a new run has another line in the legend, and so another frame: once
        shown.set(batch=batch)
        shown.finish(1)
        ground, frame, lines = shown._ground.value, shown._axes.value, set()
        for pieces in (2, 5, 10, 20):
            shown.finish(pieces)
            lines.add(shown._overlay.value)
        assert len(lines) == 4 and shown._ground.value == ground and shown._axes.value == frame


def test_three_earlier_runs_stay_fainter_each_in_its_own_colour_and_marker():
    shown = figure(epochs=1)
    shown.finish()
    for batch in (64, 128, 256, 512):
        before = {name: line.get_color() for name, line in lines(shown).items()}
        shown.set(batch=batch)
        shown.finish()
        now = lines(shown)
        assert all(now[name].get_color() == color for name, color in before.items() if name in now)
    assert set(now) == {f"B = {batch}, η = 0.1" for batch in (64, 128, 256, 512)}
    looks = shown.scene.losses.looks.values()
    assert len({line.get_color() for line in now.values()}) == len({look.marker for look in looks}) == len(looks) == 4
    newest = now.pop("B = 512, η = 0.1")
    assert newest.get_alpha() is None and all(line.get_alpha() < 1 for line in now.values())
    assert all(line.get_linewidth() < newest.get_linewidth() for line in now.values())


def test_what_was_broken_off_early_is_not_kept_and_the_same_run_again_replaces_itself():
    shown = figure(epochs=1)
    shown.finish()
    for batch in (64, 128, 256):  # a drag
        shown.set(batch=batch)
    shown.set(batch=512)
    shown.finish()
    assert set(lines(shown)) == {"B = 32, η = 0.1", "B = 512, η = 0.1"}
    shown.set(batch=32)
    shown.finish()
    assert sorted(lines(shown)) == ["B = 32, η = 0.1", "B = 512, η = 0.1"]
    shown.set(seed=1)
    shown.finish()
    assert sorted(lines(shown)) == ["B = 32, η = 0.1, seed 0", "B = 32, η = 0.1, seed 1", "B = 512, η = 0.1, seed 0"]
    shown.reset()
    assert set(lines(shown)) == {"B = 32, η = 0.1"}


def test_the_caption_says_what_was_measured_and_why_it_ended():
    shown = figure(epochs=3)
    assert shown.caption.startswith("B = 32, η = 0.1: after 0 updates") and "ended" not in shown.caption
    shown.finish()
    run = shown.result
    words = re.match(
        r"B = 32, η = 0\.1: after (\d+) updates \((\d+) epochs, ([\d.]+) s of computing\) the training "
        r"loss is ([\d.]+) \(([\d.]+) at the start\), and ([\d.]+) % of the held-out examples are right\. "
        r"It ended because its 3 epochs were used up\.$",
        shown.caption,
    )
    said = [float(word) for word in words.groups()]
    expected = [114, 3, run.seconds[-1], run.loss[-1], run.loss[0], 100 * run.accuracy[-1]]
    assert said == pytest.approx(expected, rel=0.05)
    shown = figure(epochs=10_000, seconds=0.03)
    shown.finish()
    assert "It ended because its 0.03 seconds were used up." in shown.caption


def test_divergence_is_said_and_drawn():
    shown = figure()
    shown.set(batch=1, lr=10.0)
    shown.finish()
    run, scene = shown.result, shown.scene
    assert f"It diverged at update {run.diverged}, and ended there." in shown.caption
    note = scene.losses.artists["note"]
    assert note.get_visible() and note.get_text().strip() == f"diverged at update {run.diverged}"
    drawn = scene.losses.artists["line B = 1, η = 10"].get_ydata()
    assert np.isfinite(drawn).all() and drawn[-1] > scene.losses.axes.get_ylim()[1], "its line leaves the frame"
    shown.set(lr=0.1)
    assert not note.get_visible()


@pytest.mark.parametrize(("epochs", "unit"), [(1, "1 epoch was"), (2, "2 epochs were")])
def test_one_of_many_is_said_in_the_singular(epochs, unit):
    scene, *_, run = TrainingRuns(), *timed_training(NET, DATA, gd, batch=1200, lr=0.1, epochs=epochs, seconds=LONG)
    scene.show(run)
    scene.at(0)
    assert f"its {unit} used up" in scene.caption and "1 updates" not in scene.caption


def test_a_loss_that_climbed_is_said():
    shown = figure(epochs=0.2)
    shown.set(batch=1, lr=2.0)
    shown.finish()
    assert shown.result.loss[-1] > shown.result.loss[0] and "The loss is higher than at the start." in shown.caption


@pytest.mark.parametrize("against", ["updates", "epochs"])
def test_the_caption_compares_where_all_have_been(against):
    shown = figure(epochs=2)
    shown.set(against=against)
    shown.finish()
    first = shown.result
    shown.set(batch=512)
    shown.finish()
    second = shown.result
    place = dict(updates=6, epochs=2)[against]
    (said,) = re.findall(rf"At {place} {against}, as far as .* the loss was (.*)\.$", shown.caption)
    at_first = first.loss[getattr(first, against).index(place)]
    assert said == f"{second.loss[-1]:.2g} with B = 512; {at_first:.2g} with B = 32"
    shown.set(batch=1, lr=10.0)
    shown.finish()
    assert "with B = 1," not in shown.caption, "what diverged is not compared"


@pytest.mark.parametrize("against", ["updates", "epochs"])
def test_the_caption_says_where_each_run_is_first_at_the_target(against):
    scene = TrainingRuns(target=0.3)
    scene.adjust(against)
    for batch, epochs in ((64, 4), (1200, 2)):
        *_, run = timed_training(NET, DATA, gd, batch=batch, lr=0.5, epochs=epochs, seconds=LONG)
        scene.show(run)
        scene.at(0)
        if batch == 64:
            there = [x for x, loss in zip(getattr(run, against), run.loss, strict=True) if loss <= 0.3]
            (said,) = re.findall(
                rf"First seen at a loss of 0.3: after ([\d.]+) {against[:-1]}s? with B = 64", scene.caption
            )
            assert float(said) == pytest.approx(there[0], rel=5e-3)
    assert f"0.3: not with B = 1200; after {said} {against[:-1]}" in scene.caption
    assert scene.losses.artists["level word 1"].get_text() == "0.3"


def test_what_is_said_of_runs_is_recounted_for_budgets_and_losses_of_every_kind():
    rng, losses = np.random.default_rng(0), [0.05, 0.3, 2.3, 2.3, 9.0, np.inf, np.nan]
    for _ in range(300):
        runs = []
        for batch in rng.choice([1, 16, 256, 1200], 3):
            updates = np.unique([0, *rng.integers(1, 60, 6)])
            budget = dict(epochs=float(rng.choice([1, 2, 0.5])), seconds=float(rng.choice([1, 0.03])))
            run = Run(int(batch), 0.1, 0, 1200, budget, updates.tolist(), (updates * 0.01).tolist())
            run.loss, run.ended = rng.choice(losses, len(updates)).tolist(), rng.choice(["epochs", "seconds", ""])
            runs.append(run)
        for run in runs:
            at = [k for k, loss in enumerate(run.loss) if np.isfinite(loss) and loss <= 0.3]
            assert first_at(run.loss, 0.3) == (at[0] if at else None)
            first, last = run.loss[0], run.loss[-1]
            assert climbed(run) == (last > first or not np.isfinite(last)) or not np.isfinite(first)
            most = run.budget.get(run.ended)
            words = f"{most or 0:g} {run.ended[:-1]}{'s were' if most != 1 else ' was'}"
            assert why_ended(run) == (f"It ended because its {words} used up." if most else "")
        for against in ("updates", "epochs", "seconds"):
            place, looks = common(runs, against)
            places = [getattr(run, against) for run in runs]
            assert all(place <= axis[-1] for axis in places) and place in {axis[-1] for axis in places}
            for axis, look in zip(places, looks, strict=True):
                assert axis[look] <= place and (look == len(axis) - 1 or axis[look + 1] > place)


def test_a_still_needs_no_sliders():
    picture = scenes.still(TrainingRuns(), run_of())
    assert not any(artist.get_animated() for artist in picture.axes[0].lines if artist.get_visible())
