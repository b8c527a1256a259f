import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from study import scaffold

PROJECT = Path(scaffold.__file__).parents[1]
PLACE = "fans/thin_layers"

Study = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what an experiment needs of the project, and begin one there."""
    folder = tmp_path_factory.mktemp("copy")
    for part in ("study", "conf", "tests"):
        # Links to all but what a new experiment writes into.
        linked(PROJECT / part, folder / part)
    (folder / "pyproject.toml").symlink_to(PROJECT / "pyproject.toml")
    (folder / "outputs" / "reference").mkdir(parents=True)
    done = run(folder, "-m", "study", "new", PLACE)
    assert done.returncode == 0, done.stderr
    return folder


def linked(source: Path, target: Path) -> None:
    """Make a folder with links to another's files, all the way down."""
    for path in source.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            link = target / path.relative_to(source)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path)


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_it() -> None:
    assert scaffold
