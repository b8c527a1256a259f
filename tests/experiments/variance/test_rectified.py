from math import acos, inf, pi, sqrt

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from study.experiments.variance import rectified
from study.theory.shifts import biased_relu_second_moment


def cosine_map(cosine: float) -> float:
    """Return the cosine behind a ReLU, by the arc-cosine kernel of Cho and Saul (2009)."""
    return (sqrt(1 - cosine**2) + cosine * (pi - acos(cosine))) / pi


@pytest.mark.parametrize(("bias", "variance"), [(0.5, 2.0), (-1.5, 0.3), (0.0, 7.0)])
def test_moments_are_the_integrals_that_they_stand_for(bias: float, variance: float) -> None:
    density = norm(bias, sqrt(variance)).pdf
    expected, _ = quad(lambda z: z * z * density(z), 0, inf)
    assert biased_relu_second_moment(variance, bias) == pytest.approx(expected)
    share, _ = quad(density, 0, inf)
    assert rectified.open_share(bias, variance) == pytest.approx(share)


def test_without_a_bias_a_layer_is_that_of_he() -> None:
    plain = rectified.layers(2.0, 0.0, 1.0, depth=6)
    assert plain.variances == pytest.approx([2.0] * 6)
    assert plain.gradient == pytest.approx(1.0)


def test_a_bias_lets_size_and_gradient_grow_as_the_chapter_says() -> None:
    # The root mean square by 2 φ(0) b = 0.8 b per layer, the gradient as its root.
    many = rectified.layers(2.0, 0.01, 1.0, depth=101)
    growth = sqrt(many.variances[-1]) - sqrt(2.0)
    assert growth == pytest.approx(100 * 2 * norm.pdf(0) * 0.01, rel=0.01)
    assert many.gradient == pytest.approx(sqrt(many.variances[-1] / 2), rel=0.01)


def test_the_cosine_map_is_that_of_pairs_of_normal_numbers() -> None:
    generator = np.random.Generator(np.random.SFC64(1))
    first, second = generator.normal(size=(2, 400_000))
    other = 0.6 * first + 0.8 * second
    product = np.maximum(first, 0) * np.maximum(other, 0)
    assert cosine_map(0.6) == pytest.approx(2 * product.mean(), abs=0.01)
    assert cosine_map(-1.0) == pytest.approx(0)


def test_dropout_has_a_cosine_of_its_own_that_is_a_fixed_point() -> None:
    cosine = rectified.same_image_cosine(0.5, depth=60)
    assert cosine == pytest.approx(0.5 * cosine_map(cosine))
    assert rectified.same_image_cosine(1.0, depth=9) == pytest.approx(1)
