"""Answers to the exercises of chapter 07 that nobody had foreseen, as they were typed."""

# fmt: off
WRONG = [  # exercise, what stands in the function, what kind of reply, and what must stand in it
    ("adam_step", """
m=beta2*m+(1-beta2)*g
v=beta1*v+(1-beta1)*g**2
mh=m/(1-beta1**t)
vh=v/(1-beta2**t)
w=w-lr*mh/(np.sqrt(vh)+eps)
return w,m,v
""",
     'place', "`beta1` and `beta2` are exchanged in"),
    ("adam_step", """
m=beta1*m+(1-beta1)*g
v=beta2*v+(1-beta2)*g**2
mh=m/(1-beta1)**t
vh=v/(1-beta2)**t
w=w-lr*mh/(np.sqrt(vh)+eps)
return w,m,v
""",
     'place', "So it is with `(1-beta2)**t`"),
    ("adam_step", """
m=beta1*m+(1-beta1)*g
v=beta2*v+(1-beta2)*g**2
mh=m/1-beta1**t
vh=v/1-beta2**t
w=w-lr*mh/(np.sqrt(vh)+eps)
return w,m,v
""",
     'place', "So it is with `v/1-beta2**t`"),
    ("amsgrad_root", """
v=np.maximum(v,beta2*v+(1-beta2)*g**2)
v_max=np.maximum(v_max,v)
return v,v_max,np.sqrt(v_max/(1-beta2**t))
""",
     'place', "`np.maximum(…)` around"),
    ("nadam_mhat", "beta1*m/(1-beta1**t+1)+(1-beta1)*g/(1-beta1**t)",
     'place', "the brackets are not where they belong in `1-beta1**t+1`"),
    ("nadam_mhat", "beta1*m/(1-beta1**(t+1))+(1-beta1)*g/(1-beta1)",
     'known', "the gradient's term is divided by 1 − β₁, whatever t is"),
    ("amsgrad_root", """
v=beta2*v+(1-beta2)*g**2
v_max=np.maximum(v,v_max)
t=t+1
return v,v_max,np.sqrt(v_max/(1-beta2**t))
""",
     'known', "the correction counts one step too many"),
    ("adamw_update", "w*np.exp(-lr*decay)-lr*m_hat/root", 'known', "the decay multiplies w by e^(−ηλ)"),
    ("amsgrad_root", """
v = beta2 * v + (1 - beta2) * g**2
v_max = max(v_max, v)
root = np.sqrt(v_max / (1 - beta2**t))
return v, v_max, root
""",
     'place', "`np.maximum` and `np.minimum`"),
    ("amsgrad_root", """
v = beta2 * v + (1 - beta2) * g**2
v_max = np.max(v_max, v)
root = np.sqrt(v_max / (1 - beta2**t))
return v, v_max, root
""",
     'place', "`np.maximum`"),
    ("amsgrad_root", """
v = v + g**2
v_max = np.maximum(v_max, v)
root = np.sqrt(v_max / (1 - beta2**t))
return v, v_max, root
""",
     'known', "v adds up all squares"),
    ("adamw_update", "w * decay - lr * m_hat / root",
     'known', "w is multiplied by the decay"),
    ("adam_step", """
m = beta1 * m + (1 - beta1) * g
v = beta2 * v + (1 - beta2) * g**2
m_hat = m / (1 - beta1*t)
v_hat = v / (1 - beta2*t)
w = w - lr * m_hat / (np.sqrt(v_hat) + eps)
return w, m, v
""",
     'known', "a product in place of a power"),
    ("adam_step", """
m = beta1 * m + (1 - beta1) * g
v = beta2 * v + (1 - beta2) * g**2
w = w + lr * m / (np.sqrt(v / (1 - beta2**t)) + eps)
return w, m, v
""",
     'known', "With that changed your numbers are those of a known mistake: only v is corrected"),
    ("amsgrad_root", """
v = beta2 * v + (1 - beta2) * g**2
v_max = v
return v, v_max, np.sqrt(v_max / (1 - beta2**t))
""",
     'known', "v_max: yours is v."),
    ("adamw_update", "w + lr * m_hat / root - decay * w",
     'known', "two known mistakes at once: lr is not on the decay; and the step goes uphill"),
    ("nadam_mhat", "beta1 * m / (1 - beta1) ** (t + 1) + (1 - beta1) * g / (1 - beta1) ** t",
     "place", "So it is with `(1 - beta1) ** t`"),
    ("nadam_mhat", "beta1 * m / (1 - beta1 ** (t - 1)) + (1 - beta1) * g / (1 - beta1**t)",
     "place", "the sign before `1` is wrong in `t - 1`"),
    ("expected_best", """
losses.sort()
n = len(losses)
x = np.arange(n, -1, -1) / n
return losses @ -np.diff(x**K)
""",
     "seen", "`losses.sort()` sorts it where it stands; `np.sort(losses)` gives a new array"),
    ("adamw_update", "w - lr * (m_hat / root + 0.5 * decay * w**2)",
     "known", "the penalty ½λw² is subtracted, not its derivative"),
]

RIGHT = [
    ("adam_step", """
m=m+(1-beta1)*(g-m)
v=v+(1-beta2)*(g*g-v)
step=lr*math.sqrt(1-beta2**t)/(1-beta1**t)
return w-step*m/(np.sqrt(v)+eps*math.sqrt(1-beta2**t)), m, v
"""),
    ("adam_step", """
m,v=beta1*m+(1-beta1)*g, beta2*v+(1-beta2)*g**2
c1,c2=1-beta1**t,1-beta2**t
return np.vstack([w-lr*(m/c1)/((v/c2)**.5+eps),m,v])
"""),
    ("adam_step", """
out=[]
for a,b,c,d in zip(w,m,v,g):
    b=beta1*b+(1-beta1)*d
    c=beta2*c+(1-beta2)*d*d
    out.append((a-lr*b/(1-beta1**t)/(math.sqrt(c/(1-beta2**t))+eps),b,c))
return tuple(map(np.array,zip(*out)))
"""),
    ("adam_step", """
m=m.copy(); v=v.copy()
m*=beta1; m+=(1-beta1)*g
v*=beta2; v+=(1-beta2)*g*g
mh=m/(1-beta1**t)
vh=v/(1-beta2**t)
w=w-lr*mh/(np.sqrt(vh)+eps)
return w,m,v
"""),
    ("adam_step", """
mv=np.array([m,v]); b=np.array([[beta1],[beta2]])
mv=b*mv+(1-b)*np.array([g,g**2])
h=mv/(1-b**t)
return w-lr*h[0]/(np.sqrt(h[1])+eps), *mv
"""),
    ("nadam_mhat", """
a=beta1/(1-beta1**(t+1)); b=(1-beta1)/(1-beta1**t)
return a*m+b*g
"""),
    ("nadam_mhat", "np.array([beta1*x/(1-beta1**(t+1))+(1-beta1)*y/(1-beta1**t) for x,y in zip(m,g)])"),
    ("nadam_mhat", "np.dot([beta1/(1-beta1**(t+1)),(1-beta1)/(1-beta1**t)],[m,g])"),
    ("nadam_mhat", "(beta1*(1-beta1**t)*m+(1-beta1)*(1-beta1**(t+1))*g)/((1-beta1**t)*(1-beta1**(t+1)))"),
    ("nadam_mhat", "np.einsum('i,in->n',[beta1/(1-beta1**(t+1)),(1-beta1)/(1-beta1**t)],np.stack([m,g]))"),
    ("amsgrad_root", """
v=beta2*v+(1-beta2)*g*g
v_max=np.where(v>v_max,v,v_max)
return np.array([v,v_max,(v_max/(1-beta2**t))**.5])
"""),
    ("amsgrad_root", """
v=beta2*v+(1-beta2)*g*g
v_max=np.fmax(v,v_max)
return [v,v_max,np.sqrt(v_max)/np.sqrt(1-beta2**t)]
"""),
    ("amsgrad_root", """
v=beta2*v+(1-beta2)*g*g
v_max=[max(a,b) for a,b in zip(v,v_max)]
return v,v_max,[math.sqrt(a/(1-beta2**t)) for a in v_max]
"""),
    ("amsgrad_root", """
v=v*beta2+np.square(g)*(1-beta2)
v_max=np.stack([v,v_max]).max(axis=0)
return v,v_max,np.sqrt(v_max/(1-beta2**t))
"""),
    ("amsgrad_root", """
v=v*beta2+np.square(g)*(1-beta2)
v_max=(v+v_max+abs(v-v_max))/2
return v,v_max,np.sqrt(v_max/(1-beta2**t))
"""),
    ("adamw_update", "w*(1-lr*decay)-lr*m_hat/root"),
    ("adamw_update", """
w=(1-lr*decay)*w
return w-lr*m_hat/root
"""),
    ("adamw_update", "np.array([a-lr*(b/c+decay*a) for a,b,c in zip(w,m_hat,root)])"),
    ("adamw_update", """
w0=w.copy()
w=w-lr*decay*w0
w-=lr*m_hat/root
return w
"""),
    ("adamw_update", "w-lr*np.add(m_hat/root,np.multiply(decay,w))"),
    ("expected_best", """
s=sorted(losses); n=len(s)
return s[0]+sum((s[i]-s[i-1])*((n-i)/n)**K for i in range(1,n))
"""),
    ("expected_best", """
from fractions import Fraction
s=sorted(map(Fraction,losses)); n=len(s)
return sum(x*(Fraction(n-i,n)**K-Fraction(n-i-1,n)**K) for i,x in enumerate(s))
"""),
    ("expected_best", """
n=len(losses)
p=[]
losses=np.asarray(losses)
tot=0
for x in np.unique(losses):
    tot+=x*(np.mean(losses>=x)**K-np.mean(losses>x)**K)
return tot
"""),
    ("expected_best", """
s=np.sort(losses); n=len(s)
return np.einsum('i,i',s,-np.diff(((n-np.arange(n+1))/n)**K))
"""),
    ("expected_best", """
import itertools
return np.mean([min(c) for c in itertools.product(losses, repeat=K)])
"""),
]
# fmt: on
