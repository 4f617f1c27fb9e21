"""A student's step of an optimizer: gradients to try it on, and its run beside ours in a live figure."""

from dataclasses import dataclass, replace

import numpy as np

from .. import surfaces
from ..descent import descend
from ..refuse import listed
from .blank import has_blank
from .running import by_place, line_of
from .values import kind_of, numbers


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
        w = w if has_blank(w) else np.asarray(w, float)
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
    or stops with an error, only ours is shown; `experiment.trouble` is a sentence on that error, or "".
    """

    def experiment(lr, mu, start):
        surface = surfaces.bowl(kappa=20.0, angle=0.4)
        runs, experiment.trouble = {"ours": descend(step, start, surface.grad, steps, lr=lr, mu=mu)}, ""
        if not has_blank(function) and callable(function):
            try:
                runs["yours"] = descend(as_step(function), start, surface.grad, steps, lr=lr, mu=mu)
            except Exception as error:  # whatever a student's function does: said under the figure
                experiment.trouble = trouble(function, error)
        return surface, runs, f"η = {lr:g}", f"μ = {mu:g}"

    experiment.trouble = ""
    return experiment


def as_step(function):
    """A student's (w, v, grad, lr, mu) → (w, v) as a step that `descend` can run; a ValueError if that is not returned.

    >>> as_step(lambda w, v, grad, lr, mu: (w - lr * grad(w), v))(np.ones(2), lambda w: w, 1, np.zeros(2))
    {'w': array([0.99, 0.99]), 'v': array([0., 0.])}
    """
    function = by_place(function, ["w", "v", "grad", "lr", "mu"])

    def step(w, grad, t, v=0.0, *, lr=0.01, mu=0.9):
        answer = function(w.copy(), v.copy(), lambda at: grad(np.asarray(at, float)), lr, mu)
        return read(answer, w, w="the point", v="the velocity")

    return step


def read(answer, like, **parts):
    """What a student's step returned, by name: {"w": array, …}, each of the shape of `like`; or a ValueError.

    parts: what the parts are, in their order. What `check` takes for a right answer is read here as well: a list, an
    array of rows, numbers of any kind.

    >>> read([[1, 2], [0, 1]], np.zeros(2), w="the point", v="the velocity")
    {'w': array([1., 2.]), 'v': array([0., 1.])}
    """
    found = [numbers(part) for part in answer] if isinstance(answer, (tuple, list, np.ndarray)) else []
    wrong = [part is None or np.iscomplexobj(part) or part.shape != np.shape(like) for part in found]
    if len(found) != len(parts) or any(wrong):
        raise ValueError(f"it returned {kind_of(answer)}, not {listed(parts.values())} `({', '.join(parts)})`")
    return dict(zip(parts, found, strict=True))


def trouble(function, error):
    """A sentence on the error with which a student's function stopped in a live figure.

    >>> trouble(min, ZeroDivisionError("division by zero"))
    'Yours is not shown: it stopped with ZeroDivisionError: division by zero.'
    """
    line = line_of(function, error.__traceback__)
    where = f", in the line “{line}”" if line else ""
    return f"Yours is not shown: it stopped with {type(error).__name__}: {' '.join(str(error).split())}{where}."
