"""A new experiment: the files of the smallest one there can be, to be filled in.

What has to be filled in is marked by the words of ``MARK``; a contract test lists the places.
"""

import keyword
import re
from pathlib import Path
from string import Template

from study import catalogue
from study.errors import StudyError

MARK = re.compile("FILL IN|fill-in")
TEMPLATES = Path(__file__).parent / "templates"
FILES = {
    "study/experiments/{group}/{name}/__init__.py": "package.py.txt",
    "study/experiments/{group}/{name}/method.py": "method.py.txt",
    "study/experiments/{group}/{name}/claims.py": "claims.py.txt",
    "study/experiments/{group}/{name}/figures.py": "figures.py.txt",
    "conf/experiment/{group}/{name}.yaml": "settings.yaml.txt",
    "tests/experiments/{group}/test_{name}.py": "test.py.txt",
}
"""Where each template goes."""


def write(place: str, root: Path) -> list[Path]:
    """Write the files of a new experiment.

    Args:
        place: its group and name, such as ``variance/dropout_second_moment``.
        root: the project's folder.

    Returns:
        The files, in the order in which they are best filled in.

    Raises:
        StudyError: if there is no such group, the name is none or taken, or a file is there.
    """
    group, name = checked(place)
    words = {"group": group, "name": name, "slug": name.replace("_", "-")}
    files = {root / path: TEMPLATES / source for path, source in paths(place).items()}
    if obstacles := [path for path in files if path.exists()]:
        raise StudyError(f"new {place}: {obstacles[0].relative_to(root)} is there already")
    for path, source in files.items():
        text = Template(source.read_text(encoding="utf-8")).substitute(words)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(files)


def paths(place: str) -> dict[str, str]:
    """Return the files of an experiment, from the project's folder, each with its template.

    Args:
        place: its group and name.

    >>> paths("fans/dropout")["conf/experiment/fans/dropout.yaml"]
    'settings.yaml.txt'
    """
    group, _, name = place.partition("/")
    return {path.format(group=group, name=name): source for path, source in FILES.items()}


def checked(place: str) -> tuple[str, str]:
    """Return the group and the name of an experiment that there may be.

    Args:
        place: the two, joined by a slash.

    Raises:
        StudyError: if there is no such group, or the name is none or taken.

    >>> checked("variance/dropout_second_moment")
    ('variance', 'dropout_second_moment')
    """
    group, _, name = place.rpartition("/")
    groups = catalogue.groups()
    if group not in groups:
        raise StudyError(f"new {place}: group={group}: choose from {', '.join(groups)}")
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or keyword.iskeyword(name):
        raise StudyError(
            f"new {place}: name={name}: must be lower-case words joined by underscores"
        )
    if name in catalogue.names():
        raise StudyError(f"new {place}: name={name}: {catalogue.place(name)} has it")
    if (catalogue.FOLDER / group / f"{name}.py").exists():
        raise StudyError(f"new {place}: name={name}: the group shares a module of this name")
    return group, name
