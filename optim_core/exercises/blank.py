"""`____`: the gap in an exercise. It can stand wherever a value can, so a half-filled cell still runs."""

import inspect

import numpy as np


class Blank:
    """What `____` is: arithmetic, comparisons, calls, indices, attributes and numpy functions all give the blank back.

    It is false, iterates over nothing, and counts its uses, so that a check knows when a blank took part in an answer.

    >>> 3 * ____ + np.sqrt(____[0].real), bool(____ < 1), list(____)
    (____, False, [])
    """

    uses = 0

    def _absorb(self, *args, **kwargs):
        Blank.uses += 1
        return self

    def __getattr__(self, name):
        if name.startswith("_"):  # Python, numpy and IPython ask for special names to see what an object can do
            raise AttributeError(name)
        return self._absorb()

    def __bool__(self):
        self._absorb()
        return False

    def __iter__(self):
        self._absorb()
        return iter(())

    def __contains__(self, item):
        return bool(self)

    def __float__(self):
        self._absorb()
        return float("nan")

    def __index__(self):
        self._absorb()
        return 0

    def __format__(self, spec):
        return repr(self)

    def __repr__(self):
        return "____"


for _name in "add sub mul truediv floordiv mod divmod pow matmul lshift rshift and or xor".split():
    setattr(Blank, f"__{_name}__", Blank._absorb)
    setattr(Blank, f"__r{_name}__", Blank._absorb)
for _name in (
    "neg pos abs invert round trunc floor ceil eq ne lt le gt ge call getitem setitem delitem setattr "
    "enter exit array_ufunc array_function"
).split():
    setattr(Blank, f"__{_name}__", Blank._absorb)

____ = Blank()


def has_blank(thing, depth=4):
    """Is a `____` left in this value, in this container, or anywhere in the code of this function?

    >>> has_blank(lambda w: w - ____), has_blank([1, (2, ____)]), has_blank(lambda w: w)
    (True, True, False)
    """
    if isinstance(thing, Blank) or thing is ...:
        return True
    if isinstance(thing, dict):
        thing = list(thing.values())
    elif isinstance(thing, np.ndarray) and thing.dtype == object:
        thing = thing.ravel().tolist()
    if isinstance(thing, (list, tuple)):
        return depth > 0 and any(has_blank(part, depth - 1) for part in thing)
    return inspect.isroutine(thing) and _names_blank(getattr(inspect.unwrap(thing), "__code__", None))


def _names_blank(code):
    """Does compiled code, or a function inside it, mention `____`?"""
    if not inspect.iscode(code):
        return False
    return "____" in code.co_names + code.co_varnames or any(_names_blank(inner) for inner in code.co_consts)
