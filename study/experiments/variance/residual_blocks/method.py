"""What residual blocks make of a signal, with and without a factor on their branches.

Blocks without normalisation, on MNIST images scaled to unit mean square. Both arms of one draw
share their random numbers.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import log2, sqrt
from typing import TYPE_CHECKING, Annotated, Any

import torch
from annotated_types import Ge, Le, Lt, MinLen
from matplotlib import pyplot as plt
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.lab.inits import RandomLayers
from study.lab.mnist import Mnist
from study.record.claims import Claim, Fault, within
from study.record.experiment import STRICT, Experiment
from study.record.results import Result, Run, mean_row
from study.theory.sources import THIS_STUDY, ZHANG_2019

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: how large a network, and to which power of its blocks branches are divided."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    blocks: Annotated[int, Ge(2), Le(1_000)]
    width: Annotated[int, Ge(2), Le(16_384)]
    images: Annotated[int, Ge(1)]
    power: Annotated[dict[str, Annotated[float, Ge(0), Le(2)]], MinLen(1)]


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Measure the signal behind every block, for each draw of the weights.

    Args:
        config: the settings.
        mnist: the data; the first images of its training split are used.
        draws: the indices of the draws to make.

    Returns:
        Per draw, the factors of the blocks; over all draws, the curve of each arm.
    """
    images = mnist.standardised(mnist.train.first(config.images).images)
    inputs = images / images.square().mean(dim=1, keepdim=True).sqrt()
    measured = {draw: measure(config, inputs, draw) for draw in draws}
    return Result.of(
        {draw: quantities(moments) for draw, moments in measured.items()},
        tables={"blocks": curves(list(measured.values()))},
    )


def measure(config: Config, inputs: Tensor, draw: int) -> dict[str, Tensor]:
    r"""Send images through residual blocks and measure the signal before and behind each.

    .. math:: x_{b+1} = x_b + B^{-p}\, W_2\, \mathrm{relu}(W_1 x_b)

    Args:
        config: the settings; :math:`W_1` has variance 2/n and :math:`W_2` 1/n.
        inputs: the images, of shape (images, pixels); one linear layer brings them to the width.
        draw: index of the draw.

    Returns:
        The second moment of :math:`x_0` to :math:`x_B` for each power, of shape (blocks + 1,).
    """
    blocks, width = config.blocks, config.width
    widths = (inputs.shape[1], *[width] * (2 * blocks + 1))
    layers = RandomLayers(widths, config.seed, draw, device=inputs.device)
    first = inputs @ layers.weights(1).T / sqrt(inputs.shape[1])
    signals = dict.fromkeys(config.power, first)
    moments = {name: [second_moment(first)] for name in signals}
    for block in range(blocks):
        inner, outer = (layers.weights(2 * block + 2 + at) / sqrt(width) for at in (0, 1))
        for name, power in config.power.items():
            x = signals[name]
            branch = (sqrt(2) * x @ inner.T).relu() @ outer.T
            signals[name] = x + blocks**-power * branch
            moments[name].append(second_moment(signals[name]))
    return {name: torch.stack(found) for name, found in moments.items()}


def second_moment(values: Tensor) -> Tensor:
    """Return the mean square, in float64."""
    return values.double().square().mean()


def quantities(moments: Mapping[str, Tensor]) -> dict[str, float]:
    """Return the mean factor of a block, and that of all blocks together, for each power."""
    factors = {name: (curve[1:] / curve[:-1]).mean().item() for name, curve in moments.items()}
    totals = {name: (curve[-1] / curve[0]).item() for name, curve in moments.items()}
    return {f"block_factor.{name}": factor for name, factor in factors.items()} | {
        f"all_blocks.{name}": total for name, total in totals.items()
    }


def curves(per_draw: Sequence[Mapping[str, Tensor]]) -> list[Mapping[str, Any]]:
    """Average the base-2 logarithm of the second moment behind every block over the draws."""
    return [
        mean_row(samples, arm=arm, block=block)
        for arm in per_draw[0]
        for block, samples in enumerate(
            torch.stack([moments[arm].log2() for moments in per_draw], dim=1).tolist()
        )
    ]


# Claims ------------------------------------------------------------------------------------------

SCALED_TOTAL = (1 + 1 / 50) ** 50
BLOCKS = "derivation-residual-blocks"

CLAIMS = (
    Claim(
        id="resnet-unscaled-doubles",
        statement="A residual block with a branch that keeps the signal doubles its variance.",
        source=ZHANG_2019.at("section 2, on residual networks with standard initialisations"),
        quantity="block_factor.unscaled",
        prediction=2.0,
        band=within(2.0, 0.02),
        reason="Two per cent: the law holds in expectation at any width; only the draws stray.",
        departure="x + W₂ relu(W₁ x), with variance 2/n and 1/n; 50 blocks, no normalisation.",
        remark="The second moment: signal and branch are uncorrelated, so their sizes add.",
        fault=Fault("Divide the branches by √50.", {"power.unscaled": 0.5}),
        derivation=BLOCKS,
    ),
    Claim(
        id="resnet-scaled-branches",
        statement="With branches divided by √B, all B blocks together multiply it by (1 + 1/B)^B.",
        source=THIS_STUDY.at("chapter Variance through depth, section “Residual blocks”"),
        quantity="all_blocks.scaled",
        prediction=SCALED_TOTAL,
        band=within(SCALED_TOTAL, 0.1),
        reason="Ten per cent, as the spreads of fifty factors add up in one draw.",
        departure="None: B = 50.",
        remark="Below e = 2.718 for any number of blocks.",
        fault=Fault("Divide by the fourth root instead.", {"power.scaled": 0.25}),
        derivation=BLOCKS,
    ),
)


# Figures -----------------------------------------------------------------------------------------


def doubling_or_level(run: Run) -> "Figure":
    """Second moment by block: doubled by each unscaled branch, nearly level with scaled ones."""
    figure, axes = plt.subplots()
    settings = run.settings["experiment"]
    for name, power in settings["power"].items():
        rows: list[Mapping[str, Any]] = [r for r in run.tables["blocks"] if r["arm"] == name]
        blocks = [row["block"] for row in rows]
        axes.plot(blocks[::2], [row["mean"] for row in rows][::2], "o", markersize=3, label=name)
        law = [block * log2(1 + settings["blocks"] ** (-2 * power)) for block in blocks]
        axes.plot(blocks, law, "--", color=axes.lines[-1].get_color())
    axes.set(xlabel="block", ylabel="log₂ of the second moment")
    axes.legend(title="branches")
    return figure


EXPERIMENT = Experiment(
    config=Config,
    run=run,
    claims=CLAIMS,
    figures=(doubling_or_level,),
)
