"""Answers to the exercises of chapter 01 that nobody had foreseen, as they were typed."""

# fmt: off
WRONG = [  # exercise, what stands in the function, what kind of reply, and what must stand in it
    ("walk", """
path=[w]
for _ in range(steps):
    w = w - grad(w)**lr
    path.append(w)
return path
""",
     'place', "the `**` between `grad(w)` and `lr`"),
    ("walk", """
path=[w]
for _ in range(steps):
    w = w - lr*grad(w)
    path.append(grad(w))
return path
""",
     'place', "`grad(…)` around `w` is too much"),
    ("part_left", "1 - lr*lam**steps",
     'place', "the brackets are not where they belong in `1 - lr*lam**steps`"),
    ("fate", """
f=1-lr*lam
if f>0: return 'creeps'
if f<0: return 'zig-zags'
if f<-1: return 'diverges'
if f==-1: return 'swings for ever'
return 'arrives'
""",
     'place', "`if f<0:` stands at the wrong place among the lines"),
    ("fate", """
x=lr*lam
if 0<x<1: 'creeps'
elif x==1: 'arrives'
else: 'diverges'
""",
     'seen', "returns nothing"),
    ("steps_to", """
f=abs(1-lr*lam)
if f>=1: return math.inf
k,d=0,1
while d>=part:
    d*=f
    k+=1
return k
""",
     'known', "that is enough: “at most”"),
    ("steps_to", """
f=abs(1-lr*lam)
if f>1: return math.inf
if f==0: return 1
return math.ceil(math.log(part)/math.log(f))
""",
     'place', "the comparison `f>1` is the wrong one"),
    ("new_rate", "lr-factor",
     'seen', "with twice `lr` the answer should be twice what it was"),
    ("walk", """
path=[w]
for _ in range(steps):
    w = w - lr * grad(w)
    path.append(-lr*grad(w))
return path
""",
     'known', "the next step is noted"),
    ("fate", """
f = lr*lam
if f > 1:
    return 'diverges'
if f == 1:
    return 'swings for ever'
if f == 0:
    return 'arrives'
return 'creeps'
""",
     'known', "ηλ itself is taken for the factor"),
    ("steps_to", """
f = 1 - lr*lam
if f <= -1:
    return math.inf
if f <= 0:
    return 1
return math.ceil(math.log(part) / math.log(f))
""",
     'known', "counts as arriving"),
    ("steps_to", """
f = abs(1 - lr * lam)
if f >= 1:
    return math.inf
n, left = 0, 1.0
while left * f > part:
    left *= f
    n += 1
return n
""",
     'place', "is too much in `while left * f > part:`"),
    ("part_left", """
w = [1.0]
for _ in range(steps):
    w.append(w[-1] * (1 - lr * lam))
return w
""",
     'seen', "its last entry is what is asked for"),
    ("walk", """
path = [w]
for _ in range(steps):
    w = w - lr * grad(w)
    path.append(path[-1])
return path
""",
     "known", "the last entry of the list is appended again"),
    ("walk", """
path = []
for _ in range(steps):
    w = w + lr * grad(w)
    path.append(w)
return path
""",
     "known", "returns a list of 1 number where 2 are asked for"),
    ("walk", """
path = [w]
for _ in range(steps):
    w = w - lr * grad(w)
    path += w
return path
""",
     "seen", "one thing more is put into a list by `.append(…)`"),
    ("steps_to", """
t, loss = 0, 1.0
while loss > part and t < 1000:
    loss *= (1 - lr * lam) ** 2
    t += 1
return t
""",
     "known", "where the right ones are finite, your numbers are those of a known mistake: the loss is counted"),
]

RIGHT = [
    ("walk", """
out=np.empty(steps+1)
out[0]=w
for k in range(steps):
    out[k+1]=out[k]-lr*grad(out[k])
return out
"""),
    ("walk", "return [w] if steps==0 else [w]+walk(w-lr*grad(w), grad, lr, steps-1)"),
    ("walk", """
import itertools
return list(itertools.accumulate(range(steps), lambda a,_: a-lr*grad(a), initial=w))
"""),
    ("walk", """
path=[float(w)]
while len(path)<=steps:
    path += [path[-1]-lr*grad(path[-1])]
return tuple(path)
"""),
    ("walk", """
path=[np.array([w])]
for _ in range(steps):
    path.append(path[-1]-lr*grad(path[-1]))
return np.concatenate(path)
"""),
    ("part_left", "np.prod(np.full(steps, 1-lr*lam))"),
    ("part_left", """
w=1.0
for _ in range(steps):
    w -= lr*lam*w
return w
"""),
    ("part_left", "np.power(1-lr*lam, steps)"),
    ("part_left", """
from functools import reduce
return reduce(lambda a,b:a*(1-lr*lam), range(steps), 1)
"""),
    ("part_left", "np.float64(1-lr*lam)**np.int64(steps)"),
    ("fate", """
f=1-lr*lam
return np.select([f==0,f==-1,f>0,f>-1],['arrives','swings for ever','creeps','zig-zags'],'diverges')
"""),
    ("fate", """
x=lr*lam
match x:
    case 1: return 'arrives'
    case 2: return 'swings for ever'
return 'creeps' if x<1 else 'zig-zags' if x<2 else 'diverges'
"""),
    ("fate", """
f=1-lr*lam
w=[1,f,f*f]
if w[1]==0: return 'arrives'
if abs(f)>1: return 'diverges'
if f==-1: return 'swings for ever'
return 'creeps' if f>0 else 'zig-zags'
"""),
    ("fate", """
if lr<1/lam: return 'creeps'
if lr==1/lam: return 'arrives'
if lr<2/lam: return 'zig-zags'
if lr==2/lam: return 'swings for ever'
return 'diverges'
"""),
    ("steps_to", """
f=abs(1-lr*lam)
if f>=1: return float('inf')
k,d=0,1.0
while d>part:
    d*=f
    k+=1
return k
"""),
    ("steps_to", """
f=abs(1-lr*lam)
if f>=1: return np.inf
if f==0: return 1
return int(np.ceil(np.log(part)/np.log(f)))
"""),
    ("steps_to", """
f=abs(1-lr*lam)
if f>=1: return np.inf
with np.errstate(all='ignore'):
    return max(1, np.ceil(np.log10(part)/np.log10(np.float64(f))))
"""),
    ("steps_to", """
f=abs(1-lr*lam)
if not f<1: return math.inf
if f<1e-12: return 1
return math.ceil(math.log(part,f))
"""),
    ("steps_to", """
import itertools
f=abs(1-lr*lam)
if f>=1: return math.inf
return next(k for k in itertools.count() if f**k<=part)
"""),
    ("new_rate", "lr*factor**-2"),
    ("new_rate", "lr/factor/factor"),
    ("new_rate", "lr/np.square(factor)"),
    ("new_rate", "(math.sqrt(lr)/factor)**2"),
    ("new_rate", "np.float32(lr)/np.float32(factor)**2"),
    ("new_rate", """
from fractions import Fraction
return Fraction(lr)/Fraction(factor)**2
"""),
    ("new_rate", """
lam=factor**2
return lr/lam
"""),
]
# fmt: on
