"""Training: one loop, with the whole data set in memory.

``train`` is the loop with plain descent. ``fit`` adds what a long training needs: an optimiser,
looks at the network on the way, an end where the loss is no number, and checkpoints.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice, pairwise
from math import isfinite, nan
from typing import TypeAlias

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
    examples: int, size: int, steps: int, generator: np.random.Generator
) -> Iterator[Tensor]:
    """Go through the examples in a new random order each epoch.

    Args:
        examples: how many there are.
        size: how many make a minibatch; a rest that does not fill one is left out of its epoch.
        steps: how many minibatches to make.
        generator: where the orders come from.

    Yields:
        The indices of one minibatch, of shape (size,).

    Raises:
        ValueError: if the examples do not fill one minibatch.
    """
    per_epoch = examples // size
    if not per_epoch:
        raise ValueError(f"a minibatch of {size} from {examples} examples")
    for step in range(steps):
        at = step % per_epoch
        if at == 0:
            order = torch.from_numpy(generator.permutation(examples))
        yield order[at * size : (at + 1) * size]


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
        The loss of each step, before the step. A loss that is not a number is recorded like any
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
class Recipe:
    """How long a network is trained, and when it is looked at.

    Attributes:
        batch: images of a minibatch.
        updates: how many are made.
        marks: after how many updates to look at the network; 0 is before the first.

    Raises:
        StudyError: if the marks do not ascend, from 0 or more to the number of updates or less.
    """

    batch: int
    updates: int
    marks: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Refuse marks that are out of order or after the end."""
        ends = [-1, *self.marks, self.updates + 1]
        if any(low >= high for low, high in pairwise(ends)):
            raise StudyError(
                f"marks {self.marks}: must ascend, from 0 or more to {self.updates} or less"
            )


@dataclass(frozen=True)
class Course:
    """What a training leaves behind.

    Attributes:
        losses: one per update, before it; from the first that is not finite on, NaN, since the
            training is given up there.
        looks: what was seen at each mark, by name; NaN at the marks after a loss that was not
            finite. Marks after an early stop are missing.
    """

    losses: list[float]
    looks: dict[int, dict[str, float]]

    @property
    def finite(self) -> bool:
        """Whether every loss was a finite number."""
        return all(map(isfinite, self.losses))


def trainable(network: nn.Module) -> list[nn.Parameter]:
    """Return the parameters that are not frozen, in the network's order."""
    return [parameter for parameter in network.parameters() if parameter.requires_grad]


def nothing(_network: nn.Module) -> dict[str, float]:
    """Look at nothing."""
    return {}


def fit(  # noqa: PLR0913 - the parts of a training run
    start: Callable[[], nn.Module],
    loss: Loss,
    examples: Split,
    recipe: Recipe,
    order: np.random.Generator,
    *,
    optimiser: Optimiser,
    look: Callable[[nn.Module], dict[str, float]] = nothing,
    until: Callable[[Sequence[float]], bool] | None = None,
    name: str,
) -> Course:
    """Train a network and look at it on the way.

    Whoever runs the experiment may have checkpoints kept, at every mark after the first update: an
    interrupted training goes on from the last one, and a finished one is not done again.

    Args:
        start: makes the network as it is before training.
        loss: a scalar for the network's outputs and the labels of a minibatch.
        examples: the images and their labels.
        recipe: how long to train, and when to look.
        order: of the minibatches.
        optimiser: makes, for a network, what makes an update of its gradients.
        look: what is seen of the network at a mark.
        until: tells from the losses so far whether to stop; asked every ten updates. See
            :func:`reached`.
        name: of this training, unique within its run.

    Returns:
        The losses and what was seen.
    """
    kept = checkpoints.load(name)
    if kept and kept["ended"]:
        return Course(kept["losses"], kept["looks"])
    network = start()
    rule = optimiser(network)
    losses: list[float] = []
    looks: dict[int, dict[str, float]] = {}
    if kept:
        losses, looks = kept["losses"], kept["looks"]
        network.load_state_dict(kept["network"])
        rule.load_state_dict(kept["rule"])
    batches = minibatches(len(examples.labels), recipe.batch, recipe.updates, order)
    batches = islice(batches, len(losses), None)
    update = partial(_update, rule, trainable(network))
    while True:
        done = len(losses)
        finite = all(map(isfinite, losses[-STOP_EVERY:]))
        if not finite:
            _fill_with_nan(losses, looks, recipe, seen=look(network))
        elif done in recipe.marks and done not in looks:
            looks[done] = look(network)
        enough = until is not None and done > 0 and done % STOP_EVERY == 0 and until(losses)
        so_far = {"losses": losses, "looks": looks}
        if enough or not finite or done == recipe.updates:
            checkpoints.save(name, so_far | {"ended": True})
            return Course(losses, looks)
        if done in recipe.marks and done > 0:
            state = {"network": network.state_dict(), "rule": rule.state_dict()}
            checkpoints.save(name, so_far | state | {"ended": False})
        piece = islice(batches, _next_stop(done, recipe) - done)
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
    seen = window + STOP_EVERY - 1
    return lambda losses: updates_to(losses[-seen:], target, window) is not None


def last_marks(marks: Sequence[int], tail: int) -> list[int]:
    """Return the marks within the last updates, over which the noise of descent averages.

    Args:
        marks: ascending.
        tail: how many updates, counted back from the last mark.

    Returns:
        Those marks; at least the last one.

    >>> last_marks([0, 2, 4, 6], tail=3)
    [4, 6]
    """
    return [mark for mark in marks if mark > marks[-1] - tail]


def best_rate(errors: Mapping[float, float]) -> float:
    """Return the learning rate with the smallest finite error; of equals, or of none, the least.

    >>> best_rate({0.01: 3.0, 0.1: 3.0, 1.0: nan})
    0.01
    """
    finite = [rate for rate, error in errors.items() if isfinite(error)]
    return min(finite, key=lambda rate: (errors[rate], rate), default=min(errors))


def _update(
    rule: torch.optim.Optimizer, parameters: Sequence[Tensor], gradients: Sequence[Tensor]
) -> None:
    """Let an optimiser make its update of the parameters."""
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient
    rule.step()


def _next_stop(done: int, recipe: Recipe) -> int:
    """Return the next update after which something is to be seen or asked."""
    regular = done - done % STOP_EVERY + STOP_EVERY
    return min([regular, recipe.updates, *(mark for mark in recipe.marks if mark > done)])


def _fill_with_nan(
    losses: list[float], looks: dict[int, dict[str, float]], recipe: Recipe, seen: Iterable[str]
) -> None:
    """Put NaN in place of all that comes after the first loss that is not finite."""
    first = next(at for at, loss in enumerate(losses) if not isfinite(loss))
    losses[first:] = [nan] * (recipe.updates - first)
    for mark in recipe.marks:
        looks.setdefault(mark, dict.fromkeys(seen, nan))
