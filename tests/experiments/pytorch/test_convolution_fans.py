import re
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt
from torch import nn

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.pytorch.convolution_fans import claims, figures, method
from study.experiments.pytorch.convolution_fans.method import CircularConvolution
from study.lab.inits import random_generator
from study.lab.mean_squares import mean_square
from study.lab.mnist import Mnist
from study.record.results import read_run, write_run
from study.theory.fans import mean_taps, taps_by_place
from tests.configs import small_config

NAME = "convolution_fans"
PREDICTIONS = pytest.approx(
    {
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
)


small = partial(small_config, NAME, images=8)


KINDS = small().kinds
every_kind = pytest.mark.parametrize("name", KINDS)


def test_the_kinds_of_the_predictions_are_those_of_the_settings() -> None:
    assert KINDS["grouped"] == claims.GROUPED
    assert KINDS["depthwise"] == claims.DEPTHWISE
    assert KINDS["strided"] == claims.STRIDED
    assert KINDS["transposed"] == claims.TRANSPOSED
    assert KINDS["upsampling"] == claims.UPSAMPLING


@every_kind
def test_the_fans_and_the_shape_are_those_of_torch(name: str) -> None:
    kind = KINDS[name]
    layer_class = nn.ConvTranspose2d if kind.transposed else nn.Conv2d
    layer = layer_class(kind.inputs, kind.outputs, kind.kernel, groups=kind.groups, device="meta")
    assert layer.weight.shape == kind.shape
    assert torch.nn.init._calculate_fan_in_and_fan_out(layer.weight) == kind.torch_fans


@every_kind
def test_the_terms_are_counted_right(name: str) -> None:
    # With ones everywhere an output is the number of its terms, and so is the gradient of an input.
    kind = KINDS[name]
    inputs, weights = torch.ones(1, kind.inputs, 8, 8), torch.ones(kind.shape)
    outputs = method.convolve(kind, inputs, weights)
    side = 8 * kind.stride if kind.transposed else 8 // kind.stride
    assert outputs.shape == (1, kind.outputs, side, side)
    gradient = method.input_gradient(
        lambda x: method.convolve(kind, x, weights), inputs, torch.ones_like(outputs)
    )
    assert (outputs.mean().item(), gradient.mean().item()) == pytest.approx(kind.terms)


def test_the_example_of_the_chapter() -> None:
    # Two channels in two groups, kernels of 2 by 2, stride 1: four terms up and down; torch: 4, 8.
    kind = CircularConvolution(inputs=2, outputs=2, kernel=2, stride=1, groups=2, transposed=False)
    assert kind.terms == (4, 4)
    assert kind.torch_fans == (4, 8)
    # A transposed one from 2 channels to 1 with stride 2: two terms up, four down; torch: 4, 8.
    kind = CircularConvolution(inputs=2, outputs=1, kernel=2, stride=2, groups=1, transposed=True)
    assert kind.terms == (2, 4)
    assert kind.torch_fans == (4, 8)


def test_places_of_the_uneven_kind_have_4_2_2_and_1_entries() -> None:
    kind = KINDS["uneven"]
    inputs, weights = torch.ones(1, kind.inputs, 8, 8), torch.ones(kind.shape)
    outputs = method.convolve(kind, inputs, weights)[0, 0] / kind.inputs
    counts = [[set(outputs[i::2, j::2].flatten().tolist()) for j in (0, 1)] for i in (0, 1)]
    assert counts == [[{4}, {2}], [{2}, {1}]]


@pytest.mark.parametrize("name", ["plain", "strided", "grouped"])
def test_round_the_edges_is_that_of_torch(name: str) -> None:
    kind = KINDS[name]
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(2, kind.inputs, 8, 8, generator=generator)
    weights = torch.randn(kind.shape, generator=generator)
    outputs = method.convolve(kind, x, weights)
    tiles = torch.cat([torch.cat([x, x], 2)] * 2, 3)  # far enough round the edges, written out
    expected = nn.functional.conv2d(tiles, weights, stride=kind.stride, groups=kind.groups)
    side = outputs.shape[-1]
    torch.testing.assert_close(outputs, expected[:, :, :side, :side])


def test_a_transposed_convolution_is_the_transpose() -> None:
    kind = KINDS["upsampling"]
    transpose = CircularConvolution(
        inputs=kind.outputs, outputs=kind.inputs, kernel=4, stride=2, groups=1, transposed=False
    )
    generator = torch.Generator().manual_seed(2)
    x = torch.randn(1, kind.inputs, 4, 4, generator=generator)
    y = torch.randn(1, kind.outputs, 8, 8, generator=generator)
    weights = torch.randn(kind.shape, generator=generator)
    forward, backward = method.convolve(kind, x, weights), method.convolve(transpose, y, weights)
    assert (forward * y).sum().item() == pytest.approx((x * backward).sum().item(), rel=1e-4)


def test_images_become_channels(embedded: Mnist) -> None:
    images = embedded.standardised(embedded.train.first(9).images)
    channels = method.in_channels(images)
    assert channels.shape == (2, 64, 8, 8)
    # The pixel in row 4 and column 6 of the second image stands at 6 and 8 of the frame.
    pixel = images[1].view(28, 28)[4, 6]
    assert channels[0, 16 + 4 * (6 % 4) + 8 % 4, 6 // 4, 8 // 4] == pixel
    assert channels[0, 0, 0, 0] == images.min()


@every_kind
def test_measured_factors_are_about_those_predicted(name: str, embedded: Mnist) -> None:
    config, kind = small(), KINDS[name]
    inputs = method.in_channels(embedded.standardised(embedded.train.first(8).images))
    generator = np.random.default_rng(5)
    values = method.layer_quantities(config, name, kind, inputs, generator)
    assert values[f"forward_of_noise.{name}"] == pytest.approx(claims.forward(kind), rel=0.15)
    assert values[f"backward.{name}"] == pytest.approx(claims.backward(kind), rel=0.15)


def test_the_backward_pass_by_hand_needs_the_turn() -> None:
    generator = torch.Generator().manual_seed(3)
    x, cotangent = (torch.randn(2, 3, 6, 6, generator=generator).double() for _ in range(2))
    weights = torch.randn(3, 3, 3, 3, generator=generator).double()
    assert method.by_hand(small(), x, weights, cotangent) < 1e-12
    assert method.by_hand(small(flipped=False), x, weights, cotangent) > 0.1


def test_a_layer_of_torch_is_read_against_its_documentation() -> None:
    assert method.largest_weight(KINDS["upsampling"]) == pytest.approx(1, abs=1e-3)
    # A plain one divides by its inputs, the documentation of the other by its outputs.
    assert method.largest_weight(KINDS["plain"]) == pytest.approx(1, abs=1e-3)
    plain_kind = CircularConvolution(
        inputs=64, outputs=32, kernel=3, stride=1, groups=1, transposed=False
    )
    assert method.largest_weight(plain_kind) == pytest.approx((32 / 64) ** 0.5, abs=1e-3)


def test_a_draw_has_every_kind(embedded: Mnist) -> None:
    config = small()
    inputs = method.prepare(config, embedded)
    values = method.measure(config, inputs, 3).values
    for layer, (name, kind) in enumerate(KINDS.items(), start=1):
        generator = random_generator(config.seed, 3, layer)
        expected = method.layer_quantities(config, name, kind, inputs, generator)
        assert expected.items() <= values.items()
    assert 0 <= values["difference.backward_by_hand"] < 1e-12
    exact = method.exact(config, inputs)["largest_over_documented.transposed"]
    assert exact == method.largest_weight(KINDS["transposed"])


ANOTHER_KIND = {
    "inputs": 64,
    "outputs": 6,
    "kernel": 2,
    "stride": 1,
    "groups": 2,
    "transposed": False,
}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"inputs": 32}, "inputs=32: images enter in 64 channels"),
        ({"groups": 5}, "groups=5, inputs=64: inputs must be a multiple of groups"),
        ({"groups": 4}, "groups=4, outputs=6: outputs must be a multiple of groups"),
        (
            {"kernel": 1, "stride": 2},
            "kernel=1, stride=2: a kernel smaller than the stride leaves places out",
        ),
        (
            {"kernel": 3, "stride": 3},
            "stride=3: must divide the 8 places of a side of the input",
        ),
    ],
)
def test_settings_that_do_not_go_together(changes: dict[str, Any], message: str) -> None:
    prefix = "experiment.kinds.mine."
    with pytest.raises(StudyError, match=f"^{re.escape(f'{prefix}{message}')}$"):
        small(**{"kinds.mine": ANOTHER_KIND | changes})


def test_the_kind_made_by_torch_must_be_there() -> None:
    settings = configuring.plain_settings(NAME, "quick") | {"kinds": {"mine": ANOTHER_KIND}}
    message = r"^experiment\.kinds=mine: transposed must be among them$"
    with pytest.raises(StudyError, match=message):
        configuring.checked(method.Config, settings)


def test_the_figure_shows_the_kinds_that_there_are(embedded: Mnist, tmp_path: Path) -> None:
    transposed = asdict(KINDS["transposed"])
    settings = configuring.plain_settings(NAME, "quick") | {"images": 4, "draws": 2}
    settings["kinds"] = {"mine": ANOTHER_KIND, "transposed": transposed}
    config = configuring.checked(method.Config, settings)
    result = catalogue.load(NAME).run(config, embedded, range(2))
    write_run(tmp_path / "run", {"experiment": asdict(config)}, result, {})
    figure = figures.what_the_fans_of_torch_keep(read_run(tmp_path / "run"))
    plt.close(figure)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["transposed", "mine"]


# Edges, layouts and orthogonal matrices -----------------------------------------------------------


@pytest.mark.parametrize(
    ("places", "kernel", "stride", "padding", "groups"),
    [(1, 2, 1, 0, 1), (1, 4, 1, 0, 1), (4, 4, 2, 1, 1), (3, 3, 2, 0, 2), (5, 3, 1, 0, 1)],
)
def test_second_moments_by_place_are_those_of_the_count(
    places: int, kernel: int, stride: int, padding: int, groups: int
) -> None:
    inputs, outputs, samples = 4, 256 * groups, 512
    generator = torch.Generator().manual_seed(6)
    x = torch.randn(samples, inputs, places, places, generator=generator).double()
    w = torch.randn(inputs, outputs // groups, kernel, kernel, generator=generator).double()
    std = 0.3
    z = nn.functional.conv_transpose2d(x, std * w, stride=stride, padding=padding, groups=groups)
    counts = torch.tensor(taps_by_place(places, kernel, stride, padding), dtype=torch.float64)
    law = std**2 * torch.outer(counts, counts) * inputs / groups
    moments = z.square().mean(dim=(0, 1))
    torch.testing.assert_close(moments, law, rtol=0.25, atol=0.0)
    assert moments.mean().item() == pytest.approx(
        std**2 * mean_taps(places, kernel, stride, padding) ** 2 * inputs / groups, rel=0.15
    )


@pytest.mark.parametrize(("places", "stride"), [(1, 1), (1, 2), (2, 1), (4, 2), (7, 3)])
def test_the_mean_over_a_map_without_padding(places: int, stride: int) -> None:
    # Ones convolved with ones are counts of terms.
    arrays = torch.ones(1, 1, places, places), torch.ones(1, 1, 4, 4)
    mean_count = nn.functional.conv_transpose2d(*arrays, stride=stride).mean().item()
    law = (places * 4 / (stride * (places - 1) + 4)) ** 2
    assert mean_count == pytest.approx(law)


def test_one_place_gives_a_quarter() -> None:
    # The smallest example of the chapter: four weights of variance 1/4, each output from one.
    x = torch.ones(1, 1, 1, 1)
    w = torch.full((1, 1, 2, 2), 0.5)  # of square 1/4
    assert nn.functional.conv_transpose2d(x, w).square().flatten().tolist() == [0.25] * 4


def test_the_usual_generator_layer_of_the_chapter() -> None:
    assert taps_by_place(4, 4, 2, 1) == [1, 2, 2, 2, 2, 2, 2, 1]
    assert mean_taps(4, 4, 2, 1) ** 2 == pytest.approx((14 / 8) ** 2)
    assert round((14 / 8) ** 2, 2) == 3.06


@pytest.mark.parametrize("name", ["transposed", "upsampling"])
def test_the_call_of_the_advice_keeps_a_signal_after_a_relu(name: str) -> None:
    kind = KINDS[name]
    s, k, g, inputs = kind.stride, kind.kernel, kind.groups, kind.inputs
    generator = torch.Generator().manual_seed(7)
    weights = torch.empty(kind.shape)
    nn.init.normal_(weights, std=(s / k) * (2 * g / inputs) ** 0.5, generator=generator)
    x = torch.randn(16, inputs, 8, 8, generator=generator)
    z = method.convolve(kind, x.relu(), weights)
    assert mean_square(z) == pytest.approx(1, rel=0.1)
    # It is the swapped fan's variance times g s².
    fan = torch.nn.init._calculate_fan_in_and_fan_out(weights)[1]
    assert ((s / k) ** 2 * 2 * g / inputs) == pytest.approx(2 / fan * g * s**2)


def test_the_call_of_the_advice_for_a_single_place() -> None:
    generator = torch.Generator().manual_seed(8)
    weights = nn.init.normal_(torch.empty(100, 64, 4, 4), std=(2 / 100) ** 0.5, generator=generator)
    x = torch.randn(256, 100, 1, 1, generator=generator).relu()
    z = nn.functional.conv_transpose2d(x, weights)
    assert mean_square(z) == pytest.approx(1, rel=0.1)


@pytest.mark.parametrize("multiplier", [1, 3])
def test_depthwise_kernels_in_another_layout_have_the_fans_the_other_way_round(
    multiplier: int,
) -> None:
    channels, k = 8, 3
    kind = CircularConvolution(
        inputs=channels,
        outputs=multiplier * channels,
        kernel=k,
        stride=1,
        groups=channels,
        transposed=False,
    )
    assert kind.terms == (k**2, k**2 * multiplier)
    # As Keras stores them, and reads the fans: the last two axes, times the others.
    *area, second, first = (k, k, channels, multiplier)
    expected_fans = second * area[0] * area[1], first * area[0] * area[1]
    assert expected_fans == (channels * kind.terms[0], kind.terms[1])
    assert kind.torch_fans == (kind.terms[0], channels * kind.terms[1])


@pytest.mark.parametrize("shape", [(4, 1), (10, 64), (64, 10), (32, 32)])
def test_orthogonal_rectangles_keep_the_smaller_share(shape: tuple[int, int]) -> None:
    outputs, inputs = shape
    generator = torch.Generator().manual_seed(9)
    weights = nn.init.orthogonal_(torch.empty(shape), generator=generator).double()
    assert mean_square(weights) == pytest.approx(1 / max(shape))
    forward = torch.randn(4000, inputs, generator=generator).double()
    backward = torch.randn(4000, outputs, generator=generator).double()
    share = mean_square(forward @ weights.T) / mean_square(forward)
    assert share == pytest.approx(min(1, inputs / outputs), rel=0.05)
    share = mean_square(backward @ weights) / mean_square(backward)
    assert share == pytest.approx(min(1, outputs / inputs), rel=0.05)
    scaled_weights = nn.init.orthogonal_(
        torch.empty(shape), gain=max(1, outputs / inputs) ** 0.5, generator=generator
    ).double()
    share = mean_square(forward @ scaled_weights.T) / mean_square(forward)
    assert share == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize(("inputs", "outputs"), [(16, 32), (4, 64)])
def test_orthogonal_kernels_have_the_variance_of_the_larger_side(inputs: int, outputs: int) -> None:
    kernels = torch.empty(outputs, inputs, 3, 3)
    nn.init.orthogonal_(kernels, gain=2**0.5, generator=torch.Generator().manual_seed(10))
    assert mean_square(kernels) == pytest.approx(2 / max(9 * inputs, outputs))


def test_orthonormal_kernels_are_no_isometry() -> None:
    kind = CircularConvolution(inputs=4, outputs=4, kernel=3, stride=1, groups=1, transposed=False)
    kernels = nn.init.orthogonal_(
        torch.empty(kind.shape), generator=torch.Generator().manual_seed(11)
    )
    impulses = torch.eye(4 * 36).view(-1, 4, 6, 6)
    operator = method.convolve(kind, impulses, kernels).flatten(1)
    values = torch.linalg.svdvals(operator)
    assert (values[0] / values[-1]).item() > 2
