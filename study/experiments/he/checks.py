"""What the trainings of this group refuse, and how they take their images."""

from collections.abc import Sequence
from itertools import pairwise


def check_batch(batch: int, images: int) -> None:
    """Refuse a minibatch that the images do not fill.

    Args:
        batch: images of a minibatch.
        images: how many there are to train on.

    Raises:
        ValueError: naming both.

    >>> check_batch(32, images=32)
    """
    if batch > images:
        raise ValueError(f"batch={batch}, images={images}: the images do not fill one minibatch")


def check_marks(marks: Sequence[int], updates: int | None = None) -> None:
    """Refuse marks that are out of order, or after the end.

    Args:
        marks: after how many updates a network is looked at.
        updates: how many are made; without it no end is known.

    Raises:
        ValueError: naming what does not fit.

    >>> check_marks([0, 5, 10], updates=10)
    """
    if any(low >= high for low, high in pairwise(marks)):
        raise ValueError(f"marks={[*marks]}: must ascend")
    if updates is not None and marks[-1] > updates:
        raise ValueError(f"marks={[*marks]}, updates={updates}: no mark may be after the last")
