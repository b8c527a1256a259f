"""Four ways to write one matrix product, from three loops to one symbol."""

import torch
from torch import Tensor


def loops(a: Tensor, b: Tensor) -> Tensor:
    r"""Matrix product by three loops over numbers, as the definition reads.

    .. math:: c_{ij} = \sum_k a_{ik} b_{kj}

    Args:
        a: the left factor.
        b: the right factor.

    Returns:
        The product; in float32 its sums are made in float64 and rounded once.

    **Shapes**: (rows, inner), (inner, columns) and (rows, columns).

    **Source**: chapter From functions to modules, section “Inside the matrix product”.

    >>> loops(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0], [4.0]]))
    tensor([[11.]])
    """
    left, right = a.tolist(), b.tolist()
    product = [[0.0] * b.shape[1] for _ in range(a.shape[0])]
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            for k in range(a.shape[1]):
                product[i][j] += left[i][k] * right[k][j]
    return a.new_tensor(product).reshape(a.shape[0], b.shape[1])


def broadcasting(a: Tensor, b: Tensor) -> Tensor:
    r"""Matrix product row by row: a row's numbers times the rows of ``b``, added up.

    .. math:: c_{i} = \sum_k a_{ik}\, b_{k}

    Args:
        a: the left factor.
        b: the right factor.

    Returns:
        The product.

    **Shapes**: as of :func:`loops`. A row ``a[i]`` becomes (inner, 1), is stretched along the
    columns of ``b`` and summed over the first axis.
    """
    product = a.new_zeros(a.shape[0], b.shape[1])
    for i in range(a.shape[0]):
        product[i] = (a[i].unsqueeze(1) * b).sum(dim=0)
    return product


def einsum(a: Tensor, b: Tensor) -> Tensor:
    """Matrix product by naming its indices: those that the result lacks are summed over.

    Args:
        a: the left factor.
        b: the right factor.

    Returns:
        The product.

    **Shapes**: as of :func:`loops`.
    """
    return torch.einsum("ik,kj->ij", a, b)


def operator(a: Tensor, b: Tensor) -> Tensor:
    """Matrix product by torch's operator, which all else in this package uses.

    Args:
        a: the left factor.
        b: the right factor.

    Returns:
        The product.

    **Shapes**: as of :func:`loops`.
    """
    return a @ b
