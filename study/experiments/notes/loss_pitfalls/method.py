"""What goes wrong at the loss: a forgotten squeeze, lost axes, types, and a map without an index.

The loss of untrained networks on MNIST digits, with and without the squeeze of the lesson notes;
and the rules of shape and type on which that loss stands, each tried on a few numbers.
"""

from ast import parse
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, cast

import torch
from annotated_types import Ge, Gt, Le, Lt
from matplotlib import pyplot as plt
from pydantic.dataclasses import dataclass
from torch import Tensor
from torch.nn import functional

from study.lab.inits import random_generator, standard_normal, weight_std
from study.experiments.notes.losses import LOSSES, broadcast_gradient, broadcast_law, squared_error
from study.lab.mnist import Mnist
from study.record.claims import Band, Claim, Fault, around
from study.record.experiment import STRICT, Experiment
from study.record.results import Result, Run
from study.theory.sources import FROM_SCRATCH_COPY, FROM_SCRATCH_NOTE, THIS_STUDY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LossName: TypeAlias = Literal["squared_error", "broadcast_error", "column_error"]
Container: TypeAlias = Literal["map", "tuple"]
Count: TypeAlias = Annotated[int, Ge(1), Le(100_000)]


@dataclass(frozen=True, config=STRICT)
class Rules:
    """What the rules of shape and type are tried on."""

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
class Config:
    """Settings: the untrained networks, the losses compared, and what the rules are tried on."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Count
    hidden: Annotated[int, Ge(1), Le(16_384)]
    networks: Count
    images: Annotated[int, Ge(2), Le(100_000)]
    parts: Count
    shift: Annotated[float, Ge(-10), Le(10)]
    output_std: Annotated[float, Gt(0), Le(1000)]
    output_bias: Annotated[float, Ge(-1000), Le(1000)]
    forgotten: LossName
    column: LossName
    rules: Rules


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Compare the losses of untrained networks, for each draw, and try the rules once.

    Args:
        config: the settings.
        mnist: the data; the first images of its training split are used.
        draws: the indices of the draws to make.

    Returns:
        Per draw, what the claims on laws read; what the rules gave; and both losses of outputs
        that follow the targets more or less.
    """
    split = mnist.train.first(config.images)
    images, targets = mnist.standardised(split.images), split.labels.double()
    measured = {draw: laws(config, images, targets, draw) for draw in draws}
    all_targets = mnist.train.labels.double()
    return Result.of(
        measured,
        tables={"following": following(config, all_targets)},
        exact=shape_rules(config)
        | type_rules(config.rules)
        | {
            "share_that_parses.note": parsed_share(config.rules),
            "target.mean": all_targets.mean().item(),
            "target.variance": all_targets.var(correction=0).item(),
        },
    )


# Laws of untrained networks ----------------------------------------------------------------------


def laws(config: Config, images: Tensor, targets: Tensor, draw: int) -> dict[str, float]:
    """Compare the losses of the untrained networks of one draw with their laws.

    Args:
        config: the settings.
        images: of shape (images, pixels).
        targets: the digits, of shape (images,), float64.
        draw: index of the draw.

    Returns:
        The quantities by name. A departure is the largest of the parts into which the images are
        cut, and of the first network.
    """
    networks = [outputs.double() for outputs in initial_outputs(config, images, draw)]
    parts = zip(networks[0].chunk(config.parts), targets.chunk(config.parts), strict=True)
    found = [departures(config, *part) for part in parts]
    losses = [squared_error(outputs, targets).item() for outputs in networks]
    output_squares = [outputs.square().mean().item() for outputs in networks]
    expected = sum(output_squares) + len(networks) * targets.square().mean().item()
    return {key: max(one[key] for one in found) for key in found[0]} | {
        "initial_loss.note": sum(losses) / len(losses),
        "initial_output_second_moment.note": sum(output_squares) / len(losses),
        "initial_loss_over_law.note": sum(losses) / expected,
    }


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
    """Return how far the loss without squeeze and its gradient lie from what they should equal.

    Args:
        config: the settings, for which loss that is.
        outputs: of one network, of shape (images, 1).
        targets: of shape (images,).

    Returns:
        Relative departures by name.
    """
    loss = LOSSES[config.forgotten]
    leaf = outputs.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(leaf, targets), leaf)
    pulled = broadcast_gradient(outputs, targets)
    wrong = loss(outputs, targets)
    return {
        "loss_departure.from_law": _departure(wrong, broadcast_law(outputs, targets)),
        "loss_departure.from_other_pairing": _departure(wrong, loss(outputs, targets.flip(0))),
        "loss_departure.from_right_loss": _departure(wrong, squared_error(outputs, targets)),
        "gradient_departure.from_law": ((gradient - pulled).norm() / pulled.norm()).item(),
    }


def following(config: Config, targets: Tensor) -> list[Mapping[str, str | int | float]]:
    r"""Measure both losses of outputs :math:`\bar y + t (y - \bar y)`, on the digits of MNIST.

    Args:
        config: the settings, for the number of images and the losses.
        targets: the digits, of shape (images,).

    Returns:
        Rows of ``t`` and of both losses over the variance of the digits.
    """
    some = targets[: config.images]
    variance = some.var(correction=0)
    rows: list[Mapping[str, str | int | float]] = []
    for at in range(-4, 13):
        outputs = (some.mean() + at / 8 * (some - some.mean())).unsqueeze(-1)
        losses = {"right": squared_error, "forgotten": LOSSES[config.forgotten]}
        shares = {key: (loss(outputs, some) / variance).item() for key, loss in losses.items()}
        rows.append({"follows": at / 8, **shares})
    return rows


# Rules of shape and type -------------------------------------------------------------------------

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
"""The lines of code in which the from-scratch note and its copy differ, as they stand there."""


def shape_rules(config: Config) -> dict[str, float]:
    """Try what ``squeeze`` and ``unsqueeze`` do to axes; 1 stands for yes and 0 for no."""
    rules = config.rules
    outputs, targets = torch.tensor(OUTPUTS), torch.tensor(TARGETS).float()
    last, last_targets = torch.ones(rules.last_images, 1), torch.zeros(rules.last_images)
    squeezed = last.squeeze(-1) if rules.axis_named else last.squeeze()
    example = torch.ones(rules.example_length, dtype=torch.int64)
    other_axis = outputs.squeeze(rules.axis_of_the_copy)
    with_column = LOSSES[config.column](outputs, targets)
    return {
        "departure.column_targets": _departure(with_column, squared_error(outputs, targets)),
        "axes_removed.last_minibatch": last.ndim - squeezed.ndim,
        "axes_removed.outputs": 2 - torch.ones(3, rules.outputs).squeeze(-1).ndim,
        "axes_removed.example": example.ndim - example.squeeze().ndim,
        "axes_of_gradient.vector_target": (squeezed - last_targets).unsqueeze(-1).ndim,
        "axes_of_gradient.squeezed_target": (
            (squeezed - last_targets.squeeze()).unsqueeze(-1).ndim
        ),
        "same.example": float(str(example.squeeze()) == "tensor([1, 1])"),
        "same.axis_of_the_copy": float(torch.equal(other_axis, outputs.squeeze(-1))),
    }


def type_rules(rules: Rules) -> dict[str, float]:
    """Try what the losses, and a map, do with integers and with floating point."""
    outputs, integers = torch.tensor(OUTPUTS), torch.tensor(TARGETS)
    logits = torch.eye(4)[: len(integers)]
    classes = integers.float() if rules.classes_as == "float" else integers

    def difference() -> Tensor:
        return ARITHMETIC[rules.arithmetic](outputs.squeeze(-1), integers.clone())

    impossible = refused(difference, RuntimeError)
    return {
        "refused.integer_targets": impossible,
        "departure.integer_targets": 1.0
        if impossible
        else _departure(difference().pow(2).mean(), squared_error(outputs, integers.float())),
        "refused.float_classes": refused(
            lambda: functional.cross_entropy(logits, classes), RuntimeError
        ),
        "refused.float_targets_in_the_noted_container": refused(
            lambda: squared_error(outputs, get_data(rules.noted_container, integers.float())[1]),
            TypeError,
        ),
        "refused.integer_targets_in_the_repaired_container": refused(
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
    """Return something, and the targets at index 1, in a map or in a tuple."""
    made = map(torch.clone, (targets, targets))
    # A map has no indices, which is the point: the note's code takes one all the same.
    return cast("Sequence[Tensor]", made) if container == "map" else tuple(made)


def refused(work: Callable[[], object], kind: type[Exception]) -> float:
    """Return 1 if some work raises an error of a kind, else 0."""
    try:
        work()
    except kind:
        return 1.0
    return 0.0


def parsed_share(rules: Rules) -> float:
    """Return the share of the quoted lines that Python can read."""
    lines = QUOTED[rules.note]
    unread = [refused(partial(parse, line), SyntaxError) for line in lines]
    return 1 - sum(unread) / len(lines)


def _departure(number: Tensor, expected: Tensor) -> float:
    return abs(number / expected - 1).item()


# Claims ------------------------------------------------------------------------------------------

FORGOTTEN = "chapter The loss, section “The forgotten squeeze”"
AXES = "chapter The loss, section “Axes that vanish”"
TYPES = "chapter The loss, section “Integers, floating point and a map”"
ROUNDING = Band(-1e-6, 1e-6)
ROUNDING_REASON = (
    "A millionth: the equality is one of algebra, and float64 rounds at a ten-billionth of that."
)
WHOLE = "Half a unit: the quantity is a whole number."
YES_OR_NO = "Half a unit: 1 stands for yes and 0 for no."
NO_DEPARTURE = "None: the note names the case, and any tensor of these shapes and types will do."
OWN_TORCH = "The torch of this run, some years younger than the note's."
PUT_IT_IN = Fault("Put the squeeze in.", {"forgotten": "squared_error"})

CLAIMS = (
    Claim(
        id="broadcast-loss-law",
        statement="Without squeeze, the loss is Var(o) + Var(y) + (mean of o − mean of y)².",
        source=THIS_STUDY.at(FORGOTTEN),
        quantity="loss_departure.from_law",
        prediction=0.0,
        band=ROUNDING,
        reason=ROUNDING_REASON,
        departure="Outputs of untrained networks and digits of MNIST; it holds for any numbers.",
        remark="The variances divide by n. The quantity is the relative departure from the law.",
        fault=PUT_IT_IN,
        derivation="derivation-broadcasting",
    ),
    Claim(
        id="broadcast-loss-ignores-pairing",
        statement="Without squeeze, it does not matter to the loss which target is whose.",
        source=THIS_STUDY.at(FORGOTTEN),
        quantity="loss_departure.from_other_pairing",
        prediction=0.0,
        band=ROUNDING,
        reason=ROUNDING_REASON,
        departure="The other pairing is the targets in reverse order.",
        remark="Within one minibatch. The targets of other minibatches do matter.",
        fault=PUT_IT_IN,
        derivation="derivation-broadcasting",
    ),
    Claim(
        id="broadcast-loss-gradient",
        statement="Without squeeze, the gradient is 2(o − mean of y)/n for every output o.",
        source=THIS_STUDY.at(FORGOTTEN),
        quantity="gradient_departure.from_law",
        prediction=0.0,
        band=ROUNDING,
        reason=ROUNDING_REASON,
        departure="None: torch differentiates the loss as it stands.",
        remark="The norm of the difference over that of the law. All outputs have one aim.",
        fault=PUT_IT_IN,
        derivation="derivation-broadcasting",
    ),
    Claim(
        id="mse-shapes-must-match",
        statement="The squared error needs no vector: outputs and targets need one shape.",
        source=THIS_STUDY.at(FORGOTTEN),
        quantity="departure.column_targets",
        prediction=0.0,
        band=ROUNDING,
        reason="A millionth: the same numbers are added, in float32.",
        departure="None: three outputs and targets, both as columns and both as vectors.",
        remark="The precise form of s004-mse-squeeze: giving the targets the axis does as well.",
        fault=Fault(
            "Keep the outputs a column and the targets a vector.", {"column": "broadcast_error"}
        ),
        derivation="derivation-broadcasting",
    ),
    Claim(
        id="initial-mse-law",
        statement="The first squared error is on average E[o²] + E[y²], as E[o] is 0.",
        source=THIS_STUDY.at("chapter The loss, section “A digit as a number”"),
        quantity="initial_loss_over_law.note",
        prediction=1.0,
        band=around(1.0, 0.1),
        reason=(
            "Ten per cent: outputs and digits of one draw are correlated, and only over draws does "
            "that average to 0; leaving out either term would take a third or more."
        ),
        departure="None: the network of the from-scratch note, with its weights and shifted ReLU.",
        remark="The constant at the mean digit has a loss of Var(y), which is lower.",
        fault=Fault("Give the output a bias.", {"output_bias": 5.0}),
        derivation="derivation-mse-classification",
    ),
    Claim(
        id="s004-squeeze-unsqueeze",
        statement="To remove an axis one uses squeeze, to add one unsqueeze.",
        source=FROM_SCRATCH_NOTE.at("section 2.2, bullet “In python, in case you remove axis”"),
        quantity="axes_removed.outputs",
        prediction=1.0,
        band=around(1.0, 0.5),
        reason=WHOLE,
        departure="Read of the axis of a single output, the only one the note squeezes.",
        remark=(
            "Methods of torch, not of Python; squeeze removes an axis of size 1 only, and leaves "
            "any other as it is without a word, as the planted fault shows."
        ),
        fault=Fault("Squeeze the axis of ten outputs.", {"rules.outputs": 10}),
        derivation="derivation-squeeze",
    ),
    Claim(
        id="s004-squeeze-pitfall",
        statement="A squeeze with no axis named takes away more than was meant.",
        source=FROM_SCRATCH_NOTE.at("section 2.2, bullet “torch.squeeze where code commonly”"),
        quantity="axes_removed.last_minibatch",
        prediction=2.0,
        band=around(2.0, 0.5),
        reason=WHOLE,
        departure="The note gives no case; ours is a minibatch of one image, of shape (1, 1).",
        remark="Of two images, only the unit axis goes; so the code runs until a minibatch of one.",
        fault=Fault("Name the axis.", {"rules.axis_named": True}),
        derivation="derivation-squeeze",
    ),
    Claim(
        id="squeezed-target-loses-an-axis",
        statement="If a target loses its axis too, the gradient of one image has 1 axis, not 2.",
        source=THIS_STUDY.at(AXES),
        quantity="axes_of_gradient.squeezed_target",
        prediction=1.0,
        band=around(1.0, 0.5),
        reason=WHOLE,
        departure="None: (output.squeeze() − target.squeeze()).unsqueeze(-1), as by hand.",
        remark="With a target of shape (1,) broadcasting restores the axis, and hides the slip.",
        fault=Fault("Name the axis.", {"rules.axis_named": True}),
        derivation="derivation-squeeze",
    ),
    Claim(
        id="s004-squeeze-example",
        statement="The squeeze of torch.tensor([1,1]) prints as tensor([1, 1]).",
        source=FROM_SCRATCH_NOTE.at("section 2.2, code “tmp = torch.tensor([1,1])”"),
        quantity="same.example",
        prediction=1.0,
        band=around(1.0, 0.5),
        reason=YES_OR_NO,
        departure="The call itself is lost in the note; its copy has it, tmp.squeeze().",
        remark="It has no axis of size 1, so nothing is removed and the example shows nothing.",
        fault=Fault("Take a tensor of one number.", {"rules.example_length": 1}),
        derivation="derivation-squeeze",
    ),
    Claim(
        id="s001-squeeze-axis-one",
        statement="The loss may squeeze axis 1, where the other copy squeezes axis -1.",
        source=FROM_SCRATCH_COPY.at("section 2.2, code “output.squeeze(1)”"),
        quantity="same.axis_of_the_copy",
        prediction=1.0,
        band=around(1.0, 0.5),
        reason=YES_OR_NO,
        departure="None: outputs of shape (n, 1), whose last axis is axis 1.",
        remark="A lost minus sign that happens to do no harm.",
        fault=Fault("Squeeze axis 0.", {"rules.axis_of_the_copy": 0}),
        derivation="derivation-squeeze",
    ),
    Claim(
        id="s004-float-target",
        statement="The targets must be made floating point, or the loss cannot be computed.",
        source=FROM_SCRATCH_NOTE.at("section 2.2, bullet “make sure to make as float”"),
        quantity="refused.integer_targets",
        prediction=1.0,
        band=around(1.0, 0.5),
        reason=YES_OR_NO,
        departure=OWN_TORCH,
        remark=(
            "Floating point minus integer is promoted to floating point. In torch before version "
            "1.3, of October 2019, the subtraction was refused, so the advice was right when the "
            "course was given. In place, integers cannot hold the result and torch refuses to this "
            "day, as the planted fault shows."
        ),
        fault=Fault("Subtract in place.", {"rules.arithmetic": "in_place"}),
        derivation="derivation-types",
    ),
    Claim(
        id="integer-targets-same-loss",
        statement="With integer targets, the squared error is that with floating point targets.",
        source=THIS_STUDY.at(TYPES),
        quantity="departure.integer_targets",
        prediction=0.0,
        band=ROUNDING,
        reason="A millionth: the same numbers are subtracted, in float32.",
        departure=OWN_TORCH,
        remark="The precise form of s004-float-target. It holds while the outputs are not rounded.",
        fault=Fault("Make the outputs integers instead.", {"rules.arithmetic": "truncated"}),
        derivation="derivation-types",
    ),
    Claim(
        id="cross-entropy-wants-integers",
        statement="The cross-entropy refuses labels that are floating point.",
        source=THIS_STUDY.at(TYPES),
        quantity="refused.float_classes",
        prediction=1.0,
        band=around(1.0, 0.5),
        reason=YES_OR_NO,
        departure=OWN_TORCH,
        remark="A label is an index there. Floating point of the logits' shape is probabilities.",
        fault=Fault("Give it integers.", {"rules.classes_as": "integer"}),
        derivation="derivation-types",
    ),
    Claim(
        id="s004-typeerror-map",
        statement="“'map' object is not subscriptable” comes of data that are not floating point.",
        source=FROM_SCRATCH_NOTE.at("section 2.2, text “Here’s the error when I don’t transform”"),
        quantity="refused.float_targets_in_the_noted_container",
        prediction=0.0,
        band=around(0.0, 0.5),
        reason=YES_OR_NO,
        departure="The note does not show get_data; its error says that it returned a map.",
        remark=(
            "With floating point data in the map the same error is raised. Taking index 1 of a map "
            "fails, before the loss is called and whatever the map holds."
        ),
        fault=Fault("Return a tuple.", {"rules.noted_container": "tuple"}),
        derivation="derivation-types",
    ),
    Claim(
        id="map-not-the-type",
        statement="In a tuple in place of the map, the same integers raise no error.",
        source=THIS_STUDY.at(TYPES),
        quantity="refused.integer_targets_in_the_repaired_container",
        prediction=0.0,
        band=around(0.0, 0.5),
        reason=YES_OR_NO,
        departure=OWN_TORCH,
        remark="The answer to the note's question: the type of the container, not of the numbers.",
        fault=Fault("Return the map again.", {"rules.repaired_container": "map"}),
        derivation="derivation-types",
    ),
    Claim(
        id="s001-lost-minus-signs",
        statement="“x.clamp_min(0.)  0.5” and “output.squeeze(1)  targ” are code.",
        source=FROM_SCRATCH_COPY.at("sections 2.1.4 and 2.2, code of relu and of mse"),
        quantity="share_that_parses.note",
        prediction=1.0,
        band=around(1.0, 0.25),
        reason="A quarter: the share of two lines is 0, a half or 1.",
        departure="None: the lines as they stand in the copy.",
        remark=(
            "The copy has lost its hyphens, also those of printed numbers: its 58.2665 and 0.0516 "
            "are negative in the other copy, and its squeeze(1) is squeeze(-1)."
        ),
        fault=Fault("Take the lines of the other copy.", {"rules.note": "complete"}),
    ),
)


# Figures -----------------------------------------------------------------------------------------


def what_each_loss_asks_for(run: Run) -> "Figure":
    """Two parabolas: right loss lowest at the targets, the one without squeeze at a constant."""
    figure, axes = plt.subplots()
    rows = run.tables["following"]
    follows = [float(row["follows"]) for row in rows]
    for key, label, marker in (("right", "with squeeze", "o"), ("forgotten", "without", "s")):
        axes.plot(follows, [float(row[key]) for row in rows], marker, label=label)
    fine = [at / 100 for at in range(-50, 151)]
    axes.plot(fine, [(1 - t) ** 2 for t in fine], "--", color="C0")
    axes.plot(fine, [1 + t**2 for t in fine], "--", color="C1")
    axes.set(
        xlabel="how far the outputs follow the targets, t",
        ylabel="loss over the variance of the targets",
        ylim=(-0.1, 3.4),
    )
    axes.legend()
    return figure


EXPERIMENT = Experiment(config=Config, run=run, claims=CLAIMS, figures=(what_each_loss_asks_for,))
