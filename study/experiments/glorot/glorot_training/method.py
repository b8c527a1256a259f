"""How activations and gradients of tanh and softsign networks develop in training.

Five hidden layers, trained by plain descent from the common heuristic and from the normalised
initialisation of Glorot and Bengio; their figures 3, 4, 7, 9 and 10, on MNIST.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import isfinite, nan, sqrt
from statistics import fmean, geometric_mean
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import numpy as np
import torch.nn.functional as F  # noqa: N812 - its usual name
from annotated_types import Ge, Gt, Le, Lt, MinLen
from matplotlib import pyplot as plt
from pydantic.dataclasses import dataclass
from torch import nn

from study.experiments.glorot.hidden_layers import (
    ASYMPTOTE,
    BINS,
    Initialisation,
    bin_middle,
    initialised,
    look_at_layers,
    profiles_apart,
    share_of_sizes,
)
from study.lab.inits import random_generator
from study.lab.mnist import Mnist, Split
from study.lab.parallel import side_by_side
from study.lab.training import Recipe, error_rate, fit, sgd
from study.record.claims import Band, Claim, Fault
from study.record.experiment import STRICT, Experiment
from study.record.results import Result, Run, mean_row
from study.theory.sources import GLOROT_2010, THIS_STUDY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DIGITS = 10

Looks: TypeAlias = Mapping[int, Mapping[str, float]]
Rows: TypeAlias = list[Mapping[str, str | int | float]]


@dataclass(frozen=True, config=STRICT)
class Arm:
    """A network: its activation, the law of its weights by equation 1 or 16, and its step."""

    activation: Literal["tanh", "softsign"]
    initialisation: Initialisation
    learning_rate: Annotated[float, Gt(0), Le(100)]


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: the networks, how they are trained, and when and on what they are looked at."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    images: Annotated[int, Ge(1)]
    validation: Annotated[int, Ge(1)]
    probed: Annotated[int, Ge(2)]
    width: Annotated[int, Ge(2), Le(4096)]
    depth: Annotated[int, Ge(2), Le(100)]
    batch: Annotated[int, Ge(1)]
    updates: Annotated[int, Ge(1)]
    marks: Annotated[tuple[Annotated[int, Ge(0)], ...], MinLen(3)]
    arms: Annotated[dict[str, Arm], MinLen(1)]


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Train every arm and look at it on the way.

    Args:
        config: the settings; the first mark is before training, the second early in it.
        mnist: the data; images are standardised.
        draws: the indices of the draws to make; the arms of one share the order of the images.

    Returns:
        Per draw, what the claims read; over all draws, the looks at each layer and the histograms.
    """
    training, validation = (
        Split(mnist.standardised(part.images), part.labels)
        for part in (mnist.train.first(config.images), mnist.validation.first(config.validation))
    )
    made, seen = {}, []
    for draw in draws:

        def one(arm: str, draw: int = draw) -> Looks:
            return train(config, arm, draw, training, validation)

        seen.append(dict(zip(config.arms, side_by_side(one, config.arms), strict=True)))
        made[draw] = quantities(config, seen[-1])
    return Result.of(
        made,
        tables={
            "layers": layer_rows(config, seen),
            "histograms": histogram_rows(config, seen),
        },
    )


def train(config: Config, arm: str, draw: int, training: Split, validation: Split) -> Looks:
    """Train one network; return what was seen at each mark, the validation error among it."""
    how, probed = config.arms[arm], validation.first(config.probed)
    sizes = [training.images.shape[1], *[config.width] * config.depth, DIGITS]

    def look(network: nn.Module) -> dict[str, float]:
        error = error_rate(network, validation.images, validation.labels)
        return look_at_layers(network, probed) | {"error": 100 * error}

    course = fit(
        lambda: initialised(how.activation, how.initialisation, sizes, seed=config.seed, draw=draw),
        F.cross_entropy,
        training,
        Recipe(config.batch, config.updates, config.marks),
        random_generator(config.seed, draw, 0),
        optimiser=sgd(how.learning_rate),
        look=look,
        name=f"{arm}-{draw}",
    )
    return course.looks


# Quantities --------------------------------------------------------------------------------------


def quantities(config: Config, seen: Mapping[str, Looks]) -> dict[str, float]:
    """Return what the claims read, from what was seen of each arm at each mark in one draw."""
    start, early, *_, end = config.marks
    layers = range(1, config.depth + 1)

    def at(arm: str, mark: int, what: str) -> list[float]:
        return [seen[arm][mark][f"{what}_{layer}"] for layer in layers]

    def bottom_over_top(arm: str, mark: int, what: str) -> float:
        values = at(arm, mark, what)
        return values[0] / values[-1]

    def late(arm: str) -> float:
        ratios = [bottom_over_top(arm, mark, "weight_gradient") for mark in config.marks[2:]]
        return geometric_mean(ratios) if all(map(isfinite, ratios)) else nan

    def apart(one: str, other: str) -> float:
        return profiles_apart(
            *([seen[arm][mark] for mark in config.marks[1:]] for arm in (one, other))
        )

    last = {arm: at(arm, end, "percentile") for arm in seen}
    found = {f"size_98.{arm}_{n}": last[arm][n - 1] for arm in seen for n in layers}
    found |= {f"error.{arm}": seen[arm][end]["error"] for arm in seen}
    found |= {
        f"{key}.{arm}_{when}": bottom_over_top(arm, mark, what)
        for arm in seen
        for when, mark in (("start", start), ("early", early), ("end", end))
        for key, what in (("backward", "gradient"), ("weights", "weight_gradient"))
    }
    found |= {f"weights.{arm}_late": late(arm) for arm in seen}
    return found | {
        **{f"smallest_drop.{arm}": smallest_drop(last[arm]) for arm in seen},
        "lead.tanh": last["tanh"][0] - max(last["tanh"][1:]),
        "spread_over_tanh.softsign": spread(last["softsign"]) / spread(last["tanh"]),
        "spread_over_tanh.tanh_n": spread(last["tanh_n"]) / spread(last["tanh"]),
        "level_over_tanh.softsign": fmean(last["softsign"]) / fmean(last["tanh"]),
        "level_over_tanh.tanh_n": fmean(last["tanh_n"]) / fmean(last["tanh"]),
        **{f"saturated.{arm}_1": seen[arm][end]["saturated_1"] for arm in seen},
        "edge.tanh": seen["tanh"][end]["saturated_1"] / (1 - ASYMPTOTE),
        "shoulder.softsign": share_of_sizes(seen["softsign"][end], layers, 0.6, 0.8)
        / share_of_sizes(seen["softsign"][end], layers, 0.0, 0.2),
        "weights_over_standard.tanh_n": found["weights.tanh_n_late"] / found["weights.tanh_late"],
        "nearer_to_tanh_n.softsign": apart("softsign", "tanh_n") / apart("softsign", "tanh"),
    }


def smallest_drop(values: Sequence[float]) -> float:
    """Return the smallest difference of a number and its successor; negative if one ascends.

    >>> smallest_drop([5.0, 3.0, 2.5])
    0.5
    """
    return min(below - above for below, above in pairwise(values))


def spread(values: Sequence[float]) -> float:
    """Return the distance of the largest and the smallest of some numbers."""
    return max(values) - min(values)


# Tables ------------------------------------------------------------------------------------------

SHOWN = ("percentile", "deviation", "gradient", "weight_gradient")


def layer_rows(config: Config, seen: Sequence[Mapping[str, Looks]]) -> Rows:
    """Average the looks over the draws: a row per arm, quantity, update and layer."""
    return [
        mean_row(
            [looks[arm][mark][f"{what}_{layer}"] for looks in seen],
            arm=arm,
            quantity=what,
            updates=mark,
            layer=layer,
        )
        for arm in config.arms
        for what in SHOWN
        for mark in config.marks
        for layer in range(1, config.depth + 1)
    ]


def histogram_rows(config: Config, seen: Sequence[Mapping[str, Looks]]) -> Rows:
    """Average the last histograms over the draws: a row per arm, layer and bin."""
    return [
        mean_row(
            [looks[arm][config.marks[-1]][f"share_{bin_}_{layer}"] for looks in seen],
            arm=arm,
            layer=layer,
            activation=bin_middle(bin_),
        )
        for arm in config.arms
        for layer in range(1, config.depth + 1)
        for bin_ in range(BINS)
    ]


# Claims ------------------------------------------------------------------------------------------

HERE = "chapter Glorot and Bengio, figure by figure, section "
SETTING = (
    "MNIST with standardised pixels for Shapeset, minibatches of a hundred for ten, three epochs "
    "for hundreds, one learning rate for all arms. At quick size 180 units a layer."
)
NO_DEPARTURE = "None: it is a statement of this study about these networks."
STEPS = Fault(
    "Hardly train the tanh networks, give the normalised one softsign and the common "
    "initialisation instead, and train the softsign network with giant steps.",
    {
        "arms.tanh.learning_rate": 1e-6,
        "arms.tanh_n.learning_rate": 1e-6,
        "arms.tanh_n.activation": "softsign",
        "arms.tanh_n.initialisation": "standard",
        "arms.tanh_fast.learning_rate": 1e-6,
        "arms.softsign.learning_rate": 1.0,
    },
)
SAME = Fault(
    "Give the normalised network the common initialisation.",
    {"arms.tanh_n.initialisation": "standard"},
)
A_QUARTER = "A quarter less: such a difference is seen in a figure without measuring."
EQUAL = 1.5
"""Deviations within this factor of one another count as the same."""
WITHIN = f"A factor of {EQUAL}, which the histograms of a figure would hardly show."

CLAIMS = (
    Claim(
        id="gb-fig3-tanh-sequential",
        statement=(
            "In tanh networks with the common initialisation the first hidden layer saturates "
            "first, then the second, and so on upwards."
        ),
        source=GLOROT_2010.at("section 3.2 and figure 3, top"),
        quantity="smallest_drop.tanh",
        prediction=0.0,
        band=Band(0.0, 1.0),
        reason=(
            "In order means that no layer's percentile is above that of the layer below. Trial "
            "runs with another seed showed the order to depend on the learning rate."
        ),
        departure=SETTING,
        remark=(
            "The smallest difference between the 98th percentile of the sizes of a layer's "
            "activations and that of the next, at the last mark; negative where a layer has "
            "overtaken the one below. The first layer leads in any case."
        ),
        fault=STEPS,
        derivation="gb-figure-3",
    ),
    Claim(
        id="tanh-sequential-at-a-large-rate",
        statement=(
            "With twice the learning rate no layer of a wide tanh network overtakes the one below."
        ),
        source=THIS_STUDY.at(HERE + "“Figure 3”"),
        quantity="smallest_drop.tanh_fast",
        prediction=0.0,
        band=Band(0.0, 1.0),
        reason=(
            "As for the common rate. Before training the percentiles descend too, and alike for "
            "both rates; training may break the order, as it does with the common rate."
        ),
        departure="None at reference size; the narrow networks of the quick size lose the order.",
        remark=(
            "So the order of figure 3 is no law of tanh and its initialisation; the step decides "
            "too. That they saturate as well is tanh-saturates-upwards-at-a-large-rate."
        ),
        fault=STEPS,
        derivation="gb-figure-3",
    ),
    Claim(
        id="tanh-saturates-upwards-at-a-large-rate",
        statement="With twice the learning rate even the last layer of a tanh network saturates.",
        source=THIS_STUDY.at(HERE + "“Figure 3”"),
        quantity="size_98.tanh_fast_5",
        prediction=sqrt(0.5),
        band=Band(sqrt(0.5), 1.0),
        reason=(
            "At a size of √½ tanh has lost half of its slope, 1 − tanh². The run that judges had "
            "been made when this was written; the bound is that of the slope."
        ),
        departure=NO_DEPARTURE,
        remark="Its 98th percentile at the last mark; at the common rate it is size_98.tanh_5.",
        fault=STEPS,
        derivation="gb-figure-3",
    ),
    Claim(
        id="gb-fig3-softsign-together",
        statement="The layers of a softsign network saturate together.",
        source=GLOROT_2010.at("section 3.3 and caption of figure 3, “and do so together”"),
        quantity="spread_over_tanh.softsign",
        prediction=0.0,
        band=Band(0.0, 0.75),
        reason=A_QUARTER,
        departure=SETTING,
        remark=(
            "The largest less the smallest of the layers' 98th percentiles at the last mark, over "
            "the same of the tanh network. “Together” is said of the course in time; layers that "
            "saturate at one time have percentiles near one another then."
        ),
        fault=STEPS,
        derivation="gb-figure-3",
    ),
    Claim(
        id="gb-fig3-softsign-less",
        statement="The layers of a softsign network saturate less than those of a tanh network.",
        source=GLOROT_2010.at("caption of figure 3, “saturate less”"),
        quantity="level_over_tanh.softsign",
        prediction=0.5,
        band=Band(0.0, 0.9),
        reason="A tenth less on average over the layers; before training it is about a half.",
        departure=SETTING,
        remark="The mean over the layers of the 98th percentiles, over that of the tanh network.",
        fault=STEPS,
        derivation="gb-figure-3",
    ),
    Claim(
        id="gb-fig4-end-histograms",
        statement=(
            "At the end of learning the lower layers of a tanh network are saturated: their "
            "activations gather at the asymptotes."
        ),
        source=GLOROT_2010.at("caption of figure 4, “important saturation of the lower layers”"),
        quantity="edge.tanh",
        prediction=1.0,
        band=Band(1.0, 20.0),
        reason="More sizes above 0.95 than if all were equally frequent; twenty is all of them.",
        departure=SETTING,
        remark=(
            "The share of the first layer's sizes above 0.95, over 0.05; most of them need not lie "
            "there. The prediction is the least that counts; other layers are not judged."
        ),
        fault=STEPS,
        derivation="gb-figure-4",
    ),
    Claim(
        id="gb-fig4-softsign-shoulders",
        statement=(
            "At the end of learning many activations of a softsign network have sizes of 0.6 to "
            "0.8."
        ),
        source=GLOROT_2010.at("section 3.3 and caption of figure 4, “many activation values”"),
        quantity="shoulder.softsign",
        prediction=1.0,
        band=Band(0.5, 100.0),
        reason="The paper has no number: at least half as many as in an equal range about zero.",
        departure=SETTING,
        remark=(
            "All layers together, and sizes of either sign. What the paper shows is the end of a "
            "training some hundred times as long, so the verdict is about these updates."
        ),
        fault=STEPS,
        derivation="gb-figure-4",
    ),
    Claim(
        id="gb-fig7-reverses-in-training",
        statement=(
            "That gradients shrink on their way down, as they do with the common initialisation, "
            "is turned round in training."
        ),
        source=GLOROT_2010.at("section 4.3, on figure 7, “reversed very quickly”"),
        quantity="backward.tanh_end",
        prediction=1.0,
        band=Band(1.0, 100.0),
        reason="Turned round is above 1; before training the linear law has 1/9.",
        departure=SETTING,
        remark=(
            "The deviation of the gradient of the first layer's preactivations over the last "
            "hidden layer's, after the last update. “Very quickly” is not judged: see "
            "backward.tanh_early. The prediction is where it turns round."
        ),
        fault=STEPS,
        derivation="gb-figure-7",
    ),
    Claim(
        id="gb-fig9-divergence-standard",
        statement=(
            "In training the weight gradients of the layers, alike at first, diverge with the "
            "common initialisation: they become larger in the lower layers."
        ),
        source=GLOROT_2010.at("section 4.3, on figure 9, and figure 9, top"),
        quantity="weights.tanh_late",
        prediction=EQUAL,
        band=Band(EQUAL, 100.0),
        reason=f"{WITHIN} The prediction is the least that counts as diverging.",
        departure=SETTING,
        remark=(
            "The deviation of the first layer's weight gradient over the last hidden layer's: the "
            "geometric mean over the marks after the early one."
        ),
        fault=STEPS,
        derivation="gb-figure-9",
    ),
    Claim(
        id="gb-fig9-normalised-keeps-variance",
        statement=(
            "The normalised initialisation keeps the variance of the weight gradients the same "
            "across layers during training."
        ),
        source=GLOROT_2010.at("caption of figure 9"),
        quantity="weights.tanh_n_late",
        prediction=1.0,
        band=Band(1 / EQUAL, EQUAL),
        reason=WITHIN,
        departure=SETTING,
        remark=(
            "As for the common initialisation. The paper's text says less than its caption: they "
            "diverge, “especially with the standard initialization”."
        ),
        fault=STEPS,
        derivation="gb-figure-9",
    ),
    Claim(
        id="normalised-diverges-more-slowly",
        statement=(
            "With the normalised initialisation the weight gradients of the layers diverge too, "
            "but less than with the common one."
        ),
        source=THIS_STUDY.at(HERE + "“Figure 9”"),
        quantity="weights_over_standard.tanh_n",
        prediction=0.7,
        band=Band(0.0, 1.0),
        reason="Below 1 is less. The prediction is what trial runs with another seed had, roughly.",
        departure=NO_DEPARTURE,
        remark="The ratio of first to last layer, over the same ratio with the common one.",
        fault=STEPS,
        derivation="gb-figure-9",
    ),
    Claim(
        id="gb-fig10-normalised-saturation",
        statement=(
            "With the normalised initialisation the layers of a tanh network saturate more evenly "
            "than with the common one."
        ),
        source=GLOROT_2010.at("figure 10 beside figure 3, top"),
        quantity="spread_over_tanh.tanh_n",
        prediction=0.5,
        band=Band(0.0, 0.75),
        reason=f"{A_QUARTER} Trial runs with another seed had about a half.",
        departure=SETTING,
        remark="The spread of the layers' 98th percentiles, over that with the common one.",
        fault=SAME,
        derivation="gb-figure-10",
    ),
    Claim(
        id="normalised-saturates-more",
        statement="They do not saturate less: on average over the layers they do so more.",
        source=THIS_STUDY.at(HERE + "“Figure 10”"),
        quantity="level_over_tanh.tanh_n",
        prediction=1.0,
        band=Band(1.0, 2.0),
        reason="Above 1 is more; the prediction is where it begins.",
        departure=NO_DEPARTURE,
        remark="The weights are larger from the start, and training does not take that back.",
        fault=STEPS,
        derivation="gb-figure-10",
    ),
    Claim(
        id="gb-softsign-like-tanhn",
        statement=(
            "Softsign networks share similarities with tanh networks that have the normalised "
            "initialisation, as the evolution of their activations shows."
        ),
        source=GLOROT_2010.at("section 4.3, end, on figures 3, bottom, and 10"),
        quantity="nearer_to_tanh_n.softsign",
        prediction=0.0,
        band=Band(0.0, 1.0),
        reason="Below 1 it is nearer to that network than to tanh with the common initialisation.",
        departure=SETTING,
        remark=(
            "Which, is not said. Compared is how the percentiles are shared out over the layers: "
            "each less its network's mean, root mean square over layers and marks after the first."
        ),
        fault=STEPS,
        derivation="gb-figure-10",
    ),
)


# Figures -----------------------------------------------------------------------------------------

LABELS = {
    "percentile": "98th percentile of sizes",
    "gradient": "gradient, over layer 5's",
    "weight_gradient": "weight gradient, over layer 5's",
    "tanh": "tanh",
    "tanh_n": "tanh, normalised",
    "softsign": "softsign",
    "tanh_fast": "tanh, twice the rate",
}


def saturation_in_training(run: Run) -> "Figure":
    """Percentiles by update: the first tanh layer leads, softsign lies lower."""
    return panels(run, ("tanh", "tanh_fast", "softsign"), "percentile")


def saturation_normalised(run: Run) -> "Figure":
    """Percentiles by update: with the normalised initialisation they lie closer and higher."""
    return panels(run, ("tanh", "tanh_n"), "percentile")


def backward_gradients_in_training(run: Run) -> "Figure":
    """Gradients of preactivations by update: what shrank downwards soon grows downwards."""
    return panels(run, ("tanh", "tanh_n"), "gradient")


def weight_gradients_in_training(run: Run) -> "Figure":
    """Weight gradients by update, level at the start; those of lower layers become the larger."""
    return panels(run, ("tanh", "tanh_n"), "weight_gradient")


def panels(run: Run, arms: Sequence[str], quantity: str) -> "Figure":
    """Draw a quantity by update, a panel per arm; gradients over the last hidden layer's."""
    figure, subplots = plt.subplots(1, len(arms), sharey=True)
    for axes, arm in zip(subplots, arms, strict=True):
        rows = [
            row for row in run.tables["layers"] if (row["arm"], row["quantity"]) == (arm, quantity)
        ]
        layers = sorted({int(row["layer"]) for row in rows})
        means = {
            layer: np.array([float(row["mean"]) for row in rows if row["layer"] == layer])
            for layer in layers
        }
        updates = sorted({int(row["updates"]) for row in rows})
        top = means[layers[-1]] if "gradient" in quantity else 1.0
        for layer in layers:
            axes.plot(updates, means[layer] / top, "o-", color=f"C{layer - 1}", label=str(layer))
        axes.set(xlabel="updates", xticks=[0, updates[-1] // 2, updates[-1]])
        axes.set_title(LABELS[arm], fontsize="medium")
        if "gradient" in quantity:
            axes.set_yscale("log")
    subplots[0].set_ylabel(LABELS[quantity])
    subplots[-1].legend(title="layer", fontsize="small")
    return figure


def activations_at_the_end(run: Run) -> "Figure":
    """Histograms at the end: tanh's first layer reaches the asymptotes, softsign's none."""
    figure, subplots = plt.subplots(1, 2, sharey=True)
    for axes, arm in zip(subplots, ("tanh", "softsign"), strict=True):
        rows = [row for row in run.tables["histograms"] if row["arm"] == arm]
        for layer in sorted({int(row["layer"]) for row in rows}):
            own = [row for row in rows if row["layer"] == layer]
            middles, shares = ([float(row[key]) for row in own] for key in ("activation", "mean"))
            axes.plot(middles, shares, color=f"C{layer - 1}", label=str(layer))
        axes.set_title(LABELS[arm], fontsize="medium")
        axes.set(xlabel="activation", yscale="log", ylim=(1e-4, 1))
    subplots[0].set_ylabel("share")
    subplots[-1].legend(title="layer", fontsize="small")
    return figure


EXPERIMENT = Experiment(
    config=Config,
    run=run,
    claims=CLAIMS,
    figures=(
        saturation_in_training,
        activations_at_the_end,
        backward_gradients_in_training,
        weight_gradients_in_training,
        saturation_normalised,
    ),
)
