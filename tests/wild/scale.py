"""Answers to the exercises of chapter 09 that nobody had foreseen, as they were typed."""

# fmt: off
WRONG = [  # exercise, what stands in the function, what kind of reply, and what must stand in it
    ("ratios", """
h=0.5 if relu else 1
return var/n*h, var/m*h
""",
     'place', "So it is with"),
    ("ratios", """
h=1 if relu else 0.5
return n*var*h, m*var*h
""",
     'place', "the two sides of `else` are exchanged"),
    ("standardise", """
s=seen.std(0)
return np.nan_to_num((X-seen.mean(0))/s)
""",
     'seen', "a feature that changes later"),
    ("weights", """
rng=np.random.default_rng(seed)
W=rng.standard_normal(n,m)
gain=2 if relu else 1
return W*np.sqrt(gain/n)
""",
     'seen', "The shape is one thing"),
    ("spacing", "np.floor(np.log2(abs(a)))*2.0**(1-digits)",
     'seen', "with twice `a` the answer should be twice"),
    ("uniform_limit", "1 / np.sqrt(n_in + n_out)",
     'known', "1/√(n_in + n_out)"),
    ("weights", """
rng = np.random.default_rng(seed)
W = rng.random((n, m))
gain = 2 if relu else 1
return W * np.sqrt(gain / n)
""",
     'known', "a uniform draw between 0 and 1"),
    ("standardise", "(X - seen.mean(axis=0)) / np.sqrt((seen**2).mean(axis=0))",
     'known', "the root of the mean square"),
    ("spacing", "np.spacing(a)",
     'known', "always 53 digits"),
    ("uniform_limit", "np.random.default_rng(0).uniform(-np.sqrt(6 / (n_in + n_out)), np.sqrt(6 / (n_in + n_out)))",
     'seen', "draws random numbers"),
    ("init_std", """
if relu:
    return 1 / n_in
return 2 / n_in
""",
     'known', "the variance, and the two are exchanged"),
    ("standardise", "(X - seen.mean(axis=0)) / (seen.std(axis=0) + 1e-8)",
     'known', "1e-08 is added to the std"),
    ("standardise", """
m = seen.mean(axis=1)
s = seen.std(axis=1)
return (X - m) / s
""",
     'seen', "along the right axis, and was that axis lost?"),
    ("weights", """
rng = np.random.default_rng(seed)
W = np.tile(rng.standard_normal((1, m)), (n, 1))
gain = 2 if relu else 1
return W * gain / n
""",
     'seen', "all rows of your answer are the same."),
    ("standardise", """
s = seen.std(axis=0)
s[s == 0] = 1
X -= seen.mean(axis=0)
X /= s
return X
""",
     'seen', "changes its argument `X` in place"),
    ("standardise", "(X - X.mean()) / X.std()",
     'known', "those of `X`"),
    ("init_std", """
if relu:
    return (2 / n_in) ** 1 / 2
return (1 / n_in) ** 1 / 2
""",
     'known', "A power comes first"),
    ("ratios", """
if relu == "relu":
    return n * var / 2, m * var / 2
return n * var, m * var
""",
     'known', "True or False, and no word"),
    ("standardise", "(X - seen.mean(axis=0)) / np.where(np.ptp(seen, axis=0) > 0, np.ptp(seen, axis=0), 1)",
     'known', "divided by the range"),
    ("standardise", """
m, s = seen.mean(axis=0), seen.std(axis=0)
return np.where(s > 0, (X - m) / np.where(s > 0, s, 1), 0)
""",
     'place', "`np.where(…)` around `(X - m) / np.where(s > 0, s, 1)` is too much"),
    ("standardise", """
s = seen.std(axis=0)
return np.clip((X - seen.mean(axis=0)) / np.where(s > 0, s, 1), -3, 3)
""",
     'place', "`np.clip(…)` around"),
    ("ratios", """
f = n * var * (0.5 if relu else 1)
return f, 1 / f
""",
     'seen', "your code never uses `m`"),
    ("weights", """
W = np.random.randn(n, m)
gain = np.sqrt(2) if relu else 1
return W * gain / np.sqrt(n)
""",
     'seen', "called twice with the same `seed` your function gives other numbers"),
]

RIGHT = [
    ("weights", """
rng=np.random.default_rng(seed)
W=rng.standard_normal((m,n)).T
gain=2 if relu else 1
return W*np.sqrt(gain/n)
"""),
    ("ratios", """
h=(1,0.5)[relu]
return [n*var*h, m*var*h]
"""),
    ("ratios", "return np.array([n,m])*var/(1+relu)"),
    ("ratios", """
k=var/2 if relu else var
return k*n, k*m
"""),
    ("ratios", "return tuple(q*var*(1-0.5*bool(relu)) for q in (n,m))"),
    ("ratios", "return np.multiply.outer(var*np.where(relu,.5,1.),[n,m])"),
    ("init_std", "(n_in/(1+bool(relu)))**-.5"),
    ("init_std", """
import math
return math.sqrt(2/n_in) if relu else math.sqrt(1/n_in)
"""),
    ("init_std", "np.sqrt([1,2][int(relu)])/np.sqrt(n_in)"),
    ("init_std", "np.float32(np.sqrt((2 if relu else 1)/n_in))"),
    ("init_std", "np.exp(0.5*(np.log(1+relu)-np.log(n_in)))"),
    ("uniform_limit", "(3/((n_in+n_out)/2))**0.5"),
    ("uniform_limit", "np.sqrt(3)*np.sqrt(2/(n_in+n_out))"),
    ("uniform_limit", """
var=1/np.mean([n_in,n_out])
return np.sqrt(3*var)
"""),
    ("uniform_limit", "np.sqrt(12/(n_in+n_out)/2)"),
    ("uniform_limit", "np.hypot(np.sqrt(3/(n_in+n_out)),np.sqrt(3/(n_in+n_out)))"),
    ("weights", """
rng=np.random.default_rng(seed)
gain=2 if relu else 1
return rng.normal(0,np.sqrt(gain/n),(n,m))
"""),
    ("weights", """
rng=np.random.default_rng(seed)
return rng.standard_normal((n,m))*((1+relu)/n)**.5
"""),
    ("weights", """
rng=np.random.default_rng(seed)
return rng.standard_normal(n*m).reshape(n,m)*np.sqrt((2 if relu else 1)/n)
"""),
    ("standardise", """
m=sum(seen)/len(seen)
v=sum((r-m)**2 for r in seen)/len(seen)
return [[(a-b)/(c**.5 if c>0 else 1) for a,b,c in zip(r,m,v)] for r in X]
"""),
    ("standardise", """
s=seen.std(0)
s[s==0]=1
return (X-seen.mean(0))/s
"""),
    ("standardise", """
out=X.astype(float).copy()
for j in range(X.shape[1]):
    out[:,j]-=seen[:,j].mean()
    if seen[:,j].std()>0: out[:,j]/=seen[:,j].std()
return out
"""),
    ("standardise", """
c=seen-seen.mean(0)
s=np.sqrt(np.einsum('ij,ij->j',c,c)/len(c))
return np.divide(X-seen.mean(0),s,out=X-seen.mean(0),where=s>0)
"""),
    ("spacing", """
import math
m,e=math.frexp(abs(a))
return math.ldexp(1.0,e-digits)
"""),
    ("spacing", "np.ldexp(1.0,int(np.frexp(np.abs(a))[1])-digits)"),
    ("spacing", """
p=1.0
while p>abs(a): p/=2
while 2*p<=abs(a): p*=2
return p/2**(digits-1)
"""),
    ("spacing", """
from fractions import Fraction
import math
return Fraction(2)**(math.frexp(a)[1]-digits)
"""),
    ("spacing", "2**(np.floor(np.log2(np.abs(a)))-digits+1)"),
    ("weights", """
rng = np.random.default_rng(seed)
a = np.sqrt(3 * (2 if relu else 1) / n)
return rng.uniform(-a, a, (n, m))
"""),
    ("weights", """
rng = np.random.default_rng(seed)
W = np.stack([rng.standard_normal(n) for _ in range(m)], axis=1)
return W / np.sqrt(n / (2 if relu else 1))
"""),
    ("weights", """
rng = np.random.RandomState(seed)
return rng.randn(n, m) * np.sqrt((2 if relu else 1) / n)
"""),
]
# fmt: on
