"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple, TypeAlias, get_args

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from annotated_types import Ge, Gt, Le
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.activations import activation
from study.lab.classification import CHANCE_ERROR, Task, splits
from study.lab.inits import Initialisation, RandomLayers
from study.lab.mnist import Mnist, Split
from study.lab.networks import ACTIVATIONS, classifier
from study.lab.propagation import Scheme, propagate
from study.lab.training import Schedule, error_rate
from study.record.checks import check_at_most, check_batch, check_names
from study.record.draws import Draw
from study.record.settings import STRICT, Count, LearningRate, Named, Settings, Several, Width
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

Distribution: TypeAlias = Literal["gaussian", "uniform", "signs"]


@dataclass(frozen=True, config=STRICT)
class Arm:
    """One kind of network: its weights' distribution, ``scale`` times the usual deviation."""

    distribution: Distribution
    activation: Literal["relu", "tanh"]
    hidden_layers: Annotated[int, Ge(1), Le(1000)]
    width: Width
    scale: Annotated[float, Gt(0), Le(1000)]


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
    """Settings: how the networks are trained, those of the factor per layer, and the arms."""

    images: Several
    validation: Count
    batch: Count
    updates: Annotated[int, Ge(1), Le(100_000)]
    learning_rate: LearningRate
    factor: Factor
    arms: Named[Arm]

    def __post_init__(self) -> None:
        """Refuse more images than those of which they are to be, and arms without their pairs."""
        check_batch(self.batch, self.images)
        check_at_most("factor.images", self.factor.images, "images", self.images)
        check_names("arms", self.arms, COMPARED_ARMS)


class Inputs(NamedTuple):
    """The images.

    **Shapes**: ``factor_images`` (images of the factor, pixels) in float32; the images of both
    splits (images, pixels) in float64.
    """

    factor_images: Tensor
    training: Split
    validation: Split


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of the training split and of the validation split.

    Args:
        config: the settings.
        mnist: the data.

    Raises:
        StudyError: if there are not so many.
    """
    parts = splits(mnist, training=config.images, validation=config.validation)
    factor_images = parts.training.images[: config.factor.images]
    return Inputs(factor_images, parts.training.double(), parts.validation.double())


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Measure the factor of each distribution and train every arm.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        What the claims read.
    """
    factors = {
        f"forward_factor.{name}": factor(config, inputs.factor_images, draw, name)
        for name in config.factor.weight_variances
    }
    trainings = train_arms(config, inputs, draw)
    return Draw(factors | over_gaussian(factors) | trainings | compared(trainings))


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


def train_arms(config: Config, inputs: Inputs, draw: int) -> dict[str, float]:
    """Train a network of each arm.

    Args:
        config: the settings.
        inputs: the images to train on, and those for loss and error.
        draw: index of the draw.

    Returns:
        The validation loss and error of each arm; no loss where weights of the wrong size may make
        it overflow.
    """
    outcomes = {name: train_arm(config, arm, inputs, draw) for name, arm in config.arms.items()}
    losses = {
        f"loss.{name}": loss
        for name, (loss, _) in outcomes.items()
        if not name.startswith(OF_WRONG_SIZE)
    }
    return losses | {f"error.{name}": error for name, (_, error) in outcomes.items()}


def train_arm(config: Config, arm: Arm, inputs: Inputs, draw: int) -> tuple[float, float]:
    """Train a network of one arm.

    Args:
        config: the settings.
        arm: what kind of network.
        inputs: the images to train on, and those for loss and error.
        draw: index of the draw.

    Returns:
        The validation loss and error.
    """
    task, validation = Task(inputs.training, config.seed, draw), inputs.validation
    network = make_network(config, arm, draw, inputs.training.images)
    task.descend(network, Schedule(config.batch, config.updates), config.learning_rate)
    with torch.no_grad():
        loss = F.cross_entropy(network(validation.images), validation.labels)
    return float(loss), error_rate(network, validation.images, validation.labels)


def make_network(config: Config, arm: Arm, draw: int, images: Tensor) -> nn.Sequential:
    """Make a network with weights of the arm's distribution.

    Args:
        config: the settings.
        arm: what kind of network.
        draw: index of the draw.
        images: of shape (images, pixels).

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
        seed=config.seed,
        draw=draw,
    ).double()


def compared(trainings: Mapping[str, float]) -> dict[str, float]:
    """Compare arms of one draw in pairs.

    Args:
        trainings: losses and errors.

    Returns:
        The ratios of losses between distributions; and what share of what weights of the right
        size learn is lost with weights of the wrong size: for the deep networks in the better of
        the two cases, for the shallow ones in the worse.
    """
    lost_shares = {}
    for kind, choose in (("deep", min), ("shallow", max)):
        right_error = trainings[f"error.{kind}_one"]
        wrong_error = choose(trainings[f"error.{kind}_tenth"], trainings[f"error.{kind}_ten"])
        lost_shares[kind] = quotient(wrong_error - right_error, CHANCE_ERROR - right_error)
    return {
        "loss_over_gaussian.relu_signs": quotient(
            trainings["loss.relu_signs"], trainings["loss.relu_gaussian"]
        ),
        "loss_over_uniform.tanh_gaussian": quotient(
            trainings["loss.tanh_gaussian"], trainings["loss.tanh_uniform"]
        ),
        "lost_share.deep": lost_shares["deep"],
        "lost_share.shallow": lost_shares["shallow"],
    }
