"""Settings, one draw, and what is read of it."""

from ast import parse
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Annotated, Literal, NamedTuple, TypeAlias, cast

import torch
from annotated_types import Ge, Gt, Le
from pydantic.dataclasses import dataclass
from torch import Tensor
from torch.nn import functional

from study.experiments.notes.losses import LOSSES, broadcast_gradient, broadcast_law, squared_error
from study.lab.inits import random_generator, standard_normal, weight_std
from study.lab.mnist import Mnist
from study.record.draws import Draw, Draws, Row
from study.record.results import Table
from study.record.settings import STRICT, Count, Settings, Shift, Units

LossName: TypeAlias = Literal["squared_error", "broadcast_error", "column_error"]
Container: TypeAlias = Literal["map", "tuple"]


@dataclass(frozen=True, config=STRICT)
class Rules:
    """The arguments with which the rules of shape and type are tried."""

    last_images: Count
    axis_named: bool
    outputs: Count
    axis_of_the_copy: Annotated[int, Ge(-2), Le(1)]
    example_length: Count
    arithmetic: Literal["promoted", "in_place", "truncated"]
    classes_as: Literal["float", "integer"]
    noted_container: Container
    repaired_container: Container
    note: Literal["copy", "complete"]


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the untrained networks, the losses, and the rules of shape and type."""

    hidden: Units
    networks: Count
    images: Annotated[int, Ge(2), Le(10_000)]  # the loss without squeeze has their square of terms
    parts: Count
    shift: Shift
    output_std: Annotated[float, Gt(0), Le(1000)]
    output_bias: Annotated[float, Ge(-1000), Le(1000)]
    forgotten: LossName
    column: LossName
    rules: Rules


class Inputs(NamedTuple):
    """What all draws share.

    **Shapes**: ``images`` (images, pixels), standardised; ``targets`` (images,), their digits, and
    ``all_targets`` (training images,), all digits of the training split, both in float64;
    ``loss_rows``, rows of :func:`loss_rows`.
    """

    images: Tensor
    targets: Tensor
    all_targets: Tensor
    loss_rows: Sequence[Row]


def prepare(config: Config, mnist: Mnist) -> Inputs:
    """Take the first images of the training split, and both losses of outputs made of their digits.

    Args:
        config: the settings.
        mnist: the data.
    """
    split = mnist.train.first(config.images)
    targets = split.labels.double()
    return Inputs(
        images=mnist.standardised(split.images),
        targets=targets,
        all_targets=mnist.train.labels.double(),
        loss_rows=loss_rows(config, targets),
    )


# Laws of untrained networks ----------------------------------------------------------------------


def measure(config: Config, inputs: Inputs, draw: int) -> Draw:
    """Compare the losses of the untrained networks of one draw with their laws.

    Args:
        config: the settings.
        inputs: the images and their digits.
        draw: index of the draw.

    Returns:
        The quantities by name. Departures are the largest over the parts of the images, of the
        first network.
    """
    targets = inputs.targets
    networks = [outputs.double() for outputs in initial_outputs(config, inputs.images, draw)]
    parts = zip(networks[0].chunk(config.parts), targets.chunk(config.parts), strict=True)
    by_part = [departures(config, *part) for part in parts]
    losses = [squared_error(outputs, targets).item() for outputs in networks]
    output_squares = [outputs.square().mean().item() for outputs in networks]
    law = sum(output_squares) + len(networks) * targets.square().mean().item()
    values = {key: max(numbers[key] for numbers in by_part) for key in by_part[0]} | {
        "initial_loss.note": sum(losses) / len(losses),
        "initial_output_second_moment.note": sum(output_squares) / len(losses),
        "initial_loss_over_law.note": sum(losses) / law,
    }
    return Draw(values, {"following": inputs.loss_rows})


def initial_outputs(config: Config, images: Tensor, draw: int) -> Iterable[Tensor]:
    """Yield the outputs of the from-scratch note's network, untrained, for each of its draws.

    Args:
        config: the settings.
        images: of shape (images, pixels).
        draw: index of the draw, which holds all the networks.

    Yields:
        The outputs of one network, of shape (images, 1).
    """
    first, last = (random_generator(config.seed, draw, layer) for layer in (1, 2))
    pixels, device = images.shape[1], images.device
    for _ in range(config.networks):
        w1 = weight_std(pixels, 2.0) * standard_normal((pixels, config.hidden), first, device)
        w2 = config.output_std * standard_normal((config.hidden, 1), last, device)
        yield ((images @ w1).relu() - config.shift) @ w2 + config.output_bias


def departures(config: Config, outputs: Tensor, targets: Tensor) -> dict[str, float]:
    """Return the relative errors of the laws of the loss without squeeze and of its gradient.

    Args:
        config: the settings, which name the loss.
        outputs: of one network, of shape (images, 1).
        targets: of shape (images,).

    Returns:
        Relative departures by name.
    """
    loss = LOSSES[config.forgotten]
    leaf = outputs.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(leaf, targets), leaf)
    law = broadcast_gradient(outputs, targets)
    wrong = loss(outputs, targets)
    return {
        "loss_departure.from_law": _departure(wrong, broadcast_law(outputs, targets)),
        "loss_departure.from_other_pairing": _departure(wrong, loss(outputs, targets.flip(0))),
        "loss_departure.from_right_loss": _departure(wrong, squared_error(outputs, targets)),
        "gradient_departure.from_law": ((gradient - law).norm() / law.norm()).item(),
    }


def loss_rows(config: Config, targets: Tensor) -> list[Row]:
    r"""Measure both losses of outputs :math:`\bar y + t (y - \bar y)`, on the digits of MNIST.

    Args:
        config: the settings, for the losses.
        targets: the digits, of shape (images,).

    Returns:
        Rows of ``t`` and of both losses over the variance of the digits.
    """
    mean, variance = targets.mean(), targets.var(correction=0)
    losses = {"right": squared_error, "forgotten": LOSSES[config.forgotten]}
    rows: list[Row] = []
    for eighth in range(-4, 13):
        outputs = (mean + eighth / 8 * (targets - mean)).unsqueeze(-1)
        shares = {key: (loss(outputs, targets) / variance).item() for key, loss in losses.items()}
        rows.append({"follows": eighth / 8, **shares})
    return rows


def tables(_config: Config, draws: Draws) -> dict[str, Table]:
    """Return both losses of outputs that follow the targets, which are the same in every draw.

    Args:
        draws: the draws.
    """
    first = next(iter(draws.values()))
    return {"following": list(first.tables["following"])}


# Rules of shape and type -------------------------------------------------------------------------


def exact(config: Config, inputs: Inputs) -> dict[str, float]:
    """Try the rules, and describe the digits.

    Args:
        config: the settings.
        inputs: the digits of the training split.

    Returns:
        The results of the rules, by name; mean and variance of the digits.
    """
    return (
        shape_rules(config)
        | type_rules(config.rules)
        | {
            "share_that_parses.note": parsed_share(config.rules),
            "target.mean": inputs.all_targets.mean().item(),
            "target.variance": inputs.all_targets.var(correction=0).item(),
        }
    )


OUTPUTS = [[1.5], [2.5], [0.25]]
TARGETS = [1, 3, 0]

QUOTED = {
    "complete": (
        "def relu(x): return x.clamp_min(0.) - 0.5",
        "def mse(output, targ): return (output.squeeze(-1) - targ).pow(2).mean()",
    ),
    "copy": (
        "def relu(x): return x.clamp_min(0.)  0.5",
        "def mse(output, targ): return (output.squeeze(1)  targ).pow(2).mean()",
    ),
}
"""The lines of code in which the from-scratch note and its copy differ, verbatim."""


def shape_rules(config: Config) -> dict[str, float]:
    """Apply ``squeeze`` and ``unsqueeze`` and count axes; 1 is true and 0 false."""
    rules = config.rules
    outputs, targets = torch.tensor(OUTPUTS), torch.tensor(TARGETS).float()
    last, last_targets = torch.ones(rules.last_images, 1), torch.zeros(rules.last_images)
    last_outputs = last.squeeze(-1) if rules.axis_named else last.squeeze()
    example = torch.ones(rules.example_length, dtype=torch.int64)
    other_axis = outputs.squeeze(rules.axis_of_the_copy)
    with_column = LOSSES[config.column](outputs, targets)
    return {
        "departure.column_targets": _departure(with_column, squared_error(outputs, targets)),
        "axes_removed.last_minibatch": last.ndim - last_outputs.ndim,
        "axes_removed.outputs": 2 - torch.ones(3, rules.outputs).squeeze(-1).ndim,
        "axes_removed.example": example.ndim - example.squeeze().ndim,
        "axes_of_gradient.vector_target": (last_outputs - last_targets).unsqueeze(-1).ndim,
        "axes_of_gradient.squeezed_target": (
            (last_outputs - last_targets.squeeze()).unsqueeze(-1).ndim
        ),
        "same.example": float(str(example.squeeze()) == "tensor([1, 1])"),
        "same.axis_of_the_copy": float(torch.equal(other_axis, outputs.squeeze(-1))),
    }


def type_rules(rules: Rules) -> dict[str, float]:
    """Apply the losses, and a map, to integers and to floating point."""
    outputs, integers = torch.tensor(OUTPUTS), torch.tensor(TARGETS)
    logits = torch.eye(4)[: len(integers)]
    classes = integers.float() if rules.classes_as == "float" else integers

    def difference() -> Tensor:
        return ARITHMETIC[rules.arithmetic](outputs.squeeze(-1), integers.clone())

    impossible = raises(difference, RuntimeError)
    return {
        "refused.integer_targets": impossible,
        "departure.integer_targets": 1.0
        if impossible
        else _departure(difference().pow(2).mean(), squared_error(outputs, integers.float())),
        "refused.float_classes": raises(
            lambda: functional.cross_entropy(logits, classes), RuntimeError
        ),
        "refused.float_targets_in_the_noted_container": raises(
            lambda: squared_error(outputs, get_data(rules.noted_container, integers.float())[1]),
            TypeError,
        ),
        "refused.integer_targets_in_the_repaired_container": raises(
            lambda: squared_error(outputs, get_data(rules.repaired_container, integers)[1]),
            TypeError,
        ),
    }


ARITHMETIC: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "promoted": lambda outputs, targets: outputs - targets,
    "in_place": lambda outputs, targets: targets.sub_(outputs),
    "truncated": lambda outputs, targets: (outputs.to(targets.dtype) - targets).float(),
}
"""Ways to subtract integers from floating point, or the other way round."""


def get_data(container: Container, targets: Tensor) -> Sequence[Tensor]:
    """Return two copies of the targets, in a map or in a tuple."""
    copies = map(torch.clone, (targets, targets))
    # A map has no indices, but the note's code uses one, which is what is tested.
    return cast("Sequence[Tensor]", copies) if container == "map" else tuple(copies)


def raises(function: Callable[[], object], kind: type[Exception]) -> float:
    """Return 1 if a function raises an error of a kind, else 0."""
    try:
        function()
    except kind:
        return 1.0
    return 0.0


def parsed_share(rules: Rules) -> float:
    """Return the share of the quoted lines that Python can parse."""
    lines = QUOTED[rules.note]
    invalid = [raises(partial(parse, line), SyntaxError) for line in lines]
    return 1 - sum(invalid) / len(lines)


def _departure(number: Tensor, reference: Tensor) -> float:
    return abs(number / reference - 1).item()
