"""Settings, one draw, and what is read of it."""

from collections.abc import Iterable, Mapping, Sequence
from math import expm1, log
from typing import Annotated, Any, Literal

import torch
from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.experiments.depth_size.ensembles import enter, log_norms
from study.lab.mnist import Mnist
from study.lab.parallel import side_by_side
from study.record.experiment import STRICT
from study.record.results import Result, mean_row
from study.theory import finite_width

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
