"""Mean and deviation of a network of two layers, over many draws of its weights.

The from-scratch note's network of 784 inputs, 50 hidden units and one output, on the validation
images, at several sizes of both layers' weights, without a ReLU, with one, and with a ReLU minus
0.5. All arms of one draw share their random numbers.
"""

from collections.abc import Iterable, Mapping
from math import sqrt
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Ge, Gt, Le, Lt
from matplotlib import pyplot as plt
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.experiments.notes.first_layer import (
    Images,
    activation,
    images_of,
    law,
    mean_and_deviation,
    preactivation,
    sample,
    second_moment,
    statistics,
)
from study.lab.inits import standard_normal_layers
from study.lab.mnist import Mnist
from study.lab.parallel import side_by_side
from study.record.claims import ORDINARY, ORDINARY_REASON, Band, Claim, Fault, around
from study.record.experiment import STRICT, Experiment
from study.record.results import PERCENTILE, Cell, Result, Run, mean_row
from study.theory import gaussian
from study.theory.sources import FROM_SCRATCH_NOTE, SHORT_NOTE, THIS_STUDY

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, config=STRICT)
class Arm:
    """One kind of network.

    Attributes:
        weight_variance: of the first layer, times its fan_in.
        slope: of the leaky ReLU; 0 is the ReLU, 1 is none.
        shift: what is subtracted behind it.
        output_variance: weight variance of the output layer, times its fan_in.
    """

    weight_variance: Annotated[float, Gt(0), Le(1e6)]
    slope: Annotated[float, Ge(-10), Le(10)]
    shift: Annotated[float, Ge(-10), Le(10)]
    output_variance: Annotated[float, Gt(0), Le(1e6)]

    @property
    def first(self) -> dict[str, float]:
        """The settings of the first layer."""
        return {key: value for key, value in vars(self).items() if key != "output_variance"}


@dataclass(frozen=True, config=STRICT)
class Arms:
    """The kinds of network, by size of the weights and by activation."""

    unscaled_linear: Arm
    unscaled_relu: Arm
    unscaled_shifted: Arm
    simplified_linear: Arm
    simplified_relu: Arm
    simplified_shifted: Arm
    he_linear: Arm
    he_relu: Arm
    he_shifted: Arm


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: how many draws, on how many images, the arms, and the note's printed numbers."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    images: Annotated[int, Ge(2)]
    hidden: Annotated[int, Ge(2), Le(16_384)]
    arms: Arms
    printed: dict[str, dict[str, float]]


SAMPLED = (
    "mean.simplified_linear",
    "deviation.simplified_linear",
    "mean.simplified_relu",
    "deviation.simplified_relu",
    "output_factor_over_fan_in.he_shifted",
    "output_variance_over_law.unscaled_linear",
    "output_deviation.simplified_linear",
    "output_deviation.he_relu",
    "output_deviation.he_shifted",
)
"""What is kept of each draw, beside the quantities that the note prints."""


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Measure both layers of every arm, for each draw of the weights.

    Args:
        config: the settings.
        mnist: the data; the first images of its validation split are used.
        draws: the indices of the draws to make.

    Returns:
        Per draw, the quantities that claims read, and whether each printed one lies below its
        printed number; over all draws, mean and deviation of each arm beside their laws.
    """
    images = images_of(mnist.standardised(mnist.validation.images[: config.images]))
    measured: dict[int, dict[str, float]] = {}
    samples: dict[int, dict[str, float]] = {}
    for draw in draws:
        measured[draw] = measure(config, images, draw)
        samples[draw] = sample(measured[draw], SAMPLED, config.printed, prefix=PERCENTILE)
    of_units = images.second_moment - images.mean_image
    both = config.arms.unscaled_linear.weight_variance * config.arms.unscaled_linear.output_variance
    return Result.of(
        samples,
        tables={"arms": averages(config, images, list(measured.values()))},
        exact={
            "image_second_moment.validation": images.second_moment,
            "mean_image_second_moment.validation": images.mean_image,
            "output_deviation_law.unscaled_linear": sqrt(both * of_units),
            "spread_of_output_mean_law.unscaled_linear": sqrt(both * images.mean_image),
        },
    )


def measure(config: Config, images: Images, draw: int) -> dict[str, float]:
    """Draw the weights of one network and measure it in every arm.

    Args:
        config: the settings.
        images: the images.
        draw: index of the draw.

    Returns:
        The quantities by key, ``<quantity>.<arm>``.
    """
    inputs = images.inputs
    shapes = [(inputs.shape[1], config.hidden), (config.hidden, 1)]
    first, second = standard_normal_layers(shapes, config.seed, draw, inputs.device)
    unit = preactivation(inputs, first)

    def one(arm: Arm) -> dict[str, float]:
        hidden = activation(unit, **arm.first)
        outputs = hidden @ second.double() * sqrt(arm.output_variance / config.hidden)
        of_first = statistics(hidden, images, arm.weight_variance)
        return of_first | of_the_outputs(outputs, hidden, images, arm)

    arms = vars(config.arms)
    return {
        f"{quantity}.{name}": number
        for name, quantities in zip(arms, side_by_side(one, arms.values()), strict=True)
        for quantity, number in quantities.items()
    }


def of_the_outputs(outputs: Tensor, hidden: Tensor, images: Images, arm: Arm) -> dict[str, float]:
    r"""Measure the outputs of one network, over all images.

    The mean square of the outputs is divided by that of the hidden layer and by the number of its
    units; their variance, at weight variances :math:`c/m` and :math:`c'/n_h`, by
    :math:`c\,c'\,(q - \|\bar x\|^2/m)`, its expectation for two linear layers.

    Args:
        outputs: of the network.
        hidden: the activation of its hidden layer.
        images: its input.
        arm: what kind of network it is.

    Returns:
        The quantities by name.

    **Shapes**: ``outputs`` (images, 1), ``hidden`` (images, units).
    """
    mean, deviation = mean_and_deviation(outputs)
    factor = second_moment(outputs) / second_moment(hidden)
    about_mean = images.second_moment - images.mean_image
    variance_law = arm.weight_variance * arm.output_variance * about_mean
    return {
        "output_mean": mean,
        "output_deviation": deviation,
        "output_factor_over_fan_in": factor / hidden.shape[1],
        "output_variance_over_law": deviation**2 / variance_law,
    }


def averages(
    config: Config, images: Images, measured: list[dict[str, float]]
) -> list[Mapping[str, Cell]]:
    """Average over the draws what the first layer of each arm has a law for.

    Args:
        config: the settings.
        images: the images.
        measured: the quantities of each draw.

    Returns:
        Rows of arm, quantity, mean, half width and law.
    """
    rows: list[Mapping[str, Cell]] = []
    for name, arm in vars(config.arms).items():
        for quantity, expected in law(images, **arm.first).items():
            numbers = [quantities[f"{quantity}.{name}"] for quantities in measured]
            rows.append(mean_row(numbers, arm=name, quantity=quantity) | {"law": expected})
    return rows


# Claims ------------------------------------------------------------------------------------------

HERE = "chapter The forward pass, section “The output layer”"
OUTPUT, PERCENT = "derivation-output-scale", "what-a-percentile-says"
RANDN = FROM_SCRATCH_NOTE.at("section 2.1.1, code “t2 = lin(t, w2, b2) # output”")
ONE_DRAW = "None but for the draw: the note sets no seed."
NO_RELU = "The note applies its linear function twice, with no ReLU between."

TENTH = (
    "A tenth: the linear outputs that the notes call normalised have printed means of up to 0.05 "
    "and deviations down to 0.94."
)
FROM_A_TENTH = "From a tenth on: what is nearer the notes call normalised."
EXPECTED = "The expectation over draws in place of one draw."
KEPT = SHORT_NOTE.at("“But if we divide by math.sqrt(m) we achieve the same”")
POST_RELU = SHORT_NOTE.at("“Post relu the out put does not have mean 0 and std 1”")

OF_THE_SECOND_INPUT = (
    Claim(
        id="s000-simplified-keeps-scale",
        statement="Divided by √m, the weights give the second layer inputs of deviation 1.",
        source=KEPT,
        quantity="deviation.simplified_linear",
        prediction=1.0,
        band=around(1.0, 0.1),
        reason=TENTH,
        departure=f"Of the linear map alone, as in the note's code below it. {EXPECTED}",
        remark=(
            "Up to the size of the images, and up to the mean that the layer has in a draw. Behind "
            "the ReLU it does not hold, as the note then says (s000-post-relu-not-standard)."
        ),
        fault=Fault("Double the weight variance.", {"arms.simplified_linear.weight_variance": 2.0}),
        derivation="derivation-first-layer",
    ),
    Claim(
        id="s000-simplified-keeps-scale-mean",
        statement="Divided by √m, the weights give the second layer inputs of mean 0.",
        source=KEPT,
        quantity="mean.simplified_linear",
        prediction=0.0,
        band=around(0.0, 0.1),
        reason=TENTH,
        departure=f"Of the linear map alone, as in the note's code below it. {EXPECTED}",
        remark="On average over draws; how far one draw strays is first-layer-mean-spread.",
        fault=Fault("Subtract something from the output.", {"arms.simplified_linear.shift": 0.5}),
        derivation="derivation-spread-of-a-layer-mean",
    ),
    Claim(
        id="s000-post-relu-not-standard",
        statement="Divided by √m, the weights do not give a deviation of 1 behind the ReLU.",
        source=POST_RELU,
        quantity="deviation.simplified_relu",
        prediction=sqrt(gaussian.leaky_relu_variance(0.0)),
        band=Band(0.0, 0.9),
        reason=FROM_A_TENTH,
        departure=EXPECTED,
        remark="The law is √(1/2 − 1/(2π)) = 0.584 times the size of the input.",
        fault=Fault(
            "Give the weights variance 3/m.", {"arms.simplified_relu.weight_variance": 3.0}
        ),
        derivation="derivation-relu-mean-and-deviation",
    ),
    Claim(
        id="s000-post-relu-not-standard-mean",
        statement="Divided by √m, the weights do not give a mean of 0 behind the ReLU.",
        source=POST_RELU,
        quantity="mean.simplified_relu",
        prediction=gaussian.leaky_relu_mean(0.0),
        band=Band(0.1, 1.0),
        reason=FROM_A_TENTH,
        departure=EXPECTED,
        remark="The law is 1/√(2π) = 0.399 times the size of the input.",
        fault=Fault("Subtract 0.4 behind the ReLU.", {"arms.simplified_relu.shift": 0.4}),
        derivation="derivation-relu-mean-and-deviation",
    ),
)

OF_THE_OUTPUT = (
    Claim(
        id="s004-unscaled-output",
        statement="With weights randn in both layers the output has deviation 170.9717.",
        source=RANDN,
        quantity=f"{PERCENTILE}output_deviation.unscaled_linear",
        prediction=0.5,
        band=ORDINARY,
        reason=ORDINARY_REASON,
        departure=ONE_DRAW,
        remark=f"{NO_RELU} The law leaves the mean image out (output-deviation-linear).",
        fault=Fault(
            "Divide the output layer's weights by √50.",
            {"arms.unscaled_linear.output_variance": 1.0},
        ),
        data="mnist",
        derivation=PERCENT,
    ),
    Claim(
        id="s004-unscaled-output-mean",
        statement="With weights randn in both layers the output has mean −58.2665.",
        source=RANDN,
        quantity=f"{PERCENTILE}output_mean.unscaled_linear",
        prediction=0.5,
        band=ORDINARY,
        reason=ORDINARY_REASON,
        departure=ONE_DRAW,
        remark=f"{NO_RELU} A copy of the note lost the minus sign.",
        fault=Fault(
            "Divide the output layer's weights by √50.",
            {"arms.unscaled_linear.output_variance": 1.0},
        ),
        data="mnist",
        derivation=PERCENT,
    ),
    Claim(
        id="s004-terribly-far",
        statement="With weights randn the output is terribly far from normalised.",
        source=FROM_SCRATCH_NOTE.at("section 2.1.1, “terribly far from normalzed value”"),
        quantity="output_deviation.unscaled_linear",
        prediction=sqrt(784 * 50),
        band=Band(20.0, 2000.0),
        reason="A factor of ten to either side; a normalised output has deviation 1.",
        departure="The expectation over draws in place of one draw.",
        remark="Each layer multiplies the size by √fan_in: 28 and 7.",
        fault=Fault(
            "Divide both layers' weights by √fan_in.",
            {
                "arms.unscaled_linear.weight_variance": 1.0,
                "arms.unscaled_linear.output_variance": 1.0,
            },
        ),
        derivation=OUTPUT,
    ),
    Claim(
        id="s004-output-layer-unscaled",
        statement="With w2 = randn(nh, 1) the architecture's code puts out a deviation of 1.",
        source=FROM_SCRATCH_NOTE.at("section 2.1.4, code “w2 = torch.randn(nh,1)”"),
        quantity="output_deviation.he_shifted",
        prediction=1.0,
        band=Band(0.5, 2.0),
        reason="A factor of two to either side of a normalised output.",
        departure=(
            "The note gives no number for the output of this code; that it is to be normalised is "
            "what its section 2.1.1 wants of the same layer."
        ),
        remark=(
            "The note does not say it; it follows if its code is to give a normalised output. It "
            "gives one about five times too large: the note's own simplified initialisation "
            "divides w2 by √nh, and its last code leaves that out."
        ),
        fault=Fault(
            "Divide the output layer's weights by √50.",
            {"arms.he_shifted.output_variance": 1.0},
        ),
        derivation=OUTPUT,
    ),
    Claim(
        id="output-second-moment",
        statement=(
            "An output layer with n inputs and weights randn multiplies the mean square of its "
            "input by n."
        ),
        source=THIS_STUDY.at(HERE),
        quantity="output_factor_over_fan_in.he_shifted",
        prediction=1.0,
        band=around(1.0, 0.25),
        reason="A quarter: one output unit is one random direction, so draws differ by half.",
        departure="Measured as a share of n times the input's mean square.",
        remark="In expectation, for any activation; of the input's mean square, not its variance.",
        fault=Fault(
            "Divide the output layer's weights by √50.",
            {"arms.he_shifted.output_variance": 1.0},
        ),
        derivation=OUTPUT,
    ),
    Claim(
        id="output-deviation-linear",
        statement=(
            "Behind two linear layers the variance over images is the product of both factors "
            "fan_in times weight variance, times the input's mean square without the mean image's."
        ),
        source=THIS_STUDY.at(HERE),
        quantity="output_variance_over_law.unscaled_linear",
        prediction=1.0,
        band=around(1.0, 0.1),
        reason="A tenth: one output unit is one random direction, so draws differ by a third.",
        departure="None.",
        remark=(
            "With one unit the deviation is over images only, and what all images share shifts "
            "them all alike: it is in the mean, which therefore differs so much between draws."
        ),
        fault=Fault("Put a ReLU between.", {"arms.unscaled_linear.slope": 0.0}),
        derivation=OUTPUT,
    ),
)

CLAIMS = (*OF_THE_SECOND_INPUT, *OF_THE_OUTPUT)


# Figures -----------------------------------------------------------------------------------------

ACTIVATIONS = {"linear": "no ReLU", "relu": "ReLU", "shifted": "ReLU minus 0.5"}
SIZES = {"simplified": "randn/√m", "he": "randn·√(2/m)", "unscaled": "randn"}


def first_layer_on_its_laws(run: Run) -> "Figure":
    """First layer's deviation and mean over the weights' size, on their laws, in three ways."""
    figure, axes = plt.subplots()
    arms = run.settings["experiment"]["arms"]
    for at, (kind, label) in enumerate(ACTIVATIONS.items()):
        for quantity, marker in (("deviation", "o"), ("mean", "s")):
            rows = [row for size in SIZES for row in _rows(run, f"{size}_{kind}", quantity)]
            sizes = [sqrt(arms[row["arm"]]["weight_variance"]) for row in rows]
            means, widths, laws = (
                [row[column] / size for row, size in zip(rows, sizes, strict=True)]
                for column in ("mean", "half_width", "law")
            )
            places = [place + 0.12 * (at - 1) for place in range(len(SIZES))]
            axes.errorbar(
                places, means, widths, fmt=marker, color=f"C{at}", label=f"{quantity}, {label}"
            )
            axes.plot(places, laws, "_", color=plt.rcParams["text.color"], markersize=11)
    axes.plot([], [], "_", color=plt.rcParams["text.color"], markersize=11, label="law")
    axes.set_xticks(range(len(SIZES)), list(SIZES.values()))
    axes.set(ylabel="over √m times the weights' deviation", ylim=(-0.2, 1.65))
    axes.legend(fontsize="small", ncols=2, loc="upper center")
    return figure


def _rows(run: Run, arm: str, quantity: str) -> list[Mapping[str, Any]]:
    """Return the rows of a quantity of an arm."""
    return [row for row in run.tables["arms"] if (row["arm"], row["quantity"]) == (arm, quantity)]


EXPERIMENT = Experiment(config=Config, run=run, claims=CLAIMS, figures=(first_layer_on_its_laws,))
