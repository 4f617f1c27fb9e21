"""The exercises of chapter 04: mini-batches."""

import functools
import math

import numpy as np

from optim_core.exercises import CORRECT, INCORRECT, Choice, Exercise, Predict, Result, diagnosis, exercise
from optim_core.exercises.running import by_place, run

from . import experiments

# 1. One epoch ----------------------------------------------------------------------------------------------------


class TwoEpochs:
    """A sampler as a function of (n, size, seed): two epochs that it deals with one random generator.

    >>> TwoEpochs(lambda n, size, rng: [rng.permutation(n)])(3, 2, 0)
    [[array([2, 0, 1])], [array([2, 1, 0])]]
    """

    def __init__(self, function):
        self.function = function
        self.__code__ = getattr(function, "__code__", None)  # where `run` looks for the line of an error

    def __call__(self, n, size, seed):
        rng = np.random.default_rng(seed)
        answers = [self.function(n, size, rng) for _ in range(2)]
        return [list(a) if hasattr(a, "__next__") else a for a in answers]  # it may be a generator


def as_batches(epoch):
    """A student's epoch as a list of arrays of whole numbers, or None if it is no such thing.

    >>> as_batches([[0, 2], np.array([1])]), as_batches([0, 2, 1]), as_batches("021")
    ([array([0, 2]), array([1])], None, None)
    """
    if isinstance(epoch, (str, dict, set)) or not hasattr(epoch, "__len__") or getattr(epoch, "ndim", 1) == 0:
        return None
    batches = [np.array([]) if np.size(batch) == 0 else diagnosis.numbers(batch) for batch in epoch]
    good = all(b is not None and b.ndim == 1 and not np.iscomplexobj(b) and (b == np.floor(b)).all() for b in batches)
    return [batch.astype(int) for batch in batches] if good else None


class Sampler(Exercise):
    """An exercise whose answer is drawn at random: judged is what all right answers have in common.

    The student's function takes (n, size, rng) and returns the mini-batches of one epoch. On each case (n, size, seed)
    it deals two epochs, and the same two once more.
    """

    @functools.cached_property
    def expected(self):
        return [self.look(self.reference, args)[1] for args in self.cases]

    @functools.cached_property
    def known(self):
        return [[self.look(wrong, args)[1] for args in self.cases] for _, wrong, _ in self.mistakes]

    def look(self, function, args):
        """The run of a sampler on one case, and what is to be seen of it: facts, the same for all right samplers."""
        first, again = (run(TwoEpochs(function), args) for _ in range(2))
        if first.error is not None:
            return first, dict(error=f"{type(first.error).__name__}: {first.error}")
        dealt = [as_batches(epoch) for epoch in first.value]
        if None in dealt:
            return first, dict(kind=diagnosis.kind_of(first.value[dealt.index(None)]))
        n, (one, two) = args[0], (np.concatenate([*epoch, np.empty(0, int)]) for epoch in dealt)
        times = np.bincount(one[(0 <= one) & (one < n)], minlength=n)
        sets = [np.sort(batch) for batch in dealt[0]]
        large = [batch for batch in sets if len(batch) > 1]  # a single one is in order by chance
        neighbours = len(large) > 1 and all((np.diff(batch) == 1).all() for batch in large)
        in_row = neighbours and all(map(np.array_equal, sets, dealt[0]))
        alone = len(sets) == 1  # then there is nothing to shuffle: the order within a mini-batch makes no difference
        in_order = not alone and (np.diff(one) > 0).all()
        return first, {
            "sizes": tuple(map(len, dealt[0])),
            "strangers": sorted(set(one.tolist()) - set(range(n))),
            "missing": (times == 0).any(),
            "twice": (times > 1).any(),
            "twice in a batch": any((np.diff(batch) == 0).any() for batch in sets),
            "order": "the data's" if in_order else "in pieces" if in_row else "neighbours" * neighbours,
            "reshuffled": alone or not np.array_equal(one, two),
            "repeatable": repr(first.value) == repr(again.value),
        }

    def glance(self, function, k):
        return self.look(function, self.cases[k])[1]

    def agree(self, seen, goal):
        return seen == goal

    def seen_of(self, ran):
        return ran

    def score(self, runs):
        return sum(mine == its for mine, its in zip(runs, self.expected, strict=True)) / len(runs)

    def _judge(self, function):
        looks = self._looks(function)
        if isinstance(looks, Result):
            return looks
        seen = [facts for _, facts in looks]
        if seen == self.expected:
            if unfair := bias(by_place(function, self.arguments)):
                return Result(INCORRECT, f"each example comes once, and the shuffle is not fair: {unfair}")
            return Result(CORRECT, f"`{self.name}` deals all {len(seen)} decks as it should.")
        for (what, _, look), mistaken in zip(self.mistakes, self.known, strict=True):
            if seen == mistaken:
                return Result(INCORRECT, f"your mini-batches are those of a known mistake: {what}.\n{look}")
        right = [mine == its for mine, its in zip(seen, self.expected, strict=True)]
        if any("error" in facts for facts in seen):
            return Result(
                INCORRECT, diagnosis.describe(self, function, [ran for ran, _ in looks], right, self.score(seen))
            )
        lines = [diagnosis.place(self, function, right, self.score(seen)) or self._most_of_a_mistake(seen, right)]
        lines.append(next(filter(None, map(self._describe, self.cases, seen, self.expected))))
        return Result(INCORRECT, "\n".join(filter(None, lines)))

    def _most_of_a_mistake(self, seen, right):
        """The known mistake that fits most cases, and most of the wrong ones."""
        best, most = None, 0.6 * len(seen)
        for (what, _, look), mistaken in zip(self.mistakes, self.known, strict=True):
            same = [mine == its for mine, its in zip(seen, mistaken, strict=True)]
            wrong = [alike for alike, ok in zip(same, right, strict=True) if not ok]
            if sum(same) > most and sum(wrong) >= max(2, 0.6 * len(wrong)):
                best, most = f"in {sum(same)} of {len(seen)} cases it is a known mistake: {what}.\n{look}", sum(same)
        return best

    def _describe(self, args, seen, right):
        """What is wrong with one case, when no known mistake fits them all; None if nothing is."""
        if seen == right:
            return None
        if "kind" in seen:
            return (
                f"your function returns {seen['kind']}. A list of arrays of whole numbers is asked for, one array "
                "for each "
                "mini-batch."
            )
        n, size, _ = args
        looks = {
            "sizes": f"the sizes are {list(seen['sizes'])} and should be {list(right['sizes'])}.",
            "strangers": f"there is one called {(seen['strangers'] or [0])[0]}: the {n} are called 0 to {n - 1}.",
            "missing": "some examples never come. In an epoch each comes once.",
            "twice": "some examples come more than once in an epoch.",
            "order": "neighbours in the data stay together: shuffle all examples before you deal.",
            "reshuffled": "the second epoch has the same order as the first: shuffle the deck anew for each.",
            "repeatable": "the same rng gives another epoch: draw from `rng`, and from nothing else.",
        }
        wrong = [text for name, text in looks.items() if seen[name] != right[name]]
        return f"with {n} examples and mini-batches of {size}, {' And '.join(wrong[:2])}"

    def call(self, args):
        return f"{self.name}(n={args[0]}, size={args[1]}, rng=rng)"


def bias(epoch, size=50, epochs=200, small=4, rounds=5000):
    """What is not fair in the way a sampler shuffles single examples, a sentence, or None.

    Of a fair shuffle an example keeps its place once in an epoch on average, as often a successor follows; early ones
    are not early more often than others; and all 24 orders of four are equally likely. Each of these is off by more
    than 6.5 standard deviations with a probability below 1e-9.
    """
    rng, place = np.random.default_rng(0), np.arange(size)

    def deck(n):
        return np.concatenate([np.atleast_1d(batch) for batch in epoch(n, 1, rng)])

    decks = np.array([deck(size) for _ in range(epochs)])
    stay, follow = (decks == place).sum(), (np.diff(decks, axis=1) == 1).sum()
    for count, what in ((stay, "an example keeps its place"), (follow, "an example comes right after its neighbour")):
        if abs(count - epochs) > 6.5 * epochs**0.5:
            return f"with {size} examples {what} {count / epochs:.2g} times in an epoch, where 1 would be fair."
    tilt = ((decks - place.mean()) @ (place - place.mean())).mean() / (place.var() * size)
    if abs(tilt) > 6.5 / (epochs * (size - 1)) ** 0.5:
        return f"what is early in the data comes early too often (their places correlate with {tilt:.2g})."
    orders = np.array([deck(small) for _ in range(rounds)]) @ small ** np.arange(small)
    counts, fair = np.unique(orders, return_counts=True)[1], rounds / math.factorial(small)
    chi2 = ((counts - fair) ** 2).sum() / fair + (math.factorial(small) - len(counts)) * fair
    if chi2 > 90:  # of 23 on average
        few, many = counts.min() if len(counts) == 24 else 0, counts.max()
        return (
            f"of four examples one order comes {many} times and another {few} times in {rounds} epochs; {fair:.0f} "
            "would be fair."
        )
    return None


def sampler(**how):
    """Decorator: makes the solution below it a Sampler; the keywords are Exercise's."""
    return lambda reference: Sampler(reference, **how)


@sampler(
    cases={
        "a short last batch": [(50, 20, 0), (64, 10, 1), (100, 30, 2), (41, 40, 3)],
        "nothing left over": [(60, 20, 4), (64, 16, 5)],
        "one batch": [(40, 40, 6), (30, 50, 7)],
        "single examples": [(40, 1, 8)],
    },
    hints=[
        "Think of a deck of cards: shuffle it, then deal it out from the top, `size` cards at a time.",
        "`rng.permutation(n)` is a shuffled deck of 0 … n − 1. The loop gives the k at which each mini-batch begins.",
        "A slice that reaches beyond the end simply ends there: `deck[k : k + size]`.",
    ],
)
def epoch(n, size, rng):
    """The mini-batches of one epoch: a list of arrays that together hold each of 0 … n − 1 once, in random order.

    Every mini-batch has `size` examples, but for the last, which has what is left. rng: a numpy Generator, from which
    the order is drawn, anew at every call.
    """
    deck = rng.permutation(n)
    return [deck[k : k + size] for k in range(0, n, size)]


def _dealt(deck, size):
    return [deck[k : k + size] for k in range(0, len(deck), size)]


def _filled_up(n, size, rng):
    deck = rng.permutation(n)
    short = -n % size
    return _dealt(np.concatenate([deck, np.resize(deck, short)]), size)


def _pieces(n, size, rng):
    batches = _dealt(np.arange(n), size)
    return [batches[k] for k in rng.permutation(len(batches))]


def _shuffled_in_place(n, size, rng):
    deck = rng.shuffle(np.arange(n))
    return [deck[k : k + size] for k in range(0, n, size)]


# fmt: off
epoch.mistakes += [  # what was done, the wrong sampler, where to look
    ("the last, short mini-batch is dropped",
     lambda n, size, rng: [batch for batch in _dealt(rng.permutation(n), size) if len(batch) == size],
     "What is left over belongs to the epoch: those examples would be missing from it, and another set in each epoch."),
    ("nothing is shuffled",
     lambda n, size, rng: _dealt(np.arange(n), size),
     "Data often comes sorted. Then a mini-batch is no fair sample of it."),
    ("the deck is shuffled, and in each epoch in the same way",
     lambda n, size, rng: _dealt(np.random.default_rng(0).permutation(n), size),
     "A generator made anew from a seed begins anew. Use the `rng` that is handed in: it goes on where it was."),
    ("the order comes from somewhere else than `rng`",
     lambda n, size, rng: _dealt(np.random.default_rng().permutation(n), size),
     "Nobody could repeat your run, you included. Draw from the `rng` that is handed in."),
    ("each mini-batch is drawn with replacement from all examples",
     lambda n, size, rng: [rng.integers(n, size=min(size, n - k)) for k in range(0, n, size)],
     "Some come twice, about a third never. In an epoch each example comes once: shuffle, then deal."),
    ("full mini-batches drawn with replacement from all examples",
     lambda n, size, rng: [rng.integers(n, size=size) for k in range(0, n, size)],
     "Some come twice, about a third never. In an epoch each example comes once: shuffle, then deal."),
    ("each mini-batch is drawn from all examples, without looking at those before it",
     lambda n, size, rng: [rng.choice(n, min(size, n - k), replace=False) for k in range(0, n, size)],
     "Within a mini-batch nobody comes twice, within the epoch they do. Shuffle once, then deal."),
    ("each full mini-batch is drawn from all examples, without looking at those before it",
     lambda n, size, rng: [rng.choice(n, size, replace=False) for k in range(0, n, size)],
     "Within a mini-batch nobody comes twice, within the epoch they do. Shuffle once, then deal what is left."),
    ("the mini-batches are shuffled, not the examples",
     _pieces,
     "The same examples are always together, neighbours in the data. Shuffle before you deal."),
    ("the last mini-batch is filled up from the front of the deck",
     _filled_up,
     "Then a few examples come twice in this epoch. The last mini-batch may be short."),
    ("the examples are spread evenly, into batches larger than `size` if need be",
     lambda n, size, rng: np.array_split(rng.permutation(n), max(n // size, 1)),
     "All are there, once each. Asked for are batches of exactly `size`, and a last one of what is left."),
    ("the examples are spread evenly over the mini-batches",
     lambda n, size, rng: np.array_split(rng.permutation(n), math.ceil(n / size)),
     "All are there, once each. Asked for are batches of exactly `size`, and a last one of what is left."),
    ("the deck is one mini-batch",
     lambda n, size, rng: [rng.permutation(n)],
     "That is gradient descent on the whole set: one update in an epoch. Deal `size` at a time."),
    ("only one mini-batch is drawn",
     lambda n, size, rng: [rng.permutation(n)[:size]],
     "An epoch goes through all n examples."),
    ("every example is a mini-batch of its own",
     lambda n, size, rng: _dealt(rng.permutation(n), 1),
     "That is size = 1, whatever `size` says."),
    ("mini-batches that overlap: each begins one further on",
     lambda n, size, rng: [deck[k : k + size] for deck in [rng.permutation(n)] for k in range(n)],
     "The next mini-batch begins where the last one ended, `size` further on."),
    ("the place is multiplied by `size` twice",
     lambda n, size, rng: [d[k * size : (k + 1) * size] for d in [rng.permutation(n)] for k in range(0, n, size)],
     "With `range(0, n, size)` k is already the place where a mini-batch begins, not its number."),
    ("each mini-batch ends one too early",
     lambda n, size, rng: [deck[k : k + size - 1] for deck in [rng.permutation(n)] for k in range(0, n, size)],
     "In Python `deck[k : m]` ends before m."),
    ("every slice ends at `size`",
     lambda n, size, rng: [deck[k:size] for deck in [rng.permutation(n)] for k in range(0, n, size)],
     "A slice is `deck[from : to]`, and `to` moves on with k."),
    ("the examples are counted from 1",
     lambda n, size, rng: _dealt(rng.permutation(n) + 1, size),
     "Python counts from 0: the last example is n − 1."),
    ("the deck is dealt before it is shuffled: each mini-batch is shuffled in itself",
     lambda n, size, rng: [rng.permutation(batch) for batch in _dealt(np.arange(n), size)],
     "The same examples are always together, neighbours in the data. Shuffle before you deal."),
    ("a table of equal rows, which needs equal mini-batches",
     lambda n, size, rng: rng.permutation(n).reshape(-1, size),
     "The last mini-batch may be shorter, and a table cannot have a shorter row: return a list."),
    ("`rng.shuffle` returns nothing",
     _shuffled_in_place,
     "`rng.shuffle(deck)` shuffles the deck in place and returns None; `rng.permutation(n)` returns a shuffled deck."),
]
# fmt: on

# 2. The mean over an epoch ---------------------------------------------------------------------------------------

_rng = np.random.default_rng(4)


def _losses(sizes):
    return _rng.uniform(0.2, 3.0, len(sizes)).round(2), np.array(sizes)


def _who_stands_for_whom(got, means, sizes):
    if len(sizes) > 1:
        return f"Here the first mini-batch stands for {sizes[0]} examples, the last for {sizes[-1]}."


@exercise(
    cases={
        "a short last batch": [_losses([64, 64, 64, 8]), _losses([10, 10, 1]), _losses([32] * 6 + [31])],
        "equal batches": [_losses([20, 20, 20]), _losses([1] * 5)],
        "batches of any size, and one alone": [_losses([12, 30, 5, 20]), _losses([50])],
    },
    hints=[
        "Think of the sum over all examples first: what does a mini-batch with the mean m of its s examples add to it?",
        "A mean over the epoch is that sum, divided by how many examples there are.",
        "`(means * sizes).sum()` is the sum over all examples.",
    ],
    remark=_who_stands_for_whom,
)
def epoch_mean(means, sizes):
    """The mean loss of all examples of an epoch, from the mean loss of each mini-batch and from its size.

    means, sizes: arrays of shape (k,). Returns a number.
    """
    return (means * sizes).sum() / sizes.sum()


# fmt: off
epoch_mean.mistakes += [  # what was done, the wrong function, where to look
    ("means and sizes exchanged: the mean size, weighted with the losses", lambda m, s: (m * s).sum() / m.sum(),
     "Which of the two is averaged, and which says how much each counts?"),
    ("the sizes all taken to be the largest", lambda m, s: (m * s).sum() / (s.max() * len(s)),
     "How many examples are there? Not all mini-batches have the same size."),
    ("the mean of the means, times the mean size", lambda m, s: m.mean() * s.mean(),
     "A mean of s examples stands for s of them; in the end divide by how many there are."),
    ("the sum of means over sizes", lambda m, s: (m / s).sum(),
     "More examples, more weight: multiply, add up, and divide once by how many there are."),
    ("the median of the means", lambda m, s: np.median(m),
     "A median ignores how large the others are. Asked for is the mean over examples."),
    ("halfway between the smallest and the largest mean", lambda m, s: (m.max() + m.min()) / 2,
     "Every mini-batch counts, with its number of examples."),
    ("only the first mini-batch", lambda m, s: m[0],
     "An epoch is all of them."),
    ("the first mini-batch is left out", lambda m, s: (m * s)[1:].sum() / max(s[1:].sum(), 1),
     "Its examples belong to the epoch too."),
    ("divided by the sum of the squared sizes", lambda m, s: (m * s).sum() / (s * s).sum(),
     "Divide by how many examples there are."),
    ("divided by the length of the vector of sizes", lambda m, s: (m * s).sum() / np.linalg.norm(s),
     "How many examples are there? Their number is a plain sum."),
    ("a running mean, after each mini-batch", lambda m, s: (m * s).cumsum() / s.cumsum(),
     "Its last entry is the mean over all; only that is asked for."),
    ("the root of the mean square", lambda m, s: np.sqrt((m**2 * s).sum() / s.sum()),
     "Losses are averaged as they are."),
    ("the mean of the logarithms", lambda m, s: np.exp((np.log(m) * s).sum() / s.sum()),
     "Losses are averaged as they are."),
    ("the harmonic mean", lambda m, s: s.sum() / (s / m).sum(),
     "Losses are averaged as they are: add up the losses, not their inverses."),
    ("each mean times the mean size", lambda m, s: m * s.mean(),
     "Each with its own size; then add up, and divide by how many examples there are."),
    ("nothing is added up: each mean, times its size", lambda m, s: m * s,
     "These are the sums of the mini-batches. Add them up, and divide by how many examples there are."),
    ("every mini-batch counts the same", lambda m, s: m.mean(),
     "A short last batch has fewer examples behind its mean, and should count less."),
    ("the last mini-batch is left out", lambda m, s: (m * s)[:-1].sum() / max(s[:-1].sum(), 1),
     "Its examples belong to the epoch too."),
    ("the last mini-batch is left out, and the others count the same", lambda m, s: m[:-1].sum() / max(len(m) - 1, 1),
     "Its examples belong to the epoch too, with the weight of their number."),
    ("the sizes of all are taken to be that of the first", lambda m, s: (m * s).sum() / (s[0] * len(s)),
     "How many examples are there? Not all mini-batches have the same size."),
    ("the sum over all examples, not the mean", lambda m, s: (m * s).sum(),
     "Divide by how many examples there are."),
    ("divided by the number of mini-batches", lambda m, s: (m * s).sum() / len(m),
     "`means * sizes` are sums over examples: divide by the number of examples."),
    ("the sum of the means", lambda m, s: m.sum(),
     "A mean needs a division, and each mini-batch its weight."),
    ("the sum of the means, divided by the number of examples", lambda m, s: m.sum() / s.sum(),
     "A mean of s examples stands for s of them: multiply before you add."),
    ("a short mini-batch counts more: divided by the sizes", lambda m, s: (m / s).sum() / (1 / s).sum(),
     "More examples, more weight: multiply."),
    ("the sizes count twice", lambda m, s: (m * s**2).sum() / (s**2).sum(),
     "Each example counts once, so a mini-batch counts with its size."),
    ("the roots of the sizes are the weights", lambda m, s: (m * s**0.5).sum() / (s**0.5).sum(),
     "A root belongs to the noise of a mean. For the mean itself each example counts once."),
    ("divided before the sum: nothing is added up", lambda m, s: m * s / s.sum(),
     "These are the parts. Add them up."),
    ("only the last mini-batch", lambda m, s: m[-1],
     "An epoch is all of them."),
]
# fmt: on

# 3. The variance of a mini-batch's gradient ----------------------------------------------------------------------


def _at_the_ends(got, variance, B, N):
    if B in (1, N):
        return "With B = 1 it is the variance of one example." if B == 1 else "With B = N every example is there, once."


@exercise(
    cases={
        "a small part of the data": [(2.0, 10, 1000), (0.5, 32, 1200), (3.0, 5, 100), (1.5, 4, 64)],
        "half of the data, or nearly all": [(2.0, 50, 100), (0.7, 1199, 1200), (4.0, 60, 64)],
        "all of the data (B = N)": [(2.0, 64, 64), (0.5, 1200, 1200)],
        "a single example (B = 1)": [(0.8, 1, 50)],
    },
    remark=_at_the_ends,
    hints=[
        "With replacement the mean of B independent draws has the variance σ²/B. Dealt from a deck it has less.",
        "It must be σ² for B = 1, and 0 for B = N: then every example is there, once.",
        "The factor that does both is (N − B)/(N − 1).",
    ],
)
def batch_variance(variance, B, N):
    """The variance of the mean of B examples, drawn without replacement from N.

    variance: σ² = mean of (gᵢ − ḡ)² over the N examples, a number > 0; B, N: whole numbers, 1 ≤ B ≤ N, 2 ≤ N.
    """
    return variance / B * (N - B) / (N - 1)


# fmt: off
batch_variance.mistakes += [  # what was done, the wrong formula, where to look
    ("with replacement, and 0 where B = N", lambda v, B, N: v / B if B < N else 0.0,
     "0 for B = N is right. It does not jump there: a factor leads from 1 at B = 1 to 0 at B = N."),
    ("with replacement, and 0 for all of the data or more than half", lambda v, B, N: v / B if 2 * B < N else 0.0,
     "It does not jump: a factor leads from 1 at B = 1 to 0 at B = N."),
    ("above and below the line a pair of brackets is missing", lambda v, B, N: v / B * N - B / N - 1,
     "`a - b / c - d` divides b by c and by nothing else. What is divided by what?"),
    ("N/(N − 1) as the factor", lambda v, B, N: v / B * N / (N - 1),
     "That corrects an estimate of σ². The factor for drawing without replacement has B in it."),
    ("(N − 1)/N as the factor", lambda v, B, N: v / B * (N - 1) / N,
     "The factor for drawing without replacement has B in it: it must be 0 for B = N."),
    ("the square of the factor", lambda v, B, N: v / B * ((N - B) / (N - 1)) ** 2,
     "The factor comes once."),
    ("1 − (B − 1)/N as the factor", lambda v, B, N: v / B * (1 - (B - 1) / N),
     "For B = 1 it is right. What does it say for B = N?"),
    ("(B − 1)/(N − 1) as the factor", lambda v, B, N: v / B * (B - 1) / (N - 1),
     "That grows with B: it is 0 for B = 1 and 1 for B = N. It should be the other way round."),
    ("the square of the variance", lambda v, B, N: v**2 / B * (N - B) / (N - 1),
     "`variance` is σ² already."),
    ("the root of the variance", lambda v, B, N: np.sqrt(v) / B * (N - B) / (N - 1),
     "`variance` is σ², and so is what is asked for."),
    ("1/B + 1/N", lambda v, B, N: v * (1 / B + 1 / N),
     "That is the variance of a difference of two means. Without replacement it is less than σ²/B, not more."),
    ("N − B over B − 1", lambda v, B, N: v * (N - B) / max(B - 1, 1e-12),
     "The factor is (N − B) over something of N; and a mean of B has 1/B of the variance."),
    ("divided by the number of those not drawn", lambda v, B, N: v / max(N - B, 1e-12),
     "With more examples in the mean its variance falls."),
    ("divided by N, the number of all examples", lambda v, B, N: v / N,
     "The mean is over B of them."),
    ("divided by B and by N", lambda v, B, N: v / B / N,
     "What does it say for B = 1? A single example has the variance σ² itself."),
    ("1 − (B/N)² as the factor", lambda v, B, N: v / B * (1 - (B / N) ** 2),
     "What does it say for B = 1? A single example has the variance σ² itself."),
    ("the formula with replacement", lambda v, B, N: v / B,
     "For B = N every example is in the batch. How far can its mean be from the mean of all?"),
    ("1 − B/N as the factor: very nearly right", lambda v, B, N: v / B * (1 - B / N),
     "What does it say for B = 1? A single example has the variance σ² itself. (Your factor is the right one where σ² "
     "has been divided by N − 1, as `np.var(…, ddof=1)` does.)"),
    ("the factor is left without the 1/B", lambda v, B, N: v * (N - B) / (N - 1),
     "The factor is right. A mean of B still has a B-th of the variance of one."),
    ("the factor is upside down", lambda v, B, N: v / B * (N - 1) / max(N - B, 1e-12),
     "It should make the variance smaller, down to 0 for B = N."),
    ("the root: a standard deviation", lambda v, B, N: np.sqrt(v / B * (N - B) / (N - 1)),
     "Asked for is the variance, its square."),
    ("the root of B", lambda v, B, N: v / np.sqrt(B) * (N - B) / (N - 1),
     "The standard deviation falls like 1/√B, the variance like 1/B."),
    ("the square of B: the variance of a sum is forgotten", lambda v, B, N: v / B**2 * (N - B) / (N - 1),
     "The sum of B terms has B times the variance; dividing it by B divides that by B²."),
    ("the variance of the sum, not of the mean", lambda v, B, N: v * B * (N - B) / (N - 1),
     "A mean is the sum divided by B; what does that do to a variance?"),
    ("the factor's root", lambda v, B, N: v / B * np.sqrt((N - B) / (N - 1)),
     "The root is for the standard deviation."),
    ("N − B over N + 1", lambda v, B, N: v / B * (N - B) / (N + 1),
     "It must be σ² itself for B = 1."),
    ("N − B − 1 over N − 1", lambda v, B, N: v / B * (N - B - 1) / (N - 1),
     "For B = N a variance cannot be negative, and for B = 1 it must be σ²."),
    ("B − 1 in place of B", lambda v, B, N: v / max(B - 1, 1) * (N - B) / (N - 1),
     "B − 1 belongs to estimating σ² from a sample. Here σ² is known."),
    ("the share that is left: σ²(1 − B/N)", lambda v, B, N: v * (1 - B / N),
     "That is not small for a batch of half the data. What does averaging do?"),
    ("(1 − B/N)² as the factor", lambda v, B, N: v / B * (1 - B / N) ** 2,
     "A single example, B = 1, has the variance σ² itself: what is your factor there?"),
]
# fmt: on

# Predictions ------------------------------------------------------------------------------------------------------


same_rate = Predict(
    "With mini-batches of 16 and η = 0.5 a network has learned 1200 digits to a loss of 0.1 after 3.7 epochs. You make "
    "the mini-batches 16 times as large, 256, and change nothing else. After how many epochs is it there?",
    experiments.epochs_of_256,
    factor=1.6,
    why="An epoch now has 5 updates where it had 75, and an update from 256 digits leads hardly further than one "
    "from 16.",
)


def _variance_of_all():
    """Which option is right: the means of several decks of all examples are compared."""
    values = np.random.default_rng(0).standard_normal(64)
    means = [values[np.random.default_rng(seed).permutation(64)].mean() for seed in range(20)]
    return "c" if np.var(means) < 1e-25 else "a"


all_of_them = Predict(
    "A mini-batch of B examples is dealt from a shuffled deck of N = 64. Its gradient differs from that of all 64, by "
    "chance. The variance of this difference is the mean of its squared length; for B = 1 call it σ². What is it for "
    "B = 64?",
    _variance_of_all,
    options={"a": "σ²/64", "b": "σ²/8", "c": "0", "d": "σ²: the order is random as ever"},
    why="A mini-batch of all 64 is all 64, in whatever order. So σ²/B is not the whole law where nobody comes twice.",
)

# Choices ---------------------------------------------------------------------------------------------------------

budget = Choice(
    "Suppose four batch sizes, each with the learning rate that suits it best, need so many updates, each so long. You "
    "may spend 2.5 seconds. Which one reaches the target?\n"
    "B = 8: 6,200 updates of 1.2 ms\nB = 32: 1,700 updates of 1.6 ms\n"
    "B = 128: 575 updates of 3.6 ms\nB = 512: 294 updates of 11 ms",
    {
        "a": ("8", "Its updates are the quickest, and there are 6,200 of them: 6200 × 1.2 ms = 7.4 s."),
        "b": ("32", "1700 × 1.6 ms = 2.7 s: nearly."),
        "c": ("128", "575 × 3.6 ms = 2.1 s. Neither the quickest update nor the fewest updates: their product counts."),
        "d": ("512", "It needs the fewest updates, but each takes 11 ms: 294 × 11 ms = 3.2 s."),
    },
    correct="c",
)

faster = Choice(
    "“A larger batch is faster.” In what sense is that right?",
    {
        "a": (
            "It needs fewer epochs to the same loss.",
            "At a small η it needs more: every example is then used in fewer updates. At a large one it may need "
            "fewer, where noise is what holds the smaller batch up. So it is not right in general.",
        ),
        "b": (
            "An epoch takes less time, until the hardware is busy; and, with a learning rate tuned anew, fewer updates "
            "are needed, until they do not get fewer any more.",
            "Yes: both gains end somewhere. What counts is their product, the time to the target.",
        ),
        "c": (
            "An update takes less time.",
            "An update from more examples is more work. It takes hardly longer while the hardware has room, not less.",
        ),
        "d": (
            "In every sense: its gradient is more accurate.",
            "Four times the work for half the noise. And where noise was not the trouble, accuracy buys nothing.",
        ),
    },
    correct="b",
)

one_sample = Choice(
    "“Gradient descent picks one random example for every step.” What is right?",
    {
        "a": ("It is so.", "That is stochastic gradient descent. Gradient descent takes the mean over all examples."),
        "b": (
            "Gradient descent uses all examples in every step; stochastic gradient descent one, or a few.",
            "Yes. With a few, most people say mini-batch gradient descent, or just SGD.",
        ),
        "c": (
            "Gradient descent uses all examples once, in turn: that is one epoch.",
            "An epoch is a pass through the data, whatever the batch size: N updates, or one.",
        ),
        "d": (
            "The two are the same after an epoch.",
            "One has moved once, the other N times, from N different points.",
        ),
    },
    correct="b",
)

too_far = Choice(
    "You raise B from 32 to 4096 and, by the linear scaling rule, η from 0.1 to 12.8. It diverges. Why?",
    {
        "a": ("The gradient of 4096 examples is too noisy.", "It is 128 times less noisy in variance than before."),
        "b": (
            "The rule promises equal paths while the gradient changes little during a step; far above 2/λ_max it does "
            "not.",
            "Yes. Noise is not the only thing that limits η: there a more accurate gradient does not help.",
        ),
        "c": ("The rule is to divide η by the growth of B.", "Fewer updates with shorter steps would not get far."),
        "d": ("The gradient of a batch is a sum, so it has grown as well.", "Here, as mostly, it is a mean."),
    },
    correct="b",
)

noisy_floor = Choice(
    "The training loss has stood at 0.3 for a while, jittering. “Then lower the learning rate.” How do you find out "
    "whether noise is what holds it?",
    {
        "a": (
            "Enlarge the batch at the same η for a few hundred updates: if it is the noise floor, the loss falls.",
            "Yes: the floor is in proportion to η/B. A smaller η would lower it as well, but also help against "
            "bouncing from wall to wall, and so would not tell the two apart.",
        ),
        "b": ("Raise η: a noise floor falls with it.", "It rises with it."),
        "c": (
            "A jittering loss proves it.",
            "The loss of a mini-batch jitters in any case, because its examples are others every time. Look at the "
            "loss of a fixed, large set.",
        ),
        "d": (
            "Train longer: the noise averages out.",
            "Not at a constant η: each update brings fresh noise in, as much as it takes out.",
        ),
    },
    correct="a",
)

flat = Choice(
    "“Small batches find flat minima, and flat minima generalise better.” What did the runs of this chapter show?",
    {
        "a": ("Both parts.", "Look at the panel of the test digits again: which way does it go?"),
        "b": ("Neither part.", "Look at the table of λ_max again: two of its numbers differ by a factor of two."),
        "c": (
            "Loud noise (a small batch, a large η) stopped in flatter places; they were no better on the test digits.",
            "Yes: at this size. With a small η the same small batch ended about as sharp as all the data.",
        ),
        "d": (
            "Only the second part.",
            "For that the flattest of our networks would have to be the best on the test digits.",
        ),
    },
    correct="c",
)
