"""What moves on the site: modules of JavaScript, joined to one script that needs no server.

A page opened from a file may neither load modules nor start a worker from another file. So the
modules of ``docs/explore`` are joined to one function, from whose own text the worker is made.
"""

import atexit
import base64
import gzip
import html
import json
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.nodes import Node, document
from docutils.parsers.rst import directives
from py_mini_racer import MiniRacer
from sphinx.util.docutils import SphinxDirective

from study.errors import StudyError
from study.site.nodes import enclosed

if TYPE_CHECKING:
    from sphinx.application import Sphinx

MAIN, STILL = "main.mjs", "still.mjs"
"""The modules that others are reached from, on a page and when a picture of it is drawn."""
FUNCTION = "explorable"
"""How the function is called that holds all modules."""

SCRIPT, DIGITS, STYLE = "explore.js", "explore-digits.js", "explore.css"
FOLDER = "explore"
"""Of the modules, in the folder of the pages."""
KINDS = ("layers", "histograms", "fans", "cobweb")
"""What can be put into a page."""
IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"

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
    functions = "\n".join(_as_function(name, text) for name, text in modules)
    names = ", ".join(f"{name}: ${name}" for name, _ in modules)
    return (
        f'function {FUNCTION}() {{\n"use strict";\n{functions}\nreturn {{ {names} }};\n}}\n'
        f"{FUNCTION}();\n"
    )


def _in_order(folder: Path, name: str, above: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield modules and their texts, each once and behind those that it imports."""
    yielded: set[str] = set()
    path = folder / f"{name}.mjs"
    if not path.is_file():
        raise StudyError(f"{path.name}: no such module in {folder.name}")
    if name in above:
        raise StudyError(f"{path.name}: imports itself by way of {' and '.join(above)}")
    text = path.read_text(encoding="utf-8")
    for statement in IMPORT.finditer(text):
        for imported_name, imported_text in _in_order(folder, statement[2], (*above, name)):
            if imported_name not in yielded:
                yielded.add(imported_name)
                yield imported_name, imported_text
    yield name, text


def _as_function(name: str, text: str) -> str:
    """Return a module as an object of what it exports."""
    exported = ", ".join(statement[2] for statement in EXPORT.finditer(text))
    body = IMPORT.sub(r"const {\1} = $\2;\n", EXPORT.sub(r"\1 \2", text))
    return f"const ${name} = (() => {{\n{body}return {{ {exported} }};\n}})();"


@cache
def _engine(script: str) -> MiniRacer:
    """Return a JavaScript engine that has run a script."""
    result = MiniRacer()
    atexit.register(result.close)  # as study.site.formulas does
    result.eval(script)
    return result


def still(folder: Path, kind: str, settings: str = "") -> str:
    """Draw what an explorable shows before anything moves, by its own modules.

    Args:
        folder: of the modules.
        kind: one of ``KINDS``.
        settings: as they stand in an address.

    Returns:
        HTML.
    """
    call = f"{FUNCTION}().still.still({json.dumps(kind)}, {json.dumps(settings)})"
    return str(_engine(bundle(folder, STILL)).eval(call))


def first_digits(folder: Path) -> dict[str, bytes] | None:
    """Take the first image of each digit out of MNIST's training file.

    Args:
        folder: of the original files, packed by gzip or not.

    Returns:
        The pixels by digit, or None where the files are not.
    """
    labels = _content(folder / LABELS)
    if labels is None:
        return None
    classes = labels[8:]
    first = [classes.index(digit) for digit in range(10)]
    images = _content(folder / IMAGES, 16 + 784 * (max(first) + 1))
    if images is None:
        return None
    pixels = images[16:]
    return {str(digit): pixels[at * 784 : (at + 1) * 784] for digit, at in enumerate(first)}


def _content(path: Path, size: int = -1) -> bytes | None:
    """Return what a file holds, packed or not, or so many bytes of its beginning."""
    packed = path.with_name(f"{path.name}.gz")
    if packed.is_file():
        with gzip.open(packed) as stream:
            return stream.read(size)
    if not path.is_file():
        return None
    with path.open("rb") as stream:
        return stream.read(size)


class Explorable(SphinxDirective):
    """``explorable KIND``: what moves.

    Where no script runs its content is shown, or else a still picture of what it begins with.
    """

    required_arguments = 1
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {"settings": directives.unchanged}

    def run(self) -> list[Node]:
        """Make the place that the script fills."""
        kind = self.arguments[0]
        if kind not in KINDS:
            raise self.error(f"explorable {kind}: choose from {', '.join(KINDS)}")
        for path in sorted(Path(self.env.srcdir, FOLDER).glob("*.mjs")):
            self.env.note_dependency(path)
        data = f'data-explorable="{kind}" data-settings="{_escaped(self.options)}"'
        content = self.parse_content_to_nodes()
        if not content:
            picture = still(Path(self.env.srcdir, FOLDER), kind, self.options.get("settings", ""))
            content = [nodes.raw("", picture, format="html")]
        return enclosed(f'<div class="explorable" {data}>', content, "</div>")


class Lesson(SphinxDirective):
    """``lesson TITLE``: a question, answers as a list, and an ``answer``."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {
        "settings": directives.unchanged_required,
        "right": directives.positive_int,
        "picture": directives.unchanged_required,
    }

    def run(self) -> list[Node]:
        """Make the lesson, which without a script is text with an answer to unfold."""
        if missing := sorted({"settings", "right"} - self.options.keys()):
            raise self.error(f"lesson {self.arguments[0]}: lacks {' and '.join(missing)}")
        picture = html.escape(self.options.get("picture", ""))
        data = f'data-settings="{_escaped(self.options)}" data-picture="{picture}"'
        data += f' data-right="{self.options["right"]}"'
        title = f"<h3>{html.escape(self.arguments[0])}</h3>"
        start = f'<section class="explorable-lesson" {data}>{title}'
        return enclosed(start, self.parse_content_to_nodes(), "</section>")


def _escaped(options: dict[str, Any]) -> str:
    return html.escape(options.get("settings", ""))


DIRECTIVES = {"explorable": Explorable, "lesson": Lesson}


def write_scripts(pages: Path, static: Path) -> None:
    """Write the script, and where MNIST's files are at hand ten digits of them.

    Args:
        pages: the folder of the pages.
        static: the folder to write to.
    """
    modules = pages / FOLDER
    if not modules.is_dir():
        return
    static.mkdir(parents=True, exist_ok=True)
    (static / SCRIPT).write_text(bundle(modules), encoding="utf-8")
    data = os.environ.get("STUDY_DATA_DIR")
    digits = (first_digits(Path(data)) if data else None) or {}
    encoded = {digit: base64.b64encode(pixels).decode() for digit, pixels in digits.items()}
    script = f"globalThis.explorableDigits = {json.dumps(encoded)};\n" if encoded else ""
    (static / DIGITS).write_text(script, encoding="utf-8")


def begin(app: "Sphinx") -> None:
    """Write the scripts of a site that is built."""
    write_scripts(Path(app.srcdir), Path(app.outdir, "_static"))


def add_scripts(
    app: "Sphinx", _page: str, _template: str, context: dict[str, Any], _tree: document | None
) -> None:
    """Let those pages load the script on which something moves."""
    if "data-explorable=" in context.get("body", ""):
        app.add_css_file(STYLE)
        for script in (DIGITS, SCRIPT):
            app.add_js_file(script, loading_method="defer")


def connect(app: "Sphinx") -> None:
    """Add the scripts to the build of a site."""
    app.connect("builder-inited", begin)
    app.connect("html-page-context", add_scripts)
