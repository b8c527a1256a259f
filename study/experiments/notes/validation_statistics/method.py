"""Whose statistics validation images need.

Networks trained on standardised images, to which the validation images are brought in several
ways: by the statistics of the training images, of their own set, of each image alone, or raw.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import torch
from annotated_types import Ge, Gt, Le, Lt
from matplotlib import pyplot as plt
from pydantic.dataclasses import dataclass
from torch import nn
from torch.nn.functional import cross_entropy

from study.lab.inits import random_generator, weight_std
from study.lab.mnist import Mnist, Split
from study.lab.networks import dense
from study.experiments.notes.pixels import Affine, histogram, pixel_scale, standardiser, through
from study.lab.training import minibatches, train
from study.record.claims import Claim, Fault, around
from study.record.experiment import STRICT, Experiment
from study.record.results import Result, Run
from study.theory.sources import FROM_SCRATCH_NOTE, SHORT_NOTE, THIS_STUDY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Count: TypeAlias = Annotated[int, Ge(1), Le(1_000_000)]


@dataclass(frozen=True, config=STRICT)
class Way:
    """Whose statistics standardise images, and which share of their set is blank frames."""

    statistics: Literal["training", "set", "digit", "image", "none"]
    blank_share: Annotated[float, Ge(0), Lt(1)]


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: the network and its training, and the ways to bring images to it."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Count
    hidden: Annotated[int, Ge(1), Le(16_384)]
    images: Count
    steps: Count
    batch: Count
    learning_rate: Annotated[float, Gt(0), Le(1000)]
    trained_with: Way
    ways: dict[str, Way]


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Train one network per draw, and bring the validation images to it in each way.

    Args:
        config: the settings; one of the ways is called ``training``.
        mnist: the data.
        draws: the indices of the draws to make.

    Returns:
        Per draw, the error and the loss of each way; exactly, how each way differs from
        standardising by the training images.
    """
    scale = pixel_scale(mnist.train.images)
    by_training = standardiser(*histogram(mnist.train.images, scale).moments(scale))
    ways = {
        name: affine_of(way, mnist.validation, by_training) for name, way in config.ways.items()
    }
    seen = affine_of(config.trained_with, mnist.train.first(config.images), by_training)
    compared = {
        draw: compare(trained(config, mnist, seen, draw), mnist.validation, ways) for draw in draws
    }
    return Result.of(compared, tables={}, exact=stretches(ways, by_training))


def affine_of(way: Way, split: Split, by_training: Affine) -> Affine:
    """Return the layer that brings images to a network in one way.

    Args:
        way: whose statistics are used; blank frames lower the mean and the mean square of a set
            by their share.
        split: the images, which are also the set.
        by_training: the layer that standardises by the training images.

    Returns:
        The layer; its factor and shift are numbers or of shape (images, 1).
    """
    if way.statistics == "none":
        return Affine(1.0, 0.0)
    if way.statistics == "training":
        return by_training
    images = split.images.double().cpu()
    groups = {
        "set": torch.zeros(len(images), dtype=torch.long),
        "digit": split.labels.cpu(),
        "image": torch.arange(len(images)),
    }[way.statistics]
    mean, second_moment = (
        (1 - way.blank_share) * groups.bincount(weights=of_images) / groups.bincount()
        for of_images in (images.mean(dim=1), images.square().mean(dim=1))
    )
    deviation = (second_moment - mean.square()).sqrt()
    factor, shift = (1 / deviation)[groups, None], (-mean / deviation)[groups, None]
    return Affine(factor.to(split.images.device), shift.to(split.images.device))


def stretches(ways: Mapping[str, Affine], by_training: Affine) -> dict[str, float]:
    """Compare each way with standardising by the training images, as ``stretch * x + offset``.

    Returns:
        Mean and deviation of the stretch over the images, and the mean of the offset.
    """
    found: dict[str, float] = {}
    for name, layer in ways.items():
        stretch = torch.as_tensor(layer.factor / by_training.factor, dtype=torch.float64)
        offset = layer.shift - stretch * by_training.shift
        found |= {
            f"stretch.{name}": float(stretch.mean()),
            # Beyond 12 decimals it is the rounding of equal numbers.
            f"stretch_deviation.{name}": round(float(stretch.std(correction=0)), 12),
            f"offset.{name}": float(offset.mean()),
        }
    return found


def trained(config: Config, mnist: Mnist, seen: Affine, draw: int) -> nn.Sequential:
    """Train a network with one hidden layer of ReLUs on the first training images.

    Args:
        config: the settings.
        mnist: the data.
        seen: the layer that brings the training images to the network.
        draw: index of the draw.

    Returns:
        The network behind that layer.
    """
    split = mnist.train.first(config.images)
    sizes = (split.images.shape[1], config.hidden, 10)
    stds = [weight_std(fan_in, 2.0) for fan_in in sizes[:-1]]
    body = dense(
        sizes,
        stds,
        lambda _: nn.ReLU(),
        seed=config.seed,
        draw=draw,
        device=split.images.device,
    ).double()
    order = random_generator(config.seed, draw, 0)
    train(
        nn.Sequential(seen, body),
        cross_entropy,
        split.images,
        split.labels,
        minibatches(config.images, config.batch, config.steps, order),
        learning_rate=config.learning_rate,
    )
    return body


def compare(body: nn.Sequential, split: Split, ways: Mapping[str, Affine]) -> dict[str, float]:
    """Classify images brought to one network in each way.

    Args:
        body: the network, whose first layer is linear.
        split: the images and their labels.
        ways: the layer that brings them to the network, by way.

    Returns:
        Error and loss of each way, and what they are against those of the training statistics.
    """
    first, *rest = body
    weights, bias = (parameter.detach() for parameter in first.parameters())
    products = split.images.double() @ weights.T
    found: dict[str, float] = {}
    for name, layer in ways.items():
        with torch.no_grad():
            outputs = nn.Sequential(*rest)(through(layer, products, weights) + bias)
        wrong = outputs.argmax(dim=1) != split.labels
        found[f"loss.{name}"] = cross_entropy(outputs, split.labels).item()
        found[f"error.{name}"] = wrong.double().mean().item()
    for name in ways:
        loss, error = found[f"loss.{name}"], found[f"error.{name}"]
        found |= {
            f"loss_over_training.{name}": loss / found["loss.training"],
            f"error_above_training.{name}": error - found["error.training"],
            f"rate.loss_above_training.{name}": float(loss > found["loss.training"]),
            f"rate.loss_not_above_training.{name}": float(loss <= found["loss.training"]),
        }
    return found


CHAPTER = "chapter Standardising the input, section “{}”"
TRAINED = "The note trains nothing here; a network with one hidden layer stands for what follows."
IN_MOST_DRAWS = "In more than half of the draws; one half would be no difference."

CLAIMS = (
    Claim(
        id="s000-use-training-stats",
        statement="Validation images must be standardised by the training mean and deviation.",
        source=SHORT_NOTE.at("comment “Use training, not validation mean for validation set”"),
        quantity="rate.loss_above_training.own_mostly_blank",
        prediction=1.0,
        band=around(1.0, 0.5),
        reason=IN_MOST_DRAWS,
        departure=(
            f"{TRAINED} The set is made unlike: of 100 frames 99 are blank, as of a camera that "
            "waits. The note's own set is alike; see own-statistics-harmless-when-alike."
        ),
        remark=(
            "Right as a rule. On MNIST's own validation set it makes no difference "
            "(own-statistics-harmless-when-alike); on a set of another composition it decides."
        ),
        fault=Fault(
            "Standardise by the training images after all.",
            {"ways.own_mostly_blank.statistics": "training"},
        ),
        derivation="derivation-own-statistics",
    ),
    Claim(
        id="own-statistics-harmless-when-alike",
        statement="By its own statistics, MNIST's validation set is classified as well.",
        source=THIS_STUDY.at(CHAPTER.format("What was measured")),
        quantity="error_above_training.own",
        prediction=0.0,
        band=around(0.0, 0.003),
        reason="The standard error of an error rate of a tenth, counted on 10,000 images.",
        departure="None.",
        remark="Own statistics are an affine map of the input, and here nearly the identity.",
        fault=Fault("Let 99 of 100 frames be blank.", {"ways.own.blank_share": 0.99}),
        data="mnist",
        derivation="derivation-own-statistics",
    ),
    Claim(
        id="own-statistics-of-one-image",
        statement="Even each image by its own statistics costs less than a percentage point.",
        source=THIS_STUDY.at(CHAPTER.format("What was measured")),
        quantity="error_above_training.own_image",
        prediction=0.0,
        band=around(0.0, 0.01),
        reason="One percentage point, less than half of what leaving the images raw costs.",
        departure="None.",
        remark="An image loses brightness and contrast; digits are told apart by their shape.",
        fault=Fault("Do not standardise the images.", {"ways.own_image.statistics": "none"}),
        data="mnist",
        derivation="derivation-own-statistics",
    ),
    Claim(
        id="s004-do-not-standardise-validation",
        statement="Validation images should not be standardised.",
        source=FROM_SCRATCH_NOTE.at("section 1.1, “You should not standarlize validation set”"),
        quantity="rate.loss_not_above_training.raw",
        prediction=1.0,
        band=around(1.0, 0.5),
        reason=IN_MOST_DRAWS,
        departure=TRAINED,
        remark=(
            "The rule is: compute no statistics on the validation set, and apply those of the "
            "training set to it. Raw images are kept no further apart; they come in another unit."
        ),
        fault=Fault("Train on raw images, too.", {"trained_with.statistics": "none"}),
        derivation="derivation-own-statistics",
    ),
)


WAY_LABELS = {
    "own": "own set",
    "own_image": "own image",
    "own_digit": "own digit",
    "own_half_blank": "own set,\n1/2 blank",
    "own_mostly_blank": "own set,\n99/100 blank",
    "raw": "none (raw)",
}


def error_by_way(run: Run) -> "Figure":
    """Error added by each way: none by a set that is alike, most by a blank set or raw images."""
    figure, axes = plt.subplots()
    labels = {name: text for name, text in WAY_LABELS.items() if f"error.{name}" in run.values}
    values = [run.values[f"error_above_training.{name}"] for name in labels]
    axes.errorbar(
        [100 * value.mean for value in values],
        range(len(values)),
        xerr=[100 * value.half_width for value in values],
        fmt="o",
        capsize=3,
    )
    axes.axvline(0, color=axes.lines[-1].get_color(), linestyle="--")
    axes.set_yticks(range(len(values)), list(labels.values()))
    axes.invert_yaxis()
    axes.set(
        xlabel="error above that by training statistics, percentage points",
        ylabel="statistics of",
    )
    return figure


EXPERIMENT = Experiment(config=Config, run=run, claims=CLAIMS, figures=(error_by_way,))
