"""Answers to the exercises of chapter 05 that nobody had foreseen, as they were typed."""

# fmt: off
WRONG = [  # exercise, what stands in the function, what kind of reply, and what must stand in it
    ("heavy_ball", """
v=mu*v-lr*grad(w)
w=v
return w,v
""",
     'place', "at `v` a term is missing"),
    ("heavy_ball", """
v=lr*v-mu*grad(w)
w=w+v
return w,v
""",
     'place', "`lr` and `mu` are exchanged"),
    ("to_average", "return (1-mu)/lr, mu",
     'place', "1 over what is expected"),
    ("heavy_ball", """
v = mu * v - (1 - mu) * grad(w)
w = w + lr * v
return w, v
""",
     'seen', "lr=0.3, mu=0.5)"),
    ("heavy_ball", """
v = mu * v - lr * grad(w)
return w - v, v
""",
     "known", "the point moves against its velocity"),
    ("heavy_ball", """
v = mu * v - lr * grad(v)
w = w + v
return w, v
""",
     "place", "the third `v` is not what belongs there in `v = mu * v - lr * grad(v)`"),
    ("nesterov_step", """
v = mu * v - lr * grad(w + mu * v)
w = w + mu * v - lr * grad(w + mu * v)
return w, v
""",
     "known", "reckoned anew from the new v"),
    ("to_average", "10 * lr, mu",
     "known", "η is multiplied by 10, whatever μ is"),
]

RIGHT = [
    ("heavy_ball", """
d=mu*v-lr*grad(w)
return np.array([w+d,d])
"""),
    ("heavy_ball", """
w2=w-lr*grad(w)+mu*v
return w2,w2-w
"""),
    ("heavy_ball", """
g=grad(w)
v=[mu*a-lr*b for a,b in zip(v,g)]
return [a+b for a,b in zip(w,v)],v
"""),
    ("heavy_ball", """
v=v.copy();w=w.copy()
v*=mu
v-=lr*grad(w)
w+=v
return w,v
"""),
    ("nesterov_step", """
y=w+mu*v
wn=y-lr*grad(y)
return wn,wn-w
"""),
    ("nesterov_step", """
a=mu*v
v=a-lr*grad(w+a)
return [w+v,v]
"""),
    ("nesterov_step", """
v=np.multiply(mu,v)-np.multiply(lr,grad(np.add(w,mu*v)))
return np.stack((w+v,v))
"""),
    ("to_average", """
b=mu
return [lr/(1-b), b]
"""),
    ("to_average", "return np.array([lr*(1-mu)**-1, mu])"),
    ("to_average", """
from fractions import Fraction as F
return F(lr)/(1-F(mu)), F(mu)
"""),
    ("from_torch", "return theta+mu*lr*buf, -lr*buf"),
    ("from_torch", """
v=[-lr*b for b in buf]
return [t-mu*x for t,x in zip(theta,v)], v
"""),
    ("from_torch", "return np.array([theta,0*theta])+np.outer([mu*lr,-lr],buf)"),
]
# fmt: on
