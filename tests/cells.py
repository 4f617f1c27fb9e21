"""What the tests of all exercises share: what a student sees of a solution, and what a cell with it defines."""

import ast
import itertools
import math

import numpy as np

from optim_core.exercises import ____
from optim_core.exercises.running import run


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


def is_told_by_its_own_message(ex, mistake):
    what, wrong, look = mistake
    result = ex.check(wrong)
    assert result.outcome == "incorrect"
    assert f"those of a known mistake: {what}.\n{look}" in result.text


def mistakes_are_apart(ex, least):
    """No two of at least so many known mistakes give the same numbers, and none gives the right ones."""
    everything = [*ex.known, [run(ex.reference, args) for args in ex.cases]]
    for one, other in itertools.combinations(everything, 2):
        assert not all(ex.alike(a, b) for a, b in zip(one, other, strict=True))
    assert len({what for what, _, _ in ex.mistakes}) == len(ex.mistakes) >= least
