"""Telling digits apart: the images, what a guess has, what is learnt beyond it, and trainings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log
from typing import Literal, NamedTuple, TypeAlias

from torch import nn
from torch.nn import functional

from study.lab.inits import random_generator
from study.lab.mnist import CLASSES, Mnist, Split
from study.lab.training import (
    History,
    Loss,
    Optimiser,
    Schedule,
    error_rate,
    fit,
    minibatches,
    no_metrics,
    train,
)

CHANCE_LOSS = log(CLASSES)
"""The cross-entropy of a network that gives every class the same probability."""
CHANCE_ERROR = 1 - 1 / CLASSES
"""The error rate of a guess."""


def share_learnt(value: float, chance: float) -> float:
    r"""Return the share that is learnt of what separates a guess from a perfect classifier.

    .. math:: 1 - L/L_\text{chance}

    Args:
        value: a loss or an error.
        chance: what a guess has: :data:`CHANCE_LOSS` or :data:`CHANCE_ERROR`.

    Returns:
        0 for a guess, 1 for a perfect classifier, less than 0 for what is worse than a guess.

    >>> share_learnt(0.45, CHANCE_ERROR)
    0.5
    """
    return 1 - value / chance


class Splits(NamedTuple):
    """Standardised images, (images, pixels), and labels: to train on, and for the errors."""

    training: Split
    validation: Split
    test: Split

    def double(self) -> "Splits":
        """Return the same with images in float64."""
        return Splits(*(split.double() for split in self))


def splits(
    mnist: Mnist,
    *,
    training: "int | None" = None,
    validation: "int | None" = 0,
    test: "int | None" = 0,
) -> Splits:
    """Take the first images of each split, standardised.

    Args:
        mnist: the data.
        training: how many images to train on, the setting ``images``; all of them if None.
        validation: how many to choose or to judge by; all of them if None.
        test: how many to judge by; all of them if None.

    Raises:
        StudyError: if there are not so many.
    """

    def first(split: Split, count: "int | None", field: str) -> Split:
        return mnist.standardised_split(split if count is None else split.first(count, field))

    return Splits(
        first(mnist.train, training, "images"),
        first(mnist.validation, validation, "validation"),
        first(mnist.test, test, "test"),
    )


Pixels: TypeAlias = Literal["standardised", "unit"]
"""How pixels are scaled, to mean 0 and variance 1 over the training split or from 0 to 1."""


def splits_by_pixels(mnist: Mnist, *, training: int, validation: int) -> dict[Pixels, Splits]:
    """Take the first images of the training and of the validation split at both scales.

    Args:
        mnist: the data.
        training: how many images to train on, the setting ``images``.
        validation: how many to judge by.

    Returns:
        By the scale of the pixels, the images in float64.

    Raises:
        StudyError: if there are not so many.
    """
    standardised = splits(mnist, training=training, validation=validation).double()
    brightest = mnist.train.images.max().double()

    def unit(split: Split, count: int) -> Split:
        return Split(split.images[:count].double() / brightest, split.labels[:count])

    pixels = standardised._replace(
        training=unit(mnist.train, training), validation=unit(mnist.validation, validation)
    )
    return {"standardised": standardised, "unit": pixels}


def error_rates(**held_out: Split) -> Callable[[nn.Module], dict[str, float]]:
    """Return what evaluates a network by its error rates.

    Args:
        **held_out: images and labels, by the name of the error.
    """
    return lambda network: {
        name: error_rate(network, split.images, split.labels) for name, split in held_out.items()
    }


def error_percentages(**held_out: Split) -> Callable[[nn.Module], dict[str, float]]:
    """Return what evaluates a network by its error rates in per cent.

    Args:
        **held_out: images and labels, by the name of the error.
    """
    rates = error_rates(**held_out)
    return lambda network: {name: 100 * rate for name, rate in rates(network).items()}


@dataclass(frozen=True)
class Task:
    """What the trainings of one draw have in common; they see the images in the same order.

    Attributes:
        training: images and labels to train on.
        seed: the experiment's seed.
        draw: index of the draw.
        loss: what is made small.
    """

    training: Split
    seed: int
    draw: int
    loss: Loss = functional.cross_entropy

    def fit(  # noqa: PLR0913 - what may differ from training to training
        self,
        make_network: Callable[[], nn.Module],
        schedule: Schedule,
        optimiser: Optimiser,
        *,
        evaluate: Callable[[nn.Module], dict[str, float]] = no_metrics,
        stop_when: Callable[[Sequence[float]], bool] | None = None,
        name: str,
    ) -> History:
        """Train a network as :func:`study.lab.training.fit` does.

        Args:
            make_network: makes the network as it is before training.
            schedule: how long to train, and when to evaluate.
            optimiser: makes, for a network, what makes an update of its gradients.
            evaluate: what is measured of the network at an evaluation, by name.
            stop_when: tells from the losses so far whether to stop.
            name: of this training, unique within its draw.
        """
        return fit(
            make_network,
            self.loss,
            self.training,
            schedule,
            random_generator(self.seed, self.draw, 0),
            optimiser=optimiser,
            evaluate=evaluate,
            stop_when=stop_when,
            name=f"{name}-{self.draw}",
        )

    def descend(self, network: nn.Module, schedule: Schedule, learning_rate: float) -> list[float]:
        """Train a network in place by plain gradient descent, without evaluations.

        Args:
            network: what is trained.
            schedule: how long.
            learning_rate: of every update.

        Returns:
            The loss of each update, before it.
        """
        images, labels = self.training.images, self.training.labels
        batch_rng = random_generator(self.seed, self.draw, 0)
        batches = minibatches(len(labels), schedule.batch_size, schedule.updates, batch_rng)
        return train(network, self.loss, images, labels, batches, learning_rate=learning_rate)
