"""Where the signal of a thousand ReLU layers becomes exactly zero in float32.

With weights of variance 1/n each layer halves the second moment. The numbers themselves are
computed in float32, not their law, so the signal ends where the smallest float32 number is.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated

import torch
from annotated_types import Ge, Gt, Le, Lt
from matplotlib import pyplot as plt
from pydantic.dataclasses import dataclass

from study.lab.inits import random_generator, standard_normal, weight_std
from study.lab.mnist import Mnist
from study.record.claims import Band, Claim, Fault, Untested, around
from study.record.experiment import STRICT, Experiment
from study.record.results import Result, Run, mean_row
from study.theory.sources import FROM_SCRATCH_NOTE, THIS_STUDY

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: how many draws of how large a network, on how many images."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    depth: Annotated[int, Ge(2), Le(10_000)]
    width: Annotated[int, Ge(2), Le(16_384)]
    images: Annotated[int, Ge(1)]
    weight_variance: Annotated[float, Gt(0), Le(1000)]


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Send images up until nothing is left of them, for each draw of the weights.

    Args:
        config: the settings.
        mnist: the data; the first images of its training split are used.
        draws: the indices of the draws to make.

    Returns:
        Per draw, the first layer that is all zero; over the draws, the size of each layer that is
        alive in all of them.
    """
    curves = {draw: sizes(config, mnist, draw) for draw in draws}
    return Result.of(
        {draw: {"first_dead_layer": first_zero(curve)} for draw, curve in curves.items()},
        tables={"layers": averaged(list(curves.values()))},
    )


def sizes(config: Config, mnist: Mnist, draw: int) -> list[float]:
    """Compute the layers of one network in float32 and return the largest entry of each.

    Args:
        config: the settings.
        mnist: the data.
        draw: index of the draw.

    Returns:
        The largest activation of each layer; the last is 0 if the signal died before the end.
    """
    activation = mnist.standardised(mnist.train.first(config.images).images)
    largest: list[float] = []
    for layer in range(1, config.depth + 1):
        fan_in = activation.shape[1]
        generator = random_generator(config.seed, draw, layer)
        weights = standard_normal((config.width, fan_in), generator, activation.device)
        weights *= weight_std(fan_in, config.weight_variance)
        activation = torch.relu(activation @ weights.T)
        largest.append(activation.max().item())
        if not largest[-1]:
            break
    return largest


def first_zero(largest: list[float]) -> float:
    """Return the first layer whose largest entry is zero, or one more than there are.

    >>> first_zero([1.0, 0.5, 0.0]), first_zero([1.0])
    (3.0, 2.0)
    """
    return float(len(largest) if not largest[-1] else len(largest) + 1)


def averaged(curves: list[list[float]]) -> list[Mapping[str, str | int | float]]:
    """Average the exponent of two of each layer's largest entry over the networks alive there.

    Args:
        curves: the largest entries by layer, one list per draw.

    Returns:
        Rows of layer, mean and half width, as far as all networks are alive.
    """
    alive = min(len(curve) - (not curve[-1]) for curve in curves)
    rows: list[Mapping[str, str | int | float]] = []
    for layer in range(alive):
        exponents = torch.tensor([curve[layer] for curve in curves], dtype=torch.float64).log2()
        rows.append(mean_row(exponents.tolist(), layer=layer + 1))
    return rows


SMALLEST = 149
"""The smallest positive float32 number is two to the minus this."""
# The root mean square halves every two layers, so it is 2^-149 after 298.
LAW = 2.0 * SMALLEST

CLAIMS = (
    Claim(
        id="s004-thousand-layers-vanish",
        statement="In a network of a thousand layers the signal vanishes.",
        source=FROM_SCRATCH_NOTE.at("bullet “If we got 1000 layers, vanishing gradients problem”"),
        quantity="first_dead_layer",
        prediction=LAW,
        band=Band(1.0, 1000.0),
        reason="Anywhere before the thousandth layer.",
        departure=(
            "The note speaks of gradients. Where the input of a layer is exactly zero, so is the "
            "gradient of its weights, which is a product with that input, whatever the derivative "
            "of the ReLU at 0 is taken to be."
        ),
        remark=(
            "With variance 1/n under a ReLU, which is what the note means. It happens long before "
            "a thousand layers; with 2/n it does not happen."
        ),
        fault=Fault("Double the weight variance.", {"weight_variance": 2.0, "width": 64}),
        derivation="derivation-from-layer-to-layer",
    ),
    Claim(
        id="float32-dies-at-298",
        statement="With weights of variance 1/n a ReLU signal in float32 is zero from layer 298.",
        source=THIS_STUDY.at("chapter Variance through a ReLU, section “From layer to layer”"),
        quantity="first_dead_layer",
        prediction=LAW,
        band=around(LAW, 15.0),
        reason=(
            "Fifteen layers: a network of finite width strays from the mean law, and the largest "
            "of many entries outlives the root mean square by a few layers."
        ),
        departure="None.",
        remark="2^-149 is the smallest float32 number, and the size halves every two layers.",
        fault=Fault("Weights of variance 1.1/n.", {"weight_variance": 1.1}),
        derivation="derivation-from-layer-to-layer",
    ),
)

UNTESTED = (
    Untested(
        id="s004-ten-thousand-layers",
        statement=(
            "A paper shows how important normalisation is by training 10,000 layers “without "
            "regularisation”."
        ),
        source=FROM_SCRATCH_NOTE.at("bullet “training 10,000 layer network”"),
        reason=(
            "It is about what a paper did. That ten thousand layers can be trained so is measured "
            "in the chapter Ten thousand layers."
        ),
        remark=(
            "The bullet is, word for word, how the ninth lesson of the course fast.ai lists Zhang "
            "and others (2019), on the initialisation Fixup, whose title goes on “Residual "
            "Learning Without Normalization”. So “regularisation” stands for normalisation: the "
            "paper trains without it, which is judged by fixup-ten-thousand. An earlier remark "
            "here read the opposite from the bullet."
        ),
    ),
)


def size_by_layer(run: Run) -> "Figure":
    """Largest activation by layer, in powers of two: a straight fall to the end of float32."""
    figure, axes = plt.subplots()
    rows = run.tables["layers"]
    layers = [float(row["layer"]) for row in rows]
    axes.plot(layers, [float(row["mean"]) for row in rows], label="measured, mean over draws")
    start = float(rows[0]["mean"])
    axes.plot(
        layers, [start - (layer - 1) / 2 for layer in layers], "--", label="law, −1/2 per layer"
    )
    axes.axhline(-SMALLEST, color="C2", linestyle=":", label="smallest float32 number")
    axes.set(xlabel="layer", ylabel="log₂ of the largest activation")
    axes.legend()
    return figure


EXPERIMENT = Experiment(
    config=Config, run=run, claims=CLAIMS, figures=(size_by_layer,), untested=UNTESTED
)
