"""What chapter 02 says of surfaces, runs and random matrices, computed by hand."""

import functools
import itertools
import math
import re

import numpy as np
from whole.counting import fields, says, value, wrote
from whole.walks import follows, settles, walk

from optim_core.scenes.board import decimals

# ---- runs on (y − w₁w₂x)² ----


def slope(w, x=1.0, y=1.0):
    """The gradient of (y − w₁w₂x)²."""
    return -2 * x * (y - w[..., :1] * w[..., 1:] * x) * w[..., ::-1]


@functools.lru_cache
def goes_on(x, y, lr, mu, w, v, steps=4000):
    """How far a run that stands at w with velocity v gets from there, in so many steps more, in max |wᵢ|."""
    points = walk(lambda w: slope(w, x, y), w, steps, lr, mu, np.array(v))[0]
    return np.abs(points - points[0]).max()


NEAR = 0.25  # a twentieth of the map


FLAT = "a place that is flat to second order"


def place(x, y, w):
    """What kind of place a point with next to no slope is, by theory."""
    off, one = y - w[0] * w[1] * x, f"{FLAT} in one direction"
    if x == 0:
        return FLAT
    if abs(off) < 1e-3:
        return "the valley floor" if abs(y / x) < 6.25 else one
    if np.abs(w).max() < NEAR:
        return "a saddle" if x * y else FLAT
    bend = 2 * x * x * w[1] ** 2, 2 * x * (2 * x * w[0] * w[1] - y), 2 * x * x * w[0] ** 2
    assert np.abs(bend).max() <= 1.001e-3, "it is neither on the floor nor near the origin, and not flat"
    return FLAT


def trajectories(values, seen, caption, t):
    """Where both runs stand and what becomes of them: the kind of place by theory, and by going on whether it stays."""
    x, y, lr = values["x"], values["y"], values["lr"]
    begin = r"Step # of #, η = #, μ = #\. Loss: gradient descent (.*?), momentum (.*?)\. (Grad.*?\.) (Mom.*\.)"
    step, steps, eta, mu, *losses, one, other = fields(begin, caption)
    steps = int(steps)
    assert int(step) == t <= steps <= 300 and steps % 25 == 0 and wrote(eta, lr, 6) and wrote(mu, values["mu"], 6)
    for name, loss, story, mu in zip(seen[1], losses, (one, other), (0.0, values["mu"]), strict=True):
        path = seen[1][name]
        w, v = path["w"], path.get("v", 0 * path["w"])
        gone = follows(path, lambda w: slope(w, x, y), lr, mu)
        assert np.abs(w[steps:] - w[-1]).max() <= 0.005, "it still moves beyond the last step that is shown"
        height = (y - w[t, 0] * w[t, 1] * x) ** 2
        assert loss == "above 10⁶" if height > 1e6 else loss == "below 10⁻¹²" if height < 1e-12 else wrote(loss, height)
        became(story, name.capitalize(), w, v, gone, (x, y, lr, mu))


def became(story, name, w, v, gone, given):
    """What a caption says of one run against the lengths of its gradient, and against where it goes from here."""
    x, y, lr, mu = given
    norm = np.linalg.norm(slope(w, x, y), axis=-1)
    if gone:
        assert story == f"{name} diverged at step {gone}."
        return
    if norm[-1] > 1e-4:
        said = fields(rf"{name} is still moving after 300 steps \(gradient norm #\)\.", story)[0]
        assert wrote(said, norm[-1], 2)
        return
    arrived = settles(norm <= 1e-4)
    if story == f"{name} started where the gradient norm is below 10⁻⁴ already.":
        assert arrived == 0
        return
    there = place(x, y, w[-1])
    stays = goes_on(x, y, lr, mu, tuple(w[-1]), tuple(v[-1])) < NEAR
    if norm[0] < 1e-15 and arrived == 0:
        at = "on" if there == "the valley floor" else "at"
        still = f"{name} stands still: it started {at} {there}, where the gradient is zero."
        assert story == still and (w == w[0]).all() and stays
        return
    assert arrived
    after = f"after {arrived} step{'s' * (arrived > 1)}"
    if there == "a saddle" and not stays:
        assert story == f"{name} came close to a saddle {after}, and will leave it."
    elif there == FLAT and norm[-1] > 0:
        assert story == f"{name} came to {there} {after}, and may go on creeping."
    else:
        away = "" if np.abs(w[-1]).max() <= 2.5 else ", outside the picture,"
        assert story == f"{name} arrived at {there}{away} {after}." and stays


# ---- the quadratic model, and the Hessian ----


def taylor(values, seen, caption, t):
    """Loss, tangent and parabola of (1 − w₁w₂)² along a direction, from its derivatives typed by hand."""
    (a, b), s, turn = values["w"], values["s"], math.radians(values["angle"])
    c, d = math.cos(turn), math.sin(turn)
    here, g = (1 - a * b) ** 2, (-2 * (1 - a * b) * b, -2 * (1 - a * b) * a)
    bend = 2 * b * b * c * c + 2 * (4 * a * b - 2) * c * d + 2 * a * a * d * d
    loss = (1 - (a + s * c) * (b + s * d)) ** 2
    tangent = here + s * (g[0] * c + g[1] * d)
    parabola = tangent + s * s * bend / 2
    form = r"Around w = \((.*)\), where the gradient norm is #; u at #°\. A step of s = #: the loss is #\. "
    form += r"The tangent says # \((exact|off by #)\), the parabola # \((exact|off by #)\)(.*)"
    w, norm, angle, step, *three, verdict = fields(form, caption)
    assert w == f"{decimals(a)}, {decimals(b)}" and step == decimals(s) and wrote(angle, values["angle"])
    assert about(norm, math.hypot(*g))
    said, one, one_off, off_one, two, two_off, off_two = three
    assert about(said, loss) and about(one, tangent) and about(two, parabola)
    rounding, offs = 1e-12 * max(1, abs(loss), abs(tangent), abs(parabola)), (abs(tangent - loss), abs(parabola - loss))
    for words, written, off in ((one_off, off_one, offs[0]), (two_off, off_two, offs[1])):
        if words == "exact":
            assert off <= 2 * rounding
        else:
            assert off >= rounding / 2 and (wrote(written, off, 2) or off < 1e-9 and says(written, off, 1))
    if abs(offs[0] - offs[1]) > 2 * rounding:
        assert verdict == f": the {'tangent' if offs[0] < offs[1] else 'parabola'} is nearer."
    else:
        assert verdict == ("." if max(offs) <= 2 * rounding else ": both miss it by the same amount.")


def about(words, one):
    """Whether some words say this number to four digits, or 0 where it is only rounding."""
    return wrote(words, one, 4) or (abs(one) < 2e-12 and words == "0")


def derivatives(surface, w):
    """Gradient and Hessian (11, 12, 22) of a surface, its formula differentiated by hand."""
    a, b = w
    if surface == "product":
        return -2 * (1 - a * b) * np.array([b, a]), (2 * b * b, 4 * a * b - 2, 2 * a * a)
    if surface == "himmelblau":
        one, two = a * a + b - 11, a + b * b - 7
        g = np.array([4 * a * one + 2 * two, 2 * one + 4 * b * two])
        return g, (12 * a * a + 4 * b - 42, 4 * (a + b), 12 * b * b + 4 * a - 26)
    if surface == "styblinski_tang":
        return np.array([2 * v**3 - 16 * v + 2.5 for v in w]), (6 * a * a - 16, 0.0, 6 * b * b - 16)
    if surface == "rosenbrock":
        g = np.array([-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)])
        return g, (2 - 400 * b + 1200 * a * a, -400 * a, 200.0)
    if surface == "monkey_saddle":
        return np.array([3 * a * a - 3 * b * b, -6 * a * b]), (6 * a, -6 * b, -6 * a)
    g, H = np.zeros(2), np.zeros(3)  # Beale: a sum of squares r², with r = c − w₁(1 − w₂ᵏ)
    for c, k in ((1.5, 1), (2.25, 2), (2.625, 3)):
        r, da, db = c - a * (1 - b**k), b**k - 1, k * a * b ** (k - 1)
        g += 2 * r * np.array([da, db])
        dbb = k * (k - 1) * a * b ** (k - 2) if k > 1 else 0.0
        H += 2 * np.array([da * da, da * db + r * k * b ** (k - 1), db * db + r * dbb])
    return g, tuple(H)


def eigenvectors(values, seen, caption, t):
    """The length of the gradient, the two eigenvalues, and what they say by their signs."""
    g, (p, q, r) = derivatives(values["surface"], values["w"])
    norm, mean, half = math.hypot(*g), (p + r) / 2, math.hypot((p - r) / 2, q)
    low, high = mean - half, mean + half
    most = max(abs(low), abs(high))
    low, high = (0.0 if abs(one) <= 1e-9 * most else one for one in (low, high))
    form = r"At w = \((.*?)\) the gradient (?:norm is #|is zero), and the eigenvalues are # and #([:.] .*)"
    w, length, one, other, verdict = fields(form, caption)
    assert w == ", ".join(decimals(v) for v in values["w"])
    for words, v in ((one, low), (other, high)):
        assert wrote(words, v, 4) or abs(v - value(words)[0]) < 1e-12 * most
    if length:
        assert norm > 0.99e-6 * max(1, most) and wrote(length, norm)
        words = ". The gradient is not zero, so this is no critical point: the loss falls where the arrow points."
        assert verdict == words
        return
    assert norm <= 1.01e-6 * max(1, most)
    if low * high < 0:
        assert verdict == ": one is negative, one is positive, a saddle. Along λ₁ the loss falls on both sides."
    elif low * high > 0:
        kind = "positive, a minimum" if low > 0 else "negative, a maximum"
        assert verdict == f": both are {kind}."
    else:
        zero = "Both are zero" if low == high == 0 else "One is zero, and one alone does not settle it"
        assert verdict == f". {zero}: degenerate. The Hessian alone cannot tell what this point is."


# ---- the way out of a saddle ----


def leaves(distance, lr):
    """The steps until the loss is below ½, in coordinates across (u) and along (v) the line into the saddle.

    (1 − w₁w₂)² with w₁w₂ = (u² − v²)/2; a step multiplies u by 1 + 2ηr and v by 1 − 2ηr, where r = 1 − w₁w₂.
    """
    u, v = distance, math.sqrt(2)
    for k in range(1501):
        r = 1 - (u * u - v * v) / 2
        if r * r < 0.5:
            return k
        u, v = u * (1 + 2 * lr * r), v * (1 - 2 * lr * r)
    raise AssertionError("it does not leave within 1,500 steps")


def escape(values, seen, caption, t):
    """How long two runs take, by a recursion of two numbers of their own; and theory's difference."""
    distance, lr = values["distance"], values["lr"]
    form = r"Step # of #, η = #\. From δ = # half of the saddle's loss is gone after # steps?, from δ = # after #: "
    form += r"that is # more\. Near the saddle the eigenvalue predicts # more for every factor of ten \(dashed\)\."
    step, steps, eta, far, needed, near, nearer, more, theory = fields(form, caption)
    assert int(step) == t and int(steps) == int(needed) + 30 and wrote(eta, lr)
    assert wrote(far, distance) and wrote(near, distance / 10)
    for said, start in ((needed, distance), (nearer, distance / 10)):
        lost = 2e-16 / start  # so much of the start is lost where it is written beside a 1
        assert leaves(start * (1 + lost), lr) <= int(said) <= leaves(start * (1 - lost), lr)
    assert int(more) == int(nearer) - int(needed) and wrote(theory, math.log(10) / math.log(1 + 2 * lr))


# ---- many dimensions ----


@functools.lru_cache
def random_matrices(n):
    return (A := np.random.default_rng(n).standard_normal((100_000, n, n))) / 2**0.5 + A.swapaxes(1, 2) / 2**0.5


def random_hessians(values, seen, caption, t):
    """In how many matrices all leading minors are positive (Sylvester), and that by the signs as if by coins."""
    n, c = values["n"], values["shift"]
    form = r"n = #, c = #: all eigenvalues are positive in (.*?)\.(?: If their # signs were independent, the share "
    said, shift, words, coins, share = fields(form + r"would be #\.)?", caption)
    assert said == str(n) and wrote(shift, c) and coins == (str(n) if n > 1 else None)
    H = random_matrices(n) + c * np.eye(n)
    hits = int(np.all([np.linalg.det(H[:, :k, :k]) > 0 for k in range(1, n + 1)], axis=0).sum())
    if n > 1:
        up = (np.abs(np.linalg.eigvalsh(random_matrices(n)).ravel()[:, None]) * [1, -1] + c > 0).mean()
        assert wrote(share, up**n)
    p = hits / 1e5
    if hits == 0:
        assert words == "none of 100,000 matrices, so the probability is hardly above 0.00003"
    elif hits < 10:
        assert words == f"{hits} of 100,000 matrices, too few to tell the share"
    elif hits == 100_000:
        assert words == "all of the 100,000 matrices"
    else:
        counted, part, off = fields("# of 100,000 matrices, a share of # ± #", words)
        assert counted == f"{hits:,}" and says(part, p) and says(off, math.sqrt(p * (1 - p) / 1e5))
        assert value(part)[1] == value(off)[1] and len(off.strip("0.")) == 1
    law = {1: 1 / 2, 2: (2 - math.sqrt(2)) / 4, 3: (math.pi - 2 * math.sqrt(2)) / (4 * math.pi)}
    if c == 0 and n in law:
        assert abs(p - law[n]) < 4 * math.sqrt(law[n] / 1e5)


def index_loss(values, seen, caption, t):
    """The families by counting sets, and index and loss of each by theory."""
    lam, p = [float(one) for one in values["variances"].split(",")], values["hidden"]
    d, index, loss = len(lam), [], []
    for size in range(p + 1):
        for kept in itertools.combinations(range(d), size):
            left = [j for j in range(d) if j not in kept]
            exchanges = sum(lam[j] > lam[i] for i in kept for j in left)
            index.append(exchanges + (p - size) * (d - size))  # and each unit that is free takes up any direction
            loss.append(sum(lam[j] for j in left) / 2)
    assert sum(math.comb(d, k) for k in range(p + 1)) == len(index)
    lowest = index.count(0)
    mean = sum(index) / len(index), sum(loss) / len(loss)
    both = sum((i - mean[0]) * (L - mean[1]) for i, L in zip(index, loss, strict=True))
    size = sum((i - mean[0]) ** 2 for i in index) * sum((L - mean[1]) ** 2 for L in loss)
    form = rf"Variances {re.escape(values['variances'])}, {p} hidden units?: # families of critical points in # "
    form += r"dimensions; # of them (?:has|have) index 0, no way down\. Correlation of index and loss: #\."
    families, dimensions, none, r = fields(form, caption)
    assert (families, dimensions, none) == (str(len(index)), str(2 * d * p), str(lowest))
    assert wrote(r, both / math.sqrt(size)) and ("has" in caption) == (lowest == 1) and ("unit:" in caption) == (p == 1)


CHECK = {
    "Trajectories": trajectories,
    "Taylor": taylor,
    "Eigenvectors": eigenvectors,
    "Escape": escape,
    "RandomHessians": random_hessians,
    "IndexLoss": index_loss,
}
COUNT = {"Trajectories": 1500}
