import re
from functools import partial
from math import exp, expm1, isnan, log, pi, sqrt, tanh
from typing import Any

import pytest
import torch
from scipy.integrate import quad
from scipy.stats import norm, truncnorm
from torch import nn

from study.errors import StudyError
from study.experiments.pytorch.torch_gains import claims, method
from study.lab import activations
from study.lab.inits import RandomLayers
from study.lab.mnist import Mnist
from study.theory import gains, mean_field
from study.theory.activations import NAMES, activation
from tests.configs import small_config

NAME = "torch_gains"
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


def mean(function: Any) -> float:  # noqa: ANN401 - a function of a float
    def integrand(z: float) -> float:
        return float(function(z)) * exp(-z * z / 2) / sqrt(2 * pi)

    return float(sum(quad(integrand, *ends, epsabs=1e-13)[0] for ends in ((-12, 0), (0, 12))))


def selu(z: float) -> float:
    return SELU_SCALE * (z if z > 0 else SELU_ALPHA * expm1(z))


def selu_slope(z: float) -> float:
    return SELU_SCALE * (1 if z > 0 else SELU_ALPHA * exp(z))


def sigmoid(z: float) -> float:
    return 1 / (1 + exp(-z))


def settled_at(function: Any, gain: float) -> float:  # noqa: ANN401 - a function of a float
    """Iterate the second moment of the preactivation until it stands still."""
    q = 1.0
    for _ in range(400):
        q_before, deviation = q, sqrt(q)
        q = gain**2 * mean(lambda z, s=deviation: function(s * z) ** 2)
        if abs(q - q_before) < 1e-9 * q:
            break
    return q


SELU_Q = settled_at(selu, 0.75)
SIGMOID_Q = settled_at(sigmoid, 1.0)
KEEPING_Q = settled_at(sigmoid, 10.149)
OF_TEN = 10.149**2 * mean(
    lambda z: (sigmoid(sqrt(KEEPING_Q) * z) * sigmoid(-sqrt(KEEPING_Q) * z)) ** 2
)
PREDICTIONS = pytest.approx(
    {
        "torch-gain-table": 0,
        "torch-gain-refuses": 1,
        "tanh-gain-rationale": 1.5976,
        "sigmoid-gain-gradient": mean(
            lambda z: (sigmoid(sqrt(SIGMOID_Q) * z) * sigmoid(-sqrt(SIGMOID_Q) * z)) ** 2
        ),
        "sigmoid-gain-of-ten": OF_TEN,
        "sigmoid-gain-of-ten-signal": KEEPING_Q / 10.149**2,
        "selu-gain-keeps-gradient": 1,
        "selu-gain-shrinks-signal": SELU_Q / 0.75**2,
        "selu-linear-gain": 1,
        "selu-linear-gradient": mean(lambda z: selu_slope(z) ** 2),
        "truncated-normal-leak": float(truncnorm(-2, 2).var()),
        "kaiming-normal-is-not-cut": 0,
        "trunc-normal-bounds": 1,
    }
)


small = partial(small_config, NAME, images=3, depth=6, width=40)


def test_the_numbers_in_the_remarks() -> None:
    keeps_gradient = 0.75**2 * mean(lambda z: selu_slope(sqrt(SELU_Q) * z) ** 2)
    assert keeps_gradient == pytest.approx(1.0037, abs=5e-5)
    assert sqrt(SELU_Q) / 0.75 == pytest.approx(0.2, abs=0.005)
    assert 1 / sqrt(mean(lambda z: tanh(z) ** 2)) == pytest.approx(1.5925, abs=5e-5)
    assert 1 / sqrt(mean(lambda z: (1 - tanh(z) ** 2) ** 2)) == pytest.approx(1.467, abs=5e-4)
    assert mean(lambda z: selu_slope(z) ** 2) ** 100 == pytest.approx(1000, rel=0.02)
    assert 2 * (1 - float(norm.cdf(2))) == pytest.approx(0.0455, abs=5e-5)


def test_the_example_of_the_chapter() -> None:
    # Cut at one deviation: 1 - 2 φ(1)/(2 Φ(1) - 1), with φ(1) = 0.24197 and 2 Φ(1) - 1 = 0.68269.
    assert claims.truncated_variance(1.0) == pytest.approx(1 - 2 * 0.24197 / 0.68269, abs=1e-5)
    assert claims.truncated_variance(1.0) == pytest.approx(0.2911, abs=5e-5)
    assert claims.truncated_variance(2.0) ** 27 == pytest.approx(1e-3, rel=0.03)
    for bound in (0.5, 1.0, 2.0, 3.0):
        expected = float(truncnorm(-bound, bound).var())
        assert claims.truncated_variance(bound) == pytest.approx(expected)


def test_the_gain_of_a_sigmoid_by_hand() -> None:
    # f² = f − f' and f'² has the integral 1/6, so with the density 1/√(2πq) all along f' the
    # deviation s of the preactivation solves s² − 3√(2π) s + 6 = 0, and g² = 6√(2π) s.
    p = 3 * sqrt(2 * pi)
    s = (p + sqrt(p**2 - 24)) / 2
    assert s == pytest.approx(6.61, abs=0.005)
    assert sqrt(2 * p * s) == pytest.approx(9.97, abs=0.005)
    total = quad(lambda z: (sigmoid(z) * sigmoid(-z)) ** 2, -40, 40)[0]
    assert total == pytest.approx(1 / 6)
    assert sigmoid(1.3) ** 2 == pytest.approx(sigmoid(1.3) - sigmoid(1.3) * sigmoid(-1.3))
    assert sqrt(KEEPING_Q) == pytest.approx(6.75, abs=0.01)
    assert pytest.approx(1, abs=5e-4) == OF_TEN
    low, high = (
        10.149**2 * mean(lambda z, q=q: sigmoid(sqrt(q) * z) ** 2)
        for q in (KEEPING_Q, KEEPING_Q + 0.1)
    )
    assert 0 < (high - low) / 0.1 < 0.1  # stable
    assert pytest.approx(0.443, abs=5e-4) == KEEPING_Q / 10.149**2
    assert pytest.approx(0.265, abs=5e-4) == SIGMOID_Q


def test_which_gains_keep_a_length_that_is_unstable() -> None:
    # As the page of gains says: the length map with the gain that keeps 1 is steeper than 1 there.
    steep = set()
    for name in NAMES:
        function = activation(name)
        c = gains.second_moment_gain(function) ** 2
        low, high = (mean_field.length_map(function, q, c, 0.0) for q in (0.999, 1.001))
        if (high - low) / 0.002 > 1.01:
            steep.add(name)
    assert steep == {"gelu", "gelu_tanh", "silu", "mish", "hardswish"}


def test_torch_gives_what_it_documents_and_refuses_the_rest() -> None:
    values = method.exact(small(), torch.empty(0))
    assert values["largest_difference.documented"] == pytest.approx(0, abs=1e-12)
    assert values["share_refused.unknown"] == 1
    assert values["torch_gain.selu"] == 0.75
    assert values["second_moment_gain.relu"] == pytest.approx(sqrt(2))
    assert values["second_moment_gain.selu"] == pytest.approx(1)
    assert values["variance_gain.sigmoid"] == pytest.approx(4.80131, abs=1e-5)
    assert values["gradient_gain.tanh"] == pytest.approx(1.4674, abs=5e-5)
    half = method.exact(small(unknown="gelu tanh"), torch.empty(0))
    assert half["share_refused.unknown"] == 0.5


@pytest.mark.parametrize("slope", [True, False, "0.2"])
def test_a_slope_must_be_a_number(slope: Any) -> None:  # noqa: ANN401 - the wrong types
    with pytest.raises(ValueError, match="not a valid number"):
        nn.init.calculate_gain("leaky_relu", slope)


def test_slopes_as_the_chapter_tells_of_them() -> None:
    assert nn.init.calculate_gain("leaky_relu") == pytest.approx(sqrt(2 / (1 + 0.01**2)))
    assert nn.init.calculate_gain("relu", 0.5) == pytest.approx(sqrt(2))

    def filled(**arguments: Any) -> torch.Tensor:  # noqa: ANN401 - its arguments
        generator = torch.Generator().manual_seed(0)
        return nn.init.kaiming_normal_(torch.empty(20, 20), generator=generator, **arguments)

    # Of itself kaiming_normal_ takes the slope 0, and only leaky_relu looks at it.
    assert torch.equal(filled(), filled(nonlinearity="relu"))
    assert torch.equal(filled(a=0.5, nonlinearity="relu"), filled(nonlinearity="relu"))
    assert not torch.equal(filled(a=0.5), filled())


def test_a_network_is_that_of_modules(embedded: Mnist) -> None:
    config = small()
    inputs = embedded.standardised(embedded.train.first(3).images).double()
    statistics = method.layer_statistics(config, inputs, 1)["selu"]
    layers = RandomLayers((784, *[40] * 6), config.seed, 1, dtype=torch.float64)
    preactivations, h = [], inputs
    for layer in range(1, 7):
        weights = layers.weights(layer)
        h = h if h.requires_grad else h.requires_grad_()
        preactivations.append(h @ weights.T * (0.75 / sqrt(weights.shape[1])))
        h = torch.selu(preactivations[-1])
    gradients = torch.autograd.grad(h, preactivations, layers.cotangent(3))
    expected = torch.stack([gradient.square().mean() for gradient in gradients])
    torch.testing.assert_close(statistics.preactivation_gradient_second_moment, expected)
    assert statistics.activation_second_moment[-1].item() == pytest.approx(h.square().mean().item())


def test_quantities_read_the_upper_half(embedded: Mnist) -> None:
    config = small()
    inputs = embedded.standardised(embedded.train.first(3).images).double()
    networks = method.layer_statistics(config, inputs, 0)
    values = method.quantities(networks)
    moments = networks["sigmoid"].preactivation_gradient_second_moment[3:]
    expected = (moments[:-1] / moments[1:]).mean().item()
    assert values["gradient_factor.sigmoid"] == pytest.approx(expected)
    signal = networks["sigmoid"].activation_second_moment[3:].mean().item()
    assert values["second_moment.sigmoid"] == pytest.approx(signal)


def test_what_is_cut_and_what_is_not(embedded: Mnist) -> None:
    inputs = embedded.standardised(embedded.train.first(3).images).double()
    values = method.cut_off(small(), inputs, 0)
    assert values["share_beyond_two_deviations.torch"] == pytest.approx(0.0455, abs=0.02)
    assert values["variance_over_asked.trunc_normal"] == pytest.approx(1, abs=0.2)
    cut_values = method.cut_off(
        small(**{"cut.asked": "trunc_normal", "cut.bound": 0.04, "cut.distribution": "gaussian"}),
        inputs,
        0,
    )
    assert cut_values["share_beyond_two_deviations.torch"] == 0
    assert cut_values["variance_over_asked.trunc_normal"] == pytest.approx(0.774, abs=0.1)
    assert cut_values["factor.truncated"] == 1


def test_images_have_one_mean_square(embedded: Mnist) -> None:
    inputs = method.prepare(small(mean_square=3.0), embedded)
    assert inputs.square().mean(dim=1).tolist() == pytest.approx([3.0] * 3)


def test_curves_are_logarithms_to_base_ten(embedded: Mnist) -> None:
    config = small()
    inputs = method.prepare(config, embedded)
    layers = method.layer_statistics(config, inputs, 0)["selu"]
    rows = method.measure(config, inputs, 0).tables["layers"]
    for quantity, expected in (
        ("signal", layers.activation_second_moment),
        ("gradient", layers.preactivation_gradient_second_moment),
    ):
        network_rows = [
            row for row in rows if (row["network"], row["quantity"]) == ("selu", quantity)
        ]
        assert [row["layer"] for row in network_rows] == [1, 2, 3, 4, 5, 6]
        assert [row["sample"] for row in network_rows] == pytest.approx(expected.log10().tolist())


def test_layers_that_are_dead_have_no_factor(embedded: Mnist) -> None:
    config = small(**{"width": 2, "images": 1, "cut.depth": 2})
    inputs = method.prepare(config, embedded)
    factors = [method.cut_off(config, inputs, draw)["factor.truncated"] for draw in range(20)]
    assert any(map(isnan, factors))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"documented.gelu": 1.53}, "documented.gelu=1.53: torch has no gain of this name"),
        ({"unknown": " "}, "unknown=' ': name at least one activation"),
        (
            {"networks.selu.activation": "swish"},
            f"networks.selu.activation=swish: choose from {', '.join(activations.NAMES)}",
        ),
    ],
)
def test_settings_that_do_not_go_together(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(StudyError, match=f"^{re.escape(f'experiment.{message}')}$"):
        small(**changes)


def test_the_printed_gain_strays_as_much_as_its_band_says() -> None:
    # The deviation of x.std() / tanh(x).std() for 100,000 numbers, from the spread of both.
    z = torch.randn(50, 100_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    spread = (z.std(dim=1) / z.tanh().std(dim=1)).std().item()
    claim = next(c for c in claims.CLAIMS if c.id == "tanh-gain-rationale")
    assert (claim.band.high - claim.band.low) / 2 == pytest.approx(3 * spread, rel=0.3)


def test_small_signals_see_the_two_slopes_of_selu() -> None:
    factor = (SELU_SCALE**2 + (SELU_SCALE * SELU_ALPHA) ** 2) / 2
    assert factor == pytest.approx(2.097, abs=5e-4)
    assert 0.75**2 * factor == pytest.approx(1.18, abs=0.005)
    assert sqrt(2 * factor - SELU_SCALE**2) == pytest.approx(1.7581, abs=5e-5)


def test_the_selu_signal_settles_slowly() -> None:
    q = SELU_Q * 1.001
    second_moment = 0.75**2 * mean(lambda z: selu(sqrt(q) * z) ** 2)
    rate = (second_moment / SELU_Q - 1) / 0.001
    assert 1 - rate == pytest.approx(0.08, abs=0.01)
    assert log(100) / -log(rate) > 50


def test_the_deviation_that_other_libraries_divide_by_is_that_of_the_page() -> None:
    assert round(sqrt(claims.truncated_variance(2.0)), 4) == 0.8796
