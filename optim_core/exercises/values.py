"""What a student's function returns: read as numbers or as a word, compared, and put into words."""

import ast
import operator
import re
from collections.abc import Iterator
from decimal import Decimal
from numbers import Number

import numpy as np

LONGEST = 100  # letters of a value on one line


def numbers(value):
    """`value` as an array of floats (complex only if something is imaginary), or None if it is not made of numbers.

    >>> numbers([1, 2]), numbers("two"), numbers(True)
    (array([1., 2.]), None, None)
    """
    try:
        array = _array(value)
        if array.dtype == object and array.size and all(map(_is_number, array.flat)):  # of Fractions, of Decimals
            array = array.astype(float)
        if array.dtype.kind not in "iufc":
            return None
        return array.astype(complex) if np.iscomplexobj(array) and array.imag.any() else array.real.astype(float)
    except Exception:  # whatever a student's object does when numpy looks at it
        return None


def _array(value):
    """What numpy makes of it; of `dict.values()` and its kind what it makes of a list."""
    if hasattr(type(value), "__iter__") and not isinstance(
        value, (list, tuple, str, bytes, dict, set, frozenset, np.ndarray, Iterator)
    ):
        value = list(value)
    return np.asarray(value)


def _is_number(value):
    return isinstance(value, (Number, Decimal)) and not isinstance(value, (bool, np.bool_))


def one_number(value):
    """A finite float, or None.

    >>> one_number(np.array(3)), one_number([1, 2]), one_number(float("nan"))
    (3.0, None, None)
    """
    array = numbers(value)
    if array is None or array.size != 1 or np.iscomplexobj(array) or not np.isfinite(array).all():
        return None
    return float(array.item())


def word(value):
    """`value` as a plain str, also where numpy or an Enum has wrapped it; or None.

    >>> word(np.where(True, "up", "down")), word(3)
    ('up', None)
    """
    if isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind in "UO":
        value = value.item()
    return str.__str__(value) if isinstance(value, str) else None


def _in_singles(value):
    """Is it made of numbers of 32 bits?"""
    try:
        return _array(value).dtype == np.float32
    except Exception:
        return False


def close(got, expected, rtol=1e-6, atol=1e-9):
    """Are two answers the same: equal words, or numbers of one shape within rtol and atol (NaN equals NaN).

    An answer in 32 bits is compared with what these can hold.

    >>> close(0.1 + 0.2, 0.3), close([1.0], 1.0), close("Saddle", "saddle")
    (True, False, False)
    """
    if word(expected) is not None or word(got) is not None:
        return word(got) == word(expected)
    a, b = numbers(got), numbers(expected)
    if a is None or b is None:
        return got is None and expected is None
    with np.errstate(all="ignore"):
        if _in_singles(got):
            sizes = np.abs(b[np.isfinite(b)])
            rtol, atol = max(rtol, 1e-4), max(atol, 1e-6 * sizes.max(initial=0.0))
        return a.shape == b.shape and np.allclose(a, b, rtol, atol, equal_nan=True)


def up_to_sign(got, expected):
    """`close`, where v and −v are the same answer, as for an eigenvector.

    >>> up_to_sign([-1.0, 2.0], [1.0, -2.0])
    True
    """
    other = numbers(expected)
    return close(got, expected) or (other is not None and close(got, -other))


def show(value, digits=None):
    """A value on one short line, the same on every machine; digits: how many, if not 6 for a number, 4 in an array.

    >>> show(1 / 3), show(np.eye(2)), show([np.float64(0.5), 2]), show(min), show(np.zeros((9, 9)))
    ('0.333333', '[[1, 0], [0, 1]]', '[0.5, 2]', '<built-in function min>', 'an array of shape (9, 9)')
    """
    try:
        array = None if isinstance(value, int) else numbers(value)
        if array is None:
            text = re.sub(r" at 0x[0-9A-Fa-f]+", "", repr(value))
        elif array.ndim == 0:
            text = f"{array.item():.{digits or 6}g}"
        else:
            letters = {"all": lambda x: f"{x:.{digits or 4}g}"}
            text = np.array2string(array + 0.0, separator=", ", formatter=letters, threshold=10**6)
            text = text if len(text) <= LONGEST else extent(value)
        text = " ".join(text.split())
    except Exception:  # a repr that raises
        text = f"something of type {type(value).__name__}"
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def extent(value):
    """What many numbers are, and how many: of an array its shape, of a list its length.

    >>> extent(np.zeros((3, 2))), extent([1.0, 2.0]), extent((5.0,))
    ('an array of shape (3, 2)', 'a list of 2 numbers', 'a tuple of 1 number')
    """
    shape = numbers(value).shape
    kind = next((kind.__name__ for kind in (list, tuple, range) if isinstance(value, kind)), "array")
    if kind == "array" or len(shape) != 1:
        return f"{'an' if kind == 'array' else 'a'} {kind} of shape {shape}"
    return f"a {kind} of {shape[0]} number{'s' * (shape[0] != 1)}"


def quoted(value, digits=None):
    """`show` as code."""
    return f"`{show(value, digits).replace('`', chr(39))}`"


def apart(got, want):
    """Two different values in so many digits that they look different: "should be …; yours is …".

    Of arrays that are too long for a line one entry is shown: of a row of numbers the first that differs, of others
    that which differs most.

    >>> apart(1.0000001, 1.0)
    'should be `1`; yours is `1.0000001`'
    """
    a, b = numbers(got), numbers(want)
    if a is not None and b is not None and a.shape == b.shape:
        if a.ndim and "an array of shape" in show(a) + show(b):
            with np.errstate(all="ignore"):
                off = np.where(np.isnan(a - b), np.inf, np.abs(a - b))
            k = int(np.argmin(np.isclose(a, b, 1e-6, 1e-9))) if a.ndim == 1 else np.argmax(off)
            place = np.unravel_index(k, a.shape)
            where = f"{'first differs' if a.ndim == 1 else 'differs most'} at `[{', '.join(map(str, place))}]`, which"
            return f"{where} {apart(a[place], b[place])}"
        for digits in range(4 if a.ndim else 6, 18):
            if show(a, digits) != show(b, digits):
                return f"should be {quoted(b, digits)}; yours is {quoted(a, digits)}"
    return f"should be {quoted(want)}; yours is {quoted(got)}"


def kind_of(value):
    """What a value is, in plain words.

    >>> kind_of("up"), kind_of(np.eye(2)), kind_of(None), kind_of((1, "a"))
    ("the word `'up'`", 'an array of shape (2, 2)', 'nothing (`None`)', "a tuple, `(1, 'a')`")
    """
    array = numbers(value)
    if value is None:
        return "nothing (`None`)"
    if isinstance(value, (bool, np.bool_)):
        return f"a truth value, `{bool(value)}`"
    if word(value) is not None:
        return f"the word {quoted(word(value))}"
    for kind in (list, tuple, dict, set):
        if isinstance(value, kind):
            its = show(value)
            return its if its.startswith(f"a {kind.__name__} of ") else f"a {kind.__name__}, {quoted(value)}"
    if isinstance(value, Iterator):
        return f"something that has yet to run (a {type(value).__name__}; `np.array([…])` would run it)"
    if array is not None:
        return f"the number {quoted(value)}" if array.ndim == 0 else extent(value)
    if isinstance(value, np.ndarray):
        return f"an array of {'truth values' if value.dtype == bool else 'things that are not numbers'}"
    return f"a function, {quoted(value)}" if callable(value) else f"something of type {type(value).__name__}"


PARTS = dict(zip("½⅓⅔¼¾⅕⅛", (1 / 2, 1 / 3, 2 / 3, 1 / 4, 3 / 4, 1 / 5, 1 / 8), strict=True))
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
TYPED = re.compile(
    r"""(?:(?:still|exactly|just|only|maybe|perhaps|probably|the\ssame:?)\s+)?
    (?:about|around|roughly|nearly|almost|approximately|approx\.?|circa|ca\.?|[≈~≃∼=])? \s*
    (?P<sign> [-+]?) \s*
    (?: (?P<number> \d{1,3} (?:[ ,']\d{3})+ (?!\d) (?:\.\d*)? | \d+ (?:[.,]\d*)? | [.,]\d+ | (?=10[\^*⁰¹²³⁴⁵⁶⁷⁸⁹⁻]) )
        (?: \s* e \s* (?P<e> [-+]?\d+)
          | \s* [*·×x]? \s* 10 (?: (?:\^|\*\*) \s* (?P<up> [-+]?\d+) | (?P<raised> [⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+) ) )?
        (?: \s* / \s* (?P<below> \d+ (?:\.\d*)?) )?
        (?P<and> [½⅓⅔¼¾⅕⅛]?)
      | (?P<part> [½⅓⅔¼¾⅕⅛]) )
    \s* (?P<cent> % | per\s?cent)? (?:,\s)? \s* (?P<unit> [^\W\d⁰¹²³⁴⁵⁶⁷⁸⁹] \D* )? [.?!]*""",
    re.VERBOSE,
)
LARGE = {"k": 1e3, "hundred": 1e2, "thousand": 1e3, "million": 1e6, "dozen": 12.0}  # units that are factors
UNSURE = re.compile(r"(m|billion|half|halves|thirds?|quarters?|\w+ths?)\b")  # and others: ask again
TIMES = re.compile(r"(times|x|×|fold)\b|×")
UP_TO_TWENTY = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen twenty"""
WORDS = {word: k for k, word in enumerate(UP_TO_TWENTY.split())}
WORDS |= {word: 10 * k for k, word in enumerate("thirty forty fifty sixty seventy eighty ninety".split(), 3)}
WORDS |= {word: int(factor) for word, factor in LARGE.items() if word != "k"}


def typed(text, percent=False, factor=False):
    """The number that somebody typed, or None: "1,000", "0,5", "1 000", "½", "50 %", "≈ 40", "40 steps", "1.5·10³".

    A comma before three digits separates thousands, unless a 0 stands before it; any other is a decimal comma.
    percent: does the question ask for per cent? Then 50 % is 50, and otherwise 0.5.
    factor: does it ask for a factor? Then "10 times", "x10" and "a factor of 10" are 10, and otherwise not surely so.

    Where it is no single number it may be a formula of such, "3.7 · 16" or "ln(100)/ln(1.1)" (see `_formula`).

    >>> [typed(text) for text in ("1,000", "0,5", "–3", "50 %", "1.5·10³", "2½", "√16", "still 7", "2·3 = 6", "some")]
    [1000.0, 0.5, -3.0, 0.5, 1500.0, 2.5, 4.0, 7.0, 6.0, None]
    """
    text = re.sub("[−–—‐‑]", "-", text.strip().lower())  # every dash is a minus
    text = re.sub("[\u00a0\u2007\u2009\u202f’]", " ", text)  # every space a space
    text = re.sub(r"^[^\W\d]\w*\s*=\s*(?=[-+.\d])", "", text)  # η = 0.1
    if result := re.fullmatch(r"([^=]*\d[^=]*)=\s*([^=]*\d[^=]*)", text):  # 3.7 · 16 = 59.2
        sides = _formula(result[1]), typed(result[2], percent, factor)
        return sides[1] if None not in sides and close(*sides, rtol=0.02) else None
    if factor:
        text = re.sub(r"[\s-]*fold$", "", text)
        text = re.sub(r"^((about )?(a |the )?factor (of )?|[x×]\s*)(?=[\d≈~])", "", text)
    words = re.findall(rf"\b(?:an? )?(?:{'|'.join(WORDS)})\b", text)
    if len(words) == 1 and not re.search(r"\d", text):
        text = text.replace(words[0], str(WORDS[words[0].split()[-1]]))
    found = TYPED.fullmatch(text)
    unit = found["unit"] or "" if found else ""
    if not found:
        return _formula(text)
    if UNSURE.match(unit) or (TIMES.match(unit) and not factor):
        return None
    digits = found["number"] or "1"
    if re.fullmatch(r"[1-9]\d{0,2}([ ,']\d{3})+(\.\d*)?", digits):
        digits = re.sub("[ ,']", "", digits)
    elif re.search("[ ']", digits) or digits.count(",") > 1:
        return None
    value = PARTS[found["part"]] if found["part"] else float(digits.replace(",", "."))
    exponent = found["e"] or found["up"] or (found["raised"] or "").translate(RAISED)
    try:
        value = value * 10.0 ** int(exponent or 0) / float(found["below"] or 1) + PARTS.get(found["and"], 0.0)
    except (ValueError, ZeroDivisionError, OverflowError):
        return None
    value *= LARGE.get(unit.split(" ")[0].rstrip(".?!"), 1.0)
    value *= (-1 if found["sign"] == "-" else 1) * (0.01 if found["cent"] and not percent else 1.0)
    return one_number(value)


SIGNS = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.Pow: pow,
    ast.USub: operator.neg,
}  # fmt: skip
FUNCTIONS = {"sqrt": np.sqrt, "ln": np.log, "exp": np.exp, "log2": np.log2, "log10": np.log10}
CONSTANTS = {"e": np.e, "pi": np.pi}


def _formula(text):
    """The value of numbers with + − · / ^, roots, logarithms and exp, or None. Nothing is run: it is read as a tree.

    A bare difference may be meant as a range, and a logarithm without a base as either: where that matters it is None.

    >>> [_formula(text) for text in ("3.7 · 16", "10-20", "log(100)/log(10)", "log(5)", "2 + log2 8")]
    [59.2, None, 2.0, None, 5.0]
    """
    text = re.sub(r"^(about|around|roughly|approximately|approx\.?|circa|ca\.?|[≈~≃∼=])\s*", "", text)
    text = re.sub(r"(?<=[\d)½])\s+[^\W\d]{2,}[^\d()]*$", "", text).rstrip(" .?!=")  # a unit
    text = re.sub(r"[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda found: f"**{found[0].translate(RAISED)}", text)
    text = re.sub(r"\b(ln|log2|log10|exp|sqrt)\s+([\d.]+|e\b|pi\b|π)", r"\1(\2)", text)  # ln 10
    text = re.sub(r"√\s*([\w.]+)", r"sqrt(\1)", text).replace("√", "sqrt")
    for sign, code in ("^", "**"), ("·", "*"), ("×", "*"), ("π", "pi"):
        text = text.replace(sign, code)
    if len(text) > 60 or re.search(r"[_,']", text):
        return None
    try:
        tree = ast.parse(text, mode="eval").body
        inside = [*ast.walk(tree)]
        plain = not any(isinstance(node, (ast.Name, ast.Call)) for node in inside)
        if isinstance(tree, (ast.Constant, ast.Name)) or (plain and any(isinstance(n, ast.Sub) for n in inside)):
            return None
        with np.errstate(all="ignore"):
            one, two = (_value(tree, FUNCTIONS | {"log": log}) for log in (np.log, np.log10))
    except (SyntaxError, ValueError, TypeError, KeyError, ArithmeticError, RecursionError):
        return None
    return one_number(one) if close(one, two) else None


def _value(node, functions):
    """The value of a tree; raises where anything else stands in it."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return float(node.value)
    if isinstance(node, ast.Name):
        return CONSTANTS[node.id]
    if isinstance(node, ast.BinOp):
        return SIGNS[type(node.op)](_value(node.left, functions), _value(node.right, functions))
    if isinstance(node, ast.UnaryOp):
        return SIGNS[type(node.op)](_value(node.operand, functions))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        (argument,) = node.args
        return functions[node.func.id](_value(argument, functions))
    raise ValueError(node)
