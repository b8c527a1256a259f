"""How a deep network stretches some directions and shrinks the others.

The derivative of the last activation with respect to the first, as one matrix: its singular values
for Gaussian and orthogonal weights, without activation and with ReLU and tanh, at several depths.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass as record
from math import exp, sqrt
from typing import TYPE_CHECKING, Annotated, Any, Literal

import torch
from annotated_types import Ge, Gt, Le, Lt, MinLen
from matplotlib import pyplot as plt
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.lab.activations import activation
from study.lab.inits import RandomLayers
from study.lab.mnist import Mnist
from study.lab.parallel import side_by_side
from study.record.claims import Band, Claim, Fault, around, within
from study.record.experiment import STRICT, Experiment
from study.record.results import Result, Run, mean_row
from study.theory.activations import activation as smooth
from study.theory.mean_field import lengths
from study.theory.products import lost_share, mean_log, share_below, singular_value
from study.theory.quadrature import line
from study.theory.sources import PENNINGTON_2017, SAXE_2013, THIS_STUDY

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, config=STRICT)
class Arm:
    """One kind of network: its activation, the law of its weights, their variance times fan_in.

    ``length`` is the mean square of the signal at which the derivative is taken.
    """

    activation: Literal["linear", "relu", "tanh"]
    law: Literal["gaussian", "orthogonal"]
    weight_variance: Annotated[float, Gt(0), Le(1000)]
    length: Annotated[float, Gt(0), Le(1000)] = 1.0


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: how many draws of how wide a network, at which depths, and the arms.

    ``depths`` must rise; the claims read ``depth``, which must be one of them.
    """

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    width: Annotated[int, Ge(2), Le(4_096)]
    depth: Annotated[int, Ge(2), Le(1_000)]
    depths: Annotated[tuple[Annotated[int, Ge(1), Le(1_000)], ...], MinLen(1)]
    small: Annotated[float, Gt(0), Lt(1)]
    ranks: Annotated[int, Ge(2), Le(100)]
    arms: Annotated[dict[str, Arm], MinLen(1)]


@record(frozen=True)
class Spectrum:
    """The singular values of one network at one depth, largest first, and two sums over layers.

    Attributes:
        values: the singular values.
        mean_log: the mean of their logarithms, from the determinants of the factors; it is minus
            infinity where a derivative is 0.
        fewest: the smallest share of units with a derivative other than 0, over the layers.

    **Shapes**: ``values`` (width,), in float64.
    """

    values: Tensor
    mean_log: float
    fewest: float


Spectra = Mapping[str, Mapping[int, Spectrum]]


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Measure the singular values of every arm at every depth, for each draw of the weights.

    Args:
        config: the settings.
        mnist: the data; draw ``k`` uses image ``k`` of the training split, again from the first
            when they are used up.
        draws: the indices of the draws to make.

    Returns:
        Per draw, what the claims read; over all draws, the sorted singular values and their spread.
    """
    images = mnist.standardised(mnist.train.images)
    measured = {draw: measure(config, images[draw % len(images)], draw) for draw in draws}
    return Result.of(
        {draw: quantities(config, spectra) for draw, spectra in measured.items()},
        tables={
            "spectra": sorted_values(config, list(measured.values())),
            "spreads": spreads(list(measured.values())),
        },
    )


def measure(config: Config, image: Tensor, draw: int) -> Spectra:
    """Draw one network of each arm and find its singular values at each depth.

    Args:
        config: the settings.
        image: the image at which the derivative is taken, of shape (pixels,).
        draw: index of the draw.

    Returns:
        The spectra of each arm, by depth.
    """
    signal = image.double() / image.double().square().mean().sqrt()

    def one(arm: Arm) -> dict[int, Spectrum]:
        widths = (len(signal), *[config.width] * (1 + max(config.depths)))
        layers = RandomLayers(
            widths, config.seed, draw, law=arm.law, dtype=torch.float64, device=signal.device
        )
        return spectra(signal, layers, arm, config.depths)

    return dict(zip(config.arms, side_by_side(one, config.arms.values()), strict=True))


def spectra(
    signal: Tensor, layers: RandomLayers, arm: Arm, depths: Iterable[int]
) -> dict[int, Spectrum]:
    r"""Find the singular values of the derivative of a network, layer by layer.

    .. math::
        J_L = D_L W_L \cdots D_1 W_1, \qquad D_l = \operatorname{diag} f'(z_l), \qquad
        z_l = W_l h_{l-1}

    The first random layer brings the image to the width of the others, with the mean square of the
    arm, and is not a part of :math:`J`.

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
    found, mean_log, fewest = {}, 0.0, 1.0
    for layer in range(1, depths[-1] + 1):
        matrix = layers.weights(layer + 1) * sqrt(arm.weight_variance / width)
        preactivation = matrix @ signal
        derivative = nonlinearity.derivative(preactivation)
        signal = nonlinearity.function(preactivation)
        product = derivative[:, None] * (matrix @ product)
        mean_log += float(torch.linalg.slogdet(matrix).logabsdet) / width
        mean_log += float(derivative.log().mean())
        fewest = min(fewest, float((derivative != 0).double().mean()))
        if layer in depths:
            found[layer] = Spectrum(torch.linalg.svdvals(product), mean_log, fewest)
    return found


def moments(values: Tensor) -> tuple[float, float]:
    r"""Return the mean square of singular values, and the relative variance of their squares.

    .. math:: \frac1n \sum_i s_i^2, \qquad \frac{\frac1n \sum_i s_i^4}{(\frac1n \sum_i s_i^2)^2} - 1

    >>> moments(torch.tensor([1.0, 0.0]))
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
    found: dict[str, float] = {}
    for name, by_depth in spectra.items():
        spectrum = by_depth[config.depth]
        mean_square, relative_variance = moments(spectrum.values)
        largest = float(spectrum.values[0])
        found |= {
            f"mean_square.{name}": mean_square,
            f"mean_square_times_depth.{name}": mean_square * config.depth,
            f"relative_variance.{name}": relative_variance,
            f"relative_variance_over_depth.{name}": relative_variance / config.depth,
            f"share_below.{name}": float((spectrum.values < config.small).double().mean()),
            f"largest.{name}": largest,
            f"smallest_over_largest.{name}": float(spectrum.values[-1]) / largest,
            f"lost_share.{name}": 1 - spectrum.fewest,
            f"geometric_mean_per_layer.{name}": exp(spectrum.mean_log / config.depth),
        }
    return found


def sorted_values(config: Config, per_draw: list[Spectra]) -> list[Mapping[str, str | int | float]]:
    """Average the singular values over the draws, at evenly spaced ranks.

    Args:
        config: the settings.
        per_draw: for each draw, the spectra.

    Returns:
        Rows of arm, depth, rank (the share of singular values below), mean and half width.
    """
    # From the largest down, the middles of equal parts.
    places = [(at + 0.5) / config.ranks for at in range(config.ranks)]
    rows: list[Mapping[str, str | int | float]] = []
    for arm, by_depth in per_draw[0].items():
        for depth in by_depth:
            values = torch.stack([one[arm][depth].values for one in per_draw], dim=1).tolist()
            rows += [
                mean_row(values[int(place * len(values))], arm=arm, depth=depth, rank=1 - place)
                for place in places
            ]
    return rows


def spreads(per_draw: list[Spectra]) -> list[Mapping[str, str | int | float]]:
    """Average the relative variance of the squared singular values over the draws.

    Args:
        per_draw: for each draw, the spectra.

    Returns:
        Rows of arm, depth, mean and half width.
    """
    return [
        mean_row([moments(one[arm][depth].values)[1] for one in per_draw], arm=arm, depth=depth)
        for arm, by_depth in per_draw[0].items()
        for depth in by_depth
    ]


# Theory ------------------------------------------------------------------------------------------


TANH = smooth("tanh")


def tanh_law(depth: int, length: float = 1.0) -> tuple[float, float]:
    r"""Return what tanh layers of gain 1 do to the squared singular values, for wide layers.

    .. math::
        \prod_l \mu_1(q_l), \qquad \sum_l \Big( \frac{\mu_2(q_l)}{\mu_1(q_l)^2} - 1 \Big), \qquad
        \mu_k(q) = E[\cosh^{-4k}(\sqrt q\, u)]

    Args:
        depth: how many layers.
        length: mean square of the signal below them.

    Returns:
        The mean of the squares, and what the activations add to their relative variance.

    **Source**: chapter *Depth 1000, direction*, section “The shape of the derivative”.
    """
    mean, relative_variance = 1.0, 0.0
    for q in lengths(TANH, length, 1.0, 0.0, depth).tolist():
        z, weights = line(TANH, q)
        first, second = (float(weights @ TANH.derivative(z) ** power) for power in (2, 4))
        mean *= first
        relative_variance += second / first**2 - 1
    return mean, relative_variance


# Claims ------------------------------------------------------------------------------------------

DEPTH = 10
SECTION = THIS_STUDY.at("chapter Depth 1000, direction, section “The shape of the derivative”")
DERIVED = "derivation-singular-values"
GAUSSIAN_INSTEAD = "Draw Gaussian weights instead."
ORTHOGONAL_INSTEAD = "Draw orthogonal weights instead."
MIXED = (
    "Fifteen per cent: the law is for wide layers; a finite width and few draws add their parts. "
    "The neighbouring laws are 0, 1 and 2."
)
WIDTH = 256
SMALL = 0.1
SMALL_SHARE = share_below(SMALL, DEPTH)
LOST = lost_share(WIDTH, DEPTH)
GEOMETRIC_MEAN = exp(mean_log(WIDTH))
AFTER_THE_NUMBER = "The prediction and the band were set after the number was known."
TANH_MEAN, TANH_SPREAD = tanh_law(DEPTH)
FAINT = 0.01
FAINT_SPREAD = tanh_law(DEPTH, FAINT)[1]
SQUARE = "Square layers above a first random one; the derivative is taken at one MNIST image."

CLAIMS = (
    Claim(
        id="saxe-gaussian-product",
        statement=(
            "In a product of Gaussian matrices that keeps the norm on average, most singular "
            "values are close to 0."
        ),
        source=SAXE_2013.at("abstract, “scaled random Gaussian initializations cannot”"),
        quantity="share_below.linear_gaussian",
        prediction=SMALL_SHARE,
        band=around(SMALL_SHARE, 0.005),
        reason=(
            "Half a point, for the draws and a finite width; a neighbouring number of layers "
            f"changes the share by more than two. {AFTER_THE_NUMBER}"
        ),
        departure=SQUARE,
        remark=(
            "The share below one tenth; the root mean square is 1. The prediction is the law of "
            f"wide layers for {DEPTH} of them. The long-run law, a to the power of 2 over the "
            f"depth, gives {SMALL ** (2 / DEPTH):.3f} and misses by many half widths; it was the "
            "prediction before, with a band of eight points that let it pass."
        ),
        fault=Fault(
            "Make the variance a twentieth larger.", {"arms.linear_gaussian.weight_variance": 1.05}
        ),
        derivation=DERIVED,
    ),
    Claim(
        id="gaussian-product-keeps-the-mean-square",
        statement="The mean square of these singular values is 1.",
        source=SAXE_2013.at(
            "section “Finding good weight initializations: on greediness and randomness”"
        ),
        quantity="mean_square.linear_gaussian",
        prediction=1.0,
        band=within(1.0, 0.1),
        reason="A tenth: the law holds in expectation at any width; the band is for the draws.",
        departure=SQUARE,
        remark="So the few large values carry what the many small ones have lost.",
        fault=Fault(
            "Make the variance a tenth larger.", {"arms.linear_gaussian.weight_variance": 1.1}
        ),
        derivation=DERIVED,
    ),
    Claim(
        id="gaussian-product-geometric-mean",
        statement=(
            "The geometric mean of these singular values falls by 1/√e in each layer, and by a "
            "little more at a finite width."
        ),
        source=SECTION,
        quantity="geometric_mean_per_layer.linear_gaussian",
        prediction=GEOMETRIC_MEAN,
        band=within(GEOMETRIC_MEAN, 0.003),
        reason=(
            "Three thousandths, for the draws: the sum over the determinant holds at any width, "
            f"here {WIDTH}, and 1/√e, from infinitely wide layers, is outside. {AFTER_THE_NUMBER}"
        ),
        departure="None: the determinant of a product is the product of the determinants.",
        remark="Measured from the determinants, since a deep product is singular in any format.",
        fault=Fault(
            "Make the variance a twentieth larger.", {"arms.linear_gaussian.weight_variance": 1.05}
        ),
        derivation=DERIVED,
    ),
    Claim(
        id="gaussian-product-spread",
        statement="The relative variance of their squares is the depth.",
        source=SECTION,
        quantity="relative_variance_over_depth.linear_gaussian",
        prediction=1.0,
        band=within(1.0, 0.15),
        reason=MIXED,
        departure="The law is for wide layers, deep as they are wide or less.",
        remark="Each Gaussian layer adds 1.",
        fault=Fault(ORTHOGONAL_INSTEAD, {"arms.linear_gaussian.law": "orthogonal"}),
        derivation=DERIVED,
    ),
    Claim(
        id="orthogonal-product-isometry",
        statement="In a product of orthogonal matrices all singular values are equal.",
        source=SAXE_2013.at("abstract, “random orthogonal initial conditions on weights”"),
        quantity="smallest_over_largest.linear_orthogonal",
        prediction=1.0,
        band=within(1.0, 0.001),
        reason="A thousandth, far above the rounding of float64 and below any other law.",
        departure=SQUARE,
        remark="The smallest over the largest.",
        fault=Fault(GAUSSIAN_INSTEAD, {"arms.linear_orthogonal.law": "gaussian"}),
    ),
    Claim(
        id="relu-no-isometry",
        statement="Networks of ReLU units cannot have equal singular values, whatever the weights.",
        source=PENNINGTON_2017.at("abstract, “ReLU networks are incapable of dynamical isometry”"),
        quantity="relative_variance_over_depth.relu_orthogonal",
        prediction=1.0,
        band=within(1.0, 0.15),
        reason=MIXED,
        departure="One choice of weights, orthogonal ones of variance 2/n, the most favourable.",
        remark=(
            "The relative variance of the squares is the depth, as for Gaussian weights without "
            "an activation; with Gaussian weights and ReLU it is twice that."
        ),
        fault=Fault("Take away the ReLU.", {"arms.relu_orthogonal.activation": "linear"}),
        derivation=DERIVED,
    ),
    Claim(
        id="relu-loses-half-of-the-directions",
        statement="At one image a ReLU network loses half of all directions, and few more.",
        source=SECTION,
        quantity="lost_share.relu_orthogonal",
        prediction=LOST,
        band=around(LOST, 0.02),
        reason=(
            f"Two points, for the draws: the layer with the fewest active units of {DEPTH} counts, "
            f"at width {WIDTH}, and one half, which a single layer loses, is outside. "
            f"{AFTER_THE_NUMBER}"
        ),
        departure="None: it is a statement of this study about these networks.",
        remark=(
            "A direction lost in one layer stays lost; but the next layer mixes what is left, so "
            "the losses of the layers do not add up."
        ),
        fault=Fault("Take tanh for ReLU.", {"arms.relu_orthogonal.activation": "tanh"}),
        derivation=DERIVED,
    ),
    Claim(
        id="orthogonal-tanh-isometry",
        statement="Networks of sigmoidal units with orthogonal weights can be near an isometry.",
        source=PENNINGTON_2017.at("abstract, “only with orthogonal weight initialization”"),
        quantity="relative_variance.tanh_orthogonal_faint",
        prediction=FAINT_SPREAD,
        band=Band(0.0, 0.1),
        reason=(
            "A tenth of what one Gaussian matrix has, and a hundredth of what Gaussian weights "
            "have at this depth."
        ),
        departure="Weights of gain 1 without biases, and a signal of mean square 0.01.",
        remark=(
            "The relative variance of the squares. It stays bounded at any depth, and is small "
            "only if the signal is small at the start: from a mean square of 1 it is that of one "
            "Gaussian matrix and more, which is no isometry."
        ),
        fault=Fault(
            "Start from a signal of mean square 1.", {"arms.tanh_orthogonal_faint.length": 1.0}
        ),
        derivation=DERIVED,
    ),
    Claim(
        id="gaussian-tanh-no-isometry",
        statement="With Gaussian weights such a network is far from an isometry.",
        source=PENNINGTON_2017.at("abstract, “only with orthogonal weight initialization”"),
        quantity="relative_variance_over_depth.tanh_gaussian",
        prediction=1 + TANH_SPREAD / DEPTH,
        band=within(1 + TANH_SPREAD / DEPTH, 0.15),
        reason=MIXED,
        departure="Weights of gain 1 without biases.",
        remark="The depth from the weights, and from tanh what it adds to orthogonal ones.",
        fault=Fault(ORTHOGONAL_INSTEAD, {"arms.tanh_gaussian.law": "orthogonal"}),
        derivation=DERIVED,
    ),
    Claim(
        id="orthogonal-tanh-fades-together",
        statement="With orthogonal weights and tanh, the mean square falls as 0.71 over the depth.",
        source=SECTION,
        quantity="mean_square_times_depth.tanh_orthogonal",
        prediction=TANH_MEAN * DEPTH,
        band=within(TANH_MEAN * DEPTH, 0.1),
        reason="A tenth: the law is for wide layers, and a network has one size of all its values.",
        departure="Weights of gain 1 without biases.",
        remark="So they are not 1: they fade together, as a power of the depth.",
        fault=Fault("Take away the tanh.", {"arms.tanh_orthogonal.activation": "linear"}),
        derivation=DERIVED,
    ),
)


# Figures -----------------------------------------------------------------------------------------

LABELS = {
    "linear_gaussian": "linear, Gaussian",
    "linear_orthogonal": "linear, orthogonal",
    "relu_gaussian": "ReLU, Gaussian",
    "relu_orthogonal": "ReLU, orthogonal",
    "tanh_gaussian": "tanh, Gaussian",
    "tanh_orthogonal": "tanh, orthogonal",
    "tanh_orthogonal_faint": "the same, small signal",
}
SHOWN = (
    "linear_gaussian",
    "linear_orthogonal",
    "relu_orthogonal",
    "tanh_orthogonal",
    "tanh_orthogonal_faint",
)


def singular_values_by_rank(run: Run) -> "Figure":
    """Singular values by rank: equal for orthogonal, over decades for Gaussian weights."""
    figure, axes = plt.subplots()
    depth = run.settings["experiment"]["depth"]
    for name in _present(run, SHOWN):
        rows = [r for r in run.tables["spectra"] if (r["arm"], r["depth"]) == (name, depth)]
        ranks, means = ([row[key] for row in rows] for key in ("rank", "mean"))
        axes.plot(ranks, means, "o", markersize=3, label=LABELS[name])
        if name == "linear_gaussian":
            colour = axes.lines[-1].get_color()
            law = [singular_value(float(rank), depth) for rank in ranks]
            axes.plot(ranks, law, "--", color=colour)
            axes.plot(ranks, [rank ** (depth / 2) for rank in ranks], ":", color=colour)
    axes.set_yscale("log")
    axes.set(xlabel="share of the singular values below", ylabel="singular value", ylim=(1e-5, 30))
    axes.legend()
    return figure


def spread_by_depth(run: Run) -> "Figure":
    """Relative variance of squared singular values by depth: orthogonal tanh alone is bounded."""
    figure, axes = plt.subplots()
    depths = run.settings["experiment"]["depths"]
    tanh = [tanh_law(depth)[1] for depth in depths]
    laws = {
        "linear_gaussian": depths,
        "relu_gaussian": [2 * depth for depth in depths],
        "relu_orthogonal": depths,
        "tanh_gaussian": [depth + more for depth, more in zip(depths, tanh, strict=True)],
        "tanh_orthogonal": tanh,
        "tanh_orthogonal_faint": [tanh_law(depth, FAINT)[1] for depth in depths],
    }
    for name in _present(run, tuple(laws)):
        rows = [row for row in run.tables["spreads"] if row["arm"] == name]
        means, widths = ([row[key] for row in rows] for key in ("mean", "half_width"))
        marker = "s" if name == "tanh_orthogonal_faint" else "o"
        axes.errorbar(depths, means, widths, fmt=marker, markersize=4, label=LABELS[name])
        axes.plot(depths, laws[name], "--", color=axes.lines[-1].get_color())
    axes.set(xscale="log", yscale="log", xlabel="depth", ylabel="relative variance of squares")
    axes.legend(ncols=2, loc="center", bbox_to_anchor=(0.5, 0.42))
    return figure


def _present(run: Run, names: tuple[str, ...]) -> list[str]:
    """Name the arms that were measured, in the order given."""
    arms: Mapping[str, Any] = run.settings["experiment"]["arms"]
    return [name for name in names if name in arms]


EXPERIMENT = Experiment(
    config=Config,
    run=run,
    claims=CLAIMS,
    figures=(singular_values_by_rank, spread_by_depth),
)
