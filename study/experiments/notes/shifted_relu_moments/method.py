"""Settings, one draw, and what is read of it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

from annotated_types import Ge, Gt, Le, Lt
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.experiments.notes.first_layer import (
    Images,
    activation,
    images_of,
    law,
    mean_and_deviation,
    preactivation,
    second_moment,
    statistics,
)
from study.lab.inits import standard_normal_layers
from study.lab.mnist import Mnist
from study.lab.parallel import side_by_side
from study.record.experiment import STRICT
from study.record.results import Result


@dataclass(frozen=True, config=STRICT)
class Arm:
    """One kind of layer: weight variance times fan_in, slope, and what is subtracted behind."""

    weight_variance: Annotated[float, Gt(0), Le(1000)]
    slope: Annotated[float, Ge(-10), Le(10)]
    shift: Annotated[float, Ge(-10), Le(10)]


@dataclass(frozen=True, config=STRICT)
class Arms:
    """The kinds of layer that are compared."""

    simplified_relu: Arm
    he_relu: Arm
    he_shifted: Arm


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: how many draws, on how many images, how many pairs in each, and the arms."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    images: Annotated[int, Ge(2)]
    hidden: Annotated[int, Ge(2), Le(16_384)]
    pairs: Annotated[int, Ge(1), Le(1_000)]
    arms: Arms


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
"""What is kept of the layers of each draw."""


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Compare the arms on the same weights and, in pairs, on independent ones.

    Args:
        config: the settings.
        mnist: the data; the first images of its validation split are used.
        draws: the indices of the draws to make.

    Returns:
        Per draw, the quantities that claims read; over all draws, what the shift moves, and how
        often the shifted layer was the better one in each hundred of pairs.
    """
    images = images_of(mnist.standardised(mnist.validation.images[: config.images]))
    measured: dict[int, dict[str, float]] = {}
    won: list[bool] = []
    for draw in draws:
        weights, following, *ours_and_theirs = draw_layers(config, images.inputs, draw)
        nearer_one, nearer_zero = lottery(config.arms, images.inputs, ours_and_theirs)
        measured[draw] = same_weights(config.arms, images, weights, following) | {
            "shifted_nearer_one.he": sum(nearer_one) / config.pairs,
            "rate.shifted_nearer_zero.he": float(all(nearer_zero)),
        }
        won += nearer_one
    plain, shifted = (
        law(images, **vars(arm))["second_moment_over_input"]
        for arm in (config.arms.he_relu, config.arms.he_shifted)
    )
    return Result.of(
        measured,
        tables={"counts": counts(won)},
        exact={"next_layer_ratio_law.he": shifted / plain},
    )


def draw_layers(config: Config, inputs: Tensor, draw: int) -> list[Tensor]:
    """Draw the standard normal weights of one draw.

    Args:
        config: the settings.
        inputs: the images, of shape (images, pixels).
        draw: index of the draw.

    Returns:
        A first layer, a layer behind it, and for each pair a first layer without and one with
        the shift.
    """
    first, behind = (inputs.shape[1], config.hidden), (config.hidden, config.hidden)
    shapes = [first, behind, *[first] * (2 * config.pairs)]
    return standard_normal_layers(shapes, config.seed, draw, inputs.device)


def same_weights(
    arms: Arms, images: Images, weights: Tensor, following: Tensor
) -> dict[str, float]:
    """Measure every arm on one set of weights.

    Args:
        arms: the kinds of layer.
        images: the images.
        weights: of the first layer, standard normal.
        following: of a layer behind it, standard normal; both arms send their output through it.

    Returns:
        The quantities by key, ``<quantity>.<arm>``, where ``he`` compares two arms.

    **Shapes**: ``weights`` (pixels, units), ``following`` (units, units).
    """
    unit = preactivation(images.inputs, weights)

    def one(arm: Arm) -> dict[str, float]:
        values = activation(unit, **vars(arm))
        behind = second_moment(values @ following.double())
        return statistics(values, images, arm.weight_variance) | {"behind": behind}

    kinds = vars(arms)
    of_arms = side_by_side(one, kinds.values())
    found = {
        f"{quantity}.{name}": number
        for name, quantities in zip(kinds, of_arms, strict=True)
        for quantity, number in quantities.items()
    }
    before, after = found["deviation.simplified_relu"], found["deviation.he_relu"]
    return {key: found[key] for key in SAMPLED} | {
        "rate.half_mean.simplified_relu": float(0.45 <= found["mean.simplified_relu"] < 0.55),
        "rate.half_deviation.simplified_relu": float(0.45 <= before < 0.55),
        "step_towards_one.he": abs(1 - before) - abs(1 - after),
        # Rounding errors are no quantity, and adding 0 turns −0 into 0.
        "deviation_change.he": round(found["deviation.he_shifted"] - after, 12) + 0.0,
        "next_layer_ratio.he": found["behind.he_shifted"] / found["behind.he_relu"],
    }


def lottery(arms: Arms, inputs: Tensor, layers: Sequence[Tensor]) -> tuple[list[bool], list[bool]]:
    """Set a shifted layer against one without the shift, each with weights of its own.

    Args:
        arms: the kinds of layer.
        inputs: the images, of shape (images, pixels).
        layers: standard normal weights, in turn for a layer without and for one with the shift.

    Returns:
        For each pair, whether the deviation of the shifted layer is the nearer to 1, and whether
        its mean is the nearer to 0.
    """

    def one(at: int) -> tuple[float, float]:
        arm = arms.he_shifted if at % 2 else arms.he_relu
        return mean_and_deviation(activation(preactivation(inputs, layers[at]), **vars(arm)))

    found = side_by_side(one, range(len(layers)))
    pairs = list(zip(found[::2], found[1::2], strict=True))
    nearer_one = [abs(1 - shifted[1]) < abs(1 - plain[1]) for plain, shifted in pairs]
    nearer_zero = [abs(shifted[0]) < abs(plain[0]) for plain, shifted in pairs]
    return nearer_one, nearer_zero


def counts(won: Sequence[bool]) -> list[Mapping[str, int]]:
    """Count wins by the hundred, as the note's author did once.

    >>> counts([True, False, True])
    [{'group': 1, 'pairs': 3, 'shifted_nearer_one': 2}]
    """
    groups = [won[start : start + COUNTED] for start in range(0, len(won), COUNTED)]
    return [
        {"group": at, "pairs": len(group), "shifted_nearer_one": sum(group)}
        for at, group in enumerate(groups, start=1)
    ]
