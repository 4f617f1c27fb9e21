"""What all numbers of a wrong answer have in common, whatever was asked: rules that hold in every case.

Each rule takes the student's numbers and the right ones, a list of arrays each, one for each case, of equal shapes and
all finite. It returns a sentence that is true of all cases, or None.
"""

import itertools
from fractions import Fraction

import numpy as np

from .values import close, numbers, quoted

FACTORS = {Fraction(1, 2): "half", Fraction(2): "twice", Fraction(3): "three times", Fraction(1, 3): "a third of"}
BASES = {  # factors that betray another base
    1 / np.log(2): "1/ln 2: a logarithm to base 2?", 1 / np.log(10): "1/ln 10: a logarithm to base 10?",
    np.log(2): "ln 2", np.log(10): "ln 10",
}  # fmt: skip
FUNCTIONS = {
    "the square of what is expected": np.square,
    "the square root of what is expected": np.sqrt,
    "the absolute value of what is expected": np.abs,
    "1 over what is expected": np.reciprocal,
    "1 minus what is expected": lambda b: 1 - b,
    "the logarithm of what is expected": np.log,
    "minus the logarithm of what is expected": lambda b: -np.log(b),
    "e to the power of what is expected": np.exp,
    "the sign of what is expected": np.sign,
    "what is expected, rounded down": np.floor,
    "what is expected, rounded up": np.ceil,
    "what is expected, rounded towards zero": np.trunc,
    "what is expected, rounded to whole numbers": np.round,
} | {f"what is expected, rounded to {k} decimals": lambda b, k=k: np.round(b, k) for k in range(1, 7)}


def flat(arrays):
    """All numbers of all cases, one after the other."""
    return np.concatenate([np.ravel(array) for array in arrays])


def all_close(some, others):
    """Are these the same, case by case?"""
    return all(close(a, b) for a, b in zip(some, others, strict=True))


def one_rule(got, want):
    """Does one rule lead from every expected number to the student's?"""
    a, b = flat(got), flat(want)
    if len(got) > 2 and close(a, np.full_like(a, a[0])):
        if any(g.ndim for g in got):
            return f"all numbers of your answer are {quoted(a[0])}, in every case."
        return f"your function returns {quoted(a[0])} in every case."
    if close(a, -b):
        return "your numbers have the right size and the wrong sign, in every case."
    factor, offset = a @ b / (b @ b), a[0] - b[0]
    if close(a, factor * b) and abs(factor - 1) > 1e-5:
        return f"in every case you return exactly {times(factor)} what is expected."
    if close(a, b + offset) and abs(offset) > 1e-8:
        return f"in every case your number is too {'large' if offset > 0 else 'small'} by {quoted(abs(offset))}."
    for what, rule in FUNCTIONS.items():
        if close(a, rule(b)):
            return f"in every case you return {what}."
    low, high = a.min(), a.max()
    beyond = [len(set(part)) for part in (b[b < low], b[b > high])]
    if close(a, np.clip(b, low, high), atol=0.0) and len(set(a)) > 3 and max(beyond) > 1:
        ends = [f"{name} {quoted(end)}" for name, end, cut in
                (("below", low, (b < low).any()), ("above", high, (b > high).any())) if cut]  # fmt: skip
        return f"your numbers are right, but for those {' and '.join(ends)}, which are cut off there."
    return None


def straight(got, want):
    """A factor and a number more lead from every expected number to the student's."""
    a, b = flat(got), flat(want)
    (c, d), spread = np.linalg.lstsq(np.stack([b, np.ones_like(b)], -1), a, rcond=None)[0], np.ptp(b)
    if len(a) > 4 and spread > 0 and abs(c) > 1e-6 and abs(c - 1) > 1e-5 and close(a, c * b + d):
        return f"in every case you return {times(c)} what is expected, {'plus' if d > 0 else 'minus'} {quoted(abs(d))}."
    return None


DIVISORS = {1.0: "", 2.0: "½·", 0.5: "2·", -1.0: "−"}  # 2/x is a division by ½·x
ROOTS = {f"√{n}": np.sqrt(n) for n in (2, 3, 5, 6, 10)}
ROOTS |= {"√π": np.sqrt(np.pi), "π": np.pi, "e": np.e, "√e": np.sqrt(np.e)}
ROOTS |= {f"2·{name}": 2 * root for name, root in ROOTS.items()} | {"2·ln 2": 2 * np.log(2), "2·ln 10": 2 * np.log(10)}


def cases(n):
    """A number of cases: "one case", "7 cases"."""
    return "one case" if n == 1 else f"{n} cases"


def times(factor):
    """A factor in words, as in "twice".

    >>> times(-0.5), times(6**-0.5), times(4.0), times(-np.log(2))
    ('minus half', '1/√6 (0.4082) times', '4 times', '-0.6931 times (minus ln 2)')
    """
    fraction = Fraction(factor).limit_denominator(1000)
    exact = abs(float(fraction) - factor) <= 1e-6 * abs(factor) and not _root(factor)
    simple = FACTORS.get(fraction) if exact else None
    sign = "minus " if factor < 0 else ""
    for known, what in BASES.items():
        if abs(abs(factor) / known - 1) < 1e-6:
            return f"{factor:.4g} times ({sign}{what})"
    if what := _root(factor):
        return f"{sign}{what} ({factor:.4g}) times"
    return simple or (f"{sign}{FACTORS[-fraction]}" if exact and -fraction in FACTORS else f"{factor:.4g} times")


def _root(factor):
    """The name of a root, or of its inverse, that a factor is but for its sign; or None."""
    for name, root in ROOTS.items():
        for known, what in ((root, name), (1 / root, f"1/({name})" if "·" in name else f"1/{name}")):
            if abs(abs(factor) / known - 1) < 1e-6:
                return what
    return None


def is_telling(factor):
    """Is it a factor that has a name, or a simple fraction? Others may be an accident.

    >>> [is_telling(x) for x in (2 / 3, -(3**0.5), 1 / np.log(2), 0.7234)]
    [True, True, True, False]
    """
    based = any(abs(abs(factor) / known - 1) < 1e-6 for known in BASES)
    return based or _root(factor) is not None or close(float(Fraction(factor).limit_denominator(12)), factor)


def course(got, want):
    """For what a loop notes, step by step: how long is it right?"""
    if any(w.ndim not in (1, 2) for w in want):
        return None
    if all(w.shape == g.shape == want[0].shape and close(g, got[0]) for g, w in zip(got, want, strict=True)):
        return "your function returns the same in every case."
    if all_close([g[1:] for g in got], [w[:-1] for w in want]):
        return "your numbers are right, and come one step late."
    if all_close([g[:-1] for g in got], [w[1:] for w in want]):
        return "your numbers are right, and come one step early."
    same = [np.isclose(g, w, 1e-6, 1e-9).reshape(len(w), -1).all(-1) for g, w in zip(got, want, strict=True)]
    first = [int(np.argmin(steps)) for steps in same if not steps.all()]
    if first and min(first) > 1:
        what = "numbers" if want[0].ndim == 1 else "points"
        return f"the first {min(first)} {what} are right in every case; then they go another way."
    return None


def rearranged(got, want):
    """For answers that are vectors or matrices: transposed? reversed? only some places right? longer or shorter?"""
    if any(w.ndim == 0 for w in want):
        return None
    pairs = [(g, w) for g, w in zip(got, want, strict=True) if g.size > 1]
    if len(pairs) < 2:
        return None
    if all(close(g.T, w) for g, w in pairs):
        return "your matrices are transposed: rows and columns are exchanged."
    for axis, what in ((0, "first"), (-1, "last")):
        if all(close(np.flip(g, axis), w) for g, w in pairs):
            return f"you have the right numbers in the wrong order: reversed along the {what} axis."
    if all(g.size > 2 and close(np.sort(g, axis=None), np.sort(w, axis=None)) for g, w in pairs):
        return "you have the right numbers in the wrong order."
    if all(g.ndim > 1 and len(g) > 1 and close(g, np.broadcast_to(g[-1:], g.shape)) for g, _ in pairs):
        return "all rows of your answer are the same."
    for what, places in PLACES.items():
        marks = [np.isclose(g, w, 1e-6, 1e-9) for g, w in pairs]
        if all(mark[places].all() and np.delete(mark, np.arange(len(mark))[places], 0).any() < 1 for mark in marks):
            what = what.replace("entry", "row").replace("entries", "rows") if pairs[0][1].ndim > 1 else what
            return f"{what} right, and nothing else is."
    if all(close(np.abs(g), np.abs(w)) for g, w in pairs):
        return "your numbers have the right size, and some have the wrong sign."
    factors = [g.ravel() @ w.ravel() / (w.ravel() @ w.ravel()) for g, w in pairs]
    if all(close(g, f * w) and abs(f - 1) > 1e-5 for f, (g, w) in zip(factors, pairs, strict=True)):
        if pairs[0][1].ndim > 1:
            low, high = f"{min(factors):.4g}", f"{max(factors):.4g}"
            return f"in each case your numbers are the right ones times one factor, which goes from {low} to {high}."
        way = (
            "the right"
            if min(factors) > 0
            else "exactly the wrong"
            if max(factors) < 0
            else "the right or the opposite"
        )
        return f"your vectors point {way} way, and their length is not right."
    return None


PLACES = {
    "only the first entry is": slice(0, 1),
    "only the last entry is": slice(-1, None),
    "all entries but the last are": slice(0, -1),
    "all entries but the first are": slice(1, None),
    "the first two entries are": slice(0, 2),
}


def near(got, want):
    """How far off the numbers are, if that is little."""
    a, b = flat(got), flat(want)
    worst = np.max(np.abs(a - b) / np.maximum(np.abs(b), 1e-9))
    if worst < 0.02:
        return f"your numbers differ from the right ones by {100 * worst:.2g} % at most, which is more than rounding."
    return None


# A factor or a term that depends on the arguments -----------------------------------------------------------------


def quantities(ex):
    """What the arguments of each case offer as a factor or a term: {name: array over the cases}."""
    found = {}

    def note(name, values):
        with np.errstate(all="ignore"):
            array = np.array(values, float)
        if array.shape == (len(ex.cases),) and np.isfinite(array).all() and np.ptp(array) > 0:
            if not any(close(array, other) for other in found.values()):
                found[name] = array

    for k, name in enumerate(ex.arguments):
        column = [numbers(args[k]) for args in ex.cases]
        if any(x is None or np.iscomplexobj(x) or x.size == 0 for x in column):
            continue
        if all(x.ndim == 0 for x in column):
            note(name, column)
        elif all(x.ndim > 0 for x in column):
            note(f"len({name})", [len(x) for x in column])
            note(f"{name}.shape[-1]", [x.shape[-1] for x in column])
            note(f"{name}.size", [x.size for x in column])
            if all(x.ndim == 1 for x in column):
                note(f"sum of {name}", [x.sum() for x in column])
                note(f"‖{name}‖", [np.linalg.norm(x) for x in column])
                note(f"{name}[0]", [x[0] for x in column])
                note(f"{name}[-1]", [x[-1] for x in column])
    return found


PLAIN = {
    "{}": lambda q: q,
    "(1 − {})": lambda q: 1 - q,
    "√{}": lambda q: np.sqrt(np.where(q >= 0, q, np.nan)),
}
DERIVED = {
    "{}": lambda q: q,
    "√{}": lambda q: np.sqrt(np.where(q >= 0, q, np.nan)),
    "{}²": np.square,
    "(1 − {})": lambda q: 1 - q,
    "(1 + {})": lambda q: 1 + q,
    "({} − 1)": lambda q: q - 1,
    "|{}|": np.abs,
    "√(1 − {})": lambda q: np.sqrt(np.where(q <= 1, 1 - q, np.nan)),
    "(1 − {})²": lambda q: (1 - q) ** 2,
    "(1 − {}²)": lambda q: 1 - q**2,
    "(1 − {0})/{0}": lambda q: (1 - q) / q,
    "{0}/({0} − 1)": lambda q: q / (q - 1),
    "{0}/({0} + 1)": lambda q: q / (q + 1),
}


def _candidates(ex):
    """Names and values of what may stand as a factor, the simplest first; each also as a divisor."""
    base, plain = ex.quantities, [name for name in ex.arguments if np.ndim(ex.cases[0][ex.arguments.index(name)]) == 0]
    single = {how.format(name): f(q) for how, f in DERIVED.items() for name, q in base.items()}
    yield from single.items()
    for (m, p), (n, q) in itertools.combinations([(n, q) for n, q in base.items() if n in plain], 2):
        yield from {
            f"{m}·{n}": p * q, f"{m}/{n}": p / q, f"{n}/{m}": q / p, f"({m} − {n})": p - q, f"({m} + {n})": p + q,
            f"(1 − {m}/{n})": 1 - p / q, f"(1 − {n}/{m})": 1 - q / p,
        }.items()  # fmt: skip


def depends(ex, got, want):
    """Is the answer off by a factor, or by a term, that is made of the arguments?"""
    if factor := factor_of(ex, got, want):
        return f"in every case you return what is expected, {factor}."
    return _term_of(ex, got, want) if len(want) >= 4 else None


@np.errstate(all="ignore")
def factor_of(ex, got, want):
    """The factor, made of the arguments, that leads from some numbers to others: "times `len(z)`", or None."""
    use = [k for k, w in enumerate(want) if np.any(w != 0)]
    if len(use) < 4:
        return None
    factors = np.array([np.vdot(want[k], got[k]) / np.vdot(want[k], want[k]) for k in use])
    if not all(close(g, f * w) for g, f, w in zip((got[k] for k in use), factors, (want[k] for k in use), strict=True)):
        return None
    candidates = {name: value[use] for name, value in _candidates(ex)}
    for c, number in ((1.0, ""), (2.0, "2·"), (0.5, "½·"), (-1.0, "−")):
        if said := _times_or_divided(factors, candidates, c, number):
            return said
    return None


def _times_or_divided(factors, candidates, c=1.0, number=""):
    """The first of the candidates, {name: array}, that times c is the factors, or whose inverse is; or None."""
    if not candidates:
        return None
    table = np.array([*candidates.values()])
    hits = equal_rows(np.stack([c * table, c / table], axis=1), factors)  # (candidates, times or divided)
    if not hits.any():
        return None
    first, inverse = divmod(int(hits.argmax()), 2)
    name = [*candidates][first]
    return f"divided by `{DIVISORS[c]}{name}`" if inverse else f"times `{number}{name}`"


def equal_rows(table, values):
    """`close(values, row)` for every row of a table at once; shape of the table without its last axis.

    >>> equal_rows(np.array([[1.0, 2.0], [1.0, 3.0]]), np.array([1.0, 2.0]))
    array([ True, False])
    """
    return np.isclose(values, table, 1e-6, 1e-9, equal_nan=True).all(-1)


@np.errstate(all="ignore")
def is_product(ex, numbers_of_all):
    """Is each of these numbers a constant, or one argument or its square, root or inverse, times a constant?"""
    if any(np.size(w) != 1 for w in numbers_of_all):
        return False
    column, found = flat(numbers_of_all), ex.quantities.values()
    powers = [np.ones_like(column), *(np.sign(q) * np.abs(q) ** p for q in found for p in (1, 2, 0.5, -1, -2, -0.5))]
    powers = np.array([p for p in powers if np.isfinite(p).all() and p.any()])
    fits = (powers @ column / (powers * powers).sum(-1))[:, None] * powers
    return bool(equal_rows(fits, column).any())


@np.errstate(all="ignore")
def plain_factor(ex, got, want):
    """`factor_of`, where only a simple factor may be told: what is itself a product of arguments fits too much."""
    if len(want) < 4:
        return None
    simple = {how.format(name): f(q) for how, f in PLAIN.items() for name, q in ex.quantities.items()}
    factors = np.array([np.vdot(w, g) / np.vdot(w, w) if np.any(w) else np.nan for g, w in zip(got, want, strict=True)])
    use = np.isfinite(factors)
    if use.sum() < 4:
        return None
    said = _times_or_divided(factors[use], {name: value[use] for name, value in simple.items()})
    if not said or is_product(ex, want):
        return None
    return said if all(close(g, f * w) for g, f, w in zip(got, factors, want, strict=True) if np.any(w)) else None


@np.errstate(all="ignore")
def _term_of(ex, got, want):
    """The term, made of the arguments, by which all numbers are off."""
    gaps = np.array([np.ravel(g - w)[0] for g, w in zip(got, want, strict=True)])
    by_term = all(close(g - w, np.full_like(w, gap)) for g, w, gap in zip(got, want, gaps, strict=True))
    if not by_term or not np.any(np.abs(gaps) > 1e-8):
        return None
    for name, value in _candidates(ex):
        c = gaps @ value / (value @ value)
        if close(gaps, c * value, atol=1e-9 * np.abs(gaps).max()):
            much = f"{abs(c):.4g}·".removeprefix("1·")
            return f"in every case your number is too {'large' if c > 0 else 'small'} by `{much}{name}`."
    return None


# A sum of terms ---------------------------------------------------------------------------------------------------


def columns(terms, cases, want):
    """The values of all terms, one column each, for all numbers of all cases, one below the other."""
    values = (
        [np.broadcast_to(t(*args), np.shape(w)) for args, w in zip(cases, want, strict=True)] for t in terms.values()
    )
    return np.stack([flat(some) for some in values], axis=-1)


def coefficients(table, values):
    """The factors c of the fewest columns, three at most, whose sum table @ c gives the values; or None."""
    for count in range(1, 4):
        for some in itertools.combinations(range(table.shape[1]), count):
            part = table[:, some]
            c = np.linalg.lstsq(part, values, rcond=None)[0]
            if close(part @ c, values):
                full = np.zeros(table.shape[1])
                full[list(some)] = c
                return full
    return None


def spelled(names, c):
    """A sum in words: "w − 2·lr·g"."""
    parts = [
        f"{'−' if x < 0 else '+'} {'' if abs(abs(x) - 1) < 1e-6 else f'{abs(x):.4g}·'}{name}".replace("·1", "")
        for name, x in zip(names, c, strict=True)
        if x
    ]
    return " ".join(parts).removeprefix("+ ").replace("− ", "−", 1) if parts[0][0] == "−" else " ".join(parts)[2:]


def sum_of_terms(terms, cases, got, want):
    """If the answer is a sum Σ cᵢ·termᵢ, find the cᵢ and say which of them are off.

    terms: {name: function of the arguments}; got, want: numbers of all cases. Returns a sentence or None.
    """
    if not terms:
        return None
    table = columns(terms, cases, want)
    a, b = flat(got), flat(want)
    if not np.isfinite(table).all() or len(a) < 4:
        return None
    mine, theirs = coefficients(table, a), coefficients(table, b)
    if mine is None or theirs is None or np.count_nonzero(mine) >= len(a):
        return None
    text = f"your numbers are exactly `{spelled(terms, mine.round(7))}`."
    for name, c, right in zip(terms, mine.round(7), theirs.round(7), strict=True):
        if c != right:
            wrong = "is missing" if not c else "does not belong there" if not right else "should have another factor"
            text += f" The term `{name}` {'has the wrong sign' if c == -right else wrong}."
    return text
