"""Chapter 07: what its figures run, what its captions say, and that nothing in the arena is tuned on what ranks it."""

import itertools
import re
from fractions import Fraction

import captions
import numpy as np
import pytest
from scipy import stats

import notebooks
from optim_core import optimizers, surfaces
from optim_core.chapters.adam import exercises, experiments, scenes
from optim_core.chapters.adam.experiments import CONTESTANTS, GAPS, MEMORIES, RATES, SEEDS, SIGMAS
from optim_core.descent import descend
from optim_core.exercises import ____

FEW = {"Adam": optimizers.adam, "gradient descent": optimizers.gd}


@pytest.fixture(scope="module")
def entries():
    return {name: experiments.contest(step) for name, step in FEW.items()}


# Streams ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", experiments.STREAMS)
@pytest.mark.parametrize("beta1, beta2", [(0.9, 0.999), (0.0, 0.0), (0.999, 0.9), (0.5, 0.5)])
def test_following_a_stream_is_adams_algorithm_written_out(name, beta1, beta2):
    gradients = experiments.stream(name, 3.0, length=60)
    run = experiments.follow(optimizers.adam, gradients, beta1=beta1, beta2=beta2)
    t = np.arange(1, 61)
    for k in (0, 1, 5, 59):  # the averages as sums with fading weights
        age = k - np.arange(k + 1)
        m = ((1 - beta1) * beta1**age * gradients[: k + 1]).sum() / (1 - beta1 ** t[k])
        v = ((1 - beta2) * beta2**age * gradients[: k + 1] ** 2).sum() / (1 - beta2 ** t[k])
        assert run["step"][k] == pytest.approx(m / (np.sqrt(v) + 1e-8), abs=1e-9)


def test_the_longest_step_after_a_silence_stays_below_the_bound():
    for beta1, beta2, silence in itertools.product([0.0, 0.5, 0.9], [0.9, 0.99, 0.999], [1, 50, 900]):
        step = experiments.follow(optimizers.adam, np.append(np.zeros(silence), 1.0), beta1=beta1, beta2=beta2)["step"]
        assert step[-1] <= max((1 - beta1) / np.sqrt(1 - beta2), 1.0) * (1 + 1e-9)


@pytest.mark.parametrize("beta1, beta2", [(0.9, 0.999), (0.5, 0.99), (0.0, 0.9)])
def test_no_stream_makes_a_longer_step_than_the_one_that_grows_by_the_ratio_of_the_betas(beta1, beta2):
    bound = (1 - beta1) / np.sqrt(1 - beta2) / np.sqrt(1 - beta1**2 / beta2)  # Cauchy and Schwarz
    growth = beta2 / beta1 if beta1 else 1e9
    silence = np.zeros(int(10 / (1 - beta2)))
    growing = growth ** np.arange(min(200, int(100 / np.log10(growth))))
    for gradients in (growing, np.ones(200), np.random.default_rng(0).standard_normal(200)):
        stream = np.append(silence, gradients)
        steps = experiments.follow(optimizers.adam, stream, beta1=beta1, beta2=beta2, eps=1e-12)["step"]
        assert np.abs(steps).max() < bound * 1.001
        if gradients is growing:
            assert steps.max() > 0.98 * bound


@pytest.mark.parametrize("off, said", [(5e-4, "every step 2"), (2e-3, "first 2, longest 2 at step 1, last 2")])
def test_steps_that_differ_by_more_than_a_thousandth_are_not_called_equal(off, said):
    assert scenes.lengths(2 - 2 * off * (np.arange(9) == 4)) == said


@pytest.mark.parametrize("seed", range(5))
def test_which_of_equal_steps_leads_by_a_rounding_is_not_told(seed):
    steps = np.random.default_rng(seed).choice([-1.0, 1.0], 50) * (1 - 1e-6 * np.random.default_rng(seed).random(50))
    assert scenes.lengths(steps) == "every step 1"
    gradients = experiments.stream("noise")
    for size in (1.0, 1e4):
        run = experiments.follow(optimizers.adam, size * gradients, beta1=0.0, beta2=0.0)
        assert scenes.lengths(run["step"]) == "every step 1"


BETAS = [0.0, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999]


@pytest.mark.parametrize("step", [optimizers.adam, *experiments.FOLLOWERS.values()], ids=lambda step: step.__name__)
def test_lengths_names_the_first_the_longest_and_the_last_step_of_every_stream(step):
    sizes, shape = np.array([1e-12, 1.0, 1e4]), (len(experiments.STREAMS), 3, len(BETAS), len(BETAS))
    g = np.stack([experiments.stream(name) for name in experiments.STREAMS], 1)  # (steps, streams)
    g = np.broadcast_to(g[:, :, None, None, None] * sizes[:, None, None], (len(g), *shape))
    how = dict(lr=1.0, limit=1e300, beta1=np.array(BETAS)[:, None], beta2=np.array(BETAS))
    far = np.abs(np.diff(descend(step, np.zeros(shape), lambda w, t: g[t - 1], len(g), **how)["w"], axis=0))
    top, low = far.max(0), far.min(0)
    same = lambda told, true: abs(told - true) < 6e-3 * true + 2e-9  # noqa: E731  three digits
    for at in np.ndindex(shape):
        text = scenes.lengths(far[(..., *at)])
        numbers = [notebooks.parse_number(v)[0] for v in captions.NUMBER.findall(text)]
        if "last more than a million" in text:
            assert far[(-1, *at)] > 1e6 and text.count("million") == 2
            numbers.append(far[(-1, *at)])
        else:
            assert max(numbers) < 1e9
        if "longest the last" in text:
            first, last = numbers
            assert same(first, far[(0, *at)]) and same(last, far[(-1, *at)]) and far[(-1, *at)] == top[at]
        elif "every" in text:
            assert same(numbers[0], top[at]) and low[at] > 0.998 * top[at]
        elif "no step" in text:
            assert top[at] <= 1e-9
        else:
            first, *longest, when, last = numbers
            assert same(first, far[(0, *at)]) and same(last, far[(-1, *at)])
            assert far[(int(when) - 1, *at)] > 0.998 * top[at] >= 0.998 * 1e-9 and low[at] < 0.9991 * top[at]
            assert same(longest[0], top[at]) if longest else top[at] > 1e6 and "more than a million" in text
            assert longest or BETAS[at[3]] < BETAS[at[2]] ** 2  # else what v forgets m has forgotten before


# Rest -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lr", [0.1, 0.3, 1.0])
def test_floors_are_those_of_theory_where_the_noise_is_loud(lr):
    floors = experiments.floors(experiments.settled(lr, 0.999))
    loud = np.array(SIGMAS) >= 1
    gd = np.array(SIGMAS) * np.sqrt(lr / (2 - lr))
    assert floors["gradient descent"][loud] == pytest.approx(gd[loud], rel=0.2)
    louder = (np.array(SIGMAS) >= 10) & (np.array(SIGMAS) <= 300 * lr)  # louder still, 1,000 steps do not get there
    assert floors["Adam"][louder] == pytest.approx(np.sqrt(lr * np.array(SIGMAS) / 2)[louder], rel=0.25)


def test_the_floors_watched_are_the_last_steps_and_all_methods_see_the_same_noise():
    runs = experiments.settled(0.1, 0.9)
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((1000, len(SIGMAS), 8, 1)) * np.reshape(SIGMAS, (-1, 1, 1))
    again = descend(optimizers.gd, np.full((len(SIGMAS), 8, 1), 3.0), lambda w, t: w + noise[t - 1], 1000, lr=0.1)
    assert np.array_equal(again["w"][..., 0], runs["gradient descent"])
    assert experiments.floors(runs)["Adam"] == pytest.approx(np.sqrt((runs["Adam"][801:] ** 2).mean((0, 2))))


RATES_HERE, BETAS2 = (
    np.array([0.02, 0.03, 0.05, 0.08, 0.13, 0.2, 0.3, 0.45, 0.7, 1.0]),
    [0.9, 0.95, 0.98, 0.99, 0.995, 0.999],
)


@pytest.mark.parametrize(
    "name, step, own",
    [
        ("gradient descent", optimizers.gd, {}),
        ("RMSProp", optimizers.rmsprop, dict(beta=0.9)),
        ("Adam", optimizers.adam, dict(beta2=0.9)),
        ("Adam", optimizers.adam, dict(beta2=0.999)),
    ],
)
def test_who_is_on_the_way_has_not_lost_the_start(name, step, own):
    sigmas = np.array(SIGMAS if name == "gradient descent" else [s for s in SIGMAS if s >= 1])
    noise = np.random.default_rng(1).standard_normal((800, 1, len(sigmas), 60)) * sigmas[:, None]
    start = np.full((len(RATES_HERE), len(sigmas), 60), 3.0)
    w = descend(step, start, lambda w, t: w + noise[t - 1], 800, lr=RATES_HERE[:, None, None], **own)["w"]
    start_left, spread = np.abs(w[-1].mean(-1)), w[-1].std(-1)
    for i, j in np.ndindex(start_left.shape):
        late = scenes.on_the_way(name, RATES_HERE[i], sigmas[j])
        assert start_left[i, j] > 0.6 * spread[i, j] if late else start_left[i, j] < 1.3 * spread[i, j]
    if name != "gradient descent":  # with less noise they are quicker
        assert not any(scenes.on_the_way(name, lr, sigma) for lr in RATES_HERE for sigma in SIGMAS if sigma < 1)


def test_where_v_remembers_the_way_a_longer_run_lies_farther_out_and_elsewhere_not():
    shape, steps, told = (len(BETAS2), len(RATES_HERE), len(SIGMAS), 2), 4000, 0
    noise = np.random.default_rng(1).standard_normal((steps, *shape[-2:])) * np.array(SIGMAS)[:, None]
    how = dict(lr=RATES_HERE[:, None, None], beta2=np.array(BETAS2)[:, None, None, None])
    w = descend(optimizers.adam, np.full(shape, 3.0), lambda w, t: w + noise[t - 1], steps, **how)["w"]
    long = np.sqrt((w[2000:] ** 2).mean(axis=(0, -1)))
    for i, j in np.ndindex(shape[:2]):
        if (i + j) % 2 and 0 < j < 9:
            continue  # of the rates within, every other one for each memory
        here = dict(lr=RATES_HERE[j], beta2=BETAS2[i])
        remembers = np.array([scenes.remembers(**here, sigma=sigma) for sigma in SIGMAS])
        ratio = experiments.floors(experiments.settled(**here))["Adam"] / long[i, j]
        told += remembers.sum()
        assert (ratio[: SIGMAS.index(1.0)] < 1.6).all()  # with little noise nobody is on the way in
        assert (ratio[remembers] < 0.95).all() and (ratio[~remembers] > 0.55).all(), (here, ratio, remembers)
    assert told > 100


# Rare news --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gap", GAPS)
def test_the_news_pulls_to_the_left_on_the_whole(gap):
    total = sum(float(experiments.news(gap)(np.zeros(1), t)[0]) for t in range(1, 3 * gap + 1))
    assert total == pytest.approx(0.6 * (gap - 1))


@pytest.mark.parametrize("name", experiments.WALKERS)
def test_where_a_walk_rests_has_the_sign_that_twice_as_many_steps_show(name):
    step, beta1 = experiments.WALKERS[name]
    ends = experiments.rests_at(experiments.rare_news(step, beta1))
    assert ends.shape == (len(GAPS), len(MEMORIES)) and (np.abs(ends) <= 1).all()
    gap, beta2 = np.array(GAPS)[:, None, None], np.array(MEMORIES)[:, None]
    walk, steps = optimizers.projected(step, -1.0, 1.0), 2 * experiments.ROUNDS
    start = np.zeros((len(GAPS), len(MEMORIES), 1))
    lr = lambda k: 0.5 / np.sqrt(k + 1)  # noqa: E731
    w = descend(walk, start, experiments.news(gap), steps, lr=lr, beta1=beta1, beta2=beta2)["w"][..., 0]
    longer = np.array([w[-(2000 // p) * p :, i].mean(axis=0) for i, p in enumerate(GAPS)])
    assert ((ends > 0) == (longer > 0)).mean() > 0.97  # the border itself still moves by a square
    said = [[("wrong" in scenes.side(end)) or ("worst" in scenes.side(end)) for end in row] for row in ends]
    assert abs(np.sum(said) - (longer > 0).sum()) <= 5 and scenes.wrong_side(ends) == f"{np.sum(said)} of 168 squares"


@pytest.mark.parametrize("end", np.linspace(-0.99, 0.99, 37).tolist())
def test_side_names_the_nearer_point(end):
    word = scenes.side(end)
    assert ("best" in word or "right" in word) == (end < 0)
    assert ("point" in word) == (min(abs(end - 1), abs(end + 1)) < 0.1)


def test_a_click_on_the_map_sets_the_nearest_pair():
    scene = scenes.RareNews()
    scene.show((experiments.rare_news(optimizers.adam, 0.0), 40, 0.9, "Adam, β₁ = 0"))
    axes = scene.map.axes
    assert scene.clicked(axes, 6.4, 2.6) == {"beta2": MEMORIES[6], "gap": GAPS[3]}
    assert scene.clicked(axes, -9.0, 99.0) == {"beta2": MEMORIES[0], "gap": GAPS[-1]}


# Decay, and the first steps ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("lr, decay", list(itertools.product([0.001, 0.01, 0.03], [0.0, 0.1, 0.5])))
def test_decay_beside_the_gradient_leaves_the_same_of_every_weight(lr, decay):
    left = experiments.left_over(lr, decay)
    for name in ("AdamW", "gradient descent, with L2"):
        assert left[name] == pytest.approx((1 - lr * decay) ** 300, abs=1e-9)
    if decay:
        assert (np.diff(left["Adam + L2"]) > -0.02).all()  # the more noise, the less decay
        crosses = experiments.NOISES[np.argmax(left["Adam + L2"] > left["AdamW"])]
        assert 0.5 < crosses < 2


@pytest.mark.parametrize("beta2", [0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999])
def test_radams_factor_is_the_ratio_of_its_steps_to_adams(beta2):
    gradients = np.ones(int(3 / (1 - beta2)))
    adam, radam = (
        experiments.follow(step, gradients, beta2=beta2)["step"] for step in (optimizers.adam, optimizers.radam)
    )
    t = np.arange(1, len(gradients) + 1)
    r = experiments.rectification(t, beta2)
    assert radam[r > 0] == pytest.approx((r * adam)[r > 0], rel=1e-5)
    assert scenes.half_way(beta2) == t[(radam / adam >= 0.5) & (r > 0)][0]
    left = 1 - Fraction(str(beta2))  # the warm-up is at t (1 − β₂)/2
    assert scenes.half_way(beta2, experiments.warm_up) == next(
        n for n in range(1, 2000) if n * left / 2 >= Fraction(1, 2)
    )


def test_measured_spreads_follow_radams_factor():
    at, rates = experiments.first_rates(0.99)
    spread, late = rates.std(axis=1), at >= 20
    assert spread[-1] / spread[late] == pytest.approx(experiments.rectification(at[late], 0.99), rel=0.15)


# The arena --------------------------------------------------------------------------------------------------------


def test_steps_needed_are_counted_to_the_last_that_is_too_high():
    surface, w = surfaces.bowl(kappa=20.0), np.array([[-8.0, 4.0], [1.0, 1.0], [3.0, -5.0]])
    found = experiments.needed(optimizers.momentum, surface, w, RATES)
    for i, j in itertools.product(range(len(RATES)), range(3)):
        path = descend(optimizers.momentum, w[j], surface.grad, 300, lr=RATES[i], mu=0.9)
        loss = surface.loss(path["w"])
        high = [t for t in range(301) if not loss[t] <= 1e-3 * loss[0]]
        expected = 301 if path["diverged"] else min(max(high) + 1, 301)
        assert found[i, j] == expected


def test_no_start_is_tuned_on_and_ranked_on():
    for surface in experiments.GROUNDS.values():
        points = [tuple(w) for seed in range(SEEDS) for part in experiments.starts(surface, seed) for w in part]
        assert len(set(points)) == len(points) == SEEDS * 2 * experiments.STARTS


def test_what_ranks_has_no_say_in_which_rate_is_chosen(entries):
    results, budget = entries["Adam"], 5
    before = experiments.scores(results, budget)
    for task, (tune, rank) in results.items():
        chosen = [rank[s].tolist().index(before[task][s]) for s in range(SEEDS)]
        better = np.where(np.arange(len(RATES)) == 0, -99.0, rank)  # now the first rate would win where it ranks
        after = experiments.scores({task: np.array([tune, better])}, budget)[task]
        assert all(after[s] == better[s, chosen[s]] or chosen[s] == 0 for s in range(SEEDS))


def test_more_tries_contain_the_fewer_and_all_optimizers_get_the_same():
    for seed in range(SEEDS):
        for budget in range(1, len(RATES)):
            assert set(experiments.drawn(budget, seed)) < set(experiments.drawn(budget + 1, seed))
    assert set(experiments.drawn(len(RATES), 3)) == set(range(len(RATES)))
    firsts = {int(experiments.drawn(1, seed)[0]) for seed in range(SEEDS)}
    assert len(firsts) >= 4


def test_ranks_and_agreement_are_those_of_scipy():
    rng = np.random.default_rng(0)
    values = rng.integers(0, 5, (7, 4)).astype(float)  # with ties
    assert np.array_equal(experiments.ranks(values), stats.rankdata(values, axis=0))
    ranked = {str(i): row for i, row in enumerate(rng.random((6, 5)))}
    table = np.array(list(ranked.values()))
    pairs = [stats.spearmanr(table[:, i], table[:, j])[0] for i in range(5) for j in range(i)]
    assert experiments.agreement(ranked) == pytest.approx(np.mean(pairs))


def test_a_students_copy_of_adam_gets_adams_scores(entries):
    def copy(w, grad, t, m=0.0, v=0.0, *, lr=0.01):
        g = grad(w)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + (1 - 0.999) * g**2
        return dict(w=w - lr * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8), m=m, v=v)

    mine = experiments.contest(copy)
    for task, values in entries["Adam"].items():
        assert mine[task][:, :, :6] == pytest.approx(values[:, :, :6], rel=1e-3)  # large rates are chaotic


@pytest.mark.parametrize(
    "function, word",
    [
        (lambda w, grad, t, *, lr=0.1: dict(w=np.zeros(7)), "after the step"),
        (lambda w, grad, t, *, lr=0.1: dict(w=w / undefined), "NameError"),  # noqa: F821
        (lambda w, grad, t: dict(w=w), "lr"),
        (lambda w, g: w, "a function of"),
        ("adam", "a function of"),
        (lambda w, grad, t, *, lr=0.1: None, "answer"),
    ],
)
def test_an_optimizer_that_cannot_run_is_told_why_and_leaves_the_arena_as_it_was(function, word, monkeypatch):
    monkeypatch.setattr(experiments, "arena", lambda: {"Adam": "its results"})
    found, note = experiments.entered(function)
    assert list(found) == ["Adam"] and word in note


def test_an_optimizer_with_a_blank_stays_outside(monkeypatch):
    monkeypatch.setattr(experiments, "arena", lambda: {"Adam": "its results"})
    assert experiments.entered(lambda w, grad, t, *, lr=0.1: dict(w=____)) == ({"Adam": "its results"}, "")


def test_an_optimizer_that_flies_away_is_ranked_last(entries):
    away = experiments.contest(lambda w, grad, t, *, lr=0.1: dict(w=w * np.nan))
    for task, values in away.items():
        assert (values >= entries["gradient descent"][task].max()).all()


@pytest.mark.parametrize("tasks", experiments.RANKED)
def test_the_arenas_caption_names_who_leads(entries, tasks):
    """Of twelve: the two, and ten whose rates mean something else."""
    others = {f"{name} {k}": {task: np.roll(v, 2 * k, axis=-1) for task, v in results.items()}
              for k in range(1, 6) for name, results in entries.items()}  # fmt: skip
    field = entries | others
    for budget in range(1, 13):
        mean = np.zeros(len(field))
        for task, seed in itertools.product(experiments.RANKED[tasks], range(SEEDS)):
            tried = experiments.drawn(budget, seed)
            best = [min(tried, key=lambda k: (tune[seed, k], k)) for tune, _ in (one[task] for one in field.values())]
            got = [one[task][1][seed, k] for one, k in zip(field.values(), best, strict=True)]
            mean += stats.rankdata(np.round(got, 9)) / len(experiments.RANKED[tasks]) / SEEDS
        each = {name: experiments.scores(results, budget) for name, results in field.items()}
        said = scenes.leads(experiments.mean_ranks(each, experiments.RANKED[tasks]))
        places = re.fullmatch(r"first (.*) \(mean rank ([\d.]+)\), then (.*) \(([\d.]+)\)", said)
        first, second = np.unique(mean.round(9))[:2]
        for names, value, level in ((places[1], places[2], first), (places[3], places[4], second)):
            assert re.split(", | and ", names) == [n for n, m in zip(field, mean, strict=True) if abs(m - level) < 1e-8]
            assert float(value) == pytest.approx(level, abs=0.051)
    scene = scenes.Arena()
    scene.show((field, budget, tasks, ""))
    scene.at(0)
    assert said in scene.caption and "nan" not in scene.caption


def test_those_with_equal_ranks_are_named_together():
    same = {"a": np.array([2.0, 3.0]), "b": np.array([1.0, 1.2]), "c": np.array([3.0, 2.0]), "d": np.array([4.0, 4.0])}
    assert scenes.leads(same) == "first b (mean rank 1.1), then a and c (2.5)"
    assert scenes.leads({name: same[name] for name in "ac"}) == "first a and c (mean rank 2.5)"


def test_names_written_beside_the_lines_keep_apart_and_in_order():
    rng = np.random.default_rng(0)
    for _ in range(50):
        heights = rng.uniform(1, 12, 12)
        moved = np.array(scenes.apart(list(heights)))
        assert np.diff(np.sort(moved)).min() > 0.8 and (np.argsort(moved) == np.argsort(heights)).all()


def test_the_contestants_are_optimizers_of_the_package():
    assert all(step in optimizers.OPTIMIZERS.values() for step in CONTESTANTS.values())


# Exercises --------------------------------------------------------------------------------------------------------


def by_hand(w, m, v, g, t, lr, beta1, beta2, eps):
    """Adam as the paper's section 2 has it: both corrections in the step size."""
    m = m + (1 - beta1) * (g - m)
    v = v + (1 - beta2) * (np.square(g) - v)
    scale = np.sqrt(1 - beta2**t)
    return [w - lr * scale / (1 - beta1**t) * m / (v**0.5 + eps * scale), m, v]


def test_right_answers_written_otherwise_are_right():
    assert exercises.adam_step.check(by_hand).outcome == "correct"
    answers = {
        exercises.nadam_mhat: lambda m, g, t, b: (b * m) / (1 - b * b**t) + g * (1 - b) / (1 - b**t),
        exercises.amsgrad_root: lambda v, top, g, t, b: (
            new := v * b + g * g * (1 - b), big := np.where(new > top, new, top), np.sqrt(big) / np.sqrt(1 - b**t)
        ),
        exercises.adamw_update: lambda w, m_hat, root, lr, decay: (1 - lr * decay) * w - lr * m_hat / root,
    }  # fmt: skip
    for ex, answer in answers.items():
        given = (
            answer
            if ex.name != "nadam_mhat"
            else (lambda m, g, t, beta1: answers[exercises.nadam_mhat](m, g, t, beta1))
        )
        if ex.name == "amsgrad_root":
            given = lambda v, v_max, g, t, beta2: answers[exercises.amsgrad_root](v, v_max, g, t, beta2)  # noqa: E731
        assert ex.check(given).outcome == "correct", ex.check(given)


def test_the_best_of_k_tries_is_what_all_ways_of_trying_give():
    def by_counting(losses, K):
        if len(losses) ** K > 5000:  # too many ways to write down: the chance of “none better” instead
            s, n = np.sort(losses)[::-1], len(losses)
            least = np.arange(1, n + 1) / n
            return float((s * np.diff(np.append(0, least**K))).sum())
        return np.mean([min(some) for some in itertools.product(losses, repeat=K)])

    assert exercises.expected_best.check(by_counting).outcome == "correct"


def test_a_students_adam_runs_beside_ours_and_an_error_is_told():
    run = exercises.beside(by_hand)("noise", 1.0, 0.9, 0.999)[2]
    assert run["yours"]["step"] == pytest.approx(run["ours"]["step"], abs=1e-9)
    assert list(exercises.beside(lambda *_: ____)("noise", 1.0, 0.9, 0.999)[2]) == ["ours"]

    def late(w, m, v, g, t, lr, beta1, beta2, eps):
        return (w, m, v) if t < 20 else (w, m, v / undefined)  # noqa: F821

    *_, note = exercises.beside(late)("noise", 1.0, 0.9, 0.999)
    assert note == "NameError: name 'undefined' is not defined"


def test_a_training_goes_on_as_it_was_with_all_of_its_state_and_leaps_up_without():
    losses = experiments.resumed()
    highest = {kept: np.median(loss.max(axis=0)) for kept, loss in losses.items()}
    before = np.median(losses["all"][0])
    assert highest["all"] < 1.2 * before and highest["w"] > 3 * before and highest["w-t"] > 5 * highest["w"]
    assert all((loss[0] == losses["all"][0]).all() for loss in losses.values())


def test_what_is_below_half_of_the_smallest_float16_is_rounded_to_zero():
    half = float(np.nextafter(np.float16(0), np.float16(1))) / 2
    assert np.float16(0.999 * half) == 0 < np.float16(1.001 * half) and np.float16(1e-8) == 0
