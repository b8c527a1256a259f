"""What Glorot and Bengio's figures 6 to 8 show at the start of training, on MNIST.

The activations, the back-propagated gradients and the weight gradients of each layer of a tanh
classifier, with both of the paper's initialisations and two scales of the images; and the sigmoid.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from math import log2, sqrt
from typing import TYPE_CHECKING, Annotated, Literal

import torch
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
from study.lab.mnist import Mnist
from study.record.claims import Band, Claim, Fault, Untested, around
from study.record.experiment import STRICT, Experiment
from study.record.results import Cell, Result, Run, mean_row
from study.theory.activations import activation as in_theory
from study.theory.glorot import STANDARD, Levels, compromise, levels
from study.theory.sources import GLOROT_2010, THIS_STUDY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Count = Annotated[int, Ge(1), Le(1_000_000)]
Positive = Annotated[float, Gt(0), Le(1e6)]


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
    """Settings: how many draws of how large networks, and their activations."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    width: Annotated[int, Ge(2), Le(4096)]
    hidden: Annotated[int, Ge(3), Le(50)]
    images: Count
    symmetric: Literal["tanh", "sigmoid", "linear"]
    unsymmetric: Literal["tanh", "sigmoid", "linear"]
    initialisations: Initialisations
    bins: Annotated[int, Ge(3), Le(1000)]


CLASSES = 10
SCALES = ("pixels", "standardised")
DEVIATIONS = {"activation": 1.0, "gradient": 2.0}
"""How far a histogram reaches; gradients are divided by the last hidden layer's deviation."""


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Send images up and the gradients of their loss down, for each draw of the weights.

    Args:
        config: the settings.
        mnist: the data; the first images of its training split are used.
        draws: the indices of the draws to make.

    Returns:
        The quantities that claims read; over all draws, deviations by layer and histograms.
    """
    batch = mnist.train.first(config.images)
    inputs = {"pixels": batch.images, "standardised": mnist.standardised(batch.images)}
    laws = recursion(config, inputs["standardised"])
    per_draw: dict[int, dict[str, float]] = {}
    curves: list[dict[tuple[str, str], list[float]]] = []
    histograms: list[dict[tuple[str, str, int], list[float]]] = []
    for draw in draws:
        passes = networks(config, inputs, batch.labels, draw)
        curves.append(
            {
                (arm, name): one
                for arm, done in passes.items()
                for name, one in deviations(done).items()
            }
        )
        per_draw[draw] = quantities(passes, curves[-1], laws)
        histograms.append(densities(config, {arm: passes[arm] for arm in FIGURED}))
    tables = {"layers": layer_rows(curves), "densities": density_rows(config, histograms)}
    return Result.of(per_draw, tables=tables)


FIGURED = ("standard_pixels", "normalised_pixels")


def networks(
    config: Config, inputs: Mapping[str, Tensor], labels: Tensor, draw: int
) -> dict[str, Pass]:
    """Draw one network of each kind on the same random numbers.

    Args:
        config: the settings.
        inputs: the images at each scale.
        labels: their classes.
        draw: index of the draw.

    Returns:
        The passes by arm: an initialisation and a scale of the images, or ``unsymmetric``.
    """
    sizes = [inputs["pixels"].shape[1], *[config.width] * config.hidden, CLASSES]
    units = unit_weights(sizes, "uniform", config.seed, draw)
    weights = {
        name: within_bound(units, one.squared_bound, one.fan)
        for name, one in vars(config.initialisations).items()
    }
    symmetric, unsymmetric = activation(config.symmetric), activation(config.unsymmetric)
    passes = {
        f"{name}_{scale}": there_and_back(weights[name], inputs[scale], labels, symmetric)
        for name, scale in product(weights, SCALES)
    }
    passes["unsymmetric"] = there_and_back(
        weights["standard"], inputs["pixels"], labels, unsymmetric
    )
    return passes


def deviations(done: Pass) -> dict[str, list[float]]:
    """Return root mean squares in each hidden layer.

    Args:
        done: a pass through a network.

    Returns:
        Those of the activations; of the gradients with respect to preactivations, and of the
        gradients of weights, both over the last hidden layer's. Weights have the gradient of the
        mean loss, or of the loss of single images.
    """
    hidden = range(1, len(done.activations))
    rows = {
        "activation": [mean_square(z) for z in done.activations[1:]],
        "gradient": [mean_square(ds) for ds in done.gradients[:-1]],
        "weight_gradient": [mean_square(done.weight_gradient(layer)) for layer in hidden],
        "single_weight_gradient": [done.weight_gradient_per_image(layer) for layer in hidden],
    }
    return {
        name: [sqrt(one / (1.0 if name == "activation" else squares[-1])) for one in squares]
        for name, squares in rows.items()
    }


def recursion(config: Config, images: Tensor) -> Levels:
    """Follow the length of each standardised image through tanh layers with 2/(n + n').

    Args:
        config: the settings.
        images: of shape (images, pixels).

    Returns:
        The mean squares by layer that the recursion says.
    """
    first, *_ = compromise([images.shape[1], config.width])
    lengths = first * images.double().square().sum(dim=1)
    return levels(in_theory("tanh"), lengths.tolist(), 1.0, config.hidden)


def quantities(
    passes: Mapping[str, Pass],
    curves: Mapping[tuple[str, str], Sequence[float]],
    laws: Levels,
) -> dict[str, float]:
    """Reduce the passes of one draw to what claims read.

    Args:
        passes: by arm.
        curves: root mean squares by layer.
        laws: of tanh layers with the normalised initialisation and standardised images.

    Returns:
        Ratios of the last hidden layer to the first, or of the first to the last; the mean square
        of the derivative in the first layer; and those of one arm over the recursion.
    """
    found: dict[str, float] = {}
    for arm, done in passes.items():
        up, down = curves[arm, "activation"], curves[arm, "gradient"]
        found |= {
            f"last_over_first_activation.{arm}": up[-1] / up[0],
            f"first_over_last_gradient.{arm}": down[0],
            f"first_over_last_weight_gradient.{arm}": curves[arm, "weight_gradient"][0],
            f"mean_squared_slope.{arm}": mean_square(done.slopes[0]),
        }
    arm = "normalised_standardised"
    up, down = curves[arm, "activation"], curves[arm, "gradient"]
    return found | {
        f"slope_over_law.{arm}": mean_square(passes[arm].slopes[0]) / laws.slope[0],
        f"activation_over_law.{arm}": up[-1] / up[0] / sqrt(laws.signal[-1]),
        f"gradient_over_law.{arm}": down[0] / sqrt(laws.gradient[0]),
        "log2_gradient_per_layer.unsymmetric": (
            log2(curves["unsymmetric", "gradient"][0]) / (len(laws.signal) - 1)
        ),
        "log2_weight_gradient_per_layer.unsymmetric": (
            log2(curves["unsymmetric", "single_weight_gradient"][1]) / (len(laws.signal) - 2)
        ),
    }


# Histograms --------------------------------------------------------------------------------------


def densities(
    config: Config, passes: Mapping[str, Pass]
) -> dict[tuple[str, str, int], list[float]]:
    """Count activations and gradients in bins.

    Args:
        config: the settings.
        passes: by arm.

    Returns:
        For each arm, quantity and hidden layer the density in each bin.
    """
    found = {}
    for arm, done in passes.items():
        unit = sqrt(mean_square(done.gradients[-2]))
        for at in range(config.hidden):
            values = {
                "activation": done.activations[at + 1],
                "gradient": done.gradients[at] / unit,
            }
            for name, reach in DEVIATIONS.items():
                counts = torch.histc(values[name], config.bins, -reach, reach)
                density = counts.double() * (config.bins / (2 * reach) / values[name].numel())
                found[arm, name, at + 1] = density.tolist()
    return found


def density_rows(
    config: Config, histograms: Sequence[Mapping[tuple[str, str, int], Sequence[float]]]
) -> list[dict[str, Cell]]:
    """Average histograms over the draws: rows of arm, quantity, layer, place, mean, half width."""
    rows = []
    for arm, name, layer in histograms[0]:
        step = 2 * DEVIATIONS[name] / config.bins
        for at in range(config.bins):
            samples = [one[arm, name, layer][at] for one in histograms]
            place = step * (at + 0.5) - DEVIATIONS[name]
            rows.append(mean_row(samples, arm=arm, quantity=name, layer=layer, place=place))
    return rows


def layer_rows(
    curves: Sequence[Mapping[tuple[str, str], Sequence[float]]],
) -> list[dict[str, Cell]]:
    """Average root mean squares over the draws: rows of arm, quantity, layer, mean, half width."""
    return [
        mean_row([one[arm, name][at] for one in curves], arm=arm, quantity=name, layer=at + 1)
        for arm, name in curves[0]
        for at in range(len(curves[0][arm, name]))
    ]


# Claims ------------------------------------------------------------------------------------------

HERE = "chapter Glorot's law, section “{}”"
FIGURE_6 = "section 4.2.2, figure 6, {}"
FIGURE_7 = "section 4.3, figure 7, {}"
SHAPESET = "On MNIST, pixels between 0 and 1; the paper's figure is from Shapeset-3×2."
STANDARDISED = "On MNIST, standardised images; the paper does not give the scale of its inputs."
SIMILAR = (
    "A factor of one and a half, where the other initialisation has nine; fixed after trials with "
    "other seeds, before this run."
)
WIDE = "Five per cent: the recursion is for wide layers."
DEPTH = "None: five hidden layers, standardised images, the normalised initialisation."
NINTH = STANDARD**2
SIGMOID_STEP = log2(STANDARD / 16) / 2
SWAP = Fault(
    "Swap the two initialisations.",
    {
        "initialisations.standard.squared_bound": 3.0,
        "initialisations.standard.fan": "average",
        "initialisations.normalised.squared_bound": 1.0,
        "initialisations.normalised.fan": "fan_in",
    },
)
NO_TANH = Fault("Leave the tanh away.", {"symmetric": "linear"})
TO_SIGMOID = Fault("Replace the tanh by a sigmoid.", {"symmetric": "sigmoid"})
TO_TANH = Fault("Replace the sigmoid by a tanh.", {"unsymmetric": "tanh"})

CLAIMS = (
    Claim(
        id="gb-eq4-linear-regime",
        statement="At initialisation the units are in their linear regime, f'(s) ≈ 1.",
        source=GLOROT_2010.at("section 4.2.1, equation 4"),
        quantity="mean_squared_slope.standard_pixels",
        prediction=1.0,
        band=around(1.0, 0.1),
        reason="A tenth, for ≈: it is what a layer loses of the gradient's mean square.",
        departure="The mean square of f' of tanh, first layer; standard initialisation, pixels.",
        remark=(
            "linear-regime-standardised changes both; with either alone the band is left as well."
        ),
        fault=TO_SIGMOID,
        derivation="glorot-linear-regime",
    ),
    Claim(
        id="linear-regime-standardised",
        statement="f'(s) ≈ 1 holds also for standardised images and the paper's own weights.",
        source=GLOROT_2010.at("section 4.2.1, equation 4"),
        quantity="mean_squared_slope.normalised_standardised",
        prediction=1.0,
        band=around(1.0, 0.1),
        reason="A tenth, for ≈: it is what a layer loses of the gradient's mean square.",
        departure=f"{STANDARDISED} The normalised initialisation, first layer.",
        remark="Preactivations near 1 lie on the bend of tanh (slope-of-each-image).",
        fault=NO_TANH,
        derivation="glorot-linear-regime",
    ),
    Claim(
        id="slope-of-each-image",
        statement="The mean square of f' is E[cosh⁻⁴(√q u)], averaged over each image's own q.",
        source=THIS_STUDY.at(HERE.format("Equation 4, the linear regime")),
        quantity="slope_over_law.normalised_standardised",
        prediction=1.0,
        band=around(1.0, 0.05),
        reason=WIDE,
        departure=DEPTH,
        remark="Measured over law in the first layer; u is Gaussian, q is n Var W mean(x²).",
        fault=NO_TANH,
        derivation="glorot-linear-regime",
    ),
    Claim(
        id="gb-fig6-activation-histograms",
        statement=(
            "With the standard initialisation the activations' peak at 0 rises from layer to layer."
        ),
        source=GLOROT_2010.at(FIGURE_6.format("top")),
        quantity="last_over_first_activation.standard_pixels",
        prediction=NINTH,
        band=Band(0.8 * NINTH, 1.2 * NINTH),
        reason="A fifth about (1/√3)^4, which four layers leave in the linear regime.",
        departure=f"{SHAPESET} The deviation of the fifth layer over that of the first.",
        remark="The peak rises as the deviation falls, to the ninefold.",
        fault=SWAP,
        derivation="glorot-eq5",
    ),
    Claim(
        id="gb-fig6-normalised",
        statement="With the normalised initialisation the activations of all layers are similar.",
        source=GLOROT_2010.at(FIGURE_6.format("bottom")),
        quantity="last_over_first_activation.normalised_pixels",
        prediction=1.0,
        band=Band(2 / 3, 3 / 2),
        reason=SIMILAR,
        departure=f"{SHAPESET} The deviation of the fifth layer over that of the first.",
        remark="It falls, but by less; how far hangs on the images (fig6-standardised).",
        fault=SWAP,
        derivation="glorot-eq5",
    ),
    Claim(
        id="fig6-standardised",
        statement="Normalised weights keep activations similar for standardised images as well.",
        source=GLOROT_2010.at(FIGURE_6.format("bottom")),
        quantity="last_over_first_activation.normalised_standardised",
        prediction=1.0,
        band=Band(2 / 3, 3 / 2),
        reason=SIMILAR,
        departure=f"{STANDARDISED} The deviation of the fifth layer over that of the first.",
        remark="Outside the linear regime tanh shrinks them (activations-by-recursion).",
        fault=NO_TANH,
        derivation="glorot-linear-regime",
    ),
    Claim(
        id="activations-by-recursion",
        statement="The activations fall from layer to layer as q ↦ E[tanh²(√q u)] says.",
        source=THIS_STUDY.at(HERE.format("Equation 4, the linear regime")),
        quantity="activation_over_law.normalised_standardised",
        prediction=1.0,
        band=around(1.0, 0.05),
        reason=WIDE,
        departure=DEPTH,
        remark="The ratio of the fifth layer's deviation to the first's, over the recursion's.",
        fault=NO_TANH,
        derivation="glorot-linear-regime",
    ),
    Claim(
        id="gb-fig7-backprop-histograms",
        statement="With the standard initialisation gradients get smaller on their way down.",
        source=GLOROT_2010.at(FIGURE_7.format("top")),
        quantity="first_over_last_gradient.standard_pixels",
        prediction=NINTH,
        band=Band(0.8 * NINTH, 1.2 * NINTH),
        reason="A fifth about (1/√3)^4, which four layers leave in the linear regime.",
        departure=f"{SHAPESET} The deviation of ∂C/∂s of the first layer over the fifth's.",
        remark="Before training; how it goes on is another claim (gb-fig7-reverses-in-training).",
        fault=SWAP,
        derivation="glorot-eq6",
    ),
    Claim(
        id="gb-fig7-normalised",
        statement="With the normalised initialisation there are no such decreasing gradients.",
        source=GLOROT_2010.at(FIGURE_7.format("bottom")),
        quantity="first_over_last_gradient.normalised_pixels",
        prediction=1.0,
        band=Band(2 / 3, 3 / 2),
        reason=SIMILAR,
        departure=f"{SHAPESET} The deviation of ∂C/∂s of the first layer over the fifth's.",
        remark="They fall, but by less; how far hangs on the images (fig7-standardised).",
        fault=SWAP,
        derivation="glorot-eq6",
    ),
    Claim(
        id="fig7-standardised",
        statement=(
            "With the normalised initialisation there are no decreasing gradients for standardised "
            "images, either."
        ),
        source=GLOROT_2010.at(FIGURE_7.format("bottom")),
        quantity="first_over_last_gradient.normalised_standardised",
        prediction=1.0,
        band=Band(2 / 3, 3 / 2),
        reason=SIMILAR,
        departure=f"{STANDARDISED} The deviation of ∂C/∂s of the first layer over the fifth's.",
        remark="Each layer multiplies by the mean square of f' (gradients-by-recursion).",
        fault=NO_TANH,
        derivation="glorot-linear-regime",
    ),
    Claim(
        id="gradients-by-recursion",
        statement="Each layer multiplies the gradient's mean square by E[cosh⁻⁴(√q u)].",
        source=THIS_STUDY.at(HERE.format("Equation 4, the linear regime")),
        quantity="gradient_over_law.normalised_standardised",
        prediction=1.0,
        band=around(1.0, 0.05),
        reason=WIDE,
        departure=DEPTH,
        remark="The ratio of the first layer's deviation to the fifth's, over the recursion's.",
        fault=NO_TANH,
        derivation="glorot-linear-regime",
    ),
    Claim(
        id="gb-fig8-weight-gradients-equal",
        statement=(
            "Even when the back-propagated gradients become smaller, the weights' gradients are "
            "roughly constant across layers."
        ),
        source=GLOROT_2010.at("section 4.3, figure 8"),
        quantity="first_over_last_weight_gradient.standard_pixels",
        prediction=1.0,
        band=around(1.0, 0.1),
        reason="A tenth; the gradients that they are made of differ ninefold.",
        departure=f"{SHAPESET} The gradient of the mean loss; first over fifth hidden layer.",
        remark="What shrinks downwards and what shrinks upwards are its two factors.",
        fault=TO_SIGMOID,
        derivation="glorot-eq14",
    ),
    Claim(
        id="gb-fig8-normalised",
        statement="The gradients have initially roughly the same magnitude in all layers.",
        source=GLOROT_2010.at("section 4.3, on figure 9, “initially roughly the same magnitude”"),
        quantity="first_over_last_weight_gradient.normalised_pixels",
        prediction=1.0,
        band=around(1.0, 0.25),
        reason="A quarter, for roughly: the first layer has another fan_in.",
        departure=f"{SHAPESET} The normalised initialisation, at the width of the settings.",
        remark="How they diverge in training is another claim (gb-fig9-divergence-standard).",
        fault=TO_SIGMOID,
        derivation="glorot-eq14",
    ),
    Claim(
        id="sigmoid-gradients-vanish",
        statement="With sigmoids the gradient falls by 1/√48 per layer on its way down.",
        source=THIS_STUDY.at(HERE.format("Equation 4, the linear regime")),
        quantity="log2_gradient_per_layer.unsymmetric",
        prediction=SIGMOID_STEP,
        band=around(SIGMOID_STEP, 0.1),
        reason="A tenth of a power of two: f' is 1/4 at 0, and less beside it.",
        departure=(
            "None: by how many powers of two the gradient's deviation changes per layer with the "
            "standard initialisation, before training."
        ),
        remark="Where f' is 1/4, a layer leaves 1/48 of the mean square, for tanh a third.",
        fault=TO_TANH,
        derivation="glorot-linear-regime",
    ),
    Claim(
        id="sigmoid-weight-gradients-vanish",
        statement="With sigmoids the weights' gradients fall by 1/√48 per layer, too.",
        source=THIS_STUDY.at(HERE.format("Why the weight gradients stay level")),
        quantity="log2_weight_gradient_per_layer.unsymmetric",
        prediction=SIGMOID_STEP,
        band=around(SIGMOID_STEP, 0.1),
        reason="A tenth of a power of two: f' is 1/4 at 0, and less beside it.",
        departure="None: from the last hidden layer to the second, for the loss of one image.",
        remark="Their activations are near 1/2 in every layer and make up for nothing.",
        fault=TO_TANH,
        derivation="glorot-eq14",
    ),
)

UNTESTED = (
    Untested(
        id="gb-fig1-data",
        statement="Samples of Shapeset-3×2 and of Small-ImageNet, of 32×32 and 37×37 pixels.",
        source=GLOROT_2010.at("section 2, figure 1"),
        reason="It shows data, and claims nothing of them.",
        remark=(
            "Figures 2 to 11 of the paper are of Shapeset-3×2; this study has MNIST in its place, "
            "which the paper uses in figure 12 and table 1."
        ),
    ),
)


# Figures -----------------------------------------------------------------------------------------

TITLES = {"standard_pixels": "standard", "normalised_pixels": "normalised"}


def activation_histograms(run: Run) -> "Figure":
    """Densities of the activations: the peak at 0 rises with the layer, or stays much as it is."""
    return histograms(run, "activation", "activation")


def gradient_histograms(run: Run) -> "Figure":
    """Densities of the gradients: the peak at 0 is highest in the first layer, or level."""
    return histograms(run, "gradient", "gradient")


def histograms(run: Run, quantity: str, label: str) -> "Figure":
    """Draw the densities of a quantity in each layer, one panel for each initialisation."""
    figure, both = plt.subplots(1, 2, sharey=True)
    for axes, (arm, title) in zip(both, TITLES.items(), strict=True):
        rows = [
            row
            for row in run.tables["densities"]
            if (row["arm"], row["quantity"]) == (arm, quantity)
        ]
        for layer in sorted({row["layer"] for row in rows}):
            own = [row for row in rows if row["layer"] == layer]
            places, heights = [row["place"] for row in own], [row["mean"] for row in own]
            axes.plot(places, heights, label=f"layer {layer}")
        axes.set(xlabel=label, title=title)
    both[0].set(ylabel="density", yscale="log", ylim=(1e-2, None))
    both[1].legend(fontsize=8)
    return figure


def deviations_by_layer(run: Run) -> "Figure":
    """Deviations by layer: gradients fall towards the first layer, weight gradients stay level."""
    figure, axes = plt.subplots()
    curves = product(TITLES, ("gradient", "weight_gradient"))
    for at, (arm, name) in enumerate(curves):
        rows = [r for r in run.tables["layers"] if (r["arm"], r["quantity"]) == (arm, name)]
        axes.errorbar(
            [row["layer"] for row in rows],
            [row["mean"] for row in rows],
            [row["half_width"] for row in rows],
            fmt="o-" if name == "gradient" else "s--",
            color=f"C{at // 2}",
            label=f"{TITLES[arm]}, {'weights' if name == 'weight_gradient' else 'back-propagated'}",
        )
    axes.set_yscale("log")
    axes.set(xlabel="hidden layer", ylabel="deviation of the gradient, over the last layer's")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend()
    return figure


EXPERIMENT = Experiment(
    config=Config,
    run=run,
    claims=CLAIMS,
    figures=(activation_histograms, gradient_histograms, deviations_by_layer),
    untested=UNTESTED,
)
