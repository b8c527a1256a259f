"""What stands behind one number: the code that measures it, its settings, the figure that shows it.

All of it is found in the text of the experiment's modules, by the words of the number's key.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from study.record.results import MEDIANS, RATES, Run

LABEL = re.compile(r"^\(([\w-]+)\)=\n(?=#)", re.MULTILINE)
"""The label of a section of a page."""
HEADING = re.compile(r"^#+ ", re.MULTILINE)
TELLING = re.compile(r"[a-z]{4}")
"""In a fixed part of a key that tells it from others."""


@dataclass(frozen=True)
class Passage:
    """A function as it stands in a file.

    Attributes:
        name: of the function.
        line: its first line in the file, counted from one.
        text: the function.
    """

    name: str
    line: int
    text: str


def words(key: str) -> tuple[str, ...]:
    """Return the parts of a key, without what says how its draws are pooled.

    >>> words("rate.learns.he.thirty")
    ('learns', 'he', 'thirty')
    """
    for prefix in (*RATES, MEDIANS):
        key = key.removeprefix(prefix)
    return tuple(key.split("."))


def code_of(method: Path, key: str) -> Passage | None:
    """Return the smallest function that names a quantity; None if none does.

    A key that the code puts together, as ``f"{name}_mean"``, is found by its fixed parts.

    Args:
        method: the module that measures.
        key: of the number.
    """
    functions = _functions(method).values()
    quantity, whole = words(key)[0], ".".join(words(key))
    naming = [
        function for function in functions if any(quantity in text for text in _texts(function))
    ] or [
        function
        for function in functions
        if any(form.fullmatch(text) for form in _forms(function) for text in (quantity, whole))
    ]
    if not naming:
        return None
    smallest = min(naming, key=lambda function: (function.end_lineno or 0) - function.lineno)
    lines = method.read_text(encoding="utf-8").splitlines()
    text = "\n".join(lines[smallest.lineno - 1 : smallest.end_lineno])
    return Passage(smallest.name, smallest.lineno, text)


def names(figures: Path, figure: str, key: str) -> bool:
    """Tell whether the code of a figure names a quantity.

    Args:
        figures: the module that draws it.
        figure: its name.
        key: of the number.
    """
    functions = _functions(figures)
    reached = _reached(functions, figure) if figure in functions else ()
    return any(words(key)[0] in text for text in reached)


def figure_of(run: Run, figures: Path, key: str, text: str) -> str | None:
    """Return the figure of a run that is nearest to a quantity; None if the run has none.

    The nearest is the one whose code names the quantity and its arm; where several or none do, the
    one that shares most words with what is said of the quantity.

    Args:
        run: whose figures they are.
        figures: the module that draws them.
        key: of the number.
        text: what is said of it.
    """
    _, *arm = words(key)
    functions = _functions(figures)
    vocabulary = _words(f"{key} {text}")

    def nearness(name: str) -> tuple[bool, int]:
        texts = set(_reached(functions, name)) if name in functions else set()
        words_there = _words(" ".join([name, run.figures[name], *texts]))
        shared = len(vocabulary & words_there) + len(texts & {*arm})
        return names(figures, name, key), shared

    return max(run.figures, key=nearness, default=None)


def _words(text: str) -> frozenset[str]:
    """Return the words of a text that are long enough to mean something."""
    return frozenset(re.findall(r"[a-z]{4,}", text.lower().replace("_", " ")))


def figure_beside(docs: Path, label: str | None, experiment: str) -> str | None:
    """Return the figure of an experiment that stands in the section that derives a claim.

    Args:
        docs: the folder of the pages.
        label: of the section; None if there is none.
        experiment: the name of the experiment.

    Returns:
        The first of its figures there; None if it has none there.
    """
    text = _sections(docs).get(label or "", "")
    match = re.search(rf"\{{result-figure\}} {experiment}:(\w+)", text)
    return match[1] if match else None


@cache
def _sections(docs: Path) -> dict[str, str]:
    """Return the text of each section of the pages that has a label, by that label."""
    sections = {}
    for path in sorted(docs.rglob("*.md")):
        labels_and_texts = LABEL.split(path.read_text(encoding="utf-8"))[1:]
        for label, text in zip(labels_and_texts[::2], labels_and_texts[1::2], strict=True):
            sections[label] = HEADING.split(text.partition("\n")[2], maxsplit=1)[0]
    return sections


def settings_of(run: Run, key: str) -> Iterator[tuple[str, Any]]:
    """Yield the settings that bear on a quantity: those of all, and those of the arms it names.

    Args:
        run: which measured it.
        key: of the number.
    """
    named = set(words(key)[1:])
    for field, value in run.settings["experiment"].items():
        if isinstance(value, Mapping):
            arms = {name: inner for name, inner in value.items() if name in named}
            if arms or named.isdisjoint(_names(value)):
                yield field, arms or value
        else:
            yield field, value


def _names(value: Mapping[str, Any]) -> Iterator[str]:
    """Yield all names in nested settings."""
    for name, inner in value.items():
        yield name
        if isinstance(inner, Mapping):
            yield from _names(inner)


@cache
def _functions(path: Path) -> dict[str, ast.FunctionDef]:
    """Return the functions at the top of a module, by name."""
    if not path.is_file():
        return {}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def _texts(function: ast.FunctionDef) -> Iterator[str]:
    """Yield the strings of a function, but for its docstrings."""
    documentation = ast.get_docstring(function, clean=False)
    strings = (node.value for node in ast.walk(function) if isinstance(node, ast.Constant))
    yield from (x for x in strings if isinstance(x, str) and x != documentation)


def _forms(function: ast.FunctionDef) -> Iterator[re.Pattern[str]]:
    """Yield what matches the texts that a function puts together of fixed and other parts."""
    for node in ast.walk(function):
        if isinstance(node, ast.JoinedStr):
            parts = [
                str(part.value) if isinstance(part, ast.Constant) else "" for part in node.values
            ]
            if any(TELLING.search(part) for part in parts):
                yield re.compile("".join(re.escape(part) or ".+" for part in parts))


def _reached(
    functions: Mapping[str, ast.FunctionDef], name: str, before: Sequence[str] = ()
) -> Iterator[str]:
    """Yield the strings of a function and of those of its module that it calls."""
    yield from _texts(functions[name])
    for node in ast.walk(functions[name]):
        if isinstance(node, ast.Name) and node.id in functions and node.id not in (*before, name):
            yield from _reached(functions, node.id, (*before, name))
