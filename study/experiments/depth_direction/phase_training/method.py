"""How deep a network of tanh units can be and still begin to learn, across the edge of chaos.

Networks of several depths with weights of several variances and one variance of the biases, trained
for a short time with the same small learning rate. All that share a depth are trained side by side.
"""

from collections.abc import Iterable, Mapping
from math import inf, log, sqrt
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import torch
from annotated_types import Ge, Gt, Le, Lt, MinLen
from matplotlib import pyplot as plt
from pydantic.dataclasses import dataclass
from scipy.stats import spearmanr
from torch import Tensor, nn

from study.lab.activations import activation
from study.lab.inits import RandomLayers, random_generator
from study.lab.mnist import Mnist
from study.lab.parallel import side_by_side
from study.lab.training import minibatches, train
from study.record.claims import Band, Claim, Fault, around, within
from study.record.experiment import STRICT, Experiment
from study.record.results import Cell, Result, Run, mean_row
from study.theory import activations, phases
from study.theory.sources import SCHOENHOLZ_2017, THIS_STUDY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLASSES = 10
CHANCE = log(CLASSES)


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: how many draws, how large the networks, how they are trained, and what is read."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    images: Annotated[int, Ge(1)]
    evaluated: Annotated[int, Ge(1)]
    width: Annotated[int, Ge(2), Le(16_384)]
    batch: Annotated[int, Ge(1)]
    steps: Annotated[int, Ge(1), Le(100_000)]
    learning_rate: Annotated[float, Ge(0)]
    activation: Literal["linear", "tanh"]
    bias_variance: Annotated[float, Ge(0), Le(1000)]
    weight_variances: Annotated[tuple[Annotated[float, Gt(0), Le(1000)], ...], MinLen(2)]
    depths: Annotated[tuple[Annotated[int, Ge(1), Le(1000)], ...], MinLen(1)]
    begun: Annotated[float, Gt(0), Lt(1)]
    far: Annotated[float, Gt(0)]


class Networks(nn.Module):
    """Networks of one depth side by side, which differ by how large their weights are.

    **Shapes**: a batch of images (images, pixels) goes to outputs (networks, images, classes).
    """

    def __init__(self, config: Config, layers: RandomLayers) -> None:
        super().__init__()
        variances = layers.weights(1).new_tensor(config.weight_variances)[:, None, None]
        depth = len(layers.widths) - 2
        self.function = activation(config.activation).function
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for layer in range(1, depth + 1):
            matrix = layers.weights(layer).T
            bias = layers.biases(layer) * sqrt(config.bias_variance)
            self.weights.append(nn.Parameter((variances / len(matrix)).sqrt() * matrix))
            self.biases.append(nn.Parameter(bias.expand(len(variances), 1, -1).clone()))
        last = layers.weights(depth + 1).T / sqrt(config.width)
        self.last = nn.Parameter(last.expand(len(variances), -1, -1).clone())

    def forward(self, images: Tensor) -> Tensor:
        """Return the outputs of each network for each image."""
        signal = images.expand(len(self.last), -1, -1)
        for weight, bias in zip(self.weights, self.biases, strict=True):
            signal = self.function(torch.baddbmm(bias, signal, weight))
        return torch.bmm(signal, self.last)


def losses(outputs: Tensor, labels: Tensor) -> Tensor:
    """Return the cross-entropy of each network.

    Args:
        outputs: of all networks.
        labels: the class of each image.

    Returns:
        The mean over the images.

    **Shapes**: ``outputs`` (networks, images, classes); ``labels`` (images,); (networks,).
    """
    logs = outputs.log_softmax(dim=2)
    at = labels.expand(len(outputs), -1)[:, :, None]
    return -logs.gather(2, at)[:, :, 0].mean(dim=1)


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Train the networks of every depth, for each draw of the weights.

    Args:
        config: the settings.
        mnist: the data; the first images of its training split are used.
        draws: the indices of the draws to make.

    Returns:
        Per draw, what the claims read; over all draws, what each network has learnt.
    """
    measured = {draw: measure(config, mnist, draw) for draw in draws}
    return Result.of(
        {draw: quantities(config, learnt) for draw, learnt in measured.items()},
        tables={"networks": rows(config, measured)},
    )


def measure(config: Config, mnist: Mnist, draw: int) -> Tensor:
    r"""Train the networks of one draw.

    Args:
        config: the settings.
        mnist: the data.
        draw: index of the draw.

    Returns:
        What was learnt: :math:`1 - L/\ln 10`, where :math:`L` is the loss on the first images of
        the training split; 0 at most, where the loss is no number or above that of chance.

    **Shapes**: (depths, networks).
    """
    split = mnist.train.first(config.images)
    images = mnist.standardised(split.images)
    # In float64, since deep chaotic networks enlarge every rounding error.
    images = (images / images.square().mean(dim=1, keepdim=True).sqrt()).double()

    def at_depth(depth: int) -> Tensor:
        widths = (images.shape[1], *[config.width] * depth, CLASSES)
        layers = RandomLayers(widths, config.seed, draw, dtype=images.dtype, device=images.device)
        networks = Networks(config, layers)
        batches = minibatches(
            len(images), config.batch, config.steps, random_generator(config.seed, draw, 0)
        )
        train(
            networks,
            lambda outputs, labels: losses(outputs, labels).sum(),  # each has its own gradient
            images,
            split.labels,
            batches,
            learning_rate=config.learning_rate,
        )
        with torch.no_grad():
            found = losses(networks(images[: config.evaluated]), split.labels[: config.evaluated])
        # A loss that is not a number has learnt nothing; nor has an infinite one, which is clamped.
        return (1 - found.cpu() / CHANCE).nan_to_num(nan=0.0).clamp(min=0)

    return torch.stack(side_by_side(at_depth, config.depths))


def depths_in_scales(config: Config) -> Tensor:
    """Return the depth of each network over the depth scale of its cosine.

    **Shapes**: (depths, networks).
    """
    scales = [tanh_scale(c, config.bias_variance) for c in config.weight_variances]
    return torch.tensor([[depth / scale for scale in scales] for depth in config.depths])


def tanh_scale(weight_variance: float, bias_variance: float) -> float:
    """Return the depth scale of the cosine for tanh; infinite on the edge of chaos."""
    one = activations.activation("tanh")
    return phases.correlation_depth_scale(one, weight_variance, bias_variance)


def quantities(config: Config, learnt: Tensor) -> dict[str, float]:
    """Reduce one draw to the quantities that claims read.

    Args:
        config: the settings.
        learnt: by each network.

    Returns:
        Minus the rank correlation of what is learnt, as far as a network has begun to, with the
        depth in scales; the depth in scales
        that has as many networks below it as have begun to learn; and what those far beyond their
        scale have learnt, those on the edge at the largest depth, and at that depth the ordered
        ones of less than half the weights.
    """
    scales = depths_in_scales(config)
    beyond = learnt[scales > config.far]
    on_edge = scales[-1].argmin()
    begun = torch.where(learnt > config.begun, learnt, 0.0)
    told = float(-spearmanr(scales.flatten(), begun.flatten()).statistic) if begun.any() else 0.0
    return {
        "rank_correlation.tanh": told,
        "threshold.tanh": threshold(scales.flatten(), learnt.flatten() > config.begun),
        "learnt.far": float(beyond.mean()),
        "learnt.edge": float(learnt[-1, on_edge]),
        "learnt.ordered": float(learnt[-1, : int(on_edge) // 2].mean()),
    }


def threshold(places: Tensor, happened: Tensor) -> float:
    """Return the place below which as many lie as happened; between two, their geometric mean.

    >>> threshold(torch.tensor([1.0, 4.0, 9.0]), torch.tensor([True, True, False]))
    6.0
    """
    count, ordered = int(happened.sum()), places.sort().values
    ends = ordered[max(count - 1, 0)], ordered[min(count, len(ordered) - 1)]
    return float((ends[0] * ends[1]).sqrt())


def rows(config: Config, measured: Mapping[int, Tensor]) -> list[Mapping[str, Cell]]:
    """Average what each network has learnt over the draws."""
    scales = depths_in_scales(config)
    return [
        mean_row(
            [float(learnt[at, index]) for learnt in measured.values()],
            depth=depth,
            weight_variance=c,
            depth_in_scales=float(scales[at, index]),
        )
        for at, depth in enumerate(config.depths)
        for index, c in enumerate(config.weight_variances)
    ]


# Claims ------------------------------------------------------------------------------------------

SHORT = (
    "Short trainings of narrow networks on a part of MNIST by plain descent at one learning rate; "
    "the paper trains longer and wider ones."
)
SECTION = "chapter Order and chaos, section "
STILL = Fault("Do not train.", {"learning_rate": 0.0})

CLAIMS = (
    Claim(
        id="depth-scale-trainability",
        statement="Whether a random network can be trained is told by its depth in depth scales.",
        source=SCHOENHOLZ_2017.at("abstract, “precisely when information can travel through them”"),
        quantity="rank_correlation.tanh",
        prediction=1.0,
        band=Band(0.8, 1.0),
        reason=(
            "From 0.8 on one number tells nearly all of the order; below the threshold what is "
            "learnt depends on the learning rate as well."
        ),
        departure=SHORT,
        remark="Minus Spearman's correlation of what is learnt with the depth in scales.",
        fault=STILL,
        derivation="derivation-trainability",
    ),
    Claim(
        id="trainable-six-scales",
        statement="Networks can be trained up to a depth of about six depth scales.",
        source=SCHOENHOLZ_2017.at("section 6, the comparison with multiples of the depth scale"),
        quantity="threshold.tanh",
        prediction=6.0,
        band=within(6.0, 0.5),
        reason="A half: the paper says about six, of trainings that are longer.",
        departure=SHORT,
        remark="The depth in scales with as many networks below it as begin to learn.",
        fault=STILL,
        derivation="derivation-trainability",
    ),
    Claim(
        id="nothing-is-learnt-beyond",
        statement="Networks of more than nine depth scales learn nothing in this time.",
        source=THIS_STUDY.at(f"{SECTION}“What training sees”"),
        quantity="learnt.far",
        prediction=0.0,
        band=around(0.0, 0.02),
        reason="Two hundredths of the loss of chance; networks on the edge learn a tenth and more.",
        departure="None: it is a statement of this study about these trainings.",
        remark="The mean over all networks of more than nine scales, ordered and chaotic.",
        fault=Fault("Count networks from a tenth of a scale on.", {"far": 0.1}),
        derivation="derivation-trainability",
    ),
)


# Figures -----------------------------------------------------------------------------------------


def learnt_on_map(run: Run) -> "Figure":
    """What networks have learnt by weights and depth: the deep ones learn near the edge only."""
    figure, axes = plt.subplots()
    found, bias = run.tables["networks"], run.settings["experiment"]["bias_variance"]
    x, y = ([float(row[key]) for row in found] for key in ("weight_variance", "depth"))
    axes.scatter(x, y, s=[4 + 260 * float(row["mean"]) for row in found], color="C1")
    weights = np.linspace(0.4, 4.2, 120).tolist()
    for scales, line in ((3, ":"), (6, "--"), (9, ":")):
        reach = [scales * tanh_scale(c, bias) for c in weights]
        axes.plot(weights, reach, line, color="C0", label=f"{scales} depth scales")
    depths = run.settings["experiment"]["depths"]
    axes.set(xlabel="variance of a weight × fan_in", ylabel="depth", yscale="log")
    axes.set_ylim(depths[0] / 1.6, depths[-1] * 1.6)
    axes.set_yticks(depths, [str(depth) for depth in depths])
    axes.minorticks_off()
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3)
    return figure


def learnt_by_scales(run: Run) -> "Figure":
    """What networks have learnt against their depth in scales: nothing beyond about six."""
    figure, axes = plt.subplots()
    edge = min(run.tables["networks"], key=lambda row: float(row["depth_in_scales"]))
    sides = (("ordered", -inf, 1, "o"), ("chaotic", 1, inf, "s"))
    for name, low, high, mark in sides:
        found = [
            row
            for row in run.tables["networks"]
            if low < float(row["weight_variance"]) / float(edge["weight_variance"]) < high
        ]
        x, y, reach = (
            [float(row[key]) for row in found] for key in ("depth_in_scales", "mean", "half_width")
        )
        axes.errorbar(x, y, reach, fmt=mark, label=name)
    axes.axvline(6, color="0.5", linestyle="--")
    axes.set(xlabel="depth in depth scales", ylabel="share of the loss learnt", xscale="log")
    axes.legend()
    return figure


EXPERIMENT = Experiment(
    config=Config, run=run, claims=CLAIMS, figures=(learnt_on_map, learnt_by_scales)
)
