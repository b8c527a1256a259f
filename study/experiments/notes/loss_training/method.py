"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from math import ceil
from typing import Annotated, Literal, NamedTuple, TypeAlias

import torch
from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.errors import StudyError
from study.experiments.notes.losses import LOSSES, rounding_error_rate, squared_error
from study.lab.classification import Pixels, Splits, splits_by_pixels
from study.lab.inits import over_fan_in, random_generator
from study.lab.mnist import CLASSES, Mnist, Split
from study.lab.networks import classifier
from study.lab.training import Optimiser, adam, minibatches, sgd
from study.record.checks import check_batch, check_known
from study.record.draws import Draw, Draws, Row, means, samples
from study.record.results import Table
from study.record.settings import STRICT, Count, LearningRate, Named, Settings
from study.theory.quotients import quotient

OPTIMISERS = {"descent": sgd, "adam": adam}

Inputs: TypeAlias = Mapping[Pixels, Splits]
"""The images by the scale of their pixels."""


@dataclass(frozen=True, config=STRICT)
class Arm:
    """How one network is trained: which loss, in what minibatches, how often, how fast."""

    loss: Literal["squared_error", "broadcast_error", "cross_entropy"]
    batch: Count
    epochs: Count
    learning_rate: LearningRate


@dataclass(frozen=True, config=STRICT)
class Course:
    """Another way to train some arms: by which optimiser, on what pixels, each how fast."""

    optimiser: Literal["descent", "adam"]
    pixels: Pixels
    learning_rates: Named[LearningRate]


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: how many draws, on how many images, how wide, the arms and the courses.

    Every arm is trained by plain descent on standardised images; and those that a course names are
    trained in that way, too.
    """

    images: Count
    validation: Count
    hidden: Annotated[int, Ge(1), Le(16_384)]
    checkpoints: Count
    arms: Named[Arm]
    courses: dict[str, Course]

    def __post_init__(self) -> None:
        """Refuse minibatches that the images do not fill, and courses of arms that are not."""
        for name, arm in self.arms.items():
            check_batch(arm.batch, self.images, f"arms.{name}.batch")
        for name, course in self.courses.items():
            check_known(f"courses.{name}.learning_rates", course.learning_rates, self.arms)


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


Arms: TypeAlias = Mapping[str, Trained]
"""The network of one draw as each arm trained it, by the arm, or by it and the course."""


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of the training and of the validation split.

    Args:
        config: the settings.
        mnist: the data.

    Returns:
        The images standardised and with pixels from 0 to 1, in float32.

    Raises:
        StudyError: if there are not so many, or if those to validate on are all of one digit, and
            nothing about digits can be explained.
    """
    inputs = splits_by_pixels(mnist, training=config.images, validation=config.validation)
    labels = inputs["standardised"].validation.labels
    if bool((labels == labels[0]).all()):
        raise StudyError(
            f"experiment.validation={config.validation}: these images are all of one digit"
        )
    return {
        pixels: Splits(*(Split(split.images.float(), split.labels) for split in part))
        for pixels, part in inputs.items()
    }


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Train the network of one draw in every arm, and again in the courses.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        What the claims read; and of the arms the curves of training, the single outputs for each
        digit, and how far off the digits are that were read off the outputs.
    """
    arms = {
        name: train_arm(config, arm, inputs["standardised"], sgd(arm.learning_rate), draw)
        for name, arm in config.arms.items()
    }
    in_courses = {
        f"{name}_{course_name}": train_arm(
            config,
            config.arms[name],
            inputs[course.pixels],
            OPTIMISERS[course.optimiser](learning_rate),
            draw,
        )
        for course_name, course in config.courses.items()
        for name, learning_rate in course.learning_rates.items()
    }
    labels = inputs["standardised"].validation.labels
    return Draw(
        quantities(arms | in_courses, labels),
        {
            "curves": curves(arms),
            "outputs": single_outputs(arms, labels),
            "misses": misses(arms, labels),
        },
    )


# Training ----------------------------------------------------------------------------------------


def train_arm(config: Config, arm: Arm, inputs: Splits, optimiser: Optimiser, draw: int) -> Trained:
    """Train one network, and look at it on the validation images now and then.

    Args:
        config: the settings.
        arm: its loss, in what minibatches and how often.
        inputs: the images.
        optimiser: makes, for the network, what makes an update of its gradients.
        draw: index of the draw, which fixes the weights and the order of the images.

    Returns:
        What became of it.
    """
    images, labels = inputs.training.images, inputs.training.labels
    of_classes = arm.loss == "cross_entropy"
    model = classifier(
        images,
        [config.hidden],
        over_fan_in(2.0),
        nn.ReLU,
        seed=config.seed,
        draw=draw,
        outputs=CLASSES if of_classes else 1,
    )
    targets = labels if of_classes else labels.float()
    batch_rng = random_generator(config.seed, draw, 0)
    updates = len(targets) // arm.batch * arm.epochs
    batches = minibatches(len(targets), arm.batch, updates, batch_rng)
    rule = optimiser(model)
    losses: list[float] = []
    outputs = validated(model, inputs.validation)
    errors = {0: error(outputs, inputs.validation.labels)}
    for update, batch in enumerate(batches, start=1):
        rule.zero_grad()
        loss = LOSSES[arm.loss](model(images[batch]), targets[batch])
        torch.autograd.backward(loss)
        rule.step()
        losses.append(loss.item())
        if update % ceil(updates / config.checkpoints) == 0 or update == updates:
            outputs = validated(model, inputs.validation)
            errors[update] = error(outputs, inputs.validation.labels)
    return Trained(outputs, errors, losses, arm.batch)


def validated(model: nn.Module, validation: Split) -> Tensor:
    """Return the outputs for the validation images, in float64."""
    with torch.no_grad():
        outputs: Tensor = model(validation.images)
    return outputs.double()


# What is measured --------------------------------------------------------------------------------


def digits(outputs: Tensor) -> Tensor:
    """Read digits off outputs: the largest of ten, or the digit nearest to a single one.

    A single output that is not a number, as after a training that diverged, is read as -1.

    >>> digits(torch.tensor([[3.4], [-2.0], [11.0]]))
    tensor([3, 0, 9])
    """
    if outputs.shape[1] > 1:
        return outputs.argmax(dim=1)
    return outputs.squeeze(-1).round().clamp(0, 9).nan_to_num(-1.0).long()


def error_rate(outputs: Tensor, labels: Tensor) -> float:
    """Return the share of images whose digit, as it is read off, is not their label."""
    return (digits(outputs) != labels).double().mean().item()


def error(outputs: Tensor, labels: Tensor) -> float:
    """Return the mean squared error of single outputs, and the error rate of ten."""
    if outputs.shape[1] > 1:
        return error_rate(outputs, labels)
    return squared_error(outputs, labels.double()).item()


def quantities(arms: Arms, labels: Tensor) -> dict[str, float]:
    """Reduce the trained networks of one draw to the quantities that claims read.

    Args:
        arms: the networks.
        labels: of the validation images.

    Returns:
        The quantities by name; those that compare two arms, if both were trained for it, in every
        course in which they were.
    """
    values = {
        f"error.{name}": error_rate(network.outputs, labels) for name, network in arms.items()
    }
    for name, network in arms.items():
        if network.outputs.shape[1] == 1:
            numbers = as_numbers(network, labels.double())
            values |= {f"{quantity}.{name}": number for quantity, number in numbers.items()}
    for ending in [name.removeprefix("classes") for name in arms if name.startswith("classes")]:
        if f"digit{ending}" in arms:
            difference = values[f"error.digit{ending}"] - values[f"error.classes{ending}"]
            values[f"error_difference.digit_minus_classes{ending}"] = difference
    if {"slope.forgotten_by_eight", "slope.digit_by_eight"} <= values.keys():
        batch, slope = arms["forgotten_by_eight"].batch, values["slope.digit_by_eight"]
        values["slope_times_batch.forgotten_over_digit"] = quotient(
            batch * values["slope.forgotten_by_eight"], slope
        )
    return values


def as_numbers(network: Trained, targets: Tensor) -> dict[str, float]:
    """Compare the single outputs of one network with the digits, as numbers.

    Args:
        network: the network.
        targets: of the validation images, of shape (images,), float64.

    Returns:
        By name: the share of the targets' variance that the outputs explain; the slope of their
        regression on the targets; their correlation with the targets; their deviation over that
        of the targets; the mean of the last quarter of the training losses over the targets'
        variance; and the error rate of Gaussian residuals as large as theirs.
    """
    outputs = network.outputs.squeeze(-1)
    variance, residual = targets.var(correction=0), squared_error(network.outputs, targets)
    covariance = ((outputs - outputs.mean()) * (targets - targets.mean())).mean()
    ratio = outputs.std(correction=0) / targets.std(correction=0)
    last = network.losses[-ceil(len(network.losses) / 4) :]
    return {
        "explained": (1 - residual / variance).item(),
        "slope": (covariance / variance).item(),
        "correlation": (covariance / variance / ratio).item(),
        "deviation_over_targets": ratio.item(),
        "reported_loss_over_variance": sum(last) / len(last) / variance.item(),
        "gaussian_error": rounding_error_rate(residual.sqrt().item()),
    }


def curves(arms: Arms) -> list[Row]:
    """Return the validation error of every arm at each checkpoint.

    Args:
        arms: the networks.
    """
    return [
        {"arm": arm, "update": update, "sample": number}
        for arm, network in arms.items()
        for update, number in network.errors.items()
    ]


def single_outputs(arms: Arms, labels: Tensor) -> list[Row]:
    """Return the single output for each validation image, digit by digit.

    Args:
        arms: the networks; those of ten outputs are left out.
        labels: of the validation images.
    """
    return [
        {"arm": arm, "digit": digit, "sample": output}
        for arm, network in arms.items()
        if network.outputs.shape[1] == 1
        for digit in range(10)
        for output in network.outputs[labels == digit].squeeze(-1).tolist()
    ]


def misses(arms: Arms, labels: Tensor) -> list[Row]:
    """Count how far the digits read off lie from the labels.

    Args:
        arms: the networks.
        labels: of the validation images.

    Returns:
        For each arm and distance the number of images; those without a digit read off count
        nowhere.
    """
    rows: list[Row] = []
    for arm, network in arms.items():
        digits_read = digits(network.outputs)
        distances = (digits_read - labels)[digits_read >= 0].abs()
        for distance, count in enumerate(torch.bincount(distances, minlength=10).tolist()):
            rows.append({"arm": arm, "distance": distance, "sample": count})
    return rows


# What no single draw gives -----------------------------------------------------------------------


def exact(_config: Config, inputs: Inputs) -> dict[str, float]:
    """Return the variance of the digits to validate on.

    Args:
        inputs: the images.
    """
    targets = inputs["standardised"].validation.labels.double()
    return {"target_variance.validation": targets.var(correction=0).item()}


def tables(config: Config, draws: Draws) -> dict[str, Table]:
    """Join all draws.

    Args:
        config: the settings, for the number of images in a draw.
        draws: the draws.

    Returns:
        The mean validation error at each checkpoint; mean and deviation of the single outputs for
        each digit, over images and draws, if any arm has them; and the share of all images and
        draws at each distance of the digit read off from the label.
    """
    outputs: list[Row] = []
    for (arm, digit), single in samples(draws, "outputs").items():
        numbers = torch.tensor(single, dtype=torch.float64)
        spread = numbers.std(correction=0).item()
        outputs.append(
            {"arm": arm, "digit": digit, "mean": numbers.mean().item(), "deviation": spread}
        )
    images = len(draws) * config.validation
    shares = [
        {"arm": arm, "distance": distance, "share": sum(counts) / images}
        for (arm, distance), counts in samples(draws, "misses").items()
    ]
    averages: dict[str, Table] = {"curves": means(draws, "curves"), "misses": shares}
    return averages | ({"outputs": outputs} if outputs else {})  # there may be no single outputs
