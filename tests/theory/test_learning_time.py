from collections.abc import Callable
from math import exp, inf, log

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

from study.errors import StudyError
from study.theory.activations import Array
from study.theory.learning_time import descend, learning_time


@pytest.mark.parametrize("depth", [1, 2, 3, 10, 1000, inf])
@pytest.mark.parametrize("start", [0.05, 0.5])
def test_the_time_is_the_integral_over_the_share(depth: float, start: float) -> None:
    by_share, _ = quad(lambda v: v ** (2 / depth - 2) / (1 - v), start, 0.9)
    assert learning_time(depth, start, 0.9) == pytest.approx(by_share, rel=1e-9)


@pytest.mark.parametrize(
    ("depth", "expected"),
    [
        (1, lambda v, w: log((1 - v) / (1 - w))),
        (2, lambda v, w: log(w * (1 - v) / (v * (1 - w)))),
        (inf, lambda v, w: 1 / v - 1 / w + log(w * (1 - v) / (v * (1 - w)))),
    ],
)
def test_the_closed_forms_of_one_two_and_infinitely_many_layers(
    depth: float, expected: Callable[[float, float], float]
) -> None:
    for start, end in ((1e-4, 0.3), (0.2, 0.99)):
        assert learning_time(depth, start, end) == pytest.approx(expected(start, end), rel=1e-9)


@pytest.mark.parametrize("depth", [1, 2, 5, 50])
def test_the_equation_of_the_strength_arrives_at_that_time(depth: int) -> None:
    strength, step = 1.7, 0.3
    rate = step / (depth * strength ** (2 - 2 / depth))
    updates = learning_time(depth, 0.2, 0.9) / step

    def slope(_: float, u: Array) -> Array:
        slope: Array = rate * depth * u ** (2 - 2 / depth) * (strength - u)
        return slope

    course = solve_ivp(slope, (0, updates), [0.2 * strength], rtol=1e-10, atol=1e-12)
    assert course.y[0, -1] == pytest.approx(0.9 * strength, rel=1e-7)


@pytest.mark.parametrize("depth", [1, 2, 5, 50])
def test_small_steps_of_descent_arrive_at_that_time(depth: int) -> None:
    strength, step = 1.7, 0.002
    rate = step / (depth * strength ** (2 - 2 / depth))
    updates = round(learning_time(depth, 0.2, 0.9) / step)
    factors = [(0.2 * strength) ** (1 / depth)] * depth
    course = descend(factors, strength, rate, updates)
    assert course[-1] == pytest.approx(0.9 * strength, rel=2e-3)


def test_descent_keeps_the_differences_of_the_squared_factors() -> None:
    factors = np.array([0.8, 1.0, 1.3])
    rate, strength = 1e-5, 2.0
    for _ in range(5000):
        u = factors.prod()
        factors = factors + rate * (strength - u) * u / factors
    assert factors.prod() == pytest.approx(
        descend([0.8, 1.0, 1.3], strength, rate, 5000)[-1], rel=1e-12
    )
    assert factors[0] > 0.805
    assert factors[2] ** 2 - factors[0] ** 2 == pytest.approx(1.3**2 - 0.8**2, rel=1e-4)


def test_the_largest_stable_rate_falls_as_one_over_the_depth() -> None:
    strength = 1.5
    for depth in (1, 4, 60):
        near = [(1.0001 * strength) ** (1 / depth)] * depth
        largest = 2 / (depth * strength ** (2 - 2 / depth))
        below, above = (
            abs(descend(near, strength, share * largest, 60)[-1] / strength - 1)
            for share in (0.97, 1.03)
        )
        assert below < 5e-5
        assert above > 2e-4


def test_a_start_that_is_kept_costs_a_finite_time_at_any_depth() -> None:
    times = [learning_time(depth, 0.5, 0.9) for depth in (1, 2, 4, 128, 10**6, inf)]
    assert times == sorted(times)
    assert times[-1] == pytest.approx(3.086, abs=5e-4)
    assert times[:2] == pytest.approx([log(5), log(9)])
    assert times[-2] == pytest.approx(times[-1], rel=1e-5)


def test_a_start_that_shrinks_per_layer_costs_a_time_exponential_in_the_depth() -> None:
    per_layer = 0.9
    times = {depth: learning_time(depth, per_layer**depth / 2, 0.9) for depth in (100, 120)}
    assert times[120] / times[100] == pytest.approx(per_layer**-20, rel=0.02)
    leading = exp(-98 * log(per_layer)) * 2 ** (1 - 2 / 100) / (1 - 2 / 100)
    assert times[100] == pytest.approx(leading, rel=0.01)


def test_the_examples_of_the_chapter() -> None:
    assert learning_time(inf, 0.1, 0.9) == pytest.approx(13.28, abs=5e-3)
    assert learning_time(inf, 0.01, 0.9) == pytest.approx(105.7, abs=0.05)
    # two layers of strength 1 that are to make 2, at half the largest stable rate of the end
    assert descend([1.0, 1.0], 2.0, 0.25, 3) == pytest.approx(
        [1.0, 1.5625, 1.9230, 1.9977], abs=1e-4
    )


@pytest.mark.parametrize(
    ("depth", "start", "end"), [(0.5, 0.1, 0.9), (2, 0.0, 0.9), (2, 0.9, 0.1), (2, 0.1, 1.0)]
)
def test_what_is_out_of_range_is_refused(depth: float, start: float, end: float) -> None:
    with pytest.raises(StudyError, match="need L >= 1"):
        learning_time(depth, start, end)


@pytest.mark.parametrize(
    ("layers", "long_run", "wide"), [(50, 169.0, 86.0), (100, 31_000.0, 15_000.0)]
)
def test_a_fading_mode_worked_by_hand(layers: int, long_run: float, wide: float) -> None:
    def by_share(start: float) -> float:
        time, _ = quad(lambda x: (1 + exp(-x)) ** (1 - 2 / layers), log(start), log(9), limit=200)
        return time

    factor = (0.81 / 0.19) ** 0.5
    assert factor == pytest.approx(2.06, abs=0.005)
    assert by_share(0.9**layers) == pytest.approx(long_run, rel=0.01)
    assert by_share(factor * 0.9**layers) == pytest.approx(wide, rel=0.025)
