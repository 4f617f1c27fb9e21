"""Answers to the exercises of chapter 10 that nobody had foreseen, as they were typed."""

# fmt: off
WRONG = [  # exercise, what stands in the function, what kind of reply, and what must stand in it
    ("running", """
n=len(x)
return (1-alpha)*mean+alpha*x.mean(0), (1-alpha)*var+alpha*x.var(0)*(n-1)/n
""",
     'place', "stand in the wrong order around `/`"),
    ("effective_rate", "lr/w@w",
     'place', "the brackets are not where they belong in `lr/w@w`"),
    ("fold", """
s=gamma/np.sqrt(var+eps)
return s, (mean-b)*s+beta
""",
     'place', "`b` and `mean` are exchanged"),
    ("batch_norm", """
if train:
    mean = x.mean(axis=0)
return gamma * (x - mean) / np.sqrt(var + eps) + beta
""",
     'known', "with the running variance"),
    ("normalise", """
axis = {'batch': (0, 2), 'layer': (2,), 'instance': (1, 2)}[kind]
return (x - x.mean(axis=axis, keepdims=True)) / x.std(axis=axis, keepdims=True)
""",
     'known', "layer and instance norm are exchanged"),
    ("running", """
mean = (1 - alpha) * mean + alpha * x.mean(axis=0)
var = (1 - alpha) * var + alpha * ((x - mean)**2).mean(axis=0)
return mean, var
""",
     'known', "about the new running mean"),
    ("normalise", """
axis = {'batch': (1,), 'layer': (0,), 'instance': (0, 1)}[kind]
return (x - x.mean(axis=axis, keepdims=True)) / x.std(axis=axis, keepdims=True)
""",
     'known', "the axes that are kept"),
    ("running", "(1 - alpha) * mean + alpha * x.mean(1), (1 - alpha) * var + alpha * x.var(1, ddof=1)",
     'seen', "Is it the right axis"),
    ("running", """
B = len(x)
mean = (1 - alpha) * mean + alpha * x.mean(axis=0)
v = ((x - mean) ** 2).sum(axis=0) / (B - 1)
return mean, (1 - alpha) * var + alpha * v
""",
     'known', "the variance about the new running mean"),
    ("fold", """
s = gamma / (np.sqrt(var) + eps)
return s, (mean - b) * s + beta
""",
     'known', "ε is added after the root"),
    ("batch_norm", """
if not train:
    mean, var = x.mean(0), x.var(0)
return gamma * (x - mean) / (var + eps) + beta
""",
     'known', "two things: the `not` before `train` is too much"),
    ("normalise", """
if kind == "batch":
    axis = (0, 2)
elif kind == "layer" or "instance":
    axis = (1, 2)
else:
    axis = 2
return (x - x.mean(axis=axis, keepdims=True)) / x.std(axis=axis, keepdims=True)
""",
     'known', "is always true"),
    ("normalise", """
if kind == "instance":
    axes = 2
elif kind == "layer" or "batch":
    axes = (1, 2)
else:
    axes = (0, 2)
return (x - x.mean(axes, keepdims=True)) / x.std(axes, keepdims=True)
""",
     'seen', "is always true: `\"batch\"` alone counts as true"),
    ("batch_norm", """
if train:
    mean[:] = x.mean(axis=0)
    var[:] = x.var(axis=0)
return gamma * (x - mean) / np.sqrt(var + eps) + beta
""",
     'seen', "your answers are right, but your function changes its arguments `mean` and `var` in place"),
    ("batch_norm", """
if train:
    mean, var = x.mean(0), x.var(0)
return np.abs(gamma) * (x - mean) / np.sqrt(var + eps) + beta
""",
     'place', "`np.abs(…)` around `gamma` is too much"),
    ("effective_rate", "lr / sum(abs(x) for x in w) ** 2",
     'known', "divided by the squared sum of sizes"),
]

RIGHT = [
    ("batch_norm", """
m,v=(x.mean(0),x.var(0)) if train else (mean,var)
s=gamma/np.sqrt(v+eps)
return x*s+(beta-m*s)
"""),
    ("batch_norm", """
if train:
    mean=np.average(x,axis=0)
    var=np.mean((x-mean)**2,axis=0)
return [[g*(a-m)/(v+eps)**.5+b for a,g,m,v,b in zip(r,gamma,mean,var,beta)] for r in x]
"""),
    ("batch_norm", """
m=np.where(train,x.mean(0),mean)
v=np.where(train,x.var(0),var)
return (x-m)*(v+eps)**-.5*gamma+beta
"""),
    ("batch_norm", """
c=x-(x.mean(0) if train else mean)
v=np.einsum('ij,ij->j',c,c)/len(x) if train else var
return gamma*c/np.sqrt(v+eps)+beta
"""),
    ("running", "return mean+alpha*(x.mean(0)-mean), var+alpha*(x.var(0,ddof=1)-var)"),
    ("running", """
n=len(x)
m=x.sum(0)/n
v=((x-m)**2).sum(0)/(n-1)
return np.array([(1-alpha)*mean+alpha*m,(1-alpha)*var+alpha*v])
"""),
    ("running", "return list((1-alpha)*mean+alpha*x.mean(0)), list((1-alpha)*var+alpha*x.var(0)*len(x)/(len(x)-1))"),
    ("normalise", """
axes={'batch':(0,2),'layer':(1,2),'instance':2}[kind]
c=x-np.mean(x,axis=axes,keepdims=True)
return c/np.sqrt(np.mean(c*c,axis=axes,keepdims=True))
"""),
    ("normalise", """
s={'batch':'ncp->c','layer':'ncp->n','instance':'ncp->nc'}[kind]
sh={'batch':(1,-1,1),'layer':(-1,1,1),'instance':x.shape[:2]+(1,)}[kind]
n=x.size/np.einsum(s,x).size
m=(np.einsum(s,x)/n).reshape(sh)
v=(np.einsum(s,(x-m)**2)/n).reshape(sh)
return (x-m)/v**.5
"""),
    ("normalise", """
f=lambda a:(a-a.mean())/a.std()
out=np.empty(x.shape)
n,c,_=x.shape
if kind=='batch':
    for j in range(c): out[:,j]=f(x[:,j])
elif kind=='layer':
    for i in range(n): out[i]=f(x[i])
else:
    for i in range(n):
        for j in range(c): out[i,j]=f(x[i,j])
return out
"""),
    ("fold", """
s=gamma*(var+eps)**-.5
return np.stack([s, s*b-s*mean+beta])
"""),
    ("fold", """
s=[g/(v+eps)**.5 for g,v in zip(gamma,var)]
return s,[(a-m)*q+c for a,m,q,c in zip(b,mean,s,beta)]
"""),
    ("fold", """
f=lambda y: gamma*(y-mean)/np.sqrt(var+eps)+beta
return f(1.0)-f(0.0), f(b)
"""),
    ("effective_rate", "lr/np.linalg.norm(w)**2"),
    ("effective_rate", "lr/sum(a*a for a in w)"),
    ("effective_rate", "lr/np.einsum('i,i',w,w)"),
    ("effective_rate", "lr*np.linalg.norm(w)**-2"),
    ("effective_rate", """
import math
return lr/math.hypot(*w)**2
"""),
    ("effective_rate", "np.float32(lr)/np.vdot(w,w)"),
]
# fmt: on
