"""Show the code that runs: the functions of this package, as they stand in its files."""

import ast
import inspect
import textwrap

from .refuse import refuse


def source(*functions):
    """Print the source of functions without their docstrings (`help(function)` shows those).

    >>> from optim_core.optimizers import gd
    >>> source(gd)
    @optimizer
    def gd(w, grad, t, *, lr=0.01):
        w = w - lr * grad(w)
        return dict(w=w)
    """
    for i, function in enumerate(functions):
        if not hasattr(inspect.unwrap(function), "__code__") and not inspect.isclass(function):
            refuse("functions", function, "functions, each by its name")
        lines = textwrap.dedent(inspect.getsource(function)).splitlines()
        definition = ast.parse("\n".join(lines)).body[0]
        if ast.get_docstring(definition):
            docstring = definition.body[0]
            del lines[docstring.lineno - 1 : docstring.end_lineno]
        print("\n\n" * (i > 0) + "\n".join(lines))
