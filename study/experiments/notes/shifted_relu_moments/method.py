"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.experiments.notes.first_layer import (
    ImageStatistics,
    image_statistics,
    layer_law,
    layer_statistics,
    mean_and_deviation,
    preactivation,
    second_moment,
    shifted_activation,
)
from study.lab.inits import standard_normal_layers
from study.lab.mnist import Mnist
from study.record.draws import Draw, Draws
from study.record.results import Table
from study.record.settings import STRICT, Settings, Several, Shift, Slope, Width
from study.theory.quotients import quotient

MOST_UNITS = 1_000_000
"""How many units the layers of one kind may have in all pairs of a draw together."""


@dataclass(frozen=True, config=STRICT)
class Arm:
    """One kind of layer: weight variance times fan_in, slope, and shift of its activation."""

    weight_variance: Annotated[float, Ge(1e-9), Le(1000)]
    slope: Slope
    shift: Shift


@dataclass(frozen=True, config=STRICT)
class Arms:
    """The kinds of layer that are compared."""

    simplified_relu: Arm
    he_relu: Arm
    he_shifted: Arm


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the number of images, the pairs of layers in each draw, and the arms."""

    images: Several
    hidden: Width
    pairs: Annotated[int, Ge(1), Le(1_000)]
    arms: Arms

    def __post_init__(self) -> None:
        """Check that the weights of all pairs fit into memory."""
        if self.pairs * self.hidden > MOST_UNITS:
            raise ValueError(
                f"pairs={self.pairs}, hidden={self.hidden}: "
                f"their product must be at most {MOST_UNITS}"
            )


COUNTED = 100
"""How many pairs the from-scratch note's author sampled."""

SAMPLED = (
    "mean.simplified_relu",
    "deviation.simplified_relu",
    "mean_over_size.simplified_relu",
    "deviation_over_input.simplified_relu",
    "second_moment_over_input.simplified_relu",
    "mean.he_relu",
    "deviation.he_relu",
    "second_moment_over_input.he_relu",
    "mean.he_shifted",
    "deviation.he_shifted",
    "second_moment_over_input.he_shifted",
)
"""The quantities of each draw."""


def prepare(config: Config, mnist: Mnist) -> ImageStatistics:
    """Take the first images of the validation split.

    Args:
        config: the settings.
        mnist: the data.
    """
    return image_statistics(mnist.standardised(mnist.validation.images[: config.images]))


def measure(config: Config, images: ImageStatistics, draw: int) -> Draw:
    """Compare the arms on the same weights and, in pairs, on independent ones.

    Args:
        config: the settings.
        images: the images.
        draw: index of the draw.

    Returns:
        The quantities that claims read, and in which pairs the shifted layer was better.
    """
    weights, next_weights, *pairs_of_weights = draw_layers(config, images.inputs, draw)
    nearer_one, nearer_zero = compare_independent_pairs(
        config.arms, images.inputs, pairs_of_weights
    )
    values = same_weights(config.arms, images, weights, next_weights) | {
        "shifted_nearer_one.he": sum(nearer_one) / config.pairs,
        "rate.shifted_nearer_zero.he": float(all(nearer_zero)),
    }
    pairs = [
        {"pair": pair, "shifted_nearer_one": int(win)}
        for pair, win in enumerate(nearer_one, start=1)
    ]
    return Draw(values, {"pairs": pairs})


def draw_layers(config: Config, inputs: Tensor, draw: int) -> list[Tensor]:
    """Draw the standard normal weights of one draw.

    Args:
        config: the settings.
        inputs: the images, of shape (images, pixels).
        draw: index of the draw.

    Returns:
        A first layer, a second layer, and for each pair a first layer without and one with the
        shift.
    """
    first, second = (inputs.shape[1], config.hidden), (config.hidden, config.hidden)
    shapes = [first, second, *[first] * (2 * config.pairs)]
    return standard_normal_layers(shapes, config.seed, draw, inputs.device)


def same_weights(
    arms: Arms, images: ImageStatistics, weights: Tensor, next_weights: Tensor
) -> dict[str, float]:
    """Compute the statistics of every arm for one set of weights.

    Args:
        arms: the kinds of layer.
        images: the images.
        weights: of the first layer, standard normal.
        next_weights: of a second layer, standard normal, which both arms share.

    Returns:
        The quantities by key, ``<quantity>.<arm>``, where ``he`` compares two arms.

    **Shapes**: ``weights`` (pixels, units), ``next_weights`` (units, units).
    """
    unit = preactivation(images.inputs, weights)
    numbers: dict[str, float] = {}
    for name, arm in vars(arms).items():
        values = shifted_activation(unit, **vars(arm))
        by_quantity = layer_statistics(values, images, arm.weight_variance)
        by_quantity["behind"] = second_moment(values @ next_weights.double())
        numbers |= {f"{quantity}.{name}": number for quantity, number in by_quantity.items()}
    simplified, kaiming = numbers["deviation.simplified_relu"], numbers["deviation.he_relu"]
    return {key: numbers[key] for key in SAMPLED} | {
        "rate.half_mean.simplified_relu": float(0.45 <= numbers["mean.simplified_relu"] < 0.55),
        "rate.half_deviation.simplified_relu": float(0.45 <= simplified < 0.55),
        "step_towards_one.he": abs(1 - simplified) - abs(1 - kaiming),
        # Rounding errors are cut off, and adding 0 turns −0 into 0.
        "deviation_change.he": round(numbers["deviation.he_shifted"] - kaiming, 12) + 0.0,
        "next_layer_ratio.he": quotient(numbers["behind.he_shifted"], numbers["behind.he_relu"]),
    }


def compare_independent_pairs(
    arms: Arms, inputs: Tensor, layers: Sequence[Tensor]
) -> tuple[list[bool], list[bool]]:
    """Compare a shifted layer with one without the shift, of independent weights, in each pair.

    Args:
        arms: the kinds of layer.
        inputs: the images, of shape (images, pixels).
        layers: standard normal weights, alternately of a layer without and of one with the shift.

    Returns:
        For each pair, whether the deviation of the shifted layer is the nearer to 1, and whether
        its mean is the nearer to 0.
    """
    moments = []
    for index, weights in enumerate(layers):
        arm = arms.he_shifted if index % 2 else arms.he_relu
        values = shifted_activation(preactivation(inputs, weights), **vars(arm))
        moments.append(mean_and_deviation(values))
    pairs = list(zip(moments[::2], moments[1::2], strict=True))
    nearer_one = [
        abs(1 - with_shift[1]) < abs(1 - without_shift[1]) for without_shift, with_shift in pairs
    ]
    nearer_zero = [
        abs(with_shift[0]) < abs(without_shift[0]) for without_shift, with_shift in pairs
    ]
    return nearer_one, nearer_zero


def exact(config: Config, images: ImageStatistics) -> dict[str, float]:
    """Return the factor of the shift on the second moment after the next layer, by the law.

    Args:
        config: the settings.
        images: the images.
    """
    without_shift, with_shift = (
        layer_law(images, **vars(arm))["second_moment_over_input"]
        for arm in (config.arms.he_relu, config.arms.he_shifted)
    )
    return {"next_layer_ratio_law.he": with_shift / without_shift}


def tables(_config: Config, draws: Draws) -> dict[str, Table]:
    """Return how often the shifted layer was the better one in each hundred of all pairs."""
    pairs = [pair for draw in draws.values() for pair in draw.tables["pairs"]]
    return {"counts": counts([bool(pair["shifted_nearer_one"]) for pair in pairs])}


def counts(wins: Sequence[bool]) -> list[Mapping[str, int]]:
    """Count wins by the hundred, as the note's author did once.

    >>> counts([True, False, True])
    [{'group': 1, 'pairs': 3, 'shifted_nearer_one': 2}]
    """
    groups = [wins[start : start + COUNTED] for start in range(0, len(wins), COUNTED)]
    return [
        {"group": number, "pairs": len(group), "shifted_nearer_one": sum(group)}
        for number, group in enumerate(groups, start=1)
    ]
