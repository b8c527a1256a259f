"""Statistics of every layer of a network, at any scale a signal may come to.

A thousand layers may take a signal to 2^-1000, a hundred thousand beyond what any float holds. So
what comes in is a number and an exponent of two for each image, and what goes out are logarithms.
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
    images; without a gradient sent down, what belongs to it is NaN.

    ``log2_...`` are logarithms to base 2, minus infinity where all is exactly zero; the property
    without this prefix is the number itself, which may be too large or too small for a float.
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
NATURAL = tuple(name for name, of in vars(LayerStatistics).items() if isinstance(of, property))
"""The names of the numbers themselves, which are no logarithms."""


def natural(statistics: LayerStatistics) -> dict[str, Tensor]:
    """Return the numbers themselves by name, where depth and size allow it."""
    return {name: getattr(statistics, name) for name in NATURAL}


UPWARD = (
    "log2_preactivation_second_moment",
    "relative_preactivation_mean",
    "relative_preactivation_variance",
    "log2_activation_second_moment",
    "relative_activation_mean",
    "relative_activation_variance",
    "activation_gap",
    "activation_image_variance",
)
DOWNWARD = (
    "log2_activation_gradient_second_moment",
    "log2_preactivation_gradient_second_moment",
    "log2_weight_gradient_second_moment",
)


@dataclass(frozen=True)
class Sums:
    """Sums over the units of some layers, of every image on its own.

    **Shapes**: ``total``, ``norm`` and ``exponent`` (layers, images, signals), ``units`` (layers,);
    the true sum is ``total * 2**exponent``, the true norm ``norm * 2**exponent``.
    """

    total: Tensor
    norm: Tensor
    exponent: Tensor
    units: Tensor

    @staticmethod
    def of(layers: Sequence[tuple[Tensor, Tensor, Tensor]], units: Sequence[int]) -> "Sums":
        """Put layers together, each given by total, norm and exponent."""
        total, norm, exponent = (torch.stack(parts) for parts in zip(*layers, strict=True))
        return Sums(total, norm, exponent, exponent.new_tensor(units))


def log2_second_moment(sums: Sums) -> Tensor:
    """Logarithm of the mean square over units and images.

    Args:
        sums: of some layers.

    Returns:
        The logarithm to base 2, minus infinity where all norms are zero.

    **Shapes**: the result (layers, signals).

    >>> two = torch.tensor([[[2.0], [2.0]]])
    >>> exponent = torch.full((1, 2, 1), -500.0, dtype=torch.float64)
    >>> log2_second_moment(Sums(two, two, exponent, units=torch.tensor([4.0])))
    tensor([[-1000.]], dtype=torch.float64)
    """
    squares = 2 * (sums.norm.double().log2() + sums.exponent)
    largest = squares.amax(dim=1)
    safe = largest.masked_fill(largest.isinf(), 0.0)
    total = torch.exp2(squares - safe[:, None]).sum(dim=1)
    return total.log2() + safe - (sums.units[:, None] * sums.norm.shape[1]).log2()


def first_two_moments(sums: Sums) -> tuple[Tensor, Tensor, Tensor]:
    """Log of the second moment, and mean and variance relative to it.

    Args:
        sums: of some layers.

    Returns:
        Three tensors of shape (layers, signals). Where all is zero there is nothing to be relative
        to, and mean and variance are NaN.
    """
    log_square, units = log2_second_moment(sums), sums.units[:, None, None]
    unit = torch.exp2(sums.exponent - log_square[:, None] / 2)  # of each image, over the root
    means = sums.total.double() / units * unit
    squares = (sums.norm.double() * unit).square() / units
    return log_square, means.mean(dim=1), (squares - means.square()).mean(dim=1)


def distances(
    values: Tensor, norm: Tensor, exponent: "Tensor | None", workspace: Workspace
) -> tuple[Tensor, Tensor]:
    r"""How far each image of a layer is from the mean of all, in direction and in all.

    Args:
        values: the activations of a layer, each image divided by two to its exponent.
        norm: of each image, likewise.
        exponent: of each image, if one of them is not 0.
        workspace: memory to compute in.

    Returns:
        The distance of the unit vector of each image from the mean of these vectors, and of the
        image from the mean, divided by two to the largest exponent.

    **Shapes**: ``values`` (images, signals, units), ``norm``, ``exponent`` and the results
    (images, signals).
    """
    place = workspace.tensor("distances", values, values.shape)
    of_directions = _from_mean(torch.div(values, norm[..., None], out=place), place)
    if exponent is not None:
        shrink = _relative(exponent, norm > 0)[0].to(values.dtype)
        values = torch.mul(values, shrink[..., None], out=place)
    return of_directions, _from_mean(values, place)


def _from_mean(values: Tensor, place: Tensor) -> Tensor:
    distance = torch.sub(values, values.mean(dim=0), out=place)
    found: Tensor = torch.linalg.vector_norm(distance, dim=-1)
    return found


def spread(of_directions: Tensor, of_all: Tensor, sums: Sums) -> tuple[Tensor, Tensor]:
    r"""How far apart the images are, in direction and in all.

    With the unit vectors :math:`u_i` of the images and their mean :math:`\bar u`, the mean of
    :math:`1 - \cos = \tfrac12 |u_i - u_k|^2` over all pairs is

    .. math:: \frac{1}{R - 1} \sum_i |u_i - \bar u|^2

    which, unlike one minus a cosine, is accurate when it is tiny.

    Args:
        of_directions: the distances of the unit vectors from their mean, see :func:`distances`.
        of_all: those of the images.
        sums: of the activations.

    Returns:
        The mean gap of direction, and the variance across images as a share of the second moment,
        for each layer and signal.

    **Shapes**: the distances (layers, images, signals); the results (layers, signals).
    """
    images = of_all.shape[1]
    if images == 1:
        nothing = torch.zeros_like(sums.exponent[:, 0])
        return torch.full_like(nothing, nan), nothing
    gap = of_directions.double().square().sum(dim=1) / (images - 1)
    shrink, _ = _relative(sums.exponent, sums.norm > 0)
    total = (sums.norm.double() * shrink).square().sum(dim=1)
    return gap, of_all.double().square().sum(dim=1) / total


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
        exponent: the power of two that belongs to the product of the two, for each image, if one
            of them is not 0.
        workspace: memory to compute in.

    Returns:
        The logarithm to base 2 of the mean square, for each signal.

    **Shapes**: ``values`` (images, signals, fan_in), ``gradients`` (images, signals, fan_out),
    ``exponent`` (images, signals); the result (signals,).
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
        shrink, largest = products.new_ones(shape[:2]), products.new_zeros(shape[0])
    else:
        shrink, largest = _relative(exponent, products.diagonal(dim1=1, dim2=2).T > 0)
        shrink = shrink.T
    # The sum is a square; rounding may leave it a little below zero.
    square = shrink[:, None] @ products @ shrink[..., None]
    size = log2(values.shape[-1] * gradients.shape[-1])
    return square.flatten().clamp(min=0).log2() + 2 * largest - size


def _relative(exponent: Tensor, alive: Tensor) -> tuple[Tensor, Tensor]:
    """Factors that take the images to the largest of their exponents, and that exponent.

    What is zero counts for nothing, and may have any exponent.

    **Shapes**: ``exponent``, ``alive`` and the factors (..., images, signals), the largest
    (..., signals).
    """
    found = torch.where(alive, exponent, -inf).amax(dim=-2)
    largest = found.masked_fill(found == -inf, 0.0)
    return torch.exp2(exponent - largest[..., None, :]).clamp(max=1), largest


def _inner_products(rows: Tensor, place: Tensor) -> Tensor:
    """Inner products of all pairs of images, of shape (signals, images, images)."""
    of_signals = rows.transpose(0, 1)
    return torch.bmm(of_signals, of_signals.transpose(-2, -1), out=place)


def first(there: Tensor) -> Tensor:
    """Return at which place, counted from 1, something is first true, or one more than there are.

    Args:
        there: of shape (..., places).

    Returns:
        The places in float64, of shape (...).

    >>> first(torch.tensor([[False, True, True], [False, False, False]])).tolist()
    [2.0, 4.0]
    """
    ended = torch.cat([there, torch.ones_like(there[..., :1])], dim=-1)
    return ended.int().argmax(dim=-1).double() + 1
