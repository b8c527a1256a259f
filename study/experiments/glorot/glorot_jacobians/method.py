"""The Jacobian of one layer at the start of training, and three averages of its singular values.

Glorot and Bengio's section 4.2.2: how one hidden layer of tanh stretches small changes of the one
below, with both of the paper's initialisations, and of what its average singular value is a ratio.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass as record
from math import exp, sqrt
from typing import TYPE_CHECKING, Annotated, Literal

import torch
from annotated_types import Ge, Gt, Le, Lt, MinLen
from matplotlib import pyplot as plt
from matplotlib.ticker import MaxNLocator
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.lab.activations import Activation, activation
from study.experiments.glorot.layer_by_layer import mean_square, unit_weights, within_bound
from study.lab.mnist import Mnist
from study.lab.parallel import side_by_side
from study.record.claims import Claim, Fault, around, printed, within
from study.record.experiment import STRICT, Experiment
from study.record.results import Result, Run, mean_row
from study.theory.glorot import (
    GEOMETRIC_MEAN_OVER_ROOT_MEAN_SQUARE,
    MEAN_OVER_ROOT_MEAN_SQUARE,
)
from study.theory.sources import GLOROT_2010, THIS_STUDY

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, config=STRICT)
class Initialisation:
    """Weights within the root of ``squared_bound`` over the fan."""

    squared_bound: Annotated[float, Gt(0), Le(1000)]
    fan: Literal["fan_in", "fan_out", "average"]


@dataclass(frozen=True, config=STRICT)
class Initialisations:
    """The two of the paper."""

    standard: Initialisation
    normalised: Initialisation


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: how many draws of how wide layers, which of them, and the laws of their weights."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    width: Annotated[int, Ge(2), Le(4096)]
    layers: Annotated[tuple[Annotated[int, Ge(2), Le(50)], ...], MinLen(1)]
    activation: Literal["tanh", "linear"]
    law: Literal["uniform", "gaussian", "orthogonal"]
    isometry: Literal["uniform", "gaussian", "orthogonal"]
    initialisations: Initialisations


@record(frozen=True)
class Averages:
    """Averages of the singular values of one Jacobian, and what its layer does to the signal.

    Attributes:
        mean: the arithmetic mean.
        root_mean_square: the root of the mean of the squares.
        geometric_mean: the root, of as many as there are, of the product.
        signal: the mean square of the layer's activations over that of the layer below.
    """

    mean: float
    root_mean_square: float
    geometric_mean: float
    signal: float


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Find the singular values of single layers' Jacobians, for each draw of the weights.

    Args:
        config: the settings.
        mnist: the data; draw ``k`` uses image ``k`` of the training split, again from the first
            when they are used up.
        draws: the indices of the draws to make.

    Returns:
        The quantities that claims read; over all draws, the averages of each layer's Jacobian.
    """
    pixels = mnist.train.images
    images = {"pixels": pixels, "standardised": mnist.standardised(pixels)}
    per_draw: dict[int, dict[str, float]] = {}
    averages: list[dict[str, list[Averages]]] = []
    for draw in draws:
        signals = {name: one[draw % len(one)] for name, one in images.items()}
        averages.append(networks(config, signals, draw))
        per_draw[draw] = quantities(averages[-1]) | isometry(config, draw)
    rows = [
        mean_row([vars(one[arm][at])[name] for one in averages], arm=arm, average=name, layer=layer)
        for arm in averages[0]
        for name in ("mean", "root_mean_square", "geometric_mean")
        for at, layer in enumerate(config.layers)
    ]
    return Result.of(per_draw, tables={"averages": rows})


def networks(config: Config, signals: dict[str, Tensor], draw: int) -> dict[str, list[Averages]]:
    """Measure the layers of each network, and of a linear one.

    Args:
        config: the settings.
        signals: an image at each scale, of shape (pixels,).
        draw: index of the draw.

    Returns:
        The averages of the layers asked for, by initialisation and scale of the image. A linear
        network has the same Jacobians for any image; ``linear`` has the normalised initialisation
        and pixels between 0 and 1.
    """
    sizes = [len(signals["pixels"]), *[config.width] * max(config.layers)]
    units = unit_weights(sizes, config.law, config.seed, draw)
    weights = {
        name: [one.double() for one in within_bound(units, one.squared_bound, one.fan)]
        for name, one in vars(config.initialisations).items()
    }
    arms = {
        f"{name}_{scale}": (weights[name], signal, activation(config.activation))
        for name in weights
        for scale, signal in signals.items()
    }
    arms["linear"] = (weights["normalised"], signals["pixels"], activation("linear"))

    def measured(arm: tuple[Sequence[Tensor], Tensor, Activation]) -> list[Averages]:
        return layers_of(*arm, config.layers)

    return dict(zip(arms, side_by_side(measured, arms.values()), strict=True))


def layers_of(
    weights: Sequence[Tensor], signal: Tensor, nonlinearity: Activation, layers: Sequence[int]
) -> list[Averages]:
    r"""Send an image up and measure the Jacobian of each layer asked for.

    .. math::
        J = \frac{\partial z^{i+1}}{\partial z^i} = \operatorname{diag} f'(s^i)\, W

    Args:
        weights: of each layer.
        signal: the image.
        nonlinearity: behind each layer.
        layers: which, counted from 1.

    Returns:
        The averages of each.

    **Shapes**: each weight matrix (fan_out, fan_in), ``signal`` (pixels,).

    **Source**: Glorot and Bengio (2010), equation 17.
    """
    found = []
    below = signal.double()
    for layer, matrix in enumerate(weights, start=1):
        preactivation = matrix @ below
        above = nonlinearity.function(preactivation)
        if layer in layers:
            jacobian = nonlinearity.derivative_from(preactivation, above)[:, None] * matrix
            found.append(averages_of(jacobian, mean_square(above) / mean_square(below)))
        below = above
    return found


def averages_of(jacobian: Tensor, signal: float) -> Averages:
    """Return the averages of a square matrix's singular values.

    Args:
        jacobian: the matrix, in float64.
        signal: what to keep beside them.

    >>> found = averages_of(torch.diag(torch.tensor([2.0, 8.0], dtype=torch.float64)), 1.0)
    >>> found.mean, round(found.geometric_mean, 12)
    (5.0, 4.0)
    """
    values = torch.linalg.svdvals(jacobian)
    return Averages(
        mean=values.mean().item(),
        root_mean_square=sqrt(mean_square(values)),
        geometric_mean=exp(values.log().mean().item()),
        signal=signal,
    )


def quantities(arms: dict[str, list[Averages]]) -> dict[str, float]:
    """Average the layers of each arm.

    Args:
        arms: the averages of each layer, by arm.

    Returns:
        Each average, and ratios of them to each other and to the ratio of the signal's variances.
    """
    found: dict[str, float] = {}
    for arm, layers in arms.items():
        mean, root, geometric, signal = (
            sum(vars(one)[name] for one in layers) / len(layers)
            for name in ("mean", "root_mean_square", "geometric_mean", "signal")
        )
        found |= {
            f"mean.{arm}": mean,
            f"root_mean_square.{arm}": root,
            f"geometric_mean.{arm}": geometric,
            f"mean_over_variance_ratio.{arm}": mean / signal,
            f"mean_square_over_variance_ratio.{arm}": root**2 / signal,
            f"geometric_over_mean.{arm}": geometric / mean,
        }
    return found


def isometry(config: Config, draw: int) -> dict[str, float]:
    """Return the ratio of two averages for a matrix that stretches all directions alike."""
    sizes = [config.width, config.width]
    (matrix,) = unit_weights(sizes, config.isometry, config.seed + 1, draw)
    found = averages_of(matrix.double(), 1.0)
    return {"geometric_over_mean.isometry": found.geometric_mean / found.mean}


# Claims ------------------------------------------------------------------------------------------

HERE = "chapter Glorot's law, section “{}”"
SECTION = "section 4.2.2, {}"
AROUND = "“with our normalized initialization, this ratio is around 0.8”"
SMALL = "Hidden layers 2 to 5 of a tanh network on MNIST, pixels between 0 and 1, one image a draw."
STANDARDISED = "Hidden layers 2 to 5 of a tanh network on MNIST, standardised images."
ONE_DIGIT = "What rounds to the paper's digit."
LARGE = "One per cent: the law is for a large matrix."
SWAP = Fault(
    "Swap the two initialisations.",
    {
        "initialisations.standard.squared_bound": 3.0,
        "initialisations.standard.fan": "average",
        "initialisations.normalised.squared_bound": 1.0,
        "initialisations.normalised.fan": "fan_in",
    },
)
NO_TANH = Fault("Leave the tanh away.", {"activation": "linear"})
ORTHOGONAL = Fault("Draw orthogonal weights.", {"law": "orthogonal"})

CLAIMS = (
    Claim(
        id="gb-jacobian-normalised",
        statement="With the normalised initialisation the average singular value is around 0.8.",
        source=GLOROT_2010.at(SECTION.format(AROUND)),
        quantity="mean.normalised_pixels",
        prediction=0.8,
        band=printed(0.8, digits=1),
        reason=ONE_DIGIT,
        departure=SMALL,
        remark="It is 8/(3π) times what tanh leaves, and hangs on the images' scale.",
        fault=SWAP,
        derivation="glorot-jacobian",
    ),
    Claim(
        id="jacobian-normalised-standardised",
        statement=(
            "With the normalised initialisation the average singular value is around 0.8 for "
            "standardised images as well."
        ),
        source=GLOROT_2010.at(SECTION.format(AROUND)),
        quantity="mean.normalised_standardised",
        prediction=0.8,
        band=printed(0.8, digits=1),
        reason=ONE_DIGIT,
        departure=f"{STANDARDISED} The paper does not give the scale of its inputs.",
        remark="Outside its linear regime tanh takes more away: linear-regime-standardised.",
        fault=NO_TANH,
        derivation="glorot-jacobian",
    ),
    Claim(
        id="gb-jacobian-standard",
        statement="With the standard initialisation the average singular value drops to 0.5.",
        source=GLOROT_2010.at(SECTION.format("“it drops down to 0.5”")),
        quantity="mean.standard_pixels",
        prediction=0.5,
        band=printed(0.5, digits=1),
        reason=ONE_DIGIT,
        departure=SMALL,
        remark="In the linear regime it is 8/(3π√3).",
        fault=SWAP,
        derivation="glorot-jacobian",
    ),
    Claim(
        id="jacobian-quarter-circle",
        statement="The mean singular value of a linear layer with n Var W = σ² is 8σ/(3π).",
        source=THIS_STUDY.at(HERE.format("Three averages of the Jacobian")),
        quantity="mean.linear",
        prediction=MEAN_OVER_ROOT_MEAN_SQUARE,
        band=within(MEAN_OVER_ROOT_MEAN_SQUARE, 0.01),
        reason=LARGE,
        departure="None: σ = 1, uniform weights.",
        remark="The mean of a quarter-circle law; it does not ask for the law of the weights.",
        fault=SWAP,
        derivation="glorot-jacobian",
    ),
    Claim(
        id="gb-singular-value-is-variance-ratio",
        statement=(
            "The average singular value is the ratio of the activations' variances of two "
            "consecutive layers."
        ),
        source=GLOROT_2010.at(SECTION.format("the sentence after equation 17")),
        quantity="mean_over_variance_ratio.standard_pixels",
        prediction=1.0,
        band=around(1.0, 0.1),
        reason="A tenth of a ratio that is to be 1.",
        departure=(
            f"{SMALL} The standard initialisation; with the normalised one the two come near each "
            "other, by chance."
        ),
        remark="The variance is a square: the mean of the squares is its ratio (jacobian-squares).",
        fault=Fault(
            "Draw weights so large that the two happen to agree in linear layers.",
            {
                "activation": "linear",
                "initialisations.standard.squared_bound": 3 * MEAN_OVER_ROOT_MEAN_SQUARE**2,
            },
        ),
        derivation="glorot-jacobian",
    ),
    Claim(
        id="jacobian-squares",
        statement="The mean of the squared singular values is n Var W, the ratio of variances.",
        source=THIS_STUDY.at(HERE.format("Three averages of the Jacobian")),
        quantity="root_mean_square.linear",
        prediction=1.0,
        band=around(1.0, 0.01),
        reason=LARGE,
        departure="None: linear layers with n Var W = 1; the root of the mean is read.",
        remark="The mean square over all directions is what a random direction gets on average.",
        fault=SWAP,
        derivation="glorot-jacobian",
    ),
    Claim(
        id="gb-singular-value-is-volume-ratio",
        statement="The average singular value is the average ratio of infinitesimal volumes.",
        source=GLOROT_2010.at(SECTION.format("the sentence after equation 17")),
        quantity="geometric_over_mean.normalised_pixels",
        prediction=1.0,
        band=around(1.0, 0.1),
        reason="A tenth of a ratio that is to be 1.",
        departure=f"{SMALL} The ratio of volumes is read per dimension.",
        remark="A volume is a product: the geometric mean is its ratio (jacobian-volume).",
        fault=ORTHOGONAL,
        derivation="glorot-geometric-mean",
    ),
    Claim(
        id="jacobian-volume",
        statement="Per dimension a linear layer with n Var W = σ² multiplies volumes by σ/√e.",
        source=THIS_STUDY.at(HERE.format("The geometric mean")),
        quantity="geometric_mean.linear",
        prediction=GEOMETRIC_MEAN_OVER_ROOT_MEAN_SQUARE,
        band=within(GEOMETRIC_MEAN_OVER_ROOT_MEAN_SQUARE, 0.01),
        reason=LARGE,
        departure="None: σ = 1, uniform weights.",
        remark="The n-th root of the determinant's size.",
        fault=ORTHOGONAL,
        derivation="glorot-geometric-mean",
    ),
    Claim(
        id="isometry-averages-agree",
        statement="For an orthogonal matrix the averages are one number.",
        source=THIS_STUDY.at(HERE.format("The geometric mean")),
        quantity="geometric_over_mean.isometry",
        prediction=1.0,
        band=around(1.0, 0.001),
        reason="A thousandth, for rounding.",
        departure="None.",
        remark="Means of unequal numbers differ, so that only multiples of such matrices have it.",
        fault=Fault("Draw uniform weights.", {"isometry": "uniform"}),
        derivation="glorot-geometric-mean",
    ),
)


# Figures -----------------------------------------------------------------------------------------

LABELS = {"mean": "mean", "root_mean_square": "root mean square", "geometric_mean": "geometric"}
ARMS = ("normalised_pixels", "standard_pixels")


def averages_by_layer(run: Run) -> "Figure":
    """Three averages of the singular values by layer: each lies on a level of its own."""
    figure, both = plt.subplots(1, 2, sharey=True)
    laws = {
        "mean": MEAN_OVER_ROOT_MEAN_SQUARE,
        "root_mean_square": 1.0,
        "geometric_mean": GEOMETRIC_MEAN_OVER_ROOT_MEAN_SQUARE,
    }
    for axes, arm, size in zip(both, ARMS, (1.0, sqrt(1 / 3)), strict=True):
        for at, (name, label) in enumerate(LABELS.items()):
            rows = [r for r in run.tables["averages"] if (r["arm"], r["average"]) == (arm, name)]
            axes.axhline(size * laws[name], linestyle="--", color=f"C{at}")
            axes.errorbar(
                [row["layer"] for row in rows],
                [row["mean"] for row in rows],
                [row["half_width"] for row in rows],
                fmt="o",
                color=f"C{at}",
                label=label,
            )
        axes.set(xlabel="hidden layer", title=arm.split("_")[0])
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    both[0].set(ylabel="average of the singular values", ylim=(0, 1.05))
    both[1].legend()
    return figure


EXPERIMENT = Experiment(
    config=Config,
    run=run,
    claims=CLAIMS,
    figures=(averages_by_layer,),
)
