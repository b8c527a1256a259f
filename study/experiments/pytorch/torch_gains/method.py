"""What torch's helpers give: a gain for each activation, and normal numbers that are cut off.

The gains are compared with those that follow from integrals, and used in deep networks.
"""

from collections.abc import Iterable, Mapping
from math import erfc, exp, log10, pi, sqrt
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import torch
from annotated_types import Ge, Gt, Le, Lt, MinLen
from matplotlib import pyplot as plt
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab import activations
from study.lab.inits import RandomLayers, random_generator
from study.lab.mnist import Mnist
from study.lab.propagation import Scheme, propagate
from study.lab.statistics import LayerStatistics
from study.record.claims import Band, Claim, Fault, around, within
from study.record.experiment import STRICT, Experiment
from study.record.results import Result, Run, mean_row
from study.theory import gains, mean_field, moments
from study.theory.activations import activation
from study.theory.sources import HANIN_ROLNICK_2018, PYTORCH, THIS_STUDY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Gain: TypeAlias = Literal["linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu"]


@dataclass(frozen=True, config=STRICT)
class Network:
    """The activation of a network, whose gain torch is asked for, and by what it is multiplied."""

    activation: str
    gain_of: Gain
    times: Annotated[float, Gt(0), Le(100)]


@dataclass(frozen=True, config=STRICT)
class Cut:
    """ReLU layers whose weights are of a law, and what torch's own functions are asked for."""

    depth: Annotated[int, Ge(2), Le(1000)]
    law: Literal["gaussian", "truncated"]
    asked: Literal["kaiming_normal", "trunc_normal"]
    deviation: Annotated[float, Gt(0), Le(1)]
    bound: Annotated[float, Gt(0), Le(10)]


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: what torch documents, what it is asked for, and the networks."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    images: Annotated[int, Ge(1)]
    mean_square: Annotated[float, Gt(0), Le(1000)]
    documented: Annotated[dict[str, float], MinLen(1)]
    unknown: str
    preactivation_deviation: Annotated[float, Gt(0), Le(100)]
    width: Annotated[int, Ge(2), Le(16_384)]
    depth: Annotated[int, Ge(4), Le(10_000)]
    networks: Annotated[dict[str, Network], MinLen(1)]
    cut: Cut


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Ask torch for its gains and send images and a gradient through networks that have them.

    Args:
        config: the settings.
        mnist: the data; the first images of its training split are used.
        draws: the indices of the draws to make.

    Returns:
        Per draw, what the claims read; over all draws, the networks layer by layer; exact, the
        gains and what is wrong with the documented ones.
    """
    images = mnist.standardised(mnist.train.first(config.images).images).double()
    inputs = images * (config.mean_square / images.square().mean(dim=1, keepdim=True)).sqrt()
    measured = {draw: through_depth(config, inputs, draw) for draw in draws}
    made = {
        draw: quantities(networks) | cut_off(config, inputs, draw)
        for draw, networks in measured.items()
    }
    return Result.of(
        made, tables={"layers": curves([*measured.values()])}, exact=what_torch_says(config)
    )


def through_depth(config: Config, inputs: Tensor, draw: int) -> dict[str, LayerStatistics]:
    """Send images up and a random gradient down through each network, all of the same numbers."""
    widths = (inputs.shape[1], *[config.width] * config.depth)
    layers = RandomLayers(widths, config.seed, draw, dtype=inputs.dtype)
    schemes = [
        Scheme(activations.activation(network.activation), gain_of(network) ** 2)
        for network in config.networks.values()
    ]
    found = propagate(inputs, layers, schemes, cotangent=layers.cotangent(len(inputs)))
    return dict(zip(config.networks, found, strict=True))


def gain_of(network: Network) -> float:
    """Return the gain of a network: what torch gives for a name, multiplied."""
    return network.times * float(nn.init.calculate_gain(network.gain_of))


def quantities(networks: Mapping[str, LayerStatistics]) -> dict[str, float]:
    """Reduce the networks of a draw to the quantities that claims read.

    Args:
        networks: the statistics of each network.

    Returns:
        For each, over the upper half of its layers: the mean second moment of the activation, and
        the mean factor of the gradient's second moment per layer.
    """
    found = {}
    for name, layers in networks.items():
        half = len(layers.log2_activation_second_moment) // 2
        logs = layers.log2_preactivation_gradient_second_moment[half:]
        factors = torch.exp2(logs[:-1] - logs[1:])
        found[f"second_moment.{name}"] = float(layers.activation_second_moment[half:].mean())
        found[f"gradient_factor.{name}"] = float(factors.mean())
    return found


def curves(per_draw: list[dict[str, LayerStatistics]]) -> list[Mapping[str, str | int | float]]:
    """Average the size of signal and gradient over the draws, as logarithms to base 10.

    Args:
        per_draw: for each draw, the statistics of each network.

    Returns:
        Rows of network, layer, quantity, mean and half width.
    """
    shown = {
        "signal": "log2_activation_second_moment",
        "gradient": "log2_preactivation_gradient_second_moment",
    }
    rows: list[Mapping[str, str | int | float]] = []
    for name in per_draw[0]:
        for quantity, field in shown.items():
            logs = torch.stack([getattr(draw[name], field) for draw in per_draw], dim=1)
            by_layer = (logs * log10(2)).tolist()
            rows += [
                mean_row(samples, network=name, layer=layer, quantity=quantity)
                for layer, samples in enumerate(by_layer, start=1)
            ]
    return rows


def cut_off(config: Config, inputs: Tensor, draw: int) -> dict[str, float]:
    """Measure ReLU layers of truncated weights, and torch's functions for normal numbers.

    Args:
        config: the settings.
        inputs: the images, of shape (images, pixels).
        draw: index of the draw.

    Returns:
        The mean factor per layer with He's deviation before truncation, over that of the same
        numbers untruncated, which is 1 on average; the share of torch's weights of that deviation
        beyond twice of it; and the variance of ``trunc_normal_`` over the square of the deviation
        that it was asked for.
    """
    widths = (inputs.shape[1], *[config.width] * config.cut.depth)
    factors = {}
    for law in (config.cut.law, "gaussian"):
        layers = RandomLayers(widths, config.seed, draw, law, dtype=inputs.dtype)
        (found,) = propagate(inputs, layers, [Scheme(activations.activation("relu"), 2.0)])
        logs = found.log2_preactivation_second_moment
        factors[law] = float(torch.exp2(logs[1:] - logs[:-1]).mean())
    seed = int(random_generator(config.seed, draw, 0).integers(2**32))
    generator = torch.Generator().manual_seed(seed)
    shape, he = (config.width, config.width), sqrt(2 / config.width)
    if config.cut.asked == "kaiming_normal":
        weights = nn.init.kaiming_normal_(torch.empty(shape), generator=generator)
    else:
        weights = truncated(shape, he, 2 * he, generator)
    cut = truncated(shape, config.cut.deviation, config.cut.bound, generator)
    beyond = weights.abs() > 2.0001 * he  # past the rounding of float32
    return {
        "factor.truncated": factors[config.cut.law] / factors["gaussian"],
        "share_beyond_two_deviations.torch": float(beyond.double().mean()),
        "variance_over_asked.trunc_normal": float(
            cut.double().square().mean() / config.cut.deviation**2
        ),
    }


def truncated(
    shape: tuple[int, ...], deviation: float, bound: float, generator: torch.Generator
) -> Tensor:
    """Let torch draw normal numbers within a bound."""
    weights = torch.empty(shape)
    return nn.init.trunc_normal_(weights, std=deviation, a=-bound, b=bound, generator=generator)


def what_torch_says(config: Config) -> dict[str, float]:
    """Ask for gains, documented and not.

    Args:
        config: the settings.

    Returns:
        The largest difference between a documented gain and the one returned; the share of unknown
        names that are refused; and for known activations torch's gain beside those by integrals.
    """
    wrong = [
        abs(nn.init.calculate_gain(name) - gain)  # type: ignore[arg-type]  # any of its names
        for name, gain in config.documented.items()
    ]
    names = config.unknown.split()
    found = {
        "largest_difference.documented": max(wrong),
        "share_refused.unknown": sum(map(refused, names)) / len(names),
    }
    deviation = config.preactivation_deviation
    tanh = moments.moments(activation("tanh"), deviation**2)
    found["deviation_before_over_after.tanh"] = deviation / sqrt(tanh.variance)
    for name in ("linear", "sigmoid", "tanh", "relu", "selu"):
        found[f"torch_gain.{name}"] = nn.init.calculate_gain(name)
        found[f"second_moment_gain.{name}"] = gains.second_moment_gain(activation(name))
        found[f"variance_gain.{name}"] = gains.variance_gain(activation(name))
        found[f"gradient_gain.{name}"] = gains.gradient_gain(activation(name))
    return found


def refused(name: str) -> bool:
    """Tell whether torch has no gain for a name."""
    try:
        nn.init.calculate_gain(name)  # type: ignore[arg-type]  # it is asked for what it may lack
    except ValueError:
        return True
    return False


# Laws --------------------------------------------------------------------------------------------


def truncated_variance(bound: float) -> float:
    r"""Variance of a standard normal number that is drawn again until it is within a bound.

    .. math:: 1 - \frac{2 b\, \varphi(b)}{2 \Phi(b) - 1}

    Args:
        bound: ``b``, in deviations.

    >>> round(truncated_variance(2.0), 4)
    0.7737
    """
    density = exp(-(bound**2) / 2) / sqrt(2 * pi)
    return 1 - 2 * bound * density / (1 - erfc(bound / sqrt(2)))


def settled(name: str, gain: float) -> tuple[float, float]:
    """Return the second moment at which an activation settles, and the gradient's factor there."""
    f = activation(name)
    q = mean_field.length_fixed_point(f, gain**2, 0.0)
    return moments.second_moment(f, q), mean_field.gradient_factor(f, q, gain**2)


# Claims ------------------------------------------------------------------------------------------

SECTION = "chapter What PyTorch really does, section "
GAINS, CUTTING = "derivation-torch-gains", "derivation-truncated-normal"
GAIN_DOC = "torch.nn.init.calculate_gain, "
DEEP = "Layers of equal width, Gaussian weights, no biases; read over the upper half of the layers."
FIVE = "Five per cent, for the draws and the finite width."
SELU_SIZE, SELU_GRADIENT = settled("selu", 0.75)
LINEAR_SIZE, LINEAR_GRADIENT = settled("selu", 1.0)
SIGMOID_GRADIENT = settled("sigmoid", 1.0)[1]
SIGMOID_GAIN = 10.149  # the root of settled("sigmoid", g)[1] = 1
KEEPING_SIZE, KEEPING_GRADIENT = settled("sigmoid", SIGMOID_GAIN)
TORCHS_GAIN = Fault("Take torch's gain of 1.", {"networks.sigmoid_scaled.times": 1.0})
TRUNCATED = truncated_variance(2.0)

CLAIMS = (
    Claim(
        id="torch-gain-table",
        statement=(
            "The gains are 1 for linear, convolutional and sigmoid layers, 5/3 for tanh, √2 for "
            "ReLU, √(2/(1 + a²)) for leaky ReLU and 3/4 for SELU."
        ),
        source=PYTORCH.at(f"{GAIN_DOC}table of its documentation"),
        quantity="largest_difference.documented",
        prediction=0.0,
        band=around(0.0, 1e-6),
        reason="The rounding of the stored digits.",
        departure="None: the function is asked.",
        remark=(
            "The function does what its table says. Of these only the gains of linear layers and "
            "of the ReLUs follow from a law; the section compares them with integrals."
        ),
        fault=Fault("Write 1 for tanh.", {"documented.tanh": 1.0}),
        derivation=GAINS,
    ),
    Claim(
        id="torch-gain-refuses",
        statement="It has no gain for GELU, SiLU, ELU, Mish, softplus and other newer activations.",
        source=THIS_STUDY.at(f"{SECTION}“The gains of torch”"),
        quantity="share_refused.unknown",
        prediction=1.0,
        band=around(1.0, 0.001),
        reason="All of them.",
        departure="None: the function is asked for each name of torch.nn.functional in turn.",
        remark="It raises ValueError, also for a slope that is True, False or text.",
        fault=Fault("Ask for ReLU.", {"unknown": "gelu relu"}),
    ),
    Claim(
        id="tanh-gain-rationale",
        statement="The deviation before a tanh over that after it is 1.5976.",
        source=PYTORCH.at("issue 24991, comment “If I just look empirically at the std-gain”"),
        quantity="deviation_before_over_after.tanh",
        prediction=1.5976,
        band=around(1.5976, 0.0068),
        reason="Three deviations of the printed number, which 100,000 random numbers gave.",
        departure="By quadrature, where the source has one random draw without a seed.",
        remark=(
            "It is 1.5925 and the nearest that an integral comes to the 5/3 of the table, for "
            "which no derivation is given; keeping the gradient would need 1.467."
        ),
        fault=Fault("Take twice the deviation.", {"preactivation_deviation": 2.0}),
        derivation=GAINS,
    ),
    Claim(
        id="sigmoid-gain-gradient",
        statement="With torch's gain of 1 a sigmoid leaves 1/18 of the gradient per layer.",
        source=THIS_STUDY.at(f"{SECTION}“The gains of torch”"),
        quantity="gradient_factor.sigmoid",
        prediction=SIGMOID_GRADIENT,
        band=within(SIGMOID_GRADIENT, 0.05),
        reason=FIVE,
        departure=DEEP,
        remark="Its second moment per layer. The slope of a sigmoid is 1/4 at most.",
        fault=Fault("Take the gain of tanh.", {"networks.sigmoid.gain_of": "tanh"}),
        derivation=GAINS,
    ),
    Claim(
        id="sigmoid-gain-of-ten",
        statement="With a gain of 10.15 a deep network of sigmoids keeps its gradient.",
        source=THIS_STUDY.at(f"{SECTION}“The gains of torch”"),
        quantity="gradient_factor.sigmoid_scaled",
        prediction=KEEPING_GRADIENT,
        band=within(KEEPING_GRADIENT, 0.05),
        reason=FIVE,
        departure=DEEP,
        remark=(
            "Its second moment per layer. By hand the gain comes out as 9.97. Of the signal it "
            "keeps the size (sigmoid-gain-of-ten-signal)."
        ),
        fault=TORCHS_GAIN,
        derivation=GAINS,
    ),
    Claim(
        id="sigmoid-gain-of-ten-signal",
        statement="With it the signal settles, too: its activations at a second moment of 0.443.",
        source=THIS_STUDY.at(f"{SECTION}“The gains of torch”"),
        quantity="second_moment.sigmoid_scaled",
        prediction=KEEPING_SIZE,
        band=within(KEEPING_SIZE, 0.05),
        reason=FIVE,
        departure=DEEP,
        remark="1/4 of it is the squared mean. At the gain 1 it would be 0.265, nearly all mean.",
        fault=TORCHS_GAIN,
        derivation=GAINS,
    ),
    Claim(
        id="selu-gain-keeps-gradient",
        statement="With the gain 3/4 for SELU the gradient is stable in a network of 100 layers.",
        source=PYTORCH.at("pull request 50664, “I verified that the value keeps the gradient”"),
        quantity="gradient_factor.selu",
        prediction=1.0,
        band=Band(10**-0.01, 10**0.01),
        reason="Stable: less than a factor of 10 in 100 layers, for the second moment.",
        departure=f"{DEEP} The source has one network with xavier_normal_, of the same variance.",
        remark="The law gives 1.0037 per layer, at the size to which the signal shrinks.",
        fault=Fault("Take the gain 1.", {"networks.selu.gain_of": "linear"}),
        derivation=GAINS,
    ),
    Claim(
        id="selu-gain-shrinks-signal",
        statement="With the gain 3/4 the activations of SELU settle at a deviation of 0.2, not 1.",
        source=THIS_STUDY.at(f"{SECTION}“The gains of torch”"),
        quantity="second_moment.selu",
        prediction=SELU_SIZE,
        band=within(SELU_SIZE, 0.25),
        reason="A quarter: it settles slowly, by 8 per cent a layer, and strays as slowly.",
        departure=DEEP,
        remark=(
            "Its second moment, 0.041 by the law. So small a signal meets little of the curve that "
            "was to normalise it, as the documentation warns."
        ),
        fault=Fault("Take the gain 1.", {"networks.selu.gain_of": "linear"}),
        derivation=GAINS,
    ),
    Claim(
        id="selu-linear-gain",
        statement="With the gain of a linear layer SELU has a stable fixed point at variance 1.",
        source=PYTORCH.at(f"{GAIN_DOC}warning on self-normalizing networks"),
        quantity="second_moment.selu_linear",
        prediction=LINEAR_SIZE,
        band=within(LINEAR_SIZE, 0.05),
        reason=FIVE,
        departure=f"{DEEP} The signal begins with four times this variance.",
        remark=(
            "Stable: it comes back to variance 1 from elsewhere. That it keeps it once there is "
            "selu-linear-gain-fixed-point; the price is selu-linear-gradient."
        ),
        fault=Fault("Take the gain 3/4.", {"networks.selu_linear.gain_of": "selu"}),
        derivation=GAINS,
    ),
    Claim(
        id="selu-linear-gradient",
        statement="With the gain of a linear layer SELU's gradient grows by 7 per cent per layer.",
        source=THIS_STUDY.at(f"{SECTION}“The gains of torch”"),
        quantity="gradient_factor.selu_linear",
        prediction=LINEAR_GRADIENT,
        band=within(LINEAR_GRADIENT, 0.02),
        reason="Two per cent, for the draws and the finite width.",
        departure=DEEP,
        remark="Its second moment: a thousandfold in 100 layers.",
        fault=Fault("Take the gain 3/4.", {"networks.selu_linear.gain_of": "selu"}),
        derivation=GAINS,
    ),
    Claim(
        id="truncated-normal-leak",
        statement="He's variance, cut off at two deviations, lets the signal decay with depth.",
        source=HANIN_ROLNICK_2018.at("figure 1, He normal (truncated)"),
        quantity="factor.truncated",
        prediction=TRUNCATED,
        band=within(TRUNCATED, 0.02),
        reason="Two per cent, for the draws; without the cut the factor is 1.",
        departure="The factor per layer over that without the cut; the figure shows curves.",
        remark="The cut takes 23 per cent of the variance: the variance left is 0.774 of it.",
        fault=Fault("Do not cut.", {"cut.law": "gaussian"}),
        derivation=CUTTING,
    ),
    Claim(
        id="kaiming-normal-is-not-cut",
        statement="PyTorch cuts He's normal numbers off at two deviations.",
        source=HANIN_ROLNICK_2018.at("figure 1, caption, “as implemented”"),
        quantity="share_beyond_two_deviations.torch",
        prediction=0.0,
        band=around(0.0, 0.001),
        reason="A thousandth; an uncut one has 4.6 per cent there.",
        departure="Today's kaiming_normal_, not that of 2018.",
        remark="It draws plain normal numbers; trunc_normal_ is a function of its own.",
        fault=Fault("Ask trunc_normal_ to cut there.", {"cut.asked": "trunc_normal"}),
        derivation=CUTTING,
    ),
    Claim(
        id="trunc-normal-bounds",
        statement="With a deviation of 0.02 trunc_normal_ cuts nothing off unless told where.",
        source=THIS_STUDY.at(f"{SECTION}“A normal number, cut off”"),
        quantity="variance_over_asked.trunc_normal",
        prediction=1.0,
        band=around(1.0, 0.02),
        reason="Two per cent, for the draws; cut at two deviations it is 0.774.",
        departure="None: torch's function with its own bounds.",
        remark="The bounds −2 and 2 are numbers, not deviations: here a hundred deviations away.",
        fault=Fault("Put the bounds at two deviations.", {"cut.bound": 0.04}),
        derivation=CUTTING,
    ),
)


# Figures -----------------------------------------------------------------------------------------

LABELS = {"selu": "SELU, gain 3/4", "selu_linear": "SELU, gain 1"}


def selu_with_two_gains(run: Run) -> "Figure":
    """SELU by layer: the gain 3/4 keeps the gradient, the gain 1 keeps the signal."""
    figure, (above, below) = plt.subplots(2, 1, sharex=True)
    rows = run.tables["layers"]
    for axes, quantity in ((above, "signal"), (below, "gradient")):
        for at, (name, label) in enumerate(LABELS.items()):
            own = [row for row in rows if (row["network"], row["quantity"]) == (name, quantity)]
            layers: list[Any] = [row["layer"] for row in own]
            means: list[Any] = [row["mean"] for row in own]
            axes.plot(layers, means, "os"[at], markersize=2.5, label=label)
            size, factor = settled("selu", (0.75, 1.0)[at])
            level = log10(size if quantity == "signal" else factor)
            if quantity == "signal":
                axes.axhline(level, linestyle="--", color=f"C{at}")
            else:
                law = [means[-1] + (layers[-1] - layer) * level for layer in layers]
                axes.plot(layers, law, "--", color=f"C{at}")
        axes.set_ylabel(f"log₁₀ of the second\nmoment, {quantity}")
    above.legend()
    below.set_xlabel("layer")
    return figure


EXPERIMENT = Experiment(config=Config, run=run, claims=CLAIMS, figures=(selu_with_two_gains,))
