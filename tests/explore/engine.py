"""The page's own functions, in a JavaScript engine that comes as a wheel."""

import atexit
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from py_mini_racer import MiniRacer

from study.site.explore import FUNCTION, bundle

FOLDER = Path(__file__).parents[2] / "docs" / "explore"
GLUE = """
const at = (path) => path.split(".").reduce((found, name) => found[name], modules);
const given = (x) => (x !== null && typeof x === "object" && "path" in x ? at(x.path) : x);
const shown = (_, x) =>
  typeof x === "number" && !Number.isFinite(x) ? { number: String(x) }
  : ArrayBuffer.isView(x) ? Array.from(x) : x;
function called(path, args) {
  const found = at(path);
  return JSON.stringify(typeof found === "function" ? found(...args.map(given)) : found, shown);
}
"""

Engine: TypeAlias = Callable[..., Any]
"""Calls what a module exports by its path, with arguments as JSON has them."""
Settings: TypeAlias = Callable[..., dict[str, Any]]
"""Gives the settings that the page starts with, with changes."""


def engine(text: str) -> Engine:
    """Run a script, and return how to call what its modules export."""
    context = MiniRacer()
    atexit.register(context.close)  # as study.site.formulas does
    context.eval(text.removesuffix(f"{FUNCTION}();\n"))
    context.eval(f"const modules = {FUNCTION}();" + GLUE)

    def call(path: str, *args: object) -> object:
        result = context.eval(f"called({json.dumps(path)}, {json.dumps(args)})")
        if result is None:
            return None
        return json.loads(str(result), object_hook=_number, parse_int=_whole)

    return call


def reference(path: str) -> dict[str, str]:
    """Stand for what a module exports, as an argument."""
    return {"path": path}


def _whole(digits: str) -> float:
    """Return a number written without a point; a large one need not be the integer it spells."""
    return int(digits) if len(digits) < 16 else float(digits)


def _number(found: dict[str, Any]) -> object:
    """Return numbers that JSON does not have."""
    return float(found["number"]) if found.keys() == {"number"} else found


def with_fault(old: str, new: str) -> Engine:
    """Return the functions with one piece of their source replaced, which must be there once."""
    text = bundle(FOLDER)
    assert text.count(old) == 1, old
    return engine(text.replace(old, new))
