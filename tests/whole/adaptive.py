"""What chapter 06 says of adaptive methods, each of them written again in a line or two."""

import functools
import math

import numpy as np
from whole.counting import fields, wrote
from whole.walks import FAR, arrives, capital, settles

from optim_core.data import words as texts
from optim_core.scenes.board import number


def moved(name, old, g, t, lr, beta=0.9):
    """The state after step t, with the rates by which it multiplied the gradient (None: it remembers gradients)."""
    w = old["w"]
    if name == "gradient descent":
        return dict(w=w - lr * g), lr + 0 * g
    if name == "momentum":
        v = 0.9 * old["v"] - lr * g
        return dict(w=w + v, v=v), lr + 0 * g
    if name == "normalised gradient":
        length = np.hypot(g[..., :1], g[..., 1:])
        rate = lr / np.where(length > 0, length, 1) + 0 * g
        return dict(w=w - rate * g), rate
    if name in ("AdaGrad", "mean-square AdaGrad"):
        s = old["s"] + g * g
        rate = lr / (np.sqrt(s if name == "AdaGrad" else s / t) + 1e-10)
        return dict(w=w - rate * g, s=s), rate
    if name.startswith("RMSProp"):
        s = beta * old["s"] + (1 - beta) * g**2
        rate = lr / (np.sqrt(s) + 1e-8)
        b = 0.9 * ("μ" in name) * old["b"] + g / (np.sqrt(s) + 1e-8)
        return dict(w=w - lr * b, s=s, b=b), rate
    if name == "AdaDelta":
        s = 0.9 * old["s"] + 0.1 * g * g
        rate = np.sqrt((old["X"] + 1e-6) / (s + 1e-6))
        return dict(w=w - lr * rate * g, s=s, X=0.9 * old["X"] + 0.1 * (rate * g) ** 2), lr * rate
    m, v = 0.9 * old["m"] + 0.1 * g, 0.999 * old["v"] + 0.001 * g * g
    rate = lr / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return dict(w=w - rate * m / (1 - 0.9**t), m=m, v=v), rate


def ran(name, start, grad, steps, lr, beta=0.9):
    """All points of a run, (steps + 1, …)."""
    state, points = {part: 0 * start for part in "vsbXm"} | {"w": start}, [start]
    with np.errstate(all="ignore"):
        for t in range(1, steps + 1):
            state = moved(name, state, grad(state["w"]), t, lr, beta)[0]
            points.append(state["w"])
    return np.array(points)


@np.errstate(all="ignore")
def checked(name, path, H, lr, beta=0.9):
    """Assert that each state of a path comes of the one before; return the step at which it left, and the rates."""
    gone, w = int(path["diverged"]), path["w"]
    old = {part: path[part][:-1] for part in ("w", "v", "s", "b", "X", "m") if part in path}
    new, rate = moved(name, old, old["w"] @ H, np.arange(1, len(w))[:, None], lr, beta)
    lost = (
        1e-14 * np.abs(old["w"]).max(-1, keepdims=True) * np.abs(H).max() * rate
    )  # where parts of the gradient cancel
    good = slice(None, gone - 1 if gone else None)
    for part, value in new.items():
        slack = 1e-9 * np.abs(value) + 1e-12 * np.abs(old[part]) + (lost if part in "wv" else 1e-6 * np.abs(value))
        off = np.abs(path[part][1:] - value)
        assert (
            (off <= slack + 1e-300)[good].all() or part in "bmsX" and (off * rate <= slack * rate + lost)[good].all()
        ), part
    assert (np.abs(w[: gone or None]) <= FAR).all() and (not gone or not (np.abs(new["w"][gone - 1]) <= FAR).all())
    return gone, rate


def valley(kappa, degrees, scale=1.0):
    """The Hessian of a valley that is turned, and the turn; right angles are exact."""
    c, s = (float(fun(np.radians(degrees))) * (degrees != right) for fun, right in ((np.cos, 90), (np.sin, 0)))
    turn = np.array([[c, -s], [s, c]])
    H = scale * (turn @ np.diag([1 / kappa, 1.0]) @ turn.T)
    return (H + H.T) / 2, turn


# ---- a race ----

NO_MEMORY = ("gradient descent", "normalised gradient", "AdaGrad", "mean-square AdaGrad", "RMSProp", "AdaDelta")


def race(values, seen, caption, t):
    """When each arrives, the rates of its step, and the largest eigenvalue of diag(rate) H."""
    both = {values["method"]: values["lr1"], values["rival"]: values["lr2"]} if "rival" in values else None
    runs, steps = both or {"AdaGrad": values["lr"]}, 400 if both else 200
    H, turn = valley(values["kappa"], values["angle"])
    stories = " ".join(rf"({capital(name)} .*?\.) Its rates at step # (.*?)\." for name in runs)
    form = rf"Step # of #, valley at #°\. {stories}".replace(r" (.*?)\.", r": (.*?(?:\(edge: 2\))?)\.(?!\d)")
    step, last, angle, *said = fields(form, caption)
    assert int(step) == t and int(last) == steps and wrote(angle, values["angle"]) and list(seen[2]) == list(runs)
    for (name, lr), (story, at, rates) in zip(
        runs.items(), zip(said[::3], said[1::3], said[2::3], strict=True), strict=True
    ):
        path, now = seen[2][name], max(t, 1) - 1
        gone, rate = checked(name, path, H, lr)
        assert np.allclose(path["w"][0], turn @ values.get("u", (-8.0, 4.0)))
        loss = ((path["w"] @ H) * path["w"]).sum(-1) / 2
        part = loss / (loss[0] or 1)
        grows = lr > 2 and values["kappa"] > 1 if name == "gradient descent" else None
        arrives(story, capital(name), part, gone, grows or None)
        pair, _, seen_as = rates.partition("; ")
        one, other = pair.split(" and ")
        assert int(at) == now + 1
        for words, mine in ((one, rate[now, 0]), (other, rate[now, 1])):
            limits = mine * (1 - 1e-6), mine * (1 + 1e-6)
            if words == "beyond 10⁶":
                assert limits[1] >= 1e6
            else:
                assert words == "unknown" if np.isnan(mine) else wrote(words, mine) and limits[0] < 1e6
        if name in NO_MEMORY and (rate[now] < 1e6).all():
            a, b = rate[now]
            half, product = (a * H[0, 0] + b * H[1, 1]) / 2, a * b * np.linalg.det(H)
            most = half + math.sqrt(max(half * half - product, 0))
            assert wrote(fields(r"times the curvature at most # \(edge: 2\)", seen_as)[0], most)
            assert most > 2 or gone or part[now + 1] <= part[now] * (1 + 1e-9) + 1e-300
        else:
            assert not seen_as


# ---- what methods care about ----


def care(values, seen, caption, t):
    """The fewest and the most steps to a ten-thousandth, over 31 angles and over 33 factors."""
    turned, scaled = needed(values["kappa"], values["angle"], values["factor"])
    sides = "; ".join(f"{name} (.*?)" for name in TUNED)
    form = rf"Steps, at c = #, over angles 3° apart: {sides}\. At #°, over 33 factors c: {sides}\.(?: (But for .*))?"
    c, *said, rounding = fields(form, caption)
    angle = said.pop(len(TUNED))
    differ = [name for name, words in zip(TUNED, said[len(TUNED) :], strict=True) if " to " in words]
    assert bool(rounding) == ("RMSProp" in differ) and not {"AdaGrad", "Adam"} & set(differ)
    alone = (
        "A factor cancels in the step of RMSProp: that its numbers differ is rounding, which jumps to and fro enlarge."
    )
    assert rounding in (None, alone)
    assert wrote(c, values["factor"]) and wrote(angle, values["angle"])
    for words, possible in zip(said, [*turned, *scaled], strict=True):
        assert words in possible, possible


TUNED = {"gradient descent": 1.8, "momentum": 0.7, "AdaGrad": 5.0, "RMSProp": 0.056, "Adam": 0.56}


@functools.lru_cache
def needed(kappa, angle, factor):
    """For each method in words how many steps it needs, over angles and over factors.

    RMSProp's last steps are chaos: there a start that differs in the last digit gives another number, and all will do.
    """
    many = [(degrees, factor) for degrees in range(0, 91, 3)] + [(angle, c) for c in np.logspace(-2, 2, 33)]
    H, turn = (np.array(each) for each in zip(*(valley(kappa, *one) for one in many), strict=True))
    found = []
    for name, lr in TUNED.items():
        possible = []
        for last_digit in (0, 2e-16, -2e-16, 1e-15, -1e-15):
            start = turn @ [-8.0 * (1 + last_digit), 4.0]
            w = ran(name, start, lambda w: H[..., 0] * w[..., :1] + H[..., 1] * w[..., 1:], 300, lr)
            with np.errstate(all="ignore"):
                part = np.einsum("tni,nij,tnj->tn", w, H, w) / np.einsum("ni,nij,nj->n", start, H, start)
                part[:, ~(np.abs(w) <= FAR).all((0, -1))] = np.inf
            steps = [settles(run <= 1e-4) for run in part.T]
            possible.append([math.inf if step is None else step for step in steps])
            if name != "RMSProp":
                break
        found.append([_extents(np.array(possible)[:, side]) for side in (slice(31), slice(31, None))])
    return [one[0] for one in found], [one[1] for one in found]


def _extents(possible):
    """From which to which number of steps runs go, in words: all that fit to some numbers for each, (ways, runs)."""
    ends = [range_of(fun(possible.min(0)), fun(possible.max(0))) for fun in (np.min, np.max)]
    each = [["more than 300" if end > 300 else str(end) for end in some] for some in ends]
    return {low if low == high else f"{low} to {high}" for low in each[0] for high in each[1]}


def range_of(low, high):
    return range(int(min(low, 301)), int(min(high, 301)) + 1)


# ---- first steps, denominators ----


def first_steps(values, seen, caption, t):
    """A step by the signs of the gradient is off by 45° less the angle to the nearest axis, on an axis by none."""
    beside = values["angle"] % 90  # an axis
    off = 45 - min(beside, 90 - beside) if beside else 0
    each = {"gradient descent": 0, "normalised gradient": 0} | dict.fromkeys(("AdaGrad", "RMSProp", "Adam"), off)
    said = "; ".join(f"{name} {angle}°" for name, angle in each.items())
    degrees = fields(rf"The gradient points to #°\. Angle between the first step and −g: {said}\.", caption)[0]
    assert wrote(degrees, values["angle"])


def news(kind, height):
    """The gradients of one weight."""
    if kind == "noise":
        return np.random.default_rng(0).standard_normal(300).tolist()
    rule = {
        "flat, then a wall": lambda t: 1 / height if t <= 150 else 1.0,
        "constant": lambda t: 1.0,
        "fading": lambda t: 1 / t,
        "one spike": lambda t: height if t == 151 else 1.0,
        "one in fifty": lambda t: 1.0 * (t % 50 == 0),
    }[kind]
    return [rule(t) for t in range(1, 301)]


def denominators(values, seen, caption, t):
    """The longest step of three methods on a stream of gradients, by sums and averages of their squares."""
    kind, beta = values["stream"], values["beta"]
    form = "; ".join(
        rf"{name}: # η, at step # \(never above # η\)" for name in ("AdaGrad", "mean-square AdaGrad", "RMSProp")
    )
    b, *said = fields(rf"Stream “{kind}”, β = #\. The longest of 300 steps: {form}\.", caption)
    assert wrote(b, beta)
    total, mean, steps = 0.0, 0.0, ([], [], [])
    for k, g in enumerate(news(kind, values["height"]), start=1):
        total, mean = total + g * g, beta * mean + (1 - beta) * g * g
        for all_steps, square in zip(steps, (total, total / k, mean), strict=True):
            all_steps.append(abs(g) / (math.sqrt(square) + 1e-10))
    bounds = 1.0, math.sqrt(300), 1 / math.sqrt(1 - beta)
    for (longest, at, never), mine, bound in zip(
        zip(said[::3], said[1::3], said[2::3], strict=True), steps, bounds, strict=True
    ):
        top = max(mine)
        ties = {next(k for k, one in enumerate(mine, 1) if one >= top * (1 - near)) for near in (9e-7, 1e-6, 1.1e-6)}
        assert int(at) in ties and (wrote(longest, mine[int(at) - 1]) or wrote(longest, top)) and wrote(never, bound)
        assert top <= bound * (1 + 1e-9)


# ---- a long valley ----


def long_run(values, seen, caption, t):
    """The bursts across a long valley, stretch by stretch of rates above 2."""
    lr, beta = values["lr"], values["beta"]
    names = ("AdaGrad", "mean-square AdaGrad", "RMSProp")
    each = "; ".join(rf"{name}: (.*?), now at w₁ = #, \|w₂\| = #" for name in names)
    step, last, eta, *said = fields(rf"Step # of #, η = #\. {each}\.", caption)
    assert (step, last) == (number(t), "1,000") or (step, last) == (str(t), "1000")
    assert wrote(eta, lr)
    for name, (told, one, two) in zip(names, zip(said[::3], said[1::3], said[2::3], strict=True), strict=True):
        path = seen[1][name]
        gone, rate = checked(name, path, np.diag([0.005, 1.0]), lr, beta)
        for words, place in ((one, path["w"][t, 0]), (two, abs(path["w"][t, 1]))):
            assert wrote(words, place) or words == "0" and abs(place) < 1.01e-9
        if 0 < gone <= t:
            assert told == f"diverged at step {gone}"
            continue
        far, over, found = np.abs(path["w"][:, 1]).tolist(), (rate[:, 1] > 2).tolist(), []
        for begin in range(1000):
            if over[begin] and (begin == 0 or not over[begin - 1]):
                end = begin
                while end < 1000 and over[end]:
                    end += 1
                peak = max(range(begin, end + 1), key=far.__getitem__)
                if far[peak] > 100 * far[begin] and far[peak] > 1e-3 * far[0] and peak <= t:
                    found.append(peak)
        if not found:
            assert told == ("no burst in 1,000 steps" if t == 1000 else "no burst yet")
        elif len(found) == 1:
            assert told == f"1 burst, at step {found[0]}"
        else:
            more = " …" if len(found) > 5 else ""
            assert told == f"{len(found)} bursts, at steps {', '.join(map(str, found[:5]))}{more}"


# ---- rare words, a hidden rate ----


@functools.lru_cache(maxsize=4)
def learnt(exponent, sigma, seed):
    """The excess loss of three methods after one pass, at each of 31 η."""
    data, truth = texts(exponent=exponent, noise=sigma, seed=seed), np.array([1.0, -1.0] * 15)
    order, found = np.random.default_rng([seed, 1]).permutation(1000), {}
    etas = 10 ** np.linspace(-2, 1, 31)
    for name in ("gradient descent", "AdaGrad", "Adam"):
        state, left = {part: np.zeros((31, 30)) for part in ("w", "s", "m", "v")}, np.zeros(31, bool)
        with np.errstate(all="ignore"):
            for t in range(1, 101):
                now = order[10 * t - 10 : 10 * t]
                X, y = data.X[now], data.y[now, 0]
                g = (state["w"] @ X.T - y) @ X / 10
                state = moved(name, state, g, t, etas[:, None])[0]
                left |= ~(np.abs(state["w"]) <= FAR).all(-1)
            found[name] = np.where(left, np.inf, (((state["w"] - truth) @ data.X_test.T) ** 2).mean(-1) / 2)
    return etas, found


def rare_words(values, seen, caption, t):
    """The best η of three methods, what each leaves, and how many times as much gradient descent does."""
    etas, mine = learnt(values["exponent"], values["sigma"], values["seed"])
    form = "; ".join(f"{name} # at η = #" for name in mine)
    times = " and ".join(rf"(?:# times|about as large as) {name}'s" for name in ("AdaGrad", "Adam"))
    a, *said, one, other = fields(
        rf"a = #\. Excess loss at the best of 31 η: {form}\. Gradient descent's is {times}\.", caption
    )
    assert wrote(a, values["exponent"])
    best = {}
    for (name, excess), (words, rate) in zip(mine.items(), zip(said[::2], said[1::2], strict=True), strict=True):
        given = seen[1][1][name].excess
        assert np.allclose(given, excess, rtol=1e-6, atol=1e-18)
        k = int(np.nanargmin(given))
        best[name] = given[k]
        assert wrote(words, given[k], 2) and wrote(rate, etas[k], 2)
    for words, name in ((one, "AdaGrad"), (other, "Adam")):
        assert wrote(words or "1", best["gradient descent"] / best[name], 2)


def hidden_rate(values, seen, caption, t):
    """How far AdaDelta has come on a constant slope, by its two averages."""
    eps, g = values["eps"], values["slope"]
    squares = steps = walked = 0.0
    far = [0.0]
    for _ in range(300):
        squares = 0.9 * squares + 0.1 * g * g
        d = math.sqrt(steps + eps) / math.sqrt(squares + eps) * g
        steps, walked = 0.9 * steps + 0.1 * d * d, walked + d
        far.append(walked)
    form = (
        r"ε = #, slope #\. After 1, 10, 100 and 300 steps AdaDelta is #, #, # and # away: in the end (?:# times )?as "
    )
    e, slope, *away, much = fields(form + r"far as gradient descent with η = 1\.", caption)
    assert wrote(e, eps) and wrote(slope, g)
    assert all(wrote(words, far[k], 2) for words, k in zip(away, (1, 10, 100, 300), strict=True))
    assert wrote(much or "1", walked / (300 * g), 2) and much != "1"


CHECK = {
    "Race": race,
    "Care": care,
    "FirstSteps": first_steps,
    "Denominators": denominators,
    "LongRun": long_run,
    "RareWords": rare_words,
    "HiddenRate": hidden_rate,
}
COUNT = dict.fromkeys(("Race", "Care", "Denominators", "LongRun", "RareWords", "HiddenRate"), 600)
