"""Make optimizers.npz: trajectories, rates and clipped gradients of torch 2.13.0 and optax 0.2.8, in float64.

    python tests/golden/optimizers.py          # needs torch, optax and jax; the tests need none of them

Nothing of optim_core is used here: surfaces are written out again, and their gradients come from autograd.  A path
is kept only if it is not chaotic: noise of 1e-12 after every step may move no point of it by more than 1e-9.
"""

import json
import math
from pathlib import Path

import jax
import numpy as np
import optax
import torch

jax.config.update("jax_enable_x64", True)
torch.set_default_dtype(torch.float64)  # NAdam keeps a product of momenta in the default type
torch.set_num_threads(1)

STEPS = 150
KEPT = [*range(1, 11), *range(15, STEPS + 1, 15)]  # the steps that are stored


# ---- surfaces: name → (loss, where to start from, learning rates that lead somewhere) --------------------------------

SURFACES = {
    "product": (lambda a, b: (1 - a * b) ** 2, (-1.6, 1.6), 0.2),
    "bowl": (lambda a, b: (a**2 / 10 + b**2) / 2, (-6.0, 6.0), 0.9),
    "rosenbrock": (lambda a, b: (1 - a) ** 2 + 100 * (b - a**2) ** 2, (-1.2, 1.2), 0.001),
    "beale": (
        lambda a, b: sum((c - a * (1 - b**k)) ** 2 for k, c in ((1, 1.5), (2, 2.25), (3, 2.625))),
        (0.2, 1.5),
        0.01,
    ),
    "himmelblau": (lambda a, b: (a**2 + b - 11) ** 2 + (a + b**2 - 7) ** 2, (-3.0, 3.0), 0.01),
    "styblinski_tang": (lambda a, b: sum(w**4 - 16 * w**2 + 5 * w for w in (a, b)) / 2, (-3.5, 3.5), 0.02),
}


# ---- schedules: (name, arguments) → torch's scheduler ---------------------------------------------------------------


def scheduler(optimizer, lr, spec):
    """torch's own scheduler of the learning rate `lr`, or None."""
    S = torch.optim.lr_scheduler
    match spec:
        case None:
            return None
        case ["constant"]:
            return S.ConstantLR(optimizer, factor=1.0, total_iters=0)
        case ["inverse_time", beta]:
            return S.LambdaLR(optimizer, lambda k: 1 / (1 + beta * k))
        case ["exponential", beta]:
            return S.ExponentialLR(optimizer, beta)
        case ["natural_exponential", beta]:
            return S.LambdaLR(optimizer, lambda k: math.exp(-beta * k))
        case ["step", every, factor]:
            return S.StepLR(optimizer, every, factor)
        case ["linear", tau, end]:
            return S.LinearLR(optimizer, 1.0, end / lr, tau)
        case ["cosine", steps, end]:
            return S.CosineAnnealingLR(optimizer, steps, end)
        case ["wsd", steps, cooldown]:
            fall = round(cooldown * steps)
            parts = [S.ConstantLR(optimizer, 1.0, 0), S.LinearLR(optimizer, 1.0, 0.0, fall)]
            return S.SequentialLR(optimizer, parts, [steps - fall])
        case ["inverse_sqrt"]:
            return S.LambdaLR(optimizer, lambda k: 1 / math.sqrt(k + 1))
        case ["cyclic", high, up, down]:
            return S.CyclicLR(optimizer, lr, high, up, down, cycle_momentum=False)
        case ["piecewise", factor, *boundaries]:
            return S.MultiStepLR(optimizer, boundaries, factor)
        case ["warmup", steps, start, *then]:
            rise = S.LinearLR(optimizer, start or 1 / (steps + 1), 1.0, steps)
            return S.SequentialLR(optimizer, [rise, scheduler(optimizer, lr, then)], [steps])
        case ["sequence", boundary, first, second]:
            parts = [scheduler(optimizer, lr, first), scheduler(optimizer, lr, second)]
            return S.SequentialLR(optimizer, parts, [boundary])
        case ["on_plateau", factor, patience, threshold, low]:
            return S.ReduceLROnPlateau(optimizer, factor=factor, patience=patience, threshold=threshold, min_lr=low)


SCHEDULES = [
    *(["constant"], ["inverse_time", 0.01], ["inverse_time", 1.0], ["exponential", 0.96], ["exponential", 0.5]),
    *(["natural_exponential", 0.0408], ["natural_exponential", 0.96], ["step", 30, 0.5], ["step", 7, 0.9]),
    *(["linear", 100, 0.001], ["linear", 13, 0.0], ["cosine", 200, 0.0], ["cosine", 150, 0.01]),
    *(["wsd", 150, 0.2], ["wsd", 100, 0.37]),
    *(["inverse_sqrt"], ["cyclic", 0.3, 10, 10], ["cyclic", 0.2, 3, 17], ["piecewise", 0.1, 50, 80]),
    *(["piecewise", 0.5, 1, 2, 149], ["warmup", 10, None, "constant"], ["warmup", 4, 0.2, "exponential", 0.9]),
    *(["warmup", 20, None, "cosine", 130, 0.0], ["warmup", 1, None, "inverse_sqrt"]),
    *(
        ["sequence", 40, ["linear", 40, 0.02], ["cosine", 110, 0.0]],
        ["sequence", 7, ["step", 3, 0.5], ["exponential", 0.9]],
    ),
]


def rates(lr, spec, losses=None):
    """The rates that torch's scheduler gives for the steps 1, 2, …"""
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=lr)
    schedule, out = scheduler(optimizer, lr, spec), []
    for k in range(STEPS):
        if losses is not None:
            schedule.step(losses[k])
        out.append(float(optimizer.param_groups[0]["lr"]))
        if losses is None:
            optimizer.step()
            schedule.step()
    return out


# ---- optimizers: name → how torch is told, and what to choose from --------------------------------------------------

ADAM = dict(beta1=[0.9, 0.5, 0.95, 0.0], beta2=[0.999, 0.99, 0.9], eps=[1e-8, 1e-3])
HYPERS = {
    "gd": {},
    "momentum": dict(mu=[0.9, 0.5, 0.99]),
    "nesterov": dict(mu=[0.9, 0.5, 0.99]),
    "ema_momentum": dict(beta=[0.9, 0.5, 0.99]),
    "normalized_gd": {},
    "adagrad": dict(eps=[1e-10, 1e-2]),
    "mean_square_adagrad": dict(eps=[1e-10, 1e-2]),
    "rmsprop": dict(beta=[0.99, 0.9], mu=[0.0, 0.9, 0.5], eps=[1e-8, 1e-2]),
    "centered_rmsprop": dict(beta=[0.99, 0.9], mu=[0.0, 0.5], eps=[1e-2, 1e-1, 1e-3]),
    "adadelta": dict(rho=[0.9, 0.95, 0.5], eps=[1e-6, 1e-3, 1e-4]),
    "adam": ADAM,
    "uncorrected_adam": ADAM,
    "adamw": ADAM | dict(decay=[0.01, [0.1, 0.0], 1.0, 0.0]),
    "amsgrad": ADAM,
    "nadam": ADAM | dict(momentum_decay=[None, 0.004, 0.1]),
    "radam": ADAM,
    "adamax": ADAM,
    "schedule_free": dict(beta=[0.9, 0.5, 0.98]),
    "sign_gd": {},
    "lion": dict(beta1=[0.9, 0.95, 0.0], beta2=[0.99, 0.98, 0.9], decay=[0.0, 0.1, 1.0]),
}
IN_OPTAX_ONLY = ("schedule_free", "lion")


def in_torch(name, groups):
    """torch's optimizer of the same path; each group holds one weight and its hyper-parameters under our names."""
    T, out = torch.optim, []
    for group in groups:
        h = dict(group)
        out.append(dict(params=h.pop("params"), lr=h.pop("lr")))
        if "beta1" in h:
            out[-1]["betas"] = (h.pop("beta1"), h.pop("beta2"))
        elif "beta" in h:
            out[-1]["momentum" if name == "ema_momentum" else "alpha"] = h.pop("beta")
        for ours, theirs in (("mu", "momentum"), ("decay", "weight_decay"), ("l2", "weight_decay")):
            if ours in h:
                out[-1][theirs] = h.pop(ours)
        if name == "nadam" and h["momentum_decay"] is None:
            h["momentum_decay"] = 1e9
        if name == "ema_momentum":
            out[-1]["lr"] *= 1 - out[-1]["momentum"]
        out[-1] |= h
    match name:
        case "gd" | "momentum" | "normalized_gd" | "sign_gd" | "ema_momentum":
            return T.SGD(out)
        case "nesterov":
            return T.SGD(out, momentum=0.9, nesterov=True)
        case "adagrad" | "mean_square_adagrad":
            return T.Adagrad(out)
        case "rmsprop" | "centered_rmsprop":
            return T.RMSprop(out, centered=name == "centered_rmsprop")
        case "adam" | "uncorrected_adam" | "amsgrad":
            return T.Adam(out, amsgrad=name == "amsgrad")
        case _:
            return dict(adadelta=T.Adadelta, adamw=T.AdamW, nadam=T.NAdam, radam=T.RAdam, adamax=T.Adamax)[name](out)


def with_torch(case, noise=0.0, seed=0):
    """The weights after every step, (steps, 2), in torch's variables."""
    rng, name, loss = np.random.default_rng(seed), case["optimizer"], SURFACES[case["surface"]][0]
    weights = [torch.tensor(w, requires_grad=True) for w in case["start"]]
    chosen = case["hyper"] | ({"l2": case["l2"]} if case["l2"] else {})
    groups = [dict(params=[w]) | {k: v[i] if isinstance(v, list) else v for k, v in chosen.items()}
              for i, w in enumerate(weights)]  # fmt: skip
    optimizer = in_torch(name, groups)
    base = case["hyper"]["lr"]
    schedule = scheduler(optimizer, base, case["schedule"])
    out = []
    for t in range(1, STEPS + 1):
        optimizer.zero_grad()
        loss(*weights).backward()
        match case["clip"]:
            case ["norm", theta]:
                torch.nn.utils.clip_grad_norm_(weights, theta)
            case ["value", size]:
                torch.nn.utils.clip_grad_value_(weights, size)
        if name == "normalized_gd":
            norm = torch.sqrt(sum(w.grad**2 for w in weights))
            for w in weights:
                w.grad /= norm
        if name == "sign_gd":
            for w in weights:
                w.grad.sign_()
        kept = [dict(g) for g in optimizer.param_groups]
        for group in optimizer.param_groups:
            if name == "mean_square_adagrad":
                group["lr"] *= math.sqrt(t)
                group["eps"] *= math.sqrt(t)
            if name == "uncorrected_adam":  # what Adam will divide by is multiplied in beforehand
                first, second = 1 - group["betas"][0] ** t, math.sqrt(1 - group["betas"][1] ** t)
                group["lr"] *= first / second
                group["eps"] /= second
        optimizer.step()
        for group, before in zip(optimizer.param_groups, kept, strict=True):
            group["lr"] = before["lr"]
            if "eps" in group:
                group["eps"] = before["eps"]
        if schedule:
            schedule.step()
        with torch.no_grad():
            for w in weights:
                w += noise * rng.standard_normal()
        out.append([float(w) for w in weights])
    return np.array(out)


def with_optax(case, noise=0.0, seed=0):
    """The same with optax, whose momentum keeps the learning rate inside, as ours does."""
    rng, h, loss = np.random.default_rng(seed), dict(case["hyper"]), SURFACES[case["surface"]][0]
    lr = h["lr"]
    if case["schedule"]:
        rate = jax.numpy.array(rates(h["lr"], case["schedule"]))
        lr = lambda k: rate[k]  # noqa: E731
    adam = dict(b1=h["beta1"], b2=h["beta2"], eps=h["eps"]) if "eps" in h else {}
    match case["optimizer"]:
        case "momentum" | "nesterov" as name:
            transform = optax.chain(optax.scale_by_learning_rate(lr), optax.trace(h["mu"], nesterov=name == "nesterov"))
        case "adamw":
            transform = optax.adamw(lr, weight_decay=h["decay"], **adam)
        case "schedule_free":
            transform = optax.contrib.schedule_free_sgd(lr, b1=h["beta"])
        case "lion":
            transform = optax.lion(lr, b1=h["beta1"], b2=h["beta2"], weight_decay=h["decay"])
        case "gd":
            transform = optax.sgd(lr)
        case name:
            transform = dict(adam=optax.adam, nadam=optax.nadam, adamax=optax.adamax)[name](lr, **adam)
    match case["clip"]:
        case ["norm", theta]:
            transform = optax.chain(optax.clip_by_global_norm(theta), transform)
        case ["value", size]:
            transform = optax.chain(optax.clip(size), transform)
        case ["sam", rho]:
            up = optax.chain(optax.contrib.normalize(), optax.sgd(rho))
            transform = optax.contrib.sam(transform, up, sync_period=2, opaque_mode=True)
    w = jax.numpy.array(case["start"])
    state, gradient, out = transform.init(w), jax.jit(jax.grad(lambda w: loss(w[0], w[1]))), []
    more = dict(grad_fn=lambda w, _: gradient(w)) if case["clip"] and case["clip"][0] == "sam" else {}
    evaluated = lambda w, state: w  # noqa: E731
    if case["optimizer"] == "schedule_free":  # its parameters are y, where gradients are taken
        own = (lambda state: state[1]) if case["clip"] else (lambda state: state)
        evaluated = lambda w, state: optax.contrib.schedule_free_eval_params(own(state), w)  # noqa: E731

    @jax.jit
    def step(w, state):
        updates, state = transform.update(gradient(w), state, w, **more)
        return optax.apply_updates(w, updates), state

    for _ in range(STEPS):
        w, state = step(w, state)
        w = w + noise * rng.standard_normal(2)
        out.append(np.array(evaluated(w, state)))
    return np.array(out)


def chaotic(run, case, reference):
    """Whether noise of 1e-12 after every step moves the path by more than 1e-9 anywhere."""
    if not np.abs(reference).max() < 1e3:  # diverged, or NaN
        return True
    moved = max(np.abs(run(case, noise=1e-12, seed=seed) - reference).max() for seed in (1, 2))
    return not moved < 1e-9


def candidates(name, rng):
    """Settings in an order in which every optimizer meets every surface, with and without schedule and clipping."""
    plans = [None, ["cosine", 200, 0.0], None, ["exponential", 0.98], ["warmup", 10, None, "inverse_sqrt"], None]
    plans += [["step", 40, 0.5]]
    clips = [None, None, ["norm", 1.0], None, ["value", 0.5], ["norm", 10.0], None]
    for i in range(1000):
        surface = list(SURFACES)[i % len(SURFACES)]
        low, high = SURFACES[surface][1]
        hyper = {key: values[int(rng.integers(len(values)))] for key, values in HYPERS[name].items()}
        if name in ("gd", "momentum", "nesterov", "ema_momentum", "schedule_free"):
            hyper["lr"] = SURFACES[surface][2] * rng.uniform(0.1, 0.8)
        else:
            hyper["lr"] = rng.uniform(0.3, 2) if name == "adadelta" else 10 ** rng.uniform(-2.5, -0.5)
        case = dict(optimizer=name, surface=surface, start=list(rng.uniform(low, high, 2)), hyper=hyper)
        case |= dict(
            schedule=plans[i % 7],
            clip=clips[(i // 2) % 7],
            l2=0.05 if i % 5 == 4 and name not in ("adamw", "normalized_gd", "sign_gd") else 0.0,
        )
        if name == "nesterov" or (name == "momentum" and case["schedule"] and case["schedule"][0] == "warmup"):
            case["schedule"] = (
                None  # torch keeps the rate outside the velocity; only a falling rate can be put into ours
            )
        yield case


def trajectories():
    """The cases and their references."""
    for name in [name for name in HYPERS if name not in IN_OPTAX_ONLY]:
        accepted, rng = 0, np.random.default_rng(sum(map(ord, name)))
        for case in candidates(name, rng):
            reference = with_torch(case)
            if not chaotic(with_torch, case, reference):
                accepted += 1
                yield dict(case, library="torch"), reference
            if accepted == 10:
                break
    for name in ("momentum", "nesterov", "adam", "adamw", "nadam", "adamax", "gd", *IN_OPTAX_ONLY):
        accepted, rng = 0, np.random.default_rng(1000 + sum(map(ord, name)))
        for case in candidates(name, rng):
            case["l2"] = 0.0
            if name not in IN_OPTAX_ONLY:
                case["clip"] = case["clip"] and ["value", 0.5]
            if isinstance(case["hyper"].get("decay"), list):
                case["hyper"]["decay"] = 0.1
            if "momentum_decay" in case["hyper"]:
                case["hyper"]["momentum_decay"] = None
            if name in ("momentum", "nesterov"):
                case["schedule"] = [["cosine", 200, 0.0], ["warmup", 10, None, "inverse_sqrt"]][accepted % 2]
            if name == "schedule_free":  # under a schedule its average has other weights
                case["schedule"] = None
            if name == "gd":
                case["clip"] = ["sam", float(rng.uniform(0.02, 0.3))]
            reference = with_optax(case)
            if not chaotic(with_optax, case, reference):
                accepted += 1
                yield dict(case, library="optax"), reference
            if accepted == (10 if name in IN_OPTAX_ONLY else 4):
                break


def clipped():
    """Random gradients, clipped by torch: rows of (gradient, by norm, by value) and their (θ, b)."""
    rng, rows, limits = np.random.default_rng(3), [], []
    for _ in range(40):
        theta, size = 10 ** rng.uniform(-2, 2, 2)
        g = rng.standard_normal(5) * 10 ** rng.uniform(-3, 3)
        p = torch.zeros(5, requires_grad=True)
        p.grad = torch.tensor(g)
        torch.nn.utils.clip_grad_norm_([p], theta)
        by_norm = p.grad.numpy().copy()
        p.grad = torch.tensor(g)
        torch.nn.utils.clip_grad_value_([p], size)
        rows.append([g, by_norm, p.grad.numpy().copy()])
        limits.append([theta, size])
    return np.array(rows), np.array(limits)


def plateaus():
    """Losses that stall now and then, and the rates that ReduceLROnPlateau makes of them."""
    rng, specs, losses, out = np.random.default_rng(5), [], [], []
    for patience, factor, threshold, low in (
        (10, 0.1, 1e-4, 0.0),
        (0, 0.5, 1e-4, 0.0),
        (3, 0.5, 0.01, 0.004),
        (2, 0.1, 0.0, 0.0),
    ):
        for noise in (0.0, 0.02, 0.3):
            falling = np.exp(
                -np.minimum.accumulate(np.arange(STEPS) * rng.integers(0, 2, STEPS)) / 20 - np.arange(STEPS) / 40
            )
            loss = np.maximum(falling, 0.2) + noise * rng.random(STEPS)
            specs.append(["on_plateau", factor, patience, threshold, low])
            losses.append(loss)
            out.append(rates(0.1, specs[-1], loss))
    return specs, np.array(losses), np.array(out)


if __name__ == "__main__":
    cases, references = zip(*trajectories(), strict=True)
    gradients, limits = clipped()
    plateau_specs, losses, plateau_rates = plateaus()
    spec = dict(steps=STEPS, kept=KEPT, cases=cases, schedules=SCHEDULES, plateaus=plateau_specs)
    made = dict(torch=torch.__version__.split("+")[0], optax=optax.__version__)
    target = Path(__file__).with_suffix(".npz")
    np.savez_compressed(
        target,
        spec=json.dumps(spec | dict(made_with=made)),
        paths=np.array(references)[:, [t - 1 for t in KEPT]],
        rates=np.array([rates(0.1, spec) for spec in SCHEDULES]),
        plateau_losses=losses,
        plateau_rates=plateau_rates,
        gradients=gradients,
        limits=limits,
    )
    print(f"{len(cases)} trajectories, {len(SCHEDULES)} schedules: {target.stat().st_size / 1e3:.0f} kB")
