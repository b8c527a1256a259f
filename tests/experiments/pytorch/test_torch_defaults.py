from functools import partial
from itertools import pairwise
from math import isnan, log, sqrt
from pathlib import Path

import pytest
import torch
from matplotlib import pyplot as plt
from torch import nn

from study.experiments.pytorch.torch_defaults import claims, figures, method
from study.lab.inits import random_generator, standard_normal
from study.lab.mean_squares import unit_mean_square
from study.lab.mnist import Mnist
from study.record.draws import Draw, pooled
from study.record.results import read_run, write_run
from tests.configs import small_config

NAME = "torch_defaults"
PREDICTIONS = pytest.approx(
    {
        "torch-default-linear": 1,
        "torch-default-bias": 1 / 3,
        "torch-default-numbers": 1,
        "torch-default-factor": 1 / 3 * 1 / 2,
        "torch-default-floor": 0.4 / 512,
        "torch-default-image-factor": 1 / 3 * 1 / 2,
        "torch-default-gradient": 1 / 3 * 1 / 2,
        "torch-default-depth": 5,
        "torch-conv-default": 1 / 3 * 1 / 2,
        "torch-conv-floor": 0.4,
    }
)


small = partial(small_config, NAME, images=5)


def images(config: method.Config, embedded: Mnist) -> torch.Tensor:
    inputs = embedded.standardised(embedded.train.first(config.images).images)
    return unit_mean_square(inputs)


NO_DEPARTURE = method.Inputs(torch.empty(0), torch.empty(0))


def test_the_floor_is_where_the_law_stands_still() -> None:
    width = 512
    assert claims.floor(width) / 6 + 1 / (3 * width) == pytest.approx(claims.floor(width))
    for image in (0.0, 1.0, 100.0):
        last = figures.second_moments(width, 60, image)[-1]
        assert last == pytest.approx(claims.floor(width))


def test_the_example_of_the_chapter() -> None:
    # Three layers of 100 units: from 2 to 101/300, 13/225 and so on, down to 1/250.
    q, moments = 2.0, []
    for _ in range(3):
        q = q / 6 + 1 / 300
        moments.append(q)
    assert moments == pytest.approx([101 / 300, 107 / 1800, 143 / 10800])
    assert claims.floor(100) == pytest.approx(1 / 250)


def test_the_layer_in_which_the_biases_win() -> None:
    with_image = figures.second_moments(512, 9, 1.0)
    blank = figures.second_moments(512, 9, 0.0)
    of_image = [moment - bias for moment, bias in zip(with_image, blank, strict=True)]
    assert of_image == pytest.approx([6.0 ** (1 - layer) / 3 for layer in range(1, 10)])
    layers = [layer for layer in range(9) if blank[layer] > of_image[layer]]
    assert layers[0] + 1 == 5
    # The rule of the chapter, before it is rounded up; and for the width of the trained networks.
    assert 1 + log(128 / 1.2) / log(6) == pytest.approx(3.6, abs=0.05)
    assert 1 + log(512 / 1.2) / log(6) == pytest.approx(4.38, abs=0.005)


def test_a_gradient_leaves_float32_after_115_layers() -> None:
    assert 2 * 149 * log(2) / log(6) == pytest.approx(115, abs=0.5)


def test_a_linear_network_is_that_of_modules_and_autograd(embedded: Mnist) -> None:
    config = small(**{"linear.depth": 4, "linear.width": 30})
    x = images(config, embedded)
    shapes = method.linear_shapes(config)
    with torch.random.fork_rng(devices=[]):  # a module draws its own numbers first
        modules = [nn.Linear(fan_in, fan_out) for fan_out, fan_in in shapes]
    for layer, module in enumerate(modules, start=1):
        weights, biases = method.initialised_layer(config, shapes[layer - 1], 2, layer)
        module.load_state_dict({"weight": weights, "bias": biases})
        module.double()
    generator = random_generator(config.seed, 2, 0)
    shape = (len(x), shapes[-1][0])
    cotangent = standard_normal(shape, generator, x.device).double()
    preactivations = [modules[0](x.double())]
    for module in modules[1:]:
        preactivations.append(module(preactivations[-1].relu()))
    gradients = torch.autograd.grad(preactivations[-1].relu(), preactivations, cotangent)
    statistics = method.propagate_linear(config, x, 2)
    expected = torch.stack([z.square().mean() for z in preactivations])
    torch.testing.assert_close(statistics.second_moment, expected)
    expected = torch.stack([(z - z.mean(dim=0)).square().mean() for z in preactivations])
    torch.testing.assert_close(statistics.image_variance, expected)
    expected = torch.stack([gradient.square().mean() for gradient in gradients])
    torch.testing.assert_close(statistics.gradient_second_moment, expected)
    blank = modules[0](torch.zeros(784, dtype=torch.float64))
    assert statistics.of_biases[0].item() == pytest.approx(blank.square().mean().item())


def test_reduced_quantities_of_made_up_layers() -> None:
    moments = torch.tensor([64.0, 32.0, 16.0, 8.0, 4.0, 2.0])
    layers = method.PreactivationStatistics(moments, torch.ones(6) * 3, moments, moments.flip(0))
    values = method.quantities(layers)
    assert values["first_factor.linear"] == 0.5
    assert values["image_factor.linear"] == 0.5
    assert values["gradient_factor.linear"] == 0.5
    assert values["last_second_moment.linear"] == 2
    assert values["bias_outweighs_image.linear"] == 5
    statistics = method.PreactivationStatistics(moments, torch.zeros(6), moments, moments)
    assert method.quantities(statistics)["bias_outweighs_image.linear"] == 0


def test_torch_holds_the_numbers_that_are_drawn_here() -> None:
    assert method.exact(small(), NO_DEPARTURE) == {
        "same_as_torch.linear": 1,
        "same_as_torch.convolution": 1,
    }
    assert method.exact(small(bias_scale=0.5), NO_DEPARTURE)["same_as_torch.linear"] == 0
    assert method.exact(small(slope=2.0), NO_DEPARTURE)["same_as_torch.convolution"] == 0


def test_convolutions_are_those_of_modules(embedded: Mnist) -> None:
    config = small(**{"convolution.depth": 3, "convolution.channels": 5})
    pictures = images(config, embedded).view(-1, 1, 28, 28)[:, :, ::4, ::4]
    values = method.convolution_quantities(config, pictures, 1)
    moments, signal = [], pictures
    for layer, channels in enumerate((1, 5, 5)):
        with torch.random.fork_rng(devices=[]):
            module = nn.Conv2d(channels, 5, 3, padding=1, padding_mode="circular", bias=False)
        shape = tuple(module.weight.shape)
        weights, _ = method.initialised_layer(config, shape, 1, config.linear.depth + 1 + layer)
        module.load_state_dict({"weight": weights})
        signal = module(signal)
        moments.append(signal.square().mean().item())
        signal = signal.relu()
    factors = [upper / lower for lower, upper in pairwise(moments)]
    assert values["factor.convolution"] == pytest.approx(sum(factors) / 2, rel=1e-5)


def test_what_enters_has_a_mean_square_of_one(embedded: Mnist) -> None:
    linear_images, pictures = method.prepare(small(), embedded)
    assert (linear_images.shape, pictures.shape) == ((5, 784), (5, 1, 7, 7))
    for inputs in (linear_images, pictures.flatten(1)):
        assert inputs.square().mean(dim=1).tolist() == pytest.approx([1.0] * 5)
    ratio = pictures[2, 0] / linear_images[2].view(28, 28)[::4, ::4]
    torch.testing.assert_close(ratio, ratio.mean().expand(7, 7))


def test_dead_convolutions_have_no_factor(embedded: Mnist) -> None:
    # A negative weight from nonnegative numbers to one channel leaves nothing.
    config = small(**{"convolution.channels": 1, "convolution.kernel": 1})
    values = method.convolution_quantities(config, method.prepare(config, embedded).pictures, 0)
    assert isnan(values["factor.convolution"])


def test_the_law_of_a_network_as_deep_as_may_be_can_be_drawn(tmp_path: Path) -> None:
    layers = method.PreactivationStatistics(*[0.5 ** torch.arange(1000.0).double()] * 4)
    draws = {0: Draw({"x": 1.0}, {"layers": method.curves(layers)})}
    settings = {"experiment": {"linear": {"width": 2, "depth": 1000}}}
    write_run(tmp_path / "run", settings, pooled(draws, {}), {})
    for draw in figures.FIGURES:
        plt.close(draw(read_run(tmp_path / "run")))


def test_the_parameters_have_the_bounds_of_a_real_layer() -> None:
    config = small()
    values = method.parameter_quantities(config, 0)
    with torch.random.fork_rng(devices=[]):
        layer = nn.Linear(784, 512)
    assert layer.weight.abs().max().item() * sqrt(784) == pytest.approx(1, abs=1e-3)
    assert values["largest_times_root_fan_in.linear"] == pytest.approx(1, abs=1e-3)
    assert layer.bias.square().mean().item() * 784 == pytest.approx(1 / 3, rel=0.2)
