"""A variable is a noun: what its value is, and neither what was done to it nor a stand-in."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
PARTICIPLES = """
asked begun carried changed chosen claimed composed computed decided done drawn ended finished
found gathered given happened held inherited judged kept known lost made marked measured needed
noted ordered passed quoted raised read recorded said seen shown spent stored surveyed taken told
undecided unseen used wanted written
"""
STAND_INS = """
apart both each elsewhere here how its mine now of one ones other others ours own several since
some such their theirs then there thing to what where which who whose why
"""


def bound_names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield the variables and parameters that a module binds, and their lines.

    Fields of a class are none: they are read with their object.
    """
    fields = {
        id(statement.target)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for statement in node.body
        if isinstance(statement, ast.AnnAssign)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) if id(node) not in fields:
                yield name, node.lineno
            case ast.arg(arg=name):
                yield name, node.lineno
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                yield name, node.lineno


def not_nouns(source: str) -> list[str]:
    """Return the names of a module that are no nouns, each with its line."""
    words = {*PARTICIPLES.split(), *STAND_INS.split()}
    return [f"{line}: {name}" for name, line in bound_names(ast.parse(source)) if name in words]


def modules() -> list[Path]:
    return sorted((PROJECT / "study").rglob("*.py"))


@pytest.mark.parametrize(
    ("source", "offence"),
    [
        ("found = search()", "1: found"),
        ("def pool(runs, *, made): ...", "1: made"),
        ("sizes = [len(one) for one in rows]", "1: one"),
        ("if given := settings.get('seed'): ...", "1: given"),
        ("try: ...\nexcept OSError as what: ...", "2: what"),
        ("match row:\n    case [first, *_] as seen: ...", "2: seen"),
        ("lambda own: own + 1", "1: own"),
    ],
)
def test_a_name_that_is_no_noun_is_noticed(source: str, offence: str) -> None:
    assert not_nouns(source) == [offence]


def test_an_adjective_with_its_noun_is_a_noun_and_a_field_is_no_variable() -> None:
    assert not_nouns("stored_rows, left, right = rows, 1, 2") == []
    assert not_nouns("class Run:\n    recorded: str\n") == []


def test_variables_are_nouns() -> None:
    offences = {
        path.relative_to(PROJECT).as_posix(): names
        for path in modules()
        if (names := not_nouns(path.read_text(encoding="utf-8")))
    }
    assert offences == {}
