"""Settings, one draw, and what is read of it."""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from math import sqrt
from typing import Annotated, Literal, TypeAlias

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.activations import activation
from study.lab.inits import RandomLayers, of_law, random_generator, standard_normal, weight_std
from study.lab.mnist import Mnist, Split
from study.lab.networks import dense
from study.lab.parallel import side_by_side
from study.lab.propagation import Scheme, propagate
from study.lab.training import error_rate, minibatches, train
from study.record.experiment import STRICT
from study.record.results import Result

CLASSES = 10
CHANCE = 1 - 1 / CLASSES
"""The error of a guess."""
OF_WRONG_SIZE = ("shallow", "deep")
"""What the names of the arms begin with that compare sizes of weights."""

Law: TypeAlias = Literal["gaussian", "uniform", "signs"]


@dataclass(frozen=True, config=STRICT)
class Arm:
    """One kind of network, with weights of one law and ``scale`` times the usual deviation."""

    law: Law
    activation: Literal["relu", "tanh"]
    hidden_layers: Annotated[int, Ge(1), Le(1000)]
    width: Annotated[int, Ge(2), Le(4096)]
    scale: Annotated[float, Gt(0), Le(1000)]


@dataclass(frozen=True, config=STRICT)
class Factor:
    """The ReLU networks in which the factor per layer is measured, and each law's variance."""

    depth: Annotated[int, Ge(2), Le(1000)]
    width: Annotated[int, Ge(2), Le(16_384)]
    images: Annotated[int, Ge(1)]
    weight_variances: dict[Law, Annotated[float, Gt(0)]]


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: how the networks are trained, those of the factor per layer, and the arms."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    images: Annotated[int, Ge(2)]
    validation: Annotated[int, Ge(1)]
    batch: Annotated[int, Ge(1)]
    steps: Annotated[int, Ge(1), Le(100_000)]
    learning_rate: Annotated[float, Gt(0)]
    factor: Factor
    arms: Annotated[dict[str, Arm], MinLen(1)]


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Measure the factor of each law and train every arm, for each draw.

    Args:
        config: the settings.
        mnist: the data; the first images of its training and of its validation split are used.
        draws: the indices of the draws to make.

    Returns:
        Per draw, what the claims read.
    """
    training, validation = (
        Split(mnist.standardised(part.images), part.labels)
        for part in (mnist.train.first(config.images), mnist.validation.first(config.validation))
    )
    few = training.first(config.factor.images).images
    samples: dict[int, dict[str, float]] = {}
    for draw in draws:
        factors = {
            f"forward_factor.{law}": factor(config, few, draw, law)
            for law in config.factor.weight_variances
        }
        trained = train_arms(config, training, validation, draw)
        samples[draw] = factors | over_gaussian(factors) | trained | compared(trained)
    return Result.of(samples, tables={})


# Laws --------------------------------------------------------------------------------------------


def factor(config: Config, inputs: Tensor, draw: int, law: Law) -> float:
    """Return the mean factor per layer of the second moment, in a ReLU network.

    Args:
        config: depth, width and variances.
        inputs: the images, of shape (images, pixels).
        draw: index of the draw.
        law: of the weights.
    """
    widths = (inputs.shape[1], *[config.factor.width] * config.factor.depth)
    layers = RandomLayers(widths, config.seed, draw, law, device=inputs.device)
    scheme = Scheme(activation("relu"), config.factor.weight_variances[law])
    (measured,) = propagate(inputs, layers, [scheme])
    moments = measured.preactivation_second_moment
    return float((moments[1:] / moments[:-1]).mean())


def over_gaussian(factors: Mapping[str, float]) -> dict[str, float]:
    """Return the factor of each other law over that of Gaussian weights."""
    return {
        f"factor_over_gaussian.{law}": factors[f"forward_factor.{law}"]
        / factors["forward_factor.gaussian"]
        for law in ("uniform", "signs")
    }


# Training ----------------------------------------------------------------------------------------


def train_arms(config: Config, training: Split, validation: Split, draw: int) -> dict[str, float]:
    """Train a network of each arm.

    Args:
        config: the settings.
        training: the standardised images to train on.
        validation: the standardised images for loss and error.
        draw: index of the draw.

    Returns:
        The validation loss and error of each arm; no loss where weights of the wrong size may make
        it overflow.
    """
    inputs, held_out = training.images.double(), validation.images.double()

    def one(arm: Arm) -> tuple[float, float]:
        network = draw_network(config, arm, draw, inputs)
        order = random_generator(config.seed, draw, 0)
        batches = minibatches(len(inputs), config.batch, config.steps, order)
        train(
            network,
            F.cross_entropy,
            inputs,
            training.labels,
            batches,
            learning_rate=config.learning_rate,
        )
        with torch.no_grad():
            loss = F.cross_entropy(network(held_out), validation.labels)
        return float(loss), error_rate(network, held_out, validation.labels)

    outcomes = dict(zip(config.arms, side_by_side(one, config.arms.values()), strict=True))
    losses = {
        f"loss.{name}": loss
        for name, (loss, _) in outcomes.items()
        if not name.startswith(OF_WRONG_SIZE)
    }
    return losses | {f"error.{name}": error for name, (_, error) in outcomes.items()}


def draw_network(config: Config, arm: Arm, draw: int, inputs: Tensor) -> nn.Sequential:
    """Draw a network with weights of the arm's law.

    Args:
        config: the settings.
        arm: what kind of network.
        draw: index of the draw.
        inputs: images, of shape (images, pixels).

    Returns:
        The network, in float64.
    """
    sizes = [inputs.shape[1], *[arm.width] * arm.hidden_layers, CLASSES]
    stds = [
        arm.scale
        * (weight_std(fan_in, 2.0) if arm.activation == "relu" else sqrt(2 / (fan_in + fan_out)))
        for fan_in, fan_out in pairwise(sizes)
    ]
    activation = nn.ReLU if arm.activation == "relu" else nn.Tanh
    network = dense(
        sizes, stds, lambda _: activation(), seed=config.seed, draw=draw, device=inputs.device
    )
    linear = [layer for layer in network if isinstance(layer, nn.Linear)]
    for at, (layer, std) in enumerate(zip(linear, stds, strict=True), start=1):
        generator = random_generator(config.seed, draw, at)
        shape = (layer.out_features, layer.in_features)
        with torch.no_grad():
            normal = standard_normal(shape, generator, inputs.device)
            layer.weight.copy_(std * of_law(arm.law, normal))
    return network.double()


def compared(trained: Mapping[str, float]) -> dict[str, float]:
    """Compare arms of one draw in pairs.

    Args:
        trained: losses and errors.

    Returns:
        The ratios of losses between laws; and what share of what weights of the right size learn
        is lost with weights of the wrong size: for the deep networks in the better of the two
        cases, for the shallow ones in the worse.
    """
    lost = {}
    for kind, choose in (("deep", min), ("shallow", max)):
        right = trained[f"error.{kind}_one"]
        wrong = choose(trained[f"error.{kind}_tenth"], trained[f"error.{kind}_ten"])
        lost[kind] = (wrong - right) / (CHANCE - right)
    return {
        "loss_over_gaussian.relu_signs": trained["loss.relu_signs"] / trained["loss.relu_gaussian"],
        "loss_over_uniform.tanh_gaussian": trained["loss.tanh_gaussian"]
        / trained["loss.tanh_uniform"],
        "lost_share.deep": lost["deep"],
        "lost_share.shallow": lost["shallow"],
    }
