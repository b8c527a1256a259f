"""Which pages a browser looks at."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random

from tests.site.building import ROOT

TEMPLATES = (
    "index",
    "which-initialisation",
    "gains",
    "claims",
    "notes",
    "glossary",
    "how-to-read-a-claim",
    "chapters/depth-1000-direction",
    "chapters/the-forward-pass",
    "experiments/index",
    "experiments/relu_second_moment",
    "api/study.theory",
    "api/modules/study.theory.mean_field",
    "genindex",
    "search",
)
"""One page of each kind, and those that are the only ones of theirs."""


MOST = 10
"""So many of the pages that changed are looked at; a change of all of them is for the full tier."""


def sample(names: set[str], most: int = MOST) -> list[str]:
    """Choose some of many names, others for every commit.

    >>> sample({"one", "two"})
    ['one', 'two']
    >>> len(sample(set("abcdefgh"), most=3))
    3
    """
    if len(names) <= most:
        return sorted(names)
    return sorted(Random(_git("rev-parse", "HEAD")).sample(sorted(names), most))  # noqa: S311


def pages(html: Path) -> list[str]:
    """Return the names of all pages of a built site."""
    found = (path.relative_to(html).with_suffix("") for path in html.rglob("*.html"))
    return sorted(path.as_posix() for path in found if "_static" not in path.parts)


def changed() -> set[str]:
    """Return the files that differ from the main branch, or else from the last commit but one."""
    heads = [_git("rev-parse", name) for name in ("HEAD", "HEAD~1")]
    base = _git("merge-base", "HEAD", "main")
    if base in {"", heads[0]}:
        base = heads[1]
    return set(_git("diff", "--name-only", base).splitlines()) if base else set()


def pages_of(files: set[str]) -> Iterator[str]:
    """Yield the pages that some files of the project are shown on.

    A figure counts for none: all are drawn anew at once, and a page of each kind stands for them.

    >>> sorted(pages_of({"docs/chapters/the-loss.md", "docs/conf.py", "README.md"}))
    ['chapters/the-loss']
    >>> sorted(pages_of({"outputs/reference/he/he_examples/values.json"}))
    ['experiments/he_examples']
    """
    for path in map(Path, files):
        if path.parts[0] == "docs" and path.suffix in {".md", ".rst"}:
            yield path.relative_to("docs").with_suffix("").as_posix()
        if len(path.parts) == 5 and path.parent.parent.parent in EXPERIMENTS:
            yield f"experiments/{path.parent.name}"


EXPERIMENTS = (Path("outputs/reference"), Path("study/experiments"))
"""What holds a folder for each experiment of each group."""


def _git(*words: str) -> str:
    """Return what git says, or nothing where there is no history."""
    done = subprocess.run(
        ["git", *words],  # noqa: S607 - whichever git is here
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    return done.stdout.strip() if done.returncode == 0 else ""
