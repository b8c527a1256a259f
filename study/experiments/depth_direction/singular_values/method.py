"""Settings, one draw, and what is read of it."""

import dataclasses
from collections.abc import Iterable, Mapping
from math import exp, nan, sqrt
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Gt, Le, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.lab.activations import activation
from study.lab.inits import RandomLayers
from study.lab.mnist import Mnist
from study.record.checks import check_ascending, check_one_of
from study.record.draws import Draw, Row
from study.record.settings import STRICT, Fraction, Named, Settings, Variance, Width


@dataclass(frozen=True, config=STRICT)
class Arm:
    """One kind of network: its activation, and distribution and variance of its weights.

    ``length`` is the mean square of the signal at which the derivative is taken.
    """

    activation: Literal["linear", "relu", "tanh"]
    distribution: Literal["gaussian", "orthogonal"]
    weight_variance: Variance
    length: Annotated[float, Gt(0), Le(1000)] = 1.0


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the width, the depths, and the arms.

    ``depths`` must ascend; the claims read ``depth``, which must be one of them.
    """

    width: Width
    depth: Annotated[int, Ge(2), Le(1_000)]
    depths: Annotated[tuple[Annotated[int, Ge(1), Le(1_000)], ...], MinLen(1)]
    small: Fraction
    ranks: Annotated[int, Ge(2), Le(100)]
    arms: Named[Arm]

    def __post_init__(self) -> None:
        """Check that the depths ascend, and that the claims' depth is among them."""
        check_ascending("depths", self.depths)
        check_one_of("depth", self.depth, "depths", self.depths)


@dataclasses.dataclass(frozen=True)
class Spectrum:
    """The singular values of one network at one depth, largest first, and two sums over layers.

    Attributes:
        values: the singular values.
        mean_log: the mean of their logarithms, from the determinants of the factors; it is minus
            infinity where a derivative is 0.
        smallest_active_share: of units with a derivative other than 0, over the layers.

    **Shapes**: ``values`` (width,), in float64.
    """

    values: Tensor
    mean_log: float
    smallest_active_share: float


Spectra = Mapping[str, Mapping[int, Spectrum]]


def prepare(_config: Config, mnist: Mnist) -> Mnist:
    """Return the data; each draw standardises its own image.

    Args:
        _config: the settings.
        mnist: the data.
    """
    return mnist


def measure(config: Config, inputs: Mnist, draw: int) -> Draw:
    """Draw one network of each arm and compute its singular values at each depth.

    Args:
        config: the settings.
        inputs: the data; draw ``k`` uses image ``k`` of the training split, modulo their number.
        draw: index of the draw.

    Returns:
        What the claims read, the sorted singular values and their spread.
    """
    images = inputs.train.images
    index = draw % len(images)
    (image,) = inputs.standardised(images[index : index + 1])
    arms = spectra_by_arm(config, image, draw)
    return Draw(
        quantities(config, arms),
        {"spectra": sorted_values(config, arms), "spreads": spreads(arms)},
    )


def spectra_by_arm(config: Config, image: Tensor, draw: int) -> Spectra:
    """Compute the singular values of the network of each arm.

    Args:
        config: the settings.
        image: the image at which the derivative is taken, of shape (pixels,).
        draw: index of the draw.

    Returns:
        The spectra of each arm, by depth.
    """
    signal = image.double() / image.double().square().mean().sqrt()
    widths = (len(signal), *[config.width] * (1 + max(config.depths)))

    def layers(arm: Arm) -> RandomLayers:
        return RandomLayers(
            widths,
            config.seed,
            draw,
            distribution=arm.distribution,
            dtype=torch.float64,
            device=signal.device,
        )

    return {
        name: spectra(signal, layers(arm), arm, config.depths) for name, arm in config.arms.items()
    }


def spectra(
    signal: Tensor, layers: RandomLayers, arm: Arm, depths: Iterable[int]
) -> dict[int, Spectrum]:
    r"""Compute the singular values of the Jacobian of a network, layer by layer.

    .. math::
        J_L = D_L W_L \cdots D_1 W_1, \qquad D_l = \operatorname{diag} f'(z_l), \qquad
        z_l = W_l h_{l-1}

    The first random layer projects the image to the width of the others, scaled to the mean square
    of the arm, and is not a part of :math:`J`.

    Args:
        signal: the image.
        layers: where the weights come from.
        arm: the activation and the variance of the weights.
        depths: at which :math:`L`.

    Returns:
        The spectrum at each depth.

    **Shapes**: ``signal`` (pixels,); each weight matrix (width, width) but for the first one.
    """
    nonlinearity = activation(arm.activation)
    signal = layers.weights(1) @ signal
    signal = signal * sqrt(arm.length) / signal.square().mean().sqrt()
    width, depths = len(signal), sorted(depths)
    product = torch.eye(width, dtype=signal.dtype, device=signal.device)
    by_depth, mean_log, active = {}, 0.0, 1.0
    for layer in range(1, depths[-1] + 1):
        matrix = layers.weights(layer + 1) * sqrt(arm.weight_variance / width)
        preactivation = matrix @ signal
        derivative = nonlinearity.derivative(preactivation)
        signal = nonlinearity.function(preactivation)
        product = derivative[:, None] * (matrix @ product)
        mean_log += float(torch.linalg.slogdet(matrix).logabsdet) / width
        mean_log += float(derivative.log().mean())
        active = min(active, float((derivative != 0).double().mean()))
        if layer in depths:
            by_depth[layer] = Spectrum(singular_values(product), mean_log, active)
    return by_depth


def singular_values(product: Tensor) -> Tensor:
    """Return the singular values of a matrix, largest first; NaN if it has overflowed."""
    if not product.isfinite().all():
        return product.new_full((len(product),), nan)
    values: Tensor = torch.linalg.svdvals(product)
    return values


def squared_moments(values: Tensor) -> tuple[float, float]:
    r"""Return the mean square of singular values, and the relative variance of their squares.

    .. math:: \frac1n \sum_i s_i^2, \qquad \frac{\frac1n \sum_i s_i^4}{(\frac1n \sum_i s_i^2)^2} - 1

    >>> squared_moments(torch.tensor([1.0, 0.0]))
    (0.5, 1.0)
    """
    squares = values.square()
    mean = float(squares.mean())
    return mean, float((squares / mean).square().mean()) - 1


def quantities(config: Config, spectra: Spectra) -> dict[str, float]:
    """Reduce the spectra of one draw, at the depth of the claims, to the quantities they read.

    Args:
        config: the settings.
        spectra: of each arm, by depth.

    Returns:
        The quantities, by key.
    """
    values: dict[str, float] = {}
    for name, by_depth in spectra.items():
        spectrum = by_depth[config.depth]
        mean_square, relative_variance = squared_moments(spectrum.values)
        values |= {
            f"mean_square.{name}": mean_square,
            f"mean_square_times_depth.{name}": mean_square * config.depth,
            f"relative_variance.{name}": relative_variance,
            f"relative_variance_over_depth.{name}": relative_variance / config.depth,
            f"share_below.{name}": float((spectrum.values < config.small).double().mean()),
            f"largest.{name}": float(spectrum.values[0]),
            f"smallest_over_largest.{name}": float(spectrum.values[-1] / spectrum.values[0]),
            f"lost_share.{name}": 1 - spectrum.smallest_active_share,
            f"geometric_mean_per_layer.{name}": exp(spectrum.mean_log / config.depth),
        }
    return values


def sorted_values(config: Config, spectra: Spectra) -> list[Row]:
    """Return singular values at evenly spaced ranks.

    Args:
        config: the settings.
        spectra: of each arm, by depth.

    Returns:
        Rows of arm, depth and rank, the share of singular values below.
    """
    # From the largest down, the middles of equal parts.
    places = [(index + 0.5) / config.ranks for index in range(config.ranks)]
    return [
        {
            "arm": arm,
            "depth": depth,
            "rank": 1 - place,
            "sample": float(spectrum.values[int(place * len(spectrum.values))]),
        }
        for arm, by_depth in spectra.items()
        for depth, spectrum in by_depth.items()
        for place in places
    ]


def spreads(spectra: Spectra) -> list[Row]:
    """Return the relative variance of the squared singular values: rows of arm and depth."""
    return [
        {"arm": arm, "depth": depth, "sample": squared_moments(spectrum.values)[1]}
        for arm, by_depth in spectra.items()
        for depth, spectrum in by_depth.items()
    ]
