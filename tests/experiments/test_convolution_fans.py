from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from study import configuring
from study.experiments import convolution_fans as experiment
from study.experiments.convolution_fans import Kind
from study.lab.mnist import Mnist

NAME = "convolution_fans"
PREDICTIONS = {
    "convolution-fan-in-on-images": 1,
    "he-eq11": 0,
    "grouped-fan-in": 1,
    "grouped-fan-out": 1,
    "grouped-fan-out-law": 1 / 4,
    "depthwise-fan-out": 1 / 64,
    "strided-fan-out": 1 / 2**2,
    "transposed-fan-in": 1,
    "transposed-fans-swapped": 64 / 32,
    "upsampling-fan-in": 64 / 32 / 2**2,
    "transposed-default-bound": 1,
    "transposed-checkerboard": 4,
}


def small(**changes: Any) -> experiment.Config:  # noqa: ANN401 - of settings
    settings = configuring.plain_settings(NAME, "quick") | {"images": 8}
    return configuring.checked(experiment.Config, configuring.with_overrides(settings, changes))


KINDS = small().kinds
every_kind = pytest.mark.parametrize("name", KINDS)


@pytest.mark.parametrize("claim", experiment.CLAIMS, ids=lambda claim: claim.id)
def test_a_prediction_is_the_number_of_its_statement(claim: Any) -> None:  # noqa: ANN401 - a Claim
    assert claim.prediction == pytest.approx(PREDICTIONS[claim.id])


def test_every_prediction_is_checked_above() -> None:
    assert set(PREDICTIONS) == {claim.id for claim in experiment.CLAIMS}


def test_the_kinds_of_the_predictions_are_those_of_the_settings() -> None:
    assert KINDS["grouped"] == experiment.GROUPED
    assert KINDS["depthwise"] == experiment.DEPTHWISE
    assert KINDS["strided"] == experiment.STRIDED
    assert KINDS["transposed"] == experiment.TRANSPOSED
    assert KINDS["upsampling"] == experiment.UPSAMPLING


@every_kind
def test_the_fans_and_the_shape_are_those_of_torch(name: str) -> None:
    kind = KINDS[name]
    make = nn.ConvTranspose2d if kind.transposed else nn.Conv2d
    layer = make(kind.inputs, kind.outputs, kind.kernel, groups=kind.groups, device="meta")
    assert layer.weight.shape == kind.shape
    assert torch.nn.init._calculate_fan_in_and_fan_out(layer.weight) == kind.torch_fans


@every_kind
def test_the_terms_are_counted_right(name: str) -> None:
    # With ones everywhere an output is the number of its terms, and so is the gradient of an input.
    kind = KINDS[name]
    inputs, weights = torch.ones(1, kind.inputs, 8, 8), torch.ones(kind.shape)
    outputs = experiment.convolve(kind, inputs, weights)
    side = 8 * kind.stride if kind.transposed else 8 // kind.stride
    assert outputs.shape == (1, kind.outputs, side, side)
    back = experiment.pulled_back(
        lambda x: experiment.convolve(kind, x, weights), inputs, torch.ones_like(outputs)
    )
    assert (outputs.mean().item(), back.mean().item()) == pytest.approx(kind.terms)


def test_the_example_of_the_chapter() -> None:
    # Two channels in two groups, kernels of 2 by 2, stride 1: four terms up and down; torch: 4, 8.
    kind = Kind(inputs=2, outputs=2, kernel=2, stride=1, groups=2, transposed=False)
    assert kind.terms == (4, 4)
    assert kind.torch_fans == (4, 8)
    # A transposed one from 2 channels to 1 with stride 2: two terms up, four down; torch: 4, 8.
    kind = Kind(inputs=2, outputs=1, kernel=2, stride=2, groups=1, transposed=True)
    assert kind.terms == (2, 4)
    assert kind.torch_fans == (4, 8)


def test_places_of_the_uneven_kind_have_4_2_2_and_1_entries() -> None:
    kind = KINDS["uneven"]
    inputs, weights = torch.ones(1, kind.inputs, 8, 8), torch.ones(kind.shape)
    outputs = experiment.convolve(kind, inputs, weights)[0, 0] / kind.inputs
    counts = [[set(outputs[i::2, j::2].flatten().tolist()) for j in (0, 1)] for i in (0, 1)]
    assert counts == [[{4}, {2}], [{2}, {1}]]


@pytest.mark.parametrize("name", ["plain", "strided", "grouped"])
def test_round_the_edges_is_that_of_torch(name: str) -> None:
    kind = KINDS[name]
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(2, kind.inputs, 8, 8, generator=generator)
    weights = torch.randn(kind.shape, generator=generator)
    found = experiment.convolve(kind, x, weights)
    twice = torch.cat([torch.cat([x, x], 2)] * 2, 3)  # far enough round the edges, written out
    expected = nn.functional.conv2d(twice, weights, stride=kind.stride, groups=kind.groups)
    side = found.shape[-1]
    torch.testing.assert_close(found, expected[:, :, :side, :side])


def test_a_transposed_convolution_is_the_transpose() -> None:
    kind = KINDS["upsampling"]
    other = Kind(
        inputs=kind.outputs, outputs=kind.inputs, kernel=4, stride=2, groups=1, transposed=False
    )
    generator = torch.Generator().manual_seed(2)
    x = torch.randn(1, kind.inputs, 4, 4, generator=generator)
    y = torch.randn(1, kind.outputs, 8, 8, generator=generator)
    weights = torch.randn(kind.shape, generator=generator)
    up, down = experiment.convolve(kind, x, weights), experiment.convolve(other, y, weights)
    assert (up * y).sum().item() == pytest.approx((x * down).sum().item(), rel=1e-4)


def test_images_become_channels(embedded: Mnist) -> None:
    images = embedded.standardised(embedded.train.first(9).images)
    channels = experiment.in_channels(images)
    assert channels.shape == (2, 64, 8, 8)
    # The pixel in row 4 and column 6 of the second image stands at 6 and 8 of the frame.
    pixel = images[1].view(28, 28)[4, 6]
    assert channels[0, 16 + 4 * (6 % 4) + 8 % 4, 6 // 4, 8 // 4] == pixel
    assert channels[0, 0, 0, 0] == images.min()


@every_kind
def test_measured_factors_are_about_those_predicted(name: str, embedded: Mnist) -> None:
    config, kind = small(), KINDS[name]
    inputs = experiment.in_channels(embedded.standardised(embedded.train.first(8).images))
    generator = np.random.default_rng(5)
    found = experiment.of_kind(config, name, kind, inputs, generator)
    assert found[f"forward_of_noise.{name}"] == pytest.approx(experiment.forward(kind), rel=0.15)
    assert found[f"backward.{name}"] == pytest.approx(experiment.backward(kind), rel=0.15)


def test_the_backward_pass_by_hand_needs_the_turn() -> None:
    generator = torch.Generator().manual_seed(3)
    x, cotangent = (torch.randn(2, 3, 6, 6, generator=generator).double() for _ in range(2))
    weights = torch.randn(3, 3, 3, 3, generator=generator).double()
    assert experiment.by_hand(small(), x, weights, cotangent) < 1e-12
    assert experiment.by_hand(small(flipped=False), x, weights, cotangent) > 0.1


def test_a_layer_of_torch_is_read_against_its_documentation() -> None:
    assert experiment.largest_weight(KINDS["upsampling"]) == pytest.approx(1, abs=1e-3)
    # A plain one divides by its inputs, the documentation of the other by its outputs.
    assert experiment.largest_weight(KINDS["plain"]) == pytest.approx(1, abs=1e-3)
    plain = Kind(inputs=64, outputs=32, kernel=3, stride=1, groups=1, transposed=False)
    assert experiment.largest_weight(plain) == pytest.approx((32 / 64) ** 0.5, abs=1e-3)
