"""Numbers of one tensor, whose first axis counts the images."""

from collections.abc import Iterator, Mapping
from itertools import chain
from math import nan

from torch import Tensor


def root_mean_square(values: Tensor) -> float:
    """Return the root mean square over all entries, computed in float64.

    >>> root_mean_square(Tensor([3.0, 4.0, 0.0, 0.0]))
    2.5
    """
    return float(values.detach().double().square().mean().sqrt())


def dead_share(values: Tensor) -> float:
    """Return the share of entries that are 0 for every image.

    >>> dead_share(Tensor([[0.0, 1.0], [0.0, 0.0]]))
    0.5
    """
    return float((values.detach() == 0).all(dim=0).double().mean()) if values.ndim else nan


def cosine(values: Tensor) -> float:
    """Return the cosine of two images, on average over the pairs of neighbours in the batch.

    A signal of a single image has none, and neither has one that is 0.

    >>> cosine(Tensor([[1.0, 0.0], [1.0, 1.0]]))
    0.7071...
    """
    if values.ndim < 2 or len(values) < 2:
        return nan
    rows = values.detach().double().flatten(start_dim=1)
    rows /= rows.norm(dim=1, keepdim=True)
    return float((rows[1:] * rows[:-1]).sum(dim=1).mean())


def first_tensor(value: object) -> Tensor | None:
    """Return the first tensor of numbers in what a module takes or returns, however it is nested.

    >>> first_tensor(({"mask": None}, [Tensor([1.0, 1.0])]))
    tensor([1., 1.])
    """
    return next(_tensors(value), None)


def _tensors(value: object) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        if value.is_floating_point():
            yield value
    elif isinstance(value, Mapping):
        yield from chain.from_iterable(map(_tensors, value.values()))
    elif isinstance(value, tuple | list):
        yield from chain.from_iterable(map(_tensors, value))
