"""The data sets by name: MNIST, its stand-in, and Shapeset."""

import torch

from study.lab import mnist, shapeset
from study.lab.mnist import Files, Mnist


def find(name: str) -> Files:
    """Find a data set, as :func:`study.lab.mnist.find` does, or draw what stands for it.

    Args:
        name: ``shapeset``, or a name that MNIST goes by.
    """
    return shapeset.samples() if name == shapeset.NAME else mnist.find(name)


def load(files: Files, pixel_scale: float, device: torch.device) -> Mnist:
    """Read a data set, or draw it.

    Args:
        files: what was found.
        pixel_scale: what a byte is divided by.
        device: where the tensors are to live.

    Returns:
        The data, split.
    """
    loader = shapeset.whole if files.name == shapeset.NAME else mnist.load
    return loader(files, pixel_scale, device)
