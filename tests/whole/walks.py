"""Methods in a few lines of their own, whether a path follows them, and where it gets to in the end."""

import re

import numpy as np

FAR = 1e6  # a run beyond it has diverged


def walk(grad, w, steps, lr, mu=0.0, v=0.0, ahead=0.0):
    """The points and velocities of gradient descent (μ = 0), a heavy ball, or Nesterov's method (ahead=1).

    lr, mu: numbers, or a function of the steps taken; stops after the first point beyond FAR, which is the last one.

    >>> walk(lambda w: w, [1.0], 3, lr=0.5)[0].ravel().tolist()
    [1.0, 0.5, 0.25, 0.125]
    """
    w, path = np.array(w, float), []
    v = np.zeros_like(w) + v
    path.append((w, v))
    with np.errstate(all="ignore"):
        for k in range(steps):
            m = mu(k) if callable(mu) else mu
            v = m * v - lr * grad(w + ahead * m * v)
            w = w + v
            path.append((w, v))
            if not (np.abs(w) <= FAR).all():
                break
    return tuple(np.array(part) for part in zip(*path, strict=True))


def capital(name):
    """A method's name as a sentence begins with it; μ stays μ.

    >>> capital("gradient descent"), capital("μ = 0.9")
    ('Gradient descent', 'μ = 0.9')
    """
    return name[0].upper() + name[1:] if name[0].isascii() else name


def follows(path, grad, lr, mu=0.0, ahead=0.0):
    """Assert that each point of a path comes of the one before, and return the step at which it left, 0 if never.

    So a run whose last digits decide where it goes is checked, too: step by step.
    """
    w, v, gone = path["w"], path.get("v", np.zeros_like(path["w"])), int(path["diverged"])
    good = slice(None, (gone - 1 if gone else len(w) - 1))
    m = np.array([mu(k) for k in range(len(w) - 1)])[good, None] if callable(mu) else mu
    with np.errstate(all="ignore"):
        carried = m * v[:-1][good]
        push = lr * grad(w[:-1][good] + ahead * carried)
        expected, rounding = carried - push, 1e-9 * (np.abs(carried) + np.abs(push)).max(-1, keepdims=True)
        now = w[:-1][good] + expected
        assert (np.abs(w[1:][good] - now) <= rounding + 1e-12 * np.abs(now) + 1e-300).all(), "the path is another one"
        inside = (np.abs(w) <= FAR).all(-1)
    if not gone:
        assert inside.all(), "the path left, and nobody noticed"
        return 0
    last = walk(grad, w[gone - 1], 1, lr, mu(gone - 1) if callable(mu) else mu, v[gone - 1], ahead)[0][-1]
    assert inside[:gone].all() and not (np.abs(last) <= FAR).all(), f"it did not leave at step {gone}"
    return gone


def settles(flags):
    """The step from which on all flags hold to the end, or None where the last one does not.

    >>> settles([False, True, False, True, True]), settles([True, True]), settles([True, False])
    (3, 0, None)
    """
    wrong = np.flatnonzero(~np.asarray(flags))
    if not len(wrong):
        return 0
    return int(wrong[-1]) + 1 if wrong[-1] + 1 < len(flags) else None


def arrives(story, name, part, gone, grows=None):
    """Assert that a sentence says when a loss is below a millionth of the first; where rounding decides, either will.

    part: the loss after each step, divided by the first; gone: the step at which it diverged, or 0; grows: whether
    theory says that it does, None where that is not known.
    """
    if gone:
        assert story == f"{name} diverged at step {gone}." and grows is not False
        return
    if part[0] == 0:
        assert story == f"{name} starts at the minimum."
        return
    there = {settles(part <= 1e-6 * (1 + k * 1e-9)) for k in (-1, 0, 1)}
    if found := re.fullmatch(rf"{name} is below a millionth from step (\d+) to the end\.", story):
        assert int(found[1]) in there
        return
    assert None in there
    first, second = part[: len(part) // 2].max(), part[len(part) // 2 :].max()
    if story == f"{name} climbs.":
        assert grows is not False and part[-1] > 1 and second > first
        return
    low = np.flatnonzero(part <= 1e-6)
    if len(low):
        assert story == f"{name} dips below a millionth at step {low[0]}, but has not stayed there yet."
    else:
        assert story == f"{name} has not reached a millionth after {len(part) - 1} steps."
    assert not (grows and second > 1.02 * first and part[-1] > 1), "it climbs, and nothing is said of it"
