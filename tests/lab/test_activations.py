import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from study.errors import StudyError
from study.lab.activations import NAMES, activation, leaky_relu, leaky_relu_derivative, two_lines
from study.theory import activations as theory_activations

SLOPES = st.floats(-2, 2)
VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20)


@given(VALUES, SLOPES)
def test_leaky_relu_is_that_of_torch(values: list[float], slope: float) -> None:
    z = torch.tensor(values, dtype=torch.float64)
    assert torch.equal(leaky_relu(z, slope), functional.leaky_relu(z, slope))


@given(VALUES, SLOPES)
def test_derivative_is_that_of_autograd_even_at_zero(values: list[float], slope: float) -> None:
    z = torch.tensor([*values, 0.0], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(functional.leaky_relu(z, slope).sum(), z)
    # 1 - a + a is 1 up to two roundings of numbers no larger than 3.
    torch.testing.assert_close(leaky_relu_derivative(z.detach(), slope), gradient)


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


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_every_derivative_is_the_slope_of_the_chord(name: str, shift: float) -> None:
    found = activation(name, slope=0.25, shift=shift)
    # Steps of 1e-4 on a grid of 0.01 that is off all kinks, which lie at whole numbers.
    z = torch.arange(-8, 8, 0.01, dtype=torch.float64) + 0.005
    chord = (found.function(z + 1e-4) - found.function(z - 1e-4)) / 2e-4
    # The third derivative is at most a few, so the chord is off by 1e-8 or so.
    torch.testing.assert_close(found.derivative(z), chord, rtol=0, atol=1e-7)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("linear", "gelu_tanh")])
def test_every_activation_is_that_of_torch_and_so_is_its_derivative_at_zero(name: str) -> None:
    arguments = (0.25,) if name == "leaky_relu" else ()
    z = torch.tensor([-2.0, 0.0, 1.5], dtype=torch.float64, requires_grad=True)
    theirs = getattr(functional, name)(z, *arguments)
    (derivative,) = torch.autograd.grad(theirs.sum(), z)
    ours = activation(name, slope=0.25)
    torch.testing.assert_close(ours.function(z.detach()), theirs.detach())
    torch.testing.assert_close(ours.derivative(z.detach()), derivative)


@pytest.mark.parametrize("name", NAMES)
def test_from_near_every_activation_is_its_two_lines(name: str) -> None:
    found = activation(name, slope=0.25)
    tiny = torch.tensor([-1.0, 1.0], dtype=torch.float64) * 2.0**-40
    if found.near is None:
        assert found.function(0 * tiny).abs().min() > 0.1
        return
    line, slope = two_lines(tiny, *found.near)
    torch.testing.assert_close(found.function(tiny), line, rtol=1e-11, atol=0)
    torch.testing.assert_close(found.derivative(tiny), slope, rtol=1e-11, atol=0)


@pytest.mark.parametrize("name", NAMES)
def test_from_far_every_activation_is_its_two_lines_or_bounded(name: str) -> None:
    found = activation(name, slope=0.25)
    huge = torch.tensor([-1.0, 1.0], dtype=torch.float64) * 2.0**40
    if found.far is None:
        assert found.function(huge).abs().max() <= 6
        return
    line, slope = two_lines(huge, *found.far)
    # What the lines leave out, such as the -1 of an ELU, is small beside the signal's size.
    torch.testing.assert_close(found.function(huge), line, rtol=1e-11, atol=2.0)
    torch.testing.assert_close(found.derivative(huge), slope, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_called_homogeneous_is(name: str) -> None:
    found = activation(name, slope=0.25)
    z = torch.linspace(-3, 3, 20, dtype=torch.float64)
    same = torch.allclose(found.function(4 * z), 4 * found.function(z), rtol=1e-14, atol=0)
    assert same == found.homogeneous


def test_an_unknown_activation_is_refused_by_name() -> None:
    with pytest.raises(StudyError, match="activation 'rleu' is unknown; choose from linear, relu"):
        activation("rleu")


def test_activations_that_differ_have_names_that_differ() -> None:
    slopes = [activation("leaky_relu", slope=slope).name for slope in (0.1234567, 0.12345671)]
    shifts = [activation("relu", shift=shift).name for shift in (0.5, 0.50000001)]
    assert len({*slopes, *shifts}) == 4


def test_the_theory_knows_every_activation_by_the_same_name() -> None:
    assert set(theory_activations.NAMES) - set(NAMES) == {"erf"}
    assert set(NAMES) <= set(theory_activations.NAMES)
