from functools import partial
from math import sqrt
from typing import Any

import pytest
import torch
from torch import nn

from study import catalogue
from study.errors import StudyError
from study.experiments.he.he_examples import claims, method
from study.lab.mnist import Mnist
from tests.configs import small_config

NAME = "he_examples"


PREDICTIONS = pytest.approx(
    {
        "he-eq10-condition": 1,
        "he-fc-std-001": 0.01 / sqrt(2 / 4096),
        "fc-std-shrinks-outputs": 38.4485,
        "he-vgg-b-example": 17_000,
        "he-vgg-b-deviations": 0,
        "he-prelu-form": 0,
        "he-prelu-gradient": 0,
        "he-prelu-gradient-shared": 0,
        "he-prelu-few-parameters": 10304 / 74_982_592,
    },
    rel=1e-5,
)


small = partial(small_config, NAME, draws=2)


def test_the_slopes_are_those_of_a_network_of_torch() -> None:
    model = small().table_1
    fans_in = [3, *model.filters[:-1]]
    convolutions = [
        nn.Conv2d(a, b, side, bias=False, device="meta")
        for a, b, side in zip(fans_in, model.filters, [7, *[2] * 10], strict=True)
    ]
    last = [
        nn.Linear(a, b, bias=False, device="meta")
        for a, b in ((50 * 256, 4096), (4096, 4096), (4096, 1000))
    ]
    matrices = [layer.weight for layer in convolutions] + [layer.weight for layer in last]
    weights = sum(matrix.numel() for matrix in matrices)
    assert method.weight_count(model) == weights == claims.WEIGHTS
    slopes = [nn.PReLU(channels, device="meta") for channels in (*model.filters, 4096, 4096)]
    count = sum(layer.weight.numel() for layer in slopes)
    values = method.exact(small(), None)
    assert values["slopes.channelwise"] == count == claims.SLOPES
    assert values["slopes.shared"] == len(slopes) == 13  # as the paper says
    assert values["slopes_over_weights.channelwise"] == pytest.approx(count / weights)


def test_a_fixed_deviation_attenuates_a_gradient_exactly_so() -> None:
    """A chain of ReLU convolutions in which all sizes are small, with autograd."""
    model = method.ModelB((2, 2, 4, 3), (0.1,) * 4, 3, 0.01)
    generator = torch.Generator().manual_seed(0)
    fans_in = (1, *model.filters[:-1])
    matrices = [
        torch.randn(d, c, 3, 3, generator=generator, dtype=torch.float64)
        for c, d in zip(fans_in, model.filters, strict=True)
    ]
    image = torch.randn(2, 1, 6, 6, generator=generator, dtype=torch.float64)
    top = torch.randn(2, 3, 6, 6, generator=generator, dtype=torch.float64)

    def gradient(stds: list[float]) -> torch.Tensor:
        """Return the gradient with respect to the input of the second convolution."""
        first = torch.conv2d(image, stds[0] * matrices[0], padding=1).relu().requires_grad_()
        h = first
        for std, weights in zip(stds[1:], matrices[1:], strict=True):
            h = torch.conv2d(h, std * weights, padding=1).relu()
        return torch.autograd.grad(h, first, top)[0]

    he_stds = [sqrt(2 / (9 * d)) for d in model.filters]
    ratio = gradient(he_stds).norm() / gradient([he_stds[0], *[0.01] * 3]).norm()
    settings = {"model_b.filters": list(model.filters), "model_b.printed": list(model.printed)}
    attenuation = method.exact(small(**settings), None)["attenuation.model_b"]
    assert ratio.item() == pytest.approx(attenuation)
    rows = method.attenuation_by_layer(model)
    assert rows[-1] == {"layer": 1, "ratio": pytest.approx(1 / attenuation)}


def test_the_fully_connected_layers_by_hand() -> None:
    values = method.exact(small(), None)
    first, second, last = 0.01 * sqrt(32256 / 2), 0.01 * sqrt(2048), 0.001 * sqrt(2048)
    assert (first, second, last) == pytest.approx((1.270, 0.4525, 0.04525), rel=1e-3)
    assert values["first_over_forward.fully_connected"] == pytest.approx(first)
    assert values["shrinking.fully_connected"] == pytest.approx(1 / (first * second * last))
    assert 1 / (first * second * last) == pytest.approx(38.4, abs=0.05)
    assert small().fully_connected.inputs[0] == (49 + 9 + 4 + 1) * 512


def test_model_b_by_hand() -> None:
    factors = [100 * sqrt(2 / (9 * d)) for d in (64, 128, 256, 512)]
    assert factors == pytest.approx([5.89, 4.17, 2.95, 2.08], abs=5e-3)
    a, b, c, d = factors
    product = a * b**2 * c**2 * d**4
    assert product == pytest.approx(method.exact(small(), None)["attenuation.model_b"])
    assert pytest.approx(17_023, abs=1) == 5.9 * 4.2**2 * 2.9**2 * 2.1**4


def test_a_gradient_of_a_slope_by_hand() -> None:
    y, cotangent = torch.tensor([-2.0, 1.0, -1.0]), torch.tensor([3.0, 5.0, -1.0])
    a = torch.tensor([0.25], requires_grad=True)
    (gradient,) = torch.autograd.grad(nn.functional.prelu(y, a), a, cotangent)
    assert gradient.item() == -2 * 3 + -1 * -1 == -5


def test_torch_fills_with_the_variance_of_equation_10() -> None:
    variance = method.kaiming_normal(small(), 0)["half_fan_in_times_variance.torch"]
    assert variance == pytest.approx(1, abs=0.01)
    config = small(**{"kaiming_normal.mode": "fan_out"})
    variance = method.kaiming_normal(config, 0)["half_fan_in_times_variance.torch"]
    assert variance == pytest.approx(784 / 512, abs=0.02)


def test_a_wrong_function_shows_in_value_and_gradient(embedded: Mnist) -> None:
    assert set(method.prelu(small(), 0).values()) == {0.0}
    samples = catalogue.load(NAME).run(small(**{"prelu.function": "scaled"}), embedded, [0]).samples
    for name in ("channelwise", "shared"):
        assert samples[f"form_gap.{name}"][0] > 0.1
        assert samples[f"gradient_gap.{name}"][0] > 0.1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"model_b.printed": [0.1, 0.2], "model_b.filters": [4, 5, 6]},
            "experiment.model_b.printed=[0.1, 0.2]: must be 3, one for each of filters",
        ),
        (
            {"fully_connected.inputs": [4, 5]},
            (
                "experiment.fully_connected.inputs=[4, 5], outputs=[4096, 4096, 1000]: "
                "must be as many, one of each for a layer"
            ),
        ),
    ],
)
def test_settings_that_are_not_possible_together(changes: Any, message: str) -> None:  # noqa: ANN401 - of settings
    with pytest.raises(StudyError) as error:
        small(**changes)
    assert str(error.value) == message
