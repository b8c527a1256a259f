r"""Layer-by-layer statistics of a signal on its way up and of a gradient on its way down.

A network has layers :math:`z_l = W_l h_{l-1}` and :math:`h_l = f(z_l)` for ``l = 1 ... depth``,
without biases, and :math:`h_0` is its input.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from study.lab.activations import leaky_relu, leaky_relu_derivative
from study.lab.inits import weight_std


@dataclass(frozen=True)
class LayerStatistics:
    """Statistics of every layer of one network, one row per layer.

    **Shapes**: each tensor has shape (depth,), in float64; entry 0 belongs to layer 1.

    Means and second moments run over the units of a layer and the images.
    A variance is over the units of a layer for one image, averaged over the images; the
    differences between images are no part of it.

    ``activation_gradient_second_moment`` belongs to the gradient with respect to :math:`h_l`,
    ``preactivation_gradient_second_moment`` to that with respect to :math:`z_l`.
    """

    preactivation_mean: Tensor
    preactivation_second_moment: Tensor
    preactivation_variance: Tensor
    activation_mean: Tensor
    activation_second_moment: Tensor
    activation_variance: Tensor
    activation_gradient_second_moment: Tensor
    preactivation_gradient_second_moment: Tensor


def propagate(
    inputs: Tensor,
    cotangent: Tensor,
    weights: Sequence[Tensor],
    *,
    weight_variance: float,
    slope: float,
) -> LayerStatistics:
    r"""Send a batch up through a network and a gradient down, and measure both at each layer.

    .. math::
        z_l = \sqrt{c/n_l}\; G_l h_{l-1}, \qquad
        \Delta z_l = f'(z_l) \odot \Delta h_l, \qquad
        \Delta h_{l-1} = \sqrt{c/n_l}\; G_l^\top \Delta z_l

    Args:
        inputs: :math:`h_0`.
        cotangent: the gradient with respect to the activation of the last layer.
        weights: the standard normal matrices :math:`G_l`, first layer first; networks that
            differ only by ``weight_variance`` or ``slope`` can share them.
        weight_variance: ``c``, the variance of a weight times its fan_in.
        slope: ``a``, the negative slope of the leaky ReLU.

    Returns:
        The statistics of layers 1 to depth.

    **Shapes**: ``inputs`` (images, fan_in of the first layer); ``cotangent`` (images, fan_out of
    the last layer); each weight matrix (fan_out, fan_in), as in ``torch.nn.Linear``.

    **Source**: He et al. (2015), equations 5 and 11.
    """
    scales = [weight_std(matrix.shape[1], weight_variance) for matrix in weights]
    preactivation_sums, activation_sums = [], []
    # One block for all layers: many small ones would go back to the system and come as new pages.
    derivatives = inputs.new_empty(len(weights), len(inputs), max(map(len, weights)))
    activation = inputs
    for layer, (matrix, scale) in enumerate(zip(weights, scales, strict=True)):
        preactivation = _product(activation, matrix.T, scale)
        activation = leaky_relu(preactivation, slope)
        derivatives[layer, :, : len(matrix)] = leaky_relu_derivative(preactivation, slope)
        preactivation_sums.append(_sums(preactivation))
        activation_sums.append(_sums(activation))

    activation_squares, preactivation_squares = [], []
    on_activation = cotangent
    for layer in reversed(range(len(weights))):
        on_preactivation = on_activation * derivatives[layer, :, : len(weights[layer])]
        activation_squares.append(_sum_of_squares(on_activation))
        preactivation_squares.append(_sum_of_squares(on_preactivation))
        if layer:  # the gradient with respect to the input is not asked for
            on_activation = _product(on_preactivation, weights[layer], scales[layer])

    units = torch.tensor([len(matrix) for matrix in weights], dtype=torch.float64)
    return LayerStatistics(
        *_moments(preactivation_sums, units),
        *_moments(activation_sums, units),
        _together(activation_squares[::-1]) / (units * len(inputs)),
        _together(preactivation_squares[::-1]) / (units * len(inputs)),
    )


def _product(rows: Tensor, matrix: Tensor, scale: float) -> Tensor:
    """Return ``scale * rows @ matrix``; the scaling is part of the matrix product."""
    out = rows.new_empty(len(rows), matrix.shape[1])
    return torch.addmm(out, rows, matrix, beta=0, alpha=scale, out=out)


def _sums(values: Tensor) -> tuple[Tensor, Tensor]:
    """Return the sum over units of each image, and the sum of all squares."""
    return values.sum(dim=1), _sum_of_squares(values)


def _sum_of_squares(values: Tensor) -> Tensor:
    flat = values.reshape(-1)
    return torch.dot(flat, flat)


def _together(of_layers: Sequence[Tensor]) -> Tensor:
    return torch.stack(list(of_layers)).double().cpu()


def _moments(sums: Sequence[tuple[Tensor, Tensor]], units: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return mean, second moment and variance over units of each layer, from its sums."""
    of_images, squares = (_together(parts) for parts in zip(*sums, strict=True))
    means = of_images / units[:, None]
    second_moment = squares / (units * means.shape[1])
    return means.mean(dim=1), second_moment, second_moment - means.square().mean(dim=1)
