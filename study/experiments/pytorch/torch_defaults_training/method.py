"""Settings, one draw, and what is read of it."""

from collections.abc import Iterable, Mapping
from math import log, sqrt
from statistics import fmean
from typing import Annotated, Literal, TypeAlias

import torch
from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from study.lab.inits import random_generator, weight_std
from study.lab.mnist import Mnist
from study.lab.networks import dense
from study.lab.parallel import side_by_side
from study.lab.training import error_rate, minibatches, train
from study.record.experiment import STRICT
from study.record.results import Result, mean_row

Start: TypeAlias = Literal["default", "he"]
DIGITS = 10
PIECE = 10
"""Steps whose losses are averaged into one point of a curve."""


@dataclass(frozen=True, config=STRICT)
class Network:
    """How many linear layers a network has, and what it starts from."""

    depth: Annotated[int, Ge(2), Le(100)]
    start: Start


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: the networks, and how they are trained."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    images: Annotated[int, Ge(1)]
    width: Annotated[int, Ge(2), Le(16_384)]
    batch: Annotated[int, Ge(1)]
    steps: Annotated[int, Ge(PIECE)]
    learning_rate: Annotated[float, Gt(0), Le(100)]
    slope: Annotated[float, Ge(0), Le(10)]
    networks: Annotated[dict[str, Network], MinLen(1)]


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Train each network and keep its losses.

    Args:
        config: the settings.
        mnist: the data.
        draws: the indices of the draws to make.

    Returns:
        Per draw, the last losses and the errors on the validation images; over all draws, the
        losses in the course of training.
    """
    split, unseen = mnist.train.first(config.images), mnist.validation
    # In float64, since hundreds of steps carry a rounding far.
    data = [
        (mnist.standardised(images).double(), labels)
        for images, labels in ((split.images, split.labels), (unseen.images, unseen.labels))
    ]
    made, losses = {}, []
    for draw in draws:

        def one(network: Network, draw: int = draw) -> tuple[list[float], float]:
            return trained(config, network, draw, *data)

        outcomes = side_by_side(one, config.networks.values())
        by_name = dict(zip(config.networks, outcomes, strict=True))
        losses.append({name: pieces(found) for name, (found, _) in by_name.items()})
        made[draw] = {
            f"last_loss_over_chance.{name}": fmean(found[-PIECE:]) / log(DIGITS)
            for name, (found, _) in by_name.items()
        } | {f"error.{name}": error for name, (_, error) in by_name.items()}
    return Result.of(made, tables={"losses": curves(losses)})


def trained(
    config: Config,
    network: Network,
    draw: int,
    seen: tuple[Tensor, Tensor],
    unseen: tuple[Tensor, Tensor],
) -> tuple[list[float], float]:
    """Train one network.

    Args:
        config: the settings.
        network: how deep it is, and what it starts from.
        draw: index of the draw.
        seen: the images to train on, and their labels.
        unseen: the images to test on, and their labels.

    Returns:
        The loss of each step, and the error rate on the unseen images afterwards.
    """
    model = started(config, network, draw).double()
    generator = random_generator(config.seed, draw, 0)
    batches = minibatches(len(seen[0]), config.batch, config.steps, generator)
    rate = config.learning_rate
    losses = train(model, functional.cross_entropy, *seen, batches, learning_rate=rate)
    return losses, error_rate(model, *unseen)


def started(config: Config, network: Network, draw: int) -> nn.Sequential:
    """Make a network with the weights and biases that it starts from.

    Args:
        config: the settings.
        network: how deep it is, and what it starts from.
        draw: index of the draw.

    Returns:
        Linear layers with a ReLU between them.
    """
    sizes = [28 * 28, *[config.width] * (network.depth - 1), DIGITS]
    stds = [weight_std(fan_in, 2.0) for fan_in in sizes[:-1]]
    cpu = torch.device("cpu")
    model = dense(sizes, stds, lambda _: nn.ReLU(), seed=config.seed, draw=draw, device=cpu)
    if network.start == "he":
        return model
    linear = [layer for layer in model if isinstance(layer, nn.Linear)]
    for at, layer in enumerate(linear, start=1):
        seed = int(random_generator(config.seed, draw, at).integers(2**32))
        generator = torch.Generator().manual_seed(seed)
        nn.init.kaiming_uniform_(layer.weight, a=config.slope, generator=generator)
        bound = 1 / sqrt(layer.in_features)
        nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    return model


def pieces(losses: list[float]) -> list[float]:
    """Average the losses of neighbouring steps."""
    return [fmean(losses[at : at + PIECE]) for at in range(0, len(losses) // PIECE * PIECE, PIECE)]


def curves(per_draw: list[dict[str, list[float]]]) -> list[Mapping[str, str | int | float]]:
    """Average the losses over the draws.

    Args:
        per_draw: for each draw, the averaged losses of each network.

    Returns:
        Rows of network, step, mean and half width.
    """
    return [
        mean_row([draw[name][at] for draw in per_draw], network=name, step=PIECE * (at + 1))
        for name in per_draw[0]
        for at in range(len(per_draw[0][name]))
    ]
