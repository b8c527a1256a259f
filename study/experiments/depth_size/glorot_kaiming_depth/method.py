"""What the variances 1/n and 2/n do to a signal through a thousand ReLU, tanh and linear layers.

Each of the two is right for one kind of layer and wrong for another, and how wrong a wrong one is
depends on the activation.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import expm1, log
from typing import TYPE_CHECKING, Annotated, Any, Literal

import torch
from annotated_types import Ge, Gt, Le, Lt, MinLen
from matplotlib import pyplot as plt
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.experiments.depth_size.ensembles import enter, log_norms
from study.lab.mnist import Mnist
from study.lab.parallel import side_by_side
from study.record.claims import Claim, Fault, around, within
from study.record.experiment import STRICT, Experiment
from study.record.results import Result, Run, mean_row
from study.theory import activations, finite_width, mean_field
from study.theory.sources import HE_2015, POOLE_2016, SCHOENHOLZ_2017, THIS_STUDY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Width = Annotated[int, Ge(2), Le(16_384)]


@dataclass(frozen=True, config=STRICT)
class Scheme:
    """Networks of one activation and one weight variance."""

    width: Width
    other_width: Width
    depth: Annotated[int, Ge(2), Le(1_000_000)]
    networks: Annotated[int, Ge(1), Le(10_000)]
    activation: Literal["relu", "tanh", "linear"]
    weight_variance: Annotated[float, Gt(0), Le(1000)]


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: the six schemes, and networks of tanh that are wider than deep."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    images: Annotated[int, Ge(1)]
    schemes: Annotated[dict[str, Scheme], MinLen(1)]
    critical: Scheme


Logs = Mapping[str, Tensor]


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Measure the size of the signal at every layer of every scheme, for each draw.

    Args:
        config: the settings.
        mnist: the data; each draw takes one of the first images of its training split.
        draws: the indices of the draws to make.

    Returns:
        Per draw, what the claims read; over all draws, the curve of each scheme.
    """
    images = mnist.standardised(mnist.train.first(config.images).images)
    measured = {draw: measure(config, images[draw % config.images], draw) for draw in draws}
    return Result.of(
        {draw: quantities(config, logs) for draw, logs in measured.items()},
        tables={"layers": curves(config, list(measured.values()))},
    )


def measure(config: Config, image: Tensor, draw: int) -> dict[str, Tensor]:
    """Send an image up through the networks of each scheme.

    Args:
        config: the settings.
        image: what enters, of shape (pixels,).
        draw: index of the draw.

    Returns:
        For each scheme the log of the mean square after each layer, that which enters having 0,
        of shape (networks, depth).
    """

    def one(kind: Scheme) -> Tensor:
        return log_norms(enter(image, kind.width, config.seed, draw), kind, config.seed, draw)

    kinds = {**config.schemes, "critical": config.critical}
    return dict(zip(kinds, side_by_side(one, kinds.values()), strict=True))


def quantities(config: Config, logs: Logs) -> dict[str, float]:
    """Reduce one draw to the quantities that claims read.

    Args:
        config: the settings.
        logs: of :func:`measure`.

    Returns:
        For each scheme, by how many powers of two the second moment changes per layer, from the
        first to the last; with the drift of its width taken out where the activation is
        homogeneous. Of tanh, the second moment where it has settled, and that after the last
        layer times twice the depth; and of a network deeper than wide by how much more its log
        falls than that of a wide one, over what the drift of the linear network explains.
    """
    found: dict[str, float] = {}
    for name, kind in config.schemes.items():
        change = float(logs[name][:, -1].mean()) / kind.depth
        if kind.activation != "tanh":
            change -= finite_width.log_norm_drift(kind.width, float(kind.activation == "linear"))
        found[f"bits_per_layer.{name}"] = change / log(2)
        found[f"last_bits.{name}"] = float(logs[name][:, -1].mean()) / log(2)
    settled = logs["kaiming_tanh"][:, config.schemes["kaiming_tanh"].depth // 2 :]
    last = logs["critical"][:, -1].exp().mean()
    deep = config.schemes["glorot_tanh"]
    power_law = -log(2 * deep.depth)
    drift = log(second_moment_of_tanh(deep.width, deep.depth)) - power_law
    return found | {
        "drift_over_law.glorot_tanh": float(logs["glorot_tanh"][:, -1].mean() - power_law) / drift,
        "settled_second_moment.kaiming_tanh": float(settled.exp().mean()),
        "second_moment_times_twice_depth.critical": 2 * config.critical.depth * float(last),
    }


def second_moment_of_tanh(width: int, layers: int) -> float:
    r"""Return the typical second moment of tanh at variance 1/n after many layers.

    .. math:: s_l = \frac{1}{2n\,(e^{l/n} - 1)}

    Args:
        width: ``n``.
        layers: ``l``.

    Returns:
        The second moment: near :math:`1/(2l)` in a network wider than deep.

    **Source**: derived in the chapter on the size of a signal at depth 1000.

    >>> round(1 / second_moment_of_tanh(10_000, 50))
    100
    """
    return 1 / (2 * width * expm1(layers / width))


POINTS = 40


def curves(config: Config, per_draw: Sequence[Logs]) -> list[Mapping[str, Any]]:
    """Average the log2 second moment of some layers of each scheme over the draws.

    Args:
        config: the settings.
        per_draw: of :func:`measure`, one for each draw.

    Returns:
        Rows of arm, layer, mean and half width.
    """
    rows: list[Mapping[str, Any]] = []
    for name, kind in config.schemes.items():
        by_draw = torch.stack([logs[name].mean(dim=0) for logs in per_draw]) / log(2)
        shown = sorted({1 + at * (kind.depth - 1) // POINTS for at in range(POINTS + 1)})
        rows += [mean_row(by_draw[:, at - 1].tolist(), arm=name, layer=at) for at in shown]
    return rows


WIDE = "The drift of log norms that a network of this width has is taken out."
NONE = "None: it is a statement of this study about these networks."
SIX_SCHEMES = THIS_STUDY.at("chapter The size of a signal at depth 1000, section “Six schemes”")
DERIVED = "derivation-six-schemes"
HUNDREDTHS = (
    "A hundredth of a power of two per layer, ten powers after a thousand: the spread of log norms."
)
TANH = activations.activation("tanh")
SETTLED = mean_field.length_fixed_point(TANH, 2.0, 0.0) / 2.0


def variance(name: str, weight_variance: float) -> Fault:
    """Return the fault of another weight variance in a scheme."""
    said = f"Weights of variance {weight_variance:g}/n."
    return Fault(said, {f"schemes.{name}.weight_variance": weight_variance})


CLAIMS = (
    Claim(
        id="glorot-relu-thousand-layers",
        statement=(
            "At variance 1/n a thousand ReLU layers halve the signal a thousand times, besides the "
            "drift of their width."
        ),
        source=HE_2015.at("section 2.2, Discussions, “β < 1”"),
        quantity="bits_per_layer.glorot_relu",
        prediction=-1.0,
        band=around(-1.0, 0.01),
        reason=HUNDREDTHS,
        departure=f"Read of the log of the second moment of one image. {WIDE}",
        remark=(
            "Minus one power of two per layer, down to 2⁻¹⁰⁰⁰ and less by the drift. The source "
            "speaks of the expectation (he-eq8-eq9)."
        ),
        fault=variance("glorot_relu", 2.0),
        derivation=DERIVED,
    ),
    Claim(
        id="kaiming-relu-thousand-layers",
        statement=(
            "At variance 2/n the log of a ReLU network's size changes, over a thousand layers, by "
            "the drift of its width and nothing else."
        ),
        source=SIX_SCHEMES,
        quantity="bits_per_layer.kaiming_relu",
        prediction=0.0,
        band=around(0.0, 0.01),
        reason=HUNDREDTHS,
        departure=NONE,
        remark=(
            "The powers of two per layer that are left when the drift is taken out, of which "
            "log-norm-drift says that it is there. He et al. speak of the expectation."
        ),
        fault=variance("kaiming_relu", 1.0),
        derivation=DERIVED,
    ),
    Claim(
        id="kaiming-linear-thousand-layers",
        statement=(
            "At variance 2/n a thousand linear layers double the signal a thousand times, besides "
            "the drift of their width."
        ),
        source=HE_2015.at("section 2.2, Discussions, “β > 1”"),
        quantity="bits_per_layer.kaiming_linear",
        prediction=1.0,
        band=around(1.0, 0.01),
        reason=HUNDREDTHS,
        departure=f"Read of the log of the second moment of one image. {WIDE}",
        remark="The 2 is for the ReLU; without one it is as wrong as a 1 is with one.",
        fault=variance("kaiming_linear", 1.0),
        derivation=DERIVED,
    ),
    Claim(
        id="kaiming-tanh-thousand-layers",
        statement="At variance 2/n the second moment of tanh layers settles and stays.",
        source=POOLE_2016.at("section 2, the fixed point of the length map"),
        quantity="settled_second_moment.kaiming_tanh",
        prediction=SETTLED,
        band=within(SETTLED, 0.05),
        reason="Five per cent: the law is for wide layers, and these have 128 units.",
        departure="Read at the activation; the source's length is that of the preactivation.",
        remark="A bounded activation forgives a variance that is too large, up to the gradient.",
        fault=variance("kaiming_tanh", 1.0),
        derivation=DERIVED,
    ),
    Claim(
        id="tanh-critical-decay",
        statement="At variance 1/n the second moment after l layers of tanh is 1/(2l).",
        source=SCHOENHOLZ_2017.at("the critical point of tanh networks without biases"),
        quantity="second_moment_times_twice_depth.critical",
        prediction=1.0,
        band=around(1.0, 0.15),
        reason="Fifteen per cent: the leading term for many layers, though fewer than units.",
        departure="Read where layers are fewer than units; the source's are infinitely wide.",
        remark=(
            "In a network deeper than wide the typical size falls below this law, as that of the "
            "linear network it becomes (tanh-deeper-than-wide)."
        ),
        fault=Fault("Weights of variance 1.25/n.", {"critical.weight_variance": 1.25}),
        derivation="derivation-tanh-decay",
    ),
    Claim(
        id="tanh-deeper-than-wide",
        statement=(
            "At variance 1/n a tanh network deeper than wide shrinks its typical signal to "
            "1/(2n(e^(l/n) − 1)), exponentially and not as a power of the depth."
        ),
        source=SIX_SCHEMES,
        quantity="drift_over_law.glorot_tanh",
        prediction=1.0,
        band=around(1.0, 0.5),
        reason=(
            "A half: without the drift it would be 0. What chance adds is left out of the law: at "
            "most 0.58 of the logarithm, an eighth of what the drift takes at the quick size."
        ),
        departure=NONE,
        remark=(
            "By how much the log of the size falls below that of the power law 1/(2l), over how "
            "much it does in the formula."
        ),
        fault=variance("glorot_tanh", 2.0),
        derivation=DERIVED,
    ),
)


# Figures -----------------------------------------------------------------------------------------

LABELS = {
    "kaiming_linear": "2/n, linear",
    "kaiming_tanh": "2/n, tanh",
    "kaiming_relu": "2/n, ReLU",
    "glorot_linear": "1/n, linear",
    "glorot_tanh": "1/n, tanh",
    "glorot_relu": "1/n, ReLU",
}


def second_moment_by_layer(run: Run) -> "Figure":
    """Second moment by layer at 1/n and 2/n: ReLU wants 2/n, linear layers want 1/n."""
    figure, axes = plt.subplots()
    colours = {"linear": "C0", "tanh": "C1", "relu": "C2"}
    for name, label in LABELS.items():
        rows = [row for row in run.tables["layers"] if row["arm"] == name]
        scheme, activation = name.split("_")
        axes.plot(
            [row["layer"] for row in rows],
            [row["mean"] for row in rows],
            "--" if scheme == "glorot" else "-",
            color=colours[activation],
            label=label,
        )
    axes.set_yscale("symlog", base=2, linthresh=4, linscale=0.6)
    powers = [8, 32, 128, 512]
    ticks = {at: str(at).replace("-", "−") for at in [-p for p in powers] + [0, *powers]}
    axes.set_yticks(list(ticks), list(ticks.values()))
    axes.minorticks_off()
    axes.set(xlabel="layer", ylabel="log₂ of the second moment", ylim=(-(2**11), 2**15))
    axes.legend(ncols=2, fontsize="small")
    return figure


EXPERIMENT = Experiment(config=Config, run=run, claims=CLAIMS, figures=(second_moment_by_layer,))
