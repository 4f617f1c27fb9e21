"""What the tests of all exercises share: what a student sees of a solution, and what a cell with it defines."""

import ast
import math

import numpy as np

from optim_core.exercises import ____
from optim_core.exercises.running import Run


def source_of(ex, capsys):
    """The solution, as a student sees it."""
    ex.solution()
    return capsys.readouterr().out


def define(source, name, **names):
    """The function that a cell with this source defines; names: what else the notebook has imported."""
    space = {"np": np, "math": math, "____": ____} | names
    exec(compile(source, "<cell>", "exec"), space)
    return space[name]


def positions(source):
    """The source with one expression replaced by `____`, for each expression of it."""
    count = sum(isinstance(node, ast.expr) for node in ast.walk(ast.parse(source)))
    for k in range(count):
        tree = ast.parse(source)
        target = [node for node in ast.walk(tree) if isinstance(node, ast.expr)][k]

        class Put(ast.NodeTransformer):
            def generic_visit(self, node, target=target):
                if node is target and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
                    return ast.Name("____", ast.Load())
                return super().generic_visit(node)

        blanked = ast.unparse(ast.fix_missing_locations(Put().visit(tree)))
        if "____" in blanked:
            yield blanked


def looks(ex, function):
    """What an exercise sees of a function on every case."""
    seen = [ex.look(function, args) for args in ex.cases]
    return [look[1] if isinstance(look, tuple) else look for look in seen]


def same(ex, mine, theirs):
    """Did two looks at one case come to the same?"""
    return ex.alike(mine, theirs) if isinstance(mine, Run) else mine == theirs
