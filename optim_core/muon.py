"""Muon: steps that know a weight matrix from a list of numbers.

    step = muon(net)                                        # closes over the places of the network's matrices
    path = descend(step, net.init(0), task.grad, 100, lr=0.02, decay=0.0, lr_rest=0.003)

A gradient matrix G = U S Vᵀ is mostly its few largest singular values; Muon's step is U Vᵀ, in which all of them are 1.
Among the matrices of spectral norm 1 it is the one that lowers the loss most, as sign(g) is among the vectors whose
largest component is 1, and g/‖g‖ among those of length 1 (Bernstein & Newhouse 2024).
"""

import numpy as np

from .network import Network
from .optimizers import optimizer
from .refuse import asks, made, number, numbers, refuse, whole

# (a, b, c) of s ← a s + b s³ + c s⁵
QUICK = (3.4445, -4.7750, 2.0315)  # Muon's: lifts small values 3.4-fold a step, and never settles at 1
CLASSIC = (15 / 8, -10 / 8, 3 / 8)  # touches 1 with slope and bend 0: settles there


def _matrices(G):
    G = numbers("G", G, real=True)
    return G if G.ndim > 1 and 0 not in G.shape[-2:] else refuse("G.shape", G.shape, "(…, rows, columns), not empty")


@np.errstate(all="ignore")
def orthogonalise(G):
    """The orthogonal factor of each matrix: all singular values become 1, those that are 0 stay 0.

        G = U S Vᵀ  →  U Vᵀ                  G: (…, rows, columns)

    Of all matrices with orthonormal rows (or columns, if they are fewer) it is the nearest to G. It is Shampoo's step
    without a memory, (G Gᵀ)^(−¼) G (Gᵀ G)^(−¼). What is not finite gives NaN. Source: Higham 1986 ("polar factor").

    >>> orthogonalise([[3.0, 0.0], [0.0, -0.01]]).tolist()
    [[1.0, 0.0], [0.0, -1.0]]
    """
    G = _matrices(G)
    finite = np.isfinite(G).all((-2, -1), keepdims=True)
    U, S, Vt = np.linalg.svd(np.where(finite, G, 0), full_matrices=False)
    rank = S > np.finfo(float).eps * max(G.shape[-2:]) * S[..., :1]  # what is less is rounding
    return np.where(finite, (U * rank[..., None, :]) @ Vt, np.nan)


@np.errstate(all="ignore")
def newton_schulz(G, steps=5, coefficients=QUICK, eps=1e-7):
    """Nearly the orthogonal factor, by matrix products alone.

        X ← G/max(‖G‖, ε)                    ‖G‖² = Σ Gᵢⱼ², so that no singular value is above 1; ε = eps
        A ← X Xᵀ;  X ← a X + (b A + c A²) X   `steps` times, with (a, b, c) = coefficients; a tall G is transposed

    Each singular value s of X goes its own way, s ← a s + b s³ + c s⁵; the directions stay. With CLASSIC it tends to 1,
    small values slowly. With QUICK, Muon's, it does not: after five steps values from .01 to 1 lie between .68 and
    1.14; smaller ones reach 1.21 (from .004), and .001 is at .47. G: (…, rows, columns).
    Source: Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks"; classic: Björck & Bowie 1971.
    Libraries: equals what torch.optim.Muon does, which takes bfloat16, and so is 1 % off.

    >>> newton_schulz([[3.0, 0.0], [0.0, 0.01]]).round(2).tolist(), newton_schulz([[2.0]], 9, CLASSIC).round(9).tolist()
    ([[0.7, 0.0], [0.0, 1.16]], [[1.0]])
    """
    G, steps = _matrices(G), whole("steps", steps, 0)
    a, b, c = _three(coefficients)
    eps = number("eps", eps, "a number ≥ 0", lambda e: e >= 0)
    X = G / np.maximum(np.sqrt((G * G).sum((-2, -1), keepdims=True)), eps)
    tall = G.shape[-2] > G.shape[-1]
    X = X.swapaxes(-1, -2) if tall else X
    for _ in range(steps):
        A = X @ X.swapaxes(-1, -2)
        X = a * X + (b * A + c * A @ A) @ X
    return X.swapaxes(-1, -2) if tall else X


def _three(coefficients):
    array = numbers("coefficients", coefficients, finite=True, real=True)
    return array.tolist() if array.shape == (3,) else refuse("coefficients", coefficients, "three numbers (a, b, c)")


def muon(net, direction=newton_schulz):
    """The step of Muon for a network: momentum, made orthogonal matrix by matrix.

        m ← μ m + (1 − μ) g                              η = lr, μ = mu, λ = decay; m: starts at 0
        u ← μ m + (1 − μ) g                              Nesterov's look ahead: m, as if g came once more
        W ← W − η (√max(1, outputs/inputs) D(U) + λ W)   for each weight matrix, U its part of u; D = direction

    What is no matrix (biases, scales, shifts) takes Adam's step, without decay, and with β₁ = μ:

        v ← β₂ v + (1 − β₂) g²                           β₂ = beta2, ε = eps; v: starts at 0
        w ← w − η′ m̂ / (√v̂ + ε)                          η′ = lr_rest, m̂ = m/(1 − μᵗ), v̂ = v/(1 − β₂ᵗ)

    direction: what becomes of a matrix (…, inputs, outputs). `orthogonalise` is exact; np.sign makes it sign descent,
    lambda U: U momentum. By custom the first and the last layer go to Adam, too; here all matrices are treated alike.
    η is the spectral norm of a step, and so no number to compare with Adam's. w, m, v, grad(w): shape (…, n).
    Source: Jordan et al. 2024 (see `newton_schulz`).
    Libraries: equals torch.optim.Muon on the matrices, but for its bfloat16, and torch's Adam on the rest. It keeps Wᵀ.

    >>> from optim_core.network import Linear
    >>> step = muon(Network([Linear(2, 2)]), orthogonalise)
    >>> g = np.array([3.0, 0.0, 0.0, 0.1, 7.0, 0.0])         # ∇W = [[3, 0], [0, .1]], ∇b = [7, 0]
    >>> step(np.zeros(6), lambda w: g, t=1, lr=0.5, lr_rest=0.25)["w"].round(6) + 0.0
    array([-0.5 ,  0.  ,  0.  , -0.5 , -0.25,  0.  ])
    """
    made("net", net, Network, "a Network")
    asks("direction", direction, most=1)

    def step(w, grad, t, m=0.0, v=0.0, *, lr=0.001, mu=0.95, decay=0.1, lr_rest=0.001, beta2=0.999, eps=1e-8):
        g = grad(w)
        m = mu * m + (1 - mu) * g
        v = beta2 * v + (1 - beta2) * g**2
        u = mu * m + (1 - mu) * g
        D = np.zeros_like(u)
        for here, (n, k) in net.matrices:
            U = u[..., here].reshape(*u.shape[:-1], n, k)
            D[..., here] = np.sqrt(max(1, k / n)) * direction(U).reshape(*u.shape[:-1], n * k)
        m_hat, v_hat = m / (1 - mu**t), v / (1 - beta2**t)
        adam = lr_rest * m_hat / (np.sqrt(v_hat) + eps)
        w = w - np.where(net.is_weight, lr * (D + decay * w), adam)
        return dict(w=w, m=m, v=v)

    step.__name__, step.__doc__ = "muon", f"Muon's step for {net}."
    return optimizer(step)
