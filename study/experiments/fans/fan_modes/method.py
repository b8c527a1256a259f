"""What dividing by fan_in, by fan_out or by a mean of both does where the widths change.

ReLU networks of several shapes, on standardised MNIST images, with a random gradient from above.
A ReLU network without biases only scales with its weights, so that all modes of one draw are one
signal read at different scales: their ratios carry no spread.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import prod, sqrt
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import torch
from annotated_types import Ge, Gt, Le, Lt, MinLen
from matplotlib import pyplot as plt
from matplotlib.ticker import MaxNLocator
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.errors import StudyError
from study.lab.activations import activation
from study.lab.inits import RandomLayers, fan, random_generator
from study.lab.mnist import Mnist
from study.lab.propagation import Scheme, propagate
from study.lab.statistics import LayerStatistics
from study.record.claims import Band, Claim, Fault, Untested, around
from study.record.experiment import STRICT, Experiment
from study.record.results import Cell, Result, Run, mean_row
from study.theory.sources import HE_2015, PYTORCH, THIS_STUDY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Size = Annotated[int, Ge(1), Le(16_384)]
Fan = Literal["fan_in", "fan_out", "average", "geometric"]
Curves: TypeAlias = Mapping[str, Tensor]
PIXELS = 28 * 28
WITH_HEAD, ALTERNATING = "head", "alternating"
"""The names of the networks that claims look into."""


@dataclass(frozen=True, config=STRICT)
class Network:
    """Widths of the hidden layers, how often they follow each other, and the last layer's."""

    hidden: Annotated[tuple[Size, ...], MinLen(1)]
    times: Annotated[int, Ge(1), Le(1000)]
    last: Size


@dataclass(frozen=True, config=STRICT)
class Mode:
    """Which fan the variance of a weight is divided by, and what stands behind every layer."""

    fan: Fan
    weight_variance: Annotated[float, Gt(0), Le(1000)]
    activation: Literal["relu", "tanh", "linear"]


@dataclass(frozen=True, config=STRICT)
class Matrix:
    """A matrix of rows inputs and columns outputs, used as ``x @ w``, that torch fills."""

    rows: Size
    columns: Size
    transposed: bool


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: the networks, the modes of each, and a matrix for torch to fill."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    images: Annotated[int, Ge(2)]
    matrix: Matrix
    modes: Annotated[dict[str, Mode], MinLen(1)]
    networks: Annotated[dict[str, Network], MinLen(1)]


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Measure every layer of every network in every mode, for each draw of the weights.

    Args:
        config: the settings.
        mnist: the data; the first images of its training split are used.
        draws: the indices of the draws to make.

    Returns:
        Per draw, what the claims read; over all draws, the curves of each network and mode.
    """
    images = mnist.standardised(mnist.train.first(config.images).images)
    measured = {draw: measure(config, images, draw) for draw in draws}
    per_draw = {
        draw: quantities(config, found, images) | filled_by_torch(config, draw)
        for draw, found in measured.items()
    }
    return Result.of(per_draw, tables={"layers": rows(list(measured.values()))})


# Measuring ---------------------------------------------------------------------------------------


def sizes(network: Network, inputs: int) -> tuple[int, ...]:
    """Return the widths of the input and of each layer.

    >>> sizes(Network(hidden=(8, 4), times=2, last=10), inputs=784)
    (784, 8, 4, 8, 4, 10)
    """
    return (inputs, *network.hidden * network.times, network.last)


def divisor(of: Fan, fan_in: int, fan_out: int) -> float:
    """Return what a mode divides the variance by.

    >>> divisor("geometric", fan_in=8, fan_out=2)
    4.0
    """
    return sqrt(fan_in * fan_out) if of == "geometric" else fan(of, fan_in, fan_out)


def scheme(mode: Mode) -> Scheme:
    """Return a mode as the laboratory knows it; for the geometric mean that is fan_in."""
    function = activation(mode.activation)
    if mode.fan != "geometric":
        return Scheme(function, mode.weight_variance, mode.fan)
    if not function.homogeneous:
        raise StudyError(f"activation {mode.activation}: not for the geometric mean")
    return Scheme(function, mode.weight_variance, "fan_in")


def measure(config: Config, images: Tensor, draw: int) -> dict[tuple[str, str], Curves]:
    """Draw each network once and measure it in every mode: curves by network and mode."""
    schemes = [scheme(mode) for mode in config.modes.values()]
    found: dict[tuple[str, str], Curves] = {}
    for name, network in config.networks.items():
        widths = sizes(network, images.shape[1])
        layers = RandomLayers(widths, config.seed, draw)
        cotangent = layers.cotangent(len(images))
        measured = propagate(images, layers, schemes, cotangent=cotangent)
        for (mode, how), statistics in zip(config.modes.items(), measured, strict=True):
            found[name, mode] = relative(statistics, widths, how.fan)
    return found


def relative(statistics: LayerStatistics, widths: Sequence[int], of: Fan) -> Curves:
    """Compare each layer with the one where its quantity sets out.

    A ReLU network only scales with its weights, so the geometric mean is read off fan_in.

    Args:
        statistics: of all layers, as measured for :func:`scheme`.
        widths: of the input and of each layer.
        of: the mode's fan.

    Returns:
        Of shape (depth,): the second moments of the signal over that of layer 1, of the gradient
        over that of the last layer, and of the weight gradients over that of layer 1.
    """
    up = statistics.log2_preactivation_second_moment
    down = statistics.log2_preactivation_gradient_second_moment
    weights = statistics.log2_weight_gradient_second_moment
    found = {
        "signal": torch.exp2(up - up[0]),
        "gradient": torch.exp2(down - down[-1]),
        "weight_gradient": torch.exp2(weights - weights[0]),
    }
    if of != "geometric":
        return found
    ours, theirs = (
        {name: torch.tensor(numbers, dtype=torch.float64) for name, numbers in of_fan.items()}
        for of_fan in (law(widths, of), law(widths, "fan_in"))
    )
    return {name: curve * ours[name] / theirs[name] for name, curve in found.items()}


def quantities(
    config: Config, measured: Mapping[tuple[str, str], Curves], images: Tensor
) -> dict[str, float]:
    """Reduce the curves of one draw to the quantities that claims and chapter read."""
    found: dict[str, float] = {}
    for (name, mode), curves_of in measured.items():
        up, down = curves_of["signal"][-1].item(), curves_of["gradient"][0].item()
        numbers = {"forward": up, "backward": down}
        if name == WITH_HEAD:
            widths = sizes(config.networks[name], images.shape[1])
            numbers |= over_widths(curves_of, widths, config.modes[mode].fan)
        if name == ALTERNATING:
            numbers |= inside(curves_of)
        found |= {f"{quantity}.{name}_{mode}": number for quantity, number in numbers.items()}
    return found


def over_widths(curves_of: Curves, widths: Sequence[int], of: Fan) -> dict[str, float]:
    """Divide what happens from end to end by the ratio of widths that a law has for it.

    Args:
        curves_of: the network in this mode.
        widths: of the input and of each layer.
        of: the mode's fan.

    Returns:
        The weight gradient from end to end, and quantities that are 1 where their law holds.
    """
    (inputs, first, *_), (before_last, last) = widths, widths[-2:]
    up, down = curves_of["signal"][-1].item(), curves_of["gradient"][0].item()
    weights = curves_of["weight_gradient"][-1].item()
    return {
        "forward_over_ends": up * last / first,
        "directions_over_ends": up / down * last / first,
        "weight_gradient": weights,
        "weight_gradient_times_fan_in": weights * before_last / inputs,
        "weight_gradient_times_fan_out": weights * last / first,
        "weight_gradient_over_variance": weights
        * divisor(of, before_last, last)
        / divisor(of, inputs, first),
    }


def inside(curves_of: Curves) -> dict[str, float]:
    """Look at the inner layers of a network whose widths alternate, wide ones first.

    Returns:
        The mean ratio of a narrow layer's signal to that of the wide one below; and the mean
        factor over two layers, of the signal upwards, of the gradient downwards and of both.
    """
    up, down = curves_of["signal"], curves_of["gradient"]
    upward, downward = (up[2:] / up[:-2]).mean().item(), (down[:-2] / down[2:]).mean().item()
    return {
        "swing": (up[1::2] / up[:-1:2]).mean().item(),
        "two_layers_up": upward,
        "two_layers_down": downward,
        "two_layers": (upward + downward) / 2,
    }


def filled_by_torch(config: Config, draw: int) -> dict[str, float]:
    """Let torch fill a matrix for use as ``x @ w``; return its rows times its variance."""
    matrix = torch.empty(config.matrix.rows, config.matrix.columns)
    seed = int(random_generator(config.seed, draw, 0).integers(2**63))
    nn.init.kaiming_normal_(
        matrix.T if config.matrix.transposed else matrix,
        nonlinearity="relu",
        generator=torch.Generator().manual_seed(seed),
    )
    variance = matrix.double().square().mean().item()
    return {"inputs_times_variance.matrix": config.matrix.rows * variance}


def rows(per_draw: Sequence[Mapping[tuple[str, str], Curves]]) -> list[dict[str, Cell]]:
    """Return rows of network, mode, layer, quantity, and mean and half width over the draws."""
    found = []
    for name, mode in per_draw[0]:
        for quantity in per_draw[0][name, mode]:
            of_draws = [measured[name, mode][quantity] for measured in per_draw]
            for layer, samples in enumerate(torch.stack(of_draws, dim=1).tolist(), start=1):
                labels = {"network": name, "mode": mode, "quantity": quantity}
                found.append(mean_row(samples, **labels, layer=layer))
    return found


# The law -----------------------------------------------------------------------------------------


def law(widths: Sequence[int], of: Fan) -> dict[str, list[float]]:
    r"""Return the curves of :func:`relative` as the law has them, for ReLU layers.

    .. math::
        F_l = m_{l-1}/\phi_l, \qquad B_l = m_l/\phi_l, \qquad
        G_l \propto \prod_{k<l} F_k \prod_{k>l} B_k

    Args:
        widths: :math:`m_0` to :math:`m_L`.
        of: which fan :math:`\phi_l` the variance :math:`2/\phi_l` is divided by.

    Returns:
        The curves by name, one number per layer.

    **Source**: He et al. (2015), equations 9 and 13; chapter fan_in or fan_out, section “Weight
    gradients”, for the last.

    >>> law([784, 1000, 10], "fan_out")["signal"]
    [1.0, 100.0]
    """
    upward = [fan_in / divisor(of, fan_in, fan_out) for fan_in, fan_out in pairwise(widths)]
    downward = [fan_out / divisor(of, fan_in, fan_out) for fan_in, fan_out in pairwise(widths)]
    depth = len(upward)
    above = [prod(downward[layer + 1 :], start=1.0) for layer in range(depth)]
    return {
        "signal": [prod(upward[1 : layer + 1], start=1.0) for layer in range(depth)],
        "gradient": above,
        "weight_gradient": [prod(upward[:at]) * above[at] / above[0] for at in range(depth)],
    }


# Claims ------------------------------------------------------------------------------------------

CHAPTER = "chapter fan_in or fan_out"
TELESCOPE, BOTH, WEIGHTS = "derivation-telescope", "derivation-both-ways", "derivation-weights"
HEAD = "A dense network of 784 inputs, four layers of 1000 units and 10 outputs, on MNIST."
RANDOM_TOP = "A random gradient enters at the top."
PROPERLY = Band(1 / 20, 20.0)
PROPERLY_REASON = (
    "The paper gives no number for “properly scaled”. Twenty times too large or too small, in "
    "second moments, is wide enough for its own 64 channels at one end and 1000 classes."
)
FEW_CLASSES = (
    "Twenty per cent: the last layer has ten units, so a draw has few independent values; another "
    "mode is off by a power of the ratio of the widths."
)
TEN_PER_CENT = "Ten per cent, for the draws; narrow layers spread. Another mode is far outside."
NO_DEPARTURE = "None: a statement about such networks, with a random gradient at the top."
ONE_NUMBER = "The three claims on weight gradients are one measurement with three verdicts."
AS_WIDE_AS_THE_REST = Fault(
    "Make the last layer as wide as the others of the reference.", {"networks.head.last": 1000}
)

CLAIMS = (
    Claim(
        id="he-sufficiency",
        statement=(
            "If weights of variance 2/fan_out scale the gradient properly, they scale the signal "
            "properly, too."
        ),
        source=HE_2015.at(
            "section 2.2, text after equation 14, “sufficient to use either” of equations 10 and 14"
        ),
        quantity="forward.head_fan_out",
        prediction=1.0,
        band=PROPERLY,
        reason=PROPERLY_REASON,
        departure=f"{HEAD} The paper's networks have 1000 classes, after 64 channels or more.",
        remark=(
            "The paper's argument is right (he-sufficiency-telescopes): over any depth only the "
            "first and the last width count. But ten outputs are a hundredth of the first width, "
            "and the logits start nine times as large as with 2/fan_in (modes-are-one-function)."
        ),
        fault=AS_WIDE_AS_THE_REST,
        derivation=TELESCOPE,
    ),
    Claim(
        id="he-sufficiency-backward",
        statement=(
            "If weights of variance 2/fan_in scale the signal properly, they scale the gradient "
            "properly, too."
        ),
        source=HE_2015.at("section 2.2, text after equation 14, “and vice versa”"),
        quantity="backward.head_fan_in",
        prediction=1.0,
        band=PROPERLY,
        reason=PROPERLY_REASON,
        departure=f"{HEAD} {RANDOM_TOP}",
        remark=(
            "The gradient reaches the first layer with a hundredth of its second moment. It is "
            "spread over a hundred times as many units: the sum of its squares is kept."
        ),
        fault=AS_WIDE_AS_THE_REST,
        derivation=TELESCOPE,
    ),
    Claim(
        id="he-sufficiency-telescopes",
        statement=(
            "With weights of variance 2/fan_out, the signal changes from the first layer to the "
            "last by the ratio of their widths, whatever lies between."
        ),
        source=HE_2015.at("section 2.2, text after equation 14, the product equal to c₂/d_L"),
        quantity="forward_over_ends.head_fan_out",
        prediction=1.0,
        band=around(1.0, 0.2),
        reason=FEW_CLASSES,
        departure=HEAD,
        remark=(
            "The factor over that ratio; the precise form of he-sufficiency. For convolutions with "
            "kernels of any sizes it is that of channels, times the places of a flattened map."
        ),
        fault=Fault("Drop the factor 2.", {"modes.fan_out.weight_variance": 1.0}),
        derivation=TELESCOPE,
    ),
    Claim(
        id="sufficiency-of-the-ends",
        statement=(
            "Between the ends nothing is sufficient: with 2/fan_out, the signal in layers of "
            "alternating width swings by the ratio of the widths, here 16."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}, section “The telescope”"),
        quantity="swing.alternating_fan_out",
        prediction=16.0,
        band=around(16.0, 1.6),
        reason=TEN_PER_CENT,
        departure=NO_DEPARTURE,
        remark="With 2/fan_in it is the gradient that swings, by the same factor.",
        fault=Fault("Divide by fan_in.", {"modes.fan_out.fan": "fan_in"}),
        derivation=TELESCOPE,
    ),
    Claim(
        id="no-variance-keeps-both",
        statement=(
            "Whatever the variances, the factor of the signal over that of the gradient is the "
            "first width over the last."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}, section “Both ways at once”"),
        quantity="directions_over_ends.head_average",
        prediction=1.0,
        band=around(1.0, 0.2),
        reason=FEW_CLASSES,
        departure=NO_DEPARTURE,
        remark=(
            "The quotient over the ratio of the widths, measured with the average of the fans. It "
            "needs an activation that treats signal and gradient alike, as a ReLU does."
        ),
        fault=Fault("Replace the ReLU by tanh.", {"modes.average.activation": "tanh"}),
        derivation=BOTH,
    ),
    Claim(
        id="average-loses-both-ways",
        statement=(
            "Divided by the average of the fans, signal and gradient both shrink wherever widths "
            "change: over a pair of layers of widths 16 to 1, by 64/289 each."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}, section “Both ways at once”"),
        quantity="two_layers.alternating_average",
        prediction=64 / 289,
        band=around(64 / 289, 6.4 / 289),
        reason=TEN_PER_CENT,
        departure=NO_DEPARTURE,
        remark=(
            "The mean of both directions. Neither fan nor their geometric mean loses anything over "
            "such a pair; the average loses exponentially in their number."
        ),
        fault=Fault("Divide by fan_in.", {"modes.average.fan": "fan_in"}),
        derivation=BOTH,
    ),
    Claim(
        id="fan-in-weight-gradients",
        statement=(
            "With 2/fan_in, the second moment of a weight gradient is inverse to the layer's "
            "fan_out."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}, section “Weight gradients”"),
        quantity="weight_gradient_times_fan_out.head_fan_in",
        prediction=1.0,
        band=around(1.0, 0.2),
        reason=FEW_CLASSES,
        departure=NO_DEPARTURE,
        remark=f"Of the last layer over the first, times the ratio of their fan_out. {ONE_NUMBER}",
        fault=Fault("Divide by fan_out.", {"modes.fan_in.fan": "fan_out"}),
        derivation=WEIGHTS,
    ),
    Claim(
        id="fan-out-weight-gradients",
        statement=(
            "With 2/fan_out, the second moment of a weight gradient is inverse to the layer's "
            "fan_in, and so nearly the same in a network with a narrow head."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}, section “Weight gradients”"),
        quantity="weight_gradient_times_fan_in.head_fan_out",
        prediction=1.0,
        band=around(1.0, 0.2),
        reason=FEW_CLASSES,
        departure=NO_DEPARTURE,
        remark=f"Of the last layer over the first, times the ratio of their fan_in. {ONE_NUMBER}",
        fault=Fault("Divide by fan_in.", {"modes.fan_out.fan": "fan_in"}),
        derivation=WEIGHTS,
    ),
    Claim(
        id="geometric-mean-weight-gradients",
        statement=(
            "With 2/√(fan_in · fan_out), the second moment of a weight gradient over the variance "
            "of the weight is the same in every layer."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}, section “Weight gradients”"),
        quantity="weight_gradient_over_variance.head_geometric",
        prediction=1.0,
        band=around(1.0, 0.2),
        reason=FEW_CLASSES,
        departure=NO_DEPARTURE,
        remark=(
            "Of the last layer over the first. No other variances do this in every network; with "
            "either fan alone the quotient changes by the ratio of the two fans. " + ONE_NUMBER
        ),
        fault=Fault("Divide by fan_in.", {"modes.geometric.fan": "fan_in"}),
        derivation=WEIGHTS,
    ),
    Claim(
        id="torch-fan-doc-note",
        statement="Who computes x @ w must pass w.T to kaiming_normal_ for fan_in to be fan_in.",
        source=PYTORCH.at("torch.nn.init.kaiming_normal_, the note, “pass in a transposed weight”"),
        quantity="inputs_times_variance.matrix",
        prediction=2.0,
        band=around(2.0, 0.04),
        reason="Two per cent, for the draws; without the transpose it is 31.",
        departure="None: torch's own function, on the lesson note's matrix of 784 by 50.",
        remark="The same law as with fan_out on w itself (s002-kaiming-normal-fan-out-same).",
        fault=Fault("Pass w itself.", {"matrix.transposed": False}),
        derivation="derivation-layout",
    ),
)

UNTESTED = (
    Untested(
        id="he-backward-first-layer-skipped",
        statement=(
            "The gradient with respect to the image is not needed, yet equation 14 may be used in "
            "the first layer as well, for a single layer does not make a product large."
        ),
        source=HE_2015.at("section 2.2, text after equation 14, “we need not compute”"),
        reason="A choice of convenience; the paper gives no number for a single factor.",
        remark=(
            "It multiplies all second moments by the number of pixels over the first width, once: "
            "little with a first layer of 1000 units, more than 24 with one of 32."
        ),
        derivation=TELESCOPE,
    ),
)


# Figures -----------------------------------------------------------------------------------------

MARKERS = {"fan_in": "o", "average": "s", "geometric": "D", "fan_out": "^"}


def widths_of(run: Run, name: str) -> tuple[int, ...]:
    """Return the widths of a network of a finished run."""
    of = run.settings["experiment"]["networks"][name]
    return sizes(Network(tuple(of["hidden"]), of["times"], of["last"]), PIXELS)


def plot_by_layer(axes: "Axes", run: Run, network: str, quantity: str) -> None:
    """Draw a quantity of one network by layer: each mode's points, dashed the law."""
    for at, (mode, marker) in enumerate(MARKERS.items()):
        wanted = {"network": network, "mode": mode, "quantity": quantity}
        points = [row for row in run.tables["layers"] if wanted.items() <= row.items()]
        layers = [float(row["layer"]) for row in points]
        of = run.settings["experiment"]["modes"][mode]["fan"]
        axes.plot(layers, law(widths_of(run, network), of)[quantity], "--", color=f"C{at}", lw=1)
        axes.errorbar(
            layers,
            [float(row["mean"]) for row in points],
            [float(row["half_width"]) for row in points],
            fmt=marker,
            color=f"C{at}",
            capsize=2,
            label=mode,
        )
    axes.set(yscale="log", xlabel="layer")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(ncols=2)


def end_to_end_in_six_networks(run: Run) -> "Figure":
    """Signal and gradient from end to end, in six networks and four modes, on their laws."""
    figure, panels = plt.subplots(1, 2, sharey=True)
    networks = list(run.settings["experiment"]["networks"])
    ways = (("forward", "signal", -1), ("backward", "gradient", 0))
    for axes, (way, curve, end) in zip(panels, ways, strict=True):
        for at, (mode, marker) in enumerate(MARKERS.items()):
            places = [row + (at - 1.5) / 6 for row in range(len(networks))]
            of = run.settings["experiment"]["modes"][mode]["fan"]
            lawful = [law(widths_of(run, name), of)[curve][end] for name in networks]
            measured = [run.values[f"{way}.{name}_{mode}"].mean for name in networks]
            axes.plot(lawful, places, "|", color=f"C{at}", markersize=9)
            axes.plot(measured, places, marker, color=f"C{at}", alpha=0.7, label=mode)
        axes.set_xscale("log")
        axes.axvline(1, linewidth=0.8, color="C4")
        axes.set_xlabel(f"{curve}, end to end")
    panels[0].set_yticks(range(len(networks)), networks)
    panels[0].invert_yaxis()
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return figure


def signal_in_alternating_widths(run: Run) -> "Figure":
    """In alternating widths fan_out makes the signal swing, and the average lets it fade."""
    figure, axes = plt.subplots()
    plot_by_layer(axes, run, ALTERNATING, "signal")
    axes.set_ylabel("signal squared, over layer 1")
    return figure


def weight_gradients_with_a_head(run: Run) -> "Figure":
    """With ten classes fan_in favours the head's weight gradient, and fan_out keeps all level."""
    figure, axes = plt.subplots()
    plot_by_layer(axes, run, WITH_HEAD, "weight_gradient")
    axes.set_ylabel("weight gradient squared, over layer 1")
    return figure


EXPERIMENT = Experiment(
    config=Config,
    run=run,
    claims=CLAIMS,
    figures=(
        end_to_end_in_six_networks,
        signal_in_alternating_widths,
        weight_gradients_with_a_head,
    ),
    untested=UNTESTED,
)
