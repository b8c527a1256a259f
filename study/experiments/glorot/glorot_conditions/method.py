"""Settings, one draw, and what is read of it."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import log2
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.experiments.glorot.layer_by_layer import (
    Pass,
    mean_square,
    there_and_back,
    unit_weights,
    within_bound,
)
from study.lab.activations import activation
from study.lab.mnist import Mnist, Split
from study.record.experiment import STRICT
from study.record.results import Result, mean_row
from study.theory.glorot import STANDARD, backward_product, forward_product

Count = Annotated[int, Ge(1), Le(1_000_000)]
Width = Annotated[int, Ge(2), Le(4096)]
Positive = Annotated[float, Gt(0), Le(1000)]


@dataclass(frozen=True, config=STRICT)
class Initialisation:
    """Weights within the root of ``squared_bound`` over the fan."""

    squared_bound: Positive
    fan: Literal["fan_in", "fan_out", "average"]


@dataclass(frozen=True, config=STRICT)
class Initialisations:
    """The two of the paper."""

    standard: Initialisation
    normalised: Initialisation


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: how many draws of how large networks, and how their weights are drawn.

    ``hidden`` is the number of hidden layers. ``law`` is that of the weights; ``truncated`` has
    less variance than is asked for. ``contrast`` are the images beside the standardised ones:
    between 0 and 1, the same with the mean of each pixel taken away, or standardised, too.
    """

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    width: Width
    hidden: Annotated[int, Ge(3), Le(50)]
    images: Count
    law: Literal["uniform", "gaussian", "truncated"]
    contrast: Literal["pixels", "centred", "standardised"]
    initialisations: Initialisations


CLASSES = 10
LINEAR = activation("linear")


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Measure every equation for each draw of the weights.

    Args:
        config: the settings.
        mnist: the data; the first images of its training split are used.
        draws: the indices of the draws to make.

    Returns:
        The quantities that claims read; over all draws, the mean squares by layer over their laws.
    """
    batch = mnist.train.first(config.images)
    inputs = mnist.standardised(batch.images)
    per_draw: dict[int, dict[str, float]] = {}
    ratios: list[dict[str, list[float]]] = []
    for draw in draws:
        by_layer, per_draw[draw] = equal_widths(config, batch, inputs, draw)
        ratios.append(by_layer)
    rows = [
        mean_row([one[name][at] for one in ratios], quantity=name, layer=at + 1)
        for name in ratios[0]
        for at in range(config.hidden)
    ]
    return Result.of(per_draw, tables={"layers": rows})


# Equal widths ------------------------------------------------------------------------------------


def equal_widths(
    config: Config, batch: Split, inputs: Tensor, draw: int
) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Send images up and the gradient of their loss down, through hidden layers of one width.

    Args:
        config: the settings.
        batch: images between 0 and 1, and their labels.
        inputs: the same images, standardised.
        draw: index of the draw.

    Returns:
        For the standard initialisation the mean squares of activations, of gradients and of
        weight gradients in each hidden layer, over what equations 5 to 7 say of them; and the
        quantities that claims read.
    """
    units = unit_weights(sizes(config, inputs), config.law, config.seed, draw)
    weights = {
        name: within_bound(units, one.squared_bound, one.fan)
        for name, one in vars(config.initialisations).items()
    }
    passes = {
        name: there_and_back(one, inputs, batch.labels, LINEAR) for name, one in weights.items()
    }
    contrast = {
        "pixels": batch.images,
        "centred": batch.images - batch.images.mean(dim=0),
        "standardised": inputs,
    }[config.contrast]
    other = there_and_back(weights["standard"], contrast, batch.labels, LINEAR)
    by_layer = over_laws(passes["standard"], sizes(config, inputs))
    found = of_standard(passes["standard"], other, by_layer)
    for name, done in passes.items():
        signal = [mean_square(z) for z in done.activations[1:]]
        gradient = [mean_square(ds) for ds in done.gradients[:-1]]
        found[f"forward_factor.{name}"] = mean([b / a for a, b in pairwise(signal)])
        found[f"backward_factor.{name}"] = mean([a / b for a, b in pairwise(gradient)])
    return by_layer, found


def sizes(config: Config, inputs: Tensor) -> list[int]:
    """Return the widths of the input, of the hidden layers and of the outputs."""
    return [inputs.shape[1], *[config.width] * config.hidden, CLASSES]


def over_laws(done: Pass, widths: Sequence[int]) -> dict[str, list[float]]:
    """Divide what was measured in each hidden layer by equations 5, 6 and 7 for 1/(3n).

    Args:
        done: a pass through a linear network with the standard initialisation.
        widths: of the input, of each hidden layer and of the outputs.

    Returns:
        For each of the three its ratios, first hidden layer first. The gradients are followed from
        the last hidden layer, so that their ratio is 1 there.
    """
    hidden = list(widths[1:-1])
    variances = [STANDARD / n for n in widths[:-1]]
    inputs, top = mean_square(done.activations[0]), mean_square(done.gradients[-2])
    found: dict[str, list[float]] = {"signal": [], "gradient": [], "weight_gradient": []}
    for layer in range(1, len(hidden) + 1):
        below = forward_product(widths[:layer], variances[: layer - 1])
        forward = forward_product(widths[: layer + 1], variances[:layer])
        backward = backward_product(hidden[layer - 1 :], variances[layer : len(hidden)])
        found["signal"].append(mean_square(done.activations[layer]) / (forward * inputs))
        found["gradient"].append(mean_square(done.gradients[layer - 1]) / (backward * top))
        found["weight_gradient"].append(
            done.weight_gradient_per_image(layer) / (below * backward * inputs * top)
        )
    return found


def of_standard(done: Pass, other: Pass, ratios: dict[str, list[float]]) -> dict[str, float]:
    """Return what claims read of the standard initialisation.

    Args:
        done: with standardised images.
        other: the same network with the images of the contrast.
        ratios: what was measured with standardised images, over its law.

    Returns:
        The quantities.
    """
    x, y = (one.activations[0].double() for one in (done, other))
    law = mean_square(done.activations[-1]) / ratios["signal"][-1] / mean_square(x)
    top = mean_square(other.activations[-1])
    gradient = mean_square(done.gradients[0]) / mean_square(other.gradients[0])
    return {
        "forward_over_law.standardised": ratios["signal"][-1],
        "forward_over_law.contrast": top / law / mean_square(y),
        "forward_over_variance_law.contrast": top / law / y.var(dim=0).mean().item(),
        "backward_over_law.standard": ratios["gradient"][0],
        "backward_over_printed_law.standard": ratios["gradient"][0] / STANDARD,
        "weight_gradient_over_law.standard": mean(ratios["weight_gradient"]),
        "log2_weight_gradient_ratio.standard": log2(
            done.weight_gradient_per_image(1)
            / done.weight_gradient_per_image(len(done.activations) - 1)
        ),
        "gradient_ratio.two_scales": gradient,
        "gradient_ratio_over_scale.two_scales": gradient / (x.var() / y.var()).item(),
    }


def mean(numbers: Sequence[float]) -> float:
    """Return the mean of some numbers."""
    return sum(numbers) / len(numbers)
