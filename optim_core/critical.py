"""Critical points: where the gradient is zero, and what the Hessian's eigenvalues say about the place.

Near a critical point w* the loss is L(w* + d) ≈ L(w*) + ½ dᵀH d.  In the eigenvectors' coordinates this is
½ Σ λᵢ dᵢ²: each positive λᵢ bends up, each negative one bends down, and a zero one says nothing.
"""

import itertools

import numpy as np

from .refuse import generator, number, numbers, refuse, whole
from .refuse import window as checked_window

KINDS = ("minimum", "maximum", "saddle", "degenerate")
AROUND = [step for step in itertools.product((-1, 0, 1), repeat=2) if step != (0, 0)]  # the eight neighbours


def eigen(hessian):
    """Eigenvalues of a symmetric matrix, smallest first, and its unit eigenvectors as columns.

        H vᵢ = λᵢ vᵢ                         returns λ of shape (…, n), V of shape (…, n, n) with vᵢ = V[…, :, i]

    Raises ValueError unless hessian has shape (…, n, n), is real, finite, and symmetric (to 1e-6 of its largest entry).

    >>> eigen([[0.0, -2.0], [-2.0, 0.0]])[0]
    array([-2.,  2.])
    """
    H = numbers("hessian", hessian, finite=True, real=True)
    if H.ndim < 2 or H.shape[-1] != H.shape[-2] or H.shape[-1] == 0:
        refuse("hessian.shape", H.shape, "(…, n, n) with n ≥ 1")
    with np.errstate(over="ignore"):
        skew = H.swapaxes(-1, -2) - H
    if not (np.abs(skew).max((-1, -2)) <= 1e-6 * np.abs(H).max((-1, -2))).all():
        refuse("hessian", H, "symmetric")
    return np.linalg.eigh(H + skew / 2)  # (H + Hᵀ)/2, written so that a symmetric H stays H to the last bit


def signs(eigenvalues, tol=1e-9):
    """−1, 0 or +1 for each eigenvalue; zero means |λ| ≤ tol · max|λ|.

    eigenvalues: shape (…, n), those of one matrix on the last axis. How many are −1 is called the index of the point.
    Raises ValueError for eigenvalues that are not finite real numbers, or a tol outside [0, 1).

    >>> signs([-3.0, 1e-12, 2.0])
    array([-1,  0,  1])
    """
    eigenvalues = numbers("eigenvalues", eigenvalues, finite=True, real=True)
    if eigenvalues.ndim == 0 or eigenvalues.shape[-1] == 0:
        refuse("eigenvalues.shape", eigenvalues.shape, "(…, n) with n ≥ 1")
    tol = number("tol", tol, "in [0, 1)", lambda v: 0 <= v < 1)
    zero = np.abs(eigenvalues) <= tol * np.abs(eigenvalues).max(-1, keepdims=True)
    return np.where(zero, 0, np.sign(eigenvalues)).astype(int)


def classify(hessian, tol=1e-9):
    """What kind of critical point has this Hessian: "minimum", "maximum", "saddle" or "degenerate".

        all λᵢ > 0 → minimum      all λᵢ < 0 → maximum      some λᵢ > 0 and some λⱼ < 0 → saddle
        otherwise → degenerate: some λᵢ = 0 and no two signs, so the second order cannot tell

    hessian: shape (n, n), gives a str; or a stack (…, n, n), gives an array of str of shape (…).
    tol: an eigenvalue counts as zero when |λᵢ| ≤ tol · max|λ|.
    Raises ValueError for a matrix that is not square, real, finite and symmetric, or a tol outside [0, 1).
    Source: the second-derivative test of any calculus text; for networks Dauphin et al. 2014, "Identifying and
    attacking the saddle point problem in high-dimensional non-convex optimization".

    >>> classify([[2.0, 0.0], [0.0, 3.0]]), classify([[0.0, -2.0], [-2.0, 0.0]]), classify([[2.0, 2.0], [2.0, 2.0]])
    ('minimum', 'saddle', 'degenerate')
    """
    s = signs(eigen(hessian)[0], tol)
    up, down = s > 0, s < 0
    proofs = [up.all(-1), down.all(-1), up.any(-1) & down.any(-1)]
    kind = np.select(proofs, ["minimum", "maximum", "saddle"], "degenerate")
    return str(kind) if kind.ndim == 0 else kind


def escape_direction(hessian, tol=1e-9):
    """The unit eigenvector along which the loss bends down most: the way out of a saddle.

        v with H v = λ_min v, λ_min < 0;   L(w* ± s v) ≈ L(w*) + ½ λ_min s²

    hessian: (…, n, n); returns (…, n). Both v and −v lead down; returned is the one whose largest component is positive
    (of equally large ones, the first).
    Raises ValueError where no eigenvalue is negative (beyond tol · max|λ|): there is no such direction.
    Source: Dauphin et al. 2014, where saddles are left along such directions.

    >>> escape_direction([[0.0, -2.0], [-2.0, 0.0]]).round(4)
    array([0.7071, 0.7071])
    """
    values, vectors = eigen(hessian)
    if not (signs(values, tol)[..., 0] < 0).all():
        least = values[..., 0].max()
        refuse("hessian", hessian, f"one with a negative eigenvalue, a way down; the smallest here is {least:.6g}")
    v = vectors[..., :, 0]
    largest = np.abs(v) >= (1 - 1e-9) * np.abs(v).max(-1, keepdims=True)
    first = np.take_along_axis(v, largest.argmax(-1)[..., None], -1)
    return v * np.sign(first)


def find(surface, window=None, grid=24, tol=1e-9):
    """The critical points of a 2-D surface inside a window, found by Newton's method from many starts.

        w ← w − H⁺ ∇L(w)                     H⁺: pseudo-inverse, so that a flat direction takes no step

    surface: has .loss, .grad and .hessian; window: (w1_min, w1_max, w2_min, w2_max), default surface.window.
    grid: starts along each side; four times as fine a grid is searched for dips of |∇L| to start from as well.
    tol: as in `classify`. A Hessian none of whose entries exceeds 1e-6 of the largest curvature a thousandth of the
    window away counts as zero, and so do its eigenvalues.
    Returns a list of dicts(w, loss, eigenvalues, kind), lowest loss first. A whole curve of critical points is returned
    as a row of points on it, about a twentieth of the window apart.
    Raises ValueError for a window that is empty. A critical point narrower than the finer grid may be missed.

    >>> from optim_core import surfaces
    >>> [(p["kind"], p["w"].round(2).tolist()) for p in find(surfaces.beale())]
    [('minimum', [3.0, 0.5]), ('saddle', [0.0, 1.0])]

    (Beale's function has one saddle more, outside its window.)
    """
    if not all(callable(getattr(surface, name, None)) for name in ("loss", "grad", "hessian")):
        refuse("surface", surface, "a surface, with loss, grad and hessian")
    left, right, bottom, top = checked_window(surface.window if window is None else window)
    grid, tol = whole("grid", grid, 2), number("tol", tol, "in [0, 1)", lambda v: 0 <= v < 1)
    corner, size = np.array([left, bottom]), np.array([right - left, top - bottom])
    with np.errstate(all="ignore"):
        w = np.concatenate([corner + size * _lattice(grid).reshape(-1, 2), _dips(surface, corner, size, 4 * grid)])
        for _ in range(80):
            w = _newton(surface, w)
        inside = (np.abs(w - corner - size / 2) <= (0.5 + 1e-9) * size).all(-1)
        w = w[inside] + 0.0
        g, H = np.abs(surface.grad(w)).max(-1), surface.hessian(w)
        slope, curvature = _beside(surface, w, 1e-3 * size)
        # Rounding leaves no gradient exactly 0: it counts as 0 if it is tiny beside the gradients around the point.
        critical = (g <= 1e-9 * slope) & np.isfinite(H).all((-1, -2))
        H[np.abs(H).max((-1, -2)) <= 1e-6 * curvature] = 0.0  # likewise a Hessian
    w, H = w[critical], H[critical]
    found = []
    for point, eigenvalues, kind in zip(w, eigen(H)[0], classify(H, tol), strict=True):
        apart = 0.05 if kind == "degenerate" else 1e-6  # on a curve of critical points, thin them out
        if all(np.linalg.norm((point - p["w"]) / size) > apart for p in found):
            found.append(dict(w=point, loss=float(surface.loss(point)), eigenvalues=eigenvalues, kind=str(kind)))
    return sorted(found, key=lambda p: p["loss"])


def _lattice(n):
    """n × n points of the unit square, its edges included, shape (n, n, 2)."""
    return np.stack(np.meshgrid(np.linspace(0, 1, n), np.linspace(0, 1, n)), -1)


def _dips(surface, corner, size, n):
    """The points of a grid of n × n where |∇L| is smaller than at the eight neighbours (ties: one of them), (m, 2)."""
    # ≤ four of the neighbours and < the four opposite ones: of two equally low points side by side, only one is a dip.
    w = corner + size * _lattice(n)
    slope = np.pad(np.linalg.norm(surface.grad(w), axis=-1), 1, constant_values=np.inf)
    neighbours = [np.roll(slope, shift, (0, 1)) for shift in AROUND]
    dip = (slope <= np.min(neighbours[:4], 0)) & (slope < np.min(neighbours[4:], 0))
    return w[dip[1:-1, 1:-1]]


def _newton(surface, w):
    """One Newton step for every point of w (m, 2); points that ran away are dropped."""
    g, H = surface.grad(w), surface.hessian(w)
    usable = np.isfinite(g).all(-1) & np.isfinite(H).all((-1, -2))
    w, g, H = w[usable], g[usable], H[usable]
    return w - (np.linalg.pinv(H, rcond=1e-10, hermitian=True) @ g[..., None])[..., 0]


def _beside(surface, w, distance):
    """The largest |∂L| and |∂²L| at eight places around each point of w (m, 2): the measure of what is zero there."""
    around = w[:, None] + distance * np.array(AROUND)
    g, H = np.abs(surface.grad(around)), np.abs(surface.hessian(around))
    g, H = np.where(np.isfinite(g), g, 0.0), np.where(np.isfinite(H), H, 0.0)
    return g.max((-2, -1)), H.max((-3, -2, -1))


def goe(n, runs=1, seed=0):
    """Random symmetric matrices from the Gaussian orthogonal ensemble: what "a random Hessian" means.

        H = (A + Aᵀ)/√2, Aᵢⱼ ~ N(0, 1);  off the diagonal variance 1, on it variance 2

    Returns shape (runs, n, n). The eigenvalues of such a matrix repel each other, so their signs are not independent:
    all n are positive with probability ½, .1464, .0249, … instead of ½, ¼, ⅛, ….
    seed: a whole number ≥ 0, or a numpy Generator. Raises ValueError for an n or runs that is not a whole number ≥ 1.
    Source: Mehta 2004, "Random Matrices"; as a model of a loss's critical points Dauphin et al. 2014.

    >>> H = goe(2, runs=10_000)
    >>> H.shape, round(float(np.mean(classify(H) == "minimum")), 2)
    ((10000, 2, 2), 0.15)
    """
    A = generator(seed).standard_normal((whole("runs", runs, 1), whole("n", n, 1), n))
    return (A + A.swapaxes(-1, -2)) / np.sqrt(2)


class LinearAutoencoder:
    """A linear autoencoder on data of known covariance, all of whose critical points are known.

        L(A, B) = ½ E‖x − A B x‖² = ½ tr((I − AB) Σ (I − AB)ᵀ),   Σ = diag(λ₁, …, λ_d)

    eigenvalues: λ₁, …, λ_d > 0, the data's variances along its principal directions; hidden: p, from 1 to d.
    A: (d, p) decoder, B: (p, d) encoder, both in one flat vector w = (A, B) of 2dp numbers; leading axes of w are runs.
    Every critical point belongs to a set S of at most p of the principal directions: AB projects onto them, and
    L = ½ Σ_{i ∉ S} λᵢ. When no two λ are equal, only the set of the p largest is a minimum; all the others are saddles.
    In code S is a tuple of places counted from 0: (0, 1) stands for λ₁ and λ₂.
    (AC, C⁻¹B) is the same map for every invertible C, so each Hessian has zero eigenvalues, the minimum's included.
    Raises ValueError for a λ that is not positive, a hidden outside 1 … d, a w of another length.
    Source: Baldi & Hornik 1989, "Neural networks and principal component analysis: learning from examples without local
    minima".

    >>> net = LinearAutoencoder([4.0, 2.0, 1.0, 0.5], hidden=2)
    >>> [float(net.loss(w)) for S, w in net.critical_points() if S in [(0, 1), (0,), ()]]
    [0.75, 1.75, 3.75]

    These are ½ (1 + ½), ½ (2 + 1 + ½) and ½ (4 + 2 + 1 + ½).
    """

    def __init__(self, eigenvalues, hidden):
        self.lam = numbers("eigenvalues", eigenvalues, finite=True, real=True)
        if self.lam.ndim != 1 or self.lam.size == 0 or (self.lam <= 0).any():
            refuse("eigenvalues", eigenvalues, "a list of positive numbers")
        self.d, self.p = self.lam.size, whole("hidden", hidden, 1)
        if hidden > self.d:
            refuse("hidden", hidden, f"at most {self.d}, the number of eigenvalues")

    def _matrices(self, w):
        """A (…, d, p) and B (…, p, d) from the flat vector w (…, 2dp)."""
        w = numbers("w", w, last=2 * self.d * self.p)
        A, B = w[..., : self.d * self.p], w[..., self.d * self.p :]
        return A.reshape(*w.shape[:-1], self.d, self.p), B.reshape(*w.shape[:-1], self.p, self.d)

    @np.errstate(all="ignore")  # far out it overflows: inf and NaN are the right answers there
    def loss(self, w):
        """½ tr((I − AB) Σ (I − AB)ᵀ), shape (…), for w of shape (…, 2dp)."""
        A, B = self._matrices(w)
        R = np.eye(self.d) - A @ B  # what the network leaves of its input
        return 0.5 * (R * R * self.lam).sum((-1, -2))

    @np.errstate(all="ignore")
    def grad(self, w):
        """(∂L/∂A, ∂L/∂B) = (G Bᵀ, Aᵀ G) with G = −(I − AB) Σ, as one vector of shape (…, 2dp)."""
        A, B = self._matrices(w)
        G = -(np.eye(self.d) - A @ B) * self.lam  # ∂L/∂(AB)
        dA, dB = G @ B.swapaxes(-1, -2), A.swapaxes(-1, -2) @ G
        return np.concatenate([m.reshape(*m.shape[:-2], self.d * self.p) for m in (dA, dB)], -1)

    def hessian(self, w):
        """The Hessian (…, 2dp, 2dp), row by row by complex step: H u = Im ∇L(w + ihu)/h, exact to rounding."""
        # As `gradients.hessian`, which does not take a w that has run off to infinity.
        w = numbers("w", w, last=2 * self.d * self.p, real=True)
        step = 1e-20j * np.eye(w.shape[-1])
        return self.grad(w[..., None, :] + step).imag / 1e-20

    def critical_points(self):
        """One representative of each family of critical points, as pairs (S, w), S a tuple; lowest loss first."""
        found = []
        for size in range(self.p + 1):
            for S in itertools.combinations(range(self.d), size):
                A = np.zeros((self.d, self.p))
                A[list(S), range(size)] = 1.0
                found.append((S, np.concatenate([A.ravel(), A.T.ravel()])))
        return sorted(found, key=lambda pair: float(self.loss(pair[1])))
