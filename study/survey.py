"""What one state of the study claims: bands, settings and the code that measures.

:mod:`study.history` runs this text in an interpreter of its own, in a checkout of every commit. It
therefore uses of the study only what every commit has: the names of the experiments, what they
export, and their settings.
"""

import ast
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDERS = ("study", "conf")
"""What of a commit is checked out for it."""


def survey() -> dict[str, Any]:
    """Describe each experiment of the study that is imported here.

    Returns:
        By the experiment's name, its settings at reference size, a digest of the code of its own
        module that its ``run`` reaches, and by the id of each claim its quantity and band.
    """
    from study import catalogue, configuring  # noqa: PLC0415 - of the commit that is surveyed

    found = {}
    for name in catalogue.names():
        experiment = catalogue.load(name)
        module = sys.modules[experiment.run.__module__]
        found[name] = {
            "settings": configuring.plain_settings(name, "reference"),
            "method": digest(Path(str(module.__file__)).read_text(encoding="utf-8")),
            "claims": {
                claim.id: {
                    "quantity": claim.quantity,
                    "band": [claim.band.low, claim.band.high],
                }
                for claim in experiment.claims
            },
        }
    return found


def digest(source: str) -> str:
    r"""Name the code of a module that its ``Config`` and ``run`` reach, but for comments.

    >>> digest("def run(): return f()\ndef f(): return 1  # one") == digest(
    ...     'def run(): return f()\ndef f():\n    "One."\n    return 1\nCLAIMS = ()'
    ... )
    True
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            node.body = node.body[1:] or [ast.Pass()]
    defined: dict[str, ast.stmt] = {}
    for statement in tree.body:
        defined |= dict.fromkeys(_names(statement), statement)
    wanted, reached = ["Config", "run"], set[str]()
    while wanted:
        name = wanted.pop()
        if name in defined and name not in reached:
            reached.add(name)
            used = ast.walk(defined[name])
            wanted += [node.id for node in used if isinstance(node, ast.Name)]
    text = "\n".join(ast.unparse(defined[name]) for name in sorted(reached))
    return hashlib.sha256(text.encode()).hexdigest()


def _names(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement at the top of a module defines."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        yield from (target.id for target in targets if isinstance(target, ast.Name))


if __name__ == "__main__":
    print(json.dumps(survey()))  # noqa: T201 - read by study.history
