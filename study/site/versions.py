"""Versions of the site side by side: ``python -m study.site.versions FOLDER`` lists them.

``nox -s site -- --version`` builds this version into the folder, beside those that are there. The
folder is what a host publishes: at its top stands the latest version once more, so that permanent
addresses, which name no version, lead somewhere. What only an older version has stays there, too.
"""

import re
import shutil
import sys
from pathlib import Path

from study.record.results import write_text
from study.site.surroundings import VERSIONS
from study.site.templates import template

PROJECT = "Signal Through Depth"


def versions(folder: Path) -> list[str]:
    """Return the versions that a folder holds, the latest first.

    Args:
        folder: with a site for each version, under its name.
    """
    names = [path.parent.name for path in folder.glob("[0-9]*/index.html")]
    return sorted(names, key=_order, reverse=True)


def _order(name: str) -> list[tuple[int, str]]:
    """Return what sorts versions: numbers as numbers."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"[.-]", name)]


def publish(folder: Path) -> None:
    """Let the top of a folder show its latest version, and list the versions there and in each.

    Args:
        folder: with a site for each version, under its name.
    """
    names = versions(folder)
    for name in reversed(names):
        shutil.copytree(folder / name, folder, dirs_exist_ok=True)
    for name, up in ((".", ""), *((name, "../") for name in names)):
        text = template(VERSIONS).render(project=PROJECT, names=names, up=up)
        write_text(folder / name / VERSIONS, text)


if __name__ == "__main__":
    publish(Path(sys.argv[1]))
