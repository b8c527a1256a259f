"""No two experiments hold the same function: what they share has a place of its own."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).parents[1]
EXPERIMENTS = PROJECT / "study" / "experiments"
FEW = 8
"""Of so many statements, counting all that are nested, two functions may be alike."""


class Plain(ast.NodeTransformer):
    """Names what belongs to a function by the order in which it occurs, and drops what it says."""

    def __init__(self, local: set[str]) -> None:
        self.local = local
        self.order: dict[str, str] = {}

    def named(self, name: str) -> str:
        return self.order.setdefault(name, f"_{len(self.order)}") if name in self.local else name

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.name = self.named(node.name)
        node.returns = None
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:]
        self.generic_visit(node)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(self.named(node.arg))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:
            return ast.Pass()
        plain = ast.Assign([node.target], node.value, lineno=0)
        self.generic_visit(plain)
        return plain

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self.named(node.id), node.ctx)


def normalised(function: ast.FunctionDef) -> str:
    """Return a function as text, whatever it and its variables are called and whatever it says."""
    stored = {
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    }
    arguments = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    inner = {node.name for node in ast.walk(function) if isinstance(node, ast.FunctionDef)}
    copy = ast.parse(ast.unparse(function)).body[0]
    return ast.unparse(Plain(stored | arguments | inner).visit(copy))


def statements(function: ast.FunctionDef) -> int:
    """Count the statements of a function, but for its docstring."""
    inside = sum(isinstance(node, ast.stmt) for node in ast.walk(function)) - 1
    return inside - (ast.get_docstring(function) is not None)


def functions(source: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield the functions of a module that are long enough, also those of classes, by name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and statements(node) > FEW:
            yield node.name, node


def alike(sources: dict[str, str]) -> list[str]:
    """Name the functions that are the same in modules of different owners.

    Args:
        sources: the text of each module, by its path from ``study/experiments``.
    """
    places = defaultdict(list)
    for path, source in sources.items():
        for name, function in functions(source):
            places[normalised(function)].append((path, name))
    return sorted(
        ", ".join(f"{path}: {name}" for path, name in found)
        for found in places.values()
        if len({owner(path) for path, _ in found}) > 1
    )


def owner(path: str) -> str:
    """Return the experiment of a module, or the module itself if its group shares it."""
    group, *rest = path.split("/")
    return "/".join((group, rest[0])) if rest else group


LONG = """
def first(axes, rows: int) -> None:
    '''Say one thing.'''
    total: int = 0
    for row in rows:
        if row:
            total += row
        else:
            axes.draw(row)
    other = [total + shared(each) for each in rows]
    if other:
        axes.end()
    return other
"""
RENAMED = """
def second(panel, table):
    number = 0
    for line in table:
        if line:
            number += line
        else:
            panel.draw(line)
    left = [number + shared(one) for one in table]
    if left:
        panel.end()
    return left
"""


def test_functions_are_alike_whatever_their_names_and_what_they_say() -> None:
    assert alike({"a/x/method.py": LONG, "a/y/method.py": RENAMED}) == [
        "a/x/method.py: first, a/y/method.py: second"
    ]


def test_functions_of_one_experiment_or_of_few_statements_may_be_alike() -> None:
    assert alike({"a/x/method.py": LONG, "a/x/figures.py": RENAMED}) == []
    short = "\n".join([*LONG.splitlines()[:-3], "    return other"])
    assert alike({"a/x/method.py": short, "a/y/method.py": short}) == []


def test_functions_that_call_or_read_other_things_are_not_alike() -> None:
    for old, new in (("shared(", "foreign("), (".end", ".close"), ("= 0", "= 1")):
        assert old in LONG
        assert alike({"a/x/method.py": LONG, "a/y/method.py": LONG.replace(old, new)}) == []


def test_no_two_experiments_share_a_function() -> None:
    sources = {
        path.relative_to(EXPERIMENTS).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(EXPERIMENTS.rglob("*.py"))
    }
    assert alike(sources) == []
