"""One careful call of a student's function."""

import contextlib
import copy
import io
import linecache
import warnings
from dataclasses import dataclass

import numpy as np


@dataclass
class Run:
    """What came of a call."""

    args: tuple
    value: object = None
    error: BaseException | None = None
    line: str = ""  # the line of the student's code that the error came from
    changed: tuple = ()  # positions of the arguments that the function changed in place
    printed: str = ""
    warned: str = ""  # numpy's first warning


def run(function, args):
    """Call `function` where it can do no harm: on copies of the arguments; nothing is printed, warned of or raised.

    >>> run(lambda a, b: a / b, (1, 0)).error
    ZeroDivisionError('division by zero')
    """
    mine, result, printed = copy.deepcopy(args), Run(args), io.StringIO()
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="warn"), contextlib.redirect_stdout(printed):
        warnings.simplefilter("always")
        try:
            result.value = function(*mine)
        except BaseException as error:  # exit() too, and the interrupt that ends a loop without an end
            result.line = _line_of(function, error.__traceback__)
            result.error = error.with_traceback(None)
    result.changed = tuple(k for k, (a, b) in enumerate(zip(mine, args, strict=True)) if not np.array_equal(a, b))
    result.printed, result.warned = printed.getvalue().strip(), str(caught[0].message) if caught else ""
    return result


def _line_of(function, trace):
    """The innermost line of the student's own cell that the error passed through."""
    code, line = getattr(function, "__code__", None), ""
    while code and trace:
        if trace.tb_frame.f_code.co_filename == code.co_filename:
            line = linecache.getline(code.co_filename, trace.tb_lineno).strip()
        trace = trace.tb_next
    return line
