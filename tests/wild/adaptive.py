"""Answers to the exercises of chapter 06 that nobody had foreseen, as they were typed."""

# fmt: off
WRONG = [  # exercise, what stands in the function, what kind of reply, and what must stand in it
    ("adagrad_step", """
s=s+abs(g)
w=w-lr*g/(s+eps)
return w,s
""",
     'known', "the sum of squares"),
    ("adagrad_step", """
s+=g**2
w-=lr*g/(np.sqrt(s)+eps)
return w,s
""",
     'seen', "changes its arguments `w` and `s` in place"),
    ("rmsprop_step", """
s=beta*s+1-beta*g**2
w=w-lr*g/(np.sqrt(s)+eps)
return w,s
""",
     'place', "the brackets are not where they belong in `beta*s+1-beta*g**2`"),
    ("rmsprop_step", """
s=beta*s+(1-beta)*g**2
w=w-lr*s/(np.sqrt(g)+eps)
return w,s
""",
     'place', "`s` and `g` are exchanged in"),
    ("half_life", "math.ceil(np.log(0.5)/np.log(beta))",
     'known', "write `import math` first"),
    ("first_step", """
if method=='normalised': return -lr*g/np.linalg.norm(g)
return -lr*g/(np.sqrt(g**2)+1e-8)
""",
     'seen', "differ from the right ones by"),
    ("half_life", "np.log(0.5 * beta)",
     'known', "the logarithm of β/2"),
    ("half_life", "0.5 / np.log(beta)",
     'known', "the logarithm of ½ is missing"),
    ("adadelta_step", """
s = rho * s + (1 - rho) * g**2
d = g / np.sqrt(s + eps)
X = rho * X + (1 - rho) * d**2
return w - d, s, X
""",
     'known', "RMSProp's step without η"),
    ("adagrad_step", """
import math
s = s + g**2
w = w - lr * g / (math.sqrt(s) + eps)
return w, s
""",
     'place', "takes single numbers"),
    ("first_step", """
if method == 'normalised':
    return -lr * g / g.sum()
return -lr * np.sign(g)
""",
     'known', "the sum of its entries"),
    ("half_life", "np.log(np.sqrt(0.5)) / np.log(beta)",
     'place', "`np.sqrt(…)` around `0.5` is too much"),
    ("rmsprop_step", """
s = beta * s + (1 - beta) * g**2
w = w - lr * g / s + eps
return w, s
""",
     'known', "two things: the brackets are not where they belong in `w - lr * g / s + eps`"),
    ("adadelta_step", """
s = rho * s + (1 - rho) * g**2
d = np.sqrt(X + eps) / np.sqrt(s + eps) * g
return w - d, rho * X + (1 - rho) * d**2
""",
     "seen", "the average X of squared steps, rightly, and not the average s of squared gradients; asked for are"),
    ("adagrad_step", "w - g / (lr * np.sqrt(s + g**2) + eps), s + g**2",
     "known", "the learning rate stands below the line"),
    ("rmsprop_step", """
s = beta * s + (1 - beta) * g**2,
w = w - lr * g / (np.sqrt(s) + eps)
return w, s
""",
     "seen", "The comma at the end of `s = beta * s + (1 - beta) * g**2,` makes a tuple of it"),
    ("adadelta_step", """
s = s + g**2
d = np.sqrt(X + eps) / np.sqrt(s + eps) * g
X = rho * X + (1 - rho) * d
return w - d, s, X
""",
     "known", "the point and the average s of squared gradients: your numbers are those of a known mistake: s is"),
    ("adagrad_step", """
s = s + np.linalg.norm(g)
w = w - lr * g / (np.sqrt(s) + eps)
return w, s
""",
     "known", "s grows by the length of the gradient"),
    ("adadelta_step", """
s = rho * s + (1 - rho) * g**2
d = np.sqrt(X + eps) / np.sqrt(s + eps) * g
X = rho * X + (1 - rho) * g**2
return w - d, s, X
""",
     "known", "X takes in g² in place of d²."),
]

RIGHT = [
    ("adagrad_step", """
r=np.hypot(np.sqrt(s),g)
return w-lr*g/(r+eps), r**2
"""),
    ("adagrad_step", """
s2=[a+b*b for a,b in zip(s,g)]
return [x-lr*b/(math.sqrt(a)+eps) for x,a,b in zip(w,s2,g)], s2
"""),
    ("adagrad_step", """
s=s+np.square(g)
return np.stack([w-lr*g/(s**.5+eps), s])
"""),
    ("adagrad_step", """
w,s=w.copy(),s.copy()
s+=g*g
w-=lr/(np.sqrt(s)+eps)*g
return w,s
"""),
    ("adagrad_step", """
s=np.add(s,np.power(g,2))
return (np.subtract(w,np.divide(lr*g,np.sqrt(s)+eps)),s)
"""),
    ("adagrad_step", """
s=(s+g**2).astype(np.float32)
return (w-lr*g/(np.sqrt(s)+eps)).astype(np.float32), s
"""),
    ("rmsprop_step", """
s=s+(1-beta)*(g*g-s)
return w-lr*g/(s**.5+eps), s
"""),
    ("rmsprop_step", """
s=np.average([s,g**2],axis=0,weights=[beta,1-beta])
return [w-lr*g/(np.sqrt(s)+eps), s]
"""),
    ("rmsprop_step", """
new=np.empty_like(s)
out=np.empty_like(w)
for i in range(len(w)):
    new[i]=beta*s[i]+(1-beta)*g[i]**2
    out[i]=w[i]-lr*g[i]/(new[i]**.5+eps)
return out,new
"""),
    ("rmsprop_step", """
s=np.einsum('k,kn->n',[beta,1-beta],[s,g**2])
return w-lr*g/(np.sqrt(s)+eps), s
"""),
    ("adadelta_step", """
s=rho*s+(1-rho)*g**2
d=np.sqrt((X+eps)/(s+eps))*g
return w-d,s,rho*X+(1-rho)*d*d
"""),
    ("adadelta_step", """
s=s+(1-rho)*(g*g-s)
d=g*(X+eps)**.5*(s+eps)**-.5
X=X+(1-rho)*(d*d-X)
return np.array([w-d,s,X])
"""),
    ("adadelta_step", """
s=[rho*a+(1-rho)*b*b for a,b in zip(s,g)]
d=[math.sqrt((x+eps)/(a+eps))*b for x,a,b in zip(X,s,g)]
X=[rho*x+(1-rho)*e*e for x,e in zip(X,d)]
return [a-b for a,b in zip(w,d)],s,X
"""),
    ("adadelta_step", """
s=rho*s+(1-rho)*g**2
rms=lambda q: np.sqrt(q+eps)
d=rms(X)/rms(s)*g
X=rho*X+(1-rho)*d**2
w=w-d
return w,s,X
"""),
    ("adadelta_step", """
s=rho*s+(1-rho)*g**2
d=g*np.exp(.5*(np.log(X+eps)-np.log(s+eps)))
return w-d,s,rho*X+(1-rho)*d**2
"""),
    ("half_life", "math.log(0.5, beta)"),
    ("half_life", "-1/np.log2(beta)"),
    ("half_life", "np.log(2)/-np.log(beta)"),
    ("half_life", "1/math.log(1/beta,2)"),
    ("half_life", "np.log10(2)/np.log10(1/beta)"),
    ("half_life", """
lo,hi=0.,1e6
for _ in range(200):
    m=(lo+hi)/2
    if beta**m>.5: lo=m
    else: hi=m
return m
"""),
    ("first_step", """
if method=='normalised': return -lr*g/math.hypot(*g)
return np.array([-lr*((x>0)-(x<0)) for x in g.tolist()])
"""),
    ("first_step", """
if method[0]=='n': return -lr*g/(g@g)**.5
with np.errstate(all='ignore'): return -lr*np.nan_to_num(g/np.sqrt(g*g))
"""),
    ("first_step", """
n=np.sqrt(np.sum(g**2)) if method=='normalised' else np.where(g!=0,np.abs(g),1)
return -lr*g/n
"""),
    ("first_step", """
match method:
    case 'normalised': return list(-lr*g/np.linalg.norm(g))
    case 'adagrad': return list(np.copysign(lr,-g)*(g!=0))
"""),
]
# fmt: on
