"""What chapter 16 says of runs, counted by hand."""

import functools
import math
import re

import numpy as np
from whole.counting import says

from optim_core.chapters.after_adam.experiments import FREE_RATES, METHODS, RATES
from optim_core.scenes.board import number
from optim_core.schedules import cosine, wsd

TINY = 1e-10


def little(words, loss):
    """Whether a loss of two digits is this one; what is tiny has a bound."""
    return loss < TINY if words == "below 10⁻¹⁰" else loss >= TINY and says(words, loss, 2)


def modes(values, seen, caption, t):
    """Shares in percent, and the steps at which each is half learned for the first time, in plain Python."""
    method, lr, shares = seen
    assert (method, lr) == (values["method"], values["lr"])
    *said, words = re.fullmatch(
        rf"{method[0].upper() + method[1:]}, η = {re.escape(number(lr))}, step {t} of 250: learned "
        r"(.*) % of 4, (.*) % of 2, (.*) % of 1, (.*) % of 0\.5\. (.*)\.", caption,
    ).groups()  # fmt: skip
    assert all(says(word, 100 * share) for word, share in zip(said, shares[t], strict=True))
    first, late = {}, []
    for s, row in zip(("4", "2", "1", "0.5"), shares.T.tolist(), strict=True):
        reached = [step for step, share in enumerate(row[: t + 1]) if share >= 0.5]
        if reached:
            first.setdefault(reached[0], []).append(s)
        else:
            late.append(s)

    def named(which):
        return f"strength {which[0]}" if len(which) == 1 else f"strengths {', '.join(which[:-1])} and {which[-1]}"

    if not first:
        assert words == f"No strength is half learned by step {t}"
    elif not late and len(first) == 1:
        assert words == "All are half learned at the same step"
    else:
        end = f"not by step {t}: {named(late)}" if late else f"last: {named(first[max(first)])}"
        assert words == f"Half learned first: {named(first[min(first)])}; {end}"


@functools.lru_cache(1000)
def expected(name, T, noise):
    """The expected loss at step T for each of eight η, from the second moments of (z, w), curvature by curvature."""
    lam, rates = np.geomspace(1e-3, 1, 15)[:, None], FREE_RATES if name == "schedule-free" else RATES
    beta, mean = 0.9 if name == "schedule-free" else 0.0, name in ("averaged", "schedule-free")
    plan = {"cosine to T": cosine, "constant, then to 0 at T": wsd}.get(name, lambda lr, T: lambda t: lr)(1.0, T)
    M = np.ones((15, 8, 2, 2))  # E (z, w)(z, w)ᵀ
    for t in range(T):
        eta, c = plan(t) * rates, 1 / (t + 1) if mean else 1.0
        z = np.stack([1 - eta * lam * (1 - beta), -eta * lam * beta * np.ones((15, 8))], -1)  # the new z, from z and w
        w = (1 - c) * np.array([0.0, 1.0]) + c * z
        A, kick = np.stack([z, w], -2), eta * noise * np.sqrt(lam) * np.ones((15, 8))
        b = np.stack([kick, c * kick], -1)
        M = A @ M @ A.swapaxes(-1, -2) + b[..., :, None] * b[..., None, :]
    return (lam * M[..., 1, 1]).sum(0) / 2, rates


def horizon(values, seen, caption, t):
    """The best of eight η at step T and its expected loss for each plan, and whose is lowest."""
    T, noise = values["horizon"], values["sigma"]
    first = f"Noise σ = {number(noise)}. Loss at the planned step T = {T}: "
    assert caption.startswith(first)
    words, lowest = caption.removeprefix(first).rstrip(".").split(". Lowest: ")
    best, names = {}, ["constant η", "cosine to T", "constant, then to 0 at T", "averaged", "schedule-free"]
    for name, said in zip(names, words.split("; "), strict=True):
        loss, rate = re.fullmatch(rf"{name} (.*) \(η (.*)\)", said).groups()
        losses, rates = expected(name, T, noise)
        best[name] = losses.min()
        assert says(loss, losses.min(), 3)
        assert rate in {number(one) for one in rates[losses <= losses.min() * (1 + 1e-9)]}
    assert best[lowest] <= min(best.values()) * (1 + 1e-9)
    for name, losses in seen[2].items():  # as the alternative text has it
        assert np.allclose(losses[T], best[name])
        if name in ("averaged", "schedule-free"):
            assert (np.diff(losses[T:]) < 0).all()
        elif name != "constant η":
            assert np.allclose(losses[T:], losses[T])


def to_the_floor(w, lr, radius, steps=200):
    """Gradient descent on ½ (0.15 + w₁²) w₂², of the gradient a radius further up, number by number."""
    (x, y), path = w, [w]
    for _ in range(steps):
        g = x * y * y, (0.15 + x * x) * y
        length = math.hypot(*g)
        a, b = (x + radius * g[0] / length, y + radius * g[1] / length) if length else (x, y)
        x, y = x - lr * a * b * b, y - lr * (0.15 + a * a) * b
        path.append((x, y))
    return path


def floor(values, seen, caption, t):
    """Loss and curvature across the floor at this step of both runs."""
    lr, radius, runs = seen
    assert (lr, radius) == (values["lr"], values["radius"])
    said = re.fullmatch(
        rf"η = {re.escape(number(lr))}, ρ = {re.escape(number(radius))}, step {t} of 200\. "
        r"Gradient descent: loss (.*), sharpness (.*); SAM: loss (.*), sharpness (.*)\.", caption,
    ).groups()  # fmt: skip
    for k, (path, rho) in enumerate(zip(runs.values(), (0.0, radius), strict=True)):
        by_hand = to_the_floor(values["start"], lr, rho)
        assert np.allclose(by_hand, path["w"], rtol=1e-6, atol=1e-9)
        x, y = path["w"][t].tolist()
        assert little(said[2 * k], (0.15 + x * x) * y * y / 2) and says(said[2 * k + 1], 0.15 + x * x, 3)


def turned(values, seen, caption, t):
    """The losses of the methods at this step, in the valley turned back; which of them do not notice the angle."""
    kappa, angle, lr, paths, losses, angles, left = seen
    assert (kappa, angle, lr) == tuple(values[name] for name in ("kappa", "angle", "lr"))
    names = [name for name in METHODS if name in paths]
    said = re.fullmatch(
        rf"Valley turned by {angle}°, κ = {re.escape(number(kappa))}, η from {re.escape(number(lr))} to 0\. "
        rf"Loss at step {t} of 100: " + "; ".join(f"{name} (.*)" for name in names) + r"\.", caption,
    ).groups()  # fmt: skip
    assert values["methods"] == ", ".join(names)
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    for word, path in zip(said, paths.values(), strict=True):
        x, y = path[t].tolist()
        assert little(word, ((c * x + s * y) ** 2 / kappa + (c * y - s * x) ** 2) / 2)
    for name, row in left.items():  # as the alternative text has it: level, or not
        low, *_, high = sorted(np.maximum(row, 1e-8))
        assert high < 1.001 * low if name in ("Shampoo", "SOAP") else high > 1.1 * low


CHECK = {"Modes": modes, "Horizon": horizon, "Floor": floor, "Turned": turned}
