"""Answers to the exercises of chapter 04 that nobody had foreseen, as they were typed."""

# fmt: off
WRONG = [  # exercise, what stands in the function, what kind of reply, and what must stand in it
    ("batch_variance", "variance/B*(N-B)/(N-1)**2",
     'place', "divided by `(N − 1)`"),
    ("epoch", """
deck = np.arange(n)
return [rng.choice(deck, size, replace=False) for k in range(0, n, size)]
""",
     "known", "each full mini-batch is drawn from all examples"),
    ("epoch_mean", "np.average(means, sizes)",
     "seen", "The second argument of `np.average` is its axis; weights are given by their name"),
    ("batch_variance", "variance / (B - 1) * (N - B) / (N - 1)",
     "place", "the first `- 1` is too much"),
]

RIGHT = [
    ("epoch", """
deck=np.arange(n)
rng.shuffle(deck)
return [deck[k:k+size] for k in range(0,n,size)]
"""),
    ("epoch", """
deck=rng.choice(n,n,replace=False)
return [deck[k:k+size] for k in range(0,n,size)]
"""),
    ("epoch", "return np.split(rng.permutation(n),range(size,n,size))"),
    ("epoch", """
deck=np.argsort(rng.random(n))
return [deck[k:k+size] for k in range(0,n,size)]
"""),
    ("epoch", """
deck=list(rng.permutation(n))
return [np.array(deck[k:k+size]) for k in range(0,n,size)]
"""),
    ("epoch_mean", "np.average(means,weights=sizes)"),
    ("epoch_mean", "means@sizes/sizes.sum()"),
    ("epoch_mean", "sum(m*s for m,s in zip(means,sizes))/sum(sizes)"),
    ("epoch_mean", "np.repeat(means,sizes).mean()"),
    ("epoch_mean", "np.dot(means,sizes/np.sum(sizes))"),
    ("epoch_mean", """
from fractions import Fraction as F
return sum(F(m)*int(s) for m,s in zip(means,sizes))/int(sum(sizes))
"""),
    ("batch_variance", "variance*(N-B)/(B*(N-1))"),
    ("batch_variance", "variance*(1/B-1/N)*N/(N-1)"),
    ("batch_variance", """
from fractions import Fraction as F
return F(variance)*F(N-B,B*(N-1))
"""),
    ("batch_variance", "variance/B*(1-(B-1)/(N-1))"),
    ("batch_variance", "np.float32(variance)/B*(N-B)/(N-1)"),
]
# fmt: on
