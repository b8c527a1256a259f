"""What the pages may take, and what they took; told at the end of a build, never enforced."""

import sys
from collections import defaultdict
from time import process_time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

START = 3.0
"""Seconds of processor time that a build may take without a page."""

BUDGET = {"data sheet": 0.20, "chapter": 0.25, "API page": 0.2, "other page": 0.30}
"""Seconds of processor time that a page of each kind may take, to read and to write."""


def kind(page: str) -> str:
    """Return the kind of a page.

    Args:
        page: its name, as Sphinx has it.

    >>> kind("chapters/the-loss"), kind("experiments/tanh_gain"), kind("experiments/index")
    ('chapter', 'data sheet', 'other page')
    """
    folder, _, name = page.rpartition("/")
    if folder.startswith("api"):
        return "API page"
    if folder == "experiments" and name != "index":
        return "data sheet"
    return "chapter" if folder == "chapters" else "other page"


def line(took: dict[str, float], total: float) -> str:
    """Say in a line where a build stands.

    Args:
        took: seconds that each page took that was read or written.
        total: seconds of the whole build.

    >>> line({"chapters/a": 0.125, "chapters/b": 0.375, "api/study.lab": 0.25}, 7.25)
    'site: 3 pages in 7 s of processor time (budget 4): 2 chapters 0.25 s each (0.25), \
1 API page 0.25 s each (0.20)'
    """
    by_kind = defaultdict(list)
    for page, seconds in took.items():
        by_kind[kind(page)].append(seconds)
    budget = START + sum(BUDGET[name] * len(pages) for name, pages in by_kind.items())
    kinds = [
        f"{len(pages)} {name}{'s' if len(pages) > 1 else ''} "
        f"{sum(pages) / len(pages):.2f} s each ({allowed:.2f})"
        for name, allowed in BUDGET.items()
        if (pages := by_kind[name])
    ]
    head = f"site: {len(took)} pages in {total:.0f} s of processor time (budget {budget:.0f})"
    return ": ".join([head, *([", ".join(kinds)] if kinds else [])])


class Meter:
    """Charges the time that passes to the pages that Sphinx reads and writes."""

    def __init__(self) -> None:
        self.took: dict[str, float] = defaultdict(float)
        self.last = process_time()
        self.reading: str | None = None

    def charge(self, page: str | None) -> None:
        """Charge the time since the last call to a page, or to none."""
        time = process_time()
        if page is not None:
            self.took[page] += time - self.last
        self.last = time

    def read(self, app: "Sphinx", page: str, source: list[str]) -> None:
        """Begin to read a page; all that was done until now was for the one before."""
        del app, source
        self.charge(self.reading)
        self.reading = page

    def all_read(self, app: "Sphinx", env: "BuildEnvironment") -> None:
        """End to read."""
        del app, env
        self.charge(self.reading)
        self.reading = None

    def number(self, app: "Sphinx", env: "BuildEnvironment") -> None:
        """Charge nobody for what concerns all pages."""
        del app, env
        self.charge(None)

    def write(self, app: "Sphinx", page: str, *_: Any) -> None:  # noqa: ANN401 - of no matter
        """Write a page, which is its last step but one."""
        self.charge(page if page in app.env.found_docs else None)

    def tell(self, app: "Sphinx", exception: Exception | None) -> None:
        """Print where the build stands, also where Sphinx is to be quiet."""
        del app
        if exception is None:
            sys.stdout.write(line(self.took, process_time()) + "\n")


def connect(app: "Sphinx") -> None:
    """Let a meter follow a build.

    Args:
        app: Sphinx, at its start.
    """
    meter = Meter()
    app.connect("source-read", meter.read, priority=100)
    app.connect("env-updated", meter.all_read, priority=100)
    app.connect("env-check-consistency", meter.number)
    app.connect("html-page-context", meter.write, priority=999)
    app.connect("build-finished", meter.tell)
