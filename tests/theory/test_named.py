"""The further activations and gates against torch, closed forms and many random numbers."""

import re
from collections.abc import Callable
from math import exp, inf, sqrt

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from study.errors import StudyError
from study.theory import activations, gain_rows, moments
from study.theory.activations import Activation
from study.theory.edge import sizes
from study.theory.named import FURTHER, NAMES, SYNONYMS, Function, Gate, named

PLACES = np.array([-7.0, -4.0, -2.5, -1.5, -0.3, 0.2, 0.7, 1.4, 2.6, 3.5, 5.5, 7.0])
OF_TORCH: dict[str, Callable[[Tensor], Tensor]] = {
    "squared_relu": lambda z: torch.relu(z) ** 2,
    "celu": nn.CELU(),
    "celu:0.5": nn.CELU(0.5),
    "quick_gelu": lambda z: z * torch.sigmoid(1.702 * z),
    "hard_gelu": lambda z: z * nn.functional.hardtanh(1.702 * z / 6 + 0.5, 0, 1),
    "leaky_relu:0.3": nn.LeakyReLU(0.3),
}
GATES: dict[str, Callable[[Tensor], Tensor]] = {
    "bilinear": lambda b: b,
    "glu": torch.sigmoid,
    "reglu": torch.relu,
    "geglu": nn.functional.gelu,
    "swiglu": nn.functional.silu,
}


@pytest.mark.parametrize("name", OF_TORCH)
def test_values_and_derivatives_are_those_of_torch(name: str) -> None:
    z = torch.tensor(PLACES, requires_grad=True)
    values = OF_TORCH[name](z)
    (derivatives,) = torch.autograd.grad(values.sum(), z)
    ours = named(name)
    assert isinstance(ours, Activation)
    assert ours.name == name
    assert ours.function(PLACES) == pytest.approx(values.detach().numpy(), abs=1e-12)
    assert ours.derivative(PLACES) == pytest.approx(derivatives.numpy(), abs=1e-12)


@pytest.mark.parametrize("q", [0.1, 1.0, 30.0])
@pytest.mark.parametrize("name", [n for n, one in FURTHER.items() if isinstance(one, Activation)])
def test_the_quadrature_is_right_for_them_too(name: str, q: float) -> None:
    # The check is of another kind, and needs neither the derivative nor the kinks.
    one = named(name)
    assert isinstance(one, Activation)
    checked = sizes(Function(name, "", one.function), q)
    assert moments.second_moment(one, q) == pytest.approx(checked.signal, rel=1e-9)
    assert moments.second_moment_slope(one, q) == pytest.approx(checked.slope, rel=1e-9)
    assert moments.derivative_second_moment(one, q) == pytest.approx(checked.gradient, rel=1e-9)


@pytest.mark.parametrize("scale", [0.5, 1.0, 30.0])
def test_the_gains_of_a_sine_are_those_of_its_closed_forms(scale: float) -> None:
    row, cosine = gain_rows.row(named(f"sine:{scale:g}")), exp(-2 * scale**2)
    assert row.signal == pytest.approx(sqrt(2 / (1 - cosine)), rel=1e-9)
    assert row.gradient == pytest.approx(sqrt(2 / (1 + cosine)) / scale, rel=1e-9)
    assert row.small_signals == pytest.approx(1 / scale)
    slope = scale**2 * cosine * 2 / (1 - cosine)
    assert row.size == "stable"
    assert slope < 1


def test_squared_relu_has_no_slope_at_nothing() -> None:
    row = gain_rows.row(named("squared_relu"))
    assert (row.signal, row.gradient) == pytest.approx((sqrt(2 / 3), sqrt(1 / 2)))
    assert row.small_signals == inf
    assert row.about_the_mean == pytest.approx(1 / sqrt(1.5 - 0.25))
    assert row.size == "unstable"


@pytest.mark.parametrize("name", GATES)
def test_the_gain_of_a_gate_keeps_signal_and_gradient(name: str) -> None:
    # Two layers of gates at equal widths, with one packed matrix for both halves each.
    row = gain_rows.row(named(name))
    generator = torch.Generator().manual_seed(0)
    width, images = 1000, 100
    pre = torch.randn(images, 2 * width, generator=generator)
    a, b = pre.chunk(2, dim=1)
    h = a * GATES[name](b)
    weight = torch.randn(2 * width, width, generator=generator) / sqrt(width)
    assert (row.signal * h @ weight.T).square().mean().item() == pytest.approx(1, rel=0.03)
    x = torch.randn(images, width, generator=generator, requires_grad=True)
    a, b = (x @ weight.T).chunk(2, dim=1)
    delta = torch.randn(images, width, generator=generator)
    (gradient,) = torch.autograd.grad(a * GATES[name](b), x, delta)
    assert (row.gradient**2 * gradient.square().mean()).item() == pytest.approx(1, rel=0.05)
    assert row.about_the_mean == row.signal


def test_a_gate_whose_signal_grows_is_unstable() -> None:
    for name in GATES:
        row = gain_rows.row(named(name))
        low, high = (row.signal**2 * q * moments.second_moment(gate(name), q) for q in (0.9, 1.1))
        assert (high - low) / 0.2 > 1  # the slope of its map of lengths
        assert row.size == "unstable"
    assert gain_rows.row(named("glu")).small_signals == 2
    assert gain_rows.row(named("swiglu")).small_signals == inf


def gate(name: str) -> Activation:
    one = named(name)
    assert isinstance(one, Gate)
    return one.function


def test_the_gain_of_torch_follows_the_slope() -> None:
    row = gain_rows.row(named("leaky_relu:0.2"))
    assert row.torch == pytest.approx(nn.init.calculate_gain("leaky_relu", 0.2))
    assert gain_rows.row(named("leaky_relu")).torch == nn.init.calculate_gain("leaky_relu", 0.01)
    assert gain_rows.row(named("relu")).torch == sqrt(2)


@pytest.mark.parametrize("name", activations.NAMES)
def test_the_old_names_have_their_old_rows(name: str) -> None:
    assert gain_rows.row(named(name)) == gain_rows.gain_row(activations.activation(name))


def test_synonyms_name_what_is_there() -> None:
    assert set(SYNONYMS.values()) <= set(NAMES)
    assert not set(SYNONYMS) & set(NAMES)
    assert named("swish") is named("silu")


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("rleu", "activation rleu: not one of linear, relu, .*; of your own, write module:name"),
        ("tanh:2", "tanh takes no parameter; these do: leaky_relu, sine, celu"),
        ("sine:fast", "'fast' is no number"),
        ("sine:nan", "'nan' is no number"),
        ("celu:0", "celu: its parameter is above 0, and not 0"),
    ],
)
def test_what_has_no_name_is_refused(word: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        named(word)


# Any function ------------------------------------------------------------------------------------


def test_a_row_of_any_function_is_that_of_the_table() -> None:
    for name in ("relu", "gelu", "hardtanh"):
        one = activations.activation(name)
        ours, table = gain_rows.checked_row(one.function), gain_rows.gain_row(one)
        for field in ("signal", "gradient", "small_signals", "about_the_mean"):
            expected = getattr(table, field)
            assert getattr(ours.row, field) == pytest.approx(expected, rel=ours.error + 1e-8)
        assert ours.row.size == table.size
        assert ours.error < 1e-9


def test_a_step_keeps_a_signal_and_no_gradient() -> None:
    checked = gain_rows.checked_row(lambda z: np.where(z > 0, 1.0, 0.0))
    assert checked.row.signal == pytest.approx(sqrt(2))
    assert checked.row.gradient == checked.row.gradient_per_layer == inf
    assert gain_rows.cells(checked.row)[1] == "none"
    assert "jumps at 0, so that no gain keeps a gradient" in checked.note()


def test_a_constant_has_a_signal_and_neither_variance_nor_gradient() -> None:
    row = gain_rows.checked_row(lambda z: 0 * z - 3).row
    assert row.signal == pytest.approx(1 / 3)
    assert row.gradient == row.about_the_mean == row.small_signals == inf
    assert row.size == "stable"


def test_nothing_is_refused() -> None:
    with pytest.raises(StudyError, match="is 0 throughout"):
        gain_rows.checked_row(lambda z: 0 * z)
    with pytest.raises(StudyError, match=r"^sine:0: is 0 throughout"):
        gain_rows.row(named("sine:0"))


def test_a_note_names_a_few_kinks() -> None:
    def stairs(z: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> np.ndarray:
        return np.floor(z)

    note = gain_rows.checked_row(stairs).note()
    assert re.search(r"jumps at -\d, -\d, -\d, -\d, -\d, -\d and \d more, so that no gain", note)
    assert "what is narrower than 5e-06 may be missed" in note
    assert "kinks at 0.3;" in gain_rows.checked_row(lambda z: np.abs(z - 0.3)).note()
