"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from math import expm1, log

from pydantic.dataclasses import dataclass
from torch import Tensor

from study.experiments.depth_size.ensembles import Ensemble
from study.lab.mnist import Mnist
from study.record.checks import check_names
from study.record.draws import Draw, Row
from study.record.settings import STRICT, Count, Named, Settings
from study.theory import finite_width

DEEPEST = 700
"""Layers over units beyond which the second moment of tanh, about exp(−layers/units), underflows in
float64."""


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the six schemes, and critical tanh networks that are wider than deep."""

    images: Count
    schemes: Named[Ensemble]
    critical: Ensemble

    def __post_init__(self) -> None:
        """Check that the tanh schemes exist and that their second moment does not underflow."""
        check_names("schemes", self.schemes, ("kaiming_tanh", "glorot_tanh"))
        scheme = self.schemes["glorot_tanh"]
        if scheme.depth > DEEPEST * scheme.width:
            raise ValueError(
                f"schemes.glorot_tanh.depth={scheme.depth}, "
                f"schemes.glorot_tanh.width={scheme.width}: at most {DEEPEST} layers "
                "for each unit, or nothing is left to compare"
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
    """Propagate an image forward through the networks of each scheme.

    Args:
        config: the settings.
        images: of shape (images, pixels).
        draw: index of the draw.

    Returns:
        What the claims read, and the curve of each scheme.
    """
    image = images[draw % config.images]
    logs = {
        name: ensemble.log_norms(image, seed=config.seed, draw=draw)
        for name, ensemble in config.schemes.items()
    }
    critical = config.critical.log_norms(image, seed=config.seed, draw=draw)
    return Draw(quantities(config, logs, critical), {"layers": curves(config, logs)})


def quantities(config: Config, logs: Logs, critical: Tensor) -> dict[str, float]:
    """Reduce one draw to the quantities that claims read.

    Args:
        config: the settings.
        logs: of each scheme.
        critical: of the tanh networks that are wider than deep.

    Returns:
        For each scheme the change of the log2 second moment per layer, less the finite-width drift
        where the activation is homogeneous. Of tanh, the stationary second moment, and that of the
        last layer times twice the depth; and of a network deeper than wide, how much further the
        log falls than that of a wide one, over the drift of the linear network.
    """
    values: dict[str, float] = {}
    for name, ensemble in config.schemes.items():
        change = float(logs[name][:, -1].mean()) / ensemble.depth
        if ensemble.activation != "tanh":
            change -= finite_width.log_norm_drift(
                ensemble.width, float(ensemble.activation == "linear")
            )
        values[f"bits_per_layer.{name}"] = change / log(2)
        values[f"last_bits.{name}"] = float(logs[name][:, -1].mean()) / log(2)
    stationary_logs = logs["kaiming_tanh"][:, config.schemes["kaiming_tanh"].depth // 2 :]
    last = critical[:, -1].exp().mean()
    scheme = config.schemes["glorot_tanh"]
    power_law = -log(2 * scheme.depth)
    drift = log(second_moment_of_tanh(scheme.width, scheme.depth)) - power_law
    return values | {
        "drift_over_law.glorot_tanh": float(logs["glorot_tanh"][:, -1].mean() - power_law) / drift,
        "settled_second_moment.kaiming_tanh": float(stationary_logs.exp().mean()),
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
    for name, ensemble in config.schemes.items():
        by_layer = (logs[name].mean(dim=0) / log(2)).tolist()
        layers = sorted({1 + point * (ensemble.depth - 1) // POINTS for point in range(POINTS + 1)})
        rows += [{"arm": name, "layer": layer, "sample": by_layer[layer - 1]} for layer in layers]
    return rows
