"""Critical points: where the gradient is zero, and what the Hessian's eigenvalues say about the place.

Near a critical point w* the loss is L(w* + d) ≈ L(w*) + ½ dᵀH d.  In the eigenvectors' coordinates this is
½ Σ λᵢ dᵢ²: each positive λᵢ bends up, each negative one bends down, and a zero one says nothing.
"""

import itertools

import numpy as np

from .refuse import numbers, refuse

KINDS = ("minimum", "maximum", "saddle", "degenerate")


def eigen(hessian):
    """Eigenvalues of a symmetric matrix, smallest first, and its unit eigenvectors as columns.

        H vᵢ = λᵢ vᵢ                         returns λ of shape (…, n), V of shape (…, n, n) with vᵢ = V[…, :, i]

    Raises ValueError unless hessian has shape (…, n, n), is finite and symmetric (to 1e-6 of its largest entry).

    >>> eigen([[0.0, -2.0], [-2.0, 0.0]])[0]
    array([-2.,  2.])
    """
    H = numbers("hessian", hessian, finite=True)
    if H.ndim < 2 or H.shape[-1] != H.shape[-2] or H.shape[-1] == 0:
        refuse("hessian.shape", H.shape, "(…, n, n) with n ≥ 1")
    H = H.real if np.iscomplexobj(H) else H
    if not np.all(np.abs(H - H.swapaxes(-1, -2)).max((-1, -2)) <= 1e-6 * np.abs(H).max((-1, -2))):
        refuse("hessian", H, "symmetric")
    return np.linalg.eigh(H)


def signs(eigenvalues, tol=1e-9):
    """−1, 0 or +1 for each eigenvalue; zero means |λ| ≤ tol · max|λ|.

    >>> signs(np.array([-3.0, 1e-12, 2.0]))
    array([-1,  0,  1])
    """
    zero = np.abs(eigenvalues) <= tol * np.abs(eigenvalues).max(-1, keepdims=True)
    return np.where(zero, 0, np.sign(eigenvalues)).astype(int)


def classify(hessian, tol=1e-9):
    """What kind of critical point has this Hessian: "minimum", "maximum", "saddle" or "degenerate".

        all λᵢ > 0 → minimum      all λᵢ < 0 → maximum      some λᵢ > 0 and some λⱼ < 0 → saddle
        otherwise → degenerate: some λᵢ = 0 and no two signs, so the second order cannot tell

    hessian: shape (n, n), gives a str; or a stack (…, n, n), gives an array of str of shape (…).
    tol: an eigenvalue counts as zero when |λᵢ| ≤ tol · max|λ|.
    Raises ValueError for a matrix that is not square, finite and symmetric.
    Source: the second-derivative test of any calculus text; for networks Dauphin et al. 2014, section 2.

    >>> classify([[2.0, 0.0], [0.0, 3.0]]), classify([[0.0, -2.0], [-2.0, 0.0]]), classify([[2.0, 2.0], [2.0, 2.0]])
    ('minimum', 'saddle', 'degenerate')
    """
    if not 0 <= tol < 1:
        refuse("tol", tol, "in [0, 1)")
    s = signs(eigen(hessian)[0], tol)
    up, down = (s > 0).any(-1), (s < 0).any(-1)
    kind = np.select([(s > 0).all(-1), (s < 0).all(-1), up & down], KINDS[:3], KINDS[3])
    return str(kind) if kind.ndim == 0 else kind


def escape_direction(hessian, tol=1e-9):
    """The unit eigenvector along which the loss bends down most: the way out of a saddle.

        v with H v = λ_min v, λ_min < 0;   L(w* ± s v) ≈ L(w*) + ½ λ_min s²

    hessian: (…, n, n); returns (…, n). Both v and −v lead down; the one whose largest component is positive is returned.
    Raises ValueError where no eigenvalue is negative (beyond tol · max|λ|): there is no such direction.
    Source: Dauphin et al. 2014, section 4.

    >>> np.abs(escape_direction([[0.0, -2.0], [-2.0, 0.0]])).round(4)
    array([0.7071, 0.7071])
    """
    values, vectors = eigen(hessian)
    if not (signs(values, tol)[..., 0] < 0).all():
        refuse("hessian", hessian, f"of negative curvature somewhere; its smallest eigenvalue is {values[..., 0].max():.6g}")
    v = vectors[..., :, 0]
    largest = np.take_along_axis(v, np.abs(v).argmax(-1)[..., None], -1)
    return v * np.sign(largest)


def find(surface, window=None, grid=24, tol=1e-9):
    """The critical points of a 2-D surface inside a window, found by Newton's method from a grid of starts.

        w ← w − H⁺ ∇L(w)                     H⁺: pseudo-inverse, so that a flat direction takes no step

    surface: has .grad and .hessian, and .loss; window: (w1_min, w1_max, w2_min, w2_max), default surface.window.
    Returns a list of dicts(w, loss, eigenvalues, kind), lowest loss first. A whole curve of critical points is returned as
    a row of points on it, about a twentieth of the window apart.
    Raises ValueError for a window that is empty. A critical point whose basin the grid misses is not found.

    >>> from optim_core import surfaces
    >>> [(p["kind"], p["w"].round(2).tolist()) for p in find(surfaces.beale())]
    [('minimum', [3.0, 0.5]), ('saddle', [0.0, 1.0])]
    """
    left, right, bottom, top = numbers("window", surface.window if window is None else window, last=4, finite=True)
    if not (left < right and bottom < top):
        refuse("window", window, "(w1_min, w1_max, w2_min, w2_max) with min < max")
    size = np.array([right - left, top - bottom])
    w = np.stack(np.meshgrid(np.linspace(left, right, grid), np.linspace(bottom, top, grid)), -1).reshape(-1, 2)
    steepest, most_curved = _largest(surface.grad(w)), _largest(surface.hessian(w))
    for _ in range(80):
        w = _newton(surface, w)
    inside = ((w >= [left, bottom]) & (w <= [right, top])).all(-1)
    flat = np.linalg.norm(surface.grad(w), axis=-1) <= 1e-9 * steepest
    w = w[inside & flat]
    H = surface.hessian(w)
    H[np.abs(H) <= 1e-6 * most_curved] = 0.0  # where Newton's steps end, a zero is only nearly zero
    found = []
    for point, kind in zip(w, classify(H, max(tol, 1e-6)), strict=True):
        apart = 0.05 if kind == "degenerate" else 1e-4  # on a curve of critical points, thin them out
        if all(np.linalg.norm((point - p["w"]) / size) > apart for p in found):
            eigenvalues = eigen(surface.hessian(point))[0]
            found.append(dict(w=point, loss=float(surface.loss(point)), eigenvalues=eigenvalues, kind=str(kind)))
    return sorted(found, key=lambda p: p["loss"])


def _largest(values):
    """The largest finite |value|."""
    return np.abs(values).max(initial=1e-300, where=np.isfinite(values))


def _newton(surface, w):
    """One Newton step for every point of w (m, 2); points that ran away are dropped."""
    g, H = surface.grad(w), surface.hessian(w)
    usable = np.isfinite(g).all(-1) & np.isfinite(H).all((-1, -2)) & (np.abs(w) < 1e6).all(-1)
    w, g, H = w[usable], g[usable], H[usable]
    return w - (np.linalg.pinv(H, rcond=1e-10, hermitian=True) @ g[..., None])[..., 0]


def goe(n, runs=1, seed=0):
    """Random symmetric matrices from the Gaussian orthogonal ensemble: what "a random Hessian" means.

        H = (A + Aᵀ)/√2, Aᵢⱼ ~ N(0, 1);  off the diagonal variance 1, on it variance 2

    Returns shape (runs, n, n). The eigenvalues of such a matrix repel each other, so their signs are not independent.
    Source: Mehta 2004, "Random Matrices", chapter 2; as a model of critical points Dauphin et al. 2014, section 2.

    >>> goe(3, runs=2).shape
    (2, 3, 3)
    """
    A = np.random.default_rng(seed).standard_normal((runs, n, n))
    return (A + A.swapaxes(-1, -2)) / np.sqrt(2)


class LinearAutoencoder:
    """A linear autoencoder on data of known covariance, all of whose critical points are known.

        L(A, B) = ½ E‖x − A B x‖² = ½ tr((I − AB) Σ (I − AB)ᵀ),   Σ = diag(λ₁, …, λ_d)

    A: (d, p) decoder, B: (p, d) encoder, both in one flat vector w = (A, B) of 2dp numbers; leading axes of w are runs.
    Every critical point belongs to a set S of at most p of the data's principal directions: AB projects onto them, and
    L = ½ Σ_{i ∉ S} λᵢ. Only the set of the p largest is a minimum; all the others are saddles.
    Source: Baldi & Hornik 1989, facts 2–4 and the appendix.

    >>> net = LinearAutoencoder([4.0, 2.0, 1.0, 0.5], hidden=2)
    >>> [float(net.loss(w)) for S, w in net.critical_points() if S in [(), (0,), (0, 1)]]
    [0.75, 1.75, 3.75]
    """

    def __init__(self, eigenvalues, hidden):
        self.lam = numbers("eigenvalues", eigenvalues, finite=True)
        if self.lam.ndim != 1 or (self.lam <= 0).any():
            refuse("eigenvalues", eigenvalues, "a list of positive numbers")
        self.d, self.p = self.lam.size, hidden
        if not 1 <= hidden <= self.d:
            refuse("hidden", hidden, f"between 1 and {self.d}")

    def _matrices(self, w):
        w = numbers("w", w, last=2 * self.d * self.p)
        A, B = w[..., : self.d * self.p], w[..., self.d * self.p :]
        return A.reshape(*w.shape[:-1], self.d, self.p), B.reshape(*w.shape[:-1], self.p, self.d)

    def loss(self, w):
        A, B = self._matrices(w)
        R = np.eye(self.d) - A @ B  # what the network leaves of its input
        return 0.5 * (R * R * self.lam).sum((-1, -2))

    def grad(self, w):
        A, B = self._matrices(w)
        G = -(np.eye(self.d) - A @ B) * self.lam  # ∂L/∂(AB)
        dA, dB = G @ B.swapaxes(-1, -2), A.swapaxes(-1, -2) @ G
        return np.concatenate([m.reshape(*m.shape[:-2], -1) for m in (dA, dB)], -1)

    def hessian(self, w):
        """Column by column, by complex step: H u = Im ∇L(w + iεu)/ε, exact to rounding."""
        w = numbers("w", w, last=2 * self.d * self.p)
        step = 1e-20j * np.eye(w.shape[-1])
        return self.grad(w[..., None, :] + step).imag / 1e-20

    def critical_points(self):
        """A representative of each family of critical points, as pairs (S, w) with S a tuple of directions, best first."""
        found = []
        for size in range(self.p + 1):
            for S in itertools.combinations(range(self.d), size):
                A = np.zeros((self.d, self.p))
                A[list(S), range(size)] = 1.0
                found.append((S, np.concatenate([A.ravel(), A.T.ravel()])))
        return sorted(found, key=lambda pair: float(self.loss(pair[1])))
