"""Settings, one draw, and what is read of it."""

from collections.abc import Callable, Mapping
from functools import partial
from itertools import product
from math import nan
from typing import Annotated, Literal, TypeAlias

import torch
from annotated_types import Ge, Gt, Le, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from study.experiments.glorot.initialisations import BY_NAME
from study.experiments.glorot.scales import Scale, splits_by_scale
from study.lab.classification import Splits, Task, error_rates
from study.lab.mnist import Mnist
from study.lab.networks import classifier
from study.lab.rate_search import Search, search
from study.lab.training import History, Schedule, sgd
from study.record.checks import check_batch, check_evaluate_at, check_one_of
from study.record.draws import Draw, Draws, Row, finite_means, means
from study.record.results import Table
from study.record.settings import (
    STRICT,
    Count,
    LearningRate,
    Named,
    NonEmpty,
    Settings,
    Whole,
    Width,
)
from study.theory.quotients import quotient

Cost = Literal["cross_entropy", "squared"]
Job = tuple[str, Cost]
"""Start and cost."""


@dataclass(frozen=True, config=STRICT)
class Start:
    """Where a training starts, and the learning rates of either cost.

    ``output_scale`` multiplies the last weights, ``scale`` is that of the images.
    """

    output_scale: Annotated[float, Gt(0), Le(1000)]
    scale: Scale
    learning_rates: NonEmpty[LearningRate]


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
    first: Cost
    second: Cost
    starts: Named[Start]

    def __post_init__(self) -> None:
        """Refuse evaluations out of order, an early one that is none, and a batch not filled."""
        check_evaluate_at(self.evaluate_at)
        check_one_of("early", self.early, "evaluate_at", self.evaluate_at)
        check_batch(self.batch, self.images)


Inputs: TypeAlias = Mapping[Scale, Splits]


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of each split, at both scales.

    Args:
        config: the settings.
        mnist: the data.

    Raises:
        StudyError: if a split has not so many.
    """
    return splits_by_scale(
        mnist, training=config.images, validation=config.validation, test=config.test
    )


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
    trainings = search(
        dict.fromkeys(product(config.starts, costs(config))),
        lambda job: config.starts[job[0]].learning_rates,
        partial(train_job, config, inputs, draw),
        score=partial(validation_error, config),
    )
    values = quantities(config, trainings) | first_gradients(config, draw, inputs)
    return Draw(
        values, {"errors": error_rows(config, trainings), "rates": rate_rows(config, trainings)}
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


def train_job(config: Config, inputs: Inputs, draw: int, job: Job, rate: float) -> History:
    """Train one network.

    Args:
        config: the settings.
        inputs: images and labels to train, to choose by and to judge by, at both scales.
        draw: index of the draw.
        job: what it starts from, and what it is trained by.
        rate: its learning rate.

    Returns:
        The losses, and the errors on validation and test at the evaluations.
    """
    name, cost = job
    start = config.starts[name]
    images = inputs[start.scale]
    return Task(images.training, config.seed, draw, COSTS[cost]).fit(
        partial(make_network, config, start.output_scale, draw, images.training.images),
        Schedule(config.batch, config.evaluate_at[-1], config.evaluate_at),
        sgd(rate),
        evaluate=error_rates(validation=images.validation, test=images.test),
        name=f"{name}-{cost}-{rate:g}",
    )


def make_network(config: Config, scale: float, draw: int, images: Tensor) -> nn.Sequential:
    """Make a tanh network with the weights of equation 1, its last ones scaled.

    Args:
        config: the settings.
        scale: of the last weights.
        draw: index of the draw.
        images: of shape (images, pixels).

    Returns:
        Linear layers with tanh between them.
    """
    standard = BY_NAME["standard"]
    return classifier(
        images,
        [config.width] * config.hidden,
        standard,
        nn.Tanh,
        last=standard.scaled(scale),
        seed=config.seed,
        draw=draw,
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


def validation_error(config: Config, history: History) -> float:
    """Return the validation error at the end, by which a rate is chosen; NaN if it diverged."""
    return history.metrics[config.evaluate_at[-1]]["validation"] if history.finite else nan


def quantities(config: Config, trainings: Search[Job, History]) -> dict[str, float]:
    """Return what the claims read in one draw.

    Args:
        config: the settings.
        trainings: the trainings.

    Returns:
        The test error of each cost early and at the end, at the rate that is best at the end, and
        the second cost's over the first's, NaN where that is 0; and whether that rate is the least
        or the greatest of those tried, so that a better one may lie beyond.
    """
    values: dict[str, float] = {}
    for start in config.starts:
        jobs: dict[str, Job] = {
            place: (start, cost)
            for place, cost in zip(("first", "second"), costs(config), strict=True)
        }
        for place, job in jobs.items():
            values[f"rate.chosen_at_an_edge.{start}_{place}"] = float(trainings.at_an_edge(job))
        for stage, update in (("early", config.early), ("end", config.evaluate_at[-1])):
            errors = {
                place: trainings.best(job).metrics[update]["test"] for place, job in jobs.items()
            }
            for place, error in errors.items():
                values[f"{stage}_error.{start}_{place}"] = error
            values[f"{stage}_error_ratio.{start}"] = quotient(errors["second"], errors["first"])
    return values


def first_gradients(config: Config, draw: int, inputs: Inputs) -> dict[str, float]:
    """Return how large the second cost's gradient is beside the first's before training.

    Args:
        config: the settings.
        draw: index of the draw.
        inputs: the images; as many of the first to train on as make three minibatches are used.

    Returns:
        The quotient of the root mean squares of the gradients at the logits, by start; NaN where
        the first cost has no gradient.
    """
    ratios = {}
    for name, start in config.starts.items():
        split = inputs[start.scale].training
        subset = split.first(min(3 * config.batch, len(split.labels)))
        network = make_network(config, start.output_scale, draw, subset.images)
        logits = network(subset.images).detach().requires_grad_()
        sizes = [
            float(torch.autograd.grad(COSTS[cost](logits, subset.labels), logits)[0].norm())
            for cost in costs(config)
        ]
        ratios[f"gradient_ratio.{name}"] = quotient(sizes[1], sizes[0])
    return ratios


# Tables ------------------------------------------------------------------------------------------


def error_rows(config: Config, trainings: Search[Job, History]) -> list[Row]:
    """Return the test error at the best learning rate, a row for each start, cost and update.

    Args:
        config: the settings.
        trainings: the trainings.
    """
    return [
        {
            "scale": start,
            "cost": cost,
            "update": update,
            "sample": trainings.best((start, cost)).metrics[update]["test"],
        }
        for start, cost in trainings.outcomes
        for update in config.evaluate_at
    ]


def rate_rows(config: Config, trainings: Search[Job, History]) -> list[Row]:
    """Return the last validation error, a row for each start, cost and learning rate.

    Args:
        config: the settings.
        trainings: the trainings.
    """
    return [
        *trainings.rows(
            lambda job: {"scale": job[0], "cost": job[1]},
            lambda history: history.metrics[config.evaluate_at[-1]]["validation"],
        )
    ]
