"""Answers to the exercises of chapter 02 that nobody had foreseen, as they were typed."""

# fmt: off
WRONG = [  # exercise, what stands in the function, what kind of reply, and what must stand in it
    ("escape_steps", "np.log(reach/distance/np.log(1-lr*eigenvalue))",
     'place', "the brackets of"),
    ("classify", """
zero = np.abs(eigenvalues) <= 1e-9 * np.abs(eigenvalues).max()
if np.all(eigenvalues > 0 & ~zero): return "minimum"
if np.all(eigenvalues < 0 & ~zero): return "maximum"
if np.any(eigenvalues > 0 & ~zero) and np.any(eigenvalues < 0 & ~zero): return "saddle"
return "degenerate"
""",
     'known', "in `eigenvalues > 0 & ~zero` the `&` or `|` comes first"),
    ("classify", """
zero = np.abs(eigenvalues) <= 1e-9 * np.abs(eigenvalues).max()
if eigenvalues[0] > 0 and not zero.any(): return "minimum"
if eigenvalues[-1] < 0 and not zero.any(): return "maximum"
if eigenvalues[0] < 0 < eigenvalues[-1]: return "saddle"
return "degenerate"
""",
     'known', "as if they were sorted"),
    ("escape_direction", """
values, vectors = np.linalg.eigh(hessian)
return vectors[:, values == values.min()]
""",
     "seen", "should be (2,). In `vectors[:, values == values.min()]` a question may pick any number of entries"),
    ("classify", """
zero = np.abs(eigenvalues) <= 1e-9 * np.abs(eigenvalues).max()
e = eigenvalues[zero]
if np.all(e > 0):
    return "minimum"
if np.all(e < 0):
    return "maximum"
if np.any(e > 0) and np.any(e < 0):
    return "saddle"
return "degenerate"
""",
     "seen", "in none of the 50 cases do you say `'saddle'`"),
    ("classify", """
zero = np.abs(eigenvalues) <= 1e-9 * np.abs(eigenvalues).max()
e = np.where(zero, 0, eigenvalues)
if e[0] > 0:
    return "minimum"
if e[-1] < 0:
    return "maximum"
if e[0] < 0 < e[-1]:
    return "saddle"
return "degenerate"
""",
     "known", "they are taken to be sorted"),
    ("classify", """
zero = np.abs(eigenvalues) <= 1e-9 * np.abs(eigenvalues).max()
det = np.prod(np.where(zero, 0, eigenvalues))
if det > 0:
    return "minimum" if eigenvalues[0] > 0 else "maximum"
return "saddle" if det < 0 else "degenerate"
""",
     "known", "the determinant decides"),
    ("classify", """
if all(eigenvalues) > 0:
    return "minimum"
if all(eigenvalues) < 0:
    return "maximum"
return "saddle"
""",
     "seen", "in `all(eigenvalues) > 0` a True or a False is compared with a number"),
    ("escape_direction", """
values, vectors = np.linalg.eigh(hessian)
way = vectors[:, values < 0].sum(axis=1)
return way / np.linalg.norm(way)
""",
     "known", "the sum of all eigenvectors that lead down, with length 1"),
]

RIGHT = [
    ("quadratic_model", "L+np.einsum('i,i',g,d)+np.einsum('i,ij,j',d,H,d)/2"),
    ("quadratic_model", "L+(g+H@d/2)@d"),
    ("quadratic_model", "np.array([L])[0]+np.dot(g,d)+np.vdot(d,np.dot(H,d))*0.5"),
    ("quadratic_model", "np.float32(L+g@d+.5*d@H@d)"),
    ("quadratic_model", "(L+g@d+.5*np.trace(H@np.outer(d,d))).reshape(1,1)[0,0]"),
    ("classify", """
e=eigenvalues
t=1e-9*max(abs(e))
u=sum(e>t); d=sum(e<-t)
return 'minimum' if u==len(e) else 'maximum' if d==len(e) else 'saddle' if u and d else 'degenerate'
"""),
    ("classify", """
e=eigenvalues/np.abs(eigenvalues).max() if np.any(eigenvalues) else eigenvalues
u,d=e>1e-9,e<-1e-9
return np.select([u.all(),d.all(),u.any()&d.any()],['minimum','maximum','saddle'],'degenerate')
"""),
    ("classify", """
s=np.sign(np.where(np.abs(eigenvalues)>1e-9*np.abs(eigenvalues).max(),eigenvalues,0))
lo,hi=s.min(),s.max()
return {(1,1):'minimum',(-1,-1):'maximum',(-1,1):'saddle'}.get((lo,hi),'degenerate')
"""),
    ("escape_direction", """
v,V=np.linalg.eigh(hessian)
return -V.T[0]
"""),
    ("escape_direction", """
v,V=np.linalg.eig(hessian)
return V[:,v.argmin()].real
"""),
    ("escape_direction", """
v,V=np.linalg.eigh(-hessian)
return V[:,-1].tolist()
"""),
    ("escape_steps", "(np.log(reach)-np.log(distance))/np.log1p(-lr*eigenvalue)"),
    ("escape_steps", "np.log2(reach/distance)/np.log2(1+lr*abs(eigenvalue))"),
    ("escape_steps", """
import math
return math.log(reach/distance,1-lr*eigenvalue)
"""),
]
# fmt: on
