"""What usually stands behind an error message."""

import difflib
import re

# What can be gone through, once and forwards, and does nothing else that a list does.
PASSING = ("zip", "map", "filter", "enumerate", "generator", "reversed", "list_reverseiterator")

NUMBERS = ("int", "float", "bool", "complex", "float64", "float32", "int64", "numpy.bool")
FUNCTIONS = ("function", "method", "function_or_method")

NO_AXIS = ("out of bounds for array of dimension", "repeated axis", "scalar index", "integer argument expected",
           "interpreted as an integer")  # fmt: skip


def _of(kinds, rest, pattern, text):
    """A piece of advice where a message says this of something of one of these types."""
    return [(f"{kind}' {rest}", pattern, text) for kind in kinds]


ADVICE = [  # part of the message, part of the line (a pattern; "" fits any), what usually stands behind it
    *((said, "", "What `zip`, `map`, `reversed` and the like give can be gone through, once and forwards, and no more: "
       "`list(…)` makes a list of it.") for kind in PASSING for said in (f"'{kind}'", f"of type {kind} ")),
    ("NoneType", r"shuffle", "`shuffle` works in place and returns nothing."),
    ("NoneType", r"\.(reverse|sort|append|extend|insert)\(", "`.reverse()`, `.sort()` and `.append(…)` change the list "
     "itself and return nothing."),
    ("'NoneType' object is not", "", "There is a `None`: is a `return` missing in a function that you call? (And "
     "`.reverse()`, `.sort()`, `.append(…)` change a list and return nothing.)"),
    ("'NoneType' has no len()", "", "There is a `None`: is a `return` missing in a function that you call? (And "
     "`.reverse()`, `.sort()`, `.append(…)` change a list and return nothing.)"),
    ("unhashable type", "", "`{…}` makes a set, or a dict. Several results are returned as `a, b`."),
    ("truth value of an array", r"(?<![.\w])(max|min|sorted)\([^()]*\beigh?\(", "`eigh` returns two things, the "
     "eigenvalues and the eigenvectors: take them apart first."),
    ("truth value of an array", r"(?<![.\w])(max|min)\([^()]*,", "Python's own `max(a, b)` and `min(a, b)` compare two "
     "whole arrays. Entry by entry it is `np.maximum` and `np.minimum`."),
    ("truth value of an array", r"(?<![.\w])(max|min|sorted)\(", "Python's own `max` and `min` compare whole rows. "
     "`np.max`, or `.max(…)`, looks at the numbers."),
    ("truth value of an array", r"\b(and|or|not)\b", "`and`, `or` and `not` need one truth value each; comparing an "
     "array gives many. `np.all` or `np.any`? Entry by entry it is `&`, `|`, `~`."),
    ("truth value of an array", "", "An `if` needs one truth value; comparing an array gives many. Entry by entry it "
     "is `np.where(…, this, that)`; for one answer to all of them, `np.all` or `np.any`."),
    *((said, r"np\.average\([^()]*,", "The second argument of `np.average` is its axis; weights are given by their "
       "name, `weights=…`.") for said in NO_AXIS),
    *((said, r"np\.(sum|mean|prod|median|std|var)\([^(),=]*,\s*[A-Za-z_]\w*\)", "The second argument there is the axis "
       "along which it is taken, and not a second array.") for said in NO_AXIS),
    ("scalar index", r"np\.(max|min)\(", "`np.max` takes one array, and then an axis. The larger of two arrays, entry "
     "by entry, is `np.maximum`."),
    ("must be real number, not", r"math\.", "Functions of `math` take one number; those of `np` take arrays."),
    ("recursion", "", "Your function calls itself and never stops doing so."),
    ("bitwise_xor", "", "`^` is not a power in Python (it works on bits): write `**`."),
    ("for ^", "", "`^` is not a power in Python (it works on bits): write `**`."),
    ("bitwise_and", "", "`&` binds more tightly than `<` and `>`: put brackets round each comparison."),
    ("for &", "", "`&` binds more tightly than `<` and `>`: put brackets round each comparison."),
    ("return arrays must be of ArrayType", r"log", "`np.log` has no base: its second argument is where the result "
                                                   "goes."),
    ("return arrays must be of ArrayType", "", "A numpy function takes its second argument for the place of the "
                                               "result."),
    ("output parameter", r"log", "`np.log` has no base: its second argument is where the result goes."),
    ("only length-1 arrays", "", "Functions of `math` take one number; those of `np` take arrays."),
    ("only size-1 arrays", "", "Functions of `math` take one number; those of `np` take arrays."),
    ("only 0-dimensional arrays", "", "Functions of `math` take one number; those of `np` take arrays."),
    ("math range error", "", "That is an overflow: the number is too large. `np.exp` gives infinity there."),
    ("math domain error", "", "A root or a logarithm of something negative, or the logarithm of 0."),
    ("Numerical result out of range", "", "That is an overflow: the number is too large."),
    ("division by zero", "", "Something is divided by 0: which of the arguments makes it so?"),
    ("too many indices", r"\[[^\]:]*,", "A comma in `[…]` counts rows and columns; a slice has a colon, `a[from : "
                                        "to]`."),
    ("must be of integer", "", "What stands in `[…]` as a place has to be a whole number."),
    ("only integers, slices", "", "What stands in `[…]` as a place has to be a whole number."),
    ("cannot be interpreted as an integer", r"/", "`/` always gives a float; `//` gives a whole number."),
    ("cannot be interpreted as an integer", "", "A whole number is needed there."),
    *_of(FUNCTIONS, "has no len()", "", "A function or method does nothing until it is called, with `(…)`."),
    *_of(FUNCTIONS, "object is not iterable", "", "A function or method does nothing until it is called, with `(…)`."),
    *_of(NUMBERS, "has no len()", r"\bin\b", "A loop runs over many things; a number is one. `range(…)`?"),
    *_of(NUMBERS, "has no len()", "", "That is a single number: it has no length."),
    ("list index out of range", "", "The list is empty there, or shorter than you think."),
    ("is out of bounds for axis", "", "Python counts from 0, and what is there may be shorter than you think: it can "
                                      "have any length."),
    ("is out of bounds for array of dimension", "", "Not every array has so many axes: `axis=-1` is the last, "
                                                    "however many there are."),
    ("larger sample than population", "", "There are not that many to draw from."),
    ("Cannot cast ufunc", "", "In place, whole numbers stay whole numbers: make a new array, without `…=`."),
    *_of(NUMBERS, "object is not iterable", r"^\w+ \+= ", "`+=` adds all that is in another list; one thing more "
     "is put into a list by `.append(…)`."),
    *_of(NUMBERS, "object is not iterable", r"(?<![.\w])sum\(", "Python's `sum` takes one list or array of numbers; "
     "two numbers are added with `+`."),
    ("values to unpack", "", "There are not as many things in it as names on the left: it can have any length."),
    *_of(NUMBERS, "object is not iterable", r"\bin\b|sum\(|list\(|zip\(", "A loop runs over many things; a number is "
     "one. `range(n)`?"),
    ("object is not callable", "", "Brackets `(…)` behind a value call it. Is a `*` missing, or does it take `[…]`?"),
    ("'function' object is not subscriptable", "", "A function is called with `(…)`; `[…]` is for arrays."),
    ("EigResult", "", "`eig` returns two things, the eigenvalues and the eigenvectors: take them apart first."),
    ("EighResult", "", "`eigh` returns two things, the eigenvalues and the eigenvectors: take them apart first."),
    ("NoneType", "", "Somewhere a `None` is used as a number: is a `return` missing in a function that you call?"),
    ("'method' object is not subscriptable", "", "A method does nothing until it is called, with `(…)`."),
    ("'builtin_function_or_method'", "", "A function or method does nothing until it is called, with `(…)`."),
    ("cython_function_or_method", "", "A method does nothing until it is called, with `(…)`."),
    ("Generator' object is not subscriptable", "", "`rng` is what draws; one of its methods gives the numbers."),
    ("invalid index to scalar", "", "You put `[…]` behind a single number."),
    *_of(NUMBERS, "object is not subscriptable", "", "You put `[…]` behind a single number."),
    ("as a data type", "", "The shape is one thing: put it in brackets of its own, `((rows, columns))`."),
    ("required positional argument", r"clip\(", "`np.clip` takes both ends: `np.clip(x, low, high)`."),
    ("matmul", "", "`@` needs arrays whose shapes fit; for two numbers, or entry by entry, it is `*`."),
    ("dot: ", "", "`@` needs arrays whose shapes fit."),
    ("not aligned", "", "`@` and `np.dot` need shapes that fit: the last axis of one, the first of the other."),
    ("could not be broadcast", r"keepdims", "Entry by entry the shapes have to fit. Along which axis is it taken, and "
     "which should stay?"),
    ("could not be broadcast", r"\.(mean|sum|std|var|max|min)\((axis ?= ?)?1\b|axis ?= ?1", "Entry by entry the shapes "
     "have to fit. Is it the right axis, and was it lost? (`keepdims=True`)"),
    ("could not be broadcast", r"^(?!.*\b(mean|sum|std|var|max|min|norm)\b).*@", "Entry by entry the shapes have to "
     "fit. Which shape has each product in that line: is a factor missing in one, or too much?"),
    ("could not be broadcast", "", "Entry by entry the shapes have to fit. What was summed up: along the right axis, "
     "and was that axis lost? (`keepdims=True`)"),
    ("inhomogeneous", "seen", "One entry is several things at once: a function that returns a pair? `a, b = …` takes "
                              "it apart."),
    ("inhomogeneous", "", "Rows of different length do not make one array: return a list of arrays."),
    ("cannot reshape", "", "The numbers do not fill that shape exactly."),
    ("does not result in an equal division", "", "`np.split` into so many parts needs parts of equal length."),
    ("list indices must be", "", "A list takes one whole number in `[…]`; several, or a slice of both, need an array."),
    ("multiply sequence", "", "A list times a number repeats it. `np.array(…)` multiplies each entry."),
    ("numpy.ndarray' object has no attribute", r"\.(append|extend|reverse|insert|index|count|pop|remove)\b", "That is "
     "a method of lists, and this is an array."),
    ("and 'list'", "", "A list does not calculate: make it `np.array(…)`."),
    ("'list' and", "", "A list does not calculate: make it `np.array(…)`."),
    ("'tuple'", "", "One of these is a tuple, several results at once: unpack it, `a, b = …`."),
    ("is a function of the weights", "", "Call it: `grad(…)`."),
    ("referenced before assignment", "", "The name is used before it gets a value."),
    ("cannot access local variable", "", "The name is used before it gets a value."),
    ("singular matrix", "", "That matrix has no inverse. Is one needed?"),
]  # fmt: skip


def advice(error, message, line, arguments):
    """What usually stands behind an error: a sentence, or None.

    >>> advice(NameError("name 'grd' is not defined"), "name 'grd' is not defined", "return grd", ["w", "grad"])
    'Did you mean `grad`? It is given `w`, `grad`.'
    """
    if re.search(r"\^\s*T\b", line):
        return "A transpose is written `.T`; for a vector `@` needs none."
    name = re.fullmatch(r"name '(\w+)' is not defined.*", message)
    if name:
        alike = difflib.get_close_matches(name[1], arguments, 1, 0.5)
        alike = alike or [a for a in arguments if len(a) <= 3 and name[1][:1] == a[:1]][:1]
        known = ", ".join(f"`{a}`" for a in arguments)
        mean = f"Did you mean `{alike[0]}`?" if alike else f"Nothing in your function gives `{name[1]}` a value."
        return f"{mean} It is given {known}."
    for part, pattern, text in ADVICE:
        if part in message and re.search(pattern, line):
            return text
    return None
