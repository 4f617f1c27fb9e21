"""What the figures, the questions and the results of chapter 13 run."""

import functools
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from optim_core.data import digits
from optim_core.descent import descend
from optim_core.exercises import has_blank
from optim_core.exercises.diagnosis import numbers
from optim_core.exercises.running import run
from optim_core.fast import one_thread
from optim_core.gradients import l2
from optim_core.losses import cross_entropy, mse, one_hot, softmax
from optim_core.network import Dropout, Linear, Network, Relu, Tanh
from optim_core.optimizers import adam, adamw, gd

# ---- polynomials on a few points ----

DEGREES = np.arange(16)
GRID = np.linspace(-1, 1, 201)


def truth(x):
    """The curve that the points of the first figure lie about, sin(3x)."""
    return np.sin(3 * x)


def points(n, noise, seed=0):
    """n evenly spaced points about `truth`: (x, y), y = sin(3x) + noise · N(0, 1)."""
    x = np.linspace(-1, 1, n)
    return x, truth(x) + noise * np.random.default_rng(seed).standard_normal(n)


def ridge(A, y, lam, spared=()):
    """The w that minimises the mean of ½ (Aw − y)² plus λ/(2n) Σ wⱼ²; λ = 0: of all best ones, the shortest.

    A: (n, k); y: (n, …); spared: columns whose weight the penalty leaves alone, such as that of the constant.

    >>> ridge(np.eye(2), np.array([3.0, 3.0]), lam=0.5, spared=[1]).round(6).tolist()
    [2.0, 3.0]
    """
    if lam == 0:
        return np.linalg.lstsq(A, y, rcond=None)[0]
    penalty = np.full(A.shape[1], float(lam))
    penalty[list(spared)] = 0.0
    return np.linalg.solve(A.T @ A + np.diag(penalty), A.T @ y)


def polynomials(n, noise, lam, seed=0):
    """A polynomial of each degree in DEGREES fitted to the same n points.

    Returns ((x, y), fits (16, 201) on GRID, errors on the points (16,), on new points (16,)); errors are mean squares,
    that on new points is exact: the mean over the grid of (fit − truth)², plus noise².
    """
    x, y = points(n, noise, seed)
    A, B = (np.polynomial.legendre.legvander(at, DEGREES[-1]) for at in (x, GRID))
    w = [ridge(A[:, : d + 1], y, lam, spared=[0]) for d in DEGREES]
    fits = np.array([B[:, : len(one)] @ one for one in w])
    seen = np.array([np.mean((A[:, : len(one)] @ one - y) ** 2) for one in w])
    return (x, y), fits, seen, np.mean((fits - truth(GRID)) ** 2, axis=-1) + noise**2


def ratio_of_errors():
    """The error on new points of degree 14 through 15 points (σ = 0.3), divided by that of degree 4; median of 200.

    From ten draws to the next ten the median goes from 65 to 640: ten would not do.
    """
    y, errors = np.stack([points(15, 0.3, seed)[1] for seed in range(200)], axis=1), []
    for degree in (4, 14):
        A, B = (np.polynomial.legendre.legvander(at, degree) for at in (points(15, 0.0)[0], GRID))
        errors.append(np.mean((B @ ridge(A, y, 0.0) - truth(GRID)[:, None]) ** 2, axis=0) + 0.3**2)
    return float(np.median(errors[1] / errors[0]))


# ---- least squares on random features ----

N = 200  # digits to train on
COUNTS = (5, 10, 20, 40, 60, 80, 100, 130, 160, 180, 190, 200, 210, 220, 250, 300, 400, 600, 1000, 2000, 4000)
PENALTIES = (0.0, 0.01, 0.1, 1.0, 10.0, 100.0)


class Sweep(NamedTuple):
    """Least squares on p random features, for the p so far and every λ of PENALTIES.

    p: (k,); wrong: share of the held-out digits that are wrong, (k, λ); seen: of the training ones; norm: ‖W‖.
    """

    p: list
    wrong: list
    seen: list
    norm: list


_SWEEPS = {}


@one_thread()
def _more(A, B, K, K_test):
    return K + A @ A.T, K_test + B @ A.T


def random_features(noise=0.0, seed=0, counts=COUNTS):
    """A stream of Sweeps, one for each number of features p, from few to many.

        A = max(XV, 0),   V ~ N(0, ¼²) of shape (64, p)           minimise ½‖AW − Y‖² + ½ λ‖W‖²,   Y one-hot

    With W = AᵀC only products of examples are needed, K = AAᵀ of shape (200, 200): (K + λ) C = Y. It has min(p, 200)
    eigenvalues above 0, and for λ = 0 only these are divided by: of all best W that is the shortest. The features of a
    smaller p are among those of a larger one.
    """
    key = (noise, seed, counts)
    if key not in _SWEEPS:
        data, p0, sweep = digits(N, seed, noise=noise), 0, Sweep([], [], [], [])
        V = np.random.default_rng([seed, 1]).standard_normal((counts[-1], 64)).T / 4
        Y, K, K_test = one_hot(data.y, 10), np.zeros((N, N)), np.zeros((len(data.y_test), N))
        for p in counts:
            A, B = (np.maximum(X @ V[:, p0:p], 0) for X in (data.X, data.X_test))
            (K, K_test), p0 = _more(A, B, K, K_test), p
            h, U = spectrum(K, p)
            wrong, seen, norm = [], [], []
            for lam in PENALTIES:
                C = U @ ((U.T @ Y) / (h + lam)[:, None])
                wrong.append(np.mean((K_test @ C).argmax(-1) != data.y_test))
                seen.append(np.mean((K @ C).argmax(-1) != data.y))
                norm.append(np.sqrt(np.sum(C * (K @ C))))
            sweep = Sweep([*sweep.p, p], [*sweep.wrong, wrong], [*sweep.seen, seen], [*sweep.norm, norm])
            yield sweep
        _SWEEPS[key] = sweep
    else:
        for k in range(1, len(counts) + 1):
            yield Sweep(*(part[:k] for part in _SWEEPS[key]))


def spectrum(K, p):
    """The eigenvalues of K, largest first, and their vectors: only the min(p, n) that p features can make."""
    h, U = np.linalg.eigh(K)
    k = min(p, len(K))
    return h[::-1][:k], U[:, ::-1][:, :k]


def at_the_threshold(p=200, seed=0):
    """The share of held-out digits, in per cent, that least squares on p random features gets wrong."""
    (*_, sweep) = random_features(0.0, seed)
    return 100 * float(sweep.wrong[sweep.p.index(p)][0])


# ---- shrink or stop ----

TIMES = np.geomspace(1, 1e6, 61)  # t, in steps of η = 1/h_max
STOPPED_FEATURES = 1000


def kept_by_ridge(h, lam):
    """The part of a direction of curvature h that the penalty ½λ‖w‖² leaves: h/(h + λ)."""
    return h / (h + lam)


def kept_by_stopping(h, lr, t):
    """The part of it that t steps of gradient descent from 0 have learnt: 1 − (1 − ηh)ᵗ.

    >>> bool(np.isclose(kept_by_stopping(2.0, 0.1, 3), 1 - 0.8**3)), kept_by_stopping(2.0, 0.5, 1)
    (True, 1.0)
    """
    return 1 - (1 - lr * h) ** t


@functools.cache
def stopping(noise, seed=0):
    """Held-out errors of early stopping and of ridge on the same 1000 random features of 200 digits.

    Returns (h, stopped, shrunk): the eigenvalues of AAᵀ; the share that is wrong after each of TIMES, and that with
    λ = 1/(ηt) for each of them. η = 1/h_max.
    """
    data = digits(N, seed, noise=noise)
    V = np.random.default_rng([seed, 1]).standard_normal((STOPPED_FEATURES, 64)).T / 4
    A, B = (np.maximum(X @ V, 0) for X in (data.X, data.X_test))
    K, K_test = _more(A, B, 0.0, 0.0)
    h, U = spectrum(K, STOPPED_FEATURES)
    lr, parts = 1 / h[0], U.T @ one_hot(data.y, 10)
    answers = []
    for kept in (kept_by_stopping(h, lr, TIMES[:, None]), kept_by_ridge(h, 1 / (lr * TIMES[:, None]))):
        Z = (K_test @ U) @ ((kept / h)[..., None] * parts)
        answers.append((Z.argmax(-1) != data.y_test).mean(-1))
    return h, *answers


# ---- L2 or decoupled ----

ROUNDS, RUNS = 600, 50


@functools.cache
def _noise():
    noise = np.random.default_rng(0).standard_normal((ROUNDS, RUNS, 2))
    noise.flags.writeable = False
    return noise


def two_weights(lr, decay, sigma=(0.1, 10.0)):
    """Two weights that start at 1 and get nothing but noise for a gradient; 50 runs of 600 steps.

    Returns {"Adam + L2": w, "AdamW": w}, w of shape (601, 50, 2).
    """
    noise, start = _noise() * np.asarray(sigma, float), np.ones((RUNS, 2))

    def grad(w, t):
        return noise[t - 1]

    return {
        "Adam + L2": descend(adam, start, l2(grad, decay), ROUNDS, lr=lr)["w"],
        "AdamW": descend(adamw, start, grad, ROUNDS, lr=lr, decay=decay)["w"],
    }


# ---- networks on few digits ----

FEW = 100
LAYERS = (64, 32, 10)


def network(p=0.0):
    """64 inputs, 32 rectified units, 10 classes; p > 0: dropout on the 32."""
    first = [Linear(64, 32), Relu(), Linear(32, 10)]
    return Network([*first[:2], Dropout(p), first[2]] if p else first, cross_entropy)


def penalties(net, lam, first=1.0, biases=False):
    """λ for each of a network's weights: times `first` in its first matrix, 0 for the biases unless told otherwise.

    >>> net = network()
    >>> sorted(set(penalties(net, 0.1, first=3.0).round(6).tolist()))
    [0.0, 0.1, 0.3]
    """
    each = lam * (np.ones(net.n) if biases else net.is_weight.astype(float))
    each[net.matrices[0][0]] *= first
    return each


LOOK = 20  # steps from one look to the next
LENGTH = 600
PER_PIECE = 5  # looks from one picture to the next


class Training(NamedTuple):
    """A training on few digits, so far: at the steps `t` the losses and accuracies on training and held-out digits."""

    t: list
    loss: list
    test_loss: list
    seen: list
    right: list
    size: list


def knobs(lam, first, p, wrong, biases=False, seed=0, lr=0.3):
    """A stream of Trainings: gradient descent on 100 digits, a share of them with wrong labels, with L2 and dropout."""
    data, net = digits(FEW, seed, noise=wrong), network(p)
    w, each = net.init(seed, "he"), penalties(net, lam, first, biases)
    task, all_seen = net.on(data.X, data.y, seed=seed), net.on(data.X, data.y, train=False)
    test = net.on(data.X_test[:600], data.y_test[:600], train=False)
    grad = l2(_stepping(task), each)
    run = Training([], [], [], [], [], [])
    for t in range(0, LENGTH + 1, LOOK):
        if t:
            w = descend(gd, w, grad, LOOK, start=t - LOOK, keep="last", lr=lr)["w"]
        size = np.linalg.norm(w[net.matrices[0][0]])
        measures = (t, all_seen.loss(w), test.loss(w), all_seen.accuracy(w), test.accuracy(w), size)
        run = Training(*([*old, new] for old, new in zip(run, measures, strict=True)))
        if t and t % (LOOK * PER_PIECE) == 0:
            yield run


def _stepping(task):
    """The task's gradient, with a new mask in every step."""
    return lambda w, t: replace(task, step=t).grad(w)


@functools.cache
def plain(wrong):
    """The training without any of the knobs."""
    (*_, run) = knobs(0.0, 1.0, 0.0, wrong)
    return run


def stopped_at(losses, patience):
    """Where the lowest loss stands when patience runs out, and where it does: at the last entry, if it never does.

    >>> stopped_at([5, 4, 3, 4, 5, 6, 2], patience=3), stopped_at([3, 2, 1], patience=2)
    ((2, 5), (2, 2))
    """
    best = 0
    for k, loss in enumerate(losses):
        if loss < losses[best]:
            best = k
        if k - best >= patience:
            return best, k
    return best, len(losses) - 1


# ---- grokking ----

GROK = 100  # digits
GROK_DECAYS = (0.0, 0.1, 0.3)


class Grown(NamedTuple):
    """Trainings of the same start with several λ, so far: (looks, λ) each."""

    t: list
    seen: list
    right: list
    size: list


def grokking_network():
    """64-32-10 rectified units, with the squared error on one-hot targets."""
    return Network([Linear(64, 32), Relu(), Linear(32, 10)], mse)


def growing(scale=8.0, lr=0.01, decays=GROK_DECAYS, seeds=(0,), steps=2000, looks=None):
    """A stream of Grown: AdamW on 100 digits, all at once, from initial weights that are `scale` times as large.

    seeds: one number draws the data and the weights of one run; what is given has shape (looks, λ, seeds).
    """
    net = grokking_network()
    parts = [digits(GROK, seed) for seed in seeds]
    task = net.on(np.stack([d.X for d in parts]), np.stack([one_hot(d.y, 10) for d in parts]))
    test = net.on(np.stack([d.X_test[:500] for d in parts]), np.stack([one_hot(d.y_test[:500], 10) for d in parts]))
    w = scale * np.stack([net.init(seed) for seed in seeds])
    w = np.broadcast_to(w, (len(decays), *w.shape)).copy()
    state, how = dict(w=w), dict(lr=lr, decay=np.array(decays)[:, None, None] * net.is_weight, keep="last")
    looks = looks or sorted({0, *(int(round(t)) for t in np.geomspace(1, steps, 40))})
    grown = Grown([], [], [], [])
    for before, t in zip([0, *looks], looks, strict=False):
        if t > before:
            state = descend(adamw, grad=task.grad, steps=t - before, start=before, **how, **state)
            state.pop("diverged")
        w = state["w"]
        now = (t, task.accuracy(w), test.accuracy(w), np.linalg.norm(w, axis=-1))
        grown = Grown(*([*old, new] for old, new in zip(grown, now, strict=True)))
        yield grown


def held_out_late(t=2000):
    """The share of held-out digits, in per cent, that is right after t steps: λ = 0.1, a start 8 times as large."""
    (grown,) = growing(decays=(0.1,), looks=[t])
    return 100 * float(grown.right[-1][0, 0])


@functools.cache
def noisy_gradient(t):
    """A gradient that is nothing but noise: of w₁ 0.1, of w₂ 10, at step t."""
    g = np.random.default_rng([13, t]).standard_normal(2) * np.array([0.1, 10.0])
    g.flags.writeable = False
    return g


# ---- averages ----

MEMBERS = 16
DIFFER = ("initial weights", "initial weights and examples", "examples")
MEMBER_DIGITS = 100


class Ensemble(NamedTuple):
    """Networks that differ in something, and how good the mean of M of them is, M = 1 … 16.

    brier: squared error of the mean of M networks' probabilities, over 200 random choices of the M: its mean and its
    10th and 90th percentile, (3, 16); right: accuracy of the mean of the first M; variance, rho: of the errors of
    one, and the correlation between two; averaged: accuracy of the one network with the mean of the M weights.
    """

    brier: np.ndarray
    right: np.ndarray
    averaged: np.ndarray
    variance: float
    rho: float


@functools.cache
def ensemble(differ, wrong=0.0, seed=0, scale=1.0):
    """Sixteen networks on 100 digits: with other initial weights, with resampled (bootstrapped) examples, or both.

    scale: what the initial weights are multiplied by.
    """
    net = Network([Linear(64, 32), Tanh(), Linear(32, 10)], cross_entropy)
    data, rng = digits(MEMBER_DIGITS, seed, noise=wrong), np.random.default_rng([seed, 5])
    some = np.tile(np.arange(MEMBER_DIGITS), (MEMBERS, 1))
    if differ != "initial weights":
        some = rng.integers(MEMBER_DIGITS, size=some.shape)
    starts = [scale * net.init([seed, 0 if differ == "examples" else m + 1]) for m in range(MEMBERS)]
    task = net.on(data.X[some], data.y[some])
    w = descend(gd, np.stack(starts), task.grad, 100, keep="last", lr=1.0)["w"]
    test = net.on(data.X_test[:600], data.y_test[:600], train=False)
    p = softmax(test.forward(w)[0])  # (members, examples, classes)
    return measured(p, test.Y)._replace(averaged=test.accuracy(np.cumsum(w, 0) / np.arange(1, MEMBERS + 1)[:, None]))


def measured(p, Y):
    """An Ensemble of probabilities p, (members, examples, classes), for one-hot Y, (examples, classes).

    Two members that are wrong by ±1 for one example: the errors cancel.

    >>> two = measured(np.array([[[1.0, 0.0]], [[0.0, 1.0]]]), np.array([[0.5, 0.5]]))
    >>> two.variance, two.rho, two.brier[0].tolist()
    (0.5, -1.0, [0.5, 0.0])
    """
    mean = np.cumsum(p, axis=0) / np.arange(1, len(p) + 1)[:, None, None]
    products = np.einsum("mnc,knc->mk", p - Y, p - Y) / len(Y)
    variance = float(np.trace(products) / len(p))
    covariance = float((products.sum() - np.trace(products)) / (len(p) * (len(p) - 1)))
    rng, errors = np.random.default_rng(0), np.empty((len(p), 200))
    for M, row in enumerate(errors, start=1):
        for k in range(200):
            some = rng.permutation(len(p))[:M]
            row[k] = products[np.ix_(some, some)].mean()  # ‖mean of errors‖² = mean of their products
    brier = np.array([errors.mean(1), *np.percentile(errors, [10, 90], axis=1)])
    right = (mean.argmax(-1) == Y.argmax(-1)).mean(-1)
    return Ensemble(brier, right, np.zeros(len(p)), variance, covariance / variance)


def of_the_mean(variance, rho, M):
    """The mean squared error of the mean of M members: ρσ² + (1 − ρ)σ²/M.

    >>> of_the_mean(2.0, 0.0, 4), of_the_mean(2.0, 1.0, 4)
    (0.5, 2.0)
    """
    return rho * variance + (1 - rho) * variance / M


# ---- dropout ----

INPUTS = 50
RULES = ("inverted: divide by 1 − p in training", "nothing is scaled", "divide by p in training")


@functools.cache
def unit():
    """The 50 contributions wⱼxⱼ to one unit; their sum is 10."""
    parts = 0.2 + 0.6 * np.random.default_rng(0).standard_normal(INPUTS)
    parts += (10 - parts.sum()) / INPUTS
    parts.flags.writeable = False
    return parts


def masked_sums(p, rule, draws=4000):
    """What the unit sums up to in training, for so many masks, under a rule of RULES; each number drops with p > 0."""
    stays = np.random.default_rng(1).random((draws, INPUTS)) >= p
    factor = {RULES[0]: 1 / (1 - p), RULES[1]: 1.0, RULES[2]: 1 / p}[rule]
    return (stays @ unit()) * factor


def beside(function):
    """The experiment of the figure in which a student's dropout(x, u, p) runs beside ours."""

    def experiment(p):
        u = np.random.default_rng(1).random((2000, INPUTS))
        x, trouble = np.broadcast_to(unit(), u.shape), ""
        all_sums = {"ours": (x * (u >= p) / (1 - p)).sum(-1)}
        if not has_blank(function):
            ran = run(function, (x.copy(), u, p))
            y = numbers(ran.value)
            if y is not None and y.shape == x.shape and np.isfinite(y).all():
                all_sums["yours"] = y.sum(-1)
            else:
                trouble = f"Yours did not give an array of shape {x.shape} of finite numbers."
        return p, all_sums, trouble

    return experiment


SCALES = np.geomspace(0.1, 10, 9)  # ‖xⱼ‖ of orthogonal features


def trained_with_dropout(p, steps=3000, seed=0):
    """The weights that gradient descent finds with dropout, as parts of those of least squares, for each of SCALES.

    Features are orthogonal, ‖xⱼ‖ = SCALES; dropout hits inputs, so wⱼxⱼ/(1 − p) stays or is gone; the mean of the last
    half of the steps. η falls with the feature's size, so that all of them are learnt in time.
    """
    rng = np.random.default_rng(seed)
    h, w, total = SCALES**2, np.ones(len(SCALES)), np.zeros(len(SCALES))
    for t in range(steps):
        # one example per feature, as the features do not meet: xⱼ = SCALES[j], y = SCALES[j] (so that w = 1)
        m = (rng.random((32, len(SCALES))) >= p) / (1 - p)
        w = w - 0.05 * (1 - p) * ((m * h * (m * w - 1)).mean(0)) / h
        total += w * (t >= steps // 2)
    return total / (steps - steps // 2)


# ---- gradient penalty ----


def critic(distance, lam, steps=100):
    """The slope w that gradient ascent on w·d − λ(w − 1)² finds, from w = 0.5; d: the distance of the two points.

    >>> round(critic(4.0, 10.0), 6)
    1.2
    """

    def downhill(w):
        return -(distance - 2 * lam * (w - 1))

    return float(descend(gd, [0.5], downhill, steps, keep="last", lr=0.25 / lam)["w"][0])


# ---- what each of them buys ----

BOUGHT_LAMBDAS = (0.0, 0.01, 0.03, 0.1)


@functools.cache
def bought(wrong, seeds=10, steps=240):
    """Held-out accuracy of gradient descent on 100 digits, η = 0.5, with each means alone: {name: (seeds,)}.

    The 1697 held-out digits are split: 300 choose when to stop, the others measure.
    """
    parts, plain_net = [digits(FEW, seed, noise=wrong) for seed in range(seeds)], network()
    X, y, X_test, y_test = (np.stack([getattr(d, f) for d in parts]) for f in ("X", "y", "X_test", "y_test"))
    starts = np.stack([plain_net.init(seed, "he") for seed in range(seeds)])
    task, choose = plain_net.on(X, y), plain_net.on(X_test[:, :300], y_test[:, :300])
    test = plain_net.on(X_test[:, 300:900], y_test[:, 300:900])
    lams = [penalties(plain_net, lam) for lam in BOUGHT_LAMBDAS] + [penalties(plain_net, 0.03, biases=True)]
    w = np.broadcast_to(starts, (len(lams), *starts.shape)).copy()
    looks, right = [], []
    for t in range(0, steps, LOOK):
        w = descend(gd, w, l2(task.grad, np.array(lams)[:, None]), LOOK, start=t, keep="last", lr=0.5)["w"]
        looks.append(choose.loss(w[0]))
        right.append(test.accuracy(w[0]))
    names = [f"λ = {lam}" for lam in BOUGHT_LAMBDAS] + ["λ = 0.03, biases too"]
    out = dict(zip(names, test.accuracy(w), strict=True))
    out["stopped early"] = np.array(right)[np.argmin(looks, axis=0), np.arange(seeds)]
    dropped = network(0.5)
    u = descend(gd, starts, _stepping(dropped.on(X, y)), steps, keep="last", lr=0.5)["w"]
    out["dropout, p = 0.5"] = test.accuracy(u)
    out["the same, left on at test"] = dropped.on(X_test[:, 300:900], y_test[:, 300:900], train=True).accuracy(u)
    return out
