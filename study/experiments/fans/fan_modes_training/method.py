"""How many updates it costs to divide by fan_out where the last layer is narrow.

Short training on MNIST, in float64, each mode at the best of several learning rates; all modes of
one draw share their random numbers and the order of the images.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import isfinite, sqrt
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from annotated_types import Ge, Gt, Le, Lt, MinLen
from matplotlib import pyplot as plt
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.inits import Fan, fan, random_generator
from study.lab.mnist import Mnist, Split
from study.lab.networks import dense
from study.lab.parallel import side_by_side
from study.lab.training import Course, Recipe, error_rate, fit, reached, sgd, updates_needed
from study.record.claims import Band, Claim, Fault, around
from study.record.experiment import STRICT, Experiment
from study.record.results import Result, Run, mean_row
from study.theory.sources import HE_2015, THIS_STUDY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLASSES = 10
CHANCE = 1 - 1 / CLASSES
"""The error of a guess."""
PLAIN = "fan_in"
"""The mode that others are compared with."""

Job: TypeAlias = tuple[str, str, float]
"""Which training: the network, the mode and the learning rate."""


@dataclass(frozen=True, config=STRICT)
class Network:
    """Hidden layers of one width before ten outputs, how it is trained, and in which modes."""

    layers: Annotated[int, Ge(1), Le(1000)]
    width: Annotated[int, Ge(2), Le(4096)]
    activation: Literal["relu", "tanh"]
    steps: Annotated[int, Ge(1), Le(100_000)]
    learning_rates: Annotated[tuple[Annotated[float, Gt(0)], ...], MinLen(1)]
    modes: Annotated[tuple[str, ...], MinLen(1)]


@dataclass(frozen=True, config=STRICT)
class Mode:
    """Which fan the variance of a weight is divided by, in the hidden layers and in the last."""

    hidden: Fan
    last: Fan
    weight_variance: Annotated[float, Gt(0), Le(1000)]


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: the data, when training counts as done, the modes and the networks."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    images: Annotated[int, Ge(2)]
    validation: Annotated[int, Ge(1)]
    batch: Annotated[int, Ge(1)]
    target_loss: Annotated[float, Gt(0)]
    window: Annotated[int, Ge(1)]
    modes: dict[str, Mode]
    networks: dict[str, Network]


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Train every network in its modes at all learning rates, for each draw.

    Args:
        config: the settings.
        mnist: the data; the first images of its training and of its validation split are used.
        draws: the indices of the draws to make.

    Returns:
        Per draw, what the claims read; over all draws, the updates needed at each learning rate.
    """
    training, validation = (
        Split(mnist.standardised(part.images).double(), part.labels)
        for part in (mnist.train.first(config.images), mnist.validation.first(config.validation))
    )
    samples: dict[int, dict[str, float]] = {}
    needed: list[dict[tuple[str, float], float]] = []
    for draw in draws:
        trained = train_all(config, training, validation, draw)
        needed.append(updates_at_rates(config, trained))
        samples[draw] = (
            at_the_start(config, validation, draw)
            | in_updates(config, needed[-1])
            | learnt(config, trained)
        )
    return Result.of(samples, tables={"rates": by_rate(needed)})


# Networks ----------------------------------------------------------------------------------------


def draw_network(config: Config, name: str, mode: str, draw: int, inputs: Tensor) -> nn.Sequential:
    """Draw a network, with weights as large as a mode has them.

    Args:
        config: the settings.
        name: of the network.
        mode: its name.
        draw: index of the draw; its modes share their random numbers.
        inputs: images, of shape (images, pixels).

    Returns:
        The network, in float64.
    """
    network, how = config.networks[name], config.modes[mode]
    sizes = [inputs.shape[1], *[network.width] * network.layers, CLASSES]
    fans = [how.hidden] * network.layers + [how.last]
    stds = [
        sqrt(how.weight_variance / fan(of, fan_in, fan_out))
        for of, (fan_in, fan_out) in zip(fans, pairwise(sizes), strict=True)
    ]
    activation = nn.ReLU if network.activation == "relu" else nn.Tanh
    return dense(
        sizes, stds, lambda _: activation(), seed=config.seed, draw=draw, device=inputs.device
    ).double()


def at_the_start(config: Config, validation: Split, draw: int) -> dict[str, float]:
    r"""Look at the outputs of the wide network before it is trained.

    Args:
        config: the settings.
        validation: the standardised images to look at.
        draw: index of the draw.

    Returns:
        Of each mode, the root of the mean square of the outputs and the loss; and the share of
        the outputs with fan_out that are :math:`\sqrt{m_0/m_L}` times those with fan_in.
    """
    images, labels = validation.images, validation.labels
    found, outputs = {}, {}
    for mode in config.networks["wide"].modes:
        with torch.no_grad():
            outputs[mode] = draw_network(config, "wide", mode, draw, images)(images)
        found[f"output_size.wide_{mode}"] = outputs[mode].square().mean().sqrt().item()
        found[f"first_loss.wide_{mode}"] = F.cross_entropy(outputs[mode], labels).item()
    theirs = outputs["fan_out"]
    ours = sqrt(images.shape[1] / CLASSES) * outputs[PLAIN]
    left = (theirs - ours).square().sum() / theirs.square().sum()
    return found | {"same_outputs.wide": 1 - left.item()}


# Training ----------------------------------------------------------------------------------------


def train_all(config: Config, training: Split, validation: Split, draw: int) -> dict[Job, Course]:
    """Train every network in its modes at its learning rates, the wide one up to the target.

    Args:
        config: the settings.
        training: the standardised images to train on, in float64.
        validation: the standardised images for the error.
        draw: index of the draw.

    Returns:
        What is left of each training run, by network, mode and learning rate.
    """
    jobs = [
        (name, mode, rate)
        for name, network in config.networks.items()
        for mode in network.modes
        for rate in network.learning_rates
    ]

    def look(network: nn.Module) -> dict[str, float]:
        return {"error": error_rate(network, validation.images, validation.labels)}

    def one(job: Job) -> Course:
        name, mode, rate = job
        steps = config.networks[name].steps
        counted = name == "wide"
        return fit(
            lambda: draw_network(config, name, mode, draw, training.images),
            F.cross_entropy,
            training,
            Recipe(config.batch, steps, () if counted else (steps,)),
            random_generator(config.seed, draw, 0),
            optimiser=sgd(rate),
            look=look,
            until=reached(config.target_loss, config.window) if counted else None,
            name=f"{name}-{mode}-{rate}-{draw}",
        )

    return dict(zip(jobs, side_by_side(one, jobs), strict=True))


def updates_at_rates(
    config: Config, trained: Mapping[Job, Course]
) -> dict[tuple[str, float], float]:
    """Count the updates that the wide network needs, all of them where it misses the target."""
    steps = config.networks["wide"].steps
    return {
        (mode, rate): updates_needed(course.losses, config.target_loss, config.window, cap=steps)
        for (name, mode, rate), course in trained.items()
        if name == "wide"
    }


def in_updates(config: Config, needed: Mapping[tuple[str, float], float]) -> dict[str, float]:
    """Compare modes at the best learning rate of each.

    Args:
        config: the settings.
        needed: the updates by mode and learning rate.

    Returns:
        The fewest updates of each mode, and what they are over those with fan_in.
    """
    fewest = {
        mode: min(updates for (of, _), updates in needed.items() if of == mode)
        for mode in config.networks["wide"].modes
    }
    return {f"updates.wide_{mode}": updates for mode, updates in fewest.items()} | {
        f"updates_over_fan_in.wide_{mode}": updates / fewest[PLAIN]
        for mode, updates in fewest.items()
        if mode != PLAIN
    }


def learnt(config: Config, trained: Mapping[Job, Course]) -> dict[str, float]:
    """Measure what the deep network learns, at the best learning rate of each mode.

    Args:
        config: the settings.
        trained: what is left of each training run.

    Returns:
        The validation error of each mode; and for the worse of them the share of what separates a
        guess from no error that is learnt. A mode that diverges at every rate has an error of 1.
    """
    errors = {}
    for mode in config.networks["deep"].modes:
        looks = [
            course.looks[config.networks["deep"].steps]["error"]
            for (name, of, _), course in trained.items()
            if (name, of) == ("deep", mode)
        ]
        errors[mode] = min(filter(isfinite, looks), default=1.0)
    share = 1 - max(errors.values()) / CHANCE
    return {f"error.deep_{mode}": error for mode, error in errors.items()} | {
        "learnt_share.deep": share
    }


def by_rate(
    needed: Sequence[Mapping[tuple[str, float], float]],
) -> list[Mapping[str, str | int | float]]:
    """Average the updates over the draws.

    Args:
        needed: for each draw, the updates by mode and learning rate.

    Returns:
        Rows of mode, learning rate, mean and half width.
    """
    return [
        mean_row([counts[mode, rate] for counts in needed], mode=mode, learning_rate=rate)
        for mode, rate in needed[0]
    ]


# Claims ------------------------------------------------------------------------------------------

SECTION = "chapter fan_in or fan_out, section “What it costs”"
NO_DEPARTURE = "None: it is a statement of this study about these networks."
A_QUARTER = (
    "A quarter more updates: less is hardly worth a choice, and lies within what another learning "
    "rate does."
)
LIKE_FAN_IN = {"modes.fan_out.hidden": "fan_in", "modes.fan_out.last": "fan_in"}

CLAIMS = (
    Claim(
        id="he-both-forms-converge",
        statement="With 2/fan_in and with 2/fan_out alike, deep networks begin to converge.",
        source=HE_2015.at("section 2.2, text after equation 14, “both forms can make them”"),
        quantity="learnt_share.deep",
        prediction=1.0,
        band=Band(0.5, 1.0),
        reason=(
            "More than half of what separates a guess from no error, for the worse of both forms: "
            "in so short a training that is on its way, where a network that stalls has nothing."
        ),
        departure=(
            "A dense network of 22 layers with ten outputs, on MNIST, some hundred updates at the "
            "better of two learning rates: the beginning. The paper trains its networks of "
            "convolutions to the end, and says that both converge."
        ),
        remark=(
            "Both begin to, but not alike: with ten outputs, 2/fan_out needs more updates "
            "(fan-out-costs-updates) and its error is the larger of the two here."
        ),
        fault=Fault(
            "Give one of the forms a twentieth of the variance 1/fan_out.",
            {"modes.fan_out.weight_variance": 0.05},
        ),
        derivation="derivation-telescope",
    ),
    Claim(
        id="modes-are-one-function",
        statement=(
            "Before training, a ReLU network without biases computes the same function with "
            "2/fan_out as with 2/fan_in, times the root of the number of its inputs over that of "
            "its outputs."
        ),
        source=THIS_STUDY.at("chapter fan_in or fan_out, section “One function”"),
        quantity="same_outputs.wide",
        prediction=1.0,
        band=around(1.0, 0.001),
        reason="A thousandth: it is an identity, exact but for rounding.",
        departure=NO_DEPARTURE,
        remark=(
            "One minus the share of the squared outputs that this factor does not explain. So the "
            "mode chooses the size of the outputs, and how fast each layer learns."
        ),
        fault=Fault("Replace the ReLU by tanh.", {"networks.wide.activation": "tanh"}),
        derivation="derivation-one-function",
    ),
    Claim(
        id="fan-out-costs-updates",
        statement="Before ten outputs, 2/fan_out costs at least a quarter more updates.",
        source=THIS_STUDY.at(SECTION),
        quantity="updates_over_fan_in.wide_fan_out",
        prediction=1.25,
        band=Band(1.25, 20.0),
        reason=f"{A_QUARTER} The prediction is the least that counts.",
        departure=NO_DEPARTURE,
        remark=(
            "Updates to the same loss over those with 2/fan_in, each at its best learning rate. A "
            "measured fact about this network, not a law."
        ),
        fault=Fault("Divide by fan_in.", LIKE_FAN_IN),
        derivation="what-it-costs",
    ),
    Claim(
        id="the-last-layer-decides",
        statement=(
            "With 2/fan_in for the last layer alone, 2/fan_out costs less than a quarter more "
            "updates."
        ),
        source=THIS_STUDY.at(SECTION),
        quantity="updates_over_fan_in.wide_fan_out_but_last",
        prediction=1.0,
        band=around(1.0, 0.25),
        reason=A_QUARTER,
        departure=NO_DEPARTURE,
        remark="So what fan_out costs in such a network, it costs at the last layer.",
        fault=Fault(
            "Divide by fan_out in the last layer as well.",
            {"modes.fan_out_but_last.last": "fan_out"},
        ),
        derivation="what-it-costs",
    ),
)


# Figures -----------------------------------------------------------------------------------------

LABELS = {
    "fan_in": "fan_in",
    "average": "average",
    "fan_out": "fan_out",
    "fan_out_but_last": "fan_out, last fan_in",
}


def updates_by_learning_rate(run: Run) -> "Figure":
    """Updates to the same loss by learning rate: fan_out needs more, and fails at large rates."""
    figure, axes = plt.subplots()
    for at, (mode, label) in enumerate(LABELS.items()):
        rows = [row for row in run.tables["rates"] if row["mode"] == mode]
        axes.errorbar(
            [float(row["learning_rate"]) for row in rows],
            [float(row["mean"]) for row in rows],
            [float(row["half_width"]) for row in rows],
            fmt="os^v"[at] + "-",
            color=f"C{(0, 1, 3, 2)[at]}",
            capsize=3,
            label=label,
        )
    wide = run.settings["experiment"]["networks"]["wide"]
    axes.axhline(wide["steps"], linestyle=":", color="C4", label="not reached")
    axes.set_xscale("log")
    axes.set_xticks(wide["learning_rates"], [f"{rate:g}" for rate in wide["learning_rates"]])
    axes.minorticks_off()
    axes.set(xlabel="learning rate", ylabel="updates", ylim=(0, 1.1 * wide["steps"]))
    axes.legend()
    return figure


EXPERIMENT = Experiment(config=Config, run=run, claims=CLAIMS, figures=(updates_by_learning_rate,))
