"""How a run was made, and whether its sources and settings are still the same.

The fingerprint covers the settings, the data, how it is split, the versions of torch and NumPy
and the code that a draw reaches, and nothing else. A changed band, figure, comment or docstring
leaves a finished run finished.
"""

import ast
import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from functools import cache, lru_cache, partial
from importlib import metadata
from pathlib import Path
from symtable import SymbolTable, symtable
from typing import Any, TypeAlias

import psutil

ROOT = Path(__file__).parents[2]
DATA, READING = "study.lab.mnist", ("load", "share", "shared")
MEASURING = ("Config", "run", "prepare", "choose", "measure", "exact")
"""The names under which a module says how it measures; earlier commits had one, ``run``."""
COMPUTING = ("numpy", "torch")
"""The libraries whose version may change a number."""
MODULES, STATEMENTS = 2048, 16384
"""How many are kept at once, which is more than this study has, and less than its history."""
PACKAGES = ("torch", "numpy", "scipy", "matplotlib", "hydra-core", "pydantic")


def fingerprint(module: str, settings: object, data: object) -> str:
    """Name a job by what decides its numbers.

    Args:
        module: dotted name of the module that holds an experiment's method.
        settings: the resolved settings, as JSON holds them.
        data: what identifies the data, as JSON holds it.

    Returns:
        A SHA-256 in hexadecimal digits.
    """
    return of_draws(code_digest(module), settings, data)


def of_draws(code: str, settings: object, data: object) -> str:
    """Name draws by what decides their numbers: as :func:`fingerprint`, where the code is named.

    Args:
        code: what :func:`code_digest` says of the method.
        settings: the resolved settings, as JSON holds them.
        data: what identifies the data, as JSON holds it.
    """
    return digest({"settings": settings, "data": data, "code": code})


def code_digest(module: str, names: Sequence[str] = MEASURING) -> str:
    """Name the code that some names of a module reach, and the libraries it computes with.

    Args:
        module: dotted name of the module.
        names: where to begin; those of a method by default.
    """
    sources = [statement for _, statement in code(module, ROOT, names)]
    return digest({"sources": sources, "versions": {name: version(name) for name in COMPUTING}})


def digest(content: object) -> str:
    """Return the SHA-256 of what JSON can hold, in hexadecimal digits."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def code(module: str, root: Path, names: Sequence[str] = MEASURING) -> list[tuple[str, str]]:
    """Return the code that measures: all that the functions of a method reach.

    Args:
        module: dotted name of the module that holds the method.
        root: the folder of the project, which may be a checkout of another commit.
        names: where to begin.

    Returns:
        Pairs of a module's name and a statement without comments and docstrings, sorted.
    """
    parse = cache(partial(_parsed, root))
    visited: set[tuple[str, str]] = set()
    reached = _reached(parse, module, names, visited)
    return sorted([*reached, *_reached(parse, DATA, READING, visited)])


def describe() -> dict[str, Any]:
    """Describe this machine and this code.

    Returns:
        A record that JSON can hold; the unit of a quantity is in its name.
    """
    import torch  # noqa: PLC0415 - the site reads provenance and has no torch

    commit = _git("rev-parse", "HEAD")
    return {
        "commit": commit or "unknown",
        "dirty": not commit or bool(_git("status", "--porcelain", "--", ".", ":!outputs")),
        "versions": {name: metadata.version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "cpu_count": os.cpu_count(),
        "threads": 1,
    }


def peak_memory() -> int:
    """Peak resident memory of this process in bytes; the present one where the peak is unknown."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:  # pragma: no cover - the tests run where there is one
        return int(psutil.Process().memory_info().rss)
    unit = 1 if platform.system() == "Darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


@cache
def version(package: str) -> str:
    """Return the version of a package, without the part that names how it was built."""
    return metadata.version(package).split("+")[0]


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    try:
        process = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return ""
    return process.stdout.strip()


_Parsed: TypeAlias = tuple[dict[str, ast.stmt], dict[str, tuple[str, str]]]
"""What a module defines, and what it imports from the study."""


def _reached(
    parse: Callable[[str], _Parsed],
    module: str,
    names: Iterable[str],
    visited: set[tuple[str, str]],
) -> Iterator[tuple[str, str]]:
    """Yield, as normal text, what some names of a module stand for and all that this uses.

    Names are followed into every module of the study; a module used as a whole counts whole.
    """
    definitions, imports = parse(module)
    queue = list(names) or list(definitions)
    while queue:
        name = queue.pop()
        if (module, name) in visited:
            continue
        visited.add((module, name))
        if name in definitions:
            statement, uses = _statement(definitions[name])
            yield module, statement
            queue += uses
        elif name in imports:
            origin, inner = imports[name]
            yield from _reached(parse, origin, [inner] if inner else [], visited)


class _PlainStrings(ast.NodeTransformer):
    """Turns formatted strings into calls: Pythons quote differently what is inside of them."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        self.generic_visit(node)
        return ast.Call(ast.Name("format", ast.Load()), node.values, [])

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.AST:
        self.generic_visit(node)
        formatting = [ast.Constant(node.conversion), node.format_spec or ast.Constant(None)]
        return ast.Tuple([node.value, *formatting], ast.Load())


@lru_cache(maxsize=STATEMENTS)
def _statement(node: ast.stmt) -> tuple[str, list[str]]:
    """Return a statement as text that is the same on every Python, and what it reads of its module.

    That is no local variable, no argument and no attribute.
    """
    text = ast.unparse(node)

    def globals_read(table: SymbolTable) -> Iterator[str]:
        at_the_top = table.get_type() == "module"
        for symbol in table.get_symbols():
            if symbol.is_referenced() and (at_the_top or symbol.is_global()):
                yield symbol.get_name()
        for inner in table.get_children():
            yield from globals_read(inner)

    plain = ast.unparse(_PlainStrings().visit(deepcopy(node)))
    return plain, sorted(set(globals_read(symtable(text, "statement", "exec"))))


def _path(root: Path, module: str) -> Path:
    path = root.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _parsed(root: Path, module: str) -> _Parsed:
    source = _path(root, module).read_text(encoding="utf-8")
    definitions, _ = _parse(source)
    return definitions, _imports(root, source)


@lru_cache(maxsize=MODULES)
def _parse(source: str) -> tuple[dict[str, ast.stmt], list[tuple[str, str, str]]]:
    """Parse a module and drop its docstrings; comments are dropped by parsing.

    Returns:
        What it defines, and what it imports from the study: the name here, the module, and the name
        there. Of two checkouts whose module is the same, the second has it from the first.
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            continue
        first = node.body[0] if node.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            node.body = node.body[1:] or [ast.Pass()]
    return _definitions(tree), _imported(tree)


def _definitions(tree: ast.Module) -> dict[str, ast.stmt]:
    """Map each name that a module defines at its top to the statement that does."""
    definitions: dict[str, ast.stmt] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            definitions[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = (name for target in targets for name in ast.walk(target))
            definitions |= {name.id: node for name in names if isinstance(name, ast.Name)}
    return definitions


def _imported(tree: ast.Module) -> list[tuple[str, str, str]]:
    """List what is imported from the study: the name here, the module, and the name there."""
    return [
        (alias.asname or alias.name, str(node.module), alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "study"
        for alias in node.names
    ]


@lru_cache(maxsize=MODULES)
def _imports(root: Path, source: str) -> dict[str, tuple[str, str]]:
    """Map each name imported from the study to its module and its name there.

    The second is empty where the name stands for a module itself.
    """
    _, imported_names = _parse(source)
    imports = {}
    for name, module, inner in imported_names:
        is_module = _path(root, f"{module}.{inner}").is_file()
        imports[name] = (f"{module}.{inner}", "") if is_module else (module, inner)
    return imports
