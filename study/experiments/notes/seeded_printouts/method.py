"""Settings, one draw, and what is read of it."""

from math import sqrt
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Le, Lt
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.inits import standard_normal_layers
from study.lab.kernels import output_under
from study.lab.mnist import Mnist
from study.record.draws import Draw, Draws
from study.record.results import Table
from study.record.settings import STRICT, Positive, Settings


@dataclass(frozen=True, config=STRICT)
class Note:
    """The numbers in the note's code."""

    generator_seed: Annotated[int, Ge(0), Lt(2**32)]
    rows: Annotated[int, Ge(2), Le(100_000)]
    fan_in: Annotated[int, Ge(1), Le(10_000)]
    fan_out: Annotated[int, Ge(2), Le(10_000)]
    multiplier: Positive
    activation: Literal["linear", "tanh", "relu", "selu"]
    kernels: Literal["scalar", "this_processor"]


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: the numbers in the note's code, and the lecture's fan_in."""

    note: Note
    lecture_fan_in: Annotated[int, Ge(1), Le(10_000)]


def prepare(_config: Config, mnist: Mnist) -> torch.device:
    """Return the device to compute on; no image is used.

    Args:
        mnist: the data, on that device.
    """
    return mnist.train.images.device


def measure(config: Config, device: torch.device, draw: int) -> Draw:
    """Draw a layer of the shapes in the note's code, and its input.

    Args:
        config: the settings.
        device: where to compute.
        draw: index of the draw.

    Returns:
        The ratio of standard deviations, output over input, without and with a division of the
        weights by the root of the fan_in.
    """
    note = config.note
    shapes = [(note.rows, note.fan_in), (note.fan_in, note.fan_out)]
    ratio = spread_ratio(*standard_normal_layers(shapes, config.seed, draw, device))
    return Draw({"spread_ratio.unscaled": ratio, "spread_ratio.scaled": ratio / sqrt(note.fan_in)})


def spread_ratio(x: Tensor, w: Tensor) -> float:
    """Return the standard deviation of ``x @ w`` over that of ``x``.

    **Shapes**: ``x`` (rows, fan_in), ``w`` (fan_in, fan_out).
    """
    return ((x @ w).std() / x.std()).item()


def tables(_config: Config, draws: Draws) -> dict[str, Table]:
    """Return the ratio of every draw, for their distribution.

    Args:
        draws: the draws.
    """
    ratios = {index: draw.values["spread_ratio.unscaled"] for index, draw in draws.items()}
    return {"ratios": [{"draw": draw, "ratio": ratio} for draw, ratio in ratios.items()]}


# The note's code ---------------------------------------------------------------------------------


def exact(config: Config, _device: torch.device) -> dict[str, float]:
    """Run the note's code with its own seed, and return the numbers that it prints.

    Args:
        config: the settings.
    """
    return printouts(config.note) | gain_printouts(config.note, config.lecture_fan_in)


def printouts(note: Note) -> dict[str, float]:
    """Run the first two pieces of the note's code and return the numbers that they print.

    Args:
        note: the numbers in the code.

    Returns:
        Means and deviations of the input, of the weights and of their product, without and with
        a division of the weights by the root of the fan_in.
    """
    numbers = {}
    for name, divisor in (("unscaled", 1.0), ("scaled", note.fan_in**0.5)):
        generator = torch.Generator().manual_seed(note.generator_seed)
        x = torch.randn(note.rows, note.fan_in, generator=generator)
        w = torch.randn(note.fan_in, note.fan_out, generator=generator) / divisor
        for letter, values in (("x", x), ("w", w), ("y", x @ w)):
            numbers[f"{letter}_mean.{name}"] = values.double().mean().item()
            numbers[f"{letter}_deviation.{name}"] = values.double().std().item()
        numbers[f"spread_ratio_of_the_note.{name}"] = (
            numbers[f"y_deviation.{name}"] / numbers[f"x_deviation.{name}"]
        )
    numbers["w_mean_on_this_processor.scaled"] = numbers["w_mean.scaled"]
    if note.kernels == "scalar":
        numbers["w_mean.scaled"] = mean_on_scalar_kernels(note)
    return numbers


def mean_on_scalar_kernels(note: Note) -> float:
    """Return the mean of the scaled weights, summed in float64, with torch's scalar kernels."""
    numbers = (note.generator_seed, note.rows, note.fan_in, note.fan_out)
    return float(output_under("default", SCALED_WEIGHTS, *map(str, numbers)))


SCALED_WEIGHTS = """
import sys
import torch
seed, rows, fan_in, fan_out = map(int, sys.argv[1:])
generator = torch.Generator().manual_seed(seed)
torch.randn(rows, fan_in, generator=generator)
w = torch.randn(fan_in, fan_out, generator=generator) / fan_in**0.5
print(w.double().mean().item())
"""


def gain_printouts(note: Note, lecture_fan_in: int) -> dict[str, float]:
    """Run the last two pieces of the note's code and return the numbers that they print.

    Args:
        note: the numbers in the code.
        lecture_fan_in: the fan_in that the same line has in the lecture.

    Returns:
        The gain that torch gives, the factor ``gain / sqrt(fan_in)``, and deviations of weights.
    """
    gain = nn.init.calculate_gain(note.activation)
    values = {"gain.note": gain}
    for name, fan_in in (("note", note.fan_in), ("lecture", lecture_fan_in)):
        generator = torch.Generator().manual_seed(note.generator_seed)
        w = torch.randn(fan_in, note.fan_out, generator=generator).double()
        factor = gain / fan_in**0.5
        values |= {
            f"weight_deviation.{name}": w.std().item(),
            f"multiplied_deviation.{name}": (w * note.multiplier).std().item(),
            f"factor.{name}": factor,
            f"gained_deviation.{name}": (w * factor).std().item(),
        }
    return values
