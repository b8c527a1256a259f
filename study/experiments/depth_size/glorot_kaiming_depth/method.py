"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from math import expm1, log
from typing import Annotated, Literal

from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.experiments.depth_size.ensembles import enter, log_norms
from study.lab.mnist import Mnist
from study.record.checks import check_names
from study.record.draws import Draw, Row
from study.record.settings import STRICT, Count, Named, Settings, Several, Variance, Width
from study.theory import finite_width

DEEPEST = 700
"""Layers over units beyond which the second moment of tanh, about exp(−layers/units), is no number
of float64."""


@dataclass(frozen=True, config=STRICT)
class Scheme:
    """Networks of one activation and one weight variance."""

    width: Width
    other_width: Width
    depth: Several
    networks: Annotated[int, Ge(1), Le(10_000)]
    activation: Literal["relu", "tanh", "linear"]
    weight_variance: Variance


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the six schemes, and networks of tanh that are wider than deep."""

    images: Count
    schemes: Named[Scheme]
    critical: Scheme

    def __post_init__(self) -> None:
        """Refuse to leave out a scheme that is measured in its own way, or one without a law."""
        check_names("schemes", self.schemes, ("kaiming_tanh", "glorot_tanh"))
        deep = self.schemes["glorot_tanh"]
        if deep.depth > DEEPEST * deep.width:
            raise ValueError(
                f"schemes.glorot_tanh.depth={deep.depth}, schemes.glorot_tanh.width={deep.width}: "
                f"at most {DEEPEST} layers for each unit, or nothing is left to compare"
            )


Logs = Mapping[str, Tensor]
"""For each scheme the log of the mean square after each layer, of shape (networks, depth)."""


def prepare(config: Config, mnist: Mnist) -> Tensor:
    """Take the first images of the training split.

    Args:
        config: the settings.
        mnist: the data.

    Returns:
        The images, of shape (images, pixels); each draw takes one of them.
    """
    return mnist.standardised(mnist.train.first(config.images).images)


def measure(config: Config, images: Tensor, draw: int) -> Draw:
    """Send an image up through the networks of each scheme.

    Args:
        config: the settings.
        images: of shape (images, pixels).
        draw: index of the draw.

    Returns:
        What the claims read, and the curve of each scheme.
    """
    image = images[draw % config.images]
    logs = {name: logs_of(config, kind, image, draw) for name, kind in config.schemes.items()}
    critical = logs_of(config, config.critical, image, draw)
    return Draw(quantities(config, logs, critical), {"layers": curves(config, logs)})


def logs_of(config: Config, kind: Scheme, image: Tensor, draw: int) -> Tensor:
    """Measure the size of the signal at every layer of the networks of one scheme.

    Args:
        config: the settings.
        kind: the networks.
        image: what enters, of shape (pixels,).
        draw: index of the draw.

    Returns:
        The log of the mean square after each layer, that which enters having 0, of shape
        (networks, depth).
    """
    return log_norms(enter(image, kind.width, config.seed, draw), kind, config.seed, draw)


def quantities(config: Config, logs: Logs, critical: Tensor) -> dict[str, float]:
    """Reduce one draw to the quantities that claims read.

    Args:
        config: the settings.
        logs: of each scheme.
        critical: of the networks of tanh that are wider than deep.

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
    last = critical[:, -1].exp().mean()
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


def curves(config: Config, logs: Logs) -> list[Row]:
    """Return the log2 second moment of some layers of each scheme, averaged over its networks.

    Args:
        config: the settings.
        logs: of each scheme.
    """
    rows: list[Row] = []
    for name, kind in config.schemes.items():
        by_layer = (logs[name].mean(dim=0) / log(2)).tolist()
        shown = sorted({1 + at * (kind.depth - 1) // POINTS for at in range(POINTS + 1)})
        rows += [{"arm": name, "layer": at, "sample": by_layer[at - 1]} for at in shown]
    return rows
