"""Settings, one draw, and what is read of it."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from math import ceil
from typing import Annotated, Literal, NamedTuple, TypeAlias

import torch
from annotated_types import Ge, Gt, Le, Lt
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.experiments.notes.losses import LOSSES, rounding_error_rate, squared_error
from study.lab.inits import random_generator, weight_std
from study.lab.mnist import Mnist, Split
from study.lab.networks import dense
from study.lab.parallel import side_by_side
from study.lab.training import minibatches, train
from study.record.experiment import STRICT
from study.record.results import Result, mean_row

Count: TypeAlias = Annotated[int, Ge(1), Le(1_000_000)]


@dataclass(frozen=True, config=STRICT)
class Arm:
    """How one network is trained: which loss, in what minibatches, how often, how fast."""

    loss: Literal["squared_error", "broadcast_error", "cross_entropy"]
    batch: Count
    epochs: Count
    learning_rate: Annotated[float, Gt(0), Le(1000)]


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: how many draws, on how many images, how wide, and the arms."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Count
    images: Count
    validation: Count
    hidden: Annotated[int, Ge(1), Le(16_384)]
    checkpoints: Count
    arms: dict[str, Arm]


class Trained(NamedTuple):
    """One trained network.

    Attributes:
        outputs: for the validation images, of shape (images, outputs), float64.
        errors: on the validation images after some numbers of updates; see :func:`error`.
        losses: what the loss returned, at each update.
        batch: how many images made a minibatch.
    """

    outputs: Tensor
    errors: dict[int, float]
    losses: list[float]
    batch: int


Draw: TypeAlias = Mapping[str, Trained]
Rows: TypeAlias = list[Mapping[str, str | int | float]]


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Train a network in every arm, for each draw.

    Args:
        config: the settings.
        mnist: the data.
        draws: the indices of the draws to make.

    Returns:
        Per draw, what the claims read; over all draws, the curves of training, the outputs for
        each digit, and how far off the digits are that were read off the outputs.
    """
    on, checked_on = (
        Split(mnist.standardised(split.images), split.labels)
        for split in (mnist.train.first(config.images), mnist.validation.first(config.validation))
    )
    labels = checked_on.labels
    trained = {draw: train_arms(config, on, checked_on, draw) for draw in draws}
    per_draw = list(trained.values())
    return Result.of(
        {draw: quantities(arms, labels) for draw, arms in trained.items()},
        tables={
            "curves": curves(per_draw),
            "outputs": outputs_by_digit(per_draw, labels),
            "misses": misses(per_draw, labels),
        },
        exact={"target_variance.validation": labels.double().var(correction=0).item()},
    )


# Training ----------------------------------------------------------------------------------------


def train_arms(config: Config, on: Split, checked_on: Split, draw: int) -> Draw:
    """Train the network of one draw in every arm."""

    def one(arm: Arm) -> Trained:
        return train_arm(config, arm, on, checked_on, draw)

    return dict(zip(config.arms, side_by_side(one, config.arms.values()), strict=True))


def train_arm(config: Config, arm: Arm, on: Split, checked_on: Split, draw: int) -> Trained:
    """Train one network, and look at it on the validation images now and then.

    Args:
        config: the settings.
        arm: how to train it.
        on: the images and labels to train on.
        checked_on: those to validate on.
        draw: index of the draw, which fixes the weights and the order of the images.

    Returns:
        What became of it.
    """
    of_classes = arm.loss == "cross_entropy"
    model = network(config, draw, 10 if of_classes else 1, on.images.device)
    targets = on.labels if of_classes else on.labels.float()
    order = random_generator(config.seed, draw, 0)
    updates = len(targets) // arm.batch * arm.epochs
    batches = minibatches(len(targets), arm.batch, updates, order)
    losses: list[float] = []
    outputs = validated(model, checked_on)
    errors = {0: error(outputs, checked_on.labels)}
    while len(losses) < updates:
        some = islice(batches, ceil(updates / config.checkpoints))
        rate = arm.learning_rate
        losses += train(model, LOSSES[arm.loss], on.images, targets, some, learning_rate=rate)
        outputs = validated(model, checked_on)
        errors[len(losses)] = error(outputs, checked_on.labels)
    return Trained(outputs, errors, losses, arm.batch)


def network(config: Config, draw: int, outputs: int, device: torch.device) -> nn.Sequential:
    """Make the network of one draw, with weights of variance 2 / fan_in."""
    sizes = [784, config.hidden, outputs]
    stds = [weight_std(fan_in, 2.0) for fan_in in sizes[:-1]]
    return dense(sizes, stds, lambda _: nn.ReLU(), seed=config.seed, draw=draw, device=device)


def validated(model: nn.Module, checked_on: Split) -> Tensor:
    """Return the outputs for the validation images, in float64."""
    with torch.no_grad():
        outputs: Tensor = model(checked_on.images)
    return outputs.double()


# What is measured --------------------------------------------------------------------------------


def digits(outputs: Tensor) -> Tensor:
    """Read digits off outputs: the largest of ten, or the digit nearest to a single one.

    >>> digits(torch.tensor([[3.4], [-2.0], [11.0]]))
    tensor([3, 0, 9])
    """
    if outputs.shape[1] > 1:
        return outputs.argmax(dim=1)
    return outputs.squeeze(-1).round().clamp(0, 9).long()


def error_rate(outputs: Tensor, labels: Tensor) -> float:
    """Return the share of images whose digit, as it is read off, is not their label."""
    return (digits(outputs) != labels).double().mean().item()


def error(outputs: Tensor, labels: Tensor) -> float:
    """Return the mean squared error of single outputs, and the error rate of ten."""
    if outputs.shape[1] > 1:
        return error_rate(outputs, labels)
    return squared_error(outputs, labels.double()).item()


def quantities(arms: Draw, labels: Tensor) -> dict[str, float]:
    """Reduce the trained networks of one draw to the quantities that claims read.

    Args:
        arms: the networks, among them ``digit`` and ``classes``.
        labels: of the validation images.

    Returns:
        The quantities by name.
    """
    found = {f"error.{name}": error_rate(trained.outputs, labels) for name, trained in arms.items()}
    for name, trained in arms.items():
        if trained.outputs.shape[1] == 1:
            numbers = as_numbers(trained, labels.double())
            found |= {f"{quantity}.{name}": number for quantity, number in numbers.items()}
    found["error_difference.digit_minus_classes"] = found["error.digit"] - found["error.classes"]
    found["slope_times_batch.forgotten_over_digit"] = (
        arms["forgotten_by_eight"].batch
        * found["slope.forgotten_by_eight"]
        / found["slope.digit_by_eight"]
    )
    return found


def as_numbers(trained: Trained, targets: Tensor) -> dict[str, float]:
    """Compare the single outputs of one network with the digits, as numbers.

    Args:
        trained: the network.
        targets: of the validation images, of shape (images,), float64.

    Returns:
        By name: the share of the targets' variance that the outputs explain; the slope of their
        regression on the targets; their correlation with the targets; their deviation over that
        of the targets; the mean of the last quarter of the training losses over the targets'
        variance; and the error rate of Gaussian residuals as large as theirs.
    """
    outputs = trained.outputs.squeeze(-1)
    variance, residual = targets.var(correction=0), squared_error(trained.outputs, targets)
    covariance = ((outputs - outputs.mean()) * (targets - targets.mean())).mean()
    ratio = outputs.std(correction=0) / targets.std(correction=0)
    last = trained.losses[-ceil(len(trained.losses) / 4) :]
    return {
        "explained": (1 - residual / variance).item(),
        "slope": (covariance / variance).item(),
        "correlation": (covariance / variance / ratio).item(),
        "deviation_over_targets": ratio.item(),
        "reported_loss_over_variance": sum(last) / len(last) / variance.item(),
        "gaussian_error": rounding_error_rate(residual.sqrt().item()),
    }


def curves(per_draw: Sequence[Draw]) -> Rows:
    """Average the validation error of every arm over the draws, at each checkpoint."""
    return [
        mean_row([arms[arm].errors[update] for arms in per_draw], arm=arm, update=update)
        for arm, trained in per_draw[0].items()
        for update in trained.errors
    ]


def outputs_by_digit(per_draw: Sequence[Draw], labels: Tensor) -> Rows:
    """Describe the single outputs for the images of each digit, over images and draws."""
    rows: Rows = []
    for arm, trained in per_draw[0].items():
        if trained.outputs.shape[1] > 1:
            continue
        for digit in range(10):
            of_digit = torch.stack([arms[arm].outputs[labels == digit] for arms in per_draw])
            deviation = of_digit.std(correction=0).item()
            numbers = {"mean": of_digit.mean().item(), "deviation": deviation}
            rows.append({"arm": arm, "digit": digit, **numbers})
    return rows


def misses(per_draw: Sequence[Draw], labels: Tensor) -> Rows:
    """Count how far the digits read off lie from the labels, as shares of all images and draws."""
    rows: Rows = []
    for arm in per_draw[0]:
        read = torch.stack([digits(arms[arm].outputs) for arms in per_draw])
        shares = torch.bincount((read - labels).abs().flatten(), minlength=10).double()
        for distance, share in enumerate((shares / read.numel()).tolist()):
            rows.append({"arm": arm, "distance": distance, "share": share})
    return rows
