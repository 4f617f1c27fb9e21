"""2-D error surfaces, declared by their formulas.

SymPy derives the gradient and the Hessian, compiles all three to numpy, and typesets them in the notebook.

    surface = surfaces.product(x=1.0, y=1.0)          # L(w1, w2) = (y - w1 w2 x)²
    surface.loss(w), surface.grad(w), surface.hessian(w)      # w of shape (…, 2)

A new surface is one function here and a row in SURFACES; `from_formula` makes one from what a student types.
"""

import ast
import functools
import math

import numpy as np
import sympy
from sympy.codegen.rewriting import create_expand_pow_optimization

from .refuse import numbers, refuse

W1, W2 = W = sympy.symbols("w1 w2", real=True)
X, Y, KAPPA, ANGLE = sympy.symbols("x y kappa theta", real=True)


class Surface:
    """A loss of two weights, with its exact derivatives.

    formula: a SymPy expression in w1, w2 and parameters; parameters: dict symbol → value; window: what to look at,
    (w1_min, w1_max, w2_min, w2_max); start: a telling place to start from; critical_points: those that are known, a list
    of dicts(w, kind), with kind as `critical.classify` names it; valleys: whole curves of minima, a list of arrays (m, 2).

    >>> product(x=1.0, y=1.0).grad([1.0, 2.0])
    array([4., 2.])
    """

    def __init__(self, name, formula, parameters=None, *, window=(-2, 2, -2, 2), start=(1.0, 1.0), critical_points=(), valleys=()):
        self.name, self.formula, self.parameters = name, formula, dict(parameters or {})
        self.window, self.start = tuple(float(edge) for edge in window), np.array(start, dtype=float)
        self.critical_points = [dict(w=np.array(w, dtype=float), kind=kind) for w, kind in critical_points]
        self.valleys = list(valleys)
        self._values = [_parameter(symbol.name, value) for symbol, value in self.parameters.items()]
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
        w = numbers("w", w, last=2)
        runs = w.shape[:-1]
        out = np.empty((*shape, *runs), w.dtype)  # each derivative contiguous in memory, viewed as (…, *shape)
        with np.errstate(all="ignore"):  # far out a surface may overflow: inf is the right answer there
            entries = compiled(w[..., 0], w[..., 1], *self._values)
        for place, entry in zip(np.ndindex(shape), entries, strict=True):
            out[place] = entry
        return np.moveaxis(out, range(len(shape)), range(-len(shape), 0)) if shape else out[()]

    @property
    def latex(self):
        """The formula, typeset, such as \\left(y - w_{1} w_{2} x\\right)^{2}."""
        return sympy.latex(self.formula, order="none")

    @property
    def gradient_latex(self):
        """The gradient as a column of formulas."""
        return sympy.latex(sympy.Matrix([self.formula]).jacobian(W).T.applyfunc(sympy.factor))

    @property
    def hessian_latex(self):
        """The Hessian as a matrix of formulas."""
        return sympy.latex(sympy.hessian(self.formula, W).applyfunc(sympy.expand))

    def _repr_latex_(self):
        return f"$\\displaystyle L(w_1, w_2) = {self.latex}$"

    def __repr__(self):
        values = "".join(f", {symbol.name}={value!r}" for symbol, value in self.parameters.items())
        return f"Surface({self.name}: {self.formula}{values})"


def _parameter(name, value):
    """A surface's parameter as a finite float."""
    value = numbers(name, value, finite=True)
    if value.ndim or np.iscomplexobj(value):
        refuse(name, value, "a number")
    return float(value)


@functools.cache
def _compile(formula, parameters):
    """The loss, the gradient and the Hessian as numpy functions of (w1, w2, *parameters), each a tuple of entries."""
    products = create_expand_pow_optimization(6)  # w1*w1*w1 instead of w1**3, which numpy takes five times as long for
    gradient = [sympy.diff(formula, w) for w in W]
    hessian = [sympy.diff(g, w) for g in gradient for w in W]

    def shared(entries):  # powers become products last: sympy.cse goes wrong on what `products` returns
        parts, entries = sympy.cse(entries, list=False)
        return [(name, products(part)) for name, part in parts], tuple(map(products, entries))

    def compiled(entries):
        return sympy.lambdify((W1, W2, *parameters), tuple(entries), "numpy", cse=shared)

    return compiled([formula]), compiled(gradient), compiled(hessian)


# ---- the table -----------------------------------------------------------------------------------------------------


def product(x=1.0, y=1.0):
    """The smallest deep network: one input, one hidden unit, one output, no activation function.

        L(w₁, w₂) = (y − w₁ w₂ x)²           x: the input, y: the target

    The origin is a critical point: a saddle when xy ≠ 0. Where w₁ w₂ = y/x the loss is zero: a whole curve of minima, on
    which one Hessian eigenvalue is 0 and the other 2x²(w₁² + w₂²).
    """
    known = [((0, 0), "saddle" if x * y else "degenerate")] if np.isscalar(x) and np.isscalar(y) else []
    formula, edge = (Y - W1 * W2 * X) ** 2, 2.5
    valleys = _hyperbola(y / x, edge) if known and x else []
    window = (-edge, edge, -edge, edge)
    return Surface(
        "product", formula, {X: x, Y: y}, window=window, start=(-1.0, 1.6), critical_points=known, valleys=valleys
    )


def _hyperbola(c, edge):
    """The curve w₁ w₂ = c inside the square |wᵢ| ≤ edge, as a list of two branches (m, 2), or of the two axes for c = 0."""
    if c == 0:
        return [np.array([[-edge, 0.0], [edge, 0.0]]), np.array([[0.0, -edge], [0.0, edge]])]
    if abs(c) >= edge**2:
        return []
    w1 = np.geomspace(abs(c) / edge, edge, 81)
    return [np.stack([side * w1, side * c / w1], -1) for side in (1, -1)]


def bowl(kappa=10.0, angle=0.0):
    """A quadratic bowl with condition number κ, turned by an angle.

        L = ½ (u₁²/κ + u₂²),   u₁ = cos θ w₁ + sin θ w₂,   u₂ = −sin θ w₁ + cos θ w₂

    kappa: κ = λ_max/λ_min ≥ 1, with λ_max = 1 and λ_min = 1/κ; angle: θ in radians.
    """
    if np.isscalar(kappa) and not isinstance(kappa, str) and not kappa >= 1:
        refuse("kappa", kappa, "a number ≥ 1")
    u1, u2 = sympy.cos(ANGLE) * W1 + sympy.sin(ANGLE) * W2, -sympy.sin(ANGLE) * W1 + sympy.cos(ANGLE) * W2
    formula = (u1**2 / KAPPA + u2**2) / 2
    values = {KAPPA: kappa, ANGLE: angle}
    known = [((0, 0), "minimum")]
    return Surface("bowl", formula, values, window=(-10, 10, -6, 6), start=(-8.0, 4.0), critical_points=known)


def rosenbrock():
    """Rosenbrock's banana, (1 − w₁)² + 100 (w₂ − w₁²)²: one minimum at the end of a curved valley (Rosenbrock 1960)."""
    formula = (1 - W1) ** 2 + 100 * (W2 - W1**2) ** 2
    known = [((1, 1), "minimum")]
    return Surface("rosenbrock", formula, window=(-2, 2, -1, 3), start=(-1.2, 1.0), critical_points=known)


def beale():
    """Beale's function: one minimum at (3, ½), a saddle at (0, 1), and large flat plains between steep walls (Beale 1958)."""
    targets = sympy.Rational(3, 2), sympy.Rational(9, 4), sympy.Rational(21, 8)
    formula = sum((c - W1 * (1 - W2**k)) ** 2 for k, c in enumerate(targets, start=1))
    known = [((3, 0.5), "minimum"), ((0, 1), "saddle")]
    return Surface("beale", formula, window=(-1, 4, -1, 2), start=(1.0, 1.5), critical_points=known)


def himmelblau():
    """Himmelblau's function, (w₁² + w₂ − 11)² + (w₁ + w₂² − 7)²: four equal minima, four saddles, one maximum (1972)."""
    formula = (W1**2 + W2 - 11) ** 2 + (W1 + W2**2 - 7) ** 2
    minima = [(3, 2), (-2.805118086952745, 3.131312518250573)]
    minima += [(-3.779310253377747, -3.283185991286170), (3.584428340330492, -1.848126526964404)]
    saddles = [(3.385154183607021, 0.073851879837749), (0.086677504555396, 2.884254701174776)]
    saddles += [(-3.073025750764390, -0.081353044287968), (-0.127961346730680, -1.953714980244577)]
    known = [(w, "minimum") for w in minima] + [(w, "saddle") for w in saddles]
    known += [((-0.270844590667348, -0.923038556479981), "maximum")]
    return Surface("himmelblau", formula, window=(-5, 5, -5, 5), start=(0.0, -0.5), critical_points=known)


def styblinski_tang():
    """Styblinski and Tang's function, ½ Σ (wᵢ⁴ − 16 wᵢ² + 5 wᵢ): four minima, only one of them global (1990)."""
    formula = sum(w**4 - 16 * w**2 + 5 * w for w in W) / 2
    at = sorted(np.roots([4, 0, -32, 5]).real)  # dL/dw = 0: two valleys with a top between them
    place = {-1: at[0], 0: at[1], 1: at[2]}
    known = []
    for i, j in np.ndindex(3, 3):
        tops = (i == 1) + (j == 1)
        known.append(((place[i - 1], place[j - 1]), ["minimum", "saddle", "maximum"][tops]))
    return Surface("styblinski_tang", formula, window=(-5, 5, -5, 5), start=(0.5, 0.8), critical_points=known)


def monkey_saddle():
    """The monkey saddle, w₁³ − 3 w₁ w₂²: three valleys and three ridges meet where the Hessian is zero, so it says nothing."""
    formula = W1**3 - 3 * W1 * W2**2
    known = [((0, 0), "degenerate")]
    return Surface("monkey_saddle", formula, window=(-1.5, 1.5, -1.5, 1.5), start=(0.6, 0.9), critical_points=known)


SURFACES = {
    maker.__name__: maker
    for maker in (product, bowl, rosenbrock, beale, himmelblau, styblinski_tang, monkey_saddle)
}


# ---- a formula that somebody types ----------------------------------------------------------------------------------

FUNCTIONS = {f: getattr(sympy, f) for f in "sin cos tan exp log sqrt sinh cosh tanh atan".split()}
NAMES = {"w1": W1, "w2": W2, "pi": sympy.pi, "e": sympy.E}
OPERATIONS = {ast.Add: "__add__", ast.Sub: "__sub__", ast.Mult: "__mul__", ast.Div: "__truediv__", ast.Pow: "__pow__"}
ALLOWED = f"a formula of w1 and w2 with numbers, + - * / ^, brackets, {', '.join(FUNCTIONS)}, pi and e"


def from_formula(text, *, window=(-2, 2, -2, 2), start=(1.0, 1.0)):
    """A surface from a formula that arrives as text, such as "w1^4 - 2*w1*w2 + w2**2".

    The text is read against a list of names and operations and is never run as Python. `^` and `**` both mean power.
    Raises ValueError, in one sentence, for anything else than a formula of w1 and w2.

    >>> from_formula("w1^2 + sin(w2)").grad([1.0, 0.0])
    array([2., 1.])
    """
    if not isinstance(text, str) or not text.strip() or len(text) > 300:
        refuse("formula", text, ALLOWED + ", at most 300 characters long")
    written = text.translate(str.maketrans({"^": "**", "₁": "1", "₂": "2", "−": "-", "·": "*", "²": "**2", "³": "**3"}))
    try:
        tree = ast.parse(written.strip(), mode="eval").body
        formula = sympy.sympify(_read(tree))
    except (SyntaxError, RecursionError, MemoryError, TypeError, ArithmeticError) as error:
        refuse("formula", text, f"{ALLOWED}; this one could not be read ({type(error).__name__})")
    if not formula.is_finite and formula.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
        refuse("formula", text, "finite somewhere; this one divides by zero")
    if formula.has(sympy.I):
        refuse("formula", text, "real; this one takes the root or logarithm of a negative number")
    return Surface("formula", formula, window=window, start=start)


def _read(node):
    """The SymPy expression of one node of the parsed text; what is not on the list is refused."""
    value = _translate(node)
    if value.is_number and value.is_finite and not abs(value) <= 1e12:
        refuse("formula", ast.unparse(node), "made of numbers up to 1e12")
    return value


def _translate(node):
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool) and abs(number) <= 1e12:
            return sympy.nsimplify(number, rational=True) if isinstance(number, float) else sympy.Integer(number)
        case ast.Name(id=name) if name in NAMES:
            return NAMES[name]
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
            return -_read(operand) if isinstance(sign, ast.USub) else _read(operand)
        case ast.BinOp(left=left, op=operation, right=right) if type(operation) in OPERATIONS:
            left, right = _read(left), _read(right)
            if isinstance(operation, ast.Pow) and right.is_number and not abs(right) <= 20:
                refuse("formula", ast.unparse(node), "with powers of at most 20")
            return getattr(left, OPERATIONS[type(operation)])(right)
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS:
            return FUNCTIONS[name](_read(argument))
        case _:
            refuse("formula", ast.unparse(node), ALLOWED)
