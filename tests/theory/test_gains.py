from math import inf, pi, sqrt

import pytest
import torch

from study.theory import gains
from study.theory.activations import ALPHA, NAMES, SCALE, Activation, activation, leaky


@pytest.mark.parametrize("slope", [0.0, 0.01, 0.25, 1.0])
def test_a_leaky_relu_keeps_signal_and_gradient_with_one_gain(slope: float) -> None:
    gain = sqrt(2 / (1 + slope**2))
    assert gains.second_moment_gain(leaky(slope)) == pytest.approx(gain)
    assert gains.gradient_gain(leaky(slope)) == pytest.approx(gain)
    assert gains.torch_gain("leaky_relu", slope) == pytest.approx(gain)


def test_other_activations_need_two() -> None:
    tanh, sigmoid = activation("tanh"), activation("sigmoid")
    assert gains.second_moment_gain(tanh) == pytest.approx(1.5925, abs=5e-5)
    assert gains.gradient_gain(tanh) == pytest.approx(1.4674, abs=5e-5)
    assert gains.variance_gain(sigmoid) == pytest.approx(4.80, abs=5e-3)
    assert gains.variance_gain(activation("relu")) == pytest.approx(sqrt(2 * pi / (pi - 1)))


def test_rows_of_mean_zero_ask_for_the_gain_about_the_mean() -> None:
    # The page: with the gain of He a ReLU layer keeps 1 - 1/pi, and 1.7129 keeps all of it.
    assert round(1 - 1 / pi, 4) == 0.6817
    assert round(sqrt(2 / (1 - 1 / pi)), 4) == 1.7129
    generator = torch.Generator().manual_seed(0)
    h = torch.randn(200, 1000, generator=generator).double().relu()
    w = torch.randn(1000, 2000, generator=generator).double()
    w -= w.mean(dim=0)
    w /= w.square().mean(dim=0).sqrt() * sqrt(1000)
    for gain, kept in ((sqrt(2), 1 - 1 / pi), (gains.variance_gain(activation("relu")), 1.0)):
        assert (gain * h @ w).square().mean().item() == pytest.approx(kept, rel=0.02)
    torch.testing.assert_close((h + 100) @ w, h @ w)  # what is added to all entries drops out
    pair = torch.tensor([0.3, -0.3])
    for h_pair in ([1.0, 3.0], [101.0, 103.0]):
        assert (pair @ torch.tensor(h_pair)).item() == pytest.approx(-2 * 0.3, rel=1e-4)


def test_the_mean_square_of_rows_of_mean_zero_has_n_less_one() -> None:
    # Few inputs, so that n and n - 1 differ.
    generator = torch.Generator().manual_seed(1)
    h = torch.tensor([1.0, 2.0, 6.0]).double()
    w = torch.randn(200_000, 3, generator=generator).double()
    w -= w.mean(dim=1, keepdim=True)
    w /= w.square().mean(dim=1, keepdim=True).sqrt() * sqrt(3)
    law = (h - h.mean()).square().sum().item() / 2
    assert (w @ h).square().mean().item() == pytest.approx(law, rel=0.02)


def test_a_selu_keeps_mean_zero_and_variance_one_with_the_gain_one() -> None:
    assert gains.second_moment_gain(activation("selu")) == pytest.approx(1, abs=1e-12)
    assert gains.variance_gain(activation("selu")) == pytest.approx(1, abs=1e-12)


def test_a_small_signal_sees_the_slope_at_nothing() -> None:
    assert gains.unit_slope_gain(activation("tanh")) == 1
    assert gains.unit_slope_gain(activation("sigmoid")) == 4
    assert gains.unit_slope_gain(activation("gelu")) == 2
    assert gains.unit_slope_gain(activation("relu")) == sqrt(2)
    assert gains.unit_slope_gain(activation("hardsigmoid")) == 6
    for name in ("elu", "softsign", "hardtanh", "linear"):
        assert gains.unit_slope_gain(activation(name)) == 1
    selu = gains.unit_slope_gain(activation("selu"))
    assert selu == pytest.approx(sqrt(2 / (SCALE**2 * (1 + ALPHA**2))))
    assert gains.unit_slope_gain(leaky(-1.0)) == 1
    flat = Activation("flat", "0", lambda z: 0 * z, lambda z: 0 * z)
    assert gains.unit_slope_gain(flat) == inf


@pytest.mark.parametrize("name", NAMES)
def test_the_table_is_that_of_torch(name: str) -> None:
    ours = gains.torch_gain(name, 0.3)
    if ours is None:
        with pytest.raises(ValueError, match="nonlinearity"):
            torch.nn.init.calculate_gain(name)  # type: ignore[arg-type]
    else:
        param = 0.3 if name == "leaky_relu" else None
        assert torch.nn.init.calculate_gain(name, param) == ours  # type: ignore[arg-type]
