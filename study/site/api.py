"""The API's pages: one for each part of the study, with every public module of it.

They are generated, so that no module can be missing. What an experiment measures, claims and draws
is left out here: its data sheet shows it line by line.
"""

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from study import __version__
from study.site.sheets import write_pages

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

PAGE = """\
{part}
{line}

{modules}
"""

MODULE = """\
.. automodule:: {module}
   :members:
"""

SECTION = """\
{module}
{line}

"""


def modules(root: Path) -> dict[str, list[str]]:
    """List the public modules of each part of the study.

    Args:
        root: the project's folder.

    Returns:
        The dotted names, by that of the part, which is the package ``study`` with the modules that
        stand in it, or a package below it with all that it holds.
    """
    found = defaultdict(list)
    for path in sorted(root.joinpath("study").rglob("*.py")):
        own = path.relative_to(root).with_suffix("").parts
        names = own[:-1] if own[-1] == "__init__" else own
        of_an_experiment = path.with_name("method.py").is_file()
        if of_an_experiment or any(name.startswith("_") for name in names):
            continue
        package = path.stem == "__init__" or len(own) > 2
        found[".".join(names[:2] if package else names[:1])].append(".".join(names))
    return dict(found)


def page(part: str, inside: list[str]) -> str:
    """Return the page of a part.

    Args:
        part: its dotted name.
        inside: the modules to describe; a package comes before what it holds.
    """
    told = []
    for module in inside:
        name = f"``{module}``"
        heading = "" if module == part else SECTION.format(module=name, line="-" * len(name))
        told.append(heading + MODULE.format(module=module))
    title = f"``{part}``"
    return PAGE.format(part=title, line="=" * len(title), modules="\n".join(told))


def write_api(app: "Sphinx") -> None:
    """Write the pages into ``api/`` of the pages' folder; each only if it changes.

    Args:
        app: Sphinx, before it looks for pages.
    """
    root = Path(app.srcdir, app.config.study_root)
    pages = {f"{part}.rst": page(part, inside) for part, inside in modules(root).items()}
    write_pages(Path(app.srcdir, "api"), pages)


def setup(app: "Sphinx") -> "ExtensionMetadata":
    """Generate the pages when a build begins."""
    app.setup_extension("study.site")
    app.connect("builder-inited", write_api)
    return {
        "version": __version__,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
