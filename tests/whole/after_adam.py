"""What chapter 16 says of runs, counted by hand."""

import functools
import math
import re

import numpy as np
from whole.counting import fields, says, wrote

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


def quintic(s, steps):
    """What Newton–Schulz makes of a singular value."""
    for _ in range(steps):
        s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
    return s


def lengths(values, seen, caption, t):
    """Both steps as products with g; the singular values from those that are known, and whether the axes are kept."""
    (a, b), kappa, method = values["g"], values["kappa"], values["method"]
    form = r"g = \(#, #\)\. To first order the step on the circle lowers the loss by #, that on the square by #\. "
    form += r"Right, κ = #, turned by #°: of the singular values # and # “(.*?)” makes # and #\. "
    *g, circle, square, ratio, angle, one, other, name, first, second, kept = fields(
        form + r"The directions are (not )?kept\.", caption
    )
    assert all(map(wrote, g, (a, b))) and wrote(ratio, kappa) and wrote(angle, values["angle"]) and name == method
    norm = math.sqrt(a * a + b * b)
    assert wrote(circle, (a * a + b * b) / (norm or 1)) and wrote(square, max(a, -a) + max(b, -b))
    assert wrote(one, 1.0) and wrote(other, 1 / kappa)
    size = math.sqrt(1 + 1 / kappa**2)
    now = {
        "G divided by its norm": [1 / size, 1 / kappa / size],
        "UVᵀ, exactly": [1.0, 1.0],
        "Newton–Schulz, 5 steps": [quintic(1 / size, 5), quintic(1 / kappa / size, 5)],
    }.get(method)
    if now is None:  # the signs of the entries, and where they send the two directions
        turn, (c, s) = math.radians(values["angle"]), (math.sqrt(3) / 2, 0.5)
        (x, y), (u, v) = (math.cos(turn), math.sin(turn)), (c, s)
        signs = [[p * q - r / kappa for q, r in zip((u, v), k, strict=True)]
                 for p, k in ((x, (-y * v, y * u)), (y, (x * v, -x * u)))]  # fmt: skip
        signs = [[math.copysign(1.0, one) if abs(one) > 1e-11 else 0.0 for one in row] for row in signs]
        assert np.array_equal(seen[5], signs)
        ends = [[row[0] * p + row[1] * q for row in signs] for p, q in ((u, v), (-v, u))]
        across = ends[0][0] * -y + ends[0][1] * x, ends[1][0] * x + ends[1][1] * y
        assert (kept is None) == (max(map(abs, across)) < 1e-6)
        det, total = (
            signs[0][0] * signs[1][1] - signs[0][1] * signs[1][0],
            sum(one * one for row in signs for one in row),
        )
        now = [math.sqrt((total + k * math.sqrt(max(total**2 - 4 * det * det, 0.0))) / 2) for k in (1, -1)]
        now = [math.hypot(*end) for end in ends] if kept is None else now
    else:
        assert kept is None
    assert all(wrote(words, round(one, 9)) for words, one in zip((first, second), now, strict=True))


def singular(values, seen, caption, t):
    """The least and the largest value of a polynomial, repeated, on a fine grid from 0.01 to 1."""
    form = r"Values from 0\.01 to 1 after # (steps?): ours from # to #\."  # a blank in the student's: nothing of it
    steps, word, low, high = fields(form, caption)
    assert int(steps) == values["products"] and (word == "step") == (steps == "1")
    after = quintic(np.linspace(0.01, 1, 200_001), values["products"])
    assert all(any(says(words, one * k) for k in (0.999, 1, 1.001))
               for words, one in ((low, after.min()), (high, after.max())))  # fmt: skip


CHECK = {
    "Lengths": lengths,
    "Modes": modes,
    "Turned": turned,
    "Horizon": horizon,
    "Floor": floor,
    "Singular": singular,
}
COUNT = {"Lengths": 800}
