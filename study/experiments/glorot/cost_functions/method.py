"""Settings, one draw, and what is read of it."""

from collections.abc import Callable, Mapping
from functools import partial
from itertools import product
from math import nan, sqrt
from typing import Annotated, Literal, NamedTuple

import torch
from annotated_types import Ge, Gt, Le, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from study.lab.inits import random_generator
from study.lab.mnist import Mnist, Split
from study.lab.networks import dense
from study.lab.training import History, Schedule, best_rate, error_rate, fit, sgd
from study.record.checks import check_batch, check_evaluate_at, check_one_of
from study.record.draws import Draw, Draws, Row, finite_means, means
from study.record.results import Table
from study.record.settings import STRICT, Count, LearningRate, NonEmpty, Settings, Whole, Width
from study.theory.quotients import quotient

CLASSES = 10
Cost = Literal["cross_entropy", "squared"]
Job = tuple[str, Cost, float]
"""Output scale, cost and learning rate."""


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the network, the data, the training, and what is compared."""

    width: Width
    hidden: Annotated[int, Ge(1), Le(100)]
    images: Count
    validation: Count
    test: Count
    batch: Count
    evaluate_at: Annotated[tuple[Whole, ...], MinLen(2)]
    early: Count
    learning_rates: NonEmpty[LearningRate]
    first: Cost
    second: Cost
    output_scales: Annotated[dict[str, Annotated[float, Gt(0), Le(1000)]], MinLen(1)]

    def __post_init__(self) -> None:
        """Refuse evaluations out of order, an early one that is none, and a batch not filled."""
        check_evaluate_at(self.evaluate_at)
        check_one_of("early", self.early, "evaluate_at", self.evaluate_at)
        check_batch(self.batch, self.images)


class Inputs(NamedTuple):
    """Standardised images, of shape (images, pixels), and their labels, of each split."""

    train: Split
    validation: Split
    test: Split


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of each split.

    Args:
        config: the settings.
        mnist: the data.

    Raises:
        StudyError: if a split has not so many.
    """
    parts = (
        mnist.train.first(config.images),
        mnist.validation.first(config.validation, "validation"),
        mnist.test.first(config.test, "test"),
    )
    return Inputs(*map(mnist.standardised_split, parts))


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Train with both costs at every learning rate.

    Args:
        config: the settings.
        inputs: the images and their labels.
        draw: index of the draw.

    Returns:
        The errors of each cost at its best learning rate, and the second cost's over the first's;
        the error by update at that rate, and by learning rate.
    """
    jobs = dict.fromkeys(product(config.output_scales, costs(config), config.learning_rates))
    histories = {job: trained(config, job, draw, inputs) for job in jobs}
    values = quantities(config, histories) | first_gradients(config, draw, inputs.train)
    return Draw(
        values, {"errors": error_rows(config, histories), "rates": rate_rows(config, histories)}
    )


def tables(_: Config, draws: Draws) -> dict[str, Table]:
    """Average the rows over the draws; those by learning rate, over the draws that stayed finite.

    Args:
        _: the settings, which nothing here reads.
        draws: all draws.
    """
    return {"errors": means(draws, "errors"), "rates": finite_means(draws, "rates")}


# Training ----------------------------------------------------------------------------------------


def costs(config: Config) -> tuple[Cost, Cost]:
    """Return the two costs that are compared."""
    return config.first, config.second


def trained(config: Config, job: Job, draw: int, data: Inputs) -> History:
    """Train one network.

    Args:
        config: the settings.
        job: what it starts from, what it is trained by, and how fast.
        draw: index of the draw.
        data: images and labels to train, to choose by and to judge by.

    Returns:
        The losses, and the errors on validation and test at the evaluations.
    """
    scale, cost, rate = job

    def evaluate(network: nn.Module) -> dict[str, float]:
        return {
            "validation": error_rate(network, data.validation.images, data.validation.labels),
            "test": error_rate(network, data.test.images, data.test.labels),
        }

    return fit(
        partial(started, config, config.output_scales[scale], draw, data.train),
        COSTS[cost],
        data.train,
        Schedule(config.batch, config.evaluate_at[-1], config.evaluate_at),
        random_generator(config.seed, draw, 0),
        optimiser=sgd(rate),
        evaluate=evaluate,
        name=f"{scale}-{cost}-{rate:g}-{draw}",
    )


def started(config: Config, scale: float, draw: int, split: Split) -> nn.Sequential:
    """Make a tanh network with the weights of equation 1, its last ones scaled.

    Args:
        config: the settings.
        scale: of the last weights.
        draw: index of the draw.
        split: the training images.

    Returns:
        Linear layers with tanh between them.
    """
    sizes = (split.images.shape[1], *[config.width] * config.hidden, CLASSES)
    stds = [1 / sqrt(3 * fan_in) for fan_in in sizes[:-1]]
    stds[-1] *= scale
    return dense(
        sizes,
        stds,
        lambda _: nn.Tanh(),
        seed=config.seed,
        draw=draw,
        device=split.images.device,
        law="uniform",
    )


def squared(logits: Tensor, labels: Tensor) -> Tensor:
    r"""Squared error of the softmax, summed over classes and averaged over images.

    .. math:: \frac1n \sum_a \sum_k (p_{ak} - y_{ak})^2

    Args:
        logits: of shape (images, classes).
        labels: of shape (images,).

    Returns:
        A scalar.

    >>> squared(torch.zeros(1, 2), torch.tensor([0]))
    tensor(0.5000)
    """
    target = functional.one_hot(labels, logits.shape[1]).to(logits)
    return (logits.softmax(dim=1) - target).square().sum(dim=1).mean()


COSTS: Mapping[Cost, Callable[[Tensor, Tensor], Tensor]] = {
    "cross_entropy": functional.cross_entropy,
    "squared": squared,
}


# What is read of it ------------------------------------------------------------------------------


def chosen(config: Config, found: Mapping[Job, History], scale: str, cost: Cost) -> float:
    """Choose the learning rate with the least error on validation at the end.

    Args:
        config: the settings.
        found: the trainings.
        scale: the output scale.
        cost: the cost.

    Returns:
        The rate, one of those whose losses stayed finite; if there is none, the first.
    """
    own = {rate: found[scale, cost, rate] for rate in config.learning_rates}
    return best_rate(
        {
            rate: history.metrics[config.evaluate_at[-1]]["validation"] if history.finite else nan
            for rate, history in own.items()
        }
    )


def best(config: Config, found: Mapping[Job, History], scale: str, cost: Cost) -> History:
    """Return the training at the learning rate that is chosen."""
    return found[scale, cost, chosen(config, found, scale, cost)]


def quantities(config: Config, found: Mapping[Job, History]) -> dict[str, float]:
    """Return what the claims read in one draw.

    Args:
        config: the settings.
        found: the trainings.

    Returns:
        The test error of each cost early and at the end, at the rate that is best at the end, and
        the second cost's over the first's, NaN where that is 0; and whether that rate is the least
        or the greatest of those tried, so that a better one may lie beyond.
    """
    made: dict[str, float] = {}
    edges = {min(config.learning_rates), max(config.learning_rates)}
    for scale in config.output_scales:
        histories = [best(config, found, scale, cost) for cost in costs(config)]
        for place, cost in zip(("first", "second"), costs(config), strict=True):
            at_an_edge = chosen(config, found, scale, cost) in edges
            made[f"rate.chosen_at_an_edge.{scale}_{place}"] = float(at_an_edge)
        for when, update in (("early", config.early), ("end", config.evaluate_at[-1])):
            errors = [history.metrics[update]["test"] for history in histories]
            for place, error in zip(("first", "second"), errors, strict=True):
                made[f"{when}_error.{scale}_{place}"] = error
            made[f"{when}_error_ratio.{scale}"] = quotient(errors[1], errors[0])
    return made


def first_gradients(config: Config, draw: int, split: Split) -> dict[str, float]:
    """Return how large the second cost's gradient is beside the first's before training.

    Args:
        config: the settings.
        draw: index of the draw.
        split: the training images; as many of the first as make three minibatches are used.

    Returns:
        The quotient of the root mean squares of the gradients at the logits, by output scale; NaN
        where the first cost has no gradient.
    """
    some = split.first(min(3 * config.batch, len(split.labels)))
    made = {}
    for name, scale in config.output_scales.items():
        logits = started(config, scale, draw, some)(some.images).detach().requires_grad_()
        sizes = [
            float(torch.autograd.grad(COSTS[cost](logits, some.labels), logits)[0].norm())
            for cost in costs(config)
        ]
        made[f"gradient_ratio.{name}"] = quotient(sizes[1], sizes[0])
    return made


# Tables ------------------------------------------------------------------------------------------


def error_rows(config: Config, histories: Mapping[Job, History]) -> list[Row]:
    """Return the test error at the best learning rate, a row for each scale, cost and update.

    Args:
        config: the settings.
        histories: the trainings.
    """
    return [
        {
            "scale": scale,
            "cost": cost,
            "update": update,
            "sample": best(config, histories, scale, cost).metrics[update]["test"],
        }
        for scale, cost, update in product(
            config.output_scales, dict.fromkeys(costs(config)), config.evaluate_at
        )
    ]


def rate_rows(config: Config, histories: Mapping[Job, History]) -> list[Row]:
    """Return the last validation error, a row for each scale, cost and learning rate.

    Args:
        config: the settings.
        histories: the trainings.
    """
    return [
        {
            "scale": scale,
            "cost": cost,
            "learning_rate": rate,
            "sample": history.metrics[config.evaluate_at[-1]]["validation"],
        }
        for (scale, cost, rate), history in histories.items()
    ]
