"""The rows of the table of gains: what an activation asks for, by what is to be kept."""

from collections.abc import Callable
from dataclasses import astuple, dataclass, replace
from functools import partial
from math import inf, sqrt

import numpy as np

from study.errors import StudyError
from study.theory import gains, moments, phases
from study.theory.activations import Activation, Array
from study.theory.edge import EdgePoint, sizes, steadiest_point
from study.theory.expectations import SAMPLES, Bounded, Expectations, expectations, slopes_at
from study.theory.mean_field import CRITICAL
from study.theory.named import Function, Gate

FLAT = 1e100
"""A gain for small signals above which the activation is flat at 0."""


@dataclass(frozen=True)
class GainRow:
    """What the table of gains says of an activation.

    Attributes:
        signal: the gain that keeps the signal.
        gradient: the gain that keeps the gradient.
        small_signals: the gain that keeps a signal near 0; infinite if there is none.
        about_the_mean: the gain that keeps the variance.
        torch: what ``torch.nn.init.calculate_gain`` returns, or None where it refuses.
        gradient_per_layer: the factor of the gradient's second moment, with the first gain.
        size: *stable*, *neutral* or *unstable*, with the first gain.
    """

    signal: float
    gradient: float
    small_signals: float
    about_the_mean: float
    torch: float | None
    gradient_per_layer: float
    size: str


def gain_row(activation: Activation) -> GainRow:
    """Return the row of an activation.

    Args:
        activation: one of those that :func:`study.theory.activations.activation` returns.

    Returns:
        The row.

    **Source**: the page *A table of gains*.

    >>> from study.theory.activations import activation
    >>> row = gain_row(activation("tanh"))
    >>> round(row.signal, 4), row.small_signals, row.size
    (1.5925, 1.0, 'stable')
    """
    signal, gradient = gains.second_moment_gain(activation), gains.gradient_gain(activation)
    return GainRow(
        signal=signal,
        gradient=gradient,
        small_signals=gains.unit_slope_gain(activation),
        about_the_mean=gains.variance_gain(activation),
        torch=gains.torch_gain(activation.name),
        gradient_per_layer=(signal / gradient) ** 2,
        size=phases.stability(activation, signal**2, 0.0),
    )


def formatted_gain(gain: float | None) -> str:
    """Return a gain to four decimals, or why there is none.

    >>> formatted_gain(1.41421356), formatted_gain(float("inf")), formatted_gain(None)
    ('1.4142', 'none', 'refuses')
    """
    if gain is None:
        return "refuses"
    return "none" if gain == float("inf") else f"{gain:.4f}"


HEADINGS = (
    "Keeps the signal",
    "Keeps the gradient",
    "Small signals",
    "About the mean",
    "torch",
    "Gradient per layer",
    "Size",
)
"""The headings of the fields of a row."""


def cells(row: GainRow) -> tuple[str, ...]:
    """Return a row as it is printed.

    >>> from study.theory.activations import activation
    >>> cells(gain_row(activation("linear")))[-2:]
    ('1.0000', 'neutral')
    """
    *numbers, size = astuple(row)
    return (*(formatted_gain(number) for number in numbers), size)


def row(function: Activation | Function | Gate) -> GainRow:
    """Return the row of an activation or a gate that has a name.

    Args:
        function: one of those that :func:`study.theory.named.named` returns.

    Returns:
        The row.

    Raises:
        StudyError: if the function cannot be trusted, with its name.

    >>> from study.theory.named import named
    >>> row(named("leaky_relu:1")).torch, row(named("sine:30")).size
    (1.0, 'stable')
    """
    if isinstance(function, Gate):
        return gate_row(function)
    if isinstance(function, Function):
        try:
            return checked_row(function.function).row
        except StudyError as error:
            raise StudyError(f"{function.name}: {error}") from None
    plain = gain_row(function)
    if plain.small_signals > FLAT:
        return replace(plain, small_signals=inf)
    if function.slope is None or function.name in gains.TORCH_GAINS:
        return plain
    return replace(plain, torch=gains.torch_gain("leaky_relu", function.slope))


def gate_row(gate: Gate) -> GainRow:
    r"""Return the row of a gate, of whose halves both have preactivations of unit variance.

    The gate hands on :math:`a\,g(b)`, and a gradient comes back by both halves:

    .. math::
        E[(a\,g(b))^2] = E[g^2], \qquad E[g(b)^2] + E[(a\,g'(b))^2] = E[g^2] + E[g'^2]

    The mean is 0, so a gate asks for one gain with it and without it.

    Args:
        gate: the gate.

    Returns:
        The row.

    **Source**: derived on the page *A table of gains*.

    >>> from study.theory.named import named
    >>> round(row(named("glu")).signal, 4), row(named("bilinear")).gradient_per_layer
    (1.8462, 2.0)
    """
    inner = moments.moments(gate.function, 1.0)
    square, steep = inner.second_moment, inner.derivative_second_moment
    middle = abs(float(gate.function.function(np.zeros(1))[0]))
    growth = 1 + moments.second_moment_slope(gate.function, 1.0) / square
    return GainRow(
        signal=1 / sqrt(square),
        gradient=1 / sqrt(square + steep),
        small_signals=1 / middle if middle else inf,
        about_the_mean=1 / sqrt(square),
        torch=None,
        gradient_per_layer=1 + steep / square,
        size=_size(growth, CRITICAL),
    )


@dataclass(frozen=True)
class CheckedRow:
    """A row of a function of the reader's own, and how far it is to be trusted.

    Attributes:
        row: the row.
        error: the largest bound of the error of a gain, as a share of it.
        found: what the function was found to do.
    """

    row: GainRow
    error: float
    found: Expectations

    def note(self) -> str:
        """Say how far the row is to be trusted."""
        means = self.found
        parts = [f"gains are exact to {max(self.error, 1e-12):.0e} of themselves"]
        if means.kinks:
            parts.append(f"kinks at {_list(means.kinks)}")
        if means.jumps:
            parts.append(f"jumps at {_list(means.jumps)}, so that no gain keeps a gradient")
        parts.append(f"what is narrower than {means.resolution:.0e} may be missed")
        return "; ".join(parts)


def checked_row(function: Callable[[Array], Array], samples: int = SAMPLES) -> CheckedRow:
    """Return the row of any function, from expectations that check themselves.

    Args:
        function: from an array to one of its shape in double precision, elementwise.
        samples: at how many irregular places to check it.

    Returns:
        The row, the bound of its error, and the kinks and jumps that were found. Where the function
        jumps there is no gain for the gradient.

    Raises:
        StudyError: if the function cannot be trusted, or is 0 throughout. The message says what it
            does, without its name.

    >>> round(checked_row(lambda z: np.maximum(z, 0)).row.signal, 6)
    1.414214
    """
    means = expectations(function, samples=samples)
    square = means.second_moment
    if not square.or_nothing():
        raise StudyError("is 0 throughout, so no gain keeps a signal")
    variance = Bounded(
        square.value - means.mean.value**2,
        square.error + 2 * abs(means.mean.value) * means.mean.error,
    )
    steep = means.derivative_second_moment
    signal, gradient = _gain(square), _gain(steep)
    left, right = slopes_at(function)
    growth = means.second_moment_slope.times(1 / square.value)
    return CheckedRow(
        GainRow(
            signal=signal,
            gradient=inf if steep.value == inf else gradient,
            small_signals=_small_gain(left, right),
            about_the_mean=_gain(variance),
            torch=None,
            gradient_per_layer=inf if steep.value == inf else (signal / gradient) ** 2,
            size=_size(growth.value, CRITICAL + 2 * growth.error),
        ),
        max(_share(bounded) for bounded in (square, steep, variance)),
        means,
    )


def _list(places: tuple[float, ...]) -> str:
    few = ", ".join(f"{place:g}" for place in places[:6])
    return few if len(places) <= 6 else f"{few} and {len(places) - 6} more"


def _gain(square: Bounded) -> float:
    return 1 / sqrt(square.value) if square.value > square.error else inf


def _share(square: Bounded) -> float:
    """Return the bound of the relative error of a gain, which has half of its square's."""
    certain = square.value > square.error and square.value < inf
    return square.error / square.value / 2 if certain else 0.0


def _small_gain(left: float | None, right: float | None) -> float:
    if left is None or right is None or left == right == 0:
        return inf
    return sqrt(2 / (left**2 + right**2))


def _size(growth: float, margin: float) -> phases.Stability:
    if abs(abs(growth) - 1) <= margin:
        return "neutral"
    return "stable" if abs(growth) < 1 else "unstable"


def advice(name: str, function: Activation | Function | Gate) -> list[str]:
    """Say in lines what to call where the gain of a function is unstable.

    Args:
        name: how to call it.
        function: the function.

    Returns:
        Lines; where lengths settle on the edge of chaos, the calls that lead there, and else to
        normalise.

    **Source**: chapter *The edge of rectifiers*, section “Smooth rectifiers settle with biases”.

    >>> from study.theory.named import named
    >>> print(*advice("gelu", named("gelu")), sep="|")  # doctest: +ELLIPSIS
    gelu is unstable: without normalisation, biases let its mean square settle at 13.8|...
    """
    if not isinstance(function, Gate):
        try:
            point = steadiest_point(partial(sizes, function))
        except StudyError:
            pass
        else:
            length = f"{point.length:.3g}"
            return [
                f"{name} is unstable: without normalisation, biases let its mean square settle at "
                + length,
                *(f"  {call}" for call in calls(point)),
            ]
    return [
        f"{name} is unstable: normalise before each linear layer, and its size is one in all:",
        "  nn.RMSNorm(fan_in)",
        "  nn.init.normal_(layer.weight, std=fan_in**-0.5)",
    ]


def calls(point: EdgePoint) -> tuple[str, str, str]:
    """Return the calls of torch that lead to a point on the edge.

    Args:
        point: the point.

    Returns:
        For the weights, for the biases of all layers, and for the weights of the first layer.

    >>> calls(EdgePoint(length=4.0, weight_variance=2.0, bias_variance=0.25, slope=0.9))[1]
    'nn.init.normal_(layer.bias, std=0.5)'
    """
    first = sqrt(point.length - point.bias_variance)
    return (
        f"nn.init.normal_(layer.weight, std={sqrt(point.weight_variance):.4g} / fan_in**0.5)",
        f"nn.init.normal_(layer.bias, std={sqrt(point.bias_variance):.4g})",
        f"nn.init.normal_(first.weight, std={first:.4g} / fan_in**0.5)  # inputs of mean square 1",
    )
