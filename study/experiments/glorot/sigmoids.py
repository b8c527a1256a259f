"""Networks of sigmoids as Glorot and Bengio train them, and single causes of their saturation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from math import exp, nan
from typing import Annotated, Literal, NamedTuple

import torch
from annotated_types import Ge, Le
from torch import Tensor, nn
from torch.nn import functional

from study.errors import StudyError
from study.experiments.glorot.initialisations import BY_NAME
from study.lab.classification import Task
from study.lab.inits import random_generator
from study.lab.mnist import CLASSES, Mnist, Split
from study.lab.networks import classifier
from study.lab.training import History, Schedule, error_rate, reached, sgd, updates_needed
from study.record.checks import check_batch, check_names
from study.record.settings import LearningRate

WINDOW = 50
"""Losses whose mean says whether a network has left its plateau."""
TARGET = 2.0
"""What that mean is below then; a guess has ln 10."""
LARGEST_EXPONENT = 700.0
"""Its exponential is still a float64."""


@dataclass(frozen=True)
class Kind:
    """A network and its training; an experiment may have it as a field of its settings.

    Attributes:
        depth: its hidden layers.
        learning_rate: of plain descent.
        updates: how many are made at most.
        activation: the sigmoid, or ``centred``, which is two sigmoids less one.
        output_bias: starts at 0, or is ``frozen`` at the logarithm of the classes' shares.
        minibatch: drawn from all images, or ``balanced``, with one image of each class.
        stop: whether the training ends where the plateau is left.
    """

    depth: Annotated[int, Ge(1), Le(100)]
    learning_rate: LearningRate
    updates: Annotated[int, Ge(1), Le(10_000_000)]
    activation: Literal["sigmoid", "centred"]
    output_bias: Literal["zero", "frozen"]
    minibatch: Literal["plain", "balanced"]
    stop: bool


def check_arms(arms: Mapping[str, Kind], names: Sequence[str], *, batch: int, images: int) -> None:
    """Refuse arms that cannot be compared or trained.

    Args:
        arms: the networks by name.
        names: the names that claims read.
        batch: images of a minibatch.
        images: of the training set.

    Raises:
        ValueError: if an arm is missing, if the images do not fill a minibatch, or if a balanced
            one cannot have as many of each class.
    """
    check_names("arms", arms, names)
    check_batch(batch, images)
    for name, kind in arms.items():
        if kind.minibatch == "balanced" and batch % CLASSES:
            raise ValueError(
                f"batch={batch}, arms.{name}.minibatch=balanced: "
                f"batch must be a multiple of the {CLASSES} classes"
            )


def check_classes(arms: Mapping[str, Kind], split: Split, batch: int) -> None:
    """Refuse training images that do not fill one balanced minibatch.

    Args:
        arms: the networks by name.
        split: the training images and labels.
        batch: images of a minibatch.

    Raises:
        StudyError: if an arm balances its minibatches and a class has too few images.
    """
    rarest = int(torch.bincount(split.labels, minlength=CLASSES).min())
    needs_tens = any(kind.minibatch == "balanced" for kind in arms.values())
    if needs_tens and rarest < batch // CLASSES:
        raise StudyError(
            f"experiment.batch={batch}: a balanced minibatch needs {batch // CLASSES} images of "
            f"each class, and the rarest of experiment.images={len(split.labels)} has {rarest}"
        )


class Inputs(NamedTuple):
    """The training images, those on which layers are measured, and those of the error.

    **Shapes**: ``probe`` (images, pixels). **Units**: pixels between 0 and 1.
    """

    training: Split
    probe: Tensor
    validation: Split


def inputs_for(  # noqa: PLR0913 - the parts of the settings
    arms: Mapping[str, Kind],
    mnist: Mnist,
    *,
    images: int,
    probe: int,
    validation: int,
    batch: int,
) -> Inputs:
    """Take the first images of each split; the layers are measured on those of the test split.

    Args:
        arms: the networks by name.
        mnist: the data, pixels between 0 and 1.
        images: how many to train on.
        probe: on how many layers are measured, the setting ``looked_at``.
        validation: how many for the error.
        batch: images of a minibatch.

    Raises:
        StudyError: if there are not so many, or too few of a class for a balanced minibatch.
    """
    training = mnist.train.first(images)
    check_classes(arms, training, batch)
    return Inputs(
        training,
        mnist.test.first(probe, "looked_at").images,
        mnist.validation.first(validation, "validation"),
    )


class Centred(nn.Module):
    """The sigmoid, stretched and moved so that it is an odd function with slope 1/2 at 0."""

    def forward(self, preactivation: Tensor) -> Tensor:
        """Return two sigmoids less one."""
        return 2 * torch.sigmoid(preactivation) - 1


def make_network(kind: Kind, width: int, split: Split, *, seed: int, draw: int) -> nn.Sequential:
    """Make a network with the weights of equation 1 and zero biases.

    Args:
        kind: what it is.
        width: of its hidden layers.
        split: the training images; the shares of their classes make a frozen output bias.
        seed: the experiment's seed.
        draw: index of the draw.

    Returns:
        Linear layers with the activation between them.

    **Source**: Glorot and Bengio (2010), equation 1.
    """
    network = classifier(
        split.images,
        [width] * kind.depth,
        BY_NAME["standard"],
        nn.Sigmoid if kind.activation == "sigmoid" else Centred,
        seed=seed,
        draw=draw,
    )
    if kind.output_bias == "frozen":
        shares = torch.bincount(split.labels, minlength=CLASSES) / len(split.labels)
        bias = last_bias(network)
        bias.requires_grad = False
        bias.copy_(shares.log())
    return network


def last_bias(network: nn.Module) -> nn.Parameter:
    """Return the bias of a network's last layer, of shape (fan_out,)."""
    *_, output = network.children()
    if not isinstance(output, nn.Linear):
        raise TypeError(f"last layer: {output} is not linear")
    return output.bias


def train(  # noqa: PLR0913 - the parts of a training
    kind: Kind,
    width: int,
    inputs: Inputs,
    *,
    batch: int,
    evaluate_at: Sequence[int],
    seed: int,
    draw: int,
    name: str,
) -> History:
    """Train one network.

    Args:
        kind: what it is.
        width: of its hidden layers.
        inputs: the images.
        batch: images of a minibatch.
        evaluate_at: after how many updates its layers are measured; after the last one, anyway.
        seed: the experiment's seed.
        draw: index of the draw.
        name: of the arm.

    Returns:
        The losses and the metrics of :func:`measured`.
    """
    start = partial(make_network, kind, width, inputs.training, seed=seed, draw=draw)
    network_at_start = cache(start)  # a training that is already finished makes no network
    training, size = inputs.training, batch
    if kind.minibatch == "balanced":
        training, size = in_tens(training, seed=seed, draw=draw), batch // CLASSES
    evaluations = (*(update for update in evaluate_at if update < kind.updates), kind.updates)
    return Task(training, seed, draw, loss_of_tens).fit(
        start,
        Schedule(size, kind.updates, evaluations),
        sgd(kind.learning_rate),
        evaluate=lambda network: measured(
            network_at_start(), network, probe=inputs.probe, validation=inputs.validation
        ),
        stop_when=reached(TARGET, WINDOW) if kind.stop else None,
        name=name,
    )


def loss_of_tens(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the mean cross-entropy of images, or of tens of images.

    **Shapes**: ``logits`` (..., classes), ``labels`` (...).
    """
    return functional.cross_entropy(logits.flatten(0, -2), labels.flatten())


def in_tens(split: Split, *, seed: int, draw: int) -> Split:
    """Put images together by tens, one of each class.

    Args:
        split: images and labels.
        seed: the experiment's seed, for which images come together.
        draw: index of the draw.

    Returns:
        The tens, as many as the rarest class has images.

    **Shapes**: images (tens, classes, pixels), labels (tens, classes).
    """
    order = torch.from_numpy(random_generator(seed, draw, 0).permutation(len(split.labels)))
    classes = [order[split.labels[order] == digit] for digit in range(CLASSES)]
    tens = torch.stack([images[: min(map(len, classes))] for images in classes], dim=1)
    return Split(split.images[tens], split.labels[tens])


def updates_until(history: History) -> float:
    """Return the update at which the plateau was left, all if it was not; NaN after divergence."""
    if not history.finite:
        return nan
    return updates_needed(history.losses, TARGET, WINDOW, cap=len(history.losses))


@torch.no_grad()
def measured(
    start: nn.Sequential, network: nn.Module, *, probe: Tensor, validation: Split
) -> dict[str, float]:
    """Measure each hidden layer of a network.

    Args:
        start: the network before training.
        network: the network now.
        probe: images.
        validation: images and labels.

    Returns:
        For each hidden layer the mean and the deviation of the sigmoid over units and images, its
        deviation over images alone (mean over units), and the share of it within a twentieth of
        0 or 1; the validation error; which share of the change of the mean logits since the start
        the output bias has made.
    """
    metrics: dict[str, float] = {}
    signal, layer = probe, 0
    for module in network.children():
        signal = module(signal)
        if isinstance(module, nn.Linear):
            continue
        layer += 1
        sigmoid = signal if isinstance(module, nn.Sigmoid) else (signal + 1) / 2
        metrics[f"mean.{layer}"] = float(sigmoid.mean())
        metrics[f"deviation.{layer}"] = float(sigmoid.std())
        metrics[f"spread.{layer}"] = float(sigmoid.std(dim=0).mean())
        metrics[f"at_the_ends.{layer}"] = float(((sigmoid - 0.5).abs() > 0.45).float().mean())
    change = (signal - start(probe)).mean(dim=0)
    by_bias = last_bias(network) - last_bias(start)
    metrics["by_bias"] = float(by_bias @ change / (change @ change)) if change.any() else 0.0
    metrics["error"] = error_rate(network, validation.images, validation.labels)
    return metrics


def lawful_means(rate: float, width: int, batch: int, updates: int) -> list[float]:
    r"""Mean of the top layer by update, as the noise of the classes drives it.

    .. math::
        z \leftarrow z - \eta \Bigl(1 + \frac n4\Bigr)\, h (1 - h)\,
        \frac{9}{10} \frac{\eta h}{B (2 - \eta (1 + n h^2) / 10)}, \qquad h = \sigma(z)

    Args:
        rate: ``η``, the learning rate.
        width: ``n``, of the hidden layers.
        batch: ``B``, images of a minibatch.
        updates: how many.

    Returns:
        ``h`` before the first update and after each; NaN from where the output weights would
        oscillate without bound.

    >>> round(lawful_means(0.1, 100, 10, 1)[1], 6)
    0.49958
    """
    z, means = 0.0, [0.5]
    for _ in range(updates):
        h = means[-1]
        stable = 2 - rate * (1 + width * h**2) / CLASSES
        noise = (CLASSES - 1) / CLASSES * rate * h / (batch * stable) if stable > 0 else nan
        z -= rate * (1 + width / 4) * h * (1 - h) * noise
        means.append(1 / (1 + exp(min(-z, LARGEST_EXPONENT))))
    return means
