"""What chapter 04 says of trainings, noisy runs and measured times, counted by hand."""

import functools
import math
import re

import numpy as np
from scipy.stats import spearmanr
from whole.counting import fields, says, value, wrote

from optim_core.chapters.batches import experiments
from optim_core.data import digits
from optim_core.optimizers import gd
from optim_core.scenes import TrainingRuns, timed_training
from optim_core.training import minibatches

N = 1200  # digits to train on


def counted(words, count):
    """Whether some words, such as "1 update", say this count, one of them in the singular."""
    said, what = words.split(" ", 1)
    return says(said, count, None if count == round(count) else 3) and what.endswith("s") == (said != "1")


# ---- runs by the stopwatch ----


def quick_run(batch, lr, seed):
    """A training with a shorter time to go."""
    return timed_training(experiments.digit_network(), digits(), gd, batch=batch, lr=lr, seed=seed, seconds=0.3)


@functools.cache
def leaves(batch, lr, seed):
    """At which update the weights first leave the range of ±10⁶."""
    net, data, t = experiments.digit_network(), digits(), 0
    w, grad = net.init(seed), minibatches(net.on(data.X, data.y), batch, seed)
    with np.errstate(all="ignore"):
        while (np.abs(w) <= 1e6).all():
            t += 1
            w = w - lr * grad(w, t)
    return t


@functools.cache
def several():
    """A scene in which each run that ended stands beside up to three before it, and those runs."""
    return TrainingRuns(target=0.1), []


def training_runs(values, seen, caption, t):
    """A training's numbers and why it ended, and where it first was at the target; also beside those before it."""
    of_runs(values["against"], [seen], caption)
    if seen.ended:
        scene, runs = several()
        if seen not in runs:
            same = [run for run in runs if (run.batch, run.lr, run.seed) == (seen.batch, seen.lr, seen.seed)]
            runs[:] = [run for run in runs if run not in same][-3:] + [seen]
        scene.adjust(values["against"])
        scene.show(seen)
        scene.at(0)
        of_runs(values["against"], runs[::-1], scene.caption)


def of_runs(against, runs, caption):
    """What is said of the first of some runs, and of all of them where it has ended."""
    run, *_ = runs
    B, lr, now, epochs, seconds, loss, start, right, gone, why, first = fields(
        r"B = (\d+), η = (\S+): after (\S+ updates?) \((\S+ epochs?), (\S+) s of computing\) the training loss is "
        r"(\S+|beyond all numbers) \((\S+) at the start\), and (\S+) % of the held-out examples are right\."
        r"(?: (It diverged at update \S+, and ended there|The loss is higher than at the start)\.)?"
        r"(?: (It ended because .*? used up)\.)?(?: (First seen .*)\.)?",
        caption,
    )
    passes = run.updates[-1] / math.ceil(N / run.batch)
    assert int(B) == run.batch and says(lr, run.lr, 3) and counted(now, run.updates[-1]) and counted(epochs, passes)
    assert says(seconds, run.seconds[-1], 2) and says(start, run.loss[0], 2)
    assert says(loss, run.loss[-1], 2) if math.isfinite(run.loss[-1]) else loss == "beyond all numbers"
    assert says(right, 100 * run.accuracy[-1]) and right.count(".") == 1
    if run.diverged:
        assert value(re.fullmatch(r"It diverged at update (\S+), and ended there", gone)[1])[0] == run.updates[-1]
        assert run.updates[-1] == leaves(run.batch, run.lr, run.seed)
    else:
        assert gone == (None if run.loss[-1] <= run.loss[0] else "The loss is higher than at the start")
    spent = {"epochs": passes >= run.budget["epochs"], "seconds": run.seconds[-1] >= run.budget["seconds"]}
    if not run.diverged and any(spent.values()):
        which = "epochs" if spent["epochs"] else "seconds"
        most = re.fullmatch(rf"It ended because its (\S+) {which} were used up", why)[1]
        assert value(most)[0] == run.budget[which]
    else:
        assert why is None
    assert (first is not None) == bool(run.diverged or why)
    if first:
        arrivals(against, runs, first)


def arrivals(against, runs, words):
    """Where each run is first at 0.1, by what stands on the axis."""
    places = words.removeprefix("First seen at a loss of 0.1: ").split("; ")
    by_lr, by_seed = (len({getattr(run, name) for run in runs}) > 1 for name in ("lr", "seed"))
    for said, run in zip(places, runs, strict=True):
        place, label = said.split(" with ")
        B, lr, seed = fields(r"B = (\d+)(?:, η = ([\d.]+))?(?:, seed (\d+))?", label)
        assert int(B) == run.batch and (lr is not None, seed is not None) == (by_lr, by_seed)
        assert (not lr or says(lr, run.lr, 3)) and (not seed or int(seed) == run.seed)
        there = [k for k, loss in enumerate(run.loss) if loss <= 0.1]
        if not there:
            assert place == "not"
        elif against == "seconds":
            assert says(fields(r"after (\S+) s of computing", place)[0], run.seconds[there[0]], 2)
        else:
            passes = run.updates[there[0]] / (math.ceil(N / run.batch) if against == "epochs" else 1)
            assert place.rstrip("s").endswith(against[:-1]) and counted(place.removeprefix("after "), passes)


# ---- what a mini-batch sees ----


@functools.cache
def points():
    """The 64 points about the wave, x and y."""
    x = np.linspace(-2, 2, 64)
    return x, x + np.sin(2 * x) + np.random.default_rng(0).normal(0, 0.3, (64, 1))[:, 0]


def mini_batches(values, seen, caption, t):
    """How the mini-batches were drawn, the angle of one's gradient to that of all, and how much they all vary."""
    order, B, (w1, w2) = values["order"], values["batch"], values["w"]
    rows, (x, y) = seen[4][B], points()
    drawn = {"shuffled": "from the deck", "fixed": "in the order of the data", "replacement": "with replacement"}[order]
    each = "1 example" if B == 1 else f"{B} examples"
    begin = rf"256 mini-batches of {each}; press (play)\."
    if t:
        begin = rf"Mini-batch {t} of 256, of {each} \({drawn}\)\. (.*?)\."
    said, spread, deck, back = fields(
        begin + r" The variance over all 256: # σ²; theory: # from the deck and # with replacement\.", caption
    )
    epochs = rows.reshape(-1, 64)
    assert rows.shape == (256, B)
    if order == "fixed":
        assert (epochs == np.arange(64)).all()
    elif order == "shuffled":
        assert (np.sort(epochs) == np.arange(64)).all() and not (epochs == np.arange(64)).all(1).any()
    else:
        assert set(rows.ravel().tolist()) <= set(range(64)) and (np.sort(epochs) != np.arange(64)).any(1).all()
    error = w1 * x + w2 - y
    g = 2 * np.stack([error * x, error], -1)
    full, means = g.mean(0), g[rows].mean(1)
    part = ((means - full) ** 2).sum(-1).mean() / ((g - full) ** 2).sum(-1).mean()
    assert spread == "0" if part < 1e-12 else wrote(spread, part, 2)
    assert deck == "0" if B == 64 else wrote(deck, (1 / B - 1 / 64) * 64 / 63, 2)
    assert wrote(back, 1 / B, 2)
    if order == "replacement" or order == "shuffled" and B < 64:
        theory = 1 / B if order == "replacement" else (1 / B - 1 / 64) * 64 / 63
        assert 0.5 < part / theory < 1.7, "what was drawn does not vary as theory has it"
    if t:
        (a, b), (c, d) = means[t - 1], full
        angle = abs(math.degrees(math.atan2(a * d - b * c, a * c + b * d)))
        assert math.hypot(a, b) * math.hypot(c, d) > 1e-12
        assert abs(float(fields(r"Its gradient points #° away from that of all data", said)[0]) - angle) <= 0.5 + 1e-6


# ---- orders ----


@functools.lru_cache(maxsize=1)
def walks(batch, lr, start):
    """16 runs for each order, step by step: {order: (w, (641, 16, 2); when each left, 0 for those that did not)}."""
    wave, out = experiments.wavy(), {}
    x, y = wave.task.X[:, 0], wave.task.Y[:, 0]
    for order in ("shuffled", "fixed", "replacement"):
        w, left = [np.tile(start, (16, 1))], np.zeros(16, int)
        for t, rows in enumerate(experiments.dealt_to(16, 64, batch, order, 640), start=1):
            error = w[-1][:, :1] * x[rows] + w[-1][:, 1:] - y[rows]
            new = w[-1] - lr * 2 * np.stack([(error * x[rows]).mean(1), error.mean(1)], -1)
            left[~(np.abs(new) <= 1e6).all(-1) & (left == 0)] = t
            w.append(np.where(((left > 0) & (left < t))[:, None], w[-1], new))
        out[order] = np.array(w), left
    return out


@functools.cache
def best_line():
    """Of all 64 points: their x beside ones, their y, the best line, and its loss."""
    task = experiments.wavy().task
    both, y = np.stack([task.X[:, 0], np.ones(64)], -1), task.Y[:, 0]
    best = np.linalg.lstsq(both, y, rcond=None)[0]
    return both, y, best, np.mean((both @ best - y) ** 2)


def above(w):
    """How far the loss of all points is above its minimum at w (…, 2): the mean square of what lines differ by."""
    both, _, best, _ = best_line()
    return (((w - best) @ both.T) ** 2).mean(-1)


def orders(values, seen, caption, t):
    """Which runs left and when; else how far above the minimum the epochs of the second half end, and what is left."""
    *_, paths, epoch = seen
    B, lr, start = values["batch"], values["lr"], tuple(values["start"])
    now, size, rate, told = fields(r"Update (\d+) of 640, B = (\d+), η = (\S+)\. (.*)", caption)
    assert (int(now), int(size), epoch) == (t, B, 64 // B) and says(rate, lr, 3)
    mine = walks(B, lr, start)
    for order, (w, left) in mine.items():
        assert np.array_equal(paths[order]["diverged"], left)
        assert np.allclose(paths[order]["w"], w, rtol=1e-6, atol=1e-9)
    if any(left.any() for _, left in mine.values()):
        lost = [f"{order}: {(left > 0).sum()} of 16 runs diverged, the first at update {left[left > 0].min()}"
                for order, (_, left) in mine.items() if left.any()]  # fmt: skip
        assert told == "; ".join(lost).capitalize() + "."
        return
    epochs, shuffled, fixed, replacement, still, same = fields(
        r"Above the minimum at the ends of the last (\d+) epochs, mean of 16 runs: shuffled (.*), fixed (.*), "
        r"replacement (.*?)\.(?: Half of that or more is still left of the start: (.*?)\.)?"
        r"( Shuffled and fixed take the same steps\.)?",
        told,
    )
    whole = 640 // epoch
    ends = [epoch * k for k in range(whole // 2 + 1, whole + 1)]
    assert int(epochs) == len(ends) == whole / 2
    late = {order: above(w[ends]).mean() for order, (w, _) in mine.items()}
    for words, order in ((shuffled, "shuffled"), (fixed, "fixed"), (replacement, "replacement")):
        assert says(words, max(late[order], 1e-30), 2)
    both, y, *_ = best_line()
    w, left = np.array(start), []
    for k in range(1, 641):
        w = w - lr * 2 * both.T @ (both @ w - y) / 64
        left += [above(w)] * (k in ends)
    expected = [order for order, one in late.items() if one > 1e-12 and np.mean(left) >= 0.5 * one]
    assert (still.split(", ") if still else []) == expected, f"of the start {np.mean(left)} is left, there is {late}"
    assert bool(same) == (B == 64)


# ---- the noise floor ----


@functools.lru_cache(maxsize=1)
def by_recursion(eta, lam, B):
    """Of runs from x = 3: of the mean of x² in the last quarter the start's part and the noise's, and its end."""
    x, V, starts, noises = np.float64(3.0), 0.0, [], []
    with np.errstate(over="ignore"):
        for _ in range(400):
            x, before, V = (1 - eta * lam) * x, V, (1 - eta * lam) ** 2 * V + eta**2 / B
            starts.append(x**2)
            noises.append(V)
        ends = V - before <= 0.99 * eta**2 / B
        floor = eta**2 / B / (1 - (1 - eta * lam) ** 2) if ends else math.inf
        return np.mean(starts[300:]), np.mean(noises[300:]), floor


def noise_floor(values, seen, caption, t):
    """What the runs' mean square is made of, by the recursions of their mean and their variance."""
    eta, lam, B, x = seen[0], seen[1], seen[2], seen[3][301:]
    assert (eta, lam, B) == (values["eta"], values["lam"], values["batch"])
    now, rate, bend, size, told = fields(r"Step (\d+) of 400\. η = (\S+), λ = (\S+), B = (\d+): (.*)", caption)
    assert int(now) == t and says(rate, eta, 3) and says(bend, lam, 3) and int(size) == B
    kept, (start, noise, V) = abs(1 - eta * lam), by_recursion(eta, lam, B)
    if not math.isfinite(V):
        (times,) = fields(
            r"from ηλ = 2 on there is no floor\. A step leaves (all of|\S+ times) what was there, so no noise is lost, "
            r"and adds its own\.", told)  # fmt: skip
        assert eta * lam >= 2 - 1e-9
        assert kept < 1 + 1e-9 if times == "all of" else says(times, kept, 3 if kept >= 1.005 else 4) and kept > 1
        return
    mean, floor, rest = fields(
        r"over the last quarter the mean of x² is (\S+), theory's floor (\S+)\. (.*)", told)  # fmt: skip
    measured, spread = (x**2).mean(), x.var(axis=1).mean()
    assert says(mean, measured, 3) and says(floor, V, 3)
    assert abs(measured - start - noise) < 0.3 * noise + 1e-9 + 0.02 * start
    lacks = 1 - noise / V
    if max(start / V, lacks) <= 0.05:
        (of,) = fields(r"The start is forgotten; the noise of (\d+ examples?) is what is left\.", rest)
        assert counted(of, B)
    elif start <= noise and lacks > 0.05 and V > 9:
        (left,) = fields(r"A step leaves (\S+) of what was there: the noise has not yet added up to its floor\.", rest)
        assert says(left, kept, 3) and spread < V
    else:
        left, larger, var, other = fields(
            r"A step leaves (\S+) of what was there, and the start is not forgotten yet: "
            r"(that is the larger part, and )?the variance of the runs is (\S+?)"
            r"(, the rest is what is left of the start)?\.",
            rest,
        )
        assert says(left, kept, 3) and says(var, spread, 3)
        assert (larger is not None) == (other is None) == (start > noise and measured - spread > spread)
        by_chance = 5 * (2 * (start * noise / 1000) ** 0.5 + noise / 1000)
        assert abs(measured - spread - start) < by_chance


# ---- k times the batch ----


def linear_scaling(values, seen, caption, t):
    """Final losses in those of the base run, run by run; the farthest look; curvatures one by one against 2/(η k)."""
    ks, k, warm, scaled, same, sharp = seen
    i, base = ks.index(k), scaled[0]
    assert (k, warm) == (values["k"], values["warm_epochs"])
    warmed = f", warm-up over {warm} epochs" if warm else ""
    if k == 1:
        changes = f", where a warm-up over {warm} epochs changes nothing" if warm else ""
        assert caption == (f"k = 1{changes}. This is the base setting itself: B = 10, η = 0.1, {len(base) - 1} epochs, "
                           "a line for each run.")  # fmt: skip
        assert not warm or np.array_equal(experiments.losses_by_epoch(0.1, 10, warm=warm), base)
        return
    eta, end, off, with_same, lies = fields(
        rf"k = {k}{warmed}\. After 10 epochs with η × k = (\S+) the loss is (\S+) times the base run's \(on the way "
        r"off by a factor of (\S+) at most\), with the same η (\S+) times \(means of all runs\)\. At the start and "
        r"after each epoch the base run's λ_max is (always below|at times above|always above) 2/\(η × k\)\.",
        caption,
    )
    pairs = [(a, b) for mine, theirs in zip(scaled[i], base, strict=True) for a, b in zip(mine, theirs, strict=True)]
    assert says(eta, k / 10, 3) and says(end, sum(a / b for a, b in pairs[-5:]) / 5, 4)
    assert says(off, max(max(a, b) / min(a, b) for a, b in pairs), 3)
    assert says(with_same, sum(a / b for a, b in zip(same[i][-1], base[-1], strict=True)) / 5, 4)
    over = [lam * k / 10 > 2 for lam in sharp]
    assert len(over) == 11 and all(over) == (lies == "always above") and (not any(over)) == (lies == "always below")


# ---- times ----


def lasts(words, seconds):
    """Whether some words are this time, to two digits, in the unit that has at least 1 and less than 1,000 of it."""
    said, unit = words.split(" ")
    factor = {"µs": 1e-6, "ms": 1e-3, "s": 1.0}[unit]
    fits = factor / 1.001 <= seconds and (unit == "s" or seconds < 1000 * factor)
    return says(said, seconds / factor, 2) and (fits or unit == "µs" and seconds < 1e-3)


def epoch_time(values, seen, caption, t):
    """An update, an epoch of as many as it takes to deal out all digits, and the update in those of B = 1."""
    width, sizes, seconds, n, B = seen
    now = seconds[sizes.index(B)]
    units, of, update, many, epoch, several, times = fields(
        r"On this machine, with (\S+) units, an update from (\S+ examples?) takes (\S+ \S+), and an epoch "
        r"\((\S+ updates?)\) (\S+ \S+)\.(?: That is (\S+) examples in (?:(\S+) times )?the time of one\.)?",
        caption,
    )
    assert value(units)[0] == width == values["width"] and counted(of, B) and B == values["batch"]
    updates = sum(1 for _ in range(0, n, B))
    assert counted(many, updates) and lasts(update, now) and lasts(epoch, updates * now)
    assert (several is None) == (B == 1)
    if several:
        assert value(several)[0] == B and says(times or "1", now / seconds[sizes.index(1)], 2) and times != "1"


@functools.cache
def soonest(batch, seed):
    """After how many updates one of the seven rates, each in a training of its own, is first at a loss of 0.1."""
    net, data = experiments.digit_network(), digits()
    grad, every, found = minibatches(net.on(data.X, data.y), batch, seed), 5 if batch < 16 else 1, 2000
    for lr in (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0):
        w, t = net.init(seed), 0
        with np.errstate(all="ignore"):
            while t < found and not (t % every == 0 and net.loss(w, data.X, data.y) <= 0.1):
                t += 1
                w = w - lr * grad(w, t)
        found = min(found, t)
    return found


def time_to_target(values, seen, caption, t):
    """Mean updates times seconds, and the batch with the lowest product; for one seed the updates are trained anew."""
    sizes, needed, each, B = seen
    size, updates, update, product, best, time = fields(
        r"B = (\d+): (\S+) updates \(mean of the seeds\) of (\S+ \S+) are (\S+ \S+) of computing\. "
        r"Quickest of these on this machine: B = (\d+), (\S+ \S+)\.",
        caption,
    )
    i, means = sizes.index(B), [sum(row) / len(row) for row in needed]
    times = [mean * one for mean, one in zip(means, each, strict=True)]
    assert int(size) == B == values["batch"] and abs(value(updates)[0] - means[i]) <= 0.5
    assert lasts(update, each[i]) and lasts(product, times[i])
    assert min(times) == times[sizes.index(int(best))] and lasts(time, min(times))
    seed = i % 3
    assert needed[i][seed] == soonest(B, seed)


# ---- where runs end ----


def places(values, seen, caption, t):
    """The flattest and the sharpest of the mean λ_max, and scipy's rank correlations."""
    against, ends = seen
    *said, rho, loud = fields(
        rf"Against {values['against']}\. The flattest place on average: B = (\d+), η = (\S+), with λ_max = (\S+) and "
        r"(\S+) % right; the sharpest: B = (\d+), η = (\S+), with λ_max = (\S+) and (\S+) % right\. "
        r"Rank correlation: (\S+); without B = 600: (\S+)\.",
        caption,
    )
    sharp = {pair: sum(one[0]) / 5 for pair, one in ends.items()}
    for (B, lr, lam, right), pair in ((said[:4], min(sharp, key=sharp.get)), (said[4:], max(sharp, key=sharp.get))):
        assert (int(B), value(lr)[0]) == pair and says(lam, sharp[pair], 2)
        assert right == f"{100 * sum(ends[pair][1]) / 5:.1f}"
    for words, pairs in ((rho, list(sharp)), (loud, [pair for pair in sharp if pair[0] < 600])):
        x = [{"η/B": lr / B, "η": lr, "B": B}[against] for B, lr in pairs]
        assert says(words, spearmanr(x, [sharp[pair] for pair in pairs]).statistic, 2)


CHECK = {
    "TrainingRuns": training_runs,
    "MiniBatches": mini_batches,
    "Orders": orders,
    "NoiseFloor": noise_floor,
    "LinearScaling": linear_scaling,
    "EpochTime": epoch_time,
    "TimeToTarget": time_to_target,
    "Places": places,
}
COUNT = {"TrainingRuns": 250, "MiniBatches": 2000, "Orders": 3000, "NoiseFloor": 25_000}  # of the last all
QUICK = {"TrainingRuns": quick_run}
