"""What the trainings of this group ask of their settings and of the data."""

from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise


def check_names(field: str, there: Collection[str], needed: Iterable[str]) -> None:
    """Refuse a mapping that lacks a name which claims or figures read.

    Args:
        field: of the mapping.
        there: the names that it has.
        needed: those that it must have.

    Raises:
        ValueError: if one is missing.
    """
    for name in needed:
        if name not in there:
            raise ValueError(f"{field}={', '.join(there)}: {name} must be among them")


def check_minibatch(batch: int, images: int) -> None:
    """Refuse minibatches that are larger than the training set.

    Raises:
        ValueError: if the images do not fill one.
    """
    if batch > images:
        raise ValueError(f"batch={batch}, images={images}: a minibatch needs that many images")


def check_marks(marks: Sequence[int], updates: int) -> None:
    """Refuse marks that do not go up, to the last update at most.

    Raises:
        ValueError: if they do not.
    """
    if any(low >= high for low, high in pairwise((*marks, updates + 1))):
        raise ValueError(
            f"marks={list(marks)}, updates={updates}: marks must ascend to updates or less"
        )
