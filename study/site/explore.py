"""What moves on the site: modules of JavaScript, joined to one script that needs no server.

A page opened from a file may neither load modules nor start a worker from another file. So the
modules of ``docs/explore`` are joined to one function, from whose own text the worker is made.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from study.errors import StudyError

MAIN = "main.mjs"
"""The module that the others are reached from."""
FUNCTION = "explorable"
"""How the function is called that holds all modules."""

IMPORT = re.compile(r'^import \{([^}]*)\} from "\./(\w+)\.mjs";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (const|function\*?|async function) (\w+)", re.MULTILINE)


def bundle(folder: Path, main: str = MAIN) -> str:
    """Join a module and all that it imports to one classic script.

    Args:
        folder: of the modules, each of which imports others as ``import { a, b } from "./c.mjs";``
            and exports only what is declared as ``export const`` or ``export function``.
        main: the module to begin with.

    Returns:
        A script that defines a function and calls it; what the modules export is its result, by
        module.

    Raises:
        StudyError: if there is no such module.
    """
    modules = list(_in_order(folder, main.removesuffix(".mjs"), ()))
    made = "\n".join(_as_function(name, text) for name, text in modules)
    names = ", ".join(name for name, _ in modules)
    return (
        f'function {FUNCTION}() {{\n"use strict";\n{made}\nreturn {{ {names} }};\n}}\n'
        f"{FUNCTION}();\n"
    )


def _in_order(folder: Path, name: str, above: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield modules and their texts, each once and behind those that it imports."""
    seen: set[str] = set()
    path = folder / f"{name}.mjs"
    if not path.is_file():
        raise StudyError(f"{path.name}: no such module in {folder.name}")
    if name in above:
        raise StudyError(f"{path.name}: imports itself by way of {' and '.join(above)}")
    text = path.read_text(encoding="utf-8")
    for found in IMPORT.finditer(text):
        for other, its_text in _in_order(folder, found[2], (*above, name)):
            if other not in seen:
                seen.add(other)
                yield other, its_text
    yield name, text


def _as_function(name: str, text: str) -> str:
    """Return a module as an object of what it exports."""
    exported = ", ".join(found[2] for found in EXPORT.finditer(text))
    body = IMPORT.sub(r"const {\1} = \2;\n", EXPORT.sub(r"\1 \2", text))
    return f"const {name} = (() => {{\n{body}return {{ {exported} }};\n}})();"
