"""One careful call of a student's function."""

import contextlib
import copy
import inspect
import io
import linecache
import warnings
from dataclasses import dataclass

import numpy as np

ROOM = 2**30  # bytes that a call may ask for: a list without an end is soon more, or m**n in place of m, n as a shape


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


@contextlib.contextmanager
def quiet():
    """Nothing is printed or warned of inside; gives the text that was printed and the list of warnings."""
    printed = io.StringIO()
    with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(printed):
        warnings.simplefilter("always")
        with np.errstate(all="warn", under="ignore"):  # what becomes 0 because it is tiny harms nobody
            yield printed, caught


@contextlib.contextmanager
def little_memory():
    """As long as it lasts, this process gets no more than ROOM bytes above what it has: beyond is a MemoryError.

    Where the system cannot say how much that is (macOS, Windows), nothing is changed.
    """
    try:
        import resource

        with open("/proc/self/statm") as pages:
            most = int(pages.read().split()[0]) * resource.getpagesize() + ROOM
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    except (ImportError, OSError):
        yield
        return
    fits = [limit for limit in (most, soft, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min(fits), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def each_copied(args):
    """Copies of the arguments, one by one: what is written into one is not to be seen in another that is the same.

    >>> a = [0]
    >>> one, two = each_copied((a, a))
    >>> one.append(1), two
    (None, [0])
    """
    return tuple(copy.deepcopy(one) for one in args)


def run(function, args):
    """Call `function` where it can do no harm: on copies of the arguments; nothing is printed, warned of or raised.

    What would fill the memory, as a list does that grows in a loop without an end, is stopped with a MemoryError.

    >>> run(lambda a, b: a / b, (1, 0)).error
    ZeroDivisionError('division by zero')
    """
    mine, result = each_copied(args), Run(args)
    if getattr(getattr(function, "__code__", None), "co_kwonlyargcount", 0):
        function = by_place(function)
    with quiet() as (printed, caught), little_memory():
        try:
            result.value = function(*mine)
        except BaseException as error:  # exit() too, and the interrupt that ends a loop without an end
            result.line = line_of(function, error.__traceback__)
            result.error = error.with_traceback(None)
    result.changed = tuple(k for k, (a, b) in enumerate(zip(mine, args, strict=True)) if not _same(a, b))
    result.printed, result.warned = printed.getvalue().strip(), str(caught[0].message) if caught else ""
    return result


def _same(a, b):
    """Is an argument what it was? NaN equals NaN; lists and dicts are looked into, and what cannot be compared is.

    >>> _same([np.array([1.0, np.nan]), np.array([2.0])], [np.array([1.0, np.nan]), np.array([2.0])])
    True
    """
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, np.random.Generator):  # drawing from it is what it is there for
        return True
    try:
        if isinstance(a, np.ndarray) and a.dtype.kind in "fc":
            return np.array_equal(a, b, equal_nan=True)
        return bool(np.array_equal(a, b) or (a != a and b != b))
    except Exception:  # an object that cannot be compared is not what is to be told of
        return True


def by_place(function, names=None):
    """A function that takes all its arguments by place, also where some of them are keyword-only.

    names: of the arguments, in their order; the function's own order if not given. What has no such arguments is
    returned as it is.

    >>> by_place(lambda w, *, lr: w * lr, ["w", "lr"])(3, 2)
    6
    """
    try:
        kinds = inspect.signature(function).parameters
    except (TypeError, ValueError):  # not a function, or one written in C, which does not tell
        return function
    names = list(kinds) if names is None else names
    only = {name for name, p in kinds.items() if p.kind is p.KEYWORD_ONLY} & set(names)
    if not only:
        return function

    def placed(*args):
        given = dict(zip(names, args, strict=False))
        by_name = {name: given[name] for name in only & set(given)}
        return function(*(a for name, a in given.items() if name not in only), **by_name)

    placed.__wrapped__ = function  # so that its source and signature are the student's
    return placed


def line_of(function, trace):
    """The innermost line of the student's own cell that the error passed through."""
    code, line = getattr(inspect.unwrap(function), "__code__", None), ""
    while code and trace:
        if trace.tb_frame.f_code.co_filename == code.co_filename:
            line = linecache.getline(code.co_filename, trace.tb_lineno).strip()
        trace = trace.tb_next
    return line
