r"""Expectations of any function of one Gaussian, each with a bound of its error, or a refusal.

The function is only called, so whatever it hides between two calls stays hidden. To leave it little
room the line is read in two ways. Panels are halved until two halves agree with their whole, which
closes in on every kink and jump; and a million irregular places, one in each stratum of a wider
Gaussian, must agree with what the panels say in every place, in the mean and in the slope.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from math import inf, isfinite, pi, sqrt

import numpy as np
from numpy.polynomial import legendre
from scipy.special import ndtri

from study.errors import StudyError
from study.theory.activations import Array

FAR, SEEN, USUAL = 37.5, 9.0, 5.0
"""Standard deviations at which the panels end, beyond which next to nothing may lie, and up to
which kinks are named."""

NODES = 16
"""Nodes of a panel."""

NARROW, SHORT = 1e-10, 1e-3
"""Widths, in standard deviations, of a panel that is not halved any more, and of one that must be
better than others."""

CLOSE, ENOUGH, UNSEEN = 1e-11, 1e-6, 1e-4
"""Relative error that each panel is to have; that which is refused; the share beyond SEEN that is.
"""

PANELS, ROUNDS = 20_000, 8
"""How many panels there may be, and how often places that disagree may ask for further ones."""

SAMPLES, FEWER = 2**20, 2**14
"""How many irregular places; and how many are enough for a function that was checked before."""

GROUP = 0.01
"""Distance, in standard deviations, within which two kinks are named as one."""

LEAST, GREATEST = 1e-100, 1e100
"""Between which the largest value must lie, so that squares neither vanish nor overflow."""


@dataclass(frozen=True)
class Bounded:
    """A number and a bound of its error.

    Attributes:
        value: the number.
        error: how far it may lie from what it stands for.
    """

    value: float
    error: float

    def times(self, factor: float) -> "Bounded":
        """Return a multiple, by a factor above 0."""
        return Bounded(self.value * factor, self.error * factor)

    def or_nothing(self) -> float:
        """Return the value, or 0 where it cannot be told from it.

        >>> Bounded(1e-18, 1e-15).or_nothing()
        0.0
        """
        return 0.0 if abs(self.value) <= self.error else self.value


@dataclass(frozen=True)
class Expectations:
    r"""What a function makes of a Gaussian :math:`z \sim N(\mu, q)`.

    Attributes:
        mean: :math:`E[f(z)]`.
        second_moment: :math:`E[f(z)^2]`.
        second_moment_slope: its derivative by :math:`q`.
        derivative_second_moment: :math:`E[f'(z)^2]`; infinite where the function jumps.
        kinks: places where the derivative jumps, as far as they were found on the way.
        jumps: places where the function jumps, or is steeper than a panel can be narrow.
        resolution: the distance of neighbouring places in the middle; what is narrower may be
            missed. It hardly moves the second moment, and may change that of the derivative.
    """

    mean: Bounded
    second_moment: Bounded
    second_moment_slope: Bounded
    derivative_second_moment: Bounded
    kinks: tuple[float, ...]
    jumps: tuple[float, ...]
    resolution: float


@dataclass(frozen=True)
class _Function:
    """The function in standard deviations from the mean, which refuses what is no number."""

    function: Callable[[Array], Array]
    mean: float
    deviation: float

    def __call__(self, u: Array) -> Array:
        places = self.mean + self.deviation * u
        values = called(self.function, places)
        if not np.isfinite(values).all():
            index = int(np.argmin(np.isfinite(values)))
            raise StudyError(f"is {values.flat[index]:g} at {places.flat[index]:g}")
        return values


@dataclass(frozen=True)
class _Panels:
    """Neighbouring panels on which the function is a polynomial, in standard deviations.

    **Shapes**: edges (panels, 2), values (panels, nodes), integrals and errors (4, panels).
    """

    edges: Array
    values: Array
    integrals: Array
    errors: Array


def expectations(
    function: Callable[[Array], Array],
    q: float = 1.0,
    mean: float = 0.0,
    *,
    bends: Sequence[float] = (),
    samples: int = SAMPLES,
) -> Expectations:
    r"""Integrate a function of a Gaussian, its square and the square of its derivative.

    .. math::
        E[f(z)],\quad E[f(z)^2],\quad \frac{d}{dq} E[f(z)^2] = \frac{E[f(z)^2\,(u^2 - 1)]}{2q},
        \quad E[f'(z)^2], \qquad z = \mu + \sqrt q\, u

    Kinks need not be named. The derivative is that of the polynomials through the values.

    Args:
        function: ``f``, from an array to one of its shape in double precision, elementwise.
        q: the variance of the preactivation, above 0.
        mean: :math:`\mu`, as a constant bias makes it.
        bends: places about which to look for what is too narrow to be found.
        samples: at how many irregular places the panels are checked.

    Returns:
        The expectations, with bounds of their errors.

    Raises:
        StudyError: if the function fails, is no number somewhere, is not elementwise or not the
            same when called again, grows too fast or changes too fast. The message says what it
            does, without its name.

    **Source**: the definition; the slope by differentiating the density.

    >>> mine = expectations(lambda z: np.maximum(z - 0.3, 0))
    >>> round(mine.second_moment.value, 9), mine.kinks
    (0.302060205, (0.3,))
    """
    if not (0 < q < inf and isfinite(mean)):
        raise StudyError(f"q {q:g}, mean {mean:g}: take a variance above 0 and a finite mean")
    deviation = sqrt(q)
    shifted = _Function(function, mean, deviation)
    shifted(np.append(np.arange(-512, 513) / 64, -mean / deviation))  # also 0 itself
    u, weights = _strata(samples)
    values = shifted(u)
    _refuse_another_answer(shifted, u, values)
    top = float(np.abs(values).max())
    if top and not LEAST < top < GREATEST:
        raise StudyError(f"has values up to {top:.3g}; scale it so that squares are numbers")
    rms = sqrt(float(weights @ values**2)) if top else 1.0  # nothing is held to 1
    steepness = _steepness(u, values)
    flat = (1e-5 * rms) ** 2  # a slope that hardly is one
    scale = np.array([rms, rms**2, rms**2, max(steepness, flat)])
    about = [(_APPROACH + bend - mean) / deviation for bend in bends]
    edges = np.concatenate([[0.0, -mean / deviation], *about])
    panels = _agreeing(shifted, scale, edges[np.abs(edges) < FAR], (u, values), rms)
    totals = panels.integrals.sum(axis=1)
    errors = 2 * panels.errors.sum(axis=1) + CLOSE * scale
    jumps, kinks = _jumps(shifted, panels, rms), _kinks(panels, rms)
    kinks = kinks[np.abs(kinks) < USUAL]
    _refuse_tails(panels, totals, errors)
    _refuse_errors(errors[:3], scale[:3])
    _refuse_other_means(totals, (weights * values, weights * values**2), scale)
    spacing = float(np.diff(u)[len(u) // 2 - 100 : len(u) // 2 + 100].mean()) * deviation
    if not jumps:
        _refuse_errors(errors[3:], np.maximum(totals[3:], scale[3:]))
        if abs(steepness - totals[3]) > 1e-2 * totals[3] + flat:
            raise StudyError(f"changes within a distance of {spacing:.1g}, too fast to be sure of")
    mean_of, square, moved, steep = map(Bounded, totals.tolist(), errors.tolist())
    return Expectations(
        mean_of,
        square,
        moved.times(1 / (2 * q)),
        Bounded(inf, 0.0) if jumps else steep.times(1 / q),
        tuple(place for place in _named(shifted, kinks) if place not in jumps),
        jumps,
        spacing,
    )


def called(function: Callable[[Array], Array], places: Array) -> Array:
    """Call a function of the reader's on an array, and insist on what it returns.

    Args:
        function: the function.
        places: the array, which it may change.

    Returns:
        The values, in double precision.

    Raises:
        StudyError: if it fails, or returns something else.

    >>> called(np.sign, np.array([-0.5, 2.0]))
    array([-1.,  1.])
    """
    try:
        with np.errstate(all="ignore"):
            values = function(places.copy())
            if hasattr(values, "__array__"):  # of another library
                values = np.asarray(values)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the reader's
        raise StudyError(f"fails on an array of NumPy: {type(error).__name__}: {error}") from None
    kind = getattr(values, "dtype", None)
    if not isinstance(values, np.ndarray) or values.shape != places.shape:
        shape = getattr(values, "shape", type(values).__name__)
        raise StudyError(f"returns {shape} for an array of shape {places.shape}")
    if kind != np.float64 and not np.issubdtype(values.dtype, np.integer) and kind != np.bool_:
        raise StudyError(f"returns {kind}; compute in float64, of which 15 digits are checked")
    return values.astype(np.float64)


def slopes_at(
    function: Callable[[Array], Array], place: float = 0.0
) -> tuple[float | None, float | None]:
    """Return the slopes just left and just right of a place, by which small signals are multiplied.

    Args:
        function: from an array to an array.
        place: where.

    Returns:
        Both, each from polynomials over shorter and shorter distances; None where these do not
        settle.

    >>> slopes_at(lambda z: np.where(z > 0, z, 0.25 * z))
    (0.25, 1.0)
    """
    return _slope(function, place, -1), _slope(function, place, 1)


def _slope(function: Callable[[Array], Array], place: float, side: int) -> float | None:
    before = None
    for width in 10.0 ** -np.arange(7):
        nodes = (_rule(closed=False).nodes + 1) / 2 * width
        values = called(function, place + side * nodes)
        if not np.isfinite(values).all():
            return None
        coefficients = legendre.legder(_rule(closed=False).to_series @ values)
        slope = side * float(legendre.legval(-1.0, coefficients)) * 2 / width
        rounding = 10 * NODES**2 * 2e-16 * float(np.abs(values).max()) / width
        if before is not None and abs(slope - before) <= 1e-9 * abs(slope) + rounding:
            return float(f"{slope:.9g}") if abs(slope) > rounding else 0.0
        before = slope
    return None


_APPROACH = np.concatenate([[0.0], 10.0 ** -np.arange(2, 11), -(10.0 ** -np.arange(2, 11))])
"""Steps towards a place from both sides."""


@dataclass(frozen=True)
class _Rule:
    """Nodes and weights on [-1, 1], and from values there to those of the derivative or a series.

    **Shapes**: (nodes,) and (nodes, nodes).
    """

    nodes: Array
    weights: Array
    to_derivative: Array
    to_series: Array


@cache
def _rule(*, closed: bool = True) -> _Rule:
    """Return the rule of Lobatto, whose nodes include the ends, or that of Gauss.

    Between an end of a panel and the first node of Gauss a kink could hide.
    """
    nodes, weights = legendre.leggauss(NODES)
    if closed:
        top = legendre.Legendre.basis(NODES - 1)
        nodes = np.concatenate([[-1.0], np.sort(top.deriv().roots().real), [1.0]])
        weights = 2 / (NODES * (NODES - 1) * top(nodes) ** 2)
    to_series: Array = np.linalg.inv(legendre.legvander(nodes, NODES - 1)).astype(np.float64)
    slopes = legendre.legvander(nodes, NODES - 2) @ legendre.legder(to_series, axis=0)
    return _Rule(nodes, weights, slopes.astype(np.float64), to_series)


@cache
def _strata(count: int) -> tuple[Array, Array]:
    """Return one irregular place in each stratum of a Gaussian of twice the width, and weights."""
    jitter = np.random.default_rng(0).random(count)
    u = 2 * ndtri((np.arange(count) + jitter) / count)
    u = u[np.isfinite(u)]
    return u, 2 * np.exp(-3 / 8 * u**2) / count


def _density(u: Array) -> Array:
    return np.asarray(np.exp(-u * u / 2) / sqrt(2 * pi))


def _steepness(u: Array, values: Array) -> float:
    """Return the second moment of the difference quotient of neighbouring places."""
    steps, middles = np.diff(u), (u[1:] + u[:-1]) / 2
    keep = steps > 0
    return float((np.diff(values)[keep] ** 2 / steps[keep]) @ _density(middles[keep]))


def _refuse_another_answer(shifted: _Function, u: Array, values: Array) -> None:
    """Refuse a function that answers otherwise the second time, or by what stands beside."""
    again = np.concatenate([shifted(part[::-1])[::-1] for part in np.array_split(u, 3)])
    bound = 1e-9 * (np.abs(values) + np.abs(values).mean())
    if (differs := np.abs(again - values) > bound).any():
        place = shifted.mean + shifted.deviation * u[np.argmax(differs)]
        raise StudyError(f"gives two answers at {place:g}: by chance, or by what stands beside it")


def _integrated(shifted: _Function, edges: Array) -> _Panels:
    """Integrate over each of some panels."""
    rule = _rule()
    half = (edges[:, 1:] - edges[:, :1]) / 2
    u = edges.mean(axis=1, keepdims=True) + half * rule.nodes
    values = shifted(u.ravel()).reshape(u.shape)
    root = np.sqrt(_density(u))  # squares of what is divided by it first do not overflow
    with np.errstate(over="ignore", invalid="ignore"):
        square = (values * root) ** 2
        slopes = values @ rule.to_derivative.T / half
        size = np.abs(u + shifted.mean / shifted.deviation)
        digits = np.abs(values) + size * np.abs(slopes)  # of the values, and of their places
        rounding = NODES**2 * 2e-16 * digits.max(axis=1, keepdims=True) / half
        steep = (slopes * root) ** 2
        integrands = np.stack([values * root * root, square, square * (u * u - 1), steep])
        integrals = (integrands * rule.weights).sum(axis=2) * half[:, 0]
        sizes = (np.abs(integrands) * rule.weights).sum(axis=2) * half[:, 0]
        noise = (2 * np.abs(slopes) + rounding) * rounding * root * root
        errors = 1e-15 * sizes
        errors[3] += (noise * rule.weights).sum(axis=1) * half[:, 0]
    if not np.isfinite(integrals).all():
        raise StudyError("grows too fast: its square has no mean over a Gaussian")
    return _Panels(edges, values, integrals, errors)


def _resolved(shifted: _Function, edges: Array, scale: Array) -> _Panels:
    """Halve panels until halves and wholes agree, and return them in order."""
    whole = _integrated(shifted, np.column_stack([edges[:-1], edges[1:]]))
    leaves: list[_Panels] = []
    count = 0
    while len(whole.edges):
        middle = whole.edges.mean(axis=1)
        halves = np.stack([whole.edges[:, 0], middle, middle, whole.edges[:, 1]], axis=1)
        fine = _integrated(shifted, halves.reshape(-1, 2))
        totals = fine.integrals.reshape(4, -1, 2).sum(axis=2)
        rounding = fine.errors.reshape(4, -1, 2).sum(axis=2) + whole.errors
        errors = 4 * np.abs(totals - whole.integrals)  # also where a kink divides a half again
        widths = whole.edges[:, 1] - whole.edges[:, 0]
        narrow = widths <= NARROW * _size(shifted)
        errors[:, narrow] += np.abs(totals[:, narrow])
        # What is not smooth at a short distance is to be followed to the end.
        aims = scale[:, None] * np.where(widths > SHORT, CLOSE, CLOSE / 1000)
        enough = (errors <= aims + rounding).all(axis=0) | narrow
        leaves.append(
            _Panels(
                fine.edges[np.repeat(enough, 2)],
                fine.values[np.repeat(enough, 2)],
                fine.integrals[:, np.repeat(enough, 2)],
                np.repeat(np.maximum(errors, rounding)[:, enough], 2, axis=1) / 2,
            )
        )
        count += 2 * int(enough.sum())
        rest = np.repeat(~enough, 2)
        if count + rest.sum() > PANELS:
            place = shifted.mean + shifted.deviation * float(fine.edges[rest][0, 0])
            raise StudyError(f"changes too fast to be integrated, as near {place:.6g}")
        whole = _Panels(
            fine.edges[rest], fine.values[rest], fine.integrals[:, rest], fine.errors[:, rest]
        )
    edges = np.concatenate([leaf.edges for leaf in leaves])
    order = np.argsort(edges[:, 0])
    return _Panels(
        edges[order],
        np.concatenate([leaf.values for leaf in leaves])[order],
        np.concatenate([leaf.integrals for leaf in leaves], axis=1)[:, order],
        np.concatenate([leaf.errors for leaf in leaves], axis=1)[:, order],
    )


def _size(shifted: _Function) -> float:
    """Return how much larger than a deviation the numbers are in which a place is told."""
    return max(1.0, abs(shifted.mean) / shifted.deviation)


def _agreeing(
    shifted: _Function, scale: Array, edges: Array, samples: tuple[Array, Array], rms: float
) -> _Panels:
    """Return panels that agree with the function at all irregular places."""
    u, values = samples
    # Steps that no one writes into a function, so that jumps do not hide between two panels.
    steps = np.concatenate([np.arange(1, 20) * 0.4713, [10.3, 12.1, 15.2, 20.7, 28.9, FAR]])
    edges = np.concatenate([-steps, edges, steps])
    weight = np.exp(-u * u / 4)  # as the square is weighted
    for _ in range(ROUNDS):
        panels = _resolved(shifted, np.unique(edges), scale)
        bound = ENOUGH * (rms + np.abs(values) * weight)
        misfits = np.flatnonzero(np.abs(_interpolated(panels, u) - values) * weight > bound)
        if not len(misfits):
            # A kink just beside an edge hardly shows: the derivative jumps at the edge.
            about = _kinks(panels, rms)[:, None] + _APPROACH
            return _resolved(shifted, np.unique(np.concatenate([edges, about.ravel()])), scale)
        around = np.unique(np.clip(misfits[:200, None] + np.arange(-1, 2), 0, len(u) - 1))
        edges = np.concatenate([edges, u[around]])
    place = shifted.mean + shifted.deviation * u[misfits[0]]
    raise StudyError(f"changes too fast to be sure of near {place:.6g}")


def _interpolated(panels: _Panels, u: Array) -> Array:
    """Return what the polynomials say at places in order; of a jump itself they say nothing."""
    values = np.empty_like(u)
    starts = np.searchsorted(u, panels.edges[:, 0])
    ends = np.append(starts[1:], len(u))
    series = panels.values @ _rule().to_series.T
    for coefficients, (low, high), start, end in zip(
        series, panels.edges, starts, ends, strict=True
    ):
        if end > start:
            inside = (2 * u[start:end] - low - high) / (high - low)
            values[start:end] = legendre.legval(inside, coefficients)
    return values


def _jumps(shifted: _Function, panels: _Panels, rms: float) -> tuple[float, ...]:
    """Name the edges of panels at which the function jumps."""
    edges, width = panels.edges[1:, 0], 10 * NARROW * _size(shifted)
    around = np.array([-1.0, 0.0, 1.0])[:, None] * width
    near, far = (np.ptp(shifted(edges + steps), axis=0) for steps in (around, 100 * around))
    # A slope, however steep, rises less over a hundredth of the distance; a jump does not.
    jumps = (near > 1e-7 * rms) & (near > 0.8 * far) & (np.abs(edges) < SEEN)
    return _named(shifted, edges[jumps])


def _kinks(panels: _Panels, rms: float) -> Array:
    """Return the edges of panels at which the derivative jumps, in standard deviations."""
    series = legendre.legder(panels.values @ _rule().to_series.T, axis=1)
    half = (panels.edges[:, 1] - panels.edges[:, 0]) / 2
    keep = half > 1e-7
    edges, series, half = panels.edges[keep], series[keep], half[keep]
    before = series[:-1].sum(axis=1) / half[:-1]  # each polynomial is 1 at the right end
    after = (series * (-1.0) ** np.arange(NODES - 1))[1:].sum(axis=1) / half[1:]
    usual = 1e-3 * (np.abs(before) + np.abs(after)) + 1e-6 * rms
    return np.asarray(edges[1:, 0][np.abs(after - before) > usual])


def _named(shifted: _Function, edges: Array) -> tuple[float, ...]:
    """Return the places of edges, those close together as one."""
    groups = np.split(edges, np.flatnonzero(np.diff(edges) > GROUP) + 1) if len(edges) else []
    places = [shifted.mean + shifted.deviation * float(group.mean()) for group in groups]
    return tuple(0.0 if abs(place) < 1e-6 else float(f"{place:.4g}") for place in places)


def _refuse_tails(panels: _Panels, totals: Array, errors: Array) -> None:
    beyond = (np.abs(panels.edges) >= SEEN).any(axis=1)
    sizes = np.abs(panels.integrals[:, beyond]).sum(axis=1)
    usual = np.maximum(UNSEEN * np.abs(totals), errors)
    if (sizes[[1, 3]] > usual[[1, 3]]).any():
        raise StudyError(
            f"grows too fast: its mean square is made beyond {SEEN:g} standard deviations, "
            "where no layer has a unit"
        )


def _refuse_errors(errors: Array, scale: Array) -> None:
    if (errors > ENOUGH * scale).any():
        worst = float((errors / np.maximum(scale, LEAST)).max())
        raise StudyError(f"cannot be integrated: an error of {worst:.1g} of the whole is left")


def _refuse_other_means(totals: Array, terms: tuple[Array, Array], scale: Array) -> None:
    """Refuse integrals that the irregular places contradict."""
    for total, parts, size in zip(totals, terms, scale, strict=False):
        usual = sqrt(float((np.diff(parts) ** 2).sum()) / 12)
        if abs(parts.sum() - total) > 10 * usual + ENOUGH * size:
            raise StudyError("gives two integrals on two grids; none of them is to be trusted")
