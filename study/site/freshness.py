"""What makes Sphinx read or write a page again: all that it shows, and nothing else.

Sphinx itself knows of the page's own text and of the files that it includes. It is told here of the
stored results, of the code that makes pages out of them, of builds that did not end well, and of
what all pages show of each other: their titles, labels and numbers.
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.builders.html import StandaloneHTMLBuilder

from study.record import citation, past_verdicts
from study.record.results import write_text
from study.site.domain import CLAIMS, StudyDomain
from study.site.library import Library, load

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.environment import BuildEnvironment

PACKAGES = ("study.drawings", "study.errors", "study.record", "study.site", "study.theory")
"""The parts of the study that decide, as far as they are imported, what a page looks like."""

MAKERS = (
    "docutils",
    "furo",
    "markdown-it-py",
    "mdit-py-plugins",
    "mini-racer",
    "myst-parser",
    "numpy",
    "Pygments",
    "scipy",
    "Sphinx",
    "sphinx-copybutton",
    "sphinxcontrib-katex",
)
"""What else decides it; another version reads everything again."""

REPORTS = "outputs/reference/reports"
"""The folder of the reruns that were reported."""
SHARED = "shared.txt"
"""The file that holds what pages show of each other."""

ALL = "all"
"""The name of the state of all experiments, where a page shows which there are."""


def code_version(conf: Path) -> int:
    """Return a number that changes with the code, the settings and the libraries of the site.

    Args:
        conf: the file of Sphinx's settings.
    """
    modules = sorted(sys.modules.items())
    loaded = (module for name, module in modules if name == "study" or name.startswith(PACKAGES))
    files = [Path(module.__file__) for module in loaded if module.__file__]
    versions = [sys.version, *(f"{name} {metadata.version(name)}" for name in MAKERS)]
    versions.append(f"torch {_torch()}")  # the pages of the API call its types otherwise without it
    # Every page holds the address that it is cited by.
    files += [conf, conf.parents[1] / citation.FILE]
    contents = [_digest(path) for path in files if path.is_file()]
    text = "\n".join((*contents, *versions))
    return int(hashlib.sha256(text.encode()).hexdigest()[:15], 16)


def begin(app: "Sphinx", config: "Config") -> None:
    """Note that a build is under way; forget all that one left which did not end well.

    Sphinx counts a page as done once it is read, even if it warned or was never written.

    Args:
        app: Sphinx, before it looks for what it read last time.
        config: its settings.
    """
    del config
    mark = _unfinished(app)
    if mark.exists():
        Path(app.doctreedir, "environment.pickle").unlink(missing_ok=True)
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()


def end(app: "Sphinx", exception: Exception | None) -> None:
    """Note that a build ended without a warning.

    Args:
        app: Sphinx, after all.
        exception: what stopped it.
    """
    if exception is None and not app._warncount:  # noqa: SLF001 - Sphinx tells nobody else
        _unfinished(app).unlink(missing_ok=True)


def write_states(app: "Sphinx") -> None:
    """Write down the state of each experiment's results, where it is not the one of last time.

    Pages depend on these files rather than on the results, since Sphinx would read a page anew at
    each build for a file that is not there yet, and never for one that comes.

    Args:
        app: Sphinx, before it looks for pages.
    """
    load.cache_clear()
    library = load(Path(app.srcdir, app.config.study_root))
    states = {name: _state(library, name) for name in library.groups}
    shown_of_all = (*library.reference, "", *library.latest, "", *library.claims)
    reports = library.root / REPORTS
    past = (reports.parent / name for name in past_verdicts.FILES)
    paths = (*past, library.root / past_verdicts.CHANGELOG, *reports.glob("*.json"))
    files = sorted(path for path in paths if path.is_file())
    states[ALL] = "\n".join([*shown_of_all, *(f"{path.name} {_digest(path)}" for path in files)])
    folder = _state_file(app.doctreedir, ALL).parent
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.stem not in states:
            path.unlink()
    for name, state in states.items():
        _write_if_new(_state_file(app.doctreedir, name), state)


def note(env: "BuildEnvironment", name: str) -> None:
    """Let the page that is being read depend on the results of an experiment.

    Args:
        env: what Sphinx has read.
        name: of the experiment, or ``ALL``.
    """
    env.note_dependency(_state_file(env.doctreedir, name))


def state(app: "Sphinx", name: str) -> str:
    """Return what changes whenever the results of an experiment do.

    Args:
        app: Sphinx, once it has written down the states.
        name: of the experiment, or ``ALL``.
    """
    return _state_file(app.doctreedir, name).read_text(encoding="utf-8")


def shared(app: "Sphinx") -> str:
    """Return what pages show of each other.

    Args:
        app: Sphinx, once it has read all pages.
    """
    return Path(app.doctreedir, SHARED).read_text(encoding="utf-8")


def remove_old_pages(
    app: "Sphinx", env: "BuildEnvironment", new: set[str], modified: set[str], deleted: set[str]
) -> list[str]:
    """Remove the built pages whose source is gone, but for those of claims, which have none.

    Args:
        app: Sphinx, once it knows all sources.
        env: what it has read.
        new: pages that are new.
        modified: pages to read again.
        deleted: pages that are gone since last time; older ones may lie there as well.

    Returns:
        No further page to read.
    """
    del new, modified, deleted
    if isinstance(app.builder, StandaloneHTMLBuilder):
        paths = {Path(app.builder.get_output_path(name)) for name in env.found_docs}
        claims = Path(app.outdir, CLAIMS)
        for path in Path(app.outdir).rglob("*.html"):
            if path not in paths and claims not in path.parents:
                path.unlink()
    return []


def pages_to_write(app: "Sphinx", env: "BuildEnvironment") -> Iterable[str]:
    """Return all pages if what they show of each other has changed, else none.

    Args:
        app: Sphinx, once it has read all pages and numbered what they hold.
        env: what it has read.
    """
    path = Path(app.doctreedir, SHARED)
    return env.found_docs if _write_if_new(path, "\n".join(_shared(app, env))) else []


def _shared(app: "Sphinx", env: "BuildEnvironment") -> Iterator[str]:
    """Yield what a page may show of others: names, titles, order, numbers, style sheets."""
    for domain in env.domains.sorted():
        # What other sites show of a value is a number, which leaves all other pages as they are.
        objects = (
            (name, "" if domain.name == StudyDomain.name else title, *place)
            for name, title, *place in domain.get_objects()
        )
        yield from sorted(f"{domain.name} {' '.join(map(str, x))}" for x in objects)
    yield from sorted(f"{name} {title}" for name, title in env.titles.items())
    for tree in (env.toctree_includes, env.toc_secnumbers, env.toc_fignumbers):
        yield json.dumps(tree, sort_keys=True)
    for folder in app.config.html_static_path:
        for path in sorted(Path(app.confdir, folder).rglob("*.*")):
            yield f"{path.name} {_digest(path)}"  # the folder may be a temporary one


def _state(library: Library, name: str) -> str:
    """Return the names and digests of all files of an experiment's runs."""
    folders = (library.root / "outputs" / kind for kind in ("reference", "latest"))
    places = (folder / library.groups[name] / name for folder in folders)
    files = (path for place in places for path in sorted(place.rglob("*")) if path.is_file())
    return "".join(f"{path.relative_to(library.root)} {_digest(path)}\n" for path in files)


def _state_file(doctrees: Path, name: str) -> Path:
    """Return the file that changes whenever the results of an experiment do."""
    return Path(doctrees, "results", f"{name}.txt")


def _torch() -> bool:
    """Tell whether torch can be imported; where it is forbidden, asking is refused."""
    try:
        return find_spec("torch") is not None
    except ImportError:
        return False


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _unfinished(app: "Sphinx") -> Path:
    return Path(app.doctreedir, "unfinished")


def _write_if_new(path: Path, text: str) -> bool:
    """Write a text file unless it holds this text already; tell whether it was written."""
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    write_text(path, text)
    return True
