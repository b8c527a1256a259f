"""Statistics of every layer of a network, whatever the scale of its signal.

A thousand layers may scale a signal by 2^-1000, a hundred thousand beyond what any float holds. So
each image comes with an exponent of two, and second moments are returned as logarithms.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import inf, log2, nan

import torch
from torch import Tensor

from study.lab.workspaces import Workspace


@dataclass(frozen=True)
class LayerStatistics:
    r"""Statistics of every layer of one network, one row per layer.

    **Shapes**: each tensor has shape (depth,), in float64; entry 0 belongs to layer 1.

    Means and second moments run over the units of a layer and the images. A variance is over the
    units of a layer for one image, averaged over the images; the differences between images are
    no part of it. The gradients are those of :math:`\sum \Delta h_L \odot h_L`, summed over the
    images; without a backward pass their statistics are NaN.

    ``log2_...`` are logarithms to base 2, minus infinity where every entry is exactly zero; the
    property without this prefix is not a logarithm, and may overflow or underflow.
    ``relative`` means divided by the root of the second moment, or for a variance by the second
    moment.

    Attributes:
        log2_preactivation_second_moment: of :math:`z_l`.
        log2_activation_second_moment: of :math:`h_l`.
        log2_activation_gradient_second_moment: of the gradient with respect to :math:`h_l`.
        log2_preactivation_gradient_second_moment: of the gradient with respect to :math:`z_l`.
        log2_weight_gradient_second_moment: of the gradient with respect to :math:`W_l`.
        relative_preactivation_mean: of :math:`z_l`.
        relative_preactivation_variance: of :math:`z_l`.
        relative_activation_mean: of :math:`h_l`.
        relative_activation_variance: of :math:`h_l`.
        activation_gap: one minus the cosine between the :math:`h_l` of two images, averaged over
            all pairs; NaN for a single image, or where an image has become zero.
        activation_image_variance: the variance of a unit of :math:`h_l` across the images,
            averaged over the units, as a share of the second moment.
    """

    log2_preactivation_second_moment: Tensor
    log2_activation_second_moment: Tensor
    log2_activation_gradient_second_moment: Tensor
    log2_preactivation_gradient_second_moment: Tensor
    log2_weight_gradient_second_moment: Tensor
    relative_preactivation_mean: Tensor
    relative_preactivation_variance: Tensor
    relative_activation_mean: Tensor
    relative_activation_variance: Tensor
    activation_gap: Tensor
    activation_image_variance: Tensor

    @property
    def preactivation_second_moment(self) -> Tensor:
        """Second moment of the preactivations."""
        return torch.exp2(self.log2_preactivation_second_moment)

    @property
    def activation_second_moment(self) -> Tensor:
        """Second moment of the activations."""
        return torch.exp2(self.log2_activation_second_moment)

    @property
    def activation_gradient_second_moment(self) -> Tensor:
        """Second moment of the gradient with respect to the activations."""
        return torch.exp2(self.log2_activation_gradient_second_moment)

    @property
    def preactivation_gradient_second_moment(self) -> Tensor:
        """Second moment of the gradient with respect to the preactivations."""
        return torch.exp2(self.log2_preactivation_gradient_second_moment)

    @property
    def weight_gradient_second_moment(self) -> Tensor:
        """Second moment of the gradient with respect to the weights."""
        return torch.exp2(self.log2_weight_gradient_second_moment)

    @property
    def preactivation_mean(self) -> Tensor:
        """Mean of the preactivations."""
        return self.relative_preactivation_mean * self.preactivation_second_moment.sqrt()

    @property
    def preactivation_variance(self) -> Tensor:
        """Variance of the preactivations over the units of a layer."""
        return self.relative_preactivation_variance * self.preactivation_second_moment

    @property
    def activation_mean(self) -> Tensor:
        """Mean of the activations."""
        return self.relative_activation_mean * self.activation_second_moment.sqrt()

    @property
    def activation_variance(self) -> Tensor:
        """Variance of the activations over the units of a layer."""
        return self.relative_activation_variance * self.activation_second_moment


FIELDS = tuple(field.name for field in fields(LayerStatistics))
NATURAL = tuple(
    name for name, member in vars(LayerStatistics).items() if isinstance(member, property)
)
"""The names of the statistics that are not logarithms."""


def natural(statistics: LayerStatistics) -> dict[str, Tensor]:
    """Return the statistics that are not logarithms, by name; they may overflow or underflow."""
    return {name: getattr(statistics, name) for name in NATURAL}


FORWARD = (
    "log2_preactivation_second_moment",
    "relative_preactivation_mean",
    "relative_preactivation_variance",
    "log2_activation_second_moment",
    "relative_activation_mean",
    "relative_activation_variance",
    "activation_gap",
    "activation_image_variance",
)
BACKWARD = (
    "log2_activation_gradient_second_moment",
    "log2_preactivation_gradient_second_moment",
    "log2_weight_gradient_second_moment",
)


@dataclass(frozen=True)
class UnitSums:
    """Sum and Euclidean norm over the units of each layer, for every image and network.

    The unscaled sum is ``total * 2**exponent``, the unscaled norm ``norm * 2**exponent``.

    **Shapes**: ``total``, ``norm`` and ``exponent`` (layers, images, networks), ``units``
    (layers,), which is how many units each layer has.
    """

    total: Tensor
    norm: Tensor
    exponent: Tensor
    units: Tensor

    @classmethod
    def stack(
        cls, layers: Sequence[tuple[Tensor, Tensor, Tensor]], units: Sequence[int]
    ) -> "UnitSums":
        """Stack layers, each given by total, norm and exponent."""
        total, norm, exponent = (torch.stack(parts) for parts in zip(*layers, strict=True))
        return cls(total, norm, exponent, exponent.new_tensor(units))


def log2_second_moment(sums: UnitSums) -> Tensor:
    """Logarithm of the mean square over units and images.

    Args:
        sums: over the units of each layer.

    Returns:
        The logarithm to base 2, minus infinity where all norms are zero.

    **Shapes**: the result (layers, networks).

    >>> two = torch.tensor([[[2.0], [2.0]]])
    >>> exponent = torch.full((1, 2, 1), -500.0, dtype=torch.float64)
    >>> log2_second_moment(UnitSums(two, two, exponent, units=torch.tensor([4.0])))
    tensor([[-1000.]], dtype=torch.float64)
    """
    squares = 2 * (sums.norm.double().log2() + sums.exponent)
    largest = squares.amax(dim=1)
    safe = largest.masked_fill(largest.isinf(), 0.0)
    total = torch.exp2(squares - safe[:, None]).sum(dim=1)
    return total.log2() + safe - (sums.units[:, None] * sums.norm.shape[1]).log2()


def first_two_moments(sums: UnitSums) -> tuple[Tensor, Tensor, Tensor]:
    """Log of the second moment, and mean and variance relative to it.

    Args:
        sums: over the units of each layer.

    Returns:
        Three tensors of shape (layers, networks). Where every entry is zero, the relative mean and
        variance are NaN.
    """
    log_square, units = log2_second_moment(sums), sums.units[:, None, None]
    # The scale of each image over the root of the second moment.
    unit = torch.exp2(sums.exponent - log_square[:, None] / 2)
    means = sums.total.double() / units * unit
    squares = (sums.norm.double() * unit).square() / units
    return log_square, means.mean(dim=1), (squares - means.square()).mean(dim=1)


def distances(
    values: Tensor, norm: Tensor, exponent: "Tensor | None", workspace: Workspace
) -> tuple[Tensor, Tensor]:
    r"""Distance of each image's activations from their mean over the images, and of its direction.

    Args:
        values: the activations of a layer, each image divided by two to its exponent.
        norm: the norm of ``values`` for each image.
        exponent: of each image; None if all are 0.
        workspace: memory for intermediate results.

    Returns:
        The distance of each image's unit vector from the mean unit vector, and the distance of its
        activations from the mean activations, divided by two to the largest exponent.

    **Shapes**: ``values`` (images, networks, units), ``norm``, ``exponent`` and the results
    (images, networks).
    """
    out = workspace.tensor("distances", values, values.shape)
    direction_distances = _from_mean(torch.div(values, norm[..., None], out=out), out)
    if exponent is not None:
        factor = _relative(exponent, norm > 0)[0].to(values.dtype)
        values = torch.mul(values, factor[..., None], out=out)
    return direction_distances, _from_mean(values, out)


def _from_mean(values: Tensor, out: Tensor) -> Tensor:
    difference = torch.sub(values, values.mean(dim=0), out=out)
    distance: Tensor = torch.linalg.vector_norm(difference, dim=-1)
    return distance


def spread(
    direction_distances: Tensor, image_distances: Tensor, sums: UnitSums
) -> tuple[Tensor, Tensor]:
    r"""Mean cosine gap between images, and their variance as a share of the second moment.

    With the unit vectors :math:`u_i` of the images and their mean :math:`\bar u`, the mean of
    :math:`1 - \cos = \tfrac12 |u_i - u_k|^2` over all pairs is

    .. math:: \frac{1}{R - 1} \sum_i |u_i - \bar u|^2

    which, unlike one minus a cosine, is accurate when it is tiny.

    Args:
        direction_distances: of the unit vectors from their mean, see :func:`distances`.
        image_distances: of the activations from their mean.
        sums: of the activations.

    Returns:
        The mean of :math:`1 - \cos` over all pairs, and the variance across images as a share of
        the second moment, for each layer and network.

    **Shapes**: the distances (layers, images, networks); the results (layers, networks).
    """
    images = image_distances.shape[1]
    if images == 1:
        zeros = torch.zeros_like(sums.exponent[:, 0])
        return torch.full_like(zeros, nan), zeros
    gap = direction_distances.double().square().sum(dim=1) / (images - 1)
    factor, _ = _relative(sums.exponent, sums.norm > 0)
    total = (sums.norm.double() * factor).square().sum(dim=1)
    return gap, image_distances.double().square().sum(dim=1) / total


def log2_weight_gradient(
    values: Tensor, gradients: Tensor, exponent: "Tensor | None", workspace: Workspace
) -> Tensor:
    r"""Logarithm of the mean square of the gradient of a weight matrix.

    The gradient is :math:`G = \sum_i \Delta z_i h_i^\top` over the images :math:`i`, and

    .. math::
        |G|^2 = \sum_{i,k} (\Delta z_i \cdot \Delta z_k)\, (h_i \cdot h_k)

    needs no matrix of the size of the weights.

    Args:
        values: the activations of the layer below.
        gradients: those with respect to the preactivations.
        exponent: that of activations plus that of gradients, for each image; None if all are 0.
        workspace: memory for intermediate results.

    Returns:
        The logarithm to base 2 of the mean square, for each network.

    **Shapes**: ``values`` (images, networks, fan_in), ``gradients`` (images, networks, fan_out),
    ``exponent`` (images, networks); the result (networks,).
    """
    # In float64, since the square of a signal times that of a gradient may be beyond float32.
    shape = (values.shape[1], len(values), len(values))
    single = workspace.tensor("inner products", values, shape)
    products, factors = (
        workspace.tensor(name, values, shape, torch.float64) for name in ("products", "factors")
    )
    products.copy_(_inner_products(values, single))
    products *= factors.copy_(_inner_products(gradients, single))
    if exponent is None:
        factor, largest = products.new_ones(shape[:2]), products.new_zeros(shape[0])
    else:
        factor, largest = _relative(exponent, products.diagonal(dim1=1, dim2=2).T > 0)
        factor = factor.T
    # The sum is a square; rounding may leave it a little below zero.
    square = factor[:, None] @ products @ factor[..., None]
    size = log2(values.shape[-1] * gradients.shape[-1])
    return square.flatten().clamp(min=0).log2() + 2 * largest - size


def _relative(exponent: Tensor, nonzero: Tensor) -> tuple[Tensor, Tensor]:
    """Factors that bring all images to the largest of their exponents, and that exponent.

    The exponent of an image that is zero is ignored.

    **Shapes**: ``exponent``, ``nonzero`` and the factors (..., images, networks), the largest
    (..., networks).
    """
    largest = torch.where(nonzero, exponent, -inf).amax(dim=-2)
    largest = largest.masked_fill(largest == -inf, 0.0)
    return torch.exp2(exponent - largest[..., None, :]).clamp(max=1), largest


def _inner_products(values: Tensor, out: Tensor) -> Tensor:
    """Inner products of all pairs of images, of shape (networks, images, images)."""
    by_network = values.transpose(0, 1)
    return torch.bmm(by_network, by_network.transpose(-2, -1), out=out)


def first_true_layer(mask: Tensor) -> Tensor:
    """Return the first layer, counted from 1, at which a mask is true.

    Args:
        mask: of shape (..., layers).

    Returns:
        The layers in float64, of shape (...); one more than there are where none is true.

    >>> first_true_layer(torch.tensor([[False, True, True], [False, False, False]])).tolist()
    [2.0, 4.0]
    """
    padded = torch.cat([mask, torch.ones_like(mask[..., :1])], dim=-1)
    return padded.int().argmax(dim=-1).double() + 1
