"""A student's step of an optimizer: gradients to try it on, and its run beside ours in a live figure."""

from dataclasses import dataclass, replace

import numpy as np

from .. import surfaces
from ..descent import descend
from .blank import has_blank
from .diagnosis import numbers
from .running import run


@dataclass(frozen=True)
class Slope:
    """A gradient to try a step on: w ↦ a·w + b·w³, entry by entry. It can be compared, printed, and scaled.

    >>> grad = Slope((1.0, 4.0), 0.5)
    >>> grad, grad(np.array([2.0, 1.0]))
    (w ↦ [1, 4]·w + 0.5·w³, array([6. , 4.5]))
    """

    a: tuple
    b: float = 0.0
    scale: float = 1.0

    def __call__(self, w):
        return self.scale * (np.array(self.a) * w + self.b * w**3)

    def __repr__(self):
        cubic = f" + {self.b:g}·w³" if self.b else ""
        return f"w ↦ [{', '.join(f'{a:g}' for a in self.a)}]·w{cubic}"

    def __rmul__(self, factor):
        return replace(self, scale=self.scale * float(factor))

    def _is_a_function(self, *_):
        raise TypeError("grad is a function of the weights: call it, as in grad(w)")

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __neg__ = __getitem__ = _is_a_function


def beside(step, function, steps=100):
    """The experiment of a figure in which a student's step runs beside ours, on a ravine.

    step: ours, from `optimizers`; function: the student's, (w, v, grad, lr, mu) → (w, v). While it has a blank in it,
    or cannot run, only ours is shown.
    """
    runs = {"ours": step} | yours(function)

    def experiment(lr, mu, start):
        surface = surfaces.bowl(kappa=20.0, angle=0.4)
        return surface, {n: descend(s, start, surface.grad, steps, lr=lr, mu=mu) for n, s in runs.items()}

    return experiment


def yours(function):
    """{"yours": the student's function as a step that `descend` can run}, or {} while it cannot be run.

    >>> list(yours(lambda w, v, grad, lr, mu: (w - lr * grad(w), v))), yours(lambda w, v, grad, lr, mu: w)
    (['yours'], {})
    """
    if has_blank(function) or not callable(function):
        return {}
    tried = numbers(run(function, (np.array([1.0, 2.0]), np.array([0.5, 0.0]), Slope((1.0, 4.0)), 0.1, 0.5)).value)
    if tried is None or tried.shape != (2, 2) or np.iscomplexobj(tried):
        return {}

    def step(w, grad, t, v=0.0, *, lr=0.01, mu=0.9):
        w, v = function(w.copy(), v.copy(), grad, lr, mu)
        return dict(w=np.asarray(w, float), v=np.asarray(v, float))

    return {"yours": step}
