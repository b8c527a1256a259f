"""Images to try a network on: those of MNIST, or an array of the reader's."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from study.errors import StudyError
from study.lab import mnist

if TYPE_CHECKING:
    from collections.abc import Iterator

SIDE = 28
"""Pixels along a side of an image of MNIST."""
PIXEL_SCALE = 255.0
"""What a byte is divided by; standardising undoes it."""


@dataclass(frozen=True)
class Batch:
    """What goes into a network.

    Attributes:
        description: what it is, for the terminal.
        inputs: the first axis counts the images.
        labels: the digits, where it is MNIST.
    """

    description: str
    inputs: Tensor
    labels: Tensor | None = None

    def shapes(self) -> "Iterator[Batch]":
        """Yield the batch as a fully connected network takes it, and, of MNIST, as images."""
        yield self
        if self.labels is not None:
            images = self.inputs.reshape(-1, 1, SIDE, SIDE)
            yield Batch(self.description, images, self.labels)


def find(data: str, count: int) -> Batch:
    """Read a batch.

    Args:
        data: ``mnist``, or a file that NumPy has saved.
        count: how many images of it.

    Raises:
        StudyError: if the file cannot be used, or has too few images.
    """
    if data == "mnist":
        files = mnist.find("auto")
        data_set = mnist.load(files, PIXEL_SCALE, torch.device("cpu"))
        split = data_set.standardised_split(data_set.train.first(count))
        return Batch(f"{files.name}, standardised", split.images, split.labels)
    try:
        inputs = torch.from_numpy(np.load(Path(data), allow_pickle=False))
    except (OSError, ValueError, TypeError, EOFError) as error:
        raise StudyError(f"--data={data}: choose mnist or a file of NumPy; {error}") from None
    if inputs.ndim == 0 or len(inputs) < count:
        length = len(inputs) if inputs.ndim else 0
        raise StudyError(f"--batch={count}: {data} has only {length}")
    return Batch(data, inputs[:count])
