"""Settings, one draw, and what is read of it."""

from collections.abc import Sequence
from functools import partial
from math import isfinite, nan
from statistics import fmean
from typing import Annotated, Literal

import numpy as np
import torch
from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.classification import Splits, Task, error_rates, splits
from study.lab.inits import Initialisation
from study.lab.mnist import Mnist
from study.lab.networks import classifier
from study.lab.rate_search import Search, search
from study.lab.training import History, Schedule, adam, reached, sgd, updates_needed
from study.record.checks import check_distinct, check_known, check_names
from study.record.draws import Draw, Draws, Row, finite_means, means
from study.record.results import Table
from study.record.settings import STRICT, Count, LearningRate, NonEmpty, Positive, Settings

EQUAL, DEEP = "equal", "deep"
"""The shape that others are compared with, and the one whose updates are counted."""
BOTH = ("standard", "normalised")
"""The weights that are compared."""
NEEDED = {
    EQUAL: (("sgd", "adam"), BOTH),
    "growing": (("sgd",), BOTH),
    "shrinking": (("sgd",), BOTH),
    DEEP: ((), ("normalised",)),
}
"""The shapes that claims read, and of each the methods and weights."""
OPTIMISERS = {"sgd": sgd, "adam": adam}


@dataclass(frozen=True, config=STRICT)
class Method:
    """How gradients become updates, and the learning rates of which the best one counts."""

    optimiser: Literal["sgd", "adam"]
    learning_rates: NonEmpty[LearningRate]


@dataclass(frozen=True, config=STRICT)
class Shape:
    """Hidden layers whose widths go evenly from first to last, and what is trained of it."""

    layers: Annotated[int, Ge(2), Le(1000)]
    first: Annotated[int, Ge(2), Le(16_384)]
    last: Annotated[int, Ge(2), Le(16_384)]
    updates: Count
    methods: NonEmpty[str]
    inits: NonEmpty[str]

    def __post_init__(self) -> None:
        """Refuse a name that is given twice."""
        check_distinct("methods", self.methods)
        check_distinct("inits", self.inits)


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the data, when the deep shape is trained enough, and what is trained."""

    batch: Count
    window: Count
    target_loss: Positive
    inits: dict[str, Initialisation]
    methods: dict[str, Method]
    shapes: dict[str, Shape]

    def __post_init__(self) -> None:
        """Refuse shapes that are missing, that name what is not there or lack what claims read."""
        check_names("shapes", self.shapes, NEEDED)
        for name, shape in self.shapes.items():
            methods, inits = NEEDED.get(name, ((), ()))
            check_names(f"shapes.{name}.methods", shape.methods, methods)
            check_names(f"shapes.{name}.inits", shape.inits, inits)
            check_known(f"shapes.{name}.methods", shape.methods, self.methods)
            check_known(f"shapes.{name}.inits", shape.inits, self.inits)
        deep = self.shapes[DEEP].methods
        if len(deep) > 1:
            raise ValueError(
                f"shapes.{DEEP}.methods={', '.join(deep)}: must be one, at whose rates the "
                "updates of the weights are compared"
            )


@dataclass(frozen=True)
class Arm:
    """A shape with its weights and its method, without a learning rate."""

    shape: str
    method: str
    init: str

    @property
    def name(self) -> str:
        """The arm's name in the keys of quantities."""
        return f"{self.shape}_{self.method}_{self.init}"


Trainings = Search[Arm, History]


def prepare(config: Config, mnist: Mnist) -> Splits:
    """Standardise the training split, which is trained on, and the test split.

    Args:
        config: the settings.
        mnist: the data.

    Raises:
        StudyError: if the images do not fill a minibatch.
    """
    mnist.train.first(config.batch, "batch")  # refused if there are not so many
    return splits(mnist, test=None)


def measure(config: Config, inputs: Splits, draw: int) -> Draw:
    """Train every shape with its methods and weights at all learning rates.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw; all its trainings share the order of the images.

    Returns:
        What the claims read; the losses in the course of training, and what each learning rate
        did.
    """
    trainings = search(
        arms(config),
        lambda arm: config.methods[arm.method].learning_rates,
        partial(train_arm, config, inputs, draw),
        score=partial(score, config),
    )
    values = quantities(config, trainings) | singular_values(config, draw, inputs.test.images[:1])
    rows = {
        "losses": loss_rows(config, trainings),
        "rates": rate_rows(trainings),
        "deep": deep_rate_rows(config, trainings),
    }
    return Draw(values, rows)


# Networks ----------------------------------------------------------------------------------------


def widths(shape: Shape) -> list[int]:
    """Return the widths of the hidden layers, in even steps."""
    return [round(width) for width in np.linspace(shape.first, shape.last, shape.layers)]


def make_network(config: Config, shape: str, init: str, draw: int, images: Tensor) -> nn.Sequential:
    """Make a tanh network with the named weights, for images of shape (images, pixels)."""
    hidden_widths = widths(config.shapes[shape])
    return classifier(
        images, hidden_widths, config.inits[init], nn.Tanh, seed=config.seed, draw=draw
    )


def singular_values(config: Config, draw: int, image: Tensor) -> dict[str, float]:
    r"""Measure how the deep shape's hidden layers stretch a small change, before training.

    .. math:: \operatorname{mean}_i\, s_i\bigl(\operatorname{diag}(f'(z_l))\, W_l\bigr)

    Averaged over the layers from the second hidden one to the last, for each kind of weights and
    one image, of shape (1, pixels).

    **Source**: Glorot and Bengio (2010), equation 17.
    """
    values = {}
    for init in config.shapes[DEEP].inits:
        signal, means = image, []
        with torch.no_grad():
            for layer in list(make_network(config, DEEP, init, draw, image))[:-1]:
                signal = layer(signal)
                if isinstance(layer, nn.Linear):
                    weight = layer.weight
                else:
                    jacobian = (1 - signal.T.square()) * weight
                    means.append(torch.linalg.svdvals(jacobian).mean().item())
        values[f"singular_value.{init}"] = fmean(means[1:])
    return values


# Training ----------------------------------------------------------------------------------------


def arms(config: Config) -> list[Arm]:
    """Return all arms, shape by shape."""
    return [
        Arm(name, method, init)
        for name, shape in config.shapes.items()
        for method in shape.methods
        for init in shape.inits
    ]


def train_arm(config: Config, inputs: Splits, draw: int, arm: Arm, rate: float) -> History:
    """Train one network, one of the deep shape only up to the target.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.
        arm: the network and its method.
        rate: the learning rate.

    Returns:
        The losses and, but for the deep shape, the test error at the end.
    """
    updates, until_target = config.shapes[arm.shape].updates, arm.shape == DEEP
    return Task(inputs.training, config.seed, draw).fit(
        lambda: make_network(config, arm.shape, arm.init, draw, inputs.training.images),
        Schedule(config.batch, updates, () if until_target else (updates,)),
        OPTIMISERS[config.methods[arm.method].optimiser](rate),
        evaluate=error_rates(error=inputs.test),
        stop_when=reached(config.target_loss, config.window) if until_target else None,
        name=f"{arm.name}-{rate}",
    )


def score(config: Config, history: History) -> float:
    """Return what a choice of the learning rate makes small.

    Args:
        config: the settings.
        history: of a training.

    Returns:
        The mean loss over the course of training, NaN if it diverged; of the deep shape, which has
        no metrics, the updates to the target.
    """
    return mean_loss(history) if history.metrics else updates_of_deep(config, history)


def updates_of_deep(config: Config, history: History) -> float:
    """Count the updates of the deep shape to the target, all where it is not reached."""
    cap = config.shapes[DEEP].updates
    return updates_needed(history.losses, config.target_loss, config.window, cap)


def mean_loss(history: History) -> float:
    """Return the mean loss over the course of a training; NaN if it diverged."""
    return fmean(history.losses) if history.finite else nan


def quantities(config: Config, trainings: Trainings) -> dict[str, float]:
    """Compare the arms of one draw, each at its best learning rate.

    Args:
        config: the settings.
        trainings: what is left of each training.

    Returns:
        The mean loss over the course and the test error at the end of each arm; which share of
        the loss one arm saves against another, and by how much that differs from shape to shape;
        and the updates of the deep shape.
    """
    loss: dict[str, float] = {}
    values: dict[str, float] = {}
    for arm in arms(config):
        if arm.shape != DEEP:
            history = trainings.best(arm)
            loss[arm.name] = values[f"loss.{arm.name}"] = mean_loss(history)
            values[f"error.{arm.name}"] = next(iter(history.metrics.values()))["error"]
    standard_arm, normalised_arm = f"{EQUAL}_sgd_standard", f"{EQUAL}_sgd_normalised"

    def saved(arm: str, against: str) -> float:
        return 1 - loss[arm] / loss[against]

    values["saved.adam_standard"] = saved(f"{EQUAL}_adam_standard", standard_arm)
    values["saved.adam_normalised"] = saved(f"{EQUAL}_adam_normalised", normalised_arm)
    values["saved.normalised_without_adam"] = saved(normalised_arm, f"{EQUAL}_adam_standard")
    compared_shapes = [name for name, shape in config.shapes.items() if is_compared(name, shape)]
    for shape in compared_shapes:
        values[f"saved.{shape}"] = saved(f"{shape}_sgd_normalised", f"{shape}_sgd_standard")
    savings = [values[f"saved.{shape}"] for shape in compared_shapes if shape != EQUAL]
    distances = [abs(gain - values[f"saved.{EQUAL}"]) for gain in savings]
    values["saved_at_least.other_shapes"] = min(savings) if all(map(isfinite, savings)) else nan
    values["saved_apart.other_shapes"] = max(distances) if all(map(isfinite, distances)) else nan
    return values | in_updates(config, trainings)


def is_compared(name: str, shape: Shape) -> bool:
    """Tell whether plain descent trains a shape with both kinds of weights, until the end."""
    methods, inits = NEEDED["growing"]
    return name != DEEP and {*methods} <= {*shape.methods} and {*inits} <= {*shape.inits}


def in_updates(config: Config, trainings: Trainings) -> dict[str, float]:
    """Return the fewest updates of the deep shape, by its weights, and their ratios."""
    fewest = {
        arm.init: updates_of_deep(config, trainings.best(arm))
        for arm in trainings.outcomes
        if arm.shape == DEEP
    }
    return {f"updates.{init}": updates for init, updates in fewest.items()} | {
        f"updates_over_normalised.{init}": updates / fewest["normalised"]
        for init, updates in fewest.items()
        if init != "normalised"
    }


# Tables ------------------------------------------------------------------------------------------


def loss_rows(config: Config, trainings: Trainings) -> list[Row]:
    """List the losses of each arm at its best learning rate, averaged over pieces of updates."""
    return [
        row
        for arm in arms(config)
        if arm.shape != DEEP
        for row in curve(arm, trainings.best(arm).losses, config.window)
    ]


def curve(arm: Arm, losses: Sequence[float], window: int) -> list[Row]:
    """List the means of successive pieces of the losses of one training."""
    window = min(window, len(losses))
    return [
        {
            "shape": arm.shape,
            "arm": f"{arm.method}_{arm.init}",
            "at": end,
            "sample": fmean(losses[end - window : end]),
        }
        for end in range(window, len(losses) + 1, window)
    ]


def rate_rows(trainings: Trainings) -> list[Row]:
    """List the mean loss by arm and learning rate; NaN where a training diverged."""
    return [
        {"arm": arm.name, "learning_rate": rate, "sample": mean_loss(history)}
        for arm, rate, history in trainings
        if arm.shape != DEEP
    ]


def deep_rate_rows(config: Config, trainings: Trainings) -> list[Row]:
    """List the updates of the deep shape by weights and learning rate."""
    return [
        {"init": arm.init, "learning_rate": rate, "sample": updates_of_deep(config, history)}
        for arm, rate, history in trainings
        if arm.shape == DEEP
    ]


def tables(_config: Config, draws: Draws) -> dict[str, Table]:
    """Average all rows over the draws; count the trainings that diverged at each learning rate.

    Args:
        _config: the settings; they are not read.
        draws: the draws.
    """
    return {
        "losses": means(draws, "losses"),
        "rates": finite_means(draws, "rates"),
        "deep": means(draws, "deep"),
    }
