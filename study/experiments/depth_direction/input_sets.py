"""Sets of inputs made for a purpose, from images."""

from math import sqrt

import torch
from torch import Tensor


def equally_apart(images: Tensor, gap: float) -> Tensor:
    r"""Return inputs of mean square 1 of which any two have the same cosine.

    .. math:: x_i = \sqrt{1 - g}\; a + \sqrt{g}\; b_i

    Args:
        images: the first gives ``a``, the others the ``b_i``, made orthogonal one after the other.
        gap: ``g``, 1 minus the cosine; from 0 to 1.

    Returns:
        The inputs, one less than there are images, in the precision of the images.

    **Shapes**: ``images`` (count, pixels) with fewer images than pixels; (count - 1, pixels).

    **Source**: :math:`x_i \cdot x_j = 1 - g` for :math:`i \ne j`, times the number of pixels.

    >>> equally_apart(torch.eye(3, 4), 1.0).square().mean(dim=1)
    tensor([1., 1.])
    """
    basis: Tensor = torch.linalg.qr(images.double().T).Q.T * sqrt(images.shape[1])
    return (sqrt(1 - gap) * basis[:1] + sqrt(gap) * basis[1:]).to(images)
