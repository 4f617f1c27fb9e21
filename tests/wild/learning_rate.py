"""Answers to the exercises of chapter 03 that nobody had foreseen, as they were typed."""

# fmt: off
WRONG = [  # exercise, what stands in the function, what kind of reply, and what must stand in it
    ("range_rate", "low*(high-low)**(k/(steps-1))",
     'place', "the `-` between `high` and `low`"),
    ("best_rate", "curvatures.max()/curvatures.min()",
     'seen', "with twice `curvatures` the answer should be half what it was"),
    ("best_and_cliff", """
i=np.nanargmin(losses)
for lr,l in zip(lrs[i:],losses[i:]):
    if not l<=start:
        return lrs[i], lr
return lrs[i], np.inf
""",
     'place', "a run that ends where it began"),
    ("best_and_cliff", """
l=np.nan_to_num(losses)
i=np.argmin(l)
bad=[lr for lr,x in zip(lrs,l) if not x<start and lr>lrs[i]]
return lrs[i], min(bad, default=np.inf)
""",
     'known', "a run that overflowed is given the loss 0"),
    ("largest_rate", "2/np.linalg.eig(hessian).max()",
     'seen', "`eig` returns two things"),
    ("verdict", "return ['too large','fine','too small'][np.argmin([slower,same,faster])]",
     'seen', "do you say `'neither'`"),
    ("verdict", """
x=[slower,same,faster]
if all(v>=0.98*before for v in x): return 'neither'
if not np.isfinite(faster): return 'too large'
return ['too large','fine','too small'][np.nanargmin(x)]
""",
     'known', "any fork that overflowed means “too large”"),
    ("best_rate", "4 / (np.sqrt(curvatures.max()) + np.sqrt(curvatures.min()))**2",
     'known', "the heavy ball's best rate"),
    ("verdict", """
if not same < 0.98 * before:
    return 'neither'
l = [x if np.isfinite(x) else np.inf for x in (slower, same, faster)]
return ['too large', 'fine', 'too small'][int(np.argmin(l))]
""",
     'known', "unless the same rate goes down"),
    ("verdict", """
l = [x if np.isfinite(x) else np.inf for x in (slower, same, faster)]
if min(l) >= 0.02 * before: return "neither"
return ["too large", "fine", "too small"][int(np.argmin(l))]
""",
     'known', "the limit is 0.02"),
    ("verdict", """
if slower < same < faster:
    return 'too large'
if slower > same < faster:
    return 'fine'
if slower > same > faster:
    return 'too small'
return 'neither'
""",
     'known', "a valley: all else"),
    ("best_and_cliff", """
best = lrs[np.nanargmin(losses)]
bad = lrs[(lrs > best) & (losses > start)]
return best, bad[0] if len(bad) else np.inf
""",
     'known', "or that ends where it began, counts as good"),
    ("largest_rate", "2 / max(np.linalg.eigh(hessian))",
     'seen', "`eigh` returns two things"),
    ("best_rate", "2 / sum(max(curvatures), min(curvatures))",
     'seen', "two numbers are added with `+`"),
    ("best_rate", """
a, b = curvatures
return 2 / (a + b)
""",
     'seen', "names on the left"),
    ("largest_rate", """
vectors, values = np.linalg.eigh(hessian)
return 2 / values[0]
""",
     'known', "the names in `vectors, values = np.linalg.eigh(hessian)` stand in the wrong order"),
    ("range_rate", "np.geomspace(low, high, steps)",
     'seen', "which of its entries is it?\nyour code never uses `k`"),
    ("best_rate", "1 / (np.max(curvatures) - np.min(curvatures))",
     'known', "half those of a known mistake: the difference in place of the sum"),
    ("best_and_cliff", """
good = lrs[losses < start]
return good[-1], lrs[np.nanargmin(losses)]
""",
     'seen', "the cliff: yours is the best rate."),
    ("best_rate", "2 / (curvatures + curvatures[::-1])",
     "seen", "where one number is asked for: is a sum"),
    ("best_rate", "2 / np.asarray(curvatures)",
     "known", "the edge of every direction by itself"),
    ("verdict", """
slower, same, faster = [x if np.isfinite(x) else np.inf for x in (slower, same, faster)]
if slower < 0.98 * same and slower < faster:
    return "too large"
if faster < 0.98 * same and faster < slower:
    return "too small"
return "fine" if same < 0.98 * before else "neither"
""",
     "known", "have to be two per cent below the same one"),
    ("verdict", """
after = [x if np.isfinite(x) else np.inf for x in (slower, same, faster)]
if min(after) > 0.98 * same:
    return "fine"
return ["too large", "fine", "too small"][after.index(min(after))]
""",
     "seen", "should be"),
]

RIGHT = [
    ("range_rate", "np.geomspace(low, high, steps)[k]"),
    ("range_rate", "np.exp(np.log(low)+(np.log(high)-np.log(low))*k/(steps-1))"),
    ("range_rate", "np.logspace(np.log10(low), np.log10(high), steps)[k]"),
    ("range_rate", """
t=k/(steps-1)
return low**(1-t)*high**t
"""),
    ("range_rate", """
r=low
for _ in range(k):
    r*=(high/low)**(1/(steps-1))
return r
"""),
    ("range_rate", "10**np.interp(k,[0,steps-1],[np.log10(low),np.log10(high)])"),
    ("best_rate", "2/(min(curvatures)+max(curvatures))"),
    ("best_rate", """
s=sorted(curvatures)
return 2/(s[0]+s[-1])
"""),
    ("best_rate", "1/np.mean([np.amin(curvatures),np.amax(curvatures)])"),
    ("best_rate", """
c=np.sort(curvatures)
return 2/c[[0,-1]].sum()
"""),
    ("best_rate", "np.float32(2/(curvatures.min()+curvatures.max()))"),
    ("best_and_cliff", """
l=np.where(np.isfinite(losses),losses,np.inf)
i=int(np.argmin(l))
return lrs[i], min([r for r,x in zip(lrs[i:],l[i:]) if x>=start], default=float('inf'))
"""),
    ("best_and_cliff", """
i=np.nanargmin(losses)
k=np.flatnonzero(~(losses[i+1:]<start))
return np.array([lrs[i], lrs[i+1+k[0]] if k.size else np.inf])
"""),
    ("best_and_cliff", """
i=min(range(len(lrs)), key=lambda k: losses[k] if losses[k]==losses[k] else 1e300)
for k in range(i+1,len(lrs)):
    if not losses[k]<start: return [lrs[i], lrs[k]]
return [lrs[i], math.inf]
"""),
    ("best_and_cliff", """
i=np.nanargmin(losses)
ok=losses<start
first=next((r for r,o in list(zip(lrs,ok))[i:] if not o), np.inf)
return lrs[i].item(), first
"""),
    ("best_and_cliff", """
m=np.nanmin(losses)
best=lrs[losses==m][0]
c=lrs[(lrs>best)&~(losses<start)]
return best, c[0] if len(c) else np.inf
"""),
    ("best_and_cliff", """
m=np.nanmin(losses)
best=lrs[losses==m][0]
return best, np.min(lrs, where=(lrs>best)&~(losses<start), initial=np.inf)
"""),
    ("largest_rate", "2/np.linalg.eigvalsh(hessian)[-1]"),
    ("largest_rate", "2/np.linalg.eigh(hessian)[0].max()"),
    ("largest_rate", "2/max(np.linalg.eigvals(hessian).real)"),
    ("largest_rate", """
e,_=np.linalg.eig(hessian)
return (2/e[e>0]).min()
"""),
    ("largest_rate", "2/sorted(np.linalg.eigvalsh(hessian))[-1].item()"),
    ("verdict", """
x=np.array([slower,same,faster])
x[~np.isfinite(x)]=np.inf
if not (x<0.98*before).any(): return 'neither'
return ('too large','fine','too small')[x.argmin()]
"""),
    ("verdict", """
d={'too large':slower,'fine':same,'too small':faster}
d={k:v for k,v in d.items() if math.isfinite(v) and v<0.98*before}
return min(d,key=d.get) if d else 'neither'
"""),
    ("verdict", """
ok=lambda v: v if v==v and abs(v)!=float('inf') else float('inf')
s,m,f=map(ok,(slower,same,faster))
if min(s,m,f)/before>=.98: return 'neither'
if s<=m and s<=f: return 'too large'
return 'fine' if m<=f else 'too small'
"""),
]
# fmt: on
