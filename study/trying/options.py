"""The words after ``try``, checked."""

from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from study.errors import StudyError
from study.trying.initialising import INITIALISATIONS

DESCRIPTION = (
    "Runs a network of yours forward and backward as it is before training, and says what each "
    "layer does. This runs the code that you name, with all that you may do."
)


@dataclass(frozen=True)
class Options:
    """What to try, and how.

    Attributes:
        factory: address of the network.
        draws: how many.
        init: name of an initialisation; None for the network's own.
        data: ``mnist`` or a file; None for the factory's batch or, if it has none, MNIST.
        batch: how many images.
        out: the folder for the table and the figure; None for the usual one.
    """

    factory: str
    draws: int
    init: str | None
    data: str | None
    batch: int
    out: str | None


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise StudyError(f"try: {message}")


def parsed(words: Sequence[str]) -> Options:
    """Return the options that the words set.

    Args:
        words: of the command line, after ``try``.

    Raises:
        StudyError: naming the option, the value and the choices.

    >>> parsed(["mine.py:network", "--init", "he"]).draws
    8
    """
    parser = _Parser("python -m study try", description=DESCRIPTION, allow_abbrev=False)
    parser.add_argument("factory", help="module:name or path.py:name of what returns the network")
    parser.add_argument("--draws", type=_count, default=8, help="how many (8)")
    parser.add_argument("--init", choices=INITIALISATIONS, help="instead of the network's own")
    parser.add_argument("--data", help="mnist or a .npy file (the factory's batch, else mnist)")
    parser.add_argument("--batch", type=_count, default=64, help="how many images (64)")
    parser.add_argument("--out", help="folder for try.csv and try.svg (outputs/try)")
    return Options(**vars(parser.parse_args(words)))


def _count(text: str) -> int:
    """Parse a whole number of at least 1."""
    if not text.isdecimal() or (count := int(text)) < 1:
        raise StudyError(f"try: {text}: draws and batch are whole numbers from 1 on")
    return count
