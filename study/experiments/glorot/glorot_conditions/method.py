"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Literal, NamedTuple

from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.experiments.glorot.initialisations import Initialisations
from study.experiments.glorot.layer_by_layer import (
    PassRecord,
    forward_and_backward,
    log2_quotient,
    most_layers,
    unit_weights,
    within_bound,
)
from study.lab.activations import activation
from study.lab.mean_squares import mean_square
from study.lab.mnist import CLASSES, Mnist
from study.record.draws import Draw, Row
from study.record.settings import STRICT, Settings, Several, Width
from study.theory.glorot import STANDARD, backward_product, forward_product
from study.theory.quotients import quotient

LINEAR = activation("linear")


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the size of the networks, and the distribution of their weights.

    ``hidden`` is the number of hidden layers. ``distribution`` is that of the weights;
    ``truncated`` has a smaller variance than the others. ``contrast`` are the images that are
    compared with the standardised ones: pixels between 0 and 1, the same with the mean of each
    pixel subtracted, or standardised as well. The variance of a pixel over the images needs two
    images at least.
    """

    width: Width
    hidden: Annotated[int, Ge(3), Le(50)]
    images: Several
    distribution: Literal["uniform", "gaussian", "truncated"]
    contrast: Literal["pixels", "centred", "standardised"]
    initialisations: Initialisations

    def __post_init__(self) -> None:
        """Refuse more layers than float32 has room for."""
        for name, init in vars(self.initialisations).items():
            limit = most_layers(init.squared_bound)
            if self.hidden > limit:
                raise ValueError(
                    f"hidden={self.hidden}, initialisations.{name}.squared_bound="
                    f"{init.squared_bound:g}: float32 has room for {limit} such layers"
                )


class Inputs(NamedTuple):
    """Images, of shape (images, pixels): standardised and for the contrast; and their labels."""

    images: Tensor
    contrast: Tensor
    labels: Tensor


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of the training split.

    Args:
        config: the settings.
        mnist: the data.
    """
    batch = mnist.train.first(config.images)
    images = mnist.standardised(batch.images)
    contrast = {
        "pixels": batch.images,
        "centred": batch.images - batch.images.mean(dim=0),
        "standardised": images,
    }[config.contrast]
    return Inputs(images, contrast, batch.labels)


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Propagate images and the gradient of their loss through hidden layers of one width.

    Args:
        config: the settings.
        inputs: the images and their labels.
        draw: index of the draw.

    Returns:
        The quantities that claims read; and for the standard initialisation the mean squares of
        activations, of gradients and of weight gradients in each hidden layer, over their
        predictions by equations 5 to 7.
    """
    widths = sizes(config, inputs.images)
    units = unit_weights(widths, config.distribution, config.seed, draw)
    weights = {
        name: within_bound(units, init.squared_bound, init.fan)
        for name, init in vars(config.initialisations).items()
    }
    passes = {
        name: forward_and_backward(matrices, inputs.images, inputs.labels, LINEAR)
        for name, matrices in weights.items()
    }
    contrast = forward_and_backward(weights["standard"], inputs.contrast, inputs.labels, LINEAR)
    by_layer = over_laws(passes["standard"], widths)
    values = standard_quantities(passes["standard"], contrast, by_layer) | factors(passes)
    return Draw(values, {"layers": rows(by_layer)})


def sizes(config: Config, inputs: Tensor) -> list[int]:
    """Return the widths of the input, of the hidden layers and of the outputs."""
    return [inputs.shape[1], *[config.width] * config.hidden, CLASSES]


def over_laws(record: PassRecord, widths: Sequence[int]) -> dict[str, list[float]]:
    """Divide the mean squares of each hidden layer by their predictions for 1/(3n).

    Args:
        record: a pass through a linear network with the standard initialisation.
        widths: of the input, of each hidden layer and of the outputs.

    Returns:
        The ratios to equations 5, 6 and 7, first hidden layer first. Gradients are predicted from
        that of the last hidden layer, where their ratio is 1.
    """
    hidden_widths = list(widths[1:-1])
    variances = [STANDARD / n for n in widths[:-1]]
    inputs, top = mean_square(record.activations[0]), mean_square(record.gradients[-2])
    ratios: dict[str, list[float]] = {"signal": [], "gradient": [], "weight_gradient": []}
    for layer in range(1, len(hidden_widths) + 1):
        forward_below = forward_product(widths[:layer], variances[: layer - 1])
        forward = forward_product(widths[: layer + 1], variances[:layer])
        backward = backward_product(
            hidden_widths[layer - 1 :], variances[layer : len(hidden_widths)]
        )
        ratios["signal"].append(mean_square(record.activations[layer]) / (forward * inputs))
        ratios["gradient"].append(
            quotient(mean_square(record.gradients[layer - 1]), backward * top)
        )
        ratios["weight_gradient"].append(
            quotient(
                record.weight_gradient_per_image(layer), forward_below * backward * inputs * top
            )
        )
    return ratios


def standard_quantities(
    record: PassRecord, contrast: PassRecord, ratios: Mapping[str, Sequence[float]]
) -> dict[str, float]:
    """Reduce the standard initialisation to the quantities that claims read.

    Args:
        record: with standardised images.
        contrast: the same network with the images of the contrast.
        ratios: of :func:`over_laws`, with standardised images.

    Returns:
        The quantities.
    """
    x, y = (images.activations[0].double() for images in (record, contrast))
    law = mean_square(record.activations[-1]) / ratios["signal"][-1] / mean_square(x)
    top = mean_square(contrast.activations[-1])
    gradient = quotient(mean_square(record.gradients[0]), mean_square(contrast.gradients[0]))
    return {
        "forward_over_law.standardised": ratios["signal"][-1],
        "forward_over_law.contrast": top / law / mean_square(y),
        "forward_over_variance_law.contrast": top / law / y.var(dim=0).mean().item(),
        "backward_over_law.standard": ratios["gradient"][0],
        "backward_over_printed_law.standard": ratios["gradient"][0] / STANDARD,
        "weight_gradient_over_law.standard": mean(ratios["weight_gradient"]),
        "log2_weight_gradient_ratio.standard": log2_quotient(
            record.weight_gradient_per_image(1),
            record.weight_gradient_per_image(len(record.activations) - 1),
        ),
        "gradient_ratio.two_scales": gradient,
        "gradient_ratio_over_scale.two_scales": gradient / (x.var() / y.var()).item(),
    }


def factors(passes: Mapping[str, PassRecord]) -> dict[str, float]:
    """Return the factor of a layer on mean squares, forward and backward, averaged over layers.

    Args:
        passes: by initialisation.
    """
    values: dict[str, float] = {}
    for name, record in passes.items():
        signal = [mean_square(z) for z in record.activations[1:]]
        gradient = [mean_square(ds) for ds in record.gradients[:-1]]
        values[f"forward_factor.{name}"] = mean([b / a for a, b in pairwise(signal)])
        values[f"backward_factor.{name}"] = mean([quotient(a, b) for a, b in pairwise(gradient)])
    return values


def mean(numbers: Sequence[float]) -> float:
    """Return the mean of some numbers."""
    return sum(numbers) / len(numbers)


def rows(ratios: Mapping[str, Sequence[float]]) -> list[Row]:
    """Return the ratios to the predictions, one row for each quantity and hidden layer.

    Args:
        ratios: of each quantity, first hidden layer first.
    """
    return [
        {"quantity": name, "layer": layer, "sample": sample}
        for name, by_layer in ratios.items()
        for layer, sample in enumerate(by_layer, start=1)
    ]
