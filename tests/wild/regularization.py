"""Answers to the exercises of chapter 13 that nobody had foreseen, as they were typed."""

# fmt: off
ADAM = """
w, m, v, seen = np.ones(2), np.zeros(2), np.zeros(2), []
for t in range(1, 13):
    g = experiments.noisy_gradient(t)
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
"""  # as far as nobody's answer differs
WRONG = [  # exercise, what stands in the function, what kind of reply, and what must stand in it
    ("dropout", "x*(u>=p)/p",
     'place', "times `(1 − p)/p`"),
    ("stopped", """
best=0;bad=0
for k in range(1,len(losses)):
    if losses[k]<losses[best]: best=k
    else: bad+=1
    if bad>=patience: return best,k
return best,len(losses)-1
""",
     'known', "does not begin anew"),
    ("adam_decay", ADAM + """\
    mh,vh=m/(1-0.9**t),v/(1-0.999**t)
    w=w-lr*(mh/(np.sqrt(vh)+1e-8)+lam*w)
seen.append(w)
return np.array(seen)
""",
     'place', "stands after the loop, not in it"),
    ("dropout", "np.where(u < p, x, 0) * p",
     'known', "and times p"),
    ("ensemble", """
e = np.exp(logits).mean(axis=0)
return e / e.sum(axis=-1, keepdims=True)
""",
     'known', "the mean of the exponentials"),
    ("ensemble", "(1 / (1 + np.exp(-logits))).mean(axis=0)",
     'known', "a sigmoid for each class"),
    ("best_slope", "distance - 2 * lam * (distance - 1)",
     'known', "the derivative at d"),
    ("matching_lambda", "np.log(2) / (lr * steps)",
     'place', "`np.log(2)` is not right"),
    ("stopped", """
best, at, bad = np.inf, 0, 0
for k, l in enumerate(losses):
    if l < best: best, at, bad = l, k, 0
    else: bad += 1
    if bad >= patience: return at, k
return at, len(losses)
""",
     'known', "where it never stops"),
    ("dropout", "np.where(u > 1 - p, 0, x / (1 - p))",
     'known', "the other end is dropped"),
    ("dropout", "x * (u < p) / 1 - p",
     'known', "two things: the brackets are not where they belong"),
    ("dropout", """
if u < p:
    return 0
return x / p
""",
     'seen', "Entry by entry it is `np.where"),
    ("l2_gradient", "g + lam / (2 * n) * each * np.sign(w)",
     'seen', "exactly `g + 0.5·λ/n·a·sign(w)`"),
    ("best_slope", "1 - distance / lam",
     'known', "the sign before `distance / lam` is wrong"),
    ("adam_decay", ADAM + """\
    m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
    w -= lr * m_hat / (np.sqrt(v_hat) + 1e-8) + lr * lam * w
    seen.append(w)
return np.array(seen)
""",
     'seen', "holds that one array many times"),
    ("adam_decay", ADAM + """\
    w = (1 - lam) * w - lr * m / (np.sqrt(v) + 1e-8)
    seen.append(w)
return np.array(seen)
""",
     'known', "not corrected any more; and λ without η"),
    ("ensemble", """
for z in logits:
    total = 0
    e = np.exp(z - z.max(axis=1, keepdims=True))
    total = total + e / e.sum(axis=1, keepdims=True)
return total / len(logits)
""",
     'known', "set back to 0 in each round"),
    ("l2_gradient", "g + lam / n * each @ w",
     'known', "`@` sums"),
    ("dropout", """
u = np.random.default_rng(0).random(x.shape)
return np.where(u < p, 0, x / (1 - p))
""",
     'seen', "your code gives `u` another value before it has looked at what was given"),
    ("stopped", """
best = 0
for k, loss in enumerate(losses):
    if loss < losses[best] - 1e-3:
        best = k
    elif k - best >= patience:
        return best, k
return best, len(losses) - 1
""",
     'place', "`- 1e-3` is too much"),
    ("matching_lambda", "1 / (1 - (1 - lr) ** steps)",
     'seen', "Where it runs it is not right either. For example `matching_lambda(lr=0.1, steps=100)`"),
]

RIGHT = [
    ("l2_gradient", "g+each*w*lam/n"),
    ("l2_gradient", "[a+lam/n*e*b for a,b,e in zip(g,w,each)]"),
    ("l2_gradient", "g+np.einsum('i,i->i',each,w)*(lam/n)"),
    ("l2_gradient", "g+np.diag(each)@w*lam/n"),
    ("l2_gradient", """
h=1e-20
return g+np.array([(lam/(2*n)*each[i]*(w[i]+1j*h)**2).imag/h for i in range(len(w))])
"""),
    ("l2_gradient", "np.add(g,np.multiply(lam/n*each,w))"),
    ("dropout", "np.where(u<p,0,x)/(1-p)"),
    ("dropout", "np.where(u<p,0.0,x/(1-p))"),
    ("dropout", """
y=x.copy()
y[u<p]=0
return y/(1-p)
"""),
    ("dropout", "np.multiply(x,(u>=p).astype(np.float32))/(1-p)"),
    ("dropout", "np.reshape([0. if b<p else a/(1-p) for a,b in zip(np.ravel(x),np.ravel(u))],np.shape(x))"),
    ("stopped", """
k=best=0
while k<len(losses)-1 and k-best<patience:
    k+=1
    if losses[k]<losses[best]: best=k
return [best,k]
"""),
    ("stopped", """
low=np.minimum.accumulate(losses)
first=np.array([np.argmin(losses[:k+1]) for k in range(len(losses))])
wait=np.arange(len(losses))-first
hit=np.flatnonzero(wait>=patience)
last=hit[0] if len(hit) else len(losses)-1
return first[last], last
"""),
    ("stopped", """
best,bad,lo=0,0,float('inf')
for k,l in enumerate(losses):
    if l<lo: best,lo,bad=k,l,0
    else:
        bad+=1
        if bad==patience: break
return np.array([best,k])
"""),
    ("stopped", """
it=iter(range(len(losses)))
best=next(it);k=best
for k in it:
    if losses[k]<min(losses[:k]): best=k
    elif k-best>=patience: break
return float(best), float(k)
"""),
    ("matching_lambda", "1/lr/steps"),
    ("matching_lambda", "(lr*steps)**-1"),
    ("matching_lambda", "np.reciprocal(float(lr*steps))"),
    ("matching_lambda", """
from fractions import Fraction
return 1/(Fraction(lr)*steps)
"""),
    ("adam_decay", ADAM + """\
    m_hat,v_hat=m/(1-0.9**t),v/(1-0.999**t)
    w=(1-lr*lam)*w-lr*m_hat/(np.sqrt(v_hat)+1e-8)
    seen.append(w)
return seen
"""),
    ("adam_decay", """
w,m,v,seen=np.ones(2),np.zeros(2),np.zeros(2),[]
for t in range(1,13):
    g=experiments.noisy_gradient(t)
    m+=0.1*(g-m)
    v+=0.001*(g*g-v)
    w=w*(1-lr*lam)
    w=w-lr*(m/(1-0.9**t))/(np.sqrt(v/(1-0.999**t))+1e-8)
    seen.append(w.copy())
return np.stack(seen)
"""),
    ("ensemble", "return sum(np.exp(z-np.logaddexp.reduce(z,axis=-1)[:,None]) for z in logits)/len(logits)"),
    ("ensemble", """
m,n,c=logits.shape
out=np.zeros((n,c))
for z in logits:
    for i in range(n):
        e=np.exp(z[i]-max(z[i]))
        out[i]+=e/sum(e)/m
return out
"""),
    ("ensemble", """
e=np.exp(logits-logits.max(-1)[...,None])
return np.einsum('mnc,mn->nc',e,1/e.sum(-1))/len(e)
"""),
    ("best_slope", "(distance+2*lam)/(2*lam)"),
    ("best_slope", "1+0.5*distance/lam"),
    ("best_slope", """
from fractions import Fraction
return 1+Fraction(distance)/(2*Fraction(lam))
"""),
    ("best_slope", "np.roots([2*lam,-(distance+2*lam)])[0]"),
]
# fmt: on
