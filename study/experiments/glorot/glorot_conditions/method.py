"""Glorot and Bengio's laws of variance, in linear networks with the gradient of a true loss.

Both of the paper's initialisations in a classifier with hidden layers of one width, before any
training: the signal, the gradient and the weight gradients of each layer, beside equations 5 to 15.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import log2
from typing import TYPE_CHECKING, Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt
from matplotlib import pyplot as plt
from matplotlib.ticker import MaxNLocator
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.lab.activations import activation
from study.experiments.glorot.layer_by_layer import (
    Pass,
    mean_square,
    there_and_back,
    unit_weights,
    within_bound,
)
from study.lab.mnist import Mnist, Split
from study.record.claims import Claim, Fault, around, within
from study.record.experiment import STRICT, Experiment
from study.record.results import Result, Run, mean_row
from study.theory.glorot import STANDARD, backward_product, forward_product
from study.theory.sources import GLOROT_2010, THIS_STUDY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Count = Annotated[int, Ge(1), Le(1_000_000)]
Width = Annotated[int, Ge(2), Le(4096)]
Positive = Annotated[float, Gt(0), Le(1000)]


@dataclass(frozen=True, config=STRICT)
class Initialisation:
    """Weights within the root of ``squared_bound`` over the fan."""

    squared_bound: Positive
    fan: Literal["fan_in", "fan_out", "average"]


@dataclass(frozen=True, config=STRICT)
class Initialisations:
    """The two of the paper."""

    standard: Initialisation
    normalised: Initialisation


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: how many draws of how large networks, and how their weights are drawn.

    ``hidden`` is the number of hidden layers. ``law`` is that of the weights; ``truncated`` has
    less variance than is asked for. ``contrast`` are the images beside the standardised ones:
    between 0 and 1, the same with the mean of each pixel taken away, or standardised, too.
    """

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    width: Width
    hidden: Annotated[int, Ge(3), Le(50)]
    images: Count
    law: Literal["uniform", "gaussian", "truncated"]
    contrast: Literal["pixels", "centred", "standardised"]
    initialisations: Initialisations


CLASSES = 10
LINEAR = activation("linear")


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Measure every equation for each draw of the weights.

    Args:
        config: the settings.
        mnist: the data; the first images of its training split are used.
        draws: the indices of the draws to make.

    Returns:
        The quantities that claims read; over all draws, the mean squares by layer over their laws.
    """
    batch = mnist.train.first(config.images)
    inputs = mnist.standardised(batch.images)
    per_draw: dict[int, dict[str, float]] = {}
    ratios: list[dict[str, list[float]]] = []
    for draw in draws:
        by_layer, per_draw[draw] = equal_widths(config, batch, inputs, draw)
        ratios.append(by_layer)
    rows = [
        mean_row([one[name][at] for one in ratios], quantity=name, layer=at + 1)
        for name in ratios[0]
        for at in range(config.hidden)
    ]
    return Result.of(per_draw, tables={"layers": rows})


# Equal widths ------------------------------------------------------------------------------------


def equal_widths(
    config: Config, batch: Split, inputs: Tensor, draw: int
) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Send images up and the gradient of their loss down, through hidden layers of one width.

    Args:
        config: the settings.
        batch: images between 0 and 1, and their labels.
        inputs: the same images, standardised.
        draw: index of the draw.

    Returns:
        For the standard initialisation the mean squares of activations, of gradients and of
        weight gradients in each hidden layer, over what equations 5 to 7 say of them; and the
        quantities that claims read.
    """
    units = unit_weights(sizes(config, inputs), config.law, config.seed, draw)
    weights = {
        name: within_bound(units, one.squared_bound, one.fan)
        for name, one in vars(config.initialisations).items()
    }
    passes = {
        name: there_and_back(one, inputs, batch.labels, LINEAR) for name, one in weights.items()
    }
    contrast = {
        "pixels": batch.images,
        "centred": batch.images - batch.images.mean(dim=0),
        "standardised": inputs,
    }[config.contrast]
    other = there_and_back(weights["standard"], contrast, batch.labels, LINEAR)
    by_layer = over_laws(passes["standard"], sizes(config, inputs))
    found = of_standard(passes["standard"], other, by_layer)
    for name, done in passes.items():
        signal = [mean_square(z) for z in done.activations[1:]]
        gradient = [mean_square(ds) for ds in done.gradients[:-1]]
        found[f"forward_factor.{name}"] = mean([b / a for a, b in pairwise(signal)])
        found[f"backward_factor.{name}"] = mean([a / b for a, b in pairwise(gradient)])
    return by_layer, found


def sizes(config: Config, inputs: Tensor) -> list[int]:
    """Return the widths of the input, of the hidden layers and of the outputs."""
    return [inputs.shape[1], *[config.width] * config.hidden, CLASSES]


def over_laws(done: Pass, widths: Sequence[int]) -> dict[str, list[float]]:
    """Divide what was measured in each hidden layer by equations 5, 6 and 7 for 1/(3n).

    Args:
        done: a pass through a linear network with the standard initialisation.
        widths: of the input, of each hidden layer and of the outputs.

    Returns:
        For each of the three its ratios, first hidden layer first. The gradients are followed from
        the last hidden layer, so that their ratio is 1 there.
    """
    hidden = list(widths[1:-1])
    variances = [STANDARD / n for n in widths[:-1]]
    inputs, top = mean_square(done.activations[0]), mean_square(done.gradients[-2])
    found: dict[str, list[float]] = {"signal": [], "gradient": [], "weight_gradient": []}
    for layer in range(1, len(hidden) + 1):
        below = forward_product(widths[:layer], variances[: layer - 1])
        forward = forward_product(widths[: layer + 1], variances[:layer])
        backward = backward_product(hidden[layer - 1 :], variances[layer : len(hidden)])
        found["signal"].append(mean_square(done.activations[layer]) / (forward * inputs))
        found["gradient"].append(mean_square(done.gradients[layer - 1]) / (backward * top))
        found["weight_gradient"].append(
            done.weight_gradient_per_image(layer) / (below * backward * inputs * top)
        )
    return found


def of_standard(done: Pass, other: Pass, ratios: dict[str, list[float]]) -> dict[str, float]:
    """Return what claims read of the standard initialisation.

    Args:
        done: with standardised images.
        other: the same network with the images of the contrast.
        ratios: what was measured with standardised images, over its law.

    Returns:
        The quantities.
    """
    x, y = (one.activations[0].double() for one in (done, other))
    law = mean_square(done.activations[-1]) / ratios["signal"][-1] / mean_square(x)
    top = mean_square(other.activations[-1])
    gradient = mean_square(done.gradients[0]) / mean_square(other.gradients[0])
    return {
        "forward_over_law.standardised": ratios["signal"][-1],
        "forward_over_law.contrast": top / law / mean_square(y),
        "forward_over_variance_law.contrast": top / law / y.var(dim=0).mean().item(),
        "backward_over_law.standard": ratios["gradient"][0],
        "backward_over_printed_law.standard": ratios["gradient"][0] / STANDARD,
        "weight_gradient_over_law.standard": mean(ratios["weight_gradient"]),
        "log2_weight_gradient_ratio.standard": log2(
            done.weight_gradient_per_image(1)
            / done.weight_gradient_per_image(len(done.activations) - 1)
        ),
        "gradient_ratio.two_scales": gradient,
        "gradient_ratio_over_scale.two_scales": gradient / (x.var() / y.var()).item(),
    }


def mean(numbers: Sequence[float]) -> float:
    """Return the mean of some numbers."""
    return sum(numbers) / len(numbers)


# Claims ------------------------------------------------------------------------------------------

HERE = "chapter Glorot's law, section “{}”"
STARTING = (
    "A linear network on MNIST with the gradient of its true cross-entropy, before any training; "
    "the paper states it for a network in its linear regime."
)
HIDDEN = f"{STARTING} Followed between hidden layers of one width."
NONE = "None: it is a statement of this study about these networks."
TENTH = "A tenth: the law is for expectations, and a single network of such widths strays by less."
FACTOR = "Three per cent of a factor; the other initialisation's is three times as large or small."
SWAP = Fault(
    "Swap the two initialisations.",
    {
        "initialisations.standard.squared_bound": 3.0,
        "initialisations.standard.fan": "average",
        "initialisations.normalised.squared_bound": 1.0,
        "initialisations.normalised.fan": "fan_in",
    },
)
TRUNCATE = Fault(
    "Draw truncated Gaussian weights without making up for the variance that is cut off.",
    {"law": "truncated"},
)

CLAIMS = (
    Claim(
        id="gb-eq5-forward",
        statement="The variance of z^i is that of x times the product of n Var W of all layers.",
        source=GLOROT_2010.at("section 4.2.1, equation 5"),
        quantity="forward_over_law.standardised",
        prediction=1.0,
        band=around(1.0, 0.1),
        reason=TENTH,
        departure=f"{STARTING} Var x is read as the mean square of the standardised pixels.",
        remark="The last hidden layer, five factors up. With other images: equation-5-pixels.",
        fault=SWAP,
        derivation="glorot-eq5",
    ),
    Claim(
        id="equation-5-pixels",
        statement="Equation 5 holds with the variance of the features, whatever their mean.",
        source=GLOROT_2010.at("section 4.2.1, “the inputs features variances are the same”"),
        quantity="forward_over_variance_law.contrast",
        prediction=1.0,
        band=around(1.0, 0.1),
        reason=TENTH,
        departure=(
            f"{STARTING} Pixels between 0 and 1; Var x is the variance of a pixel over the images, "
            "averaged over pixels. The paper does not say that features must have mean 0."
        ),
        remark="The mean square of x belongs there (mean-square-of-inputs).",
        fault=Fault("Take from each pixel its mean.", {"contrast": "centred"}),
        derivation="glorot-eq5",
    ),
    Claim(
        id="mean-square-of-inputs",
        statement="With the mean square of x for its variance, equation 5 holds for any inputs.",
        source=THIS_STUDY.at(HERE.format("Equation 5, upwards")),
        quantity="forward_over_law.contrast",
        prediction=1.0,
        band=around(1.0, 0.1),
        reason=TENTH,
        departure="None: pixels between 0 and 1, of which many never vary.",
        remark="Features need neither mean 0 nor one variance; only their mean square counts.",
        fault=SWAP,
        derivation="glorot-eq5",
    ),
    Claim(
        id="gb-eq6-backward",
        statement="From s^d down to s^i the variance of the gradient has d − i + 1 factors.",
        source=GLOROT_2010.at("section 4.2.1, equation 6, the product from i to d"),
        quantity="backward_over_printed_law.standard",
        prediction=1.0,
        band=around(1.0, 0.2),
        reason="A fifth; a factor too many is a factor of three.",
        departure=HIDDEN,
        remark="A misprint: equations 7 and 13 have d − i (as-many-factors-as-matrices).",
        fault=TRUNCATE,
        derivation="glorot-eq6",
    ),
    Claim(
        id="as-many-factors-as-matrices",
        statement="The variance of the gradient has one factor n' Var W per matrix between layers.",
        source=THIS_STUDY.at(HERE.format("Equation 6, downwards")),
        quantity="backward_over_law.standard",
        prediction=1.0,
        band=around(1.0, 0.1),
        reason=TENTH,
        departure=NONE,
        remark="From the last hidden layer to the first, with the gradient of the true loss.",
        fault=TRUNCATE,
        derivation="glorot-eq6",
    ),
    Claim(
        id="gb-eq7-weight-gradient",
        statement="The variance of a weight's gradient is the product of equations 5 and 6.",
        source=GLOROT_2010.at("section 4.2.1, equation 7"),
        quantity="weight_gradient_over_law.standard",
        prediction=1.0,
        band=around(1.0, 0.1),
        reason=TENTH,
        departure=(
            f"{HIDDEN} The gradient of one image, as in equation 3. Its second product is read "
            "from i + 1 to d, and printed from i to d − 1; here the two are equal."
        ),
        remark="Averaged over the hidden layers; it needs z and the gradient to be independent.",
        fault=SWAP,
        derivation="glorot-eq7",
    ),
    Claim(
        id="gb-eq12-compromise",
        statement=(
            "With Var W = 2/(n + n') and equal widths the constraint on the activations is met."
        ),
        source=GLOROT_2010.at("section 4.2.1, equation 12 and the sentence after it"),
        quantity="forward_factor.normalised",
        prediction=1.0,
        band=around(1.0, 0.03),
        reason=FACTOR,
        departure=HIDDEN,
        remark="With unequal widths it is not: compromise-forward.",
        fault=SWAP,
        derivation="glorot-compromise",
    ),
    Claim(
        id="gb-eq12-compromise-gradients",
        statement=(
            "With Var W = 2/(n + n') and equal widths the constraint on the gradients is met."
        ),
        source=GLOROT_2010.at("section 4.2.1, equation 12 and the sentence after it"),
        quantity="backward_factor.normalised",
        prediction=1.0,
        band=around(1.0, 0.03),
        reason=FACTOR,
        departure=HIDDEN,
        remark="With unequal widths it is not: compromise-backward.",
        fault=SWAP,
        derivation="glorot-compromise",
    ),
    Claim(
        id="gb-eq13-equal-widths",
        statement="With equal widths the variance of the gradient is [n Var W]^(d − i) Var x.",
        source=GLOROT_2010.at("section 4.2.1, equation 13"),
        quantity="gradient_ratio_over_scale.two_scales",
        prediction=1.0,
        band=around(1.0, 0.2),
        reason="A fifth; the two scales of the images differ tenfold in variance.",
        departure=(
            f"{STARTING} One network, standardised images and those between 0 and 1: by how much "
            "the gradient of the first layer changes, over by how much Var x changes."
        ),
        remark="A misprint: for Var x read Var ∂C/∂s^d (no-scale-of-inputs).",
        fault=Fault("Let both have the same images.", {"contrast": "standardised"}),
        derivation="glorot-eq13",
    ),
    Claim(
        id="no-scale-of-inputs",
        statement="The gradients of a linear network do not change with the scale of the images.",
        source=THIS_STUDY.at(HERE.format("Equations 13 and 14, equal widths")),
        quantity="gradient_ratio.two_scales",
        prediction=1.0,
        band=around(1.0, 0.05),
        reason="A twentieth, for what the softmax of small outputs still changes.",
        departure="None: the standard initialisation, whose outputs are small with any images.",
        remark="The first layer's gradient with standardised images over that with pixels.",
        fault=SWAP,
        derivation="glorot-eq13",
    ),
    Claim(
        id="gb-eq14-equal-weight-gradients",
        statement="The variance of the weights' gradients is the same for all layers.",
        source=GLOROT_2010.at("section 4.2.1, equation 14 and the sentence after it"),
        quantity="log2_weight_gradient_ratio.standard",
        prediction=0.0,
        band=around(0.0, 0.15),
        reason="A tenth of the variance, in powers of two.",
        departure=f"{HIDDEN} First over last hidden layer, for the gradient of one image.",
        remark=(
            "With 1/(3n) the first layer belongs to it although it has another fan_in; with the "
            "normalised initialisation it stands out by (n + n')/(2n), which is the fault."
        ),
        fault=SWAP,
        derivation="glorot-eq14",
    ),
    Claim(
        id="gb-eq15-third",
        statement="With the standard initialisation each layer leaves a third of the gradient's "
        "variance.",
        source=GLOROT_2010.at("section 4.2.1, equation 15"),
        quantity="backward_factor.standard",
        prediction=STANDARD,
        band=within(STANDARD, 0.03),
        reason=FACTOR,
        departure=HIDDEN,
        remark="The mean factor of a layer: n Var W = 1/3.",
        fault=SWAP,
        derivation="glorot-two-initialisations",
    ),
)


# Figures -----------------------------------------------------------------------------------------

NAMES = {
    "signal": "activations over images",
    "gradient": "gradients over the last layer's",
    "weight_gradient": "weight gradients over both",
}


def mean_squares_by_layer(run: Run) -> "Figure":
    """Mean squares by layer: signal and gradient fall either way, weight gradients are level."""
    figure, axes = plt.subplots()
    depth = run.settings["experiment"]["hidden"]
    for at, (name, marker) in enumerate(zip(NAMES, ("o", "s", "^"), strict=True)):
        rows = [row for row in run.tables["layers"] if row["quantity"] == name]
        layers = [row["layer"] for row in rows]
        powers = {
            "signal": layers,
            "gradient": [depth - layer for layer in layers],
            "weight_gradient": [depth - 1] * depth,
        }[name]
        laws = [STANDARD**power for power in powers]
        axes.plot(layers, laws, "--", color=f"C{at}")
        axes.errorbar(
            layers,
            [row["mean"] * law for row, law in zip(rows, laws, strict=True)],
            [row["half_width"] * law for row, law in zip(rows, laws, strict=True)],
            fmt=marker,
            color=f"C{at}",
            label=NAMES[name],
        )
    axes.set_yscale("log")
    axes.set(xlabel="hidden layer", ylabel="mean square")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend()
    return figure


EXPERIMENT = Experiment(
    config=Config,
    run=run,
    claims=CLAIMS,
    figures=(mean_squares_by_layer,),
)
