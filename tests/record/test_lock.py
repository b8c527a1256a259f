import errno
import os
from pathlib import Path

import pytest

from study.errors import StudyError
from study.record.lock import locked


def test_a_folder_is_made_and_given_back(tmp_path: Path) -> None:
    for _ in range(2):
        with locked(tmp_path / "a" / "b", "output=a/b"):
            assert (tmp_path / "a" / "b").is_dir()


def test_two_at_once_are_refused_in_one_line(tmp_path: Path) -> None:
    with (
        locked(tmp_path, "output=x"),
        pytest.raises(StudyError, match=r"^output=x: another run is at work in this folder$"),
        locked(tmp_path, "output=x"),
    ):
        pass


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(StudyError, match=r"^output=file: Not a directory$"),
        locked(tmp_path / "file", "output=file"),
    ):
        pass


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(StudyError, match=r"^output=x: No space left on device$"),
        locked(tmp_path, "output=x"),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with locked(tmp_path, "output=x"):  # and it is free again
        pass
