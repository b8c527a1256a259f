"""Settings, one draw, and what is read of it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import repeat
from math import inf, isfinite, log, log2, sqrt
from typing import Annotated, Literal, NamedTuple

import torch
from annotated_types import Ge, Le
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from study.lab.inits import normal_to, random_generator, standard_normal
from study.lab.mean_squares import mean_square, unit_mean_square
from study.lab.mnist import Mnist
from study.record.draws import Draw, Row
from study.record.settings import STRICT, Count, Named, Positive, Settings, Several, Variance, Width
from study.theory.finite_width import log_norm
from study.theory.quotients import quotient

FUNCTIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "linear": lambda z: z,
    "relu": torch.relu,
    "tanh": torch.tanh,
}
SLOPES: Mapping[str, Callable[[Tensor], Tensor]] = {
    "linear": torch.ones_like,
    "relu": lambda h: (h > 0).to(h.dtype),
    "tanh": lambda h: 1 - h.square(),
}
"""The slope of an activation, as a function of what it returns."""
CELLS: Mapping[str, type[nn.Module]] = {
    "rnn": nn.RNNCell,
    "gru": nn.GRUCell,
    "lstm": nn.LSTMCell,
}


@dataclass(frozen=True, config=STRICT)
class Arm:
    """One recurrent network: its matrix, what stands behind it, what it reads, and for how long.

    ``identity`` is what an identity is multiplied by that is added to the matrix; ``repeated`` is
    whether all steps have one matrix; ``rows`` whether a row of the image is read at each step.
    """

    weights: Literal["gaussian", "orthogonal", "none"]
    weight_variance: Variance
    identity: Annotated[float, Ge(0), Le(10)]
    activation: Literal["linear", "relu", "tanh"]
    repeated: bool
    rows: bool
    steps: Annotated[int, Ge(4), Le(1000)]


@dataclass(frozen=True, config=STRICT)
class Config(Settings):
    """Settings: on how many images, how wide, the arms, and where powers are judged.

    Attributes:
        images: how many images.
        width: how many units a state has.
        early: the power of a matrix of which the mean square is measured.
        power: the power of a matrix of which the largest stretch is measured.
        bound: within which the parameters of torch's cells are uniform, times the root of the
            width; torch takes 1.
        arms: the networks.
    """

    images: Several
    width: Width
    early: Count
    power: Count
    bound: Positive
    arms: Named[Arm]


class Course(NamedTuple):
    """What a network goes through.

    Attributes:
        states: from before the first step to behind the last, each of shape (images, width).
        fed: the mean square of all that was put in: of the first state, or the sum of the inputs'.
        gradients: those of the states, in the same order.
    """

    states: list[Tensor]
    fed: float
    gradients: list[Tensor]


def prepare(config: Config, mnist: Mnist) -> Tensor:
    """Take the first images of the training split, each scaled to unit mean square.

    Args:
        config: the settings.
        mnist: the data.

    Returns:
        The images, of shape (images, rows, columns).
    """
    pixels = mnist.standardised(mnist.train.first(config.images).images)
    side = int(pixels.shape[1] ** 0.5)
    return unit_mean_square(pixels).reshape(-1, side, side)


def measure(config: Config, inputs: Tensor, draw: int) -> Draw:
    """Draw the matrices, and send images through all arms and through the cells of torch.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.

    Returns:
        What the claims read; by arm and step the size of state and gradient as powers of two, and
        the mean square of the growth's logarithm.
    """
    values: dict[str, float] = {}
    rows: list[Row] = []
    for name, arm in config.arms.items():
        course = run(config, arm, inputs, draw)
        quantities = of_course(config, arm, course)
        if arm.repeated and arm.activation == "linear" and not arm.identity and not arm.rows:
            quantities |= of_matrix(config, arm, course, next(matrices(config, arm, draw)))
        values |= {f"{quantity}.{name}": number for quantity, number in quantities.items()}
        rows += rows_of(name, course)
    for name in CELLS:
        for condition, read_in in (("default", inputs), ("silent", torch.zeros_like(inputs))):
            gradients = cell_gradients(config, name, read_in, draw)
            values[f"gradient_rate.{condition}_{name}"] = rate(gradients[::-1])
            rows += gradient_rows(f"{condition}_{name}", gradients)
    return Draw(values, {"steps": rows})


def matrices(config: Config, arm: Arm, draw: int) -> Iterator[Tensor]:
    """Yield the matrix of each step, each of shape (width, width).

    Args:
        config: the settings.
        arm: the network.
        draw: index of the draw.
    """
    shape = (config.width, config.width)
    identity = arm.identity * torch.eye(config.width) if arm.identity else torch.zeros(())

    def matrix(step: int) -> Tensor:
        if arm.weights == "none":
            return identity
        # Layers 1 and 2 are the matrices of the inputs.
        normal = standard_normal(
            shape, random_generator(config.seed, draw, 2 + step), torch.device("cpu")
        )
        return identity + sqrt(arm.weight_variance / config.width) * normal_to(arm.weights, normal)

    yield from (
        repeat(matrix(1), arm.steps) if arm.repeated else map(matrix, range(1, arm.steps + 1))
    )


def numbers(config: Config, images: int, draw: int) -> Tensor:
    """Draw the gradient that comes back to the last state, of shape (images, width)."""
    # Layers beyond those of the longest arm.
    generator = random_generator(config.seed, draw, 2000)
    return standard_normal((images, config.width), generator, torch.device("cpu"))


def read(config: Config, inputs: Tensor, draw: int, *, rows: bool) -> Tensor:
    """Multiply what is read by a matrix that keeps its mean square.

    Args:
        config: the settings.
        inputs: the images.
        draw: index of the draw.
        rows: whether it is one row after the other, or the whole image.

    Returns:
        What reaches the units, of shape (rows, images, width), or with 1 row.
    """
    parts = inputs.transpose(0, 1) if rows else inputs.reshape(1, len(inputs), -1)
    generator = random_generator(config.seed, draw, 2 if rows else 1)
    columns = parts.shape[-1]
    normal = standard_normal((config.width, columns), generator, torch.device("cpu"))
    return parts @ (normal / sqrt(columns)).T


def run(config: Config, arm: Arm, inputs: Tensor, draw: int) -> Course:
    """Send images through one network, and a gradient back.

    Args:
        config: the settings.
        arm: the network.
        inputs: the images.
        draw: index of the draw.
    """
    parts = read(config, inputs, draw, rows=arm.rows)
    silence = torch.zeros_like(parts[0])
    fed: Iterable[Tensor] = [*parts] if arm.rows else []
    by_step = [*fed, *repeat(silence, arm.steps)][: arm.steps]
    states = [silence if arm.rows else parts[0]]
    steps = [*matrices(config, arm, draw)]
    for matrix, part in zip(steps, by_step, strict=True):
        states.append(FUNCTIONS[arm.activation](states[-1] @ matrix.T + part))
    gradients = [numbers(config, len(inputs), draw)]
    for matrix, state in zip(steps[::-1], states[:0:-1], strict=True):
        gradients.append((gradients[-1] * SLOPES[arm.activation](state)) @ matrix)
    return Course(states, sum(map(mean_square, parts)), gradients[::-1])


def rate(tensors: list[Tensor]) -> float:
    """Return the power of two by which the size grows in each step, from first to last.

    It is minus infinity where nothing is left.

    >>> rate([torch.ones(2), torch.ones(2), torch.full((2,), 4.0)])
    1.0
    """
    ratio = quotient(mean_square(tensors[-1]), mean_square(tensors[0]))
    return log2(ratio) / 2 / (len(tensors) - 1) if ratio else -inf


def of_course(config: Config, arm: Arm, course: Course) -> dict[str, float]:
    """Measure the states and gradients of a network.

    Args:
        config: the settings.
        arm: the network.
        course: what it went through.

    Returns:
        By name: the power of two by which the state grows in each step, unless it starts from 0;
        the mean square of the last state, and the same over what was put in; the power of two by
        which the gradient grows in each step back; the root mean square over images of the
        logarithm by which they grow in the second half, over the law of ReLU layers with fresh
        weights; and the largest change of the state in the second half.
    """
    middle = arm.steps // 2
    last, halfway = course.states[-1], course.states[middle]
    law = log_norm(config.width)
    layers = arm.steps - middle
    expected = layers * law.variance + (layers * law.drift) ** 2
    grown = {"growth": rate(course.states)} if course.states[0].any() else {}
    return grown | {
        "second_moment": mean_square(last),
        "factor": mean_square(last) / course.fed,
        "gradient_rate": rate(course.gradients[::-1]),
        "scatter": sqrt(squared_growth(halfway, last) / expected) * log(2),
        "change": (last - halfway).abs().max().item(),
    }


def squared_growth(before: Tensor, after: Tensor) -> float:
    """Return the mean over images of the square of log2 of the factor between squared norms.

    >>> squared_growth(torch.tensor([[1.0, 0.0]]), torch.tensor([[2.0, 0.0]]))
    4.0
    """
    sums = [state.double().square().sum(dim=1).log2() for state in (before, after)]
    return (sums[1] - sums[0]).square().mean().item()


def of_matrix(config: Config, arm: Arm, course: Course, matrix: Tensor) -> dict[str, float]:
    """Measure the matrix of a linear network, and hold its growth against its eigenvalues.

    Args:
        config: the settings.
        arm: the network.
        course: what it went through.
        matrix: what it is multiplied by at each step.

    Returns:
        By name: the mean square that the early power of the matrix makes of one, averaged over
        directions; the spectral radius; the largest stretch of a power; and the factor by which the
        size grows in a step of the last quarter, over the radius.
    """
    radius = torch.linalg.eigvals(matrix).abs().max().item()
    early = torch.linalg.matrix_power(matrix, config.early)
    power = torch.linalg.matrix_power(matrix.double(), config.power)
    growth = 2 ** rate(course.states[3 * arm.steps // 4 :])
    return {
        "mean_square_of_power": mean_square(early) * config.width,
        "radius": radius,
        "stretch": torch.linalg.matrix_norm(power, 2).item(),
        "late_over_radius": growth / radius,
    }


def cell_gradients(config: Config, name: str, inputs: Tensor, draw: int) -> list[Tensor]:
    """Let a cell of torch read all rows, and send a gradient back to its states.

    The parameters are as torch starts them, all uniform within one over the root of the width, but
    from this study's generator.

    Args:
        config: the settings.
        name: of the cell.
        inputs: the images, of shape (images, rows, columns).
        draw: index of the draw.

    Returns:
        The gradients of the states, from before the first row to behind the last; of an LSTM those
        of the cell's state.
    """
    # Without torch's own start, which would draw from its global generator.
    cell = nn.utils.skip_init(CELLS[name], inputs.shape[-1], config.width)  # type: ignore[no-untyped-call]
    generator = random_generator(config.seed, draw, 2001 + [*CELLS].index(name))
    with torch.no_grad():
        for parameter in cell.parameters():
            uniform = generator.uniform(-config.bound, config.bound, tuple(parameter.shape))
            parameter.copy_(torch.from_numpy(uniform / sqrt(config.width)))
    state = torch.zeros(len(inputs), config.width, requires_grad=True)
    states, output = [state], state
    for row in inputs.transpose(0, 1):
        if name == "lstm":
            output, state = cell(row, (output, state))
        else:
            output = state = cell(row, state)
        states.append(state)
    cotangent = numbers(config, len(inputs), draw)
    return [*torch.autograd.grad(states[-1], states, cotangent)]


# Rows --------------------------------------------------------------------------------------------


def shown(steps: int) -> list[int]:
    """Return the steps that a table shows: all of the first 28, then every fourth.

    >>> shown(37)[-4:]
    [27, 28, 32, 36]
    """
    return [step for step in range(steps + 1) if step <= 28 or step % 4 == 0]


def rows_of(name: str, course: Course) -> list[Row]:
    """Return rows of an arm: sizes of states and gradients, and the scatter of their growth."""
    rows: list[Row] = []
    for step in shown(len(course.states) - 1):
        state = course.states[step]
        if state.any():
            size = log2(mean_square(state)) / 2
            rows.append({"arm": name, "quantity": "state", "step": step, "sample": size})
        growth = squared_growth(course.states[0], state)
        if step and isfinite(growth):
            rows.append({"arm": name, "quantity": "scatter", "step": step, "sample": growth})
    return rows + gradient_rows(name, course.gradients)


def gradient_rows(name: str, gradients: list[Tensor]) -> list[Row]:
    """Return rows of an arm: the size of the gradient so many steps back, as a power of two."""
    last = len(gradients) - 1
    sizes = {step: rate([gradients[-1], gradients[last - step]]) for step in shown(last)}
    return [
        {"arm": name, "quantity": "gradient", "step": step, "sample": size}
        for step, size in sizes.items()
        if isfinite(size)
    ]
