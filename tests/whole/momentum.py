"""What chapter 05 says of runs with momentum, by loops and polynomials of its own."""

import functools
import math
import re

import numpy as np
from whole.counting import brief, fields, value, wrote
from whole.walks import FAR, arrives, capital, follows, settles, walk


def radius(b, c):
    """The size of the larger root of σ² + bσ + c.

    >>> radius(0.0, 0.64), radius(0.0, -0.25)
    (0.8, 0.5)
    """
    inside = b * b - 4 * c
    return math.sqrt(c) if inside < 0 else (abs(b) + math.sqrt(inside)) / 2


def heavy(eta, mu):
    """The recursion of a heavy ball in one direction, as the b and c of its polynomial; eta: ηλ."""
    return -(1 + mu - eta), mu


def ahead(eta, mu):
    """That of Nesterov's method."""
    return -(1 + mu) * (1 - eta), mu * (1 - eta)


# ---- ravines ----


def bowl(kappa, angle=0.0):
    """The Hessian of a ravine, its valley turned by an angle."""
    c, s = math.cos(angle), math.sin(angle)
    turn = np.array([[c, -s], [s, c]])
    return turn @ np.diag([1 / kappa, 1.0]) @ turn.T


def ravine(values, seen, caption, t):
    """What is left of each loss, and from where on below a millionth: by a walk of its own; climbing by theory."""
    lr, mu = values.get("eta", values.get("lr")), values["mu"]
    H, steps = bowl(values["kappa"]) if "kappa" in values else bowl(20.0, 0.4), 300
    start = values.get("start", (-8.0, 0.5))
    begin = "Step # of #, " + (f"κ = {values['kappa']:g}, " if "kappa" in values else "") + f"η = {lr:g}, μ = {mu:g}"
    runs = {"gradient descent": (0.0, 0), "heavy ball": (mu, 0), "Nesterov": (mu, 1)}
    if "ramp" in values:
        H, steps, ramp = bowl(1000.0), 400, values["ramp"]
        begin = f"Step # of #, η = {lr:g}, final μ = {mu:g}, ramp until step {ramp}"
        rising = [0.5 + (mu - 0.5) * min(k / ramp, 1) for k in range(steps)]
        runs = {"μ = 0.5": (0.5, 0), "final μ all the time": (mu, 0), "μ rising from 0.5": (rising.__getitem__, 0)}
    elif "kappa" not in values:  # beside a student's step that is not written yet
        runs, steps = {"ours": (mu, int(_looks_ahead(seen, lr, mu, H)))}, 100
    left = "; ".join(f"{name}: (.*?)" for name in runs)
    stories = " ".join(rf"({capital(name)} .*?\.)" for name in runs)
    step, last, *said = fields(rf"{begin}\. Left of the first loss: {left}\. {stories}", caption)
    assert int(step) == t and int(last) == steps and list(seen[1]) == list(runs)
    for (name, (m, look)), now, story in zip(runs.items(), said, said[len(runs) :], strict=False):
        w = walk(lambda w: w @ H, start, steps, lr, m, ahead=look)[0]
        gone = follows(seen[1][name], lambda w: w @ H, lr, m, ahead=look)
        assert gone == (len(w) - 1 if np.abs(w[-1]).max() > FAR else 0)
        loss = ((w @ H) * w).sum(-1) / 2
        part = loss / (loss[0] or 1)
        here = part[min(t, gone)] if gone else part[t]
        assert here > 1e6 if now == "above 10⁶" else here < 1e-12 if now == "below 10⁻¹²" else wrote(now, here, 2)
        arrives(story, capital(name), part, gone, _grows(H, start, lr, m(steps - 1) if callable(m) else m, look))


def _looks_ahead(seen, lr, mu, H):
    """Whether the second point of a run is Nesterov's; the two figures of exercises have the same sliders."""
    w = seen[1]["ours"]["w"]
    third = walk(lambda w: w @ H, w[0], 2, lr, mu, ahead=1)[0][-1]
    return len(w) > 2 and np.allclose(w[2], third, rtol=1e-9, atol=0) and mu > 0


def _grows(H, start, lr, mu, look):
    """Whether theory says that the run leaves, since a direction of the start that is not 0 grows; None at the edge."""
    values, vectors = np.linalg.eigh(H)
    sizes = [radius(*(ahead if look else heavy)(lr * lam, mu))
             for lam, along in zip(values, np.array(start) @ vectors, strict=True) if abs(along) > 1e-12]  # fmt: skip
    return None if abs(max(sizes, default=0) - 1) < 1e-9 else max(sizes, default=0) > 1


# ---- one direction ----


def oscillator(values, seen, caption, t):
    """The kind of damping by the roots of the recursion, and the best μ among many."""
    eta, mu = values["eta"], values["mu"]
    form = r"Step # of 60\. Friction 1 − μ = #, spring ηλ = #: ([\w ,-]+); (.*?)\. "
    form += r"Factor per step \|σ\| = #(?: \(# steps for a factor of ten\))?; (.*)\."
    step, friction, spring, kind, why, size, tenfold, star = fields(form, caption)
    assert int(step) == t and wrote(friction, 1 - mu, 2) and wrote(spring, eta)
    assert follows(seen[2], lambda w: w, eta, mu) == 0 or eta > 2 * (1 + mu)
    inside, edge = (1 + mu - eta) ** 2 - 4 * mu, 2 * (1 + mu)
    sigma = 1.0 if abs(eta - edge) < 1e-9 else radius(*heavy(eta, mu))
    assert wrote(size, sigma, 4) or abs(inside) < 1e-12 and abs(value(size)[0] - sigma) < 1e-6
    if tenfold:
        assert brief(tenfold, -math.log(10) / math.log(sigma)) and 0 < sigma < 1
    else:
        assert sigma > 1 - 2e-9 or sigma < 2e-9
    best = (1 - math.sqrt(eta)) ** 2
    if eta > edge + 1e-9 or (mu == 1 and eta > 4 - 1e-9):
        expected = "unstable", "it moves farther and farther away"
        far = np.abs(walk(lambda w: w, [1.5], 2000, eta, mu)[0])
        assert far[-1] > 2 * far[0] and far[-1] >= far.max() / 2
    elif abs(eta - edge) < 1e-9:
        expected = "at the edge", "in the end it jumps from side to side, always as far"
        end = walk(lambda w: w, [1.5], 20_000, eta, mu)[0][-3:]
        assert np.allclose(end[1:], -end[:-1], rtol=1e-6)
    elif abs(mu - best) < 1e-9:
        expected = "critically damped", "no other μ comes to rest faster at this η"
        assert sigma <= min(radius(*heavy(eta, m)) for m in np.linspace(0, 1, 101)) + 1e-9
    elif inside < 0:
        period = 2 * math.pi / math.acos((1 + mu - eta) / 2 / math.sqrt(mu))
        said = re.search(r"one period in (\S+) steps", why)[1]
        assert wrote(said, period)
        expected = "under-damped", f"it swings, one period in {said} steps; each step leaves the part √μ of the swing"
        if mu == 1:
            expected = "undamped", f"no friction, so it keeps its swing, one period in {said} steps"
    elif 1 + mu - eta < 0:
        expected = "over-damped, jumping", "it jumps from side to side, in the end less far each time"
    else:
        expected = "over-damped", "friction wins: in the end it creeps to the bottom from one side"
    assert (kind, why) == expected
    if eta > 4 - 1e-9:
        assert star == "from ηλ = 4 on no μ brings it to rest"
    else:
        assert wrote(fields(r"critical damping ★ is at μ = \(1 − √\(ηλ\)\)² = #", star)[0], best, 4 if eta < 3.9 else 5)


# ---- every pair ----


def phase_map(values, seen, caption, t):
    """What became of a run by its distances in the four quarters, which direction lags by the roots, and the star."""
    method, kappa, eta, mu = (values[name] for name in ("method", "kappa", "eta", "mu"))
    look = method == "Nesterov"
    form = rf"Step # of 200\. η = #, μ = #, {method}: (.*?)(?:; ((?:neither|the \w+) direction lags behind))?\. "
    form += r"At this μ theory allows η below #; for κ = # the best pair ★ is η = #, μ = #\."
    step, one, two, fate, lag, edge, k, best_eta, best_mu = fields(form, caption)
    assert int(step) == t and wrote(one, eta, 4) and wrote(two, mu, 4) and wrote(k, kappa)
    w = walk(lambda w: w * [1 / kappa, 1.0], (-8.0, 4.0), 200, eta, mu, ahead=look)[0]
    far, rule = np.abs(w).max(-1), ahead if look else heavy
    gone = len(w) - 1 if far[-1] > FAR else 0
    assert gone == follows(seen[4], lambda w: w * [1 / kappa, 1.0], eta, mu, look)
    sizes = [radius(*rule(eta * lam, mu)) for lam in (1 / kappa, 1.0)]
    if gone:
        assert fate == f"diverged at step {gone}" and lag is None and max(sizes) > 1 - 1e-9
    else:
        quarters = [far[i : i + 51].max() for i in (0, 50, 100, 150)]
        _fate(fate, quarters, max(sizes))
        flat, steep = (-math.log(max(size, 1e-300)) for size in sizes)
        slow, quick = sorted((flat, steep))
        if quick <= 1.5 * slow * (1 - 1e-6) or abs(quick - slow) < 1e-12:
            assert lag == "neither direction lags behind"
        elif quick >= 1.5 * slow * (1 + 1e-6) and quick > slow:
            assert lag == f"the {'flat' if flat < steep else 'steep'} direction lags behind"
    limit = 2 * (1 + mu) / (1 + 2 * mu * look)
    assert wrote(edge, limit, 4)
    for side, stable in ((0.999, True), (1.001, False)):
        assert (radius(*rule(limit * side, mu)) < 1) == stable
    root = math.sqrt(3 * kappa + 1)
    star = 4 * kappa / (root * root), (root - 2) / (root + 2)  # Nesterov's; then Polyak's
    star = star if look else (4 / (1 + kappa**-0.5) ** 2, ((1 - kappa**-0.5) / (1 + kappa**-0.5)) ** 2)
    assert wrote(best_eta, star[0], 4) and (wrote(best_mu, star[1], 4) or abs(star[1]) < 1e-15 and best_mu == "0")
    _best(rule, kappa, *star)


def _fate(fate, far, size):
    if far[3] < 1e-2 * far[0]:
        pace = 100 / -math.log10(far[3] / far[1]) if far[3] > 0 else 0
        said = fields("converged, # steps for every factor of ten", fate)[0]
        assert brief(said, pace, 2) and size < 1
    elif far[3] > far[1]:
        assert fate == "growing: over the last 50 of 200 steps farther out than over the second 50"
        assert size > 0.97  # near the edge two swings may add up
    else:
        form = r"bounded, neither at rest nor growing: over the last 50 steps at most # % of its first distance away"
        assert brief(fields(form, fate)[0], 100 * far[3] / 8, 2)  # it starts at (−8, 4)


@functools.lru_cache
def _best(rule, kappa, eta, mu):
    """Assert that no pair around this one has a faster rate in the end."""

    def slowest(eta, mu):
        return max(radius(*rule(eta * lam, mu)) for lam in (1 / kappa, 1.0))

    around = (-0.05, -0.01, 0, 0.01, 0.05)
    rate = slowest(eta, mu) - 1e-7  # a double root moves as the square root of a rounding
    assert all(slowest(eta * (1 + a), mu + b) > rate for a in around for b in around if 0 <= mu + b < 1)


# ---- the look-ahead ----


def look_ahead(values, seen, caption, t):
    """The two pushes differ by ημ·H v, and along v by the part η vᵀHv/|v|²."""
    lr, mu, H = values["lr"], values["mu"], bowl(10.0, 0.5)
    gone = follows(seen[1], lambda w: w @ H, lr, mu, ahead=1)
    form = r"From step # to #, η = #, μ = #; the enlarged arrows span #\. (.*)"
    step, after, eta, m, span, said = fields(form, caption)
    assert int(step) == t and int(after) == t + 1 and wrote(eta, lr) and wrote(m, mu)
    w, v = seen[1]["w"][t], seen[1]["v"][t]
    ends = np.array([0 * w, mu * v, mu * v - lr * H @ (w + mu * v), mu * v - lr * H @ w])
    reach = np.ptp(ends, axis=0).max()
    assert wrote(span, reach if reach > 2e-300 else 2.0, 2)
    if gone and t >= gone - 1:
        assert said == f"The run diverged at step {gone}."
        return
    apart, push = lr * mu * np.linalg.norm(H @ v), lr * np.linalg.norm(H @ w)
    if said == "There is no carried velocity, so Nesterov and the heavy ball both make the step of gradient descent.":
        assert apart <= 1.01e-9 * push or not (mu * v).any()
        return
    assert apart > 0.99e-9 * push
    form = r"The two pushes differ by #\. The look-ahead gradient brakes: along the velocity the step is shorter by "
    differ, part = fields(form + r"# % of μv\.", said)
    percent = 100 * lr * v @ H @ v / (v @ v)
    assert wrote(differ, apart, 2) and brief(part, percent, 2 if percent < 100 else 3)


# ---- a cycle ----


def bends(x):
    """The slope of a function with curvature 25, but 1 between 1 and 2."""
    return np.where(x < 1, 25 * x, np.where(x < 2, x + 24, 25 * x - 24))


@functools.lru_cache
def restless(lr, mu):
    """Which part of 501 starts is not at rest after 1000 steps of the heavy ball, in percent."""
    x = np.linspace(-5, 5, 501)
    v = 0 * x
    with np.errstate(all="ignore"):
        for _ in range(1000):
            v = mu * v - lr * bends(x)
            x = x + v
    return 100 * np.mean(~(np.hypot(x, v) < 1e-3))


def cycle(values, seen, caption, t):
    """Each of three runs by its points; whether it stays or goes round, by going on for 2,000 steps."""
    x0, lr, mu = values["x0"], values["lr"], values["mu"]
    given = {"gradient descent": (1 / 13, 0.0, 0), "heavy ball": (lr, mu, 0), "Nesterov": (1 / 25, 2 / 3, 1)}
    form = rf"Step # of 80, from x = {x0:g}, η = {lr:.3g}, μ = {mu:.3g}\. (Grad.*?\.) (Heavy.*\.) (Nest.*\.) "
    form += "After 1000 steps of the heavy ball, # % of the starts between −5 and 5 have not come to rest "
    step, *stories, share = fields(form + r"\(marked on the x axis\)\.", caption)
    assert int(step) == t and share == str(round(restless(lr, mu)))
    for (name, (eta, m, look)), story in zip(given.items(), stories, strict=True):
        gone = follows(seen[1][name], bends, eta, m, look)
        x, v = seen[1][name]["w"][:, 0], seen[1][name].get("v", np.zeros((81, 1)))[-1, 0]
        _ending(story, capital(name), x, gone, x if gone else _later(x[-1], v, eta, m, look))


@functools.lru_cache(maxsize=16)
def _later(x, v, eta, m, look):
    """The next 2,000 points of a run that stands at x with the velocity v."""
    return walk(bends, [x], 2000, eta, m, v, look)[0][:, 0]


def _ending(story, name, x, gone, later):
    if gone:
        assert story == f"{name} diverged at step {gone}."
        return
    step = settles(np.abs(x) < 0.01)
    if found := re.fullmatch(rf"{name} is within 0\.01 of the minimum from step (\d+) on\.", story):
        assert int(found[1]) == step and (np.abs(later) < 0.01).all()
        return
    if found := re.fullmatch(rf"{name} goes round: (.*)\.", story):
        points = found[1].split(", ")
        n = len(points)
        assert all(wrote(said, one, 4) for said, one in zip(points, x[-n:], strict=True)) and n > 1
        assert np.abs(later[n:] - later[:-n]).max() < 1e-6 and np.ptp(x[-n:]) > 1e-6
        assert all(np.abs(later[k:] - later[:-k]).max() > 1e-6 for k in range(1, n))
        return
    assert story == f"{name} is still moving after 80 steps." and (step is None or step > 75)


# ---- restarts ----


@functools.lru_cache
def four(kappa):
    """Per method the steps until the loss stays below 10⁻⁸, and how often the last one was restarted."""
    c, steps = np.geomspace(1 / kappa, 1, 50), round(30 * math.sqrt(kappa))
    best, arrived, again = (math.sqrt(kappa) - 1) / (math.sqrt(kappa) + 1), [], 0
    for name in ("gd", "known", "rising", "restarted"):
        w, v, k, loss = np.ones(50), np.zeros(50), 0, [c.sum() / 2]
        for _ in range(steps):
            mu = {"gd": 0.0, "known": best}.get(name, k / (k + 3))
            g = c * (w + mu * v)
            v = mu * v - g
            w, k = w + v, k + 1
            if name == "restarted" and g @ v > 0:
                again, v, k = again + (k > 1), 0 * v, 0
            loss.append((c * w * w).sum() / 2)
        arrived.append({settles(np.array(loss) <= 1e-8 * (1 + j * 1e-9)) for j in (-1, 0, 1)})
    return steps, arrived, again


def restart(values, seen, caption, t):
    """When four losses are below the goal for good, and how often the last one began again, by loops of its own."""
    steps, arrived, again = four(values["kappa"])
    names = ("Gradient descent", "Nesterov, κ known", "Nesterov, μ rising", "the same, restarted")
    form = rf"κ = {values['kappa']:g}\. Steps until the loss stays below 10⁻⁸\. "
    form += "; ".join(rf"{name}: (more than \d+|\d+)" for name in names)
    *said, all_steps, often = fields(form + r"\. In these # steps the last one was (.*)\.", caption)
    assert int(all_steps) == steps
    for words, there in zip(said, arrived, strict=True):
        assert (None if words == f"more than {steps}" else int(words)) in there
    assert often in (f"restarted {again} time{'s' * (again != 1)}" if again else "never restarted")


CHECK = {
    "Ravine": ravine,
    "Oscillator": oscillator,
    "PhaseMap": phase_map,
    "LookAhead": look_ahead,
    "Cycle": cycle,
    "Restart": restart,
}
COUNT = dict.fromkeys(("Ravine", "Oscillator", "PhaseMap", "LookAhead", "Cycle"), 600)
