"""Memory that forward and backward passes reuse."""

from collections.abc import Sequence
from itertools import accumulate
from math import prod

import numpy as np
import torch
from torch import Tensor


class Workspace:
    """Memory for the weights and signals of one segment of layers, reused by the next one.

    The operating system hands out new pages slowly, so allocating anew would cost more time than
    anything else that can be saved. Since the next segment overwrites this memory, a pass must not
    return a view of it.

    Attributes:
        memory: how many bytes weights and signals may take at a time, approximately.
    """

    def __init__(self, memory: int = 5 * 2**29) -> None:
        """Start without any memory allocated."""
        self.memory = memory
        self._blocks: dict[str, Tensor] = {}
        self._single: dict[tuple[object, ...], Tensor] = {}

    def tensors(
        self,
        name: str,
        like: Tensor,
        shapes: Sequence[tuple[int, ...]],
        *,
        overlapping: bool = False,
    ) -> list[Tensor]:
        """Return uninitialised tensors, views of the one block of memory of this name.

        NumPy allocates it, since it asks the system for large pages, which are many times faster.

        Args:
            name: of the block; tensors that were returned before under this name are overwritten.
            like: a tensor of the type and on the device of those to return.
            shapes: of the tensors.
            overlapping: whether all begin at the same address, since each is used only until the
                next one is.

        Returns:
            A tensor of each shape.
        """
        sizes = [prod(shape) for shape in shapes]
        total, block = max(sizes) if overlapping else sum(sizes), self._blocks.get(name)
        kind = (like.dtype, like.device)
        if block is None or len(block) < total or (block.dtype, block.device) != kind:
            self._blocks.pop(name, None)
            block = self._blocks[name] = _uninitialised(like, total)
        ends = sizes if overlapping else accumulate(sizes)
        return [
            block[end - size : end].view(shape)
            for end, size, shape in zip(ends, sizes, shapes, strict=True)
        ]

    def tensor(
        self, name: str, like: Tensor, shape: tuple[int, ...], dtype: "torch.dtype | None" = None
    ) -> Tensor:
        """Return the one tensor of this name, shape and type, which every layer overwrites.

        Args:
            name: of the tensor.
            like: a tensor on the device of the one to return.
            shape: of the tensor.
            dtype: its type; by default that of ``like``.

        Returns:
            The tensor, uninitialised or with its last content.
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
