"""What chapter 10 says of runs and of batches, counted by hand."""

import math
import re

import numpy as np
from whole.counting import says

from optim_core.chapters.normalization.experiments import trained
from optim_core.data import digits
from optim_core.scenes.board import number


def preparation(values, seen, caption, t):
    """The condition number and the loss from the eigenvalues alone, and when it has come down to a millionth."""
    (spread, mean, centre, rescale), _, _, runs = seen
    given = [values[name] for name in ("spread", "mean", "centre", "rescale")]
    assert [spread, mean, centre, rescale] == given
    done = {(0, 0): "as it is", (1, 0): "minus its mean", (0, 1): "over its spread"}
    done = done.get((centre, rescale), "minus its mean, over its spread")
    s, m = (1.0 if rescale else spread), 0.0 if centre else mean / spread if rescale else mean
    kappa, rate, rest = re.fullmatch(
        rf"A feature with spread {re.escape(number(spread))} and mean {re.escape(number(mean))}, {done}: κ = (.*?)\. "
        rf"Its best constant rate is η = 2/\(λ_min \+ λ_max\) = (.*?)\. Step {t} of 100(.*)\.", caption,
    ).groups()  # fmt: skip
    high = np.linalg.eigvalsh([[s * s + m * m, m], [m, 1.0]])[1]
    low = s * s / high  # the determinant is s²: more exact than a difference
    assert says(kappa, high / low, 3) and says(rate, 2 / (low + high), 3)

    def left(step):
        """Of the loss at the start: at this rate 1 − ηλ is as large for both directions, with another sign."""
        return ((high - low) / (high + low)) ** (2 * step)

    if not any(values["start"]):
        assert rest == ". The start is the minimum: the loss is 0 from the beginning"
        return
    words, end = re.fullmatch(r": (.*?) of the loss at the start is left(?:\. (.*))?", rest).groups()
    now = left(t)
    assert words == "all" if t == 0 else now < 1.01e-12 if words == "less than 10⁻¹²" else says(words, now, 2)
    step = next((k for k in range(t + 1) if left(k) <= 1e-6), None)
    if end and end.startswith("A millionth is reached at step"):
        assert end == f"A millionth is reached at step {step}"
    else:
        assert step is None and end == ("A millionth is not reached within 100 steps" if t == 100 else None)


def outputs(X, w, running=None):
    """The network 64-32-10 with batch normalization before tanh, by plain matrices, at the weights w."""
    W1, b1, gamma, beta, W2, b2 = np.split(w, np.cumsum([2048, 32, 32, 32, 320]))
    z = X @ W1.reshape(64, 32) + b1
    mean, var = (z.mean(0), z.var(0)) if running is None else (running["mean"][0], running["var"][0])
    return np.tanh(gamma * (z - mean) / np.sqrt(var + 1e-5) + beta) @ W2.reshape(32, 10) + b2


def companions(values, seen, caption, t):
    """Right answers and spread of thirty batches by plain matrices, and what evaluation mode answers."""
    example, size, alike, label, draws, _ = seen
    assert (example, size, alike) == tuple(values[name] for name in ("example", "batch", "alike"))
    data, (w, running) = digits(), trained()
    label = int(data.y_test[example])
    a, beside = "an" if label == 8 else "a", f"{size - 1} companion{'' if size == 2 else 's'}"
    beside += " of its own class" if alike else " at random"
    right, spread, answer = re.fullmatch(
        rf"Held-out digit no\. {example}, {a} {label}, in a batch of {size}, beside {beside}: "
        rf"(\d+) of 30 draws answer {label}; the outputs spread by (.*?)\. Evaluation mode answers (\d)\.", caption,
    ).groups()  # fmt: skip
    others = [k for k in range(len(data.y_test)) if k != example and (not alike or data.y_test[k] == label)]
    dice, by_hand = np.random.default_rng([example, size, int(alike)]), []
    for _ in range(30):
        some = dice.choice(others, size - 1, replace=size - 1 > len(others))
        by_hand.append(outputs(data.X_test[[example, *some]], w[0])[0])
    assert np.allclose(by_hand, draws)
    assert int(right) == sum(one.argmax() == label for one in by_hand)
    spreads = [math.sqrt(sum((x - sum(xs) / 30) ** 2 for x in xs) / 30) for xs in zip(*by_hand, strict=True)]
    assert says(spread, sum(spreads) / 10, 2)
    assert int(answer) == outputs(data.X_test[[example]], w[0], running[1])[0].argmax()


CHECK = {"Preparation": preparation, "Companions": companions}
