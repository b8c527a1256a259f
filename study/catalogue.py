"""The experiments there are, found by folder; listing them imports none of them.

An experiment is a folder ``study/experiments/<group>/<name>``; the name of a group says on what
subject its experiments are, and names of experiments are unique without it.
"""

import ast
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pathlib import Path

from study.errors import StudyError
from study.record.experiment import Experiment, Method

FOLDER = Path(__file__).parent / "experiments"


def names() -> list[str]:
    """Return the names of all experiments, sorted.

    >>> "relu_second_moment" in names()
    True
    """
    return sorted(_groups(FOLDER))


def groups() -> dict[str, list[str]]:
    """Return the names of the groups, sorted, each with those of its experiments.

    >>> groups()["fans"]
    ['fan_modes', 'fan_modes_training', 'weight_fans']
    """
    members: dict[str, list[str]] = {}
    for name, its_group in sorted(_groups(FOLDER).items(), key=lambda item: (item[1], item[0])):
        members.setdefault(its_group, []).append(name)
    return members


def question(its_group: str) -> str:
    """Return the sentence that says what a group asks, from the docstring of its package.

    >>> question("fans")
    'Which fan is which, and what each keeps.'
    """
    source = (FOLDER / its_group / "__init__.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or its_group).splitlines()[0]


def group(name: str) -> str:
    """Return the group of an experiment.

    Args:
        name: the experiment's name.

    Raises:
        StudyError: if there is none of this name.

    >>> group("relu_second_moment")
    'variance'
    """
    return _groups(FOLDER)[known(name)]


def place(name: str) -> str:
    """Return where an experiment lies in every tree: its group and its name.

    >>> place("relu_second_moment")
    'variance/relu_second_moment'
    """
    return f"{group(name)}/{name}"


def known(name: str) -> str:
    """Return the name of an experiment that may be given with its group.

    Args:
        name: such as ``relu_second_moment`` or ``variance/relu_second_moment``.

    Raises:
        StudyError: if there is none of this name, with those that are most like it.

    >>> known("variance/relu_second_moment")
    'relu_second_moment'
    """
    group_of = _groups(FOLDER)
    its_group, _, leaf = name.rpartition("/")
    if leaf in group_of and its_group in {"", group_of[leaf]}:
        return leaf
    matches = get_close_matches(leaf, group_of, n=3)
    matches += [
        leaf_name
        for leaf_name in sorted(group_of)
        if leaf and leaf in {leaf_name, group_of[leaf_name]}
    ]
    matches += [leaf_name for leaf_name in sorted(group_of) if leaf and leaf in leaf_name]
    close = list(dict.fromkeys(matches)) or sorted(group_of)
    raise StudyError(f"{name}: no such experiment; choose from {', '.join(close)}")


def load(name: str) -> Experiment:
    """Import one experiment.

    Args:
        name: its name.

    Returns:
        What its folder holds.

    Raises:
        StudyError: if there is none of this name.
    """
    claims, figures = (import_module(module(name, part)) for part in ("claims", "figures"))
    return Experiment(
        method=method(name),
        claims=claims.CLAIMS,
        untested=getattr(claims, "UNTESTED", ()),
        figures=figures.FIGURES,
    )


def method(name: str) -> Method:
    """Import how an experiment measures, and neither its claims nor its figures.

    Args:
        name: its name.

    Raises:
        StudyError: if there is none of this name.
    """
    return Method.from_module(import_module(module(name)))


def module(name: str, part: str = "method") -> str:
    """Return the dotted name of one of an experiment's modules.

    Args:
        name: the experiment's name.
        part: ``method``, ``claims`` or ``figures``.

    >>> module("relu_second_moment")
    'study.experiments.variance.relu_second_moment.method'
    """
    return f"study.experiments.{group(name)}.{known(name)}.{part}"


@cache
def _groups(folder: Path) -> dict[str, str]:
    """Return the group of each experiment, by name."""
    return {
        path.parent.name: path.parent.parent.name for path in sorted(folder.glob("*/*/method.py"))
    }
