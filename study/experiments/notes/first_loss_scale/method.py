"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping, Sequence
from math import log, sqrt
from statistics import fmean
from typing import Annotated, Literal, NamedTuple

import numpy as np
import torch
from annotated_types import Ge, Le, MinLen
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from study.errors import StudyError
from study.experiments.notes.first_losses import entropy, expected_loss
from study.lab.classification import CHANCE_LOSS, Task
from study.lab.inits import over_fan_in, random_generator, standard_normal
from study.lab.mnist import CLASSES, Mnist, Split
from study.lab.networks import classifier, linear_layers
from study.lab.training import Schedule
from study.record.checks import check_at_most, check_batch, check_known
from study.record.draws import Draw, Row
from study.record.settings import STRICT, Count, LearningRate, Named, NonEmpty, Settings, Width
from study.theory.quotients import quotient

Data = Literal["balanced", "skewed"]


@dataclass(frozen=True, config=STRICT)
class Start:
    """How the last layer starts, and on which images.

    ``last_variance`` is that of its weights, times fan_in; ``shares`` are the logarithms of the
    class shares.
    """

    last_variance: Annotated[float, Ge(0), Le(100_000)]
    bias: Literal["zeros", "shares"]
    data: Data


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the network, how many in a draw, the images, the starts and how some are trained.

    A draw's losses are those of ``networks`` networks; it trains one of them from each start that
    is ``trained``, at each learning rate.
    """

    images: Count
    hidden: Width
    networks: Count
    common: Count
    rare: Count
    starts: Named[Start]
    training_images: Count
    batch: Count
    updates: Count
    head: Count
    tail: Count
    learning_rates: NonEmpty[LearningRate]
    trained: Annotated[tuple[str, ...], MinLen(1)]

    def __post_init__(self) -> None:
        """Refuse what is trained and is no start, and minibatches that no images fill."""
        check_known("trained", self.trained, self.starts)
        check_batch(self.batch, self.training_images, field="batch")
        check_batch(self.batch, self.common + 9 * self.rare, field="batch")
        for name in ("head", "tail"):
            check_at_most(name, getattr(self, name), "updates", self.updates)


class Inputs(NamedTuple):
    """What all draws share.

    Attributes:
        measured: images and labels for the first loss, by the data of a start.
        training: likewise to train on.
        biases: the logarithms of the class shares, of the images that are trained on.
        variances: of logits, ascending.
        excess: what the expected loss has beyond that of a guess, at each variance.
    """

    measured: Mapping[str, Split]
    training: Mapping[str, Split]
    biases: Mapping[str, Tensor]
    variances: NDArray[np.float64]
    excess: NDArray[np.float64]


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take balanced and skewed images, and tabulate the law.

    Args:
        config: the settings.
        mnist: the data.

    Raises:
        StudyError: if there are not so many images of a digit.
    """
    whole = mnist.standardised_split(mnist.train.first(config.training_images, "training_images"))
    skewed = mnist.standardised_split(skewed_split(mnist.train, config.common, config.rare))
    judged_by = {"balanced": whole.first(config.images), "skewed": skewed}
    training = {"balanced": whole, "skewed": skewed}
    biases = {name: share_biases(split.labels) for name, split in training.items()}
    variances = np.geomspace(1e-4, 1e5, 91)
    excess = np.array([expected_loss(v, CLASSES) - log(CLASSES) for v in variances])
    return Inputs(judged_by, training, biases, variances, excess)


def skewed_split(examples: Split, common: int, rare: int) -> Split:
    """Take the first images of each digit: many of 0, few of each other.

    Args:
        examples: images and labels to take from.
        common: how many images of the digit 0.
        rare: how many of each other digit.

    Raises:
        StudyError: if there are not so many.
    """
    indices = []
    for digit in range(CLASSES):
        count, field = (rare, "rare") if digit else (common, "common")
        places = (examples.labels == digit).nonzero().squeeze(1)
        if count > len(places):
            raise StudyError(
                f"experiment.{field}={count}: there are only {len(places)} of the digit {digit}"
            )
        indices.append(places[:count])
    order = torch.cat(indices)
    return Split(examples.images[order], examples.labels[order])


def share_biases(labels: Tensor) -> Tensor:
    """Return biases whose softmax is the class shares: their logarithms.

    Args:
        labels: of examples, of each class at least one.

    >>> share_biases(torch.arange(10)).exp().sum().round(decimals=4)
    tensor(1.)
    """
    shares = torch.bincount(labels, minlength=CLASSES) / len(labels)
    return shares.log()


def exact(_config: Config, inputs: Inputs) -> dict[str, float]:
    """Return the entropy of the class shares of the skewed images.

    Args:
        inputs: the images.
    """
    return {"entropy.skewed": entropy(inputs.biases["skewed"].double().exp().tolist())}


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Measure the first losses of some networks, and train one of them.

    Args:
        config: the settings.
        inputs: the images, and the law.
        draw: index of the draw.

    Returns:
        What the claims read, and the losses while training.
    """
    trainings = {
        name: [loss_curve(config, inputs, name, rate, draw) for rate in config.learning_rates]
        for name in config.trained
    }
    values = first_losses(config, inputs, draw) | of_trainings(config, trainings)
    return Draw(values, {"losses": curves(config, trainings)})


# The first loss ----------------------------------------------------------------------------------


def first_losses(config: Config, inputs: Inputs, draw: int) -> dict[str, float]:
    """Return the mean loss of untrained networks from each start.

    Args:
        config: the settings.
        inputs: the images, and the law.
        draw: index of the draw.

    Returns:
        The loss by start; over the entropy of the skewed images, for theirs; and for the others,
        where logits are not all zero, what it has beyond the loss of a guess over the law for
        Gaussian logits of each image's variance.
    """
    losses: dict[str, list[float]] = {name: [] for name in config.starts}
    laws: dict[str, list[float]] = {name: [] for name in config.starts}
    for index in range(config.networks):
        # The networks of a draw take the places of layers: two each, from the second on.
        layers = (2 * index + 1, 2 * index + 2)
        hidden = {
            data: hidden_signal(config, split.images, draw, layers[0])
            for data, split in inputs.measured.items()
        }
        generator = random_generator(config.seed, draw, layers[1])
        normal = standard_normal((CLASSES, config.hidden), generator, torch.device("cpu"))
        for name, start in config.starts.items():
            signal, labels = hidden[start.data], inputs.measured[start.data].labels
            logits = signal @ (sqrt(start.last_variance / config.hidden) * normal).T
            if start.bias == "shares":
                logits = logits + inputs.biases[start.data]
            losses[name].append(functional.cross_entropy(logits.double(), labels).item())
            if has_law(start):
                variances = start.last_variance * signal.double().square().mean(dim=1)
                table = np.interp(variances.numpy(), inputs.variances, inputs.excess)
                laws[name].append(float(table.mean()))
    values = {f"first_loss.{name}": fmean(numbers) for name, numbers in losses.items()}
    least = exact(config, inputs)["entropy.skewed"]
    for name, start in config.starts.items():
        loss = values[f"first_loss.{name}"]
        if start.data == "skewed":
            values[f"first_loss_over_entropy.{name}"] = loss / least
        if has_law(start):
            values[f"excess_over_law.{name}"] = quotient(loss - CHANCE_LOSS, fmean(laws[name]))
    return values


def has_law(start: Start) -> bool:
    """Tell whether a start's logits are Gaussian of mean 0 and not all zero, on balanced images."""
    return start.data == "balanced" and start.bias == "zeros" and start.last_variance > 0


def hidden_signal(config: Config, images: Tensor, draw: int, layer: int) -> Tensor:
    """Send images through a hidden layer of ReLUs with weights of variance 2/n.

    Args:
        config: the settings.
        images: of shape (images, pixels).
        draw: index of the draw.
        layer: whose random numbers are taken.

    Returns:
        The activations, of shape (images, hidden).
    """
    generator = random_generator(config.seed, draw, layer)
    normal = standard_normal((config.hidden, images.shape[1]), generator, images.device)
    return (images @ (sqrt(2 / images.shape[1]) * normal).T).relu()


# The training ------------------------------------------------------------------------------------


def loss_curve(
    config: Config, inputs: Inputs, name: str, learning_rate: float, draw: int
) -> list[float]:
    """Train a network from one start by plain gradient descent.

    Args:
        config: the settings.
        inputs: the images.
        name: of the start.
        learning_rate: of every update.
        draw: index of the draw.

    Returns:
        The loss of each update, before it.
    """
    start = config.starts[name]
    examples = inputs.training[start.data]
    network = classifier(
        examples.images,
        [config.hidden],
        over_fan_in(2.0),
        nn.ReLU,
        seed=config.seed,
        draw=draw,
        last=over_fan_in(start.last_variance),
    )
    if start.bias == "shares":
        with torch.no_grad():
            linear_layers(network)[-1].bias.copy_(inputs.biases[start.data])
    schedule = Schedule(config.batch, config.updates)
    return Task(examples, config.seed, draw).descend(network, schedule, learning_rate)


def of_trainings(
    config: Config, trainings: Mapping[str, Sequence[Sequence[float]]]
) -> dict[str, float]:
    """Reduce the trainings of one draw to the quantities that claims read.

    Args:
        config: the settings.
        trainings: the losses of each start, at each learning rate.

    Returns:
        By start: the smallest mean loss of the last updates, over the learning rates, and the mean
        loss of the first updates at the first rate; and comparisons of two starts, where both were
        trained.
    """
    values: dict[str, float] = {}
    for name, courses in trainings.items():
        ends = [fmean(losses[-config.tail :]) for losses in courses]
        finite = [end for end in ends if end < float("inf")]
        values[f"last_loss.{name}"] = min(finite, default=float("nan"))
        values[f"early_loss.{name}"] = fmean(courses[0][: config.head])
    for name, base in (("none", "unit"), ("randn", "unit"), ("skewed_zeros", "skewed_shares")):
        if {name, base} <= trainings.keys():
            ratio = quotient(values[f"last_loss.{name}"], values[f"last_loss.{base}"])
            values[f"log_last_loss.{name}_over_{base}"] = log(ratio) if ratio > 0 else float("nan")
            difference = values[f"early_loss.{name}"] - values[f"early_loss.{base}"]
            values[f"early_loss_difference.{name}_less_{base}"] = difference
    return values


def curves(config: Config, trainings: Mapping[str, Sequence[Sequence[float]]]) -> list[Row]:
    """Return the losses of each start at its best learning rate, in means of some updates.

    Args:
        config: the settings.
        trainings: the losses of each start, at each learning rate.
    """
    size = max(1, config.updates // 40)
    rows: list[Row] = []
    for name, courses in trainings.items():
        best = min(courses, key=lambda losses: fmean(losses[-config.tail :]))
        rows += [
            {"arm": name, "update": begin, "sample": fmean(best[begin : begin + size])}
            for begin in range(0, config.updates - size + 1, size)
        ]
    return rows
