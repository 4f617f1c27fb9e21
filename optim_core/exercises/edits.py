"""Is a student's code one change away from right? Then that place is what to look at.

`one_change` makes every small change to the code, one at a time: another sign, operation, name, number, function, axis
or bracket, something left out, something put in, two lines exchanged. A change after which the function is right in
every case proves where the fault is. What is said of it is the place, not the cure.
"""

import ast
import copy
import functools
import inspect
import io
import itertools
import linecache
import re
import time
import tokenize
from contextlib import suppress

import numpy as np

from .running import Run, each_copied, little_memory, quiet
from .values import numbers

PATIENCE = 0.6  # seconds of computing, after which the search is given up
LONGEST = 0.1  # seconds of computing, after which one change is given up: a changed loop may have no end, or double
ROUNDS = 20_000  # its data in every round; this many rounds of all loops together are the other bound
SIGNS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.MatMult: "@", ast.Pow: "**", ast.FloorDiv: "//",
    ast.BitXor: "^", ast.Mod: "%", ast.BitAnd: "&", ast.BitOr: "|",
}  # fmt: skip
OTHERS = {  # an operation, and what may belong in its place
    ast.Add: "*/@", ast.Sub: "*/@", ast.Mult: ["/", "@", "+", "-", "**"], ast.Div: "*-+", ast.MatMult: "*",
    ast.FloorDiv: "/", ast.Pow: "*", ast.BitXor: ["**"], ast.Mod: "/", ast.BitAnd: "|", ast.BitOr: "&",
}  # fmt: skip
OPERATIONS = {sign: operation for operation, sign in SIGNS.items()}
KIN = [  # functions and methods that are taken for each other
    set(words.split())
    for words in (
        "log log2 log10 log1p", "exp exp2 expm1", "sum mean max min median prod std var", "argmax argmin argsort",
        "all any", "eig eigh", "maximum minimum", "sin cos tan tanh", "zeros ones", "sqrt square abs", "abs sign",
    )
]  # fmt: skip
REDUCING = {"sum", "mean", "max", "min", "amax", "amin", "all", "any", "prod", "median", "std", "var"}
DANGEROUS = {"open", "input", "exec", "eval", "os", "sys", "subprocess", "shutil", "plt", "display", "Live"}


def one_change(function, ex, right, score=0.0, two=True):
    """The one place where a change makes a function right: (a sentence on it, None); or (None, None).

    ex: the exercise; right: for each of its cases, is it right? score: which share of the answers is, as it is. Where
    no change makes it right, one may make it a known mistake: (a sentence, the number of that mistake), for two faults
    at once. That counts only if nothing is lost by it that was computed: what is left out "explains" every mistake that
    is called so. And only if more is right then than before. It is Likely, too, where little was right or all stays
    right that was, if nothing was put in either: the same names, numbers and operations in another order or with
    another sign, or one function for its kin. A sign, brackets or lines come before what is left out.
    two: are two faults asked for at all?
    """
    found = tree_of(function)
    if found is None or _reaches_out(found[0]):
        return None, None
    build, second = _builder(function, found[0]), (None, None)
    with quiet():  # what it gives as it is, in no more time than a change of it may take
        as_it_is = build()
        seen = [ex.glance(as_it_is, case) for case in range(len(right))]
    goals = _Goals(ex, right, score, seen)
    third, first = (None, None), 9
    read, made_of, end = _read(found[0]), _made_of(found[0]), time.thread_time() + PATIENCE
    factors = _bracketed_factors(found[0])
    solution = tree_of(ex.reference)
    sound = {ast.dump(one) for one in solution[0].body} if solution else set()
    with suppress(KeyboardInterrupt), quiet(), little_memory():
        for rank, text, places in sorted(_changes(*found, sound), key=lambda change: change[0]):
            if time.thread_time() > end:
                break
            with _changed(places):
                changed = build()
                every = two and rank < 4 and second[0] is None and first >= 2
                every = every and read <= _read(found[0]) and not _turns(text)
                moved = every and (made_of == _made_of(found[0]) or _is_kin(text))
                moved = moved and factors <= _bracketed_factors(found[0])  # whoever typed a · (b − c) has meant it
            reached = goals.reached(changed, every, moved) if changed else None
            if reached is not None and _settles(goals, build, found[0], places, reached, seen):
                continue
            if reached == RIGHT:
                return text, None
            if reached is not None and reached in goals.better:
                second = text, reached
            elif reached is not None and third[0] is None:
                third, first = (Likely(text), reached), rank
    return third if second[0] is None else second


def _read(tree):
    """The names that are read: to change themselves, and for something else; and as many entries as there are lines."""
    names, lines = set(), 0
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AugAssign)):
            lines += 1
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            names.add((node.id, id(node)))
    own = set()
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else []
        if len(targets) == 1 and isinstance(targets[0], ast.Name):
            of = targets[0].id
            own |= {(of, id(part)) for part in ast.walk(node.value) if isinstance(part, ast.Name) and part.id == of}
    read = {name for name, _ in names - own} | {f"{name} itself" for name, _ in own}
    return read | {f"{k} lines" for k in range(lines)}


class Likely(str):
    """What is said of a place, where something that is known otherwise comes first."""


def _made_of(tree):
    """The names, numbers, functions and operations that the code is made of, whatever their order and their signs."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.Name, ast.Constant, ast.Attribute, ast.keyword)):
            found.append(repr(getattr(node, "id", getattr(node, "attr", getattr(node, "value", "")))))
        elif isinstance(node, (ast.operator, ast.cmpop)):
            found.append("±" if isinstance(node, (ast.Add, ast.Sub)) else type(node).__name__)
    return sorted(found)


def _bracketed_factors(tree):
    """How many sums and differences are multiplied by something?"""
    products = [node for node in ast.walk(tree) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)]
    sums = [one for node in products for one in (node.left, node.right) if isinstance(one, ast.BinOp)]
    return sum(isinstance(one.op, (ast.Add, ast.Sub)) for one in sums)


def _is_kin(text):
    """Is a function exchanged for one that does the like? The largest of many is not like their sum."""
    name = re.search(r"`(\w+)` is the wrong function", text)
    return name is not None and name[1] not in REDUCING


def _turns(text):
    """Does this change prove little of a second fault?

    It turns a question round, or a size into a root; what a loop starts from it sets back in every round, or it takes
    out of the loop what is to follow it.
    """
    turned = "asks for the opposite" in text or "`abs` is the wrong function" in text
    return turned or "stands in the loop, and not before it" in text or STARTS.match(text) is not None


START = r"([\d.,\- ]+|None|True|False|\[\]|-?float\(.*|-?\w+\.(inf|zeros\(.*|ones\(.*))"
STARTS = re.compile(rf"`[\w, ]+ = {START}` stands before the loop")


RIGHT = -1
BETTER = 0.25  # of the answers


class _Goals:
    """What a changed function may turn out to be: right, or a known mistake."""

    def __init__(self, ex, right, score, seen):
        self.ex, (self.first, *self.rest) = ex, sorted(range(len(right)), key=lambda k: right[k])  # wrong ones first
        self.goals = {RIGHT: ex.expected} | {k: answers for k, (answers, _) in ex.answered.items()}
        mostly = {k for k, (answers, _) in ex.answered.items() if self._mostly(answers, right, seen)}
        self.better = {RIGHT} | {k for k, (_, share) in ex.answered.items() if share >= score + BETTER} - mostly
        kept = {k for k, (_, share) in ex.answered.items() if share >= score and self._keeps(k, right)} - mostly
        self.moved = [k for k in self.goals if k not in mostly] if score < 0.5 else self.better | kept
        self.marks = {k: _mark(goal[self.first]) for k, goal in self.goals.items()}

    def _mostly(self, answers, right, seen):
        """Are most of the wrong answers those of this mistake as it is? Then nothing else is to be changed first."""
        wrong = [k for k, ok in enumerate(right) if not ok]
        same = sum(self.ex.agree(seen[k], answers[k]) for k in wrong)
        return same >= max(2, 0.6 * len(wrong))

    def _keeps(self, k, right):
        """Is all right in this goal that was?"""
        pairs = zip(self.goals[k], self.ex.expected, right, strict=True)
        return all(self.ex.agree(goal, want) for goal, want, ok in pairs if ok)

    def reached(self, function, every, moved=False):
        """The number of the goal that a function reaches in all cases; every: known mistakes, too.

        moved: also those with which no more is right than before.
        """
        seen = self.ex.glance(function, self.first)
        mark = _mark(seen)
        for k in self.moved if moved else self.better if every else (RIGHT,):
            if _alike(mark, self.marks[k]) and self.ex.agree(seen, self.goals[k][self.first]):
                if all(self.ex.agree(self.ex.glance(function, case), self.goals[k][case]) for case in self.rest):
                    return k
        return None

    def reaches(self, build, places, answers):
        """Does the code give these answers with these places filled?"""
        with _changed(places):
            changed = build()
        return changed is not None and all(
            self.ex.agree(self.ex.glance(changed, case), answers[case]) for case in [self.first, *self.rest]
        )


def _settles(goals, build, tree, places, k, seen):
    """Is it a change after which the answer to some question no longer matters, though it did before?

    Of a change that makes all right only the question counts in which it stands.
    """
    changed = {id(_get(holder, key)) for holder, key, _ in places}
    for above, name, asked in [*_questions(tree)]:
        inside = any(id(one) in changed for one in ast.walk(asked))
        if not inside and k == RIGHT:
            continue
        settled = [  # yes or no, whatever is asked
            [(above, name, ast.BinOp(asked, sign, ast.Constant(answer)))]
            for sign, answer in ((ast.BitOr(), True), (ast.BitAnd(), False))
        ]
        if any(goals.reaches(build, each if inside else [*places, *each], goals.goals[k]) for each in settled):
            if not any(goals.reaches(build, each, seen) for each in settled):
                return True
    return False


def _questions(tree):
    """The outermost questions of the code: (holder, key, question)."""

    def visit(node):
        for name, value in ast.iter_fields(node):
            for holder, key, part in (
                [(value, k, part) for k, part in enumerate(value)] if isinstance(value, list) else [(node, name, value)]
            ):
                turned = isinstance(part, ast.UnaryOp) and isinstance(part.op, (ast.Not, ast.Invert))
                if isinstance(part, (ast.Compare, ast.BoolOp)) or turned:
                    yield holder, key, part
                elif isinstance(part, ast.AST):
                    yield from visit(part)

    yield from visit(tree)


def answered(r):
    """Did a known mistake come to an answer?"""
    return not isinstance(r, Run) or (r.error is None and r.value is not None)


def _mark(value):
    """Something quick to tell answers apart by: of numbers their shape and the size of the first."""
    array = numbers(value)
    if array is None or array.size == 0:
        return None
    return array.shape, abs(array.flat[0])


def _alike(mark, other):
    if mark is None or other is None:
        return True
    near = abs(mark[1] - other[1]) <= 1e-3 * abs(other[1]) + 1e-6 or not np.isfinite(mark[1])
    return mark[0] == other[0] and near


# The student's code as a tree -------------------------------------------------------------------------------------


def tree_of(function):
    """The definition of a function as a tree, and the source that it is from; None if there is no such source."""
    code = getattr(inspect.unwrap(function), "__code__", None) if callable(function) else None
    if code is None or code.co_freevars:
        return None
    source = "".join(linecache.getlines(code.co_filename))
    for node in _functions(source):  # which several questions share: what is given away is a copy
        if isinstance(node, ast.FunctionDef) and node.name == code.co_name:
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if first == code.co_firstlineno:
                return copy.deepcopy(node), source
        if isinstance(node, ast.Lambda) and code.co_name == "<lambda>" and _is_at(node, code):
            body = [ast.copy_location(ast.Return(node.body), node.body)]
            made = ast.copy_location(ast.FunctionDef("_lambda", node.args, body, []), node)
            return copy.deepcopy(made), source
    return None


@functools.lru_cache(maxsize=4)  # a check asks six times, and of a cell or a module of a thousand lines
def _functions(source):
    """All functions that a source defines, as trees; none if it is no Python."""
    try:
        module = ast.parse(source)
    except (SyntaxError, ValueError):
        return ()
    return tuple(node for node in ast.walk(module) if isinstance(node, (ast.FunctionDef, ast.Lambda)))


def _reaches_out(tree):
    """Could running this code many times do something outside of it: to a file, to the screen, to a global?"""
    own = {a.arg for a in ast.walk(tree.args) if isinstance(a, ast.arg)}
    own |= {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            return True
        if isinstance(node, ast.Name) and node.id in DANGEROUS:
            return True
        changed = isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, (ast.Store, ast.Del))
        if changed and {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)} - own:
            return True
    return False


def _is_at(node, code):
    """Does this lambda's body cover exactly what the code was compiled from?"""
    spans = [p for p in code.co_positions() if None not in p and p[3] > 0]
    body = node.body
    begin, end = (body.lineno, body.col_offset), (body.end_lineno, body.end_col_offset)
    return (
        len(spans) > 0
        and min((line, col) for line, _, col, _ in spans) >= begin
        and max((line, col) for _, line, _, col in spans) <= end
        and any(((p[0], p[2]), (p[1], p[3])) == (begin, end) for p in spans)
    )


def _builder(function, tree):
    """A function that compiles the tree, as it is at that moment, into a function; None where that fails."""
    original = inspect.unwrap(function)
    rounds, end = itertools.count(), 0.0

    def count():
        if next(rounds) > ROUNDS or time.thread_time() > end:
            raise TimeoutError
        return True

    space = {**original.__globals__, "__count__": count}
    tree.decorator_list = []
    tree.args.defaults = [ast.Constant(None)] * len(tree.args.defaults)  # their values are those of the original
    tree.args.kw_defaults = [default and ast.Constant(None) for default in tree.args.kw_defaults]
    for node in [*ast.walk(tree)]:
        if isinstance(node, (ast.For, ast.While)):
            node.body.insert(0, ast.Expr(ast.Call(ast.Name("__count__", ast.Load()), [], []), guard=True))
        elif isinstance(node, ast.comprehension):
            node.ifs.insert(0, ast.Call(ast.Name("__count__", ast.Load()), [], [], guard=True))

    module = ast.fix_missing_locations(ast.Module([tree], []))

    def build():
        nonlocal rounds, end
        rounds, end, made = itertools.count(), time.thread_time() + LONGEST, {}
        try:
            exec(compile(module, "<change>", "exec"), space, made)
        except (SyntaxError, ValueError, TypeError, RecursionError, AttributeError):
            return None
        changed = made[tree.name]
        changed.__defaults__, changed.__kwdefaults__ = original.__defaults__, original.__kwdefaults__
        return changed

    return build


class _changed:
    """The tree with some of its places filled anew, for a while."""

    def __init__(self, places):
        self.places = places
        for *_, new in places:
            for part in new if isinstance(new, list) else [new]:
                _locate(part)

    def __enter__(self):
        self.before = [_get(*place[:2]) for place in self.places]
        for holder, key, new in self.places:
            _set(holder, key, new)

    def __exit__(self, *_):
        for (holder, key, _), old in zip(self.places, self.before, strict=True):
            _set(holder, key, old)


def _locate(node):
    """Give what was made here a place in the source, without which it does not compile."""
    if not hasattr(node, "lineno"):
        node.lineno = node.end_lineno = 1
        node.col_offset = node.end_col_offset = 0
        node.made = True
        for part in ast.iter_child_nodes(node):
            _locate(part)


def _get(holder, key):
    return holder[key] if isinstance(holder, list) else getattr(holder, key)


def _set(holder, key, new):
    if isinstance(holder, list):
        holder[key] = new
    else:
        setattr(holder, key, new)


def _places(tree):
    """All expressions of the function's body: (holder, key, expression, the statement that it stands in)."""
    found = []

    def visit(node, statement):
        if isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del)):  # what is assigned to stays
            return
        for name, value in ast.iter_fields(node):
            for holder, key, part in (
                [(value, k, part) for k, part in enumerate(value)] if isinstance(value, list) else [(node, name, value)]
            ):
                if not isinstance(part, ast.AST) or isinstance(part, ast.arguments) or hasattr(part, "guard"):
                    continue
                if isinstance(part, ast.expr) and isinstance(getattr(part, "ctx", ast.Load()), ast.Load):
                    found.append((holder, key, part, statement))
                if _constant(part):  # one number, whatever it is made of
                    continue
                visit(part, part if isinstance(part, ast.stmt) else statement)

    for statement in tree.body:
        visit(statement, statement)
    return found


# All small changes ------------------------------------------------------------------------------------------------


def _changes(tree, source, sound=()):
    """All changes: (rank, what is wrong if this one cures it, [(holder, key, new), …]); the likeliest have rank 1.

    sound: lines that stand in the solution as well; the fault is hardly there.
    """

    lines, known = source.splitlines(), {}

    def text(node, longest=70):
        """What stands in the source there."""
        words = known.get(id(node))
        if words is None:
            words = _head(lines, node) if isinstance(node, (ast.For, ast.While, ast.If)) else _segment(lines, node)
            words = known[id(node)] = " ".join(words.split())
        return words if len(words) <= longest else words[: longest - 1] + "…"

    yield from _of_lines(tree, text)
    arguments = _arguments(tree)
    stored = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    names = [*arguments, *sorted(stored - set(arguments) - {"_"})]
    places = _places(tree)
    for a, b in itertools.combinations(arguments, 2):
        of = {a: b, b: a}
        every = [
            (h, k, ast.Name(of[e.id], ast.Load())) for h, k, e, _ in places if isinstance(e, ast.Name) and e.id in of
        ]
        if len({new.id for _, _, new in every}) == 2:
            yield 2.5, f"`{a}` and `{b}` are exchanged in your code.", every
    yield from _exchanged_in_lines(tree, arguments, places, text)
    yield from _everywhere(places, text)
    asked, grown, alike, kin = _asked(tree), _grown(tree), {}, {}
    last = tree.end_lineno
    for place in places:
        alike.setdefault(ast.dump(place[2]), []).append(place)
        if not isinstance(place[2], (ast.Name, ast.Constant)):
            kin.setdefault(NAMES.sub("Name()", ast.dump(place[2])), []).append(place)

    def instead(place, alone=False):
        holder, _, part, statement = place
        known = names if isinstance(statement, ast.Return) else [name for name in names if name not in grown]
        off = 4 if isinstance(statement, ast.Assign) and ast.dump(statement) in sound else 0
        for rank, what, new in _instead(part, text, known, holder):
            if rank < 4 or id(part) not in asked or (rank >= 5 and asked[id(part)] == "in a sum"):
                line = f" in `{text(statement)}`" if text(statement) != text(part) else ""
                late = (
                    0.001 * (last - statement.lineno) if rank >= 3 else 0.0
                )  # what comes last is closest to the answer
                what = what.replace(" {where}", line).replace("{where}", line)
                if alone and not hasattr(part, "made") and part.end_lineno == statement.lineno:
                    end = statement.end_col_offset if statement.end_lineno == statement.lineno else None
                    raw = lines[statement.lineno - 1][statement.col_offset : end]
                    what = _which(what, part, statement, raw, text) if raw.isascii() else what
                yield rank + late + off, what, new

    for same in alike.values():
        for rank, what, new in instead(same[0], len(same) == 1):
            if len(same) > 1 and what.endswith("."):
                what = f"{what[:-1]}, and so wherever it stands."
            yield rank + (len(same) > 1) / 10, what, [(h, k, new) for h, k, _, _ in same]
        for one in same if len(same) > 1 else []:
            for rank, what, new in instead(one, True):
                yield rank, what, [(*one[:2], new)]
    for some in kin.values():  # the same fault in several places, under other names
        if 2 <= len({ast.dump(place[2]) for place in some}) <= 4:
            others = " and ".join(f"`{text(place[2])}`" for place in some[1:])
            for changes in zip(*map(instead, some), strict=False):
                rank, what, _ = changes[0]
                if rank < 5 and len({round(change[0], 1) for change in changes}) == 1:
                    places = [(*place[:2], change[2]) for place, change in zip(some, changes, strict=True)]
                    yield rank + 0.5, f"{what} So it is with {others}.", places


def _which(what, part, statement, line, text):
    """What is said of a part, with its number where the same text stands in the line several times.

    >>> line = "v = mu * v - lr * grad(v)"
    >>> statement = ast.parse(line).body[0]
    >>> _which("`v` is not what belongs there.", statement.value.right.right.args[0], statement, line, ast.unparse)
    'the third `v` is not what belongs there.'
    """
    own = re.match(r"(the number |at |the sign before )?`([^`]+)` (is (not|too much|the wrong|wrong)|a )", what)
    if not own:
        return what
    stands = [found.start() for found in re.finditer(rf"(?<![\w.]){re.escape(own[2])}(?!\w|\.\d)", line)]
    first, last = part.col_offset - statement.col_offset, part.end_col_offset - statement.col_offset
    within = [k for k, at in enumerate(stands) if first <= at < last]
    if len(stands) < 2 or not within:
        return what
    if what.startswith("the sign before"):
        return f"the sign before `{own[2]}` is wrong in `{text(part)}`."
    k = within[0 if re.match(r"[\w(]", own[2]) else -1]  # of `a ∘ b ∘ c` the last is what `∘ c` is left out of
    order = "first second third fourth fifth sixth seventh eighth ninth tenth".split()[min(k, 9)]
    before = "at " if what.startswith("at ") else ""
    return f"{before}the {order} {what.removeprefix('at ').removeprefix('the ')}"


NAMES = re.compile(r"Name\(id='\w+'[^)]*\)")


def _grown(tree):
    """Names of lists that something is appended to. A list that is put into itself never ends."""
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    calls = [call for call in calls if isinstance(call, ast.Attribute) and call.attr in ("append", "extend", "insert")]
    return {call.value.id for call in calls if isinstance(call.value, ast.Name)}


def _asked(tree):
    """What stands in a question, or in the brackets of a sum or a mean: there hardly ever a function is missing.

    Returns {id of the node: which of the two}; in a sum a factor or a term may be missing all the same.
    """
    asked, truths = {}, set()
    for node in ast.walk(tree):
        turned = (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.UnaryOp)
            and isinstance(node.value.op, ast.Invert)
        )
        if isinstance(node, ast.Assign) and (turned or isinstance(node.value, (ast.Compare, ast.BoolOp))):
            truths |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in REDUCING:
            names = [part for one in node.args for part in ast.walk(one) if isinstance(part, ast.Name)]
            asked = {id(part): "in a sum" for part in names} | asked
        inside = [node] if isinstance(node, ast.Compare) else []
        inside += [node.test] if isinstance(node, (ast.If, ast.While, ast.IfExp)) else []
        inside += [node] if isinstance(node, ast.Name) and node.id in truths else []
        asked |= {id(part): "in a question" for one in inside for part in ast.walk(one)}
    return asked


def _exchanged_in_lines(tree, arguments, places, text):
    """Two arguments are exchanged in one line, or in several lines in a row, and not in all of them."""
    lines = [one for one in tree.body if not isinstance(one, ast.Expr)]
    inside = [{id(part) for part in ast.walk(one)} for one in lines]
    for i, j in itertools.combinations_with_replacement(range(len(lines)), 2):
        if len(lines) > 6 or j - i + 1 == len(lines):
            continue
        here = set().union(*inside[i : j + 1])
        for a, b in itertools.combinations(arguments, 2):
            of = {a: b, b: a}
            every = [
                (h, k, ast.Name(of[e.id], ast.Load()))
                for h, k, e, _ in places
                if id(e) in here and isinstance(e, ast.Name) and e.id in of
            ]
            if len({new.id for _, _, new in every}) == 2:
                yield 3.9, f"`{a}` and `{b}` are exchanged in `{text(lines[i])}`{' and after it' * (j > i)}.", every


def _segment(lines, node):
    """The source of a node; what has none, because it was put together here, is written anew."""
    if hasattr(node, "made"):
        return ast.unparse(node)
    first, last = node.lineno - 1, node.end_lineno - 1
    if first == last:
        return lines[first].encode()[node.col_offset : node.end_col_offset].decode()
    middle = lines[first + 1 : last]
    return "\n".join(
        [
            lines[first].encode()[node.col_offset :].decode(),
            *middle,
            lines[last].encode()[: node.end_col_offset].decode(),
        ]
    )


def _line(lines, node):
    """The source of a node in one line."""
    return " ".join(_segment(lines, node).split())


def _parts(function):
    """All parts of a function's code, and its lines; none where there is no code to look at."""
    found = tree_of(function)
    return ([*ast.walk(found[0])], found[1].splitlines()) if found else ([], [])


def _arguments(tree):
    """The names of a function's arguments."""
    return [a.arg for a in (*tree.args.posonlyargs, *tree.args.args, *tree.args.kwonlyargs)]


def _head(lines, node):
    """The first line of a loop or of a question, without what stands in it."""
    within = next((one for one in node.body if not hasattr(one, "guard")), None)
    if hasattr(node, "made") or within is None or hasattr(within, "made"):
        return ast.unparse(node).split("\n")[0]
    head = ast.copy_location(ast.Pass(), node)
    head.end_lineno, head.end_col_offset = within.lineno, within.col_offset
    return _segment(lines, head)


def returns_none(function):
    """Is there a `return None`, or a `return` with nothing behind it, in the code?"""
    nodes, _ = _parts(function)
    returns = [node for node in nodes if isinstance(node, ast.Return)]
    return any(one.value is None or getattr(one.value, "value", "") is None for one in returns)


def picked(function):
    """Of the first `x[…]` with a question or a range, `a:b`, in its brackets: which it is, and its text."""
    nodes, _ = _parts(function)
    for part in nodes:
        for node in ast.walk(part.slice) if isinstance(part, ast.Subscript) else ():
            if isinstance(node, ast.Compare) or isinstance(node, ast.Slice) and (node.lower or node.upper):
                return "question" if isinstance(node, ast.Compare) else "range", ast.unparse(part)
    return "", ""


def given(function):
    """The names that a function gives to data: those of `X, y = experiments.few_digits()`."""
    found, names = tree_of(function), set()
    for node in found[0].body if found else ():
        if isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("experiments."):
            names |= {one.id for one in ast.walk(node.targets[0]) if isinstance(one, ast.Name)}
    return names


def changed_again(function, names):
    """The line in which one of the names is given another value than it was first, or None."""
    (nodes, lines), seen = _parts(function), set()
    for node in nodes:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if not isinstance(node, (ast.Assign, ast.AugAssign)):
            continue
        stored = {one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)} & names
        if stored & seen:
            return _line(lines, node)
        seen |= stored
    return None


def written_to(function, k):
    """How argument number k is changed in place: the operation's sign, as of `w += …`; a method, as of `w.sort()`; "["
    where something is put into it, `w[i] = …`; and the text. Two empty ones where that is not to be seen.
    """
    nodes, lines = _parts(function)
    name = dict(enumerate(own_names(function))).get(k)

    def is_it(node):
        return isinstance(node, ast.Name) and node.id == name

    for node in nodes:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        call = node.value.func if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
        if isinstance(node, ast.AugAssign) and is_it(target):
            return SIGNS.get(type(node.op), ""), _line(lines, node)
        if isinstance(node, (ast.Assign, ast.AugAssign)) and isinstance(target, ast.Subscript) and is_it(target.value):
            return "[", _line(lines, node)
        if isinstance(call, ast.Attribute) and is_it(call.value):
            return call.attr, _line(lines, node)
    return "", ""


def lone_comma(function):
    """The line that a comma at its end makes a tuple of one, `s = s + g**2,` or `return w,`: its text, or None."""
    nodes, lines = _parts(function)
    for node in nodes:
        value = node.value if isinstance(node, (ast.Assign, ast.Return)) else None
        if isinstance(value, ast.Tuple) and len(value.elts) == 1:
            line = _line(lines, node)
            if line.endswith(","):
                return line
    return None


def counts_with(function, name):
    """Does a loop or a comprehension in the code go through its data under this name?"""
    nodes, _ = _parts(function)
    loops = [node for node in nodes if isinstance(node, (ast.For, ast.comprehension))]
    return any(getattr(one, "id", "") == name for node in loops for one in ast.walk(node.target))


def own_names(function):
    """What the function itself calls its arguments; none where there is no code to look at."""
    found = tree_of(function)
    return _arguments(found[0]) if found else []


def overwritten(function):
    """The arguments that are given another value before they are ever read, in the lines of the body themselves."""
    found, gone, seen = tree_of(function), [], set()
    names = set(own_names(function))
    for one in found[0].body if found else ():
        read = {n.id for n in ast.walk(one) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        plain = isinstance(one, ast.Assign) and len(one.targets) == 1 and isinstance(one.targets[0], ast.Name)
        stored = one.targets[0].id if plain else None
        if stored in names - seen - read:
            gone.append(stored)
        seen |= read | {stored}
    return gone


def naught(function):
    """A quotient, as `1 // 2`, that is 0 because it is rounded down: (its text, what is to be larger than 1 for it).

    Of a 1 above something that has no number yet the latter is its text; of two numbers it is "".
    """
    nodes, lines = _parts(function)
    for node in nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.FloorDiv):
            above, below = _number(node.left), _number(node.right)
            if (above and below and above // below == 0) or (above == 1 and below is None):
                last = "" if below else _line(lines, node.right)
                return _line(lines, node), last
    return None


def always_so(function):
    """A word or a number, true by itself, beside an `or`, as in `kind == "a" or "b"`: (all, the word); or None."""
    nodes, lines = _parts(function)
    for node in nodes:
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) and isinstance(node.values[0], ast.Compare):
            for value in node.values[1:]:
                if isinstance(value, ast.Constant) and value.value:
                    return tuple(_line(lines, one) for one in (node, value))
    return None


def unread(function):
    """The names that are given a value in a line of their own, and never read."""
    nodes, _ = _parts(function)
    names = [node for node in nodes if isinstance(node, ast.Name)]
    read = {node.id for node in names if not isinstance(node.ctx, ast.Store)}
    plain = [node.targets for node in nodes if isinstance(node, ast.Assign)]
    stored = [one[0].id for one in plain if len(one) == 1 and isinstance(one[0], ast.Name)]
    return [name for name in dict.fromkeys(stored) if name not in read and not name.startswith("_")]


def loose(function):
    """A comparison in which `&` or `|` comes first, for want of brackets, and hardly should: its text, or None."""
    nodes, lines = _parts(function)
    for node in nodes:
        for side in [node.left, *node.comparators] if isinstance(node, ast.Compare) else []:
            mixed = isinstance(side, ast.BinOp) and isinstance(side.op, (ast.BitAnd, ast.BitOr))
            if mixed and (len(node.ops) > 1 or any(isinstance(part, ast.Invert) for part in ast.walk(side))):
                before = lines[side.lineno - 1].encode()[: side.col_offset].decode().rstrip()
                behind = lines[side.end_lineno - 1].encode()[side.end_col_offset :].decode().lstrip()
                if not (before.endswith("(") and behind.startswith(")")):
                    return _line(lines, node)
    return None


def truth_compared(function):
    """A comparison of what `all` or `any` finds of plain numbers, True or False, with a number: its text, or None."""
    nodes, lines = _parts(function)
    asked = (ast.Compare, ast.BoolOp, ast.UnaryOp, ast.BinOp, ast.Call)
    truths = {
        target.id
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.value, asked)
        for target in node.targets
        if isinstance(target, ast.Name)
    }  # which may hold truth values
    for node in nodes:
        call = node.left if isinstance(node, ast.Compare) and len(node.ops) == 1 else None
        if not isinstance(call, ast.Call) or _number(node.comparators[0]) is None:
            continue
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        of = call.args[0] if call.args else getattr(call.func, "value", None)
        of = of.value if isinstance(of, ast.Subscript) else of
        ordered = isinstance(node.ops[0], (ast.Lt, ast.LtE, ast.Gt, ast.GtE))
        if name in ("all", "any") and ordered and isinstance(of, ast.Name) and of.id not in truths:
            return _line(lines, node)
    return None


def returns_in_loop(function):
    """The text of a `return` that stands in a loop, under no question, so that there is no second round; or None."""
    nodes, lines = _parts(function)
    for node in nodes:
        for one in node.body if isinstance(node, (ast.For, ast.While)) else ():
            if isinstance(one, ast.Return):
                return _line(lines, one)
    return None


def appends(function):
    """Is something appended to a list in the code?"""
    found = tree_of(function)
    return bool(found and _grown(found[0]))


PURE = set("clip copy round astype reshape ravel flatten transpose dot sum mean std var max min cumsum prod".split())
CHANGING = set("copyto put put_along_axis place putmask fill_diagonal seterr set_printoptions save savetxt".split())


def thrown_away(function):
    """What is calculated in a line of its own, so that nothing becomes of it: its text, or None."""
    nodes, lines = _parts(function)
    for node in nodes:
        one = node.value if isinstance(node, ast.Expr) else None
        call = one.func if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) else None
        of = getattr(call.value, "id", "") if call else ""
        pure = call and (call.attr not in CHANGING if of in ("np", "math") else call.attr in PURE)
        if pure:  # unless it is told where its result goes
            takes = getattr(getattr(np, call.attr, None), "nin", 3 if call.attr == "clip" else 9)
            pure = not {"out", "copy"} & {word.arg for word in one.keywords} and len(one.args) <= takes
        if isinstance(one, (ast.BinOp, ast.Compare)) or pure:
            return _line(lines, one)
    return None


def _everywhere(places, text):
    """What stands in several places is left out in all of them."""
    factors, calls, powers = {}, {}, {}
    for place in places:
        part = place[2]
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Pow) and isinstance(part.left, ast.BinOp):
            powers.setdefault(ast.dump(part.left), []).append(place)
        if isinstance(part, ast.BinOp):
            factors.setdefault((type(part.op), ast.dump(part.right)), []).append(place)
        elif isinstance(part, ast.Call) and part.args:
            calls.setdefault(ast.dump(part.func), []).append(place)
    for some in powers.values():
        if len({ast.dump(place[2]) for place in some}) > 1:  # (a - b) ** c and (a - b) ** d
            others = " and ".join(f"`{text(place[2])}`" for place in some[1:])
            what = f"the brackets are not where they belong in `{text(some[0][2])}`: what is calculated first?"
            yield (
                3,
                f"{what} So it is with {others}.",
                [
                    (h, k, ast.BinOp(one.left.left, one.left.op, ast.BinOp(one.left.right, one.op, one.right)))
                    for h, k, one, _ in some
                ],
            )
    for some in factors.values():
        part = some[0][2]
        if len(some) > 1 and type(part.op) in SIGNS:
            what = f"`{SIGNS[type(part.op)]} {text(part.right)}` is too much, wherever it stands."
            yield 2.2, what, [(h, k, one.left) for h, k, one, _ in some]
    for some in calls.values():
        if len(some) > 1:
            what = f"`{text(some[0][2].func)}(…)` is too much, wherever it stands."
            yield 2.2, what, [(h, k, one.args[0]) for h, k, one, _ in some]


def _takes_apart(one):
    """Is it a line as `values, vectors = …`?"""
    return isinstance(one, ast.Assign) and len(one.targets) == 1 and isinstance(one.targets[0], (ast.Tuple, ast.List))


def _of_lines(tree, text):
    """Changes of whole lines."""
    for node in [tree, *ast.walk(tree)]:
        for name, body in ((name, getattr(node, name, None)) for name in ("body", "orelse")):
            if not isinstance(body, list):
                continue
            for k, one in enumerate(body):
                if hasattr(one, "guard"):
                    continue
                if isinstance(one, ast.For):
                    what = f"`{text(one.iter)}` is gone through from the wrong end."
                    turned = ast.Subscript(_parsed_with("list(x)", one.iter), _parsed("x[::-1]").slice, ast.Load())
                    yield 2.5, what, [(one, "iter", turned)]
                if isinstance(one, (ast.For, ast.While)):
                    last, rest = one.body[-1], [*body[:k], one, *body[k + 1 :]]
                    if isinstance(last, ast.Return):
                        what = f"`{text(last)}` stands inside the loop, which therefore ends in its first round."
                        yield (
                            1,
                            what,
                            [(one, "body", one.body[:-1]), (node, name, [*rest[: k + 1], last, *rest[k + 1 :]])],
                        )
                    if k + 1 < len(body) and not isinstance(body[k + 1], ast.Return):
                        what = f"`{text(body[k + 1])}` stands after the loop, not in it."
                        inside = [*one.body, body[k + 1]]
                        yield 1, what, [(one, "body", inside), (node, name, body[: k + 1] + body[k + 2 :])]
                names = one.targets[0].elts if _takes_apart(one) else []
                if 2 <= len(names) <= 3 and not isinstance(one.value, (ast.Tuple, ast.List)):
                    what = f"the names in `{text(one)}` stand in the wrong order."
                    for order in itertools.permutations(names):
                        if list(order) != names:
                            yield 1, what, [(one.targets[0], "elts", list(order))]
                if isinstance(one, ast.AugAssign):
                    sign = SIGNS.get(type(one.op), "")
                    new = ast.Assign([one.target], one.value)
                    yield (
                        2,
                        f"`{sign}=` in `{text(one)}` keeps the old value: is it to be added to, or replaced?",
                        [(body, k, new)],
                    )
                if isinstance(one, ast.AugAssign) and type(one.op) in (ast.Add, ast.Sub, ast.Mult, ast.Div):
                    for other in (ast.Add, ast.Sub, ast.Mult, ast.Div):
                        yield 2, f"the operation in `{text(one)}` is the wrong one.", [(one, "op", other())]
                if isinstance(one, ast.If):
                    what = f"`{text(one.test)}` asks for the opposite of what it should."
                    yield 2, what, [(one, "test", ast.UnaryOp(ast.Not(), one.test))]
                    below = one.orelse[0] if len(one.orelse) == 1 and isinstance(one.orelse[0], ast.If) else None
                    if below:
                        what = f"`if {text(one.test)}` and `elif {text(below.test)}` stand in the wrong order."
                        yield 1, what, [(one, "test", below.test), (below, "test", one.test),
                                        (one, "body", below.body), (below, "body", one.body)]  # fmt: skip
                if not isinstance(one, ast.Return) and not hasattr(one, "guard"):
                    for to in [*range(k), *range(k + 1, len(body) - isinstance(body[-1], ast.Return))]:
                        order = [*body[:k], *body[k + 1 :]]
                        order.insert(to, one)
                        first = f"if {text(one.test)}:" if isinstance(one, ast.If) else text(one)
                        yield 2, f"`{first}` stands at the wrong place among the lines.", [(node, name, order)]
                if isinstance(one, (ast.For, ast.While)) and k and not isinstance(body[k - 1], (ast.If, ast.For)):
                    inside = [body[k - 1], *one.body]
                    what = f"`{text(body[k - 1])}` stands before the loop, not in it."
                    yield 1, what, [(one, "body", inside), (node, name, body[: k - 1] + body[k:])]
                if isinstance(one, (ast.For, ast.While)):
                    start = next((part for part in one.body if not hasattr(part, "guard")), None)
                    if isinstance(start, ast.Assign):
                        what = f"`{text(start)}` stands in the loop, and not before it: each round starts anew."
                        inside = [part for part in one.body if part is not start]
                        yield 1, what, [(one, "body", inside), (node, name, [*body[:k], start, *body[k:]])]
                if k + 1 < len(body) and isinstance(one, ast.If) and isinstance(body[k + 1], ast.If):
                    what = f"`if {text(one.test)}` and `if {text(body[k + 1].test)}` stand in the wrong order."
                    yield 1, what, [(body, k, body[k + 1]), (body, k + 1, one)]
                if isinstance(one, (ast.Assign, ast.AugAssign, ast.Expr)) and len(body) > 1:
                    yield 2, f"the line `{text(one)}` is too much.", [(body, k, ast.Pass())]
                    if k + 1 < len(body) and isinstance(body[k + 1], (ast.Assign, ast.AugAssign, ast.Expr)):
                        what = f"the lines `{text(one)}` and `{text(body[k + 1])}` stand in the wrong order."
                        yield 1, what, [(body, k, body[k + 1]), (body, k + 1, one)]


def _constant(part):
    """Is it a number that is calculated from nothing but numbers, `np.log(2)` or `np.e`?"""
    if isinstance(part, ast.Attribute):
        return part.attr in ("e", "pi") and getattr(part.value, "id", "") in ("np", "math")
    inside = isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.args and not part.keywords
    of = getattr(part.func.value, "id", "") if inside else ""
    return of in ("np", "math") and all(_number(one) is not None for one in part.args)


def _instead(part, text, names, holder):
    """What may belong in the place of one expression: (rank, what is wrong if so, the new expression)."""
    if _constant(part):
        if isinstance(part, ast.Call):
            yield 2, f"`{text(part.func)}(…)` around `{text(part.args[0])}` is too much {{where}}.", part.args[0]
        yield 3, f"`{text(part)}` is not right {{where}}.", ast.Constant(1)
        return
    if isinstance(part, ast.BinOp):
        yield from _operations(part, text)
        if not isinstance(holder, ast.BinOp) or f"({ast.unparse(part)})" in ast.unparse(holder):
            what = f"the brackets are not where they belong in `{text(part)}`: what is calculated first?"
            yield from ((1.5, what, new) for new in _bracketed(part))
    elif isinstance(part, ast.UnaryOp):
        yield (
            1,
            f"the `{'-' if isinstance(part.op, ast.USub) else 'not'}` before `{text(part.operand)}` is too much "
            f"{{where}}.",
            part.operand,
        )
    elif isinstance(part, ast.Compare) and len(part.ops) == 1:
        for other in (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq):
            if other is not type(part.ops[0]):
                yield (
                    2,
                    f"the comparison `{text(part)}` is the wrong one {{where}}.",
                    ast.Compare(part.left, [other()], part.comparators),
                )
    elif isinstance(part, ast.BoolOp) and any(isinstance(value, ast.Constant) for value in part.values):
        return  # what is said of these is `always_so`
    elif isinstance(part, ast.BoolOp):
        other = ast.Or() if isinstance(part.op, ast.And) else ast.And()
        word = "and" if isinstance(part.op, ast.And) else "or"
        yield 2, f"`{word}` is the wrong word in `{text(part)}`.", ast.BoolOp(other, part.values)
        for k, value in enumerate(part.values):
            rest = part.values[:k] + part.values[k + 1 :]
            yield (
                2,
                f"`{text(value)}` is too much in `{text(part)}`.",
                rest[0] if len(rest) == 1 else ast.BoolOp(part.op, rest),
            )
    elif isinstance(part, ast.Name):
        for name in names:
            if name != part.id and part.id in names:
                yield 3, f"`{part.id}` is not what belongs there {{where}}.", ast.Name(name, ast.Load())
        for name in _kin(part.id):
            yield 3, f"`{part.id}` is the wrong function {{where}}.", ast.Name(name, ast.Load())
    elif isinstance(part, ast.Attribute):
        for name in _kin(part.attr):
            yield 3, f"`{part.attr}` is the wrong function {{where}}.", ast.Attribute(part.value, name, ast.Load())
        yield 3, f"`.{part.attr}` is too much {{where}}.", part.value
        if part.attr == "size":
            what = f"`{text(part)}` counts all numbers {{where}}: is it the rows that count, or the columns?"
            yield 2.9, what, ast.Call(ast.Name("len", ast.Load()), [part.value], [])
            yield 2.9, what, _parsed_with("np.shape(x)[-1]", part.value)
    elif isinstance(part, ast.Call):
        yield from _calls(part, text)
    elif isinstance(part, ast.Subscript):
        yield from _indices(part, text)
    elif isinstance(part, ast.IfExp):
        yield 2, f"`if {text(part.test)}` is too much {{where}}.", part.body
        yield 2, f"`if {text(part.test)}` is too much {{where}}.", part.orelse
        exchanged = ast.IfExp(part.test, part.orelse, part.body)
        yield 1, f"the two sides of `else` are exchanged in `{text(part)}`.", exchanged
    elif isinstance(part, (ast.Tuple, ast.List)) and 2 <= len(part.elts) <= 3:
        for order in itertools.permutations(range(len(part.elts))):
            if order != tuple(range(len(part.elts))):
                new = type(part)([part.elts[k] for k in order], ast.Load())
                yield 2, f"the order in `{text(part)}` is wrong {{where}}.", new
    if isinstance(part, ast.List) and not part.elts:
        for name in names:
            filled = ast.List([ast.Name(name, ast.Load())], ast.Load())
            yield 3, "`[]` is empty at first {where}: is it to be so?", filled
    number = _number(part)
    if number is not None:
        for name in names:
            what = f"the number `{text(part)}` is not what belongs there {{where}}."
            yield 3, what, ast.Name(name, ast.Load())
            if number:
                yield 3.6, what, ast.BinOp(ast.Name(name, ast.Load()), ast.Add(), part)
                yield 3.6, what, ast.BinOp(ast.Name(name, ast.Load()), ast.Sub(), part)
        if number in (2, 10):
            yield 3, f"the number `{text(part)}` is not right {{where}}.", _parsed("np.e")
        for other in dict.fromkeys([-number, number + 1, number - 1, 0, 1, 2, 0.5, 1 / number if number else 3, -1]):
            if other != number:
                other = int(other) if other == int(other) and isinstance(number, int) else other
                yield 3, f"the number `{text(part)}` is not right {{where}}.", ast.Constant(other)
    elif not isinstance(part, (ast.Slice, ast.Lambda, ast.Starred, ast.JoinedStr, ast.Constant)) and not _literal(part):
        if ".shape" not in text(part) and "len(" not in text(part):
            yield from _additions(part, text, names)


def _literal(part):
    """Is it a tuple or a list of numbers and words, as the axes of a mean are, or a range? Nothing is added to that."""
    if isinstance(part, ast.Call) and getattr(part.func, "id", "") in ("range", "zip", "enumerate"):
        return True
    return isinstance(part, (ast.Tuple, ast.List)) and all(
        isinstance(one, ast.Constant) or _number(one) is not None for one in part.elts
    )


def _bracketed(part):
    """What is calculated there, with one more pair of brackets, or one less."""
    seen = {ast.dump(part)}
    for code in dict.fromkeys(_with_brackets(ast.unparse(part))):
        try:
            new = ast.parse(code.strip(), mode="eval").body
        except SyntaxError:  # the brackets at the two ends of an operand are not always a pair
            continue
        if ast.dump(new) not in seen:
            seen.add(ast.dump(new))
            for node in ast.walk(new):  # their places are not those of the cell
                if hasattr(node, "lineno"):
                    node.lineno, node.end_lineno, node.col_offset, node.end_col_offset, node.made = 1, 1, 0, 0, True
            yield new


def _with_brackets(code):
    """The code of an expression with one more pair of brackets around some of its operands."""
    operands, depth, begin, last = [], 0, 0, ""
    tokens = [t for t in tokenize.generate_tokens(io.StringIO(code).readline) if t.string]
    for token in tokens:
        sign = token.string
        if depth == 0 and sign in OPERATIONS and last and last not in OPERATIONS:
            operands.append((begin, token.start[1]))
            begin = token.end[1]
        depth += (sign in "([{") - (sign in ")]}")
        last = sign
    operands.append((begin, len(code)))
    for i, j in itertools.combinations(range(len(operands) if len(operands) <= 9 else 0), 2):
        first, end = operands[i][0], operands[j][1]
        while code[first] in " -":  # −(a + b)
            if code[first] == "-":
                yield f"{code[:first]}({code[first:end].rstrip()}) {code[end:]}"
            first += 1
        yield f"{code[:first]}({code[first:end].rstrip()}) {code[end:]}"
    for first, end in operands:
        some = code[first:end].strip()
        if len(operands) > 1 and some.startswith("(") and some.endswith(")"):
            yield f"{code[:first]} {some[1:-1]} {code[end:]}"


def _number(node):
    """The number that stands there, or None."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        number = _number(node.operand)
        return None if number is None else -number
    is_one = (
        isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool)
    )
    return node.value if is_one else None


def _kin(name):
    return sorted(set().union(*(kin for kin in KIN if name in kin)) - {name})


def _operations(part, text):
    """Changes of a ∘ b."""
    a, b, op = part.left, part.right, part.op
    sign = SIGNS.get(type(op), "")

    def side(node):
        return f"({text(node)})" if isinstance(node, (ast.BinOp, ast.Compare, ast.IfExp)) else text(node)

    if isinstance(op, (ast.Add, ast.Sub)):
        other = ast.Sub() if isinstance(op, ast.Add) else ast.Add()
        yield 1, f"the sign before `{text(b)}` is wrong {{where}}.", ast.BinOp(a, other, b)
    yield 2, f"`{sign} {side(b)}` is too much {{where}}.", a
    yield 2, f"`{side(a)} {sign}` is too much {{where}}.", b
    for other in OTHERS.get(type(op), ""):
        what = f"the `{sign}` between `{text(a, 40)}` and `{text(b, 40)}` is not the operation that belongs there."
        yield 3, what, ast.BinOp(a, OPERATIONS[other](), b)
    if isinstance(a, ast.BinOp) and isinstance(
        op, (ast.Mult, ast.Div, ast.MatMult)
    ):  # a ∘ b * c with + for ∘ is a + (b * c)
        for other in [sign for sign in (ast.Add, ast.Sub) if sign is not type(a.op)]:
            inner = SIGNS.get(type(a.op), "")
            what = f"the `{inner}` between `{text(a.left, 40)}` and `{text(a.right, 40)}` does not belong there."
            yield 3, what, ast.BinOp(a.left, other(), ast.BinOp(a.right, op, b))
    if isinstance(op, ast.MatMult):
        for k, one in enumerate((a, b)):
            new = [a, b]
            new[k] = ast.Attribute(one, "T", ast.Load())
            what = f"`{text(one)}` stands the wrong way round {{where}}: what are its rows, and what its columns?"
            yield 2.5, what, ast.BinOp(new[0], op, new[1])
    if isinstance(op, ast.Div) and isinstance(a, ast.BinOp) and isinstance(a.op, ast.Mult):  # x * a / b
        new = ast.BinOp(ast.BinOp(a.left, ast.Mult(), b), ast.Div(), a.right)
        yield 2, f"`{text(a.right)}` and `{text(b)}` stand in the wrong order around `/` {{where}}.", new
    if isinstance(op, (ast.Sub, ast.Div, ast.Pow, ast.MatMult)) and (_number(a) != 1 or not isinstance(op, ast.Div)):
        yield 3, f"`{text(a)}` and `{text(b)}` stand in the wrong order around `{sign}` {{where}}.", ast.BinOp(b, op, a)
    if isinstance(a, ast.Call) and len(a.args) == 1 and not a.keywords:
        what = f"the brackets of `{text(a.func)}(…)` end too early {{where}}."
        yield 2.5, what, ast.Call(a.func, [ast.BinOp(a.args[0], op, b)], [])
    brackets = f"the brackets are not where they belong in `{text(part)}`: what is calculated first?"
    for one, two in ((a, b), (b, a)):
        if isinstance(one, ast.BinOp):  # (c ∘ d) • two, or two • (c ∘ d)
            c, d, inner = one.left, one.right, one.op
            if one is a:
                yield 3, brackets, ast.BinOp(c, inner, ast.BinOp(d, op, two))
                yield 4, brackets, ast.BinOp(ast.BinOp(c, op, two), inner, d)
            else:
                yield 3, brackets, ast.BinOp(ast.BinOp(two, op, c), inner, d)
                yield 4, brackets, ast.BinOp(c, inner, ast.BinOp(two, op, d))


def _calls(part, text):
    """Changes of f(…) and of x.f(…)."""
    name = part.func.attr if isinstance(part.func, ast.Attribute) else getattr(part.func, "id", "")
    of = getattr(part.func.value, "id", "") if isinstance(part.func, ast.Attribute) else ""
    if of == "math" and hasattr(np, name):
        new = ast.Call(ast.Attribute(ast.Name("np", ast.Load()), name, ast.Load()), part.args, part.keywords)
        yield 0.5, f"`{text(part.func)}` takes single numbers {{where}}, and gets arrays.", new
    if name in ("max", "min") and of in ("", "np") and len(part.args) == 2 and not part.keywords:
        what = f"`{text(part.func)}(…)` does not take two arrays entry by entry {{where}}."
        yield 0.5, what, ast.Call(_parsed(f"np.{name}imum"), part.args, [])
    yield from _nested(part, text)
    if name == "len" and len(part.args) == 1:
        what = f"`{text(part)}` counts the rows {{where}}: is it the columns that count, or all numbers?"
        yield 2.9, what, _parsed_with("np.shape(x)[-1]", part.args[0])
        yield 2.9, what, _parsed_with("np.size(x)", part.args[0])
    if part.args and not isinstance(part.args[0], ast.Starred):
        if not isinstance(part.args[0], ast.Constant):  # of which nothing would be left that was given
            yield 2, f"`{text(part.func)}(…)` around `{text(part.args[0])}` is too much {{where}}.", part.args[0]
        if len(part.args) == 2:
            new = ast.Call(part.func, part.args[::-1], part.keywords)
            yield 2, f"the arguments stand in the wrong order in `{text(part)}`.", new
        for other in [one for one in part.args[1:] if not isinstance(one, ast.Constant)]:
            yield 2.5, f"`{text(part.func)}(…)` around `{text(other)}` is too much {{where}}.", other
        for k in range(1, len(part.args)):
            new = ast.Call(part.func, part.args[:k] + part.args[k + 1 :], part.keywords)
            yield 3, f"the argument `{text(part.args[k])}` is too much in `{text(part)}`.", new
    for k, one in enumerate(part.args if name in ("zip", "enumerate") else []):
        new = [*part.args[:k], ast.Subscript(one, ast.Slice(step=ast.Constant(-1)), ast.Load()), *part.args[k + 1 :]]
        yield 3, f"`{text(one)}` is gone through from the wrong end {{where}}.", ast.Call(part.func, new, part.keywords)
    if isinstance(part.func, ast.Attribute) and getattr(part.func.value, "id", "") not in ("np", "math"):
        yield 2, f"`.{name}(…)` after `{text(part.func.value)}` is too much {{where}}.", part.func.value
    for other in ("np.sum", "np.mean", "np.max") if name == "norm" else ():
        new = ast.Call(_parsed(other), part.args, part.keywords)
        yield 3, f"`{text(part.func)}` is the wrong function {{where}}.", new
    for k, keyword in enumerate(part.keywords):
        new = ast.Call(part.func, part.args, part.keywords[:k] + part.keywords[k + 1 :])
        yield 3, f"`{keyword.arg}={text(keyword.value)}` is too much in `{text(part)}`.", new
    if name in REDUCING:
        given = {keyword.arg: keyword for keyword in part.keywords}
        for axis, keep in itertools.product((None, -1, 0), (False, True)):
            added = [] if axis is None else [ast.keyword("axis", ast.Constant(axis))]
            added += [ast.keyword("keepdims", ast.Constant(True))] if keep else []
            if added and not set(given) & {keyword.arg for keyword in added}:
                what = f"`{text(part)}`{{where}}: along which axis, and of which shape? (`axis`, `keepdims`)"
                yield 3, what, ast.Call(part.func, part.args, part.keywords + added)


def _nested(part, text):
    """Of f(g(x)), f(x).g() and f(a + b): the other way round, and with brackets that end elsewhere."""
    inner = part.args[0] if part.args else None
    if isinstance(inner, ast.Call) and inner.args:  # f(g(x)) → g(f(x))
        turned = ast.Call(
            inner.func, [ast.Call(part.func, [inner.args[0]], part.keywords), *inner.args[1:]], inner.keywords
        )
        what = f"`{text(inner.func)}(…)` and `{text(part.func)}(…)` are done in the wrong order in `{text(part)}`."
        yield 2.5, what, turned
    if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):  # f(x.g()) → f(x).g()
        own = ast.Call(part.func, [inner.func.value], part.keywords)
        what = f"`.{inner.func.attr}(…)` and `{text(part.func)}(…)` are done in the wrong order in `{text(part)}`."
        yield 2.5, what, ast.Call(ast.Attribute(own, inner.func.attr, ast.Load()), inner.args, inner.keywords)
    on = part.func.value if isinstance(part.func, ast.Attribute) else None
    if isinstance(on, ast.Call) and len(on.args) == 1:  # f(x).g() → f(x.g())
        own = ast.Call(ast.Attribute(on.args[0], part.func.attr, ast.Load()), part.args, part.keywords)
        what = f"`.{part.func.attr}(…)` and `{text(on.func)}(…)` are done in the wrong order in `{text(part)}`."
        yield 2.5, what, ast.Call(on.func, [own], on.keywords)
    if isinstance(inner, ast.BinOp):
        what = f"the brackets of `{text(part.func)}(…)` do not end where they should in `{text(part)}`."
        one = ast.Call(part.func, [inner.left, *part.args[1:]], part.keywords)
        two = ast.Call(part.func, [inner.right, *part.args[1:]], part.keywords)
        if not isinstance(inner.left, ast.Constant):  # log(1) is a number, and no logarithm any more
            yield 2.5, what, ast.BinOp(one, inner.op, inner.right)
        if not isinstance(inner.right, ast.Constant):
            yield 2.5, what, ast.BinOp(inner.left, inner.op, two)


def _parsed_with(code, x):
    """An expression with another one in the place of its x."""
    tree = copy.deepcopy(_parsed(code))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            node.args[0] = x
    return tree


def _indices(part, text):
    """Changes of a[…]."""
    whole = ast.Slice()
    yield 3, f"`[{text(part.slice)}]` is too much after `{text(part.value)}` {{where}}.", part.value
    what = f"`{text(part)}` is not the part that is asked for {{where}}: of rows and columns, which?"
    if isinstance(part.slice, ast.Tuple) and len(part.slice.elts) == 2:
        yield 3, what, ast.Subscript(part.value, ast.Tuple(part.slice.elts[::-1], ast.Load()), ast.Load())
        if not any(isinstance(e, ast.Slice) for e in part.slice.elts):
            new = ast.Subscript(part.value, ast.Slice(*part.slice.elts), ast.Load())
            yield 3, f"`{text(part)}` has a comma where a slice has a colon.", new
    elif not isinstance(part.slice, ast.Tuple):
        yield 3, what, ast.Subscript(part.value, ast.Tuple([whole, part.slice], ast.Load()), ast.Load())
        yield 3, what, ast.Subscript(part.value, ast.Tuple([part.slice, whole], ast.Load()), ast.Load())


def _additions(part, text, names):
    """Something put in at an expression: a factor, a divisor, a term, a function."""
    factor, term = (
        f"at `{text(part)}` a factor or a divisor is missing {{where}}.",
        f"at `{text(part)}` a term is missing {{where}}.",
    )
    yield 3, f"the sign of `{text(part)}` is wrong {{where}}.", ast.UnaryOp(ast.USub(), part)
    numbers = [ast.Constant(2), *(ast.Name(name, ast.Load()) for name in names)]
    lengths = [_parsed(f"np.shape({name})[{k}]") for name in names for k in (0, -1)]
    for other in [*numbers, *lengths]:
        yield 5, factor, ast.BinOp(part, ast.Mult(), other)
        if not _same_name(part, other):  # x / x is 1, whatever x is, and x - x is 0: that puts nothing in
            yield 5, factor, ast.BinOp(part, ast.Div(), other)
    for other in [ast.Constant(1), *(one for one in numbers[1:] if not _same_name(part, one))]:
        yield 5, term, ast.BinOp(part, ast.Add(), other)
        yield 5, term, ast.BinOp(part, ast.Sub(), other)
        yield 5, term, ast.BinOp(other, ast.Sub(), part)
    yield 4, f"a power is missing at `{text(part)}` {{where}}.", ast.BinOp(part, ast.Pow(), ast.Constant(2))
    for name in ("abs", "log", "exp", "sqrt", "negative"):
        if name != "negative":
            call = ast.Call(ast.Attribute(ast.Name("np", ast.Load()), name, ast.Load()), [part], [])
            yield 4, f"something has to be done to `{text(part)}` first {{where}}: is a function missing?", call
    for name, how in itertools.product(("sum", "mean", "max"), ("", "axis=-1", "axis=-1, keepdims=True")):
        call = _parsed(f"np.{name}(0, {how})")
        new = ast.Call(call.func, [part], call.keywords)
        yield 4, f"of `{text(part)}` a sum, a mean or a largest is missing {{where}}.", new


def _same_name(part, other):
    return isinstance(part, ast.Name) and part.id == getattr(other, "id", None)


@functools.lru_cache(1000)
def _parsed(text):
    return ast.parse(text, mode="eval").body


def call(function, args):
    """The answer to copies of the arguments, or None where it fails. Call it in `quiet`."""
    try:
        with np.errstate(all="ignore"):
            return function(*each_copied(args))
    except KeyboardInterrupt:
        raise
    except BaseException:  # exit() too
        return None
