"""The worked examples of He et al., and their parametric ReLU beside torch's.

What follows from the sizes of the paper's networks alone; torch's own function for the condition
of equation 10; and torch's PReLU with its gradient, by the paper's formulas.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from math import prod, sqrt
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import torch
from annotated_types import Ge, Gt, Le, Lt, MinLen
from matplotlib import pyplot as plt
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from study.lab.inits import random_generator, weight_std
from study.lab.mnist import Mnist
from study.record.claims import Band, Claim, Fault, around, printed, within
from study.record.experiment import STRICT, Experiment
from study.record.results import Result, Run
from study.theory.sources import HE_2015, THIS_STUDY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Count = Annotated[int, Ge(1), Le(1_000_000)]
Positive = Annotated[float, Gt(0), Le(1000)]


@dataclass(frozen=True, config=STRICT)
class KaimingNormal:
    """A matrix that torch fills."""

    outputs: Count
    inputs: Count
    mode: Literal["fan_in", "fan_out"]
    nonlinearity: Literal["relu", "linear"]


@dataclass(frozen=True, config=STRICT)
class Prelu:
    """A layer of PReLUs; ``scaled`` lets the slope multiply positive values, too."""

    function: Literal["prelu", "scaled"]
    slope: float
    positions: Count
    channels: Count


@dataclass(frozen=True, config=STRICT)
class ModelB:
    """A chain of convolutions, the deviations printed for each, and one that all are given."""

    filters: Annotated[tuple[Count, ...], MinLen(2)]
    printed: tuple[Positive, ...]
    kernel: Count
    deviation: Positive


@dataclass(frozen=True, config=STRICT)
class FullyConnected:
    """The last layers of a network, and the deviations of the weights of all and of the last."""

    inputs: tuple[Count, ...]
    outputs: tuple[Count, ...]
    deviation: Positive
    last_deviation: Positive


@dataclass(frozen=True, config=STRICT)
class SmallModel:
    """A network with a pyramid of poolings between its convolutions and its last layers.

    The area is that of a filter, in pixels; ``fully_connected`` is the width of two layers.
    """

    channels: Count
    filters: Annotated[tuple[Count, ...], MinLen(2)]
    first_area: Count
    area: Count
    bins: Count
    fully_connected: Count
    classes: Count


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: how many draws of a matrix and of a layer, and the paper's networks."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    kaiming_normal: KaimingNormal
    prelu: Prelu
    model_b: ModelB
    fully_connected: FullyConnected
    table_1: SmallModel


def run(config: Config, _: Mnist, draws: Iterable[int]) -> Result:
    """Measure torch's functions for each draw, and compute what sizes decide once.

    Args:
        config: the settings.
        _: the data, which nothing here reads.
        draws: the indices of the draws to make.

    Returns:
        The quantities that claims read; and the deviations of each layer of model B.
    """
    per_draw = {draw: kaiming_normal(config, draw) | prelu(config, draw) for draw in draws}
    return Result.of(
        per_draw, tables={"model_b": attenuation_by_layer(config.model_b)}, exact=of_sizes(config)
    )


# Torch's functions -------------------------------------------------------------------------------


def kaiming_normal(config: Config, draw: int) -> dict[str, float]:
    """Let torch fill a matrix and return half its fan_in times its mean square, eq. 10's left."""
    case = config.kaiming_normal
    seed = int(random_generator(config.seed, draw, 0).integers(2**63))
    weights = torch.empty(case.outputs, case.inputs)
    generator = torch.Generator().manual_seed(seed)
    nn.init.kaiming_normal_(
        weights, mode=case.mode, nonlinearity=case.nonlinearity, generator=generator
    )
    second_moment = weights.double().square().mean().item()
    return {"half_fan_in_times_variance.torch": case.inputs * second_moment / 2}


FUNCTIONS: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "prelu": functional.prelu,
    "scaled": lambda y, a: a * y,
}


def prelu(config: Config, draw: int) -> dict[str, float]:
    """Compare torch's PReLU and its gradient by autograd with the paper's formulas, in float64.

    Args:
        config: the settings.
        draw: index of the draw.

    Returns:
        The largest difference of the value from either form of the definition, and of the
        gradients of the slopes: one for each channel, and one for all.
    """
    case = config.prelu
    numbers = random_generator(config.seed, draw, 1)
    y, arriving = torch.from_numpy(
        numbers.standard_normal((2, case.positions, case.channels), dtype=np.float64)
    )
    function = FUNCTIONS[case.function]
    found = {}
    for name, slopes in (("channelwise", case.channels), ("shared", 1)):
        a = torch.full((slopes,), case.slope, dtype=torch.float64, requires_grad=True)
        value = function(y, a)
        (by_autograd,) = torch.autograd.grad((value * arriving).sum(), a)
        terms = torch.where(y > 0, 0.0, y) * arriving  # equation 3 times what arrives
        by_formula = terms.sum(dim=0) if slopes > 1 else terms.sum().reshape(1)
        found[f"gradient_gap.{name}"] = gap(by_autograd, by_formula)
        piecewise = torch.where(y > 0, y, a * y)
        two_parts = y.clamp(min=0) + a * y.clamp(max=0)
        found[f"form_gap.{name}"] = max(gap(value, piecewise), gap(value, two_parts))
    return found


def gap(first: Tensor, second: Tensor) -> float:
    """Return the largest difference of two tensors, without its rounding errors."""
    return round((first - second).abs().max().item(), 12)


# What sizes decide -------------------------------------------------------------------------------


def of_sizes(config: Config) -> dict[str, float]:
    """Compute what follows from the sizes of the paper's networks, with no draw.

    Args:
        config: the settings.

    Returns:
        Of model B, what a fixed deviation makes of the gradient from conv10 to conv2, and how far
        the deviations of equation 14 are from those printed; of the fully connected layers, their
        deviations over those of equations 14 and 10; of the small model, its PReLUs' slopes.
    """
    model, last, small = config.model_b, config.fully_connected, config.table_1
    wanted = [weight_std(model.kernel**2 * filters, 2.0) for filters in model.filters]
    deviations = [last.deviation] * (len(last.inputs) - 1) + [last.last_deviation]
    backward = [std / weight_std(n, 2.0) for std, n in zip(deviations, last.outputs, strict=True)]
    forward = [std / weight_std(n, 2.0) for std, n in zip(deviations, last.inputs, strict=True)]
    slopes = [*small.filters, *[small.fully_connected] * 2]
    return {
        "attenuation.model_b": prod(std / model.deviation for std in wanted[1:]),
        "largest_difference.model_b": max(
            abs(std - number) for std, number in zip(wanted, model.printed, strict=True)
        ),
        "largest_over_backward.fully_connected": max(backward),
        "first_over_forward.fully_connected": forward[0],
        "shrinking.fully_connected": 1 / prod(forward),
        "slopes.channelwise": float(sum(slopes)),
        "slopes.shared": float(len(slopes)),
        "slopes_over_weights.channelwise": sum(slopes) / weights_of(small),
    }


def weights_of(model: SmallModel) -> int:
    """Count the weights of the small model."""
    first = model.first_area * model.channels * model.filters[0]
    others = sum(model.area * into * out for into, out in pairwise(model.filters))
    widths = (
        model.bins * model.filters[-1],
        model.fully_connected,
        model.fully_connected,
        model.classes,
    )
    return first + others + sum(into * out for into, out in pairwise(widths))


def attenuation_by_layer(model: ModelB) -> list[dict[str, float]]:
    """Follow the deviation of the gradient from the top layer to the second, over the wanted one.

    Args:
        model: the chain of convolutions.

    Returns:
        Rows of the layer whose output the gradient has come to, and the ratio there.
    """
    rows, ratio = [{"layer": len(model.filters), "ratio": 1.0}], 1.0
    for layer in range(len(model.filters), 1, -1):
        ratio *= model.deviation / weight_std(model.kernel**2 * model.filters[layer - 1], 2.0)
        rows.append({"layer": layer - 1, "ratio": ratio})
    return rows


# Claims ------------------------------------------------------------------------------------------

HERE = "chapter Variance through depth, section “{}”"
NONE = "None: it is arithmetic on the paper's sizes."
DETERMINISTIC = "Far above a rounding error of float64, far below any difference of formulas."
SCALED = Fault("Let the slope multiply positive values, too.", {"prelu.function": "scaled"})
BACKWARD, FORWARD = sqrt(4096 / 2), (sqrt(63 * 512 / 2), sqrt(4096 / 2))
SHRINKING = 1 / (0.01 * FORWARD[0] * 0.01 * FORWARD[1] * 0.001 * FORWARD[1])
SLOPES = 64 + 4 * 128 + 6 * 256 + 2 * 4096
WEIGHTS = (
    49 * 3 * 64
    + 4 * (64 * 128 + 3 * 128**2 + 128 * 256 + 5 * 256**2)
    + 50 * 256 * 4096
    + 4096**2
    + 4096 * 1000
)

CLAIMS = (
    Claim(
        id="he-eq10-condition",
        statement="Weights of deviation √(2/n) satisfy n Var[w] / 2 = 1.",
        source=HE_2015.at("section 2.2, equation 10"),
        quantity="half_fan_in_times_variance.torch",
        prediction=1.0,
        band=around(1.0, 0.01),
        reason="One per cent: a matrix of this size strays by two thousandths.",
        departure="Torch's kaiming_normal_ draws the weights of a fully connected layer.",
        remark="Torch must be told that a ReLU follows, or its gain is another.",
        fault=Fault("Tell torch that no ReLU follows.", {"kaiming_normal.nonlinearity": "linear"}),
        derivation="derivation-from-layer-to-layer",
    ),
    Claim(
        id="he-fc-std-001",
        statement=(
            "Deviations of 0.01, 0.01 and 0.001 of the fully connected layers are smaller than "
            "they should be."
        ),
        source=HE_2015.at("section 2.2, “smaller than they should be (e.g., √(2/4096))”"),
        quantity="largest_over_backward.fully_connected",
        prediction=0.01 * BACKWARD,
        band=Band(0.0, 1.0),
        reason="Smaller than by equation 14, the form that the paper trains its models with.",
        departure=NONE,
        remark="The largest of the three ratios. By equation 10 the first is not smaller.",
        fault=Fault(
            "Give the first two layers a deviation of 0.03.", {"fully_connected.deviation": 0.03}
        ),
        derivation="derivation-input-range",
    ),
    Claim(
        id="fc-std-shrinks-outputs",
        statement="By equation 10 these deviations make the outputs 38 times smaller.",
        source=THIS_STUDY.at(HERE.format("Inputs that are not normalised")),
        quantity="shrinking.fully_connected",
        prediction=SHRINKING,
        band=within(SHRINKING, 0.01),
        reason="One per cent, for it is arithmetic.",
        departure="Forward, the first of the layers reads 63 bins of 512 channels.",
        remark=(
            "For that layer 0.01 is 1.27 times √(2/n). Less than the paper's 128, but it suffices: "
            "pixels about their mean deviate by less than 128."
        ),
        fault=Fault(
            "Give the last layer the deviation of the others.",
            {"fully_connected.last_deviation": 0.01},
        ),
        derivation="derivation-input-range",
    ),
    Claim(
        id="he-vgg-b-example",
        statement=(
            "In model B, deviations of 0.01 leave the gradient 1/(1.7·10⁴) of what it should be "
            "from conv10 to conv2."
        ),
        source=HE_2015.at("section 2.2, the example of the VGG team's model B"),
        quantity="attenuation.model_b",
        prediction=1.7e4,
        band=printed(1.7e4, digits=-3),
        reason="What rounds to the two digits given.",
        departure=NONE,
        remark="Exact for every draw, as a ReLU network scales with each of its matrices.",
        fault=Fault("Take filters of 5 × 5.", {"model_b.kernel": 5}),
        derivation="derivation-homogeneous",
    ),
    Claim(
        id="he-vgg-b-deviations",
        statement="Its deviations should be 0.059, 0.042, 0.029 and 0.021.",
        source=HE_2015.at("section 2.2, the example of the VGG team's model B"),
        quantity="largest_difference.model_b",
        prediction=0.0,
        band=printed(0.0, digits=3),
        reason="Half a unit of the last digit given.",
        departure=NONE,
        remark="The largest difference of √(2/(9d)) from what is printed for d filters.",
        fault=Fault("Take filters of 5 × 5.", {"model_b.kernel": 5}),
    ),
    Claim(
        id="he-prelu-form",
        statement="A PReLU is y for y > 0 and a y otherwise, or max(0, y) + a min(0, y).",
        source=HE_2015.at("section 2.1, equation 1"),
        quantity="form_gap.channelwise",
        prediction=0.0,
        band=around(0.0, 1e-9),
        reason=DETERMINISTIC,
        departure="Torch's prelu stands for what is used today.",
        remark="The largest difference of torch's from either form. With a = 0 it is the ReLU.",
        fault=SCALED,
    ),
    Claim(
        id="he-prelu-gradient",
        statement="The gradient of a slope is the sum, over y ≤ 0, of y times what arrives.",
        source=HE_2015.at("section 2.1, equations 2 and 3"),
        quantity="gradient_gap.channelwise",
        prediction=0.0,
        band=around(0.0, 1e-9),
        reason=DETERMINISTIC,
        departure="Against autograd through torch's prelu, in float64.",
        remark="One slope for each channel, summed over the positions of the channel.",
        fault=SCALED,
    ),
    Claim(
        id="he-prelu-gradient-shared",
        statement="If the channels share a slope, its gradient is the sum over all channels.",
        source=HE_2015.at("section 2.1, text after equation 3"),
        quantity="gradient_gap.shared",
        prediction=0.0,
        band=around(0.0, 1e-9),
        reason=DETERMINISTIC,
        departure="Against autograd through torch's prelu, in float64.",
        remark="A shared slope is a slope for each channel with the same value.",
        fault=SCALED,
    ),
    Claim(
        id="he-prelu-few-parameters",
        statement="The slopes are negligibly many beside the weights.",
        source=HE_2015.at("section 2.1, “very small number of extra parameters”"),
        quantity="slopes_over_weights.channelwise",
        prediction=SLOPES / WEIGHTS,
        band=Band(0.0, 0.001),
        reason="Less than a thousandth of the parameters.",
        departure="Counted on the paper's small model of 14 layers, its table 1.",
        remark="In one layer it is one slope for each fan_in of weights: 1/n.",
        fault=Fault(
            "Make all filters 1 × 1 and the last layers narrow.",
            {"table_1.area": 1, "table_1.bins": 1, "table_1.fully_connected": 64},
        ),
    ),
)


# Figures -----------------------------------------------------------------------------------------


def gradient_of_model_b(run: Run) -> "Figure":
    """Gradient of model B over the wanted one, from conv10 down: a deviation of 0.01 loses it."""
    figure, axes = plt.subplots()
    rows = run.tables["model_b"]
    axes.plot([row["layer"] for row in rows], [row["ratio"] for row in rows], "o-")
    axes.set_yscale("log")
    axes.set(xlabel="output of convolution", ylabel="deviation of the gradient, over the wanted")
    axes.set_xticks([row["layer"] for row in rows])
    return figure


EXPERIMENT = Experiment(
    config=Config,
    run=run,
    claims=CLAIMS,
    figures=(gradient_of_model_b,),
)
