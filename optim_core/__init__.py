"""optim_core: the optimization of neural networks, small enough to read.

The notebooks of the course stand on these modules, and each can be used without them:

    import optim_core as oc

    bowl = oc.surfaces.bowl(kappa=10.0)
    path = oc.descent.descend(oc.optimizers.momentum, bowl.start, bowl.grad, 50, lr=0.5, mu=0.8)
    path["w"]          # every step of it: shape (51, 2)

Importing the package needs nothing but the standard library; a module is loaded when it is first used.
"""

# No syntax newer than Python 3.6: `python3 -m optim_core` reads this file before it can say that a Python is too old.
import importlib

__version__ = "0.1.0"


def __getattr__(name):
    """Load the submodule called `name` (Python asks here for every attribute that it does not find)."""
    module = __name__ + "." + name
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:  # the module is here, but something that it imports is not
            raise
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
