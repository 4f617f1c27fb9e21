"""Answers to the exercises of chapter 00 that nobody had foreseen, as they were typed."""

# fmt: off
WRONG = [  # exercise, what stands in the function, what kind of reply, and what must stand in it
    ("gd_step", "1-lr*g",
     'place', "the number `1` is not what belongs there"),
]

RIGHT = [
    ("gd_step", "np.subtract(w,lr*g)"),
    ("gd_step", "[a-lr*b for a,b in zip(w,g)]"),
    ("gd_step", "w+(-lr)*g"),
    ("gd_step", "np.einsum('i,ki->k',[1,-lr],np.stack([w,g],1))"),
    ("gd_step", """
w=w.copy()
w-=lr*g
return w
"""),
    ("gd_step", """
from fractions import Fraction as F
return [F(a)-F(lr)*F(b) for a,b in zip(w,g)]
"""),
]
# fmt: on
