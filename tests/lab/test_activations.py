import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from study.lab.activations import leaky_relu, leaky_relu_derivative

SLOPES = st.floats(-2, 2)
VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20)


@settings(deadline=None)
@given(VALUES, SLOPES)
def test_leaky_relu_is_that_of_torch(values: list[float], slope: float) -> None:
    z = torch.tensor(values, dtype=torch.float64)
    assert torch.equal(leaky_relu(z, slope), functional.leaky_relu(z, slope))


@settings(deadline=None)
@given(VALUES, SLOPES)
def test_derivative_is_that_of_autograd_even_at_zero(values: list[float], slope: float) -> None:
    z = torch.tensor([*values, 0.0], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(functional.leaky_relu(z, slope).sum(), z)
    # 1 - a + a is 1 up to two roundings of numbers no larger than 3.
    torch.testing.assert_close(leaky_relu_derivative(z.detach(), slope), gradient)


@settings(deadline=None)
@given(st.lists(st.floats(0.01, 100) | st.floats(-100, -0.01), min_size=1), SLOPES)
def test_derivative_is_the_slope_of_the_chord(values: list[float], slope: float) -> None:
    z = torch.tensor(values, dtype=torch.float64)
    step = 1e-3  # does not reach 0 from 0.01; the function is linear there, so the chord is exact
    chord = (leaky_relu(z + step, slope) - leaky_relu(z - step, slope)) / (2 * step)
    # Cancellation: 100 * 1.1e-16 over the step of 1e-3, a few times.
    torch.testing.assert_close(leaky_relu_derivative(z, slope), chord, rtol=0, atol=1e-9)


def test_autograd_runs_through_leaky_relu() -> None:
    z = torch.linspace(-2, 2, 9, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: leaky_relu(x + 0.1, 0.25), (z,))


@pytest.mark.parametrize("slope", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_shape_type_and_argument_stay_as_they_are(slope: float, kind: torch.dtype) -> None:
    z = torch.tensor([[-1.0, 0.0], [2.0, -3.0]], dtype=kind)
    before = z.clone()
    for function in (leaky_relu, leaky_relu_derivative):
        out = function(z, slope)
        assert out.shape == z.shape
        assert out.dtype == kind
    assert torch.equal(z, before)
