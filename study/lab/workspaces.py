"""Memory that sweeps use again and again."""

from collections.abc import Sequence
from itertools import accumulate
from math import prod

import numpy as np
import torch
from torch import Tensor


class Workspace:
    """Memory for the weights and signals of one segment, which sweeps use again and again.

    New pages come slowly: the largest part of what a sweep may waste is waiting for them. What
    stands here is overwritten by the next segment, so nothing of it may leave a sweep.

    Attributes:
        memory: bytes that weights and signals may take at a time, about.
    """

    def __init__(self, memory: int = 5 * 2**29) -> None:
        """Take nothing yet."""
        self.memory = memory
        self._blocks: dict[str, Tensor] = {}
        self._single: dict[tuple[object, ...], Tensor] = {}

    def tensors(
        self, name: str, like: Tensor, shapes: Sequence[tuple[int, ...]], *, in_turn: bool = False
    ) -> list[Tensor]:
        """Return uninitialised tensors, cut from the one piece of memory of this name.

        NumPy asks the system for large pages, which come many times faster than small ones.

        Args:
            name: what they are for; what had it before is gone.
            like: a tensor of the type and on the device that is wanted.
            shapes: of the tensors.
            in_turn: each is needed only until the next one is, so all stand in the same place.

        Returns:
            A tensor of each shape.
        """
        sizes = [prod(shape) for shape in shapes]
        needed, block = max(sizes) if in_turn else sum(sizes), self._blocks.get(name)
        kind = (like.dtype, like.device)
        if block is None or len(block) < needed or (block.dtype, block.device) != kind:
            self._blocks.pop(name, None)
            block = self._blocks[name] = _uninitialised(like, needed)
        ends = sizes if in_turn else accumulate(sizes)
        return [
            block[end - size : end].view(shape)
            for end, size, shape in zip(ends, sizes, shapes, strict=True)
        ]

    def tensor(
        self, name: str, like: Tensor, shape: tuple[int, ...], dtype: "torch.dtype | None" = None
    ) -> Tensor:
        """Return the one tensor of this name, shape and type, to compute in at each layer.

        Args:
            name: what it is for.
            like: a tensor on the device that is wanted.
            shape: of the tensor.
            dtype: its type, if it is not that of the other.

        Returns:
            The tensor, with whatever stood there last.
        """
        key = (name, shape, dtype or like.dtype, like.device)
        if key not in self._single:
            self._single[key] = like.new_empty(shape, dtype=dtype)
        return self._single[key]


def _uninitialised(like: Tensor, size: int) -> Tensor:
    if like.device.type != "cpu":
        return like.new_empty(size)
    kind = {torch.float32: np.float32, torch.float64: np.float64}[like.dtype]
    return torch.from_numpy(np.empty(size, dtype=kind))
