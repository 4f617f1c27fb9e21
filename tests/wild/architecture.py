"""Answers to the exercises of chapter 14 that nobody had foreseen, as they were typed."""

# fmt: off
WRONG = [  # exercise, what stands in the function, what kind of reply, and what must stand in it
    ("first_gradient", """
for W,s in zip(Ws[::-1],slopes):
    dy=(dy*s)@W.T
return dy
""",
     'place', "`slopes` is gone through from the wrong end"),
    ("block_scale", "L",
     'seen', "with twice `L` the answer should be 1/√2 (0.7071) times"),
    ("half_time", "np.log(s/(a0-1))/(2*s)",
     'place', "the brackets"),
    ("block_scale", "1 / (2 * L)",
     'known', "1/(2L)"),
    ("ways", "math.factorial(L) / math.factorial(k) * math.factorial(L - k)",
     'known', "a pair of brackets is missing"),
    ("first_gradient", """
dy = (dy * slopes[-1]) @ Ws[-1].T
return dy
""",
     'known', "only one layer, the last"),
    ("ways", """
import itertools
return list(itertools.combinations(range(L), k))
""",
     'seen', "how many there are in it"),
    ("block_scale", "np.sqrt(np.e / L)",
     'known', "√(e/L)"),
    ("first_gradient", """
for l in range(len(Ws)):
    dy = (dy * slopes[l]) @ Ws[l]
return dy
""",
     'known', "With that changed your numbers are those of a known mistake: first layer first"),
    ("first_gradient", """
out = [dy]
for W, s in zip(Ws[::-1], slopes[::-1]):
    out.append((out[-1] * s) @ W.T)
return out
""",
     'seen', "its last part is what is asked for, alone"),
    ("half_time", "np.log(2) / s",
     'known', "the half-time of one layer"),
    ("half_time", "np.log(s / (a0 - 1)) / s",
     'known', "the brackets are not where they belong in `s / (a0 - 1)`"),
    ("block_scale", "np.sqrt(1 / L - 1)",
     'place', "`- 1` is too much"),
    ("back_to_x", "dy, through",
     'seen', "returns 2 things where one is asked for"),
    ("first_gradient", """
for W, s in reversed(zip(Ws, slopes)):
    dy = (dy * s) @ W.T
return dy
""",
     'seen', "`list(…)` makes a list of it"),
    ("first_gradient", """
for W, s in zip(Ws, slopes)[::-1]:
    dy = (dy * s) @ W.T
return dy
""",
     'seen', "`list(…)` makes a list of it"),
    ("first_gradient", """
for W, s in list(zip(Ws, slopes)).reverse():
    dy = (dy * s) @ W.T
return dy
""",
     'seen', "change the list itself and return nothing"),
    ("block_scale", "L**-1 / 2",
     'known', "the power comes first"),
]

RIGHT = [
    ("back_to_x", "np.add(dy,np.multiply(beta,through))"),
    ("back_to_x", "through*beta+dy"),
    ("back_to_x", """
dy=dy.copy()
dy+=beta*through
return dy
"""),
    ("back_to_x", "np.einsum('k,k...->...',[1,beta],np.stack([dy,through]))"),
    ("first_gradient", """
for l in reversed(range(len(Ws))):
    dy=Ws[l]@(slopes[l]*dy)
return dy
"""),
    ("first_gradient", """
from functools import reduce
return reduce(lambda d,k: Ws[k]@(slopes[k]*d), range(len(Ws)-1,-1,-1), dy)
"""),
    ("first_gradient", """
J=np.eye(len(dy))
for W,s in zip(Ws,slopes): J=J@(W*s)
return J@dy
"""),
    ("first_gradient", """
for W,s in zip(Ws[::-1],slopes[::-1]):
    dy=np.einsum('ij,j,j->i',W,s,dy)
return dy
"""),
    ("first_gradient", "return dy if len(Ws)==0 else first_gradient(Ws[:-1],slopes[:-1],Ws[-1]@(slopes[-1]*dy))"),
    ("block_scale", "L**-0.5"),
    ("block_scale", "np.sqrt(1/L)"),
    ("block_scale", "math.sqrt(L)/L"),
    ("block_scale", "np.exp(-np.log(L)/2)"),
    ("block_scale", "1/math.sqrt(L)"),
    ("block_scale", "np.float32(1/np.sqrt(L))"),
    ("half_time", "-math.log(a0/(s-a0))/(2*s)"),
    ("half_time", "(np.log(s-a0)-np.log(a0))/s/2"),
    ("half_time", "math.log((s-a0)/a0)/(2*s)"),
    ("half_time", """
lo,hi=0.,1e7
a=lambda t: s/(1+(s/a0-1)*math.exp(-min(2*s*t,700)))
for _ in range(200):
    m=(lo+hi)/2
    if a(m)<s/2: lo=m
    else: hi=m
return m
"""),
    ("half_time", "np.log(np.sqrt(s/a0-1))/s"),
    ("ways", "math.factorial(L)//(math.factorial(k)*math.factorial(L-k)) if k<=L else 0"),
    ("ways", "return 1 if k==0 else 0 if L==0 else ways(L-1,k)+ways(L-1,k-1)"),
    ("ways", """
import itertools
return sum(1 for _ in itertools.combinations(range(L),k)) if L<20 else math.comb(L,k)
"""),
    ("ways", """
n=1
for i in range(k): n=n*(L-i)//(i+1)
return n
"""),
    ("ways", """
row=[1]
for _ in range(L): row=[a+b for a,b in zip([0]+row,row+[0])]
return row[k] if k<=L else 0
"""),
    ("ways", "math.factorial(L) // math.factorial(k) // math.factorial(L - k)"),
    ("ways", """
if k == 0 or k == L:
    return 1
return ways(L - 1, k) + ways(L - 1, k - 1)
"""),
    ("ways", """
row = [1]
for _ in range(L):
    row = [a + b for a, b in zip([0] + row, row + [0])]
return row[k]
"""),
    ("ways", "round(math.exp(math.lgamma(L + 1) - math.lgamma(k + 1) - math.lgamma(L - k + 1)))"),
]
# fmt: on
