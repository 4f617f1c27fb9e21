"""2-D error surfaces, declared by their formulas.

SymPy derives the gradient and the Hessian, compiles all three to numpy, and typesets them in the notebook.

    surface = surfaces.product(x=1.0, y=1.0)          # L(w1, w2) = (y - w1 w2 x)²
    surface.loss(w), surface.grad(w), surface.hessian(w)      # w of shape (…, 2)

A new surface is one function here and its name in SURFACES; `from_formula` makes one from what a student types.
"""

import ast
import functools
import operator
import warnings

import numpy as np
import sympy
from sympy.codegen.rewriting import create_expand_pow_optimization
from sympy.printing.latex import LatexPrinter
from sympy.printing.numpy import NumPyPrinter

from .refuse import made, number, numbers, refuse
from .refuse import window as checked_window

W1, W2 = W = sympy.symbols("w1 w2")
X, Y, KAPPA, ANGLE = sympy.symbols("x y kappa theta")
ZERO = np.zeros(())  # numpy adds it faster than 0.0


class Surface:
    """A loss of two weights, with its exact derivatives.

    formula: a SymPy expression in W1, W2 and the symbols of parameters, a dict symbol → number.
    window: what to look at, (w1_min, w1_max, w2_min, w2_max); start: a telling place to start from.
    critical_points: those that are known, given as a list of pairs (w, kind), with kind as `critical.classify` names
        it; kept as a list of dicts(w, kind), as `critical.find` returns them.
    valleys: whole curves of minima, a list of arrays (m, 2); they may go on beyond the window.
    Raises ValueError for a formula in other symbols, and for a window or start that is not finite numbers.

    >>> product(x=1.0, y=1.0).grad([1.0, 2.0])
    array([4., 2.])
    """

    pointwise = True  # each run's derivatives come from that run's w alone: `descend` may drop a run that left

    def __init__(
        self, name, formula, parameters=None, *, window=(-2, 2, -2, 2), start=(1, 1), critical_points=(), valleys=()
    ):
        self.name, self.formula = made("name", name, str, "a text"), formula
        self.parameters = dict(made("parameters", {} if parameters is None else parameters, dict, "symbol → number"))
        known = {*W, *self.parameters}
        if not isinstance(formula, sympy.Expr) or not formula.free_symbols <= known:  # text would be run by SymPy
            refuse("formula", formula, f"a SymPy expression in {', '.join(map(str, known))}; for text use from_formula")
        self.window, self.start = checked_window(window), numbers("start", start, last=2, finite=True, real=True).copy()
        if self.start.ndim != 1:
            refuse("start", start, "two numbers, (w1, w2)")
        try:
            self.critical_points = [dict(w=np.array(w, dtype=float), kind=kind) for w, kind in critical_points]
            self.valleys = [numbers("valleys", valley, last=2) for valley in valleys]
        except (TypeError, ValueError):
            given = (critical_points, valleys)
            refuse("critical_points, valleys", given, "a list of (w, kind), and a list of arrays (m, 2)")
        self._values = [number(symbol.name, value) for symbol, value in self.parameters.items()]
        self._loss, self._grad, self._hessian = _compile(formula, tuple(self.parameters))

    def loss(self, w):
        """L(w), shape (…), for w of shape (…, 2)."""
        return self._call(self._loss, w, ())

    def grad(self, w):
        """∇L(w) = (∂L/∂w1, ∂L/∂w2), shape (…, 2)."""
        return self._call(self._grad, w, (2,))

    def hessian(self, w):
        """∇²L(w), the symmetric matrix of second derivatives, shape (…, 2, 2)."""
        return self._call(self._hessian, w, (2, 2))

    def _call(self, compiled, w, shape):
        # compiled(w1, w2, parameters…) gives a list of entries, each for all runs: they become one array (…, *shape).
        # w1 is w[..., :1]: numpy's powers of a lone number, w[..., 0], may differ in the last bit from an array's.
        w = numbers("w", w, last=2)
        runs, k = w.shape[:-1], len(shape)
        out = np.empty((2**k, *runs, 1), w.dtype)  # each derivative contiguous in memory, viewed as (…, *shape)
        with np.errstate(all="ignore"):  # far out a surface may overflow: inf is the right answer there
            for i, entry in enumerate(compiled(w[..., :1], w[..., 1:], *self._values)):
                np.add(entry, ZERO, out[i])  # + 0: no surface has a slope of -0.0
        out = out.reshape((*shape, *runs))
        return out.transpose(*range(k, out.ndim), *range(k)) if runs else out[()]

    @property
    def latex(self):
        """The formula, typeset, such as \\left(y - w_{1} w_{2} x\\right)^{2}."""
        return _Latex().doprint(self.formula)

    @property
    def gradient_latex(self):
        """The gradient as a column of formulas."""
        return _Latex().doprint(sympy.Matrix(_derivatives(self.formula)[0]))

    @property
    def hessian_latex(self):
        """The Hessian as a matrix of formulas."""
        return _Latex().doprint(sympy.Matrix(2, 2, [_shorter(entry) for entry in _derivatives(self.formula)[1]]))

    def _repr_latex_(self):
        return f"$\\displaystyle L(w_1, w_2) = {self.latex}$"

    def __repr__(self):
        values = "".join(f", {symbol.name}={value!r}" for symbol, value in self.parameters.items())
        return f"Surface({self.name}: {_text(self.formula)}{values})"


@functools.cache
def _text(formula):
    """The formula as text: SymPy takes longer over it than a short path takes to run."""
    return str(formula)


# ---- plumbing: how a formula is differentiated, compiled and typeset; nothing about optimization ---------------------


@functools.cache
def _derivatives(formula):
    """The entries of the gradient and of the Hessian, row by row."""
    g1, g2 = gradient = [sympy.diff(formula, w) for w in W]
    mixed = sympy.diff(g1, W2)  # twice the same expression: symmetric to the last bit
    return gradient, [sympy.diff(g1, W1), mixed, mixed, sympy.diff(g2, W2)]


@functools.cache
def _compile(formula, parameters):
    """The loss, the gradient and the Hessian as numpy functions of (w1, w2, *parameters), each a tuple of entries."""
    products = create_expand_pow_optimization(6)  # w1*w1*w1 instead of w1**3, which numpy takes five times as long for

    def shared(entries):  # powers become products last: sympy.cse goes wrong on what `products` returns
        forms = [sympy.cse(form, list=False) for form in (entries, [*map(sympy.factor_terms, entries)])]
        parts, entries = min(forms, key=lambda form: sympy.count_ops([*dict(form[0]).values(), *form[1]]))
        return [(name, products(part)) for name, part in parts], tuple(map(products, entries))

    def compiled(entries):
        printer = NumPyPrinter({"fully_qualified_modules": False, "inline": True})
        return sympy.lambdify((*W, *parameters), tuple(entries), [], printer=printer, cse=shared)

    return tuple(map(compiled, ([formula], *_derivatives(formula))))


class _Latex(LatexPrinter):
    """SymPy's typesetting, but a sum starts with a term that has no minus sign, if it has one: y − w₁w₂x."""

    def _as_ordered_terms(self, expr, order=None):
        terms = super()._as_ordered_terms(expr, order)
        first = min(range(len(terms)), key=lambda i: bool(terms[i].as_coeff_Mul()[0].is_negative))
        return [terms[first], *terms[:first], *terms[first + 1 :]]


def _degree(formula):
    """How many factors a product in the formula has at most, numbers not counted: 4 for (w1 + w2)³ sin(w1)."""
    if formula.is_Add or formula.is_Mul:
        return (max if formula.is_Add else sum)(map(_degree, formula.args))
    if formula.is_Pow and formula.exp.is_number:
        return _degree(formula.base) * abs(float(formula.exp))
    return 1 if formula.free_symbols & {*W} else 0


def _shorter(entry):
    """The entry or, if it is a polynomial that gets shorter so, its expansion."""
    expands = entry.is_polynomial(*W) and _degree(entry) <= 8
    return min(entry, sympy.expand(entry) if expands else entry, key=sympy.count_ops)


# ---- the table -----------------------------------------------------------------------------------------------------


def product(x=1.0, y=1.0):
    """The smallest deep network: one input, one hidden unit, one output, no activation function.

        L(w₁, w₂) = (y − w₁ w₂ x)²           x: the input, y: the target

    The origin is a critical point: a saddle when xy ≠ 0, with eigenvalues ±2xy. Where w₁ w₂ = y/x the loss is zero: a
    whole curve of minima, on which one eigenvalue is 0 and the other 2x²(w₁² + w₂²).
    Raises ValueError for an x or y that is not a finite number.
    Source: the one-unit case of the linear network in Baldi & Hornik 1989.

    >>> product().hessian([0, 0])
    array([[ 0., -2.],
           [-2.,  0.]])
    """
    x, y, edge = number("x", x), number("y", y), 2.5
    known = [((0, 0), "saddle" if x * y else "degenerate")]
    valleys = _hyperbola(y / x, 4 * edge) if x else []  # farther than the window: the map may show more
    window, start, formula = (-edge, edge, -edge, edge), (-1.0, 1.6), (Y - W1 * W2 * X) ** 2
    places = dict(window=window, start=start, critical_points=known, valleys=valleys)
    return Surface("product", formula, {X: x, Y: y}, **places)


def _hyperbola(c, edge):
    """The curve w₁ w₂ = c inside the square |wᵢ| ≤ edge: its two branches, arrays (m, 2), or the two axes for c = 0."""
    if abs(c) < 1e-12:
        along, level = np.linspace(-edge, edge, 81), np.zeros(81)
        return [np.stack([along, level], -1), np.stack([level, along], -1)]
    if abs(c) >= edge**2:
        return []
    w1 = np.geomspace(abs(c) / edge, edge, 201)
    return [np.stack([side * w1, side * c / w1], -1) for side in (1, -1)]


def bowl(kappa=10.0, angle=0.0):
    """A quadratic bowl with condition number κ, turned by an angle.

        L = ½ (u₁²/κ + u₂²),   u₁ = cos θ w₁ + sin θ w₂,   u₂ = −sin θ w₁ + cos θ w₂

    kappa: κ = λ_max/λ_min ≥ 1, with λ_max = 1 and λ_min = 1/κ; angle: θ, in radians, from the w₁ axis to the valley.
    Raises ValueError for κ < 1, or an angle that is not a finite number.

    >>> bowl(kappa=10).hessian([3, 4])
    array([[0.1, 0. ],
           [0. , 1. ]])
    """
    kappa, angle = number("kappa", kappa, "a finite number ≥ 1", lambda v: v >= 1), number("angle", angle)
    u1, u2 = sympy.cos(ANGLE) * W1 + sympy.sin(ANGLE) * W2, -sympy.sin(ANGLE) * W1 + sympy.cos(ANGLE) * W2
    formula, values = (u1**2 / KAPPA + u2**2) / 2, {KAPPA: kappa, ANGLE: angle}
    known = [((0, 0), "minimum")]
    return Surface("bowl", formula, values, window=(-10, 10, -6, 6), start=(-8.0, 4.0), critical_points=known)


def rosenbrock():
    """Rosenbrock's banana: one minimum, at the end of a long curved valley.

        L = (1 − w₁)² + 100 (w₂ − w₁²)²

    The eigenvalues at the minimum (1, 1) are 0.3994 and 1001.6: downhill across the valley is not downhill along it.
    Source: Rosenbrock 1960, "An automatic method for finding the greatest or least value of a function".

    >>> rosenbrock().hessian([1, 1])
    array([[ 802., -400.],
           [-400.,  200.]])
    """
    formula = (1 - W1) ** 2 + 100 * (W2 - W1**2) ** 2
    known = [((1, 1), "minimum")]
    return Surface("rosenbrock", formula, window=(-2, 2, -1, 3), start=(-1.2, 1.0), critical_points=known)


def beale():
    """Beale's function: one minimum, two saddles (one of them outside the window), and flat plains between steep walls.

        L = (3/2 − w₁(1 − w₂))² + (9/4 − w₁(1 − w₂²))² + (21/8 − w₁(1 − w₂³))²

    Source: Beale 1958, "On an iterative method for finding a local minimum of a function of more than one variable".

    >>> beale().loss([[3, 0.5], [0, 1]])
    array([ 0.      , 14.203125])
    """
    targets = sympy.Rational(3, 2), sympy.Rational(9, 4), sympy.Rational(21, 8)
    formula = sum((c - W1 * (1 - W2**k)) ** 2 for k, c in enumerate(targets, start=1))
    known = [((3, 0.5), "minimum"), ((0, 1), "saddle"), ((0.100537937324158, -2.644513585023125), "saddle")]
    return Surface("beale", formula, window=(-1, 4, -1, 2), start=(1.0, 1.5), critical_points=known)


def himmelblau():
    """Himmelblau's function: four minima of equal height, four saddles between them, one maximum in the middle.

        L = (w₁² + w₂ − 11)² + (w₁ + w₂² − 7)²

    Source: Himmelblau 1972, "Applied Nonlinear Programming".

    >>> himmelblau().grad([3, 2])
    array([0., 0.])
    """
    formula = (W1**2 + W2 - 11) ** 2 + (W1 + W2**2 - 7) ** 2
    minima = [(3, 2), (-2.805118086952745, 3.131312518250573)]
    minima += [(-3.779310253377747, -3.283185991286170), (3.584428340330492, -1.848126526964404)]
    saddles = [(3.385154183607021, 0.073851879837749), (0.086677504555396, 2.884254701174776)]
    saddles += [(-3.073025750764390, -0.081353044287968), (-0.127961346730680, -1.953714980244577)]
    known = [(w, "minimum") for w in minima] + [(w, "saddle") for w in saddles]
    known += [((-0.270844590667348, -0.923038556479981), "maximum")]
    return Surface("himmelblau", formula, window=(-5, 5, -5, 5), start=(0.0, -0.5), critical_points=known)


def styblinski_tang():
    """Styblinski and Tang's function: four minima, only one of them global, four saddles, one maximum.

        L = ½ Σᵢ (wᵢ⁴ − 16 wᵢ² + 5 wᵢ)

    Source: Styblinski & Tang 1990, "Experiments in nonconvex optimization", Neural Networks 3.

    >>> [round(float(styblinski_tang().loss([a, b])), 1) for a, b in [(-2.9, -2.9), (-2.9, 2.75), (2.75, 2.75)]]
    [-78.3, -64.2, -50.1]
    """
    formula = sum(w**4 - 16 * w**2 + 5 * w for w in W) / 2
    flat = sorted(np.roots([4, 0, -32, 5]).real)  # ∂L/∂wᵢ = 0 at three places: valley, top, valley
    kinds = ["minimum", "saddle", "maximum"]  # by how many of the two weights stand on a top
    known = [((flat[i], flat[j]), kinds[(i == 1) + (j == 1)]) for i, j in np.ndindex(3, 3)]
    return Surface("styblinski_tang", formula, window=(-5, 5, -5, 5), start=(0.5, 0.8), critical_points=known)


def monkey_saddle():
    """The monkey saddle: three valleys (two legs and a tail) and three ridges meet where the Hessian is zero.

        L = w₁³ − 3 w₁ w₂²

    The second order says nothing about the origin: "degenerate", though it is a saddle.

    >>> monkey_saddle().hessian([0, 0])
    array([[0., 0.],
           [0., 0.]])
    """
    formula = W1**3 - 3 * W1 * W2**2
    known = [((0, 0), "degenerate")]
    return Surface("monkey_saddle", formula, window=(-1.5, 1.5, -1.5, 1.5), start=(0.6, 0.9), critical_points=known)


SURFACES = {
    maker.__name__: maker for maker in (product, bowl, rosenbrock, beale, himmelblau, styblinski_tang, monkey_saddle)
}


# ---- a formula that somebody types: plumbing again, nothing about optimization below ---------------------------------


def _plain(name, slope):
    """A function of which SymPy knows only name and derivative; its own sinh can keep it thinking for minutes."""
    return type(name, (sympy.Function,), {"fdiff": lambda self, _=1: slope(self.args[0])})


FUNCTIONS = {name: getattr(sympy, name) for name in ("sin", "cos", "exp", "log", "sqrt")} | {
    "tan": _plain("tan", lambda u: 1 + FUNCTIONS["tan"](u) ** 2),
    "sinh": _plain("sinh", lambda u: FUNCTIONS["cosh"](u)),
    "cosh": _plain("cosh", lambda u: FUNCTIONS["sinh"](u)),
    "tanh": _plain("tanh", lambda u: 1 - FUNCTIONS["tanh"](u) ** 2),
    "atan": _plain("atan", lambda u: 1 / (1 + u**2)),
}
NAMES = {"w1": W1, "w2": W2, "pi": sympy.pi, "e": sympy.E}
OPERATIONS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
ALLOWED = f"a formula of w1 and w2 with numbers, + - * / ^ (2*w1, not 2w1), brackets, {', '.join(FUNCTIONS)}, pi and e"
SAME = str.maketrans({"^": "**", "₁": "1", "₂": "2", "−": "-", "·": "*", "×": "*", "²": "**2", "³": "**3"})
NOWHERE = sympy.zoo, sympy.nan, sympy.oo, -sympy.oo


def from_formula(text, *, window=(-2, 2, -2, 2), start=(1.0, 1.0)):
    """A surface from a formula that arrives as text, such as "w1^4 - 2*w1*w2 + w2**2".

    The text is read against a list of names and operations and is never run as Python. `^` and `**` both mean power.
    Raises ValueError, in one sentence, for anything else than a formula of w1 and w2; also for one that is nowhere a
    finite real number in the window, or that is too long to differentiate twice.

    >>> from_formula("w1^2 + sin(w2)").grad([1.0, 0.0])
    array([2., 1.])
    """
    if not isinstance(text, str) or not text.strip() or len(text) > 300:
        refuse("formula", text, f"{ALLOWED}, at most 300 characters long")
    try:
        with warnings.catch_warnings(action="ignore"):  # the parser's, about odd spellings of numbers
            tree = ast.parse(text.translate(SAME).strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        refuse("formula", text, ALLOWED)
    try:
        formula = _read(tree.body)
        if sum(sympy.diff(formula, w).count_ops() for w in W) > 250:
            refuse("formula", text, "simpler: its derivatives get too long")
        gradient, hessian = _derivatives(formula)
        if any(entry.has(sympy.I, *NOWHERE) for entry in gradient + hessian):
            refuse("formula", text, "real: this one takes powers of zero or of a negative number")
        surface = Surface("formula", formula, window=window, start=start)
    except (RecursionError, ArithmeticError, TypeError):
        refuse("formula", text, f"simpler, and {ALLOWED}")
    left, right, bottom, top = surface.window
    grid = np.stack(np.meshgrid(np.linspace(left, right, 40), np.linspace(bottom, top, 40)), -1)
    if not np.isfinite(surface.loss(grid)).any():
        refuse("formula", text, f"a finite real number somewhere in the window {surface.window}")
    return surface


def _read(node):
    """The SymPy expression of one node of the parsed text, kept to real numbers of moderate size."""
    value, said = _translate(node), ast.unparse(node)
    long = [n for n in value.atoms(sympy.Rational) if max(abs(n.p), n.q) > 10**15]
    value = value.xreplace({n: n.evalf(17) for n in long})  # fractions of ever more digits would take for ever
    if value.has(*NOWHERE):
        refuse("formula", said, "free of divisions by zero")
    if value.is_number:
        real, imaginary = value.evalf().as_real_imag()
        if imaginary != 0:
            refuse("formula", said, "real: this one takes a root or the logarithm of a negative number")
        if abs(real) > 1e12:
            refuse("formula", said, "made of numbers up to 1e12")
    return value


def _translate(node):
    """One node of the parsed text; whatever is not listed here is refused."""
    match node:
        case ast.Constant(value=int() | float() as literal) if not isinstance(literal, bool) and literal <= 1e308:
            return sympy.Rational(repr(literal))
        case ast.Name(id=name) if name in NAMES:
            return NAMES[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_read(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _read(operand)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            base, power = _read(left), _read(right)
            if power.is_number and abs(power.evalf()) > 20:
                refuse("formula", ast.unparse(node), "with powers of at most 20")
            return base**power
        case ast.BinOp(left=left, op=operation, right=right) if type(operation) in OPERATIONS:
            return OPERATIONS[type(operation)](_read(left), _read(right))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS:
            return FUNCTIONS[name](_read(argument))
        case _:
            refuse("formula", ast.unparse(node), ALLOWED)
