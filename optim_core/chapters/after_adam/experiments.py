"""What chapter 16 runs: lengths of steps, four modes, a turned valley, runs without a horizon, a valley, a race."""

import functools

import numpy as np

from optim_core import surfaces
from optim_core.data import digits
from optim_core.descent import descend
from optim_core.gradients import l2, sam
from optim_core.muon import muon, newton_schulz, orthogonalise
from optim_core.network import Linear, Network, Relu
from optim_core.optimizers import adam, gd, lion, momentum, schedule_free, sign_gd
from optim_core.schedules import constant, cosine, linear, wsd
from optim_core.training import train

# ---- length, measured differently ----

DIRECTIONS = {  # what becomes of a gradient matrix; each is scaled to its own length 1
    "G divided by its norm": lambda G: G / np.linalg.norm(G),
    "sign of each entry": np.sign,
    "UVᵀ, exactly": orthogonalise,
    "Newton–Schulz, 5 steps": newton_schulz,
}


def turned(degrees):
    """The rotation by an angle, shape (2, 2).

    >>> turned(90).round(9).tolist()
    [[0.0, -1.0], [1.0, 0.0]]
    """
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s], [s, c]])


def gradient_matrix(kappa, angle):
    """A 2×2 matrix with the singular values 1 and 1/κ, turned by an angle."""
    return (turned(angle) @ np.diag([1, 1 / kappa]) @ turned(30).T).round(12)


def shampoo_once(G):
    """(G Gᵀ)^(−¼) G (Gᵀ G)^(−¼), Shampoo's step after its first gradient. G: an invertible matrix.

    >>> shampoo_once(np.diag([3.0, 0.01])).round(9).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    return power(G @ G.T, -1 / 4) @ G @ power(G.T @ G, -1 / 4)


def power(S, p):
    """A power of symmetric matrices (…, n, n) with eigenvalues > 0: Q diag(λᵖ) Qᵀ."""
    values, Q = np.linalg.eigh(S)
    return (Q * values[..., None, :] ** p) @ Q.swapaxes(-1, -2)


# ---- four modes of a linear network ----

STRENGTHS = np.array([4.0, 2.0, 1.0, 0.5])


@functools.lru_cache(256)
def modes(method, lr, seed=0, steps=250, size=8):
    """How much of each strength a linear network W₂ W₁ has learned, shape (steps + 1, 4); 1 is all of it.

        L = ½ ‖W₂ W₁ − A‖²,  A = U diag(4, 2, 1, ½, 0, …) Vᵀ with random U, V;  W₁, W₂ start at N(0, 0.02²)

    η falls in a straight line to 0 with Adam and Muon, whose steps do not become short by themselves.
    """
    rng = np.random.default_rng([seed, 16])
    U, V = (np.linalg.qr(rng.normal(size=(size, size)))[0] for _ in range(2))
    U, V = U[:, :4], V[:, :4]
    A = (U * STRENGTHS) @ V.T
    W, rate = (
        0.02 * rng.normal(size=(2, size, size)),
        constant(lr) if method == "gradient descent" else linear(lr, steps),
    )

    def grad(w):
        W1, W2 = w.reshape(2, size, size)
        R = W2 @ W1 - A
        return np.stack([W2.T @ R, R @ W1.T]).ravel()

    step = {"gradient descent": gd, "Adam": adam, "Muon": _muon_of_two}[method]
    path = descend(step, W.ravel(), grad, steps, lr=rate)["w"].reshape(-1, 2, size, size)
    product = path[:, 1] @ path[:, 0]
    share = np.einsum("ik,tij,jk->tk", U, product, V) / STRENGTHS
    share.flags.writeable = False
    return share


def _muon_of_two(w, grad, t, m=0.0, *, lr=0.02, mu=0.9):
    """Muon for two square matrices in one row, without biases."""
    g = grad(w)
    m = mu * m + (1 - mu) * g
    u = mu * m + (1 - mu) * g
    size = int(np.sqrt(w.shape[-1] / 2))
    w = w - lr * newton_schulz(u.reshape(2, size, size)).ravel()
    return dict(w=w, m=m)


def half_times(share):
    """The first step at which half of each mode is learned; inf where it never is."""
    reached = share >= 0.5
    return np.where(reached.any(0), reached.argmax(0), np.inf)


# ---- a turned valley: Shampoo's and SOAP's idea in two dimensions ----

METHODS = ("sign descent", "Lion", "Adam", "Shampoo", "SOAP")
START = np.array([-2.0137, 1.0071])  # along the valley, across it; no multiple of a step: signs would end exactly at 0


def in_the_valley(method, kappa, angles, lr, steps=100, beta1=0.9, beta2=0.99, eps=1e-8):
    """Paths (steps + 1, len(angles), 2) on L = ½ (u₁²/κ + u₂²), u = w turned back by each angle; η falls to 0.

    With L̄ the average of g gᵀ and m that of g, both corrected for having started at 0, w a single column:

        Shampoo    w ← w − η (L̄ + ε)^(−½) m
        SOAP       Q ← eigenvectors of L̄;  Adam's step with Qᵀg in place of g;  turned back by Q
    """
    R = np.stack([turned(angle) for angle in angles])
    H = R @ np.diag([1 / kappa, 1.0]) @ R.swapaxes(-1, -2)
    w, rate = R @ START, linear(lr, steps)
    grad = lambda w: np.einsum("aij,aj->ai", H, w)  # noqa: E731
    if method in ("sign descent", "Lion", "Adam"):
        step, how = {"sign descent": (sign_gd, {}), "Lion": (lion, {}), "Adam": (adam, dict(beta2=beta2))}[method]
        return descend(step, w, grad, steps, lr=rate, **how)["w"]
    m, L, v, path = np.zeros_like(w), np.zeros_like(H), np.zeros_like(w), [w]
    for t in range(1, steps + 1):
        g = grad(w)
        m = beta1 * m + (1 - beta1) * g
        L = beta2 * L + (1 - beta2) * g[:, :, None] * g[:, None, :]
        m_hat, L_hat = m / (1 - beta1**t), L / (1 - beta2**t)
        if method == "Shampoo":
            d = np.einsum("aij,aj->ai", power(L_hat + eps * np.eye(2), -1 / 2), m_hat)
        else:
            Q = np.linalg.eigh(L_hat)[1]
            v = beta2 * v + (1 - beta2) * np.einsum("aji,aj->ai", Q, g) ** 2
            inside = np.einsum("aji,aj->ai", Q, m_hat) / (np.sqrt(v / (1 - beta2**t)) + eps)
            d = np.einsum("aij,aj->ai", Q, inside)
        w = w - rate(t - 1) * d
        path.append(w)
    return np.array(path)


def valley_loss(w, kappa, angles):
    """½ (u₁²/κ + u₂²) of paths (…, len(angles), 2)."""
    u = np.einsum("aji,...aj->...ai", np.stack([turned(angle) for angle in angles]), w)
    return (u[..., 0] ** 2 / kappa + u[..., 1] ** 2) / 2


def turned_valley(kappa, angle, lr, names):
    """What the figure shows: paths and losses at one angle, and what is left after the run at angles from 0 to 180."""
    angles = np.append(np.arange(0, 181, 5), angle)
    paths = {name: in_the_valley(name, kappa, angles, lr) for name in names}
    losses = {name: valley_loss(path, kappa, angles) for name, path in paths.items()}
    here = {name: path[:, -1] for name, path in paths.items()}, {name: loss[:, -1] for name, loss in losses.items()}
    return kappa, angle, lr, *here, angles[:-1], {name: loss[-1, :-1] for name, loss in losses.items()}


# ---- without a horizon ----

LAMBDAS = np.geomspace(1e-3, 1, 15)
RATES = np.array([0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1.2, 1.9])  # eight tries for each method; from 2 on it diverges
FREE_RATES = np.array([0.1, 0.2, 0.4, 0.7, 1.2, 2.0, 3.0, 4.0])  # of schedule-free, whose y follows z by a tenth
PLANS = {"constant η": constant, "cosine to T": cosine, "constant, then to 0 at T": wsd}
KEPT = {"averaged": 0.0, "schedule-free": 0.9}  # β of schedule-free descent; 0 is the mean of all points


LONGEST = 600  # steps shown


@functools.lru_cache(64)
def horizon(T, noise):
    """Runs on a noisy quadratic, each with the best of eight η at step T: {name: expected losses}, {name: η}.

        L = ½ Σ λᵢ wᵢ²,  gᵢ = λᵢ wᵢ + noise √λᵢ ξᵢ,  15 curvatures λ from 0.001 to 1, all wᵢ start at 1

    Nothing is drawn: second moments of w and z follow exactly from step to step.
    """
    losses = dict(without_plan(noise))
    for name, make in PLANS.items():
        if make is not constant:
            shape = np.array([make(1.0, T)(t) for t in range(LONGEST)])
            losses[name] = expected(shape[:, None] * RATES, noise)
    names = [*PLANS, *KEPT]
    best = {name: int(losses[name][T].argmin()) for name in names}
    runs = {name: losses[name][:, best[name]] for name in names}
    return runs, {name: float(tries(name)[best[name]]) for name in names}


def tries(name):
    """The eight η that a method may choose from."""
    return FREE_RATES if name == "schedule-free" else RATES


@functools.lru_cache(8)
def without_plan(noise):
    """The same for what does not know T, every η: {name: (LONGEST + 1, rates)}."""
    eta = {name: np.broadcast_to(tries(name), (LONGEST, len(RATES))) for name in ("constant η", *KEPT)}
    return {"constant η": expected(eta["constant η"], noise)} | {
        name: expected(eta[name], noise, beta, average=True) for name, beta in KEPT.items()
    }


def expected(eta, noise, beta=0.0, average=False):
    """Expected losses (steps + 1, rates) of z, or of the mean w of all z; eta: (steps, rates).

    >>> expected(np.full((2, 1), 1.0), 0.0)[:, 0].round(3)  # ½ Σ λ (1 − λ)²ᵗ
    array([1.283, 0.336, 0.202])
    """
    zz = wz = ww = np.ones((np.shape(eta)[1], len(LAMBDAS)))  # E z², E w z, E w²
    seen = [zz]
    for t, rate in enumerate(np.asarray(eta)[..., None] * LAMBDAS, 1):  # rate = η λ
        # y = (1 − β) z + β w;  z ← z − η (λ y + noise √λ ξ) = a z − b w − …;  w ← (1 − 1/t) w + z/t
        a, b, c = 1 - (1 - beta) * rate, beta * rate, 1 / t
        kick = noise**2 * rate * rate / LAMBDAS
        if not average:
            zz = a * a * zz + kick
            seen.append(zz)
            continue
        zz, wz = a * a * zz - 2 * a * b * wz + b * b * ww + kick, a * wz - b * ww  # the new z, beside the old w
        ww, wz = (1 - c) ** 2 * ww + 2 * c * (1 - c) * wz + c * c * zz, (1 - c) * wz + c * zz
        seen.append(ww)
    return np.array(seen) @ LAMBDAS / 2


# ---- a valley that is narrow at one end ----

FLOOR = surfaces.from_formula("(0.15 + w1^2)*w2^2/2", window=(-2.2, 2.2, -1.2, 1.2), start=(1.8, 0.9))


def along_the_floor(lr, radius, start=(1.8, 0.9), steps=200):
    """Gradient descent and SAM on L = ½ (0.15 + w₁²) w₂², whose every point with w₂ = 0 is a minimum."""
    grads = {"gradient descent": FLOOR.grad, "SAM": sam(FLOOR.grad, radius)}
    return {name: descend(gd, start, grad, steps, lr=lr) for name, grad in grads.items()}


def sharpness(w):
    """The largest eigenvalue of the Hessian on the floor below w: 0.15 + w₁²."""
    return 0.15 + np.asarray(w)[..., 0] ** 2


# ---- the race on the digits: the same budget for all ----

NET = Network([Linear(64, 32), Relu(), Linear(32, 10)])
UPDATES, TUNING, FRESH = 200, (100, 101, 102), tuple(range(10))  # seeds to tune on, and ten others to report
RACE = {  # name: (step, four η to try, what else)
    "momentum": (momentum, (0.03, 0.1, 0.3, 1.0), {}),
    "momentum, WSD": (momentum, (0.03, 0.1, 0.3, 1.0), dict(plan=wsd)),
    "Adam": (adam, (0.003, 0.01, 0.03, 0.1), {}),
    "sign descent": (sign_gd, (0.001, 0.003, 0.01, 0.03), {}),
    "Lion": (lion, (0.0003, 0.001, 0.003, 0.01), {}),
    "Muon": (muon(NET), (0.003, 0.01, 0.03, 0.1), dict(mu=0.9, decay=0.0, lr_rest=0.003)),
    "schedule-free": (schedule_free, (1.0, 3.0, 10.0, 30.0), {}),
    "SAM": (momentum, (0.03, 0.1, 0.3, 1.0), dict(radius=0.1)),
}


@functools.cache
def _parts():
    """The digits with half of the held-out ones for tuning, and with the other half for the report."""
    data = digits()
    parts = (slice(None, 297), slice(297, None))
    return [data._replace(X_test=data.X_test[part], y_test=data.y_test[part]) for part in parts]


@functools.cache
def race(name):
    """One method: dict of lr, the best of four by held-out loss on three seeds, and of ten fresh seeds, loss and right.

    All get UPDATES·64 gradients of examples: SAM, which needs two gradients for a step, takes half as many steps.
    loss: mean training loss of the last 20 mini-batches; right: share of 300 digits not used for tuning.
    """
    step, rates, how = RACE[name]
    how, tune, report = dict(how), *_parts()
    radius, plan = how.pop("radius", None), how.pop("plan", constant)
    steps = UPDATES // 2 if radius else UPDATES
    wrap = (lambda grad: sam(grad, radius)) if radius else None
    rate = plan if plan is constant else lambda lr: plan(lr, steps)

    def run(lr, data, seeds):
        w = np.stack([NET.init(seed, "he") for seed in seeds])
        return train(NET, data, step, lr=rate(lr), steps=steps, every=steps, w=w, wrap=wrap, progress=False, **how)

    found = [np.mean(run(lr, tune, TUNING)["test_loss"][-1]) for lr in rates]
    lr = rates[int(np.nanargmin(found))]
    last = run(lr, report, FRESH)
    return dict(
        lr=lr, edge=lr in (rates[0], rates[-1]), loss=last["loss"][-20:].mean(0), right=last["test_accuracy"][-1]
    )


# ---- wrong labels: what SAM was praised for ----


@functools.cache
def wrong_labels(radius=0.0, decay=0.0, updates=600):
    """Held-out accuracies of ten networks, trained on 300 digits of which three in ten have a wrong label.

    Gradient descent, η = 0.2, mini-batches of 32; radius: SAM's ρ; decay: λ, as λ w in the gradient of each weight.
    """
    data = digits(train=300, noise=0.3)
    w = np.stack([NET.init(seed, "he") for seed in FRESH])

    def wrap(grad):
        grad = l2(grad, decay, only=NET.is_weight) if decay else grad
        return sam(grad, radius) if radius else grad

    how = dict(lr=0.2, steps=updates, batch=32, every=updates, w=w, wrap=wrap, progress=False)
    return train(NET, data, gd, **how)["test_accuracy"][-1]
