"""Answers to the exercises of chapter 12 that nobody had foreseen, as they were typed."""

# fmt: off
WRONG = [  # exercise, what stands in the function, what kind of reply, and what must stand in it
    ("next_theta", "return np.inf if len(norms)<2 else multiple*np.mean(norms)",
     'place', "the number `2` is not right"),
    ("next_theta", "return np.nan if len(norms)==0 else multiple*np.mean(norms)",
     'seen', "becomes NaN"),
    ("descend_clipped", """
path=[]
for _ in range(steps):
    g=grad(w)
    clipped=g*min(1,theta/np.linalg.norm(g))
    w=w-lr*clipped
    path.append(w)
return np.array(path)
""",
     'place', "`[]` is empty at first"),
    ("descend_clipped", """
path=[w]
for _ in range(steps):
    g=grad(w)
    clipped=g*min(1,theta/np.linalg.norm(g))
    path.append(w-lr*clipped)
return np.array(path)
""",
     'seen', "the first 2 points are right in every case"),
    ("loss_behind", "np.where(np.abs(r)<=theta,r*r/2,np.abs(r)-0.5)",
     'known', "a slope of 1 in place of θ"),
    ("clip_value", "np.clip(g,-theta)",
     'seen', "`np.clip` takes both ends"),
    ("loss_behind", "np.minimum(0.5 * r**2, theta * np.abs(r))",
     'known', "the smaller of r²/2"),
    ("clip_norm", """
n = np.linalg.norm(g, axis=-1, keepdims=True)
if (n > theta).any():
    g = g * theta / n
return g
""",
     'known', "as soon as one run is too long"),
    ("common_factor", "min(1, theta / np.prod(norms))",
     'known', "the norms are multiplied"),
    ("clip_value", "max(-theta, min(theta, g))",
     'seen', "`np.maximum` and `np.minimum`"),
    ("next_theta", """
if len(norms) == 0:
    return None
return multiple * np.mean(norms)
""",
     'seen', "one of its ways through returns `None`"),
    ("next_theta", "multiple * np.linalg.norm(norms) if len(norms) else np.inf",
     'place', "`np.linalg.norm` is the wrong function"),
    ("common_factor", "min(theta, np.linalg.norm(norms))",
     'seen', "times `‖norms‖`"),
    ("clip_value", """
np.clip(g, -theta, theta)
return g
""",
     'seen', "what `np.clip(g, -theta, theta)` gives is not kept"),
    ("next_theta", "multiple * np.sqrt(np.mean(np.array(norms) ** 2)) if len(norms) else np.inf",
     'known', "the root mean square"),
    ("common_factor", """
total = sum(norms)
return total / theta if total > theta else 1
""",
     'known', "`total` and `theta` stand in the wrong order around `/`"),
    ("common_factor", "theta / np.mean(norms)",
     'known', "the mean norm; and also enlarges"),
    ("loss_behind", """
if abs(r) <= theta:
    return r**2 / 2
return theta * abs(r) - theta**2 / 2
""",
     'seen', "Entry by entry it is `np.where"),
    ("common_factor", """
for n in norms:
    total = 0
    total += n**2
return min(1, np.divide(theta, np.sqrt(total)))
""",
     'known', "set back to 0 in each round"),
    ("common_factor", "min(1, theta / np.sqrt(np.sum(map(lambda n: n**2, norms))))",
     'seen', "`list(…)` makes a list of it"),
    ("next_theta", """
if len(norms) == 0:
    return np.inf
for n in norms:
    total = 0
    total += n
return multiple * total / len(norms)
""",
     'known', "set back to 0 in each round"),
    ("clip_norm", """
for row in g:
    n = np.linalg.norm(row)
    if n > theta:
        row *= theta / n
return g
""",
     'seen', "changes its argument `g` in place"),
    ("clip_value", """
if np.abs(g).max() > theta:
    return theta * np.sign(g)
return g
""",
     'known', "as soon as one is too large"),
    ("clip_norm", "g * theta / (theta + np.linalg.norm(g, axis=-1, keepdims=True))",
     'known', "a smooth relative"),
    ("clip_value", """
g[g > theta] = theta
g[g < -theta] = -theta
return g
""",
     'seen', "`g[g > theta] = theta` changes it: work on `g.copy()`"),
    ("next_theta", "multiple * np.mean(norms[-10:]) if len(norms) else np.inf",
     'place', "`[-10:]` is too much"),
    ("common_factor", """
factor = 1.0
for n in norms:
    if n > theta:
        factor *= theta / n
return factor
""",
     'known', "the factors of all layers multiplied"),
    ("descend_clipped", """
for _ in range(steps):
    path = [w]
    g = grad(w)
    w = w - lr * g * min(1, theta / np.linalg.norm(g))
    path.append(w)
return np.array(path)
""",
     'place', "`path = [w]` stands in the loop, and not before it"),
]

RIGHT = [
    ("clip_value", "np.minimum(np.maximum(g,-theta),theta)"),
    ("clip_value", "[max(-theta,min(x,theta)) for x in g]"),
    ("clip_value", "np.where(g>theta,theta,np.where(g<-theta,-theta,g))"),
    ("clip_value", "np.sign(g)*np.minimum(np.abs(g),theta)"),
    ("clip_value", """
g=g.copy()
g[g>theta]=theta
g[g<-theta]=-theta
return g
"""),
    ("clip_value", "np.median([g,np.full_like(g,theta),np.full_like(g,-theta)],axis=0)"),
    ("clip_value", "(abs(g+theta)-abs(g-theta))/2"),
    ("clip_value", "np.select([g>theta,g<-theta],[theta,-theta],g)"),
    ("clip_norm", """
n=np.sqrt(np.einsum('...i,...i->...',g,g))[...,None]
return g/np.maximum(1,n/theta)
"""),
    ("clip_norm", """
n=np.linalg.norm(g,axis=-1,keepdims=True)
return np.where(n>theta,g*np.divide(theta,n,out=np.ones_like(n),where=n>0),g)
"""),
    ("clip_norm", """
f=lambda v: v if np.sqrt(v@v)<=theta else v*(theta/np.sqrt(v@v))
return np.apply_along_axis(f,-1,g)
"""),
    ("clip_norm", """
n=np.sqrt((g*g).sum(-1,keepdims=True))
out=g.astype(float).copy()
out/=np.where(n>theta,n/theta,1.)
return out
"""),
    ("next_theta", "return multiple*sum(norms)/len(norms) if norms else math.inf"),
    ("next_theta", "return float('inf') if not len(norms) else np.average(norms)*multiple"),
    ("next_theta", """
try:
    return multiple*sum(norms)/len(norms)
except ZeroDivisionError:
    return math.inf
"""),
    ("next_theta", """
from statistics import fmean
return fmean([multiple*n for n in norms]) if norms else 1e400
"""),
    ("next_theta", "np.mean(np.array(norms)*multiple) if np.size(norms) else np.inf"),
    ("loss_behind", """
a=np.abs(r); q=np.minimum(a,theta)
return q**2/2+theta*(a-q)
"""),
    ("loss_behind", """
c=np.clip(r,-theta,theta)
return c*r-c**2/2
"""),
    ("loss_behind", """
f=lambda x: x*x/2 if abs(x)<=theta else theta*(abs(x)-theta/2)
return np.vectorize(f,otypes=[float])(r)
"""),
    ("loss_behind", """
a=abs(np.asarray(r,float))
out=a*theta-theta*theta/2
return np.select([a<=theta],[a*a/2],out)
"""),
    ("common_factor", "min(1,theta/np.linalg.norm(norms))"),
    ("common_factor", """
t=math.hypot(*norms)
return 1 if t<=theta else theta/t
"""),
    ("common_factor", "np.minimum(1,theta/np.sqrt(np.dot(norms,norms)))"),
    ("common_factor", "theta/max(theta,math.sqrt(math.fsum(n*n for n in norms)))"),
    ("common_factor", "float(np.clip(theta/np.sqrt(np.square(norms).sum()),None,1))"),
    ("common_factor", "1/max(1,np.linalg.norm(np.asarray(norms))/theta)"),
    ("descend_clipped", """
path=[w]
for _ in range(steps):
    g=grad(w)
    n=np.sqrt(g@g)
    w=w-lr*(g if n<=theta else g*theta/n)
    path.append(w)
return path
"""),
    ("descend_clipped", """
out=np.empty((steps+1,len(w)))
out[0]=w
for k in range(steps):
    g=grad(out[k])
    out[k+1]=out[k]-lr*g/max(1,np.linalg.norm(g)/theta)
return out
"""),
    ("common_factor", "min(1, theta / np.sqrt((norms**2).sum()))"),
]
# fmt: on
