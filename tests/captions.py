"""What no caption of a live figure may say, wherever its sliders stand.

A scene that needs what is refused here says so, and why:

    allows = {"tiny numbers": "the gradient of a saturated softmax is this small, and that is the lesson"}
    claims = (goes_round,)

allows: a kind of ALLOWED and a reason; "no claims" if the caption only reads off. claims: the functions that decide
what it says beyond that ("never", "for ever", "converged", "the largest"); the scene must use each of them, and a test
must name it.
"""

import ast
import functools
import inspect
import re
import sys
from pathlib import Path

import notebooks

TESTS = Path(__file__).parent
ALLOWED = ("large numbers", "tiny numbers", "no values of sliders", "no claims")
NONSENSE = ("nan", "None", "inf ", "array(", "np.float", "{", "}")
LARGE, TINY = 9, -16  # powers of ten from which on a number says "exploded", or "rounding", and not how much

TENS = r"10[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+"
NUMBER = re.compile(rf"[−-]?(?:{TENS}|(?:\d{{1,3}}(?:,\d{{3}})+|\d+)(?:\.\d+)?(?:[·×]{TENS})?)")
POWER = re.compile(r"10([⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
ZERO = re.compile(r"(?<![\d.,·])0\.0+(?![\d·])(?!\s*10)")  # 0.0000, where 0 or "below 0.0001" is meant
MINUS_ZERO = re.compile(r"[−-]0(?:\.0*)?(?![\d.])")
TUPLE = re.compile(r"\([^()]*,[^()]*\)")
WORDS_TWICE = re.compile(r"\b([^\W\d_]{2,})[ ,]+\1\b", re.I)
MANY = "layers|times|steps|updates|epochs|examples|batches|labels|runs|dimensions|directions|eigenvalues|weights"
ONE_OF_MANY = re.compile(rf"(?<![\d.,·−-])1 (?:{MANY})\b")
SLIPS = re.compile(r"  | [.,;:!?](?!\d)|[.,;:]{2,}|\(\s*\)|^\W*$|[,;:]$")
FOR_EVER = re.compile(r"\bnever\b|\bfor ?ever\b", re.I)
ARRIVES = r"(?:arrive[ds]|converge[ds]|reache[ds]|rests|comes to rest|stays below|stays within|is within)"
LEAVES = r"(?:diverge[ds]|explode[ds]|goes round|never rests|has not reached|is still moving)"
OPPOSITES = [("always", "never"), ("rises", "falls"), ("grows", "shrinks"), ("converged", "diverged")]


def problems(live) -> list[str]:
    """What is wrong with the caption of a live figure as it stands, a sentence each."""
    return wrong(live.caption, live.scene, live.controls)


def wrong(caption, scene=None, controls=None) -> list[str]:
    """What is wrong with a caption, a sentence each.

    >>> wrong("In 2 of 100,000 all are above 0.3, a share of 0.0000.")
    ['the caption says 0.0000, where 0 or a bound is meant: In 2 of 100,000 all are above 0.3, a share of 0.0000.']
    """
    if not (isinstance(caption, str) and caption.strip()):
        return ["the caption is empty"]
    allows = set(getattr(scene, "allows", {}))
    assert allows <= set(ALLOWED), f"{type(scene).__name__}.allows: {sorted(allows)} are not all of {ALLOWED}"
    claims = getattr(scene, "claims", ())
    found = [*faults(caption, claims, controls or {})]
    if scene is not None and not claims:
        found.append(("no claims", "comes from a scene that neither lists its claims nor says that it has none"))
    found += [("claims", f"leans on {name}, which the scene does not use") for name in unused(scene, claims)]
    return [f"the caption {what}: {caption}" for kind, what in found if kind not in allows]


def faults(caption, claims, controls):
    """(kind, what is wrong) for each fault that a caption has."""
    for word in NONSENSE:
        if word in caption:
            yield "nonsense", f"says {word!r}"
    exact = any(one == 0 for control in controls.values() for one in _flat(control.value))
    alone = TUPLE.sub("", caption)  # (0.00, 1.20) is a point, written as its slider writes it
    for match in ZERO.finditer(alone):
        if not (exact and alone[: match.start()].endswith("= ")):  # so is s = 0.00
            yield "zeros", f"says {match[0]}, where 0 or a bound is meant"
    for zero in MINUS_ZERO.findall(caption):
        yield "zeros", f"says {zero}"
    for match in re.finditer(r"10[⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹]+ ?%", caption):
        yield "nonsense", f"says {match[0]!r}: a percentage in powers of ten"
    powers = [int(notebooks.plain_digits(power)) for power in POWER.findall(caption)]
    if max(powers, default=0) >= LARGE:
        yield "large numbers", "has a number so large that it only says: it exploded"
    if min(powers, default=0) <= TINY:
        yield "tiny numbers", "has a number so small that it may be rounding"
    for pattern in (WORDS_TWICE, ONE_OF_MANY, SLIPS):
        for match in pattern.finditer(caption):
            yield "words", f"has {match[0]!r}"
    for contradiction in contradictions(caption):
        yield "words", contradiction
    if (word := FOR_EVER.search(caption)) and not claims:
        yield "never", f"says {word[0]!r}, and the scene lists no claim that decides it"
    for name in untested(claims):
        yield "claims", f"leans on the claim {name}, which no test names"
    if controls and not names_a_value(caption, controls):
        yield "no values of sliders", "names no slider's value"


def contradictions(caption) -> list[str]:
    """Of one thing two verdicts that exclude each other, or opposite words in one breath.

    >>> contradictions("Heavy ball arrived after 3 steps. Nesterov diverged at step 9. Heavy ball diverged at step 5.")
    ["says of 'Heavy ball' that it arrived and that it diverged"]
    """
    verdicts, found = {}, []
    for sentence in re.split(r"[.;] +", caption):
        match = re.match(rf"(.*?) (?:({ARRIVES})|({LEAVES}))\b", sentence)
        if match:
            one, other = verdicts.setdefault(match[1].lower(), [None, None])
            verdicts[match[1].lower()] = both = [one or match[2], other or match[3]]
            if all(both):
                found.append(f"says of {match[1]!r} that it {both[0]} and that it {both[1]}")
        for clause in re.split(r"[,:]", sentence):
            words = set(clause.lower().split())
            found += [f"says {a!r} and {b!r} in one breath" for a, b in OPPOSITES if {a, b} <= words]
    return found


def names_a_value(caption, controls) -> bool:
    """Whether the caption names what at least one of the controls is set to (true of a figure without sliders)."""
    numbers = []
    for text in NUMBER.findall(caption):
        try:
            numbers.append(notebooks.parse_number(text))
        except ValueError:
            pass
    values = [one for control in controls.values() for one in _flat(control.value) if not isinstance(one, bool)]
    if all(isinstance(value, str) for value in values):
        return True
    return any(
        value in caption
        if isinstance(value, str)
        else any(abs(value - number) <= digit / 2 * (1 + 1e-9) for number, digit in numbers)
        for value in values
    )


def _flat(value) -> list:
    return list(value) if isinstance(value, (tuple, list)) else [value]


def untested(claims) -> list[str]:
    """The names of those functions that no file of tests names."""
    return [claim.__name__ for claim in claims if not _tested(claim.__name__)]


def unused(scene, claims) -> list[str]:
    """The names of those functions that neither the module of the scene nor their own calls or hands on."""
    modules = {type(scene).__module__} | {claim.__module__ for claim in claims}
    return [claim.__name__ for claim in claims if not any(claim.__name__ in _used(name) for name in modules)]


@functools.cache
def _used(module) -> set[str]:
    """The names that a module uses, but for what it lists under `claims`."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    lists = [n for n in ast.walk(tree) if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "claims"]
    listed = {id(node) for one in lists for node in ast.walk(one)}
    names = (n for n in ast.walk(tree) if isinstance(n, (ast.Name, ast.Attribute)) and id(n) not in listed)
    return {n.id if isinstance(n, ast.Name) else n.attr for n in names}


@functools.cache
def _tested(name) -> bool:
    return bool(re.search(rf"\b{name}\b", _all_tests()))


@functools.cache
def _all_tests() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(TESTS.rglob("test_*.py")))
