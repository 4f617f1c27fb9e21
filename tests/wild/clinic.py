"""Answers to the exercises of chapter 15 that nobody had foreseen, as they were typed."""

# fmt: off
WRONG = [  # exercise, what stands in the function, what kind of reply, and what must stand in it
    ("alike", """
m,s=X.mean(0),X.std(0)
return X-m/s,X_test-m/s
""",
     "place", "So it is with `X_test-m/s`"),
    ("alike", """
m,s=X.mean(0),X.std(0)
return (X-m)/s
""",
     "seen", "returns the training part, rightly, and not the held-out part; asked for are"),
    ("spread_over_decades", "low*(high-low)**u",
     "place", "the `-` between `high` and `low`"),
    ("expected_best", """
s=sorted(scores)
n=len(s)
return sum(x*math.comb(i,k) for i,x in enumerate(s))/math.comb(n,k)
""",
     "place", "at the first `k` a term is missing"),
    ("trials_needed", "1/share",
     "seen", "your code never uses `sure`"),
    ("trials_needed", "round(math.log(1-sure)/math.log(1-share))",
     "known", "rounded to the nearest whole number"),
    ("dead_share", """
dead = 0
for column in H:
    if (column == 0).all():
        dead += 1
return dead / H.shape[1]
""",
     'known', "as if they were units"),
    ("expected_best", """
x = np.sort(scores)
n = len(x)
return sum(math.comb(i - 1, k - 1) * x[i] for i in range(1, n)) / math.comb(n, k)
""",
     'known', "with i counted from 0"),
    ("spread_over_decades", "np.log10(low) + u * (np.log10(high) - np.log10(low))",
     'known', "the logarithm to base 10 is not undone"),
    ("trials_needed", "int(math.log(1 - sure) / math.log(1 - share)) + 1",
     'known', "rounded down, and one more"),
    ("spread_over_decades", "10 ** (low + u * (high - low))",
     'known', "taken for exponents of 10"),
    ("trials_needed", "int(np.ceil((1 - sure) ** (1 / share)))",
     'seen', "your function is"),
    ("trials_needed", "math.ceil(math.log(1 - sure) / -share) + 1",
     'known', "1 more than those of a known mistake: the approximation"),
    ("expected_best", """
scores.sort()
n = len(scores)
return sum(math.comb(i, k - 1) * scores[i] for i in range(n)) / math.comb(n, k)
""",
     'seen', "`scores.sort()` sorts it where it stands"),
    ("alike", """
m = X.mean(axis=0)
return (X - m) / X.std(axis=0), (X_test - m) / X_test.std(axis=0)
""",
     'place', "the second `X_test` is not what belongs there"),
    ("dead_share", "((H == 0).mean(0) > 0.9).mean()",
     'place', "`mean` is the wrong function"),
    ("dead_share", """
for unit in H.T:
    dead = 0
    if not unit.any():
        dead += 1
return dead / H.shape[1]
""",
     'place', "`dead = 0` stands in the loop, and not before it"),
    ("dead_share", "(H.mean(axis=0) < 0.1).mean()",
     'known', "units whose mean is below 0.1"),
]

RIGHT = [
    ("dead_share", "(H.max(0)==0).mean()"),
    ("dead_share", "(H.sum(axis=0)==0).mean()"),
    ("dead_share", "sum(all(x==0 for x in c) for c in H.T)/H.shape[1]"),
    ("dead_share", "1-np.any(H,axis=0).mean()"),
    ("dead_share", "np.mean([not c.any() for c in H.T])"),
    ("alike", """
f=lambda A:(A-X.mean(0))/X.std(0)
return f(X),f(X_test)
"""),
    ("alike", """
m,s=np.mean(X,0),np.sqrt(np.var(X,0))
return [(X-m)/s,(X_test-m)/s]
"""),
    ("spread_over_decades", "low**(1-u)*high**u"),
    ("spread_over_decades", "np.exp((1-u)*np.log(low)+u*np.log(high))"),
    ("spread_over_decades", "10**(np.log10(low)+u*np.log10(high/low))"),
    ("trials_needed", """
n=1
while 1-(1-share)**n<sure: n+=1
return n
"""),
    ("trials_needed", "int(np.ceil(np.log1p(-sure)/np.log1p(-share)))"),
    ("spread_over_decades", "math.exp(u * math.log(high / low)) * low"),
]
# fmt: on
