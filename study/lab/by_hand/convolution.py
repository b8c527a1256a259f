"""Stage 1, continued: a convolution as a matrix product, forward and backward.

Each position of the kernel becomes one row of a matrix (im2col). The convolution is then the
linear layer of these rows, and so is its backward pass. Kernels have the layout of torch.
"""

from torch import Tensor

from study.lab.by_hand.functions import linear, linear_backward


def unfold(x: Tensor, height: int, width: int, *, stride: int, padding: int) -> Tensor:
    r"""Write the pixels under the kernel at each position as one row (im2col).

    .. math:: p_{(n, u, v), (c, i, j)} = x^{\text{padded}}_{n,\, c,\, su + i,\, sv + j}

    Args:
        x: the images.
        height: of the kernel.
        width: of the kernel.
        stride: ``s``, how far the kernel moves from place to place, down and across.
        padding: how many rows or columns of zeros are added at each of the four sides.

    Returns:
        The rows, by image, then from the top down, then across.

    **Shapes**: ``x`` (n, channels, rows, columns); the result (n · places down · places across,
    channels · height · width), where places down is (rows + 2 · padding − height) // stride + 1
    and places across likewise.

    Raises:
        ValueError: if the kernel does not fit into the padded image.

    **Source**: chapter From functions to modules, section “A convolution is a matrix product”.
    """
    n, channels, *_ = x.shape
    down, across = places(x.shape, height, width, stride=stride, padding=padding)
    padded = _pad(x, padding)
    patches = x.new_empty(n, down, across, channels, height, width)
    for i in range(height):
        for j in range(width):
            window = padded[:, :, i : i + stride * down : stride, j : j + stride * across : stride]
            patches[:, :, :, :, i, j] = window.permute(0, 2, 3, 1)
    return patches.reshape(n * down * across, channels * height * width)


def fold(  # noqa: PLR0913 - the image's shape and the kernel's way over it
    patches: Tensor,
    shape: tuple[int, ...],
    height: int,
    width: int,
    *,
    stride: int,
    padding: int,
) -> Tensor:
    """Add each entry of the rows to the pixel it came from: the transpose of :func:`unfold`.

    A pixel under the kernel at several places receives their sum; the padding is dropped.

    Args:
        patches: one row for each place.
        shape: of the images.
        height: of the kernel.
        width: of the kernel.
        stride: as in :func:`unfold`.
        padding: as in :func:`unfold`.

    Returns:
        The images.

    **Shapes**: those of :func:`unfold`, the other way round.

    Raises:
        ValueError: if the kernel does not fit into the padded image.
    """
    n, channels, rows, columns = shape
    down, across = places(shape, height, width, stride=stride, padding=padding)
    patches = patches.reshape(n, down, across, channels, height, width)
    padded = patches.new_zeros(n, channels, rows + 2 * padding, columns + 2 * padding)
    for i in range(height):
        for j in range(width):
            window = padded[:, :, i : i + stride * down : stride, j : j + stride * across : stride]
            window += patches[:, :, :, :, i, j].permute(0, 3, 1, 2)
    return padded[:, :, padding : padding + rows, padding : padding + columns]


def convolution(x: Tensor, w: Tensor, b: Tensor, *, stride: int, padding: int) -> Tensor:
    r"""Two-dimensional convolution, in the sense of neural networks: the kernel is not flipped.

    .. math::
        z_{n, o, u, v} = b_o + \sum_{c, i, j} x^{\text{padded}}_{n,\, c,\, su + i,\, sv + j}
        \, w_{o, c, i, j}

    Args:
        x: the images.
        w: the kernels.
        b: the biases.
        stride: how far the kernel moves from place to place.
        padding: rows or columns of zeros at each side.

    Returns:
        The preactivation.

    **Shapes**: ``x`` (n, channels in, rows, columns), ``w`` (channels out, channels in, height,
    width), ``b`` (channels out,); the preactivation (n, channels out, places down, places across).

    Raises:
        ValueError: if the kernel does not fit into the padded image.

    **Source**: chapter From functions to modules, section “A convolution is a matrix product”.
    """
    out, _, height, width = w.shape
    down, across = places(x.shape, height, width, stride=stride, padding=padding)
    patches = unfold(x, height, width, stride=stride, padding=padding)
    z = linear(patches, _as_matrix(w), b)
    return z.reshape(len(x), down, across, out).permute(0, 3, 1, 2)


def convolution_backward(
    gradient: Tensor, x: Tensor, w: Tensor, *, stride: int, padding: int
) -> tuple[Tensor, Tensor, Tensor]:
    r"""Backward pass of :func:`convolution`: that of a linear layer, folded back into images.

    .. math::
        \Delta p = \Delta z\, W^\top, \qquad \Delta W = p^\top \Delta z, \qquad
        \Delta b_o = \sum_{n, u, v} \Delta z_{n, o, u, v}

    Args:
        gradient: of the loss with respect to the preactivation.
        x: the images of the forward pass.
        w: the kernels.
        stride: as in the forward pass.
        padding: as in the forward pass.

    Returns:
        The gradients with respect to the images, the kernels and the biases.

    **Shapes**: ``gradient`` as the preactivation; the gradients as ``x``, ``w`` and the biases.

    Raises:
        ValueError: if the kernel does not fit into the padded image.

    **Source**: chapter From functions to modules, section “A convolution is a matrix product”.
    """
    out, _, height, width = w.shape
    patches = unfold(x, height, width, stride=stride, padding=padding)
    rows = gradient.permute(0, 2, 3, 1).reshape(len(patches), out)
    dpatches, dmatrix, db = linear_backward(rows, patches, _as_matrix(w))
    dx = fold(dpatches, x.shape, height, width, stride=stride, padding=padding)
    return dx, dmatrix.T.reshape(w.shape), db


def places(
    shape: tuple[int, ...], height: int, width: int, *, stride: int, padding: int
) -> tuple[int, int]:
    r"""Count the places at which a kernel can be laid, down and across.

    .. math:: \lfloor (\text{rows} + 2 \cdot \text{padding} - \text{height}) / s \rfloor + 1

    Args:
        shape: of the images, (n, channels, rows, columns).
        height: of the kernel.
        width: of the kernel.
        stride: ``s``.
        padding: rows or columns of zeros at each side.

    Returns:
        The two numbers.

    Raises:
        ValueError: if the kernel does not fit into the padded image.

    >>> places((1, 1, 28, 28), 5, 5, stride=2, padding=2)
    (14, 14)
    """
    free = [
        length + 2 * padding - reach
        for length, reach in zip(shape[-2:], (height, width), strict=True)
    ]
    if min(free) < 0:
        raise ValueError(
            f"images of shape {tuple(shape)} with a padding of {padding}: a kernel of {height} by "
            f"{width} does not fit"
        )
    return free[0] // stride + 1, free[1] // stride + 1


def _pad(x: Tensor, padding: int) -> Tensor:
    n, channels, rows, columns = x.shape
    padded = x.new_zeros(n, channels, rows + 2 * padding, columns + 2 * padding)
    padded[:, :, padding : padding + rows, padding : padding + columns] = x
    return padded


def _as_matrix(w: Tensor) -> Tensor:
    """Return the kernels as a matrix of shape (channels in · height · width, channels out)."""
    return w.reshape(len(w), w[0].numel()).T
