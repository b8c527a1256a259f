"""Settings, one draw, and what is read of it."""

from collections.abc import Mapping
from typing import Annotated, Literal

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.lab.inits import random_generator, standard_normal, weight_std
from study.lab.mnist import Mnist
from study.record.draws import Draw, Row
from study.record.settings import STRICT, Positive, Settings, Several


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the layer, the data's mean and deviation, and how the averages are kept."""

    images: Several
    units: Annotated[int, Ge(1), Le(4096)]
    mean: Annotated[float, Gt(0), Le(1_000_000)]
    deviation: Annotated[float, Gt(0), Le(1_000_000)]
    batch: Several
    updates: Annotated[int, Ge(50), Le(10_000)]
    rule: Literal["exponential", "cumulative"]
    momenta: Annotated[dict[str, Annotated[float, Ge(0.00001), Lt(1)]], MinLen(1)]
    new_gain: Positive


FIRST_STEPS = 50
"""How many updates the table keeps and the figure shows."""


def prepare(config: Config, mnist: Mnist) -> Tensor:
    """Return the first images of the training split, of shape (images, pixels), in float64.

    Args:
        config: the settings.
        mnist: the data.
    """
    return mnist.standardised(mnist.train.first(config.images).images).double()


def measure(config: Config, inputs: Tensor, draw: int) -> Draw:
    """Keep running averages of the batches of one layer.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        What the claims read, and how the running means approach the data's.
    """
    averages = averages_of_draw(config, inputs, draw)
    return Draw(quantities(config, averages), {"averages": curves(config, averages)})


Averages = Mapping[str, tuple[Tensor, Tensor]]
"""For each momentum the running mean and the running variance, each of shape (updates, units)."""


def averages_of_draw(config: Config, inputs: Tensor, draw: int) -> Averages:
    """Draw weights and batches, and keep averages of the preactivations with each momentum.

    Args:
        config: the settings.
        inputs: the images, of shape (images, pixels).
        draw: index of the draw.

    Returns:
        The averages after each update.
    """
    pixels, device = inputs.shape[1], inputs.device
    normal = standard_normal(
        (pixels, config.units), random_generator(config.seed, draw, 1), device
    ).double()
    preactivation = inputs @ (weight_std(pixels, 1.0) * normal)
    deviation, mean = torch.std_mean(preactivation, dim=0, correction=0)
    data = (preactivation - mean) / deviation * config.deviation + config.mean
    batch_rng = random_generator(config.seed, draw, 0)
    # With replacement, so that the batches are independent of each other.
    rows = batch_rng.integers(len(inputs), size=(config.updates, config.batch))
    batches = data[torch.from_numpy(rows).to(device)]
    return {
        name: running_averages(config, batches, momentum)
        for name, momentum in config.momenta.items()
    }


def running_averages(config: Config, batches: Tensor, momentum: float) -> tuple[Tensor, Tensor]:
    """Keep running averages as torch keeps them, from a mean of 0 and a variance of 1.

    Args:
        config: the rule of the average.
        batches: the preactivations, of shape (updates, batch, units).
        momentum: the share of the new batch in the average.

    Returns:
        The running mean and the running variance after each update.

    **Shapes**: (updates, units) each.
    """
    mean, variance = batches.new_zeros(config.units), batches.new_ones(config.units)
    means, variances = [], []
    for step, batch in enumerate(batches, start=1):
        share = momentum if config.rule == "exponential" else 1 / step
        F.batch_norm(batch, mean, variance, training=True, momentum=share)  # changes both
        means.append(mean.clone())
        variances.append(variance.clone())
    return torch.stack(means), torch.stack(variances)


def share_left(config: Config, means: Tensor) -> Tensor:
    """Return the distance of a running mean from the data's, of what it was at the start.

    Args:
        config: the data's mean, which is the distance at the start.
        means: the running mean after each update, of shape (updates, units).

    Returns:
        The mean over units, of shape (updates,).
    """
    return 1 - means.mean(dim=1) / config.mean


def quantities(config: Config, averages: Averages) -> dict[str, float]:
    """Return how fast running averages approach the data, and what they settle at.

    Args:
        config: the settings.
        averages: for each momentum, the running means and variances.

    Returns:
        For each momentum: what is left after 1 / momentum updates, over the law; and over the last
        half of the updates, the running variance over the data's, and the mean square of the
        running mean's error over the law.
    """
    values: dict[str, float] = {}
    for name, momentum in config.momenta.items():
        means, variances = averages[name]
        update, half = min(round(1 / momentum), len(means)), len(means) // 2
        error = (means[half:] - config.mean).square().mean()
        noise = config.deviation**2 / config.batch * momentum / (2 - momentum)
        remainder = share_left(config, means)[update - 1] / (1 - momentum) ** update
        values |= {
            f"mean_left.{name}": float(remainder),
            f"variance_reached.{name}": float(variances[half:].mean() / config.deviation**2),
            f"mean_noise.{name}": float(error / noise),
        }
    return values


def curves(config: Config, averages: Averages) -> list[Row]:
    """Return what is left of a running mean's distance after each of the first updates.

    Args:
        config: the settings.
        averages: for each momentum, the running means and variances.
    """
    return [
        {"arm": name, "step": step, "sample": share}
        for name, (means, _) in averages.items()
        for step, share in enumerate(share_left(config, means)[:FIRST_STEPS].tolist(), start=1)
    ]


# What no draw touches ----------------------------------------------------------------------------


def exact(config: Config, _inputs: Tensor) -> dict[str, float]:
    """Compare the gain that inference applies with a rolling average of it.

    Args:
        config: the settings.
    """
    return {"inference_gain.over_rolling_average": gain_over_rolling_average(config)}


def gain_over_rolling_average(config: Config) -> float:
    """Return the gain that inference applies, over the rolling average of the gain in training.

    Args:
        config: the gain is 1 in training, and in the last step another.

    Returns:
        The ratio; the rolling average gives the last value a share of the module's momentum.
    """
    values = torch.linspace(-1, 1, config.batch, dtype=torch.float64)[:, None]
    module = torch.nn.BatchNorm1d(1, dtype=torch.float64)
    average = 1.0
    for step in range(config.updates):
        last = step == config.updates - 1
        gain = config.new_gain if last else 1.0
        torch.nn.init.constant_(module.weight, gain)
        module(values)
        average += (module.momentum or 0.0) * (gain - average)
    module.eval()
    with torch.no_grad():
        inference_gain = (
            module(values).std()
            / F.batch_norm(values, module.running_mean, module.running_var).std()
        )
    return float(inference_gain) / average
