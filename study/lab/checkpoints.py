"""What an interrupted training has reached, kept until its draw is finished.

An experiment knows no files. Whoever runs it says where checkpoints may lie; where nobody does,
none are kept, and the numbers are the same.
"""

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

_FOLDER: ContextVar[Path | None] = ContextVar("folder of checkpoints", default=None)


@contextmanager
def kept_in(folder: Path) -> Iterator[None]:
    """Keep the checkpoints of the trainings in the block, and go on from those that are there.

    Args:
        folder: theirs alone; its settings and sources must be those that made what lies in it.
    """
    token = _FOLDER.set(folder)
    try:
        yield
    finally:
        _FOLDER.reset(token)


def save(name: str, state: dict[str, Any]) -> None:
    """Keep what a training has reached, in one rename.

    Args:
        name: the training's, unique within its run.
        state: tensors, numbers and containers of them.
    """
    path = _path(name)
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        torch.save(state, file)
    Path(file.name).replace(path)


def load(name: str) -> "dict[str, Any] | None":
    """Return what a training had reached, or None if nothing that can be read is kept of it."""
    path = _path(name)
    if path is None or not path.is_file():
        return None
    try:
        state: dict[str, Any] = torch.load(path, weights_only=True)
    except (OSError, EOFError, RuntimeError, ValueError, KeyError, UnpicklingError):
        return None  # it costs what came before it, as if it had not been made
    return state


def discard(folder: Path) -> None:
    """Remove the checkpoints of a draw that is finished."""
    shutil.rmtree(folder, ignore_errors=True)


def _path(name: str) -> Path | None:
    folder = _FOLDER.get()
    return None if folder is None else folder / f"{re.sub(r'[^A-Za-z0-9.+-]', '_', name)}.pt"
