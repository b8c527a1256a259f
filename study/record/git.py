"""What git tells of a project."""

import shutil
import subprocess
from pathlib import Path

from study.errors import StudyError

GIT = shutil.which("git") or "git"


def git(root: Path, *words: str, stdin: str = "") -> bytes:
    """Return what git prints.

    Args:
        root: the folder of a repository.
        words: the command line.
        stdin: what it reads.

    Raises:
        StudyError: if there is no git, or it fails.
    """
    try:
        process = subprocess.run(  # noqa: S603 - git
            [GIT, "-C", str(root), *words], input=stdin.encode(), capture_output=True, check=False
        )
    except OSError as error:
        raise StudyError(f"git: {error.strerror}") from None
    if process.returncode:
        raise StudyError(f"git {words[0]}: {process.stderr.decode().strip()}")
    return process.stdout
