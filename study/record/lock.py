"""One run at a time in a folder of results, and one line where a folder cannot be used."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from study.errors import StudyError

UNUSABLE = {errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EACCES}
"""What the system says of a disk that is full, or a folder that is not ours to write to."""


@contextmanager
def locked(folder: Path, field: str) -> Iterator[None]:
    """Keep a folder of results to this process within the block.

    Args:
        folder: the folder; it is made if it is not there.
        field: the setting that names it, for errors.

    Raises:
        StudyError: if it cannot be written to, or if another process has it.
    """
    lock = FileLock(folder / ".lock", timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise StudyError(f"{field}: another run is at work in this folder") from None
    except FileExistsError:
        raise StudyError(f"{field}: Not a directory") from None
    except OSError as error:
        raise StudyError(f"{field}: {error.strerror}") from None
    try:
        yield
    except OSError as error:
        if not unusable(error):
            raise
        raise StudyError(f"{field}: {error.strerror}") from error
    finally:
        lock.release()


def unusable(error: Exception) -> bool:
    """Tell whether an error says that a disk is full, or that a folder cannot be written to."""
    return isinstance(error, OSError) and error.errno in UNUSABLE
