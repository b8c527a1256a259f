"""Training: one loop, with the whole data set in memory.

``train`` is the loop with plain descent. ``fit`` adds what a long training needs: an optimiser,
evaluations on the way, an end where the loss is no number, and checkpoints.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice, pairwise
from math import isfinite, nan
from typing import Literal, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from study.errors import StudyError
from study.lab import checkpoints
from study.lab.mnist import Split

Loss: TypeAlias = Callable[[Tensor, Tensor], Tensor]
Optimiser: TypeAlias = Callable[[nn.Module], torch.optim.Optimizer]

STOP_EVERY = 10
"""After how many updates it is asked whether a training has reached its end."""


def minibatches(
    examples: int, batch_size: int, updates: int, generator: np.random.Generator
) -> Iterator[Tensor]:
    """Go through the examples in a new random order each epoch.

    Args:
        examples: how many there are.
        batch_size: how many make a minibatch; a rest that fills none is left out of its epoch.
        updates: how many minibatches to make.
        generator: where the orders come from.

    Yields:
        The indices of one minibatch, of shape (batch_size,).

    Raises:
        ValueError: if the examples do not fill one minibatch.
    """
    per_epoch = examples // batch_size
    if not per_epoch:
        raise ValueError(f"a minibatch of {batch_size} from {examples} examples")
    for update in range(updates):
        at = update % per_epoch
        if at == 0:
            order = torch.from_numpy(generator.permutation(examples))
        yield order[at * batch_size : (at + 1) * batch_size]


def train(  # noqa: PLR0913 - the parts of a training run
    network: nn.Module,
    loss: Loss,
    inputs: Tensor,
    targets: Tensor,
    batches: Iterable[Tensor],
    *,
    learning_rate: float,
) -> list[float]:
    r"""Change a network's parameters by stochastic gradient descent.

    .. math:: \theta \leftarrow \theta - \eta\, \partial L / \partial \theta

    Args:
        network: what is trained, in place.
        loss: a scalar for the network's outputs and the targets of a minibatch.
        inputs: all examples, first axis.
        targets: what belongs to them, first axis.
        batches: the indices of each minibatch.
        learning_rate: ``η``.

    Returns:
        The loss of each update, before it. A loss that is not a number is recorded like any
        other, and the training goes on.
    """
    parameters = trainable(network)

    def update(gradients: Sequence[Tensor]) -> None:
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.sub_(gradient, alpha=learning_rate)

    return _loop(network, loss, Split(inputs, targets), batches, update)


def _loop(
    network: nn.Module,
    loss: Loss,
    examples: Split,
    batches: Iterable[Tensor],
    update: Callable[[Sequence[Tensor]], None],
) -> list[float]:
    """Make an update for each minibatch; return the losses before the updates."""
    parameters = trainable(network)
    losses = []
    for batch in batches:
        value = loss(network(examples.images[batch]), examples.labels[batch])
        gradients = torch.autograd.grad(value, parameters)
        with torch.no_grad():
            update(gradients)
        losses.append(value.item())
    return losses


def error_rate(network: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    """Return the share of examples whose largest output is not that of their label.

    Args:
        network: gives one output per class.
        inputs: the examples, first axis.
        labels: the index of each example's class, of shape (examples,).

    Returns:
        The share, between 0 and 1; an output that is not a number counts as an error.
    """
    with torch.no_grad():
        outputs = network(inputs)
    right = (outputs.argmax(dim=1) == labels) & outputs.isfinite().all(dim=1)
    return 1 - float(right.double().mean())


# Long trainings ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Schedule:
    """How long a network is trained, and when it is evaluated.

    Attributes:
        batch_size: images of a minibatch.
        updates: how many are made.
        evaluate_at: after how many updates to evaluate the network; 0 is before the first.

    Raises:
        StudyError: if ``evaluate_at`` does not ascend, from 0 or more to ``updates`` or less.
    """

    batch_size: int
    updates: int
    evaluate_at: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Refuse evaluations that are out of order or after the end."""
        ends = [-1, *self.evaluate_at, self.updates + 1]
        if any(low >= high for low, high in pairwise(ends)):
            raise StudyError(
                f"evaluate_at={self.evaluate_at}: must ascend, from 0 or more to "
                f"{self.updates} or less"
            )


@dataclass(frozen=True)
class History:
    """What a training leaves behind.

    Attributes:
        losses: one per update, before it; from the first that is not finite on, NaN, since the
            training is given up there.
        metrics: of each evaluation, by its number of updates and by name; NaN after a loss that
            was not finite. Evaluations after an early stop are missing.
    """

    losses: list[float]
    metrics: dict[int, dict[str, float]]

    @property
    def finite(self) -> bool:
        """Whether every loss was a finite number."""
        return all(map(isfinite, self.losses))


def trainable(network: nn.Module) -> list[nn.Parameter]:
    """Return the parameters that are not frozen, in the network's order."""
    return [parameter for parameter in network.parameters() if parameter.requires_grad]


def no_metrics(_network: nn.Module) -> dict[str, float]:
    """Evaluate nothing."""
    return {}


def fit(  # noqa: PLR0913 - the parts of a training run
    make_network: Callable[[], nn.Module],
    loss: Loss,
    examples: Split,
    schedule: Schedule,
    batch_rng: np.random.Generator,
    *,
    optimiser: Optimiser,
    evaluate: Callable[[nn.Module], dict[str, float]] = no_metrics,
    stop_when: Callable[[Sequence[float]], bool] | None = None,
    name: str,
) -> History:
    """Train a network and evaluate it on the way.

    Whoever runs the experiment may have checkpoints kept, at every evaluation after the first
    update: an interrupted training goes on from the last one, and a finished one is not done again.

    Args:
        make_network: makes the network as it is before training.
        loss: a scalar for the network's outputs and the labels of a minibatch.
        examples: the images and their labels.
        schedule: how long to train, and when to evaluate.
        batch_rng: where the order of the minibatches comes from.
        optimiser: makes, for a network, what makes an update of its gradients.
        evaluate: what is measured of the network at an evaluation, by name.
        stop_when: tells from the losses so far whether to stop; asked every ten updates. See
            :func:`reached`.
        name: of this training, unique within its run.

    Returns:
        The losses and the metrics.
    """
    checkpoint = checkpoints.load(name)
    if checkpoint and checkpoint["ended"]:
        return History(checkpoint["losses"], checkpoint["metrics"])
    network = make_network()
    rule = optimiser(network)
    losses: list[float] = []
    metrics: dict[int, dict[str, float]] = {}
    if checkpoint:
        losses, metrics = checkpoint["losses"], checkpoint["metrics"]
        network.load_state_dict(checkpoint["network"])
        rule.load_state_dict(checkpoint["rule"])
    batches = minibatches(len(examples.labels), schedule.batch_size, schedule.updates, batch_rng)
    batches = islice(batches, len(losses), None)
    update = partial(_update, rule, trainable(network))
    while True:
        updates = len(losses)
        finite = all(map(isfinite, losses[-STOP_EVERY:]))
        if not finite:
            _fill_with_nan(losses, metrics, schedule, names=evaluate(network))
        elif updates in schedule.evaluate_at and updates not in metrics:
            metrics[updates] = evaluate(network)
        is_enough = (
            stop_when is not None
            and updates > 0
            and updates % STOP_EVERY == 0
            and stop_when(losses)
        )
        so_far = {"losses": losses, "metrics": metrics}
        if is_enough or not finite or updates == schedule.updates:
            checkpoints.save(name, so_far | {"ended": True})
            return History(losses, metrics)
        if updates in schedule.evaluate_at and updates > 0:
            state = {"network": network.state_dict(), "rule": rule.state_dict()}
            checkpoints.save(name, so_far | state | {"ended": False})
        piece = islice(batches, _next_stop(updates, schedule) - updates)
        losses += _loop(network, loss, examples, piece, update)


def sgd(learning_rate: float, momentum: float = 0.0, weight_decay: float = 0.0) -> Optimiser:
    r"""Stochastic gradient descent with momentum, as torch has it.

    .. math::
        v \leftarrow \mu v + g + \lambda \theta, \qquad \theta \leftarrow \theta - \eta v

    Args:
        learning_rate: ``η``.
        momentum: ``μ``.
        weight_decay: ``λ``.

    Returns:
        What makes the optimiser of a network.
    """
    return lambda network: torch.optim.SGD(
        trainable(network), lr=learning_rate, momentum=momentum, weight_decay=weight_decay
    )


def adam(learning_rate: float) -> Optimiser:
    """Adam with torch's other settings.

    Args:
        learning_rate: of every parameter, before it is divided by the size of its gradients.

    Returns:
        What makes the optimiser of a network.
    """
    return lambda network: torch.optim.Adam(trainable(network), lr=learning_rate)


OPTIMISERS: Mapping[Literal["descent", "adam"], Callable[[float], Optimiser]] = {
    "descent": sgd,
    "adam": adam,
}
"""What makes an optimiser of a learning rate, by the names that settings have for them."""


def updates_to(losses: Sequence[float], target: float, window: int) -> int | None:
    """Return after how many updates the mean of the last losses is first down at a target.

    Args:
        losses: one per update.
        target: what the mean has to be at or below.
        window: how many losses it is taken over.

    Returns:
        The number of updates up to the end of the first such window; None if there is none.

    >>> updates_to([3.0, 1.0, 1.0, 0.0], target=1.0, window=2)
    3
    """
    if len(losses) < window:
        return None
    sums = np.convolve(np.asarray(losses, dtype=np.float64), np.ones(window), mode="valid")
    down = np.flatnonzero(sums <= target * window)
    return int(down[0]) + window if len(down) else None


def updates_needed(losses: Sequence[float], target: float, window: int, cap: int) -> float:
    """Return after how many updates a target is reached, with a cap where it is not.

    Args:
        losses: one per update.
        target: what the mean of the last losses has to be at or below.
        window: how many losses it is taken over.
        cap: what counts if it never is, be it that the training diverged: all updates allowed.

    Returns:
        The number of updates, as the other numbers of a draw a float.

    >>> updates_needed([3.0, 1.0, 1.0], 1.0, window=2, cap=9)
    3.0
    >>> updates_needed([3.0, 3.0, 1.0], 1.0, window=2, cap=9)
    9.0
    """
    return float(updates_to(losses, target, window) or cap)


def reached(target: float, window: int) -> Callable[[Sequence[float]], bool]:
    """Make what tells :func:`fit` to stop where the mean of the last losses is down at a target.

    Args:
        target: what the mean has to be at or below.
        window: how many losses it is taken over.

    Returns:
        Tells from the losses so far whether it has been since the question was asked last; so it
        looks at a window and at ten losses however long the training is.

    >>> reached(1.0, window=2)([3.0, 1.0, 1.0, 3.0])
    True
    """
    span = window + STOP_EVERY - 1
    return lambda losses: updates_to(losses[-span:], target, window) is not None


def last_evaluations(evaluate_at: Sequence[int], tail: int) -> list[int]:
    """Return the evaluations within the last updates, over which the noise of descent averages.

    Args:
        evaluate_at: after how many updates each is, ascending.
        tail: how many updates, counted back from the last evaluation.

    Returns:
        After how many updates those are; at least the last one.

    >>> last_evaluations([0, 2, 4, 6], tail=3)
    [4, 6]
    """
    return [update for update in evaluate_at if update > evaluate_at[-1] - tail]


def _update(
    rule: torch.optim.Optimizer, parameters: Sequence[Tensor], gradients: Sequence[Tensor]
) -> None:
    """Let an optimiser make its update of the parameters."""
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient
    rule.step()


def _next_stop(updates: int, schedule: Schedule) -> int:
    """Return the next update after which to evaluate or to ask."""
    regular = updates - updates % STOP_EVERY + STOP_EVERY
    return min(
        [
            regular,
            schedule.updates,
            *(update for update in schedule.evaluate_at if update > updates),
        ]
    )


def _fill_with_nan(
    losses: list[float],
    metrics: dict[int, dict[str, float]],
    schedule: Schedule,
    names: Iterable[str],
) -> None:
    """Put NaN in place of all that comes after the first loss that is not finite."""
    first = next(at for at, loss in enumerate(losses) if not isfinite(loss))
    losses[first:] = [nan] * (schedule.updates - first)
    for update in schedule.evaluate_at:
        metrics.setdefault(update, dict.fromkeys(names, nan))
