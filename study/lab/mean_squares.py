"""Mean squares of tensors, accumulated in float64."""

from torch import Tensor


def mean_square(values: Tensor) -> float:
    """Return the mean square of all entries, in float64.

    >>> mean_square(Tensor([3.0, 4.0]))
    12.5
    """
    return values.double().square().mean().item()


def unit_mean_square(images: Tensor) -> Tensor:
    """Scale every image to a mean square of 1.

    Args:
        images: of shape (images, pixels), none of which is zero.

    Returns:
        The images, of the same shape and type.

    >>> unit_mean_square(Tensor([[3.0, 3.0], [1.0, -1.0]]))
    tensor([[ 1.,  1.],
            [ 1., -1.]])
    """
    return images / images.square().mean(dim=1, keepdim=True).sqrt()
