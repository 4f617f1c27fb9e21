"""Answers to the exercises of chapter 16 that nobody had foreseen, as they were typed."""

# fmt: off
WRONG = [  # exercise, what stands in the function, what kind of reply, and what must stand in it
    ("lion_step", """
u=np.sign(beta1*m+(1-beta1)*g)
m=beta2*m+(1-beta2)*g
w=w-lr*u+decay*w
return w,m
""",
     'place', "the brackets are not where they belong in `w-lr*u+decay*w`"),
    ("newton_schulz", """
a,b,c=3.4445,-4.7750,2.0315
X=G/np.linalg.norm(G)
S=X@X.T
for _ in range(steps):
    X=a*X+(b*S+c*S@S)@X
return X
""",
     'place', "`S=X@X.T` stands before the loop"),
    ("sam_gradient", """
g=grad
return grad(w+rho*g/np.linalg.norm(g))
""",
     'seen', "call it, as in grad(w)"),
    ("lion_step", """
u = np.sign((1 - beta1) * m + beta1 * g)
m = beta2 * m + (1 - beta2) * g
w = w - lr * (u + decay * w)
return w, m
""",
     'known', "β₁ and 1 − β₁ are exchanged in u"),
    ("lion_step", """
u = (beta1 * m + (1 - beta1) * g) / np.sqrt(g**2 + 1e-8)
m = beta2 * m + (1 - beta2) * g
w = w - lr * (u + decay * w)
return w, m
""",
     'known', "in place of a sign"),
    ("newton_schulz", """
a, b, c = 3.4445, -4.7750, 2.0315
X = G / np.linalg.norm(G)
for _ in range(steps):
    X = a * X + b * X**3 + c * X**5
return X
""",
     'known', "powers of each entry"),
    ("sam_gradient", "grad(w + rho)",
     'known', "ρ is added to every weight"),
    ("wsd_rate", "lr if k < (1 - cooldown) * steps else lr * (steps - k) / steps",
     'known', "jumps at the knee"),
    ("wsd_rate", "lr * (1 - k / (cooldown * steps)) if k < cooldown * steps else lr",
     'known', "in the first part, and then stays"),
    ("lion_step", """
u = np.abs(beta1 * m + (1 - beta1) * g)
m = beta2 * m + (1 - beta2) * g
w = w - lr * (u + decay * w)
return w, m
""",
     'place', "`abs` is the wrong function"),
    ("sam_gradient", """
g = grad(w)
return g + rho * g / np.linalg.norm(g)
""",
     'known', "to the gradient, not to the point"),
    ("sam_gradient", "grad(w - rho * grad(w))",
     'known', "two things: the sign before `rho * grad(w)` is wrong"),
    ("schedule_free_step", """
y = beta * z + (1 - beta) * w
z = z + lr * grad(y)
w = (1 - 1 / t) * w + z / t
return w, z
""",
     'known', "a known mistake: β on the wrong point"),
    ("schedule_free_step", """
y = (1 - beta) * z + beta * w
z = z - lr * grad(y)
return (1 - 1 / t) * w + z / t, z, y
""",
     "seen", "returns 3 things. Number 3 is too much"),
    ("lion_step", """
c = beta1 * m + (1 - beta1) * g
return w - lr * ((c > 0) * 1 + decay * w), beta2 * m + (1 - beta2) * g
""",
     "known", "1 and 0 in place of 1 and −1"),
    ("schedule_free_step", """
y = (1 - beta) * z + beta * w
z = z - lr * grad(y)
w = (1 - 1 // t) * w + 1 // t * z
return w, z
""",
     'place', "With one change at each such place"),
    ("sam_gradient", """
g = grad(w)
n = np.linalg.norm(g)
return grad(w + rho * g / n) if n > 1 else g
""",
     'place', "`if n > 1` is too much"),
    ("newton_schulz", """
a, b, c = 3.4445, -4.7750, 2.0315
X = G / np.linalg.norm(G)
for _ in range(steps):
    A = X @ X.T
    X = a * X + b * A @ X + c * A @ A
return X
""",
     'seen', "is a factor missing in one, or too much?\nWhere it runs it is not right either."),
]

RIGHT = [
    ("lion_step", """
c=m+(1-beta1)*(g-m)
u=(c>0).astype(float)-(c<0)
return w*(1-lr*decay)-lr*u, m+(1-beta2)*(g-m)
"""),
    ("lion_step", """
u=[float(np.sign(beta1*a+(1-beta1)*b)) for a,b in zip(m,g)]
return np.array([[x-lr*(q+decay*x) for x,q in zip(w,u)],[beta2*a+(1-beta2)*b for a,b in zip(m,g)]])
"""),
    ("lion_step", """
c=np.average([m,g],axis=0,weights=[beta1,1-beta1])
with np.errstate(all='ignore'): u=np.nan_to_num(c/np.abs(c))
w=w-lr*decay*w-lr*u
return [w, beta2*m+(1-beta2)*g]
"""),
    ("lion_step", """
u=np.select([beta1*m+(1-beta1)*g>0,beta1*m+(1-beta1)*g<0],[1,-1],0)
return w-lr*(u+decay*w),beta2*m+g-beta2*g
"""),
    ("newton_schulz", """
a,b,c=3.4445,-4.7750,2.0315
X=G/np.sqrt((G**2).sum())
for _ in range(steps):
    S=X.T@X
    X=X@(a*np.eye(len(S))+b*S+c*S@S)
return X
"""),
    ("newton_schulz", """
U,s,V=np.linalg.svd(G,full_matrices=False)
s=s/np.sqrt((s**2).sum())
for _ in range(steps): s=3.4445*s-4.7750*s**3+2.0315*s**5
return U@np.diag(s)@V
"""),
    ("newton_schulz", """
a,b,c=3.4445,-4.7750,2.0315
X=G/np.linalg.norm(G)
for _ in range(steps):
    Y=X@X.T@X
    X=a*X+b*Y+c*X@X.T@Y
return X.tolist()
"""),
    ("newton_schulz", """
X=G/np.linalg.norm(G,'fro')
for _ in range(steps):
    S=np.einsum('ij,kj->ik',X,X)
    X=3.4445*X+np.matmul(-4.7750*S+2.0315*np.linalg.matrix_power(S,2),X)
return X
"""),
    ("schedule_free_step", """
z1=z-lr*grad(z+beta*(w-z))
return w+(z1-w)/t, z1
"""),
    ("schedule_free_step", """
y=np.average([z,w],axis=0,weights=[1-beta,beta])
z=z-lr*grad(y)
return np.array([((t-1)*w+z)/t, z])
"""),
    ("schedule_free_step", """
y=[(1-beta)*a+beta*b for a,b in zip(z,w)]
g=grad(np.array(y))
z=[a-lr*b for a,b in zip(z,g)]
return [(1-1/t)*a+b/t for a,b in zip(w,z)], z
"""),
    ("schedule_free_step", """
y=[(1-beta)*a+beta*b for a,b in zip(z,w)]
z=z-lr*grad(y)
return (1-1/t)*w+z/t, z
"""),
    ("sam_gradient", """
e=grad(w)
e=e*rho/(e@e)**.5
return grad(w+e)
"""),
    ("sam_gradient", """
g=np.asarray(grad(w))
return grad((w+rho/np.sqrt(np.einsum('i,i',g,g))*g).tolist())
"""),
    ("sam_gradient", """
g=grad(w)
return grad(w+rho*g/(np.linalg.norm(g)+1e-12))
"""),
    ("sam_gradient", """
u=lambda v: v/np.sqrt(np.sum(np.square(v)))
return list(grad(np.add(w,rho*u(grad(w)))))
"""),
    ("wsd_rate", "np.interp(k,[0,(1-cooldown)*steps,steps],[lr,lr,0])"),
    ("wsd_rate", """
s=(1-cooldown)*steps
return lr if k<=s else 0.0 if k>=steps else lr*(1-(k-s)/(steps-s))
"""),
    ("wsd_rate", "lr*max(0,min(1,(1-k/steps)/cooldown))"),
    ("wsd_rate", "lr*sorted([0,(steps-k)/(cooldown*steps),1])[1]"),
    ("wsd_rate", "float(np.minimum(lr,np.maximum(0,lr*(steps-k)/cooldown/steps)))"),
    ("newton_schulz", """
a, b, c = 3.4445, -4.7750, 2.0315
X = G / (np.linalg.norm(G) + 1e-7)
for _ in range(steps):
    A = X @ X.T
    X = a * X + (b * A + c * A @ A) @ X
return X
"""),
    ("wsd_rate", """
c = (1 - cooldown) * steps
return lr if k <= c else lr * (steps - k) / (steps - c)
"""),
    ("wsd_rate", "lr - lr * max(0, k / steps - 1 + cooldown) / cooldown"),
]
# fmt: on
