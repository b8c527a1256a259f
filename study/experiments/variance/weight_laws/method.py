"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from itertools import product
from math import nan
from typing import Annotated, Literal, NamedTuple, TypeAlias, get_args

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from annotated_types import Ge, Gt, Le
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.activations import activation
from study.lab.classification import CHANCE_ERROR, Pixels, Splits, Task, splits_by_pixels
from study.lab.inits import Initialisation, RandomLayers
from study.lab.mnist import Mnist, Split
from study.lab.networks import ACTIVATIONS, classifier
from study.lab.propagation import Scheme, propagate
from study.lab.rate_search import Choice, choose_rates, chosen_rates, doublings, searched
from study.lab.training import Schedule, adam, error_rate, sgd
from study.record.checks import check_at_most, check_batch, check_names
from study.record.draws import Draw, Draws
from study.record.results import Table, finite_row
from study.record.settings import (
    STRICT,
    Count,
    LearningRate,
    Named,
    Seed,
    Settings,
    Several,
    Width,
)
from study.theory.quotients import quotient

OF_WRONG_SIZE = ("shallow", "deep")
"""What the names of the arms begin with that compare sizes of weights."""

COMPARED_ARMS = (
    "relu_gaussian",
    "relu_signs",
    "tanh_gaussian",
    "tanh_uniform",
    "shallow_tenth",
    "shallow_one",
    "shallow_ten",
    "deep_tenth",
    "deep_one",
    "deep_ten",
)
"""The names of the arms that are compared in pairs."""

FIXED = "fixed"
"""The course whose quantities have the names of the arms alone."""
OPTIMISERS = {"descent": sgd, "adam": adam}

Distribution: TypeAlias = Literal["gaussian", "uniform", "signs"]
Inputs: TypeAlias = Mapping[Pixels, Splits]
"""The images by the scale of their pixels."""


@dataclass(frozen=True, config=STRICT)
class Arm:
    """One kind of network: its weights' distribution, ``scale`` times the usual deviation.

    ``rates`` has, by course, the learning rate in the middle of those that it chooses from.
    """

    distribution: Distribution
    activation: Literal["relu", "tanh"]
    hidden_layers: Annotated[int, Ge(1), Le(1000)]
    width: Width
    scale: Annotated[float, Gt(0), Le(1000)]
    rates: dict[str, LearningRate]


@dataclass(frozen=True, config=STRICT)
class Course:
    """A way to train: the optimiser, the scale of the pixels, and one rate for all or own ones."""

    optimiser: Literal["descent", "adam"]
    pixels: Pixels
    rate: Literal["fixed", "own"]


@dataclass(frozen=True, config=STRICT)
class Factor:
    """The ReLU networks that measure the factor per layer, and the variances of their weights."""

    depth: Annotated[int, Ge(2), Le(1000)]
    width: Width
    images: Count
    weight_variances: dict[Distribution, Annotated[float, Ge(1e-12), Le(1e12)]]

    def __post_init__(self) -> None:
        """Refuse a distribution without a variance, since all are compared with one."""
        check_names("weight_variances", self.weight_variances, get_args(Distribution))


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: how the networks are trained, those of the factor per layer, and the arms.

    ``learning_rate`` is that of the courses with one rate for all. Where each arm has a rate of its
    own, it is one of a grid in steps of 2 with ``reach`` rates on either side of its middle.
    """

    images: Several
    validation: Count
    batch: Count
    updates: Annotated[int, Ge(1), Le(100_000)]
    learning_rate: LearningRate
    search_seed: Seed
    reach: Annotated[int, Ge(0), Le(10)]
    courses: Named[Course]
    factor: Factor
    arms: Named[Arm]

    def __post_init__(self) -> None:
        """Refuse more images than those of which they are to be, and arms without their pairs."""
        check_batch(self.batch, self.images)
        check_at_most("factor.images", self.factor.images, "images", self.images)
        check_names("arms", self.arms, COMPARED_ARMS)
        check_names("courses", self.courses, (FIXED,))
        searched_courses = [name for name, course in self.courses.items() if course.rate == "own"]
        for name, arm in self.arms.items():
            check_names(f"arms.{name}.rates", arm.rates, searched_courses)


class Training(NamedTuple):
    """Which training: the names of the arm and of the course."""

    arm: str
    course: str

    @property
    def key(self) -> str:
        """What it is called in the key of a quantity."""
        return keyed(self.arm, self.course)


def keyed(name: str, course: str) -> str:
    """Return the last part of the key of a quantity.

    >>> keyed("deep", "fixed"), keyed("deep", "adam")
    ('deep', 'deep_adam')
    """
    return name if course == FIXED else f"{name}_{course}"


class Trained(NamedTuple):
    """The validation loss and error of a network, NaN and 1 if its training diverged."""

    loss: float
    error: float


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of the training split and of the validation split.

    Args:
        config: the settings.
        mnist: the data.

    Returns:
        The images standardised and with pixels from 0 to 1, in float64.

    Raises:
        StudyError: if there are not so many.
    """
    return splits_by_pixels(mnist, training=config.images, validation=config.validation)


def grids(config: Config) -> dict[Training, tuple[float, ...]]:
    """Return the learning rates that each arm chooses from in each course."""
    return {
        Training(name, course): (config.learning_rate,)
        if config.courses[course].rate == "fixed"
        else doublings(arm.rates[course], config.reach)
        for (name, arm), course in product(config.arms.items(), config.courses)
    }


def choose(config: Config, inputs: Inputs) -> Choice:
    """Choose the learning rates, by one training with weights that no draw has.

    Args:
        config: the settings.
        inputs: the images.

    Returns:
        For each arm and course the rate with the smallest validation loss, or, where weights of the
        wrong size are compared, with the smallest error.
    """

    def trial(training: Training, rate: float, draw: int) -> float:
        trained = train_arm(config, inputs, training, rate, seed=config.search_seed, draw=draw)
        return trained.error if training.arm.startswith(OF_WRONG_SIZE) else trained.loss

    return choose_rates(grids(config), trial, draws=1)


def measure(config: Config, inputs: Inputs, draw: int, choice: Choice) -> Draw:
    """Measure the factor of each distribution and train every arm in every course.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.
        choice: the learning rates.

    Returns:
        What the claims read.
    """
    factor_images = inputs["standardised"].training.images[: config.factor.images].float()
    factors = {
        f"forward_factor.{name}": factor(config, factor_images, draw, name)
        for name in config.factor.weight_variances
    }
    trainings = {
        training: train_arm(
            config,
            inputs,
            training,
            choice["learning_rates"][training.key],
            seed=config.seed,
            draw=draw,
        )
        for training in grids(config)
    }
    return Draw(factors | over_gaussian(factors) | reached(trainings) | compared(config, trainings))


def exact(config: Config, _inputs: Inputs, choice: Choice) -> dict[str, float]:
    """Return the learning rates that were chosen, and which of them lie at an edge of their grid.

    Args:
        config: the settings.
        _inputs: the images.
        choice: what the search found.
    """
    return chosen_rates(grids(config), choice)


def tables(config: Config, _draws: Draws, choice: Choice) -> dict[str, Table]:
    """Write down the search.

    Args:
        config: the settings.
        _draws: the draws.
        choice: what the search found.

    Returns:
        ``rates``, the loss or the error by arm, course and learning rate.
    """
    rows: Table = [
        finite_row(
            choice["scores"][training.key][str(rate)],
            arm=training.arm,
            course=training.course,
            learning_rate=rate,
        )
        for training in searched(grids(config))
        for rate in grids(config)[training]
    ]
    return {"rates": rows} if rows else {}


# Laws --------------------------------------------------------------------------------------------


def factor(config: Config, inputs: Tensor, draw: int, distribution: Distribution) -> float:
    """Return the mean factor per layer of the second moment, in a ReLU network.

    Args:
        config: depth, width and variances.
        inputs: the images, of shape (images, pixels).
        draw: index of the draw.
        distribution: of the weights.
    """
    widths = (inputs.shape[1], *[config.factor.width] * config.factor.depth)
    layers = RandomLayers(widths, config.seed, draw, distribution, device=inputs.device)
    scheme = Scheme(activation("relu"), config.factor.weight_variances[distribution])
    (statistics,) = propagate(inputs, layers, [scheme])
    moments = statistics.preactivation_second_moment
    return float((moments[1:] / moments[:-1]).mean())


def over_gaussian(factors: Mapping[str, float]) -> dict[str, float]:
    """Return the factor of each other distribution over that of Gaussian weights."""
    gaussian = factors["forward_factor.gaussian"]
    return {
        f"factor_over_gaussian.{name}": quotient(factors[f"forward_factor.{name}"], gaussian)
        for name in ("uniform", "signs")
    }


# Training ----------------------------------------------------------------------------------------


def train_arm(  # noqa: PLR0913 - two numbers name the draw
    config: Config, inputs: Inputs, training: Training, rate: float, *, seed: int, draw: int
) -> Trained:
    """Train a network of one arm in one course.

    Args:
        config: the settings.
        inputs: the images.
        training: the arm and the course.
        rate: its learning rate.
        seed: of the draws, or of the search.
        draw: index of the draw.

    Returns:
        The validation loss and error.
    """
    course = config.courses[training.course]
    images, validation, _ = inputs[course.pixels]
    arm = config.arms[training.arm]
    history = Task(images, seed, draw).fit(
        lambda: make_network(arm, images.images, seed=seed, draw=draw),
        Schedule(config.batch, config.updates, evaluate_at=(config.updates,)),
        OPTIMISERS[course.optimiser](rate),
        evaluate=lambda network: evaluated(network, validation)._asdict(),
        name=f"{seed}-{training.key}-{rate}",
    )
    if not history.finite:
        return DIVERGED
    return Trained(**history.metrics[config.updates])


DIVERGED = Trained(loss=nan, error=1.0)


def evaluated(network: nn.Module, validation: Split) -> Trained:
    """Return the loss and the error of a network on the validation images."""
    with torch.no_grad():
        loss = F.cross_entropy(network(validation.images), validation.labels)
    return Trained(float(loss), error_rate(network, validation.images, validation.labels))


def make_network(arm: Arm, images: Tensor, *, seed: int, draw: int) -> nn.Sequential:
    """Make a network with weights of the arm's distribution.

    Args:
        arm: what kind of network.
        images: of shape (images, pixels).
        seed: of the draws, or of the search.
        draw: index of the draw.

    Returns:
        The network, in float64.
    """
    initialisation = (
        Initialisation(arm.distribution, "fan_in", 2.0, bias_variance=0.0)
        if arm.activation == "relu"
        else Initialisation(arm.distribution, "average", 1.0, bias_variance=0.0)
    )
    return classifier(
        images,
        [arm.width] * arm.hidden_layers,
        initialisation.scaled(arm.scale),
        ACTIVATIONS[arm.activation],
        seed=seed,
        draw=draw,
    ).double()


# What is read of it ------------------------------------------------------------------------------


def reached(trainings: Mapping[Training, Trained]) -> dict[str, float]:
    """Return what the trainings of one draw came to, by key.

    Args:
        trainings: their losses and errors.

    Returns:
        The validation error of each, and the loss but where weights of the wrong size may make it
        overflow.
    """
    losses = {
        f"loss.{training.key}": trained.loss
        for training, trained in trainings.items()
        if not training.arm.startswith(OF_WRONG_SIZE)
    }
    return losses | {
        f"error.{training.key}": trained.error for training, trained in trainings.items()
    }


def compared(config: Config, trainings: Mapping[Training, Trained]) -> dict[str, float]:
    """Compare arms of one draw in pairs, course by course.

    Args:
        config: the settings.
        trainings: losses and errors.

    Returns:
        The ratios of losses between distributions; and what share of what weights of the right
        size learn is lost with weights of the wrong size: for the deep networks in the better of
        the two cases, for the shallow ones in the worse.
    """
    values: dict[str, float] = {}
    for course in config.courses:
        by_arm = {name: trainings[Training(name, course)] for name in COMPARED_ARMS}
        for quantity, arm, compared_arm in (
            ("loss_over_gaussian", "relu_signs", "relu_gaussian"),
            ("loss_over_uniform", "tanh_gaussian", "tanh_uniform"),
        ):
            ratio = quotient(by_arm[arm].loss, by_arm[compared_arm].loss)
            values[f"{quantity}.{keyed(arm, course)}"] = ratio
        for kind, choose_case in (("deep", min), ("shallow", max)):
            right, tenth, ten = (
                by_arm[f"{kind}_{scale}"].error for scale in ("one", "tenth", "ten")
            )
            lost_share = quotient(choose_case(tenth, ten) - right, CHANCE_ERROR - right)
            values[f"lost_share.{keyed(kind, course)}"] = lost_share
    return values
