"""Answers to the exercises of chapter 08 that nobody had foreseen, as they were typed."""

# fmt: off
WRONG = [  # exercise, what stands in the function, what kind of reply, and what must stand in it
    ("natural_beta", "np.exp(beta)",
     'known', "what undoes the exponential?"),
    ("cosine_rate", """
k=min(k,steps)
return end+(lr-end)*1+np.cos(np.pi*k/steps)/2
""",
     'place', "the brackets are not where"),
    ("plateau", """
if loss<best:
    best,bad=loss,0
else:
    bad=1
if bad>patience:
    rate,bad=rate*factor,0
return rate,best,bad
""",
     'place', "the number `1` is not what belongs there"),
    ("linear_rate", "lr*(1-k/tau)",
     'seen', "your code never uses `end`"),
    ("rate_for_floor", "variance * lam * (2 - lam)",
     'known', "η is left out"),
    ("cosine_rate", """
d = min(k, steps) / steps
return end + (lr - end) * np.cos(np.pi * d)
""",
     'known', "neither lifted nor halved"),
    ("natural_beta", "1 / np.log(beta)",
     'known', "1/ln β"),
    ("linear_rate", "end + (lr - end) * (1 + math.cos(math.pi * min(k, tau) / tau)) / 2",
     'known', "half a cosine"),
    ("wsd_rate", "lr if k > share * steps else lr * (1 - k / (share * steps))",
     'known', "in the first part, and then stays"),
    ("warmup_rate", """
if k < steps:
    return (k + 1) / (steps + 1) * lr
""",
     "seen", "no `return`.\nFor example"),
    ("warmup_rate", "lr * np.tanh((k + 1) / (steps + 1))",
     "seen", "and otherwise its number is too small"),
    ("natural_beta", "np.log(0.5) / np.log(beta)",
     "known", "your numbers are those of a known mistake: the half-life"),
    ("wsd_rate", "[lr * min(1, (steps - k) / (share * steps)) for k in range(steps)]",
     "seen", "which of its entries is it?\nthe `k` that is handed in is never used: your loop has a `k` of its own"),
    ("warmup_rate", "lr * min(1, (k + 2) / (steps + 2))",
     "place", "and so wherever it stands"),
    ("rate_for_floor", "variance * lam * (2 - variance * lam)",  # once: that its brackets do not belong there
     "known", "V stands in the place of η below the line"),
    ("warmup_rate", "lr / (steps + 1 - k) if k < steps else lr",
     "known", "a part of the stairs that are left"),
]

RIGHT = [
    ("natural_beta", "np.log(1/beta)"),
    ("natural_beta", "math.log(1/beta)"),
    ("natural_beta", "abs(math.log(beta))"),
    ("natural_beta", "-math.log2(beta)/math.log2(math.e)"),
    ("natural_beta", "-np.log1p(beta-1)"),
    ("natural_beta", "np.float32(-np.log(beta))"),
    ("rate_for_floor", "2/(lam+1/(lam*variance))"),
    ("rate_for_floor", "1/(1/(2*lam*variance)+lam/2)"),
    ("rate_for_floor", """
lo,hi=0,2/lam
for _ in range(200):
    m=(lo+hi)/2
    if m/(lam*(2-m*lam))<variance: lo=m
    else: hi=m
return m
"""),
    ("rate_for_floor", """
from fractions import Fraction as F
v,l=F(variance),F(lam)
return 2*l*v/(1+l*l*v)
"""),
    ("rate_for_floor", """
q=lam*lam*variance
return 2*q/(1+q)/lam
"""),
    ("linear_rate", "np.interp(k,[0,tau],[lr,end])"),
    ("linear_rate", "np.linspace(lr,end,tau+1)[min(k,tau)]"),
    ("linear_rate", "lr+(end-lr)*np.clip(k/tau,0,1)"),
    ("linear_rate", "return end if k>=tau else ((tau-k)*lr+k*end)/tau"),
    ("linear_rate", "float(np.where(k<tau, lr-(lr-end)*k/tau, end))"),
    ("linear_rate", """
from fractions import Fraction as F
d=F(min(k,tau),tau)
return (1-d)*F(lr)+d*F(end)
"""),
    ("cosine_rate", """
k=min(k,steps)
return (lr+end)/2+(lr-end)/2*math.cos(math.pi*k/steps)
"""),
    ("cosine_rate", """
k=min(k,steps)
return end+(lr-end)*math.cos(math.pi*k/steps/2)**2
"""),
    ("cosine_rate", """
c=math.cos(np.deg2rad(180)*np.clip(k/steps,0,1))
return end*(1-c)/2+lr*(1+c)/2
"""),
    ("cosine_rate", """
t=np.minimum(1,k/steps)
return lr-(lr-end)*np.sin(np.pi*t/2)**2
"""),
    ("cosine_rate", """
if k>=steps: return end
return end+.5*(lr-end)*(1+np.exp(1j*np.pi*k/steps).real)
"""),
    ("warmup_rate", "min(lr, lr*(k+1)/(steps+1))"),
    ("warmup_rate", "lr if k>=steps else lr*(k+1)/(steps+1)"),
    ("warmup_rate", "np.interp(k+1,[0,steps+1],[0,lr])"),
    ("warmup_rate", "np.linspace(0,lr,steps+2)[min(k,steps)+1]"),
    ("warmup_rate", "lr*np.clip((k+1)/(steps+1),None,1)"),
    ("warmup_rate", "lr*sorted([0,(k+1)/(steps+1),1])[1]"),
    ("wsd_rate", "np.interp(k,[0,(1-share)*steps,steps],[lr,lr,0])"),
    ("wsd_rate", """
s=(1-share)*steps
return lr if k<s else lr*(1-(k-s)/(steps-s))
"""),
    ("wsd_rate", "lr*np.clip((1-k/steps)/share,0,1)"),
    ("wsd_rate", "lr*min(1.0,(steps-k)/steps/share)"),
    ("wsd_rate", "float(np.piecewise(float(k),[k<=(1-share)*steps],[lr,lambda x: lr*(steps-x)/(share*steps)]))"),
    ("plateau", """
bad=0 if loss<best else bad+1
best=min(best,loss)
return (rate*factor,best,0) if bad>patience else (rate,best,bad)
"""),
    ("plateau", """
better=loss<best
if better: best=loss
bad=(bad+1)*(not better)
hit=bad>patience
return [rate*factor**hit,best,bad*(1-hit)]
"""),
    ("plateau", """
bad=np.where(loss<best,0,bad+1)
best=np.minimum(loss,best)
return np.where(bad>patience,rate*factor,rate),best,np.where(bad>patience,0,bad)
"""),
    ("plateau", """
if loss>=best:
    if bad+1>patience: return rate*factor,best,0
    return rate,best,bad+1
return rate,loss,0
"""),
    ("plateau", """
n=bad+1
if loss<best: n,best=0,loss
if n==patience+1: rate*=factor; n=0
return np.array([rate,best,n],dtype=np.float32)
"""),
]
# fmt: on
