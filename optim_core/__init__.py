"""optim_core: the optimization of neural networks, small enough to read.

The notebooks of the course stand on these modules, and each can be used without them:

    import optim_core as oc

    bowl = oc.surfaces.bowl(kappa=10.0)
    path = oc.descent.descend(oc.optimizers.momentum, bowl.start, bowl.grad, 50, lr=0.5, mu=0.8)
    path["w"]          # every step of it: shape (51, 2)

Its modules, in an order in which they can be read:

    surfaces      errors of two weights, declared by their formulas, with exact derivatives
    critical      where the gradient is zero: minimum, maximum, saddle or degenerate
    optimizers    one step of each optimizer, as its equation
    descent       descend: many steps, and every state kept (fast: what it has only for speed)
    schedules     learning rates that change from step to step
    gradients     clipping, L2 and noise around a gradient; second derivatives
    quadratics    momentum on a quadratic: what theory says, what runs say
    losses        how wrong a network's outputs are
    layers        what flows forward through a network, and what flows back
    network       layers on one flat vector of weights; on data, a loss like any other
    muon          a step that knows a weight matrix from a list of numbers
    data          small data sets
    training      mini-batches, held-out data, and when to stop
    slices        a network's loss as a surface of two numbers
    show          source: print a function as it stands here
    refuse        how a bad argument is refused
    exercises     what an exercise, a question, a prediction is, and what a wrong answer is told
    scenes        what a picture is made of
    live          pictures and questions with sliders and buttons
    chapters      one room for each chapter: its pictures, its exercises, and what they run
    lecture       a chapter's cells as slides, in the hall
    site          all of it as a static site that runs in the visitor's browser

Importing the package needs nothing but the standard library; a module is loaded when it is first used.
"""

# No syntax newer than Python 3.6: `python3 -m optim_core` reads this file before it can say that a Python is too old.
import importlib
import logging
import pkgutil

__version__ = "0.1.0"

# At its first import on a machine (in a page: at each) matplotlib looks for fonts, and warns that this takes time.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)


def __getattr__(name):
    """Load the submodule called `name` (Python asks here for every attribute that it does not find)."""
    module = __name__ + "." + name
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:  # the module is here, but something that it imports is not
            raise
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None


def __dir__():
    """The submodules too, though they may not be loaded yet: what `oc.` and the tab key offer."""
    return sorted({*globals(), *(part.name for part in pkgutil.iter_modules(__path__) if part.name[0] != "_")})
