"""How the running averages of batch normalisation approach the data, and what they hold.

Torch's averages of the mean and the variance of small batches of preactivations, on MNIST, shifted
and scaled so that the data's mean and deviation are known; in float64.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Literal

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from annotated_types import Ge, Gt, Le, Lt, MinLen
from matplotlib import pyplot as plt
from pydantic.dataclasses import dataclass
from torch import Tensor

from study.lab.inits import random_generator, standard_normal, weight_std
from study.lab.mnist import Mnist
from study.lab.parallel import side_by_side
from study.record.claims import Claim, Fault, around
from study.record.experiment import STRICT, Experiment
from study.record.results import Result, Run, mean_row
from study.theory.sources import NORMALISATION_NOTE, THIS_STUDY

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, config=STRICT)
class Config:
    """Settings: the layer, the data's mean and deviation, and how the averages are kept."""

    seed: Annotated[int, Ge(0), Lt(2**64)]
    draws: Annotated[int, Ge(1), Le(1_000_000)]
    images: Annotated[int, Ge(2)]
    units: Annotated[int, Ge(1), Le(4096)]
    mean: Annotated[float, Gt(0)]
    deviation: Annotated[float, Gt(0)]
    batch: Annotated[int, Ge(2)]
    steps: Annotated[int, Ge(50), Le(10_000)]
    rule: Literal["exponential", "cumulative"]
    momenta: Annotated[dict[str, Annotated[float, Gt(0), Lt(1)]], MinLen(1)]
    new_gain: Annotated[float, Gt(0)]


FIRST_STEPS = 50
"""How many steps the table keeps and the figure shows."""


def run(config: Config, mnist: Mnist, draws: Iterable[int]) -> Result:
    """Keep running averages, for each draw of the weights and of the batches.

    Args:
        config: the settings.
        mnist: the data; the first images of its training split are used.
        draws: the indices of the draws to make.

    Returns:
        Per draw, what the claims read; over all draws, how running means approach the data's.
    """
    inputs = mnist.standardised(mnist.train.first(config.images).images).double()
    averages = {draw: averages_of_draw(config, inputs, draw) for draw in draws}
    return Result.of(
        {draw: quantities(config, made) for draw, made in averages.items()},
        tables={"averages": curves(config, list(averages.values()))},
        exact={"inference_gain.over_rolling_average": gain_over_rolling_average(config)},
    )


Averages = Mapping[str, tuple[Tensor, Tensor]]
"""For each momentum the running mean and the running variance, each of shape (steps, units)."""


def averages_of_draw(config: Config, inputs: Tensor, draw: int) -> Averages:
    """Draw weights and batches, and keep averages of the preactivations with each momentum.

    Args:
        config: the settings.
        inputs: the images, of shape (images, pixels).
        draw: index of the draw.

    Returns:
        The averages after each step.
    """
    pixels, device = inputs.shape[1], inputs.device
    drawn = standard_normal(
        (pixels, config.units), random_generator(config.seed, draw, 1), device
    ).double()
    preactivation = inputs @ (weight_std(pixels, 1.0) * drawn)
    deviation, mean = torch.std_mean(preactivation, dim=0, correction=0)
    data = (preactivation - mean) / deviation * config.deviation + config.mean
    order = random_generator(config.seed, draw, 0)
    # With replacement, so that the batches are independent of each other.
    rows = order.integers(len(inputs), size=(config.steps, config.batch))
    batches = data[torch.from_numpy(rows).to(device)]
    kept = side_by_side(
        lambda momentum: running_averages(config, batches, momentum), config.momenta.values()
    )
    return dict(zip(config.momenta, kept, strict=True))


def running_averages(config: Config, batches: Tensor, momentum: float) -> tuple[Tensor, Tensor]:
    """Keep running averages as torch keeps them, from a mean of 0 and a variance of 1.

    Args:
        config: the rule of the average.
        batches: the preactivations, of shape (steps, batch, units).
        momentum: the share of the new batch in the average.

    Returns:
        The running mean and the running variance after each step.

    **Shapes**: (steps, units) each.
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
        means: the running mean after each step, of shape (steps, units).

    Returns:
        The mean over units, of shape (steps,).
    """
    return 1 - means.mean(dim=1) / config.mean


def quantities(config: Config, averages: Averages) -> dict[str, float]:
    """Return how fast running averages approach the data, and what they settle at.

    Args:
        config: the settings.
        averages: for each momentum, the running means and variances.

    Returns:
        For each momentum: what is left after 1 / momentum steps, over the law; and over the last
        half of the steps, the running variance over the data's, and the mean square of the running
        mean's error over the law.
    """
    found: dict[str, float] = {}
    for name, momentum in config.momenta.items():
        means, variances = averages[name]
        read, settled = min(round(1 / momentum), len(means)), len(means) // 2
        error = (means[settled:] - config.mean).square().mean()
        noise = config.deviation**2 / config.batch * momentum / (2 - momentum)
        left = share_left(config, means)[read - 1] / (1 - momentum) ** read
        found |= {
            f"mean_left.{name}": float(left),
            f"variance_reached.{name}": float(variances[settled:].mean() / config.deviation**2),
            f"mean_noise.{name}": float(error / noise),
        }
    return found


def gain_over_rolling_average(config: Config) -> float:
    """Return the gain that inference applies, over the rolling average of the gain in training.

    Args:
        config: the gain is 1 in training, and in the last step another.

    Returns:
        The ratio; the rolling average gives the last value a share of the module's momentum.
    """
    values = torch.linspace(-1, 1, config.batch, dtype=torch.float64)[:, None]
    module = torch.nn.BatchNorm1d(1, dtype=torch.float64)
    rolling = 1.0
    for step in range(config.steps):
        last = step == config.steps - 1
        gain = config.new_gain if last else 1.0
        torch.nn.init.constant_(module.weight, gain)
        module(values)
        rolling += (module.momentum or 0.0) * (gain - rolling)
    module.eval()
    with torch.no_grad():
        applied = (
            module(values).std()
            / F.batch_norm(values, module.running_mean, module.running_var).std()
        )
    return float(applied) / rolling


def curves(config: Config, per_draw: list[Averages]) -> list[Mapping[str, str | int | float]]:
    """Average over the draws what is left of a running mean's distance, in the first steps.

    Args:
        config: the settings.
        per_draw: the averages of each draw.

    Returns:
        Rows of arm, step, mean and half width.
    """
    rows: list[Mapping[str, str | int | float]] = []
    for name in config.momenta:
        left = [share_left(config, averages[name][0])[:FIRST_STEPS] for averages in per_draw]
        by_step = torch.stack(left, dim=1).tolist()
        rows += [
            mean_row(shares, arm=name, step=step) for step, shares in enumerate(by_step, start=1)
        ]
    return rows


# Claims ------------------------------------------------------------------------------------------

CHAPTER = "chapter Batch normalisation, section "
NOTE = "section Batch normalization, "
THIS_AVERAGE = "None: torch's own averages, of batches drawn with replacement from these images."

CLAIMS = (
    Claim(
        id="s003-bn-running-average",
        statement="PyTorch keeps a rolling average of the gain and the shift for inference.",
        source=NORMALISATION_NOTE.at(f"{NOTE}“Pytorch calculates a rolling average of these”"),
        quantity="inference_gain.over_rolling_average",
        prediction=1.0,
        band=around(1.0, 0.05),
        reason="Five per cent, far less than the last step moves the gain.",
        departure="The gain is set by hand, to 1 in all steps but the last and to 2 in the last.",
        remark=(
            "“These” are “weights and biases” in the note. What is averaged are the mean and the "
            "variance of the batches; gain and shift are parameters like any other, and inference "
            "uses their last values. Parameters are needed in inference as the note says."
        ),
        fault=Fault("Leave the gain at 1 in the last step, too.", {"new_gain": 1.0}),
        derivation="derivation-running-averages",
    ),
    Claim(
        id="bn-running-mean-rate",
        statement=(
            "After t batches a share (1 − momentum)^t of the running mean's distance from the "
            "data's mean is left."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“The running averages”"),
        quantity="mean_left.tenth",
        prediction=1.0,
        band=around(1.0, 0.02),
        reason="Two per cent: the law holds in expectation, so only the draws need room.",
        departure=THIS_AVERAGE,
        remark=(
            "Read after 1/momentum batches, and divided by the law. The momentum of torch, 0.1, is "
            "the weight of the new value, not of the old one."
        ),
        fault=Fault("Average all batches equally.", {"rule": "cumulative"}),
        derivation="derivation-running-averages",
    ),
    Claim(
        id="bn-running-variance-unbiased",
        statement="The running variance comes to the variance of the data, without a bias.",
        source=THIS_STUDY.at(f"{CHAPTER}“The running averages”"),
        quantity="variance_reached.tenth",
        prediction=1.0,
        band=around(1.0, 0.02),
        reason="A third of the 1/16 by which the mean of the biased variances would fall short.",
        departure=THIS_AVERAGE,
        remark=(
            "Torch averages the batch's variance with n − 1 below, though it normalises the batch "
            "by that with n below (bn-biased-variance)."
        ),
        fault=Fault(
            "Let the average forget so slowly that it keeps its start.",
            {"momenta.tenth": 0.0005},
        ),
        derivation="derivation-running-averages",
    ),
    Claim(
        id="bn-running-mean-noise",
        statement=(
            "The running mean does not settle: its mean square error stays at momentum/(2 − "
            "momentum) of that of one batch."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“The running averages”"),
        quantity="mean_noise.tenth",
        prediction=1.0,
        band=around(1.0, 0.1),
        reason=(
            "Ten per cent: few independent values in a draw. The momentum itself in place of the "
            "law would be nearly twice as much."
        ),
        departure=THIS_AVERAGE,
        remark="Of the mean square error of a batch, the variance of the data over the batch size.",
        fault=Fault("Average all batches equally.", {"rule": "cumulative"}),
        derivation="derivation-running-averages",
    ),
)

SMALLEST_SHOWN = 0.004
"""Below this share the figure would show the noise of the batches."""

# Figures -----------------------------------------------------------------------------------------


def running_mean_by_step(run: Run) -> "Figure":
    """Distance of a running mean from the data's by step: straight lines on a logarithmic axis."""
    figure, axes = plt.subplots()
    for name, momentum in run.settings["experiment"]["momenta"].items():
        rows = [row for row in run.tables["averages"] if row["arm"] == name]
        law = [(1 - momentum) ** row["step"] for row in rows]
        shown = [row for row, expected in zip(rows, law, strict=True) if expected > SMALLEST_SHOWN]
        steps = [row["step"] for row in shown]
        axes.errorbar(
            steps,
            [row["mean"] for row in shown],
            [row["half_width"] for row in shown],
            fmt="o",
            label=f"momentum {momentum:g}",
        )
        axes.plot(steps, law[: len(steps)], "--", color=axes.lines[-1].get_color())
    axes.set_yscale("log")
    axes.set(xlabel="batches seen", ylabel="share of the distance that is left")
    axes.legend()
    return figure


EXPERIMENT = Experiment(
    config=Config,
    run=run,
    claims=CLAIMS,
    figures=(running_mean_by_step,),
)
