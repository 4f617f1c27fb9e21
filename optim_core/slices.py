"""Slices: a network's loss as a surface of two numbers, so that it can be drawn and walked on like any other.

    surface = slice2d(task, w, filter_normalised(net, w, seed=1), filter_normalised(net, w, seed=2))
    surface.loss(s), surface.grad(s), surface.hessian(s)

with task = net.on(X, y), and s of shape (…, 2).
"""

from dataclasses import dataclass, replace

import numpy as np

from .gradients import hvp
from .losses import binary_cross_entropy, mse
from .network import ON_DATA, Chain, Linear, Network, Task, in_parts
from .refuse import generator, made, numbers, refuse, whole
from .refuse import window as checked_window


@dataclass(eq=False, repr=False)
class Slice:
    """A plane through the space of a network's weights, as a surface of two numbers s = (s₁, s₂).

        L(s) = loss(w₀ + s₁ d₁ + s₂ d₂),   ∇L = (d₁·∇loss, d₂·∇loss),   Hᵢⱼ = dᵢᵀ H dⱼ

    It has what a surface of `surfaces` has, so that every figure and every optimizer takes it. surface[i] is the same
    plane for the mini-batch of the examples i.
    """

    task: Task
    origin: np.ndarray  # w₀, shape (n,)
    directions: np.ndarray  # d₁ and d₂, shape (2, n)
    name: str
    window: tuple
    start: tuple
    critical_points: tuple = ()
    latex: str | None = None
    gradient_latex = hessian_latex = None
    valleys = ()

    def __post_init__(self):
        n = made("task", self.task, Task, ON_DATA).net.n
        made("name", self.name, str, "a text")
        self.origin = numbers("w", self.origin, last=n, finite=True, real=True)
        self.directions = numbers("directions", self.directions, last=n, finite=True, real=True)
        if self.origin.ndim != 1 or self.directions.shape != (2, n):
            refuse("w.shape, directions.shape", (self.origin.shape, self.directions.shape), f"({n},) and (2, {n})")
        self.window = checked_window(self.window)
        self.start = numbers("start", self.start, last=2, finite=True, real=True)
        if self.start.ndim != 1:
            refuse("start", self.start, "two numbers")
        self.critical_points = list(self.critical_points)

    def __getitem__(self, examples):
        return replace(self, task=self.task[examples], critical_points=())

    def weights(self, s):
        """The network's weights at the points s of the plane: (…, 2) → (…, n)."""
        s = numbers("s", s, last=2)
        with np.errstate(all="ignore"):  # a point at infinity has no weights: NaN is the right answer there
            return self.origin + s @ self.directions

    def loss(self, s):
        """L(s), shape (…) for s of shape (…, 2)."""
        return in_parts(lambda s: self.task.loss(self.weights(s)), numbers("s", s, last=2), self.task.at_once)

    def grad(self, s):
        """The two slopes, shape (…, 2)."""

        def slopes(s):
            with np.errstate(all="ignore"):
                return self.task.grad(self.weights(s)) @ self.directions.T

        return in_parts(slopes, numbers("s", s, last=2), self.task.at_once)

    def hessian(self, s):
        """The curvatures within the plane, shape (…, 2, 2): `gradients.hessian` of `grad`, row by row."""
        s = numbers("s", s, last=2, finite=True, real=True)
        return np.stack([hvp(self.grad, s, unit) for unit in np.eye(2)], -2)


def slice2d(task, w, d1, d2, *, name="slice", window=(-1, 1, -1, 1), start=(0.0, 0.0)):
    """A network's loss along two directions from w, a surface of (s₁, s₂) with w at (0, 0).

    d1, d2: shape (n,), such as `filter_normalised(net, w, seed)`. Of a space of n dimensions this shows two: what is a
    bowl here may be a saddle elsewhere. Source: Li et al. 2018, section 4.

    >>> task = Network([Linear(1, 1)], mse).on([[1.0]], [[0.0]])                         # L = (w₁ + w₂)²
    >>> surface = slice2d(task, [0.0, 0.0], d1=[1.0, 0.0], d2=[0.0, 2.0])
    >>> surface.loss([1.0, 1.0]), surface.grad([1.0, 1.0])
    (np.float64(9.0), array([ 6., 12.]))
    """
    n = made("task", task, Task, ON_DATA).net.n
    directions = [numbers(*d, last=n, finite=True, real=True) for d in dict(d1=d1, d2=d2).items()]
    if any(d.ndim != 1 for d in directions):
        refuse("d1.shape, d2.shape", tuple(d.shape for d in directions), f"({n},)")
    return Slice(task, w, directions, name, window, start)


def over_two_weights(task, w, i, j, *, window=None):
    """A network's loss over two of its weights, the others held where w has them: a surface of (wᵢ, wⱼ).

    i, j: places in w, from 0; window: default ±2 around the two values in w, which are also its start.

    >>> surface = over_two_weights(Network([Linear(1, 1)], mse).on([[1.0]], [[0.0]]), [3.0, 1.0], 0, 1)
    >>> surface.loss([3.0, 1.0]), surface.window
    (np.float64(16.0), (1.0, 5.0, -1.0, 3.0))
    """
    w = numbers("w", w, last=made("task", task, Task, ON_DATA).net.n, finite=True, real=True)
    i, j = whole("i", i, 0), whole("j", j, 0)
    if w.ndim != 1 or i == j or not max(i, j) < w.size:
        refuse("i, j", (i, j), f"two different places in w of shape (n,), from 0 to {w.shape[-1] - 1}")
    start, units = w[[i, j]], np.eye(w.size)[[i, j]]
    if window is None:
        window = (start[0] - 2, start[0] + 2, start[1] - 2, start[1] + 2)
    return Slice(task, w - start @ units, units, f"weights {i} and {j}", window, start)


def filter_normalised(net, w, seed=0):
    """A random direction with the proportions of w, so that slices of different networks can be compared.

        dⱼ = gⱼ ‖Wⱼ‖/‖gⱼ‖,  g ~ N(0, 1),  for each filter Wⱼ;   0 for biases, γ and β

    A filter is what one unit looks for: the weights into it, a column of W. A bias, a γ or a β would be a filter of one
    number, and gⱼ ‖bⱼ‖/‖gⱼ‖ always ± that number, which is no random direction; so they stay as they are.
    Without it a network looks sharp or flat by mere scale: with relu, W₁ → αW₁, W₂ → W₂/α leaves the outputs the same.
    Source: Li et al. 2018, section 4.

    >>> d = filter_normalised(Network([Linear(2, 1)], mse), [3.0, 4.0, 1.0])  # a filter of length 5, and a bias
    >>> float(np.hypot(d[0], d[1]).round(9)), float(d[2])
    (5.0, 0.0)
    """
    made("net", net, Chain, "a Network")
    w, rng, d = numbers("w", w, last=net.n, finite=True, real=True), generator(seed), np.zeros(net.n)
    if w.ndim != 1:
        refuse("w.shape", w.shape, f"(n,), n = {net.n}")
    for here, shape in net.matrices:
        W, g = w[here].reshape(shape), rng.standard_normal(shape)
        d[here] = (g * np.linalg.norm(W, axis=0) / np.linalg.norm(g, axis=0)).ravel()
    return d


def two_weights(X, y, loss=mse, window=None):
    """The smallest model on data, z = w₁ x + w₂, as a surface: a line for mse, a logit for binary_cross_entropy.

    X, y: shape (batch, 1). surface[i] is what the mini-batch i sees of it.

    >>> surface = two_weights([[0.0], [1.0], [2.0]], [[1.0], [2.0], [3.0]])
    >>> surface.loss([1.0, 1.0]), surface[[0]].grad([1.0, 2.0])
    (np.float64(0.0), array([0., 2.]))
    """
    task, size, best, known = Network([Linear(1, 1)], loss).on(X, y), 8.0, np.zeros(2), []
    if task.X.ndim != 2:
        refuse("X.shape", task.X.shape, "(batch, 1)")
    if loss is mse:  # a parabola, whose minimum is least squares' answer
        columns = np.hstack([task.X, np.ones_like(task.X)])
        best, _, rank, _ = np.linalg.lstsq(columns, task.Y[:, 0], rcond=None)
        size, known = 3.0, [dict(w=best, kind="minimum" if rank == 2 else "degenerate")]
    terms = {mse: "(w_1 x_s + w_2 - y_s)^2", binary_cross_entropy: r"-\log p(y_s \mid w_1 x_s + w_2)"}
    latex = rf"\frac{{1}}{{{len(task.X)}}} \sum_s {terms[loss]}" if loss in terms else None
    if window is None:
        window = (best[0] - size, best[0] + size, best[1] - size, best[1] + size)
    start = best + size * np.array([-0.8, 0.7])
    return Slice(task, np.zeros(2), np.eye(2), "two weights on data", window, start, known, latex)
