"""Answers to the exercises of chapter 11 that nobody had foreseen, as they were typed."""

CLOUDS = """
X, y = experiments.three_clouds()
W, seen = np.zeros((2, 3)), []
for _ in range(30):
    L, _ = losses.cross_entropy(X @ W, y)
    dz = losses.softmax(X @ W) - losses.one_hot(y, 3)
"""  # how several of these begin

# fmt: off
WRONG = [  # exercise, what stands in the function, what kind of reply, and what must stand in it
    ("softmax", """
z=z-z.max(-1,keepdims=True)
return np.exp(z)/np.exp(z.sum(-1,keepdims=True))
""",
     'place', "are done in the wrong order"),
    ("softmax", "np.exp(z)/np.exp(z).sum()",
     'known', "two things"),
    ("train_one", """
X, y = experiments.few_digits()
W, seen = np.zeros((64, 10)), []
for _ in range(30):
    p = losses.softmax(X @ W)
    L, dz = losses.cross_entropy(p, y)
    W = W - 10 * lr * X.T @ dz
    seen.append(L)
return np.array(seen)
""",
     'known', "the loss is as wrong as it was, and each step is 10 times as long"),
    ("train_two", CLOUDS + """    W = W - lr * X.T @ dz
    seen.append(L / len(X))
return np.array(seen)
""",
     'known', "the loss is divided by the number of points, and the gradient is not"),
    ("train_one", """
X, y = experiments.few_digits()
W, seen = np.zeros((64, 10)), []
for _ in range(30):
    p = losses.softmax(X @ W)
    L, dz = losses.cross_entropy(np.log(p + 1e-7), y)
    W = W - lr * X.T @ dz
    seen.append(L)
return np.array(seen)
""",
     'place', "`+ 1e-7` is too much"),
    ("train_two", """
X, y = experiments.three_clouds()
X = (X - X.mean(0)) / X.std(0)
W, seen = np.zeros((2, 3)), []
for _ in range(30):
    L, _ = losses.cross_entropy(X @ W, y)
    dz = losses.softmax(X @ W) - losses.one_hot(y, 3)
    W = W - lr * X.T @ dz
    seen.append(L)
return np.array(seen)
""",
     'seen', "your code changes the data: `X = (X - X.mean(0)) / X.std(0)`. The fault is in the loop."),
    ("cross_entropy", """
log_p = losses.log_softmax(z)
return (y * (np.log(np.where(y > 0, y, 1)) - log_p)).sum(-1).mean()
""",
     'known', "the divergence"),
    ("cross_entropy", """
p = np.clip(losses.softmax(z), 1e-15, 1 - 1e-15)
return -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum(-1).mean()
""",
     'known', "in 10 of 12 cases your answer is that of a known mistake, or of one like it: also the log"),
    ("first_of_two", """
if z1 >= z2:
    return 1 / (1 + np.exp(z2 - z1))
""",
     'seen', "sometimes your function returns nothing"),
    ("train_two", CLOUDS + """    W = W - lr * (1 // len(X)) * X.T @ dz
    seen.append(L)
return np.array(seen)
""",
     'known', "`1 // len(X)` is 0 as soon as `len(X)` is larger than 1"),
    ("train_one", """
X, y = experiments.few_digits()
seen = []
for _ in range(30):
    W = np.zeros((64, 10))
    L, dz = losses.cross_entropy(X @ W, y)
    W = W - lr * X.T @ dz
    seen.append(L)
return np.array(seen)
""",
     'place', "all numbers of your answer are `2.30259`, in every case.\n`W = np.zeros((64, 10))` stands in the loop"),
    ("train_two", """
X, y = experiments.three_clouds()
W, seen = np.zeros((2, 3)), []
for _ in range(30):
    L, _ = losses.cross_entropy(X @ W, y)
    g = X.T @ (losses.softmax(X @ W) - losses.one_hot(y, 3))
    W = W - lr * g / np.linalg.norm(g)
    seen.append(L)
return np.array(seen)
""",
     'known', "each step has the length η"),
    ("first_of_two", """
d = z1 - z2
return np.exp(d) / (1 + np.exp(-d))
""",
     'known', "two things: the `-` before `d` is too much"),
    ("softmax", """
e = np.exp(z - z.max(axis=1, keepdims=True))
return e / e.sum(axis=1, keepdims=True)
""",
     'place', "Only in some cases for: several rows"),
]

RIGHT = [
    ("softmax", "return np.exp(z-np.logaddexp.reduce(z,axis=-1,keepdims=True))"),
    ("softmax", """
e=np.exp(np.subtract(z,np.max(z,-1,keepdims=True)))
return np.divide(e,np.einsum('...i->...',e)[...,None])
"""),
    ("softmax", "return np.apply_along_axis(lambda r: np.exp(r-r.max())/np.exp(r-r.max()).sum(),-1,z)"),
    ("softmax", """
d=z[...,None,:]-z[...,:,None]
with np.errstate(all='ignore'): return 1/np.exp(d).sum(-1)
"""),
    ("cross_entropy", "return (np.logaddexp.reduce(z,axis=-1)-(y*z).sum(-1)).mean()"),
    ("cross_entropy", """
t=0
for a,b in zip(z,y):
    m=max(a)
    s=m+np.log(sum(np.exp(x-m) for x in a))
    t+=sum(q*(s-x) for x,q in zip(a,b))
return t/len(z)
"""),
    ("cross_entropy_grad", """
p=np.exp(z-np.logaddexp.reduce(z,axis=-1,keepdims=True))
return np.subtract(p,y)/np.shape(z)[0]
"""),
    ("first_of_two", "(1+np.tanh((z1-z2)/2))/2"),
    ("first_of_two", """
d=z1-z2
return 1/(1+np.exp(-d)) if d>0 else np.exp(d)/(1+np.exp(d))
"""),
    ("first_of_two", "np.reciprocal(1+np.exp(z2-z1))"),
    ("first_of_two", "np.exp(-np.logaddexp(0,z2-z1))"),
    ("train_one", """
X, y = experiments.few_digits()
W, seen = np.zeros((64, 10)), []
for _ in range(30):
    z=X@W
    L,dz=losses.cross_entropy(z,y)
    W-=lr*X.T@dz
    seen.append(L)
return np.array(seen)
"""),
    ("train_one", """
X, y = experiments.few_digits()
W, seen = np.zeros((64, 10)), []
for _ in range(30):
    p=losses.softmax(X@W)
    L=losses.cross_entropy(X@W,y)[0]
    dz=(p-losses.one_hot(y,10))/len(X)
    W=W-lr*X.T@dz
    seen.append(L)
return np.array(seen)
"""),
    ("train_one", """
X, y = experiments.few_digits()
W, seen = np.zeros((64, 10)), []
for _ in range(30):
    p=losses.softmax(X@W)
    L,dz=losses.cross_entropy(np.log(p),y)
    W=W-lr*X.T@dz
    seen.append(L)
return np.array(seen)
"""),
]
# fmt: on
