"""The API's pages: one for each part of the study, which lists its modules, and one for each.

They are generated, so that no module can be missing. What an experiment measures, claims and draws
is left out here: its data sheet shows it line by line.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from study import __version__
from study.site.sheets import write_pages

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

MODULE = """\
.. automodule:: {name}
   :members:
"""

PART = """\
.. list-table::
   :widths: auto

{rows}
"""

ROW = """\
   * - :mod:`{name}`
     - {line}
"""

ALONE = ":orphan:\n\n"
"""Begins a page that no tree lists; its part does, in a table."""

FOLDER = "modules"
"""Of the pages that no tree lists, beside those of the parts."""


def modules(root: Path) -> dict[str, dict[str, Path]]:
    """List the public modules of each part of the study.

    Args:
        root: the project's folder.

    Returns:
        The file of each module by its dotted name, by that of its part, which is the package
        ``study`` with the modules that stand in it, or a package below it with all that it holds.
    """
    parts: dict[str, dict[str, Path]] = defaultdict(dict)
    for path in sorted(root.joinpath("study").rglob("*.py")):
        steps = path.relative_to(root).with_suffix("").parts
        names = steps[:-1] if steps[-1] == "__init__" else steps
        of_an_experiment = path.with_name("method.py").is_file()
        if of_an_experiment or any(name.startswith("_") for name in names):
            continue
        package = path.stem == "__init__" or len(steps) > 2
        parts[".".join(names[:2] if package else names[:1])][".".join(names)] = path
    return dict(parts)


def pages(root: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each page, in the folder of all of them.

    Args:
        root: the project's folder.
    """
    for part, inside in modules(root).items():
        below = {name: path for name, path in inside.items() if name != part}
        rows = "".join(ROW.format(name=name, line=purpose(path)) for name, path in below.items())
        yield part, section(part) + (PART.format(rows=rows) if rows else "")
        yield from ((f"{FOLDER}/{name}", ALONE + section(name)) for name in below)


def section(name: str) -> str:
    """Return the heading and the content of a module."""
    heading = f"``{name}``"
    return "\n".join((heading, "=" * len(heading), "", MODULE.format(name=name), ""))


def purpose(path: Path) -> str:
    """Return the first line of the docstring of a module."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0]


def write_api(app: "Sphinx") -> None:
    """Write the pages into ``api/`` of the pages' folder; each only if it changes.

    Args:
        app: Sphinx, before it looks for pages.
    """
    root = Path(app.srcdir, app.config.study_root)
    write_pages(Path(app.srcdir, "api"), {f"{name}.rst": text for name, text in pages(root)})


def setup(app: "Sphinx") -> "ExtensionMetadata":
    """Generate the pages when a build begins."""
    app.setup_extension("study.site")
    app.connect("builder-inited", write_api)
    return {
        "version": __version__,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
